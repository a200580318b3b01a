"""Work on cases that nobody starts by hand; each task calls one function."""

from celery import shared_task
from django.utils import timezone

from rights_requests import (
    acknowledging,
    answering_alone,
    digest,
    letters_gone,
    recounting,
    reminding,
    vault_keeping,
)
from rights_requests.fulfilment import (
    after_report,
    building,
    calling,
    erasing,
    recalling,
    rectifying,
    systems,
    telling,
    transmitting,
)

# A million open cases take a quarter of an hour; recounting.BROKEN_OFF_AFTER.
RECOUNT_SECONDS = 60 * 60


@shared_task(name="rights_requests.remind", queue="work")
def remind() -> None:
    reminding.remind(timezone.now())


@shared_task(name="rights_requests.digest", queue="work")
def send_digests() -> None:
    digest.send_digests(timezone.now())


@shared_task(
    name="rights_requests.recount",
    queue="work",
    soft_time_limit=RECOUNT_SECONDS,
    time_limit=RECOUNT_SECONDS + 60,
)
def recount() -> None:
    recounting.recount_all(timezone.now())


@shared_task(
    name="rights_requests.recount_after_holidays",
    queue="work",
    soft_time_limit=RECOUNT_SECONDS,
    time_limit=RECOUNT_SECONDS + 60,
)
def recount_after_holidays() -> None:
    recounting.after_new_holidays(timezone.now())


@shared_task(name="rights_requests.acknowledge", queue="work")
def acknowledge() -> None:
    acknowledging.acknowledge_new(timezone.now())


@shared_task(name="rights_requests.take_over_letters", queue="work")
def take_over_letters() -> None:
    letters_gone.take_over(timezone.now())


@shared_task(name="rights_requests.keep_vault", queue="work")
def keep_vault() -> None:
    vault_keeping.sweep(timezone.now())


# A person of a hundred thousand rows; building.STRANDED_AFTER is counted from the last
# place that was looked through.
BUILD_SECONDS = 60 * 60


@shared_task(
    name="rights_requests.build_copies",
    queue="work",
    soft_time_limit=BUILD_SECONDS,
    time_limit=BUILD_SECONDS + 60,
)
def build_copies() -> None:
    building.build_next(timezone.now())


@shared_task(name="rights_requests.release_stranded_copies", queue="work")
def release_stranded_copies() -> None:
    building.release_stranded(timezone.now())


@shared_task(name="rights_requests.ask_systems", queue="work")
def ask_systems() -> None:
    systems.ask_owners(timezone.now())


@shared_task(name="rights_requests.call_systems", queue="work")
def call_systems() -> None:
    calling.work(timezone.now())
    recalling.work(timezone.now())


@shared_task(name="rights_requests.send_files", queue="work")
def send_files() -> None:
    transmitting.work(timezone.now())


# Every store is read from end to end.
ERASE_SECONDS = 6 * 60 * 60


@shared_task(
    name="rights_requests.carry_out_erasures",
    queue="work",
    soft_time_limit=ERASE_SECONDS,
    time_limit=ERASE_SECONDS + 60,
)
def carry_out_erasures() -> None:
    erasing.work_on_next(timezone.now())


@shared_task(name="rights_requests.forget_contacts", queue="work")
def forget_contacts() -> None:
    after_report.forget_contacts_kept_back()


@shared_task(name="rights_requests.set_recipient_tasks", queue="work")
def set_recipient_tasks() -> None:
    telling.set_tasks(timezone.now())


@shared_task(name="rights_requests.answer_by_rule", queue="work")
def answer_by_rule() -> None:
    answering_alone.work(timezone.now())


@shared_task(name="rights_requests.take_over_corrections", queue="work")
def take_over_corrections() -> None:
    rectifying.take_over_confirmed(timezone.now())
