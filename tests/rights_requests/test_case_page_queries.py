"""How often the page of a case asks the database, however much has happened in it."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing_register.models import BankHoliday
from rights_requests import handling, visiting
from rights_requests.filing import file_documents
from rights_requests.handling import Said
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Channel, Note, SearchRecord, Task
from rights_requests.moves import OPEN, State
from rights_requests.uploads import check_upload
from staff.models import StaffUser
from tests.console.staff import console_of, person
from tests.rights_requests import lives
from tests.rights_requests.test_case_page import page

pytestmark = pytest.mark.django_db

# Who is signed in, the case and its log, what belongs to it, other cases of the person.
MOST = 22
HOLIDAYS = BankHoliday._meta.db_table
TABS = ("change", "letters", "searches", "tasks", "documents", "decisions", "who")


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Any, tmp_path: Any) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def omar() -> StaffUser:
    return person("omar@example.com", is_superuser=True)


def full(case: Case, omar: StaffUser, times: int) -> Case:
    """So many of everything that a case can hold."""
    now, today = timezone.now(), timezone.localdate()
    handling.assign(case.pk, omar.pk, staff_id=omar.pk, now=now)
    for number in range(times):
        visiting.write_message(case.pk, f"Message {number}", now=now)
        said = Said(f"Said {number}", Channel.TELEPHONE, today)
        handling.take_down(case.pk, said, staff_id=omar.pk, now=now)
        Note.objects.create(case=case, words="A note.", staff_id=omar.pk)
        Task.objects.create(case=case, what="Look.", due_on=today, set_by_id=omar.pk)
        SearchRecord.objects.create(
            case=case, system=f"Archive {number}", searched_on=today, staff_id=omar.pk
        )
        file = check_upload(SimpleUploadedFile("a.txt", b"Words."))
        file_documents(
            case.pk, [file], CaseDocument.Purpose.ANSWER, staff_id=omar.pk, now=now
        )
    return case


def queries(client: Any, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    # The holidays are read once a minute, by whichever page comes first.
    own = (query for query in asked.captured_queries if HOLIDAYS not in query["sql"])
    return len(list(own))


@pytest.mark.parametrize("state", OPEN)
def test_a_case_with_much_in_it_asks_no_oftener_than_the_ceiling(
    omar: StaffUser, state: State
) -> None:
    case = full(lives.bring_to(CaseKind.ACCESS, state), omar, 1)
    client = console_of(omar)
    few = {tab: queries(client, page(case, tab)) for tab in TABS}
    full(case, omar, 3)
    assert {tab: queries(client, page(case, tab)) for tab in TABS} == few
    assert max(few.values()) <= MOST, few
