"""The sweep of reminders over a million open cases: what finding the due ones costs.

1. The sweep's own query beside a sequential scan for the same rows, alternating.
2. The same with as many closed cases again: it must not notice them.
3. The sweep itself: cases and statements a second; and again, which must write nothing.

The cases are copies of a few that went through the product's own door. They are written
with triggers off, as nothing but a bench in a database of its own may.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
import psycopg

from bench.servers import KEYS
from config.embedded import Postgres, free_port

CASES = 1_000_000
DUE = 30_000
PAIRS = 3
# A Tuesday: each step of a reminder, from 14 days before to the day after, falls on it
# for a due date that is a working day.
NOW = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)
RECEIVED_WITHIN_DAYS = 50

# With the few dead entries too, which a hurried vacuum leaves to the next one.
VACUUM = "VACUUM (ANALYZE, INDEX_CLEANUP on)"
CASE = "rights_requests_case"
LOG = "rights_requests_caselogentry"
REMINDER = "rights_requests_reminder"


def main(cases: int = CASES) -> None:
    with database() as postgres:
        filled = _fill(postgres, cases)
        print(f"{filled.open:,} open cases, {filled.due:,} of them due")
        before = _measure()
        _double_with_closed(postgres, cases)
        print(f"\n{cases:,} closed cases beside them")
        after = _measure()
        print(
            f"\nwith closed cases doubled: {after.buffers} buffers (before:"
            f" {before.buffers}), {after.ms:.1f} ms (before: {before.ms:.1f})\n"
        )
        _sweep()


# --- A database of its own ---


@contextmanager
def database() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        postgres = Postgres(folder / "postgres")
        postgres.start()
        try:
            _prepare(folder, postgres)
            yield postgres
        finally:
            _close_connections()
            postgres.stop()


def _prepare(folder: Path, postgres: Postgres) -> None:
    os.environ.update(
        {
            **KEYS,
            "DATA_DIR": str(folder),
            "EMBEDDED": "true",
            "SITE_URL": "http://localhost:8000",
            "DATABASE_URL": postgres.url("casedesk_app"),
            "DATABASE_OWNER_URL": postgres.url("casedesk_owner"),
            "DATABASE_MAILER_URL": postgres.url("casedesk_mailer"),
            "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
    )
    subprocess.run([sys.executable, "manage.py", "prepare"], check=True)
    django.setup()


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def _as_superuser(postgres: Postgres, *statements: str) -> None:
    with psycopg.connect(
        host=str(postgres.socket_dir),
        user="postgres",
        dbname="casedesk",
        autocommit=True,
    ) as connection:
        for statement in statements:
            connection.execute(statement.encode())


# --- A million cases ---


@dataclass(frozen=True)
class Filled:
    open: int
    due: int


def _fill(postgres: Postgres, cases: int) -> Filled:
    """Copy one case of each day of receipt as often as it takes."""
    from rights_requests.models import Case

    _templates()
    today = NOW.date()
    open_now = Case.objects.open()
    due = open_now.filter(next_reminder_on=today).count()
    later = open_now.filter(next_reminder_on__gt=today).count()
    assert due >= 6, "a step of the reminders has no case"
    _as_superuser(
        postgres,
        "SET session_replication_role = replica",
        # Vacuumed below, once; by itself at other moments it would disturb the clock.
        f"ALTER TABLE {CASE} SET (autovacuum_enabled = off)",
        f"""CREATE TABLE bench_copy AS
            SELECT gen_random_uuid() AS new, id AS old, row_number() OVER () AS n,
                   next_reminder_on = '{today}' AS is_due
            FROM {CASE}, LATERAL generate_series(1, CASE
                WHEN next_reminder_on = '{today}' THEN {DUE // due}
                WHEN next_reminder_on > '{today}' THEN {(cases - DUE) // later}
                ELSE 0 END)""",
        _copy(CASE, {"id": "new", "reference": "'R-' || lpad(n::text, 10, '0')"}),
        _copy(LOG, {"case_id": "new"}, "case_id", "row.number IS NOT NULL"),
        # Of the others nobody reads which were given.
        _copy(REMINDER, {"case_id": "new"}, "case_id", "is_due"),
        VACUUM,
    )
    due_now = Case.objects.filter(next_reminder_on__lte=today).count()
    return Filled(Case.objects.open().count(), due_now)


def _templates() -> None:
    """A case of each of the last days, reminded of all that was due by yesterday."""
    from rights_requests.kinds import CaseKind
    from rights_requests.models import Channel
    from rights_requests.receiving import Asked, Sent, receive
    from rights_requests.reminding import remind
    from staff.models import StaffUser

    StaffUser.objects.create_superuser("dana@example.com", full_name="Dana")
    for days in range(1, RECEIVED_WITHIN_DAYS):
        at = NOW - timedelta(days=days)
        sent = Sent(
            asked=(Asked(CaseKind.ACCESS),),
            channel=Channel.FORM,
            received_at=at,
            dated_on=at.date(),
        )
        receive(sent, now=at, answers=False)
    remind(NOW - timedelta(days=1))


def _copy(
    table: str, given: dict[str, str], key: str = "id", only: str = "true"
) -> str:
    """A row for each copied case from each row of its original."""
    from django.apps import apps

    [model] = [m for m in apps.get_models() if m._meta.db_table == table]
    columns = [
        str(field.column)
        for field in model._meta.concrete_fields
        if field.column in given or not field.primary_key
    ]
    values = ", ".join(given.get(name, f"row.{name}") for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
        f" FROM bench_copy JOIN {table} AS row ON row.{key} = old WHERE {only}"
    )


def _double_with_closed(postgres: Postgres, cases: int) -> None:
    closed = {
        "id": "gen_random_uuid()",
        "reference": "'C-' || lpad(n::text, 10, '0')",
        "state": "'fulfilled'",
        "closed_at": f"'{NOW.isoformat()}'::timestamptz",
        "governs_on": "NULL::date",
        "next_reminder_on": "NULL::date",
    }
    _as_superuser(
        postgres,
        "SET session_replication_role = replica",
        f"{_copy(CASE, closed)} AND n <= {cases}",
        VACUUM,
    )


# --- 1 and 2. The query ---


@dataclass(frozen=True)
class Cost:
    node: str
    rows: int
    ms: float
    buffers: int
    heap_fetches: int | None


SEQUENTIAL = (
    "SET enable_indexscan = off",
    "SET enable_indexonlyscan = off",
    "SET enable_bitmapscan = off",
)


def _measure() -> Cost:
    from rights_requests.reminding import MOST_CASES, due_cases

    print("plan                              rows       ms  buffers  heap fetches")
    ratios, found = [], []
    for _ in range(PAIRS):
        ours = _cost(due_cases(NOW))
        sequential = _cost(due_cases(NOW), *SEQUENTIAL)
        found.append(ours)
        ratios.append((ours.ms / sequential.ms, ours.buffers / sequential.buffers))
        for cost in (ours, sequential):
            _row(cost)
    _row(_cost(due_cases(NOW)[:MOST_CASES]), "as much as one sweep takes up")
    ms, buffers = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(f"median: 1/{1 / ms:.0f} of the time, 1/{1 / buffers:.0f} of the buffers")
    return sorted(found, key=lambda cost: cost.ms)[PAIRS // 2]


def _row(cost: Cost, note: str = "") -> None:
    fetches = "–" if cost.heap_fetches is None else cost.heap_fetches
    print(
        f"{cost.node:30}{cost.rows:8}{cost.ms:9.2f}{cost.buffers:9}{fetches:>14}  {note}"
    )


def _cost(query: Any, *settings: str) -> Cost:
    """One process on either side, so that the two can be compared."""
    import json

    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        for setting in settings:
            cursor.execute(setting.replace("SET ", "SET LOCAL "))
        explained = query.explain(analyze=True, buffers=True, format="json")
    [plan] = json.loads(explained)
    scan = plan["Plan"]
    while "Relation Name" not in scan:
        [scan] = scan["Plans"]
    name = scan["Node Type"]
    return Cost(
        node=f"{name} {scan.get('Index Name', '')}".strip(),
        rows=round(scan["Actual Rows"]),
        ms=plan["Execution Time"],
        buffers=scan["Shared Hit Blocks"] + scan["Shared Read Blocks"],
        heap_fetches=scan.get("Heap Fetches"),
    )


# --- 3. The sweep ---


def _sweep() -> None:
    from rights_requests.models import ClockFault, Reminder
    from rights_requests.reminding import due_cases, remind

    given_before = Reminder.objects.count()
    due = due_cases(NOW).count()
    statements: Counter[str] = Counter()
    began = time.perf_counter()
    with _counting(statements):
        sweeps = 0
        while remind(NOW):
            sweeps += 1
    took = time.perf_counter() - began
    given = Reminder.objects.count() - given_before
    total = sum(statements.values())
    print(
        f"sweeps: {sweeps}; {due:,} cases, {given:,} reminders in {took:.1f} s"
        f" ({due / took:,.0f} cases/s), {total:,} statements"
        f" ({total / due:.3f} a case), {ClockFault.objects.count()} faults"
    )
    again: Counter[str] = Counter()
    with _counting(again):
        began = time.perf_counter()
        number = remind(NOW)
        took = time.perf_counter() - began
    wrote = sum(again[verb] for verb in ("INSERT", "UPDATE", "DELETE"))
    print(
        f"again: {number} reminders, {wrote} statements that write,"
        f" {took * 1000:.1f} ms"
    )


@contextmanager
def _counting(statements: Counter[str]) -> Iterator[None]:
    from django.db import connection

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        statements[sql.split(None, 1)[0]] += 1
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        yield


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
