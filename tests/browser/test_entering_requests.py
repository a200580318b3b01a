"""Staff in a real browser: entering a request, and removing what is sensitive."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument
from rights_requests.receiving import receive
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.console.staff import PASSWORD, person
from tests.people import CLEO, DANA
from tests.rights_requests import lives
from tests.rights_requests.test_sensitive import ASKS, ILL

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ENTER = "/console/rights_requests/enter/"
PLAIN: dict[str, Any] = {"java_script_enabled": False}
NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
SCHEMES: list[dict[str, Any]] = [NARROW, {"color_scheme": "dark"}]


@pytest.fixture(autouse=True)
def vault(settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


def at_the_desk(house: House, path: str, **options: Any) -> Page:
    """Dana signs in and opens a page of the console."""
    page = house.visit("/console/", **options)
    page.locator("[name=username]").fill(DANA)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(house.url + path)
    return page


@pytest.fixture
def dana(house: House) -> None:
    person(DANA, "view_case", "work_case", "see_shut_away")


def test_a_letter_is_entered_with_its_scan_and_without_scripts(
    house: House, dana: None, tmp_path: Path
) -> None:
    scan = tmp_path / "letter.pdf"
    scan.write_bytes(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
    page = at_the_desk(house, ENTER, **PLAIN)
    page.get_by_label("Post", exact=True).check()
    page.get_by_label("On which day did we have it?").fill(
        timezone.localdate().isoformat()
    )
    page.get_by_label("Access", exact=True).check()
    page.get_by_label("Erasure", exact=True).check()
    page.get_by_label("Their e-mail address").fill(CLEO)
    page.get_by_label("By e-mail", exact=True).check()
    page.get_by_label("The letter, or what else belongs to it").set_input_files(scan)
    page.get_by_role("button", name="Enter it").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Entered: 2 cases")
    for case in Case.objects.all():
        expect(page.get_by_role("link", name=case.reference)).to_be_visible()
    assert CaseDocument.objects.get().name == "letter.pdf"


def test_what_is_wrong_stands_first_and_leads_to_its_field(
    house: House, dana: None
) -> None:
    page = at_the_desk(house, ENTER)
    page.get_by_role("button", name="Enter it").click()

    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name="Choose how it came").click()
    expect(page.get_by_label("E-mail", exact=True)).to_be_focused()
    assert violations(page) == []
    # The answer 400 that was asked for; the browser may tell of it late.
    house.complaints[:] = [c for c in house.complaints if "400 (Bad" not in c]


@pytest.mark.parametrize("options", SCHEMES)
def test_the_form_and_its_receipt_are_for_everybody(
    house: House, dana: None, options: dict[str, Any]
) -> None:
    case = lives.new_case()
    page = at_the_desk(house, ENTER, **options)
    for path in (ENTER, f"/console/rights_requests/entered/{case.submission_id}/"):
        page.goto(house.url + path)
        assert violations(page) == []
        assert not is_wider_than_its_window(page)


@pytest.mark.parametrize("options", [PLAIN, *SCHEMES])
def test_sensitive_words_are_read_and_removed(
    house: House, dana: None, options: dict[str, Any]
) -> None:
    sent = lives.sent(CaseKind.ACCESS, words=ASKS, signs=("health",))
    (case,) = receive(sent, now=timezone.now()).cases
    page = at_the_desk(
        house, f"/console/rights_requests/case/{case.pk}/change/", **options
    )
    page.get_by_role("link", name="Read it, remove it, or open it again").click()
    _is_for_everybody(page, options)
    page.get_by_role("link", name="Remove words of").click()
    page.get_by_label("Which words?").fill(ILL)
    page.get_by_label("Why?").fill("It told of your health, which we do not need.")
    _is_for_everybody(page, options)
    page.get_by_role("button", name="Look at what goes").click()
    _is_for_everybody(page, options)
    page.get_by_role("button", name="Remove it for good").click()

    expect(page.get_by_text("Removed by us on")).to_be_visible()
    assert "diabetes" not in page.content()


def _is_for_everybody(page: Page, options: dict[str, Any]) -> None:
    if options is not PLAIN:
        assert violations(page) == []
    assert not is_wider_than_its_window(page)
