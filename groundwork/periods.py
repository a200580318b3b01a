"""Periods as Regulation (EEC, Euratom) 1182/71 counts them.

UK GDPR, Article 4A applies Article 3 of that regulation to every period in the UK GDPR.
Nothing here reads a clock, a setting or the database.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

LONDON = ZoneInfo("Europe/London")
ONE_DAY = timedelta(days=1)
SATURDAY = 5


def civil_day(moment: date) -> date:
    """The day in London of a date or of an instant; an instant needs its zone.

    A request of 00:30 summer time is dated by London, not by UTC. Raises ValueError for
    an instant without a zone: nobody could say which day it means.
    """
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        raise ValueError("An instant needs its time zone.")
    return moment.astimezone(LONDON).date()


def end_of(day: date) -> datetime:
    """The first instant, in UTC, that is no longer this day in London: a period ends
    with the last hour of its last day (Article 3(2))."""
    return datetime.combine(day + ONE_DAY, time.min, LONDON).astimezone(UTC)


def months_after(day: date, months: int) -> date:
    """The same date so many months later or, where that month has no such date, its
    last day (Article 3(2)(c)). The day itself is not within the period (3(1))."""
    return day + relativedelta(months=months)


def next_working_day(day: date, holidays: Collection[date]) -> date:
    """The day itself or, after weekend and holidays, the first working day
    (Article 3(4))."""
    while day.weekday() >= SATURDAY or day in holidays:
        day += ONE_DAY
    return day
