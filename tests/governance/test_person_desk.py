"""The console's pages about restrictions, holds and disclosures."""

import uuid
from datetime import timedelta
from html import unescape
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
from data_subjects.restriction import is_kept, is_restricted
from governance import informing, restrictions
from governance.person import Bindings, bindings
from governance.person_forms import ConsoleForm
from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from tests.console.staff import accesses, console_of, dana, page_of, person
from tests.data_subjects.acts import held, restricted
from tests.governance.test_indirect_contacts import entered
from tests.people import ADA, BEN, CLEO, become_reader, subscriber_of
from tests.relay import Relay

BASE = "/console/data_subjects/"
LATER = (today_here() + timedelta(days=60)).isoformat()
RESTRICT: dict[str, Any] = {
    "address": CLEO,
    "ground": "claims",
    "reason": "A claim is coming.",
}
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
    pages = verbs()
    for address in (BEN, CLEO):
        entered(address)
    for permission, (path, typed) in pages.items():
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
        ("restriction/add/", RESTRICT | {"ground": "mood"}, "Choose from those listed"),
        ("restriction/add/", RESTRICT | {"reason": " "}, "Say why"),
        ("legalhold/add/", HOLD | {"people": "nobody"}, "is no e-mail address"),
        ("legalhold/add/", HOLD | {"review_on": "2020-01-01"}, "still to come"),
        ("legalhold/add/", HOLD | {"review_on": "soon"}, "Enter a day like"),
        ("disclosure/add/", DISCLOSE | {"country_code": "US"}, "safeguard"),
        (
            "disclosure/add/",
            DISCLOSE | {"categories": ["x"]},
            "Choose from those listed",
        ),
        ("disclosure/add/", DISCLOSE | {"recipient": "a\0b"}, "Take out line breaks"),
        ("disclosure/add/", DISCLOSE | {"country_code": "G"}, "Enter two letters"),
        ("disclosure/add/", DISCLOSE | {"recipient": "x" * 121}, "Shorten this to 120"),
        ("disclosure/add/", DISCLOSE | {"purpose": "mood"}, "Choose from those"),
        ("legalhold/add/", HOLD | {"matter": "x" * 121}, "Shorten this to 120"),
        ("legalhold/add/", HOLD | {"review_on": "2199-01-01"}, "within a year"),
    ],
)
def test_bad_input_is_explained_and_changes_nothing(
    console: Client, path: str, typed: dict[str, Any], words: str
) -> None:
    sure = console.post(BASE + path, typed).context["form"]["sure"].value() or ""
    response = console.post(BASE + path, typed | {"sure": sure})

    assert response.status_code == 400
    assert words in response.content.decode()
    for model in (Restriction, LegalHold, Disclosure, SubjectEvent, DataSubject):
        assert not model.objects.exists()


def every_form(form: type[ConsoleForm] = ConsoleForm) -> list[type[ConsoleForm]]:
    return [form, *(each for sub in form.__subclasses__() for each in every_form(sub))]


@pytest.mark.parametrize("form", every_form())
def test_what_is_missing_is_asked_for_in_the_words_of_its_field(
    form: type[ConsoleForm],
) -> None:
    for name, field in form.base_fields.items():
        if field.required:
            assert field.error_messages["required"] != "This field is required.", name


def test_lifting_before_the_notice_is_refused_in_words(console: Client) -> None:
    row = restricted(ADA)

    page = console.post(f"{BASE}restriction/{row.pk}/lift/")

    assert page.status_code == 400 and "Tell the person first" in page.content.decode()
    row.refresh_from_db()
    assert row.is_open


def test_a_disclosure_of_restricted_data_needs_a_ground_and_a_reason(
    console: Client,
) -> None:
    entered(BEN)
    row, path = restricted(BEN), f"{BASE}disclosure/add/"
    public = {"allowance": "public interest"}
    for typed, words in (
        (DISCLOSE, "or an important public interest allows it"),
        (DISCLOSE | {"allowance": "mood"}, "Choose from those listed"),
        (DISCLOSE | public, "Say why the law allows it"),
    ):
        answer = console.post(path, typed)
        assert answer.status_code == 400 and words in answer.content.decode()

    why = {"allowance_reason": "An inquiry of the regulator."}
    assert console.post(path, DISCLOSE | public | why).status_code == 302

    page = console.get(f"{BASE}restriction/{row.pk}/change/").content.decode()
    assert "An inquiry of the regulator." in page and "public interest" in page


def test_a_form_about_somebody_known_asks_for_a_ground_only_when_it_is_needed(
    console: Client,
) -> None:
    contact = entered(BEN)
    path = f"{BASE}disclosure/add/?person={contact.data_subject_id}"
    assert "allowance" not in console.get(path).content.decode()
    restricted(BEN)

    page = console.get(path).content.decode()
    answer = console.post(path, by_page(DISCLOSE)).content.decode()

    assert "The data is restricted." in page and "not restricted" not in page
    assert "Choose what allows it" in answer and "Say why that applies" in answer
    assert not Disclosure.objects.exists()


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
    assert f"{BASE}restriction/add/?person={subscriber_of(ADA).data_subject_id}" in page
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


# --- Started on a person's page ---

ACTS = {"restriction": RESTRICT, "legalhold": HOLD, "disclosure": DISCLOSE}


def by_page(typed: dict[str, Any]) -> dict[str, Any]:
    """Without an address: the page gives the person."""
    return {k: v for k, v in typed.items() if k not in ("address", "people")}


@pytest.mark.parametrize("register", ACTS)
def test_somebody_without_an_address_can_be_acted_on_from_their_page(
    console: Client, register: str
) -> None:
    contact = entered("", details={"postal_address": "1 Mill Lane, Derby"})
    page = f"{BASE}indirectcontact/{contact.pk}/change/"
    path = f"{BASE}{register}/add/?person={contact.data_subject_id}"
    assert path in console.get(page).content.decode()
    form = console.get(path).content.decode()
    assert "Cleo Contact" in form and "@" not in path

    answer = console.post(path, by_page(ACTS[register]), follow=True)

    assert answer.redirect_chain[-1][0] == page
    bound = bindings(contact.data_subject_id)
    assert [bound.restrictions, bound.holds, bound.disclosures].count([]) == 2
    listed = console.get(f"{BASE}{register}/").content.decode()
    words = f"no. {contact.pk} from other sources"
    assert register == "disclosure" or words in listed + _row_pages(console, bound)


def _row_pages(console: Client, bound: Bindings) -> str:
    paths = [f"restriction/{row.pk}" for row in bound.restrictions]
    paths += [f"legalhold/{row.pk}" for row in bound.holds]
    pages = [console.get(f"{BASE}{path}/change/") for path in paths]
    return "".join(page.content.decode() for page in pages)


def test_a_hold_from_a_page_may_keep_others_too(console: Client) -> None:
    contact = entered("")
    entered(BEN)
    path = f"{BASE}legalhold/add/?person={contact.data_subject_id}"

    assert console.post(path, HOLD | {"people": BEN}).status_code == 302

    held_now = LegalHold.objects.get().people.values_list("address", flat=True)
    assert sorted(held_now) == ["", BEN]


def test_a_form_that_shows_a_person_leaves_a_record(
    client: Client, smtp: Relay, console: Client
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada")
    ada = subscriber_of(ADA).data_subject_id
    path = f"{BASE}restriction/add/?person={ada}"
    assert dana("view_subscriber").get(path).status_code == 403
    other = console_of(person("eve@example.com", "impose_restriction"))
    assert other.get(path).status_code == other.post(path, RESTRICT).status_code == 403
    assert accesses("opened") == [] and not Restriction.objects.exists()

    assert "Ada" in console.get(path).content.decode()
    (record,) = accesses("opened")
    assert record.data_subject_id == ada

    for nobody in ("x", "", str(uuid.uuid4()), str(entered_and_removed())):
        assert console.get(path.replace(str(ada), nobody)).status_code == 404
    assert console.post(path, by_page(RESTRICT)).status_code == 302
    assert Restriction.objects.get().address == ADA
    assert len(accesses("opened")) == 1


def entered_and_removed() -> uuid.UUID:
    contact = entered(BEN)
    informing.remove(contact.pk, staff_id=1)
    return contact.data_subject_id


# --- An address that nobody has ---


@pytest.mark.parametrize("register", ACTS)
def test_an_address_that_nobody_has_is_asked_about_once(
    console: Client, register: str
) -> None:
    path, typed = f"{BASE}{register}/add/", ACTS[register]

    asked = console.post(path, typed)

    page = unescape(asked.content.decode())
    assert asked.status_code == 400 and "nobody from another source has" in page
    assert "press the button once more" in page
    assert not DataSubject.objects.exists()
    form = asked.context["form"]
    other = typed | {"sure": form["sure"].value()}
    for name in ("address", "people"):
        if name in other:
            assert console.post(path, other | {name: ADA}).status_code == 400
    assert not DataSubject.objects.exists()
    assert console.post(path, other).status_code == 302
    assert DataSubject.objects.exists()


def test_a_restriction_in_advance_binds_whoever_comes_with_the_address(
    client: Client, smtp: Relay, console: Client
) -> None:
    path = f"{BASE}restriction/add/"
    sure = console.post(path, RESTRICT).context["form"]["sure"].value()
    said = console.post(path, RESTRICT | {"sure": sure}, follow=True)
    assert "nobody here has this address now" in said.content.decode()

    with pytest.raises(NotAllowed, match="restricted since"):
        entered(CLEO)
    become_reader(client, smtp, CLEO)

    assert is_restricted(subscriber_of(CLEO).data_subject_id)


def test_a_hold_in_advance_keeps_whoever_comes_with_the_address(
    client: Client, smtp: Relay, console: Client
) -> None:
    path = f"{BASE}legalhold/add/"
    sure = console.post(path, HOLD).context["form"]["sure"].value()
    said = console.post(path, HOLD | {"sure": sure}, follow=True)
    assert "Addresses that nobody has now: 2" in said.content.decode()

    become_reader(client, smtp, CLEO)

    assert is_kept(subscriber_of(CLEO).data_subject_id)
    assert is_kept(entered(BEN).data_subject_id)


def test_a_hold_that_nobody_reviewed_shows_on_the_first_page(console: Client) -> None:
    hold = held(ADA)
    assert (
        "Legal holds to look at again" not in console.get("/console/").content.decode()
    )
    LegalHold.objects.filter(pk=hold.pk).update(review_on=today_here())

    assert "Legal holds to look at again" in console.get("/console/").content.decode()
