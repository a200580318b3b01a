"""Putting on record whose data a member of staff met on the console.

subject: the person, or None for somebody whom the house does not know.
"""

import uuid

from django.http import HttpRequest

from staff.console import staff_id
from staff.models import AccessRecord


def note_opening(request: HttpRequest, subject: uuid.UUID | None) -> None:
    _note(request, AccessRecord.Action.OPENED, subject)


def note_reading(request: HttpRequest, subject: uuid.UUID | None) -> None:
    _note(request, AccessRecord.Action.READ, subject)


def note_taking(request: HttpRequest, subject: uuid.UUID | None) -> None:
    """A file with this person's data was taken out of the console."""
    _note(request, AccessRecord.Action.EXPORTED, subject)


def note_search(request: HttpRequest, subject: uuid.UUID | None) -> None:
    """A search that found nobody is on record with no row."""
    _note(request, AccessRecord.Action.SEARCHED, subject, int(subject is not None))


def _note(
    request: HttpRequest,
    action: AccessRecord.Action,
    subject: uuid.UUID | None,
    rows_count: int = 1,
) -> None:
    AccessRecord.objects.create(
        staff_id=staff_id(request),
        action=action,
        data_subject_id=subject,
        rows_count=rows_count,
    )
