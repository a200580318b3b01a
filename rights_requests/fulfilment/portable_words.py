"""Names a place in a file that somebody takes along, for a colleague who has never seen
JSON: the title that the house has for a field, the number of an entry counted from one.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from groundwork.holdings import holdings

# The names and numbers that lead to a value, from the outermost on.
Path = tuple[str | int, ...]
LONGEST = 60


@lru_cache(maxsize=8)
def titles_of(holding_key: str) -> Mapping[str, str]:
    """What the house calls the fields of a place, by their names in the file; none for a
    place that we do not keep."""
    return {
        datum.path: datum.title
        for holding in holdings()
        if holding.key == holding_key
        for datum in holding.data
    }


def title_of(holding_key: Any, name: str) -> str:
    """What people call the field; the name as it stands there, in quotes, of one that we
    do not know."""
    known = titles_of(holding_key) if isinstance(holding_key, str) else {}
    return known.get(name, f"“{name[:LONGEST]}”")


def in_words(told: Mapping[str, Any], path: Path) -> str:
    """Where in this file the path leads: “First name, in entry 1 of “Your sign-up””."""
    head, *rest = path
    if head == "addresses" and rest:
        return f"Address {_number(rest[0])}"
    if head == "left_out" and rest:
        return f"“left_out”, entry {_number(rest[0])}"
    if head == "places" and rest:
        return _in_place(told["places"], rest)
    return f"“{str(head)[:LONGEST]}”"


def _number(index: str | int) -> int:
    return int(index) + 1


def _in_place(places: list[Any], path: list[str | int]) -> str:
    """path: from the number of the place on."""
    number = _number(path[0])
    place = places[number - 1]
    name, *rest = path[1:] or [""]
    if not name:
        return f"Place {number}"
    if name != "records":
        return f"“{str(name)[:LONGEST]}” of place {number}"
    called = _called(place, number)
    if not rest:
        return f"The entries of {called}"
    entry = f"entry {_number(rest[0])} of {called}"
    if len(rest) == 1:
        return f"{entry[:1].upper()}{entry[1:]}"
    return f"{title_of(place.get('holding'), str(rest[1]))}, in {entry}"


def _called(place: Mapping[str, Any], number: int) -> str:
    """By its title, where that can be shown."""
    title = place.get("title")
    is_shown = isinstance(title, str) and title.strip() and title.isprintable()
    return f"“{title[:LONGEST]}”" if is_shown and title else f"place {number}"
