"""What the runs over all cases leave behind: counts, faults, digests that went."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from groundwork.personal_data import NoPersonalData
from rights_requests.models.case import Case


class Recount(models.Model):
    """Every open case was counted anew.

    Without finished_at it is at work or was broken off; then the next one begins again.
    """

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # SHA-256 of the public holidays that it counted with.
    holidays_digest = models.BinaryField(max_length=32)
    checked_count = models.PositiveIntegerField(default=0)
    # Cases that a newly named holiday moved.
    moved_count = models.PositiveIntegerField(default=0)
    faults_count = models.PositiveIntegerField(default=0)

    personal_data = NoPersonalData(
        "counts",
        others="id started_at finished_at holidays_digest checked_count moved_count"
        " faults_count",
    )

    def __str__(self) -> str:
        return f"recount of {self.started_at:%Y-%m-%d %H:%M}"


class ClockFaultQuerySet(models.QuerySet["ClockFault"]):
    def recent(self, now: datetime) -> "ClockFaultQuerySet":
        return self.filter(found_at__gt=now - ClockFault.SHOWN_FOR)

    def put_aside(self, now: datetime) -> "ClockFaultQuerySet":
        """Cases whose reminders failed so lately that they are not tried again yet."""
        return self.filter(
            found_by=ClockFault.By.REMINDERS,
            found_at__gt=now - ClockFault.TRIED_AGAIN_AFTER,
        )


class ClockFault(models.Model):
    """A case whose days were not those that its log gives, or that failed to be counted.

    what: the names of the days, or the class of the error; never a value.
    """

    class By(models.TextChoices):
        REMINDERS = "reminders", "reminders"
        RECOUNT = "recount", "nightly count"

    # Long enough for a weekend and a holiday; whoever looks finds it on the first page.
    SHOWN_FOR = timedelta(days=7)
    # So that a case that fails stands in nobody's way, and is reminded of the same day.
    TRIED_AGAIN_AFTER = timedelta(hours=1)

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="faults")
    found_by = models.CharField(max_length=10, choices=By)
    what = models.CharField(max_length=200)
    found_at = models.DateTimeField()

    objects: ClassVar = ClockFaultQuerySet.as_manager()
    personal_data = NoPersonalData(
        "names of fields", others="id case found_by what found_at"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "found_by"], name="one_fault_of_each_run"
            )
        ]

    def __str__(self) -> str:
        return f"fault {self.pk}"


class DailyDigest(models.Model):
    """A member of staff got the morning's digest: so that none goes twice."""

    staff_id = models.BigIntegerField()
    on = models.DateField()
    queued_at = models.DateTimeField(default=timezone.now)

    personal_data = NoPersonalData(
        "the number of a staff account and a day", others="id staff_id on queued_at"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff_id", "on"], name="one_digest_a_day")
        ]

    def __str__(self) -> str:
        return f"digest of {self.on:%Y-%m-%d}"
