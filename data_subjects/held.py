"""Everybody whose address is held, from each app that holds people.

settings.PEOPLE_HELD names the entries. A lower floor asks an entry for the people by
calling it; whoever writes to them asks for the addresses at the moment of sending, so
that no list of addresses is ever made in advance.
"""

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from groundwork.addresses import mask


@dataclass(frozen=True)
class PeopleHeld:
    """One app's people.

    subjects: who was entered before a moment (None: whenever), as a query of the ids of
    data subjects alone. addresses: id → address, for those of the ids held now.
    """

    subjects: Callable[[datetime | None], QuerySet[Any]]
    addresses: Callable[[Collection[uuid.UUID]], dict[uuid.UUID, str]]

    def __call__(self) -> QuerySet[Any]:
        return self.subjects(None)


def everybody() -> list[PeopleHeld]:
    return [import_string(path) for path in settings.PEOPLE_HELD]


def held_before(moment: datetime) -> QuerySet[Any]:
    """The ids of everybody who was held before this moment, each once."""
    first, *others = (people.subjects(moment) for people in everybody())
    return first.union(*others)


def addresses_of(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """id → the address to write to; who is held no more, or without one, is missing.

    A person known in two ways is written to at the address of the first entry.
    """
    found: dict[uuid.UUID, str] = {}
    for people in everybody():
        found = people.addresses(subjects) | found
    return found


def masked(subjects: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """id → the address as a list on the console may show it."""
    return {pk: mask(address) for pk, address in addresses_of(list(subjects)).items()}
