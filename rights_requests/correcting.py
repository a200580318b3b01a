"""Putting right a moment of receipt that was entered wrongly.

The clock is counted by it, so the correction is a move: the log keeps both receipts with
what each makes of the days, and the person is told the new date with its steps. It
concerns everything that was asked at the same time and is still open. A later receipt
gives us time, and takes two people; the database asks for the second one.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from groundwork.periods import civil_day
from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, clock, letters, writing
from rights_requests.closing import mark_used
from rights_requests.deadline_words import in_words
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, Decision, Submission
from rights_requests.moves import Move, State

TOLD_IN = (State.DRAFT, State.IN_PROGRESS)
TAKES_TWO = (
    "A later receipt or a later date of the letter gives us more time: propose it, and "
    "a second person releases it."
)


@dataclass(frozen=True)
class Receipt:
    """When and how a message came, and the date that it bears itself."""

    received_at: datetime
    dated_on: date
    channel: str

    def as_inputs(self) -> dict[str, str]:
        """As the log writes it."""
        return {
            "received_at": clock.written(self.received_at),
            "dated_on": clock.written(self.dated_on),
            "channel": str(self.channel),
        }


@dataclass(frozen=True)
class Correction:
    """The receipt as it was, why it was entered otherwise, and what shows it."""

    receipt: Receipt
    reason: str
    evidence: str


def receipt_of(submission: Submission) -> Receipt:
    return Receipt(submission.received_at, submission.dated_on, str(submission.channel))


def move_of(case: Case, receipt: Receipt) -> Move:
    """The law counts from the receipt, our own target from the date of the letter:
    whichever is put later gives us time."""
    is_later = (
        receipt.received_at > case.received_at
        or receipt.dated_on > case.submission.dated_on
    )
    return Move.RECEIVED_LATER if is_later else Move.CORRECT_RECEIPT


def problem(case: Case, correction: Correction) -> str:
    """Why this cannot be how it came; empty when it can."""
    receipt, submission = correction.receipt, case.submission
    received_on = civil_day(receipt.received_at)
    if not correction.reason.strip():
        return "Say why another moment was entered."
    if not correction.evidence.strip():
        return "Say what shows the right one, such as a postmark or the mail itself."
    as_it_stands = receipt_of(submission)
    if receipt == as_it_stands and case.received_at == receipt.received_at:
        return "It stands so already."
    if receipt.received_at > submission.recorded_at:
        recorded_on = in_words(civil_day(submission.recorded_at))
        return f"It was entered here on {recorded_on}, so we had it by then."
    if receipt.dated_on > received_on:
        return "A letter cannot bear a later date than that of its arrival."
    told_on = clock.story_of(casebook.entries_of(case)).acknowledged_on
    if told_on is not None and told_on < received_on:
        return f"We said on {in_words(told_on)} that we had it."
    return ""


@transaction.atomic
def correct(
    case_id: uuid.UUID, correction: Correction, *, staff_id: int, now: datetime
) -> None:
    """Put the receipt right where that gives us no time. Raises NotAllowed for what
    cannot be, for a closed case, and for what a second person has to release."""
    case = casebook.locked_with_person(case_id)
    if move_of(case, correction.receipt) is Move.RECEIVED_LATER:
        raise NotAllowed(TAKES_TWO)
    refuse(problem(case, correction))
    carry_out(case, correction, staff_id=staff_id, now=now)


def carry_out(
    case: Case,
    correction: Correction,
    *,
    staff_id: int,
    now: datetime,
    decision: Decision | None = None,
) -> None:
    """Make the move in each open case of the submission, and tell the person. The caller
    holds the person and this case, and has looked for what stands against it; decision:
    by which a later receipt was released."""
    cases = [case, *_siblings(case)]
    if decision is None:
        later = [one for one in cases if move_of(one, correction.receipt) in LATER]
        refuse(TAKES_TWO if later else "")
    was_on = {one.pk: civil_day(one.received_at) for one in cases}
    void = {one.pk for one in cases if _loses_extension(one, correction.receipt, now)}
    for one in cases:
        _move(one, correction, staff_id=staff_id, now=now, decision=decision)
    _save(case.submission, correction.receipt)
    for one in cases:
        one.submission = case.submission
        if _is_to_be_told(one, was_on[one.pk]):
            writing.write(
                one,
                LetterKind.RECEIPT_CORRECTED,
                now=now,
                staff_id=staff_id,
                was_received_on=was_on[one.pk],
                extension_void=one.pk in void,
            )


LATER = frozenset({Move.RECEIVED_LATER})


def _siblings(case: Case) -> list[Case]:
    """What else was asked at the same time and is open, locked. What is closed keeps
    the receipt by which it was answered."""
    others = Case.objects.open().filter(submission=case.submission_id)
    ids = others.exclude(pk=case.pk).order_by("pk").values_list("pk", flat=True)
    return [one for one in map(casebook.locked, ids) if one.is_open]


def _move(
    case: Case,
    correction: Correction,
    *,
    staff_id: int,
    now: datetime,
    decision: Decision | None,
) -> None:
    receipt, move = correction.receipt, move_of(case, correction.receipt)
    before = {**receipt_of(case.submission).as_inputs()}
    before["received_at"] = clock.written(case.received_at)
    counted = _counted_with(case, move, receipt, now=now)
    inputs: dict[str, Any] = {
        "from": {**before, **_days(casebook.clocks_of(case, now=now))},
        "to": {**receipt.as_inputs(), **_days(counted)},
        "reason": casebook.digest_of(correction.reason.strip()),
        "evidence": casebook.digest_of(correction.evidence.strip()),
    }
    entry = casebook.make(
        case,
        move,
        now=now,
        staff_id=staff_id,
        inputs=inputs,
        received_at=receipt.received_at,
    )
    if decision is not None and move is Move.RECEIVED_LATER:
        mark_used(_decision_for(case, decision), entry.number)


def _decision_for(case: Case, decision: Decision) -> Decision:
    """The decision of two people about the receipt is one about each of its cases."""
    if decision.case_id == case.pk:
        return decision
    return Decision.objects.create(
        case=case,
        move=decision.move,
        reasons=decision.reasons,
        evidence=decision.evidence,
        inputs=decision.inputs,
        proposed_by_id=decision.proposed_by_id,
        proposed_at=decision.proposed_at,
        seen_entry_id=casebook.newest_entry_id(case),
        released_by_id=decision.released_by_id,
        released_at=decision.released_at,
        settled_at=decision.settled_at,
        outcome=decision.outcome,
    )


def _counted_with(
    case: Case, move: Move, receipt: Receipt, *, now: datetime
) -> clock.Clocks:
    """The clocks as they are once the receipt is this one."""
    return casebook.clocks_with(case, move, {"to": receipt.as_inputs()}, now=now)


def _loses_extension(case: Case, receipt: Receipt, now: datetime) -> bool:
    """Whether the two months more count by now, and no longer do by this receipt: they
    were announced after the month that begins with it (Art. 12A(4))."""
    after = _counted_with(case, move_of(case, receipt), receipt, now=now)
    return _is_extended(casebook.clocks_of(case, now=now)) and not _is_extended(after)


def _is_extended(clocks: clock.Clocks) -> bool:
    return clocks.deadline is not None and "extension" in clocks.deadline.moved_by


def _days(clocks: clock.Clocks) -> Mapping[str, str | None]:
    """What a receipt makes of the days."""
    due_on = clocks.deadline.due_on if clocks.deadline else None
    promise_on = clocks.promise.target_on if clocks.promise else None
    return {
        "due_on": clock.written(due_on) if due_on else None,
        "promise_on": clock.written(promise_on) if promise_on else None,
    }


def _save(submission: Submission, receipt: Receipt) -> None:
    submission.received_at = receipt.received_at
    submission.dated_on, submission.channel = receipt.dated_on, receipt.channel
    submission.save(update_fields=["received_at", "dated_on", "channel"])


# --- Telling the person ---


def _is_to_be_told(case: Case, was_on: date) -> bool:
    """Whoever was told another day. While we wait for the person no day can be told; the
    letter that says that the time runs tells it then."""
    was_told = case.state in TOLD_IN and case.has_acknowledgement()
    return was_told and was_on != civil_day(case.received_at)


def preview(
    case: Case, correction: Correction, *, now: datetime
) -> letters.Letter | None:
    """The letter as it would leave, before anything is put right; None where none
    would."""
    receipt = correction.receipt
    received_on, was_on = civil_day(receipt.received_at), civil_day(case.received_at)
    if case.state not in TOLD_IN or not case.has_acknowledgement():
        return None
    if received_on == was_on:
        return None
    clocks = _counted_with(case, move_of(case, receipt), receipt, now=now)
    matter = replace(
        writing.matter_of(case, now=now),
        due_on=clocks.deadline.due_on if clocks.deadline else None,
        steps=tuple(step.sentence for step in clocks.steps),
    )
    fields = writing.fields_of(
        [case],
        now=now,
        matters=(matter,),
        received_on=received_on,
        was_received_on=was_on,
        extension_void=_loses_extension(case, receipt, now),
    )
    return letters.render(LetterKind.RECEIPT_CORRECTED, fields)
