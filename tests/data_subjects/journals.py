"""The journal as the tests look at it: what stands in the file, and how it is harmed."""

import json
import resource
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from data_subjects import journal, journal_file
from data_subjects.journal import Standing
from data_subjects.journal_file import Act, Kind, Server
from groundwork.addresses import digest


def written() -> list[dict[str, Any]]:
    """Every line, as anybody can read it."""
    return [json.loads(line) for line in texts()]


def texts() -> list[str]:
    path = journal_file.path()
    return path.read_text().splitlines() if path.exists() else []


def rewrite(lines: list[str]) -> None:
    journal_file.path().write_text("".join(f"{line}\n" for line in lines))


def told() -> list[tuple[str, list[str], str]]:
    """Of each line what happened, for what, and why."""
    return [(line["kind"], line["purposes"], line["reason"]) for line in written()]


def standings() -> list[Standing]:
    return [standing for _, standing in journal.compare().lines()]


@contextmanager
def full_disk(*, room: int = 0) -> Iterator[None]:
    """The journal can grow by so many bytes, as on a disk that is full then."""
    path = journal_file.path()
    size = path.stat().st_size if path.exists() else 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# --- A database that has forgotten ---

ANOTHER = Server("1", "casedesk", "0")


def forgotten(
    kind: Kind,
    *addresses: str,
    purposes: tuple[str, ...] = ("",),
    reason: str = "",
    subject: uuid.UUID | None = None,
) -> None:
    """A line of an act that was carried out beside a database of which this one is an
    older copy."""
    act = Act(kind, tuple(map(digest, addresses)), purposes, reason, subject)
    journal_file.append(
        act, server=ANOTHER, transaction=7, newest=journal.newest_known()
    )


def left_for_good(
    address: str, *purposes: str, subject: uuid.UUID | None = None
) -> None:
    forgotten(
        Kind.OPTED_OUT,
        address,
        purposes=purposes or ("",),
        reason="unsubscribed",
        subject=subject,
    )


def came_back(address: str, *purposes: str) -> None:
    forgotten(Kind.OPTED_IN, address, purposes=purposes)


def was_erased(*addresses: str, subject: uuid.UUID, kept: tuple[str, ...] = ()) -> None:
    forgotten(Kind.ERASED, *addresses, purposes=kept, subject=subject)
