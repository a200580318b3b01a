"""What staff do beside the moves: releasing what was held, acknowledging, writing."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from groundwork.refusals import NotAllowed
from rights_requests import casebook, closing, deciding, handling
from rights_requests.closing import Answer
from rights_requests.handling import Said, Searched
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, CaseDocument, CaseLogEntry, Channel, Letter
from rights_requests.moves import Move, State
from rights_requests.receiving import receive
from rights_requests.writing import rendered_of
from tests.console.staff import dana
from tests.people import ADA, CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER
from tests.rights_requests.test_handling import propose, release

pytestmark = pytest.mark.django_db
OTHERS = "Some of what we hold is also about two people who worked with you then."


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


def again(case: Case) -> Case:
    return Case.objects.select_related("submission").get(pk=case.pk)


def events(case: Case) -> list[str]:
    entries = CaseLogEntry.objects.filter(case_id=case.pk).order_by("id")
    return list(entries.values_list("event", flat=True))


# --- What was held ---


def test_what_was_held_is_acknowledged_once_it_is_released(smtp: Relay) -> None:
    now = timezone.now()
    message = lives.sent(CaseKind.ACCESS, CaseKind.COMPLAINT, held_because="flood")
    cases = receive(message, now=now).cases
    due_on = {case.pk: again(case).due_on for case in cases}
    assert inbox(smtp, CLEO) == []

    handling.release_held(cases[0].submission_id, staff_id=7, now=now)

    assert len(inbox(smtp, CLEO)) == 2
    for case in cases:
        released = again(case)
        assert released.submission.held_because == ""
        assert released.acknowledged_at == now
        assert released.due_on == due_on[case.pk], "its clock was running all along"
        assert "unheld" in events(case)
    with pytest.raises(NotAllowed, match="in the queue already"):
        handling.release_held(cases[0].submission_id, staff_id=7, now=now)
    assert len(inbox(smtp, CLEO)) == 2


@pytest.mark.parametrize(
    "kind", [CaseKind.ACCESS, CaseKind.COMPLAINT, CaseKind.SCHEDULE]
)
def test_one_person_puts_aside_what_a_flood_brought_and_asks_for_nothing(
    smtp: Relay, kind: CaseKind
) -> None:
    now = timezone.now()
    case = lives.new_case(kind, held_because="flood")

    with pytest.raises(NotAllowed):
        handling.dismiss(case.pk, reason=" ", staff_id=7, now=now)
    handling.dismiss(
        case.pk, reason="Drivel, sent a hundred times.", staff_id=7, now=now
    )

    assert again(case).state == State.DISMISSED
    assert case.notes.get().words == "Drivel, sent a hundred times."
    assert inbox(smtp, CLEO) == []
    handling.reopen(case.pk, reason="It was one after all.", staff_id=7, now=now)
    assert again(case).state == State.DRAFT


def test_what_is_not_held_or_was_acknowledged_is_answered_and_not_put_aside() -> None:
    now = timezone.now()
    usual = lives.new_case()
    released = lives.new_case(held_because="flood")
    handling.release_held(released.submission_id, staff_id=7, now=now)
    no = lives.new_case(CaseKind.MARKETING, held_because="flood")

    for case in (usual, released, no):
        with pytest.raises(NotAllowed):
            handling.dismiss(case.pk, reason="Drivel.", staff_id=7, now=now)
        assert again(case).state != State.DISMISSED


def test_the_button_to_put_aside_stands_where_it_works() -> None:
    worker: Client = dana("view_case", "work_case")
    held, usual = lives.new_case(held_because="flood"), lives.new_case(address=ADA)

    def dismiss(case: Case) -> int:
        path = f"/console/rights_requests/case/{case.pk}/dismiss/"
        said = {"reason": "Drivel.", "told": "It asks for nothing at all."}
        seen = casebook.newest_entry_id(case)
        done = worker.post(path, {**said, "seen": seen, "step": "send"})
        return int(done.status_code)

    assert (dismiss(usual), dismiss(held)) == (409, 302)
    assert again(held).state == State.DISMISSED
    assert again(usual).state == State.IN_PROGRESS


def test_a_draft_that_was_held_still_waits_to_be_confirmed(smtp: Relay) -> None:
    now = timezone.now()
    case = lives.new_case(CaseKind.ACCESS, held_because="flood", is_draft=True)
    handling.release_held(case.submission_id, staff_id=7, now=now)
    assert again(case).state == State.DRAFT
    assert inbox(smtp, CLEO) == []
    handling.confirm(case.pk, staff_id=7, now=now)
    assert len(inbox(smtp, CLEO)) == 1


def test_what_takes_effect_at_once_is_answered_when_it_is_released(
    smtp: Relay,
) -> None:
    now = timezone.now()
    case = lives.new_case(CaseKind.MARKETING, held_because="flood")
    assert "effect" in events(case), "it works although nobody has looked at it"
    handling.release_held(case.submission_id, staff_id=7, now=now)
    assert again(case).state == State.FULFILLED
    assert len(inbox(smtp, CLEO)) == 1


# --- Acknowledging by hand ---


def test_what_no_acknowledgement_left_for_is_acknowledged_by_hand(smtp: Relay) -> None:
    now = timezone.now()
    [case] = receive(lives.sent(CaseKind.ACCESS), now=now, answers=False).cases
    handling.acknowledge(case.pk, staff_id=7, now=now)
    [letter] = again(case).letters.all()
    assert (letter.kind, letter.staff_id) == (LetterKind.ACKNOWLEDGEMENT, 7)
    assert again(case).acknowledged_at == now
    with pytest.raises(NotAllowed, match="acknowledged already"):
        handling.acknowledge(case.pk, staff_id=7, now=now)
    assert len(inbox(smtp, CLEO)) == 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.DRAFT, "Confirm first"),
        (State.WITHDRAWN, "closed"),
        (State.AWAITING_FEE, "no day can be told"),
    ],
)
def test_what_no_day_can_be_told_of_is_not_acknowledged(
    state: State, words: str
) -> None:
    case = lives.bring_to(CaseKind.ACCESS, state)
    Case.objects.filter(pk=case.pk).update(acknowledged_at=None)
    with pytest.raises(NotAllowed, match=words):
        handling.acknowledge(case.pk, staff_id=7, now=timezone.now())


# --- Writing to each other ---


def test_staff_write_to_the_person_in_words_of_their_own(smtp: Relay) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    handling.write_to_person(
        case.pk, {"message": "The file was empty."}, staff_id=7, now=timezone.now()
    )
    assert "The file was empty." in inbox(smtp, CLEO)[-1].text
    assert again(case).moves_count == 1
    with pytest.raises(NotAllowed, match="Write what the letter should say"):
        handling.write_to_person(case.pk, {}, staff_id=7, now=timezone.now())


def test_what_was_said_on_the_telephone_is_a_message_of_the_person() -> None:
    now = timezone.now()
    case = lives.new_case(CaseKind.ACCESS)
    said = Said("I mean the calls of 2024.", Channel.TELEPHONE, timezone.localdate(now))
    message = handling.take_down(case.pk, said, staff_id=7, now=now)
    assert (message.channel, message.staff_id) == ("telephone", 7)
    assert message.read_at == now and message.received_at == now
    assert events(case)[-1] == "message"


@pytest.mark.parametrize("days", [-400, 1])
def test_what_was_said_was_said_between_then_and_now(days: int) -> None:
    now = timezone.now()
    case = lives.new_case(CaseKind.ACCESS)
    said = Said("Hello.", Channel.POST, timezone.localdate(now) + timedelta(days=days))
    with pytest.raises(NotAllowed):
        handling.take_down(case.pk, said, staff_id=7, now=now)
    assert not case.messages.exists()


# --- Leaving something out of an answer ---


def with_answer(case: Case) -> None:
    now = timezone.now()
    searched = Searched(
        "Mailboxes", "name", 3, "Everything was read.", timezone.localdate(now)
    )
    handling.record_search(case.pk, searched, staff_id=PROPOSER, now=now)
    CaseDocument.objects.create(
        case=case,
        purpose=CaseDocument.Purpose.ANSWER,
        name="answer.pdf",
        media_type="application/pdf",
        size=1,
        content_digest=b"1",
        vault_name=f"answer-{case.reference}",
    )
    lives.release_files(case)


def answered_without(ground: str, evidence: str = "") -> Letter:
    now = timezone.now()
    case = lives.new_case(CaseKind.ACCESS)
    with_answer(case)
    decision = propose(
        case,
        Move.WITHHOLD,
        now=now,
        ground=ground,
        reasons=OTHERS,
        evidence=evidence,
        left_out="The names of two colleagues.",
    )
    assert deciding.preview(decision, now=now) is None
    release(decision, now=now)
    return closing.fulfil(case.pk, Answer(), staff_id=RELEASER, now=now)


def test_an_answer_that_leaves_out_others_says_so_why_and_how_to_complain() -> None:
    letter = answered_without("rights-of-others")
    assert letter.kind == LetterKind.ANSWER_WITH_WITHHOLDING
    words = rendered_of(letter).text
    assert OTHERS.split()[0] in words and "two people who worked with you" in words
    assert "The names of two colleagues." in words
    assert "complain" in words


def test_what_the_person_must_not_know_is_not_told() -> None:
    letter = answered_without("without-knowledge", evidence="Schedule 2, paragraph 2.")
    assert letter.kind == LetterKind.ANSWER
    words = rendered_of(letter).text
    assert "colleagues" not in words and "left out" not in words


def test_leaving_out_others_needs_reasons_that_the_person_can_read() -> None:
    case = lives.new_case(CaseKind.ACCESS)
    with pytest.raises(NotAllowed, match="Say more"):
        propose(
            case,
            Move.WITHHOLD,
            now=timezone.now(),
            ground="rights-of-others",
            reasons="Others.",
        )


def test_the_answer_to_a_deletion_says_what_is_kept_all_the_same() -> None:
    now = timezone.now()
    case = lives.new_case(CaseKind.ERASURE)
    lives.confirm_mailbox(case)
    decision = propose(case, Move.FULFIL, now=now, reasons="", outcome="It is gone.")
    letter = deciding.preview(decision, now=now)
    assert letter is not None
    assert "What we keep, and why" in letter.text
    assert "shows how we answered" in " ".join(letter.text.split())
