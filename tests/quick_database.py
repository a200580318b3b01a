"""A test's database is filled and emptied by what is in it, and not table by table.

The register is read from its files once a day and process; afterwards its rows are put
back as they were. A test that commits is cleaned up by emptying the tables that hold
something. Both leave what Django's own way would leave.
"""

import json
from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from groundwork.clock import today_here
from processing_register.loading import load_register
from processing_register.models import NoticeVersion
from processing_register.register import the_register

REGISTER = "processing_register_"
# What the migrations left, which no test may lose.
STAYS = {"django_content_type", "auth_permission", "django_migrations"}
Rows = dict[str, str]

_kept: dict[tuple[str, date], tuple[datetime, Rows]] = {}


# --- Filling ---


def load() -> None:
    """The register and its notices, published at this moment."""
    key = (str(settings.REGISTER_DIR), today_here())
    if key in _kept:
        the_register.cache_clear()
        _put_back(*_kept[key])
    else:
        load_register()
        loaded_at = NoticeVersion.objects.latest("published_at").published_at
        assert loaded_at is not None
        tables = [table for table in filled_tables() if table.startswith(REGISTER)]
        _kept[key] = (loaded_at, {table: _rows(table) for table in tables})


def _rows(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT json_agg(t)::text FROM "{table}" AS t')
        return str(cursor.fetchone()[0])


@transaction.atomic  # foreign keys are looked at in the end, so no order matters
def _put_back(loaded_at: datetime, tables: Rows) -> None:
    then, now = _as_json(loaded_at), _as_json(timezone.now())
    with connection.cursor() as cursor:
        for table, rows in tables.items():
            cursor.execute(
                f'INSERT INTO "{table}" SELECT * FROM'
                f' json_populate_recordset(NULL::"{table}", %s)',
                [rows.replace(then, now)],
            )


def _as_json(moment: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_json(%s::timestamptz)::text", [moment])
        return str(json.loads(cursor.fetchone()[0]))


# --- Emptying ---


def filled_tables() -> list[str]:
    """Every table that holds something, apart from what the migrations left."""
    tables = sorted(set(connection.introspection.table_names()) - STAYS)
    parts = [f"SELECT '{t}' WHERE EXISTS (SELECT FROM \"{t}\")" for t in tables]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return [table for (table,) in cursor.fetchall()]


def empty() -> None:
    """As the owner, since nobody else may empty a ledger."""
    if tables := filled_tables():
        names = ", ".join(f'"{table}"' for table in tables)
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {names} CASCADE")
