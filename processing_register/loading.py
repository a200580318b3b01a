"""Load the register's files into the database: the controller, purposes, holidays,
and every notice version that is not published yet."""

import csv
import hashlib
import tomllib
from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from processing_register.models import (
    BankHoliday,
    Controller,
    NoticeVersion,
    ProcessingPurpose,
)

REGISTER = Path(__file__).parent / "register"
# What each version is: notice, number, title, severity, day it takes effect, file.
VERSIONS = [
    ("privacy", 1, "Privacy notice", "significant", "2026-11-01", "privacy-1.md"),
    ("sign-up", 1, "Sign-up wording", "significant", "2026-11-01", "sign-up-1.toml"),
]


class PublishedTextDiffers(Exception):
    """A file no longer says what was published from it; add a new version instead."""


@transaction.atomic
def load_register() -> None:
    """Bring the database in line with the files; running it twice changes nothing."""
    _load_controller()
    _load_purposes()
    _load_holidays()
    for notice, number, title, severity, day, name in VERSIONS:
        _publish(notice, number, title, severity, date.fromisoformat(day), name)


def _load_controller() -> None:
    particulars = tomllib.loads((REGISTER / "controller.toml").read_text())
    particulars["postal_address"] = particulars["postal_address"].strip()
    Controller.objects.update_or_create(pk=1, defaults=particulars)


def _load_purposes() -> None:
    rows = tomllib.loads((REGISTER / "purposes.toml").read_text())["purposes"]
    for position, row in enumerate(rows, 1):
        ProcessingPurpose.objects.update_or_create(
            key=row["key"], defaults={**row, "position": position}
        )


def _load_holidays() -> None:
    with (REGISTER / "bank_holidays.csv").open(newline="") as file:
        holidays = [
            BankHoliday(
                on=date.fromisoformat(row["on"]),
                nation=row["nation"],
                title=row["title"],
            )
            for row in csv.DictReader(file)
        ]
    BankHoliday.objects.bulk_create(holidays, ignore_conflicts=True)


def _publish(
    notice: str, number: int, title: str, severity: str, effective_on: date, name: str
) -> None:
    source = (REGISTER / "notices" / name).read_text()
    digest = hashlib.sha256(source.encode()).digest()
    published = NoticeVersion.objects.filter(notice=notice, number=number).first()
    if published is not None:
        if bytes(published.source_digest) != digest:
            raise PublishedTextDiffers(f"{name} was changed after it was published.")
        return
    body = _with_particulars(source) if name.endswith(".md") else source
    NoticeVersion.objects.create(
        notice=notice,
        number=number,
        title=title,
        severity=severity,
        body=body,
        digest=hashlib.sha256(body.encode()).digest(),
        source_digest=digest,
        effective_on=effective_on,
        published_at=timezone.now(),
    )


def _with_particulars(source: str) -> str:
    """The published text holds the particulars as they were on that day."""
    controller = Controller.objects.get(pk=1)
    return source.format(
        legal_name=controller.legal_name,
        trading_name=controller.trading_name,
        governance_email=controller.governance_email,
        phone_display=controller.phone_display,
        postal_line=", ".join([controller.trading_name, *controller.address_lines]),
        regulator_name=controller.regulator_name,
        regulator_url=controller.regulator_url,
    )
