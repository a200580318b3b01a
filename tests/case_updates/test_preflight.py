"""Each check passes on a sound message and fails for its own reason."""

from dataclasses import replace
from typing import Any

import pytest

from case_updates import preflight
from case_updates.models import CaseUpdate
from case_updates.preflight import Proof, make_proof
from processing_register.models import Controller
from tests.case_updates.cast import draft, released, submitted

pytestmark = pytest.mark.django_db


def failing(update: CaseUpdate) -> list[str]:
    return [r.title for r in preflight.results(update) if not r.passed]


def tampered(**parts: Any) -> Proof:
    return replace(make_proof(draft()), **parts)


def test_a_sound_update_passes_every_check() -> None:
    results = preflight.results(draft())

    assert [r.problem for r in results] == [""] * len(preflight.CHECKS)


@pytest.mark.parametrize(
    ("words", "check"),
    [
        ({"title": " "}, "Title and summary are there"),
        ({"summary": ""}, "Title and summary are there"),
        ({"body": " \n"}, "The text part holds the whole update"),
        ({"body": "Look: ![us](https://example.org/us.png)"}, "No image"),
        ({"body": "Dear {{ name }},"}, "Nothing is left to fill in"),
        ({"body": "{% if x %}"}, "Nothing is left to fill in"),
        ({"body": "Dear [NAME],"}, "Nothing is left to fill in"),
        ({"body": "[insert the date here]"}, "Nothing is left to fill in"),
        ({"body": "The court, TK, said"}, "Nothing is left to fill in"),
        ({"title": "TODO: a title"}, "Nothing is left to fill in"),
        ({"summary": "Lorem ipsum dolor"}, "Nothing is left to fill in"),
        ({"body": "[a](http://example.org/)"}, "Every link is https"),
        ({"body": "[a](/updates/)"}, "Every link is https"),
        ({"body": "[a](https:///nowhere)"}, "Every link is https"),
        ({"body": "[a](https://localhost/x)"}, "Every link is https"),
        ({"body": "[a](https://bank.example@evil.example/)"}, "Every link is https"),
        ({"body": "[a](mailto:someone@example.org)"}, "Every link is https"),
        ({"body": "[a](https://[::1/)"}, "Every link is https"),
        ({"body": "[a](javascript:alert(1))"}, "Every link is https"),
        ({"body": "a\u202eb"}, "No invisible characters"),
        ({"title": "a\u200bb"}, "No invisible characters"),
        ({"summary": "a\x07b"}, "No invisible characters"),
        ({"body": "word " * 22_000}, "The message is smaller than 102 kB"),
    ],
)
def test_each_fault_fails_its_own_check_and_no_other(
    words: dict[str, str], check: str
) -> None:
    (title,) = failing(draft(**words))

    assert title.startswith(check)


@pytest.mark.parametrize(
    "body",
    [
        "[2026] EWCA Civ 12, section 3(c), 100 % of {the} costs",
        "[before](http://localhost:8000/updates/before/)",
        "[a](https://example.org:8443/path?x=1&y=2#part)",
        "Zażółć gęślą jaźń – “quoted”",
        "a [link to the mailbox](mailto:governance@valuelicensing.com)",
    ],
)
def test_ordinary_words_pass(body: str) -> None:
    assert failing(draft(body=body)) == []


def test_our_own_address_on_http_passes_only_as_ours(settings: Any) -> None:
    update = draft(body="[a](http://localhost:8000/updates/)")
    assert failing(update) == []

    settings.SITE_URL = "https://updates.example.org"

    assert failing(update) == ["Every link is https and names a site"]


def test_a_missing_link_to_stop_is_named_with_its_part() -> None:
    whole = make_proof(draft())
    no_text = replace(whole, text=whole.text.replace(whole.unsubscribe_url, ""))
    no_html = replace(whole, html=whole.html.replace(whole.unsubscribe_url, "#"))

    assert "from the text part" in preflight.link_to_stop(no_text)
    assert "from the HTML part" in preflight.link_to_stop(no_html)
    assert preflight.link_to_stop(whole) == ""


def test_a_link_to_stop_that_is_only_words_does_not_count() -> None:
    whole = make_proof(draft())
    url = whole.unsubscribe_url
    words = replace(
        whole, html=whole.html.replace(f'<a href="{url}"', f"<b>{url}</b><a")
    )

    assert "HTML" in preflight.link_to_stop(words)


@pytest.mark.parametrize("line", ["JJH Enterprises Ltd", "DE1 3TQ"])
def test_a_missing_name_or_address_is_named_with_its_part(line: str) -> None:
    whole = make_proof(draft())

    assert preflight.name_and_address(whole) == ""
    no_text = replace(whole, text=whole.text.replace(line, ""))
    no_html = replace(whole, html=whole.html.replace(line, ""))
    assert "from the text part" in preflight.name_and_address(no_text)
    assert "from the HTML part" in preflight.name_and_address(no_html)


def test_a_controller_without_an_address_fails() -> None:
    Controller.objects.update(postal_address="")

    assert failing(draft()) == ["Both parts hold the legal name and address"]


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="https://example.org/pixel.gif" width="1" height="1">',
        '<td background="https://example.org/x.png">',
        '<p style="background: URL(https://example.org/x.png)">',
        "<style>@import 'https://example.org/x.css';</style>",
        "<svg></svg>",
    ],
)
def test_whatever_would_be_fetched_fails(markup: str) -> None:
    whole = make_proof(draft())

    assert preflight.no_picture(whole) == ""
    assert preflight.no_picture(replace(whole, html=whole.html + markup))
    assert preflight.no_picture(replace(whole, attachments=1))


def test_an_empty_text_part_fails() -> None:
    assert preflight.plain_part(tampered(text="")) != ""


def test_a_header_that_is_not_ascii_fails() -> None:
    raw = make_proof(draft()).raw

    assert preflight.clean_headers(tampered(raw="Subject: é\r\n".encode() + raw))
    assert preflight.clean_headers(tampered(raw=b"X: " + b"a" * 999 + b"\r\n" + raw))


def test_a_header_to_stop_that_is_doubled_lacking_or_encoded_fails() -> None:
    raw = make_proof(draft()).raw
    post = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    assert post in raw

    for changed in (
        post + raw,
        raw.replace(post, b""),
        raw.replace(post, b"List-Unsubscribe-Post: =?utf-8?q?x?=\r\n"),
    ):
        assert preflight.clean_headers(tampered(raw=changed))


def test_a_correction_of_something_unpublished_fails() -> None:
    update = draft(corrects=submitted("Not out yet"))

    assert failing(update) == ["What it corrects is published"]


def test_a_correction_of_something_published_passes() -> None:
    assert failing(draft(corrects=released("Out already"))) == []


def test_every_fault_is_reported_at_once() -> None:
    update = draft("TODO", body="![x](https://example.org/x.png) [a](http://b.org)")

    assert len(preflight.problems(update)) == 3
