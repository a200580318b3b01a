"""Every address of the house: who may come, and that looking changes nothing."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.relay import Relay
from tests.whole_house.inhabited import (
    Address,
    House,
    contents,
    move_in,
    paths,
    superuser,
    url_map,
)

pytestmark = pytest.mark.django_db

# Open to everyone. Whatever is not here must ask who is there.
PUBLIC = {
    "subscribers:sign-up",
    "subscribers:check-your-mail",
    "subscribers:confirm",
    "subscribers:confirmed",
    "subscribers:unsubscribe",
    "subscribers:undo",
    "subscribers:preferences-ask",
    "subscribers:preferences-asked",
    "subscribers:preferences-open",
    "subscribers:preferences",
    "subscribers:address-confirm",
    "subscribers:address-undo",
    "case_updates:archive",
    "case_updates:feed",
    "case_updates:detail",
    "processing_register:privacy-notice",
    "processing_register:notice-versions",
    "processing_register:notice-version",
    "processing_register:notice-version-text",
    "processing_register:notice-version-pdf",
    "processing_register:notice-text",
    "processing_register:notice-pdf",
    "processing_register:notice-compare",
    "processing_register:interests",
    "processing_register:interests-of",
    "processing_register:retention",
    "consent:cookies",
    "consent:cookie-choice",
    "consent:cookie-receipt",
    "consent:page-views",
    "processing_register:accessibility",
    "rights_requests:your-data",
    "rights_requests:own-data-ask",
    "rights_requests:own-data-asked",
    "rights_requests:own-data-open",
    "rights_requests:own-data",
    "rights_requests:own-data-place",
    "rights_requests:own-data-request",
    "rights_requests:ask",
    "rights_requests:asked",
    "rights_requests:status",
    "rights_requests:code",
    "rights_requests:confirm",
    "rights_requests:visit",
    "rights_requests:narrow",
    "rights_requests:withdraw",
    "rights_requests:new-link",
    "rights_requests:document",
    "rights_requests:complain",
    "rights_requests:calendar",
    "rights_requests:opendsr-callback",
    "rights_requests:portable-schema",
    "rights_requests:sending-key",
    "subscribers:receipt",
    "subscribers:receipt-file",
    "receipts:check",
    "receipts:checker",
    "receipts:schema",
    "receipts:seal",
    "security-policy",
    "security-txt",
    "robots-txt",
    "gpc",
    "seal-key",
    "health",
    "consent_sites:script",
    "consent_sites:choices",
    # Where the sign-in itself happens.
    "console:login",
    # Only in the local set-up, never in production (see test_production).
    "mailbox:index",
    "mailbox:message",
    "mailbox:html",
    "mailbox:raw",
}
# No page for a person: no HTML, no policy of its own.
BARE = {
    "case_updates:feed",
    "rights_requests:calendar",
    "health",
    "mailbox:raw",
    "consent_sites:script",
    "consent_sites:choices",
}

VISITORS: list[dict[str, Any]] = [
    {},
    {"purpose": "prefetch", "sec-purpose": "prefetch;prerender", "x-moz": "prefetch"},
    {"user-agent": "Mozilla/5.0 (compatible; BarracudaCentral; Safelinks) Proofpoint"},
]


@pytest.fixture
def house(client: Client, smtp: Relay, mailbox: Path) -> House:
    return move_in(client, smtp, mailbox)


def guarded() -> list[Address]:
    return [address for address in url_map() if address.name not in PUBLIC]


def test_every_url_is_public_by_name_or_guarded() -> None:
    assert PUBLIC <= {address.name for address in url_map()}
    for address in guarded():
        assert address.route.startswith("/console/"), address


def test_nobody_enters_the_console_without_signing_in(house: House) -> None:
    tried = 0
    for address in guarded():
        for path in paths(address, house)[:2]:
            for answer in (house.client.get(path), house.client.post(path)):
                assert answer.status_code in (302, 403, 405), f"{path}: {answer}"
                if answer.status_code == 302:
                    where = answer["Location"]
                    is_sign_out = address.name == "console:logout"
                    assert is_sign_out or where.startswith("/console/login/"), path
            tried += 1
    assert tried > 80


def test_looking_at_any_public_url_changes_no_row(house: House) -> None:
    for address in url_map():
        if address.name in PUBLIC:
            look(Client(), *paths(address, house))


def test_looking_at_any_link_of_any_mail_changes_no_row(house: House) -> None:
    ours = {
        urlsplit(url).path
        for mail in house.mails
        for url in mail.urls()
        if url.startswith("http://localhost:8000/")
    }
    assert {path.split("/")[1] for path in ours} >= {
        "confirm",
        "u",
        "preferences",
        "address",
        "privacy",
        "updates",
    }

    for path in sorted(ours):
        look(Client(), path, times=3)
        assert Client().get(path).status_code in (200, 410), path


def look(client: Client, *paths_of_one: str, times: int = 1) -> None:
    """At each of these addresses, as every kind of visitor; no row may change."""
    before = contents()
    for path in paths_of_one * times:
        for headers in VISITORS:
            for method in ("get", "head", "options"):
                answer = getattr(client, method)(path, headers=headers)
                assert answer.status_code < 500, f"{method} {path}: {answer}"
    after = contents()
    changed = {table for table in after if after[table] != before[table]}
    assert not changed, f"looking at {paths_of_one} changed {changed}"


@pytest.mark.slow
def test_looking_around_in_the_console_changes_no_row(house: House) -> None:
    client = Client()
    client.force_login(superuser())
    tried = 0
    for address in guarded():
        for path in paths(address, house)[:2]:
            look(client, path)
            tried += 1
    assert tried > 80


def test_the_links_still_work_after_all_that_looking(house: House) -> None:
    (mail,) = [m for m in house.mails if m.to == "ben@example.com"]
    path = mail.path("/confirm/")
    look(Client(), path, times=3)

    assert Client().post(path).status_code == 302


# --- What comes with every answer ---


def anonymous_pages(house: House) -> list[tuple[str, Any]]:
    found = []
    for address in url_map():
        if address.name in PUBLIC:
            for path in paths(address, house):
                found.append((address.name, Client().get(path)))
    found += [
        ("missing", Client().get("/no-such-page/")),
        ("refused", Client().post("/check-your-mail/")),
    ]
    return found


def referrer_policy(name: str) -> str:
    """The console's forms need a referrer of their own site (Django's CSRF check over
    https); public addresses are capabilities and tell nobody."""
    return "same-origin" if name.startswith("console:") else "no-referrer"


def test_an_anonymous_get_sets_no_cookie(house: House) -> None:
    for name, page in anonymous_pages(house):
        if name != "console:login":
            assert not page.cookies, f"{name} sets {page.cookies}"
            # A page differs with the choice about cookies; other answers never do.
            is_page = page["Content-Type"].startswith("text/html")
            varies = page.get("Vary", "").split(", ")
            assert ("Cookie" in varies) == is_page, name
            assert ("Sec-GPC" in varies) == is_page, name


def test_every_page_has_its_policy_and_its_security_headers(house: House) -> None:
    for name, page in anonymous_pages(house):
        policy = page.get("Content-Security-Policy", "")
        assert "unsafe" not in policy, name
        if name not in BARE:
            assert "default-src 'none'" in policy, name
            assert "base-uri 'none'" in policy, name
            assert "frame-ancestors" in policy, name
        assert page["X-Content-Type-Options"] == "nosniff", name
        assert page["Referrer-Policy"] == referrer_policy(name), name
        assert page["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert page["X-Frame-Options"] in ("DENY", "SAMEORIGIN"), name
        assert page["Cache-Control"], name


def test_console_pages_have_the_same_strict_policy(house: House) -> None:
    client = Client()
    client.force_login(superuser())
    for address in guarded():
        for path in paths(address, house)[:1]:
            page = client.get(path)
            policy = page.get("Content-Security-Policy", "")
            assert "default-src 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert page["Referrer-Policy"] == referrer_policy("console:"), path
            assert "no-store" in page["Cache-Control"], path


def test_error_pages_are_ours(house: House) -> None:
    page = house.client.get("/no-such-page/")

    assert page.status_code == 404
    assert b"<h1" in page.content
    assert b"valuelicensing" in page.content.lower()


def test_a_failing_page_shows_the_500_page_without_the_database(
    house: House, settings: Any
) -> None:
    from django.views.defaults import server_error

    page = server_error(house.client.get("/").wsgi_request)

    assert page.status_code == 500
    assert b"<h1" in page.content


def test_another_host_is_refused(house: House) -> None:
    assert house.client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/.git/config", "/.env", "/static/../config/urls.py"])
def test_nothing_of_the_workshop_is_served(house: House, path: str) -> None:
    assert house.client.get(path).status_code == 404
