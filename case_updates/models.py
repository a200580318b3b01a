"""Case updates, what staff did with them, and their delivery: one row per reader."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse
from django.utils import timezone

from groundwork.ledger import AppendOnlyModel
from groundwork.personal_data import (
    Category,
    Erasure,
    Export,
    Held,
    NoPersonalData,
    PersonalData,
)
from outbox.models import State as DeliveryState
from staff.models import StaffUser
from subscribers.models import Subscriber


class CaseUpdateQuerySet(models.QuerySet["CaseUpdate"]):
    def published(self) -> "CaseUpdateQuerySet":
        return self.filter(published_at__isnull=False).order_by("-published_at", "-pk")

    def sending(self) -> "CaseUpdateQuerySet":
        """Released and not finished, the oldest first."""
        return self.filter(state=CaseUpdate.State.SENDING).order_by("published_at")


class CaseUpdate(models.Model):
    """A piece of news, written by one person and approved by another.

    Once released it can never change (a trigger refuses): it is put right by another
    update whose `corrects` names it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SUBMITTED = "submitted", "waiting for approval"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"

    RELEASED = (State.SENDING, State.SENT)

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
    # SHA-256 of what was submitted (case_updates.content.digest), and of what the
    # approver read; nothing leaves unless they are the same.
    submitted_digest = models.BinaryField(max_length=32, null=True)
    approved_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, null=True, related_name="+"
    )
    approved_digest = models.BinaryField(max_length=32, null=True)
    published_at = models.DateTimeField(null=True)
    # To how many readers it was released.
    readers_count = models.PositiveIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = CaseUpdateQuerySet.as_manager()
    personal_data = NoPersonalData(
        "published news, with the numbers of staff accounts",
        others="id title slug summary body corrects state written_by submitted_at"
        " submitted_digest approved_by approved_digest published_at readers_count"
        " finished_at created_at changed_at",
    )

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
                    readers_count__isnull=False,
                    submitted_digest__isnull=False,
                    approved_digest__isnull=False,
                    approved_digest=models.F("submitted_digest"),
                ),
                name="nothing_is_sent_unapproved",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["sending", "sent"])
                | models.Q(published_at__isnull=True),
                name="nothing_is_published_unsent",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="submitted")
                | models.Q(submitted_at__isnull=False, submitted_digest__isnull=False),
                name="submitted_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("case_updates:detail", args=[self.slug])

    @property
    def is_correction(self) -> bool:
        return self.corrects_id is not None

    @property
    def is_released(self) -> bool:
        return self.state in self.RELEASED


class Step(AppendOnlyModel):
    """What a member of staff did with an update, in order; added to, never changed."""

    class Action(models.TextChoices):
        WRITTEN = "written", "written"
        TESTED = "tested", "sent as a test"
        SUBMITTED = "submitted", "submitted for approval"
        SENT_BACK = "sent back", "sent back"
        APPROVED = "approved", "approved and sent"
        SETTLED = "settled", "settled a delivery"

    case_update = models.ForeignKey(
        CaseUpdate, on_delete=models.PROTECT, related_name="steps"
    )
    action = models.CharField(max_length=10, choices=Action)
    staff = models.ForeignKey(StaffUser, on_delete=models.PROTECT, related_name="+")
    # Of the words as they stood: what was written, submitted or approved.
    content_digest = models.BinaryField(max_length=32)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)

    personal_data = NoPersonalData(
        "what staff did with a text, and what they said of it",
        others="id case_update action staff content_digest reason at",
    )

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.get_action_display()


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self) -> "DeliveryQuerySet":
        return self.filter(
            state=DeliveryState.QUEUED, next_attempt_at__lte=timezone.now()
        )

    def open(self) -> "DeliveryQuerySet":
        """Those that have not come to an end yet."""
        return self.filter(state__in=[DeliveryState.QUEUED, DeliveryState.IN_FLIGHT])

    def in_question(self) -> "DeliveryQuerySet":
        """Those that a person may settle."""
        return self.filter(state__in=[DeliveryState.FAILED, DeliveryState.UNKNOWN])

    def stranded(self, after: timedelta) -> "DeliveryQuerySet":
        """In flight for longer than any hand-over takes: their worker died."""
        return self.filter(
            state=DeliveryState.IN_FLIGHT, claimed_at__lt=timezone.now() - after
        )


class Delivery(models.Model):
    """One case update to one reader: sent once, or visibly not."""

    State = DeliveryState

    case_update = models.ForeignKey(
        CaseUpdate, on_delete=models.PROTECT, related_name="deliveries"
    )
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.SET_NULL, null=True, related_name="deliveries"
    )
    data_subject_id = models.UUIDField()
    state = models.CharField(
        max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED
    )
    # Why it was withheld, put off or failed, as a code; never a server's words.
    reason = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # When a worker took it: its claim, by which it knows the row as its own.
    claimed_at = models.DateTimeField(null=True)
    # Set just before the message is handed over: from here on, silence is "unknown".
    handing_over_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = DeliveryQuerySet.as_manager()
    personal_data = PersonalData(
        # The row stays with the update; once the person is erased, their UUID leads
        # nowhere.
        fields={
            "subscriber": Held(Category.MARKETING, erasure=Erasure.EMPTIED),
            "data_subject_id": Held(Category.MARKETING, export=Export.DESCRIBED),
            "state": Category.MARKETING,
            "reason": Category.MARKETING,
            "settled_at": Category.MARKETING,
        },
        purpose="case-updates",
        source="house",
        retention="departed-reader",
        erasure=Erasure.KEPT,
        others="id case_update attempts next_attempt_at claimed_at handing_over_at",
        linked_by="data_subject_id",
    )

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            # Read by due(), update by update.
            models.Index(
                fields=["case_update", "next_attempt_at"],
                condition=models.Q(state="queued"),
                name="delivery_due",
            ),
            # Read by stranded().
            models.Index(
                fields=["claimed_at"],
                condition=models.Q(state="in flight"),
                name="delivery_in_flight",
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

    @property
    def reference(self) -> str:
        """Stands in the Message-ID, so that a mail server's log can be searched."""
        return f"update-{self.case_update_id}-{self.pk}"
