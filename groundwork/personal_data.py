"""The declaration every model makes: does it hold personal data, which, and why.

Each concrete field of a model is named once: among `fields` when it holds personal
data, among `others` when it does not; what a ledger or a seal inherits need not be.
Keys of purposes, sources and retention periods are those of the processing register;
processing_register/checks.py holds the two against each other and turns the build red
where they differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """The kinds of personal data that the privacy notice names, and no other."""

    IDENTITY = "identity"
    CONTACT = "contact"
    FINANCIAL = "financial"
    TRANSACTION = "transaction"
    TECHNICAL = "technical"
    USAGE = "usage"
    MARKETING = "marketing-and-communications"


class Export(StrEnum):
    """What a copy of the person's data (Art. 15) does with a field."""

    GIVEN = "given"  # word for word
    DESCRIBED = "described"  # said to exist; the value itself tells the person nothing
    WITHHELD = "withheld"  # would open a door
    RESERVED = "reserved"  # may concern others or a legal claim: staff give it or not


class Erasure(StrEnum):
    """What an erasure (Art. 17) does with a field."""

    REMOVED = "removed"  # with its row
    EMPTIED = "emptied"  # the row stays and says nothing of the person
    KEPT = "kept"  # on a ground that the plan names


@dataclass(frozen=True)
class Held:
    """A field that differs from the rest of its model in what is empty by default."""

    category: Category
    purpose: str = ""
    source: str = ""
    retention: str = ""
    export: Export | None = None
    erasure: Erasure | None = None


@dataclass(frozen=True)
class PersonalData:
    """What a model holds about people.

    purpose, source, retention: keys of the register. others: the fields that hold no
    personal data, separated by blanks. linked_by: the path to the person.
    """

    fields: Mapping[str, Category | Held]
    purpose: str
    source: str
    retention: str
    others: str
    export: Export = Export.GIVEN
    erasure: Erasure = Erasure.REMOVED
    linked_by: str = "data_subject"

    def held(self, name: str) -> Held:
        """What is declared of this field, with what it takes from its model."""
        kind = self.fields[name]
        own = kind if isinstance(kind, Held) else Held(kind)
        return Held(
            category=own.category,
            purpose=own.purpose or self.purpose,
            source=own.source or self.source,
            retention=own.retention or self.retention,
            export=own.export or self.export,
            erasure=own.erasure or self.erasure,
        )


@dataclass(frozen=True)
class NoPersonalData:
    """A model that holds none, with the reason why that is so, and all its fields but
    those that it inherits from a ledger or a seal."""

    because: str
    others: str = ""
    fields: Mapping[str, Category] = field(default_factory=dict)
