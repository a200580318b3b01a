"""The console's pages about people, the register and retention, in a real browser."""

import pytest
from django.test import Client
from playwright.sync_api import Page

from data_subjects import disclosures
from data_subjects.models import DataSubject, IndirectContact
from groundwork.clock import today_here
from staff.models import StaffUser
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.browser.test_case_update import sign_in
from tests.case_updates import cast
from tests.data_subjects.acts import held, restricted
from tests.data_subjects.test_holds_and_disclosures import GIVEN
from tests.governance.test_indirect_contacts import entered, long_ago
from tests.people import ADA, become_reader, subscriber_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GRACE = "grace@example.com"
LONG = "A matter with a very long name, tribunal case 1570/5/7/22 (T) and following"


def lived_in(house: House) -> tuple[DataSubject, IndirectContact]:
    """A reader who is bound in every way, and somebody without an e-mail address."""
    become_reader(Client(), house.smtp)
    restricted(ADA)
    hold = held(ADA, "nobody-in-particular.with.a.long.address@example.com")
    type(hold).objects.update(matter=LONG)
    reader = subscriber_of(ADA).data_subject
    unrestricted = entered("", details={"postal_address": "1 Mill Lane\nDerby"})
    long_ago(unrestricted)
    disclosures.record(
        unrestricted.data_subject_id, GIVEN, staff_id=1, today=today_here()
    )
    cast.staff(GRACE)
    StaffUser.objects.filter(email=GRACE).update(is_superuser=True)
    return reader, unrestricted


def paths(reader: DataSubject, contact: IndirectContact) -> list[str]:
    row = f"data_subjects/indirectcontact/{contact.pk}"
    hold, restriction = "data_subjects/legalhold", "data_subjects/restriction"
    return [
        "data_subjects/indirectcontact/",
        "data_subjects/indirectcontact/add/",
        *(f"{row}/{act}/" for act in ("change", "correct", "letter", "told")),
        *(f"{row}/{act}/" for act in ("use", "exempt", "remove")),
        f"{restriction}/",
        f"{restriction}/{reader.restrictions.get().pk}/change/",
        f"{restriction}/{reader.restrictions.get().pk}/tell/",
        f"{restriction}/add/",
        f"{restriction}/add/?person={contact.data_subject_id}",
        f"{hold}/",
        f"{hold}/{reader.holds.get().hold_id}/change/",
        f"{hold}/{reader.holds.get().hold_id}/review/",
        f"{hold}/add/?person={contact.data_subject_id}",
        "data_subjects/disclosure/",
        f"data_subjects/disclosure/add/?person={reader.pk}",
        f"subscribers/subscriber/{subscriber_of(ADA).pk}/change/",
        "open-questions/",
        "record-of-processing/",
        "retention/",
        "governance/retentionrun/",
        "page-views/",
        "cookie-choices/",
        "consent/consentsite/",
        "consent/consentsite/add/",
    ]


@pytest.mark.parametrize("look", ["wide", "narrow and dark"])
def test_the_desks_are_accessible_and_fit_without_scripts_of_theirs(
    house: House, look: str
) -> None:
    shown = paths(*lived_in(house))
    is_wide = look == "wide"
    page = sign_in(
        house,
        GRACE,
        viewport={"width": 1280 if is_wide else 320, "height": 800},
        color_scheme="light" if is_wide else "dark",
    )

    found = []
    for path in shown:
        page.goto(f"{house.url}/console/{path}")
        found += violations(page)
        found += sideways(page, [1280] if is_wide else [320, 390])

    assert found == []


def sideways(page: Page, widths: list[int]) -> list[str]:
    found = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        if is_wider_than_its_window(page):
            found.append(f"{page.url} scrolls sideways at {width}")
    return found


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_somebody_without_an_address_is_restricted_from_their_page(
    house: House, scripts: bool
) -> None:
    _, contact = lived_in(house)
    page = sign_in(house, GRACE, java_script_enabled=scripts)
    page.goto(f"{house.url}/console/data_subjects/indirectcontact/{contact.pk}/change/")
    page.get_by_role("link", name="Restrict…").click()
    page.get_by_label("the person needs it for a legal claim").check()
    page.get_by_label("Why?").fill("A claim is coming.")
    page.get_by_role("button", name="Restrict it").click()
    page.wait_for_load_state()

    assert "Restricted: from now on" in page.locator(".messages").inner_text()
    assert contact.data_subject.restrictions.count() == 1


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_an_unknown_address_is_restricted_by_the_second_press(
    house: House, scripts: bool
) -> None:
    lived_in(house)
    page = sign_in(house, GRACE, java_script_enabled=scripts)
    page.goto(f"{house.url}/console/data_subjects/restriction/add/")
    page.get_by_label("E-mail address of the person").fill("mistyped@example.com")
    page.get_by_label("the person needs it for a legal claim").check()
    page.get_by_label("Why?").fill("A claim is coming.")
    page.get_by_role("button", name="Restrict it").click()
    page.wait_for_load_state()
    assert "press the button once more" in page.get_by_role("alert").inner_text()
    assert violations(page) == [] if scripts else True

    page.get_by_role("button", name="Restrict it").click()
    page.wait_for_load_state()

    assert "Restricted in advance" in page.locator(".messages").inner_text()
    # Chromium reports every answer of 400 and above, and this one is meant.
    house.complaints[:] = [c for c in house.complaints if "status of 4" not in c]
