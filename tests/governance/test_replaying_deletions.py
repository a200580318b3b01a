"""A deletion whose beginning the database has forgotten, and the journal has not: by a
restored backup, or by a worker and a server that died in that moment."""

from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from governance import replaying
from rights_requests.fulfilment import erasing
from rights_requests.models import Case, ErasurePlan
from rights_requests.moves import State
from subscribers.models import Subscriber
from tests.data_subjects.journals import was_erased
from tests.people import ADA, inbox, subscriber_of
from tests.relay import Relay
from tests.rights_requests.deleting import (
    ada_wants_it_deleted,
    again,
    approve,
    deliver,
    propose,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stores(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.SEARCHED_FOLDERS = [tmp_path]


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    """Approved by two, and about to begin."""
    found = ada_wants_it_deleted(client, smtp)
    approve(propose(found))
    return found


def test_it_goes_on_from_what_the_replay_did_and_the_report_tells_all_of_it(
    case: Case, smtp: Relay
) -> None:
    subject = case.submission.data_subject_id
    was_erased(ADA, subject=subject)
    replaying.replay()
    assert not Subscriber.objects.filter(data_subject=subject).exists()
    plan = ErasurePlan.objects.get()
    assert (plan.state, plan.problem) == ("erasing", "")

    erasing.work_on_next(timezone.now())

    plan.refresh_from_db()
    assert plan.state == "done" and again(case).state == State.FULFILLED
    deliver()
    assert "Your sign-up for our e-mails (1)" in inbox(smtp, ADA)[-1].text


def test_one_that_was_stopped_later_is_not_taken_up_again(case: Case) -> None:
    subject = case.submission.data_subject_id
    left = ("sign-up", "person")
    was_erased(ADA, subject=subject)
    was_erased(ADA, subject=subject, kept=left)
    replaying.replay()
    assert subscriber_of(ADA).first_name == "Ada"
    assert ErasurePlan.objects.get().state == "approved"

    erasing.work_on_next(timezone.now())

    assert ErasurePlan.objects.get().state == "void"
    assert subscriber_of(ADA).first_name == "Ada"
