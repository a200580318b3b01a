"""What the controller says it does: who it is, its purposes, its notices."""

from datetime import date
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from groundwork.ledger import AppendOnlyModel
from groundwork.personal_data import NoPersonalData
from processing_register.notice_paths import INTERESTS, is_about_interests
from processing_register.register import UK_AND_EEA
from processing_register.rendering import wording_as_markdown
from staff.models import StaffUser


class Controller(models.Model):
    """The controller's particulars: one row, loaded from the register's file.

    Names, mailboxes and the regulator are data, never literals in a template, because
    they change (the Information Commissioner's Office becomes the Information
    Commission).
    """

    legal_name = models.CharField(max_length=200)
    trading_name = models.CharField(max_length=200)
    company_number = models.CharField(max_length=20, blank=True)
    registration_number = models.CharField(
        max_length=20,
        blank=True,
        default="",
        help_text="Under which the controller pays the data protection fee.",
    )
    website_name = models.CharField(max_length=200)
    governance_email = models.EmailField()
    sending_email = models.EmailField(help_text="The From address of every message.")
    unsubscribe_email = models.EmailField(
        help_text="Where a mailed “unsubscribe” goes."
    )
    phone_e164 = models.CharField("telephone (E.164)", max_length=20)
    phone_display = models.CharField("telephone as shown", max_length=40)
    postal_address = models.TextField()
    list_domain = models.CharField(
        max_length=100, help_text="Namespace of the List-Id headers (RFC 2919)."
    )
    regulator_name = models.CharField(max_length=200)
    regulator_url = models.URLField()
    regulator_phone = models.CharField(max_length=40, blank=True)
    regulator_address = models.TextField(
        blank=True, default="", help_text="For whoever complains by post."
    )

    personal_data = NoPersonalData(
        "particulars of a company and of the regulator",
        others="id legal_name trading_name company_number registration_number"
        " website_name governance_email sending_email unsubscribe_email phone_e164"
        " phone_display postal_address list_domain regulator_name regulator_url"
        " regulator_phone regulator_address",
    )

    class Meta:
        verbose_name = "controller's particulars"
        verbose_name_plural = "controller's particulars"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_controller")
        ]

    def __str__(self) -> str:
        return f"{self.legal_name} t/a {self.trading_name}"

    @property
    def address_lines(self) -> list[str]:
        return self.postal_address.splitlines()

    @property
    def regulator_line(self) -> str:
        """The regulator's postal address on one line; empty where none is known."""
        return ", ".join(self.regulator_address.splitlines())


class BankHoliday(models.Model):
    """A public holiday of one nation of the United Kingdom."""

    class Nation(models.TextChoices):
        ENGLAND_AND_WALES = "england-and-wales", "England and Wales"
        SCOTLAND = "scotland", "Scotland"
        NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"

    nation = models.CharField(max_length=20, choices=Nation)
    on = models.DateField()
    title = models.CharField(max_length=100)

    personal_data = NoPersonalData("calendar", others="id nation on title")

    class Meta:
        ordering = ["on", "nation"]
        constraints = [
            models.UniqueConstraint(fields=["nation", "on"], name="one_holiday_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.on:%d %B %Y}, {self.title}"


class DataCategory(models.Model):
    """A kind of personal data, as the register's file defines it."""

    key = models.SlugField(primary_key=True)
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=300)
    # False for a kind that the policy names and nobody defined: no field may hold it.
    is_collected = models.BooleanField()
    note = models.CharField(max_length=300, blank=True)
    dpv = models.CharField("DPV term", max_length=60, blank=True)
    position = models.PositiveSmallIntegerField()

    personal_data = NoPersonalData(
        "the register", others="key title description is_collected note dpv position"
    )

    class Meta:
        ordering = ["position"]
        verbose_name = "kind of data"
        verbose_name_plural = "kinds of data"

    def __str__(self) -> str:
        return self.title


class DataSource(models.Model):
    """Where personal data comes from; Art. 14 applies where it is not the person."""

    key = models.SlugField(primary_key=True)
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=300)
    is_public = models.BooleanField(help_text="Named in the privacy notice.")
    informs_within = models.CharField(
        max_length=20, blank=True, help_text="ISO 8601; empty where Art. 14 is silent."
    )
    evidence_needed = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField()

    personal_data = NoPersonalData(
        "the register",
        others="key title description is_public informs_within evidence_needed position",
    )

    class Meta:
        ordering = ["position"]
        verbose_name = "source"

    def __str__(self) -> str:
        return self.title


class Recipient(models.Model):
    """Who gets personal data, and what allows it (Art. 28, 30(1)(d), 46)."""

    class Role(models.TextChoices):
        PROCESSOR = "processor", "Processor"
        CONTROLLER = "controller", "Controller"
        AUTHORITY = "authority", "Authority"

    key = models.SlugField(primary_key=True)
    title = models.CharField(max_length=100)
    role = models.CharField(max_length=20, choices=Role)
    what_for = models.CharField(max_length=200)
    country_code = models.CharField(max_length=2)
    country = models.CharField(max_length=60)
    agreement = models.CharField(max_length=200, blank=True)
    ground = models.CharField(max_length=200, blank=True)
    safeguard = models.CharField(max_length=200, blank=True)
    hosts = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    is_enabled = models.BooleanField()
    position = models.PositiveSmallIntegerField()

    personal_data = NoPersonalData(
        "organisations",
        others="key title role what_for country_code country agreement ground safeguard"
        " hosts is_enabled position",
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                name="enabled_recipient_has_its_paper",
                condition=models.Q(is_enabled=False)
                | (models.Q(role="processor") & ~models.Q(agreement=""))
                | (~models.Q(role="processor") & ~models.Q(ground="")),
            ),
            models.CheckConstraint(
                name="recipient_in_uk_or_eea_or_safeguarded",
                condition=models.Q(country_code__in=sorted(UK_AND_EEA))
                | ~models.Q(safeguard=""),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class RetentionRule(models.Model):
    """How long one kind of record is kept (Art. 5(1)(e), 13(2)(a))."""

    class CarriedOut(models.TextChoices):
        HERE = "here", "by a nightly purge of this system"
        LASTING = "lasting", "has no counted end"
        OUTSIDE = "outside", "by the owner of another system"

    key = models.SlugField(primary_key=True)
    title = models.CharField(max_length=100)
    what = models.CharField(max_length=200)
    why = models.CharField(max_length=300)
    period = models.CharField(max_length=20, blank=True, help_text="ISO 8601")
    starts = models.CharField(max_length=100, blank=True)
    is_settled = models.BooleanField()
    carried_out = models.CharField(max_length=10, choices=CarriedOut)
    position = models.PositiveSmallIntegerField()

    personal_data = NoPersonalData(
        "the register",
        others="key title what why period starts is_settled carried_out position",
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                name="only_a_lasting_rule_has_no_period",
                condition=models.Q(carried_out="lasting", period="")
                | (~models.Q(carried_out="lasting") & ~models.Q(period="")),
            )
        ]

    def __str__(self) -> str:
        return self.what


class StoredItem(models.Model):
    """A cookie or another thing kept in a browser (PECR reg. 6)."""

    key = models.SlugField(primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)
    category = models.CharField(max_length=30)
    set_by = models.CharField(max_length=100)
    purpose = models.ForeignKey(
        "processing_register.ProcessingPurpose",
        on_delete=models.PROTECT,
        related_name="stored_items",
    )
    what_for = models.CharField(max_length=300)
    life = models.CharField(max_length=60)
    where = models.CharField(max_length=10)
    position = models.PositiveSmallIntegerField()

    personal_data = NoPersonalData(
        "the register",
        others="key name kind category set_by purpose what_for life where position",
    )

    class Meta:
        ordering = ["position"]
        verbose_name = "cookie or stored item"
        verbose_name_plural = "cookies and stored items"

    def __str__(self) -> str:
        return self.name


class ProcessingPurposeQuerySet(models.QuerySet["ProcessingPurpose"]):
    def offered(self) -> "ProcessingPurposeQuerySet":
        """The purposes on the sign-up form, in its order."""
        return self.filter(is_offered=True)


class ProcessingPurpose(models.Model):
    """What personal data is used for, with everything that Art. 13 and 30 want said."""

    key = models.SlugField(primary_key=True)
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=300, default="")
    individuals = models.CharField(max_length=200, default="")
    # Keys of the register, in its order.
    data_categories = ArrayField(models.SlugField(db_index=False), default=list)
    undefined_categories = ArrayField(models.SlugField(db_index=False), default=list)
    recipients = ArrayField(models.SlugField(db_index=False), default=list)
    sources = ArrayField(models.SlugField(db_index=False), default=list)
    retention = ArrayField(models.SlugField(db_index=False), default=list)
    # Each basis of Art. 6(1) with the part of the purpose that rests on it.
    lawful_bases = models.JSONField(default=list)
    # The bases in one line, for lists.
    lawful_basis = models.CharField(max_length=200)
    interests = models.TextField(
        blank=True, default="", help_text="How the legitimate interest was weighed."
    )
    dpv = models.CharField("DPV term", max_length=60, default="")
    policy_row = models.PositiveSmallIntegerField(default=0)
    is_marketing = models.BooleanField()
    # On the sign-up form.
    is_offered = models.BooleanField(default=False)
    # Consent alone does not make it sendable.
    is_sendable = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField()

    objects: ClassVar[Any] = ProcessingPurposeQuerySet.as_manager()
    personal_data = NoPersonalData(
        "the register",
        others="key title description individuals data_categories undefined_categories"
        " recipients sources retention lawful_bases lawful_basis interests dpv"
        " policy_row is_marketing is_offered is_sendable position",
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                name="interest_is_weighed",
                condition=~models.Q(
                    lawful_bases__contains=[{"key": "legitimate-interests"}]
                )
                | ~models.Q(interests=""),
            )
        ]

    def __str__(self) -> str:
        return self.title


class NoticeVersionQuerySet(models.QuerySet["NoticeVersion"]):
    def published(self) -> "NoticeVersionQuerySet":
        return self.filter(published_at__isnull=False)

    def drafts(self) -> "NoticeVersionQuerySet":
        return self.filter(published_at__isnull=True)

    def effective(self, today: date) -> "NoticeVersionQuerySet":
        """Every published version that has taken effect, also those superseded."""
        return self.published().filter(effective_on__lte=today)

    def in_force(self, today: date) -> "NoticeVersionQuerySet":
        """The newest published version of each notice that has taken effect."""
        return self.effective(today).order_by("notice", "-number").distinct("notice")

    def for_list(self, today: date) -> "NoticeVersionQuerySet":
        """Beside each version the number that is in force, and its next review."""
        newest = (
            NoticeVersion.objects.effective(today)
            .filter(notice=models.OuterRef("notice"))
            .order_by("-number")
        )
        reviews = NoticeReview.objects.filter(version=models.OuterRef("pk"))
        return self.defer("source", "body").annotate(
            number_in_force=models.Subquery(newest.values("number")[:1]),
            next_by=models.Subquery(
                reviews.order_by("-pk").values("next_review_by")[:1]
            ),
        )

    def concerning_everybody(self) -> "NoticeVersionQuerySet":
        about_interests = models.Q(notice__startswith=INTERESTS)
        return self.filter(models.Q(notice__in=CONCERN_EVERYBODY) | about_interests)

    def changes(self) -> "NoticeVersionQuerySet":
        """Significant versions that everybody held has to be told of, the oldest first.

        The first version of a notice changes nothing for anybody, but for the privacy
        notice: nothing may be done with personal data before there is one.
        """
        earlier = NoticeVersion.objects.published().filter(
            notice=models.OuterRef("notice"), number__lt=models.OuterRef("number")
        )
        return (
            self.published()
            .concerning_everybody()
            .filter(severity=NoticeVersion.Severity.SIGNIFICANT)
            .filter(models.Q(notice=PRIVACY) | models.Exists(earlier))
            .order_by("published_at", "pk")
        )

    def to_announce(self) -> "NoticeVersionQuerySet":
        """The changes that not everybody held was told of yet, the oldest first."""
        return self.changes().filter(announcement__isnull=True)

    def until(self, version: "NoticeVersion") -> "NoticeVersionQuerySet":
        """Those of any notice that came out no later than this one, itself included."""
        at = version.published_at
        return self.filter(
            models.Q(published_at__lt=at)
            | models.Q(published_at=at, pk__lte=version.pk)
        )


PRIVACY = "privacy"
# They say what is done with people's data. The statement on accessibility does not, and
# the words of a form hold for whoever fills it in from then on.
CONCERN_EVERYBODY = (PRIVACY, "cookies", "retention")


def no_names() -> dict[str, list[str]]:
    return {"purposes": [], "categories": [], "recipients": []}


class NoticeVersion(models.Model):
    """One version of a notice. Once published it never changes: a trigger refuses.

    It comes from a file of the repository, or from the console, where one person writes
    it and another publishes it. Until it is published it is a draft.
    """

    class Notice(models.TextChoices):
        """The notices there always are; interests-<purpose> stand beside them."""

        PRIVACY = "privacy", "Privacy notice"
        COOKIES = "cookies", "Cookie notice"
        RETENTION = "retention", "Retention schedule"
        ACCESSIBILITY = "accessibility", "Accessibility statement"
        SIGN_UP = "sign-up", "Sign-up wording"
        COOKIE_BANNER = "cookie-banner", "Cookie banner wording"

    class Severity(models.TextChoices):
        MINOR = "minor", "Minor"
        SIGNIFICANT = "significant", "Significant"

    notice = models.SlugField(max_length=60)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=20, choices=Severity)
    language = models.CharField(max_length=10, default="en-GB")
    # The text before the register's tables and our particulars were put into it.
    source = models.TextField(blank=True, default="")
    # Markdown for a page; TOML for the wording of a form.
    body = models.TextField(blank=True, default="")
    digest = models.BinaryField(default=bytes, help_text="SHA-256 of the body.")
    source_digest = models.BinaryField(
        default=bytes, help_text="SHA-256 of the file or draft it came from."
    )
    # Keys of the register that the text names: what may be done under it.
    names = models.JSONField(default=no_names)
    # The controller's particulars as the text gives them.
    particulars = models.JSONField(default=dict)
    summary_of_changes = models.TextField(blank=True, default="")
    written_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # What was submitted (publishing.content_digest); nothing else can be published.
    submitted_digest = models.BinaryField(null=True)
    submitted_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, null=True, related_name="+"
    )
    effective_on = models.DateField()
    review_by = models.DateField(null=True)
    published_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = NoticeVersionQuerySet.as_manager()
    personal_data = NoPersonalData(
        "published text; who wrote and approved it is a staff account's number",
        others="id notice number title severity language source body digest"
        " source_digest names particulars summary_of_changes written_by"
        " submitted_digest submitted_at approved_by effective_on review_by"
        " published_at",
    )

    class Meta:
        ordering = ["notice", "-number"]
        permissions = [
            ("write_noticeversion", "Can write and submit notices"),
            ("publish_noticeversion", "Can approve and publish notices"),
            ("review_noticeversion", "Can record that a notice was reviewed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "number"], name="one_row_per_notice_version"
            ),
            models.UniqueConstraint(
                fields=["notice"],
                condition=models.Q(published_at__isnull=True),
                name="one_draft_per_notice",
            ),
            models.CheckConstraint(
                condition=models.Q(published_at__isnull=True) | ~models.Q(digest=b""),
                name="what_is_published_has_its_digest",
            ),
            # A version from a file has neither: it was approved with the file.
            models.CheckConstraint(
                condition=models.Q(published_at__isnull=True)
                | models.Q(written_by__isnull=True, approved_by__isnull=True)
                | models.Q(
                    ~models.Q(approved_by=models.F("written_by")),
                    written_by__isnull=False,
                    approved_by__isnull=False,
                    submitted_at__isnull=False,
                    submitted_digest__isnull=False,
                ),
                name="notice_author_is_not_approver",
            ),
            models.CheckConstraint(
                condition=models.Q(published_at__isnull=False)
                | models.Q(approved_by__isnull=True),
                name="nothing_is_approved_unpublished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"

    def get_absolute_url(self) -> str:
        """The page that shows this very version, for ever."""
        return reverse(
            "processing_register:notice-version", args=[self.notice, self.number]
        )

    @property
    def reference(self) -> str:
        """How a consent record names it: privacy/1."""
        return f"{self.notice}/{self.number}"

    @property
    def is_significant(self) -> bool:
        return self.severity == self.Severity.SIGNIFICANT

    @property
    def name(self) -> str:
        """What a sentence calls the notice: “privacy notice”."""
        if is_about_interests(self.notice):
            return f"summary “{self.title}”"
        return str(self.Notice(self.notice).label).lower()

    @property
    def mailed_words(self) -> str:
        """What the mail about a change quotes of this version."""
        return f"{self.title}\n{self.summary_of_changes}"

    @property
    def concerns_everybody(self) -> bool:
        """True when people are told of a significant change of this notice."""
        return self.notice in CONCERN_EVERYBODY or is_about_interests(self.notice)

    @property
    def is_wording(self) -> bool:
        """True for the words of a form, which are kept as TOML and are no page."""
        return self.notice in (self.Notice.SIGN_UP, self.Notice.COOKIE_BANNER)

    @property
    def page_source(self) -> str:
        """Markdown of the page that shows it; the words of a form are set out as one."""
        return wording_as_markdown(self.body) if self.is_wording else self.body

    @property
    def is_from_console(self) -> bool:
        return self.written_by_id is not None


class NoticeAnnouncement(AppendOnlyModel):
    """Everybody held was told of a version, or nobody was held when it came out."""

    version = models.OneToOneField(
        NoticeVersion, on_delete=models.PROTECT, related_name="announcement"
    )
    completed_at = models.DateTimeField()

    personal_data = NoPersonalData(
        "that an announcement is complete", others="id version completed_at"
    )

    def __str__(self) -> str:
        return f"{self.version.reference}, everybody told"


class NoticeReview(AppendOnlyModel):
    """Somebody read the version in force and found that nothing has to change."""

    version = models.ForeignKey(
        NoticeVersion, on_delete=models.PROTECT, related_name="reviews"
    )
    reviewed_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_on = models.DateField()
    next_review_by = models.DateField()
    remark = models.CharField(max_length=500, blank=True)

    personal_data = NoPersonalData(
        "that a text was reviewed, with the number of a staff account",
        others="id version reviewed_by reviewed_on next_review_by remark",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(next_review_by__gt=models.F("reviewed_on")),
                name="next_review_lies_ahead",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version.reference}, reviewed on {self.reviewed_on}"
