"""Telling whoever asked that we have it, by when an answer is due, and why by then."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from rights_requests import casebook, clock, writing
from rights_requests.clock import PROGRESS_WITHIN
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.letters import render
from rights_requests.limits import likely_limits
from rights_requests.links import confirm_url
from rights_requests.models import Case, Letter, Submission
from rights_requests.moves import Move

# Anybody can type somebody else's address: their mailbox shall not be filled with it,
# and two machines shall not write to each other without end.
MOST_A_DAY = 5
FLOOD = "flood"


def has_many(address_digest: bytes | None, *, now: datetime) -> bool:
    """Whether this person got as many acknowledgements as one gets in a day."""
    if address_digest is None:
        return False
    recent = Submission.objects.filter(
        data_subject__address_digest=address_digest,
        cases__letters__kind__in=[
            LetterKind.ACKNOWLEDGEMENT,
            LetterKind.ACKNOWLEDGE_COMPLAINT,
            LetterKind.AT_ONCE,
            LetterKind.SCHEDULE,
        ],
        recorded_at__gt=now - timedelta(days=1),
    )
    return recent.distinct().count() >= MOST_A_DAY


def acknowledge(
    submission: Submission,
    cases: Sequence[Case],
    *,
    now: datetime,
    staff_id: int | None = None,
) -> list[Letter]:
    """Write to whoever asked, once: one letter for the requests that are still open and
    one for each complaint. Empty when all was answered at once, or told before.
    staff_id: who had it sent, when it did not leave by itself."""
    untold = [case for case in cases if case.is_open and case.acknowledged_at is None]
    requests = [case for case in untold if not case.is_complaint]
    written = []
    if requests:
        written = _requests(submission, requests, now=now, staff_id=staff_id)
    for case in untold:
        if case.is_complaint:
            written.append(_complaint(case, now=now, staff_id=staff_id))
    return written


def _requests(
    submission: Submission,
    cases: Sequence[Case],
    *,
    now: datetime,
    staff_id: int | None,
) -> list[Letter]:
    """One letter about all of them, kept on each."""
    limits = [
        limit.sentence
        for case in cases
        for limit in likely_limits(submission, CaseKind(case.kind))
    ]
    promises = [
        case.promise_on
        for case in cases
        if case.promise_on and case.due_on and case.promise_on < case.due_on
    ]
    fields = writing.fields_of(
        cases,
        now=now,
        limits=tuple(dict.fromkeys(limits)),
        promised_by=min(promises, default=None),
        confirm_url=confirm_url(cases[0]),
    )
    rendered = render(LetterKind.ACKNOWLEDGEMENT, fields)
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


def _complaint(case: Case, *, now: datetime, staff_id: int | None) -> Letter:
    """The acknowledgement of section 164A(3), on a clock of its own."""
    move = casebook.make(
        case,
        Move.ACKNOWLEDGE,
        now=now,
        staff_id=staff_id,
        inputs={"at": clock.written(now)},
        acknowledged_at=now,
    )
    return writing.write(
        case,
        LetterKind.ACKNOWLEDGE_COMPLAINT,
        now=now,
        staff_id=staff_id,
        move_number=move.number,
        about=case.about.reference if case.about else "",
        next_news_on=timezone.localdate(now) + PROGRESS_WITHIN,
        confirm_url=confirm_url(case),
    )
