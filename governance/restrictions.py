"""What ends a restriction: the mail that tells the person, then the lifting.

The verbs of data_subjects know nothing of the outbox, which stands above them; these
two bring both together.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from data_subjects import restriction
from data_subjects.models import Restriction
from data_subjects.restriction import NotAllowed
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.queueing import queue
from subscribers.models import Subscriber

KIND = "data_subjects/restriction_ending"


@transaction.atomic
def tell_by_mail(restriction_id: int, *, ending: str, staff_id: int) -> None:
    """Queue the e-mail that says why the restriction ends.

    Raises NotAllowed when no address is known, or while an earlier one is on its way.
    """
    found = Restriction.objects.select_for_update().get(pk=restriction_id)
    restriction.refuse_without_ending(ending)
    address = _address_of(found)
    if not address:
        raise NotAllowed("No e-mail address is known: tell the person by letter.")
    if found.notice_sent_at or mail_state(found) in (State.QUEUED, State.IN_FLIGHT):
        raise NotAllowed("The person has been told, or the e-mail is on its way.")
    email = queue(
        KIND,
        to=address,
        context={
            "since": f"{timezone.localtime(found.starts_at):%-d %B %Y}",
            "ground": found.get_ground_display(),
            "ending": ending.strip(),
        },
        data_subject_id=found.data_subject_id,
        # The law requires it (Art. 18(3)), whatever the person said about other mail.
        message_class=MessageClass.RIGHTS,
    )
    restriction.announce(
        restriction_id, ending=ending, mail_id=email.pk, staff_id=staff_id
    )


def _address_of(found: Restriction) -> str:
    """A reader may have moved since; otherwise the address that staff wrote down."""
    reader = Subscriber.objects.filter(data_subject=found.data_subject_id).first()
    return reader.address if reader else found.address


def mail_state(found: Restriction) -> str:
    """What became of the e-mail that tells the person; empty when there is none."""
    states = OutgoingEmail.objects.filter(pk__in=[found.notice_mail_id])
    return states.values_list("state", flat=True).first() or ""


@transaction.atomic
def lift(restriction_id: int, *, staff_id: int) -> None:
    """Lift it. Raises NotAllowed before the notice was handed over to a mail server,
    or given in another way."""
    found = Restriction.objects.select_for_update().get(pk=restriction_id)
    restriction.lift(restriction_id, staff_id=staff_id, mailed_at=_mailed_at(found))


def _mailed_at(found: Restriction) -> datetime | None:
    told = OutgoingEmail.objects.filter(pk__in=[found.notice_mail_id])
    sent = told.filter(state=State.SENT)
    return sent.values_list("settled_at", flat=True).first()
