"""Asking for something in a real browser, with scripts on and off, by mouse and keys."""

import pytest
from playwright.sync_api import Page, expect

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

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ASK = "/your-data/ask/"


def tick(page: Page, label: str) -> None:
    """Press the words beside a box: they are its target too."""
    box = page.get_by_role("checkbox", name=label, exact=True)
    page.locator(f"label[for={box.get_attribute('id')}]").click()
    expect(box).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_somebody_asks_looks_through_it_changes_it_and_sends_it(
    house: House, scripts: bool
) -> None:
    page = house.visit("/your-data/", java_script_enabled=scripts)
    page.get_by_role("link", name="Ask about my data").click()
    assert page.url.endswith(ASK)

    tick(page, "Give me a copy of my data")
    tick(page, "Delete my data")
    page.get_by_label("I take back my agreement").check()
    page.get_by_label("Your e-mail address").fill("ada@exmple.com")
    page.get_by_label("In your own words").fill("Thank you.\nAda")
    press(page, "Check my request")

    assert heading(page) == "Check your request"
    assert Case.objects.count() == 0
    press(page, "Change how we reach you")

    assert page.url.endswith("#reach")
    expect(page.get_by_label("I take back my agreement")).to_be_checked()
    expect(page.get_by_label("In your own words")).to_have_value("Thank you.\nAda")
    page.get_by_label("Your e-mail address").fill(ADA)
    press(page, "Check my request")
    expect(page.get_by_text(ADA)).to_be_visible()
    press(page, "Send my request")

    assert heading(page) == "We have your requests"
    references = page.locator(".reference").all_inner_texts()
    kept = Case.objects.order_by("kind").values_list("reference", flat=True)
    assert references == list(kept)
    page.locator("summary", has_text="Why this date").click()
    expect(page.get_by_text("That day itself is not counted.")).to_be_visible()
    (mail,) = inbox(house.smtp, ADA)
    assert all(reference in mail.text for reference in references)

    page.reload()
    assert page.locator(".reference").all_inner_texts() == references
    assert Case.objects.count() == 2


def test_what_belongs_to_a_box_shows_when_it_is_ticked(house: House) -> None:
    page = house.visit(ASK, java_script_enabled=False)
    reason = page.get_by_label("I take back my agreement")
    recipients = page.get_by_label("Also tell me who got my data from you")

    expect(reason).to_be_hidden()
    expect(recipients).to_be_hidden()
    tick(page, "Delete my data")
    expect(reason).to_be_visible()
    expect(recipients).to_be_visible()
    page.get_by_role("checkbox", name="Delete my data", exact=True).uncheck()
    expect(reason).to_be_hidden()


def test_errors_lead_to_their_fields_and_lose_nothing(house: House) -> None:
    page = house.visit(ASK)
    tick(page, "Correct or complete my data")
    tick(page, "I am asking for somebody else")
    page.get_by_label("Your e-mail address").fill("ada at example")
    press(page, "Check my request")

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    expect(summary).to_be_focused()
    assert page.title().startswith("Error: ")
    assert violations(page) == []
    for words, label in (
        ("Say what is wrong", "What is wrong or missing?"),
        ("Enter an e-mail address", "Your e-mail address"),
        ("Enter your own name", "Your name (optional)"),
        ("Enter their name", "Their name"),
    ):
        summary.get_by_role("link", name=words).click()
        expect(page.get_by_label(label, exact=True)).to_be_focused()
    summary.get_by_role("link", name="Choose who gets the answer").click()
    expect(page.get_by_role("radio", name="I do")).to_be_focused()
    expect(page.get_by_label("Your e-mail address")).to_have_value("ada at example")
    expect(page.get_by_label("I am asking for somebody else")).to_be_checked()
    # Chromium notes the answer's status; nothing else may have been reported.
    house.complaints[:] = [c for c in house.complaints if "(Bad Request)" not in c]


def test_the_whole_way_can_be_gone_by_keyboard(house: House) -> None:
    page = house.visit(ASK, java_script_enabled=False)

    reached = walk_to(page, "Give me a copy of my data")
    assert "website" not in reached, "the robots' trap must not be reached"
    page.keyboard.press("Space")
    walk_to(page, "Only a part of it? (optional)")
    page.keyboard.type("My e-mails")
    walk_to(page, "Your e-mail address")
    page.keyboard.type(ADA)
    walk_to(page, "Check my request")
    press_enter(page)
    assert heading(page) == "Check your request"

    reached = walk_to(page, "Send my request")
    assert [name for name in reached if name.startswith("Change")] == [
        "Change what you want us to do",
        "Change how we reach you",
        "Change whose data it is",
        "Change your own words",
    ]
    press_enter(page)
    assert heading(page) == "We have your request"
    assert Case.objects.get().details == "Which part: My e-mails"


@pytest.mark.parametrize("look", LOOKS)
def test_each_page_of_asking_is_accessible_and_fits(house: House, look: str) -> None:
    page = house.visit(ASK, **LOOKS[look])
    found = complaints_about(page)

    for label in (
        "Give me a copy of my data",
        "Correct or complete my data",
        "Delete my data",
        "Keep my data but stop using it",
        "Stop using my data for marketing",
        "Take back what I agreed to",
        "Stop a use of my data that rests on your own interest",
        "Send me how you weighed your interests against mine",
        "I am asking for somebody else",
    ):
        page.get_by_role("checkbox", name=label, exact=True).check()
    found += complaints_about(page)
    press(page, "Check my request")
    found += complaints_about(page)  # the errors

    page.get_by_label("What is wrong or missing?").fill("x" * 300)
    page.get_by_label("Your e-mail address").fill(f"{'a' * 60}@gmial.com")
    page.get_by_label("Your name").fill("n" * 100)
    page.get_by_label("Their name").fill("Ben")
    page.get_by_role("radio", name="I do").check()
    page.get_by_label("In your own words").fill(
        "I was diagnosed with asthma. My card is 4111 1111 1111 1111. " + "w" * 300
    )
    press(page, "Check my request")
    assert heading(page) == "Check your request"
    found += complaints_about(page)
    press(page, "Send my request")
    assert heading(page) == "We have your requests"
    found += complaints_about(page)

    page.goto(f"{house.url}/your-data/asked/{'a' * 22}/")
    found += complaints_about(page)
    page.goto(f"{house.url}/your-data/")
    found += complaints_about(page)
    assert found == []
    assert page.context.cookies() == []
    house.complaints[:] = [
        c for c in house.complaints if "(Bad Request)" not in c and "404" not in c
    ]
