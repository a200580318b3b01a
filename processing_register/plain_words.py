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
ADVERTISING = re.compile(
    r"\b(?:special|exclusive|limited|our|new|free) offers?\b|\bdiscounts?\b|\bvouchers?\b"
    r"|\bpromo(?:tion)?s?\b|\bbuy (?:now|today)\b|\bsale (?:now on|ends)\b|\bfree trial\b"
    r"|\blimited time\b|\bsign up (?:now|today|for)\b|\bdon.t miss\b|\d+ ?% off\b"
    r"|\bsave (?:up to )?[£$€]?\d+",
    re.IGNORECASE,
)

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
    """What its writer has to say in other words, each as a sentence, and last why."""
    found = [
        f"“{words}” {trouble}. Say it in other words."
        for words, trouble in offending(text).items()
    ]
    return [*found, WHY] if found else []
