"""A copy of everything that is held of one person (Art. 15(3)), as one archive.

For each place: pages to read, the same as JSON and CSV, and its files. Then a first page
with what Article 15(1) wants told. Each place is read at one moment, however long it
takes, and memory holds a few rows of it at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from groundwork.holdings import Holding, Person, holdings
from processing_register.notices import current_controller
from rights_requests.fulfilment import facts, pages, tables
from rights_requests.fulfilment.pages import Place
from rights_requests.fulfilment.zipping import Member, in_pieces, zipped

BESIDE = ("schema.json", "package.css", "package.js")
# What is told after each place: how many records it held.
Told = Callable[[int], None]


@dataclass(frozen=True)
class Cover:
    """What stands on each page: the case it answers, and when it was made."""

    reference: str
    made_at: datetime


def archive(person: Person, cover: Cover, told: Told) -> Iterator[bytes]:
    """The whole archive, piece by piece; told() is called between two places, when no
    transaction is open."""
    return zipped(_members(person, cover, told), made_at=cover.made_at)


def _members(person: Person, cover: Cover, told: Told) -> Iterator[Member]:
    found: list[Place] = []
    nothing_in: list[Holding] = []
    context = {**_context(cover), "up": "../"}
    for holding in holdings():
        with _one_moment():
            place = Place(holding, holding.count(person))
            if place.rows_count:
                yield from _members_of(place, person, context)
        if place.rows_count:
            found.append(place)
        else:
            nothing_in.append(holding)
        told(place.rows_count)
    yield from _front(person, cover, found, nothing_in)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Whatever is read in here is read as of one moment, and nothing is written."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _members_of(
    place: Place, person: Person, context: dict[str, Any]
) -> Iterator[Member]:
    holding = place.holding
    for path, text in pages.pages_of(place, person, context):
        yield Member(f"data/{path}", in_pieces(text))
    for mark, make in (("json", tables.as_json), ("csv", tables.as_csv)):
        yield Member(f"data/{holding.key}.{mark}", in_pieces(make(holding, person)))
    if holding.files is not None:
        for file in holding.files(person):
            yield Member(f"files/{file.key}/{_safe(file.name)}", file.pieces)


def _safe(name: str) -> str:
    """A name that stays in its folder, whatever the person called the file."""
    kept = "".join(
        c if c.isprintable() and c not in '/\\:*?"<>|' else "-" for c in name
    )
    return kept.strip(". ") or "file"


def _front(
    person: Person, cover: Cover, found: list[Place], nothing_in: list[Holding]
) -> Iterator[Member]:
    context = _context(cover)
    places = [place.holding for place in found]
    first = pages.index(
        {
            **context,
            "up": "",
            "places": found,
            "nothing_in": nothing_in,
            "looked_count": len(found) + len(nothing_in),
            "points": facts.points(places, person.id, context["controller"]),
        }
    )
    yield Member("index.html", in_pieces([first]))
    for name in BESIDE:
        yield Member(name, in_pieces([(pages.FILES / name).read_text()]))


def _context(cover: Cover) -> dict[str, Any]:
    return {
        "controller": current_controller(),
        "reference": cover.reference,
        "made_at": cover.made_at,
    }
