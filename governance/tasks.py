"""Work for the whole house; each task calls one function."""

from celery import shared_task
from django.utils import timezone

from governance import (
    health,
    informing,
    notice_changes,
    replaying,
    restriction_ends,
    restrictions,
    retention,
)
from groundwork import ledger


@shared_task(name="governance.run_retention", queue="work")
def run_retention() -> None:
    retention.run_retention()


@shared_task(name="governance.seal_ledgers", queue="work")
def seal_ledgers() -> None:
    ledger.seal_all()


@shared_task(name="governance.beat_is_alive", queue="work")
def beat_is_alive() -> None:
    health.note_beat()


@shared_task(name="governance.announce_changes", queue="work")
def announce_changes() -> None:
    notice_changes.announce_changes()


@shared_task(name="governance.keep_clocks", queue="work")
def keep_clocks() -> None:
    informing.keep_clocks()
    restrictions.take_over_notices()
    restriction_ends.take_over_answers(timezone.now())


@shared_task(name="governance.keep_journal", queue="work")
def keep_journal() -> None:
    replaying.keep_journal()
