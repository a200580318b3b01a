"""How a case stands, in words for whoever holds the link to its status page.

The link may be forwarded, so nothing here is about the person: what was asked, what
happened when, who acts next, by when, and why by then. A move that is not worded below
stays inside the house.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from groundwork.periods import civil_day
from rights_requests import clock
from rights_requests.clock import PROGRESS_WITHIN, Clocks
from rights_requests.deadline_words import Step, in_words
from rights_requests.deadlines import State as ClockState
from rights_requests.kinds import AT_ONCE
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, CaseLogEntry, Event
from rights_requests.moves import Move, State

OURS, YOURS = "It is our turn", "It is your turn"
ASKED_IN_STATE = {
    State.AWAITING_IDENTITY: Move.ASK_IDENTITY,
    State.AWAITING_FEE: Move.ASK_FEE,
    State.AWAITING_CLARIFICATION: Move.ASK_CLARIFICATION,
}
ANSWERED = (State.FULFILLED, State.PARTLY_FULFILLED, State.REFUSED)


@dataclass(frozen=True)
class Milestone:
    """One step of the line. on: when it was done, or by when it will be; None where no
    day is known. who: whose turn it is; empty for what is done."""

    title: str
    on: date | None
    who: str = ""

    @property
    def is_done(self) -> bool:
        return not self.who


@dataclass(frozen=True)
class Due:
    """The day that matters now. label: what happens by then, or why there is no day.
    note: what else has to be known about it. target: our own, beside the law's. why:
    what the steps explain."""

    label: str
    on: date | None = None
    note: str = ""
    target: str = ""
    why: str = ""
    steps: tuple[Step, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    headline: str
    due: Due
    milestones: tuple[Milestone, ...]


def standing_of(
    case: Case, entries: Sequence[CaseLogEntry], *, now: datetime
) -> Standing:
    """How the case stands at this moment, told from its log."""
    clocks = clock.count(case, clock.story_of(entries), now=now)
    # Staff may put on record later what happened earlier.
    done = sorted(_done(case, _as_if(entries)), key=lambda step: step.on or date.min)
    return Standing(
        headline=_headline(case, clocks, civil_day(now)),
        due=_Dates(case, entries, clocks, civil_day(now)).due(),
        milestones=(*done, *_to_come(case, clocks, civil_day(now))),
    )


def noun(case: Case) -> str:
    return "complaint" if case.is_complaint else "request"


# --- The headline ---

HEADLINES = {
    State.DRAFT: "We are reading your message",
    State.IN_PROGRESS: "We are working on it",
    State.AWAITING_IDENTITY: "It is your turn: show us who you are",
    State.AWAITING_FEE: "It is your turn: the fee",
    State.AWAITING_CLARIFICATION: "It is your turn: tell us which data you mean",
    State.WITHDRAWN: "You took this back",
    State.LAPSED: "We closed this: what we asked for did not come",
    State.DISMISSED: "We closed this: it asks for nothing that we handle here",
}


def _headline(case: Case, clocks: Clocks, today: date) -> str:
    state = State(case.state)
    if state in ANSWERED:
        return "It is done" if case.kind in AT_ONCE else "We have answered"
    if state is State.IN_PROGRESS and _is_late(case, clocks, today):
        return "We are late"
    return HEADLINES[state]


def _is_late(case: Case, clocks: Clocks, today: date) -> bool:
    """By law: that our own target has passed does not make it so."""
    if case.is_complaint:
        return clocks.governs_on is not None and today > clocks.governs_on
    statute = clocks.statute
    return statute is not None and statute.state is ClockState.OVERDUE


# --- The day ---


class _Dates:
    """Words for the one day of a case."""

    def __init__(
        self, case: Case, entries: Sequence[CaseLogEntry], clocks: Clocks, today: date
    ) -> None:
        self.case, self.entries, self.clocks, self.today = case, entries, clocks, today

    def due(self) -> Due:
        case = self.case
        if not case.is_open:
            return self._closed()
        if case.is_complaint:
            return self._complaint()
        if case.kind in AT_ONCE:
            return self._due("We do this at once", None)
        if self._waits_to_start:
            return self._not_started()
        if self._is_paused:
            return self._paused()
        return self._running()

    def _due(self, label: str, on: date | None, note: str = "") -> Due:
        promise = self.clocks.promise
        return Due(
            label,
            on,
            note,
            target=promise.sentence if promise and self.case.is_open else "",
            why=self._why(on),
            steps=self.clocks.steps,
            left_out=self.clocks.errors,
        )

    def _why(self, on: date | None) -> str:
        if not self.case.is_open:
            return "By when it was due, and why"
        if self.case.is_complaint and self.case.acknowledged_at:
            return "By when we had to say that we have it, and why"
        return "Why this date" if on else "How the date will come about"

    def _closed(self) -> Due:
        case = self.case
        closed_on = civil_day(case.closed_at) if case.closed_at else None
        was_answered = case.state in ANSWERED
        label = "Answered on" if was_answered else "Closed on"
        if was_answered and case.kind in AT_ONCE:
            return self._due("Done on", closed_on)
        deadline = self.clocks.statute
        due_on = deadline.due_on if deadline else None
        note = ""
        if was_answered and due_on:
            was_late = case.was_answered_late(today=self.today)
            note = f"It was due by {in_words(due_on)}."
            note += " We were late, and we are sorry." if was_late else ""
        return self._due(label, case.answered_on() or closed_on, note)

    def _complaint(self) -> Due:
        story = clock.story_of(self.entries)
        deadline = self.clocks.complaint
        by_law = deadline.due_on if deadline else None
        if story.acknowledged_on is None:
            return self._due("We say by this day that we have it", by_law)
        next_on = self.clocks.progress_due_on
        is_late = next_on is not None and self.today > next_on
        return self._due(
            "You were to hear from us by" if is_late else "You hear from us again by",
            next_on,
            f"We acknowledged your complaint on {in_words(story.acknowledged_on)}. "
            f"Until the outcome you hear from us at least every {PROGRESS_WITHIN.days} "
            "days.",
        )

    @property
    def _waits_to_start(self) -> bool:
        """Not while our question still lies here to be posted: the time runs."""
        statute = self.clocks.statute
        waits = self.case.state in (State.AWAITING_IDENTITY, State.AWAITING_FEE)
        return waits and (statute is None or statute.due_on is None)

    @property
    def _is_paused(self) -> bool:
        statute = self.clocks.statute
        waits = self.case.state == State.AWAITING_CLARIFICATION
        return waits and statute is not None and statute.state is ClockState.PAUSED

    def _not_started(self) -> Due:
        asked = self._asked_on()
        since = f" since {in_words(asked)}" if asked else ""
        what = (
            "what shows who you are"
            if self.case.state == State.AWAITING_IDENTITY
            else "the fee"
        )
        return self._due(
            "No day yet",
            None,
            f"We have been waiting for {what}{since}. The time for our answer starts, "
            "in full, on the day it reaches us.",
        )

    def _paused(self) -> Due:
        asked = self._asked_on()
        since = f" since {in_words(asked)}" if asked else ""
        statute = self.clocks.statute
        return self._due(
            "If your answer came today, ours would be due by the end of",
            statute.due_on if statute else None,
            f"We have been waiting for it{since}. Days on which we wait do not count, "
            "so this day moves on by one for each of them.",
        )

    def _running(self) -> Due:
        statute, promise = self.clocks.statute, self.clocks.promise
        if statute is None:
            target = promise.target_on if promise else None
            return self._due("We aim to answer by", target)
        if statute.due_on is None:
            return self._due("We are working out the day", None)
        if self.today > statute.due_on:
            note = (
                "That day has passed, and we are sorry. We go on working on it. You can "
                "complain in each of the ways below, and you need not wait for us."
            )
            return self._due("Our answer was due by the end of", statute.due_on, note)
        return self._due("Our answer is due by the end of", statute.due_on)

    def _asked_on(self) -> date | None:
        """Since when we wait."""
        return clock.asked_on(self.entries, ASKED_IN_STATE[State(self.case.state)])


# --- The line of steps ---

TITLES: dict[str, str] = {
    Move.RECEIVE: "We got your {noun}",
    Move.CONFIRM: "We read it and know what you ask for",
    Move.DISMISS: "We closed it: it asks for nothing that we handle here",
    Move.REOPEN: "We opened it again",
    Move.ASK_IDENTITY: "We asked you to show who you are",
    Move.RECEIVE_IDENTITY: "What shows who you are reached us",
    Move.WAIVE_IDENTITY: "We no longer need to know more about who you are",
    Move.ASK_FEE: "We asked for a fee",
    Move.RECEIVE_FEE: "The fee was paid",
    Move.WAIVE_FEE: "We no longer ask for a fee",
    Move.ASK_CLARIFICATION: "We asked which data you mean",
    Move.RECEIVE_CLARIFICATION: "Your answer reached us",
    Move.WAIVE_CLARIFICATION: "We no longer need your answer",
    Move.ASK_QUESTION: "We asked you something; the time goes on",
    Move.EXTEND: "We told you that we need up to two months more",
    Move.NARROW: "You asked for less",
    Move.ACKNOWLEDGE: "We told you that we have it",
    Move.REPORT_PROGRESS: "We told you how far we are",
    Move.CORRECT_RECEIPT: "We put right the day on which we got it",
    Move.RECEIVED_LATER: "We put right the day on which we got it",
    Move.FULFIL: "We answered",
    Move.FULFIL_IN_PART: "We answered",
    Move.REFUSE: "We answered",
    Move.LAPSE: "We closed it: what we asked for did not come",
    Move.WITHDRAW: "You took it back",
    Move.LETTER_FAILED: "A letter of ours did not reach you",
    Event.MAILBOX_CONFIRMED: "You showed that the mailbox is yours",
    Event.MESSAGE: "You wrote to us",
    Event.EFFECT: "It took effect",
}
# What has passed, by the clock that it was of. Our own target is not the law's day.
OVERDUE_TITLES: dict[str, str] = {
    "statute": "The day for our answer passed",
    "promise": "The day of our own target passed; it is no limit in law",
    "complaint": "The day to tell you that we have it passed",
    "progress": "The day to tell you how far we are passed",
    "at once": "We were to do it at once, and did not",
}
LETTER_TITLES: dict[str, str] = {
    LetterKind.ACKNOWLEDGEMENT: "We told you that we have it",
    LetterKind.MESSAGE: "We wrote to you",
    LetterKind.FILE_TAKEN: "We told you that your file has arrived",
    LetterKind.FILE_NOT_TAKEN: "We told you that your file was not taken",
    LetterKind.HOLIDAY_MOVED: "A new public holiday moved the day",
    LetterKind.EXTENSION_VOID: "We told you that our letter about more time does not count",
    LetterKind.PUT_RIGHT: "We told you that we had misread your message",
}


def _as_if(entries: Sequence[CaseLogEntry]) -> list[CaseLogEntry]:
    """Without the moves whose letter never arrived: nobody was told of them."""
    undone = {
        entry.inputs["undoes"] for entry in entries if entry.event == Move.LETTER_FAILED
    }
    return [entry for entry in entries if entry.number not in undone]


def _done(case: Case, entries: Sequence[CaseLogEntry]) -> Iterator[Milestone]:
    posted_on = clock.days_of_posting(entries)
    for entry in entries:
        on: date | None = _day_of(entry)
        if entry.event == Move.RECEIVE:
            on = civil_day(case.received_at)  # it may have been put right
        elif clock.is_word_by_post(entry):
            on = posted_on.get(entry.number or 0)
        if on and (title := _title(entry)):
            yield Milestone(title.format(noun=noun(case)), on)


def _title(entry: CaseLogEntry) -> str:
    if entry.event == Event.LETTER_SENT:
        return LETTER_TITLES.get(entry.inputs.get("letter", ""), "")
    if entry.event == Event.OVERDUE:
        return OVERDUE_TITLES[entry.inputs["clock"]]
    if entry.event == Event.DOCUMENT_ADDED:
        is_ours = entry.staff_id or entry.inputs.get("purpose") == "answer"
        return "" if is_ours else "You sent us a document"
    return TITLES.get(entry.event, "")


def _day_of(entry: CaseLogEntry) -> date:
    """When it happened; what staff put on record later has its own day."""
    said: Any = entry.inputs.get("at")
    return civil_day(clock.moment(said) if said else entry.at)


NEXT = {
    State.DRAFT: ("We tell you what we understood", OURS),
    State.IN_PROGRESS: ("We answer you", OURS),
    State.AWAITING_IDENTITY: ("You show us who you are, as our letter says", YOURS),
    State.AWAITING_FEE: ("You pay the fee, or tell us why not", YOURS),
    State.AWAITING_CLARIFICATION: ("You tell us which data you mean", YOURS),
}


def _to_come(case: Case, clocks: Clocks, today: date) -> Iterator[Milestone]:
    if not case.is_open:
        return
    title, who = NEXT[State(case.state)]
    if case.is_complaint and case.state == State.IN_PROGRESS:
        yield _ours("We tell you how far we are", clocks.governs_on, today)
        yield Milestone("We tell you what we found", None, "After that")
        return
    due_on = clocks.statute.due_on if clocks.statute else None
    if who == YOURS:
        yield Milestone(title, None, YOURS)
        yield Milestone("We answer you", due_on, "Then it is our turn")
    else:
        yield _ours(title, due_on, today)


def _ours(title: str, due_on: date | None, today: date) -> Milestone:
    if due_on is not None and today > due_on:
        return Milestone(title, None, f"{OURS}, and we are late")
    return Milestone(title, due_on, OURS)


def what_was_asked(case: Case) -> str:
    """A copy of your data."""
    said = case.facts.in_words
    return f"{said[:1].upper()}{said[1:]}"
