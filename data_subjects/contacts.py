"""People we did not hear from directly: prospects, past clients, people in registers.

Each came from a source that was permitted to give the data, and has to be told within
the time that Article 14 sets, unless an exemption is on record. Nothing here sends
mail: the outbox stands above (governance.informing).
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from data_subjects.article_14 import InformBy, inform_by
from data_subjects.held import PeopleHeld
from data_subjects.models import (
    DataSubject,
    Disclosure,
    Exemption,
    IndirectContact,
    SubjectEvent,
    Told,
)
from data_subjects.people import subject_of
from data_subjects.restriction import is_kept, why_restricted
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.holdings import Person
from groundwork.periods import months_after
from groundwork.refusals import NotAllowed, refuse
from processing_register import bank_holidays
from processing_register.bank_holidays import Holidays, Nation
from processing_register.models import BankHoliday
from processing_register.register import period, the_register

Action = SubjectEvent.Action

PERSON = "person"
# Not a source of people: what the software makes, and what a browser tells by itself.
NOT_A_SOURCE = {PERSON, "house", "browser"}
# Why somebody is left out of what goes to everybody held.
NOT_TOLD = "not told yet (Art. 14)"
EXEMPT = "exempt"
# Five times the two years after which such data goes unless we were in touch: who came
# earlier and is entered only now is a mistyped year, which would set the time for
# telling in the past and have the next purge take the person away.
LONGEST_AGO = 120  # months


@dataclass(frozen=True)
class Found:
    """What staff know of somebody, and where it came from.

    address: normalised, or empty. evidence: what shows that the source was permitted.
    """

    kind: str
    name: str
    source: str
    evidence: str
    obtained_on: date
    address: str = ""
    details: dict[str, str] = field(default_factory=dict)


def sources() -> dict[str, str]:
    """Key → title of the sources that are not the person."""
    found = the_register().sources
    return {
        key: source.title for key, source in found.items() if key not in NOT_A_SOURCE
    }


def known_by(address: str) -> IndirectContact | None:
    """The contact with this normalised address, if there is one already."""
    return IndirectContact.objects.filter(
        data_subject__address_digest=addresses.digest(address)
    ).first()


@transaction.atomic
def enter(found: Found, *, staff_id: int) -> IndirectContact:
    """Write somebody down, and set by when they have to be told.

    Raises NotAllowed for a source that is none, a day to come or too long ago, missing
    evidence, an address that is on the list already, or a person whose data is
    restricted. Nobody is signed up and no mail is sent.
    """
    today = today_here()
    refuse(why_not_enter(found, today) or why_too_long_ago(found.obtained_on, today))
    subject = subject_of(found.address) if found.address else DataSubject()
    if not found.address:
        subject.save(force_insert=True)
    # Two at once with one address: the second waits here, then finds the first.
    DataSubject.objects.select_for_update(no_key=True).get(pk=subject.pk)
    refuse(why_restricted(subject.pk))
    if IndirectContact.objects.filter(data_subject=subject).exists():
        raise NotAllowed("This person is on the list already.")
    contact = IndirectContact(
        data_subject=subject,
        kind=found.kind,
        name=found.name,
        address=found.address,
        source=found.source,
        evidence=found.evidence.strip(),
        obtained_on=found.obtained_on,
        entered_on=today,
        last_used_on=found.obtained_on,
        staff_id=staff_id,
        **found.details,
    )
    contact.inform_by = clock_of(contact).day
    contact.save(force_insert=True)
    note(contact, Action.ENTERED, contact.kind, staff_id=staff_id)
    return contact


def why_not_enter(found: Found, today: date) -> str:
    if found.source not in sources():
        return "Choose where the data came from. It cannot be the person."
    if found.obtained_on > today:
        return "The day on which we got it is still to come."
    if not found.evidence.strip():
        return "Say what shows that the source was permitted to give it."
    return ""


def why_too_long_ago(obtained_on: date, today: date) -> str:
    first = months_after(today, -LONGEST_AGO)
    if obtained_on < first:
        return (
            "Check the year: nobody is entered whose data we got more than ten years "
            f"ago, before {first:%-d %B %Y}."
        )
    return ""


def is_due_to_go(contact: IndirectContact) -> bool:
    """The period ended already: the next purge takes the person, unless a hold or a
    restriction keeps the data or a later use is noted before."""
    limit = timezone.localdate(timezone.now() - period("indirect-contact"))
    return contact.last_used_on < limit


# --- The clock of Article 14 ---


def clock_of(contact: IndirectContact) -> InformBy:
    return inform_by(
        contact.obtained_on,
        holidays=_holidays(),
        communicated_on=contact.communicated_on,
        disclosed_on=contact.disclosed_on,
    )


def _holidays() -> Holidays:
    nation = Nation.ENGLAND_AND_WALES
    days = BankHoliday.objects.filter(nation=nation).values_list("on", "title")
    return bank_holidays.of(nation, days)


@transaction.atomic
def note_use(
    contact_id: int,
    *,
    staff_id: int,
    communicated_on: date | None = None,
    disclosed_on: date | None = None,
) -> IndirectContact:
    """We wrote or spoke to the person, or gave the data to somebody: the first time
    ends the time for telling, the last time is where the retention counts from."""
    contact = locked(contact_id)
    days = [day for day in (communicated_on, disclosed_on) if day is not None]
    if not days:
        raise NotAllowed("Say on which day.")
    if max(days) > today_here():
        raise NotAllowed("That day is still to come.")
    if min(days) < contact.obtained_on:
        raise NotAllowed("That was before we had the data.")
    refuse(why_restricted(contact.data_subject_id))
    _count(
        contact,
        communicated_on=[communicated_on] if communicated_on else [],
        disclosed_on=[disclosed_on] if disclosed_on else [],
    )
    kind = "disclosure" if disclosed_on else "communication"
    note(contact, Action.USED, kind, staff_id=staff_id)
    return contact


def take_over_disclosures() -> int:
    """Count the disclosures on record as the uses they are; returns for how many people.

    One from before we had this data was of other data, and counts for nothing here.
    """
    disclosed = Disclosure.objects.filter(
        data_subject_id=OuterRef("data_subject"),
        disclosed_on__gte=OuterRef("obtained_on"),
    )
    contacts = IndirectContact.objects.annotate(
        first=Subquery(disclosed.order_by("disclosed_on").values("disclosed_on")[:1]),
        last=Subquery(disclosed.order_by("-disclosed_on").values("disclosed_on")[:1]),
    ).filter(
        Q(first__lt=F("disclosed_on"))
        | Q(first__isnull=False, disclosed_on__isnull=True)
        | Q(last__gt=F("last_used_on"))
    )
    keys = list(contacts.values_list("pk", flat=True))
    return sum(_count_disclosures(key) for key in keys)


@transaction.atomic
def _count_disclosures(contact_id: int) -> bool:
    """False when meanwhile the person was removed, or the day of obtaining corrected."""
    contact = locked_unless_gone(contact_id)
    if contact is None:
        return False
    days = list(disclosures_of(contact).values_list("disclosed_on", flat=True))
    if days:
        _count(contact, disclosed_on=days)
    return bool(days)


def disclosures_of(contact: IndirectContact) -> QuerySet[Disclosure]:
    """Those of this data: one from before we had it was of other data."""
    found: QuerySet[Disclosure] = Disclosure.objects.filter(
        data_subject_id=contact.data_subject_id, disclosed_on__gte=contact.obtained_on
    )
    return found


def _count(
    contact: IndirectContact,
    *,
    communicated_on: Collection[date] = (),
    disclosed_on: Collection[date] = (),
) -> None:
    """The one rule for every use: the first of its kind ends the time for telling, and
    the retention counts from the last of any, whether the person was told or not."""
    contact.communicated_on = _first(contact.communicated_on, *communicated_on)
    contact.disclosed_on = _first(contact.disclosed_on, *disclosed_on)
    contact.last_used_on = max(contact.last_used_on, *communicated_on, *disclosed_on)
    contact.inform_by = clock_of(contact).day
    contact.save(
        update_fields=["communicated_on", "disclosed_on", "last_used_on", "inform_by"]
    )


def _first(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


# --- Told, or why not ---


@transaction.atomic
def record_told(
    contact_id: int, *, how: Told, at: datetime, staff_id: int | None
) -> IndirectContact:
    """The person was told in this way; staff_id is None when a mail server took the
    letter. Raises NotAllowed when they were told already."""
    contact = locked(contact_id)
    refuse(why_not_tell(contact))
    if at > timezone.now():
        raise NotAllowed("That moment is still to come.")
    contact.informed_how, contact.informed_at = how, at
    contact.last_used_on = max(contact.last_used_on, timezone.localdate(at))
    contact.save(update_fields=["informed_how", "informed_at", "last_used_on"])
    note(contact, Action.INFORMED, how, staff_id=staff_id)
    return contact


@transaction.atomic
def record_exemption(
    contact_id: int, *, ground: Exemption, reason: str, staff_id: int
) -> IndirectContact:
    """Why this person is not told (Art. 14(5)). Raises NotAllowed without a reason."""
    contact = locked(contact_id)
    refuse(why_not_tell(contact))
    if not reason.strip():
        raise NotAllowed("Give the reason. A ground alone proves nothing.")
    contact.exemption, contact.exemption_reason = ground, reason.strip()
    contact.exempted_at, contact.exempted_by_id = timezone.now(), staff_id
    contact.save(
        update_fields=[
            "exemption",
            "exemption_reason",
            "exempted_at",
            "exempted_by_id",
        ]
    )
    note(contact, Action.EXEMPTED, ground, staff_id=staff_id)
    return contact


def forget(person: Person) -> int:
    """What others told us of a person goes at their request (Art. 17); the record says
    so. Returns how many rows there were."""
    found = list(IndirectContact.objects.filter(data_subject=person.id))
    for contact in found:
        note(contact, Action.REMOVED, staff_id=None)
        contact.delete()
    return len(found)


def why_not_remove(contact: IndirectContact) -> str:
    if is_kept(contact.data_subject_id):
        return "A restriction or a legal hold keeps this person’s data."
    return ""


def note(
    contact: IndirectContact, action: str, detail: str = "", *, staff_id: int | None
) -> None:
    """Put on record who did what; None: the house by itself. detail is a code."""
    SubjectEvent.objects.create(
        data_subject_id=contact.data_subject_id,
        action=action,
        reference=contact.pk,
        detail=detail,
        staff_id=staff_id,
    )


def why_not_tell(contact: IndirectContact) -> str:
    """What stands against telling or exempting; the same words on the page."""
    if contact.informed_at is not None:
        return "The person has been told already."
    if contact.exempted_at is not None:
        return "An exemption is on record."
    return ""


def locked(contact_id: int) -> IndirectContact:
    """The row under its person's lock, which the whole house takes first."""
    subject = IndirectContact.objects.values_list("data_subject", flat=True).get(
        pk=contact_id
    )
    DataSubject.objects.select_for_update(no_key=True).get(pk=subject)
    return IndirectContact.objects.select_for_update(no_key=True).get(pk=contact_id)


def locked_unless_gone(contact_id: int) -> IndirectContact | None:
    """As locked; None when the person was removed a moment ago."""
    try:
        return locked(contact_id)
    except IndirectContact.DoesNotExist:
        return None


# --- For telling them of a changed notice ---


def _subjects(before: datetime | None) -> QuerySet[Any]:
    contacts = IndirectContact.objects.all()
    if before is not None:
        contacts = contacts.filter(created_at__lt=before)
    return contacts.order_by().values_list("data_subject_id", flat=True)


def _addresses(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    contacts = IndirectContact.objects.filter(data_subject__in=subjects)
    rows = contacts.values_list("data_subject_id", "address")
    return {subject: address for subject, address in rows if address}


INDIRECT = PeopleHeld(_subjects, _addresses)


def why_not_in_touch(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Who of them was not told that we hold their data, and why; their letter has to be
    our first words (Art. 14(3)(b))."""
    untold = IndirectContact.objects.filter(
        data_subject__in=subjects, informed_at__isnull=True
    )
    rows = untold.values_list("data_subject_id", "exempted_at")
    return {
        subject: EXEMPT if exempted_at else NOT_TOLD for subject, exempted_at in rows
    }
