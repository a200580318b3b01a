"""An entry of a copy as staff read it before it leaves: each value in words, with what
is left out marked in it."""

from collections.abc import Iterable
from dataclasses import dataclass

from groundwork.holdings import Datum, Record
from rights_requests.fulfilment.hints import Hint, Hints
from rights_requests.fulfilment.marks import Extent, pattern_of
from rights_requests.fulfilment.pages import Place, reader_of
from rights_requests.models import Redaction


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, and whether it is left out."""

    text: str
    is_out: bool = False


@dataclass(frozen=True)
class Value:
    """A field of an entry. hints: what in it may be somebody else's."""

    path: str
    title: str
    pieces: tuple[Piece, ...]
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True)
class Entry:
    """marks: what of it is left out. is_out: all of it."""

    key: str
    values: tuple[Value, ...]
    files: tuple[str, ...]
    marks: tuple[Redaction, ...]

    @property
    def is_out(self) -> bool:
        return any(mark.extent == Extent.ENTRY for mark in self.marks)

    @property
    def files_are_out(self) -> bool:
        """They go with whatever is taken out of their entry."""
        changed = any(piece.is_out for value in self.values for piece in value.pieces)
        return bool(self.files) and (bool(self.marks) or changed)


def shown_entry(
    place: Place,
    given: Iterable[Datum],
    record: Record,
    marks: Iterable[Redaction],
    files: Iterable[str],
    hints: Hints,
) -> Entry:
    """marks: all those of the copy."""
    key = place.holding.key
    own = [m for m in marks if m.place == key and m.entry == record.key]
    everywhere = [m for m in marks if m.extent == Extent.EVERYWHERE]
    values = []
    for datum in given:
        text = reader_of(place.holding, datum)(record.values[datum.path])
        if text:
            of_field = [m for m in own if m.field == datum.path]
            pieces = tuple(_pieces(text, [*of_field, *everywhere]))
            found = hints.in_text(datum, place.holding, pieces_left(pieces))
            values.append(Value(datum.path, datum.title, pieces, tuple(found)))
    return Entry(record.key, tuple(values), tuple(files), tuple(own))


def pieces_left(pieces: Iterable[Piece]) -> str:
    """What still stands in the copy."""
    return "\n".join(piece.text for piece in pieces if not piece.is_out)


def _pieces(text: str, marks: list[Redaction]) -> list[Piece]:
    if any(mark.extent == Extent.FIELD for mark in marks):
        return [Piece(text, is_out=True)]
    pieces = [Piece(text)]
    for mark in marks:
        pieces = [part for piece in pieces for part in _split(piece, mark.words)]
    return pieces


def _split(piece: Piece, words: str) -> list[Piece]:
    if piece.is_out:
        return [piece]
    found: list[Piece] = []
    end = 0
    for match in pattern_of(words).finditer(piece.text):
        found += [Piece(piece.text[end : match.start()]), Piece(match[0], is_out=True)]
        end = match.end()
    found.append(Piece(piece.text[end:]))
    return [one for one in found if one.text]
