"""The question about cookies in a real browser, and what a yes and a no really do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django import Settings

from consent.models import CookieChoice, PageCount
from processing_register.notices import banner_wording
from processing_register.register import the_register
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.people import ADA, inbox, stands

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ACCEPT, REJECT = "Accept counting", "Reject counting"
LOOKS: dict[str, Any] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "narrow and dark": {
        "viewport": {"width": 320, "height": 640},
        "color_scheme": "dark",
    },
}
STORED = """async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map((found) => found.name)})"""
PLANT = """async (name) => {
    localStorage.setItem(name, "1");
    sessionStorage.setItem(name, "1");
    await new Promise((done) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => { opening.result.close(); done(); };
    });
    document.cookie = `${name}=1; path=/`;
    document.cookie = `${name}=1; path=/updates/`;
    document.cookie = `${name}=1; path=/cookies`;
}"""
EMPTY: dict[str, list[str]] = {"local": [], "session": [], "databases": []}


def bar(page: Page) -> Any:
    return page.locator("[data-cookie-bar]")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def cookies(page: Page) -> set[str]:
    return {cookie["name"] for cookie in page.context.cookies()}


def asked_for(page: Page) -> list[str]:
    """Paths of everything that this page requests from now on."""
    found: list[str] = []
    page.on("request", lambda r: found.append(r.url.split("/", 3)[3].split("?")[0]))
    return found


# --- The bar ---


@pytest.mark.parametrize("look", LOOKS)
def test_the_bar_is_accessible_fits_and_stands_first(house: House, look: str) -> None:
    page = house.visit("/updates/", **LOOKS[look])

    expect(bar(page)).to_be_visible()
    assert violations(page) == []
    assert not is_wider_than_its_window(page)
    assert page.evaluate(
        "document.body.firstElementChild === document.querySelector('[data-cookie-bar]')"
    )
    position = bar(page).evaluate("(it) => getComputedStyle(it).position")
    assert position == "static", "neither sticky nor a wall"
    page.get_by_role("link", name="Your data").first.click()
    assert page.url.endswith("/your-data/"), "the page is there to be used"


@pytest.mark.parametrize("look", LOOKS)
def test_yes_and_no_are_equal(house: House, look: str) -> None:
    page = house.visit("/", **LOOKS[look])
    measure = """(it) => {
        const style = getComputedStyle(it), box = it.getBoundingClientRect();
        return [it.tagName, it.className, it.type, Math.round(box.width),
            Math.round(box.height), style.fontSize, style.fontWeight, style.color,
            style.backgroundColor, style.borderColor, style.borderWidth, style.opacity,
            style.fontFamily, style.textDecoration]; }"""

    yes, no = (
        page.get_by_role("button", name=name, exact=True).evaluate(measure)
        for name in (ACCEPT, REJECT)
    )

    assert yes == no
    assert yes[3] >= 44 and yes[4] >= 44


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_keyboard_reaches_yes_no_and_more_before_the_skip_link(
    house: House, scripts: bool
) -> None:
    page = house.visit("/updates/", java_script_enabled=scripts)
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        reached.append(focused.inner_text())
        box = focused.bounding_box()
        assert box is not None and box["y"] >= 0, "the focus is not covered"

    assert reached == [ACCEPT, REJECT, "Choose for yourself", "Skip to the page"]


def test_pressing_yes_needs_no_reload_and_is_announced(house: House) -> None:
    page = house.visit("/updates/")
    page.evaluate("window.isStillHere = true")

    press(page, ACCEPT)

    status = bar(page).get_by_role("status")
    expect(status).to_have_text(banner_wording().after["accepted"])
    expect(status).to_be_focused()
    assert page.evaluate("window.isStillHere")
    assert cookies(page) == {"cookie_choice"}
    assert violations(page) == []
    press(page, banner_wording().hide)
    expect(bar(page)).to_have_count(0)
    page.reload()
    expect(bar(page)).to_have_count(0)


@pytest.mark.parametrize("pressed", [ACCEPT, REJECT])
def test_without_scripts_the_form_does_the_same(house: House, pressed: str) -> None:
    page = house.visit("/updates/?page=1", java_script_enabled=False)

    press(page, pressed)

    assert "/updates/?page=1" in page.url
    word = "accepted" if pressed == ACCEPT else "rejected"
    expect(page.get_by_role("status")).to_have_text(banner_wording().after[word])
    expect(page.get_by_role("status")).to_be_focused()
    assert cookies(page) == {"cookie_choice"}
    page.get_by_role("link", name=banner_wording().hide).click()
    expect(bar(page)).to_have_count(0)
    assert CookieChoice.objects.count() == 1


def test_the_signal_of_the_browser_spares_the_question(house: House) -> None:
    page = house.visit("/", extra_http_headers={"Sec-GPC": "1"})

    expect(bar(page)).to_have_count(0)
    page.goto(house.url + "/cookies/")
    expect(page.get_by_text("Your browser has answered for you")).to_be_visible()
    assert page.get_by_label("No", exact=True).is_checked()
    assert violations(page) == []
    page.locator("label[for=analytics_yes]").click()
    press(page, banner_wording().save)
    page.goto(house.url + "/updates/")
    page.wait_for_load_state("networkidle")
    assert PageCount.objects.filter(page="case_updates:archive").exists()


# --- Nothing before a yes, nothing after a no ---

WALK = ["/", "/updates/", "/privacy/", "/your-data/", "/accessibility/", "/cookies/"]


@pytest.mark.parametrize("answer", ["", REJECT], ids=["unanswered", "after a no"])
def test_without_a_yes_nothing_is_kept_and_nothing_is_told(
    house: House, answer: str
) -> None:
    page = house.visit("/")
    if answer:
        press(page, answer)
        expect(bar(page).get_by_role("status")).to_be_visible()
    requests = asked_for(page)

    for path in WALK:
        page.goto(house.url + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(STORED) == EMPTY, path

    assert cookies(page) == ({"cookie_choice"} if answer else set())
    assert not [r for r in requests if r.startswith(("static/analytics", "page-views"))]
    assert not PageCount.objects.exists()


def test_after_a_yes_each_page_is_counted_once_a_tab(house: House) -> None:
    page = house.visit("/")
    press(page, ACCEPT)
    expect(bar(page).get_by_role("status")).to_be_visible()

    for path in ("/", "/updates/", "/", "/updates/", "/no-such-page/"):
        page.goto(house.url + path)
        page.wait_for_load_state("networkidle")

    counted = dict(PageCount.objects.values_list("page", "views"))
    assert counted == {"subscribers:sign-up": 1, "case_updates:archive": 1}
    assert page.evaluate(STORED)["session"] == ["pages-counted"]
    house.complaints[:] = [c for c in house.complaints if "404" not in c]


@pytest.mark.parametrize(
    "tag",
    [
        "/static/analytics/page_views.js",
        "https://stats.example.co.uk/matomo.js",
        "/updates/feed/",
    ],
)
def test_a_tag_pasted_without_its_mark_stays_blocked(house: House, tag: str) -> None:
    page = house.visit("/updates/")

    page.evaluate(
        "(src) => new Promise((done) => { const tag = document.createElement('script');"
        " tag.src = src; tag.onload = () => done('ran'); tag.onerror = () => done('');"
        " document.head.append(tag); }).then((it) => window.outcome = it)",
        tag,
    )
    sent = page.evaluate(
        "fetch('/page-views/', {method: 'POST', body: new URLSearchParams({page: 'x'})})"
        ".then(() => 'sent', () => 'blocked')"
    )

    assert page.evaluate("window.outcome") == ""
    assert sent == "blocked"
    assert page.evaluate(STORED) == EMPTY
    assert any("Content Security Policy" in c for c in house.complaints)
    house.complaints.clear()


def test_with_a_yes_the_same_tag_may_run(house: House) -> None:
    page = house.visit("/updates/")
    press(page, ACCEPT)
    expect(bar(page).get_by_role("status")).to_be_visible()
    page.goto(house.url + "/updates/")
    page.wait_for_load_state("networkidle")

    assert page.evaluate(STORED)["session"] == ["pages-counted"]


def test_marked_scripts_start_however_they_are_written(house: House) -> None:
    page = house.visit("/updates/")
    press(page, ACCEPT)
    expect(bar(page).get_by_role("status")).to_be_visible()
    mark = '<script type="text/plain" data-consent="{}" {}></script>'
    counter = "/static/analytics/page_views.js"
    tags = [
        mark.format("analytics", f'src="{counter}?1"'),
        mark.format("analytics", f'data-src="{counter}?2"'),
        mark.format("essential", f'src="{counter}?3"'),
        mark.format("marketing", f'src="{counter}?4"'),
    ]

    def with_tags(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace("</head>", "".join(tags) + "</head>")
        route.fulfill(response=answer, body=body)

    page.route(f"{house.url}/privacy/", with_tags)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{house.url}/privacy/")
    page.wait_for_load_state("networkidle")

    started = [url[-1] for url in requests if f"{counter}?" in url]
    assert started == ["1", "2", "3"]
    assert not [url for url in requests if "undefined" in url]


# --- Taking it back ---


@pytest.fixture
def more_items(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """A register that declares one more item for analytics, of a name with a number."""
    import shutil

    folder = tmp_path / "register"
    shutil.copytree(settings.REGISTER_DIR, folder)
    with (folder / "cookies.toml").open("a") as file:
        file.write(
            '\n[[items]]\nkey = "visitor"\nname = "visitor_*"\nkind = "cookie"\n'
            'category = "analytics"\nset_by = "us"\npurpose = "analytics"\n'
            'what_for = "A test"\nlife = "1 year"\nwhere = "site"\n'
        )
    settings.REGISTER_DIR = folder
    the_register.cache_clear()
    yield
    the_register.cache_clear()


@pytest.mark.parametrize("door", ["the cookies page", "without scripts"])
def test_taking_a_yes_back_clears_what_was_kept(
    house: House, more_items: None, door: str
) -> None:
    page = house.visit("/updates/")
    press(page, ACCEPT)
    expect(bar(page).get_by_role("status")).to_be_visible()
    page.goto(house.url + "/cookies/")
    for name in ("pages-counted", "visitor_17"):
        page.evaluate(PLANT, name)
    page.evaluate("localStorage.setItem('not-ours', '1')")
    if door == "without scripts":
        page.route("**/static/js/*", lambda route: route.abort())

    page.get_by_role("link", name="Cookie choice").click()
    page.locator("label[for=analytics_no]").click()
    press(page, banner_wording().save)
    expect(page.get_by_role("status")).to_have_text(banner_wording().after["withdrawn"])
    if door == "without scripts":
        left = {c["name"] for c in page.context.cookies() if c["path"] == "/"}
        assert left == {"cookie_choice"}, "the server itself has expired them"
        house.complaints.clear()
        return

    page.wait_for_load_state("networkidle")
    # What has another name stays; a name with a number goes where it can be seen.
    assert page.evaluate(STORED) == EMPTY | {"local": ["not-ours"]}
    page.goto(house.url + "/updates/")
    page.wait_for_load_state("networkidle")
    assert cookies(page) == {"cookie_choice"}
    methods = CookieChoice.objects.order_by("id").values_list("method", flat=True)
    assert list(methods) == ["accept", "withdraw"]


# --- Nothing depends on it ---


@pytest.mark.parametrize("answer", ["", ACCEPT, REJECT], ids=["none", "yes", "no"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_signing_up_is_the_same_whatever_was_answered(
    house: House, answer: str, scripts: bool
) -> None:
    page = house.visit("/", java_script_enabled=scripts)
    if answer:
        press(page, answer)
        expect(page.get_by_role("status")).to_be_visible()
    page.get_by_label("E-mail address").fill(ADA)
    page.get_by_label("Case updates").check()
    press(page, "Sign up")
    expect(page.get_by_role("heading", level=1)).to_contain_text("mail")
    page.goto(house.url + inbox(house.smtp, ADA)[-1].path("/confirm/"))
    press(page, "Confirm my e-mail")

    assert page.url.endswith("/confirmed/")
    assert stands() == {"case-updates"}


@pytest.mark.parametrize("look", LOOKS)
def test_the_cookies_page_and_the_record_are_accessible(
    house: House, look: str
) -> None:
    page = house.visit("/cookies/", **LOOKS[look])
    found = violations(page)
    assert page.get_by_label("No", exact=True).is_checked(), "a no unless chosen"
    assert not is_wider_than_its_window(page)
    press(page, banner_wording().save)
    found += violations(page)
    assert not is_wider_than_its_window(page)
    press(page, "See the record")
    found += violations(page)
    assert not is_wider_than_its_window(page)
    press(page, "Delete it")
    found += violations(page)

    assert found == []
