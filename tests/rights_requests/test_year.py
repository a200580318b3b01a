"""A year of case work: ten thousand cases, lawful and unlawful moves at random, and a
second book beside the house's own that is kept by hand.

The second book knows nothing of the program's clock: it walks from day to day over the
raw list of holidays. Every day both are held against each other.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.db.models import QuerySet
from pytest_django import Settings

from groundwork.ledger import findings
from groundwork.refusals import NotAllowed
from rights_requests import casebook, recounting, reminding
from rights_requests.clock import REMINDER_STEPS, written
from rights_requests.kinds import AT_ONCE, ON_THE_CLOCK, CaseKind
from rights_requests.models import Case, CaseLogEntry, Decision, Reminder
from rights_requests.moves import CLOSED, OPEN, Move, State
from rights_requests.receiving import receive
from tests.console.staff import person
from tests.rights_requests import lives
from tests.rights_requests.test_deadlines import HOLIDAYS, days_of_months, walk
from tests.sealing import seal

# Every move is committed, so that what the database checks in the end is checked.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FIRST = date(2026, 3, 2)
DAYS = 365
CASES = {"england-and-wales": 5_000, "scotland": 5_000}
KINDS = [
    *ON_THE_CLOCK,
    CaseKind.ACCESS,
    CaseKind.ACCESS,
    CaseKind.COMPLAINT,
    *sorted(AT_ONCE),
]
# What staff might press, each as often as it stands here. Nothing of this year is held
# apart or a draft, so that nothing is put aside as no request.
PRESSED = [
    *(move for move in Move if move is not Move.DISMISS),
    *[Move.FULFIL] * 6,
    *[Move.ASK_CLARIFICATION, Move.RECEIVE_CLARIFICATION] * 4,
    *[Move.ASK_IDENTITY, Move.RECEIVE_IDENTITY] * 4,
    *[Move.EXTEND, Move.ASK_FEE, Move.RECEIVE_FEE] * 3,
]
TWO = {
    Move.EXTEND,
    Move.ASK_FEE,
    Move.REFUSE,
    Move.FULFIL_IN_PART,
    Move.LAPSE,
    Move.WITHHOLD,
    Move.RECEIVED_LATER,
}
PUT_RIGHT = (Move.CORRECT_RECEIPT, Move.RECEIVED_LATER)
ASKED = {
    Move.ASK_IDENTITY: "start",
    Move.ASK_FEE: "start",
    Move.ASK_CLARIFICATION: "stop",
}
ANSWERED = {
    Move.RECEIVE_IDENTITY: "start",
    Move.RECEIVE_FEE: "start",
    Move.RECEIVE_CLARIFICATION: "stop",
}
WAIVED = {
    Move.WAIVE_IDENTITY: "start",
    Move.WAIVE_FEE: "start",
    Move.WAIVE_CLARIFICATION: "stop",
}


@dataclass
class Page:
    """One case in the second book. open_ask: what we wait for and since when."""

    kind: CaseKind
    received: date
    off: set[date]
    starts_on: date
    state: State = State.IN_PROGRESS
    stops: list[tuple[date, date]] = field(default_factory=list)
    is_extended: bool = False
    open_ask: tuple[str, date] | None = None
    moves: list[Move] = field(default_factory=lambda: [Move.RECEIVE])
    undo: "Page | None" = None

    def due_on(self, today: date) -> date | None:
        """By law, as it stands today."""
        if self.kind is CaseKind.COMPLAINT:
            return self._working(self.received + timedelta(days=30))
        if self.kind is CaseKind.WITHDRAWAL or self.waits("start"):
            return None
        months = 3 if self.is_extended else 1
        return walk(self.starts_on, months, self.all_stops(today), self.off)

    def notice_by(self, today: date) -> date:
        return walk(self.starts_on, 1, self.all_stops(today), self.off)

    @property
    def is_untouched(self) -> bool:
        """Nothing but its receipt has made its days."""
        was_asked = any(move in ASKED for move in self.moves)
        return not (was_asked or self.is_extended)

    def all_stops(self, today: date) -> list[tuple[date, date]]:
        if self.open_ask and self.open_ask[0] == "stop":
            return [*self.stops, (self.open_ask[1], today)]
        return self.stops

    def waits(self, what: str) -> bool:
        return self.open_ask is not None and self.open_ask[0] == what

    def _working(self, day: date) -> date:
        while day.weekday() >= 5 or day in self.off:
            day += timedelta(days=1)
        return day


class Year:
    """The house, the second book, and the dice."""

    def __init__(self, nation: str, number: int) -> None:
        self.dice = random.Random(f"a year of {nation}")
        self.off = HOLIDAYS[nation]
        self.number = number
        self.book: dict[Any, Page] = {}
        self.open: list[Any] = []
        self.refused = self.made = 0

    def live(self) -> None:
        for number in range(DAYS):
            today = FIRST + timedelta(days=number)
            touched = set(self.receive(today))
            touched |= set(self.work(today))
            self.check(today, touched)
            if number % 28 == 27:
                self.check_every_case(today)

    # --- What comes in ---

    def receive(self, today: date) -> Iterator[Any]:
        left = DAYS - (today - FIRST).days
        coming = -(-(self.number - len(self.book)) // left)
        for _ in range(coming):
            kind = self.dice.choice(KINDS)
            moment = self.moment(today)
            address = f"person-{len(self.book)}@example.com"
            message = lives.sent(
                kind,
                address="" if kind in AT_ONCE else address,
                received_at=moment,
                dated_on=today - timedelta(days=self.dice.randrange(4)),
            )
            [case] = receive(message, now=moment, answers=False).cases
            self.book[case.pk] = Page(kind, today, self.off, today)
            self.open.append(case.pk)
            yield case.pk

    def moment(self, today: date) -> datetime:
        """Some time of that day in London; in the afternoon it is the same day in UTC."""
        seconds = self.dice.randrange(12 * 3600, 22 * 3600)
        return datetime.combine(today, time(), UTC) + timedelta(seconds=seconds)

    # --- What staff press ---

    def work(self, today: date) -> Iterator[Any]:
        for key in self.dice.sample(self.open, min(len(self.open), 40)):
            for _ in range(self.dice.randrange(1, 4)):
                self.press(key, self.dice.choice(PRESSED), today)
            yield key
        self.open = [key for key in self.open if self.book[key].state in OPEN]

    def press(self, key: Any, move: Move, today: date) -> None:
        page = self.book[key]
        if move in PUT_RIGHT and not page.is_untouched:
            return  # what became of the rest is not for a book kept by hand
        at = self.day_of(page, move, today)
        expected = self.is_lawful(page, move, at, today)
        was_made = self.try_move(key, page, move, at, today)
        assert was_made == expected, f"{page} {move} on {at}, today {today}"
        if was_made:
            self.made += 1
            self.note(page, move, at)
        else:
            self.refused += 1

    def day_of(self, page: Page, move: Move, today: date) -> date:
        """On which it was, as staff enter it."""
        days = timedelta(days=self.dice.randrange(3))
        if move in ANSWERED:
            return today - days
        if move is Move.CORRECT_RECEIPT:
            return page.received - days
        if move is Move.RECEIVED_LATER:
            return min(page.received + days, today)
        return today

    def try_move(self, key: Any, page: Page, move: Move, at: date, today: date) -> bool:
        inputs: dict[str, Any] = {"at": written(at)}
        if move is Move.LETTER_FAILED:
            inputs = {"undoes": self.untold(page)}
        changes: dict[str, Any] = {}
        if move is Move.RECLASSIFY:
            changes = {"kind": CaseKind.ACCESS}
        if move in PUT_RIGHT:
            noon = datetime.combine(at, time(12), UTC)
            inputs = {"to": {"received_at": written(noon), "dated_on": written(at)}}
            changes = {"received_at": noon}
        try:
            with transaction.atomic():
                case = casebook.locked(key)
                decision = self.decision(case, move)
                entry = casebook.make(
                    case, move, now=self.moment(today), inputs=inputs, **changes
                )
                if decision is not None:
                    decision.move_number = entry.number
                    decision.save(update_fields=["move_number"])
        except NotAllowed:
            return False
        return True

    def untold(self, page: Page) -> int:
        """The number of the move that the lost letter should have made known."""
        standing = [Move.NARROW, Move.RECOUNT, Move.EXTEND, *PUT_RIGHT]
        told = [n for n, m in enumerate(page.moves, 1) if m not in standing]
        return told[-1]

    def decision(self, case: Case, move: Move) -> Decision | None:
        is_erasure = (case.kind, move) == (CaseKind.ERASURE, Move.FULFIL)
        if move not in TWO and not is_erasure:
            return None
        return Decision.objects.create(
            case=case,
            move=move,
            reasons="One of many.",
            proposed_by_id=1,
            released_by_id=2,
            settled_at=datetime.now(UTC),
        )

    # --- What the law says of it, by hand ---

    def is_lawful(self, page: Page, move: Move, at: date, today: date) -> bool:
        if page.state in CLOSED:
            return self.may_open_again(page, move)
        if move in (Move.WITHDRAW, Move.RECOUNT, *PUT_RIGHT):
            return True
        if page.kind in AT_ONCE:
            return move is Move.FULFIL and page.state is State.IN_PROGRESS
        if move is Move.NARROW:
            return True
        if page.kind is CaseKind.COMPLAINT:
            return move in (
                Move.ASK_QUESTION,
                Move.ACKNOWLEDGE,
                Move.REPORT_PROGRESS,
                Move.FULFIL,
                Move.LETTER_FAILED,
            )
        return self.is_lawful_request(page, move, at, today)

    def may_open_again(self, page: Page, move: Move) -> bool:
        if move is Move.REOPEN:
            return page.state in (State.WITHDRAWN, State.DISMISSED)
        answered = {
            State.FULFILLED,
            State.PARTLY_FULFILLED,
            State.REFUSED,
        }
        is_at_once = page.kind in AT_ONCE
        return move is Move.LETTER_FAILED and page.state in answered and not is_at_once

    def is_lawful_request(self, page: Page, move: Move, at: date, today: date) -> bool:
        waits = page.open_ask is not None
        if move in ANSWERED:
            return (
                self.waits_for(page, move)
                and page.open_ask is not None
                and at >= page.open_ask[1]
            )
        if move in WAIVED:
            return self.waits_for(page, move)
        if move is Move.LETTER_FAILED:
            return waits
        if move is Move.LAPSE:
            return page.waits("start")
        if move is Move.EXTEND:
            return self.may_extend(page, today)
        if move is Move.ASK_CLARIFICATION:
            is_access = page.kind is CaseKind.ACCESS
            return not waits and is_access and self.has_days_left(page, today)
        if move in (Move.ASK_IDENTITY, Move.ASK_FEE):
            return not waits and self.in_time(page, today)
        copies = (CaseKind.ACCESS, CaseKind.PORTABILITY)
        others = {Move.FULFIL, Move.FULFIL_IN_PART, Move.REFUSE, Move.ASK_QUESTION}
        is_withholding = move is Move.WITHHOLD and page.kind in copies
        return not waits and (move in others or is_withholding)

    def waits_for(self, page: Page, move: Move) -> bool:
        state = {
            "identity": State.AWAITING_IDENTITY,
            "fee": State.AWAITING_FEE,
            "clarification": State.AWAITING_CLARIFICATION,
        }[move.value.split("-")[1]]
        return page.state is state

    def in_time(self, page: Page, today: date) -> bool:
        """What has run out cannot begin anew."""
        due_on = page.due_on(today)
        return due_on is not None and today <= due_on

    def has_days_left(self, page: Page, today: date) -> bool:
        """A question can leave out days of the month itself, and not those by which its
        end was moved to a working day."""
        if page.waits("start"):
            return False
        left = days_of_months(page.starts_on, 3 if page.is_extended else 1)
        end = page.starts_on
        while left:
            end += timedelta(days=1)
            left -= not any(first <= end <= last for first, last in page.stops)
        return today <= end

    def may_extend(self, page: Page, today: date) -> bool:
        if page.is_extended or page.waits("start"):
            return False
        return today <= page.notice_by(today)

    # --- Writing it into the second book ---

    def note(self, page: Page, move: Move, at: date) -> None:
        before = page.open_ask
        page.moves.append(move)
        page.state = self.state_after(page, move)
        if move in ASKED:
            page.open_ask = (ASKED[move], at)
        elif move in ANSWERED and before is not None:
            page.open_ask = None
            if before[0] == "stop":
                page.stops.append((before[1], at))
            else:
                page.starts_on = max(page.starts_on, at)
        elif move in WAIVED or (move is Move.LETTER_FAILED and before is not None):
            page.open_ask = None
        elif move is Move.EXTEND:
            page.is_extended = True
        elif move in PUT_RIGHT:
            page.received = page.starts_on = at
        elif move is Move.WITHDRAW:
            page.open_ask = None  # should it be opened again, nothing is waited for

    def state_after(self, page: Page, move: Move) -> State:
        then = {
            Move.ASK_IDENTITY: State.AWAITING_IDENTITY,
            Move.ASK_FEE: State.AWAITING_FEE,
            Move.ASK_CLARIFICATION: State.AWAITING_CLARIFICATION,
            Move.FULFIL: State.FULFILLED,
            Move.FULFIL_IN_PART: State.PARTLY_FULFILLED,
            Move.REFUSE: State.REFUSED,
            Move.LAPSE: State.LAPSED,
            Move.WITHDRAW: State.WITHDRAWN,
            Move.REOPEN: State.IN_PROGRESS,
            Move.LETTER_FAILED: State.IN_PROGRESS,
            **dict.fromkeys([*ANSWERED, *WAIVED], State.IN_PROGRESS),
        }
        return then.get(move, page.state)

    # --- Every evening ---

    def check(self, today: date, touched: set[Any]) -> None:
        self.check_cases(Case.objects.filter(pk__in=touched), today)
        self.check_all(today)
        evening = evening_of(today)
        reminding.remind(evening)
        assert reminding.remind(evening) == 0, "a second sweep finds nothing"

    def check_cases(self, cases: QuerySet[Case], today: date) -> None:
        """Each of them against its page; their logs are read together."""
        log = CaseLogEntry.objects.filter(case_id__in=cases.values("pk"))
        events: dict[Any, list[str]] = {}
        for key, event in (
            log.filter(number__isnull=False)
            .order_by("case_id", "number")
            .values_list("case_id", "event")
        ):
            events.setdefault(key, []).append(event)
        for case in cases:
            page = self.book[case.pk]
            told = f"{case.reference}: {page}, {today}"
            assert case.state == page.state, told
            assert self.due_on(case, today) == page.due_on(today), told
            assert case.moves_count == len(page.moves), told
            assert events.get(case.pk) == page.moves, told

    def due_on(self, case: Case, today: date) -> date | None:
        """As the case has it; while its clock stands still, as counted at that moment."""
        if case.state != State.AWAITING_CLARIFICATION:
            return case.due_on
        deadline = casebook.clocks_of(case, now=evening_of(today)).statute
        return deadline.due_on if deadline else None

    def check_every_case(self, today: date) -> None:
        """The nightly count finds nothing to put right in any open case."""
        run = recounting.recount_all(evening_of(today))
        assert (run.moved_count, run.faults_count) == (0, 0), today

    def check_all(self, today: date) -> None:
        """What must hold of every case on every day, asked of the database."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT
                  count(*) FILTER (WHERE (closed_at IS NULL) <> (state = ANY(%(open)s))),
                  count(*) FILTER (WHERE governs_on IS NOT NULL
                                   AND state <> ALL(%(ours)s)),
                  count(*) FILTER (WHERE governs_on IS NULL AND state = ANY(%(ours)s)
                                   AND kind <> 'complaint'),
                  count(*) FILTER (WHERE due_on < received_at::date)
                FROM rights_requests_case
                """,
                {
                    "open": list(OPEN),
                    "ours": [State.DRAFT, State.IN_PROGRESS],
                },
            )
            assert cursor.fetchone() == (0, 0, 0, 0), today


def evening_of(today: date) -> datetime:
    """After all work of the day, and before midnight in London."""
    return datetime.combine(today, time(22, 30), UTC)


@pytest.mark.parametrize("nation", CASES)
def test_a_year_of_case_work(open_house: None, settings: Settings, nation: str) -> None:
    settings.NATION = nation
    person("dana@example.com", "work_case")  # whom reminders go to
    year = Year(nation, CASES[nation])
    year.live()

    assert Case.objects.count() == len(year.book) == CASES[nation]
    assert year.made > CASES[nation] and year.refused > CASES[nation]
    end = FIRST + timedelta(days=DAYS - 1)
    year.check_cases(Case.objects.all(), end)
    no_second_extension()
    what_binds_took_two()
    every_reminder_was_given_once(end)
    seal(CaseLogEntry)
    assert list(findings(CaseLogEntry)) == []


def no_second_extension() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT case_id FROM rights_requests_caselogentry"
            " WHERE event = 'extend' GROUP BY case_id HAVING count(*) > 1) AS twice"
        )
        assert cursor.fetchone() == (0,)


def what_binds_took_two() -> None:
    entries = CaseLogEntry.objects.filter(event__in=TWO)
    assert entries.exists()
    decided = set(
        Decision.objects.exclude(released_by_id=None).values_list(
            "case_id", "move", "move_number"
        )
    )
    assert all((e.case_id, e.event, e.number) in decided for e in entries)


def every_reminder_was_given_once(end: date) -> None:
    """Whoever was overdue when the year ended had every reminder of that day, once."""
    assert Reminder.objects.exists()
    for case in Case.objects.overdue(end).exclude(kind=CaseKind.COMPLAINT)[:200]:
        assert case.governs_on is not None
        given = case.reminders.filter(due_on=case.governs_on)
        steps: dict[str, list[int]] = {}
        for clock, step in given.values_list("clock", "step"):
            steps.setdefault(clock, []).append(step)
        assert steps
        assert all(sorted(one) == sorted(REMINDER_STEPS) for one in steps.values())


def test_the_year_would_notice_a_move_behind_the_book(open_house: None) -> None:
    """The database refuses what no verb would do, whatever day it is."""
    year = Year("england-and-wales", 1)
    [key] = year.receive(FIRST)
    for state in (State.REFUSED, State.FULFILLED, State.AWAITING_FEE):
        with pytest.raises(Error), transaction.atomic():
            Case.objects.filter(pk=key).update(state=state)
