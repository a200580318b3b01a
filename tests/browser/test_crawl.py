"""Everything that a browser keeps on our pages stands in the register, and the other way.

A browser with a clean profile walks through every page there is: without a choice, after
a no, after a yes, signed in at the console, and on another site with our banner.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from consent import sites
from consent.models import ConsentSite
from consent.site_admin import tag_of
from processing_register.notices import banner_wording
from processing_register.register import StoredItem, the_register
from staff.models import StaffUser
from tests.browser.conftest import House
from tests.browser.crawl import Seen, Walk, differences, kept_without_consent
from tests.browser.host_site import HostSite
from tests.whole_house import inhabited
from tests.whole_house.inhabited import move_in, paths, superuser, url_map
from tests.whole_house.test_urls import PUBLIC

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Pages for mail programs and feed readers are no pages for a browser, and the mailbox
# is there in the local set-up alone.
NOT_WALKED = ("mailbox:", "console:")
LARGEST_SAMPLE = 1


@pytest.fixture
def lived_in(house: House, client: Client, mailbox: Path) -> inhabited.House:
    return move_in(client, house.smtp, mailbox)


def public_paths(lived_in: inhabited.House) -> list[str]:
    """Some real paths of every public entry of the URL map."""
    return [
        path
        for address in url_map()
        if address.name in PUBLIC and not address.name.startswith(NOT_WALKED)
        for path in paths(address, lived_in)[:LARGEST_SAMPLE]
    ]


def console_paths(lived_in: inhabited.House) -> list[str]:
    """The first path of every entry of the console but the way out."""
    return [
        paths(address, lived_in)[0]
        for address in url_map()
        if address.name.startswith("console:") and "log" not in address.name
    ]


def items(*places: str) -> list[StoredItem]:
    """What the register declares for these places, for all of them when none is named."""
    declared = the_register().items.values()
    return [item for item in declared if not places or item.where in places]


def begin(house: House, where: str = "site") -> Walk:
    page = house.visit("about:blank")
    walk = Walk(page, where)
    page.goto(house.url + "/")
    return walk


def answer(walk: Walk, button: str) -> None:
    walk.page.get_by_role("button", name=button, exact=True).first.click()
    walk.page.wait_for_load_state("networkidle")
    walk.look()


def hosts_of(house: House) -> set[str]:
    return {urlsplit(house.url).netloc, ""}


def forget_statuses(house: House) -> None:
    """The walk meets pages that are gone or refuse a GET, and browsers say so."""
    house.complaints[:] = [
        c for c in house.complaints if "the server responded" not in c
    ]


def walk_unasked(house: House, lived_in: inhabited.House) -> Walk:
    walk = begin(house)
    walk.everywhere(public_paths(lived_in))
    return walk


def walk_after(house: House, lived_in: inhabited.House, button: str) -> Walk:
    walk = begin(house)
    answer(walk, button)
    walk.everywhere(public_paths(lived_in))
    return walk


def walk_the_console(house: House, lived_in: inhabited.House) -> Walk:
    who: StaffUser = superuser()
    walk = begin(house, where="console")
    walk.seen.clear()
    walk.to("/console/login/")
    sign_in(walk.page, who)
    walk.look()
    for path in console_paths(lived_in):
        walk.to(path)
    site = ConsentSite.objects.create(name="Shop", origins=["https://shop.example.com"])
    walk.to(f"/console/consent/consentsite/{site.pk}/change/")
    walk.page.get_by_role("button", name="Save").click()
    walk.look()
    return walk


def sign_in(page: Page, who: StaffUser) -> None:
    page.get_by_label("E-mail address").fill(who.email)
    page.get_by_label("Password").fill("a long enough password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_the_public_pages_keep_is_what_the_register_declares(
    house: House, lived_in: inhabited.House
) -> None:
    wording = banner_wording()
    unasked = walk_unasked(house, lived_in)
    refused = walk_after(house, lived_in, wording.reject)
    agreed = walk_after(house, lived_in, wording.accept)

    assert len(unasked.visited) > 25
    assert unasked.seen == set(), "stored before a choice"
    assert kept_without_consent(refused.seen, items("site")) == []
    assert differences(refused.seen | agreed.seen, items("site")) == []
    for walk in (unasked, refused, agreed):
        assert walk.hosts <= hosts_of(house)
    forget_statuses(house)


def test_what_the_console_keeps_is_what_the_register_declares(
    house: House, lived_in: inhabited.House
) -> None:
    walk = walk_the_console(house, lived_in)

    # The public pages are only a link away, and their visitor came along.
    public = {(item.kind, item.name) for item in items("site")}
    seen = {thing for thing in walk.seen if (thing.kind, thing.name) not in public}
    assert len(walk.visited) > 50
    assert differences(seen, items("console")) == []
    assert walk.hosts <= hosts_of(house)
    forget_statuses(house)


def test_what_our_banner_keeps_elsewhere_is_what_the_register_declares(
    house: House,
) -> None:
    with HostSite() as host:
        host.contents["/favicon.ico"] = ""
        site = ConsentSite(name="Elsewhere", origins=[host.origin])
        sites.register(site)
        walk = Walk(house.visit("about:blank"), "embed")
        walk.page.goto(host.page(tag_of(site)))
        walk.look()
        assert walk.seen == set(), "stored before a choice"

        answer(walk, banner_wording().accept)

        assert differences(walk.seen, items("embed")) == []
        assert walk.hosts - {""} == {
            urlsplit(host.origin).netloc,
            urlsplit(house.url).netloc,
        }


# --- The comparison itself ---


def test_an_undeclared_cookie_turns_the_crawl_red(house: House) -> None:
    walk = begin(house)
    walk.page.context.add_cookies([{"name": "planted", "value": "1", "url": house.url}])
    walk.look()

    found = differences(walk.seen, items())
    assert "not declared: cookie “planted” (site)" in found
    assert kept_without_consent(walk.seen, items()) == [
        Seen("site", "cookie", "planted")
    ]


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        ("localStorage.planted = 1", "local-storage"),
        ("sessionStorage.planted = 1", "session-storage"),
        (
            "() => new Promise((done) =>"
            " indexedDB.open('planted').onsuccess = (event) => {"
            " event.target.result.close(); done() })",
            "indexed-db",
        ),
    ],
)
def test_an_undeclared_item_of_storage_turns_it_red(
    house: House, script: str, kind: str
) -> None:
    walk = begin(house)
    walk.page.evaluate(script)
    walk.look()

    assert f"not declared: {kind} “planted” (site)" in differences(walk.seen, items())


def test_a_request_to_another_host_is_noticed(house: House) -> None:
    with HostSite() as stranger:
        stranger.script("/planted.js", "")
        walk = begin(house)
        # Our own policy would stop it before it leaves: here none is in force.
        page = stranger.page(f"<script src='{stranger.origin}/planted.js'></script>")
        walk.page.route(
            f"{house.url}/", lambda route: route.fulfill(body=open_page(page))
        )
        walk.to("/")

        assert walk.hosts - hosts_of(house) == {urlsplit(stranger.origin).netloc}
    # Newer browsers ask before a page may reach this very machine, and report it.
    house.complaints.clear()


def open_page(address: str) -> str:
    with urlopen(address) as answer:
        return str(answer.read().decode())


def test_a_declared_item_that_never_appears_turns_it_red(house: House) -> None:
    found = differences([], items())

    assert len(found) == len(items())
    assert all(line.startswith("never seen: ") for line in found)


def item(**changes: Any) -> StoredItem:
    values = {
        "key": "k",
        "name": "visit_*",
        "kind": "cookie",
        "category": "analytics",
        "set_by": "us",
        "purpose": "analytics",
        "what_for": "",
        "life": "1 day",
        "where": "site",
    }
    return StoredItem(**{**values, **changes})


def test_a_declared_name_counts_for_its_own_place_and_kind_alone() -> None:
    assert differences([Seen("site", "cookie", "visit_7")], [item()]) == []
    for other in (
        Seen("console", "cookie", "visit_7"),
        Seen("site", "local-storage", "visit_7"),
        Seen("site", "cookie", "visits"),
    ):
        assert len(differences([other], [item()])) == 2
