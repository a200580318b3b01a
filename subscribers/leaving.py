"""Leaving: five doors, one verb. And the way back for a change of mind."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from consent import ledger
from consent.models import Channel
from groundwork.one_statement import Given, Part, insert, run
from outbox import suppression
from outbox.models import SuppressedAddress
from processing_register.models import ProcessingPurpose
from processing_register.notices import purpose_titles
from subscribers import emails, links
from subscribers.locking import locked
from subscribers.models import LinkUse, MailedLink, Subscriber, SubscriberEvent


@dataclass(frozen=True)
class Left:
    """What stopped: the purposes withdrawn by this act (none when it was done
    before), and the token of the undo link for them."""

    withdrawn: list[str]
    undo_token: str


@transaction.atomic
def leave(
    subscriber_id: int,
    purposes: Iterable[str],
    *,
    channel: str,
    staff_id: int | None = None,
    evidence: dict[str, str] | None = None,
) -> Left:
    """Stop these purposes, or all of them when none is named; effective on commit.

    1. Lock the person and the subscriber, so that two presses at once withdraw once.
    2. Append a withdrawal for each consent that stands.
    3. Suppress the address for what was asked, standing or not: a queued message is
       held back at the moment of sending.
    4. With nothing left standing, the subscriber has left.
    """
    subscriber = locked(subscriber_id)
    asked = list(purposes)
    digest = bytes(subscriber.address_digest)
    suppression.suppress_several(
        digest,
        asked or [links.ALL],
        SuppressedAddress.Reason.UNSUBSCRIBED,
        subject=subscriber.data_subject_id,
    )
    how = ledger.Circumstances(
        channel=channel, staff_id=staff_id, evidence=evidence or {}
    )
    withdrawn = _withdraw(subscriber, asked, how)
    if not withdrawn:
        return Left([], "")
    _, token = links.make(subscriber, LinkUse.UNDO, purposes=withdrawn)
    return Left(withdrawn, token)


def _withdraw(
    subscriber: Subscriber, asked: list[str], how: ledger.Circumstances
) -> list[str]:
    """Of what stands, what was asked for (none named: all); returns what ended."""
    standing = ledger.standing_purposes(subscriber.data_subject_id)
    withdrawn = [p for p in standing if p in asked or not asked]
    if withdrawn:
        ledger.record_withdrawn(subscriber.data_subject_id, withdrawn, how)
        if set(standing) == set(withdrawn):
            _mark_left(subscriber, how.channel, how.staff_id)
    return withdrawn


@transaction.atomic
def leave_again(subscriber_id: int, purposes: Iterable[str]) -> list[str]:
    """End what the journal says was ended before (none named: all), without a new line
    there, a mail or a way back. The caller closes the address."""
    how = ledger.Circumstances(channel=Channel.JOURNAL)
    return _withdraw(locked(subscriber_id), list(purposes), how)


def leave_if_reading(
    subject: uuid.UUID, *, channel: str, staff_id: int | None = None
) -> list[str]:
    """Stop everything for this person, whether they read anything or not; returns the
    purposes that were withdrawn.

    One statement, the same for everybody: how long it takes tells nobody who reads. It
    does what leave() does, without a way back. The caller holds the person, since before
    this statement began.
    """
    how = ledger.Circumstances(channel=channel, staff_id=staff_id)
    parts = [
        Part("reader", READER, (subject,)),
        ledger.standing_step("standing", subject),
        ledger.withdrawn("withdrawn", how, source="standing"),
        suppression.suppressed(
            "suppressed",
            links.ALL,
            SuppressedAddress.Reason.UNSUBSCRIBED,
            source="reader",
        ),
        Part("gone", GONE, (str(Subscriber.Status.LEFT), timezone.now())),
        insert(
            "event",
            SubscriberEvent,
            {
                "data_subject_id": Given("gone.data_subject_id"),
                "action": str(SubscriberEvent.Action.LEFT),
                "channel": channel,
                "staff_id": staff_id,
            },
            source="gone",
        ),
    ]
    [purposes] = run(
        parts, "SELECT coalesce(array_agg(purpose ORDER BY id), '{}') FROM withdrawn"
    )
    return list(purposes)


READER = """
    SELECT id, data_subject_id, address_digest FROM subscribers_subscriber
    WHERE data_subject_id = %s FOR NO KEY UPDATE
"""
GONE = """
    UPDATE subscribers_subscriber AS left_one SET status = %s, left_at = %s FROM reader
    WHERE left_one.id = reader.id AND EXISTS (SELECT FROM standing)
    RETURNING left_one.data_subject_id
"""


def _mark_left(subscriber: Subscriber, channel: str, staff_id: int | None) -> None:
    subscriber.status = Subscriber.Status.LEFT
    subscriber.left_at = timezone.now()
    subscriber.save(update_fields=["status", "left_at"])
    SubscriberEvent.objects.create(
        data_subject_id=subscriber.data_subject_id,
        action=SubscriberEvent.Action.LEFT,
        channel=channel,
        staff_id=staff_id,
    )


@transaction.atomic
def undo(token: str) -> tuple[links.Problem | None, list[str]]:
    """Restore what one act withdrew, as a new consent; works once, for 30 minutes."""
    found = links.look_up(LinkUse.UNDO, token, lock=True)
    if found.link is None or found.problem is not None:
        return found.problem, []
    link = found.link
    links.use_up(link)
    restore(link.subscriber, link)
    return None, link.purposes


def restore(subscriber: Subscriber, link: MailedLink) -> None:
    before = ledger.last_given(subscriber.data_subject_id, link.purposes)
    for purpose, entry in before.items():
        how = ledger.Circumstances(
            channel=Channel.UNDO,
            notices=entry.notices,
            wordings={purpose: entry.wording.text} if entry.wording else {},
        )
        ledger.record_given(
            subscriber.data_subject_id, [purpose], how, key=f"undo-{link.pk}"
        )
    offered = ProcessingPurpose.objects.offered().values_list("key", flat=True)
    suppression.lift(bytes(subscriber.address_digest), link.purposes, offered)
    if subscriber.status == Subscriber.Status.LEFT:
        subscriber.status, subscriber.left_at = Subscriber.Status.CONFIRMED, None
        subscriber.save(update_fields=["status", "left_at"])
        SubscriberEvent.objects.create(
            data_subject_id=subscriber.data_subject_id,
            action=SubscriberEvent.Action.RETURNED,
            channel=Channel.UNDO,
        )


@transaction.atomic
def leave_by_mail(address_digest: bytes) -> bool:
    """A mailed “unsubscribe” acts on its From address and tells that address.

    False when nobody reads under that address; then a person has to look at it.
    """
    subscriber = Subscriber.objects.filter(address_digest=address_digest).first()
    if subscriber is None:
        return False
    left = leave(subscriber.pk, [], channel=Channel.MAILED)
    if left.withdrawn:
        links.ensure_lasting_links(subscriber)
        emails.stopped(subscriber, purpose_titles(left.withdrawn))
    return True
