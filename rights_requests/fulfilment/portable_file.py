"""Reading a file that somebody takes along from another controller, in the schema in which
we give ours away (files/portable.schema.json). Pure: it believes nothing and keeps nothing.

Whoever made it may have made it in any way: it may be huge, nested without end, say a
thing twice, or be of a newer schema. Each fault is named with its place.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from rights_requests.fulfilment.portability import FORMAT

MOST_BYTES = 2 * 1024 * 1024  # as of any text that is handed in
MOST_DEPTH = 8
MOST_PLACES = 200
MOST_RECORDS = 2_000
LONGEST_TEXT = 10_000
LONGEST_NAME = 300
MOST_TOLD = 10
FAMILY = FORMAT.partition("/")[0]
HEAD = ("format", "made_at", "controller", "addresses", "places", "left_out")


class NotPortable(Exception):
    """It cannot be taken over; problems say to a person what is wrong, and where."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems[:MOST_TOLD]


@dataclass(frozen=True)
class FilePlace:
    """Records of one kind, as the other controller calls them."""

    holding: str
    title: str
    records: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class PortableFile:
    """What the file says, once it keeps to the schema."""

    controller: str
    made_at: datetime
    addresses: tuple[str, ...]
    places: tuple[FilePlace, ...]


def read(raw: bytes) -> PortableFile:
    """Raises NotPortable."""
    if len(raw) > MOST_BYTES:
        raise NotPortable("The file has more than 2 MB: nothing of it was read.")
    told = _parsed(raw)
    if problems := list(_of_format(told)) or list(_of_head(told)):
        raise NotPortable(*problems)
    if problems := list(_of_parts(told)) or list(_too_deep(told)):
        raise NotPortable(*problems)
    return PortableFile(
        controller=told["controller"],
        made_at=datetime.fromisoformat(told["made_at"]),
        addresses=tuple(told["addresses"]),
        places=tuple(
            FilePlace(one["holding"], one["title"], tuple(one["records"]))
            for one in told["places"]
        ),
    )


# Nobody has put such a file together before, or will after.
YEARS = range(1970, 2200)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(
            raw.decode("utf-8-sig"),
            object_pairs_hook=_once,
            parse_constant=_no_number,
        )
    except UnicodeDecodeError as error:
        raise NotPortable("The file is no text in UTF-8.") from error
    except RecursionError as error:
        raise NotPortable("Something in the file is nested without end.") from error
    except json.JSONDecodeError as error:
        raise NotPortable(
            f"The file is no JSON: see its line {error.lineno}."
        ) from error
    except ValueError as error:
        raise NotPortable("The file has a number that is none.") from error
    if not isinstance(told, dict):
        raise NotPortable("The file is no object: { … } is expected.")
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What is said twice would be read otherwise by another program."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if why_not := _why_no_text(name):
            raise NotPortable(f"A name in the file is {why_not}")
        if name in found:
            raise NotPortable(f"“{name[:60]}” stands twice in one place of the file.")
        found[name] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise NotPortable(f"{name} is no number in JSON.")


def _of_format(told: dict[str, Any]) -> Iterator[str]:
    given = told.get("format")
    if given == FORMAT:
        return
    text = given if isinstance(given, str) and not _why_no_text(given) else ""
    if text.startswith(f"{FAMILY}/"):
        yield f"The file is of another version than {FORMAT}: “{text[:60]}”."
    else:
        yield f"The file does not say that it is of the schema “{FORMAT}” (format)."


def _of_head(told: dict[str, Any]) -> Iterator[str]:
    for name in HEAD:
        if name not in told:
            yield f"“{name}” is missing."
    for name in told:
        if name not in HEAD:
            yield f"“{name[:60]}” is not in the schema."
    yield from _text(told.get("controller", ""), "controller")
    if "made_at" in told and not _is_moment(told["made_at"]):
        yield "made_at: a moment like 2026-11-28T09:30:00Z is expected."


def _is_moment(given: Any) -> bool:
    """With its zone, and far enough from the ends of the calendar to be told in any."""
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        return False
    return moment.tzinfo is not None and moment.year in YEARS


def _of_parts(told: dict[str, Any]) -> Iterator[str]:
    addresses = told["addresses"]
    if not isinstance(addresses, list):
        yield "addresses: a list is expected."
    else:
        for number, one in enumerate(addresses):
            yield from _text(one, f"addresses[{number}]")
    if not isinstance(told["left_out"], list):
        yield "left_out: a list is expected."
    if not isinstance(told["places"], list):
        yield "places: a list is expected."
    elif len(told["places"]) > MOST_PLACES:
        yield f"places: there are more than {MOST_PLACES}."
    else:
        for number, one in enumerate(told["places"]):
            yield from _of_place(one, f"places[{number}]")


def _of_place(one: Any, where: str) -> Iterator[str]:
    if not isinstance(one, dict) or set(one) != {"holding", "title", "records"}:
        yield f"{where}: an object with holding, title and records is expected."
        return
    yield from _text(one["holding"], f"{where}.holding")
    yield from _text(one["title"], f"{where}.title")
    records = one["records"]
    if not isinstance(records, list):
        yield f"{where}.records: a list is expected."
    elif len(records) > MOST_RECORDS:
        yield f"{where}.records: there are more than {MOST_RECORDS:,}."
    else:
        for number, record in enumerate(records):
            if not isinstance(record, dict):
                yield f"{where}.records[{number}]: an object is expected."


def _text(given: Any, where: str) -> Iterator[str]:
    if not isinstance(given, str):
        yield f"{where}: a text is expected."
    elif len(given) > LONGEST_NAME:
        yield f"{where}: longer than {LONGEST_NAME} characters."


def _too_deep(told: dict[str, Any]) -> Iterator[str]:
    """Every value once, without recursion: how deep it lies, and whether a text is one
    that can be kept."""
    waiting: list[tuple[str, Any, int]] = [(name, told[name], 1) for name in told]
    while waiting:
        where, value, depth = waiting.pop()
        if depth > MOST_DEPTH:
            yield f"{where}: nested more than {MOST_DEPTH} deep."
            return
        if isinstance(value, dict):
            waiting += [(f"{where}.{k[:40]}", v, depth + 1) for k, v in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{where}[{n}]", v, depth + 1) for n, v in enumerate(value)]
        elif isinstance(value, str) and (why_not := _why_no_text(value)):
            yield f"{where}: {why_not}"
            return


def _why_no_text(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        return f"longer than {LONGEST_TEXT:,} characters."
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        return "a text with signs that are none."
    return ""
