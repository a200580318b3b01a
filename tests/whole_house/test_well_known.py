"""The files that programs look for at fixed places."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from groundwork.clock import today_here
from groundwork.proof_check import read_key
from groundwork.seal_keys import public_key
from processing_register.notices import current_controller, notice_in_force
from tests.whole_house.inhabited import url_map

pytestmark = pytest.mark.django_db

SECURITY_TXT = "/.well-known/security.txt"


def fields(client: Client) -> dict[str, list[str]]:
    """Of security.txt, as RFC 9116 says to read it."""
    found: dict[str, list[str]] = {}
    for line in client.get(SECURITY_TXT).content.decode().splitlines():
        name, value = line.split(": ", 1)
        found.setdefault(name, []).append(value)
    return found


def test_the_gpc_file_says_that_we_heed_the_signal(client: Client) -> None:
    answer = client.get("/.well-known/gpc.json")

    assert answer["Content-Type"] == "application/json"
    told = answer.json()
    assert told["gpc"] is True
    assert told["lastUpdate"] == notice_in_force("privacy").effective_on.isoformat()
    assert date.fromisoformat(told["lastUpdate"]) <= today_here()


def test_security_txt_has_what_rfc_9116_asks_for(client: Client) -> None:
    found = fields(client)

    assert len(found["Contact"]) >= 1
    assert all(c.startswith(("mailto:", "https:", "tel:")) for c in found["Contact"])
    assert len(found["Expires"]) == 1
    assert len(found["Preferred-Languages"]) == 1
    assert found["Canonical"] == [f"http://localhost:8000{SECURITY_TXT}"]


def test_its_contact_is_not_the_mailbox_for_rights(
    client: Client, settings: Settings
) -> None:
    assert fields(client)["Contact"] == ["mailto:security@valuelicensing.com"]
    assert current_controller().governance_email not in fields(client)["Contact"][0]

    settings.SECURITY_CONTACT = "https://example.com/report"
    assert fields(client)["Contact"] == ["https://example.com/report"]


def test_it_expires_within_a_year_and_not_within_a_month(client: Client) -> None:
    """Red a month before the promise ends: confirm that the contact still answers, then
    move SECURITY_TXT_EXPIRES on."""
    (expires,) = fields(client)["Expires"]

    left = datetime.fromisoformat(expires) - datetime.now(UTC)

    assert timedelta(days=30) < left < timedelta(days=365)


def test_its_policy_is_a_page_of_ours(client: Client) -> None:
    (policy,) = fields(client)["Policy"]

    page = client.get(policy.removeprefix("http://localhost:8000"))

    assert page.status_code == 200
    assert "mailto:security@valuelicensing.com" in page.content.decode()


@pytest.mark.parametrize(
    "path", [SECURITY_TXT, "/robots.txt", "/.well-known/casedesk-seal-key"]
)
def test_a_text_file_is_plain_and_comes_at_once(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert not answer.cookies
    assert client.post(path).status_code == 405


def test_the_published_key_is_the_one_that_signs(client: Client) -> None:
    told: Any = client.get("/.well-known/casedesk-seal-key")

    assert read_key(told.content.decode()) == public_key()


def test_robots_are_kept_from_every_link_of_somebodys_own(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()
    closed = re.findall(r"^Disallow: (/.+)$", text, re.M)

    for address in url_map():
        if "<token:" in address.route or address.route.startswith("/console/"):
            assert address.route.startswith(tuple(closed)), address.route
    for open_path in ("/", "/updates/", "/privacy/", "/receipts/check/"):
        assert not open_path.startswith(tuple(closed))
