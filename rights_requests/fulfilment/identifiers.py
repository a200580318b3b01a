"""By what a person is recognised, and how that is found in a text or in bytes. Pure but
for collecting it.

What is looked for is spelt in more than one way: an address in a link (%40), in a page
(&#64;), in a mail (=40, or all of it in base64), in hexadecimal, and as people write it
for people (“at”), a number with and without its spaces and its country, a name in any
case, on two lines, in two columns, last name first, and without its accents; all of it
also with signs in it that nobody sees. What is not found stands in docs/operations.md.
"""

import base64
import binascii
import html
import quopri
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import unquote

from groundwork.holdings import Datum, Holding, Person, holdings


class What(StrEnum):
    """What kind of thing was found."""

    ADDRESS = "e-mail address"
    CODE = "code of the address"
    NAME = "name"
    TELEPHONE = "telephone number"
    STREET = "postal address"


@dataclass(frozen=True)
class Identifiers:
    """Everything by which one person is looked for, as it is stored; digests in hex."""

    addresses: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()

    def as_json(self) -> dict[str, list[str]]:
        return {name: list(values) for name, values in vars(self).items()}

    @classmethod
    def from_json(cls, kept: dict[str, list[str]]) -> "Identifiers":
        return cls(**{name: tuple(values) for name, values in kept.items()})

    def person(self, person_id: Any) -> Person:
        """The person as the holdings find them, also when the number no longer leads to
        an address."""
        digests = frozenset(map(bytes.fromhex, self.digests))
        return Person(person_id, frozenset(self.addresses), digests)


# --- Collecting ---


# What stood in a field before: by the key of its place, and its path there.
Former = Mapping[tuple[str, str], Iterable[str]]


def identifiers_of(person: Person, former: Former) -> Identifiers:
    """By what this person is recognised, as every place of the house has it, and had it
    before. A first name, or a number of a few digits, would be found everywhere and says
    nothing."""
    found: dict[str, set[str]] = {"names": set(), "telephones": set(), "streets": set()}
    for holding in holdings():
        for kind, values in values_of(holding, person, former):
            found[kind].add(values)
    return Identifiers(
        addresses=tuple(sorted(person.addresses)),
        digests=tuple(sorted(digest.hex() for digest in person.digests)),
        names=tuple(sorted(name for name in found["names"] if " " in name)),
        telephones=tuple(
            sorted({digits for n in found["telephones"] if (digits := dialled(n))})
        ),
        streets=tuple(sorted(s for s in found["streets"] if len(s) >= SHORTEST_STREET)),
    )


SHORTEST_STREET = 8
SHORTEST_NUMBER = 9


def values_of(
    holding: Holding, person: Person, former: Former
) -> Iterator[tuple[str, str]]:
    """What stands in this place of the person's names, telephones and streets, each with
    which of these it is, plain; nothing but these fields is read."""
    paths = {
        "names": holding.names,
        "telephones": tuple((path,) for path in holding.telephones),
        "streets": tuple((path,) for path in holding.streets),
    }
    wanted = {path for groups in paths.values() for group in groups for path in group}
    if not wanted:
        return
    data: list[Datum] = [datum for datum in holding.data if datum.path in wanted]
    for record in holding.records(person, data):
        for kind, groups in paths.items():
            for group in groups:
                stood = (
                    {
                        str(record.values[path] or ""),
                        *former.get((holding.key, path), ()),
                    }
                    for path in group
                )
                for words in product(*stood):
                    yield kind, plain(" ".join(words))


def dialled(text: str) -> str:
    """A telephone number as it is dialled at home, digits alone; empty for what is too
    short to be one."""
    digits = re.sub(r"\(0\)|\D", "", text.strip().replace("+", "00", 1))
    digits = re.sub(r"^(?:00440?|44(?=[1-9]\d{8,}))", "0", digits)
    return digits if len(digits) >= SHORTEST_NUMBER else ""


# --- Finding ---


def plain(text: str) -> str:
    """In one case, with one blank wherever there is room, without accents' forms."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


# The marks that stand above and below letters, once they are apart from these.
_ACCENTS = re.compile("[\u0300-\u036f]+")
_APOSTROPHES = "\u2019\u2018\u02bc\u00b4\u2032"
# Signs that take no room: marks of direction and order, where a word may be broken.
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff]+")


def folded(text: str) -> str:
    """The same for whoever types no accents, and the apostrophe that the keyboard has."""
    if text.isascii():
        return " ".join(text.casefold().split())
    seen = _UNSEEN.sub("", text)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", seen).casefold())
    for mark in _APOSTROPHES:
        bare = bare.replace(mark, "'")
    return " ".join(bare.split())


class Spelt(NamedTuple):
    """One identifier, however it is spelt. marks: each of them stands in every text in
    which it is found, so that nearly every text is done with at this look."""

    what: What
    marks: tuple[str, ...]
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Needle:
    """Finds one person's identifiers in texts and bytes."""

    words: tuple[Spelt, ...]
    telephones: frozenset[str]
    digests: tuple[tuple[bytes, str], ...]
    # The digits that every way of writing a number ends in.
    ends_of_numbers: tuple[bytes, ...]
    # Whether one of them is written otherwise in an older encoding.
    is_beyond_ascii: bool = False

    @classmethod
    def of(cls, sought: Identifiers) -> "Needle":
        return cls(
            words=tuple(
                Spelt(what, _marks(words), re.compile(pattern(words)))
                for what, values, pattern in (
                    (What.ADDRESS, sought.addresses, _address),
                    (What.NAME, sought.names, _name),
                    (What.STREET, sought.streets, _street),
                )
                for words in values
            ),
            telephones=frozenset(sought.telephones),
            digests=tuple((bytes.fromhex(code), code) for code in sought.digests),
            ends_of_numbers=tuple(
                number[-SHORTEST_NUMBER:].encode() for number in sought.telephones
            ),
            is_beyond_ascii=any(
                not words.isascii() or "'" in words
                for words in (*sought.addresses, *sought.names, *sought.streets)
            ),
        )

    def found_in_text(self, text: str) -> set[What]:
        """What stands in this text, however it is spelt there."""
        found: set[What] = set()
        for spelt in _spellings(text):
            found |= self._found_plainly(spelt)
        return found

    def _found_plainly(self, text: str) -> set[What]:
        seen = text.casefold() if text.isascii() else folded(text)
        may_be = [one for one in self.words if all(m in seen for m in one.marks)]
        digits = seen.encode("ascii", "ignore").translate(None, _NO_DIGITS)
        has_number = any(number in digits for number in self.ends_of_numbers)
        has_code = any(code in seen for _, code in self.digests)
        if not (may_be or has_number or has_code):
            return set()
        words = folded(text)
        found = {one.what for one in may_be if one.pattern.search(words)}
        if has_code:
            found.add(What.CODE)
        if self.telephones and self.telephones & set(_numbers(words)):
            found.add(What.TELEPHONE)
        return found

    def found_in_bytes(self, raw: bytes) -> set[What]:
        """What stands in these bytes: as text in the usual encodings, or as a code."""
        found = {What.CODE for digest, _ in self.digests if digest in raw}
        for text in _decoded(raw, is_beyond_ascii=self.is_beyond_ascii):
            found |= self.found_in_text(text)
        return found


def _marks(words: str) -> tuple[str, ...]:
    """The runs of letters and digits: no spelling breaks one up."""
    return tuple(sorted(set(re.findall(r"[^\W_]+", folded(words)))))


# In files of a kind of their own how long a value is stands in one byte before it, which
# may look like a letter; what stands before that does not.
_AFTER_LENGTH = r"(?<=[\x00-\x08\x0e-\x1b\x7f\ufffd][\w.+-])"
# Between the parts of a name: in a sentence, a list of two columns, a link.
_BETWEEN_NAMES = r"[\s,;|+_\"]{1,4}"
_BETWEEN_LINES = r"(?:[\s,;]|\\[nr]){1,6}"


# As people write an address so that no program takes it for one.
_AT = r"(?: at | ?[\[({] ?(?:at|@) ?[\])}] ?)"
_DOT = r"(?:\.| dot | ?[\[({] ?(?:dot|\.) ?[\])}] ?)"


def _address(address: str) -> str:
    """The address by itself, not the end of a longer one; also in the sender of a mail
    that would come back (VERP)."""
    words = folded(address)
    local, _, domain = map(re.escape, words.rpartition("@"))
    start, end = rf"(?:(?<![\w.+-])|{_AFTER_LENGTH})", r"(?![\w-]|\.\w)"
    said = domain.replace(r"\.", _DOT)
    return "|".join(
        [
            rf"{start}{re.escape(words)}{end}",
            rf"{start}{local}{_AT}{said}{end}",
            rf"(?<![\w.]){local}={domain}@",
        ]
    )


def _name(words: str) -> str:
    """In its order, or with what it ends in first."""
    parts = [re.escape(part) for part in folded(words).split()]
    turned = (parts[at:] + parts[:at] for at in range(len(parts)))
    return "|".join(_whole(_BETWEEN_NAMES.join(order)) for order in turned)


def _street(words: str) -> str:
    """On lines, or in one with commas."""
    parts = re.split(r"[\s,;]+", folded(words).strip(" ,;"))
    return _whole(_BETWEEN_LINES.join(map(re.escape, parts)))


def _whole(pattern: str) -> str:
    return rf"(?:(?<!\w)|{_AFTER_LENGTH}){pattern}(?!\w)"


def _decoded(raw: bytes, *, is_beyond_ascii: bool) -> Iterator[str]:
    """As text, also of an old spreadsheet; what is ASCII is the same in both."""
    try:
        yield raw.decode()
    except UnicodeDecodeError:
        yield raw.decode(errors="replace")
        if is_beyond_ascii:
            yield raw.decode("cp1252", errors="replace")
    if b"\0" in raw:
        yield raw.decode("utf-16-le", errors="replace")
        yield raw.decode("utf-16-be", errors="replace")
    if b"\0\0\0" in raw:
        # UTF-32, wherever in it these bytes begin; what is not ASCII is lost by that.
        yield raw.replace(b"\0", b"").decode(errors="replace")


_NO_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_NUMBER = re.compile(r"[+(]?\d[\d ()./-]{7,}\d")


def _numbers(text: str) -> Iterator[str]:
    for found in _NUMBER.finditer(text):
        yield dialled(found[0])


SHORTEST_PACKED = 16
_BASE64 = re.compile(
    r"(?:[A-Za-z0-9+/]{4}[\r\n]{0,2}){4,}(?:[A-Za-z0-9+/]{2,3}={0,2})?"
)
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")
_HEX = re.compile(rf"[0-9a-fA-F]{{{SHORTEST_PACKED},}}")


def _spellings(text: str) -> Iterator[str]:
    """The text, and what it says where it was written in another way."""
    yield text
    if "%" in text:
        yield unquote(text, errors="replace")
    if "&" in text:
        yield html.unescape(text)
    if "=" in text:
        lines = text.encode("utf-8", errors="replace")
        yield quopri.decodestring(lines).decode("utf-8", errors="replace")
    if "\\u" in text:
        yield _ESCAPED.sub(lambda found: chr(int(found[0][2:], 16)), text)
    if max(map(len, text.split()), default=0) >= SHORTEST_PACKED:
        for raw in (*_from_base64(text), *_from_hex(text)):
            yield from _decoded(raw, is_beyond_ascii=True)


def _from_hex(text: str) -> Iterator[bytes]:
    for found in _HEX.finditer(text):
        yield bytes.fromhex(found[0][: len(found[0]) // 2 * 2])


def _from_base64(text: str) -> Iterator[bytes]:
    """As messages of the queue and parts of mails are packed."""
    for found in _BASE64.finditer(text):
        packed = "".join(found[0].split())
        try:  # some leave out the signs that only fill it up
            raw = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
        except binascii.Error:
            continue
        yield raw
