"""Requests and complaints on the console, in a real browser: from a draft to the answer
by two people, and every page of the desk as people with other needs meet it."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings

from outbox.delivery import deliver_due
from rights_requests import deciding, handling
from rights_requests.case_acts import ACTS
from rights_requests.fulfilment import erasing, systems
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    Message,
    Rectification,
    Transmission,
)
from rights_requests.moves import Move, State
from staff.models import StaffUser
from tests.browser.conftest import House, is_wider_than_its_window, violations
from tests.browser.test_case_update import sign_in
from tests.browser.test_desks import sideways
from tests.browser.walking import follow
from tests.browser.walking import press_and_go as press
from tests.case_updates import cast
from tests.people import CLEO, DANA, OMAR, inbox
from tests.rights_requests import lives

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GRACE = "grace@example.com"
CASES = "rights_requests/case"
WORDS = "Please delete everything that you hold about me, including my old address."
LONG = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
)
REASONS = (
    "We need your data for the claim about which we wrote to you in October of last "
    "year, until it is decided."
)


@pytest.fixture(autouse=True)
def vault(settings: Settings, tmp_path: Any) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


def staff() -> None:
    cast.staff(DANA, "view_case", "work_case")
    cast.staff(OMAR, "view_case", "release_case")


def open_case(page: Page, house: House, case: Case, tab: str = "change") -> None:
    page.goto(f"{house.url}/console/{CASES}/{case.pk}/{tab}/")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_message_becomes_a_request_and_is_answered_by_two(
    house: House, scripts: bool
) -> None:
    staff()
    case = lives.new_case(CaseKind.ERASURE, is_draft=True, words=WORDS, name="Cleo")
    page = sign_in(house, DANA, java_script_enabled=scripts)

    # It stands on the first page; what it asks for is looked at and confirmed.
    follow(page, case.reference) if page.get_by_role(
        "link", name=case.reference
    ).count() == 1 else open_case(page, house, case)
    expect(page.get_by_text(WORDS)).to_be_visible()
    follow(page, "Confirm it")
    press(page, "Look at the whole letter")
    expect(page.get_by_text("Nothing has been done yet")).to_be_visible()
    press(page, "Confirm it")
    expect(page.locator(".messages")).to_contain_text("Confirmed.")

    # Whoever wrote shows that the mailbox is theirs; then she proposes the answer.
    lives.confirm_mailbox(case)
    open_case(page, house, case)
    page.get_by_text("Other steps").click()
    follow(page, "Record a search…")
    page.get_by_label("Which system?").fill("Mailboxes")
    page.get_by_label("Yes").check()
    page.get_by_label("For what?").fill("Cleo")
    page.get_by_label("How many hits?").fill("0")
    page.get_by_label("Why was that enough").fill("Every mailbox was read.")
    press(page, "Record a search")
    follow(page, "Propose the answer…")
    page.get_by_label("More about what was done").fill("All of it is gone.")
    press(page, "Look at the whole letter")
    expect(page.locator(".paper-sheet")).to_contain_text("All of it is gone.")
    press(page, "Change it")
    expect(page.get_by_label("More about what was done")).to_have_value(
        "All of it is gone."
    )
    page.get_by_label("Opening words").fill("Hello Cleo, it is done.")
    press(page, "Look at the whole letter")
    press(page, "Propose it")
    expect(page.get_by_role("button", name="Approve the deletion")).to_have_count(1)
    expect(page.get_by_role("button", name="Approve the deletion")).to_be_disabled()
    assert Case.objects.get(pk=case.pk).state == State.IN_PROGRESS

    # Another one reads the very letter and releases it.
    page = sign_in(house, OMAR, java_script_enabled=scripts)
    expect(page.get_by_text("Proposals for you to release")).to_be_visible()
    open_case(page, house, case, "decisions")
    expect(page.locator(".paper-sheet")).to_contain_text("Hello Cleo, it is done.")
    said = page.get_by_text("The code of this list is").inner_text()
    code = re.search(r"\d{3} \d{3}", said)
    assert code is not None
    page.get_by_label("Type the code of the list").fill(code[0])
    press(page, "Approve the deletion")
    expect(page.locator(".messages")).to_contain_text("It begins within seconds")
    deliver_due()
    erasing.work_on_next(timezone.now())
    open_case(page, house, case)
    expect(page.locator(".standing")).to_contain_text("Closed on")
    assert Case.objects.get(pk=case.pk).state == State.FULFILLED
    assert "Hello Cleo, it is done." in inbox(house.smtp, CLEO)[-1].text


def test_an_error_is_first_on_the_page_and_leads_to_its_field(house: House) -> None:
    staff()
    case = lives.new_case(CaseKind.ACCESS)
    page = sign_in(house, DANA)
    page.goto(f"{house.url}/console/{CASES}/{case.pk}/ask-clarification/")
    page.get_by_label("Which data is meant?").fill("Which calls?")
    press(page, "Look at the whole letter")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("There is a problem")
    assert page.title().startswith("Error: ")
    problem.get_by_role("link").first.click()
    assert page.evaluate("document.activeElement.name") == "why"
    expect(page.get_by_label("Which data is meant?")).to_have_value("Which calls?")
    assert violations(page) == []
    forget_refusals(house)


def test_a_document_is_uploaded_and_taken_out_again(house: House) -> None:
    staff()
    case = lives.new_case(CaseKind.ACCESS)
    page = sign_in(house, DANA, java_script_enabled=False)
    open_case(page, house, case, "documents")
    page.get_by_label("File").set_input_files(
        {"name": "answer.txt", "mimeType": "text/plain", "buffer": b"Hello, Cleo.\n"}
    )
    press(page, "Upload it")
    expect(page.locator(".messages")).to_contain_text("Kept, encrypted.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download answer.txt").click()
    assert download.value.suggested_filename == "answer.txt"
    assert download.value.path().read_bytes() == b"Hello, Cleo.\n"


def forget_refusals(house: House) -> None:
    """Chromium reports every answer of 400 and above, and these are meant."""
    house.complaints[:] = [c for c in house.complaints if "status of 4" not in c]


# --- Every page ---


def lived_in() -> list[str]:
    """A desk with something of everything; the paths of its pages."""
    cast.staff(GRACE)
    name = "Wilhelmina Featherstonehaugh"
    StaffUser.objects.filter(email=GRACE).update(is_superuser=True, full_name=name)
    grace = StaffUser.objects.get(email=GRACE)
    now = timezone.now()
    case = lives.new_case(
        CaseKind.ACCESS,
        name=f"Cleo {LONG}",
        words=f"{WORDS} {LONG * 3}",
        reply_by="post",
        postal_address="1 Mill Lane\nDerby",
    )
    handling.assign(case.pk, grace.pk, staff_id=grace.pk, now=now)
    handling.add_note(case.pk, f"{LONG} " * 9, staff_id=grace.pk, now=now)
    handling.write_to_person(case.pk, {"message": LONG * 4}, staff_id=grace.pk, now=now)
    today = timezone.localdate(now)
    searched = handling.Searched(LONG[:60], LONG * 2, 12, LONG * 2, today)
    handling.record_search(case.pk, searched, staff_id=grace.pk, now=now)
    errand = handling.Errand(LONG * 2, today, for_staff_id=grace.pk)
    task = handling.set_task(case.pk, errand, staff_id=grace.pk, now=now)
    Message.objects.create(case=case, words=LONG * 5, channel="e-mail")
    document(case)
    decision = deciding.propose(
        case.pk,
        deciding.Proposal(move=Move.EXTEND, ground="complexity", reasons=COMPLEX),
        staff_id=1,
        now=now,
    )
    for kind in (CaseKind.ERASURE, CaseKind.MARKETING, CaseKind.COMPLAINT):
        lives.new_case(kind, held_because="flood" if kind == "erasure" else "")
    draft = lives.new_case(CaseKind.ACCESS, is_draft=True, words=WORDS)
    with transaction.atomic():
        waiting = lives.bring_to(CaseKind.ACCESS, State.AWAITING_IDENTITY)
    with transaction.atomic():
        closed = lives.bring_to(CaseKind.ERASURE, State.REFUSED)
    letter = case.letters.get(kind="message")
    told = systems.Described(LONG[:60], (LONG * 4)[:300], grace.pk)
    system = systems.enter(told)
    systems.ask_owners(now)
    mistaken = lives.new_case(CaseKind.RECTIFICATION)
    correction = Rectification.objects.create(
        case=mistaken,
        place="sign-up",
        entry="1",
        field="first_name",
        current=LONG,
        proposed=LONG * 2,
    )
    taken_along = lives.new_case(CaseKind.PORTABILITY)
    sending = Transmission.objects.create(
        case=taken_along, address=f"https://club.example.com/{LONG}{LONG}", words=LONG
    )
    keys = {
        "letter": letter.pk,
        "task": task.pk,
        "decision": decision.pk,
        "rectification": correction.pk,
        "transmission": sending.pk,
    }
    acts = [
        f"rights_requests/{act.about}/{keys.get(act.about, case.pk)}/{act.name}/"
        for act in ACTS
    ]
    tabs = ("letters", "searches", "tasks", "documents", "decisions", "who")
    return [
        "",
        f"{CASES}/",
        f"{CASES}/?show=held",
        f"{CASES}/?show=overdue",
        "complaints/",
        "complaints/counts/",
        "rights_requests/standingrule/",
        "rights_requests/standingrule/new/",
        "rights_requests/outsidesystem/",
        "rights_requests/outsidesystem/new/",
        f"rights_requests/outsidesystem/{system.pk}/describe/",
        f"rights_requests/outsidesystem/{system.pk}/connector/",
        *(f"{CASES}/{c.pk}/change/" for c in (case, waiting, draft, closed)),
        *(f"{CASES}/{case.pk}/{tab}/" for tab in tabs),
        *(f"{CASES}/{case.pk}/copy/contents/{place}" for place in ("", "notes/")),
        f"{CASES}/{taken_along.pk}/documents/",
        f"{CASES}/{mistaken.pk}/corrections/",
        f"{CASES}/{mistaken.pk}/propose-correction/",
        *acts,
    ]


COMPLEX = (
    "Your request covers twelve years and nine of our systems, and the records of two "
    "of them have to be read by hand."
)


def document(case: Case) -> None:
    CaseDocument.objects.create(
        case=case,
        purpose="evidence",
        name=f"{LONG}.pdf",
        media_type="application/pdf",
        size=1,
        content_digest=b"1" * 32,
        vault_name="x" * 22,
    )


@pytest.mark.parametrize("look", ["wide", "narrow and dark"])
def test_every_page_of_the_desk_is_accessible_and_fits(house: House, look: str) -> None:
    paths = lived_in()
    is_wide = look == "wide"
    page = sign_in(
        house,
        GRACE,
        viewport={"width": 1280 if is_wide else 320, "height": 800},
        color_scheme="light" if is_wide else "dark",
    )
    found = []
    for path in paths:
        page.goto(f"{house.url}/console/{path}")
        unfold(page)
        found += violations(page)
        found += sideways(page, [1280] if is_wide else [320, 390])
    assert found == []
    assert not is_wider_than_its_window(page)
    assert len(paths) > len(ACTS) > 35


def unfold(page: Page) -> None:
    """What is folded away is read, too."""
    page.evaluate(
        "document.querySelectorAll('main details').forEach(d => { d.open = true })"
    )


def test_the_preview_is_accessible_and_fits(house: House) -> None:
    staff()
    case = lives.new_case(CaseKind.ACCESS, name=LONG)
    page = sign_in(house, DANA, viewport={"width": 320, "height": 800})
    page.goto(f"{house.url}/console/{CASES}/{case.pk}/write/")
    page.get_by_label("Your message").fill(LONG * 4)
    press(page, "Look at the whole letter")
    expect(page.get_by_text("Nothing has been done yet")).to_be_visible()
    assert violations(page) == []
    assert not is_wider_than_its_window(page)


def test_a_row_of_the_list_is_one_link_and_its_head_stays(house: House) -> None:
    staff()
    # From one address they would be a flood, and held apart.
    cases = [
        lives.new_case(CaseKind.ERASURE, address=f"p{number}@example.com")
        for number in range(30)
    ]
    page = sign_in(house, DANA)
    page.goto(f"{house.url}/console/{CASES}/")
    row = page.get_by_role("row", name=re.compile(cases[-1].reference))
    row.scroll_into_view_if_needed()
    head = page.locator("table.cases thead th").first
    box = head.bounding_box()
    assert box and box["y"] >= 0, "the head of the table stays where it can be seen"
    cell = row.locator("td").nth(1).bounding_box()
    assert cell
    with page.expect_navigation():
        page.mouse.click(cell["x"] + cell["width"] - 4, cell["y"] + 4)
    assert str(cases[-1].pk) in page.url
