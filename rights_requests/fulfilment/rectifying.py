"""Correcting a person's data at their request (UK GDPR Art. 16), datum by datum.

What stands there and what is right are written down, then how that was found to be so;
then it is applied by the verb of the app that owns the data, or refused with a reason.
Each step is in the case log, without the values.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from groundwork.rectifying import correctors
from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, closing
from rights_requests.fulfilment import corrections
from rights_requests.fulfilment.corrections import Standing
from rights_requests.models import Case, CaseDocument, Event, Rectification

State = Rectification.State
AT_ONE_TIME = 200
DONE_ALREADY = "This correction was dealt with already."

# --- Proposing ---


@transaction.atomic
def propose(
    case_id: uuid.UUID, key: str, right: str, *, staff_id: int | None, now: datetime
) -> Rectification:
    """Write down what is right; staff_id: None where the person does it. Raises
    NotAllowed for what is not held of the person, cannot stand there, or stands there
    already, and while another correction of the same is open."""
    case = casebook.locked(case_id)
    refuse(corrections.why_not_propose(case))
    datum = _datum(case, key)
    value = correctors()[datum.place].cleaned(datum.field, right)
    if value == datum.value:
        raise NotAllowed(f"That stands there already: {datum.title}.")
    where = {"place": datum.place, "entry": datum.entry, "field": datum.field}
    if case.rectifications.open().filter(**where).exists():
        raise NotAllowed(
            f"A correction of this is open already: {datum.title}. Settle it first."
        )
    row = Rectification.objects.create(
        case=case,
        **where,
        current=datum.value,
        proposed=value,
        proposed_at=now,
        proposed_by_id=staff_id,
    )
    _note(case, row, Event.CORRECTION_PROPOSED, staff_id)
    return row


def _datum(case: Case, key: str) -> Standing:
    datum = corrections.find(case.submission.data_subject_id, key)
    if datum is None:
        raise NotAllowed("That is not held of this person any more.")
    return datum


def _note(case: Case, row: Rectification, event: Event, staff_id: int | None) -> None:
    inputs = {"correction": row.pk, "place": row.place, "field": row.field}
    casebook.note(case, event, staff_id=staff_id, inputs=inputs)


# --- Verifying ---


@dataclass(frozen=True)
class Shown:
    """How it was found to be right: in words, by a document of the case, or both."""

    words: str = ""
    document_id: uuid.UUID | None = None


@transaction.atomic
def verify(
    correction_id: int, shown: Shown, *, staff_id: int, now: datetime
) -> Rectification:
    """Put on record how it was found to be right. Raises NotAllowed without that."""
    case, row = _locked(correction_id)
    if row.state != State.PROPOSED:
        raise NotAllowed("This correction was verified, or dealt with, already.")
    if not shown.words.strip() and shown.document_id is None:
        raise NotAllowed("Say how you know what is right, or choose the document.")
    row.document = _document(case, shown.document_id)
    row.evidence, row.state = shown.words.strip(), State.VERIFIED
    row.verified_at, row.verified_by_id = now, staff_id
    row.save(
        update_fields=["document", "evidence", "state", "verified_at", "verified_by_id"]
    )
    _note(case, row, Event.CORRECTION_VERIFIED, staff_id)
    return row


def _document(case: Case, document_id: uuid.UUID | None) -> CaseDocument | None:
    if document_id is None:
        return None
    found = case.documents.filter(pk=document_id, removed_at=None).first()
    if found is None:
        raise NotAllowed("This document is not there any more.")
    return found


def _locked(correction_id: int) -> tuple[Case, Rectification]:
    """People come before their cases, and cases before what belongs to them."""
    case_id = Rectification.objects.values_list("case", flat=True).get(pk=correction_id)
    case = casebook.locked_with_person(case_id)
    rows = Rectification.objects.select_for_update(of=("self",))
    row = rows.get(pk=correction_id)
    if not case.is_open:
        raise NotAllowed("The case is closed.")
    return case, row


# --- Applying ---


@transaction.atomic
def apply(correction_id: int, *, staff_id: int, now: datetime) -> Rectification:
    """Put it right where it is kept; what an address is changed to counts once its own
    mailbox has confirmed it (State.CONFIRMING).

    Raises NotAllowed for what is not verified, or settled; ChangedSince when something
    else stands there by now; and while nobody has shown that the person wants it.
    """
    case, row = _locked(correction_id)
    if row.state != State.VERIFIED:
        raise NotAllowed(_why_not_apply(row))
    refuse(closing.why_not_act(case))
    if correctors()[row.place].carry_out(corrections.change_of(case, row, staff_id)):
        _made(case, row, staff_id=staff_id, now=now)
    else:
        row.state = State.CONFIRMING
        row.save(update_fields=["state"])
        _note(case, row, Event.CORRECTION_ASKED, staff_id)
    return row


def _why_not_apply(row: Rectification) -> str:
    if row.state == State.PROPOSED:
        return "Say first how you know what is right."
    if row.state == State.CONFIRMING:
        return "The new mailbox was asked, and has not confirmed it yet."
    return DONE_ALREADY


def _made(
    case: Case, row: Rectification, *, staff_id: int | None, now: datetime
) -> None:
    row.state = State.APPLIED
    _settle(row, staff_id=staff_id, now=now)
    _note(case, row, Event.CORRECTION_APPLIED, staff_id)
    _let_letters_follow(case, row)
    # Whoever had the data is told of this as well (fulfilment.telling).
    case.recipients_set_at = None
    case.save(update_fields=["recipients_set_at"])


def _let_letters_follow(case: Case, row: Rectification) -> None:
    """Letters of this request that went to the wrong address go to the right one, which
    its mailbox has confirmed."""
    submission = case.submission
    if row.field != "address" or submission.address != row.current:
        return
    submission.address = row.proposed
    submission.save(update_fields=["address"])
    casebook.note(case, Event.PERSON_CORRECTED, inputs={"fields": ["address"]})


def _settle(row: Rectification, *, staff_id: int | None, now: datetime) -> None:
    row.settled_at, row.settled_by_id = now, staff_id
    row.save(update_fields=["state", "reason", "settled_at", "settled_by_id"])


def take_over_confirmed(now: datetime) -> int:
    """Corrections that waited for a mailbox and have been confirmed by it; returns how
    many."""
    waiting = Rectification.objects.filter(state=State.CONFIRMING).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True)[:AT_ONE_TIME])
    return sum(_take_over(correction_id, now) for correction_id in ids)


@transaction.atomic
def _take_over(correction_id: int, now: datetime) -> bool:
    try:
        case, row = _locked(correction_id)
    except NotAllowed:
        return False  # the case closed meanwhile
    change = corrections.change_of(case, row, row.verified_by_id or 0)
    if row.state != State.CONFIRMING:
        return False
    if not correctors()[row.place].is_carried_out(change):
        return False
    _made(case, row, staff_id=None, now=now)
    return True


# --- Otherwise ---


@transaction.atomic
def look_again(correction_id: int, *, staff_id: int, now: datetime) -> Rectification:
    """Something else stands there than was seen, or the mailbox never confirmed it: take
    what stands there now, and verify anew. Raises NotAllowed when what is right stands
    there already."""
    case, row = _locked(correction_id)
    if not row.is_open:
        raise NotAllowed(DONE_ALREADY)
    datum = _datum(case, f"{row.place}/{row.entry}/{row.field}")
    if datum.value == row.proposed:
        raise NotAllowed("What is right stands there already: take this back.")
    corrections.call_off(case, row)
    row.current, row.state = datum.value, State.PROPOSED
    row.verified_at = row.verified_by_id = row.document = None
    row.evidence = ""
    row.save(
        update_fields=[
            "current",
            "state",
            "verified_at",
            "verified_by_id",
            "document",
            "evidence",
        ]
    )
    _note(case, row, Event.CORRECTION_ANEW, staff_id)
    return row


@transaction.atomic
def refuse_one(
    correction_id: int, reason: str, *, staff_id: int, now: datetime
) -> Rectification:
    """It is not corrected, for a reason that the answer gives the person."""
    case, row = _locked(correction_id)
    if not row.is_open:
        raise NotAllowed(DONE_ALREADY)
    if not reason.strip():
        raise NotAllowed("Say why it is not corrected.")
    corrections.call_off(case, row)
    row.state, row.reason = State.REFUSED, reason.strip()
    _settle(row, staff_id=staff_id, now=now)
    _note(case, row, Event.CORRECTION_REFUSED, staff_id)
    return row


@transaction.atomic
def take_back(correction_id: int, *, staff_id: int, now: datetime) -> Rectification:
    """It was proposed by mistake of ours. What the person proposed is applied or
    refused. Raises NotAllowed."""
    case, row = _locked(correction_id)
    if not row.is_open:
        raise NotAllowed(DONE_ALREADY)
    if row.proposed_by_id is None:
        raise NotAllowed(
            "The person proposed it: apply it, or refuse it with a reason."
        )
    corrections.call_off(case, row)
    row.state = State.TAKEN_BACK
    _settle(row, staff_id=staff_id, now=now)
    _note(case, row, Event.CORRECTION_TAKEN_BACK, staff_id)
    return row
