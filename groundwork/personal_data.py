"""The declaration every model makes: does it hold personal data, which, and why."""

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


@dataclass(frozen=True)
class PersonalData:
    """What a model holds about people.

    fields: each field that holds personal data, with its category; a field that is
    left out holds none. kept_for: the retention rule in words. erasure: what happens
    to the row when the person is erased.
    """

    fields: Mapping[str, Category]
    purpose: str
    source: str
    kept_for: str
    erasure: str
    linked_by: str = "data_subject"


@dataclass(frozen=True)
class NoPersonalData:
    """A model that holds none, with the reason why that is so."""

    because: str
    fields: Mapping[str, Category] = field(default_factory=dict)
