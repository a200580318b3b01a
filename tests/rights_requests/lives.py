"""Bringing cases into the world and into any state, by the verbs that staff use."""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from outbox.delivery import deliver_due
from rights_requests import (
    casebook,
    deciding,
    identity,
    links,
    standing_rules,
    weighing,
)
from rights_requests.acknowledging import acknowledge_new
from rights_requests.clock import written
from rights_requests.fulfilment import erasing, erasure_plan, releasing
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Balancing,
    Case,
    Channel,
    Decision,
    ErasurePlan,
    StandingRule,
)
from rights_requests.moves import FIRST_STATES, TABLE, Move, State, needs_second_person
from rights_requests.receiving import Asked, Sent, receive
from rights_requests.standing_rules import Terms
from tests.people import CLEO

PROPOSER, RELEASER, ONLOOKER = 101, 102, 103


def sent(*kinds: CaseKind, address: str = CLEO, **more: Any) -> Sent:
    """What came in a minute ago through the form."""
    now = timezone.now()
    given: dict[str, Any] = {
        "channel": Channel.FORM,
        "received_at": now - timedelta(minutes=1),
        "dated_on": timezone.localdate(now - timedelta(minutes=1)),
        "address": address,
    }
    return Sent(asked=tuple(Asked(kind) for kind in kinds), **{**given, **more})


def rule_in_force(kind: CaseKind = CaseKind.ACCESS, **more: Any) -> StandingRule:
    """One proposed it, and another one approved it."""
    now = timezone.now()
    today = timezone.localdate(now)
    terms = Terms(
        kind.value, today, today + timedelta(days=30), "Plain ones are alike."
    )
    rule = standing_rules.propose(replace(terms, **more), staff_id=PROPOSER, now=now)
    return standing_rules.approve(rule.pk, staff_id=RELEASER, now=now)


def new_case(kind: CaseKind = CaseKind.ACCESS, **more: Any) -> Case:
    """A case of this kind, as its form opens it and the worker acknowledges it."""
    now = more.pop("now", None) or timezone.now()
    [case] = receive(sent(kind, **more), now=now).cases
    acknowledge_new(now)
    return Case.objects.get(pk=case.pk)


def confirm_mailbox(case: Case) -> None:
    """The person presses the button in the first letter."""
    token = links.confirm_url(case).rstrip("/").rsplit("/", 1)[-1]
    assert identity.confirm_mailbox(token, now=timezone.now())


def approve_erasure(decision: Decision, *, now: datetime | None = None) -> ErasurePlan:
    """By a second person; then the worker does it."""
    plan = ErasurePlan.objects.get(decision=decision)
    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(decision.case),
        staff_id=RELEASER,
        now=now or timezone.now(),
        code=erasure_plan.code_of(plan),
    )
    deliver_due()
    erasing.work_on_next(timezone.now())
    plan.refresh_from_db()
    return plan


def release_files(case: Case, *, staff_id: int = ONLOOKER) -> None:
    """Somebody who has not worked on the case lets the files of the answer go."""
    shown = [one.pk for one in releasing.files_to_release(case)]
    releasing.release_files(case.pk, shown, staff_id=staff_id, now=timezone.now())


def paths(kind: CaseKind) -> dict[State, list[Move]]:
    """For each state that a case of this kind can be in, the shortest way there,
    beginning with whether it starts as a draft."""
    found: dict[State, list[Move]] = {state: [] for state in FIRST_STATES}
    queue = deque(FIRST_STATES)
    while queue:
        state = queue.popleft()
        for (before, move), then in TABLE[kind].items():
            if before is state and then not in found:
                found[then] = [*found[state], move]
                queue.append(then)
    return found


def bring_to(kind: CaseKind, state: State) -> Case:
    """A case of this kind in this state, got there by moves of the table."""
    way = paths(kind)[state]
    # The first step of the way says where it begins.
    begins = State.DRAFT if _begins_as_draft(kind, state, way) else State.IN_PROGRESS
    case = _born(kind, begins)
    for move in way:
        make(case, move)
    assert case.state == state
    return case


def _begins_as_draft(kind: CaseKind, state: State, way: list[Move]) -> bool:
    if not way:
        return state is State.DRAFT
    return (State.IN_PROGRESS, way[0]) not in TABLE[kind]


def _born(kind: CaseKind, state: State) -> Case:
    """Nothing is found by the address of somebody who has none, so that what takes
    effect at once waits for staff."""
    now = timezone.now()
    message = sent(kind, address="", is_draft=True)
    [case] = receive(message, now=now, answers=False).cases
    case = casebook.locked(case.pk)
    if state is State.IN_PROGRESS:
        make(case, Move.CONFIRM)
    return case


def weighed(
    case: Case, outcome: Balancing.Outcome = Balancing.Outcome.THEIRS
) -> Balancing:
    """Whose reasons weigh more, of an objection: the person's, unless it is said."""
    said = weighing.Weighed(
        uses=["target-market"],
        their_reasons="They feel watched.",
        our_grounds="We could not go on without it.",
        outcome=outcome,
    )
    now = timezone.now()
    return weighing.weigh(case.pk, said, staff_id=PROPOSER, now=now)


def make(case: Case, move: Move, *, now: datetime | None = None, **more: Any) -> None:
    """Make a move by the book, with the second person that it may need."""
    now = now or timezone.now()
    inputs: dict[str, Any] = {"at": written(now)}
    if move is Move.LETTER_FAILED:
        inputs = {"undoes": case.moves_count}
    decision = _decided(case, move) if _needs_two(case, move) else None
    entry = casebook.make(case, move, now=now, inputs=inputs, **more)
    if decision is not None:
        decision.move_number = entry.number
        decision.save(update_fields=["move_number"])


def _needs_two(case: Case, move: Move) -> bool:
    return needs_second_person(CaseKind(case.kind), move)


def _decided(case: Case, move: Move) -> Decision:
    now = timezone.now()
    return Decision.objects.create(
        case=case,
        move=move,
        reasons="Because the table says so.",
        proposed_by_id=PROPOSER,
        released_by_id=RELEASER,
        released_at=now,
        settled_at=now,
        outcome=Decision.Outcome.RELEASED,
    )
