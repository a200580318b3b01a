"""Taking the list of readers out: as CSV for a spreadsheet, as JSON for a program.

Names and employers were typed by strangers. In the CSV a value that a spreadsheet would
run as a formula gets a leading apostrophe; the JSON holds every value unchanged.
"""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db import models, transaction

from consent.models import ConsentEntry
from data_subjects.models import DataSubject
from groundwork.restricted_rows import only_usable
from groundwork.spreadsheets import csv_lines
from staff.models import AccessRecord
from subscribers.models import DETAIL_FIELDS, Subscriber

CHUNK = 500
COLUMNS = (
    "email",
    *DETAIL_FIELDS,
    "purposes",
    "status",
    "source",
    "since",
    "confirmed_at",
)


class Whom(models.TextChoices):
    """Whom to take out, in the words of the page."""

    READERS = "readers", "Confirmed readers"
    EVERYONE = "everyone", "Everyone, with those who are waiting or have left"


def left_out() -> int:
    """How many are in no export, because the use of their data is restricted."""
    restricted = DataSubject.objects.restricted()
    return Subscriber.objects.filter(data_subject__in=restricted).count()


def chosen(whom: str) -> "models.QuerySet[Subscriber]":
    """Whom an export holds. Nobody whose data is restricted (Art. 18(2)): within
    only_usable() the database itself leaves them out."""
    everyone = Subscriber.objects.order_by("pk")
    if whom == Whom.READERS:
        return everyone.filter(status=Subscriber.Status.CONFIRMED)
    return everyone


@transaction.atomic
def record_export(whom: str, *, staff_id: int) -> int:
    """Put on record who took out how many, before the first of them leaves."""
    with only_usable():
        number = chosen(whom).count()
    AccessRecord.objects.create(
        staff_id=staff_id, action=AccessRecord.Action.EXPORTED, rows_count=number
    )
    return number


def as_csv(whom: str) -> Iterator[str]:
    """Line by line, for a spreadsheet."""
    values = ([_flat(row[name]) for name in COLUMNS] for row in _rows(whom))
    yield from csv_lines(chain([COLUMNS], values))


def as_json(whom: str) -> Iterator[str]:
    yield "["
    for number, row in enumerate(_rows(whom)):
        separator = ",\n" if number else "\n"
        yield separator + json.dumps(row, ensure_ascii=False)
    yield "\n]\n"


def _rows(whom: str) -> Iterator[dict[str, Any]]:
    """A few at a time, each time asking anew: whoever is restricted while the file is
    on its way is left out of the rest of it."""
    last = 0
    while rows := _rows_after(last, whom):
        yield from (row for _, row in rows)
        last = rows[-1][0]


def _rows_after(last: int, whom: str) -> list[tuple[int, dict[str, Any]]]:
    with only_usable():
        people = list(chosen(whom).filter(pk__gt=last)[:CHUNK])
        standing = _standing(people)
    return [
        (person.pk, _row(person, sorted(standing.get(person.data_subject_id, []))))
        for person in people
    ]


def _standing(people: list[Subscriber]) -> dict[Any, list[str]]:
    subjects = [person.data_subject_id for person in people]
    found: dict[Any, list[str]] = {}
    for entry in ConsentEntry.objects.standing(subjects=subjects):
        found.setdefault(entry.data_subject_id, []).append(entry.purpose)
    return found


def _row(person: Subscriber, purposes: list[str]) -> dict[str, Any]:
    confirmed_at = person.confirmed_at
    return {
        "email": person.address,
        **person.details,
        "purposes": purposes,
        "status": person.status,
        "source": person.source,
        "since": person.created_at.isoformat(timespec="seconds"),
        "confirmed_at": confirmed_at.isoformat(timespec="seconds")
        if confirmed_at
        else "",
    }


def _flat(value: Any) -> str:
    return ";".join(value) if isinstance(value, list) else str(value)
