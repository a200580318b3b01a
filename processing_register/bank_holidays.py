"""The public holidays of each nation, read from the register's file alone.

The file lists every public holiday from 2019 to 2028: the days that the Banking and
Financial Dealings Act 1971 names, those that were proclaimed, and their substitutes, as
GOV.UK publishes them (www.gov.uk/bank-holidays). A day that falls on a weekend is listed
beside its substitute. Nothing here needs settings or the database.
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path

FILE = Path(__file__).parent / "register" / "bank_holidays.csv"
COLUMNS = ["on", "nation", "title"]
A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Since the Act: a year that is mistyped, such as 0207, is none.
YEARS = range(1971, 2100)


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


class HolidaysAreWrong(ValueError):
    """The file cannot be read, and nothing is taken from it: names file and line, and
    what is wrong there."""


def listed(file: Path = FILE) -> list[ListedHoliday]:
    """Every holiday of the file. Raises HolidaysAreWrong.

    A line is a holiday, whatever stands in quotation marks: one that was never closed
    swallows no other line. Excel begins a file with a byte-order mark, which may stay.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise HolidaysAreWrong(f"{file.name} cannot be read: {error}") from error
    found: dict[tuple[date, Nation], int] = {}
    rows = []
    for number, line in enumerate(raw.removeprefix(BOM_UTF8).split(b"\n"), 1):
        try:
            row = _listed(number, line.removesuffix(b"\r"))
            if row is not None:
                _refuse_twice(
                    row, found.setdefault((row.on, row.nation), number), number
                )
                rows.append(row)
        except ValueError as error:
            raise HolidaysAreWrong(f"{file.name}, line {number}: {error}") from error
    if not rows:
        raise HolidaysAreWrong(f"{file.name} lists no holiday.")
    return rows


def _listed(number: int, line: bytes) -> ListedHoliday | None:
    """None for the line that names the columns, and for an empty one. Raises ValueError
    with words for what is wrong."""
    columns = _columns(line)
    if number == 1:
        _refuse_other_names(columns)
        return None
    if not columns:
        return None
    if len(columns) != len(COLUMNS):
        raise ValueError(
            f"the number of columns is {len(columns)}, and not three. A title with a comma "
            "stands in quotation marks."
        )
    on, nation, title = columns
    return ListedHoliday(_day(on), _nation(nation), _title(title))


def _columns(line: bytes) -> list[str]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8.") from None
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise ValueError(
            "a quotation mark is missing or out of place, or a line does not end as lines "
            "do."
        ) from None


def _refuse_other_names(columns: list[str]) -> None:
    if columns != COLUMNS:
        names, found = ",".join(COLUMNS), ",".join(columns)
        raise ValueError(
            f"the file begins with “{names}”, and not with “{_cut(found)}”."
        )


def _day(text: str) -> date:
    if not A_DAY.fullmatch(text):
        raise ValueError(f"“{_cut(text)}” is no day such as 2026-12-25.")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"there is no {text} in the calendar.") from None
    if day.year not in YEARS:
        raise ValueError(
            f"{text} is no year of public holidays: they are listed from {YEARS.start} to "
            f"{YEARS.stop - 1}."
        )
    return day


def _nation(text: str) -> Nation:
    if text not in set(Nation):
        raise ValueError(f"“{_cut(text)}” is none of the nations {', '.join(Nation)}.")
    return Nation(text)


def _title(text: str) -> str:
    """As letters print it."""
    if not text.strip():
        raise ValueError("the holiday has no title.")
    if text != text.strip() or not text.isprintable() or '"' in text:
        raise ValueError(
            f"the title “{_cut(text)}” is not one line of plain words, without blanks "
            "around it and without quotation marks in it."
        )
    return text


def _cut(text: str) -> str:
    """It may be anything, of any length."""
    shown = "".join(one if one.isprintable() else "�" for one in text[:61])
    return shown if len(text) <= 60 else f"{shown[:57]}..."


def _refuse_twice(row: ListedHoliday, first: int, number: int) -> None:
    if first != number:
        raise ValueError(
            f"{row.on} stands in line {first} already for {row.nation.label}."
        )


def of(nation: Nation, days: Iterable[tuple[date, str]]) -> Holidays:
    """Holidays from pairs of day and title, as the database keeps them too."""
    return Holidays(nation, dict(days))


@cache
def from_file(nation: Nation) -> Holidays:
    """The holidays of a nation as the repository's own file lists them. Raises
    HolidaysAreWrong."""
    return of(nation, ((row.on, row.title) for row in listed() if row.nation == nation))
