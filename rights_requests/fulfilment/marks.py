"""What is left out of a copy, found and taken out of what a person is given.

A mark (Redaction) names an entry, a field of it, some words, or words wherever they
stand. Words are found whatever their case and their line breaks, and only as whole
words: “Ann” is not taken out of “annual”. What is taken out is seen to be, and why.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from groundwork.holdings import Holding, Record
from rights_requests.models import Package, Redaction

Extent = Redaction.Extent
Reason = Redaction.Reason
# What stands in the copy in place of it.
LEFT_OUT = {
    Reason.OTHERS: "[left out: concerns another person]",
    Reason.PRIVILEGE: "[left out: advice from our lawyers, or made for a court case]",
    Reason.REFERENCE: "[left out: a reference given in confidence]",
    Reason.NEGOTIATIONS: "[left out: what we intend in negotiations with you]",
}


# What was left out, as the first page and the letter count it. TOLD: why, as the end of
# a sentence.
TOLD = {
    Reason.OTHERS: "because the rights of other people would be harmed (UK GDPR, "
    "Articles 15(4) and 20(4); Data Protection Act 2018, Schedule 2, paragraph 16)",
    Reason.PRIVILEGE: "because advice from our lawyers, and what is made for a court "
    "case, is confidential (Data Protection Act 2018, Schedule 2, paragraph 19)",
    Reason.REFERENCE: "because a reference was given in confidence (Data "
    "Protection Act 2018, Schedule 2, paragraph 24)",
    Reason.NEGOTIATIONS: "because our aims in negotiations with you would be shown (Data "
    "Protection Act 2018, Schedule 2, paragraph 23)",
}


class Shortened(str):
    """A text from which something was taken out; it is given as it reads."""

    __slots__ = ()


def pattern_of(words: str) -> re.Pattern[str]:
    """Finds these words, in either way of writing accented letters."""
    forms = dict.fromkeys(unicodedata.normalize(form, words) for form in ("NFC", "NFD"))
    found = "|".join(r"\s+".join(map(re.escape, form.split())) for form in forms)
    return re.compile(rf"(?<!\w)(?:{found})(?!\w)", re.IGNORECASE)


def texts_in(value: Any) -> list[str]:
    """Every text within a value, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [
            text for pair in value.items() for one in pair for text in texts_in(one)
        ]
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts_in(one)]
    return []


def as_read(holding: Holding, path: str, value: Any) -> Any:
    """The value as its page shows it, where that is another text than what is stored."""
    read = holding.read.get(path)
    return read(value) if read is not None and value else value


def stands_in(words: str, holding: Holding, path: str, value: Any) -> bool:
    """Whether these words stand in this field, as stored or as shown."""
    pattern = pattern_of(words)
    return any(pattern.search(text) for text in _told(holding, path, value))


def _told(holding: Holding, path: str, value: Any) -> list[str]:
    if path not in holding.read:
        return texts_in(value)
    return [*texts_in(value), *texts_in(as_read(holding, path, value))]


def digest_of(marks: Iterable[Redaction]) -> bytes:
    """Of the marks that stand, so that a change of them shows."""
    lines = (
        "\t".join(
            (
                str(mark.pk),
                mark.extent,
                mark.place,
                mark.entry,
                mark.field,
                mark.words_digest,
                mark.reason,
            )
        )
        for mark in marks
    )
    return hashlib.sha256("\n".join(lines).encode()).digest()


@dataclass(frozen=True)
class _Cut:
    """Words to be taken out of texts, and what stands in their place."""

    number: int
    pattern: re.Pattern[str]
    instead: str


class Marks:
    """The marks of one copy, and which of them were met while it was made."""

    def __init__(self, marks: Iterable[Redaction] = ()) -> None:
        self.all = list(marks)
        self.met: set[int] = set()
        # What another mark took along: whether it is still there was not looked for.
        self._covered: set[int] = set()
        self._cut_entries: set[tuple[str, str]] = set()

    def left_out(self) -> dict[str, int]:
        """How many of them took something out, by reason."""
        counted: dict[str, int] = {}
        for mark in self.all:
            if mark.pk in self.met:
                counted[mark.reason] = counted.get(mark.reason, 0) + 1
        return counted

    def outcomes(self) -> dict[str, bool]:
        """By the number of each mark, whether it took something out, by itself or within
        what another one took."""
        found = self.met | self._covered
        return {str(mark.pk): mark.pk in found for mark in self.all}

    def on(self, holding: Holding, record: Record) -> Record:
        """The record as it is given."""
        own = self._by_entry.get((holding.key, record.key), [])
        for mark in own:
            if mark.extent == Extent.ENTRY:
                self._covered.update(one.pk for one in own)
                return self._without(mark, record)
        if not own and not self._everywhere:
            return record
        values = {
            path: self._value(holding, path, value, own)
            for path, value in record.values.items()
        }
        if any(values[path] is not record.values[path] for path in values):
            self._cut_entries.add((holding.key, record.key))
        return Record(record.key, values)

    def why_no_files(self, holding: Holding, key: str) -> str:
        """What stands in place of the files of this entry; empty when they are given.
        They go with whatever is taken out of their entry: nobody cuts words out of them."""
        own = self._by_entry.get((holding.key, key), [])
        for mark in own:
            self.met.add(mark.pk)
            self._covered.update(o.pk for o in own if o.extent == Extent.FILES)
            return LEFT_OUT[Reason(mark.reason)]
        if (holding.key, key) in self._cut_entries:
            return LEFT_OUT[Reason(self._everywhere[0].reason)]
        return ""

    def in_name(self, name: str) -> str:
        """The name of a file without the words that are taken out everywhere."""
        return str(self._cut(name, self._cuts_everywhere))

    # --- How they are found ---

    @cached_property
    def _by_entry(self) -> dict[tuple[str, str], list[Redaction]]:
        found: dict[tuple[str, str], list[Redaction]] = {}
        for mark in self.all:
            if mark.extent != Extent.EVERYWHERE:
                found.setdefault((mark.place, mark.entry), []).append(mark)
        return found

    @cached_property
    def _everywhere(self) -> list[Redaction]:
        return [mark for mark in self.all if mark.extent == Extent.EVERYWHERE]

    @cached_property
    def _cuts_everywhere(self) -> list[_Cut]:
        return list(map(_cut_of, self._everywhere))

    # --- Taking out ---

    def _without(self, mark: Redaction, record: Record) -> Record:
        self.met.add(mark.pk)
        return Record(record.key, {}, left_out=LEFT_OUT[Reason(mark.reason)])

    def _value(
        self, holding: Holding, path: str, value: Any, own: list[Redaction]
    ) -> Any:
        here = [mark for mark in own if mark.field == path]
        for mark in here:
            if mark.extent == Extent.FIELD and value not in (None, ""):
                self.met.add(mark.pk)
                self._covered.update(one.pk for one in here)
                return Shortened(LEFT_OUT[Reason(mark.reason)])
        own_cuts = [_cut_of(mark) for mark in here if mark.extent == Extent.PASSAGE]
        told = _told(holding, path, value)
        cuts = [
            cut
            for cut in (*own_cuts, *self._cuts_everywhere)
            if any(cut.pattern.search(text) for text in told)
        ]
        if not cuts:
            return value
        self.met.update(cut.number for cut in cuts)
        return self._shortened(as_read(holding, path, value), cuts)

    def _shortened(self, value: Any, cuts: list[_Cut]) -> Any:
        """Texts without the words; a value with parts keeps its other parts."""
        if isinstance(value, str):
            return Shortened(self._cut(value, cuts))
        return _mapped(value, lambda text: self._cut(text, cuts))

    def _cut(self, text: str, cuts: Iterable[_Cut]) -> str:
        """Every cut is found in the text as it was, so that none hides a part of what
        another one takes."""
        spans = [
            (*found.span(), cut) for cut in cuts for found in cut.pattern.finditer(text)
        ]
        kept, at = [], 0
        for start, end, cut in sorted(spans, key=lambda span: (span[0], -span[1])):
            self.met.add(cut.number)
            if start >= at:
                kept += [text[at:start], cut.instead]
            at = max(at, end)
        return "".join([*kept, text[at:]])


def told_left_out(marks: Marks) -> list[str]:
    """A line for each reason: how much was left out of the copy, and why."""
    return counted_in_words(marks.left_out())


def counted_in_words(left_out: Mapping[str, int]) -> list[str]:
    """The same of what a copy has on record."""
    return [
        f"{_things(left_out[reason])} left out {TOLD[reason]}."
        for reason in Reason
        if left_out.get(reason)
    ]


@dataclass(frozen=True)
class Remark:
    """What whoever reads a copy has to know of a mark. is_idle: it took nothing out."""

    words: str
    is_idle: bool


NOT_YET = Remark(
    "Takes effect when the copy is put together again, under Documents.", is_idle=False
)
IN_NO_TEXT = Remark(
    "These words were found in no text of this copy: see whether they are spelt as they "
    "stand there. Inside files they are not looked for.",
    is_idle=True,
)
NOT_THERE = Remark(
    "What it names was no longer there when this copy was put together: read what stands "
    "there now.",
    is_idle=True,
)


def remark_on(mark: Redaction, package: Package) -> Remark | None:
    """What became of this mark in this copy; None where it took something out, and where
    the copy was made before that was noted."""
    if package.marks_met is None:
        return None
    was_met = package.marks_met.get(str(mark.pk))
    if was_met is None:
        return NOT_YET
    if was_met:
        return None
    return IN_NO_TEXT if mark.extent == Extent.EVERYWHERE else NOT_THERE


def idle_in_words(count: int) -> str:
    """How many of the marks took nothing out; empty when each did."""
    if not count:
        return ""
    how_many = "One" if count == 1 else str(count)
    return f"{how_many} of the things to be left out took nothing out of this copy."


def _things(count: int) -> str:
    return "One thing was" if count == 1 else f"{count} things were"


def _cut_of(mark: Redaction) -> _Cut:
    return _Cut(mark.pk, pattern_of(mark.words), LEFT_OUT[Reason(mark.reason)])


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(key)): _mapped(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(one, change) for one in value]
    return value
