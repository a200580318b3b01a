"""The console's pages about restrictions, holds and disclosures."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from data_subjects.models import (
    DataSubject,
    Disclosure,
    LegalHold,
    Restriction,
    SubjectEvent,
)
from governance import informing, restrictions
from groundwork.clock import today_here
from tests.console.staff import accesses, console_of, dana, page_of, person
from tests.data_subjects.acts import held, restricted
from tests.governance.test_indirect_contacts import entered
from tests.people import ADA, BEN, CLEO, become_reader, subscriber_of
from tests.relay import Relay

BASE = "/console/data_subjects/"
LATER = (today_here() + timedelta(days=60)).isoformat()
RESTRICT = {"address": CLEO, "ground": "claims", "reason": "A claim is coming."}
HOLD = {
    "matter": "Matter 3",
    "reason": "A claim is coming.",
    "people": f"{CLEO}\n{BEN}\n",
    "review_on": LATER,
}
DISCLOSE = {
    "address": BEN,
    "recipient": "Example Insurance plc",
    "role": "controller",
    "country_code": "gb",
    "categories": ["contact"],
    "purpose": "administration",
    "legal_ground": "legal-obligation",
    "disclosed_on": today_here().isoformat(),
    "reference": "Letter 14",
}


def verbs() -> dict[str, tuple[str, dict[str, Any]]]:
    """Permission → the page of its verb and what is typed there."""
    row, hold = restricted(ADA), held(ADA)
    return {
        "impose_restriction": (f"{BASE}restriction/add/", RESTRICT),
        "tell_restriction": (
            f"{BASE}restriction/{row.pk}/tell/",
            {"ending": "Checked.", "how": "by letter"},
        ),
        "lift_restriction": (f"{BASE}restriction/{row.pk}/lift/", {}),
        "place_legalhold": (f"{BASE}legalhold/add/", HOLD),
        "review_legalhold": (
            f"{BASE}legalhold/{hold.pk}/review/",
            {"review_on": LATER},
        ),
        "release_legalhold": (f"{BASE}legalhold/{hold.pk}/release/", {}),
        "record_disclosure": (f"{BASE}disclosure/add/", DISCLOSE),
    }


def test_each_verb_works_with_its_permission_and_changes_the_row(
    console: Client,
) -> None:
    for permission, (path, typed) in verbs().items():
        assert console.get(path).status_code == 200, permission
        assert console.post(path, typed).status_code == 302, permission

    assert Restriction.objects.filter(lifted_at__isnull=False).count() == 1
    assert LegalHold.objects.filter(released_at__isnull=False).count() == 1
    assert Disclosure.objects.get().country_code == "GB"
    assert LegalHold.objects.get(matter="Matter 3").people.count() == 2


def test_each_verb_is_refused_to_whoever_has_every_other_permission() -> None:
    pages = verbs()
    before = SubjectEvent.objects.count()

    for permission, (path, typed) in pages.items():
        others = [other for other in pages if other != permission]
        views = ["view_restriction", "view_legalhold", "view_disclosure"]
        client = console_of(person(f"{permission}@example.com", *others, *views))
        assert client.get(path).status_code == 403, permission
        assert client.post(path, typed).status_code == 403, permission

    assert SubjectEvent.objects.count() == before and not Disclosure.objects.exists()


@pytest.mark.parametrize(
    ("path", "typed", "words"),
    [
        ("restriction/add/", RESTRICT | {"address": "no address"}, "correct format"),
        ("restriction/add/", RESTRICT | {"ground": "mood"}, "Select a valid choice"),
        ("restriction/add/", RESTRICT | {"reason": " "}, "Say why"),
        ("legalhold/add/", HOLD | {"people": "nobody"}, "is no e-mail address"),
        ("legalhold/add/", HOLD | {"review_on": "2020-01-01"}, "still to come"),
        ("legalhold/add/", HOLD | {"review_on": "soon"}, "Enter a day like"),
        ("disclosure/add/", DISCLOSE | {"country_code": "US"}, "safeguard"),
        ("disclosure/add/", DISCLOSE | {"categories": ["x"]}, "Select a valid choice"),
        ("disclosure/add/", DISCLOSE | {"recipient": "a\0b"}, "There is a problem"),
    ],
)
def test_bad_input_is_explained_and_changes_nothing(
    console: Client, path: str, typed: dict[str, Any], words: str
) -> None:
    response = console.post(BASE + path, typed)

    assert response.status_code == 400
    assert words in response.content.decode()
    for model in (Restriction, LegalHold, Disclosure, SubjectEvent, DataSubject):
        assert not model.objects.exists()


def test_lifting_before_the_notice_is_refused_in_words(console: Client) -> None:
    row = restricted(ADA)

    page = console.post(f"{BASE}restriction/{row.pk}/lift/")

    assert page.status_code == 400 and "Tell the person first" in page.content.decode()
    row.refresh_from_db()
    assert row.is_open


def test_a_disclosure_of_restricted_data_needs_a_ground_and_a_reason(
    console: Client,
) -> None:
    row, path = restricted(BEN), f"{BASE}disclosure/add/"
    public = {"allowance": "public interest"}
    for typed, words in (
        (DISCLOSE, "or an important public interest allows it"),
        (DISCLOSE | {"allowance": "mood"}, "Select a valid choice"),
        (DISCLOSE | public, "Say why the law allows it"),
    ):
        answer = console.post(path, typed)
        assert answer.status_code == 400 and words in answer.content.decode()

    why = {"allowance_reason": "An inquiry of the regulator."}
    assert console.post(path, DISCLOSE | public | why).status_code == 302

    page = console.get(f"{BASE}restriction/{row.pk}/change/").content.decode()
    assert "An inquiry of the regulator." in page and "public interest" in page


def test_lists_mask_addresses_and_find_by_the_exact_one_only(console: Client) -> None:
    row = restricted(ADA)
    restricted(BEN)
    page = console.get(f"{BASE}restriction/").content.decode()
    assert "a•••@example.com" in page and ADA not in page

    found = console.post(f"{BASE}restriction/find/", {"address": ADA}, follow=True)
    missed = console.post(f"{BASE}restriction/find/", {"address": "ada@"}, follow=True)

    listed = found.content.decode()
    assert f"/restriction/{row.pk}/" in listed and "b•••@" not in listed
    assert "@" not in found.redirect_chain[0][0]
    assert "Nobody is known" in missed.content.decode()


def test_a_row_shows_what_it_is_and_only_the_acts_that_are_open(
    console: Client,
) -> None:
    row, hold = restricted(ADA), held(ADA)
    page = console.get(f"{BASE}restriction/{row.pk}/change/").content.decode()
    assert ADA in page and "checked whether the data is accurate" in page
    assert f"/restriction/{row.pk}/lift/" in page

    console.post(f"{BASE}legalhold/{hold.pk}/release/")
    page = console.get(f"{BASE}legalhold/{hold.pk}/change/").content.decode()

    assert f"/legalhold/{hold.pk}/release/" not in page
    assert console.get(f"{BASE}restriction/999/change/").status_code == 404
    assert console.post(f"{BASE}restriction/999/lift/").status_code == 404


def test_the_page_of_a_person_shows_what_binds_it(
    client: Client, smtp: Relay, console: Client
) -> None:
    become_reader(client, smtp, ADA)
    restricted(ADA)
    held(ADA)
    there = page_of(subscriber_of(ADA))

    page = console.get(there).content.decode()

    assert "Restriction, holds, disclosures" in page and "Matter 12" in page
    assert "Placed under a legal hold" in page
    form = console.get(f"{BASE}restriction/add/?reader={subscriber_of(ADA).pk}")
    assert f'value="{ADA}"' in form.content.decode()
    assert console.get(f"{BASE}restriction/add/?reader=x").status_code == 200
    quiet = dana("view_subscriber").get(there).content.decode()
    assert "Matter 12" not in quiet


def statements_of_the_lists(console: Client) -> list[int]:
    counts = []
    for register in ("restriction", "legalhold", "indirectcontact"):
        with CaptureQueriesContext(connection) as queries:
            assert console.get(f"{BASE}{register}/").status_code == 200
        counts.append(len(queries))
    return counts


def test_a_longer_list_takes_no_more_statements(console: Client) -> None:
    for address in (ADA, BEN, CLEO):
        restrictions.tell_by_mail(restricted(address).pk, ending="Over.", staff_id=1)
        held(address)
        contact = entered(f"other-{address}")
        informing.send_letter(contact.pk, staff_id=1)
        if address == ADA:
            few = statements_of_the_lists(console)

    assert statements_of_the_lists(console) == few


def test_a_form_that_fills_in_a_readers_address_leaves_a_record(
    client: Client, smtp: Relay, console: Client
) -> None:
    become_reader(client, smtp, ADA)
    ada = subscriber_of(ADA)
    path = f"{BASE}restriction/add/?reader={ada.pk}"
    refused = dana("view_subscriber")
    assert refused.get(path).status_code == 403
    assert accesses("opened") == []

    assert ADA in console.get(path).content.decode()
    (record,) = accesses("opened")
    assert record.data_subject_id == ada.data_subject_id

    console.post(path, RESTRICT)
    console.get(f"{BASE}restriction/add/?reader={ada.pk + 1}")
    assert len(accesses("opened")) == 1


def test_a_hold_that_nobody_reviewed_shows_on_the_first_page(console: Client) -> None:
    hold = held(ADA)
    assert (
        "Legal holds to look at again" not in console.get("/console/").content.decode()
    )
    LegalHold.objects.filter(pk=hold.pk).update(review_on=today_here())

    assert "Legal holds to look at again" in console.get("/console/").content.decode()
