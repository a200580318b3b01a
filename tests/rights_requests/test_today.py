"""The first page of the console, for whoever may see cases."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from outbox.models import OutgoingEmail, State
from rights_requests import handling
from rights_requests.deciding import Proposal, propose
from rights_requests.fulfilment import systems
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, Letter, Task
from rights_requests.moves import Move
from rights_requests.moves import State as CaseState
from staff.models import StaffUser
from tests.console.staff import console_of, dana, person, text
from tests.people import CLEO
from tests.rights_requests import lives
from tests.rights_requests.test_case_page import shown
from tests.rights_requests.test_desk import days_ago, received

pytestmark = pytest.mark.django_db

REASONS = "We need it for the claim that you told us about in October of last year."


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


def today(client: Client) -> Any:
    return client.get("/console/")


def refusal_proposed(case: Case, by: int) -> None:
    proposal = Proposal(move=Move.REFUSE, ground="legal-claims", reasons=REASONS)
    propose(case.pk, proposal, staff_id=by, now=timezone.now())


def test_the_four_numbers_are_those_of_cases_and_lead_to_them() -> None:
    received(days_ago(40))
    received(days_ago(40), CaseKind.COMPLAINT)
    received(days_ago(28))
    received(days_ago(1))
    lives.bring_to(CaseKind.ACCESS, CaseState.AWAITING_FEE)
    client = dana("view_case", "view_subscriber", "view_outgoingemail")
    html = text(today(client))
    numbers = re.findall(r"<b>([\d,+]+)</b><span>([^<]+)</span>", html)
    assert numbers == [
        ("1", "overdue"),
        ("1", "due this week"),
        ("4", "waiting for us"),
        ("1", "waiting for them"),
    ]
    listed = client.get("/console/rights_requests/case/?show=us&about=all")
    assert "4 cases" in text(listed)


def test_the_queue_comes_first_with_the_most_urgent_ten() -> None:
    late = received(days_ago(40))
    for number in range(11):  # one person's sixth of a day would wait apart
        received(days_ago(1), address=f"asks-{number}@example.com")
    html = text(today(dana("view_case", "view_inboundemail")))
    found = re.findall(r'class="code" href="[^"]+">([RC]-\w{4}-\w{4})<', html)
    assert len(found) == 10 and found[0] == late.reference
    assert html.index("The queue") < html.index("Messages from people")
    assert CLEO not in html


def test_an_empty_queue_teaches_where_requests_come_from() -> None:
    assert "appears here at once" in text(today(dana("view_case")))


def test_a_proposal_waits_for_whoever_may_release_it_and_did_not_make_it() -> None:
    proposer = person("dana@example.com", "view_case", "work_case", "release_case")
    case = received(days_ago(1))
    refusal_proposed(case, proposer.pk)
    other = console_of(person("omar@example.com", "view_case", "release_case"))
    heading = "Proposals for you to release"
    words = shown(today(other))
    assert heading in words and f"{case.reference} A refusal" in words
    assert heading not in shown(today(console_of(proposer)))
    outside = console_of(person("eve@example.com", "view_case", "work_case"))
    assert heading not in shown(today(outside))


def test_a_task_stands_there_for_whoever_has_to_do_it_from_the_moment_it_is_set() -> (
    None
):
    owner = person("olga@example.com", "view_case", "work_case")
    system = systems.enter(systems.Described("Recordings", "Calls.", owner.pk))
    case = received(days_ago(1))
    systems.ask_owners(timezone.now())
    client = console_of(owner)

    words = shown(today(client))

    assert "Tasks for you" in words
    assert f"{case.reference} Search “{system.name}” due on" in words
    assert f"/case/{case.pk}/tasks/" in text(today(client))
    assert "Tasks for you" not in shown(today(dana("view_case")))
    found = systems.Found(hits=0, why="She was never called.", terms="Cleo")
    task = Task.objects.get(case=case)
    systems.answer(task.pk, found, staff_id=owner.pk, now=timezone.now())
    assert "Tasks for you" not in shown(today(client))


def test_a_draft_waits_to_be_confirmed() -> None:
    case = received(days_ago(1), is_draft=True)
    words = shown(today(dana("view_case")))
    assert (
        f"Messages to confirm as requests Case Taken for State Since {case.reference}"
        in words
    )


def test_a_lost_letter_stands_there_until_another_of_its_kind_was_written() -> None:
    case = received(days_ago(1))
    now = timezone.now()
    handling.write_to_person(case.pk, {"message": "Hello."}, staff_id=1, now=now)
    client = dana("view_case")
    assert "Letters that need a look" not in shown(today(client))
    lost = Letter.objects.get(case=case, kind=LetterKind.MESSAGE)
    OutgoingEmail.objects.filter(pk__in=[lost.mail_id]).update(state=State.FAILED)
    words = shown(today(client))
    assert f"{case.reference} Message failed: it did not reach the person" in words
    handling.write_to_person(case.pk, {"message": "Again."}, staff_id=1, now=now)
    assert "Letters that need a look" not in shown(today(client))


def test_a_letter_to_print_stands_there_until_it_was_posted() -> None:
    case = received(days_ago(1), reply_by="post", postal_address="1 Mill Lane")
    now = timezone.now()
    handling.write_to_person(case.pk, {"message": "Hello."}, staff_id=1, now=now)
    assert f"{case.reference} Message to be printed and posted" in shown(
        today(dana("view_case"))
    )


def test_cases_are_not_shown_to_whoever_may_not_see_them() -> None:
    case = received(days_ago(40))
    words = shown(today(dana("view_subscriber")))
    assert case.reference not in words and "overdue" not in words


def test_the_first_page_needs_few_queries_with_cases_too(
    django_assert_max_num_queries: Any,
) -> None:
    user = StaffUser.objects.create_superuser("omar@example.com", "x", full_name="O")
    client = console_of(user)
    for days in range(3):
        refusal_proposed(received(days_ago(days)), 1)
        received(days_ago(days), is_draft=True)
        case = received(days_ago(days), reply_by="post", postal_address="1 Mill Lane")
        handling.write_to_person(
            case.pk, {"message": "Hello."}, staff_id=1, now=timezone.now()
        )
    today(client)
    with django_assert_max_num_queries(37):
        today(client)
