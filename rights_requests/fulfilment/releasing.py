"""Letting a copy go: a second person reads it and releases it, or sends it back.

Whoever had it put together, or left something out of it, does not release it; the
database refuses that as well (migration copies_are_released). It is handed over with the
answer. A case that was answered can have a fresh copy, since one that was handed over
ends after a while: that one is handed over as it is released.

The same holds for the files beside it: what a system outside answered with, and what
staff uploaded. Whoever releases the copy releases them, too; where no copy goes along,
somebody does who has not worked on the case.
"""

import uuid
from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, whose_answer, writing
from rights_requests.deadline_words import in_words
from rights_requests.fulfilment import freshness, transmissions
from rights_requests.letter_frames import LetterKind
from rights_requests.models import (
    SOFTWARE,
    Case,
    CaseDocument,
    CaseLogEntry,
    Event,
    Note,
    Package,
)
from rights_requests.moves import GIVEN
from rights_requests.vault_keeping import remove_document

# The files that somebody was shown as those which they release.
type Shown = Collection[uuid.UUID]

# Everything in one place is kept no longer than it takes to download it: much shorter
# than the case file, under whose period it falls. To be settled by the controller.
COPY_LASTS = timedelta(days=settings.COPY_DAYS)
BEFORE = "The copy was dealt with already: look at how it stands now."
ANOTHER = "Another copy has taken the place of the one that you looked at: look at the new one."
YOURS = (
    "You had this copy put together, left something out of it, or brought a file that "
    "goes with it: somebody else has to release it."
)
WORKED_ON_IT = (
    "You have worked on this case: somebody else reads the files and releases them."
)
OTHERS_NOW = (
    "The files that go with the answer are others than those you looked at: read what is "
    "there now, then release it."
)
FILES_WAIT = (
    "Nobody has released the files that go with the answer: somebody else than whoever "
    "brought them reads them first (Documents)."
)


def has_worked_on(package: Package, staff_id: int) -> bool:
    """Whether this member of staff had it put together, or decided what is left out."""
    if package.asked_by_id == staff_id:
        return True
    of_theirs = Q(marked_by_id=staff_id) | Q(lifted_by_id=staff_id)
    if package.case.redactions.filter(of_theirs).exists():
        return True
    return any(one.staff_id == staff_id for one in files_to_release(package.case))


def why_not_decide(package: Package) -> str:
    """Why nobody can release it or send it back; empty when somebody can."""
    if freshness.is_under_way(package.case):
        return "The copy is being put together: wait until it is there."
    if freshness.newest_package(package.case) != package:
        return ANOTHER
    if package.released_at is not None or package.sent_back_at is not None:
        return BEFORE
    return ""


def why_not_release(package: Package, *, staff_id: int) -> str:
    if why_not := _why_not_let_go(package):
        return why_not
    return YOURS if has_worked_on(package, staff_id) else ""


def _why_not_let_go(package: Package) -> str:
    """Whoever lets it go, a person or a standing rule."""
    return (
        why_not_decide(package)
        or freshness.why_not_as_it_is(package)
        or whose_answer.why_not_tell(package.case)
    )


@transaction.atomic
def release(
    package_id: uuid.UUID, files: Shown, *, staff_id: int, now: datetime
) -> Package:
    """Let this copy go to the person, with the files beside it that whoever releases it
    was shown. Raises NotAllowed for whoever worked on it, for one that is out of date,
    for one that somebody else has dealt with meanwhile, and where a file has come or
    gone since."""
    package = _locked(package_id)
    refuse(why_not_release(package, staff_id=staff_id))
    refuse(_why_not_these(package.case, files))
    if package.case.state in GIVEN:  # else the answer itself is held against the same
        refuse(whose_answer.why_not_hand_over(package.case))
    package.released_at, package.released_by_id = now, staff_id
    package.save(update_fields=["released_at", "released_by_id"])
    casebook.note(
        package.case,
        Event.COPY_RELEASED,
        staff_id=staff_id,
        inputs=_on_record(package),
    )
    _release_files(package.case, staff_id=staff_id, now=now)
    if package.case.state in GIVEN:
        hand_over(package.case, now=now, staff_id=staff_id)
        _tell(package.case, staff_id=staff_id, now=now)
    return package


@transaction.atomic
def release_by_rule(package: Package, rule: str, *, now: datetime) -> None:
    """Let a copy go by the standing rule of this reference; the caller holds the case.
    Raises NotAllowed; the database refuses a rule that is not in force for its kind."""
    refuse(_why_not_let_go(package))
    package.released_at, package.released_by_rule = now, rule
    package.save(update_fields=["released_at", "released_by_rule"])
    casebook.note(
        package.case, Event.COPY_RELEASED, inputs={**_on_record(package), "rule": rule}
    )


@transaction.atomic
def send_back(
    package_id: uuid.UUID, reason: str, *, staff_id: int, now: datetime
) -> Package:
    """The second person does not agree, and says why in a note of the case. The copy has
    to be put together again."""
    package = _locked(package_id)
    refuse(why_not_decide(package))
    if has_worked_on(package, staff_id):
        raise NotAllowed(
            "You worked on this copy yourself: change what is left out, or put it "
            "together again."
        )
    if not reason.strip():
        raise NotAllowed("Say why you send it back.")
    package.sent_back_at, package.sent_back_by_id = now, staff_id
    package.sent_back_note = Note.objects.create(
        case=package.case,
        words=f"The copy was sent back: {reason.strip()}",
        written_at=now,
        staff_id=staff_id,
    )
    package.save(update_fields=["sent_back_at", "sent_back_by_id", "sent_back_note"])
    casebook.note(
        package.case,
        Event.COPY_SENT_BACK,
        staff_id=staff_id,
        inputs={**_on_record(package), "reason": casebook.digest_of(reason.strip())},
    )
    return package


def _locked(package_id: uuid.UUID) -> Package:
    """Under the lock of its case: of two who decide at once, the second one reads what
    the first one did. Raises DoesNotExist."""
    case_id = Package.objects.values_list("case_id", flat=True).get(pk=package_id)
    case = casebook.locked(case_id)
    package = Package.objects.select_related("document").get(pk=package_id)
    package.case = case
    return package


def _on_record(package: Package) -> dict[str, object]:
    """Which archive it is, how much is left out of it for which reasons, and the digest
    of the newest one from which nothing was left out."""
    document = package.document
    return {
        "copy": str(package.pk),
        "digest": bytes(document.content_digest).hex() if document else "",
        "left_out": package.left_out,
        "whole": _digest_of_whole(package) if package.left_out else "",
    }


def _digest_of_whole(package: Package) -> str:
    whole = Package.objects.filter(
        case=package.case_id, left_out={}, document__isnull=False
    )
    found = whole.order_by("-built_at").select_related("document").first()
    document = found.document if found else None
    return bytes(document.content_digest).hex() if document else ""


# --- The files beside it ---


def _files(case: Case) -> list[CaseDocument]:
    """What answers a request for a copy and was not put together here."""
    if case.kind not in whose_answer.COPIES:
        return []
    return [
        one
        for one in case.documents.all()
        if one.purpose == CaseDocument.Purpose.ANSWER
        and one.removed_at is None
        and not one.is_put_together
    ]


def files_to_release(case: Case) -> list[CaseDocument]:
    """Those that nobody has let go."""
    return [one for one in _files(case) if one.released_at is None]


def why_not_release_files(case: Case, *, staff_id: int) -> str:
    """What stands against this person letting the files go by themselves, without a
    copy; empty when nothing does."""
    if not files_to_release(case):
        return "No file waits here to be released."
    copy = freshness.newest_package(case)
    if freshness.is_under_way(case) or (copy is not None and copy.released_at is None):
        return "They are released together with the copy."
    worked = CaseLogEntry.objects.filter(case_id=case.pk, staff_id=staff_id)
    has_worked = worked.exclude(event__in=[Event.COPY_RELEASED, Event.FILES_RELEASED])
    if case.assigned_to_id == staff_id or has_worked.exists():
        return WORKED_ON_IT
    return ""


@transaction.atomic
def release_files(
    case_id: uuid.UUID, files: Shown, *, staff_id: int, now: datetime
) -> None:
    """Let these files go with the answer; where it was given, they are handed over now.
    Raises NotAllowed for whoever has worked on the case, and where a file has come or
    gone since they were shown; the database refuses whoever brought one of them."""
    case = casebook.locked(case_id)
    refuse(why_not_release_files(case, staff_id=staff_id))
    refuse(_why_not_these(case, files))
    if case.state in GIVEN:
        refuse(whose_answer.why_not_to_them(case))
    _release_files(case, staff_id=staff_id, now=now)
    if case.state in GIVEN:
        _hand_over_files(case, now=now)
        _tell(case, staff_id=staff_id, now=now)


def _why_not_these(case: Case, files: Shown) -> str:
    """Nobody lets go what they could not read, because it came while they read."""
    waiting = {one.pk for one in files_to_release(case)}
    return "" if waiting == set(files) else OTHERS_NOW


def _release_files(case: Case, *, staff_id: int, now: datetime) -> None:
    files = files_to_release(case)
    if not files:
        return
    for document in files:
        document.released_at, document.released_by_id = now, staff_id
        document.save(update_fields=["released_at", "released_by_id"])
    inputs = {"digests": [bytes(one.content_digest).hex() for one in files]}
    casebook.note(case, Event.FILES_RELEASED, staff_id=staff_id, inputs=inputs)


def why_not_hand_over_files(case: Case) -> str:
    """What stands against giving the files of this case; empty when nothing does."""
    return FILES_WAIT if files_to_release(case) else ""


def why_not_answer_alone(case: Case, *, staff_id: int) -> str:
    """A file that a machine brought has been seen by nobody but whoever released it:
    then somebody else answers."""
    alone = [
        one
        for one in _files(case)
        if one.staff_id == SOFTWARE and one.released_by_id == staff_id
    ]
    copy = freshness.newest_package(case)
    if not alone or (copy is not None and copy.asked_by_id != staff_id):
        return ""
    return "You released a file that a machine brought: somebody else gives the answer."


# --- Handing over ---


def hand_over(case: Case, *, now: datetime, staff_id: int | None) -> None:
    """The copy that stands is the person's from now on, with the files beside it, and
    takes the place of those before it. The caller holds the case; what nobody released
    is refused by the database."""
    _hand_over_files(case, now=now)
    package = freshness.newest_package(case)
    if package is None:
        return
    package.handed_at = now
    package.save(update_fields=["handed_at"])
    inputs = _on_record(package)
    casebook.note(case, Event.COPY_HANDED, staff_id=staff_id, inputs=inputs)
    for older in freshness.packages_of(case):
        document = older.document
        if older != package and document is not None and document.removed_at is None:
            document.case = case
            remove_document(document, staff_id=staff_id, now=now)
    transmissions.start(case, package.document, now=now)


def _hand_over_files(case: Case, *, now: datetime) -> None:
    for file in _files(case):
        file.handed_at = file.handed_at or now
        file.save(update_fields=["handed_at"])


def _tell(case: Case, *, staff_id: int, now: datetime) -> None:
    """Of a fresh copy in a case that was answered before."""
    words = (
        "The copy of your data that you asked for again is on the page of your request. "
        f"You can download it there until {in_words(ends_on(now))}."
    )
    writing.write(
        case,
        LetterKind.MESSAGE,
        now=now,
        staff_id=staff_id,
        edits={"message": words},
    )


def ends_on(handed_at: datetime) -> date:
    """The last day on which the person can download a copy that was handed over then,
    counted in days of the calendar: some have 23 hours, or 25."""
    return timezone.localdate(handed_at) + COPY_LASTS


def has_ended(given: Package | CaseDocument, *, now: datetime) -> bool:
    """Whether its day is over, whether the nightly purge has come by or not: of a copy,
    and of a file beside it, which holds somebody's data as well."""
    handed_at = given.handed_at
    return handed_at is not None and timezone.localdate(now) > ends_on(handed_at)
