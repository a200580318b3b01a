"""Which database role a test acts as."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


def take_role(connection: BaseDatabaseWrapper, role: str | None) -> None:
    """Act as this role; None is the role that connected, the owner."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {role or 'NONE'}")


@contextmanager
def acting_as(role: str | None) -> Iterator[None]:
    """Act as another role for a few lines; None is the owner.

    Put `transaction.atomic()` inside when the lines are to be refused, so that the
    way back does not meet a broken transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (before,) = cursor.fetchone()
    take_role(connection, role)
    try:
        yield
    finally:
        take_role(connection, before)
