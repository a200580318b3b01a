"""Cases as they must not be, to see that they show themselves and stop no other."""

from django.db import connection

from rights_requests.models import Case, CaseLogEntry


def without_receipt(case: Case) -> None:
    """Its log cannot be counted any more: as the owner of the table might leave it."""
    table = CaseLogEntry._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("RESET ROLE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"DELETE FROM {table} WHERE case_id = %s", [case.pk])
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
