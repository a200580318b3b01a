"""The address under which a member of staff has the deadlines in a calendar."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from groundwork.personal_data import NoPersonalData


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def standing(self) -> "CalendarFeedQuerySet":
        return self.filter(revoked_at__isnull=True)


class CalendarFeed(models.Model):
    """One such address, known by the digest of its token; each has one that works.

    It opens nothing but days and references, and only while its owner may see cases.
    """

    staff_id = models.BigIntegerField()
    token_digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar = CalendarFeedQuerySet.as_manager()
    personal_data = NoPersonalData(
        "the digest of a number drawn by lot, and the number of a staff account",
        others="id staff_id token_digest made_at revoked_at",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff_id"],
                condition=models.Q(revoked_at__isnull=True),
                name="one_calendar_for_each_person",
            )
        ]

    def __str__(self) -> str:
        return f"calendar {self.pk}"
