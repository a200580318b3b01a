"""Mail that comes to us: fetched, stored, and offered to whoever can deal with it.

Three ways in, one way on: IMAP, an Anymail webhook, or the local catcher's folder end
in store(); then the readers of INBOUND_READERS claim a message or pass, and what
nobody claims waits for a person on the console.
"""

import hashlib
import imaplib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import getaddresses
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from data_subjects.journal import JournalUnwritable
from groundwork import addresses
from outbox.inbound_message import InboundMessage, parse
from outbox.models import InboundEmail
from processing_register.notices import current_controller

logger = logging.getLogger(__name__)

Reader = Callable[[InboundMessage], bool]
# When the mailbox was last read to its end.
READ_KEY = "mailbox-read-at"
# Who claims the second copy of a message: a list of recipients that names us twice.
COPY = "outbox.inbound.copy"


def store(raw: bytes, *, received_at: datetime | None = None) -> InboundEmail | None:
    """Keep a message; None when it is here already.

    received_at: when our mail server took it, which may be before we fetched it; never
    in the future.
    """
    now = timezone.now()
    row, is_new = InboundEmail.objects.get_or_create(
        digest=hashlib.sha256(raw).digest(),
        defaults={
            "raw_message": raw.decode("latin-1"),
            "received_at": min(received_at or now, now),
        },
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
    except (OperationalError, JournalUnwritable):
        # The database or the disk could not now; the message stays new, and the next run asks.
        logger.exception("Inbound e-mail %s is left for the next run", pk)
    except Exception:
        # One poisonous message must not stop the others; it shows on the console.
        logger.exception("Inbound e-mail %s cannot be read", pk)
        InboundEmail.objects.filter(pk=pk).update(state=InboundEmail.State.BROKEN)


def message_of(row: InboundEmail) -> InboundMessage:
    """A stored message as its readers see it."""
    message = parse(row.raw_message.encode("latin-1"))
    return replace(message, row_id=row.pk, received_at=row.received_at)


def _offer(row: InboundEmail) -> None:
    message = message_of(row)
    _take_turns()
    row.is_automatic = message.is_automatic
    row.sender_digest = addresses.digest(message.sender) if message.sender else None
    row.content_digest = _content_digest(row, message)
    row.state = InboundEmail.State.WAITING
    claimed_by = COPY if _is_copy(row) else _claimed_by(message)
    if claimed_by:
        row.state, row.claimed_by = InboundEmail.State.CLAIMED, claimed_by
    row.save(
        update_fields=[
            "is_automatic",
            "sender_digest",
            "content_digest",
            "state",
            "claimed_by",
        ]
    )


def _take_turns() -> None:
    """One message at a time, until the end of the transaction: only so are two copies
    seen to be one, and what one sender may cause in a day is counted exactly."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inbound mail'))")


def _claimed_by(message: InboundMessage) -> str:
    for path in settings.INBOUND_READERS:
        reader: Reader = import_string(path)
        if reader(message):
            return str(path)
    return ""


def _content_digest(row: InboundEmail, message: InboundMessage) -> bytes | None:
    """The same for two copies that came over different servers; None where nobody can
    tell whether it is a copy."""
    if not message.sender or not message.message_id:
        return None
    raw = row.raw_message.encode("latin-1")
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    told = [message.sender, message.message_id, str(message.dated_at), message.subject]
    return hashlib.sha256("\0".join(told).encode() + b"\0" + body).digest()


def _is_copy(row: InboundEmail) -> bool:
    if row.content_digest is None:
        return False
    alike = InboundEmail.objects.filter(content_digest=row.content_digest)
    return alike.exclude(pk=row.pk).exists()


def became(row: InboundEmail) -> str:
    """What the software did with the message, in words; empty where nothing claimed it."""
    if row.claimed_by == COPY:
        return "it is a second copy of a message that was dealt with"
    return str(settings.INBOUND_READERS.get(row.claimed_by, row.claimed_by))


def remark(message: InboundMessage, *sentences: str) -> None:
    """Write beside a stored message what the software noticed, for whoever opens it."""
    if message.row_id is None:
        raise ValueError("Only beside a stored message can something be written.")
    row = InboundEmail.objects.only("remarks").get(pk=message.row_id)
    row.remarks = "\n".join(filter(None, [row.remarks, *sentences]))
    row.save(update_fields=["remarks"])


def shut_away(pk: int, *, is_shut_away: bool = True) -> None:
    """Only those read the message who may read what was shut away; or all again."""
    InboundEmail.objects.filter(pk=pk).update(is_shut_away=is_shut_away)


def is_anything_shut_away(sender_digest: bytes) -> bool:
    """Whether a message from this address is."""
    from_there = InboundEmail.objects.filter(sender_digest=sender_digest)
    return from_there.filter(is_shut_away=True).exists()


def is_anything_unread() -> bool:
    """Whether a message has come that nobody has offered to its readers yet: nobody
    knows who sent it, or what it asks for."""
    return InboundEmail.objects.filter(state=InboundEmail.State.NEW).exists()


def is_anything_waiting_from(digests: Iterable[bytes]) -> bool:
    """Whether a message from one of these addresses waits for somebody to look at it."""
    waiting = [InboundEmail.State.WAITING, InboundEmail.State.BROKEN]
    rows = InboundEmail.objects.filter(state__in=waiting)
    return rows.filter(sender_digest__in=list(digests)).exists()


def empty(pk: int, sentence: str) -> None:
    """Remove what a message says, for good, and leave this sentence in its place."""
    InboundEmail.objects.filter(pk=pk).update(raw_message="", remarks=sentence)


def close_by_hand(pk: int) -> bool:
    """A person has dealt with a message that waited; False when it did not wait."""
    waiting = [InboundEmail.State.WAITING, InboundEmail.State.BROKEN]
    rows = InboundEmail.objects.filter(pk=pk, state__in=waiting)
    return rows.update(state=InboundEmail.State.CLOSED) == 1


def fetch() -> int:
    """Bring in what waits outside; returns how many messages were new."""
    if settings.INBOUND_IMAP_URL:
        count = fetch_by_imap(settings.INBOUND_IMAP_URL)
        cache.set(READ_KEY, timezone.now().isoformat(), timeout=None)
        return count
    if settings.MAILBOX_DIR is not None:
        return fetch_from_catcher(settings.MAILBOX_DIR)
    return 0  # the provider's webhook brings them


def mailbox_last_read() -> datetime | None:
    """When the IMAP mailbox was last read; None when never, or when Redis is away."""
    try:
        text = cache.get(READ_KEY)
    except Exception:  # whatever the cache's client raises, it means "not known"
        return None
    return datetime.fromisoformat(text) if text else None


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
    with open_mailbox(url) as mailbox:
        _, found = mailbox.search(None, "UNSEEN")
        for number in found[0].split():
            # PEEK leaves the message unseen until the row is committed.
            _, data = mailbox.fetch(number, "(INTERNALDATE BODY.PEEK[])")
            raw, said = _fetched(data)
            if not raw:
                continue  # it stays unseen, and the next run asks again
            count += store(raw, received_at=_arrived_at(said)) is not None
            mailbox.store(number, "+FLAGS", "\\Seen")
    return count


def _fetched(data: list[Any]) -> tuple[bytes, bytes]:
    """The message, and what the server said around it."""
    raw, said = b"", b""
    for part in data:
        if isinstance(part, tuple):
            said, raw = said + part[0], part[1]
        elif isinstance(part, bytes):
            said += part
    return raw, said


def _arrived_at(said: bytes) -> datetime | None:
    """When the mail server took the message: whoever wrote then has asked then, however
    long nobody fetched it."""
    at = imaplib.Internaldate2tuple(said)
    return datetime.fromtimestamp(time.mktime(at), UTC) if at else None


@contextmanager
def open_mailbox(url: str) -> Iterator[imaplib.IMAP4]:
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
    raw = event.message.as_bytes()
    came_from = event.message.envelope_sender
    if came_from is not None and "Return-Path" not in event.message:
        # Providers tell it apart from the headers; an empty one is a machine's.
        path = "".join(came_from.split())
        raw = f"Return-Path: <{path}>\n".encode("ascii", "replace") + raw
    store(raw)
