"""Putting a copy together: asked for by staff, done by a worker, filed as the answer.

1. ask() writes down that it is wanted.
2. A worker claims it, writes the archive into the vault and says after each place how
   far it has come.
3. It becomes a document of the case in place of the one before, and what was searched
   goes on record (Art. 15(1A)). What was marked to be left out (marks) is not in it.
4. Somebody else releases it (releasing).

A worker that dies leaves its claim behind: release_stranded() gives it to another one,
three times at most. Whatever stops the work is shown on the case, and nothing
half-written stays.
"""

import logging
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from groundwork.clock import today_here
from groundwork.holdings import Holding, holdings
from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, handling, vault
from rights_requests.fulfilment import freshness, portability
from rights_requests.fulfilment import package as copies
from rights_requests.fulfilment.covers import Cover, Told
from rights_requests.fulfilment.marks import Marks, digest_of
from rights_requests.fulfilment.people import person_of
from rights_requests.fulfilment.reading import Reading
from rights_requests.handling import Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Event, Package
from rights_requests.moves import GIVEN, State
from rights_requests.vault_keeping import remove_document

logger = logging.getLogger(__name__)
# A place with a hundred thousand rows takes a minute or two.
STRANDED_AFTER = timedelta(minutes=15)
MOST_ATTEMPTS = 3
HERE = "Casedesk: every place in which this system keeps data of people"
Problem = Package.Problem
GONE = "Another worker has this copy by now."
# Which kind of case is answered with which archive, and what that is called.
MAKERS = {
    CaseKind.ACCESS: (copies.archive, "Copy of your data"),
    CaseKind.PORTABILITY: (portability.archive, "Your data to take along"),
}


# --- Asking for it ---


@transaction.atomic
def ask(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> Package:
    """A worker puts the copy together as soon as one is free. Raises NotAllowed."""
    case = casebook.locked(case_id)
    refuse(why_not_ask(case))
    return Package.objects.create(case=case, asked_at=now, asked_by_id=staff_id)


def why_not_ask(case: Case) -> str:
    if case.kind not in MAKERS:
        return "Data is put together for a copy, or to be taken along, and for nothing else."
    if not _can_have_one(case):
        return f"The case is not being worked on ({State(case.state).label})."
    if freshness.is_under_way(case):
        return "The copy is being put together already."
    return ""


def _can_have_one(case: Case) -> bool:
    """While it is worked on; and once it was answered, since a copy that was handed over
    ends before the case is forgotten."""
    return case.state == State.IN_PROGRESS or case.state in GIVEN


# --- Doing it ---


def build_next(now: datetime) -> Package | None:
    """Put together the copy that waits the longest; None when none waits."""
    package = _claimed(now)
    if package is None:
        return None
    try:
        _build(package)
    except portability.NothingToTakeAlong:
        _fail(package, Problem.NOTHING)
    except OSError:
        logger.exception("The disk did not take package %s", package.pk)
        _fail(package, Problem.DISK)
    except Exception:
        logger.exception("Package %s could not be put together", package.pk)
        _fail(package, Problem.ERROR)
    return package


@transaction.atomic
def _claimed(now: datetime) -> Package | None:
    waiting = Package.objects.filter(state=Package.State.WAITING).order_by("asked_at")
    package = waiting.select_for_update(skip_locked=True).first()
    if package is None:
        return None
    package.state, package.heartbeat_at = Package.State.BUILDING, now
    package.attempts += 1
    package.places_done = package.records_count = package.hits_count = 0
    package.save(
        update_fields=[
            "state",
            "heartbeat_at",
            "attempts",
            "places_done",
            "records_count",
            "hits_count",
        ]
    )
    return package


def _build(package: Package) -> None:
    case = Case.objects.select_related("submission").get(pk=package.case_id)
    person = person_of(case.submission.data_subject_id)
    # Taken first: what changes while the archive is written makes it stale.
    seen = freshness.fingerprint(person)
    made_at = timezone.localtime()
    make, _ = MAKERS[CaseKind(case.kind)]
    marks = Marks(case.redactions.standing())
    stored = vault.put(
        make(
            Reading(person, marks), Cover(case.reference, made_at), _heartbeat(package)
        )
    )
    try:
        _file(package, stored, seen, marks, made_at)
    except BaseException:
        vault.remove(stored.name)
        raise


def _heartbeat(package: Package) -> Told:
    """Says after each place that the work goes on. Raises NotAllowed when another
    worker has it by now."""

    def told(holding: Holding, records_count: int) -> None:
        package.places_done += 1
        package.records_count += records_count
        package.hits_count += 0 if holding.moves_by_itself else records_count
        still_ours = _ours(package).update(
            heartbeat_at=timezone.now(),
            places_done=package.places_done,
            records_count=package.records_count,
            hits_count=package.hits_count,
        )
        if not still_ours:
            raise NotAllowed(GONE)

    return told


def _ours(package: Package) -> QuerySet[Package]:
    return Package.objects.filter(
        pk=package.pk, state=Package.State.BUILDING, attempts=package.attempts
    )


@transaction.atomic
def _file(
    package: Package,
    stored: vault.Stored,
    seen: bytes,
    marks: Marks,
    made_at: datetime,
) -> None:
    """The archive becomes what the person is answered with. Raises NotAllowed when
    another worker has it by now."""
    case = casebook.locked(package.case_id)
    if not _can_have_one(case):
        _ours(package).update(state=Package.State.FAILED, problem=Problem.CLOSED)
        transaction.on_commit(lambda: vault.remove(stored.name))
        return
    before = freshness.newest_package(case)
    left_out = marks.left_out()
    document = _document(case, stored, package.asked_by_id, made_at, left_out)
    still_ours = _ours(package).update(
        state=Package.State.READY,
        built_at=made_at,
        fingerprint=seen,
        document=document,
        left_out=left_out,
        marks_digest=digest_of(marks.all),
        marks_met=marks.outcomes(),
    )
    if not still_ours:
        raise NotAllowed(GONE)
    if before is not None and before.document is not None and not before.handed_at:
        remove_document(before.document, staff_id=package.asked_by_id, now=made_at)
    _note_search(case, package)


def _document(
    case: Case,
    stored: vault.Stored,
    staff_id: int,
    now: datetime,
    left_out: dict[str, int],
) -> CaseDocument:
    document = CaseDocument.objects.create(
        case=case,
        purpose=CaseDocument.Purpose.ANSWER,
        name=f"{MAKERS[CaseKind(case.kind)][1]} {case.reference}.zip",
        media_type="application/zip",
        size=stored.size,
        content_digest=stored.sha256,
        vault_name=stored.name,
        added_at=now,
        staff_id=staff_id,
    )
    inputs = {
        "document": str(document.pk),
        "purpose": str(document.purpose),
        "digest": stored.sha256.hex(),
        "left_out": left_out,
    }
    by = staff_id or None  # the software’s number is none of the staff’s
    casebook.note(case, Event.DOCUMENT_ADDED, staff_id=by, inputs=inputs)
    return document


def _note_search(case: Case, package: Package) -> None:
    """Where this system looked, so that nobody has to write it down by hand."""
    handling.record_search(
        case.pk,
        Searched(
            system=HERE,
            terms="the person’s number, and the code made of their address",
            hits=package.hits_count,
            why=f"All {len(holdings())} places of this system were looked through. The "
            "request itself and what was written about it are not counted here.",
            on=today_here(),
        ),
        staff_id=package.asked_by_id,
        now=timezone.now(),
    )


def _fail(package: Package, problem: Package.Problem) -> None:
    _ours(package).update(state=Package.State.FAILED, problem=problem)


# --- When a worker died ---


def release_stranded(now: datetime) -> int:
    """Give what nobody works on any more to another worker, or give it up; returns how
    many there were."""
    stranded = Package.objects.filter(
        state=Package.State.BUILDING, heartbeat_at__lt=now - STRANDED_AFTER
    )
    given_up = stranded.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=Package.State.FAILED, problem=Problem.GIVEN_UP
    )
    return given_up + stranded.update(state=Package.State.WAITING)
