"""What people may send us as a file, told by what is in it and not by its name.

In text, CSV and e-mails card and National Insurance numbers are masked, in Word and
OpenDocument files where the document keeps them in one piece. What stands in PDFs and
pictures is not masked: nothing here reads it.

A file can be two things at once, say a picture with a page of HTML in it. So whoever
hands one out does it as `media_type` and as an attachment, with nosniff, and it is never
anything but what was checked; what would be an archive besides is refused.
"""

import re
import struct
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import SEEK_CUR, SEEK_END, BytesIO
from pathlib import PurePosixPath
from typing import IO, NoReturn

from groundwork.masking import mask_numbers
from groundwork.spreadsheets import FORMULA_STARTS
from rights_requests import office_documents, pdf_content, uploaded_mail
from rights_requests.upload_kinds import (
    ALLOWED_WORDS,
    CSV,
    JPEG,
    MAIL,
    PDF,
    PNG,
    TEXT,
    FileKind,
    UploadRefused,
)
from rights_requests.upload_limits import (
    MEGABYTE,
    MOST_BYTES,
    MOST_FILES,
    TOO_LARGE,
    TOO_MANY,
    DiscardedUpload,
    Upload,
)

CHUNK = 64 * 1024
HEAD = 16 * 1024
NAME_LENGTH = 120
MOST_TEXT_BYTES = 2 * MEGABYTE  # a thousand pages; it is looked through as a whole
MOST_PIXELS = 100_000_000

EMPTY = "Choose another file: “%s” is empty"
NOT_ALLOWED = f"Choose another kind of file than “%s”: {ALLOWED_WORDS}"
OLD_OR_PROTECTED = (
    "Save “%s” as a PDF and choose that: it is a document of an older Office, or one "
    "with a password"
)
TEXT_TOO_LARGE = (
    f"Choose a text of at most {MOST_TEXT_BYTES // MEGABYTE} MB instead of “%s”"
)
MARKED_UP = "Save “%s” as a PDF and choose that: it is no plain text"
NOT_WHOLE = (
    "Save “%s” as a PDF again and choose that: this one is cut off or has a tail"
)
ACTIVE_PDF = (
    "Print “%s” as a PDF once more and choose that: this one holds a script, another "
    "file, or a form that sends or fetches something"
)
CLOSED_PDF = (
    "Print “%s” as a PDF once more and choose that: parts of this one are closed, so "
    "that we cannot look for scripts in it"
)
DAMAGED_PICTURE = "Choose another copy of “%s”: this picture is damaged"
PICTURE_TOO_LARGE = "Choose a smaller copy of the picture “%s”"
ARCHIVE_TOO = "Choose another copy of “%s”: an archive hangs on this one"


@dataclass(frozen=True)
class Checked:
    """A file that may be kept: the name made fit, the type it is to be served as.

    left_out names the attachments of an e-mail that were not taken.
    """

    name: str
    media_type: str
    content: IO[bytes]
    left_out: tuple[str, ...] = ()

    def chunks(self) -> Iterator[bytes]:
        """What is to be kept, for vault.put; from the start each time."""
        self.content.seek(0)
        while chunk := self.content.read(CHUNK):
            yield chunk


def check_uploads(files: Sequence[Upload]) -> list[Checked]:
    """The files that came in one go. Raises UploadRefused for the first that may not
    be kept."""
    if len(files) > MOST_FILES:
        raise UploadRefused(TOO_MANY)
    return [check_upload(file) for file in files]


def check_upload(file: Upload) -> Checked:
    """The file as it may be kept. Raises UploadRefused with words for the person."""
    if isinstance(file, DiscardedUpload):
        raise UploadRefused(file.why_not)
    return _checked(file, file.name or "")


def _checked(file: IO[bytes] | Upload, name: str) -> Checked:
    shown = clean_name(name)
    file.seek(0, SEEK_END)
    size = file.tell()
    if size == 0:
        raise UploadRefused(EMPTY % shown)
    if size > MOST_BYTES:
        raise UploadRefused(TOO_LARGE % shown)
    file.seek(0)
    incoming = _Incoming(file, size, file.read(HEAD), name, shown)
    if incoming.head.startswith(office_documents.START):
        kind, anew = office_documents.rewritten(file, size, shown)
        return Checked(clean_name(name, kind), kind.media_type, anew)
    if office_documents.is_archive_at_end(file, size):
        raise UploadRefused(ARCHIVE_TOO % shown)
    for beginning, check in _BEGINNINGS:
        if incoming.head.startswith(beginning):
            return check(incoming)
    return _checked_text(incoming)


@dataclass(frozen=True)
class _Incoming:
    """A file while it is looked at: how it begins, and its name to show."""

    file: IO[bytes] | Upload
    size: int
    head: bytes
    name: str
    shown: str

    def refuse(self, message: str) -> NoReturn:
        raise UploadRefused(message % self.shown)

    def kept(self, kind: FileKind) -> Checked:
        """Byte for byte as it came."""
        name = clean_name(self.name, kind)
        return Checked(name, kind.media_type, self.file)

    def whole(self) -> bytes:
        self.file.seek(0)
        return self.file.read()


# --- PDFs and pictures ---


def _checked_pdf(incoming: _Incoming) -> Checked:
    """From the first byte to the mark of the end, which programs look for in the last
    kilobyte; nothing but blanks may follow it, and nothing in it may act."""
    incoming.file.seek(max(0, incoming.size - 1024))
    _, mark, rest = incoming.file.read().rpartition(b"%%EOF")
    if not mark or rest.strip(b"\0\t\n\f\r "):
        incoming.refuse(NOT_WHOLE)
    found = pdf_content.found_in(incoming.file)
    if found:
        is_active = found is pdf_content.Found.ACTIVE
        incoming.refuse(ACTIVE_PDF if is_active else CLOSED_PDF)
    return incoming.kept(PDF)


def _checked_png(incoming: _Incoming) -> Checked:
    if incoming.head[8:16] != b"\0\0\0\rIHDR" or len(incoming.head) < 24:
        incoming.refuse(DAMAGED_PICTURE)
    _refuse_unless_fit(incoming, *struct.unpack_from(">II", incoming.head, 16))
    return incoming.kept(PNG)


def _checked_jpeg(incoming: _Incoming) -> Checked:
    _refuse_unless_fit(incoming, *_jpeg_size(incoming.file))
    return incoming.kept(JPEG)


def _refuse_unless_fit(incoming: _Incoming, width: int, height: int) -> None:
    if not width or not height:
        incoming.refuse(DAMAGED_PICTURE)
    if width * height > MOST_PIXELS:
        incoming.refuse(PICTURE_TOO_LARGE)


# Start of a frame; three of these numbers have another meaning (ITU T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MOST_SEGMENTS = 1000


def _jpeg_size(file: IO[bytes] | Upload) -> tuple[int, int]:
    """Width and height in pixels; two zeros when no frame comes before the picture."""
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        segment = file.read(9)
        if len(segment) < 9 or segment[0] != 0xFF:
            break
        if segment[1] in _FRAMES:
            height, width = struct.unpack_from(">HH", segment, 5)
            return width, height
        length = int.from_bytes(segment[2:4])
        file.seek(length + 2 - len(segment), SEEK_CUR)
    return 0, 0


_BEGINNINGS: tuple[tuple[bytes, Callable[[_Incoming], Checked]], ...] = (
    (b"%PDF-1.", _checked_pdf),
    (b"%PDF-2.", _checked_pdf),
    (b"\x89PNG\r\n\x1a\n", _checked_png),
    (b"\xff\xd8\xff", _checked_jpeg),
    (b"\xd0\xcf\x11\xe0", lambda incoming: incoming.refuse(OLD_OR_PROTECTED)),
)

# --- Text, tables and e-mails ---

_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MARK_UP = ("<!doctype", "<html", "<head", "<body", "<svg", "<?xml", "{\\rtf", "%!ps")


def _checked_text(incoming: _Incoming) -> Checked:
    ending = PurePosixPath(incoming.name.lower()).suffix
    if _NO_TEXT.search(incoming.head.decode("latin-1")):
        incoming.refuse(NOT_ALLOWED)
    if ending not in (".txt", ".csv") and uploaded_mail.looks_like_mail(incoming.head):
        return _checked_mail(incoming)
    if incoming.size > MOST_TEXT_BYTES:
        incoming.refuse(TEXT_TOO_LARGE)
    text, charset = _decoded(incoming)
    if text.lstrip("\ufeff \t\r\n")[:20].lower().startswith(_MARK_UP):
        incoming.refuse(MARKED_UP)
    text = mask_numbers(text)
    kind = CSV if ending == ".csv" else TEXT
    if kind is CSV:
        text = _without_formulas(text)
    name = clean_name(incoming.name, kind)
    media_type = f"{kind.media_type}; charset={charset}"
    return Checked(name, media_type, BytesIO(text.encode(charset)))


def _decoded(incoming: _Incoming) -> tuple[str, str]:
    """The text and its character set, of which two are usual here."""
    content = incoming.whole()
    for charset in ("utf-8", "windows-1252"):
        try:
            text = content.decode(charset)
        except UnicodeDecodeError:
            continue
        if not _NO_TEXT.search(text):
            return text, charset
    return incoming.refuse(NOT_ALLOWED)


_SIGNS = re.escape("".join(sign for sign in FORMULA_STARTS if sign.isprintable()))
# Where a spreadsheet would begin to reckon; a number with its sign may stay.
_FORMULA = re.compile(
    rf"(?:^|[\r\n,;\t])\"?[ \u00a0]*+(?=[{_SIGNS}])"
    r"(?![+-][\d .,()/-]{1,40}\"?(?:[\r\n,;\t]|\Z))"
)


def _without_formulas(text: str) -> str:
    """As spreadsheets.neutralised does it, without taking the table apart."""
    return _FORMULA.sub(lambda start: f"{start[0]}'", text)


def _checked_mail(incoming: _Incoming) -> Checked:
    content, left_out = uploaded_mail.checked_mail(
        incoming.whole(), incoming.shown, _attachment
    )
    name = clean_name(incoming.name, MAIL)
    return Checked(name, MAIL.media_type, BytesIO(content), tuple(left_out))


def _attachment(name: str, content: bytes) -> bytes:
    return b"".join(_checked(BytesIO(content), name).chunks())


# --- Names ---

_FORBIDDEN = re.compile(r"[<>:\"|?*]")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def clean_name(name: str, kind: FileKind | None = None) -> str:
    """The name as it may be shown and kept: without a path, without signs that nobody
    sees or that turn the line round, at most 120 long, with an ending that fits."""
    plain = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = " ".join(plain.split())
    plain = "".join(c for c in plain if unicodedata.category(c)[0] != "C")
    plain = _FORBIDDEN.sub("-", mask_numbers(plain)).strip(". ") or "file"
    if _DEVICE.match(plain):
        plain = f"file-{plain}"
    ending = ""
    if kind is not None:
        stem, dot, last = plain.rpartition(".")
        fits = stem and f".{last.lower()}" in kind.endings
        plain, ending = (stem, dot + last) if fits else (plain, kind.endings[0])
    return plain[: NAME_LENGTH - len(ending)].rstrip(". ") + ending
