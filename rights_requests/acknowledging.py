"""Telling whoever asked that we have it, by when an answer is due, and why by then.

Whoever sends a form does not wait for the letter: receiving marks the submission, and
the worker, which looks every two seconds, writes what is to be told and takes the mark
away in one transaction. So a letter is neither lost nor written twice.
"""

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from groundwork.one_statement import Part
from groundwork.periods import civil_day
from rights_requests import at_once, casebook, clock, links, writing
from rights_requests.clock import PROGRESS_WITHIN
from rights_requests.kinds import AT_ONCE, FACTS, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.letters import render
from rights_requests.limits import likely_limits
from rights_requests.models import Case, Letter, Submission
from rights_requests.moves import Move, State

logger = logging.getLogger(__name__)

# Anybody can type somebody else's address: their mailbox shall not be filled with it,
# and two machines shall not write to each other without end.
MOST_A_DAY = 5
FLOOD = "flood"
FIRST_LETTERS = (
    LetterKind.ACKNOWLEDGEMENT,
    LetterKind.ACKNOWLEDGE_COMPLAINT,
    LetterKind.AT_ONCE,
    LetterKind.SCHEDULE,
)
# What says what we took a message for.
NAMES_THE_KIND = (*FIRST_LETTERS, LetterKind.PUT_RIGHT)
KINDS = [kind.value for kind in CaseKind]

MANY = """
    SELECT count(*) >= %s AS has_them FROM rights_requests_submission AS sent
    JOIN data_subjects_datasubject AS person ON person.id = sent.data_subject_id
    WHERE person.address_digest = %s AND sent.recorded_at > %s
      AND (sent.acknowledge_from IS NOT NULL OR EXISTS (
        SELECT FROM rights_requests_letter AS letter
        JOIN rights_requests_case AS told ON told.id = letter.case_id
        WHERE told.submission_id = sent.id AND letter.kind = ANY(%s)))
"""
# A run that has more to do leaves the rest to the next one, seconds later.
MOST_A_RUN = 2_000
RUN_SECONDS = 30.0
TRIED_AGAIN_AFTER = timedelta(minutes=10)
# By then the worker has looked more than a hundred times.
LATE_AFTER = timedelta(minutes=5)


def many_step(name: str, address_digest: bytes, *, now: datetime) -> Part:
    """A step whose column has_them says whether this person got, or is about to get, as
    many first letters as one gets in a day."""
    since = now - timedelta(days=1)
    return Part(name, MANY, (MOST_A_DAY, address_digest, since, [*FIRST_LETTERS]))


# --- By the worker ---


def acknowledge_new(now: datetime) -> int:
    """Write the first letters that are due; returns for how many submissions.

    One that fails holds up no other: it is in the log, it shows on the console, and it
    is tried again later. Two workers never write about the same one.
    """
    ends_at = time.monotonic() + RUN_SECONDS
    due = Submission.objects.to_acknowledge(now).order_by("acknowledge_from")
    count = 0
    for submission_id in list(due.values_list("pk", flat=True)[:MOST_A_RUN]):
        if time.monotonic() > ends_at:
            break
        try:
            count += _acknowledge_marked(submission_id, now)
        except Exception:
            logger.exception("Submission %s could not be acknowledged", submission_id)
            _put_off(submission_id, now)
    return count


@transaction.atomic
def _acknowledge_marked(submission_id: uuid.UUID, now: datetime) -> bool:
    """False when somebody else is at work on it: then at the next look."""
    marked = Submission.objects.to_acknowledge(now).select_for_update(
        of=("self",), no_key=True, skip_locked=True
    )
    submission = marked.filter(pk=submission_id).first()
    cases = _held_cases(submission) if submission else None
    if submission is None or cases is None:
        return False
    acknowledge(submission, cases, now=now)
    # While the person must act, no day can be told; the letter goes once it can.
    waits = any(case.is_waiting and case.acknowledged_at is None for case in cases)
    submission.acknowledge_from = now + TRIED_AGAIN_AFTER if waits else None
    submission.save(update_fields=["acknowledge_from"])
    return True


def _held_cases(submission: Submission) -> list[Case] | None:
    """All its cases, locked, in the order of their kinds; None while one is held by
    somebody else. Nobody is waited for, so that nobody waits for us in turn."""
    rows = Case.objects.filter(submission=submission).select_for_update(
        of=("self",), no_key=True, skip_locked=True
    )
    cases = sorted(rows, key=lambda case: KINDS.index(case.kind))
    if len(cases) < submission.cases.count():
        return None
    for case in cases:
        case.submission = submission
    return cases


def _put_off(submission_id: uuid.UUID, now: datetime) -> None:
    Submission.objects.filter(pk=submission_id, acknowledge_from__isnull=False).update(
        acknowledge_from=now + TRIED_AGAIN_AFTER
    )


def trouble(now: datetime) -> str:
    """How many wait for their first letter too long, in words; empty when none does."""
    waiting = Submission.objects.filter(
        acknowledge_from__isnull=False, recorded_at__lt=now - LATE_AFTER
    )
    still_with_us = Case.objects.filter(
        submission=OuterRef("pk"), state=State.IN_PROGRESS
    )
    number = waiting.filter(Exists(still_with_us)).count()
    if not number:
        return ""
    verb = "person waits" if number == 1 else "people wait"
    return f"{number} {verb} for the letter that says we have their request"


# --- The letters ---

# The opening words of a letter about what a mail was taken for.
TAKEN_FOR = (
    "Thank you for your e-mail. We have taken it for what is named below. If you meant "
    "something else, answer this e-mail and tell us."
)
DRAFT_EDITS = {"opening": TAKEN_FOR}


def acknowledge(
    submission: Submission,
    cases: Sequence[Case],
    *,
    now: datetime,
    staff_id: int | None = None,
) -> list[Letter]:
    """Write to whoever asked, once: one letter for the requests that we work on, one for
    each complaint, and one for each that was done at once. Empty when all was told.
    staff_id: who had it sent, when it did not leave by itself."""
    written = [at_once.tell(case, now=now) for case in cases if at_once.is_untold(case)]
    untold = [case for case in cases if _is_unacknowledged(case)]
    requests = [case for case in untold if not case.is_complaint]
    if requests:
        written += _requests(submission, requests, now=now, staff_id=staff_id)
    for case in untold:
        if case.is_complaint:
            written.append(_complaint(case, now=now, staff_id=staff_id))
    return written


def acknowledge_drafts(
    submission: Submission, cases: Sequence[Case], *, now: datetime
) -> list[Letter]:
    """Tell who sent a mail that we have it, what we took it for, and by when an answer is
    due: staff still have to confirm it, and the time runs meanwhile."""
    drafts = [
        case
        for case in cases
        if case.state == State.DRAFT and not case.has_acknowledgement()
    ]
    requests = [case for case in drafts if not case.is_complaint]
    written = []
    if requests:
        written += _requests(submission, requests, now=now, edits=DRAFT_EDITS)
    for case in drafts:
        if case.is_complaint:
            written.append(_complaint(case, now=now, edits=DRAFT_EDITS))
    return written


def put_right(case: Case, *, now: datetime, staff_id: int | None = None) -> None:
    """Tell whoever was told that we took their message for something else what it is
    after all. What was done at once is told as done."""
    if _was_told_that_it_is_closed(case):
        case.acknowledged_at = None  # they are told anew that we have it, and as what
        return
    taken_for = _taken_for(case)
    if not case.is_open or taken_for in ("", case.kind):
        return
    limits = likely_limits(case.submission, CaseKind(case.kind))
    writing.write(
        case,
        LetterKind.PUT_RIGHT,
        now=now,
        staff_id=staff_id,
        taken_for=FACTS[CaseKind(taken_for)].in_words,
        limits=tuple(limit.sentence for limit in limits),
    )


def _was_told_that_it_is_closed(case: Case) -> bool:
    """As our last word on a request that was opened again. A complaint has its own next
    word."""
    words = (LetterKind.NO_REQUEST, *NAMES_THE_KIND)
    last = case.letters.filter(kind__in=words).order_by("-pk").first()
    is_closing = last is not None and last.kind == LetterKind.NO_REQUEST
    return is_closing and not case.is_complaint


def _taken_for(case: Case) -> str:
    """The kind that our newest word on it named; empty where there was none."""
    if not case.has_acknowledgement():
        return ""
    told = then = ""
    for entry in casebook.entries_of(case):
        if entry.event == Move.RECEIVE:
            then = entry.inputs["kind"]
        elif entry.event == Move.RECLASSIFY:
            then = entry.inputs["to"]
        elif entry.inputs.get("letter") in NAMES_THE_KIND:
            told = then
    return told


def _is_unacknowledged(case: Case) -> bool:
    return case.state == State.IN_PROGRESS and not case.has_acknowledgement()


def _working_already(cases: Sequence[Case]) -> tuple[str, ...]:
    """What took effect before this letter about it is written."""
    return tuple(
        at_once.STOPS[CaseKind(case.kind)]
        for case in cases
        if case.kind in AT_ONCE and at_once.has_taken_effect(case)
    )


def _confirm_url(case: Case) -> str:
    """Where the mailbox is confirmed: only a letter to that mailbox may hold it."""
    is_mailed = writing.way_to(case.submission) == Letter.By.E_MAIL
    return links.confirm_url(case) if is_mailed else ""


def _requests(
    submission: Submission,
    cases: Sequence[Case],
    *,
    now: datetime,
    staff_id: int | None = None,
    edits: Mapping[str, str] | None = None,
) -> list[Letter]:
    """One letter about all of them, kept on each."""
    today = civil_day(now)
    limits = [
        limit.sentence
        for case in cases
        for limit in likely_limits(submission, CaseKind(case.kind))
    ]
    promises = [
        case.promise_on
        for case in cases
        if case.promise_on and case.due_on and today <= case.promise_on < case.due_on
    ]
    fields = writing.fields_of(
        cases,
        now=now,
        limits=tuple(dict.fromkeys(limits)),
        promised_by=min(promises, default=None),
        stops=_working_already(cases),
        confirm_url=_confirm_url(cases[0]),
    )
    rendered = render(LetterKind.ACKNOWLEDGEMENT, fields, edits)
    first = writing.hand_over(
        writing.as_row(cases[0], rendered, staff_id=staff_id), cases[0], now=now
    )
    rows = [first]
    for case in cases[1:]:
        row = writing.as_row(case, rendered, staff_id=staff_id)
        row.written_at = row.sent_at = now
        row.mail_id = first.mail_id
        row.save()
        writing.note_sent(case, row)
        rows.append(row)
    for case in cases:
        case.acknowledged_at = now
        case.save(update_fields=["acknowledged_at"])
    return rows


def _complaint(
    case: Case,
    *,
    now: datetime,
    staff_id: int | None = None,
    edits: Mapping[str, str] | None = None,
) -> Letter:
    """The acknowledgement of section 164A(3), on a clock of its own. By post it is one
    from its posting (letters_gone)."""
    by = writing.way_to(case.submission)
    is_told = {} if by == Letter.By.POST else {"acknowledged_at": now}
    move = casebook.make(
        case,
        Move.ACKNOWLEDGE,
        now=now,
        staff_id=staff_id,
        inputs={"at": clock.written(now), "by": str(by)},
        **is_told,
    )
    return writing.write(
        case,
        LetterKind.ACKNOWLEDGE_COMPLAINT,
        now=now,
        staff_id=staff_id,
        edits=edits,
        move_number=move.number,
        about=case.about.reference if case.about else "",
        next_news_on=timezone.localdate(now) + PROGRESS_WITHIN,
        confirm_url=_confirm_url(case),
    )
