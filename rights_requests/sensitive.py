"""Shutting away what people write of health, belief, offences or children.

Nobody needs it here, and we ask nobody for it (UK GDPR, Articles 5(1)(c), 9 and 10).
What seems to tell such a thing is shut away as it arrives, by rules that only flag; who
may see it decides whether it stays so, and removes the words that tell it.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork.refusals import NotAllowed
from groundwork.restricted_rows import as_the_law_requires
from groundwork.sensitive import Finding, Sign, findings, signs_of_sensitive
from outbox import inbound, outcomes
from rights_requests import casebook
from rights_requests.deadline_words import in_words
from rights_requests.letter_frames import QUOTING
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Event,
    Message,
    Note,
    Submission,
)
from rights_requests.vault_keeping import remove_document
from staff.models import AccessRecord

MAY_SEE = "rights_requests.see_shut_away"
# What stands in its place for whoever may not see it.
SHUT = "[Shut away: there is something here, and nothing of it is shown to you.]"
LEAST_REASON = 10


class HasPermissions(Protocol):
    def has_perm(self, perm: str) -> bool: ...


# --- Who sees what ---


def may_read(user: HasPermissions, submission: Submission) -> bool:
    """Whether this member of staff may read what people wrote in this submission."""
    return submission.shut_away_at is None or user.has_perm(MAY_SEE)


def shown(text: str, submission: Submission, user: HasPermissions) -> str:
    """The text; or, for whoever may not read it, that there is one."""
    return text if not text or may_read(user, submission) else SHUT


def show_notes(notes: Iterable[Note], case: Case, user: HasPermissions) -> None:
    """The same for what colleagues noted, which mostly tells of the work alone: hidden
    is where the rules find something, and everything, until it is opened again, where
    somebody who had read it shut it away: what they found there, the rules did not, nor
    do they find it where a later note comes back to it."""
    submission = case.submission
    if may_read(user, submission):
        return
    by_hand = is_shut_by_hand(submission)
    for note in notes:
        if by_hand or _signs(note.words):
            note.words = SHUT


def is_shut_by_hand(submission: Submission) -> bool:
    """Whether somebody has shut it away who had read it, and nobody opened it since; also
    for a case that was added to it later."""
    cases = submission.cases.values("pk")
    entries = CaseLogEntry.objects.filter(case_id__in=cases).order_by("-pk")
    opened = entries.filter(event=Event.OPENED_AGAIN).first()
    since = opened.pk if opened is not None else 0
    shut = entries.filter(event=Event.SHUT_AWAY, pk__gt=since)
    return shut.filter(staff_id__isnull=False).exists()


def _signs(words: str) -> frozenset[Sign]:
    return signs_of_sensitive(words, today=timezone.localdate())


def is_anything_shut_away(person: DataSubject) -> bool:
    """Whether anything that this person ever wrote to us is shut away."""
    of_person = Submission.objects.filter(data_subject=person)
    if of_person.filter(shut_away_at__isnull=False).exists():
        return True
    return person.address_digest is not None and inbound.is_anything_shut_away(
        bytes(person.address_digest)
    )


# --- As it arrives ---


def entries_of_new(cases: Iterable[Case]) -> list[CaseLogEntry]:
    """What the log says of new cases, not saved yet, whose submission is shut away."""
    return [
        CaseLogEntry(
            case_id=case.pk,
            event=Event.SHUT_AWAY,
            state=case.state,
            due_on=case.due_on,
            inputs={"signs": case.submission.signs},
        )
        for case in cases
        if case.submission.shut_away_at is not None
    ]


class NamedFile(Protocol):
    """A file that was checked (rights_requests.uploads.Checked)."""

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    def chunks(self) -> Iterator[bytes]: ...


def signs_in_file(file: NamedFile, *, today: date) -> frozenset[Sign]:
    """By its name, and by the beginning of its text where it is one: somebody waits
    for the answer, and a text of megabytes would take seconds."""
    text = file.name
    if file.media_type.startswith("text/"):
        charset = file.media_type.partition("charset=")[2] or "utf-8"
        text += "\n" + next(file.chunks(), b"").decode(charset, "replace")
    return signs_of_sensitive(text, today=today)


def look_through(submission: Submission, words: str, *, now: datetime) -> None:
    """Shut the submission away where new words of the person seem to tell something.

    The caller holds a case of it.
    """
    found = signs_of_sensitive(words, today=timezone.localdate(now))
    take_in(submission, found, now=now)


def take_in(submission: Submission, found: Iterable[Sign], *, now: datetime) -> None:
    """Add the signs of what came in later, a message or a document, and shut it away.

    The caller holds a case of the submission. What was opened again before is shut away
    once more: somebody has looked at what there was then, and not at this.
    """
    signs = {str(sign) for sign in found}
    if not signs:
        return
    rows = Submission.objects.select_for_update(no_key=True)
    held = rows.get(pk=submission.pk)
    held.signs = submission.signs = sorted(signs | set(held.signs))
    held.save(update_fields=["signs"])
    if held.shut_away_at is None:
        _shut(held, held.cases.order_by("pk"), None, now)
    else:
        shut_mails(held)
    submission.shut_away_at = held.shut_away_at


def _shut(
    submission: Submission,
    cases: Iterable[Case],
    staff_id: int | None,
    now: datetime,
) -> None:
    submission.shut_away_at = now
    submission.save(update_fields=["shut_away_at"])
    for case in cases:
        inputs = {"signs": submission.signs}
        casebook.note(case, Event.SHUT_AWAY, staff_id=staff_id, inputs=inputs)
    shut_mails(submission)


def shut_mails(submission: Submission) -> None:
    """The mails that it came in are shown on the console, too: as the rest is."""
    for mail in _mails_of(submission):
        is_shut_away = submission.shut_away_at is not None
        inbound.shut_away(mail, is_shut_away=is_shut_away)


def _mails_of(submission: Submission) -> list[int]:
    written = Message.objects.filter(case__submission=submission)
    known = written.filter(inbound_email_id__isnull=False)
    mails = list(known.values_list("inbound_email_id", flat=True))
    return [m for m in [submission.inbound_email_id, *mails] if m is not None]


# --- What the rules found, and where ---


@dataclass(frozen=True)
class Text:
    """One text that somebody wrote: how a form names it, what it is, what it says."""

    key: str
    title: str
    words: str


def texts_of(submission: Submission) -> list[Text]:
    """Everything that the person wrote in this submission and later about it, and what
    colleagues noted down of it."""
    cases = list(submission.cases.order_by("reference"))
    found = [Text("words", "What the person wrote", submission.words)]
    for case in cases:
        title = f"{case.reference}: what exactly is meant"
        found.append(Text(f"details-{case.pk}", title, case.details))
    for message in Message.objects.filter(case__in=cases).order_by("pk"):
        title = f"Message of {in_words(timezone.localdate(message.received_at))}"
        found.append(Text(f"message-{message.pk}", title, message.words))
    for note in Note.objects.filter(case__in=cases).order_by("pk"):
        title = f"Note of {in_words(timezone.localdate(note.written_at))}"
        found.append(Text(f"note-{note.pk}", title, note.words))
    return [text for text in found if text.words]


def why_sensitive(submission: Submission, *, today: date) -> list[tuple[Text, Finding]]:
    """Each text with each thing found in it. It tells what is in the text: show it only
    to who may read that."""
    return [
        (text, finding)
        for text in texts_of(submission)
        for finding in findings(text.words, today=today)
    ]


def signs_in_words(submission: Submission) -> str:
    """“It seems to tell of …”, without a word of the text; empty when nothing does."""
    known = [Sign(sign).words for sign in submission.signs if sign in set(Sign)]
    return ", ".join(known)


# --- What staff do ---


@transaction.atomic
def shut_away(submission_id: uuid.UUID, *, staff_id: int, now: datetime) -> None:
    """A member of staff found something sensitive that the rules did not; also beside
    what they did find."""
    cases, submission = _held(submission_id)
    if is_shut_by_hand(submission):
        raise NotAllowed("It is shut away already.")
    _shut(submission, cases, staff_id, now)
    _note_access(submission, staff_id)


@transaction.atomic
def open_again(
    submission_id: uuid.UUID, *, reason: str, staff_id: int, now: datetime
) -> None:
    """There is nothing sensitive in it, or no longer: whoever works on it may read it."""
    cases, submission = _held(submission_id)
    if submission.shut_away_at is None:
        raise NotAllowed("It is not shut away.")
    _refuse_short(reason, "Say why everybody who works on it may read it.")
    submission.shut_away_at = None
    submission.save(update_fields=["shut_away_at"])
    for case in cases:
        inputs = {"signs": submission.signs, "reason": casebook.digest_of(reason)}
        casebook.note(case, Event.OPENED_AGAIN, staff_id=staff_id, inputs=inputs)
        _keep_reason(case, "Opened again", reason, staff_id, now)
    shut_mails(submission)
    _note_access(submission, staff_id)


@dataclass(frozen=True)
class Removal:
    """What shall go, and why. key: of a Text; stretch: the exact words, or empty for the
    whole of it."""

    key: str
    reason: str
    stretch: str = ""


@transaction.atomic
def remove_sensitive(
    submission_id: uuid.UUID, removal: Removal, *, staff_id: int, now: datetime
) -> None:
    """Take words out for good and put a note in their place that says when and why.

    The mail that they came in is emptied with them. It cannot be undone. Raises
    NotAllowed for words that do not stand there.
    """
    cases, submission = _held(submission_id)
    texts = {text.key: text for text in texts_of(submission)}
    if removal.key not in texts:
        raise NotAllowed("There is no such text any more.")
    _refuse_short(removal.reason, "Say why the words are removed.")
    words = texts[removal.key].words
    stretch = removal.stretch.strip().replace("\r\n", "\n") or words
    if stretch not in words:
        raise NotAllowed("These words do not stand in the text. Copy them out of it.")
    note = note_in_place(removal.reason, now=now)
    left = words.replace(stretch, note)
    about = _write(submission, removal.key, left)
    _empty_mail(submission, removal.key, note)
    for case in cases:
        _empty_letters(case, words, left)
    _count_signs(submission, timezone.localdate(now))
    for case in cases if about is None else [about]:
        inputs = {
            "text": removal.key,
            "is_whole": stretch == words,
            "reason": casebook.digest_of(removal.reason),
        }
        casebook.note(case, Event.SENSITIVE_REMOVED, staff_id=staff_id, inputs=inputs)
    _note_access(submission, staff_id)


@transaction.atomic
def remove_sensitive_document(
    document_id: uuid.UUID, *, reason: str, staff_id: int, now: datetime
) -> None:
    """Take a file away for good; that there was one stays on record."""
    document = CaseDocument.objects.select_related("case").get(pk=document_id)
    _, submission = _held(document.case.submission_id)
    document = CaseDocument.objects.select_related("case").get(pk=document_id)
    if document.removed_at is not None:
        raise NotAllowed("It has been removed already.")
    if document.purpose == CaseDocument.Purpose.ANSWER:
        raise NotAllowed("That is our answer, and no document of the person.")
    _refuse_short(reason, "Say why the document is removed.")
    document.name = note_in_place(reason, now=now)
    document.save(update_fields=["name"])
    remove_document(document, staff_id=staff_id, now=now)
    casebook.note(
        document.case,
        Event.SENSITIVE_REMOVED,
        staff_id=staff_id,
        inputs={"document": str(document.pk), "reason": casebook.digest_of(reason)},
    )
    _keep_reason(document.case, "A document was removed", reason, staff_id, now)
    _empty_mail(submission, "words", note_in_place(reason, now=now))
    _note_access(submission, staff_id)


# --- How it is done ---


def _held(submission_id: uuid.UUID) -> tuple[list[Case], Submission]:
    """The cases and then their submission, locked. Raises DoesNotExist."""
    ids = Case.objects.filter(submission=submission_id).order_by("pk")
    cases = [casebook.locked(pk) for pk in list(ids.values_list("pk", flat=True))]
    submission = Submission.objects.select_for_update(no_key=True).get(pk=submission_id)
    return cases, submission


def _refuse_short(reason: str, sentence: str) -> None:
    if len(reason.strip()) < LEAST_REASON:
        raise NotAllowed(sentence)


def note_in_place(reason: str, *, now: datetime) -> str:
    """What stands in the place of removed words."""
    day = in_words(timezone.localdate(now))
    return f"[Removed by us on {day}: {reason.strip().rstrip('.')}.]"


def _keep_reason(
    case: Case, what: str, reason: str, staff_id: int, now: datetime
) -> None:
    case.notes.create(
        words=f"{what}: {reason.strip()}", written_at=now, staff_id=staff_id
    )


def _write(submission: Submission, key: str, left: str) -> Case | None:
    """Put the words in the place of the text; the one case that they are about."""
    name, _, number = key.partition("-")
    if name == "words":
        submission.words = left
        submission.save(update_fields=["words"])
        return None
    if name == "details":
        case = Case.objects.get(pk=number)
        case.details = left
        case.save(update_fields=["details"])
        return case
    rows = (Note if name == "note" else Message).objects.select_related("case")
    written = rows.get(pk=number)
    written.words = left
    written.save(update_fields=["words"])
    about: Case = written.case
    return about


def _empty_mail(submission: Submission, key: str, note: str) -> None:
    name, _, number = key.partition("-")
    mail = submission.inbound_email_id
    if name == "message":
        mails = Message.objects.filter(pk=number)
        mail = mails.values_list("inbound_email_id", flat=True).get()
    if mail is not None:
        with as_the_law_requires(submission.data_subject_id):
            inbound.empty(mail, note)


def _empty_letters(case: Case, words: str, left: str) -> None:
    """A letter of ours that repeats the whole text; its digest in the log stays that of
    what went out."""
    for letter in case.letters.filter(kind__in=QUOTING):
        kept = _with(letter.blocks, words, left)
        if kept != letter.blocks:
            letter.blocks = kept
            letter.save(update_fields=["blocks"])
            with as_the_law_requires(case.submission.data_subject_id):
                outcomes.empty(letter.mail_id)


def _with(kept: Any, words: str, left: str) -> Any:
    """What JSON can hold, with what is left of these words in their place."""
    if isinstance(kept, dict):
        return {key: _with(held, words, left) for key, held in kept.items()}
    if isinstance(kept, list):
        return [_with(held, words, left) for held in kept]
    return kept.replace(words, left) if isinstance(kept, str) else kept


def _count_signs(submission: Submission, today: date) -> None:
    """What the rules still find in what is left."""
    left = why_sensitive(submission, today=today)
    submission.signs = sorted({str(finding.sign) for _, finding in left})
    submission.save(update_fields=["signs"])


def _note_access(submission: Submission, staff_id: int) -> None:
    """Whoever decides about it has had it before their eyes."""
    AccessRecord.objects.create(
        staff_id=staff_id,
        action=AccessRecord.Action.READ,
        data_subject_id=submission.data_subject_id,
    )
