"""What can be corrected of a person's data, place by place (UK GDPR Art. 16).

Each app that owns such data says here how it is put right: which fields, what may stand
in them, and the verb that changes them and writes the owner's ledger. The list is
settings.CORRECTORS, so that whoever works on a request reaches all of them without
importing any.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string

from groundwork.refusals import NotAllowed

# The field beside the data in which a person says what is missing or contested.
STATEMENT = "statement"


class ChangedSince(NotAllowed):
    """Something else stands there than whoever proposed the correction saw."""

    def __init__(self) -> None:
        super().__init__(
            "Another value stands there by now than when this was proposed. Look at it, "
            "and say whether the correction is still right."
        )


@dataclass(frozen=True)
class Change:
    """One datum: whose, in which row and field; what stands there, and what is right.
    staff_id: who carries it out."""

    subject_id: uuid.UUID
    entry: str
    field: str
    current: str
    right: str
    staff_id: int


@dataclass(frozen=True)
class Corrector:
    """How one place is corrected. place: key of its holding. fields: what can be, with
    its title.

    cleaned: the value as it would be kept; raises NotAllowed for what cannot stand
    there. carry_out: puts it right and says True; or False, where the person's own
    mailbox has to confirm it first. Raises ChangedSince when something else stands
    there, NotAllowed when it cannot be done now. is_carried_out: whether it was, later.
    call_off: the mailbox is asked no more.
    """

    place: str
    fields: Mapping[str, str]
    cleaned: Callable[[str, str], str]
    carry_out: Callable[[Change], bool]
    is_carried_out: Callable[[Change], bool] = lambda change: False
    call_off: Callable[[Change], None] = lambda change: None


@lru_cache(maxsize=4)
def _correctors(paths: tuple[str, ...]) -> Mapping[str, Corrector]:
    found = (import_string(path) for path in paths)
    return {corrector.place: corrector for corrector in found}


def correctors() -> Mapping[str, Corrector]:
    """Every place that can be corrected, by the key of its holding."""
    return _correctors(tuple(settings.CORRECTORS))


def refuse_changed(now: object, change: Change) -> None:
    """Raises ChangedSince unless what was seen still stands there."""
    if str(now or "") != change.current:
        raise ChangedSince
