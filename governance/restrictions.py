"""What ends a restriction: the mail that tells the person, then the lifting.

The verbs of data_subjects know nothing of the outbox, which stands above them; these
bring both together.
"""

from django.db import transaction
from django.utils import timezone

from data_subjects import restriction
from data_subjects.models import IndirectContact, Restriction
from groundwork.refusals import NotAllowed, refuse
from outbox import outcomes
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.queueing import queue
from subscribers.models import Subscriber

KIND = "data_subjects/restriction_ending"


@transaction.atomic
def tell_by_mail(restriction_id: int, *, ending: str, staff_id: int) -> None:
    """Queue the e-mail that says why the restriction ends.

    Raises NotAllowed when no address is known, or when an earlier one went, is on its
    way, or may have gone.
    """
    found = restriction.opened(restriction_id)
    restriction.refuse_without_ending(ending)
    address = _address_of(found)
    _refuse_to_mail(found, address)
    email = queue(
        KIND,
        to=address,
        context={
            "since": _day(found),
            "ground": found.get_ground_display(),
            "ending": ending.strip(),
            "still": _still(found),
        },
        data_subject_id=found.data_subject_id,
        # The law requires it (Art. 18(3)), whatever the person said about other mail.
        message_class=MessageClass.RIGHTS,
    )
    restriction.announce(
        restriction_id, ending=ending, mail_id=email.pk, staff_id=staff_id
    )


def _still(found: Restriction) -> str:
    """Since when the data is restricted all the same; empty where nothing else does so,
    or the person has been told, or is just being told, that it ends."""
    untold = {"notice_sent_at": None, "notice_mail_id": None}
    first = restriction.others(found).filter(**untold).first()
    return _day(first) if first else ""


def _day(row: Restriction) -> str:
    return f"{timezone.localtime(row.starts_at):%-d %B %Y}"


def _refuse_to_mail(found: Restriction, address: str) -> None:
    if not address:
        raise NotAllowed("No e-mail address is known: tell the person by letter.")
    if found.notice_sent_at:
        raise NotAllowed("The person has been told already.")
    # After a second e-mail the first would no longer count.
    refuse(outcomes.why_not_again(found.notice_mail_id))


def _address_of(found: Restriction) -> str:
    """A reader may have moved since, and a contact been corrected; otherwise the address
    that staff wrote down."""
    for people in (Subscriber, IndirectContact):
        person = people.objects.filter(data_subject=found.data_subject_id).first()
        if person is not None:
            return str(person.address)
    return found.address


def take_over_notices() -> int:
    """Record as told those whose e-mail a mail server took; returns how many."""
    waiting = Restriction.objects.open().filter(
        notice_sent_at__isnull=True, notice_mail_id__isnull=False
    )
    sent = OutgoingEmail.objects.filter(state=State.SENT)
    handed_over = waiting.filter(notice_mail_id__in=sent.values("pk"))
    keys = list(handed_over.values_list("pk", flat=True))
    return sum(_take_over_unless_lifted(key) for key in keys)


def _take_over_unless_lifted(restriction_id: int) -> bool:
    """False when it was lifted a moment ago: then the person had been told."""
    try:
        _take_over(restriction_id)
    except NotAllowed:
        return False
    return True


@transaction.atomic
def _take_over(restriction_id: int) -> None:
    found = restriction.opened(restriction_id)
    at = outcomes.sent_at(found.notice_mail_id)
    if at is not None:
        restriction.record_handed_over(restriction_id, at=at)


@transaction.atomic
def lift(restriction_id: int, *, staff_id: int) -> None:
    """Lift it. Raises NotAllowed before the notice was handed over to a mail server,
    or given in another way."""
    _take_over(restriction_id)
    restriction.lift(restriction_id, staff_id=staff_id)
