"""A copy of everything that is held of one person (Art. 15(3)), as one archive.

For each place: pages to read, the same as JSON and CSV, and its files. Then a first page
with what Article 15(1) wants told. Each place is read at one moment, however long it
takes, and memory holds a few rows of it at a time.
"""

from collections.abc import Iterator
from typing import Any

from groundwork.holdings import Holding, holdings
from groundwork.zip_stream import Member, in_pieces, zipped
from rights_requests.fulfilment import facts, pages, tables
from rights_requests.fulfilment.covers import Cover, Told
from rights_requests.fulfilment.marks import told_left_out
from rights_requests.fulfilment.moments import one_moment
from rights_requests.fulfilment.pages import Place
from rights_requests.fulfilment.reading import Reading

BESIDE = ("schema.json", "package.css", "package.js")


def archive(reading: Reading, cover: Cover, told: Told) -> Iterator[bytes]:
    """The whole archive, piece by piece; told() is called between two places, when no
    transaction is open."""
    return zipped(
        _members(reading, cover, told), made_at=cover.made_at, closing=cover.manifest
    )


def _members(reading: Reading, cover: Cover, told: Told) -> Iterator[Member]:
    found: list[Place] = []
    nothing_in: list[Holding] = []
    context = {**cover.context, "up": "../"}
    for one in holdings():
        holding = one.of(reading.person)
        with one_moment():
            place = Place(holding, reading.count(holding), reading.agreed)
            if place.rows_count:
                yield from _members_of(place, reading, context)
        if place.rows_count:
            found.append(place)
        else:
            nothing_in.append(holding)
        told(holding, place.rows_count)
    yield from _front(reading, cover, found, nothing_in)


def _members_of(
    place: Place, reading: Reading, context: dict[str, Any]
) -> Iterator[Member]:
    holding = place.holding
    for path, text in pages.pages_of(place, reading, context):
        yield Member(f"data/{path}", in_pieces(text))
    for mark, make in (("json", tables.as_json), ("csv", tables.as_csv)):
        yield Member(f"data/{holding.key}.{mark}", in_pieces(make(holding, reading)))
    for file in reading.files(holding):
        yield Member(f"files/{file.key}/{_safe(file.name)}", file.pieces)


def _safe(name: str) -> str:
    """A name that stays in its folder, whatever the person called the file."""
    kept = "".join(
        c if c.isprintable() and c not in '/\\:*?"<>|' else "-" for c in name
    )
    return kept.strip(". ") or "file"


def _front(
    reading: Reading, cover: Cover, found: list[Place], nothing_in: list[Holding]
) -> Iterator[Member]:
    context = cover.context
    places = [place.holding for place in found]
    first = pages.index(
        {
            **context,
            "up": "",
            "places": found,
            "nothing_in": nothing_in,
            "looked_count": len(found) + len(nothing_in),
            "left_out": told_left_out(reading.marks),
            "points": facts.points(places, reading.person.id, context["controller"]),
        }
    )
    yield Member("index.html", in_pieces([first]))
    for name in BESIDE:
        yield Member(name, in_pieces([(pages.FILES / name).read_text()]))
