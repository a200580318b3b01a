"""What the Governance Team keeps about the running of the house."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from groundwork.personal_data import NoPersonalData


# A task is ended by force after ten minutes: what has not ended then never will.
BROKEN_OFF_AFTER = timedelta(minutes=15)


class RetentionRun(models.Model):
    """One nightly purge by one rule: how many rows it removed, and whether it ended.

    A run without finished_at is at work or was broken off; what it counted is removed,
    and the next run goes on from there.
    """

    rule = models.CharField(max_length=100)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    removed_count = models.PositiveIntegerField(default=0)
    # Rows that were due and stay, because their person is held or restricted.
    skipped_count = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=100, blank=True)

    personal_data = NoPersonalData("counts")

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.rule}, {self.started_at:%Y-%m-%d}"

    @property
    def is_broken_off(self) -> bool:
        """True when it was ended before it was done, by a restart or by its limit."""
        late = timezone.now() - self.started_at > BROKEN_OFF_AFTER
        return self.finished_at is None and late


class ProofsTransfer(models.Model):
    """The proofs of consent and the opt-outs were handed to a company, once.

    finished_at is empty when the download broke off: then the company has no whole
    archive. manifest_digest names the archive that was made.
    """

    recipient = models.CharField(max_length=120)
    staff_id = models.BigIntegerField()
    people_count = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    manifest_digest = models.BinaryField(max_length=32, null=True)

    personal_data = NoPersonalData(
        "the name of a company, a count and the number of a staff account",
        others="id recipient staff_id people_count started_at finished_at"
        " manifest_digest",
    )

    class Meta:
        verbose_name = "transfer of proofs"
        verbose_name_plural = "transfers of proofs"
        ordering = ["-pk"]
        permissions = [
            ("export_proofs", "Can export opt-outs and consents with proofs")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    finished_at__isnull=True, manifest_digest__isnull=True
                )
                | models.Q(finished_at__isnull=False, manifest_digest__isnull=False),
                name="finished_transfer_names_its_archive",
            )
        ]

    def __str__(self) -> str:
        return f"{self.recipient}, {self.started_at:%Y-%m-%d}"
