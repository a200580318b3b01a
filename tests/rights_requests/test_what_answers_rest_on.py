"""What an answer rests on, whole or in part, and what was given before."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from data_subjects.models import Ground, HeldPerson, LegalHold
from data_subjects.restriction import Asked, restrict
from groundwork import addresses
from groundwork.refusals import NotAllowed
from outbox import suppression
from outbox.models import SuppressedAddress
from rights_requests import (
    authority,
    case_steps,
    closing,
    deciding,
    grounds,
    handling,
    identity,
    links,
    visiting,
    weighing,
    writing,
)
from rights_requests.closing import Answer
from rights_requests.filing import file_documents
from rights_requests.handling import Searched
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, CaseDocument, CaseLogEntry, Decision
from rights_requests.moves import Move, State
from rights_requests.receiving import Agent
from rights_requests.uploads import check_upload
from rights_requests.vault_keeping import remove_document
from tests.console.staff import console_of, person, text
from tests.people import ADA, CLEO, DANA
from tests.rights_requests import lives
from tests.rights_requests.lives import PROPOSER, RELEASER
from tests.rights_requests.test_handling import (
    again,
    answer_document,
    at,
    propose,
    received,
    release,
    searched,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

PART = {
    "outcome": "You get what is yours alone.",
    "left_out": "What is about two colleagues.",
}


def in_part(case: Case, ground: str = "crime") -> Decision:
    return propose(
        case, Move.FULFIL_IN_PART, now=at("2026-11-20"), ground=ground, **PART
    )


def greyed(case: Case, move: Move) -> str:
    return case_steps.why_not_now(again(case), now=at("2026-11-20"))[move]


# --- In part ---


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.PORTABILITY])
def test_a_copy_in_part_rests_on_a_search_and_a_document(kind: CaseKind) -> None:
    case = received("2026-11-02", kind)
    for words, done in (("where you looked", searched), ("Upload", None)):
        assert words in greyed(case, Move.FULFIL_IN_PART)
        with pytest.raises(NotAllowed, match=words):
            in_part(case)
        if done:
            done(case, at("2026-11-20"))
    answer_document(case)
    lives.release_files(case)
    release(in_part(case), now=at("2026-11-20"))
    assert again(case).state == State.PARTLY_FULFILLED


def test_a_restriction_in_part_rests_on_one_that_stands() -> None:
    case = received("2026-11-02", CaseKind.RESTRICTION)
    with pytest.raises(NotAllowed, match="Restrict the person"):
        in_part(case)
    restricted = Asked(Ground.ACCURACY, "They contest it.")
    restrict(case.submission.data_subject_id, restricted, staff_id=7)
    in_part(case)


# --- A legal hold ---


def hold(case: Case) -> None:
    matter = LegalHold.objects.create(
        matter="A claim", reason="It is at court.", owner_id=7, review_on="2027-06-01"
    )
    HeldPerson.objects.create(
        hold=matter,
        data_subject_id=case.submission.data_subject_id,
        address=case.submission.address,
    )


def test_what_a_legal_hold_keeps_is_named_in_the_answer_in_part() -> None:
    case = received("2026-11-02", CaseKind.ERASURE)
    hold(case)
    assert "legal hold" in greyed(case, Move.FULFIL)
    assert greyed(case, Move.FULFIL_IN_PART) == ""
    with pytest.raises(NotAllowed, match="legal claim"):
        in_part(case)
    decision = in_part(case, "legal-claims")
    letter = deciding.preview(decision, now=at("2026-11-20"))
    assert letter is not None
    words = " ".join(letter.text.split())
    assert "it is needed to bring or answer a legal claim" in words
    assert "What a legal claim needs, until that claim is over" in words
    release(decision, now=at("2026-11-20"))
    assert again(case).state == State.PARTLY_FULFILLED


@pytest.mark.parametrize("ground", ["no-ground-to-erase", "manifestly-unfounded"])
def test_a_refusal_names_the_legal_hold_whatever_its_ground(ground: str) -> None:
    case = received("2026-11-02", CaseKind.ERASURE)
    lives.confirm_mailbox(case)
    said = {"ground": ground, "evidence": "They wrote so themselves."}
    refused = propose(again(case), Move.REFUSE, now=at("2026-11-19"), **said)
    assert "legal claim" not in told_by(refused)
    hold(case)

    assert "A legal claim keeps your data, until that claim is over" in told_by(refused)
    assert "Article 17(3)(e)" in told_by(refused)
    release(refused, now=at("2026-11-20"))
    sent = writing.rendered_of(case.letters.get(kind=LetterKind.REFUSAL))
    assert "A legal claim keeps your data" in " ".join(sent.text.split())


def test_a_refusal_that_rests_on_the_legal_claim_says_so_once() -> None:
    case = received("2026-11-02", CaseKind.ERASURE)
    lives.confirm_mailbox(case)
    hold(case)
    refused = propose(
        again(case), Move.REFUSE, ground="legal-claims", now=at("2026-11-19")
    )
    assert told_by(refused).count("legal claim") == 1


def told_by(decision: Decision) -> str:
    letter = deciding.preview(decision, now=at("2026-11-20"))
    assert letter is not None
    return " ".join(letter.text.split())


# --- What stays after a deletion ---

ON_LIST = "A code made of your e-mail address, on our list of people we must not"
NO_PROFILING = "with your no to profiling"


def letters_of_erasure(case: Case) -> list[str]:
    """The first letter and the answer, as it would leave."""
    lives.confirm_mailbox(case)
    decision = propose(again(case), Move.FULFIL, now=at("2026-11-20"))
    first = writing.rendered_of(case.letters.order_by("pk")[0])
    answer = deciding.preview(decision, now=at("2026-11-20"))
    assert answer is not None
    return [" ".join(letter.text.split()) for letter in (first, answer)]


def test_whoever_is_deleted_is_told_of_the_code_by_which_we_know_not_to_write() -> None:
    for said in letters_of_erasure(received("2026-11-02", CaseKind.ERASURE)):
        assert "code made of your" in said and NO_PROFILING not in said
        assert "how we answered" in said


def test_whoever_said_no_to_profiling_is_told_that_it_stays() -> None:
    reason = SuppressedAddress.Reason.OBJECTED
    suppression.suppress(addresses.digest(CLEO), "profiling", reason)
    first, _ = letters_of_erasure(received("2026-11-02", CaseKind.ERASURE))
    assert ON_LIST in first and NO_PROFILING in first


def test_a_typed_street_does_not_learn_whether_an_address_is_on_it() -> None:
    street = {"reply_by": "post", "postal_address": "1 Mill Lane\nDerby"}
    texts = []
    for address in (CLEO, ADA):
        suppression.suppress(
            addresses.digest(ADA), "profiling", SuppressedAddress.Reason.OBJECTED
        )
        case = received("2026-11-02", CaseKind.ERASURE, address=address, **street)
        letter = case.letters.order_by("pk")[0]
        said = " ".join(writing.rendered_of(letter).text.split())
        for own in (case.reference, links.status_url(case)):
            said = said.replace(own, "")
        texts.append(said)
    assert ON_LIST in texts[0] and texts[0] == texts[1]


# --- Asked for by somebody else ---

CHANGES = (
    CaseKind.RECTIFICATION,
    CaseKind.ERASURE,
    CaseKind.RESTRICTION,
    CaseKind.OBJECTION,
)


def agent(*, gets_answer: bool = True) -> Agent:
    return Agent("Sam Solicitor", "sam@example.com", gets_answer)


def sent(case: Case, purpose: str = "authority") -> CaseDocument:
    """By whoever asks, on their page, and not read by anybody."""
    proof = check_upload(SimpleUploadedFile("authority.txt", b"Sam may act for me."))
    [document] = visiting.add_documents(case.pk, [proof], purpose, now=at("2026-11-20"))
    return document


def authority_came(case: Case) -> None:
    authority.accept(sent(case).pk, staff_id=PROPOSER, now=at("2026-11-20"))


@pytest.mark.parametrize("kind", CHANGES)
def test_what_somebody_else_asks_for_is_done_once_they_show_their_authority(
    kind: CaseKind,
) -> None:
    case = received("2026-11-02", kind, agent=agent())
    for move in (Move.FULFIL, Move.FULFIL_IN_PART):
        assert "add their authority to the documents" in greyed(case, move)
    authority_came(case)
    assert "authority" not in greyed(case, Move.FULFIL)


def test_what_they_call_their_authority_counts_once_one_of_us_has_read_it() -> None:
    case = received("2026-11-02", CaseKind.RECTIFICATION, agent=agent())
    document, other = sent(case), lives.new_case(CaseKind.RECTIFICATION)
    assert "accept there what they sent" in greyed(again(case), Move.FULFIL)
    now = at("2026-11-20")

    authority.accept(document.pk, staff_id=PROPOSER, now=now)
    assert "authority" not in greyed(again(case), Move.FULFIL)
    with pytest.raises(NotAllowed, match="already"):
        authority.accept(document.pk, staff_id=RELEASER, now=now)

    authority.doubt(document.pk, staff_id=RELEASER, now=now)
    assert "authority" in greyed(again(case), Move.FULFIL)
    with pytest.raises(NotAllowed, match="Nobody has accepted"):
        authority.doubt(document.pk, staff_id=RELEASER, now=now)
    told = CaseLogEntry.objects.filter(event__startswith="authority-").order_by("id")
    assert [(one.event, one.staff_id) for one in told] == [
        ("authority-accepted", PROPOSER),
        ("authority-doubted", RELEASER),
    ]
    assert not greyed(other, Move.FULFIL)


@pytest.mark.parametrize("purpose", ["scan", "authority"])
def test_what_staff_put_there_as_authority_they_have_read(purpose: str) -> None:
    case = received("2026-11-02", CaseKind.RECTIFICATION, agent=agent())
    proof = check_upload(SimpleUploadedFile("letter.txt", b"Sam may act for me."))
    as_what = CaseDocument.Purpose(purpose)
    now = at("2026-11-20")
    [kept] = file_documents(case.pk, [proof], as_what, staff_id=PROPOSER, now=now)
    is_shown = purpose == "authority"
    assert ("authority" not in greyed(again(case), Move.FULFIL)) == is_shown
    if not is_shown:
        authority.accept(kept.pk, staff_id=PROPOSER, now=now)
    assert "authority" not in greyed(again(case), Move.FULFIL)


def test_nothing_else_is_accepted_as_authority() -> None:
    asks_alone = sent(lives.new_case(CaseKind.RECTIFICATION), "evidence")
    case = received("2026-11-02", CaseKind.ACCESS, agent=agent())
    gone, answer = sent(case), sent(case)
    remove_document(gone, staff_id=PROPOSER, now=at("2026-11-20"))
    CaseDocument.objects.filter(pk=answer.pk).update(purpose="answer")
    for document, why in (
        (asks_alone, "no authority is needed"),
        (gone, "The file is gone"),
        (answer, "our answer are nobody"),
    ):
        with pytest.raises(NotAllowed, match=why):
            authority.accept(document.pk, staff_id=PROPOSER, now=at("2026-11-20"))
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseDocument.objects.filter(pk=answer.pk).update(
            accepted_at=timezone.now(), accepted_by_id=PROPOSER
        )


def test_staff_say_on_the_page_whether_it_shows_that_they_may_ask() -> None:
    case = received("2026-11-02", CaseKind.RECTIFICATION, agent=agent())
    document = sent(case)
    path = reverse("admin:casedocument-authority", args=[document.pk])
    documents = f"/console/rights_requests/case/{case.pk}/documents/"
    reads = console_of(person("rae@example.com", "view_case"))
    assert reads.post(path, {"shows": "yes"}).status_code == 403
    worker = console_of(person(DANA, "view_case", "work_case"))
    assert "nobody has accepted it yet" in text(worker.get(documents))
    assert worker.post(path, {"shows": "perhaps"}).status_code == 409

    page = text(worker.post(path, {"shows": "yes"}, follow=True))
    assert "shows that they may ask for the person" in page and "by Dana" in page
    again_pressed = worker.post(path, {"shows": "yes"})
    assert again_pressed.status_code == 409
    assert "Somebody has accepted it already" in text(again_pressed)

    page = text(worker.post(path, {"shows": "no"}, follow=True))
    assert "nobody has accepted it yet" in page
    assert "authority" in greyed(again(case), Move.FULFIL)


def test_an_authority_that_was_taken_away_shows_nothing_any_more() -> None:
    case = received("2026-11-02", CaseKind.RECTIFICATION, agent=agent())
    authority_came(case)
    assert "authority" not in greyed(case, Move.FULFIL)
    remove_document(case.documents.get(), staff_id=PROPOSER, now=at("2026-11-21"))
    assert "authority" in greyed(again(case), Move.FULFIL)


def test_nobody_decides_a_right_at_the_word_of_somebody_who_shows_nothing() -> None:
    case = received("2026-11-02", CaseKind.OBJECTION, agent=agent())
    assert "their authority" in weighing.why_not_weigh(case)
    ours = deciding.Proposal(
        Move.REFUSE,
        ground="compelling-grounds",
        reasons="We need it to answer a claim that the person brought against us.",
        evidence="The claim, and what it says of these records.",
    )
    with pytest.raises(NotAllowed, match="authority"):
        deciding.propose(case.pk, ours, staff_id=PROPOSER, now=at("2026-11-20"))
    unknown = replace(
        ours,
        ground="not-identified",
        reasons="Nothing you sent us shows that you may ask for the person you name.",
    )
    deciding.propose(case.pk, unknown, staff_id=PROPOSER, now=at("2026-11-20"))


def next_of(case: Case) -> str:
    found = case_steps.facts_of(again(case), now=at("2026-11-20"))
    return case_steps.next_step(again(case), found)


def grounds_offered(page: Any) -> set[str]:
    return set(re.findall(r'name="ground" value="([^"]+)"', page.content.decode()))


REFUSAL = {
    "reasons": "We need it to answer a claim that the person brought against us.",
    "evidence": "The claim, and what it says of these records.",
    "part_opening": "We looked at what you asked.",
}


@pytest.mark.parametrize("kind", [*CHANGES, CaseKind.ACCESS, CaseKind.PORTABILITY])
def test_the_form_of_a_refusal_says_beforehand_what_is_not_decided_for_a_stranger(
    kind: CaseKind,
) -> None:
    case = received("2026-11-02", kind, agent=agent())
    worker = console_of(person(DANA, "view_case", "work_case"))
    path = reverse("admin:case-propose-refusal", args=[case.pk])
    on_merits = {one.key for one in grounds.for_case(kind, Move.REFUSE)}
    on_merits -= grounds.NOT_ON_MERITS

    page = worker.get(path)
    assert grounds_offered(page) == grounds.NOT_ON_MERITS
    assert "whoever makes it" in text(page)
    for ground in on_merits:
        refused = worker.post(path, {**REFUSAL, "ground": ground})
        assert refused.status_code == 400 and "whoever makes it" in text(refused)
    assert not case.decisions.exists()

    authority_came(case)
    page = worker.get(path)
    assert grounds_offered(page) == on_merits | grounds.NOT_ON_MERITS
    assert "whoever makes it" not in text(page)


def test_an_answer_in_part_to_the_person_offers_a_stranger_no_ground_of_merit() -> None:
    case = received("2026-11-02", CaseKind.ACCESS, agent=agent(gets_answer=False))
    searched(case, at("2026-11-20"))
    answer_document(case)
    lives.release_files(case)
    worker = console_of(person(DANA, "view_case", "work_case"))

    page = worker.get(reverse("admin:case-propose-part", args=[case.pk]))

    assert grounds_offered(page) == grounds.NOT_ON_MERITS
    assert "whoever makes it" in text(page)


@pytest.mark.parametrize("kind", CHANGES)
def test_what_comes_next_is_the_authority_wherever_it_stands_against_the_answer(
    kind: CaseKind,
) -> None:
    case = received("2026-11-02", kind, agent=agent())
    assert next_of(case) == "authority"
    document = sent(case)
    assert next_of(case) == "read-authority"
    authority.accept(document.pk, staff_id=PROPOSER, now=at("2026-11-20"))
    assert next_of(case) not in ("authority", "read-authority")


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.PORTABILITY])
def test_a_copy_for_somebody_else_waits_for_their_authority_once_we_have_looked(
    kind: CaseKind,
) -> None:
    case = received("2026-11-02", kind, agent=agent())
    assert next_of(case) == "make-copy"
    searched(case, at("2026-11-20"))
    assert next_of(case) == "authority"
    authority_came(case)
    assert next_of(case) == "upload"


def test_the_weighing_stands_in_grey_with_its_reason_until_it_can_be_done() -> None:
    case = received("2026-11-02", CaseKind.OBJECTION, agent=agent())
    worker = console_of(person(DANA, "view_case", "work_case"))
    path = reverse("admin:rights_requests_case_change", args=[case.pk])
    weigh = reverse("admin:case-weigh", args=[case.pk])

    page = worker.get(path).content.decode()
    assert "Weigh the reasons…" in page and weigh not in page

    authority_came(case)
    assert weigh in worker.get(path).content.decode()


def test_a_correction_is_in_grey_on_the_page_without_authority_and_refused() -> None:
    case = received("2026-11-02", CaseKind.RECTIFICATION, agent=agent())
    worker = console_of(person(DANA, "view_case", "work_case"))
    path = reverse("admin:rights_requests_case_change", args=[case.pk])
    assert "nothing here shows that they may" in text(worker.get(path))
    with pytest.raises(NotAllowed, match="authority"):
        closing.fulfil(
            case.pk, Answer("Done."), staff_id=PROPOSER, now=at("2026-11-20")
        )
    authority_came(case)
    assert "nothing here shows that they may" not in text(worker.get(path))
    closing.fulfil(case.pk, Answer("Done."), staff_id=PROPOSER, now=at("2026-11-20"))
    assert again(case).state == State.FULFILLED


def test_the_mailbox_of_the_person_is_authority_enough_where_it_gets_the_answer() -> (
    None
):
    case = received(
        "2026-11-02", CaseKind.RECTIFICATION, agent=agent(gets_answer=False)
    )
    assert "authority" in greyed(case, Move.FULFIL)
    token = links.confirm_url(case).rstrip("/").rsplit("/", 1)[-1]
    identity.confirm_mailbox(token, now=at("2026-11-03"))
    assert greyed(case, Move.FULFIL) == ""


def test_what_the_person_asks_for_themselves_needs_no_authority() -> None:
    case = received("2026-11-02", CaseKind.RECTIFICATION)
    assert greyed(case, Move.FULFIL) == ""


# --- Nothing held ---


def nothing_held(case: Case) -> None:
    closing.fulfil(
        case.pk, Answer(nothing_held=True), staff_id=PROPOSER, now=at("2026-11-20")
    )


def looked(case: Case, system: str, hits: int) -> None:
    found = Searched(system, "the address", hits, "It holds all.", date(2026, 11, 20))
    handling.record_search(case.pk, found, staff_id=PROPOSER, now=at("2026-11-20"))


def test_nothing_is_held_only_where_no_search_found_anything() -> None:
    case = received("2026-11-02")
    looked(case, "Mailboxes", 3)
    looked(case, "Readers", 0)
    with pytest.raises(NotAllowed, match="“Mailboxes” found something"):
        nothing_held(case)
    # The three were of somebody else with the same name: it is searched again.
    looked(case, "mailboxes", 0)
    nothing_held(case)
    assert again(case).state == State.FULFILLED


@pytest.mark.parametrize("ground", ["rights-of-others", "without-knowledge"])
def test_nothing_held_is_not_said_of_what_is_withheld(ground: str) -> None:
    case, now = received("2026-11-02"), at("2026-11-20")
    looked(case, "Readers", 0)
    decision = propose(
        case, Move.WITHHOLD, now=now, ground=ground, evidence="Paragraph 2."
    )
    release(decision, now=now)
    with pytest.raises(NotAllowed, match="Something is held"):
        nothing_held(case)


def test_that_we_held_nothing_was_no_first_copy() -> None:
    first = received("2026-11-02")
    looked(first, "Readers", 0)
    nothing_held(first)
    assert deciding.copies_given(received("2026-11-21")) == 0

    second = received("2026-11-22")
    searched(second, at("2026-11-23"))
    answer_document(second)
    lives.release_files(second)
    closing.fulfil(second.pk, Answer(), staff_id=PROPOSER, now=at("2026-11-23"))
    assert deciding.copies_given(received("2026-11-24")) == 1
