"""The console's page of one case: what it shows, what can be done now, and by whom."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from data_subjects import disclosures, journal
from data_subjects.models import Ground
from data_subjects.restriction import Asked, restrict
from outbox.delivery import deliver_due
from rights_requests import (
    authority,
    case_steps,
    casebook,
    deciding,
    handling,
    letters_gone,
    links,
    reminding,
    visiting,
)
from rights_requests.case_acts import ACTS, BY_NAME
from rights_requests.case_steps import Facts, next_step, why_not_now
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    Decision,
    IdentityCheck,
    Letter,
    Message,
    OutsideSystem,
    Rectification,
    SearchRecord,
    Submission,
    Task,
    Transmission,
)
from rights_requests.moves import NOT_OF_STAFF, OPEN, Move, State, moves_of
from rights_requests.receiving import Agent, receive
from rights_requests.uploads import check_upload
from staff.models import StaffUser
from tests.console.staff import accesses, console_of, dana, person, text
from tests.data_subjects import journals
from tests.data_subjects.test_holds_and_disclosures import GIVEN
from tests.people import CLEO, DANA, inbox
from tests.relay import Relay
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db

CASES = "/console/rights_requests/case/"
REASONS = (
    "Your request covers twelve years and nine of our systems, and the records of two "
    "of them have to be read by hand."
)


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings, tmp_path: Any) -> None:
    """Holidays count, letters name the controller, files have a place."""
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def worker() -> Client:
    """Dana sees cases and works on them; she releases nothing."""
    return dana("view_case", "work_case")


def page(case: Case, tab: str = "change") -> str:
    return f"{CASES}{case.pk}/{tab}/"


def act(case: Case, name: str) -> str:
    return f"{CASES}{case.pk}/{name}/"


def again(case: Case) -> Case:
    return Case.objects.select_related("submission").get(pk=case.pk)


def shown(response: Any) -> str:
    """The page in one line, without its tags."""
    plain = re.sub(r"<[^>]+>", " ", text(response))
    return " ".join(unescape(plain).split())


def buttons(response: Any) -> list[str]:
    """What can be done now, the next step first."""
    found = re.findall(
        r'<a class="button[^"]*" href="[^"]+">([^<]+)</a>', text(response)
    )
    return [unescape(words) for words in found]


def primary(response: Any) -> str:
    found = re.search(r'class="button primary" href="[^"]+">([^<]+)<', text(response))
    return unescape(found[1]) if found else ""


def greyed(response: Any) -> dict[str, str]:
    """The greyed buttons, each with its reason."""
    html = text(response)
    reasons = dict(re.findall(r'<dt id="why-(\d+)">([^<]+)</dt>', html))
    labels = re.findall(r'disabled aria-describedby="why-(\d+)">([^<]+)<', html)
    return {unescape(label): unescape(reasons[number]) for number, label in labels}


# --- What it shows ---


def test_the_head_says_what_is_due_when_and_who_must_act(worker: Client) -> None:
    with time_machine.travel("2026-11-16T12:00:00+00:00", tick=False):
        moment = datetime(2026, 11, 2, 10, tzinfo=UTC)
        case = lives.new_case(
            CaseKind.ACCESS, received_at=moment, dated_on=date(2026, 11, 1)
        )
        words = shown(worker.get(page(case)))
    assert case.reference in words
    assert "Who must act With us" in words
    # The promise counts from the letter's own date and comes first.
    assert "Due Tuesday 1 December 2026 15 days left, our promise" in words
    assert "The law Wednesday 2 December 2026" in words
    assert "Our promise comes first Tuesday 1 December 2026" in words
    assert "14 days ago" in words
    assert "One month ends on the same date of the month" in words
    assert "Works on it nobody yet" in words


def test_a_clarification_shows_the_prudent_target_and_what_is_left_out(
    worker: Client,
) -> None:
    with time_machine.travel("2026-11-13T12:00:00+00:00", tick=False):
        moment = datetime(2026, 11, 2, 10, tzinfo=UTC)
        case = lives.new_case(received_at=moment, dated_on=moment.date())
        held = casebook.locked(case.pk)
        asked = datetime(2026, 11, 5, 10, tzinfo=UTC)
        lives.make(held, Move.ASK_CLARIFICATION, now=asked)
        answered = datetime(2026, 11, 12, 10, tzinfo=UTC)
        lives.make(held, Move.RECEIVE_CLARIFICATION, now=answered)
        words = shown(worker.get(page(case)))
    assert "The law comes first Thursday 10 December 2026" in words
    assert "Prudent target Wednesday 9 December 2026" in words
    assert "Left out 8 days" in words


def test_a_holiday_that_nobody_knows_yet_is_flagged() -> None:
    with time_machine.travel("2031-12-20T12:00:00+00:00", tick=False):
        case = lives.new_case(CaseKind.ERASURE)
        words = shown(dana("view_case").get(page(case)))
    assert "public holidays of that year are not known here yet" in words


def test_a_complaint_shows_its_own_clocks(worker: Client) -> None:
    case = lives.new_case(CaseKind.COMPLAINT)
    words = shown(worker.get(page(case)))
    assert "Acknowledgement" in words
    assert "Our promise" not in words


def test_what_belongs_together_is_named_by_its_references(worker: Client) -> None:
    now = timezone.now()
    earlier = lives.new_case(CaseKind.RECTIFICATION)
    first, second = receive(
        lives.sent(CaseKind.ACCESS, CaseKind.ERASURE), now=now
    ).cases
    complaint = lives.new_case(CaseKind.COMPLAINT)
    Case.objects.filter(pk=complaint.pk).update(about=first)
    words = shown(worker.get(page(first)))
    assert f"Asked at the same time {second.reference}" in words
    assert f"Complaints about it {complaint.reference}" in words
    assert earlier.reference in words
    assert f"It is about {first.reference}" in shown(worker.get(page(complaint)))


def test_the_timeline_tells_moves_letters_messages_and_notes_in_one_list(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    dana_pk = StaffUser.objects.get(email=DANA).pk
    now = timezone.now()
    handling.assign(case.pk, dana_pk, staff_id=dana_pk, now=now)
    handling.add_note(case.pk, "Look at the calls, too.", staff_id=dana_pk, now=now)
    handling.write_to_person(
        case.pk, {"message": "We are looking."}, staff_id=dana_pk, now=now
    )
    Message.objects.create(case=case, words="Thank you.", channel="e-mail")
    deliver_due()
    words = shown(worker.get(page(case)))
    assert "Received" in words and "by form on the site" in words
    assert "Assigned to Dana · by Dana" in words
    assert "Note by Dana Look at the calls, too." in words
    assert "Letter: message handed over to the mail server · by Dana" in words
    assert "Message from the person by e-mail · not read yet" in words
    assert "Thank you." not in words, "what people write stands under Letters"


def test_reminders_given_together_say_how_long_before_the_day_each_was_meant(
    worker: Client,
) -> None:
    long_ago = timezone.now() - timedelta(days=60)
    case = lives.new_case(
        CaseKind.ACCESS, received_at=long_ago, dated_on=timezone.localdate(long_ago)
    )
    reminding.remind(timezone.now())
    words = shown(worker.get(page(case)))
    for ahead in ("14 days before", "7 days before", "3 days before", "the day before"):
        assert words.count(f"Staff were reminded for {ahead}: answer due on") == 1
    assert words.count("Staff were reminded for the day itself: answer due on") == 1
    assert words.count("The time ran out answer due on") == 1


@pytest.mark.parametrize(
    ("at", "told"),
    [
        # The first half hour of a summer's day in London.
        ("2026-06-30T23:30:00+00:00", "Wednesday 1 July 2026, 00:30 · by"),
        # Nobody knew the time: the day is kept as its noon.
        ("2026-07-01T11:00:00+00:00", "Wednesday 1 July 2026 · by"),
    ],
)
def test_the_receipt_is_told_by_the_clock_on_the_wall(
    worker: Client, at: str, told: str
) -> None:
    moment = datetime.fromisoformat(at)
    case = lives.new_case(received_at=moment, dated_on=date(2026, 7, 1))
    assert told in shown(worker.get(page(case)))
    assert told.removesuffix(" · by") in shown(worker.get(page(case, "who")))


def test_a_letter_stands_with_its_words_digest_and_delivery(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    handling.write_to_person(
        case.pk, {"message": "We are looking."}, staff_id=1, now=timezone.now()
    )
    letter = case.letters.get(kind="message")
    waiting = shown(worker.get(page(case, "letters")))
    assert "on its way" in waiting
    deliver_due()
    words = shown(worker.get(page(case, "letters")))
    assert "handed over to the mail server" in words
    assert "We are looking." in words
    assert bytes(letter.digest).hex() in words


def test_while_the_letter_of_an_extension_leaves_the_page_says_what_is_waited_for(
    worker: Client,
) -> None:
    now = timezone.now()
    case = lives.new_case(received_at=now)
    wanted = deciding.Proposal(Move.EXTEND, ground="complexity", reasons=REASONS)
    decision = deciding.propose(case.pk, wanted, staff_id=1, now=now)

    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(case),
        staff_id=2,
        now=now,
    )

    words = shown(worker.get(page(case)))
    assert "Nothing to do for us now" in words
    assert "is on its way: it counts once it was handed over" in words
    assert "We wait: with us" not in words


def test_who_it_is_stands_on_a_page_of_its_own_and_each_look_is_on_record(
    worker: Client,
) -> None:
    case = lives.new_case(
        CaseKind.ACCESS,
        name="Cleo Stranger",
        words="Send me all you have.",
        agent=Agent("Sam Solicitor", "sam@example.com"),
    )
    before = shown(worker.get(page(case)))
    assert "Stranger" not in before and CLEO not in before
    words = shown(worker.get(page(case, "who")))
    for told in ("Cleo Stranger", CLEO, "Sam Solicitor", "Send me all you have."):
        assert told in words
    opened = accesses("opened")
    assert [entry.data_subject_id for entry in opened] == [
        case.submission.data_subject_id
    ] * 2


@pytest.mark.parametrize("gets_answer", [True, False])
def test_whose_mailbox_was_confirmed_is_said(worker: Client, gets_answer: bool) -> None:
    agent = Agent("Sam Solicitor", "sam@example.com", gets_answer)
    case = lives.new_case(CaseKind.ACCESS, agent=agent)
    whose = "whoever writes for the person" if gets_answer else "the person"
    before = shown(worker.get(page(case, "who")))
    assert f"Mailbox of {whose} not confirmed" in before
    lives.confirm_mailbox(case)
    after = shown(worker.get(page(case, "who")))
    assert f"Mailbox of {whose} confirmed" in after
    assert ("shows nothing of the person" in after) is gets_answer


def test_what_is_shut_away_is_only_said_to_be_there() -> None:
    case = lives.new_case(CaseKind.ACCESS, words="I have a secret illness.")
    Message.objects.create(case=case, words="It is a secret illness.", channel="form")
    submission = case.submission
    submission.shut_away_at = timezone.now()
    submission.save(update_fields=["shut_away_at"])
    outside = dana("view_case", "work_case")
    for tab in ("change", "letters", "who"):
        html = text(outside.get(page(case, tab)))
        assert "secret illness" not in html, tab
        assert "Shut away" in html, tab
    inside = console_of(person("eve@example.com", "view_case", "see_shut_away"))
    assert "secret illness" in text(inside.get(page(case, "who")))
    assert "secret illness" in text(inside.get(page(case, "letters")))


def test_an_unknown_case_is_not_there(worker: Client) -> None:
    for path in (
        f"{CASES}00000000-0000-4000-8000-000000000000/change/",
        f"{CASES}00000000-0000-4000-8000-000000000000/note/",
        f"{CASES}nonsense/change/",
        "/console/rights_requests/letter/99/posted/",
        "/console/rights_requests/decision/99/take-back/",
    ):
        assert worker.get(path).status_code == 404, path


def test_every_tab_teaches_the_first_step_while_it_is_empty(worker: Client) -> None:
    case = lives.bring_to(CaseKind.ACCESS, State.IN_PROGRESS)
    for tab, words in (
        ("letters", "Nothing has been written yet"),
        ("searches", "Go through the systems one by one"),
        ("tasks", "Set a task for a colleague"),
        ("documents", "Upload what the person gets"),
        ("decisions", "What binds the person takes two"),
    ):
        response = worker.get(page(case, tab))
        assert response.status_code == 200
        assert words in shown(response), tab


# --- What can be done now ---


@pytest.mark.parametrize(
    "kind", [CaseKind.ACCESS, CaseKind.ERASURE, CaseKind.MARKETING, CaseKind.COMPLAINT]
)
def test_every_move_of_a_kind_is_either_open_or_greyed_with_its_rule(
    kind: CaseKind, worker: Client
) -> None:
    for state in lives.paths(kind):
        every_move_is_shown(kind, state, worker)


def every_move_is_shown(kind: CaseKind, state: State, worker: Client) -> None:
    case = lives.bring_to(kind, state)
    found = why_not_now(again(case), now=timezone.now())
    assert set(found) == set(moves_of(kind)) - NOT_OF_STAFF
    for move, why_not in found.items():
        table = casebook.why_not(case, move)
        assert not table or why_not == table, move
    response = worker.get(page(case))
    assert response.status_code == 200
    for label, why_not in greyed(response).items():
        assert why_not.endswith((".", ")")), label
    shown_acts = {*buttons(response), *greyed(response)}
    for declared in ACTS:
        if declared.move in found and declared.is_for(case) and declared.group:
            assert declared.button in shown_acts or declared.button == primary(
                response
            ), declared.name


def test_a_greyed_button_says_the_rule_that_forbids_it(worker: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    why = greyed(worker.get(page(case)))
    assert "Ask which data…" not in why, "an erasure has no such step at all"
    access = lives.new_case(CaseKind.ACCESS)
    case_pk = access.pk
    late = timezone.now() - timedelta(days=60)
    moment = {"received_at": late, "dated_on": late.date()}
    old = lives.new_case(CaseKind.ACCESS, **moment)
    why = greyed(worker.get(page(old)))
    assert "Too late: the person had to be told" in why["Take two months more…"]
    assert "waits to be confirmed" in why["Confirm it"]
    assert why["Open it again…"] == "The case is open."
    assert Case.objects.get(pk=case_pk).state == State.IN_PROGRESS


def test_whoever_only_sees_has_no_buttons() -> None:
    case = lives.new_case(CaseKind.ACCESS)
    response = dana("view_case").get(page(case))
    assert response.status_code == 200
    assert buttons(response) == [] and greyed(response) == {}


def a_case(kind: CaseKind, state: State = State.IN_PROGRESS, **more: Any) -> Case:
    return Case(kind=kind, state=state, **more)


TODAY = date(2026, 11, 22)
OPEN_MOVES = dict.fromkeys(Move, "")
ACKNOWLEDGED = "It was acknowledged already."


def facts(**more: Any) -> Facts:
    given = {
        "today": TODAY,
        "why_not": OPEN_MOVES,
        "why_not_acknowledge": ACKNOWLEDGED,
        **more,
    }
    return Facts(**given)


WEIGHED = {"is_restricted": True, "is_weighed": True}
NEXT: list[tuple[Case, dict[str, Any], str]] = [
    (a_case(CaseKind.ACCESS, State.DRAFT), {}, "confirm"),
    (a_case(CaseKind.ACCESS, State.DRAFT), {"is_held": True}, "release-held"),
    (a_case(CaseKind.ACCESS), {}, "search"),
    # The software's own search comes first, and is recorded by itself.
    (a_case(CaseKind.ACCESS), {"can_make_copy": True}, "make-copy"),
    (
        a_case(CaseKind.ACCESS),
        {"can_make_copy": True, "searches_count": 1, "answers_count": 1},
        "answer",
    ),
    (a_case(CaseKind.ACCESS), {"searches_count": 1}, "upload"),
    (a_case(CaseKind.ACCESS), {"searches_count": 1, "answers_count": 1}, "answer"),
    (
        a_case(CaseKind.ACCESS),
        {"searches_count": 1, "answers_count": 1, "copy_waits": True},
        "release-copy",
    ),
    (
        a_case(CaseKind.ACCESS),
        {"searches_count": 1, "answers_count": 1, "files_wait": True},
        "release-files",
    ),
    (a_case(CaseKind.ACCESS), {"unread_count": 2}, "read"),
    (a_case(CaseKind.ACCESS), {"to_post": (Letter(),)}, "post"),
    (a_case(CaseKind.ACCESS), {"searches_count": 1, "open_tasks_count": 1}, "tasks"),
    (a_case(CaseKind.ACCESS), {"why_not_acknowledge": ""}, "acknowledge"),
    (a_case(CaseKind.PORTABILITY), {}, "search"),
    (a_case(CaseKind.ERASURE), {}, "propose-answer"),
    (a_case(CaseKind.RECTIFICATION), {}, "answer"),
    (a_case(CaseKind.RESTRICTION), {}, "answer"),
    (a_case(CaseKind.OBJECTION), {}, "restrict"),
    (a_case(CaseKind.OBJECTION), {"is_restricted": True}, "weigh"),
    (a_case(CaseKind.OBJECTION), WEIGHED, "answer"),
    (a_case(CaseKind.OBJECTION), {**WEIGHED, "is_outweighed": True}, "propose-refusal"),
    (a_case(CaseKind.COMPLAINT), {}, "answer"),
    (
        a_case(CaseKind.COMPLAINT, progress_due_on=TODAY + timedelta(days=2)),
        {},
        "progress",
    ),
    (
        a_case(CaseKind.COMPLAINT, progress_due_on=TODAY + timedelta(days=9)),
        {},
        "answer",
    ),
    (
        a_case(CaseKind.ACCESS),
        {"check": IdentityCheck(received_at=timezone.now())},
        "end-check",
    ),
    (
        a_case(CaseKind.ACCESS, State.AWAITING_IDENTITY),
        {"why_not": {Move.LAPSE: "The person has until Friday."}},
        "identity-came",
    ),
    (a_case(CaseKind.ACCESS, State.AWAITING_IDENTITY), {}, "lapse"),
    (
        a_case(CaseKind.ACCESS, State.AWAITING_FEE),
        {"why_not": {Move.LAPSE: "The person has until Friday."}},
        "fee-came",
    ),
    (
        a_case(CaseKind.ACCESS, State.AWAITING_CLARIFICATION),
        {"why_not": {Move.LAPSE: "Not while the case is waiting."}},
        "clarification-came",
    ),
    (a_case(CaseKind.ERASURE), {"pending": Decision()}, "decide"),
    (
        a_case(CaseKind.ERASURE),
        {"pending": Decision(released_at=timezone.now())},
        "",
    ),
    # Whoever had the data has to be told before the case can close.
    (
        a_case(CaseKind.ERASURE),
        {"pending": Decision(released_at=timezone.now()), "open_tasks_count": 1},
        "tasks",
    ),
    (
        a_case(CaseKind.ERASURE),
        {"why_not": {**OPEN_MOVES, Move.FULFIL: "A legal hold keeps this data."}},
        "propose-part",
    ),
    (
        a_case(CaseKind.OBJECTION),
        {**WEIGHED, "why_not": {Move.FULFIL: "A task of this case is still open."}},
        "",
    ),
    (a_case(CaseKind.ACCESS, State.FULFILLED), {}, ""),
    (a_case(CaseKind.ACCESS, State.FULFILLED), {"unread_count": 1}, "read"),
    (a_case(CaseKind.ACCESS, State.REFUSED), {"to_post": (Letter(),)}, "post"),
    (a_case(CaseKind.ACCESS, State.WITHDRAWN), {"is_held": True}, ""),
]


@pytest.mark.parametrize(("case", "known", "expected"), NEXT)
def test_the_next_step_is_the_one_that_the_case_waits_for(
    case: Case, known: dict[str, Any], expected: str
) -> None:
    assert next_step(case, facts(**known)) == expected


def test_whoever_may_not_restrict_asks_a_colleague_to_do_it(worker: Client) -> None:
    agent = Agent("Sam Solicitor", "sam@example.com", True)
    case = lives.new_case(CaseKind.OBJECTION, agent=agent)
    assert primary(worker.get(page(case))) == "Add their authority"
    proof = check_upload(SimpleUploadedFile("authority.txt", b"Sam may act for me."))
    [document] = visiting.add_documents(
        case.pk, [proof], "authority", now=timezone.now()
    )
    assert primary(worker.get(page(case))) == "Read what shows that they may ask"
    authority.accept(document.pk, staff_id=1, now=timezone.now())
    assert primary(worker.get(page(case))) == "Ask a colleague to restrict the data…"
    rights = ("view_case", "work_case", "impose_restriction")
    may = console_of(person("rita@example.com", *rights))
    assert primary(may.get(page(case))) == "Restrict the person’s data"


def stays_outside(case: Case) -> None:
    """The owner of another system said that something stays there."""
    SearchRecord.objects.create(
        case=case,
        system="Old accounts",
        hits_count=1,
        why="By number.",
        became="stays",
        stays_because="Tax law asks for six years.",
        searched_on=timezone.localdate(),
        staff_id=1,
    )


def test_a_restriction_that_cannot_be_whole_sets_the_data_aside_first(
    worker: Client,
) -> None:
    case = lives.new_case(CaseKind.RESTRICTION)
    stays_outside(case)
    rights = ("view_case", "work_case", "impose_restriction")
    may = console_of(person("rita@example.com", *rights))

    assert primary(may.get(page(case))) == "Restrict the person’s data"
    assert primary(worker.get(page(case))) == "Ask a colleague to restrict the data…"

    asked = Asked(Ground.CLAIMS, "They need it for a claim.")
    restrict(case.submission.data_subject_id, asked, staff_id=1)
    assert primary(may.get(page(case))) == BY_NAME["propose-part"].button


def test_while_nobody_showed_the_mailbox_a_deletion_waits_for_the_person(
    worker: Client,
) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    words = shown(worker.get(page(case)))
    assert "Nothing to do for us now We wait for the person. Nobody has shown" in words
    assert "the button in our first letter shows it" in words
    assert "Our time runs on meanwhile." in words


def test_the_mailbox_of_whoever_writes_for_the_person_is_waited_for_from_them(
    worker: Client,
) -> None:
    agent = Agent("Sam Solicitor", "sam@example.com", True)
    case = lives.new_case(CaseKind.ERASURE, agent=agent)
    proof = check_upload(SimpleUploadedFile("authority.txt", b"Sam may act for me."))
    now = timezone.now()
    [document] = visiting.add_documents(case.pk, [proof], "authority", now=now)
    authority.accept(document.pk, staff_id=1, now=now)
    words = shown(worker.get(page(case)))
    assert "We wait for whoever writes for the person. Nobody has shown yet" in words


def test_while_the_owners_of_systems_are_being_asked_there_is_nothing_to_do(
    worker: Client,
) -> None:
    OutsideSystem.objects.create(name="Old accounts", owner_id=1)
    case = lives.new_case(CaseKind.RECTIFICATION)
    words = shown(worker.get(page(case)))
    assert "Nothing to do for us now The owners of the systems outside are" in words


def test_what_is_in_our_own_hands_is_not_called_nothing_to_do(worker: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    lives.confirm_mailbox(case)
    asked = Asked(Ground.ACCURACY, "They contest it.")
    restrict(case.submission.data_subject_id, asked, staff_id=1)
    response = worker.get(page(case))
    words = shown(response)
    assert primary(response) == ""
    assert "What stands in the way The person’s data is restricted: lift that" in words
    assert "Nothing to do" not in words and "We wait" not in words


def test_the_next_step_is_always_one_that_is_lawful_now() -> None:
    for kind in CaseKind:
        for state in set(lives.paths(kind)) & set(OPEN):
            case = again(lives.bring_to(kind, state))
            found = case_steps.facts_of(case, now=timezone.now())
            name = next_step(case, found)
            assert name, (kind, state)
            if name in BY_NAME:
                assert BY_NAME[name].stands_against(case, found) == "", (kind, state)


def test_a_question_that_waits_to_be_posted_is_the_next_step_and_stops_nothing(
    worker: Client,
) -> None:
    case = lives.new_case(
        CaseKind.ACCESS, reply_by="post", postal_address="1 Mill Lane"
    )
    for letter in case.letters.filter(posted_on=None):
        letter.posted_on = timezone.localdate()
        letter.save()
    question = handling.Question(("A letter from us",), "The address is new to us.")
    handling.ask_identity(
        case.pk, question, doubt="A doubt.", staff_id=7, now=timezone.now()
    )
    response = worker.get(page(case))
    assert primary(response) == "Print and post the letter"
    words = shown(response)
    assert "runs until our question is posted" in words
    assert "No day runs" not in words


# --- Who may ---


@pytest.mark.parametrize(
    "tab",
    ["change", "letters", "searches", "tasks", "documents", "decisions", "who"],
)
def test_the_page_is_closed_to_whoever_may_not_see_cases(tab: str) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    assert dana("work_case", "view_subscriber").get(page(case, tab)).status_code == 403
    assert accesses("opened") == []


def rows() -> Iterator[tuple[str, str]]:
    """Each act with the address of its page on a case that has a row for it."""
    case = lives.new_case(
        CaseKind.ACCESS, reply_by="post", postal_address="1 Mill Lane"
    )
    now = timezone.now()
    letter = Letter.objects.create(
        case=case,
        kind="message",
        version=1,
        subject="",
        blocks={},
        digest=b"",
        by="post",
    )
    task = Task.objects.create(case=case, what="Look", due_on=now.date(), set_by_id=1)
    decision = deciding.propose(
        case.pk,
        deciding.Proposal(move=Move.EXTEND, ground="complexity", reasons=REASONS),
        staff_id=1,
        now=now,
    )
    keys = {"case": case.pk, "letter": letter.pk, "task": task.pk}
    correction = Rectification.objects.create(
        case=case,
        place="sign-up",
        entry="1",
        field="first_name",
        current="Ada",
        proposed="Ida",
    )
    keys |= {"decision": decision.pk, "rectification": correction.pk}
    sending = Transmission.objects.create(
        case=case, address="https://club.example.com/import"
    )
    keys |= {"transmission": sending.pk}
    for declared in ACTS:
        address = f"/console/rights_requests/{declared.about}/{keys[declared.about]}"
        yield declared.name, f"{address}/{declared.name}/"


def test_every_act_is_closed_to_whoever_only_sees() -> None:
    seeing = dana("view_case")
    tried = 0
    for name, address in rows():
        assert seeing.get(address).status_code == 403, name
        assert seeing.post(address, {"step": "send"}).status_code == 403, name
        tried += 1
    assert tried == len(ACTS) > 35


def test_every_act_has_a_page_that_says_what_the_law_says(worker: Client) -> None:
    for name, address in rows():
        response = worker.get(address)
        expected = (
            403 if BY_NAME[name].permission != "rights_requests.work_case" else 200
        )
        assert response.status_code == expected, name
        if expected == 200:
            assert " ".join(BY_NAME[name].lead.split()) in shown(response), name


# --- Doing it ---


def form_of(client: Client, address: str, **typed: Any) -> dict[str, Any]:
    response = client.get(address)
    found = re.search(r'name="seen" value="(\d+)"', text(response))
    assert found, address
    return {"seen": found[1], **typed}


def test_a_question_is_previewed_and_then_sent_and_stops_the_clock(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    address = act(case, "ask-clarification")
    form = text(worker.get(address))
    assert "about format or delivery" in form and "for access" in form
    assert "make a complaint" in form or "complain" in form
    typed = form_of(
        worker,
        address,
        questions="Which calls?\nFrom which year?",
        why="We have recorded many and cannot tell which were yours.",
        part_opening="Thank you, Cleo.",
        part_note="",
    )
    preview = worker.post(address, {**typed, "step": "preview"})
    words = shown(preview)
    assert preview.status_code == 200
    assert "Nothing has been done yet" in words
    assert "Thank you, Cleo." in words and "From which year?" in words
    assert "c•••@example.com" in words
    assert again(case).state == State.IN_PROGRESS
    assert not case.letters.filter(kind="ask-clarification").exists()

    sent = worker.post(address, {**typed, "step": "send"})
    assert sent["Location"] == page(case)
    assert again(case).state == State.AWAITING_CLARIFICATION
    [mail] = [m for m in inbox(smtp, CLEO) if "From which year?" in m.text]
    assert "Thank you, Cleo." in mail.text


def test_the_preview_carries_everything_that_was_typed(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    address = act(case, "ask-clarification")
    typed = form_of(
        worker,
        address,
        questions='First "line"\nSecond <line>',
        why="Because we cannot tell.",
        part_opening="A",
        part_note="B\n\nC",
    )
    preview = worker.post(address, {**typed, "step": "preview"})
    for name, value in typed.items():
        assert f'name="{name}"' in text(preview), name
        if name != "seen":
            lines = unescape(text(preview))
            assert value in lines, name
    changed = worker.post(address, {**typed, "step": "change"})
    assert changed.status_code == 200
    assert "Second &lt;line&gt;" in text(changed)


def test_an_error_keeps_what_was_typed_and_stands_first_on_the_page(
    worker: Client,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    address = act(case, "ask-identity")
    typed = form_of(worker, address, questions="A letter of ours", why="", doubt="")
    response = worker.post(address, {**typed, "step": "preview"})
    assert response.status_code == 400
    html = text(response)
    assert "There is a problem" in html
    assert "Say what makes you doubt who is asking" in html
    assert "A letter of ours" in html


def test_an_illegal_move_by_a_raw_post_is_refused_in_words_and_keeps_what_was_typed(
    worker: Client,
) -> None:
    case = lives.bring_to(CaseKind.ACCESS, State.AWAITING_IDENTITY)
    before = again(case)
    response = worker.post(
        act(case, "ask-clarification"),
        {
            "questions": "Which data?",
            "why": "We cannot tell.",
            "part_opening": "Hello",
            "step": "send",
            "seen": str(casebook.newest_entry_id(case)),
        },
    )
    assert response.status_code == 409
    assert "Not while the case is waiting for proof of identity" in shown(response)
    assert "Which data?" in text(response)
    assert again(case).moves_count == before.moves_count


@pytest.mark.parametrize("step", ["preview", "send", ""])
def test_a_complaint_cannot_be_refused_by_raw_post(worker: Client, step: str) -> None:
    case = lives.new_case(CaseKind.COMPLAINT)
    response = worker.post(
        act(case, "propose-refusal"), {"reasons": REASONS, "ground": "x", "step": step}
    )
    assert response.status_code in (400, 409)
    assert again(case).state == State.IN_PROGRESS
    assert not case.decisions.exists()


def test_the_preview_of_one_more_case_says_that_its_reference_is_not_given_yet(
    worker: Client,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    address = act(case, "add-case")
    typed = {**form_of(worker, address), "kind": "rectification"}
    words = shown(worker.post(address, {**typed, "step": "preview"}))
    note = "The reference and the link in it are given when you press “Add the case”"
    assert note in words
    assert words.index(note) < words.index("We have your request")
    worker.post(address, {**typed, "step": "send"})
    added = case.submission.cases.exclude(pk=case.pk).get()
    assert added.reference not in words
    assert note not in shown(
        worker.post(
            act(case, "ask-question"),
            {**form_of(worker, act(case, "ask-question")), "questions": "Which?"},
        )
    )


@pytest.mark.django_db(transaction=True)
def test_a_look_at_an_act_that_stops_e_mails_stops_none(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    address = act(case, "add-case")
    typed = {**form_of(worker, address), "kind": "objection-marketing"}
    before = journals.texts()

    preview = worker.post(address, {**typed, "step": "preview"})
    assert "Nothing has been done yet" in shown(preview)
    stale = worker.post(address, {**typed, "step": "send", "seen": "1"})
    assert stale.status_code == 409
    assert journals.texts() == before
    assert journal.state() == journal.State()

    worker.post(address, {**typed, "step": "send"})
    assert len(journals.texts()) > len(before)
    assert journal.state() == journal.State()


def test_another_case_of_the_person_says_that_it_waits_for_a_second_person(
    worker: Client,
) -> None:
    now = timezone.now()
    sent = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    first, second = receive(sent, now=now).cases
    proposal = deciding.Proposal(
        move=Move.REFUSE, ground="legal-claims", reasons=REASONS
    )
    deciding.propose(second.pk, proposal, staff_id=1, now=now)
    words = shown(worker.get(page(first)))
    assert f"{second.reference} erasure with a second person" in words


def test_the_rail_stands_where_the_list_is_that_a_page_leads_back_to(
    worker: Client,
) -> None:
    here = r'aria-current="(?:page|true)"[^>]*>(Requests|Complaints)<'
    for kind, place in (
        (CaseKind.ACCESS, "Requests"),
        (CaseKind.COMPLAINT, "Complaints"),
    ):
        case = lives.new_case(kind)
        for address in (page(case), page(case, "letters"), act(case, "write")):
            assert set(re.findall(here, text(worker.get(address)))) == {place}


def test_nothing_is_done_by_looking(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    before = again(case)
    for name, address in rows():
        worker.get(address)
        assert name
    assert again(case).moves_count == before.moves_count
    assert worker.get("/console/rights_requests/message/1/read/").status_code == 405


def test_forms_are_held_against_forgery() -> None:
    case = lives.new_case(CaseKind.ACCESS)
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("fay@example.com", "view_case", "work_case"))
    assert client.post(act(case, "note"), {"words": "x"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_pressing_twice_sends_once(worker: Client, smtp: Relay) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    address = act(case, "write")
    typed = form_of(worker, address, part_message="Only once.", step="send")
    assert worker.post(address, typed).status_code == 302
    again_pressed = worker.post(address, typed)
    assert again_pressed.status_code == 409
    assert "Something has happened in this case" in shown(again_pressed)
    assert "Only once." in text(again_pressed)
    assert case.letters.filter(kind="message").count() == 1
    # The page knows by now; whoever means it presses once more.
    fresh = re.search(r'name="seen" value="(\d+)"', text(again_pressed))
    assert fresh
    assert worker.post(address, {**typed, "seen": fresh[1]}).status_code == 302


def test_an_extension_says_until_when_and_how_long_is_left() -> None:
    with time_machine.travel("2026-11-29T22:00:00+00:00", tick=False):
        moment = datetime(2026, 11, 2, 10, tzinfo=UTC)
        case = lives.new_case(received_at=moment, dated_on=moment.date())
        worker = dana("view_case", "work_case")
        words = shown(worker.get(act(case, "propose-extension")))
    assert "before the end of Wednesday 2 December 2026" in words
    assert "Left until then: 3 days and 2 hours" in words
    # The letter must not be read as if it promised the day that it moves.
    assert "by [the new date] at the latest" in words
    assert "by Wednesday 2 December 2026 at the latest" not in words


def test_a_card_number_is_masked_in_what_staff_type(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    address = act(case, "note")
    typed = form_of(worker, address, words="Card 4242 4242 4242 4242", step="send")
    assert worker.post(address, typed).status_code == 302
    assert "4242 4242" not in case.notes.get().words


def do(client: Client, case: Case, name: str, **typed: Any) -> Any:
    """Fill in the form of an act and send it."""
    address = act(case, name)
    return client.post(address, form_of(client, address, **typed, step="send"))


def test_a_search_a_task_and_a_note_are_kept(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    today = timezone.localdate().isoformat()
    searched = do(
        worker,
        case,
        "search",
        system="Mailboxes",
        was_searched="yes",
        terms="Cleo",
        hits="3",
        why="Every mailbox was read.",
        on=today,
    )
    assert searched["Location"] == page(case, "searches")
    assert SearchRecord.objects.get(case=case).hits_count == 3
    assert "Mailboxes Cleo 3 Every mailbox was read." in shown(
        worker.get(page(case, "searches"))
    )
    me = StaffUser.objects.get(email=DANA)
    set_task = do(
        worker, case, "set-task", what="Ask the archive", for_staff=me.pk, due_on=today
    )
    assert set_task.status_code == 302
    task = Task.objects.get(case=case)
    address = f"/console/rights_requests/task/{task.pk}/finish/"
    done = worker.post(
        address, form_of(worker, address, result="Nothing there.", step="send")
    )
    assert done["Location"] == page(case, "tasks")
    assert "Nothing there." in shown(worker.get(page(case, "tasks")))


def test_whoever_had_the_data_has_to_be_told_of_an_erasure(worker: Client) -> None:
    case, copy = lives.new_case(CaseKind.ERASURE), lives.new_case(CaseKind.ACCESS)
    given = replace(GIVEN, recipient="Example Insurance plc")
    disclosures.record(
        case.submission.data_subject_id, given, staff_id=1, today=timezone.localdate()
    )
    words = shown(worker.get(page(case, "tasks")))
    assert "Had this person’s data from us: Example Insurance plc." in words
    assert "Example Insurance" not in shown(worker.get(page(copy, "tasks")))


def test_an_answer_asks_who_it_is_until_somebody_has_shown_it(worker: Client) -> None:
    case = lives.new_case(CaseKind.RECTIFICATION)
    unshown = "Nobody has shown yet to be this person"
    assert unshown in shown(worker.get(act(case, "answer")))
    assert unshown not in shown(worker.get(act(case, "note")))
    Submission.objects.update(mailbox_confirmed_at=timezone.now())
    assert unshown not in shown(worker.get(act(case, "answer")))


def test_what_was_not_searched_needs_its_reason_and_no_number(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    today = timezone.localdate().isoformat()
    given = {"system": "Recordings", "why": "None are kept.", "on": today}
    wrong = do(worker, case, "search", was_searched="yes", **given)
    assert wrong.status_code == 400
    assert "Enter how many hits there were" in text(wrong)
    assert do(worker, case, "search", was_searched="no", **given).status_code == 302
    assert SearchRecord.objects.get(case=case).hits_count is None


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("set-task", {"what": "x", "due_on": "2020-01-01"}, "That day is over"),
        (
            "search",
            {"system": "x", "was_searched": "no", "why": "y", "on": "2999-01-01"},
            "still to come",
        ),
    ],
)
def test_what_a_verb_refuses_stands_on_the_form(
    worker: Client, name: str, typed: dict[str, str], words: str
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    me = StaffUser.objects.get(email=DANA)
    more = {"for_staff": me.pk} if name == "set-task" else {}
    response = do(worker, case, name, **typed, **more)
    assert response.status_code == 409
    assert words in shown(response)


def test_a_message_is_read_once_and_by_whom_is_on_record(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    message = Message.objects.create(case=case, words="Hello?", channel="form")
    html = worker.get(page(case, "letters"))
    assert "Hello?" in text(html) and "Mark as read" in text(html)
    address = f"/console/rights_requests/message/{message.pk}/read/"
    assert worker.post(address)["Location"] == page(case, "letters")
    message.refresh_from_db()
    assert message.read_at is not None
    [read] = accesses("read")
    assert read.data_subject_id == case.submission.data_subject_id
    assert "Mark as read" not in text(worker.get(page(case, "letters")))


def test_a_held_case_is_released_to_the_queue(worker: Client, smtp: Relay) -> None:
    case = lives.new_case(CaseKind.ACCESS, held_because="flood")
    response = worker.get(page(case))
    assert "It came in a flood" in shown(response)
    assert primary(response) == "Release it to the queue"
    address = act(case, "release-held")
    preview = worker.post(address, form_of(worker, address, step="preview"))
    assert case.reference in shown(preview)
    assert again(case).submission.held_because == "flood"
    assert do(worker, case, "release-held").status_code == 302
    assert again(case).submission.held_because == ""
    assert case.reference in inbox(smtp, CLEO)[-1].subject


def test_a_draft_shows_what_it_seems_to_ask_and_is_confirmed(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(
        CaseKind.ACCESS,
        is_draft=True,
        words="Please send me a copy of all the personal data you hold about me.",
    )
    response = worker.get(page(case))
    assert "The words seem to ask for access" in shown(response)
    assert primary(response) == "Confirm it"
    assert do(worker, case, "confirm").status_code == 302
    assert again(case).state == State.IN_PROGRESS


def test_a_complaint_is_not_shown_as_acknowledged_while_its_letter_lies_here(
    worker: Client,
) -> None:
    case = lives.new_case(
        CaseKind.COMPLAINT,
        address="",
        reply_by="post",
        name="Cleo Stranger",
        postal_address="1 Mill Lane\nDerby\nDE1 1AA",
    )
    waiting = shown(worker.get(page(case, "change")))
    assert "not yet: its letter waits to be posted" in waiting
    assert "acknowledged on" not in waiting
    stands_against = case_steps.facts_of(again(case), now=timezone.now())
    assert "waits to be posted" in stands_against.why_not_acknowledge
    assert not stands_against.why_not[Move.ACKNOWLEDGE], "told in words, it counts"
    letter = case.letters.get(kind="acknowledge-complaint")
    now = timezone.now()
    letters_gone.mark_posted(
        letter.pk, posted_on=timezone.localdate(now), staff_id=1, now=now
    )
    assert "acknowledged on" in shown(worker.get(page(case, "change")))


def test_a_letter_by_post_is_drawn_and_counts_once_it_was_posted(
    worker: Client,
) -> None:
    case = lives.new_case(
        CaseKind.ERASURE,
        reply_by="post",
        name="Cleo Stranger",
        postal_address="1 Mill Lane\nDerby\nDE1 1AA",
    )
    assert do(worker, case, "write", part_message="By post.").status_code == 302
    letter = case.letters.get(kind="message")
    html = worker.get(page(case, "letters"))
    assert "to be printed and posted" in shown(html)
    drawn = worker.post(f"/console/rights_requests/letter/{letter.pk}/pdf/")
    assert drawn["Content-Type"] == "application/pdf"
    assert drawn.content.startswith(b"%PDF")
    assert [a.rows_count for a in accesses("exported")] == [1]
    address = f"/console/rights_requests/letter/{letter.pk}/posted/"
    today = timezone.localdate()
    posted = worker.post(
        address, form_of(worker, address, posted_on=today.isoformat(), step="send")
    )
    assert posted["Location"] == page(case, "letters")
    letter.refresh_from_db()
    assert letter.posted_on == today


def test_an_address_that_fits_no_window_is_told(worker: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE, reply_by="post", address="")
    do(worker, case, "write", part_message="By post.")
    letter = case.letters.get(kind="message")
    response = worker.post(f"/console/rights_requests/letter/{letter.pk}/pdf/")
    assert response.status_code == 409
    assert "Enter the address that the letter goes to" in shown(response)


# --- Ending it ---


def test_a_copy_is_answered_once_there_is_a_search_and_a_document(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    assert "Record first where you looked" in shown(worker.get(act(case, "answer")))
    today = timezone.localdate().isoformat()
    given = {"system": "Mailboxes", "was_searched": "no", "why": "None.", "on": today}
    do(worker, case, "search", **given)
    missing = do(worker, case, "answer", part_opening="Here it is.")
    assert missing.status_code == 409
    assert "Upload what the person gets" in shown(missing)
    upload(worker, case)
    assert "Read the files, and release them" in shown(worker.get(page(case)))
    assert "Nobody has released the files" in shown(worker.get(act(case, "answer")))
    lives.release_files(case)
    done = do(worker, case, "answer", part_opening="Here it is.", part_note="")
    assert done["Location"] == page(case)
    assert again(case).state == State.FULFILLED
    assert "answer.pdf" in inbox(smtp, CLEO)[-1].text


def test_that_nothing_is_held_is_told_in_its_own_letter(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    today = timezone.localdate().isoformat()
    given = {"system": "All", "was_searched": "yes", "hits": "0", "terms": "Cleo"}
    do(worker, case, "search", why="All was read.", on=today, **given)
    assert do(worker, case, "answer", nothing_held="on").status_code == 302
    assert case.letters.filter(kind="nothing-held").exists()


def test_a_no_to_marketing_without_an_address_is_closed_by_staff(
    worker: Client,
) -> None:
    """Nothing was found by an address, so a colleague saw to it."""
    case = lives.new_case(CaseKind.MARKETING, address="", telephone="020 7946 0000")
    assert "Answer it…" in buttons(worker.get(page(case)))
    done = do(worker, case, "answer", part_note="We took you off the calling list.")
    assert done.status_code == 302
    assert again(case).state == State.FULFILLED
    assert case.letters.filter(kind="at-once").exists()


def test_a_published_document_that_is_not_there_is_answered_in_words(
    worker: Client,
) -> None:
    case = lives.bring_to(CaseKind.SCHEDULE, State.IN_PROGRESS)
    done = do(worker, case, "answer", part_message="We write it at the moment.")
    assert done.status_code == 302
    assert again(case).state == State.FULFILLED


def test_a_complaint_is_reported_on_and_closed_with_its_outcome(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.COMPLAINT)
    silent = do(worker, case, "answer", outcome=" ")
    assert silent.status_code == 400 and "Say what you found" in text(silent)
    told = do(
        worker, case, "progress", words="We read it.", next_step="We ask the team."
    )
    assert told.status_code == 302
    assert "We ask the team." in inbox(smtp, CLEO)[-1].text
    done = do(worker, case, "answer", outcome="You are right.", next_step="We stop.")
    assert done.status_code == 302
    assert again(case).state == State.FULFILLED
    assert "You are right." in inbox(smtp, CLEO)[-1].text


def test_a_case_is_taken_back_for_the_person_and_opened_again(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    assert do(worker, case, "withdraw").status_code == 302
    assert again(case).state == State.WITHDRAWN
    assert (
        do(worker, case, "reopen", reason="It was not the person.").status_code == 302
    )
    assert again(case).state == State.IN_PROGRESS


def test_a_fresh_link_takes_the_place_of_the_old_ones(
    worker: Client, smtp: Relay
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    old = links.status_url(case)
    assert do(worker, case, "renew-link").status_code == 302
    fresh = links.status_url(case)
    assert fresh and fresh != old and fresh in inbox(smtp, CLEO)[-1].text
    assert do(worker, case, "revoke-links").status_code == 302
    assert links.status_url(case) == ""
    assert not case.links.standing().exists()
    assert "Switch off the links" not in shown(worker.get(page(case)))


# --- Documents ---

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def upload(client: Client, case: Case, content: bytes = PDF, **more: Any) -> Any:
    given = {
        "purpose": "answer",
        "file": SimpleUploadedFile("answer.pdf", content),
        **more,
    }
    return client.post(page(case, "documents"), given)


def test_a_document_is_kept_encrypted_and_each_download_is_on_record(
    worker: Client,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    assert upload(worker, case)["Location"] == page(case, "documents")
    document = CaseDocument.objects.get(case=case)
    assert document.purpose == "answer" and document.size == len(PDF)
    address = f"/console/rights_requests/casedocument/{document.pk}/file/"
    assert worker.get(address).status_code == 405
    response = worker.post(address)
    assert b"".join(response.streaming_content) == PDF  # type: ignore[attr-defined]
    assert response["Content-Disposition"].startswith("attachment")
    assert len(accesses("exported")) == 1
    outside = console_of(person("sue@example.com", "view_subscriber"))
    assert outside.post(address).status_code == 403


def test_what_is_no_document_is_refused_on_the_form(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    response = upload(worker, case, b"MZ\x90\x00\x03 not what it says \x00\x01")
    assert response.status_code == 400
    assert "There is a problem" in text(response)
    assert not CaseDocument.objects.exists()


def test_a_file_that_is_too_large_is_refused_in_words(worker: Client) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    response = upload(worker, case, PDF + b"0" * (11 * 1024 * 1024))
    assert response.status_code == 413
    assert "at most 10 MB" in shown(response)


def test_a_proof_of_identity_is_for_those_who_work_on_the_case_alone(
    worker: Client,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    early = upload(worker, case, purpose="identity")
    assert early.status_code == 409
    assert "No check of identity is open" in shown(early)
    do(
        worker,
        case,
        "ask-identity",
        doubt="A new address.",
        questions="A letter of ours",
        why="The address is new to us.",
    )
    assert upload(worker, case, purpose="identity").status_code == 302
    document = CaseDocument.objects.get(case=case)
    address = f"/console/rights_requests/casedocument/{document.pk}/file/"
    seeing = console_of(person("sue@example.com", "view_case"))
    assert seeing.post(address).status_code == 403
    assert worker.post(address).status_code == 200
    # The check closes, and the proof goes with it.
    today = timezone.localdate().isoformat()
    assert do(worker, case, "identity-came", at=today).status_code == 302
    assert do(worker, case, "end-check", outcome="confirmed").status_code == 302
    gone = worker.post(address)
    assert gone.status_code == 410


def test_an_answer_uploaded_by_mistake_is_taken_back_while_it_can_be(
    worker: Client,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    upload(worker, case)
    document = CaseDocument.objects.get(case=case)
    address = f"/console/rights_requests/casedocument/{document.pk}/remove/"
    assert worker.post(address).status_code == 302
    assert worker.post(address).status_code == 409
    document.refresh_from_db()
    assert document.removed_at is not None
