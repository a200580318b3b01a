"""The days of a case that count now, as staff are told of them.

Read from what the clock keeps on the case: nothing is counted here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from groundwork.periods import civil_day
from rights_requests import console_links
from rights_requests.deadline_words import days_in_words, in_words
from rights_requests.kinds import AT_ONCE, ON_THE_CLOCK, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case

# What each clock wants by its day.
WHAT = {
    "statute": "answer",
    "promise": "promised answer",
    "complaint": "acknowledgement",
    "progress": "word on progress",
    "at once": "action",
}
# The letter that does it, and tells nobody while it lies here.
LETTER_OF = {
    "complaint": LetterKind.ACKNOWLEDGE_COMPLAINT,
    "progress": LetterKind.COMPLAINT_PROGRESS,
}
TO_POST = ": its letter waits to be posted"
NEAR = {0: "today", 1: "tomorrow"}


@dataclass(frozen=True)
class DueDay:
    """A day by which something has to be done, and by which clock."""

    clock: str
    on: date

    @property
    def what(self) -> str:
        return f"{WHAT[self.clock]} due"

    def in_words(self, today: date) -> str:
        """answer due in 3 days; answer due today; answer 2 days overdue."""
        days = (self.on - today).days
        if days < 0:
            return f"{WHAT[self.clock]} {days_in_words(-days)} overdue"
        return f"{self.what} {NEAR.get(days, f'in {days} days')}"


def due_days(case: Case) -> list[DueDay]:
    """Every day that counts now, the earliest first; none while we wait for the person
    and none once the case is closed."""
    if case.governs_on is None:
        return []
    return sorted(_days_of(case), key=lambda due: due.on)


def _days_of(case: Case) -> Iterator[DueDay]:
    if case.kind in AT_ONCE:
        yield DueDay("at once", civil_day(case.received_at))
    elif case.is_complaint:
        if case.due_on and case.acknowledged_at is None:
            yield DueDay("complaint", case.due_on)
        if case.progress_due_on:
            yield DueDay("progress", case.progress_due_on)
    else:
        if case.due_on and case.kind in ON_THE_CLOCK:
            yield DueDay("statute", case.due_on)
        if case.promise_on:
            yield DueDay("promise", case.promise_on)


def told_days(case: Case) -> list[DueDay]:
    """The same without a promise for the very day on which the law wants the answer."""
    days = due_days(case)
    legal = {due.on for due in days if due.clock == "statute"}
    return [due for due in days if due.clock != "promise" or due.on not in legal]


def line(case: Case, due: DueDay, *, today: date) -> dict[str, Any]:
    """A line of a mail to staff: reference, kind and day, and nothing of the person."""
    letter = LETTER_OF.get(due.clock)
    lies_here = letter is not None and case.waits_to_post(letter)
    return {
        "reference": case.reference,
        "kind": CaseKind(case.kind).label,
        "what": due.in_words(today) + (TO_POST if lies_here else ""),
        "day": in_words(due.on),
        "is_overdue": due.on < today,
        "url": console_links.case_url(case),
    }
