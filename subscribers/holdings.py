"""What is held of readers, place by place (groundwork.holdings)."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Q

from consent.ledger import standing_purposes
from groundwork.holdings import ON_RECORD, Holding, Person, by_subject, nothing
from groundwork.personal_data import Category, Erasure, Held, PersonalData
from subscribers import erasing
from subscribers.models import LinkUse, Subscriber, SubscriberEvent

OWN_WORK = ("source", "notice_given")


def _as_it_is(person: Person, declared: PersonalData) -> PersonalData:
    """A list that staff brought in is no word of the person's, nor is a sign-up form our
    colleagues'; it serves what they agreed to, and one that nobody confirmed goes sooner."""
    reader = Subscriber.objects.filter(data_subject=person.id).first()
    if reader is None:
        return declared
    fields, source = dict(declared.fields), declared.source
    if reader.source == Subscriber.Source.SIGN_UP_FORM:
        fields |= {name: Held(Category.MARKETING, source="house") for name in OWN_WORK}
    if reader.source == Subscriber.Source.IMPORT:
        source = "staff"
        fields |= {
            name: replace(_held(fields[name]), source="person")
            for name in _put_right_by(person)
            if name in fields
        }
    agreed = list(standing_purposes(person.id))
    is_pending = reader.status == Subscriber.Status.PENDING
    return replace(
        declared,
        fields=fields,
        source=source,
        purpose=agreed[0]
        if agreed and declared.purpose not in agreed
        else declared.purpose,
        retention="unconfirmed-sign-up" if is_pending else declared.retention,
    )


def _held(kind: Category | Held) -> Held:
    return kind if isinstance(kind, Held) else Held(kind)


def _put_right_by(person: Person) -> set[str]:
    """The fields that the person changed themselves."""
    changed = SubscriberEvent.objects.filter(
        data_subject_id=person.id,
        action=SubscriberEvent.Action.DETAILS_CHANGED,
        staff_id=None,
    )
    return {
        name for names in changed.values_list("fields", flat=True) for name in names
    }


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
    as_it_is=_as_it_is,
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
