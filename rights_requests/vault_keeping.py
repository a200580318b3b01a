"""Keeping the vault to the files that documents name."""

from datetime import datetime

from django.db import transaction

from rights_requests import casebook, vault
from rights_requests.models import CaseDocument, Event


def remove_document(
    document: CaseDocument, *, staff_id: int | None, now: datetime
) -> None:
    """Take the file away once this is committed; that there was one stays on record."""
    file = document.vault_name
    document.vault_name, document.removed_at = "", now
    document.save(update_fields=["vault_name", "removed_at"])
    casebook.note(
        document.case,
        Event.DOCUMENT_REMOVED,
        staff_id=staff_id,
        inputs={"document": str(document.pk), "purpose": str(document.purpose)},
    )
    transaction.on_commit(lambda: vault.remove(file))


def sweep(now: datetime) -> int:
    """Take away what no document names any more, or ever did; returns how many files.

    Whoever stores a file writes its row within a day.
    """
    named = CaseDocument.objects.exclude(vault_name="")
    known = set(named.values_list("vault_name", flat=True).iterator())
    return vault.sweep_orphans(known, now=now)
