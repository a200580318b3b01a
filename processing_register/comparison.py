"""What differs between two versions of a notice, section by section, word by word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from itertools import zip_longest

from processing_register.rendering import Block, Section, sections

TOKEN = re.compile(r"\s+|[^\s]+")


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Run:
    """Some words in a row that all stayed, came or went."""

    change: Change
    text: str


@dataclass(frozen=True)
class ComparedBlock:
    kind: str
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class ComparedSection:
    """A section of which something differs; `change` is ADDED or REMOVED when it is
    new or gone as a whole, and SAME when it stands in both and differs inside."""

    anchor: str
    heading: str
    change: Change
    blocks: tuple[ComparedBlock, ...]


@dataclass(frozen=True)
class Comparison:
    changed: tuple[ComparedSection, ...]
    unchanged: tuple[str, ...]


@lru_cache(maxsize=32)
def compare(before: str, after: str) -> Comparison:
    """Two texts in Markdown. Sections are matched by their anchors; the order is that
    of the later text, with what is gone at the end."""
    old = {section.anchor: section for section in sections(before)}
    new = {section.anchor: section for section in sections(after)}
    changed = [_compared(old.get(key), section) for key, section in new.items()]
    gone = [_compared(section, None) for key, section in old.items() if key not in new]
    unchanged = [
        section.heading or "The beginning"
        for key, section in new.items()
        if old.get(key) and old[key].blocks == section.blocks
    ]
    return Comparison(
        tuple(found for found in [*changed, *gone] if found is not None),
        tuple(unchanged),
    )


def marks(before: str, after: str) -> dict[str, str]:
    """Anchor → what to say below the heading, for sections that differ."""
    said = {
        Change.ADDED: "New in this version",
        Change.SAME: "Changed in this version",
    }
    return {
        section.anchor: said[section.change]
        for section in compare(before, after).changed
        if section.anchor and section.change in said
    }


def _compared(old: Section | None, new: Section | None) -> ComparedSection | None:
    section = new or old
    if section is None or (old and new and old.blocks == new.blocks):
        return None
    change = Change.SAME
    if old is None:
        change = Change.ADDED
    elif new is None:
        change = Change.REMOVED
    blocks = _blocks(old.blocks if old else (), new.blocks if new else ())
    return ComparedSection(section.anchor, section.heading, change, tuple(blocks))


def _blocks(old: Sequence[Block], new: Sequence[Block]) -> Iterator[ComparedBlock]:
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    for step, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        left, right = old[from_old:to_old], new[from_new:to_new]
        if step == "equal":
            yield from (_whole(block, Change.SAME) for block in left)
            continue
        for gone, come in zip_longest(left, right):
            yield from _pair(gone, come)


def _pair(gone: Block | None, come: Block | None) -> Iterator[ComparedBlock]:
    """Two blocks with enough in common word by word, otherwise one after the other."""
    if gone and come and gone.kind == come.kind:
        before, after = TOKEN.findall(gone.text), TOKEN.findall(come.text)
        matcher = SequenceMatcher(a=before, b=after, autojunk=False)
        if matcher.ratio() > 0.4:
            yield ComparedBlock(come.kind, tuple(_runs(matcher, before, after)))
            return
    if gone:
        yield _whole(gone, Change.REMOVED)
    if come:
        yield _whole(come, Change.ADDED)


def _runs(
    matcher: SequenceMatcher[str], before: list[str], after: list[str]
) -> Iterator[Run]:
    for step, from_old, to_old, from_new, to_new in matcher.get_opcodes():
        if step == "equal":
            yield Run(Change.SAME, "".join(before[from_old:to_old]))
            continue
        if to_old > from_old:
            yield Run(Change.REMOVED, "".join(before[from_old:to_old]))
        if to_new > from_new:
            yield Run(Change.ADDED, "".join(after[from_new:to_new]))


def _whole(block: Block, change: Change) -> ComparedBlock:
    return ComparedBlock(block.kind, (Run(change, block.text),))
