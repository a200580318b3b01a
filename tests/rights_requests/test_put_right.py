"""What the person was told by mistake is put right by a letter of its own."""

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import casebook, handling, letters_gone
from rights_requests.acknowledging import acknowledge_drafts
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Decision
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from tests.console.staff import dana, text
from tests.people import CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER
from tests.rights_requests.test_orders_of_verbs import (
    again,
    at,
    propose,
    received,
    release,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

TOLD = "You thank us for a copy that we sent last year, and ask for nothing new."


def a_draft(kind: CaseKind = CaseKind.ACCESS, *, was_told: bool = True) -> Case:
    """Out of a mail; its sender was told what we took it for."""
    now = timezone.now()
    message = receive(lives.sent(kind, is_draft=True), now=now, answers=False)
    if was_told:
        acknowledge_drafts(message.submission, list(message.cases), now=now)
    return again(message.cases[0])


def kinds(case: Case) -> list[str]:
    return list(case.letters.values_list("kind", flat=True))


# --- Another kind ---


def test_whoever_was_told_another_kind_is_told_the_right_one(smtp: Relay) -> None:
    case, now = a_draft(), timezone.now()
    handling.reclassify(case.pk, CaseKind.ERASURE, staff_id=7, now=now)
    assert kinds(case) == ["acknowledgement"], "it may be sorted once more"
    handling.confirm(case.pk, staff_id=7, now=now)
    words = " ".join(inbox(smtp, CLEO)[-1].text.split())
    assert "taken your message for this: a copy of your data" in words
    assert "It asks for something else: deleting your data." in words
    assert "This is how we worked out that date" in words
    assert "164A" in words and "court" in words
    assert kinds(case) == ["acknowledgement", "put-right"]


def test_what_was_put_right_before_the_first_letter_needs_no_other(
    smtp: Relay,
) -> None:
    case, now = a_draft(was_told=False), timezone.now()
    handling.reclassify(case.pk, CaseKind.ERASURE, staff_id=7, now=now)
    handling.confirm(case.pk, staff_id=7, now=now)
    [mail] = inbox(smtp, CLEO)
    assert "What it is about: deleting your data" in mail.text
    assert kinds(case) == ["acknowledgement"]


def test_what_was_taken_for_something_else_for_a_while_needs_no_letter() -> None:
    case, now = a_draft(), timezone.now()
    handling.reclassify(case.pk, CaseKind.ERASURE, staff_id=7, now=now)
    handling.reclassify(case.pk, CaseKind.ACCESS, staff_id=7, now=now)
    handling.confirm(case.pk, staff_id=7, now=now)
    assert kinds(case) == ["acknowledgement"]


# --- No request at all ---


def test_whoever_was_told_of_a_request_is_told_why_it_is_none(smtp: Relay) -> None:
    case, now = a_draft(), timezone.now()
    with pytest.raises(NotAllowed, match="Write the reasons"):
        handling.dismiss(case.pk, reason="Thanks only.", staff_id=7, now=now)
    assert again(case).state == State.DRAFT
    handling.dismiss(case.pk, reason="Thanks only.", told=TOLD, staff_id=7, now=now)
    assert again(case).state == State.DISMISSED
    words = " ".join(inbox(smtp, CLEO)[-1].text.split())
    for part in (TOLD, "Section 164A", "Section 165", "court"):
        assert part in words, part
    assert "Thanks only." not in words


def test_whoever_was_told_of_nothing_is_written_nothing(smtp: Relay) -> None:
    case = a_draft(was_told=False)
    handling.dismiss(case.pk, reason="A bill.", staff_id=7, now=timezone.now())
    assert again(case).state == State.DISMISSED
    assert kinds(case) == []


def test_a_dismissal_of_which_nobody_read_is_none(smtp: Relay) -> None:
    case = a_draft()
    deliver_due()
    smtp.refused_recipients[CLEO] = "550 5.1.1 No such mailbox"
    now = timezone.now()
    handling.dismiss(case.pk, reason="Thanks only.", told=TOLD, staff_id=7, now=now)
    deliver_due()
    letters_gone.take_over(timezone.now())
    assert again(case).state == State.DRAFT
    assert again(case).governs_on is not None


def test_whoever_was_told_that_it_is_closed_is_told_that_it_is_not(
    smtp: Relay,
) -> None:
    case, now = a_draft(), timezone.now()
    handling.dismiss(case.pk, reason="Thanks only.", told=TOLD, staff_id=7, now=now)
    handling.reopen(case.pk, reason="She called.", staff_id=7, now=now)
    handling.confirm(case.pk, staff_id=7, now=now)
    assert kinds(case) == ["acknowledgement", "no-request", "acknowledgement"]
    assert "What it is about: a copy of your data" in inbox(smtp, CLEO)[-1].text
    assert again(case).acknowledged_at == now


def test_the_page_asks_for_the_words_that_the_person_reads(smtp: Relay) -> None:
    worker: Client = dana("view_case", "work_case")
    told, untold = a_draft(), a_draft(was_told=False)
    url = "/console/rights_requests/case/{}/dismiss/"
    assert 'name="told"' in text(worker.get(url.format(told.pk)))
    assert 'name="told"' not in text(worker.get(url.format(untold.pk)))
    given = {
        "reason": "Thanks only.",
        "told": TOLD,
        "seen": casebook.newest_entry_id(told),
    }
    preview = worker.post(url.format(told.pk), given)
    assert TOLD in " ".join(text(preview).split())
    assert again(told).state == State.DRAFT
    done = worker.post(url.format(told.pk), {**given, "step": "send"})
    assert done.status_code == 302
    assert again(told).state == State.DISMISSED
    assert kinds(told) == ["acknowledgement", "no-request"]


# --- An extension that was told too late ---


def test_whoever_was_told_too_late_of_two_months_more_is_told_that_they_do_not_count(
    smtp: Relay,
) -> None:
    case = received("2026-11-02")
    with time_machine.travel(at("2026-12-02", "23:59:50"), tick=False):
        now = timezone.now()
        release(propose(case, Move.EXTEND, now=now, ground="complexity"), now=now)
    with time_machine.travel(at("2026-12-03", "00:00:00"), tick=False):
        deliver_due()
        letters_gone.take_over(timezone.now())
        words = " ".join(inbox(smtp, CLEO)[-1].text.split())
    assert Decision.objects.get().outcome == Decision.Outcome.TOO_LATE
    assert again(case).due_on == date(2026, 12, 2)
    assert "forget the date in that letter: it does not count" in words
    assert "You should have had our answer by Wednesday 2 December 2026" in words


def test_nobody_is_told_so_whose_extension_was_posted_in_time() -> None:
    case = received("2026-11-02", reply_by="post")
    now = at("2026-12-01")
    letter = release(
        propose(case, Move.EXTEND, now=now, ground="complexity"), now=now
    ).letter
    assert letter is not None
    letters_gone.mark_posted(
        letter.pk,
        posted_on=date(2026, 12, 2),
        staff_id=PROPOSER,
        now=at("2026-12-02") + timedelta(days=2),
    )
    assert again(case).due_on == date(2027, 2, 2)
    assert "extension-void" not in kinds(case)
