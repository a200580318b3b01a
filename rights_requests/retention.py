"""How long case files, and the ways into them, are kept; the engine is
data_subjects.retention."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from data_subjects.retention import Purge
from groundwork.periods import civil_day
from processing_register.register import period
from rights_requests.fulfilment import erasure_plan
from rights_requests.fulfilment.releasing import COPY_LASTS
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLink,
    MailedCode,
    PersonLink,
    Submission,
)
from rights_requests.moves import OPEN
from rights_requests.vault import remove
from rights_requests.vault_keeping import remove_document
from rights_requests.whose_answer import COPIES


def _closed(limit: datetime) -> QuerySet[Submission]:
    """Submissions of which every case was closed before this moment. Where a place of
    somebody who was deleted was chosen to stay, the file says so until its last day."""
    cases = Case.objects.filter(submission=OuterRef("pk"))
    still_counts = cases.filter(state__in=OPEN) | cases.filter(closed_at__gte=limit)
    today = timezone.localdate(limit + period("case-file"))
    chosen = erasure_plan.chosen().filter(
        plan__decision__case__submission=OuterRef("pk"), kept_until__gte=today
    )
    return Submission.objects.exclude(Exists(still_counts)).exclude(Exists(chosen))


def _forget(submission: Submission) -> bool:
    """With everything that belongs to it, and the files once that is committed. False,
    and nothing is done, while somebody works on one of its cases: whoever writes a
    letter holds the case and comes to the person after it, whom the purge holds."""
    cases = Case.objects.filter(submission=submission).order_by("pk")
    held = list(cases.select_for_update(skip_locked=True))
    if len(held) < cases.count() or any(case.is_open for case in held):
        return False
    files = CaseDocument.objects.filter(case__submission=submission)
    names = list(files.exclude(vault_name="").values_list("vault_name", flat=True))
    submission.delete()

    def take_away() -> None:
        for name in names:
            remove(name)

    transaction.on_commit(take_away)
    return True


def file_goes_on(submission: Submission) -> date | None:
    """The day on which its file goes, with the status link and all else in it; later
    where a hold or a restriction keeps it. None while a case of it is open."""
    closings = list(submission.cases.values_list("closed_at", flat=True))
    closed = [moment for moment in closings if moment is not None]
    if len(closed) < len(closings):
        return None
    return civil_day(max(closed) + period(CASE_FILES.rule))


def _end_copy(document: CaseDocument) -> bool:
    """Its file goes; that there was one, and what was left out, stays with the case.
    False while somebody works on that."""
    case = Case.objects.filter(pk=document.case_id).select_related("submission")
    held = case.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
    if held is None:
        return False
    document.case = held
    remove_document(document, staff_id=None, now=timezone.now())
    return True


def _ended_copies(limit: datetime) -> QuerySet[CaseDocument]:
    """The day that the person was told is theirs to its end (releasing.ends_on)."""
    today = timezone.localdate(limit + COPY_LASTS)
    return CaseDocument.objects.filter(
        package__handed_at__date__lt=today - COPY_LASTS, removed_at__isnull=True
    )


def _ended_files(limit: datetime) -> QuerySet[CaseDocument]:
    """Of systems outside, or uploaded, beside a copy or in its place."""
    today = timezone.localdate(limit + COPY_LASTS)
    return CaseDocument.objects.filter(
        handed_at__date__lt=today - COPY_LASTS,
        case__kind__in=COPIES,
        removed_at__isnull=True,
    )


HANDED_COPIES = Purge(
    rule="case-file",
    sooner=COPY_LASTS,
    what="Files of copies of people’s data that were handed over",
    due=_ended_copies,
    subject="case__submission__data_subject_id",
    remove=_end_copy,
    counts_from="package__handed_at",
)
HANDED_FILES = Purge(
    rule="case-file",
    sooner=COPY_LASTS,
    what="Other files with people’s data that were handed over as a copy",
    due=_ended_files,
    subject="case__submission__data_subject_id",
    remove=_end_copy,
    counts_from="handed_at",
)
CASE_FILES = Purge(
    rule="case-file",
    what="Requests and complaints with their letters, notes and documents",
    due=_closed,
    subject="data_subject_id",
    remove=_forget,
    counts_from=Max("cases__closed_at"),
)
SPENT_VISITS = Purge(
    rule="spent-link",
    what="Visits to people’s own cases that are over, and spent links that open one",
    due=lambda limit: CaseLink.objects.filter(expires_at__lt=limit),
    subject="case__submission__data_subject_id",
    counts_from="expires_at",
)
SPENT_CODES = Purge(
    rule="spent-link",
    what="Mailed codes that have expired, as digests",
    due=lambda limit: MailedCode.objects.filter(expires_at__lt=limit),
    subject="case__submission__data_subject_id",
    counts_from="expires_at",
)
SPENT_OWN_LINKS = Purge(
    rule="spent-link",
    what="Links to “Your data”, and visits to it, that are over",
    due=lambda limit: PersonLink.objects.filter(expires_at__lt=limit),
    subject="data_subject_id",
    counts_from="expires_at",
)
