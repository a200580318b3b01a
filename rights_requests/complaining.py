"""Complaints to us (Data Protection Act 2018, section 164A): word while they are open,
an outcome before they close, and how many there were.

They are acknowledged when they come in (acknowledging) and closed with their outcome
(closing.fulfil). The clock of the request that one is about takes no notice of it.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import TruncMonth
from django.utils import timezone

from groundwork.periods import civil_day, months_after
from groundwork.refusals import NotAllowed
from rights_requests import casebook, clock, writing
from rights_requests.clock import PROGRESS_WITHIN
from rights_requests.complaint_clock import IN_FORCE_SINCE
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, Event, Letter
from rights_requests.moves import CLOSED, Move, State

__all__ = [
    "IN_FORCE_SINCE",
    "Counted",
    "Counts",
    "acknowledge_in_words",
    "case_of",
    "counts",
    "link",
    "report_progress",
]


@transaction.atomic
def report_progress(
    case_id: uuid.UUID,
    words: str,
    *,
    next_step: str,
    staff_id: int,
    now: datetime,
    edits: Mapping[str, str] | None = None,
) -> Letter:
    """Tell the person how far we are and what happens next; the next word is due
    fourteen days later (section 164A(4) and (5))."""
    case = casebook.locked(case_id)
    said, coming = words.strip(), next_step.strip()
    if not said:
        raise NotAllowed("Say how far you are.")
    if not coming:
        raise NotAllowed("Say what happens next.")
    entry = casebook.make(
        case,
        Move.REPORT_PROGRESS,
        now=now,
        staff_id=staff_id,
        inputs={
            "at": clock.written(now),
            "by": str(writing.way_to(case.submission)),
            "words": casebook.digest_of(f"{said}\n{coming}"),
        },
    )
    return writing.write(
        case,
        LetterKind.COMPLAINT_PROGRESS,
        now=now,
        staff_id=staff_id,
        edits=edits,
        move_number=entry.number,
        outcome=said,
        next_step=coming,
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
    if civil_day(at) < civil_day(case.received_at):
        raise NotAllowed("It cannot have been acknowledged before it was received.")
    casebook.make(
        case,
        Move.ACKNOWLEDGE,
        now=now,
        staff_id=staff_id,
        inputs={"at": clock.written(at), "how": "in words"},
        acknowledged_at=casebook.moment_of(at, now=now),
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


def case_of(reference: str, *, reader: str) -> Case | None:
    """The case of this reference, where this address is its person's or their agent's.

    A reference is read out and passed on, and proves nothing: who merely knows one must
    not learn from us whose it is, or that there is such a case.
    """
    if not reference or not reader:
        return None
    rows = Case.objects.select_related("submission")
    case = rows.filter(reference=reference).first()
    if case is None:
        return None
    theirs = (case.submission.address, case.submission.agent_address)
    return case if reader in theirs else None


@dataclass(frozen=True)
class Counted:
    """How many complaints were received, and what became of them until now.

    in_time: acknowledged by the day that the law sets.
    """

    received: int = 0
    acknowledged: int = 0
    in_time: int = 0
    closed: int = 0

    @property
    def late(self) -> int:
        return self.acknowledged - self.in_time

    @property
    def unacknowledged(self) -> int:
        return self.received - self.acknowledged

    @property
    def open(self) -> int:
        return self.received - self.closed


@dataclass(frozen=True)
class Counts:
    """Complaints received in a period, both days included (section 164B may ask).

    months: the first of every month that the period touches, with its numbers.
    """

    total: Counted
    months: tuple[tuple[date, Counted], ...]


def counts(first: date, last: date) -> Counts:
    """By the day of receipt in London; what was found to be no complaint is left out."""
    rows = Case.objects.complaints().exclude(state=State.DISMISSED)
    rows = rows.filter(received_at__date__gte=first, received_at__date__lte=last)
    found = rows.annotate(month=TruncMonth("received_at")).values("month")
    found = found.order_by("month").annotate(
        received=Count("id"),
        acknowledged=Count("id", filter=Q(acknowledged_at__isnull=False)),
        in_time=Count("id", filter=Q(acknowledged_at__date__lte=F("due_on"))),
        closed=Count("id", filter=Q(state__in=CLOSED)),
    )
    names = [field.name for field in fields(Counted)]
    by_month = {
        timezone.localdate(month): Counted(*numbers)
        for month, *numbers in found.values_list("month", *names)
    }
    total = {
        name: sum(getattr(one, name) for one in by_month.values()) for name in names
    }
    months = ((month, by_month.get(month, Counted())) for month in _months(first, last))
    return Counts(Counted(**total), tuple(months))


def _months(first: date, last: date) -> Iterator[date]:
    """The first day of each month from that of the one day to that of the other."""
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = months_after(month, 1)
