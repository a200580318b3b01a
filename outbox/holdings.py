"""What is held of mail, place by place (groundwork.holdings)."""

from django.db.models import Q

from groundwork.holdings import Holding, Kept, by_digest, by_subject, nothing
from groundwork.links import without_tokens, without_tokens_within
from outbox.inbound_message import parse
from outbox.retention import forget_inbound, forget_mail


def _as_read(raw: str) -> str:
    """A message as its reader saw it, whatever it is made of."""
    message = parse(raw.encode("latin-1", errors="replace"))
    files = [f"[{attachment.name}]" for attachment in message.attachments]
    parts = (message.subject, message.text, message.quoted, "\n".join(files))
    return "\n\n".join(filter(None, parts))


def _read_without_keys(raw: str) -> str:
    """What a mail says, without what opens something: a copy is read by whoever puts it
    together and by whoever it is shown to, a mail by whoever has the mailbox."""
    return without_tokens(_as_read(raw))


MAIL_TO_YOU = Holding(
    key="mail-to-you",
    model="outbox.OutgoingEmail",
    moves_by_itself=True,
    title="E-mails to you",
    words="What we wrote to you, and what became of it. The text goes after its period; "
    "that there was a message stays a while longer. Links that open something stand only "
    "in the mail itself: here their key is left out.",
    find=by_subject("data_subject"),
    # A change of address writes to another mailbox, and letters about a request may go
    # to whoever makes it for the person.
    to_mailbox=lambda person: (
        ~Q(kind__startswith="subscribers/address_")
        & (~Q(kind__startswith="rights_requests/") | Q(kind="rights_requests/own_data"))
    ),
    context=("created_at",),
    titles={
        "created_at": "written",
        "to_address": "sent to",
        "context": "what it was made of",
        "raw_message": "the message as it left",
        "kind": "what it was about",
        "settled_at": "settled",
    },
    forget=forget_mail,
    cut={"raw_message": _read_without_keys, "context": without_tokens_within},
)
MAIL_FROM_YOU = Holding(
    key="mail-from-you",
    model="outbox.InboundEmail",
    title="E-mails from you",
    words="What came to us from your address, as it arrived, and what our software "
    "noticed in it.",
    find=by_digest("sender_digest"),
    forget=forget_inbound,
    # Anybody can write under somebody's address.
    to_mailbox=nothing,
    titles={
        "raw_message": "the message as it came",
        "received_at": "received",
        "is_shut_away": "shut away as sensitive",
        "sender_digest": "code made of your address",
    },
    read={"raw_message": _as_read},
)
OPT_OUTS = Holding(
    key="opt-outs",
    model="outbox.SuppressedAddress",
    title="Your place on our opt-out list",
    words="A code made of your address and why we must not write to it. It is what keeps "
    "our promise not to, so it stays when everything else goes.",
    find=by_digest("address_digest"),
    kept=Kept(
        "It is a code made of your address, by which we know that we must not write to "
        "it: without it an old list could bring you our e-mails again",
        "UK GDPR, Article 17(3)(b)",
    ),
    titles={
        "address_digest": "code made of your address",
        "purpose": "which e-mails (empty: all that are not asked for)",
        "suppressed_at": "since",
    },
)
