"""What `make run` starts: the whole of Casedesk on one machine, and its end.

1. Take the lock on DATA_DIR and find a port.
2. Start the embedded PostgreSQL and Redis, unless the environment names others.
3. Write keys and addresses to DATA_DIR/run/env, where manage.py finds them too.
4. Prepare the database and the static files.
5. Run the processes of the Procfile until Ctrl-C, or until one of them ends.
"""

import base64
import fcntl
import functools
import http.client
import multiprocessing
import os
import secrets
import shlex
import signal
import socket
import string
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.process import Popen, Process

from config.embedded import (
    Postgres,
    Redis,
    ServerError,
    end,
    end_with_parent,
    free_port,
    home_for,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8000
PORTS_TO_TRY = 100
HEALTH_SECONDS = 90
LEFTOVER_SECONDS = 5
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What is made once and kept in DATA_DIR/run/env.
KEYS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "LINK_KEY": lambda: secrets.token_urlsafe(32),
    "ADDRESS_KEY": lambda: secrets.token_urlsafe(32),
    "FIELD_KEYS": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    "LEDGER_KEY": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    "CONNECTOR_KEY": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
}


class Stopped(Exception):
    """Ctrl-C or SIGTERM came while starting."""


class StartGuard:
    """Remembers that a signal came while starting.

    It raises nothing by itself: an exception out of a signal handler may be lost in a
    destructor or a fork. Every step of starting asks here instead.
    """

    def __init__(self) -> None:
        self.has_come = False
        for signum in ENDING:
            signal.signal(signum, self._remember)

    def _remember(self, *_: object) -> None:
        self.has_come = True

    def check(self) -> None:
        if self.has_come:
            raise Stopped


def say(text: str) -> None:
    print(text, flush=True)


def given(name: str) -> bool:
    """True when the environment names this setting, directly or as a file."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


# --- Lock and port ---


def lock(run_dir: Path) -> IO[str]:
    """Hold DATA_DIR for ourselves for as long as the returned file is open."""
    file = (run_dir / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        where = file.read().strip() or "it is just starting"
        raise ServerError(
            f"Casedesk already runs with DATA_DIR={run_dir.parent} ({where}). "
            "End it first, or give this one another DATA_DIR."
        ) from None
    return file


def take_over(file: IO[str]) -> bool:
    """Empty the lock's text; True when the one before did not come to do that."""
    file.seek(0)
    was_killed = bool(file.read())
    file.truncate(0)
    return was_killed


def is_free(port: int) -> bool:
    for host in ("127.0.0.1", "::1"):
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            continue
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_free_within(port: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (free := is_free(port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return free


def choose_port(patience: float = 0) -> int:
    """PORT when it is given; else 8000, or the next free one.

    `patience` is for what a killed run has left behind, which ends by itself soon.
    """
    if wanted := os.environ.get("PORT"):
        if not wanted.isascii() or not wanted.isdigit() or not 0 < int(wanted) < 65536:
            raise ServerError(
                f"PORT={wanted} is not a port: give a number up to 65535."
            )
        if not is_free_within(int(wanted), patience):
            raise ServerError(f"Port {wanted} is taken: give another PORT.")
        return int(wanted)
    for port in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TO_TRY):
        if is_free_within(port, patience if port == DEFAULT_PORT else 0):
            if port != DEFAULT_PORT:
                say(f"Port {DEFAULT_PORT} is taken, so this one uses {port}.")
            return port
    raise ServerError(f"No free port from {DEFAULT_PORT} on: give one as PORT.")


# --- DATA_DIR/run/env ---


def read_values(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def write_values(file: Path, values: dict[str, str]) -> None:
    """Readable by nobody else at any moment, and never half written."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as output:
        output.writelines(f"{name}={value}\n" for name, value in values.items())
    part.rename(file)


class Casedesk:
    """The local set-up of one DATA_DIR."""

    def __init__(self, data_dir: Path, guard: StartGuard) -> None:
        self.data_dir = data_dir
        self._guard = guard
        self.run_dir = data_dir / "run"
        self.port = 0
        self.servers: list[tuple[str, Postgres | Redis]] = []
        self.environment: dict[str, str] = {}
        self._lock: IO[str] | None = None

    # --- Starting ---

    def start(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.run_dir.mkdir(mode=0o700, exist_ok=True)
        self._lock = lock(self.run_dir)
        self.port = choose_port(LEFTOVER_SECONDS if take_over(self._lock) else 0)
        self._lock.write(f"process {os.getpid()}, http://localhost:{self.port}/")
        self._lock.flush()
        addresses = self._start_servers() | self._mail_addresses()
        self._write_environment(addresses)
        self._run_side_by_side(
            {
                "The database is prepared.": ["prepare", "--demo"],
                "The static files are collected.": [
                    "collectstatic",
                    "--noinput",
                    "--verbosity=0",
                ],
            }
        )

    def _start_servers(self) -> dict[str, str]:
        addresses = {}
        if not given("DATABASE_URL"):
            postgres = Postgres(home_for(self.data_dir))
            self._start_server("PostgreSQL", postgres)
            addresses["DATABASE_URL"] = postgres.url("casedesk_app")
            addresses["DATABASE_OWNER_URL"] = postgres.url("casedesk_owner")
            addresses["DATABASE_MAILER_URL"] = postgres.url("casedesk_mailer")
            addresses["DATABASE_LOG"] = str(postgres.log)
        if not given("REDIS_URL"):
            redis = Redis(port=free_port(), password=secrets.token_urlsafe(24))
            self._start_server("Redis", redis)
            addresses["REDIS_URL"] = redis.url()
        return addresses

    def _start_server(self, name: str, server: Postgres | Redis) -> None:
        self._guard.check()
        self.servers.append((name, server))  # first, so that it is ended in any case
        server.start()
        say(f"{name} is running.")

    def _mail_addresses(self) -> dict[str, str]:
        if given("EMAIL_URL"):
            return {}
        return {
            "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}",
            "MAILBOX_DIR": str(self.data_dir / "mailbox"),
        }

    def _write_environment(self, addresses: dict[str, str]) -> None:
        file = self.run_dir / "env"
        kept = read_values(file)
        values = {name: kept.get(name) or make() for name, make in KEYS.items()}
        values |= addresses
        values |= {"EMBEDDED": "true", "SITE_URL": f"http://localhost:{self.port}"}
        write_values(file, values)
        missing = {n: v for n, v in values.items() if not given(n)}
        path = f"{BASE_DIR / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        self.environment = {
            # Celery says this of root; its messages are JSON here, which run nothing.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
            **os.environ,
            **missing,
            "PATH": path,
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }

    def _run_side_by_side(self, commands: dict[str, list[str]]) -> None:
        """Run management commands at once; say of each what is done, or end them all."""
        self._guard.check()
        running: list[subprocess.Popen[str]] = []
        try:
            for arguments in commands.values():
                running.append(self._manage(*arguments))
            for (done, (name, *_)), process in zip(
                commands.items(), running, strict=True
            ):
                for line in self._output_of(process).splitlines():
                    say(f"{name} | {line}")
                if process.returncode:
                    raise ServerError(f"manage.py {name} failed; see above.")
                say(done)
        finally:
            for process in running:
                end(process, signal.SIGKILL)

    def _manage(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGKILL),
        )

    def _output_of(self, process: subprocess.Popen[str]) -> str:
        """Wait for its end, but no longer than until we are told to stop."""
        while True:
            try:
                return process.communicate(timeout=0.1)[0]
            except subprocess.TimeoutExpired:
                self._guard.check()

    # --- Running and ending ---

    def run_processes(self) -> int:
        manager = ProcessManager(self._guard, watch=self._watch)
        processes = parse_procfile((BASE_DIR / "Procfile").read_text()).processes
        if "MAILBOX_DIR" not in self.environment:
            processes.pop("catcher", None)  # mail goes where EMAIL_URL says
        for name, command in processes.items():
            manager.add_process(
                name, command, env=self.environment, cwd=str(BASE_DIR), quiet=False
            )
        say(f"Starting {', '.join(processes)}.")
        manager.loop()
        return 1 if manager.has_failed else 0

    def _watch(self, manager: "ProcessManager") -> None:
        """Say where to go once the pages answer; stop everything when a server dies."""
        greeted, patience_ends = False, time.monotonic() + HEALTH_SECONDS
        while not manager.is_ending:
            for name, server in self.servers:
                if server.exit_code() is not None:
                    manager.fail(f"{name} has ended by itself.")
                    return
            if not greeted and self._is_healthy():
                greeted = True
                say(self._where_to_go())
            if not greeted and time.monotonic() > patience_ends:
                manager.fail(
                    f"/health/ did not answer within {HEALTH_SECONDS} seconds."
                )
                return
            time.sleep(0.2)

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health/", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _where_to_go(self) -> str:
        site = f"http://localhost:{self.port}"
        lines = ["", "Casedesk is running.", f"  Public page  {site}/"]
        lines.append(f"  Console      {site}/console/")
        sign_ins = self.run_dir / "demo-sign-ins"
        if sign_ins.exists():
            for line in sign_ins.read_text().splitlines():
                role, _, rest = line.partition(" ")
                address, _, password = rest.partition(" ")
                lines.append(f"    {role:<10} {address:<24} {password}")
        if mailbox := self.environment.get("MAILBOX_DIR"):
            address = self.environment["EMAIL_URL"].removeprefix("smtp://")
            lines.append(f"  Mailbox      {site}/mailbox/  (files in {mailbox})")
            lines.append(f"  SMTP         {address}")
        return "\n".join([*lines, "Ctrl-C ends it.", ""])

    def stop(self) -> None:
        for _, server in reversed(self.servers):
            server.stop()
        if self._lock is not None:
            self._lock.truncate(0)


class ChildProcess(Process):  # type: ignore[misc]
    """A process of the Procfile, without a shell between it and our signals.

    Should the manager be killed, so are they. Gunicorn alone is asked instead: its
    workers would notice their master's death only after a while, on a port in use.
    """

    def __init__(self, command: str, **options: Any) -> None:
        words = shlex.split(string.Template(command).substitute(options["env"]))
        last_signal = signal.SIGTERM if words[0] == "gunicorn" else signal.SIGKILL
        # `env` understands the NAME=value words that may stand before a command.
        super().__init__(["env", *words], **options)
        self._child_ctor = functools.partial(
            Popen,
            shell=False,
            stdin=subprocess.DEVNULL,
            preexec_fn=end_with_parent(last_signal),
        )

    def run(self, *arguments: Any, **options: Any) -> None:
        end_with_parent(signal.SIGKILL)()
        super().run(*arguments, **options)


class LeaderSignals:
    """Ask only the first process of each group to end.

    Gunicorn and Celery then end their own children in good order, after the mail or
    the request in hand. Whoever is still there some seconds later is killed, group
    and all.
    """

    def terminate(self, pid: int) -> None:
        self._send(os.kill, pid, signal.SIGTERM)

    def kill(self, pid: int) -> None:
        self._send(os.killpg, pid, signal.SIGKILL)

    def _send(self, send: Callable[[int, int], None], pid: int, signum: int) -> None:
        try:
            send(pid, signum)
        except ProcessLookupError:
            pass


class ProcessManager(Manager):  # type: ignore[misc]
    """Honcho's manager: says why it ends, and can be ended while it is starting."""

    def __init__(
        self, guard: StartGuard, *, watch: Callable[["ProcessManager"], None]
    ) -> None:
        super().__init__()
        self._guard = guard
        self._process_ctor = ChildProcess
        self._procmgr = LeaderSignals()
        self._watch = threading.Thread(target=watch, args=(self,), daemon=True)
        self.has_failed = False
        self.is_ending = False

    def fail(self, reason: str) -> None:
        """End everything because of this; called from the watching thread."""
        say(f"{reason} Everything else is stopped too.")
        self.has_failed = True
        os.kill(os.getpid(), signal.SIGTERM)

    def terminate(self) -> None:
        if not self.is_ending:
            self.is_ending = True
            self._say_why()
        # The numbers of the processes are only known once all have reported, and
        # those started last would be missed: _all_started() comes back here.
        if super()._all_started():
            super().terminate()

    def _say_why(self) -> None:
        for name, process in self._processes.items():
            code = process.get("returncode")
            if code is not None:
                self.has_failed = True
                say(f"{name} has ended by itself (exit code {code}).")
        say("Stopping.")

    def _all_started(self) -> bool:
        started = bool(super()._all_started())
        if started and self.is_ending:
            super().terminate()
        return started

    def _start(self) -> None:
        super()._start()
        self._watch.start()  # not before: a process with threads should not fork
        if self._guard.has_come:  # just before honcho took over the signals
            os.kill(os.getpid(), signal.SIGTERM)

    def _system_print(self, data: str) -> None:
        """Honcho's own report of each start and signal is left out."""


def forward_hang_up(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def ignore_signals() -> None:
    """From here on we are ending anyway; a second Ctrl-C must not interrupt that."""
    for signum in ENDING:
        signal.signal(signum, signal.SIG_IGN)


def main() -> int:
    multiprocessing.set_start_method("fork")
    guard = StartGuard()
    data_dir = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").resolve()
    casedesk = Casedesk(data_dir, guard)
    code = 0
    try:
        casedesk.start()
        guard.check()
        signal.signal(signal.SIGHUP, forward_hang_up)
        code = casedesk.run_processes()
    except Stopped:
        say("Stopping.")
    except (ServerError, OSError) as error:
        print(error, file=sys.stderr, flush=True)
        code = 1
    finally:
        ignore_signals()
        casedesk.stop()
    if casedesk.environment:
        say("Everything has ended.")
    return code


if __name__ == "__main__":
    sys.exit(main())
