"""When a request must be answered: a table found with a calendar, and what holds always."""

import calendar
import csv
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing_register import bank_holidays
from processing_register.bank_holidays import Holidays, Nation
from processing_register.models import BankHoliday
from rights_requests.complaint_clock import complaint_deadline
from rights_requests.deadline_lines import read
from rights_requests.deadlines import (
    Ask,
    Deadline,
    Events,
    Extension,
    Flag,
    Kind,
    Right,
    Rule,
    State,
    earliest,
    statutory_deadline,
)
from rights_requests.policy_promise import policy_promise

ENGLAND = bank_holidays.from_file(Nation.ENGLAND_AND_WALES)
DAY = timedelta(days=1)
FIRST, LAST = date(2019, 1, 1), date(2028, 8, 31)


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- The table ---

NATIONS = {"EW": "england-and-wales", "SC": "scotland", "NI": "northern-ireland"}
PAIRS = {
    "id": ("identity_asked", "identity_received"),
    "fee": ("fee_asked", "fee_paid"),
}


@dataclass(frozen=True)
class Case:
    name: str
    received: str
    events: str
    nation: str
    starts_on: str
    due_on: str
    notice_by: str
    paused_days: str
    state: str
    left_out: str
    why: str

    @property
    def line(self) -> dict[str, Any]:
        """The case by the names of the command line."""
        line: dict[str, Any] = {"received": self.received, "as_of": self.received}
        line |= {"right": "access", "nation": NATIONS[self.nation]}
        words = self.events.split()
        for word, value in zip(words[::2], words[1::2], strict=True):
            self._put(line, word, value)
        return line

    def _put(self, line: dict[str, Any], word: str, value: str) -> None:
        asked, _, answered = value.partition("/")
        if word in PAIRS:
            line |= dict(zip(PAIRS[word], (asked, answered or None), strict=True))
        elif word == "clar":
            line.setdefault("clarifications", []).append([asked, answered or None])
        elif word == "ext":
            line.setdefault("extended", []).append(value)
        else:
            line[{"at": "as_of", "right": "right"}[word]] = value

    @property
    def expected(self) -> tuple[object, ...]:
        days = (self.starts_on, self.due_on, self.notice_by)
        dates = [None if text == "-" else day(text) for text in days]
        return (*dates, int(self.paused_days), self.state, int(self.left_out))


def table() -> list[Case]:
    lines = Path(__file__).with_name("deadline_cases.txt").read_text().splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    return [Case(*(cell.strip() for cell in row.split("|"))) for row in rows]


CASES = table()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_of_the_table(case: Case) -> None:
    found = read(case.line, now=datetime(2026, 11, 2, tzinfo=UTC)).answer()

    dates = (found.starts_on, found.due_on, found.notice_by)
    answer = (*dates, found.paused_days, found.state, len(found.errors))
    assert answer == case.expected, f"{case.why}: {found.errors}"


def test_the_table_is_long_and_says_each_thing_once() -> None:
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.why for case in CASES)


# --- Another way of counting: day by day, from the raw file ---


def raw_holidays(nation: str) -> set[date]:
    with bank_holidays.FILE.open() as file:
        rows = list(csv.DictReader(file))
    return {day(row["on"]) for row in rows if row["nation"] == nation}


HOLIDAYS = {nation: raw_holidays(nation) for nation in NATIONS.values()}


def days_of_months(start: date, months: int) -> int:
    """How many days these months have, clamped to the last one's length."""
    year, month = start.year, start.month + months
    if month > 12:
        year, month = year + 1, month - 12
    length = calendar.monthrange(year, month)[1]
    return (date(year, month, min(start.day, length)) - start).days


def walk(
    start: date, months: int, stops: list[tuple[date, date]], off: set[date]
) -> date:
    """One day after the other: a day within a stop is stepped over, and each other one
    is used up, until none is left; then to a day on which people work."""
    left = days_of_months(start, months)
    today = start
    while left:
        today += DAY
        if not any(first <= today <= last for first, last in stops):
            left -= 1
    while today.weekday() >= 5 or today in off:
        today += DAY
    return today


def stops_of(case: Case) -> list[tuple[date, date]]:
    line = case.line
    if line["right"] != "access" or london(line["received"]) < date(2026, 2, 5):
        return []
    today = london(line["as_of"])
    pairs = line.get("clarifications", [])
    return [(london(a), london(b) if b else today) for a, b in pairs]


def london(text: str) -> date:
    """The day there, by the rule of the last Sundays of March and October at 01:00 UTC."""
    if len(text) == 10:
        return day(text)
    instant = datetime.fromisoformat(text).astimezone(UTC)
    summer = [last_sunday(instant.year, month) for month in (3, 10)]
    is_summer = summer[0] <= instant < summer[1]
    return (instant + timedelta(hours=1 if is_summer else 0)).date()


def last_sunday(year: int, month: int) -> datetime:
    found = date(year, month, 31)
    while found.weekday() != 6:
        found -= DAY
    return datetime(found.year, found.month, found.day, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.due_on != "-"], ids=lambda case: case.name
)
def test_the_table_agrees_with_counting_day_by_day(case: Case) -> None:
    """The start and whether an extension counts are the table's own; the walk finds
    both last days from them. Nothing of the program takes part."""
    start, off = day(case.starts_on), HOLIDAYS[NATIONS[case.nation]]
    due_on = walk(start, 1, stops_of(case), off)
    extended = walk(start, 3, stops_of(case), off)

    assert day(case.notice_by) == due_on
    assert day(case.due_on) in (due_on, extended)
    if "ext" not in case.events:
        assert day(case.due_on) == due_on


# --- What holds for every start ---

EVERY_DAY = [FIRST + DAY * number for number in range((LAST - FIRST).days + 1)]


def plain(received: date, holidays: Holidays, *, extended: bool = False) -> Deadline:
    extensions = (Extension(received),) if extended else ()
    events = Events(received, Right.ACCESS, extensions=extensions)
    return statutory_deadline(events, holidays=holidays, as_of=received)


@pytest.mark.parametrize("nation", Nation)
def test_every_start_of_ten_years(nation: Nation) -> None:
    """Working day, never before the month is over, monotone, and as walked."""
    holidays, off = bank_holidays.from_file(nation), HOLIDAYS[nation]
    before = FIRST
    for received in EVERY_DAY:
        found = plain(received, holidays)
        due_on = found.due_on
        assert due_on is not None and found.starts_on == received
        assert due_on.weekday() < 5 and due_on not in off
        assert due_on == walk(received, 1, [], off) == found.notice_by
        assert due_on >= before
        assert found.prudent_target == due_on
        assert not found.flags and not found.errors
        before = due_on


def test_the_length_of_every_month_in_england_and_wales() -> None:
    lengths, extended = set(), set()
    for received in EVERY_DAY:
        due_on = plain(received, ENGLAND).due_on
        longer = plain(received, ENGLAND, extended=True).due_on
        assert due_on is not None and longer is not None
        lengths.add((due_on - received).days)
        extended.add((longer - received).days)
        # A house rule of 28 days is never later than the month itself.
        assert received + 28 * DAY <= received + days_of_months(received, 1) * DAY

    assert min(lengths) >= 28 and max(lengths) == 35
    assert min(extended) >= 89 and max(extended) <= 96
    assert (day("2026-04-07") - day("2026-03-03")).days == 35


def test_other_ways_of_counting_would_be_wrong() -> None:
    """In 2026: thirty days, a month from the day after, one month and then two."""
    off = HOLIDAYS["england-and-wales"]
    due = {r: walk(r, 1, [], off) for r in EVERY_DAY if r.year == 2026}
    assert due == {r: plain(r, ENGLAND).due_on for r in due}

    thirty = {r: next_working(r + 30 * DAY, off) for r in due}
    late = [r for r in due if thirty[r] > due[r]]
    assert {r.month for r in late} == {2} and len(late) == 24
    assert len([r for r in due if thirty[r] < due[r]]) == 144

    day_after = [r for r in due if walk(r + DAY, 1, [], off) > due[r]]
    assert len(day_after) > 240

    extended = {r: plain(r, ENGLAND, extended=True).due_on for r in due}
    months = {r: r + days_of_months(r, 1) * DAY for r in due}
    two_steps = {r: walk(months[r], 2, [], off) for r in due}
    differ = [r for r in due if two_steps[r] != extended[r]]
    assert differ == [date(2026, 1, 29), date(2026, 1, 30), date(2026, 1, 31)]


def next_working(found: date, off: set[date]) -> date:
    while found.weekday() >= 5 or found in off:
        found += DAY
    return found


# --- What holds for every story ---

starts = st.dates(min_value=FIRST, max_value=LAST)
gaps = st.integers(min_value=0, max_value=45)
nations = st.sampled_from(list(Nation))


@st.composite
def stories(draw: st.DrawFn) -> tuple[Events, Nation, date]:
    received = draw(starts)
    asks = [
        Ask(kind, received + gap * DAY, received + (gap + draw(gaps)) * DAY)
        for kind in draw(st.lists(st.sampled_from(list(Kind)), max_size=5))
        for gap in [draw(gaps)]
    ]
    extensions = [
        Extension(received + draw(gaps) * DAY) for _ in range(draw(st.integers(0, 2)))
    ]
    events = Events(
        received, draw(st.sampled_from(list(Right))), tuple(asks), tuple(extensions)
    )
    return events, draw(nations), received + draw(st.integers(0, 200)) * DAY


@settings(max_examples=400, deadline=None)
@given(stories())
def test_a_story_is_counted_as_one_would_walk_it(
    story: tuple[Events, Nation, date],
) -> None:
    events, nation, as_of = story
    holidays, off = bank_holidays.from_file(nation), HOLIDAYS[nation]
    found = statutory_deadline(events, holidays=holidays, as_of=as_of)
    start, due_on, notice_by = found.starts_on, found.due_on, found.notice_by
    assert start and due_on and notice_by and start >= events.received

    is_stopped = events.right is Right.ACCESS and events.received >= date(2026, 2, 5)
    stops = [
        (ask.asked, ask.answered)
        for ask in events.asks
        if is_stopped and ask.kind is Kind.CLARIFICATION and ask.answered
    ]
    is_extended = "extension" in found.moved_by
    assert notice_by == walk(start, 1, stops, off)
    assert due_on == walk(start, 3 if is_extended else 1, stops, off)
    assert due_on.weekday() < 5 and due_on not in off
    in_time = [notice for notice in events.extensions if notice.given <= notice_by]
    assert is_extended == bool(in_time)


@settings(max_examples=200, deadline=None)
@given(stories(), st.integers(-400, 400))
def test_the_moment_decides_only_the_state(
    story: tuple[Events, Nation, date], later: int
) -> None:
    """Every question of these stories is answered."""
    events, nation, as_of = story
    holidays = bank_holidays.from_file(nation)
    one = statutory_deadline(events, holidays=holidays, as_of=as_of)
    other = statutory_deadline(events, holidays=holidays, as_of=as_of + later * DAY)

    assert (one.starts_on, one.due_on, one.notice_by) == (
        other.starts_on,
        other.due_on,
        other.notice_by,
    )
    assert (one.paused_days, one.errors) == (other.paused_days, other.errors)


@settings(max_examples=200, deadline=None)
@given(stories())
def test_a_prudent_target_is_never_later_and_never_before_the_month(
    story: tuple[Events, Nation, date],
) -> None:
    events, nation, as_of = story
    holidays = bank_holidays.from_file(nation)
    found = statutory_deadline(events, holidays=holidays, as_of=as_of)
    without = tuple(ask for ask in events.asks if ask.kind is not Kind.CLARIFICATION)
    bare = statutory_deadline(
        Events(events.received, events.right, without, ()),
        holidays=holidays,
        as_of=as_of,
    )

    assert found.prudent_target and found.due_on and bare.due_on
    assert found.prudent_target <= found.due_on
    if bare.starts_on == found.starts_on:
        assert found.prudent_target >= bare.due_on


@settings(max_examples=200, deadline=None)
@given(starts, st.integers(1, 27), st.integers(0, 60), st.integers(0, 30))
def test_a_clock_that_waits_is_never_overdue(
    received: date, asked: int, waited: int, longer: int
) -> None:
    ask = Ask(Kind.CLARIFICATION, received + asked * DAY)
    events = Events(received, Right.ACCESS, (ask,))
    moments = [ask.asked + waited * DAY, ask.asked + (waited + longer) * DAY]
    one, other = (
        statutory_deadline(events, holidays=ENGLAND, as_of=moment) for moment in moments
    )
    if received < date(2026, 2, 5):
        assert State.PAUSED not in (one.state, other.state)
        assert one.flags >= {Flag.CLOCK_STOP_BY_HAND}
    else:
        assert (one.state, other.state) == (State.PAUSED, State.PAUSED)
        assert one.due_on and other.due_on and one.due_on <= other.due_on
        assert one.paused_days == waited + 1


# --- What cannot be ---

NOV = {number: date(2026, 11, number) for number in range(1, 31)}


def asked(kind: Kind, first: date, last: date | None = None) -> Events:
    return Events(NOV[2], Right.ACCESS, (Ask(kind, first, last),))


CONTRADICTIONS = [
    (asked(Kind.IDENTITY, NOV[1], NOV[5]), "identity asked before receipt"),
    (asked(Kind.IDENTITY, NOV[5], NOV[4]), "identity shown before it was asked"),
    (asked(Kind.FEE, NOV[1]), "fee asked before receipt"),
    (asked(Kind.FEE, NOV[5], NOV[3]), "fee paid before it was asked"),
    (asked(Kind.CLARIFICATION, NOV[1]), "question before receipt"),
    (asked(Kind.CLARIFICATION, NOV[12], NOV[5]), "answer before the question"),
    (
        Events(NOV[2], Right.ERASURE, (Ask(Kind.CLARIFICATION, NOV[12], NOV[5]),)),
        "also where a question would stop nothing",
    ),
    (
        Events(NOV[2], Right.ACCESS, extensions=(Extension(NOV[1]),)),
        "extended before receipt",
    ),
    (
        Events(
            datetime(2026, 11, 2, 12, tzinfo=UTC),
            Right.ACCESS,
            (Ask(Kind.IDENTITY, datetime(2026, 11, 2, 11, tzinfo=UTC)),),
        ),
        "an hour before receipt",
    ),
    (Events(date(2018, 5, 24), Right.ACCESS), "before there was such a right"),
    (Events(date(1926, 11, 2), Right.ACCESS), "a slip of the pen"),
    (Events(date(9999, 12, 31), Right.ACCESS), "the end of the calendar"),
    (Events(datetime(1, 1, 1, tzinfo=UTC), Right.ACCESS), "its beginning"),
]


@pytest.mark.parametrize(
    "events, why", CONTRADICTIONS, ids=[why for _, why in CONTRADICTIONS]
)
def test_what_contradicts_itself_has_no_dates(events: Events, why: str) -> None:
    found = statutory_deadline(events, holidays=ENGLAND, as_of=NOV[22])

    dates = (found.starts_on, found.due_on, found.notice_by, found.prudent_target)
    assert dates == (None,) * 4 and found.state is None and found.steps == ()
    assert len(found.errors) == 1


def test_an_instant_without_its_zone_is_refused() -> None:
    events = Events(datetime(2026, 11, 2, 12), Right.ACCESS)  # noqa: DTZ001

    with pytest.raises(ValueError, match="time zone"):
        statutory_deadline(events, holidays=ENGLAND, as_of=NOV[22])


def test_an_extension_without_reasons_does_not_count_and_uses_up_nothing() -> None:
    notices = (Extension(NOV[10], has_reasons=False), Extension(NOV[12]))
    first = Events(NOV[2], Right.ACCESS, extensions=notices[:1])
    both = Events(NOV[2], Right.ACCESS, extensions=notices)

    found = statutory_deadline(first, holidays=ENGLAND, as_of=NOV[22])
    assert found.due_on == date(2026, 12, 2)
    assert "no reasons" in found.errors[0]
    assert statutory_deadline(both, holidays=ENGLAND, as_of=NOV[22]).due_on == date(
        2027, 2, 2
    )


# --- Beside the dates ---


def test_prudent_targets() -> None:
    """One day earlier for each stop, the day of its answer."""

    def target(*pairs: tuple[int, int]) -> date | None:
        asks = tuple(Ask(Kind.CLARIFICATION, NOV[a], NOV[b]) for a, b in pairs)
        events = Events(NOV[2], Right.ACCESS, asks)
        return statutory_deadline(
            events, holidays=ENGLAND, as_of=NOV[30]
        ).prudent_target

    assert target((5, 12)) == date(2026, 12, 9)  # 2 December and 7 days
    assert target((5, 5)) == date(2026, 12, 2)
    assert target((5, 12), (10, 15)) == date(2026, 12, 14)  # Saturday 12: 5 to 14
    assert target((5, 6), (10, 11)) == date(2026, 12, 4)  # one day each
    assert target((2, 6)) == date(2026, 12, 7)  # Saturday 5: 3 to 5


def test_what_moved_a_date_and_what_it_waits_for() -> None:
    def seen(line: dict[str, Any]) -> Deadline:
        given = {"received": "2026-11-02", "right": "access"} | line
        return read(given, now=datetime(2026, 11, 22, tzinfo=UTC)).answer()

    waiting = seen({"identity_asked": "2026-11-03", "fee_asked": "2026-11-04"})
    moved = seen({"clarifications": [["2026-11-05", None]], "extended": "2026-11-20"})

    assert waiting.waits_for == (Kind.IDENTITY, Kind.FEE)
    assert waiting.moved_by == ("identity", "fee")
    assert moved.moved_by == ("clarification", "extension")
    assert seen({"extended": "2026-12-20"}).moved_by == ()


def test_every_holiday_that_the_time_rolls_over_is_named() -> None:
    [rolled] = [
        step.sentence
        for step in plain(date(2026, 11, 25), ENGLAND).steps
        if step.rule is Rule.WORKING_DAY
    ]
    assert rolled.startswith("Friday 25 December 2026 is a public holiday")
    assert "Monday 28 December 2026 is a public holiday" in rolled
    assert "Saturday" not in rolled and "Sunday" not in rolled
    assert rolled.endswith("the next working day, Tuesday 29 December 2026.")


def test_an_answer_is_late_only_after_the_last_second_of_the_due_date() -> None:
    found = plain(date(2026, 7, 1), ENGLAND)

    assert found.due_on == date(2026, 8, 3)
    assert found.overdue_from == datetime(2026, 8, 3, 23, tzinfo=UTC)
    assert not found.is_late(datetime(2026, 8, 3, 22, 59, 59, tzinfo=UTC))
    assert found.is_late(datetime(2026, 8, 3, 23, tzinfo=UTC))
    assert not found.is_late(date(2026, 8, 3)) and found.is_late(date(2026, 8, 4))
    assert plain(date(2026, 11, 2), ENGLAND).overdue_from == datetime(
        2026, 12, 3, tzinfo=UTC
    )
    assert not Deadline().is_late(date(2030, 1, 1)) and Deadline().overdue_from is None


@pytest.mark.parametrize(
    "received, is_flagged",
    [
        ("2028-12-20", True),
        ("2028-12-01", True),
        ("2028-11-28", False),
        ("2018-06-01", True),
        ("2018-12-03", False),
        ("2019-01-01", False),
    ],
)
def test_a_date_in_a_year_without_known_holidays_is_flagged(
    received: str, is_flagged: bool
) -> None:
    found = plain(day(received), ENGLAND)

    assert (Flag.HOLIDAYS_UNKNOWN in found.flags) == is_flagged
    assert (Rule.UNKNOWN_HOLIDAYS in {step.rule for step in found.steps}) == is_flagged
    assert found.due_on


def test_a_request_older_than_the_clock_stop_is_flagged_only_if_a_question_was_asked() -> (
    None
):
    old, new = date(2026, 2, 4), date(2026, 2, 5)

    def flags(received: date, right: Right, *asks: Ask) -> frozenset[Flag]:
        events = Events(received, right, asks)
        return statutory_deadline(events, holidays=ENGLAND, as_of=new).flags

    question = Ask(Kind.CLARIFICATION, new)
    assert flags(old, Right.ACCESS, question) == {Flag.CLOCK_STOP_BY_HAND}
    assert flags(old, Right.ACCESS) == flags(new, Right.ACCESS, question) == frozenset()
    assert flags(old, Right.ERASURE, question) == frozenset()


def test_each_step_names_its_rule_its_source_and_a_sentence() -> None:
    for case in CASES:
        found = read(case.line, now=datetime(2026, 11, 2, tzinfo=UTC)).answer()
        assert found.steps
        for step in found.steps:
            assert re.search(r"(Article|section) \d+", step.source), step
            assert step.sentence.endswith(".") and step.sentence[0].isupper(), step
        dates = [step.to_on for step in found.steps if step.rule is Rule.DUE]
        assert dates == ([found.due_on] if found.due_on else [])
        for error in found.errors:
            assert "Article" in error and error.endswith(".")


def test_the_steps_of_a_case_read_as_a_story() -> None:
    line = {
        "received": "2026-11-02",
        "right": "access",
        "clarifications": [["2026-11-05", "2026-11-07"]],
    }

    found = read(line, now=datetime(2026, 11, 22, tzinfo=UTC)).answer()

    assert [step.sentence for step in found.steps][:7] == [
        "The request was received on Monday 2 November 2026.",
        "The time for the answer runs from Monday 2 November 2026. That day itself is not "
        "counted.",
        "One month ends on the same date of the month: Wednesday 2 December 2026.",
        "On Thursday 5 November 2026 we asked which information is meant; the answer came "
        "on Saturday 7 November 2026. Of that time 3 days do not count, the first and the "
        "last included.",
        "The days left out, 3 days in all, are added: the time ends on Saturday 5 December "
        "2026.",
        "Saturday 5 December 2026 is not a working day. The time ends on the next working "
        "day, Monday 7 December 2026.",
        "The answer is due without undue delay, and by the end of Monday 7 December 2026 "
        "(23:59:59, London time) at the latest.",
    ]


def test_the_steps_speak_to_staff_and_to_whoever_asked_alike() -> None:
    """They stand in our letters and on the page of whoever asked: nobody is “the
    person” to themselves."""
    for case in CASES:
        for step in (
            read(case.line, now=datetime(2026, 11, 2, tzinfo=UTC)).answer().steps
        ):
            assert "the person" not in step.sentence.lower(), step


def test_an_extension_is_spoken_of_while_it_can_be_announced() -> None:
    def rules(as_of: date) -> set[Rule]:
        events = Events(NOV[2], Right.ACCESS)
        steps = statutory_deadline(events, holidays=ENGLAND, as_of=as_of).steps
        return {step.rule for step in steps}

    assert Rule.NOTICE in rules(date(2026, 12, 2))
    assert Rule.NOTICE not in rules(date(2026, 12, 3))


def test_an_objection_says_that_marketing_stops_at_once() -> None:
    def rules(right: Right) -> set[Rule]:
        events = Events(NOV[2], right)
        steps = statutory_deadline(events, holidays=ENGLAND, as_of=NOV[2]).steps
        return {step.rule for step in steps}

    assert Rule.AT_ONCE in rules(Right.OBJECTION)
    assert Rule.AT_ONCE not in rules(Right.ERASURE)


def test_an_objection_to_another_use_is_not_said_to_take_effect_at_once() -> None:
    """The clock knows no more than that somebody objects."""
    events = Events(NOV[2], Right.OBJECTION)
    deadline = statutory_deadline(events, holidays=ENGLAND, as_of=NOV[2])

    [note] = [step for step in deadline.steps if step.rule is Rule.AT_ONCE]
    assert note.sentence.startswith("If it objects to direct marketing, ")


def test_the_earliest_of_several_clocks_governs() -> None:
    assert earliest([NOV[5], None, NOV[3]]) == NOV[3]
    assert earliest([None]) is None


# --- Complaints ---

ACKNOWLEDGE = [
    ("2026-06-19", "2026-07-20", "thirty days end on a Sunday"),
    ("2026-11-22", "2026-12-22", "received on a Sunday, which does not count"),
    ("2026-11-25", "2026-12-29", "Christmas Day"),
    ("2026-11-26", "2026-12-29", "Boxing Day"),
    ("2026-11-27", "2026-12-29", "Sunday before the substitute"),
    ("2026-12-02", "2027-01-04", "New Year’s Day"),
    ("2027-01-29", "2027-03-01", "a Sunday; days are counted, not a month"),
    ("2027-02-24", "2027-03-30", "Good Friday"),
    ("2026-06-30T23:30:00Z", "2026-07-31", "1 July in London"),
]


@pytest.mark.parametrize(
    "received, due_on, why", ACKNOWLEDGE, ids=[row[0] for row in ACKNOWLEDGE]
)
def test_a_complaint_is_acknowledged_within_thirty_days(
    received: str, due_on: str, why: str
) -> None:
    moment = datetime.fromisoformat(received) if "T" in received else day(received)

    last = complaint_deadline(moment, holidays=ENGLAND, as_of=day(due_on))
    after = complaint_deadline(moment, holidays=ENGLAND, as_of=day(due_on) + DAY)

    assert last.due_on == day(due_on), why
    assert (last.state, after.state) == (State.RUNNING, State.OVERDUE)
    assert last.flags == frozenset() and "164A" in last.steps[0].source


def test_a_complaint_from_before_the_section_or_beyond_the_holidays_is_flagged() -> (
    None
):
    old = complaint_deadline(
        date(2026, 6, 18), holidays=ENGLAND, as_of=date(2026, 6, 17)
    )
    far = complaint_deadline(
        date(2028, 12, 15), holidays=ENGLAND, as_of=date(2028, 12, 15)
    )

    assert old.flags == {Flag.BEFORE_COMMENCEMENT} and old.state is State.NOT_STARTED
    assert far.flags == {Flag.HOLIDAYS_UNKNOWN} and far.due_on == date(2029, 1, 15)


# --- The promise of the policy ---


def test_the_policy_promises_a_month_from_the_letters_own_date() -> None:
    """A letter of Sunday 1 November that came on Tuesday 3 November."""
    statute = plain(date(2026, 11, 3), ENGLAND)
    promise = policy_promise(date(2026, 11, 1), statute=statute, holidays=ENGLAND)

    assert statute.due_on == date(2026, 12, 3)
    assert promise.target_on == date(2026, 12, 1) and promise.is_certain
    assert earliest([statute.due_on, promise.target_on]) == date(2026, 12, 1)


def test_the_promise_is_moved_to_a_working_day() -> None:
    statute = plain(date(2026, 11, 26), ENGLAND)
    promise = policy_promise(date(2026, 11, 25), statute=statute, holidays=ENGLAND)

    assert promise.target_on == date(2026, 12, 29)


@pytest.mark.parametrize(
    "line, ended_by",
    [
        ({"identity_asked": "2026-11-03"}, ("identity",)),
        ({"fee_asked": "2026-11-03", "fee_paid": "2026-11-05"}, ("fee",)),
        ({"clarifications": [["2026-11-05", None]]}, ("clarification",)),
        ({"extended": "2026-11-20"}, ("extension",)),
        ({"extended": "2026-12-20"}, ()),
        ({"right": "erasure", "clarifications": [["2026-11-05", None]]}, ()),
    ],
)
def test_the_promise_ends_with_what_moves_the_clock(
    line: dict[str, Any], ended_by: tuple[str, ...]
) -> None:
    given = {"received": "2026-11-02", "right": "access"} | line
    statute = read(given, now=datetime(2026, 11, 22, tzinfo=UTC)).answer()

    promise = policy_promise(date(2026, 11, 1), statute=statute, holidays=ENGLAND)

    assert promise.ended_by == ended_by
    assert (promise.target_on is None) == bool(ended_by)
    assert ("no longer counts, because" in promise.sentence) == bool(ended_by)
    for word in ("law", "legal", "limit", "deadline", "statut", "due"):
        assert word not in promise.sentence


# --- The holidays themselves ---


@pytest.mark.parametrize("nation", Nation)
def test_the_file_knows_ten_whole_years_of_each_nation(nation: Nation) -> None:
    holidays = bank_holidays.from_file(nation)

    assert holidays.years == frozenset(range(2019, 2029))
    assert holidays.last_known_year == 2028
    assert set(holidays) == HOLIDAYS[nation] and len(holidays) == len(HOLIDAYS[nation])
    for year in holidays.years:
        # Eight a year in England and Wales, nine in Scotland, ten in Northern Ireland.
        least = {"england-and-wales": 8, "scotland": 9, "northern-ireland": 10}[nation]
        working = [on for on in holidays if on.year == year and on.weekday() < 5]
        assert least <= len(working) <= least + 2


def test_a_day_proclaimed_early_does_not_make_its_year_known() -> None:
    days = [*ENGLAND.titles.items(), (date(2029, 6, 4), "A day of joy")]
    holidays = bank_holidays.of(Nation.ENGLAND_AND_WALES, days)

    assert holidays.last_known_year == 2028
    found = plain(date(2029, 5, 4), holidays)
    assert found.due_on == date(2029, 6, 5) and Flag.HOLIDAYS_UNKNOWN in found.flags


def test_one_holiday_in_the_place_of_another_is_another_count() -> None:
    """Counts are kept: by which holidays, and not by how many."""
    on_time = plain(date(2027, 2, 3), ENGLAND)
    moved = dict(ENGLAND.titles)
    moved[on_time.due_on or date.max] = moved.pop(date(2027, 1, 1))
    others = bank_holidays.of(Nation.ENGLAND_AND_WALES, moved.items())
    assert len(others) == len(ENGLAND)

    later = plain(date(2027, 2, 3), others)

    assert on_time.due_on == date(2027, 3, 3) and later.due_on == date(2027, 3, 4)
    assert plain(date(2027, 2, 3), ENGLAND) == on_time


def test_nothing_is_known_where_nothing_is_listed() -> None:
    assert bank_holidays.of(Nation.SCOTLAND, []).last_known_year is None


def test_the_nations_are_those_of_the_table_in_the_database() -> None:
    assert {(nation.value, nation.label) for nation in Nation} == set(
        BankHoliday.Nation.choices
    )
