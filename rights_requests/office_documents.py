"""Documents of Word and OpenDocument: archives of many members, so a place to hide in.

Such a document is never kept as it came. It is written anew, member by member, and read
no further than a limit, whatever the archive says of itself. What stands before, between
or behind the members is left behind; a program, another file inside and a reference that
would be fetched on opening are refused.
"""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO
from xml.parsers import expat

from groundwork.masking import mask_numbers
from rights_requests.upload_kinds import DOCX, ODT, FileKind, UploadRefused

MEGABYTE = 1024 * 1024
CHUNK = 64 * 1024
IN_MEMORY = 256 * 1024
# Far more than a letter with pictures needs.
MOST_MEMBERS = 1000
MOST_DIRECTORY_BYTES = 512 * 1024
MOST_BYTES = 50 * MEGABYTE
MOST_XML_BYTES = 10 * MEGABYTE  # of all members; a long book has less
# Text shrinks to a tenth and the rows of a table to a fiftieth, bombs to a thousandth.
MOST_SHRUNK = 200

START = b"PK\x03\x04"

DAMAGED = "Save “%s” as a PDF and choose that: this copy is damaged or packed oddly"
TOO_LARGE = "Save “%s” as a PDF and choose that: unpacked it is too large"
PROTECTED = "Choose a copy of “%s” that opens without a password"
WITH_PROGRAM = "Save “%s” as a PDF and choose that: it holds a program (a macro)"
WITH_FILE = "Save “%s” as a PDF and choose that: it holds another file"
WITH_LINK = "Save “%s” as a PDF and choose that: it fetches something when opened"
NEITHER = "Save “%s” as a PDF, .docx or .odt and choose that"


def rewritten(file: IO[bytes], size: int, name: str) -> tuple[FileKind, IO[bytes]]:
    """Its kind, and the document anew with the numbers in its text masked.

    What a word processor has cut into pieces (because a part is bold, say) and what
    pictures show stays as it is. Raises UploadRefused, whose message names the file.
    """
    _refuse_unless_plain(file, size, name)
    budget = _Budget(min(MOST_BYTES, max(MEGABYTE, size * MOST_SHRUNK)), name)
    xml_budget = _Budget(MOST_XML_BYTES, name)
    copy: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)
    try:
        with zipfile.ZipFile(file) as package, zipfile.ZipFile(copy, "w") as anew:
            members = _plain_members(package, budget, name)
            kind = _kind(package, members, name)
            for member in members.values():
                chunks = _chunks(package, member, budget)
                if member.filename.lower().endswith(_XML_ENDINGS):
                    chunks = _masked_xml(chunks, xml_budget, kind, name)
                else:
                    chunks = _without_other_file(chunks, name)
                _write(anew, member, chunks)
    except _NO_ARCHIVE as error:
        copy.close()
        raise UploadRefused(DAMAGED % name) from error
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return kind, copy


_NO_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    UnicodeError,
    struct.error,
    expat.ExpatError,
)


# --- What the archive says of itself ---

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"


def is_archive_at_end(file: IO[bytes], size: int) -> bool:
    """Whether the end of this file makes it an archive too, whatever it begins with."""
    file.seek(max(0, size - _END.size - 0xFFFF))
    tail = file.read()
    place = tail.rfind(_END_MARK)
    while place >= 0:
        end = place + _END.size
        if end <= len(tail) and end + _END.unpack_from(tail, place)[-1] == len(tail):
            return True
        place = tail.rfind(_END_MARK, 0, place)
    return False


def _refuse_unless_plain(file: IO[bytes], size: int, name: str) -> None:
    """One archive from the first byte to the last, with a directory of bounded size:
    its module would read a directory of any."""
    file.seek(max(0, size - _END.size))
    end = file.read()
    if len(end) != _END.size:
        raise UploadRefused(DAMAGED % name)
    mark, disk, first_disk, here, count, length, offset, comment = _END.unpack(end)
    is_whole = mark == _END_MARK and offset + length + _END.size == size
    if not is_whole or disk or first_disk or comment or here != count:
        raise UploadRefused(DAMAGED % name)
    if count > MOST_MEMBERS or length > MOST_DIRECTORY_BYTES:
        raise UploadRefused(TOO_LARGE % name)


_PLAIN_NAME = re.compile(r"(?!/)[^\x00-\x1f\x7f\\:*?\"<>|]{1,200}")
_PROGRAM = re.compile(
    r"vbaproject|vbadata|(?:^|/)(?:activex|basic|scripts)/", re.IGNORECASE
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_IS_ENCRYPTED = 0x1


def _plain_members(
    package: zipfile.ZipFile, budget: "_Budget", name: str
) -> dict[str, zipfile.ZipInfo]:
    """The members by their names, which lead nowhere else and are all different."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in package.infolist():
        if member.flag_bits & _IS_ENCRYPTED:
            raise UploadRefused(PROTECTED % name)
        if _PROGRAM.search(member.filename):
            raise UploadRefused(WITH_PROGRAM % name)
        if not _is_plain(member) or member.filename.lower() in members:
            raise UploadRefused(DAMAGED % name)
        if not member.is_dir():
            members[member.filename.lower()] = member
    budget.allows(sum(member.file_size for member in members.values()))
    return members


def _is_plain(member: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16)
    return (
        _PLAIN_NAME.fullmatch(member.filename) is not None
        and ".." not in member.filename.split("/")
        and kind in (0, stat.S_IFREG, stat.S_IFDIR)
        and member.compress_type in _METHODS
    )


class _Budget:
    """How many bytes may still come out of an archive."""

    def __init__(self, limit: int, name: str) -> None:
        self.left = limit
        self.name = name

    def allows(self, count: int) -> None:
        if count > self.left:
            raise UploadRefused(TOO_LARGE % self.name)

    def spend(self, count: int) -> None:
        self.allows(count)
        self.left -= count


def _chunks(
    package: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget
) -> Iterator[bytes]:
    with package.open(member) as content:
        while chunk := content.read(CHUNK):
            budget.spend(len(chunk))
            yield chunk


# --- What kind of document it is ---

_CONTENT_TYPES = "[content_types].xml"
_WORD_TEXT = DOCX.media_type + ".main+xml"


def _kind(
    package: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], name: str
) -> FileKind:
    if "mimetype" in members:
        with package.open(members["mimetype"]) as content:
            if content.read(100) == ODT.media_type.encode():
                return ODT
    if _CONTENT_TYPES in members:
        types = _content_types(package, members[_CONTENT_TYPES], name)
        if any("macroenabled" in kind or "vbaproject" in kind for kind in types):
            raise UploadRefused(WITH_PROGRAM % name)
        if _WORD_TEXT in types:
            return DOCX
    raise UploadRefused(NEITHER % name)


def _content_types(
    package: zipfile.ZipFile, member: zipfile.ZipInfo, name: str
) -> set[str]:
    types = set()

    def note(element: str, attributes: dict[str, str]) -> None:
        types.add(attributes.get("ContentType", "").lower())

    content = b"".join(_chunks(package, member, _Budget(MEGABYTE, name)))
    _walk(content, note)
    return types


# --- Member by member ---

_XML_ENDINGS = (".xml", ".rels", ".rdf")
# Archives, programs, and the older Office format, which may hold either.
_OTHER_FILES = (
    *(START, b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0"),
    *(b"MZ", b"\x7fELF", b"#!", b"{\\rtf", b"%PDF"),
)
# Long enough to hold a number that is masked.
_TEXT_NODE = re.compile(r">[^<>]{8,}")
_BETWEEN = "\x01"


def _write(
    anew: zipfile.ZipFile, member: zipfile.ZipInfo, chunks: Iterator[bytes]
) -> None:
    """Without what the archive notes besides: times, attributes, remarks."""
    fresh = zipfile.ZipInfo(member.filename)
    fresh.compress_type = member.compress_type
    with anew.open(fresh, "w") as target:
        for chunk in chunks:
            target.write(chunk)


def _without_other_file(chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    first = next(chunks, b"")
    if first.startswith(_OTHER_FILES):
        raise UploadRefused(WITH_FILE % name)
    yield first
    yield from chunks


def _masked_xml(
    chunks: Iterator[bytes], budget: _Budget, kind: FileKind, name: str
) -> Iterator[bytes]:
    content = bytearray()
    for chunk in chunks:
        budget.spend(len(chunk))
        content += chunk
    if content:  # LibreOffice adds an empty member to every document
        refuse = _refuse_word if kind is DOCX else _refuse_open_document
        _walk(bytes(content), lambda element, known: refuse(element, known, name))
        yield _masked(content.decode()).encode()


def _masked(text: str) -> str:
    """All pieces of text at once, apart by a sign that XML cannot hold."""
    pieces = mask_numbers(_BETWEEN.join(_TEXT_NODE.findall(text))).split(_BETWEEN)
    masked = iter(pieces)
    return _TEXT_NODE.sub(lambda _: next(masked), text)


def _walk(content: bytes, visit: Callable[[str, dict[str, str]], None]) -> None:
    """Read XML in UTF-8 and show each element, its name after that of its namespace.

    Raises expat.ExpatError for what is no such XML. A document type, with which XML can
    refer to other files or grow without end, no office document has.
    """

    def refuse_document_type(*_: object) -> None:
        raise expat.ExpatError("document type")

    def refuse_other_encoding(version: str, encoding: str | None, *_: object) -> None:
        if (encoding or "utf-8").lower() != "utf-8":
            raise expat.ExpatError("encoding")

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartDoctypeDeclHandler = refuse_document_type
    parser.XmlDeclHandler = refuse_other_encoding
    parser.StartElementHandler = visit
    parser.Parse(content, True)


_PARTS_WITH_PROGRAM = ("/vbaProject", "/control", "/activeXControlBinary")
_PARTS_WITH_FILE = ("/oleObject", "/package", "/aFChunk", "/subDocument")


def _refuse_word(element: str, attributes: dict[str, str], name: str) -> None:
    """A relationship says what a part is for, and whether it lies outside."""
    if not element.endswith(" Relationship"):
        return
    kind = attributes.get("Type", "")
    if kind.endswith(_PARTS_WITH_PROGRAM):
        raise UploadRefused(WITH_PROGRAM % name)
    is_outside = attributes.get("TargetMode", "").lower() == "external"
    if is_outside and not kind.endswith("/hyperlink"):
        raise UploadRefused(WITH_LINK % name)
    if kind.endswith(_PARTS_WITH_FILE):
        raise UploadRefused(WITH_FILE % name)


_HREF = "http://www.w3.org/1999/xlink href"
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//|\\|/|\.\./", re.IGNORECASE)
# Followed only when somebody clicks, or never.
_HARMLESS = (" a", " template")


def _refuse_open_document(element: str, attributes: dict[str, str], name: str) -> None:
    if element.endswith(" encryption-data"):
        raise UploadRefused(PROTECTED % name)
    if element.endswith((" event-listener", " script")):
        raise UploadRefused(WITH_PROGRAM % name)
    reference = attributes.get(_HREF, "")
    if _OUTSIDE.match(reference) and not element.endswith(_HARMLESS):
        raise UploadRefused(WITH_LINK % name)
