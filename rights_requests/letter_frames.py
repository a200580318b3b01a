"""The frames of letters: what each kind says in every version that was ever used.

A frame is a file, <kind>-<version>.toml: a subject and blocks in order. A block is one
of the clauses that several letters share, fixed text with merge fields, or a part that
staff may write anew. A file that letters were written from never changes; its SHA-256
stands in versions.toml, and another wording is another version.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from rights_requests.kinds import CaseKind
from rights_requests.letter_fields import NAMES

FOLDER = Path(__file__).parent / "letter_files"
VERSIONS = "versions.toml"
MERGE = re.compile(r"\{([a-z_]+)\}")
# Article 77 was left out of the UK GDPR on 19 June 2026: people now complain under
# sections 164A and 165 of the Data Protection Act 2018.
OLD_LAW = re.compile(r"\bArt(?:icle|\.)?\s*77\b", re.IGNORECASE)


class LetterIsWrong(Exception):
    """A file of the letters does not hold together, or was changed after its use."""


class LetterKind(StrEnum):
    """Every kind of letter; its value names its files."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ACKNOWLEDGE_COMPLAINT = "acknowledge-complaint"
    ASK_IDENTITY = "ask-identity"
    REMINDER_IDENTITY = "reminder-identity"
    IDENTITY_RECEIVED = "identity-received"
    ASK_CLARIFICATION = "ask-clarification"
    CLARIFICATION_RECEIVED = "clarification-received"
    ASK_QUESTION = "ask-question"
    ASK_FEE = "ask-fee"
    FEE_RECEIVED = "fee-received"
    ASK_TAKEN_BACK = "ask-taken-back"
    EXTENSION = "extension"
    EXTENSION_VOID = "extension-void"
    REFUSAL = "refusal"
    REFUSAL_IN_PART = "refusal-in-part"
    ANSWER = "answer"
    ANSWER_WITH_WITHHOLDING = "answer-with-withholding"
    NOTHING_HELD = "nothing-held"
    WITHDRAWAL_RECORDED = "withdrawal-recorded"
    NARROWED = "narrowed"
    LAPSED = "lapsed"
    COMPLAINT_PROGRESS = "complaint-progress"
    COMPLAINT_OUTCOME = "complaint-outcome"
    MESSAGE = "message"
    FILE_TAKEN = "file-taken"
    FILE_NOT_TAKEN = "file-not-taken"
    STATUS_LINK = "status-link"
    HOLIDAY_MOVED = "holiday-moved"
    AT_ONCE = "at-once"
    SCHEDULE = "schedule"
    PUT_RIGHT = "put-right"
    NO_REQUEST = "no-request"
    RECEIPT_CORRECTED = "receipt-corrected"


# What repeats the words of the person.
QUOTING = frozenset({LetterKind.NARROWED})
# The possibility of a complaint to us (DPA 2018, s. 164A), of one to the regulator
# (s. 165), and of a judicial remedy.
ROUTES = ("complain-to-us", "complain-to-regulator", "court")
# Whoever complained already has taken the first.
ROUTES_OF_COMPLAINT = ("complained-to-us", "complain-to-regulator", "court")
# Article 12(4): what is told with every refusal, whole or in part, and every no action.
FOUR = ("reasons", *ROUTES)
# The blocks without which a letter of a kind must not leave, whatever its version.
MUST_HOLD: Mapping[LetterKind, tuple[str, ...]] = {
    LetterKind.ACKNOWLEDGEMENT: ("received", "dates", "next", *ROUTES),
    LetterKind.ACKNOWLEDGE_COMPLAINT: ("received", "next", *ROUTES_OF_COMPLAINT),
    LetterKind.ASK_IDENTITY: ("ask", "why-we-ask", "clock", *ROUTES),
    LetterKind.REMINDER_IDENTITY: ("ask", "clock", *ROUTES),
    LetterKind.IDENTITY_RECEIVED: ("clock", "dates"),
    LetterKind.ASK_CLARIFICATION: ("ask", "why-we-ask", "clock", *ROUTES),
    LetterKind.CLARIFICATION_RECEIVED: ("received", "dates"),
    LetterKind.ASK_QUESTION: ("ask", "clock"),
    LetterKind.ASK_FEE: ("fee", "ground", "clock", "how-to-pay", *FOUR),
    LetterKind.FEE_RECEIVED: ("received", "dates"),
    LetterKind.ASK_TAKEN_BACK: ("taken-back", "dates"),
    LetterKind.EXTENSION: ("longer", "dates", *FOUR),
    LetterKind.EXTENSION_VOID: ("void", "dates", *ROUTES),
    LetterKind.REFUSAL: ("decision", "ground", *FOUR),
    LetterKind.REFUSAL_IN_PART: ("decision", "left-out", "ground", *FOUR),
    LetterKind.ANSWER: ("done", *ROUTES),
    LetterKind.ANSWER_WITH_WITHHOLDING: ("done", *FOUR),
    LetterKind.NOTHING_HELD: ("nothing", *ROUTES),
    LetterKind.WITHDRAWAL_RECORDED: ("stopped", "again"),
    LetterKind.NARROWED: ("now", "dates"),
    LetterKind.LAPSED: ("closed", *FOUR),
    LetterKind.COMPLAINT_PROGRESS: ("so-far", "next", *ROUTES_OF_COMPLAINT),
    LetterKind.COMPLAINT_OUTCOME: ("found", *ROUTES_OF_COMPLAINT),
    LetterKind.MESSAGE: ("about",),
    LetterKind.FILE_TAKEN: ("about",),
    LetterKind.FILE_NOT_TAKEN: ("about",),
    LetterKind.STATUS_LINK: ("link",),
    LetterKind.HOLIDAY_MOVED: ("moved", "dates"),
    LetterKind.AT_ONCE: ("done", "stops", *ROUTES),
    LetterKind.SCHEDULE: ("document",),
    LetterKind.PUT_RIGHT: ("put-right", "dates", *ROUTES),
    LetterKind.NO_REQUEST: ("closed", "again", *FOUR),
    LetterKind.RECEIPT_CORRECTED: ("corrected", "dates", *ROUTES),
}
FIRST, LAST = ("greeting", "agent"), ("signature",)


@dataclass(frozen=True)
class BlockFrame:
    """One block of a frame.

    text: fixed words, or what an editable part says until somebody rewrites it.
    by_right: other words for some kinds of case; without text, no words for the rest.
    when: the merge field without which the block says `otherwise`, or is left out.
    unless: the merge field with which it is left out.
    link: a merge field with the address of a link below the text. each_matter: said
    once for each matter; each_date: once for those that are due on the same day by the
    same steps. label and limit (characters) are for whoever edits it; needs_words: it
    may not be left empty.
    """

    name: str
    heading: str = ""
    text: str | None = None
    by_right: Mapping[str, str] = field(default_factory=dict)
    when: str = ""
    unless: str = ""
    otherwise: str = ""
    link: str = ""
    link_text: str = ""
    may_lack_link: bool = False
    each_matter: bool = False
    each_date: bool = False
    label: str = ""
    limit: int = 0
    needs_words: bool = False

    @property
    def is_editable(self) -> bool:
        return bool(self.label)

    @property
    def wordings(self) -> tuple[str, ...]:
        """Every text that it can say."""
        said = (self.text or "", self.otherwise, *self.by_right.values())
        return tuple(text for text in said if text)


@dataclass(frozen=True)
class Frame:
    kind: LetterKind
    version: int
    subject: str
    blocks: tuple[BlockFrame, ...]

    def block(self, name: str) -> BlockFrame | None:
        return next((block for block in self.blocks if block.name == name), None)


def newest(kind: str) -> int:
    """The version that new letters are written in. Raises LetterIsWrong."""
    prefix = f"{LetterKind(kind)}-"
    names = [name.removesuffix(".toml") for name in digests()]
    numbers = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    versions = [int(number) for number in numbers if number.isdigit()]
    if not versions:
        raise LetterIsWrong(f"{VERSIONS} names no letter “{kind}”.")
    return max(versions)


@lru_cache(maxsize=128)
def frame(kind: str, version: int) -> Frame:
    """Raises ValueError for a kind that there is none of, LetterIsWrong for a file that
    is missing, was changed since it was published, or lacks what the law wants."""
    letter = LetterKind(kind)
    source = read(f"{letter}-{version}.toml")
    clauses = read(f"clauses-{source.pop('clauses', 1)}.toml")
    named = [{"clause": name} for name in FIRST], [{"clause": name} for name in LAST]
    entries = [*named[0], *source["blocks"], *named[1]]
    made = Frame(
        letter,
        version,
        source["subject"],
        tuple(_block(entry, clauses) for entry in entries),
    )
    if problems := list(_problems(made)):
        raise LetterIsWrong(f"{letter}-{version}.toml: " + " ".join(problems))
    return made


@lru_cache(maxsize=1)
def digests() -> Mapping[str, str]:
    """The SHA-256 of every file that letters are or were written from."""
    found: dict[str, str] = tomllib.loads((FOLDER / VERSIONS).read_text())
    return found


def read(name: str) -> dict[str, Any]:
    """The content of a published file. Raises LetterIsWrong when it is another one."""
    if name not in digests():
        raise LetterIsWrong(f"{VERSIONS} names no file {name}.")
    content = (FOLDER / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != digests()[name]:
        raise LetterIsWrong(f"{name} was changed after letters were written from it.")
    return tomllib.loads(content.decode())


def _block(entry: Mapping[str, Any], clauses: Mapping[str, Any]) -> BlockFrame:
    if "clause" not in entry:
        return _made(dict(entry))
    name = entry["clause"]
    if name not in clauses or len(entry) > 1:
        raise LetterIsWrong(f"“{name}” is no clause, or is told to say something else.")
    return _made({"name": name, **clauses[name]})


def _made(entry: dict[str, Any]) -> BlockFrame:
    try:
        return BlockFrame(**entry)
    except TypeError as error:
        raise LetterIsWrong(f"Block “{entry.get('name')}”: {error}") from error


# --- What a file must not do ---


def _problems(made: Frame) -> Iterator[str]:
    names = [block.name for block in made.blocks]
    if len(names) != len(set(names)):
        yield "Two blocks have the same name."
    for name in (*FIRST, *MUST_HOLD[made.kind], *LAST):
        block = made.block(name)
        if block is None or block.is_editable:
            yield f"The block “{name}” is missing, or can be edited."
    for block in made.blocks:
        yield from (f"{block.name}: {words}" for words in _problems_of(block))
    for unknown in sorted(set(MERGE.findall(made.subject)) - NAMES):
        yield f"The subject asks for {{{unknown}}}, which is no merge field."


def _problems_of(block: BlockFrame) -> Iterator[str]:
    if unknown := merge_fields(block) - NAMES:
        yield f"no merge field is called {', '.join(sorted(unknown))}."
    if strange := set(block.by_right) - {kind.value for kind in CaseKind}:
        yield f"no case is about {', '.join(sorted(strange))}."
    if block.is_editable and merge_fields(block):
        yield "a part that can be edited has no merge fields."
    if any(OLD_LAW.search(text) for text in (block.heading, *block.wordings)):
        yield "it names Article 77, which is no longer law."


def merge_fields(block: BlockFrame) -> set[str]:
    """Every merge field that the block may ask for."""
    named = {name for text in block.wordings for name in MERGE.findall(text)}
    asked = (block.when, block.unless, block.link)
    return named | {name for name in asked if name}
