"""What a transaction says to the database about restricted people (UK GDPR Art. 18(2)).

The database refuses to change or remove what is held of a person whose data is
restricted (data_subjects.binding). The few verbs that may say for whom and why, and a
list or a count says that it uses what it reads. Each holds for its lines alone.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

DESPITE = "casedesk.despite_restriction"
ONLY_USABLE = "casedesk.only_usable"


@contextmanager
def by_the_person(subject_id: uuid.UUID) -> Iterator[None]:
    """The person changes their own data, or asked for the change: that is consent."""
    with _despite("person", subject_id):
        yield


@contextmanager
def as_the_law_requires(subject_id: uuid.UUID) -> Iterator[None]:
    """What another rule of the law has us do with this person's rows, such as taking
    out for good what should never have been written down (Art. 5(1)(c))."""
    with _despite("law", subject_id):
        yield


@contextmanager
def as_allowed(subject_id: uuid.UUID) -> Iterator[None]:
    """A use that Art. 18(2) allows; the database looks for its record (UseDespite)."""
    with _despite("allowed", subject_id):
        yield


@contextmanager
def _despite(why: str, subject_id: uuid.UUID) -> Iterator[None]:
    with _setting(DESPITE, f"{why}:{subject_id}"):
        yield


@contextmanager
def only_usable() -> Iterator[None]:
    """Whoever is restricted is not among the rows that are read for a use: an export,
    a count."""
    with _setting(ONLY_USABLE, "on"):
        yield


@contextmanager
def _setting(name: str, value: str) -> Iterator[None]:
    """For these lines alone. A rollback takes it back too, so none outlives them."""
    with transaction.atomic():
        before = _set(name, value)
        yield
        _set(name, before)


def _set(name: str, value: str) -> str:
    """The value before this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT before, set_config(%s, %s, true)"
            " FROM coalesce(current_setting(%s, true), '') AS before",
            [name, value, name],
        )
        return str(cursor.fetchone()[0])
