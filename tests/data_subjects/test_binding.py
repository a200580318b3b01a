"""A restriction binds whoever writes a statement: the database keeps to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from case_updates import sending
from case_updates.models import Delivery
from config.binding import BINDING
from data_subjects import binding_sql, restriction
from data_subjects.binding import Binding
from data_subjects.models import Allowance, DataSubject, Ground, Restriction, UseDespite
from data_subjects.people import subject_of
from data_subjects.restriction import Allowed
from governance import restrictions
from groundwork.database_roles import APP, MAILER, MAILER_READS, MAILER_WRITES
from groundwork.holdings import Holding, holdings
from groundwork.restricted_rows import as_allowed, by_the_person, only_usable
from outbox import delivery
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.queueing import queue
from subscribers import exporting, preferences
from subscribers.models import Subscriber
from tests.case_updates.cast import reader, released
from tests.data_subjects.acts import STAFF, lifted, restricted
from tests.database_role import acting_as
from tests.people import ADA, BEN, CLEO, subscriber_of
from tests.relay import Relay
from tests.whole_house.inhabited import move_in
from tests.whole_house.test_holdings import bind_and_list

HOLDINGS = {holding.key: holding for holding in holdings()}
REFUSED = "stored and neither changed nor removed"
# A trigger that is older than restrictions, and speaks first.
REFUSED_BEFORE = "a notice delivery is kept until its period is over"


def run(sql: str, *values: Any) -> int:
    """How many rows a bare statement touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def value(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


@contextmanager
def refused(words: str = REFUSED) -> Iterator[None]:
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        yield


# --- The table is whole, and the database has all of it ---


def test_every_place_says_how_a_restriction_binds_it() -> None:
    assert list(BINDING) == list(HOLDINGS)


@pytest.mark.parametrize("key", BINDING)
def test_whatever_is_bound_less_than_wholly_says_why(key: str) -> None:
    bound = BINDING[key]
    is_whole = bound.edits == Binding().edits and bound.is_kept

    assert is_whole or bound.because.endswith(".")


@pytest.mark.parametrize("key", BINDING)
def test_what_the_mail_worker_reads_is_hidden_from_it_or_excused(key: str) -> None:
    bound = BINDING[key]
    table = HOLDINGS[key].table._meta.db_table
    is_read = table in MAILER_READS | MAILER_WRITES
    is_hidden = bound.is_mail or (bound.leaves_uses and not bound.mailer_sees)

    assert is_hidden or not is_read or bound.mailer_sees.endswith(".")
    assert not (bound.mailer_sees and bound.is_mail)


CATALOGUE = """
    SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger
    WHERE tgname LIKE 'restriction\\_%%'
    UNION ALL
    SELECT 'function', pg_get_functiondef(oid) FROM pg_proc
    WHERE proname LIKE 'casedesk\\_%%'
    UNION ALL
    SELECT 'policy', pol::text FROM pg_policies AS pol
    WHERE policyname LIKE 'restriction\\_%%'
    UNION ALL
    SELECT 'row security', oid::regclass::text FROM pg_class WHERE relrowsecurity
"""


def catalogue() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE, [])
        return set(cursor.fetchall())


@pytest.mark.django_db
def test_the_migrations_left_what_the_table_says() -> None:
    """Red when a place or a field was added, or the table changed, and no migration runs
    binding_sql.bind() again."""
    with acting_as(None):
        as_migrated = catalogue()
        binding_sql.bind()
        as_it_should_be = catalogue()

    assert as_migrated == as_it_should_be
    assert binding_sql.expected() == binding_sql.in_force()
    assert len(as_migrated) > 60


@pytest.mark.django_db
def test_it_can_be_taken_away_for_a_migration_and_made_again() -> None:
    with acting_as(None):
        before = catalogue()
        binding_sql.unbind()
        assert binding_sql.in_force() == set()
        binding_sql.bind()

        assert catalogue() == before


# --- Editing and removing, place by place, as the application's role ---

OTHER_VALUE = {
    "text": "'x'",
    "character varying": "'x'",
    "uuid": "gen_random_uuid()",
    "bytea": "'\\x00'::bytea",
    "bigint": '"{column}" + 1',
    "jsonb": "'{{\"x\": 1}}'::jsonb",
    "ARRAY": "'{{}}'",
    "timestamp with time zone": "now() + interval '1 day'",
    "date": "current_date + 1",
    "boolean": 'NOT "{column}"',
}
TYPE = """SELECT data_type FROM information_schema.columns
    WHERE table_name = %s AND column_name = %s"""


def other_value(table: str, column: str) -> str:
    return OTHER_VALUE[value(TYPE, table, column)].format(column=column)


def keys_of(holding: Holding, subject: DataSubject) -> list[Any]:
    from rights_requests.fulfilment.people import person_of

    return list(holding.rows(person_of(subject.pk)).values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_restricted_person_is_changed_or_removed(
    open_house: None, client: Client, smtp: Relay, mailbox: Path
) -> None:
    """Each row of each place in a whole house, by bare statements of the application."""
    move_in(client, smtp, mailbox)
    bind_and_list()
    met: dict[str, set[str]] = {"changed": set(), "removed": set()}
    for subject in DataSubject.objects.all():
        if not restriction.is_restricted(subject.pk):
            asked = restriction.Asked(Ground.CLAIMS, "They need it for a claim.")
            restriction.restrict(subject.pk, asked, staff_id=STAFF)
        for key, bound in BINDING.items():
            holding = HOLDINGS[key]
            if not bound.binds_rows:
                continue
            for pk in keys_of(holding, subject):
                try_to_change(holding, bound, pk, met["changed"])
                if bound.is_kept:
                    try_to_remove(holding, pk)
                    met["removed"].add(key)

    assert met["changed"] == {
        key
        for key, bound in BINDING.items()
        if binding_sql.edited_columns(HOLDINGS[key], bound)
    }
    assert met["removed"] == {key for key, bound in BINDING.items() if bound.is_kept}


def try_to_change(holding: Holding, bound: Binding, pk: Any, met: set[str]) -> None:
    table = holding.table._meta.db_table
    key = holding.table._meta.pk.column
    for column in binding_sql.edited_columns(holding, bound):
        wanted = other_value(table, column)
        with refused():
            run(f'UPDATE "{table}" SET "{column}" = {wanted} WHERE "{key}" = %s', pk)
        met.add(holding.key)


def try_to_remove(holding: Holding, pk: Any) -> None:
    table = holding.table._meta.db_table
    with refused(f"{REFUSED}|{REFUSED_BEFORE}"):
        run(f'DELETE FROM "{table}" WHERE "{holding.table._meta.pk.column}" = %s', pk)


@pytest.fixture
def ada(open_house: None) -> Subscriber:
    return reader(ADA)


RENAME = "UPDATE subscribers_subscriber SET first_name = %s WHERE id = %s"


def test_what_is_restricted_is_not_given_to_somebody_else(ada: Subscriber) -> None:
    """Else it would be changed there, and come back."""
    other = reader(BEN)
    free = subject_of(CLEO).pk
    restricted(ADA)
    with refused():
        run(MOVE, free, ada.pk)
    with refused():
        run("UPDATE subscribers_mailedlink SET subscriber_id = %s", other.pk)
    assert run(MOVE, free, other.pk) == 1


MOVE = "UPDATE subscribers_subscriber SET data_subject_id = %s WHERE id = %s"


def test_whoever_is_not_restricted_can_be_changed(ada: Subscriber) -> None:
    restricted(CLEO)
    lifted(ADA)

    assert run(RENAME, "Ada", ada.pk) == 1


def test_the_person_changes_their_own_rows_and_nobody_elses(ada: Subscriber) -> None:
    ben = reader(BEN)
    restricted(ADA)
    restricted(BEN)

    with by_the_person(ada.data_subject_id):
        assert run(RENAME, "Ada", ada.pk) == 1
        with refused():
            run(RENAME, "Ben", ben.pk)
    with refused():
        run(RENAME, "Eve", ada.pk)


def test_what_the_law_allows_stands_on_record_first(ada: Subscriber) -> None:
    restricted(ADA)
    allowed = Allowed(Allowance.CLAIMS, "The court asked.")
    with refused(), as_allowed(ada.data_subject_id):
        run(RENAME, "Ada", ada.pk)
    restriction.lock(ada.data_subject_id)
    what = UseDespite.What.CORRECTION
    restriction.use_despite(ada.data_subject_id, what, allowed, staff_id=STAFF)

    with as_allowed(ada.data_subject_id):
        assert run(RENAME, "Ada", ada.pk) == 1


def test_what_was_let_through_ends_with_a_mistake_too(ada: Subscriber) -> None:
    restricted(ADA)

    with pytest.raises(ZeroDivisionError), by_the_person(ada.data_subject_id):
        1 / 0  # noqa: B018

    with refused():
        run(RENAME, "Ada", ada.pk)


def test_staff_still_read_the_reason_and_not_an_error(ada: Subscriber) -> None:
    restricted(ADA)

    with pytest.raises(Exception, match="restricted since"):
        preferences.change_details(ada, {"first_name": "Eve"}, staff_id=STAFF)


# --- Sending, as the mail worker's role ---


def queued(message_class: MessageClass, address: str = ADA) -> OutgoingEmail:
    is_marketing = message_class == MessageClass.MARKETING
    link = "http://localhost:8000/u/" + "a" * 22 + "/"
    return queue(
        "subscribers/stopped",
        to=address,
        context={"purposes": [], "unsubscribe_url": link},
        data_subject_id=subject_of(address).pk,
        message_class=message_class,
        purpose="case-updates" if is_marketing else "",
    )


HELD_BACK = [MessageClass.MARKETING, MessageClass.NOTICE]
OUTBOX = "SELECT count(*) FROM outbox_outgoingemail"
HAND_OVER = (
    "UPDATE outbox_outgoingemail SET state = 'in flight', handing_over_at = now()"
)


@pytest.mark.parametrize("message_class", HELD_BACK)
def test_the_mail_worker_neither_reads_nor_hands_over_what_is_held_back(
    open_house: None, smtp: Relay, message_class: MessageClass
) -> None:
    mail = queued(message_class)
    restricted()

    with acting_as(MAILER):
        assert value(OUTBOX) == 0
        assert run(HAND_OVER) == 0
        delivery.deliver_due()

    assert smtp.received == []
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.WITHHELD, "restricted")
    assert mail.settled_at is not None


def test_the_mail_worker_cannot_write_such_a_message_itself(open_house: None) -> None:
    mail = queued(MessageClass.NOTICE)
    restricted()
    columns = [str(field.column) for field in OutgoingEmail._meta.concrete_fields]
    with acting_as(None):
        run("CREATE TABLE casedesk_a_mail AS SELECT * FROM outbox_outgoingemail")
        run(f"GRANT SELECT ON casedesk_a_mail TO {MAILER}")
    names = ", ".join(columns)
    values = ", ".join(
        {"id": "gen_random_uuid()", "handing_over_at": "now()"}.get(name, name)
        for name in columns
    )
    copy = f"INSERT INTO outbox_outgoingemail ({names}) SELECT {values} FROM"

    with acting_as(MAILER), refused("row-level security"):
        run(f"{copy} casedesk_a_mail")

    assert OutgoingEmail.objects.get() == mail


@pytest.mark.parametrize(
    "message_class", [c for c in MessageClass if c not in HELD_BACK]
)
def test_answers_leave_all_the_same(
    open_house: None, smtp: Relay, message_class: MessageClass
) -> None:
    queued(message_class)
    restricted()

    with acting_as(MAILER):
        delivery.deliver_due()

    assert [m.recipients for m in smtp.received] == [[ADA]]


def test_what_had_begun_is_written_down_and_then_out_of_sight(open_house: None) -> None:
    queued(MessageClass.NOTICE)
    run(HAND_OVER)
    restricted()
    settle = "UPDATE outbox_outgoingemail SET state = 'sent', settled_at = %s"

    with acting_as(MAILER):
        assert run(settle, timezone.now()) == 1
    assert value("SELECT state FROM outbox_outgoingemail") == "sent"
    run("UPDATE outbox_outgoingemail SET settled_at = now() - interval '2 hours'")

    with acting_as(MAILER):
        assert value(OUTBOX) == 0


def test_a_server_that_says_later_does_not_bring_it_back(open_house: None) -> None:
    mail = queued(MessageClass.NOTICE)
    run(HAND_OVER)
    restricted()

    with acting_as(MAILER):
        run("UPDATE outbox_outgoingemail SET state = 'queued', handing_over_at = NULL")

    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.WITHHELD, "restricted")


def test_nobody_queues_it_again_by_hand(open_house: None) -> None:
    mail = queued(MessageClass.MARKETING)
    run("UPDATE outbox_outgoingemail SET state = 'failed', settled_at = now()")
    restricted()

    delivery.settle_by_hand(str(mail.pk), was_sent=False)

    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.WITHHELD, "restricted")


def test_the_mail_worker_sees_no_restricted_reader_and_no_delivery(
    open_house: None, smtp: Relay
) -> None:
    reader(ADA)
    ben = reader(BEN)
    released()
    restricted(ADA)
    smtp.received.clear()

    with acting_as(MAILER):
        assert value("SELECT array_agg(id) FROM subscribers_subscriber") == [ben.pk]
        assert value("SELECT count(*) FROM case_updates_delivery") == 1
        begin = "UPDATE case_updates_delivery SET handing_over_at = now()"
        with transaction.atomic():
            assert run(begin) == 1
            transaction.set_rollback(True)
        sending.send_due()

    assert [m.recipients for m in smtp.received] == [[BEN]]
    row = Delivery.objects.get(data_subject_id=subscriber_of(ADA).data_subject_id)
    assert (row.state, row.reason) == (State.WITHHELD, "restricted")


def test_a_restriction_after_the_claim_holds_the_delivery_back(
    open_house: None, smtp: Relay
) -> None:
    """The worker has the row already; it loses sight of it and hands nothing over."""
    reader(ADA)
    update = released()
    smtp.received.clear()
    with acting_as(MAILER):
        batch = sending.claim_batch(update)
        reader_seen = Subscriber.objects.get()
        with acting_as(APP):
            restricted(ADA)
        from case_updates.composing import Letter
        from outbox.transport import Transport

        with Transport() as transport:
            sending.send_one(batch[0], reader_seen, Letter.of(update), transport)
        sending.send_due()

    assert smtp.received == []
    row = Delivery.objects.get()
    assert (row.state, row.reason) == (State.WITHHELD, "restricted")


# --- Lists and counts ---

COUNTED: dict[str, Callable[[Subscriber], tuple[str, Any]]] = {
    "subscribers_subscriber": lambda ada: ("data_subject_id", ada.data_subject_id),
    "consent_consententry": lambda ada: ("data_subject_id", ada.data_subject_id),
    "data_subjects_datasubject": lambda ada: ("id", ada.data_subject_id),
}


@pytest.mark.parametrize("table", COUNTED)
def test_what_is_read_for_a_use_leaves_restricted_people_out(
    ada: Subscriber, table: str
) -> None:
    reader(BEN)
    restricted(ADA)
    column, key = COUNTED[table](ada)
    theirs = f"SELECT count(*) FROM {table} WHERE {column} = %s"
    everybodys = f"SELECT count(*) FROM {table}"

    assert value(theirs, key) > 0
    with only_usable():
        assert value(theirs, key) == 0
        assert value(everybodys) > 0
    assert value(theirs, key) > 0


def test_whoever_is_restricted_while_a_file_is_on_its_way_is_left_out_of_the_rest(
    ada: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader(BEN)
    monkeypatch.setattr(exporting, "CHUNK", 1)
    lines = exporting.as_json(exporting.Whom.EVERYONE)
    first = [next(lines), next(lines)]
    restricted(BEN)

    rest = "".join(lines)

    assert ADA in first[1] and BEN not in rest


# --- Lifting ---


def test_a_column_that_says_told_lifts_nothing(open_house: None) -> None:
    """Only the ledger, to which nothing but the telling writes, says that it was so."""
    row = restricted()
    told = "lifted_at = now(), notice_sent_at = now() - interval '1 day'"

    with refused("once its person was told"):
        run(f"UPDATE data_subjects_restriction SET {told} WHERE id = %s", row.pk)

    assert restriction.is_restricted(row.data_subject_id)


def test_a_restriction_is_not_given_to_somebody_else_nor_removed(
    open_house: None,
) -> None:
    row = restricted()
    other = subject_of(BEN)

    with refused():
        run("UPDATE data_subjects_restriction SET data_subject_id = %s", other.pk)
    with refused():
        run("UPDATE data_subjects_restriction SET starts_at = now() + '1 year'")
    with refused():
        run("DELETE FROM data_subjects_restriction")

    assert restriction.is_restricted(row.data_subject_id)


def test_the_verbs_still_lift_what_the_person_was_told_of(open_house: None) -> None:
    row = restricted()
    restriction.tell(row.pk, ending="Checked.", how="by letter", staff_id=STAFF)

    restrictions.lift(row.pk, staff_id=STAFF)

    assert Restriction.objects.get().lifted_at is not None


def test_a_wrong_statement_names_the_rule(ada: Subscriber) -> None:
    restricted(ADA)

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        run(RENAME, "Eve", ada.pk)

    assert "Article 18(2)" in str(caught.value)
