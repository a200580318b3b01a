"""Every field of every public form, given what no person types."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import Settings

from tests.people import CLEO
from tests.reading import COOKIE_CHOICE, Form, forms
from tests.rights_requests import lives
from tests.rights_requests.asking import ASK, COMPLAIN, check, check_complaint
from tests.rights_requests.own_pages import code_path, open_visit

pytestmark = pytest.mark.django_db

# What Django says by itself, to whoever programs.
FRAMEWORK = re.compile(
    r"null characters|ensure this|this field (?:is|can)|enter a valid|select a valid|"
    r"is not one of the available|hidden field|server error|traceback",
    re.IGNORECASE,
)
MEGABYTE = 1_000_000
HOSTILE = {
    "a NUL": "a%00b",
    "half a character": "%ED%A0%80",
    "no character": "%FF%FE",
    "a megabyte": "a" * MEGABYTE,
    "a megabyte of lines": "%0A" * (MEGABYTE // 3),
    "a number too large": "9" * 5000,
    "markup": "%3Cscript%3E",
    "nothing": "",
}
Page = Callable[[Client], Any]


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings) -> None:
    settings.MINIMUM_FILL_SECONDS = 0


def visit(client: Client) -> str:
    return open_visit(client, lives.new_case())


def code(client: Client) -> Any:
    return client.post(code_path(lives.new_case()))


PAGES: dict[str, Page] = {
    "sign up": lambda client: client.get("/"),
    "preferences": lambda client: client.get("/preferences/"),
    "ask": lambda client: client.get(ASK),
    "check what was asked": lambda client: check(client, "access", words="All."),
    "complain": lambda client: client.get(COMPLAIN),
    "check the complaint": check_complaint,
    "code": code,
    "visit": lambda client: client.get(visit(client)),
    "ask for less": lambda client: client.get(f"{visit(client)}less/"),
    "take it back": lambda client: client.get(f"{visit(client)}end/"),
    "other links": lambda client: client.get(f"{visit(client)}links/"),
    "cookies": lambda client: client.get("/cookies/"),
}


def names_on(page: Any) -> set[str]:
    """Whatever can be filled in, ticked or pressed, with what is hidden."""
    return set(re.findall(r'\sname="([^"]+)"', page.content.decode())) - {
        "viewport",
        "robots",
        "description",
        "color-scheme",
    }


def posted_to(page: Any) -> list[Form]:
    at = page.request["PATH_INFO"]
    posting = [form for form in forms(page) if form.method == "post"]
    is_about_cookies = all(form.action == COOKIE_CHOICE for form in posting)
    if not is_about_cookies:
        posting = [form for form in posting if form.action != COOKIE_CHOICE]
    return [Form(form.action or at, form.method, form.fields) for form in posting]


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", PAGES)
def test_no_field_of_a_public_form_fails_or_answers_in_the_words_of_a_framework(
    client: Client, redis_client: Any, name: str, value: str
) -> None:
    page = PAGES[name](client)
    posting = posted_to(page)
    assert posting, "a page that nothing can be sent from"
    for form in posting:
        usual = {"email": [CLEO], "words": ["All of it."], **form.fields}
        for field in names_on(page):
            rest = {key: given for key, given in usual.items() if key != field}
            body = f"{urlencode(rest, doseq=True)}&{field}={value}"
            answer = client.post(
                form.action, body, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code < 500, field
            said = answer.content.decode()
            assert not FRAMEWORK.search(said), (field, FRAMEWORK.search(said))
            assert "<script>" not in said


@pytest.mark.parametrize(
    "choice", ["\ud800", "\0", "a" * MEGABYTE, None, [], {"a": 1}, 9**99, True]
)
def test_no_choice_about_cookies_fails(client: Client, choice: Any) -> None:
    for body in (
        {"choice": choice},
        {"purposes": choice},
        {"purposes": [choice]},
        choice,
    ):
        sent = json.dumps(body)
        answer = client.post(COOKIE_CHOICE, sent, content_type="application/json")
        assert answer.status_code < 500
