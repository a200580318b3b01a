"""By when somebody whose data came from elsewhere has to be told (Art. 14(3))."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_subjects.article_14 import inform_by
from processing_register import bank_holidays
from processing_register.bank_holidays import Holidays, Nation


def day(text: str) -> date:
    return date.fromisoformat(text)


def holidays() -> Holidays:
    return bank_holidays.from_file(Nation.ENGLAND_AND_WALES)


def only(*days: date) -> Holidays:
    return bank_holidays.of(Nation.ENGLAND_AND_WALES, ((on, "Holiday") for on in days))


# Obtained on, to be told by, why.
ONE_MONTH = [
    ("2026-09-03", "2026-10-05", "ends on a Saturday: the Monday after"),
    ("2024-11-25", "2024-12-27", "ends on Christmas Day, then Boxing Day"),
    ("2026-01-01", "2026-02-02", "obtained on a holiday, ends on a Sunday"),
    ("2026-01-31", "2026-03-02", "no 31 February: the 28th, a Saturday"),
    ("2028-01-31", "2028-02-29", "the last day of a leap February"),
    ("2028-02-29", "2028-03-29", "the same date, not the last day"),
    ("2026-02-28", "2026-03-30", "the same date, a Saturday"),
    ("2026-03-03", "2026-04-07", "Good Friday to Easter Monday"),
    ("2027-02-26", "2027-03-30", "the same a year later"),
    ("2026-03-28", "2026-04-28", "the clocks change meanwhile"),
    ("2026-06-30", "2026-07-30", "a Thursday"),
    ("2026-07-01", "2026-08-03", "a Saturday"),
    ("2026-10-25", "2026-11-25", "obtained on a Sunday"),
    ("2025-08-31", "2025-09-30", "no 31 September"),
    ("2026-11-25", "2026-12-29", "Christmas, the weekend, Boxing Day’s substitute"),
    ("2026-11-28", "2026-12-29", "Boxing Day’s substitute"),
    ("2026-12-01", "2027-01-04", "New Year’s Day on a Friday"),
    ("2027-12-31", "2028-01-31", "into the next year"),
    ("2028-04-29", "2028-05-30", "the spring bank holiday"),
]


@pytest.mark.parametrize(
    "obtained, told_by, why", ONE_MONTH, ids=[row[0] for row in ONE_MONTH]
)
def test_a_month_ends_on_the_same_date_or_the_next_working_day(
    obtained: str, told_by: str, why: str
) -> None:
    clock = inform_by(day(obtained), holidays=holidays())

    assert clock.day == day(told_by), why
    assert clock.because == "one month" and clock.is_certain


# Obtained, first communication, first disclosure, to be told by, what sets it.
USES = [
    ("2026-09-03", "2026-09-12", None, "2026-09-12", "first communication"),
    ("2026-09-03", None, "2026-09-13", "2026-09-13", "first disclosure"),
    ("2026-09-03", "2026-09-20", "2026-09-10", "2026-09-10", "first disclosure"),
    ("2026-09-03", "2026-09-08", "2026-09-10", "2026-09-08", "first communication"),
    ("2026-09-03", "2026-10-05", None, "2026-10-05", "one month"),
    ("2026-09-03", "2026-12-01", "2027-01-01", "2026-10-05", "one month"),
    ("2026-09-03", "2026-09-03", None, "2026-09-03", "first communication"),
    ("2026-09-03", "2026-09-01", None, "2026-09-03", "first communication"),
    # An event is no period: a Saturday stays a Saturday, and so does a holiday.
    ("2026-12-10", None, "2026-12-25", "2026-12-25", "first disclosure"),
]


@pytest.mark.parametrize("obtained, said, given_away, told_by, because", USES)
def test_the_first_use_ends_the_time_at_once(
    obtained: str,
    said: str | None,
    given_away: str | None,
    told_by: str,
    because: str,
) -> None:
    clock = inform_by(
        day(obtained),
        holidays=holidays(),
        communicated_on=day(said) if said else None,
        disclosed_on=day(given_away) if given_away else None,
    )

    assert (clock.day, clock.because) == (day(told_by), because)


def test_a_day_beyond_the_known_holidays_says_so() -> None:
    assert not inform_by(day("2060-01-05"), holidays=holidays()).is_certain
    assert not inform_by(day("2026-01-05"), holidays=only()).is_certain


def test_a_single_day_proclaimed_early_does_not_make_its_year_known() -> None:
    early = only(*holidays(), day("2029-05-07"))

    assert not inform_by(day("2028-12-05"), holidays=early).is_certain
    assert inform_by(day("2028-11-05"), holidays=early).is_certain


@given(st.dates(min_value=date(2019, 1, 1), max_value=date(2028, 11, 1)))
def test_it_is_a_working_day_between_28_and_35_days_on(obtained: date) -> None:
    known = only(*(date(year, 12, 25) for year in range(2019, 2030)))
    found = inform_by(obtained, holidays=known).day

    assert found.weekday() < 5 and found not in known
    assert timedelta(days=28) <= found - obtained <= timedelta(days=35)
