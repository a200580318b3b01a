"""Questions about deadlines as plain names and values, and the answers as JSON.

The command line and JSON lines name their dates alike; both are read here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from processing_register import bank_holidays
from processing_register.bank_holidays import Nation
from rights_requests.deadlines import (
    Ask,
    Deadline,
    Events,
    Extension,
    Kind,
    Right,
    Step,
    statutory_deadline,
)

A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AN_INSTANT = re.compile(A_DAY.pattern + r"[T ].+")
NAMES = (
    "received",
    "right",
    "nation",
    "identity_asked",
    "identity_received",
    "fee_asked",
    "fee_paid",
    "clarifications",
    "extended",
    "as_of",
)


class Unreadable(ValueError):
    """What was given is no question about a deadline; problems says why, in sentences."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Question:
    """A question that can be answered."""

    events: Events
    nation: Nation
    as_of: date

    def answer(self) -> Deadline:
        """The deadline by the public holidays in the repository's own file. Raises
        HolidaysAreWrong where that cannot be read."""
        holidays = bank_holidays.from_file(self.nation)
        return statutory_deadline(self.events, holidays=holidays, as_of=self.as_of)


def read(given: Mapping[str, Any], *, now: datetime) -> Question:
    """A question from names and values; None is as good as absent.

    now is the as_of of a question without one. Raises Unreadable with every problem.
    """
    reader = _Reader(
        {name: value for name, value in given.items() if value is not None}
    )
    question = reader.question(now)
    if reader.problems or question is None:
        raise Unreadable(reader.problems)
    return question


@dataclass
class _Reader:
    given: Mapping[str, Any]
    problems: list[str] = field(default_factory=list)

    def question(self, now: datetime) -> Question | None:
        for name in sorted(self.given.keys() - set(NAMES)):
            self.problems.append(f"Unknown name {_shown(name)}.")
        for name in ("received", "right"):
            if name not in self.given:
                self.problems.append(f"{name} is missing.")
        received = self._moment("received")
        right = self._one_of(Right, "right")
        nation = self._one_of(Nation, "nation") or Nation.ENGLAND_AND_WALES
        asks = (
            *self._pair(Kind.IDENTITY, "identity_asked", "identity_received"),
            *self._pair(Kind.FEE, "fee_asked", "fee_paid"),
            *self._clarifications(),
        )
        extensions = self._extensions()
        as_of = self._moment("as_of") or now
        if received is None or right is None:
            return None
        return Question(Events(received, right, asks, extensions), nation, as_of)

    def _one_of[Choice: StrEnum](
        self, choices: type[Choice], name: str
    ) -> Choice | None:
        value = self.given.get(name)
        if value is None:
            return None
        for choice in choices:
            if choice.value == value:
                return choice
        known = ", ".join(choices)
        self.problems.append(f"Unknown {name} {_shown(value)}; known are {known}.")
        return None

    def _moment(self, name: str) -> date | None:
        return self._as_moment(name, self.given.get(name))

    def _as_moment(self, name: str, value: Any) -> date | None:
        if value is None:
            return None
        try:
            return _moment(value)
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return None

    def _pair(self, kind: Kind, asked: str, answered: str) -> list[Ask]:
        if answered in self.given and asked not in self.given:
            self.problems.append(f"{answered} is given without {asked}.")
        first, last = self._moment(asked), self._moment(answered)
        return [Ask(kind, first, last)] if first is not None else []

    def _clarifications(self) -> list[Ask]:
        pairs = self.given.get("clarifications", [])
        if not isinstance(pairs, list):
            self.problems.append("clarifications is not a list of pairs.")
            return []
        return [ask for pair in pairs for ask in self._clarification(pair)]

    def _clarification(self, pair: Any) -> list[Ask]:
        if not isinstance(pair, list) or len(pair) != 2 or pair[0] is None:
            self.problems.append(
                "clarifications: each is a pair, the day of the question and the day of "
                f"the answer or null, not {_shown(pair)}."
            )
            return []
        asked, answered = (self._as_moment("clarifications", end) for end in pair)
        return [Ask(Kind.CLARIFICATION, asked, answered)] if asked is not None else []

    def _extensions(self) -> tuple[Extension, ...]:
        """One date or several: the law knows one extension, mistakes know more."""
        value = self.given.get("extended", [])
        days = value if isinstance(value, list) else [value]
        given = [self._as_moment("extended", day) for day in days]
        return tuple(Extension(day) for day in given if day is not None)


def _moment(value: Any) -> date:
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not a date in quotation marks.")
    try:
        if A_DAY.fullmatch(value):
            return date.fromisoformat(value)
        instant = datetime.fromisoformat(value) if AN_INSTANT.fullmatch(value) else None
    except ValueError:
        raise ValueError(f"There is no {_shown(value)}.") from None
    if instant is None:
        raise ValueError(f"{_shown(value)} is not a date such as 2026-11-02.")
    if instant.tzinfo is None:
        raise ValueError(
            f"{_shown(value)} has a time but no zone, such as Z or +01:00."
        )
    return instant


def _shown(value: Any) -> str:
    """The value itself, cut short: it may be anything."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


# --- Answers ---


def as_json(deadline: Deadline) -> dict[str, Any]:
    """A deadline in types that JSON has; dates as in 2026-11-02."""
    return {
        "starts_on": _iso(deadline.starts_on),
        "due_on": _iso(deadline.due_on),
        "notice_by": _iso(deadline.notice_by),
        "paused_days": deadline.paused_days,
        "state": deadline.state,
        "prudent_target": _iso(deadline.prudent_target),
        "overdue_from": _iso(deadline.overdue_from),
        "waits_for": list(deadline.waits_for),
        "flags": sorted(deadline.flags),
        "steps": [_step_as_json(step) for step in deadline.steps],
        "errors": list(deadline.errors),
    }


def _step_as_json(step: Step) -> dict[str, str | None]:
    return {
        "rule": step.rule,
        "source": step.source,
        "from": _iso(step.from_on),
        "to": _iso(step.to_on),
        "sentence": step.sentence,
    }


def _iso(moment: date | None) -> str | None:
    return moment.isoformat() if moment is not None else None
