"""Page views: counted for who agreed, as sums of days and pages, and nothing else."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as project
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent import cookies, page_views
from consent.models import ConsentSite, CookieChoice, CookieReceipt, PageCount
from consent.retention import COOKIE_EVIDENCE, PAGE_COUNTS
from data_subjects.retention import due_rows
from groundwork import rate_limits
from tests.console.staff import dana, text
from tests.whole_house.inhabited import url_map

pytestmark = pytest.mark.django_db

VIEWS = "/page-views/"
UPDATES = {"page": "case_updates:archive"}


def answer(client: Client, pressed: str) -> Any:
    data = {
        "choice": pressed,
        "banner": "cookie-banner/1",
        "hash": cookies.content_hash(),
    }
    return client.post("/cookies/choice/", data)


def visitor(pressed: str = "accept") -> Client:
    client = Client()
    assert answer(client, pressed).status_code == 302
    return client


def test_a_view_is_one_more_in_a_sum() -> None:
    for client in (visitor(), visitor()):
        assert client.post(VIEWS, UPDATES).status_code == 204

    row = PageCount.objects.get()
    assert (row.page, row.views) == ("case_updates:archive", 2)


@pytest.mark.parametrize("pressed", ["", "reject"])
def test_nobody_is_counted_without_a_yes(pressed: str) -> None:
    client = visitor(pressed) if pressed else Client()

    assert client.post(VIEWS, UPDATES).status_code == 403
    assert not PageCount.objects.exists()


def test_the_signal_and_other_sites_are_not_counted() -> None:
    for headers in ({"sec-gpc": "1"}, {"sec-fetch-site": "cross-site"}):
        answer = visitor().post(VIEWS, UPDATES, headers=headers)
        assert answer.status_code == 403
    assert not PageCount.objects.exists()


@pytest.mark.parametrize(
    "page", ["", "x", "/updates/", "subscribers:confirm", "console:index", "\x00", "é"]
)
def test_only_pages_that_are_listed_are_counted(page: str) -> None:
    assert visitor().post(VIEWS, {"page": page}).status_code == 400
    assert not PageCount.objects.exists()


def test_no_listed_page_has_a_capability_in_its_address() -> None:
    for name in project.COUNTED_PAGES:
        assert "token" not in _route(name), name


def _route(name: str) -> str:
    (route,) = [a.route for a in url_map() if a.name == name]
    return route


@pytest.mark.parametrize("path", ["/check-your-mail/", "/preferences/", "/nowhere/"])
def test_other_pages_do_not_name_themselves(path: str) -> None:
    page = text(visitor().get(path))

    assert re.search(r'data-page=""', page)


def test_looking_counts_nothing() -> None:
    client = visitor()
    for method in ("get", "head", "options", "put"):
        assert getattr(client, method)(VIEWS).status_code == 405
    assert not PageCount.objects.exists()


def test_one_network_cannot_draw_the_chart() -> None:
    client = visitor()
    for _ in range(1000):
        assert rate_limits.page_view_allowed("127.0.0.0/24")

    assert client.post(VIEWS, UPDATES).status_code == 429


def test_the_controllers_own_analytics_are_marked_and_on_listed_pages_alone(
    settings: Any,
) -> None:
    settings.ANALYTICS_HOST = "https://stats.example.co.uk/"
    client = visitor()

    page = text(client.get("/updates/"))
    assert 'data-src="https://stats.example.co.uk/js/script.js"' in page
    assert not re.search(r'<script(?! type="text/plain")[^>]*stats\.example', page)
    assert "stats.example" not in text(client.get("/preferences/"))


# --- What the staff see ---


def test_the_chart_has_a_bar_for_each_day_with_views() -> None:
    today = timezone.localdate()
    for days, views in ((0, 4), (1, 2), (40, 9)):
        day = today - timedelta(days=days)
        PageCount.objects.create(day=day, page="consent:cookies", views=views)

    page = text(dana("view_pagecount").get("/console/page-views/"))

    assert "6 views, at most 4 on a day" in page
    heights = re.findall(r'<rect [^>]*height="([\d.]+)"', page)
    assert heights == ["80.0", "160.0"]
    assert page.count("<tr>") == 1 + 1 + 1 + 28
    assert " style=" not in page


def test_an_empty_chart_teaches_what_is_counted() -> None:
    page = text(dana("view_pagecount").get("/console/page-views/"))

    assert "Nothing has been counted" in page and "<svg" not in page


def test_choices_are_counted_by_version_and_never_by_visitor() -> None:
    client = visitor()
    visitor("reject")
    visitor("reject")
    answer(client, "reject")

    page = text(dana("view_cookiechoice").get("/console/cookie-choices/"))

    cells = re.findall(r'<td class="number"[^>]*>(\d+)</td>', page)
    assert cells == ["1", "2", "0", "1", "4"]
    assert "cookie-banner/1" in page and "These pages" in page
    for choice in CookieChoice.objects.all():
        assert bytes(choice.receipt_digest).hex() not in page


def test_choices_are_counted_apart_for_each_site() -> None:
    visitor()
    shop = ConsentSite.objects.create(name="Shop", origins=["https://shop.example"])
    for banner, site in (
        ("1", shop.key),
        ("2", shop.key),
        ("2", shop.key),
        ("2", "gone"),
    ):
        cookies.record_choice(
            frozenset(),
            method="reject",
            banner=f"cookie-banner/{banner}",
            content_hash=cookies.content_hash("embed"),
            site=site,
        )

    page = text(dana("view_cookiechoice").get("/console/cookie-choices/"))

    rows = re.findall(r'<th scope="row">(.*?)</th>\s*<td>cookie-banner/(\d)', page)
    assert rows == [("These pages", "1"), ("Shop", "2"), ("Shop", "1"), ("gone", "2")]
    assert re.findall(r'<td class="number"[^>]*>(\d+)</td>', page)[4::5] == list("1211")


@pytest.mark.parametrize("name", ["cookie_choices", "page_views"])
def test_the_sums_need_their_own_duty(name: str) -> None:
    assert dana("view_consententry").get(reverse(f"console:{name}")).status_code == 403


# --- Retention ---


def test_the_record_and_the_counts_end_with_their_periods() -> None:
    with time_machine.travel("2026-11-30T12:00:00Z", tick=False):
        visitor()
        page_views.add("consent:cookies", on=date(2026, 11, 30))
        now = timezone.now()

    assert not due_rows(COOKIE_EVIDENCE, now + timedelta(days=364)).exists()
    assert due_rows(COOKIE_EVIDENCE, now + timedelta(days=366)).exists()
    assert not due_rows(PAGE_COUNTS, now + timedelta(days=729)).exists()
    assert due_rows(PAGE_COUNTS, now + timedelta(days=733)).exists()
    assert CookieReceipt.objects.count() == 1
