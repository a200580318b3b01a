"""What a person does with the links of a case, through the pages."""

import re
from typing import Any

from django.test import Client

from rights_requests import links
from rights_requests.links import Use
from rights_requests.models import Case, CaseLogEntry
from tests.people import inbox
from tests.reading import posting_form
from tests.relay import Relay

# Thrown by lot with a million others: that it is right is not to be expected.
A_GUESS = "000000"


def token_of(case: Case, use: str = Use.STATUS) -> str:
    number = links.standing_number(case, use)
    assert number is not None
    return links.token_of(case, use, number)


def status_path(case: Case) -> str:
    return f"/your-data/case/{token_of(case)}/"


def code_path(case: Case) -> str:
    return f"{status_path(case)}code/"


def confirm_path(case: Case) -> str:
    return f"/your-data/confirm/{token_of(case, Use.CONFIRM)}/"


def text_of(page: Any) -> str:
    """What the page says, on one line."""
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]
    main = re.sub(r'<span class="whole">([^<]*)</span>', r"\1", main)
    words = " ".join(re.sub(r"<[^>]+>", " ", f"<main{main}").split())
    return re.sub(r" ([,.;:])", r"\1", words)


def challenge_of(page: Any) -> str:
    [challenge] = posting_form(page).fields["challenge"]
    return str(challenge)


def ask_code(client: Client, case: Case) -> str:
    """Press “Send me a code”; the challenge of the page that comes."""
    page = client.post(code_path(case))
    assert page.status_code == 200, text_of(page)
    return challenge_of(page)


def code_in(smtp: Relay, address: str) -> str:
    """The code of the newest mail."""
    newest = inbox(smtp, address)[-1]
    [code] = re.findall(r"^\s+(\d{6})$", newest.text, re.M)
    return str(code)


def enter_code(client: Client, case: Case, challenge: str, code: str) -> Any:
    return client.post(code_path(case), {"challenge": challenge, "code": code})


def wrong(code: str) -> str:
    return A_GUESS if code != A_GUESS else "111111"


def open_visit(client: Client, case: Case) -> str:
    """Press the button of the first letter; the path of the visit."""
    answer = client.post(confirm_path(case))
    assert answer.status_code == 302
    return str(answer["Location"])


def events(case: Case) -> list[str]:
    entries = CaseLogEntry.objects.filter(case_id=case.pk).order_by("id")
    return list(entries.values_list("event", flat=True))
