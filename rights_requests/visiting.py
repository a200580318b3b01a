"""What people do in a visit to their own case.

Withdrawing and narrowing are moves and stand in closing. What is here moves nothing: the
person writes, hands something in, takes our answer away, or asks for other links.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed
from rights_requests import casebook, links, sensitive, writing
from rights_requests.filing import file_documents
from rights_requests.fulfilment import corrections, rectifying, releasing
from rights_requests.fulfilment.corrections import Standing
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.links import VISIT_LASTS, Use
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLink,
    Channel,
    Event,
    Letter,
    Message,
    Package,
)
from rights_requests.moves import GIVEN
from rights_requests.uploads import Checked
from rights_requests.whose_answer import COPIES, has_moved

Purpose = CaseDocument.Purpose
SIGN_UP = "sign-up"
# However often it is kept open: somebody may have left the room.
LONGEST_VISIT = timedelta(hours=8)


# How long a code that was entered lets copies out.
CODE_COUNTS = timedelta(minutes=15)
COPY_IS_OVER = (
    "The time of this copy is over: it held your data in one place, so we kept it for a "
    "short time only. Below, under “Documents”, you can have it again."
)
TAKEN_AWAY = (
    "We took this file away. Below, under “Documents”, you see what is there now. If you "
    "need it, write to us."
)
DELETED = "This file is deleted by now, as it says below under “Documents”."
ASKED_AGAIN = (
    "What you gave me is no longer on the page. Please give it to me once more."
)


# --- Staying ---


def stay(visit: CaseLink, *, now: datetime) -> datetime:
    """Half an hour from now, but no longer than eight hours in all; when it ends."""
    until = min(now + VISIT_LASTS, visit.made_at + LONGEST_VISIT)
    standing = CaseLink.objects.standing().filter(pk=visit.pk, expires_at__lt=until)
    standing.update(expires_at=until)
    return until


# --- Writing ---


@transaction.atomic
def write_message(case_id: uuid.UUID, words: str, *, now: datetime) -> Message:
    """Keep what the person wrote, unread. Whether it answers a question of ours is for
    staff to say: nothing moves by it. The words come with their numbers masked."""
    case = casebook.locked(case_id)
    if not words.strip():
        raise NotAllowed("Write your message.")
    message = Message.objects.create(
        case=case, words=words.strip(), channel=Channel.FORM, received_at=now
    )
    casebook.note(
        case,
        Event.MESSAGE,
        inputs={"message": message.pk, "words": casebook.digest_of(message.words)},
    )
    sensitive.look_through(case.submission, message.words, now=now)
    return message


# --- Documents ---


def purposes_for(case: Case) -> list[CaseDocument.Purpose]:
    """What the person may say that a document is, at this moment."""
    found = [Purpose.EVIDENCE]
    if case.checks.filter(closed_at__isnull=True).exists():
        found.append(Purpose.IDENTITY)
    if case.submission.is_by_agent:
        found.append(Purpose.AUTHORITY)
    return found


def _why_not_hand_in(case: Case, purpose: CaseDocument.Purpose) -> str:
    """A proof of identity that nobody waits for would be kept without a day on which it
    goes."""
    if purpose in purposes_for(case):
        return ""
    return "We wait for nothing of that kind any more."


def add_documents(
    case_id: uuid.UUID, files: Sequence[Checked], purpose: str, *, now: datetime
) -> list[CaseDocument]:
    """Keep what the person handed in; all of it, or nothing. Raises NotAllowed for what
    it cannot be at this moment."""
    return file_documents(
        case_id,
        files,
        Purpose(purpose),
        staff_id=None,
        now=now,
        why_not=_why_not_hand_in,
    )


def given_to_person(case: Case) -> list[CaseDocument]:
    """What we answered with; nothing before the answer was given."""
    if case.state not in GIVEN:
        return []
    answers = case.documents.filter(purpose=Purpose.ANSWER, removed_at__isnull=True)
    with_copies = answers.select_related("package")
    return [document for document in with_copies if _was_given(document)]


def _was_given(document: CaseDocument) -> bool:
    """A copy, and a file with somebody's data beside it, only once it was handed over,
    and not longer than its day; every other answer as long as it is there."""
    if document.case.kind not in COPIES:
        return True
    given = _handed(document)
    is_over = releasing.has_ended(given, now=timezone.now())
    return given.handed_at is not None and not is_over


def _handed(document: CaseDocument) -> Package | CaseDocument:
    """What says when it was handed over."""
    return document.package if document.is_put_together else document


def copy_ends_on(document: CaseDocument) -> date | None:
    """The last day on which it can be downloaded, of a copy and a file beside it; None
    for any other document."""
    handed_at = _handed(document).handed_at
    return releasing.ends_on(handed_at) if handed_at else None


def copy_has_ended(case: Case) -> bool:
    """Whether there was a copy on the page of this case, or a file with their data, and
    there is none now."""
    if case.state not in GIVEN or case.kind not in COPIES:
        return False
    given = given_to_person(case)
    if case.packages.filter(handed_at__isnull=False).exists():
        return not any(document.is_put_together for document in given)
    files = case.documents.filter(purpose=Purpose.ANSWER, handed_at__isnull=False)
    return files.exists() and not given


@dataclass(frozen=True)
class CopyGone:
    """What the page says of what is no longer there. noun: how it is asked for again."""

    words: str
    noun: str


def copy_gone(case: Case) -> CopyGone | None:
    """What became of the copy of this case, or of a file with their data; None while it
    is there, and where there never was one."""
    if not copy_has_ended(case):
        return None
    is_copy = case.kind == CaseKind.ACCESS
    noun = "copy" if is_copy else "file"
    title = "copy of your data" if is_copy else "file with your data"
    if _was_newest_taken_away(case):
        return CopyGone(
            f"We took the {title} away before its time. If you need it, ask for it again.",
            noun,
        )
    why = "it held your data in one place" if is_copy else "whoever has it can read it"
    return CopyGone(
        f"The {title} is no longer here: {why}, so we kept it for a short time only. "
        "You can have it again, with what we hold by then.",
        noun,
    )


def _was_newest_taken_away(case: Case) -> bool:
    """Whether staff took away what was handed over last."""
    answers = case.documents.filter(purpose=Purpose.ANSWER).select_related("package")
    given = {one: at for one in answers if (at := _handed(one).handed_at) is not None}
    newest = max(given.values(), default=None)
    return all(_was_taken_away(one) for one, at in given.items() if at == newest)


def _was_taken_away(document: CaseDocument) -> bool:
    """Whether it went before its day was over."""
    handed_at, removed_at = _handed(document).handed_at, document.removed_at
    if handed_at is None or removed_at is None:
        return False
    return timezone.localdate(removed_at) <= releasing.ends_on(handed_at)


def ask_for_fresh_copy(case_id: uuid.UUID, *, now: datetime) -> Message:
    """The copy has ended, and the person wants it once more: staff have a fresh one put
    together, in the same case. Raises NotAllowed while there is one."""
    if not copy_has_ended(Case.objects.get(pk=case_id)):
        raise NotAllowed("Your copy is on this page already.")
    return write_message(case_id, ASKED_AGAIN, now=now)


def sent_by_person(case: Case) -> list[CaseDocument]:
    """What the person sent, with what has been removed since."""
    return list(case.documents.exclude(purpose=Purpose.ANSWER))


def can_take_away(case: Case, document: CaseDocument) -> bool:
    """Our answer, and what the person uploaded; never a proof of identity, which is
    nobody's to copy out of a mailbox that may have been taken over."""
    if document.removed_at is not None:
        return False
    if document.purpose == Purpose.ANSWER:
        is_theirs = not (document.is_put_together and has_moved(case))
        return case.state in GIVEN and is_theirs and _was_given(document)
    is_own = document.staff_id is None
    return is_own and document.purpose in (Purpose.EVIDENCE, Purpose.AUTHORITY)


def of_person(case: Case, document_id: uuid.UUID) -> CaseDocument | None:
    """The document, if it is one that the person of this case may take away."""
    found = case.documents.filter(pk=document_id).first()
    return found if found is not None and can_take_away(case, found) else None


def why_gone(case: Case, document_id: uuid.UUID) -> str:
    """What became of a document that the person could take away before, for whoever has
    a page open from that time; empty for any other."""
    found = case.documents.filter(pk=document_id).first()
    if found is None or can_take_away(case, found) or not _was_theirs(case, found):
        return ""
    if found.purpose != Purpose.ANSWER:
        return DELETED
    is_over = releasing.has_ended(_handed(found), now=timezone.now())
    return COPY_IS_OVER if is_over and not _was_taken_away(found) else TAKEN_AWAY


def _was_theirs(case: Case, document: CaseDocument) -> bool:
    """What they sent and could take back, or what we gave them, while the answer stands.
    A mailbox that is no longer theirs learns of nothing."""
    if document.purpose != Purpose.ANSWER:
        is_own = document.staff_id is None and document.purpose != Purpose.IDENTITY
        return is_own and document.removed_at is not None
    if case.state not in GIVEN or has_moved(case):
        return False
    return _handed(document).handed_at is not None


def needs_code(visit: CaseLink, document: CaseDocument, *, now: datetime) -> bool:
    """Whether a mailed code has to be entered before this file is handed out: somebody's
    data does not go to whoever finds an old letter or an open screen."""
    if document.purpose != Purpose.ANSWER or visit.case.kind not in COPIES:
        return False
    return visit.code_at is None or visit.code_at + CODE_COUNTS <= now


@transaction.atomic
def note_taken(case_id: uuid.UUID, document: CaseDocument) -> None:
    casebook.note(
        casebook.locked(case_id),
        Event.DOCUMENT_TAKEN,
        inputs={"document": str(document.pk)},
    )


# --- What is right ---


def correctable(case: Case) -> list[Standing]:
    """What the person can say is wrong: what they told us when they signed up. Somebody
    else who writes for them is shown nothing of it."""
    if corrections.why_not_propose(case) or case.submission.is_by_agent:
        return []
    if case.submission.mailbox_confirmed_at is None:
        return []
    subject_id = case.submission.data_subject_id
    return corrections.data_of(subject_id, place=SIGN_UP, is_to_mailbox=True)


@transaction.atomic
def say_what_is_right(
    case_id: uuid.UUID, right: Mapping[str, str], *, now: datetime
) -> int:
    """Put on record what the person typed where it differs, for staff to look at; returns
    how many. All of it or nothing: raises NotAllowed for what cannot stand there, and
    where a correction of the same is open."""
    case = casebook.locked(case_id)
    proposed = 0
    for datum in correctable(case):
        typed = right.get(datum.key, datum.value)
        if typed.strip() != datum.value.strip():
            rectifying.propose(case_id, datum.key, typed, staff_id=None, now=now)
            sensitive.look_through(case.submission, typed, now=now)
            proposed += 1
    if not proposed:
        raise NotAllowed("Nothing differs from what we have.")
    return proposed


# --- Where it goes ---


def may_say_where(case: Case) -> bool:
    """Whoever has the person’s own mailbox; for others who ask, staff write it down."""
    submission = case.submission
    return not submission.is_by_agent and submission.mailbox_confirmed_at is not None


# --- Links ---


@transaction.atomic
def replace_links(
    case_id: uuid.UUID,
    *,
    now: datetime,
    visit: CaseLink | None = None,
    staff_id: int | None = None,
) -> Letter:
    """The status links of this case stop, and a new one goes out.

    With them stops what opens the case or another one that was asked for at the same
    time: whoever has our first letter has that link too, and may have a visit open. The
    visit from which it is done stays; staff_id: who did it for the person.
    """
    case = casebook.locked(case_id)
    links.renew_status(case, now=now)
    _close_doors(case, now=now, visit=visit, staff_id=staff_id)
    letter = writing.write(case, LetterKind.STATUS_LINK, now=now, staff_id=staff_id)
    casebook.note(case, Event.LINK_SENT, staff_id=staff_id)
    return letter


@transaction.atomic
def revoke_links(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> Case:
    """No link of this case opens anything any more, and none is sent in their place."""
    case = casebook.locked(case_id)
    standing = CaseLink.objects.standing().filter(case=case)
    if not standing.update(revoked_at=now):
        raise NotAllowed("No link of this case works.")
    _close_doors(case, now=now, visit=None, staff_id=staff_id)
    return case


def _close_doors(
    case: Case, *, now: datetime, visit: CaseLink | None, staff_id: int | None
) -> None:
    others = CaseLink.objects.filter(
        case__submission=case.submission_id,
        use__in=[Use.CONFIRM, Use.VISIT],
        revoked_at__isnull=True,
    )
    if visit is not None:
        others = others.exclude(pk=visit.pk)
    others.update(revoked_at=now)
    casebook.note(case, Event.LINK_REVOKED, staff_id=staff_id)


@transaction.atomic
def open_sibling(visit: CaseLink, reference: str, *, now: datetime) -> str:
    """A visit to another case of the same submission: the mailbox is the same, and so
    is whoever opened this one. Empty when there is no such case, or when new links have
    shut this visit meanwhile."""
    rows = Case.objects.filter(submission=visit.case.submission_id).order_by("pk")
    cases = list(rows.select_for_update(of=("self",), no_key=True))
    # Under the locks: whoever shuts doors holds one of these cases.
    if not CaseLink.objects.standing().filter(pk=visit.pk).exists():
        return ""
    sibling = next((case for case in cases if case.reference == reference), None)
    if sibling is None:
        return ""
    return links.open_visit(sibling, now=now, code_at=visit.code_at)
