"""How long what we hold of readers is kept, and the nightly purges that keep to it."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from consent import ledger
from consent.models import Action, Channel, ConsentEntry, ConsentEvidence
from groundwork.encryption import has_content
from outbox.retention import forget_bodies
from subscribers.models import (
    AddressChange,
    LinkUse,
    MailedLink,
    Subscriber,
    SubscriberEvent,
    SubscriberImport,
)

UNCONFIRMED_KEPT = timedelta(days=14)
LEFT_KEPT = timedelta(days=28)
OLD_ADDRESS_KEPT = timedelta(hours=72)
SPENT_LINK_KEPT = timedelta(days=14)
IMPORT_KEPT = timedelta(days=1)
EVIDENCE_KEPT = timedelta(days=365)

LASTING = [LinkUse.UNSUBSCRIBE, LinkUse.PREFERENCES]


def purge_unconfirmed() -> int:
    """Sign-ups that nobody confirmed within 14 days of the last confirmation mail."""
    return _each(_unconfirmed(), expire)


def _unconfirmed() -> QuerySet[Subscriber]:
    limit = timezone.now() - UNCONFIRMED_KEPT
    return Subscriber.objects.filter(
        status=Subscriber.Status.PENDING, created_at__lt=limit
    ).exclude(confirmation_asked_at__gte=limit)


def expire(pending: Subscriber) -> None:
    """Remove a sign-up that was never confirmed; the ledger says that it expired."""
    asked = ConsentEntry.objects.filter(
        data_subject_id=pending.data_subject_id, action=Action.REQUESTED
    )
    purposes = sorted(set(asked.values_list("purpose", flat=True)))
    how = ledger.Circumstances(channel=Channel.RETENTION)
    ledger.record_expired(pending.data_subject_id, purposes, how)
    _remove(pending)


def purge_departed() -> int:
    """Readers who stopped everything 28 days ago; the suppression stays. Whoever has
    signed up again since is left the time to confirm."""
    return _each(_departed(), _remove)


def _departed() -> QuerySet[Subscriber]:
    now = timezone.now()
    wish = MailedLink.objects.filter(
        subscriber=OuterRef("pk"),
        use=LinkUse.CONFIRM,
        used_at__isnull=True,
        superseded_at__isnull=True,
        expires_at__gt=now,
    )
    return Subscriber.objects.filter(
        status=Subscriber.Status.LEFT, left_at__lt=now - LEFT_KEPT
    ).exclude(Exists(wish))


def _remove(subscriber: Subscriber) -> None:
    """The row, its links, its evidence and the mails to it go; the ledgers keep a
    UUID."""
    subject = subscriber.data_subject
    ConsentEvidence.objects.filter(data_subject_id=subject.pk).delete()
    forget_bodies(subject.pk)
    subscriber.delete()
    SubscriberEvent.objects.create(
        data_subject_id=subject.pk,
        action=SubscriberEvent.Action.PURGED,
        channel=Channel.RETENTION,
    )
    subject.delete()


def purge_old_addresses() -> int:
    limit = timezone.now() - OLD_ADDRESS_KEPT
    changed = AddressChange.objects.filter(changed_at__lt=limit)
    never = AddressChange.objects.filter(changed_at__isnull=True, asked_at__lt=limit)
    return changed.delete()[0] + never.delete()[0]


def purge_spent_links() -> int:
    limit = timezone.now() - SPENT_LINK_KEPT
    return (
        MailedLink.objects.exclude(use__in=LASTING)
        .filter(expires_at__lt=limit)
        .delete()[0]
    )


def purge_imports() -> int:
    limit = timezone.now() - IMPORT_KEPT
    old = SubscriberImport.objects.filter(has_content("content"), uploaded_at__lt=limit)
    return old.update(content="")


def purge_evidence() -> int:
    """What a browser told us. An imported consent's evidence stays with the person: it
    says where the consent came from, and there is no other proof of it."""
    imported = ConsentEntry.objects.filter(channel=Channel.IMPORT).values("id")
    old = ConsentEvidence.objects.filter(created_at__lt=timezone.now() - EVIDENCE_KEPT)
    return old.exclude(entry_id__in=imported).delete()[0]


def _each(due: QuerySet[Subscriber], remove: Callable[[Subscriber], None]) -> int:
    """One short transaction per row: an interrupted purge has done what it counted.

    Each row is asked again under its lock, since the person may have acted meanwhile.
    """
    locked = due.select_related("data_subject").select_for_update(
        of=("data_subject", "self")
    )
    count = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            subscriber = locked.filter(pk=pk).first()
            if subscriber is not None:
                remove(subscriber)
                count += 1
    return count
