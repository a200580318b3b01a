"""Changing one's choices, details and address, without an account."""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent import ledger
from consent.models import Channel
from data_subjects.models import DataSubject
from data_subjects.people import bind_alike
from data_subjects.restriction import is_kept, why_restricted
from groundwork import addresses
from groundwork.links import random_token, token_digest
from groundwork.refusals import refuse
from groundwork.restricted_rows import by_the_person
from outbox import suppression
from processing_register.gate import usable_purposes
from processing_register.models import ProcessingPurpose
from processing_register.notices import notice_in_force, sign_up_wording
from subscribers import emails, leaving, links
from subscribers.locking import locked
from subscribers.models import (
    AddressChange,
    LinkUse,
    MailedLink,
    Subscriber,
    SubscriberEvent,
)
from subscribers.retention import expire

ASKS_A_DAY = 3


@transaction.atomic
def ask_for_link(address: str) -> None:
    """Mail a fresh link to this address if a confirmed reader has it; say nothing.

    The same two statements whoever has it, so that the answer's timing tells nothing:
    for a stranger the outbox keeps a withheld row without an address.
    """
    token = random_token()
    subject = _fresh_link(addresses.digest(address), token)
    emails.preferences_link(address, subject, token)


def _fresh_link(address_digest: bytes, token: str) -> uuid.UUID | None:
    """Make the link known and return whose it is; None when nobody reads under the
    address, or five were asked for within the hour (a mailbox is not to be filled).

    The person is locked first, so that a purge at this moment is waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH reader AS (
                SELECT known.id, known.data_subject_id
                FROM subscribers_subscriber AS known
                JOIN data_subjects_datasubject AS person
                ON person.id = known.data_subject_id
                WHERE known.address_digest = %s AND confirmed_at IS NOT NULL
                AND 5 > (SELECT count(*) FROM subscribers_mailedlink
                         WHERE subscriber_id = known.id AND use = 'fresh'
                         AND created_at > now() - interval '1 hour')
                FOR KEY SHARE OF person)
            INSERT INTO subscribers_mailedlink (subscriber_id, use, token_digest,
                purposes, details, shown, created_at, expires_at)
            SELECT id, 'fresh', %s, '{}', '', '{}', now(), %s FROM reader
            RETURNING (SELECT data_subject_id FROM reader)
            """,
            [
                address_digest,
                token_digest(LinkUse.FRESH, token),
                timezone.now() + links.LIFETIMES[LinkUse.FRESH],
            ],
        )
        row = cursor.fetchone()
    return row[0] if row else None


@transaction.atomic
def open_visit(token: str) -> tuple[links.Problem | None, str]:
    """Use up the fresh link; returns the token of a visit of 30 minutes."""
    found = links.look_up(LinkUse.FRESH, token, lock=True)
    if found.link is None or found.problem is not None:
        return found.problem, ""
    links.use_up(found.link)
    _, visit_token = links.make(found.link.subscriber, LinkUse.VISIT)
    return None, visit_token


@transaction.atomic
def visit_of(subject_id: uuid.UUID) -> str:
    """The token of a visit for whoever has just shown that this person’s mailbox is
    theirs; empty when they never confirmed a sign-up."""
    reader = _confirmed(subject_id).first()
    return links.make(reader, LinkUse.VISIT)[1] if reader is not None else ""


def can_visit(subject_id: uuid.UUID) -> bool:
    """Whether there is a confirmed sign-up of this person’s."""
    return _confirmed(subject_id).exists()


def _confirmed(subject_id: uuid.UUID) -> QuerySet[Subscriber]:
    return Subscriber.objects.filter(
        data_subject_id=subject_id, confirmed_at__isnull=False
    )


def choosable(subscriber: Subscriber) -> set[str]:
    """What may be ticked: purposes that may be used, and those chosen already, which
    can be kept or stopped whatever the notice says meanwhile."""
    return usable_purposes() | set(ledger.standing_purposes(subscriber.data_subject_id))


@transaction.atomic
def choose_purposes(subscriber: Subscriber, wanted: Iterable[str]) -> list[str]:
    """Bring the standing consents in line with the ticked boxes; returns what changed."""
    subscriber = locked(subscriber.pk)
    wanted = list(wanted)
    standing = ledger.standing_purposes(subscriber.data_subject_id)
    dropped = [purpose for purpose in standing if purpose not in wanted]
    # The gate once more: whoever calls this may not have drawn the boxes from it.
    usable = usable_purposes()
    added = [p for p in wanted if p not in standing and p in usable]
    if dropped:
        leaving.leave(subscriber.pk, dropped, channel=Channel.PREFERENCES)
    if added:
        _give(subscriber, added)
    return [*added, *dropped]


def _give(subscriber: Subscriber, added: list[str]) -> None:
    wording = sign_up_wording()
    notice = notice_in_force("privacy")
    how = ledger.Circumstances(
        channel=Channel.PREFERENCES,
        notices=[notice.reference, wording.reference],
        wordings={purpose: wording.transcript(purpose) for purpose in added},
    )
    entries = ledger.record_given(subscriber.data_subject_id, added, how)
    offered = ProcessingPurpose.objects.offered().values_list("key", flat=True)
    suppression.lift(bytes(subscriber.address_digest), added, offered)
    # A purpose may be newer than the reader, and its link unknown until now.
    links.ensure_lasting_links(subscriber)
    if subscriber.status != Subscriber.Status.CONFIRMED:
        subscriber.status, subscriber.left_at = Subscriber.Status.CONFIRMED, None
        subscriber.save(update_fields=["status", "left_at"])
        _event(subscriber, SubscriberEvent.Action.RETURNED, Channel.PREFERENCES)
    emails.welcome(subscriber, entries)


@transaction.atomic
def change_details(
    subscriber: Subscriber,
    details: dict[str, str],
    *,
    channel: str = Channel.PREFERENCES,
    staff_id: int | None = None,
    is_their_wish: bool = False,
) -> list[str]:
    """Store what differs and record which fields did; returns their names.

    Raises NotAllowed to staff while the data is restricted; the person may change it,
    and so may staff at their wish (is_their_wish).
    """
    subscriber = locked(subscriber.pk)
    if staff_id is not None and not is_their_wish:
        refuse(why_restricted(subscriber.data_subject_id))
    changed = [n for n, value in details.items() if getattr(subscriber, n) != value]
    for name in changed:
        setattr(subscriber, name, details[name])
    if changed:
        with by_the_person(subscriber.data_subject_id):
            subscriber.save(update_fields=changed)
        _event(
            subscriber,
            SubscriberEvent.Action.DETAILS_CHANGED,
            channel,
            changed,
            staff_id,
        )
    return changed


@transaction.atomic
def pause(subscriber: Subscriber, until: date | None) -> bool:
    """Send nothing before this day; None resumes. False when it was so already."""
    subscriber = locked(subscriber.pk)
    if subscriber.paused_until == until:
        return False
    subscriber.paused_until = until
    subscriber.save(update_fields=["paused_until"])
    action = SubscriberEvent.Action.PAUSED if until else SubscriberEvent.Action.RESUMED
    _event(subscriber, action, Channel.PREFERENCES)
    return True


class NotNow(Exception):
    """The address cannot be changed at this moment; the text tells the reader why."""


@transaction.atomic
def ask_to_change_address(
    subscriber: Subscriber,
    new_address: str,
    *,
    channel: Channel = Channel.PREFERENCES,
    staff_id: int | None = None,
) -> None:
    """Ask the new mailbox to confirm; until it does, nothing changes. staff_id: who does
    it at the reader's request.

    Raises NotNow while an earlier change can still be undone, since a second one would
    take the way back from the old mailbox; and after three asks in a day, since each
    sends a mail to an address that somebody typed.
    """
    subscriber = locked(subscriber.pk)
    if new_address == subscriber.address:
        return
    _refuse_too_soon(subscriber)
    with by_the_person(subscriber.data_subject_id):
        AddressChange.objects.update_or_create(
            subscriber=subscriber,
            defaults={
                "new_address": new_address,
                "old_address": "",
                "asked_at": timezone.now(),
                "changed_at": None,
            },
        )
    subscriber.links.filter(use=LinkUse.ADDRESS, used_at__isnull=True).update(
        superseded_at=timezone.now()
    )
    _, token = links.make(subscriber, LinkUse.ADDRESS)
    emails.confirm_new_address(subscriber, new_address, token)
    action = SubscriberEvent.Action.ADDRESS_ASKED
    _event(subscriber, action, channel, staff_id=staff_id)


def call_off_address_change(subscriber_id: int) -> None:
    """The mail that asked the new mailbox changes nothing any more."""
    links_open = MailedLink.objects.filter(
        subscriber=subscriber_id, use=LinkUse.ADDRESS, used_at__isnull=True
    )
    links_open.update(superseded_at=timezone.now())


def _refuse_too_soon(subscriber: Subscriber) -> None:
    now = timezone.now()
    undo_ends = now - links.LIFETIMES[LinkUse.ADDRESS_UNDO]
    if AddressChange.objects.filter(
        subscriber=subscriber, changed_at__gt=undo_ends
    ).exists():
        raise NotNow(
            "Your address changed less than 72 hours ago. Try again after that"
        )
    asked_today = subscriber.links.filter(
        use=LinkUse.ADDRESS, created_at__gt=now - timedelta(days=1)
    )
    if asked_today.count() >= ASKS_A_DAY:
        raise NotNow("You asked for this three times today. Try again tomorrow")


class AddressTaken(Exception):
    """The new address has a subscription of its own."""


@transaction.atomic
def confirm_new_address(token: str) -> links.Problem | None:
    """The new mailbox confirmed: change over, tell the old one, keep it for 72 hours.

    Raises AddressTaken when the new address already has its own subscription.
    """
    _lock_people(LinkUse.ADDRESS, token)
    found = links.look_up(LinkUse.ADDRESS, token, lock=True)
    if found.link is None or found.problem is not None:
        return found.problem
    links.use_up(found.link)
    subscriber = found.link.subscriber
    change = AddressChange.objects.filter(subscriber=subscriber).first()
    if change is None:
        return links.Problem.EXPIRED
    old_address = subscriber.address
    _move_to(subscriber, change.new_address)
    change.old_address, change.changed_at = old_address, timezone.now()
    with by_the_person(subscriber.data_subject_id):
        change.save(update_fields=["old_address", "changed_at"])
    _, undo_token = links.make(subscriber, LinkUse.ADDRESS_UNDO)
    emails.address_changed(subscriber, old_address, undo_token)
    _event(subscriber, SubscriberEvent.Action.ADDRESS_CHANGED, Channel.CONFIRMATION)
    return None


def has_moved_by(token: str) -> bool:
    """True when this link moved the subscription, and nobody has moved it back."""
    link = links.look_up(LinkUse.ADDRESS, token).link
    change = AddressChange.objects.filter(
        subscriber=link.subscriber if link else None, changed_at__isnull=False
    ).first()
    return (
        link is not None
        and change is not None
        and change.new_address == link.subscriber.address
    )


@transaction.atomic
def restore_old_address(token: str) -> links.Problem | None:
    """The old mailbox says no: go back, within 72 hours.

    Raises AddressTaken when somebody has signed up with it since.
    """
    _lock_people(LinkUse.ADDRESS_UNDO, token)
    found = links.look_up(LinkUse.ADDRESS_UNDO, token, lock=True)
    if found.link is None or found.problem is not None:
        return found.problem
    links.use_up(found.link)
    subscriber = found.link.subscriber
    change = AddressChange.objects.filter(subscriber=subscriber).first()
    if change is None or not change.old_address:
        return links.Problem.EXPIRED
    _move_to(subscriber, change.old_address)
    with by_the_person(subscriber.data_subject_id):
        change.delete()
    # Whoever took the address over may have links to it open.
    subscriber.links.filter(use__in=[LinkUse.FRESH, LinkUse.VISIT]).update(
        superseded_at=timezone.now()
    )
    emails.address_restored(subscriber)
    _event(subscriber, SubscriberEvent.Action.ADDRESS_RESTORED, Channel.UNDO)
    return None


def _lock_people(use: LinkUse, token: str) -> None:
    """The reader's person and whoever else has one of the two addresses, in the order in
    which a hold, a purge and an import lock several."""
    change = AddressChange.objects.filter(
        subscriber__links__use=use,
        subscriber__links__token_digest=token_digest(use, token),
    ).first()
    if change is None:
        return
    digests = map(
        addresses.digest, filter(None, [change.old_address, change.new_address])
    )
    people = DataSubject.objects.filter(
        Q(subscriber=change.subscriber_id) | Q(address_digest__in=list(digests))
    )
    ordered = people.order_by("pk").select_for_update(of=("self",), no_key=True)
    list(ordered.values_list("pk", flat=True))


def _move_to(subscriber: Subscriber, address: str) -> None:
    digest = addresses.digest(address)
    others = Subscriber.objects.filter(address_digest=digest).exclude(pk=subscriber.pk)
    for other in others.select_related("data_subject").select_for_update(
        of=("data_subject", "self")
    ):
        if other.confirmed_at is not None or is_kept(other.data_subject_id):
            raise AddressTaken
        expire(other)  # a sign-up that was never confirmed gives way
    subject = subscriber.data_subject
    bind_alike(subject, digest)
    type(subject).objects.filter(address_digest=digest).exclude(pk=subject.pk).update(
        address_digest=None
    )
    subject.address_digest = digest
    subject.save(update_fields=["address_digest"])
    subscriber.address, subscriber.address_digest = address, digest
    with by_the_person(subject.pk):
        subscriber.save(update_fields=["address", "address_digest"])
    # Its mailbox asked for these e-mails just now, whatever it had said before.
    standing = ledger.standing_purposes(subject.pk)
    offered = ProcessingPurpose.objects.offered().values_list("key", flat=True)
    suppression.lift(digest, standing, offered)


def _event(
    subscriber: Subscriber,
    action: str,
    channel: str,
    fields: list[str] | None = None,
    staff_id: int | None = None,
) -> None:
    SubscriberEvent.objects.create(
        data_subject_id=subscriber.data_subject_id,
        action=action,
        channel=channel,
        fields=fields or [],
        staff_id=staff_id,
    )
