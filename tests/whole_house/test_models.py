"""Every model says what it holds; every ledger refuses change; the schedule works."""

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.utils import DatabaseError, ProgrammingError
from django.utils.module_loading import import_string

from config.celery import app as celery_app
from config.schedule import SCHEDULE
from governance.models import RetentionRun
from groundwork.database_roles import APP, MAILER, append_only_tables
from groundwork.ledger import AppendOnlyModel, LedgerEntry, ledgers
from groundwork.personal_data import (
    Category,
    Erasure,
    Held,
    NoPersonalData,
    PersonalData,
)
from tests.database_role import acting_as

OURS = {
    "governance",
    "rights_requests",
    "case_updates",
    "subscribers",
    "consent",
    "outbox",
    "data_subjects",
    "processing_register",
    "staff",
    "groundwork",
}
MODELS = [m for m in apps.get_models() if m._meta.app_label in OURS]
LEDGERS = [m for m in MODELS if issubclass(m, AppendOnlyModel)]


def names(found: list[Any]) -> list[str]:
    return [model._meta.label for model in found]


@pytest.mark.parametrize("model", MODELS, ids=names(MODELS))
def test_every_model_says_whether_it_holds_personal_data(model: Any) -> None:
    declared = model.__dict__.get("personal_data")

    assert isinstance(declared, PersonalData | NoPersonalData)
    if isinstance(declared, NoPersonalData):
        assert declared.because
        return
    assert declared.fields
    kinds = [kind for kind in declared.fields.values() if not isinstance(kind, Held)]
    assert all(isinstance(kind, Category) for kind in kinds)
    for key in (declared.purpose, declared.source, declared.retention):
        assert key
    assert isinstance(declared.erasure, Erasure)


def test_every_encrypted_field_is_declared_personal() -> None:
    from groundwork.encryption import EncryptedJSONField, EncryptedTextField

    model: Any
    for model in MODELS:
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField | EncryptedJSONField):
                assert field.name in model.personal_data.fields, f"{model}.{field.name}"


# --- Ledgers ---


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("model", LEDGERS, ids=names(LEDGERS))
def test_every_ledger_refuses_raw_sql(model: Any) -> None:
    table = model._meta.db_table
    column = model._meta.pk.column
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
    ):
        for role in (APP, MAILER):
            with (
                acting_as(role),
                pytest.raises(ProgrammingError, match="permission denied"),
            ):
                run(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("model", LEDGERS, ids=names(LEDGERS))
def test_every_ledger_has_a_trigger_that_refuses_even_the_owner(model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, t.tgtype, t.tgenabled FROM pg_trigger AS t"
            " JOIN pg_proc AS p ON p.oid = t.tgfoid"
            " WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal",
            [model._meta.db_table],
        )
        triggers = {name: (kind, on) for name, kind, on in cursor.fetchall()}

    row, before, delete, update = 1, 2, 8, 16
    kind, enabled = triggers["casedesk_refuse_change"]
    assert kind == row | before | delete | update
    assert enabled == "O"
    if issubclass(model, LedgerEntry):
        assert "casedesk_stamp_entry" in triggers


def test_every_ledger_is_sealed() -> None:
    for ledger in ledgers():
        assert issubclass(ledger.seal_model, AppendOnlyModel)
    assert append_only_tables() == {model._meta.db_table for model in LEDGERS}


@pytest.mark.django_db
def test_a_ledger_refuses_to_change_an_entry_that_is_there() -> None:
    from staff.models import AccessRecord

    AccessRecord.objects.create(staff_id=1, action="opened")
    with acting_as(None), pytest.raises(DatabaseError, match="append-only"):
        run("UPDATE staff_accessrecord SET staff_id = 2")
    with acting_as(None), pytest.raises(DatabaseError, match="append-only"):
        run("DELETE FROM staff_accessrecord")


@pytest.mark.django_db
def test_the_mailer_sees_nothing_of_staff_or_of_drafts_it_need_not() -> None:
    for table in ("staff_staffuser", "django_session", "subscribers_mailedlink"):
        with (
            acting_as(MAILER),
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            run(f"SELECT 1 FROM {table}")


# --- The schedule ---


def test_every_entry_of_the_schedule_names_a_task() -> None:
    celery_app.loader.import_default_modules()
    queues = set()
    for name, entry in SCHEDULE.items():
        assert entry["task"] in celery_app.tasks, f"{name}: {entry['task']}"
        task: Any = celery_app.tasks[entry["task"]]
        queues.add(task.queue)
    assert queues == {"mail", "work"}


def test_every_task_is_named_by_hand_and_short() -> None:
    import inspect

    celery_app.loader.import_default_modules()
    ours = [t for n, t in celery_app.tasks.items() if n.split(".")[0] in OURS]
    assert ours
    task: Any
    for task in ours:
        assert task.queue in ("mail", "work"), task.name
        lines = inspect.getsource(task.run).splitlines()
        assert len(lines) <= 11, task.name


@pytest.mark.django_db
def test_every_rule_of_retention_runs_and_is_on_record() -> None:
    from governance.tasks import run_retention

    run_retention()

    runs = RetentionRun.objects.all()
    assert {row.rule for row in runs} == set(settings.RETENTION)
    assert [row.problem for row in runs if row.problem] == []
    for path in settings.INBOUND_READERS:
        assert callable(import_string(path))


# --- Migrations ---


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_model_has_a_readable_name() -> None:
    for model in MODELS:
        assert model.__str__ is not models.Model.__str__, model
