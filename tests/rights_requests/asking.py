"""Asking and complaining through the public forms, as a browser without scripts does."""

import re
from typing import Any

from django.test import Client

from rights_requests.models import Case, Submission
from tests.people import CLEO
from tests.reading import posting_form

ASK = "/your-data/ask/"
ASKED = "/your-data/asked/"
COMPLAIN = "/your-data/complain/"


def form_token(client: Client, path: str = ASK) -> str:
    """The signed token of a fresh form."""
    token: str = posting_form(client.get(path)).fields["shown"][0]
    return token


def check(client: Client, *kinds: str, token: str = "", **fields: Any) -> Any:
    """Fill a fresh form and press “Check my request”."""
    filled = {"asked": kinds or ("access",), "email": CLEO, **fields}
    shown = token or form_token(client)
    return client.post(ASK, {"shown": shown, "step": "check", **filled})


def carried(page: Any) -> dict[str, Any]:
    """What the page for checking sends on, whichever of its buttons is pressed."""
    fields: dict[str, Any] = dict(posting_form(page).fields)
    fields.pop("step")
    return fields


def send(client: Client, page: Any, **more: Any) -> Any:
    """Press “Send my …” on the page for checking."""
    path = posting_form(page).action
    return client.post(path, {**carried(page), "step": "send", **more})


def ask(client: Client, *kinds: str, **fields: Any) -> Any:
    """Fill the form, look through it, send it, and open the receipt."""
    return sent(client, check(client, *kinds, **fields))


def check_complaint(client: Client, *, token: str = "", **fields: Any) -> Any:
    """Fill a fresh form and press “Check my complaint”."""
    filled = {"words": "You were rude.", "email": CLEO, **fields}
    shown = token or form_token(client, COMPLAIN)
    return client.post(COMPLAIN, {"shown": shown, "step": "check", **filled})


def complain(client: Client, **fields: Any) -> Any:
    """Fill the form, look through it, send it, and open the receipt."""
    return sent(client, check_complaint(client, **fields))


def sent(client: Client, page: Any) -> Any:
    """The receipt, once what is on the page for checking was sent."""
    assert page.status_code == 200, page.content.decode()
    answer = send(client, page)
    assert answer.status_code == 302, answer.content.decode()
    return client.get(answer["Location"])


def references(page: Any) -> set[str]:
    return set(re.findall(r"\b[RC]-[0-9A-Z]{4}-[0-9A-Z]{4}\b", page.content.decode()))


def the_submission() -> Submission:
    """The only one there is."""
    return Submission.objects.get()


def the_case() -> Case:
    case: Case = Case.objects.get()
    return case


def nothing_kept() -> bool:
    return not Submission.objects.exists()
