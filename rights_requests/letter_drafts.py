"""A letter while it is being written: its fixed words around the parts that are free."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.forms import BoundField
from django.utils import timezone

from groundwork import addresses
from rights_requests import writing
from rights_requests.case_forms import PART, ActForm
from rights_requests.handling import ANSWER_WITHIN
from rights_requests.letter_fields import Matter, values
from rights_requests.letter_frames import (
    MERGE,
    BlockFrame,
    LetterKind,
    frame,
    newest,
)
from rights_requests.letters import Block
from rights_requests.models import Case, Letter, Submission

# What stands in the place of a field that the form above, or the verb, fills.
LATER = {
    "questions": "the questions",
    "reasons": "the reasons",
    "ground": "the rule of the ground",
    "amount": "the fee",
    "breakdown": "what it is made of",
    "next_step": "what comes next",
    "outcome": "what you write above",
    "left_out": "what is left out",
    "documents": "the documents",
    "asked_on": "the day of our question",
    "came_on": "the day on which it came",
    "notice_by": "the last day of notice",
    "next_news_on": "the day of the next word",
    "recipients": "who else had the data",
    "limits": "what we keep",
    "erased": "what is deleted, place by place",
    "emptied": "what is emptied, place by place",
    "due_on": "the new date",
    "steps": "how the new date came about",
}


@dataclass(frozen=True)
class Piece:
    """A block of the letter: fixed paragraphs, or the field in which it is written."""

    paragraphs: list[dict[str, Any]]
    field: BoundField | None = None
    heading: str = ""


def pieces(form: ActForm, case: Case, *, now: datetime) -> list[Piece]:
    """The letter of the form, block by block. What only a preview can know stands in
    square brackets."""
    kind = form.letter
    if kind is None:
        return []
    fields = writing.fields_of(
        [case], now=now, answer_by=timezone.localdate(now) + ANSWER_WITHIN
    )
    known = values(fields, *_matters(kind, fields.matters))
    found = [
        _piece(block, form, case, known) for block in frame(kind, newest(kind)).blocks
    ]
    return [piece for piece in found if piece.field or piece.paragraphs]


def _matters(kind: LetterKind, matters: Iterable[Matter]) -> list[Matter]:
    """Where the letter itself moves the date, only the preview knows the new one."""
    if kind is not LetterKind.EXTENSION:
        return list(matters)
    return [replace(matter, due_on=None, steps=()) for matter in matters]


def _piece(
    block: BlockFrame, form: ActForm, case: Case, known: Mapping[str, str]
) -> Piece:
    if block.is_editable:
        return Piece([], form[PART + block.name], block.heading)
    text = _text(block, case, known)
    merged = MERGE.sub(lambda field: _shown(field[1], known), text)
    link = known.get(block.link, "") if merged else ""
    drawn = Block(block.name, merged, True, block.heading, link, block.link_text)
    return Piece(drawn.paragraphs if merged else [])


def _text(block: BlockFrame, case: Case, known: Mapping[str, str]) -> str:
    if block.unless and known[block.unless]:
        return ""
    if block.when and not known[block.when] and block.when not in LATER:
        return block.otherwise
    return block.by_right.get(case.kind, block.text or "")


def _shown(name: str, known: Mapping[str, str]) -> str:
    return known[name] or f"[{LATER.get(name, name.replace('_', ' '))}]"


def way_in_words(submission: Submission) -> str:
    """How a letter to this person leaves."""
    if writing.way_to(submission) == Letter.By.POST:
        return "It goes by post: print it on the page “Letters”, then say when it was posted."
    return (
        f"It leaves at once, by e-mail to {addresses.mask(submission.reply_address)}."
    )
