"""Readers, the links mailed to them, and what happened to their records."""

import hashlib

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork.encryption import EncryptedJSONField, EncryptedTextField
from groundwork.ledger import LedgerEntry, LedgerSeal
from groundwork.personal_data import (
    Category,
    Export,
    Held,
    NoPersonalData,
    PersonalData,
)

# What a person may tell us beside the address, all of it optional.
DETAIL_FIELDS = ("first_name", "last_name", "employer", "job_title", "telephone")


class Subscriber(models.Model):
    """Somebody who asked for our e-mails, or whom staff entered, by one address.

    Whether a purpose may be mailed is not here: it is in the consent ledger. The
    status only says how far the sign-up has come.
    """

    class Status(models.TextChoices):
        PENDING = "pending", "waiting for the person to confirm"
        CONFIRMED = "confirmed", "confirmed"
        LEFT = "left", "left"

    class Source(models.TextChoices):
        SIGN_UP_FORM = "sign-up form", "sign-up form"
        EVENT = "event", "met at an event"
        TELEPHONE = "telephone", "by telephone"
        IMPORT = "import", "import"

    data_subject = models.OneToOneField(
        DataSubject, on_delete=models.PROTECT, related_name="subscriber"
    )
    address = EncryptedTextField()
    address_digest = models.BinaryField(max_length=32, unique=True)
    first_name = EncryptedTextField(blank=True)
    last_name = EncryptedTextField(blank=True)
    employer = EncryptedTextField(blank=True)
    job_title = EncryptedTextField(blank=True)
    telephone = EncryptedTextField(blank=True)
    # What the person wants said beside all this (UK GDPR Art. 16, second sentence).
    statement = EncryptedTextField(blank=True, default="", db_default="")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    source = models.CharField(
        max_length=20, choices=Source, default=Source.SIGN_UP_FORM
    )
    # For people whom staff entered: by whom, and which notice they were given.
    entered_by_id = models.BigIntegerField(null=True)
    notice_given = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # The last confirmation mail; at most one in 24 hours goes to one address.
    confirmation_asked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    paused_until = models.DateField(null=True)

    personal_data = PersonalData(
        fields={
            "address": Category.CONTACT,
            "address_digest": Held(
                Category.CONTACT, source="house", export=Export.DESCRIBED
            ),
            "telephone": Category.CONTACT,
            "first_name": Category.IDENTITY,
            "last_name": Category.IDENTITY,
            "employer": Category.IDENTITY,
            "job_title": Category.IDENTITY,
            "statement": Category.IDENTITY,
            "paused_until": Category.MARKETING,
            "source": Held(Category.MARKETING, source="staff"),
            "notice_given": Held(Category.MARKETING, source="staff"),
            "status": Held(Category.MARKETING, source="house"),
            "created_at": Held(Category.MARKETING, source="house"),
            "confirmation_asked_at": Held(Category.MARKETING, source="house"),
            "confirmed_at": Category.MARKETING,
            "left_at": Category.MARKETING,
        },
        purpose="case-updates",
        source="person",
        retention="departed-reader",
        others="id data_subject entered_by_id",
    )

    class Meta:
        permissions = [
            ("enter_subscriber", "Can enter a person met at an event or on the phone"),
            ("import_subscriber", "Can import people with their evidence of consent"),
            ("export_subscriber", "Can take the list of readers out as a file"),
            ("stop_subscriber", "Can stop e-mails on a person's request"),
        ]
        indexes = [
            # Read by the nightly purges.
            models.Index(fields=["status", "created_at"], name="subscriber_purge"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="confirmed")
                | models.Q(confirmed_at__isnull=False),
                name="confirmed_has_its_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="left") | models.Q(left_at__isnull=False),
                name="left_has_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"subscriber {self.pk}"

    @property
    def details(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in DETAIL_FIELDS}


class LinkUse(models.TextChoices):
    """What a mailed link may do: exactly one thing."""

    CONFIRM = "confirm", "confirm a sign-up"
    UNSUBSCRIBE = "unsubscribe", "stop e-mails"
    UNDO = "undo", "undo an unsubscribing"
    PREFERENCES = "preferences", "choose e-mails"
    FRESH = "fresh", "open the preferences"
    VISIT = "visit", "see and change everything"
    ADDRESS = "address", "confirm a new address"
    ADDRESS_UNDO = "address undo", "go back to the old address"


class MailedLink(models.Model):
    """A link we mailed (or showed), by the digest of its token.

    Unsubscribe and preferences links are derived from LINK_KEY and live as long as
    the subscriber; the others are random, expire, and work once.
    """

    use = models.CharField(max_length=15, choices=LinkUse)
    token_digest = models.BinaryField(max_length=32, unique=True)
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.CASCADE, related_name="links"
    )
    # Unsubscribe: the purpose it stops, empty for all. Confirm and undo: what it gives.
    purposes = ArrayField(models.SlugField(db_index=False), default=list)
    # Confirm: the details typed into the form; they count only once confirmed.
    details = EncryptedJSONField(default=dict)
    # Confirm: references of the notices shown and the words agreed to.
    shown = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    personal_data = PersonalData(
        fields={
            "details": Category.IDENTITY,
            "purposes": Category.MARKETING,
            "shown": Held(Category.MARKETING, source="house"),
            "used_at": Category.MARKETING,
            # Whoever has the value could open the link with it.
            "token_digest": Held(
                Category.CONTACT, source="house", export=Export.WITHHELD
            ),
        },
        purpose="case-updates",
        source="person",
        retention="spent-link",
        others="id use subscriber created_at expires_at superseded_at",
        linked_by="subscriber",
    )

    class Meta:
        indexes = [
            models.Index(fields=["subscriber", "use"], name="links_of_subscriber")
        ]

    def __str__(self) -> str:
        return f"link to {self.get_use_display()}"


class AddressChange(models.Model):
    """A change of address: the new mailbox confirms, the old one is told and may undo.

    The only place where an old address lives, for 72 hours."""

    subscriber = models.OneToOneField(
        Subscriber, on_delete=models.CASCADE, related_name="address_change"
    )
    new_address = EncryptedTextField()
    old_address = EncryptedTextField(blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True)

    personal_data = PersonalData(
        fields={"new_address": Category.CONTACT, "old_address": Category.CONTACT},
        purpose="relationship",
        source="person",
        retention="old-address",
        others="id subscriber asked_at changed_at",
        linked_by="subscriber",
    )

    def __str__(self) -> str:
        return f"address change of subscriber {self.subscriber_id}"


class SubscriberSeal(LedgerSeal):
    personal_data = NoPersonalData("digests of ledger entries")

    class Meta:
        verbose_name = "seal of the subscriber record"


class SubscriberEvent(LedgerEntry):
    """What happened to a subscriber's record: which fields changed, never their values."""

    class Action(models.TextChoices):
        ENTERED = "entered", "entered by staff"
        IMPORTED = "imported", "imported"
        CONFIRMED = "confirmed", "confirmed the address"
        DETAILS_CHANGED = "details changed", "details changed"
        PAUSED = "paused", "paused"
        RESUMED = "resumed", "resumed"
        ADDRESS_ASKED = "address asked", "asked to change the address"
        ADDRESS_CHANGED = "address changed", "changed the address"
        ADDRESS_RESTORED = "address restored", "went back to the old address"
        LEFT = "left", "left"
        RETURNED = "returned", "came back"
        PURGED = "purged", "removed by the retention rule"
        ERASED = "erased", "erased at the person’s request"

    data_subject_id = models.UUIDField(db_index=True)
    action = models.CharField(max_length=20, choices=Action)
    channel = models.CharField(max_length=30)
    fields = ArrayField(models.CharField(max_length=30), default=list)
    staff_id = models.BigIntegerField(null=True)

    seal_model = SubscriberSeal
    personal_data = NoPersonalData(
        "a UUID and names of fields, never their values",
        others="data_subject_id action channel fields staff_id",
    )

    class Meta:
        verbose_name = "subscriber event"

    def __str__(self) -> str:
        return self.get_action_display()


class SubscriberImport(models.Model):
    """An uploaded file between its dry run and its application; removed after a day."""

    staff_id = models.BigIntegerField()
    file_name = models.CharField(max_length=200)
    content = EncryptedTextField()
    digest = models.BinaryField(max_length=32)
    uploaded_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)

    personal_data = PersonalData(
        fields={"content": Category.CONTACT},
        purpose="case-updates",
        source="staff",
        retention="import-file",
        others="id staff_id file_name digest uploaded_at applied_at counts",
        linked_by="content",
    )

    def __str__(self) -> str:
        return self.file_name

    @staticmethod
    def digest_of(content: str) -> bytes:
        return hashlib.sha256(content.encode()).digest()
