"""Whoever had a person's data from us hears what became of it (Art. 19): each becomes a
task by itself, and no case closes before every one has come to something."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from data_subjects import disclosures
from data_subjects.disclosures import Given
from data_subjects.models import Allowance, Ground
from data_subjects.restriction import Allowed, restrict
from data_subjects.restriction import Asked as ToRestrict
from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from processing_register.register import the_register
from rights_requests import closing, handling
from rights_requests.closing import Answer, why_not_fulfil
from rights_requests.fulfilment import telling
from rights_requests.fulfilment.telling import Told
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry, Event, Letter, Submission, Task
from tests.console.staff import dana
from tests.people import CLEO
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db
STAFF = 7
GIVEN = Given(
    recipient="Example Insurance plc",
    role="controller",
    country_code="GB",
    categories=["contact", "identity"],
    purpose="administration",
    legal_ground="legal-obligation",
    disclosed_on=today_here(),
    reference="Letter 14 of the file on Cleo",
)
TOLD = Told(Task.Outcome.TOLD, "By e-mail today; they have put it aside.")


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def carrier(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """The e-mail delivery service is switched on in the controller's own register."""
    folder = tmp_path / "register"
    copytree(settings.REGISTER_DIR, folder)
    path = folder / "recipients.toml"
    key = 'key = "mail-delivery"\n'
    known = path.read_text()
    path.write_text(
        known.replace(key, f'{key}agreement = "DPA 7"\nis_enabled = true\n')
    )
    settings.REGISTER_DIR = folder
    the_register.cache_clear()
    yield
    the_register.cache_clear()


def given_to(case: Case, *names: str, **more: object) -> None:
    for name in names:
        what = replace(GIVEN, recipient=name)
        disclosures.record(
            case.submission.data_subject_id,
            what,
            staff_id=STAFF,
            today=today_here(),
            **more,  # type: ignore[arg-type]
        )


def restricted(*names: str) -> Case:
    """A case whose person's data was given to these, and is restricted by now."""
    case = lives.new_case(CaseKind.RESTRICTION)
    given_to(case, *names)
    asked = ToRestrict(Ground.ACCURACY, "They contest it.")
    restrict(case.submission.data_subject_id, asked, staff_id=STAFF)
    return case


def set_now() -> int:
    return telling.set_tasks(timezone.now())


def tasks(case: Case) -> list[Task]:
    return list(Task.objects.filter(case=case).order_by("recipient", "pk"))


def tell(task: Task, told: Told = TOLD) -> Task:
    return telling.answer(task.pk, told, staff_id=STAFF, now=timezone.now())


def test_three_who_had_the_data_are_three_tasks_with_days_of_their_own() -> None:
    case = restricted("Alpha Ltd", "Beta Ltd", "Gamma Ltd")

    assert set_now() == 1

    found = tasks(case)
    assert [task.recipient for task in found] == ["Alpha Ltd", "Beta Ltd", "Gamma Ltd"]
    for task in found:
        assert task.tells_of == CaseKind.RESTRICTION
        assert task.due_on > today_here()
        assert "restricted" in task.what
        assert "Contact" in task.what  # what they had, so that they get no more


def test_a_processor_that_always_gets_such_data_is_one_of_them(carrier: None) -> None:
    """Cleo got an e-mail about her request, which somebody carried."""
    case = restricted("Alpha Ltd")

    set_now()

    found = {task.recipient: task.recipient_key for task in tasks(case)}
    assert found == {"Alpha Ltd": "", "E-mail delivery service": "mail-delivery"}


def test_who_is_not_switched_on_has_nothing_and_is_not_told() -> None:
    case = restricted()

    set_now()

    assert tasks(case) == []


def test_nobody_is_told_before_anything_has_changed() -> None:
    case = lives.new_case(CaseKind.RESTRICTION)
    given_to(case, "Alpha Ltd")

    assert set_now() == 0
    assert tasks(case) == []


def test_a_copy_of_the_data_tells_nobody() -> None:
    case = lives.new_case(CaseKind.ACCESS)
    given_to(case, "Alpha Ltd")
    asked = ToRestrict(Ground.ACCURACY, "They contest it.")
    restrict(case.submission.data_subject_id, asked, staff_id=STAFF)

    assert set_now() == 0


def test_each_is_set_once_however_often_the_worker_comes() -> None:
    case = restricted("Alpha Ltd")

    assert [set_now() for _ in range(3)] == [1, 0, 0]
    assert len(tasks(case)) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        again = tasks(case)[0]
        again.pk = None
        again.save()


def test_one_who_gets_the_data_meanwhile_is_told_as_well() -> None:
    case = restricted("Alpha Ltd")
    set_now()
    tell(tasks(case)[0])

    allowed = Allowed(Allowance.CLAIMS, "They need it for the claim.")
    given_to(case, "Beta Ltd", allowed=allowed)

    assert "in a moment" in why_not_fulfil(case)
    set_now()
    assert [task.recipient for task in tasks(case)] == ["Alpha Ltd", "Beta Ltd"]


def test_the_case_cannot_close_before_each_has_come_to_something() -> None:
    case = restricted("Alpha Ltd", "Beta Ltd")
    assert "in a moment" in why_not_fulfil(case)
    set_now()
    first, second = tasks(case)
    assert "still open" in why_not_fulfil(case)

    tell(first)
    with pytest.raises(NotAllowed, match="still open"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())
    too_much = Told(Task.Outcome.TOO_MUCH, "They were wound up in 2019.")
    tell(second, too_much)

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())
    case.refresh_from_db()
    assert not case.is_open


@pytest.mark.parametrize("outcome", list(Task.Outcome))
def test_what_came_of_it_needs_words_and_is_on_record_without_them(
    outcome: Task.Outcome,
) -> None:
    case = restricted("Alpha Ltd")
    set_now()
    [task] = tasks(case)
    with pytest.raises(NotAllowed):
        tell(task, Told(outcome, "  "))
    task.refresh_from_db()
    assert (task.done_at, task.outcome) == (None, "")

    tell(task, Told(outcome, "Because of Cleo."))

    task.refresh_from_db()
    assert (task.outcome, task.result) == (outcome, "Because of Cleo.")
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.TASK_DONE)
    assert entry.inputs == {"task": task.pk, "outcome": outcome}
    assert "Cleo" not in str(CaseLogEntry.objects.filter(case_id=case.pk).values())


def test_nobody_ends_it_twice_or_in_another_way() -> None:
    case = restricted("Alpha Ltd")
    set_now()
    [task] = tasks(case)
    with pytest.raises(NotAllowed, match="this recipient was told"):
        handling.finish_task(task.pk, "Done.", staff_id=STAFF, now=timezone.now())
    tell(task)

    with pytest.raises(NotAllowed, match="done already"):
        tell(task, Told(Task.Outcome.IMPOSSIBLE, "They are gone."))
    task.refresh_from_db()
    assert task.outcome == Task.Outcome.TOLD


def test_a_task_of_a_colleague_tells_nobody() -> None:
    case = lives.new_case(CaseKind.RESTRICTION)
    errand = handling.Errand("Look in the cupboard.", today_here(), for_staff_id=STAFF)
    task = handling.set_task(case.pk, errand, staff_id=STAFF, now=timezone.now())

    with pytest.raises(NotAllowed, match="tells no recipient"):
        tell(task)


def test_the_database_refuses_an_end_without_what_came_of_it() -> None:
    case = restricted("Alpha Ltd")
    set_now()

    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(case=case).update(done_at=timezone.now())


def test_the_person_is_told_who_had_the_data_where_they_want_to_know(
    carrier: None,
) -> None:
    case = restricted("Alpha Ltd")
    Submission.objects.update(wants_recipients=True)
    set_now()
    for task in tasks(case):
        tell(task)

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    letter = Letter.objects.filter(case=case).latest("pk")
    assert "Alpha Ltd" in str(letter.blocks)
    assert "E-mail delivery service" in str(letter.blocks)


def test_staff_say_on_its_page_whether_somebody_was_told() -> None:
    case = restricted("Alpha Ltd")
    set_now()
    [task] = tasks(case)
    client = dana("view_case", "work_case")
    page = client.get(f"/console/rights_requests/case/{case.pk}/tasks/")
    assert "Say whether they were told…" in page.content.decode()

    address = f"/console/rights_requests/task/{task.pk}/answer-recipient/"
    seen = client.get(address).context["newest"]
    wrong = client.post(address, {"seen": seen, "outcome": "told"})
    assert wrong.status_code == 400
    assert "Say how and when they were told" in wrong.content.decode()
    told = {"seen": seen, "outcome": "impossible", "words": "They are gone."}
    assert client.post(address, told).status_code == 302

    page = client.get(f"/console/rights_requests/case/{case.pk}/tasks/")
    assert re.search(
        r"not told: it is impossible\.\s+They are gone", page.content.decode()
    )
    assert client.post(address, told).status_code == 409


def test_a_closed_case_gets_no_more_tasks() -> None:
    case = restricted()
    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())
    allowed = Allowed(Allowance.CLAIMS, "They need it for the claim.")
    given_to(case, "Beta Ltd", allowed=allowed)

    assert telling.set_tasks(timezone.now() + timedelta(minutes=1)) == 0


def test_another_persons_recipients_are_not_told() -> None:
    case = restricted("Alpha Ltd")
    other = lives.new_case(CaseKind.RESTRICTION, address=CLEO.replace("cleo", "zoe"))
    given_to(other, "Beta Ltd")

    set_now()

    assert [task.recipient for task in tasks(case)] == ["Alpha Ltd"]
    assert tasks(other) == []


def test_a_restriction_that_is_made_with_the_answer_is_told_after_it() -> None:
    """It stands from the moment of the answer, so nobody can be told before."""
    case = lives.new_case(CaseKind.RESTRICTION)
    lives.confirm_mailbox(case)
    given_to(case, "Alpha Ltd")
    assert set_now() == 0
    answer = Answer(set_aside=("accuracy",))
    closing.fulfil(case.pk, answer, staff_id=STAFF, now=timezone.now())

    assert [set_now(), set_now()] == [1, 0]

    [task] = tasks(case)
    assert "restricted" in task.what
    tell(task)


def test_an_objection_that_restricts_the_data_is_told_as_well() -> None:
    """Its restriction stands from the receipt."""
    case = lives.new_case(CaseKind.OBJECTION)
    allowed = Allowed(Allowance.CLAIMS, "They need it for the claim.")
    given_to(case, "Alpha Ltd", allowed=allowed)

    set_now()

    [task] = tasks(case)
    assert (task.recipient, task.tells_of) == ("Alpha Ltd", CaseKind.OBJECTION)
    assert "still open" in closing.why_not_close(again(case))


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)
