"""The copy of everything that is held of a person: put together, looked at, handed over."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from groundwork.holdings import holdings
from groundwork.refusals import NotAllowed
from rights_requests import closing, vault
from rights_requests.closing import Answer
from rights_requests.fulfilment import building, pages, releasing
from rights_requests.fulfilment.marks import Marks
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Package, SearchRecord
from rights_requests.vault_keeping import remove_document
from subscribers.importing import keep_upload
from subscribers.models import Subscriber
from tests.console.staff import dana
from tests.people import ADA, BEN, become_reader, sign_up, subscriber_of
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.copying import opened, put_together, released

pytestmark = pytest.mark.django_db(transaction=True)
STAFF, READER = 7, 8


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    """Ada reads our e-mails and asks what we hold."""
    become_reader(client, smtp, ADA, first_name="Ada", employer="=1+1", telephone="")
    sign_up(client, smtp, BEN, first_name="Benjamin")
    return lives.new_case(CaseKind.ACCESS, address=ADA)


def test_a_copy_has_everything_of_the_person_and_nothing_of_anybody_else(
    case: Case,
) -> None:
    package = put_together(case)

    assert package.state == Package.State.READY
    archive = opened(package)
    assert archive.testzip() is None
    names = set(archive.namelist())
    assert {"index.html", "package.css", "schema.json", "manifest.json"} <= names
    for key in ("sign-up", "consent", "mail-to-you", "requests", "person"):
        assert {f"data/{key}.{mark}" for mark in ("html", "json", "csv")} <= names
    whole = b"".join(archive.read(name) for name in names).decode()
    assert "Ada" in whole
    assert BEN not in whole
    assert "Benjamin" not in whole


def test_a_list_that_was_brought_in_and_emptied_stands_in_no_copys_way(
    case: Case,
) -> None:
    keep_upload("", file_name="brought-in.csv", staff_id=STAFF)
    keep_upload(f"email\n{BEN}\n{ADA}\n", file_name="open.csv", staff_id=STAFF)

    package = put_together(case)

    assert package.state == Package.State.READY
    lists = opened(package).read("data/lists.json").decode()
    assert ADA in lists
    assert BEN not in lists


def test_json_is_word_for_word_and_csv_runs_no_formula(case: Case) -> None:
    archive = opened(put_together(case))

    [record] = json.loads(archive.read("data/sign-up.json"))["records"]
    lines = list(csv.reader(io.StringIO(archive.read("data/sign-up.csv").decode())))

    assert record["employer"] == "=1+1"
    assert "'=1+1" in lines[1]
    assert record["address"] == ADA
    assert record["created_at"].endswith("Z")
    assert "address_digest" not in record


def test_what_is_not_given_is_named_with_its_reason(case: Case) -> None:
    archive = opened(put_together(case))

    fields = json.loads(archive.read("data/links.json"))["fields"]
    [code] = [field for field in fields if field["name"] == "token_digest"]

    assert "open a door" in code["not_given_because"]


def test_every_json_file_keeps_to_the_schema_in_the_archive(case: Case) -> None:
    from jsonschema import Draft202012Validator

    archive = opened(put_together(case))
    validator = Draft202012Validator(json.loads(archive.read("schema.json")))

    read = [name for name in archive.namelist() if name.startswith("data/")]
    files = [name for name in read if name.endswith(".json")]
    assert len(files) > 5
    for name in files:
        validator.validate(json.loads(archive.read(name)))


def test_the_manifest_has_the_digest_of_each_file(case: Case) -> None:
    import hashlib

    archive = opened(put_together(case))
    listed = json.loads(archive.read("manifest.json"))["files"]

    assert set(listed) == set(archive.namelist()) - {"manifest.json"}
    for name, told in listed.items():
        content = archive.read(name)
        assert told["sha256"] == hashlib.sha256(content).hexdigest()
        assert told["bytes"] == len(content)


def test_the_first_page_tells_each_point_of_article_15(case: Case) -> None:
    page = opened(put_together(case)).read("index.html").decode()

    for letter in ("a", "b", "c", "d", "e", "ea", "f", "g", "h"):
        assert f'id="point-{letter}"' in page
    assert "section 164A" in page
    assert "section 165" in page
    assert "Case updates" in page
    assert case.reference in page


def test_it_becomes_the_answer_and_the_search_is_on_record(case: Case) -> None:
    package = put_together(case)

    [document] = CaseDocument.objects.filter(case=case)
    assert document.purpose == CaseDocument.Purpose.ANSWER
    assert package.document == document
    [search] = SearchRecord.objects.filter(case=case)
    assert search.hits_count == package.hits_count > 3
    assert package.records_count > package.hits_count
    assert package.places_done == len(holdings())
    releasing.release(package.pk, (), staff_id=READER, now=timezone.now())
    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())
    case.refresh_from_db()
    assert not case.is_open


def test_of_whom_nothing_is_held_but_the_request_it_can_be_said_so() -> None:
    stranger = lives.new_case(CaseKind.ACCESS, address=BEN)
    package = put_together(stranger)
    assert (package.hits_count, package.records_count > 0) == (0, True)
    assert package.document is not None

    remove_document(package.document, staff_id=STAFF, now=timezone.now())
    answer = Answer(nothing_held=True)
    closing.fulfil(stranger.pk, answer, staff_id=STAFF, now=timezone.now())

    stranger.refresh_from_db()
    assert not stranger.is_open


def test_a_new_one_takes_the_place_of_the_one_before(case: Case) -> None:
    first, second = put_together(case), put_together(case)

    assert first.document is not None
    first.document.refresh_from_db()
    assert first.document.removed_at is not None
    with pytest.raises(vault.VaultError):
        list(vault.read(first.document.vault_name))
    assert opened(second).namelist()


def test_a_copy_older_than_the_data_does_not_leave(case: Case) -> None:
    released(case)
    reader = subscriber_of(ADA)
    Subscriber.objects.filter(pk=reader.pk).update(employer="Another Company")

    with pytest.raises(NotAllowed, match="put it together again"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    released(case)
    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())


def test_what_happens_in_the_case_itself_makes_no_copy_old(case: Case) -> None:
    from rights_requests import handling

    released(case)
    handling.add_note(case.pk, "She called.", staff_id=STAFF, now=timezone.now())

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert not case.is_open


# --- When it goes wrong ---


def test_a_full_disk_is_shown_and_leaves_nothing_behind(
    case: Case, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "full").write_text("no folder")
    settings.VAULT_DIR = tmp_path / "full"

    package = put_together(case)

    assert (package.state, package.problem) == ("failed", "disk")
    assert not CaseDocument.objects.filter(case=case).exists()
    settings.VAULT_DIR = tmp_path / "vault"
    assert put_together(case).state == Package.State.READY


def test_a_case_that_closed_meanwhile_gets_no_document(
    case: Case, settings: Settings
) -> None:
    building.ask(case.pk, staff_id=STAFF, now=timezone.now())
    closing.withdraw(case.pk, now=timezone.now())

    package = building.build_next(timezone.now())

    assert package is not None
    package.refresh_from_db()
    assert (package.state, package.problem) == ("failed", "closed")
    assert not list(Path(settings.VAULT_DIR).rglob("??/*"))


def test_a_worker_that_died_is_followed_by_another_three_times_at_most(
    case: Case,
) -> None:
    building.ask(case.pk, staff_id=STAFF, now=timezone.now())
    later = timezone.now() + building.STRANDED_AFTER * 2
    for _ in range(building.MOST_ATTEMPTS):
        package = building._claimed(timezone.now())
        assert package is not None
        assert building.release_stranded(later) == 1

    assert package is not None
    package.refresh_from_db()
    assert (package.state, package.problem) == ("failed", "given up")
    assert building.build_next(timezone.now()) is None


def test_a_worker_that_was_taken_for_dead_files_nothing(case: Case) -> None:
    building.ask(case.pk, staff_id=STAFF, now=timezone.now())
    slow = building._claimed(timezone.now())
    assert slow is not None
    building.release_stranded(timezone.now() + building.STRANDED_AFTER * 2)
    other = building.build_next(timezone.now())
    assert other is not None

    with pytest.raises(NotAllowed):
        building._build(slow)

    assert CaseDocument.objects.filter(case=case).count() == 1


def test_a_worker_that_was_taken_for_dead_at_the_last_moment_files_nothing(
    case: Case,
) -> None:
    building.ask(case.pk, staff_id=STAFF, now=timezone.now())
    slow = building._claimed(timezone.now())
    assert slow is not None
    stored = vault.put([b"A whole archive."])
    building.release_stranded(timezone.now() + building.STRANDED_AFTER * 2)

    with pytest.raises(NotAllowed, match="Another worker"):
        building._file(slow, stored, b"seen" * 8, Marks(), timezone.now())

    assert not CaseDocument.objects.filter(case=case).exists()
    assert not SearchRecord.objects.filter(case=case).exists()


@pytest.mark.parametrize("kind", [CaseKind.ERASURE, CaseKind.COMPLAINT])
def test_only_a_request_for_access_is_answered_so(kind: CaseKind) -> None:
    other = lives.new_case(kind, address=ADA)

    with pytest.raises(NotAllowed, match="for nothing else"):
        building.ask(other.pk, staff_id=STAFF, now=timezone.now())


def test_nobody_asks_twice_at_once(case: Case) -> None:
    building.ask(case.pk, staff_id=STAFF, now=timezone.now())

    with pytest.raises(NotAllowed, match="already"):
        building.ask(case.pk, staff_id=STAFF, now=timezone.now())


def test_a_key_that_left_the_register_stands_as_it_is_and_an_empty_one_nowhere() -> (
    None
):
    [links] = [holding for holding in holdings() if holding.key == "links"]
    [purposes] = [datum for datum in links.data if datum.path == "purposes"]

    told = pages.reader_of(links, purposes)(["", "gone-long-ago", "case-updates"])

    assert told == "gone-long-ago, Case updates"


# --- The console ---


def test_staff_have_it_put_together_and_see_how_far_it_is(case: Case) -> None:
    client = dana("view_case", "work_case")
    page = f"/console/rights_requests/case/{case.pk}/documents/"

    client.post(f"/console/rights_requests/case/{case.pk}/copy/")
    during = client.get(page).content.decode()
    building.build_next(timezone.now())
    after = client.get(page).content.decode()

    assert f"0 of {len(holdings())} places looked through" in during
    assert "Put it together again" in after
    assert f"Copy of your data {case.reference}.zip" in after


def test_a_second_press_is_refused_in_words(case: Case) -> None:
    client = dana("view_case", "work_case")
    for _ in range(2):
        answer = client.post(f"/console/rights_requests/case/{case.pk}/copy/")

    assert answer.status_code == 409
    assert "being put together already" in answer.content.decode()
    assert Package.objects.count() == 1


# --- Memory ---


def test_memory_does_not_grow_with_what_is_held(case: Case, settings: Any) -> None:
    import tracemalloc

    reader = subscriber_of(ADA)
    grow = (
        "INSERT INTO subscribers_subscriberevent"
        " (at, data_subject_id, action, channel, fields)"
        " SELECT now(), %s, 'left', 'staff', '{}' FROM generate_series(1, %s)"
    )

    def peak(rows: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(grow, [reader.data_subject_id, rows])
        tracemalloc.start()
        put_together(case)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    small, large = peak(500), peak(5000)

    assert large < small + 4 * 1024 * 1024
