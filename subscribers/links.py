"""The links we mail: making them, and finding out what one may do."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from groundwork.links import derived_token, random_token, token_digest
from processing_register.models import ProcessingPurpose
from subscribers.models import LinkUse, MailedLink, Subscriber

ALL = ""  # the unsubscribe link of the welcome mail stops every purpose

LIFETIMES = {
    LinkUse.CONFIRM: timedelta(days=7),
    LinkUse.UNDO: timedelta(minutes=30),
    LinkUse.FRESH: timedelta(minutes=15),
    LinkUse.VISIT: timedelta(minutes=30),
    LinkUse.ADDRESS: timedelta(days=1),
    LinkUse.ADDRESS_UNDO: timedelta(hours=72),
}


class Problem(StrEnum):
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    SUPERSEDED = "superseded"
    TAKEN = "taken"  # the address it is about has a subscription of its own


@dataclass(frozen=True)
class Found:
    """A link and what stands against using it (None: nothing)."""

    link: MailedLink | None
    problem: Problem | None


def make(subscriber: Subscriber, use: LinkUse, **fields: Any) -> tuple[MailedLink, str]:
    """A link that expires and works once; returns it with its token, which is not kept."""
    token = random_token()
    link = MailedLink.objects.create(
        subscriber=subscriber,
        use=use,
        token_digest=token_digest(use, token),
        expires_at=timezone.now() + LIFETIMES[use],
        **fields,
    )
    return link, token


def look_up(use: LinkUse, token: str, *, lock: bool = False) -> Found:
    """Find a link by its token; every use knows its own tokens only.

    Locks are taken in the order of the whole house, person before reader before link,
    so that two acts at once wait for each other instead of deadlocking.
    """
    links = MailedLink.objects.select_related("subscriber__data_subject")
    if lock:
        links = links.select_for_update(
            of=("subscriber__data_subject", "subscriber", "self"), no_key=True
        )
    link = links.filter(use=use, token_digest=token_digest(use, token)).first()
    return Found(link, _problem(link))


def _problem(link: MailedLink | None) -> Problem | None:
    if link is None:
        return Problem.UNKNOWN
    if link.used_at is not None:
        return Problem.USED
    if _is_superseded(link):
        return Problem.SUPERSEDED
    if link.expires_at is not None and link.expires_at <= timezone.now():
        return Problem.EXPIRED
    return None


def _is_superseded(link: MailedLink) -> bool:
    """A newer confirmation link of the same person replaces the older ones."""
    if link.superseded_at is not None:
        return True
    if link.use != LinkUse.CONFIRM:
        return False
    newer = MailedLink.objects.filter(
        subscriber=link.subscriber_id,
        use=LinkUse.CONFIRM,
        superseded_at__isnull=True,
        pk__gt=link.pk,
    )
    return newer.exists()


def use_up(link: MailedLink) -> None:
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])


def ensure_lasting_links(*subscribers: Subscriber) -> None:
    """Make the unsubscribe and preferences links known; twice changes nothing.

    One statement for any number of people: an import brings in thousands.
    """
    purposes = list(ProcessingPurpose.objects.offered().values_list("key", flat=True))
    links = [link for person in subscribers for link in _lasting(person.pk, purposes)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO subscribers_mailedlink (subscriber_id, use, purposes,
                token_digest, details, shown, created_at)
            SELECT subscriber_id, use, string_to_array(purpose, ' '), token_digest,
                '', '{}', %s
            FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bytea[])
                AS link (subscriber_id, use, purpose, token_digest)
            ON CONFLICT DO NOTHING
            """,
            [timezone.now(), *(list(column) for column in zip(*links, strict=True))],
        )


def _lasting(subscriber_id: int, purposes: list[str]) -> list[tuple[Any, ...]]:
    """(subscriber, use, purpose or empty, digest of the token) of each link."""
    links = [
        (
            subscriber_id,
            LinkUse.UNSUBSCRIBE.value,
            purpose,
            token_digest(
                LinkUse.UNSUBSCRIBE, unsubscribe_token(subscriber_id, purpose)
            ),
        )
        for purpose in [ALL, *purposes]
    ]
    token = preferences_token(subscriber_id)
    use = LinkUse.PREFERENCES
    return [*links, (subscriber_id, use.value, "", token_digest(use, token))]


def unsubscribe_token(subscriber_id: int, purpose: str) -> str:
    return derived_token(LinkUse.UNSUBSCRIBE, subscriber_id, purpose)


def preferences_token(subscriber_id: int) -> str:
    return derived_token(LinkUse.PREFERENCES, subscriber_id)


def unsubscribe_url(subscriber_id: int, purpose: str) -> str:
    return absolute(
        "subscribers:unsubscribe", unsubscribe_token(subscriber_id, purpose)
    )


def preferences_url(subscriber_id: int) -> str:
    return absolute("subscribers:preferences", preferences_token(subscriber_id))


def absolute(name: str, *args: object) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=args)}"
