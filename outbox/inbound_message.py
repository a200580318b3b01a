"""A received message as the house reads it: who wrote, when, and in which own words.

Strangers write these bytes, and much of what they write breaks the rules of mail. What
cannot be read is left out or read as plain text; nothing here gives up on a message for
one bad header, character set or part.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage, Message
from email.utils import parseaddr, parsedate_to_datetime
from html import unescape
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.html import strip_tags

from groundwork import addresses
from outbox.composing import sending_address
from processing_register.notices import current_controller

# The writer's own words stand at the beginning, before what they quote.
LONGEST_READ = 100_000
LONGEST_SUBJECT = 998  # RFC 5322, 2.1.1: the most that a line may hold
LONGEST_NAME = 100
# Python's parser of headers takes time that grows with the square of their length.
LONGEST_HEADER = 2_000
# A letter with more parts was made to keep us busy; of such only the beginning is read.
MOST_PARTS = 2_000
READ_OF_SUCH = 100_000
# Of a text with its quotations, or with the tags of its HTML.
LONGEST_CONTENT = 4 * LONGEST_READ
# A picture in the text that is smaller is a logo or a smile.
SMALLEST_PICTURE = 20_000

QUOTE_MARKS = (">", "|")
# What a mail program puts above the message that it answers or forwards.
SEPARATOR = re.compile(
    r"-{2,} ?(?:original|forwarded|ursprüngliche|weitergeleitete|message d)"
    r"[^-]{0,60}-{2,}|begin forwarded message:?",
    re.IGNORECASE,
)
QUOTED_FROM = re.compile(r"\*?(?:from|von|de|van|da)\*? ?:", re.IGNORECASE)
QUOTED_HEAD = re.compile(
    r"\*?(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|objet|à)\*? ?:",
    re.IGNORECASE,
)
# Strangers write what these read: neither looks past the next tag that may begin a
# match, so that the time taken grows with the length and not with its square.
HIDDEN_HTML = re.compile(
    r"<(style|script|head)\b(?:(?!<\1\b).)*?</\1>", re.DOTALL | re.IGNORECASE
)
HTML_BLOCK = re.compile(r"</?(?:br|p|div|li|tr|table|h\d)\b[^<>]*>", re.I)
HTML_QUOTE = re.compile(r"<(/?)blockquote\b[^<>]*>?", re.I)
# Joiners that some languages and many smileys need inside a word.
ALLOWED_INVISIBLE = {"\u200c", "\u200d"}


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message; its name and type are what the sender says."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class InboundMessage:
    """What a reader sees of a message.

    quoted: what the writer answers or forwards. dated_at: the moment that the mail
    itself bears, which anybody can write. row_id, received_at: of the stored message;
    None while it is not stored.
    """

    sender: str  # normalised; empty when there is no usable address
    subject: str
    text: str  # the writer's own words, without quoted lines
    is_automatic: bool  # a machine wrote it (RFC 3834): never answered, never obeyed
    quoted: str = ""
    sender_name: str = ""
    dated_at: datetime | None = None
    # Tells a delivery, or that there was none, or comes from ourselves: whatever it
    # quotes was written by us.
    is_report: bool = False
    message_id: str = ""
    row_id: int | None = None
    received_at: datetime | None = None
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    # It has more than was read: too many parts, or words without end.
    is_cut: bool = False


def parse(raw: bytes) -> InboundMessage:
    """Read a message; what breaks the rules is read as far as it goes."""
    is_cut = raw.count(b"\n--") > MOST_PARTS
    message = _parsed(raw[:READ_OF_SUCH] if is_cut else raw)
    attachments = tuple(_attachments(message))
    own, quoted = _words(message)
    if message.is_multipart() and not (own or quoted or attachments):
        own, quoted = _split(_as_it_stands(raw))
    name, address = parseaddr(_one_line(message.get("From", "")))
    return InboundMessage(
        sender=_sender(message, address),
        subject=_one_line(message.get("Subject", ""))[:LONGEST_SUBJECT],
        text=own[:LONGEST_READ],
        is_automatic=is_automatic(message),
        quoted=quoted[:LONGEST_READ],
        sender_name=name.strip()[:LONGEST_NAME],
        dated_at=_dated_at(message),
        is_report=is_report(message),
        message_id=_one_line(message.get("Message-ID", "")),
        attachments=attachments,
        is_cut=is_cut or len(own) > LONGEST_READ,
    )


def is_automatic(message: Message) -> bool:
    """True for auto-replies, delivery reports, list mail and mail without a sender."""
    submitted = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    return (
        submitted != "no"
        or precedence in ("bulk", "list", "junk", "auto_reply")
        or any(name.lower().startswith("list-") for name in message)
        or _address_of(message).startswith(("no-reply@", "noreply@"))
        or is_report(message)
    )


def is_report(message: Message) -> bool:
    """True for delivery reports, and for our own mail that came back."""
    sender = _address_of(message)
    return (
        message.get_content_type() == "multipart/report"
        or str(message.get("Return-Path", "")).strip() == "<>"
        or sender.startswith(("mailer-daemon@", "postmaster@"))
        or sender == sending_address(current_controller()).lower()
    )


# --- Headers ---


class _Headers(HeaderRegistry):
    """Python's own, which raise on some broken headers: those are read as nothing."""

    def __call__(self, name: str, value: str) -> Any:
        try:
            return super().__call__(name, value[:LONGEST_HEADER])
        except Exception:  # ValueError, IndexError, RecursionError …
            return super().__call__(name, "")


POLICY = policy.default.clone(header_factory=_Headers())


def _parsed(raw: bytes) -> Message:
    try:
        return message_from_bytes(raw, policy=POLICY)
    except Exception:  # parts nested without end, and the like
        head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n")
        kept = [line for line in head if not line.lower().startswith(b"content-")]
        message = message_from_bytes(b"\n".join(kept) + b"\n\n", policy=POLICY)
        message.set_payload([])
        return message


def _as_it_stands(raw: bytes) -> str:
    """The body of a message whose parts cannot be told apart."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return _decoded(body[:READ_OF_SUCH], "utf-8")


def _one_line(value: Any) -> str:
    return visible(" ".join(str(value).split()))


def _address_of(message: Message) -> str:
    return parseaddr(str(message.get("From", "")))[1].lower()


def _sender(message: Message, address: str) -> str:
    if len(message.get_all("From", [])) != 1:
        return ""  # two names on one letter: nobody knows whose act it is
    try:
        return addresses.normalise(address)
    except ValidationError:
        return ""


def _dated_at(message: Message) -> datetime | None:
    """What the Date header says, or the newest mail server that wrote the date down."""
    newest = str(message.get("Received", "")).rpartition(";")[2]
    for text in (str(message.get("Date", "")), newest):
        try:
            moment = parsedate_to_datetime(text.strip())
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


# --- Words ---


def visible(text: str) -> str:
    """The text without signs that nobody sees, and without halves of characters."""
    return "".join(
        sign
        for sign in text
        if sign in ALLOWED_INVISIBLE
        or sign in "\n\t"
        or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    )


def _words(message: Message) -> tuple[str, str]:
    """The writer's own words, and what they quote or forward."""
    body = _body(message)
    own, quoted = _split(*_content(body)) if body is not None else ("", "")
    if message.get_content_type() != "multipart/report":
        quoted = _joined([quoted, *(_forwarded(part) for part in _inner(message))])
    return own, quoted


def _body(message: Message) -> Message | None:
    """The part that holds the letter; None where the parts contradict each other."""
    if not isinstance(message, EmailMessage):
        return None
    try:
        return message.get_body(preferencelist=("plain", "html"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _content(part: Message) -> tuple[str, str]:
    """The text of a part, and what of it stands in quotations of HTML."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    content = _decoded(raw, part.get_content_charset("utf-8"))[:LONGEST_CONTENT]
    if part.get_content_subtype() != "html":
        return content, ""
    page = HIDDEN_HTML.sub("", content)
    own, quoted = _unquoted(page)
    return _lines_of(own), _lines_of(quoted)


def _decoded(raw: bytes, charset: str) -> str:
    """By the character set it names, if it holds; otherwise by one that does."""
    is_wide = charset.startswith(("utf-16", "utf-32")) and b"\0" in raw
    for name in (charset, "utf-8"):
        if name.startswith(("utf-16", "utf-32")) and not is_wide:
            continue  # anything at all can be read so, as signs that nobody wrote
        try:
            return raw.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return raw.decode("cp1252", errors="replace")


def _unquoted(page: str) -> tuple[str, str]:
    """The page outside its quotations, and inside."""
    own, quoted, depth, done = list[str](), list[str](), 0, 0
    for tag in HTML_QUOTE.finditer(page):
        (quoted if depth else own).append(page[done : tag.start()])
        depth, done = max(0, depth - 1 if tag[1] else depth + 1), tag.end()
    (quoted if depth else own).append(page[done:])
    return "<br>".join(own), "<br>".join(quoted)


def _lines_of(page: str) -> str:
    return unescape(strip_tags(HTML_BLOCK.sub("\n", page)))


def _split(content: str, quoted_before: str = "") -> tuple[str, str]:
    """Lines that the writer wrote, and lines that were quoted or stand below the head
    of an older message."""
    lines = [line.strip() for line in content.splitlines()]
    own, quoted = list[str](), list[str]()
    for number, line in enumerate(lines):
        if SEPARATOR.fullmatch(line) or _is_head(lines, number):
            quoted += lines[number:]
            break
        is_quoted = line.startswith(QUOTE_MARKS)
        (quoted if is_quoted else own).append(line)
    bare = [line.lstrip("".join(QUOTE_MARKS) + " ") for line in quoted]
    return _paragraphs(own), _joined([_paragraphs(bare), quoted_before])


def _is_head(lines: list[str], number: int) -> bool:
    """From, sent, to, subject: an older message begins here."""
    if not QUOTED_FROM.match(lines[number]):
        return False
    following = lines[number + 1 : number + 6]
    return sum(bool(QUOTED_HEAD.match(line)) for line in following) >= 2


def _paragraphs(lines: Iterable[str]) -> str:
    """The lines, with one empty line where there were any."""
    text = "\n".join(visible(line).strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, (text.strip() for text in texts)))


# --- Parts ---


def _parts(message: Message) -> Iterator[Message]:
    """Every part that is no container; forwarded messages are not looked into."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.iter_parts():  # type: ignore[attr-defined]
            yield from _parts(part)
    else:
        yield message


def _inner(message: Message) -> list[Message]:
    """The messages that are attached to this one."""
    return [p for p in _parts(message) if p.get_content_type() == "message/rfc822"]


def _forwarded(part: Message) -> str:
    for message in part.iter_parts():  # type: ignore[attr-defined]
        body = _body(message)
        return _joined(_split(*_content(body))) if body is not None else ""
    return ""


def _attachments(message: Message) -> Iterator[Attachment]:
    """What came with the letter and is no part of its text."""
    if message.get_content_maintype() != "multipart":
        parts: Iterable[Message] = () if _body(message) is message else [message]
    else:
        parts = _parts(message)
    body = _body(message)
    for number, part in enumerate(parts, 1):
        if part is not body and not _is_other_reading(part):
            content = _bytes_of(part)
            if content and not _is_ornament(part, content):
                yield Attachment(_name(part, number), part.get_content_type(), content)


def _is_other_reading(part: Message) -> bool:
    """The same letter as text or as HTML, with no name of a file."""
    is_text = part.get_content_type() in ("text/plain", "text/html")
    return is_text and not part.get_filename() and not _is_attached(part)


def _is_ornament(part: Message, content: bytes) -> bool:
    is_in_text = "Content-ID" in part and not _is_attached(part)
    is_picture = part.get_content_maintype() == "image"
    return is_picture and is_in_text and len(content) < SMALLEST_PICTURE


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment"


def _bytes_of(part: Message) -> bytes:
    if part.get_content_maintype() in ("message", "multipart"):
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        return _as_bytes(first) if isinstance(first, Message) else b""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _as_bytes(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except Exception:  # a part that Python can read and not write
        return b""


def _name(part: Message, number: int) -> str:
    given = _one_line(part.get_filename() or "").replace("\\", "/").rpartition("/")[2]
    return given.strip(". ")[:LONGEST_NAME] or f"attachment {number}"
