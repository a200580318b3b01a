"""Every page opens, looks like the console, and keeps to the content policy."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from consent.models import ShownWording
from governance import dashboard
from outbox import inbound
from outbox.models import InboundEmail, OutgoingEmail
from processing_register.models import NoticeVersion
from staff.console import console as site
from staff.models import StaffUser
from subscribers.importing import keep_upload
from tests.case_updates.cast import reader, released, submitted
from tests.console.staff import SUBSCRIBERS, console_of, dana, page_of, person, text
from tests.people import ADA, CLEO

pytestmark = pytest.mark.django_db

SUMS = [
    "/console/cookie-choices/",
    "/console/page-views/",
    "/console/complaints/",
    "/console/complaints/counts/",
]
MESSAGE = b"From: cleo@example.com\r\nSubject: Hello\r\n\r\nA question.\r\n"


class Inline(HTMLParser):
    """Finds what a strict content policy refuses, and sources from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.found.append(f"<{tag} {name}>")
            if name in ("src", "href") and re.match(
                r"(?i)(javascript|data):", value or ""
            ):
                self.found.append(f"<{tag} {name}={value}>")


def inline_in(html: str) -> list[str]:
    reader = Inline()
    reader.feed(html)
    return reader.found


def lists() -> list[str]:
    names = [f"{m._meta.app_label}_{m._meta.model_name}" for m in site._registry]
    return [reverse(f"console:{name}_changelist") for name in names]


def add_pages(user: StaffUser) -> list[str]:
    class Request:
        pass

    request: Any = Request()
    request.user = user
    return [
        reverse(f"console:{m._meta.app_label}_{m._meta.model_name}_add")
        for m, admin in site._registry.items()
        if admin.has_add_permission(request)
    ]


def pages_about_things(omar: StaffUser) -> list[str]:
    """One page of every kind that shows a single thing."""
    ada = reader(ADA)
    inbound.store(MESSAGE)
    inbound.read_new()
    upload = keep_upload("email\ncleo@example.com\n", file_name="a.csv", staff_id=1)
    wording = ada_wording()
    mail = OutgoingEmail.objects.latest("created_at").pk
    message = InboundEmail.objects.get().pk
    notices = [n.pk for n in NoticeVersion.objects.all()]
    return [
        page_of(ada),
        f"{SUBSCRIBERS}{ada.pk}/details/",
        f"{SUBSCRIBERS}{ada.pk}/stop/",
        f"{SUBSCRIBERS}{ada.pk}/history/",
        f"{SUBSCRIBERS}import/",
        f"{SUBSCRIBERS}import/{upload.pk}/",
        f"{SUBSCRIBERS}export/",
        f"/console/outbox/outgoingemail/{mail}/change/",
        f"/console/outbox/inboundemail/{message}/change/",
        f"/console/consent/wording/{wording}/",
        *(f"/console/processing_register/noticeversion/{pk}/change/" for pk in notices),
        "/console/processing_register/controller/1/change/",
        "/console/processing_register/processingpurpose/case-updates/change/",
        f"/console/staff/staffuser/{omar.pk}/change/",
        f"/console/staff/staffuser/{omar.pk}/password/",
        "/console/password_change/",
        "/console/password_change/done/",
    ]


def ada_wording() -> str:
    return bytes(ShownWording.objects.get().pk).hex()


def all_pages(omar: StaffUser) -> list[str]:
    own = ["/console/", "/console/seals/", *SUMS]
    return [*own, *lists(), *add_pages(omar), *pages_about_things(omar)]


def test_every_page_opens_and_holds_nothing_inline(
    console: Client, omar: StaffUser
) -> None:
    for url in all_pages(omar):
        response = console.get(url)
        assert response.status_code == 200, url
        assert inline_in(text(response)) == [], url
        assert "<script" not in text(response), url


def test_the_page_for_signing_in_opens_and_holds_nothing_inline() -> None:
    response = Client().get("/console/login/")
    assert response.status_code == 200
    assert inline_in(text(response)) == []


def test_every_page_asks_strangers_to_sign_in_first(omar: StaffUser) -> None:
    for url in all_pages(omar):
        response = Client().get(url)
        assert response.status_code == 302, url
        assert response["Location"].startswith("/console/login/"), url


def test_without_duties_there_is_nothing_but_an_explanation(omar: StaffUser) -> None:
    client = dana()
    urls = all_pages(omar)
    first = text(client.get("/console/"))
    assert "Your account has no duties yet" in first
    assert "readers of case updates" not in first
    assert "Find a reader" not in first
    allowed = {
        "/console/",
        "/console/password_change/",
        "/console/password_change/done/",
    }
    for url in urls:
        expected = 200 if url in allowed else 403
        assert client.get(url).status_code == expected, url


def test_what_is_not_allowed_or_not_there_looks_like_the_console() -> None:
    client = dana()
    refused = client.get(SUBSCRIBERS)
    assert refused.status_code == 403
    assert "You may not do this" in text(refused)
    missing = client.get("/console/nothing/here/")
    assert missing.status_code == 404
    assert "There is nothing here" in text(missing)


def test_the_rail_shows_only_what_may_be_opened() -> None:
    html = text(dana("view_subscriber").get("/console/"))
    assert SUBSCRIBERS in html
    assert "/console/consent/consententry/" not in html
    assert "/console/staff/staffuser/" not in html


def test_a_long_section_of_the_rail_is_folded_until_its_page_is_open(
    console: Client,
) -> None:
    folded = '<details class="fold"><summary>Registers</summary>'
    unfolded = '<details class="fold" open><summary>Registers</summary>'
    assert folded in text(console.get("/console/"))
    page = text(console.get("/console/processing_register/recipient/"))
    assert folded not in page
    assert unfolded in page


def test_a_browser_that_says_where_it_comes_from_can_sign_in() -> None:
    """With the public pages' "no-referrer" a browser would send "Origin: null"."""
    person("omar@example.com")
    client = Client(enforce_csrf_checks=True)
    page = client.get("/console/login/")
    assert page["Referrer-Policy"] == "same-origin"
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', text(page))
    assert token
    response = client.post(
        "/console/login/",
        {
            "csrfmiddlewaretoken": token[1],
            "username": "Omar@Example.com",
            "password": "correct horse battery",
            "next": "/console/",
        },
        headers={"Origin": "http://testserver"},
    )
    assert response.status_code == 302
    assert response["Location"] == "/console/"


def test_a_wrong_password_says_so_in_the_house_pattern() -> None:
    response = Client().post(
        "/console/login/", {"username": "omar@example.com", "password": "wrong"}
    )
    assert "There is a problem" in text(response)
    assert "do not go together" in text(response)


def test_the_first_page_counts_what_matters_to_who_sees_no_cases() -> None:
    console = dana("view_subscriber", "view_outgoingemail", "view_inboundemail")
    reader(ADA)
    inbound.store(MESSAGE)
    inbound.read_new()
    mail = OutgoingEmail.objects.latest("created_at")
    OutgoingEmail.objects.filter(pk=mail.pk).update(
        state="unknown", reason="worker died"
    )
    html = text(console.get("/console/"))
    numbers = re.findall(r"<b>(\d+)</b><span>([^<]+)</span>", html)
    assert numbers == [
        ("1", "readers of case updates"),
        ("0", "waiting to confirm"),
        ("1", "e-mails in trouble"),
        ("1", "messages to read"),
    ]
    assert CLEO not in html
    assert "c•••@example.com" in html


def test_the_first_page_lists_what_is_written_and_what_waits_for_approval(
    console: Client,
) -> None:
    reader(ADA)
    update = submitted()
    html = text(console.get("/console/"))
    assert update.title in html
    assert "waiting for approval" in html
    assert "No case update is on its way" in html


def test_the_first_page_shows_how_far_a_sending_is(console: Client) -> None:
    reader(ADA)
    update = released()
    html = text(console.get("/console/"))
    assert update.title in html
    assert "0 of 1" in html


def test_the_first_page_opens_without_redis_and_says_so(
    console: Client, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": settings.REDIS_URL}
    }
    reader(ADA)
    html = text(console.get("/console/"))
    assert "does not answer" in html
    readers = text(dana("view_subscriber").get("/console/"))
    assert "<b>1</b><span>readers of case updates" in readers


def test_an_old_entry_that_no_seal_covers_is_trouble(console: Client) -> None:
    reader(ADA)
    later = timezone.now() + timedelta(minutes=30)
    checks = {check.label: check for check in dashboard.health_checks()}
    assert checks["Consent entries"].is_well
    with time_machine.travel(later):
        checks = {check.label: check for check in dashboard.health_checks()}
    assert not checks["Consent entries"].is_well
    assert "never sealed" in checks["Consent entries"].detail


def test_the_first_page_needs_few_queries(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    reader(ADA)
    console.get("/console/")
    with django_assert_max_num_queries(38):
        console.get("/console/")


def test_django_s_page_per_app_is_not_there(omar: StaffUser) -> None:
    assert console_of(omar).get("/console/subscribers/").status_code == 404
