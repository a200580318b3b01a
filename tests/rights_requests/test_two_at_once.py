"""Two people, or two machines, at the same case in the same moment: one of them does it,
the other one is told, and no log, letter or day is lost or doubled."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from data_subjects.models import DataSubject, Ground
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import (
    acknowledging,
    casebook,
    closing,
    complaining,
    deciding,
    handling,
    identity,
    letters_gone,
    links,
    recounting,
    reminding,
    visiting,
)
from rights_requests.closing import Answer
from rights_requests.handling import Errand, Question
from rights_requests.kinds import CaseKind
from rights_requests.links import Use
from rights_requests.models import (
    Case,
    CaseLink,
    CaseLogEntry,
    Decision,
    Event,
    Letter,
    Reminder,
)
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from tests.beside import Beside
from tests.people import CLEO
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER
from tests.rights_requests.test_handling import propose

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("open_house"),
]

QUESTION = Question(("Which year do you mean?",), "There are many recordings of calls.")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of these acts gave, or the refusal that it met, all begun in one
    moment; any other error is raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return act()
        except NotAllowed as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return [done.result() for done in [threads.submit(run, act) for act in acts]]


def refused(outcomes: list[Any]) -> int:
    return sum(isinstance(outcome, NotAllowed) for outcome in outcomes)


def assert_sound(case: Case) -> Case:
    """The log tells every move of the case once and in order, and its days are those
    that the log gives."""
    case = Case.objects.get(pk=case.pk)
    log = CaseLogEntry.objects.filter(case_id=case.pk, number__isnull=False)
    entries = list(log.order_by("id"))
    assert [entry.number for entry in entries] == list(range(1, case.moves_count + 1))
    assert (entries[-1].event, entries[-1].state) == (case.last_move, case.state)
    with transaction.atomic():
        found = recounting.bring_right(casebook.locked(case.pk), now=timezone.now())
    assert found is recounting.Found.RIGHT
    return case


def release(decision: Decision, seen: int) -> Callable[[], Decision]:
    return lambda: deciding.release(
        decision.pk, seen_entry_id=seen, staff_id=RELEASER, now=timezone.now()
    )


def refusal_of(case: Case) -> tuple[Decision, int]:
    decision = propose(case, Move.REFUSE, now=timezone.now(), ground="not-identified")
    return decision, casebook.newest_entry_id(case)


def test_two_releases_are_one() -> None:
    case = lives.new_case()
    decision, seen = refusal_of(case)

    outcomes = at_once(*[release(decision, seen)] * 3)

    assert refused(outcomes) == 2
    assert assert_sound(case).state == State.REFUSED
    assert Letter.objects.filter(case=case, kind="refusal").count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_a_release_and_a_withdrawal(turn: int) -> None:
    case = lives.new_case()
    decision, seen = refusal_of(case)

    outcomes = at_once(
        release(decision, seen),
        lambda: closing.withdraw(case.pk, now=timezone.now()),
    )

    assert refused(outcomes) == 1
    state = assert_sound(case).state
    decision.refresh_from_db()
    kinds = set(case.letters.values_list("kind", flat=True))
    if state == State.REFUSED:
        assert decision.outcome == Decision.Outcome.RELEASED
        assert "withdrawal-recorded" not in kinds
    else:
        assert state == State.WITHDRAWN
        assert decision.outcome == Decision.Outcome.TAKEN_BACK
        assert "refusal" not in kinds


def test_release_send_back_and_take_back_are_one_of_them() -> None:
    case = lives.new_case()
    decision, seen = refusal_of(case)
    now = timezone.now()

    outcomes = at_once(
        release(decision, seen),
        lambda: deciding.send_back(decision.pk, "No.", staff_id=RELEASER, now=now),
        lambda: deciding.take_back(decision.pk, staff_id=PROPOSER, now=now),
    )

    assert refused(outcomes) == 2
    assert_sound(case)


def test_two_proposals_are_one() -> None:
    case = lives.new_case()
    outcomes = at_once(*[lambda: refusal_of(case)] * 3)
    assert refused(outcomes) == 2
    assert Decision.objects.pending().count() == 1


def test_narrowing_and_proposing() -> None:
    case = lives.new_case()
    seen = casebook.newest_entry_id(case)
    outcomes = at_once(
        lambda: refusal_of(case),
        lambda: closing.narrow(case.pk, words="Only 2025.", now=timezone.now()),
    )
    assert refused(outcomes) == 0
    decision = Decision.objects.get()
    with pytest.raises(NotAllowed, match="since you opened"):
        release(decision, seen)()
    assert assert_sound(case).details == "Only 2025."


@pytest.mark.parametrize("turn", range(4))
def test_letters_are_taken_over_once_beside_staff_who_act(
    smtp: Relay, turn: int
) -> None:
    smtp.refused_recipients[CLEO] = "550 5.1.1 No such mailbox"
    case, now = lives.new_case(), timezone.now()
    handling.ask_identity(
        case.pk, QUESTION, doubt="A new address.", staff_id=PROPOSER, now=now
    )
    deliver_due()

    at_once(
        lambda: letters_gone.take_over(timezone.now()),
        lambda: letters_gone.take_over(timezone.now()),
        lambda: handling.waive_identity(case.pk, staff_id=PROPOSER, now=now),
    )

    case = assert_sound(case)
    assert case.state == State.IN_PROGRESS
    log = CaseLogEntry.objects.filter(case_id=case.pk)
    ended = log.filter(event__in=[Move.LETTER_FAILED, Move.WAIVE_IDENTITY])
    assert ended.count() == 1


@pytest.mark.parametrize("address", [CLEO, ""])
@pytest.mark.parametrize(
    "kinds",
    [[CaseKind.ACCESS], [CaseKind.ACCESS, CaseKind.MARKETING, CaseKind.SCHEDULE]],
)
def test_the_same_form_in_one_moment_is_one(
    kinds: list[CaseKind], address: str
) -> None:
    message = lives.sent(*kinds, address=address, form_number=uuid.uuid4().hex)

    outcomes = at_once(*[lambda: receive(message, now=timezone.now())] * 4)

    assert sum(received.is_new for received in outcomes) == 1
    assert len({received.submission.pk for received in outcomes}) == 1
    assert len(outcomes[0].cases) == len(kinds)
    for case in outcomes[0].cases:
        assert_sound(case)


def test_the_mailbox_is_confirmed_once() -> None:
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    one, other = receive(message, now=timezone.now()).cases
    tokens = [links.token_of(case, Use.CONFIRM, 1) for case in (one, other)]
    acts = [
        lambda token=token: identity.confirm_mailbox(token, now=timezone.now())
        for token in tokens * 2
    ]
    visits = at_once(*acts)
    assert len(set(visits)) == 4 and all(visits)
    events = CaseLogEntry.objects.filter(event=Event.MAILBOX_CONFIRMED)
    assert events.count() == 2  # once for each case


def test_codes_asked_in_one_moment_stop_at_the_limit() -> None:
    case = lives.new_case()
    for _ in range(identity.CODES_PER_CASE_AND_HOUR - 1):
        identity.ask_code(case.pk, now=timezone.now())

    def ask() -> str:
        try:
            return identity.ask_code(case.pk, now=timezone.now())
        except identity.TooManyCodes:
            return ""

    assert len([asked for asked in at_once(*[ask] * 3) if asked]) == 1


def test_assigning_beside_closing_loses_neither() -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    lives.weighed(case)
    now = timezone.now()
    outcomes = at_once(
        lambda: handling.assign(case.pk, 7, staff_id=PROPOSER, now=now),
        lambda: closing.fulfil(case.pk, Answer("Done."), staff_id=PROPOSER, now=now),
        lambda: handling.add_note(case.pk, "A note.", staff_id=PROPOSER, now=now),
    )
    assert refused(outcomes) == 0
    done = assert_sound(case)
    assert (done.assigned_to_id, done.state) == (7, State.FULFILLED)


def test_a_task_set_beside_the_end_is_open_or_refused() -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    lives.weighed(case)
    now = timezone.now()
    errand = Errand("Look", timezone.localdate(), for_staff_id=7)
    outcomes = at_once(
        lambda: handling.set_task(case.pk, errand, staff_id=PROPOSER, now=now),
        lambda: closing.fulfil(case.pk, Answer("Done."), staff_id=PROPOSER, now=now),
    )
    assert refused(outcomes) == 1
    assert_sound(case)


def test_a_sweep_of_reminders_beside_a_close() -> None:
    now = timezone.now()
    sent = lives.sent(
        CaseKind.OBJECTION,
        received_at=now - timedelta(days=30),
        dated_on=timezone.localdate(now - timedelta(days=30)),
    )
    [case] = receive(sent, now=now).cases
    lives.weighed(case)
    answer = Answer("Done.")
    at_once(
        lambda: reminding.remind(now),
        lambda: closing.fulfil(case.pk, answer, staff_id=PROPOSER, now=now),
        lambda: reminding.remind(now),
        lambda: recounting.recount_all(now),
    )
    done = assert_sound(case)
    assert done.next_reminder_on is None
    keys = Reminder.objects.values_list("clock", "due_on", "step")
    assert len(keys) == len(set(keys))


def test_the_way_into_a_sibling_opens_as_often_as_it_is_pressed() -> None:
    one, other = two_of_one_message()
    visit = visit_to(one)

    tokens = at_once(*[lambda: into(visit, other)] * 4)

    assert all(links.found(Use.VISIT, token) for token in tokens)
    assert len(set(tokens)) == 4


def test_no_way_into_a_sibling_is_left_open_by_new_links() -> None:
    one, other = two_of_one_message()
    visit = visit_to(one)

    with transaction.atomic():
        visiting.replace_links(other.pk, now=timezone.now())
        beside = Beside(lambda: into(visit, other))
        assert beside.waits_for_us()

    assert beside.result() == ""
    assert not CaseLink.objects.standing().filter(use=Use.VISIT).exists()


def two_of_one_message() -> list[Case]:
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    return receive(message, now=timezone.now()).cases


def visit_to(case: Case) -> CaseLink:
    link = links.found(Use.VISIT, links.open_visit(case, now=timezone.now()))
    assert link is not None
    return link


def into(visit: CaseLink, sibling: Case) -> str:
    return visiting.open_sibling(visit, sibling.reference, now=timezone.now())


def test_everything_at_one_case_at_once() -> None:
    """Whatever the order, nobody waits for ever and nothing is half done."""
    message = lives.sent(CaseKind.ACCESS, CaseKind.COMPLAINT, held_because="flood")
    access, complaint = receive(message, now=timezone.now()).cases
    now = timezone.now()
    person = access.submission_id
    token = links.token_of(access, Use.CONFIRM, 1)
    outcomes = at_once(
        lambda: handling.release_held(person, staff_id=PROPOSER, now=now),
        lambda: handling.add_case(
            person, CaseKind.MARKETING, staff_id=PROPOSER, now=now
        ),
        lambda: acknowledging.acknowledge_new(now),
        lambda: identity.confirm_mailbox(token, now=now),
        lambda: visiting.write_message(access.pk, "I have cancer.", now=now),
        lambda: visiting.replace_links(complaint.pk, now=now),
        lambda: closing.withdraw(access.pk, now=now),
        lambda: complaining.link(complaint.pk, access, staff_id=PROPOSER, now=now),
        lambda: receive(lives.sent(CaseKind.MARKETING), now=now),
    )
    for case in Case.objects.all():
        assert_sound(case)
    assert outcomes


def answer_of_objection() -> Callable[[], Any]:
    case = lives.new_case(CaseKind.OBJECTION)
    lives.weighed(case)
    return lambda: closing.fulfil(
        case.pk, Answer(), staff_id=PROPOSER, now=timezone.now()
    )


def answer_of_restriction() -> Callable[[], Any]:
    case = lives.new_case(CaseKind.RESTRICTION)
    answer = Answer(set_aside=(str(Ground.ACCURACY),))
    return lambda: closing.fulfil(
        case.pk, answer, staff_id=PROPOSER, now=timezone.now()
    )


@pytest.mark.parametrize("prepared", [answer_of_objection, answer_of_restriction])
def test_an_answer_that_changes_how_the_person_stands_waits_without_the_case(
    prepared: Callable[[], Callable[[], Any]],
) -> None:
    answer = prepared()
    case = Case.objects.get()

    with transaction.atomic():
        subject = case.submission.data_subject_id
        DataSubject.objects.select_for_update(no_key=True).get(pk=subject)
        beside = Beside(answer)
        assert beside.waits_for_us()
        # Whoever holds the person gets the case: neither waits for the other for good.
        Case.objects.select_for_update(no_key=True, nowait=True).get(pk=case.pk)

    beside.result()
    assert Case.objects.get().state == State.FULFILLED
