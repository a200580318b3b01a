"""Systems outside that are asked by machine: how each is reached, and every question."""

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from groundwork.encryption import EncryptedTextField
from groundwork.personal_data import Category, NoPersonalData, PersonalData
from rights_requests.models.systems import OutsideSystem
from rights_requests.models.work import Task


class Connector(models.Model):
    """How a system outside is asked by machine, as a processor of OpenDSR 2.0.

    domain: the host of endpoint, which its answers name. certificate: what they must be
    signed with, as somebody of ours accepted it. kinds: of cases that it can do.
    """

    class Identity(models.TextChoices):
        """How the person is named to it (OpenDSR, section 5.2)."""

        SHA256 = "sha256", "the SHA-256 digest of the e-mail address"
        RAW = "raw", "the e-mail address itself"

    system = models.OneToOneField(
        OutsideSystem, on_delete=models.PROTECT, related_name="connector"
    )
    endpoint = models.CharField(max_length=300)
    domain = models.CharField(max_length=253, db_index=True)
    certificate = models.TextField()
    kinds = ArrayField(models.SlugField(db_index=False))
    identity_format = models.CharField(max_length=6, choices=Identity)
    # False: its owner answers by hand.
    is_active = models.BooleanField(default=True)
    checked_at = models.DateTimeField()
    checked_by_id = models.BigIntegerField()
    # Answers in its name whose signature did not hold.
    refused_count = models.PositiveIntegerField(default=0)
    refused_at = models.DateTimeField(null=True)

    personal_data = NoPersonalData(
        "addresses and keys of systems, and the number of whoever entered them",
        others="id system endpoint domain certificate kinds identity_format is_active"
        " checked_at checked_by_id refused_count refused_at",
    )

    def __str__(self) -> str:
        return f"connector {self.pk}"


class SystemCall(models.Model):
    """One task that is sent to its system as a signed request, and what became of it.

    The key is OpenDSR's subject_request_id. status: the furthest that the system ever
    said (section 8). The person stands nowhere here: who it is goes out with the
    request and is read from the case each time.
    """

    class State(models.TextChoices):
        HELD = "held", "waits until somebody lets it go"
        WAITING = "waiting", "about to be sent"
        SENT = "sent", "sent"
        READY = "ready", "done there, its answer is being taken in"
        DONE = "done", "answered"
        FAILED = "failed", "given up: its owner answers by hand"
        ENDED = "ended", "overtaken: somebody answered, or the case ended"
        RECALL = "recall", "being told to stop"

    class Problem(models.TextChoices):
        NO_ADDRESS = "no-address", "we know no e-mail address of this person"
        ADDRESS = "address", "its address leads into our own network"
        UNREACHED = "unreached", "it could not be reached"
        SLOW = "slow", "it took too long"
        TOO_LARGE = "too-large", "what it sent is too large"
        BUSY = "busy", "it had an error of its own"
        REDIRECT = "redirect", "it sent us to another address"
        REFUSED = "refused", "it refused the request"
        SIGNATURE = "signature", "its answer was not signed with its certificate"
        MALFORMED = "malformed", "its answer could not be read"
        CANCELLED = "cancelled", "it cancelled the request"
        NO_RESULT = "no-result", "it said that it is done, and not what it found"
        ELSEWHERE = "elsewhere", "its answer lies on another host"
        FILE = "file", "its file is none that may be kept"
        DISK = "disk", "its file could not be written"
        BROKEN = "broken", "we had an error: the log of the worker says which"

    OPEN = (State.WAITING, State.SENT, State.READY)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="call")
    connector = models.ForeignKey(
        Connector, on_delete=models.PROTECT, related_name="calls"
    )
    request_type = models.CharField(max_length=11)  # OpenDSR, section 6.2
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    status = models.CharField(max_length=11, blank=True)
    # When the worker looks at it next; null: never again by itself.
    next_at = models.DateTimeField(null=True)
    # Since the last reply that could be used.
    tries_count = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=10, choices=Problem, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    # Who let it go, where somebody has to.
    released_by_id = models.BigIntegerField(null=True)
    # When it was first let out of the house, a moment before its first byte; and when
    # it was taken there.
    leaving_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    # By when it says that it will be done.
    expected_at = models.DateTimeField(null=True)
    # Where its file lies; emptied when it was fetched.
    results_url = EncryptedTextField(blank=True)
    results_count = models.PositiveIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    # It answered when it no longer counted.
    late_at = models.DateTimeField(null=True)
    # Something bound the data, or the person took it back, after it had left: since
    # when it is told to stop; and what somebody has to do where it did not.
    recalled_at = models.DateTimeField(null=True)
    recall_task = models.OneToOneField(
        Task, on_delete=models.SET_NULL, null=True, related_name="recall"
    )

    personal_data = PersonalData(
        # A system might name the person in it.
        fields={"results_url": Category.CONTACT},
        purpose="rights-requests",
        source="house",
        retention="case-file",
        others="id task connector request_type state status next_at tries_count problem"
        " made_at released_by_id leaving_at sent_at expected_at results_count"
        " finished_at late_at recalled_at recall_task",
        linked_by="task__case__submission__data_subject",
    )

    class Meta:
        indexes = [
            # Read every few seconds: what is to be done by now?
            models.Index(
                fields=["next_at"],
                condition=Q(next_at__isnull=False),
                name="system_call_due",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    next_at__isnull=False,
                    state__in=["waiting", "sent", "ready", "recall"],
                )
                | Q(
                    next_at__isnull=True, state__in=["held", "done", "failed", "ended"]
                ),
                name="an_open_call_is_looked_at",
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"
