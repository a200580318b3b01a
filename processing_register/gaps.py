"""What the controller's published policy leaves open, and what is done meanwhile.

`gaps` is pure: each question is open or answered by what the register and the
controller's particulars say. A question that no value can answer is answered by an
entry of the register's settled.toml. No database is needed, so a deploy check can ask.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from django.conf import settings

from processing_register.register import Register, RegisterIsWrong, the_register


class Particulars(Protocol):
    """What is asked of the controller: its row in the database has it, too."""

    @property
    def company_number(self) -> str: ...

    @property
    def registration_number(self) -> str: ...


@dataclass(frozen=True)
class ControllerOnFile:
    """The two numbers as controller.toml gives them; empty: not known."""

    company_number: str = ""
    registration_number: str = ""


@dataclass(frozen=True)
class Gap:
    """One question that the policy leaves to the controller.

    clause: what the policy says or omits. meanwhile: what the software does.
    to_settle: what the controller has to do. names: what is still missing, by title.
    """

    key: str
    clause: str
    meanwhile: str
    to_settle: str
    is_open: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settlement:
    """The controller's answer, as settled.toml has it."""

    key: str
    on: date
    answer: str


def open_gaps() -> list[Gap]:
    """The questions that are still open. Raises RegisterIsWrong."""
    return [gap for gap in all_gaps() if gap.is_open]


def all_gaps() -> list[Gap]:
    """Every question, open ones first. Raises RegisterIsWrong."""
    found = gaps(the_register(), controller_on_file(), settlements=settlements())
    return sorted(found, key=lambda gap: not gap.is_open)


def gaps(
    register: Register,
    controller: Particulars,
    *,
    settlements: Iterable[Settlement] = (),
) -> list[Gap]:
    """Every question, in the order of the policy. Raises RegisterIsWrong when an
    answer is to a question that only a value of the register answers, or to none."""
    settled = {settlement.key for settlement in settlements}
    for key in sorted(settled - IN_WORDS):
        raise RegisterIsWrong(f"settled.toml: “{key}” is not answered in words.")
    return [
        _version_and_date(register),
        _company_number(controller),
        _registration_number(controller),
        _profile(register),
        _recipients(register),
        _authorities(register),
        _retention(register),
        *_in_words(settled),
    ]


# --- Answered by a value ---


def _version_and_date(register: Register) -> Gap:
    return Gap(
        "version-and-date",
        clause="The policy bears no version and no date.",
        meanwhile="Our notices are numbered and dated, and earlier versions stay up.",
        to_settle="Nothing more: publish every change as a new version.",
        is_open=not any(version.notice == "privacy" for version in register.versions),
    )


def _company_number(controller: Particulars) -> Gap:
    return Gap(
        "company-number",
        clause="The company's number is missing; a company's e-mails must carry it.",
        meanwhile="The number is left out of every page and e-mail.",
        to_settle="Set company_number in controller.toml.",
        is_open=not controller.company_number,
    )


def _registration_number(controller: Particulars) -> Gap:
    return Gap(
        "registration-number",
        clause="No registration with the regulator is named.",
        meanwhile="None is shown.",
        to_settle="Set registration_number in controller.toml.",
        is_open=not controller.registration_number,
    )


def _profile(register: Register) -> Gap:
    named = {key for p in register.purposes.values() for key in p.undefined_categories}
    undefined = [register.categories[key] for key in sorted(named)]
    titles = tuple(c.title for c in undefined if not c.is_collected)
    return Gap(
        "profile",
        clause="“Profile” is listed as a kind of data in three rows and never defined.",
        meanwhile="Nothing of the kind is collected: no field may hold it.",
        to_settle="Define it in categories.toml and a new notice, or drop it from"
        " purposes.toml.",
        is_open=bool(titles),
        names=titles,
    )


def _recipients(register: Register) -> Gap:
    recipients = register.recipients.values()
    return Gap(
        "recipients",
        clause="Recipients are described by kind; no company is named.",
        meanwhile="The notice lists the kinds, and nobody is enabled without an"
        " agreement or another ground.",
        to_settle="Name each company in recipients.toml with its agreement, and"
        " enable it.",
        is_open=not any(recipient.is_enabled for recipient in recipients),
        names=tuple(
            f"{recipient.title}: no agreement"
            for recipient in recipients
            if recipient.role == "processor" and not recipient.agreement
        ),
    )


def _authorities(register: Register) -> Gap:
    authorities = register.recipients.get("authorities")
    return Gap(
        "authorities",
        clause="Tax and other authorities are called processors, which they are not.",
        meanwhile="They are named as recipients who decide for themselves.",
        to_settle="Keep their role in recipients.toml as “authority”, and correct the"
        " policy.",
        is_open=authorities is None or authorities.role != "authority",
    )


def _retention(register: Register) -> Gap:
    titles = tuple(r.what for r in register.retention.values() if not r.is_settled)
    return Gap(
        "retention",
        clause="No period of retention is given.",
        meanwhile="Working periods are applied and published in our schedule.",
        to_settle="Confirm or change each period in retention.toml (is_settled).",
        is_open=bool(titles),
        names=titles,
    )


# --- Answered in words ---

QUESTIONS = (
    Gap(
        "outside-the-eea",
        clause="No data leaves the EEA, it says; the United Kingdom is outside it.",
        meanwhile="Read as: outside the United Kingdom and the EEA.",
        to_settle="Say which countries are meant.",
        is_open=True,
    ),
    Gap(
        "request-clock",
        clause="A request is answered within a month of its own date, which may be the"
        " date on a letter or the day it came in.",
        meanwhile="“Your data” promises one month from the day a request reaches us, which"
        " is what the law counts from.",
        to_settle="Say from which day the month counts.",
        is_open=True,
    ),
    Gap(
        "trading-name",
        clause="The trading name is spelled in two ways.",
        meanwhile="“ValueLicensing”, as the contact details have it.",
        to_settle="Confirm the spelling in controller.toml.",
        is_open=True,
    ),
    Gap(
        "insurers",
        clause="The sentence on professional advisers and insurers breaks off before"
        " it says where they are.",
        meanwhile="They are taken to be in the United Kingdom; none is enabled.",
        to_settle="Say in which countries they are.",
        is_open=True,
    ),
    Gap(
        "automated-decisions",
        clause="Nothing is said of decisions made by machines alone.",
        meanwhile="This software makes no decision about a person by itself that"
        " affects them legally or as much (Art. 22).",
        to_settle="Confirm that no other system makes one, and say so.",
        is_open=True,
    ),
)
IN_WORDS = frozenset(question.key for question in QUESTIONS)


def _in_words(settled: set[str]) -> Iterator[Gap]:
    for gap in QUESTIONS:
        yield Gap(
            gap.key,
            clause=gap.clause,
            meanwhile=gap.meanwhile,
            to_settle=f"{gap.to_settle} Then note it in settled.toml.",
            is_open=gap.key not in settled,
        )


# --- From the files ---


def controller_on_file() -> ControllerOnFile:
    """The controller's numbers before they are loaded. Raises RegisterIsWrong."""
    values = _toml("controller.toml")
    return ControllerOnFile(
        company_number=str(values.get("company_number", "")).strip(),
        registration_number=str(values.get("registration_number", "")).strip(),
    )


def settlements() -> list[Settlement]:
    """The controller's answers in words; none without a file of them. Raises
    RegisterIsWrong."""
    if not (Path(settings.REGISTER_DIR) / "settled.toml").exists():
        return []
    return [_settlement(row) for row in _answers()]


def _answers() -> list[dict[str, object]]:
    rows = _toml("settled.toml").get("settled", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RegisterIsWrong("settled.toml: write each answer under [[settled]].")
    return rows


def _settlement(row: dict[str, object]) -> Settlement:
    key, on, answer = (row.get(name) for name in ("key", "on", "answer"))
    if not isinstance(on, date) or not key or not str(answer or "").strip():
        raise RegisterIsWrong(
            f"settled.toml, “{key}”: an answer needs key, on (a date) and answer."
        )
    return Settlement(str(key), on, str(answer))


def _toml(name: str) -> dict[str, object]:
    try:
        return tomllib.loads((Path(settings.REGISTER_DIR) / name).read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise RegisterIsWrong(f"{name} cannot be read: {error}") from error
