"""Putting documents into a case: checked, encrypted, looked through, on record.

The files stand in the vault before the rows that name them; when those are not written
after all, the vault's sweep takes the files away.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import refuse
from groundwork.sensitive import Sign
from rights_requests import casebook, sensitive, vault
from rights_requests.models import Case, CaseDocument, Event
from rights_requests.moves import GIVEN, State
from rights_requests.uploads import Checked
from rights_requests.whose_answer import COPIES

logger = logging.getLogger(__name__)
Purpose = CaseDocument.Purpose
WhyNot = Callable[[Case, CaseDocument.Purpose], str]


class DiskRefuses(OSError):
    """The files could not be written; nothing of them is kept, and nothing changed."""

    words = (
        "Our disk takes nothing at this moment, so no file was kept and nothing was "
        "changed. Please try again later."
    )


def why_not_file(case: Case, purpose: CaseDocument.Purpose) -> str:
    """What stands against a document for this from staff; empty when nothing does."""
    is_again = case.state in GIVEN and case.kind in COPIES  # as its day is over
    if purpose == Purpose.ANSWER and not case.is_open and not is_again:
        return f"The case is closed ({State(case.state).label}): the answer has left."
    if purpose == Purpose.IDENTITY and not _is_checked(case):
        return (
            "No check of identity is open, so no proof of it is kept (UK GDPR, Article "
            "5(1)(c))."
        )
    return ""


def _is_checked(case: Case) -> bool:
    return case.checks.filter(closed_at=None).exists()


def file_documents(
    case_id: uuid.UUID,
    files: Sequence[Checked],
    purpose: CaseDocument.Purpose,
    *,
    staff_id: int | None,
    now: datetime,
    why_not: WhyNot = why_not_file,
) -> list[CaseDocument]:
    """Keep files that were checked: all of them, or none.

    why_not: what stands against such a document, asked while the case is held. Raises
    NotAllowed, and DiskRefuses.
    """
    signs = _signs_in(files, purpose, today=timezone.localdate(now))
    stored: list[vault.Stored] = []
    try:
        _store(files, stored)
        with transaction.atomic():
            case = casebook.locked(case_id)
            refuse(why_not(case, purpose))
            kept = [
                _row(case, file, held, purpose, staff_id=staff_id, now=now)
                for file, held in zip(files, stored, strict=True)
            ]
            sensitive.take_in(case.submission, signs, now=now)
    except BaseException:
        for held in stored:
            vault.remove(held.name)
        raise
    return kept


def _store(files: Sequence[Checked], stored: list[vault.Stored]) -> None:
    """Each in turn, noted as it stands: the ones before one that fails go again."""
    try:
        for file in files:
            stored.append(vault.put(file.chunks()))
    except OSError as error:
        logger.exception("The vault could not keep a file")
        raise DiskRefuses from error


def _signs_in(
    files: Sequence[Checked], purpose: CaseDocument.Purpose, *, today: date
) -> set[Sign]:
    """What the person's files seem to tell; our answer was written by us."""
    if purpose == Purpose.ANSWER:
        return set()
    return {
        sign for file in files for sign in sensitive.signs_in_file(file, today=today)
    }


def _row(
    case: Case,
    file: Checked,
    held: vault.Stored,
    purpose: CaseDocument.Purpose,
    *,
    staff_id: int | None,
    now: datetime,
) -> CaseDocument:
    # Whoever of ours puts it there as authority has read it as such.
    is_accepted = purpose == Purpose.AUTHORITY and staff_id is not None
    document = CaseDocument.objects.create(
        case=case,
        purpose=purpose,
        name=file.name,
        media_type=file.media_type,
        size=held.size,
        content_digest=held.sha256,
        vault_name=held.name,
        added_at=now,
        staff_id=staff_id,
        accepted_at=now if is_accepted else None,
        accepted_by_id=staff_id if is_accepted else None,
    )
    inputs = {
        "document": str(document.pk),
        "purpose": str(purpose),
        "digest": held.sha256.hex(),
    }
    casebook.note(case, Event.DOCUMENT_ADDED, staff_id=staff_id, inputs=inputs)
    return document
