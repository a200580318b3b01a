"""Send what has been released: to each reader once, or visibly not.

1. Claim a batch in a short transaction of its own; two workers never hold one row.
2. For each row: make the message; commit "being handed over" in the statement that
   asks once more whether this reader may be written to; hand it over; commit what
   became of it.
3. A worker that dies leaves its rows in flight. The sweeper queues those that were not
   being handed over, and makes the others "unknown", for a person to settle.

Whatever a worker writes about a row it writes only while the row is still its own, so
that one that wakes up late changes nothing.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone

from case_updates.composing import Letter
from case_updates.models import CaseUpdate, Delivery, DeliveryQuerySet
from case_updates.readers import PURPOSE, readers, why_not
from data_subjects import binding, journal
from outbox.composing import raw_bytes
from outbox.delivery import STRANDED_AFTER
from outbox.handover import Outcome, hand_over, next_try_at
from outbox.models import State as DeliveryState
from outbox.transport import Transport
from processing_register.gate import may_use
from subscribers.models import Subscriber

logger = logging.getLogger(__name__)

BATCH = 100
# A confirmation mail waits in the same worker's queue, and no longer than this.
RUN_FOR = timedelta(seconds=8)


def send_due() -> int:
    """Send for a few seconds; the schedule goes on where this stops. Returns how many
    rows were taken up."""
    until = time.monotonic() + RUN_FOR.total_seconds()
    taken = 0
    binding.withhold(Delivery._meta.db_table)
    with Transport() as transport:
        for update in CaseUpdate.objects.sending().select_related("corrects"):
            taken += _send(update, transport, until)
    finish()
    return taken


def _send(update: CaseUpdate, transport: Transport, until: float) -> int:
    if not update.deliveries.due().exists():
        return 0
    if not may_use(PURPOSE):
        return 0  # they wait until everybody held was told of the purpose
    letter = Letter.of(update)
    taken = 0
    while (
        time.monotonic() < until
        and journal.may_send()
        and (batch := claim_batch(update))
    ):
        taken += len(batch)
        _send_batch(batch, letter, transport, until)
    return taken


def claim_batch(update: CaseUpdate, size: int = BATCH) -> list[Delivery]:
    """Rows that are this worker's alone from now on."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        batch = list(
            update.deliveries.due()
            .order_by("next_attempt_at")
            .select_for_update(skip_locked=True)[:size]
        )
        Delivery.objects.filter(pk__in=[row.pk for row in batch]).update(
            state=DeliveryState.IN_FLIGHT, claimed_at=now
        )
    for row in batch:
        row.claimed_at = now
    return batch


def _send_batch(
    batch: Sequence[Delivery], letter: Letter, transport: Transport, until: float
) -> None:
    addressed = Subscriber.objects.only("address", "address_digest").in_bulk(
        [row.subscriber_id for row in batch if row.subscriber_id]
    )
    for number, row in enumerate(batch):
        if time.monotonic() >= until or transport.is_out_of_reach:
            return _give_back(batch[number:])
        send_one(row, addressed.get(row.subscriber_id or 0), letter, transport)


def send_one(
    row: Delivery, reader: Subscriber | None, letter: Letter, transport: Transport
) -> None:
    """Bring one claimed row to its end, or back into the queue."""
    if reader is None:
        return _stand_back(row)
    try:
        message = letter.to_reader(reader, row.reference)
        raw = raw_bytes(message)
    except Exception:
        # One message that cannot be made must not stop the others.
        logger.exception("%s cannot be made", row)
        return _settle(_mine(row), DeliveryState.FAILED, "cannot be made")
    handing_over_at = _begin(row, reader)
    if handing_over_at is None:
        return _stand_back(row)
    _record(row, handing_over_at, hand_over(transport, message, raw))


def _mine(*rows: Delivery) -> DeliveryQuerySet:
    """Those rows of one batch that this worker's claim still holds and that it has not
    begun to hand over."""
    mine: DeliveryQuerySet = Delivery.objects.filter(
        pk__in=[row.pk for row in rows],
        state=DeliveryState.IN_FLIGHT,
        claimed_at=rows[0].claimed_at,
        handing_over_at__isnull=True,
    )
    return mine


def _begin(row: Delivery, reader: Subscriber) -> datetime | None:
    """Commit "being handed over" if, in this very statement, the reader may still be
    written to at the address that the message bears. None: not to be sent now."""
    now = timezone.now()
    same_reader = readers().filter(
        pk=OuterRef("subscriber_id"), address_digest=bytes(reader.address_digest)
    )
    begun = _mine(row).filter(Exists(same_reader)).update(handing_over_at=now)
    return now if begun else None


def _stand_back(row: Delivery) -> None:
    """Withhold it and say why; or, when the reader only moved, queue it again.

    Of whoever is restricted the mail worker sees neither the row nor the reader, and
    changes nothing here: the next run withholds it (binding.withhold).
    """
    reason = why_not(row.subscriber_id)
    if reason:
        _settle(_mine(row), DeliveryState.WITHHELD, reason)
    else:
        _give_back([row])


def _give_back(rows: Sequence[Delivery]) -> None:
    _mine(*rows).update(state=DeliveryState.QUEUED, claimed_at=None)


def _record(row: Delivery, handing_over_at: datetime, outcome: Outcome) -> None:
    """What became of the hand-over; knowing it late is better than "unknown"."""
    ours = Delivery.objects.filter(
        pk=row.pk,
        handing_over_at=handing_over_at,
        state__in=[DeliveryState.IN_FLIGHT, DeliveryState.UNKNOWN],
    )
    if outcome.state != DeliveryState.QUEUED:
        return _settle(ours, outcome.state, outcome.reason)
    again_at = next_try_at(row.attempts)
    if again_at is None:
        return _settle(ours, DeliveryState.FAILED, f"gave up: {outcome.reason}")
    ours.update(
        state=DeliveryState.QUEUED,
        reason=outcome.reason,
        attempts=row.attempts + 1,
        next_attempt_at=again_at,
        claimed_at=None,
        handing_over_at=None,
    )


def _settle(rows: DeliveryQuerySet, state: DeliveryState, reason: str) -> None:
    settled = rows.update(state=state, reason=reason, settled_at=timezone.now())
    if settled and state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        logger.warning("A delivery is %s (%s)", state, reason)


def finish() -> None:
    """Mark the updates of which nothing is queued or in flight any more."""
    for pk in CaseUpdate.objects.sending().values_list("pk", flat=True):
        with transaction.atomic():
            _finish(pk)


def _finish(pk: int) -> None:
    # The lock comes before the look: somebody who queues a row again holds it too.
    update = CaseUpdate.objects.sending().select_for_update().filter(pk=pk).first()
    if update is None or update.deliveries.open().exists():
        return
    update.state, update.finished_at = CaseUpdate.State.SENT, timezone.now()
    update.save(update_fields=["state", "finished_at"])


def sweep_stranded() -> int:
    """Settle the rows whose worker died; returns how many there were."""
    stranded = Delivery.objects.stranded(STRANDED_AFTER)
    unknown = stranded.filter(handing_over_at__isnull=False).update(
        state=DeliveryState.UNKNOWN, reason="worker died", settled_at=timezone.now()
    )
    again = stranded.filter(handing_over_at__isnull=True).update(
        state=DeliveryState.QUEUED, reason="worker died", claimed_at=None
    )
    finish()
    return int(unknown + again)


def progress(update: CaseUpdate) -> dict[str, int]:
    """How many deliveries are in which state; every state is named."""
    found = update.deliveries.order_by().values_list("state").annotate(Count("pk"))
    return dict.fromkeys(DeliveryState.values, 0) | dict(found)
