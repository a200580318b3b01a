"""Case updates and their delivery, one row per reader."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone

from groundwork.personal_data import Category, NoPersonalData, PersonalData
from staff.models import StaffUser
from subscribers.models import Subscriber


class CaseUpdateQuerySet(models.QuerySet["CaseUpdate"]):
    def published(self) -> "CaseUpdateQuerySet":
        return self.filter(published_at__isnull=False).order_by("-published_at")


class CaseUpdate(models.Model):
    """A piece of news, written by one person and approved by another."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SUBMITTED = "submitted", "waiting for approval"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"

    title = models.CharField(max_length=150)
    slug = models.SlugField(max_length=80, unique=True)
    summary = models.CharField(
        max_length=300, help_text="One or two sentences for the archive and the feed."
    )
    body = models.TextField(help_text="Markdown. Links need https; images stay out.")
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        help_text="The earlier update that this one puts right.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    written_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # SHA-256 of what the approver read: title, summary, body.
    approved_digest = models.BinaryField(max_length=32, null=True)
    published_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[Any] = CaseUpdateQuerySet.as_manager()
    personal_data = NoPersonalData("published news")

    class Meta:
        ordering = ["-created_at"]
        permissions = [
            ("write_caseupdate", "Can write and submit case updates"),
            ("release_caseupdate", "Can approve and send case updates"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | ~models.Q(approved_by=models.F("written_by")),
                name="author_is_not_approver",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["sending", "sent"])
                | models.Q(
                    approved_by__isnull=False,
                    published_at__isnull=False,
                    approved_digest__isnull=False,
                ),
                name="nothing_is_sent_unapproved",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("case_updates:detail", args=[self.slug])

    @property
    def is_correction(self) -> bool:
        return self.corrects_id is not None


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self) -> "DeliveryQuerySet":
        return self.filter(
            state=Delivery.State.QUEUED, next_attempt_at__lte=timezone.now()
        )

    def stranded(self, after: timedelta) -> "DeliveryQuerySet":
        return self.filter(
            state=Delivery.State.IN_FLIGHT, claimed_at__lt=timezone.now() - after
        )


class Delivery(models.Model):
    """One case update to one reader: sent once, or visibly not."""

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        IN_FLIGHT = "in flight", "being handed over"
        SENT = "sent", "handed over"
        WITHHELD = "withheld", "withheld"
        FAILED = "failed", "failed"
        UNKNOWN = "unknown", "unknown: handed over, no answer"

    case_update = models.ForeignKey(
        CaseUpdate, on_delete=models.PROTECT, related_name="deliveries"
    )
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.SET_NULL, null=True, related_name="deliveries"
    )
    data_subject_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    reason = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    handing_over_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()
    personal_data = PersonalData(
        fields={"data_subject_id": Category.MARKETING},
        purpose="case-updates",
        source="the house itself",
        kept_for="as long as the update; the person's UUID leads nowhere once erased",
        erasure="kept without the person",
        linked_by="data_subject_id",
    )

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["case_update", "next_attempt_at"],
                condition=models.Q(state="queued"),
                name="delivery_due",
            ),
            models.Index(fields=["case_update", "state"], name="delivery_states"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case_update", "data_subject_id"], name="delivered_once"
            )
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} ({self.get_state_display()})"
