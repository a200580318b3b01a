"""The choice about cookies: what is kept of it, when it counts, what is refused."""

import json
import re
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from consent import cookies, receipt_numbers
from consent.models import CookieChoice, CookieReceipt
from groundwork.ledger import findings
from processing_register.register import the_register
from tests.reading import COOKIE_CHOICE, forms
from tests.sealing import seal

pytestmark = pytest.mark.django_db

BANNER = "cookie-banner/1"
QUESTION = b'id="cookie-question"'
CHOICE = "/cookies/choice/"
RECEIPT = "/cookies/receipt/"
MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)


def asked(**more: Any) -> dict[str, Any]:
    """What every form and script sends back of the question it showed."""
    return {"banner": BANNER, "hash": cookies.content_hash(), **more}


def choose(client: Client, pressed: str, headers: Any = None, **more: Any) -> Any:
    data = asked(choice=pressed, next="/updates/") | more
    return client.post(CHOICE, data, headers=headers)


def send(client: Client, content: Any, **more: Any) -> Any:
    return client.post(CHOICE, content, content_type="application/json", **more)


def kept(client: Client) -> str:
    """The number of the receipt that this browser holds."""
    return client.cookies["cookie_choice"].value.split(".")[0]


def is_asked(client: Client, path: str = "/updates/", **headers: str) -> bool:
    page = client.get(path, headers=headers)
    assert page.status_code == 200
    return QUESTION in page.content


def may_count(client: Client, **headers: str) -> bool:
    policy = client.get("/", headers=headers)["Content-Security-Policy"]
    return "/page-views/" in policy


def nothing_recorded() -> bool:
    return not (CookieChoice.objects.exists() or CookieReceipt.objects.exists())


# --- Choosing ---


@pytest.mark.parametrize(
    ("pressed", "allowed"), [("accept", ["analytics"]), ("reject", [])]
)
def test_one_press_is_recorded_and_leads_back_to_the_page(
    client: Client, pressed: str, allowed: list[str]
) -> None:
    assert is_asked(client)

    answer = choose(client, pressed, next="/updates/?page=1")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/updates/?page=1&cookie-choice=")
    entry = CookieChoice.objects.get()
    assert (entry.method, entry.categories) == (pressed, allowed)
    assert (entry.banner, entry.site) == (BANNER, "")
    assert entry.content_hash == cookies.content_hash()
    receipt = CookieReceipt.objects.get()
    assert bytes(receipt.pk) == bytes(entry.receipt_digest)
    assert receipt.categories == allowed
    assert receipt.asked_again_at - receipt.made_at == timedelta(days=182)
    page = client.get(answer["Location"])
    assert QUESTION not in page.content
    assert b'role="status"' in page.content
    assert not is_asked(client)


def test_the_cookie_is_the_only_one_and_out_of_reach_of_scripts(client: Client) -> None:
    choose(client, "accept")

    assert list(client.cookies) == ["cookie_choice"]
    cookie = client.cookies["cookie_choice"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert cookie["max-age"] == 182 * 24 * 60 * 60
    assert re.fullmatch(r"[\w-]{22}", kept(client))


def test_over_https_the_cookie_is_for_this_host_alone(
    client: Client, settings: Settings
) -> None:
    settings.HTTPS = True

    choose(client, "reject")

    cookie = client.cookies["__Host-cookie_choice"]
    assert cookie["secure"] and cookie["path"] == "/" and not cookie["domain"]


def test_neither_network_nor_browser_is_kept(client: Client) -> None:
    client.post(
        CHOICE,
        asked(choice="accept"),
        headers={"user-agent": "Netscape/4.0"},
        REMOTE_ADDR="198.51.100.7",
    )

    with connection.cursor() as cursor:
        for table in ("consent_cookiechoice", "consent_cookiereceipt"):
            cursor.execute(f"SELECT t::text FROM {table} AS t")
            (text,) = cursor.fetchone()
            assert "Netscape" not in text and "198.51.100" not in text
            assert kept(client) not in text


def test_by_category_on_the_cookies_page(client: Client) -> None:
    (form,) = [
        f
        for f in forms(client.get("/cookies/"))
        if f.action == COOKIE_CHOICE and "allow-analytics" in f.fields
    ]
    assert form.fields["allow-analytics"] == ["no"]

    answer = client.post(CHOICE, form.fields | {"allow-analytics": "yes"})

    assert answer["Location"].startswith("/cookies/")
    assert CookieChoice.objects.get().method == "choose"
    assert cookies.ANALYTICS in CookieReceipt.objects.get().categories
    assert may_count(client)


def test_taking_a_yes_back_is_told_apart_and_keeps_the_receipt(client: Client) -> None:
    choose(client, "accept")
    number = kept(client)

    choose(client, "choose", **{"allow-analytics": "no"})

    assert kept(client) == number
    methods = CookieChoice.objects.order_by("id").values_list("method", flat=True)
    assert list(methods) == ["accept", "withdraw"]
    assert CookieReceipt.objects.get().categories == []
    assert not may_count(client)


def test_the_same_choice_again_records_nothing(client: Client) -> None:
    choose(client, "accept")
    cookie = client.cookies["cookie_choice"].value

    for _ in range(3):
        assert choose(client, "accept").status_code == 302

    assert CookieChoice.objects.count() == 1
    assert client.cookies["cookie_choice"].value == cookie


def test_a_choice_costs_one_statement(client: Client) -> None:
    choose(Client(), "accept")  # looks the wording up, once in a process

    with CaptureQueriesContext(connection) as statements:
        choose(client, "accept")

    assert len(statements) == 1, [s["sql"] for s in statements]


@pytest.mark.django_db(transaction=True)
def test_the_choices_are_sealed(client: Client) -> None:
    choose(client, "accept")

    assert seal(CookieChoice) is not None
    assert list(findings(CookieChoice)) == []


def test_a_script_gets_json_and_the_same_cookie(client: Client) -> None:
    answer = send(client, asked(choice="choose", categories=[]))

    assert answer.status_code == 200
    assert answer.json()["receipt"] == kept(client)
    assert CookieChoice.objects.get().method == "choose"


def test_the_page_calls_the_cookies_as_this_house_does(
    client: Client, settings: Settings
) -> None:
    plain = client.get("/cookies/").content.decode()
    settings.HTTPS = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = (
        "__Host-session",
        "__Host-csrf",
    )

    page = client.get("/cookies/").content.decode()

    for name in ("cookie_choice", "session", "csrf"):
        assert f"<code>{name}</code>" in plain
        assert f"<code>__Host-{name}</code>" in page
        assert f"<code>{name}</code>" not in page


def test_the_page_says_where_visits_are_counted(
    client: Client, settings: Settings
) -> None:
    here = client.get("/cookies/").content.decode()
    settings.ANALYTICS_HOST = "https://stats.example.co.uk"

    page = client.get("/cookies/").content.decode()

    assert "nobody can be recognised" in here and "stats.example" not in here
    assert "fetches the counting program from https://stats.example.co.uk" in page
    assert "nobody can be recognised" not in page
    assert "No other company sets or reads anything" not in page


def test_a_deleted_record_is_not_offered_any_more(client: Client) -> None:
    choose(client, "accept")
    number = kept(client)

    client.post(RECEIPT, {"number": number, "action": "delete"})

    page = client.get("/cookies/").content.decode()
    assert "The record of this choice was deleted" in page and number not in page
    assert may_count(client) and not is_asked(client)


# --- When it counts ---


@pytest.mark.parametrize("pressed", ["accept", "reject"])
@pytest.mark.parametrize(
    ("later", "asked"),
    [
        (timedelta(days=181), False),
        (timedelta(days=182, seconds=-1), False),
        (timedelta(days=182), True),
        (timedelta(days=183), True),
    ],
)
def test_asked_again_after_half_a_year_and_never_sooner(
    client: Client, pressed: str, later: timedelta, asked: bool
) -> None:
    with time_machine.travel(MONDAY, tick=False):
        choose(client, pressed)
    cookie = client.cookies["cookie_choice"].value

    with time_machine.travel(MONDAY + later, tick=False):
        visitor = Client()
        visitor.cookies["cookie_choice"] = cookie
        assert is_asked(visitor) is asked
        assert may_count(visitor) is (pressed == "accept" and not asked)


@pytest.fixture
def own_register(tmp_path: Path, settings: Settings) -> Any:
    """A copy of the register whose list of cookies a test may edit."""
    import shutil

    folder = tmp_path / "register"
    shutil.copytree(settings.REGISTER_DIR, folder)
    settings.REGISTER_DIR = folder

    def edit(old: str, new: str) -> None:
        path = folder / "cookies.toml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        the_register.cache_clear()

    yield edit
    the_register.cache_clear()


@pytest.mark.parametrize("pressed", ["accept", "reject"])
@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        ("Notes which pages", "Remembers which pages", False),
        ('name = "session"', 'name = "seance"', False),
        ('life = "182 days"', 'life = "26 weeks"', False),
        ('name = "pages-counted"', 'name = "pages-seen"', True),
        ('kind = "session-storage"', 'kind = "local-storage"', True),
        ('life = "until you close the tab"', 'life = "2 years"', True),
    ],
    ids=["words", "staff", "essential", "another item", "another kind", "longer life"],
)
def test_asked_again_when_something_else_is_asked_about(
    client: Client, own_register: Any, pressed: str, old: str, new: str, asked: bool
) -> None:
    choose(client, pressed)

    own_register(old, new)

    assert is_asked(client) is asked


def test_another_receiver_asks_again(client: Client, settings: Settings) -> None:
    choose(client, "accept")

    settings.ANALYTICS_HOST = "https://stats.example.co.uk"

    assert is_asked(client)


def test_nobody_is_asked_while_everything_is_essential(
    client: Client, own_register: Any
) -> None:
    own_register('category = "analytics"', 'category = "essential"')

    assert not is_asked(client)
    assert b"nothing to choose" in client.get("/cookies/").content
    assert choose(client, "choose", **{"allow-analytics": "yes"}).status_code == 400


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "....",
        "a.1.b.accept.analytics",
        "a" * 22 + ".1790000000.0123456789abcdef.accept.analytics:forged",
        "\x00",
    ],
)
def test_a_cookie_that_is_not_ours_counts_for_nothing(
    client: Client, value: str
) -> None:
    client.cookies["cookie_choice"] = value

    assert is_asked(client)
    assert not may_count(client)


def test_an_altered_cookie_counts_for_nothing(client: Client) -> None:
    choose(client, "reject")
    client.cookies["cookie_choice"] = re.sub(
        "reject", "accept", client.cookies["cookie_choice"].value
    )

    assert is_asked(client)


# --- Global Privacy Control ---


@pytest.mark.parametrize("value", ["1", "0,1", "0, 1", "1,1"])
def test_the_signal_is_a_no(client: Client, value: str) -> None:
    assert not is_asked(client, **{"sec-gpc": value})
    assert not may_count(client, **{"sec-gpc": value})
    page = client.get("/cookies/", headers={"sec-gpc": value})
    assert b"Global Privacy Control" in page.content
    assert nothing_recorded() and not client.cookies


@pytest.mark.parametrize("value", ["", "0", "true", " 1,", "1,", "11", "01", "1;1"])
def test_anything_else_is_no_signal(client: Client, value: str) -> None:
    assert is_asked(client, **{"sec-gpc": value})


def test_the_signal_outweighs_an_earlier_yes_and_not_a_later_one(
    client: Client,
) -> None:
    choose(client, "accept")
    assert not may_count(client, **{"sec-gpc": "1"})
    assert may_count(client), "the signal itself must not be kept"

    client.post(CHOICE, asked(choice="accept"), headers={"sec-gpc": "1"})

    assert may_count(client, **{"sec-gpc": "1"})
    assert CookieChoice.objects.count() == 2


def test_pages_say_what_they_depend_on_and_set_no_cookie(client: Client) -> None:
    for path in ("/", "/updates/", "/cookies/", "/privacy/", "/no-such-page/"):
        page = client.get(path)
        assert set(page["Vary"].split(", ")) >= {"Cookie", "Sec-GPC"}, path
        assert not page.cookies, path


# --- The policy of the page ---


def test_the_policy_opens_with_the_yes_and_closes_with_the_no(
    client: Client, settings: Settings
) -> None:
    settings.ANALYTICS_HOST = "https://stats.example.co.uk/matomo"
    before = client.get("/")["Content-Security-Policy"]
    choose(client, "accept")
    between = client.get("/")["Content-Security-Policy"]
    choose(client, "reject")
    after = client.get("/")["Content-Security-Policy"]

    assert before == after
    script = re.search(r"script-src ([^;]*)", before)
    assert script and script[1] == "http://testserver/static/js/"
    assert "stats.example" not in before and "/page-views/" not in before
    for source in ("/static/analytics/", "/page-views/", "https://stats.example.co.uk"):
        assert source in between
    assert "'self'" not in re.findall(r"script-src ([^;]*)", between)[0]


def test_the_console_and_other_answers_keep_the_house_policy(client: Client) -> None:
    choose(client, "accept")

    policy = client.get("/console/login/")["Content-Security-Policy"]

    assert "/page-views/" not in policy


def test_a_page_that_answers_before_any_view_has_the_policy_too(
    client: Client,
) -> None:
    answer = client.get("/?a=%00")

    assert answer.status_code == 400
    script = re.findall(r"script-src ([^;]*)", answer["Content-Security-Policy"])
    assert script == ["http://testserver/static/js/"]


@pytest.mark.parametrize("path", ["/", "/console/login/"])
def test_a_host_that_is_not_ours_gets_no_script_and_one_line_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    answer = client.get(path, HTTP_HOST="evil.example")

    assert answer.status_code == 400
    if path == "/":
        assert "script-src 'none'" in answer["Content-Security-Policy"]
    lines = [one for one in caplog.records if one.name.startswith("django.security")]
    assert len(lines) == 1


# --- Taking it back ---


def declare_cookies(folder: Path, *names: str) -> None:
    item = (
        '\n[[items]]\nkey = "{0}"\nname = "{0}"\nkind = "cookie"\n'
        'category = "analytics"\nset_by = "us"\npurpose = "analytics"\n'
        'what_for = "A test"\nlife = "1 year"\nwhere = "site"\n'
    )
    with (folder / "cookies.toml").open("a") as file:
        file.writelines(item.format(name) for name in names)
    the_register.cache_clear()


def test_without_scripts_cookies_go_from_each_folder_and_domain_of_the_page(
    client: Client, own_register: Any, settings: Settings
) -> None:
    declare_cookies(settings.REGISTER_DIR, "__Secure-visit", "visitor_*")
    settings.ALLOWED_HOSTS = ["news.example.com"]
    client.cookies["visitor_7"] = client.cookies["visit"] = "1"

    answer = choose(
        client,
        "reject",
        next="/updates/one/?page=2",
        headers={"host": "news.example.com"},
    )

    expired = {
        (c.key, c["domain"], c["path"], bool(c["secure"]))
        for c in answer.cookies.values()
        if c["max-age"] == 0
    }
    folders = ["/", "/updates", "/updates/", "/updates/one", "/updates/one/"]
    assert expired == {
        (name, domain, folder, name.startswith("__"))
        for name in ("__Secure-visit", "visitor_7")
        for domain in ("", "news.example.com", "example.com")
        for folder in folders
    }


@pytest.mark.parametrize("page", ["/a; domain=evil.example/", "/é/", "/x" * 500])
def test_a_made_up_page_makes_no_strange_cookies(
    client: Client, own_register: Any, settings: Settings, page: str
) -> None:
    declare_cookies(settings.REGISTER_DIR, "visit")

    answer = choose(client, "reject", next=page)

    gone = [c for c in answer.cookies.values() if c["max-age"] == 0]
    assert 1 <= len(gone) <= 30
    for cookie in gone:
        assert re.fullmatch(r"[\w/%-]+", cookie["path"], re.ASCII)


# --- What is refused ---

# Each with what is asked about today, unless it says otherwise.
BAD_CHOICES: list[dict[str, Any]] = [
    {},
    {"choice": "everything"},
    {"choice": "withdraw"},
    {"choice": "withdraw", "categories": []},
    {"choice": "choose"},
    {"choice": "choose", "categories": ["marketing"]},
    {"choice": "choose", "categories": ["analytics", "essential"]},
    {"choice": "choose", "categories": ["analytics", "analytics"]},
    {"choice": "accept", "categories": ["ads"]},
    {"choice": "accept", "categories": ["analytics", "ads"]},
    {"choice": "reject", "categories": ["ads"]},
    {"choice": "reject", "categories": ["analytics"]},
    {"choice": "choose", "allow-marketing": "yes"},
    {"choice": "choose", "allow-marketing": "no", "allow-analytics": "yes"},
    {"choice": "choose", "allow-analytics": "maybe"},
    {"choice": "choose", "allow-analytics": ["yes", "no"]},
    {"choice": "choose", "allow-analytics": ["yes", "yes"]},
    {"choice": "accept", "allow-analytics": "no"},
    {"choice": "accept", "allow-ads": "yes"},
    {"choice": "reject", "allow-analytics": "yes"},
    {"choice": "reject", "allow-ads": "no"},
    {"choice": ["reject", "accept"]},
    {"choice": ["accept", "accept"]},
    {"choice": "accept", "receipt": ""},
    {"choice": "accept", "receipt": "A" * 22},
    {"choice": "accept", "more": "1"},
    {"choice": "accept", "banner": ["cookie-banner/1", "cookie-banner/1"]},
    {"choice": "accept", "banner": ""},
    {"choice": "accept", "banner": "cookie-banner/999"},
    {"choice": "accept", "banner": "cookie-banner/01"},
    {"choice": "accept", "banner": "privacy/1"},
    {"choice": "accept", "banner": "cookie-banner/" + "9" * 40},
    {"choice": "accept", "banner": "cookie-banner/\u0661"},
    {"choice": "accept", "banner": "\x00"},
]


@pytest.mark.parametrize("data", BAD_CHOICES)
def test_what_is_no_choice_is_refused_and_not_recorded(
    client: Client, data: dict[str, Any]
) -> None:
    data = asked() | data

    for answer in (client.post(CHOICE, data), send(client, data)):
        assert answer.status_code == 400, data
        assert not answer.cookies
    assert nothing_recorded()


@pytest.mark.parametrize("missing", ["choice", "banner", "hash"])
def test_a_choice_that_lacks_a_part_is_refused(client: Client, missing: str) -> None:
    data = asked(choice="accept")
    del data[missing]

    for answer in (client.post(CHOICE, data), send(client, data)):
        assert answer.status_code == 400
    assert nothing_recorded()


@pytest.mark.parametrize(
    "body",
    [
        " ",
        "{",
        "[]",
        "null",
        '"accept"',
        "[" * 2000,
        '{"choice": ["accept"], HERE}',
        '{"choice": "choose", "categories": "analytics", HERE}',
        '{"choice": "choose", "categories": [{}], HERE}',
        '{"choice": "choose", "categories": [1e999], HERE}',
        '{"choice": "choose", "categories": null, HERE}',
        '{"choice": "reject", "choice": "accept", HERE}',
        '{"choice": "accept", "choice": "accept", HERE}',
        '{"choice": "accept", "categories": [], HERE}',
        '{"choice": "accept", "next": "/", HERE}',
        '{"choice": "accept", "hash": "0", HERE}',
        '{"choice": "accept", "banner": {"cookie-banner": 1}}',
        '{"choice": "accept", "banner": "\\ud800"}',
        b"\xff\xfe",
    ],
)
def test_malformed_json_is_refused_clearly(client: Client, body: Any) -> None:
    if isinstance(body, str):
        body = body.replace("HERE", json.dumps(asked())[1:-1])

    answer = client.post(CHOICE, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["message"]
    assert nothing_recorded()


@pytest.mark.parametrize("kind", ["form", "script"])
def test_a_page_from_before_a_change_is_asked_again(
    client: Client, own_register: Any, kind: str
) -> None:
    opened = asked(choice="accept")
    own_register('name = "pages-counted"', 'name = "pages-seen"')

    answer = client.post(CHOICE, opened) if kind == "form" else send(client, opened)

    assert answer.status_code == 409
    assert "What we ask about has changed" in answer.content.decode()
    assert not answer.cookies and nothing_recorded()
    assert is_asked(client)


def test_too_much_is_not_read(client: Client) -> None:
    for answer in (
        choose(client, "accept", more="x" * 3000),
        send(client, json.dumps({"choice": "accept", "more": "x" * 600_000})),
    ):
        assert answer.status_code == 413
    assert nothing_recorded()


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete"])
def test_a_choice_is_a_post(client: Client, method: str) -> None:
    assert getattr(client, method)(CHOICE).status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
)
def test_another_site_cannot_choose(client: Client, headers: dict[str, str]) -> None:
    answer = client.post(CHOICE, asked(choice="accept"), headers=headers)

    assert answer.status_code == 403
    assert not answer.cookies and nothing_recorded()


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "updates/",
        "",
    ],
)
def test_nobody_is_led_away_from_the_site(client: Client, path: str) -> None:
    answer = choose(client, "reject", next=path)

    assert answer.status_code == 302
    assert answer["Location"] == "/?cookie-choice=rejected"


def test_a_flood_from_one_network_ends_in_a_clear_refusal(
    client: Client, settings: Settings
) -> None:
    settings.COOKIE_CHOICES_PER_NETWORK_PER_HOUR = 5
    statuses = [choose(Client(), "accept").status_code for _ in range(20)]

    assert statuses == [302] * 5 + [429] * 15
    assert CookieChoice.objects.count() == 5
    refused = choose(client, "reject")
    assert b"Your choice was not saved" in refused.content
    assert not refused.cookies
    assert (
        client.post(
            CHOICE,
            asked(choice="accept"),
            REMOTE_ADDR="203.0.113.9",
        ).status_code
        == 302
    ), "another network is not concerned"


# --- The visitor's own record ---


def test_the_record_is_looked_up_downloaded_and_deleted(client: Client) -> None:
    choose(client, "accept")
    number = kept(client)
    assert number.encode() in client.get("/cookies/").content
    stranger = Client()

    seen = stranger.post(RECEIPT, {"number": f" {number} ", "action": "show"})
    assert seen.status_code == 200 and b"accepted everything" in seen.content

    file = stranger.post(RECEIPT, {"number": number, "action": "download"})
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Content-Type"].startswith("application/json")
    assert "accept" in json.dumps(file.json())

    gone = stranger.post(RECEIPT, {"number": number, "action": "delete"})
    assert gone.status_code == 200 and b"Deleted" in gone.content
    assert not CookieReceipt.objects.exists()
    assert CookieChoice.objects.count() == 1, "the ledger keeps a line about nobody"
    assert not is_asked(client), "the browser still knows the choice"
    for action in ("show", "download", "delete"):
        again = stranger.post(RECEIPT, {"number": number, "action": action})
        assert again.status_code == 404


@pytest.mark.parametrize("again", ["accept", "reject"])
def test_what_was_deleted_does_not_come_back_with_the_next_choice(
    client: Client, again: str
) -> None:
    choose(client, "accept")
    number = kept(client)
    client.post(RECEIPT, {"number": number, "action": "delete"})

    choose(client, "reject")
    choose(client, again)

    assert kept(client) != number
    gone = client.post(RECEIPT, {"number": number, "action": "download"})
    assert gone.status_code == 404
    file = client.post(RECEIPT, {"number": kept(client), "action": "download"})
    states = [event["event_state"] for event in file.json()["events"]]
    assert states == ["withdraw", "accept"][: 1 + (again == "accept")]


def test_a_number_names_nobody_and_cannot_be_made_up(
    client: Client, settings: Settings
) -> None:
    numbers = {receipt_numbers.new_number() for _ in range(200)}

    assert len(numbers) == 200
    for number in numbers:
        assert re.fullmatch(r"[\w-]{22}", number)
        assert receipt_numbers.is_ours(number)
    slips = {number[:i] + c + number[i + 1 :] for i, c in product(range(22), "Aq")}
    assert not any(receipt_numbers.is_ours(slip) for slip in slips - {number})
    settings.LINK_KEY = "another key"
    assert not receipt_numbers.is_ours(number)


@pytest.mark.parametrize("action", ["show", "download", "delete"])
def test_a_record_outlives_the_key_that_marked_its_number(
    client: Client, settings: Settings, action: str
) -> None:
    choose(client, "accept")
    settings.LINK_KEY = "another key"

    answer = client.post(RECEIPT, {"number": kept(client), "action": action})

    assert answer.status_code == 200
    assert CookieReceipt.objects.exists() == (action != "delete")


@pytest.mark.parametrize("action", ["show", "download", "delete"])
def test_a_deleted_number_gets_one_answer(client: Client, action: str) -> None:
    choose(client, "accept")

    answer = client.post(
        RECEIPT, {"number": receipt_numbers.new_number(), "action": action}
    )

    assert answer.status_code == 404
    assert b"We hold no record under this number" in answer.content
    assert CookieReceipt.objects.count() == 1


@pytest.mark.parametrize("action", ["show", "download", "delete"])
@pytest.mark.parametrize(
    "number", ["", "x", "A" * 22, "\x00" * 22, "é" * 22, "A" * 5000, "+" * 22]
)
def test_a_number_that_is_not_ours_is_explained(
    client: Client, number: str, action: str
) -> None:
    answer = client.post(RECEIPT, {"number": number, "action": action})

    assert answer.status_code == 400
    assert b"We never gave out this number" in answer.content


def test_another_site_cannot_delete_a_record(client: Client) -> None:
    choose(client, "accept")

    answer = client.post(
        RECEIPT,
        {"number": kept(client), "action": "delete"},
        headers={"sec-fetch-site": "cross-site"},
    )

    assert answer.status_code == 403
    assert CookieReceipt.objects.exists()


def test_the_notice_on_the_page_can_be_had_in_every_form(client: Client) -> None:
    page = client.get("/cookies/").content.decode()

    assert "Last reviewed on" in page and "in force since" in page
    forms_of_it = re.findall(r'href="(/cookies/versions/[^"]*)"', page)
    assert {path.split("/")[-2] for path in forms_of_it} == {"text", "pdf", "versions"}
    for path in forms_of_it:
        assert client.get(path).status_code in (200, 503), path
