"""Every place where something of a person stands is in one list, and found by it."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from data_subjects import holds, restriction
from data_subjects.holds import Matter
from data_subjects.models import (
    Allowance,
    DataSubject,
    Ground,
    LegalHold,
    Restriction,
    UseDespite,
)
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.holdings import Holding, Person, holdings
from groundwork.ledger import LedgerSeal
from groundwork.personal_data import Erasure, Export, NoPersonalData, PersonalData
from outbox.models import InboundEmail
from processing_register.checks import check_model, declaration_of, newest_privacy
from processing_register.register import the_register
from rights_requests.fulfilment.people import person_of
from staff.models import AccessRecord
from subscribers import importing
from subscribers.models import SubscriberEvent
from tests.case_updates.cast import staff
from tests.people import ADA, CLEO, become_reader, subscriber_of
from tests.relay import Relay
from tests.whole_house.inhabited import move_in
from tests.whole_house.test_models import names

What = UseDespite.What
HOLDINGS = holdings()
keys = [str(holding) for holding in HOLDINGS]


# --- The list is whole ---


@pytest.mark.parametrize("model", apps.get_models(), ids=names(apps.get_models()))
def test_whatever_can_reach_a_person_is_in_the_list_or_excused(model: Any) -> None:
    collected = {holding.model for holding in HOLDINGS}
    label = model._meta.label
    if not _reaches_a_person(model):
        assert label not in collected
        return

    assert (label in collected) != (label in settings.NOT_COLLECTED)
    if label not in collected:
        assert settings.NOT_COLLECTED[label]


def _reaches_a_person(model: Any) -> bool:
    """It says so, or a key of its leads to a person, by however many steps; or it holds
    the number of a person or of a case."""
    if issubclass(model, LedgerSeal):
        return False
    if isinstance(declaration_of(model), PersonalData) or _leads_to_a_person(model):
        return True
    columns = {field.attname for field in model._meta.concrete_fields}
    is_ledger = hasattr(model, "seal_model")
    return "data_subject_id" in columns or (is_ledger and "case_id" in columns)


def _leads_to_a_person(model: Any) -> bool:
    """Whatever a model says of itself: by its foreign keys, from one to the next."""
    seen, waiting = {model}, [model]
    while waiting:
        one = waiting.pop()
        if one is DataSubject:
            return True
        keys = (field for field in one._meta.concrete_fields if field.is_relation)
        fresh = {field.related_model for field in keys} - seen
        seen |= fresh
        waiting += fresh
    return False


def test_no_word_of_a_model_hides_that_its_key_leads_to_a_person() -> None:
    for label in ("MailedCode", "Reminder"):
        model = apps.get_model("rights_requests", label)
        assert isinstance(declaration_of(model), NoPersonalData)
        assert _reaches_a_person(model)
    assert not _leads_to_a_person(apps.get_model("staff", "StaffUser"))


def test_the_list_names_each_place_once() -> None:
    assert len({holding.key for holding in HOLDINGS}) == len(HOLDINGS)
    assert len({holding.model for holding in HOLDINGS}) == len(HOLDINGS)
    for label in settings.NOT_COLLECTED:
        assert apps.get_model(label)


@pytest.mark.parametrize("holding", HOLDINGS, ids=keys)
def test_each_place_tells_in_words_what_it_is(holding: Holding) -> None:
    assert holding.title[0].isupper()
    assert holding.words.endswith(".")
    assert set(holding.titles) <= {datum.path for datum in holding.data}
    titles = [datum.title for datum in holding.data]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("holding", HOLDINGS, ids=keys)
def test_what_a_place_holds_keeps_to_the_register(holding: Holding) -> None:
    """A ledger's entries are somebody's data while its number leads to them: what the
    list says of them is held against the register as any declaration is."""
    register = the_register()
    for datum in holding.data:
        purpose = register.purposes[datum.purpose]
        assert datum.source in purpose.sources
        assert datum.retention in register.retention
        if datum.category is not None:
            assert datum.category in purpose.data_categories
    found = check_model(holding.table, register, newest_privacy(register))
    assert found == []


# Rows that are about nobody known: mail to staff and from strangers, lists of others,
# looks at several people, and colleagues who are no readers.
NOT_OF_EVERYBODY = {
    "lists",
    "mail-to-you",
    "mail-from-you",
    "openings",
    "staff-account",
}


# --- Each finds its person, and nobody else ---


@pytest.mark.django_db(transaction=True)
def test_everything_of_everybody_is_found_and_nothing_twice(
    open_house: None, client: Client, smtp: Relay, mailbox: Path
) -> None:
    move_in(client, smtp, mailbox)
    bind_and_list()
    people = [person_of(pk) for pk in DataSubject.objects.values_list("pk", flat=True)]
    assert len(people) > 3

    empty = []
    for holding in HOLDINGS:
        found: Counter[str] = Counter()
        for person in people:
            found.update(record.key for record in holding.records(person))
        assert set(found.values()) <= {1}, f"{holding}: somebody else’s"
        if not found:
            empty.append(str(holding))
        if holding.key not in NOT_OF_EVERYBODY:
            assert len(found) == holding.table._base_manager.count(), (
                f"{holding}: missed"
            )
    assert empty == []


# --- And each can be made to say nothing of them ---


@pytest.mark.parametrize("holding", HOLDINGS, ids=keys)
def test_each_place_says_why_it_outlives_an_erasure_or_goes(holding: Holding) -> None:
    if holding.fate is Erasure.KEPT:
        assert holding.kept is not None and holding.kept.why[0].isupper()
        assert "Article" in holding.kept.article
        assert holding.forget is None and not holding.emptied
        return

    assert holding.kept is None
    if holding.fate is Erasure.EMPTIED:
        assert holding.forget or set(holding.emptied) == set(holding.fields)


@pytest.mark.django_db(transaction=True)
def test_erasing_one_person_takes_all_that_is_not_kept_and_nothing_of_others(
    open_house: None, client: Client, smtp: Relay, mailbox: Path
) -> None:
    move_in(client, smtp, mailbox)
    bind_and_list()
    LegalHold.objects.update(released_at=timezone.now(), released_by_id=1)
    for row in Restriction.objects.all():
        restriction.tell(row.pk, ending="Checked.", how="by letter", staff_id=1)
        restriction.lift(row.pk, staff_id=1)
    people = [person_of(pk) for pk in DataSubject.objects.values_list("pk", flat=True)]
    cleo = subscriber_of(CLEO).data_subject_id
    [gone] = [person for person in people if person.id == cleo]
    others = [person for person in people if person.id != cleo]
    before = {h.key: what_is_said(h, others) for h in HOLDINGS}

    taken = all_erased(gone)

    for holding in HOLDINGS:
        if holding.fate is Erasure.REMOVED:
            assert what_is_said(holding, [gone]) == [], holding
        if holding.fate is Erasure.KEPT:
            assert taken[holding.key] == 0
    assert taken["sign-up"] == taken["lists"] == taken["mail-from-you"] == 1
    assert taken["mail-to-you"] > 1 and taken["restrictions"] == 1
    assert {h.key: what_is_said(h, others) for h in HOLDINGS} == before
    again = all_erased(gone)
    assert {key for key, count in again.items() if count} <= {"held-for-a-claim"}


def all_erased(person: Person) -> dict[str, int]:
    with transaction.atomic():
        return {
            holding.key: holding.erase(person)
            for holding in reversed(HOLDINGS)
            if holding.key != "person"
        }


def what_is_said(holding: Holding, people: list[Person]) -> list[Any]:
    return [
        (record.key, record.values)
        for person in people
        for record in holding.records(person)
    ]


def bind_and_list() -> None:
    """What the house did not live through by itself, for Cleo: a restriction and a use
    despite it, a claim, a mail of hers, a list that names her, an account of staff."""
    cleo = subscriber_of(CLEO).data_subject_id
    matter = Matter("A claim", "The court asked.", today_here() + timedelta(days=90))
    holds.place({cleo: CLEO}, matter, owner_id=1, today=today_here())
    asked = restriction.Asked(Ground.ACCURACY, "She says that it is wrong.", CLEO)
    restriction.restrict(cleo, asked, staff_id=1)
    allowed = restriction.Allowed(Allowance.CLAIMS, "The court asked.")
    with transaction.atomic():
        restriction.lock(cleo)
        restriction.use_despite(cleo, What.CORRECTION, allowed, staff_id=1)
    InboundEmail.objects.create(
        digest=b"1" * 32,
        raw_message="Hello",
        sender_digest=addresses.digest(CLEO),
        state=InboundEmail.State.CLOSED,
    )
    importing.keep_upload(
        f"email,first_name\n{CLEO},Cleo\nx@example.com,Xenia\n",
        file_name="people.csv",
        staff_id=1,
    )
    staff(CLEO)
    AccessRecord.objects.create(staff_id=1, action="opened", data_subject_id=cleo)
    SubscriberEvent.objects.create(
        data_subject_id=cleo, action="left", channel="staff", fields=[]
    )


@pytest.mark.django_db
def test_of_a_list_with_several_people_each_gets_their_own_lines(
    open_house: None, client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    importing.keep_upload(
        f"email,first_name\n{ADA},Ada\nx@example.com,Xenia\n",
        file_name="people.csv",
        staff_id=1,
    )
    [lists] = [holding for holding in HOLDINGS if holding.key == "lists"]
    person = person_of(subscriber_of(ADA).data_subject_id)

    [record] = lists.records(person)

    assert record.values["content"].split() == ["email,first_name", f"{ADA},Ada"]


def test_words_about_a_legal_claim_are_given_by_staff_or_not_at_all() -> None:
    [holds_of] = [holding for holding in HOLDINGS if holding.key == "legal-holds"]
    given = {datum.path for datum in holds_of.given}

    assert given.isdisjoint({"matter", "reason"})
    assert "placed_at" in given


def test_no_secret_and_no_bare_code_is_given_word_for_word() -> None:
    for holding in HOLDINGS:
        for datum in holding.data:
            is_code = datum.path.endswith("digest")
            assert not (is_code and datum.export is Export.GIVEN), (holding, datum)
