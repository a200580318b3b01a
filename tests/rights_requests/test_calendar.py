"""Deadlines in a calendar program: what is in it, and whom its address lets in."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from groundwork.log_lines import redact
from rights_requests import calendar_feed, casebook, due_days
from rights_requests.calendar_feed import escaped, folded, make, written
from rights_requests.kinds import CaseKind
from rights_requests.models import CalendarFeed, Case
from rights_requests.moves import Move
from staff.models import StaffUser
from tests.console.staff import console_of, person, text
from tests.people import CLEO, DANA, OMAR
from tests.reading import forms
from tests.rights_requests.lives import new_case
from tests.whole_house.inhabited import contents

pytestmark = pytest.mark.django_db

# Monday; the answer is due on Monday 1 March 2027.
RECEIVED = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
DUE = date(2027, 3, 1)
PAGE = "/console/calendar/"
ADDRESS = re.compile(r"http://localhost:8000(/calendar/[\w-]{22}\.ics)")


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Letters name the controller and the regulator."""


@pytest.fixture(autouse=True)
def clock(register: None) -> Iterator[Any]:
    with time_machine.travel(RECEIVED, tick=False) as traveller:
        yield traveller


@pytest.fixture
def dana() -> StaffUser:
    return person(DANA, "view_case")


def received(kind: CaseKind = CaseKind.ACCESS, **more: Any) -> Case:
    return new_case(kind, received_at=RECEIVED, now=RECEIVED, **more)


def path_for(user: StaffUser) -> str:
    found = ADDRESS.fullmatch(make(user.pk, now=RECEIVED))
    assert found
    return found[1]


def fetched(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def unfolded(calendar: str) -> list[str]:
    return calendar.replace("\r\n ", "").split("\r\n")


def events(calendar: str) -> list[dict[str, str]]:
    """Each entry as a calendar program reads it: property → value."""
    found: list[dict[str, str]] = []
    for line in unfolded(calendar):
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            found.append({})
        elif found and name != "END":
            found[-1][name] = value
    return found


# --- What is in it ---


def test_a_deadline_is_a_whole_day_with_reference_and_kind(dana: StaffUser) -> None:
    case = received()

    [event] = events(fetched(path_for(dana)))

    assert event["SUMMARY"] == f"{case.reference}: answer due (access)"
    assert event["DTSTART;VALUE=DATE"] == "20270301"
    assert event["UID"] == f"{case.pk}-statute@localhost"
    assert event["DTSTAMP"] == "20270201T090000Z"
    assert event["URL"].endswith(f"/console/rights_requests/case/{case.pk}/change/")


def test_a_deadline_that_moves_keeps_its_name(dana: StaffUser) -> None:
    case = received()
    path = path_for(dana)
    [before] = events(fetched(path))
    for move, at in (
        (Move.ASK_CLARIFICATION, RECEIVED + timedelta(days=3)),
        (Move.RECEIVE_CLARIFICATION, RECEIVED + timedelta(days=9)),
    ):
        with transaction.atomic():
            inputs = {"at": at.isoformat()}
            casebook.make(casebook.locked(case.pk), move, now=at, inputs=inputs)

    [after] = events(fetched(path))

    assert after["UID"] == before["UID"]
    assert after["DTSTART;VALUE=DATE"] == "20270308"


def test_what_waits_for_the_person_or_is_closed_is_not_in_it(dana: StaffUser) -> None:
    waits, closed = received(), received()
    with transaction.atomic():
        inputs = {"at": RECEIVED.isoformat()}
        casebook.make(
            casebook.locked(waits.pk), Move.ASK_IDENTITY, now=RECEIVED, inputs=inputs
        )
        casebook.make(casebook.locked(closed.pk), Move.WITHDRAW, now=RECEIVED)

    assert events(fetched(path_for(dana))) == []


def test_each_clock_has_an_entry_of_its_own(dana: StaffUser) -> None:
    promised = received(dated_on=date(2027, 1, 25))
    complaint = received(CaseKind.COMPLAINT)
    waiting = received(CaseKind.COMPLAINT, held_because="flood")

    summaries = {
        (event["SUMMARY"], event["DTSTART;VALUE=DATE"])
        for event in events(fetched(path_for(dana)))
    }

    assert summaries == {
        (f"{promised.reference}: answer due (access)", "20270301"),
        (f"{promised.reference}: promised answer due (access)", "20270225"),
        (f"{complaint.reference}: word on progress due (complaint)", "20270215"),
        (f"{waiting.reference}: acknowledgement due (complaint)", "20270303"),
    }


@pytest.mark.parametrize("kind", CaseKind)
def test_the_days_are_those_that_the_log_gives(kind: CaseKind) -> None:
    """Nothing is counted for a calendar; what is kept on the case must say the same."""
    for more in ({}, {"is_draft": True}, {"held_because": "flood"}, {"address": ""}):
        case = received(kind, **more)
        live = casebook.clocks_of(case, now=RECEIVED).live
        shown = {(due.clock, due.on) for due in due_days.due_days(case)}
        assert shown == set(live), more


def test_it_holds_nothing_of_the_person(dana: StaffUser) -> None:
    received(name="Cleo Quill", words="I was ill in May.")

    calendar = fetched(path_for(dana))

    for personal in (CLEO, "Cleo", "Quill", "ill in May", DANA, "Dana"):
        assert personal not in calendar


# --- The format ---


def test_it_is_a_calendar_as_the_standard_has_it(dana: StaffUser) -> None:
    received(CaseKind.OBJECTION)
    answer = Client().get(path_for(dana))

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    raw = answer.content
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    lines = raw.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert any(line.startswith(b" ") for line in lines)
    opened: list[str] = []
    for line in unfolded(raw.decode())[:-1]:
        name, colon, value = line.partition(":")
        assert colon and re.fullmatch(r"[A-Z-]+(;[A-Z-]+=[A-Z]+)?", name), line
        if name == "BEGIN":
            opened.append(value)
        elif name == "END":
            assert opened.pop() == value
    assert opened == []
    assert unfolded(raw.decode())[1] == "VERSION:2.0"


def test_an_empty_calendar_still_has_a_part(dana: StaffUser) -> None:
    calendar = fetched(path_for(dana))

    assert events(calendar) == []
    assert "BEGIN:VTIMEZONE\r\nTZID:Europe/London\r\n" in calendar


def test_text_is_escaped() -> None:
    assert escaped("a, b; c\\d\ne") == "a\\, b\\; c\\\\d e"


@pytest.mark.parametrize("letter", ["a", "é", "€", "🗓"])
@pytest.mark.parametrize("length", [1, 60, 74, 75, 76, 149, 150, 400])
def test_long_lines_are_folded_between_letters(letter: str, length: int) -> None:
    line = f"SUMMARY:{letter * length}"

    pieces = folded(line).split("\r\n")

    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert all(piece.startswith(" ") for piece in pieces[1:])
    assert folded(line).replace("\r\n ", "") == line


def test_the_most_urgent_are_in_it_when_there_are_too_many(
    dana: StaffUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_feed, "MOST", 1)
    received()
    urgent = received(CaseKind.COMPLAINT)

    [event] = events(fetched(path_for(dana)))

    assert event["SUMMARY"].startswith(urgent.reference)


def test_it_costs_the_same_statements_for_one_case_as_for_many(
    dana: StaffUser,
) -> None:
    path = path_for(dana)
    received()
    with CaptureQueriesContext(connection) as one:
        fetched(path)
    for _ in range(20):
        received()
    with CaptureQueriesContext(connection) as many:
        fetched(path)

    assert len(many) == len(one) <= 2


def test_no_moment_is_written_in_another_zone() -> None:
    case = received()
    [event] = events(written([case], now=datetime(2027, 6, 1, 9, tzinfo=UTC)).decode())

    assert event["DTSTAMP"] == "20270601T090000Z"


# --- Whom it lets in ---


def test_looking_changes_nothing(dana: StaffUser) -> None:
    received()
    path = path_for(dana)
    rows = contents()

    for method in ("get", "head", "options", "post"):
        getattr(Client(), method)(path)

    assert contents() == rows
    assert Client().post(path).status_code == 405


def test_a_guess_opens_nothing(dana: StaffUser) -> None:
    path_for(dana)

    assert Client().get("/calendar/AAAAAAAAAAAAAAAAAAAAAA.ics").status_code == 404
    assert Client().get("/calendar/short.ics").status_code == 404


def test_the_token_of_another_link_opens_nothing(dana: StaffUser) -> None:
    from rights_requests import links

    case = received()
    token = links.status_url(case).rstrip("/").rpartition("/")[2]

    assert Client().get(f"/calendar/{token}.ics").status_code == 404


@pytest.mark.parametrize("change", ["closed", "no duty", "gone"])
def test_whoever_may_no_longer_see_cases_gets_nothing(
    dana: StaffUser, change: str
) -> None:
    path = path_for(dana)
    assert Client().get(path).status_code == 200

    if change == "closed":
        StaffUser.objects.filter(pk=dana.pk).update(is_active=False)
    elif change == "no duty":
        dana.user_permissions.clear()
    else:
        StaffUser.objects.filter(pk=dana.pk).delete()

    assert Client().get(path).status_code == 404


def test_a_new_address_ends_the_one_before(dana: StaffUser) -> None:
    first = path_for(dana)
    second = path_for(dana)

    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    assert CalendarFeed.objects.count() == 1


def test_everybody_has_an_address_of_their_own(dana: StaffUser) -> None:
    omar = person(OMAR, "view_case")
    first, second = path_for(dana), path_for(omar)

    calendar_feed.revoke(dana.pk)

    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200


def test_the_database_does_not_know_the_token(dana: StaffUser) -> None:
    token = path_for(dana).removeprefix("/calendar/").removesuffix(".ics")

    assert token not in str(CalendarFeed.objects.values())
    assert token not in redact(f"Not Found: /calendar/{token}.ics")


# --- The page on the console ---


def test_the_page_makes_an_address_and_shows_it_once(dana: StaffUser) -> None:
    console = console_of(dana)
    received()
    assert "You have no address yet" in text(console.get(PAGE))

    made = console.post(PAGE, {"make": ""})

    found = ADDRESS.search(text(made))
    assert found
    assert "no-store" in made["Cache-Control"]
    assert len(events(fetched(found[1]))) == 1
    again = text(console.get(PAGE))
    assert not ADDRESS.search(again)
    assert "You made an address on 1 February 2027" in again


def test_the_page_replaces_and_stops_an_address(dana: StaffUser) -> None:
    console = console_of(dana)
    first = ADDRESS.search(text(console.post(PAGE, {"make": ""})))
    second = ADDRESS.search(text(console.post(PAGE, {"make": ""})))
    assert first and second
    assert Client().get(first[1]).status_code == 404

    stopped = console.post(PAGE, {"stop": ""}, follow=True)

    assert Client().get(second[1]).status_code == 404
    assert "The address no longer works." in text(stopped)
    assert "You have no address yet" in text(stopped)
    buttons = forms(stopped)[-1].fields
    assert "stop" not in buttons and "make" in buttons


def test_looking_at_the_page_makes_nothing(dana: StaffUser) -> None:
    console_of(dana).get(PAGE)

    assert not CalendarFeed.objects.exists()


def test_the_page_is_for_those_who_may_see_cases() -> None:
    omar = person(OMAR, "write_caseupdate")

    assert console_of(omar).get(PAGE).status_code == 403
    assert console_of(omar).post(PAGE, {"make": ""}).status_code == 403
    assert "Deadlines in your calendar" not in text(console_of(omar).get("/console/"))
