"""Letters to people: rendered from their frames, edited within limits, checked. Pure.

    letter = render("refusal", fields, edits={"note": "…"})

What the law wants in a letter stands in fixed blocks, which no edit reaches. A rendered
letter is plain text in a known order: its words are mailed, drawn as a PDF and kept.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import groupby
from typing import Any

from groundwork.refusals import NotAllowed
from rights_requests.kinds import FACTS
from rights_requests.letter_fields import (
    Fields,
    Matter,
    of_matters,
    one_line,
    several_lines,
    values,
)
from rights_requests.letter_frames import (
    MERGE,
    MUST_HOLD,
    OLD_LAW,
    BlockFrame,
    Frame,
    LetterIsWrong,
    LetterKind,
    frame,
    newest,
)

__all__ = [
    "Block",
    "EditNotAllowed",
    "Fields",
    "Letter",
    "LetterIncomplete",
    "LetterIsWrong",
    "LetterKind",
    "Matter",
    "Part",
    "edit_problems",
    "editable",
    "missing_clauses",
    "render",
]

LINE_WIDTH = 72
POINT = re.compile(r"[-*•] +")


class LetterIncomplete(Exception):
    """A letter lacks what it must say; `missing` names the merge fields or blocks."""

    def __init__(self, kind: str, *missing: str) -> None:
        super().__init__(f"The letter “{kind}” lacks: {', '.join(missing)}.")
        self.missing = missing


class EditNotAllowed(NotAllowed):
    """Words that may not stand in this letter; `reasons` say why to a person."""


@dataclass(frozen=True)
class Part:
    """A part of a letter that staff may write anew: its label on the form, the words
    it has otherwise, and the most characters that it takes."""

    name: str
    label: str
    default: str
    limit: int
    needs_words: bool


@dataclass(frozen=True)
class Block:
    """A stretch of a letter. is_required: fixed words, which nobody can edit."""

    name: str
    text: str
    is_required: bool
    heading: str = ""
    link: str = ""
    link_text: str = ""

    @property
    def paragraphs(self) -> list[dict[str, Any]]:
        """Its heading, paragraphs, lists and link, each a dictionary with one of the
        keys heading, text, points, link (and then link_text)."""
        heading = [{"heading": self.heading}] if self.heading else []
        link = {"link": self.link, "link_text": self.link_text}
        return [*heading, *_parsed(self.text), *([link] if self.link else [])]


@dataclass(frozen=True)
class Letter:
    """A rendered letter, as it leaves and as it is kept."""

    kind: str
    version: int
    subject: str
    reference: str
    written_on: date
    blocks: tuple[Block, ...]

    @property
    def paragraphs(self) -> list[dict[str, Any]]:
        """The whole letter as its HTML and its PDF show it; see Block.paragraphs."""
        return [part for block in self.blocks for part in block.paragraphs]

    @property
    def text(self) -> str:
        """The whole letter as plain text, in short lines."""
        return "\n\n".join(_as_text(part) for part in self.paragraphs)

    @property
    def mail_context(self) -> dict[str, Any]:
        """What the mail rights_requests/letter is made of."""
        return {
            "subject": self.subject,
            "reference": self.reference,
            "paragraphs": self.paragraphs,
            "text": self.text,
        }

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "written_on": self.written_on.isoformat()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Letter":
        """The letter that as_json() gave."""
        blocks = tuple(Block(**block) for block in kept["blocks"])
        written_on = date.fromisoformat(kept["written_on"])
        return cls(**{**kept, "blocks": blocks, "written_on": written_on})


# --- Editing ---


def editable(kind: str, *, version: int | None = None) -> tuple[Part, ...]:
    """The parts that staff may write anew, in their order; of the newest version
    unless another is given."""
    return tuple(
        Part(b.name, b.label, b.text or "", b.limit, b.needs_words)
        for b in frame(kind, version or newest(kind)).blocks
        if b.is_editable
    )


def edit_problems(
    kind: str, edits: Mapping[str, str], *, version: int | None = None
) -> dict[str, str]:
    """What is wrong with each edit, in words for its writer; empty when nothing is."""
    parts = {part.name: part for part in editable(kind, version=version)}
    defaults = {name: part.default for name, part in parts.items()}
    found = {
        name: _problem(parts.get(name), words)
        for name, words in {**defaults, **edits}.items()
    }
    return {name: problem for name, problem in found.items() if problem}


def _problem(part: Part | None, words: str) -> str:
    if part is None:
        return "This part of the letter cannot be changed."
    text = several_lines(words)
    if part.needs_words and not text:
        return "Write what the letter should say."
    if len(text) > part.limit:
        return f"Shorten it to {part.limit} characters; it has {len(text)}."
    if OLD_LAW.search(text):
        return (
            "Article 77 is no longer law: people complain under sections 164A and 165 "
            "of the Data Protection Act 2018, which the letter says itself."
        )
    return ""


# --- Rendering ---


def render(
    kind: str,
    fields: Fields,
    edits: Mapping[str, str] | None = None,
    *,
    version: int | None = None,
) -> Letter:
    """The letter in its newest version, or in the one given.

    Raises EditNotAllowed for words that may not stand in it, LetterIncomplete for an
    empty field that it needs or a case that it has no words for, LetterIsWrong for a
    frame that must not be used.
    """
    words = dict(edits or {})
    if problems := edit_problems(kind, words, version=version):
        raise EditNotAllowed(*problems.values())
    rendering = _Rendering(frame(kind, version or newest(kind)), fields, words)
    letter = rendering.letter()
    if missing := [*rendering.missing, *missing_clauses(letter)]:
        raise LetterIncomplete(kind, *dict.fromkeys(missing))
    return letter


class _Rendering:
    """One letter being made; `missing` collects every field that turned out empty."""

    def __init__(self, made_of: Frame, fields: Fields, edits: dict[str, str]) -> None:
        if not fields.matters:
            raise LetterIncomplete(made_of.kind, "matters")
        self.frame, self.fields, self.edits = made_of, fields, edits
        self.values = values(fields, *fields.matters)
        self.missing: list[str] = []

    def letter(self) -> Letter:
        blocks = [made for block in self.frame.blocks for made in self._made(block)]
        return Letter(
            kind=self.frame.kind,
            version=self.frame.version,
            subject=one_line(self._merged(self.frame.subject, self.values)),
            reference=self.values["reference"],
            written_on=self.fields.written_on,
            blocks=tuple(block for block in blocks if block.text or block.link),
        )

    def _made(self, block: BlockFrame) -> Iterator[Block]:
        """What this block says: nothing, once, or once for each matter or date."""
        if block.is_editable:
            said = self.edits.get(block.name, block.text or "")
            yield Block(block.name, several_lines(said), False, block.heading)
        elif block.unless and self.values[block.unless]:
            return
        elif block.when and not self.values[block.when]:
            yield Block(block.name, self._merged(block.otherwise, self.values), True)
        else:
            for number, matters in enumerate(self._told_together(block)):
                yield self._fixed(block, matters, "" if number else block.heading)

    def _told_together(self, block: BlockFrame) -> Iterable[tuple[Matter, ...]]:
        """The matters that this block says the same of. One that it has other words
        for stands by itself."""
        if not (block.each_matter or block.each_date):
            return [self.fields.matters]
        groups: dict[Any, tuple[Matter, ...]] = {}
        for matter in self.fields.matters:
            is_alone = block.each_matter or matter.kind.value in block.by_right
            key = matter.reference if is_alone else (matter.due_on, matter.steps)
            groups[key] = (*groups.get(key, ()), matter)
        return groups.values()

    def _fixed(
        self, block: BlockFrame, matters: tuple[Matter, ...], heading: str
    ) -> Block:
        made = of_matters(matters, written_on=self.fields.written_on)
        found = {**self.values, **made}
        text = self._merged(self._wording(block, matters), found)
        link = self._link(block, found) if text else ""
        link_text = self._merged(block.link_text, found) if link else ""
        return Block(block.name, text, True, heading, link, link_text)

    def _wording(self, block: BlockFrame, matters: tuple[Matter, ...]) -> str:
        kinds = {matter.kind.value for matter in matters}
        if len(kinds) == 1 and (said := block.by_right.get(*kinds)) is not None:
            return said
        if block.text is None:
            about = " and ".join(FACTS[matter.kind].in_words for matter in matters)
            self.missing.append(f"words for {about} in “{block.name}”")
        return block.text or ""

    def _merged(self, text: str, found: Mapping[str, str]) -> str:
        """In one pass: braces that a value brings along stay as they are."""
        self.missing += [name for name in MERGE.findall(text) if not found[name]]
        return MERGE.sub(lambda field: found[field[1]], text)

    def _link(self, block: BlockFrame, found: Mapping[str, str]) -> str:
        if not block.link:
            return ""
        if not found[block.link] and not block.may_lack_link:
            self.missing.append(block.link)
        return found[block.link]


# --- Checking ---


def missing_clauses(letter: Letter) -> tuple[str, ...]:
    """The blocks that the law wants in a letter of this kind and that are not in it word
    for word, with something in every merge field; empty when it may leave."""
    made_of = frame(letter.kind, letter.version)
    fixed = [block for block in letter.blocks if block.is_required]
    return tuple(
        name
        for name in MUST_HOLD[made_of.kind]
        if not _says([block for block in fixed if block.name == name], made_of)
    )


def _says(blocks: Sequence[Block], made_of: Frame) -> bool:
    wanted = made_of.block(blocks[0].name) if blocks else None
    if wanted is None or blocks[0].heading != wanted.heading:
        return False
    return all(
        any(_is_made_of(block.text, wording) for wording in wanted.wordings)
        for block in blocks
    )


def _is_made_of(text: str, wording: str) -> bool:
    """The fixed words in their order from the first letter to the last, and no empty
    merge field between them."""
    first, *rest = MERGE.split(wording)[::2]
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last):
        return False
    values_and_words = text[len(first) : len(text) - len(last)]
    for fixed in middle:
        value, found, values_and_words = _parted(values_and_words, fixed)
        if not found or not value.strip():
            return False
    return bool(values_and_words.strip())


def _parted(text: str, fixed: str) -> tuple[str, str, str]:
    """The text up to the fixed words, the words, the rest; the first sign is no part of
    them, because a value stands before."""
    value, found, rest = text[1:].partition(fixed)
    return text[:1] + value, found, rest


# --- Plain text, and its parts ---


def _parsed(text: str) -> Iterator[dict[str, Any]]:
    """Paragraphs, and lists of the lines that begin with a dash. Nothing else is
    markup: a tag, a brace or an address is text like any other."""
    for paragraph in filter(None, text.split("\n\n")):
        for is_list, lines in groupby(paragraph.split("\n"), key=_is_point):
            if is_list:
                yield {"points": [POINT.sub("", line, count=1) for line in lines]}
            else:
                yield {"text": "\n".join(lines)}


def _is_point(line: str) -> bool:
    return POINT.match(line) is not None


def _as_text(part: Mapping[str, Any]) -> str:
    if "heading" in part:
        return f"{part['heading']}\n{'-' * len(part['heading'])}"
    if "points" in part:
        return "\n".join(_wrapped(f"- {point}", "  ") for point in part["points"])
    if "link" in part:
        return f"{part['link_text']}:\n{part['link']}"
    return "\n".join(_wrapped(line) for line in part["text"].split("\n"))


def _wrapped(line: str, indent: str = "") -> str:
    """Short lines; an address is never cut."""
    return textwrap.fill(
        line,
        LINE_WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
