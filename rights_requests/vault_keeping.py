"""Keeping the vault to the files that documents name."""

from datetime import datetime

from rights_requests import vault
from rights_requests.models import CaseDocument


def sweep(now: datetime) -> int:
    """Take away what no document names any more, or ever did; returns how many files.

    Whoever stores a file writes its row within a day.
    """
    named = CaseDocument.objects.exclude(vault_name="")
    known = set(named.values_list("vault_name", flat=True).iterator())
    return vault.sweep_orphans(known, now=now)
