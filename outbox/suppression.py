"""Addresses that must not be written to: who may, and what each class ignores."""

import uuid
from collections.abc import Iterable

from django.db import transaction

from data_subjects import journal
from groundwork.one_statement import Given, Part, insert
from outbox.models import MessageClass, SuppressedAddress

Reason = SuppressedAddress.Reason

# Which opt-outs a message of this class does not heed, and why that is right.
IGNORES: dict[MessageClass, frozenset[str]] = {
    # News and offers heed every “no”.
    MessageClass.MARKETING: frozenset(),
    # A confirmation, a receipt, a changed notice: not marketing, so a “no” to
    # marketing does not stop it. After an erasure no address is held any more: a
    # service message to one can only answer a new act of the person.
    MessageClass.SERVICE: frozenset(
        {Reason.UNSUBSCRIBED, Reason.OBJECTED, Reason.COMPLAINED, Reason.ERASED}
    ),
    # A changed notice is for everybody whose data is held, also for those who want no
    # mail from us. It answers nothing that the person did, so an erasure stops it; and
    # it cannot reach a mailbox that does not exist.
    MessageClass.NOTICE: frozenset(
        {Reason.UNSUBSCRIBED, Reason.OBJECTED, Reason.COMPLAINED}
    ),
    # The law requires the answer to a rights request, whatever was said before.
    MessageClass.RIGHTS: frozenset(Reason.values),
    # What somebody does with our mail as a reader says nothing of their work. One to a
    # mailbox that is gone fails, and that shows; withheld, it would not.
    MessageClass.STAFF: frozenset(Reason.values),
}


# What must not go to a person whose data is restricted (Art. 18(2)). A service message
# answers what the person has just done, a rights message what the person asked for.
HEED_RESTRICTION = frozenset({MessageClass.MARKETING, MessageClass.NOTICE})


def suppress(
    address_digest: bytes,
    purpose: str,
    reason: str,
    *,
    subject: uuid.UUID | None = None,
) -> None:
    """No more mail for this purpose (empty: for all marketing). Twice is once; each
    reason stands by itself, since the classes of message heed different ones.

    Raises JournalUnwritable (suppress_several).
    """
    suppress_several(address_digest, [purpose], reason, subject=subject)


@transaction.atomic
def suppress_several(
    address_digest: bytes,
    purposes: Iterable[str],
    reason: str,
    *,
    subject: uuid.UUID | None = None,
) -> None:
    """Several purposes by one act.

    It is in the journal before it counts (data_subjects.journal), under the person's
    number too, whose address may be another one in a backup. By the same statements
    whatever stood before: how long it takes tells nobody. Raises JournalUnwritable.
    """
    asked = list(purposes)
    close(address_digest, asked, reason)
    journal.opted_out(address_digest, asked, reason, subject=subject)


def close(address_digest: bytes, purposes: Iterable[str], reason: str) -> None:
    """The same, of what the journal has already."""
    SuppressedAddress.objects.bulk_create(
        [
            SuppressedAddress(
                address_digest=address_digest, purpose=purpose, reason=reason
            )
            for purpose in purposes
        ],
        ignore_conflicts=True,
    )


def suppressed(name: str, purpose: str, reason: str, *, source: str) -> Part:
    """A step that closes this purpose for whoever the step `source` has, by its column
    address_digest. Whoever takes this step writes to the journal as well."""
    values = {
        "address_digest": Given(f"{source}.address_digest"),
        "purpose": purpose,
        "reason": reason,
    }
    return insert(name, SuppressedAddress, values, source=source, unless_known=True)


@transaction.atomic
def lift(address_digest: bytes, purposes: Iterable[str], others: Iterable[str]) -> None:
    """The person asked for these purposes again, by their own act.

    A “no” to everything becomes a “no” to each of the others. Both are in the journal
    before they count. Raises JournalUnwritable.
    """
    asked = list(purposes)
    rows = SuppressedAddress.objects.filter(address_digest=address_digest)
    remaining = sorted(set(others) - set(asked))
    for general in rows.filter(purpose="") if remaining else ():
        suppress_several(address_digest, remaining, general.reason)
    rows.filter(purpose__in=["", *asked]).delete()
    journal.opted_in(address_digest, asked)


def purposes_of(address_digest: bytes) -> set[str]:
    """The purposes to which this address says no; empty: to all marketing."""
    rows = SuppressedAddress.objects.filter(address_digest=address_digest)
    return set(rows.values_list("purpose", flat=True))


def is_suppressed(address_digest: bytes, message_class: str, purpose: str) -> bool:
    """True when an opt-out that this class of message heeds stands for the address."""
    rows = SuppressedAddress.objects.filter(
        address_digest=address_digest, purpose__in=["", purpose]
    )
    ignored = IGNORES[MessageClass(message_class)]
    return rows.exclude(reason__in=ignored).exists()


def in_the_way(
    digests: Iterable[bytes], message_class: MessageClass
) -> dict[bytes, str]:
    """Digest → a reason that this class heeds, for those of the addresses to which a
    message without a purpose must not go. One query for a whole batch."""
    rows = SuppressedAddress.objects.filter(
        address_digest__in=list(digests), purpose=""
    ).exclude(reason__in=IGNORES[message_class])
    return {
        bytes(digest): reason
        for digest, reason in rows.values_list("address_digest", "reason")
    }
