"""Weighing an objection to a use that rests on our own interest (UK GDPR, Art. 21(1)).

We stop unless we can show compelling grounds that weigh more than the person's reasons.
What was weighed, by whom and with what outcome stands on record before the answer; where
ours weigh more, the refusal that follows takes a second person (deciding).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from consent.models import Channel
from groundwork.refusals import NotAllowed, refuse
from outbox import suppression
from outbox.models import SuppressedAddress
from processing_register.notices import purpose_titles
from processing_register.register import the_register
from rights_requests import casebook, setting_aside
from rights_requests.kinds import CaseKind
from rights_requests.models import Balancing, Case, Event
from rights_requests.moves import State
from rights_requests.whose_answer import STRANGER, is_asked_by_stranger
from subscribers import leaving
from subscribers.models import Subscriber

Outcome = Balancing.Outcome
COMPELLING = "compelling-grounds"
WEIGH_FIRST = (
    "Weigh the person’s reasons against ours first, and put it on record (UK GDPR, "
    "Article 21(1))."
)


@dataclass(frozen=True)
class Weighed:
    """uses: keys of the register. their_reasons: as the person gave them, with what we
    know of their situation. our_grounds: what speaks for going on."""

    uses: Sequence[str]
    their_reasons: str
    our_grounds: str
    outcome: Balancing.Outcome


def uses() -> dict[str, str]:
    """Key → title of the uses that rest on an interest of ours."""
    found = the_register().purposes
    return {key: use.title for key, use in found.items() if use.rests_on_interests}


@transaction.atomic
def weigh(
    case_id: uuid.UUID, weighed: Weighed, *, staff_id: int, now: datetime
) -> Balancing:
    """Put it on record; done again, the newest counts. Raises NotAllowed without a use,
    the person's reasons, or grounds of ours that are said to weigh more."""
    case = casebook.locked(case_id)
    refuse(why_not_weigh(case))
    _refuse_unless_sound(weighed)
    row = Balancing.objects.create(
        case=case,
        uses=sorted(weighed.uses),
        their_reasons=weighed.their_reasons.strip(),
        our_grounds=weighed.our_grounds.strip(),
        outcome=weighed.outcome,
        weighed_by_id=staff_id,
        weighed_at=now,
    )
    inputs = {
        "uses": row.uses,
        "outcome": str(row.outcome),
        "their_reasons": casebook.digest_of(row.their_reasons),
        "our_grounds": casebook.digest_of(row.our_grounds),
    }
    casebook.note(case, Event.BALANCED, staff_id=staff_id, inputs=inputs)
    return row


def why_not_weigh(case: Case) -> str:
    if case.kind != CaseKind.OBJECTION:
        return "Only an objection to a use in our interest is weighed."
    if not case.is_open:
        return f"The case is closed ({State(case.state).label})."
    if case.state == State.DRAFT:
        return "Confirm first what the message asks for."
    return STRANGER if is_asked_by_stranger(case) else ""


def _refuse_unless_sound(weighed: Weighed) -> None:
    if not weighed.uses or set(weighed.uses) - set(uses()):
        raise NotAllowed("Say which use the person objects to.")
    if not weighed.their_reasons.strip():
        raise NotAllowed("Write down the person’s reasons.")
    if weighed.outcome == Outcome.OURS and not weighed.our_grounds.strip():
        raise NotAllowed(
            "Say what is so compelling about our grounds: it is for us to show it (UK "
            "GDPR, Article 21(1))."
        )


def newest(case: Case) -> Balancing | None:
    return case.balancings.order_by("-pk").first()


def why_not_stop(case: Case) -> str:
    """What stands against saying that the use has stopped; empty when nothing does."""
    row = newest(case)
    if row is None:
        return WEIGH_FIRST
    if row.outcome != Outcome.THEIRS:
        return (
            "It is on record that our grounds weigh more: refuse the objection, or weigh "
            "the reasons again."
        )
    return ""


def why_not_go_on(case: Case, ground: str) -> str:
    """What stands against refusing it on this ground; empty when nothing does."""
    if case.kind != CaseKind.OBJECTION or ground != COMPELLING:
        return ""
    row = newest(case)
    if row is None:
        return WEIGH_FIRST
    if row.outcome != Outcome.OURS:
        return (
            "It is on record that the person’s reasons weigh more: stop the use, or "
            "weigh the reasons again."
        )
    return ""


def stop(case: Case, *, staff_id: int | None) -> list[str]:
    """End the uses that the person's reasons outweigh, and say so in the log; returns
    their titles. The address goes on the list for each, so that it lasts; a consent to
    e-mails of that use ends with it."""
    row = newest(case)
    if row is None:
        return []
    person = case.submission.data_subject
    if person.address_digest is not None:
        for use in row.uses:
            reason = SuppressedAddress.Reason.OBJECTED
            suppression.suppress(bytes(person.address_digest), use, reason)
    reader = Subscriber.objects.filter(data_subject=person).first()
    if reader is not None:
        channel = Channel.RIGHTS_REQUEST
        leaving.leave(reader.pk, row.uses, channel=channel, staff_id=staff_id)
    casebook.note(
        case, Event.EFFECT, staff_id=staff_id, inputs={"stopped": list(row.uses)}
    )
    return purpose_titles(row.uses)


def in_letter(case: Case) -> str:
    """What an answer says of the uses that have stopped, and of the time meanwhile."""
    row = newest(case)
    if row is None:
        return ""
    listed = "\n".join(f"- {title}" for title in purpose_titles(row.uses))
    stopped = f"What we no longer use your data for:\n{listed}"
    return "\n\n".join(filter(None, [stopped, over(case)]))


def over(case: Case) -> str:
    """That the data was set aside for this meanwhile, and no longer is once it is read."""
    return setting_aside.over_by_answer(case)
