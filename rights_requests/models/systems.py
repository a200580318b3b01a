"""Where personal data is kept outside this software: in whose hands, and what."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from groundwork.personal_data import NoPersonalData


class OutsideSystemQuerySet(models.QuerySet["OutsideSystem"]):
    def searched(self) -> "OutsideSystemQuerySet":
        """Those that are asked about each request."""
        return self.filter(is_active=True)


class OutsideSystem(models.Model):
    """A system or a place with people's data that this software cannot look into: the
    records of customers, telephone recordings, a cupboard.

    Whoever answers for it gets a task for each request that wants it searched, and the
    case cannot close before the answer is there.
    """

    name = models.CharField(max_length=120, unique=True)
    # What is kept there, in a sentence for whoever searches.
    holds = models.CharField(max_length=300)
    owner_id = models.BigIntegerField()
    # False: it is not asked about any more; what it answered stays.
    is_active = models.BooleanField(default=True)
    entered_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = OutsideSystemQuerySet.as_manager()
    personal_data = NoPersonalData(
        "names of systems, and the number of the staff account that answers for each",
        others="id name holds owner_id is_active entered_at",
    )

    class Meta:
        ordering = ["name"]
        verbose_name = "system outside"
        verbose_name_plural = "systems outside"
        permissions = [
            ("keep_outsidesystem", "Can say which other systems hold people's data")
        ]

    def __str__(self) -> str:
        return self.name
