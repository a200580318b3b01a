"""What staff do on a case: decisions of two people, checks, searches, tasks, notes."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from groundwork.encryption import EncryptedJSONField, EncryptedTextField
from groundwork.personal_data import Category, Erasure, NoPersonalData, PersonalData
from rights_requests import grounds
from rights_requests.kinds import CaseKind
from rights_requests.models.case import Case
from rights_requests.models.correspondence import Letter
from rights_requests.models.systems import OutsideSystem
from rights_requests.moves import Move


class DecisionQuerySet(models.QuerySet["Decision"]):
    def pending(self) -> "DecisionQuerySet":
        return self.filter(settled_at__isnull=True)

    def untold(self) -> "DecisionQuerySet":
        """What the law keeps from the person’s knowledge, whatever became of it: that it
        was proposed, and not released, may not be known either."""
        return self.filter(move=Move.WITHHOLD, ground__in=grounds.UNTOLD)


class Decision(models.Model):
    """A move that one member of staff proposes and another releases.

    It takes effect when its letter leaves: for an extension only when the letter was
    handed over before the last day of notice (Art. 12A(4)).
    """

    class Outcome(models.TextChoices):
        RELEASED = "released", "released"
        SENT_BACK = "sent back", "sent back"
        TAKEN_BACK = "taken back", "taken back"
        TOO_LATE = "too late", "its letter left too late"
        NOT_SENT = "not sent", "its letter did not leave"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="decisions")
    move = models.CharField(max_length=30, choices=Move)
    # Key of rights_requests.grounds: Art. 12(5), 15(4), 17(3)(e) …
    ground = models.SlugField(blank=True, db_index=False)
    # What the person is told, and what bears it out for us.
    reasons = EncryptedTextField()
    evidence = EncryptedTextField(blank=True)
    # Amounts, and what else the move needs.
    inputs = EncryptedJSONField(blank=True)
    letter = models.ForeignKey(
        Letter, on_delete=models.RESTRICT, null=True, related_name="decisions"
    )
    proposed_by_id = models.BigIntegerField()
    proposed_at = models.DateTimeField(default=timezone.now)
    # The number of the newest entry of the log when it was proposed: whoever releases
    # must have seen what came since.
    seen_entry_id = models.BigIntegerField(default=0)
    released_by_id = models.BigIntegerField(null=True)
    released_at = models.DateTimeField(null=True)
    # Why it was sent back.
    answer = EncryptedTextField(blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    settled_at = models.DateTimeField(null=True)
    # The move in the case log that came of it.
    move_number = models.PositiveIntegerField(null=True)

    objects: ClassVar = DecisionQuerySet.as_manager()
    personal_data = PersonalData(
        fields={
            "reasons": Category.MARKETING,
            "evidence": Category.MARKETING,
            "inputs": Category.MARKETING,
            "answer": Category.MARKETING,
        },
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case move ground letter proposed_by_id proposed_at seen_entry_id"
        " released_by_id released_at outcome settled_at move_number",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(settled_at__isnull=True),
                name="one_proposal_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(released_by_id__isnull=True)
                | ~Q(released_by_id=F("proposed_by_id")),
                name="released_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(move_number__isnull=True) | Q(released_by_id__isnull=False),
                name="no_move_before_the_release",
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class Balancing(models.Model):
    """Our grounds for a use held against the person's reasons to object to it, and which
    weigh more (Art. 21(1)). Weighed again, another row is written; the newest counts."""

    class Outcome(models.TextChoices):
        THEIRS = "theirs", "the person’s reasons weigh more: the use stops"
        OURS = "ours", "our grounds weigh more"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="balancings")
    # Keys of the register's purposes.
    uses = ArrayField(models.SlugField(db_index=False))
    their_reasons = EncryptedTextField()
    our_grounds = EncryptedTextField(blank=True)
    outcome = models.CharField(max_length=6, choices=Outcome)
    weighed_by_id = models.BigIntegerField()
    weighed_at = models.DateTimeField()

    personal_data = PersonalData(
        fields={
            "uses": Category.MARKETING,
            "their_reasons": Category.MARKETING,
            "our_grounds": Category.MARKETING,
            "outcome": Category.MARKETING,
        },
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case weighed_by_id weighed_at",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(uses__len__gt=0), name="something_is_weighed"
            )
        ]

    def __str__(self) -> str:
        return f"balancing {self.pk}"


class IdentityCheck(models.Model):
    """We had reasonable doubts who is asking (Art. 12(6)), and why."""

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", "it is the person"
        NOT_CONFIRMED = "not confirmed", "it could not be confirmed"
        WAIVED = "waived", "no longer needed"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="checks")
    # The doubt, for the record; and what would settle it, for the person.
    doubt = EncryptedTextField()
    asked_for = EncryptedTextField()
    asked_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=14, choices=Outcome, blank=True)
    staff_id = models.BigIntegerField()

    personal_data = PersonalData(
        fields={"doubt": Category.MARKETING, "asked_for": Category.MARKETING},
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case asked_at received_at closed_at outcome staff_id",
        linked_by="case__submission__data_subject",
    )

    def __str__(self) -> str:
        return f"identity check {self.pk}"


class SearchRecord(models.Model):
    """Where we looked, for what, and why we stopped (Art. 15(1A)).

    became: of a system outside, what its owner did with what was found, where the person
    asked for a change; stays_because: why nothing was changed, for the person.
    """

    class Became(models.TextChoices):
        DONE = "done", "done as the person asked"
        STAYS = "stays", "it stays"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="searches")
    system = models.CharField(max_length=120)
    terms = EncryptedTextField(blank=True)
    hits_count = models.PositiveIntegerField(null=True)  # null: not searched
    # Why it was enough; or why it was not searched at all.
    why = EncryptedTextField()
    became = models.CharField(max_length=5, choices=Became, blank=True)
    stays_because = EncryptedTextField(blank=True)
    searched_on = models.DateField()
    staff_id = models.BigIntegerField()

    personal_data = PersonalData(
        fields={
            "terms": Category.IDENTITY,
            "why": Category.MARKETING,
            "stays_because": Category.MARKETING,
        },
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case system hits_count became searched_on staff_id",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(became="done")
                | Q(hits_count__isnull=False, hits_count__gt=0),
                name="what_was_done_outside_was_found_there",
            ),
        ]

    def __str__(self) -> str:
        return f"search record {self.pk}"


# Sets tasks, and answers those that a system outside answered: no member of staff does.
SOFTWARE = 0


class Task(models.Model):
    """Something that a colleague or a recipient has to do for a case, by its own day.

    tells_of: to tell the recipient of this change (Art. 19). Such tasks are set by
    themselves (fulfilment.telling), and end with what came of it.
    """

    class Outcome(models.TextChoices):
        TOLD = "told", "told"
        IMPOSSIBLE = "impossible", "not told: it is impossible"
        TOO_MUCH = "disproportionate", "not told: it would be out of proportion"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tasks")
    what = EncryptedTextField()
    # A member of staff, or an organisation outside (Art. 19).
    for_staff_id = models.BigIntegerField(null=True)
    recipient = models.CharField(max_length=120, blank=True)
    # Its key in the register, where it gets data regularly.
    recipient_key = models.SlugField(blank=True, db_index=False)
    tells_of = models.CharField(max_length=24, choices=CaseKind, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    # To search this system for the person's data, by whoever answers for it.
    system = models.ForeignKey(
        OutsideSystem, on_delete=models.PROTECT, null=True, related_name="tasks"
    )
    due_on = models.DateField()
    set_at = models.DateTimeField(default=timezone.now)
    set_by_id = models.BigIntegerField()
    done_at = models.DateTimeField(null=True)
    done_by_id = models.BigIntegerField(null=True)
    result = EncryptedTextField(blank=True)

    personal_data = PersonalData(
        fields={"what": Category.MARKETING, "result": Category.MARKETING},
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case for_staff_id recipient recipient_key tells_of outcome system"
        " due_on set_at set_by_id done_at done_by_id",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "system"],
                condition=Q(system__isnull=False),
                name="each_system_is_asked_once",
            ),
            models.UniqueConstraint(
                fields=["case", "recipient"],
                condition=~Q(tells_of="") & Q(done_at__isnull=True),
                name="each_recipient_is_told_by_one_task",
            ),
            models.CheckConstraint(
                condition=Q(tells_of="", outcome="")
                | ~Q(tells_of="")
                & ~Q(recipient="")
                & (
                    Q(done_at__isnull=True, outcome="")
                    | Q(done_at__isnull=False) & ~Q(outcome="")
                ),
                name="telling_a_recipient_ends_with_its_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"


class Note(models.Model):
    """What a member of staff noted on a case, for colleagues."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    words = EncryptedTextField()
    written_at = models.DateTimeField(default=timezone.now)
    staff_id = models.BigIntegerField()

    personal_data = PersonalData(
        fields={"words": Category.MARKETING},
        purpose="rights-requests",
        source="staff",
        retention="case-file",
        erasure=Erasure.KEPT,
        others="id case written_at staff_id",
        linked_by="case__submission__data_subject",
    )

    class Meta:
        ordering = ["written_at", "id"]

    def __str__(self) -> str:
        return f"note {self.pk}"


class Reminder(models.Model):
    """A reminder that was given, so that none is given twice.

    clock: whose day it is (statute, promise, complaint, progress); step: so many days
    before it, or -1 once it is over.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reminders")
    clock = models.SlugField(db_index=False)
    due_on = models.DateField()
    step = models.SmallIntegerField()
    given_at = models.DateTimeField(default=timezone.now)
    # When the mail that lists it was queued, or it no longer had to be told.
    told_at = models.DateTimeField(null=True)

    personal_data = NoPersonalData(
        "which reminder was given when",
        others="id case clock due_on step given_at told_at",
    )

    class Meta:
        indexes = [
            # Read after each sweep: what no mail has listed yet, which is hardly any.
            models.Index(
                fields=["given_at"],
                condition=Q(told_at__isnull=True),
                name="reminder_untold",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "clock", "due_on", "step"],
                name="reminded_once_of_each_step",
            )
        ]

    def __str__(self) -> str:
        return f"reminder {self.pk}"
