"""What a restored database has forgotten is made good before anybody is served."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from case_updates.sending import send_due
from consent.ledger import Circumstances, record_given
from consent.models import Action, Channel, ConsentEntry
from data_subjects import journal, journal_file, journal_gate
from data_subjects.journal import Standing
from data_subjects.journal_file import Kind
from data_subjects.models import DataSubject, JournalLine, Settled
from governance import dashboard, replaying
from groundwork.addresses import digest
from groundwork.database_roles import MAILER
from groundwork.holdings import Person, holdings
from outbox.delivery import deliver_due
from outbox.models import MessageClass, OutgoingEmail, State, SuppressedAddress
from outbox.suppression import is_suppressed, lift, suppress
from rights_requests.fulfilment.people import person_of
from subscribers import leaving
from subscribers.models import Subscriber
from tests import settings as run
from tests.case_updates.cast import reader, released
from tests.data_subjects.journals import (
    came_back,
    forgotten,
    left_for_good,
    rewrite,
    standings,
    texts,
    was_erased,
)
from tests.database_role import acting_as
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, OWN_NEWS, inbox, stands
from tests.relay import Relay

# With commits, and connections of other processes.
pytestmark = pytest.mark.django_db(transaction=True)

BOTH = (CASE_UPDATES, OWN_NEWS)


def replay(*options: str) -> str:
    told = StringIO()
    call_command("replay_journal", *options, stdout=told)
    return told.getvalue()


def suppressions(address: str = ADA) -> set[tuple[str, str]]:
    rows = SuppressedAddress.objects.filter(address_digest=digest(address))
    return set(rows.values_list("purpose", "reason"))


def is_open() -> bool:
    return not journal.state().closed


# --- The gate ---


def test_nothing_is_sent_and_nobody_served_while_lines_are_missing(
    client: Client, smtp: Relay
) -> None:
    reader(ADA)
    released()
    assert client.get("/health/").status_code == 200
    left_for_good(ADA)

    assert deliver_due() == 0
    assert send_due() == 0
    assert smtp.received == []
    health = client.get("/health/")
    assert health.status_code == 503
    assert "run “manage.py replay_journal”" in health.content.decode()
    with pytest.raises(SystemExit) as end:
        journal_gate.enter()
    assert end.value.code == journal_gate.EXIT_CODE

    replay()

    assert client.get("/health/").status_code == 200
    journal_gate.enter()
    deliver_due()
    send_due()
    assert [mail for mail in smtp.received if b"Court of Appeal" in mail.content] == []


def test_the_gate_says_in_one_line_what_to_do(capsys: Any) -> None:
    for _ in range(3):
        left_for_good(ADA)

    with pytest.raises(SystemExit):
        journal_gate.enter()

    assert capsys.readouterr().err == (
        "Casedesk does not start: the opt-out journal has 3 lines that this database "
        "has not: run “manage.py replay_journal”.\n"
    )


def test_the_mail_worker_s_role_can_compare(db: None) -> None:
    reader(ADA)
    left_for_good(ADA)

    with acting_as(MAILER):
        assert not journal.may_send()
    replay()
    with acting_as(MAILER):
        assert journal.may_send()


def test_an_act_that_is_under_way_stops_nobody(db: None) -> None:
    ada = reader(ADA)

    with transaction.atomic():
        leaving.leave(ada.pk, [], channel=Channel.PREFERENCES)
        assert from_outside(journal.state).closed == ""
        assert from_outside(standings)[-1] is Standing.IN_FLIGHT

    assert standings()[-1] is Standing.SETTLED


def from_outside(look: Any) -> Any:
    """As another process sees it, with a connection of its own."""
    import threading

    found: list[Any] = []

    def work() -> None:
        found.append(look())
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]


def test_comparing_takes_few_statements_however_long_the_file_is(db: None) -> None:
    for number in range(30):
        suppress(digest(f"reader{number}@example.com"), "", "objected")
    replaying.keep_journal()

    with CaptureQueriesContext(connection) as queries:
        assert journal.may_send()

    assert len(queries) <= 3


def test_the_first_page_says_that_lines_are_missing(console: Client) -> None:
    left_for_good(ADA)

    page = console.get("/console/").content.decode()

    assert "Opt-out journal" in page
    assert "replay_journal" in page


# --- Opt-outs and opt-ins ---


def test_a_forgotten_opt_out_ends_the_consent_and_closes_the_address(db: None) -> None:
    ada = reader(ADA, BOTH)
    left_for_good(ADA)

    replay()

    assert stands() == set()
    assert suppressions() == {("", "unsubscribed")}
    withdrawn = ConsentEntry.objects.filter(action=Action.WITHDRAWN)
    assert {entry.channel for entry in withdrawn} == {Channel.JOURNAL}
    assert {entry.purpose for entry in withdrawn} == set(BOTH)
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.LEFT
    assert set(standings()) == {Standing.SETTLED} or standings() == []


def test_a_forgotten_opt_out_of_one_purpose_leaves_the_others(db: None) -> None:
    reader(ADA, BOTH)
    left_for_good(ADA, OWN_NEWS)

    replay()

    assert stands() == {CASE_UPDATES}
    assert suppressions() == {(OWN_NEWS, "unsubscribed")}


def test_a_second_replay_changes_nothing(db: None) -> None:
    reader(ADA, BOTH)
    ben = reader(BEN)
    left_for_good(ADA)
    was_erased(BEN, subject=ben.data_subject_id)
    replay()
    before = everything()

    told = replay()

    assert everything() == before
    assert "0 opt-outs" in told


def everything() -> dict[str, int]:
    from django.apps import apps

    return {
        model._meta.label: model._base_manager.count() for model in apps.get_models()
    }


def test_a_dry_run_says_what_it_would_do_and_does_nothing(db: None) -> None:
    reader(ADA)
    left_for_good(ADA)
    came_back(BEN, CASE_UPDATES)
    was_erased(CLEO, subject=uuid.uuid4())
    before = everything()

    told = replay("--dry-run")

    assert everything() == before
    for words in ("1 opt-outs", "1 opt-ins", "1 erasures", "Nothing was changed"):
        assert words in told
    assert not is_open()


def test_the_last_word_counts(db: None) -> None:
    reader(ADA, BOTH)
    left_for_good(ADA)
    came_back(ADA, *BOTH)
    reader(BEN, BOTH)
    came_back(BEN, *BOTH)
    left_for_good(BEN)

    replay()

    assert stands() == set(BOTH)
    assert suppressions() == set()
    assert stands(BEN) == set()
    assert suppressions(BEN) == {("", "unsubscribed")}


def test_whoever_came_back_for_one_purpose_stays_out_of_the_others(db: None) -> None:
    """As lift() writes it: the “no” to all becomes a “no” to each of the others."""
    reader(ADA, BOTH)
    left_for_good(ADA)
    left_for_good(ADA, OWN_NEWS)
    came_back(ADA, CASE_UPDATES)

    replay()

    assert stands() == {CASE_UPDATES}
    assert suppressions() == {(OWN_NEWS, "unsubscribed")}


def test_a_forgotten_opt_in_opens_nothing(db: None) -> None:
    ada = reader(ADA)
    leaving.leave(ada.pk, [], channel=Channel.PREFERENCES)
    came_back(ADA, CASE_UPDATES)
    assert not is_open()

    replay()

    assert is_open()
    assert stands() == set()
    assert suppressions() == {("", "unsubscribed")}


def test_somebody_who_moved_since_is_found_by_number(db: None) -> None:
    """The backup has the old address; the opt-out came from the new one."""
    ada = reader(ADA)
    left_for_good(CLEO, subject=ada.data_subject_id)

    replay()

    assert stands() == set()
    assert suppressions(ADA) == suppressions(CLEO) == {("", "unsubscribed")}


def test_a_dead_mailbox_closes_the_address_and_ends_no_consent(db: None) -> None:
    reader(ADA)
    forgotten(Kind.OPTED_OUT, ADA, reason="bounced")

    replay()

    assert stands() == {CASE_UPDATES}
    assert suppressions() == {("", "bounced")}
    assert is_suppressed(digest(ADA), MessageClass.SERVICE, "")


def test_each_reason_is_made_good(db: None) -> None:
    reader(ADA)
    forgotten(Kind.OPTED_OUT, ADA, reason="objected")
    forgotten(Kind.OPTED_OUT, ADA, reason="bounced")

    replay()

    assert stands() == set()
    assert suppressions() == {("", "objected"), ("", "bounced")}


def test_no_mail_and_no_line_comes_of_a_replay(db: None, smtp: Relay) -> None:
    reader(ADA)
    left_for_good(ADA)
    lines, mails = texts(), OutgoingEmail.objects.count()

    replay()

    assert texts() == lines
    assert OutgoingEmail.objects.count() == mails


# --- Erasures ---


def nothing_is_held(person: Person) -> bool:
    """Nothing but ledgers, which name nobody, and the opt-out that must stay."""
    left = {h.key: h.count(person) for h in holdings() if h.kept is None}
    return {key: count for key, count in left.items() if count} in ({}, {"person": 1})


def test_a_forgotten_erasure_takes_everything(db: None, smtp: Relay) -> None:
    ada = reader(ADA)
    inbox(smtp, ADA)
    person = person_of(ada.data_subject_id)
    was_erased(ADA, subject=ada.data_subject_id)

    replay()

    assert nothing_is_held(person)
    assert not Subscriber.objects.exists()
    assert suppressions() == {("", "erased")}
    assert is_open()


def test_of_an_erasure_that_was_stopped_a_replay_takes_no_more_than_went(
    db: None,
) -> None:
    ada = reader(ADA)
    was_erased(ADA, subject=ada.data_subject_id)
    left = ("sign-up", "person")
    was_erased(ADA, subject=ada.data_subject_id, kept=left)

    replay()

    ada.refresh_from_db()
    assert ada.data_subject.address_digest is not None
    assert suppressions() == {("", "erased")}
    assert stands() == set()
    assert is_open()


def test_an_erased_person_of_another_number_is_found_by_the_address(db: None) -> None:
    """Their key had gone and come anew between the backup and the erasure."""
    person = person_of(reader(ADA).data_subject_id)
    was_erased(ADA, subject=uuid.uuid4())

    replay()

    assert nothing_is_held(person)


def test_an_erasure_of_somebody_the_backup_never_knew_only_closes(db: None) -> None:
    reader(BEN)
    was_erased(ADA, subject=uuid.uuid4())

    replay()

    assert stands(BEN) == {CASE_UPDATES}
    assert suppressions() == {("", "erased")}


def test_whoever_signed_up_again_after_the_erasure_is_not_closed(db: None) -> None:
    ada = reader(ADA)
    was_erased(ADA, subject=ada.data_subject_id)
    came_back(ADA, CASE_UPDATES)

    replay()

    assert not Subscriber.objects.exists()
    assert suppressions() == set()


# --- What was rolled back ---


@contextmanager
def rolled_back() -> Iterator[None]:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        yield
        raise ZeroDivisionError


def test_an_opt_out_that_was_rolled_back_is_made_good_without_a_gate(
    db: None,
) -> None:
    ada = reader(ADA)
    with rolled_back():
        leaving.leave(ada.pk, [], channel=Channel.PREFERENCES)
    assert stands() == {CASE_UPDATES}
    assert is_open()
    assert journal.state().pending == 1

    replaying.keep_journal()

    assert stands() == set()
    assert suppressions() == {("", "unsubscribed")}
    assert journal.state().pending == 0
    row = JournalLine.objects.get(settled=Settled.ROLLED_BACK)
    assert row.number == 2
    check = {c.label: c for c in dashboard.health_checks()}["Opt-out journal"]
    assert check.is_well
    assert "1 broken off in seven days" in check.detail


def test_an_opt_in_that_was_rolled_back_opens_nothing(db: None) -> None:
    ada = reader(ADA)
    leaving.leave(ada.pk, [], channel=Channel.PREFERENCES)
    with rolled_back():
        lift(digest(ADA), [CASE_UPDATES], [CASE_UPDATES])
    left_for_good(ADA)

    replay()

    assert stands() == set()
    assert suppressions() == {("", "unsubscribed")}
    assert is_open()


def test_an_opt_in_that_was_rolled_back_does_not_take_a_no_back(db: None) -> None:
    reader(ADA)
    left_for_good(ADA)
    with rolled_back():
        lift(digest(ADA), [CASE_UPDATES], [CASE_UPDATES])

    replay()

    assert stands() == set()


def test_an_erasure_that_was_rolled_back_only_closes_the_address(db: None) -> None:
    ada = reader(ADA)
    with rolled_back():
        journal.record_erased(ada.data_subject_id, [digest(ADA)])

    replaying.keep_journal()

    assert Subscriber.objects.filter(pk=ada.pk).exists()
    assert stands() == set()
    assert suppressions() == {("", "erased")}


def test_who_came_back_before_it_was_made_good_stays_in(db: None) -> None:
    ada = reader(ADA)
    with rolled_back():
        leaving.leave(ada.pk, [], channel=Channel.PREFERENCES)
    with transaction.atomic():
        how = Circumstances(channel=Channel.PREFERENCES)
        record_given(ada.data_subject_id, [CASE_UPDATES], how)
        lift(digest(ADA), [CASE_UPDATES], BOTH)

    replaying.keep_journal()

    assert stands() == {CASE_UPDATES}
    assert suppressions() == set()


def test_what_is_missing_waits_for_a_person(db: None) -> None:
    reader(ADA)
    left_for_good(ADA)

    replaying.keep_journal()

    assert stands() == {CASE_UPDATES}
    assert not is_open()


# --- Broken off, twice at once, a harmed file ---


def test_a_replay_that_is_killed_goes_on_where_it_was(db: None) -> None:
    ada, ben = reader(ADA), reader(BEN)
    left_for_good(ADA)
    was_erased(BEN, subject=ben.data_subject_id)
    with somebody_holding(ben.data_subject_id):
        process = replaying_process()
        wait_until(lambda: stands() == set())
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.LEFT
    assert Subscriber.objects.filter(pk=ben.pk).exists()
    assert not is_open()

    told = replay()

    assert "0 opt-outs" in told and "1 erasures" in told
    assert not Subscriber.objects.filter(pk=ben.pk).exists()
    assert is_open()


@contextmanager
def somebody_holding(person: uuid.UUID) -> Iterator[None]:
    """Another transaction has this person's row."""
    with psycopg.connect(
        host=str(run.POSTGRES.socket_dir),
        user="casedesk_owner",
        dbname=str(connection.settings_dict["NAME"]),
    ) as other:
        table = DataSubject._meta.db_table
        other.execute(f"SELECT FROM {table} WHERE id = %s FOR KEY SHARE", [person])
        yield
        other.rollback()


def replaying_process() -> subprocess.Popen[bytes]:
    name = str(connection.settings_dict["NAME"])
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_ROLE": "app",
        "DATABASE_URL": run.POSTGRES.url("casedesk_app", name),
        "OPT_OUT_JOURNAL": str(journal_file.path()),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "replay_journal"],
        cwd=run.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_one_replay_runs_at_a_time(db: None) -> None:
    left_for_good(ADA)
    with psycopg.connect(
        host=str(run.POSTGRES.socket_dir),
        user="casedesk_owner",
        dbname=str(connection.settings_dict["NAME"]),
    ) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('journal replay'))")
        with pytest.raises(CommandError, match="Another replay runs"):
            replay()


def test_a_harmed_file_is_replayed_as_far_as_it_goes_and_says_so(db: None) -> None:
    reader(ADA)
    reader(BEN)
    left_for_good(ADA)
    left_for_good(BEN)
    lines = texts()
    lines[-2] = lines[-2].replace("unsubscribed", "objected")
    rewrite(lines)

    with pytest.raises(CommandError, match="accept it as it is"):
        replay()

    assert stands(BEN) == set()
    assert stands(ADA) == {CASE_UPDATES}
    assert is_open()
    check = {c.label: c for c in dashboard.health_checks()}["Opt-out journal"]
    assert (check.is_well, "line 3 was changed" in check.detail) == (False, True)

    replay("--accept-file")

    assert journal.state() == journal.State()


def test_a_lost_file_is_said_and_can_be_accepted(db: None) -> None:
    reader(ADA)
    journal_file.path().unlink()
    with pytest.raises(CommandError, match="cannot be read"):
        replay()

    replay("--accept-file")

    assert journal.state() == journal.State()
    suppress(digest(BEN), "", "objected")
    assert journal.state() == journal.State()


def test_before_anybody_said_anything_there_is_nothing_to_replay(db: None) -> None:
    assert "0 opt-outs" in replay()
    replaying.keep_journal()


def test_mail_that_was_queued_in_the_backup_is_withheld_after_the_replay(
    smtp: Relay,
) -> None:
    reader(ADA)
    inbox(smtp, ADA)
    released()
    left_for_good(ADA)

    replay()
    send_due()

    queued = OutgoingEmail.objects.filter(state=State.QUEUED)
    assert not queued.exists()
    assert not [m for m in smtp.received if b"Court of Appeal" in m.content]
