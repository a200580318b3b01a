"""The case log proves the words that were said, and gives none of them away."""

import hashlib
import io
import sys

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rights_requests import handling
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry, Event
from tests.rights_requests import lives

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

REASON = "A bill."


@pytest.fixture
def dismissed() -> Case:
    case = lives.new_case(CaseKind.ACCESS, is_draft=True)
    handling.dismiss(case.pk, reason=REASON, staff_id=7, now=timezone.now())
    return case


def said(case: Case, words: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "stdin", io.StringIO(words))
    out = io.StringIO()
    call_command("case_words", case.reference, stdout=out)
    return out.getvalue()


def test_short_words_cannot_be_found_in_the_log_by_trying(dismissed: Case) -> None:
    rows = str(list(CaseLogEntry.objects.filter(case_id=dismissed.pk).values()))
    assert hashlib.sha256(REASON.encode()).hexdigest() not in rows
    assert REASON not in rows


def test_whoever_has_the_words_and_the_key_finds_their_entry(
    dismissed: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "dismiss" in said(dismissed, REASON + "\n", monkeypatch)
    with pytest.raises(CommandError, match="No entry"):
        said(dismissed, "A letter.", monkeypatch)


def test_entries_from_before_there_was_a_key_are_known_as_well(
    dismissed: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    CaseLogEntry.objects.create(
        case_id=dismissed.pk,
        event=Event.MESSAGE,
        state=dismissed.state,
        inputs={"message": 1, "words": hashlib.sha256(b"Hello.").hexdigest()},
    )
    assert "message" in said(dismissed, "Hello.", monkeypatch)
