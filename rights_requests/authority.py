"""Whether a document shows that somebody may ask for another one: somebody of ours reads
it and says so (UK GDPR, Article 12(6)).

What the agent calls their authority is so far only what they call it. Until it was read,
nothing is given or changed at their word.
"""

import uuid
from datetime import datetime

from django.db import transaction

from groundwork.refusals import refuse
from rights_requests import casebook
from rights_requests.models import Case, CaseDocument, Event

Purpose = CaseDocument.Purpose
# A mail and a letter by post bring it as well, and call it nothing.
MAY_BE = frozenset({Purpose.AUTHORITY, Purpose.EVIDENCE, Purpose.SCAN})
OF_NOBODY = "Nobody asks for the person here: no authority is needed."


def may_be(document: CaseDocument) -> bool:
    """Whether somebody of ours can say of this document that it is somebody's authority,
    or that it is none."""
    return not _why_not(document)


def is_unread(case: Case) -> bool:
    """Whether something came under that name and nobody has said what it is."""
    return any(
        one.purpose == Purpose.AUTHORITY
        and one.removed_at is None
        and one.accepted_at is None
        for one in case.documents.all()
    )


@transaction.atomic
def accept(document_id: uuid.UUID, *, staff_id: int, now: datetime) -> CaseDocument:
    """It shows that they may. Raises NotAllowed when that was said already, or the file
    is gone or something else; DoesNotExist."""
    document = _locked(document_id)
    refuse(
        _why_not(document),
        "Somebody has accepted it already." if document.accepted_at else "",
    )
    document.accepted_at, document.accepted_by_id = now, staff_id
    return _kept(document, Event.AUTHORITY_ACCEPTED, staff_id=staff_id)


@transaction.atomic
def doubt(document_id: uuid.UUID, *, staff_id: int, now: datetime) -> CaseDocument:
    """It does not show it after all: from now on nothing is done at their word. What was
    done stays. Raises NotAllowed when nobody had accepted it, or the file is gone or
    something else; DoesNotExist."""
    document = _locked(document_id)
    refuse(
        _why_not(document),
        "" if document.accepted_at else "Nobody has accepted it.",
    )
    document.accepted_at = document.accepted_by_id = None
    return _kept(document, Event.AUTHORITY_DOUBTED, staff_id=staff_id)


def _locked(document_id: uuid.UUID) -> CaseDocument:
    """Under the lock of its case: of two who decide at once, the second one reads what
    the first one said."""
    case_id = CaseDocument.objects.values_list("case_id", flat=True).get(pk=document_id)
    case = casebook.locked(case_id)
    document = CaseDocument.objects.get(pk=document_id)
    document.case = case
    return document


def _why_not(document: CaseDocument) -> str:
    if not document.case.submission.is_by_agent:
        return OF_NOBODY
    if document.purpose not in MAY_BE:
        return "Proof of identity and our answer are nobody’s authority."
    if document.removed_at is not None:
        return "The file is gone."
    return "" if document.case.is_open else "The case is closed."


def _kept(document: CaseDocument, event: Event, *, staff_id: int) -> CaseDocument:
    document.save(update_fields=["accepted_at", "accepted_by_id"])
    inputs = {
        "document": str(document.pk),
        "digest": bytes(document.content_digest).hex(),
    }
    casebook.note(document.case, event, staff_id=staff_id, inputs=inputs)
    return document
