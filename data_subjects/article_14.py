"""By when a person has to be told that we hold data which did not come from them.

UK GDPR, Article 14(3): within a month of obtaining the data; but if it is used to write
or speak to the person, or given to somebody else, then at that moment at the latest.
Nothing here reads a clock or the database.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

ONE_MONTH = relativedelta(months=1)
SATURDAY = 5


@dataclass(frozen=True)
class InformBy:
    """The last day, what sets it, and False when the holidays of its year are unknown."""

    day: date
    because: str
    is_certain: bool = True


def inform_by(
    obtained_on: date,
    *,
    holidays: Collection[date],
    communicated_on: date | None = None,
    disclosed_on: date | None = None,
) -> InformBy:
    """The earliest of a month, the first communication and the first disclosure.

    holidays: the public holidays of England and Wales. A use on the very day, or noted
    with a day before it, sets the day of obtaining: nothing can be told earlier.
    """
    nominal = obtained_on + ONE_MONTH
    month_ends = next_working_day(nominal, holidays)
    candidates = [
        InformBy(month_ends, "one month", _is_known(month_ends, holidays)),
        *_use(communicated_on, obtained_on, "first communication"),
        *_use(disclosed_on, obtained_on, "first disclosure"),
    ]
    return min(candidates, key=lambda candidate: candidate.day)


def _use(used_on: date | None, obtained_on: date, because: str) -> list[InformBy]:
    """An event ends the time at once; it is no period, so it is not rolled."""
    return [InformBy(max(used_on, obtained_on), because)] if used_on else []


def next_working_day(day: date, holidays: Collection[date]) -> date:
    """The day itself or, after weekend and holidays, the first working day
    (Regulation 1182/71, Article 3(4), which Article 4A of the UK GDPR applies)."""
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


def _is_known(day: date, holidays: Collection[date]) -> bool:
    return any(holiday.year == day.year for holiday in holidays)
