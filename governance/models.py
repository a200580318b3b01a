"""What the Governance Team keeps about the running of the house."""

from django.db import models
from django.utils import timezone

from groundwork.personal_data import NoPersonalData


class RetentionRun(models.Model):
    """One nightly purge by one rule: how many rows it removed, and whether it ended."""

    rule = models.CharField(max_length=100)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    removed_count = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=100, blank=True)

    personal_data = NoPersonalData("counts")

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.rule}, {self.started_at:%Y-%m-%d}"
