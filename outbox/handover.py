"""The last step of every message: hand it over, say what became of it, and when to
try again."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from outbox.models import State
from outbox.transport import Permanent, Transient, Transport, Unknown

logger = logging.getLogger(__name__)

# Waits between tries; after the last one the message has failed.
BACK_OFF = [
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
]


@dataclass(frozen=True)
class Outcome:
    """What became of a hand-over: sent, failed, unknown, or queued for another try."""

    state: State
    reason: str = ""


def hand_over(
    transport: Transport, message: EmailMultiAlternatives, raw: bytes
) -> Outcome:
    """Every hand-over comes to one of the four outcomes; nothing is raised."""
    try:
        transport.send(message, raw)
    except Transient as problem:
        return Outcome(State.QUEUED, str(problem))
    except Permanent as problem:
        return Outcome(State.FAILED, str(problem))
    except Unknown as problem:
        return Outcome(State.UNKNOWN, str(problem))
    except Exception:
        # Not foreseen, so nobody can say whether the message went; a person settles
        # it, and the messages behind it go on over a new connection.
        logger.exception("A hand-over broke off")
        transport.forget()
        return Outcome(State.UNKNOWN, "hand-over broke off")
    return Outcome(State.SENT)


def next_try_at(attempts: int) -> datetime | None:
    """When to try again after so many tries before this one; None: no more."""
    if attempts >= len(BACK_OFF):
        return None
    return timezone.now() + BACK_OFF[attempts]
