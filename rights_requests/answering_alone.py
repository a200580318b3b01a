"""Answering a plain request by a standing rule, within a minute and as by hand.

1. take_up: a request whose mailbox is shown is held against the rule of its kind. What
   does not fit goes to the team, on record with the reason.
2. What fits has its copy put together by the worker (fulfilment.building), which records
   the search.
3. finish: rule and conditions are asked once more, under lock; the copy is released by
   the rule, handed over with the answer, and the case closes.

The rule’s number stands in the log as what decided. Whatever goes wrong on the way
leaves the case with the team.
"""

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from groundwork.refusals import NotAllowed
from rights_requests import casebook, closing, plainness, standing_rules
from rights_requests.closing import Answer
from rights_requests.fulfilment import building, freshness, releasing
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    Event,
    OutsideSystem,
    Package,
    RuleCheck,
    StandingRule,
)
from rights_requests.moves import State
from rights_requests.plainness import SOFTWARE

logger = logging.getLogger(__name__)
Outcome = RuleCheck.Outcome
# What is put together; the other kinds take effect as they arrive (at_once).
COPIES = (StandingRule.Kind.ACCESS, StandingRule.Kind.PORTABILITY)
# By then whoever asked has pressed the button of our letter, or somebody else asked.
SHOWN_WITHIN = timedelta(days=1)
LOOKED_BACK = timedelta(days=2)
MOST_TRIES = 3
AT_ONE_TIME = 50


def may_be_quick(kind: CaseKind, *, now: datetime) -> bool:
    """Whether a plain request of this kind would be answered by a rule now."""
    has_rule = standing_rules.in_force(kind, now=now) is not None
    return has_rule and not OutsideSystem.objects.searched().exists()


def work(now: datetime) -> int:
    """Take up what came in, and finish what is put together; returns how many requests
    were answered."""
    for rule in StandingRule.objects.in_force(timezone.localdate(now)):
        if rule.kind in COPIES:
            _take_up(rule, now)
    under_way = RuleCheck.objects.filter(outcome=Outcome.UNDER_WAY)
    checks = list(under_way.order_by("checked_at").values_list("pk", flat=True))
    return sum(_finished(check_id, now) for check_id in checks[:AT_ONE_TIME])


# --- Does it fit? ---


def _take_up(rule: StandingRule, now: datetime) -> None:
    since = max(now - LOOKED_BACK, rule.approved_at or now)
    cases = Case.objects.filter(
        kind=rule.kind,
        state=State.IN_PROGRESS,
        received_at__gte=since,
        rule_check__isnull=True,
    )
    for case_id in list(cases.order_by("received_at").values_list("pk", flat=True)):
        try:
            _take_up_one(case_id, rule.pk, now)
        except Exception:
            logger.exception("Case %s could not be held against a rule", case_id)


@transaction.atomic
def _take_up_one(case_id: uuid.UUID, rule_id: int, now: datetime) -> None:
    case = casebook.locked(case_id)
    rule = standing_rules.locked(rule_id)
    is_done = RuleCheck.objects.filter(case=case).exists()
    if is_done or not rule.is_in_force(timezone.localdate(now)):
        return
    if case.submission.mailbox_confirmed_at is None:
        if now - case.received_at > SHOWN_WITHIN:
            _to_team(RuleCheck(case=case, rule=rule), case, ["late"], now)
        return
    check = RuleCheck(case=case, rule=rule, checked_at=now)
    if why := plainness.why_not(case, now=now):
        _to_team(check, case, why, now)
        return
    check.outcome = Outcome.UNDER_WAY
    check.package = building.ask(case.pk, staff_id=SOFTWARE, now=now)
    check.save()
    casebook.note(case, Event.BY_RULE, inputs={"rule": rule.reference})


def _to_team(check: RuleCheck, case: Case, why: Iterable[str], now: datetime) -> None:
    check.outcome, check.why, check.settled_at = Outcome.TEAM, list(why), now
    check.save()
    inputs = {"rule": check.rule.reference, "why": check.why}
    casebook.note(case, Event.NOT_BY_RULE, inputs=inputs)


# --- The answer ---


def _finished(check_id: int, now: datetime) -> bool:
    """Whether it was answered. What fails is tried again, and then goes to the team."""
    try:
        return _finish(check_id, now)
    except Exception as error:
        if not isinstance(error, NotAllowed):
            logger.exception("Check %s could not be finished", check_id)
        RuleCheck.objects.filter(pk=check_id).update(tries_count=F("tries_count") + 1)
        _give_up(check_id, now)
    return False


@transaction.atomic
def _give_up(check_id: int, now: datetime) -> None:
    check, case = _locked(check_id)
    if check.outcome == Outcome.UNDER_WAY and check.tries_count >= MOST_TRIES:
        _to_team(check, case, ["answer"], now)


def _locked(check_id: int) -> tuple[RuleCheck, Case]:
    """The check under the lock of its case: of two workers the second one reads what the
    first one did."""
    case_id = RuleCheck.objects.values_list("case", flat=True).get(pk=check_id)
    case = casebook.locked(case_id)
    return RuleCheck.objects.select_related("package").get(pk=check_id), case


@transaction.atomic
def _finish(check_id: int, now: datetime) -> bool:
    check, case = _locked(check_id)
    if check.outcome != Outcome.UNDER_WAY:
        return False
    rule = standing_rules.locked(check.rule_id)
    if why := _why_not_now(case, rule, now):
        _to_team(check, case, why, now)
        return False
    package = check.package
    if package is None or package.state == Package.State.FAILED:
        _to_team(check, case, ["copy"], now)
        return False
    # Its first letter comes first.
    if package.is_under_way or case.acknowledged_at is None:
        return False
    if freshness.why_not_as_it_is(package):
        _put_together_again(check, case, now)
        return False
    _answer(case, package, rule, now)
    check.outcome, check.settled_at = Outcome.ANSWERED, now
    check.save(update_fields=["outcome", "settled_at"])
    return True


def _why_not_now(case: Case, rule: StandingRule, now: datetime) -> list[str]:
    if not rule.is_in_force(timezone.localdate(now)):
        return ["rule-ended"]
    return plainness.why_not(case, now=now)


def _put_together_again(check: RuleCheck, case: Case, now: datetime) -> None:
    """Something changed while the copy was put together."""
    if check.tries_count + 1 >= MOST_TRIES:
        _to_team(check, case, ["changed"], now)
        return
    check.package = building.ask(case.pk, staff_id=SOFTWARE, now=now)
    check.tries_count += 1
    check.save(update_fields=["package", "tries_count"])


def _answer(case: Case, package: Package, rule: StandingRule, now: datetime) -> None:
    """As by hand: released, answered, closed. The caller holds case and rule."""
    releasing.release_by_rule(package, rule.reference, now=now)
    case = casebook.locked(case.pk)
    if why_not := closing.why_not_fulfil(case):
        raise NotAllowed(why_not)
    outcome = (
        "Our software put it together and answered by itself, under a rule that two of "
        f"us approved ({rule.reference}). If you want one of us to look at it, write to "
        "us."
    )
    closing.answer_and_close(case, Answer(outcome), staff_id=None, now=now)
