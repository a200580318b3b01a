"""What staff leave out of a copy, and put back: each with its reason, on record.

It takes effect when the copy is put together again; until somebody else has released
that one, nothing leaves.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db import IntegrityError, transaction

from groundwork.holdings import Datum, Holding, Person, Record, holdings
from groundwork.refusals import NotAllowed, refuse
from groundwork.word_digests import digest_of_words
from rights_requests import casebook
from rights_requests.fulfilment import freshness, marks, portability
from rights_requests.fulfilment.marks import Extent, Reason
from rights_requests.fulfilment.own_words import own_in
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Redaction

# “Everywhere” with fewer letters would take out what nobody meant.
FEWEST_LETTERS = 3
LONGEST_WORDS = 2000
LONGEST_NOTE = 500
NOT_THERE = (
    "These words do not stand there as you gave them: copy them from what is shown, as "
    "whole words, or leave out the whole field."
)
OWN = (
    "Wherever they stand, these words would also take out the person’s own {}, which "
    "stays in the copy. Where they concern somebody else, open the entry and leave out "
    "the passage or the field there."
)


@dataclass(frozen=True)
class Wanted:
    """What is to be left out: place, entry and field by their keys, as far as extent has
    them; words; and why."""

    extent: Extent
    reason: Reason
    place: str = ""
    entry: str = ""
    field: str = ""
    words: str = ""
    note: str = ""


class Contents:
    """What goes into the copy of this case, for whoever reads it before it leaves."""

    def __init__(self, case: Case) -> None:
        self.case = case

    @cached_property
    def person(self) -> Person:
        return person_of(self.case.submission.data_subject_id)

    @cached_property
    def is_all(self) -> bool:
        return self.case.kind == CaseKind.ACCESS

    def given(self, holding: Holding) -> tuple[Datum, ...]:
        """The fields of a place that are in the copy."""
        if self.is_all:
            return holding.given
        return portability.portable(holding.of(self.person))

    def places(self) -> Iterator[tuple[Holding, int]]:
        """Each place of which something is in the copy, with how many entries."""
        for holding in holdings():
            if self.given(holding) and (count := holding.count(self.person)):
                yield holding, count

    def place(self, key: str) -> Holding | None:
        found = (one for one in holdings() if one.key == key and self.given(one))
        return next(found, None)

    def records(self, holding: Holding, start: int, stop: int) -> list[Record]:
        return holding.some(self.person, start, stop)

    def record(self, holding: Holding, key: str) -> Record | None:
        return holding.record(self.person, key)

    def file_names(self, holding: Holding) -> dict[str, list[str]]:
        """The names of the files in the copy, by the key of their entry."""
        found: dict[str, list[str]] = {}
        if holding.files is not None and self.is_all:
            for file in holding.files(self.person):
                found.setdefault(file.key, []).append(file.name)
        return found


def why_not_mark(case: Case) -> str:
    """Why nothing can be left out or put back now; empty when it can."""
    if freshness.is_under_way(case):
        return "The copy is being put together: wait until it is there."
    package = freshness.newest_package(case)
    if package is None:
        return "Have the copy put together first."
    if package.handed_at is not None:
        return "The person has this copy already."
    return ""


@transaction.atomic
def leave_out(
    case_id: uuid.UUID, wanted: Wanted, *, staff_id: int, now: datetime
) -> Redaction:
    """Mark something to be left out. Raises NotAllowed for what is not there, for what is
    left out already, and for words that would take out the person's own name or how they
    are reached wherever it stands."""
    case = casebook.locked(case_id)
    refuse(why_not_mark(case))
    refuse(_problem(case, wanted))
    has_words = wanted.extent in (Extent.PASSAGE, Extent.EVERYWHERE)
    words = " ".join(wanted.words.split()) if has_words else ""
    try:
        with transaction.atomic():
            return Redaction.objects.create(
                case=case,
                extent=wanted.extent,
                place=wanted.place,
                entry=wanted.entry,
                field=wanted.field,
                words=words,
                words_digest=digest_of_words(words.casefold()) if words else "",
                reason=wanted.reason,
                note=wanted.note.strip(),
                marked_at=now,
                marked_by_id=staff_id,
            )
    except IntegrityError as twice:
        if "each_thing_is_left_out_once" not in str(twice):
            raise
        raise NotAllowed("That is left out already.") from twice


@transaction.atomic
def put_back(mark_id: int, *, staff_id: int, now: datetime) -> Redaction:
    """It is in the copy again, once that is put together anew. Raises NotAllowed when
    somebody else has put it back meanwhile."""
    case_id = Redaction.objects.values_list("case_id", flat=True).get(pk=mark_id)
    case = casebook.locked(case_id)
    refuse(why_not_mark(case))
    mark = Redaction.objects.get(pk=mark_id)
    if mark.lifted_at is not None:
        raise NotAllowed("That was put back already.")
    mark.lifted_at, mark.lifted_by_id = now, staff_id
    mark.save(update_fields=["lifted_at", "lifted_by_id"])
    return mark


# --- What is there to be left out ---


def _problem(case: Case, wanted: Wanted) -> str:
    if len(wanted.words) > LONGEST_WORDS or len(wanted.note) > LONGEST_NOTE:
        return "That is too long."
    if wanted.extent == Extent.EVERYWHERE:
        letters = sum(character.isalnum() for character in wanted.words)
        if letters < FEWEST_LETTERS:
            return f"Give words of at least {FEWEST_LETTERS} letters or digits."
        own = own_in(wanted.words, Contents(case).person)
        return OWN.format(own) if own else ""
    contents = Contents(case)
    holding = contents.place(wanted.place)
    record = contents.record(holding, wanted.entry) if holding else None
    if holding is None or record is None:
        return "This entry is not in the copy any more."
    if wanted.extent == Extent.FILES:
        has_some = record.key in contents.file_names(holding)
        return "" if has_some else "This entry has no file in the copy."
    if wanted.extent == Extent.ENTRY:
        return ""
    return _problem_of_field(contents, holding, record, wanted)


def _problem_of_field(
    contents: Contents, holding: Holding, record: Record, wanted: Wanted
) -> str:
    if wanted.field not in {datum.path for datum in contents.given(holding)}:
        return "Choose the field."
    if wanted.extent == Extent.FIELD:
        return ""
    if not wanted.words.strip():
        return "Give the words to be left out."
    value = record.values.get(wanted.field)
    is_there = marks.stands_in(wanted.words, holding, wanted.field, value)
    return "" if is_there else NOT_THERE
