"""Receipts in a real browser: narrow, without scripts, for everybody."""

import json
from typing import Any

import pytest
from django.test import Client

from consent.models import ConsentEntry
from consent.receipts import receipt_of
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.people import become_reader, open_preferences

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW: dict[str, Any] = {
    "viewport": {"width": 320, "height": 640},
    "java_script_enabled": False,
}


def test_a_receipt_is_reached_read_and_checked_without_scripts(house: House) -> None:
    become_reader(Client(), house.smtp)
    page = house.visit(open_preferences(Client(), house.smtp), **NARROW)
    page.get_by_role("link", name="Receipt for Case updates").click()
    page.get_by_role("heading", name="The exact words").wait_for()
    (entry,) = ConsentEntry.objects.standing()
    page.goto(f"{house.url}/receipts/check/")

    page.get_by_label("The receipt").fill(json.dumps(receipt_of(entry).signed()))
    page.get_by_role("button", name="Check it").click()

    page.get_by_role("heading", name="This receipt holds").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_receipts_is_accessible_and_fits(
    house: House, scheme: Any
) -> None:
    become_reader(Client(), house.smtp)
    visit = open_preferences(Client(), house.smtp)
    (entry,) = ConsentEntry.objects.standing()
    for path in (
        visit,
        f"{visit}receipts/{entry.pk}/",
        "/receipts/check/",
        "/security/",
    ):
        page = house.visit(
            path, viewport={"width": 320, "height": 640}, color_scheme=scheme
        )
        assert violations(page) == []
        assert not is_wider_than_its_window(page), path


def test_the_verdict_of_a_wrong_receipt_is_accessible(house: House) -> None:
    page = house.visit("/receipts/check/", viewport={"width": 320, "height": 640})
    become_reader(Client(), house.smtp)
    (entry,) = ConsentEntry.objects.standing()
    receipt = receipt_of(entry).signed()
    receipt["header"]["receipt_id"] = "x" * 200
    page.get_by_label("The receipt").fill(json.dumps(receipt))
    page.get_by_role("button", name="Check it").click()
    page.get_by_role("heading", name="This receipt does not hold").wait_for()

    assert violations(page) == []
    assert not is_wider_than_its_window(page)
