"""What the controller says it does: who it is, its purposes, its notices."""

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse

from groundwork.personal_data import NoPersonalData


class Controller(models.Model):
    """The controller's particulars: one row, loaded from the register's file.

    Names, mailboxes and the regulator are data, never literals in a template, because
    they change (the Information Commissioner's Office becomes the Information
    Commission).
    """

    legal_name = models.CharField(max_length=200)
    trading_name = models.CharField(max_length=200)
    company_number = models.CharField(max_length=20, blank=True)
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

    personal_data = NoPersonalData("particulars of a company and of the regulator")

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


class BankHoliday(models.Model):
    """A public holiday of one nation of the United Kingdom."""

    class Nation(models.TextChoices):
        ENGLAND_AND_WALES = "england-and-wales", "England and Wales"
        SCOTLAND = "scotland", "Scotland"
        NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"

    nation = models.CharField(max_length=20, choices=Nation)
    on = models.DateField()
    title = models.CharField(max_length=100)

    personal_data = NoPersonalData("calendar")

    class Meta:
        ordering = ["on", "nation"]
        constraints = [
            models.UniqueConstraint(fields=["nation", "on"], name="one_holiday_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.on:%d %B %Y}, {self.title}"


class ProcessingPurpose(models.Model):
    """A purpose for which e-mail addresses are used, offered on the sign-up form."""

    key = models.SlugField(primary_key=True)
    title = models.CharField(max_length=100)
    lawful_basis = models.CharField(max_length=200)
    is_marketing = models.BooleanField()
    # Consent alone does not make it sendable: nobody sends third parties' news here.
    is_sendable = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField()

    personal_data = NoPersonalData("the register")

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


class NoticeVersionQuerySet(models.QuerySet["NoticeVersion"]):
    def in_force(self, today: date) -> "NoticeVersionQuerySet":
        """The newest published version of each notice that has taken effect."""
        return (
            self.filter(published_at__isnull=False, effective_on__lte=today)
            .order_by("notice", "-number")
            .distinct("notice")
        )


class NoticeVersion(models.Model):
    """One version of a notice. Once published it never changes: a trigger refuses."""

    class Notice(models.TextChoices):
        PRIVACY = "privacy", "Privacy notice"
        SIGN_UP = "sign-up", "Sign-up wording"

    class Severity(models.TextChoices):
        MINOR = "minor", "Minor"
        SIGNIFICANT = "significant", "Significant"

    notice = models.CharField(max_length=20, choices=Notice)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=20, choices=Severity)
    language = models.CharField(max_length=10, default="en-GB")
    # Markdown for a page; TOML for the wording of a form.
    body = models.TextField()
    digest = models.BinaryField(help_text="SHA-256 of the body.")
    source_digest = models.BinaryField(help_text="SHA-256 of the file it came from.")
    effective_on = models.DateField()
    published_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = NoticeVersionQuerySet.as_manager()
    personal_data = NoPersonalData("published text")

    class Meta:
        ordering = ["notice", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "number"], name="one_row_per_notice_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_notice_display()}, version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("processing_register:notice-version", args=[self.number])

    @property
    def reference(self) -> str:
        """How a consent record names it: privacy/1."""
        return f"{self.notice}/{self.number}"
