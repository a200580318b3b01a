"""The digest of a weekday morning: what it says, to whom, and when it says nothing."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.conf import settings as project
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from groundwork.periods import civil_day
from outbox.models import OutgoingEmail
from rights_requests import casebook, digest
from rights_requests.digest import send_digests
from rights_requests.kinds import CaseKind
from rights_requests.letters_gone import mark_posted
from rights_requests.models import Case, DailyDigest, Decision, Letter, Task
from rights_requests.moves import Move
from staff.models import StaffUser
from tests.console.staff import person
from tests.people import CLEO, DANA, OMAR, inbox
from tests.reading import Mail
from tests.relay import Relay
from tests.rights_requests.lives import new_case

pytestmark = pytest.mark.django_db

# Monday; an answer is due on Monday 1 March 2027.
RECEIVED = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)
WEDNESDAY = datetime(2027, 2, 17, 7, 30, tzinfo=UTC)
WEEK_BEFORE = datetime(2027, 2, 22, 7, 30, tzinfo=UTC)
TOO_LATE = datetime(2027, 3, 3, 7, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Letters name the controller and the regulator."""


@pytest.fixture(autouse=True)
def clock(register: None) -> Iterator[Any]:
    with time_machine.travel(RECEIVED, tick=False) as traveller:
        yield traveller


@pytest.fixture
def dana() -> StaffUser:
    return person(DANA, "view_case")


def received(
    kind: CaseKind = CaseKind.ACCESS, *, at: datetime = RECEIVED, **more: Any
) -> Case:
    with time_machine.travel(at, tick=False):
        return new_case(kind, received_at=at, now=at, **more)


def digests(smtp: Relay, address: str = DANA) -> list[Mail]:
    return [mail for mail in inbox(smtp, address) if "this morning" in mail.text]


def digest_of(smtp: Relay, now: datetime, address: str = DANA) -> Mail:
    send_digests(now)
    return digests(smtp, address)[-1]


def section(mail: Mail, title: str) -> str:
    """The lines below a heading of the mail's text."""
    return mail.text.partition(f"\n{title}\n")[2].partition("\n\n")[0]


# --- When it goes, and how often ---


def test_it_goes_once_a_day_however_often_it_is_run(
    dana: StaffUser, smtp: Relay
) -> None:
    received()

    assert send_digests(WEEK_BEFORE) == 1
    assert send_digests(WEEK_BEFORE) == 0
    assert send_digests(WEEK_BEFORE + timedelta(hours=8)) == 0
    assert send_digests(WEEK_BEFORE + timedelta(days=1)) == 1

    assert len(digests(smtp)) == 2


def test_that_one_went_is_forgotten_after_a_week(dana: StaffUser) -> None:
    received()
    send_digests(WEEK_BEFORE)

    send_digests(WEEK_BEFORE + timedelta(days=14))

    [noted] = DailyDigest.objects.all()
    assert noted.on == civil_day(WEEK_BEFORE + timedelta(days=14))


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_send_one(dana: StaffUser) -> None:
    received()
    start, sent_counts = Barrier(2), []

    def run() -> None:
        start.wait()
        sent_counts.append(send_digests(WEEK_BEFORE))
        connection.close()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sent_counts) == 1
    assert OutgoingEmail.objects.filter(kind=digest.KIND).count() == 1


def test_nothing_to_say_is_no_mail(dana: StaffUser, smtp: Relay) -> None:
    assert send_digests(WEDNESDAY) == 0

    received()

    assert send_digests(WEDNESDAY) == 0  # open, with twelve days to go
    assert not DailyDigest.objects.exists()
    assert digests(smtp) == []


@pytest.mark.parametrize("day", [date(2027, 2, 27), date(2027, 2, 28)])
def test_none_goes_at_the_weekend(dana: StaffUser, day: date) -> None:
    received()

    assert send_digests(datetime(day.year, day.month, day.day, 7, 30, tzinfo=UTC)) == 0


def test_it_is_planned_for_half_past_seven_on_weekdays() -> None:
    [entry] = [
        entry
        for entry in project.CELERY_BEAT_SCHEDULE.values()
        if entry["task"] == "rights_requests.digest"
    ]
    plan = entry["schedule"]
    assert (plan.hour, plan.minute) == ({7}, {30})
    assert plan.day_of_week == {1, 2, 3, 4, 5}
    assert project.CELERY_TIMEZONE == "Europe/London"


# --- To whom ---


def test_it_goes_to_everybody_who_may_see_cases(dana: StaffUser, smtp: Relay) -> None:
    person(OMAR, is_superuser=True)
    person("left@example.com", "view_case", is_active=False)
    person("writes@example.com", "write_caseupdate")
    received()

    assert send_digests(WEEK_BEFORE) == 2

    assert len(digests(smtp, OMAR)) == len(digests(smtp)) == 1


# --- What it says ---


def test_it_names_what_is_overdue_and_what_is_due_soon(
    dana: StaffUser, smtp: Relay
) -> None:
    late, soon = received(), received(at=RECEIVED + timedelta(days=7))
    later = received(at=RECEIVED + timedelta(days=20))

    mail = digest_of(smtp, TOO_LATE)

    assert section(mail, "Overdue") == (
        f"- {late.reference} (access): answer 2 days overdue, Monday 1 March 2027\n"
        f"  http://localhost:8000/console/rights_requests/case/{late.pk}/change/"
    )
    assert soon.reference in section(mail, "Due within 7 days")
    assert later.reference not in mail.text
    assert mail.subject == "Requests: 1 overdue, 1 due within 7 days"
    for case in (late, soon):
        assert case.reference in mail.html


def test_it_counts_what_waits_for_us_and_for_them(dana: StaffUser, smtp: Relay) -> None:
    received()
    received()
    waits = received()
    with transaction.atomic():
        casebook.make(
            casebook.locked(waits.pk),
            Move.ASK_IDENTITY,
            now=RECEIVED,
            inputs={"at": RECEIVED.isoformat()},
        )

    mail = digest_of(smtp, WEEK_BEFORE)

    assert "With us: 2. Waiting for the person: 1." in mail.text
    assert waits.reference not in mail.text


def test_monday_tells_of_the_weekend(dana: StaffUser, smtp: Relay) -> None:
    friday = datetime(2027, 2, 12, 7, 30, tzinfo=UTC)
    for hours in (-1, 1, 30, 60):
        received(at=friday + timedelta(hours=hours))

    monday = digest_of(smtp, friday + timedelta(days=3))
    assert "New since Friday morning: 3." in monday.text
    assert monday.subject == "Requests and complaints this morning"
    assert send_digests(friday + timedelta(days=4)) == 0


def test_it_names_drafts_once(dana: StaffUser, smtp: Relay) -> None:
    draft = received(is_draft=True)

    mail = digest_of(smtp, TOO_LATE)

    assert draft.reference in section(mail, "Messages to confirm as requests")
    assert mail.text.count(draft.reference) == 1
    assert mail.subject == "Requests: 1 to confirm"


def test_it_names_proposals_of_others_and_not_ones_own(
    dana: StaffUser, smtp: Relay
) -> None:
    omar = person(OMAR, "view_case")
    case = received()
    Decision.objects.create(
        case=case,
        move=Move.EXTEND,
        reasons="There are many.",
        proposed_by_id=omar.pk,
        proposed_at=RECEIVED,
    )

    assert send_digests(WEDNESDAY) == 1

    [mail] = digests(smtp)
    waiting = section(mail, "Proposals that wait for a second person")
    assert f"{case.reference} (access): proposed: extended by two months" in waiting
    assert "There are many" not in mail.text
    assert digests(smtp, OMAR) == []


def test_a_released_proposal_waits_for_nobody(dana: StaffUser) -> None:
    Decision.objects.create(
        case=received(),
        move=Move.EXTEND,
        reasons="There are many.",
        proposed_by_id=101,
        released_by_id=102,
        released_at=RECEIVED,
    )

    assert send_digests(WEDNESDAY) == 0


def test_it_names_letters_that_failed_until_another_went(
    dana: StaffUser, smtp: Relay
) -> None:
    case = received()
    letter = Letter.objects.get(case=case)
    OutgoingEmail.objects.filter(pk__in=[letter.mail_id]).update(state="failed")

    mail = digest_of(smtp, WEDNESDAY)

    failed = section(mail, "Letters that failed")
    assert f"- {case.reference} (access): a letter did not arrive\n" in failed
    Letter.objects.create(
        case=case,
        kind=letter.kind,
        version=1,
        subject="Again",
        blocks=[],
        digest=b"2",
        by="post",
        sent_at=WEDNESDAY,
        posted_on=WEDNESDAY.date(),
    )
    assert send_digests(WEDNESDAY + timedelta(days=1)) == 0


def test_it_names_letters_that_wait_to_be_posted(dana: StaffUser, smtp: Relay) -> None:
    case = received(reply_by="post", postal_address="1 Mill Lane\nDerby", name="Cleo")

    mail = digest_of(smtp, WEDNESDAY)

    assert "1 letter to post" in mail.subject
    to_post = section(mail, "Letters to print and post")
    assert f"- {case.reference} (access): to be printed and posted: " in to_post
    assert "acknowledgement, Monday 1 February 2027" in to_post
    assert "Mill Lane" not in mail.text and "Cleo" not in mail.text

    letter = Letter.objects.get(case=case)
    mark_posted(letter.pk, posted_on=WEDNESDAY.date(), staff_id=1, now=WEDNESDAY)
    assert send_digests(WEDNESDAY + timedelta(days=1)) == 0


def test_it_says_when_nobody_knows_of_a_letter(dana: StaffUser, smtp: Relay) -> None:
    letter = Letter.objects.get(case=received())
    OutgoingEmail.objects.filter(pk__in=[letter.mail_id]).update(state="unknown")

    mail = digest_of(smtp, WEDNESDAY)

    assert "nobody knows whether a letter arrived" in mail.text


def test_it_names_complaints_that_wait_for_a_word(dana: StaffUser, smtp: Relay) -> None:
    told = received(CaseKind.COMPLAINT)
    untold = received(CaseKind.COMPLAINT, held_because="flood")
    fresh = received(CaseKind.COMPLAINT, at=WEDNESDAY - timedelta(hours=12))
    assert told.acknowledged_at and not untold.acknowledged_at

    mail = digest_of(smtp, WEDNESDAY)

    waiting = section(mail, "Complaints that wait for a word from us")
    assert f"{told.reference} (complaint): word on progress 2 days overdue" in waiting
    assert f"{untold.reference} (complaint): acknowledgement due in 14 days" in waiting
    assert fresh.reference not in mail.text


def test_it_names_tasks_of_ones_own_as_they_are_set_and_before_they_are_due(
    dana: StaffUser, smtp: Relay
) -> None:
    case, other = received(), received()
    long_ago, yesterday = WEDNESDAY - timedelta(days=9), WEDNESDAY - timedelta(hours=9)
    for staff_id, due_on, about, set_at in (
        (dana.pk, date(2027, 2, 17), case, long_ago),
        (dana.pk, date(2027, 2, 24), case, long_ago),
        (dana.pk, date(2027, 2, 25), case, long_ago),
        (dana.pk, date(2027, 3, 3), case, yesterday),
        (dana.pk + 1, date(2027, 2, 10), other, yesterday),
    ):
        Task.objects.create(
            case=about,
            what="Search the archive for Cleo.",
            for_staff_id=staff_id,
            due_on=due_on,
            set_at=set_at,
            set_by_id=1,
        )

    mail = digest_of(smtp, WEDNESDAY)

    assert mail.subject == "Requests: 3 tasks"
    told = section(mail, "Tasks")
    assert f"{case.reference} (access): a task of yours, Wednesday 17 Febr" in told
    assert f"{case.reference} (access): a task of yours, due, Wednesday 24" in told
    assert f"{case.reference} (access): a task of yours, due, Wednesday 3" in told
    assert "Thursday 25" not in told
    assert other.reference not in mail.text


def test_it_names_what_a_recipient_outside_was_to_do(
    dana: StaffUser, smtp: Relay
) -> None:
    Task.objects.create(
        case=received(),
        what="Tell them of the erasure.",
        recipient="Example Insurance plc",
        due_on=date(2027, 2, 10),
        set_by_id=1,
    )

    assert "a task of a recipient, Wednesday 10" in digest_of(smtp, WEDNESDAY).text


def test_it_holds_nothing_of_the_person(dana: StaffUser, smtp: Relay) -> None:
    case = received(name="Cleo Quill", words="I was ill in May.")
    Task.objects.create(
        case=case,
        what="Search the archive for Cleo Quill.",
        for_staff_id=dana.pk,
        due_on=date(2027, 2, 10),
        set_by_id=1,
    )

    mail = digest_of(smtp, TOO_LATE)

    everything = mail.raw.decode() + mail.text + mail.html + mail.subject
    for personal in (CLEO, "Cleo", "Quill", "ill in May"):
        assert personal not in everything
    row = OutgoingEmail.objects.get(kind=digest.KIND)
    assert (row.data_subject_id, row.message_class) == (None, "staff")


def test_a_long_list_is_cut_and_says_so(
    dana: StaffUser, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "LINES", 2)
    for _ in range(5):
        received()

    mail = digest_of(smtp, TOO_LATE)

    assert mail.subject == "Requests: 5 overdue"
    assert "- and 3 more" in mail.text


def test_it_costs_the_same_statements_for_one_case_as_for_many(
    dana: StaffUser,
) -> None:
    received()
    with CaptureQueriesContext(connection) as one:
        send_digests(TOO_LATE)
    for _ in range(15):
        received()
    with CaptureQueriesContext(connection) as many:
        send_digests(TOO_LATE + timedelta(days=1))

    assert len(many) == len(one)
