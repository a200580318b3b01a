"""The nightly retention run: every rule of RETENTION in order, each on record."""

import logging

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from governance.models import RetentionRun

logger = logging.getLogger(__name__)


def run_retention() -> list[RetentionRun]:
    """Run every rule; one that fails is recorded and does not stop the others."""
    return [_run(rule) for rule in settings.RETENTION]


def _run(rule: str) -> RetentionRun:
    run = RetentionRun.objects.create(rule=rule)
    try:
        run.removed_count = import_string(rule)()
    except Exception as error:
        logger.exception("The retention rule %s failed", rule)
        run.problem = type(error).__name__
    run.finished_at = timezone.now()
    run.save(update_fields=["removed_count", "problem", "finished_at"])
    return run
