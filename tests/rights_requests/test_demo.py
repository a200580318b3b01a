"""The sample cases of a first look: plainly samples, in every state that staff meet."""

from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from governance.demo import load_demo
from groundwork.clock import today_here
from rights_requests import case_queue, clock_health
from rights_requests.models import Case, Decision, Submission
from rights_requests.moves import State

pytestmark = pytest.mark.django_db


def test_the_samples_fill_the_desk_and_name_nobody_real(
    open_house: None, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    load_demo()
    states = set(Case.objects.values_list("state", flat=True))
    assert states >= {
        State.DRAFT,
        State.IN_PROGRESS,
        State.AWAITING_IDENTITY,
        State.FULFILLED,
    }
    for submission in Submission.objects.all():
        assert submission.address.endswith("@example.com")
        assert submission.words.startswith("Sample:")
    numbers = case_queue.numbers(today=today_here())
    assert all(numbers.values()), numbers
    assert Decision.objects.pending().count() == 1
    assert clock_health.trouble(timezone.now()) == ""
    before = Case.objects.count()
    load_demo()
    assert Case.objects.count() == before
