"""What was counted, in sentences for staff, the person and the regulator alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from groundwork.periods import SATURDAY
from processing_register.bank_holidays import Holidays
from rights_requests.counting import (
    Ask,
    Count,
    Extension,
    Fault,
    Kind,
    Reckoning,
    Right,
    Stop,
    stops_clock,
)

PERIODS = "Regulation 1182/71, Article 3{}, by UK GDPR, Article 4A"
ROLLING = PERIODS.format("(4)")
RELEVANT_TIME = "UK GDPR, Article 12A(2)({})"
CLOCK_STOP = "UK GDPR, Article 12A(5) and (6)"
EXTENDING = "UK GDPR, Article 12A(3) and (4)"


class Rule(StrEnum):
    """The rule that a step applies."""

    RECEIPT = "receipt"
    IDENTITY = "identity"
    FEE = "fee"
    START = "start"
    MONTH = "month"
    EXTENSION = "extension"
    PAUSE = "pause"
    WORKING_DAY = "working day"
    DUE = "due"
    NOTICE = "extension notice"
    AT_ONCE = "at once"
    UNKNOWN_HOLIDAYS = "unknown holidays"
    BY_HAND = "clock-stop by hand"
    COMPLAINT = "complaint"


@dataclass(frozen=True)
class Step:
    """One step of the calculation: the rule, where it is written, its first and last
    day (None where it has none), and a sentence that anybody can read."""

    rule: Rule
    source: str
    from_on: date | None
    to_on: date | None
    sentence: str


@lru_cache(maxsize=4096)
def in_words(day: date) -> str:
    """Monday 2 November 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def days_in_words(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


# --- From receipt to the start ---


def start_steps(reckoning: Reckoning) -> Iterator[Step]:
    """Receipt, identity and fee, and the start that is the latest of them."""
    received = reckoning.events.received
    yield Step(
        Rule.RECEIPT,
        RELEVANT_TIME.format("a"),
        received,
        received,
        f"The request was received on {in_words(received)}.",
    )
    for ask in reckoning.starting_asks:
        yield _starting_ask(ask)
    if reckoning.starts_on is None:
        yield _no_start(reckoning)
    else:
        yield _start(reckoning.starts_on, bool(reckoning.starting_asks))


def _starting_ask(ask: Ask) -> Step:
    if ask.kind is Kind.IDENTITY:
        rule, letter = Rule.IDENTITY, "b"
        asked, came = "to be shown who is asking", "That information arrived"
    else:
        rule, letter = Rule.FEE, "c"
        asked, came = "for a fee", "It was paid"
    since = (
        f"{came} on {in_words(ask.answered)}." if ask.answered else "It has not come."
    )
    return Step(
        rule,
        RELEVANT_TIME.format(letter),
        ask.asked,
        ask.answered,
        f"On {in_words(ask.asked)} we asked {asked}. {since}",
    )


def _no_start(reckoning: Reckoning) -> Step:
    missing = {
        Kind.IDENTITY: "the information that shows who is asking arrives",
        Kind.FEE: "the fee is paid",
    }
    until = " and ".join(missing[ask.kind] for ask in reckoning.waits_for)
    then = ""
    if reckoning.extension:
        given = in_words(reckoning.extension.given)
        then = f" The further months announced on {given} will count from that start."
    return Step(
        Rule.START,
        "UK GDPR, Article 12A(2)",
        None,
        None,
        f"The time for the answer does not start until {until}.{then}",
    )


def _start(starts_on: date, is_latest_of_several: bool) -> Step:
    latest = ", the latest of these days" if is_latest_of_several else ""
    return Step(
        Rule.START,
        f"UK GDPR, Article 12A(2); {PERIODS.format('(1)')}",
        starts_on,
        starts_on,
        f"The time for the answer runs from {in_words(starts_on)}{latest}. "
        "That day itself is not counted.",
    )


# --- From the start to the last day ---


def end_steps(reckoning: Reckoning) -> Iterator[Step]:
    """The month or three, what is added, and the last day."""
    start, window, period = reckoning.starts_on, reckoning.window, reckoning.period
    due_on, notice_by = reckoning.due_on, reckoning.notice_by
    if not (start and window and period and due_on and notice_by):
        return
    if reckoning.extension:
        yield _extension(reckoning.extension, start, period)
    else:
        yield _month(start, period.nominal_end)
    yield from (_pause(stop) for stop in period.stops)
    if period.paused_days:
        yield _added(period)
    if due_on != period.end:
        yield rolled(period.end, due_on, reckoning.holidays)
    yield _due(start, due_on)
    if not reckoning.extension and reckoning.today <= notice_by:
        yield _notice(start, notice_by)


def _month(start: date, nominal_end: date) -> Step:
    return Step(
        Rule.MONTH,
        f"UK GDPR, Article 12A(1); {PERIODS.format('(2)(c)')}",
        start,
        nominal_end,
        f"One month ends on {_same_date(start, nominal_end)}.",
    )


def _same_date(start: date, end: date) -> str:
    if start.day == end.day:
        return f"the same date of the month: {in_words(end)}"
    return (
        f"{in_words(end)}, the last day of its month, "
        f"because {end:%B %Y} has no day {start.day}"
    )


def _extension(extension: Extension, start: date, period: Count) -> Step:
    return Step(
        Rule.EXTENSION,
        f"{EXTENDING}; {PERIODS.format('(2)(c)')}",
        start,
        period.nominal_end,
        f"On {in_words(extension.given)}, in time, we gave notice that two further months "
        "are needed, and why. Three months, counted from the same start, end on "
        f"{_same_date(start, period.nominal_end)}.",
    )


def _pause(stop: Stop) -> Step:
    ask = stop.ask
    if ask.answered is None:
        until = "no answer has come. Of the time until today"
    else:
        until = f"the answer came on {in_words(ask.answered)}. Of that time"
    return Step(
        Rule.PAUSE,
        CLOCK_STOP,
        ask.asked,
        ask.answered,
        f"On {in_words(ask.asked)} we asked which information is meant; {until} "
        f"{_left_out(stop)}.",
    )


def _left_out(stop: Stop) -> str:
    if stop.days == 0:
        return "no day is left out that would have counted"
    verb = "does" if stop.days == 1 else "do"
    left_out = f"{days_in_words(stop.days)} {verb} not count"
    if stop.is_whole:
        return f"{left_out}, the first and the last included"
    return f"{left_out}; the others never did, or are left out already"


def _added(period: Count) -> Step:
    return Step(
        Rule.PAUSE,
        CLOCK_STOP,
        period.nominal_end,
        period.end,
        f"The days left out, {days_in_words(period.paused_days)} in all, are added: the "
        f"time ends on {in_words(period.end)}.",
    )


def rolled(end: date, to: date, holidays: Holidays, source: str = ROLLING) -> Step:
    """The end falls on a day that is no working day."""
    return Step(
        Rule.WORKING_DAY,
        source,
        end,
        to,
        f"{in_words(end)} is {_why_not_working(end, holidays)}. "
        f"{_holidays_between(end, to, holidays)}The time ends on the next working day, "
        f"{in_words(to)}.",
    )


def _why_not_working(day: date, holidays: Holidays) -> str:
    if day in holidays:
        where = holidays.nation.label
        return f"a public holiday in {where} ({holidays.titles[day]})"
    return "not a working day"


def _holidays_between(end: date, to: date, holidays: Holidays) -> str:
    """Why it is not the day after, either; that nobody works at the weekend all know."""
    days = (end + timedelta(days=ahead) for ahead in range(1, (to - end).days))
    return "".join(
        f"{in_words(day)} is {_why_not_working(day, holidays)}. "
        for day in days
        if day in holidays and day.weekday() < SATURDAY
    )


def _due(start: date, due_on: date) -> Step:
    return Step(
        Rule.DUE,
        f"UK GDPR, Article 12(3) and (4); {PERIODS.format('(2)(c)')}",
        start,
        due_on,
        "The answer is due without undue delay, and by the end of "
        f"{in_words(due_on)} (23:59:59, London time) at the latest.",
    )


def _notice(start: date, notice_by: date) -> Step:
    return Step(
        Rule.NOTICE,
        EXTENDING,
        start,
        notice_by,
        "If the request is complex, or one of a number from the same person, the time "
        "can be made two months longer. We must give notice of that, with the reasons, "
        f"by the end of {in_words(notice_by)}.",
    )


# --- What else has to be known ---


def notes(reckoning: Reckoning) -> Iterator[Step]:
    """What a reader has to know beside the dates."""
    if reckoning.events.right is Right.OBJECTION:
        yield Step(
            Rule.AT_ONCE,
            "UK GDPR, Article 21(3)",
            None,
            None,
            "If it objects to direct marketing, it takes effect at once, and the date is "
            "only the last day for saying so.",
        )
    if is_for_a_person(reckoning):
        yield Step(
            Rule.BY_HAND,
            CLOCK_STOP,
            None,
            None,
            "The request came before 5 February 2026, when the law on stopping the "
            "clock began. Whether a question stops it is for a person to decide; no "
            "days are left out here.",
        )


def unknown_holidays(day: date, holidays: Holidays) -> Step:
    """The date lies in a year whose public holidays are not known."""
    return Step(
        Rule.UNKNOWN_HOLIDAYS,
        ROLLING,
        day,
        day,
        f"The public holidays of {day.year} in {holidays.nation.label} are not known "
        "here. If one falls on the date, the time ends later.",
    )


def is_for_a_person(reckoning: Reckoning) -> bool:
    """Whether a clarification was asked about an access request too old for a rule."""
    events = reckoning.events
    asked = bool(events.of_kind(Kind.CLARIFICATION))
    return asked and events.right is Right.ACCESS and not stops_clock(events)


# --- What was left out ---


def refusals(reckoning: Reckoning) -> Iterator[str]:
    """One sentence for each event that the dates do not take into account."""
    for ask in reckoning.late_asks:
        what = {Kind.IDENTITY: "identity", Kind.FEE: "a fee"}[ask.kind]
        yield (
            f"The request for {what} of {in_words(ask.asked)} came after the time had "
            "run out and does not start it anew (UK GDPR, Article 12A(2))."
        )
    yield from _unstopped(reckoning)
    for extension, fault in reckoning.rejected:
        yield _refused_extension(extension, fault, reckoning.notice_by)


def _unstopped(reckoning: Reckoning) -> Iterator[str]:
    events = reckoning.events
    if stops_clock(events):
        for ask in reckoning.period.too_late if reckoning.period else ():
            yield (
                f"The clarification of {in_words(ask.asked)} was asked after the time "
                "had been counted out and does not stop the clock (UK GDPR, Article "
                "12A(6))."
            )
        return
    for ask in events.of_kind(Kind.CLARIFICATION):
        asked = f"The clarification of {in_words(ask.asked)} does not stop the clock"
        if events.right is Right.ACCESS:
            why = "the request came before 5 February 2026, so a person must decide"
        else:
            why = f"only an access request has such a stop, not {events.right.value}"
        yield f"{asked}: {why} (UK GDPR, Article 12A(5))."


def _refused_extension(
    extension: Extension, fault: Fault, notice_by: date | None
) -> str:
    notice = f"The extension of {in_words(extension.given)} does not count"
    if fault is Fault.NO_REASONS:
        return f"{notice}: it gives no reasons (UK GDPR, Article 12A(4)(b))."
    if fault is Fault.SECOND:
        return f"{notice}: there is only one extension (UK GDPR, Article 12A(3))."
    last = f" {in_words(notice_by)} was" if notice_by else " That was after"
    return f"{notice}: it is late,{last} the last day (UK GDPR, Article 12A(4)(a))."
