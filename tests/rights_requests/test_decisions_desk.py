"""What takes two people, on the console: proposed by one, released by another one."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from outbox.delivery import deliver_due
from rights_requests import casebook, deciding, handling, letters_gone
from rights_requests.fulfilment import erasing
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Decision
from rights_requests.moves import Move, State
from staff.models import StaffUser
from tests.console.staff import console_of, person, text
from tests.data_subjects.acts import held
from tests.people import CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.test_case_page import (
    act,
    again,
    do,
    form_of,
    greyed,
    page,
    shown,
)

pytestmark = pytest.mark.django_db

CASES = "/console/rights_requests/case/"
COMPLEX = (
    "Your request covers twelve years and nine of our systems, and the records of two "
    "of them have to be read by hand."
)
REASONS = (
    "We need your data for the claim about which we wrote to you in October of last "
    "year, until it is decided."
)


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


@pytest.fixture
def dana() -> Client:
    """She works on cases, and may release what others propose."""
    return staff_of("dana@example.com", "work_case", "release_case")


@pytest.fixture
def omar() -> Client:
    return staff_of("omar@example.com", "work_case", "release_case")


def staff_of(email: str, *permissions: str) -> Client:
    return console_of(person(email, "view_case", *permissions))


def refuse_erasure(client: Client, case: Case, **more: Any) -> Any:
    typed = {
        "ground": "legal-claims",
        "reasons": REASONS,
        "part_opening": "We have looked at it with care.",
        **more,
    }
    return do(client, case, "propose-refusal", **typed)


def release(client: Client, case: Case, **more: Any) -> Any:
    response = client.get(page(case, "decisions"))
    seen = re.search(r'name="seen" value="(\d+)"', text(response))
    assert seen
    pending = Decision.objects.pending().get(case=case)
    address = f"/console/rights_requests/decision/{pending.pk}/release/"
    return client.post(address, {"seen": seen[1], **more})


def test_one_proposes_with_a_preview_and_another_one_releases(
    dana: Client, omar: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    address = act(case, "propose-refusal")
    typed = form_of(
        dana,
        address,
        ground="legal-claims",
        reasons=REASONS,
        part_opening="We have looked at it with care.",
    )
    preview = shown(dana.post(address, {**typed, "step": "preview"}))
    assert "We do not delete it." in preview and REASONS in preview
    assert "complain to us" in preview and "court" in preview
    assert "Propose it" in preview
    assert not case.decisions.exists()

    proposed = dana.post(address, {**typed, "step": "send"})
    assert proposed["Location"] == page(case, "decisions")
    assert "Somebody else has to release it" in shown(dana.get(page(case)))
    assert "With a second person" in shown(dana.get(page(case)))

    waiting = shown(omar.get(page(case, "decisions")))
    assert "A refusal, proposed by Dana" in waiting
    assert "The letter as it would leave" in waiting
    assert "We do not delete it." in waiting
    assert release(omar, case)["Location"] == page(case, "decisions")
    assert again(case).state == State.REFUSED
    assert REASONS.split()[0] in inbox(smtp, CLEO)[-1].text
    after = shown(omar.get(page(case, "decisions")))
    assert "released" in after and "released by Omar" in after


def test_whoever_proposed_it_cannot_release_it(dana: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    refuse_erasure(dana, case)
    html = text(dana.get(page(case, "decisions")))
    assert "You proposed it: somebody else has to release it." in html
    assert re.search(r'class="primary" type="submit" disabled', html)
    response = release(dana, case)
    assert response.status_code == 409
    assert "somebody else has to release it" in shown(response)
    assert again(case).state == State.IN_PROGRESS


def test_releasing_is_a_duty_of_its_own(dana: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    refuse_erasure(dana, case)
    worker = staff_of("eve@example.com", "work_case")
    html = text(worker.get(page(case, "decisions")))
    assert "Your account may not release proposals" in html
    assert release(worker, case).status_code == 403
    pending = Decision.objects.get(case=case)
    back = f"/console/rights_requests/decision/{pending.pk}/send-back/"
    assert worker.get(back).status_code == 403
    assert worker.post(back, {"answer": "No.", "step": "send"}).status_code == 403
    assert Decision.objects.get(case=case).settled_at is None


def assign(case: Case) -> object:
    return handling.assign(case.pk, 1, staff_id=1, now=timezone.now())


def write_note(case: Case) -> object:
    words = "Our lawyer says: keep it."
    return handling.add_note(case.pk, words, staff_id=1, now=timezone.now())


@pytest.mark.parametrize("do_something", [assign, write_note])
def test_what_came_since_is_looked_at_before_the_release(
    dana: Client, omar: Client, do_something: Callable[[Case], object]
) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    refuse_erasure(dana, case)
    stale = casebook.newest_entry_id(case)
    do_something(case)
    pending = Decision.objects.get(case=case)
    address = f"/console/rights_requests/decision/{pending.pk}/release/"
    response = omar.post(address, {"seen": stale})
    assert response.status_code == 409
    assert "Something has happened in this case" in shown(response)
    assert omar.post(address, {"seen": "nonsense"}).status_code == 409
    assert release(omar, case).status_code == 302


def test_whoever_releases_reads_what_came_since_the_proposal(
    dana: Client, omar: Client
) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    handling.add_note(case.pk, "Rang before.", staff_id=1, now=timezone.now())
    refuse_erasure(dana, case)
    heading = "What happened since"
    assert heading not in shown(omar.get(page(case, "decisions")))
    write_note(case)
    assign(case)
    waiting = shown(omar.get(page(case, "decisions")))
    since = waiting.partition(heading)[2]
    assert "Our lawyer says: keep it." in since and "Assigned" in since
    assert "Rang before." not in waiting


def test_a_proposal_is_sent_back_with_the_reason(dana: Client, omar: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    refuse_erasure(dana, case)
    pending = Decision.objects.get(case=case)
    back = f"/console/rights_requests/decision/{pending.pk}/send-back/"
    empty = omar.post(back, form_of(omar, back, answer=" ", step="send"))
    assert empty.status_code == 400
    sent = omar.post(back, form_of(omar, back, answer="Name the claim.", step="send"))
    assert sent["Location"] == page(case, "decisions")
    words = shown(dana.get(page(case, "decisions")))
    assert "No proposal waits" in words and "Name the claim." in words
    # Then it may be proposed anew, and nobody types it twice.
    form = text(dana.get(act(case, "propose-refusal")))
    assert "It was sent back: Name the claim." in form
    assert REASONS in form and "We have looked at it with care." in form
    assert re.search(r'value="legal-claims"[^>]*checked', form)
    assert REASONS not in text(dana.get(act(case, "propose-part")))
    assert refuse_erasure(dana, case).status_code == 302


def test_a_proposal_is_taken_back(dana: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    refuse_erasure(dana, case)
    pending = Decision.objects.get(case=case)
    away = f"/console/rights_requests/decision/{pending.pk}/take-back/"
    assert dana.post(away, form_of(dana, away, step="send")).status_code == 302
    again_pressed = dana.post(away, form_of(dana, away, step="send"))
    assert again_pressed.status_code == 409
    assert "dealt with already" in shown(again_pressed)


def test_only_one_proposal_waits_at_a_time(dana: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    assert refuse_erasure(dana, case).status_code == 302
    address = act(case, "propose-refusal")
    assert "A proposal waits already" in shown(dana.get(address))
    typed = {"ground": "legal-claims", "reasons": REASONS, "step": "send"}
    second = dana.post(address, typed)
    assert second.status_code == 409
    assert "A proposal waits already" in shown(second)
    assert REASONS in text(second), "what was typed is kept"


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        ({"reasons": ""}, 400, "Write the reasons"),
        ({"reasons": "No."}, 409, "Say more"),
        ({"ground": "accurate"}, 400, "Choose from those listed"),
        ({"ground": "excessive"}, 409, "must be shown by us"),
    ],
)
def test_what_the_law_would_not_accept_is_not_proposed(
    dana: Client, more: dict[str, str], status: int, words: str
) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    response = refuse_erasure(dana, case, **more)
    assert response.status_code == status
    assert words in shown(response)
    assert not case.decisions.exists()


def test_an_extension_for_what_others_ask_is_refused(dana: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    response = do(
        dana,
        case,
        "propose-extension",
        ground="number-of-requests",
        reasons="We have received many requests from other people in these weeks.",
    )
    assert response.status_code == 409
    assert "no reason" in shown(response)


def test_an_extension_counts_once_its_letter_was_handed_over(
    dana: Client, omar: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    due_on = again(case).due_on
    do(
        dana,
        case,
        "propose-extension",
        ground="complexity",
        reasons="Your request covers twelve years and nine of our systems, and the "
        "records of two of them have to be read by hand.",
    )
    assert release(omar, case).status_code == 302
    assert again(case).due_on == due_on
    words = shown(omar.get(page(case, "decisions")))
    assert "once its letter was handed over in time" in words
    deliver_due()
    letters_gone.take_over(timezone.now())
    moved = again(case).due_on
    assert moved and due_on and moved > due_on + timedelta(days=55)


def by_post(received_at: datetime) -> Case:
    return lives.new_case(
        CaseKind.ACCESS,
        received_at=received_at,
        dated_on=received_at.date(),
        reply_by="post",
        postal_address="1 Mill Lane",
        name="Cleo",
    )


def posted(client: Client, case: Case) -> Any:
    letter = case.letters.get(kind="extension")
    address = f"/console/rights_requests/letter/{letter.pk}/posted/"
    today = timezone.localdate().isoformat()
    typed = form_of(client, address, posted_on=today, step="send")
    return client.post(address, typed, follow=True)


def test_a_released_extension_waits_for_us_to_post_its_letter() -> None:
    with time_machine.travel("2026-11-30T12:00:00+00:00", tick=False):
        dana = staff_of("dana@example.com", "work_case")
        omar = staff_of("omar@example.com", "work_case", "release_case")
        case = by_post(datetime(2026, 11, 2, 10, tzinfo=UTC))
        do(dana, case, "propose-extension", ground="complexity", reasons=COMPLEX)
        until = "Two months more, until Wednesday 2 December 2026"
        proposed = shown(dana.get(page(case)))
        assert "Who must act With a second person" in proposed and until in proposed
        assert release(omar, case).status_code == 302
        released = shown(dana.get(page(case)))
        assert "Who must act With us" in released and until in released
        assert "with a second person" not in shown(dana.get(CASES))
        told = shown(dana.get(page(case, "decisions")))
        assert "by the end of Wednesday 2 December 2026" in told
        words = shown(posted(dana, case))
    assert "the two months more do not count" not in words
    assert "Who must act With us" in words and "Tuesday 2 February 2027" in words


def test_an_extension_posted_too_late_is_said_to_count_for_nothing() -> None:
    with time_machine.travel("2026-12-02T12:00:00+00:00", tick=False) as moment:
        dana = staff_of("dana@example.com", "work_case")
        omar = staff_of("omar@example.com", "work_case", "release_case")
        case = by_post(datetime(2026, 11, 2, 10, tzinfo=UTC))
        do(dana, case, "propose-extension", ground="complexity", reasons=COMPLEX)
        release(omar, case)
        moment.shift(timedelta(days=1))
        next_day = console_of(StaffUser.objects.get(email="dana@example.com"))
        words = shown(posted(next_day, case))
    assert "It was posted after the last day for that" in words
    assert again(case).due_on == date(2026, 12, 2)


def test_an_extension_a_second_too_late_is_refused_on_its_form() -> None:
    with time_machine.travel("2026-12-03T00:00:01+00:00", tick=False):
        moment = datetime(2026, 11, 2, 10, tzinfo=UTC)
        case = lives.new_case(received_at=moment, dated_on=moment.date())
        client = staff_of("dana@example.com", "work_case")
        words = shown(client.get(act(case, "propose-extension")))
        assert "Too late" in words and "has to be handed over" not in words
        response = client.post(
            act(case, "propose-extension"),
            {"ground": "complexity", "reasons": REASONS, "step": "send"},
        )
    assert response.status_code == 409
    assert "Too late: the person had to be told" in shown(response)


def test_a_fee_after_which_a_refusal_is_no_more_possible(
    dana: Client, omar: Client
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    shared = {
        "ground": "excessive",
        "reasons": "You asked for the same copy four times within these two months.",
        "evidence": "R-2222-2222 and three others.",
    }
    proposed = do(
        dana,
        case,
        "propose-fee",
        amount="12.50",
        breakdown="Copying: £10\nPostage: £2.50",
        how_to_pay="By bank transfer.",
        **shared,
    )
    assert proposed.status_code == 302
    assert "Copying: £10" in shown(omar.get(page(case, "decisions")))
    assert release(omar, case).status_code == 302
    assert again(case).state == State.AWAITING_FEE
    today = timezone.localdate().isoformat()
    assert do(dana, case, "fee-came", at=today).status_code == 302
    refused = do(dana, case, "propose-refusal", **shared)
    assert refused.status_code == 409
    assert "a fee or a refusal, not both" in shown(refused)


def test_an_erasure_is_answered_by_two(dana: Client, omar: Client, smtp: Relay) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    assert "Nobody has shown yet" in greyed(dana.get(page(case)))["Propose the answer…"]
    lives.confirm_mailbox(case)
    assert "Propose the answer…" in text(dana.get(page(case)))
    alone = dana.post(act(case, "answer"), {"outcome": "Done.", "step": "send"})
    assert alone.status_code == 409
    assert do(dana, case, "propose-answer", outcome="It is gone.").status_code == 302
    assert again(case).state == State.IN_PROGRESS
    assert release(omar, case).status_code == 409
    waiting = shown(omar.get(page(case, "decisions")))
    code = re.search(r"The code of this list is (\d{3} \d{3})", waiting)
    assert code and "What will be deleted, and what stays" in waiting
    assert release(omar, case, code=code[1]).status_code == 302
    assert "about to begin" in shown(dana.get(page(case, "deletion"))).lower()
    deliver_due()
    erasing.work_on_next(timezone.now())
    assert again(case).state == State.FULFILLED
    assert "It is gone." in inbox(smtp, CLEO)[-1].text
    done = shown(dana.get(page(case, "deletion")))
    assert "nothing was found but what is kept" in done


def test_while_a_legal_hold_stands_an_erasure_is_answered_in_part_or_refused(
    dana: Client, omar: Client
) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    lives.confirm_mailbox(case)
    assert do(dana, case, "propose-answer", outcome="It is gone.").status_code == 302
    held(CLEO)
    refused = release(omar, case)
    assert refused.status_code == 409
    assert "A legal hold keeps this person’s data" in shown(refused)
    pending = Decision.objects.pending().get(case=case)
    deciding.take_back(pending.pk, staff_id=1, now=timezone.now())
    looked_at = dana.get(page(case))
    assert "Nothing of this person’s data may be deleted" in shown(looked_at)
    assert "Article 17(3)(e)" in greyed(looked_at)["Propose the answer…"]
    raw = dana.post(
        act(case, "propose-answer"), {"outcome": "It is gone.", "step": "send"}
    )
    assert raw.status_code == 409
    part = do(
        dana,
        case,
        "propose-part",
        outcome="We deleted your name.",
        left_out="Your address.",
        ground="legal-claims",
        reasons=REASONS,
    )
    assert part.status_code == 302
    assert release(omar, case).status_code == 302
    assert again(case).state == State.PARTLY_FULFILLED


def test_what_is_left_out_is_released_and_told_with_the_answer(
    dana: Client, omar: Client
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    do(
        dana,
        case,
        "propose-withholding",
        ground="rights-of-others",
        left_out="Two names.",
        reasons="Some of what we hold is also about two people who worked with you.",
    )
    words = shown(omar.get(page(case, "decisions")))
    assert "No letter leaves for this by itself" in words
    assert release(omar, case).status_code == 302
    assert again(case).last_move == Move.WITHHOLD


def test_the_page_needs_no_more_than_a_few_queries(
    dana: Client, django_assert_max_num_queries: Any
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    for _ in range(5):
        handling.add_note(case.pk, "Note.", staff_id=1, now=timezone.now())
    dana.get(page(case))
    with django_assert_max_num_queries(50):
        dana.get(page(case))
    assert StaffUser.objects.count() == 1
