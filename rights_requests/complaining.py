"""Complaints to us (Data Protection Act 2018, section 164A): word while they are open,
an outcome before they close, and how many there were.

They are acknowledged when they come in (acknowledging) and closed with their outcome
(closing.fulfil). The clock of the request that one is about takes no notice of it.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone

from groundwork.refusals import NotAllowed
from rights_requests import casebook, clock, writing
from rights_requests.clock import PROGRESS_WITHIN
from rights_requests.complaint_clock import IN_FORCE_SINCE
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, Event, Letter
from rights_requests.moves import CLOSED, Move

__all__ = ["IN_FORCE_SINCE", "Counts", "counts", "link", "report_progress"]


@transaction.atomic
def report_progress(
    case_id: uuid.UUID,
    words: str,
    *,
    staff_id: int,
    now: datetime,
    edits: Mapping[str, str] | None = None,
) -> Letter:
    """Tell the person how far we are; the next word is due fourteen days later
    (section 164A(4) and (5))."""
    case = casebook.locked(case_id)
    said = words.strip()
    if not said:
        raise NotAllowed("Say how far you are.")
    entry = casebook.make(
        case,
        Move.REPORT_PROGRESS,
        now=now,
        staff_id=staff_id,
        inputs={"at": clock.written(now), "words": casebook.digest_of(said)},
    )
    return writing.write(
        case,
        LetterKind.COMPLAINT_PROGRESS,
        now=now,
        staff_id=staff_id,
        edits=edits,
        move_number=entry.number,
        outcome=said,
        next_news_on=timezone.localdate(now) + PROGRESS_WITHIN,
    )


@transaction.atomic
def acknowledge_in_words(
    case_id: uuid.UUID, *, at: date, staff_id: int, now: datetime
) -> Case:
    """The person was told on the telephone or in person that we have it and look into
    it; that counts as well, and is noted."""
    case = casebook.locked(case_id)
    casebook.refuse_future(at, now=now)
    if case.acknowledged_at is not None:
        raise NotAllowed("It was acknowledged already.")
    day = timezone.localdate(at) if isinstance(at, datetime) else at
    if day < timezone.localdate(case.received_at):
        raise NotAllowed("It cannot have been acknowledged before it was received.")
    casebook.make(
        case,
        Move.ACKNOWLEDGE,
        now=now,
        staff_id=staff_id,
        inputs={"at": clock.written(at), "how": "in words"},
        acknowledged_at=now,
    )
    return case


@transaction.atomic
def link(
    case_id: uuid.UUID, about: Case | None, *, staff_id: int | None, now: datetime
) -> Case:
    """Say which request a complaint is about; neither clock takes notice."""
    case = casebook.locked(case_id)
    if not case.is_complaint:
        raise NotAllowed("Only a complaint is about another case.")
    if about is not None and about.pk == case.pk:
        raise NotAllowed("A complaint is not about itself.")
    if case.about_id != (about.pk if about else None):
        case.about = about
        case.save(update_fields=["about"])
        casebook.note(
            case,
            Event.LINKED,
            staff_id=staff_id,
            inputs={"about": str(about.pk) if about else ""},
        )
    return case


@dataclass(frozen=True)
class Counts:
    """Complaints received in a period, both days included (section 164B may ask).

    in_time: acknowledged by the day that the law sets. by_month: the first of each
    month with its number.
    """

    received: int
    acknowledged: int
    in_time: int
    closed: int
    by_month: tuple[tuple[date, int], ...]

    @property
    def open(self) -> int:
        return self.received - self.closed


def counts(first: date, last: date) -> Counts:
    """By the day of receipt in London."""
    rows = Case.objects.complaints().exclude(state="dismissed")
    rows = rows.filter(received_at__date__gte=first, received_at__date__lte=last)
    found = rows.aggregate(
        received=Count("id"),
        acknowledged=Count("id", filter=Q(acknowledged_at__isnull=False)),
        in_time=Count("id", filter=Q(acknowledged_at__date__lte=F("due_on"))),
        closed=Count("id", filter=Q(state__in=CLOSED)),
    )
    months = (
        rows.annotate(month=TruncMonth("received_at"))
        .values_list("month")
        .annotate(number=Count("id"))
        .order_by("month")
    )
    by_month = tuple((timezone.localdate(month), number) for month, number in months)
    return Counts(**found, by_month=by_month)
