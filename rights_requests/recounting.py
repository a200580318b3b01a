"""Counting every open case anew: what the log gives is what the case has to show.

Three things make the two differ. While a question is open the projected day moves with
every day: that is written down quietly. A public holiday that was named since moves a
day: the case log says so, and the person is told of the later day. Anything else is a
fault of this software: it is brought right and shows itself, in the log of the server
and on the console's first page.
"""

import hashlib
import logging
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from processing_register.models import BankHoliday
from rights_requests import casebook, clock, writing
from rights_requests.clock import Clocks, Story
from rights_requests.deadline_words import in_words
from rights_requests.deadlines import Flag
from rights_requests.letter_frames import LetterKind
from rights_requests.models import (
    Case,
    CaseLogEntry,
    ClockFault,
    Event,
    Recount,
    Reminder,
)
from rights_requests.moves import Move, State

logger = logging.getLogger(__name__)

BATCH = 500
# A million open cases take a quarter of an hour: what has not ended by then never will.
BROKEN_OFF_AFTER = timedelta(hours=1)
# For whoever looks into what a night found; nothing is counted by it.
RUNS_KEPT = timedelta(days=90)
# What is projected to today while a question stops the clock.
PROJECTED = frozenset({"due_on", "notice_by", "paused_days", "flags"})

Given = list[tuple[str, date, int]]
Differences = Mapping[str, tuple[Any, Any]]


class Found(Enum):
    """What a count found of one case."""

    RIGHT = auto()
    PROJECTED = auto()
    MOVED = auto()
    FAULT = auto()


# --- The run ---


def recount_all(now: datetime) -> Recount:
    """Count every open case anew; one that fails is on record and stops no other."""
    clock.forget_holidays()
    _forget_old_runs(now)
    run = Recount.objects.create(started_at=now, holidays_digest=holidays_digest())
    for cases in _batches():
        found = [_recount(case_id, now) for case_id in _differing(cases, now)]
        run.checked_count += len(cases)
        run.moved_count += found.count(Found.MOVED)
        run.faults_count += found.count(Found.FAULT)
        # Kept up as it goes, so that a run that is broken off has told the truth.
        run.save(update_fields=["checked_count", "moved_count", "faults_count"])
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at"])
    return run


def _forget_old_runs(now: datetime) -> None:
    """What the console shows no longer."""
    Recount.objects.filter(started_at__lt=now - RUNS_KEPT).delete()
    ClockFault.objects.filter(found_at__lte=now - ClockFault.SHOWN_FOR).delete()


def after_new_holidays(now: datetime) -> Recount | None:
    """Count everything anew at once when the register names other holidays than those
    that the last count knew; None when it does not, or somebody is at it."""
    begun_lately = Q(started_at__gt=now - BROKEN_OFF_AFTER)
    runs = Recount.objects.filter(Q(finished_at__isnull=False) | begun_lately)
    known = runs.order_by("-pk").values_list("holidays_digest", flat=True).first()
    if known is not None and bytes(known) == holidays_digest():
        return None
    return recount_all(now)


def holidays_digest() -> bytes:
    days = BankHoliday.objects.order_by("nation", "on").values_list("nation", "on")
    text = "\n".join(f"{nation} {day.isoformat()}" for nation, day in days)
    return hashlib.sha256(text.encode()).digest()


def _batches() -> Iterator[list[Case]]:
    """Every open case without its words, by id, not locked."""
    after = uuid.UUID(int=0)
    while True:
        rows = Case.objects.open().filter(pk__gt=after).defer("details").order_by("pk")
        if not (batch := list(rows[:BATCH])):
            return
        yield batch
        after = batch[-1].pk


def _differing(cases: list[Case], now: datetime) -> list[uuid.UUID]:
    """Those to be looked at again under lock: most cases cost two statements for five
    hundred of them."""
    ids = [case.pk for case in cases]
    logs, given = logs_of(ids), given_of(ids)
    return [case.pk for case in cases if _differs(case, logs, given, now)]


def _differs(
    case: Case,
    logs: Mapping[uuid.UUID, list[CaseLogEntry]],
    given: Mapping[uuid.UUID, Given],
    now: datetime,
) -> bool:
    try:
        clocks = clock.count(case, clock.story_of(logs[case.pk]), now=now)
    except Exception:
        return True  # it fails again under lock, where that goes on record
    return bool(clock.keep(case, clocks, given=given[case.pk]))


def logs_of(ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, list[CaseLogEntry]]:
    """The moves of these cases in their order, and what was posted when, which is all
    that a clock counts by."""
    counts = Q(number__isnull=False) | Q(event=Event.LETTER_POSTED)
    entries = CaseLogEntry.objects.filter(counts, case_id__in=ids)
    logs: dict[uuid.UUID, list[CaseLogEntry]] = defaultdict(list)
    for entry in entries.order_by("case_id", "id"):
        logs[entry.case_id].append(entry)
    return logs


def given_of(ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Given]:
    """The reminders that were given of these cases: clock, its day, step."""
    rows = Reminder.objects.filter(case__in=ids)
    given: dict[uuid.UUID, Given] = defaultdict(list)
    columns = rows.values_list("case_id", "clock", "due_on", "step")
    for case_id, name, due_on, step in columns:
        given[case_id].append((name, due_on, step))
    return given


def _recount(case_id: uuid.UUID, now: datetime) -> Found:
    try:
        with transaction.atomic():
            return bring_right(casebook.locked(case_id), now=now)
    except Case.DoesNotExist:
        return Found.RIGHT  # removed meanwhile
    except Exception as error:
        logger.exception("Case %s could not be counted anew", case_id)
        note_fault(case_id, ClockFault.By.RECOUNT, type(error).__name__, now=now)
        return Found.FAULT


def note_fault(
    case_id: uuid.UUID, found_by: ClockFault.By, what: str, *, now: datetime
) -> None:
    ClockFault.objects.update_or_create(
        case_id=case_id,
        found_by=found_by,
        defaults={"what": what[:200], "found_at": now},
    )


# --- One case ---


@dataclass(frozen=True)
class _Counted:
    """A case that its holder counted: what its log says, and what was given of it."""

    case: Case
    story: Story
    given: Given
    now: datetime

    def clocks(self, holidays: Any = None) -> Clocks:
        return clock.count(self.case, self.story, now=self.now, holidays=holidays)

    def write(self, clocks: Clocks) -> Differences:
        """Put the counted days on the case; each that differs, as it was and as it is."""
        was = self.shown()
        changed = clock.keep(self.case, clocks, given=self.given)
        return {name: (was[name], getattr(self.case, name)) for name in changed}

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self.case, name) for name in clock.CACHED}


def bring_right(case: Case, *, now: datetime) -> Found:
    """Have a case show what its log gives; the caller has locked it."""
    if not case.is_open:
        return Found.RIGHT
    story = clock.story_of(casebook.entries_of(case))
    counted = _Counted(case, story, given_of([case.pk])[case.pk], now)
    was = counted.shown()
    moved = counted.write(counted.clocks())
    if not moved:
        return Found.RIGHT
    if _is_projection(case, moved) or _is_year_now_known(moved):
        case.save(update_fields=list(moved))
        return Found.PROJECTED
    if holidays := _new_holidays(counted, was, moved):
        _move(case, moved, holidays, story.nation, now)
        return Found.MOVED
    case.save(update_fields=list(moved))
    names = ", ".join(moved)
    logger.error("Case %s did not show what its log gives: %s", case.reference, names)
    note_fault(case.pk, ClockFault.By.RECOUNT, names, now=now)
    return Found.FAULT


def before_anything_else(case: Case, now: datetime) -> None:
    """The same, before something happens to the case (casebook)."""
    bring_right(case, now=now)


def after_opening(case: Case, was: clock.Days, now: datetime) -> None:
    """Put on record what a holiday moved while the case was closed, and nobody counted
    it (casebook). was: the days that it showed."""
    counted = clock.legal_days_shown(case)
    moved = {name: (day, counted[name]) for name, day in was.items()}
    moved = {name: days for name, days in moved.items() if days[0] != days[1]}
    nation = clock.story_of(casebook.entries_of(case)).nation
    known = clock.holidays_of(nation)
    if holidays := sorted({day for day, _ in moved.values() if day and day in known}):
        _move(case, moved, holidays, nation, now)


def _is_projection(case: Case, moved: Differences) -> bool:
    return case.state == State.AWAITING_CLARIFICATION and PROJECTED >= set(moved)


def _is_year_now_known(moved: Differences) -> bool:
    """Only that the holidays of its year were not known, and by now are."""
    if set(moved) != {"flags"}:
        return False
    was, now_shown = moved["flags"]
    return _certain(was) == _certain(now_shown)


def _certain(flags: Iterable[str]) -> list[str]:
    return [flag for flag in flags if flag != Flag.HOLIDAYS_UNKNOWN]


def _new_holidays(
    counted: _Counted, was: dict[str, Any], moved: Differences
) -> list[date]:
    """The holidays that account for every difference: without them the log gives what
    the case showed. Empty when there are none.

    A day that the case showed was a working day then; where it is a holiday by now, it
    was named since.
    """
    holidays = clock.holidays_of(counted.story.nation)
    shown = [moved[name][0] for name in clock.MOVED_BY_HOLIDAYS if name in moved]
    new = sorted({day for day in shown if day in holidays})
    if not new:
        return []
    titles = {day: title for day, title in holidays.titles.items() if day not in new}
    counted.write(counted.clocks(replace(holidays, titles=titles)))
    explained = _comparable(counted.shown()) == _comparable(was)
    counted.write(counted.clocks())
    return new if explained else []


def _comparable(shown: dict[str, Any]) -> dict[str, Any]:
    return {**shown, "flags": _certain(shown["flags"])}


def _move(
    case: Case,
    moved: Differences,
    holidays: list[date],
    nation: str,
    now: datetime,
) -> None:
    """Put on record what a holiday moved, and tell whoever was told of the day."""
    days = {
        name: {"from": _written(moved[name][0]), "to": _written(moved[name][1])}
        for name in clock.MOVED_BY_HOLIDAYS
        if name in moved
    }
    inputs = {"holidays": [clock.written(day) for day in holidays], "moved": days}
    casebook.make(case, Move.RECOUNT, now=now, inputs=inputs)
    told, later = moved.get("due_on", (None, None))
    if told and later and later > told and _was_told(case):
        titles = clock.holidays_of(nation).titles
        named = " and ".join(f"{in_words(day)} ({titles[day]})" for day in holidays)
        writing.write(
            case, LetterKind.HOLIDAY_MOVED, now=now, was_due_on=told, holiday=named
        )


def _written(day: date | None) -> str | None:
    return clock.written(day) if day else None


def _was_told(case: Case) -> bool:
    """The person knows of a day for the answer. How a complaint is acknowledged is our
    own day; a draft and what waits apart were not acknowledged yet."""
    return case.acknowledged_at is not None and not case.is_complaint
