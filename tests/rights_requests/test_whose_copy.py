"""Who gets to see a copy of everything, and what must not be in it."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from groundwork.links import TOKEN_PATTERN
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import (
    case_steps,
    closing,
    deciding,
    handling,
    identity,
    links,
    sensitive,
    vault,
    visiting,
    who_asks,
)
from rights_requests.closing import Answer
from rights_requests.deciding import Proposal
from rights_requests.filing import file_documents
from rights_requests.fulfilment import evidence
from rights_requests.handling import Question
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Channel,
    Decision,
    Package,
)
from rights_requests.moves import Move
from rights_requests.receiving import receive
from rights_requests.uploads import check_upload
from tests.console.staff import dana
from tests.people import ADA, CLEO, become_reader
from tests.relay import Relay
from tests.rights_requests import copying, lives
from tests.rights_requests.files import upload

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = 7
REASONS = "The file names a witness who was promised that nobody would know."
LEFT_OUT = "The letter of a third person."
EVIDENCE = "The letter of the witness of 3 March, on paper."
TOLD = "I was diagnosed with cancer and had chemotherapy last spring."


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def case() -> Case:
    return lives.new_case(CaseKind.ACCESS, address=CLEO, words="What do you have?")


def put_together(case: Case) -> CaseDocument:
    document = copying.put_together(case).document
    assert document is not None
    return document


def released(case: Case) -> CaseDocument:
    document = copying.released(case).document
    assert document is not None
    return document


def archive_of(document: CaseDocument) -> zipfile.ZipFile:
    raw = b"".join(vault.read(document.vault_name))
    return zipfile.ZipFile(io.BytesIO(raw))


def take(client: Client, document: CaseDocument) -> int:
    path = f"/console/rights_requests/casedocument/{document.pk}/file/"
    answer: Any = client.post(path)
    if answer.streaming:
        assert b"".join(answer.streaming_content).startswith(b"PK")
    return int(answer.status_code)


def release(case: Case, proposal: Proposal) -> None:
    decision = deciding.propose(
        case.pk, proposal, staff_id=lives.PROPOSER, now=timezone.now()
    )
    newest = CaseLogEntry.objects.filter(case_id=case.pk).latest("id").pk
    deciding.release(
        decision.pk,
        seen_entry_id=newest,
        staff_id=lives.RELEASER,
        now=timezone.now(),
    )


# --- Who may have it ---


def test_a_copy_of_everything_is_for_whoever_works_on_cases(case: Case) -> None:
    document = put_together(case)

    assert take(dana("view_case"), document) == 403


def test_what_is_shut_away_cannot_be_had_by_way_of_a_copy(case: Case) -> None:
    lives.new_case(CaseKind.RECTIFICATION, address=CLEO, words=TOLD, signs=("health",))
    document = put_together(case)
    words = archive_of(document).read("data/messages-about-your-rights.json")
    assert TOLD in words.decode()
    client = dana("view_case", "work_case")

    page = client.get(f"/console/rights_requests/case/{case.pk}/documents/")

    assert take(client, document) == 403
    assert "It is shut away." in page.content.decode()


def test_whoever_may_see_what_is_shut_away_gets_the_copy(case: Case) -> None:
    lives.new_case(CaseKind.RECTIFICATION, address=CLEO, words=TOLD, signs=("health",))

    client = dana("view_case", "work_case", "see_shut_away")

    assert take(client, put_together(case)) == 200


def test_where_nothing_is_shut_away_whoever_works_on_cases_gets_it(case: Case) -> None:
    assert take(dana("view_case", "work_case"), put_together(case)) == 200


# --- To whom it goes ---

STREET = {"reply_by": "post", "postal_address": "1 Example Street\nLondon"}


def test_what_a_typed_mailbox_finds_does_not_go_to_a_typed_street() -> None:
    """Anybody can type somebody’s e-mail address above an address of their own."""
    case = lives.new_case(CaseKind.ACCESS, address=CLEO, **STREET)
    put_together(case)

    with pytest.raises(NotAllowed, match="mailbox"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())


def test_it_goes_there_once_the_mailbox_is_shown() -> None:
    case = lives.new_case(CaseKind.ACCESS, address=CLEO, **STREET)
    released(case)
    token = links.token_of(case, links.Use.CONFIRM, links.FIRST_LETTER)
    assert identity.confirm_mailbox(token, now=timezone.now())

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert not case.is_open


def test_it_goes_there_for_whoever_staff_took_the_request_from() -> None:
    case = lives.new_case(
        CaseKind.ACCESS, address=CLEO, channel=Channel.IN_PERSON, **STREET
    )
    released(case)

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert not case.is_open


def test_a_copy_made_for_whoever_was_entered_by_mistake_does_not_leave() -> None:
    lives.new_case(CaseKind.RECTIFICATION, address=ADA, words="My street is wrong.")
    now = timezone.now()
    message = lives.sent(
        CaseKind.ACCESS, address=ADA, channel=Channel.IN_PERSON, **STREET
    )
    [case] = receive(message, now=now, staff_id=STAFF).cases
    put_together(case)
    right = who_asks.Person(address=CLEO, postal_address=STREET["postal_address"])
    who_asks.correct_person(case.pk, right, staff_id=STAFF, now=timezone.now())

    with pytest.raises(NotAllowed, match="put it together again"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())


# --- What must not be in it ---


def test_a_proof_of_identity_does_not_go_into_a_copy(case: Case) -> None:
    other = lives.new_case(CaseKind.RECTIFICATION, address=CLEO)
    question = Question(("A photograph of it.",), "Two people have this name.")
    handling.ask_identity(
        other.pk, question, doubt="The name.", staff_id=STAFF, now=timezone.now()
    )
    passport = check_upload(upload("passport.txt", b"A scan."))
    purpose = CaseDocument.Purpose.IDENTITY
    file_documents(other.pk, [passport], purpose, staff_id=STAFF, now=timezone.now())

    names = archive_of(put_together(case)).namelist()

    assert not [name for name in names if name.startswith("files/")]


def test_no_link_in_a_copy_opens_anything(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    case = lives.new_case(CaseKind.ACCESS, address=ADA)
    deliver_due()

    archive = archive_of(put_together(case))
    whole = b"".join(archive.read(name) for name in archive.namelist()).decode()

    assert {"data/mail-to-you.json", "data/letters.html"} <= set(archive.namelist())
    assert "/your-data/confirm/…/" in whole
    assert "the keys of links are left out" in archive.read("index.html").decode()
    assert "/preferences/…/" in whole
    assert links.token_of(case, links.Use.CONFIRM, 1) not in whole
    assert not re.search(rf"/{TOKEN_PATTERN}/", whole)


@pytest.mark.parametrize("ground", ["rights-of-others", "without-knowledge"])
def test_a_copy_of_everything_does_not_leave_where_something_is_left_out(
    case: Case, ground: str
) -> None:
    put_together(case)
    release(
        case,
        Proposal(
            Move.WITHHOLD,
            ground=ground,
            reasons=REASONS,
            evidence=EVIDENCE,
            left_out=LEFT_OUT,
        ),
    )

    with pytest.raises(NotAllowed, match="left out"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())


def test_a_copy_of_everything_is_no_answer_in_part(case: Case) -> None:
    released(case)

    with pytest.raises(NotAllowed, match="left out"):
        release(
            case,
            Proposal(
                Move.FULFIL_IN_PART,
                ground="rights-of-others",
                reasons=REASONS,
                outcome="You get your own letters.",
                left_out=LEFT_OUT,
            ),
        )


def test_what_staff_made_of_the_copy_leaves_in_its_place(case: Case) -> None:
    document = put_together(case)
    release(
        case,
        Proposal(
            Move.WITHHOLD, ground="rights-of-others", reasons=REASONS, left_out=LEFT_OUT
        ),
    )
    client = dana("view_case", "work_case")
    client.post(f"/console/rights_requests/casedocument/{document.pk}/remove/")
    answer = check_upload(upload("answer.txt", b"Without the witness."))
    purpose = CaseDocument.Purpose.ANSWER
    file_documents(case.pk, [answer], purpose, staff_id=STAFF, now=timezone.now())
    lives.release_files(case)

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert not case.is_open


def test_a_later_copy_does_not_tell_of_what_was_left_out_without_a_word(
    case: Case,
) -> None:
    release(
        case,
        Proposal(
            Move.WITHHOLD,
            ground="without-knowledge",
            reasons=REASONS,
            evidence=EVIDENCE,
        ),
    )
    later = lives.new_case(CaseKind.ACCESS, address=CLEO)
    put_together(later)

    with pytest.raises(NotAllowed, match="left out"):
        closing.fulfil(later.pk, Answer(), staff_id=STAFF, now=timezone.now())


def propose_a_secret(case: Case) -> Decision:
    proposal = Proposal(
        Move.WITHHOLD,
        ground="without-knowledge",
        reasons=REASONS,
        evidence=EVIDENCE,
        left_out=LEFT_OUT,
    )
    now = timezone.now()
    return deciding.propose(case.pk, proposal, staff_id=lives.PROPOSER, now=now)


def leave_waiting(decision: Decision) -> None:
    assert decision.settled_at is None


def send_it_back(decision: Decision) -> None:
    words = "The ground is wrong."
    now = timezone.now()
    deciding.send_back(decision.pk, words, staff_id=lives.RELEASER, now=now)


def take_it_back(decision: Decision) -> None:
    deciding.take_back(decision.pk, staff_id=lives.PROPOSER, now=timezone.now())


OF_IT = [leave_waiting, send_it_back, take_it_back]


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.PORTABILITY])
@pytest.mark.parametrize("become", OF_IT)
def test_a_copy_does_not_tell_what_was_once_proposed_to_be_left_out_without_a_word(
    client: Client, smtp: Relay, kind: CaseKind, become: Callable[[Decision], None]
) -> None:
    become_reader(client, smtp, ADA)
    become(propose_a_secret(lives.new_case(CaseKind.ACCESS, address=ADA)))
    later = lives.new_case(kind, address=ADA)
    put_together(later)

    with pytest.raises(NotAllowed, match="would tell them"):
        copying.released(later)
    with pytest.raises(NotAllowed, match="would tell them"):
        closing.fulfil(later.pk, Answer(), staff_id=STAFF, now=timezone.now())
    assert not Package.objects.filter(released_at__isnull=False).exists()


@pytest.mark.parametrize("become", OF_IT)
def test_a_copy_that_was_released_before_such_a_proposal_does_not_leave_after_it(
    case: Case, become: Callable[[Decision], None]
) -> None:
    released(case)
    become(propose_a_secret(lives.new_case(CaseKind.ACCESS, address=CLEO)))

    with pytest.raises(NotAllowed, match="would tell them"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())
    assert visiting.given_to_person(case) == []


def test_the_form_says_that_nobody_is_told_what_the_law_keeps_from_them(
    case: Case,
) -> None:
    path = f"/console/rights_requests/case/{case.pk}/propose-withholding/"

    page = dana("view_case", "work_case").get(path).content.decode()

    assert "The person reads these words, unless the law keeps it from them" in page
    assert "The person reads these words. " not in page


def test_the_documents_say_beforehand_that_a_copy_would_tell(case: Case) -> None:
    send_it_back(propose_a_secret(case))
    put_together(case)
    client = dana("view_case", "work_case", "release_copy")

    page = client.get(f"/console/rights_requests/case/{case.pk}/documents/")

    assert "somebody proposed that, and the copy" in page.content.decode()


def next_of(case: Case) -> str:
    case = Case.objects.get(pk=case.pk)
    found = case_steps.facts_of(case, now=timezone.now())
    return case_steps.next_step(case, found)


def test_what_comes_next_is_to_take_away_a_copy_that_would_tell(case: Case) -> None:
    lives.confirm_mailbox(case)
    document = put_together(case)
    assert next_of(case) == "release-copy"

    propose_a_secret(lives.new_case(CaseKind.ACCESS, address=CLEO))

    assert next_of(case) == "take-copy-away"
    client = dana("view_case", "work_case")
    page = client.get(f"/console/rights_requests/case/{case.pk}/change/")
    assert "Take the copy away, and upload what they get" in page.content.decode()
    client.post(f"/console/rights_requests/casedocument/{document.pk}/remove/")
    assert next_of(case) == "upload"


def test_what_a_copy_would_tell_can_still_be_answered_by_hand(case: Case) -> None:
    document = put_together(case)
    take_it_back(propose_a_secret(case))
    client = dana("view_case", "work_case")
    client.post(f"/console/rights_requests/casedocument/{document.pk}/remove/")
    answer = check_upload(upload("answer.txt", b"What the person may know."))
    purpose = CaseDocument.Purpose.ANSWER
    file_documents(case.pk, [answer], purpose, staff_id=STAFF, now=timezone.now())
    lives.release_files(case)

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert not case.is_open


def test_a_copy_with_words_that_were_removed_for_good_does_not_leave(
    case: Case,
) -> None:
    other = lives.new_case(
        CaseKind.RECTIFICATION, address=CLEO, words=TOLD, signs=("health",)
    )
    put_together(case)
    removal = sensitive.Removal("words", "Nobody needs to know of the illness.")
    sensitive.remove_sensitive(
        other.submission_id, removal, staff_id=STAFF, now=timezone.now()
    )

    with pytest.raises(NotAllowed, match="put it together again"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    document = released(case)
    words = archive_of(document).read("data/messages-about-your-rights.json")
    assert "chemotherapy" not in words.decode()
    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())


def test_a_copy_that_nobody_was_given_goes_with_the_end_of_its_case(case: Case) -> None:
    document = put_together(case)
    file = document.vault_name

    closing.withdraw(case.pk, now=timezone.now())

    document.refresh_from_db()
    assert document.removed_at is not None
    with pytest.raises(vault.VaultError):
        list(vault.read(file))


def test_a_copy_that_was_given_stays_for_the_person(case: Case) -> None:
    document = released(case)

    closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    document.refresh_from_db()
    assert document.removed_at is None


# --- The person's own words in a letter of ours ---


def narrowed(case: Case) -> None:
    closing.narrow(case.pk, words=TOLD, now=timezone.now(), staff_id=STAFF)


def test_a_letter_that_repeats_what_is_shut_away_is_shut_away_too(case: Case) -> None:
    narrowed(case)
    case.submission.refresh_from_db()
    assert case.submission.shut_away_at is not None
    page = f"/console/rights_requests/case/{case.pk}/letters/"

    without = dana("view_case", "work_case").get(page).content.decode()

    assert "chemotherapy" not in without
    assert sensitive.SHUT in without


def test_whoever_may_see_what_is_shut_away_reads_that_letter(case: Case) -> None:
    narrowed(case)
    client = dana("view_case", "see_shut_away")

    page = client.get(f"/console/rights_requests/case/{case.pk}/letters/")

    assert "chemotherapy" in page.content.decode()


def test_evidence_repeats_nothing_of_what_the_person_wrote(case: Case) -> None:
    narrowed(case)
    case = Case.objects.get(pk=case.pk)

    pieces = evidence.bundle(case, staff_id=STAFF, now=timezone.now())
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist()).decode()
        letters = json.loads(archive.read("letters.json"))

    assert "chemotherapy" not in whole
    [letter] = [one for one in letters if one["kind"] == "narrowed"]
    assert letter["file"] is None
    assert len(letter["sha256"]) == 64
