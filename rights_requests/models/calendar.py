"""The address under which a member of staff has the deadlines in a calendar."""

from django.db import models
from django.utils import timezone

from groundwork.personal_data import NoPersonalData


class CalendarFeed(models.Model):
    """One such address, known by the digest of its token; each has one at most.

    It opens nothing but days and references, and only while its owner may see cases.
    """

    staff_id = models.BigIntegerField(unique=True)
    token_digest = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    personal_data = NoPersonalData(
        "the digest of a number drawn by lot, and the number of a staff account",
        others="id staff_id token_digest made_at",
    )

    def __str__(self) -> str:
        return f"calendar {self.pk}"
