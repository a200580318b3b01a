"""The local SMTP catcher, over real SMTP."""

import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.catcher import LARGEST_MESSAGE, Catcher
from config.embedded import end, end_with_parent, free_port
from config.mailbox import MessageName

ROOT = Path(__file__).resolve().parents[2]
MESSAGE = (
    b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nna\xc3\xafve\r\n.a line with a dot\r\n"
)


@dataclass
class RunningCatcher:
    port: int
    folder: Path

    def messages(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.glob("*.eml"))]


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[RunningCatcher]:
    running = RunningCatcher(free_port(), tmp_path / "mailbox")
    process = subprocess.Popen(
        [sys.executable, "-m", "config.catcher"],
        cwd=ROOT,
        env=os.environ
        | {
            "EMAIL_URL": f"smtp://127.0.0.1:{running.port}",
            "MAILBOX_DIR": str(running.folder),
        },
        preexec_fn=end_with_parent(signal.SIGKILL),
    )
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", running.port)).close()
            break
        except OSError:
            assert process.poll() is None
            time.sleep(0.05)
    yield running
    end(process, signal.SIGTERM)
    assert process.returncode == 0


def test_a_message_is_kept_byte_for_byte(catcher: RunningCatcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.sendmail(
            "a@example.com", ["b@example.com"], MESSAGE, mail_options=["BODY=8BITMIME"]
        )
    assert catcher.messages() == [MESSAGE]


def test_international_addresses_are_taken(catcher: RunningCatcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.sendmail(
            "jörg@example.com", ["zoë@example.com"], MESSAGE, mail_options=["SMTPUTF8"]
        )
    assert catcher.messages() == [MESSAGE]


def test_pipelined_commands_are_answered_in_order(catcher: RunningCatcher) -> None:
    with socket.create_connection(("127.0.0.1", catcher.port)) as wire:
        answers = wire.makefile("rb")
        answers.readline()
        wire.sendall(b"EHLO client.test\r\n")
        extensions = [answers.readline()]
        while extensions[-1][3:4] == b"-":
            extensions.append(answers.readline())
        assert any(b"PIPELINING" in line for line in extensions)
        envelope = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
        wire.sendall(envelope)
        assert [answers.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        # The next message follows without waiting for the answer to this one.
        wire.sendall(b"Subject: one\r\n\r\n1\r\n.\r\n" + envelope)
        codes = [answers.readline()[:3] for _ in range(4)]
        assert codes == [b"250", b"250", b"250", b"354"]
        wire.sendall(b"Subject: two\r\n\r\n2\r\n.\r\nQUIT\r\n")
        assert [answers.readline()[:3] for _ in range(2)] == [b"250", b"221"]
    assert [m[:12] for m in catcher.messages()] == [b"Subject: one", b"Subject: two"]


def test_a_message_over_the_limit_is_refused(catcher: RunningCatcher) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(LARGEST_MESSAGE)
        code, _ = client.docmd(f"MAIL FROM:<a@example.com> SIZE={LARGEST_MESSAGE + 1}")
    assert code == 552
    assert catcher.messages() == []


def test_nothing_but_whole_messages_is_named_eml(tmp_path: Path) -> None:
    (tmp_path / ".20260101T000000-1.eml.part").write_bytes(b"half")
    catcher = Catcher(tmp_path)
    kept = catcher.keep(MESSAGE)
    assert list(tmp_path.iterdir()) == [kept]
    assert re.fullmatch(MessageName.regex, kept.name), "/mailbox/ can show it"
