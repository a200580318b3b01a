"""Verbs in an order that nobody planned: what is true can always be recorded, the person
is never stopped, and the clock is never better for us than the law has it."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import casebook, closing, deciding, handling, letters_gone
from rights_requests.deciding import Proposal
from rights_requests.handling import Question
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Decision
from rights_requests.moves import Move, State
from tests.people import CLEO
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

REASONS = (
    "Your request covers twelve years and nine of our systems, and the records of two "
    "of them have to be read by hand."
)
QUESTION = Question(("Which of our calls do you mean?",), "We recorded many calls.")


def at(day: str, time: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC)


def again(case: Case) -> Case:
    return Case.objects.select_related("submission").get(pk=case.pk)


def received(day: str, kind: CaseKind = CaseKind.ACCESS, **more: object) -> Case:
    moment = at(day, "09:00")
    message = {"received_at": moment, "dated_on": moment.date(), **more}
    return lives.new_case(kind, now=moment + timedelta(minutes=1), **message)


def propose(case: Case, move: Move, *, now: datetime, **more: object) -> Decision:
    proposal = Proposal(move=move, **{"reasons": REASONS, **more})  # type: ignore[arg-type]
    return deciding.propose(case.pk, proposal, staff_id=PROPOSER, now=now)


def release(decision: Decision, *, now: datetime) -> Decision:
    seen = casebook.newest_entry_id(decision.case)
    return deciding.release(decision.pk, seen_entry_id=seen, staff_id=RELEASER, now=now)


def extend(case: Case) -> None:
    """With a letter that the mail server takes at this moment."""
    now = timezone.now()
    release(propose(case, Move.EXTEND, now=now, ground="complexity"), now=now)
    deliver_due()
    letters_gone.take_over(timezone.now())


# --- An extension while a question has held the month open ---


@pytest.fixture
def extended_while_we_waited(smtp: Relay) -> Case:
    """Received on 2 November, asked on the 5th, extended on 10 December: in time, since
    the question was open. Without it the last day was 2 December."""
    case = received("2026-11-02")
    handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
    )
    with time_machine.travel(at("2026-12-10"), tick=False):
        extend(case)
    assert again(case).state == State.AWAITING_CLARIFICATION
    assert Decision.objects.get().outcome == Decision.Outcome.RELEASED
    return case


def test_a_question_is_taken_back_after_an_extension_that_it_made_possible(
    extended_while_we_waited: Case,
) -> None:
    """It gives us no day; what the person was told in time stands."""
    case = extended_while_we_waited
    handling.waive_clarification(case.pk, staff_id=PROPOSER, now=at("2026-12-15"))
    assert again(case).state == State.IN_PROGRESS
    assert (again(case).paused_days, again(case).due_on) == (0, date(2027, 2, 2))


def test_the_person_takes_it_back_after_such_an_extension(
    extended_while_we_waited: Case,
) -> None:
    case = extended_while_we_waited
    closing.withdraw(case.pk, now=at("2026-12-15"))
    assert again(case).state == State.WITHDRAWN
    handling.reopen(
        case.pk, reason="It was not her.", staff_id=PROPOSER, now=at("2026-12-16")
    )
    assert again(case).due_on == date(2027, 2, 2)


def test_a_question_that_was_lost_is_taken_back_after_such_an_extension(
    smtp: Relay,
) -> None:
    case = received("2026-11-02")
    deliver_due()
    smtp.refused_recipients[CLEO] = "450 4.2.1 Try again later"
    with time_machine.travel(at("2026-12-02"), tick=False):
        handling.ask_clarification(
            case.pk, QUESTION, staff_id=PROPOSER, now=timezone.now()
        )
        deliver_due()
    with time_machine.travel(at("2026-12-04"), tick=False):
        smtp.refused_recipients.clear()
        extend_past_the_queue(case)
        smtp.refused_recipients[CLEO] = "550 5.1.1 No such mailbox"
        deliver_due()
        letters_gone.take_over(timezone.now())
        assert letters_gone.take_over(timezone.now()) == 0, "nothing is tried for ever"
    assert again(case).state == State.IN_PROGRESS
    assert again(case).due_on == date(2027, 2, 2)


def extend_past_the_queue(case: Case) -> None:
    """The extension went out while the question still waited for another try."""
    lives.make(casebook.locked(case.pk), Move.EXTEND, now=timezone.now())


def test_an_answer_is_recorded_on_the_day_on_which_it_came(
    extended_while_we_waited: Case,
) -> None:
    """It lay here since 7 November: three days are left out, the month ended on the
    5th of December (a Saturday), and the notice of the 10th was late. So it is none."""
    case = extended_while_we_waited
    handling.receive_clarification(
        case.pk, at=date(2026, 11, 7), staff_id=PROPOSER, now=at("2026-12-15")
    )
    told = again(case)
    assert told.state == State.IN_PROGRESS
    assert (told.paused_days, told.due_on) == (3, date(2026, 12, 7))
    clocks = casebook.clocks_of(told, now=at("2026-12-15"))
    assert any("does not count" in error for error in clocks.errors)


def test_an_answer_before_the_question_is_still_refused(
    extended_while_we_waited: Case,
) -> None:
    with pytest.raises(NotAllowed, match="before we asked"):
        handling.receive_clarification(
            extended_while_we_waited.pk,
            at=date(2026, 11, 4),
            staff_id=PROPOSER,
            now=at("2026-12-15"),
        )
