"""What a case is answered with: the copy of a person's data that the house puts together."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from groundwork.personal_data import NoPersonalData
from rights_requests.models.case import Case
from rights_requests.models.correspondence import CaseDocument


class Package(models.Model):
    """One putting together of everything that is held of a person, for one case.

    The archive itself is a document of the case (document); here stands how the work
    went. A worker that dies leaves it in the state “building” with an old heartbeat_at.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for a worker"
        BUILDING = "building", "being put together"
        READY = "ready", "put together"
        FAILED = "failed", "failed"

    class Problem(models.TextChoices):
        DISK = "disk", "The disk did not take it."
        ERROR = "error", "Something went wrong; the log of the worker says what."
        CLOSED = "closed", "The case was closed meanwhile."
        NOTHING = (
            "nothing",
            "Nothing of it was given to us by consent or for a contract: refuse the "
            "request (UK GDPR, Article 20(1)).",
        )
        GIVEN_UP = "given up", "Three workers died over it; the logs say why."

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="packages")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=8, choices=Problem, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by_id = models.BigIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    # How many places were looked through, and how many records they held; hits_count:
    # of these, what was there before the request and its letters.
    places_done = models.PositiveSmallIntegerField(default=0)
    records_count = models.PositiveIntegerField(default=0)
    hits_count = models.PositiveIntegerField(default=0)
    built_at = models.DateTimeField(null=True)
    # Of what was held of the person then (fulfilment.freshness): another one says that
    # something has changed since.
    fingerprint = models.BinaryField(max_length=32, null=True)
    document = models.OneToOneField(
        CaseDocument, on_delete=models.CASCADE, null=True, related_name="package"
    )

    personal_data = NoPersonalData(
        "how the work on an archive went, in counts and moments",
        others="id case state problem asked_at asked_by_id attempts heartbeat_at"
        " places_done records_count hits_count built_at fingerprint document",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["waiting", "building"]),
                name="one_package_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready")
                | Q(
                    document__isnull=False,
                    built_at__isnull=False,
                    fingerprint__isnull=False,
                ),
                name="a_package_that_is_ready_is_there",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") & ~Q(problem="")
                | ~Q(state="failed") & Q(problem=""),
                name="a_failed_package_says_why",
            ),
        ]
        indexes = [
            # Read every few seconds by the worker, and nearly always empty.
            models.Index(
                fields=["asked_at"],
                condition=Q(state__in=["waiting", "building"]),
                name="package_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"package {self.pk} ({self.get_state_display()})"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.BUILDING)
