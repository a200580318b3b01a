"""Whoever prepares the database does it beside processes that run."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from groundwork.database_roles import APP, grant
from tests.beside import Beside
from tests.database_role import acting_as

pytestmark = pytest.mark.django_db(transaction=True)


def may_read() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, 'subscribers_subscriber', 'SELECT')", [APP]
        )
        return bool(cursor.fetchone()[0])


def test_nobody_loses_a_right_for_a_moment_while_rights_are_given_anew() -> None:
    seen: list[bool] = []

    def look_before_each_grant(
        execute: Callable[..., Any], sql: str, *rest: object
    ) -> object:
        if sql.startswith("GRANT"):
            seen.append(Beside(may_read).result())
        return execute(sql, *rest)

    with acting_as(None), connection.execute_wrapper(look_before_each_grant):
        grant(connection)

    assert len(seen) > 20 and all(seen)
