"""Debian's Chromium, the house on a live server, and everything it complained about."""

import os
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.relay import Relay

# Playwright keeps an event loop in this thread, and Django would refuse its database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    return {"executable_path": CHROMIUM, "args": SWITCHES, "headless": True}


class House:
    """The running house, as seen from one browser."""

    def __init__(self, url: str, smtp: Relay, browser: Browser) -> None:
        self.url = url
        self.smtp = smtp
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def visit(self, path: str = "/", **options: Any) -> Page:
        """A new visitor with a clean profile opens a page, of ours or a whole URL."""
        context = self._browser.new_context(**options)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: self.complaints.append(f"{page.url} {m.text}"))
        page.on("pageerror", lambda e: self.complaints.append(f"{page.url} {e}"))
        page.goto(urljoin(self.url, path))
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def house(
    live_server: LiveServer,
    open_house: None,
    smtp: Relay,
    settings: Settings,
    browser: Browser,
) -> Iterator[House]:
    settings.SITE_URL = live_server.url
    opened = House(live_server.url, smtp, browser)
    yield opened
    opened.close()
    # A blocked style or script would be one of these, and so would a missing file.
    assert opened.complaints == []


# All that breaks a rule is named, each place of it. Of what keeps to the rules axe would
# describe every element, which takes longer than looking at them.
RUN_AXE = "options => axe.run(options).then(results => results.violations)"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "resultTypes": ["violations"],
}


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, a line each."""
    page.evaluate(Axe().axe_script)
    return [
        f"{page.url}: {problem['id']} {node['target']}"
        for problem in page.evaluate(RUN_AXE, OPTIONS)
        for node in problem["nodes"]
    ]


def is_wider_than_its_window(page: Page) -> bool:
    script = "document.documentElement.scrollWidth > window.innerWidth"
    return bool(page.evaluate(script))
