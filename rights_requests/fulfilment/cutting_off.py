"""Cutting the ledgers off from the file of somebody who was deleted.

The file stays, with a name in it, and the ledgers are never changed: as long as both
know the person by one number, each entry leads to that name. So once the answer has
left, the files of the person's requests get a number of their own. Nothing says which
one they had before; but entries of two ledgers that one transaction wrote, such as the
beginning of the deletion, have its number and their moment in common, as the seals need.
"""

import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from data_subjects.models import DataSubject
from rights_requests.fulfilment import erasure_plan
from rights_requests.models import Case, ErasurePlan, Letter, Submission
from rights_requests.moves import OPEN

PERSON = "decision__case__submission__data_subject"


def due() -> "QuerySet[ErasurePlan]":
    """Deletions that are over, of people of whom nothing is asked, on its way, or kept
    by the decision of two any more, and whose files still have the number of the
    ledgers."""
    theirs = Q(submission__data_subject=OuterRef(PERSON))
    still_open = Case.objects.filter(theirs, state__in=OPEN)
    leaving = Letter.objects.filter(
        case__submission__data_subject=OuterRef(PERSON),
        sent_at__isnull=False,
        settled_at__isnull=True,
    )
    chosen = erasure_plan.chosen().filter(
        plan__decision__case__submission__data_subject=OuterRef(PERSON)
    )
    done = ErasurePlan.objects.filter(
        state=ErasurePlan.State.DONE, known_by=[], cut_off_at=None
    )
    return done.exclude(Exists(still_open) | Exists(leaving) | Exists(chosen))


def cut_off(subject_id: uuid.UUID) -> bool:
    """Whether it was due, and is done: from now on nothing that stands beside the number
    of the ledgers says who it was. The caller has seen to it that no hold and no
    restriction binds the person, and holds them and one of their cases."""
    plans = list(due().filter(**{PERSON: subject_id}).values_list("pk", flat=True))
    if not plans:
        return False
    files = Submission.objects.filter(data_subject=subject_id).order_by("pk")
    held = list(files.select_for_update(no_key=True).values_list("pk", flat=True))
    # To the day: to the moment it would say which deletion it was.
    day = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    DataSubject.objects.filter(pk=subject_id).update(record_went_at=day)
    own = DataSubject.objects.create()
    Submission.objects.filter(pk__in=held).update(data_subject=own)
    ErasurePlan.objects.filter(pk__in=plans).update(cut_off_at=timezone.now())
    return True


def is_cut_off(case: Case) -> bool:
    """Whether the number of this file is not that of the ledgers any more."""
    if case.is_open:
        return False
    plans = ErasurePlan.objects.filter(**{PERSON: case.submission.data_subject_id})
    return plans.exclude(cut_off_at=None).exists()
