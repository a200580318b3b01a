"""The consent ledger, the erasable evidence beside it, and the words people saw."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from groundwork.encryption import EncryptedJSONField
from groundwork.ledger import AppendOnlyModel, LedgerEntry, LedgerQuerySet, LedgerSeal
from groundwork.personal_data import Category, NoPersonalData, PersonalData


class ShownWording(AppendOnlyModel):
    """A text that people were shown when they decided, kept byte for byte."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    text = models.TextField()
    language = models.CharField(max_length=10, default="en-GB")

    personal_data = NoPersonalData("published wording", others="digest text language")

    class Meta:
        verbose_name = "shown wording"

    def __str__(self) -> str:
        return self.text[:60]

    @staticmethod
    def digest_of(text: str) -> bytes:
        return hashlib.sha256(text.encode()).digest()


class ConsentSeal(LedgerSeal):
    personal_data = NoPersonalData(
        "digests of ledger entries",
        others="number sealed_at horizon newest is_rebased field_names entry_ids"
        " entry_digests previous_digest digest signature",
    )

    class Meta:
        verbose_name = "seal of the consent ledger"


class Action(models.TextChoices):
    """What happened to a consent; only the last three decide whether it stands."""

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
    RIGHTS_REQUEST = "rights request", "rights request"
    IMPORT = "import", "import"
    RETENTION = "retention", "retention"
    # An act of before a restore, made good from the journal (governance.replaying).
    JOURNAL = "journal", "journal, after a restore"


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
    personal_data = NoPersonalData(
        "a UUID, a purpose and digests; never who it is",
        others="id at written_in data_subject_id purpose action channel wording notices"
        " staff_id evidence_digest idempotency_key",
    )

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
        purpose="proof-of-consent",
        source="browser",
        retention="consent-evidence",
        others="id entry_id data_subject_id digest created_at",
        linked_by="data_subject_id",
    )

    class Meta:
        verbose_name_plural = "consent evidence"

    def __str__(self) -> str:
        return f"evidence of entry {self.entry_id}"


def new_site_key() -> str:
    """Random and public: it names a site in a tag and opens nothing."""
    return secrets.token_urlsafe(9)


# --- Cookie choices ---


class CookieMethod(models.TextChoices):
    """What a visitor did in the banner or on the cookies page."""

    ACCEPT = "accept", "accepted everything"
    REJECT = "reject", "rejected everything"
    CHOOSE = "choose", "chose by category"
    WITHDRAW = "withdraw", "took a yes back"


class CookieSeal(LedgerSeal):
    personal_data = NoPersonalData(
        "digests of ledger entries",
        others="number sealed_at horizon newest is_rebased field_names entry_ids"
        " entry_digests previous_digest digest signature",
    )

    class Meta:
        verbose_name = "seal of the cookie ledger"


class CookieChoice(LedgerEntry):
    """One choice about cookies; nothing in it leads to who made it.

    The receipt's id is known to one browser alone. Here stands its digest, so that
    whoever holds the id can find what they chose, and nobody else can find anyone.
    """

    receipt_digest = models.BinaryField(max_length=32)
    method = models.CharField(max_length=10, choices=CookieMethod)
    # What was said yes to, beside the essential.
    categories = ArrayField(models.CharField(max_length=40))
    banner = models.CharField("banner shown", max_length=40)
    # Of what was asked about (consent.cookies.content_hash).
    content_hash = models.CharField(max_length=16)
    # Key of the site on which the banner stood; empty: our own.
    site = models.CharField(max_length=22, blank=True)

    seal_model = CookieSeal
    personal_data = NoPersonalData(
        "the digest of a random number that only one browser knows",
        others="id at written_in receipt_digest method categories banner content_hash"
        " site",
    )

    class Meta:
        verbose_name = "cookie choice"
        indexes = [
            # Read by whoever looks up their own receipt.
            models.Index(fields=["receipt_digest"], name="cookie_choice_receipt")
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()}, {self.banner}"


class CookieReceipt(models.Model):
    """The evidence of a cookie choice, as it stands; its visitor may delete it."""

    digest = models.BinaryField(primary_key=True, max_length=32)
    method = models.CharField(max_length=10, choices=CookieMethod)
    categories = ArrayField(models.CharField(max_length=40))
    banner = models.CharField(max_length=40)
    site = models.CharField(max_length=22, blank=True)
    made_at = models.DateTimeField()
    asked_again_at = models.DateTimeField()

    personal_data = PersonalData(
        fields={
            "digest": Category.TECHNICAL,
            "method": Category.MARKETING,
            "categories": Category.MARKETING,
            "made_at": Category.MARKETING,
        },
        purpose="cookie-choices",
        source="browser",
        retention="cookie-evidence",
        others="banner site asked_again_at",
        linked_by="digest",
    )

    class Meta:
        verbose_name = "cookie receipt"
        indexes = [
            # Read by the nightly purge. Rows come in the order of time.
            BrinIndex(fields=["made_at"], name="cookie_receipt_made")
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()}, {self.banner}"


class PageCount(models.Model):
    """How often a page was opened on a day by visitors who agreed to be counted."""

    day = models.DateField()
    # The name of the page in the URL map, never its path.
    page = models.CharField(max_length=60)
    views = models.PositiveIntegerField()

    personal_data = NoPersonalData(
        "sums of days and pages, in which there are no visitors",
        others="id day page views",
    )

    class Meta:
        verbose_name = "page count"
        constraints = [
            models.UniqueConstraint(fields=["day", "page"], name="one_count_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.page} on {self.day}: {self.views}"


class ConsentSite(models.Model):
    """Another site of the controller's that shows our cookie banner."""

    key = models.CharField(
        max_length=22, unique=True, default=new_site_key, editable=False
    )
    name = models.CharField(max_length=100)
    # scheme://host[:port], exactly as browsers send it (RFC 6454, section 6.2).
    origins = ArrayField(models.CharField(max_length=200))
    is_enabled = models.BooleanField(default=True)
    # Whether the tag that staff paste switches Google Consent Mode on.
    has_google_consent_mode = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar["models.Manager[ConsentSite]"] = models.Manager()
    personal_data = NoPersonalData(
        "addresses of the controller’s own sites",
        others="id key name origins is_enabled has_google_consent_mode created_at",
    )

    class Meta:
        verbose_name = "site"
        ordering = ["name"]
        default_permissions = ("view", "add", "change")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(origins__len__gte=1), name="site_has_an_origin"
            )
        ]

    def __str__(self) -> str:
        return self.name
