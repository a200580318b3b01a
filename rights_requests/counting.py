"""The days of a request's clock: what was asked, answered and extended, counted.

The arithmetic behind deadlines.py, in civil days of London. Nothing here reads a clock,
a setting or the database, and nothing here is worded: see deadline_words.py.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from groundwork.periods import ONE_DAY, months_after, next_working_day
from processing_register.bank_holidays import Holidays

MONTHS = 1
EXTENDED_MONTHS = 3  # "two further months", counted from the same start
# Article 12A(5) came into force; what it saves for older requests is a person's to say.
CLOCK_STOPS_SINCE = date(2026, 2, 5)


class Right(StrEnum):
    """What a request asks for (UK GDPR, Articles 15-18, 20, 21)."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"


class Kind(StrEnum):
    """What we ask the person for before we go on."""

    IDENTITY = "identity"  # Article 12(6): who is asking, or with whose authority
    FEE = "fee"  # Article 12(5), 15(3)
    CLARIFICATION = "clarification"  # Article 12A(5): which data is meant


@dataclass(frozen=True)
class Ask:
    """We asked the person for something; answered is None while we wait."""

    kind: Kind
    asked: date
    answered: date | None = None


@dataclass(frozen=True)
class Extension:
    """Notice to the person that the answer will take two months more, with reasons.

    was_in_time: a question that is no longer counted held the month open when the notice
    was given. What the person was rightly told then stands.
    """

    given: date
    has_reasons: bool = True
    was_in_time: bool = False


@dataclass(frozen=True)
class Events:
    """What happened to one request. Each date may be an instant with its zone."""

    received: date
    right: Right
    asks: tuple[Ask, ...] = ()
    extensions: tuple[Extension, ...] = ()

    def of_kind(self, *kinds: Kind) -> list[Ask]:
        """The asks of these kinds in the order in which they were made."""
        asks = [ask for ask in self.asks if ask.kind in kinds]
        return sorted(asks, key=lambda ask: (ask.asked, ask.answered or date.max))


@dataclass(frozen=True)
class Stop:
    """A clarification that stopped the clock, and the days that it adds.

    prudent_days leaves out the day of the answer, as another reading of the law does.
    """

    ask: Ask
    days: int
    prudent_days: int
    is_whole: bool  # every day from the question to the answer is among the days


@dataclass(frozen=True)
class Count:
    """So many months after the start, and the stops that reached into them.

    nominal_end is the date before stops; end has their days added. Neither is rolled.
    too_late are the clarifications asked when the time had already run out.
    """

    nominal_end: date
    end: date
    stops: tuple[Stop, ...]
    too_late: tuple[Ask, ...]

    @property
    def paused_days(self) -> int:
        return sum(stop.days for stop in self.stops)

    @property
    def prudent_end(self) -> date:
        days = sum(stop.prudent_days for stop in self.stops)
        return self.nominal_end + timedelta(days=days)


def count(start: date, months: int, asks: list[Ask], today: date) -> Count:
    """The months after the start, longer by the days that do not count.

    Article 12A(6): from the day of the question to the day of the answer, both
    included. Only a day that would have counted can be left out, and only once: not the
    start or a day before it, not twice where two questions overlap, and none after the
    time has run out. An open question counts as if it were answered today.
    """
    nominal_end = end = months_after(start, months)
    stops: list[Stop] = []
    too_late: list[Ask] = []
    counted_to = prudent_to = start
    for ask in asks:
        # While a question is open the time cannot run out, whatever day it is today.
        if ask.asked > end and not any(stop.ask.answered is None for stop in stops):
            too_late.append(ask)
            continue
        last = ask.answered or today
        first = ask.asked
        days = _days_between(max(first, counted_to + ONE_DAY), last)
        prudent = _days_between(max(first, prudent_to + ONE_DAY), last - ONE_DAY)
        whole = days == _days_between(first, last)
        stops.append(Stop(ask, days, prudent, whole))
        counted_to = max(counted_to, last)
        prudent_to = max(prudent_to, last - ONE_DAY)
        end += timedelta(days=days)
    return Count(nominal_end, end, tuple(stops), tuple(too_late))


def _days_between(first: date, last: date) -> int:
    """Both included; none when the last is before the first."""
    return max(0, (last - first).days + 1)


class Fault(StrEnum):
    """Why an extension counts for nothing."""

    NO_REASONS = "no reasons"  # Article 12A(4)(b)
    SECOND = "second"  # Article 12A(3): by two further months, once
    LATE = "late"  # Article 12A(4)(a)


@dataclass(frozen=True)
class Reckoning:
    """Everything that was counted for one request.

    starts_on, window and period are None while we wait for the person to identify
    themselves or to pay. window is the one month within which an extension may be
    announced, period the time for the answer.
    """

    events: Events
    holidays: Holidays
    today: date
    starting_asks: tuple[Ask, ...] = ()
    late_asks: tuple[Ask, ...] = ()
    extension: Extension | None = None
    rejected: tuple[tuple[Extension, Fault], ...] = ()
    starts_on: date | None = None
    window: Count | None = None
    period: Count | None = None

    @property
    def waits_for(self) -> tuple[Ask, ...]:
        """What the start still waits for (Article 12A(2)(b) and (c))."""
        return tuple(ask for ask in self.starting_asks if ask.answered is None)

    @property
    def due_on(self) -> date | None:
        return self._rolled(self.period.end if self.period else None)

    @property
    def prudent_target(self) -> date | None:
        return self._rolled(self.period.prudent_end if self.period else None)

    @property
    def notice_by(self) -> date | None:
        return self._rolled(self.window.end if self.window else None)

    def _rolled(self, day: date | None) -> date | None:
        return day and next_working_day(day, self.holidays)


def stops_clock(events: Events) -> bool:
    """Whether a clarification stops this request's clock without a person deciding:
    Article 12A(5) is about requests under Article 15 only, and only since it applies."""
    return events.right is Right.ACCESS and events.received >= CLOCK_STOPS_SINCE


def reckon(events: Events, holidays: Holidays, today: date) -> Reckoning:
    """Count a request's days from events that are civil days without contradiction.

    1. Leave out a request for identity or a fee that was made when the time had already
       run out: it would begin anew what has ended.
    2. Start at the latest of receipt, identity information and fee (Article 12A(2)).
    3. Count one month with its stops, and judge the extension by it (12A(3), (4)).
    4. Count one or three months from that same start, with the stops of that time.
    """
    kept: tuple[Ask, ...] = ()
    late: tuple[Ask, ...] = ()
    for ask in events.of_kind(Kind.IDENTITY, Kind.FEE):
        so_far = _reckon_from(events, holidays, max(today, ask.asked), kept)
        if so_far.due_on is not None and ask.asked > so_far.due_on:
            late = (*late, ask)
        else:
            kept = (*kept, ask)
    return replace(_reckon_from(events, holidays, today, kept), late_asks=late)


def _reckon_from(
    events: Events, holidays: Holidays, today: date, asks: tuple[Ask, ...]
) -> Reckoning:
    clarifications = events.of_kind(Kind.CLARIFICATION) if stops_clock(events) else []
    starts_on = _start(events.received, asks)
    extension, rejected = _judge(events, starts_on, clarifications, holidays, today)
    reckoning = Reckoning(
        events, holidays, today, asks, extension=extension, rejected=rejected
    )
    if starts_on is None:
        return reckoning
    months = EXTENDED_MONTHS if extension else MONTHS
    return replace(
        reckoning,
        starts_on=starts_on,
        window=count(starts_on, MONTHS, clarifications, today),
        period=count(starts_on, months, clarifications, today),
    )


def _start(received: date, asks: tuple[Ask, ...]) -> date | None:
    answers = [ask.answered for ask in asks if ask.answered is not None]
    return max([received, *answers]) if len(answers) == len(asks) else None


def _judge(
    events: Events,
    starts_on: date | None,
    clarifications: list[Ask],
    holidays: Holidays,
    today: date,
) -> tuple[Extension | None, tuple[tuple[Extension, Fault], ...]]:
    """The extension that counts, and those that do not, each with its fault."""
    accepted: Extension | None = None
    rejected = []
    for extension in sorted(events.extensions, key=lambda notice: notice.given):
        # A question still open on the day of the notice has held the month open.
        now = max(today, extension.given)
        window = starts_on and count(starts_on, MONTHS, clarifications, now).end
        last_day = window and next_working_day(window, holidays)
        fault = _fault(extension, accepted, last_day)
        if fault:
            rejected.append((extension, fault))
        else:
            accepted = extension
    return accepted, tuple(rejected)


def _fault(
    extension: Extension, accepted: Extension | None, last_day: date | None
) -> Fault | None:
    """last_day is None before the clock has started: notice is then in time as well,
    for the month that it must precede the end of has not begun."""
    if not extension.has_reasons:
        return Fault.NO_REASONS
    if accepted:
        return Fault.SECOND
    is_late = last_day is not None and extension.given > last_day
    if is_late and not extension.was_in_time:
        return Fault.LATE
    return None
