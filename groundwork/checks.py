"""Checks of `manage.py check --deploy`: what must hold before real people's data.

They are for mistakes that nobody sees otherwise: a site address whose links travel in
the clear, a wrong civil day, a database role that could rewrite the ledgers.

Django runs a check with the tag “database” only when --database is given, and nobody
would miss it: those here that read the database do without that tag.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from groundwork.database_roles import append_only_tables

FORBIDDEN = ("UPDATE", "DELETE", "TRUNCATE")


@register(Tags.security, deploy=True)
def site_url_is_safe(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The links in e-mails are capabilities: over http anybody on the way has them."""
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme == "https" and parts.hostname:
        return []
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return []
    return [Error("SITE_URL must be https, except on loopback.", id="groundwork.E001")]


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@register(Tags.compatibility, deploy=True)
def civil_day_is_londons(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Periods of the law end with the controller's day, not with that of UTC."""
    if settings.TIME_ZONE == "Europe/London" and settings.USE_TZ:
        return []
    return [
        Error(
            "TIME_ZONE must be Europe/London and USE_TZ on: deadlines count civil days.",
            id="groundwork.E002",
        )
    ]


@register(Tags.security, deploy=True)
def local_set_up_is_off(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """The local set-up shows every message to whoever asks."""
    on_loopback = _is_loopback(urlsplit(settings.SITE_URL).hostname or "")
    if on_loopback or not (settings.EMBEDDED or settings.MAILBOX_DIR):
        return []
    return [
        Error(
            "EMBEDDED and MAILBOX_DIR are for the local set-up: they open /mailbox/.",
            id="groundwork.E003",
        )
    ]


@register(Tags.security, deploy=True)
def ledgers_are_out_of_reach(
    app_configs: Any, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """The role that serves must not be able to change or empty a ledger."""
    aliases = databases or [DEFAULT_DB_ALIAS]
    try:
        return [problem for alias in aliases for problem in _check_role(alias)]
    except OperationalError as error:
        return [_unreachable(error)]


def _unreachable(error: OperationalError) -> CheckMessage:
    """No error: an image is checked before there is a database beside it."""
    why = str(error).strip().partition("\n")[0]
    return Warning(
        f"The database cannot be reached, so nothing in it was checked: {why}",
        hint="Set DATABASE_URL and start the database, then check again.",
        id="groundwork.W005",
    )


def _check_role(alias: str) -> list[CheckMessage]:
    with connections[alias].cursor() as cursor:
        cursor.execute(
            """
            SELECT table_name, privilege
            FROM unnest(%s::text[]) AS table_name, unnest(%s::text[]) AS privilege
            WHERE to_regclass(table_name) IS NOT NULL
            AND has_table_privilege(current_user, table_name, privilege)
            ORDER BY 1, 2
            """,
            [sorted(append_only_tables()), list(FORBIDDEN)],
        )
        return [
            Error(
                f"The database role may {privilege} the ledger {table}.",
                hint="Connect as casedesk_app, and run `manage.py prepare` as the owner.",
                id="groundwork.E004",
            )
            for table, privilege in cursor.fetchall()
        ]
