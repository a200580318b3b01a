"""Mail out, mail in, and the addresses that must not be written to."""

import uuid
from datetime import timedelta
from functools import lru_cache
from typing import ClassVar

from django.db import models
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork.encryption import EncryptedJSONField, EncryptedTextField
from groundwork.personal_data import Category, Erasure, Export, Held, PersonalData


class MessageClass(models.TextChoices):
    """Why a message is sent, which decides the opt-outs it ignores (outbox.suppression)."""

    SERVICE = "service", "service"
    MARKETING = "marketing", "marketing"
    RIGHTS = "rights", "rights"
    # What the law has us tell, asked or not: a changed notice, where data came from.
    NOTICE = "notice", "notice"
    # To a colleague about the work: nobody's opt-out as a reader concerns it.
    STAFF = "staff", "staff"


class State(models.TextChoices):
    QUEUED = "queued", "queued"
    IN_FLIGHT = "in flight", "being handed over"
    SENT = "sent", "handed over"
    WITHHELD = "withheld", "withheld"
    FAILED = "failed", "failed"
    UNKNOWN = "unknown", "unknown: handed over, no answer"

    @property
    def may_have_gone(self) -> bool:
        """It went, is on its way, or nobody knows: a second one would say it twice."""
        return self not in (State.WITHHELD, State.FAILED)


@lru_cache(maxsize=64)
def name_of(kind: str) -> str:
    try:
        words = render_to_string(f"emails/{kind}.subject.txt").split()
    except TemplateDoesNotExist:
        words = []
    return " ".join(words) or kind


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def due(self) -> "OutgoingEmailQuerySet":
        return self.filter(state=State.QUEUED, next_attempt_at__lte=timezone.now())

    def stranded(self, after: timedelta) -> "OutgoingEmailQuerySet":
        """In flight for longer than any hand-over takes: their worker died."""
        return self.filter(state=State.IN_FLIGHT, claimed_at__lt=timezone.now() - after)

    def queue_again(self) -> int:
        """Send them once more, as if for the first time; returns how many."""
        return self.update(
            state=State.QUEUED,
            reason="",
            attempts=0,
            next_attempt_at=timezone.now(),
            claimed_at=None,
            handing_over_at=None,
            settled_at=None,
        )


class OutgoingEmail(models.Model):
    """One e-mail to one address, written in the transaction that caused it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    message_class = models.CharField(max_length=10, choices=MessageClass)
    # The template's name below templates/emails/: subscribers/confirm.
    kind = models.CharField(max_length=60)
    # The purpose whose consent a marketing message needs; empty for other classes.
    purpose = models.SlugField(blank=True, db_index=False)
    data_subject = models.ForeignKey(
        DataSubject, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    to_address = EncryptedTextField()
    # What the template needs: links and plain words.
    context = EncryptedJSONField()
    # The message as it was handed over, every byte; removed after 90 days.
    raw_message = EncryptedTextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    # Why it was withheld or failed, as a code of outbox.delivery; never a server's words.
    reason = models.CharField(max_length=60, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True)
    # Set just before the message is handed over: from here on, silence is "unknown".
    handing_over_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar = OutgoingEmailQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "to_address": Held(Category.CONTACT, source="person"),
            "context": Category.MARKETING,
            "raw_message": Category.MARKETING,
            "kind": Category.MARKETING,
            "purpose": Category.MARKETING,
            "state": Category.MARKETING,
            "reason": Category.MARKETING,
            "settled_at": Category.MARKETING,
        },
        purpose="relationship",
        source="house",
        retention="mail-bodies",
        # That there was a message stays for its time, and says nothing of anybody.
        erasure=Erasure.EMPTIED,
        others="id message_class data_subject attempts created_at next_attempt_at"
        " claimed_at handing_over_at",
    )

    class Meta:
        verbose_name = "outgoing e-mail"
        permissions = [
            ("settle_outgoingemail", "Can settle a failed or unknown message by hand"),
        ]
        indexes = [
            # Read by the console: what a person has to look at, which is hardly any.
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["failed", "unknown"]),
                name="outbox_trouble",
            ),
            # Read by due(): the queue, and nothing but the queue.
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state="queued"),
                name="outbox_due",
            ),
            models.Index(
                fields=["claimed_at"],
                condition=models.Q(state="in flight"),
                name="outbox_in_flight",
            ),
            models.Index(
                fields=["data_subject", "created_at"], name="outbox_of_person"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(message_class="marketing") | ~models.Q(purpose=""),
                name="marketing_names_its_purpose",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_state_display()})"

    @property
    def name(self) -> str:
        """What staff call it: its subject, as far as that is the same for everybody."""
        return name_of(self.kind)


class SuppressedAddress(models.Model):
    """An address that must not be written to, as a keyed digest; it survives deletion.

    purpose is empty when every marketing purpose is meant.
    """

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        OBJECTED = "objected", "objected to marketing"
        COMPLAINED = "complained", "reported as spam"
        BOUNCED = "bounced", "mailbox does not exist"
        ERASED = "erased", "erased on request"

    address_digest = models.BinaryField(max_length=32)
    purpose = models.SlugField(blank=True, db_index=False)
    reason = models.CharField(max_length=20, choices=Reason)
    suppressed_at = models.DateTimeField(default=timezone.now)

    personal_data = PersonalData(
        # Kept: it is what honours the objection (Art. 17(3)(b)).
        fields={
            "address_digest": Held(Category.CONTACT, export=Export.DESCRIBED),
            "purpose": Category.MARKETING,
            "reason": Category.MARKETING,
            "suppressed_at": Category.MARKETING,
        },
        purpose="opt-out-list",
        source="person",
        retention="opt-out-list",
        erasure=Erasure.KEPT,
        others="id",
        linked_by="address_digest",
    )

    class Meta:
        verbose_name = "suppressed address"
        verbose_name_plural = "suppressed addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["address_digest", "purpose", "reason"],
                name="suppressed_once_for_each_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.purpose or 'all marketing'})"


class InboundEmail(models.Model):
    """A message that came to us, kept until somebody has dealt with it."""

    class State(models.TextChoices):
        NEW = "new", "not read yet"
        CLAIMED = "claimed", "dealt with by the software"
        WAITING = "waiting", "waiting for a person"
        CLOSED = "closed", "closed by a person"
        BROKEN = "broken", "could not be read"

    # SHA-256 of the raw bytes: the same message fetched twice is one.
    digest = models.BinaryField(max_length=32, unique=True)
    raw_message = EncryptedTextField()  # latin-1 reading of the bytes, so none is lost
    is_automatic = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    claimed_by = models.CharField(max_length=80, blank=True)
    received_at = models.DateTimeField(default=timezone.now)
    # Keyed digest of the sender's address, so that a legal hold finds what a person
    # wrote; null until the message was read, and when it names no one sender.
    sender_digest = models.BinaryField(max_length=32, null=True)
    # SHA-256 of what two copies that came over different servers have in common; null
    # where that cannot be told.
    content_digest = models.BinaryField(max_length=32, null=True)
    # What the software noticed, for whoever opens the message: a line for each thing.
    remarks = EncryptedTextField(blank=True)
    # It tells what we never ask for: only few may read it.
    is_shut_away = models.BooleanField(default=False)

    personal_data = PersonalData(
        fields={
            "raw_message": Category.MARKETING,
            "remarks": Held(Category.MARKETING, source="house"),
            "is_shut_away": Held(Category.MARKETING, source="house"),
            "sender_digest": Held(
                Category.CONTACT, source="house", export=Export.DESCRIBED
            ),
            "received_at": Category.MARKETING,
        },
        purpose="relationship",
        source="person",
        retention="inbound-mail",
        others="id digest content_digest is_automatic state claimed_by",
        linked_by="raw_message",
    )

    class Meta:
        verbose_name = "inbound e-mail"
        ordering = ["-received_at"]
        indexes = [
            # Read once for each message: is it a copy?
            models.Index(
                fields=["content_digest"],
                condition=models.Q(content_digest__isnull=False),
                name="inbound_copies",
            ),
            # Read once for each message: how many came from this sender?
            models.Index(
                fields=["sender_digest", "received_at"], name="inbound_of_sender"
            ),
        ]

    def __str__(self) -> str:
        return f"message of {self.received_at:%Y-%m-%d %H:%M}"
