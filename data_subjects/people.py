"""Finding the person of an address, or making one known, for those who act on it."""

import uuid
from collections.abc import Iterable

from data_subjects.models import DataSubject
from groundwork import addresses


def subject_of(address: str) -> DataSubject:
    """The person of this normalised address; made if nobody was known by it."""
    subject, _ = DataSubject.objects.get_or_create(
        address_digest=addresses.digest(address)
    )
    return subject


def subjects_of(written: Iterable[str]) -> dict[uuid.UUID, str]:
    """id → address, for several normalised addresses."""
    return {subject_of(address).pk: address for address in written}
