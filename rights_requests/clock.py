"""The clocks of a case, counted from its log; the days on the case are a cache of them.

Three stand side by side: the statute's, our policy's promise and, for a complaint, that
of section 164A; the earliest governs the queue. Here is the only writer of the cache.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from groundwork.periods import civil_day
from processing_register import bank_holidays
from processing_register.bank_holidays import Holidays, Nation
from processing_register.models import BankHoliday
from rights_requests.complaint_clock import complaint_deadline
from rights_requests.counting import Ask, Events, Extension, Kind, Right
from rights_requests.deadline_words import Rule
from rights_requests.deadlines import Deadline, Step, earliest, statutory_deadline
from rights_requests.kinds import AT_ONCE, ON_THE_CLOCK, CaseKind
from rights_requests.models import Case, CaseLogEntry, Event
from rights_requests.moves import CORRECTIONS, Move
from rights_requests.policy_promise import Promise, policy_promise

# Days of a case that a holiday can move.
MOVED_BY_HOLIDAYS = ("due_on", "notice_by", "promise_on")
# Between two messages about how a complaint stands.
PROGRESS_WITHIN = timedelta(days=14)
# So long before the day staff are reminded; -1 is the day after it.
REMINDER_STEPS = (14, 7, 3, 1, 0, -1)
HOLIDAYS_KEPT_SECONDS = 60
# How the log writes that a question, or word on a complaint, goes by post: the person is
# asked, or told, once it was posted.
BY_POST = "post"

ASKS = {
    Move.ASK_IDENTITY: Kind.IDENTITY,
    Move.ASK_FEE: Kind.FEE,
    Move.ASK_CLARIFICATION: Kind.CLARIFICATION,
}
ANSWERS = {
    Move.RECEIVE_IDENTITY: Kind.IDENTITY,
    Move.RECEIVE_FEE: Kind.FEE,
    Move.RECEIVE_CLARIFICATION: Kind.CLARIFICATION,
}
# What tells whoever complained that we have it, or how far we are.
WORDS = (Move.ACKNOWLEDGE, Move.REPORT_PROGRESS)
# A question that is taken back was never asked: it gives us no day.
WAIVERS = {
    Move.WAIVE_IDENTITY: Kind.IDENTITY,
    Move.WAIVE_FEE: Kind.FEE,
    Move.WAIVE_CLARIFICATION: Kind.CLARIFICATION,
}


def holidays_of(nation: str) -> Holidays:
    """The public holidays as the register in the database has them; a new one counts
    within a minute."""
    return _holidays(nation, int(time.monotonic()) // HOLIDAYS_KEPT_SECONDS)


@lru_cache(maxsize=4)
def _holidays(nation: str, _: int) -> Holidays:
    days = BankHoliday.objects.filter(nation=nation).values_list("on", "title")
    return bank_holidays.of(Nation(nation), days)


def forget_holidays() -> None:
    """Read them again at the next count."""
    _holidays.cache_clear()


@dataclass(frozen=True)
class Story:
    """What the log says that a clock counts by.

    received_at: the moment of receipt. dated_on: the date that the request bears.
    acknowledged_on, progress_on: of a complaint, each the latest; None: not yet, or by a
    letter that lies here to be posted.
    is_unasked: the question that the case waits for lies here, to be posted; it is not
    among the asks yet.
    """

    received_at: datetime
    dated_on: date
    nation: str
    asks: tuple[Ask, ...] = ()
    extensions: tuple[Extension, ...] = ()
    acknowledged_on: date | None = None
    progress_on: date | None = None
    is_unasked: bool = False

    def events(self, right: Right) -> Events:
        return Events(self.received_at, right, self.asks, self.extensions)


@dataclass(frozen=True)
class Clocks:
    """Every clock of a case at one moment.

    statute: the deadline of Article 12A, or None where it does not apply. promise: what
    our policy says. complaint: the acknowledgement of section 164A. progress_due_on: by
    when a complaint gets the next word. governs_on: the earliest that counts now.
    """

    statute: Deadline | None
    promise: Promise | None
    complaint: Deadline | None
    progress_due_on: date | None
    live: tuple[tuple[str, date], ...]

    @property
    def governs_on(self) -> date | None:
        return earliest(day for _, day in self.live)

    @property
    def governed_by(self) -> str:
        """The name of the clock whose day comes first; empty when none counts."""
        return min(self.live, key=lambda pair: pair[1])[0] if self.live else ""

    @property
    def deadline(self) -> Deadline | None:
        """The legal one: the statute's, or a complaint's."""
        return self.statute or self.complaint

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.deadline.steps if self.deadline else ()

    @property
    def errors(self) -> tuple[str, ...]:
        return self.deadline.errors if self.deadline else ()


def story_of(entries: Iterable[CaseLogEntry]) -> Story:
    """Read the moves of one case, in their order.

    A letter that never arrived, and a question that was taken back, are as if they had
    not been; what went by post counts from the day of its posting. Raises ValueError
    without the entry of its receipt.
    """
    teller = _Teller()
    for entry in entries:
        if entry.number is not None:
            teller.hear(entry)
        elif entry.event == Event.LETTER_POSTED:
            teller.hear_of_posting(entry.inputs)
    return teller.story()


class _Teller:
    """Takes in one move after the other."""

    def __init__(self) -> None:
        self._receipt: dict[str, Any] | None = None
        self._asks: dict[int, Ask] = {}
        # Questions by post of which nobody has recorded the posting: those without an
        # answer, and those that were answered all the same.
        self._unposted: set[int] = set()
        self._read_unposted: set[int] = set()
        self._extensions: dict[int, Extension] = {}
        self._acknowledged: dict[int, date] = {}
        self._progress: dict[int, date] = {}
        # Word on a complaint by post that told nobody yet.
        self._untold: dict[int, Move] = {}

    def hear(self, entry: CaseLogEntry) -> None:
        move, number, inputs = Move(entry.event), entry.number or 0, entry.inputs
        if move in (*ASKS, *ANSWERS, *WAIVERS):
            self._hear_of_asking(move, number, inputs)
        elif move is Move.RECEIVE:
            self._receipt = inputs
        elif move in CORRECTIONS:
            self._receipt = {**(self._receipt or {}), **inputs["to"]}
        elif move is Move.EXTEND:
            self._extensions[number] = Extension(moment(inputs["at"]))
        elif move is Move.WITHDRAW:
            # Should the case be opened again, nothing is waited for.
            for kind in set(WAIVERS.values()):
                self._forget_ask(self._open_ask(kind))
        elif move is Move.LETTER_FAILED:
            self._take_back(inputs["undoes"])
        else:
            self._hear_of_complaint(move, number, inputs)

    def hear_of_posting(self, inputs: dict[str, Any]) -> None:
        """What this letter made known was written before, and told only now."""
        number, on = inputs.get("move") or 0, date.fromisoformat(inputs["on"])
        if number in self._asks:
            self._asked_by_posting(number, on)
        if number in self._untold:
            self._told(self._untold.pop(number), number, on)
        for told in (self._acknowledged, self._progress):
            if number in told:
                told[number] = max(told[number], on)

    def _asked_by_posting(self, number: int, on: date) -> None:
        """Asked on that day. An answer that came before came to the question as the
        person read it on their page."""
        ask = self._asks[number]
        was_known = number in self._unposted | self._read_unposted
        if not was_known and civil_day(ask.asked) >= on:
            return
        if ask.answered is None or civil_day(ask.answered) >= on:
            self._asks[number] = replace(ask, asked=on)
        self._unposted.discard(number)

    def _hear_of_asking(self, move: Move, number: int, inputs: dict[str, Any]) -> None:
        if move in ASKS:
            self._asks[number] = Ask(ASKS[move], moment(inputs["at"]))
            if is_by_post(inputs):
                self._unposted.add(number)
        elif move in ANSWERS:
            self._answer(ANSWERS[move], moment(inputs["at"]))
        else:
            self._forget_ask(self._open_ask(WAIVERS[move]))

    def _hear_of_complaint(
        self, move: Move, number: int, inputs: dict[str, Any]
    ) -> None:
        if move not in WORDS:
            return
        if is_by_post(inputs):
            self._untold[number] = move
        else:
            self._told(move, number, civil_day(moment(inputs["at"])))

    def _told(self, move: Move, number: int, on: date) -> None:
        told = self._acknowledged if move is Move.ACKNOWLEDGE else self._progress
        told[number] = on

    def _answer(self, kind: Kind, at: date) -> None:
        number = self._open_ask(kind)
        if number not in self._asks:
            return
        asked = self._asks[number].asked
        if number in self._unposted:
            # Nobody knows since when they knew of it: it gives us no day before.
            asked = at if civil_day(at) >= civil_day(asked) else asked
            self._unposted.discard(number)
            self._read_unposted.add(number)
        self._asks[number] = Ask(kind, asked, at)

    def _open_ask(self, kind: Kind) -> int:
        standing = [
            number
            for number, ask in self._asks.items()
            if ask.kind is kind and ask.answered is None
        ]
        return max(standing, default=0)

    def _forget_ask(self, number: int) -> None:
        """As if it had never been asked; but an extension that was announced after it is
        in the log because its notice was in time, and stays so."""
        self._unposted.discard(number)
        if self._asks.pop(number, None) is None:
            return
        for later, extension in self._extensions.items():
            if later > number:
                self._extensions[later] = replace(extension, was_in_time=True)

    def _take_back(self, number: int) -> None:
        self._forget_ask(number)
        self._extensions.pop(number, None)
        self._acknowledged.pop(number, None)
        self._progress.pop(number, None)
        self._untold.pop(number, None)

    def story(self) -> Story:
        if self._receipt is None:
            raise ValueError("The log does not begin with a receipt.")
        received = moment(self._receipt["received_at"])
        if not isinstance(received, datetime):
            raise ValueError("A receipt is a moment, not only a day.")
        return Story(
            received_at=received,
            dated_on=date.fromisoformat(self._receipt["dated_on"]),
            nation=self._receipt["nation"],
            asks=tuple(
                ask
                for number, ask in self._asks.items()
                if number not in self._unposted
            ),
            extensions=tuple(self._extensions.values()),
            acknowledged_on=max(self._acknowledged.values(), default=None),
            progress_on=max(self._progress.values(), default=None),
            is_unasked=bool(self._unposted),
        )


def is_by_post(inputs: Mapping[str, Any]) -> bool:
    return inputs.get("by") == BY_POST


def is_word_by_post(entry: CaseLogEntry) -> bool:
    """Whether it is word on a complaint that tells nobody before its posting."""
    return entry.event in WORDS and is_by_post(entry.inputs)


def days_of_posting(entries: Iterable[CaseLogEntry]) -> Mapping[int, date]:
    """The day on which the letter of each move was posted; without those that wait, and
    those that went by e-mail."""
    posted = [entry.inputs for entry in entries if entry.event == Event.LETTER_POSTED]
    return {
        inputs["move"]: date.fromisoformat(inputs["on"])
        for inputs in posted
        if inputs.get("move")
    }


def asked_on(entries: Iterable[CaseLogEntry], *moves: Move) -> date | None:
    """The day on which the person was last asked by one of these moves; None: never."""
    asked = [entry for entry in entries if entry.event in moves]
    return civil_day(moment(asked[-1].inputs["at"])) if asked else None


def moment(text: str) -> date:
    """A day or an instant, as the log writes it (ISO 8601)."""
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def written(at: date) -> str:
    """How the log writes a day or an instant; moment() reads it."""
    return at.isoformat()


def count(
    case: Case, story: Story, *, now: datetime, holidays: Holidays | None = None
) -> Clocks:
    """Every clock of the case as it stands at this moment.

    holidays: others than those of the register, to tell what these changed.
    """
    kind = CaseKind(case.kind)
    if holidays is None:
        holidays = holidays_of(story.nation)
    if kind is CaseKind.COMPLAINT:
        return _complaint(case, story, holidays, now)
    right = case.facts.right
    statute = (
        statutory_deadline(story.events(right), holidays=holidays, as_of=now)
        if right
        else None
    )
    promise = None
    if kind in AT_ONCE and statute is not None:
        statute = _never_longer(statute)
    if kind not in AT_ONCE:
        promise = policy_promise(
            story.dated_on, statute=statute or Deadline(), holidays=holidays
        )
    live = _live(case, kind, statute, promise, story) if _counts(case, story) else ()
    return Clocks(statute, promise, None, None, live)


def _never_longer(statute: Deadline) -> Deadline:
    """Without the step about two months more: what works at once has nothing to weigh
    that could take longer."""
    steps = tuple(step for step in statute.steps if step.rule is not Rule.NOTICE)
    return replace(statute, steps=steps)


def _counts(case: Case, story: Story) -> bool:
    """No day of ours counts while the person must act, or once the case is closed. Whom
    nobody has asked yet need not act."""
    return case.is_open and (story.is_unasked or not case.is_waiting)


def _live(
    case: Case,
    kind: CaseKind,
    statute: Deadline | None,
    promise: Promise | None,
    story: Story,
) -> tuple[tuple[str, date], ...]:
    if kind in AT_ONCE:
        return (("at once", civil_day(story.received_at)),)
    days = {
        "statute": statute.due_on if statute and kind in ON_THE_CLOCK else None,
        "promise": promise.target_on if promise else None,
    }
    return tuple((name, day) for name, day in days.items() if day is not None)


def _complaint(case: Case, story: Story, holidays: Holidays, now: datetime) -> Clocks:
    deadline = complaint_deadline(story.received_at, holidays=holidays, as_of=now)
    last_word = max(
        (day for day in (story.acknowledged_on, story.progress_on) if day),
        default=None,
    )
    progress = last_word + PROGRESS_WITHIN if last_word else None
    live: list[tuple[str, date]] = []
    if _counts(case, story):
        if story.acknowledged_on is None and deadline.due_on:
            live.append(("complaint", deadline.due_on))
        if progress is not None:
            live.append(("progress", progress))
    return Clocks(None, None, deadline, progress if case.is_open else None, tuple(live))


# --- The cache ---

Days = Mapping[str, date | None]

CACHED = (
    "starts_on",
    "due_on",
    "notice_by",
    "promise_on",
    "progress_due_on",
    "governs_on",
    "next_reminder_on",
    "paused_days",
    "flags",
)


def keep(
    case: Case, clocks: Clocks, *, given: Sequence[tuple[str, date, int]] = ()
) -> list[str]:
    """Write the clocks' days on the case (it is not saved); the names of what differs.

    given: the reminders that were given: clock, its day, step.
    """
    deadline = clocks.deadline or Deadline()
    days = {
        **legal_days(clocks),
        "starts_on": deadline.starts_on,
        "progress_due_on": clocks.progress_due_on,
        "governs_on": clocks.governs_on,
        "next_reminder_on": next_reminder(clocks.live, given),
        "paused_days": deadline.paused_days,
        "flags": sorted(flag.value for flag in deadline.flags),
    }
    changed = [name for name in CACHED if getattr(case, name) != days[name]]
    for name in changed:
        setattr(case, name, days[name])
    return changed


def legal_days(clocks: Clocks) -> Days:
    """The days of a case that a public holiday can move."""
    deadline = clocks.deadline or Deadline()
    return {
        "due_on": deadline.due_on,
        "notice_by": deadline.notice_by,
        "promise_on": clocks.promise.target_on if clocks.promise else None,
    }


def legal_days_shown(case: Case) -> Days:
    """The same, as the case has them."""
    return {name: getattr(case, name) for name in MOVED_BY_HOLIDAYS}


def shows_other_days(case: Case, clocks: Clocks) -> bool:
    """Whether the case shows another day than its log gives, as after a new holiday."""
    return legal_days_shown(case) != legal_days(clocks)


def reminder_days(due_on: date) -> list[tuple[int, date]]:
    """Every step with the day on which it is due."""
    return [(step, due_on - timedelta(days=step)) for step in REMINDER_STEPS]


def next_reminder(
    live: Iterable[tuple[str, date]], given: Sequence[tuple[str, date, int]]
) -> date | None:
    """The earliest day of a reminder that was not given; None when all were."""
    return min(
        (
            day
            for name, due_on in live
            for step, day in reminder_days(due_on)
            if (name, due_on, step) not in given
        ),
        default=None,
    )
