"""The pages of a copy of somebody's data, which open from a folder in any browser.

They need no network, no server and no script; the one script adds a box that narrows a
long page down. Each place has a page of its own, or several where it holds much, so
that no page grows beyond what a browser opens at once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from html import escape
from itertools import batched
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from groundwork.holdings import Datum, Holding, Record
from groundwork.periods import LONDON
from processing_register.register import Register, the_register
from rights_requests.fulfilment import bases
from rights_requests.fulfilment.marks import Shortened
from rights_requests.fulfilment.reading import Reading
from rights_requests.fulfilment.tables import WHY_NOT

ROWS_ON_A_PAGE = 250
FILES = Path(__file__).parent / "files"
TEMPLATES = "rights_requests/package"


# What is told of each field, in the words of the pages.
FACTS = {
    "kind": "Kind",
    "purpose": "Used for",
    "basis": "Rests on",
    "source": "Came from",
    "kept": "Kept",
}


@dataclass(frozen=True)
class Place:
    """What the first page says of one place. agreed: the purposes to which the person
    has agreed."""

    holding: Holding
    rows_count: int
    agreed: frozenset[str]

    @property
    def pages_count(self) -> int:
        return max(1, -(-self.rows_count // ROWS_ON_A_PAGE))

    def page(self, number: int = 1) -> str:
        """The path of one of its pages, inside the folder of them all."""
        mark = "" if number == 1 else f"-{number}"
        return f"{self.holding.key}{mark}.html"

    @cached_property
    def _readers(self) -> list[tuple[str, str, "Reader"]]:
        """Of what is given: path, title as HTML, and how a value is put into words."""
        return [
            (datum.path, escape(datum.title), reader_of(self.holding, datum))
            for datum in self.holding.given
        ]

    def row(self, record: Record) -> str:
        """One record as HTML."""
        return _row(self._readers, record)

    @cached_property
    def facts(self) -> list[dict[str, str]]:
        """What is known of each field."""
        register = the_register()
        return [_fact(datum, register, self.agreed) for datum in self.holding.data]

    @cached_property
    def same(self) -> list[tuple[str, str]]:
        """What is true of all of them, said once."""
        return [
            (words, self.facts[0][name])
            for name, words in FACTS.items()
            if len({fact[name] for fact in self.facts}) == 1
        ]

    @cached_property
    def columns(self) -> list[str]:
        """The headings of what differs from field to field."""
        said = {words for words, _ in self.same}
        return [words for words in FACTS.values() if words not in said]

    @cached_property
    def lines(self) -> list[tuple[dict[str, str], list[str]]]:
        """Each field with what differs, in the order of the columns."""
        names = [name for name, words in FACTS.items() if words in self.columns]
        return [(fact, [fact[name] for name in names]) for fact in self.facts]


def index(context: dict[str, Any]) -> str:
    return render_to_string(f"{TEMPLATES}/index.html", context)


def portable(context: dict[str, Any]) -> str:
    return render_to_string(f"{TEMPLATES}/portable.html", context)


def pages_of(
    place: Place, reading: Reading, context: dict[str, Any]
) -> Iterator[tuple[str, Iterable[str]]]:
    """Each page of a place: its path, and its text in pieces."""
    rows = batched(reading.records(place.holding), ROWS_ON_A_PAGE)
    for number, records in enumerate(rows, start=1):
        yield place.page(number), [_page(place, number, records, context)]


def _page(
    place: Place, number: int, records: Iterable[Record], context: dict[str, Any]
) -> str:
    return render_to_string(
        f"{TEMPLATES}/place.html",
        {
            **context,
            "place": place,
            "rows": mark_safe("".join(map(place.row, records))),  # noqa: S308 — escaped
            "first": (number - 1) * ROWS_ON_A_PAGE + 1,
            "number": number,
            "before": place.page(number - 1) if number > 1 else "",
            "after": place.page(number + 1) if number < place.pages_count else "",
        },
    )


def _fact(datum: Datum, register: Register, agreed: frozenset[str]) -> dict[str, str]:
    purpose = register.purposes[datum.purpose]
    kind = register.categories[datum.category].title if datum.category else ""
    return {
        "title": datum.title,
        "kind": kind,
        "purpose": purpose.title,
        "basis": ", ".join(bases.in_words(purpose, agreed)),
        "source": register.sources[datum.source].title,
        "kept": register.retention[datum.retention].words,
        "why_not": "" if datum.is_given else WHY_NOT[datum.export],
    }


# --- Values ---

# Longer ones stand folded.
LONG = 400
Reader = Callable[[Any], str]


def _row(readers: Iterable[tuple[str, str, Reader]], record: Record) -> str:
    """A record as an item of the list; an empty value is left out. Built by hand, since
    somebody may have a hundred thousand of them."""
    if record.left_out:
        return f'<li class="left-out"><p>{escape(record.left_out)}</p></li>\n'
    told = (
        (title, in_words(read, record.values[path])) for path, title, read in readers
    )
    values = (_value(title, text) for title, text in told if text)
    return f"<li><dl>{''.join(values)}</dl></li>\n"


def in_words(read: Reader, value: Any) -> str:
    """A value in words; one from which something was taken out is in words already."""
    return str(value) if isinstance(value, Shortened) else read(value)


def _value(title: str, text: str) -> str:
    """title is safe; text is whatever somebody wrote."""
    whole = escape(text)
    if len(text) <= LONG:
        shown = f'<span class="text">{whole}</span>'
        return f"<div><dt>{title}</dt><dd>{shown}</dd></div>"
    short = escape(" ".join(text[:80].split()))
    shown = f'<details><summary>{short}…</summary><p class="text">{whole}</p></details>'
    return f'<div class="long"><dt>{title}</dt><dd>{shown}</dd></div>'


def reader_of(holding: Holding, datum: Datum) -> Reader:
    """How the values of a field are put into words: a choice by its label, a purpose by
    its title, a moment by the clock in London; nothing where nothing stands."""
    labels = {key: str(words) for key, words in holding.column(datum.path).flatchoices}
    read = holding.read.get(datum.path)
    if read is not None:
        return lambda value: read(value) if value else ""
    if labels:
        return lambda value: labels.get(value, "" if value is None else str(value))
    if datum.path in ("purpose", "purposes", "source"):
        return _registered
    return _plain


def _registered(value: Any) -> str:
    """Keys of the register by their titles; a key that it no longer has as it is."""
    keys = value if isinstance(value, list) else [value]
    return ", ".join(_title(key) for key in keys if key)


def _title(key: str) -> str:
    register = the_register()
    entry = register.purposes.get(key) or register.sources.get(key)
    return entry.title if entry else key


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return _moment(value)
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_plain(held)}" for key, held in value.items())
    if isinstance(value, list):
        is_flat = not any(isinstance(one, dict | list) for one in value)
        return (", " if is_flat else "\n\n").join(_plain(one) for one in value)
    return str(value)


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(LONDON):%-d %B %Y, %H:%M}"
    return f"{value:%-d %B %Y}"
