"""Reminding staff of the days of a case: 14, 7, 3, 1 and 0 days before, and once after.

1. Find what is due by the partial index, which holds nothing else.
2. In batches, each a transaction of its own: lock the cases, count their clocks, and
   record every step that is due and was not given. Two sweeps at once share the work,
   and what was missed while nobody swept is given late, once.
3. Then one mail to each member of staff concerned. It lists what was recorded and no
   mail has listed yet, so a sweep that dies in between loses nothing.

A case that fails is singled out, goes on record and is tried again an hour later.
"""

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from groundwork.periods import civil_day
from outbox.models import MessageClass
from outbox.queueing import queue
from rights_requests import clock, console_links, due_days, recounting
from rights_requests.clock import Clocks
from rights_requests.due_days import DueDay
from rights_requests.models import Case, CaseLogEntry, ClockFault, Event, Reminder
from rights_requests.recounting import Given, given_of, logs_of, note_fault
from staff.models import StaffUser

logger = logging.getLogger(__name__)

KIND = "rights_requests/reminder"
WORKS_ON_CASES = "rights_requests.work_case"
BATCH = 200
# A sweep that has more to do leaves the rest to the next one, minutes later.
MOST_CASES = 100_000
RUN_SECONDS = 240.0
# Nobody reads more of a mail; the queue on the console has them all.
LINES = 50
AFTER_THE_DAY = -1
# A statement takes no more than 65 535 values.
KEYS_AT_ONCE = 5_000


def remind(now: datetime) -> int:
    """Give every reminder that is due by now; returns how many were given."""
    clock.forget_holidays()
    ends_at, given = time.monotonic() + RUN_SECONDS, 0
    for ids in batched(list(due_cases(now)[:MOST_CASES]), BATCH):
        if time.monotonic() > ends_at:
            break
        given += _give_all(ids, now)
    tell(now)
    return given


def due_cases(now: datetime) -> QuerySet[Case, uuid.UUID]:
    """The cases with a reminder due by now, the longest overdue first."""
    aside = list(ClockFault.objects.put_aside(now).values_list("case", flat=True))
    due = Case.objects.filter(next_reminder_on__lte=civil_day(now))
    if aside:
        due = due.exclude(pk__in=aside)
    return due.order_by("next_reminder_on", "id").values_list("id", flat=True)


# --- Giving ---


def _give_all(ids: Sequence[uuid.UUID], now: datetime) -> int:
    """A batch that fails is done case by case, so that one holds up no other."""
    try:
        return _give(ids, now)
    except Exception as error:
        if len(ids) > 1:
            return sum(_give_all([case_id], now) for case_id in ids)
        logger.exception("Nobody could be reminded of case %s", ids[0])
        by = ClockFault.By.REMINDERS
        note_fault(ids[0], by, type(error).__name__, now=now)
        return 0


@transaction.atomic
def _give(ids: Sequence[uuid.UUID], now: datetime) -> int:
    cases = _locked(ids, civil_day(now))
    keys = [case.pk for case in cases]
    logs, given = logs_of(keys), given_of(keys)
    new: list[Reminder] = []
    for case in cases:
        clocks = _counted(case, logs[case.pk], given[case.pk], now)
        steps = _steps_due(case, clocks, given[case.pk], now)
        new += steps
        known = [*given[case.pk], *((r.clock, r.due_on, r.step) for r in steps)]
        clock.keep(case, clocks, given=known)
    Reminder.objects.bulk_create(new)
    CaseLogEntry.objects.bulk_create(_entries(new))
    _save_next(cases)
    ClockFault.objects.filter(case__in=keys, found_by=ClockFault.By.REMINDERS).delete()
    return len(new)


def _save_next(cases: Iterable[Case]) -> None:
    """A statement for each day, of which there are few: one that named a day for each
    case would cost more than all the counting."""
    by_day: dict[date | None, list[uuid.UUID]] = defaultdict(list)
    for case in cases:
        by_day[case.next_reminder_on].append(case.pk)
    for day, keys in by_day.items():
        Case.objects.filter(pk__in=keys).update(next_reminder_on=day)


def _locked(ids: Iterable[uuid.UUID], today: date) -> list[Case]:
    """Those of the cases that are still due, and that nobody else holds."""
    due = Case.objects.filter(pk__in=ids, next_reminder_on__lte=today)
    rows = due.defer("details").order_by("pk")
    return list(rows.select_for_update(skip_locked=True, no_key=True))


def _counted(
    case: Case, log: list[CaseLogEntry], given: Given, now: datetime
) -> Clocks:
    """The clocks of a case, which shows its days as they are counted now: a holiday
    that nobody noticed yet is on record before anybody is reminded of the wrong day."""
    clocks = clock.count(case, clock.story_of(log), now=now)
    was = {name: getattr(case, name) for name in clock.CACHED}
    if changed := clock.keep(case, clocks, given=given):
        for name in changed:
            setattr(case, name, was[name])
        recounting.bring_right(case, now=now)
    return clocks


def _steps_due(
    case: Case, clocks: Clocks, given: Given, now: datetime
) -> list[Reminder]:
    today, known = civil_day(now), set(given)
    return [
        Reminder(case=case, clock=name, due_on=due_on, step=step, given_at=now)
        for name, due_on in clocks.live
        for step, day in clock.reminder_days(due_on)
        if day <= today and (name, due_on, step) not in known
    ]


def _entries(reminders: Sequence[Reminder]) -> list[CaseLogEntry]:
    """One for each step; our promise of the very day that the law sets adds nothing."""
    legal = {(r.case_id, r.due_on) for r in reminders if r.clock == "statute"}
    return [
        CaseLogEntry(
            case_id=reminder.case_id,
            event=_event(reminder),
            state=reminder.case.state,
            due_on=reminder.case.due_on,
            inputs={
                "clock": reminder.clock,
                "due_on": clock.written(reminder.due_on),
                "step": reminder.step,
            },
        )
        for reminder in reminders
        if reminder.clock != "promise"
        or (reminder.case_id, reminder.due_on) not in legal
    ]


def _event(reminder: Reminder) -> Event:
    return Event.OVERDUE if reminder.step == AFTER_THE_DAY else Event.REMINDED


# --- Telling ---


@dataclass(frozen=True)
class _Told:
    """A day of a case that somebody is to be told of. worker: whoever works on it."""

    line: Mapping[str, Any]
    on: date
    worker: int | None


@transaction.atomic
def tell(now: datetime) -> int:
    """Mail what was recorded and no mail has listed yet; returns how many mails.

    Where nobody may work on cases it waits, and the console's first page says so.
    """
    untold = Reminder.objects.filter(told_at__isnull=True)
    keys, told = _gather(untold, today=civil_day(now))
    if not keys:
        return 0
    everybody = {user.pk: user for user in StaffUser.objects.who_may(WORKS_ON_CASES)}
    if not everybody:
        logger.error("%s reminders wait: nobody may work on cases", len(keys))
        return 0
    by_recipient = _by_recipient(told, everybody)
    for staff_id, theirs in by_recipient.items():
        _mail(everybody[staff_id], theirs)
    for some in batched(keys, KEYS_AT_ONCE):
        Reminder.objects.filter(pk__in=some).update(told_at=now)
    return len(by_recipient)


def _gather(
    untold: QuerySet[Reminder], *, today: date
) -> tuple[list[int], list[_Told]]:
    """The reminders, held until the mails are written, and what there is to tell of
    them, the most urgent first: without what was closed, stopped or moved since, and
    each day once, however many of its steps were missed."""
    keys: list[int] = []
    told: dict[tuple[uuid.UUID, DueDay], _Told] = {}
    rows = untold.select_for_update(of=("self",), skip_locked=True)
    reminders = rows.select_related("case").defer("case__details").order_by("id")
    for reminder in reminders.iterator():
        keys.append(reminder.pk)
        case = reminder.case
        for due in due_days.told_days(case):
            if (due.clock, due.on) == (reminder.clock, reminder.due_on):
                line = due_days.line(case, due, today=today)
                told[case.pk, due] = _Told(line, due.on, case.assigned_to_id)
    return keys, sorted(told.values(), key=lambda one: (one.on, one.line["reference"]))


def _by_recipient(
    told: Iterable[_Told], everybody: Mapping[int, StaffUser]
) -> Mapping[int, list[_Told]]:
    """Whoever works on the case; where nobody does, everybody who may."""
    found: dict[int, list[_Told]] = defaultdict(list)
    for one in told:
        worker = everybody.get(one.worker or 0)
        for staff_id in [worker.pk] if worker else everybody:
            found[staff_id].append(one)
    return found


def _mail(to: StaffUser, told: Sequence[_Told]) -> None:
    lines = [one.line for one in told[:LINES]]
    first = f"{lines[0]['reference']}: {lines[0]['what']}"
    context: dict[str, Any] = {
        "subject": first if len(told) == 1 else f"{len(told)} deadlines; {first}",
        "lines": lines,
        "more": len(told) - len(lines),
        **console_links.queue_urls(),
    }
    queue(
        KIND,
        to=to.email,
        context=context,
        data_subject_id=None,
        message_class=MessageClass.STAFF,
    )
