"""Working on a case: each verb, what it does to the clock, and what it refuses."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from processing_register.models import Controller
from rights_requests import casebook, closing, deciding, handling, letters_gone
from rights_requests.closing import Answer
from rights_requests.deciding import Proposal
from rights_requests.handling import Question, Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Decision,
    ErasurePlan,
    IdentityCheck,
    Letter,
)
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from tests.people import CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER

pytestmark = pytest.mark.django_db

REASONS = (
    "Your request covers twelve years and nine of our systems, and the records of two "
    "of them have to be read by hand."
)
QUESTION = Question(
    questions=("Which of our calls do you mean, and from which year?",),
    why="We have recorded many calls and cannot tell which of them were yours.",
)


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


def at(day: str, time: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+00:00")


def again(case: Case) -> Case:
    return Case.objects.select_related("submission").get(pk=case.pk)


def received(day: str, kind: CaseKind = CaseKind.ACCESS, **more: object) -> Case:
    """A case of which the request was received at nine on that day."""
    moment = at(day, "09:00")
    message = {"received_at": moment, "dated_on": moment.date(), **more}
    return lives.new_case(kind, now=moment + timedelta(minutes=1), **message)


def propose(case: Case, move: Move, *, now: datetime, **more: object) -> Decision:
    given = {"reasons": REASONS, **more}
    proposal = Proposal(move=move, **given)  # type: ignore[arg-type]
    return deciding.propose(case.pk, proposal, staff_id=PROPOSER, now=now)


def release(decision: Decision, *, now: datetime, by: int = RELEASER) -> Decision:
    seen = casebook.newest_entry_id(decision.case)
    return deciding.release(decision.pk, seen_entry_id=seen, staff_id=by, now=now)


# --- Identity ---


def test_proof_of_identity_starts_the_clock_anew(smtp: Relay) -> None:
    """Received 2 November, asked on the 3rd, proof on the 10th: due 10 December."""
    case = received("2026-11-02")
    assert again(case).due_on == date(2026, 12, 2)
    handling.ask_identity(
        case.pk,
        Question(("A copy of a letter that we sent you",), "The address is new to us."),
        doubt="The address is not the one that we know.",
        staff_id=PROPOSER,
        now=at("2026-11-03"),
    )
    waiting = again(case)
    assert (waiting.state, waiting.due_on) == (State.AWAITING_IDENTITY, None)
    assert waiting.governs_on is None and waiting.next_reminder_on is None
    handling.receive_identity(
        case.pk, at=date(2026, 11, 10), staff_id=PROPOSER, now=at("2026-11-12")
    )
    started = again(case)
    assert started.due_on == date(2026, 12, 10)
    assert started.starts_on == date(2026, 11, 10)
    check = IdentityCheck.objects.get(case=case)
    assert check.closed_at is None, "checking it is another step, on our own time"
    assert "Thursday 10 December 2026" in inbox(smtp, CLEO)[-1].text


def test_a_doubt_is_named_or_nobody_is_asked() -> None:
    case = received("2026-11-02")
    with pytest.raises(NotAllowed, match="doubt"):
        handling.ask_identity(
            case.pk, QUESTION, doubt=" ", staff_id=PROPOSER, now=at("2026-11-03")
        )
    assert again(case).state == State.IN_PROGRESS


def test_taking_the_question_back_is_as_if_it_had_never_been_asked() -> None:
    case = received("2026-11-02")
    handling.ask_identity(
        case.pk,
        QUESTION,
        doubt="A new address.",
        staff_id=PROPOSER,
        now=at("2026-11-03"),
    )
    handling.waive_identity(case.pk, staff_id=PROPOSER, now=at("2026-11-20"))
    assert again(case).due_on == date(2026, 12, 2)


def test_proof_cannot_have_come_before_it_was_asked_for_or_tomorrow() -> None:
    case = received("2026-11-02")
    handling.ask_identity(
        case.pk,
        QUESTION,
        doubt="A new address.",
        staff_id=PROPOSER,
        now=at("2026-11-05"),
    )
    for day in (date(2026, 11, 4), date(2026, 11, 7)):
        with pytest.raises(NotAllowed):
            handling.receive_identity(
                case.pk, at=day, staff_id=PROPOSER, now=at("2026-11-06")
            )
    assert again(case).state == State.AWAITING_IDENTITY


def test_identity_asked_when_the_time_is_over_is_refused() -> None:
    case = received("2026-11-02")
    with pytest.raises(NotAllowed):
        handling.ask_identity(
            case.pk, QUESTION, doubt="Late.", staff_id=PROPOSER, now=at("2026-12-03")
        )
    assert again(case).due_on == date(2026, 12, 2)


# --- Clarification ---


def test_the_days_of_a_clarification_do_not_count() -> None:
    """F01: asked 5 November, answered on the 12th, eight days: due 10 December."""
    case = received("2026-11-02")
    handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
    )
    paused = again(case)
    assert paused.state == State.AWAITING_CLARIFICATION
    assert paused.governs_on is None
    handling.receive_clarification(
        case.pk, at=date(2026, 11, 12), staff_id=PROPOSER, now=at("2026-11-12")
    )
    after = again(case)
    assert (after.paused_days, after.due_on) == (8, date(2026, 12, 10))


def test_a_question_about_an_erasure_does_not_stop_its_clock() -> None:
    case = received("2026-11-02", CaseKind.ERASURE)
    with pytest.raises(NotAllowed, match="Only a request for access"):
        handling.ask_clarification(
            case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
        )
    handling.ask_question(case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05"))
    assert again(case).due_on == date(2026, 12, 2)
    assert again(case).state == State.IN_PROGRESS


# --- Extension ---


def test_an_extension_counts_from_the_moment_its_letter_was_taken(smtp: Relay) -> None:
    """Received 31 December 2026, extended: due 31 March, three months after that day and
    not two after the working day to which the first month had moved."""
    with time_machine.travel(at("2027-02-01", "15:00"), tick=False):
        case = received("2026-12-31")
        decision = propose(case, Move.EXTEND, now=timezone.now(), ground="complexity")
        release(decision, now=timezone.now())
        assert again(case).due_on == date(2027, 2, 1), "not before the person is told"
        deliver_due()
        assert (
            letters_gone.take_over(timezone.now()) == 2
        )  # the acknowledgement as well
    assert again(case).due_on == date(2027, 3, 31)
    decision.refresh_from_db()
    assert decision.outcome == Decision.Outcome.RELEASED
    assert "Wednesday 31 March 2027" in inbox(smtp, CLEO)[-1].text


def test_an_extension_a_second_too_late_cannot_be_proposed() -> None:
    """E08: notice by 2 December 2026; the first second of the 3rd is too late."""
    case = received("2026-11-02")
    last = datetime(2026, 12, 2, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(NotAllowed, match="Too late"):
        propose(case, Move.EXTEND, now=last + timedelta(seconds=1), ground="complexity")
    propose(case, Move.EXTEND, now=last, ground="complexity")
    assert again(case).due_on == date(2026, 12, 2)


def test_an_extension_released_in_time_and_taken_too_late_is_none(smtp: Relay) -> None:
    case = received("2026-11-02")
    with time_machine.travel(at("2026-12-02", "23:59:50"), tick=False):
        now = timezone.now()
        release(propose(case, Move.EXTEND, now=now, ground="complexity"), now=now)
    with time_machine.travel(at("2026-12-03", "00:00:00"), tick=False):
        deliver_due()
        letters_gone.take_over(timezone.now())
    assert again(case).due_on == date(2026, 12, 2)
    assert Decision.objects.get().outcome == Decision.Outcome.TOO_LATE
    assert not CaseLogEntry.objects.filter(case_id=case.pk, event=Move.EXTEND).exists()


def test_an_extension_whose_letter_fails_is_none(smtp: Relay) -> None:
    case = received("2026-11-02")
    deliver_due()
    smtp.refused_recipients[CLEO] = "550 5.1.1 No such mailbox"
    with time_machine.travel(at("2026-11-20"), tick=False):
        now = timezone.now()
        release(propose(case, Move.EXTEND, now=now, ground="complexity"), now=now)
        deliver_due()
        letters_gone.take_over(timezone.now())
    assert again(case).due_on == date(2026, 12, 2)
    assert Decision.objects.get().outcome == Decision.Outcome.NOT_SENT


def test_there_is_one_extension(smtp: Relay) -> None:
    case = received("2026-11-02")
    with time_machine.travel(at("2026-11-20"), tick=False):
        now = timezone.now()
        release(propose(case, Move.EXTEND, now=now, ground="complexity"), now=now)
        with pytest.raises(NotAllowed, match="on its way"):
            propose(case, Move.EXTEND, now=now, ground="complexity")
        deliver_due()
        letters_gone.take_over(timezone.now())
        with pytest.raises(NotAllowed, match="no second time"):
            propose(case, Move.EXTEND, now=now, ground="complexity")


@pytest.mark.parametrize(
    ("ground", "reasons"),
    [
        ("complexity", ""),
        ("backlog", REASONS),
        ("number-of-requests", "We have a backlog of requests from many other people."),
    ],
)
def test_an_extension_needs_a_ground_and_reasons_of_this_person(
    ground: str, reasons: str
) -> None:
    case = received("2026-11-02")
    with pytest.raises(NotAllowed):
        propose(case, Move.EXTEND, now=at("2026-11-20"), ground=ground, reasons=reasons)
    assert not Decision.objects.exists()


# --- Two people ---


def test_whoever_proposes_does_not_release() -> None:
    case = received("2026-11-02")
    decision = propose(case, Move.REFUSE, now=at("2026-11-20"), ground="not-identified")
    with pytest.raises(NotAllowed, match="somebody else"):
        release(decision, now=at("2026-11-20"), by=PROPOSER)
    assert again(case).state == State.IN_PROGRESS


def test_what_came_since_is_looked_at_before_the_release() -> None:
    case = received("2026-11-02")
    decision = propose(case, Move.REFUSE, now=at("2026-11-20"), ground="not-identified")
    seen = casebook.newest_entry_id(case)
    handling.ask_question(case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-21"))
    with pytest.raises(NotAllowed, match="since you opened"):
        deciding.release(
            decision.pk, seen_entry_id=seen, staff_id=RELEASER, now=at("2026-11-21")
        )
    release(decision, now=at("2026-11-21"))
    assert again(case).state == State.REFUSED


def test_a_refusal_tells_its_reasons_and_every_way_to_complain(smtp: Relay) -> None:
    case = received("2026-11-02")
    decision = propose(case, Move.REFUSE, now=at("2026-11-20"), ground="not-identified")
    release(decision, now=at("2026-11-20"))
    text = " ".join(inbox(smtp, CLEO)[-1].text.split())
    for part in (REASONS, "Section 164A", "Section 165", "court"):
        assert part in text, part


def test_excess_has_to_be_shown() -> None:
    case = received("2026-11-02")
    with pytest.raises(NotAllowed, match="shown by us"):
        propose(case, Move.REFUSE, now=at("2026-11-20"), ground="excessive")
    propose(
        case,
        Move.REFUSE,
        now=at("2026-11-20"),
        ground="excessive",
        evidence="The ninth request for the same data in nine weeks; see R-2.",
    )


FEE = {
    "amount": "12.50",
    "breakdown": ("One hour of copying: £12.50",),
    "how_to_pay": "Pay by bank transfer, with your reference.",
}


@pytest.mark.parametrize(
    ("typed", "pounds"),
    [
        ("12.50", "12.50"),
        ("£1,012.50", "1012.50"),
        (" 7 ", "7"),
        ("12,50", None),
        ("1,2345", None),
        ("12.505", None),
        ("-5", None),
        ("0", None),
        ("1e3", None),
        ("", None),
    ],
)
def test_an_amount_is_read_as_it_was_meant_or_not_at_all(
    typed: str, pounds: str | None
) -> None:
    proposal = deciding.Proposal(Move.ASK_FEE, amount=typed)
    assert deciding.amount_of(proposal) == (Decimal(pounds) if pounds else None)


def test_the_first_copy_is_free() -> None:
    case = received("2026-11-02")
    with pytest.raises(NotAllowed, match="first copy is free"):
        propose(case, Move.ASK_FEE, now=at("2026-11-04"), ground="further-copy", **FEE)


def test_a_fee_and_a_refusal_exclude_each_other(smtp: Relay) -> None:
    """D03: fee asked on the 4th, paid on the 18th: due 18 December."""
    case = received("2026-11-02")
    shown = {"ground": "excessive", "evidence": "The ninth request in nine weeks."}
    now = at("2026-11-04")
    release(propose(case, Move.ASK_FEE, now=now, **shown, **FEE), now=now)
    assert again(case).due_on is None
    handling.receive_fee(
        case.pk, at=date(2026, 11, 18), staff_id=PROPOSER, now=at("2026-11-18")
    )
    assert again(case).due_on == date(2026, 12, 18)
    with pytest.raises(NotAllowed, match="not both"):
        propose(case, Move.REFUSE, now=at("2026-11-19"), **shown)
    letter = " ".join(inbox(smtp, CLEO)[1].text.split())
    assert "£12.50" in letter
    assert "the law lets us say no, or ask for a fee" in letter


@pytest.mark.parametrize("amount", ["", "free", "-1", "0", "NaN", "1e9", "12.345"])
def test_a_fee_is_an_amount_in_pounds(amount: str) -> None:
    case = received("2026-11-02")
    with pytest.raises(NotAllowed, match="in pounds"):
        propose(
            case,
            Move.ASK_FEE,
            now=at("2026-11-04"),
            ground="excessive",
            evidence="The ninth request in nine weeks.",
            **{**FEE, "amount": amount},
        )


def test_nobody_is_closed_out_before_the_day_that_the_letter_named() -> None:
    case = received("2026-11-02")
    handling.ask_identity(
        case.pk,
        QUESTION,
        doubt="A new address.",
        staff_id=PROPOSER,
        now=at("2026-11-03"),
    )
    with pytest.raises(NotAllowed, match="has until"):
        propose(case, Move.LAPSE, now=at("2026-12-03"), ground="nothing-came")
    decision = propose(case, Move.LAPSE, now=at("2026-12-04"), ground="nothing-came")
    release(decision, now=at("2026-12-04"))
    assert again(case).state == State.LAPSED


# --- The end ---


def searched(case: Case, now: datetime, hits: int = 1) -> None:
    handling.record_search(
        case.pk,
        Searched("Readers", "the address", hits, "It holds everything.", now.date()),
        staff_id=PROPOSER,
        now=now,
    )


def answer_document(case: Case) -> CaseDocument:
    return CaseDocument.objects.create(
        case=case,
        purpose=CaseDocument.Purpose.ANSWER,
        name="your-data.pdf",
        media_type="application/pdf",
        size=3,
        content_digest=b"d" * 32,
        vault_name=str(case.pk),
    )


def test_an_answer_rests_on_a_search_and_a_document(smtp: Relay) -> None:
    case, now = received("2026-11-02"), at("2026-11-20")
    with pytest.raises(NotAllowed, match="where you looked"):
        closing.fulfil(case.pk, Answer(), staff_id=PROPOSER, now=now)
    searched(case, now)
    with pytest.raises(NotAllowed, match="Upload"):
        closing.fulfil(case.pk, Answer(), staff_id=PROPOSER, now=now)
    answer_document(case)
    with pytest.raises(NotAllowed, match="Nobody has released the files"):
        closing.fulfil(case.pk, Answer(), staff_id=PROPOSER, now=now)
    lives.release_files(case)
    closing.fulfil(case.pk, Answer(), staff_id=PROPOSER, now=now)
    done = again(case)
    assert done.state == State.FULFILLED and done.closed_at == now
    assert done.governs_on is None
    assert "your-data.pdf" in inbox(smtp, CLEO)[-1].text


def test_whoever_asked_for_post_is_not_answered_by_mail(smtp: Relay) -> None:
    case, now = received("2026-11-02", reply_by="post"), at("2026-11-20")
    searched(case, now, hits=0)
    closing.fulfil(case.pk, Answer(nothing_held=True), staff_id=PROPOSER, now=now)
    assert inbox(smtp, CLEO) == []
    letter = Letter.objects.get(case=case, kind="nothing-held")
    assert (letter.by, letter.mail_id, letter.posted_on) == ("post", None, None)
    letters_gone.mark_posted(
        letter.pk, posted_on=date(2026, 11, 21), staff_id=PROPOSER, now=at("2026-11-21")
    )


def test_an_erasure_is_answered_by_two() -> None:
    case, now = received("2026-11-02", CaseKind.ERASURE), at("2026-11-20")
    lives.confirm_mailbox(case)
    with pytest.raises(NotAllowed, match="second person"):
        closing.fulfil(case.pk, Answer(), staff_id=PROPOSER, now=now)
    plan = lives.approve_erasure(propose(case, Move.FULFIL, now=now), now=now)
    assert plan.state == ErasurePlan.State.DONE
    assert again(case).state == State.FULFILLED


def test_a_letter_that_never_arrived_opens_the_case_again(smtp: Relay) -> None:
    case = received("2026-11-02")
    deliver_due()
    smtp.refused_recipients[CLEO] = "550 5.1.1 No such mailbox"
    with time_machine.travel(at("2026-11-20"), tick=False):
        now = timezone.now()
        decision = propose(case, Move.REFUSE, now=now, ground="not-identified")
        release(decision, now=now)
        assert again(case).state == State.REFUSED
        deliver_due()
        letters_gone.take_over(timezone.now())
    opened = again(case)
    assert opened.state == State.IN_PROGRESS
    assert opened.due_on == opened.governs_on == date(2026, 12, 2)


def test_a_question_that_never_arrived_gives_us_no_day(smtp: Relay) -> None:
    case = received("2026-11-02")
    deliver_due()
    smtp.refused_recipients[CLEO] = "550 5.1.1 No such mailbox"
    with time_machine.travel(at("2026-11-05"), tick=False):
        handling.ask_clarification(
            case.pk, QUESTION, staff_id=PROPOSER, now=timezone.now()
        )
        deliver_due()
        letters_gone.take_over(timezone.now())
    assert again(case).state == State.IN_PROGRESS
    assert again(case).due_on == date(2026, 12, 2)


def test_the_person_may_take_it_back_and_it_may_be_opened_again(smtp: Relay) -> None:
    case = received("2026-11-02")
    closing.withdraw(case.pk, now=at("2026-11-10"))
    assert again(case).state == State.WITHDRAWN
    handling.reopen(
        case.pk, reason="It was not her.", staff_id=PROPOSER, now=at("2026-11-11")
    )
    assert again(case).due_on == date(2026, 12, 2), "its clock never stopped"
    assert again(case).closed_at is None


def test_withdrawing_ends_a_proposal_that_waits() -> None:
    case = received("2026-11-02")
    decision = propose(case, Move.REFUSE, now=at("2026-11-09"), ground="not-identified")
    closing.withdraw(case.pk, now=at("2026-11-10"))
    decision.refresh_from_db()
    assert decision.outcome == Decision.Outcome.TAKEN_BACK
    with pytest.raises(NotAllowed):
        release(decision, now=at("2026-11-10"))


# --- At once ---


def test_a_no_to_marketing_is_done_before_the_answer_is_written(smtp: Relay) -> None:
    case = lives.new_case(CaseKind.MARKETING)
    assert case.state == State.FULFILLED
    [mail] = inbox(smtp, CLEO)
    assert "stopped at once" in mail.text
    assert not Letter.objects.filter(kind="acknowledgement").exists()


def test_the_retention_schedule_is_sent_in_its_version(smtp: Relay) -> None:
    case = lives.new_case(CaseKind.SCHEDULE)
    assert case.state == State.FULFILLED
    assert "/retention/" in inbox(smtp, CLEO)[-1].text
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Move.FULFIL)
    assert entry.inputs["documents"] == ["retention/1"]


# --- Several at once, several of one person ---


def test_each_thing_asked_is_a_case_with_a_clock_of_its_own(smtp: Relay) -> None:
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE, CaseKind.COMPLAINT)
    cases = receive(message, now=timezone.now()).cases
    assert {case.kind for case in cases} == {"access", "erasure", "complaint"}
    assert len(inbox(smtp, CLEO)) == 2, "one for the requests, one for the complaint"
    letters = Letter.objects.filter(case__in=cases)
    assert letters.filter(kind="acknowledgement").count() == 2
    assert letters.filter(kind="acknowledge-complaint").count() == 1


def test_a_complaint_neither_stops_nor_closes_what_it_is_about() -> None:
    case = received("2026-11-02")
    before = again(case)
    lives.new_case(CaseKind.COMPLAINT)
    after = again(case)
    assert (after.state, after.due_on, after.moves_count) == (
        before.state,
        before.due_on,
        before.moves_count,
    )


def test_letters_name_every_way_to_the_regulator(smtp: Relay) -> None:
    """Its name and addresses are data: another regulator, other words at once."""
    Controller.objects.update(
        regulator_name="Information Commission",
        regulator_url="https://regulator.example.com/",
        regulator_phone="",
        regulator_address="1 Example Road\nExampletown",
    )
    lives.new_case()
    text = " ".join(inbox(smtp, CLEO)[-1].text.split())
    assert "the regulator (Information Commission)" in text
    assert "https://regulator.example.com/ or 1 Example Road, Exampletown" in text
    assert "Commissioner" not in text
