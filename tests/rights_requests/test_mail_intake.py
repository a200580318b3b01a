"""A mail to us becomes a draft with a running clock, a message of its case, or waits."""

import base64
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from outbox import inbound
from outbox.models import InboundEmail, OutgoingEmail, SuppressedAddress
from processing_register.notices import current_controller
from rights_requests import handling, triage, vault
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Channel,
    Event,
    Message,
)
from rights_requests.moves import State
from rights_requests.references import references_in
from tests.console.staff import person
from tests.outbox.imap_server import DOVECOT, ImapServer
from tests.people import (
    ADA,
    BEN,
    CASE_UPDATES,
    CLEO,
    DANA,
    become_reader,
    inbox,
    stands,
)
from tests.relay import Relay
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db

US = "governance@valuelicensing.com"
READER = "rights_requests.inbound.read_request"
WANTS_COPY = "Please send me a copy of all the personal data that you hold about me."
Mail = InboundEmail.State


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings, tmp_path: Path) -> None:
    """Holidays count, letters name the controller, files have a place."""
    settings.VAULT_DIR = tmp_path / "vault"


def mail(
    text: str = WANTS_COPY, subject: str = "My data", **headers: str
) -> EmailMessage:
    """A mail from Cleo, whom nobody knows; a header given empty is left out."""
    found = EmailMessage()
    usual = {"From": f"Cleo Patel <{CLEO}>", "To": US, "Subject": subject}
    for name, value in {**usual, **headers}.items():
        if value:
            found[name.replace("_", "-")] = value
    found.set_content(text)
    return found


def receive(raw: bytes | EmailMessage) -> InboundEmail:
    """It arrives and is read, as the schedule does it."""
    row = inbound.store(raw if isinstance(raw, bytes) else raw.as_bytes())
    assert row is not None
    inbound.read_new()
    row.refresh_from_db()
    return row


def drafts() -> list[Case]:
    return list(Case.objects.select_related("submission").order_by("reference"))


def events(case: Case) -> list[str]:
    entries = CaseLogEntry.objects.filter(case_id=case.pk).order_by("id")
    return list(entries.values_list("event", flat=True))


# --- A draft ---


def test_a_mail_that_asks_becomes_a_draft_whose_clock_runs_from_receipt() -> None:
    with time_machine.travel(datetime(2026, 11, 2, 9, tzinfo=UTC), tick=False):
        row = receive(mail())
    (case,) = drafts()

    assert (row.state, row.claimed_by) == (Mail.CLAIMED, READER)
    assert (case.kind, case.state) == (CaseKind.ACCESS, State.DRAFT)
    assert case.due_on == date(2026, 12, 2)
    assert case.received_at == row.received_at
    submission = case.submission
    assert submission.channel == Channel.E_MAIL
    assert (submission.address, submission.name) == (CLEO, "Cleo Patel")
    assert submission.inbound_email_id == row.pk
    assert submission.words == f"Subject: My data\n\n{WANTS_COPY}"
    assert triage.suggestion_of(submission).kinds == ("access",)


def test_whoever_wrote_is_told_that_we_have_it_and_by_when_they_get_an_answer(
    smtp: Relay,
) -> None:
    with time_machine.travel(datetime(2026, 11, 2, 9, tzinfo=UTC)):
        receive(mail())
        (told,) = inbox(smtp, CLEO)
    (case,) = drafts()

    assert case.reference in told.subject
    assert "Wednesday 2 December 2026" in told.text
    assert "a copy of your data" in told.text
    assert "If you meant something else" in " ".join(told.text.split())
    assert case.acknowledged_at is not None


def test_confirming_the_draft_does_not_acknowledge_it_again(smtp: Relay) -> None:
    receive(mail())
    (case,) = drafts()

    handling.confirm(case.pk, staff_id=1, now=datetime.now(UTC))

    assert len(inbox(smtp, CLEO)) == 1


def test_a_mail_that_asks_for_two_things_opens_two_drafts_of_one_submission(
    smtp: Relay,
) -> None:
    receive(mail(f"{WANTS_COPY}\n\nThen delete all my data from your systems."))

    cases = drafts()

    assert {case.kind for case in cases} == {CaseKind.ACCESS, CaseKind.ERASURE}
    assert len({case.submission_id for case in cases}) == 1
    (told,) = inbox(smtp, CLEO)
    assert all(case.reference in told.text for case in cases)


def test_a_complaint_by_mail_is_acknowledged_as_one(smtp: Relay) -> None:
    receive(mail("I want to complain about how you use my data.", "Complaint"))
    (case,) = drafts()

    assert (case.kind, case.state) == (CaseKind.COMPLAINT, State.DRAFT)
    assert case.reference.startswith("C-")
    assert "acknowledge" in events(case)
    assert case.reference in inbox(smtp, CLEO)[0].subject


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (CaseKind.SCHEDULE, "Please send me your retention schedule."),
        (CaseKind.WITHDRAWAL, "I withdraw my consent."),
        (CaseKind.MARKETING, "Stop using my data for marketing."),
    ],
)
def test_every_kind_of_draft_can_be_acknowledged(
    smtp: Relay, kind: CaseKind, text: str
) -> None:
    receive(mail(text, "Hello"))
    (case,) = drafts()

    assert case.kind == kind
    assert case.reference in inbox(smtp, CLEO)[0].text


def test_an_objection_to_marketing_takes_effect_before_anybody_has_confirmed_it(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)

    receive(mail("Do not use my data for marketing any more.", "Adverts", From=ADA))
    (case,) = drafts()

    assert (case.kind, case.state) == (CaseKind.MARKETING, State.DRAFT)
    assert stands() == set()
    assert SuppressedAddress.objects.filter(reason="objected").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "Do not use my data for marketing any more.",
            ["your no to marketing works from the moment we had your e-mail"],
        ),
        (
            "Send me a copy of my data, and do not use my data for marketing any more.",
            ["your no to marketing works from the moment we had your e-mail"],
        ),
        (
            "I withdraw my consent.",
            ["what you had agreed to ended the moment we had your e-mail"],
        ),
        (
            "I object to profiling for marketing purposes.",
            [
                "your no to marketing works from the moment we had your e-mail",
                "rated for marketing works from the moment we had your e-mail",
            ],
        ),
    ],
)
def test_the_letter_about_what_works_at_once_says_that_it_works_already(
    client: Client, smtp: Relay, words: str, said: list[str]
) -> None:
    become_reader(client, smtp)

    receive(mail(words, "My data", From=ADA))

    letter = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert all(sentence in letter for sentence in said)
    assert letter.count("the moment we had your e-mail") == len(said)
    assert letter.count("you need not show us who you are") == len(said)


def test_the_letter_about_anything_else_says_nothing_of_the_kind(smtp: Relay) -> None:
    receive(mail("Send me a copy of my data."))

    assert "the moment we had your e-mail" not in inbox(smtp, CLEO)[-1].text


def test_a_sentence_about_unsubscribing_stops_the_mails_and_is_confirmed_by_staff(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)

    receive(mail("I cannot find the link", "How do I unsubscribe?", From=ADA))

    (case,) = drafts()
    assert stands() == set()
    handling.confirm(case.pk, staff_id=1, now=datetime.now(UTC))
    case.refresh_from_db()
    assert case.state == State.FULFILLED
    assert "stop" in inbox(smtp, ADA)[-1].text


def test_what_somebody_quotes_stops_nothing(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)

    row = receive(mail("Thanks!\n> unsubscribe", "Re: Receipt", From=ADA))

    assert row.state == Mail.WAITING
    assert stands() == {CASE_UPDATES}


def test_a_stranger_who_writes_unsubscribe_is_put_on_the_list_of_whom_not_to_write_to() -> (
    None
):
    receive(mail("", "unsubscribe"))

    (case,) = drafts()
    assert case.kind == CaseKind.MARKETING
    assert SuppressedAddress.objects.filter(reason="objected").exists()


def test_a_right_that_nobody_can_tell_is_kept_with_a_remark() -> None:
    row = receive(mail("I want to use my rights under the GDPR.", "My rights"))

    (case,) = drafts()
    assert case.state == State.DRAFT
    assert "does not say which" in row.remarks
    assert triage.remarks_of(case.submission) == row.remarks.splitlines()


def test_what_asks_for_nothing_waits_for_a_person_as_before(smtp: Relay) -> None:
    row = receive(mail("When do you publish the next case update?", "A question"))

    assert row.state == Mail.WAITING
    assert not Case.objects.exists()
    assert inbox(smtp, CLEO) == []


def test_numbers_that_nobody_needs_are_masked_and_signs_are_flagged_and_shut_away() -> (
    None
):
    receive(
        mail(
            f"{WANTS_COPY}\nMy card is 4111 1111 1111 1111 and I have been diagnosed "
            "with diabetes.",
            From="Cleo 4111 1111 1111 1111 <cleo@example.com>",
        )
    )
    (case,) = drafts()

    assert "4111 1111" not in case.submission.words + case.submission.name
    assert case.submission.signs == ["health"]
    assert case.submission.shut_away_at is not None
    assert InboundEmail.objects.get().is_shut_away
    assert Event.SHUT_AWAY in events(case)


# --- Dates ---


@pytest.mark.parametrize(
    ("text", "header", "dated_on"),
    [
        ("", "Sun, 01 Nov 2026 23:30:00 -0500", date(2026, 11, 2)),
        ("", "Sun, 01 Nov 2026 10:00:00 +0000", date(2026, 11, 1)),
        ("", "Mon, 01 Jan 2029 10:00:00 +0000", date(2026, 11, 2)),
        ("", "Thu, 01 Jan 1970 00:00:00 +0000", date(2026, 11, 2)),
        ("", "yesterday", date(2026, 11, 2)),
        ("", "", date(2026, 11, 2)),
        ("28 October 2026\n\n", "", date(2026, 10, 28)),
        ("28 October 2031\n\n", "", date(2026, 11, 2)),
    ],
)
def test_our_promise_counts_from_the_date_of_the_letter_and_the_law_from_receipt(
    text: str, header: str, dated_on: date
) -> None:
    with time_machine.travel(datetime(2026, 11, 2, 9, tzinfo=UTC)):
        receive(mail(f"{text}{WANTS_COPY}", Date=header))
    (case,) = drafts()

    assert case.submission.dated_on == dated_on
    assert case.due_on == date(2026, 12, 2)


def test_a_mail_at_night_belongs_to_the_day_in_london() -> None:
    with time_machine.travel(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)):
        receive(mail())

    assert drafts()[0].starts_on == date(2026, 7, 1)


def test_a_mail_that_was_fetched_late_counts_from_its_arrival() -> None:
    """The mailbox was away for nine days: they are gone, and the draft shows it."""
    with time_machine.travel(datetime(2026, 11, 11, 9, tzinfo=UTC)):
        inbound.store(
            mail().as_bytes(), received_at=datetime(2026, 11, 2, 9, tzinfo=UTC)
        )
        inbound.read_new()

    assert drafts()[0].due_on == date(2026, 12, 2)


# --- Once, and not without end ---


def test_the_same_mail_never_opens_two(smtp: Relay) -> None:
    raw = mail(Message_ID="<1@example.com>").as_bytes()
    receive(raw)
    assert inbound.store(raw) is None
    receive(b"Received: by another server\n" + raw)
    InboundEmail.objects.filter(claimed_by=READER).update(state=Mail.NEW)
    InboundEmail.objects.update(content_digest=None)
    inbound.read_new()

    assert len(drafts()) == 1
    assert len(inbox(smtp, CLEO)) == 1


def test_a_mailbox_gets_five_acknowledgements_a_day_and_the_rest_is_held(
    smtp: Relay,
) -> None:
    for number in range(7):
        receive(mail(subject=f"My data, {number}"))

    held = [case for case in drafts() if case.submission.held_because]
    assert len(drafts()) == 7
    assert len(held) == 2
    assert all(case.due_on is not None for case in held), (
        "their clocks run all the same"
    )
    assert len(inbox(smtp, CLEO)) == 5


def test_what_a_stranger_typed_into_our_forms_holds_no_mail_of_the_person(
    smtp: Relay,
) -> None:
    for _ in range(6):
        lives.new_case(address=CLEO)
    assert len(inbox(smtp, CLEO)) == 5

    row = receive(mail())

    mailed = Case.objects.get(submission__inbound_email_id=row.pk)
    assert mailed.submission.held_because == ""
    assert mailed.reference in inbox(smtp, CLEO)[-1].subject


def test_an_agent_gets_five_a_day_too(smtp: Relay) -> None:
    text = f"I am writing on behalf of my client, Ada Lovelace. {WANTS_COPY}"
    for number in range(6):
        receive(mail(text, subject=f"Client {number}", From="law@example.com"))

    assert all(case.submission.is_by_agent for case in drafts())
    assert len(inbox(smtp, "law@example.com")) == 5


def test_a_day_later_a_mailbox_is_answered_again(smtp: Relay) -> None:
    with time_machine.travel(datetime(2026, 11, 2, 9, tzinfo=UTC)):
        for number in range(6):
            receive(mail(subject=f"My data, {number}"))
    with time_machine.travel(datetime(2026, 11, 3, 9, 30, tzinfo=UTC)):
        receive(mail(subject="And again"))
        assert len(inbox(smtp, CLEO)) == 6


@pytest.mark.parametrize(
    "ours", ["governance_email", "unsubscribe_email", "sending_email"]
)
def test_what_comes_from_ourselves_is_not_answered(ours: str) -> None:
    receive(mail(From=getattr(current_controller(), ours)))

    assert not OutgoingEmail.objects.exists()


def test_what_is_passed_on_says_what_is_asked_where_the_sender_does_not() -> None:
    forwarded = (
        "FYI, one for you? It came to the shop.\n\n"
        "---------- Forwarded message ---------\n"
        "From: Pat Roe <pat@example.com>\nSubject: my data\nTo: shop@example.com\n\n"
        "Please delete all my personal data from your systems.\n"
    )

    row = receive(mail(forwarded, "Fwd: my data"))

    assert [case.kind for case in drafts()] == [CaseKind.ERASURE]
    assert "Only what it passes on asks for something." in row.remarks


def test_what_a_colleague_passes_on_is_a_draft_of_nobody_yet(smtp: Relay) -> None:
    person(DANA)
    forwarded = (
        "FYI\n\n---------- Forwarded message ---------\nFrom: Cleo <cleo@example.com>\n"
        f"Date: Monday\nSubject: My data\nTo: <{US}>\n\n{WANTS_COPY}"
    )

    row = receive(mail(forwarded, "Fwd: My data", From=DANA))

    (case,) = drafts()
    assert case.submission.address == ""
    assert WANTS_COPY in case.submission.words
    assert "address of our own" in row.remarks
    assert not OutgoingEmail.objects.exists()


# --- Machines ---


MACHINES = {
    "an auto-reply": {"Auto_Submitted": "auto-replied"},
    "a list": {"List_Id": "<privacy.example.com>"},
    "a portal": {"From": "no-reply@claims.example.com"},
    "an auto-reply of old": {"Precedence": "auto_reply"},
}


@pytest.mark.parametrize("kind", MACHINES)
def test_what_a_machine_sent_may_hold_a_right_and_is_not_answered(
    smtp: Relay, kind: str
) -> None:
    row = receive(mail(**MACHINES[kind]))

    (case,) = drafts()
    assert (case.kind, case.state) == (CaseKind.ACCESS, State.DRAFT)
    assert row.is_automatic and "nobody was answered" in row.remarks
    assert not OutgoingEmail.objects.exists()


def test_an_auto_reply_that_quotes_a_request_opens_a_draft(smtp: Relay) -> None:
    text = f"We have your message.\n\n> {WANTS_COPY}"

    row = receive(mail(text, "Re: your message", Auto_Submitted="auto-replied"))

    (case,) = drafts()
    assert WANTS_COPY in case.submission.words
    assert "passes on" in row.remarks
    assert not OutgoingEmail.objects.exists()


def test_a_machine_is_not_obeyed(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)

    row = receive(
        mail("Stop all marketing", "No", From=ADA, Auto_Submitted="auto-replied")
    )

    assert row.state == Mail.WAITING
    assert stands() == {CASE_UPDATES}


def test_an_absence_note_that_quotes_our_letter_opens_nothing(smtp: Relay) -> None:
    receive(mail())
    told = inbox(smtp, CLEO)[0]
    quoted = "\n".join(f"> {line}" for line in told.text.splitlines())
    note = mail(f"I am away.\n\n{quoted}", "Absent", Auto_Submitted="auto-replied")

    row = receive(note)

    assert row.state == Mail.WAITING
    assert len(drafts()) == 1
    assert len(inbox(smtp, CLEO)) == 1


def test_a_delivery_report_opens_nothing_whatever_it_quotes(smtp: Relay) -> None:
    raw = mail(From="MAILER-DAEMON@example.com", Return_Path="<>")

    assert receive(raw).state == Mail.WAITING
    assert not Case.objects.exists()


# --- Messages of a case ---


@pytest.mark.parametrize("write", ["{}", "re: {} please", "Fwd: ({})"])
def test_a_mail_that_names_a_case_of_its_sender_becomes_a_message(write: str) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    subject = write.format(case.reference.lower().replace("-", " "))

    row = receive(mail(f"Here is more.\n\n{WANTS_COPY}", subject))

    (message,) = Message.objects.all()
    assert (row.state, row.claimed_by) == (Mail.CLAIMED, READER)
    assert (message.case, message.read_at) == (case, None)
    assert message.inbound_email_id == row.pk
    assert "Here is more." in message.words
    assert events(case)[-1] == Event.MESSAGE
    assert len(drafts()) == 1


def test_a_reply_that_names_the_case_only_in_what_it_quotes_is_a_message() -> None:
    case = lives.new_case(CaseKind.ACCESS)

    quoted = f"> Your reference: {case.reference}\n> Write to {US}"
    receive(mail(f"Thank you.\n{quoted}", "Re: hello"))

    (message,) = Message.objects.all()
    assert message.words == "Subject: Re: hello\n\nThank you."


def test_a_message_that_may_ask_for_something_more_says_so_in_the_log() -> None:
    case = lives.new_case(CaseKind.ACCESS)

    receive(mail("Please delete all my data.", case.reference))

    entry = CaseLogEntry.objects.filter(case_id=case.pk).latest("id")
    assert entry.inputs["may_ask_for"] == ["erasure"]


def test_whoever_writes_for_the_person_may_write_about_the_case() -> None:
    case = lives.new_case(CaseKind.ACCESS)
    case.submission.is_by_agent = True
    case.submission.agent_address = BEN
    case.submission.save()

    receive(mail("Any news?", case.reference, From=BEN))

    assert Message.objects.get().case == case


def test_somebody_else_who_names_a_case_adds_nothing_to_it() -> None:
    case = lives.new_case(CaseKind.ACCESS)

    row = receive(mail("Any news?", case.reference, From=BEN))

    assert row.state == Mail.WAITING
    assert not Message.objects.exists()
    assert case.reference in row.remarks
    assert "does not know" in row.remarks


def test_somebody_else_who_names_a_case_and_asks_for_something_gets_a_draft() -> None:
    case = lives.new_case(CaseKind.ACCESS)

    row = receive(mail(WANTS_COPY, f"Re: {case.reference}", From=BEN))

    (draft,) = Case.objects.filter(state=State.DRAFT)
    assert draft.submission.address == BEN
    assert "does not know" in row.remarks


def test_a_machine_that_names_a_case_adds_nothing_to_it() -> None:
    case = lives.new_case(CaseKind.ACCESS)

    row = receive(mail("I am away.", case.reference, Auto_Submitted="auto-replied"))

    assert row.state == Mail.WAITING
    assert not Message.objects.exists()


def test_a_sensitive_message_shuts_the_case_away() -> None:
    case = lives.new_case(CaseKind.ACCESS)

    row = receive(mail("I have been diagnosed with diabetes.", case.reference))

    case.submission.refresh_from_db()
    assert case.submission.shut_away_at is not None
    assert row.is_shut_away
    assert Event.SHUT_AWAY in events(case)


def test_the_tokens_of_our_letters_are_no_part_of_a_message(smtp: Relay) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    link = f"https://example.com/your-data/confirm/{'A' * 21}1/"

    receive(mail(f"I pressed {link} and nothing happened", case.reference))

    assert "A" * 21 not in Message.objects.get().words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("R-7K3Q-2XNB", ["R-7K3Q-2XNB"]),
        ("my case r7k3q2xnb.", ["R-7K3Q-2XNB"]),
        ("c – 7k3q – 2xnb, R_7K3Q_2XNC", ["C-7K3Q-2XNB", "R-7K3Q-2XNC"]),
        ("R-7K3Q-2XNB R-7k3q-2xnb", ["R-7K3Q-2XNB"]),
        ("R-7K3Q\n2XNB", ["R-7K3Q-2XNB"]),
        ("XR-7K3Q-2XNB, R-7K3Q-2XNBB, R-7K0Q-2XNB, R-7K3Q", []),
    ],
)
def test_a_reference_is_found_however_it_is_written(
    text: str, found: list[str]
) -> None:
    assert references_in(text) == found


def test_words_that_look_like_references_take_no_time() -> None:
    words = "R-7K3Q " * 200_000

    assert references_in(words) == []


# --- Files ---


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def with_files(found: EmailMessage, **files: bytes) -> EmailMessage:
    for name, content in files.items():
        ending = name.rpartition("_")[2]
        found.add_attachment(
            content, "application", ending, filename=name.replace("_", ".")
        )
    return found


def test_files_that_may_be_kept_become_documents_of_the_draft() -> None:
    row = receive(
        with_files(mail(), letter_pdf=PDF, notes_txt=b"My card 4111111111111111")
    )
    (case,) = drafts()

    letter, notes = CaseDocument.objects.filter(case=case).order_by("media_type")
    assert (letter.name, letter.media_type) == ("letter.pdf", "application/pdf")
    assert letter.purpose == CaseDocument.Purpose.EVIDENCE
    assert b"".join(vault.read(letter.vault_name)) == PDF
    assert b"4111111111111111" not in b"".join(vault.read(notes.vault_name))
    assert events(case).count(Event.DOCUMENT_ADDED) == 2
    assert row.remarks == ""


def test_files_that_may_not_be_kept_are_named_and_stay_with_the_mail() -> None:
    row = receive(with_files(mail(), virus_exe=b"MZ\0\1", page_html=b"<html>x</html>"))
    (case,) = drafts()

    assert not CaseDocument.objects.exists()
    remark = row.remarks
    assert "“virus.exe”" in remark and "“page.html”" in remark
    assert "90 days" in remark
    assert triage.remarks_of(case.submission) == remark.splitlines()
    assert "virus.exe" in row.raw_message


def test_files_without_end_are_taken_over_to_a_limit() -> None:
    files = {f"letter{number}_pdf": PDF for number in range(22)}

    row = receive(with_files(mail(), **files))

    assert CaseDocument.objects.count() == 20
    assert "“letter21.pdf”" in row.remarks


def test_a_file_with_a_message_goes_into_its_case() -> None:
    case = lives.new_case(CaseKind.ACCESS)

    receive(with_files(mail("As you asked.", case.reference), proof_pdf=PDF))

    assert CaseDocument.objects.get().case == case


def test_a_sensitive_file_shuts_the_draft_away() -> None:
    text = b"I have been diagnosed with diabetes."

    receive(with_files(mail(), report_txt=text))

    assert drafts()[0].submission.shut_away_at is not None


# --- Bad mail ---


def encrypted() -> EmailMessage:
    found = mail("", "Subject access request")
    found.set_content(b"\x30\x80", "application", "pkcs7-mime", filename="smime.p7m")
    return found


BAD: dict[str, Any] = {
    "NUL": mail("x").as_bytes().replace(b"x", WANTS_COPY.encode() + b"\0\0"),
    "only HTML": f"From: {CLEO}\nContent-Type: text/html\n\n<p>{WANTS_COPY}".encode(),
    "a charset that is none": f"From: {CLEO}\n"
    f"Content-Type: text/plain; charset=x-none\n\n{WANTS_COPY}".encode(),
    "twenty megabytes": mail(WANTS_COPY + "\n" + "so on and so forth\n" * 1_000_000),
    "thousands of recipients": mail(To=", ".join([US] * 3000)),
    "a forged header": mail()
    .as_bytes()
    .replace(b"My data", b"My\n Bcc: x@example.com"),
    "half a character": mail().as_bytes().replace(b"My data", b"My \xed\xa0\x80 data"),
    "two senders": b"From: ben@example.com\n" + mail().as_bytes(),
    "no sender": mail(From=""),
    "broken parts": f"From: {CLEO}\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n"
    f"{WANTS_COPY}\n".encode(),
    "an encrypted letter": encrypted(),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_mail_opens_a_draft_all_the_same(smtp: Relay, kind: str) -> None:
    row = receive(BAD[kind])

    (case,) = drafts()
    assert row.state == Mail.CLAIMED
    assert case.kind == CaseKind.ACCESS
    for told in smtp.received:
        assert b"x@example.com" not in told.content


def test_an_empty_mail_waits_for_a_person() -> None:
    assert receive(mail("", "")).state == Mail.WAITING


def test_a_mail_of_before_there_was_the_right_waits_for_a_person() -> None:
    inbound.store(mail().as_bytes(), received_at=datetime(2017, 1, 2, tzinfo=UTC))
    inbound.read_new()

    assert InboundEmail.objects.get().state == Mail.WAITING


# --- The ways in ---


@pytest.fixture
def imap(settings: Settings) -> Iterator[ImapServer]:
    if not DOVECOT.exists():
        pytest.skip("Debian's dovecot-imapd is not installed")
    with (
        tempfile.TemporaryDirectory(prefix="imap") as folder,
        ImapServer(Path(folder)) as server,
    ):
        settings.INBOUND_IMAP_URL = server.url
        yield server


def test_a_mail_over_imap_counts_from_when_the_server_took_it(
    imap: ImapServer, smtp: Relay
) -> None:
    took_it = datetime.now(UTC) - timedelta(days=3)
    imap.deliver(mail().as_bytes(), at=f'"{took_it:%d-%b-%Y %H:%M:%S} +0000"')

    inbound.fetch()
    inbound.read_new()
    inbound.fetch()
    inbound.read_new()

    (case,) = drafts()
    assert abs(case.received_at - took_it) < timedelta(seconds=1)
    assert len(inbox(smtp, CLEO)) == 1


@pytest.mark.urls("tests.outbox.webhook_urls")
def test_a_mail_by_webhook_becomes_a_draft_once(
    client: Client, smtp: Relay, settings: Settings
) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": "post:man"}
    secret = base64.b64encode(b"post:man").decode()
    body = json.dumps({"RawEmail": mail().as_string(), "Headers": []})

    for _ in range(2):
        answer = client.post(
            "/anymail/postmark/inbound/",
            body,
            content_type="application/json",
            headers={"authorization": f"Basic {secret}"},
        )
        assert answer.status_code == 200
        inbound.read_new()

    assert [case.kind for case in drafts()] == [CaseKind.ACCESS]
    assert len(inbox(smtp, CLEO)) == 1
