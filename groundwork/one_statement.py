"""Several rows of several tables in one statement: one round trip, one commit.

The path that every visitor takes spends most of its time waiting for the database to
answer. Each app says what it wants to have written (a Part); the caller joins the
parts, and PostgreSQL carries them out as one statement, all or nothing. Values pass
through the model's own fields, so encryption, defaults and conversions are the same
as anywhere; constraints and triggers hold as ever.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.sql import Literal
from psycopg.types.json import Jsonb

# Their values are stored as they are; there are dozens in a statement.
READY = frozenset(
    {
        models.BigIntegerField,
        models.BooleanField,
        models.CharField,
        models.DateField,
        models.DateTimeField,
        models.PositiveIntegerField,
        models.PositiveSmallIntegerField,
        models.SlugField,
        models.UUIDField,
    }
)

# JSON has them, too.
PLAIN = (str, int)

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]


@dataclass(frozen=True)
class Given:
    """A value that the database knows: SQL of our own, never a visitor's text."""

    sql: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Part:
    """One named step (a common table expression) and its parameters."""

    name: str
    sql: str
    params: tuple[Any, ...]


@dataclass(frozen=True)
class _Column:
    """A column to write; `constant` is its default as SQL, where that never varies.
    is_ready: its values are stored as they are."""

    field: "AnyField"
    name: str
    cast: str
    constant: str | None
    is_ready: bool


def insert(
    name: str,
    model: type[models.Model],
    values: dict[str, Any],
    *,
    source: str,
    unless_known: bool = False,
) -> Part:
    """One row of this model for each row of the step `source`.

    values: field → a Python value, or Given for what comes from the database. Fields
    that are not named get their default. The step returns the whole new row; with
    unless_known nothing, where a unique column has that value already.
    """
    to = _connection()
    params: list[Any] = []
    for column in _columns(model, frozenset(values)):
        params += _params(column, values, to)
    given = tuple(
        (name, value.sql) for name, value in values.items() if isinstance(value, Given)
    )
    sql = _insert(model, frozenset(values), given, source)
    if unless_known:
        sql += " ON CONFLICT DO NOTHING"
    return Part(name, f"{sql} RETURNING *", tuple(params))


@lru_cache(maxsize=64)
def _insert(
    model: type[models.Model],
    named: frozenset[str],
    given: tuple[tuple[str, str], ...],
    source: str,
) -> str:
    columns, known = _columns(model, named), dict(given)
    table = connection.ops.quote_name(model._meta.db_table)
    return (  # of names from our own models, with a placeholder for every value
        f"INSERT INTO {table} ({', '.join(c.name for c in columns)})"  # noqa: S608
        f" SELECT {', '.join(_slot(column, known) for column in columns)} FROM {source}"
    )


def insert_all(name: str, rows: Sequence[models.Model], *, source: str) -> Part:
    """These rows, all of one model and at least one, if the step `source` has its row.

    They travel as one value: the statement is the same for any number of them, so that
    the database plans it once. The step returns nothing.
    """
    model, to = type(rows[0]), _connection()
    columns = _columns(model, frozenset())
    values = [
        {
            column.field.column: _as_json(
                _prepared(column, getattr(row, column.field.attname), to)
            )
            for column in columns
        }
        for row in rows
    ]
    return Part(name, _insert_all(model, source), (json.dumps(values),))


@lru_cache(maxsize=64)
def _insert_all(model: type[models.Model], source: str) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    names = [column.name for column in _columns(model, frozenset())]
    return (  # of names from our own models
        f"INSERT INTO {table} ({', '.join(names)})"  # noqa: S608
        f" SELECT {', '.join(f'new.{name}' for name in names)}"
        f" FROM {source}, json_populate_recordset(NULL::{table}, %s::json) AS new"
    )


def _as_json(value: Any) -> Any:
    """A value as PostgreSQL reads it out of JSON into a column of its type."""
    if value is None or isinstance(value, PLAIN):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, psycopg.Binary):
        return f"\\x{bytes(value.obj).hex()}"
    if isinstance(value, Jsonb):
        return value.obj
    return value


def now_stored(*rows: models.Model) -> None:
    """The statement has written these rows: to save one again is to change it."""
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def run(parts: Sequence[Part], result: str) -> tuple[Any, ...]:
    """Carry out every part and return the one row that `result` selects."""
    steps = ", ".join(f"{part.name} AS ({part.sql})" for part in parts)
    params = [param for part in parts for param in part.params]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {steps} {result}", params)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


def _slot(column: _Column, given: dict[str, str]) -> str:
    if column.constant is not None:
        return column.constant
    return f"{given.get(column.field.attname, '%s')}::{column.cast}"


def _params(
    column: _Column, values: dict[str, Any], to: BaseDatabaseWrapper
) -> Sequence[Any]:
    if column.constant is not None:
        return ()
    name = column.field.attname
    value = values[name] if name in values else column.field.get_default()
    if isinstance(value, Given):
        return value.params
    return (_prepared(column, value, to),)


def _prepared(column: _Column, value: Any, to: BaseDatabaseWrapper) -> Any:
    """As the field stores it."""
    if column.is_ready or (value is None and column.field.null):
        return value
    return column.field.get_db_prep_save(value, to)


def _connection() -> BaseDatabaseWrapper:
    """The connection itself: Django's stand-in for it is slow to be asked dozens of
    times in a statement."""
    return connections[connection.alias]


@lru_cache(maxsize=64)
def _columns(model: type[models.Model], named: frozenset[str]) -> tuple[_Column, ...]:
    """The columns to write: all but those that the database fills by itself."""
    return tuple(
        _column(field, is_named=field.attname in named)
        for field in model._meta.concrete_fields
        if field.attname in named
        or not (field.has_db_default() or isinstance(field, models.AutoField))
    )


def _column(field: "AnyField", *, is_named: bool) -> _Column:
    cast = (
        field.rel_db_type(connection)
        if isinstance(field, models.ForeignKey)
        else field.db_type(connection)
    )
    constant = None
    varies = field.has_default() and callable(field.default)
    if not is_named and not varies:
        default = field.get_db_prep_save(field.get_default(), connection)
        constant = f"{Literal(default).as_string()}::{cast}"
    return _Column(
        field,
        connection.ops.quote_name(str(field.column)),
        str(cast),
        constant,
        is_ready=type(field) in READY,
    )
