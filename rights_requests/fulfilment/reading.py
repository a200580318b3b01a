"""Reading what a copy is made of: a person's records, without what is left out."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from groundwork.holdings import Datum, HeldFile, Holding, Person, Record
from rights_requests.fulfilment import bases
from rights_requests.fulfilment.marks import Marks


class Reading:
    """What is held of a person, as it is given to them."""

    def __init__(self, person: Person, marks: Marks | None = None) -> None:
        self.person = person
        self.marks = marks or Marks()

    @cached_property
    def agreed(self) -> frozenset[str]:
        """The purposes for which the person's consent stands."""
        return bases.agreed_by(self.person.id)

    def count(self, holding: Holding) -> int:
        return holding.count(self.person)

    def records(
        self, holding: Holding, data: Iterable[Datum] | None = None
    ) -> Iterator[Record]:
        """Each record, a few at a time, with what is left out replaced by words that say
        so."""
        if not self.marks.all:
            return holding.records(self.person, data)
        found = holding.records(self.person, data)
        return (self.marks.on(holding, record) for record in found)

    def files(self, holding: Holding) -> Iterator[HeldFile]:
        """The files of a place; in place of one that is left out, a text that says so.
        Asked for after the records: what was taken out of those decides."""
        if holding.files is None:
            return
        for file in holding.files(self.person):
            if why_not := self.marks.why_no_files(holding, file.key):
                yield HeldFile(file.key, "left-out.txt", [f"{why_not}\n".encode()])
            else:
                yield replace(file, name=self.marks.in_name(file.name))
