"""From the source of a notice to the text that is published.

A source may hold {{purposes}}, a table that the register fills, and {legal_name}, one
of the controller's particulars. What is published holds both as they were on that day.
What a kind of notice exists to say, its readers must find in its text.
"""

import hashlib
import re
from collections.abc import Mapping

from processing_register import register_tables
from processing_register.models import Controller
from processing_register.register import Register
from processing_register.rendering import sections

TABLE = re.compile(r"\{\{([a-z-]+)\}\}")
PARTICULAR = re.compile(r"\{([a-z_]+)\}")
TABLE_NAMES = tuple(register_tables.TABLES)
# What each notice must show, whatever else its writer says: Art. 13(1)(c) to (e),
# 13(2)(a) and 14(2)(f) of the privacy notice, PECR reg. 6(2)(a) of the cookie notice.
MUST_SHOW = {
    "privacy": ("categories", "sources", "purposes", "recipients"),
    "retention": ("schedule",),
    "cookies": ("cookies",),
}


class UnknownMarker(Exception):
    """A source asks for a table or a particular that there is none of."""


def particulars(controller: Controller) -> dict[str, str]:
    """What a notice may say of the controller and the regulator."""
    return {
        "legal_name": controller.legal_name,
        "trading_name": controller.trading_name,
        "company_number": controller.company_number,
        "website_name": controller.website_name,
        "governance_email": controller.governance_email,
        "phone_display": controller.phone_display,
        "postal_line": ", ".join([controller.trading_name, *controller.address_lines]),
        "regulator_name": controller.regulator_name,
        "regulator_url": controller.regulator_url,
    }


def compose(source: str, facts: Mapping[str, str], register: Register) -> str:
    """The text with its tables and particulars. Raises UnknownMarker."""
    with_tables = TABLE.sub(lambda found: _table(found[1], register), source)
    return PARTICULAR.sub(lambda found: _particular(found[1], facts), with_tables)


def tables_digest(source: str, register: Register) -> str:
    """SHA-256 of the tables that this source asks for; empty when it asks for none."""
    names = TABLE.findall(source)
    text = "\n\n".join(f"{name}\n{_table(name, register)}" for name in names)
    return hashlib.sha256(text.encode()).hexdigest() if names else ""


def problems(source: str) -> list[str]:
    """What cannot be filled in, each in words for its writer."""
    tables = [
        f"There is no table {{{{{name}}}}}. There are: {', '.join(TABLE_NAMES)}."
        for name in TABLE.findall(source)
        if name not in register_tables.TABLES
    ]
    known = set(particulars(Controller()))
    unknown = set(PARTICULAR.findall(TABLE.sub("", source))) - known
    return tables + [f"There is no particular {{{name}}}." for name in sorted(unknown)]


def not_shown(notice: str, source: str, register: Register) -> list[str]:
    """The tables that this notice must have and a reader of its text would not find,
    each in words for its writer.

    The text is looked at as it would be read: a marker that was deleted, that runs into
    a sentence, or that stands in a block of code shows no table.
    """
    shown = _shown(TABLE.sub(lambda found: _table_or_marker(found, register), source))
    return [
        f"The text does not show the table {name}. Put {{{{{name}}}}} on a line of its "
        "own, with an empty line before and after it."
        for name in MUST_SHOW.get(notice, ())
        if not _shown(_table(name, register)) <= shown
    ]


def _shown(text: str) -> frozenset[tuple[str, str, str]]:
    """Everything a reader finds, and once more with the heading it stands under."""
    return frozenset(
        (heading, block.kind, block.text)
        for section in sections(text)
        for block in section.blocks
        for heading in ("", section.heading)
    )


def _table_or_marker(found: re.Match[str], register: Register) -> str:
    is_known = found[1] in register_tables.TABLES
    return _table(found[1], register) if is_known else found[0]


def _table(name: str, register: Register) -> str:
    if name not in register_tables.TABLES:
        raise UnknownMarker(f"There is no table called {name}.")
    return register_tables.TABLES[name](register)


def _particular(name: str, facts: Mapping[str, str]) -> str:
    if name not in facts:
        raise UnknownMarker(f"There is no particular called {name}.")
    return facts[name]
