"""Checks of `manage.py check --deploy`: whether restrictions bind in this database."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connection

from data_subjects.binding_sql import expected, in_force


@register(Tags.security, deploy=True)
def restrictions_bind(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every trigger and policy is there and switched on, and the role that serves is
    subject to them."""
    try:
        missing, is_exempt = _missing(), _is_exempt()
    except OperationalError:
        return []  # groundwork.checks says that there is no database
    found: list[CheckMessage] = []
    if missing:
        named = ", ".join(sorted({table for table, _ in missing}))
        found.append(
            Error(
                f"A restriction does not bind everything that it should in: {named}.",
                hint="Run `manage.py prepare` as the owner.",
                id="data_subjects.E001",
            )
        )
    if is_exempt:
        found.append(
            Error(
                "The database role passes row-level security, which keeps to "
                "restrictions.",
                hint="Connect as casedesk_app, or as casedesk_mailer to send.",
                id="data_subjects.E002",
            )
        )
    return found


def _missing() -> set[tuple[str, str]]:
    """Nothing is, while there are no tables yet."""
    there = set(connection.introspection.table_names())
    return {(t, name) for t, name in expected() - in_force() if t in there}


def _is_exempt() -> bool:
    """The owner of the tables, a superuser, or whoever was let past."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = current_user
                           AND (rolsuper OR rolbypassrls))
                OR EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(%s)
                           AND relowner = current_user::regrole)
            """,
            ["outbox_outgoingemail"],
        )
        return bool(cursor.fetchone()[0])
