"""Reading a file that somebody takes along from another controller, in the schema in which
we give ours away (files/portable.schema.json). Pure: it believes nothing and keeps nothing.

Whoever made it may have made it in any way: it may be huge, nested without end, say a
thing twice, or be of a newer schema. Each fault is named with its place, in words.
"""

import json
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, NoReturn

from rights_requests.fulfilment.portability import FORMAT
from rights_requests.fulfilment.portable_words import Path, in_words

MOST_BYTES = 2 * 1024 * 1024  # as of any text that is handed in
MOST_DEPTH = 8
MOST_PLACES = 200
MOST_RECORDS = 2_000
LONGEST_TEXT = 10_000
LONGEST_NAME = 300
MOST_TOLD = 10
FAMILY = FORMAT.partition("/")[0]
HEAD = ("format", "made_at", "controller", "addresses", "places", "left_out")


Texts = Mapping[str, Collection[str]]
NO_TEXTS: Texts = {}


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


def read(raw: bytes, *, texts: Texts = NO_TEXTS) -> PortableFile:
    """texts: the fields, by the key of their place, in which a text has to stand, or
    nothing. Raises NotPortable."""
    if len(raw) > MOST_BYTES:
        raise NotPortable("The file has more than 2 MB: nothing of it was read.")
    told = _parsed(raw)
    for look in (_of_format, _of_head, _of_parts, partial(_of_content, texts=texts)):
        if problems := list(islice(look(told), MOST_TOLD)):
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
            raise NotPortable(f"The name of a field in the file: {why_not}")
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
    yield from _text(told, ("controller",), told.get("controller", ""))
    if "made_at" in told and not _is_moment(told["made_at"]):
        yield "“made_at”: a moment like 2026-11-28T09:30:00Z is expected."


def _is_moment(given: Any) -> bool:
    """With its zone, and far enough from the ends of the calendar to be told in any."""
    try:
        moment = datetime.fromisoformat(given)
    except (TypeError, ValueError):
        return False
    return moment.tzinfo is not None and moment.year in YEARS


def _of_parts(told: dict[str, Any]) -> Iterator[str]:
    parts = {name: told[name] for name in ("addresses", "left_out", "places")}
    wrong = {name: one for name, one in parts.items() if not isinstance(one, list)}
    for name, one in wrong.items():
        yield f"“{name}”: a list is expected, and {what_it_is(one)} stands there."
    if wrong:
        return
    for number, one in enumerate(told["addresses"]):
        yield from _text(told, ("addresses", number), one)
    if len(told["places"]) > MOST_PLACES:
        yield f"“places”: there are more than {MOST_PLACES}."
        return
    for number in range(len(told["places"])):
        yield from _of_place(told, number)


def _of_place(told: dict[str, Any], number: int) -> Iterator[str]:
    one = told["places"][number]
    where: Path = ("places", number)
    if not isinstance(one, dict) or set(one) != {"holding", "title", "records"}:
        yield (
            f"{in_words(told, where)}: an object with “holding”, “title” and “records” is "
            "expected."
        )
        return
    yield from _text(told, (*where, "holding"), one["holding"])
    yield from _text(told, (*where, "title"), one["title"])
    records = one["records"]
    there = in_words(told, (*where, "records"))
    if not isinstance(records, list):
        yield f"{there}: a list is expected, and {what_it_is(records)} stands there."
    elif len(records) > MOST_RECORDS:
        yield f"{there}: there are more than {MOST_RECORDS:,}."
    else:
        for count, record in enumerate(records):
            if not isinstance(record, dict):
                entry = in_words(told, (*where, "records", count))
                yield f"{entry}: {what_it_is(record)}, and no object with fields."


def _text(told: Mapping[str, Any], path: Path, given: Any) -> Iterator[str]:
    yield from _is_text(told, path, given)
    if isinstance(given, str) and len(given) > LONGEST_NAME:
        yield f"{in_words(told, path)}: longer than {LONGEST_NAME} characters."


def what_it_is(value: Any) -> str:
    """The kind of a value, as people say it."""
    return KINDS_OF_VALUE[type(value)]


KINDS_OF_VALUE = {
    str: "a text",
    bool: "“true” or “false”",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    type(None): "“null”",
}


def _of_content(told: dict[str, Any], texts: Texts) -> Iterator[str]:
    yield from _no_text(told, texts)
    yield from _of_values(told)


def _of_values(told: dict[str, Any]) -> Iterator[str]:
    """Every value once, without recursion: how deep it lies, and whether a text is one
    that can be kept."""
    waiting: deque[tuple[Path, Any]] = deque(((name,), told[name]) for name in told)
    while waiting:
        path, value = waiting.popleft()
        if len(path) > MOST_DEPTH:
            yield f"{in_words(told, path)}: nested more than {MOST_DEPTH} deep."
        elif isinstance(value, dict):
            waiting += [((*path, name), one) for name, one in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, number), one) for number, one in enumerate(value)]
        elif isinstance(value, str) and (why_not := _why_no_text(value)):
            yield f"{in_words(told, path)}: {why_not}"


def _no_text(told: dict[str, Any], texts: Texts) -> Iterator[str]:
    for number, place in enumerate(told["places"]):
        for count, record in enumerate(place["records"]):
            for name in texts.get(place["holding"], ()):
                if record.get(name) is not None:
                    path: Path = ("places", number, "records", count, name)
                    yield from _is_text(told, path, record[name])


def _is_text(told: Mapping[str, Any], path: Path, given: Any) -> Iterator[str]:
    if not isinstance(given, str):
        yield f"{in_words(told, path)}: {what_it_is(given)}, and no text."


def _why_no_text(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        return f"longer than {LONGEST_TEXT:,} characters."
    if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
        return "it has signs that no text can have."
    return ""
