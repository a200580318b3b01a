"""What is held of readers, place by place (groundwork.holdings)."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from groundwork.holdings import ON_RECORD, Holding, Person, by_subject, nothing
from groundwork.personal_data import Category, Erasure, PersonalData
from subscribers import erasing
from subscribers.models import LinkUse

SIGN_UP = Holding(
    key="sign-up",
    model="subscribers.Subscriber",
    title="Your sign-up for our e-mails",
    words="Your e-mail address, what you told us about yourself, and how far your "
    "sign-up has come.",
    find=by_subject("data_subject"),
    # Before that, anybody may have typed it.
    to_mailbox=lambda person: Q(confirmed_at__isnull=False),
    forget=erasing.forget_reader,
    addresses=("address",),
    names=(("first_name", "last_name"),),
    telephones=("telephone",),
    titles={
        "address": "e-mail address",
        "address_digest": "code made of your address",
        "statement": "what you want said beside it",
        "source": "how you came to us",
        "notice_given": "notice you were given",
        "created_at": "first heard of",
        "confirmation_asked_at": "last asked to confirm",
        "confirmed_at": "confirmed",
        "left_at": "left",
    },
)
LINKS = Holding(
    key="links",
    model="subscribers.MailedLink",
    moves_by_itself=True,
    title="Links that we mailed to you",
    words="What each link was for and when it was used, and what you had typed before "
    "you confirmed. The secret part of a link is kept as a code only.",
    find=by_subject("subscriber__data_subject"),
    to_mailbox=lambda person: ~Q(use=LinkUse.CONFIRM) | Q(used_at__isnull=False),
    context=("use", "created_at", "expires_at"),
    titles={
        "use": "what it was for",
        "created_at": "made",
        "expires_at": "ends",
        "details": "what you had typed",
        "shown": "what you were shown",
        "used_at": "used",
        "token_digest": "code of the link",
    },
)
ADDRESS_CHANGE = Holding(
    key="address-change",
    model="subscribers.AddressChange",
    title="A change of your address",
    words="The new address and, for 72 hours, the old one, so that a change which was "
    "not yours can be undone.",
    find=by_subject("subscriber__data_subject"),
    context=("asked_at", "changed_at"),
    former_addresses=("old_address",),
    titles={"asked_at": "asked for", "changed_at": "changed"},
)


def _lines_about(row: Any, person: Person) -> Mapping[str, Any] | None:
    """The heading and the lines with an address of this person; nobody else's. None
    when there are none, as in a list that was brought in, which is emptied then."""
    lines = csv.reader(io.StringIO(row.content, newline=""))
    heading = next(lines, [])
    theirs = [cells for cells in lines if erasing.is_about(person, cells)]
    if not theirs:
        return None
    text = io.StringIO()
    csv.writer(text).writerows([heading, *theirs])
    return {"content": text.getvalue()}


LISTS = Holding(
    key="lists",
    model="subscribers.SubscriberImport",
    moves_by_itself=True,
    title="Lists that staff uploaded",
    words="The lines about you in a list that is being brought in. Such a list is "
    "removed after a day.",
    # Who is on a list can only be read in it.
    find=lambda person: Q(),
    narrow=_lines_about,
    forget=erasing.forget_lines,
    to_mailbox=nothing,
    context=("uploaded_at",),
    titles={"uploaded_at": "uploaded", "content": "lines about you"},
)
EVENTS = Holding(
    key="sign-up-record",
    model="subscribers.SubscriberEvent",
    title="What happened to your sign-up",
    words="Which of your details changed and when, never what they were.",
    find=by_subject("data_subject_id"),
    context=("at",),
    declared=PersonalData(
        fields=dict.fromkeys(("action", "channel", "fields"), Category.MARKETING),
        purpose="proof-of-consent",
        source="person",
        retention="ledger",
        erasure=Erasure.KEPT,
        others="",
    ),
    kept=ON_RECORD,
    titles={"at": "when", "action": "what happened", "fields": "details that changed"},
)
