"""The file of the erasure and opt-out journal, which lies outside the database.

One line of JSON for each act, added and never changed. A line names people by keyed
digests and numbers alone. It carries a keyed code over itself, which shows when it was
changed, and the code of the line before it, which shows when one was cut out between
them. What shows that the end was cut off is the database (data_subjects.journal).
"""

import fcntl
import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings

CODE_BYTES = 16
WINDOW = 16 * 1024


class Kind(StrEnum):
    OPTED_OUT = "opted-out"
    OPTED_IN = "opted-in"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Server:
    """The database that a line was written beside: the cluster's own number, the name
    of the database, and since when that server runs. Only the same run of the same
    server can say what became of a transaction: one that was put back to an earlier
    state gives the numbers of its transactions out again."""

    cluster: str
    database: str
    since: str


@dataclass(frozen=True, slots=True)
class Act:
    """What happened. purposes: those of an opt-out or opt-in, "" for all of them; of an
    erasure, the keys of the places that it leaves alone.
    reason: of an opt-out. subject: the person's number."""

    kind: Kind
    digests: tuple[bytes, ...]
    purposes: tuple[str, ...] = ()
    reason: str = ""
    subject: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line; start and end are its place in the file."""

    id: uuid.UUID
    number: int
    at: datetime
    act: Act
    server: Server
    transaction: int
    after: str
    code: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that is known to stand in the file: reading goes on behind it."""

    number: int = 0
    start: int = 0
    code: str = ""


class NotTheFile(Exception):
    """The line of the mark does not stand where it stood: the file was cut, changed or
    exchanged."""


class Changed(ValueError):
    """A line that is not as it was written."""


def path() -> Path:
    return Path(settings.OPT_OUT_JOURNAL)


# --- Writing ---


def append(act: Act, *, server: Server, transaction: int, newest: int) -> Line:
    """Add a line and wait until it is on the disk. Raises OSError, and then the line
    is not there, or belongs to an act that the caller gives up.

    newest: the highest number that the database knows, which counts on where the file
    was lost.
    """
    descriptor = _open()
    try:
        with _alone(descriptor):
            line, is_first = _add(descriptor, act, server, transaction, newest)
        # Outside the lock, so that those who write at one moment wait for one disk.
        os.fsync(descriptor)
        if is_first:
            _sync_folder()
    finally:
        os.close(descriptor)
    return line


def _open() -> int:
    path().parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(path(), flags, 0o600)


def create() -> None:
    """An empty file, where the one before is lost."""
    os.close(_open())
    _sync_folder()


@contextmanager
def _alone(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _add(
    descriptor: int, act: Act, server: Server, transaction: int, newest: int
) -> tuple[Line, bool]:
    size = _whole_size(descriptor)
    number, code = _last(descriptor, size)
    line = Line(
        id=uuid.uuid4(),
        number=max(number, newest) + 1,
        at=datetime.now(UTC),
        act=act,
        server=server,
        transaction=transaction,
        after=code,
        code="",
    )
    text = _signed(line)
    try:
        _write_all(descriptor, text)
    except OSError:
        os.ftruncate(descriptor, size)  # a full disk took the beginning of it
        raise
    return line, size == 0


def _write_all(descriptor: int, text: bytes) -> None:
    while text:
        text = text[os.write(descriptor, text) :]


def _whole_size(descriptor: int) -> int:
    """Where the last whole line ends. What stands behind it was being written when the
    machine went down: nobody was told that it was done, and it makes room."""
    size = os.fstat(descriptor).st_size
    whole = _end_of_last_line(descriptor, size)
    if whole < size:
        os.ftruncate(descriptor, whole)
    return whole


def _end_of_last_line(descriptor: int, size: int) -> int:
    end = size
    while end > 0:
        start = max(0, end - WINDOW)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _last(descriptor: int, size: int) -> tuple[int, str]:
    """Number and code of the last line; after one that cannot be read the chain begins
    anew, which is found when it is read."""
    if size == 0:
        return 0, ""
    start = _end_of_last_line(descriptor, size - 1)
    try:
        values = json.loads(os.pread(descriptor, size - start, start))
        return int(values["number"]), str(values["code"])
    except (ValueError, KeyError, TypeError):
        return 0, ""


def _sync_folder() -> None:
    """A new file is there after a power cut only when its folder says so."""
    descriptor = os.open(path().parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def trouble() -> str:
    """Why another line cannot be written: no access, or a full disk."""
    there = path() if path().exists() else path().parent
    if not os.access(there, os.W_OK):
        return f"no access to {there}"
    disk = os.statvfs(there)
    return "" if disk.f_bavail * disk.f_frsize > WINDOW else "the disk is full"


# --- A line as text ---


def _signed(line: Line) -> bytes:
    values = _values(line)
    return _text(values | {"code": _code(values)}) + b"\n"


def _values(line: Line) -> dict[str, Any]:
    act, server = line.act, line.server
    return {
        "number": line.number,
        "id": str(line.id),
        "at": line.at.isoformat(timespec="microseconds"),
        "kind": str(act.kind),
        "digests": [digest.hex() for digest in act.digests],
        "purposes": list(act.purposes),
        "reason": act.reason,
        "subject": str(act.subject) if act.subject else None,
        "server": [server.cluster, server.database, server.since],
        "transaction": line.transaction,
        "after": line.after,
    }


def _text(values: dict[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode("ascii")


def _code(values: dict[str, Any]) -> str:
    key = settings.ADDRESS_KEY.encode()
    code = hmac.digest(key, b"journal\0" + _text(values), hashlib.sha256)
    return code[:CODE_BYTES].hex()


def _read_line(text: bytes, start: int) -> Line:
    """Raises Changed."""
    try:
        values = json.loads(text)
        code = values.pop("code")
        if not hmac.compare_digest(code, _code(values)):
            raise Changed
        return _line(values, code, start, start + len(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Changed from error


def _line(values: dict[str, Any], code: str, start: int, end: int) -> Line:
    subject = values["subject"]
    return Line(
        id=uuid.UUID(values["id"]),
        number=values["number"],
        at=datetime.fromisoformat(values["at"]),
        act=Act(
            Kind(values["kind"]),
            tuple(bytes.fromhex(digest) for digest in values["digests"]),
            tuple(values["purposes"]),
            values["reason"],
            uuid.UUID(subject) if subject else None,
        ),
        server=Server(*values["server"]),
        transaction=values["transaction"],
        after=values["after"],
        code=code,
        start=start,
        end=end,
    )


# --- Reading ---


@dataclass
class Reading:
    """The lines behind a mark, read one by one. problems: what was found to be wrong,
    once they were read. end: the last line that was read so far."""

    mark: Mark = field(default_factory=Mark)
    problems: list[str] = field(default_factory=list)
    end: Mark = field(default_factory=Mark)

    def __post_init__(self) -> None:
        self.end = self.mark

    def lines(self) -> Iterator[Line]:
        """Raises OSError, FileNotFoundError when there is no file, and NotTheFile.

        A line that was changed is a problem and is left out. What follows a cut is
        still as it was written.
        """
        with path().open("rb") as file:
            yield from self._behind_mark(file)

    def _behind_mark(self, file: Any) -> Iterator[Line]:
        place, code = self._pass_mark(file), self.mark.code
        for text in file:
            if not text.endswith(b"\n"):
                return  # somebody is writing it, or went down over it
            try:
                line = _read_line(text, place)
            except Changed:
                self._pass_changed()
                code = _stated_code(text)
            else:
                self._go_on_to(line, code)
                code = line.code
                yield line
            place += len(text)

    def _pass_changed(self) -> None:
        number = self.end.number + 1
        self.problems.append(f"line {number} was changed")
        self.end = replace(self.end, number=number)

    def _go_on_to(self, line: Line, code: str) -> None:
        if line.after != code or line.number != self.end.number + 1:
            self.problems.append(f"lines are missing before line {line.number}")
        self.end = Mark(line.number, line.start, line.code)

    def _pass_mark(self, file: Any) -> int:
        if not self.mark.code:
            return 0
        file.seek(self.mark.start)
        text = file.readline()
        try:
            line = _read_line(text, self.mark.start)
        except Changed as error:
            raise NotTheFile from error
        if line.code != self.mark.code:
            raise NotTheFile
        return line.end


def _stated_code(text: bytes) -> str:
    try:
        return str(json.loads(text)["code"])
    except (ValueError, KeyError, TypeError):
        return ""
