"""Opt-outs and consents leave with their proofs, and anybody can check them."""

import json
import subprocess
import sys
import tracemalloc
import uuid
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from consent import ledger
from consent.models import Channel, ConsentEntry
from data_subjects.models import DataSubject
from governance import proofs
from governance.models import ProofsTransfer
from groundwork import addresses, proof_check
from groundwork.proof_check import check_proofs
from groundwork.seal_keys import public_key, public_key_pem
from outbox.models import SuppressedAddress
from outbox.suppression import suppress
from tests.console.staff import accesses, console_of, dana, person
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, OMAR
from tests.reading import posting_form
from tests.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)

BUYER = "Buyer of Readers Ltd"
URL = "/console/proofs/"


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets a house whose register is loaded."""


def agree(address: str) -> uuid.UUID:
    subject = DataSubject.objects.create(address_digest=addresses.digest(address))
    how = ledger.Circumstances(
        channel=Channel.CONFIRMATION,
        notices=["privacy/1", "sign-up/1"],
        wordings={CASE_UPDATES: "[ ] Case updates"},
    )
    ledger.record_given(subject.pk, [CASE_UPDATES], how)
    return subject.pk


@pytest.fixture
def lived_in() -> None:
    """Two seals, one entry newer than both, and an opt-out."""
    agree(ADA)
    seal(ConsentEntry)
    agree(BEN)
    agree("dora@example.com")
    seal(ConsentEntry)
    agree(CLEO)
    suppress(addresses.digest(ADA), "", SuppressedAddress.Reason.UNSUBSCRIBED)
    suppress(addresses.digest(BEN), CASE_UPDATES, SuppressedAddress.Reason.OBJECTED)


def exported(path: Path) -> Path:
    transfer = proofs.record_transfer(BUYER, staff_id=1)
    path.write_bytes(b"".join(proofs.archive(transfer)))
    return path


@pytest.fixture
def made(lived_in: None, tmp_path: Path) -> Path:
    return exported(tmp_path / "proofs.zip")


def problems(path: Path) -> list[str]:
    return list(check_proofs(path, public_key()))


def rows(path: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read(name).splitlines()]


# --- What is in it ---


def test_it_holds_what_a_new_controller_inherits(made: Path) -> None:
    assert problems(made) == []
    assert len(rows(made, "seals.jsonl")) == 2
    assert len(rows(made, "consent-entries.jsonl")) == 3
    assert len(rows(made, "consent-entries-not-sealed-yet.jsonl")) == 1
    assert [row["text"] for row in rows(made, "shown-wordings.jsonl")] == [
        "[ ] Case updates"
    ]
    assert {row["reference"] for row in rows(made, "notices.jsonl")} >= {
        "privacy/1",
        "sign-up/1",
    }
    opt_outs = {
        (row["address_digest"], row["purpose"], row["reason"])
        for row in rows(made, "opt-outs.jsonl")
    }
    assert opt_outs == {
        (addresses.digest(ADA).hex(), "all marketing", "unsubscribed"),
        (addresses.digest(BEN).hex(), CASE_UPDATES, "objected"),
    }
    assert len(rows(made, "people.jsonl")) == 4


def test_no_address_and_no_key_is_in_it(made: Path, settings: Settings) -> None:
    with zipfile.ZipFile(made) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    text = content.decode().lower()

    for address in (ADA, BEN, CLEO, "@example.com"):
        assert address not in text
    for key in (settings.ADDRESS_KEY, settings.LEDGER_KEY, settings.SECRET_KEY):
        assert key.lower() not in text


def test_the_readme_says_what_the_digests_need(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        readme = archive.read("README.txt").decode()

    assert BUYER in readme
    assert "ADDRESS_KEY" in readme
    assert "restricted" in readme


def test_a_restricted_person_is_left_out_and_their_opt_out_is_not(
    lived_in: None, tmp_path: Path
) -> None:
    from data_subjects.models import Restriction

    subject = DataSubject.objects.get(address_digest=addresses.digest(ADA))
    Restriction.objects.create(
        data_subject=subject, ground="accuracy", reason="x", staff_id=1
    )

    path = exported(tmp_path / "p.zip")

    people = {row["data_subject_id"] for row in rows(path, "people.jsonl")}
    assert str(subject.pk) not in people
    assert len(people) == 3
    stopped = {row["address_digest"] for row in rows(path, "opt-outs.jsonl")}
    assert addresses.digest(ADA).hex() in stopped
    assert problems(path) == []


def test_an_empty_house_makes_a_sound_archive(tmp_path: Path) -> None:
    path = exported(tmp_path / "empty.zip")

    assert problems(path) == []
    assert rows(path, "people.jsonl") == []


# --- Altering it ---


def altered(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The archive with each file passed through `change`; None leaves it out."""
    result = path.with_name("altered.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return result


def in_line(name: str, number: int, old: bytes, new: bytes) -> Any:
    def change(found: str, content: bytes) -> bytes:
        if found != name:
            return content
        lines = content.splitlines(keepends=True)
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new)
        return b"".join(lines)

    return change


@pytest.mark.parametrize(
    ("name", "number", "old", "new"),
    [
        ("consent-entries.jsonl", 2, b"case-updates", b"own-news"),
        ("consent-entries-not-sealed-yet.jsonl", 1, b"case-updates", b"own-news"),
        ("opt-outs.jsonl", 2, b"objected", b"bounced"),
        ("people.jsonl", 3, b'"data_subject_id": "', b'"data_subject_id": "0'),
        ("seals.jsonl", 2, b'"number": 2', b'"number": 3'),
        ("shown-wordings.jsonl", 1, b"[ ]", b"[x]"),
        ("notices.jsonl", 1, b"in", b"out"),
    ],
)
def test_the_altered_line_is_named_first(
    made: Path, name: str, number: int, old: bytes, new: bytes
) -> None:
    found = problems(altered(made, in_line(name, number, old, new)))

    assert found[0] == f"{name}, line {number} was changed"


def test_a_missing_opt_out_is_named(made: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join(lines[:1]) if name == "opt-outs.jsonl" else content

    assert problems(altered(made, change)) == ["opt-outs.jsonl, line 2 was removed"]


def test_an_added_opt_out_is_named(made: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        return content + content if name == "opt-outs.jsonl" else content

    assert problems(altered(made, change)) == ["opt-outs.jsonl, line 3 was added"]


def test_a_missing_file_is_named(made: Path) -> None:
    found = problems(
        altered(made, lambda name, c: None if name == "opt-outs.jsonl" else c)
    )
    assert found[0] == "opt-outs.jsonl is missing"


def test_line_digests_altered_along_with_their_line_do_not_help(made: Path) -> None:
    line_digests = proof_check.line_digests_of("opt-outs.jsonl")

    def change(name: str, content: bytes) -> bytes:
        if name == "opt-outs.jsonl":
            return content.replace(b"objected", b"bounced")
        if name == line_digests:
            with zipfile.ZipFile(made) as archive:
                lines = archive.read("opt-outs.jsonl").replace(b"objected", b"bounced")
            digests = map(proof_check.line_digest, lines.splitlines(keepends=True))
            return "".join(f"{digest}\n" for digest in digests).encode()
        return content

    found = problems(altered(made, change))
    assert set(found) == {"opt-outs.jsonl was changed", f"{line_digests} was changed"}


def test_an_altered_manifest_is_named(made: Path) -> None:
    found = problems(
        altered(
            made,
            lambda name, c: (
                c.replace(BUYER.encode(), b"Another Ltd")
                if name == "manifest.json"
                else c
            ),
        )
    )
    assert found == [
        "manifest.json or manifest.sig was changed, or not signed with this key"
    ]


@pytest.mark.parametrize("line", [b"", b"\n\n", b"\r\n"])
def test_a_signature_that_does_not_end_as_it_was_made_is_named(
    made: Path, line: bytes
) -> None:
    other = altered(
        made, lambda name, c: c.rstrip() + line if name == "manifest.sig" else c
    )
    assert problems(other) == ["manifest.sig was changed: it is no signature"]


def test_another_houses_archive_does_not_pass(made: Path, settings: Settings) -> None:
    settings.LEDGER_KEY = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg="
    assert problems(made)[0].startswith("manifest.json or manifest.sig was changed")


@pytest.mark.parametrize("content", [b"", b"PK", b"hello" * 100])
def test_what_is_no_archive_is_said_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(proof_check.Malformed):
        problems(path)


# --- The commands and the program in the archive ---


def test_the_commands_write_and_check(lived_in: None, tmp_path: Path) -> None:
    omar = person(OMAR, is_superuser=True)
    path, out = tmp_path / "p.zip", StringIO()

    call_command("export_proofs", path, recipient=BUYER, staff=OMAR, stdout=out)
    call_command("verify_proofs", path, stdout=out)

    assert "Everything holds." in out.getvalue()
    assert path.stat().st_mode & 0o777 == 0o600
    transfer = ProofsTransfer.objects.get()
    assert (transfer.recipient, transfer.staff_id) == (BUYER, omar.pk)
    assert transfer.finished_at is not None


def test_the_command_names_the_first_altered_item(made: Path) -> None:
    path = altered(made, in_line("opt-outs.jsonl", 1, b"unsubscribed", b"bounced"))
    with pytest.raises(CommandError, match=r"opt-outs.jsonl, line 1 was changed"):
        call_command("verify_proofs", path)


def test_the_command_refuses_who_may_not_and_what_is_there(tmp_path: Path) -> None:
    person("nobody@example.com")
    person(OMAR, is_superuser=True)
    path = tmp_path / "p.zip"
    for who in ("nobody@example.com", "stranger@example.com"):
        with pytest.raises(CommandError, match="may do that"):
            call_command("export_proofs", path, recipient=BUYER, staff=who)
    path.write_text("mine")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_proofs", path, recipient=BUYER, staff=OMAR)
    assert path.read_text() == "mine"
    assert not ProofsTransfer.objects.exists()


def test_the_program_in_the_archive_checks_the_archive(
    made: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(made) as archive:
        program = Path(archive.extract("proof_check.py", tmp_path / "alone"))
    key = tmp_path / "key.pem"
    key.write_text(public_key_pem())

    done = subprocess.run(
        [sys.executable, "-I", program, "proofs", made, "--key", key],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (0, "Everything holds.\n")


# --- The console ---


@pytest.fixture
def console() -> Client:
    return console_of(person(OMAR, is_superuser=True))


def test_it_takes_two_steps_and_the_name_twice(
    lived_in: None, console: Client, tmp_path: Path
) -> None:
    first = posting_form(console.get(URL), -1).fields
    second = console.post(URL, {**first, "recipient": BUYER})
    assert not ProofsTransfer.objects.exists()
    assert f"Hand the proofs to {BUYER}?" in second.content.decode()

    wrong = console.post(URL, {"recipient": BUYER, "retyped": "Buyer"})
    assert wrong.status_code == 400
    assert "The two names differ" in wrong.content.decode()
    assert not ProofsTransfer.objects.exists()

    answer: Any = console.post(URL, {"recipient": BUYER, "retyped": BUYER})
    path = tmp_path / "p.zip"
    path.write_bytes(b"".join(answer.streaming_content))

    assert problems(path) == []
    (transfer,) = ProofsTransfer.objects.all()
    assert transfer.finished_at is not None
    (record,) = accesses("exported")
    assert record.rows_count == 4
    page = console.get("/console/governance/proofstransfer/").content.decode()
    assert BUYER in page
    assert "handed over" in page


def test_a_download_that_breaks_off_is_on_record_as_such(
    lived_in: None, console: Client
) -> None:
    answer: Any = console.post(URL, {"recipient": BUYER, "retyped": BUYER})
    next(iter(answer.streaming_content))
    answer.close()

    page = console.get("/console/governance/proofstransfer/").content.decode()
    assert "broken off" in page


@pytest.mark.parametrize("recipient", ["", "   ", "x" * 121, "a\0b"])
def test_a_recipient_must_be_named(console: Client, recipient: str) -> None:
    for more in ({}, {"retyped": recipient}):
        answer = console.post(URL, {"recipient": recipient, **more})
        assert answer.status_code == 400
    assert not ProofsTransfer.objects.exists()


def test_it_needs_a_permission_of_its_own(lived_in: None) -> None:
    client = dana("export_subscriber", "view_consententry", "view_proofstransfer")
    assert client.get(URL).status_code == 403
    answer = client.post(URL, {"recipient": BUYER, "retyped": BUYER})
    assert answer.status_code == 403
    assert not ProofsTransfer.objects.exists()


def test_the_staff_open_a_receipt_and_that_is_on_record(
    console: Client, client: Client, smtp: Any
) -> None:
    from tests.people import become_reader, subscriber_of

    become_reader(client, smtp)
    reader = subscriber_of(ADA)
    (entry,) = ConsentEntry.objects.standing()
    path = f"/console/people/{reader.pk}/receipts/{entry.pk}/"
    person_page = console.get(f"/console/subscribers/subscriber/{reader.pk}/change/")
    assert path in person_page.content.decode()
    before = len(accesses("opened"))

    page, file = console.get(path), console.get(f"{path}receipt.json")

    assert "The exact words" in page.content.decode()
    assert proof_check.check_receipt(file.json(), public_key()) == []
    assert len(accesses("opened")) == before + 2
    other = console.get(f"/console/people/{reader.pk}/receipts/999999/")
    assert other.status_code == 404
    assert dana("view_consententry").get(path).status_code == 403


# --- Size ---


@pytest.mark.slow
def test_a_hundred_thousand_opt_outs_fit_into_little_memory(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox_suppressedaddress"
            " (address_digest, purpose, reason, suppressed_at)"
            " SELECT sha256(n::text::bytea), '', 'unsubscribed', now()"
            " FROM generate_series(1, 100000) AS n"
        )
    transfer = proofs.record_transfer(BUYER, staff_id=1)
    path = tmp_path / "large.zip"

    tracemalloc.start()
    with path.open("wb") as file:
        for piece in proofs.archive(transfer):
            file.write(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 20_000_000
    assert problems(path) == []
    assert len(rows(path, "opt-outs.jsonl")) == 100_000
