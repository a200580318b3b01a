"""Encrypted files outside the database: what people send us, and what we answer with.

A file is a head and chunks of 64 KiB. The head carries the file's own random key,
wrapped with the first of FIELD_KEYS, as encrypted fields are; so an older key still
opens it, and without the ring it cannot be read. Each chunk is sealed (AES-256-GCM)
together with the file's name, its place and whether it is the last: a chunk that was
changed, moved, left out or brought from another file is found, and so is an end that was
cut off. Reading and writing hold one chunk in memory, whatever the size.
"""

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from groundwork.encryption import box
from groundwork.links import TOKEN_PATTERN, random_token

CHUNK = 64 * 1024
TAG = 16
MAGIC = b"casedesk vault 1\n"
# Long enough for the transaction that writes the row of a new file.
ABANDONED_AFTER = timedelta(minutes=15)
ORPHANED_AFTER = timedelta(days=1)
_NAME = re.compile(TOKEN_PATTERN)
_UNFINISHED = ".part"


class VaultError(Exception):
    """The file cannot be had; the text says why without naming anybody."""


class Missing(VaultError):
    """There is no file of this name."""


class Unreadable(VaultError):
    """The file was changed or cut short, or none of FIELD_KEYS opens it."""


@dataclass(frozen=True)
class Stored:
    """A file in the vault: its random name there, size in bytes and SHA-256 of what
    was given, in the clear."""

    name: str
    size: int
    sha256: bytes


def put(chunks: Iterable[bytes]) -> Stored:
    """Keep these bytes under a new random name; nothing counts before it returns.

    Written under another name, brought to the disk and then renamed, so that a file
    under its own name is whole. Raises OSError when the disk refuses; whatever stops
    it, nothing half-written stays.
    """
    name = random_token()
    path = _path(name)
    _make_private(path.parent)
    unfinished = path.with_suffix(_UNFINISHED)
    try:
        stored = _write(unfinished, name, chunks)
        unfinished.rename(path)
        _sync_folder(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return stored


def read(name: str) -> Iterator[bytes]:
    """The bytes of this file, each chunk proven before it is handed out.

    Raises Missing, or Unreadable when no key fits, at once. Unreadable may also come
    later, in place of the chunk that is not as it was written or that is not there:
    only who reaches the end has the whole file.
    """
    chunks = _opened(_path(name), name)
    next(chunks)
    return chunks


def remove(name: str) -> None:
    """Take this file away; quietly when it is gone already. Raises OSError."""
    path = _path(name)
    with suppress(FileNotFoundError):
        path.unlink()
        _sync_folder(path.parent)


def sweep_orphans(known: Collection[str], *, now: datetime) -> int:
    """Remove what no row knows and what was never finished, if older than a day.

    known are the names in all rows, read not longer ago than a day. Returns how many
    files went.
    """
    limit = (now - ORPHANED_AFTER).timestamp()
    removed = 0
    for path in _files():
        if path.name not in known and _is_older(path, limit):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def names() -> Iterator[str]:
    """The name of every file that is here, in no order; those still being written are
    not."""
    for path in _files():
        if not path.name.endswith(_UNFINISHED):
            yield path.name


def unfinished() -> Iterator[str]:
    """The names of the files that are being written, or whose writer died over them."""
    for path in _files():
        if path.name.endswith(_UNFINISHED):
            yield path.name.removesuffix(_UNFINISHED)


def read_unfinished(name: str) -> Iterator[bytes]:
    """As far as it was written: whoever has the key reads that much. Raises what read
    raises, and Unreadable at its end."""
    chunks = _opened(_path(name).with_suffix(_UNFINISHED), name)
    next(chunks)
    return chunks


def sweep_unfinished(now: datetime) -> int:
    """Remove what nobody has written to for a quarter of an hour: its writer is dead.
    Returns how many files went."""
    limit = (now - ABANDONED_AFTER).timestamp()
    removed = 0
    for path in _files():
        if path.name.endswith(_UNFINISHED) and _is_older(path, limit):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def strays() -> Iterator[Path]:
    """Every file that lies in the vault and is none of ours, by where it lies."""
    ours = set(_files())
    for where, _, files in Path(settings.VAULT_DIR).walk():
        for name in files:
            path = where / name
            if path not in ours and path.is_file():
                yield path


# --- Folders ---


def _path(name: str) -> Path:
    """In one of 4096 folders, so that none grows too large. Raises Missing for what
    cannot be a name of ours, before it could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise Missing("This is no name of a file.")
    return Path(settings.VAULT_DIR) / name[:2] / name


def _files() -> Iterator[Path]:
    """Every file of ours, the unfinished too, and nothing that others put there."""
    for path in Path(settings.VAULT_DIR).glob("??/*"):
        if _NAME.fullmatch(path.name.removesuffix(_UNFINISHED)):
            yield path


def _is_older(path: Path, limit: float) -> bool:
    """False for one that went in the meantime, and for what is no file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_mtime < limit


def _make_private(folder: Path) -> None:
    """This folder and the vault around it, for our own account alone."""
    vault = folder.parent
    for new in (vault, folder):
        if not new.is_dir():
            new.parent.mkdir(parents=True, exist_ok=True)
            new.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(new.parent)


def _sync_folder(folder: Path) -> None:
    """Bring to the disk which names stand in this folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- The form of a file: MAGIC, length of the wrapped key, wrapped key, chunks ---


def _write(path: Path, name: str, chunks: Iterable[bytes]) -> Stored:
    key = AESGCM.generate_key(bit_length=256)
    sealer = AESGCM(key)
    digest = hashlib.sha256()
    size = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        wrapped = box().encrypt(key)
        file.write(MAGIC + len(wrapped).to_bytes(2) + wrapped)
        for index, (chunk, is_last) in enumerate(_even(chunks)):
            digest.update(chunk)
            size += len(chunk)
            file.write(sealer.encrypt(_nonce(index, is_last), chunk, _bound_to(name)))
        file.flush()
        os.fsync(file.fileno())
    return Stored(name, size, digest.digest())


def _even(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in chunks of one size, each with whether it is the last; there
    is always a last one, if only an empty one."""
    held = bytearray()
    for piece in pieces:
        for start in range(0, len(piece), CHUNK):
            held += piece[start : start + CHUNK]
            if len(held) > CHUNK:
                yield bytes(held[:CHUNK]), False
                del held[:CHUNK]
    yield bytes(held), True


def _opened(path: Path, name: str) -> Iterator[bytes]:
    """Nothing once the key is known, then the file in the clear, chunk by chunk."""
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise Missing("The file is not there.") from error
    with file:
        sealer = _sealer_of(file)
        yield b""
        index = 0
        sealed = file.read(CHUNK + TAG)
        while True:
            following = file.read(CHUNK + TAG)
            nonce = _nonce(index, is_last=not following)
            try:
                yield sealer.decrypt(nonce, sealed, _bound_to(name))
            except InvalidTag as error:
                raise Unreadable("The file is not as it was written.") from error
            if not following:
                return
            sealed = following
            index += 1


def _sealer_of(file: BinaryIO) -> AESGCM:
    """Reads the head and opens the file's own key with the key ring."""
    if file.read(len(MAGIC)) != MAGIC:
        raise Unreadable("This is no file of the vault.")
    wrapped = file.read(int.from_bytes(file.read(2)))
    try:
        return AESGCM(box().decrypt(wrapped))
    except (InvalidToken, ValueError) as error:
        raise Unreadable("None of FIELD_KEYS opens the file.") from error


def _nonce(index: int, is_last: bool) -> bytes:
    """The place of a chunk; never twice under one key, which has but this file."""
    return index.to_bytes(11) + bytes([is_last])


def _bound_to(name: str) -> bytes:
    return MAGIC + name.encode()
