"""An erasure: previewed, approved by two people, carried out, searched after, told."""

import json
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as house
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.models import ConsentEntry
from data_subjects import holds
from data_subjects.holds import Matter
from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.holdings import holdings
from groundwork.personal_data import Erasure
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail, SuppressedAddress
from rights_requests import casebook, closing, deciding, vault
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import erasing, erasure_plan
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import CaseKind
from rights_requests.letters_gone import take_over
from rights_requests.models import Case, Decision, ErasurePlan, Event, Residue
from rights_requests.moves import Move, State
from subscribers.models import Subscriber
from tests.people import ADA, BEN, become_reader, inbox, sign_up, subscriber_of
from tests.relay import Relay
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db(transaction=True)
DANA, OMAR = 7, 8


@pytest.fixture(autouse=True)
def stores(open_house: None, settings: Settings, tmp_path: Path) -> Path:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.NOT_SEARCHED = [settings.VAULT_DIR]
    settings.SEARCHED_FOLDERS = [tmp_path]
    return tmp_path


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    """Ada reads our e-mails, with a name and a number, and wants all of it deleted."""
    details = {
        "first_name": "Ada",
        "last_name": "Example",
        "telephone": "01332 555 0100",
    }
    become_reader(client, smtp, ADA, **details)
    become_reader(client, smtp, BEN, first_name="Benjamin")
    found = lives.new_case(CaseKind.ERASURE, address=ADA)
    deliver()
    return found


def deliver() -> None:
    deliver_due()
    take_over(timezone.now())


def propose(case: Case, **more: Any) -> Decision:
    proposal = Proposal(move=Move.FULFIL, **more)
    return deciding.propose(case.pk, proposal, staff_id=DANA, now=timezone.now())


def approve(decision: Decision, *, by: int = OMAR, code: str = "") -> None:
    plan = ErasurePlan.objects.get(decision=decision)
    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(decision.case),
        staff_id=by,
        now=timezone.now(),
        code=code or erasure_plan.code_of(plan),
    )


def carried_out(case: Case) -> ErasurePlan:
    decision = propose(case)
    approve(decision)
    erasing.work_on_next(timezone.now())
    return ErasurePlan.objects.get(decision=decision)


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_an_erasure_takes_everything_but_what_the_plan_keeps_and_tells_the_person(
    case: Case, smtp: Relay
) -> None:
    subject = case.submission.data_subject_id
    entries = list(ConsentEntry.objects.filter(data_subject_id=subject))
    person = person_of(subject)

    plan = carried_out(case)

    assert plan.state == ErasurePlan.State.DONE
    assert again(case).state == State.FULFILLED
    assert not Subscriber.objects.filter(data_subject=subject).exists()
    for holding in holdings():
        if holding.fate is Erasure.REMOVED:
            assert not list(holding.records(person)), holding
    assert DataSubject.objects.get(pk=subject).address_digest is None
    # The ledger stays whole, says that the consent ended, and leads nowhere.
    after = ConsentEntry.objects.filter(data_subject_id=subject)
    assert set(after) > set(entries) and after.order_by("-id")[0].action == "withdrawn"
    assert SuppressedAddress.objects.filter(
        address_digest=addresses.digest(ADA), reason="erased", purpose=""
    ).exists()
    deliver()
    told = inbox(smtp, ADA)[-1].text
    assert "Your sign-up for our e-mails (1)" in told
    assert "on our list" in told or "must not write to it" in told
    assert "Article 17(3)(b)" in told and "complain to us" in told
    assert Subscriber.objects.filter(address_digest=addresses.digest(BEN)).exists()


def test_once_the_report_has_left_nobody_can_be_reached_by_the_file(case: Case) -> None:
    carried_out(case)
    assert again(case).submission.address == ADA
    deliver()
    submission = again(case).submission
    assert submission.address == submission.telephone == ""
    assert not [mail for mail in OutgoingEmail.objects.all() if mail.to_address == ADA]
