"""A zip archive as a stream: its members are written as they are made, and nothing but
the piece at hand is in memory."""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MANIFEST = "manifest.json"
# Enough for the compressor to work on; small beside what a worker has.
PIECE = 64 * 1024


@dataclass(frozen=True)
class Member:
    """A file of the archive: its path there, and its bytes in pieces."""

    path: str
    pieces: Iterable[bytes]


class _Outlet(io.RawIOBase):
    """Where the archive is written: it hands on what has come since the last time."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._held += piece
        return len(piece)

    def taken(self) -> bytes:
        piece = bytes(self._held)
        self._held.clear()
        return piece


def zipped(members: Iterable[Member], *, made_at: datetime) -> Iterator[bytes]:
    """The archive of these members, piece by piece; the last is a manifest with the size
    and the SHA-256 of each other one, by which a changed file shows."""
    outlet = _Outlet()
    manifest: dict[str, dict[str, object]] = {}
    with ZipFile(outlet, "w", ZIP_DEFLATED) as archive:
        for member in members:
            yield from _added(archive, outlet, member, manifest, made_at)
        listed = json.dumps(
            {"made_at": made_at.isoformat(), "files": manifest}, indent=2
        )
        last = Member(MANIFEST, [listed.encode() + b"\n"])
        yield from _added(archive, outlet, last, {}, made_at)
    yield outlet.taken()


def _added(
    archive: ZipFile,
    outlet: _Outlet,
    member: Member,
    manifest: dict[str, dict[str, object]],
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
            yield outlet.taken()
    manifest[member.path] = {"bytes": size, "sha256": digest.hexdigest()}
    yield outlet.taken()


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
