"""What a case is answered with: the copy of a person's data that the house puts together,
what is left out of it, and who let it go."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from groundwork.encryption import EncryptedTextField
from groundwork.personal_data import (
    Category,
    Erasure,
    Export,
    NoPersonalData,
    PersonalData,
)
from rights_requests.models.case import Case
from rights_requests.models.correspondence import CaseDocument
from rights_requests.models.work import Note


class Package(models.Model):
    """One putting together of everything that is held of a person, for one case.

    The archive itself is a document of the case (document); here stands how the work
    went, and who let it go to the person: somebody else than whoever had it put together
    or left something out of it, or a standing rule. A trigger (migration
    copies_are_released) knows who left something out. A worker that dies leaves it in
    the state “building” with an old heartbeat_at.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for a worker"
        BUILDING = "building", "being put together"
        READY = "ready", "put together"
        FAILED = "failed", "failed"

    class Problem(models.TextChoices):
        DISK = "disk", "The disk did not take it."
        ERROR = "error", "Something went wrong; the log of the worker says what."
        CLOSED = "closed", "The case was closed meanwhile."
        NOTHING = (
            "nothing",
            "Nothing of it was given to us by consent or for a contract: refuse the "
            "request (UK GDPR, Article 20(1)).",
        )
        GIVEN_UP = "given up", "Three workers died over it; the logs say why."

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="packages")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=8, choices=Problem, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by_id = models.BigIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    # How many places were looked through, and how many records they held; hits_count:
    # of these, what was there before the request and its letters.
    places_done = models.PositiveSmallIntegerField(default=0)
    records_count = models.PositiveIntegerField(default=0)
    hits_count = models.PositiveIntegerField(default=0)
    built_at = models.DateTimeField(null=True)
    # Of what was held of the person then (fulfilment.freshness): another one says that
    # something has changed since.
    fingerprint = models.BinaryField(max_length=32, null=True)
    document = models.OneToOneField(
        CaseDocument, on_delete=models.CASCADE, null=True, related_name="package"
    )
    # How many things are left out, by reason (Redaction.Reason), and the digest of the
    # marks that stood then: another one says that they have changed since.
    left_out = models.JSONField(default=dict)
    marks_digest = models.BinaryField(max_length=32, null=True)
    # By the number of each of these marks, whether it took something out; null for a
    # copy that was made before this was noted.
    marks_met = models.JSONField(null=True)
    # Released by a second person, or by a standing rule of this reference.
    released_at = models.DateTimeField(null=True)
    released_by_id = models.BigIntegerField(null=True)
    released_by_rule = models.CharField(max_length=60, blank=True)
    # Or sent back by the second person, who says why in a note.
    sent_back_at = models.DateTimeField(null=True)
    sent_back_by_id = models.BigIntegerField(null=True)
    sent_back_note = models.ForeignKey(
        Note, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # When the person could have it; its file goes a while after that.
    handed_at = models.DateTimeField(null=True)

    personal_data = NoPersonalData(
        "how the work on an archive went, in counts and moments",
        others="id case state problem asked_at asked_by_id attempts heartbeat_at"
        " places_done records_count hits_count built_at fingerprint document left_out"
        " marks_digest marks_met released_at released_by_id released_by_rule sent_back_at"
        " sent_back_by_id sent_back_note handed_at",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=["waiting", "building"]),
                name="one_package_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready")
                | Q(
                    document__isnull=False,
                    built_at__isnull=False,
                    fingerprint__isnull=False,
                ),
                name="a_package_that_is_ready_is_there",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") & ~Q(problem="")
                | ~Q(state="failed") & Q(problem=""),
                name="a_failed_package_says_why",
            ),
            models.CheckConstraint(
                condition=Q(
                    released_at__isnull=True,
                    released_by_id__isnull=True,
                    released_by_rule="",
                )
                | Q(released_at__isnull=False, state="ready")
                & (
                    Q(released_by_id__isnull=False, released_by_rule="")
                    | Q(released_by_id__isnull=True) & ~Q(released_by_rule="")
                ),
                name="a_copy_is_released_by_one_person_or_one_rule",
            ),
            models.CheckConstraint(
                condition=Q(released_by_id__isnull=True)
                | ~Q(released_by_id=F("asked_by_id")),
                name="a_copy_is_released_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(sent_back_at__isnull=True, sent_back_by_id__isnull=True)
                | Q(
                    sent_back_at__isnull=False,
                    sent_back_by_id__isnull=False,
                    released_at__isnull=True,
                ),
                name="a_copy_is_sent_back_or_released",
            ),
            models.CheckConstraint(
                condition=Q(handed_at__isnull=True) | Q(released_at__isnull=False),
                name="no_copy_is_handed_over_unreleased",
            ),
        ]
        indexes = [
            # Read every few seconds by the worker, and nearly always empty.
            models.Index(
                fields=["asked_at"],
                condition=Q(state__in=["waiting", "building"]),
                name="package_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"package {self.pk} ({self.get_state_display()})"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.BUILDING)

    @property
    def idle_marks_count(self) -> int:
        """How many of the marks took nothing out."""
        return sum(not was_met for was_met in (self.marks_met or {}).values())

    @property
    def left_out_count(self) -> int:
        return sum(self.left_out.values())


class RedactionQuerySet(models.QuerySet["Redaction"]):
    def standing(self) -> "RedactionQuerySet":
        """Those that count, in the order in which they were made."""
        return self.filter(lifted_at__isnull=True).order_by("pk")


class Redaction(models.Model):
    """Something that is left out of the copy of a person's data, why, and who said so.

    It names the place, the entry and the field in which something stands; the words
    themselves are encrypted, and known by a keyed digest. It takes effect when the copy
    is put together again. Put back, it stays on record.
    """

    class Extent(models.TextChoices):
        ENTRY = "entry", "a whole entry"
        FIELD = "field", "a whole field"
        PASSAGE = "passage", "some words of a field"
        EVERYWHERE = "everywhere", "some words wherever they stand"
        FILES = "files", "the files of an entry"

    class Reason(models.TextChoices):
        """Keys of rights_requests.grounds: what the law lets us leave out of a copy, and
        say so."""

        OTHERS = "rights-of-others", "It is about somebody else"
        PRIVILEGE = "legal-privilege", "It is advice from our lawyers, or for a court"
        REFERENCE = "confidential-reference", "It is a reference given in confidence"
        NEGOTIATIONS = "negotiations", "It shows what we intend in negotiations"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="redactions")
    extent = models.CharField(max_length=10, choices=Extent)
    # Key of the holding, key of its row, path of its field.
    place = models.CharField(max_length=60, blank=True)
    entry = models.CharField(max_length=60, blank=True)
    field = models.CharField(max_length=120, blank=True)
    words = EncryptedTextField(blank=True)
    words_digest = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=30, choices=Reason)
    note = EncryptedTextField(blank=True)
    marked_at = models.DateTimeField(default=timezone.now)
    marked_by_id = models.BigIntegerField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by_id = models.BigIntegerField(null=True)

    objects: ClassVar = RedactionQuerySet.as_manager()
    personal_data = PersonalData(
        fields={"words": Category.IDENTITY, "note": Category.IDENTITY},
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        # What is left out would otherwise stand in the next copy.
        export=Export.RESERVED,
        erasure=Erasure.KEPT,
        others="id case extent place entry field words_digest reason marked_at"
        " marked_by_id lifted_at lifted_by_id",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(extent="everywhere", place="", entry="", field="")
                | ~Q(extent="everywhere") & ~Q(place="") & ~Q(entry=""),
                name="a_redaction_says_where",
            ),
            models.CheckConstraint(
                condition=Q(extent__in=["field", "passage"]) & ~Q(field="")
                | ~Q(extent__in=["field", "passage"]) & Q(field=""),
                name="a_redaction_of_a_field_names_it",
            ),
            models.CheckConstraint(
                condition=Q(extent__in=["passage", "everywhere"]) & ~Q(words_digest="")
                | ~Q(extent__in=["passage", "everywhere"]) & Q(words_digest=""),
                name="a_redaction_of_words_knows_them",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by_id__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by_id__isnull=False),
                name="a_lifted_redaction_says_by_whom",
            ),
            models.UniqueConstraint(
                fields=["case", "extent", "place", "entry", "field", "words_digest"],
                condition=Q(lifted_at__isnull=True),
                name="each_thing_is_left_out_once",
            ),
        ]

    def __str__(self) -> str:
        return f"redaction {self.pk}"
