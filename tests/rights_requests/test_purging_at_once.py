"""The purge of case files beside somebody who still works on one of them.

A purge holds the person and comes to the case; whoever writes holds the case and comes
to the person with the commit. So the purge leaves alone what somebody is at.
"""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from processing_register.register import period
from rights_requests import casebook, closing, handling, visiting
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Submission
from rights_requests.moves import State
from rights_requests.retention import CASE_FILES
from tests.beside import Beside
from tests.purging import purged
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("open_house"),
]


@pytest.fixture
def old() -> Case:
    """A case whose file may go: taken back so long ago."""
    case = lives.new_case(CaseKind.RECTIFICATION)
    closing.withdraw(case.pk, now=timezone.now())
    long_ago = timezone.now() - period("case-file") - timedelta(days=1)
    Case.objects.update(closed_at=long_ago)
    return case


def purge() -> int:
    return purged(CASE_FILES)


def test_what_somebody_writes_about_stays_until_the_next_night(old: Case) -> None:
    with transaction.atomic():
        words = {"message": "We found one more letter of yours."}
        handling.write_to_person(old.pk, words, staff_id=PROPOSER, now=timezone.now())
        beside = Beside(purge)
        assert not beside.waits_for_us()

    assert beside.result() == 0
    assert Submission.objects.exists()
    assert purge() == 1
    assert not Submission.objects.exists()


def test_what_is_shut_away_at_this_moment_stays_until_the_next_night(
    old: Case,
) -> None:
    with transaction.atomic():
        visiting.write_message(old.pk, "I am HIV positive.", now=timezone.now())
        beside = Beside(purge)
        assert not beside.waits_for_us()

    assert beside.result() == 0
    assert purge() == 1


def test_what_is_opened_again_beside_the_purge_is_kept(old: Case) -> None:
    with transaction.atomic():
        casebook.locked(old.pk)
        beside = Beside(purge)
        assert not beside.waits_for_us()
        handling.reopen(
            old.pk, reason="It was not her.", staff_id=PROPOSER, now=timezone.now()
        )

    assert (beside.result(), purge()) == (0, 0)
    assert Case.objects.get().state == State.IN_PROGRESS


def test_who_comes_to_a_case_that_is_being_purged_finds_none(old: Case) -> None:
    with transaction.atomic():
        assert purge() == 1
        beside = Beside(lambda: closing.withdraw(old.pk, now=timezone.now()))
        assert beside.waits_for_us()

    with pytest.raises(Case.DoesNotExist):
        beside.result()
