"""The console's lists of requests and complaints: who sees what, in which order."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from rights_requests import case_queue, complaining, counts_desk, handling
from rights_requests.case_queue import Wanted
from rights_requests.deciding import Proposal, propose
from rights_requests.desk import reference_in
from rights_requests.kinds import CaseKind
from rights_requests.models import Case
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from staff.models import StaffUser
from tests.case_updates.cast import reader
from tests.console.staff import (
    SUBSCRIBERS,
    accesses,
    console_of,
    dana,
    page_of,
    person,
    text,
)
from tests.people import ADA, BEN, CLEO
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db

REQUESTS = "/console/rights_requests/case/"
COMPLAINTS = "/console/complaints/"
COUNTS = "/console/complaints/counts/"
FIND = "/console/rights_requests/case/find/"
REFERENCE = re.compile(r'class="code" href="[^"]+">([RC]-\w{4}-\w{4})<')


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


@pytest.fixture
def omar() -> StaffUser:
    return person("omar@example.com", is_superuser=True)


@pytest.fixture
def console(omar: StaffUser) -> Client:
    return console_of(omar)


def received(day: date, kind: CaseKind = CaseKind.ERASURE, **more: Any) -> Case:
    """A case of which the request came at ten on that day, or just now before ten."""
    ten = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    moment = min(ten, timezone.now() - timedelta(seconds=1))
    more = {"received_at": moment, "dated_on": day, **more}
    return lives.new_case(kind, **more)


def days_ago(days: int) -> date:
    return timezone.localdate() - timedelta(days=days)


def listed(response: Any) -> list[str]:
    return REFERENCE.findall(text(response))


# --- Order and filters ---


def test_the_most_urgent_comes_first_and_complaints_have_a_list_of_their_own(
    console: Client,
) -> None:
    newer = received(days_ago(2))
    older = received(days_ago(20))
    complaint = received(days_ago(3), CaseKind.COMPLAINT)
    assert listed(console.get(REQUESTS)) == [older.reference, newer.reference]
    assert listed(console.get(COMPLAINTS)) == [complaint.reference]


def test_each_filter_is_a_word_of_a_line_and_shows_what_it_says(
    console: Client, omar: StaffUser
) -> None:
    today = timezone.localdate()
    late = received(days_ago(40))
    week = received(days_ago(28))
    fresh = received(days_ago(1), CaseKind.RECTIFICATION)
    waiting = lives.bring_to(CaseKind.ACCESS, State.AWAITING_IDENTITY)
    draft = lives.bring_to(CaseKind.ACCESS, State.DRAFT)
    closed = lives.bring_to(CaseKind.ERASURE, State.WITHDRAWN)
    held = received(days_ago(1), held_because="flood")
    handling.assign(fresh.pk, omar.pk, staff_id=omar.pk, now=timezone.now())
    assert week.governs_on and today <= week.governs_on <= today + timedelta(days=6)

    def shown(query: str) -> set[str]:
        return set(listed(console.get(f"{REQUESTS}?{query}")))

    opened = {c.reference for c in (late, week, fresh, waiting, draft)}
    assert shown("") == shown("show=open") == opened
    assert shown("show=overdue") == {late.reference}
    assert shown("show=week") == {week.reference}
    assert shown("show=us") == opened - {waiting.reference}
    assert shown("show=them") == {waiting.reference}
    assert shown("show=drafts") == {draft.reference}
    assert shown("show=held") == {held.reference}
    assert shown("show=closed") == {closed.reference}
    assert shown("whose=mine") == {fresh.reference}
    assert shown("whose=nobody") == opened - {fresh.reference}
    assert shown("about=access") == {waiting.reference, draft.reference}
    assert shown("show=week&about=rectification") == set()
    # What nobody offers counts for nothing.
    assert shown("show=everything&about=complaint&page=banana") == opened


def test_a_complaint_names_the_request_that_it_is_about(console: Client) -> None:
    about = received(days_ago(9))
    complaint = received(days_ago(1), CaseKind.COMPLAINT)
    complaining.link(complaint.pk, about, staff_id=1, now=timezone.now())
    html = text(console.get(COMPLAINTS))
    assert f'Complaint about <span class="nowrap">{about.reference}</span>' in html


def test_a_line_says_who_must_act_until_when_and_whose_it_is(
    console: Client, omar: StaffUser
) -> None:
    with time_machine.travel("2026-11-16T12:00:00+00:00", tick=False):
        case = received(date(2026, 11, 2))
        handling.assign(case.pk, omar.pk, staff_id=omar.pk, now=timezone.now())
        html = text(console.get(REQUESTS))
        assert "Wednesday 2 December 2026" in html
        assert "16 days left" in html
        assert "with us" in html
        assert "Omar" in html
        proposal = Proposal(
            move=Move.REFUSE,
            ground="legal-claims",
            reasons="We need it for the claim that you told us about in October.",
        )
        propose(case.pk, proposal, staff_id=omar.pk, now=timezone.now())
        assert "with a second person" in text(console.get(REQUESTS))


def test_a_list_names_nobody(console: Client) -> None:
    received(days_ago(1), name="Cleo Stranger", words="I live in Derby.")
    html = text(console.get(REQUESTS))
    assert "Cleo" not in html and CLEO not in html and "Derby" not in html


def test_an_empty_list_teaches_the_first_step(console: Client) -> None:
    assert "People ask on the page “Your data”" in text(console.get(REQUESTS))
    assert "begin when it arrives" in text(console.get(COMPLAINTS))
    assert "Nothing is overdue" in text(console.get(f"{REQUESTS}?show=overdue"))


def test_what_is_held_is_pointed_out_on_the_list_that_leaves_it_out(
    console: Client,
) -> None:
    assert "wait apart" not in text(console.get(REQUESTS))
    received(days_ago(1), held_because="flood")
    assert "wait apart" in text(console.get(REQUESTS))
    assert "wait apart" not in text(console.get(COMPLAINTS))
    assert "wait apart" not in text(console.get(f"{REQUESTS}?show=held"))


def test_a_full_list_has_pages_and_needs_few_queries(
    console: Client, django_assert_max_num_queries: Any
) -> None:
    now = timezone.now()
    for _ in range(9):
        receive(lives.sent(*[CaseKind.ERASURE] * 6, address=""), now=now)
    # Two for who is signed in, one for who we are, and two for the rows.
    with django_assert_max_num_queries(5):
        first = console.get(REQUESTS)
    assert len(listed(first)) == 50
    assert len(listed(console.get(f"{REQUESTS}?page=2"))) == 4
    assert "54 cases" in text(first)
    assert 'href="?show=open&amp;page=2"' in text(first)


def test_the_queue_is_read_along_its_index() -> None:
    wanted = Wanted(is_complaints=False)
    rows = case_queue.cases(wanted, staff_id=1, today=timezone.localdate())
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    assert "case_queue" in rows[:50].explain()


# --- Who may ---


@pytest.mark.parametrize("path", [REQUESTS, COMPLAINTS, COUNTS])
def test_lists_are_closed_to_whoever_may_not_see_cases(path: str) -> None:
    assert dana("view_subscriber").get(path).status_code == 403


def test_looking_and_taking_out_are_closed_to_them_too() -> None:
    client = dana("view_subscriber")
    assert client.post(FIND, {"address": CLEO}).status_code == 403
    days = {"first": "2026-01-01", "last": "2026-12-31"}
    assert client.post(f"{COUNTS}file/", days).status_code == 403


def test_the_duties_stand_on_the_page_of_staff(console: Client) -> None:
    html = text(console.get("/console/staff/staffuser/add/"))
    for words in (
        "See requests and complaints",
        "Work on requests and complaints",
        "Release what a colleague proposed in a case",
        "Open what was shut away as sensitive",
    ):
        assert words in html


def test_the_rail_has_both_lists_after_today() -> None:
    html = text(dana("view_case").get(REQUESTS))
    rail = re.findall(r'<li><a href="([^"]+)"[^>]*>([^<]+)</a></li>', html)
    assert rail[:3] == [
        ("/console/", "Today"),
        (REQUESTS, "Requests"),
        (COMPLAINTS, "Complaints"),
    ]


# --- Looking for one ---


@pytest.mark.parametrize(
    "typed", ["R-7K3Q-2XNB", "r-7k3q-2xnb", " R7K3Q2XNB ", "r 7k3q 2xnb", "R–7K3Q–2XNB"]
)
def test_a_reference_is_known_however_it_was_read_out(typed: str) -> None:
    assert reference_in(typed) == "R-7K3Q-2XNB"


@pytest.mark.parametrize("typed", ["", "R-7K3Q", "X-7K3Q-2XNB", "R-1111-0000", CLEO])
def test_what_is_no_reference_is_none(typed: str) -> None:
    assert reference_in(typed) == ""


def test_a_case_is_found_by_its_reference_and_the_search_is_on_record() -> None:
    case = received(days_ago(1))
    client = dana("view_case")
    response = client.post(FIND, {"address": case.reference.lower()})
    assert response["Location"] == f"{REQUESTS}{case.pk}/change/"
    [search] = accesses("searched")
    assert search.data_subject_id == case.submission.data_subject_id


def test_the_cases_of_a_person_are_found_by_the_exact_address_alone() -> None:
    first = received(days_ago(9))
    second = received(days_ago(1), CaseKind.COMPLAINT)
    received(days_ago(1), address="other@example.com")
    client = dana("view_case")
    response = client.post(FIND, {"address": " Cleo@Example.com "})
    where = response["Location"]
    assert CLEO not in where and str(first.submission.data_subject_id) in where
    assert listed(client.get(where)) == [second.reference, first.reference]

    for unknown in ("cleo", "cleo@example", "nobody@example.com", "\0"):
        response = client.post(FIND, {"address": unknown}, follow=True)
        assert "No case has this reference" in text(response)
    assert [search.rows_count for search in accesses("searched")] == [1, 0, 0, 0, 0]


def test_the_top_of_each_page_finds_cases_and_goes_on_to_readers(
    console: Client,
) -> None:
    ada = reader(ADA)
    case = received(days_ago(1), address=ADA)
    assert f'action="{FIND}"' in text(console.get("/console/"))
    found = console.post(FIND, {"address": case.reference})
    assert found["Location"] == f"{REQUESTS}{case.pk}/change/"
    cases = console.post(FIND, {"address": ADA}, follow=True)
    assert listed(cases) == [case.reference]
    assert page_of(ada) in text(cases)
    # Somebody who asked for nothing is found among the readers.
    ben = reader(BEN)
    gone_on = console.post(FIND, {"address": BEN}, follow=True)
    assert gone_on.redirect_chain[0] == (f"{SUBSCRIBERS}find/", 307)
    assert gone_on.redirect_chain[-1][0] == page_of(ben)
    assert "@" not in str(gone_on.redirect_chain)


def test_looking_by_get_is_refused() -> None:
    assert dana("view_case").get(FIND, {"address": CLEO}).status_code == 405


def test_an_unknown_reference_says_so_and_leads_back(console: Client) -> None:
    response = console.post(FIND, {"address": "C-2222-2222"})
    assert response["Location"] == COMPLAINTS
    assert "No case has the reference C-2222-2222" in text(console.get(COMPLAINTS))


# --- Counting complaints ---


def complaints() -> None:
    """Three of 2026: acknowledged at once; late; not at all, and then closed."""
    received(date(2026, 9, 1), CaseKind.COMPLAINT)
    Case.objects.update(acknowledged_at=datetime(2026, 9, 1, 11, tzinfo=UTC))
    late = received(date(2026, 9, 30), CaseKind.COMPLAINT)
    Case.objects.filter(pk=late.pk).update(
        acknowledged_at=datetime(2026, 10, 31, tzinfo=UTC)
    )
    silent = received(date(2026, 11, 2), CaseKind.COMPLAINT, held_because="flood")
    now = datetime(2026, 11, 20, tzinfo=UTC)
    case = Case.objects.get(pk=silent.pk)
    lives.make(case, Move.WITHDRAW, now=now)


def test_complaints_are_counted_to_the_day() -> None:
    complaints()
    received(date(2026, 9, 1), CaseKind.ERASURE)
    found = complaining.counts(date(2026, 9, 1), date(2026, 11, 2))
    total = found.total
    assert (total.received, total.closed, total.open) == (3, 1, 2)
    assert (total.in_time, total.late, total.unacknowledged) == (1, 1, 1)
    assert [(f"{m:%b}", one.received) for m, one in found.months] == [
        ("Sep", 2),
        ("Oct", 0),
        ("Nov", 1),
    ]
    assert complaining.counts(date(2026, 9, 2), date(2026, 11, 1)).total.received == 1


def test_what_was_no_complaint_is_not_counted() -> None:
    lives.bring_to(CaseKind.COMPLAINT, State.DISMISSED)
    today = timezone.localdate()
    assert complaining.counts(today, today).total.received == 0


def test_the_counts_are_a_page_a_chart_and_a_file(console: Client) -> None:
    complaints()
    days = {"first": "2026-09-01", "last": "2026-11-30"}
    html = text(console.get(COUNTS, days))
    assert "3 complaints received, at most 2 in a month" in html
    assert html.count("<rect") == 2
    assert "November 2026" in html
    file = console.post(f"{COUNTS}file/", days)
    assert file["Content-Disposition"].endswith(
        'filename="complaints-2026-09-01-to-2026-11-30.csv"'
    )
    sheet = b"".join(file.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(sheet)))
    assert rows[0][:3] == ["Period", "Received", "Acknowledged in time"]
    assert rows[1][:3] == ["2026-09", "2", "1"]
    assert rows[-1] == ["2026-09-01 to 2026-11-30", "3", "1", "1", "1", "2", "1"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-12-01", "2026-11-01", "before the first"),
        ("nonsense", "2026-11-01", "Enter the first day like"),
        ("1990-01-01", "2026-11-01", "at most 10 years"),
        ("", "", "Enter the first day"),
    ],
)
def test_a_period_that_cannot_be_is_refused_in_words(
    console: Client, first: str, last: str, words: str
) -> None:
    days = {"first": first, "last": last}
    page = console.get(COUNTS, days)
    assert page.status_code == 400 and words in text(page)
    assert console.post(f"{COUNTS}file/", days).status_code == 400


def test_without_a_period_the_last_twelve_months_are_counted() -> None:
    assert counts_desk.usual_period(date(2026, 11, 22)) == {
        "first": date(2025, 11, 23),
        "last": date(2026, 11, 22),
    }


def test_told_in_words_counts_on_the_day_it_was_told() -> None:
    case = received(days_ago(10), CaseKind.COMPLAINT, held_because="flood")
    told_on = days_ago(8)
    complaining.acknowledge_in_words(
        case.pk, at=told_on, staff_id=1, now=timezone.now()
    )
    case.refresh_from_db()
    assert case.acknowledged_at and timezone.localdate(case.acknowledged_at) == told_on


# --- The ledger ---


def test_the_case_log_is_read_on_the_console_and_names_nobody(console: Client) -> None:
    case = received(days_ago(1), name="Cleo Stranger", words="I live in Derby.")
    html = text(console.get("/console/rights_requests/caselogentry/"))
    assert case.reference in html and "received" in html
    assert "Cleo" not in html and "Derby" not in html
    assert (
        dana("view_case").get("/console/rights_requests/caselogentry/").status_code
        == 403
    )
