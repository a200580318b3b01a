"""What a PDF holds besides pages: scripts, programs to start, other files.

Whoever opens the papers of a request reads them, and nothing of them shall act. A PDF is
looked through by the names of its objects (ISO 32000-1, 7.3.5, 12.6.4), also in its
compressed object streams (7.5.7). Whatever cannot be looked into counts as found.

Strangers make the file: no search goes over it more than once, and what is inflated is
bounded.
"""

import re
import zlib
from collections.abc import Iterator
from enum import StrEnum
from mmap import ACCESS_READ, mmap
from typing import IO

type Content = bytes | mmap

MEGABYTE = 1024 * 1024
CHUNK = 64 * 1024
MOST_INFLATED = 32 * MEGABYTE
# The dictionary of an object stream has half a dozen entries.
DICTIONARY_REACHES = 2048


class Found(StrEnum):
    NOTHING = ""
    ACTIVE = "active"
    CLOSED = "cannot be looked into"


def _name(name: str) -> str:
    """The name, each of whose characters may be written as its number."""
    letters = (f"(?:{letter}|#(?i:{ord(letter):02x}))" for letter in name)
    return f"/{''.join(letters)}(?![^\\s\\0()<>\\[\\]{{}}/%])"


def _any_of(*names: str) -> re.Pattern[bytes]:
    return re.compile("|".join(map(_name, names)).encode())


# A script and a program (12.6.4.16, 12.6.4.5), a file in the file (7.11.4), films and
# other players (13.7), forms that send or fetch (12.7.5), forms with scripts (12.7.8).
_ACTIVE = _any_of(
    "JavaScript",
    "Launch",
    "EmbeddedFile",
    "EmbeddedFiles",
    "RichMedia",
    "SubmitForm",
    "ImportData",
    "GoToE",
    "XFA",
)
_OBJECT_STREAM = _any_of("ObjStm")
# The other name in its dictionary, by which some programs know one that gives no type.
_FIRST = _any_of("First")
_STREAM_OR_END = re.compile(rb"stream\r?\n|endobj")
_FILTER = _any_of("Filter")
# The one filter, with or without brackets; and none that comes before or after it.
_INFLATES = re.compile(
    (
        _name("Filter") + r"\s*\[?\s*" + _name("FlateDecode") + r"\s*\]?\s*(?=/|>>)"
    ).encode()
)
_PARAMETERS = _any_of("DecodeParms", "DP", "F", "FFilter")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")


def found_in(file: IO[bytes]) -> Found:
    """The first thing that is found in a PDF, or that nothing is. One that lies on disk
    is looked through there, without being held."""
    try:
        number = file.fileno()
    except (AttributeError, OSError):
        file.seek(0)
        return _found_in(file.read())
    file.flush()
    with mmap(number, 0, access=ACCESS_READ) as content:
        return _found_in(content)


def _found_in(content: Content) -> Found:
    if _ACTIVE.search(content):
        return Found.ACTIVE
    left = MOST_INFLATED
    for place in _object_streams(content):
        inside = _inside(content, place, left)
        if inside is None:
            return Found.CLOSED
        if _ACTIVE.search(inside):
            return Found.ACTIVE
        left -= len(inside)
    return Found.NOTHING


def _object_streams(content: Content) -> Iterator[re.Match[bytes]]:
    yield from _OBJECT_STREAM.finditer(content)
    for place in _FIRST.finditer(content):
        if _is_in_untyped_stream(content, place):
            yield place


def _is_in_untyped_stream(content: Content, place: re.Match[bytes]) -> bool:
    """Whether a stream follows, and not the end of an outline; counted as one where
    neither is near."""
    end = _STREAM_OR_END.search(content, place.end(), place.end() + DICTIONARY_REACHES)
    if end is None:
        return True
    begins = max(0, _beginning(content, place))
    is_typed = _OBJECT_STREAM.search(content, begins, end.start())
    return end[0] != b"endobj" and not is_typed


def _beginning(content: Content, place: re.Match[bytes]) -> int:
    """Where the object begins in which this name stands; -1 where that is not near."""
    nearest = max(0, place.start() - DICTIONARY_REACHES)
    return content.rfind(b"obj", nearest, place.start())


def _inside(content: Content, place: re.Match[bytes], most: int) -> bytes | None:
    """The objects of the object stream that is named here; empty where they stand there
    openly, None where they cannot be read."""
    stream = _STREAM.search(content, place.end(), place.end() + DICTIONARY_REACHES)
    begins = _beginning(content, place)
    if stream is None or begins < 0:
        return None
    dictionary = content[begins : stream.start()]
    if not _FILTER.search(dictionary):
        return b""
    if not _INFLATES.search(dictionary) or _PARAMETERS.search(dictionary):
        return None
    return _inflated(content, stream.end(), most)


def _inflated(content: Content, at: int, most: int) -> bytes | None:
    inflater, inside = zlib.decompressobj(), b""
    try:
        while not inflater.eof and at < len(content) and len(inside) <= most:
            piece = inflater.unconsumed_tail + content[at : at + CHUNK]
            at += CHUNK
            inside += inflater.decompress(piece, most + 1 - len(inside))
    except zlib.error:
        return None
    return inside if inflater.eof and len(inside) <= most else None
