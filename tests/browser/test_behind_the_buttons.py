"""What a reader meets only after pressing something, and what is not seen at first."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from pytest_django import Settings

from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.people import ADA, inbox, stands, subscriber_of
from tests.reading import Mail

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW = "ada@new.example"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def tick(page: Page, label: str) -> None:
    """Press the words beside a box: they are its target too."""
    box = page.get_by_label(label, exact=True)
    page.locator(f"label[for={box.get_attribute('id')}]").click()
    assert box.is_checked()


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def latest(house: House, address: str = ADA) -> Mail:
    return inbox(house.smtp, address)[-1]


def become_reader(page: Page, house: House) -> Mail:
    """By the pages themselves; returns the welcome mail."""
    page.goto(house.url)
    page.get_by_label("E-mail address").fill(ADA)
    tick(page, "Case updates")
    press(page, "Sign up")
    page.goto(house.url + latest(house).path("/confirm/"))
    press(page, "Confirm my e-mail")
    return latest(house)


def open_everything(page: Page, house: House, welcome: Mail) -> None:
    page.goto(house.url + welcome.path("/preferences/"))
    press(page, "Send me a link to see and change everything")
    page.goto(house.url + latest(house).path("/preferences/open/"))
    press(page, "Open my preferences")


@pytest.fixture(params=["wide", "narrow and dark"])
def page(request: pytest.FixtureRequest, house: House) -> Page:
    if request.param == "wide":
        return house.visit()
    narrow = {"width": 320, "height": 640}
    return house.visit(viewport=narrow, color_scheme="dark")


@pytest.fixture
def inspect(page: Page) -> Callable[[str], None]:
    """The page as it stands has this heading, is accessible, and fits."""

    def look(title: str) -> None:
        assert title in heading(page)
        assert violations(page) == []
        assert not is_wider_than_its_window(page), f"{page.url} scrolls sideways"

    return look


def test_the_pages_behind_the_buttons_are_accessible_and_fit(
    house: House, page: Page, inspect: Callable[[str], None]
) -> None:
    welcome = become_reader(page, house)
    inspect("you are signed up")
    page.goto(house.url + welcome.path("/preferences/"))
    press(page, "Send me a link to see and change everything")
    page.goto(house.url + latest(house).path("/preferences/open/"))
    inspect("Open your preferences")
    press(page, "Open my preferences")
    inspect("Your e-mail preferences")
    page.get_by_label("New e-mail address").fill(NEW)
    press(page, "Send the confirmation")
    inspect("Your e-mail preferences")
    page.goto(house.url + latest(house, NEW).path("/address/"))
    inspect("Confirm your new address")
    press(page, "Use this address")
    inspect("Your address has changed")
    page.goto(house.url + latest(house).path("/address/undo/"))
    inspect("Keep your old address")
    press(page, "Keep my old address")
    inspect("Your old address is back")
    page.goto(house.url + welcome.one_click_path())
    inspect("Stop all our e-mails")
    press(page, "Stop these e-mails")
    inspect("You will get no more")
    press(page, "Undo, keep sending")
    inspect("You are signed up again")
    assert stands() == {"case-updates"}
    assert page.context.cookies() == []


def test_links_that_do_not_work_and_wrong_entries_are_accessible(
    house: House, page: Page, inspect: Callable[[str], None]
) -> None:
    welcome = become_reader(page, house)
    page.goto(f"{house.url}/confirm/{'a' * 22}/")
    inspect("We do not know this link")
    page.goto(house.url + inbox(house.smtp, ADA)[0].path("/confirm/"))
    inspect("This link has done its work")
    open_everything(page, house, welcome)
    page.get_by_label("Send nothing before").fill("2020-01-01")
    press(page, "Save my preferences")
    inspect("Your e-mail preferences")
    assert "There is a problem" in page.get_by_role("alert").inner_text()
    # Chromium reports every answer of 400 and above, and these are meant.
    house.complaints[:] = [c for c in house.complaints if "status of 4" not in c]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_details_and_a_pause_are_kept(house: House, scripts: bool) -> None:
    page = house.visit(java_script_enabled=scripts)
    open_everything(page, house, become_reader(page, house))

    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Send nothing before").fill("2027-01-31")
    press(page, "Save my preferences")

    assert "Saved" in page.get_by_role("status").inner_text()
    assert page.get_by_label("First name").input_value() == "Ada"
    assert page.get_by_label("Send nothing before").input_value() == "2027-01-31"
    assert subscriber_of(ADA).first_name == "Ada"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_quick_visitor_gets_the_filled_form_again(
    house: House, settings: Settings, scripts: bool
) -> None:
    settings.MINIMUM_FILL_SECONDS = 5
    page = house.visit(java_script_enabled=scripts)
    page.get_by_label("E-mail address").fill(ADA)
    tick(page, "Case updates")
    press(page, "Sign up")

    assert "Press “Sign up” once more" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("E-mail address").input_value() == ADA
    settings.MINIMUM_FILL_SECONDS = 0
    press(page, "Sign up")
    assert heading(page) == "Check your e-mail"


def test_no_page_asks_another_site_for_anything(house: House) -> None:
    page = house.visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    become_reader(page, house)
    for path in ("/", "/updates/", "/privacy/", "/cookies/"):
        page.goto(house.url + path)

    assert len(asked) > 10
    assert [url for url in asked if not url.startswith((house.url, "data:"))] == []


def test_dark_mode_is_dark(house: House) -> None:
    def lightness(scheme: str) -> float:
        page = house.visit(color_scheme=scheme)
        colour = page.evaluate(
            "getComputedStyle(document.documentElement).backgroundColor"
        )
        return sum(float(number) for number in re.findall(r"\d+", colour)[:3]) / 3

    assert lightness("light") > 200
    assert lightness("dark") < 60


def test_the_keyboard_shows_where_it_is(house: House) -> None:
    page = house.visit()
    met = 0
    for _ in range(25):
        page.keyboard.press("Tab")
        is_shown = page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
            }"""
        )
        name = page.evaluate("document.activeElement.outerHTML").split(">")[0]
        if name.startswith("<body"):
            break
        assert is_shown, f"nothing shows that {name} has the focus"
        met += 1
    assert met > 12


def test_the_skip_link_goes_to_the_page(house: House) -> None:
    page = house.visit()
    for _ in range(4):  # after the three of the question about cookies
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


def test_the_trap_for_robots_is_out_of_sight(house: House) -> None:
    page = house.visit()
    box = page.locator("[name=website]").bounding_box()

    assert box is None or box["x"] + box["width"] <= 0 or box["width"] <= 1
    assert page.locator("[name=website]").evaluate("e => e.tabIndex") == -1
    assert page.locator("[name=website]").evaluate(
        "e => e.closest('[aria-hidden=true]') !== null"
    )
