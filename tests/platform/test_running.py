"""`make run` for real: the whole set-up started, used, ended and started again."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from environ import Env

from config.embedded import end_with_parent, free_port, home_for
from config.run import read_values

ROOT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C ends it."
PATIENCE_SECONDS = 180
# The tests' own settings must not reach the set-up under test.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name in {"PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR", "PYENV_ROOT"}
}

pytestmark = pytest.mark.slow


class Run:
    """One `python -m config.run`, its output gathered line by line."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.output: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.run"],
            cwd=ROOT,
            env=ENVIRONMENT | {"DATA_DIR": str(data_dir), "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line.rstrip("\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.output)

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.05)

    def end(self, signum: int = signal.SIGINT) -> int:
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE_SECONDS)

    def page(self, path: str) -> str:
        url = f"http://localhost:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=30) as response:
            body: bytes = response.read()
        return body.decode()

    def manage(self, *arguments: str) -> str:
        """A management command in another terminal, with no variable but DATA_DIR."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=ENVIRONMENT | {"DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def query(self, role: str, query: str) -> str:
        values = read_values(self.data_dir / "run" / "env")
        settings = Env.db_url_config(values[role])
        with psycopg.connect(
            host=settings["HOST"], user=settings["USER"], dbname=settings["NAME"]
        ) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return str(row[0])


def processes_of(data_dir: Path) -> list[str]:
    """The command lines of all living processes that were given this DATA_DIR."""
    wanted = (f"DATA_DIR={data_dir}".encode(), str(home_for(data_dir)).encode())
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if any(text in environment + command for text in wanted):
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def nothing_left(data_dir: Path) -> bool:
    """True once all have gone; those whose manager was killed take a moment."""
    for _ in range(200):
        if not processes_of(data_dir):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    yield folder
    ended, outside = nothing_left(folder), home_for(folder)
    if ended and folder not in outside.parents:
        shutil.rmtree(outside, ignore_errors=True)
    assert ended, processes_of(folder)


def test_start_use_end_and_start_again(data_dir: Path) -> None:
    run = Run(data_dir, free_port())
    run.wait_for(READY)
    values = read_values(data_dir / "run" / "env")

    # It says where to go, and the pages are there.
    assert f"http://localhost:{run.port}/" in run.text
    assert "editor@example.com" in run.text
    assert "approver@example.com" in run.text
    assert values["EMAIL_URL"].removeprefix("smtp://") in run.text
    assert "<form" in run.page("/")
    assert run.page("/mailbox/")

    # The three roles connect, each as itself; PostgreSQL waits for the disk.
    assert run.query("DATABASE_URL", "SELECT current_user") == "casedesk_app"
    assert run.query("DATABASE_OWNER_URL", "SELECT current_user") == "casedesk_owner"
    assert run.query("DATABASE_MAILER_URL", "SELECT current_user") == "casedesk_mailer"
    assert run.query("DATABASE_URL", "SHOW fsync") == "on"
    assert run.query("DATABASE_URL", "SHOW listen_addresses") == ""

    # manage.py works beside it; what it writes is kept.
    assert (data_dir / "run" / "env").stat().st_mode & 0o777 == 0o600
    show = "from django.conf import settings; print(settings.SITE_URL)"
    assert f":{run.port}" in run.manage("shell", "--no-imports", "-c", show)
    assert "[X]" in run.manage("showmigrations", "staff")
    people = run.query("DATABASE_URL", "SELECT count(*) FROM staff_staffuser")

    # A second one with the same data is refused and leaves the first alone.
    second = Run(data_dir, free_port())
    assert second.process.wait(PATIENCE_SECONDS) == 1
    assert "already runs" in second.text
    assert run.page("/health/")

    assert run.end() == 0
    assert nothing_left(data_dir)

    # The second start keeps keys and data.
    again = Run(data_dir, run.port)
    again.wait_for(READY)
    kept = read_values(data_dir / "run" / "env")
    for name in ("SECRET_KEY", "LINK_KEY", "ADDRESS_KEY", "FIELD_KEYS", "LEDGER_KEY"):
        assert kept[name] == values[name]
    assert again.query("DATABASE_URL", "SELECT count(*) FROM staff_staffuser") == people
    assert again.end(signal.SIGTERM) == 0


def test_killing_the_manager_leaves_nothing_and_the_next_start_works(
    data_dir: Path,
) -> None:
    run = Run(data_dir, free_port())
    run.wait_for(READY)
    run.end(signal.SIGKILL)
    assert nothing_left(data_dir)
    # What a machine leaves that lost its power: the file of a server long gone, its
    # number now another process's.
    pid_file = home_for(data_dir) / "cluster" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n5432\n\n\n1 1\n")

    again = Run(data_dir, run.port)
    again.wait_for(READY)
    # A process of the Procfile that dies takes the others with it, and says so.
    (catcher,) = [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        if is_catcher(folder, data_dir)
    ]
    os.kill(catcher, signal.SIGKILL)
    assert again.process.wait(PATIENCE_SECONDS) == 1
    assert "catcher has ended by itself" in again.text


def is_catcher(folder: Path, data_dir: Path) -> bool:
    try:
        command = (folder / "cmdline").read_bytes()
        environment = (folder / "environ").read_bytes()
    except OSError:
        return False
    return b"config.catcher" in command and str(data_dir).encode() in environment


@pytest.mark.parametrize(
    "moment", ["PostgreSQL is running", "database is prepared", "Starting"]
)
def test_ctrl_c_while_starting_leaves_nothing(data_dir: Path, moment: str) -> None:
    run = Run(data_dir, free_port())
    run.wait_for(moment)
    assert run.end() == 0
    assert not re.search("Traceback", run.text)


def test_a_given_port_that_is_taken_is_an_error(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        run = Run(data_dir, other.getsockname()[1])
        assert run.process.wait(PATIENCE_SECONDS) == 1
    assert "is taken" in run.text
    assert not (data_dir / "postgres").exists()
