"""The date that a letter or an e-mail bears: at its head or foot, in a line of its own."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta

# A date further down or up belongs to what the letter tells, not to the letter.
HEAD_LINES = 14
FOOT_LINES = 6
LONGEST_LINE = 80
# Older is a date of birth, of an order, or of a copied letter.
OLDEST = timedelta(days=366)

# English, German, French, Spanish, Italian, Dutch and Polish, by their first letters.
MONTHS = (
    "jan gen ene sty",
    "feb fev fevr lut",
    "mar maerz mars mrt mae",
    "apr avr abr kwi",
    "may mai mag maj mei",
    "jun juin giu cze",
    "jul juil lug lip",
    "aug aou ago sie",
    "sep set wrz",
    "oct okt out ott paz",
    "nov lis",
    "dec dez dic gru",
)
MONTH_OF = {
    start: number for number, row in enumerate(MONTHS, 1) for start in row.split()
}
WEEKDAY = (
    r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
    r"|\w{2,8}(?:tag|woch)|\w{3,8}di|dimanche),? "
)
LABEL = r"(?:dated?|date of (?:this )?letter|datum|data|fecha|on|the|this|den|le|am|dnia|el|il)"
PLACE = r"(?:[^\W\d]+[ .'-]{1,2}){0,3}[^\W\d]+(?: [a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2})?,"
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)?"
YEAR = r"(?P<year>\d{4}|\d{2})"
SHAPES = [
    re.compile(
        rf"(?:(?:{PLACE}|{LABEL}:?) ){{0,2}}(?:{WEEKDAY})?{shape}"
        rf"(?: ?r\.)?[.,]?"
    )
    for shape in (
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        rf"(?P<day>\d{{1,2}})(?P<mark>[/.-]) ?(?P<month>\d{{1,2}})(?P=mark) ?{YEAR}",
        rf"{DAY}(?: day)?[ -](?:of |de )?(?P<name>[a-z]{{3,12}})\.?,?[ -](?:de |del )?{YEAR}",
        rf"(?P<name>[a-z]{{3,12}})\.? {DAY},? {YEAR}",
    )
]


def dated_on(text: str, *, today: date) -> date | None:
    """The letter's date, or None when no line is one. 03/11/2026 is 3 November, as here.

    A date in the future, or more than a year past, is none that a letter bears.
    """
    for line in _outer_lines(text):
        found = _date_of(line)
        if found is not None and today - OLDEST <= found <= today:
            return found
    return None


def _outer_lines(text: str) -> Iterator[str]:
    """The lines at head and foot that are short enough, without accents."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    outer = lines[:HEAD_LINES] + lines[HEAD_LINES:][-FOOT_LINES:]
    for line in outer:
        if len(line) <= LONGEST_LINE:
            letters = unicodedata.normalize("NFKD", line.lower())
            plain = "".join(x for x in letters if not unicodedata.combining(x))
            yield " ".join(plain.split())


def _date_of(line: str) -> date | None:
    for shape in SHAPES:
        match = shape.fullmatch(line)
        if match:
            return _day(**match.groupdict())
    return None


def _day(
    *,
    year: str,
    day: str,
    month: str | None = None,
    name: str | None = None,
    mark: str | None = None,
) -> date | None:
    number = int(month) if month else _month(name or "")
    century = 2000 if len(year) == 2 else 0
    try:
        return date(century + int(year), number, int(day))
    except ValueError:
        return None  # no such day, or no month of that name


def _month(name: str) -> int:
    starts = [start for start in MONTH_OF if name.startswith(start)]
    return MONTH_OF[max(starts, key=len)] if starts else 0
