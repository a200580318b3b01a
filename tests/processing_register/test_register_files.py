"""The register's files say each thing once, and what contradicts itself is refused."""

from pathlib import Path

import pytest

from processing_register.countries import COUNTRIES
from processing_register.register import (
    UK_AND_EEA,
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


@pytest.mark.parametrize("nothing", ["P0D", "P0Y0M0D", "PT0H", "P0DT0H"])
@pytest.mark.parametrize(
    ("file", "key", "old"),
    [
        ("retention.toml", "departed-reader", 'period = "P28D"'),
        ("sources.toml", "", 'informs_within = "P1M"'),
    ],
)
def test_a_period_of_no_length_is_refused(
    own_register: Path, file: str, key: str, old: str, nothing: str
) -> None:
    change(own_register, file, old, f'{old.split(" = ")[0]} = "{nothing}"')

    words = refused(own_register)
    assert words.startswith(f"{file}, “{key}")
    assert f"“{nothing}” is a period of no length" in words


# --- Keys that nobody knows ---


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            "purposes.toml",
            "individuals = ",
            'colour = "red"\nindividuals = ',
            "purposes.toml, “{key}”: there is no key “colour” here; there are key, title,",
        ),
        (
            "purposes.toml",
            "what_for = ",
            "weight = 1, what_for = ",
            "purposes.toml, “{key}”, lawful_bases: there is no key “weight” here; there "
            "are key, what_for.",
        ),
        (
            "retention.toml",
            'period = "P28D"',
            'period = "P28D"\nstart = "x"',
            "retention.toml, “departed-reader”: there is no key “start” here; there are "
            "key, title, what, why, period, starts, is_settled, carried_out, afterwards.",
        ),
        (
            "cookies.toml",
            "[[items]]\nkey = ",
            "[[items]]\nkei = ",
            "cookies.toml, entry 1: there is no key “kei” here; there are key, name,",
        ),
        (
            "notices/versions.toml",
            'severity = "',
            'sevrity = "x"\nseverity = "',
            "versions.toml, “{file}”: there is no key “sevrity” here; there are notice,",
        ),
        (
            "categories.toml",
            "[[categories]]",
            "[[category]]",
            "categories.toml: there is no key “category” here; there are categories.",
        ),
    ],
)
def test_an_unknown_key_is_named_with_its_entry_and_the_keys_there_are(
    own_register: Path, file: str, old: str, new: str, words: str
) -> None:
    first = {
        "purposes.toml": {"key": next(iter(the_register().purposes))},
        "notices/versions.toml": {"file": the_register().versions[0].file},
    }
    change(own_register, file, old, new)

    said = refused(own_register)
    assert said.startswith(words.format(**first.get(file, {})))
    assert "__init__" not in said


# --- Where recipients are ---

HOST_IN_GB = """what_for = "Runs the computers on which this site and its database are"
country_code = "GB"
"""


def moved(folder: Path, code: str, safeguard: str = "") -> Path:
    """The host is in another country now."""
    there = HOST_IN_GB.replace("GB", code) + f'safeguard = "{safeguard}"\n'
    change(folder, "recipients.toml", HOST_IN_GB, there)
    return folder


@pytest.mark.parametrize("code", ["ZZ", "XX", "UK", "EU", "gb", "", "USA"])
def test_what_is_no_country_is_refused_whatever_its_safeguard(
    own_register: Path, code: str
) -> None:
    folder = moved(own_register, code, "our word of honour")

    assert f"“hosting”: “{code}” is no country" in refused(folder)


@pytest.mark.parametrize("safeguard", ["", "  "])
def test_a_country_outside_needs_a_safeguard(
    own_register: Path, safeguard: str
) -> None:
    assert "no data goes there unless a safeguard is recorded" in refused(
        moved(own_register, "US", safeguard)
    )


@pytest.mark.parametrize(
    ("code", "safeguard"), [("US", "the data bridge"), ("IE", ""), ("NO", "")]
)
def test_a_country_of_the_eea_needs_none_and_any_other_one(
    own_register: Path, code: str, safeguard: str
) -> None:
    register = read_register(moved(own_register, code, safeguard))

    assert register.recipients["hosting"].country_code == code


def test_the_list_of_countries_is_whole() -> None:
    assert len(COUNTRIES) == 249
    assert UK_AND_EEA < COUNTRIES and len(UK_AND_EEA) == 31


def test_letters_say_a_period_plainly_and_the_schedule_marks_it() -> None:
    rule = the_register().retention["indirect-contact"]

    assert not rule.is_settled
    assert rule.words == "24 months after the last contact"
    assert rule.with_mark == "24 months after the last contact (to be settled)"
