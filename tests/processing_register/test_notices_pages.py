"""The notices as anybody can read them: every version, every form, and what changed."""

import contextlib
import re
import sys
import zlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve
from django.utils import timezone

from processing_register.models import NoticeVersion
from processing_register.notice_page import page_context
from processing_register.notices import notice_in_force
from processing_register.rendering import render
from tests.console.staff import text
from tests.people import become_reader
from tests.processing_register.notices import drafted, in_days, published
from tests.relay import Relay

pytestmark = pytest.mark.django_db

BAR = "Our privacy notice changed on"
ANY_BAR = 'class="change-bar"'


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return text(response)


# --- Where they stand ---


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/privacy/", "You can say no to marketing"),
        ("/privacy/versions/", "Privacy notice, version 1"),
        ("/privacy/versions/1/", "in force from Sunday 1 November 2026, replaced"),
        ("/privacy/interests/", "Running and protecting the business"),
        ("/privacy/interests/orders/", "How to object"),
        ("/privacy/interests/orders/versions/1/", "How to object"),
        ("/privacy/interests/orders/versions/", "version 1"),
        ("/retention/", "Why that long"),
        ("/retention/versions/1/", "to be settled"),
        ("/accessibility/", "Everyone should be able to use this site"),
        ("/accessibility/versions/", "version 1"),
        ("/cookies/versions/1/", "You decide first"),
        ("/sign-up/versions/1/", "Case updates"),
        ("/cookie-banner/versions/1/", "Reject counting"),
    ],
)
def test_every_notice_has_its_page(client: Client, path: str, words: str) -> None:
    html = page(client, path)
    # A page says it in the middle of a sentence or at its beginning.
    assert words.lower() in html.lower()
    assert BAR not in html


@pytest.mark.parametrize(
    "path",
    [
        "/privacy/versions/99/",
        "/privacy/versions/99999999999999999999/",
        "/privacy/versions/99/text/",
        "/privacy/versions/99/pdf/",
        "/privacy/versions/0/",
        "/privacy/compare/?from=1&to=99",
        "/privacy/compare/?from=x&to=2",
        "/privacy/compare/?from=-1&to=2",
        "/privacy/compare/?from=²&to=2",
        "/privacy/interests/no-such-purpose/",
        "/privacy/interests/no-such-purpose/versions/",
        "/privacy/interests/no-such-purpose/versions/1/",
        "/privacy/interests/no-such-purpose/compare/",
        "/nonsense/versions/1/",
    ],
)
def test_what_was_never_published_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_draft_is_seen_by_nobody(client: Client) -> None:
    drafted()
    for path in ("/privacy/versions/3/", "/privacy/versions/3/text/"):
        assert client.get(path).status_code == 404
    assert "version 3" not in page(client, "/privacy/versions/")


def test_a_version_of_the_future_says_when_it_takes_effect(client: Client) -> None:
    published(effective_on=in_days(20), review_by=in_days(300))
    assert "Takes effect on" in page(client, "/privacy/versions/3/")
    assert "Version 2" in page(client, "/privacy/")


def test_a_page_says_when_it_was_last_reviewed(client: Client) -> None:
    today = timezone.localdate()
    assert (
        f"{today:%A %-d %B %Y}"
        in page(client, "/retention/").partition("Last reviewed on")[2]
    )


# --- What it has to say (Art. 13 and 14, Art. 21(4), DPA 2018 ss. 164A and 165) ---


def test_the_privacy_notice_names_the_controller_the_rights_and_the_regulator(
    client: Client,
) -> None:
    html = page(client, "/privacy/")
    for words in (
        "JJH Enterprises Ltd",
        "section 164A",
        "section 165",
        "Information Commissioner’s Office",
        "go to court",
        "within one month",
        "object to direct marketing at any time",
        "United Kingdom and the European Economic Area",
        "Nothing is decided about you by a computer alone",
    ):
        assert words in html


def test_the_regulator_s_name_is_data(client: Client) -> None:
    from processing_register.models import Controller

    Controller.objects.update(regulator_name="Information Commission")
    version = published()
    assert "Information Commission," in version.body
    assert "Commissioner" not in version.body


# --- Anchors and links ---


def anchors(html: str) -> list[str]:
    return re.findall(r'<h[23] id="([^"]+)"', html)


def test_the_anchors_of_the_first_version_are_those_it_always_had() -> None:
    first = NoticeVersion.objects.get(notice="privacy", number=1)
    assert [anchor for anchor, _ in page_context(first)["toc"]] == [
        "who-to-ask",
        "what-we-hold",
        "where-it-comes-from",
        "what-we-use-it-for-and-why-we-may",
        "e-mails",
        "cookies",
        "who-else-sees-it",
        "where-it-is-kept",
        "how-long-we-keep-it",
        "keeping-it-safe",
        "links-to-other-sites",
        "your-rights",
        "if-you-are-unhappy",
        "changes",
    ]


def test_a_heading_that_occurs_again_gets_a_number_and_the_first_keeps_its_anchor() -> (
    None
):
    html = render("## Cookies\n\na\n\n### Cookies\n\nb\n\n## Cookies\n\nc\n\n## ¿?\n")
    assert anchors(html.html) == ["cookies", "cookies-2", "cookies-3", "section"]


def test_every_link_of_every_notice_leads_somewhere(client: Client) -> None:
    checked = 0
    for version in NoticeVersion.objects.published():
        html = page_context(version)["html"]
        for url in re.findall(r'href="([^"]+)"', html):
            if url.startswith("#"):
                assert url[1:] in anchors(html), f"{version}: {url}"
            elif url.startswith("/"):
                try:
                    resolve(url.partition("#")[0])
                except Resolver404:
                    pytest.fail(f"{version}: {url}")
            else:
                assert url.startswith(("mailto:", "https://")), url
            checked += 1
    assert checked > 20


def test_markup_in_a_text_stays_text(client: Client) -> None:
    markup = "\n\nHello <script>alert(1)</script>\n\n[x](javascript:alert(1))\n"
    published(source=notice_in_force("privacy").source + markup)
    html = page(client, "/privacy/")
    assert "<script>alert" not in html
    assert 'href="javascript' not in html
    assert "&lt;script&gt;" in html


# --- What changed ---


def test_two_versions_can_be_compared_word_by_word(client: Client) -> None:
    before = notice_in_force("retention")
    published(
        "retention", source=before.source.replace("each night the system", "nightly it")
    )
    html = page(client, "/retention/compare/?from=1&to=2")
    assert re.search(r"<del>.*?removed: .*?each</del>", html, re.S)
    assert re.search(r"<ins>.*?added: .*?nightly</ins>", html, re.S)
    assert ">+</span>" in html
    assert ">−</span>" in html
    assert "Unchanged:" in html

    swapped = page(client, "/retention/compare/?from=2&to=1")
    assert re.search(r"<ins>.*?added: .*?each</ins>", swapped, re.S)


def test_without_a_choice_the_newest_two_are_compared(client: Client) -> None:
    html = page(client, "/privacy/compare/")
    assert "What changed between version 1 and version 2" in html
    assert "New section" in html


def test_a_version_compared_with_itself_says_so(client: Client) -> None:
    html = page(client, "/privacy/compare/?from=2&to=2")
    assert "one and the same version" in html
    assert "one and the same version" in page(client, "/retention/compare/")


def test_a_significant_version_marks_what_is_new_in_it(client: Client) -> None:
    published()
    html = page(client, "/privacy/")
    assert "What has changed since version 2" in html
    assert "The text says more." in html
    new = html.index('<h2 id="one-more-thing">')
    assert "New in this version" in html[new : new + 200]
    assert html.count("in this version</span>") == 1


def test_a_minor_version_marks_nothing(client: Client) -> None:
    published(severity="minor")
    assert "What has changed since" not in page(client, "/privacy/")


# --- The bar ---


def test_a_first_load_shows_no_bar(client: Client) -> None:
    assert BAR not in page(client, "/")
    assert BAR not in text(client.get("/no-such-page/"))


def later(days: int) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=True)


def test_a_significant_change_shows_on_every_page_for_thirty_days(
    client: Client,
) -> None:
    published()
    for path in ("/", "/updates/", "/your-data/", "/privacy/"):
        html = page(client, path)
        assert BAR in html, path
        assert "/privacy/compare/?from=2&amp;to=3" in html
    assert BAR in text(client.get("/no-such-page/"))
    with later(29):
        assert BAR in page(client, "/")
    with later(30):
        assert BAR not in page(client, "/")


def test_a_minor_change_shows_no_bar_and_takes_none_away(client: Client) -> None:
    published(severity="minor")
    assert BAR not in page(client, "/")
    published()
    published(severity="minor")
    assert "from=3&amp;to=4" in page(client, "/")


def test_a_change_ahead_shows_no_bar_before_its_day(client: Client) -> None:
    published(effective_on=in_days(10), review_by=in_days(300))
    assert BAR not in page(client, "/")
    with later(10):
        assert BAR in page(client, "/")


TOLD_OF = [
    ("cookies", "/cookies/", "Our cookie notice changed"),
    ("retention", "/retention/", "Our retention schedule changed"),
    (
        "interests-orders",
        "/privacy/interests/orders/",
        "Our summary “How we weighed it: collecting debts” changed",
    ),
]


@pytest.mark.parametrize(("notice", "path", "words"), TOLD_OF)
def test_a_significant_change_of_another_notice_shows_and_is_marked_too(
    client: Client, notice: str, path: str, words: str
) -> None:
    published(notice)
    bar = page(client, "/updates/")
    assert ANY_BAR in bar and words in bar
    assert f"{path}compare/?from=" in bar
    assert "New in this version" in page(client, path)


def test_changes_of_several_notices_stand_on_one_bar(client: Client) -> None:
    published()
    published("retention")
    html = page(client, "/")
    assert html.count(ANY_BAR) == 1
    assert "Our privacy notice changed" in html
    assert "Our retention schedule changed" in html


@pytest.mark.parametrize("notice", ["accessibility", "sign-up"])
def test_what_says_nothing_of_people_s_data_is_never_significant(
    client: Client, notice: str
) -> None:
    source = notice_in_force(notice).source
    heading = source.replace('heading = "', 'heading = "Now: ')
    words = {"source": heading} if notice == "sign-up" else {}
    version = published(notice, severity="significant", **words)
    assert version.severity == "minor"
    assert ANY_BAR not in page(client, "/")


def test_the_bar_costs_no_statement(client: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, "/check-your-mail/")
        return len(queries)

    without = statements()
    published()
    assert BAR in page(client, "/check-your-mail/")
    assert statements() == without


def test_the_page_of_a_failure_needs_no_notice(client: Client) -> None:
    from django.views.defaults import server_error

    published()
    answer = server_error(client.get("/").wsgi_request)
    assert answer.status_code == 500
    assert BAR not in answer.content.decode()


def test_a_new_reader_s_consent_names_the_version_they_saw(
    client: Client, smtp: Relay
) -> None:
    from consent.models import ConsentEntry

    become_reader(client, smtp)
    published()
    become_reader(client, smtp, "cleo@example.com")
    shown = ConsentEntry.objects.filter(action="given").order_by("id")
    assert [entry.notices[0] for entry in shown] == ["privacy/2", "privacy/3"]


# --- Other forms ---


def test_a_version_can_be_had_as_plain_text(client: Client) -> None:
    response = client.get("/privacy/versions/2/text/")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = text(response).split("\n")
    assert lines[0] == "Privacy notice"
    assert "Version 2, in force since Tuesday 24 November 2026." in lines
    assert max(len(line) for line in lines if "http" not in line) <= 72
    assert "http://localhost:8000/privacy/interests/" in text(response)
    assert text(client.get("/privacy/text/")) == text(response)


def unpacked(pdf: bytes) -> bytes:
    """The file with its compressed streams opened."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S)
    opened = [pdf]
    for stream in streams:
        with contextlib.suppress(zlib.error):
            opened.append(zlib.decompress(stream))
    return b"\n".join(opened)


def test_a_version_can_be_had_as_a_tagged_pdf(client: Client) -> None:
    response = client.get("/privacy/versions/2/pdf/")
    assert response["Content-Type"] == "application/pdf"
    assert 'filename="privacy-2.pdf"' in response["Content-Disposition"]
    assert response.content.startswith(b"%PDF-")
    inside = unpacked(response.content)
    assert b"/StructTreeRoot" in inside
    assert b"/Marked true" in inside
    assert b"/Lang (en-GB)" in inside
    assert b"pdfuaid" in inside
    assert b"Privacy notice, version 2" in inside
    assert b"JJH Enterprises Ltd" in inside
    assert client.get("/privacy/pdf/").content == response.content


def test_without_pango_the_page_says_what_is_missing(
    client: Client, monkeypatch: Any
) -> None:
    # What importing it comes to where the system's library is not installed.
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    response = client.get("/retention/versions/1/pdf/")
    assert response.status_code == 503
    html = text(response)
    assert "libpango-1.0-0" in html
    assert "/retention/versions/1/text/" in html


def test_a_picture_in_a_text_stays_out(client: Client) -> None:
    picture = "\n\n![a picture](https://example.com/x.png)\n"
    published(source=notice_in_force("privacy").source + picture)
    html = page(client, "/privacy/")
    assert "<img" not in html
    assert "a picture" in html
    assert client.get("/privacy/pdf/").status_code == 200
