"""Several rows of several tables in one statement: one round trip, one commit.

The path that every visitor takes spends most of its time waiting for the database to
answer. Each app says what it wants to have written (a Part); the caller joins the
parts, and PostgreSQL carries them out as one statement, all or nothing. Values pass
through the model's own fields, so encryption, defaults and conversions are the same
as anywhere; constraints and triggers hold as ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection, models

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


def insert(
    name: str,
    model: type[models.Model],
    values: dict[str, Any],
    *,
    source: str,
) -> Part:
    """One row of this model for each row of the step `source`.

    values: field → a Python value, or Given for what comes from the database. Fields
    that are not named get their default. The step returns the whole new row.
    """
    slots, params = [], []
    for field, slot in _fields(model, frozenset(values)):
        value = (
            values[field.attname] if field.attname in values else field.get_default()
        )
        if isinstance(value, Given):
            slots.append(f"{value.sql}{slot[2:]}")
            params.extend(value.params)
        else:
            slots.append(slot)
            params.append(field.get_db_prep_save(value, connection))
    return Part(
        name,
        f"INSERT INTO {_columns(model, frozenset(values))}"
        f" SELECT {', '.join(slots)} FROM {source} RETURNING *",
        tuple(params),
    )


def run(parts: Sequence[Part], result: str) -> tuple[Any, ...]:
    """Carry out every part and return the one row that `result` selects."""
    steps = ", ".join(f"{part.name} AS ({part.sql})" for part in parts)
    params = [param for part in parts for param in part.params]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {steps} {result}", params)
        row: tuple[Any, ...] = cursor.fetchone()
    return row


@lru_cache(maxsize=64)
def _fields(
    model: type[models.Model], named: frozenset[str]
) -> list[tuple["AnyField", str]]:
    """The fields to write, each with its slot: a placeholder cast to the column's type."""
    return [
        (
            field,
            f"%s::{field.rel_db_type(connection) if field.remote_field else field.db_type(connection)}",
        )
        for field in model._meta.concrete_fields
        if field.attname in named
        or not (field.has_db_default() or isinstance(field, models.AutoField))
    ]


@lru_cache(maxsize=64)
def _columns(model: type[models.Model], named: frozenset[str]) -> str:
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field, _ in _fields(model, named))
    return f"{quote(model._meta.db_table)} ({names})"
