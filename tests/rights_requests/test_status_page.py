"""The status page: how a case stands, for whoever holds its link, and nothing more."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from processing_register.models import Controller
from processing_register.notices import current_controller
from rights_requests import casebook, closing, deciding, handling, links, visiting
from rights_requests.deciding import Proposal
from rights_requests.handling import Question
from rights_requests.kinds import FACTS, CaseKind
from rights_requests.links import Use
from rights_requests.models import Case, CaseLink, CaseLogEntry, Event
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from rights_requests.reminding import remind
from rights_requests.retention import CASE_FILES
from tests.people import CLEO, inbox
from tests.purging import purged
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER
from tests.rights_requests.own_pages import confirm_path, status_path, text_of, token_of
from tests.whole_house.inhabited import contents

pytestmark = pytest.mark.django_db

EVERY_STATE = [
    (kind, state) for kind in CaseKind for state in sorted(lives.paths(kind))
]
REASONS = "Your request covers twelve years, and the records have to be read by hand."
QUESTION = Question(("Which of our calls do you mean?",), why="We have recorded many.")
SECRETS = {
    "name": "Cleopatra Example",
    "words": "Please send everything about the Rosetta matter.",
    "telephone": "020 7946 0000",
    "postal_address": "1 Example Street, Alexandria",
}


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


def at(day: str, time: str = "10:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+00:00")


def received(day: str, kind: CaseKind = CaseKind.ACCESS, **more: Any) -> Case:
    moment = at(day, "09:00")
    message = {"received_at": moment, "dated_on": moment.date(), **more}
    return lives.new_case(kind, now=moment + timedelta(minutes=1), **message)


def seen(case: Case, *, now: datetime | None = None) -> str:
    """What a visitor without anything but the link reads, at this moment."""
    with time_machine.travel(now or timezone.now()):
        page = Client().get(status_path(case))
    assert page.status_code == 200
    return text_of(page)


# --- What it shows ---


@pytest.mark.parametrize(("kind", "state"), EVERY_STATE)
def test_a_case_of_every_kind_in_every_state_has_its_page(
    kind: CaseKind, state: State
) -> None:
    case = lives.bring_to(kind, state)

    said = seen(case)

    assert case.reference in said
    words = FACTS[kind].in_words
    assert words[1:] in said
    for route in ("Complain to us", "Complain to the regulator", "Go to court"):
        assert route in said
    assert "section 164A" in said and "section 165" in said
    assert "+44 (0)207 9936041" in said
    assert ("comes next" in said) == case.is_open
    whose_turn = {
        State.DRAFT: "It is our turn",
        State.IN_PROGRESS: "It is our turn",
    }.get(state, "It is your turn" if case.is_waiting else "")
    assert whose_turn in said


def test_the_date_stands_with_the_steps_that_staff_see() -> None:
    case = received("2026-11-26")

    said = seen(case, now=at("2026-11-27"))

    assert "Our answer is due by the end of Tuesday 29 December 2026" in said
    steps = casebook.clocks_of(case, now=at("2026-11-27")).steps
    assert len(steps) >= 5
    for step in steps:
        assert step.sentence in said
        assert step.source in said


def test_our_own_target_stands_beside_the_law_and_is_not_called_a_limit() -> None:
    case = received("2026-11-06", dated_on=date(2026, 11, 3))

    said = seen(case, now=at("2026-11-27"))

    assert "due by the end of Monday 7 December 2026" in said
    assert "by Thursday 3 December 2026. That is our own target." in said


def test_while_we_wait_for_proof_there_is_no_date_and_the_page_says_why() -> None:
    case = received("2026-11-02")
    handling.ask_identity(
        case.pk, QUESTION, doubt="Another address.", staff_id=1, now=at("2026-11-03")
    )

    said = seen(case, now=at("2026-11-20"))

    assert "No day yet" in said
    assert "We have been waiting for what shows who you are since Tuesday 3" in said
    assert "starts, in full, on the day it reaches us" in said
    assert "How the date will come about" in said
    assert "We asked you to show who you are, done on Tuesday 3 November" in said
    assert "Another address" not in said


def test_while_a_question_stops_the_clock_the_date_moves_with_each_day() -> None:
    case = received("2026-11-02")
    handling.ask_clarification(case.pk, QUESTION, staff_id=1, now=at("2026-11-05"))

    on_the_22nd = seen(case, now=at("2026-11-22"))
    on_the_23rd = seen(case, now=at("2026-11-23"))

    told = "If your answer came today, ours would be due by the end of {}"
    assert told.format("Monday 21 December 2026") in on_the_22nd
    assert "We have been waiting for it since Thursday 5 November 2026" in on_the_22nd
    assert "Sunday 20 December 2026" in on_the_22nd
    assert told.format("Monday 21 December 2026") in on_the_23rd
    assert "The days left out, 19 days in all" in on_the_23rd


def test_an_answer_that_is_late_is_called_late() -> None:
    case = received("2026-11-02")

    assert "We are late" not in seen(case, now=at("2026-12-02", "23:30"))
    said = seen(case, now=at("2026-12-03"))

    assert "We are late" in said
    assert "Our answer was due by the end of Wednesday 2 December 2026" in said


def test_a_complaint_shows_its_acknowledgement_and_the_next_word() -> None:
    case = received("2026-11-02", CaseKind.COMPLAINT)

    said = seen(case, now=at("2026-11-10"))

    assert "We got your complaint" in said
    assert "We told you that we have it" in said
    assert "You hear from us again by Monday 16 November 2026" in said
    assert "It must be acknowledged within 30 days" in said
    assert "You were to hear from us by" in seen(case, now=at("2026-11-17"))


def test_a_complaint_names_what_it_is_about_by_its_reference(client: Client) -> None:
    about = lives.new_case()
    [complaint] = [lives.new_case(CaseKind.COMPLAINT)]
    Case.objects.filter(pk=complaint.pk).update(about=about)

    assert about.reference in seen(complaint)


def test_what_is_answered_is_said_without_how() -> None:
    for state in (State.FULFILLED, State.PARTLY_FULFILLED, State.REFUSED):
        said = seen(lives.bring_to(CaseKind.ACCESS, state))
        assert "We have answered" in said
        assert "refused" not in said.lower()
        assert "in part" not in said
        assert "Because the table says so" not in said


def test_what_is_withheld_from_the_person_is_not_told_here() -> None:
    case = lives.bring_to(CaseKind.ACCESS, State.IN_PROGRESS)
    before = seen(case)
    lives.make(casebook.locked(case.pk), Move.WITHHOLD)

    assert seen(case) == before


def test_a_letter_that_never_arrived_leaves_only_that_on_the_line() -> None:
    case = lives.bring_to(CaseKind.ACCESS, State.AWAITING_CLARIFICATION)
    assert "We asked which data you mean" in seen(case)

    lives.make(casebook.locked(case.pk), Move.LETTER_FAILED)

    said = seen(case)
    assert "We asked which data you mean" not in said
    assert "A letter of ours did not reach you" in said


def test_what_was_recorded_later_stands_at_its_own_day() -> None:
    case = received("2026-11-02")
    handling.ask_identity(
        case.pk, QUESTION, doubt="Another address.", staff_id=1, now=at("2026-11-03")
    )
    visiting.write_message(case.pk, "Here it is.", now=at("2026-11-12"))
    handling.receive_identity(
        case.pk, at=date(2026, 11, 10), staff_id=1, now=at("2026-11-12", "15:00")
    )

    said = seen(case, now=at("2026-11-13"))

    came = said.index("What shows who you are reached us")
    assert "Tuesday 10 November 2026" in said[came : came + 100]
    assert came > said.index("We asked you to show who you are")


# --- What it does not show ---


def test_the_page_says_nothing_of_the_person(smtp: Relay) -> None:
    case = lives.new_case(CaseKind.ERASURE, **SECRETS)
    visiting.write_message(case.pk, "My cat is called Bastet.", now=timezone.now())
    decision = deciding.propose(
        case.pk,
        Proposal(
            Move.REFUSE, ground="legal-claims", reasons=REASONS, evidence="File 12"
        ),
        staff_id=PROPOSER,
        now=timezone.now(),
    )
    proposed = seen(case)
    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(case),
        staff_id=RELEASER,
        now=timezone.now(),
    )

    for said in (proposed, seen(case)):
        for secret in (*SECRETS.values(), CLEO, "cleo", "Bastet", "twelve", "File 12"):
            assert secret not in said
    assert "You wrote to us" in proposed and "propos" not in proposed.lower()


def test_the_page_tells_how_often_was_written(smtp: Relay) -> None:
    case = lives.new_case()
    assert "We wrote to you once." in seen(case)

    visiting.write_message(case.pk, "Good morning.", now=timezone.now())

    assert "We wrote to you once, and you to us once." in seen(case)


# --- The link ---


def test_the_mailed_link_opens_the_page_as_often_as_it_is_forwarded(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    path = inbox(smtp, CLEO)[-1].path("/your-data/case/")

    for _ in range(3):
        assert case.reference in text_of(Client().get(path))


def test_a_revoked_link_tells_how_to_get_another(client: Client) -> None:
    case = lives.new_case()
    path = status_path(case)
    links.renew_status(casebook.locked(case.pk), now=timezone.now())

    page = client.get(path)

    assert page.status_code == 404
    assert "How to get a link that works" in text_of(page)
    assert case.reference not in page.content.decode()
    assert client.post(f"{path}code/").status_code == 404
    assert client.get(status_path(case)).status_code == 200


@pytest.mark.parametrize("place", ["case", "confirm", "visit"])
def test_an_unknown_link_is_answered_like_a_revoked_one(
    client: Client, place: str
) -> None:
    page = client.get(f"/your-data/{place}/{'x' * 22}/")

    assert page.status_code == 404
    assert "How to get a link that works" in text_of(page)


def test_a_link_of_one_use_opens_no_other_page(client: Client) -> None:
    case = lives.new_case()
    places = {Use.STATUS: "case", Use.CONFIRM: "confirm", Use.VISIT: "visit"}
    for use in (Use.STATUS, Use.CONFIRM):
        for place in set(places.values()) - {places[use]}:
            path = f"/your-data/{place}/{token_of(case, use)}/"
            assert client.get(path).status_code == 404, path
            assert client.post(path).status_code in (404, 405), path


def test_a_reference_opens_nothing(client: Client) -> None:
    case = lives.new_case()
    guesses = [case.reference, case.reference.replace("-", ""), str(case.pk)]
    for guess in guesses:
        for place in ("case", "confirm", "visit"):
            page = client.get(f"/your-data/{place}/{guess}/")
            assert page.status_code == 404
            assert "We got your request" not in text_of(page)


def test_looking_changes_nothing_and_posting_here_is_no_act(client: Client) -> None:
    case = lives.new_case()
    before = contents()

    for path in (status_path(case), f"{status_path(case)}code/", confirm_path(case)):
        for _ in range(2):
            assert client.get(path).status_code == 200
            assert client.head(path).status_code == 200
    assert client.post(status_path(case)).status_code == 405

    assert contents() == before
    assert not CaseLink.objects.filter(use=Use.VISIT).exists()


def test_the_page_is_kept_by_nobody_and_tells_nobody_where_it_is(
    client: Client,
) -> None:
    page = client.get(status_path(lives.new_case()))

    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert 'name="robots" content="noindex' in page.content.decode()
    assert not page.cookies


def test_another_regulator_stands_on_the_page_from_the_next_day(client: Client) -> None:
    case = lives.new_case()
    Controller.objects.update(regulator_name="Information Commission")

    said = seen(case)

    assert "Information Commission (opens" in said
    assert "Commissioner" not in said


# --- What has passed ---


def test_our_own_target_passes_in_other_words_than_the_day_of_the_law() -> None:
    """Dated 30 October, received on 2 November: our target is 30 November, the law's
    day 2 December."""
    case = received("2026-11-02", dated_on=date(2026, 10, 30))
    remind(at("2026-12-01"))
    words = seen(case, now=at("2026-12-01"))
    assert "The day of our own target passed; it is no limit in law" in words
    assert "The day for our answer passed" not in words
    assert "We are late" not in words
    remind(at("2026-12-03"))
    assert "The day for our answer passed" in seen(case, now=at("2026-12-03"))
    passed = CaseLogEntry.objects.filter(case_id=case.pk, event=Event.OVERDUE)
    assert [entry.in_words for entry in passed.order_by("id")] == [
        "our own target passed; it is no limit in law",
        "the time ran out",
    ]


def test_the_page_tells_everybody_how_to_act_without_e_mail(client: Client) -> None:
    by_post = lives.new_case(address="", postal_address="1 High Street")

    for case in (by_post, lives.new_case()):
        said = text_of(client.get(status_path(case)))
        assert (
            "You gave us no e-mail address? Then phone us or send us a letter" in said
        )
        assert current_controller().phone_display in said


# --- Until when it works ---


def test_an_open_case_says_how_long_its_page_stays_after_the_end() -> None:
    assert "for 3 years after all that you asked with it is closed" in seen(
        lives.new_case()
    )


def test_a_closed_case_says_on_which_day_its_page_goes() -> None:
    case = received("2026-11-02")
    closing.withdraw(case.pk, now=at("2026-11-20", "23:30"))

    said = seen(case, now=at("2026-11-21"))

    assert "This link works until Tuesday 20 November 2029" in said
    assert "after all that you asked" not in said


def test_what_was_asked_at_the_same_time_keeps_the_page_until_it_is_closed() -> None:
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    first, second = receive(message, now=timezone.now()).cases
    closing.withdraw(first.pk, now=at("2026-11-20"))
    assert "after all that you asked with it is closed" in seen(first)

    closing.withdraw(second.pk, now=at("2026-12-01"))

    assert "This link works until Saturday 1 December 2029" in seen(first)


def test_the_link_opens_nothing_once_its_file_is_gone() -> None:
    case = received("2026-11-02")
    path = status_path(case)
    closing.withdraw(case.pk, now=at("2026-11-20"))
    with time_machine.travel(at("2029-11-20", "09:59"), tick=False):
        assert purged(CASE_FILES) == 0
        assert Client().get(path).status_code == 200
    with time_machine.travel(at("2029-11-20", "10:01"), tick=False):
        assert purged(CASE_FILES) == 1
        assert Client().get(path).status_code == 404
