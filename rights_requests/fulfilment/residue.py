"""What the search after a deletion has found, in the hands of people: taken away, and
looked for once more; or kept, which one proposes and another one agrees to."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed, refuse
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


@transaction.atomic
def propose_to_keep(
    residue_id: int, because: str, *, staff_id: int, ground: str = ""
) -> None:
    """What was found is somebody else's, or must stay on this ground of Article 17(3),
    which the person is told: say why, for a second person. Raises NotAllowed."""
    row = _waiting(residue_id)
    if not because.strip():
        raise NotAllowed("Say whose it is, or why it has to stay.")
    if ground and ground not in erasure_plan.KEPT_GROUNDS:
        raise NotAllowed("What is kept needs a ground of Article 17(3) of the UK GDPR.")
    row.kept_because, row.kept_by_id = because.strip(), staff_id
    row.ground = ground
    row.save(update_fields=["kept_because", "kept_by_id", "ground"])


@transaction.atomic
def agree_to_keep(residue_id: int, *, staff_id: int, now: datetime) -> None:
    """Somebody else agrees that it stays. Raises NotAllowed."""
    row = _waiting(residue_id)
    if row.kept_by_id is None:
        raise NotAllowed("Nobody has said why it should stay.")
    if row.kept_by_id == staff_id:
        raise NotAllowed("You said why it should stay: somebody else has to agree.")
    row.agreed_by_id, row.agreed_at = staff_id, now
    row.save(update_fields=["agreed_by_id", "agreed_at"])
    decision = row.plan.decision
    casebook.note(
        decision.case,
        Event.RESIDUE_KEPT,
        staff_id=staff_id,
        inputs={
            "decision": decision.pk,
            "proposed_by": row.kept_by_id,
            "ground": row.ground,
            "reason": casebook.digest_of(row.kept_because),
        },
    )


def _waiting(residue_id: int) -> Residue:
    row = Residue.objects.select_for_update(of=("self",)).get(pk=residue_id)
    if row.gone_at is not None or row.agreed_at is not None:
        raise NotAllowed("This was dealt with already.")
    return row
