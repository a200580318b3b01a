"""Standing rules: what the software may answer by itself, proposed by one member of
staff and approved by another (UK GDPR, Articles 5(2) and 24)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed
from rights_requests.models import StandingRule

# Looked at again at least once a year.
LONGEST = timedelta(days=366)
OVER = "This rule is over: propose a new one."


@dataclass(frozen=True)
class Terms:
    """Which kind of request, from when until when, and why."""

    kind: str
    starts_on: date
    ends_on: date
    reason: str


@transaction.atomic
def propose(terms: Terms, *, staff_id: int, now: datetime) -> StandingRule:
    """It says nothing yet: somebody else has to approve it. Raises NotAllowed."""
    if terms.kind not in StandingRule.Kind.values:
        raise NotAllowed("What people have to decide is never answered by a rule.")
    if not terms.reason.strip():
        raise NotAllowed("Say why the software may answer this by itself.")
    if terms.ends_on < max(terms.starts_on, timezone.localdate(now)):
        raise NotAllowed("Its last day has to come after its first, and after today.")
    if terms.ends_on - terms.starts_on > LONGEST:
        raise NotAllowed(
            "A rule lasts a year at most: then two people look at it again."
        )
    return StandingRule.objects.create(
        kind=terms.kind,
        reason=terms.reason.strip(),
        starts_on=terms.starts_on,
        ends_on=terms.ends_on,
        proposed_at=now,
        proposed_by_id=staff_id,
    )


@transaction.atomic
def approve(rule_id: int, *, staff_id: int, now: datetime) -> StandingRule:
    """Let it count. Raises NotAllowed for whoever proposed it, and for one that was
    approved or ended already."""
    rule = locked(rule_id)
    if rule.ended_at is not None or rule.ends_on < timezone.localdate(now):
        raise NotAllowed(OVER)
    if rule.approved_at is not None:
        raise NotAllowed("This rule was approved already.")
    if rule.proposed_by_id == staff_id:
        raise NotAllowed("You proposed this rule: somebody else has to approve it.")
    rule.approved_at, rule.approved_by_id = now, staff_id
    rule.save(update_fields=["approved_at", "approved_by_id"])
    return rule


@transaction.atomic
def end(rule_id: int, *, staff_id: int, now: datetime) -> StandingRule:
    """From this moment nothing is answered by it; one person is enough. What was being
    answered goes to the team."""
    rule = locked(rule_id)
    if rule.ended_at is not None:
        raise NotAllowed("This rule was ended already.")
    rule.ended_at, rule.ended_by_id = now, staff_id
    rule.save(update_fields=["ended_at", "ended_by_id"])
    return rule


def locked(rule_id: int) -> StandingRule:
    """The rule, held: it neither ends nor begins until the caller is done. Raises
    DoesNotExist."""
    rule: StandingRule = StandingRule.objects.select_for_update().get(pk=rule_id)
    return rule


def in_force(kind: str, *, now: datetime) -> StandingRule | None:
    """The rule by which requests of this kind are answered now; None while there is none."""
    rules = StandingRule.objects.in_force(timezone.localdate(now)).filter(kind=kind)
    rule: StandingRule | None = rules.order_by("pk").first()
    return rule
