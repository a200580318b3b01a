"""Once somebody is deleted and was told, the ledgers are whole and lead to nobody: no row
beside them has the number by which they know people."""

import json
import zipfile
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.models import ConsentEntry
from data_subjects import disclosures
from data_subjects.models import DataSubject, Disclosure, LegalHold
from groundwork.clock import today_here
from groundwork.ledger import LedgerEntry
from rights_requests import closing, deciding
from rights_requests.fulfilment import after_report, erasing, telling
from rights_requests.fulfilment.recipients import recipients_of
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseLogEntry,
    ErasurePlan,
    Event,
    Submission,
    Task,
)
from tests.beside import Beside
from tests.console.staff import console_of, person, text
from tests.data_subjects.test_holds_and_disclosures import GIVEN
from tests.people import ADA, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.deleting import (
    DANA,
    ada_wants_it_deleted,
    again,
    approve,
    carried_out,
    deliver,
    hold,
    in_part,
    keep,
    propose,
)

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Ada Lovelace-Example"
# Beside the ledgers: what went to whom, by number alone; the number itself, empty; and
# the line by which an old backup brings nobody back.
BY_NUMBER_ALONE = {
    "case_updates_delivery",
    "data_subjects_datasubject",
    "data_subjects_journalline",
    "governance_noticedelivery",
}


@pytest.fixture(autouse=True)
def stores(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.SEARCHED_FOLDERS = [tmp_path]


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    return ada_wants_it_deleted(client, smtp)


def tables_with(number: object) -> set[str]:
    """Every table with a row in which this stands, whatever the column."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" AS r WHERE r::text LIKE %s)',
                [f"%{number}%"],
            )
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def encrypted_words() -> Iterator[str]:
    for model in apps.get_models():
        fields = model._meta.concrete_fields
        names = [one.name for one in fields if type(one).__name__.startswith("Encr")]
        if names:
            yield from map(str, model._base_manager.values_list(*names))


def ledgers() -> set[str]:
    tables = (one._meta.db_table for one in apps.get_models() if _is_ledger(one))
    return set(tables)


def _is_ledger(model: type) -> bool:
    return issubclass(model, LedgerEntry)


def number_of(case: Case) -> UUID:
    return again(case).submission.data_subject_id


def deleted_after_a_disclosure(case: Case) -> None:
    """Whoever had the data is told, which the report waits for."""
    disclosures.record(
        case.submission.data_subject_id, GIVEN, staff_id=DANA, today=today_here()
    )
    approve(propose(case))
    erasing.work_on_next(timezone.now())
    telling.set_tasks(timezone.now())
    told = telling.Told(Task.Outcome.TOLD, "By letter.")
    [task] = Task.objects.filter(case=case)
    telling.answer(task.pk, told, staff_id=DANA, now=timezone.now())
    erasing.work_on_next(timezone.now() + timedelta(minutes=2))
    assert ErasurePlan.objects.get().state == "done"


def test_when_the_report_has_left_the_ledgers_are_whole_and_lead_nowhere(
    case: Case,
) -> None:
    Submission.objects.filter(cases=case).update(name=NAME)
    number = number_of(case)
    console = console_of(person("dana@example.com", "view_case", "view_submission"))
    page = f"/console/rights_requests/case/{case.pk}/who/"
    assert str(number) in text(console.get(page))
    deleted_after_a_disclosure(case)
    before = list(ConsentEntry.objects.order_by("id").values())
    assert number_of(case) == number

    deliver()

    assert again(case).submission.name == NAME
    assert tables_with(number) <= ledgers() | BY_NUMBER_ALONE
    assert not [words for words in encrypted_words() if str(number) in words]
    # Whole: nothing in them has changed or gone.
    assert list(ConsentEntry.objects.order_by("id").values()) == before
    assert ConsentEntry.objects.filter(data_subject_id=number).count() > 1
    assert Disclosure.objects.filter(data_subject_id=number).exists()
    # Nor does the file lead to them.
    own = number_of(case)
    assert own != number
    assert tables_with(own) == {
        "data_subjects_datasubject",
        "rights_requests_submission",
    }
    shown = text(console.get(page))
    assert str(number) not in shown and "a number of its own" in shown


def test_nothing_of_a_file_names_an_entry_of_a_ledger_that_knows_people() -> None:
    """Nor then by its number: what that entry knows the person by is one step away."""
    people = {
        f"{one._meta.model_name}_id"
        for one in apps.get_models()
        if _is_ledger(one) and hasattr(one, "data_subject_id")
    }
    assert "disclosure_id" in people
    for model in apps.get_app_config("rights_requests").get_models():
        named = people & {field.attname for field in model._meta.concrete_fields}
        assert not named, model


def test_no_transaction_and_no_moment_leads_from_the_ledgers_to_the_file(
    case: Case,
) -> None:
    """What one transaction writes into two ledgers has its number in both."""
    number = number_of(case)
    carried_out(case)
    deliver()
    with connection.cursor() as cursor:
        for ledger in sorted(ledgers() - {"rights_requests_caselogentry"}):
            columns = connection.introspection.get_table_description(cursor, ledger)
            if "data_subject_id" in {column.name for column in columns}:
                cursor.execute(
                    f"SELECT count(*) FROM {ledger} AS theirs"
                    " JOIN rights_requests_caselogentry AS log USING (written_in)"
                    " WHERE theirs.data_subject_id = %s",
                    [number],
                )
                assert cursor.fetchone() == (0,), ledger
    went = DataSubject.objects.get(pk=number).record_went_at
    assert went is not None
    assert timezone.localtime(went).time() == time.min
    begun = CaseLogEntry.objects.filter(case_id=case.pk, event=Event.ERASURE_BEGUN)
    assert begun.count() == 1


def test_who_had_the_data_stands_in_the_file_and_in_its_evidence_all_the_same(
    case: Case, tmp_path: Path
) -> None:
    deleted_after_a_disclosure(case)
    deliver()
    assert recipients_of(again(case)) == (GIVEN.recipient,)
    path = tmp_path / "evidence.zip"
    call_command("evidence_bundle", case.reference, file=path)
    with zipfile.ZipFile(path) as archive:
        [told] = json.loads(archive.read("recipients.json"))
        [plan] = json.loads(archive.read("erasures.json"))
        assert json.loads(archive.read("disclosures.json")) == []
    assert (told["recipient"], told["outcome"]) == (GIVEN.recipient, "told")
    assert plan["ledgers_cut_off_at"] is not None


def test_the_report_says_what_becomes_of_the_number(case: Case, smtp: Relay) -> None:
    carried_out(case)
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert (
        "gets another number. Nothing that says who you are has this one then" in told
    )
    # The log of the case itself belongs to its file.
    _, _, log = told.partition("What happened to your requests. ")
    assert log.startswith("It names nobody, and belongs to the file of your requests")


def test_while_something_of_theirs_is_open_the_number_stays(case: Case) -> None:
    """What is answered may need what is on record of the person."""
    number = number_of(case)
    other = lives.new_case(CaseKind.RESTRICTION, address=ADA)
    assert number_of(other) == number
    deliver()
    assert carried_out(case).state == "done"
    deliver()
    assert number_of(case) == number_of(other) == number
    assert after_report.forget_contacts_kept_back() == 0

    closing.withdraw(other.pk, now=timezone.now())
    assert number_of(case) == number
    deliver()
    assert number_of(case) == number_of(other) != number


def test_a_hold_keeps_the_number_in_the_file_until_the_night_after_its_release(
    case: Case,
) -> None:
    number = number_of(case)
    carried_out(case)
    hold(case)
    deliver()
    assert after_report.forget_contacts_kept_back() == 0
    assert number_of(case) == number
    LegalHold.objects.update(released_at=timezone.now(), released_by_id=DANA)
    assert after_report.forget_contacts_kept_back() == 1
    own = number_of(case)
    assert own != number
    assert after_report.forget_contacts_kept_back() == 0
    assert number_of(case) == own


def test_a_hold_that_is_just_being_placed_keeps_the_number_too(case: Case) -> None:
    number = number_of(case)
    carried_out(case)
    with transaction.atomic():
        hold(case)
        leaving = Beside(deliver)
        assert leaving.waits_for_us()
    leaving.result()
    assert number_of(case) == number
    LegalHold.objects.update(released_at=timezone.now(), released_by_id=DANA)
    with transaction.atomic():
        hold(case)
        night = Beside(after_report.forget_contacts_kept_back)
        assert night.waits_for_us()
    assert night.result() == 0
    assert number_of(case) == number


def test_a_file_of_before_is_cut_off_by_the_next_run_of_the_night(case: Case) -> None:
    """As an older version left it, or a backup that was put back."""
    carried_out(case)
    deliver()
    cut_off = number_of(case)
    ErasurePlan.objects.update(cut_off_at=None)
    assert after_report.forget_contacts_kept_back() == 1
    assert number_of(case) != cut_off


def test_what_two_people_keep_stays_with_its_number_and_the_report_says_so(
    case: Case, smtp: Relay
) -> None:
    number = number_of(case)
    decision = deciding.propose(
        case.pk, in_part(keep()), staff_id=DANA, now=timezone.now()
    )
    approve(decision)
    erasing.work_on_next(timezone.now())
    deliver()
    assert number_of(case) == number
    assert after_report.forget_contacts_kept_back() == 0
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert "It leads to what else we keep of you here" in told
    assert "gets another number" not in told


def test_nothing_is_cut_off_before_a_deletion_is_done(case: Case) -> None:
    approve(propose(case))
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasurePlan.objects.update(cut_off_at=timezone.now())
