"""A message as the sentences that rules are held against. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rights_requests.recognising_languages import LANGUAGES
from rights_requests.recognising_words import NOT_MISSPELT, SHORTHAND, SPELT

# The writer's own words stand at the beginning, and about four pages are enough to tell
# what they want; the end is read too, where long letters come to the point.
READ_FROM_START = 9_000
READ_FROM_END = 3_000
# Rules look back and forth within a sentence. That none is longer keeps the time that
# they take in proportion to the text, whatever strangers write.
LONGEST_SENTENCE = 600
# Whoever writes by hand breaks lines at about this length; a shorter line ends a thought.
WRAPPED_LINE = 50
SUBJECT = "subject: "  # what marks the subject among the sentences

# Characters that are not seen; mail programs and senders of spam put them in.
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# A full stop, but not after an abbreviation or a number, as in “Art. 15” and “1. …”.
SENTENCE_END = re.compile(
    r"(?<!\bart)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bdr)(?<!\bno)(?<!\bnr)(?<!\bsec)"
    r"(?<!\bref)(?<!\bst)(?<!\babs)(?<!\bpar)(?<!\d)(?<![.;])[.;]+(?=\s|$)"
    r"|(?<![!?])[!?]+(?=\W|$)|\n",
    re.IGNORECASE,
)
BULLET = re.compile(r"\s*(?:[-*•·–]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s")
WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
SHORTEST_MISSPELT = 5


@dataclass(frozen=True)
class Sentence:
    """plain: small letters without accents, spelt as the rules expect. written: what to
    quote, letter by letter beside plain."""

    plain: str
    written: str


def sentences_of(subject: str, text: str) -> list[Sentence]:
    """The subject, marked as such, then the sentences of the text, each of them once."""
    return list(dict.fromkeys(_sentences(_composed(subject), _composed(text))))


def _sentences(subject: str, text: str) -> Iterator[Sentence]:
    about = " ".join(subject.split())[:LONGEST_SENTENCE]
    yield _sentence(f"{SUBJECT}{about}".strip())
    if not text.strip():
        yield _sentence(about)  # all there is
    for part in SENTENCE_END.split(_unwrapped(text)):
        words = " ".join(part.split())
        for start in range(0, len(words), LONGEST_SENTENCE):
            yield _sentence(words[start : start + LONGEST_SENTENCE])


def _composed(text: str) -> str:
    """The parts that are read, in composed letters, without what is not seen."""
    if len(text) > READ_FROM_START + READ_FROM_END:
        text = f"{text[:READ_FROM_START]}\n\n{text[-READ_FROM_END:]}"
    return UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def _unwrapped(text: str) -> str:
    """Lines that were broken only for their length, joined again."""
    joined: list[str] = []
    is_open = False
    for line in text.splitlines():
        if is_open and line.strip() and not BULLET.match(line):
            joined[-1] += " " + line.strip()
        else:
            joined.append(line.strip())
        is_open = len(line) >= WRAPPED_LINE
    return "\n".join(joined)


def _sentence(written: str) -> Sentence:
    plain = written.translate(_folded()).lower()
    spelt = WORD.sub(lambda match: _spelt(match.group()), plain)
    return Sentence(plain, written) if spelt == plain else Sentence(spelt, spelt)


# --- Letters and spelling ---


@cache
def _folded() -> dict[int, str]:
    """One plain letter for each letter with an accent, so that places stay the same."""
    folded = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        letters = unicodedata.normalize("NFKD", chr(code).lower())
        plain = [letter for letter in letters if letter.isascii()]
        if plain:
            folded[code] = plain[0]
    instead = {
        "ß": "s",
        "łŁ": "l",
        "øØœŒ": "o",
        "đĐ": "d",
        "ı": "i",
        "æÆ": "a",
        "’‘`´ʼ": "'",
        "–—−": "-",
        "“”„«»": '"',
    }
    for letters, plain_letter in instead.items():
        folded |= dict.fromkeys(map(ord, letters), plain_letter)
    return folded


def _spelt(word: str) -> str:
    """The word that is meant by one that is a letter away from it, or short for it."""
    if word in SHORTHAND:
        return SHORTHAND[word]
    if len(word) < SHORTEST_MISSPELT or word in _well_spelt():
        return word
    near = _near()
    return next((near[rest] for rest in _without_a_letter(word) if rest in near), word)


@cache
def _near() -> dict[str, str]:
    """Each word by itself and by what is left of it without one of its letters."""
    return {
        rest: word
        for word in reversed(SPELT)
        if len(word) > SHORTEST_MISSPELT
        for rest in _without_a_letter(word)
    }


def _without_a_letter(word: str) -> list[str]:
    """The word, and it without each letter but the first, which is seldom wrong."""
    return [word, *(word[:i] + word[i + 1 :] for i in range(1, len(word)))]


@cache
def _well_spelt() -> frozenset[str]:
    """Also what stands in the rules for other languages."""
    foreign = (re.findall(r"[a-z']+", rule.pattern) for rule in LANGUAGES)
    return frozenset(
        (*SPELT, *NOT_MISSPELT, *(word for row in foreign for word in row))
    )
