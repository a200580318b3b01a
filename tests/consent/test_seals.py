"""Seals prove the ledgers: what was changed, removed or slipped in is found."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from pytest_django import Settings

from consent import ledger
from consent.models import Channel, ConsentEntry, ConsentSeal
from groundwork.ledger import findings
from groundwork.ledger import seal as seal_at_once
from tests.database_role import acting_as
from tests.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)

FORM = ledger.Circumstances(channel=Channel.SIGN_UP_FORM)


def entry(purpose: str = "case-updates") -> ConsentEntry:
    (written,) = ledger.record_given(uuid.uuid4(), [purpose], FORM)
    return written


def found() -> list[str]:
    return [
        f"{finding.entry_id} {finding.what}".removeprefix("None ")
        for finding in findings(ConsentEntry)
    ]


@contextmanager
def guards_off() -> Iterator[Any]:
    """As somebody who owns the database would tamper: triggers switched off."""
    table = ConsentEntry._meta.db_table
    seals = ConsentSeal._meta.db_table
    with acting_as(None), connection.cursor() as cursor:
        for name in (table, seals):
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        yield cursor
        for name in (table, seals):
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def in_a_thread(work: Any) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_seal_covers_what_is_new_and_follows_the_one_before() -> None:
    first = [entry().pk, entry().pk]
    one = seal(ConsentEntry)
    second = [entry().pk]
    two = seal(ConsentEntry)

    assert one is not None and two is not None
    assert (one.number, one.entry_ids) == (1, first)
    assert (two.number, two.entry_ids) == (2, second)
    assert bytes(two.previous_digest) == bytes(one.digest)
    assert found() == []


def test_nothing_new_makes_no_seal() -> None:
    assert seal(ConsentEntry) is None
    entry()
    assert seal(ConsentEntry) is not None
    assert seal(ConsentEntry) is None
    assert ConsentSeal.objects.count() == 1


def three_sealed() -> list[int]:
    ids = []
    for _ in range(3):
        ids += [entry().pk, entry().pk]
        assert seal(ConsentEntry) is not None
    return ids


@pytest.mark.parametrize(
    "change",
    [
        "purpose = 'own-news'",
        "action = 'withdrawn'",
        "at = at - interval '1 day'",
        "data_subject_id = gen_random_uuid()",
        "channel = 'staff'",
        "notices = '{privacy/9}'",
        "staff_id = 7",
        "evidence_digest = '\\x00'",
        "idempotency_key = 'x'",
        "written_in = written_in + 1",
    ],
)
def test_a_changed_entry_is_named(change: str) -> None:
    ids = three_sealed()
    with guards_off() as cursor:
        cursor.execute(
            f"UPDATE consent_consententry SET {change} WHERE id = %s", [ids[2]]
        )

    assert found() == [f"{ids[2]} was changed"]


def test_a_removed_entry_is_named() -> None:
    ids = three_sealed()
    with guards_off() as cursor:
        cursor.execute("DELETE FROM consent_consententry WHERE id = %s", [ids[3]])

    assert found() == [f"{ids[3]} was removed"]


def test_the_first_of_several_is_named_first() -> None:
    ids = three_sealed()
    with guards_off() as cursor:
        cursor.execute("DELETE FROM consent_consententry WHERE id = %s", [ids[4]])
        cursor.execute(
            "UPDATE consent_consententry SET purpose = 'x' WHERE id = %s", [ids[1]]
        )

    assert found() == [f"{ids[1]} was changed", f"{ids[4]} was removed"]


INSERT = (
    "INSERT INTO consent_consententry"
    " (id, at, written_in, data_subject_id, purpose, action, channel, notices)"
    " SELECT {id}, {at}, {written_in}, gen_random_uuid(), purpose, action, channel,"
    " notices FROM consent_consententry WHERE id = %s"
)
FORGERIES = {
    "all of it copied": ("9000", "at", "written_in"),
    "back-dated only": (
        "9001",
        "at - interval '1 hour'",
        "pg_current_xact_id()::text::bigint",
    ),
    "an old transaction only": ("9002", "clock_timestamp()", "written_in"),
}


@pytest.mark.parametrize("kind", FORGERIES)
@pytest.mark.parametrize("is_sealed_after", [False, True])
def test_an_inserted_entry_is_named(kind: str, is_sealed_after: bool) -> None:
    ids = three_sealed()
    number, at, written_in = FORGERIES[kind]
    with guards_off() as cursor:
        cursor.execute(INSERT.format(id=number, at=at, written_in=written_in), [ids[0]])
    if is_sealed_after:
        entry()
        seal(ConsentEntry)

    assert found() == [f"{number} was inserted among older entries"]


def test_entries_that_came_after_the_last_seal_are_no_finding() -> None:
    three_sealed()
    for _ in range(3):
        entry()

    assert found() == []


# --- The seals themselves ---


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consent_consentseal SET entry_ids = entry_ids[1:1] WHERE number = 2",
        "UPDATE consent_consentseal SET horizon = horizon + 1 WHERE number = 2",
        "UPDATE consent_consentseal SET digest = '\\x00' WHERE number = 2",
        "UPDATE consent_consentseal SET signature = '\\x00' WHERE number = 2",
        "UPDATE consent_consentseal SET is_rebased = true WHERE number = 2",
        "UPDATE consent_consentseal SET field_names = field_names[1:2] WHERE number=2",
        "DELETE FROM consent_consentseal WHERE number = 2",
    ],
)
def test_a_changed_or_removed_seal_is_found(change: str) -> None:
    three_sealed()
    with guards_off() as cursor:
        cursor.execute(change)

    assert found() == ["seal 2 is missing or was changed"]


def test_a_seal_by_another_key_is_found(settings: Settings) -> None:
    entry()
    right = settings.LEDGER_KEY
    settings.LEDGER_KEY = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="
    seal(ConsentEntry)
    settings.LEDGER_KEY = right

    assert found() == ["seal 1 is missing or was changed"]


def test_a_seal_made_anew_for_changed_entries_does_not_fit_the_next() -> None:
    ids = three_sealed()
    with guards_off() as cursor:
        cursor.execute(
            "UPDATE consent_consententry SET purpose = 'x' WHERE id = %s", [ids[0]]
        )
        cursor.execute("DELETE FROM consent_consentseal WHERE number = 1")

    assert found() == ["seal 1 is missing or was changed"]


# --- Nothing waits ---


def test_an_entry_of_an_open_transaction_waits_for_the_next_seal() -> None:
    in_transaction, go_on = threading.Event(), threading.Event()
    slow: list[int] = []

    def write_slowly() -> None:
        with transaction.atomic():
            slow.append(entry().pk)
            in_transaction.set()
            go_on.wait(10)

    thread = in_a_thread(write_slowly)
    assert in_transaction.wait(10)
    quick = entry().pk
    first = seal_at_once(ConsentEntry)
    covered_first = [] if first is None else list(first.entry_ids)
    go_on.set()
    thread.join()
    second = seal(ConsentEntry)

    assert second is not None
    assert slow[0] not in covered_first
    assert sorted([*covered_first, *second.entry_ids]) == sorted([*slow, quick])
    assert found() == []


def test_an_insert_goes_through_while_a_seal_is_being_made() -> None:
    entry()
    sealed, done = threading.Event(), threading.Event()

    def hold_the_seal_open() -> None:
        with transaction.atomic():
            seal_at_once(ConsentEntry)
            sealed.set()
            done.wait(10)

    thread = in_a_thread(hold_the_seal_open)
    assert sealed.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '500ms'")
    beside = entry().pk  # would be refused after half a second if it had to wait
    done.set()
    thread.join()

    later = seal(ConsentEntry)
    assert later is not None
    assert beside in later.entry_ids
    assert found() == []


def test_two_sealers_at_once_cover_every_entry_once() -> None:
    ids = [entry().pk for _ in range(20)]
    start = threading.Barrier(3)

    def seal_together() -> None:
        start.wait()
        seal_at_once(ConsentEntry)

    threads = [in_a_thread(seal_together) for _ in range(3)]
    for thread in threads:
        thread.join()
    seal(ConsentEntry)

    covered = [i for s in ConsentSeal.objects.all() for i in s.entry_ids]
    assert sorted(covered) == ids
    assert found() == []


def test_writing_and_sealing_side_by_side_gives_no_false_alarm() -> None:
    stop = threading.Event()

    def write_on() -> None:
        while not stop.is_set():
            entry()

    threads = [in_a_thread(write_on) for _ in range(3)]
    for _ in range(30):
        seal_at_once(ConsentEntry)
    stop.set()
    for thread in threads:
        thread.join()
    seal(ConsentEntry)

    covered = sorted(i for s in ConsentSeal.objects.all() for i in s.entry_ids)
    assert covered == sorted(ConsentEntry.objects.values_list("pk", flat=True))
    assert found() == []


# --- The command ---


def test_the_command_says_that_all_is_sound() -> None:
    three_sealed()
    out = StringIO()

    call_command("verify_ledger", stdout=out)

    assert "consent.ConsentEntry: 6 entries, 3 seals" in out.getvalue()


def test_the_command_names_the_first_wrong_entry_and_fails() -> None:
    ids = three_sealed()
    with guards_off() as cursor:
        cursor.execute("DELETE FROM consent_consententry WHERE id >= %s", [ids[2]])
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=out)

    assert f"entry {ids[2]} was removed" in out.getvalue()


def test_the_scheduled_task_seals_every_ledger() -> None:
    from governance.tasks import seal_ledgers

    entry()
    seal(ConsentEntry)
    entry()

    seal_ledgers()
    seal(ConsentEntry)

    assert ConsentSeal.objects.count() == 2


def test_an_end_that_was_cut_off_is_found_by_the_journal_outside() -> None:
    entry()
    seal(ConsentEntry)
    kept = ConsentEntry.objects.get()
    entry()
    seal(ConsentEntry)

    with guards_off() as cursor:
        cursor.execute("DELETE FROM consent_consentseal WHERE number = 2")
        cursor.execute("DELETE FROM consent_consententry WHERE id > %s", [kept.pk])

    assert found() == ["seal 2 was made and is no longer there"]


def test_an_end_that_was_made_anew_is_found_by_the_journal_outside() -> None:
    entry()
    seal(ConsentEntry)

    with guards_off() as cursor:
        cursor.execute("DELETE FROM consent_consentseal")
        cursor.execute("UPDATE consent_consententry SET purpose = 'own-news'")
    assert seal(ConsentEntry) is not None
    # The forger's own seal was noted too; he would have to hide that line as well.
    with open(settings.LEDGER_JOURNAL) as journal:
        first, _ = journal.read().splitlines()
    with open(settings.LEDGER_JOURNAL, "w") as journal:
        journal.write(f"{first}\n")

    assert found() == ["seal 1 was made and is no longer there"]


def test_an_entry_back_dated_into_an_open_transaction_is_named() -> None:
    """While a transaction was open, its number lay between the bounds of a seal: that
    must not make its place in time a free choice."""
    seal_at_once_of_a_first_entry()
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_current_xact_id()::text::bigint")
        (number,) = other.fetchone()
        entry()
        seal_at_once(ConsentEntry)
        other.execute("ROLLBACK")
    with guards_off() as cursor:
        cursor.execute(
            "INSERT INTO consent_consententry (data_subject_id, purpose, action,"
            " channel, notices, at, written_in) VALUES (gen_random_uuid(),"
            " 'case-updates', 'given', 'staff', '{}', '2019-01-01', %s)",
            [number],
        )

    assert [line.partition(" ")[2] for line in found()] == [
        "was inserted among older entries"
    ]


def seal_at_once_of_a_first_entry() -> None:
    entry()
    assert seal(ConsentEntry) is not None


@contextmanager
def other_connection() -> Iterator[Any]:
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.autocommit = True
        with other.cursor() as cursor:
            yield cursor


def test_a_seal_moved_in_time_is_found() -> None:
    entry()
    seal(ConsentEntry)

    with guards_off() as cursor:
        cursor.execute("UPDATE consent_consentseal SET sealed_at = '2015-01-01'")

    assert found()[0] == "seal 1 is missing or was changed"


def test_a_changed_wording_is_found_by_the_command() -> None:
    ledger.record_given(
        uuid.uuid4(),
        ["case-updates"],
        ledger.Circumstances(
            channel=Channel.SIGN_UP_FORM, wordings={"case-updates": "Yes, please."}
        ),
    )
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_shownwording DISABLE TRIGGER USER")
        cursor.execute("UPDATE consent_shownwording SET text = 'Yes to everything.'")
        cursor.execute("ALTER TABLE consent_shownwording ENABLE TRIGGER USER")

    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_ledger", stdout=out)
    assert "was changed" in out.getvalue()


def test_the_owner_cannot_empty_a_ledger_after_preparing() -> None:
    from groundwork.database_roles import refuse_truncate

    with acting_as(None), transaction.atomic():
        refuse_truncate(connection)
        with pytest.raises(ProgrammingError), transaction.atomic():
            connection.cursor().execute("TRUNCATE consent_consententry CASCADE")
        transaction.set_rollback(True)
