"""What the software may answer by itself: a rule that two people stand behind, and what
came of holding a request against it."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from groundwork.personal_data import NoPersonalData
from rights_requests.kinds import CaseKind
from rights_requests.models.answers import Package
from rights_requests.models.case import Case


class StandingRuleQuerySet(models.QuerySet["StandingRule"]):
    def in_force(self, day: date) -> "StandingRuleQuerySet":
        """Approved, begun, and not over."""
        return self.filter(
            approved_at__isnull=False,
            ended_at__isnull=True,
            starts_on__lte=day,
            ends_on__gte=day,
        )


class StandingRule(models.Model):
    """Plain requests of one kind are answered by the software, from one day to another.

    One member of staff proposes it, another one approves it; from then on it can be
    ended and not changed (a trigger refuses that, and that it is removed). Which
    conditions a request has to meet is code (rights_requests.plainness): no rule loosens
    them.
    """

    class Kind(models.TextChoices):
        """What can be answered so. Erasure, refusal, fee and extension never are."""

        ACCESS = CaseKind.ACCESS.value, "a copy of the data"
        PORTABILITY = CaseKind.PORTABILITY.value, "a file for another service"
        MARKETING = CaseKind.MARKETING.value, "an objection to marketing"
        WITHDRAWAL = CaseKind.WITHDRAWAL.value, "a consent taken back"

    kind = models.CharField(max_length=24, choices=Kind)
    reason = models.CharField(max_length=500)
    starts_on = models.DateField()
    ends_on = models.DateField()
    proposed_at = models.DateTimeField(default=timezone.now)
    proposed_by_id = models.BigIntegerField()
    approved_at = models.DateTimeField(null=True)
    approved_by_id = models.BigIntegerField(null=True)
    # Ended before its day, or never approved.
    ended_at = models.DateTimeField(null=True)
    ended_by_id = models.BigIntegerField(null=True)

    objects: ClassVar = StandingRuleQuerySet.as_manager()
    personal_data = NoPersonalData(
        "what the software may do, and the numbers of the staff who said so",
        others="id kind reason starts_on ends_on proposed_at proposed_by_id approved_at"
        " approved_by_id ended_at ended_by_id",
    )

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("propose_standingrule", "Can propose what the software answers by itself"),
            ("approve_standingrule", "Can approve what the software answers by itself"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        CaseKind.ACCESS.value,
                        CaseKind.PORTABILITY.value,
                        CaseKind.MARKETING.value,
                        CaseKind.WITHDRAWAL.value,
                    ]
                ),
                name="no_rule_for_what_people_decide",
            ),
            models.CheckConstraint(
                condition=Q(approved_by_id__isnull=True)
                | ~Q(approved_by_id=F("proposed_by_id")),
                name="a_rule_is_approved_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by_id__isnull=True)
                | Q(approved_at__isnull=False, approved_by_id__isnull=False),
                name="an_approved_rule_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by_id__isnull=True)
                | Q(ended_at__isnull=False, ended_by_id__isnull=False),
                name="an_ended_rule_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="a_rule_ends_after_it_began",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_rule_says_why"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """What stands in the records as who decided."""
        return f"SR-{self.pk}"

    def is_in_force(self, day: date) -> bool:
        is_approved = self.approved_at is not None and self.ended_at is None
        return is_approved and self.starts_on <= day <= self.ends_on


class RuleCheck(models.Model):
    """One request held against the standing rule of its kind, and what came of it."""

    class Outcome(models.TextChoices):
        UNDER_WAY = "under way", "being answered by the software"
        ANSWERED = "answered", "answered by the software"
        TEAM = "team", "for the team"

    case = models.OneToOneField(
        Case, on_delete=models.CASCADE, related_name="rule_check"
    )
    rule = models.ForeignKey(StandingRule, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=9, choices=Outcome)
    # Keys of rights_requests.plainness: why the team answers.
    why = models.JSONField(default=list)
    package = models.ForeignKey(
        Package, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    tries_count = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    personal_data = NoPersonalData(
        "what came of a check, in keys and moments",
        others="id case rule outcome why package tries_count checked_at settled_at",
    )

    class Meta:
        indexes = [
            # Read every few seconds by the worker, and nearly always empty.
            models.Index(
                fields=["checked_at"],
                condition=Q(outcome="under way"),
                name="rule_check_under_way",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="team") & ~Q(why=[]) | ~Q(outcome="team"),
                name="what_goes_to_the_team_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"check of {self.case_id} against {self.rule_id}"
