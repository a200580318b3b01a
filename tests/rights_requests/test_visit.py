"""A visit to one's own case: what it shows, what one can do there, and for how long."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from data_subjects import holds
from groundwork.refusals import NotAllowed
from outbox.models import OutgoingEmail
from rights_requests import casebook, closing, handling, links, vault, visiting
from rights_requests.closing import Answer
from rights_requests.handling import Question, Searched
from rights_requests.kinds import CaseKind
from rights_requests.limits import likely_limits
from rights_requests.links import Use
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLink,
    CaseLogEntry,
    Event,
    Letter,
    Message,
    Submission,
)
from rights_requests.moves import Move, State
from rights_requests.receiving import Agent, receive
from rights_requests.uploads import check_upload
from tests.people import ADA, CLEO, inbox
from tests.reading import forms, posting_form
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.own_pages import (
    confirm_path,
    events,
    open_visit,
    status_path,
    text_of,
)
from tests.whole_house.inhabited import contents

pytestmark = pytest.mark.django_db

QUESTION = Question(("Which of our calls do you mean?",), why="We have recorded many.")
STEPS = ("end", "less", "links")


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings, tmp_path: Any) -> None:
    """Holidays count, letters name the controller; a vault of the test's own."""
    settings.VAULT_DIR = tmp_path / "vault"


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


def send(client: Client, visit: str, act: str, **fields: str) -> Any:
    """Press a button of the visit; the page that comes in the end."""
    answer = client.post(visit, {"act": act, **fields})
    if answer.status_code != 302:
        return answer
    return client.get(answer["Location"])


def file_of(
    case: Case,
    purpose: CaseDocument.Purpose,
    *,
    name: str = "answer.pdf",
    content: bytes = b"%PDF-1.7 what you asked for",
    staff_id: int | None = 1,
) -> CaseDocument:
    stored = vault.put([content])
    return CaseDocument.objects.create(
        case=case,
        purpose=purpose,
        name=name,
        media_type="application/pdf",
        size=stored.size,
        content_digest=stored.sha256,
        vault_name=stored.name,
        staff_id=staff_id,
    )


def answer_it(case: Case) -> CaseDocument:
    """Staff search, upload what the person gets, and answer."""
    now = timezone.now()
    found = Searched("The register", "her address", 1, "It is all there.", now.date())
    handling.record_search(case.pk, found, staff_id=1, now=now)
    document = file_of(case, CaseDocument.Purpose.ANSWER)
    lives.release_files(case)
    closing.fulfil(case.pk, Answer("Here is your copy."), staff_id=1, now=now)
    return document


def coded_visit(case: Case) -> str:
    """As a mailed code has just opened it."""
    now = timezone.now()
    return f"/your-data/visit/{links.open_visit(case, now=now, code_at=now)}/"


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


# --- What it shows ---


def test_it_shows_the_words_that_were_sent_and_the_letters_as_they_left(
    client: Client,
) -> None:
    case = lives.new_case(words="I want <b>all</b> of it.\n\nSince the spring.")
    visit = open_visit(client, case)

    page = client.get(visit)
    said = text_of(page)

    assert "I want &lt;b&gt;all&lt;/b&gt; of it." in said
    assert "Since the spring." in said
    letter = Letter.objects.get(case=case)
    assert letter.subject in said
    assert "This is how we worked out that date:" in said
    assert "On its way to your mail provider." in said
    assert "c•••@example.com" in said


def test_it_says_what_became_of_each_letter(client: Client, smtp: Relay) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    inbox(smtp, CLEO)
    assert "Your mail provider has taken it." in text_of(client.get(visit))

    for state, words in {
        "failed": "It could not be delivered.",
        "unknown": "Handed over; your mail provider has not answered.",
    }.items():
        OutgoingEmail.objects.update(state=state)
        assert words in text_of(client.get(visit))
    OutgoingEmail.objects.all().delete()
    assert "Sent by e-mail." in text_of(client.get(visit))


def test_the_link_that_opens_the_case_for_good_is_not_to_be_had_from_a_visit(
    client: Client,
) -> None:
    """Somebody else may look at a screen that was left."""
    case = lives.new_case()
    page = client.get(open_visit(client, case)).content.decode()

    assert confirm_path(case) not in page
    assert "This link stands in the letter itself, and only there." in page


def test_the_letter_that_somebody_comes_for_lies_open(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    assert b"<details open>" not in client.get(visit).content

    handling.ask_clarification(case.pk, QUESTION, staff_id=1, now=timezone.now())

    opened = client.get(visit).content.decode().partition("<details open>")[2]
    assert "Which of our calls do you mean?" in opened.partition("</details>")[0]
    assert "<details open>" not in opened


def test_a_letter_that_waits_for_a_second_person_is_not_shown(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    waiting = Letter.objects.get(case=case)
    waiting.pk, waiting.sent_at, waiting.mail_id = None, None, None
    waiting.subject = "We refuse what you asked for"
    waiting.save()

    assert "We refuse" not in text_of(client.get(visit))


def test_the_person_is_told_at_once_what_an_erasure_may_leave(client: Client) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    person = case.submission.data_subject_id
    matter = holds.Matter(
        "Example v Example", "A claim is prepared.", timezone.localdate() + timedelta(9)
    )
    visit = open_visit(client, case)
    assert "What a legal claim needs" not in text_of(client.get(visit))

    holds.place({person: CLEO}, matter, owner_id=1, today=timezone.localdate())
    said = text_of(client.get(visit))

    assert "What a legal claim needs, until that claim is over" in said
    assert "(UK GDPR, Article 17(3)(e))." in said
    assert "for 3 years after it is closed" in said
    assert "Example v Example" not in said and "prepared" not in said


def test_who_writes_for_somebody_does_not_learn_of_a_claim_against_them() -> None:
    agent = Agent(name="Mallory", address="mallory@example.com")
    case = lives.new_case(CaseKind.ERASURE, address=ADA, agent=agent)
    matter = holds.Matter("A matter", "A claim.", timezone.localdate() + timedelta(9))
    person = case.submission.data_subject_id
    holds.place({person: ADA}, matter, owner_id=1, today=timezone.localdate())

    found = likely_limits(case.submission, CaseKind.ERASURE)

    assert not [limit for limit in found if "claim" in limit.kept]
    own = lives.new_case(CaseKind.ERASURE, address=ADA)
    assert "claim" in likely_limits(own.submission, CaseKind.ERASURE)[0].kept


def test_only_an_erasure_has_likely_limits() -> None:
    submission = lives.new_case().submission

    assert [kind for kind in CaseKind if likely_limits(submission, kind)] == ["erasure"]


def test_another_thing_of_the_same_message_opens_from_here(client: Client) -> None:
    now = timezone.now()
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    first, second = receive(message, now=now).cases
    visit = open_visit(client, first)

    answer = client.post(visit, {"act": "other", "reference": second.reference})

    assert answer.status_code == 302
    assert "Deleting your data" in text_of(client.get(answer["Location"]))


# --- Half an hour ---


def test_a_visit_lasts_half_an_hour(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)

    with later(29):
        assert client.get(visit).status_code == 200
    with later(31):
        page = client.get(visit)
        assert page.status_code == 410
        assert "Your half hour is over" in text_of(page)
        assert posting_form(page).action == f"{status_path(case)}code/"
        for step in STEPS:
            assert client.post(f"{visit}{step}/").status_code == 410

    assert again(case).is_open


def test_what_was_typed_too_late_comes_back_to_be_copied(client: Client) -> None:
    visit = open_visit(client, lives.new_case())

    with later(31):
        page = client.post(visit, {"act": "message", "words": "A <long> letter."})

    assert page.status_code == 410
    assert "What you wrote was not sent." in text_of(page)
    assert "A &lt;long&gt; letter.</textarea>" in page.content.decode()
    assert not Message.objects.exists()


def test_words_for_a_visit_that_was_closed_meanwhile_come_back_too(
    client: Client,
) -> None:
    case = lives.new_case()
    visit, newer = open_visit(client, case), open_visit(client, case)
    client.post(f"{newer}links/")

    page = client.post(visit, {"act": "message", "words": "A <long> letter."})

    assert page.status_code == 404
    assert "What you wrote was not sent." in text_of(page)
    assert "A &lt;long&gt; letter.</textarea>" in page.content.decode()
    assert "What you just sent" not in text_of(client.get(visit))


def test_a_visit_can_be_kept_open_but_not_for_ever(client: Client) -> None:
    """WCAG 2.2.1: at least ten times; and somebody may have left the room."""
    visit = open_visit(client, lives.new_case())
    start = timezone.now()
    times = 0
    for half_hour in range(1, 40):
        with time_machine.travel(start + timedelta(minutes=29 * half_hour)):
            if client.post(visit, {"act": "stay"}).status_code != 302:
                break
            times += 1

    assert times > 10
    with time_machine.travel(start + visiting.LONGEST_VISIT + timedelta(minutes=1)):
        assert client.get(visit).status_code == 410


# --- Writing ---


def test_a_message_is_kept_unread_and_on_record_by_its_digest(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)

    page = send(client, visit, "message", words="My answer is 2024.\r\n\r\nThank you.")

    message = Message.objects.get(case=case)
    assert message.words == "My answer is 2024.\n\nThank you."
    assert message.read_at is None and message.staff_id is None
    assert "We have your message." in text_of(page)
    assert "My answer is 2024." in text_of(page)
    entry = CaseLogEntry.objects.filter(case_id=case.pk).latest("id")
    assert entry.event == Event.MESSAGE
    assert "2024." not in str(entry.inputs)


def test_card_and_insurance_numbers_are_masked_before_anything_is_kept(
    client: Client,
) -> None:
    visit = open_visit(client, lives.new_case())

    page = send(
        client, visit, "message", words="Card 4242 4242 4242 4242, NI QQ 12 34 56 C."
    )

    kept = Message.objects.get().words
    assert "4242 4242" not in kept and "[card number ending 4242]" in kept
    assert "12 34 56" not in kept and "[National Insurance number ending 6C]" in kept
    assert "We took a card or National Insurance number out of it" in text_of(page)


def test_a_message_that_tells_of_illness_is_flagged(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    assert Submission.objects.get(pk=case.submission_id).signs == []

    send(client, visit, "message", words="I am HIV positive.")

    assert Submission.objects.get(pk=case.submission_id).signs == ["health"]


def test_no_message_moves_the_case(client: Client) -> None:
    case = lives.new_case()
    handling.ask_clarification(case.pk, QUESTION, staff_id=1, now=timezone.now())
    visit = open_visit(client, case)
    page = client.get(visit)
    assert "Tell us which data you mean, as our letter below asks." in text_of(page)
    assert "say whether it is what we need" in text_of(page)
    before = again(case)

    send(client, visit, "message", words="I mean those of 2024.")

    assert again(case).state == State.AWAITING_CLARIFICATION
    assert again(case).moves_count == before.moves_count


@pytest.mark.parametrize("words", ["", "   \n\t ", "\u200b\u2060", "a" * 10_001])
def test_an_empty_or_endless_message_is_refused_and_kept_on_the_page(
    client: Client, words: str
) -> None:
    visit = open_visit(client, lives.new_case())

    page = send(client, visit, "message", words=words)

    assert page.status_code == 400
    assert "There is a problem" in text_of(page)
    assert not Message.objects.exists()
    if words.startswith("a"):
        assert words in page.content.decode()


def test_one_can_still_write_when_the_case_is_closed(client: Client) -> None:
    case = lives.new_case(CaseKind.MARKETING)
    assert not case.is_open
    visit = open_visit(client, case)

    page = send(client, visit, "message", words="Thank you.")

    assert page.status_code == 200
    assert Message.objects.get().words == "Thank you."


def test_a_flood_of_messages_waits_with_its_words_on_the_page(client: Client) -> None:
    visit = open_visit(client, lives.new_case())

    pages = [send(client, visit, "message", words=f"Word {n}.") for n in range(31)]

    assert [page.status_code for page in pages] == [200] * 30 + [400]
    assert "Try this again after" in text_of(pages[30])
    assert "Word 30.</textarea>" in pages[30].content.decode()
    assert Message.objects.count() == 30


def test_loading_the_page_again_sends_nothing_again(client: Client) -> None:
    visit = open_visit(client, lives.new_case())
    where = client.post(visit, {"act": "message", "words": "Once."})["Location"]

    for _ in range(3):
        assert "We have your message." in text_of(client.get(where))

    assert Message.objects.count() == 1
    assert "Done" not in text_of(client.get(f"{visit}?done=<script>"))


# --- Taking it back, asking for less ---


def test_taking_it_back_asks_first_and_then_ends_it(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)

    check = client.get(f"{visit}end/")
    assert "Take your request back?" in text_of(check)
    assert again(case).is_open
    answer = client.post(f"{visit}end/")

    assert answer.status_code == 302
    assert again(case).state == State.WITHDRAWN
    page = text_of(client.get(answer["Location"]))
    assert "You took this back." in page
    assert "Take my request back" not in page
    assert Letter.objects.filter(case=case).latest("id").kind == "withdrawal-recorded"
    assert case.reference in inbox(smtp, CLEO)[-1].subject


def test_what_is_taken_back_already_cannot_be_taken_back_again(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    client.post(f"{visit}end/")
    entries = events(case)

    less = f"{visit}less/"
    for answer in (
        client.get(f"{visit}end/"),
        client.get(less),
        client.post(less, {"words": "Less.", "sure": "yes"}),
    ):
        assert answer.status_code == 409
        assert "It is closed already." in text_of(answer)
        assert "Nothing has changed." in text_of(answer)

    assert events(case) == entries


def test_pressing_twice_takes_it_back_once_and_shows_no_error(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    first = client.post(f"{visit}end/")
    entries = events(case)

    second = client.post(f"{visit}end/")

    assert (second.status_code, second["Location"]) == (302, first["Location"])
    assert "You took it back, and we have stopped." in text_of(
        client.get(first["Location"])
    )
    assert events(case) == entries
    assert Letter.objects.filter(kind="withdrawal-recorded").count() == 1


def test_what_takes_effect_at_once_can_be_neither_narrowed_nor_withdrawn(
    client: Client,
) -> None:
    case = lives.new_case(CaseKind.WITHDRAWAL)
    visit = open_visit(client, case)
    page = text_of(client.get(visit))

    assert "Ask for less" not in page and "Take my request back" not in page
    assert client.post(f"{visit}end/").status_code == 409
    assert again(case).state == State.FULFILLED


def test_asking_for_less_shows_the_words_before_they_count(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    words = "Only what you hold from 2024 on. My card is 4242 4242 4242 4242."

    check = client.post(f"{visit}less/", {"words": words})
    assert "Check what you ask for now" in text_of(check)
    assert again(case).last_move != Move.NARROW
    filled = posting_form(check).fields
    back = client.post(f"{visit}less/", {**filled, "sure": "change"})
    assert "[card number ending 4242].</textarea>" in back.content.decode()
    for _ in range(2):  # pressed twice
        done = client.post(
            f"{visit}less/", {"words": filled["words"][0], "sure": "yes"}
        )

    assert done.status_code == 302
    assert events(case).count(Move.NARROW) == 1
    assert again(case).details.startswith("Only what you hold from 2024 on.")
    assert "4242 4242" not in again(case).details
    assert again(case).due_on == case.due_on
    assert "Only what you hold from 2024 on" in inbox(smtp, CLEO)[-1].text


def test_asking_for_nothing_instead_is_no_request_for_less(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)

    answers = [
        client.post(f"{visit}less/", fields)
        for fields in ({}, {"words": " "}, {"words": "", "sure": "yes"})
    ]

    assert [answer.status_code for answer in answers] == [400] * 3
    assert "Say what you want instead" in text_of(answers[0])
    assert again(case).moves_count == case.moves_count


# --- Other links ---


def test_old_links_stop_and_a_new_one_goes_to_the_mailbox(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    old_status, first_letter = status_path(case), confirm_path(case)
    elsewhere = open_visit(Client(), case)
    visit = open_visit(client, case)

    answer = client.post(f"{visit}links/")

    assert client.get(answer["Location"]).status_code == 200
    for path in (old_status, first_letter, elsewhere):
        assert client.get(path).status_code == 404, path
    mail = inbox(smtp, CLEO)[-1]
    new = mail.path("/your-data/case/")
    assert new != old_status
    assert client.get(new).status_code == 200
    assert events(case)[-3:] == [
        Event.LINK_REVOKED,
        Event.LETTER_SENT,
        Event.LINK_SENT,
    ]


def test_who_came_in_by_an_old_letter_is_out_of_every_case_of_it(
    client: Client,
) -> None:
    message = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    first, second = receive(message, now=timezone.now()).cases
    intruder = Client()
    theirs = open_visit(intruder, first)
    moved_on = intruder.post(theirs, {"act": "other", "reference": second.reference})
    visit = open_visit(client, first)

    client.post(f"{visit}links/")

    assert intruder.get(theirs).status_code == 404
    assert intruder.get(moved_on["Location"]).status_code == 404
    assert intruder.post(confirm_path_of(second)).status_code == 404


def confirm_path_of(case: Case) -> str:
    return f"/your-data/confirm/{links.token_of(case, Use.CONFIRM, 1)}/"


# --- Documents ---


def test_the_answer_can_be_downloaded_as_it_was_given(client: Client) -> None:
    case = lives.new_case()
    visit = coded_visit(case)
    document = answer_it(case)
    page = client.get(visit)
    assert "Download answer.pdf" in text_of(page)
    [form] = [form for form in forms(page) if "/documents/" in form.action]

    answer = client.post(form.action)

    assert answer.status_code == 200
    assert body_of(answer) == b"%PDF-1.7 what you asked for"
    assert answer["Content-Disposition"] == 'attachment; filename="answer.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Length"] == "27"
    assert "no-store" in answer["Cache-Control"]
    entry = CaseLogEntry.objects.filter(case_id=case.pk).latest("id")
    assert entry.event == Event.DOCUMENT_TAKEN
    assert entry.inputs == {"document": str(document.pk)}


def test_nothing_can_be_downloaded_by_looking(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    document = answer_it(case)
    before = contents()

    assert client.get(f"{visit}documents/{document.pk}/").status_code == 405

    assert contents() == before


def test_an_answer_is_not_to_be_had_before_it_is_given(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    document = file_of(case, CaseDocument.Purpose.ANSWER, name="draft.pdf")

    assert "draft.pdf" not in text_of(client.get(visit))
    assert client.post(f"{visit}documents/{document.pk}/").status_code == 404
    assert Event.DOCUMENT_TAKEN not in events(case)


def test_an_answer_that_did_not_arrive_is_taken_back_with_its_document(
    client: Client,
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    document = answer_it(case)
    lives.make(casebook.locked(case.pk), Move.LETTER_FAILED)

    assert client.post(f"{visit}documents/{document.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("purpose", "staff_id"),
    [
        (CaseDocument.Purpose.IDENTITY, None),
        (CaseDocument.Purpose.IDENTITY, 1),
        (CaseDocument.Purpose.SCAN, 1),
        (CaseDocument.Purpose.EVIDENCE, 1),
    ],
)
def test_neither_proofs_of_identity_nor_staffs_papers_are_handed_out(
    client: Client, purpose: CaseDocument.Purpose, staff_id: int | None
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    document = file_of(case, purpose, name="passport.png", staff_id=staff_id)

    assert client.post(f"{visit}documents/{document.pk}/").status_code == 404

    page = client.get(visit)
    assert f"/documents/{document.pk}/" not in page.content.decode()
    assert ("passport.png" in text_of(page)) == (staff_id is None)


def test_the_documents_of_another_case_are_no_page_here(client: Client) -> None:
    theirs = lives.new_case(address=ADA)
    document = answer_it(theirs)
    mine = lives.new_case()
    answer_it(mine)
    visit = open_visit(client, mine)

    for wanted in (document.pk, uuid.uuid4()):
        assert client.post(f"{visit}documents/{wanted}/").status_code == 404
    assert Event.DOCUMENT_TAKEN not in events(theirs)


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../etc/passwd", 'filename="passwd"'),
        ("C:\\Temp\\mine.pdf", 'filename="mine.pdf"'),
        ('a"b\r\nSet-Cookie: x=1.pdf', 'filename="a-b Set-Cookie- x=1.pdf"'),
        ("Zeugnis für Müller.pdf", "filename*=utf-8''Zeugnis%20f%C3%BCr%20M%C3%BCller"),
        ("‮fdp.exe", 'filename="fdp.exe"'),
        ("...", 'filename="file"'),
        ("a" * 500, f'filename="{"a" * 120}"'),
    ],
)
def test_a_name_that_people_chose_is_saved_without_harm(
    client: Client, name: str, saved: str
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    document = file_of(case, CaseDocument.Purpose.EVIDENCE, name=name, staff_id=None)

    answer = client.post(f"{visit}documents/{document.pk}/")

    assert answer.status_code == 200
    assert saved in answer["Content-Disposition"]
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert "Set-Cookie" not in answer.headers


def test_a_file_that_cannot_be_read_is_not_called_handed_over(
    client: Client, settings: Settings, tmp_path: Any
) -> None:
    case = lives.new_case()
    visit = coded_visit(case)
    document = answer_it(case)
    settings.VAULT_DIR = tmp_path / "another"

    page = client.post(f"{visit}documents/{document.pk}/")

    assert page.status_code == 503
    assert "We cannot open this file." in text_of(page)
    assert Event.DOCUMENT_TAKEN not in events(case)


# --- Handing something in ---


def upload(
    client: Client, visit: str, *files: SimpleUploadedFile, **fields: str
) -> Any:
    answer = client.post(visit, {"act": "document", **fields, "documents": list(files)})
    return client.get(answer["Location"]) if answer.status_code == 302 else answer


def note(words: str = "My proof.", name: str = "proof.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, words.encode(), "text/plain")


def test_a_document_is_kept_encrypted_and_shown_by_its_name(
    client: Client, settings: Settings
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)

    page = upload(client, visit, note(), note("Another.", "more.txt"))

    assert "We have what you sent." in text_of(page)
    assert "Download proof.txt" in text_of(page)
    documents = CaseDocument.objects.filter(case=case).order_by("added_at", "name")
    assert {document.name for document in documents} == {"proof.txt", "more.txt"}
    for document in documents:
        assert document.purpose == CaseDocument.Purpose.EVIDENCE
        assert document.staff_id is None
    kept = [
        path.read_bytes() for path in settings.VAULT_DIR.rglob("*") if path.is_file()
    ]
    assert len(kept) == 2 and not any(b"proof" in content for content in kept)
    entry = CaseLogEntry.objects.filter(case_id=case.pk).latest("id")
    assert entry.event == Event.DOCUMENT_ADDED
    assert "proof" not in str(entry.inputs) and "more" not in str(entry.inputs)
    [form] = [f for f in forms(page) if str(documents[0].pk) in f.action]
    assert body_of(client.post(form.action)) in (b"My proof.", b"Another.")


def test_numbers_in_a_text_that_is_handed_in_are_masked(client: Client) -> None:
    visit = open_visit(client, lives.new_case())

    upload(client, visit, note("Card 4242 4242 4242 4242"))

    document = CaseDocument.objects.get()
    assert (
        b"".join(vault.read(document.vault_name)) == b"Card [card number ending 4242]"
    )


def test_a_document_that_tells_of_illness_is_flagged(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)

    upload(client, visit, note("I am HIV positive."))

    assert Submission.objects.get(pk=case.submission_id).signs == ["health"]


def test_proof_of_identity_can_be_handed_in_while_we_wait_for_it(
    client: Client,
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    assert "What are you sending?" not in text_of(client.get(visit))
    now = timezone.now()
    handling.ask_identity(case.pk, QUESTION, doubt="A doubt.", staff_id=1, now=now)
    assert "What are you sending?" in text_of(client.get(visit))

    unsaid = upload(client, visit, note())
    assert unsaid.status_code == 400
    assert "Say what you are sending" in text_of(unsaid)
    page = upload(client, visit, note(), purpose="identity")

    document = CaseDocument.objects.get()
    assert document.purpose == CaseDocument.Purpose.IDENTITY
    assert again(case).state == State.AWAITING_IDENTITY
    assert f"/documents/{document.pk}/" not in page.content.decode()
    assert client.post(f"{visit}documents/{document.pk}/").status_code == 404


def test_a_proof_that_is_deleted_is_said_to_be(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    now = timezone.now()
    handling.ask_identity(case.pk, QUESTION, doubt="A doubt.", staff_id=1, now=now)
    upload(client, visit, note(), purpose="identity")
    handling.receive_identity(case.pk, at=now.date(), staff_id=1, now=timezone.now())
    check = case.checks.get()
    handling.end_check(check.pk, check.Outcome.CONFIRMED, staff_id=1, now=now)

    said = text_of(client.get(visit))

    assert "Proof of identity: deleted on" in said
    assert "proof.txt" not in said


def test_no_proof_of_identity_is_taken_that_nobody_asked_for(client: Client) -> None:
    """It would lie here without a day on which it goes."""
    case = lives.new_case()
    visit = open_visit(client, case)

    page = upload(client, visit, note(), purpose="identity")

    assert page.status_code == 400
    assert not CaseDocument.objects.exists()
    with pytest.raises(NotAllowed):
        file = check_upload(note())
        visiting.add_documents(case.pk, [file], "identity", now=timezone.now())
    assert not [path for path in _vault().rglob("*") if path.is_file()]


def _vault() -> Path:
    return Path(django_settings.VAULT_DIR)


def test_authority_can_be_handed_in_by_who_writes_for_somebody(client: Client) -> None:
    agent = Agent(name="Mallory", address="mallory@example.com")
    case = lives.new_case(address=ADA, agent=agent)
    visit = open_visit(client, case)

    upload(client, visit, note("I may.", "authority.txt"), purpose="authority")

    assert CaseDocument.objects.get().purpose == CaseDocument.Purpose.AUTHORITY


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (None, "Choose the file that you want to send"),
        (SimpleUploadedFile("empty.txt", b""), "“empty.txt” is empty"),
        (
            SimpleUploadedFile("x.pdf", b"MZ\x90\x00" * 99),
            "Choose another kind of file",
        ),
        (SimpleUploadedFile("x.txt", b"<html><script>"), "it is no plain text"),
        (SimpleUploadedFile("x.txt", b"a" * 11 * 1024 * 1024), "of at most 10 MB"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words_and_nothing_is_kept(
    client: Client, file: SimpleUploadedFile | None, said: str
) -> None:
    visit = open_visit(client, lives.new_case())

    page = upload(client, visit, *([file] if file else []))

    assert page.status_code == (413 if "10 MB" in said else 400)
    assert "There is a problem" in text_of(page)
    assert said in text_of(page)
    assert not CaseDocument.objects.exists()
    assert not [path for path in _vault().rglob("*") if path.is_file()]


def test_one_bad_file_keeps_the_others_out_too(client: Client) -> None:
    visit = open_visit(client, lives.new_case())

    page = upload(client, visit, note(), SimpleUploadedFile("empty.txt", b""))

    assert page.status_code == 400
    assert not CaseDocument.objects.exists()


# --- Doors ---


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}])
def test_another_site_can_do_nothing_here(
    client: Client, headers: dict[str, str]
) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    document = file_of(case, CaseDocument.Purpose.EVIDENCE, staff_id=None)
    before = contents()

    answers = [
        client.post(visit, {"act": "message", "words": "x"}, headers=headers),
        client.post(visit, {"act": "document", "documents": note()}, headers=headers),
        *[client.post(f"{visit}{step}/", headers=headers) for step in STEPS],
        client.post(f"{visit}documents/{document.pk}/", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [403] * 6
    assert contents() == before


def test_looking_at_a_visit_changes_no_row(client: Client) -> None:
    visit = open_visit(client, lives.new_case())
    before = contents()

    for path in (visit, *[f"{visit}{step}/" for step in STEPS]):
        for method in (client.get, client.head):
            assert method(path).status_code == 200
        assert client.options(path).status_code == 405

    assert contents() == before


def test_an_unknown_act_does_nothing(client: Client) -> None:
    case = lives.new_case()
    visit = open_visit(client, case)
    before = contents()

    for fields in ({}, {"act": "withdraw"}, {"act": "message' OR 1=1"}):
        assert client.post(visit, fields).status_code == 400

    assert contents() == before


def test_the_pages_of_a_visit_are_kept_by_nobody(client: Client) -> None:
    visit = open_visit(client, lives.new_case())
    for path in (visit, *[f"{visit}{step}/" for step in STEPS]):
        page = client.get(path)
        assert page["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page["Cache-Control"]
        assert 'content="noindex' in page.content.decode()
        assert not page.cookies


def test_a_message_to_nowhere_is_refused_by_the_verb() -> None:
    case = lives.new_case()

    with pytest.raises(NotAllowed):
        visiting.write_message(case.pk, "  ", now=timezone.now())

    assert not Message.objects.exists()
    assert CaseLink.objects.filter(case=case, use=Use.VISIT).count() == 0
