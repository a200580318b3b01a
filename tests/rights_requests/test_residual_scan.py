"""Looking for what is left after a deletion: where, how it is packed, and what cannot be
read."""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import default
from pathlib import Path

import pytest
import redis
from django.conf import settings as house
from django.db import connection
from pytest_django import Settings

from outbox.models import InboundEmail
from rights_requests import vault
from rights_requests.fulfilment import packed_files
from rights_requests.fulfilment.identifiers import Identifiers
from rights_requests.fulfilment.residual_scan import (
    TOO_LARGE,
    UNREADABLE,
    Hit,
    Spared,
    hits,
)
from tests.database_role import acting_as
from tests.outbox.imap_server import DOVECOT, ImapServer

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "resi.thornwaddle@example.com"
LINE = f"GET /x/?e={ADDRESS} 200\n".encode() * 3


@pytest.fixture(autouse=True)
def stores(settings: Settings, tmp_path: Path) -> Path:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.SEARCHED_FOLDERS = [tmp_path]
    return tmp_path


def found() -> set[Hit]:
    return set(hits(Identifiers(addresses=(ADDRESS,)), Spared()))


def what_in(stores: Path, name: str, raw: bytes) -> set[str]:
    path = stores / "logs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    return {hit.what for hit in found() if hit.place == "folder logs"}


def tar(*files: tuple[str, bytes], mode: str = "w") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, raw in files:
            member = tarfile.TarInfo(name)
            member.size = len(raw)
            archive.addfile(member, io.BytesIO(raw))
    return packed.getvalue()


def zipped(name: str, raw: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, raw)
    return packed.getvalue()


PACKED = {
    "access.log.1.gz": gzip.compress(LINE),
    "access.log.gz": gzip.compress(b"first\n") + gzip.compress(LINE),
    "old.csv.bz2": bz2.compress(b"first\n") + bz2.compress(LINE),
    "old.csv.xz": lzma.compress(b"first\n") + lzma.compress(LINE),
    "readers.tgz": tar(("readers.csv", LINE), mode="w:gz"),
    "rotated.tar": tar(("access.log.2.gz", gzip.compress(LINE))),
    "all.zip": zipped("logs.tar.gz", tar(("readers.csv", LINE), mode="w:gz")),
    "named.tar.gz": tar((f"{ADDRESS}.csv", b"1"), mode="w:gz"),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_is_looked_into(stores: Path, name: str) -> None:
    assert what_in(stores, name, PACKED[name]) == {"e-mail address"}
    assert what_in(stores, name, gzip.compress(b"somebody@example.com")) == set()


def test_what_is_packed_in_the_vault_is_looked_into() -> None:
    vault.put([gzip.compress(LINE)])
    assert {(hit.place, hit.what) for hit in found()} == {
        ("the vault", "e-mail address")
    }


def mail_with(name: str, raw: bytes) -> bytes:
    """As a colleague forwards a file: the address stands nowhere but in it."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "omar@example.com", "dana@example.com"
    mail["Subject"] = "The list"
    mail.set_content("See the file.")
    mail.add_attachment(
        raw, maintype="application", subtype="octet-stream", filename=name
    )
    return mail.as_bytes()


@pytest.mark.parametrize("name", PACKED)
def test_the_files_of_a_mail_are_looked_into(stores: Path, name: str) -> None:
    assert what_in(stores, "1.eml", mail_with(name, PACKED[name])) == {"e-mail address"}
    other = mail_with(name, gzip.compress(b"somebody@example.com"))
    assert what_in(stores, "1.eml", other) == set()


def test_a_mail_in_a_mail_is_looked_into_and_what_is_locked_in_it_named(
    stores: Path,
) -> None:
    outer = EmailMessage()
    outer["From"] = "omar@example.com"
    outer.set_content("Forwarded.")
    inner = mail_with("old.csv.xz", PACKED["old.csv.xz"])
    outer.add_attachment(message_from_bytes(inner, policy=default))
    assert what_in(stores, "1.eml", outer.as_bytes()) == {"e-mail address"}
    locked = mail_with("list.zip", locked_zip())
    assert UNREADABLE in what_in(stores, "2.eml", locked)


def beside_the_words(name: str, raw: bytes) -> bytes:
    """As some programs send it: the file lies in one of two versions of the words."""
    mail = MIMEMultipart("alternative", _subparts=[MIMEText("See the file.")])
    mail["From"] = "omar@example.com"
    richer = MIMEMultipart("mixed", _subparts=[MIMEText("<p>See it.", "html")])
    richer.attach(MIMEApplication(raw, Name=name))
    mail.attach(richer)
    return mail.as_bytes()


def test_a_mail_is_known_by_its_head_however_that_is_written(stores: Path) -> None:
    name, raw = "readers.tgz", PACKED["readers.tgz"]
    plain = mail_with(name, raw)
    folded = plain.replace(b"Content-Type: multipart", b"Content-Type:\n multipart")
    assert folded != plain
    in_a_mailbox = b"From omar@example.com Sat Nov 28 12:00:00 2026\n" + plain
    for mail in (folded, in_a_mailbox, beside_the_words(name, raw)):
        assert what_in(stores, "1.eml", mail) == {"e-mail address"}


def test_the_files_of_a_mail_in_our_tables_are_looked_into() -> None:
    raw = mail_with("readers.tgz", PACKED["readers.tgz"])
    mail = InboundEmail.objects.create(
        digest=b"1" * 32, raw_message=raw.decode(), state=InboundEmail.State.WAITING
    )
    assert found() == {
        Hit("table outbox_inboundemail, raw_message", str(mail.pk), "e-mail address")
    }


@pytest.fixture
def imap(settings: Settings) -> Iterator[ImapServer]:
    if not DOVECOT.exists():
        pytest.skip("Debian's dovecot-imapd is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="imap") as folder,
        ImapServer(Path(folder)) as server,
    ):
        settings.INBOUND_IMAP_URL = server.url
        yield server


def test_the_files_of_mails_in_the_mailbox_are_looked_into(imap: ImapServer) -> None:
    """The server itself does not look there."""
    imap.deliver(mail_with("list.csv", b"somebody@example.com"))
    imap.deliver(mail_with("größe {12}.csv", LINE))
    imap.deliver(mail_with("readers.tgz", PACKED["readers.tgz"]))
    imap.deliver(b"From: omar@example.com\r\n\r\nNothing.\r\n")
    imap.deliver(f"From: omar@example.com\r\n\r\nAsk {ADDRESS}.\r\n".encode())
    where = "the mailbox that we read"
    assert found() == {
        Hit(where, f"message {number}", "e-mail address") for number in (2, 3, 5)
    }


def locked_zip() -> bytes:
    """The mark that a member is encrypted stands in both of its heads."""
    raw = bytearray(zipped("a.txt", b"a"))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


UNREAD = {
    "cut-short.gz": gzip.compress(bytes(range(256)) * 9)[:-20],
    "cut-short.xz": lzma.compress(bytes(range(256)) * 9)[:-20],
    "cut-short.bz2": bz2.compress(bytes(range(256)) * 9)[:-20],
    "broken.sqlite": b"SQLite format 3\0" + b"\1" * 600,
    "locked.zip": locked_zip(),
    "dump.zst": b"\x28\xb5\x2f\xfd" + b"\0" * 20,
    "old.7z": b"7z\xbc\xaf\x27\x1c" + b"\0" * 20,
    "old.rar": b"Rar!\x1a\x07" + b"\0" * 20,
    "old.lz4": b"\x04\x22\x4d\x18" + b"\0" * 20,
    "old.Z": b"\x1f\x9d" + b"\0" * 20,
    "letter.asc": b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n",
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_cannot_be_read_is_said_so(stores: Path, name: str) -> None:
    assert what_in(stores, name, UNREAD[name]) == {UNREADABLE}


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_database_in_one_file_is_read_row_by_row(stores: Path, journal: str) -> None:
    file = stores / "logs" / "old.sqlite"
    file.parent.mkdir()
    for address, what in ((ADDRESS, {"e-mail address"}), (f"x{ADDRESS}", set())):
        with closing(sqlite3.connect(file)) as database:
            database.execute(f"PRAGMA journal_mode = {journal}")
            database.execute('CREATE TABLE "a ""b" (city text, address text)')
            database.execute('INSERT INTO "a ""b" VALUES (\'Derby\', ?)', [address])
            database.commit()
        assert what_in(stores, "old.sqlite", file.read_bytes()) == what
        file.unlink()


def test_a_bomb_is_too_large_to_open_and_ends(
    stores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_files, "MOST_UNPACKED", 3 * 1024 * 1024)
    zeros = b"\0" * (4 * 1024 * 1024)
    assert what_in(stores, "bomb.gz", gzip.compress(zeros)) == {TOO_LARGE}
    assert what_in(stores, "bomb.gz", zipped("a", zeros)) == {TOO_LARGE}
    deep = LINE
    for _ in range(packed_files.DEEPEST + 1):
        deep = gzip.compress(deep)
    assert what_in(stores, "bomb.gz", deep) == {TOO_LARGE}


def test_what_lies_between_the_files_of_the_vault_is_found(stores: Path) -> None:
    stored = vault.put([b"somebody else"])
    own = stores / "vault" / "notes-of-old.txt"
    own.write_bytes(LINE)
    beside = stores / "vault" / stored.name[:2] / "copy.part"
    beside.write_bytes(LINE)
    places = {(hit.place, hit.row) for hit in found()}
    assert ("folder vault", "notes-of-old.txt") in places
    assert (f"folder {stored.name[:2]}", "copy.part") in places
    assert len(places) == 2


def test_a_log_that_is_named_by_itself_is_read(
    stores: Path, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("server") / "log"
    log.write_bytes(b"STATEMENT: INSERT ... " + LINE)
    settings.SEARCHED_FOLDERS = [stores, log, stores / "not-there-yet"]
    [hit] = found()
    assert (hit.row, hit.what) == ("log", "e-mail address")


@contextmanager
def made(make: str, take_away: str) -> Iterator[None]:
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute(make)
    try:
        yield
    finally:
        with acting_as(None), connection.cursor() as cursor:
            cursor.execute(take_away)


def test_what_is_packed_in_a_column_or_in_redis_is_looked_into() -> None:
    packed = gzip.compress(LINE)
    makes = f"""
        CREATE TABLE stray AS SELECT 3 AS id, '\\x{packed.hex()}'::bytea AS packed;
        ALTER TABLE stray ADD PRIMARY KEY (id);
        GRANT SELECT ON stray TO PUBLIC;
    """
    store = redis.Redis.from_url(house.REDIS_URL)
    store.set("cache:page", packed)
    try:
        with made(makes, "DROP TABLE stray"):
            assert found() == {
                Hit("table stray, packed", "3", "e-mail address"),
                Hit("Redis", "cache:page", "e-mail address"),
            }
    finally:
        store.delete("cache:page")


def test_other_schemas_and_kept_views_are_read_or_named_where_our_role_may_not() -> (
    None
):
    makes = f"""
        CREATE SCHEMA oldcrm;
        CREATE TABLE oldcrm.data_subjects_datasubject (name text, seen date);
        INSERT INTO oldcrm.data_subjects_datasubject VALUES ('{ADDRESS}', now());
        CREATE TABLE oldcrm.not_ours AS SELECT '{ADDRESS}'::text AS name;
        CREATE MATERIALIZED VIEW kept_view AS SELECT '{ADDRESS}'::text AS line;
        GRANT USAGE ON SCHEMA oldcrm TO PUBLIC;
        GRANT SELECT ON oldcrm.data_subjects_datasubject, kept_view TO PUBLIC;
    """
    with made(makes, "DROP SCHEMA oldcrm CASCADE; DROP MATERIALIZED VIEW kept_view"):
        hits = {(hit.place, hit.what) for hit in found()}
    assert hits == {
        ("table oldcrm.data_subjects_datasubject, name", "e-mail address"),
        ("table kept_view, line", "e-mail address"),
        ("table oldcrm.not_ours", "cannot be read"),
    }


def test_a_table_that_hides_rows_from_our_role_is_named() -> None:
    """Row-level security shows a part of a table, or nothing, and refuses nothing. That
    of our own tables hides nobody from the application."""
    makes = f"""
        CREATE TABLE walled AS SELECT '{ADDRESS}'::text AS name;
        CREATE TABLE half AS SELECT 'somebody'::text AS name;
        GRANT SELECT ON walled, half TO PUBLIC;
        ALTER TABLE walled ENABLE ROW LEVEL SECURITY;
        ALTER TABLE half ENABLE ROW LEVEL SECURITY;
        CREATE POLICY a_part ON half USING (name = 'somebody');
    """
    with made(makes, "DROP TABLE walled, half"):
        assert found() == {
            Hit("table half", "all of it", UNREADABLE),
            Hit("table walled", "all of it", UNREADABLE),
        }
