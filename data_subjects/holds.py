"""Legal holds: while one stands, nothing of the person is removed (Art. 17(3)(e)).

A hold has an owner and a day of review, so that none stands because it was forgotten.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from data_subjects.models import HeldPerson, LegalHold, SubjectEvent
from data_subjects.people import bind_those_before, locked_with_those_before
from groundwork.periods import months_after
from groundwork.refusals import NotAllowed

Action = SubjectEvent.Action
LONGEST_WITHOUT_REVIEW = 12  # months


@dataclass(frozen=True)
class Matter:
    """What a hold is for; the name is that of the matter, never of a person."""

    name: str
    reason: str
    review_on: date


def is_held(subject_id: uuid.UUID) -> bool:
    """Whether any hold stands on the data of this person."""
    return HeldPerson.objects.standing().filter(data_subject=subject_id).exists()


@transaction.atomic
def place(
    people: Mapping[uuid.UUID, str], matter: Matter, *, owner_id: int, today: date
) -> LegalHold:
    """Hold the data of these people: id → the address by which they are meant.

    They are locked in one order, so that a purge and two holds at once wait for each
    other; whoever was known by their addresses until a deletion began is held as well.
    Raises NotAllowed for a hold on nobody, without a reason, or whose review is
    not still to come.
    """
    _refuse_unless_sound(people, matter, today)
    subjects = locked_with_those_before(people)
    hold = LegalHold.objects.create(
        matter=matter.name.strip(),
        reason=matter.reason.strip(),
        owner_id=owner_id,
        review_on=matter.review_on,
    )
    HeldPerson.objects.bulk_create(
        HeldPerson(hold=hold, data_subject=subject, address=people[subject.pk])
        for subject in subjects
    )
    _note(hold, Action.HELD, owner_id, [subject.pk for subject in subjects])
    for subject in subjects:
        bind_those_before(subject)
    return hold


def _refuse_unless_sound(
    people: Mapping[uuid.UUID, str], matter: Matter, today: date
) -> None:
    if not people:
        raise NotAllowed("Say whose data is to be kept.")
    if not matter.name.strip() or not matter.reason.strip():
        raise NotAllowed("Name the matter, and say why the data must be kept.")
    _refuse_unless_soon(matter.review_on, today)


def _refuse_unless_soon(review_on: date, today: date) -> None:
    """None stands because it was forgotten, or put off until nobody is left who knows
    of it. Raises NotAllowed."""
    if review_on <= today:
        raise NotAllowed("The day of review must be still to come.")
    if review_on > months_after(today, LONGEST_WITHOUT_REVIEW):
        raise NotAllowed(
            "The day of review must be within a year: a hold that is needed for longer "
            "is looked at again then."
        )


@transaction.atomic
def review(hold_id: int, *, review_on: date, staff_id: int, today: date) -> None:
    """Somebody looked whether it is still needed; it is, until the next look."""
    hold = _standing(hold_id)
    _refuse_unless_soon(review_on, today)
    hold.review_on = review_on
    hold.save(update_fields=["review_on"])
    _note(hold, Action.REVIEWED, staff_id, _people(hold))


@transaction.atomic
def release(hold_id: int, *, staff_id: int) -> None:
    """The matter is over: the retention rules apply again from the next run."""
    hold = _standing(hold_id)
    hold.released_at, hold.released_by_id = timezone.now(), staff_id
    hold.save(update_fields=["released_at", "released_by_id"])
    _note(hold, Action.RELEASED, staff_id, _people(hold))


def _standing(hold_id: int) -> LegalHold:
    hold = LegalHold.objects.select_for_update().get(pk=hold_id)
    if not hold.is_standing:
        raise NotAllowed("This hold has been released already.")
    return hold


def _people(hold: LegalHold) -> list[uuid.UUID]:
    return list(hold.people.values_list("data_subject_id", flat=True))


def _note(
    hold: LegalHold, action: str, staff_id: int, people: Iterable[uuid.UUID]
) -> None:
    SubjectEvent.objects.bulk_create(
        SubjectEvent(
            data_subject_id=person,
            action=action,
            reference=hold.pk,
            staff_id=staff_id,
        )
        for person in people
    )
