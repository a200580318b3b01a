"""What the summary of a changed notice must not say: it is mailed to everybody held.

Those who said no to marketing are among its readers, so not a line of advertising may
stand in it (PECR reg. 22), and no link that the notice does not need. A machine finds
some harmless words, too; a person decides about those (governance.notice_changes).
"""

import re

LINK = re.compile(
    r"""https?://[^\s<>"']+|www\.[^\s<>"']+|href=["']([^"']+)["']""", re.IGNORECASE
)
BARE_DOMAIN = re.compile(
    r"(?<![@\w./-])(?:[a-z0-9-]+\.)+(?:com|co|uk|org|net|eu|io|info|shop|biz)\b",
    re.IGNORECASE,
)
# What an offer is for. “Free” alone is no sign of one: what people are entitled to is
# “free of charge”, and they are “free to” object.
_GIVEN = (
    r"(?:quotes?|quotations?|estimates?|consultations?|valuations?|trials?|gifts?"
    r"|samples?|delivery|shipping|webinars?|e-?books?|upgrades?|offers?)"
)
# Begins a sentence, where a verb is a call to do it: “Buy our guide”, not “what you buy”.
_START = r"(?:^|(?<=[.!?:–-]\s))"
# A blank stands for any white space.
_OFFERS = (
    r"\b(?:special|exclusive|limited|our|new|free|latest|great|best|amazing"
    r"|today.s) offers?\b|\bthis offer\b",
    r"\boffers? (?:ends?|expires?|closes?)\b|\bnow on offer\b",
    r"\bdiscount(?:s|ed)?\b|\bvouchers?\b|\bcoupons?\b|\bcashback\b|\bbargains?\b",
    r"\bpromo(?:tion)?s?\b|\bmoney off\b|\d+\s?% off\b",
    r"\bfree,? (?!(?:to|of|from)\b)(?:[\w-]+ ){0,2}" + _GIVEN + r"\b",
    r"\bfree months?\b|\b(?:absolutely|100\s?%) free\b(?! (?:to|of|from)\b)",
    r"\btry (?:\w+ ){1,3}for free\b",
    r"\bno[\s-]obligation\b|\b(?:instant|competitive) (?:quotes?|quotations?)\b",
    _START + r"(?:get|claim|request|call|ring|phone|contact|e-?mail|write)"
    r" (?:[\w-]+ ){0,3}(?:an?|your) (?:[\w-]+ )?(?:quote|quotation|estimate)\b",
    r"\b(?:special|exclusive|great|good|best|better|amazing|unbeatable|top|today.s)"
    r" deals?\b(?! (?:of|with|more|less|longer)\b)",
    _START + r"buy\b|\bbuy (?:now|today|one)\b|\bsale (?:now on|ends)\b",
    r"\b(?:order|shop|book|apply) (?:now|today)\b(?=[!.]| (?:and|to|while)\b|$)",
    _START + r"(?:(?:order|shop|book|act) (?:now|today)|hurry)\b",
    r"\b(?:call|ring|phone|contact|visit) (?:us|our \w+) today\b",
    _START + r"(?:call|ring|phone) (?:us )?(?:now|today)\b",
    r"\bsave (?:up to )?[£$€]?\d+|\bsaves? (?:(?:you|time|and) ){0,3}money\b",
    r"\b(?:special|low|lower|lowest|reduced|best|unbeatable|introductory) prices?\b",
    r"\bhalf[\s-]price\b|\blimited[\s-]time\b|\bsign up (?:now|today|for)\b"
    r"|\bdon.t miss\b",
)
ADVERTISING = re.compile(
    "|".join(_OFFERS).replace(" ", r"\s+"), re.IGNORECASE | re.MULTILINE
)

IN_OTHER_WORDS = "Say it in other words."
WHY = (
    "The title and the words about what changes are e-mailed to everybody held, also to "
    "those who said no to marketing."
)


def offending(words: str) -> dict[str, str]:
    """The exact words that a mail must not hold, each with what is the matter with it;
    empty for plain ones."""
    found = {m[0]: "reads like advertising" for m in ADVERTISING.finditer(words)}
    for link in [*links_in(words), *(m[0] for m in BARE_DOMAIN.finditer(words))]:
        found[link] = "becomes a link in a mail program"
    return found


def links_in(text: str) -> list[str]:
    """Whatever a mail program could turn into a link."""
    plain = text.replace("&amp;", "&")
    return [(m[1] or m[0]).rstrip(".,") for m in LINK.finditer(plain)]


def why_not_mail(text: str) -> list[str]:
    """What its writer has to say in other words, each as a sentence; WHY says why."""
    return [
        f"“{words}” {trouble}. {IN_OTHER_WORDS}"
        for words, trouble in offending(text).items()
    ]


def why(finding: str) -> str | None:
    """What explains this sentence of a check; None where it is not one of ours."""
    return WHY if finding.endswith(IN_OTHER_WORDS) else None
