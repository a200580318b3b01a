"""The tables of the notices, drawn from the register as Markdown.

Pure: a register in, a text out. The same register always gives the same text, since its
digest decides whether a notice is still in step with it.
"""

from collections.abc import Callable, Iterable, Sequence

from processing_register.register import BASES, Basis, Purpose, Register

Table = Callable[[Register], str]

ROLE_WORDS = {
    "processor": "Works for us, to our instructions only",
    "controller": "Decides for itself what it does with it",
    "authority": "Decides for itself what it does with it",
}
KIND_WORDS = {
    "cookie": "Cookie",
    "local-storage": "Local storage",
    "session-storage": "Session storage",
    "indexed-db": "Database in the browser",
}
CONSENT_WORDS = {"essential": "No: strictly necessary"}
PLACE_WORDS = {
    "site": "These pages",
    "console": "The pages of our staff",
    "embed": "Other sites of ours that ask with our bar",
}


def categories(register: Register) -> str:
    """The kinds of data that are collected; one that nobody defined is left out."""
    rows = [
        [category.title, category.description]
        for category in register.categories.values()
        if category.is_collected
    ]
    return _table(["Kind", "What that means here"], rows)


def purposes(register: Register) -> str:
    """Each purpose under a heading of its own, with what the law wants beside it
    (Art. 13(1)(c) to (e), 13(2)(a)): a table of that would have columns a word wide."""
    return "\n\n".join(
        _purpose(purpose, register) for purpose in register.purposes.values()
    )


def _purpose(purpose: Purpose, register: Register) -> str:
    kinds = _all_of(register.categories[key].title for key in purpose.data_categories)
    who = _all_of(register.recipients[key].title for key in purpose.recipients)
    rules = [register.retention[key] for key in purpose.retention]
    lines = [
        f"### {purpose.title}",
        "",
        purpose.description,
        "",
        f"- **Which kinds:** {kinds}",
        *_point("Why we may", [_why(basis) for basis in purpose.lawful_bases]),
        f"- **Who may get it:** {who or 'nobody outside'}",
        *_point(
            "How long", [f"{rule.what}: {_small(rule.with_mark)}" for rule in rules]
        ),
    ]
    return "\n".join(lines)


def _point(label: str, entries: Sequence[str]) -> list[str]:
    """One entry on the line of its label, several below it."""
    if len(entries) == 1:
        return [f"- **{label}:** {entries[0]}"]
    return [f"- **{label}:**", *(f"  - {entry}" for entry in entries)]


def sources(register: Register) -> str:
    """Where data comes from when not from the person: the sources with a clock of
    their own (Art. 14(2)(f), 14(3))."""
    rows = [
        [source.title, source.description]
        for source in register.sources.values()
        if source.informs_within
    ]
    return _table(["Source", "What we get from there"], rows)


def recipients(register: Register) -> str:
    """Who gets data, by kind, with the country (Art. 13(1)(e) and (f))."""
    rows = [
        [
            recipient.title,
            recipient.what_for,
            ROLE_WORDS[recipient.role],
            recipient.country,
        ]
        for recipient in register.recipients.values()
    ]
    return _table(["Who", "What for", "In which role", "Where"], rows)


def retention(register: Register) -> str:
    """Every period, in short (Art. 13(2)(a))."""
    rows = [[rule.what, rule.with_mark] for rule in register.retention.values()]
    return _table(["What", "How long"], rows)


def schedule(register: Register) -> str:
    """Every period with its reason, marked while the controller has not settled it."""
    rows = [
        [rule.what, rule.with_mark, rule.why] for rule in register.retention.values()
    ]
    return _table(["What", "How long", "Why that long"], rows)


def cookies(register: Register) -> str:
    """Every cookie and other thing that is stored in a browser (PECR reg. 6)."""
    rows = [
        [
            f"`{item.name}`",
            KIND_WORDS[item.kind],
            CONSENT_WORDS.get(item.category, "Only with your yes"),
            item.what_for,
            item.set_by,
            item.life,
            PLACE_WORDS[item.where],
        ]
        for item in register.items.values()
    ]
    head = ["Name", "Kind", "Asked for?", "What for", "Set by", "How long", "Where"]
    return _table(head, rows)


TABLES: dict[str, Table] = {
    "categories": categories,
    "purposes": purposes,
    "sources": sources,
    "recipients": recipients,
    "retention": retention,
    "schedule": schedule,
    "cookies": cookies,
}


def _why(basis: Basis) -> str:
    """“Your consent: sending the e-mails you ticked”."""
    words = BASES[basis.key]
    return f"{words[:1].upper()}{words[1:]}: {basis.what_for}"


def _all_of(titles: Iterable[str]) -> str:
    """“Identity; contact”: one list, with one capital letter."""
    first, *rest = dict.fromkeys(titles) or [""]
    return "; ".join([first, *map(_small, rest)])


def _small(text: str) -> str:
    """Inside a sentence: without its capital letter, unless it is an abbreviation."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """On one line, and without a bar that would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
