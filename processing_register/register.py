"""The processing register as its files say it: purposes, data, recipients, periods.

Pure: it reads the TOML files under settings.REGISTER_DIR and needs no database, so
that `manage.py check` can hold the code against them anywhere. What it returns never
changes; an entry that does not hold together is refused with a sentence that says
which one and why (UK GDPR Art. 5(2), 13, 14 and 30 are what the entries are for).
"""

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings

from processing_register.countries import COUNTRIES

# Where personal data may be without more (policy: “the EEA”, read as UK and EEA), as
# ISO 3166 codes.
UK_AND_EEA = frozenset(
    "GB AT BE BG HR CY CZ DE DK EE ES FI FR GR HU IE IS IT LI LT LU LV MT NL NO PL PT"
    " RO SE SI SK".split()
)
LEGITIMATE_INTERESTS = "legitimate-interests"
CONSENT = "consent"
# Art. 6(1) in the words that the pages use.
BASES = {
    CONSENT: "your consent",
    "contract": "a contract with you",
    "legal-obligation": "a legal duty",
    LEGITIMATE_INTERESTS: "our legitimate interest",
}
KINDS = ("cookie", "local-storage", "session-storage", "indexed-db")
PLACES = ("site", "console", "embed")
ROLES = ("processor", "controller", "authority")
# Who carries a retention rule out: a purge of this system, nobody because it has no
# end, or the owner of a system outside.
CARRIED_OUT = ("here", "lasting", "outside")
PERIOD = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(\d+)H)?")
UNITS = ("year", "month", "day", "hour")


class RegisterIsWrong(Exception):
    """A file of the register contradicts itself or the law; nothing was taken from it."""


class UnknownPeriod(LookupError):
    """No retention rule with this key has a period."""


@dataclass(frozen=True)
class DataCategory:
    """A kind of personal data. One that is not collected says why in `note`."""

    key: str
    title: str
    description: str
    is_collected: bool = True
    note: str = ""
    dpv: str = ""


@dataclass(frozen=True)
class DataSource:
    """Where data comes from. Where it is not the person, Art. 14 sets a clock."""

    key: str
    title: str
    description: str
    is_public: bool = False
    informs_within: str = ""
    evidence_needed: str = ""


@dataclass(frozen=True)
class Recipient:
    """Who gets data. Nobody gets any before the controller has enabled the entry.

    agreement: reference of the contract under Art. 28; ground: what allows a disclosure
    to somebody who decides for themselves. hosts: names that the software may call.
    """

    key: str
    title: str
    role: str
    what_for: str
    country_code: str
    country: str
    agreement: str = ""
    ground: str = ""
    safeguard: str = ""
    hosts: tuple[str, ...] = ()
    is_enabled: bool = False


@dataclass(frozen=True)
class RetentionRule:
    """How long one kind of record is kept. period: ISO 8601, empty when it has no end
    that can be counted; starts: the event from which it counts. title: the same in the
    reader's words, made of the period where there is one, so that what is promised and
    what is applied cannot differ."""

    key: str
    title: str
    what: str
    why: str
    period: str = ""
    starts: str = ""
    is_settled: bool = True
    carried_out: str = "here"

    @property
    def words(self) -> str:
        """The period as letters and receipts say it: what is applied today."""
        return self.title

    @property
    def with_mark(self) -> str:
        """The period as the schedule and the console say it, where readers also learn
        which periods the controller has yet to confirm."""
        return self.title if self.is_settled else f"{self.title} (to be settled)"


@dataclass(frozen=True)
class Basis:
    """A lawful basis (Art. 6(1)) and the part of the purpose that rests on it."""

    key: str
    what_for: str


@dataclass(frozen=True)
class Purpose:
    """A processing purpose. policy_row: its row in the controller's policy, 0 when this
    software adds it. interests: the summary of the legitimate-interests assessment."""

    key: str
    title: str
    description: str
    individuals: str
    data_categories: tuple[str, ...]
    lawful_bases: tuple[Basis, ...]
    recipients: tuple[str, ...]
    sources: tuple[str, ...]
    retention: tuple[str, ...]
    dpv: str
    is_marketing: bool = False
    is_offered: bool = False
    is_sendable: bool = False
    interests: str = ""
    policy_row: int = 0
    undefined_categories: tuple[str, ...] = ()

    @property
    def rests_on_interests(self) -> bool:
        return any(basis.key == LEGITIMATE_INTERESTS for basis in self.lawful_bases)


@dataclass(frozen=True)
class StoredItem:
    """A cookie or another thing kept in a browser (PECR reg. 6)."""

    key: str
    name: str
    kind: str
    category: str
    set_by: str
    purpose: str
    what_for: str
    life: str
    where: str


@dataclass(frozen=True)
class ShippedVersion:
    """A version of a notice that comes with the register's files."""

    notice: str
    number: int
    title: str
    severity: str
    effective_on: date
    file: str
    written_by: str
    approved_by: str
    summary_of_changes: str
    review_by: date
    purposes: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    tables: str = ""


@dataclass(frozen=True)
class Register:
    categories: Mapping[str, DataCategory]
    sources: Mapping[str, DataSource]
    recipients: Mapping[str, Recipient]
    retention: Mapping[str, RetentionRule]
    purposes: Mapping[str, Purpose]
    items: Mapping[str, StoredItem]
    versions: tuple[ShippedVersion, ...]

    def enabled_recipients(self, purpose: str) -> list[Recipient]:
        """Who gets data for this purpose: only who has been switched on. Nobody for a
        purpose that has left the register."""
        known = self.purposes.get(purpose)
        found = [self.recipients[key] for key in known.recipients] if known else []
        return [recipient for recipient in found if recipient.is_enabled]


@lru_cache(maxsize=1)
def the_register() -> Register:
    """The controller's register. Raises RegisterIsWrong."""
    return read_register(Path(settings.REGISTER_DIR))


def period(key: str) -> relativedelta:
    """How long the records of this retention rule are kept. Raises UnknownPeriod."""
    rule = the_register().retention.get(key)
    if rule is None or not rule.period:
        raise UnknownPeriod(key)
    return parse_period(rule.period)


def parse_period(text: str) -> relativedelta:
    """P14D, P12M, P6Y, PT72H. Raises RegisterIsWrong."""
    found = PERIOD.fullmatch(text)
    if found is None or not any(found.groups()):
        raise RegisterIsWrong(f"“{text}” is no period; write P14D, P12M, P6Y or PT72H.")
    years, months, days, hours = (int(part or 0) for part in found.groups())
    if not (years or months or days or hours):
        raise RegisterIsWrong(
            f"“{text}” is a period of no length; the shortest is one hour (PT1H)."
        )
    return relativedelta(years=years, months=months, days=days, hours=hours)


def period_in_words(text: str) -> str:
    """P28D as “28 days”, P1Y6M as “one year and 6 months”: in the units it was written
    in, which are those it is counted in. Raises RegisterIsWrong."""
    parse_period(text)
    found = PERIOD.fullmatch(text)
    numbers = [int(part or 0) for part in found.groups()] if found else []
    counted = [_counted(n, unit) for n, unit in zip(numbers, UNITS, strict=True) if n]
    return " and ".join(filter(None, [", ".join(counted[:-1]), *counted[-1:]]))


def _counted(number: int, unit: str) -> str:
    return f"one {unit}" if number == 1 else f"{number} {unit}s"


# --- Reading ---


def read_register(folder: Path) -> Register:
    """Read and hold together every file of a register. Raises RegisterIsWrong."""
    register = Register(
        categories=_keyed(folder / "categories.toml", "categories", DataCategory),
        sources=_keyed(folder / "sources.toml", "sources", DataSource),
        recipients=_keyed(folder / "recipients.toml", "recipients", Recipient),
        retention=_keyed(folder / "retention.toml", "rules", _rule),
        purposes=_keyed(folder / "purposes.toml", "purposes", _purpose),
        items=_keyed(folder / "cookies.toml", "items", StoredItem),
        versions=tuple(
            _read(folder / "notices/versions.toml", "versions", ShippedVersion)
        ),
    )
    problems = list(_problems(register))
    if problems:
        raise RegisterIsWrong("\n".join(problems))
    return register


def _keyed[Entry](
    path: Path, name: str, make: Callable[..., Entry]
) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in _read(path, name, make):
        key = str(getattr(entry, "key", ""))
        if key in found:
            raise RegisterIsWrong(f"{path.name}: “{key}” stands there twice.")
        found[key] = entry
    return found


def _read[Entry](path: Path, name: str, make: Callable[..., Entry]) -> Iterable[Entry]:
    try:
        held = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise RegisterIsWrong(f"{path.name} cannot be read: {error}") from error
    _refuse_unknown(path.name, held, [name])
    for number, row in enumerate(held.get(name, []), start=1):
        label = row.get("key", row.get("file"))
        where = f"{path.name}, " + (f"“{label}”" if label else f"entry {number}")
        _refuse_unknown(where, row, KEYS.get(make) or _names(make))
        for basis in row.get("lawful_bases", ()):
            _refuse_unknown(f"{where}, lawful_bases", basis, _names(Basis))
        try:
            yield make(**{key: _fixed(value) for key, value in row.items()})
        except TypeError as error:
            raise RegisterIsWrong(f"{where}: {error}") from error


def _refuse_unknown(where: str, row: Iterable[str], known: Collection[str]) -> None:
    unknown = [key for key in row if key not in known]
    if unknown:
        raise RegisterIsWrong(
            f"{where}: there is no key “{unknown[0]}” here; there are "
            f"{', '.join(known)}."
        )


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _purpose(**row: Any) -> Purpose:
    bases = tuple(Basis(**basis) for basis in row.pop("lawful_bases", ()))
    return Purpose(lawful_bases=bases, **row)


def _rule(*, afterwards: str = "", **row: Any) -> RetentionRule:
    """Where there is a period, its words are made here and written nowhere."""
    if not row.get("period"):
        return RetentionRule(**row)
    where = f"retention.toml, “{row.get('key')}”"
    if "title" in row:
        raise RegisterIsWrong(
            f"{where}: the words of a period come from the period; write what follows "
            "them in afterwards (“after the last contact”) instead of a title."
        )
    try:
        words = period_in_words(row["period"])
    except RegisterIsWrong as error:
        raise RegisterIsWrong(f"{where}: {error}") from error
    title = f"{words[:1].upper()}{words[1:]} {afterwards}".strip()
    return RetentionRule(title=title, **row)


# What an entry may say that is made by a function and not by its class.
KEYS: Mapping[Callable[..., Any], list[str]] = {
    _purpose: _names(Purpose),
    _rule: [*_names(RetentionRule), "afterwards"],
}


# --- Does it hold together? ---


def _problems(register: Register) -> Iterable[str]:
    for purpose in register.purposes.values():
        yield from _unknown_keys(register, purpose)
        yield from _doubtful_basis(purpose)
    for source in register.sources.values():
        yield from _doubtful_source(source)
    for recipient in register.recipients.values():
        yield from _doubtful_recipient(recipient)
    for rule in register.retention.values():
        yield from _doubtful_rule(rule)
    for item in register.items.values():
        yield from _doubtful_item(register, item)


def _unknown_keys(register: Register, purpose: Purpose) -> Iterable[str]:
    collected = {k for k, c in register.categories.items() if c.is_collected}
    undefined = set(register.categories) - collected
    for words, keys, known in (
        ("a kind of data", purpose.data_categories, collected),
        ("an undefined kind", purpose.undefined_categories, undefined),
        ("a recipient", purpose.recipients, set(register.recipients)),
        ("a source", purpose.sources, set(register.sources)),
        ("a retention rule", purpose.retention, set(register.retention)),
    ):
        for key in keys:
            if key not in known:
                yield f"purposes.toml, “{purpose.key}”: “{key}” is not {words} there is."


def _doubtful_basis(purpose: Purpose) -> Iterable[str]:
    where = f"purposes.toml, “{purpose.key}”"
    if not purpose.lawful_bases:
        yield f"{where}: a purpose needs a lawful basis (Art. 6(1))."
    for basis in purpose.lawful_bases:
        if basis.key not in BASES:
            yield f"{where}: “{basis.key}” is no lawful basis; there are {list(BASES)}."
    if purpose.rests_on_interests and not purpose.interests:
        yield f"{where}: say how the legitimate interest was weighed (interests)."
    if not purpose.retention:
        yield f"{where}: say how long its data is kept (Art. 13(2)(a))."
    if not purpose.data_categories:
        yield f"{where}: say which kinds of data it needs."


def _doubtful_source(source: DataSource) -> Iterable[str]:
    try:
        if source.informs_within:
            parse_period(source.informs_within)
    except RegisterIsWrong as error:
        yield f"sources.toml, “{source.key}”, informs_within: {error}"


def _doubtful_recipient(recipient: Recipient) -> Iterable[str]:
    where = f"recipients.toml, “{recipient.key}”"
    if recipient.role not in ROLES:
        yield f"{where}: the role is one of {', '.join(ROLES)}."
    if recipient.country_code not in COUNTRIES:
        yield (
            f"{where}: “{recipient.country_code}” is no country. Write its two letters "
            "from ISO 3166, such as GB."
        )
    elif recipient.country_code not in UK_AND_EEA and not recipient.safeguard.strip():
        yield (
            f"{where}: {recipient.country} is outside the United Kingdom and the EEA; "
            "no data goes there unless a safeguard is recorded (Art. 46)."
        )
    if (
        recipient.is_enabled
        and recipient.role == "processor"
        and not recipient.agreement
    ):
        yield f"{where}: it cannot be enabled without an agreement (Art. 28(3))."
    if recipient.is_enabled and recipient.role != "processor" and not recipient.ground:
        yield f"{where}: it cannot be enabled without a ground for the disclosure."


def _doubtful_rule(rule: RetentionRule) -> Iterable[str]:
    where = f"retention.toml, “{rule.key}”"
    if rule.carried_out not in CARRIED_OUT:
        yield f"{where}: carried_out is one of {', '.join(CARRIED_OUT)}."
    if rule.carried_out == "lasting" and rule.period:
        yield f"{where}: what has a period ends; it is not lasting."
    if rule.carried_out != "lasting" and not rule.period:
        yield f"{where}: a rule that is carried out needs a period."


def _doubtful_item(register: Register, item: StoredItem) -> Iterable[str]:
    where = f"cookies.toml, “{item.key}”"
    if item.purpose not in register.purposes:
        yield f"{where}: “{item.purpose}” is not a purpose there is."
    if item.kind not in KINDS:
        yield f"{where}: the kind is one of {', '.join(KINDS)}."
    if item.where not in PLACES:
        yield f"{where}: where is one of {', '.join(PLACES)}."
    if item.category != "essential" and not _asks_for_consent(register, item):
        yield f"{where}: what is not essential needs a purpose that asks for consent."


def _asks_for_consent(register: Register, item: StoredItem) -> bool:
    purpose = register.purposes.get(item.purpose)
    return purpose is not None and any(b.key == CONSENT for b in purpose.lawful_bases)


def as_row(entry: Any, *, leave_out: Iterable[str] = ()) -> dict[str, Any]:
    """An entry's fields for a database row, tuples as lists."""
    names = [field.name for field in fields(entry) if field.name not in set(leave_out)]
    values = {name: getattr(entry, name) for name in names}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
