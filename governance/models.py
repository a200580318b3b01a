"""What the Governance Team keeps about the running of the house."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from groundwork.ledger import AppendOnlyModel
from groundwork.personal_data import Category, Erasure, NoPersonalData, PersonalData
from outbox.models import OutgoingEmail
from outbox.models import State as MailState
from processing_register.models import NoticeVersion
from staff.models import StaffUser

# A task is ended by force after ten minutes: what has not ended then never will.
BROKEN_OFF_AFTER = timedelta(minutes=15)


class RetentionRun(models.Model):
    """One nightly purge by one rule: how many rows it removed, and whether it ended.

    A run that has ended cannot change, and none can go: the database refuses.

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

    personal_data = NoPersonalData(
        "counts",
        others="id rule started_at finished_at removed_count skipped_count problem",
    )

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


class NoticeChangeQuerySet(models.QuerySet["NoticeChange"]):
    def oldest_first(self) -> "NoticeChangeQuerySet":
        """In the order in which the versions came out, whatever notice they are of."""
        return self.order_by("version__published_at", "version_id")

    def newer_than(self, change: "NoticeChange") -> "NoticeChangeQuerySet":
        at = change.version.published_at
        later = models.Q(version__published_at__gt=at)
        beside = models.Q(version__published_at=at, version__gt=change.version_id)
        return self.filter(later | beside)

    def older_than(self, change: "NoticeChange") -> "NoticeChangeQuerySet":
        at = change.version.published_at
        earlier = models.Q(version__published_at__lt=at)
        beside = models.Q(version__published_at=at, version__lt=change.version_id)
        return self.filter(earlier | beside)

    def waiting(self) -> "NoticeChangeQuerySet":
        """Those that a person has to release before anybody is told."""
        return self.filter(released_at__isnull=True, finished_at__isnull=True)

    def under_way(self) -> "NoticeChangeQuerySet":
        return self.filter(released_at__isnull=False, finished_at__isnull=True)

    def unsettled(self) -> "NoticeChangeQuerySet":
        """Those with a delivery whose message may still move, finished ones too."""
        moving = NoticeDelivery.objects.unsettled()
        return self.filter(pk__in=moving.order_by().values("change"))

    def with_counts(self) -> "NoticeChangeQuerySet":
        """Each with delivery_count and settled_count, for a list."""
        is_open = models.Q(deliveries__state__in=NoticeDelivery.OPEN)
        return self.annotate(
            delivery_count=models.Count("deliveries"),
            settled_count=models.Count("deliveries", filter=~is_open),
        )


class NoticeChange(models.Model):
    """A significant version of a notice that everybody held is told of.

    Nobody is told before somebody released it: whoever approved the version on the
    console, or, for a version from the repository's files, a person with that duty.
    """

    version = models.OneToOneField(
        NoticeVersion, on_delete=models.PROTECT, related_name="change"
    )
    created_at = models.DateTimeField(default=timezone.now)
    released_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, null=True, related_name="+"
    )
    released_at = models.DateTimeField(null=True)
    # Who decided to end it although some were not reached.
    closed_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The change whose mail told of this one as well, and with which it ended.
    covered_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="+"
    )
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = NoticeChangeQuerySet.as_manager()
    personal_data = NoPersonalData(
        "that a text was announced, with the numbers of staff accounts",
        others="version created_at released_by released_at closed_by covered_by"
        " finished_at",
    )

    class Meta:
        verbose_name = "change of notice"
        verbose_name_plural = "changes of notices"
        ordering = ["-version__published_at", "-version_id"]
        permissions = [
            ("release_noticechange", "Can tell everybody held of a changed notice"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(released_by__isnull=True, released_at__isnull=True)
                | models.Q(released_by__isnull=False, released_at__isnull=False),
                name="notice_change_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_by__isnull=True, covered_by__isnull=True)
                | models.Q(finished_at__isnull=False)
                & (
                    models.Q(closed_by__isnull=True) | models.Q(covered_by__isnull=True)
                ),
                name="notice_change_ends_in_one_way",
            ),
        ]

    def __str__(self) -> str:
        return str(self.version)

    @property
    def state(self) -> str:
        """waits, under way, told, ended by a person, covered by a newer one, or
        overtaken by one that has not come to its end yet."""
        if self.finished_at is None and self.released_at is not None:
            return "under way"
        if self.finished_at is None:
            is_overtaken = NoticeChange.objects.newer_than(self).exists()
            return "overtaken" if is_overtaken else "waits"
        if self.covered_by_id is not None:
            return "covered"
        return "told" if self.closed_by_id is None else "ended"


class OverruledWords(AppendOnlyModel):
    """Somebody decided that words may be mailed that a machine took for advertising or
    for a link, and said why."""

    version = models.ForeignKey(
        NoticeVersion, on_delete=models.PROTECT, related_name="overruled_words"
    )
    words = ArrayField(models.TextField())
    reason = models.CharField(max_length=500)
    decided_by = models.ForeignKey(
        StaffUser, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now)

    personal_data = NoPersonalData(
        "words of a published text, and who let them stand, by a staff account's number",
        others="id version words reason decided_by decided_at",
    )

    class Meta:
        verbose_name_plural = "overruled words"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.version.reference}: {', '.join(self.words)}"


class NoticeDeliveryQuerySet(models.QuerySet["NoticeDelivery"]):
    def open(self) -> "NoticeDeliveryQuerySet":
        """Those that have not come to an end yet."""
        return self.filter(state__in=NoticeDelivery.OPEN)

    def unsettled(self) -> "NoticeDeliveryQuerySet":
        """Those with a message that may still move: by the mail server's answer, or by
        a person who settles it."""
        return self.filter(state__in=NoticeDelivery.MOVING)

    def in_trouble(self) -> "NoticeDeliveryQuerySet":
        """Those that may not have arrived, and that a person decides about."""
        return self.filter(state__in=NoticeDelivery.TROUBLE)

    def left_out(self) -> "NoticeDeliveryQuerySet":
        return self.filter(state=MailState.WITHHELD)


class NoticeDelivery(models.Model):
    """One person and one change of the notice: told once, or left out for a reason.

    The database refuses to change what is settled, to remove it before its period is
    over, and to call sent what its message does not.
    """

    # Before a message stands in the outbox; from then on the state is the message's.
    WAITING = "waiting"
    STATES: ClassVar = [(WAITING, "not taken up yet"), *MailState.choices]
    OPEN: ClassVar = [WAITING, MailState.QUEUED, MailState.IN_FLIGHT]
    TROUBLE: ClassVar = [MailState.FAILED, MailState.UNKNOWN]
    MOVING: ClassVar = [MailState.QUEUED, MailState.IN_FLIGHT, *TROUBLE]

    change = models.ForeignKey(
        NoticeChange, on_delete=models.PROTECT, related_name="deliveries"
    )
    data_subject_id = models.UUIDField(db_index=True)
    state = models.CharField(max_length=10, choices=STATES, default=WAITING)
    # Why somebody was left out or not reached, as a code.
    reason = models.CharField(max_length=60, blank=True)
    email = models.OneToOneField(
        OutgoingEmail, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar = NoticeDeliveryQuerySet.as_manager()
    personal_data = PersonalData(
        # The row stays as proof that everybody was told; once the person is erased,
        # their UUID leads nowhere.
        fields={"data_subject_id": Category.MARKETING},
        purpose="relationship",
        source="house",
        retention="notice-delivery",
        erasure=Erasure.KEPT,
        others="id change state reason email settled_at",
        linked_by="data_subject_id",
    )

    class Meta:
        verbose_name_plural = "notice deliveries"
        indexes = [
            # Read by each batch, by the numbers of the page, and by what is in trouble.
            models.Index(fields=["change", "state"], name="notice_delivery_states"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["change", "data_subject_id"], name="told_once_of_a_change"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="withheld") | ~models.Q(reason=""),
                name="left_out_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"notice delivery {self.pk} ({self.get_state_display()})"
