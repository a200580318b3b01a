"""Only what is what it says is kept; what is refused is refused in words."""

import base64
import email
import os
import signal
import socket
import struct
import subprocess
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from pytest_django import Settings

from config.embedded import free_port
from config.gunicorn import LONGEST_SILENCE
from outbox.models import InboundEmail
from processing_register.pdf import draw
from rights_requests.upload_kinds import UploadRefused
from rights_requests.upload_limits import MOST_BYTES, MOST_FILES, MOST_READ
from rights_requests.uploads import (
    MOST_TEXT_BYTES,
    NAME_LENGTH,
    Checked,
    check_upload,
    check_uploads,
    clean_name,
)
from tests.growth import grows_with_the_length
from tests.rights_requests.files import (
    CARD,
    MASKED,
    PDF,
    WORD,
    archive,
    jpeg,
    mail,
    members_of,
    open_document_members,
    png,
    relationship,
    upload,
    word_members,
)
from tests.whole_house.test_production import production
from tests.whole_house.test_web_server import COMMAND, wait_for

MEGABYTE = 1024 * 1024


def kept(checked: Checked) -> bytes:
    return b"".join(checked.chunks())


def take(name: str, content: bytes) -> Checked:
    return check_upload(upload(name, content))


def assert_refused(name: str, content: bytes, *words: str) -> None:
    with pytest.raises(UploadRefused) as refusal:
        take(name, content)
    assert name in refusal.value.message
    for word in words:
        assert word in refusal.value.message


# --- What is taken ---

WORD_LETTER = archive(word_members())
OPEN_LETTER = archive(open_document_members(), first_stored=True)
TABLE = b"name,employer\r\nAda,Analytical\r\n"


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("letter.pdf", PDF, "application/pdf"),
        ("photo.jpeg", jpeg(), "image/jpeg"),
        ("photo.JPG", jpeg(), "image/jpeg"),
        ("scan.png", png(), "image/png"),
        ("note.txt", "Grüße".encode(), "text/plain; charset=utf-8"),
        ("note.txt", "Grüße".encode("cp1252"), "text/plain; charset=windows-1252"),
        ("note.txt", b"\xef\xbb\xbfwith a mark", "text/plain; charset=utf-8"),
        ("table.csv", TABLE, "text/csv; charset=utf-8"),
        ("message.eml", mail(), "message/rfc822"),
        (
            "message.eml",
            mail("see", ("a.pdf", "application/pdf", PDF)),
            "message/rfc822",
        ),
    ],
)
def test_a_file_that_is_what_it_says_is_kept_as_it_came(
    name: str, content: bytes, media_type: str
) -> None:
    checked = take(name, content)

    assert (checked.name, checked.media_type) == (name, media_type)
    assert kept(checked) == kept(checked) == content
    assert checked.left_out == ()


def test_an_office_document_is_written_anew_with_the_same_parts() -> None:
    for name, content, media_type in [
        ("letter.docx", WORD_LETTER, WORD),
        ("letter.odt", OPEN_LETTER, "application/vnd.oasis.opendocument.text"),
    ]:
        checked = take(name, content)
        assert (checked.name, checked.media_type) == (name, media_type)
        before = members_of(content)
        before.pop("Configurations2/", None)
        assert members_of(kept(checked)) == before
        assert list(members_of(kept(checked))) == list(before)


def test_the_first_part_of_an_open_document_stays_uncompressed() -> None:
    with zipfile.ZipFile(BytesIO(kept(take("a.odt", OPEN_LETTER)))) as package:
        first = package.infolist()[0]

    assert first.filename == "mimetype"
    assert first.compress_type == zipfile.ZIP_STORED


# --- Lying and odd names ---


@pytest.mark.parametrize(
    ("name", "content", "kept_as"),
    [
        ("passport.exe", jpeg(), "passport.exe.jpg"),
        ("photo.jpg", PDF, "photo.jpg.pdf"),
        ("page.html", b"only text", "page.html.txt"),
        ("letter.doc", WORD_LETTER, "letter.doc.docx"),
        ("message.eml", b"only text", "message.eml.txt"),
        ("message.txt", mail(), "message.txt"),
        ("letter", PDF, "letter.pdf"),
        (".pdf", PDF, "pdf.pdf"),
    ],
)
def test_the_ending_follows_the_content(
    name: str, content: bytes, kept_as: str
) -> None:
    assert take(name, content).name == kept_as


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ada\\letter.txt", "letter.txt"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\u200b\u0000\u0007\u2066b.txt", "ab.txt"),
        ("two\nlines\t.txt", "two lines .txt"),
        ("..", "file"),
        ("", "file"),
        ("\u202e", "file"),
        ("a<b>:c|d?.txt", "a-b--c-d-.txt"),
        ("nul.txt", "file-nul.txt"),
        (f"card {CARD}.txt", f"card {MASKED}.txt"),
        ("Zeugnis für Ada.txt", "Zeugnis für Ada.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("\udce4.txt", "txt"),
    ],
)
def test_a_name_leads_nowhere_and_hides_nothing(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@given(st.text(max_size=300), st.sampled_from([PDF, jpeg(), b"text"]))
@with_settings(max_examples=200)
def test_no_name_is_too_long_or_has_a_path(name: str, content: bytes) -> None:
    file = upload("x", content)
    vars(file)["_name"] = name

    clean = check_upload(file).name

    assert len(clean) <= NAME_LENGTH
    assert clean.isprintable() and clean == clean.strip()
    assert not set(clean) & set('/\\<>:"|?*\0')
    assert clean.endswith((".pdf", ".jpg", ".jpeg", ".txt", ".csv", ".PDF", ".TXT"))


# --- Masked ---


def test_numbers_in_a_text_are_masked_in_its_own_character_set() -> None:
    text = f"Grüße, my card is {CARD}, NI AB 12 34 56 C\r\n"
    masked = f"Grüße, my card is {MASKED}, NI [National Insurance number ending 6C]\r\n"

    for charset in ("utf-8", "windows-1252"):
        checked = take("note.txt", text.encode(charset))
        assert kept(checked) == masked.encode(charset)


def test_a_table_holds_no_card_and_no_formula() -> None:
    table = (
        'name,card,=cmd|"/C calc"!A0\r\n'
        f"@SUM(1),{CARD},-5\r\n"
        '"=HYPERLINK(1)";+44 20 7946 0000;\t-1+cmd\r\n'
        "plain,a=b,-1.50\r\n"
        "＝1+1, +1+cmd,-"
    )
    checked = take("table.csv", table.encode())

    assert kept(checked).decode() == (
        'name,card,\'=cmd|"/C calc"!A0\r\n'
        f"'@SUM(1),{MASKED},-5\r\n"
        "\"'=HYPERLINK(1)\";+44 20 7946 0000;\t'-1+cmd\r\n"
        "plain,a=b,-1.50\r\n"
        "'＝1+1, '+1+cmd,'-"
    )


def test_numbers_in_office_documents_are_masked() -> None:
    word = kept(take("a.docx", archive(word_members(f"My card is {CARD} &amp; more"))))
    written = members_of(word)["word/document.xml"].decode()
    assert f"<w:t>My card is {MASKED} &amp; more</w:t>" in written

    parts = open_document_members(f"My NI number is AB123456C and {CARD}")
    document = kept(take("a.odt", archive(parts, first_stored=True)))
    written = members_of(document)["content.xml"].decode()
    assert f"[National Insurance number ending 6C] and {MASKED}</text:p>" in written


# --- E-mails ---


def test_a_mail_is_masked_in_subject_text_and_attached_text() -> None:
    note = f"the card {CARD}".encode()
    content = mail(f"Grüße, pay with {CARD}.", ("note.txt", "text/plain", note))
    content = content.replace(b"Subject: My data", f"Subject: Re {CARD}".encode())

    checked = take("message.eml", content)

    message = email.message_from_bytes(kept(checked))
    assert message["Subject"] == f"Re {MASKED}"
    assert message["From"] == "Ada <ada@example.com>"
    text, attached = cast(list[Any], message.get_payload())
    assert text.get_payload(decode=True).decode() == f"Grüße, pay with {MASKED}."
    assert attached.get_payload(decode=True).decode() == f"the card {MASKED}"
    assert attached.get_filename() == "note.txt"
    assert b"4242 4242" not in kept(checked)


@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
def test_a_mail_is_masked_however_it_is_coded(coding: str) -> None:
    html = f"<p>card <b>{CARD}</b></p>".encode()
    coded = (
        base64.encodebytes(html)
        if coding == "base64"
        else html[:15] + b"=\r\n" + html[15:]
    )
    content = mail().replace(b"text/plain", b"text/html")
    content = content.replace(
        b"MIME-Version", f"Content-Transfer-Encoding: {coding}\r\nMIME-Version".encode()
    ).replace(b"Please erase my data.\r\n", coded)

    message = email.message_from_bytes(kept(take("a.eml", content)))

    assert message.get_content_type() == "text/html"
    assert f"<b>{MASKED}</b>" in cast(bytes, message.get_payload(decode=True)).decode()


def test_attachments_that_cannot_be_taken_are_left_out_and_named() -> None:
    content = mail(
        "Three files.",
        ("letter.pdf", "application/pdf", PDF),
        ("virus.pdf", "application/pdf", b"MZ\x90\0" + bytes(100)),
        ("macro.docx", WORD, archive([*word_members(), ("word/vbaProject.bin", b"x")])),
    )
    checked = take("message.eml", content)

    assert checked.left_out == ("virus.pdf", "macro.docx")
    _, letter, virus, macro = cast(
        list[Any], email.message_from_bytes(kept(checked)).get_payload()
    )
    assert letter.get_payload(decode=True) == PDF
    assert letter.get_filename() == "letter.pdf"
    for part, name in ((virus, "virus.pdf"), (macro, "macro.docx")):
        assert part.get_content_type() == "text/plain"
        assert part.get_filename() is None
        assert f"“{name}” was not kept" in part.get_payload(decode=True).decode()


def test_a_mail_within_a_mail_is_looked_through() -> None:
    inner = mail(f"pay with {CARD}", ("x.exe", "application/octet-stream", b"MZ\0\0"))
    outer = (
        b"Message-ID: <2@example.com>\nFrom: a@example.com\nSubject: Fwd\n"
        b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="o"\n\n'
        b"--o\nContent-Type: message/rfc822\n\n" + inner + b"\n--o--\n"
    )
    checked = take("fwd.eml", outer)

    assert checked.left_out == ("x.exe",)
    assert b"4242 4242" not in kept(checked)
    assert b"TVoAAA" not in kept(checked)


COMPLEX_MAILS = {
    "lines": mail("\n" * 400_000),
    "parts": mail("\n--b" * 6_000),
    "nests": mail(
        "\n".join(f'Content-Type: multipart/x; boundary="{n}"' for n in range(40))
    ),
    "a long field": mail().replace(
        b"text/plain;", b"text/plain;" + b' a="b";\r\n ' * 2000
    ),
}


@pytest.mark.parametrize("content", COMPLEX_MAILS.values(), ids=COMPLEX_MAILS)
def test_a_mail_made_to_keep_us_busy_is_refused_at_once(content: bytes) -> None:
    assert_refused("busy.eml", content, "too many parts")


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: message/rfc822\r\n\r\n" * 5000,
        "Content-Type: text/plain; charset=punycode\r\n\r\n" + "a" * MEGABYTE,
        "Content-Type: text/plain; charset=idna\r\n\r\n" + "a" * MEGABYTE,
        "Content-Type: text/plain; charset*=punycode''b\r\n\r\n" + CARD,
        "Content-Transfer-Encoding: base64\r\n\r\n====",
        "Subject: =?utf-8?b?!!!?=\r\n\r\n",
        "Subject: =?none?q?a?=\r\n\r\n",
        "Content-Type: multipart/mixed\r\n\r\n" + CARD,
        "Content-Type: ;;;=\r\n\r\n" + CARD,
    ],
)
def test_a_broken_mail_is_masked_or_refused_but_never_fails(head: str) -> None:
    start = (
        "Message-ID: <1@example.com>\r\nFrom: a@example.com\r\nTo: b@example.com\r\n"
    )
    try:
        checked = take("odd.eml", (start + head).encode())
    except UploadRefused as refusal:
        assert "odd.eml" in refusal.message
    else:
        assert CARD.encode() not in kept(checked)


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 400))
@with_settings(max_examples=150, deadline=None)
def test_no_garbled_mail_makes_it_fail(junk: bytes, start: int, end: int) -> None:
    content = mail("see", ("a.docx", WORD, WORD_LETTER), ("b.txt", "text/plain", b"x"))
    try:
        take("odd.eml", content[:start] + junk + content[end:])
    except UploadRefused as refusal:
        assert "odd.eml" in refusal.message


# --- What is refused ---

OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.pdf", b"", "is empty"),
        ("program.pdf", b"MZ\x90\0" + bytes(100), "PDF, JPEG, PNG"),
        ("program.txt", b"\x7fELF" + bytes(100), "PDF, JPEG, PNG"),
        ("movie.mp4", b"\0\0\0\x18ftypmp42" + bytes(100), "PDF, JPEG, PNG"),
        ("picture.gif", b"GIF89a\x01\0\x01\0\0\0\0", "PDF, JPEG, PNG"),
        ("wide.txt", "text".encode("utf-16"), "PDF, JPEG, PNG"),
        ("nul.txt", b"a text with\0 in it", "PDF, JPEG, PNG"),
        ("late.txt", b"a" * 20_000 + b"\0", "PDF, JPEG, PNG"),
        ("control.txt", b"a text with \x1b[31m in it", "PDF, JPEG, PNG"),
        ("neither.txt", b"no utf-8 \xff and no \x81 windows", "PDF, JPEG, PNG"),
        ("old.doc", OLD_WORD, "older Office"),
        ("protected.docx", OLD_WORD, "password"),
        (
            "page.html",
            b"\xef\xbb\xbf  <!DOCTYPE html><script>1</script>",
            "no plain text",
        ),
        ("page.txt", b"<html>", "no plain text"),
        ("drawing.svg", b"<svg onload='x()'>", "no plain text"),
        ("letter.rtf", b"{\\rtf1 hello}", "no plain text"),
        ("archive.zip", archive([("a.txt", b"x")]), ".docx"),
        ("empty.zip", archive([]), "archive"),
        ("table.xlsx", archive([("[Content_Types].xml", b"<Types/>")]), ".docx"),
        ("half.pdf", PDF[:60], "cut off"),
        ("half.png", png()[:20], "damaged"),
        ("half.jpg", jpeg()[:40], "damaged"),
        ("no.jpg", b"\xff\xd8\xff<html>" + bytes(100), "damaged"),
        ("bomb.png", png(50_000, 50_000), "smaller"),
        ("bomb.jpg", jpeg(60_000, 60_000), "smaller"),
        ("no.png", png(0, 5), "damaged"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(
    name: str, content: bytes, words: str
) -> None:
    assert_refused(name, content, words)


# --- What a PDF would do ---


def pdf(*objects: bytes) -> bytes:
    return PDF.replace(b"trailer", b"".join(objects) + b"\ntrailer")


def object_stream(inside: bytes, dictionary: bytes = b"/Filter/FlateDecode") -> bytes:
    packed = zlib.compress(inside)
    head = b"9 0 obj <</Type/ObjStm/N 1%s/Length %d>>" % (dictionary, len(packed))
    return head + b"\nstream\r\n" + packed + b"\nendstream endobj\n"


SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"
ACTS = {
    "script": pdf(b"3 0 obj " + SCRIPT + b" endobj"),
    "spelt by numbers": pdf(b"3 0 obj <</S /J#61va#53cript /JS(1)>> endobj"),
    "program": pdf(b"3 0 obj <</S/Launch/F(calc.exe)>> endobj"),
    "another file": pdf(b"3 0 obj <</Type/EmbeddedFile/Length 0>> endobj"),
    "names of files": pdf(b"3 0 obj <</Names<</EmbeddedFiles 4 0 R>>>> endobj"),
    "sends": pdf(b"3 0 obj <</S/SubmitForm/F(https://example.com)>> endobj"),
    "scripted form": pdf(b"3 0 obj <</XFA 4 0 R>> endobj"),
    "packed": pdf(object_stream(b"3 0 " + SCRIPT)),
    "packed, spelt by numbers": pdf(
        object_stream(b"3 0 <</S/J#61vaScript>>").replace(b"/ObjStm", b"/Obj#53tm")
    ),
    # Some programs know it by its other entries, and never ask for its type.
    "packed, without its type": pdf(
        object_stream(b"3 0 " + SCRIPT, b"/First 4/Filter/FlateDecode").replace(
            b"/Type/ObjStm", b""
        )
    ),
    "packed second": pdf(object_stream(b"3 0 <<>>"), object_stream(SCRIPT)),
}


@pytest.mark.parametrize("content", ACTS.values(), ids=ACTS)
def test_a_pdf_that_would_do_something_is_refused_in_words(content: bytes) -> None:
    assert_refused("letter.pdf", content, "a script, another file")


CLOSED = {
    "another filter": pdf(object_stream(SCRIPT, b"/Filter/LZWDecode")),
    "two filters": pdf(object_stream(SCRIPT, b"/Filter[/ASCIIHexDecode/FlateDecode]")),
    "shifted": pdf(
        object_stream(SCRIPT, b"/Filter/FlateDecode/DecodeParms<</Predictor 12>>")
    ),
    "elsewhere": pdf(object_stream(SCRIPT, b"/F(other.bin)/Filter/FlateDecode")),
    "damaged": pdf(object_stream(SCRIPT).replace(b"\x78", b"\x00")),
    "without a stream": pdf(b"9 0 obj <</Type/ObjStm/N 1/Filter/FlateDecode>> endobj"),
    "far away": pdf(
        object_stream(SCRIPT).replace(b">>\nstream", b">>" + b" " * 5000 + b"\nstream")
    ),
    "bomb": pdf(object_stream(bytes(40 * MEGABYTE))),
}


@pytest.mark.parametrize("content", CLOSED.values(), ids=CLOSED)
def test_a_pdf_that_cannot_be_looked_into_is_refused_in_words(content: bytes) -> None:
    assert_refused("letter.pdf", content, "we cannot look for scripts")


QUIET = {
    "packed": pdf(object_stream(b"3 0 <</Type/Page>>")),
    "packed, at the start of much": pdf(
        object_stream(b"3 0 <</Type/Page>>"), b"% paper\n" * 1000
    ),
    "packed, in brackets": pdf(object_stream(b"3 0 <<>>", b"/Filter [ /FlateDecode ]")),
    "open": pdf(b"9 0 obj <</Type/ObjStm/N 1>>\nstream\n3 0 <<>>\nendstream endobj"),
    "an outline": pdf(b"3 0 obj <</Type/Outlines/First 4 0 R/Last 4 0 R>> endobj"),
    "an outline before a page": pdf(
        b"3 0 obj <</First 4 0 R>> endobj 5 0 obj <</Length 3>>\nstream\nq Q\nendstream"
    ),
    "a link": pdf(b"3 0 obj <</S/URI/URI(https://example.com)>> endobj"),
    "a plain form": pdf(b"3 0 obj <</AcroForm<</Fields[]>>>> endobj"),
    "named like it": pdf(b"3 0 obj <</LaunchPad 1/JavaScripts 2>> endobj"),
}


@pytest.mark.parametrize("content", QUIET.values(), ids=QUIET)
def test_a_pdf_with_pages_alone_is_taken_as_it_is(content: bytes) -> None:
    assert kept(take("letter.pdf", content)) == content


def test_the_papers_that_we_draw_ourselves_are_taken(tmp_path: Path) -> None:
    style = tmp_path / "none.css"
    style.write_text("")
    drawn = draw("<html lang='en'><title>A letter</title><p>Dear Ada</p>", style=style)

    assert kept(take("letter.pdf", drawn)) == drawn


@pytest.mark.parametrize(
    "unit",
    [
        *("/ObjStm ", "/ObjStm stream\n", "obj /ObjStm stream\n", "#", "/#4a"),
        *("obj stream\n", "/", "obj<</ObjStm/Filter/FlateDecode>>stream\n"),
        *("/First ", "/First endobj ", "obj<</First/Filter/FlateDecode>>stream\n"),
    ],
)
def test_no_pdf_takes_long_to_look_through(unit: str) -> None:
    def check(text: str) -> None:
        content = b"%PDF-1.7\n" + text.encode() + b"\n%%EOF\n"
        with suppress(UploadRefused):
            check_upload(upload("letter.pdf", content))

    hostile = (unit * 1_000_000)[:1_000_000]

    assert grows_with_the_length(check, hostile)


TAIL = archive([("evil.txt", b"x")])
COMMENTED = TAIL[:-2] + struct.pack("<H", 6) + b"%%EOF\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("two.pdf", PDF + TAIL),
        ("two.pdf", PDF + COMMENTED),
        ("two.pdf", PDF + b"<script>alert(1)</script>"),
        ("two.jpg", jpeg() + TAIL),
        ("two.png", png() + TAIL),
        ("two.txt", b"a text, then" + TAIL.replace(b"\0", b"")),
        ("two.docx", WORD_LETTER + TAIL),
        ("two.docx", WORD_LETTER + b"tail"),
        ("two.docx", WORD_LETTER[:-2] + struct.pack("<H", 4) + b"more"),
        ("two.docx", b"PK\x03\x04" + WORD_LETTER),
    ],
)
def test_a_file_that_is_two_things_at_once_is_refused(
    name: str, content: bytes
) -> None:
    with pytest.raises(UploadRefused):
        take(name, content)


def test_a_picture_that_holds_a_page_is_only_ever_a_picture() -> None:
    checked = take("x.html", jpeg(remark=b"<html><script>alert(1)</script></html>"))

    assert (checked.name, checked.media_type) == ("x.html.jpg", "image/jpeg")


# --- Office documents that are more than a letter ---


def changed(
    content: bytes, change: Callable[[zipfile.ZipInfo], None], *, word: bool = True
) -> bytes:
    """The archive with what its directory says of each member changed."""
    source = zipfile.ZipFile(BytesIO(content))
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as package:
        for info in source.infolist():
            package.writestr(info, source.read(info))
        for info in package.infolist():
            change(info)
    return target.getvalue()


def as_link(info: zipfile.ZipInfo) -> None:
    if info.filename == "word/media/image1.png":
        info.external_attr = 0o120777 << 16


def as_encrypted(info: zipfile.ZipInfo) -> None:
    info.flag_bits |= 0x1


def as_other_method(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_LZMA


def as_smaller(info: zipfile.ZipInfo) -> None:
    if info.filename == "word/document.xml":
        info.file_size = 10


XML = b'<?xml version="1.0"?>'
ENTITIES = XML + b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>'
OTHER_ENCODING = b'<?xml version="1.0" encoding="utf-7"?><a/>'
ENCRYPTED = '<manifest:encryption-data manifest:checksum="x"/>'
PICTURE = '<draw:image xlink:href="{}" xlink:actuate="onLoad"/>'
LISTENER = '<script:event-listener xlink:href="vnd.sun.star.script:x"/>'


def word_with(*members: tuple[str, bytes], **changes: Any) -> bytes:
    return archive([*word_members(**changes), *members])


def open_document_with(*members: tuple[str, bytes], **changes: Any) -> bytes:
    return archive([*open_document_members(**changes), *members], first_stored=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (word_with(("word/vbaProject.bin", b"x")), "macro"),
        (word_with(("word/VBAPROJECT.BIN", b"x")), "macro"),
        (word_with(("word/activeX/activeX1.xml", b"<a/>")), "macro"),
        (
            word_with(
                main_type="application/vnd.ms-word.document.macroEnabled.main+xml"
            ),
            "macro",
        ),
        (word_with(relationships=relationship("control", "x", "Internal")), "macro"),
        (word_with(("word/embeddings/a.xlsx", archive([("a", b"x")]))), "another file"),
        (word_with(("word/embeddings/ole.bin", OLD_WORD)), "another file"),
        (word_with(("word/media/image2.png", b"MZ\x90\0")), "another file"),
        (
            word_with(relationships=relationship("aFChunk", "a.html", "Internal")),
            "another",
        ),
        (
            word_with(
                relationships=relationship(
                    "attachedTemplate", "http://example.com/a.dotm"
                )
            ),
            "fetches",
        ),
        (
            word_with(relationships=relationship("image", "http://example.com/a.png")),
            "fetches",
        ),
        (word_with(("../evil.xml", b"<a/>")), "damaged"),
        (word_with(("word/../../evil.xml", b"<a/>")), "damaged"),
        (word_with(("/etc/passwd", b"x")), "damaged"),
        (word_with(("C:evil.xml", b"<a/>")), "damaged"),
        (word_with(("word\\evil.xml", b"<a/>")), "damaged"),
        (word_with(("word/DOCUMENT.xml", b"<a/>")), "damaged"),
        (word_with(("word/a\x07.xml", b"<a/>")), "damaged"),
        (word_with(("word/broken.xml", b"<a>")), "damaged"),
        (word_with(("word/entities.xml", ENTITIES)), "damaged"),
        (word_with(("word/encoded.xml", OTHER_ENCODING)), "damaged"),
        (word_with(("word/wide.xml", "<a/>".encode("utf-16"))), "damaged"),
        (changed(WORD_LETTER, as_link), "damaged"),
        (changed(WORD_LETTER, as_other_method), "damaged"),
        (changed(WORD_LETTER, as_smaller), "damaged"),
        (changed(WORD_LETTER, as_encrypted), "password"),
        (WORD_LETTER[: len(WORD_LETTER) // 2], "damaged"),
        (WORD_LETTER.replace(b"word/document", b"word/dokument", 1), "damaged"),
        (open_document_with(("Basic/Standard/Module1.xml", b"<a/>")), "macro"),
        (open_document_with(("Scripts/python/a.py", b"x")), "macro"),
        (open_document_with(body=LISTENER), "macro"),
        (open_document_with(manifest=ENCRYPTED), "password"),
        (
            open_document_with(body=PICTURE.format("http://example.com/a.png")),
            "fetches",
        ),
        (open_document_with(body=PICTURE.format("//example.com/a.png")), "fetches"),
        (open_document_with(body=PICTURE.format("file:///etc/passwd")), "fetches"),
        (open_document_with(("Object 1", OLD_WORD)), "another file"),
    ],
)
def test_an_office_document_that_is_more_than_a_letter_is_refused(
    content: bytes, words: str
) -> None:
    assert_refused("letter.docx", content, words)


@pytest.mark.parametrize(
    "content",
    [
        word_with(relationships=relationship("hyperlink", "https://example.com/a")),
        word_with(relationships=relationship("image", "media/image1.png", "Internal")),
        open_document_with(body=PICTURE.format("Pictures/1.png")),
        open_document_with(body='<text:a xlink:href="https://example.com/">a</text:a>'),
        open_document_with(("manifest.rdf", b"<a/>"), ("layout-cache", b"\1\2")),
    ],
)
def test_a_letter_with_links_and_pictures_is_taken(content: bytes) -> None:
    taken = take("letter.docx", content)

    assert taken.name.startswith("letter.")


# --- Bombs ---


def bomb(size: int, name: str = "word/media/image2.png") -> bytes:
    return word_with((name, bytes(size)))


@pytest.mark.parametrize(
    "content",
    [
        bomb(60 * MEGABYTE),
        bomb(20 * MEGABYTE),
        bomb(11 * MEGABYTE, "word/big.xml"),
        archive(
            [
                *word_members(),
                *((f"word/media/{n}", bytes(MEGABYTE)) for n in range(60)),
            ]
        ),
        archive([*word_members(), *((f"word/{n}", b"") for n in range(1100))]),
    ],
    ids=["a large member", "shrunk to nothing", "large XML", "many large", "very many"],
)
def test_a_bomb_is_refused_without_being_unpacked(content: bytes) -> None:
    tracemalloc.start()
    try:
        assert_refused("bomb.docx", content, "too large")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 4 * MEGABYTE


def test_a_bomb_that_lies_about_its_size_is_refused_all_the_same() -> None:
    def as_small(info: zipfile.ZipInfo) -> None:
        if info.filename == "word/media/image2.png":
            info.file_size = 100

    tracemalloc.start()
    try:
        with pytest.raises(UploadRefused):
            take("bomb.docx", changed(bomb(20 * MEGABYTE), as_small))
    finally:
        tracemalloc.stop()


def test_a_bomb_inside_a_mail_is_left_out() -> None:
    checked = take("a.eml", mail("see", ("b.docx", WORD, bomb(60 * MEGABYTE))))

    assert checked.left_out == ("b.docx",)


def overlapping(copies: int) -> bytes:
    """Many entries in the directory that all lead to the same content."""
    content = archive([*word_members(), ("word/media/1.png", bytes(MEGABYTE))])
    end = struct.Struct("<4s4H2LH")
    mark, _, _, count, _, length, offset, _ = end.unpack(content[-22:])
    directory = content[offset : offset + length]
    start = directory.rindex(b"PK\x01\x02")
    last = directory[start:]
    more = b"".join(
        last.replace(b"media/1.png", f"media/{n:05}"[:11].encode())
        for n in range(copies)
    )
    total = count + copies
    return (
        content[: offset + length]
        + more
        + end.pack(mark, 0, 0, total, total, length + len(more), offset, 0)
    )


def test_entries_that_share_one_content_are_refused() -> None:
    with pytest.raises(UploadRefused):
        take("bomb.docx", overlapping(200))


# --- Sizes, through a page and the handler of the settings ---

urls = pytest.mark.urls("tests.rights_requests.upload_urls")
TYPED = {"words": "Please send me my data", "name": "Ada"}


def post(client: Client, *files: SimpleUploadedFile, **more: str) -> Any:
    return client.post("/take/", {**TYPED, "files": list(files), **more})


@urls
def test_five_files_of_ten_megabytes_are_taken_without_holding_them(
    client: Client,
) -> None:
    text = b"%PDF-1.7\n" + bytes(MOST_BYTES - 15) + b"%%EOF\n"
    body = form(text, MOST_FILES)
    incoming = BytesIO(body)

    tracemalloc.start()
    try:
        answer = send(client, incoming, len(body))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert answer.status_code == 200, answer.json()
    assert answer.json() == {"typed": TYPED, "refused": "", "sizes": [MOST_BYTES] * 5}
    assert peak < 8 * MEGABYTE


def form(content: bytes, count: int) -> bytes:
    """What a browser sends: the fields, then so many files."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in TYPED.items()
    ]
    head = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
    )
    parts += [head + content + b"\r\n"] * count
    return b"".join(parts) + b"--b--\r\n"


def send(client: Client, body: BytesIO, length: int) -> Any:
    """As the web server hands it over: to be read piece by piece."""
    return cast(Any, client).request(
        **{
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/take/",
            "CONTENT_TYPE": "multipart/form-data; boundary=b",
            "CONTENT_LENGTH": str(length),
            "wsgi.input": body,
        }
    )


@urls
@pytest.mark.parametrize("size", [MOST_BYTES + 1, 50 * MEGABYTE])
def test_a_file_that_is_too_large_is_refused_and_what_was_typed_stays(
    client: Client, size: int
) -> None:
    body = form(bytes(size), 1)
    incoming = BytesIO(body)

    tracemalloc.start()
    try:
        answer = send(client, incoming, len(body))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert answer.status_code == 413
    assert answer.json()["typed"] == TYPED
    assert (
        answer.json()["refused"] == "Choose a file of at most 10 MB instead of “a.pdf”"
    )
    assert peak < 8 * MEGABYTE


@urls
def test_a_form_that_is_much_too_large_is_answered_without_reading_it(
    client: Client,
) -> None:
    class Endless(BytesIO):
        """Ends in a failure when more than the beginning is asked for."""

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            assert self.tell() < 2 * MEGABYTE, "reads on"
            return data

    body = Endless(form(bytes(3 * MEGABYTE), 1))
    answer = send(client, body, MOST_READ + 1)

    assert answer.status_code == 413
    assert answer.json()["typed"] == TYPED
    assert "at most 5 files of 10 MB" in answer.json()["refused"]


@urls
def test_a_sixth_file_is_refused(client: Client) -> None:
    answer = post(client, *(upload(f"{n}.txt", b"text") for n in range(6)))

    assert answer.status_code == 413
    assert answer.json()["typed"] == TYPED
    assert answer.json()["refused"] == "Choose at most 5 files"
    with pytest.raises(UploadRefused, match="at most 5"):
        check_uploads([upload("a.txt", b"text")] * 6)


@urls
def test_an_empty_and_a_good_file_are_told_apart(client: Client) -> None:
    answer = post(client, upload("a.txt", b"text"), upload("b.txt", b""))

    assert answer.json()["refused"] == "Choose another file: “b.txt” is empty"


@urls
def test_a_large_text_is_refused(client: Client) -> None:
    answer = post(client, upload("a.txt", b"a" * (MOST_TEXT_BYTES + 1)))

    assert (
        answer.json()["refused"] == "Choose a text of at most 2 MB instead of “a.txt”"
    )


@urls
def test_a_file_that_breaks_off_is_not_kept(client: Client) -> None:
    body = form(PDF, 1)[: -len(PDF)]

    answer = send(client, BytesIO(body), len(body))

    assert answer.json()["sizes"] == []


@pytest.mark.django_db
def test_the_web_server_answers_before_a_form_much_too_large_has_come(
    tmp_path: Path,
) -> None:
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [
                *COMMAND,
                f"--bind=127.0.0.1:{port}",
                "tests.rights_requests.upload_server",
            ],
            cwd=project.BASE_DIR,
            env=production(tmp_path),
            stderr=log,
        )
        wait_for(port)
        try:
            answer, seconds = begin_to_send(port, 300 * MEGABYTE)
        finally:
            os.kill(server.pid, signal.SIGTERM)
            server.wait(30)

    assert answer.startswith(b"HTTP/1.1 413 "), (tmp_path / "log").read_text()
    assert b'"name": "Ada"' in answer
    assert seconds < LONGEST_SILENCE / 2, "not because the client had fallen silent"
    assert "Traceback" not in (tmp_path / "log").read_text()


def begin_to_send(port: int, size: int) -> tuple[bytes, float]:
    """Announce a form of this size and send its first megabyte: the answer, and after
    how many seconds it was there."""
    host = "Host: updates.example.co.uk\r\nConnection: close\r\n"
    head = (
        f"POST /take/ HTTP/1.1\r\n{host}Content-Length: {size}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    # The first answer of a new server takes longer.
    ask(port, f"GET /take/ HTTP/1.1\r\n{host}\r\n".encode())
    began = time.monotonic()
    answer = ask(port, head.encode() + form(bytes(MEGABYTE), 1))
    return answer, time.monotonic() - began


def ask(port: int, request: bytes) -> bytes:
    """The answer, also from a server that has closed on what it did not read."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(request)
        with suppress(ConnectionResetError):
            while piece := client.recv(65_536):
                answer += piece
    return answer


@urls
@pytest.mark.django_db
def test_a_mail_from_a_provider_may_have_more_attachments(
    client: Client, settings: Settings
) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "post:man"}
    names = [f"attachment{n}" for n in range(1, 8)]
    details = {
        name: {"filename": f"{name}.txt", "type": "text/plain"} for name in names
    }
    fields: dict[str, Any] = {
        "headers": "From: ada@example.com\nTo: governance@valuelicensing.com\nSubject: Hi",
        "from": "ada@example.com",
        "text": "Please send me my data",
        "envelope": '{"from": "ada@example.com", "to": ["governance@valuelicensing.com"]}',
        "attachment-info": str(details).replace("'", '"'),
    }
    files = {name: upload(f"{name}.txt", f"text of {name}".encode()) for name in names}

    answer = client.post(
        "/anymail/sendgrid/inbound/",
        fields | files,
        headers={"authorization": "Basic " + base64.b64encode(b"post:man").decode()},
    )

    assert answer.status_code == 200
    raw = email.message_from_string(InboundEmail.objects.get().raw_message)
    texts = [part.get_payload(decode=True) for part in raw.walk()]
    for name in names:
        assert f"text of {name}".encode() in texts
