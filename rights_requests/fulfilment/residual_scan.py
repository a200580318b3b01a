"""Looking for what is left of a person after an erasure, wherever this software keeps or
leaves anything: every table, Redis with its queues, the vault, folders, the mailbox.

It reads the stores themselves and not our models, so that a stray copy is found which
nobody knows of. What is encrypted by us is decrypted, what is packed is opened
(packed_files). A few rows and one chunk are held at a time, but for archives.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import redis
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from data_subjects.binding_sql import EVERYBODY
from groundwork.encryption import decrypt
from outbox import outside
from rights_requests import vault
from rights_requests.fulfilment.identifiers import Identifiers, Needle
from rights_requests.fulfilment.packed_files import (
    TOO_LARGE,
    UNREADABLE,
    found_in,
    is_mail_with_files,
    read,
)

__all__ = ["ALL_OF_IT", "TOO_LARGE", "UNREADABLE", "Hit", "Spared", "hits"]

# In place of a row: of a table that was not looked into at all.
ALL_OF_IT = "all of it"

ROWS = 500
SHORT = 32
# Of a mail so much is looked at for whether it has files.
MOST_OF_MAIL = 64 * 1024
TOKEN = re.compile(r"gAAAAA[A-Za-z0-9_-]{60,}={0,2}")
# Types of columns that hold no text and no bytes.
NO_TEXT = (
    "bigint,boolean,date,double precision,integer,interval,numeric,real,smallint,time"
    " without time zone,timestamp with time zone,timestamp without time zone,uuid,xid8"
).split(",")


class Hit(NamedTuple):
    """Where something was found, which row or file of it, and what kind of thing; never
    the thing itself."""

    place: str
    row: str
    what: str


@dataclass(frozen=True)
class Spared:
    """What may hold the person: rows by their table and number, and names in the vault,
    which the approved plan keeps; and what came after the erasure began, by the person's
    own act."""

    rows: Mapping[str, frozenset[str]] = field(default_factory=dict)
    files: frozenset[str] = frozenset()

    def has(self, table: str, number: str) -> bool:
        return number in self.rows.get(table, ())


def hits(sought: Identifiers, spared: Spared) -> Iterator[Hit]:
    """Everything that is found. Raises OSError, redis.RedisError or imaplib's error when
    a store cannot be looked into: then nothing is known."""
    needle = Needle.of(sought)
    yield from _in_tables(needle, spared)
    yield from _in_redis(needle)
    yield from _in_vault(needle, spared)
    yield from _in_folders(needle)
    texts = (*sought.addresses, *sought.names)
    for label, raw in outside.messages_to_search(texts):
        for what in sorted(found_in([raw], needle)):
            yield Hit("the mailbox that we read", label, what)


# --- Tables ---


class Table(NamedTuple):
    """A table, or a view that keeps its rows. name: as a place is called by it."""

    name: str
    schema: str
    own_name: str


def _in_tables(needle: Needle, spared: Spared) -> Iterator[Hit]:
    for table, columns in sorted(_columns().items()):
        yield from _in_table(table, columns, needle, spared)
    for name in _shut_tables():
        yield Hit(f"table {name}", ALL_OF_IT, UNREADABLE)


def _shut_tables() -> list[str]:
    """Those that our role may not read, or that row-level security, but for our own,
    shows to it in part: nobody says that nothing stands there."""
    with connection.cursor() as cursor:
        cursor.execute(SHUT_TABLES, [EVERYBODY])
        return [
            name if schema == OUR_SCHEMA else f"{schema}.{name}"
            for schema, name in cursor.fetchall()
        ]


def _columns() -> dict[Table, list[tuple[str, bool]]]:
    """table → the names of its columns that can hold a text, and whether as bytes; of
    every schema that our role may read."""
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [NO_TEXT])
        found: dict[Table, list[tuple[str, bool]]] = {}
        for schema, name, column, is_bytes in cursor.fetchall():
            full = name if schema == OUR_SCHEMA else f"{schema}.{name}"
            found.setdefault(Table(full, schema, name), []).append((column, is_bytes))
    return found


OUR_SCHEMA = "public"
SHUT_TABLES = """
    SELECT nspname, relname
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'm')
        AND nspname !~ '^pg_' AND nspname <> 'information_schema'
        AND (
            NOT has_schema_privilege(nspname, 'USAGE')
            OR NOT has_table_privilege(pg_class.oid, 'SELECT')
            OR row_security_active(pg_class.oid) AND NOT EXISTS (
                SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = %s
            )
        )
    ORDER BY nspname, relname
"""
COLUMNS = """
    SELECT nspname, relname, attname, atttypid = 'bytea'::regtype
    FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'm') AND attnum > 0 AND NOT attisdropped
        AND nspname !~ '^pg_' AND nspname <> 'information_schema'
        AND has_schema_privilege(nspname, 'USAGE')
        AND has_table_privilege(pg_class.oid, 'SELECT')
        AND format_type(atttypid, NULL) <> ALL(%s)
    ORDER BY nspname, relname, attnum
"""


def _in_table(
    table: Table, columns: list[tuple[str, bool]], needle: Needle, spared: Spared
) -> Iterator[Hit]:
    quote = connection.ops.quote_name
    asked = [
        quote(name) if is_bytes else f"{quote(name)}::text"
        for name, is_bytes in columns
    ]
    number = _number_of(table)
    place = f"{quote(table.schema)}.{quote(table.own_name)}"
    query = f"SELECT {number}, {', '.join(asked)} FROM {place}"  # noqa: S608
    # One moment for each table, which is over before the next one begins.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(ROWS):
            for key, *values in rows:
                if not spared.has(table.name, key):
                    named = zip(columns, values, strict=True)
                    yield from _in_row(table.name, key, named, needle)


def _number_of(table: Table) -> str:
    """What names a row: its key, or where it lies for a table without one that is
    known."""
    if table.schema != OUR_SCHEMA:
        return "ctid::text"
    with connection.cursor() as cursor:
        name = table.own_name
        keys = connection.introspection.get_primary_key_columns(cursor, name) or []
    quoted = [f"{connection.ops.quote_name(key)}::text" for key in keys]
    return " || ' ' || ".join(quoted) or "ctid::text"


def _in_row(
    table: str, key: str, named: Iterable[tuple[tuple[str, bool], Any]], needle: Needle
) -> Iterator[Hit]:
    for (column, is_bytes), value in named:
        if value:
            found = (
                _found_in_bytes(bytes(value), needle)
                if is_bytes
                else _found_in_cell(value, needle)
            )
            for what in sorted(found):
                yield Hit(f"table {table}, {column}", _nameless(key, needle), what)


def _found_in_cell(text: str, needle: Needle) -> set[str]:
    """In what stands there, and in what its tokens say."""
    found: set[str] = set()
    tokens = TOKEN.findall(text)
    if not (tokens and tokens[0] == text):
        found |= _found_in_words(text, needle)
    for token in tokens:
        try:
            found |= _found_in_words(decrypt(token), needle)
        except InvalidToken:
            found.add(UNREADABLE)
    return found


def _found_in_words(text: str, needle: Needle) -> set[str]:
    """In a text, and in the files of one that is a mail."""
    found: set[str] = set(needle.found_in_text(text))
    if is_mail_with_files(text[:MOST_OF_MAIL].encode(errors="replace")):
        found |= found_in([text.encode(errors="replace")], needle)
    return found


def _found_in_bytes(raw: bytes, needle: Needle) -> set[str]:
    """In bytes, and in what is packed in them: nothing is in so few as a digest has."""
    if len(raw) <= SHORT:
        return set(needle.found_in_bytes(raw))
    return found_in([raw], needle)


def _nameless(label: str, needle: Needle) -> str:
    """A key or a name of a file, unless it names the person itself."""
    if not needle.found_in_text(f"{label} {Path(label).stem}"):
        return label[:200]
    mark = hashlib.sha256(label.encode()).hexdigest()[:8]
    return f"named after the person ({mark})"


# --- Redis: limits, cache, queues ---


def _in_redis(needle: Needle) -> Iterator[Hit]:
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        for key in store.scan_iter(count=ROWS):
            found: set[str] = set(needle.found_in_bytes(key))
            for value in _values_of(store, key):
                found |= _found_in_bytes(value, needle)
            label = _nameless(key.decode("utf-8", errors="replace"), needle)
            for what in sorted(found):
                yield Hit("Redis", label, what)


def _values_of(store: Any, key: bytes) -> Iterator[bytes]:
    """Raises KeyError for a kind of value that nobody has told how to look into."""
    read = READ[store.type(key).decode()]
    for found in read(store, key):
        yield from found if isinstance(found, tuple) else (found,)


def _of_stream(store: Any, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    for _, fields in store.xrange(key):
        yield from fields.items()


READ: Mapping[str, Callable[[Any, bytes], Iterable[Any]]] = {
    "none": lambda store, key: (),  # it went meanwhile
    "string": lambda store, key: (store.get(key) or b"",),
    "list": lambda store, key: store.lrange(key, 0, -1),
    "set": lambda store, key: store.sscan_iter(key),
    "zset": lambda store, key: (member for member, _ in store.zscan_iter(key)),
    "hash": lambda store, key: store.hscan_iter(key),
    "stream": _of_stream,
}


# --- Files ---


def _in_vault(needle: Needle, spared: Spared) -> Iterator[Hit]:
    for name in vault.names():
        if name not in spared.files:
            try:
                found = found_in(vault.read(name), needle)
            except vault.Missing:
                continue  # it went meanwhile
            except vault.Unreadable:
                found = {UNREADABLE}
            for what in sorted(found):
                yield Hit("the vault", f"file {name[:6]}…", what)
    yield from _in_unfinished(needle)


def _in_unfinished(needle: Needle) -> Iterator[Hit]:
    """What a writer died over, or is writing: as much of it as there is."""
    for name in vault.unfinished():
        found: set[str] = set()
        try:
            for chunk in vault.read_unfinished(name):
                found |= needle.found_in_bytes(chunk)
        except vault.Missing:
            continue  # it was finished meanwhile, or went
        except vault.Unreadable:
            found.add(UNREADABLE)
        for what in sorted(found):
            yield Hit("the vault", f"file {name[:6]}…, never finished", what)


def _in_folders(needle: Needle) -> Iterator[Hit]:
    for path in _paths():
        try:
            with path.open("rb") as file:
                found = found_in(read(file), needle)
        except FileNotFoundError:
            continue  # it went meanwhile
        # Without the ending, which would be taken for the end of an address.
        found |= needle.found_in_text(f"{path.name} {path.stem}")
        for what in sorted(found):
            yield Hit(f"folder {path.parent.name}", _nameless(path.name, needle), what)


def _paths() -> Iterator[Path]:
    """Every file in the folders that are searched, but for what is looked into by a door
    of its own, as the vault is, and for the journal, which the plan keeps. What lies in
    the vault and is none of its files has no such door."""
    doors = (settings.VAULT_DIR, settings.OPT_OUT_JOURNAL, *settings.NOT_SEARCHED)
    left_out = {Path(path) for path in doors}
    yield from vault.strays()
    for folder in map(Path, settings.SEARCHED_FOLDERS):
        if folder.is_file():
            yield folder
        for where, folders, files in folder.walk():
            folders[:] = [name for name in folders if where / name not in left_out]
            for name in files:
                path = where / name
                if path not in left_out and path.is_file():
                    yield path


def table_of(label: str) -> str:
    """The table of a model, as the database calls it."""
    model: type[Model] = apps.get_model(label)
    return str(model._meta.db_table)
