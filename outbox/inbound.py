"""Mail that comes to us: fetched, stored, and offered to whoever can deal with it.

Three ways in, one way on: IMAP, an Anymail webhook, or the local catcher's folder end
in store(); then the readers of INBOUND_READERS claim a message or pass, and what
nobody claims waits for a person on the console.
"""

import hashlib
import imaplib
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.html import strip_tags
from django.utils.module_loading import import_string

from groundwork import addresses
from outbox.composing import sending_address
from outbox.models import InboundEmail
from processing_register.notices import current_controller

logger = logging.getLogger(__name__)

QUOTE_MARKS = (">", "|")
# Strangers write what these read: neither looks past the next tag that may begin a
# match, so that the time taken grows with the length and not with its square.
HIDDEN_HTML = re.compile(
    r"<(style|script|head)\b(?:(?!<\1\b).)*?</\1>", re.DOTALL | re.IGNORECASE
)
HTML_BLOCK = re.compile(r"</?(?:br|p|div|li|tr|table|h\d)\b[^<>]*>", re.I)
HTML_QUOTE = re.compile(r"<blockquote\b", re.I)
# The writer's own words stand at the beginning, before what they quote.
LONGEST_READ = 100_000


@dataclass(frozen=True)
class InboundMessage:
    """What a reader sees of a message."""

    sender: str  # normalised; empty when there is no usable address
    subject: str
    text: str  # the writer's own words, without quoted lines
    is_automatic: bool  # a machine wrote it (RFC 3834): never answered, never obeyed


Reader = Callable[[InboundMessage], bool]


def parse(raw: bytes) -> InboundMessage:
    message = message_from_bytes(raw, policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise ValueError("not a message")
    return InboundMessage(
        sender=_sender(message),
        subject=" ".join(str(message.get("Subject", "")).split()),
        text=_own_words(message),
        is_automatic=is_automatic(message),
    )


def is_automatic(message: EmailMessage) -> bool:
    """True for auto-replies, delivery reports, list mail and mail without a sender."""
    submitted = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    sender = parseaddr(str(message.get("From", "")))[1].lower()
    return (
        submitted != "no"
        or precedence in ("bulk", "list", "junk", "auto_reply")
        or any(name.lower().startswith("list-") for name in message)
        or message.get_content_type() == "multipart/report"
        or str(message.get("Return-Path", "")).strip() == "<>"
        or sender.startswith(("mailer-daemon@", "postmaster@", "no-reply@", "noreply@"))
        or sender == sending_address(current_controller()).lower()
    )


def _sender(message: EmailMessage) -> str:
    if len(message.get_all("From", [])) != 1:
        return ""  # two names on one letter: nobody knows whose act it is
    try:
        return addresses.normalise(parseaddr(str(message.get("From", "")))[1])
    except ValidationError:
        return ""


def _own_words(message: EmailMessage) -> str:
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    try:
        content = str(body.get_content())
    except (LookupError, UnicodeError):
        return ""
    if body.get_content_subtype() == "html":
        content = _lines_of(content)
    lines = [line.strip() for line in content.splitlines()]
    return "\n".join(x for x in lines if x and not x.startswith(QUOTE_MARKS))


def _lines_of(page: str) -> str:
    """The text of an HTML message up to its first quotation, one line per block."""
    page = HTML_QUOTE.split(HIDDEN_HTML.sub("", page[:LONGEST_READ]), maxsplit=1)[0]
    return unescape(strip_tags(HTML_BLOCK.sub("\n", page)))


def store(raw: bytes) -> InboundEmail | None:
    """Keep a message; None when it is here already."""
    row, is_new = InboundEmail.objects.get_or_create(
        digest=hashlib.sha256(raw).digest(),
        defaults={"raw_message": raw.decode("latin-1")},
    )
    return row if is_new else None


def read_new() -> int:
    """Offer every new message to the readers; returns how many were looked at."""
    waiting = InboundEmail.objects.filter(state=InboundEmail.State.NEW)
    ids = list(waiting.order_by("id").values_list("pk", flat=True))
    for pk in ids:
        _read_one(pk)
    return len(ids)


def _read_one(pk: int) -> None:
    try:
        with transaction.atomic():
            row = (
                InboundEmail.objects.select_for_update(skip_locked=True)
                .filter(pk=pk, state=InboundEmail.State.NEW)
                .first()
            )
            if row is not None:
                _offer(row)
    except Exception:
        # One poisonous message must not stop the others; it shows on the console.
        logger.exception("Inbound e-mail %s cannot be read", pk)
        InboundEmail.objects.filter(pk=pk).update(state=InboundEmail.State.BROKEN)


def _offer(row: InboundEmail) -> None:
    message = parse(row.raw_message.encode("latin-1"))
    row.is_automatic = message.is_automatic
    row.sender_digest = addresses.digest(message.sender) if message.sender else None
    row.state = InboundEmail.State.WAITING
    for path in settings.INBOUND_READERS:
        reader: Reader = import_string(path)
        if reader(message):
            row.state, row.claimed_by = InboundEmail.State.CLAIMED, path
            break
    row.save(update_fields=["is_automatic", "sender_digest", "state", "claimed_by"])


def close_by_hand(pk: int) -> bool:
    """A person has dealt with a message that waited; False when it did not wait."""
    waiting = [InboundEmail.State.WAITING, InboundEmail.State.BROKEN]
    rows = InboundEmail.objects.filter(pk=pk, state__in=waiting)
    return rows.update(state=InboundEmail.State.CLOSED) == 1


def fetch() -> int:
    """Bring in what waits outside; returns how many messages were new."""
    if settings.INBOUND_IMAP_URL:
        return fetch_by_imap(settings.INBOUND_IMAP_URL)
    if settings.MAILBOX_DIR is not None:
        return fetch_from_catcher(settings.MAILBOX_DIR)
    return 0  # the provider's webhook brings them


# Names of caught messages that this process has looked at; after a restart they are
# looked at once more, which changes nothing (store() knows them).
_looked_at = set[str]()


def fetch_from_catcher(folder: Path) -> int:
    """Messages in the local catcher's folder that are addressed to us."""
    controller = current_controller()
    ours = {controller.governance_email.lower(), controller.unsubscribe_email.lower()}
    count = 0
    for path in sorted(folder.glob("*.eml")):
        key = str(path)
        if key in _looked_at:
            continue
        raw = path.read_bytes()
        headers = message_from_bytes(raw)
        to = getaddresses(headers.get_all("To", []) + headers.get_all("Cc", []))
        if ours & {address.lower() for _, address in to} and store(raw):
            count += 1
        _looked_at.add(key)  # last: what could not be stored is looked at again
    return count


def fetch_by_imap(url: str) -> int:
    """Unseen messages of an IMAP mailbox; each is marked seen once it is stored."""
    count = 0
    with _mailbox(url) as mailbox:
        _, found = mailbox.search(None, "UNSEEN")
        for number in found[0].split():
            # PEEK leaves the message unseen until the row is committed.
            _, data = mailbox.fetch(number, "(BODY.PEEK[])")
            raw = data[0][1] if data and isinstance(data[0], tuple) else b""
            if not raw:
                continue  # it stays unseen, and the next run asks again
            count += store(raw) is not None
            mailbox.store(number, "+FLAGS", "\\Seen")
    return count


@contextmanager
def _mailbox(url: str) -> Iterator[imaplib.IMAP4]:
    """imaps://user:password@host:993/INBOX, or imap:// on a trusted network."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    mailbox: imaplib.IMAP4
    if parts.scheme == "imaps":
        mailbox = imaplib.IMAP4_SSL(host, parts.port or 993, timeout=30)
    else:
        mailbox = imaplib.IMAP4(host, parts.port or 143, timeout=30)
    try:
        mailbox.login(unquote(parts.username or ""), unquote(parts.password or ""))
        mailbox.select(unquote(parts.path.lstrip("/")) or "INBOX")
        yield mailbox
    finally:
        mailbox.logout()


def store_from_webhook(sender: Any, event: Any, **_: Any) -> None:
    """Receiver of Anymail's inbound signal, the interface that Anymail offers."""
    store(event.message.as_bytes())
