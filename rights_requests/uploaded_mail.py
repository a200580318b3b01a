"""A saved e-mail that somebody uploads: its text is masked, its attachments are checked.

It stays byte for byte as it came unless a number in it has to be masked or an attachment
cannot be taken; in the place of such an attachment it then says so. Strangers write it,
so one that has more parts than a mail has is refused before it is taken apart.
"""

import base64
import re
from collections.abc import Callable, Iterator
from email.errors import MessageError
from email.generator import BytesGenerator
from email.header import Header, decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from io import BytesIO

from groundwork.masking import mask_numbers
from rights_requests.upload_kinds import UploadRefused

# Ten megabytes of attachments have half of these lines.
MOST_LINES = 300_000
MOST_SEPARATORS = 5_000
MOST_PARTS_WITH_PARTS = 30
LONGEST_FIELD = 8_192

TOO_COMPLEX = "Save the e-mail “%s” as a PDF and choose that: it has too many parts"
DAMAGED = "Save the e-mail “%s” as a PDF and choose that: this copy is damaged"
LEFT_OUT = "[The attachment “%s” was not kept: it is of no kind that we take.]\n"

# Gives the content of an attachment as it may be kept; raises UploadRefused.
Check = Callable[[str, bytes], bytes]

_FIELD = re.compile(rb"[!-9;-~]{1,60}:")
_OF_A_MAIL = (b"received:", b"message-id:", b"mime-version:", b"return-path:")
_ADDRESSED = (b"from:", b"to:", b"date:", b"subject:")


def looks_like_mail(head: bytes) -> bool:
    """Whether a file that begins so has the header of an e-mail (RFC 5322)."""
    header = head.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].lower().splitlines()
    if not header or not _FIELD.match(header[0]):
        return False
    is_addressed = sum(line.startswith(_ADDRESSED) for line in header) >= 2
    return is_addressed and any(line.startswith(_OF_A_MAIL) for line in header)


def checked_mail(content: bytes, name: str, check: Check) -> tuple[bytes, list[str]]:
    """The mail as it may be kept, and the names of the attachments left out of it.

    Raises UploadRefused, whose message names the file.
    """
    if _is_too_complex(content):
        raise UploadRefused(TOO_COMPLEX % name)
    left_out: list[str] = []
    try:
        mail = BytesParser(policy=compat32).parse(BytesIO(content))
        changes = [_mask_subject(mail)]
        changes += [_keep_what_may_be(part, check, left_out) for part in _leaves(mail)]
        return (_written(mail) if any(changes) else content), left_out
    except (MessageError, LookupError, ValueError, RecursionError) as error:
        raise UploadRefused(DAMAGED % name) from error


_BOUNDARY = re.compile(rb"boundary\*?\d{0,3}\*?[ \t]*=", re.IGNORECASE)
# A field about the content, with the lines that it goes on in.
_CONTENT_FIELD = re.compile(
    rb"^content-[a-z-]{1,40}:[^\n]*+(?:\n[ \t][^\n]*+)*+", re.IGNORECASE | re.MULTILINE
)


def _is_too_complex(content: bytes) -> bool:
    """What makes the parser slow: it is at work before it can be asked anything."""
    return (
        content.count(b"\n") > MOST_LINES
        or content.count(b"\n--") > MOST_SEPARATORS
        or sum(1 for _ in _BOUNDARY.finditer(content)) > MOST_PARTS_WITH_PARTS
        or any(
            match.end() - match.start() > LONGEST_FIELD
            for match in _CONTENT_FIELD.finditer(content)
        )
    )


def _leaves(mail: Message) -> Iterator[Message]:
    """The parts that hold content themselves, those of a mail in the mail too."""
    return (part for part in mail.walk() if not part.is_multipart())


def _keep_what_may_be(part: Message, check: Check, left_out: list[str]) -> bool:
    """Mask, check or leave out this part; whether that changed it."""
    name = part.get_filename()
    if part.get_content_maintype() == "text" and not name:
        return _mask_text(part)
    content = _content(part)
    try:
        kept = check(name or part.get_content_type(), content)
    except UploadRefused:
        left_out.append(_printable(name or part.get_content_type()))
        for field in ("Content-Type", "Content-Disposition", "Content-ID"):
            del part[field]
        _put_text(part, LEFT_OUT % left_out[-1], "plain")
        return True
    if kept != content:
        _put(part, kept)
    return kept != content


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _printable(name: str) -> str:
    return "".join(sign for sign in name if sign.isprintable())[:100]


# Character sets of mails. Python has more, some of which take very long.
_CHARSET = re.compile(
    r"us-ascii|utf-?(?:8|16)|(?:iso-8859|windows|cp)-?\d{1,4}|koi8-[ru]|gb\d{4,5}"
    r"|big5|shift_jis|iso-2022-jp|euc-(?:jp|kr)",
    re.IGNORECASE,
)
_SUBTYPE = re.compile(r"[a-z0-9.+-]{1,60}")


def _mask_text(part: Message) -> bool:
    content = _content(part)
    charset = part.get_content_charset() or "utf-8"
    try:
        text = content.decode(charset if _CHARSET.fullmatch(charset) else "utf-8")
    except (UnicodeError, LookupError):
        text = content.decode("latin-1")
    masked = mask_numbers(text)
    if masked == text:
        return False
    subtype = part.get_content_subtype()
    del part["Content-Type"]
    _put_text(part, masked, subtype if _SUBTYPE.fullmatch(subtype) else "plain")
    return True


def _put_text(part: Message, text: str, subtype: str) -> None:
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    _put(part, text.encode())


def _put(part: Message, content: bytes) -> None:
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(base64.encodebytes(content).decode("ascii"))


def _mask_subject(mail: Message) -> bool:
    written = str(mail["Subject"] or "")
    if len(written) > LONGEST_FIELD:
        return False
    try:
        subject = str(make_header(decode_header(written)))
    except (MessageError, LookupError, UnicodeError):
        subject = written
    masked = mask_numbers(subject)
    if masked != subject:
        charset = None if masked.isascii() else "utf-8"
        mail.replace_header("Subject", Header(masked, charset).encode())
    return masked != subject


def _written(mail: Message) -> bytes:
    target = BytesIO()
    policy = compat32.clone(max_line_length=0)
    BytesGenerator(target, mangle_from_=False, policy=policy).flatten(mail)
    return target.getvalue()
