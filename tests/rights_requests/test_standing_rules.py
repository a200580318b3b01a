"""What the software answers by itself: a rule that two people stand behind, held against
each request, and the same records as by hand."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from data_subjects import holds
from data_subjects.holds import Matter
from groundwork.clock import today_here
from groundwork.holdings import holdings
from groundwork.refusals import NotAllowed
from outbox.models import InboundEmail
from rights_requests import (
    answering_alone,
    deciding,
    handling,
    plainness,
    standing_rules,
    tasks,
    visiting,
)
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import building, releasing, systems
from rights_requests.fulfilment.people import person_of
from rights_requests.fulfilment.systems import Described
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseLogEntry,
    Event,
    Letter,
    Package,
    RuleCheck,
    SearchRecord,
    StandingRule,
)
from rights_requests.moves import Move, State
from rights_requests.receiving import Agent
from rights_requests.standing_rules import Terms
from staff.models import StaffUser
from subscribers.models import Subscriber
from tests.console.staff import console_of, person
from tests.people import ADA, become_reader, inbox, subscriber_of
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.copying import everything_in, put_together
from tests.rights_requests.own_pages import (
    ask_code,
    code_in,
    confirm_path,
    enter_code,
    events,
    text_of,
)
from tests.rights_requests.test_own_data import open_own_data, press

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings, tmp_path: Any) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def rule() -> Iterator[StandingRule]:
    yield lives.rule_in_force()


@pytest.fixture
def ada(client: Client, smtp: Relay) -> str:
    become_reader(client, smtp, ADA, first_name="Ada")
    return ADA


def work(times: int = 4) -> None:
    """What the worker does within seconds, by its own tasks."""
    for _ in range(times):
        tasks.acknowledge()
        tasks.ask_systems()
        tasks.answer_by_rule()
        tasks.build_copies()


def asked(client: Client, smtp: Relay, kind: str = "access") -> Case:
    return press(client, open_own_data(client, smtp), kind)


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def why(case: Case) -> list[str]:
    check = RuleCheck.objects.get(case=case)
    assert check.outcome == "team"
    return list(check.why)


# --- A rule ---


def terms(**more: Any) -> Terms:
    today = today_here()
    given = {
        "kind": "access",
        "starts_on": today,
        "ends_on": today + timedelta(days=30),
        "reason": "Plain ones are alike.",
    }
    return Terms(**{**given, **more})


def test_a_rule_counts_once_somebody_else_has_approved_it() -> None:
    now = timezone.now()
    rule = standing_rules.propose(terms(), staff_id=1, now=now)
    assert standing_rules.in_force("access", now=now) is None
    with pytest.raises(NotAllowed, match="You proposed this rule"):
        standing_rules.approve(rule.pk, staff_id=1, now=now)

    standing_rules.approve(rule.pk, staff_id=2, now=now)

    assert standing_rules.in_force("access", now=now) == rule
    assert standing_rules.in_force("portability", now=now) is None
    assert standing_rules.in_force("access", now=now + timedelta(days=31)) is None
    with pytest.raises(NotAllowed, match="approved already"):
        standing_rules.approve(rule.pk, staff_id=3, now=now)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "erasure"}, "never answered by a rule"),
        ({"reason": "  "}, "Say why"),
        ({"ends_on": today_here() - timedelta(days=1)}, "last day"),
        ({"ends_on": today_here() + timedelta(days=400)}, "a year at most"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_in_words(
    given: dict[str, Any], words: str
) -> None:
    with pytest.raises(NotAllowed, match=words):
        standing_rules.propose(terms(**given), staff_id=1, now=timezone.now())
    assert not StandingRule.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "portability"},
        {"reason": "Another one."},
        {"ends_on": today_here() + timedelta(days=300)},
        {"starts_on": today_here() - timedelta(days=3)},
        {"proposed_by_id": 9},
        {"approved_by_id": 9},
        {"approved_at": None, "approved_by_id": None},
    ],
)
def test_the_database_changes_no_rule(
    rule: StandingRule, change: dict[str, Any]
) -> None:
    with pytest.raises(DatabaseError, match="not changed"):
        StandingRule.objects.filter(pk=rule.pk).update(**change)


def test_the_database_keeps_each_rule_and_its_two_people(rule: StandingRule) -> None:
    with pytest.raises(DatabaseError, match=r"permission denied|stays on record"):
        StandingRule.objects.filter(pk=rule.pk).delete()
    today, now = today_here(), timezone.now()
    new = {"kind": "access", "reason": "x", "starts_on": today, "ends_on": today}
    with pytest.raises(DatabaseError, match="proposed first"):
        StandingRule.objects.create(
            **new, proposed_by_id=1, approved_at=now, approved_by_id=2
        )
    own = StandingRule.objects.create(**new, proposed_by_id=1)
    with pytest.raises(IntegrityError, match="somebody_else"):
        StandingRule.objects.filter(pk=own.pk).update(approved_at=now, approved_by_id=1)
    with pytest.raises(IntegrityError, match="what_people_decide"):
        StandingRule.objects.create(**{**new, "kind": "erasure"}, proposed_by_id=1)
    standing_rules.end(rule.pk, staff_id=3, now=now)
    with pytest.raises(DatabaseError, match="not changed"):
        StandingRule.objects.filter(pk=rule.pk).update(ended_at=None, ended_by_id=None)
    with pytest.raises(NotAllowed, match="ended already"):
        standing_rules.end(rule.pk, staff_id=3, now=now)


# --- A plain request ---


@pytest.mark.parametrize("kind", ["access", "portability"])
def test_a_plain_request_is_answered_with_the_same_records_as_by_hand(
    client: Client, smtp: Relay, ada: str, kind: str
) -> None:
    rule = lives.rule_in_force(CaseKind(kind))
    case = asked(client, smtp, kind)

    work()

    case = again(case)
    assert case.state == State.FULFILLED and case.closed_at is not None
    happened = events(case)
    for event in (
        Event.BY_RULE,
        Event.SEARCHED,
        Event.DOCUMENT_ADDED,
        Event.COPY_RELEASED,
        Move.FULFIL,
        Event.COPY_HANDED,
    ):
        assert event in happened, event
    released = CaseLogEntry.objects.get(case_id=case.pk, event=Event.COPY_RELEASED)
    assert released.inputs["rule"] == rule.reference and released.staff_id is None
    [search] = SearchRecord.objects.filter(case=case)
    assert "places of this system" in search.why
    package = Package.objects.get(case=case)
    assert package.released_by_rule == rule.reference
    assert package.released_by_id is None and package.handed_at is not None
    letter = Letter.objects.filter(case=case).latest("pk")
    assert letter.kind == "answer"
    mail = inbox(smtp, ADA)[-1]
    assert rule.reference in mail.text and case.reference in mail.text
    assert RuleCheck.objects.get(case=case).outcome == "answered"


def test_the_copy_is_downloaded_with_a_code_that_comes_by_itself(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    work()

    challenge = ask_code(client, again(case))
    visit = enter_code(client, again(case), challenge, code_in(smtp, ADA))["Location"]
    page = client.get(visit)
    paths = re.findall(r'action="([^"]*/documents/[^"]*)"', page.content.decode())
    answer = client.post(paths[0])

    assert answer.status_code == 200
    raw = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert raw[:2] == b"PK" and "no-store" in answer["Cache-Control"]
    assert Event.DOCUMENT_TAKEN in events(case)
    assert "You sent us a document" not in text_of(page)
    assert "Ada" in everything_in(Package.objects.get(case=case))


def test_a_request_by_the_form_is_answered_once_its_mailbox_is_shown(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = lives.new_case(address=ADA, received_at=timezone.now())
    work()
    assert not RuleCheck.objects.filter(case=case).exists()

    client.post(confirm_path(case))
    work()

    assert again(case).state == State.FULFILLED


def test_without_a_rule_the_team_answers(client: Client, smtp: Relay, ada: str) -> None:
    case = asked(client, smtp)
    work()
    assert again(case).state == State.IN_PROGRESS
    assert not Package.objects.exists() and not RuleCheck.objects.exists()


def test_erasure_is_never_answered_by_itself(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp, "erasure")
    work()
    assert again(case).state == State.IN_PROGRESS
    assert Subscriber.objects.filter(pk=subscriber_of(ADA).pk).exists()


def test_what_took_effect_at_once_names_the_rule_that_let_it(
    client: Client, smtp: Relay, ada: str
) -> None:
    rule = lives.rule_in_force(CaseKind.MARKETING)
    case = asked(client, smtp, "objection-marketing")
    [entry] = CaseLogEntry.objects.filter(case_id=case.pk, event=Move.FULFIL)
    assert entry.inputs["rule"] == rule.reference


# --- What does not fit ---


def note_something(case: Case) -> None:
    handling.add_note(case.pk, "Zed rang about this.", staff_id=1, now=timezone.now())


def write_something(case: Case) -> None:
    visiting.write_message(case.pk, "And my neighbour’s.", now=timezone.now())


def send_a_mail(case: Case) -> None:
    digest = bytes(case.submission.data_subject.address_digest or b"")
    InboundEmail.objects.create(
        digest=b"1" * 32, raw_message="Hello", sender_digest=digest
    )


def hold(case: Case) -> None:
    matter = Matter("A claim", "The court asked.", today_here() + timedelta(days=90))
    person = case.submission.data_subject_id
    holds.place({person: ADA}, matter, owner_id=1, today=today_here())


def add_system(case: Case) -> None:
    systems.enter(Described("Customer records", "Orders and calls.", 1))


def ask_in_their_name(case: Case) -> None:
    lives.new_case(address=ADA)


def propose_a_secret(case: Case) -> None:
    """In another case of the same person, where it was sent back."""
    other = lives.new_case(address=ADA)
    lives.confirm_mailbox(other)
    proposal = Proposal(
        Move.WITHHOLD, ground="without-knowledge", reasons="An inquiry.", evidence="It."
    )
    now = timezone.now()
    decision = deciding.propose(other.pk, proposal, staff_id=1, now=now)
    deciding.send_back(decision.pk, "Not on this ground.", staff_id=2, now=now)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (propose_a_secret, "elsewhere"),
        (note_something, "elsewhere"),
        (write_something, "elsewhere"),
        (send_a_mail, "elsewhere"),
        (hold, "bound"),
        (add_system, "outside"),
        (ask_in_their_name, "unconfirmed"),
    ],
)
def test_what_does_not_fit_goes_to_the_team_with_its_reason(
    client: Client,
    smtp: Relay,
    ada: str,
    rule: StandingRule,
    happens: Any,
    reason: str,
) -> None:
    case = asked(client, smtp)
    happens(case)

    work()

    assert reason in why(case)
    assert again(case).state == State.IN_PROGRESS and not Package.objects.exists()
    [entry] = CaseLogEntry.objects.filter(case_id=case.pk, event=Event.NOT_BY_RULE)
    assert entry.inputs["rule"] == rule.reference and reason in entry.inputs["why"]
    assert all(plainness.in_words([key]) != [key] for key in entry.inputs["why"])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"words": "Also of my brother."}, "words"),
        ({"agent": Agent("Max", "max@example.com", gets_answer=False)}, "agent"),
        ({"signs": ("health",)}, "held"),
        ({"reply_by": "post", "postal_address": "1 Example Street"}, "post"),
    ],
)
def test_what_was_asked_in_another_way_goes_to_the_team(
    client: Client,
    smtp: Relay,
    ada: str,
    rule: StandingRule,
    more: dict[str, Any],
    reason: str,
) -> None:
    case = lives.new_case(address=ADA, received_at=timezone.now(), **more)
    client.post(confirm_path(case))
    work()
    assert reason in why(case)
    assert again(case).state == State.IN_PROGRESS


def test_a_mailbox_that_nobody_shows_within_a_day_is_left_to_the_team(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = lives.new_case(address=ADA, received_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        work()
    assert why(case) == ["late"]


def test_so_many_copies_are_plain_and_no_more(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    cases = []
    for _ in range(4):
        cases.append(asked(client, smtp))
        work()
    assert [again(case).state for case in cases[:3]] == [State.FULFILLED] * 3
    assert why(cases[3]) == ["often"]


# --- On the way ---


def test_a_rule_that_ends_before_the_answer_answers_nothing(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    tasks.acknowledge()
    tasks.answer_by_rule()
    tasks.build_copies()
    assert Package.objects.get(case=case).state == "ready"

    standing_rules.end(rule.pk, staff_id=3, now=timezone.now())
    work()

    assert why(case) == ["rule-ended"]
    package = Package.objects.get(case=case)
    assert package.released_at is None and again(case).state == State.IN_PROGRESS
    with pytest.raises(DatabaseError, match="no standing rule in force"):
        Package.objects.filter(pk=package.pk).update(
            released_at=timezone.now(), released_by_rule=rule.reference
        )


@pytest.mark.parametrize("forged", ["SR-999", "SR-1; x", "a rule"])
def test_the_database_lets_no_copy_go_by_a_rule_that_is_none(
    client: Client, smtp: Relay, ada: str, forged: str
) -> None:
    case = asked(client, smtp)
    building.ask(case.pk, staff_id=7, now=timezone.now())
    package = building.build_next(timezone.now())
    assert package is not None
    with pytest.raises(DatabaseError, match="no standing rule in force"):
        Package.objects.filter(pk=package.pk).update(
            released_at=timezone.now(), released_by_rule=forged
        )


def test_a_rule_of_another_kind_lets_no_copy_go(
    client: Client, smtp: Relay, ada: str
) -> None:
    other = lives.rule_in_force(CaseKind.PORTABILITY)
    case = asked(client, smtp)
    building.ask(case.pk, staff_id=7, now=timezone.now())
    package = building.build_next(timezone.now())
    assert package is not None
    with pytest.raises(DatabaseError, match="no standing rule in force"):
        Package.objects.filter(pk=package.pk).update(
            released_at=timezone.now(), released_by_rule=other.reference
        )


def test_your_data_does_not_say_why_a_rule_left_a_request_to_the_team(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    propose_a_secret(case)
    work()
    assert "elsewhere" in why(case)
    assert inbox(smtp, ADA)  # the letters come first

    path = open_own_data(client, smtp)
    seen = text_of(client.get(f"{path}place/case-log/"))

    assert "not-by-rule" not in seen and "elsewhere" not in seen
    assert "receive" in seen
    [log] = (one for one in holdings() if one.key == "case-log")
    found = person_of(case.submission.data_subject_id)
    assert log.told_count(found) == log.shown_count(found)


def test_a_rule_lets_no_copy_go_that_would_tell_what_the_person_may_not_know(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    propose_a_secret(case)
    package = put_together(case)

    with pytest.raises(NotAllowed, match="would tell them"):
        releasing.release_by_rule(package, rule.reference, now=timezone.now())

    package.refresh_from_db()
    assert package.released_at is None


def test_what_comes_to_light_meanwhile_stops_the_answer(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    tasks.acknowledge()
    tasks.answer_by_rule()
    hold(case)
    work()
    assert why(case) == ["bound", "elsewhere"]
    assert again(case).state == State.IN_PROGRESS


def test_data_that_changed_meanwhile_is_put_together_again(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    tasks.acknowledge()
    tasks.answer_by_rule()
    tasks.build_copies()
    Subscriber.objects.filter(pk=subscriber_of(ADA).pk).update(employer="Nile Ltd")

    work()

    assert again(case).state == State.FULFILLED
    newest = Package.objects.filter(case=case).latest("asked_at")
    assert Package.objects.filter(case=case).count() == 2
    assert newest.handed_at is not None and "Nile Ltd" in everything_in(newest)


def test_two_workers_at_once_answer_once(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    tasks.acknowledge()

    def worker() -> None:
        try:
            for _ in range(4):
                answering_alone.work(timezone.now())
                building.build_next(timezone.now())
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()

    assert again(case).state == State.FULFILLED
    assert events(case).count(Move.FULFIL) == 1
    assert Package.objects.filter(case=case).count() == 1
    assert Letter.objects.filter(case=case, kind="answer").count() == 1


def test_one_that_fails_holds_up_no_other_and_ends_with_the_team(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    tasks.acknowledge()
    tasks.answer_by_rule()
    with transaction.atomic():
        Package.objects.filter(case=case).update(state="failed", problem="disk")
    work()
    assert why(case) == ["copy"]
    assert again(case).state == State.IN_PROGRESS


def test_nobody_is_promised_a_minute_that_no_rule_keeps(
    client: Client, smtp: Relay, ada: str
) -> None:
    asking = f"{open_own_data(client, smtp)}ask/access/"

    def is_promised() -> bool:
        words = client.get(asking).content.decode()
        assert "ne of us looks first" in words
        return "takes a minute" in words

    assert not is_promised()
    lives.rule_in_force()
    assert is_promised()
    shown = signed_in("dana", *EVERYTHING)
    assert "Systems outside are registered" not in shown.get(LIST).content.decode()
    systems.enter(Described("Customer records", "Orders and calls.", 1))
    assert not is_promised()
    assert "Systems outside are registered" in shown.get(LIST).content.decode()


# --- The console ---


def signed_in(name: str, *permissions: str) -> Client:
    return console_of(person(f"{name}@example.com", *permissions))


LIST = "/console/rights_requests/standingrule/"
EVERYTHING = ("view_standingrule", "propose_standingrule", "approve_standingrule")


def proposed_on_the_console(client: Client, **more: str) -> Any:
    today = today_here()
    told = {
        "kind": "access",
        "starts_on": str(today),
        "ends_on": str(today + timedelta(days=30)),
        "reason": "Plain ones are alike.",
    }
    return client.post(f"{LIST}new/", {**told, **more})


def test_one_proposes_on_the_console_and_another_one_approves() -> None:
    dana, omar = signed_in("dana", *EVERYTHING), signed_in("omar", *EVERYTHING)
    assert proposed_on_the_console(dana).status_code == 302
    rule = StandingRule.objects.get()

    own = dana.post(f"{LIST}{rule.pk}/approve/", follow=True).content.decode()
    assert "somebody else has to approve it" in own
    rule.refresh_from_db()
    assert rule.approved_at is None

    page = omar.post(f"{LIST}{rule.pk}/approve/", follow=True).content.decode()
    assert "in force" in page and "approved by Omar" in page

    page = omar.post(f"{LIST}{rule.pk}/end/", follow=True).content.decode()
    assert "ended by Omar" in page
    assert standing_rules.in_force("access", now=timezone.now()) is None


@pytest.mark.parametrize(
    ("more", "words", "status"),
    [
        ({"reason": ""}, "Say why", 400),
        ({"kind": "erasure"}, "Choose what it may answer", 400),
        ({"starts_on": "soon"}, "Enter a day", 400),
        ({"ends_on": "2020-01-01"}, "after today", 409),
    ],
)
def test_what_is_no_rule_is_said_on_the_form(
    more: dict[str, str], words: str, status: int
) -> None:
    answer = proposed_on_the_console(signed_in("dana", *EVERYTHING), **more)
    assert answer.status_code == status and words in answer.content.decode()
    assert not StandingRule.objects.exists()


def test_whoever_may_only_look_proposes_approves_and_ends_nothing(
    rule: StandingRule,
) -> None:
    client = signed_in("dana", "view_standingrule")
    assert client.get(LIST).status_code == 200
    assert proposed_on_the_console(client).status_code == 403
    for act in ("approve", "end"):
        assert client.post(f"{LIST}{rule.pk}/{act}/").status_code == 403
    assert StandingRule.objects.get().ended_at is None


def test_the_case_says_why_the_team_answers_it(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    note_something(case)
    work()
    staff = signed_in("dana", "view_case", "work_case")
    page = staff.get(f"/console/rights_requests/case/{case.pk}/change/", follow=True)
    said = page.content.decode()
    assert plainness.WORDS["elsewhere"] in said and rule.reference in said


def test_the_list_and_the_first_page_say_what_a_rule_left_to_the_team_and_why(
    client: Client, smtp: Relay, ada: str, rule: StandingRule
) -> None:
    case = asked(client, smtp)
    note_something(case)
    work()
    staff = signed_in("dana", "view_case", "work_case")
    listed = staff.get("/console/rights_requests/case/").content.decode()
    assert f"not by rule: {plainness.WORDS['elsewhere']}" in listed
    first_page = staff.get("/console/").content.decode()
    section = first_page.partition("Left to you by a standing rule")[2]
    assert case.reference in section and rule.reference in section
    assert plainness.WORDS["elsewhere"][1:] in section

    number = StaffUser.objects.get(email__startswith="dana").pk
    handling.assign(case.pk, number, staff_id=number, now=timezone.now())
    first_page = staff.get("/console/").content.decode()
    assert "Left to you by a standing rule" not in first_page
    listed = staff.get("/console/rights_requests/case/").content.decode()
    assert "not by rule" in listed
