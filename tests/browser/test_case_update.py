"""A case update in the console: written by one person, approved by another, read."""

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from case_updates import sending
from case_updates.models import CaseUpdate
from staff.models import StaffUser
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.case_updates import cast
from tests.people import ADA, DANA, OMAR, become_reader, inbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough password"


def sign_in(house: House, email: str, **options: object) -> Page:
    page = house.visit("/console/", **options)
    page.locator("[name=username]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{house.url}/console/")
    return page


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_one_writes_another_approves_and_a_reader_gets_it(
    house: House, scripts: bool
) -> None:
    become_reader(Client(), house.smtp)
    cast.dana()
    cast.omar()

    page = sign_in(house, DANA, java_script_enabled=scripts)
    page.goto(f"{house.url}/console/case_updates/caseupdate/add/")
    page.locator("[name=title]").fill("A hearing has a date")
    page.locator("[name=summary]").fill("The court hears us in May.")
    page.locator("[name=body]").fill("The hearing is on **4 May**.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state()
    update = CaseUpdate.objects.get()
    page.goto(f"{house.url}/console/case_updates/caseupdate/{update.pk}/page/")
    page.get_by_role("button", name="Submit for approval").click()
    page.wait_for_load_state()
    assert page.get_by_role("button", name="Approve and send").is_disabled()

    page = sign_in(house, OMAR, java_script_enabled=scripts)
    page.goto(f"{house.url}/console/case_updates/caseupdate/{update.pk}/page/")
    page.get_by_role("button", name="Approve and send to 1 reader").click()
    page.wait_for_load_state()
    sending.send_due()

    mail = inbox(house.smtp, ADA)[-1]
    assert mail.subject == "A hearing has a date"
    assert "4 May" in mail.text
    page = house.visit(mail.path("/updates/"))
    assert "A hearing has a date" in page.locator("h1").inner_text()


@pytest.mark.parametrize("look", ["wide", "narrow", "dark"])
def test_the_pages_of_the_console_are_accessible(house: House, look: str) -> None:
    become_reader(Client(), house.smtp)
    cast.staff("grace@example.com")
    update = cast.submitted()
    StaffUser.objects.filter(email="grace@example.com").update(is_superuser=True)
    width = 320 if look == "narrow" else 1280
    page = sign_in(
        house,
        "grace@example.com",
        viewport={"width": width, "height": 800},
        color_scheme="dark" if look == "dark" else "light",
    )
    found = []
    for path in (
        "",
        "subscribers/subscriber/",
        "case_updates/caseupdate/",
        "case_updates/caseupdate/add/",
        f"case_updates/caseupdate/{update.pk}/page/",
        "outbox/outgoingemail/",
        "outbox/inboundemail/",
        "consent/consententry/",
        "staff/staffuser/",
    ):
        page.goto(f"{house.url}/console/{path}")
        found += violations(page)
        if is_wider_than_its_window(page):
            found.append(f"{path} scrolls sideways")

    assert found == []
