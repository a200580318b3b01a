"""A reader's story in a real browser, with scripts on and off."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from case_updates import sending
from consent.ledger import standing_purposes
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.case_updates.cast import released
from tests.people import ADA, become_reader, inbox, subscriber_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def standing(address: str) -> set[str]:
    return set(standing_purposes(subscriber_of(address).data_subject_id))


def path_in(house: House, part: str) -> str:
    return inbox(house.smtp, ADA)[-1].path(part)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_reader_signs_up_confirms_reads_changes_and_leaves(
    house: House, scripts: bool
) -> None:
    page = house.visit(java_script_enabled=scripts)

    page.get_by_label("E-mail address").fill(ADA)
    page.get_by_label("Case updates").check()
    page.get_by_label("News of our products").check()
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.url.endswith("/check-your-mail/")

    page.goto(house.url + path_in(house, "/confirm/"))
    assert standing(ADA) == set()
    page.get_by_role("button", name="Confirm my e-mail").click()
    assert page.url.endswith("/confirmed/")
    assert standing(ADA) == {"case-updates", "own-news"}

    assert inbox(house.smtp, ADA)[-1].subject == "You are signed up: your receipt"
    released("A hearing has a date")
    sending.send_due()
    update = inbox(house.smtp, ADA)[-1]
    assert update.subject == "A hearing has a date"

    page.goto(house.url + update.path("/preferences/"))
    page.get_by_label("News of our products").uncheck()
    page.get_by_role("button", name="Save my preferences").click()
    expect(page.get_by_role("status")).to_contain_text("News of our products")
    assert standing(ADA) == {"case-updates"}

    page.goto(house.url + update.path("/u/"))
    page.get_by_role("button", name="Stop these e-mails").click()
    assert standing(ADA) == set()
    page.get_by_role("button", name="Undo").click()
    assert standing(ADA) == {"case-updates"}


def test_a_wrong_address_is_explained_and_what_was_typed_stays(house: House) -> None:
    page = house.visit()

    page.get_by_label("E-mail address").fill("ada at example")
    page.get_by_label("Case updates").check()
    page.get_by_role("button", name="Sign up").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    assert page.title().startswith("Error: ")
    expect(page.get_by_label("E-mail address")).to_have_value("ada at example")
    expect(page.get_by_label("Case updates")).to_be_checked()
    assert violations(page) == []
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("E-mail address")).to_be_focused()
    # Chromium notes the answer's status; nothing else may have been reported.
    house.complaints[:] = [c for c in house.complaints if "(Bad Request)" not in c]


def test_the_form_is_filled_by_keyboard_in_reading_order(house: House) -> None:
    page = house.visit()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.name || document.activeElement.textContent.trim()"
            )
        )
        if reached[-1] == "Sign up":
            break

    # The question about cookies stands first: yes, no, more.
    assert reached[:4] == [
        "choice",
        "choice",
        "Choose for yourself",
        "Skip to the page",
    ]
    assert "website" not in reached, "the robots' trap must not be reached"
    order = [reached.index("email"), reached.index("purposes"), len(reached) - 1]
    assert order == sorted(order)
    assert reached[-1] == "Sign up"


def pages_of(house: House) -> list[str]:
    """Every public page, and the pages behind the links of the mails."""
    from django.test import Client

    welcome = become_reader(Client(), house.smtp, ADA)
    released("A hearing has a date")
    sending.send_due()
    update = inbox(house.smtp, ADA)[-1]
    return [
        "/",
        "/check-your-mail/",
        "/confirmed/",
        "/preferences/",
        "/preferences/asked/",
        "/updates/",
        update.path("/updates/"),
        "/privacy/",
        "/privacy/versions/",
        "/your-data/",
        "/cookies/",
        "/accessibility/",
        "/nowhere/",
        welcome.path("/u/"),
        welcome.path("/preferences/"),
    ]


LOOKS: dict[str, Any] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_public_page_is_accessible_and_fits(house: House, look: str) -> None:
    found: list[str] = []
    page: Page = house.visit(**LOOKS[look])
    for path in pages_of(house):
        answer = page.goto(house.url + path)
        assert answer is not None
        assert answer.status == (404 if path == "/nowhere/" else 200)
        found += violations(page)
        if is_wider_than_its_window(page):
            found.append(f"{path} scrolls sideways")
    assert found == []
    # The page that is missing on purpose is the only thing the browser may report.
    house.complaints[:] = [c for c in house.complaints if "404" not in c]
    assert page.context.cookies() == []
