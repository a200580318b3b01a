"""Input that is wrong, hostile or absurd: a clear page, nothing kept, never a 500."""

import json
import time
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from groundwork import form_tokens
from outbox.models import OutgoingEmail
from subscribers.models import MailedLink, Subscriber
from tests.people import (
    ADA,
    CASE_UPDATES,
    CLEO,
    become_reader,
    form_token,
    inbox,
    post_sign_up,
    sign_up,
    subscriber_of,
)
from tests.reading import posting_form
from tests.relay import Relay

pytestmark = pytest.mark.django_db


def nothing_kept() -> bool:
    return not (Subscriber.objects.exists() or OutgoingEmail.objects.exists())


WRONG_ADDRESSES = {
    "empty": "",
    "no at sign": "ada.example.com",
    "no local part": "@example.com",
    "no domain": "ada@",
    "two at signs": "ada@@example.com",
    "no dot": "ada@localhost",
    "an IP address": "ada@[127.0.0.1]",
    "255 characters": "a" * 64 + "@" + "b" * 61 + "." + "c" * 61 + "." + "d" * 66,
    "a long label": "ada@" + "b" * 64 + ".com",
    "very long": "a" * 5000 + "@example.com",
    "a second header": "ada@example.com\r\nBcc: cleo@example.com",
    "a line feed": "ada\n@example.com",
    "NUL": "ada\x00@example.com",
    "right-to-left override": "ada\u202e@example.com",
    "zero width": "ada\u200b@example.com",
    "zero width joiner": "ada\u200d@example.com",
    "unicode local part": "адa@example.com",
    "quoted local part": '"ada lovelace"@example.com',
    "a name before it": "Ada <ada@example.com>",
    "two addresses": "ada@example.com, cleo@example.com",
    "a formula": "=cmd|' /C calc'!A0",
    "a template": "{{7*7}}",
    "a script": "<script>alert(1)</script>@example.com",
}


@pytest.mark.parametrize("address", WRONG_ADDRESSES.values(), ids=WRONG_ADDRESSES)
def test_a_wrong_address_is_shown_again_with_advice(
    client: Client, address: str
) -> None:
    page = post_sign_up(client, address)

    assert page.status_code == 400
    body = page.content.decode()
    assert "There is a problem" in body
    assert "name@example.com" in body
    assert "<script>alert" not in body
    assert ">49<" not in body
    assert nothing_kept()


RIGHT_ADDRESSES = {
    "Ada@Example.COM": "ada@example.com",
    "  ada@example.com  ": "ada@example.com",
    "ada.l+news@example.com": "ada.l+news@example.com",
    "o'brien@example.com": "o'brien@example.com",
    "ada@bücher.example": "ada@xn--bcher-kva.example",
    "ada@BÜCHER.example": "ada@xn--bcher-kva.example",
    "=1+1@example.com": "=1+1@example.com",
    "a" * 64 + "@example.com": "a" * 64 + "@example.com",
}


@pytest.mark.parametrize("typed", RIGHT_ADDRESSES)
def test_a_right_address_is_kept_in_its_normal_form(
    client: Client, smtp: Relay, typed: str
) -> None:
    assert post_sign_up(client, typed).status_code == 302

    (mail,) = inbox(smtp, RIGHT_ADDRESSES[typed])
    assert mail.path("/confirm/")


WRONG_DETAILS = {
    "a line break": "Ada\r\nBcc: cleo@example.com",
    "NUL": "Ada\x00",
    "right-to-left override": "Ada\u202egpj.exe",
    "zero width": "A\u200bda",
    "too long": "a" * 101,
    "a line separator": "Ada\u2028x",
}


@pytest.mark.parametrize("field", ["first_name", "employer", "telephone"])
@pytest.mark.parametrize("text", WRONG_DETAILS.values(), ids=WRONG_DETAILS)
def test_a_wrong_detail_is_shown_again(client: Client, field: str, text: str) -> None:
    page = post_sign_up(client, CLEO, (CASE_UPDATES,), **{field: text})

    assert page.status_code == 400
    assert b"There is a problem" in page.content
    assert nothing_kept()


def test_a_card_or_insurance_number_typed_into_a_detail_is_not_kept(
    client: Client, smtp: Relay
) -> None:
    become_reader(
        client,
        smtp,
        CLEO,
        first_name="Cleo 4242 4242 4242 4242",
        employer="AB 12 34 56 C Ltd",
        telephone="+44 20 7946 0000",
    )

    cleo = subscriber_of(CLEO)
    assert cleo.first_name == "Cleo [card number ending 4242]"
    assert cleo.employer == "[National Insurance number ending 6C] Ltd"
    assert cleo.telephone == "+44 20 7946 0000"


def test_a_card_number_is_no_telephone_number(client: Client) -> None:
    card = "4242 4242 4242 4242"
    page = post_sign_up(client, CLEO, (CASE_UPDATES,), telephone=card)

    assert page.status_code == 400
    assert "Enter a telephone number" in page.content.decode()
    assert nothing_kept()


def test_a_telephone_number_that_a_card_could_have_stays(
    client: Client, smtp: Relay
) -> None:
    number = "4222222222222"
    become_reader(client, smtp, CLEO, telephone=number, job_title=number)

    assert subscriber_of(CLEO).telephone == number
    assert subscriber_of(CLEO).job_title == "[card number ending 2222]"


def test_a_detail_grown_too_long_by_masking_is_shown_again(client: Client) -> None:
    page = post_sign_up(client, CLEO, employer="a" * 83 + " 4242424242424242")

    assert page.status_code == 400
    assert "Shorten the employer" in page.content.decode()
    assert nothing_kept()


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}",
        "{% csrf_token %}",
        "=HYPERLINK(1)",
        "<b>Ada</b>",
        "http://spam.example",
    ],
)
def test_nothing_a_visitor_typed_stands_in_the_confirmation_mail(
    client: Client, smtp: Relay, name: str
) -> None:
    mail = sign_up(
        client,
        smtp,
        CLEO,
        first_name=name,
        last_name="Marker-Name",
        employer="Marker-Employer",
        job_title="Marker-Title",
        telephone="+44 20 7946 0000",
    )

    for text in (mail.text, mail.html, mail.header_lines().decode()):
        assert name not in text
        assert "Marker" not in text
        assert "7946" not in text
        assert ">49<" not in text


def test_without_a_purpose_nothing_is_kept(client: Client) -> None:
    page = post_sign_up(client, CLEO, ())

    assert page.status_code == 400
    assert b"Tick at least one kind of e-mail" in page.content
    assert nothing_kept()


@pytest.mark.parametrize(
    "purpose", ["", "everything", "case-updates\x00", "1" * 10_000]
)
def test_a_purpose_that_is_not_offered_is_refused(client: Client, purpose: str) -> None:
    assert post_sign_up(client, CLEO, (purpose,)).status_code == 400
    assert nothing_kept()


def test_what_was_typed_is_not_lost_with_an_error(client: Client) -> None:
    page = post_sign_up(client, "ada", ("own-news",), first_name='Ada "L"')

    fields = posting_form(page).fields
    assert fields["email"] == ["ada"]
    assert fields["first_name"] == ['Ada "L"']
    assert fields["purposes"] == ["own-news"]


# --- Bodies ---


def test_a_body_of_a_megabyte_is_refused(client: Client) -> None:
    data = {"shown": form_token(client), "email": CLEO, "first_name": "x" * 1_000_000}

    answer = client.post("/", data)

    assert answer.status_code == 413
    assert "That was too much at once" in answer.content.decode()
    assert nothing_kept()


def test_a_thousand_fields_are_refused(client: Client) -> None:
    data = {f"field{n}": "x" for n in range(1000)}

    assert client.post("/", data).status_code == 400


BODIES: dict[str, tuple[str, Any]] = {
    "JSON": ("application/json", json.dumps({"email": CLEO})),
    "XML": ("text/xml", "<a/>"),
    "plain text": ("text/plain", f"email={CLEO}"),
    "nothing": ("", ""),
    "broken multipart": ("multipart/form-data; boundary=x", "--x\r\nbroken"),
    "multipart without a boundary": ("multipart/form-data", "x"),
    "broken percent signs": ("application/x-www-form-urlencoded", "email=%ff%00%zz"),
    "another charset": (
        "application/x-www-form-urlencoded; charset=utf-7",
        f"email={CLEO}",
    ),
    "bytes": ("application/octet-stream", b"\x00\xff" * 100),
}
PATHS = ["/", "/preferences/", f"/u/{'a' * 22}/", f"/confirm/{'a' * 22}/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", BODIES)
def test_a_body_of_another_kind_gets_an_answer(
    client: Client, path: str, kind: str
) -> None:
    content_type, body = BODIES[kind]

    answer = client.post(path, body, content_type=content_type)

    assert answer.status_code in (400, 404, 415)
    assert nothing_kept()


@pytest.mark.parametrize(
    "query", ["?a=%00", "?%00", "?a=%ff", "?" + "a=b&" * 2000, "?a[]=1"]
)
def test_an_odd_query_string_gets_an_answer(client: Client, query: str) -> None:
    assert client.get(f"/{query}").status_code in (200, 400)


@pytest.mark.parametrize(
    "path", ["/%00/", "/u/%00/", "/u/..%2f/", "/confirm/%e2%80%ae/", "/updates/%ff/"]
)
def test_an_odd_path_gets_an_answer(client: Client, path: str) -> None:
    assert client.get(path).status_code in (400, 404)


# --- Robots ---


def test_the_trap_that_only_robots_fill_keeps_nothing(client: Client) -> None:
    answer = post_sign_up(client, CLEO, website="https://example.com")

    assert (answer.status_code, answer["Location"]) == (302, "/check-your-mail/")
    assert nothing_kept()


def test_who_is_faster_than_a_person_sees_the_filled_form_again(
    client: Client, settings: Settings
) -> None:
    settings.MINIMUM_FILL_SECONDS = 1
    page = post_sign_up(client, CLEO, first_name="Cleo")

    assert page.status_code == 200
    assert nothing_kept()
    filled = posting_form(page).fields
    assert (filled["email"], filled["first_name"]) == ([CLEO], ["Cleo"])
    assert filled["purposes"] == ["case-updates"]

    time.sleep(2.1)  # the token knows whole seconds
    assert client.post("/", filled).status_code == 302
    assert Subscriber.objects.count() == 1


# --- The token of the form ---


def tokens() -> dict[str, str]:
    good = form_tokens.issue("sign-up", {"wording": "sign-up/1", "notices": []})
    return {
        "none": "",
        "nonsense": "x",
        "forged": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "another form's": form_tokens.issue("preferences", {"wording": "sign-up/1"}),
        "very long": "a:" * 100_000,
        "with NUL": good + "\x00",
        "not ASCII": "тoken:тoken:тoken",
    }


@pytest.mark.parametrize(
    "kind",
    [
        "none",
        "nonsense",
        "forged",
        "another form's",
        "very long",
        "with NUL",
        "not ASCII",
    ],
)
def test_a_form_that_is_not_ours_keeps_nothing(client: Client, kind: str) -> None:
    page = post_sign_up(client, CLEO, shown=tokens()[kind])

    assert page.status_code == 400
    assert b"There is a problem" in page.content
    assert nothing_kept()


def test_a_form_of_yesterday_is_asked_again_and_then_works(
    client: Client,
) -> None:
    old = form_token(client)

    with time_machine.travel(time.time() + 25 * 3600):
        page = post_sign_up(client, CLEO, shown=old)
        assert page.status_code == 400
        assert client.post("/", posting_form(page).fields).status_code == 302

    assert Subscriber.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "http://testserver.evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/preferences/"])
def test_a_form_posted_from_another_site_is_refused(
    client: Client, path: str, headers: dict[str, str]
) -> None:
    data = {"shown": form_token(client), "email": ADA, "purposes": "case-updates"}

    assert client.post(path, data, headers=headers).status_code == 403
    assert nothing_kept()


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://testserver"}, {"origin": "null"}, {"sec-fetch-site": "none"}],
)
def test_our_own_form_is_taken(client: Client, headers: dict[str, str]) -> None:
    data = {"shown": form_token(client), "email": ADA, "purposes": "case-updates"}

    assert client.post("/", data, headers=headers).status_code == 302
    assert MailedLink.objects.count() == 1
