"""Checks that hold the code against the register, and both against the notice.

The ordinary ones read files, settings and models alone and run on every `manage.py`
command that checks; a difference turns the build red. Those marked deploy also read
the database. Each message says what to do.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register
from django.db import OperationalError, ProgrammingError, models

from groundwork.ledger import LedgerEntry, LedgerSeal
from groundwork.personal_data import Category, Held, NoPersonalData, PersonalData
from processing_register import hosts, plain_words
from processing_register.declarations import OTHERS
from processing_register.gaps import open_gaps
from processing_register.models import NoticeVersion
from processing_register.notice_text import UnknownMarker
from processing_register.notices import drifted, notice_in_force
from processing_register.register import (
    Purpose,
    Register,
    RegisterIsWrong,
    ShippedVersion,
    the_register,
)
from processing_register.shipped import silent_notices, stale_tables

Declaration = PersonalData | NoPersonalData
Model = type[models.Model]


# --- Registered: thin, so that a test can hand the checks below what it likes ---


@register(Tags.models)
def code_keeps_to_the_register(app_configs: Any, **_: Any) -> list[CheckMessage]:
    try:
        register_now = the_register()
        tables = stale_tables(register_now)
        silent = silent_notices(register_now)
    except (RegisterIsWrong, UnknownMarker, OSError) as error:
        return [_error("E001", f"The register cannot be read. {error}")]
    found = [_error("E009", words) for words in tables]
    found += [_error("E013", words, hint=plain_words.why(words)) for words in silent]
    found += check_notice(register_now, newest_privacy(register_now))
    for model in apps.get_models():
        found += check_model(model, register_now, newest_privacy(register_now))
    return found


@register(Tags.security)
def every_host_is_explained(app_configs: Any, **_: Any) -> list[CheckMessage]:
    try:
        recipients = the_register().recipients.values()
    except RegisterIsWrong:
        return []  # code_keeps_to_the_register says it
    known = {host for one in recipients if one.is_enabled for host in one.hosts}
    return check_hosts(hosts.called(), known)


@register(Tags.security, deploy=True)
def what_is_published_is_what_is_done(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Without the tag “database”, which would leave it out of a plain --deploy."""
    try:
        return _check_what_is_published()
    except RegisterIsWrong:
        return []  # code_keeps_to_the_register says it
    except OperationalError:
        return []  # groundwork.checks says that the database cannot be reached
    except ProgrammingError:
        return [_unprepared()]


def _check_what_is_published() -> list[CheckMessage]:
    try:
        version = notice_in_force(NoticeVersion.Notice.PRIVACY)
    except NoticeVersion.DoesNotExist:
        return []  # an empty database: `prepare` fills it before anything is served
    return [*check_published(the_register(), version), *check_open_questions()]


def _unprepared() -> CheckMessage:
    return Warning(
        "The database has not the tables of this version, so what it has published was "
        "not checked.",
        hint="Run `manage.py prepare` as the owner, then check again.",
        id="processing_register.W001",
    )


# --- Models and fields ---


def declaration_of(model: Model) -> Declaration | None:
    own = model.__dict__.get("personal_data")
    declared = own or OTHERS.get(model._meta.label)
    return declared if isinstance(declared, PersonalData | NoPersonalData) else None


def check_model(
    model: Model, register: Register, notice: ShippedVersion | None
) -> list[CheckMessage]:
    """Everything that is wrong with what one model says of itself."""
    label = model._meta.label
    declared = declaration_of(model)
    if declared is None:
        return [
            _error(
                "E002",
                f"{label} does not say whether it holds personal data. Give it "
                "personal_data = PersonalData(…) or NoPersonalData(…).",
            )
        ]
    found = _undeclared_fields(model, declared)
    if isinstance(declared, PersonalData):
        for name in declared.fields:
            found += _check_field(
                f"{label}.{name}", declared.held(name), register, notice
            )
    return found


def _undeclared_fields(model: Model, declared: Declaration) -> list[CheckMessage]:
    """Each concrete field stands exactly once: among fields or among others."""
    label = model._meta.label
    fields = {field.name for field in model._meta.concrete_fields}
    fields |= {field.name for field in model._meta.many_to_many}
    own = fields - _inherited(model)
    personal, others = list(declared.fields), declared.others.split()
    named = [*personal, *others]
    return [
        *(
            _error(
                "E003",
                f"{label}.{name} is not declared. Name it in personal_data: among the "
                "fields, with its category, or among the others.",
            )
            for name in sorted(own - set(named))
        ),
        *(
            _error("E004", f"{label} declares {name}, which is no field of it.")
            for name in sorted(set(named) - fields)
        ),
        *(
            _error("E004", f"{label} declares {name} twice.")
            for name in sorted({name for name in named if named.count(name) > 1})
        ),
    ]


def _inherited(model: Model) -> set[str]:
    """Fields that are the same in every ledger and in every seal, and the number that
    Django gives a row."""
    inherited: set[str] = set()
    for base in (LedgerEntry, LedgerSeal):
        if issubclass(model, base):
            inherited |= {field.name for field in base._meta.fields}
    if isinstance(model._meta.pk, models.AutoField):
        inherited.add(str(model._meta.pk.name))
    return inherited


def _check_field(
    name: str, held: Held, register: Register, notice: ShippedVersion | None
) -> list[CheckMessage]:
    found = [
        _error("E005", f"{name}: the register has no {what} “{key}”.")
        for what, key, known in (
            ("purpose", held.purpose, register.purposes),
            ("source", held.source, register.sources),
            ("retention rule", held.retention, register.retention),
        )
        if key not in known
    ]
    purpose = register.purposes.get(held.purpose)
    if purpose is not None:
        found += _check_category(name, held.category, purpose, register)
        found += _check_listed(name, held, purpose)
    if notice is not None:
        found += _check_named(name, held, notice)
    return found


def _check_category(
    name: str, category: Category, purpose: Purpose, register: Register
) -> list[CheckMessage]:
    known = register.categories.get(category)
    if known is None or not known.is_collected:
        return [_error("E006", f"{name}: “{category}” data is not collected.")]
    if category not in purpose.data_categories:
        return [
            _error(
                "E006",
                f"{name}: “{category}” data is not among what the purpose "
                f"“{purpose.key}” needs. Take the field away, or change the register "
                "and publish the next version of the notice.",
            )
        ]
    return []


def _check_listed(name: str, held: Held, purpose: Purpose) -> list[CheckMessage]:
    """The notice says purpose by purpose where data comes from and how long it is kept:
    a field that does otherwise would make that untrue."""
    return [
        _error(
            "E012",
            f"{name}: the purpose “{purpose.key}” does not list the {what} “{key}”. "
            "Declare what is true of the field; if the purpose is what is wrong, change "
            "the register and publish the next version of the notice.",
        )
        for what, key, listed in (
            ("source", held.source, purpose.sources),
            ("retention rule", held.retention, purpose.retention),
        )
        if key not in listed
    ]


def _check_named(name: str, held: Held, notice: ShippedVersion) -> list[CheckMessage]:
    return [
        _unnamed(f"{name} holds", what, key, notice)
        for what, key, named in (
            ("purpose", held.purpose, notice.purposes),
            ("kind of data", str(held.category), notice.categories),
        )
        if key not in named
    ]


# --- The notice ---


def newest_privacy(register: Register) -> ShippedVersion | None:
    versions = [v for v in register.versions if v.notice == "privacy"]
    return max(versions, key=lambda version: version.number, default=None)


def check_notice(
    register: Register, notice: ShippedVersion | None
) -> list[CheckMessage]:
    """Every purpose and every kind of data of the register stands in the notice."""
    if notice is None:
        return [_error("E007", "versions.toml has no version of the privacy notice.")]
    collected = [k for k, c in register.categories.items() if c.is_collected]
    return [
        _unnamed("The register has", what, key, notice)
        for what, keys, named in (
            ("purpose", register.purposes, notice.purposes),
            ("kind of data", collected, notice.categories),
        )
        for key in keys
        if key not in named
    ]


def _unnamed(who: str, what: str, key: str, notice: ShippedVersion) -> CheckMessage:
    return _error(
        "E008",
        f"{who} the {what} “{key}”, which privacy/{notice.number} does not name. Write "
        "the next version of the privacy notice first (versions.toml); nothing may be "
        "used for it before everybody held was told.",
    )


def check_published(register: Register, version: NoticeVersion) -> list[CheckMessage]:
    """The same of the version in force in this database, and that it is still true."""
    names: Mapping[str, Collection[str]] = version.names
    missing = [
        f"The register has the purpose “{key}”, which {version.reference} does not name."
        for key in register.purposes
        if key not in names.get("purposes", ())
    ]
    if drifted(version):
        missing.append(
            f"{version.reference} no longer says what the register and the controller’s "
            "particulars say. Publish its next version on the console (Notices)."
        )
    return [_error("E010", words) for words in missing]


def check_open_questions() -> list[CheckMessage]:
    """What only the controller can settle (`manage.py policy_gaps`); it stops nothing."""
    return [
        Info(
            f"{gap.clause} {gap.to_settle}",
            hint="See `manage.py policy_gaps`, or “Open questions” on the console.",
            id="processing_register.I001",
        )
        for gap in open_gaps()
    ]


# --- Hosts ---


def check_hosts(
    called: Collection[tuple[str, str]], explained: Collection[str]
) -> list[CheckMessage]:
    """A host outside this set-up that no enabled recipient accounts for (Art. 28)."""
    return [
        _error(
            "E011",
            f"{name} calls {host}, and no enabled recipient explains it. Enter who "
            "runs it in recipients.toml, with its agreement, country and hosts.",
        )
        for name, host in sorted(called)
        if host not in explained
    ]


def _error(number: str, words: str, *, hint: str | None = None) -> CheckMessage:
    return Error(words, hint=hint, id=f"processing_register.{number}")
