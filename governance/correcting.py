"""Put right what is held of somebody we did not hear from directly (UK GDPR, Art. 16).

The ledger says which fields changed, never what they said. A letter that still waits is
written anew, so that it says what is right and goes where it should.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from data_subjects import contacts
from data_subjects.contacts import why_not_tell
from data_subjects.models import (
    DataSubject,
    IndirectContact,
    SubjectEvent,
    Told,
    UseDespite,
)
from data_subjects.restriction import Allowed, use_despite
from governance import informing
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.refusals import NotAllowed, refuse
from groundwork.restricted_rows import as_allowed
from outbox.models import OutgoingEmail, State
from outbox.retention import EMPTIED
from subscribers.models import Subscriber

Action = SubjectEvent.Action
CORRECTABLE = (
    "name",
    "kind",
    "employer",
    "job_title",
    "address",
    "telephone",
    "postal_address",
    "statement",
    "source",
    "evidence",
    "obtained_on",
)


@transaction.atomic
def correct(
    contact_id: int,
    right: Mapping[str, Any],
    *,
    staff_id: int,
    allowed: Allowed | None = None,
    is_to_be_told_anew: bool = False,
) -> list[str]:
    """Write down what is right; returns the fields that changed, none when all was.

    allowed: what Art. 18(2) names, needed while the data is restricted.
    is_to_be_told_anew: the letter went to an address that was never the person's, so
    nobody told the person yet. Raises NotAllowed for what cannot be right, an address
    of somebody else, and a letter that is being handed over.
    """
    contact = _with_letter_settled(contacts.locked(contact_id))
    changed = _changed(contact, right)
    if not changed:
        return []
    refuse(_why_not(contact, right, changed))
    what = UseDespite.What.CORRECTION
    use_despite(contact.data_subject_id, what, allowed, staff_id=staff_id)
    for name in changed:
        code = _code(contact, name, right[name])
        contacts.note(contact, Action.CORRECTED, code, staff_id=staff_id)
    with as_allowed(contact.data_subject_id):
        _write(contact, {name: right[name] for name in changed})
    if is_to_be_told_anew and "address" in changed:
        _take_back_telling(contact, staff_id)
    with as_allowed(contact.data_subject_id):
        _replace_waiting_letter(contact, staff_id)
    return changed


def _with_letter_settled(contact: IndirectContact) -> IndirectContact:
    """The letter cannot leave before we are done, and counts if it has left. Raises
    NotAllowed while it is being handed over."""
    mails = OutgoingEmail.objects.select_for_update().only("state", "settled_at")
    letter = mails.filter(pk__in=[contact.letter_id]).first()
    if letter is not None and letter.state == State.IN_FLIGHT:
        raise NotAllowed(
            "The letter is being handed over just now. Try again in a few minutes."
        )
    if letter is not None and letter.state == State.SENT and not why_not_tell(contact):
        at = letter.settled_at or timezone.now()
        contacts.record_told(contact.pk, how=Told.E_MAIL, at=at, staff_id=None)
        contact.refresh_from_db()
    return contact


def _changed(contact: IndirectContact, right: Mapping[str, Any]) -> list[str]:
    return [
        name
        for name in CORRECTABLE
        if name in right and not _is_same(right[name], getattr(contact, name))
    ]


def _is_same(one: Any, other: Any) -> bool:
    """Browsers end lines in a way of their own."""
    if isinstance(one, str):
        return one.splitlines() == str(other).splitlines()
    return bool(one == other)


def _why_not(
    contact: IndirectContact, right: Mapping[str, Any], changed: list[str]
) -> str:
    now = {name: right.get(name, getattr(contact, name)) for name in CORRECTABLE}
    if not now["name"].strip():
        return "Enter the name."
    found = contacts.Found(
        kind=now["kind"],
        name=now["name"],
        source=now["source"],
        evidence=now["evidence"],
        obtained_on=now["obtained_on"],
    )
    return (
        contacts.why_not_enter(found, today_here())
        or ("obtained_on" in changed and _why_not_day(contact, now["obtained_on"]))
        or ("address" in changed and _why_not_address(contact, now["address"]))
        or ""
    )


def _why_not_day(contact: IndirectContact, obtained_on: date) -> str:
    """The data was there when it was written down, and when it was first used; and a
    year is not mistyped."""
    uses = (contact.entered_on, contact.communicated_on, contact.disclosed_on)
    if obtained_on > min(day for day in uses if day is not None):
        return "We had the data by then: it was written down or used before that day."
    return contacts.why_too_long_ago(obtained_on, today_here())


def _why_not_address(contact: IndirectContact, address: str) -> str:
    if Subscriber.objects.filter(data_subject=contact.data_subject_id).exists():
        return (
            "This person is, or was until lately, a reader too: that address changes "
            "only by their own act, on their preferences page."
        )
    other = contacts.known_by(address) if address else None
    if other is not None and other.pk != contact.pk:
        return f"This address is on the list already, as no. {other.pk}."
    return ""


def _code(contact: IndirectContact, name: str, value: Any) -> str:
    """The field, for the ledger; a day of obtaining that moves the time for telling
    back is told from one that brings it forward."""
    if name == "obtained_on":
        return f"{name}, {'later' if value > contact.obtained_on else 'earlier'}"
    return name


def _write(contact: IndirectContact, right: Mapping[str, Any]) -> None:
    if "address" in right:
        _move_key(contact.data_subject, right["address"])
    if _is_unused(contact):
        contact.last_used_on = right.get("obtained_on", contact.last_used_on)
    for name, value in right.items():
        setattr(contact, name, value)
    contact.inform_by = contacts.clock_of(contact).day
    contact.save(update_fields=[*right, "last_used_on", "inform_by"])


def _is_unused(contact: IndirectContact) -> bool:
    """No use is on record, so the retention counts from the day of obtaining. A use may
    have been on that very day: the days being the same says nothing."""
    uses = (contact.communicated_on, contact.disclosed_on, contact.informed_at)
    return all(use is None for use in uses)


def _move_key(subject: DataSubject, address: str) -> None:
    """The person is found by the new address from now on. The database knows whether
    somebody else is, also somebody who came a moment ago."""
    subject.address_digest = addresses.digest(address) if address else None
    try:
        with transaction.atomic():
            subject.save(update_fields=["address_digest"])
    except IntegrityError as error:
        raise NotAllowed(
            "Somebody is known by this address already. Remove this record and enter "
            "the person again with that address: then both are one person."
        ) from error


def _take_back_telling(contact: IndirectContact, staff_id: int) -> None:
    if contact.informed_how != Told.E_MAIL:
        raise NotAllowed("No letter by e-mail has gone to this person.")
    contact.informed_how, contact.informed_at, contact.letter_id = "", None, None
    contact.save(update_fields=["informed_how", "informed_at", "letter_id"])
    contacts.note(contact, Action.UNTOLD, staff_id=staff_id)


def _replace_waiting_letter(contact: IndirectContact, staff_id: int) -> None:
    waiting = OutgoingEmail.objects.filter(
        pk__in=[contact.letter_id], state=State.QUEUED
    )
    is_taken_back = waiting.update(
        state=State.WITHHELD,
        reason="written anew",
        settled_at=timezone.now(),
        **EMPTIED,
    )
    if is_taken_back and not informing.why_not_write(contact):
        informing.send_letter(contact.pk, staff_id=staff_id)
