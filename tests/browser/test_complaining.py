"""Complaining in a real browser, with scripts on and off, by mouse and keys."""

import pytest
from playwright.sync_api import expect

from rights_requests.kinds import CaseKind
from rights_requests.models import Case
from tests.browser.conftest import House, violations
from tests.browser.walking import (
    LOOKS,
    complaints_about,
    heading,
    press,
    press_enter,
    walk_to,
)
from tests.people import ADA, inbox
from tests.rights_requests import lives
from tests.rights_requests.own_pages import status_path

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COMPLAIN = "/your-data/complain/"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_somebody_complains_about_a_request_changes_it_and_sends_it(
    house: House, scripts: bool
) -> None:
    about = lives.new_case(address=ADA)
    page = house.visit(status_path(about), java_script_enabled=scripts)
    page.get_by_role("link", name="Use our form").click()
    assert page.url.endswith(f"{COMPLAIN}?about={about.reference}")

    page.get_by_label("What went wrong?").fill("You asked for my passport.\nWhy?")
    page.get_by_label("Your e-mail address").fill("ada@exmple.com")
    press(page, "Check my complaint")

    assert heading(page) == "Check your complaint"
    expect(page.get_by_text(about.reference)).to_be_visible()
    assert Case.objects.count() == 1
    press(page, "Change how we reach you")

    assert page.url.endswith("#reach")
    expect(page.get_by_label("What went wrong?")).to_have_value(
        "You asked for my passport.\nWhy?"
    )
    page.get_by_label("Your e-mail address").fill(ADA)
    press(page, "Check my complaint")
    press(page, "Send my complaint")

    assert heading(page) == "We have your complaint"
    complaint = Case.objects.get(kind=CaseKind.COMPLAINT)
    assert page.locator(".reference").all_inner_texts() == [complaint.reference]
    assert complaint.about == about
    page.locator("summary", has_text="Why this date").click()
    expect(page.get_by_text("within 30 days, of which the day of")).to_be_visible()
    assert complaint.reference in inbox(house.smtp, ADA)[-1].subject

    page.reload()
    expect(page.get_by_text("You hear from us again by")).to_be_visible()
    assert Case.objects.count() == 2


def test_errors_lead_to_their_fields_and_lose_nothing(house: House) -> None:
    page = house.visit(COMPLAIN)
    page.get_by_label("What would put it right?").fill("An apology")
    page.get_by_label("Its reference").fill("R-7K3Q")
    page.get_by_label("Your e-mail address").fill("ada at example")
    press(page, "Check my complaint")

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    assert violations(page) == []
    for words, label in (
        ("Say what went wrong", "What went wrong?"),
        ("Enter one reference", "Its reference"),
        ("Enter an e-mail address", "Your e-mail address"),
    ):
        summary.get_by_role("link", name=words).click()
        expect(page.get_by_label(label)).to_be_focused()
    expect(page.get_by_label("Its reference")).to_have_value("R-7K3Q")
    expect(page.get_by_label("What would put it right?")).to_have_value("An apology")
    # Chromium notes the answer's status; nothing else may have been reported.
    house.complaints[:] = [c for c in house.complaints if "(Bad Request)" not in c]


def test_the_whole_way_can_be_gone_by_keyboard(house: House) -> None:
    page = house.visit(COMPLAIN, java_script_enabled=False)

    reached = walk_to(page, "What went wrong?")
    assert "website" not in reached, "the robots' trap must not be reached"
    page.keyboard.type("You called at night.")
    walk_to(page, "Your e-mail address")
    page.keyboard.type(ADA)
    walk_to(page, "Check my complaint")
    press_enter(page)
    assert heading(page) == "Check your complaint"

    reached = walk_to(page, "Send my complaint")
    assert [name for name in reached if name.startswith("Change")] == [
        "Change what it is about",
        "Change how we reach you",
        "Change whose data it is",
    ]
    press_enter(page)
    assert heading(page) == "We have your complaint"
    assert Case.objects.get().submission.words == "You called at night."


@pytest.mark.parametrize("look", LOOKS)
def test_each_page_of_complaining_is_accessible_and_fits(
    house: House, look: str
) -> None:
    page = house.visit(f"{COMPLAIN}?about=R-7K3Q-2XNB", **LOOKS[look])
    found = complaints_about(page)

    page.get_by_label("I am complaining for somebody else").check()
    press(page, "Check my complaint")
    found += complaints_about(page)  # the errors

    page.get_by_label("What went wrong?").fill(
        "I was diagnosed with asthma. My card is 4111 1111 1111 1111. " + "w" * 300
    )
    page.get_by_label("What would put it right?").fill("x" * 300)
    page.get_by_label("Your e-mail address").fill(f"{'a' * 60}@gmial.com")
    page.get_by_label("Your name").fill("n" * 100)
    page.get_by_label("Their name").fill("Ben")
    page.get_by_role("radio", name="I do").check()
    press(page, "Check my complaint")
    assert heading(page) == "Check your complaint"
    found += complaints_about(page)
    press(page, "Send my complaint")
    assert heading(page) == "We have your complaint"
    page.locator("summary", has_text="Why this date").click()
    found += complaints_about(page)

    assert found == []
    assert page.context.cookies() == []
    house.complaints[:] = [c for c in house.complaints if "(Bad Request)" not in c]
