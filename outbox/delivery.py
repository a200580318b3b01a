"""Take due messages from the outbox and hand them over, each exactly once.

1. Claim a batch in one short transaction; two workers never claim the same row.
2. For each: ask again whether it may be sent; render it; commit "being handed over";
   hand it over; commit what became of it.
3. Rows whose worker died are settled later: not handed over yet → queued again; handed
   over without a known answer → unknown, for a person to settle on the console.
"""

import logging
import time
from datetime import timedelta

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone

from data_subjects import binding, journal
from data_subjects.restriction import is_restricted
from groundwork import addresses
from groundwork.refusals import refuse
from outbox import outcomes
from outbox.composing import RefusedAtTheDoor, compose, raw_bytes
from outbox.handover import hand_over, next_try_at
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.suppression import HEED_RESTRICTION, is_suppressed
from outbox.transport import Transport
from processing_register.gate import may_use

logger = logging.getLogger(__name__)

BATCH = 100
RUN_SECONDS = 30.0
# A hand-over is cut off by the SMTP time-out long before this.
STRANDED_AFTER = timedelta(minutes=15)


def deliver_due() -> int:
    """Deliver what is due until nothing is left; returns how many were taken up.

    A run ends after half a minute, or at once when the mail server is not reached, and
    gives back what it has not begun: the schedule starts the next one in seconds.
    """
    taken = 0
    binding.withhold(OutgoingEmail._meta.db_table)
    ends_at = time.monotonic() + RUN_SECONDS
    with Transport() as transport:
        while journal.may_send() and (batch := claim_batch()):
            for number, email in enumerate(batch):
                if time.monotonic() > ends_at or transport.is_out_of_reach:
                    _give_back(batch[number:])
                    return taken
                taken += 1
                deliver(email, transport)
    return taken


def _give_back(emails: list[OutgoingEmail]) -> None:
    """Into the queue again, unless somebody else has them by now."""
    for email in emails:
        OutgoingEmail.objects.filter(
            pk=email.pk, state=State.IN_FLIGHT, claimed_at=email.claimed_at
        ).update(state=State.QUEUED, claimed_at=None)


def claim_batch(size: int = BATCH) -> list[OutgoingEmail]:
    now = timezone.now()
    with transaction.atomic():
        batch = list(
            OutgoingEmail.objects.due()
            .order_by("next_attempt_at")
            .select_for_update(skip_locked=True)[:size]
        )
        OutgoingEmail.objects.filter(pk__in=[email.pk for email in batch]).update(
            state=State.IN_FLIGHT, claimed_at=now
        )
    for email in batch:
        email.state, email.claimed_at = State.IN_FLIGHT, now
    return batch


def deliver(email: OutgoingEmail, transport: Transport) -> None:
    """Bring one claimed message to its end, or back into the queue."""
    digest = addresses.digest(email.to_address)
    if is_suppressed(digest, email.message_class, email.purpose):
        return _settle(email, State.WITHHELD, "suppressed")
    if email.message_class in HEED_RESTRICTION and is_restricted(
        email.data_subject_id, digest
    ):
        return _settle(email, State.WITHHELD, "restricted")
    if email.message_class == MessageClass.MARKETING and not may_use(email.purpose):
        return _settle(email, State.WITHHELD, "purpose not announced")
    try:
        message = compose(
            kind=email.kind,
            message_class=email.message_class,
            to=email.to_address,
            context=email.context,
            purpose=email.purpose,
            reference=email.pk.hex,
        )
        raw = raw_bytes(message)
    except RefusedAtTheDoor:
        return _settle(email, State.FAILED, "refused at the door")
    except Exception:
        # One message that cannot be rendered must not stop the queue.
        logger.exception("Outgoing e-mail %s cannot be rendered", email.pk)
        return _settle(email, State.FAILED, "cannot be rendered")
    if _is_still_ours(email, raw):
        _hand_over(email, transport, message, raw)


def _is_still_ours(email: OutgoingEmail, raw: bytes) -> bool:
    """Commit “being handed over”; False when the row was taken for stranded meanwhile,
    since a batch behind a slow server can wait longer than that."""
    email.raw_message, email.handing_over_at = raw.decode("latin-1"), timezone.now()
    ours = OutgoingEmail.objects.filter(
        pk=email.pk, state=State.IN_FLIGHT, claimed_at=email.claimed_at
    )
    return bool(
        ours.update(
            handing_over_at=email.handing_over_at, raw_message=email.raw_message
        )
    )


def _hand_over(
    email: OutgoingEmail,
    transport: Transport,
    message: EmailMultiAlternatives,
    raw: bytes,
) -> None:
    outcome = hand_over(transport, message, raw)
    if outcome.state == State.QUEUED:
        _retry(email, outcome.reason)
    else:
        _settle(email, outcome.state, outcome.reason)


def _settle(email: OutgoingEmail, state: State, reason: str) -> None:
    email.state, email.reason, email.settled_at = state, reason, timezone.now()
    email.save(update_fields=["state", "reason", "settled_at"])
    if state in (State.FAILED, State.UNKNOWN):
        logger.warning("Outgoing e-mail %s: %s (%s)", email.pk, state, reason)


def _retry(email: OutgoingEmail, reason: str) -> None:
    again_at = next_try_at(email.attempts)
    if again_at is None:
        return _settle(email, State.FAILED, f"gave up: {reason}")
    email.next_attempt_at = again_at
    email.attempts += 1
    email.state, email.reason, email.handing_over_at = State.QUEUED, reason, None
    email.save(
        update_fields=[
            "next_attempt_at",
            "attempts",
            "state",
            "reason",
            "handing_over_at",
        ]
    )


def sweep_stranded() -> int:
    """Settle the rows whose worker died; returns how many there were."""
    stranded = OutgoingEmail.objects.stranded(STRANDED_AFTER)
    unknown = stranded.filter(handing_over_at__isnull=False).update(
        state=State.UNKNOWN, reason="worker died", settled_at=timezone.now()
    )
    again = stranded.filter(handing_over_at__isnull=True).update(
        state=State.QUEUED, reason="worker died", next_attempt_at=timezone.now()
    )
    return unknown + again


def why_not_settle(email: OutgoingEmail) -> str:
    """What stands against settling it by hand; empty when nothing does."""
    if email.state not in (State.UNKNOWN, State.FAILED):
        return "It was settled already."
    if email.reason.endswith(outcomes.TAKEN_BACK):
        return (
            "What it tells was taken back when it failed: write anew where it was "
            "written."
        )
    return ""


@transaction.atomic
def settle_by_hand(email_id: str, *, was_sent: bool) -> None:
    """A person found out what became of an unknown or failed message.

    was_sent=False puts it into the queue again. Raises NotAllowed for any other state.
    """
    email = OutgoingEmail.objects.select_for_update().get(pk=email_id)
    refuse(why_not_settle(email))
    if was_sent:
        _settle(email, State.SENT, outcomes.FOUND_OUT)
        return
    OutgoingEmail.objects.filter(pk=email.pk).queue_again()
