"""The record of processing (UK GDPR Art. 30(1)), made from the register.

One row per purpose. The columns and their order are those of the Information
Commissioner's documentation template for controllers, so that the regulator finds what
it asks for where it expects it. The record is made anew each time and kept nowhere:
whoever wants another record changes the register.

What the register does not hold is said to be not on record; nothing is made up.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse

from groundwork.spreadsheets import csv_lines
from processing_register import models
from processing_register.notice_paths import INTERESTS
from processing_register.notices import current_controller
from processing_register.record_words import (
    ARTICLE_6,
    BUSINESS_FUNCTIONS,
    NOT_APPLICABLE,
    NOT_ON_RECORD,
    OTHER_FUNCTION,
    SECURITY_HERE,
    SECURITY_OUTSIDE,
    rights_for,
)
from processing_register.register import CONSENT, LEGITIMATE_INTERESTS, UK_AND_EEA

HOME_COUNTRY = "GB"

Cell = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A purpose: one cell per column, each holding one entry or several."""

    key: str
    title: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Record:
    """controller: its name and every way to reach it, line by line."""

    controller: Cell
    made_on: date
    rows: tuple[Row, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(COLUMNS)

    def same_everywhere(self) -> dict[str, Cell]:
        """The columns that say the same of every purpose, with what they say."""
        first = self.rows[0].cells if self.rows else {}
        return {
            name: cell
            for name, cell in first.items()
            if all(row.cells[name] == cell for row in self.rows)
        }


@dataclass(frozen=True)
class Register:
    """The register's rows in the database, by key."""

    categories: Mapping[str, models.DataCategory]
    sources: Mapping[str, models.DataSource]
    recipients: Mapping[str, models.Recipient]
    retention: Mapping[str, models.RetentionRule]
    # Purposes whose weighing of interests has a published summary.
    assessed: frozenset[str]


def the_record(made_on: date) -> Record:
    """Raises Controller.DoesNotExist until the register is loaded."""
    register = _register()
    purposes = models.ProcessingPurpose.objects.all()
    rows = tuple(row_of(purpose, register) for purpose in purposes)
    return Record(_contact(current_controller()), made_on, rows)


def row_of(purpose: models.ProcessingPurpose, register: Register) -> Row:
    """Pure: a purpose and its register in, a row out."""
    cells = {name: make(purpose, register) for name, make in COLUMNS.items()}
    return Row(purpose.key, purpose.title, cells)


def as_csv(record: Record) -> Iterator[str]:
    """The template's columns, then the controller, so that each row stands alone."""
    yield from csv_lines(_table(record))


def as_json(record: Record) -> Iterator[str]:
    """Every cell as a list of its entries."""
    told = {
        "controller": record.controller,
        "made_on": record.made_on.isoformat(),
        "columns": record.columns,
        "rows": [{"key": row.key, "cells": row.cells} for row in record.rows],
    }
    yield json.dumps(told, ensure_ascii=False, indent=2) + "\n"


FORMATS = {"csv": as_csv, "json": as_json}


def _table(record: Record) -> Iterator[list[str]]:
    yield [*record.columns, "Name and contact details of the controller"]
    for row in record.rows:
        yield [_joined(cell) for cell in (*row.cells.values(), record.controller)]


def _joined(cell: Cell) -> str:
    return "; ".join(cell)


def _register() -> Register:
    slugs = models.NoticeVersion.objects.published().values_list("notice", flat=True)
    return Register(
        categories=models.DataCategory.objects.in_bulk(),
        sources=models.DataSource.objects.in_bulk(),
        recipients=models.Recipient.objects.in_bulk(),
        retention=models.RetentionRule.objects.in_bulk(),
        assessed=frozenset(
            slug.removeprefix(INTERESTS) for slug in slugs if slug.startswith(INTERESTS)
        ),
    )


def _contact(controller: models.Controller) -> Cell:
    return (
        str(controller),
        *controller.address_lines,
        controller.governance_email,
        controller.phone_display,
    )


# --- The cells, in the order of the columns ---


def _function(purpose: models.ProcessingPurpose, _: Register) -> Cell:
    return (BUSINESS_FUNCTIONS.get(purpose.dpv, OTHER_FUNCTION),)


def _purpose(purpose: models.ProcessingPurpose, _: Register) -> Cell:
    return (f"{purpose.title}: {purpose.description}",)


def _individuals(purpose: models.ProcessingPurpose, _: Register) -> Cell:
    return (purpose.individuals,)


def _data(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    return tuple(register.categories[key].title for key in purpose.data_categories)


def _recipients(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    return tuple(who.title for who in _who(purpose, register)) or ("None",)


def _contracts(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    contracts = (
        f"{who.title}: {who.agreement or NOT_ON_RECORD.lower()}"
        for who in _processors(purpose, register)
    )
    return tuple(contracts) or (NOT_APPLICABLE,)


def _third_countries(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    abroad = _abroad(purpose, register)
    return tuple(f"{who.country} ({who.title})" for who in abroad) or ("None",)


def _safeguards(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    abroad = _abroad(purpose, register)
    found = tuple(f"{who.country}: {_safeguard(who)}" for who in abroad)
    return found or (NOT_APPLICABLE,)


def _safeguard(who: models.Recipient) -> str:
    """The EEA is abroad too; the United Kingdom holds its law to be adequate."""
    if who.country_code in UK_AND_EEA:
        return who.safeguard or "adequate by the law of the United Kingdom"
    return who.safeguard


def _retention(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    return tuple(
        f"{rule.what}: {_how_long(rule)}" for rule in _rules(purpose, register)
    )


def _how_long(rule: models.RetentionRule) -> str:
    return rule.title if rule.is_settled else f"{rule.title} (to be settled)"


def _security(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    here = SECURITY_HERE if _is_here(purpose, register) else ()
    outside = (SECURITY_OUTSIDE,) if _is_outside(purpose, register) else ()
    return (*here, *outside)


def _bases(purpose: models.ProcessingPurpose, _: Register) -> Cell:
    return tuple(
        f"{ARTICLE_6[basis['key']]}: {basis['what_for']}"
        for basis in purpose.lawful_bases
    )


def _interests(purpose: models.ProcessingPurpose, _: Register) -> Cell:
    return (purpose.interests or NOT_APPLICABLE,)


def _assessment(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    if LEGITIMATE_INTERESTS not in _basis_keys(purpose):
        return (NOT_APPLICABLE,)
    if purpose.key not in register.assessed:
        return ("The summary in this row; it is not published",)
    notice = f"{INTERESTS}{purpose.key}"
    return (_link("processing_register:interests-of", notice),)


def _rights(purpose: models.ProcessingPurpose, _: Register) -> Cell:
    return rights_for(_basis_keys(purpose), is_marketing=purpose.is_marketing)


def _automated(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    named = [register.categories[key] for key in purpose.undefined_categories]
    notes = (f"{kind.title}: {kind.note or 'not collected'}" for kind in named)
    return ("No decision is made by software alone", *notes)


def _sources(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    found = (register.sources[key] for key in purpose.sources)
    return tuple(f"{source.title}: {source.description}" for source in found)


def _consent(purpose: models.ProcessingPurpose, _: Register) -> Cell:
    if CONSENT not in _basis_keys(purpose):
        return (NOT_APPLICABLE,)
    if purpose.is_offered:
        return (_link("console:consent_consententry_changelist"),)
    return (_link("console:cookie_choices"),)


def _location(purpose: models.ProcessingPurpose, register: Register) -> Cell:
    here = ("This system’s database",) if _is_here(purpose, register) else ()
    outside = ("A system outside this one",) if _is_outside(purpose, register) else ()
    places = (f"{who.title}, {who.country}" for who in _processors(purpose, register))
    return (*here, *outside, *places)


def _none(_: models.ProcessingPurpose, __: Register) -> Cell:
    return ("None",)


def _no_special_category(_: models.ProcessingPurpose, __: Register) -> Cell:
    return ("None: no special category of data is asked for",)


def _not_applicable(_: models.ProcessingPurpose, __: Register) -> Cell:
    return (NOT_APPLICABLE,)


def _not_on_record(_: models.ProcessingPurpose, __: Register) -> Cell:
    return (NOT_ON_RECORD,)


COLUMNS = {
    "Business function": _function,
    "Purpose of processing": _purpose,
    "Name and contact details of joint controller (if applicable)": _none,
    "Categories of individuals": _individuals,
    "Categories of personal data": _data,
    "Categories of recipients": _recipients,
    "Link to contract with processor": _contracts,
    "Names of third countries or international organisations that personal data are"
    " transferred to (if applicable)": _third_countries,
    "Safeguards for exceptional transfers of personal data to third countries or"
    " international organisations (if applicable)": _safeguards,
    "Retention schedule (if possible)": _retention,
    "General description of technical and organisational security measures"
    " (if possible)": _security,
    "Article 6 lawful basis for processing personal data": _bases,
    "Article 9 condition for processing special category data": _no_special_category,
    "Legitimate interests for the processing (if applicable)": _interests,
    "Link to record of legitimate interests assessment (if applicable)": _assessment,
    "Rights available to individuals": _rights,
    "Existence of automated decision-making, including profiling"
    " (if applicable)": _automated,
    "The source of the personal data (if applicable)": _sources,
    "Link to record of consent": _consent,
    "Location of personal data": _location,
    "Data Protection Impact Assessment required?": _not_on_record,
    "Data Protection Impact Assessment progress": _not_on_record,
    "Link to Data Protection Impact Assessment": _not_on_record,
    # Breaches are not recorded in this system yet.
    "Has a personal data breach occurred?": _not_on_record,
    "Link to record of personal data breach": _not_on_record,
    # The rest is about special category and criminal offence data, and none is asked
    # for (DPA 2018, Schedule 1, Part 4).
    "Data Protection Act 2018 Schedule 1 condition for processing": _not_applicable,
    "GDPR Article 6 lawful basis for processing": _not_applicable,
    "Link to retention and erasure policy document": _not_applicable,
    "Is personal data retained and erased in accordance with the policy document?": (
        _not_applicable
    ),
    "Reasons for not adhering to retention and erasure policy document"
    " (if applicable)": _not_applicable,
}


# --- What the cells are drawn from ---


def _who(
    purpose: models.ProcessingPurpose, register: Register
) -> list[models.Recipient]:
    return [register.recipients[key] for key in purpose.recipients]


def _processors(
    purpose: models.ProcessingPurpose, register: Register
) -> list[models.Recipient]:
    role = models.Recipient.Role.PROCESSOR
    return [who for who in _who(purpose, register) if who.role == role]


def _abroad(
    purpose: models.ProcessingPurpose, register: Register
) -> list[models.Recipient]:
    return [who for who in _who(purpose, register) if who.country_code != HOME_COUNTRY]


def _rules(
    purpose: models.ProcessingPurpose, register: Register
) -> list[models.RetentionRule]:
    return [register.retention[key] for key in purpose.retention]


def _is_outside(purpose: models.ProcessingPurpose, register: Register) -> bool:
    """True when some of its records lie in a system that is not this one."""
    outside = models.RetentionRule.CarriedOut.OUTSIDE
    return any(rule.carried_out == outside for rule in _rules(purpose, register))


def _is_here(purpose: models.ProcessingPurpose, register: Register) -> bool:
    outside = models.RetentionRule.CarriedOut.OUTSIDE
    return any(rule.carried_out != outside for rule in _rules(purpose, register))


def _basis_keys(purpose: models.ProcessingPurpose) -> frozenset[str]:
    return frozenset(basis["key"] for basis in purpose.lawful_bases)


def _link(view: str, *args: str) -> str:
    return f"{settings.SITE_URL}{reverse(view, args=args)}"
