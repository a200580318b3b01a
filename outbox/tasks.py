"""Mail tasks: each calls one function. They run from the schedule, not per message."""

import imaplib
import logging

from celery import shared_task
from django.core.cache import cache

from outbox import delivery, inbound

logger = logging.getLogger(__name__)

# The task runs every few seconds; that often nobody needs to read that a mailbox is away.
AWAY_KEY = "mailbox-away-told"
AWAY_AGAIN_SECONDS = 600


@shared_task(name="outbox.deliver_due", queue="mail")
def deliver_due() -> None:
    delivery.deliver_due()


@shared_task(name="outbox.sweep_stranded", queue="mail")
def sweep_stranded() -> None:
    delivery.sweep_stranded()


@shared_task(name="outbox.read_inbound", queue="work")
def read_inbound() -> None:
    try:
        inbound.fetch()
    except (OSError, imaplib.IMAP4.error) as error:
        _tell_away(error)  # and the first page of the console shows it
    finally:  # what the webhook brought is read although the mailbox is away
        inbound.read_new()


def _tell_away(error: Exception) -> None:
    """In one line, without what the server said, which may name an address."""
    if cache.add(AWAY_KEY, True, timeout=AWAY_AGAIN_SECONDS):
        logger.error("The mailbox cannot be read: %s", type(error).__name__)
