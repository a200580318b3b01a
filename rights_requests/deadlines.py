"""By when a request about personal data must be answered, and why.

UK GDPR, Articles 4A, 12, 12A. Pure: events, holidays and the moment come in, a Deadline
goes out. The day of each event is that of London. What the law leaves without a rule is
not guessed: it stands among the errors or the flags, and the dates are the stricter ones.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

from groundwork.periods import civil_day, end_of
from processing_register.bank_holidays import Holidays
from rights_requests import deadline_words as words
from rights_requests.counting import (
    Ask,
    Events,
    Extension,
    Kind,
    Reckoning,
    Right,
    reckon,
)
from rights_requests.deadline_words import Rule, Step

__all__ = [
    "Ask",
    "Deadline",
    "Events",
    "Extension",
    "Flag",
    "Kind",
    "Right",
    "Rule",
    "State",
    "Step",
    "earliest",
    "statutory_deadline",
]

# The General Data Protection Regulation applies since; before, nothing could be asked.
FIRST_DAY = date(2018, 5, 25)
YEARS = range(FIRST_DAY.year, 3001)  # another year is a slip of the pen


class State(StrEnum):
    """Where a clock stands at a moment."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"


class Flag(StrEnum):
    """What a person has to look at beside the dates."""

    HOLIDAYS_UNKNOWN = "holidays_unknown"
    CLOCK_STOP_BY_HAND = "clock_stop_by_hand"
    BEFORE_COMMENCEMENT = "before_commencement"


@dataclass(frozen=True)
class Deadline:
    """When a request must be answered, and how that comes about.

    starts_on: the day from which the time runs (Art. 12A(2)). due_on: its last day, as
    projected while a question is open. notice_by: the last day to announce an extension
    (Art. 12A(4)). These are None while we wait for identity or fee, and where the dates
    contradict each other; state is None only then. paused_days: days left out of the
    time for the answer (Art. 12A(6)). prudent_target: due_on if the day of each answer
    did count, for staff who would rather not argue. waits_for: what the start waits
    for. moved_by: what moved the date away from one month after receipt. errors: a
    sentence for each event that the dates leave out, or for what contradicts.
    """

    starts_on: date | None = None
    due_on: date | None = None
    notice_by: date | None = None
    paused_days: int = 0
    prudent_target: date | None = None
    state: State | None = None
    waits_for: tuple[Kind, ...] = ()
    moved_by: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    errors: tuple[str, ...] = ()
    flags: frozenset[Flag] = frozenset()

    @property
    def overdue_from(self) -> datetime | None:
        """The first instant, in UTC, at which an answer is late: midnight in London
        after due_on. None without a due date."""
        return end_of(self.due_on) if self.due_on else None

    def is_late(self, done: date) -> bool:
        """Whether what was done on this day, or at this instant, was done too late;
        never without a due date."""
        return self.due_on is not None and civil_day(done) > self.due_on


def statutory_deadline(events: Events, *, holidays: Holidays, as_of: date) -> Deadline:
    """The time within which a request must be answered (UK GDPR, Article 12(3), 12A).

    Each date may be an instant with its zone; ValueError for one without. as_of, a day
    or an instant, decides only the state, how long an open question has lasted, and
    whether the steps still speak of an extension: what is recorded for a later day
    counts. Dates that contradict each other give a Deadline
    without dates and with errors. An event that the law gives no effect is named in the
    errors, and the dates are those without it.
    """
    wrong = tuple(_contradictions(events, as_of))
    if wrong:
        return Deadline(errors=wrong)
    return _deadline(_in_civil_days(events), holidays, civil_day(as_of))


# Most of what comes in on one day is counted alike.
@lru_cache(maxsize=1024)
def _deadline(events: Events, holidays: Holidays, today: date) -> Deadline:
    return _deadline_of(reckon(events, holidays, today))


def _deadline_of(reckoning: Reckoning) -> Deadline:
    unknown = _day_with_unknown_holidays(reckoning)
    return Deadline(
        starts_on=reckoning.starts_on,
        due_on=reckoning.due_on,
        notice_by=reckoning.notice_by,
        paused_days=reckoning.period.paused_days if reckoning.period else 0,
        prudent_target=reckoning.prudent_target,
        state=_state(reckoning),
        waits_for=tuple(ask.kind for ask in reckoning.waits_for),
        moved_by=tuple(dict.fromkeys(_moved_by(reckoning))),
        steps=tuple(_steps(reckoning, unknown)),
        errors=tuple(words.refusals(reckoning)),
        flags=frozenset(_flags(reckoning, unknown)),
    )


def _steps(reckoning: Reckoning, unknown: date | None) -> Iterator[Step]:
    yield from words.start_steps(reckoning)
    yield from words.end_steps(reckoning)
    yield from words.notes(reckoning)
    if unknown:
        yield words.unknown_holidays(unknown, reckoning.holidays)


def earliest(days: Iterable[date | None]) -> date | None:
    """The day that governs where a case has several clocks, or several requests of one
    person are handled together; None when none of them has a day."""
    return min((day for day in days if day is not None), default=None)


# --- What cannot be ---


def _contradictions(events: Events, as_of: date) -> Iterator[str]:
    strange = list(_strange_dates(events, as_of))
    if strange:
        yield from strange
        return
    for ask in events.asks:
        yield from _wrong_order(ask, events.received)
    for extension in events.extensions:
        if _is_before(extension.given, events.received):
            yield (
                f"The extension is dated {_told(extension.given)}, before the request "
                f"was received on {_told(events.received)}."
            )


def _strange_dates(events: Events, as_of: date) -> Iterator[str]:
    answers = [ask.answered for ask in events.asks if ask.answered is not None]
    asked = [ask.asked for ask in events.asks]
    given = [extension.given for extension in events.extensions]
    moments = (events.received, *asked, *answers, *given, as_of)
    # The year first: an instant at the edge of the calendar has no day in London.
    strange = {moment.year for moment in moments if moment.year not in YEARS}
    for year in sorted(strange):
        yield f"The year {year} cannot be right."
    if not strange and civil_day(events.received) < FIRST_DAY:
        yield "Before 25 May 2018 nobody could make such a request."


ABOUT = {
    Kind.IDENTITY: "who is asking",
    Kind.FEE: "the fee",
    Kind.CLARIFICATION: "what is meant",
}


def _wrong_order(ask: Ask, received: date) -> Iterator[str]:
    about = ABOUT[ask.kind]
    if _is_before(ask.asked, received):
        yield (
            f"Our question about {about} is dated {_told(ask.asked)}, before the request "
            f"itself was received on {_told(received)}."
        )
    if ask.answered is not None and _is_before(ask.answered, ask.asked):
        yield (
            f"The answer about {about} is dated {_told(ask.answered)}, before we asked "
            f"on {_told(ask.asked)}."
        )


def _is_before(one: date, other: date) -> bool:
    """Two instants are compared as such; otherwise the day is all that is known."""
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one < other
    return civil_day(one) < civil_day(other)


def _told(moment: date) -> str:
    return words.in_words(civil_day(moment))


def _in_civil_days(events: Events) -> Events:
    return Events(
        civil_day(events.received),
        events.right,
        tuple(
            replace(
                ask,
                asked=civil_day(ask.asked),
                answered=None if ask.answered is None else civil_day(ask.answered),
            )
            for ask in events.asks
        ),
        tuple(
            replace(extension, given=civil_day(extension.given))
            for extension in events.extensions
        ),
    )


# --- What follows from the count ---


def _state(reckoning: Reckoning) -> State:
    """A clock is overdue only after the last hour of its last day; while we wait for
    the person it cannot be."""
    today, due_on = reckoning.today, reckoning.due_on
    if not (reckoning.starts_on and due_on) or today < reckoning.starts_on:
        return State.NOT_STARTED
    if any(_is_open(ask, today) for ask in _stopping(reckoning)):
        return State.PAUSED
    return State.OVERDUE if today > due_on else State.RUNNING


def _stopping(reckoning: Reckoning) -> list[Ask]:
    period = reckoning.period
    return [stop.ask for stop in period.stops] if period else []


def _is_open(ask: Ask, today: date) -> bool:
    return ask.asked <= today and (ask.answered is None or today < ask.answered)


def _moved_by(reckoning: Reckoning) -> Iterator[str]:
    """The kinds of event that the dates take into account."""
    yield from (ask.kind.value for ask in reckoning.starting_asks)
    yield from (ask.kind.value for ask in _stopping(reckoning))
    if reckoning.extension:
        yield "extension"


def _day_with_unknown_holidays(reckoning: Reckoning) -> date | None:
    """The first of the dates that a public holiday nobody knows of might move."""
    days = [reckoning.notice_by, reckoning.due_on]
    for count in (reckoning.window, reckoning.period):
        days.append(count.end if count else None)
    return earliest(day for day in days if day and not reckoning.holidays.knows(day))


def _flags(reckoning: Reckoning, unknown: date | None) -> Iterator[Flag]:
    if unknown:
        yield Flag.HOLIDAYS_UNKNOWN
    if words.is_for_a_person(reckoning):
        yield Flag.CLOCK_STOP_BY_HAND
