from celery import shared_task
from django.core.management import call_command


@shared_task(name="staff.clear_sessions", queue="work")
def clear_sessions() -> None:
    call_command("clearsessions")
