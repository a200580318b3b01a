"""By what a person is recognised in texts and bytes, however it is spelt there."""

import base64
import json
import pickle
import quopri
from email.header import Header

import pytest

from rights_requests.fulfilment.identifiers import (
    Identifiers,
    Needle,
    What,
    dialled,
)

CODE = bytes(range(32))
SOUGHT = Identifiers(
    addresses=("zoë.o'hara+news@example.com", "ada@example.com"),
    digests=(CODE.hex(),),
    names=("zoë o'hara-smith",),
    telephones=("01332555010",),
    streets=("1 mill lane, derby de1 2ab",),
)
NEEDLE = Needle.of(SOUGHT)

FOUND = [
    ("Write to ada@example.com.", What.ADDRESS),
    ("<ADA@Example.COM>", What.ADDRESS),
    ("/x/?e=ada%40example.com&y=1", What.ADDRESS),
    ("ada&#64;example.com", What.ADDRESS),
    ("To: ada=40example.com", What.ADDRESS),
    ("ada@exam=\r\nple.com", What.ADDRESS),
    (json.dumps({"to": "zoë.o'hara+news@example.com"}), What.ADDRESS),
    ("\uff41\uff44\uff41@example.com", What.ADDRESS),
    (base64.b64encode(b"Hello ada@example.com, good morning").decode(), What.ADDRESS),
    (base64.encodebytes(b"x" * 90 + b" ada@example.com").decode(), What.ADDRESS),
    (base64.b64encode(b"say ada@example.com").decode().rstrip("="), What.ADDRESS),
    (base64.b64encode(b"for ada@example.com.").decode().rstrip("="), What.ADDRESS),
    (base64.b64encode(b"ask me: ada@example.com").decode().rstrip("="), What.ADDRESS),
    (Header("Zoë <ada@example.com>", "utf-8").encode(), What.ADDRESS),
    ("Dear Zoe\u0308  O'HARA-\nSmith", None),
    ("Dear ZOE\u0308\n O'Hara-Smith,", What.NAME),
    (quopri.encodestring("Zoë O'Hara-Smith".encode()).decode(), What.NAME),
    ("Call 01332 555 010", What.TELEPHONE),
    ("tel:+441332555010", What.TELEPHONE),
    ("+44 (0)1332-555-010", What.TELEPHONE),
    ("0044 1332 555010", What.TELEPHONE),
    ("1 Mill  Lane,\nDerby DE1 2AB", What.STREET),
    (f"key {CODE.hex().upper()}", What.CODE),
    ("Zoë O\u2019Hara-Smith", What.NAME),
    ("Zoë O&#x27;Hara-Smith", What.NAME),
    ("Zoe O'Hara-Smith", What.NAME),
    ("O'Hara-Smith, Zoë", What.NAME),
    ("1;Zoë;O'Hara-Smith;Derby", What.NAME),
    ('"O\u2019Hara-Smith","Zoë"', What.NAME),
    ("/?n=Zo%C3%AB+O%E2%80%99Hara-Smith", What.NAME),
    ("=?utf-8?q?Zo=C3=AB_O=E2=80=99Hara-Smith?=", What.NAME),
    ("zoe_o'hara-smith.pdf", What.NAME),
    ("bounces+ada=example.com@lists.example.com", What.ADDRESS),
    ("1 Mill Lane, Derby, DE1 2AB", What.STREET),
    (json.dumps("1 Mill Lane\nDerby\nDE1 2AB"), What.STREET),
    ("ada at example.com", What.ADDRESS),
    ("ada [at] example [dot] com", What.ADDRESS),
    ("ada(at)example(dot)com", What.ADDRESS),
    ("zoë.o'hara+news at example dot com", What.ADDRESS),
    ("a\u200bda@exam\u00adple.com", What.ADDRESS),
    ("ada\u2060@\ufeffexample.com", What.ADDRESS),
    ("Zoë O'Ha\u200cra-Smith", What.NAME),
    (f"0x{b'Hello ada@example.com'.hex()}", What.ADDRESS),
    (f"\\x{b'Hello ada@example.com'.hex().upper()};", What.ADDRESS),
    (
        base64.b64encode("to ada@example.com, you".encode("utf-16")).decode(),
        What.ADDRESS,
    ),
    (base64.b64encode("Zoë O'Hara-Smith, Köln".encode("cp1252")).decode(), What.NAME),
]
NOT_FOUND = [
    "lada@example.com",
    "ada@example.com.au",
    "ada@example.community",
    "x-ada@example.com",
    "Zoë O'Hara-Smithson",
    "O'Hara, Smith-Zoë",
    "Zoë said; O'Hara-Smith left",
    "bounces+lada=example.com@lists.example.com",
    "ada=example.com",
    "1 Mill Lane, Derby, Derby DE1 2AB",
    "01332 555 0109",
    "11 Mill Lane, Derby DE1 2ABC",
    "ada",
    "lada at example.com",
    "ada at example.com.au",
    "ada atexample.com",
    f"0x{b'Hello lada@example.com'.hex()}",
    "",
    "A" * 5000,
]


@pytest.mark.parametrize(("text", "what"), FOUND)
def test_it_is_found_however_it_is_spelt(text: str, what: What | None) -> None:
    assert NEEDLE.found_in_text(text) == ({what} if what else set())


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_alike_is_not_found(text: str) -> None:
    assert NEEDLE.found_in_text(text) == set()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32"])
def test_bytes_are_read_in_the_usual_encodings(encoding: str) -> None:
    raw = b"\x00\x01" + "Hello ada@example.com!".encode(encoding)
    assert NEEDLE.found_in_bytes(raw) == {What.ADDRESS}


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_list_from_an_old_spreadsheet_is_read(encoding: str) -> None:
    raw = "Derby;Zoë O'Hara-Smith;1\r\nKöln;".encode(encoding)
    assert NEEDLE.found_in_bytes(raw) == {What.NAME}


def test_the_length_that_stands_before_a_value_is_no_part_of_it() -> None:
    long = "ada@example.com has been here and will be back tomorrow"
    assert len(long) in range(48, 58)  # a digit, as a byte
    for protocol in (2, 4, 5):
        assert NEEDLE.found_in_bytes(pickle.dumps([long], protocol)) == {What.ADDRESS}
    assert NEEDLE.found_in_bytes(pickle.dumps([f"l{long}"])) == set()


def test_a_code_is_found_as_it_is_stored() -> None:
    assert NEEDLE.found_in_bytes(b"x" + CODE + b"y") == {What.CODE}
    assert NEEDLE.found_in_bytes(b"nothing") == set()


def test_nothing_is_found_by_nothing() -> None:
    empty = Needle.of(Identifiers())
    assert empty.found_in_text("Call 01332 555 010, ada@example.com") == set()


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("01332 555 010", "01332555010"),
        ("+44 1332 555010", "01332555010"),
        ("(+44) 01332 555 010", "01332555010"),
        ("12345", ""),
        ("", ""),
        ("+49 30 1234567", "0049301234567"),
    ],
)
def test_a_number_is_known_as_it_is_dialled_at_home(typed: str, digits: str) -> None:
    assert dialled(typed) == digits


def test_they_come_back_as_they_were_kept() -> None:
    assert Identifiers.from_json(json.loads(json.dumps(SOUGHT.as_json()))) == SOUGHT
