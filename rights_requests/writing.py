"""Writing to the person about a case: rendered, kept as it leaves, handed over.

By e-mail through the outbox; by post as a PDF that staff print, for whoever asked for
that or gave no e-mail address.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from outbox.models import MessageClass
from outbox.queueing import queue
from processing_register.notices import current_controller
from rights_requests import casebook, letters, links
from rights_requests.clock import Clocks
from rights_requests.kinds import CaseKind
from rights_requests.letter_fields import Fields, Matter
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, ErasurePlan, Event, Letter, Submission

MAIL = "rights_requests/letter"


def write(
    case: Case,
    kind: LetterKind,
    *,
    now: datetime,
    staff_id: int | None = None,
    edits: Mapping[str, str] | None = None,
    move_number: int | None = None,
    **more: Any,
) -> Letter:
    """Write a letter of this kind about one case, and let it leave with the commit.

    move_number: the move that the letter makes known; when the letter fails, the move
    is taken back (letters_gone). more: what letter_fields.Fields needs beside the case.
    Raises EditNotAllowed, or LetterIncomplete for what the letter lacks.
    """
    drafted = draft(case, kind, now=now, staff_id=staff_id, edits=edits, **more)
    drafted.move_number = move_number
    return hand_over(drafted, case, now=now)


def draft(
    case: Case,
    kind: LetterKind,
    *,
    now: datetime,
    staff_id: int | None = None,
    edits: Mapping[str, str] | None = None,
    **more: Any,
) -> Letter:
    """The letter as it would leave, not saved."""
    rendered = letters.render(kind, fields_of([case], now=now, **more), edits)
    return as_row(case, rendered, staff_id=staff_id)


def as_row(case: Case, rendered: letters.Letter, *, staff_id: int | None) -> Letter:
    kept = rendered.as_json()
    return Letter(
        case=case,
        kind=rendered.kind,
        version=rendered.version,
        subject=rendered.subject,
        blocks=kept,
        digest=_digest(kept),
        by=way_to(case.submission),
        staff_id=staff_id,
    )


def _digest(kept: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).digest()


def way_to(submission: Submission) -> str:
    """By post where the person asked for it or gave no e-mail address."""
    asks_for_post = submission.reply_by == Submission.ReplyBy.POST
    if asks_for_post or not submission.reply_address:
        return Letter.By.POST
    return Letter.By.E_MAIL


def reaches_person(submission: Submission) -> bool:
    """Whether a letter reaches the person whose data it is, and not somebody who says
    that they act for them, or a street that was typed beside their address. Only then
    does it tell what we hold of them: nobody learns by asking whom we know."""
    is_to_person = submission.answer_to == Submission.AnswerTo.PERSON
    has_shown = submission.mailbox_confirmed_at is not None
    return is_to_person and (has_shown or way_to(submission) == Letter.By.E_MAIL)


def contacts_went(case: Case) -> bool:
    """Whether how to reach the person was deleted with their data, so that no letter and
    no code can go to them any more. What is open keeps them."""
    submission = case.submission
    ways = (submission.address, submission.postal_address, submission.agent_address)
    if case.is_open or any(ways):
        return False
    erased = ErasurePlan.objects.filter(
        decision__case__submission__data_subject=submission.data_subject_id,
        state=ErasurePlan.State.DONE,
    )
    return erased.exists()


def hand_over(letter: Letter, case: Case, *, now: datetime) -> Letter:
    """Save it and queue its mail; one by post waits on the case page to be printed."""
    letter.written_at = letter.sent_at = now
    if letter.by == Letter.By.E_MAIL:
        letter.mail_id = queue(
            MAIL,
            to=case.submission.reply_address,
            context=rendered_of(letter).mail_context,
            data_subject_id=case.submission.data_subject_id,
            message_class=MessageClass.RIGHTS,
        ).pk
    letter.save()
    note_sent(case, letter)
    return letter


def note_sent(case: Case, letter: Letter) -> None:
    """Put the letter on record: its template and the digest of its words."""
    casebook.note(
        case,
        Event.LETTER_SENT,
        staff_id=letter.staff_id,
        inputs={
            "letter": letter.kind,
            "version": letter.version,
            "by": str(letter.by),
            "digest": bytes(letter.digest).hex(),
        },
    )


def rendered_of(letter: Letter) -> letters.Letter:
    """A kept letter as the letters know it."""
    return letters.Letter.from_json(letter.blocks)


def fields_of(cases: Sequence[Case], *, now: datetime, **more: Any) -> Fields:
    """The merge data that follows from the cases; `more` adds or replaces.

    The cases are of one submission.
    """
    submission = cases[0].submission
    received_on = timezone.localdate(submission.received_at)
    is_to_agent = submission.answer_to == Submission.AnswerTo.AGENT
    matters = tuple(matter_of(case, now=now) for case in cases)
    given: dict[str, Any] = {
        "controller": current_controller(),
        "matters": matters,
        "written_on": timezone.localdate(now),
        "name": submission.reply_name,
        "by_post": way_to(submission) == Letter.By.POST,
        "by_agent": submission.is_by_agent,
        "on_behalf_of": (submission.name or submission.address) if is_to_agent else "",
        "asked_by": "" if is_to_agent else submission.agent_name,
        "received_on": received_on,
        "dated_on": submission.dated_on if submission.dated_on < received_on else None,
        "status_url": matters[0].status_url,
        "complain_url": settings.SITE_URL + reverse("rights_requests:complain"),
    }
    return Fields(**{**given, **more})


def matter_of(case: Case, *, now: datetime) -> Matter:
    clocks: Clocks = casebook.clocks_of(case, now=now)
    return Matter(
        reference=case.reference,
        kind=CaseKind(case.kind),
        due_on=case.due_on,
        steps=tuple(step.sentence for step in clocks.steps),
        status_url=links.status_url(case),
    )
