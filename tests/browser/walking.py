"""Walking through the pages of a form, by mouse and by keys, and looking at each."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import is_wider_than_its_window, violations

LOOKS: dict[str, Any] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
}


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def press_and_go(page: Page, name: str) -> None:
    """Press a button, and wait for the page to which it leads."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).click()


def press_enter(page: Page) -> None:
    """Send the form that has the focus, and wait for the page that answers it.

    A key returns before the browser has begun to leave: waiting for the page to be
    loaded would find the old one, which is.
    """
    with page.expect_navigation():
        page.keyboard.press("Enter")


def walk_to(page: Page, name: str) -> list[str]:
    """Press Tab until this is reached; the names of what was passed."""
    passed: list[str] = []
    for _ in range(80):
        page.keyboard.press("Tab")
        passed.append(focused_name(page))
        if passed[-1] == name:
            return passed
    raise AssertionError(f"“{name}” is not reached by Tab, only {passed}")


def focused_name(page: Page) -> str:
    """The label of what has the focus, or its own words, or its name."""
    found = page.locator(":focus")
    if found.count() == 0:
        return ""
    return str(
        found.evaluate(
            "node => ((node.labels && node.labels[0] || node).textContent || node.name)"
            ".replace(/\\s+/g, ' ').trim()"
        )
    )


def complaints_about(page: Page) -> list[str]:
    found = violations(page)
    if is_wider_than_its_window(page):
        found.append(f"{page.url}, “{heading(page)}”, scrolls sideways")
    return found
