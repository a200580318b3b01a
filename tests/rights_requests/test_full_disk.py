"""A disk that takes nothing: whoever hands in a file reads so, and nothing has changed."""

import resource
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from rights_requests import links, vault
from rights_requests.filing import DiskRefuses, file_documents
from rights_requests.fulfilment import systems
from rights_requests.kinds import CaseKind
from rights_requests.models import CaseDocument, SearchRecord, Submission, Task
from rights_requests.uploads import check_upload
from tests.console.staff import dana, text
from tests.rights_requests import lives
from tests.rights_requests.own_pages import text_of
from tests.rights_requests.test_staff_entry import enter

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "Our disk takes nothing at this moment"
Purpose = CaseDocument.Purpose


@pytest.fixture(autouse=True)
def full(open_house: None, settings: Settings, tmp_path: Path) -> Path:
    """The folder of the vault cannot be made: something else has its name."""
    (tmp_path / "full").write_text("no folder")
    settings.VAULT_DIR = tmp_path / "full"
    return tmp_path


def upload() -> Any:
    return SimpleUploadedFile("letter.txt", b"See the letter.")


def test_the_person_reads_so_on_their_page(client: Client) -> None:
    case = lives.new_case()
    visit = f"/your-data/visit/{links.open_visit(case, now=timezone.now())}/"

    page = client.post(visit, {"act": "document", "documents": upload()})

    assert page.status_code == 503
    assert WORDS in text_of(page)
    assert not CaseDocument.objects.exists()


def test_staff_read_so_under_documents() -> None:
    case = lives.new_case()
    path = f"/console/rights_requests/case/{case.pk}/documents/"
    told = {"purpose": "evidence", "file": upload()}

    page = dana("view_case", "work_case").post(path, told)

    assert page.status_code == 503
    assert WORDS in text(page)
    assert not CaseDocument.objects.exists()


def test_what_staff_typed_about_a_telephone_call_comes_back() -> None:
    desk = dana("view_case", "work_case", "view_inboundemail")
    page = enter(desk, words="She wants her data.", scans=[upload()])

    assert page.status_code == 503
    assert WORDS in text(page) and "She wants her data." in text(page)
    assert not Submission.objects.exists()


def test_the_owner_of_a_system_reads_so_and_the_task_stays_open() -> None:
    client = dana("view_case", "work_case")
    systems.enter(systems.Described("Records", "Orders.", 1))
    lives.new_case(CaseKind.ACCESS)
    systems.ask_owners(timezone.now())
    path = f"/console/rights_requests/task/{Task.objects.get().pk}/answer-system/"
    told = {
        "seen": client.get(path).context["newest"],
        "was_searched": "yes",
        "hits": "2",
        "terms": "Cleo",
        "why": "One list.",
        "on": f"{timezone.localdate():%Y-%m-%d}",
        "file": upload(),
    }

    page = client.post(path, told)

    assert page.status_code == 503
    assert WORDS in text(page)
    assert Task.objects.get().done_at is None and not SearchRecord.objects.exists()


def test_of_several_files_none_stays_where_one_cannot_be_kept(
    settings: Settings, full: Path
) -> None:
    settings.VAULT_DIR = full / "vault"
    large = SimpleUploadedFile("long.txt", b"A long letter. " * 20_000)
    files = [check_upload(upload()), check_upload(large)]
    case = lives.new_case()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DiskRefuses):
            file_documents(
                case.pk, files, Purpose.EVIDENCE, staff_id=1, now=timezone.now()
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(vault.names()) == []
    assert not CaseDocument.objects.exists()
