"""The newest seals, noted in a file outside the database.

A chain cannot show that its own end was cut off. Whoever removes the newest seals with
the entries under them, or puts an old copy of the database in the place of the new
one, is found out by this file.
"""

import fcntl
import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings

# How often the schedule seals what is new, and so how long an entry can wait for it.
# Here and not with the ledgers, since the settings read it before there are models.
SEALED_EVERY = timedelta(minutes=5)


def note(ledger: str, number: int, digest: bytes) -> None:
    """Add a line and wait until it is on the disk. Raises OSError."""
    path = Path(settings.LEDGER_JOURNAL)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(f"{ledger} {number} {digest.hex()}\n")
        file.flush()
        os.fsync(file.fileno())


def newest(ledger: str) -> tuple[int, bytes] | None:
    """Number and digest of the newest seal noted; None when none was."""
    path = Path(settings.LEDGER_JOURNAL)
    if not path.exists():
        return None
    found = None
    with path.open(encoding="ascii") as file:
        for line in file:
            parts = line.split()
            if len(parts) == 3 and parts[0] == ledger:
                found = int(parts[1]), bytes.fromhex(parts[2])
    return found
