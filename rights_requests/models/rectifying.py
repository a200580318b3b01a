"""What is corrected in a case (Art. 16): each datum with what stood there, what is right,
and how that was found to be so."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from groundwork.encryption import EncryptedTextField
from groundwork.personal_data import Category, Erasure, PersonalData
from rights_requests.models.case import Case
from rights_requests.models.correspondence import CaseDocument


class RectificationQuerySet(models.QuerySet["Rectification"]):
    def open(self) -> "RectificationQuerySet":
        """Neither made nor refused yet."""
        return self.filter(settled_at__isnull=True)

    def applied(self) -> "RectificationQuerySet":
        return self.filter(state=Rectification.State.APPLIED)


class Rectification(models.Model):
    """One datum that is to be put right, or the person's statement beside it.

    It goes from proposed to verified to applied, or is refused with a reason. The values
    stand here alone, encrypted, and go with the file of the case; the case log knows the
    place and the field.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        VERIFIED = "verified", "verified"
        CONFIRMING = "confirming", "the new mailbox has to confirm it"
        APPLIED = "applied", "corrected"
        REFUSED = "refused", "not corrected"
        TAKEN_BACK = "taken back", "taken back"

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="rectifications"
    )
    # Key of the holding, key of its row, path of its field.
    place = models.CharField(max_length=60)
    entry = models.CharField(max_length=60)
    field = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    current = EncryptedTextField(blank=True)
    proposed = EncryptedTextField(blank=True)
    # How it was found to be right: a document of the case, or in words.
    evidence = EncryptedTextField(blank=True)
    document = models.ForeignKey(
        CaseDocument, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Why it is not corrected, in words that the person may read.
    reason = EncryptedTextField(blank=True)
    proposed_at = models.DateTimeField(default=timezone.now)
    # Null: the person.
    proposed_by_id = models.BigIntegerField(null=True)
    verified_at = models.DateTimeField(null=True)
    verified_by_id = models.BigIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)
    settled_by_id = models.BigIntegerField(null=True)

    objects: ClassVar = RectificationQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "current": Category.IDENTITY,
            "proposed": Category.IDENTITY,
            "evidence": Category.MARKETING,
            "reason": Category.MARKETING,
        },
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case place entry field state document proposed_at proposed_by_id"
        " verified_at verified_by_id settled_at settled_by_id",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "place", "entry", "field"],
                condition=Q(settled_at__isnull=True),
                name="each_datum_is_corrected_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["proposed", "verified", "confirming"],
                    settled_at__isnull=True,
                )
                | Q(
                    state__in=["applied", "refused", "taken back"],
                    settled_at__isnull=False,
                ),
                name="a_settled_correction_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["verified", "confirming", "applied"])
                | Q(verified_at__isnull=False, verified_by_id__isnull=False),
                name="nothing_is_corrected_unverified",
            ),
        ]

    def __str__(self) -> str:
        return f"correction {self.pk} ({self.get_state_display()})"

    @property
    def is_open(self) -> bool:
        return self.settled_at is None
