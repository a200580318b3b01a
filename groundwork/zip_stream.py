"""Zip archives as streams: members are written as they are made, and nothing but the
piece at hand is in memory."""

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

# Enough for the compressor to work on; small beside what a worker has.
PIECE = 64 * 1024


@dataclass(frozen=True)
class Member:
    """A file of an archive: its path there, and its bytes in pieces."""

    path: str
    pieces: Iterable[bytes]


@dataclass(frozen=True)
class Written:
    """What was written of a member: its size in bytes, and its SHA-256 as hex."""

    size: int
    sha256: str


# Makes the last members, such as a manifest, from what was written before them.
Closing = Callable[[Mapping[str, Written]], Iterable[Member]]


class Outlet(io.RawIOBase):
    """Where an archive is written: it hands on what has come since the last time. It
    cannot go back, nor need it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._held += piece
        return len(piece)

    @property
    def is_full(self) -> bool:
        return len(self._held) >= PIECE

    def take(self) -> bytes:
        piece = bytes(self._held)
        self._held.clear()
        return piece


def zipped(
    members: Iterable[Member], *, made_at: datetime, closing: Closing
) -> Iterator[bytes]:
    """The archive of these members and of those that closing() makes of what was
    written, piece by piece."""
    outlet = Outlet()
    written: dict[str, Written] = {}
    with ZipFile(outlet, "w", ZIP_DEFLATED) as archive:
        for member in members:
            yield from _added(archive, outlet, member, written, made_at)
        for member in closing(dict(written)):
            yield from _added(archive, outlet, member, written, made_at)
    yield outlet.take()


def _added(
    archive: ZipFile,
    outlet: Outlet,
    member: Member,
    written: dict[str, Written],
    made_at: datetime,
) -> Iterator[bytes]:
    about = ZipInfo(member.path, made_at.timetuple()[:6])
    about.compress_type = ZIP_DEFLATED
    about.external_attr = 0o644 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(about, "w", force_zip64=True) as file:
        for piece in member.pieces:
            digest.update(piece)
            size += len(piece)
            file.write(piece)
            if outlet.is_full:
                yield outlet.take()
    written[member.path] = Written(size, digest.hexdigest())


def in_pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Text in pieces that are worth handing on."""
    held: list[str] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= PIECE:
            yield "".join(held).encode()
            held, size = [], 0
    yield "".join(held).encode()
