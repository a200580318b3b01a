"""Counting every open case anew: holidays, projections, and what must not happen."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from processing_register.models import BankHoliday
from rights_requests import (
    casebook,
    clock,
    closing,
    handling,
    letters_gone,
    recounting,
    reminding,
)
from rights_requests.clock import written
from rights_requests.closing import Answer
from rights_requests.handling import Question
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseLogEntry,
    ClockFault,
    Letter,
    Recount,
    Reminder,
    Submission,
)
from rights_requests.moves import Move
from rights_requests.recounting import after_new_holidays, note_fault, recount_all
from tests.console.staff import console_of, person, text
from tests.people import CLEO, DANA, OMAR, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.broken import without_receipt
from tests.rights_requests.lives import new_case
from tests.whole_house.inhabited import contents

pytestmark = pytest.mark.django_db

# Tuesday; the answer is due on Friday 11 June 2027.
RECEIVED = datetime(2027, 5, 11, 9, 0, tzinfo=UTC)
DUE = date(2027, 6, 11)
MONDAY = date(2027, 6, 14)
LATER = datetime(2027, 5, 20, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def register(open_house: None) -> Iterator[None]:
    """Letters name the controller and the regulator."""
    clock.forget_holidays()
    yield
    clock.forget_holidays()


@pytest.fixture(autouse=True)
def time(register: None) -> Iterator[Any]:
    with time_machine.travel(RECEIVED, tick=False) as traveller:
        yield traveller


def received(kind: CaseKind = CaseKind.ACCESS, **more: Any) -> Case:
    return new_case(kind, received_at=RECEIVED, now=RECEIVED, **more)


def proclaimed(*days: date, title: str = "Day of the example") -> None:
    for day in days:
        BankHoliday.objects.create(nation="england-and-wales", on=day, title=title)


def moves_of(case: Case) -> list[str]:
    rows = CaseLogEntry.objects.filter(case_id=case.pk, number__isnull=False)
    return list(rows.order_by("number").values_list("event", flat=True))


def now_of(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def letters(case: Case) -> list[str]:
    return list(Letter.objects.filter(case=case).values_list("kind", flat=True))


def changed_by_hand(case: Case, **days: Any) -> None:
    Case.objects.filter(pk=case.pk).update(**days)


def asked_what_is_meant(case: Case, at: datetime) -> None:
    with transaction.atomic():
        casebook.make(
            casebook.locked(case.pk),
            Move.ASK_CLARIFICATION,
            now=at,
            inputs={"at": written(at)},
        )


# --- Nothing changed ---


def test_a_count_that_finds_nothing_writes_nothing_but_itself() -> None:
    for kind in (CaseKind.ACCESS, CaseKind.ERASURE, CaseKind.COMPLAINT):
        received(kind)
    rows = contents()

    run = recount_all(LATER)

    after = contents()
    assert {table for table in rows if rows[table] != after[table]} == {
        Recount._meta.db_table
    }
    assert (run.checked_count, run.moved_count, run.faults_count) == (3, 0, 0)
    assert run.finished_at is not None


def test_what_is_closed_is_not_counted() -> None:
    case = received()
    with transaction.atomic():
        casebook.make(casebook.locked(case.pk), Move.WITHDRAW, now=RECEIVED)
    proclaimed(DUE)

    assert recount_all(LATER).checked_count == 0


def test_a_count_costs_the_same_statements_for_one_case_as_for_many() -> None:
    received()
    with CaptureQueriesContext(connection) as one:
        recount_all(LATER)
    for _ in range(30):
        received()
    with CaptureQueriesContext(connection) as many:
        recount_all(LATER)

    assert len(many) == len(one) < 15


def test_old_runs_and_faults_that_are_shown_no_more_go() -> None:
    case = received()
    recount_all(LATER)
    note_fault(case.pk, ClockFault.By.RECOUNT, "due_on", now=LATER)

    recount_all(LATER + ClockFault.SHOWN_FOR - timedelta(minutes=1))
    assert ClockFault.objects.exists()
    recount_all(LATER + recounting.RUNS_KEPT + timedelta(minutes=1))

    assert not ClockFault.objects.exists()
    assert Recount.objects.filter(started_at=LATER).count() == 0
    assert Recount.objects.count() == 2


def test_all_batches_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recounting, "BATCH", 2)
    cases = [received() for _ in range(5)]
    proclaimed(DUE)

    run = recount_all(LATER)

    assert (run.checked_count, run.moved_count) == (5, 5)
    assert {now_of(case).due_on for case in cases} == {MONDAY}


# --- A newly named holiday ---


def test_a_holiday_on_the_due_date_moves_it_with_an_event_and_a_letter(
    smtp: Relay,
) -> None:
    case = received()
    assert case.due_on == DUE
    before = len(inbox(smtp, CLEO))
    proclaimed(DUE)

    run = recount_all(LATER)

    case = now_of(case)
    assert (case.due_on, case.promise_on, case.governs_on) == (MONDAY,) * 3
    assert (run.moved_count, run.faults_count) == (1, 0)
    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT]
    entry = CaseLogEntry.objects.get(case_id=case.pk, number=2)
    assert (entry.due_on, entry.staff_id) == (MONDAY, None)
    moved = {"from": "2027-06-11", "to": "2027-06-14"}
    assert entry.inputs == {
        "holidays": ["2027-06-11"],
        "moved": {"due_on": moved, "notice_by": moved, "promise_on": moved},
    }
    mails = inbox(smtp, CLEO)
    assert len(mails) == before + 1
    assert "Friday 11 June 2027 (Day of the example)" in " ".join(
        mails[-1].text.split()
    )
    assert "Monday 14 June 2027" in mails[-1].text


def test_two_days_in_a_row_move_it_past_both() -> None:
    case = received()
    proclaimed(DUE, MONDAY)

    recount_all(LATER)

    case = now_of(case)
    assert case.due_on == date(2027, 6, 15)
    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT]


def test_one_more_day_moves_it_once_more_with_an_event_of_its_own() -> None:
    case = received()
    proclaimed(DUE)
    recount_all(LATER)

    proclaimed(MONDAY)
    recount_all(LATER + timedelta(days=1))

    assert now_of(case).due_on == date(2027, 6, 15)
    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT, Move.RECOUNT]
    assert letters(case).count("holiday-moved") == 2


def test_counting_twice_moves_and_tells_once() -> None:
    case = received()
    proclaimed(DUE)

    recount_all(LATER)
    recount_all(LATER)

    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT]
    assert letters(case).count("holiday-moved") == 1


def test_a_holiday_on_another_day_moves_nothing() -> None:
    case = received()
    proclaimed(DUE - timedelta(days=1), DUE + timedelta(days=4))

    run = recount_all(LATER)

    assert (run.moved_count, run.faults_count) == (0, 0)
    assert moves_of(case) == [Move.RECEIVE]


def test_a_holiday_of_another_nation_moves_nothing() -> None:
    case = received()
    BankHoliday.objects.create(nation="scotland", on=DUE, title="Elsewhere")

    recount_all(LATER)

    assert now_of(case).due_on == DUE


def test_an_identity_that_is_waited_for_has_no_day_to_move() -> None:
    case = received()
    with transaction.atomic():
        casebook.make(
            casebook.locked(case.pk),
            Move.ASK_IDENTITY,
            now=RECEIVED,
            inputs={"at": written(RECEIVED)},
        )
    proclaimed(DUE)

    run = recount_all(LATER)

    assert (run.moved_count, run.faults_count) == (0, 0)
    assert now_of(case).due_on is None


def test_the_day_of_a_complaint_moves_without_a_letter() -> None:
    case = received(CaseKind.COMPLAINT)
    due = case.due_on
    assert due == date(2027, 6, 10)
    proclaimed(due)

    recount_all(LATER)

    case = now_of(case)
    assert case.due_on == DUE
    assert moves_of(case)[-1] == Move.RECOUNT
    assert "holiday-moved" not in letters(case)


def test_a_draft_moves_and_nobody_is_told_of_a_day_they_never_heard() -> None:
    case = received(is_draft=True)
    proclaimed(DUE)

    recount_all(LATER)

    case = now_of(case)
    assert case.due_on == MONDAY
    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT]
    assert letters(case) == []


def test_whoever_wants_letters_by_post_gets_this_one_so_too() -> None:
    case = received(address="", postal_address="1 Example Street", reply_by="post")
    proclaimed(DUE)

    recount_all(LATER)

    letter = Letter.objects.get(case=case, kind="holiday-moved")
    assert (letter.by, letter.mail_id) == ("post", None)


def test_the_moved_day_has_reminders_of_its_own() -> None:
    person(DANA, "work_case")
    case = received()
    reminding.remind(datetime(2027, 6, 4, 9, tzinfo=UTC))
    proclaimed(DUE)
    recount_all(datetime(2027, 6, 5, 1, tzinfo=UTC))

    reminding.remind(datetime(2027, 6, 7, 9, tzinfo=UTC))

    days = Reminder.objects.filter(case=case, clock="statute").order_by("due_on")
    assert set(days.values_list("due_on", "step")) == {
        (DUE, 14),
        (DUE, 7),
        (MONDAY, 14),
        (MONDAY, 7),
    }


def test_a_sweep_of_reminders_never_tells_of_a_day_that_a_holiday_has_moved() -> None:
    """Even when it comes before the count: it counts anew what it touches."""
    person(DANA, "work_case")
    case = received()
    proclaimed(DUE)

    reminding.remind(datetime(2027, 6, 7, 9, tzinfo=UTC))

    assert now_of(case).due_on == MONDAY
    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT]
    assert {row.due_on for row in Reminder.objects.filter(case=case)} == {MONDAY}
    assert not ClockFault.objects.exists()


def test_new_holidays_are_noticed_without_waiting_for_the_night() -> None:
    case = received()
    assert after_new_holidays(LATER) is not None  # the first count there is
    assert after_new_holidays(LATER) is None

    proclaimed(DUE)
    run = after_new_holidays(LATER)

    assert run is not None and run.moved_count == 1
    assert now_of(case).due_on == MONDAY
    assert after_new_holidays(LATER) is None


def test_a_count_that_is_at_work_is_not_begun_twice_and_one_broken_off_is_again() -> (
    None
):
    digest = recounting.holidays_digest()
    Recount.objects.create(started_at=LATER, holidays_digest=digest)

    assert after_new_holidays(LATER + timedelta(minutes=5)) is None
    assert after_new_holidays(LATER + timedelta(hours=2)) is not None


def test_a_year_whose_holidays_become_known_takes_the_flag_away_quietly() -> None:
    year_end = datetime(2029, 1, 10, 9, tzinfo=UTC)
    with time_machine.travel(year_end, tick=False):
        case = new_case(received_at=year_end, now=year_end)
    assert now_of(case).flags == ["holidays_unknown"]
    proclaimed(date(2029, 12, 25), title="Christmas Day")

    run = recount_all(year_end)

    assert (run.moved_count, run.faults_count) == (0, 0)
    assert now_of(case).flags == []
    assert moves_of(now_of(case)) == [Move.RECEIVE]


# --- A question that is open ---


def test_the_projected_day_moves_daily_without_an_event() -> None:
    case = received()
    asked_what_is_meant(case, RECEIVED + timedelta(days=2))
    first = now_of(case)
    assert first.paused_days == 1

    run = recount_all(RECEIVED + timedelta(days=9))

    case = now_of(case)
    assert case.paused_days == 8
    assert case.due_on is not None and first.due_on is not None
    assert case.due_on > first.due_on
    assert (run.moved_count, run.faults_count) == (0, 0)
    assert moves_of(case) == [Move.RECEIVE, Move.ASK_CLARIFICATION]


# --- Faults ---


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("due_on", date(2027, 6, 10)),
        ("due_on", date(2027, 7, 1)),
        ("due_on", None),
        ("governs_on", date(2027, 6, 18)),
        ("next_reminder_on", None),
        ("paused_days", 3),
        ("flags", ["clock_stop_by_hand"]),
        # The day was a holiday all the time.
        ("promise_on", date(2027, 5, 31)),
    ],
)
def test_a_day_that_nothing_accounts_for_is_brought_right_and_shows_itself(
    field: str, wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    case = received()
    right = getattr(case, field)
    changed_by_hand(case, **{field: wrong})

    run = recount_all(LATER)

    assert getattr(now_of(case), field) == right
    assert (run.moved_count, run.faults_count) == (0, 1)
    assert moves_of(case) == [Move.RECEIVE]
    [fault] = ClockFault.objects.all()
    assert (fault.case_id, fault.found_by, fault.what) == (case.pk, "recount", field)
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert case.reference in line.getMessage()
    assert CLEO not in caplog.text


def test_a_case_that_cannot_be_counted_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, bad, last = sorted((received() for _ in range(3)), key=lambda c: c.pk)
    without_receipt(bad)
    proclaimed(DUE)

    run = recount_all(LATER)

    assert (run.checked_count, run.moved_count, run.faults_count) == (3, 2, 1)
    assert now_of(first).due_on == now_of(last).due_on == MONDAY
    assert ClockFault.objects.get().what == "ValueError"
    assert str(bad.pk) in caplog.text


def test_the_first_page_of_the_console_says_how_the_counts_went() -> None:
    def page() -> str:
        return " ".join(text(Client.get(console, "/console/")).split())

    console = console_of(person(OMAR, is_superuser=True))
    assert "counted anew every night" in page()

    case = received()
    recount_all(RECEIVED)
    assert "Deadlines</span>" in page()
    assert "1 open case" in page()

    changed_by_hand(case, due_on=None)
    recount_all(RECEIVED)
    assert "Deadlines: look here" in page()
    assert case.reference in page()


def test_the_first_page_says_when_reminders_do_not_get_through() -> None:
    console = console_of(person(OMAR, is_superuser=True))
    recount_all(RECEIVED)
    received()

    with time_machine.travel(datetime(2027, 6, 1, 9, tzinfo=UTC), tick=False):
        recount_all(datetime(2027, 6, 1, 2, tzinfo=UTC))
        console = console_of(person(DANA, is_superuser=True))
        page = text(console.get("/console/"))

    assert "Deadlines: look here" in page
    assert "1 case waits for its reminder since yesterday or longer" in page


def test_the_first_page_waits_for_a_sweep_before_it_calls_a_reminder_late() -> None:
    recount_all(RECEIVED)
    received()
    entered_late = RECEIVED + timedelta(days=60)
    Submission.objects.update(recorded_at=entered_late)

    with time_machine.travel(entered_late + timedelta(minutes=4), tick=False):
        recount_all(entered_late)
        console = console_of(person(OMAR, is_superuser=True))
        assert "for its reminder" not in text(console.get("/console/"))

    with time_machine.travel(entered_late + timedelta(hours=2), tick=False):
        console = console_of(person(DANA, is_superuser=True))
        assert "1 case waits for its reminder" in text(console.get("/console/"))


# --- A move in the minutes between a new holiday and its count ---


def test_a_move_after_a_new_holiday_does_not_hide_what_that_moved(
    smtp: Relay,
) -> None:
    case = received()
    before = len(inbox(smtp, CLEO))
    proclaimed(DUE)
    clock.forget_holidays()

    handling.ask_question(
        case.pk,
        Question(("Which address?",), "It helps."),
        staff_id=7,
        now=RECEIVED + timedelta(minutes=2),
    )
    run = recount_all(LATER)

    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT, Move.ASK_QUESTION]
    assert now_of(case).due_on == MONDAY
    assert letters(case).count("holiday-moved") == 1
    assert len(inbox(smtp, CLEO)) == before + 2
    assert (run.moved_count, run.faults_count) == (0, 0)


def test_a_process_that_does_not_know_the_holiday_yet_moves_nothing_back() -> None:
    case = received()
    proclaimed(DUE)
    stale = clock.holidays_of("england-and-wales")
    recount_all(LATER)
    clock.forget_holidays()
    with pytest.MonkeyPatch.context() as patched:
        forgotten: list[bool] = []
        fresh = clock.holidays_of
        patched.setattr(clock, "forget_holidays", lambda: forgotten.append(True))
        patched.setattr(
            clock,
            "holidays_of",
            lambda nation: fresh(nation) if forgotten else stale,
        )
        closing.withdraw(case.pk, now=LATER)

    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT, Move.WITHDRAW]
    assert now_of(case).due_on == MONDAY
    assert not ClockFault.objects.exists()


def test_a_posting_after_a_new_holiday_does_not_hide_what_that_moved() -> None:
    case = received(address="", postal_address="1 Example Street", reply_by="post")
    letter = Letter.objects.get(case=case)
    proclaimed(DUE)
    clock.forget_holidays()

    letters_gone.mark_posted(
        letter.pk, posted_on=RECEIVED.date(), staff_id=7, now=RECEIVED
    )

    assert moves_of(case) == [Move.RECEIVE, Move.RECOUNT]
    assert now_of(case).due_on == MONDAY


# --- A holiday that was named while a case was closed ---


def test_a_case_that_is_opened_again_says_what_a_holiday_moved_meanwhile(
    smtp: Relay,
) -> None:
    case = received()
    closing.withdraw(case.pk, now=RECEIVED)
    before = len(inbox(smtp, CLEO))
    proclaimed(DUE)
    assert recount_all(LATER).moved_count == 0

    handling.reopen(case.pk, reason="It was somebody else.", staff_id=7, now=LATER)

    steps = [Move.RECEIVE, Move.WITHDRAW, Move.REOPEN, Move.RECOUNT]
    assert moves_of(case) == steps
    recounted = CaseLogEntry.objects.get(case_id=case.pk, number=4)
    moved = {"from": "2027-06-11", "to": "2027-06-14"}
    assert recounted.inputs["holidays"] == ["2027-06-11"]
    assert recounted.inputs["moved"]["due_on"] == moved
    case = now_of(case)
    assert (case.due_on, case.governs_on) == (MONDAY, MONDAY)
    assert letters(case).count("holiday-moved") == 1
    assert len(inbox(smtp, CLEO)) == before + 1
    run = recount_all(LATER)
    assert (run.moved_count, run.faults_count) == (0, 0)


def test_a_case_that_a_lost_letter_opens_again_says_so_too() -> None:
    case = received(CaseKind.OBJECTION, reply_by="post")
    lives.weighed(case)
    closing.fulfil(case.pk, Answer("Done."), staff_id=7, now=RECEIVED)
    proclaimed(DUE)
    clock.forget_holidays()

    with transaction.atomic():
        held = casebook.locked(case.pk)
        inputs = {"undoes": held.moves_count}
        casebook.make(held, Move.LETTER_FAILED, now=LATER, inputs=inputs)

    assert moves_of(case)[-2:] == [Move.LETTER_FAILED, Move.RECOUNT]
    assert now_of(case).due_on == MONDAY
    assert recount_all(LATER).faults_count == 0


def test_a_case_that_is_opened_again_moves_nothing_without_a_new_holiday() -> None:
    case = received()
    closing.withdraw(case.pk, now=RECEIVED)
    handling.reopen(case.pk, reason="It was somebody else.", staff_id=7, now=LATER)
    assert moves_of(case) == [Move.RECEIVE, Move.WITHDRAW, Move.REOPEN]
