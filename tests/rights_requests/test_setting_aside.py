"""Restriction and objection as cases: what is made, told, weighed, stopped and ended."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from data_subjects import restriction
from data_subjects.models import Ground, Restriction, SubjectEvent
from data_subjects.people import subject_of
from governance import restriction_ends, restrictions, tasks
from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from outbox.models import SuppressedAddress
from rights_requests import closing, deciding, handling, letters_gone, weighing
from rights_requests.acknowledging import acknowledge_new
from rights_requests.closing import Answer
from rights_requests.deadline_words import in_words
from rights_requests.deciding import Proposal
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Balancing,
    Case,
    Channel,
    Event,
    IdentityCheck,
    Letter,
)
from rights_requests.moves import Move, State
from rights_requests.receiving import Agent, Asked, receive
from tests.case_updates.cast import reader
from tests.console.staff import console_of, person, text
from tests.people import ADA, CLEO, DANA, inbox
from tests.reading import forms
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER

pytestmark = pytest.mark.django_db
Outcome = Balancing.Outcome


@pytest.fixture(autouse=True)
def ready(open_house: None) -> None:
    """Every test here meets a house with its register loaded."""


def standing() -> list[str]:
    return sorted(Restriction.objects.open().values_list("ground", flat=True))


def answer(case: Case, *grounds: str, words: str = "") -> Letter:
    given = Answer(outcome=words, set_aside=grounds)
    return closing.fulfil(case.pk, given, staff_id=PROPOSER, now=timezone.now())


def said(letter: Letter) -> str:
    blocks = [block["text"] for block in letter.blocks["blocks"]]
    return " ".join(" ".join(blocks).split())


def again(case: Case) -> Case:
    return Case.objects.select_related("submission").get(pk=case.pk)


# --- A request for restriction ---


@pytest.mark.parametrize("ground", Ground)
def test_answering_a_request_for_restriction_makes_it_and_tells_how_it_ends(
    ground: Ground,
) -> None:
    case = lives.new_case(CaseKind.RESTRICTION)
    assert standing() == []

    letter = answer(case, ground)

    assert standing() == [ground]
    row = Restriction.objects.get()
    assert row.data_subject_id == case.submission.data_subject_id
    assert case.reference in row.reason and row.staff_id == PROPOSER
    words = said(letter)
    assert "It ends when" in words and "no news and no offers" in words
    assert "What goes on" in words and "We tell you before this ends" in words
    event = case_events(case, Event.SET_ASIDE)[0]
    assert event.inputs == {"grounds": [str(ground)]}


def case_events(case: Case, event: str) -> list[Any]:
    from rights_requests.models import CaseLogEntry

    return list(CaseLogEntry.objects.filter(case_id=case.pk, event=event))


def test_the_grounds_that_the_person_ticked_stand_ticked_on_the_form() -> None:
    asked = Asked(CaseKind.RESTRICTION, ("accuracy", "claims"))
    sent = lives.sent(CaseKind.RESTRICTION)
    sent = type(sent)(**{**vars(sent), "asked": (asked,)})
    [case] = receive(sent, now=timezone.now()).cases
    worker = console_of(person(DANA, "view_case", "work_case"))

    page = worker.get(reverse("admin:case-answer", args=[case.pk])).content.decode()

    ticked = re.findall(r'value="(\w+)"[^>]*checked', page)
    assert ticked == ["accuracy", "claims"]
    assert "It ends when we have checked whether the data is accurate" in page


def test_without_a_ground_nothing_is_answered() -> None:
    case = lives.new_case(CaseKind.RESTRICTION)

    with pytest.raises(NotAllowed, match="Choose the ground"):
        answer(case)

    assert standing() == [] and again(case).is_open


def test_a_restriction_that_stands_already_is_not_made_twice() -> None:
    case = lives.new_case(CaseKind.RESTRICTION)
    asked = restriction.Asked(Ground.CLAIMS, "By telephone.")
    restriction.restrict(case.submission.data_subject_id, asked, staff_id=1)

    answer(case, "claims", "accuracy")

    assert standing() == ["accuracy", "claims"]


def test_the_letter_is_looked_at_before_anything_is_restricted() -> None:
    case = lives.new_case(CaseKind.RESTRICTION)
    worker = console_of(person(DANA, "view_case", "work_case"))
    path = reverse("admin:case-answer", args=[case.pk])
    typed = {"set_aside": ["accuracy", "claims"], "seen": newest(case)}

    page = worker.post(path, typed | {"step": "preview"})
    assert "It ends when we have checked" in page.content.decode()
    assert standing() == []

    [what_is_carried] = [form.fields for form in forms(page) if "step" in form.fields]
    changed = text(worker.post(path, what_is_carried | {"step": "change"}))
    assert len(re.findall(r'name="set_aside"[^>]*checked', changed)) == 2

    worker.post(path, what_is_carried | {"step": "send"})
    assert standing() == ["accuracy", "claims"]
    assert again(case).state == State.FULFILLED


def newest(case: Case) -> int:
    from rights_requests import casebook

    return casebook.newest_entry_id(case)


def test_an_answer_in_part_tells_of_the_restriction_what_the_whole_answer_does() -> (
    None
):
    case = lives.new_case(CaseKind.RESTRICTION)
    asked = restriction.Asked(Ground.CLAIMS, "They asked for it.", CLEO)
    restriction.restrict(case.submission.data_subject_id, asked, staff_id=1)
    lives.confirm_mailbox(case)
    part = Proposal(
        Move.FULFIL_IN_PART,
        ground="no-ground-to-restrict",
        reasons="The invoices of last year go to the tax office, which you have seen.",
        outcome="Your sign-up data is set aside.",
        left_out="The invoices.",
    )
    now = timezone.now()
    decision = deciding.propose(case.pk, part, staff_id=PROPOSER, now=now)

    letter = deciding.preview(decision, now=now)

    assert letter is not None
    [done] = [block.text for block in letter.blocks if block.name == "done"]
    said = done.split("\n\n")
    assert said[:2] == [
        "Your sign-up data is set aside.",
        "What follows is about the part that is set aside.",
    ]
    since = in_words(timezone.localdate(Restriction.objects.get().starts_at))
    assert said[2] == (
        f"Your data is set aside since {since}, because you need it for a legal claim. "
        "It ends when you no longer need it for your claim."
    )
    assert said[3].startswith("What is bound:") and said[4].startswith("What goes on:")
    assert said[5:] == ["We tell you before this ends."]


def test_the_person_sees_what_is_set_aside_and_until_when(client: Client) -> None:
    case = lives.new_case(CaseKind.RESTRICTION)
    answer(case, "claims")
    from rights_requests import links

    token = links.open_visit(again(case), now=timezone.now())

    page = client.get(reverse("rights_requests:visit", args=[token])).content.decode()

    assert "Your data is set aside" in page
    assert "It ends when you no longer need it for your claim" in page
    assert "We tell you before this ends" in page


# --- An objection, from its receipt ---


def test_an_objection_restricts_from_its_receipt_by_itself_and_on_record() -> None:
    received_at = timezone.now() - timedelta(days=2)
    case = lives.new_case(
        CaseKind.OBJECTION,
        received_at=received_at,
        dated_on=timezone.localdate(received_at),
    )

    row = Restriction.objects.get()

    assert (row.ground, row.starts_at, row.staff_id) == (
        Ground.OBJECTION,
        received_at,
        None,
    )
    assert SubjectEvent.objects.get().action == "restricted"
    assert case_events(case, Event.SET_ASIDE)


@pytest.mark.parametrize("how", ["is_draft", "agent"])
def test_not_before_staff_know_that_it_is_one_nor_at_the_word_of_others(
    how: str,
) -> None:
    more: dict[str, Any] = {"is_draft": True}
    if how == "agent":
        more = {"agent": Agent("Sam Solicitor", "sam@example.com", True)}
    case = receive(lives.sent(CaseKind.OBJECTION, **more), now=timezone.now()).cases[0]

    assert standing() == []
    if how == "is_draft":
        from rights_requests import handling

        handling.confirm(case.pk, staff_id=PROPOSER, now=timezone.now())
        assert standing() == ["objection"]
        assert Restriction.objects.get().starts_at == case.received_at


def test_a_second_objection_adds_no_second_restriction() -> None:
    lives.new_case(CaseKind.OBJECTION)
    lives.new_case(CaseKind.OBJECTION)

    assert standing() == ["objection"]


def test_a_known_and_an_unknown_address_take_the_same_statements() -> None:
    reader(ADA)

    known, unknown = (statements(address) for address in (ADA, CLEO))

    assert known == unknown and len(known) > 3


def statements(address: str) -> list[str]:
    sent = lives.sent(CaseKind.OBJECTION, address=address)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        receive(sent, now=timezone.now())
    return [re.sub(r"'(?:[^']|'')*'|\d+", "?", q["sql"]) for q in seen.captured_queries]


def test_the_first_letter_says_that_the_data_is_set_aside(smtp: Relay) -> None:
    lives.new_case(CaseKind.OBJECTION)
    acknowledge_new(now=timezone.now())

    text = " ".join(inbox(smtp, CLEO)[-1].text.split())

    assert "your data is set aside: we store it and use it for nothing else" in text
    assert "That began when your letter came" in text and "Somebody else" not in text


def test_for_whoever_shows_no_authority_nothing_is_set_aside_or_said_to_be(
    smtp: Relay,
) -> None:
    agent = Agent("Gail Go-Between", "gail@example.com")
    case = lives.new_case(CaseKind.OBJECTION, agent=agent)
    acknowledge_new(now=timezone.now())
    told = " ".join(inbox(smtp, "gail@example.com")[-1].text.split())
    assert "So it begins once we know that they may" in told
    assert "That began" not in told and not standing()

    worker = console_of(person(DANA, "view_case", "work_case", "impose_restriction"))
    page = text(worker.get(f"/console/rights_requests/case/{case.pk}/change/"))
    assert "Add their authority" in page
    assert "estrict the person’s data</a>" not in page


def test_a_case_update_does_not_go_to_whoever_objects_to_something_else() -> None:
    reader(ADA)
    lives.new_case(CaseKind.OBJECTION, address=ADA)
    from case_updates.readers import readers

    assert not readers().exists()


# --- Weighing ---


def test_nothing_is_answered_before_the_reasons_were_weighed() -> None:
    case = lives.new_case(CaseKind.OBJECTION)

    with pytest.raises(NotAllowed, match="Weigh the person’s reasons"):
        answer(case)
    with pytest.raises(NotAllowed, match="Weigh the person’s reasons"):
        propose_refusal(case)

    assert again(case).is_open and standing() == ["objection"]


def test_who_weighed_what_when_and_with_which_outcome_stands_on_record() -> None:
    case = lives.new_case(CaseKind.OBJECTION)

    row = lives.weighed(case, Outcome.OURS)

    assert (row.weighed_by_id, row.outcome) == (PROPOSER, Outcome.OURS)
    assert row.their_reasons and row.our_grounds
    [entry] = case_events(case, Event.BALANCED)
    assert entry.inputs["uses"] == ["target-market"]
    assert "watched" not in str(entry.inputs)
    worker = console_of(person(DANA, "view_case", "work_case"))
    page = worker.get(reverse("admin:case-decisions", args=[case.pk]))
    assert "Our grounds weigh more" in page.content.decode()
    assert "They feel watched." in page.content.decode()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"uses": []}, "which use"),
        ({"uses": ["case-updates"]}, "which use"),
        ({"their_reasons": "  "}, "the person’s reasons"),
        ({"our_grounds": " "}, "compelling"),
    ],
)
def test_what_does_not_hold_together_is_not_put_on_record(
    changed: dict[str, Any], why: str
) -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    sound = {
        "uses": ["target-market"],
        "their_reasons": "They feel watched.",
        "our_grounds": "A claim.",
        "outcome": Outcome.OURS,
    }

    with pytest.raises(NotAllowed, match=why):
        weighing.weigh(
            case.pk,
            weighing.Weighed(**sound | changed),
            staff_id=PROPOSER,
            now=timezone.now(),
        )

    assert not Balancing.objects.exists()


@pytest.mark.parametrize("kind", [CaseKind.MARKETING, CaseKind.PROFILING])
def test_an_objection_to_marketing_is_never_weighed(kind: CaseKind) -> None:
    case = lives.new_case(kind)
    assert case.state == State.FULFILLED

    with pytest.raises(NotAllowed, match="Only an objection to a use in our interest"):
        lives.weighed(case)

    assert standing() == []


# --- Upheld ---


def test_an_upheld_objection_stops_the_use_for_good_and_says_so() -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    lives.weighed(case)

    words = said(answer(case, words="Your record is marked."))

    digest = subject_of(CLEO).address_digest
    no = SuppressedAddress.objects.get(address_digest=digest)
    assert (no.purpose, no.reason) == ("target-market", "objected")
    assert "We have stopped it." in words and "Your record is marked." in words
    assert "Records of past clients, suppliers and our market" in words
    assert "Now that you have our answer, that ends: this letter tells you so" in words
    assert case_events(case, Event.EFFECT)[0].inputs == {"stopped": ["target-market"]}


def test_what_ours_outweigh_is_not_answered_as_stopped() -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    lives.weighed(case, Outcome.OURS)

    with pytest.raises(NotAllowed, match="our grounds weigh more"):
        answer(case)

    assert not SuppressedAddress.objects.exists()


# --- Refused ---


def propose_refusal(case: Case) -> Any:
    proposal = Proposal(
        move=Move.REFUSE,
        ground="compelling-grounds",
        reasons="We need the record for a claim that a court will hear, and only for "
        "that. Without it we could not defend ourselves.",
        evidence="The letter before action.",
    )
    return deciding.propose(case.pk, proposal, staff_id=PROPOSER, now=timezone.now())


def refused(case: Case) -> None:
    decision = propose_refusal(case)
    with pytest.raises(NotAllowed, match="somebody else"):
        deciding.release(
            decision.pk,
            seen_entry_id=newest(case),
            staff_id=PROPOSER,
            now=timezone.now(),
        )
    deciding.release(
        decision.pk, seen_entry_id=newest(case), staff_id=RELEASER, now=timezone.now()
    )


def test_a_refusal_takes_a_second_person_and_says_that_the_restriction_ends() -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    lives.weighed(case, Outcome.OURS)

    refused(case)

    assert again(case).state == State.REFUSED
    letter = Letter.objects.get(kind="refusal")
    assert "Now that you have our answer, that ends: this letter tells you so" in said(
        letter
    )


def test_what_the_person_outweighs_is_not_refused_on_our_grounds() -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    lives.weighed(case, Outcome.THEIRS)

    with pytest.raises(NotAllowed, match="the person’s reasons weigh more"):
        propose_refusal(case)


def test_the_restriction_is_lifted_only_after_the_answer_was_handed_over(
    smtp: Relay,
) -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    acknowledge_new(now=timezone.now())
    inbox(smtp, CLEO)
    lives.weighed(case, Outcome.OURS)
    refused(case)
    row = Restriction.objects.get()
    tasks.keep_clocks()
    with pytest.raises(NotAllowed, match="Tell the person first"):
        restrictions.lift(row.pk, staff_id=RELEASER)

    inbox(smtp, CLEO)
    letters_gone.take_over(timezone.now())
    tasks.keep_clocks()

    [ending] = restriction_ends.due(today_here())
    assert ending.why == "the person was told: lift it"
    restrictions.lift(row.pk, staff_id=RELEASER)
    assert standing() == []
    actions = SubjectEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["restricted", "told", "lifted"]


# --- Taken back ---


def left(smtp: Relay) -> None:
    """Every letter was handed over, and the clocks looked."""
    inbox(smtp, CLEO)
    letters_gone.take_over(timezone.now())
    tasks.keep_clocks()


def test_whoever_takes_an_objection_back_is_told_before_the_restriction_ends(
    smtp: Relay,
) -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    letter = closing.withdraw(case.pk, now=timezone.now())
    assert "Since you took your no back, that ends: this letter tells you so" in said(
        letter
    )
    row = Restriction.objects.get()
    tasks.keep_clocks()
    with pytest.raises(NotAllowed, match="Tell the person first"):
        restrictions.lift(row.pk, staff_id=RELEASER)

    left(smtp)

    assert [one.why for one in restriction_ends.due(today_here())] == [
        "the person was told: lift it"
    ]
    row.refresh_from_db()
    assert row.ending == "You took your objection back, as our letter says."
    restrictions.lift(row.pk, staff_id=RELEASER)
    assert standing() == []


def test_what_restricts_the_data_besides_is_told_with_the_end_of_an_objection() -> None:
    first, second = (lives.new_case(CaseKind.OBJECTION) for _ in range(2))
    asked = restriction.Asked(Ground.ACCURACY, "It is wrong.", CLEO)
    person = first.submission.data_subject_id
    restriction.restrict(person, asked, staff_id=PROPOSER)
    lives.weighed(second)
    answered = answer(second)
    taken_back = closing.withdraw(first.pk, now=timezone.now())

    for letter in (answered, taken_back):
        assert "that ends: this letter tells you so" in said(letter)
        assert "We go on only storing it for another reason" in said(letter)
        assert "because you say that it is wrong" in said(letter)
        assert "because you said no" not in said(letter)


def test_one_of_two_objections_taken_back_ends_nothing(smtp: Relay) -> None:
    first, second = (lives.new_case(CaseKind.OBJECTION) for _ in range(2))
    letter = closing.withdraw(first.pk, now=timezone.now())
    assert "that ends: this letter" not in said(letter)
    left(smtp)
    assert list(restriction_ends.due(today_here())) == []

    lives.weighed(second)
    answer(second)
    left(smtp)

    row = Restriction.objects.get()
    assert row.ending == "We have decided on your objection, as our answer says."


def test_an_objection_that_somebody_else_took_back_is_decided_on_first(
    smtp: Relay,
) -> None:
    case = lives.new_case(CaseKind.OBJECTION)
    closing.withdraw(case.pk, now=timezone.now())
    left(smtp)
    why = "It was not them."
    handling.reopen(case.pk, reason=why, staff_id=PROPOSER, now=timezone.now())
    [ending] = restriction_ends.due(today_here())
    assert "decide on it first" in ending.why


# --- Ends of each ground, on the first page ---


def whys(today: Any = None) -> list[str]:
    return [one.why for one in restriction_ends.due(today or today_here())]


def restricted_on(ground: Ground) -> Restriction:
    asked = restriction.Asked(ground, "They asked for it.", CLEO)
    return restriction.restrict(subject_of(CLEO).pk, asked, staff_id=1)


def test_a_decided_correction_proposes_the_end_of_a_contested_accuracy() -> None:
    restricted_on(Ground.ACCURACY)
    case = lives.new_case(CaseKind.RECTIFICATION)
    assert whys() == []

    answer(case, words="It is right now.")

    assert whys() == [
        "it can end, since the correction was decided on: tell the person"
    ]


@pytest.mark.parametrize("ground", [Ground.UNLAWFUL, Ground.CLAIMS])
def test_a_request_for_deletion_proposes_the_end_of_what_was_to_be_kept(
    ground: Ground,
) -> None:
    restricted_on(ground)
    assert whys() == []

    case = lives.new_case(CaseKind.ERASURE, received_at=timezone.now())
    assert whys() == []  # anybody may have typed the address
    lives.confirm_mailbox(case)

    assert whys() == [ASKS_FOR_DELETION]


ASKS_FOR_DELETION = (
    "it can end, since the person asks for deletion now: tell the person"
)


def test_however_many_stand_they_are_read_at_once() -> None:
    """The first page asks for them each time that it is opened."""
    counts = []
    for ground in (Ground.CLAIMS, Ground.UNLAWFUL):
        restricted_on(ground)
        with CaptureQueriesContext(connection) as seen:
            assert whys() == []
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_deletion_that_an_agent_asks_for_proposes_no_end_before_they_may() -> None:
    restricted_on(Ground.CLAIMS)
    agent = Agent("Gail Go-Between", "gail@example.com")
    case = lives.new_case(CaseKind.ERASURE, received_at=timezone.now(), agent=agent)
    lives.confirm_mailbox(case)
    assert whys() == []  # it is the mailbox of the agent

    IdentityCheck.objects.create(
        case=case,
        doubt="Whether they may.",
        asked_for="Their authority.",
        asked_at=timezone.now(),
        closed_at=timezone.now(),
        outcome=IdentityCheck.Outcome.CONFIRMED,
        staff_id=PROPOSER,
    )

    assert whys() == [ASKS_FOR_DELETION]


@pytest.mark.parametrize("ground", [Ground.UNLAWFUL, Ground.CLAIMS])
def test_a_deletion_that_is_taken_back_proposes_no_end(ground: Ground) -> None:
    restricted_on(ground)
    case = lives.new_case(CaseKind.ERASURE, received_at=timezone.now())
    lives.confirm_mailbox(case)
    assert whys() == [ASKS_FOR_DELETION]

    closing.withdraw(case.pk, now=timezone.now())
    assert whys() == []

    handling.reopen(
        case.pk, reason="It was not them.", staff_id=PROPOSER, now=timezone.now()
    )
    assert whys() == [ASKS_FOR_DELETION]


@pytest.mark.parametrize(
    ("moves", "is_listed"),
    [
        ([Move.FULFIL], True),
        ([Move.REFUSE], False),
        ([Move.FULFIL_IN_PART], False),  # what is left stays set aside
        ([Move.ASK_IDENTITY], False),
        ([Move.ASK_IDENTITY, Move.WAIVE_IDENTITY], True),
        ([Move.ASK_IDENTITY, Move.LAPSE], False),
    ],
)
def test_how_a_deletion_was_answered_says_whether_the_end_is_proposed(
    moves: list[Move], is_listed: bool
) -> None:
    restricted_on(Ground.CLAIMS)
    case = lives.new_case(CaseKind.ERASURE, received_at=timezone.now())
    lives.confirm_mailbox(case)

    for move in moves:
        lives.make(again(case), move)

    assert whys() == ([ASKS_FOR_DELETION] if is_listed else [])


def test_what_turns_out_to_be_no_request_proposes_no_end() -> None:
    restricted_on(Ground.CLAIMS)
    case = lives.new_case(
        CaseKind.ERASURE,
        received_at=timezone.now(),
        channel=Channel.TELEPHONE,
        is_draft=True,
    )
    assert whys() == []  # nobody has said yet that it is one
    lives.make(again(case), Move.CONFIRM)
    assert whys() == [ASKS_FOR_DELETION]

    other = lives.new_case(
        CaseKind.ERASURE,
        received_at=timezone.now(),
        channel=Channel.TELEPHONE,
        is_draft=True,
    )
    lives.make(again(case), Move.WITHDRAW)
    lives.make(again(other), Move.DISMISS)

    assert whys() == []


@pytest.mark.parametrize("move", [Move.WITHDRAW, Move.LAPSE, Move.DISMISS])
def test_a_correction_that_nobody_decided_on_proposes_no_end(move: Move) -> None:
    restricted_on(Ground.ACCURACY)
    is_draft = move is Move.DISMISS
    case = lives.new_case(CaseKind.RECTIFICATION, is_draft=is_draft)
    if move is Move.LAPSE:
        lives.make(again(case), Move.ASK_IDENTITY)

    lives.make(again(case), move)

    assert whys() == []


@pytest.mark.parametrize(
    ("ground", "days"), [(Ground.CLAIMS, 190), (Ground.ACCURACY, 32)]
)
def test_what_the_software_cannot_see_is_looked_at_on_its_day(
    ground: Ground, days: int
) -> None:
    row = restricted_on(ground)
    later = today_here() + timedelta(days=days)
    assert whys() == [] and len(whys(later)) == 1

    restriction.look_again(
        row.pk,
        look_again_on=later + timedelta(days=1),
        staff_id=1,
        today=today_here(),
    )

    assert whys(later) == []
    assert SubjectEvent.objects.latest("id").action == "looked again"


def test_the_first_page_proposes_it_and_a_page_sets_another_day() -> None:
    row = restricted_on(Ground.CLAIMS)
    Restriction.objects.update(look_again_on=today_here())
    omar = console_of(person("omar@example.com", is_superuser=True))
    first = omar.get(reverse("admin:index")).content.decode()
    assert "Restrictions that may end" in first
    path = reverse("admin:data_subjects_restriction_look-again", args=[row.pk])
    assert "look again later" in omar.get(path).content.decode()

    early = omar.post(path, {"look_again_on": today_here().isoformat()})
    assert early.status_code == 400
    later = today_here() + timedelta(days=60)
    never = omar.post(path, {"look_again_on": "2199-01-01"})
    assert "must be within a year" in text(never)
    omar.post(path, {"look_again_on": later.isoformat()})

    row.refresh_from_db()
    assert row.look_again_on == later
    assert (
        "Restrictions that may end"
        not in omar.get(reverse("admin:index")).content.decode()
    )
