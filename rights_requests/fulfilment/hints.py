"""What in a free text of a copy may be somebody else's: e-mail addresses and telephone
numbers that are neither the person's nor ours.

By plain rules, from the text alone. They are offered to whoever reads the copy, and
nothing is left out by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from groundwork.holdings import Datum, Holding, Person, holdings
from processing_register.notices import current_controller

ADDRESS = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])",
    re.IGNORECASE,
)
# At least nine digits in a row, with what people write between them; no date has so many.
NUMBER = re.compile(r"(?<![\w.:/-])(?:\+|\(?0)\d?(?:[ ()-]{0,2}\d){8,13}(?![\w/:-])")
NUMBERS_OF_PERSON = frozenset({"telephone", "phone", "mobile"})
MOST_IN_A_TEXT = 10


@dataclass(frozen=True)
class Hint:
    """Words that may be somebody else's, and what they look like."""

    words: str
    kind: str


class Hints:
    """What to look past for this person."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def in_text(self, datum: Datum, holding: Holding, text: str) -> Iterator[Hint]:
        """What looks like somebody else's in what still stands in this field. A field
        that holds an address of the person's is looked past."""
        if datum.category is None or datum.path in holding.addresses:
            return
        seen: set[str] = set()
        for hint in self._found(text):
            if hint.words.casefold() not in seen and len(seen) < MOST_IN_A_TEXT:
                seen.add(hint.words.casefold())
                yield hint

    def _found(self, text: str) -> Iterator[Hint]:
        for match in ADDRESS.finditer(text):
            if match[0].casefold() not in self._known_addresses:
                yield Hint(match[0], "an e-mail address")
        for match in NUMBER.finditer(text):
            if _digits(match[0]) not in self._known_numbers:
                yield Hint(match[0], "a telephone number")

    @cached_property
    def _known_addresses(self) -> frozenset[str]:
        us = current_controller()
        ours = (us.governance_email, us.sending_email, us.unsubscribe_email)
        return frozenset(one.casefold() for one in (*self.person.addresses, *ours))

    @cached_property
    def _known_numbers(self) -> frozenset[str]:
        """Ours, and what the person gave as theirs."""
        found = {_digits(current_controller().phone_display)}
        for holding in holdings():
            data = [d for d in holding.given if d.path in NUMBERS_OF_PERSON]
            if data:
                for record in holding.records(self.person, data):
                    found |= {_digits(str(v)) for v in record.values.values() if v}
        return frozenset(found)


def without_ways(text: str) -> str:
    """The text with a word in place of each e-mail address and telephone number."""
    unaddressed = ADDRESS.sub("[e-mail address]", text)
    return NUMBER.sub("[telephone number]", unaddressed)


def _digits(number: str) -> str:
    """The digits that tell numbers apart, however they are written: 0044 20, +44 20 and
    020 are one."""
    digits = "".join(filter(str.isdigit, number.replace("(0)", "")))
    return re.sub(r"^(?:0044|44|0)", "", digits)
