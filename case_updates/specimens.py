"""Looking at an update before it leaves: as a reader's mailbox, and by a test.

The links of both have the shape of a reader's and do nothing: a forwarded test can
unsubscribe nobody.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from case_updates.composing import inert_links, words_of
from case_updates.models import CaseUpdate, Step
from case_updates.readers import why_not
from case_updates.release import record
from groundwork import addresses
from groundwork.refusals import NotAllowed
from outbox.queueing import queue
from staff.models import AccessRecord, StaffUser
from subscribers.models import Subscriber


@dataclass(frozen=True)
class ChosenReader:
    """One reader, as far as a preview shows them; why_not is empty when it would go."""

    masked_address: str
    why_not: str


@transaction.atomic
def choose_reader(address: str, *, by: StaffUser) -> ChosenReader:
    """Find a subscriber by the exact address; that staff looked goes on record."""
    try:
        normal = addresses.normalise(address)
    except ValidationError as error:
        raise NotAllowed(addresses.ADVICE) from error
    digest = addresses.digest(normal)
    subscriber = Subscriber.objects.filter(address_digest=digest).first()
    if subscriber is None:
        raise NotAllowed("Nobody has signed up with this address.")
    AccessRecord.objects.create(
        staff_id=by.pk,
        action=AccessRecord.Action.PREVIEWED,
        data_subject_id=subscriber.data_subject_id,
    )
    return ChosenReader(addresses.mask(normal), why_not(subscriber.pk))


@transaction.atomic
def send_test(update: CaseUpdate, *, to: str, by: StaffUser) -> None:
    """Mail it to a member of staff, plainly marked, with links that do nothing."""
    address = to.strip().lower()
    if not StaffUser.objects.filter(email=address, is_active=True).exists():
        raise NotAllowed("Tests go to staff only: enter the address of a colleague.")
    queue(
        "case_updates/test",
        to=address,
        data_subject_id=None,
        context={**words_of(update), **inert_links()},
    )
    record(update, Step.Action.TESTED, by)
