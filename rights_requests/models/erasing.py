"""An erasure (Art. 17): what it does, approved by two people; how far it has come; and
what was found afterwards that should be gone."""

import uuid
from datetime import date
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from groundwork.encryption import (
    EncryptedJSONField,
    EncryptedTextField,
    has_content,
)
from groundwork.personal_data import (
    Category,
    Export,
    Held,
    NoPersonalData,
    PersonalData,
)
from rights_requests.models.work import Decision

NEXT_STEPS = {
    "changed": "Look at it once more, and propose it anew.",
    "midway": "Look at it, and decide anew.",
    "heard": "Hear what they say, and decide anew.",
    "lost": "Find out what became of it, and decide anew.",
}


class ErasurePlan(models.Model):
    """What one decision erases. It is made with the proposal, approved with its release
    and carried out by a worker, place by place; what a dead worker left, another one
    takes up. The case is answered once nothing is found any more. What binds the data,
    or the person’s own word, stops it between two places: what is left is kept.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "waiting for a second person"
        APPROVED = "approved", "about to begin"
        ERASING = "erasing", "being erased"
        SEARCHING = "searching", "looking for what is left"
        RESIDUE = "residue", "something is left"
        DONE = "done", "erased, and nothing is left"
        VOID = "void", "not carried out"
        STOPPED = "stopped", "stopped in the middle"

    class Problem(models.TextChoices):
        CHANGED = (
            "changed",
            "Something about the person came or changed after the preview, so nothing "
            "was erased.",
        )
        BOUND = (
            "bound",
            "A legal hold or a restriction came after the preview, so nothing was erased.",
        )
        STOPPED = (
            "stopped",
            "The proposal was taken back, or the case closed, before it began.",
        )
        MIDWAY = (
            "midway",
            "A legal hold, a restriction or another request came while it was carried "
            "out. What was left then is kept.",
        )
        HEARD = (
            "heard",
            "The person wrote, or took the request back, while it was carried out. What "
            "was left then is kept.",
        )
        PLACE = (
            "place",
            "A place could not be reached; it is tried again. The log of the worker says "
            "why.",
        )

        LOST = (
            "lost",
            "Less is there of what was to be kept than when that was decided, so that "
            "the letter would be untrue.",
        )

        @property
        def next_step(self) -> str:
            """What whoever works on an open case does about it."""
            return NEXT_STEPS.get(self.value, "")

        @property
        def and_next(self) -> str:
            """What it is, and the next step."""
            return f"{self.label} {self.next_step}".strip()

    ENDED = (State.DONE, State.VOID, State.STOPPED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    decision = models.OneToOneField(
        Decision, on_delete=models.CASCADE, related_name="erasure"
    )
    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    problem = models.CharField(max_length=8, choices=Problem, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    # Of all that was held when the preview was made (fulfilment.freshness).
    fingerprint = models.BinaryField(max_length=32)
    # By what is looked for: addresses, names, numbers, streets and codes. Emptied when
    # the work is over, one way or the other.
    sought = EncryptedJSONField()
    # Keyed digests of the addresses: by them somebody who signs up again is told from
    # whoever was erased. Emptied once our report has left, or nothing began.
    known_by = ArrayField(models.CharField(max_length=64), default=list)
    # Put off until then: a store did not answer.
    next_try_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    # Since when the last look waits for a file that is being written.
    waits_since = models.DateTimeField(null=True)
    # When the last look for what is left ended, and the how-manieth it was.
    searched_at = models.DateTimeField(null=True)
    searches_count = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    # When the files of the person's requests got another number than the ledgers have
    # (fulfilment.cutting_off); null while the ledgers lead there.
    cut_off_at = models.DateTimeField(null=True)

    personal_data = PersonalData(
        fields={
            "sought": Category.CONTACT,
            "known_by": Held(Category.CONTACT, export=Export.DESCRIBED),
        },
        purpose="rights-requests",
        source="house",
        retention="case-file",
        others="id decision state problem made_at fingerprint next_try_at"
        " begun_at waits_since searched_at searches_count finished_at cut_off_at",
        linked_by="decision__case__submission__data_subject",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state__in=["done", "void", "stopped"])
                | ~Q(has_content("sought")) & Q(finished_at__isnull=False),
                name="who_was_erased_is_forgotten",
            ),
            models.CheckConstraint(
                condition=~Q(state="void") | Q(known_by=[]),
                name="who_was_not_erased_is_no_newcomer",
            ),
            models.CheckConstraint(
                condition=Q(cut_off_at__isnull=True) | Q(state="done", known_by=[]),
                name="cut_off_once_it_is_done",
            ),
        ]
        indexes = [
            # Read every few seconds by the worker, and nearly always empty.
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["approved", "erasing", "searching"]),
                name="erasure_under_way",
            ),
        ]

    def __str__(self) -> str:
        return f"erasure {self.pk} ({self.get_state_display()})"

    @property
    def is_under_way(self) -> bool:
        """Whether something is erased already, or about to be."""
        is_proposed = self.state == self.State.PROPOSED
        return not is_proposed and self.state not in self.ENDED

    @property
    def why_stopped(self) -> str:
        """What came between; while the case is open, with what is done about it."""
        if not self.problem:
            return ""
        problem = self.Problem(self.problem)
        return problem.and_next if self.decision.case.is_open else problem.label


# Places that are no table.
NO_ROWS = ("copies", "mailbox", "case-contacts", "opt-out-journal")


class ErasedPlace(models.Model):
    """One place of a plan, in the order of the work: what happens there, and why."""

    class Fate(models.TextChoices):
        REMOVED = "removed", "deleted"
        EMPTIED = "emptied", "emptied: what stays says nothing of the person"
        KEPT = "kept", "kept"

    plan = models.ForeignKey(
        ErasurePlan, on_delete=models.CASCADE, related_name="places"
    )
    position = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60, db_index=False)
    title = models.CharField(max_length=120)
    fate = models.CharField(max_length=8, choices=Fate)
    # Why it is kept, with its article, and for how long; empty for what goes.
    why = models.CharField(max_length=400, blank=True)
    until = models.CharField(max_length=120, blank=True)
    # Of what would go, and two people decided to keep: its ground in the law (a key of
    # rights_requests.grounds), and the last day.
    ground = models.SlugField(blank=True, db_index=False)
    kept_until = models.DateField(null=True)
    # How many records were seen there for the preview; null where nobody can tell.
    seen_count = models.PositiveIntegerField(null=True)
    # How many were there in the end, and when that was done.
    erased_count = models.PositiveIntegerField(null=True)
    done_at = models.DateTimeField(null=True)

    personal_data = NoPersonalData(
        "names of places and counts",
        others="id plan position key title fate why until ground kept_until seen_count"
        " erased_count done_at",
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "key"], name="each_place_once_in_a_plan"
            ),
            models.CheckConstraint(
                condition=~Q(fate="kept") | ~Q(why=""), name="what_is_kept_has_a_ground"
            ),
            models.CheckConstraint(
                condition=Q(ground="", kept_until__isnull=True)
                | Q(fate="kept", kept_until__isnull=False) & ~Q(ground=""),
                name="what_was_chosen_is_kept_until_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.get_fate_display()}"

    @property
    def has_rows(self) -> bool:
        """Whether its rows can be looked at one by one."""
        return self.key not in NO_ROWS


class ResidueQuerySet(models.QuerySet["Residue"]):
    def in_the_way(self) -> "ResidueQuerySet":
        """What is there and which nobody may keep."""
        return self.filter(gone_at__isnull=True, agreed_at__isnull=True)

    def kept_too_long(self, today: date) -> "ResidueQuerySet":
        """What two people let stay until a day that is over, and nobody took away."""
        kept = self.filter(gone_at__isnull=True, agreed_at__isnull=False)
        return kept.filter(kept_until__lt=today)


class Residue(models.Model):
    """Something of the person that was found after the erasure, outside what is kept.

    It keeps the case open until it is gone, or until two people have agreed that it
    stays: somebody else’s letter that names the person, or a namesake.
    """

    plan = models.ForeignKey(
        ErasurePlan, on_delete=models.CASCADE, related_name="residue"
    )
    # Where: a table and column, a file, a key of Redis; never what stands there.
    place = models.CharField(max_length=200)
    # Which row or file, as far as that names nobody.
    row = models.CharField(max_length=200, blank=True)
    # What it is: an address, a name, a telephone number, a street, a code.
    what = models.CharField(max_length=20)
    found_at = models.DateTimeField(default=timezone.now)
    gone_at = models.DateTimeField(null=True)
    # Why it stays, for us; and of what is the person's own the ground in law (a key of
    # rights_requests.grounds) and the last day, which they are told. Empty for what is
    # somebody else's.
    kept_because = EncryptedTextField(blank=True)
    ground = models.SlugField(blank=True, default="", db_default="", db_index=False)
    kept_until = models.DateField(null=True)
    kept_by_id = models.BigIntegerField(null=True)
    agreed_by_id = models.BigIntegerField(null=True)
    agreed_at = models.DateTimeField(null=True)

    objects: ClassVar = ResidueQuerySet.as_manager()
    personal_data = PersonalData(
        fields={"kept_because": Held(Category.MARKETING)},
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        others="id plan place row what found_at gone_at ground kept_until kept_by_id"
        " agreed_by_id agreed_at",
        linked_by="plan__decision__case__submission__data_subject",
    )

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "residue"
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "place", "row", "what"], name="each_residue_once"
            ),
            models.CheckConstraint(
                condition=Q(agreed_at__isnull=True, agreed_by_id__isnull=True)
                | Q(
                    agreed_at__isnull=False,
                    agreed_by_id__isnull=False,
                    kept_by_id__isnull=False,
                )
                & ~Q(agreed_by_id=F("kept_by_id"))
                & Q(has_content("kept_because")),
                name="residue_is_kept_by_two",
            ),
            models.CheckConstraint(
                condition=Q(kept_until__isnull=True) | ~Q(ground=""),
                name="a_day_goes_with_a_ground",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} in {self.place}"
