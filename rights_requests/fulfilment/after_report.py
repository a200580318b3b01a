"""Once our answer to somebody whose data was deleted has left: how to reach them goes,
and by what they were looked for; then the ledgers, which stay whole, are cut off from
their file (cutting_off)."""

import uuid

from django.db import transaction
from django.db.models import Q

from data_subjects.restriction import is_kept
from groundwork.holdings import Person
from outbox.holdings import MAIL_TO_YOU
from outbox.retention import forget_settled_mail
from rights_requests import casebook
from rights_requests.fulfilment import cutting_off, erasure_places, erasure_plan
from rights_requests.models import Case, ErasurePlan
from rights_requests.moves import OPEN


def forget_contacts(case: Case) -> bool:
    """Our answer has left, and nothing that the person asked is open any more: the
    addresses in the files of somebody whose data was erased go, by what we searched for
    them, the addresses on the letters about it, and what was corrected. Whether it was
    time. The caller holds the person, so that nobody binds their data meanwhile, and the
    case."""
    subject_id = case.submission.data_subject_id
    erased = ErasurePlan.objects.filter(
        decision__case__submission__data_subject=subject_id,
        state=ErasurePlan.State.DONE,
    )
    if case.is_open:
        return False
    erasure_plan.forget_codes(case)
    if not erased.exists() or is_kept(subject_id) or _is_anything_open(subject_id):
        return False
    person = Person(subject_id)
    for key in (erasure_places.CONTACTS_KEY, erasure_places.CORRECTED_KEY):
        if (place := erasure_places.place(key)) is not None:
            place.erase(person)
    if MAIL_TO_YOU.key not in erasure_plan.chosen_of(subject_id):
        forget_settled_mail(person)
    cutting_off.cut_off(subject_id)
    return True


def _is_anything_open(subject_id: uuid.UUID) -> bool:
    """Whoever waits for an answer of ours can be reached, and told again of the first:
    the letter says so."""
    cases = Case.objects.filter(submission__data_subject=subject_id, state__in=OPEN)
    return cases.exists()


def forget_contacts_kept_back() -> int:
    """What a legal hold or a restriction kept when the answer left goes once that is
    over; returns of how many people's cases."""
    done = ErasurePlan.objects.filter(state=ErasurePlan.State.DONE)
    erased = done.values("decision__case__submission__data_subject")
    says_something = Q(submission__in=erasure_places.reachable()) | Q(
        rectifications__in=erasure_places.corrected()
    )
    leads_there = Q(decisions__erasure__in=cutting_off.due())
    cases = Case.objects.filter(
        says_something | leads_there, submission__data_subject__in=erased
    ).distinct()
    cases = cases.order_by("submission", "pk")
    return sum(_forget_contacts_of(pk) for pk in cases.values_list("pk", flat=True))


@transaction.atomic
def _forget_contacts_of(case_id: uuid.UUID) -> bool:
    return forget_contacts(casebook.locked_with_person(case_id))
