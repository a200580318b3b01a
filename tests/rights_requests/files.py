"""Small files of every kind that people send, made here byte by byte."""

import base64
import struct
import zipfile
import zlib
from collections.abc import Iterable
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile

PDF = (
    b"%PDF-1.7\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
    b"2 0 obj <</Type/Pages/Kids[]/Count 0>> endobj\n"
    b"trailer <</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)
CARD = "4242 4242 4242 4242"
MASKED = "[card number ending 4242]"


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return (
            struct.pack(">I", len(data))
            + checked
            + struct.pack(">I", zlib.crc32(checked))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress(b"\0\0\0\0" * 2)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", lines)
        + chunk(b"IEND", b"")
    )


def jpeg(width: int = 3, height: int = 2, remark: bytes = b"a photograph") -> bytes:
    def segment(marker: int, data: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
        + segment(0xFE, remark)
        + segment(0xDB, bytes(65))
        + segment(0xC0, frame)
        + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
        + b"\x00\xff\xd9"
    )


def archive(
    members: Iterable[tuple[str, bytes]], *, first_stored: bool = False
) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for number, (name, content) in enumerate(members):
            is_stored = first_stored and number == 0
            method = zipfile.ZIP_STORED if is_stored else zipfile.ZIP_DEFLATED
            package.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def word_members(
    text: str = "Please send me my data.",
    *,
    main_type: str = f"{WORD}.main+xml",
    relationships: str = "",
) -> list[tuple[str, bytes]]:
    """The parts of a letter written in Word."""
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    types = (
        f'{declaration}<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
        'content-types"><Default Extension="rels" ContentType="application/vnd.'
        'openxmlformats-package.relationships+xml"/><Override PartName="/word/'
        f'document.xml" ContentType="{main_type}"/></Types>'
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    links = f'{declaration}<Relationships xmlns="{package}">%s</Relationships>'
    main = (
        f'<Relationship Id="rId1" Type="{RELATIONSHIPS}/officeDocument" '
        'Target="word/document.xml"/>'
    )
    document = (
        f'{declaration}<w:document xmlns:w="http://schemas.openxmlformats.org/'
        f'wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p>'
        "</w:body></w:document>"
    )
    return [
        ("[Content_Types].xml", types.encode()),
        ("_rels/.rels", (links % main).encode()),
        ("word/document.xml", document.encode()),
        ("word/_rels/document.xml.rels", (links % relationships).encode()),
        ("word/media/image1.png", png()),
    ]


def relationship(kind: str, target: str, mode: str = "External") -> str:
    return (
        f'<Relationship Id="rId9" Type="{RELATIONSHIPS}/{kind}" Target="{target}" '
        f'TargetMode="{mode}"/>'
    )


def open_document_members(
    text: str = "Please send me my data.", *, manifest: str = "", body: str = ""
) -> list[tuple[str, bytes]]:
    """The parts of a letter written in LibreOffice."""
    oasis = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        f'xmlns:office="{oasis}:office:1.0" xmlns:text="{oasis}:text:1.0" '
        f'xmlns:draw="{oasis}:drawing:1.0" xmlns:script="{oasis}:script:1.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><office:body><office:text>'
        f"<text:p>{text}</text:p>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    files = (
        f'<manifest:manifest xmlns:manifest="{oasis}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="content.xml">{manifest}'
        "</manifest:file-entry></manifest:manifest>"
    )
    return [
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        ("Configurations2/", b""),
        ("Configurations2/accelerator/current.xml", b""),
        ("content.xml", content.encode()),
        ("Thumbnails/thumbnail.png", png()),
        ("META-INF/manifest.xml", files.encode()),
    ]


def mail(text: str = "Please erase my data.", *parts: tuple[str, str, bytes]) -> bytes:
    """A saved message; each part is an attachment: its name, type and content."""
    head = (
        "Received: from mail.example.com by mx.example.com; Fri, 27 Nov 2026 12:00:00 +0000\r\n"
        "Message-ID: <1@example.com>\r\nFrom: Ada <ada@example.com>\r\n"
        "To: governance@example.com\r\nSubject: My data\r\nMIME-Version: 1.0\r\n"
    )
    if not parts:
        return (
            f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
        )
    body = f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
    body += f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    for name, kind, content in parts:
        body += (
            f'--b\r\nContent-Type: {kind}; name="{name}"\r\n'
            f'Content-Disposition: attachment; filename="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n"
            f"{base64.encodebytes(content).decode()}"
        )
    return f"{body}--b--\r\n".encode()
