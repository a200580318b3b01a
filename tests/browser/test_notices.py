"""The notices in a real browser: readable by everybody, at any width, with any colours."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from processing_register.notices import notice_in_force
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.console.staff import PASSWORD, person
from tests.processing_register.notices import published

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/privacy/",
    "/privacy/versions/",
    "/privacy/versions/1/",
    "/privacy/compare/?from=1&to=2",
    "/privacy/interests/",
    "/privacy/interests/training-and-monitoring/",
    "/retention/",
    "/retention/versions/",
    "/accessibility/",
    "/cookies/versions/1/",
    "/sign-up/versions/1/",
]
LOOKS: dict[str, Any] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_a_notice_is_accessible_and_fits(house: House, look: str) -> None:
    published()  # so that the bar stands on every page
    found: list[str] = []
    page: Page = house.visit(**LOOKS[look])
    for path in PAGES:
        page.goto(house.url + path)
        expect(page.get_by_text("Our privacy notice changed on")).to_be_visible()
        found += violations(page)
        if is_wider_than_its_window(page):
            found.append(f"{path} scrolls sideways")
    assert found == []


def test_a_reader_finds_by_keyboard_what_changed(house: House) -> None:
    published()
    page = house.visit("/")
    page.get_by_role("link", name="See what changed").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("version 3")
    expect(page.locator("ins").last).to_contain_text("A sentence that is new.")
    page.get_by_label("From").select_option("1")
    page.get_by_role("button", name="Compare these two").click()
    assert page.url.endswith("?from=1&to=3")


def test_a_link_to_a_section_leads_to_it(house: House) -> None:
    page = house.visit("/privacy/#you-can-say-no-to-marketing")
    heading = page.get_by_role("heading", name="You can say no to marketing")
    expect(heading).to_be_in_viewport()


def test_a_narrow_table_says_its_columns_in_each_row(house: House) -> None:
    page = house.visit("/retention/", viewport={"width": 320, "height": 640})
    expect(page.get_by_role("cell", name="14 days after").first).to_be_visible()
    label = page.locator("td").first.evaluate(
        "cell => getComputedStyle(cell, '::before').content"
    )
    assert "What" in label
    expect(page.get_by_role("columnheader", name="How long").first).to_be_attached()


def test_on_paper_a_notice_leaves_out_what_only_a_screen_needs(house: House) -> None:
    published()
    page = house.visit("/privacy/")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="On this page")).to_be_hidden()
    expect(page.get_by_text("Our privacy notice changed on")).to_be_hidden()
    expect(page.get_by_role("heading", name="Your rights")).to_be_visible()


def sheets(page: Page, **how: Any) -> int:
    """How many sheets of paper it takes."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", **how)))


def test_a_sheet_laid_crosswise_is_used_over_its_whole_width(house: House) -> None:
    page = house.visit("/privacy/")
    upright = sheets(page)
    assert upright > 5
    assert sheets(page, landscape=True) < 1.5 * upright


# --- The same texts on the console ---

STAFF_LOOKS: dict[str, Any] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "telephone": {"viewport": {"width": 390, "height": 844}},
    "telephone, dark": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "dark",
    },
}
PEOPLE_PAGES = ("legalhold", "restriction", "disclosure", "indirectcontact")


def at_the_console(house: House, look: str) -> Page:
    """Grace may do everything, and looks at it like this."""
    person("grace@example.com", is_superuser=True)
    page = house.visit("/console/", **STAFF_LOOKS[look])
    page.locator("[name=username]").fill("grace@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()
    return page


@pytest.mark.parametrize("look", STAFF_LOOKS)
def test_every_notice_fits_on_the_console(house: House, look: str) -> None:
    page = at_the_console(house, look)
    found = []
    for notice in ("privacy", "retention", "cookies", "sign-up"):
        version = notice_in_force(notice)
        desk = f"{house.url}/console/processing_register/noticeversion"
        page.goto(f"{desk}/{version.pk}/change/")
        found += violations(page)
        if is_wider_than_its_window(page):
            found.append(f"{notice} scrolls sideways")
    assert found == []


@pytest.mark.parametrize("look", STAFF_LOOKS)
def test_the_field_for_an_address_is_one_line_high(house: House, look: str) -> None:
    page = at_the_console(house, look)
    for kind in PEOPLE_PAGES:
        page.goto(f"{house.url}/console/data_subjects/{kind}/")
        form = page.locator("main form.find")
        for part in ("label", "input", "button"):
            box = form.locator(part).last.bounding_box()
            assert box is not None and box["height"] < 48, (kind, part, box)
        assert not is_wider_than_its_window(page)
