"""Letters that fail, hang, or lie about unposted: what they should have made known does
not count, and nobody is stuck because of them."""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from groundwork.refusals import NotAllowed
from outbox import delivery
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail
from outbox.models import State as MailState
from rights_requests import (
    casebook,
    closing,
    complaining,
    deciding,
    handling,
    letters_gone,
    visiting,
    who_asks,
)
from rights_requests.acknowledging import acknowledge_drafts, acknowledge_new
from rights_requests.closing import Answer
from rights_requests.due_days import due_days
from rights_requests.handling import Question
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Decision,
    Event,
    IdentityCheck,
    Letter,
    Submission,
)
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from rights_requests.recounting import recount_all
from rights_requests.standing import Standing, standing_of
from rights_requests.who_asks import Person
from tests.people import CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER
from tests.rights_requests.test_handling import FEE
from tests.rights_requests.test_orders_of_verbs import (
    QUESTION,
    again,
    at,
    propose,
    received,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

GONE = "550 5.1.1 No such mailbox"
BUSY = "450 4.2.1 Try again later"
IDENTITY = Question(("A letter from us",), "The address is new to us.")


def lose_everything(smtp: Relay) -> None:
    smtp.refused_recipients[CLEO] = GONE
    deliver_due()
    letters_gone.take_over(timezone.now())


def ask_identity(case: Case) -> Letter:
    return handling.ask_identity(
        case.pk, IDENTITY, doubt="A doubt.", staff_id=PROPOSER, now=timezone.now()
    )


# --- By e-mail ---


def test_an_acknowledgement_of_a_complaint_that_fails_after_we_confirmed_it(
    smtp: Relay,
) -> None:
    """The duty to acknowledge it stands, although the case has moved on."""
    smtp.refused_recipients[CLEO] = BUSY
    message = lives.sent(CaseKind.COMPLAINT, is_draft=True)
    draft = receive(message, now=timezone.now(), answers=False)
    [case] = draft.cases
    acknowledge_drafts(draft.submission, [again(case)], now=timezone.now())
    deliver_due()
    handling.confirm(case.pk, staff_id=PROPOSER, now=timezone.now())
    assert again(case).acknowledged_at is not None

    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        lose_everything(smtp)

    case = again(case)
    assert case.state == State.IN_PROGRESS
    assert case.acknowledged_at is None
    assert casebook.clocks_of(case, now=timezone.now()).governed_by == "complaint"
    assert not handling.why_not_acknowledge(case)


def test_a_lost_acknowledgement_does_not_open_a_complaint_that_was_answered(
    smtp: Relay,
) -> None:
    case = lives.new_case(CaseKind.COMPLAINT)
    answer = Answer("We were wrong.")
    closing.fulfil(case.pk, answer, staff_id=PROPOSER, now=timezone.now())
    first = case.letters.get(kind="acknowledge-complaint")
    OutgoingEmail.objects.filter(pk__in=[first.mail_id]).update(state=MailState.FAILED)
    letters_gone.take_over(timezone.now())
    assert again(case).state == State.FULFILLED


def test_an_outcome_that_is_lost_opens_the_complaint_again(smtp: Relay) -> None:
    case = lives.new_case(CaseKind.COMPLAINT)
    deliver_due()
    answer = Answer("We were wrong.")
    closing.fulfil(case.pk, answer, staff_id=PROPOSER, now=timezone.now())
    lose_everything(smtp)
    case = again(case)
    assert (case.state, case.closed_at) == (State.IN_PROGRESS, None)
    assert case.acknowledged_at is not None, "that letter arrived"
    assert case.governs_on == case.progress_due_on


def test_an_outcome_that_was_the_first_word_and_is_lost_acknowledged_nothing(
    smtp: Relay,
) -> None:
    message = lives.sent(CaseKind.COMPLAINT)
    [case] = receive(message, now=timezone.now(), answers=False).cases
    answer = Answer("We were wrong.")
    closing.fulfil(case.pk, answer, staff_id=PROPOSER, now=timezone.now())
    lose_everything(smtp)
    case = again(case)
    assert case.state == State.IN_PROGRESS
    assert case.acknowledged_at is None
    assert case.governs_on == case.due_on
    assert not handling.why_not_acknowledge(case)


def test_an_acknowledgement_and_an_outcome_that_are_both_lost_told_nothing(
    smtp: Relay,
) -> None:
    """The first was lost while the complaint was closed, and counts for nothing once it
    is open again."""
    case = lives.new_case(CaseKind.COMPLAINT)
    answer = Answer("We were wrong.")
    closing.fulfil(case.pk, answer, staff_id=PROPOSER, now=timezone.now())
    lose_everything(smtp)
    case = again(case)
    assert case.state == State.IN_PROGRESS
    assert case.acknowledged_at is None
    assert casebook.clocks_of(case, now=timezone.now()).governed_by == "complaint"
    complaining.acknowledge_in_words(
        case.pk, at=timezone.localdate(), staff_id=PROPOSER, now=timezone.now()
    )
    assert again(case).acknowledged_at is not None


def test_a_lost_acknowledgement_of_a_request_can_be_written_again(
    smtp: Relay,
) -> None:
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    cases = receive(message, now=timezone.now()).cases
    smtp.refused_recipients[CLEO] = GONE
    assert inbox(smtp, CLEO) == []
    letters_gone.take_over(timezone.now())
    for case in cases:
        assert again(case).acknowledged_at is None
        assert again(case).moves_count == 1
    smtp.refused_recipients.clear()
    handling.acknowledge(cases[0].pk, staff_id=PROPOSER, now=timezone.now())
    assert len(inbox(smtp, CLEO)) == 1


def test_a_lost_question_leaves_no_check_of_identity_open(smtp: Relay) -> None:
    """Otherwise proofs could be handed in that nobody waits for, to lie here."""
    case = lives.new_case()
    ask_identity(case)
    lose_everything(smtp)
    assert again(case).state == State.IN_PROGRESS
    check = IdentityCheck.objects.get()
    assert check.outcome == IdentityCheck.Outcome.WAIVED
    purposes = visiting.purposes_for(again(case))
    assert CaseDocument.Purpose.IDENTITY not in purposes


def test_a_letter_that_was_taken_back_is_not_sent_again_by_hand(smtp: Relay) -> None:
    """Its move is undone: whoever gets it after all would be told what is not so."""
    case = lives.new_case()
    now = timezone.now()
    release(propose(case, Move.REFUSE, now=now, ground="not-identified"), now=now)
    lose_everything(smtp)
    assert again(case).state == State.IN_PROGRESS
    mail = OutgoingEmail.objects.get(pk__in=[case.letters.get(kind="refusal").mail_id])
    with pytest.raises(NotAllowed, match="taken back"):
        delivery.settle_by_hand(str(mail.pk), was_sent=False)
    smtp.refused_recipients.clear()
    assert [mail.subject for mail in inbox(smtp, CLEO)] == []


def test_what_hung_counts_from_its_hand_over_when_it_turns_out_to_have_arrived(
    smtp: Relay,
) -> None:
    case = received("2026-11-02")
    with time_machine.travel(at("2026-12-02"), tick=False):
        now = timezone.now()
        decision = propose(case, Move.EXTEND, now=now, ground="complexity")
        letter = release(decision, now=now).letter
        assert letter is not None
        OutgoingEmail.objects.filter(pk__in=[letter.mail_id]).update(
            state=MailState.UNKNOWN, handing_over_at=now, settled_at=now
        )
    with time_machine.travel(at("2026-12-07"), tick=False):
        delivery.settle_by_hand(str(letter.mail_id), was_sent=True)
        letters_gone.take_over(timezone.now())
    decision.refresh_from_db()
    assert decision.outcome == Decision.Outcome.RELEASED
    assert again(case).due_on == date(2027, 2, 2)


# --- An extension on its way ---


def extension_by_post(case: Case) -> Letter:
    now = timezone.now()
    decision = propose(case, Move.EXTEND, now=now, ground="complexity")
    letter = release(decision, now=now).letter
    assert letter is not None and letter.by == Letter.By.POST
    return letter


def test_an_extension_that_nobody_posted_can_be_taken_back() -> None:
    """It would be told too late; and it must not stand in the way of the answer."""
    case = received("2026-11-02", CaseKind.OBJECTION, reply_by="post")
    lives.weighed(case)
    with time_machine.travel(at("2026-12-02"), tick=False):
        letter = extension_by_post(case)
    with time_machine.travel(at("2026-12-04"), tick=False):
        now = timezone.now()
        with pytest.raises(NotAllowed, match="on its way"):
            closing.fulfil(case.pk, Answer("Done."), staff_id=PROPOSER, now=now)
        decision = Decision.objects.get()
        deciding.take_back(decision.pk, staff_id=PROPOSER, now=now)
        with pytest.raises(NotAllowed, match="taken back"):
            letters_gone.mark_posted(
                letter.pk, posted_on=now.date(), staff_id=PROPOSER, now=now
            )
        closing.fulfil(case.pk, Answer("Done."), staff_id=PROPOSER, now=now)
    assert again(case).state == State.FULFILLED
    assert not case.letters.filter(kind="extension", sent_at__isnull=False).exists()


def test_an_extension_that_left_cannot_be_taken_back() -> None:
    case = received("2026-11-02")
    now = at("2026-11-20")
    decision = release(
        propose(case, Move.EXTEND, now=now, ground="complexity"), now=now
    )
    with pytest.raises(NotAllowed, match="dealt with"):
        deciding.take_back(decision.pk, staff_id=PROPOSER, now=now)


def test_an_unposted_extension_goes_with_a_request_that_is_taken_back() -> None:
    case = received("2026-11-02", reply_by="post")
    with time_machine.travel(at("2026-11-20"), tick=False):
        letter = extension_by_post(case)
    closing.withdraw(case.pk, now=at("2026-11-21"))
    letter.refresh_from_db()
    assert letter.sent_at is None


def test_identity_is_not_asked_while_an_extension_is_on_its_way(smtp: Relay) -> None:
    case = received("2026-11-02")
    with time_machine.travel(at("2026-11-20"), tick=False):
        now = timezone.now()
        release(propose(case, Move.EXTEND, now=now, ground="complexity"), now=now)
        with pytest.raises(NotAllowed, match="on its way"):
            ask_identity(case)
        deliver_due()
        letters_gone.take_over(timezone.now())
        ask_identity(case)
    assert again(case).state == State.AWAITING_IDENTITY


# --- By post: from the day of the posting ---


def posted(letter: Letter, day: str) -> None:
    letters_gone.mark_posted(
        letter.pk, posted_on=at(day).date(), staff_id=PROPOSER, now=at(day, "15:00")
    )


def test_a_question_by_post_stops_the_clock_once_it_is_posted() -> None:
    """Written on the 5th, posted on the 12th, answered on the 16th: five days."""
    case = received("2026-11-02", reply_by="post")
    letter = handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
    )
    posted(letter, "2026-11-12")
    assert again(case).paused_days == 1
    handling.receive_clarification(
        case.pk, at=date(2026, 11, 16), staff_id=PROPOSER, now=at("2026-11-16")
    )
    assert (again(case).paused_days, again(case).due_on) == (5, date(2026, 12, 7))


def test_a_question_posted_on_the_day_it_was_written_changes_nothing() -> None:
    case = received("2026-11-02", reply_by="post")
    letter = handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
    )
    posted(letter, "2026-11-05")
    handling.receive_clarification(
        case.pk, at=date(2026, 11, 12), staff_id=PROPOSER, now=at("2026-11-12")
    )
    assert again(case).due_on == date(2026, 12, 10)


def test_a_question_that_would_be_posted_when_the_time_is_over_is_taken_back() -> None:
    case = received("2026-11-02", reply_by="post")
    letter = handling.ask_identity(
        case.pk, IDENTITY, doubt="A doubt.", staff_id=PROPOSER, now=at("2026-12-01")
    )
    with pytest.raises(NotAllowed, match="Take the question back"):
        posted(letter, "2026-12-03")
    assert again(case).state == State.AWAITING_IDENTITY
    letter.refresh_from_db()
    assert letter.posted_on is None
    handling.waive_identity(case.pk, staff_id=PROPOSER, now=at("2026-12-03"))
    assert again(case).due_on == date(2026, 12, 2)
    posted(letter, "2026-12-03")
    assert again(case).due_on == date(2026, 12, 2)


def test_an_answer_may_come_before_the_question_was_posted() -> None:
    """The person read it on their page."""
    case = received("2026-11-02", reply_by="post")
    letter = handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
    )
    handling.receive_clarification(
        case.pk, at=date(2026, 11, 7), staff_id=PROPOSER, now=at("2026-11-07")
    )
    assert (again(case).paused_days, again(case).due_on) == (1, date(2026, 12, 3))
    posted(letter, "2026-11-09")
    assert (again(case).paused_days, again(case).due_on) == (1, date(2026, 12, 3))


def test_a_posting_is_recorded_after_the_answer_that_it_brought() -> None:
    case = received("2026-11-02", reply_by="post")
    letter = handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
    )
    handling.receive_clarification(
        case.pk, at=date(2026, 11, 16), staff_id=PROPOSER, now=at("2026-11-16")
    )
    assert again(case).paused_days == 1, "nobody knows since when it was asked"
    letters_gone.mark_posted(
        letter.pk,
        posted_on=date(2026, 11, 12),
        staff_id=PROPOSER,
        now=at("2026-11-17"),
    )
    assert (again(case).paused_days, again(case).due_on) == (5, date(2026, 12, 7))


@pytest.mark.parametrize("asks", ["identity", "clarification", "fee"])
def test_the_time_runs_while_our_question_lies_here_to_be_posted(asks: str) -> None:
    case = received("2026-11-02", reply_by="post")
    now = at("2026-11-05")
    if asks == "identity":
        handling.ask_identity(
            case.pk, IDENTITY, doubt="A doubt.", staff_id=PROPOSER, now=now
        )
    elif asks == "clarification":
        handling.ask_clarification(case.pk, QUESTION, staff_id=PROPOSER, now=now)
    else:
        shown = {"ground": "excessive", "evidence": "The ninth request."}
        release(propose(case, Move.ASK_FEE, now=now, **shown, **FEE), now=now)
    case = again(case)
    assert case.is_waiting
    assert (case.due_on, case.governs_on) == (date(2026, 12, 2), date(2026, 12, 2))
    assert case in Case.objects.overdue(date(2026, 12, 3))
    assert case.is_overdue(date(2026, 12, 3))
    assert recount_all(at("2026-11-20")).faults_count == 0

    letter = case.letters.get(move_number=case.moves_count)
    posted(letter, "2026-11-20")
    case = again(case)
    assert case.governs_on is None
    assert case not in Case.objects.overdue(date(2026, 12, 3))
    assert case.due_on == (date(2026, 12, 3) if asks == "clarification" else None)


def test_a_question_by_post_is_not_asked_when_the_time_is_over() -> None:
    case = received("2026-11-02", reply_by="post")
    with pytest.raises(NotAllowed):
        handling.ask_clarification(
            case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-12-03")
        )
    assert again(case).state == State.IN_PROGRESS


def test_a_question_that_was_never_posted_is_taken_back_without_a_day() -> None:
    case = received("2026-11-02", reply_by="post")
    handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-05")
    )
    handling.waive_clarification(case.pk, staff_id=PROPOSER, now=at("2026-11-25"))
    case = again(case)
    assert (case.paused_days, case.due_on) == (0, date(2026, 12, 2))
    assert case.governs_on == date(2026, 12, 2)


def complained_by_post() -> tuple[Case, Letter]:
    """Received on 2 November; the letter that says so lies here. Due 2 December."""
    case = received("2026-11-02", CaseKind.COMPLAINT, reply_by="post")
    return case, case.letters.get(kind="acknowledge-complaint")


def of_november() -> complaining.Counted:
    return complaining.counts(date(2026, 11, 1), date(2026, 11, 30)).total


def test_a_complaint_is_acknowledged_by_post_on_the_day_of_the_posting() -> None:
    case, letter = complained_by_post()
    posted(letter, "2026-12-03")
    case = again(case)
    assert case.acknowledged_at is not None
    assert timezone.localdate(case.acknowledged_at) == date(2026, 12, 3)
    assert case.progress_due_on == date(2026, 12, 17)
    assert (of_november().acknowledged, of_november().in_time) == (1, 0)


def test_a_complaint_is_not_acknowledged_while_its_letter_lies_here() -> None:
    case, letter = complained_by_post()
    assert case.acknowledged_at is None
    assert (case.progress_due_on, case.governs_on) == (None, date(2026, 12, 2))
    assert [(due.clock, due.on) for due in due_days(case)] == [
        ("complaint", date(2026, 12, 2))
    ]
    assert (of_november().unacknowledged, of_november().in_time) == (1, 0)
    assert recount_all(at("2026-11-20")).faults_count == 0

    posted(letter, "2026-12-02")

    assert again(case).governs_on == date(2026, 12, 16)
    assert [due.clock for due in due_days(again(case))] == ["progress"]
    assert (of_november().acknowledged, of_november().in_time) == (1, 1)


def test_the_status_page_tells_of_an_acknowledgement_once_it_was_posted() -> None:
    case, letter = complained_by_post()
    said = "We told you that we have it"

    def stands() -> Standing:
        return standing_of(again(case), casebook.entries_of(case), now=at("2026-11-20"))

    assert said not in [step.title for step in stands().milestones]
    assert "We say by this day that we have it" in stands().due.label

    posted(letter, "2026-11-18")

    days = {step.title: step.on for step in stands().milestones}
    assert days[said] == date(2026, 11, 18)
    assert "on Wednesday 18 November 2026" in stands().due.note


def test_a_complaint_whose_letter_lies_here_is_not_acknowledged_twice() -> None:
    case, _ = complained_by_post()
    with pytest.raises(NotAllowed, match="waits to be posted"):
        handling.acknowledge(case.pk, staff_id=PROPOSER, now=at("2026-11-03"))
    Submission.objects.update(acknowledge_from=at("2026-11-03"))
    acknowledge_new(at("2026-11-03"))
    assert case.letters.count() == 1


def test_whoever_was_told_in_words_before_the_posting_counts_from_then() -> None:
    case, letter = complained_by_post()
    complaining.acknowledge_in_words(
        case.pk, at=date(2026, 11, 4), staff_id=PROPOSER, now=at("2026-11-05")
    )
    assert again(case).progress_due_on == date(2026, 11, 18)
    posted(letter, "2026-12-03")
    told_at = again(case).acknowledged_at
    assert told_at is not None and timezone.localdate(told_at) == date(2026, 11, 4)
    assert of_november().in_time == 1


def test_an_acknowledgement_that_is_taken_back_unposted_is_written_anew() -> None:
    case, letter = complained_by_post()
    Submission.objects.update(staff_id=PROPOSER)  # it was entered by hand
    person = Person("Cleo Stranger", CLEO, "1 Mill Lane\nDerby\nDE1 1AA")
    who_asks.correct_person(case.pk, person, staff_id=PROPOSER, now=at("2026-11-04"))
    acknowledge_new(at("2026-11-04"))
    with pytest.raises(NotAllowed, match="must not leave"):
        posted(letter, "2026-11-05")
    [anew] = case.letters.exclude(pk=letter.pk)
    assert again(case).acknowledged_at is None
    posted(anew, "2026-11-05")
    assert again(case).progress_due_on == date(2026, 11, 19)


def test_an_outcome_by_post_is_the_first_word_once_it_was_posted() -> None:
    case, _ = complained_by_post()
    letter = closing.fulfil(
        case.pk, Answer("You were right."), staff_id=PROPOSER, now=at("2026-11-20")
    )
    assert again(case).acknowledged_at is None
    assert (of_november().acknowledged, of_november().closed) == (0, 1)
    posted(letter, "2026-12-03")
    assert (of_november().acknowledged, of_november().in_time) == (1, 0)


def test_word_on_a_complaint_by_post_counts_from_its_posting() -> None:
    case, letter = complained_by_post()
    posted(letter, "2026-11-03")
    word = complaining.report_progress(
        case.pk,
        "We spoke to the caller.",
        next_step="We read the record.",
        staff_id=PROPOSER,
        now=at("2026-11-10"),
    )
    assert again(case).progress_due_on == date(2026, 11, 17)
    posted(word, "2026-11-18")
    assert again(case).progress_due_on == date(2026, 12, 2)


def test_a_recount_counts_by_the_posting_as_well() -> None:
    case = received("2026-11-02", CaseKind.COMPLAINT, reply_by="post")
    posted(case.letters.get(kind="acknowledge-complaint"), "2026-11-05")
    run = recount_all(at("2026-11-06"))
    assert (run.checked_count, run.faults_count) == (1, 0)


# --- Closing somebody out ---


def propose_lapse(case: Case, day: str) -> Decision:
    return propose(case, Move.LAPSE, now=at(day), ground="nothing-came")


def test_nobody_is_closed_out_whom_our_question_never_reached() -> None:
    case = received("2026-11-02", reply_by="post")
    letter = handling.ask_identity(
        case.pk, IDENTITY, doubt="A doubt.", staff_id=PROPOSER, now=at("2026-11-03")
    )
    with pytest.raises(NotAllowed, match="never posted"):
        propose_lapse(case, "2026-12-10")
    posted(letter, "2026-11-20")
    with pytest.raises(NotAllowed, match="20 December"):
        propose_lapse(case, "2026-12-10")
    propose_lapse(case, "2026-12-21")


def test_nobody_is_closed_out_while_our_question_hangs(smtp: Relay) -> None:
    case = received("2026-11-02")
    letter = handling.ask_identity(
        case.pk, IDENTITY, doubt="A doubt.", staff_id=PROPOSER, now=at("2026-11-03")
    )
    OutgoingEmail.objects.filter(pk__in=[letter.mail_id]).update(
        state=MailState.UNKNOWN
    )
    with pytest.raises(NotAllowed, match="Mail out"):
        propose_lapse(case, "2026-12-10")


def test_a_reminder_gives_the_days_that_it_names() -> None:
    case = received("2026-11-02")
    handling.ask_identity(
        case.pk, IDENTITY, doubt="A doubt.", staff_id=PROPOSER, now=at("2026-11-03")
    )
    handling.remind_of_identity(case.pk, staff_id=PROPOSER, now=at("2026-11-30"))
    with pytest.raises(NotAllowed, match="30 December"):
        propose_lapse(case, "2026-12-30")
    propose_lapse(case, "2026-12-31")


# --- An answer by post ---


def test_an_answer_posted_after_the_day_is_late(smtp: Relay) -> None:
    case = received("2026-11-02", CaseKind.OBJECTION, reply_by="post")
    lives.weighed(case)
    letter = closing.fulfil(
        case.pk, Answer("Done."), staff_id=PROPOSER, now=at("2026-12-02")
    )
    assert again(case).answered_on() is None
    posted(letter, "2026-12-04")
    case = again(case)
    assert case.answered_on() == date(2026, 12, 4)
    assert case.was_answered_late(today=date(2026, 12, 5))


def test_an_answer_that_nobody_posted_becomes_late() -> None:
    case = received("2026-11-02", CaseKind.OBJECTION, reply_by="post")
    lives.weighed(case)
    closing.fulfil(case.pk, Answer("Done."), staff_id=PROPOSER, now=at("2026-12-02"))
    assert not again(case).was_answered_late(today=date(2026, 12, 2))
    assert again(case).was_answered_late(today=date(2026, 12, 3))


def test_an_answer_by_mail_on_the_last_day_is_not_late() -> None:
    case = received("2026-11-02", CaseKind.OBJECTION)
    lives.weighed(case)
    last = at("2026-12-02", "23:59:59")
    closing.fulfil(case.pk, Answer("Done."), staff_id=PROPOSER, now=last)
    assert not again(case).was_answered_late(today=date(2026, 12, 9))


def test_the_log_tells_which_move_the_posting_is_about() -> None:
    case = received("2026-11-02", CaseKind.OBJECTION, reply_by="post")
    lives.weighed(case)
    letter = closing.fulfil(
        case.pk, Answer("Done."), staff_id=PROPOSER, now=at("2026-12-02")
    )
    posted(letter, "2026-12-02")
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.LETTER_POSTED)
    assert entry.inputs["move"] == again(case).moves_count
