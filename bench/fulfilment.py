"""A copy of everything that is held of one person with very many rows, beside what
PostgreSQL alone needs to write the same rows as JSON into a zip, alternating.

1. The JSON of one place of 100 000 rows, zipped.
2. The whole archive of the person: pages, JSON, CSV, facts, in the vault.
3. The memory of both, and of the same at three times the rows.
4. The time from a plain request to its download, answered by a standing rule
   (bench/automatic.py); alone by `python -m bench.fulfilment automatic`.
4. An erasure of a person with as many mails, and its search of every store, which
   decrypts all that it reads, beside one reading of the whole database by COPY.
"""

import io
import resource
import statistics
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import psycopg.sql

from bench import automatic
from bench.rights_sweep import database
from config.embedded import Postgres, Redis, free_port

ROWS = 100_000
PAIRS = 3
GROW = """
INSERT INTO consent_consententry
    (at, data_subject_id, purpose, action, channel, notices)
SELECT now(), %s, 'case-updates', CASE WHEN n %% 2 = 0 THEN 'given' ELSE 'withdrawn' END,
    'preferences page', '{privacy/1,sign-up/1}'
FROM generate_series(1, %s) AS n
"""
COPY = (
    "COPY (SELECT row_to_json(t) FROM (SELECT id, at, purpose, action, channel, notices"
    " FROM consent_consententry WHERE data_subject_id = '{}' ORDER BY id) AS t) TO STDOUT"
)
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def main() -> None:
    if sys.argv[1:] == ["automatic"]:
        with database():
            automatic.measure()
        return
    if len(sys.argv) > 1:
        _alone(sys.argv[1], int(sys.argv[2]))
        return
    with database() as postgres:
        person = _grown(ROWS)
        print(f"{ROWS:,} rows of one person; median of {PAIRS} pairs\n")
        _beside(postgres, person, "JSON of the place", _json_of)
        _beside(postgres, person, "the whole archive", _whole)
        print()
        for what in ("json", "whole"):
            small, large = _peak(what, ROWS // 10), _peak(what, ROWS * 3)
            print(
                f"memory, {what}: {small:.0f} MB with {ROWS // 10:,} rows,"
                f" {large:.0f} MB with {ROWS * 3:,}"
            )
        _erasure(postgres)
        print()
        automatic.measure()


def _grown(rows: int) -> uuid.UUID:
    from django.db import connection

    from data_subjects.models import DataSubject

    person: uuid.UUID = DataSubject.objects.create().pk
    with connection.cursor() as cursor:
        cursor.execute(GROW, [person, rows])
        cursor.execute("ANALYZE consent_consententry")
    return person


# --- What is compared ---


def _copied(postgres: Postgres, person: uuid.UUID) -> None:
    """The yardstick: the database writes JSON, and Python zips it."""
    held = zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED)
    with (
        psycopg.connect(
            host=str(postgres.socket_dir), user="postgres", dbname="casedesk"
        ) as connection,
        held.open("rows.json", "w", force_zip64=True) as file,
        connection.cursor().copy(COPY.format(person).encode()) as rows,
    ):
        for piece in rows:
            file.write(piece)


def _json_of(person_id: uuid.UUID) -> None:
    from groundwork.holdings import holdings
    from groundwork.zip_stream import Member, in_pieces, zipped
    from rights_requests.fulfilment.moments import one_moment
    from rights_requests.fulfilment.people import person_of
    from rights_requests.fulfilment.reading import Reading
    from rights_requests.fulfilment.tables import as_json

    [place] = [holding for holding in holdings() if holding.key == "consent"]
    with one_moment():
        reading = Reading(person_of(person_id))
        member = Member("consent.json", in_pieces(as_json(place, reading)))
        _drain(zipped([member], made_at=NOW, closing=lambda written: []))


def _whole(person_id: uuid.UUID) -> None:
    from rights_requests import vault
    from rights_requests.fulfilment.covers import Cover
    from rights_requests.fulfilment.package import archive
    from rights_requests.fulfilment.people import person_of
    from rights_requests.fulfilment.reading import Reading

    cover = Cover("R-BENC-HMRK", NOW)
    pieces = archive(Reading(person_of(person_id)), cover, lambda holding, count: None)
    vault.remove(vault.put(pieces).name)


def _drain(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def _beside(
    postgres: Postgres, person: uuid.UUID, what: str, make: Callable[[uuid.UUID], None]
) -> None:
    ratios, seconds = [], []
    for _ in range(PAIRS):
        theirs = _seconds(lambda: _copied(postgres, person))
        ours = _seconds(lambda: make(person))
        ratios.append(ours / theirs)
        seconds.append((theirs, ours))
    pairs = ", ".join(f"{theirs:.2f}/{ours:.2f}" for theirs, ours in seconds)
    print(f"{what}: {statistics.median(ratios):.1f} times COPY into a zip ({pairs} s)")


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# --- Memory, each in a process of its own ---


def _peak(what: str, rows: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "bench.fulfilment", what, str(rows)],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.split()[-1])


def _alone(what: str, rows: int) -> None:
    """Prints by how many megabytes the process grew while it worked."""
    import django

    django.setup()
    person = _grown(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (_json_of if what == "json" else _whole)(person)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(grown / 1024)


# --- An erasure ---

MAILS = """
INSERT INTO outbox_outgoingemail (id, message_class, kind, purpose, data_subject_id,
    to_address, context, raw_message, state, reason, attempts, created_at,
    next_attempt_at, settled_at)
SELECT gen_random_uuid(), 'service', 'subscribers/welcome', '', %s, %s, %s, %s, 'sent',
    '', 1, now(), now(), now()
FROM generate_series(1, %s)
"""


def _erasure(postgres: Postgres) -> None:
    """Twice as many rows as the person has lie beside theirs, as in a house with others
    in it."""
    from django.conf import settings

    other = uuid.uuid4()
    theirs = _mailed(uuid.uuid4(), "ada@example.com", ROWS)
    _mailed(other, "ben@example.com", ROWS * 2)
    began = _memory()
    redis = Redis(port=free_port(), password="bench")
    redis.start()
    settings.REDIS_URL = redis.url()
    place = _seconds(lambda: _erase(theirs))
    search = _seconds(_search)
    read = _seconds(lambda: _read_whole(postgres))
    print(
        f"\nerasure of {ROWS:,} mails among {ROWS * 3:,}: {place:.1f} s; the search of "
        f"every store: {search:.1f} s = {search / read:.1f} times COPY of all ({read:.1f} s);"
        f" memory +{_memory() - began:.0f} MB"
    )


def _mailed(person: uuid.UUID, address: str, rows: int) -> uuid.UUID:
    from django.db import connection

    from data_subjects.models import DataSubject
    from groundwork.encryption import encrypt, sealed_json

    DataSubject.objects.create(id=person)
    body = encrypt(f"To: {address}\r\n\r\n" + "Good morning. " * 100)
    told: list[Any] = [person, encrypt(address), sealed_json({"name": "A"}), body, rows]
    with connection.cursor() as cursor:
        cursor.execute(MAILS, told)
        cursor.execute("ANALYZE outbox_outgoingemail")
    return person


def _erase(person: uuid.UUID) -> None:
    from django.db import transaction

    from groundwork.holdings import Person, holdings

    with transaction.atomic():
        for holding in holdings():
            holding.erase(Person(person, frozenset({"ada@example.com"})))


def _search() -> None:
    from rights_requests.fulfilment.identifiers import Identifiers
    from rights_requests.fulfilment.residual_scan import Spared, hits

    sought = Identifiers(
        addresses=("ada@example.com",),
        digests=("ab" * 32,),
        names=("ada lovelace-example",),
        telephones=("01332555010",),
        streets=("1 mill lane derby",),
    )
    found = list(hits(sought, Spared()))
    assert not found, found


def _read_whole(postgres: Postgres) -> None:
    """The yardstick: PostgreSQL hands out every row of every table once."""
    with psycopg.connect(
        host=str(postgres.socket_dir), user="postgres", dbname="casedesk"
    ) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT relname FROM pg_stat_user_tables")
        for (table,) in cursor.fetchall():
            name = psycopg.sql.Identifier(table)
            query = psycopg.sql.SQL("COPY {} TO STDOUT").format(name)
            with cursor.copy(query) as rows:
                for _ in rows:
                    pass


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
