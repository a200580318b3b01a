"""A deletion in a real browser: read, proposed, approved by its code, followed to its end;
and what is left, dealt with by two people. The console runs no scripts."""

import os
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from outbox.delivery import deliver_due
from rights_requests.fulfilment import erasing
from rights_requests.kinds import CaseKind
from rights_requests.models import Case
from rights_requests.moves import State
from tests.browser.conftest import House
from tests.browser.test_case_update import sign_in
from tests.browser.walking import LOOKS, complaints_about, press
from tests.case_updates import cast
from tests.people import ADA, BEN, DANA, OMAR, become_reader, inbox, subscriber_of
from tests.rights_requests import lives

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case(house: House, client: Client, settings: Settings, tmp_path: Path) -> Case:
    settings.VAULT_DIR = tmp_path / "vault"
    become_reader(
        client, house.smtp, ADA, first_name="Ada", last_name="Lovelace-Example"
    )
    become_reader(client, house.smtp, BEN, first_name="Benjamin")
    found = lives.new_case(CaseKind.ERASURE, address=ADA)
    lives.confirm_mailbox(found)
    deliver_due()
    return found


GRACE = "grace@example.com"


def work() -> None:
    deliver_due()
    erasing.work_on_next(timezone.now())


def open_tab(page: Page, house: House, case: Case, tab: str) -> None:
    page.goto(f"{house.url}/console/rights_requests/case/{case.pk}/{tab}/")


def keep(page: Page, name: str) -> None:
    if folder := os.environ.get("CASEDESK_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("look", LOOKS)
def test_one_proposes_another_approves_and_what_is_left_is_seen(
    house: House, case: Case, look: str
) -> None:
    ben = subscriber_of(BEN)
    ben.employer = "Ada Lovelace-Example and Sons"
    ben.save()
    cast.staff(DANA, "view_case", "work_case")
    cast.staff(OMAR, "view_case", "work_case", "release_case")
    print("A", flush=True)
    dana = sign_in(house, DANA, **LOOKS[look])

    open_tab(dana, house, case, "deletion")
    expect(dana.get_by_role("heading", name="What would be deleted")).to_be_visible()
    found = complaints_about(dana)
    keep(dana, f"deletion-preview-{look}")
    dana.get_by_role("link", name="Your sign-up for our e-mails").click()
    expect(dana.get_by_text("Lovelace-Example")).to_be_visible()
    found += complaints_about(dana)
    open_tab(dana, house, case, "change")
    dana.get_by_role("link", name="Propose the answer…").first.click()
    press(dana, "Look at the whole letter")
    expect(dana.get_by_text("Your sign-up for our e-mails (1)")).to_be_visible()
    keep(dana, f"deletion-letter-{look}")
    press(dana, "Propose it")

    omar = sign_in(house, OMAR, **LOOKS[look])
    open_tab(omar, house, case, "decisions")
    found += complaints_about(omar)
    keep(omar, f"deletion-approve-{look}")
    said = omar.get_by_text("The code of this list is").inner_text()
    code = re.search(r"\d{3} \d{3}", said)
    assert code is not None
    omar.get_by_label("Type the code of the list").fill(code[0])
    press(omar, "Approve the deletion")
    expect(omar.get_by_text("the case closes by itself").first).to_be_visible()

    work()
    open_tab(omar, house, case, "deletion")
    expect(omar.get_by_role("heading", name="Something is left")).to_be_visible()
    found += complaints_about(omar)
    keep(omar, f"deletion-left-{look}")
    omar.get_by_text("It is somebody else’s, or has to stay").click()
    omar.get_by_label("Whose is it?").select_option("somebody-else")
    omar.get_by_label("How you know").fill("A firm of that name.")
    press(omar, "Propose that it stays")
    open_tab(dana, house, case, "deletion")
    expect(dana.get_by_text("Proposed to stay by Omar")).to_be_visible()
    expect(dana.get_by_role("button", name="Agree that it stays")).to_have_count(0)
    cast.staff(GRACE, "view_case", "work_case", "release_case")
    grace = sign_in(house, GRACE, **LOOKS[look])
    open_tab(grace, house, case, "deletion")
    press(grace, "Agree that it stays")
    press(grace, "Look once more")
    work()

    open_tab(dana, house, case, "deletion")
    expect(dana.get_by_text("nothing was found but what is kept")).to_be_visible()
    done = dana.get_by_role("heading", name="Erased, and nothing is left")
    expect(done).to_be_visible()
    found += complaints_about(dana)
    keep(dana, f"deletion-done-{look}")
    assert found == []
    assert Case.objects.get(pk=case.pk).state == State.FULFILLED
    deliver_due()
    assert "What we deleted" in inbox(house.smtp, ADA)[-1].text
