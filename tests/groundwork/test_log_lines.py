"""No address, name or token in any log line, and no line that a visitor wrote."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from groundwork.log_lines import LineFormatter, redact
from outbox import tasks
from subscribers.models import Subscriber
from tests.people import ADA, BEN, become_reader, inbox, open_preferences, sign_up
from tests.relay import Relay

TOKEN = "Ab3-" + "x" * 17 + "_"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that the process logs, as the formatter of production writes it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(LineFormatter("{levelname} {name} {message}", style="{"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("to ada@example.com now", "to (address) now"),
        ("<ada.l+x@mail.example.co.uk>", "<(address)>"),
        ("mailto:ada@example.com?subject=x", "mailto:(address)"),
        (f"GET /u/{TOKEN}/ 200", "GET /u/(token)/ 200"),
        (f"Not Found: /confirm/{'a' * 22}/", "Not Found: /confirm/(token)/"),
        (f"Not Found: /confirm/{'a' * 22}", "Not Found: /confirm/(token)"),
        (f"/u/{'a' * 22}?x=1", "/u/(token)?x=1"),
        (f"token={TOKEN}", "token=(token)"),
        ("from 192.0.2.77:80", "from 192.0.2.0:80"),
        ("from 2001:db8:1:2:3:4:5:6", "from 2001:db8:1::"),
        ("from [2001:db8:1:2::77]", "from [2001:db8:1::]"),
        ("from ::1 at 12:30:59", "from ::1 at 12:30:59"),
        (
            "Key (email)=(ada) exists.\nDETAIL:  Failing row contains (1, Ada).",
            "Key (email)=(ada) exists.\nDETAIL: (left out)",
        ),
        ("groundwork.requests.RequestHygiene", "groundwork.requests.RequestHygiene"),
    ],
)
def test_what_tells_who_it_was_is_masked(line: str, shown: str) -> None:
    assert redact(line) == shown


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b[31m", "\u2028", "\x00", "\x85"])
def test_nobody_can_begin_a_line_of_their_own(log: io.StringIO, sign: str) -> None:
    logging.getLogger("x").warning("agent %s", f"Mozilla{sign}ERROR root forged")

    assert len(log.getvalue().splitlines()) == 1


def test_the_text_of_an_exception_cannot_pass_for_a_line(log: io.StringIO) -> None:
    try:
        raise ValueError("odd\nERROR root forged by ada@example.com")
    except ValueError:
        logging.getLogger("x").exception("It failed")

    lines = log.getvalue().splitlines()
    assert lines[0] == "ERROR x It failed"
    assert all(line.startswith(" ") for line in lines[1:])
    assert "ada@" not in log.getvalue()


@pytest.mark.django_db
def test_a_refused_row_is_not_quoted(log: io.StringIO) -> None:
    try:
        with transaction.atomic():
            Subscriber.objects.create(address=ADA, first_name="Augusta")
    except IntegrityError:
        logging.getLogger("x").exception("It failed")

    assert "Failing row" not in log.getvalue()


@pytest.mark.django_db
def test_the_whole_story_leaves_no_trace_of_anybody(
    client: Client, smtp: Relay, mailbox: Path, log: io.StringIO
) -> None:
    client.defaults["HTTP_USER_AGENT"] = "Mozilla\nERROR root forged"
    welcome = become_reader(client, smtp, first_name="Augusta", employer="Analytical")
    path = welcome.one_click_path()
    visit = open_preferences(client, smtp)
    client.post(visit, {"email": "ada@new.example", "purposes": "case-updates"})
    client.get(path.rstrip("/"))
    client.get(f"/confirm/{'a' * 22}")
    client.get(f"/nothing/?who={ADA}")
    client.post(path, {"scope": "nothing"})
    client.post(path, {"List-Unsubscribe": "One-Click"})
    smtp.refused_recipients[BEN] = "550 5.1.1 ben@example.com is unknown"
    smtp.replies["RCPT"] = "451 try ada@example.com later"
    with pytest.raises(IndexError):
        sign_up(client, smtp, BEN, first_name="Benjamin")
    smtp.replies.clear()
    (mailbox / "1.eml").write_bytes(
        b"From: ada@example.com\nTo: governance@valuelicensing.com\n"
        b"Subject: unsubscribe\nContent-Type: text/plain; charset=\xff\n\nAugusta"
    )
    tasks.read_inbound()
    inbox(smtp, ADA)

    written = log.getvalue()
    ours = "\n".join(x for x in written.splitlines() if " mail.log " not in x)
    assert "outbox.delivery" in ours, "something was logged at all"
    tokens = [path.split("/")[2], visit.split("/")[2], "a" * 22]
    secrets = ["@example", "@new", "Augusta", "Analytical", "Benjamin", *tokens]
    for secret in secrets:
        assert secret not in ours
    assert "\nERROR root forged" not in written
