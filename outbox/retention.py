"""How long copies of mail are kept."""

import uuid
from datetime import timedelta

from django.utils import timezone

from groundwork.encryption import has_content
from outbox.models import InboundEmail, OutgoingEmail, OutgoingEmailQuerySet, State

BODIES_KEPT = timedelta(days=90)
INBOUND_KEPT = timedelta(days=90)


def purge_bodies() -> int:
    """Empty what was written and to whom; the row stays as the record of the sending.
    A row that concerns nobody goes altogether."""
    old = OutgoingEmail.objects.filter(
        created_at__lt=timezone.now() - BODIES_KEPT, settled_at__isnull=False
    )
    removed, _ = old.filter(data_subject__isnull=True).delete()
    return removed + _empty(old)


def forget_bodies(data_subject_id: uuid.UUID) -> int:
    """The same at once, for a person whose record is removed; what is still to be
    sent to them is not."""
    theirs = OutgoingEmail.objects.filter(data_subject_id=data_subject_id)
    theirs.filter(state=State.QUEUED).update(
        state=State.WITHHELD, reason="removed", settled_at=timezone.now()
    )
    return _empty(theirs.filter(settled_at__isnull=False))


def _empty(emails: OutgoingEmailQuerySet) -> int:
    with_address = emails.filter(has_content("to_address"))
    return with_address.update(raw_message="", context={}, to_address="")


def purge_inbound() -> int:
    settled = [InboundEmail.State.CLAIMED, InboundEmail.State.CLOSED]
    old = InboundEmail.objects.filter(
        received_at__lt=timezone.now() - INBOUND_KEPT, state__in=settled
    )
    return old.delete()[0]
