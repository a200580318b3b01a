"""Mail tasks: each calls one function. They run from the schedule, not per message."""

from celery import shared_task

from outbox import delivery, inbound


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
    finally:  # what the webhook brought is read although the mailbox is away
        inbound.read_new()
