"""The script for other sites as it is served, and the address that hears choices."""

import gzip
import html
import json
import re
import shutil
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import brotli
import pytest
from django.core.checks import run_checks
from django.db import IntegrityError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from bench import consent as bench
from consent import cookies, receipt_numbers, site_views, sites
from consent.choice_desk import choices_by_version
from consent.embed import _smaller_object, consent_script
from consent.models import ConsentSite, CookieChoice, CookieReceipt
from processing_register.models import NoticeVersion
from processing_register.register import the_register
from tests.console.staff import dana, text

pytestmark = pytest.mark.django_db

ORIGIN = "https://shop.example.com"
SCRIPT = "/consent.js"
MOST_BYTES = 3000
REMARK = "consent.W001"


@pytest.fixture
def site() -> ConsentSite:
    shop = ConsentSite(name="Shop", origins=[ORIGIN, "https://www.example.com"])
    sites.register(shop)
    return shop


def choice(**changes: Any) -> dict[str, Any]:
    return {
        "categories": ["analytics"],
        "method": "accept",
        "banner": "cookie-banner/1",
        "hash": cookies.content_hash("embed"),
        "receipt": "",
        **changes,
    }


def post(site: str, body: Any, *, origin: str = ORIGIN, **options: Any) -> Any:
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    return Client().post(
        f"/consent/sites/{site}/choices/",
        content,
        content_type=options.pop("content_type", "text/plain;charset=UTF-8"),
        headers={"origin": origin} if origin else {},
        **options,
    )


# --- The script ---


def served(coding: str) -> Any:
    return Client().get(SCRIPT, headers={"accept-encoding": coding})


def test_the_script_travels_in_at_most_three_thousand_bytes() -> None:
    answer = served("gzip, deflate, br")

    assert answer["Content-Encoding"] == "br"
    assert len(answer.content) <= MOST_BYTES


def test_a_register_that_grows_the_script_is_remarked_on(
    tmp_path: Path, settings: Settings
) -> None:
    assert REMARK not in [
        found.id for found in run_checks(include_deployment_checks=True)
    ]
    folder = tmp_path / "register"
    shutil.copytree(settings.REGISTER_DIR, folder)
    item = (
        '\n[[items]]\nkey = "{0}"\nname = "{0}"\nkind = "cookie"\n'
        'category = "analytics"\nset_by = "us"\npurpose = "analytics"\n'
        'what_for = "A test"\nlife = "1 year"\nwhere = "embed"\n'
    )
    with (folder / "cookies.toml").open("a") as file:
        file.writelines(item.format(f"visitor-{n * 7919 % 1000}") for n in range(40))
    settings.REGISTER_DIR = folder
    the_register.cache_clear()

    found = run_checks(include_deployment_checks=True)
    the_register.cache_clear()

    (remark,) = [one for one in found if one.id == REMARK]
    assert "at most 3000 are promised" in remark.msg


def test_every_form_of_the_script_is_the_same_script() -> None:
    plain = served("").content

    assert brotli.decompress(served("br").content) == plain
    assert gzip.decompress(served("gzip").content) == plain
    assert served("br;q=0, gzip").content == served("gzip").content
    assert served("br;q=0.0, gzip;q=0").content == plain
    assert "Content-Encoding" not in served("identity").headers


def test_the_script_is_kept_for_a_short_time_and_asked_for_by_its_tag() -> None:
    answer = served("br")
    again = Client().get(
        SCRIPT, headers={"accept-encoding": "br", "if-none-match": answer["ETag"]}
    )

    assert answer["Cache-Control"] == "public, max-age=600"
    assert "Accept-Encoding" in answer["Vary"]
    assert "Cookie" not in answer["Vary"]
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert not answer.cookies
    assert again.status_code == 304
    assert not again.content
    assert served("gzip")["ETag"] != answer["ETag"]


def test_whoever_asks_for_the_head_gets_no_body() -> None:
    """Servers complain of a body that they may not send."""
    answer = site_views.script(RequestFactory().head(SCRIPT))

    assert answer.content == b""
    assert answer["Content-Length"] == str(len(served("").content))
    assert answer["ETag"]


def test_the_script_reaches_for_no_other_host_and_parses_no_markup() -> None:
    code = served("").content.decode()

    assert not re.search(r"https?://|//[a-z]+\.", code)
    for word in ("innerHTML", "eval(", 'setAttribute("style', ".style", "<style"):
        assert word not in code
    assert "BAKED" not in code
    assert "/*" not in code


def test_the_script_speaks_the_wording_in_force() -> None:
    code = served("").content.decode()

    for words in ("Accept counting", "Reject counting", '"cookie-banner/2"'):
        assert words in code
    assert cookies.content_hash("embed") in code


def test_the_choice_lasts_as_long_as_the_register_says() -> None:
    days = cookies.ASKED_AGAIN_AFTER.days
    choices = [i for i in the_register().items.values() if i.key.startswith("choice")]

    assert {item.life for item in choices} == {f"{days} days"}
    assert len(choices) == 2
    assert f"lasts:{days * 24 * 60 * 60 * 1000}" in served("").content.decode()


def test_its_source_in_the_repository_is_written_to_be_read() -> None:
    source = Path("consent/script/consent.js").read_text()

    longest = max(len(line) for line in source.splitlines())
    assert longest < 160
    assert source.count("\n") > 150


def test_words_that_look_like_a_key_stay_as_they_are() -> None:
    words = json.dumps({"text": 'Say "yes": or "no"', "empty": []})

    assert _smaller_object(words) == r'{text: "Say \"yes\": or \"no\"", empty: []}'


# --- A choice ---


def test_a_choice_is_recorded_and_answered_with_its_receipt(site: ConsentSite) -> None:
    answer = post(site.key, choice())

    assert answer.status_code == 201
    receipt = answer.json()["receipt"]
    entry = CookieChoice.objects.get()
    assert bytes(entry.receipt_digest) == cookies.receipt_digest(receipt)
    assert entry.categories == ["analytics"]
    assert (entry.method, entry.banner) == ("accept", "cookie-banner/1")
    assert entry.site == site.key
    assert CookieReceipt.objects.get().site == site.key
    assert not answer.cookies


def test_the_answer_may_be_read_by_that_origin_alone(site: ConsentSite) -> None:
    answer = post(site.key, choice())

    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" in answer["Vary"]
    assert answer["Cache-Control"] == "no-store"


def test_a_second_choice_goes_on_with_the_same_receipt(site: ConsentSite) -> None:
    first = post(site.key, choice()).json()["receipt"]
    taken_back = choice(method="withdraw", categories=[], receipt=first)

    assert post(site.key, taken_back).json()["receipt"] == first
    assert CookieReceipt.objects.get().method == "withdraw"
    assert CookieChoice.objects.count() == 2


def test_what_was_deleted_does_not_come_back_with_the_next_choice(
    site: ConsentSite,
) -> None:
    first = post(site.key, choice()).json()["receipt"]
    Client().post("/cookies/receipt/", {"number": first, "action": "delete"})

    second = post(site.key, choice(receipt=first)).json()["receipt"]

    assert second != first and receipt_numbers.is_ours(second)
    digest = cookies.receipt_digest(second)
    assert bytes(CookieReceipt.objects.get().digest) == digest


def test_a_receipt_belongs_to_the_site_it_began_on(site: ConsentSite) -> None:
    other = ConsentSite.objects.create(name="Fair", origins=[ORIGIN])
    sites.forget()
    first = post(site.key, choice()).json()["receipt"]

    second = post(other.key, choice(receipt=first)).json()["receipt"]

    assert second != first
    assert CookieReceipt.objects.count() == 2


@pytest.mark.parametrize("receipt", ["", "one of no yes"])
def test_nothing_is_taken_back_where_nothing_was_given(
    site: ConsentSite, receipt: str
) -> None:
    if receipt:
        no = choice(method="reject", categories=[])
        receipt = post(site.key, no).json()["receipt"]

    taken_back = choice(method="withdraw", categories=[], receipt=receipt)
    assert post(site.key, taken_back).status_code == 201

    methods = set(CookieChoice.objects.values_list("method", flat=True))
    assert methods == {"reject"}


def test_less_than_before_is_taken_back_whatever_was_pressed(site: ConsentSite) -> None:
    first = post(site.key, choice()).json()["receipt"]

    post(site.key, choice(method="reject", categories=[], receipt=first))

    assert CookieReceipt.objects.get().method == "withdraw"


@pytest.mark.parametrize(
    ("method", "categories"),
    [
        ("accept", ["analytics"]),
        ("reject", []),
        ("choose", []),
        ("choose", ["analytics"]),
    ],
)
def test_every_way_of_choosing_is_recorded(
    site: ConsentSite, method: str, categories: list[str]
) -> None:
    sent = choice(method=method, categories=categories)

    assert post(site.key, sent).status_code == 201
    assert CookieChoice.objects.get().method == method


def test_a_choice_costs_one_statement(site: ConsentSite) -> None:
    post(site.key, choice())

    with CaptureQueriesContext(connection) as statements:
        assert post(site.key, choice()).status_code == 201
    written = [q["sql"] for q in statements if "SAVEPOINT" not in q["sql"]]
    assert len(written) == 1


def test_json_with_its_preflight_is_heard_too(site: ConsentSite) -> None:
    asked = Client().options(
        f"/consent/sites/{site.key}/choices/", headers={"origin": ORIGIN}
    )

    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == ORIGIN
    assert asked["Access-Control-Allow-Methods"] == "POST"
    assert asked["Access-Control-Allow-Headers"] == "Content-Type"
    answer = post(site.key, choice(), content_type="application/json")
    assert answer.status_code == 201


# --- What is refused ---


MINIMAL = {
    "categories": ["analytics"],
    "method": "accept",
    "banner": "cookie-banner/1",
    "hash": "0",
    "receipt": "",
}


def refused(answer: Any, status: int) -> None:
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["message"]
    assert not CookieChoice.objects.exists()
    assert not CookieReceipt.objects.exists()


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com.evil.example",
        "https://SHOP.example.com",
        "http://localhost:8000",
    ],
)
def test_another_origin_is_refused(site: ConsentSite, origin: str) -> None:
    answer = post(site.key, choice(), origin=origin)

    refused(answer, 403)
    assert "Access-Control-Allow-Origin" not in answer
    asked = Client().options(
        f"/consent/sites/{site.key}/choices/", headers={"origin": origin}
    )
    assert asked.status_code == 403
    assert "Access-Control-Allow-Origin" not in asked


@pytest.mark.parametrize("key", ["unknown", "x" * 500, "%00", "..%2f", "ключ"])
def test_an_unknown_key_is_refused(site: ConsentSite, key: str) -> None:
    answer = Client().post(
        f"/consent/sites/{key}/choices/",
        json.dumps(choice()),
        content_type="text/plain",
        headers={"origin": ORIGIN},
    )

    assert 400 <= answer.status_code < 500
    assert not CookieChoice.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"\xff\xfe{", 400),
        ("not json", 400),
        ("[]", 400),
        ("null", 400),
        ("[" * 2000, 400),
        ('{"categories": ["analytics"]}', 400),
        ({"method": 1}, 400),
        (json.dumps(MINIMAL)[:-1] + ', "method": "reject"}', 400),
        (json.dumps(MINIMAL)[:-1] + ', "method": "accept"}', 400),
        ({k: v for k, v in MINIMAL.items() if k != "categories"}, 400),
        ("x" * 2049, 413),
        (json.dumps({"categories": ["a" * 3000]}), 413),
    ],
)
def test_what_is_no_choice_is_refused(
    site: ConsentSite, body: Any, status: int
) -> None:
    refused(post(site.key, body), status)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"categories": ["marketing"]}, 400),
        ({"categories": ["essential"]}, 400),
        ({"categories": "analytics"}, 400),
        ({"categories": [["analytics"]]}, 400),
        ({"categories": [{"a": 1}]}, 400),
        ({"categories": None}, 400),
        ({"categories": ["\ud800"]}, 400),
        ({"categories": []}, 400),
        ({"method": "reject"}, 400),
        ({"method": "withdraw"}, 400),
        ({"method": "gpc"}, 400),
        ({"method": ["accept"]}, 400),
        ({"hash": "0000000000000000"}, 409),
        ({"hash": None}, 400),
        ({"banner": "cookie-banner/3"}, 400),
        ({"banner": "privacy/1"}, 400),
        ({"banner": "cookie-banner/01"}, 400),
        ({"categories": ["analytics", "analytics"]}, 400),
        ({"categories": ["analytics", "ads"]}, 400),
        ({"receipt": "forged"}, 400),
        ({"receipt": "a" * 23}, 400),
        ({"receipt": "\ud800"}, 400),
        ({"receipt": "A" * 22}, 400),
        ({"receipt": "\u0661" * 22}, 400),
        ({"receipt": 5}, 400),
        ({"more": 1}, 400),
    ],
)
def test_a_choice_that_we_never_offered_is_refused(
    site: ConsentSite, changes: dict[str, Any], status: int
) -> None:
    refused(post(site.key, choice(**changes)), status)


def test_a_refusal_can_be_read_by_the_site_that_caused_it(site: ConsentSite) -> None:
    answer = post(site.key, "not json")

    assert answer["Access-Control-Allow-Origin"] == ORIGIN


def test_a_body_longer_than_it_says_is_not_read(site: ConsentSite) -> None:
    refused(post(site.key, "x" * 600_000), 413)
    refused(post(site.key, choice(), CONTENT_LENGTH="99999999999"), 413)
    refused(post(site.key, choice(), CONTENT_LENGTH="many"), 400)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", ["elsewhere", "here"])
def test_a_choice_that_broke_off_on_the_way_is_not_recorded(
    site: ConsentSite, live_server: LiveServer, door: str
) -> None:
    url = urlsplit(live_server.url)
    body = {
        "elsewhere": json.dumps(choice()),
        "here": f"choice=accept&banner=cookie-banner/1&hash={cookies.content_hash()}",
    }[door]
    path = {
        "elsewhere": f"/consent/sites/{site.key}/choices/",
        "here": "/cookies/choice/",
    }
    head = (
        f"POST {path[door]} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body) + 20}\r\n"
    )
    head += f"Origin: {ORIGIN}\r\n" if door == "elsewhere" else ""

    with socket.create_connection((str(url.hostname), int(url.port or 0))) as line:
        line.sendall(f"{head}\r\n{body}".encode())
        line.shutdown(socket.SHUT_WR)
        answer = line.makefile("rb").read()

    assert b" 400 " in answer.splitlines()[0]
    assert b"Only a part of it arrived" in answer
    assert not CookieChoice.objects.exists() and not CookieReceipt.objects.exists()


def test_looking_at_the_address_records_nothing(site: ConsentSite) -> None:
    for method in ("get", "head", "put", "delete"):
        answer = getattr(Client(), method)(
            f"/consent/sites/{site.key}/choices/", headers={"origin": ORIGIN}
        )
        assert answer.status_code == 405
    assert not CookieChoice.objects.exists()


def test_a_flood_from_one_network_is_stopped(site: ConsentSite) -> None:
    statuses = [post(site.key, choice()).status_code for _ in range(150)]

    assert statuses[0] == 201
    assert statuses[-1] == 429
    assert set(statuses) == {201, 429}
    assert CookieChoice.objects.count() == statuses.count(201)
    elsewhere = post(site.key, choice(), REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 201


def test_a_site_that_is_switched_off_is_not_heard(site: ConsentSite) -> None:
    site.is_enabled = False
    sites.change(site)

    refused(post(site.key, choice()), 404)


def test_an_older_wording_that_a_page_still_shows_is_recorded_as_such(
    site: ConsentSite,
) -> None:
    one = NoticeVersion.objects.get(notice="cookie-banner", number=1)
    assert one.published_at is not None

    post(site.key, choice(banner="cookie-banner/1"))
    assert CookieChoice.objects.get().banner == "cookie-banner/1"


# --- Origins ---


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://Example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        (" https://example.com:443 ", "https://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(typed: str, origin: str) -> None:
    assert sites.clean_origin(typed) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "example.com",
        "http://example.com",
        "https://",
        "https://*.example.com",
        "https://example.com/shop",
        "https://example.com?x",
        "https://user@example.com",
        "https://example.com:port",
        "https://example.com:99999",
        "https://exa mple.com",
        "https://exa\x00mple.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "null",
        "*",
        "https://[::1",
        f"https://{'a' * 300}.example",
    ],
)
def test_what_is_no_origin_is_refused(typed: str) -> None:
    with pytest.raises(sites.NotAnOrigin):
        sites.clean_origin(typed)


def test_a_site_without_an_origin_cannot_be(site: ConsentSite) -> None:
    with pytest.raises(IntegrityError):
        ConsentSite.objects.create(name="Nowhere", origins=[])


# --- The console ---

SITES = "/console/consent/consentsite/"


def test_staff_register_a_site_and_are_shown_its_tag() -> None:
    client = dana("add_consentsite", "change_consentsite", "view_consentsite")
    new = {
        "name": "Shop",
        "origins": f"{ORIGIN}/\nhttps://WWW.example.com",
        "is_enabled": "on",
    }

    answer = client.post(f"{SITES}add/", new, follow=True)

    shop = ConsentSite.objects.get()
    assert shop.origins == [ORIGIN, "https://www.example.com"]
    tag = f'<script src="http://localhost:8000/consent.js" data-site="{shop.key}" defer'
    assert html.escape(tag) in text(answer)
    assert post(shop.key, choice()).status_code == 201


def test_the_tag_for_google_runs_where_it_stands(site: ConsentSite) -> None:
    client = dana("change_consentsite", "view_consentsite")
    changed = {
        "name": "Shop",
        "origins": ORIGIN,
        "is_enabled": "on",
        "has_google_consent_mode": "on",
    }
    client.post(f"{SITES}{site.pk}/change/", changed)

    page = text(client.get(f"{SITES}{site.pk}/change/"))
    assert "data-google&gt;" in page
    assert "defer" not in page


def test_a_wrong_address_is_explained(site: ConsentSite) -> None:
    client = dana("add_consentsite", "view_consentsite")

    for origins in ("http://shop.example.com", "shop", "", "\x00"):
        new = {"name": "S", "origins": origins}
        page = text(client.post(f"{SITES}add/", new))
        assert "There is a problem" in page
    assert ConsentSite.objects.count() == 1


def test_staff_without_the_duty_may_only_look(site: ConsentSite) -> None:
    client = dana("view_consentsite")

    assert site.key in text(client.get(f"{SITES}{site.pk}/change/"))
    changed = {"name": "Mine", "origins": "https://evil.example"}
    assert client.post(f"{SITES}{site.pk}/change/", changed).status_code == 403
    assert client.post(f"{SITES}add/", changed).status_code == 403
    site.refresh_from_db()
    assert site.origins[0] == ORIGIN


def test_nobody_deletes_a_site(site: ConsentSite) -> None:
    client = dana("view_consentsite", "change_consentsite", "add_consentsite")

    assert client.post(f"{SITES}{site.pk}/delete/", {"post": "yes"}).status_code == 403


# --- Its choices on the console ---


def test_a_banner_without_a_number_is_shown_by_its_text(site: ConsentSite) -> None:
    for banner in ("an older page", "cookie-banner/2", "cookie-banner/10", ""):
        cookies.record_choice(
            frozenset(),
            method="reject",
            banner=banner,
            content_hash=cookies.content_hash("embed"),
            site=site.key,
        )

    shown = [line.banner for line in choices_by_version()]
    page = text(dana("view_cookiechoice").get("/console/cookie-choices/"))

    assert shown == ["cookie-banner/10", "cookie-banner/2", "", "an older page"]
    assert "an older page" in page


def test_the_bench_sends_a_choice_that_counts(site: ConsentSite) -> None:
    sent = bench.choice(consent_script().plain.decode())

    assert post(site.key, sent).status_code == 201
