"""Whether the reasons of a letter are reasons, in words for whoever writes them.

Every refusal and every extension must tell its reasons (UK GDPR, Article 12(4) and
12A(4)(b)). An extension has only two grounds: the requests of this person are complex,
or this person has made a number of them (Article 12A(3)). That we have much to do, or
that others ask as well, is none; the policy's “a number of similar requests” reads as
if it were. A machine knows such words by sight only: a second person reads them, too.
"""

import re

from rights_requests.letter_fields import several_lines
from rights_requests.letter_frames import LetterKind

SHORTEST = 30  # characters; “It is complex.” has fourteen and says nothing
FEWEST_WORDS = 6
LONGEST = 4000
_REQUESTS = r"(?:requests?|cases?|enquir(?:y|ies)|inquir(?:y|ies)|complaints?|s?ars?)"
_OTHERS = (
    r"(?:(?:other|many|several|various|numerous) (?:people|persons|individuals|customers"
    r"|clients|subscribers|readers|data subjects)|others|everybody|everyone"
    r"|(?:third|other) part(?:y|ies)|someone else|somebody else)"
)
# Requests of other people. A blank stands for any white space.
OF_OTHERS = (
    rf"\b{_OTHERS}(?:['’]s?)? (?:[\w-]+ ){{0,3}}{_REQUESTS}\b",
    rf"\b{_REQUESTS} (?:[\w-]+ ){{0,3}}(?:from|of|by) (?:all |the |so )?{_OTHERS}\b",
    rf"\b{_OTHERS} (?:have |has )?(?:also )?(?:asked|requested|complained)\b",
    rf"\bother {_REQUESTS}\b(?! (?:from you|of yours|that you|you)\b)",
)
# Our own troubles.
OF_OURS = (
    r"\bbacklogs?\b|\bworkloads?\b|\bcaseloads?\b",
    r"\b(?:very|too|so|extremely|unusually|exceptionally) busy\b|\bbusy (?:time|period)\b",
    r"\b(?:short|under)[\s-]?staffed\b|\b(?:staff|staffing) (?:shortages?|absences?)\b"
    r"|\b(?:shortage|lack|absence) of (?:staff|resources|people|time)\b"
    r"|\b(?:short|out) (?:of|on) (?:staff|resources|people|time|hands)\b"
    r"|\b(?:too|so) few (?:staff|people|colleagues|hands)\b"
    r"|\bnot (?:have )?enough (?:staff|people|colleagues|time|hands)\b",
    r"\b(?:annual leave|on leave|on holiday|off sick|sick leave)\b",
    rf"\bqueues? of {_REQUESTS}\b|\bin (?:a|the|our) queue\b",
)
# A number of requests: lawful only when it is this person's.
MANY = (
    r"\b(?:many|several|numerous|similar|a (?:\w+ )?(?:number|volume|amount|lot) of"
    r"|(?:high|large|great|unusual|increased|rising) (?:numbers?|volumes?|amounts?) of)"
    rf" (?:[\w-]+ ){{0,3}}{_REQUESTS}\b"
)
OF_THIS_PERSON = (
    rf"\byour (?:[\w-]+ ){{0,4}}{_REQUESTS}\b"
    rf"|\b{_REQUESTS} (?:[\w-]+ ){{0,3}}(?:from|of|by) (?:you|yours|yourself)\b"
    r"|\byou (?:have |had )?(?:also |now |already )?(?:made|sent|asked|put|given)\b"
    r"|\bthe same person\b|\bthis person\b"
)

NOT_OURS = (
    "The law allows more time only because the requests of this person are complex, or "
    "because this person has made a number of them (UK GDPR, Article 12A(3))."
)


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts).replace(" ", r"\s+"), re.IGNORECASE)


_others, _ours = _pattern(*OF_OTHERS), _pattern(*OF_OURS)
_many, _this_person = _pattern(MANY), _pattern(OF_THIS_PERSON)


def reasons_problem(kind: str, text: str) -> str:
    """Why these are no reasons for a letter of this kind; empty when they may stand."""
    reasons = several_lines(text)
    if problem := _too_little(reasons):
        return problem
    if LetterKind(kind) is not LetterKind.EXTENSION:
        return ""
    return next(filter(None, map(_no_ground, _sentences(reasons))), "")


def _too_little(reasons: str) -> str:
    if not reasons:
        return "Write the reasons: the letter must tell them."
    words = {word.lower() for word in re.findall(r"[^\W\d_]{2,}", reasons)}
    if len(reasons) < SHORTEST or len(words) < FEWEST_WORDS:
        return "Say more: the person must understand why, from these words alone."
    if len(reasons) > LONGEST:
        return f"Shorten the reasons to {LONGEST} characters."
    return ""


def _sentences(reasons: str) -> list[str]:
    return re.split(r"(?<=[.!?;])\s+|\n+", reasons)


def _no_ground(sentence: str) -> str:
    if found := _others.search(sentence):
        return f"“{found[0]}”: what other people ask is no reason. {NOT_OURS}"
    if found := _ours.search(sentence):
        return f"“{found[0]}”: what we have to do besides is no reason. {NOT_OURS}"
    found = _many.search(sentence)
    if found and not _this_person.search(sentence):
        return f"“{found[0]}”: say that this person made them, if so. {NOT_OURS}"
    return ""
