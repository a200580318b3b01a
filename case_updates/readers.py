"""To whom a case update may go at this moment, and why it may not go to somebody."""

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from consent import ledger
from consent.models import DECIDING, Action, ConsentEntry
from data_subjects.models import Restriction
from data_subjects.restriction import is_restricted
from groundwork.clock import today_here
from outbox.models import MessageClass, SuppressedAddress
from outbox.suppression import IGNORES
from subscribers.models import Subscriber

PURPOSE = "case-updates"


def readers() -> QuerySet[Subscriber]:
    """Confirmed, not paused, not suppressed, not restricted, and their consent stands.

    One query that can stand inside another statement, so that the release, the count
    shown before it and the check at the moment of sending cannot differ.
    """
    last_decision = (
        ConsentEntry.objects.filter(
            data_subject_id=OuterRef("data_subject_id"),
            purpose=PURPOSE,
            action__in=DECIDING,
        )
        .order_by("-id")
        .values("action")[:1]
    )
    return (
        Subscriber.objects.filter(
            Q(paused_until__isnull=True) | Q(paused_until__lte=today_here()),
            status=Subscriber.Status.CONFIRMED,
        )
        .alias(last_decision=Subquery(last_decision))
        .filter(last_decision=Action.GIVEN)
        .exclude(Exists(_suppressions(OuterRef("address_digest"))))
        .exclude(
            Exists(
                Restriction.objects.open().filter(
                    data_subject=OuterRef("data_subject_id")
                )
            )
        )
    )


def _suppressions(address_digest: object) -> QuerySet[SuppressedAddress]:
    standing = SuppressedAddress.objects.filter(
        address_digest=address_digest, purpose__in=["", PURPOSE]
    )
    return standing.exclude(reason__in=IGNORES[MessageClass.MARKETING])


def why_not(subscriber_id: int | None) -> str:
    """The code of what stands in the way; empty when nothing does."""
    subscriber = Subscriber.objects.filter(pk=subscriber_id or 0).first()
    if subscriber is None:
        return "no longer a reader"
    if readers().filter(pk=subscriber.pk).exists():
        return ""
    if is_restricted(subscriber.data_subject_id):
        return "restricted"
    if subscriber.status == Subscriber.Status.PENDING:
        return "not confirmed"
    if PURPOSE not in ledger.standing_purposes(subscriber.data_subject_id):
        return "no consent"
    if _suppressions(bytes(subscriber.address_digest)).exists():
        return "suppressed"
    if subscriber.status == Subscriber.Status.LEFT:
        return "left"
    return "paused"
