"""The register's files say each thing once, and what contradicts itself is refused."""

from pathlib import Path

import pytest

from processing_register.register import (
    RegisterIsWrong,
    parse_period,
    period_in_words,
    read_register,
    the_register,
)


def change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def refused(folder: Path) -> str:
    with pytest.raises(RegisterIsWrong) as refusal:
        read_register(folder)
    return str(refusal.value)


# --- Periods ---


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("P28D", "28 days"),
        ("P1D", "one day"),
        ("P12M", "12 months"),
        ("PT72H", "72 hours"),
        ("P3Y", "3 years"),
        ("P1Y6M", "one year and 6 months"),
        ("P1Y2M3D", "one year, 2 months and 3 days"),
    ],
)
def test_a_period_is_said_in_the_units_it_is_counted_in(
    period: str, words: str
) -> None:
    assert period_in_words(period) == words


def test_readers_are_told_the_period_that_is_applied(own_register: Path) -> None:
    change(own_register, "retention.toml", 'period = "P28D"', 'period = "P400D"')

    rule = read_register(own_register).retention["departed-reader"]

    assert rule.title == "400 days after you stopped every e-mail"
    assert rule.period == "P400D"


def test_every_rule_with_a_period_says_it() -> None:
    for rule in the_register().retention.values():
        if rule.period:
            assert parse_period(rule.period)
            assert rule.title.lower().startswith(period_in_words(rule.period))


def test_a_second_wording_of_a_period_is_refused(own_register: Path) -> None:
    change(
        own_register,
        "retention.toml",
        'period = "P28D"',
        'title = "28 days"\nperiod = "P400D"',
    )

    assert "“departed-reader”: the words of a period come from the" in refused(
        own_register
    )


def test_what_is_no_period_is_refused_by_its_rule(own_register: Path) -> None:
    change(own_register, "retention.toml", "P28D", "four weeks")

    assert "“departed-reader”: “four weeks” is no period" in refused(own_register)


def test_letters_say_a_period_plainly_and_the_schedule_marks_it() -> None:
    rule = the_register().retention["indirect-contact"]

    assert not rule.is_settled
    assert rule.words == "24 months after the last contact"
    assert rule.with_mark == "24 months after the last contact (to be settled)"
