"""What may still be asked of the person: the button says it as the verb does."""

from datetime import date

import pytest

from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import casebook, handling, letters_gone
from rights_requests.case_steps import why_not_now
from rights_requests.kinds import CaseKind
from rights_requests.models import Case
from rights_requests.moves import Move, State
from tests.people import CLEO
from tests.relay import Relay
from tests.rights_requests.lives import PROPOSER
from tests.rights_requests.test_handling import (
    FEE,
    QUESTION,
    again,
    at,
    propose,
    received,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

SHOWN = {"ground": "excessive", "evidence": "The ninth request in nine weeks."}


def greyed(case: Case, move: Move, day: str) -> str:
    return why_not_now(again(case), now=at(day))[move]


# --- One fee for each case ---


def charge(case: Case, day: str) -> None:
    now = at(day)
    release(propose(case, Move.ASK_FEE, now=now, **SHOWN, **FEE), now=now)


def refused_a_second_fee(case: Case, day: str) -> None:
    assert "asked for once" in greyed(case, Move.ASK_FEE, day)
    with pytest.raises(NotAllowed, match="asked for once"):
        propose(case, Move.ASK_FEE, now=at(day), **SHOWN, **FEE)


def test_no_second_fee_is_asked_once_one_was_paid() -> None:
    """The month would begin anew with each of them."""
    case = received("2026-11-02")
    charge(case, "2026-11-04")
    handling.receive_fee(
        case.pk, at=date(2026, 11, 18), staff_id=PROPOSER, now=at("2026-11-18")
    )
    refused_a_second_fee(case, "2026-11-20")
    assert again(case).due_on == date(2026, 12, 18)


def test_no_second_fee_is_asked_once_the_person_was_told_that_there_is_none() -> None:
    case = received("2026-11-02")
    charge(case, "2026-11-04")
    handling.waive_fee(case.pk, staff_id=PROPOSER, now=at("2026-11-06"))
    refused_a_second_fee(case, "2026-11-09")


def test_a_fee_whose_letter_was_lost_was_never_asked(smtp: Relay) -> None:
    case = received("2026-11-02")
    deliver_due()
    smtp.refused_recipients[CLEO] = "550 5.1.1 No such mailbox"
    charge(case, "2026-11-04")
    deliver_due()
    letters_gone.take_over(at("2026-11-04", "11:00"))
    assert again(case).state == State.IN_PROGRESS
    assert greyed(case, Move.ASK_FEE, "2026-11-05") == ""


# --- Too late to ask ---


def test_a_question_asked_too_late_is_greyed_by_the_rule_that_forbids_it() -> None:
    """The month ended on Wednesday 2 December."""
    case = received("2026-11-02")
    assert greyed(case, Move.ASK_CLARIFICATION, "2026-12-02") == ""
    assert greyed(case, Move.ASK_IDENTITY, "2026-12-02") == ""
    now = at("2026-12-03")
    with pytest.raises(NotAllowed) as refusal:
        handling.ask_clarification(case.pk, QUESTION, staff_id=PROPOSER, now=now)
    why = greyed(case, Move.ASK_CLARIFICATION, "2026-12-03")
    assert why and why == " ".join(refusal.value.reasons)
    for move in (Move.ASK_IDENTITY, Move.ASK_FEE):
        assert "after the time had run out" in greyed(case, move, "2026-12-03"), move
    with pytest.raises(NotAllowed, match="after the time had run out"):
        propose(case, Move.ASK_FEE, now=now, **SHOWN, **FEE)


def test_who_it_is_cannot_be_asked_while_an_extension_is_on_its_way() -> None:
    case, now = received("2026-11-02"), at("2026-11-20")
    release(propose(case, Move.EXTEND, now=now, ground="complexity"), now=now)
    assert "on its way" in greyed(case, Move.ASK_IDENTITY, "2026-11-20")


def test_asking_whether_it_may_be_asked_changes_nothing() -> None:
    case = received("2026-11-02", CaseKind.ACCESS)
    before = casebook.newest_entry_id(case)
    greyed(case, Move.ASK_CLARIFICATION, "2026-11-20")
    assert casebook.newest_entry_id(case) == before
    assert again(case).state == State.IN_PROGRESS
