"""What each database role may do, in one place.

The owner migrates and never serves. The application reads and writes, but in ledgers
it only reads and adds. The mailer sees and touches what sending needs, and nothing of
the staff's or of anybody's case.
"""

from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from groundwork.ledger import AppendOnlyModel

APP = "casedesk_app"
MAILER = "casedesk_mailer"

MAILER_READS = {
    "processing_register_controller",
    "processing_register_processingpurpose",
    "processing_register_noticeversion",
    "processing_register_noticeannouncement",
    "data_subjects_datasubject",
    "data_subjects_journalline",
    "data_subjects_journalmark",
    "subscribers_subscriber",
    "consent_consententry",
    "outbox_suppressedaddress",
    "case_updates_caseupdate",
}
MAILER_WRITES = {"outbox_outgoingemail", "case_updates_delivery"}
# It asks whether somebody's data is restricted, and sees nothing of why.
MAILER_READS_COLUMNS = {
    "data_subjects_restriction": ("id", "data_subject_id", "lifted_at")
}
# The mailer closes a sending; it can touch no other column of a case update.
MAILER_COLUMNS = {"case_updates_caseupdate": ("state", "finished_at")}
# What was done, and when it ended: a row is changed until its end, and never removed.
NEVER_REMOVED = {
    "governance_retentionrun",
    "governance_proofstransfer",
    "rights_requests_standingrule",
}


def append_only_tables() -> set[str]:
    return {
        model._meta.db_table
        for model in apps.get_models()
        if issubclass(model, AppendOnlyModel)
    }


def grant(connection: BaseDatabaseWrapper) -> None:
    """Give both roles exactly their privileges on every table; run after migrating. In
    one moment: whoever serves meanwhile has the old ones until then, and never none."""
    tables = set(connection.introspection.table_names())
    ledgers = append_only_tables() & tables
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        for role in (APP, MAILER):
            _start_from_nothing(cursor, role)
        for table in sorted(tables):
            rights = _rights_of_the_application(table, ledgers)
            cursor.execute(f'GRANT {rights} ON "{table}" TO {APP}')
        for table in sorted(MAILER_READS & tables):
            cursor.execute(f'GRANT SELECT ON "{table}" TO {MAILER}')
        for table in sorted(MAILER_WRITES & tables):
            cursor.execute(f'GRANT SELECT, INSERT, UPDATE ON "{table}" TO {MAILER}')
        for right, of_tables in (
            ("SELECT", MAILER_READS_COLUMNS),
            ("UPDATE", MAILER_COLUMNS),
        ):
            for table in sorted(of_tables.keys() & tables):
                names = ", ".join(f'"{column}"' for column in of_tables[table])
                cursor.execute(f'GRANT {right} ({names}) ON "{table}" TO {MAILER}')


def _rights_of_the_application(table: str, ledgers: set[str]) -> str:
    if table == "django_migrations":
        return "SELECT"
    if table in ledgers:
        return "SELECT, INSERT"
    if table in NEVER_REMOVED:
        return "SELECT, INSERT, UPDATE"
    return "SELECT, INSERT, UPDATE, DELETE"


def refuse_truncate(connection: BaseDatabaseWrapper) -> None:
    """Take from the owner, too, the right to empty at one stroke a ledger, or what
    else is never removed."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in sorted((append_only_tables() | NEVER_REMOVED) & tables):
            cursor.execute(f'REVOKE TRUNCATE ON "{table}" FROM CURRENT_USER')


def _start_from_nothing(cursor: Any, role: str) -> None:
    cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
