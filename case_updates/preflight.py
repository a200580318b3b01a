"""What must be right before an update may be submitted, and again before it leaves.

Each check reads the message as it would really leave, with links that do nothing, and
answers with what is wrong in words for the writer; an empty answer is a pass.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.conf import settings

from case_updates import content
from case_updates.composing import Letter, html_part, inert_links
from case_updates.models import CaseUpdate
from outbox.composing import RefusedAtTheDoor, raw_bytes
from processing_register.models import Controller

# Gmail cuts a message off at 102 kB, and the link to stop stands at its end.
LARGEST_MESSAGE = 102_000
LONGEST_HEADER_LINE = 998  # RFC 5322, section 2.1.1
NO_ADDRESS = "reader@example.com"

PICTURE_TAGS = {"img", "picture", "svg", "video", "audio", "object", "embed", "iframe"}
FETCHING = re.compile(r"url\(|@import", re.IGNORECASE)
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
# What a writer or a template leaves behind when something still has to be filled in.
PLACEHOLDERS = [
    re.compile(r"\{\{.*?\}\}|\{\{|\}\}|\{%|%\}|\$\{|%\(\w+\)s"),
    re.compile(r"\[[A-Z][A-Z0-9 _-]{2,}\]"),
    re.compile(r"\[(?:insert|name|date|link|your|tbc)\b[^\]]*\]", re.IGNORECASE),
    re.compile(r"\b(?:TK(?:TK)*|TODO|FIXME|TBD|TBC|XXXX+)\b"),
    re.compile(r"lorem ipsum", re.IGNORECASE),
]


class _Page(HTMLParser):
    """The HTML part as a reader's program takes it: its words, links and pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.pictures: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag in PICTURE_TAGS or given.keys() & {"background", "src", "srcset"}:
            self.pictures.append(tag)
        if FETCHING.search(given.get("style", "")):
            self.pictures.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.words.append(data)
        elif FETCHING.search(data):
            self.pictures.append("style")


@dataclass(frozen=True)
class Proof:
    """An update beside the message that was made of it."""

    update: CaseUpdate
    controller: Controller
    unsubscribe_url: str
    subject: str
    text: str
    html: str
    attachments: int
    raw: bytes

    @cached_property
    def page(self) -> _Page:
        page = _Page()
        page.feed(self.html)
        return page

    @property
    def readable_parts(self) -> dict[str, str]:
        """The words of both parts, with every run of white space as one space."""
        return {
            "text": _on_one_line(self.text),
            "HTML": _on_one_line(" ".join(self.page.words)),
        }


def _on_one_line(text: str) -> str:
    return " ".join(html.unescape(text).split())


def title_and_summary(proof: Proof) -> str:
    missing = [
        name for name in ("title", "summary") if not getattr(proof.update, name).strip()
    ]
    return f"Write a {' and a '.join(missing)}." if missing else ""


def link_to_stop(proof: Proof) -> str:
    """In the words of the text part, and as a link in the HTML part."""
    parts = []
    if proof.unsubscribe_url not in proof.text.split():
        parts.append("text")
    if proof.unsubscribe_url not in proof.page.links:
        parts.append("HTML")
    if not parts:
        return ""
    return f"The link to stop these e-mails is missing from the {_both(parts)} part."


def name_and_address(proof: Proof) -> str:
    must_stand = [proof.controller.legal_name, *proof.controller.address_lines]
    if not all(must_stand) or not proof.controller.address_lines:
        return "The register has no legal name or no postal address."
    lacking = [
        part
        for part, words in proof.readable_parts.items()
        if any(_on_one_line(line) not in words for line in must_stand)
    ]
    if not lacking:
        return ""
    return f"The legal name or the address is missing from the {_both(lacking)} part."


def _both(parts: list[str]) -> str:
    return " and the ".join(parts)


def plain_part(proof: Proof) -> str:
    words = content.plain_text(proof.update.body).strip()
    if not words:
        return "The update says nothing: write its text."
    if _on_one_line(words) not in _on_one_line(proof.text):
        return "The text part does not hold the whole update."
    return ""


def no_picture(proof: Proof) -> str:
    if content.has_pictures(proof.update.body):
        return "Take out the image: an update is words alone."
    if proof.page.pictures or proof.attachments:
        return "The message holds an image or would fetch something; nothing may."
    return ""


def nothing_unfinished(proof: Proof) -> str:
    found = list(dict.fromkeys(_placeholders(proof)))
    if not found:
        return ""
    return f"Fill in or take out: {', '.join(found)}."


def _placeholders(proof: Proof) -> Iterator[str]:
    texts = [proof.update.summary, proof.subject, *proof.readable_parts.values()]
    everything = "\n".join(texts)
    for pattern in PLACEHOLDERS:
        yield from (match.group() for match in pattern.finditer(everything))


def every_link_https(proof: Proof) -> str:
    if content.broken_links(proof.update.body):
        return "One link is not a link: write it as [words](https://example.org/page)."
    wrong = [
        url for url in proof.page.links if not _is_good_link(url, proof.controller)
    ]
    if not wrong:
        return ""
    named = ", ".join(wrong)
    return f"Every link must begin with https:// and name a site. Change: {named}"


def _is_good_link(url: str, controller: Controller) -> bool:
    if url.startswith("mailto:"):
        return url in {
            f"mailto:{controller.governance_email}",
            f"mailto:{controller.unsubscribe_email}",
        }
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if url.startswith(f"{settings.SITE_URL}/"):
        return True  # settings allow http for it on this machine only
    # A name before an @ makes one site look like another.
    return parts.scheme == "https" and "." in host.strip(".") and not parts.username


def clean_headers(proof: Proof) -> str:
    head = proof.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    if not head.isascii() or max(map(len, head.split(b"\n"))) > LONGEST_HEADER_LINE:
        return "A header holds a sign that mail cannot carry, or is too long."
    names = [name.lower() for name in re.findall(rb"(?m)^([\w-]+):", head)]
    for name in (b"list-unsubscribe", b"list-unsubscribe-post"):
        if names.count(name) != 1:
            return f"The header {name.decode()} must stand in it exactly once."
    if re.search(rb"(?im)^list-unsubscribe[\w-]*:.*=\?", head):
        return "The header to stop these e-mails is encoded, so no program can read it."
    return ""


def no_hidden_sign(proof: Proof) -> str:
    """Control characters break feeds, and invisible ones make words lie."""
    named = [
        name
        for name, allowed in (("title", ""), ("summary", ""), ("body", "\r\n\t"))
        if _has_hidden_sign(getattr(proof.update, name), allowed)
    ]
    return f"Take an invisible character out of the {_both(named)}." if named else ""


def _has_hidden_sign(text: str, allowed: str) -> bool:
    return any(
        unicodedata.category(sign) in HIDDEN and sign not in allowed for sign in text
    )


def small_enough(proof: Proof) -> str:
    if len(proof.raw) < LARGEST_MESSAGE:
        return ""
    size = len(proof.raw) // 1000
    return f"The message has {size} kB; mail programs cut it off at 102 kB. Shorten it."


def corrects_something(proof: Proof) -> str:
    corrected = proof.update.corrects
    if corrected is None or corrected.is_released:
        return ""
    return "The update that this one corrects has not been published."


Check = Callable[[Proof], str]

# In the words of the console's list, in its order.
CHECKS: list[tuple[str, Check]] = [
    ("Title and summary are there", title_and_summary),
    ("Both parts hold the link to stop", link_to_stop),
    ("Both parts hold the legal name and address", name_and_address),
    ("The text part holds the whole update", plain_part),
    ("No image, and nothing is fetched", no_picture),
    ("Nothing is left to fill in", nothing_unfinished),
    ("Every link is https and names a site", every_link_https),
    ("The headers are clean", clean_headers),
    ("No invisible characters", no_hidden_sign),
    ("The message is smaller than 102 kB", small_enough),
    ("What it corrects is published", corrects_something),
]


@dataclass(frozen=True)
class Result:
    title: str
    problem: str

    @property
    def passed(self) -> bool:
        return not self.problem


def make_proof(update: CaseUpdate) -> Proof:
    """Raises RefusedAtTheDoor when no message can be made of it."""
    letter = Letter.of(update)
    message = letter.specimen(NO_ADDRESS)
    return Proof(
        update=update,
        controller=letter.head.controller,
        unsubscribe_url=inert_links()["unsubscribe_url"],
        subject=str(message.subject),
        text=str(message.body),
        html=html_part(message),
        attachments=len(message.attachments),
        raw=raw_bytes(message),
    )


def results(update: CaseUpdate) -> list[Result]:
    """Every check in order, passed or not."""
    try:
        proof = make_proof(update)
    except RefusedAtTheDoor as refusal:
        return [Result("The message can be made", str(refusal))]
    return [Result(title, check(proof)) for title, check in CHECKS]


def problems(update: CaseUpdate) -> list[str]:
    return [result.problem for result in results(update) if result.problem]
