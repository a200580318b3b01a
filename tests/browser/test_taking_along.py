"""A file that goes along to another organisation, and one that comes from there, in a real
browser: without scripts, at 320 pixels, light and dark."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from groundwork import connector_keys
from outbox.delivery import deliver_due
from rights_requests import acknowledging, links, tasks
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Transmission
from subscribers.models import Subscriber
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.browser.test_case_update import sign_in
from tests.browser.walking import follow
from tests.browser.walking import press_and_go as press
from tests.case_updates import cast
from tests.people import ADA, DANA, become_reader, inbox
from tests.rights_requests import lives, receiver
from tests.rights_requests.copying import released
from tests.rights_requests.own_pages import confirm_path
from tests.rights_requests.receiver import Receiver
from tests.rights_requests.test_taking_over import kept

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
PLAIN: dict[str, Any] = {**NARROW, "java_script_enabled": False}
SHOTS = os.environ.get("SHOTS", "")
LONG = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
)


@pytest.fixture(autouse=True)
def vault(settings: Settings, tmp_path: Any) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def club() -> Iterator[Receiver]:
    with receiver.running(connector_keys.public_key_pem()) as listening:
        yield listening


def look(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    assert violations(page) == []
    assert not is_wider_than_its_window(page)


@pytest.mark.parametrize("how", ["light", "dark"])
def test_a_person_has_their_file_sent_and_staff_say_who_receives_it(
    house: House, club: Receiver, how: Any
) -> None:
    become_reader(Client(), house.smtp, ADA, first_name="Ada")
    cast.staff(DANA, "view_case", "work_case")

    # She types the address; the mailbox confirms with the address in sight.
    page = house.visit("/your-data/ask/", **PLAIN)
    page.get_by_label("Give me my data in a file for another service").check()
    page.get_by_label("Send it straight to another organisation?").fill(club.address)
    page.get_by_label("Your e-mail address").fill(ADA)
    press(page, "Check my request")
    expect(page.get_by_text(club.address)).to_be_visible()
    press(page, "Send my request")
    acknowledging.acknowledge_new(timezone.now())
    case = Case.objects.get()
    scripted = house.visit(confirm_path(case), **NARROW, color_scheme=how)
    expect(scripted.get_by_text("The file is to go to 127.0.0.1.")).to_be_visible()
    look(scripted, f"confirm-{how}")
    press(scripted, "This is my mailbox")
    look(scripted, f"visit-asked-{how}")

    # Staff say who that is, and answer once another one has released the copy.
    desk = sign_in(house, DANA, **PLAIN)
    desk.goto(f"{house.url}/console/rights_requests/case/{case.pk}/documents/")
    follow(desk, "Say who receives it…")
    desk.get_by_label("Which organisation receives it?").fill(LONG)
    press(desk, "Say who receives it")
    expect(desk.get_by_text("it leaves with the answer")).to_be_visible()
    released(Case.objects.get())
    desk.goto(f"{house.url}/console/rights_requests/case/{case.pk}/answer/")
    press(desk, "Look at the whole letter")
    expect(desk.locator(".paper-sheet")).to_contain_text(f"straight to {LONG}")
    press(desk, "Answer it")
    club.does = [404]
    tasks.send_files()

    seen = sign_in(house, DANA, **NARROW, color_scheme=how)
    seen.goto(f"{house.url}/console/rights_requests/case/{case.pk}/documents/")
    expect(seen.get_by_text("the server refused the file")).to_be_visible()
    look(seen, f"desk-failed-{how}")
    desk.goto(seen.url)
    follow(desk, "Send it again")
    press(desk, "Send it again")
    tasks.send_files()
    scripted.reload()
    expect(scripted.get_by_text("has taken your file")).to_be_visible()
    look(scripted, f"visit-taken-{how}")
    assert Transmission.objects.get().state == "accepted"

    deliver_due()
    for mail in inbox(house.smtp, ADA):
        letter = house.visit("about:blank", **NARROW, color_scheme=how)
        letter.set_content(mail.html)
        assert not is_wider_than_its_window(letter), mail.subject


@pytest.mark.parametrize("how", ["light", "dark"])
def test_a_file_from_elsewhere_is_taken_over_line_by_line(
    house: House, how: Any
) -> None:
    become_reader(Client(), house.smtp, ADA, first_name="Ida")
    cast.staff(DANA, "view_case", "work_case")
    case = lives.new_case(CaseKind.RECTIFICATION, address=ADA)
    lives.confirm_mailbox(case)
    visit = links.open_visit(Case.objects.get(), now=timezone.now())
    record = {"address": ADA, "first_name": "Ada", "employer": LONG, "phase": "x"}
    places = [{"holding": "sign-up", "title": "Your sign-up", "records": [record]}]
    file = {
        "format": "casedesk-portable/1",
        "made_at": "2026-11-01T09:00:00Z",
        "controller": "Other Example Ltd",
        "addresses": [ADA],
        "places": places,
        "left_out": [],
    }

    page = house.visit(f"/your-data/visit/{visit}/", **PLAIN)
    expect(page.get_by_text("(data.json)")).to_be_visible()
    raw = json.dumps(file).encode()
    page.get_by_label("Files").set_input_files(
        {"name": "data.json", "mimeType": "application/json", "buffer": raw}
    )
    press(page, "Send the document")
    expect(page.get_by_text("We have what you sent.")).to_be_visible()

    path = f"{house.url}/console/rights_requests/case/{case.pk}/corrections/"
    seen = sign_in(house, DANA, **NARROW, color_scheme=how)
    seen.goto(path)
    look(seen, f"corrections-{how}")
    follow(seen, "Take over from “data.json”…")
    look(seen, f"take-over-{how}")
    desk = sign_in(house, DANA, **PLAIN)
    desk.goto(seen.url)
    press(desk, "Take over what is ticked")
    expect(desk.get_by_role("alert")).to_contain_text("Tick what is taken over")
    desk.get_by_label("First name: Ada").check()
    press(desk, "Take over what is ticked")
    expect(desk.get_by_text("Taken over, and on record: 1.")).to_be_visible()
    reader = Subscriber.objects.get()
    assert (reader.first_name, reader.employer) == ("Ada", "")

    wrong = CaseDocument.objects.get()
    wrong.size = 3 * 1024 * 1024
    wrong.save(update_fields=["size"])
    seen.goto(f"{house.url}/console/rights_requests/casedocument/{wrong.pk}/take-over/")
    expect(seen.get_by_role("alert")).to_contain_text("more than 2 MB")
    look(seen, f"take-over-wrong-{how}")
    faulty = kept(case, json.dumps(with_faults(file)).encode())
    seen.goto(
        f"{house.url}/console/rights_requests/casedocument/{faulty.pk}/take-over/"
    )
    expect(seen.get_by_role("alert")).to_contain_text("First name, in entry 1 of")
    look(seen, f"take-over-faulty-{how}")
    house.complaints[:] = [
        c for c in house.complaints if "the server responded" not in c
    ]


def with_faults(file: dict[str, Any]) -> dict[str, Any]:
    """With titles and names that no screen of 320 pixels has room for."""
    places = [
        {"holding": "sign-up", "title": "Your sign-up", "records": [{"first_name": 5}]},
        {"holding": "orders", "title": LONG, "records": [{LONG: "\0"}]},
    ]
    return {**file, "places": places}
