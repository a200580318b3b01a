"""Mail tasks: each calls one function. They run from the schedule."""

from celery import shared_task

from case_updates import sending


@shared_task(name="case_updates.send_due", queue="mail")
def send_due() -> None:
    sending.send_due()


@shared_task(name="case_updates.sweep_stranded", queue="mail")
def sweep_stranded() -> None:
    sending.sweep_stranded()
