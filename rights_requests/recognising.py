"""What an e-mail or a letter asks for, as far as its words show. A suggestion for staff.

Rules, offline and the same for everybody: recognising_rules.py is the table, this module
weighs what it finds. The target is that at least 97 of 100 requests are taken for one. A
miss loses nothing but the suggestion: what nobody claims waits for a person
(docs/decisions/012). Nothing here reads a clock, a setting or the database.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from rights_requests.letter_dates import dated_on
from rights_requests.recognising_hints import HINTS
from rights_requests.recognising_languages import LANGUAGES
from rights_requests.recognising_rules import ENGLISH
from rights_requests.recognising_text import SUBJECT, Sentence, sentences_of
from rights_requests.recognising_words import (
    ABOUT_DATA,
    ABOUT_ME,
    ACCESS,
    AGENT,
    ASKED_AFTER_ALL,
    ASSESSMENT,
    BOILERPLATE,
    COMPLAINT,
    DATA_TALK,
    KINDS,
    NO_REQUEST,
    NOT_ASKED,
    OFFERED,
    OTHER_BUSINESS,
    SCHEDULE,
    SOME_RIGHT,
    WORDS,
    WRITERS,
    Rule,
)

RULES = (*ENGLISH, *LANGUAGES, *HINTS)
HINT = 2  # the weight of a rule that needs another
# The weight of a rule that says plainly what is asked, and of hints that do so together.
ENOUGH = 3
# Everybody wants to know something; “me” beside it tells nothing.
ASKED_OF_ANYTHING = frozenset({ACCESS, SCHEDULE, ASSESSMENT})
# Beside another kind a little displeasure is a question to staff, not a case.
COMPLAINT_BESIDE_OTHERS = 4
# From this weight on it tells nothing any more which of two kinds is meant first.
HEAVY = 8
NEGATION_REACHES = 90  # characters before the words that it denies
LONGEST_QUOTED = 70


@dataclass(frozen=True)
class Suggestion:
    """What staff are shown beside a message, to confirm or to change.

    kinds: what is asked for, most likely first; may be empty though is_likely, when a
    right is meant and no word says which. reasons quote the message: they are personal
    data and belong beside it, never in a ledger. looks_like_complaint: ask staff whether
    to treat it as a complaint, also when that is not among the kinds. dated_on: the date
    that the letter bears, None when it bears none that can be.
    """

    kinds: tuple[str, ...]
    reasons: tuple[str, ...]
    is_likely: bool
    looks_like_complaint: bool
    by_agent: bool
    dated_on: date | None


def recognise(subject: str, text: str, *, today: date) -> Suggestion:
    """Suggest what a message asks for. text: the writer's own words, without what they
    quote. today: London's civil day, for the date of the letter."""
    findings = Findings(_found_in(sentences_of(subject, text)))
    day = dated_on(text, today=today)
    if not findings.is_likely:
        against = findings.reasons([NO_REQUEST])
        return Suggestion((), against, False, False, False, day)
    looks_like_complaint = findings.score(COMPLAINT) >= ENOUGH
    by_agent = findings.score(AGENT) >= ENOUGH
    told = list(findings.kinds) or [SOME_RIGHT]
    if looks_like_complaint and COMPLAINT not in told:
        told.append(COMPLAINT)
    if by_agent:
        told.append(AGENT)
    reasons = findings.reasons(told)
    return Suggestion(
        findings.kinds, reasons, True, looks_like_complaint, by_agent, day
    )


@dataclass(frozen=True)
class Found:
    """A rule, the words that it found, and in the how manieth sentence they stand."""

    rule: Rule
    words: str
    place: int


class Findings:
    """What the rules found in one message, weighed."""

    def __init__(self, found: Iterable[Found]) -> None:
        self.found = list(found)

    @property
    def is_likely(self) -> bool:
        """Whether what speaks for a request outweighs what speaks for anything else."""
        return any(
            self.score(kind) - self._against(kind) >= ENOUGH
            for kind in (*KINDS, SOME_RIGHT)
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those with enough weight: the heaviest first, then the earliest.

        What rests on hints alone is left out beside anything that is said plainly.
        """
        enough = [kind for kind in KINDS if self.score(kind) >= ENOUGH]
        plain = [kind for kind in enough if self._is_plain(kind)]
        return tuple(sorted(plain or enough, key=self._rank))

    def score(self, kind: str) -> int:
        """The weights of its rules and of the words about data that go with them.

        Displeasure that speaks of no data is about something else and weighs nothing.
        """
        own = self._weight(kind)
        if kind == COMPLAINT:
            talk = self._weight(DATA_TALK)
            return own + talk if talk or self._has_plain_rule(kind) else 0
        if own < HINT or kind not in KINDS:
            return own
        about_me = 0 if kind in ASKED_OF_ANYTHING else self._weight(ABOUT_ME)
        return own + self._weight(ABOUT_DATA) + about_me

    def reasons(self, kinds: Iterable[str]) -> tuple[str, ...]:
        """One sentence for each rule of these kinds that tells something by itself."""
        return tuple(
            f"{found.rule.reason}: “{found.words}”."
            for kind in kinds
            for found in self.found
            if found.rule.kind == kind and found.rule.weight >= HINT
        )

    def _rules(self, kind: str) -> list[Rule]:
        return [found.rule for found in self.found if found.rule.kind == kind]

    def _weight(self, kind: str) -> int:
        return sum(rule.weight for rule in self._rules(kind))

    def _rank(self, kind: str) -> tuple[int, int]:
        place = min(found.place for found in self.found if found.rule.kind == kind)
        return -min(self.score(kind), HEAVY), place

    def _has_plain_rule(self, kind: str) -> bool:
        return any(rule.weight >= ENOUGH for rule in self._rules(kind))

    def _is_plain(self, kind: str) -> bool:
        """Whether one rule is enough by itself, or displeasure is heard in two ways."""
        if kind == COMPLAINT:
            return self.score(kind) >= COMPLAINT_BESIDE_OTHERS
        return self._has_plain_rule(kind)

    def _against(self, kind: str) -> int:
        """Hints weigh less in a message about an order or a meeting; plain words do not."""
        against = self._weight(NO_REQUEST)
        if self._has_plain_rule(kind):
            return against
        return against + self._weight(OTHER_BUSINESS)


# --- Where rules find their words ---


def _found_in(sentences: list[Sentence]) -> Iterator[Found]:
    read = [x for x in sentences if not _boilerplate().search(x.plain)]
    for rule in RULES:
        yield from words_found_by(rule, read)


def words_found_by(rule: Rule, sentences: list[Sentence]) -> Iterator[Found]:
    """What the rule finds: once, or for the hint of a kind twice if the words differ."""
    most = 2 if rule.weight == HINT and rule.kind in KINDS else 1
    seen = set[str]()
    for place, sentence in enumerate(sentences):
        for match in _pattern(rule.pattern).finditer(sentence.plain):
            if match.group() in seen or _is_denied(rule, sentence.plain, match):
                continue
            seen.add(match.group())
            words = sentence.written[match.start() : match.end()]
            yield Found(rule, _quoted(words), place)
            if len(seen) == most:
                return


def _is_denied(rule: Rule, sentence: str, match: re.Match[str]) -> bool:
    """Whether the words before these say that they are not what is asked for."""
    if rule.kind not in KINDS:
        return False
    before = sentence[max(0, match.start() - NEGATION_REACHES) : match.start()]
    denials = list(_not_asked().finditer(before))
    if not denials and not _writers().search(match.group()):
        denials = list(_offered().finditer(before))
    if not denials:
        return False
    first_word = match.group().lstrip().split(" ", 1)[0]
    return not _asked_after_all().search(f"{before[denials[-1].end() :]}{first_word} ")


def _quoted(words: str) -> str:
    words = words.removeprefix(SUBJECT).strip()
    if len(words) <= LONGEST_QUOTED:
        return words
    return words[:LONGEST_QUOTED].rsplit(" ", 1)[0] + " …"


# --- Patterns ---


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{_spelled_out(pattern)})(?!\w)")


def _spelled_out(pattern: str) -> str:
    """The pattern with the words for each <name>, and with its gaps."""
    while any(f"<{name}>" in pattern for name in WORDS):
        for name, words in WORDS.items():
            pattern = pattern.replace(f"<{name}>", words)
    return pattern.replace("…", r"\b.{0,50}?\b")


@cache
def _not_asked() -> re.Pattern[str]:
    return re.compile(_spelled_out(rf"\b(?:{'|'.join(NOT_ASKED)})"))


@cache
def _asked_after_all() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(ASKED_AFTER_ALL)})")


@cache
def _offered() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{OFFERED})")


@cache
def _writers() -> re.Pattern[str]:
    return re.compile(rf"\b{WRITERS}")


@cache
def _boilerplate() -> re.Pattern[str]:
    return re.compile(_spelled_out(BOILERPLATE))
