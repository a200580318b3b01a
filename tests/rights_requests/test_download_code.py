"""A copy of somebody's data leaves for a code that was mailed as they pressed Download,
and for nothing else: no old letter, no open screen, no code of another case."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from outbox.delivery import deliver_due
from rights_requests import identity, visiting
from rights_requests.kinds import CaseKind
from rights_requests.links import Use
from rights_requests.models import CaseDocument, CaseLink, Event
from tests.people import ADA, CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.own_pages import (
    ask_code,
    challenge_of,
    code_in,
    enter_code,
    events,
    open_visit,
    text_of,
    wrong,
)
from tests.rights_requests.test_visit import answer_it, body_of, file_of

pytestmark = pytest.mark.django_db(transaction=True)
FILE = b"%PDF-1.7 what you asked for"


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


def press(client: Client, visit: str, document: CaseDocument, **typed: str) -> Any:
    return client.post(f"{visit}documents/{document.pk}/", typed)


def mailed(smtp: Relay, address: str = CLEO) -> str:
    deliver_due()
    return code_in(smtp, address)


def test_whoever_comes_by_an_old_letter_enters_a_code_before_the_copy_leaves(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    visit = open_visit(client, case)
    assert "we mail you a code" in text_of(client.get(visit))

    page = press(client, visit, document)
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    assert "Enter the code for your download" in text_of(page)
    assert CLEO not in text_of(page)
    assert Event.DOCUMENT_TAKEN not in events(case)
    code = mailed(smtp)
    answer = press(client, visit, document, challenge=challenge_of(page), code=code)

    assert body_of(answer) == FILE
    assert events(case).count(Event.CODE_ACCEPTED) == 1
    assert events(case).count(Event.DOCUMENT_TAKEN) == 1


def test_the_mail_holds_the_code_and_no_other_way_in(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    press(client, open_visit(client, case), document)
    deliver_due()

    mail = inbox(smtp, CLEO)[-1]

    assert mail.subject == "Your code for the download"
    assert len(re.findall(r"(?<!\d)\d{6}(?!\d)", mail.text)) == 1
    assert "/your-data/confirm/" not in mail.text
    assert "/your-data/visit/" not in mail.text
    assert case.reference in mail.text


def test_a_code_counts_for_a_quarter_of_an_hour_on_its_own_visit(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    visit, other = open_visit(client, case), open_visit(client, case)
    page = press(client, visit, document)
    code = mailed(smtp)
    assert press(
        client, visit, document, challenge=challenge_of(page), code=code
    ).streaming

    assert press(client, visit, document).streaming  # a download broke off, say
    assert "Enter the code" in text_of(press(client, other, document))
    client.post(visit, {"act": "stay"})
    with time_machine.travel(timezone.now() + visiting.CODE_COUNTS, tick=False):
        assert "Enter the code" in text_of(press(client, visit, document))


def test_whoever_came_in_by_a_code_is_not_asked_for_another_at_once(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    challenge = ask_code(client, case)
    visit = enter_code(client, case, challenge, mailed(smtp))["Location"]

    assert body_of(press(client, visit, document)) == FILE
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert "Enter the code" in text_of(press(client, visit, document))


@pytest.mark.parametrize("typed", ["", "12345", "abcdef"])
def test_what_is_no_code_hands_out_nothing(
    client: Client, smtp: Relay, typed: str
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    visit = open_visit(client, case)
    challenge = challenge_of(press(client, visit, document))

    page = press(client, visit, document, challenge=challenge, code=typed)

    assert page.status_code == 400 and not page.streaming
    assert Event.DOCUMENT_TAKEN not in events(case)
    code = mailed(smtp)  # it cost no try
    assert press(client, visit, document, challenge=challenge, code=code).streaming


def test_after_five_guesses_the_right_one_opens_nothing(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    visit = open_visit(client, case)
    challenge = challenge_of(press(client, visit, document))
    code = mailed(smtp)
    for _ in range(identity.TRIES):
        press(client, visit, document, challenge=challenge, code=wrong(code))

    page = press(client, visit, document, challenge=challenge, code=code)

    assert page.status_code == 410
    assert "has been tried 5 times" in text_of(page)
    assert Event.DOCUMENT_TAKEN not in events(case)


def test_a_code_that_opened_something_once_opens_no_second_visit(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    challenge = ask_code(client, case)
    code = mailed(smtp)
    enter_code(client, case, challenge, code)
    visit = open_visit(client, case)  # by the first letter: no code was entered here

    page = press(client, visit, document, challenge=challenge, code=code)

    assert page.status_code == 410
    assert "has done its work" in text_of(page)
    assert Event.DOCUMENT_TAKEN not in events(case)


def test_the_code_of_another_case_opens_nothing(client: Client, smtp: Relay) -> None:
    case, theirs = lives.new_case(), lives.new_case(address=ADA)
    document, other = answer_it(case), answer_it(theirs)
    page = press(client, open_visit(client, theirs), other)
    code = mailed(smtp, ADA)

    visit = open_visit(client, case)
    refused = press(client, visit, document, challenge=challenge_of(page), code=code)

    assert refused.status_code == 410
    assert Event.DOCUMENT_TAKEN not in events(case)


def test_a_visit_that_new_links_have_shut_takes_no_code_any_more(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    document = answer_it(case)
    visit = open_visit(client, case)
    challenge = challenge_of(press(client, visit, document))
    code = mailed(smtp)
    visiting.replace_links(case.pk, now=timezone.now())

    page = press(client, visit, document, challenge=challenge, code=code)

    assert page.status_code == 404
    assert Event.DOCUMENT_TAKEN not in events(case)


def test_codes_run_out_and_the_page_says_when_there_are_more(client: Client) -> None:
    case = lives.new_case()
    document = answer_it(case)
    visit = open_visit(client, case)
    pages = [press(client, visit, document) for _ in range(6)]
    assert [page.status_code for page in pages] == [200] * 5 + [429]
    assert int(pages[-1]["Retry-After"]) > 0
    assert "Your copy stays where it is" in text_of(pages[-1])


def test_what_the_person_sent_and_a_letter_about_a_correction_take_no_code(
    client: Client,
) -> None:
    case = lives.new_case(CaseKind.RECTIFICATION)
    visit = open_visit(client, case)
    theirs = file_of(case, CaseDocument.Purpose.EVIDENCE, staff_id=None)
    assert press(client, visit, theirs).streaming


def test_the_time_of_a_code_stands_on_visits_alone() -> None:
    case = lives.new_case()
    links = CaseLink.objects.filter(case=case, use=Use.STATUS)
    with pytest.raises(IntegrityError), transaction.atomic():
        links.update(code_at=timezone.now())
