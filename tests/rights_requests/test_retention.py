"""Case files go three years after the last case of a submission was closed."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from data_subjects import holds
from data_subjects.models import DataSubject
from groundwork.clock import today_here
from processing_register.register import period
from rights_requests import closing, identity, links, vault
from rights_requests.kinds import CaseKind
from rights_requests.links import Use
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLink,
    CaseLogEntry,
    MailedCode,
    Submission,
)
from rights_requests.receiving import receive
from rights_requests.retention import CASE_FILES, SPENT_CODES, SPENT_VISITS
from tests.purging import purged
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Letters name the controller, and the register the period."""


def with_a_file(case: Case) -> str:
    stored = vault.put([b"a letter that she sent"])
    CaseDocument.objects.create(
        case=case,
        purpose=CaseDocument.Purpose.EVIDENCE,
        name="letter.txt",
        media_type="text/plain",
        size=stored.size,
        content_digest=stored.sha256,
        vault_name=stored.name,
    )
    return stored.name


def years_later() -> time_machine.travel:
    return time_machine.travel(
        timezone.now() + period("case-file") + timedelta(days=1), tick=False
    )


def test_a_case_file_goes_with_everything_in_it(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    case = lives.new_case()
    name = with_a_file(case)
    closing.withdraw(case.pk, now=timezone.now())
    assert purged(CASE_FILES) == 0, "its period has only begun"
    with years_later(), django_capture_on_commit_callbacks(execute=True):
        assert purged(CASE_FILES) == 1
    assert not Submission.objects.exists() and not CaseDocument.objects.exists()
    with pytest.raises(vault.Missing):
        list(vault.read(name))
    assert CaseLogEntry.objects.filter(case_id=case.pk).exists(), "the ledger lasts"


def test_one_open_case_keeps_the_whole_submission() -> None:
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    first, _ = receive(message, now=timezone.now()).cases
    closing.withdraw(first.pk, now=timezone.now())
    with years_later():
        assert purged(CASE_FILES) == 0


def test_a_legal_hold_keeps_a_case_file() -> None:
    case = lives.new_case()
    closing.withdraw(case.pk, now=timezone.now())
    subject = DataSubject.objects.get(submissions=case.submission)
    matter = holds.Matter("A claim", "It may be needed.", today_here() + timedelta(9))
    holds.place({subject.pk: ""}, matter, owner_id=1, today=today_here())
    with years_later():
        assert purged(CASE_FILES) == 0


def test_visits_and_codes_go_a_fortnight_after_they_ended_and_lasting_links_stay() -> (
    None
):
    case = lives.new_case()
    now = timezone.now()
    links.open_visit(case, now=now)
    identity.ask_code(case.pk, now=now)

    with time_machine.travel(now + period("spent-link"), tick=False):
        assert purged(SPENT_VISITS) == purged(SPENT_CODES) == 0
    later = now + period("spent-link") + identity.HOUR + timedelta(minutes=1)
    with time_machine.travel(later, tick=False):
        # The visit, and the link in the mail with the code.
        assert purged(SPENT_VISITS) == 2
        assert purged(SPENT_CODES) == 1

    assert not MailedCode.objects.exists()
    uses = CaseLink.objects.order_by("use").values_list("use", flat=True)
    assert list(uses) == [Use.CONFIRM, Use.STATUS]
