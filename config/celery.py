"""The Celery application: two queues, mail and work; the schedule is in schedule.py."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("casedesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_djangos_logging(**_: Any) -> None:
    """A receiver here stops Celery from adding handlers that do not redact."""


@celeryd_init.connect
@beat_init.connect
def pass_the_gate(**_: Any) -> None:
    """Neither a worker nor the schedule begins beside a database that has forgotten
    opt-outs; a worker of `manage.py` and the tests is none of these."""
    from data_subjects import journal_gate

    journal_gate.enter()
