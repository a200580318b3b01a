"""A copy of somebody's data, opened from a folder as whoever gets it does: no server, no
network."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from rights_requests import handling, vault
from rights_requests.fulfilment import building
from rights_requests.kinds import CaseKind
from rights_requests.models import Case
from tests.browser.conftest import House
from tests.browser.test_case_update import sign_in
from tests.browser.walking import LOOKS, complaints_about, heading, press
from tests.case_updates import cast
from tests.people import ADA, DANA, OMAR, become_reader
from tests.rights_requests import lives

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


NEIGHBOUR = "Zebedee Quill"


@pytest.fixture
def case(house: House, client: Client, settings: Settings, tmp_path: Path) -> Case:
    settings.VAULT_DIR = tmp_path / "vault"
    become_reader(
        client, house.smtp, ADA, first_name="Ada", employer="E" * 90, job_title="Chief"
    )
    return lives.new_case(CaseKind.ACCESS, address=ADA)


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Path:
    """What Ada unpacked."""
    building.ask(case.pk, staff_id=1, now=timezone.now())
    package = building.build_next(timezone.now())
    assert package is not None
    package.refresh_from_db()
    assert package.document is not None
    archive = tmp_path / "copy.zip"
    archive.write_bytes(b"".join(vault.read(package.document.vault_name)))
    zipfile.ZipFile(archive).extractall(tmp_path / "copy")
    return tmp_path / "copy"


def opened(house: House, folder: Path, name: str, **options: object) -> Page:
    return house.visit((folder / name).as_uri(), **options)


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible_fits_and_asks_no_network_for_anything(
    house: House, folder: Path, look: str
) -> None:
    page = opened(house, folder, "index.html", **LOOKS[look])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    found = complaints_about(page)
    for path in sorted(folder.glob("data/*.html")):
        page.goto(path.as_uri())
        for summary in page.locator("summary").all():
            summary.click()
        found += complaints_about(page)

    assert found == []
    assert [url for url in asked if not url.startswith("file:")] == []
    # The checker looks for the style sheet in a way that no page from a folder allows.
    by_the_checker = ("XMLHttpRequest", "ERR_FAILED", "load preload assets")
    house.complaints[:] = [
        c for c in house.complaints if not any(words in c for words in by_the_checker)
    ]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_somebody_reads_what_is_held_of_them(
    house: House, folder: Path, scripts: bool
) -> None:
    page = opened(house, folder, "index.html", java_script_enabled=scripts)
    expect(page.get_by_text("(ea) Complaining to us")).to_be_visible()
    page.get_by_role("link", name="Your sign-up for our e-mails").click()

    assert heading(page) == "Your sign-up for our e-mails"
    expect(page.get_by_text(ADA, exact=True)).to_be_visible()
    page.get_by_text("What each of these is").click()
    expect(page.get_by_text("your consent", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^First name"))).to_contain_text(
        "Identity"
    )


def test_a_long_page_is_narrowed_to_what_is_looked_for(
    house: House, folder: Path
) -> None:
    page = opened(house, folder, "data/mail-to-you.html")
    rows = page.locator(".rows > li")
    assert rows.count() > 1

    page.get_by_label("Show only entries with these words").fill("welcome")

    expect(page.get_by_role("status")).to_have_text(re.compile(r"^1 of \d+ entries"))
    expect(page.locator(".rows > li:visible")).to_have_count(1)


def test_what_is_folded_on_the_screen_stands_whole_on_paper(
    house: House, folder: Path
) -> None:
    page = opened(house, folder, "data/mail-to-you.html")
    folded = page.locator("details .text, details .same, details table")
    assert folded.count() > 2
    for one in folded.all():
        expect(one).to_be_hidden()

    page.emulate_media(media="print")

    for one in folded.all():
        expect(one).to_be_visible()
    expect(page.locator(".rows summary").first).to_be_hidden()  # it says the same twice


@pytest.mark.parametrize("look", LOOKS)
def test_staff_see_how_far_it_is_and_have_it_made_without_scripts(
    house: House, case: Case, look: str
) -> None:
    cast.staff(DANA, "view_case", "work_case")
    page = sign_in(house, DANA, java_script_enabled=False, **LOOKS[look])
    page.goto(f"{house.url}/console/rights_requests/case/{case.pk}/documents/")
    page.get_by_role("button", name="Put it together").click()
    expect(page.get_by_text("places looked through")).to_be_visible()

    building.build_next(timezone.now())
    page.get_by_role("link", name="See how far it is").click()

    expect(
        page.get_by_text(f"Copy of your data {case.reference}.zip").first
    ).to_be_visible()
    expect(page.get_by_role("button", name="Put it together again")).to_be_visible()


WAYS = {**LOOKS, "no-scripts": {**LOOKS["narrow"], "java_script_enabled": False}}


@pytest.mark.parametrize("way", WAYS)
def test_staff_leave_a_name_out_and_another_one_lets_the_copy_go(
    house: House, case: Case, way: str
) -> None:
    works = cast.staff(DANA, "view_case", "work_case")
    cast.staff(OMAR, "view_case", "release_case", name="Omar")
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter" * 2
    words = f"She came with {NEIGHBOUR}, {long}, of zebedee.quill@example.com."
    handling.add_note(case.pk, words, staff_id=works.pk, now=timezone.now())
    made(case, works.pk)
    found: list[str] = []

    def look() -> None:
        if way != "no-scripts":  # the checker is a script
            found.extend(complaints_about(page))

    page = sign_in(house, DANA, **WAYS[way])
    page.goto(f"{house.url}/console/rights_requests/case/{case.pk}/documents/")
    look()

    # She reads it, takes what is offered, and a name from the note.
    follow(page, "Read what is in it")
    look()
    follow(page, "Our notes on your requests")
    look()
    press(page, "Leave out zebedee.quill@example.com")
    expect(page.locator("del")).to_contain_text("zebedee.quill@example.com")
    follow(page, re.compile("^Leave something out"))
    look()
    page.get_by_label("The field").select_option("words")
    page.get_by_label("The words").fill("Zebedee Nobody")
    press(page, "Leave it out")
    expect(page.get_by_role("alert")).to_contain_text("do not stand there")
    look()
    page.get_by_label("The words").fill(NEIGHBOUR)
    press(page, "Leave it out")
    expect(page.locator("del").first).to_contain_text(NEIGHBOUR)
    look()
    follow(page, "What is in the copy")
    page.get_by_label("The words").fill("Nobody Here")
    page.get_by_label("It is about somebody else").check()
    press(page, "Leave them out")
    expect(page.get_by_text("Takes effect when the copy")).to_have_count(3)
    look()
    made(case, works.pk)
    page.reload()
    expect(page.get_by_text("found in no text of this copy")).to_have_count(1)
    follow_within(page, "See which")
    look()

    # Another one reads what is left, sends nothing back, and lets it go.
    page = sign_in(house, OMAR, **WAYS[way])
    page.goto(f"{house.url}/console/rights_requests/case/{case.pk}/documents/")
    expect(page.get_by_text("2 things were left out because")).to_be_visible()
    page.get_by_text("Send the copy back…").click()
    look()
    press(page, "Release the copy")
    expect(page.get_by_text("by Omar")).to_be_visible()
    look()

    assert found == []
    house.complaints[:] = [c for c in house.complaints if "status of 4" not in c]


def made(case: Case, staff_id: int) -> None:
    building.ask(case.pk, staff_id=staff_id, now=timezone.now())
    building.build_next(timezone.now())


def follow_within(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()
    expect(page.locator("#left-out")).to_be_in_viewport()


def follow(page: Page, name: Any) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=name).first.click()
