"""The pages of one's own case in a real browser: narrow, dark, without scripts, by keys."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from rights_requests import handling, links, visiting
from rights_requests.handling import Question
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Message
from rights_requests.moves import State
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.people import CLEO
from tests.rights_requests import lives
from tests.rights_requests.own_pages import (
    code_in,
    code_path,
    confirm_path,
    status_path,
    wrong,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
PLAIN: dict[str, Any] = {**NARROW, "java_script_enabled": False}


def days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def asked_of(kind: CaseKind = CaseKind.ACCESS, *, days: int = 9, **more: Any) -> Case:
    at = days_ago(days)
    message = {"received_at": at, "dated_on": timezone.localdate(at), **more}
    return lives.new_case(kind, **message)


def waiting() -> Case:
    """A case with letters and messages both ways, in which the person must act."""
    case = asked_of(words="Everything, please.\n\n" + "averylongword" * 30)
    question = Question(("Which year do you mean?",), why="We hold letters of many.")
    handling.ask_clarification(case.pk, question, staff_id=1, now=days_ago(1))
    visiting.write_message(case.pk, "My answer.\n" + "x" * 400, now=timezone.now())
    return case


def forgive_refusals(house: House) -> None:
    """Browsers report the answers 4xx that a test asks for."""
    house.complaints[:] = [
        c for c in house.complaints if "the server responded" not in c
    ]


def test_a_person_comes_in_by_a_code_writes_and_ends_it_without_scripts(
    house: House,
) -> None:
    case = asked_of(CaseKind.ERASURE)
    page = house.visit(status_path(case), **PLAIN)
    page.get_by_text("Why this date").click()
    expect(page.get_by_text("The request was received on")).to_be_visible()

    page.get_by_role("button", name="Send me a code").click()
    code = code_in(house.smtp, CLEO)
    page.get_by_label("Code from our e-mail").fill(wrong(code))
    page.get_by_role("button", name="Open my request").click()
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    page.get_by_label("Code from our e-mail").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Open my request").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Deleting your data")
    page.get_by_label("Your message").fill("Please hurry.")
    page.get_by_role("button", name="Send my message").click()
    expect(page.get_by_role("status")).to_contain_text("We have your message.")
    page.get_by_role("link", name="Take my request back").click()
    page.get_by_role("button", name="Take my request back").click()
    expect(page.get_by_role("status")).to_contain_text("You took it back")

    assert Message.objects.get().words == "Please hurry."
    assert Case.objects.get(pk=case.pk).state == State.WITHDRAWN
    forgive_refusals(house)


def test_the_first_letter_opens_the_case_by_keys_alone(house: House) -> None:
    case = asked_of()
    page = house.visit(confirm_path(case), **NARROW)
    reach(page, "This is my mailbox")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A copy of your data")

    reach(page, "Why this date")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The time for the answer runs from").first).to_be_visible()
    reach(page, "Ask for less")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask for less")


def reach(page: Page, name: str) -> None:
    """Press Tab until the thing of this name has the focus."""
    said = "document.activeElement.textContent.trim()"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(said) == name:
            return
    raise AssertionError(f"no way to “{name}” by keys")


def paths_of(case: Case) -> list[str]:
    visit = f"/your-data/visit/{links.open_visit(case, now=timezone.now())}/"
    steps = [f"{visit}{step}/" for step in ("end", "less", "links")]
    status = [status_path(case), code_path(case), confirm_path(case)]
    return [*status, visit, f"{visit}?done=message", *steps]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_a_case_is_accessible_and_fits(house: House, scheme: Any) -> None:
    for path in paths_of(waiting()):
        page = house.visit(path, color_scheme=scheme, **NARROW)
        closed = page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        assert violations(page) == []
        assert not is_wider_than_its_window(page), path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_went_wrong_is_accessible_and_fits(house: House, scheme: Any) -> None:
    case = asked_of()
    page = house.visit(code_path(case), color_scheme=scheme, **NARROW)
    page.get_by_role("button", name="Send me a code").click()
    guess = wrong(code_in(house.smtp, CLEO))
    for _ in range(6):
        page.get_by_label("Code from our e-mail").fill(guess)
        page.get_by_role("button", name="Open my request").click()
        assert violations(page) == []
        assert not is_wider_than_its_window(page)
        if page.get_by_label("Code from our e-mail").count() == 0:
            break
    for _ in range(5):
        page.get_by_role("button", name="Send another code").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Too many codes were asked for"
    )
    assert violations(page) == []
    unknown = house.visit(f"/your-data/case/{'x' * 22}/", color_scheme=scheme, **NARROW)
    assert violations(unknown) == []
    assert not is_wider_than_its_window(unknown)
    forgive_refusals(house)


def test_a_page_kept_open_too_long_gives_the_words_back(house: House) -> None:
    case = asked_of()
    token = links.open_visit(case, now=timezone.now())
    page = house.visit(f"/your-data/visit/{token}/", **PLAIN)
    page.get_by_label("Your message").fill("Half an hour of typing.")
    case.links.filter(use="case-visit").update(expires_at=timezone.now())
    page.get_by_role("button", name="Send my message").click()

    expect(page.get_by_label("Your words")).to_have_value("Half an hour of typing.")
    assert not Message.objects.exists()
    page.get_by_role("button", name="Send me a code to come in again").click()
    expect(page.get_by_label("Code from our e-mail")).to_be_visible()
    forgive_refusals(house)


def test_buttons_and_links_are_large_enough_to_hit(house: House) -> None:
    """WCAG 2.5.8: 24 by 24; ours: 44 high, save for links within a sentence."""
    for path in paths_of(waiting()):
        page = house.visit(path, **NARROW)
        for button in page.locator("main button, main summary").all():
            box = button.bounding_box()
            assert box is not None and box["height"] >= 44, button.text_content()


def test_the_line_of_steps_tells_done_from_to_come_without_colour(house: House) -> None:
    page = house.visit(status_path(asked_of()), forced_colors="active")

    shape = "(at) => getComputedStyle(at, '::before').borderTopWidth"
    done = page.locator(".line li:not(.to-come)").first.evaluate(shape)
    to_come = page.locator(".line .to-come").first.evaluate(shape)

    assert (done, to_come) == ("8px", "3px")
    expect(page.locator(".line .to-come").first).to_contain_text("It is our turn")
