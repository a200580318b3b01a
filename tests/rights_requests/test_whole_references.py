"""A reference that is read out or copied stands on one line, wherever it is shown."""

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from processing_register.notices import current_controller
from rights_requests import links, writing
from rights_requests.kinds import CaseKind
from rights_requests.receiving import receive
from rights_requests.templatetags.references import REFERENCE, whole
from tests.people import CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.own_pages import code_path, confirm_path, status_path

pytestmark = pytest.mark.django_db
KEPT = re.compile(r'<(\w+) class="(?:whole|reference)">[^<]*</\1>')


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


def broken_in(page: str) -> list[str]:
    """References that may be broken at a hyphen."""
    body = page.partition("<body")[2]
    seen = re.sub(r"<[^>]+>", " ", KEPT.sub(" ", body))
    return [seen[max(0, m.start() - 60) : m.end()] for m in REFERENCE.finditer(seen)]


def test_the_pages_and_letters_of_a_case_break_no_reference(
    client: Client, smtp: Relay
) -> None:
    sent = lives.sent(CaseKind.ACCESS, CaseKind.COMPLAINT)
    case, complaint = receive(sent, now=timezone.now()).cases
    letters = inbox(smtp, CLEO)
    visit = links.open_visit(case, now=timezone.now())

    pages: list[Any] = [
        client.get(status_path(case)),
        client.get(code_path(complaint)),
        client.post(code_path(complaint)),
        client.get(confirm_path(case)),
        client.get(f"/your-data/visit/{visit}/"),
        client.get(f"/your-data/visit/{visit}/end/"),
        client.get(f"/your-data/visit/{visit}/links/"),
    ]

    for page in pages:
        assert case.reference[:1] in "RC" and page.status_code == 200
        assert KEPT.search(page.content.decode())
        assert broken_in(page.content.decode()) == []
    assert letters
    for letter in letters:
        assert REFERENCE.search(letter.html)
        assert broken_in(letter.html) == []


def test_a_letter_to_post_breaks_no_reference(smtp: Relay) -> None:
    case = lives.new_case(address="", postal_address="1 High Street")
    letter = writing.rendered_of(case.letters.get())

    page = render_to_string(
        "rights_requests/letter_pdf.html",
        {"letter": letter, "to": ["Ada"], "controller": current_controller()},
    )

    assert KEPT.search(page)
    assert broken_in(page) == []


def test_what_somebody_typed_beside_a_reference_stays_text() -> None:
    assert whole("<b>R-ABCD-2345</b>") == (
        '&lt;b&gt;<span class="whole">R-ABCD-2345</span>&lt;/b&gt;'
    )
