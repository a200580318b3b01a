"""Asking through the public form, as a browser without scripts does."""

from typing import Any

from django.test import Client

from rights_requests.models import Case, Submission
from tests.people import CLEO
from tests.reading import posting_form

ASK = "/your-data/ask/"
ASKED = "/your-data/asked/"


def form_token(client: Client) -> str:
    """The signed token of a fresh form."""
    token: str = posting_form(client.get(ASK)).fields["shown"][0]
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
    """Press “Send my request” on the page for checking."""
    return client.post(ASK, {**carried(page), "step": "send", **more})


def ask(client: Client, *kinds: str, **fields: Any) -> Any:
    """Fill the form, look through it, send it, and open the receipt."""
    page = check(client, *kinds, **fields)
    assert page.status_code == 200, page.content.decode()
    answer = send(client, page)
    assert answer.status_code == 302, answer.content.decode()
    return client.get(answer["Location"])


def the_submission() -> Submission:
    """The only one there is."""
    return Submission.objects.get()


def the_case() -> Case:
    case: Case = Case.objects.get()
    return case


def nothing_kept() -> bool:
    return not Submission.objects.exists()
