"""What somebody whose data is deleted has said, and nobody has read yet: it may ask for
something, so their case does not close over it."""

import uuid

from django.db.models import QuerySet

from outbox.inbound import is_anything_unread, is_anything_waiting_from
from rights_requests import news
from rights_requests.fulfilment import erasure_plan
from rights_requests.models import ErasurePlan, Message

UNREAD_MESSAGE = (
    "The person has written, and nobody has read it yet: it may ask for something. Read "
    "it first, and press “Mark as read” beside it."
)
UNREAD_MAIL = (
    "A mail waits to be looked at that is, or may be, from the person: it may ask for "
    "something. Look at it first."
)


def why_wait(plan: ErasurePlan) -> str:
    """What of the person's nobody has read yet; the case does not close over it. Empty
    when all was read."""
    if messages(plan).exists():
        return UNREAD_MESSAGE
    if is_anything_unread() or _is_mail_waiting(plan):
        return UNREAD_MAIL
    return ""


def messages(plan: ErasurePlan) -> QuerySet[Message]:
    return news.unread(case__submission__data_subject=_person_of(plan))


def _person_of(plan: ErasurePlan) -> uuid.UUID:
    return plan.decision.case.submission.data_subject_id


def _is_mail_waiting(plan: ErasurePlan) -> bool:
    """But for that of somebody new: it is found, and somebody says whose it is."""
    codes = [bytes.fromhex(code) for code in {*plan.sought["digests"], *plan.known_by}]
    if erasure_plan.newcomers_of(codes, besides=_person_of(plan)).exists():
        return False
    return is_anything_waiting_from(codes)
