"""By when a person has to be told that we hold data which did not come from them.

UK GDPR, Article 14(3): within a month of obtaining the data; but if it is used to write
or speak to the person, or given to somebody else, then at that moment at the latest.
Nothing here reads a clock or the database.
"""

from dataclasses import dataclass
from datetime import date

from groundwork.periods import months_after, next_working_day
from processing_register.bank_holidays import Holidays


@dataclass(frozen=True)
class InformBy:
    """The last day, what sets it, and False when the holidays of its year are unknown."""

    day: date
    because: str
    is_certain: bool = True


def inform_by(
    obtained_on: date,
    *,
    holidays: Holidays,
    communicated_on: date | None = None,
    disclosed_on: date | None = None,
) -> InformBy:
    """The earliest of a month, the first communication and the first disclosure.

    holidays: those of England and Wales. A use on the very day, or noted with a day
    before it, sets the day of obtaining: nothing can be told earlier.
    """
    month_ends = next_working_day(months_after(obtained_on, 1), holidays)
    candidates = [
        InformBy(month_ends, "one month", holidays.knows(month_ends)),
        *_use(communicated_on, obtained_on, "first communication"),
        *_use(disclosed_on, obtained_on, "first disclosure"),
    ]
    return min(candidates, key=lambda candidate: candidate.day)


def _use(used_on: date | None, obtained_on: date, because: str) -> list[InformBy]:
    """An event ends the time at once; it is no period, so it is not rolled."""
    return [InformBy(max(used_on, obtained_on), because)] if used_on else []
