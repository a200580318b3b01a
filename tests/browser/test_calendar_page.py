"""Getting the deadlines into one's own calendar, in a real browser."""

import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.browser.test_case_update import sign_in
from tests.case_updates import cast
from tests.rights_requests.lives import new_case

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GRACE = "grace@example.com"


def problems(page: Page) -> list[str]:
    too_wide = [f"{page.url} is too wide"] if is_wider_than_its_window(page) else []
    return [*violations(page), *too_wide]


@pytest.mark.parametrize("look", ["wide", "narrow and dark"])
def test_a_colleague_makes_replaces_and_stops_an_address(
    house: House, look: str
) -> None:
    case = new_case()
    cast.staff(GRACE, "view_case")
    is_wide = look == "wide"
    page = sign_in(
        house,
        GRACE,
        viewport={"width": 1280 if is_wide else 320, "height": 800},
        color_scheme="light" if is_wide else "dark",
    )
    page.goto(f"{house.url}/console/calendar/")
    found = problems(page)

    page.get_by_role("button", name="Make an address").click()
    address = page.get_by_label("Address of your calendar").input_value()
    found += problems(page)
    with urllib.request.urlopen(address, timeout=10) as answer:
        calendar = answer.read().decode()
    page.goto(f"{house.url}/console/calendar/")
    found += problems(page)
    page.get_by_role("button", name="Stop it").click()
    page.get_by_text("The address no longer works.").wait_for()

    assert re.search(rf"SUMMARY:{case.reference}: answer due \(access\)", calendar)
    assert found == []
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address, timeout=10)
