"""Whether words are the person's own name, or how they are reached: taken out wherever
they stand, they would take the person's own data along.

Only the few places of the house that hold such a field are read, a few rows at a time,
and of these only that field.
"""

import re
from collections.abc import Iterator

from groundwork.holdings import Person, holdings
from rights_requests.fulfilment.identifiers import (
    Identifiers,
    Needle,
    What,
    dialled,
    folded,
    plain,
    values_of,
)
from rights_requests.fulfilment.marks import pattern_of


def own_in(words: str, person: Person) -> What | None:
    """Which of the person's own things these words would take out: those in which they
    stand, as whole words, and those which they are, however these are spelt; None when
    there is none. Of a name or a postal address, words in another order are that, too;
    with a word more they are somebody else's, such as of the same family."""
    within, parts = pattern_of(plain(words)), _parts(words)
    for what, value in _own(person):
        if what is What.NAME or what is What.STREET:
            is_theirs = parts <= _parts(value)
        else:
            is_theirs = bool(within.search(value)) or _has_in_it(words, what, value)
        if is_theirs:
            return what
    return None


def _own(person: Person) -> Iterator[tuple[What, str]]:
    found: dict[str, set[str]] = {}
    for holding in holdings():
        for kind, value in values_of(holding, person, {}):
            found.setdefault(kind, set()).add(value)
    for what, values in (
        (What.NAME, found.get("names", ())),
        (What.ADDRESS, person.addresses),
        (What.TELEPHONE, found.get("telephones", ())),
        (What.STREET, found.get("streets", ())),
    ):
        yield from ((what, plain(value)) for value in values)


def _has_in_it(words: str, what: What, value: str) -> bool:
    if what is What.ADDRESS:
        sought = Identifiers(addresses=(value,))
    else:
        sought = Identifiers(telephones=tuple(filter(None, [dialled(value)])))
    return bool(Needle.of(sought).found_in_text(words))


def _parts(words: str) -> set[str]:
    return set(re.findall(r"\w+", folded(words)))
