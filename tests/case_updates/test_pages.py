"""The archive, the page of an update, and the feed."""

from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from processing_register.models import Controller
from tests.case_updates.cast import draft, released, submitted

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


def page(client: Client, url: str, **headers: Any) -> Any:
    return client.get(url, **headers)


def feed(client: Client) -> ElementTree.Element:
    return ElementTree.fromstring(client.get("/updates/feed/").content)


def words(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{ATOM}{name}")
    assert found is not None, name
    return found.text or ""


# --- Archive and page ---


def test_a_published_update_can_be_read_in_full(client: Client) -> None:
    update = released()

    html = page(client, update.get_absolute_url()).content.decode()

    assert "<h1>The court has heard us</h1>" in html
    assert "<h2>What happens next</h2>" in html
    assert '<span class="away">(opens example.org)</span>' in html


@pytest.mark.parametrize("make", [draft, submitted])
def test_what_is_not_published_is_not_there(client: Client, make: Any) -> None:
    update = make("A secret so far")

    assert page(client, update.get_absolute_url()).status_code == 404
    for url in ("/updates/", "/updates/feed/"):
        assert "A secret so far" not in page(client, url).content.decode()


def test_an_unknown_page_is_not_found(client: Client) -> None:
    assert page(client, "/updates/no-such-thing/").status_code == 404


def test_the_archive_begins_with_the_newest(client: Client) -> None:
    released("The first")
    released("The second")

    html = page(client, "/updates/").content.decode()

    assert 0 < html.index("The second") < html.index("The first")


def test_the_archive_shows_twenty_on_a_page(client: Client) -> None:
    for number in range(21):
        released(f"Number {number:02}")

    first = page(client, "/updates/").content.decode()
    second = page(client, "/updates/?page=2").content.decode()

    assert first.count("Number ") == 20 and "Number 00" not in first
    assert "Number 00" in second and second.count("Number ") == 1


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999", "x", "%00"])
def test_a_page_that_is_not_there_is_no_error(client: Client, number: str) -> None:
    released()

    assert page(client, f"/updates/?page={number}").status_code in (200, 400)


def test_the_archive_costs_the_same_for_many_as_for_one(client: Client) -> None:
    def statements(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        return len(seen)

    earlier = released("Number 0")
    released("Number 1", corrects=earlier)
    before = [statements(url) for url in ("/updates/", "/updates/feed/")]
    for number in range(4):
        released(f"Another {number}", corrects=earlier)

    assert [statements(url) for url in ("/updates/", "/updates/feed/")] == before


def test_a_correction_shows_on_both_pages_and_in_the_archive(client: Client) -> None:
    wrong = released("The judge is Smith")
    right = released("The judge is Smythe", corrects=wrong)

    wrong_page = page(client, wrong.get_absolute_url()).content.decode()
    right_page = page(client, right.get_absolute_url()).content.decode()
    archive = page(client, "/updates/").content.decode()

    assert "Corrected" in wrong_page and right.get_absolute_url() in wrong_page
    assert "Correction" in right_page and wrong.get_absolute_url() in right_page
    assert "Correction" in archive and "Corrects" in archive


def test_a_correction_that_is_not_published_shows_nowhere(client: Client) -> None:
    wrong = released("The judge is Smith")
    submitted("The judge is Smythe", corrects=wrong)

    assert "Smythe" not in page(client, wrong.get_absolute_url()).content.decode()
    assert "Smythe" not in page(client, "/updates/feed/").content.decode()


@pytest.mark.parametrize("url", ["/updates/", "/updates/feed/", "/updates/{slug}/"])
def test_nobody_gets_a_cookie(client: Client, url: str) -> None:
    response = page(client, url.format(slug=released().slug))

    assert response.status_code == 200
    assert not response.cookies


@pytest.mark.parametrize("url", ["/updates/", "/updates/feed/", "/updates/{slug}/"])
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_pages_can_only_be_read(client: Client, url: str, method: str) -> None:
    url = url.format(slug=released().slug)

    assert getattr(client, method)(url).status_code == 405


# --- Asking again ---


@pytest.mark.parametrize("url", ["/updates/feed/", "/updates/{slug}/"])
def test_asking_again_with_the_etag_gets_nothing_new(client: Client, url: str) -> None:
    url = url.format(slug=released().slug)
    first = page(client, url)

    again = page(client, url, headers={"if-none-match": first["ETag"]})

    assert again.status_code == 304 and not again.content
    assert "max-age=60" in first["Cache-Control"]


@pytest.mark.parametrize("url", ["/updates/feed/", "/updates/{slug}/"])
def test_asking_again_with_the_time_gets_nothing_new(client: Client, url: str) -> None:
    url = url.format(slug=released().slug)
    first = page(client, url)

    again = page(client, url, headers={"if-modified-since": first["Last-Modified"]})

    assert again.status_code == 304


@pytest.mark.parametrize("url", ["/updates/feed/", "/updates/{slug}/"])
def test_a_correction_is_something_new(client: Client, url: str) -> None:
    wrong = released()
    url = url.format(slug=wrong.slug)
    first = page(client, url)
    released("The judge is Smythe", corrects=wrong)

    again = page(client, url, headers={"if-none-match": first["ETag"]})

    assert again.status_code == 200 and "Smythe" in again.content.decode()


def test_a_changed_frame_is_something_new(client: Client) -> None:
    url = released().get_absolute_url()
    first = page(client, url)
    Controller.objects.update(phone_display="+44 1332 000000")

    again = page(client, url, headers={"if-none-match": first["ETag"]})

    assert again.status_code == 200


# --- The feed (RFC 4287) ---


def test_the_feed_says_what_it_is(client: Client) -> None:
    response = page(client, "/updates/feed/")
    found = feed(client)

    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert found.tag == f"{ATOM}feed"
    assert words(found, "id") == "tag:valuelicensing.com,2026:case-updates"
    assert words(found, "title") and words(found, "updated")
    assert found.findtext(f"{ATOM}author/{ATOM}name") == "ValueLicensing"
    links = {link.get("rel"): link.get("href") for link in found.iter(f"{ATOM}link")}
    assert links["self"] == "http://localhost:8000/updates/feed/"


def test_an_empty_feed_is_a_valid_one(client: Client) -> None:
    found = feed(client)

    assert words(found, "updated") and not found.findall(f"{ATOM}entry")


def test_an_entry_has_the_full_content_as_html(client: Client) -> None:
    update = released(
        "Fish & <chips>",
        summary="1 < 2 & so on",
        body="Read [this](https://example.org/a?b=1&c=2).\n\n- 1 < 2 & so on",
    )

    (entry,) = feed(client).findall(f"{ATOM}entry")
    content = entry.find(f"{ATOM}content")

    assert content is not None and content.get("type") == "html"
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener">this</a>' in (
        content.text or ""
    )
    assert words(entry, "title") == "Fish & <chips>"
    assert words(entry, "summary") == "1 &lt; 2 &amp; so on"
    assert words(entry, "id") == (
        f"tag:valuelicensing.com,{update.created_at:%Y-%m-%d}:case-updates/{update.pk}"
    )
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"http://localhost:8000/updates/{update.slug}/"


def test_every_entry_has_what_the_standard_demands(client: Client) -> None:
    released("The first")
    released("The second")

    entries = feed(client).findall(f"{ATOM}entry")

    for entry in entries:
        for name in ("id", "title", "updated"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1
    assert len({words(entry, "id") for entry in entries}) == len(entries) == 2


def test_a_correction_shows_in_both_entries(client: Client) -> None:
    wrong = released("The judge is Smith")
    right = released("The judge is Smythe", corrects=wrong)
    assert right.published_at is not None

    newer, older = feed(client).findall(f"{ATOM}entry")

    assert words(newer, "title") == "Correction: The judge is Smythe"
    assert wrong.get_absolute_url() in words(newer, "content")
    assert right.get_absolute_url() in words(older, "content")
    assert words(older, "updated") == words(newer, "updated")
    assert words(older, "published") <= words(older, "updated")


def test_the_feed_holds_the_newest_fifty(client: Client) -> None:
    first = released("The very first")
    for number in range(50):
        released(f"Number {number}")

    found = feed(client)

    assert len(found.findall(f"{ATOM}entry")) == 50
    assert first.get_absolute_url() not in ElementTree.tostring(found).decode()


def test_the_newest_stands_on_the_sign_up_page(client: Client) -> None:
    released("The newest of all")

    assert "The newest of all" in client.get("/").content.decode()
