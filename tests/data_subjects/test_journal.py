"""The journal of opt-outs, opt-ins and erasures: every act is in it before it counts."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from data_subjects import journal, journal_file
from data_subjects.journal import JournalUnwritable, Standing
from data_subjects.models import JournalMark
from groundwork import addresses
from outbox import inbound
from outbox.models import InboundEmail, SuppressedAddress
from outbox.suppression import suppress
from subscribers import leaving, links
from subscribers.models import Subscriber
from tests.data_subjects.journals import (
    full_disk,
    rewrite,
    standings,
    texts,
    told,
    written,
)
from tests.people import (
    ADA,
    CASE_UPDATES,
    CLEO,
    OWN_NEWS,
    become_reader,
    open_preferences,
    sign_up,
    stands,
    subscriber_of,
)
from tests.reading import Mail, posting_form
from tests.relay import Relay
from tests.rights_requests.asking import ask
from tests.subscribers.test_leaving import ONE_CLICK, US, write_to_us

# With commits: a line and its row belong to one transaction.
pytestmark = pytest.mark.django_db(transaction=True)

OUT, IN = "opted-out", "opted-in"


@pytest.fixture(autouse=True)
def _(open_house: None) -> None:
    """Everything here goes through the public pages."""


@pytest.fixture
def welcome(client: Client, smtp: Relay) -> Mail:
    """Ada reads two things; what her sign-up wrote down is looked at elsewhere."""
    mail = become_reader(client, smtp, ADA, (CASE_UPDATES, OWN_NEWS))
    begin_anew()
    return mail


def begin_anew() -> None:
    rewrite([])
    journal.accept_file()


# --- Each door ---


def by_one_click(client: Client, smtp: Relay, mailbox: Path, welcome: Mail) -> None:
    client.post(welcome.one_click_path(), ONE_CLICK)


def by_page(client: Client, smtp: Relay, mailbox: Path, welcome: Mail) -> None:
    client.post(open_preferences(client, smtp), {"stop_all": "1"})


def by_mail(client: Client, smtp: Relay, mailbox: Path, welcome: Mail) -> None:
    write_to_us(mailbox, ADA, "unsubscribe")


def by_withdrawal(client: Client, smtp: Relay, mailbox: Path, welcome: Mail) -> None:
    ask(client, "withdrawal", email=ADA)


def by_objection(client: Client, smtp: Relay, mailbox: Path, welcome: Mail) -> None:
    ask(client, "objection-marketing", email=ADA)


def by_profiling(client: Client, smtp: Relay, mailbox: Path, welcome: Mail) -> None:
    ask(client, "objection-profiling", email=ADA)


Door = Callable[[Client, Relay, Path, Mail], None]
DOORS: list[tuple[Door, tuple[str, list[str], str]]] = [
    (by_one_click, (OUT, [""], "unsubscribed")),
    (by_page, (OUT, [""], "unsubscribed")),
    (by_mail, (OUT, [""], "unsubscribed")),
    (by_withdrawal, (OUT, [""], "unsubscribed")),
    (by_objection, (OUT, [""], "objected")),
    (by_profiling, (OUT, ["profiling"], "objected")),
]


@pytest.mark.parametrize(("door", "line"), DOORS)
def test_every_door_out_writes_a_line(
    client: Client,
    smtp: Relay,
    mailbox: Path,
    welcome: Mail,
    door: Door,
    line: tuple[str, list[str], str],
) -> None:
    door(client, smtp, mailbox, welcome)

    assert told() == [line]
    (one,) = written()
    assert one["digests"] == [addresses.digest(ADA).hex()]
    assert one["subject"] == str(subscriber_of(ADA).data_subject_id)
    assert standings() == [Standing.SETTLED]


def test_an_opt_out_of_one_purpose_names_it(client: Client, welcome: Mail) -> None:
    token = links.unsubscribe_token(subscriber_of(ADA).pk, OWN_NEWS)

    client.post(f"/u/{token}/", ONE_CLICK)

    assert told() == [(OUT, [OWN_NEWS], "unsubscribed")]


def test_a_confirmed_sign_up_is_an_opt_in(client: Client, smtp: Relay) -> None:
    path = sign_up(client, smtp, ADA).path("/confirm/")
    assert told() == []  # a wish opens nothing

    client.post(path)

    assert told() == [(IN, [CASE_UPDATES], "")]


def test_a_change_of_mind_is_an_opt_in(client: Client, welcome: Mail) -> None:
    page = client.post(welcome.one_click_path(), ONE_CLICK)
    undo = posting_form(client.get(_undo_path(page)))

    client.post(undo.action or _undo_path(page), undo.fields)

    assert told()[0] == (OUT, [""], "unsubscribed")
    assert told()[-1] == (IN, [CASE_UPDATES, OWN_NEWS], "")


def _undo_path(page: Any) -> str:
    return str(page.context["undo_url"])


def test_a_choice_of_one_keeps_the_no_to_the_others_on_record(
    client: Client, smtp: Relay, welcome: Mail
) -> None:
    client.post(welcome.one_click_path(), ONE_CLICK)
    begin_anew()

    client.post(open_preferences(client, smtp), {"choices": "1", "purposes": OWN_NEWS})

    (still_out, back_in) = told()
    assert still_out[0] == OUT
    assert CASE_UPDATES in still_out[1] and OWN_NEWS not in still_out[1]
    assert back_in == (IN, [OWN_NEWS], "")


def test_a_stranger_who_takes_consent_back_leaves_a_line_like_a_reader(
    client: Client, welcome: Mail
) -> None:
    ask(client, "withdrawal", email=ADA)
    ask(client, "withdrawal", email=CLEO)

    assert told() == [(OUT, [""], "unsubscribed")] * 2


def test_an_erasure_names_the_person_and_the_addresses(db: None) -> None:
    subject = uuid.uuid4()
    digests = [addresses.digest(ADA), addresses.digest(CLEO)]

    with transaction.atomic():
        journal.record_erased(subject, digests)

    (line,) = written()
    assert (line["kind"], line["subject"]) == ("erased", str(subject))
    assert set(line["digests"]) == {digest.hex() for digest in digests}
    assert standings() == [Standing.SETTLED]


def test_the_file_holds_no_address_and_is_open_to_us_alone(
    client: Client, welcome: Mail
) -> None:
    client.post(welcome.one_click_path(), ONE_CLICK)

    text = journal_file.path().read_text()
    assert "@" not in text and "example" not in text
    assert journal_file.path().stat().st_mode & 0o777 == 0o600


# --- Before the commit ---


def test_the_line_is_on_the_disk_while_the_act_can_still_fail(welcome: Mail) -> None:
    ada = subscriber_of(ADA)
    seen: list[Standing] = []

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        leaving.leave(ada.pk, [], channel="preferences page")
        seen += standings_from_outside()
        raise ZeroDivisionError

    assert seen == [Standing.IN_FLIGHT]
    assert standings() == [Standing.ROLLED_BACK]
    assert stands() == {CASE_UPDATES, OWN_NEWS}


def standings_from_outside() -> list[Standing]:
    """As another process sees them, with a connection of its own."""
    import threading

    found: list[Standing] = []

    def look() -> None:
        found.extend(standings())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found


def test_outside_a_transaction_nothing_is_written() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        journal.opted_in(addresses.digest(ADA), [CASE_UPDATES])

    assert texts() == []


# --- A full disk ---


def test_with_a_full_disk_nobody_is_told_that_it_is_done(
    client: Client, welcome: Mail
) -> None:
    with full_disk(room=30):
        page = client.post(welcome.one_click_path(), ONE_CLICK)

    assert page.status_code == 503
    assert page["Retry-After"] == "300"
    assert b"Your choice is not saved yet" in page.content
    assert stands() == {CASE_UPDATES, OWN_NEWS}
    assert not SuppressedAddress.objects.exists()
    assert texts() == []

    again = client.post(welcome.one_click_path(), ONE_CLICK)

    assert again.status_code == 200
    assert stands() == set()
    assert standings() == [Standing.SETTLED]
    assert journal.state().problems == ()


def test_with_a_full_disk_a_mailed_no_is_read_again_later(
    welcome: Mail,
) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = ADA, US, "unsubscribe"
    inbound.store(message.as_bytes())
    with full_disk(room=30):
        inbound.read_new()
    assert stands() == {CASE_UPDATES, OWN_NEWS}
    assert InboundEmail.objects.get().state == InboundEmail.State.NEW

    inbound.read_new()

    assert stands() == set()


def test_a_folder_that_is_none_fails_the_act_cleanly(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    settings.OPT_OUT_JOURNAL = tmp_path / "file" / "journal"

    with pytest.raises(JournalUnwritable):
        suppress(addresses.digest(ADA), "", "objected")

    assert not SuppressedAddress.objects.exists()


# --- Several at once ---

WRITER = """
import sys, uuid
import django
django.setup()
from django.conf import settings
from django.db import transaction
settings.OPT_OUT_JOURNAL = sys.argv[1]
from data_subjects import journal_file
from data_subjects.journal_file import Act, Kind, Server
for number in range(40):
    act = Act(Kind.OPTED_OUT, (bytes(32),), ("",), "objected")
    journal_file.append(
        act, server=Server("1", "casedesk", "0"), transaction=number, newest=0
    )
"""


def test_several_processes_write_whole_lines_in_one_chain(db: None) -> None:
    command = [sys.executable, "-c", WRITER, str(project.OPT_OUT_JOURNAL)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    writers = [subprocess.Popen(command, env=environment) for _ in range(4)]

    assert [writer.wait(120) for writer in writers] == [0] * 4

    reading = journal_file.Reading()
    assert [line.number for line in reading.lines()] == list(range(1, 161))
    assert reading.problems == []


# --- Harm to the file ---


@pytest.fixture
def ten_lines(db: None) -> list[str]:
    for number in range(10):
        suppress(addresses.digest(f"reader{number}@example.com"), "", "objected")
    return texts()


def test_a_sound_file_has_no_problems(ten_lines: list[str]) -> None:
    assert standings() == [Standing.SETTLED] * 10
    assert journal.state() == journal.State()


CHANGES = [
    ("purposes", ["own-news"]),
    ("kind", "opted-in"),
    ("digests", ["00" * 32]),
    ("at", "2026-01-01T00:00:00.000000+00:00"),
    ("number", 40),
    ("transaction", 1),
    ("after", "0" * 32),
    ("server", ["1", "casedesk", "0"]),
]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_a_changed_line_is_found(ten_lines: list[str], name: str, value: Any) -> None:
    changed = json.dumps(json.loads(ten_lines[4]) | {name: value})
    rewrite([*ten_lines[:4], changed, *ten_lines[5:]])

    assert "line 5 was changed" in journal.state().problems


def test_a_line_that_is_cut_out_is_found(ten_lines: list[str]) -> None:
    rewrite([*ten_lines[:4], *ten_lines[5:]])

    assert journal.state().problems == ("lines are missing before line 6",)


def test_lines_in_another_order_are_found(ten_lines: list[str]) -> None:
    rewrite([*ten_lines[:4], ten_lines[5], ten_lines[4], *ten_lines[6:]])

    assert journal.state().problems


def test_a_beginning_that_is_cut_off_is_found(ten_lines: list[str]) -> None:
    rewrite(ten_lines[3:])

    assert journal.state().problems == ("lines are missing before line 4",)


def test_an_end_that_is_cut_off_is_found_also_after_more_was_written(
    ten_lines: list[str],
) -> None:
    rewrite(ten_lines[:7])
    assert journal.state().problems == (
        "its end is cut off: the database knows line 10",
    )

    suppress(addresses.digest(ADA), "", "objected")

    assert written()[-1]["number"] == 11
    assert journal.state().problems == ("lines are missing before line 11",)


def test_an_end_that_is_cut_off_is_found_behind_the_mark(ten_lines: list[str]) -> None:
    journal.advance()
    assert JournalMark.objects.get().number == 10
    rewrite(ten_lines[:7])

    (lost, cut) = journal.state().problems
    assert "line 10 is not where it was" in lost
    assert "the database knows line 10" in cut


def test_half_a_line_at_the_end_makes_room_for_the_next(ten_lines: list[str]) -> None:
    """The machine went down while it was written: nobody was told that it counts."""
    with journal_file.path().open("a") as file:
        file.write(ten_lines[0][:60])
    assert journal.state() == journal.State()

    suppress(addresses.digest(ADA), "", "objected")

    assert [line["number"] for line in written()] == list(range(1, 12))
    assert journal.state() == journal.State()


def test_a_file_that_is_gone_is_lost_where_the_database_knows_lines(
    settings: Settings, ten_lines: list[str]
) -> None:
    journal_file.path().unlink()

    state = journal.state()
    assert state.is_lost
    assert "the database knows 10 of its lines" in state.problems[0]
    assert state.why_not_start == ""  # the local set-up may be thrown away
    settings.EMBEDDED = False
    assert "cannot be read" in state.why_not_start


def test_a_file_that_was_never_there_is_not_lost(db: None) -> None:
    assert journal.state() == journal.State()


def test_a_looked_at_file_goes_on_from_where_it_is(ten_lines: list[str]) -> None:
    rewrite([*ten_lines[:4], *ten_lines[5:8]])
    assert journal.state().problems

    journal.accept_file()

    assert journal.state() == journal.State()
    suppress(addresses.digest(ADA), "", "objected")
    assert written()[-1]["number"] == 11
    assert journal.state() == journal.State()


def test_a_lost_file_is_begun_anew(ten_lines: list[str]) -> None:
    journal_file.path().unlink()

    journal.accept_file()
    suppress(addresses.digest(ADA), "", "objected")

    assert written()[-1]["number"] == 11
    assert journal.state() == journal.State()


# --- The mark ---


def test_the_mark_moves_behind_what_is_dealt_with_and_no_further(
    ten_lines: list[str],
) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        suppress(addresses.digest(ADA), "", "objected")
        raise ZeroDivisionError
    suppress(addresses.digest(CLEO), "", "objected")

    journal.advance()

    assert JournalMark.objects.get().number == 10
    assert standings() == [Standing.ROLLED_BACK, Standing.SETTLED]


def test_the_mark_does_not_pass_over_what_is_wrong(ten_lines: list[str]) -> None:
    rewrite([*ten_lines[:4], *ten_lines[5:]])

    journal.advance()

    assert not JournalMark.objects.exists()
    assert journal.state().problems
    assert not Subscriber.objects.exists()
