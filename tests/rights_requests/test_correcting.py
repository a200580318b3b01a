"""A moment of receipt that was entered wrongly is put right, and the clock with it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.db import Error, transaction
from django.test import Client

from groundwork.refusals import NotAllowed
from rights_requests import casebook, closing, correcting, deciding, handling
from rights_requests.correcting import Correction, Receipt
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry, Decision
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from rights_requests.recounting import recount_all
from tests.console.staff import dana, text
from tests.people import CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER
from tests.rights_requests.own_pages import status_path, text_of
from tests.rights_requests.test_orders_of_verbs import (
    QUESTION,
    again,
    at,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

NOW = at("2026-11-12")
REASON, EVIDENCE = "It lay at the reception.", "The postmark, and the reception’s book."


@pytest.fixture(autouse=True)
def on_the_twelfth() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def received(day: str, *kinds: CaseKind, **more: Any) -> list[Case]:
    """Entered at eleven on the 10th, as received at nine on that day."""
    moment = at(day, "09:00")
    message = lives.sent(
        *(kinds or (CaseKind.ACCESS,)),
        received_at=moment,
        dated_on=moment.date(),
        channel="post",
        **more,
    )
    entered = at("2026-11-10", "11:00")
    with time_machine.travel(entered, tick=False):
        opened = receive(message, now=entered, answers=False)
        cases = [again(case) for case in opened.cases]
        for case in cases:
            handling.acknowledge(case.pk, staff_id=7, now=entered)
    return [again(case) for case in cases]


def receipt(day: str, dated: str = "", channel: str = "post") -> Receipt:
    moment = at(day, "09:00")
    return Receipt(moment, date.fromisoformat(dated or day), channel)


def correct(case: Case, wanted: Receipt, **more: str) -> None:
    given = {"reason": REASON, "evidence": EVIDENCE, **more}
    correction = Correction(wanted, **given)
    correcting.correct(case.pk, correction, staff_id=PROPOSER, now=NOW)


def propose_later(case: Case, wanted: Receipt) -> Decision:
    proposal = deciding.later_receipt(Correction(wanted, REASON, EVIDENCE))
    return deciding.propose(case.pk, proposal, staff_id=PROPOSER, now=NOW)


# --- Earlier ---


def test_an_earlier_receipt_counts_at_once_and_the_person_is_told(smtp: Relay) -> None:
    [case] = received("2026-11-09")
    assert case.due_on == date(2026, 12, 9)
    correct(case, receipt("2026-11-05", dated="2026-11-03", channel="in person"))
    case = again(case)
    assert case.due_on == date(2026, 12, 7), "the 5th of December is a Saturday"
    assert case.received_at == case.submission.received_at == at("2026-11-05", "09:00")
    assert case.submission.dated_on == date(2026, 11, 3)
    assert case.submission.channel == "in person"
    assert case.promise_on == date(2026, 12, 3)
    words = " ".join(inbox(smtp, CLEO)[-1].text.split())
    assert "got your message on Monday 9 November 2026. That was wrong" in words
    assert "We got it on Thursday 5 November 2026" in words
    assert "by Monday 7 December 2026 at the latest" in words
    assert "The request was received on Thursday 5 November 2026." in words


def test_the_log_keeps_both_receipts_with_what_each_makes_of_the_days() -> None:
    [case] = received("2026-11-09")
    correct(case, receipt("2026-11-05"))
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Move.CORRECT_RECEIPT)
    assert entry.inputs["from"]["received_at"] == "2026-11-09T09:00:00+00:00"
    assert entry.inputs["from"]["due_on"] == "2026-12-09"
    assert entry.inputs["to"]["received_at"] == "2026-11-05T09:00:00+00:00"
    assert entry.inputs["to"]["due_on"] == "2026-12-07" == f"{entry.due_on}"
    assert (entry.number, entry.staff_id) == (2, PROPOSER)
    assert REASON not in str(entry.inputs)
    assert recount_all(NOW).faults_count == 0


def test_what_was_asked_at_the_same_time_is_put_right_with_it() -> None:
    access, erasure, complaint = received(
        "2026-11-09", CaseKind.ACCESS, CaseKind.ERASURE, CaseKind.COMPLAINT
    )
    closing.withdraw(erasure.pk, now=NOW)
    correct(access, receipt("2026-11-05"))
    assert again(access).due_on == date(2026, 12, 7)
    assert again(complaint).due_on == date(2026, 12, 7)
    assert again(complaint).received_at == at("2026-11-05", "09:00")
    closed = again(erasure)
    assert closed.received_at == at("2026-11-09", "09:00"), "it keeps what it ended by"
    assert closed.moves_count == 2


def test_an_extension_that_was_told_too_late_by_the_right_receipt_counts_for_nothing(
    smtp: Relay,
) -> None:
    """What happened can always be put on record."""
    [case] = received("2026-11-09")
    lives.make(casebook.locked(case.pk), Move.EXTEND, now=NOW)
    assert again(case).due_on == date(2027, 2, 9)
    correct(case, receipt("2026-10-08"))
    assert again(case).due_on == date(2026, 11, 9)
    told = " ".join(inbox(smtp, CLEO)[-1].text.split())
    assert "We had written down that we got your message on" in told
    assert "So the date in it does not count either." in told


def test_of_an_extension_that_still_counts_nothing_is_taken_back(smtp: Relay) -> None:
    [case] = received("2026-11-09")
    lives.make(casebook.locked(case.pk), Move.EXTEND, now=NOW)
    correct(case, receipt("2026-11-06"))
    assert "We had written down that we got" in inbox(smtp, CLEO)[-1].text
    assert "does not count" not in inbox(smtp, CLEO)[-1].text


# --- Later ---


def test_a_later_receipt_takes_two_people(smtp: Relay) -> None:
    [case] = received("2026-11-05")
    before = len(inbox(smtp, CLEO))
    with pytest.raises(NotAllowed, match="second person"):
        correct(case, receipt("2026-11-09"))
    decision = propose_later(case, receipt("2026-11-09", dated="2026-11-05"))
    assert again(case).due_on == date(2026, 12, 7)
    shown = deciding.preview(decision, now=NOW)
    assert shown is not None and "Wednesday 9 December 2026" in shown.text
    with pytest.raises(NotAllowed, match="somebody else"):
        deciding.release(
            decision.pk,
            seen_entry_id=casebook.newest_entry_id(case),
            staff_id=PROPOSER,
            now=NOW,
        )
    release(decision, now=NOW)
    case = again(case)
    assert case.due_on == date(2026, 12, 9)
    assert case.last_move == Move.RECEIVED_LATER
    mails = inbox(smtp, CLEO)
    assert len(mails) == before + 1
    assert "Wednesday 9 December 2026" in mails[-1].text
    assert recount_all(NOW).faults_count == 0


def test_a_later_receipt_of_several_things_is_released_once() -> None:
    access, erasure = received("2026-11-05", CaseKind.ACCESS, CaseKind.ERASURE)
    release(propose_later(access, receipt("2026-11-09")), now=NOW)
    for case in (access, erasure):
        assert again(case).due_on == date(2026, 12, 9)
        decision = Decision.objects.get(case=case)
        assert (decision.proposed_by_id, decision.released_by_id) == (
            PROPOSER,
            RELEASER,
        )
        assert decision.move_number == again(case).moves_count


def test_the_database_wants_the_second_person_for_a_later_receipt() -> None:
    [case] = received("2026-11-05")
    with pytest.raises(Error, match="cannot be changed"), transaction.atomic():
        to = {"to": receipt("2026-11-09").as_inputs()}
        casebook.make(
            casebook.locked(case.pk),
            Move.CORRECT_RECEIPT,
            now=NOW,
            inputs=to,
            received_at=at("2026-11-09", "09:00"),
        )
    assert again(case).received_at == at("2026-11-05", "09:00")


# --- What cannot be ---


@pytest.mark.parametrize(
    ("wanted", "more", "words"),
    [
        (receipt("2026-11-05"), {"reason": " "}, "why another moment"),
        (receipt("2026-11-05"), {"evidence": " "}, "shows the right one"),
        (receipt("2026-11-09"), {}, "stands so already"),
        (receipt("2026-11-05", dated="2026-11-06"), {}, "later date"),
        (receipt("2018-05-24"), {}, "25 May 2018"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused_in_words(
    wanted: Receipt, more: dict[str, str], words: str
) -> None:
    [case] = received("2026-11-09")
    with pytest.raises(NotAllowed, match=words):
        correct(case, wanted, **more)
    assert again(case).moves_count == 1


def test_what_is_in_the_house_was_received_by_then() -> None:
    [case] = received("2026-11-09")
    with pytest.raises(NotAllowed, match="entered here on Tuesday 10 November 2026"):
        propose_later(case, receipt("2026-11-11"))


def test_a_question_was_not_asked_before_the_request_came() -> None:
    [case] = received("2026-11-05")
    handling.ask_clarification(
        case.pk, QUESTION, staff_id=PROPOSER, now=at("2026-11-07")
    )
    with pytest.raises(NotAllowed, match="before the request"):
        release(propose_later(case, receipt("2026-11-09")), now=NOW)
    assert again(case).state == State.AWAITING_CLARIFICATION


def test_a_closed_case_keeps_the_receipt_that_it_was_answered_by() -> None:
    [case] = received("2026-11-09")
    closing.withdraw(case.pk, now=NOW)
    with pytest.raises(NotAllowed, match="closed"):
        correct(case, receipt("2026-11-05"))


# --- Who is told what ---


def test_while_we_wait_for_the_person_no_day_is_told(smtp: Relay) -> None:
    [case] = received("2026-11-09")
    handling.ask_identity(
        case.pk, QUESTION, doubt="A doubt.", staff_id=PROPOSER, now=NOW
    )
    correct(case, receipt("2026-11-05"))
    assert "receipt-corrected" not in kinds(case)
    handling.receive_identity(
        case.pk, at=date(2026, 11, 12), staff_id=PROPOSER, now=NOW
    )
    assert again(case).due_on == date(2026, 12, 14)


def test_another_date_of_the_letter_moves_our_target_and_writes_nothing() -> None:
    [case] = received("2026-11-09")
    correct(case, receipt("2026-11-09", dated="2026-11-02"))
    assert again(case).promise_on == date(2026, 12, 2)
    assert again(case).due_on == date(2026, 12, 9)
    assert "receipt-corrected" not in kinds(case)


def kinds(case: Case) -> list[str]:
    return list(case.letters.values_list("kind", flat=True))


def test_the_status_page_tells_the_right_day(client: Client) -> None:
    [case] = received("2026-11-09")
    correct(case, receipt("2026-11-05"))
    words = text_of(client.get(status_path(again(case))))
    assert "We put right the day on which we got it" in words
    assert "Thursday 5 November 2026" in words
    assert "Monday 9 November" not in words


def test_a_later_date_of_the_letter_takes_two_people_too() -> None:
    [case] = received("2026-11-09")
    correct(case, receipt("2026-11-09", dated="2026-11-03"))
    assert again(case).promise_on == date(2026, 12, 3)

    with pytest.raises(NotAllowed, match="second person"):
        correct(case, receipt("2026-11-06", dated="2026-11-05"))

    assert again(case).promise_on == date(2026, 12, 3)
    decision = propose_later(again(case), receipt("2026-11-06", dated="2026-11-05"))
    assert decision.move == Move.RECEIVED_LATER


# --- On the console ---


def page(case: Case) -> str:
    return f"/console/rights_requests/case/{case.pk}/correct-receipt/"


def typed(case: Case, **more: str) -> dict[str, str]:
    return {
        "received_on": "2026-11-05",
        "received_time": "09:00",
        "channel": "post",
        "dated_on": "2026-11-05",
        "reason": REASON,
        "evidence": EVIDENCE,
        "seen": str(casebook.newest_entry_id(case)),
        **more,
    }


def test_staff_put_it_right_on_a_page_that_shows_the_letter_first() -> None:
    [case] = received("2026-11-09")
    worker = dana("view_case", "work_case")
    assert 'value="2026-11-09"' in text(worker.get(page(case)))
    preview = worker.post(page(case), typed(case))
    assert "Monday 7 December 2026" in " ".join(text(preview).split())
    assert again(case).moves_count == 1
    done = worker.post(page(case), typed(case, step="send"))
    assert done.status_code == 302
    assert again(case).due_on == date(2026, 12, 7)
    timeline = text(worker.get(done["Location"]))
    assert "The receipt was put right" in timeline
    assert "became Thursday 5 November 2026, 09:00" in " ".join(timeline.split())


def test_a_date_that_was_only_the_day_of_receipt_moves_back_with_it() -> None:
    [case] = received("2026-11-09")
    worker = dana("view_case", "work_case")
    done = worker.post(page(case), typed(case, dated_on="2026-11-09", step="send"))
    assert done.status_code == 302
    kept = again(case).submission
    assert (kept.received_at, kept.dated_on) == (
        at("2026-11-05", "09:00"),
        date(2026, 11, 5),
    )


def test_a_date_that_somebody_typed_later_than_the_receipt_is_refused() -> None:
    [case] = received("2026-11-09")
    worker = dana("view_case", "work_case")
    refused = worker.post(page(case), typed(case, dated_on="2026-11-07", step="send"))
    assert "cannot bear a later date" in text(refused)
    assert again(case).moves_count == 1


def test_a_later_one_becomes_a_proposal_on_the_same_page() -> None:
    [case] = received("2026-11-05")
    worker = dana("view_case", "work_case")
    given = typed(case, received_on="2026-11-09", step="send")
    done = worker.post(page(case), given, follow=True)
    assert "nothing has changed yet" in text(done)
    assert again(case).due_on == date(2026, 12, 7)
    assert Decision.objects.pending().get().move == Move.RECEIVED_LATER
    decisions = text(worker.get(f"/console/rights_requests/case/{case.pk}/decisions/"))
    assert "A later receipt" in decisions
    assert "Monday 9 November 2026, 09:00" in decisions
    assert "Why it was entered otherwise" in decisions


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"received_on": ""}, "Enter the day on which we had it"),
        (
            {"received_on": "2026-03-29", "received_time": "01:30"},
            "the clocks went forward",
        ),
        ({"evidence": ""}, "Say what shows the right one"),
    ],
)
def test_what_is_wrong_on_the_page_is_said_beside_it(
    wrong: dict[str, str], words: str
) -> None:
    [case] = received("2026-11-09")
    worker = dana("view_case", "work_case")
    response = worker.post(page(case), typed(case, **wrong, step="send"))
    assert response.status_code == 400
    assert words in text(response)
    assert again(case).moves_count == 1


def test_what_stands_is_kept_to_the_second_when_only_the_channel_was_wrong() -> None:
    [case] = received("2026-11-09")
    exact = datetime(2026, 11, 9, 9, 0, 31, tzinfo=UTC)
    correct(case, Receipt(exact.replace(hour=8), date(2026, 11, 9), "post"))
    worker = dana("view_case", "work_case")
    given = typed(
        case,
        received_on="2026-11-09",
        received_time="08:00",
        dated_on="2026-11-09",
        channel="telephone",
        seen=str(casebook.newest_entry_id(case)),
        step="send",
    )
    assert worker.post(page(case), given).status_code == 302
    kept = again(case)
    assert kept.received_at == exact.replace(hour=8)
    assert kept.submission.channel == "telephone"
