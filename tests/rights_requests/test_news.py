"""What comes from people while we wait for them, or after the end: who is told of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from outbox.models import OutgoingEmail
from rights_requests import digest, handling, visiting
from rights_requests.handling import Question
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument
from rights_requests.moves import WAITING, State
from rights_requests.uploads import check_upload
from tests.console.staff import console_of, dana, person, text
from tests.people import DANA
from tests.rights_requests import lives
from tests.rights_requests.files import PDF, upload
from tests.rights_requests.test_case_page import shown

pytestmark = pytest.mark.django_db

NEW = "/console/rights_requests/case/?show=new&about=all"
HEADING = "New from people"
REFERENCE = re.compile(r'class="code" href="[^"]+">([RC]-\w{4}-\w{4})<')


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


@pytest.fixture(autouse=True)
def vault_of_this_test(settings: Any, tmp_path: Any) -> None:
    settings.VAULT_DIR = tmp_path


def asked_who_it_is() -> Case:
    case = lives.new_case()
    ask_who_it_is(case)
    return case


def ask_who_it_is(case: Case) -> None:
    question = Question(("A letter from us",), "The address is new to us.")
    handling.ask_identity(
        case.pk, question, doubt="New address.", staff_id=1, now=timezone.now()
    )


def hand_in(case: Case, purpose: str = "identity") -> CaseDocument:
    file = check_upload(upload("proof.pdf", PDF))
    now = timezone.now()
    [document] = visiting.add_documents(case.pk, [file], purpose, now=now)
    return document


def write(case: Case) -> Any:
    return visiting.write_message(case.pk, "Here it is.", now=timezone.now())


def listed(client: Client) -> list[str]:
    return REFERENCE.findall(text(client.get(NEW)))


def today(client: Client) -> str:
    """The words of the section alone; empty when there is none."""
    words = shown(client.get("/console/"))
    return words.partition(HEADING)[2].partition("Health")[0]


def digest_text(now: Any) -> str:
    digest.send_digests(now)
    mail = OutgoingEmail.objects.filter(kind=digest.KIND).last()
    return str(mail.context) if mail else ""


def a_weekday() -> Any:
    """Now, or the Monday after."""
    now = timezone.now()
    while timezone.localdate(now).weekday() > 4:
        now += timedelta(days=1)
    return now


def test_a_proof_that_came_in_is_shown_with_a_link_to_exactly_these_cases() -> None:
    case, other = asked_who_it_is(), asked_who_it_is()
    client = dana("view_case")
    assert today(client) == "" and listed(client) == []
    hand_in(case)
    section = today(client)
    assert f"{case.reference} Proof of identity waiting for proof" in section
    assert other.reference not in section
    assert "1 case where something came in" in section
    assert f'href="{NEW.replace("&", "&amp;")}"' in text(client.get("/console/"))
    assert listed(client) == [case.reference]
    assert "Access handed in waiting for proof" in shown(client.get(NEW))


@pytest.mark.parametrize("state", [*WAITING, State.FULFILLED, State.WITHDRAWN])
def test_a_message_on_a_case_that_waits_or_is_closed_is_shown_until_it_is_read(
    state: State,
) -> None:
    case = lives.bring_to(CaseKind.ACCESS, state)
    client = dana("view_case")
    message = write(case)
    assert f"{case.reference} Message" in today(client)
    assert listed(client) == [case.reference]
    assert case.reference in digest_text(a_weekday())
    handling.mark_read(message.pk, now=timezone.now())
    assert today(client) == "" and listed(client) == []


def test_what_is_with_us_stands_in_the_queue_and_not_here_too() -> None:
    case = lives.new_case()
    write(case)
    hand_in(case, "evidence")
    client = dana("view_case")
    assert today(client) == "" and listed(client) == []


def test_a_proof_is_new_until_somebody_takes_it_up_or_writes_again() -> None:
    taken_up, not_enough = asked_who_it_is(), asked_who_it_is()
    hand_in(taken_up)
    hand_in(not_enough)
    client = dana("view_case")
    assert len(listed(client)) == 2
    now = timezone.now()
    handling.receive_identity(
        taken_up.pk, at=timezone.localdate(now), staff_id=1, now=now
    )
    handling.remind_of_identity(not_enough.pk, staff_id=1, now=now)
    assert listed(client) == []
    hand_in(not_enough)
    assert listed(client) == [not_enough.reference]


def test_a_message_and_a_proof_are_one_line() -> None:
    case = asked_who_it_is()
    write(case)
    hand_in(case)
    words = today(dana("view_case"))
    assert f"{case.reference} Message, proof of identity" in words
    assert words.count(case.reference) == 1


def test_what_waits_apart_in_a_flood_is_left_out() -> None:
    case = lives.new_case(CaseKind.ACCESS, held_because="flood")
    ask_who_it_is(case)
    write(case)
    assert listed(dana("view_case")) == []


def test_the_digest_names_what_came_in_and_leads_to_the_list() -> None:
    person(DANA, "view_case")
    case = asked_who_it_is()
    now = a_weekday()
    hand_in(case)
    digest.send_digests(now)
    mail = OutgoingEmail.objects.get(kind=digest.KIND)
    assert mail.context["subject"] == "Requests: 1 new from people"
    [section] = mail.context["sections"]
    [line] = section["lines"]
    assert section["title"] == HEADING
    assert line["reference"] == case.reference
    assert line["what"] == "proof of identity"
    assert section["url"] == f"http://localhost:8000{NEW}"


def test_whoever_may_not_see_cases_is_told_nothing() -> None:
    case = asked_who_it_is()
    hand_in(case)
    client = console_of(person("eve@example.com", "view_subscriber"))
    assert case.reference not in text(client.get("/console/"))
