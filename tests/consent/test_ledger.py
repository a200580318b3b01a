"""What the consent ledger records, and that nothing in it ever changes."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django.test import Client

from consent import ledger
from consent.models import (
    Action,
    Channel,
    ConsentEntry,
    ConsentEvidence,
    ConsentSeal,
    ShownWording,
)
from groundwork import one_statement
from groundwork.database_roles import APP
from groundwork.ledger import LedgerIsAppendOnly
from groundwork.one_statement import Part
from tests.database_role import acting_as
from tests.people import CASE_UPDATES, OWN_NEWS, become_reader, subscriber_of
from tests.relay import Relay

pytestmark = pytest.mark.django_db

FORM = ledger.Circumstances(
    channel=Channel.SIGN_UP_FORM,
    notices=["privacy/1", "sign-up/1"],
    wordings={CASE_UPDATES: "Case updates. “Only” when there is news.\r\n\tÉnd "},
    evidence={"network": "192.0.2.0/24", "browser": "Firefox", "page": "/"},
)


def record_requested(
    subject: uuid.UUID, purposes: list[str], how: ledger.Circumstances
) -> list[ConsentEntry]:
    person = Part("person", "SELECT %s::uuid AS data_subject_id", (subject,))
    parts = [person, *ledger.requested(purposes, how, source="person")]
    one_statement.run(parts, "SELECT 1")
    return [ConsentEntry.objects.latest("id")]


def given(subject: uuid.UUID, *purposes: str, key: str | None = None) -> list[Any]:
    return ledger.record_given(subject, purposes or (CASE_UPDATES,), FORM, key=key)


# --- Append-only, by three guards ---


@pytest.mark.parametrize(
    "attempt",
    [
        lambda e: e.save(),
        lambda e: e.delete(),
        lambda e: ConsentEntry.objects.filter(pk=e.pk).update(purpose="x"),
        lambda e: ConsentEntry.objects.all().delete(),
        lambda e: ConsentEntry.objects.bulk_update([e], ["purpose"]),
    ],
    ids=["save", "delete", "update", "delete all", "bulk update"],
)
def test_the_model_refuses_to_change_an_entry(attempt: Callable[[Any], Any]) -> None:
    (entry,) = given(uuid.uuid4())

    with pytest.raises(LedgerIsAppendOnly):
        attempt(entry)

    assert ConsentEntry.objects.get().purpose == CASE_UPDATES


STATEMENTS = {
    "UPDATE": "UPDATE {} SET {} = {}",
    "DELETE": "DELETE FROM {}",
    "TRUNCATE": "TRUNCATE {} CASCADE",
}


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def table_of(model: Any) -> tuple[str, str]:
    """Its table and its first column."""
    return model._meta.db_table, model._meta.concrete_fields[0].column


@pytest.mark.parametrize("kind", ["UPDATE", "DELETE"])
def test_a_trigger_refuses_even_the_owner(kind: str) -> None:
    given(uuid.uuid4())
    table, column = table_of(ConsentEntry)

    with (
        acting_as(None),
        pytest.raises(DatabaseError, match=r"append-only: .* is refused"),
    ):
        run(STATEMENTS[kind].format(table, column, column))

    assert ConsentEntry.objects.count() == 1


@pytest.mark.parametrize("kind", STATEMENTS)
@pytest.mark.parametrize("model", [ConsentEntry, ConsentSeal, ShownWording])
def test_the_application_may_not_even_try(kind: str, model: Any) -> None:
    given(uuid.uuid4())
    table, column = table_of(model)

    with pytest.raises(ProgrammingError, match="permission denied"):
        run(STATEMENTS[kind].format(table, column, column))


def test_the_application_cannot_switch_the_guards_off() -> None:
    table, _ = table_of(ConsentEntry)
    for statement in (
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"DROP TRIGGER {table}_append_only ON {table}",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(DatabaseError, match=r"must be owner|permission denied"):
            run(statement)


def test_time_and_transaction_are_the_databases_own() -> None:
    long_ago = datetime.fromisoformat("2001-01-01T00:00:00+00:00")
    ConsentEntry.objects.create(
        data_subject_id=uuid.uuid4(),
        purpose=CASE_UPDATES,
        action=Action.GIVEN,
        channel=Channel.STAFF,
        at=long_ago,
        written_in=1,
    )

    entry = ConsentEntry.objects.get()
    assert entry.at.year > 2001
    assert entry.written_in > 1


# --- What stands, now and at any instant ---


def test_a_wish_is_not_consent() -> None:
    subject = uuid.uuid4()
    record_requested(subject, [CASE_UPDATES], FORM)

    assert ledger.standing_purposes(subject) == {}


def test_what_stood_at_any_past_instant_is_found_by_replay() -> None:
    subject, other = uuid.uuid4(), uuid.uuid4()
    given(other, OWN_NEWS)
    history: list[tuple[datetime, set[str]]] = []

    def then(entries: list[ConsentEntry], standing: set[str]) -> None:
        at = ConsentEntry.objects.get(pk=entries[-1].pk).at
        history.append((at, standing))

    then(given(subject), {CASE_UPDATES})
    then(given(subject, OWN_NEWS), {CASE_UPDATES, OWN_NEWS})
    then(ledger.record_withdrawn(subject, [CASE_UPDATES], FORM), {OWN_NEWS})
    then(record_requested(subject, [CASE_UPDATES], FORM), {OWN_NEWS})
    then(given(subject), {CASE_UPDATES, OWN_NEWS})
    then(ledger.record_withdrawn(subject, [CASE_UPDATES, OWN_NEWS], FORM), set())

    for at, standing in history:
        assert set(ledger.standing_purposes(subject, at=at)) == standing
    first = history[0][0]
    assert ledger.standing_purposes(subject, at=first.replace(year=2000)) == {}
    assert set(ledger.standing_purposes(other)) == {OWN_NEWS}


def test_the_standing_of_everybody_for_one_purpose() -> None:
    stays, goes, wants = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    given(stays)
    given(goes)
    ledger.record_withdrawn(goes, [CASE_UPDATES], FORM)
    record_requested(wants, [CASE_UPDATES], FORM)
    given(wants, OWN_NEWS)

    found = ConsentEntry.objects.standing(purpose=CASE_UPDATES)

    assert [entry.data_subject_id for entry in found] == [stays]


# --- What was shown ---


def words_of(entry: ConsentEntry) -> str:
    assert entry.wording is not None
    return entry.wording.text


def test_the_words_are_kept_byte_for_byte_and_once() -> None:
    (first,) = given(uuid.uuid4())
    (second,) = given(uuid.uuid4())

    assert first.wording.text == FORM.wordings[CASE_UPDATES]
    assert second.wording_id == first.wording_id
    assert ShownWording.objects.count() == 1
    stored = ShownWording.objects.get()
    assert bytes(stored.digest) == ShownWording.digest_of(FORM.wordings[CASE_UPDATES])


def test_a_new_version_of_the_words_leaves_the_old_record_as_it_was(
    client: Client, smtp: Relay
) -> None:
    from processing_register.models import NoticeVersion

    become_reader(client, smtp)
    before = words_of(ConsentEntry.objects.get(action=Action.GIVEN))
    old = NoticeVersion.objects.get(notice="sign-up", number=1)
    NoticeVersion.objects.create(
        notice="sign-up",
        number=2,
        title=old.title,
        severity=old.severity,
        body=old.body.replace("Case updates", "All about the case"),
        digest=b"2",
        source_digest=b"2",
        effective_on=old.effective_on,
        published_at=old.published_at,
    )

    become_reader(client, smtp, "cleo@example.com")

    ada, cleo = ConsentEntry.objects.filter(action=Action.GIVEN).order_by("id")
    assert words_of(ada) == before
    assert "sign-up/1" in ada.notices
    assert "All about the case" in words_of(cleo)
    assert "sign-up/2" in cleo.notices


def test_the_record_holds_the_words_of_the_page_that_was_shown(
    client: Client, smtp: Relay
) -> None:
    page = " ".join(client.get("/").content.decode().split())
    become_reader(client, smtp)

    for line in words_of(ConsentEntry.objects.get(action=Action.GIVEN)).split("\n"):
        plain = line.removeprefix("[ ] ").strip("[]")
        title, _, rest = plain.partition(". ") if "[ ]" in line else (plain, "", "")
        assert title in page
        assert rest in page


# --- Told twice is once ---


def test_the_same_event_told_twice_is_one_entry() -> None:
    subject = uuid.uuid4()
    assert len(given(subject, CASE_UPDATES, OWN_NEWS, key="confirm-1")) == 2

    assert given(subject, CASE_UPDATES, OWN_NEWS, key="confirm-1") == []

    assert ConsentEntry.objects.count() == 2


def test_the_database_refuses_a_second_entry_with_the_same_key() -> None:
    given(uuid.uuid4(), key="confirm-1")

    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentEntry.objects.create(
            data_subject_id=uuid.uuid4(),
            purpose=CASE_UPDATES,
            action=Action.GIVEN,
            channel=Channel.STAFF,
            idempotency_key=f"confirm-1:{CASE_UPDATES}",
        )


# --- No personal data ---


def test_the_ledger_holds_nothing_that_leads_to_a_person(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, first_name="Augusta", telephone="+44 20 7946 0000")
    ada = subscriber_of("ada@example.com")

    rows = str(list(ConsentEntry.objects.values()))

    for secret in ("ada@", "Augusta", "7946", "127.0.0", ada.address_digest.hex()):
        assert secret not in rows


def test_the_digest_of_erased_evidence_cannot_be_found_by_trying() -> None:
    (first,) = given(uuid.uuid4())
    (second,) = given(uuid.uuid4())

    assert first.evidence_digest != second.evidence_digest
    assert ConsentEvidence.objects.count() == 2


def test_the_owner_is_not_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == (APP, "casedesk_owner")
