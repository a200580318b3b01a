"""By when a complaint to us must be acknowledged (DPA 2018, section 164A(3)). Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from groundwork.periods import civil_day, next_working_day
from processing_register.bank_holidays import Holidays
from rights_requests import deadline_words as words
from rights_requests.deadline_words import Rule, Step
from rights_requests.deadlines import Deadline, Flag, State

ACKNOWLEDGE_WITHIN = timedelta(days=30)
# Section 164A came into force; how it treats older complaints is a person's to say.
IN_FORCE_SINCE = date(2026, 6, 19)
SOURCE = "Data Protection Act 2018, section 164A(3)"
PERIODS = "Regulation 1182/71, Article 3{}, by DPA 2018, section 205(2)"


def complaint_deadline(received: date, *, holidays: Holidays, as_of: date) -> Deadline:
    """Thirty days after the day of receipt in London, or the next working day.

    Both dates may be instants with their zone; ValueError for one without. The clock of
    the request that a complaint is about is another one and takes no notice of it.
    """
    start, today = civil_day(received), civil_day(as_of)
    end = start + ACKNOWLEDGE_WITHIN
    due_on = next_working_day(end, holidays)
    return Deadline(
        starts_on=start,
        due_on=due_on,
        state=_state(start, due_on, today),
        steps=tuple(_steps(start, end, due_on, holidays)),
        flags=frozenset(_flags(start, end, due_on, holidays)),
    )


def _flags(start: date, end: date, due_on: date, holidays: Holidays) -> Iterator[Flag]:
    if not (holidays.knows(end) and holidays.knows(due_on)):
        yield Flag.HOLIDAYS_UNKNOWN
    if start < IN_FORCE_SINCE:
        yield Flag.BEFORE_COMMENCEMENT


def _steps(start: date, end: date, due_on: date, holidays: Holidays) -> Iterator[Step]:
    yield _thirty_days(start, end)
    if due_on != end:
        yield words.rolled(end, due_on, holidays, PERIODS.format("(4)"))
    if not holidays.knows(due_on):
        yield words.unknown_holidays(due_on, holidays)


def _thirty_days(start: date, end: date) -> Step:
    return Step(
        Rule.COMPLAINT,
        f"{SOURCE}; {PERIODS.format('(1)')}",
        start,
        end,
        f"The complaint was received on {words.in_words(start)}. It must be acknowledged "
        "within 30 days, of which the day of receipt is not one: by the end of "
        f"{words.in_words(end)}.",
    )


def _state(start: date, due_on: date, today: date) -> State:
    if today < start:
        return State.NOT_STARTED
    return State.OVERDUE if today > due_on else State.RUNNING
