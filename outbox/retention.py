"""How long copies of mail are kept."""

from datetime import timedelta

from django.utils import timezone

from outbox.models import InboundEmail, OutgoingEmail

BODIES_KEPT = timedelta(days=90)
INBOUND_KEPT = timedelta(days=90)


def purge_bodies() -> int:
    """Empty what was written and to whom; the row stays as the record of the sending."""
    old = OutgoingEmail.objects.filter(
        created_at__lt=timezone.now() - BODIES_KEPT, settled_at__isnull=False
    ).exclude(to_address="")
    return old.update(raw_message="", context={}, to_address="")


def purge_inbound() -> int:
    settled = [InboundEmail.State.CLAIMED, InboundEmail.State.CLOSED]
    old = InboundEmail.objects.filter(
        received_at__lt=timezone.now() - INBOUND_KEPT, state__in=settled
    )
    return old.delete()[0]
