"""Looking through the bytes of a file for a person, also inside whatever is packed in it:
archives in archives, compressed logs, PDFs, databases in one file, the files of mails.

What is packed is held whole, what comes out of it a piece at a time. It may be a thousand
times as much, or hold itself: each file has a limit of bytes and of depth.
"""

import bz2
import gzip
import io
import lzma
import re
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from email import message_from_bytes
from pathlib import PurePath
from typing import IO, Any

from rights_requests.fulfilment.identifiers import Needle

PIECE = 1024 * 1024
# An identifier that lies across two pieces is found in the second, which begins with so
# much of the first.
OVERLAP = 8 * 1024
# What is opened at all: the largest upload is 10 MB, a copy of a hundred thousand records
# some 20.
MOST_ARCHIVED = 128 * 1024 * 1024
# What comes out of one file altogether: a rotated log is some ten times its packed size.
MOST_UNPACKED = 1024 * 1024 * 1024
DEEPEST = 8
UNREADABLE = "cannot be read"
TOO_LARGE = "too large to open"
# By how their files begin: what is compressed or encrypted and cannot be opened here.
CLOSED = (
    b"\x28\xb5\x2f\xfd",  # Zstandard
    b"\x04\x22\x4d\x18",  # LZ4
    b"\x1f\x9d",  # compress
    b"LZIP",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"-----BEGIN PGP MESSAGE-----",
    b"age-encryption.org/",
    b"Salted__",  # OpenSSL
)
SQLITE = b"SQLite format 3\0"
# How it is written and read (sqlite.org/fileformat.html, 1.3): 1 for what is held in
# memory, whether its journal is of the newer kind or not.
SQLITE_VERSIONS = slice(18, 20)
TAR, TAR_AT = b"ustar", 257
BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    sqlite3.Error,
    tarfile.TarError,
    zipfile.BadZipFile,
    # An encrypted member, and a way of packing that is not known here.
    RuntimeError,
    NotImplementedError,
    # A mail that names its file, or what it is written in, as nobody does.
    ValueError,
    LookupError,
)
# The head of a mail (RFC 5322, 2.2), also of the first in an mbox file (RFC 4155), and
# what says of a mail, or of a part of it, that it is more than words.
_HEAD = re.compile(rb"(?:From [^\n]*\n)?(?:[!-9;-~]{1,76}:[^\n]*\n(?:[ \t][^\n]*\n)*)+")
_MORE_THAN_WORDS = re.compile(
    rb"^content-type:(?:[ \t]|\r?\n[ \t])*(?!text/|multipart/alternative)[a-z]+/",
    re.I | re.M,
)


class _TooLarge(Exception):
    """It is more than anybody would look through."""


def found_in(pieces: Iterable[bytes], needle: Needle) -> set[str]:
    """What stands in these bytes, of any length, and in what is packed in them."""
    look = _Look(needle)
    try:
        look.through(pieces)
    except _TooLarge:
        look.found.add(TOO_LARGE)
    return look.found


def is_mail_with_files(beginning: bytes) -> bool:
    """Whether what begins so is a mail that may have files in it."""
    is_mail = _HEAD.match(beginning) is not None
    return is_mail and _MORE_THAN_WORDS.search(beginning) is not None


def read(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


class _Look:
    """One file that is looked through; found grows meanwhile."""

    def __init__(self, needle: Needle) -> None:
        self.needle = needle
        self.found: set[str] = set()
        self.left = MOST_UNPACKED
        self.depth = 0

    def through(self, pieces: Iterable[bytes]) -> None:
        """Raises _TooLarge; what does not open as it should is noted as such."""
        whole, end = bytearray(), b""
        opened: Callable[[bytes], None] | None = None
        for number, piece in enumerate(_of_one_size(pieces)):
            if number == 0:
                opened = self._opener(piece)
            self.found |= self.needle.found_in_bytes(end + piece)
            end = piece[-OVERLAP:]
            if opened is not None:
                whole += piece
            if len(whole) > MOST_ARCHIVED:
                raise _TooLarge
        if opened is not None:
            self._open(opened, bytes(whole))

    def _opener(self, beginning: bytes) -> Callable[[bytes], None] | None:
        """How a file that begins so is opened; None for what is not packed."""
        if beginning.startswith(CLOSED):
            self.found.add(UNREADABLE)
            return None
        for mark, opener in self._openers():
            if beginning.startswith(mark):
                return opener
        if beginning[TAR_AT:].startswith(TAR):
            return self._tar
        return self._mail if is_mail_with_files(beginning) else None

    def _openers(self) -> Iterator[tuple[bytes, Callable[[bytes], None]]]:
        yield b"PK\x03\x04", self._zip
        yield b"%PDF", self._pdf
        yield b"\x1f\x8b", self._gzip
        yield SQLITE, self._sqlite
        yield b"BZh", lambda raw: self._streams(raw, bz2.BZ2Decompressor)
        yield b"\xfd7zXZ\0", lambda raw: self._streams(raw, _xz)

    def _open(self, opener: Callable[[bytes], None], raw: bytes) -> None:
        if self.depth == DEEPEST:
            raise _TooLarge
        self.depth += 1
        try:
            opener(raw)
        except BROKEN:
            self.found.add(UNREADABLE)
        finally:
            self.depth -= 1

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.left -= len(piece)
            if self.left < 0:
                raise _TooLarge
            yield piece

    def _name(self, name: str) -> None:
        """Also without its ending, which would be taken for the end of an address."""
        self.found |= self.needle.found_in_text(f"{name} {PurePath(name).stem}")

    # --- Each kind of packing ---

    def _zip(self, raw: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            for member in archive.infolist():
                self._name(member.filename)
                with archive.open(member) as file:
                    self.through(self._counted(read(file)))

    def _tar(self, raw: bytes) -> None:
        """Its members lie in it as they are, and were looked through: but for those that
        are packed themselves."""
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for member in archive:
                self._name(member.name)
                if (file := archive.extractfile(member)) is not None:
                    self.through(self._counted(read(file)))

    def _gzip(self, raw: bytes) -> None:
        with gzip.open(io.BytesIO(raw)) as file:
            self.through(self._counted(read(file)))

    def _streams(self, raw: bytes, new: Callable[[], Any]) -> None:
        self.through(self._counted(_unpacked(raw, new)))

    def _sqlite(self, raw: bytes) -> None:
        """Row by row: in the file itself one value follows upon another."""
        held = bytearray(raw)
        held[SQLITE_VERSIONS] = b"\1\1"
        with closing(sqlite3.connect(":memory:")) as database:
            database.text_factory = bytes
            database.deserialize(bytes(held))
            names = "SELECT quote(name) FROM sqlite_schema WHERE type = 'table'"
            for (name,) in database.execute(names).fetchall():
                quoted = name.decode(errors="surrogateescape")
                # Its own quotation of a name of its own.
                for row in database.execute(f"SELECT * FROM {quoted}"):  # noqa: S608
                    self.through(self._counted([b"\n".join(map(_cell, row))]))

    def _mail(self, raw: bytes) -> None:
        """Part by part, also of the mails that it carries; its words were looked through
        as they lie."""
        for part in message_from_bytes(raw).walk():
            self._name(part.get_filename() or "")
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):  # not what only holds other parts
                self.through(self._counted([content]))

    def _pdf(self, raw: bytes) -> None:
        for begin in _STREAM.finditer(raw):
            [text] = self._counted([_inflated(raw, begin.end())])
            self.found |= self.needle.found_in_bytes(text)


_STREAM = re.compile(rb"(?<!end)stream\r?\n")


def _cell(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _inflated(raw: bytes, start: int) -> bytes:
    """What a compressed stream says; nothing for one that is not compressed so, which
    was looked through as it lies."""
    try:
        return zlib.decompressobj().decompress(raw[start:], MOST_ARCHIVED)
    except zlib.error:
        return b""


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(memlimit=MOST_ARCHIVED)


def _unpacked(raw: bytes, new: Callable[[], Any]) -> Iterator[bytes]:
    """What a compressed file says; it may be several, one behind the other. Raises
    EOFError for one that was cut short."""
    while raw:
        engine = new()
        yield engine.decompress(raw, PIECE)
        while not engine.eof:
            if engine.needs_input:
                raise EOFError
            yield engine.decompress(b"", PIECE)
        raw = engine.unused_data


def _of_one_size(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)
