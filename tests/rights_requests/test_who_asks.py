"""Putting right a name or an address that staff mistyped: until when, and on which record."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail, State
from rights_requests import handling, letters_gone, who_asks
from rights_requests.acknowledging import acknowledge_new
from rights_requests.handling import Question
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry, Event, Letter, Submission
from rights_requests.receiving import receive
from rights_requests.who_asks import Person, correct_person
from tests.console.staff import dana, text
from tests.people import ADA, CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.test_case_page import shown

pytestmark = pytest.mark.django_db

RIGHT = Person("Ada Lark", ADA)
BY_POST = {"reply_by": "post", "postal_address": "1 Mill Lane\nDerby"}


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Letters name the controller."""


def entered(*kinds: CaseKind, is_told: bool = False, **more: Any) -> list[Case]:
    """By staff, for Cleo, of whom the name is right."""
    now = timezone.now()
    sent = lives.sent(*(kinds or (CaseKind.ACCESS,)), name="Cleo Quill", **more)
    cases = receive(sent, now=now, staff_id=7).cases
    if is_told:
        acknowledge_new(now)
    return [Case.objects.get(pk=case.pk) for case in cases]


def correct(case: Case, person: Person = RIGHT) -> Submission:
    correct_person(case.pk, person, staff_id=7, now=timezone.now())
    return Submission.objects.get(pk=case.submission_id)


def test_a_name_and_an_address_are_put_right_for_all_that_was_entered(
    smtp: Relay,
) -> None:
    case, other = entered(CaseKind.ACCESS, CaseKind.ERASURE)
    submission = correct(case)
    assert (submission.name, submission.address) == ("Ada Lark", ADA)
    person = DataSubject.objects.get(address_digest=addresses.digest(ADA))
    assert submission.data_subject_id == person.pk
    for one in (case, other):
        entry = CaseLogEntry.objects.get(case_id=one.pk, event=Event.PERSON_CORRECTED)
        assert entry.inputs == {"fields": ["name", "address"]}
        assert entry.staff_id == 7
    acknowledge_new(timezone.now())
    deliver_due()
    assert len(inbox(smtp, ADA)) == 1 and inbox(smtp, CLEO) == []


def test_only_what_changed_is_named_and_the_person_stays_the_same() -> None:
    [case] = entered()
    before = case.submission.data_subject_id
    submission = correct(case, Person("Cleo Quills", CLEO))
    assert submission.data_subject_id == before
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.PERSON_CORRECTED)
    assert entry.inputs == {"fields": ["name"]}


@pytest.mark.parametrize("state", [State.SENT, State.QUEUED, State.UNKNOWN])
def test_nothing_is_changed_once_a_letter_is_on_its_way(state: State) -> None:
    [case] = entered(is_told=True)
    mails = OutgoingEmail.objects.filter(kind="rights_requests/letter")
    mails.update(state=state)
    with pytest.raises(NotAllowed, match=r"A letter has left.*Enter the message once"):
        correct(case)
    assert Submission.objects.get(pk=case.submission_id).address == CLEO


def test_a_letter_that_reached_nobody_stands_in_no_way_and_is_written_anew(
    smtp: Relay,
) -> None:
    [case] = entered(is_told=True)
    OutgoingEmail.objects.filter(kind="rights_requests/letter").update(
        state=State.FAILED, settled_at=timezone.now()
    )
    letters_gone.take_over(timezone.now())
    correct(case)
    acknowledge_new(timezone.now())
    deliver_due()
    [mail] = inbox(smtp, ADA)
    assert case.reference in mail.text and "Ada Lark" in mail.text


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.COMPLAINT])
def test_a_letter_that_lies_here_to_be_posted_is_taken_back_and_written_anew(
    kind: CaseKind,
) -> None:
    [case] = entered(kind, is_told=True, **BY_POST)
    old = Letter.objects.get(case=case)
    correct(case, Person("Ada Lark", CLEO, "2 Mill Lane\nDerby"))
    acknowledge_new(timezone.now())
    old.refresh_from_db()
    assert old.sent_at is None
    new = Letter.objects.exclude(pk=old.pk).get(case=case)
    assert new.sent_at is not None and "Ada Lark" in str(new.blocks)
    with pytest.raises(NotAllowed, match="taken back"):
        letters_gone.mark_posted(
            old.pk, posted_on=timezone.localdate(), staff_id=7, now=timezone.now()
        )


def test_a_posted_letter_has_left() -> None:
    [case] = entered(is_told=True, **BY_POST)
    letters_gone.mark_posted(
        Letter.objects.get(case=case).pk,
        posted_on=timezone.localdate(),
        staff_id=7,
        now=timezone.now(),
    )
    with pytest.raises(NotAllowed, match="A letter has left"):
        correct(case)


def test_nothing_is_changed_once_something_was_decided() -> None:
    [case] = entered(CaseKind.MARKETING)
    Letter.objects.filter(case=case).delete()
    assert Case.objects.get(pk=case.pk).state != "in progress"
    with pytest.raises(NotAllowed, match=r"Something was done already.*Enter the mess"):
        correct(case)


def test_what_the_person_gave_is_theirs() -> None:
    case = lives.new_case()
    with pytest.raises(NotAllowed, match="The person gave these details themselves"):
        correct(case)


@pytest.mark.parametrize(
    ("more", "person", "why"),
    [
        ({}, Person("Cleo Quill", CLEO), "stands so already"),
        ({}, Person("Ada Lark"), "by e-mail: enter the e-mail address"),
        (BY_POST, Person("Ada Lark", CLEO), "by post: enter the postal address"),
    ],
)
def test_what_cannot_be_is_refused_and_makes_nobody(
    more: dict[str, Any], person: Person, why: str
) -> None:
    [case] = entered(**more)
    people = DataSubject.objects.count()
    with pytest.raises(NotAllowed, match=why):
        correct(case, person)
    assert DataSubject.objects.count() == people
    assert not CaseLogEntry.objects.filter(event=Event.PERSON_CORRECTED).exists()


def test_the_page_of_the_person_leads_to_it_and_the_timeline_names_no_value() -> None:
    [case] = entered()
    client = dana("view_case", "work_case")
    home = f"/console/rights_requests/case/{case.pk}"
    assert f'href="{home}/correct-person/"' in text(client.get(f"{home}/who/"))
    form = text(client.get(f"{home}/correct-person/"))
    assert 'value="Cleo Quill"' in form
    seen = form.partition('name="seen" value="')[2].partition('"')[0]
    typed = {"seen": seen, "name": "Ada Lark", "address": f" {ADA.upper()} "}
    done = client.post(f"{home}/correct-person/", typed, follow=True)
    assert "Put right." in shown(done) and "Ada Lark" in shown(done)
    words = shown(client.get(f"{home}/change/"))
    assert "Who it is was put right name, e-mail address · by Dana" in words or (
        "Who it is was put right name, e-mail address" in words
    )
    assert "Cleo Quill" not in words and CLEO not in words


def test_it_is_not_offered_for_what_came_by_itself_and_says_why() -> None:
    case = lives.new_case()
    client = dana("view_case", "work_case")
    home = f"/console/rights_requests/case/{case.pk}"
    assert "correct-person" not in text(client.get(f"{home}/who/"))
    assert "gave these details themselves" in shown(
        client.get(f"{home}/correct-person/")
    )


def test_after_a_letter_the_page_says_what_to_do_instead() -> None:
    [case] = entered(is_told=True)
    OutgoingEmail.objects.update(state=State.SENT)
    console = dana("view_case", "work_case")
    page = console.get(f"/console/rights_requests/case/{case.pk}/correct-person/")
    assert "Enter the message once more for the right person" in shown(page)


def test_a_question_that_was_asked_is_a_decision() -> None:
    [case] = entered()
    now = timezone.now() + timedelta(seconds=1)
    question = Question(("A letter from us",), "The address is new to us.")
    handling.ask_identity(case.pk, question, doubt="New.", staff_id=7, now=now)
    Letter.objects.filter(case=case).delete()
    assert who_asks.why_not_correct(case) == who_asks.IS_DECIDED
