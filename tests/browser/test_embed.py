"""The banner on another site of ours, in a real browser, under that site's own policy."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from playwright.sync_api import Page, Route, expect
from pytest_django import Settings

from consent import cookies, sites
from consent.embed import SAID_OF_THE_RECORD
from consent.models import ConsentSite, CookieChoice, CookieReceipt
from consent.site_admin import tag_of
from processing_register.register import the_register
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.browser.host_site import HostSite

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ACCEPT, REJECT, MANAGE = "Accept counting", "Reject counting", "Choose for yourself"
DAY = 24 * 60 * 60


@dataclass
class Elsewhere:
    """The other site, its registration, and what its visitors' browsers asked for."""

    house: House
    host: HostSite
    site: ConsentSite
    asked: list[str]

    @property
    def tag(self) -> str:
        return str(tag_of(self.site))

    def visit(self, body: str = "", head: str = "", **options: Any) -> Page:
        """A new visitor opens a page of the site with the tag that staff paste."""
        address = self.host.page(head + self.tag, body)
        page = self.house.visit("about:blank", **options)
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(address)
        return page


@pytest.fixture
def elsewhere(house: House) -> Iterator[Elsewhere]:
    """With the strictest policy that lets our script run."""
    policy = f"default-src 'none'; script-src {house.url}; connect-src {house.url}"
    with HostSite(policy) as host:
        host.contents["/favicon.ico"] = ""
        site = ConsentSite(name="Shop", origins=[host.origin])
        sites.register(site)
        yield Elsewhere(house, host, site, [])


def allow_own_scripts(elsewhere: Elsewhere) -> None:
    elsewhere.host.policy = elsewhere.host.policy.replace(
        "script-src", "script-src 'self'"
    )


@pytest.fixture
def register_of_our_own(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """A copy of the register that a test may write to."""
    folder = tmp_path / "register"
    shutil.copytree(Path(project.REGISTER_DIR), folder)
    settings.REGISTER_DIR = folder
    the_register.cache_clear()
    yield folder
    the_register.cache_clear()


def declare(folder: Path, name: str, kind: str) -> None:
    """Put an item that needs consent on other sites into the register."""
    item = {
        "key": f"shop-{kind}",
        "name": name,
        "kind": kind,
        "category": "analytics",
        "set_by": "us",
        "purpose": "analytics",
        "what_for": "Counts visits to the shop",
        "life": "one day",
        "where": "embed",
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in item.items()]
    with (folder / "cookies.toml").open("a") as file:
        file.write("\n[[items]]\n" + "\n".join(lines) + "\n")
    the_register.cache_clear()
    sites.forget()


def banner(page: Page) -> Any:
    return page.get_by_role("region", name="May we count visits")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def until(page: Page, expression: str) -> None:
    """Wait for it without Playwright's own way, which evaluates text inside the page and
    so trips over the site's policy."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{expression} did not come true")


def wait_for_record(page: Page) -> str:
    """The number of the receipt, once our server has answered."""
    until(page, "document.cookie.split('.')[3] === ''")
    return str(page.evaluate("consent.receipt()"))


def storage_of(page: Page) -> dict[str, Any]:
    script = """async () => ({
        cookies: document.cookie, local: Object.keys(localStorage),
        session: Object.keys(sessionStorage),
        databases: (await indexedDB.databases()).map((found) => found.name)})"""
    found: dict[str, Any] = page.evaluate(script)
    return found


NOTHING: dict[str, Any] = {"cookies": "", "local": [], "session": [], "databases": []}


# --- Before a choice ---


def test_before_a_choice_there_is_one_request_and_nothing_is_stored(
    elsewhere: Elsewhere,
) -> None:
    page = elsewhere.visit()

    expect(banner(page)).to_be_visible()
    assert storage_of(page) == NOTHING
    assert page.context.cookies() == []
    asked = [url for url in elsewhere.asked if not url.endswith("favicon.ico")]
    assert asked == [f"{elsewhere.host.origin}/", f"{elsewhere.house.url}/consent.js"]
    assert page.evaluate("consent.has('essential')") is True
    assert page.evaluate("consent.has('analytics')") is False


def test_the_banner_is_the_first_thing_in_the_body_and_moves_with_the_page(
    elsewhere: Elsewhere,
) -> None:
    page = elsewhere.visit("<p>A long page</p>" * 200)

    first = "document.body.firstElementChild"
    assert page.evaluate(f"!!{first}.shadowRoot")
    assert page.evaluate(f"getComputedStyle({first}).position") == "static"
    assert page.evaluate(
        f"[...{first}.shadowRoot.querySelectorAll('*')]"
        ".every((part) => getComputedStyle(part).position == 'static')"
    )
    page.evaluate("scrollTo(0, 2000)")
    expect(banner(page)).not_to_be_in_viewport()
    page.get_by_role("link", name="Change my cookie choice").focus()


def test_accept_and_reject_are_equals(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    accept, reject = (page.get_by_role("button", name=n) for n in (ACCEPT, REJECT))
    a, r = accept.bounding_box(), reject.bounding_box()

    assert a and r
    assert (a["width"], a["height"], a["y"]) == (r["width"], r["height"], r["y"])
    assert a["height"] >= 44
    assert 0 < r["x"] - a["x"] - a["width"] <= 16
    look = """(button) => { const s = getComputedStyle(button); return [
        s.color, s.backgroundColor, s.fontSize, s.fontWeight, s.borderColor] }"""
    assert accept.evaluate(look) == reject.evaluate(look)


LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "forced": {"viewport": {"width": 800, "height": 600}, "forced_colors": "active"},
    "still": {"viewport": {"width": 800, "height": 600}, "reduced_motion": "reduce"},
}


def faults(page: Page, look: str) -> list[str]:
    """What axe finds. Where the system's colours are forced it still measures ours, which
    nobody sees."""
    found = violations(page)
    if look != "forced":
        return found
    button = page.get_by_role("button").first
    ink, paper = (
        button.evaluate(f"(button) => getComputedStyle(button).{name}")
        for name in ("color", "backgroundColor")
    )
    assert {ink, paper} == {"rgb(0, 0, 0)", "rgb(255, 255, 255)"}
    return [line for line in found if ": color-contrast " not in line]


@pytest.mark.parametrize("look", LOOKS)
def test_the_banner_is_accessible_and_fits(elsewhere: Elsewhere, look: str) -> None:
    page = elsewhere.visit(**LOOKS[look])

    assert faults(page, look) == []
    press(page, MANAGE)
    assert faults(page, look) == []
    assert not is_wider_than_its_window(page)
    assert page.get_by_role("checkbox").count() == 1
    border = "(button) => getComputedStyle(button).borderStyle"
    assert page.get_by_role("button", name=REJECT).evaluate(border) == "solid"
    press(page, REJECT)
    wait_for_record(page)
    assert violations(page) == []
    assert not is_wider_than_its_window(page)


def test_the_host_sites_styles_do_not_reach_the_banner(elsewhere: Elsewhere) -> None:
    elsewhere.host.policy = ""
    rules = "div, section, button { display: none; font-size: 2px; color: red }"

    page = elsewhere.visit(head=f"<style>{rules}</style>")

    expect(page.get_by_role("button", name=REJECT)).to_be_visible()


# --- Choosing ---


def test_a_keyboard_does_it_all(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.shadowRoot.activeElement.textContent")
        )
    assert reached == ["Read what each cookie does", ACCEPT, REJECT, MANAGE]

    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=MANAGE)).to_have_attribute(
        "aria-expanded", "true"
    )
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox")).to_be_focused()
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("Your choice is saved")
    wait_for_record(page)
    page.keyboard.press("Tab")  # to the receipt
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(banner(page)).to_have_count(0)
    entry = CookieChoice.objects.get()
    assert (entry.method, entry.categories) == ("choose", ["analytics"])


@pytest.mark.parametrize(
    ("button", "method", "categories"),
    [(ACCEPT, "accept", ["analytics"]), (REJECT, "reject", [])],
)
def test_one_click_answers_and_is_recorded_under_a_receipt(
    elsewhere: Elsewhere, button: str, method: str, categories: list[str]
) -> None:
    page = elsewhere.visit()
    press(page, button)
    receipt = wait_for_record(page)

    entry = CookieChoice.objects.get()
    assert (entry.method, entry.categories) == (method, categories)
    assert entry.site == elsewhere.site.key
    digest = cookies.receipt_digest(receipt)
    assert CookieReceipt.objects.filter(digest=digest).exists()
    (kept,) = page.context.cookies()
    assert kept["name"] == "consent_choice"
    left = kept["expires"] - page.evaluate("Date.now() / 1000")
    assert 181.9 * DAY < left <= 182 * DAY
    # No cookie of ours on our own host.
    assert page.context.cookies(elsewhere.house.url) == []


def test_once_answered_nobody_is_asked_or_told_again(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    press(page, REJECT)
    wait_for_record(page)
    elsewhere.asked.clear()

    page.reload()

    page.wait_for_load_state("networkidle")
    expect(banner(page)).to_have_count(0)
    assert not [url for url in elsewhere.asked if "choices" in url]
    assert CookieChoice.objects.count() == 1


def test_a_choice_is_changed_from_a_link_and_the_focus_comes_back(
    elsewhere: Elsewhere,
) -> None:
    page = elsewhere.visit()
    press(page, ACCEPT)
    receipt = wait_for_record(page)
    press(page, "Hide this message")
    expect(banner(page)).to_have_count(0)

    link = page.get_by_role("link", name="Change my cookie choice")
    link.click()
    expect(page.get_by_role("heading", name="May we count")).to_be_focused()
    press(page, REJECT)
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    until(page, "!consent.has('analytics')")
    assert wait_for_record(page) == receipt
    press(page, "Hide this message")

    expect(link).to_be_focused()
    methods = list(CookieChoice.objects.order_by("id").values_list("method", flat=True))
    assert methods == ["accept", "withdraw"]


def test_a_choice_waits_for_the_one_before_and_goes_on_under_its_number(
    elsewhere: Elsewhere,
) -> None:
    page = elsewhere.visit()
    held: list[Route] = []
    told: list[str] = []

    def hold_the_first(route: Route) -> None:
        told.append(json.loads(route.request.post_data or "")["method"])
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/choices/", hold_the_first)
    press(page, ACCEPT)
    page.evaluate("consent.open()")
    press(page, REJECT)
    page.wait_for_timeout(300)
    assert told == ["accept"]
    assert page.evaluate("consent.has('analytics')") is False
    held[0].continue_()
    receipt = wait_for_record(page)

    status = page.get_by_role("status")
    expect(status).to_contain_text("Taken back")
    expect(status.get_by_role("link")).to_have_text(f"Your receipt: {receipt}")
    methods = list(CookieChoice.objects.order_by("id").values_list("method", flat=True))
    assert methods == ["accept", "withdraw"]
    evidence = CookieReceipt.objects.get()
    assert evidence.method == "withdraw"
    assert bytes(evidence.digest) == cookies.receipt_digest(receipt)


def test_a_choice_is_told_also_where_the_one_before_was_not_heard(
    elsewhere: Elsewhere,
) -> None:
    page = elsewhere.visit()
    answer_with(page, 0)
    press(page, ACCEPT)
    expect(page.get_by_role("status")).to_have_text(FAILED)
    page.unroute("**/choices/")
    page.evaluate("consent.open()")
    press(page, ACCEPT)
    wait_for_record(page)

    expect(page.get_by_role("status")).to_contain_text("Thank you")
    assert page.evaluate("consent.has('analytics')") is True
    assert CookieChoice.objects.count() == 1
    forgive(elsewhere.house, "ERR_FAILED")


def test_pages_are_told_of_a_change(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    page.evaluate("window.told = []; consent.on((given) => told.push(given))")
    press(page, ACCEPT)
    wait_for_record(page)
    page.evaluate("consent.open()")
    press(page, REJECT)

    until(page, "told.length == 2")
    assert page.evaluate("told") == [["analytics"], []]


def test_a_tag_pasted_twice_asks_once(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit(head=elsewhere.tag)

    expect(page.get_by_role("button", name=REJECT)).to_have_count(1)


def answer_with(page: Page, status: int, body: str = "{}") -> None:
    """From now on our server answers a choice so."""

    def answer(route: Route) -> None:
        if status == 0:
            route.abort()
        else:
            headers = {"Access-Control-Allow-Origin": "*"}
            route.fulfill(status=status, body=body, headers=headers)

    page.unroute("**/choices/")
    page.route("**/choices/", answer)


def forgive(house: House, *words: str) -> None:
    """What the browser itself writes about an answer that failed is no defect."""
    house.complaints[:] = [
        line for line in house.complaints if not any(word in line for word in words)
    ]


FAILED = SAID_OF_THE_RECORD["failed"]


@pytest.mark.parametrize("button", [ACCEPT, REJECT])
@pytest.mark.parametrize("status", [0, 429, 503, 200])
def test_a_choice_that_was_not_heard_is_told_again_and_only_a_no_counts_meanwhile(
    elsewhere: Elsewhere, button: str, status: int
) -> None:
    page = elsewhere.visit()
    answer_with(page, status, body="<p>Try later")

    press(page, button)

    expect(page.get_by_role("status")).to_have_text(FAILED)
    assert page.evaluate("consent.has('analytics')") is False
    page.reload()
    expect(banner(page)).to_have_count(0)
    assert page.evaluate("consent.has('analytics')") is False
    page.unroute("**/choices/")
    page.reload()
    wait_for_record(page)
    assert page.evaluate("consent.has('analytics')") is (button == ACCEPT)
    page.reload()
    page.wait_for_load_state("networkidle")

    method = "accept" if button == ACCEPT else "reject"
    assert [entry.method for entry in CookieChoice.objects.all()] == [method]
    forgive(elsewhere.house, "ERR_FAILED", "status of")


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_a_choice_that_was_refused_looks_like_none_and_is_asked_again(
    elsewhere: Elsewhere, status: int
) -> None:
    page = elsewhere.visit()
    answer_with(page, status)

    press(page, ACCEPT)

    expect(page.get_by_role("status")).to_have_text(FAILED)
    assert page.evaluate("consent.has('analytics')") is False
    assert page.context.cookies() == []
    page.unroute("**/choices/")
    page.reload()
    expect(page.get_by_role("button", name=ACCEPT)).to_be_visible()
    forgive(elsewhere.house, "status of")


def test_the_visitor_is_shown_the_number_of_the_receipt(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    press(page, REJECT)
    receipt = wait_for_record(page)

    link = page.get_by_role("status").get_by_role("link")
    expect(link).to_have_text(f"Your receipt: {receipt}")
    assert link.get_attribute("href") == f"{elsewhere.house.url}/cookies/receipt/"
    assert violations(page) == []


def test_what_hides_the_message_is_no_third_answer(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    look = "(button) => getComputedStyle(button).backgroundColor"
    page.get_by_role("link", name="Change my cookie choice").click()
    found = {
        name: page.get_by_role("button", name=name).evaluate(look)
        for name in (ACCEPT, REJECT, MANAGE, "Hide this message")
    }

    assert found[ACCEPT] == found[REJECT]
    assert found[MANAGE] == found["Hide this message"] != found[ACCEPT]
    press(page, REJECT)
    hide = page.get_by_role("button", name="Hide this message")
    assert hide.evaluate(look) != found[ACCEPT]


# --- What a choice does ---


def test_what_is_strictly_necessary_runs_at_once(elsewhere: Elsewhere) -> None:
    allow_own_scripts(elsewhere)
    elsewhere.host.script("/basket.js", "window.basket = 1")
    marked = '<script type="text/plain" data-consent="essential" {}></script>'

    for source in ("src='/basket.js'", "data-src='/basket.js'"):
        page = elsewhere.visit(marked.format(source))
        until(page, "window.basket == 1")


HELD = """
<script type="text/plain" data-consent="analytics" data-src="/one.js"></script>
<script type="text/plain" data-consent="analytics" data-src="/two.js"></script>
<script type="text/plain" data-consent="unheard-of" data-src="/three.js"></script>"""


def test_scripts_are_held_until_a_yes_and_then_run_in_order(
    elsewhere: Elsewhere,
) -> None:
    allow_own_scripts(elsewhere)
    for name in ("one", "two", "three"):
        elsewhere.host.script(f"/{name}.js", f"(window.ran ||= []).push('{name}')")
    page = elsewhere.visit(HELD)
    assert page.evaluate("window.ran") is None
    press(page, REJECT)
    wait_for_record(page)
    page.reload()
    assert page.evaluate("window.ran") is None
    assert not [path for path in elsewhere.host.requests if path.endswith(".js")]

    page.evaluate("consent.open()")
    press(page, ACCEPT)
    until(page, "window.ran?.length == 2")
    page.reload()
    until(page, "window.ran?.length == 2")

    assert page.evaluate("ran") == ["one", "two"]


def test_taking_it_back_clears_what_is_declared_in_every_variant(
    elsewhere: Elsewhere, register_of_our_own: Path
) -> None:
    declare(register_of_our_own, "_visit*", "cookie")
    declare(register_of_our_own, "visits", "local-storage")
    declare(register_of_our_own, "visit-*", "session-storage")
    declare(register_of_our_own, "visits-db*", "indexed-db")
    elsewhere.host.name = "www.shop.localhost"
    elsewhere.site.origins = [elsewhere.host.origin]
    sites.change(elsewhere.site)
    page = elsewhere.visit()
    deep = elsewhere.host.page(elsewhere.tag, at="/shop/shelf/")
    page.goto(deep)
    press(page, ACCEPT)
    wait_for_record(page)
    page.evaluate("""() => {
        for (const path of ['/', '/shop', '/shop/', '/shop/shelf', '/shop/shelf/'])
            for (const domain of ['', '; domain=shop.localhost', '; domain=www.shop.localhost'])
                document.cookie =
                    `_visit${path.length}${domain.length}=1; path=${path}${domain}`;
        document.cookie = 'basket=1; path=/';
        localStorage.visits = localStorage.basket = sessionStorage['visit-7'] = '1';
        return new Promise((done) => indexedDB.open('visits-db-7').onsuccess = (event) => {
            event.target.result.close(); done() });
    }""")
    assert len(page.context.cookies()) == 5 * 3 + 2

    page.evaluate("consent.open()")
    press(page, REJECT)
    wait_for_record(page)
    until(page, "indexedDB.databases().then((all) => !all.length)")

    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names == {"consent_choice", "basket"}
    left = storage_of(page)
    assert (left["local"], left["session"]) == (["basket"], [])


# --- Google Consent Mode ---

GOOGLE = """window.dataLayer = window.dataLayer || [];
function gtag() { dataLayer.push(arguments) }
gtag('js', new Date()); gtag('config', 'G-SAMPLE');"""


def commands(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = page.evaluate(
        "(window.dataLayer || []).map((call) => [...call].slice(0, 2)"
        ".concat(call[2]?.analytics_storage ?? [], call[2]?.ad_storage ?? []))"
    )
    return [call for call in found if call[0] in ("consent", "config")]


def test_google_hears_denied_first_and_granted_only_after_a_yes(
    elsewhere: Elsewhere,
) -> None:
    allow_own_scripts(elsewhere)
    elsewhere.site.has_google_consent_mode = True
    sites.change(elsewhere.site)
    elsewhere.host.script("/google.js", GOOGLE)
    google = "<script src='/google.js'></script>"
    denied = ["consent", "default", "denied", "denied"]
    config = ["config", "G-SAMPLE"]

    # Google's own tag stands before ours here, which is the wrong way round.
    page = elsewhere.visit(head=google)
    assert commands(page) == [denied, config]
    assert page.evaluate("dataLayer[0].toString()") == "[object Arguments]"
    press(page, ACCEPT)
    granted = ["consent", "update", "granted", "denied"]
    until(page, "dataLayer.length == 4")
    assert commands(page) == [denied, config, granted]
    wait_for_record(page)
    page.reload()
    assert commands(page) == [denied, granted, config]
    page.evaluate("consent.open()")
    press(page, REJECT)
    until(page, "dataLayer.length == 5")
    assert commands(page)[-1] == ["consent", "update", "denied", "denied"]


def test_without_google_its_queue_is_never_made(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    press(page, ACCEPT)
    wait_for_record(page)

    assert page.evaluate("'dataLayer' in window") is False


# --- Global Privacy Control ---

SIGNAL = """Object.defineProperty(
    Navigator.prototype, 'globalPrivacyControl', { get: () => true })"""


def test_global_privacy_control_is_a_no_until_the_visitor_says_otherwise(
    elsewhere: Elsewhere,
) -> None:
    page = elsewhere.visit()
    page.context.add_init_script(SIGNAL)
    page.reload()

    page.wait_for_load_state("networkidle")
    expect(banner(page)).to_have_count(0)
    assert page.evaluate("consent.has('analytics')") is False
    assert storage_of(page) == NOTHING
    assert not CookieChoice.objects.exists()

    page.get_by_role("link", name="Change my cookie choice").click()
    press(page, ACCEPT)
    wait_for_record(page)
    page.reload()
    assert page.evaluate("consent.has('analytics')") is True


KEEP = """() => { document.cookie = '_visit=1; path=/'; localStorage.visits = '1'; }"""


def test_the_signal_outweighs_a_yes_made_without_it_and_is_not_kept(
    elsewhere: Elsewhere, register_of_our_own: Path
) -> None:
    allow_own_scripts(elsewhere)
    for name in ("one", "two"):
        elsewhere.host.script(f"/{name}.js", f"(window.ran ||= []).push('{name}')")
    elsewhere.site.has_google_consent_mode = True
    sites.change(elsewhere.site)
    declare(register_of_our_own, "_visit", "cookie")
    declare(register_of_our_own, "visits", "local-storage")
    page = elsewhere.visit(HELD)
    press(page, ACCEPT)
    wait_for_record(page)
    page.evaluate(KEEP)

    signalling = elsewhere.house.visit(
        "about:blank", storage_state=page.context.storage_state()
    )
    signalling.context.add_init_script(SIGNAL)
    signalling.goto(elsewhere.host.origin + "/")

    expect(banner(signalling)).to_have_count(0)
    assert signalling.evaluate("consent.has('analytics')") is False
    assert signalling.evaluate("window.ran") is None
    assert {call[2] for call in commands(signalling)} == {"denied"}
    assert {c["name"] for c in signalling.context.cookies()} == {"consent_choice"}
    assert storage_of(signalling)["local"] == []
    page.reload()
    assert page.evaluate("consent.has('analytics')") is True


# --- Asking again ---


def test_a_yes_that_ended_takes_along_what_it_allowed(
    elsewhere: Elsewhere, register_of_our_own: Path
) -> None:
    declare(register_of_our_own, "_visit", "cookie")
    declare(register_of_our_own, "visits", "local-storage")
    page = elsewhere.visit()
    press(page, ACCEPT)
    wait_for_record(page)
    page.evaluate(KEEP)
    now = page.evaluate("Date.now()")
    page.context.add_init_script(f"Date.now = () => {now + 183 * DAY * 1000}")
    page.reload()

    expect(banner(page)).to_be_visible()
    until(page, "!document.cookie.includes('_visit') && !localStorage.visits")


def test_a_new_item_asks_everybody_again_and_the_old_yes_ends(
    elsewhere: Elsewhere, register_of_our_own: Path
) -> None:
    page = elsewhere.visit()
    press(page, ACCEPT)
    wait_for_record(page)
    declare(register_of_our_own, "_visit", "cookie")

    # With an empty cache, as ten minutes later.
    fresh = elsewhere.house.visit(
        "about:blank", storage_state=page.context.storage_state()
    )
    fresh.goto(elsewhere.host.origin + "/")

    expect(banner(fresh)).to_be_visible()
    assert fresh.evaluate("consent.has('analytics')") is False


@pytest.mark.parametrize(("days", "is_asked"), [(181, False), (183, True)])
def test_nobody_is_asked_sooner_than_after_182_days(
    elsewhere: Elsewhere, days: int, is_asked: bool
) -> None:
    page = elsewhere.visit()
    press(page, REJECT)
    wait_for_record(page)
    now = page.evaluate("Date.now()")
    page.context.add_init_script(f"Date.now = () => {now + days * DAY * 1000}")
    page.reload()
    page.wait_for_load_state("networkidle")

    expect(banner(page)).to_have_count(int(is_asked))


# --- A site that is not ours ---


def test_from_a_site_that_is_not_registered_nothing_is_recorded(
    elsewhere: Elsewhere,
) -> None:
    with HostSite() as stranger:
        stranger.contents["/favicon.ico"] = ""
        page = elsewhere.house.visit(stranger.page(elsewhere.tag))
        press(page, ACCEPT)

        expect(page.get_by_role("status")).to_have_text(FAILED)
        for _ in range(100):
            if not any("CORS" in line for line in elsewhere.house.complaints):
                page.wait_for_timeout(50)
    assert not CookieChoice.objects.exists()
    # The browser says that it kept our answer from the page, as it must.
    assert any("CORS" in line for line in elsewhere.house.complaints)
    elsewhere.house.complaints.clear()


# --- What it costs the page ---

SHIFTS = """new PerformanceObserver((list) => {
    for (const shift of list.getEntries())
        if (!shift.hadRecentInput) window.shifted = (window.shifted || 0) + shift.value;
}).observe({ type: 'layout-shift', buffered: true })"""


def test_the_banner_moves_nothing_that_was_drawn(elsewhere: Elsewhere) -> None:
    page = elsewhere.visit()
    page.context.clear_cookies()
    page.context.add_init_script(SHIFTS)
    elsewhere.host.page(elsewhere.tag, "<p>A long page</p>" * 200)
    page.reload()

    expect(banner(page)).to_be_visible()
    press(page, ACCEPT)
    press(page, "Hide this message")
    expect(banner(page)).to_have_count(0)
    page.wait_for_timeout(200)

    assert page.evaluate("window.shifted || 0") == 0
