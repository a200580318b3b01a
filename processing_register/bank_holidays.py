"""The public holidays of each nation, read from the register's file alone.

The file lists every public holiday from 2019 to 2028: the days that the Banking and
Financial Dealings Act 1971 names, those that were proclaimed, and their substitutes, as
GOV.UK publishes them (www.gov.uk/bank-holidays). A day that falls on a weekend is listed
beside its substitute. Nothing here needs settings or the database.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path

FILE = Path(__file__).parent / "register" / "bank_holidays.csv"


class Nation(StrEnum):
    """Whose public holidays count."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"

    @property
    def label(self) -> str:
        return self.value.replace("-", " ").title().replace("And", "and")


@dataclass(frozen=True)
class Holidays:
    """The public holidays of one nation, with their titles."""

    nation: Nation
    titles: Mapping[date, str]

    def __hash__(self) -> int:
        """So that what was counted with them can be kept; their titles cannot be hashed."""
        return hash((self.nation, len(self.titles)))

    def __contains__(self, day: object) -> bool:
        return day in self.titles

    def __iter__(self) -> Iterator[date]:
        return iter(self.titles)

    def __len__(self) -> int:
        return len(self.titles)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years that are known whole: a year whose Christmas is listed. A single
        day proclaimed early does not make the rest of its year known."""
        return frozenset(
            day.year for day in self.titles if day.month == 12 and day.day >= 25
        )

    @property
    def last_known_year(self) -> int | None:
        """None when no year is known."""
        return max(self.years, default=None)

    def knows(self, day: date) -> bool:
        """Whether it is known if this day is a holiday."""
        return day.year in self.years


@dataclass(frozen=True)
class ListedHoliday:
    """One line of the file."""

    on: date
    nation: Nation
    title: str


def listed(file: Path = FILE) -> list[ListedHoliday]:
    """Every line of the file; ValueError for a day or nation that is none, and for a
    quotation mark that swallows the lines after it."""
    with file.open(newline="", encoding="utf-8") as lines:
        return [_listed(row) for row in csv.DictReader(lines)]


def _listed(row: dict[str, str]) -> ListedHoliday:
    title = row["title"]
    if not title or not title.isprintable():
        raise ValueError(f"The holiday of {row['on']} has no title of one line.")
    return ListedHoliday(date.fromisoformat(row["on"]), Nation(row["nation"]), title)


def of(nation: Nation, days: Iterable[tuple[date, str]]) -> Holidays:
    """Holidays from pairs of day and title, as the database keeps them too."""
    return Holidays(nation, dict(days))


@cache
def from_file(nation: Nation) -> Holidays:
    """The holidays of a nation as the repository's own file lists them."""
    return of(nation, ((row.on, row.title) for row in listed() if row.nation == nation))
