"""Carrying out the deletion of a person, for tests."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from data_subjects import holds
from data_subjects.holds import Matter
from groundwork.clock import today_here
from outbox.delivery import deliver_due
from rights_requests import casebook, deciding
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import erasing, erasure_plan
from rights_requests.kinds import CaseKind
from rights_requests.letters_gone import take_over
from rights_requests.models import Case, Decision, ErasurePlan
from rights_requests.moves import Move
from tests.people import ADA, BEN, become_reader
from tests.relay import Relay
from tests.rights_requests import lives

DANA, OMAR = 7, 8
IN_A_YEAR = today_here() + timedelta(days=365)


def ada_wants_it_deleted(client: Client, smtp: Relay) -> Case:
    """Ada reads our e-mails, with a name and a number, and wants all of it deleted."""
    become_reader(
        client,
        smtp,
        ADA,
        first_name="Ada",
        last_name="Lovelace-Example",
        telephone="01332 555 0100",
    )
    become_reader(client, smtp, BEN, first_name="Benjamin")
    found = lives.new_case(CaseKind.ERASURE, address=ADA)
    lives.confirm_mailbox(found)
    deliver()
    return again(found)


def deliver() -> None:
    deliver_due()
    take_over(timezone.now())


def propose(case: Case, **more: Any) -> Decision:
    proposal = Proposal(move=Move.FULFIL, **more)
    return deciding.propose(case.pk, proposal, staff_id=DANA, now=timezone.now())


def approve(decision: Decision, *, by: int = OMAR, code: str = "") -> None:
    plan = ErasurePlan.objects.get(decision=decision)
    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(decision.case),
        staff_id=by,
        now=timezone.now(),
        code=code or erasure_plan.code_of(plan),
    )


def carried_out(case: Case) -> ErasurePlan:
    decision = propose(case)
    approve(decision)
    erasing.work_on_next(timezone.now())
    return ErasurePlan.objects.get(decision=decision)


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def hold(case: Case) -> None:
    matter = Matter("A claim", "The court asked.", today_here() + timedelta(days=90))
    people = {case.submission.data_subject_id: ADA}
    holds.place(people, matter, owner_id=DANA, today=today_here())


def in_part(*keeps: erasure_plan.Keep) -> Proposal:
    return Proposal(
        move=Move.FULFIL_IN_PART,
        ground="legal-obligation",
        reasons="The law of companies makes us keep the list of those who signed up.",
        outcome="We deleted all but that.",
        left_out="Your sign-up.",
        keeps=keeps,
    )


def keep(**more: str) -> erasure_plan.Keep:
    given = {"place": "sign-up", "ground": "legal-obligation", "until": ""}
    return erasure_plan.Keep(**{**given, "until": IN_A_YEAR.isoformat(), **more})
