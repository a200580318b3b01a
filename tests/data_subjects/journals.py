"""The journal as the tests look at it: what stands in the file, and how it is harmed."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from data_subjects import journal, journal_file
from data_subjects.journal import Standing


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
