"""That no list of cases, and no number of the first page, reads more than it shows.

Held by what PostgreSQL did among thousands of cases, never by seconds: no node of a plan
may read rows by the thousand to throw them away.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, Model, QuerySet

from rights_requests import case_queue, news
from rights_requests.case_queue import BOTH, SHOW, Wanted
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Submission
from tests.database_role import acting_as
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db

MANY = 6_000
PAGE = 50
# What a plan may look at and leave out; a few rows lie on the way to others.
MOST_LEFT_OUT = 300
TODAY = date(2027, 3, 2)
ME = 7
LISTS = [
    Wanted(is_complaints, show=show, about=about, whose=whose)
    for show in SHOW
    for is_complaints, about, whose in (
        (False, "", ""),
        (False, BOTH, ""),
        (True, "", ""),
        (False, CaseKind.ERASURE.value, ""),
        (False, "", "mine"),
        (False, CaseKind.ACCESS.value, "mine"),
    )
]
SUBMISSION = {"id": "new", "form_digest": "NULL"}
CASE = {
    "id": "new",
    "submission_id": "new",
    "reference": "'R-' || lpad(number::text, 10, '0')",
    "state": "CASE WHEN is_closed THEN 'fulfilled' ELSE 'in progress' END",
    "closed_at": "CASE WHEN is_closed THEN now() END",
    "governs_on": "CASE WHEN NOT is_closed THEN '2027-03-01'::date + mod(number, 90)::int END",
    "next_reminder_on": "NULL::date",
    "received_at": "now() - make_interval(hours => number)",
}
OPENED = "FROM rights_requests_case WHERE state = 'in progress' ORDER BY reference"
# A few of everything that a filter looks for.
FEW = (
    "UPDATE rights_requests_case SET state = 'awaiting identity', governs_on = NULL,"
    f" due_on = NULL WHERE id IN (SELECT id {OPENED} LIMIT 20)",
    f"UPDATE rights_requests_case SET state = 'draft' WHERE id IN (SELECT id {OPENED}"
    " LIMIT 20)",
    "UPDATE rights_requests_submission SET held_because = 'flood' WHERE id IN"
    f" (SELECT id {OPENED} LIMIT 20)",
)


@pytest.fixture
def filled(open_house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of open cases and of closed ones, the closed ones first in the table;
    the rows never went through a move, as no application could write them."""
    # As small beside the table as two thousand are beside a million.
    monkeypatch.setattr(case_queue, "COUNTED_TO", 100)
    case = lives.new_case(CaseKind.ACCESS)
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE rights_requests_case DISABLE TRIGGER USER")
        cursor.execute(
            "CREATE TEMP TABLE bench ON COMMIT DROP AS SELECT gen_random_uuid() AS new,"
            " number, number <= %s AS is_closed"
            " FROM generate_series(1, %s) AS number",
            [MANY, 2 * MANY],
        )
        _copy(cursor, Submission, case.submission_id, SUBMISSION)
        _copy(cursor, Case, case.pk, CASE)
        for statement in FEW:
            cursor.execute(statement)
        cursor.execute("ANALYZE rights_requests_case, rights_requests_submission")


def _copy(
    cursor: Any, model: type[Model], old: uuid.UUID, changed: dict[str, str]
) -> None:
    names = [str(field.column) for field in model._meta.concrete_fields]
    values = ", ".join(changed.get(name, f"old.{name}") for name in names)
    table = model._meta.db_table
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values}"
        f" FROM bench, {table} AS old WHERE old.id = %s ORDER BY number",
        [old],
    )


def nodes_of(query: QuerySet[Any]) -> Iterator[dict[str, Any]]:
    sql, params = query.query.sql_with_params()
    yield from nodes_of_sql(sql, params)


def nodes_of_sql(sql: str, params: Any) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
    [top] = json.loads(plan) if isinstance(plan, str) else plan
    yield from _below(top["Plan"])


def _below(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _below(inner)


def wasteful(nodes: Iterator[dict[str, Any]]) -> list[str]:
    """Nodes that read far more of a table than they give."""
    return [
        f"{node['Node Type']} {node.get('Relation Name', '')}: {left_out} left out"
        for node in nodes
        if (left_out := _left_out(node)) > MOST_LEFT_OUT
    ]


def _left_out(node: dict[str, Any]) -> int:
    return int(node.get("Rows Removed by Filter", 0) * node["Actual Loops"])


def test_no_list_reads_more_than_it_shows(filled: None) -> None:
    found = {}
    for wanted in LISTS:
        rows = case_queue.cases(wanted, staff_id=ME, today=TODAY)
        held = case_queue.held(is_complaints=wanted.is_complaints)
        page = case_queue.with_particulars(rows).annotate(any_held=Exists(held))
        found[f"{wanted}"] = [
            *wasteful(nodes_of(page[:PAGE])),
            *wasteful(nodes_of(case_queue.counted(rows).values("pk"))),
        ]
    assert {wanted: nodes for wanted, nodes in found.items() if nodes} == {}


def test_the_numbers_of_the_first_page_are_read_along_an_index(filled: None) -> None:
    sql, params = case_queue.sql_of_numbers(today=TODAY)
    nodes = list(nodes_of_sql(sql, params))
    assert wasteful(iter(nodes)) == []
    scanned = {n.get("Relation Name") for n in nodes if n["Node Type"] == "Seq Scan"}
    assert scanned & {Case._meta.db_table, "rights_requests_submission"} == set()
    assert case_queue.numbers(today=TODAY)["them"] == 20


def test_what_is_new_is_found_among_many(filled: None) -> None:
    rows = news.with_what_came(news.cases_with_news())
    assert wasteful(nodes_of(rows[:10])) == []
