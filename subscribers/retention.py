"""How long what we hold of readers is kept, and the nightly purges that keep to it."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
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
    limit = timezone.now() - UNCONFIRMED_KEPT
    due = Subscriber.objects.filter(
        status=Subscriber.Status.PENDING, created_at__lt=limit
    ).exclude(confirmation_asked_at__gte=limit)
    return _each(list(due.values_list("pk", flat=True)), _expire_locked)


def _expire_locked(pk: int) -> None:
    pending = (
        Subscriber.objects.select_for_update()
        .filter(pk=pk, status=Subscriber.Status.PENDING)
        .first()
    )
    if pending is not None:
        expire(pending)


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
    """Readers who stopped everything 28 days ago; the suppression stays."""
    limit = timezone.now() - LEFT_KEPT
    due = Subscriber.objects.filter(status=Subscriber.Status.LEFT, left_at__lt=limit)
    return _each(list(due.values_list("pk", flat=True)), _remove_departed)


def _remove_departed(pk: int) -> None:
    gone = (
        Subscriber.objects.select_for_update()
        .filter(pk=pk, status=Subscriber.Status.LEFT)
        .first()
    )
    if gone is not None:
        _remove(gone)


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


def _each(pks: list[int], remove: Callable[[int], None]) -> int:
    """One short transaction per row: an interrupted purge has done what it counted."""
    for pk in pks:
        with transaction.atomic():
            remove(pk)
    return len(pks)
