"""Load the register's files into the database: the controller, purposes, holidays,
and every notice version that is not published yet."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from processing_register.bank_holidays import HolidaysAreWrong, listed
from processing_register.models import (
    BankHoliday,
    Controller,
    DataCategory,
    DataSource,
    ProcessingPurpose,
    Recipient,
    RetentionRule,
    StoredItem,
)
from processing_register.register import (
    BASES,
    Purpose,
    RegisterIsWrong,
    as_row,
    the_register,
)
from processing_register.register import StoredItem as StoredItemEntry
from processing_register.shipped import PublishedTextDiffers, publish_shipped

__all__ = ["PublishedTextDiffers", "load_register"]


@transaction.atomic
def load_register() -> None:
    """Bring the database in line with the files; running it twice changes nothing.

    Raises RegisterIsWrong when the files contradict each other; nothing is changed.
    """
    the_register.cache_clear()
    register = the_register()
    _load_controller()
    _load(DataCategory, register.categories)
    _load(DataSource, register.sources)
    _load(Recipient, register.recipients)
    _load(RetentionRule, register.retention)
    _load_purposes(register.purposes)
    _load_items(register.items)
    _load_holidays()
    publish_shipped(now=timezone.now())


def _folder() -> Path:
    return Path(settings.REGISTER_DIR)


def _load_controller() -> None:
    particulars = tomllib.loads((_folder() / "controller.toml").read_text())
    for name in ("postal_address", "regulator_address"):
        particulars[name] = particulars.get(name, "").strip()
    Controller.objects.update_or_create(pk=1, defaults=particulars)


def _load(model: type[models.Model], entries: Mapping[str, Any]) -> None:
    """One row per entry, in the file's order; rows that left the file go."""
    rows = {key: as_row(entry) for key, entry in entries.items()}
    _replace(model, rows)


def _load_purposes(purposes: Mapping[str, Purpose]) -> None:
    rows = {
        key: {
            **as_row(purpose, leave_out=["lawful_bases"]),
            "lawful_bases": [as_row(basis) for basis in purpose.lawful_bases],
            "lawful_basis": _in_one_line(purpose),
        }
        for key, purpose in purposes.items()
    }
    _replace(ProcessingPurpose, rows)


def _in_one_line(purpose: Purpose) -> str:
    words = dict.fromkeys(BASES[basis.key] for basis in purpose.lawful_bases)
    return "; ".join(words).capitalize()


def _load_items(items: Mapping[str, StoredItemEntry]) -> None:
    rows = {
        key: {**as_row(item, leave_out=["purpose"]), "purpose_id": item.purpose}
        for key, item in items.items()
    }
    _replace(StoredItem, rows)


def _replace(model: type[models.Model], rows: Mapping[str, dict[str, Any]]) -> None:
    manager = model._default_manager
    if model is ProcessingPurpose:
        # What is stored in browsers refers to purposes and is loaded after them.
        StoredItem.objects.exclude(purpose_id__in=rows).delete()
    manager.exclude(pk__in=rows).delete()
    for position, (key, row) in enumerate(rows.items(), 1):
        manager.update_or_create(pk=key, defaults={**row, "position": position})


def _load_holidays() -> None:
    """Raises RegisterIsWrong with the line that cannot be read."""
    try:
        rows = listed(_folder() / "bank_holidays.csv")
    except HolidaysAreWrong as error:
        raise RegisterIsWrong(str(error)) from error
    holidays = [
        BankHoliday(on=row.on, nation=row.nation, title=row.title) for row in rows
    ]
    BankHoliday.objects.bulk_create(holidays, ignore_conflicts=True)
