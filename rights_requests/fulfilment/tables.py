"""What stands in one place, for machines: JSON word for word, CSV for spreadsheets.

JSON has every value as it is stored, with what is known of each field beside it. CSV is
for people who open it in a spreadsheet: what would run there as a formula is neutralised
(groundwork.spreadsheets); the schema and the first page say so.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from groundwork.holdings import Datum, Holding
from groundwork.personal_data import Export
from groundwork.spreadsheets import csv_lines
from processing_register.register import Register, the_register
from rights_requests.fulfilment import bases
from rights_requests.fulfilment.reading import Reading

WHY_NOT = {
    Export.DESCRIBED: "it is a code made by us, which says nothing by itself",
    Export.WITHHELD: "it would open a door to whoever reads it",
    Export.RESERVED: "it may be about somebody else or a legal claim; ask us about it",
}


def as_json(holding: Holding, reading: Reading) -> Iterator[str]:
    """One object: what the place is, its fields, and every record of the person."""
    head = {
        "holding": holding.key,
        "title": holding.title,
        "about": holding.words,
        "fields": [
            told_of(datum, the_register(), reading.agreed) for datum in holding.data
        ],
    }
    yield dumped(head)[:-1] + ', "records": ['
    yield from records_as_json(holding, reading, holding.given)
    yield "]}\n"


def records_as_json(
    holding: Holding, reading: Reading, data: Iterable[Datum]
) -> Iterator[str]:
    """The members of a list: each record as an object, on a line of its own; of one
    that is left out, the words that say so."""
    between = "\n"
    for record in reading.records(holding, data):
        told = {"left_out": record.left_out} if record.left_out else record.values
        yield between + dumped(told)
        between = ",\n"
    yield "\n"


def as_csv(
    holding: Holding, reading: Reading, data: Iterable[Datum] | None = None
) -> Iterator[str]:
    """A heading, then a line for each record; of all that is given, or of `data`."""
    return csv_lines(_lines(holding, reading, tuple(data or holding.given)))


def _lines(
    holding: Holding, reading: Reading, data: tuple[Datum, ...]
) -> Iterator[list[str]]:
    yield [datum.title for datum in data]
    for record in reading.records(holding, data):
        if record.left_out:
            yield [record.left_out, *[""] * (len(data) - 1)]
            continue
        yield [_cell(value) for value in record.values.values()]


def told_of(datum: Datum, register: Register, agreed: frozenset[str]) -> dict[str, Any]:
    """What is known of a field: kind, purpose, lawful basis, source, period (Art. 15(1)),
    and, where its values are not given, why."""
    purpose = register.purposes[datum.purpose]
    told: dict[str, Any] = {"name": datum.path, "title": datum.title}
    if datum.category is not None:
        told["kind"] = register.categories[datum.category].title
    told |= {
        "purpose": purpose.title,
        "lawful_bases": bases.in_words(purpose, agreed),
        "source": register.sources[datum.source].title,
        "kept": register.retention[datum.retention].words,
    }
    if not datum.is_given:
        told["not_given_because"] = WHY_NOT[datum.export]
    return told


def as_plain(value: Any) -> str:
    """What JSON has no type for: moments in UTC, days, and numbers of records as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


# One for all: what the standard library makes of each call would be most of the work.
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=as_plain)


def dumped(value: Any) -> str:
    """JSON on one line, letters as they are written."""
    return _ENCODER.encode(value)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    is_json = isinstance(value, bool | int | float | list | dict)
    return dumped(value) if is_json else as_plain(value)
