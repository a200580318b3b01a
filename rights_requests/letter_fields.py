"""What a case puts into its letters, and how each value stands in a text. Pure.

Values come from people: they are put in once, never read for braces again, lose signs
that nobody sees, and stay on one line where a line is meant, so that none can forge a
header, a heading or a link.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from processing_register.models import Controller
from processing_register.plain_words import BARE_DOMAIN, LINK
from rights_requests.deadline_words import in_words
from rights_requests.kinds import FACTS, CaseKind

# A longer one is no name, and a letter is no place to print an advertisement.
LONGEST_NAME = 100
# Joiners that some languages need inside a word.
ALLOWED_INVISIBLE = {"\u200c", "\u200d"}
INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


@dataclass(frozen=True)
class Matter:
    """One thing that the person asked for: a case, with its own date.

    steps: the sentences of Deadline.steps. due_on and steps may be empty where the
    letter does not tell them. status_url: the page of this case alone, where a letter
    is about several.
    """

    reference: str
    kind: CaseKind
    due_on: date | None = None
    steps: tuple[str, ...] = ()
    status_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The merge data of a letter; a frame says which of them it needs.

    matters: what it is about, at least one. written_on: the day of our letter. name:
    of whoever gets it, may be empty. on_behalf_of: the person, where it goes to
    somebody who acts for them; asked_by: who acted for the person, where it goes to
    the person.
    """

    controller: Controller
    matters: tuple[Matter, ...]
    written_on: date
    name: str = ""
    on_behalf_of: str = ""
    asked_by: str = ""
    received_on: date | None = None
    # The date that the person's own letter bears, where it is another day.
    dated_on: date | None = None
    # The target of our policy (policy_promise), where it is the earlier day.
    promised_by: date | None = None
    # When we asked for what this letter is about; when the person's answer, proof,
    # payment or message came; until when we wait for it.
    asked_on: date | None = None
    # A question by post is asked on the day on which it is posted, whenever that is.
    by_post: bool = False
    came_on: date | None = None
    answer_by: date | None = None
    # The last day to announce an extension; the date before a holiday moved it.
    notice_by: date | None = None
    was_due_on: date | None = None
    next_news_on: date | None = None
    status_url: str = ""
    # By which the mailbox is confirmed: in the first letter alone.
    confirm_url: str = ""
    complain_url: str = ""
    document_url: str = ""
    # Title and version of a published document.
    document: str = ""
    # Why we decide or ask; the ground in law, as the end of “because …”.
    reasons: str = ""
    ground: str = ""
    questions: tuple[str, ...] = ()
    amount: Decimal | None = None
    breakdown: tuple[str, ...] = ()
    # What we did or found; what we leave undone; what comes next or has to be done.
    outcome: str = ""
    left_out: str = ""
    next_step: str = ""
    documents: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    # Somebody else asked for the person.
    by_agent: bool = False
    # They asked who had their data, and nobody had it.
    no_recipients: bool = False
    # What we keep, or will probably have to keep, each with its reason.
    limits: tuple[str, ...] = ()
    # What was deleted, place by place; and where an entry stays without it.
    erased: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    # The address that the letter goes to is deleted once it has left.
    address_goes: bool = False
    # What an objection or a withdrawal stops, and which services end with it.
    stops: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    # The reference of the request that a complaint is about.
    about: str = ""
    # A newly named public holiday: its day and title.
    holiday: str = ""
    # What we said that a message asks for, or the day on which we had it, by mistake.
    taken_for: str = ""
    was_received_on: date | None = None
    # By the right day the two months more were announced too late.
    extension_void: bool = False


PARTICULARS = (
    "legal_name",
    "trading_name",
    "governance_email",
    "phone_display",
    "regulator_name",
)
# What values() makes beside the fields themselves.
MADE = (
    "asked_from",
    "reference",
    "matter",
    "due_on",
    "by_then",
    "steps",
    "address",
    "postal_line",
    "regulator_contact",
)
BY_POST = "the day on which we post this letter"
NOT_MERGED = ("controller", "matters")
# May hold paragraphs and lists; everything else is one line.
LONG = ("reasons", "outcome", "left_out", "next_step")
NAMES = frozenset(
    {field.name for field in fields(Fields)}.difference(NOT_MERGED)
    | {*PARTICULARS, *MADE}
)


def values(letter: Fields, *matters: Matter) -> dict[str, str]:
    """Every merge field as it stands in the text, empty where there is nothing.

    Of several matters, reference and matter name all; their date and its steps are
    empty unless they are the same for each.
    """
    made = of_matters(matters, written_on=letter.written_on)
    return {**_own(letter), **_of_controller(letter.controller), **made}


def _own(letter: Fields) -> dict[str, str]:
    names = (field.name for field in fields(letter))
    own = {
        name: _as_text(name, getattr(letter, name))
        for name in names
        if name not in NOT_MERGED
    }
    return {
        **own,
        "asked_from": BY_POST if letter.by_post else in_words(letter.written_on),
        "ground": own["ground"].rstrip("."),
        "name": _a_name(letter.name),
        "on_behalf_of": _somebody(letter.on_behalf_of, "somebody else"),
        "asked_by": _somebody(letter.asked_by, "Somebody"),
    }


def _as_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, date):
        return in_words(value)
    if isinstance(value, Decimal):
        return f"£{value:,.2f}"
    if isinstance(value, tuple):
        return listed(value)
    text = "" if value is None else str(value)
    if name.endswith("_url"):
        return _address(text)
    return several_lines(text) if name in LONG else one_line(text)


def _of_controller(controller: Controller) -> dict[str, str]:
    contact = [
        controller.regulator_url,
        controller.regulator_phone,
        controller.regulator_line,
    ]
    made = {
        "address": ", ".join(controller.address_lines),
        "postal_line": ", ".join([controller.trading_name, *controller.address_lines]),
        "regulator_contact": " or ".join(filter(None, contact)),
    }
    found = {name: getattr(controller, name) for name in PARTICULARS}
    return {name: one_line(text) for name, text in {**found, **made}.items()}


def of_matters(matters: Sequence[Matter], *, written_on: date) -> dict[str, str]:
    """Those of the merge fields that these matters alone fill."""
    is_one = len(matters) == 1
    [first, *others] = matters
    is_same = all((m.due_on, m.steps) == (first.due_on, first.steps) for m in others)
    page = _address(first.status_url) if is_one else ""
    return {
        **({"status_url": page} if page else {}),
        "reference": joined([one_line(matter.reference) for matter in matters]),
        "matter": joined([FACTS[matter.kind].in_words for matter in matters]),
        "due_on": in_words(first.due_on) if first.due_on and is_same else "",
        "by_then": _by_then(first.due_on if is_same else None, written_on),
        "steps": listed(first.steps) if is_same else "",
    }


def _by_then(due_on: date | None, written_on: date) -> str:
    """How “we answer as soon as we can” goes on. Nobody is told of a day to come that is
    over."""
    if due_on is None:
        return ""
    if due_on >= written_on:
        return f", and by {in_words(due_on)} at the latest"
    return (
        f". You should have had our answer by {in_words(due_on)}. We are late, and we "
        "are sorry"
    )


def joined(words: Sequence[str]) -> str:
    """One, two and three."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def listed(points: Sequence[str]) -> str:
    """A list, one point to a line; a point cannot begin another."""
    lines = (one_line(point).lstrip("-*• ") for point in points)
    return "\n".join(f"- {line}" for line in lines if line)


def one_line(text: str) -> str:
    """The text on one line, without signs that nobody sees."""
    return _visible(" ".join(text.split())).strip()


def several_lines(text: str) -> str:
    """The text with its lines and empty lines between paragraphs, nothing hidden."""
    lines = [one_line(line) for line in text.splitlines()]
    paragraphs = "\n".join(lines).split("\n\n")
    return "\n\n".join(filter(None, (part.strip("\n") for part in paragraphs)))


def _visible(text: str) -> str:
    if text.isprintable():  # nearly every text: nothing in it to look for sign by sign
        return text
    return "".join(
        sign
        for sign in text
        if sign in ALLOWED_INVISIBLE or unicodedata.category(sign) not in INVISIBLE
    )


def _a_name(text: str) -> str:
    """Empty for what is no name: anybody can type one into a form, and have it mailed
    to an address that is not theirs."""
    name = one_line(text)
    is_strange = LINK.search(name) or BARE_DOMAIN.search(name) or "@" in name
    return "" if is_strange or len(name) > LONGEST_NAME else name


def _somebody(name: str, otherwise: str) -> str:
    """Empty where nobody else is meant; otherwise: for one whose name is none."""
    return (_a_name(name) or otherwise) if name else ""


def _address(text: str) -> str:
    """A web address becomes a link: nothing else may stand in its place. The message
    does not repeat it, since it may open somebody's page."""
    is_address = text.startswith(("https://", "http://")) and len(text.split()) == 1
    if text and not is_address:
        raise ValueError("A link in a letter needs a whole web address.")
    return text
