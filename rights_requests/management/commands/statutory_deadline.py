"""The date by which a request must be answered, and how it comes about.

manage.py runs this command before it reads any setting: it is arithmetic on the
repository's own list of public holidays, and works where nothing is set up.
"""

import json
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from groundwork.periods import LONDON
from processing_register import bank_holidays
from processing_register.bank_holidays import HolidaysAreWrong, Nation
from rights_requests.deadline_lines import Question, Unreadable, as_json, read
from rights_requests.deadline_words import days_in_words, in_words
from rights_requests.deadlines import Deadline, Kind, Right, State, Step

BAD_INPUT = 2

DATES = {
    "--identity-asked": "day on which we asked who is asking",
    "--identity-received": "day on which that information arrived",
    "--fee-asked": "day on which we asked for a fee",
    "--fee-paid": "day on which it was paid",
    "--as-of": "day for which the state is told; today if left out",
}
STATES = {
    State.NOT_STARTED: "not started",
    State.RUNNING: "running",
    State.PAUSED: "paused: we wait for the person’s answer",
    State.OVERDUE: "overdue",
}
MISSING = {
    Kind.IDENTITY: "the information that shows who is asking",
    Kind.FEE: "the fee",
}


class Command(BaseCommand):
    help = (
        "Tell by when a request must be answered (UK GDPR, Articles 12 and 12A). A date "
        "is a day such as 2026-11-02 or an instant with its zone."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--received", help="day of receipt", metavar="D")
        parser.add_argument("--right", help=", ".join(Right), metavar="RIGHT")
        parser.add_argument("--nation", help=", ".join(Nation), metavar="NATION")
        for name, meaning in DATES.items():
            parser.add_argument(name, help=meaning, metavar="D")
        parser.add_argument(
            "--clarification",
            action="append",
            metavar="D/D",
            help="days of a question and its answer, D/ while open; may be repeated",
        )
        parser.add_argument(
            "--extended",
            action="append",
            metavar="D",
            help="day on which the person was told of an extension",
        )
        parser.add_argument("--json", action="store_true", help="answer in JSON")
        parser.add_argument(
            "--batch",
            action="store_true",
            help="read JSON lines from standard input, write one for each",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(LONDON)
        given = _given(options)
        if not options["batch"]:
            self._answer_one(given, as_lines=not options["json"], now=now)
            return
        if given:
            raise CommandError(
                "--batch takes its dates from standard input.", returncode=BAD_INPUT
            )
        _refuse_broken_holidays()
        for line in sys.stdin.buffer:
            self.stdout.write(json.dumps(as_json(_answer_line(line, now))))

    def _answer_one(
        self, given: dict[str, Any], *, as_lines: bool, now: datetime
    ) -> None:
        try:
            question = read(given, now=now)
            deadline = question.answer()
        except (Unreadable, HolidaysAreWrong) as error:
            problems = _problems(error)
            if not as_lines:
                unread = Deadline(errors=tuple(problems))
                self.stdout.write(json.dumps(as_json(unread), indent=2))
            raise CommandError("\n".join(problems), returncode=BAD_INPUT) from error
        if not as_lines:
            self.stdout.write(json.dumps(as_json(deadline), indent=2))
        if deadline.state is None:
            raise CommandError("\n".join(deadline.errors), returncode=BAD_INPUT)
        if as_lines:
            self.stdout.writelines(f"{line}\n" for line in _page(question, deadline))


def _refuse_broken_holidays() -> None:
    """Before the first line, of which none could be answered."""
    try:
        bank_holidays.listed()
    except HolidaysAreWrong as error:
        raise CommandError(str(error), returncode=BAD_INPUT) from error


def _problems(error: Unreadable | HolidaysAreWrong) -> list[str]:
    return error.problems if isinstance(error, Unreadable) else [str(error)]


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options by the names that JSON lines use."""
    names = ["received", "right", "nation", "extended"]
    names += [name.removeprefix("--").replace("-", "_") for name in DATES]
    given = {name: options[name] for name in names if options[name] is not None}
    if options["clarification"] is not None:
        given["clarifications"] = [_pair(text) for text in options["clarification"]]
    return given


def _pair(text: str) -> list[str | None]:
    """D/D, or D/ or D while the question is open."""
    asked, _, answered = text.partition("/")
    return [asked, answered or None]


# --- JSON lines ---


def _answer_line(line: bytes, now: datetime) -> Deadline:
    """Whatever the line holds, an answer: a broken one gets its errors."""
    try:
        return read(_names_and_values(line), now=now).answer()
    except Unreadable as error:
        return Deadline(errors=tuple(error.problems))


def _names_and_values(line: bytes) -> dict[str, Any]:
    try:
        # Some programs begin a file with a byte-order mark.
        text = line.decode("utf-8-sig")
        found = json.loads(text, object_pairs_hook=_without_repetition)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable([f"This line is not JSON: {error}."]) from error
    if not isinstance(found, dict):
        raise Unreadable(["This line is not a JSON object of names and values."])
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable(["This line gives a name twice."])
    return found


# --- For reading ---


def _page(question: Question, deadline: Deadline) -> Iterator[str]:
    received = deadline.steps[0].from_on
    yield ""
    if received:
        right = question.events.right.value.capitalize()
        yield f"{right} request received on {in_words(received)}"
    yield ""
    yield from _large(deadline)
    yield ""
    yield from _facts(deadline)
    yield ""
    yield "How this comes about"
    for number, step in enumerate(deadline.steps, 1):
        yield from _step(number, step)
    if deadline.errors:
        yield "\nLeft out"
        yield from (textwrap.fill(f"! {error}", 78) for error in deadline.errors)
    yield ""


def _large(deadline: Deadline) -> Iterator[str]:
    if deadline.due_on:
        words = f"Due by the end of {in_words(deadline.due_on)}".upper()
    else:
        words = "NO DATE YET"
    rule = "═" * (len(words) + 4)
    yield from (f"  ╔{rule}╗", f"  ║  {words}  ║", f"  ╚{rule}╝")


def _facts(deadline: Deadline) -> Iterator[str]:
    if deadline.state:
        yield f"State             {STATES[deadline.state]}"
    if deadline.waits_for:
        missing = " and ".join(MISSING[kind] for kind in deadline.waits_for)
        yield f"Waiting for       {missing}"
    if deadline.notice_by:
        yield f"Extension notice  by the end of {in_words(deadline.notice_by)}"
    if deadline.paused_days:
        yield f"Clock stopped     {days_in_words(deadline.paused_days)}"
    if deadline.prudent_target and deadline.prudent_target != deadline.due_on:
        yield f"Prudent target    {in_words(deadline.prudent_target)}"
    if deadline.flags:
        flags = ", ".join(sorted(flag.replace("_", " ") for flag in deadline.flags))
        yield f"To be looked at   {flags}"


def _step(number: int, step: Step) -> Iterator[str]:
    indent = " " * 4
    yield textwrap.fill(
        step.sentence, 78, initial_indent=f"{number:>2}. ", subsequent_indent=indent
    )
    yield f"{indent}[{step.source}]"
