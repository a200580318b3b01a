"""What the retention rules remove of readers; the engine is data_subjects.retention."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from consent import ledger
from consent.models import Action, Channel, ConsentEntry, ConsentEvidence
from data_subjects.retention import Purge, note_going
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

LASTING = [LinkUse.UNSUBSCRIBE, LinkUse.PREFERENCES]


def _unconfirmed(limit: datetime) -> QuerySet[Subscriber]:
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
    remove(pending)


def _departed(limit: datetime) -> QuerySet[Subscriber]:
    """Whoever has signed up again since is left the time to confirm."""
    wish = MailedLink.objects.filter(
        subscriber=OuterRef("pk"),
        use=LinkUse.CONFIRM,
        used_at__isnull=True,
        superseded_at__isnull=True,
        expires_at__gt=timezone.now(),
    )
    return Subscriber.objects.filter(
        status=Subscriber.Status.LEFT, left_at__lt=limit
    ).exclude(Exists(wish))


def remove(subscriber: Subscriber) -> None:
    """The row, its links, its evidence and the mails to it go; the ledgers keep a
    UUID. The suppression stays, and so does the key of the person, until its period
    after the last of the person's records is over (PERSON_KEYS)."""
    subject_id = subscriber.data_subject_id
    ConsentEvidence.objects.filter(data_subject_id=subject_id).delete()
    forget_bodies(subject_id)
    subscriber.delete()
    SubscriberEvent.objects.create(
        data_subject_id=subject_id,
        action=SubscriberEvent.Action.PURGED,
        channel=Channel.RETENTION,
    )
    note_going([subject_id])


def _old_addresses(limit: datetime) -> QuerySet[AddressChange]:
    changed = Q(changed_at__lt=limit)
    never = Q(changed_at__isnull=True, asked_at__lt=limit)
    return AddressChange.objects.filter(changed | never)


def _spent_links(limit: datetime) -> QuerySet[MailedLink]:
    return MailedLink.objects.exclude(use__in=LASTING).filter(expires_at__lt=limit)


def _imports(limit: datetime) -> QuerySet[SubscriberImport]:
    return SubscriberImport.objects.filter(
        has_content("content"), uploaded_at__lt=limit
    )


def _evidence(limit: datetime) -> QuerySet[ConsentEvidence]:
    """What a browser told us. An imported consent's evidence stays with the person: it
    says where the consent came from, and there is no other proof of it."""
    imported = ConsentEntry.objects.filter(channel=Channel.IMPORT).values("id")
    old = ConsentEvidence.objects.filter(created_at__lt=limit)
    return old.exclude(entry_id__in=imported)


# With a sign-up goes what else is only there for it (remove).
TAKEN_ALONG = ("links", "address-change", "consent-evidence", "mail-to-you")
UNCONFIRMED = Purge(
    rule="unconfirmed-sign-up",
    what="Sign-ups that nobody confirmed, with their links, evidence and mails",
    due=_unconfirmed,
    subject="data_subject_id",
    remove=lambda row: expire(row),
    counts_from=Greatest("created_at", "confirmation_asked_at"),
    takes=TAKEN_ALONG,
)
DEPARTED = Purge(
    rule="departed-reader",
    what="Readers who stopped everything, with their links, evidence and mails",
    due=_departed,
    subject="data_subject_id",
    remove=lambda row: remove(row),
    counts_from="left_at",
    takes=TAKEN_ALONG,
)
OLD_ADDRESSES = Purge(
    rule="old-address",
    what="Addresses from before a change, and changes that were never confirmed",
    due=_old_addresses,
    subject="subscriber__data_subject_id",
    counts_from=Coalesce("changed_at", "asked_at"),
)
SPENT_LINKS = Purge(
    rule="spent-link",
    what="Links that have expired",
    due=_spent_links,
    subject="subscriber__data_subject_id",
    counts_from="expires_at",
)
# A list of many: it is a working copy, and what it brought in is held by the people's
# own rows.
IMPORTS = Purge(
    rule="import-file",
    what="The content of uploaded lists",
    due=_imports,
    empties={"content": ""},
    counts_from="uploaded_at",
)
EVIDENCE = Purge(
    rule="consent-evidence",
    what="What browsers told us when people decided",
    due=_evidence,
    subject="data_subject_id",
    counts_from="created_at",
)
