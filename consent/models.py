"""The consent ledger, the erasable evidence beside it, and the words people saw."""

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from groundwork.encryption import EncryptedJSONField
from groundwork.ledger import AppendOnlyModel, LedgerEntry, LedgerQuerySet, LedgerSeal
from groundwork.personal_data import Category, NoPersonalData, PersonalData


class ShownWording(AppendOnlyModel):
    """A text that people were shown when they decided, kept byte for byte."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    text = models.TextField()
    language = models.CharField(max_length=10, default="en-GB")

    personal_data = NoPersonalData("published wording")

    class Meta:
        verbose_name = "shown wording"

    def __str__(self) -> str:
        return self.text[:60]

    @staticmethod
    def digest_of(text: str) -> bytes:
        return hashlib.sha256(text.encode()).digest()


class ConsentSeal(LedgerSeal):
    personal_data = NoPersonalData("digests of ledger entries")

    class Meta:
        verbose_name = "seal of the consent ledger"


class Action(models.TextChoices):
    """What happened to a consent; only the last four decide whether it stands."""

    REQUESTED = "requested", "asked for, not confirmed yet"
    EXPIRED = "expired", "never confirmed"
    GIVEN = "given", "given"
    WITHDRAWN = "withdrawn", "withdrawn"
    LAPSED = "lapsed", "lapsed"


DECIDING = (Action.GIVEN, Action.WITHDRAWN, Action.LAPSED)


class Channel(models.TextChoices):
    """The door a decision came through."""

    SIGN_UP_FORM = "sign-up form", "sign-up form"
    CONFIRMATION = "confirmation link", "confirmation link"
    PREFERENCES = "preferences page", "preferences page"
    ONE_CLICK = "one-click unsubscribe", "one-click unsubscribe"
    BODY_LINK = "link in the e-mail", "link in the e-mail"
    MAILED = "mailed “unsubscribe”", "mailed “unsubscribe”"
    UNDO = "undo", "undo"
    STAFF = "staff", "staff"
    IMPORT = "import", "import"
    RETENTION = "retention", "retention"


class ConsentQuerySet(LedgerQuerySet["ConsentEntry"]):
    def latest_decisions(
        self, *, at: datetime | None = None, subjects: Iterable[uuid.UUID] | None = None
    ) -> "ConsentQuerySet":
        """The last deciding entry of each person and purpose, as of an instant."""
        entries = self.filter(action__in=DECIDING)
        if at is not None:
            entries = entries.filter(at__lte=at)
        if subjects is not None:
            entries = entries.filter(data_subject_id__in=list(subjects))
        return entries.order_by("data_subject_id", "purpose", "-id").distinct(
            "data_subject_id", "purpose"
        )

    def standing(
        self,
        *,
        purpose: str | None = None,
        at: datetime | None = None,
        subjects: Iterable[uuid.UUID] | None = None,
    ) -> "ConsentQuerySet":
        """The consents that stand: given, and not withdrawn or lapsed since."""
        latest = self.latest_decisions(at=at, subjects=subjects)
        if purpose is not None:
            latest = latest.filter(purpose=purpose)
        found = self.filter(pk__in=latest.values("pk"), action=Action.GIVEN)
        return found


class ConsentEntry(LedgerEntry):
    """One thing that happened to one person's consent for one purpose."""

    data_subject_id = models.UUIDField()
    purpose = models.SlugField(db_index=False)
    action = models.CharField(max_length=20, choices=Action)
    channel = models.CharField(max_length=30, choices=Channel)
    # The exact words, and every notice that was shown: privacy/1, sign-up/1.
    wording = models.ForeignKey(
        ShownWording, on_delete=models.PROTECT, null=True, db_index=False
    )
    notices = ArrayField(models.CharField(max_length=40), default=list)
    staff_id = models.BigIntegerField(null=True)
    # SHA-256 of the evidence row, which can be erased without touching this one.
    evidence_digest = models.BinaryField(max_length=32, null=True)
    # Two entries with one key are one event told twice: the second is refused.
    idempotency_key = models.CharField(max_length=80, null=True, unique=True)  # noqa: DJ001

    objects: ClassVar[Any] = ConsentQuerySet.as_manager()
    seal_model = ConsentSeal
    personal_data = NoPersonalData("a UUID, a purpose and digests; never who it is")

    class Meta:
        verbose_name = "consent entry"
        verbose_name_plural = "consent entries"
        indexes = [
            # Read by latest_decisions: one person's, or everybody's for one purpose.
            models.Index(
                fields=["data_subject_id", "purpose", "-id"], name="consent_latest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.get_action_display()}"


class ConsentEvidence(models.Model):
    """What a browser told us when a person decided; erased after twelve months."""

    entry_id = models.BigIntegerField(unique=True)
    data_subject_id = models.UUIDField(db_index=True)
    # The truncated network, the browser's name, the form session: never a full address.
    details = EncryptedJSONField()
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    personal_data = PersonalData(
        fields={"details": Category.TECHNICAL},
        purpose="case-updates",
        source="the person's browser",
        kept_for="12 months",
        erasure="removed; the ledger keeps the digest",
        linked_by="data_subject_id",
    )

    class Meta:
        verbose_name_plural = "consent evidence"

    def __str__(self) -> str:
        return f"evidence of entry {self.entry_id}"
