"""What comes by telephone, post or in another way, as staff enter it."""

import re
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from groundwork.periods import LONDON
from outbox import inbound
from outbox.models import InboundEmail
from rights_requests import vault
from rights_requests.acknowledging import acknowledge_new
from rights_requests.entry_forms import Moment, london_moment
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Channel, Note, Submission
from rights_requests.moves import State
from tests.console.staff import accesses, console_of, dana, person, text
from tests.people import CASE_UPDATES, CLEO, OMAR, become_reader, inbox, stands
from tests.reading import forms
from tests.relay import Relay
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db

ENTER = "/console/rights_requests/enter/"
NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)  # a Friday
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
Purpose = CaseDocument.Purpose


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings, tmp_path: Path) -> Any:
    """Holidays count, letters name the controller, files have a place; it is Friday."""
    settings.VAULT_DIR = tmp_path / "vault"
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk() -> Client:
    return dana("view_case", "work_case")


def filled(desk: Client, **changes: Any) -> dict[str, Any]:
    """A telephone call of yesterday, in a fresh form; a change to None leaves it out."""
    (form,) = (f for f in forms(desk.get(ENTER)) if "number" in f.fields)
    number = form.fields["number"][0]
    usual = {
        "number": number,
        "channel": "telephone",
        "received_on": "2026-11-26",
        "received_time": "14:05",
        "asked": ["access"],
        "words": "She wants to know what we hold about her.",
        "name": "Cleo Patel",
        "email": CLEO,
        "reply_by": "e-mail",
    }
    return {k: v for k, v in {**usual, **changes}.items() if v is not None}


def enter(desk: Client, **changes: Any) -> Any:
    return desk.post(ENTER, filled(desk, **changes))


def entered(response: Any) -> Submission:
    assert response.status_code == 302, problems(response)
    return Submission.objects.get(pk=response["Location"].split("/")[-2])


def problems(response: Any) -> list[str]:
    """The lines of the error summary, each with the field that it leads to."""
    found = re.findall(r'<li>(?:<a href="#([^"]+)">)?([^<]+)', text(response))
    return [f"{field}: {unescape(words)}" for field, words in found if field]


def shown(response: Any) -> str:
    plain = re.sub(r"<[^>]+>", " ", text(response))
    return " ".join(unescape(plain).split())


# --- What is entered ---


def test_a_call_of_yesterday_is_a_case_that_began_yesterday(desk: Client) -> None:
    submission = entered(enter(desk))

    (case,) = submission.cases.all()
    assert (case.kind, case.state) == (CaseKind.ACCESS, State.IN_PROGRESS)
    assert case.starts_on == date(2026, 11, 26)
    assert case.due_on == date(2026, 12, 29), "the 26th is Boxing Day, a Saturday"
    assert submission.received_at == datetime(2026, 11, 26, 14, 5, tzinfo=UTC)
    assert submission.dated_on == date(2026, 11, 26)
    assert submission.channel == Channel.TELEPHONE
    assert submission.address == CLEO
    assert submission.staff_id is not None


def test_the_receipt_tells_references_dates_and_how_they_came_about(
    desk: Client,
) -> None:
    response = enter(desk, asked=["access", "complaint"])
    page = desk.get(response["Location"])

    submission = entered(response)
    seen = shown(page)
    for case in submission.cases.all():
        assert case.reference in seen
    assert "Received on Thursday 26 November 2026 by telephone" in seen
    assert "1 day is gone already" in seen
    assert "Tuesday 29 December 2026" in seen
    assert "Why this date" in seen and "Article 12A" in seen
    assert accesses("opened")[-1].data_subject_id == submission.data_subject_id


def test_whoever_asked_gets_the_acknowledgement(desk: Client, smtp: Relay) -> None:
    submission = entered(enter(desk))
    acknowledge_new(NOW)

    (told,) = inbox(smtp, CLEO)
    assert submission.cases.get().reference in told.subject


@pytest.mark.parametrize(
    "channel", ["telephone", "post", "e-mail", "social media", "in person"]
)
def test_every_way_in_can_be_entered(desk: Client, channel: str) -> None:
    assert entered(enter(desk, channel=channel)).channel == channel


@pytest.mark.parametrize("kind", list(CaseKind))
def test_everything_can_be_asked(desk: Client, kind: CaseKind) -> None:
    assert entered(enter(desk, asked=[kind.value])).cases.get().kind == kind


def test_several_things_with_their_grounds_are_several_cases(desk: Client) -> None:
    submission = entered(
        enter(
            desk,
            asked=["erasure", "restriction", "access"],
            erasure_grounds=["not-needed", "unsure"],
            restriction_grounds=["accuracy"],
        )
    )

    grounds = {case.kind: case.grounds for case in submission.cases.all()}
    assert grounds == {
        "erasure": ["not-needed"],
        "restriction": ["accuracy"],
        "access": [],
    }


def test_a_complaint_names_the_case_that_it_is_about(desk: Client) -> None:
    about = lives.new_case(CaseKind.ACCESS)
    typed = about.reference.lower().replace("-", " ")

    submission = entered(enter(desk, asked=["complaint"], about=typed))

    assert submission.cases.get().about == about


def test_an_objection_to_marketing_on_the_telephone_takes_effect_at_once(
    desk: Client, client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, CLEO)
    assert stands(CLEO) == {CASE_UPDATES}

    submission = entered(enter(desk, asked=["objection-marketing"]))

    assert stands(CLEO) == set()
    assert submission.cases.get().state == State.FULFILLED


def test_somebody_who_asks_for_the_person_shows_that_they_may(
    desk: Client, smtp: Relay
) -> None:
    authority = SimpleUploadedFile("power.pdf", PDF)
    scan = SimpleUploadedFile("letter.pdf", PDF)

    submission = entered(
        enter(
            desk,
            channel="post",
            email="",
            is_for_other="on",
            agent_name="Law & Co",
            agent_email="law@example.com",
            answer_to="agent",
            words="",
            authority=[authority],
            scans=[scan],
        )
    )
    acknowledge_new(NOW)

    assert submission.is_by_agent and submission.answer_to == "agent"
    kept = {d.purpose: d.name for d in submission.cases.get().documents.all()}
    assert kept == {Purpose.AUTHORITY: "power.pdf", Purpose.SCAN: "letter.pdf"}
    document = CaseDocument.objects.get(purpose=Purpose.SCAN)
    assert b"".join(vault.read(document.vault_name)) == PDF
    assert len(inbox(smtp, "law@example.com")) == 1


def test_an_answer_by_post_waits_to_be_printed(desk: Client, smtp: Relay) -> None:
    response = enter(
        desk, email="", reply_by="post", postal_address="1 High Street\nDerby"
    )
    acknowledge_new(NOW)

    letter = entered(response).cases.get().letters.get()
    assert letter.by == "post" and letter.mail_id is None
    assert "print it and post it" in shown(desk.get(response["Location"]))


def test_somebody_of_whom_only_the_number_is_known_can_ask(desk: Client) -> None:
    submission = entered(
        enter(desk, email="", name="", reply_by="neither", telephone="020 7946 0000")
    )

    assert submission.telephone == "020 7946 0000"
    assert submission.cases.get().due_on is not None


def test_numbers_are_masked_and_what_is_sensitive_is_shut_away(desk: Client) -> None:
    response = desk.post(
        ENTER,
        filled(
            desk,
            words="Card 4111 1111 1111 1111. She has been diagnosed with diabetes.",
        ),
        follow=True,
    )

    submission = Submission.objects.get()
    assert "4111 1111" not in submission.words
    assert submission.signs == ["health"] and submission.shut_away_at is not None
    assert "were taken out" in shown(response)
    assert "shut away" in shown(response)


def test_pressing_the_button_twice_enters_it_once(desk: Client) -> None:
    form = filled(desk, late_because="x" * 20)

    first = desk.post(ENTER, form)
    second = desk.post(ENTER, form, follow=True)

    assert Submission.objects.count() == 1
    assert Case.objects.count() == 1 and Note.objects.count() == 1
    assert "entered already" in shown(second)
    assert first["Location"] == second.redirect_chain[0][0]


# --- Late ---


def test_what_was_received_long_ago_needs_a_reason_which_becomes_a_note(
    desk: Client,
) -> None:
    refused = enter(desk, received_on="2026-11-24")
    assert problems(refused) == ["id_late_because: Say why it is entered only now"]

    response = enter(
        desk,
        asked=["access", "erasure"],
        received_on="2026-11-24",
        late_because="It lay in a drawer.",
    )

    notes = Note.objects.filter(case__submission=entered(response))
    assert {note.words for note in notes} == {
        "Entered late, because: It lay in a drawer."
    }
    assert len(notes) == 2
    assert "3 days are gone already" in shown(desk.get(response["Location"]))


def test_two_days_are_not_late(desk: Client) -> None:
    entered(enter(desk, received_on="2026-11-25"))

    assert not Note.objects.exists()


def test_what_was_due_before_it_was_entered_shows_that(desk: Client) -> None:
    response = enter(
        desk,
        received_on="2026-09-01",
        dated_on="2026-08-28",
        late_because="Nobody saw it.",
    )

    seen = shown(desk.get(response["Location"]))
    assert "Thursday 1 October 2026" in seen and "over already" in seen
    assert entered(response).dated_on == date(2026, 8, 28)


# --- What is refused, in words ---


WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no way": ({"channel": None}, ["id_channel_0: Choose how it came"]),
    "the form": ({"channel": "form"}, ["id_channel_0: Choose one of the ways listed"]),
    "no day": (
        {"received_on": ""},
        ["id_received_on: Enter the day on which we had it"],
    ),
    "no such day": (
        {"received_on": "2026-02-30"},
        ["id_received_on: Enter a day like 2026-11-23"],
    ),
    "tomorrow": (
        {"received_on": "2026-11-28"},
        ["id_received_on: Enter a day that is not still to come"],
    ),
    "later today": (
        {"received_on": "2026-11-27", "received_time": "15:01"},
        ["id_received_time: Enter a time that is not still to come"],
    ),
    "before the law": (
        {"received_on": "2018-05-24", "late_because": "Nobody saw it."},
        [
            "id_received_on: Enter a day from Friday 25 May 2018 on: before, nobody "
            "could ask so"
        ],
    ),
    "a letter of the future": (
        {"dated_on": "2026-11-27"},
        [
            "id_dated_on: Enter a date that is not after the day on which we had it: "
            "Thursday 26 November 2026"
        ],
    ),
    "a letter of before the law": (
        {"dated_on": "2018-05-24"},
        [
            "id_dated_on: Enter a day from Friday 25 May 2018 on: before, nobody could "
            "ask so"
        ],
    ),
    "a strange time": (
        {"received_time": "25:00"},
        ["id_received_time: Enter a time like 14:05"],
    ),
    "an hour that never was": (
        {
            "received_on": "2026-03-29",
            "received_time": "01:30",
            "late_because": "Nobody saw it.",
        },
        [
            "id_received_time: On that day the clocks went forward: there was no 01:30. "
            "Enter another time"
        ],
    ),
    "nothing asked": ({"asked": None}, ["id_asked_0: Tick what is asked"]),
    "something else asked": (
        {"asked": ["money"]},
        ["id_asked_0: Tick one of the things listed"],
    ),
    "a ground that is none": (
        {"asked": ["erasure"], "erasure_grounds": ["whim"]},
        ["id_erasure_grounds_0: Choose from the reasons listed"],
    ),
    "a reference that is none": (
        {"asked": ["complaint"], "about": "R-2222-2222"},
        ["id_about: No case has this reference. Check it"],
    ),
    "no words": (
        {"words": ""},
        ["id_words: Write down what the person said, or add the letter"],
    ),
    "no address": (
        {"email": ""},
        ["id_email: Enter the e-mail address, or choose another way"],
    ),
    "no address for post": (
        {"reply_by": "post"},
        ["id_postal_address: Enter the address that our letters should go to"],
    ),
    "no way back": (
        {"reply_by": "neither", "email": ""},
        ["id_telephone: Enter at least one way to reach the person"],
    ),
    "no answer": ({"reply_by": None}, ["id_reply_by_0: Choose how we answer"]),
    "a strange address": (
        {"email": "cleo"},
        [
            "id_email: Enter an e-mail address in the correct format, like "
            "name@example.com"
        ],
    ),
    "a strange number": (
        {"telephone": "ring me"},
        [
            "id_telephone: Enter a telephone number, like 020 7946 0000 or "
            "+44 20 7946 0000"
        ],
    ),
    "an agent without a name": (
        {"is_for_other": "on", "answer_to": "person"},
        ["id_agent_name: Enter the name of whoever asks for the person"],
    ),
    "an agent without an address": (
        {"is_for_other": "on", "agent_name": "Law", "answer_to": "agent"},
        ["id_agent_email: Enter the e-mail address, or choose another way"],
    ),
    "a file that is none": (
        {"scans": [SimpleUploadedFile("a.exe", b"MZ\0\1")]},
        [],
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_cannot_be_is_refused_beside_its_field_and_changes_nothing(
    desk: Client, kind: str
) -> None:
    changes, said = WRONG[kind]

    response = enter(desk, **changes)

    assert response.status_code == 400
    assert "Error: " in text(response)
    assert said == problems(response) or not said
    assert problems(response), "something is said"
    assert not Submission.objects.exists()


def test_a_reference_without_a_complaint_is_asked_about(desk: Client) -> None:
    about = lives.new_case(CaseKind.ACCESS).reference

    response = enter(desk, about=about)

    assert problems(response) == [
        "id_about: Tick “Complaint” above, or leave the reference empty"
    ]


def test_what_was_typed_stays_when_something_is_wrong(desk: Client) -> None:
    scan = SimpleUploadedFile("letter.pdf", PDF)

    response = enter(desk, channel="fax", scans=[scan])

    page = text(response)
    assert "She wants to know what we hold about her." in page
    assert CLEO in page
    assert "Choose the files again" in page
    assert not CaseDocument.objects.exists()


def test_a_file_that_is_refused_is_named(desk: Client) -> None:
    response = enter(desk, scans=[SimpleUploadedFile("a.exe", b"MZ\0\1")])

    assert "a.exe" in shown(response)


# --- Hours that come twice ---


def test_an_hour_that_comes_twice_is_the_earlier_one_and_that_is_said(
    desk: Client,
) -> None:
    with time_machine.travel(datetime(2026, 10, 26, 9, tzinfo=UTC), tick=False):
        response = desk.post(
            ENTER,
            filled(desk, received_on="2026-10-25", received_time="01:30"),
            follow=True,
        )

    submission = Submission.objects.get()
    assert submission.received_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "01:30 came twice" in shown(response)


@pytest.mark.parametrize(
    ("on", "at", "instant"),
    [
        (date(2026, 10, 25), time(0, 59), datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        (date(2026, 10, 25), time(2, 0), datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        (date(2026, 3, 29), time(0, 59), datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        (date(2026, 3, 29), time(2, 0), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (date(2026, 7, 1), time(0, 30), datetime(2026, 6, 30, 23, 30, tzinfo=UTC)),
    ],
)
def test_the_clock_on_the_wall_is_londons(
    on: date, at: time, instant: datetime
) -> None:
    assert london_moment(on, at) == Moment(instant.astimezone(LONDON))


def test_from_the_list_of_complaints_a_complaint_is_entered(desk: Client) -> None:
    complaint = re.compile(r'value="complaint"[^>]*checked')
    assert complaint.search(text(desk.get(f"{ENTER}?asked=complaint")))
    assert not complaint.search(text(desk.get(f"{ENTER}?asked=nonsense")))
    assert not complaint.search(text(desk.get(ENTER)))


def test_a_day_without_a_time_is_kept_as_its_noon(desk: Client) -> None:
    submission = entered(enter(desk, received_time=""))

    assert submission.received_at == datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_morning_of_today_without_a_time_is_not_in_the_future(desk: Client) -> None:
    with time_machine.travel(datetime(2026, 11, 27, 8, tzinfo=UTC), tick=False):
        submission = entered(enter(desk, received_on="2026-11-27", received_time=""))

    assert submission.received_at == datetime(2026, 11, 27, 8, tzinfo=UTC)


# --- Out of a mail that nobody recognised ---


def waiting(words: str = "Please ring me on Monday.", **headers: str) -> InboundEmail:
    """A mail of three days ago that waits for a person."""
    mail = EmailMessage()
    for name, value in {
        "From": f"Cleo <{CLEO}>",
        "Subject": "Hello",
        **headers,
    }.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(words)
    mail.add_attachment(PDF, "application", "pdf", filename="proof.pdf")
    row = inbound.store(
        mail.as_bytes(), received_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    )
    assert row is not None
    inbound.read_new()
    row.refresh_from_db()
    assert row.state == InboundEmail.State.WAITING
    return row


@pytest.fixture
def reader() -> Client:
    return dana("view_case", "work_case", "view_inboundemail")


def from_mail(client: Client, row: InboundEmail, **changes: Any) -> Any:
    page = client.get(f"{ENTER}?mail={row.pk}")
    (form,) = (f for f in forms(page) if "mail" in f.fields)
    typed = {"asked": ["access"], "late_because": "Nobody saw it.", "words": "As said"}
    return client.post(ENTER, {**form.fields, **typed, **changes})


def test_a_mail_that_waits_becomes_a_case_from_when_it_came(
    reader: Client, smtp: Relay
) -> None:
    row = waiting()
    page = reader.get(f"/console/outbox/inboundemail/{row.pk}/change/")
    assert f"{ENTER}?mail={row.pk}" in text(page)

    submission = entered(from_mail(reader, row))
    acknowledge_new(NOW)

    assert submission.inbound_email_id == row.pk
    assert submission.received_at == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    assert (submission.channel, submission.address) == (Channel.E_MAIL, CLEO)
    row.refresh_from_db()
    assert row.state == InboundEmail.State.CLOSED
    assert submission.cases.get().documents.get().name == "proof.pdf"
    assert len(inbox(smtp, CLEO)) == 1


def test_the_form_shows_what_the_mail_says_and_that_is_on_record(
    reader: Client,
) -> None:
    row = waiting()

    page = text(reader.get(f"{ENTER}?mail={row.pk}"))

    assert "Please ring me on Monday." in page and CLEO in page
    assert len(accesses("read")) == 1


def test_the_same_mail_never_becomes_two(reader: Client) -> None:
    row = waiting()
    first = from_mail(reader, row)

    second = from_mail(reader, row)

    assert first["Location"] == second["Location"]
    assert Submission.objects.count() == 1
    assert CaseDocument.objects.count() == 1


def test_what_a_machine_wrote_is_entered_and_not_answered(
    reader: Client, smtp: Relay
) -> None:
    row = waiting(Auto_Submitted="auto-replied")

    submission = entered(from_mail(reader, row))
    acknowledge_new(NOW)

    assert submission.cases.get().due_on is not None
    assert inbox(smtp, CLEO) == []


@pytest.mark.parametrize("mail", ["999", "x", "9" * 30])
def test_a_mail_that_is_not_there_is_none(reader: Client, mail: str) -> None:
    assert reader.get(f"{ENTER}?mail={mail}").status_code in (200, 404)


def test_only_who_may_read_mail_makes_a_case_of_it(reader: Client) -> None:
    row = waiting()
    desk = console_of(person(OMAR, "view_case", "work_case"))
    assert desk.get(f"{ENTER}?mail={row.pk}").status_code == 403
    assert enter(desk, mail=row.pk, late_because="x" * 20).status_code == 403

    inbound.shut_away(row.pk)
    assert reader.get(f"{ENTER}?mail={row.pk}").status_code == 403
    assert not Submission.objects.exists()


# --- Who may ---


@pytest.mark.parametrize("path", [ENTER, "/console/rights_requests/entered/{}/"])
def test_only_who_works_on_cases_enters_one(path: str) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    client = dana("view_case")

    assert client.get(path.format(case.submission_id)).status_code == 403
    assert client.post(path.format(case.submission_id)).status_code == 403


def test_the_list_leads_to_the_form_for_who_may_use_it(desk: Client) -> None:
    assert ENTER in text(desk.get("/console/rights_requests/case/"))


def test_an_unknown_receipt_is_no_page(desk: Client) -> None:
    nothing = "00000000-0000-4000-8000-000000000000"

    assert desk.get(f"/console/rights_requests/entered/{nothing}/").status_code == 404
