"""What goes from the file of somebody who was deleted, once our answer has left."""

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from rights_requests import closing, handling
from rights_requests.fulfilment import after_report
from rights_requests.handling import Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, SearchRecord
from tests.console.staff import console_of, person, text
from tests.people import ADA
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.deleting import (
    DANA,
    ada_wants_it_deleted,
    again,
    carried_out,
    deliver,
)

pytestmark = pytest.mark.django_db(transaction=True)
TERMS = f"{ADA}, Ada Lovelace-Example, 01332 555 0100"


@pytest.fixture(autouse=True)
def stores(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.SEARCHED_FOLDERS = [tmp_path]


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    return ada_wants_it_deleted(client, smtp)


def searched_for(case: Case) -> None:
    now = timezone.now()
    searched = Searched(
        system="Old accounts", terms=TERMS, hits=0, why="That is all.", on=now.date()
    )
    handling.record_search(case.pk, searched, staff_id=DANA, now=now)


def everything_that_is_written() -> Iterator[str]:
    for model in apps.get_models():
        for row in model._base_manager.values():
            yield from map(str, row.values())


def test_by_what_somebody_was_searched_for_goes_with_their_addresses(
    case: Case, tmp_path: Path
) -> None:
    searched_for(case)
    assert carried_out(case).state == "done"
    assert SearchRecord.objects.get().terms == TERMS
    deliver()

    [row] = SearchRecord.objects.all()
    assert (row.terms, row.system, row.why) == ("", "Old accounts", "That is all.")
    assert not [words for words in everything_that_is_written() if ADA in words]
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    page = text(console.get(f"/console/rights_requests/case/{case.pk}/searches/"))
    assert "deleted with the data" in page and "Old accounts" in page


def test_the_evidence_of_a_search_names_no_address(case: Case, tmp_path: Path) -> None:
    searched_for(case)
    SearchRecord.objects.update(why=f"She says that {ADA} is her only address.")
    path = tmp_path / "evidence.zip"
    call_command("evidence_bundle", case.reference, file=path)
    with zipfile.ZipFile(path) as archive:
        [row] = json.loads(archive.read("searches.json"))
    assert ADA not in str(row) and "555" not in str(row)
    assert row["searched_for"] == (
        "[e-mail address], Ada Lovelace-Example, [telephone number]"
    )
    assert row["why"] == "She says that [e-mail address] is her only address."


def test_while_something_else_of_theirs_is_open_they_can_be_reached_and_told_again(
    case: Case,
) -> None:
    """As the letter says."""
    other = lives.new_case(CaseKind.RESTRICTION, address=ADA)
    deliver()
    assert carried_out(case).state == "done"
    deliver()
    assert again(case).submission.address == ADA
    assert after_report.forget_contacts_kept_back() == 0

    closing.withdraw(other.pk, now=timezone.now() + timedelta(seconds=1))
    deliver()

    assert again(case).submission.address == again(other).submission.address == ""
    assert not [words for words in everything_that_is_written() if ADA in words]
