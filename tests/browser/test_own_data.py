"""“Your data” in a real browser: narrow, dark, and without scripts."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from rights_requests.models import Case
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.people import ADA, become_reader, inbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
SHOTS = os.environ.get("SHOTS", "")


def look(page: Any, name: str) -> None:
    """Nothing is wrong with this page for anybody, and nothing sticks out of it."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
    assert violations(page) == []
    assert not is_wider_than_its_window(page)


@pytest.mark.parametrize("how", ["light", "dark"])
def test_a_person_sees_their_data_and_asks_for_a_copy_without_scripts(
    house: House, how: Any
) -> None:
    become_reader(Client(), house.smtp, ADA, first_name="Ada", employer="A" * 90)
    plain = {**NARROW, "java_script_enabled": False}
    page = house.visit("/your-data/", **plain)
    page.get_by_role("link", name="See what you hold about me").click()
    page.get_by_label("E-mail address").fill(ADA)
    page.get_by_role("button", name="Send me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your e-mail")

    fresh = inbox(house.smtp, ADA)[-1].path("/your-data/open/")
    scripted = house.visit(fresh, **NARROW, color_scheme=how)
    look(scripted, f"open-{how}")
    page = house.visit(fresh, **plain)
    page.get_by_role("button", name="Open my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What we hold about you")
    for path, name in ((page.url, "all"), (f"{page.url}place/consent/", "place")):
        scripted.goto(path)
        look(scripted, f"{name}-{how}")
    wide = house.visit(page.url, viewport={"width": 1280, "height": 800})
    look(wide, f"wide-{how}")
    page.get_by_role("link", name="Download a copy of everything").click()
    scripted.goto(page.url)
    look(scripted, f"check-{how}")
    page.get_by_role("button", name="Yes, do that").click()

    expect(page.get_by_role("button", name="Send me a code")).to_be_visible()
    assert Case.objects.get().kind == "access"
