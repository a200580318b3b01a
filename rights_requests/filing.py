"""Putting a document into a case, by staff: checked, encrypted, on record.

The file stands in the vault before the row that names it; when the row is not written
after all, the vault's sweep takes the file away.
"""

import uuid
from datetime import datetime

from django.db import transaction

from groundwork.refusals import NotAllowed
from rights_requests import casebook, vault
from rights_requests.models import Case, CaseDocument, Event
from rights_requests.moves import State
from rights_requests.uploads import Checked

Purpose = CaseDocument.Purpose


def why_not_file(case: Case, purpose: CaseDocument.Purpose) -> str:
    """What stands against a document for this; empty when nothing does."""
    if purpose == Purpose.ANSWER and not case.is_open:
        return f"The case is closed ({State(case.state).label}): the answer has left."
    if purpose == Purpose.IDENTITY and not _is_checked(case):
        return (
            "No check of identity is open, so no proof of it is kept (UK GDPR, Article "
            "5(1)(c))."
        )
    return ""


def _is_checked(case: Case) -> bool:
    return case.checks.filter(closed_at=None).exists()


def file_document(
    case_id: uuid.UUID,
    checked: Checked,
    purpose: CaseDocument.Purpose,
    *,
    staff_id: int | None,
    now: datetime,
) -> CaseDocument:
    """Keep a file that was checked. Raises NotAllowed, and OSError when the disk
    refuses."""
    stored = vault.put(checked.chunks())
    try:
        return _file(case_id, checked, stored, purpose, staff_id=staff_id, now=now)
    except BaseException:
        vault.remove(stored.name)
        raise


@transaction.atomic
def _file(
    case_id: uuid.UUID,
    checked: Checked,
    stored: vault.Stored,
    purpose: CaseDocument.Purpose,
    *,
    staff_id: int | None,
    now: datetime,
) -> CaseDocument:
    case = casebook.locked(case_id)
    if why_not := why_not_file(case, purpose):
        raise NotAllowed(why_not)
    document = CaseDocument.objects.create(
        case=case,
        purpose=purpose,
        name=checked.name,
        media_type=checked.media_type,
        size=stored.size,
        content_digest=stored.sha256,
        vault_name=stored.name,
        added_at=now,
        staff_id=staff_id,
    )
    casebook.note(
        case,
        Event.DOCUMENT_ADDED,
        staff_id=staff_id,
        inputs={
            "document": str(document.pk),
            "purpose": str(purpose),
            "digest": stored.sha256.hex(),
        },
    )
    return document
