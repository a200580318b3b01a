"""Copies of mail outside the database: taken away for one person, and looked for."""

import imaplib
import socketserver
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from pytest_django import Settings

from outbox import inbound, outside
from tests.outbox.imap_server import DOVECOT, ImapServer
from tests.people import ADA, BEN, CLEO

OURS = "governance@example.com"


def mail(sender: str, to: str, body: str = "Hello") -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = sender, to
    message["Subject"] = "About it"
    message.set_content(body)
    return message.as_bytes()


@pytest.fixture
def imap(settings: Settings) -> Iterator[ImapServer]:
    if not DOVECOT.exists():
        pytest.skip("Debian's dovecot-imapd is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="imap") as folder,
        ImapServer(Path(folder)) as server,
    ):
        settings.INBOUND_IMAP_URL = server.url
        yield server


@pytest.mark.django_db
def test_in_an_imap_mailbox_what_came_from_and_went_to_a_person_goes(
    imap: ImapServer,
) -> None:
    imap.deliver(mail(f"Ada <{ADA.upper()}>", OURS))
    imap.deliver(mail(OURS, ADA))
    imap.deliver(mail(BEN, OURS, f"I wrote for {ADA}."))
    imap.deliver(mail(f"l{ADA}", OURS))

    assert outside.forget([ADA]) == 0  # nobody has read any of it yet
    inbound.fetch()
    assert outside.forget([ADA]) == 2
    assert outside.forget([ADA]) == 0
    # What others wrote of her is somebody's to look at.
    left = [
        label for label, raw in outside.messages_to_search([ADA]) if b"wrote" in raw
    ]
    assert left == ["message 3"]


@pytest.mark.django_db
def test_the_right_messages_go_when_others_have_gone_from_the_mailbox(
    imap: ImapServer,
) -> None:
    """Each message keeps its lasting number; its place in the row shifts."""
    for sender in (BEN, CLEO, BEN, ADA, BEN, ADA, CLEO):
        imap.deliver(mail(sender, OURS, f"From {sender}"))
    inbound.fetch()
    imap.take_away(1)

    assert outside.forget([ADA]) == 2

    assert [label for label, _ in outside.messages_to_search([ADA])] == []
    assert [label for label, _ in outside.messages_to_search([BEN])] == [
        "message 3",
        "message 5",
    ]
    assert [
        raw for _, raw in outside.messages_to_search([CLEO]) if ADA.encode() in raw
    ] == []


def test_in_the_folder_of_the_catcher_too(settings: Settings, tmp_path: Path) -> None:
    settings.INBOUND_IMAP_URL, settings.MAILBOX_DIR = "", tmp_path
    (tmp_path / "1.eml").write_bytes(mail(OURS, f"{BEN}, {ADA}"))
    (tmp_path / "2.eml").write_bytes(mail(BEN, OURS, f"I wrote for {ADA}."))
    (tmp_path / "3.eml").write_bytes(mail(f"l{ADA}", OURS))
    (tmp_path / "4.eml").write_bytes(b"no mail at all")

    assert outside.is_kept_somewhere()
    assert outside.forget([ADA]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2.eml",
        "3.eml",
        "4.eml",
    ]


def test_a_mailbox_that_cannot_be_reached_says_so(settings: Settings) -> None:
    settings.INBOUND_IMAP_URL = "imap://nobody:x@127.0.0.1:9/INBOX"
    with pytest.raises(OSError):
        outside.forget([ADA])
    with pytest.raises(OSError):
        list(outside.messages_to_search([ADA]))


class Unwilling(socketserver.StreamRequestHandler):
    """An IMAP server that has the mailbox, and will not look into it."""

    refused: ClassVar[bytes] = b""

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, command = line.strip().partition(b" ")
            if command.endswith(b"}"):
                self.wfile.write(b"+ go on\r\n")
                self.rfile.readline()
            if b"CAPABILITY" in command:
                self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
            is_refused = command.startswith(b"UID " + self.refused)
            self.wfile.write(tag + (b" NO no\r\n" if is_refused else b" OK so\r\n"))


@pytest.mark.parametrize("refused", [b"SEARCH", b"FETCH"])
def test_a_mailbox_that_will_not_be_looked_into_says_so(
    settings: Settings, refused: bytes
) -> None:
    """Nobody says that nothing is there."""
    handler = type("Handler", (Unwilling,), {"refused": refused})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        settings.INBOUND_IMAP_URL = f"imap://governance:x@127.0.0.1:{port}/INBOX"
        with pytest.raises(imaplib.IMAP4.error, match="refuses"):
            list(outside.messages_to_search([ADA]))
        server.shutdown()


def test_without_a_mailbox_there_is_nothing_to_do(settings: Settings) -> None:
    settings.INBOUND_IMAP_URL, settings.MAILBOX_DIR = "", None
    assert not outside.is_kept_somewhere()
    assert outside.forget([ADA]) == 0
    assert list(outside.messages_to_search([ADA])) == []
