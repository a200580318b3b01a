"""What Article 15(1) wants told beside the data itself, point by point, from the register.

The nine points are those of the UK GDPR as the Data (Use and Access) Act 2025 left it:
(a) to (d), (e), (ea), (f), (g) and (h); with the safeguards of Article 15(2).
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from data_subjects.models import Disclosure
from groundwork.holdings import Datum, Holding
from processing_register.models import Controller
from processing_register.register import UK_AND_EEA, Recipient, the_register
from rights_requests.fulfilment import bases

NO_DECISION = (
    "None. No decision about you is made by software alone, and none by a profile."
)


@dataclass(frozen=True)
class Point:
    """One point of Article 15(1): its letter, its heading, and what there is to tell."""

    letter: str
    heading: str
    lines: tuple[str, ...]


def points(
    found: Iterable[Holding], subject_id: uuid.UUID, controller: Controller
) -> list[Point]:
    """The nine points, each with what is true of the places in which something of this
    person was found. A point with nothing to tell says so."""
    data = [datum for holding in found for datum in holding.data]
    lines = {
        "a": _purposes(data, bases.agreed_by(subject_id)),
        "b": _kinds(data),
        "c": _recipients(data, subject_id),
        "d": _periods(data),
        "e": iter(RIGHTS),
        "ea": _to_us(controller),
        "f": _to_regulator(controller),
        "g": _sources(data),
        "h": iter([NO_DECISION]),
    }
    return [
        Point(letter, HEADINGS[letter], tuple(dict.fromkeys(told)) or ("None.",))
        for letter, told in lines.items()
    ]


HEADINGS = {
    "a": "What your data is used for, and what allows it",
    "b": "Which kinds of data we have",
    "c": "Who receives it",
    "d": "How long it is kept",
    "e": "What else you can ask",
    "ea": "Complaining to us",
    "f": "Complaining to the regulator",
    "g": "Where it came from",
    "h": "Decisions made by software",
}
RIGHTS = (
    "You can ask us to correct what is wrong, and to add what is missing.",
    "You can ask us to delete it, where no law and no legal claim makes us keep it.",
    "You can ask us to keep it and not use it.",
    "You can say no to a use that rests on our interests, and to marketing always.",
    "You can take a consent back at any time; what was done before stays lawful.",
    "You can ask for what you gave us in a form that other programs read.",
)


def _purposes(data: list[Datum], agreed: frozenset[str]) -> Iterator[str]:
    """Those of the data, and whatever else the person agreed to, which one sign-up
    serves."""
    register = the_register()
    for key in dict.fromkeys([*(datum.purpose for datum in data), *sorted(agreed)]):
        purpose = register.purposes[key]
        why = " and ".join(bases.in_words(purpose, agreed))
        yield f"{purpose.title}: {purpose.description} This rests on {why}."


def _kinds(data: list[Datum]) -> Iterator[str]:
    categories = the_register().categories
    for key in dict.fromkeys(datum.category for datum in data if datum.category):
        yield f"{categories[key].title}: {categories[key].description}"


def _recipients(data: list[Datum], subject_id: uuid.UUID) -> Iterator[str]:
    """Those who always do, then those who received something of this very person."""
    register = the_register()
    for key in dict.fromkeys(datum.purpose for datum in data):
        for recipient in register.enabled_recipients(key):
            where = f"{recipient.title}, {recipient.country}"
            yield f"{where}: {recipient.what_for}.{_abroad(recipient)}"
    given = Disclosure.objects.filter(data_subject_id=subject_id).order_by("pk")
    for one in given.iterator():
        yield f"{one.recipient} received something about you on {one.disclosed_on:%-d %B %Y}."


def _abroad(recipient: Recipient) -> str:
    """Art. 15(2): what protects the data there."""
    if recipient.country_code == "GB":
        return ""
    if recipient.country_code in UK_AND_EEA and not recipient.safeguard:
        return " The law there is held to protect you as well as that of the United Kingdom."
    return f" Your data is protected there by: {recipient.safeguard}."


def _periods(data: list[Datum]) -> Iterator[str]:
    rules = the_register().retention
    for key in dict.fromkeys(datum.retention for datum in data):
        yield f"{rules[key].what}: {rules[key].words[:1].lower()}{rules[key].words[1:]}."


def _sources(data: list[Datum]) -> Iterator[str]:
    sources = the_register().sources
    for key in dict.fromkeys(datum.source for datum in data):
        yield f"{sources[key].title}: {sources[key].description}."


def _to_us(controller: Controller) -> Iterator[str]:
    yield (
        f"Write to {controller.governance_email} or call {controller.phone_display}. We "
        "tell you within 30 days that we have your complaint, and then what came of it "
        "(Data Protection Act 2018, section 164A)."
    )


def _to_regulator(controller: Controller) -> Iterator[str]:
    yield (
        f"{controller.regulator_name}, {controller.regulator_url}. You need not come to "
        "us first (Data Protection Act 2018, section 165). You can also go to court "
        "(sections 167 and 168)."
    )
