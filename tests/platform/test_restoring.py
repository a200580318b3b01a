"""The drill: a real dump is put back after people have left, and nobody is forgotten."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client

from config.embedded import free_port
from consent.models import Channel
from data_subjects import journal, journal_file
from groundwork.addresses import digest
from groundwork.database_roles import append_only_tables
from groundwork.holdings import holdings
from outbox.delivery import deliver_due
from outbox.models import SuppressedAddress
from rights_requests.fulfilment.people import person_of
from subscribers import leaving, links
from tests import settings as run
from tests.case_updates.cast import reader, released
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, subscriber_of
from tests.relay import Relay
from tests.rights_requests.asking import ask
from tests.subscribers.test_leaving import ONE_CLICK

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# Ada and Ben leave after the dump, Cleo is erased, Frank comes back; Erin stays.
ERIN = "erin@example.com"
FRANK = "frank@example.com"
PATIENCE_SECONDS = 120
REPLAY = "run “manage.py replay_journal”"
# One worker: a second may boot slowly enough to meet what a test does once the first
# answers, and at the gate it ends them both.
WEB = (
    "gunicorn -c config/gunicorn.py config.wsgi:application --workers 1"
    " --bind 127.0.0.1:{port}"
)
WORKER = "celery --quiet -A config worker -Q {queue} -c 1 -n {queue}@test"
BEAT = "celery --quiet -A config beat --loglevel WARNING"
PROCESSES = {
    "web": WEB,
    "worker": WORKER.format(queue="work"),
    "mailer": f"DATABASE_ROLE=mailer {WORKER.format(queue='mail')}",
    "beat": BEAT,
}


@pytest.fixture(autouse=True)
def _(open_house: None) -> None:
    """With its register loaded."""


@dataclass
class Restored:
    """The house on the restored database, as real processes."""

    database: str
    folder: Path
    smtp: Relay
    port: int
    cleo: uuid.UUID

    def environment(self) -> dict[str, str]:
        url = run.POSTGRES.url
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(self.folder),
            "OPT_OUT_JOURNAL": str(journal_file.path()),
            "DATABASE_ROLE": "app",
            "DATABASE_URL": url("casedesk_app", self.database),
            "DATABASE_OWNER_URL": url("casedesk_owner", self.database),
            "DATABASE_MAILER_URL": url("casedesk_mailer", self.database),
            "REDIS_URL": run.REDIS_URL,
            "EMAIL_URL": self.smtp.url,
        }

    def start(self, name: str, **more: str) -> subprocess.Popen[str]:
        words = PROCESSES[name].format(port=self.port).split()
        environment = self.environment() | more
        while "=" in words[0]:
            key, _, value = words.pop(0).partition("=")
            environment[key] = value
        return subprocess.Popen(
            [str(Path(sys.executable).parent / words[0]), *words[1:]],
            cwd=run.BASE_DIR,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=run.BASE_DIR,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def health(self) -> int:
        try:
            url = f"http://localhost:{self.port}/health/"
            with urllib.request.urlopen(url, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with connected(self.database) as there:
            return there.execute(query.encode()).fetchall()

    def refuses(self, name: str, **more: str) -> str:
        """What the process says before it ends by itself."""
        process = self.start(name, **more)
        try:
            _, said = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
        assert process.returncode == 3, said
        return said

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        processes = [self.start(name) for name in names]
        try:
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.communicate(timeout=PATIENCE_SECONDS)


def connected(database: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(
        host=str(run.POSTGRES.socket_dir),
        user="casedesk_owner",
        dbname=database,
        autocommit=True,
    )


def postgres(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [
            run.POSTGRES.program(program),
            f"--host={run.POSTGRES.socket_dir}",
            "--username=casedesk_owner",
            *arguments,
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def restored(client: Client, smtp: Relay, tmp_path: Path) -> Iterator[Restored]:
    """A database put back from before the people left."""
    way_back = live_until_the_dump()
    smtp.received.clear()
    dump = str(tmp_path / "casedesk.dump")
    ours = str(connection.settings_dict["NAME"])
    postgres("pg_dump", "--format=custom", f"--file={dump}", ours)
    cleo = subscriber_of(CLEO).data_subject_id
    live_after_the_dump(client, way_back)
    for folder in ("run", "static"):
        (tmp_path / folder).mkdir()
    database = f"{ours}_restored"
    with connected("postgres") as there:
        there.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)'.encode())
    postgres("createdb", database)
    postgres("pg_restore", "--exit-on-error", f"--dbname={database}", dump)
    yield Restored(database, tmp_path, smtp, free_port(), cleo)
    with connected("postgres") as there:
        there.execute(f'DROP DATABASE "{database}" WITH (FORCE)'.encode())


def live_until_the_dump() -> str:
    """Returns Frank's way back."""
    for address in (ADA, BEN, CLEO, ERIN, FRANK):
        reader(address)
    left = leaving.leave(subscriber_of(FRANK).pk, [], channel=Channel.PREFERENCES)
    deliver_due()
    released()  # and nothing of it is sent before the dump
    return left.undo_token


def live_after_the_dump(client: Client, way_back: str) -> None:
    """Through the pages where there is one."""
    token = links.unsubscribe_token(subscriber_of(ADA).pk, CASE_UPDATES)
    assert client.post(f"/u/{token}/", ONE_CLICK).status_code == 200
    ask(client, "objection-marketing", email=BEN)
    assert leaving.undo(way_back)[0] is None
    cleo = person_of(subscriber_of(CLEO).data_subject_id)
    with transaction.atomic():
        for holding in reversed(holdings()):
            holding.erase(cleo)
        journal.record_erased(cleo.id, cleo.digests)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_restored_backup_serves_and_sends_only_after_the_replay(
    restored: Restored,
) -> None:
    for name in PROCESSES:
        (line,) = restored.refuses(name).splitlines()
        assert line.startswith("Casedesk does not start: the opt-out journal has ")
        assert line.endswith(f"{REPLAY}.")
    assert restored.smtp.received == []
    assert what_is_left_of_cleo(restored)

    before = restored.manage("replay_journal", "--dry-run")
    assert "1 erasures" in before
    restored.manage("replay_journal")
    again = restored.manage("replay_journal")

    assert "0 opt-outs" in again and "0 erasures" in again
    assert what_is_left_of_cleo(restored) == []
    with restored.running(*PROCESSES):
        wait_until(lambda: restored.health() == 200)
        wait_until(lambda: "case-updates" in sent_to(restored, ERIN))
        wait_until(lambda: not restored.rows(STILL_OPEN))
    for address in (ADA, BEN, CLEO, FRANK):
        assert sent_to(restored, address) == ""
    assert len(restored.rows(OPENED_AGAIN.format(digest(FRANK).hex()))) == 0


STILL_OPEN = """
    SELECT FROM case_updates_delivery WHERE state IN ('queued', 'in flight')
"""
# Frank's own "no" from before the dump stands.
OPENED_AGAIN = r"""
    SELECT WHERE NOT EXISTS (
        SELECT FROM outbox_suppressedaddress WHERE address_digest = '\x{}')
"""


def sent_to(restored: Restored, address: str) -> str:
    """The headers and texts of what went to this mailbox since."""
    mails = [m.content for m in restored.smtp.received if m.recipients == [address]]
    return b"\n".join(mails).decode("latin-1")


def what_is_left_of_cleo(restored: Restored) -> list[str]:
    """Tables with the code of her address, but for the opt-out that must stay, and those
    with her number, but for what keeps it although it leads nowhere."""
    codes = {SuppressedAddress._meta.db_table}
    numbers = append_only_tables() | {PERSON}
    numbers |= {one.table._meta.db_table for one in holdings() if one.kept}
    signs = ((digest(CLEO).hex(), codes), (str(restored.cleo), numbers))
    return [
        f"{table}: {sign}"
        for (table,) in restored.rows(TABLES)
        for sign, spared in signs
        if table not in spared and restored.rows(ROWS_WITH.format(table, sign))
    ]


ROWS_WITH = """SELECT FROM "{}" AS one WHERE one::text LIKE '%{}%'"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
PERSON = "data_subjects_datasubject"


def test_a_database_put_back_under_running_processes_is_noticed(
    restored: Restored,
) -> None:
    restored.manage("replay_journal")
    with restored.running("web"):
        wait_until(lambda: restored.health() == 200)
        # An act beside the first database, which the restored one never hears of.
        leaving.leave(subscriber_of(ERIN).pk, [], channel=Channel.PREFERENCES)

        assert restored.health() == 503
        assert REPLAY in restored.refuses("mailer")
        restored.manage("replay_journal")
        wait_until(lambda: restored.health() == 200)


def test_the_local_set_up_makes_good_by_itself_when_it_is_prepared(
    restored: Restored,
) -> None:
    assert REPLAY in restored.refuses("beat")

    said = restored.manage("prepare")

    made_good = re.search(
        r"Made good: ([1-9]\d*) opt-outs?, ([1-9]\d*) erasures?\.", said
    )
    assert made_good, said
    assert what_is_left_of_cleo(restored) == []
    assert "0 opt-outs" in restored.manage("replay_journal", "--dry-run")


def test_without_the_file_production_does_not_start(restored: Restored) -> None:
    restored.manage("replay_journal")
    journal_file.path().unlink()

    said = restored.refuses("web", EMBEDDED="false", MAILBOX_DIR="")

    assert said.count("opt-out-journal cannot be read") == 1
    with restored.running("web"):  # the local set-up goes on, and shows it
        wait_until(lambda: restored.health() == 200)
