"""What a person takes along to another service (Art. 20): a strict part of the copy."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator
from pytest_django import Settings

from groundwork.holdings import holdings
from outbox.models import SuppressedAddress
from rights_requests import handling
from rights_requests.fulfilment.portability import portable, why_not
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Package
from tests.people import ADA, BEN, CLEO, OWN_NEWS, become_reader, subscriber_of
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.copying import MAKER as STAFF
from tests.rights_requests.copying import opened, put_together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    become_reader(
        client,
        smtp,
        ADA,
        purposes=("case-updates", OWN_NEWS),
        first_name="Ada",
        employer="=cmd|' /C calc'!A0",
    )
    case = lives.new_case(CaseKind.PORTABILITY, address=ADA)
    handling.add_note(case.pk, "An inner note.", staff_id=STAFF, now=timezone.now())
    return case


@pytest.fixture
def archive(case: Case) -> zipfile.ZipFile:
    return opened(put_together(case))


def read(archive: zipfile.ZipFile) -> Any:
    return json.loads(archive.read("data.json"))


def test_it_has_what_the_person_typed_and_chose(archive: zipfile.ZipFile) -> None:
    places = {one["holding"]: one["records"] for one in read(archive)["places"]}

    [sign_up] = places["sign-up"]
    assert sign_up["address"] == ADA
    assert sign_up["employer"] == "=cmd|' /C calc'!A0"
    given = {one["purpose"] for one in places["consent"] if one["action"] == "given"}
    assert given == {"case-updates", OWN_NEWS}
    assert all(one["at"].endswith("Z") for one in places["consent"])


def test_it_has_nothing_that_we_noted_made_or_heard_from_others(
    archive: zipfile.ZipFile,
) -> None:
    whole = b"".join(
        archive.read(name) for name in archive.namelist() if name != "index.html"
    ).decode()

    assert "An inner note." not in whole
    places = {one["holding"] for one in read(archive)["places"]}
    assert places.isdisjoint(
        {"notes", "opt-outs", "case-log", "letters", "from-others"}
    )
    assert "status" not in read(archive)["places"][0]["records"][0]


def test_what_is_left_out_is_named_with_its_reason(archive: zipfile.ZipFile) -> None:
    staying = read(archive)["left_out"]
    page = archive.read("index.html").decode()

    reasons = {one["place"]: one["reason"] for one in staying}
    assert "not on your consent" in reasons["Our notes on your requests"] or (
        "You did not give it" in reasons["Our notes on your requests"]
    )
    assert all(one["fields"] and one["reason"] for one in staying)
    assert "Our notes on your requests" in page
    beginnings = {" ".join(one["reason"].split()[:2]) for one in staying}
    assert beginnings == {"It is", "It would", "It rests", "You did"}


def test_it_is_a_strict_part_of_the_copy(case: Case, archive: zipfile.ZipFile) -> None:
    copy = opened(put_together(lives.new_case(CaseKind.ACCESS, address=ADA)))
    for place in read(archive)["places"]:
        whole = json.loads(copy.read(f"data/{place['holding']}.json"))["records"]
        for mine in place["records"]:
            assert any(mine.items() <= theirs.items() for theirs in whole), place
    assert len(read(archive)["places"]) < len(copy.namelist()) / 3


def test_the_json_keeps_to_the_schema_and_the_tables_run_no_formula(
    archive: zipfile.ZipFile,
) -> None:
    schema = json.loads(archive.read("portable.schema.json"))
    Draft202012Validator(schema).validate(read(archive))
    lines = list(csv.reader(io.StringIO(archive.read("csv/sign-up.csv").decode())))

    assert "'=cmd|' /C calc'!A0" in lines[1]


def test_whoever_gave_us_nothing_so_is_not_sent_an_empty_file(client: Client) -> None:
    stranger = lives.new_case(CaseKind.PORTABILITY, address=CLEO)

    package = put_together(stranger)

    assert (package.state, package.problem) == ("failed", "nothing")
    assert "refuse" in Package.Problem(package.problem).label


def test_each_field_either_goes_along_or_says_why_not() -> None:
    for holding in holdings():
        going = set(portable(holding))
        for datum in holding.data:
            if datum in going:
                assert why_not(holding, datum) == ""
            elif datum.category is not None:
                assert why_not(holding, datum).endswith(".")


def test_the_opt_out_list_never_goes_along(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, BEN)
    digest = bytes(subscriber_of(BEN).address_digest)
    SuppressedAddress.objects.create(address_digest=digest, reason="bounced")

    archive = opened(put_together(lives.new_case(CaseKind.PORTABILITY, address=BEN)))

    assert "bounced" not in archive.read("data.json").decode()
