"""What the search after a deletion has found, in the hands of people: taken away, and
looked for once more; or kept, which one proposes and another one agrees to."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed, refuse
from groundwork.word_digests import digest_of_words
from rights_requests import casebook
from rights_requests.fulfilment import erasure_plan, unheard
from rights_requests.models import ErasurePlan, Event, Residue


@transaction.atomic
def search_again(plan_id: uuid.UUID) -> None:
    """Somebody has taken away what was found: look once more. Raises NotAllowed."""
    plan = ErasurePlan.objects.select_for_update(of=("self",)).get(pk=plan_id)
    if plan.state != ErasurePlan.State.RESIDUE:
        raise NotAllowed("Nothing was found that waits to be taken away.")
    refuse(unheard.why_wait(plan))
    plan.state, plan.next_try_at = ErasurePlan.State.SEARCHING, timezone.now()
    plan.save(update_fields=["state", "next_try_at"])


@dataclass(frozen=True)
class Keep:
    """Why something that was found stays. because: for us. ground: where it is the
    person's own, of Article 17(3), which they are told with the last day, until."""

    because: str
    ground: str = ""
    until: date | None = None


@transaction.atomic
def propose_to_keep(
    residue_id: int, keep: Keep, *, staff_id: int, now: datetime
) -> None:
    """What was found is somebody else's, or must stay on a ground until a day: say why,
    for a second person. Raises NotAllowed."""
    row = _waiting(residue_id)
    refuse(_why_not_keep(keep, today=timezone.localdate(now)))
    row.kept_because, row.kept_by_id = keep.because.strip(), staff_id
    row.ground, row.kept_until = keep.ground, keep.until
    row.save(update_fields=["kept_because", "kept_by_id", "ground", "kept_until"])


def _why_not_keep(keep: Keep, *, today: date) -> str:
    if not keep.because.strip():
        return "Say whose it is, or why it has to stay."
    if not keep.ground:
        return "" if keep.until is None else "What is somebody else’s has no day here."
    if keep.ground not in erasure_plan.KEPT_GROUNDS:
        return "What is kept needs a ground of Article 17(3) of the UK GDPR."
    if keep.until is None:
        return "Say until when it stays: the person is told that day."
    return erasure_plan.why_not_until(keep.until, today)


def code_of(row: Residue) -> str:
    """Of what was proposed: whoever agrees sends along what they read."""
    told = (row.kept_by_id, row.kept_because, row.ground, row.kept_until)
    return digest_of_words("\n".join(map(str, told)))


@transaction.atomic
def agree_to_keep(residue_id: int, *, seen: str, staff_id: int, now: datetime) -> None:
    """Somebody else agrees that it stays, as they read it (code_of). Raises NotAllowed."""
    row = _waiting(residue_id)
    refuse(_why_not_agree(row, staff_id=staff_id, today=timezone.localdate(now)))
    if code_of(row) != seen:
        raise NotAllowed("Somebody has proposed it otherwise since: read it once more.")
    row.agreed_by_id, row.agreed_at = staff_id, now
    row.save(update_fields=["agreed_by_id", "agreed_at"])
    decision = row.plan.decision
    casebook.note(
        decision.case,
        Event.RESIDUE_KEPT,
        staff_id=staff_id,
        inputs={
            "decision": decision.pk,
            "residue": row.pk,
            "proposed_by": row.kept_by_id,
            "ground": row.ground,
            "until": row.kept_until.isoformat() if row.kept_until else "",
            "reason": casebook.digest_of(row.kept_because),
        },
    )


def _why_not_agree(row: Residue, *, staff_id: int, today: date) -> str:
    if row.kept_by_id is None:
        return "Nobody has said why it should stay."
    if row.kept_by_id == staff_id:
        return "You said why it should stay: somebody else has to agree."
    if row.kept_until is not None and row.kept_until <= today:
        return "The day until which it should stay has come: propose it anew."
    return ""


@transaction.atomic
def note_gone(residue_id: int, *, staff_id: int, now: datetime) -> None:
    """What stayed until a day that is over was taken away, says whoever did it: nothing
    of the person is left by which anybody could look. Raises NotAllowed."""
    plan = ErasurePlan.objects.only("decision__case").get(residue=residue_id)
    case = casebook.locked(plan.decision.case_id)
    rows = Residue.objects.kept_too_long(timezone.localdate(now))
    row = rows.select_for_update(of=("self",)).filter(pk=residue_id).first()
    if row is None:
        raise NotAllowed("This is gone already, or stays until a day still to come.")
    row.gone_at = now
    row.save(update_fields=["gone_at"])
    inputs = {"decision": plan.decision_id, "residue": row.pk}
    casebook.note(case, Event.RESIDUE_GONE, staff_id=staff_id, inputs=inputs)


def _waiting(residue_id: int) -> Residue:
    row = Residue.objects.select_for_update(of=("self",)).get(pk=residue_id)
    if row.gone_at is not None or row.agreed_at is not None:
        raise NotAllowed("This was dealt with already.")
    return row
