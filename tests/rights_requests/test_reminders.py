"""Reminders of staff: each step once, whatever was down, and to whom."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from groundwork import addresses
from outbox.models import OutgoingEmail, SuppressedAddress
from outbox.suppression import suppress
from rights_requests import casebook, reminding
from rights_requests.clock import REMINDER_STEPS, written
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry, ClockFault, Event, Reminder
from rights_requests.moves import Move, State
from rights_requests.reminding import remind
from staff.models import StaffUser
from tests.console.staff import person
from tests.people import CLEO, DANA, OMAR, inbox
from tests.reading import Mail
from tests.relay import Relay
from tests.rights_requests.broken import without_receipt
from tests.rights_requests.lives import new_case
from tests.whole_house.inhabited import contents

pytestmark = pytest.mark.django_db

# Monday; the answer is due on Monday 1 March 2027.
RECEIVED = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
DUE = date(2027, 3, 1)


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Letters name the controller and the regulator."""


@pytest.fixture(autouse=True)
def clock(register: None) -> Iterator[Any]:
    with time_machine.travel(RECEIVED, tick=False) as traveller:
        yield traveller


@pytest.fixture
def dana() -> StaffUser:
    """She works on cases."""
    return person(DANA, "work_case")


def received(kind: CaseKind = CaseKind.ACCESS, **more: Any) -> Case:
    return new_case(kind, received_at=RECEIVED, now=RECEIVED, **more)


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def before(days: int, *, due: date = DUE) -> datetime:
    return at(due - timedelta(days=days))


def steps(case: Case, clock: str = "statute") -> list[tuple[date, int]]:
    rows = Reminder.objects.filter(case=case, clock=clock).order_by("due_on", "-step")
    return list(rows.values_list("due_on", "step"))


def told(case: Case) -> list[tuple[str, Any]]:
    entries = CaseLogEntry.objects.filter(
        case_id=case.pk, event__in=[Event.REMINDED, Event.OVERDUE]
    ).order_by("id")
    return [(entry.event, entry.inputs["step"]) for entry in entries]


def mails_to_staff() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(kind=reminding.KIND).order_by("pk"))


# --- Each step once ---


def test_each_step_is_given_on_its_day_and_no_sooner(dana: StaffUser) -> None:
    case = received()

    for days in REMINDER_STEPS:
        assert remind(before(days) - timedelta(days=1)) == 0
        assert remind(before(days)) > 0
        assert steps(case)[-1] == (DUE, days)

    assert [step for _, step in steps(case)] == list(REMINDER_STEPS)
    case.refresh_from_db()
    assert case.next_reminder_on is None


def test_the_case_log_tells_of_each_step_once(dana: StaffUser) -> None:
    case = received()

    for days in REMINDER_STEPS:
        remind(before(days))

    assert told(case) == [
        *((Event.REMINDED, days) for days in REMINDER_STEPS[:-1]),
        (Event.OVERDUE, -1),
    ]
    entry = CaseLogEntry.objects.filter(case_id=case.pk).latest("id")
    assert entry.inputs == {"clock": "statute", "due_on": "2027-03-01", "step": -1}
    assert (entry.number, entry.due_on, entry.staff_id) == (None, DUE, None)


def test_who_is_reminded_of_a_complaint_hears_that_its_letter_waits_to_be_posted(
    dana: StaffUser, smtp: Relay
) -> None:
    case = received(CaseKind.COMPLAINT, reply_by="post", postal_address="1 Mill Lane")
    assert case.due_on is not None

    remind(before(14, due=case.due_on))

    (mail,) = inbox(smtp, DANA)
    told = "acknowledgement due in 14 days: its letter waits to be posted"
    assert f"{case.reference} (complaint): {told}" in " ".join(mail.text.split())


def test_a_day_begins_and_ends_in_london(dana: StaffUser) -> None:
    # Midnight of 15 June in London is 23:00 of the day before in UTC.
    moment = datetime(2027, 5, 28, 9, 0, tzinfo=UTC)
    with time_machine.travel(moment, tick=False):
        case = new_case(received_at=moment, now=moment)
    assert case.due_on == date(2027, 6, 28)

    assert remind(datetime(2027, 6, 13, 22, 59, 59, tzinfo=UTC)) == 0
    assert remind(datetime(2027, 6, 13, 23, 0, 0, tzinfo=UTC)) > 0
    assert steps(case) == [(date(2027, 6, 28), 14)]


def test_after_a_week_without_a_sweep_what_was_missed_is_given_late(
    dana: StaffUser, smtp: Relay
) -> None:
    case = received()
    remind(before(14))

    remind(before(-2))  # nothing ran for more than two weeks

    assert [step for _, step in steps(case)] == list(REMINDER_STEPS)
    late = Reminder.objects.filter(case=case).exclude(step=14)
    assert {row.given_at for row in late} == {before(-2)}
    _, second = inbox(smtp, DANA)
    assert second.text.count(case.reference) == 1
    assert "answer 2 days overdue" in second.text


def test_a_second_sweep_writes_nothing(dana: StaffUser) -> None:
    for _ in range(3):
        received()
    remind(before(7))
    rows = contents()

    assert remind(before(7)) == 0
    assert remind(before(7) + timedelta(hours=10)) == 0

    assert contents() == rows


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_share_the_work(dana: StaffUser) -> None:
    cases = [received() for _ in range(30)]
    start, given = Barrier(2), []

    def sweep() -> None:
        start.wait()
        given.append(remind(before(3)))
        connection.close()

    threads = [Thread(target=sweep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # Three steps of two clocks, the law's and our promise.
    assert sum(given) == Reminder.objects.count() == len(cases) * 3 * 2
    assert not ClockFault.objects.exists()
    lines = [
        line["reference"] for mail in mails_to_staff() for line in mail.context["lines"]
    ]
    assert sorted(lines) == sorted(case.reference for case in cases)


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_works_on_is_left_to_the_next_sweep(
    dana: StaffUser,
) -> None:
    held, free = received(), received()

    def sweep() -> None:
        remind(before(14))
        connection.close()

    with transaction.atomic():
        casebook.locked(held.pk)
        thread = Thread(target=sweep)
        thread.start()
        thread.join()
        assert steps(free) == [(DUE, 14)]
        assert steps(held) == []

    assert remind(before(14)) > 0
    assert steps(held) == [(DUE, 14)]


def test_a_sweep_that_runs_out_of_time_leaves_the_rest_to_the_next(
    dana: StaffUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = received()
    with monkeypatch.context() as patch:
        patch.setattr(reminding, "RUN_SECONDS", -1.0)
        assert remind(before(14)) == 0

    assert remind(before(14)) > 0
    assert steps(case) == [(DUE, 14)]


# --- Which days count ---


def test_nobody_is_reminded_while_we_wait_for_the_person(dana: StaffUser) -> None:
    case = received()
    with transaction.atomic():
        case = casebook.locked(case.pk)
        casebook.make(
            case,
            Move.ASK_IDENTITY,
            now=RECEIVED,
            inputs={"at": written(RECEIVED)},
        )

    assert remind(before(-40)) == 0
    case.refresh_from_db()
    assert case.next_reminder_on is None


def test_nobody_is_reminded_of_what_was_closed(dana: StaffUser) -> None:
    case = received()
    with transaction.atomic():
        casebook.make(casebook.locked(case.pk), Move.WITHDRAW, now=RECEIVED)

    assert remind(before(-40)) == 0
    assert not mails_to_staff()


def test_the_new_day_of_a_case_has_steps_of_its_own(dana: StaffUser) -> None:
    case = received()
    remind(before(7))
    asked, answered = before(6), before(2)
    for move, moment in (
        (Move.ASK_CLARIFICATION, asked),
        (Move.RECEIVE_CLARIFICATION, answered),
    ):
        with transaction.atomic():
            casebook.make(
                casebook.locked(case.pk),
                move,
                now=moment,
                inputs={"at": written(moment)},
            )
    case.refresh_from_db()
    new = case.due_on
    assert new is not None and new > DUE

    remind(before(3, due=new))
    remind(before(-1, due=new))

    assert steps(case) == [(DUE, 14), (DUE, 7), *((new, s) for s in REMINDER_STEPS)]


def test_a_reminder_of_a_day_that_has_moved_meanwhile_is_not_mailed(
    dana: StaffUser,
) -> None:
    case = received()
    Reminder.objects.create(case=case, clock="statute", due_on=DUE, step=14)
    with transaction.atomic():
        casebook.make(casebook.locked(case.pk), Move.WITHDRAW, now=RECEIVED)

    reminding.tell(before(14))

    assert not mails_to_staff()
    assert not Reminder.objects.filter(told_at__isnull=True).exists()


def test_a_complaint_has_its_own_days(dana: StaffUser, smtp: Relay) -> None:
    case = received(CaseKind.COMPLAINT)
    assert case.progress_due_on == date(2027, 2, 15)

    remind(at(date(2027, 2, 12)))

    assert steps(case, "progress") == [
        (date(2027, 2, 15), 14),
        (date(2027, 2, 15), 7),
        (date(2027, 2, 15), 3),
    ]
    [mail] = inbox(smtp, DANA)
    assert f"{case.reference} (complaint): word on progress due in 3 days" in mail.text


def test_our_promise_is_told_of_where_it_comes_before_the_law(
    dana: StaffUser, smtp: Relay
) -> None:
    case = received(dated_on=date(2027, 1, 28))
    assert case.promise_on == date(2027, 3, 1)
    earlier = received(dated_on=date(2027, 1, 25))
    assert earlier.promise_on == date(2027, 2, 25)

    remind(at(date(2027, 2, 25)))

    [mail] = inbox(smtp, DANA)
    assert f"{earlier.reference} (access): promised answer due today" in mail.text
    assert f"{earlier.reference} (access): answer due in 4 days" in mail.text
    assert mail.text.count(case.reference) == 1


# --- To whom ---


def test_whoever_works_on_it_is_told_and_nobody_else(
    dana: StaffUser, smtp: Relay
) -> None:
    omar = person(OMAR, "work_case")
    case = received()
    Case.objects.filter(pk=case.pk).update(assigned_to_id=omar.pk)

    remind(before(14))

    assert inbox(smtp, DANA) == []
    [mail] = inbox(smtp, OMAR)
    assert mail.subject == f"{case.reference}: answer due in 14 days"


def test_what_nobody_works_on_is_told_to_everybody_who_may(
    dana: StaffUser, smtp: Relay
) -> None:
    person(OMAR, is_superuser=True)
    person("left@example.com", "work_case", is_active=False)
    person("looks@example.com", "view_case")
    received()

    remind(before(14))

    reached = {tuple(m.recipients) for m in _received(smtp)}
    assert reached == {(CLEO,), (DANA,), (OMAR,)}


def test_a_duty_held_by_a_group_counts(smtp: Relay) -> None:
    omar = person(OMAR)
    group = Group.objects.create(name="Governance")
    group.permissions.set(Permission.objects.filter(codename="work_case"))
    omar.groups.add(group)
    omar.user_permissions.set(group.permissions.all())  # held twice, told once
    received()

    remind(before(14))

    assert len(inbox(smtp, OMAR)) == 1


def _received(smtp: Relay) -> list[Any]:
    inbox(smtp, DANA)
    return list(smtp.received)


@pytest.mark.parametrize("change", [{"is_active": False}, {"user_permissions": []}])
def test_the_case_of_a_colleague_who_left_is_told_to_everybody(
    dana: StaffUser, smtp: Relay, change: dict[str, Any]
) -> None:
    omar = person(OMAR, "work_case")
    case = received()
    Case.objects.filter(pk=case.pk).update(assigned_to_id=omar.pk)
    if "is_active" in change:
        StaffUser.objects.filter(pk=omar.pk).update(is_active=False)
    else:
        omar.user_permissions.clear()

    remind(before(14))

    assert len(inbox(smtp, DANA)) == 1
    assert inbox(smtp, OMAR) == []


def test_one_mail_lists_everything_of_a_sweep(dana: StaffUser, smtp: Relay) -> None:
    cases = [received() for _ in range(4)]

    remind(before(14))

    [mail] = inbox(smtp, DANA)
    assert mail.subject.startswith("4 deadlines; ")
    for case in cases:
        assert case.reference in mail.text
        assert case.reference in mail.html
    assert "Monday 1 March 2027" in mail.text


def test_a_long_list_is_cut_and_says_so(
    dana: StaffUser, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "LINES", 2)
    for _ in range(5):
        received()

    remind(before(14))

    [mail] = inbox(smtp, DANA)
    assert mail.subject.startswith("5 deadlines; ")
    assert mail.text.count("answer due in 14 days") == 2
    assert "And 3 more." in mail.text


def test_the_mail_holds_nothing_of_the_person(dana: StaffUser, smtp: Relay) -> None:
    received(name="Cleo Quill", words="I was ill in May.", telephone="+441332000000")

    remind(before(14))

    [mail] = inbox(smtp, DANA)
    everything = mail.raw.decode() + mail.text + mail.html + mail.subject
    for personal in (CLEO, "Cleo", "Quill", "ill in May", "1332"):
        assert personal not in everything
    [row] = mails_to_staff()
    assert row.data_subject_id is None
    assert row.message_class == "staff"


@pytest.mark.parametrize("reason", SuppressedAddress.Reason)
def test_what_a_colleague_does_as_a_reader_holds_back_no_mail(
    dana: StaffUser, smtp: Relay, reason: str
) -> None:
    suppress(addresses.digest(DANA), "", reason)
    received()

    remind(before(14))

    assert len(inbox(smtp, DANA)) == 1


def test_a_reminder_waits_until_somebody_may_work_on_cases(
    smtp: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    case = received()

    remind(before(14))

    assert steps(case) == [(DUE, 14)]
    assert "nobody may work on cases" in caplog.text
    person(DANA, "work_case")
    remind(before(14))
    assert len(inbox(smtp, DANA)) == 1


def test_a_sweep_that_dies_before_its_mail_loses_nothing(
    dana: StaffUser, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = received()
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(reminding, "queue", lambda *_, **__: 1 / 0)
        remind(before(14))
    assert steps(case) == [(DUE, 14)]

    remind(before(14))

    [mail] = inbox(smtp, DANA)
    assert case.reference in mail.text
    assert told(case) == [(Event.REMINDED, 14)]


# --- A case that fails ---


def test_a_case_that_fails_stops_no_other_and_shows_itself(
    dana: StaffUser, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad, other = received(), received(), received()
    without_receipt(bad)

    remind(before(14))

    assert steps(good) == steps(other) == [(DUE, 14)]
    [fault] = ClockFault.objects.all()
    assert (fault.case_id, fault.found_by, fault.what) == (
        bad.pk,
        "reminders",
        "ValueError",
    )
    assert str(bad.pk) in caplog.text
    assert CLEO not in caplog.text


def test_a_case_that_failed_is_tried_again_an_hour_later(dana: StaffUser) -> None:
    bad = received()
    without_receipt(bad)
    remind(before(14))
    assert list(reminding.due_cases(before(14))) == []

    later = before(14) + timedelta(hours=1)
    assert list(reminding.due_cases(later)) == [bad.pk]
    remind(later)

    [fault] = ClockFault.objects.all()
    assert fault.found_at == later


def test_a_case_that_works_again_is_no_fault_any_more(dana: StaffUser) -> None:
    case = received()
    ClockFault.objects.create(
        case=case, found_by="reminders", what="ValueError", found_at=RECEIVED
    )

    remind(before(14))

    assert not ClockFault.objects.exists()


# --- What it costs ---


def test_a_sweep_costs_the_same_statements_for_one_case_as_for_many(
    dana: StaffUser,
) -> None:
    received()
    with CaptureQueriesContext(connection) as one:
        remind(before(14))
    Reminder.objects.all().delete()
    for _ in range(40):
        received()
    with CaptureQueriesContext(connection) as many:
        remind(before(14) + timedelta(minutes=1))

    assert Reminder.objects.count() == 80
    assert len(many) <= len(one)
    assert len(many) < 25


def test_what_is_due_is_read_from_its_index_alone(dana: StaffUser) -> None:
    received()
    with connection.cursor() as cursor:
        # As they are for a table that is not all but empty.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = reminding.due_cases(before(14)).explain()

    assert "Index Only Scan using case_reminders" in plan


def test_only_open_cases_are_ever_due() -> None:
    case = received()
    assert case.state == State.IN_PROGRESS
    assert list(reminding.due_cases(before(14))) == [case.pk]


def test_mails_to_staff_say_why_they_come(dana: StaffUser, smtp: Relay) -> None:
    received()

    remind(before(0))

    [mail] = inbox(smtp, DANA)
    assert isinstance(mail, Mail)
    assert "assigned to you, or to\nnobody yet" in mail.text
    assert "answer due today" in mail.subject
