"""The nightly retention run: every purge of settings.RETENTION in order, on record.

The preview carries out the very same run in a transaction that is never committed, so
that the two cannot differ: what an earlier purge takes along no later one lists again.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string

from data_subjects.retention import (
    DueRow,
    Purge,
    carry_out,
    due_rows,
    free_rows,
    rows_left_out,
    rows_to_go,
)
from governance.models import RetentionRun
from processing_register.register import RetentionRule, the_register

logger = logging.getLogger(__name__)


def purges() -> list[tuple[str, Purge]]:
    """The dotted path of each purge with the purge, in the order of the run."""
    return [(path, import_string(path)) for path in settings.RETENTION]


def run_retention() -> list[RetentionRun]:
    """Run every rule; one that fails is recorded and does not stop the others.

    All rules count from one moment. Two runs at once remove each row once: whoever
    comes second finds it gone.
    """
    now = timezone.now()
    return [_run(path, now) for path in settings.RETENTION]


def _run(path: str, now: datetime) -> RetentionRun:
    run = RetentionRun.objects.create(rule=path)
    try:
        purge: Purge = import_string(path)
        for removed in carry_out(purge, now=now):
            # Kept up as it goes, so that a run that is broken off has told the truth.
            _count(run, removed)
        run.skipped_count = _left_out_count(purge, now)
    except Exception as error:
        logger.exception("The retention rule %s failed", path)
        run.problem = type(error).__name__[:100]
    run.finished_at = timezone.now()
    run.save(update_fields=["skipped_count", "problem", "finished_at"])
    run.refresh_from_db(fields=["removed_count"])
    return run


def _count(run: RetentionRun, removed: int) -> None:
    RetentionRun.objects.filter(pk=run.pk).update(
        removed_count=F("removed_count") + removed
    )


def _left_out_count(purge: Purge, now: datetime) -> int:
    return due_rows(purge, now).count() - free_rows(purge, now).count()


# --- Looking ahead ---


@dataclass(frozen=True)
class Preview:
    """What one purge would do: the rows that go, those that stay, or why it fails."""

    path: str
    rule: str
    what: str
    go: list[DueRow]
    stay: list[DueRow]
    problem: str = ""


class _NeverCommit(Exception):
    """Takes back everything that a preview did."""


def preview() -> list[Preview]:
    """Exactly what a run at this moment would remove and leave; nothing is changed."""
    now, found = timezone.now(), []
    try:
        with transaction.atomic():
            found = [_preview(path, now) for path in settings.RETENTION]
            raise _NeverCommit
    except _NeverCommit:
        pass
    return found


def _preview(path: str, now: datetime) -> Preview:
    purge: Purge = import_string(path)
    try:
        with transaction.atomic():
            go = list(rows_to_go(purge, now))
            stay = list(rows_left_out(purge, now))
            for _ in carry_out(purge, now=now):
                pass
    except Exception as error:
        return Preview(path, purge.rule, purge.what, [], [], type(error).__name__)
    return Preview(path, purge.rule, purge.what, go, stay)


@dataclass(frozen=True)
class Outlook:
    """What is due of one purge at this moment, as far as a page shows it."""

    purge: Purge
    due: int
    left_out: int
    first: list[DueRow]


SHOWN = 20


def outlook() -> Iterator[Outlook]:
    """For a page: counts and the first rows, read without locking anything."""
    now = timezone.now()
    for _, purge in purges():
        due = free_rows(purge, now).count()
        first = list(islice(rows_to_go(purge, now), SHOWN)) if due else []
        yield Outlook(purge, due, _left_out_count(purge, now), first)


# --- Does the list hold what the register says? ---


def rules_without_purge() -> set[str]:
    """Rules that this system should carry out and no purge does."""
    return _keys("here") - {purge.rule for _, purge in purges()}


def purges_without_rule() -> set[str]:
    """Rules of purges that the register does not have this system carry out."""
    return {purge.rule for _, purge in purges()} - _keys("here")


def _keys(carried_out: str) -> set[str]:
    rules: list[RetentionRule] = list(the_register().retention.values())
    return {rule.key for rule in rules if rule.carried_out == carried_out}
