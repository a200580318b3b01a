"""Numbers that nobody needs to give us, taken out of text before it is kept.

We never ask for payment cards and National Insurance numbers, but people paste whole
letters. What is masked has to be such a number by its issuer's own rules and to be
written like one, so that telephone numbers, references, dates and amounts stay.

Strangers write the text: no pattern looks further than a bounded stretch from a place.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple


def mask_numbers(text: str) -> str:
    """The text with "[card number ending 4242]" in the place of a payment card and
    "[National Insurance number ending 6C]" in the place of such a number."""
    pieces = []
    done = 0
    for found in _found(text):
        pieces += [text[done : found.start], found.instead]
        done = found.end
    return "".join([*pieces, text[done:]])


def has_numbers(text: str) -> bool:
    """Whether mask_numbers would change this text."""
    return next(_found(text), None) is not None


_DIGIT = re.compile(r"\d")


class _Found(NamedTuple):
    """A number in the text: from start up to end, and what to write instead."""

    start: int
    end: int
    instead: str


def _found(text: str) -> Iterator[_Found]:
    """The numbers in their order; of those that overlap the first and longest."""
    if not _DIGIT.search(text):
        return  # most fields of most forms
    plain = text.translate(_PLAIN)
    numbers = [*_cards(plain), *_insurance_numbers(plain)]
    done = 0
    for number in sorted(numbers, key=lambda found: (found.start, -found.end)):
        if number.start >= done:
            done = number.end
            yield number


# --- One spelling for all, as long as the text, so that places stay the same ---

_DASHES = "‐‑‒–—―−﹣－"
# Non-breaking, typographic, ideographic and invisible ones; the soft hyphen too.
_BLANKS = "\xa0\xad\u202f\u205f\u2060\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200E))
)
_LINE_BREAKS = "\r\v\f\x85\u2028\u2029"
_PLAIN = str.maketrans(
    {
        sign: str(unicodedata.decimal(sign))
        for sign in map(chr, range(0x80, sys.maxunicode + 1))
        if unicodedata.category(sign) == "Nd"
    }
    # Full-width capital and small letters.
    | {chr(code): chr(code - 0xFEE0) for code in range(0xFF21, 0xFF3B)}
    | {chr(code): chr(code - 0xFEE0) for code in range(0xFF41, 0xFF5B)}
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(_BLANKS, " ")
    | dict.fromkeys(_LINE_BREAKS, "\n")
    | {"．": ".", "·": ".", "＋": "+"}
)


# --- Payment cards ---

_LONG = range(16, 20)
_MAESTRO = range(13, 20)
# First digits from and to, and how many digits there are (ISO/IEC 7812).
_ISSUERS = (
    (4, 4, (13, 16, 19)),  # Visa
    (51, 55, (16,)),  # Mastercard
    (2221, 2720, (16,)),  # Mastercard
    (34, 34, (15,)),  # American Express
    (37, 37, (15,)),  # American Express
    (300, 305, (14, *_LONG)),  # Diners Club
    (3095, 3095, (14, *_LONG)),  # Diners Club
    (36, 36, (14, *_LONG)),  # Diners Club
    (38, 39, (14, *_LONG)),  # Diners Club
    (3528, 3589, _LONG),  # JCB
    (6011, 6011, _LONG),  # Discover
    (644, 659, _LONG),  # Discover
    (62, 62, _LONG),  # UnionPay
    (81, 82, _LONG),  # UnionPay, RuPay
    (60, 60, (16,)),  # RuPay
    (508, 508, (16,)),  # RuPay
    (2200, 2205, _LONG),  # Mir
    (5019, 5019, (16,)),  # Dankort
    (6334, 6334, (16, 18, 19)),  # Solo
    (6767, 6767, (16, 18, 19)),  # Solo
    (5018, 5018, _MAESTRO),
    (5020, 5020, _MAESTRO),
    (5038, 5038, _MAESTRO),
    (5612, 5612, _MAESTRO),
    (5893, 5893, _MAESTRO),
    (6304, 6304, _MAESTRO),
    (6390, 6390, _MAESTRO),
    (6703, 6709, _MAESTRO),
    (6759, 6763, _MAESTRO),
    (6799, 6799, _MAESTRO),
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _is_card(digits: str) -> bool:
    """By its check digit (Luhn), its issuer's range and its length."""
    total = sum(map(int, digits[-1::-2]))
    total += sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0 and any(
        len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last
        for first, last, lengths in _ISSUERS
    )


_GAP = r"[ \n.-]{1,3}+"
# Not inside a word or a number, and no telephone number in its international form.
_BEGINS = r"[2-68](?<![^\W_].)(?<!\+.)"
# Groups as they are printed on cards: beside other numbers too, but not as a part of
# what dots or dashes hold together. Each match is one digit and a look-ahead, so that
# the next may begin inside it.
_PRINTED = rf"{_BEGINS}(?<!\d[.-].)(?=(%s)(?![^\W_]|[.-]\d))"
_FOUR = rf"{_GAP}\d{{4}}"
_AS_PRINTED = re.compile(
    _PRINTED % r"\d{12,18}"
    rf"|\d{{3}}{_FOUR}{_FOUR}{_GAP}\d{{1,4}}"
    rf"|\d{{3}}{_GAP}\d{{6}}{_GAP}\d{{4,5}}"
    rf"|\d{{3}}(?:{_GAP}\d{{3}}){{3}}"
    rf"|\d{{7}}{_GAP}\d{{8}}"
)
# By itself, since the last group may also be the code on the back of a shorter one.
_AS_PRINTED_LONG = re.compile(_PRINTED % rf"\d{{3}}{_FOUR}{_FOUR}{_FOUR}{_GAP}\d{{3}}")
# Groups of any size where no other number is near. Of 16 digits at least: a telephone
# number has 15 at most (E.164).
_LONE = re.compile(
    rf"{_BEGINS}(?<!\d[ \n.-].)(?<!\d[ \n.-]{{2}}.)(?<!\d[ \n.-]{{3}}.)"
    rf"(?=((?:(?:{_GAP})?+\d){{15,18}})(?![^\W_]|{_GAP}\d))"
)
_DIGITS = re.compile(r"\d+")
_THOUSANDS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_DATE = re.compile(
    r"\b(?:\d\d([ .-])\d\d\1(?:19|20)\d\d|(?:19|20)\d\d([ .-])\d\d\2\d\d)\b"
)


def _cards(plain: str) -> Iterator[_Found]:
    yield from _cards_written(_AS_PRINTED, _is_in_lines, plain)
    yield from _cards_written(_AS_PRINTED_LONG, _is_in_lines, plain)
    yield from _cards_written(_LONE, _is_one_number, plain)


def _cards_written(
    like: re.Pattern[str], is_plausible: Callable[[str], bool], plain: str
) -> Iterator[_Found]:
    done = 0
    for match in like.finditer(plain):
        start, end = match.start(), match.end(1)
        if start < done or not is_plausible(plain[start:end]):
            continue
        digits = "".join(_DIGITS.findall(plain, start, end))
        if _is_card(digits) and not _is_of_another_kind(plain, start, end, digits):
            done = end
            yield _Found(start, end, f"[card number ending {digits[-4:]}]")


def _is_in_lines(written: str) -> bool:
    """Not each group on a line of its own: that is rather a column of a table."""
    gaps = _DIGITS.split(written)[1:-1]
    return not gaps or any("\n" not in gap for gap in gaps)


def _is_one_number(written: str) -> bool:
    """Groups of two to twelve digits, or digit by digit; no date, amount or decimal."""
    sizes = [len(group) for group in _DIGITS.findall(written)]
    if max(sizes) == 1:
        return True
    if min(sizes) == 1 or max(sizes) > 12 or (len(sizes) == 2 and "." in written):
        return False
    return not (_DATE.search(written) or _THOUSANDS.fullmatch(written))


# A number that hangs on a word belongs to it (INV-4000…), unless the word says card.
_HANGS_ON = re.compile(r"([A-Za-z]+)[-_/]$")
_CARD_WORDS = re.compile(
    "visa|mastercard|maestro|amex|express|card|debit|credit|pan|number|no",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"\b(?:tel|telephone|phone|mobile|mob|cell|call|fax|ring|text|whatsapp)\b\D{0,12}$",
    re.IGNORECASE,
)


def _is_of_another_kind(plain: str, start: int, end: int, digits: str) -> bool:
    """A reference, a telephone number or a bank account by what stands before it."""
    before = plain[max(0, start - 30) : start]
    word = _HANGS_ON.search(before)
    if word and not _CARD_WORDS.fullmatch(word[1]):
        return True
    if len(digits) < 16 and _CALL.search(before):
        return True
    return _is_in_account(plain, start, end)


_ACCOUNT = re.compile(r"(?<![^\W_])(?=([A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}))")


def _is_in_account(plain: str, start: int, end: int) -> bool:
    """Whether an international bank account number (ISO 13616) covers this place."""
    from_here = plain[max(0, start - 40) : end + 40]
    end -= max(0, start - 40)
    return any(
        match.start() + _account_length(match[1]) >= end
        for match in _ACCOUNT.finditer(from_here)
        if match.start() < end
    )


def _account_length(written: str) -> int:
    """How many signs of this are an account number by its check digits; 0 for none."""
    checked = int("".join(str(int(sign, 36)) for sign in written[:4]))
    remainder = longest = 0
    for length, sign in enumerate(written[4:], start=5):
        if sign != " ":
            remainder = int(f"{remainder}{int(sign, 36)}") % 97
            is_end = not written[length : length + 1].isalnum()
            if is_end and int(f"{remainder}{checked:06}") % 97 == 1:
                longest = length
    return longest


# --- National Insurance numbers ---

_SPACING = r"[ \n.-]{0,3}+"
_INSURANCE = re.compile(
    r"(?<![^\W_])(?<![^\W_][-_])"
    rf"(?P<letters>[A-Z] ?[A-Z])(?P<blank>{_SPACING})(?P<digits>\d(?:{_SPACING}\d){{5}})"
    rf"(?:{_SPACING}(?P<suffix>[A-D])(?![^\W_]))?(?![^\W_]|[-_][^\W_]|{_SPACING}\d)",
    re.IGNORECASE,
)
# HMRC's manual NIM39110: letters that are not used, prefixes that are not allocated. QQ
# is none either, but forms print it as their example, and people change only its digits.
_PREFIX = re.compile(
    "(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]|QQ", re.IGNORECASE
)
_SAYS_SO = re.compile(
    r"\b(?:national insurance|n\.?i\.?|nino)\b\D{0,40}$", re.IGNORECASE
)
# "Come at 12 34 56 a day": words that can stand before digits.
_WORDS = frozenset(
    "ah am an as at aw be by em en er ex ha he la ma me my pa re we ye".split()
)


def _insurance_numbers(plain: str) -> Iterator[_Found]:
    for match in _INSURANCE.finditer(plain):
        letters = match["letters"].replace(" ", "")
        if _PREFIX.fullmatch(letters) and _is_meant(plain, match):
            last_two = "".join(sign for sign in match[0] if sign.isalnum())[-2:].upper()
            instead = f"[National Insurance number ending {last_two}]"
            yield _Found(match.start(), match.end(), instead)


def _is_meant(plain: str, match: re.Match[str]) -> bool:
    """Said to be one, or complete, and no words of a sentence that happen to fit."""
    if _SAYS_SO.search(plain[max(0, match.start() - 60) : match.start()]):
        return True
    if match["suffix"] is None:
        return False
    if match["letters"].isupper() and match["suffix"].isupper():
        return True
    is_word = match["blank"] and match["letters"].lower() in _WORDS
    is_article = match[0].endswith(" a") and plain[match.end() : match.end() + 1] == " "
    return not (is_word or is_article or " " in match["letters"])
