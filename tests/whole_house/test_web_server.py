"""The real web server, with the settings it runs with in production."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as project

from config.embedded import free_port
from tests.whole_house.test_production import production

COMMAND = (sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py")
pytestmark = pytest.mark.django_db

HEAD = (
    "POST /cookies/choice/ HTTP/1.1\r\nHost: updates.example.co.uk\r\n"
    "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n"
)
STALLED_BODY = HEAD.format(500).encode() + b"{"
STALLED_HEAD = b"POST /cookies/choice/ HTTP/1.1\r\nHost: upd"
# Answered at once, without a look into the database.
NO_CHOICE = HEAD.format(1).encode() + b"{"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Where gunicorn listens; what it logged is in tmp_path / "log"."""
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [*COMMAND, f"--bind=127.0.0.1:{port}", "config.wsgi:application"],
            cwd=project.BASE_DIR,
            env=production(tmp_path),
            stderr=log,
        )
        wait_for(port)
        yield port
        os.kill(server.pid, signal.SIGTERM)
        server.wait(30)


def wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


def client_of(port: int, beginning: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(beginning)
    return client


def test_a_question_for_the_head_alone_is_no_news(port: int, tmp_path: Path) -> None:
    assert is_answered(port)  # now it is up
    asked = "HEAD /nowhere/ HTTP/1.1\r\nHost: updates.example.co.uk\r\n\r\n"

    assert client_of(port, asked.encode()).recv(100).startswith(b"HTTP/1.1 ")

    assert "body" not in (tmp_path / "log").read_text()


def is_answered(port: int) -> bool:
    return client_of(port, NO_CHOICE).recv(100).startswith(b"HTTP/1.1 400 ")


def test_clients_that_fall_silent_neither_stop_the_site_nor_stay(
    port: int, tmp_path: Path
) -> None:
    assert is_answered(port)  # now it is up
    heads = [client_of(port, STALLED_HEAD) for _ in range(4)]
    bodies = [client_of(port, STALLED_BODY) for _ in range(4)]

    assert is_answered(port)
    silent = [*heads, *bodies]
    already_ended = select.select(silent, [], [], 0)[0]
    assert len(already_ended) < len(silent), "only after all that came before"

    for client in bodies:
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")
    for client in heads:
        assert client.recv(100) == b""
    assert "Traceback" not in (tmp_path / "log").read_text()
