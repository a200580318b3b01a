"""References of cases as people write them: in a subject, in a sentence, read aloud."""

import re

from rights_requests.casebook import READABLE

_DASH = r"[\s‐‑‒–—―−_./:-]{0,3}"
_SIGNS = f"[{READABLE}{READABLE.lower()}]"
REFERENCE = re.compile(
    rf"(?<![A-Za-z0-9])([RrCc]){_DASH}({_SIGNS}{{4}}){_DASH}({_SIGNS}{{4}})(?![A-Za-z0-9])"
)
# Nobody names more cases in one letter; a letter made of them keeps nobody busy.
MOST_NAMED = 20


def references_in(text: str) -> list[str]:
    """What may be references, as we write them, each once, in the order of the text.

    Ordinary words can look like one (“r four word”): only a case that there is counts.
    """
    found = dict.fromkeys(
        "-".join(match.groups()).upper() for match in REFERENCE.finditer(text)
    )
    return list(found)[:MOST_NAMED]
