"""The embedded servers, piece by piece; test_running has them all together."""

import os
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from environ import Env

from config import run
from config.embedded import (
    LONGEST_SOCKET_PATH,
    SOCKET_NAME,
    Postgres,
    Redis,
    ServerError,
    free_port,
    home_for,
    own_folder,
    server_account,
)
from tests.settings import POSTGRES

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def guard() -> Iterator[run.StartGuard]:
    before = {signum: signal.getsignal(signum) for signum in run.ENDING}
    yield run.StartGuard()
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.mark.parametrize("name", ["plain", "with a space", "a+b", "100%", "it's"])
def test_the_address_is_read_back_by_settings(tmp_path: Path, name: str) -> None:
    server = Postgres(tmp_path / name)
    settings = Env.db_url_config(server.url("casedesk_app"))
    assert settings["HOST"] == str(server.socket_dir)
    assert settings["USER"] == "casedesk_app"
    assert settings["NAME"] == "casedesk"


def test_the_socket_of_a_deep_folder_has_a_short_path(tmp_path: Path) -> None:
    server = Postgres(tmp_path / ("deep" * 30))
    path = os.fsencode(server.socket_dir / SOCKET_NAME)
    assert len(path) < LONGEST_SOCKET_PATH


def test_two_data_folders_have_two_sockets(tmp_path: Path) -> None:
    one, two = (Postgres(home_for(tmp_path / name)) for name in "ab")
    assert one.socket_dir != two.socket_dir


def test_the_cluster_lives_in_a_reachable_data_folder(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.embedded.can_reach", lambda folder: True)
    assert home_for(Path("/srv/casedesk")) == Path("/srv/casedesk/postgres")


def test_a_closed_folder_is_not_opened_but_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(
        "config.embedded.server_account", lambda: {"user": 65534, "group": 65534}
    )
    monkeypatch.setattr("config.embedded.can_reach", lambda folder: False)
    home = home_for(closed)
    assert closed not in home.parents
    assert home.name.startswith("casedesk-")
    assert closed.stat().st_mode & 0o777 == 0o700
    # A cluster that is already inside is never silently replaced by an empty one.
    (closed / "postgres" / "cluster").mkdir(parents=True)
    with pytest.raises(ServerError, match="no longer can"):
        home_for(closed)


def test_the_server_is_never_run_as_root() -> None:
    account = server_account()
    assert bool(account) == AS_ROOT
    assert account.get("user") != 0


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "theirs"
    target.mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(ServerError, match="belongs to somebody else"):
        own_folder(link, 0o700)


def test_redis_listens_on_the_loopback_address_and_asks_for_a_password() -> None:
    server = Redis(port=free_port(), password="secret")
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", server.port)) as wire:
            wire.sendall(b"PING\r\n")
            assert wire.recv(100).startswith(b"-NOAUTH")
    finally:
        server.stop()
    assert server.exit_code() is not None


def test_keys_are_made_once_and_kept(tmp_path: Path, guard: run.StartGuard) -> None:
    casedesk = run.Casedesk(tmp_path, guard)
    casedesk.run_dir.mkdir()
    casedesk._write_environment({"REDIS_URL": "redis://one"})
    first = run.read_values(tmp_path / "run" / "env")
    casedesk._write_environment({"REDIS_URL": "redis://two"})
    second = run.read_values(tmp_path / "run" / "env")
    assert {name: first[name] for name in run.KEYS} == {
        name: second[name] for name in run.KEYS
    }
    assert len({first[name] for name in run.KEYS}) == len(run.KEYS)
    assert second["REDIS_URL"] == "redis://two"


def test_what_the_environment_gives_is_not_replaced(
    tmp_path: Path, guard: run.StartGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://mine@database/casedesk")
    monkeypatch.setenv("REDIS_URL_FILE", "/run/secrets/redis")
    monkeypatch.delenv("REDIS_URL", raising=False)
    casedesk = run.Casedesk(tmp_path, guard)
    assert casedesk._start_servers() == {}
    assert casedesk.servers == []


@pytest.mark.parametrize("wrong", ["eighty", "0", "65536", "-1", "8000.5"])
def test_a_port_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("PORT", wrong)
    with pytest.raises(ServerError, match="is not a port"):
        run.choose_port()


def test_without_port_the_next_free_one_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PORT", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setattr(run, "DEFAULT_PORT", taken)
        assert run.choose_port() > taken
    assert f"Port {taken} is taken" in capsys.readouterr().out


def test_a_signal_while_starting_raises_only_where_it_is_asked_for(
    tmp_path: Path, guard: run.StartGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    casedesk = run.Casedesk(tmp_path, guard)
    guard.check()
    os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(run.Stopped):
        casedesk._start_servers()
    assert casedesk.servers == []


def test_commands_are_ended_by_a_signal_while_they_run(
    tmp_path: Path, guard: run.StartGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[str]] = []

    def sleep(*_: str) -> subprocess.Popen[str]:
        guard.has_come = len(started) == 1  # with the second one, not before
        started.append(
            subprocess.Popen(["sleep", "600"], stdout=subprocess.PIPE, text=True)
        )
        return started[-1]

    casedesk = run.Casedesk(tmp_path, guard)
    monkeypatch.setattr(casedesk, "_manage", sleep)
    with pytest.raises(run.Stopped):
        casedesk._run_side_by_side({"one": ["sleep"], "two": ["sleep"]})
    assert [process.returncode for process in started] == [-signal.SIGKILL] * 2


@pytest.mark.django_db
def test_what_the_server_refuses_leaves_nothing_of_a_person_in_its_log() -> None:
    address, code = "refused.once@example.com", uuid.uuid4()
    twice = (
        "INSERT INTO data_subjects_datasubject (id, created_at) "
        f"VALUES ('{code}', now()), ('{code}', now()) -- {address}"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(twice)
    log = POSTGRES.log.read_text()
    assert "duplicate key value" in log
    assert str(code) not in log and address not in log
