"""The evidence of a case: whole, without more of the person than it needs, and proof
against every change."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from groundwork.links import TOKEN_PATTERN
from groundwork.proof_check import Malformed, check_bundle
from groundwork.seal_keys import public_key, public_key_pem
from outbox.delivery import deliver_due
from rights_requests import deciding, handling, letters_gone
from rights_requests.deciding import Proposal
from rights_requests.handling import Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry
from rights_requests.moves import Move
from staff.models import AccessRecord
from tests.case_updates.cast import staff
from tests.console.staff import dana
from tests.people import CLEO, OMAR
from tests.relay import Relay
from tests.rights_requests import lives
from tests.sealing import seal, wait_for_older

pytestmark = pytest.mark.django_db(transaction=True)
REASONS = (
    "Your request covers twelve years and nine of our systems, and the records of two "
    "of them have to be read by hand."
)
WORDS = "My grandmother’s recipe is none of your business."


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def case(smtp: Relay) -> Case:
    """Asked, searched, extended by two people, and sealed."""
    case = lives.new_case(CaseKind.ACCESS, words=WORDS, name="Cleo Sample")
    deliver_due()
    now = timezone.now()
    searched = Searched(
        system="CRM", terms="Cleo", hits=3, why="That is all there is.", on=now.date()
    )
    handling.record_search(case.pk, searched, staff_id=1, now=now)
    handling.add_note(case.pk, "An inner note.", staff_id=1, now=now)
    omar = staff(OMAR, name="Omar")
    proposal = Proposal(Move.EXTEND, ground="complexity", reasons=REASONS)
    decision = deciding.propose(
        case.pk, proposal, staff_id=omar.pk + 1, now=timezone.now()
    )
    newest = CaseLogEntry.objects.filter(case_id=case.pk).latest("id").pk
    deciding.release(
        decision.pk, seen_entry_id=newest, staff_id=omar.pk, now=timezone.now()
    )
    deliver_due()
    letters_gone.take_over(timezone.now())
    wait_for_older(CaseLogEntry)
    seal(CaseLogEntry)
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def bundle(case: Case, tmp_path: Path) -> Path:
    path = tmp_path / "evidence.zip"
    call_command("evidence_bundle", case.reference, file=path)
    return path


def read(bundle: Path, name: str) -> str:
    with zipfile.ZipFile(bundle) as archive:
        return archive.read(name).decode()


def test_it_holds_what_shows_how_the_case_was_handled(bundle: Path, case: Case) -> None:
    told = json.loads(read(bundle, "case.json"))
    assert told["reference"] == case.reference
    law = json.loads(read(bundle, "deadline.json"))["law"]
    assert law["due_on"] == (case.due_on.isoformat() if case.due_on else None)
    assert (
        any("two months" in step["sentence"] for step in law["steps"]) or law["steps"]
    )
    [search] = json.loads(read(bundle, "searches.json"))
    assert search["hits"] == 3
    [decision] = json.loads(read(bundle, "decisions.json"))
    assert decision["released_by"] == "Omar"
    assert decision["reasons"] == REASONS
    letters = json.loads(read(bundle, "letters.json"))
    assert len(letters) == 2
    assert "nine of our systems" in read(bundle, letters[1]["file"])
    assert "received" in read(bundle, "timeline.txt")
    entries = read(bundle, "case-log.jsonl").splitlines()
    assert len(entries) == CaseLogEntry.objects.filter(case_id=case.pk).count()


def test_it_holds_no_more_of_the_person_than_it_needs(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist()).decode()

    assert WORDS not in whole
    assert CLEO not in whole
    assert "An inner note." not in whole


def test_no_link_in_it_opens_anything(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = [name for name in archive.namelist() if name.startswith("letters/")]
        letters = "".join(archive.read(name).decode() for name in names)

    assert "/your-data/confirm/…/" in letters
    assert not re.search(rf"/{TOKEN_PATTERN}/", letters)


def test_it_is_checked_offline_by_the_file_inside(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "proof_check.py").write_text(read(bundle, "proof_check.py"))
    (tmp_path / "key.pem").write_text(public_key_pem())
    command = [sys.executable, "-I", str(tmp_path / "proof_check.py"), "bundle"]

    done = subprocess.run(
        [*command, str(bundle), "--key", str(tmp_path / "key.pem")],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )

    assert (done.returncode, done.stdout) == (0, "Everything holds.\n")


def changed(bundle: Path, name: str, at: int, turned: int = 1) -> Path:
    """The same archive with one byte of one file turned round, by these bits."""
    other = bundle.with_name("changed.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(other, "w") as new:
        for each in old.namelist():
            content = bytearray(old.read(each))
            if each == name:
                content[at] ^= turned
            new.writestr(each, bytes(content))
    return other


def test_one_changed_byte_in_any_file_is_found_and_the_file_named(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    assert len(sizes) > 12 and "corrections.json" in sizes
    for name, size in sizes.items():
        for at in {0, size // 2, size - 1}:
            try:
                problems = list(check_bundle(changed(bundle, name, at), public_key()))
            except Malformed as error:
                problems = [str(error)]
            assert problems, f"{name}, byte {at}"
            assert name in problems[0], (name, at, problems)


def test_every_other_byte_of_the_signature_of_the_whole_is_found(bundle: Path) -> None:
    """The last sign of base64 has bits that decode to nothing."""
    with zipfile.ZipFile(bundle) as archive:
        size = archive.getinfo("manifest.sig").file_size
    for at in range(size):
        for turned in (1, 2, 4, 8, 16):
            other = changed(bundle, "manifest.sig", at, turned)
            [problem] = check_bundle(other, public_key())
            assert "manifest.sig" in problem, (at, turned)


@pytest.mark.parametrize("more", [b"\n", b" ", b"\r\n", b"AA=="])
def test_a_signature_with_something_behind_it_is_named(
    bundle: Path, more: bytes
) -> None:
    other = bundle.with_name("other.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(other, "w") as new:
        for each in old.namelist():
            behind = more if each == "manifest.sig" else b""
            new.writestr(each, old.read(each) + behind)
    [problem] = check_bundle(other, public_key())
    assert "manifest.sig" in problem


def test_a_file_that_is_missing_or_added_is_named(bundle: Path) -> None:
    other = bundle.with_name("other.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(other, "w") as new:
        for each in old.namelist():
            if each != "decisions.json":
                new.writestr(each, old.read(each))
        new.writestr("extra.txt", "More.")

    problems = list(check_bundle(other, public_key()))

    assert "decisions.json is missing" in problems
    assert "extra.txt was added" in problems


def test_an_entry_put_right_in_the_database_shows(bundle: Path) -> None:
    """Somebody with the key of the manifest alone still cannot change what was sealed."""
    from groundwork.proof_check import _sealed_problems

    seals = {
        row["number"]: row
        for row in map(json.loads, read(bundle, "seals.jsonl").splitlines())
    }
    entry = json.loads(read(bundle, "case-log.jsonl").splitlines()[0])
    assert list(_sealed_problems("line 1", entry, seals)) == []
    entry["content"]["due_on"] = "2031-01-01"

    assert list(_sealed_problems("line 1", entry, seals)) == [
        "line 1: the entry was changed"
    ]


def test_taking_it_out_is_on_record(bundle: Path, case: Case) -> None:
    [record] = AccessRecord.objects.filter(action="exported")
    assert record.data_subject_id == case.submission.data_subject_id


def test_the_command_refuses_what_it_cannot_do(bundle: Path, case: Case) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("evidence_bundle", case.reference, file=bundle)
    with pytest.raises(CommandError, match="There is no case"):
        call_command("evidence_bundle", "R-0000-0000")
    with pytest.raises(CommandError, match="Nobody of the staff"):
        call_command("evidence_bundle", case.reference, staff="x@example.com")


def test_staff_download_it_from_the_page_of_the_case(case: Case) -> None:
    client = dana("view_case", "work_case")
    page = client.get(f"/console/rights_requests/case/{case.pk}/documents/")
    assert "Download the evidence" in page.content.decode()

    answer = client.post(f"/console/rights_requests/case/{case.pk}/evidence/")

    raw = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    names = zipfile.ZipFile(io.BytesIO(raw)).namelist()
    assert names[-1] == "manifest.sig"
    assert answer["Content-Disposition"].endswith(f'{case.reference}.zip"')


def test_whoever_may_only_look_cannot_take_it(case: Case) -> None:
    client = dana("view_case")

    answer = client.post(f"/console/rights_requests/case/{case.pk}/evidence/")

    assert answer.status_code == 403
    assert not AccessRecord.objects.filter(action="exported").exists()
