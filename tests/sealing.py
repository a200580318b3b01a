"""Sealing a ledger while another worker of the test run writes beside it."""

import time

from django.db import connection

from groundwork.ledger import LedgerEntry, LedgerSeal
from groundwork.ledger import seal as seal_at_once

WAIT = 0.1  # seconds
LONGEST_WAIT = 300  # seconds; some tests are one long transaction


def seal(ledger: type[LedgerEntry]) -> LedgerSeal | None:
    """Seal once nothing older is running, so that every entry of this test is covered."""
    wait_for_older(ledger)
    return seal_at_once(ledger)


def wait_for_older(ledger: type[LedgerEntry]) -> None:
    """Until no transaction runs that is older than an entry of this ledger.

    The workers of a run share a cluster, and a seal leaves out what is newer than the
    oldest transaction in it.
    """
    newest = max(ledger.objects.values_list("written_in", flat=True), default=0)
    ends_at = time.monotonic() + LONGEST_WAIT
    while _oldest_running() <= newest and time.monotonic() < ends_at:
        time.sleep(WAIT)


def _oldest_running() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])
