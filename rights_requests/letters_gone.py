"""What became of letters: an extension counts once its letter was handed over in time,
and what a lost letter should have made known is taken back.

An extension without notice is none (Art. 12A(4)), and a refusal that nobody told is no
answer: the case is open again, its clock as if the letter had never been written.
"""

import logging
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed, refuse
from outbox import outcomes
from outbox.models import State as MailState
from rights_requests import casebook, clock, writing
from rights_requests.closing import close_checks, mark_used
from rights_requests.fulfilment import after_report
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, CaseLogEntry, Decision, Event, Letter
from rights_requests.moves import Move, after

logger = logging.getLogger(__name__)
LOST = (MailState.FAILED, MailState.WITHHELD)
OF_OPEN_COMPLAINT = (
    LetterKind.ACKNOWLEDGE_COMPLAINT,
    LetterKind.COMPLAINT_PROGRESS,
)
# By the first of them that leaves, whoever complained is told that we have it.
FIRST_WORDS = (LetterKind.ACKNOWLEDGE_COMPLAINT, LetterKind.COMPLAINT_OUTCOME)
TAKE_BACK = "Take the question back: posted on that day, it would count for nothing."
BATCH = 500


def take_over(now: datetime) -> int:
    """Act on every letter whose end is known by now; returns how many. One that cannot
    be dealt with holds up no other."""
    unsettled = Letter.objects.filter(settled_at__isnull=True, mail_id__isnull=False)
    rows = unsettled.annotate(mail_state=outcomes.state_by("mail_id"))
    ended = rows.filter(mail_state__in=[MailState.SENT, *LOST])
    count = 0
    for letter_id in list(ended.order_by("id").values_list("pk", flat=True)[:BATCH]):
        try:
            count += _take_over_one(letter_id, now)
        except Exception:
            logger.exception("Letter %s could not be taken over", letter_id)
    return count


@transaction.atomic
def _take_over_one(letter_id: int, now: datetime) -> bool:
    letter, case = _locked(letter_id)
    state = outcomes.state_of(letter.mail_id)
    if letter.settled_at is not None or state is None:
        return False
    if state in LOST:
        _lost(letter, case, now)
    else:
        _arrived(letter, case, outcomes.sent_at(letter.mail_id) or now, now)
    return True


def _locked(letter_id: int) -> tuple[Letter, Case]:
    """With the person, whose data goes with the last letter unless something binds it."""
    case_id = Letter.objects.values_list("case", flat=True).get(pk=letter_id)
    case = casebook.locked_with_person(case_id)
    letter = Letter.objects.select_for_update(of=("self",)).get(pk=letter_id)
    return letter, case


@transaction.atomic
def mark_posted(
    letter_id: int, *, posted_on: date, staff_id: int, now: datetime
) -> Letter:
    """The letter went into the post on this day."""
    letter, case = _locked(letter_id)
    if letter.by != Letter.By.POST:
        raise NotAllowed("This letter goes by e-mail.")
    if letter.sent_at is None:
        raise NotAllowed("This letter was taken back: it must not leave any more.")
    if letter.posted_on is not None:
        raise NotAllowed("This letter was posted already.")
    casebook.refuse_future(posted_on, now=now)
    if posted_on < timezone.localdate(letter.written_at):
        raise NotAllowed("It cannot have been posted before it was written.")
    letter.posted_on = posted_on
    letter.save(update_fields=["posted_on"])
    _count_from_posting(letter, case, posted_on, staff_id, now)
    _arrived(letter, case, posted_on, now)
    return letter


def _count_from_posting(
    letter: Letter, case: Case, posted_on: date, staff_id: int, now: datetime
) -> None:
    """A question or an acknowledgement by post counts from its posting: while it lay
    here, nobody had been asked or told."""
    casebook.bring_up_to_date(case, now=now)
    before = casebook.clocks_of(case, now=now)
    casebook.note(
        case,
        Event.LETTER_POSTED,
        staff_id=staff_id,
        inputs={
            "letter": letter.pk,
            "on": clock.written(posted_on),
            "move": letter.move_number,
        },
    )
    after = casebook.clocks_of(case, now=now)
    too_late = [error for error in after.errors if error not in before.errors]
    refuse(*too_late, *([TAKE_BACK] if too_late else []))
    changes: dict[str, Any] = {}
    if letter.kind in FIRST_WORDS and case.acknowledged_at is None:
        changes["acknowledged_at"] = casebook.moment_of(posted_on, now=now)
    casebook.count_anew(case, now=now, **changes)


def _arrived(letter: Letter, case: Case, at: date, now: datetime) -> None:
    """Handed over to a mail server or to the post, at this moment or on this day."""
    _settle(letter, now)
    after_report.forget_contacts(case)
    decision = _extension_of(letter)
    if decision is None:
        return
    try:
        with transaction.atomic():
            entry = casebook.make(
                case,
                Move.EXTEND,
                now=now,
                staff_id=decision.released_by_id,
                inputs={
                    "at": clock.written(at),
                    "ground": decision.ground,
                    "decision": decision.pk,
                },
            )
            mark_used(decision, entry.number)
    except NotAllowed:
        case.refresh_from_db()
        _end(decision, Decision.Outcome.TOO_LATE, now)
        _tell_that_it_is_void(letter, case, now)
        return
    _end(decision, Decision.Outcome.RELEASED, now)


def _tell_that_it_is_void(letter: Letter, case: Case, now: datetime) -> None:
    """Whoever was told of a date that does not count gets the one that does."""
    if case.is_open:
        writing.write(
            case, LetterKind.EXTENSION_VOID, now=now, staff_id=letter.staff_id
        )


def _extension_of(letter: Letter) -> Decision | None:
    pending = Decision.objects.pending().filter(letter=letter, move=Move.EXTEND)
    return pending.first()


def _lost(letter: Letter, case: Case, now: datetime) -> None:
    _settle(letter, now)
    decision = _extension_of(letter)
    if decision is not None:
        _end(decision, Decision.Outcome.NOT_SENT, now)
        outcomes.take_back(letter.mail_id)
    if letter.kind == LetterKind.ACKNOWLEDGEMENT:
        _unacknowledge(letter, case)
    if letter.move_number is None or not _still_stands(letter, case):
        return  # the letter made nothing known, or the case has moved on since
    if after(case.kind, case.state, Move.LETTER_FAILED) is None:
        return
    if letter.kind == LetterKind.ASK_IDENTITY:
        close_checks(case, staff_id=None, now=now)
    _undo(letter, case, now)
    if case.is_complaint:
        _forget_what_was_not_told(case, now)


def take_back_unposted(letter: Letter, case: Case, *, now: datetime) -> None:
    """A letter that lies here to be posted, and must not be: nobody was told by it. The
    caller holds the case."""
    letter.sent_at = None
    letter.save(update_fields=["sent_at"])
    _lost(letter, case, now)


def _undo(letter: Letter, case: Case, now: datetime) -> None:
    outcomes.take_back(letter.mail_id)
    inputs = {"undoes": letter.move_number}
    casebook.make(case, Move.LETTER_FAILED, now=now, inputs=inputs)


def _forget_what_was_not_told(case: Case, now: datetime) -> None:
    """Of a complaint that is open, or open again: what was lost while it was closed
    counts for nothing now, and it is acknowledged only where something says so."""
    entries = casebook.entries_of(case)
    failed = [entry for entry in entries if entry.event == Move.LETTER_FAILED]
    undone = {entry.inputs["undoes"] for entry in failed}
    words = case.letters.filter(kind__in=OF_OPEN_COMPLAINT, settled_at__isnull=False)
    for letter in words.exclude(move_number__in=undone).order_by("pk"):
        if outcomes.state_of(letter.mail_id) in LOST:
            _undo(letter, case, now)
    story = clock.story_of(casebook.entries_of(case))
    if story.acknowledged_on is None:
        case.acknowledged_at = None
        case.save(update_fields=["acknowledged_at"])


def _unacknowledge(letter: Letter, case: Case) -> None:
    """Nobody was told that we have it: staff can write once more, by another way."""
    was_replaced = case.letters.filter(kind=letter.kind, pk__gt=letter.pk).exists()
    if case.is_open and not was_replaced:
        case.acknowledged_at = None
        case.save(update_fields=["acknowledged_at"])


def _still_stands(letter: Letter, case: Case) -> bool:
    """Whether no later move has led to another state than this one did. An
    acknowledgement leads to none: we owe it for as long as the complaint is open."""
    if letter.kind in OF_OPEN_COMPLAINT:
        return case.is_open
    moves = CaseLogEntry.objects.filter(case_id=case.pk, number__gte=letter.move_number)
    states = set(moves.values_list("state", flat=True))
    return states == {str(case.state)}


def _settle(letter: Letter, now: datetime) -> None:
    letter.settled_at = now
    letter.save(update_fields=["settled_at"])


def _end(decision: Decision, outcome: Decision.Outcome, now: datetime) -> None:
    decision.outcome, decision.settled_at = outcome, now
    decision.save(update_fields=["outcome", "settled_at"])
