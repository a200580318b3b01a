"""What a copy says of where data came from, what allows it and how long it is kept is true
of the person who reads it (Art. 15(1)(a), (d), (g)), and not only of most people."""

import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from consent.models import Channel
from processing_register.register import the_register
from rights_requests import own_data
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Package
from subscribers import importing, leaving, preferences
from subscribers.models import Subscriber
from tests.people import ADA, BEN, become_reader, subscriber_of
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.copying import opened, put_together

pytestmark = pytest.mark.django_db(transaction=True)
NOT_NOW = "your consent, which we do not have now: nothing is done for it"


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


def brought_in(address: str) -> Subscriber:
    """By a list without any proof of consent."""
    upload = importing.keep_upload(
        f"email,first_name,employer\n{address},Benjamin,Sample Ltd\n",
        file_name="old.csv",
        staff_id=7,
    )
    importing.apply_upload(upload.pk, digest=upload.digest.hex(), staff_id=7)
    return subscriber_of(address)


def copy_of(address: str, kind: CaseKind = CaseKind.ACCESS) -> Package:
    case = lives.new_case(kind, address=address)
    lives.confirm_mailbox(case)
    return put_together(Case.objects.get(pk=case.pk))


def told(package: Package) -> dict[str, dict[str, object]]:
    fields = json.loads(opened(package).read("data/sign-up.json"))["fields"]
    return {field["name"]: field for field in fields}


def first_page(package: Package) -> str:
    return " ".join(opened(package).read("index.html").decode().split())


def test_of_a_list_that_staff_brought_in_nothing_is_said_to_be_given_or_agreed() -> (
    None
):
    brought_in(BEN)
    package = copy_of(BEN)
    register = the_register()
    fields = told(package)
    for name in ("address", "first_name", "employer"):
        assert fields[name]["source"] == register.sources["staff"].title
        assert fields[name]["lawful_bases"] == [NOT_NOW]
        kept = register.retention["unconfirmed-sign-up"].words
        assert fields[name]["kept"] == kept
    assert f"This rests on {NOT_NOW}." in first_page(package)
    assert "This rests on your consent." not in first_page(package)


def test_what_they_put_right_themselves_came_from_them() -> None:
    reader = brought_in(BEN)
    preferences.change_details(reader, {"employer": "Another Sample Ltd"})
    fields = told(copy_of(BEN))
    assert fields["employer"]["source"] == the_register().sources["person"].title
    assert fields["first_name"]["source"] == the_register().sources["staff"].title


def test_nothing_of_such_a_list_goes_along_as_given_by_the_person() -> None:
    brought_in(BEN)
    package = copy_of(BEN, CaseKind.PORTABILITY)
    if package.state == Package.State.READY:
        data = json.loads(opened(package).read("data.json"))
        assert "sign-up" not in {place["holding"] for place in data["places"]}
    else:
        assert package.problem == Package.Problem.NOTHING


def test_every_purpose_that_somebody_agreed_to_is_named(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, purposes=("case-updates", "own-news"))
    page = first_page(copy_of(ADA))
    for key in ("case-updates", "own-news"):
        purpose = the_register().purposes[key]
        assert (
            f"{purpose.title}: {purpose.description} This rests on your consent."
            in page
        )


def test_whoever_agreed_to_something_else_alone_reads_that_it_is_used_for_that(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, purposes=("own-news",))
    fields = told(copy_of(ADA))
    title = the_register().purposes["own-news"].title
    assert fields["address"]["purpose"] == title
    assert fields["address"]["lawful_bases"] == ["your consent"]
    assert fields["source"]["source"] == the_register().sources["house"].title
    [shown] = [
        one.holding
        for one in own_data.places(person_of(subscriber_of(ADA).data_subject_id))
        if one.holding.key == "sign-up"
    ]
    assert {datum.purpose for datum in shown.data} == {"own-news"}


def test_a_consent_that_was_taken_back_is_not_named_as_what_allows_it(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    leaving.leave(subscriber_of(ADA).pk, [], channel=Channel.PREFERENCES)
    assert told(copy_of(ADA))["address"]["lawful_bases"] == [NOT_NOW]
