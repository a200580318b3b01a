"""What mail asks for, by the rules: a corpus in many voices, and figures that must hold."""

import random
import re
import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rights_requests.kinds import CaseKind
from rights_requests.letter_dates import dated_on
from rights_requests.recognising import RULES, Suggestion, recognise, words_found_by
from rights_requests.recognising_text import (
    READ_FROM_END,
    READ_FROM_START,
    sentences_of,
)
from rights_requests.recognising_words import KINDS
from tests.growth import grows_with_the_length

HERE = Path(__file__).parent
TODAY = date(2026, 11, 22)


def read(text: str, subject: str = "") -> Suggestion:
    return recognise(subject, text, today=TODAY)


# --- The corpus ---


@dataclass(frozen=True)
class Mail:
    """One message with what it asks for; kinds is empty where no word says which."""

    subject: str
    text: str
    kinds: frozenset[str]
    is_request: bool
    by_agent: bool = False
    is_complaint: bool = False
    language: str = "en"

    @property
    def suggestion(self) -> Suggestion:
        return suggestion_of(self)


@cache
def suggestion_of(mail: Mail) -> Suggestion:
    return read(mail.text, mail.subject)


def part_of_corpus(name: str) -> list[Mail]:
    corpus = tomllib.loads((HERE / "recognising_corpus.toml").read_text())
    return [mail_of(row) for row in corpus[name]]


def mail_of(row: dict[str, Any]) -> Mail:
    return Mail(
        row["subject"],
        row["text"].strip(),
        frozenset(row.get("kinds", ())),
        row.get("likely", True),
        row.get("agent", False),
        row.get("complaint", False),
        row.get("language", "en"),
    )


def lines() -> list[Mail]:
    rows = (HERE / "recognising_lines.txt").read_text().splitlines()
    return [line_of(row) for row in rows if row and not row.startswith("#")]


def line_of(row: str) -> Mail:
    kinds, subject, text = (cell.strip() for cell in row.split("|", 2))
    asked = frozenset() if kinds == "-" else frozenset(kinds.split("+"))
    return Mail(subject, text, asked, is_request=bool(asked))


MESSAGES = part_of_corpus("message")
HELD_OUT = part_of_corpus("held_out")
LINES = lines()


def share(mails: list[Mail], holds: Any) -> float:
    return sum(bool(holds(mail)) for mail in mails) / len(mails)


def recall(mails: list[Mail]) -> float:
    """How many of the requests are taken for one."""
    requests = [mail for mail in mails if mail.is_request]
    return share(requests, lambda mail: mail.suggestion.is_likely)


def false_alarms(mails: list[Mail]) -> float:
    """How much of the rest is taken for a request."""
    others = [mail for mail in mails if not mail.is_request]
    return share(others, lambda mail: mail.suggestion.is_likely)


def first_kind_right(mails: list[Mail]) -> float:
    """Where a kind is asked for: how often the first suggestion is one of them."""
    known = [mail for mail in mails if mail.kinds]
    return share(known, lambda m: set(m.suggestion.kinds[:1]) & m.kinds)


@pytest.mark.parametrize("mail", MESSAGES, ids=lambda mail: mail.text[:40])
def test_a_message_of_the_corpus_is_read_as_it_is_meant(mail: Mail) -> None:
    found = mail.suggestion

    assert found.is_likely is mail.is_request, found.reasons
    assert set(found.kinds) == mail.kinds, found.reasons
    assert set(found.kinds[:1]) <= mail.kinds
    assert found.by_agent is mail.by_agent, found.reasons
    assert found.looks_like_complaint is mail.is_complaint, found.reasons


@pytest.mark.slow
def test_the_figures_hold_over_more_than_a_thousand_lines() -> None:
    assert recall(LINES) >= 0.97
    assert false_alarms(LINES) <= 0.05
    assert first_kind_right(LINES) >= 0.9


def test_the_figures_hold_over_mail_that_the_rules_were_not_written_for() -> None:
    assert recall(HELD_OUT) >= 0.97
    assert false_alarms(HELD_OUT) <= 0.05
    assert first_kind_right(HELD_OUT) >= 0.9


def test_the_corpus_has_every_kind_in_many_voices() -> None:
    requests = [mail for mail in MESSAGES if mail.is_request]
    english = [mail for mail in requests if mail.language == "en"]
    kinds = Counter(kind for mail in english for kind in mail.kinds)

    assert len(MESSAGES) >= 160 and len(LINES) >= 1000 and len(HELD_OUT) >= 40
    assert len(english) >= 110 and len(requests) - len(english) >= 30
    assert len(MESSAGES) - len(requests) >= 40
    assert set(kinds) == set(KINDS) and min(kinds.values()) >= 4
    texts = [mail.text for mail in (*MESSAGES, *HELD_OUT)]
    assert len(set(texts)) == len(texts)


# --- The table ---


def test_the_kinds_are_those_of_cases() -> None:
    assert set(KINDS) == set(CaseKind.values)


def test_every_rule_says_why_and_finds_something_in_the_corpus() -> None:
    read = [sentences_of(mail.subject, mail.text) for mail in (*MESSAGES, *LINES)]
    idle = [
        rule
        for rule in RULES
        if not any(next(words_found_by(rule, sentences), None) for sentences in read)
    ]

    assert idle == []
    assert all(rule.reason and rule.weight >= 1 for rule in RULES)
    assert len(RULES) == len(set(RULES))


def test_the_rules_need_neither_django_nor_a_setting() -> None:
    program = (
        "import sys; from datetime import date;"
        "from rights_requests.recognising import recognise;"
        "print(recognise('', 'Delete my data.', today=date(2026, 11, 22)).kinds);"
        "print([name for name in sys.modules if name.startswith('django')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=HERE.parents[1],
    )

    assert done.stdout == "('erasure',)\n[]\n", done.stderr


# --- What it tells staff ---


def test_a_reason_quotes_the_words_that_led_there() -> None:
    found = read("Dear team,\nBitte löschen Sie alle meine Daten.")

    assert found.kinds == ("erasure",)
    quoted = re.findall("“(.*?)”", " ".join(found.reasons))
    assert quoted and all("löschen" in words for words in quoted)


def test_what_is_no_request_has_no_kinds_and_says_what_it_seems_to_be() -> None:
    found = read("I am out of the office until Monday.", "Automatic reply: hello")

    assert found == Suggestion(
        (),
        ("A machine or an absence note: “Automatic reply”.",),
        False,
        False,
        False,
        None,
    )


def test_a_right_without_its_name_is_likely_and_has_no_kind() -> None:
    found = read("I want to exercise my data protection rights.")

    assert (found.is_likely, found.kinds) == (True, ())
    assert found.reasons


def test_several_asks_are_all_suggested_the_plainest_first() -> None:
    found = read(
        "Please send me a copy of my personal data under Article 15 UK GDPR. "
        "Then delete it all, and stop sending me your newsletter."
    )

    assert found.kinds[0] == "access"
    assert set(found.kinds) == {"access", "erasure", "objection-marketing"}


def test_the_same_words_are_read_the_same_however_the_lines_are_broken() -> None:
    whole = "I would like to have a copy of all of the personal data that you hold about me."
    broken = whole.replace("personal data", "personal\ndata")

    assert read(broken).kinds == read(whole).kinds == ("access",)


NOT_ASKED = {
    "I am not asking you to delete anything, I want a copy of my data.": ("access",),
    "This is not a complaint. Please correct my address.": ("rectification",),
    "I don't want a copy of my data, please just erase it all.": ("erasure",),
    "Please do not delete my data. Please restrict its processing.": ("restriction",),
    "Without deleting my data, stop profiling me.": ("objection-profiling",),
    "I do not want to withdraw my consent; I only have a new e-mail address.": (
        "rectification",
    ),
}


@pytest.mark.parametrize("text", NOT_ASKED)
def test_what_is_denied_is_not_suggested(text: str) -> None:
    assert read(text).kinds == NOT_ASKED[text]


STOPS = [
    "Unsubscribe",
    "Take me off your mailing list.",
    "Please delete my address from your newsletter list.",
    "Stop e-mailing me.",
    "I do not want to receive any more updates.",
    "Bitte nehmen Sie mich aus dem Verteiler.",
]
DELETIONS = [
    "Delete my data.",
    "Take me off everything and wipe my details.",
    "Remove my name and number from your database.",
    "Please remove me completely from your records.",
]


@pytest.mark.parametrize("text", STOPS)
def test_wanting_no_more_mail_is_no_wish_to_be_erased(text: str) -> None:
    assert read(text).kinds == ("objection-marketing",)


@pytest.mark.parametrize("text", DELETIONS)
def test_wanting_to_be_erased_is_more_than_wanting_no_mail(text: str) -> None:
    assert read(text).kinds == ("erasure",)


def test_an_empty_message_speaks_by_its_subject() -> None:
    assert read("", "Please delete my account").kinds == ("erasure",)
    assert read("", "STOP").kinds == ("objection-marketing",)


def test_what_every_company_writes_below_its_mail_is_no_request() -> None:
    found = read(
        "Thanks for the quote.\nThis e-mail is confidential. If you have received it in "
        "error, please delete it and all copies and tell the sender."
    )

    assert not found.is_likely


def test_a_notice_about_your_rights_asks_for_nothing() -> None:
    found = read(
        "We have changed our privacy notice. You have the right to access, correct or "
        "erase your data and to object to its processing. You can withdraw your consent."
    )

    assert not found.is_likely


def test_misspelt_words_are_read_as_they_are_meant() -> None:
    assert read("i want to unsuscribe").kinds == ("objection-marketing",)
    assert read("subjct acess reqest").kinds == ("access",)
    assert read("plese delte al my persnal data").kinds == ("erasure",)


def test_displeasure_with_something_else_is_no_complaint() -> None:
    found = read("I am furious. The keys do not work and nobody answers the phone.")

    assert not found.looks_like_complaint and not found.is_likely


def test_a_little_displeasure_beside_a_request_is_a_question_to_staff() -> None:
    found = read(
        "I have heard nothing about my request. Please send me a copy of my personal data."
    )

    assert found.kinds == ("access",)
    assert found.looks_like_complaint


# --- The date of a letter ---

DATES = [
    # text, date, why
    ("3 November 2026\nDear Sirs", "2026-11-03", "a line of its own"),
    ("Derby, 3rd November 2026", "2026-11-03", "with the place"),
    ("Tuesday, 3 Nov. 2026", "2026-11-03", "with the weekday"),
    ("November 3, 2026", "2026-11-03", "the month first, in words"),
    ("03/11/2026", "2026-11-03", "day before month, as here"),
    ("11/03/2026", "2026-03-11", "never as in America"),
    ("3.11.26", "2026-11-03", "points, two digits"),
    ("2026-11-03", "2026-11-03", "ISO"),
    ("Date: 03-11-2026", "2026-11-03", "with a label"),
    ("Dated this 3rd day of November 2026", "2026-11-03", "a solicitor's way"),
    ("Köln, den 3. November 2026", "2026-11-03", "German"),
    ("Paris, le 3 novembre 2026", "2026-11-03", "French"),
    ("3 de noviembre de 2026", "2026-11-03", "Spanish"),
    ("Milano, 3 novembre 2026", "2026-11-03", "Italian"),
    ("Utrecht, 3 november 2026", "2026-11-03", "Dutch"),
    ("Kraków, dnia 3 listopada 2026 r.", "2026-11-03", "Polish"),
    ("1er août 2026", "2026-08-01", "the first, in French"),
    ("14 Mill Lane\nRipley DE5 3AB\n2 November 2026\nDear all", "2026-11-02", "below"),
    (
        "Dear all\n" + "text\n" * 40 + "Yours, A. B.\n4 November 2026",
        "2026-11-04",
        "foot",
    ),
    ("22 November 2026", "2026-11-22", "today"),
    ("23 November 2026", None, "tomorrow"),
    ("3 November 2016", None, "years ago"),
    ("12/05/1961", None, "a date of birth"),
    ("31/09/2026", None, "no such day"),
    ("11/23/2026", None, "no such month"),
    ("3 Novembrist 2026 is nothing", None, "more than a date"),
    ("I wrote to you on 3 November 2026", None, "in a sentence"),
    ("Your letter of 3 November 2026", None, "of another letter"),
    (
        "Dear all\n" + "text\n" * 20 + "3 November 2026\n" + "text\n" * 20,
        None,
        "inside",
    ),
    ("3 November", None, "no year"),
    ("", None, "nothing"),
]


@pytest.mark.parametrize(("text", "expected", "why"), DATES, ids=lambda x: str(x)[:30])
def test_the_date_that_a_letter_bears(
    text: str, expected: str | None, why: str
) -> None:
    found = dated_on(text, today=TODAY)

    assert found == (date.fromisoformat(expected) if expected else None), why


def test_the_suggestion_has_the_date_of_the_letter() -> None:
    text = "Matlock, 3 November 2026\nDear Sirs, please let me have a copy of my data."

    assert read(text).dated_on == date(2026, 11, 3)
    assert recognise("", text, today=date(2026, 11, 2)).dated_on is None


@given(st.dates(TODAY - timedelta(days=366), TODAY))
def test_each_way_of_writing_a_day_is_read_as_that_day(day: date) -> None:
    for text in (
        f"{day.day} {day:%B %Y}",
        f"{day:%d/%m/%Y}",
        f"{day:%A} {day.day}. {day:%b} {day:%Y}",
        day.isoformat(),
    ):
        assert dated_on(text, today=TODAY) == day, text


# --- Whatever strangers write ---


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=1500))
def test_no_text_breaks_it(subject: str, text: str) -> None:
    found = recognise(subject, text, today=TODAY)

    assert set(found.kinds) <= set(KINDS)
    assert found.is_likely or not (found.kinds or found.looks_like_complaint)


def shuffled_words(length: int) -> str:
    """The words of the rules themselves, in an order that is no sentence."""
    chance = random.Random(7)
    words = re.findall(r"[a-z]{2,}", " ".join(rule.pattern for rule in RULES))
    return " ".join(chance.choice(words) for _ in range(length))[:length]


LONG = 200_000
HOSTILE = {
    "one letter": "a" * LONG,
    "one word": "i " * (LONG // 2),
    "full stops": "." * LONG + "x",
    "full stops early": "." * 8_999 + "x" * LONG,
    "signs": "!?" * (LONG // 2) + "x",
    "lines": "\n" * LONG,
    "bullets": "- " * (LONG // 2),
    "apostrophes": "a'b-c'" * (LONG // 6),
    "accents": "é" * LONG,
    "unseen": "\u200b" * LONG,
    "delete my": "delete my " * (LONG // 10),
    "who hold about": "you have the about me " * (LONG // 22),
    "words of the rules": shuffled_words(LONG),
    "a long letter": "I would like to know what you hold. " * (LONG // 36),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_long_text_is_no_more_work_than_its_length(name: str) -> None:
    """And beyond what is read at all, no more work whatever its length."""

    def work(text: str) -> object:
        return recognise("Delete my data", text, today=TODAY)

    assert grows_with_the_length(work, HOSTILE[name][: READ_FROM_START + READ_FROM_END])
    assert grows_with_the_length(work, HOSTILE[name])


def test_a_long_letter_is_read_at_its_beginning_and_at_its_end() -> None:
    filler = "The weather was fine that day and nothing else happened. " * 2_000

    assert read("Please delete my data. " + filler).kinds == ("erasure",)
    assert read(filler + "So please delete my data.").kinds == ("erasure",)
