"""Somebody new: whoever has the address of a person whose deletion has begun."""

import uuid
from collections.abc import Iterable

from data_subjects.holdings import HELD, HOLDS, KEY, RESTRICTIONS, USES
from groundwork.holdings import Person, holdings
from groundwork.restricted_rows import as_the_law_requires
from rights_requests.fulfilment.erasure_plan import newcomers_of

# What there is of somebody who was only held or restricted in advance.
IN_ADVANCE = frozenset(
    holding.key for holding in (RESTRICTIONS, USES, HOLDS, HELD, KEY)
)


def give_way(codes: Iterable[bytes], *, besides: uuid.UUID) -> None:
    """Let go of these addresses where nobody has come with them yet, and somebody typed
    them to hold or restrict: that binds whoever had them before as well
    (data_subjects.people), and they have them again."""
    rows = newcomers_of(codes, besides=besides).order_by("pk")
    for row in rows.select_for_update(no_key=True):
        if not _has_come(row.pk):
            row.address_digest = None
            with as_the_law_requires(row.pk):
                row.save(update_fields=["address_digest"])


def _has_come(subject_id: uuid.UUID) -> bool:
    person = Person(subject_id)
    return any(
        bool(holding.count(person))
        for holding in holdings()
        if not holding.names_nobody and holding.key not in IN_ADVANCE
    )
