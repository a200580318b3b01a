"""What a person may take along (Art. 20): what they gave us, by agreement or for a
contract, kept by machines. It is a part of the copy, and what is left out is named.

“Gave us” is what they typed or wrote, and what their browser sent while they used the
site; what we noted or worked out is not among it, nor what others told us.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property

from groundwork.holdings import Datum, Holding, holdings
from groundwork.zip_stream import Member, in_pieces, zipped
from processing_register.register import BASES, CONSENT, the_register
from rights_requests.fulfilment import pages, tables
from rights_requests.fulfilment.covers import Cover, Told
from rights_requests.fulfilment.marks import told_left_out
from rights_requests.fulfilment.moments import one_moment
from rights_requests.fulfilment.reading import Reading
from rights_requests.fulfilment.tables import WHY_NOT, dumped

FORMAT = "casedesk-portable/1"
PROVIDED = frozenset({"person", "browser"})
PORTABLE_BASES = frozenset({CONSENT, "contract"})


@dataclass(frozen=True)
class LeftOut:
    """Fields of one place that do not go along, and why."""

    place: str
    fields: tuple[str, ...]
    reason: str


def why_not(holding: Holding, datum: Datum) -> str:
    """Why this field does not go along; empty when it does. What we wrote ourselves
    stays, though an address of the person's stands in it. What only says when a record
    is from goes with it: of choices without their days nobody can tell which stands."""
    if datum.category is None:
        return ""
    register = the_register()
    if not datum.is_given:
        words = WHY_NOT[datum.export]
        return f"{words[:1].upper()}{words[1:]}."
    for source in (holding.declaration.source, datum.source):
        if source not in PROVIDED:
            came_from = register.sources[source].title
            return f"You did not give it to us: it came from “{came_from}”."
    bases = {basis.key for basis in register.purposes[datum.purpose].lawful_bases}
    if not bases & PORTABLE_BASES:
        words = " and ".join(BASES[key] for key in sorted(bases))
        return f"It rests on {words}, and not on your consent or a contract with you."
    return ""


def portable(holding: Holding) -> tuple[Datum, ...]:
    """The fields of a place that go along; none where nothing of the person would."""
    kept = tuple(datum for datum in holding.data if not why_not(holding, datum))
    return kept if any(datum.category for datum in kept) else ()


def left_out(holding: Holding) -> Iterator[LeftOut]:
    """What of a place does not go along, by reason."""
    going = set(portable(holding))
    reasons: dict[str, list[str]] = {}
    for datum in holding.data:
        if datum not in going and datum.category is not None:
            reasons.setdefault(why_not(holding, datum), []).append(datum.title)
    for reason, titles in reasons.items():
        yield LeftOut(holding.title, tuple(titles), reason)


# --- The archive ---


class NothingToTakeAlong(Exception):
    """Nothing of this person was given by consent or contract: the request is answered
    with that, and with every way to complain (Art. 12(4))."""


def archive(reading: Reading, cover: Cover, told: Told) -> Iterator[bytes]:
    """data.json with everything, a CSV for each place, the schema, and a page to read.
    Raises NothingToTakeAlong; told() is called between two places."""
    return zipped(
        _Archive(reading, cover, told).members(),
        made_at=cover.made_at,
        closing=cover.manifest,
    )


class _Archive:
    """What goes along, while it is written: first all of it as JSON, then the tables."""

    def __init__(self, reading: Reading, cover: Cover, told: Told) -> None:
        self.reading, self.cover, self.told = reading, cover, told
        self.going: list[Holding] = []
        self.staying: list[LeftOut] = []

    @cached_property
    def context(self) -> dict[str, object]:
        return {**self.cover.context, "up": ""}

    def members(self) -> Iterator[Member]:
        yield Member("data.json", in_pieces(self._json()))
        if not self.going:
            raise NothingToTakeAlong
        for holding in self.going:
            lines = tables.as_csv(holding, self.reading, portable(holding))
            yield Member(f"csv/{holding.key}.csv", in_pieces(lines))
        page = pages.portable(
            {
                **self.context,
                "going": self.going,
                "staying": self.staying,
                "left_out": told_left_out(self.reading.marks),
            }
        )
        yield Member("index.html", in_pieces([page]))
        for name in ("portable.schema.json", "package.css", "package.js"):
            yield Member(name, in_pieces([(pages.FILES / name).read_text()]))

    def _json(self) -> Iterator[str]:
        head = {
            "format": FORMAT,
            "made_at": tables.as_plain(self.cover.made_at),
            "controller": str(self.context["controller"]),
            "addresses": sorted(self.reading.person.addresses),
        }
        yield dumped(head)[:-1] + ', "places": ['
        between = "\n"
        for one in holdings():
            holding = one.of(self.reading.person)
            with one_moment():
                count = self.reading.count(holding)
                if count and (data := portable(holding)):
                    self.going.append(holding)
                    about = {"holding": holding.key, "title": holding.title}
                    yield f'{between}{dumped(about)[:-1]}, "records": ['
                    yield from tables.records_as_json(holding, self.reading, data)
                    yield "]}"
                    between = ",\n"
            if count:
                self.staying += left_out(holding)
            self.told(holding, count)
        yield f"{BEFORE_LEFT_OUT}{dumped([asdict(one) for one in self.staying])}}}\n"


# No value has a line break that is not escaped, so this stands once in the file.
BEFORE_LEFT_OUT = '],\n"left_out": '


def for_another_service(data: bytes) -> bytes:
    """The file as another controller gets it, from the data.json of an archive: with all
    that goes along, and not with what we hold beside it and why that stays here, which
    is nobody's business but the person's (Art. 5(1)(c)). It keeps to the same schema."""
    going, mark, _ = data.rpartition(BEFORE_LEFT_OUT.encode())
    if not mark:
        raise ValueError("This is no file of ours.")
    return going + mark + b"[]}\n"
