"""Mail to us: three ways in, one way on, and only a person is obeyed."""

import base64
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config import mail_webhook
from governance.dashboard import health_checks
from outbox import inbound, tasks
from outbox.inbound_message import parse
from outbox.models import InboundEmail
from tests.outbox.imap_server import DOVECOT, ImapServer
from tests.people import ADA, CASE_UPDATES, become_reader, inbox, stands
from tests.relay import Relay

pytestmark = pytest.mark.django_db

US = "governance@valuelicensing.com"
State = InboundEmail.State


def message(subject: str = "unsubscribe", text: str = "", **headers: str) -> bytes:
    """A mail from Ada to us; a header given empty is left out."""
    mail = EmailMessage()
    usual = {"From": ADA, "To": US, "Subject": subject, "Message-ID": "<1@example.com>"}
    for name, value in {**usual, **headers}.items():
        if value:
            mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def receive(folder: Path, raw: bytes, name: str = "1") -> InboundEmail:
    """The mail lands in the catcher's folder and is read, as the schedule does it."""
    (folder / f"{name}.eml").write_bytes(raw)
    tasks.read_inbound()
    return InboundEmail.objects.latest("id")


# --- RFC 3834: machines are not obeyed ---

REPORT = b"""\
From: MAILER-DAEMON@example.com
To: governance@valuelicensing.com
Subject: unsubscribe
Return-Path: <>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=%(kind)s; boundary="x"

--x
Content-Type: text/plain

unsubscribe

--x
Content-Type: message/%(kind)s

Reporting-MTA: dns; example.com
Original-Rcpt-To: ada@example.com

--x--
"""


def report(kind: bytes, sender: bytes) -> bytes:
    return REPORT.replace(b"%(kind)s", kind).replace(
        b"MAILER-DAEMON@example.com", sender
    )


MACHINES = {
    "a vacation reply": message(Auto_Submitted="auto-replied"),
    "a vacation reply of old": message(Precedence="bulk"),
    "an automatic notice": message(Auto_Submitted="auto-generated; type=x"),
    "a delivery report": report(b"delivery-status", b"MAILER-DAEMON@example.com"),
    "a report of spam": report(b"feedback-report", ADA.encode()),
    "list mail": message(List_Id="<list.example.com>"),
    "our own mail": message(From=US),
    "mail without a return path": message(Return_Path="<>"),
    "a mailbox nobody reads": message(From="no-reply@example.com"),
}


@pytest.mark.parametrize("kind", MACHINES)
def test_a_machine_is_not_obeyed_and_not_answered(
    client: Client, smtp: Relay, mailbox: Path, kind: str
) -> None:
    become_reader(client, smtp)
    become_reader(client, smtp, "no-reply@example.com")
    before = len(smtp.received)

    row = receive(mailbox, MACHINES[kind])

    assert row.is_automatic
    assert row.state == State.WAITING
    assert stands() == {CASE_UPDATES}
    assert stands("no-reply@example.com") == {CASE_UPDATES}
    inbox(smtp, ADA)
    assert len(smtp.received) == before


HUMANS = {
    "the word alone": message("unsubscribe"),
    "the word in capitals": message("UNSUBSCRIBE!"),
    "a polite word": message("Please unsubscribe me."),
    "stop": message("Stop"),
    "a reply": message("Re: RE: Your receipt", "unsubscribe\n\n> You are signed up"),
    "an outlook reply": message("AW: Receipt", "Unsubscribe\n\nFrom: us\nSent: Monday"),
    "a mail that says it is by hand": message("unsubscribe", Auto_Submitted="no"),
    "a name beside the address": message(From=f"Ada Lovelace <{ADA.upper()}>"),
}


@pytest.mark.parametrize("kind", HUMANS)
def test_a_person_is_obeyed_and_answered(
    client: Client, smtp: Relay, mailbox: Path, kind: str
) -> None:
    become_reader(client, smtp)

    row = receive(mailbox, HUMANS[kind])

    assert not row.is_automatic
    assert (row.state, row.claimed_by) == (
        State.CLAIMED,
        "subscribers.inbound.read_unsubscribe",
    )
    assert stands() == set()
    assert inbox(smtp, ADA)[-1].subject == "We have stopped your e-mails"


OTHERS = {
    "a question": message("The next update", "When does it come?"),
    "a quotation": message("Re: Receipt", "Thanks!\n> unsubscribe"),
    "a quotation in HTML": message("Re: Receipt").replace(b"text/plain", b"text/html")
    + b"<blockquote>unsubscribe</blockquote><p>Please never do.</p>",
    "two senders": b"From: cleo@example.com\n" + message(),
    "no sender": message(From=""),
    "a sender that is no address": message(From="Ada"),
    "an empty mail": message("", ""),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_anything_else_waits_for_a_person(
    client: Client, smtp: Relay, mailbox: Path, kind: str
) -> None:
    become_reader(client, smtp)

    assert receive(mailbox, OTHERS[kind]).state == State.WAITING
    assert stands() == {CASE_UPDATES}


POISON = {
    "nothing": b"",
    "bytes": bytes(range(256)) * 4,
    "headers only": b"From: ada@example.com\r\nTo: " + US.encode() + b"\r\n\r\n",
    "a wrong charset": b"From: ada@example.com\nTo: governance@valuelicensing.com\n"
    b"Content-Type: text/plain; charset=nonsense\n\nunsubscribe\n",
    "a broken address": b"From: =?utf-8?q?=00?= <@>, \xff\nTo: "
    b"governance@valuelicensing.com\nSubject: =?x?y?z?=\n\nhello\n",
    "a broken multipart": b"From: ada@example.com\nTo: governance@valuelicensing.com\n"
    b"Content-Type: multipart/mixed; boundary=x\n\nno boundary\n",
}


@pytest.mark.parametrize("piece", [b"<style", b"<p ", b"<blockquote"])
def test_a_page_made_to_be_slow_is_read_in_no_time(piece: bytes) -> None:
    page = message().replace(b"text/plain", b"text/html") + piece * 60_000

    began = time.perf_counter()
    with suppress(SuspiciousOperation):
        parse(page)

    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("kind", POISON)
def test_a_poisonous_message_does_not_stop_the_next(
    client: Client, smtp: Relay, mailbox: Path, kind: str
) -> None:
    become_reader(client, smtp)
    inbound.store(POISON[kind])

    row = receive(mailbox, message())

    assert row.state == State.CLAIMED
    assert not InboundEmail.objects.filter(state=State.NEW).exists()
    assert stands() == set()


def test_a_message_is_unreadable_in_the_database() -> None:
    inbound.store(message("A secret"))

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT raw_message FROM outbox_inboundemail")
        (stored,) = cursor.fetchone()
    assert "secret" not in stored
    assert InboundEmail.objects.get().raw_message.encode("latin-1") == message(
        "A secret"
    )


# --- What mail is like ---


def test_own_words_are_told_from_what_is_quoted_and_forwarded() -> None:
    page = (
        b"Content-Type: text/html\n\n<blockquote>theirs<blockquote>ours</blockquote>"
        b"</blockquote><p>mine</p><p>From: x<br>Sent: Monday<br>To: y</p><p>old</p>"
    )
    plain = message("x", "mine\n\nmore\n> theirs\n\n-----Original Message-----\nold")

    in_html, in_text = parse(page), parse(plain)

    assert in_html.text == "mine"
    assert "theirs" in in_html.quoted and "old" in in_html.quoted
    assert in_text.text == "mine\n\nmore"
    assert "theirs" in in_text.quoted and "old" in in_text.quoted


def test_a_message_that_is_attached_is_read_as_forwarded() -> None:
    mail = EmailMessage()
    mail["From"] = ADA
    mail.set_content("See below")
    inner = EmailMessage()
    inner["From"] = "ben@example.com"
    inner.set_content("What do you hold about me?")
    mail.add_attachment(inner)

    read = parse(mail.as_bytes())

    assert (read.text, read.quoted) == ("See below", "What do you hold about me?")


@pytest.mark.parametrize("charset", ["nonsense", "us-ascii", "utf-16", ""])
def test_words_are_read_although_their_charset_is_a_lie(charset: str) -> None:
    head = f"From: {ADA}\nContent-Type: text/plain; charset={charset}\n\n"

    assert parse(head.encode() + "Löscht es".encode()).text == "Löscht es"


def test_files_that_came_along_are_found_and_logos_are_not() -> None:
    mail = EmailMessage()
    mail["From"] = ADA
    mail.set_content("My letter")
    mail.add_alternative("<p>My letter</p><img src=cid:1>", subtype="html")
    mail.add_attachment(b"%PDF-1.7", "application", "pdf", filename="../../a b.pdf")
    mail.add_attachment(b"x", "image", "png", cid="<1>", disposition="inline")
    mail.add_attachment(b"\0", "application", "octet-stream")

    found = [(file.name, file.content) for file in parse(mail.as_bytes()).attachments]

    assert found == [("a b.pdf", b"%PDF-1.7"), ("attachment 5", b"\0")]


@pytest.mark.parametrize(
    ("header", "day"),
    [
        ("Date: Mon, 02 Nov 2026 23:30:00 -0500", "2026-11-03"),
        ("Date: soon\nReceived: by x; Tue, 03 Nov 2026 10:00:00 +0000", "2026-11-03"),
        ("Date: Mon, 99 Nov 2026 10:00:00 +0000", "None"),
        ("Date: Mon, 02 Nov 0000 10:00:00 +9999", "None"),
        ("X: y", "None"),
    ],
)
def test_the_date_that_a_mail_bears_is_read_or_left(header: str, day: str) -> None:
    dated_at = parse(f"From: {ADA}\n{header}\n\n".encode()).dated_at

    assert str(dated_at and dated_at.date()) == day


SIZE = 300_000
MONSTERS = {
    "parts without end": b"Content-Type: multipart/mixed; boundary=x\n\n"
    + b"--x\n\n" * SIZE,
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
        for n in range(1200)
    ),
    "messages in messages": b"Content-Type: message/rfc822\n\n" * 1200,
    "a sender without end": b"From: " + b"(" * SIZE + b"\n\n",
    "a subject without end": b"Subject: " + b"=?utf-8?q?a?= " * SIZE + b"\n\n",
    "recipients without end": b"To: " + b"a@example.com, " * SIZE + b"\n\n",
    "a header that breaks Python": b"Content-Type: text/plain; name*=%00''x\n\nHello",
    "twenty megabytes": b"\n" + b"Nothing that anybody wants\n" * 800_000,
}


@pytest.mark.parametrize("kind", MONSTERS)
def test_a_monstrous_message_is_read_as_far_as_it_goes(kind: str) -> None:
    began = time.perf_counter()
    row = inbound.store(MONSTERS[kind])
    inbound.read_new()

    assert time.perf_counter() - began < 20
    assert row is not None
    row.refresh_from_db()
    assert row.state == State.WAITING


def test_two_copies_of_one_message_are_read_once(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    mails = len(smtp.received)
    for server in (b"a", b"b"):
        inbound.store(b"Received: by " + server + b".example.com\n" + message())
    inbound.store(message().replace(b"<1@", b"<2@"))

    inbound.read_new()

    claimed = InboundEmail.objects.order_by("id").values_list("claimed_by", flat=True)
    first, second, another = claimed
    assert first == "subscribers.inbound.read_unsubscribe"
    assert second == inbound.COPY
    assert another != inbound.COPY
    inbox(smtp, ADA)
    assert len(smtp.received) == mails + 1


# --- The catcher's folder ---


def test_the_catchers_folder_gives_what_is_addressed_to_us_once(
    client: Client, smtp: Relay, mailbox: Path
) -> None:
    (mailbox / "a.eml").write_bytes(message())
    (mailbox / "b.eml").write_bytes(message(To=ADA))
    (mailbox / "c.part").write_bytes(message("half"))

    assert inbound.fetch() == 1
    assert inbound.fetch() == 0
    inbound._looked_at.clear()  # after a restart
    assert inbound.fetch() == 0
    assert InboundEmail.objects.count() == 1


# --- The provider's webhook ---

SECRET = base64.b64encode(b"post:man").decode()


def post_webhook(
    client: Client, raw: bytes, authorization: str, headers: Any = ()
) -> Any:
    body = json.dumps({"RawEmail": raw.decode(), "Headers": list(headers)})
    return client.post(
        "/anymail/postmark/inbound/",
        body,
        content_type="application/json",
        headers={"authorization": authorization},
    )


@pytest.fixture
def webhook_secret(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "post:man"}


@pytest.mark.urls("tests.outbox.webhook_urls")
def test_the_webhook_brings_mail_the_same_way(
    client: Client, smtp: Relay, webhook_secret: None
) -> None:
    become_reader(client, smtp)

    for _ in range(2):
        answer = post_webhook(client, message(), f"Basic {SECRET}")
        assert answer.status_code == 200
        tasks.read_inbound()

    (row,) = InboundEmail.objects.all()
    assert row.state == State.CLAIMED
    assert stands() == set()


@pytest.mark.urls("tests.outbox.webhook_urls")
def test_the_webhook_tells_a_machine_by_its_return_path(
    client: Client, webhook_secret: None
) -> None:
    headers = [{"Name": "Return-Path", "Value": "<>"}]
    post_webhook(client, message(), f"Basic {SECRET}", headers)
    inbound.read_new()

    assert InboundEmail.objects.get().is_automatic


@pytest.mark.urls("tests.outbox.webhook_urls")
def test_the_webhook_brings_a_mail_with_large_attachments(
    client: Client, webhook_secret: None
) -> None:
    mail = EmailMessage()
    mail["From"] = ADA
    mail.set_content("See the attachment")
    mail.add_attachment(b"x" * 3_000_000, "application", "pdf", filename="a.pdf")

    answer = post_webhook(client, mail.as_bytes(), f"Basic {SECRET}")

    assert answer.status_code == 200
    (file,) = parse(
        InboundEmail.objects.get().raw_message.encode("latin-1")
    ).attachments
    assert len(file.content) == 3_000_000


@pytest.mark.urls("tests.outbox.webhook_urls")
def test_the_webhook_reads_nothing_without_the_secret_and_nothing_without_end(
    client: Client, webhook_secret: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_webhook, "MOST_BYTES", 1_000)

    assert post_webhook(client, message(text="x" * 2_000), "").status_code == 400
    too_large = post_webhook(client, message(text="x" * 2_000), f"Basic {SECRET}")

    assert too_large.status_code in (400, 413)
    assert not InboundEmail.objects.exists()


@pytest.mark.urls("tests.outbox.webhook_urls")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"RawEmail": "\xff"}',
        b"[1,",
        b"[]",
        b"null",
        b'"x"',
        b"5",
        b"[" * 100_000,
    ],
)
def test_the_webhook_refuses_what_is_no_json_object(
    client: Client, webhook_secret: None, body: bytes
) -> None:
    answer = client.post(
        "/anymail/postmark/inbound/",
        body,
        content_type="application/json",
        headers={"authorization": f"Basic {SECRET}"},
    )

    assert answer.status_code == 400
    assert not InboundEmail.objects.exists()


@pytest.mark.urls("tests.outbox.webhook_urls")
@pytest.mark.parametrize("authorization", ["", "Basic eDp5", "Bearer x"])
def test_the_webhook_refuses_whoever_does_not_know_the_secret(
    client: Client,
    webhook_secret: None,
    authorization: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert post_webhook(client, message(), authorization).status_code == 400
    assert not InboundEmail.objects.exists()
    said = [(one.levelname, one.exc_info) for one in caplog.records]
    assert set(said) <= {("WARNING", None)}, "a stranger could fill the log"


@pytest.mark.urls("tests.outbox.webhook_urls")
@pytest.mark.parametrize(
    "body", [b'{"From": 5, "To": [], "Headers": 7}', b'[{"From": 5}]']
)
def test_a_mail_that_cannot_be_read_yet_is_asked_for_again_so_that_none_is_lost(
    client: Client, webhook_secret: None, body: bytes
) -> None:
    client.raise_request_exception = False
    answer = client.post(
        "/anymail/postmark/inbound/",
        body,
        content_type="application/json",
        headers={"authorization": f"Basic {SECRET}"},
    )

    assert answer.status_code == 500
    assert not InboundEmail.objects.exists()


def test_without_the_setting_there_is_no_webhook(client: Client) -> None:
    for provider in ("postmark", "mailgun", "sendgrid"):
        path = f"/anymail/{provider}/inbound/"
        assert (
            client.post(path, "{}", content_type="application/json").status_code == 404
        )


def test_a_webhook_without_a_secret_is_refused_at_the_start(settings: Settings) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from config.urls import webhook

    settings.ANYMAIL = {}
    with pytest.raises(ImproperlyConfigured):
        webhook("postmark")
    settings.ANYMAIL = {"WEBHOOK_SECRET": "post:man"}
    with pytest.raises(ImproperlyConfigured):
        webhook("postbox")


# --- IMAP ---


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


def test_imap_brings_mail_the_same_way_and_once(
    client: Client, smtp: Relay, imap: ImapServer
) -> None:
    become_reader(client, smtp)
    imap.deliver(message("A question"))
    imap.deliver(message())

    assert inbound.fetch() == 2
    assert inbound.fetch() == 0
    inbound.read_new()

    states = InboundEmail.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == [State.WAITING, State.CLAIMED]
    assert stands() == set()


def test_a_mail_counts_from_when_our_server_took_it(imap: ImapServer) -> None:
    imap.deliver(message("early"), at='"02-Nov-2026 23:30:00 +0000"')
    imap.deliver(message("from the future"), at='"02-Nov-2099 10:00:00 +0000"')

    inbound.fetch()

    early, future = InboundEmail.objects.order_by("id")
    assert early.received_at.isoformat() == "2026-11-02T23:30:00+00:00"
    assert future.received_at <= timezone.now()


def test_an_imap_message_that_could_not_be_stored_is_fetched_again(
    imap: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.deliver(message())

    def full(raw: bytes, **_: Any) -> InboundEmail | None:
        raise OSError("the disk is full")

    kept: Callable[..., InboundEmail | None] = inbound.store
    monkeypatch.setattr(inbound, "store", full)
    with pytest.raises(OSError, match="disk is full"):
        inbound.fetch()
    monkeypatch.setattr(inbound, "store", kept)

    assert inbound.fetch() == 1


def mailbox_line() -> tuple[bool, str]:
    [line] = [one for one in health_checks() if one.label == "Mailbox"]
    return line.is_well, line.detail


def test_the_first_page_says_when_the_mailbox_was_last_read(imap: ImapServer) -> None:
    cache.delete(inbound.READ_KEY)
    assert mailbox_line() == (False, "not read yet")

    inbound.fetch()
    assert mailbox_line() == (True, "last read just now")

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=20), tick=False):
        assert mailbox_line() == (False, "last read 20 minutes ago")


def test_a_mailbox_that_cannot_be_read_stands_as_not_read(settings: Settings) -> None:
    cache.delete(inbound.READ_KEY)
    settings.INBOUND_IMAP_URL = "imap://nobody:x@127.0.0.1:1/INBOX"

    with pytest.raises(OSError):
        inbound.fetch()

    assert mailbox_line() == (False, "not read yet")


def test_without_a_mailbox_there_is_no_line_about_one() -> None:
    assert "Mailbox" not in {one.label for one in health_checks()}


def test_mail_is_read_although_the_mailbox_is_away(
    client: Client, smtp: Relay, settings: Settings
) -> None:
    become_reader(client, smtp)
    inbound.store(message())
    settings.INBOUND_IMAP_URL = "imap://nobody:x@127.0.0.1:1/INBOX"

    tasks.read_inbound()

    assert stands() == set()


def test_a_mailbox_that_is_away_makes_one_line_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    cache.delete(tasks.AWAY_KEY)
    settings.INBOUND_IMAP_URL = "imap://nobody:x@127.0.0.1:1/INBOX"

    for _ in range(3):
        tasks.read_inbound()

    (line,) = [one.getMessage() for one in caplog.records]
    assert line == "The mailbox cannot be read: ConnectionRefusedError"
    assert mailbox_line() == (False, "not read yet")
