"""Copies of mail that lie outside the database: in the IMAP mailbox that we read, or in
the folder of the local catcher. An erasure takes them away, and looks for what is left.
"""

import imaplib
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.utils import getaddresses
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from groundwork import addresses
from outbox.inbound import open_mailbox

ENDS = ("From", "To", "Cc", "Reply-To", "Sender", "Return-Path")


def is_kept_somewhere() -> bool:
    """Whether there is such a mailbox at all."""
    return bool(settings.INBOUND_IMAP_URL) or settings.MAILBOX_DIR is not None


def forget(people: Iterable[str]) -> int:
    """Take away every message from or to one of these normalised addresses; returns how
    many. Raises OSError or imaplib.IMAP4.error while the mailbox cannot be reached."""
    wanted = frozenset(people)
    if settings.INBOUND_IMAP_URL:
        return _forget_by_imap(settings.INBOUND_IMAP_URL, wanted)
    if settings.MAILBOX_DIR is not None:
        return _forget_in_folder(settings.MAILBOX_DIR, wanted)
    return 0


def _forget_in_folder(folder: Path, wanted: frozenset[str]) -> int:
    count = 0
    for path in sorted(folder.glob("*.eml")):
        if wanted & _ends_of(path.read_bytes()):
            path.unlink(missing_ok=True)
            count += 1
    return count


def _ends_of(raw: bytes) -> set[str]:
    """The normalised addresses between which a message goes."""
    headers = message_from_bytes(raw)
    written = [str(value) for name in ENDS for value in headers.get_all(name, [])]
    return {normal for _, one in getaddresses(written) if (normal := _normal(one))}


def _normal(address: str) -> str:
    try:
        return addresses.normalise(address)
    except ValidationError:
        return ""


def _forget_by_imap(url: str, wanted: frozenset[str]) -> int:
    with open_mailbox(url) as mailbox:
        found = {
            number
            for address in sorted(wanted)
            for end in ("FROM", "TO", "CC")
            # What was never fetched nobody has read: it may ask for something.
            for number in _search(mailbox, f"SEEN {end}", address)
        }
        # The server finds parts of words as well, such as the end of a longer address.
        theirs = [n for n in sorted(found, key=int) if wanted & _ends_by(mailbox, n)]
        for number in theirs:
            _answer(mailbox, "STORE", number.decode(), "+FLAGS", "\\Deleted")
        mailbox.expunge()
    return len(theirs)


def _ends_by(mailbox: imaplib.IMAP4, number: bytes) -> set[str]:
    return _ends_of(_fetched(mailbox, number, "BODY.PEEK[HEADER]"))


def _answer(mailbox: imaplib.IMAP4, command: str, *words: str) -> list[Any]:
    """What the server says of messages by their lasting numbers. Raises imaplib's error
    where it refuses: then nothing is known."""
    status, told = mailbox.uid(command, *words)
    if status != "OK":
        # Without its words: they may repeat what was looked for.
        raise imaplib.IMAP4.error(f"The mailbox refuses {command}.")
    return list(told)


def _fetched(mailbox: imaplib.IMAP4, number: bytes, what: str) -> bytes:
    data = _answer(mailbox, "FETCH", number.decode(), f"({what})")
    return b"".join(part[1] for part in data if isinstance(part, tuple))


def _search(mailbox: imaplib.IMAP4, where: str, text: str) -> list[bytes]:
    """The lasting numbers of the messages that have this text there (RFC 3501, 6.4.4 and
    6.4.8)."""
    # The stubs say text; what is sent is bytes (imaplib.IMAP4._command).
    mailbox.literal = text.encode()  # type: ignore[assignment]
    found = _answer(mailbox, "SEARCH", "CHARSET", "UTF-8", where)
    return found[0].split() if found and found[0] else []


def messages_to_search(
    texts: Iterable[str],
) -> Iterator[tuple[str, bytes]]:
    """The messages of the IMAP mailbox in which the server finds one of these texts,
    also as a part of a word, and those with files, into which it does not look: what
    each is called, and its bytes. The folder of the catcher is looked through with the
    other folders."""
    if not settings.INBOUND_IMAP_URL:
        return
    with open_mailbox(settings.INBOUND_IMAP_URL) as mailbox:
        found = {number for text in texts for number in _search(mailbox, "TEXT", text)}
        for number in sorted(found | _with_files(mailbox), key=int):
            raw = _fetched(mailbox, number, "BODY.PEEK[]")
            yield f"message {number.decode()}", raw


# How the server tells of a part (RFC 3501, 7.4.2): its kind, more exactly which, and a
# list of parameters or none; in such a list a third word follows, or its end.
OTHER_THAN_WORDS = re.compile(rb'\("(?!text")[a-z]+" "[^"]*" (?:NIL|\()', re.IGNORECASE)
LASTING_NUMBER = re.compile(rb"\bUID (\d+)")


def _with_files(mailbox: imaplib.IMAP4) -> set[bytes]:
    """The lasting numbers of the messages with a part that is no text."""
    told = _answer(mailbox, "FETCH", "1:*", "(BODYSTRUCTURE)")
    found: set[bytes] = set()
    for line in _whole_lines(told):
        number = LASTING_NUMBER.search(line)
        if number is not None and OTHER_THAN_WORDS.search(line):
            found.add(number[1])
    return found


def _whole_lines(told: Iterable[object]) -> Iterator[bytes]:
    """What the server said of each message: imaplib breaks that up at a literal, such as
    the name of a file that is not ASCII."""
    line = b""
    for piece in told:
        if isinstance(piece, tuple):
            line += b" ".join(piece)
        elif isinstance(piece, bytes):
            yield line + piece
            line = b""
