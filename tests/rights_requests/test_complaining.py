"""Complaining on the site: checked before it is sent, received once, on its own clock."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from groundwork import form_tokens, rate_limits
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail
from rights_requests import clock, closing, complaining
from rights_requests.acknowledging import acknowledge_new
from rights_requests.closing import Answer
from rights_requests.forms import ADDRESS_LENGTH, ANSWER_LENGTH, WORDS_LENGTH
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry, Letter, Submission
from rights_requests.moves import State
from tests.beside import Beside
from tests.console.staff import dana
from tests.people import ADA, BEN, CLEO, inbox
from tests.reading import forms
from tests.relay import Relay
from tests.rights_requests.asking import (
    ASK,
    COMPLAIN,
    ask,
    carried,
    check_complaint,
    complain,
    form_token,
    nothing_kept,
    references,
    send,
    sent,
    the_case,
    the_submission,
)
from tests.rights_requests.own_pages import status_path, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

POST = "1 Analytical Row\nLondon"
STAFF = 101
FREE_TEXTS = {
    "words": WORDS_LENGTH,
    "remedy": ANSWER_LENGTH,
    "postal_address": ADDRESS_LENGTH,
}


def the_complaint() -> Case:
    found: Case = Case.objects.get(kind=CaseKind.COMPLAINT)
    return found


def a_request(client: Client, **fields: Any) -> Case:
    """Cleo asks for a copy of her data."""
    (reference,) = references(ask(client, **fields))
    found: Case = Case.objects.get(reference=reference)
    return found


def another(reference: str) -> str:
    """A reference of the same shape that no case has."""
    return reference[:-1] + ("2" if reference[-1] != "2" else "3")


# --- The form ---


def test_the_form_says_what_whoever_complains_has_to_know(client: Client) -> None:
    page = client.get(COMPLAIN)

    text = text_of(page)
    assert page.status_code == 200
    assert "You need not come to us first" in text
    assert "within 30 days that we have it" in text
    assert "at least every 14 days" in text
    assert "It stops no clock" in text
    assert "in any words, by e-mail, phone or post" in text
    assert "Information Commissioner’s Office" in text
    assert "or call 0303 123 1113 or write to Wycliffe House" in text
    assert "sections 167 and 168" in text
    assert "Article 77" not in text
    assert " checked" not in page.content.decode()


@pytest.mark.parametrize("path", ["/your-data/", ASK])
def test_pages_about_your_data_lead_to_the_form(client: Client, path: str) -> None:
    main = client.get(path).content.decode().partition("<main")[2]

    assert f'href="{COMPLAIN}"' in main.partition("</main>")[0]


def test_the_page_of_a_case_leads_to_the_form_with_its_reference(
    client: Client,
) -> None:
    case = a_request(client)
    page = client.get(status_path(case)).content.decode()
    (path,) = re.findall(rf'href="({COMPLAIN}[^"]+)"', page)

    form = client.get(path).content.decode()

    assert f'name="about" id="id_about" value="{case.reference}"' in form


@pytest.mark.parametrize(
    "typed",
    ["R-7K3Q-2XNB", "r-7k3q-2xnb", " R 7K3Q 2XNB ", "r7k3q2xnb", "R–7K3Q–2XNB"],
)
def test_a_reference_is_known_however_it_is_written(client: Client, typed: str) -> None:
    filled_in = client.get(COMPLAIN, {"about": typed}).content.decode()
    assert 'value="R-7K3Q-2XNB"' in filled_in

    page = check_complaint(client, about=typed)
    assert "Reference you gave R-7K3Q-2XNB" in text_of(page)


@pytest.mark.parametrize(
    "typed",
    [
        "R-7K3Q",
        "X-7K3Q-2XNB",
        "R-7K3Q-2XNO",
        "<script>alert(1)</script>",
        "R-7K3Q-2XNB or R-7K3Q-2XNC",
        "R-7K3Q-2XNB " * 1000,
        '"><img src=x>',
    ],
)
def test_what_is_no_reference_is_not_filled_in_and_not_taken(
    client: Client, typed: str
) -> None:
    blank = client.get(COMPLAIN, {"about": typed})
    assert blank.status_code == 200
    assert 'name="about" id="id_about" value=""' in blank.content.decode()
    assert "<script>alert" not in blank.content.decode()

    page = check_complaint(client, about=typed)

    assert page.status_code == 400
    assert "Enter one reference like R-7K3Q-2XNB" in text_of(page)
    assert nothing_kept()


# --- From form to case ---


def test_a_complaint_is_received_and_acknowledged_within_the_minute(
    client: Client, smtp: Relay
) -> None:
    page = complain(client, remedy="Say sorry.", name="Cleo")

    case = the_complaint()
    assert re.fullmatch(r"C-[0-9A-Z]{4}-[0-9A-Z]{4}", case.reference)
    assert references(page) == {case.reference}
    assert (case.submission.words, case.submission.channel) == (
        "You were rude.",
        "form",
    )
    assert case.details == "What would put it right: Say sorry."
    assert case.state == State.IN_PROGRESS
    assert acknowledge_new(timezone.now()) == 1
    assert deliver_due() == 1
    case.refresh_from_db()
    assert case.acknowledged_at is not None
    assert case.acknowledged_at - case.received_at < timedelta(minutes=1)
    (mail,) = inbox(smtp, CLEO)
    said = " ".join(mail.text.split())
    assert case.reference in mail.subject
    assert f"The day we got it: {timezone.localdate():%A %-d %B %Y}" in said
    assert "we will look into it" in said
    assert "What happens next" in said
    assert "You hear from us again by" in said
    assert "Information Commissioner’s Office" in said
    assert "section 165" in said.lower()
    assert "court" in said


def test_the_receipt_says_by_when_and_why_and_where_else_to_turn(
    client: Client,
) -> None:
    with time_machine.travel("2026-11-02 10:00 +0000", tick=False):
        page = complain(client, name="Cleopatra", words="Only I know this.")

    text = text_of(page)
    assert "We have your complaint" in text
    assert "Received on Monday 2 November 2026" in text
    assert "We say by this day that we have it Wednesday 2 December 2026" in text
    assert "Why this date" in text
    assert "within 30 days, of which the day of receipt is not one" in text
    assert "section 164A(3)" in text
    assert "at least every 14 days" in text
    assert "the time for our answer to that runs on" in text
    assert "section 165" in text
    assert "Go to court" in text
    assert "Use our form" not in text
    for private in ("Cleopatra", CLEO, "Only I know this"):
        assert private not in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_once_it_is_acknowledged_the_receipt_names_the_next_word(
    client: Client,
) -> None:
    with time_machine.travel("2026-11-02 10:00 +0000", tick=False):
        path = send(client, check_complaint(client))["Location"]
        acknowledge_new(timezone.now())
        text = text_of(client.get(path))

    assert "You hear from us again by Monday 16 November 2026" in text
    assert "We acknowledged your complaint on Monday 2 November 2026" in text
    assert "By when we had to say that we have it, and why" in text
    assert "Why this date" not in text


def test_the_receipt_is_shown_for_an_hour(client: Client) -> None:
    path = send(client, check_complaint(client))["Location"]

    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        late = client.get(path)

    assert late.status_code == 410
    assert "Your complaint stands, and its time runs" in text_of(late)
    assert references(late) == set()


def test_the_person_reads_it_again_on_their_own_page(
    client: Client, smtp: Relay
) -> None:
    complain(client, words="Your call woke the baby.", remedy="Call in the morning.")
    (mail,) = inbox(smtp, CLEO)

    visit = client.post(mail.path("/your-data/confirm/"))
    text = text_of(client.get(visit["Location"]))

    assert "What you told us Your call woke the baby. What would put it right" in text


def test_the_check_page_shows_everything_and_keeps_nothing(client: Client) -> None:
    page = check_complaint(
        client,
        words="Line one\nLine two",
        remedy="Say sorry.",
        about="r 7k3q 2xnb",
        name="Cleopatra",
        telephone="020 7946 0000",
        postal_address=POST,
    )

    text = text_of(page)
    for part in ("Line one", "Line two", "Say sorry.", "R-7K3Q-2XNB", "Cleopatra"):
        assert part in text
    for part in (CLEO, "020 7946 0000", "1 Analytical Row", "By e-mail", "Your own."):
        assert part in text
    assert nothing_kept()
    assert "no-store" in page["Cache-Control"]

    form = client.post(COMPLAIN, {**carried(page), "step": "change"})
    body = form.content.decode()
    assert "Line one\nLine two</textarea>" in body
    assert 'value="R-7K3Q-2XNB"' in body
    assert "There is a problem" not in body


# --- Who complains, and how the answer goes ---


def other(**more: Any) -> dict[str, Any]:
    """Ben complains for Cleo."""
    return {
        "is_for_other": "on",
        "name": "Ben",
        "email": BEN,
        "their_name": "Cleo",
        "their_email": CLEO,
        "answer_to": "agent",
        **more,
    }


def test_somebody_can_complain_for_somebody_else(client: Client, smtp: Relay) -> None:
    page = complain(client, **other())

    submission = the_submission()
    assert (submission.name, submission.address) == ("Cleo", CLEO)
    assert (submission.agent_name, submission.agent_address) == ("Ben", BEN)
    assert "proof that you may act" in text_of(page)
    assert len(inbox(smtp, BEN)) == 1
    assert inbox(smtp, CLEO) == []


def test_without_an_e_mail_address_the_letters_go_by_post(client: Client) -> None:
    page = complain(client, email="", postal_address=POST)

    assert "We write to you by post to say that we have it" in text_of(page)
    acknowledge_new(timezone.now())
    assert [letter.by for letter in Letter.objects.all()] == ["post"]
    assert the_complaint().acknowledged_at is None, "it was not posted yet"
    assert OutgoingEmail.objects.count() == 0


def test_nobody_has_to_give_a_name_but_a_way_to_reach_them(client: Client) -> None:
    text = text_of(client.get(COMPLAIN))
    assert "You need not give a name" in text
    assert "write to us by post and leave out who you are" in text

    unreachable = check_complaint(client, email="", telephone="020 7946 0000")
    assert unreachable.status_code == 400
    assert nothing_kept()

    complain(client)
    assert the_submission().name == ""


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing said": ({"words": " \n\u200b"}, "Say what went wrong, in your own words"),
    "no way to answer": ({"email": ""}, "or a postal address"),
    "a wrong address": ({"email": "cleo"}, "like name@example.com"),
    "post to nowhere": ({"reply_by": "post"}, "the address that the letter should"),
    "a telephone number that is none": ({"telephone": "later"}, "telephone number"),
    "half a reference": ({"about": "R-7K3Q"}, "Enter one reference like"),
    "an agent without a name": (other(name=""), "Enter your own name"),
    "somebody without a name": (
        other(their_name="", their_email=""),
        "Enter their name or their e-mail",
    ),
    "nobody to answer": (other(answer_to=""), "Choose who gets the answer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_right_is_said_beside_its_field_and_above(
    client: Client, case: str
) -> None:
    fields, words = WRONG[case]

    page = check_complaint(client, **{"remedy": 'Say "sorry"', **fields})

    body = page.content.decode()
    assert page.status_code == 400
    assert "<title>Error: " in body
    assert body.count(words) >= 2, "above, and beside its field"
    assert "Say &quot;sorry&quot;</textarea>" in body, "and nothing typed is lost"
    assert nothing_kept()
    anchors = re.findall(r'<li><a href="#([^"]+)">', body.partition("<h1")[0])
    assert anchors
    for anchor in anchors:
        assert f'id="{anchor}"' in body


@pytest.mark.parametrize("field", FREE_TEXTS)
def test_a_text_may_be_so_long_and_no_longer(client: Client, field: str) -> None:
    limit = FREE_TEXTS[field]

    assert check_complaint(client, **{field: "x" * limit}).status_code == 200
    page = check_complaint(client, **{field: "x" * (limit + 1)})

    assert page.status_code == 400
    assert f"Now there are {limit + 1:,}" in page.content.decode()
    assert "x" * (limit + 1) in page.content.decode(), "and nothing typed is lost"


# --- Which case it is about ---


def test_it_is_linked_to_the_case_of_whoever_writes(
    client: Client, smtp: Relay
) -> None:
    case = a_request(client)
    assert len(inbox(smtp, CLEO)) == 1

    complain(client, about=case.reference.lower())

    complaint = the_complaint()
    assert complaint.about == case
    assert complaint.details == f"Reference given: {case.reference}"
    mail = inbox(smtp, CLEO)[-1]
    said = " ".join(mail.text.split())
    assert f"Your complaint is about {case.reference}" in said
    assert "It does not stop the clock there: the time runs on as before" in said
    assert f"about {case.reference}" in text_of(client.get(status_path(complaint)))


def test_it_can_be_about_another_complaint(client: Client) -> None:
    complain(client, words="You called at night.")
    first = the_complaint()

    complain(client, words="Nobody answered me.", about=first.reference)

    assert [row.words for row in Submission.objects.filter(cases__about=first)] == [
        "Nobody answered me."
    ]


def by_agent(client: Client) -> Case:
    """Ben asks for Cleo, and gets the answer."""
    return a_request(client, **other())


@pytest.mark.parametrize(
    ("who", "is_linked"),
    [
        ({"email": BEN}, True),
        ({"email": CLEO}, True),
        ({"email": ADA}, False),
        (other(), True),
        (other(answer_to="person"), True),
        # Ada knows the reference and both addresses, and would read our letter.
        (other(email=ADA), False),
        (other(their_email=ADA, answer_to="person"), False),
        ({"email": CLEO, "reply_by": "post", "postal_address": POST}, False),
    ],
)
def test_only_a_mailbox_of_the_case_is_told_that_there_is_one(
    client: Client, smtp: Relay, who: dict[str, Any], is_linked: bool
) -> None:
    case = by_agent(client)
    acknowledge_new(timezone.now())

    complain(client, about=case.reference, **who)

    complaint = the_complaint()
    assert (complaint.about == case) is is_linked
    assert case.reference in complaint.details, "staff read it all the same"
    acknowledge_new(timezone.now())
    letter = Letter.objects.get(case=complaint)
    assert (case.reference in str(letter.blocks)) is is_linked


@pytest.mark.parametrize("of", ["somebody else", "nobody"])
def test_nobody_learns_from_the_pages_whether_a_reference_is_right(
    client: Client, of: str
) -> None:
    case = a_request(client)
    wrong = case.reference if of == "somebody else" else another(case.reference)
    mine = {"about": case.reference, "email": CLEO}
    theirs = {"about": wrong, "email": BEN if of == "somebody else" else CLEO}

    seen = [observe(client, fields) for fields in (mine, theirs)]

    assert seen[0] == seen[1]
    assert Case.objects.filter(about=case).count() == 1


def observe(client: Client, fields: dict[str, str]) -> tuple[Any, ...]:
    """What checking and sending shows, and the statements that it takes."""
    page = check_complaint(client, **fields)
    checked = text_of(page).replace(fields["about"], "R").replace(fields["email"], "E")
    clock.forget_holidays()  # a process remembers them for a minute
    with CaptureQueriesContext(connection) as queries:
        answer = send(client, page)
    work = [query["sql"].split(None, 1)[0] for query in queries.captured_queries]
    receipt = re.sub(r"C-\w{4}-\w{4}", "C", text_of(client.get(answer["Location"])))
    return checked, answer.status_code, work, receipt


def test_a_complaint_neither_stops_nor_closes_the_request(
    client: Client, smtp: Relay
) -> None:
    with time_machine.travel("2026-11-02 10:00 +0000", tick=False):
        case = a_request(client)
        inbox(smtp, CLEO)
    before = Case.objects.filter(pk=case.pk).values().get()
    entries = CaseLogEntry.objects.filter(case_id=case.pk).count()

    # A month later we have not answered, and she complains of that.
    with time_machine.travel("2026-12-03 10:00 +0000", tick=False):
        complain(client, about=case.reference, words="You are late.")
        inbox(smtp, CLEO)
        complaint = the_complaint()
        closing.fulfil(
            complaint.pk,
            Answer(outcome="We were late, and we are sorry."),
            staff_id=STAFF,
            now=timezone.now(),
        )
        page = text_of(client.get(status_path(case)))

    assert Case.objects.filter(pk=case.pk).values().get() == before
    assert CaseLogEntry.objects.filter(case_id=case.pk).count() == entries
    assert "We are late" in page
    assert "Wednesday 2 December 2026" in page


# --- Words that complain in a request ---

ANGRY = "I am very unhappy with how you have handled my data."
QUESTION = "Treat it as a complaint, too?"


def staff_page(console: Client, case: Case) -> str:
    path = f"/console/rights_requests/case/{case.pk}/change/"
    return text_of(console.get(path))


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("access", {"words": f"Please send me all. {ANGRY}"}),
        ("rectification", {"wrong": f"My name. {ANGRY}"}),
        ("objection-marketing", {"words": ANGRY}),
        # The form is about their data; nobody has to say so again.
        ("access", {"words": "I am unhappy with how long this took."}),
        ("erasure", {"words": "I wish to complain."}),
    ],
)
def test_staff_are_asked_whether_it_is_a_complaint_as_well(
    client: Client, kind: str, fields: dict[str, str]
) -> None:
    case = a_request(client, asked=[kind], **fields)
    console = dana("view_case", "work_case")
    assert QUESTION in staff_page(console, case)

    add = f"/console/rights_requests/case/{case.pk}/add-case/"
    assert add in console.get(add.replace("add-case", "change")).content.decode()
    (form,) = (f for f in forms(console.get(add)) if "seen" in f.fields)
    console.post(add, {**form.fields, "kind": "complaint", "step": "send"})

    assert the_complaint().submission == case.submission
    assert QUESTION not in staff_page(console, case)


@pytest.mark.parametrize(
    "words",
    ["", "Please send me everything. Thank you.", "Only the e-mails of 2025, please."],
)
def test_nobody_is_asked_about_words_that_complain_of_nothing(
    client: Client, words: str
) -> None:
    case = a_request(client, words=words)

    assert QUESTION not in staff_page(dana("view_case"), case)


# --- Its clock ---

# Received, and by when it must be acknowledged: rolled over weekends and holidays.
DAYS = [
    ("2026-06-19", date(2026, 7, 20)),
    ("2026-11-22", date(2026, 12, 22)),
    ("2026-11-25", date(2026, 12, 29)),
    ("2026-11-26", date(2026, 12, 29)),
    ("2026-11-27", date(2026, 12, 29)),
    ("2026-12-02", date(2027, 1, 4)),
    ("2027-01-29", date(2027, 3, 1)),
    ("2027-02-24", date(2027, 3, 30)),
]


@pytest.mark.parametrize(("received", "due_on"), DAYS)
def test_it_must_be_acknowledged_thirty_days_after_its_day(
    client: Client, received: str, due_on: date
) -> None:
    with time_machine.travel(f"{received} 12:00 +0000", tick=False):
        page = complain(client)

    case = the_complaint()
    assert (case.due_on, case.governs_on) == (due_on, due_on)
    assert f"{due_on:%A} {due_on.day} {due_on:%B %Y}" in text_of(page)
    assert "before_commencement" not in case.flags


@pytest.mark.parametrize("channel", ["telephone", "post", "social media"])
@pytest.mark.parametrize(("received", "due_on"), DAYS[1:4])
def test_what_staff_enter_later_counts_from_the_day_it_came(
    channel: str, received: str, due_on: date
) -> None:
    path = "/console/rights_requests/enter/"
    with time_machine.travel("2026-12-08 12:00 +0000", tick=False):
        console = dana("view_case", "work_case")
        (form,) = (f for f in forms(console.get(path)) if "number" in f.fields)
        entered = console.post(
            path,
            {
                "number": form.fields["number"][0],
                "channel": channel,
                "received_on": received,
                "late_because": "It lay with sales.",
                "asked": ["complaint"],
                "words": "You were rude.",
                "email": CLEO,
                "reply_by": "e-mail",
            },
        )

    assert entered.status_code == 302
    assert the_complaint().due_on == due_on


def test_one_from_before_the_law_is_handled_and_marked(client: Client) -> None:
    with time_machine.travel("2026-06-18 22:59:59 +0000", tick=False):
        complain(client)

    case = the_complaint()
    assert case.state == State.IN_PROGRESS
    assert "before_commencement" in case.flags
    page = dana("view_case").get(f"/console/rights_requests/case/{case.pk}/change/")
    assert "older than section 164A" in text_of(page)


def test_word_is_due_fourteen_days_after_the_last(client: Client, smtp: Relay) -> None:
    with time_machine.travel("2026-11-02 10:00 +0000", tick=False):
        complain(client)
        inbox(smtp, CLEO)
    case = the_complaint()
    assert case.governs_on == date(2026, 11, 16), "not the thirty days any more"
    assert not case.is_overdue(date(2026, 11, 16))
    assert case.is_overdue(date(2026, 11, 17))

    with time_machine.travel("2026-11-16 10:00 +0000", tick=False):
        complaining.report_progress(
            case.pk,
            "We have asked the colleague who called you.",
            next_step="We compare that with the recording.",
            staff_id=STAFF,
            now=timezone.now(),
        )
        mail = inbox(smtp, CLEO)[-1]

    case.refresh_from_db()
    assert case.governs_on == date(2026, 11, 30)
    assert "We have asked the colleague who called you." in mail.text
    assert "30 November 2026" in mail.text


def test_it_is_closed_with_its_outcome_and_not_without(
    client: Client, smtp: Relay
) -> None:
    complain(client)
    inbox(smtp, CLEO)
    case = the_complaint()

    for nothing in ("", " \n"):
        with pytest.raises(NotAllowed, match="closed with its outcome"):
            answer = Answer(outcome=nothing)
            closing.fulfil(case.pk, answer, staff_id=STAFF, now=timezone.now())
    case.refresh_from_db()
    assert case.is_open

    answer = Answer(outcome="The call should not have been made.")
    closing.fulfil(case.pk, answer, staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert case.state == State.FULFILLED
    said = " ".join(inbox(smtp, CLEO)[-1].text.split())
    assert "The call should not have been made." in said
    assert "section 165" in said.lower()


def test_complaints_of_a_period_are_counted_to_the_second_in_london(
    client: Client,
) -> None:
    seconds = [
        datetime(2026, 6, 18, 22, 59, 59, tzinfo=UTC),
        datetime(2026, 6, 18, 23, 0, 0, tzinfo=UTC),
        datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC),
        datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC),
    ]
    for moment in seconds:
        with time_machine.travel(moment, tick=False):
            complain(client, words=f"At {moment}")
            ask(client)

    found = complaining.counts(date(2026, 6, 19), date(2026, 11, 22))

    assert found.total.received == 2
    assert [one.received for _, one in found.months] == [1, 0, 0, 0, 0, 1]


# --- Sending once ---


def test_pressing_send_twice_gives_the_same_case_and_the_same_receipt(
    client: Client, smtp: Relay
) -> None:
    page = check_complaint(client)

    first, second = send(client, page), send(client, page)

    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1
    assert len(inbox(smtp, CLEO)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_do_what_one_does(client: Client) -> None:
    page = check_complaint(client)

    with transaction.atomic():
        first = send(client, page)
        beside = Beside(lambda: send(Client(), page))
        assert beside.waits_for_us()
    second = beside.result()

    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1
    assert CaseLogEntry.objects.filter(event="receive").count() == 1


def test_the_same_words_in_another_form_are_another_complaint(client: Client) -> None:
    complain(client)
    complain(client)

    assert Submission.objects.count() == 2


# --- Floods, robots, other sites, forged tokens ---


def test_beyond_so_many_an_hour_complaints_are_held_and_never_lost(
    client: Client,
) -> None:
    for _ in range(20):
        assert rate_limits.asking_allowed("127.0.0.0/24", "")

    page = complain(client)

    case = the_complaint()
    assert case.submission.held_because == "flood"
    assert references(page) == {case.reference}
    assert case.due_on is not None, "its time runs"
    acknowledge_new(timezone.now())
    assert OutgoingEmail.objects.count() == 0


def test_what_fills_the_trap_is_held_for_a_person_to_look_at(client: Client) -> None:
    page = complain(client, website="https://example.com")

    assert the_submission().held_because == "trap"
    assert references(page) == {the_case().reference}


TOKENS: dict[str, Callable[[], str]] = {
    "nonsense": lambda: "x",
    "forged": lambda: form_tokens.issue("complain", {"number": "n"})[:-1] + "-",
    "of the form for requests": lambda: form_tokens.issue("ask", {"number": "n"}),
    "the check page's": lambda: form_tokens.issue("complain-check", {"number": "n"}),
    "with NUL": lambda: form_tokens.issue("complain", {"number": "n"}) + "\x00",
}


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_that_is_not_ours_shows_the_filled_form_again(
    client: Client, kind: str
) -> None:
    page = check_complaint(client, token=TOKENS[kind](), words="My words")

    assert page.status_code == 400
    assert "Look through it and press “Check my complaint” once more" in (
        page.content.decode()
    )
    assert "My words</textarea>" in page.content.decode()
    assert nothing_kept()


@pytest.mark.parametrize("name", ["complain", "ask-check"])
def test_sending_without_having_checked_keeps_nothing(
    client: Client, name: str
) -> None:
    fields = {"words": "My words", "email": CLEO, "step": "send"}

    page = client.post(
        COMPLAIN, {**fields, "shown": form_tokens.issue(name, {"number": "n"})}
    )

    assert page.status_code == 400
    assert "My words</textarea>" in page.content.decode()
    assert nothing_kept()


def test_who_is_faster_than_a_person_sees_the_filled_form_again(
    client: Client, settings: Settings
) -> None:
    settings.MINIMUM_FILL_SECONDS = 60

    page = check_complaint(client, words="My words")

    assert "Press “Check my complaint” once more" in text_of(page)
    assert "My words</textarea>" in page.content.decode()
    assert nothing_kept()


@pytest.mark.parametrize("step", ["check", "send", "change"])
@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}],
    ids=["fetch metadata", "origin"],
)
def test_another_site_cannot_complain_in_a_visitors_name(
    client: Client, step: str, headers: dict[str, str]
) -> None:
    page = check_complaint(client)

    answer = client.post(COMPLAIN, {**carried(page), "step": step}, headers=headers)

    assert answer.status_code == 403
    assert nothing_kept()


def test_no_step_sets_a_cookie(client: Client) -> None:
    form = client.get(COMPLAIN)
    page = check_complaint(client)
    answer = send(client, page)

    for response in (form, page, answer, client.get(answer["Location"])):
        assert not response.cookies


# --- What is typed ---

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{7*7}}"""


@pytest.mark.parametrize("field", [*FREE_TEXTS, "name", "their_name"])
def test_markup_stays_text_in_every_field(client: Client, field: str) -> None:
    page = check_complaint(client, **other(**{field: HOSTILE}))
    form = client.post(COMPLAIN, {**carried(page), "step": "change"})

    for answer in (page, form):
        body = answer.content.decode()
        assert answer.status_code == 200
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert ">49<" not in body
        assert "&lt;script&gt;alert(1)" in body
    receipt = sent(client, page)
    assert "<script>alert" not in receipt.content.decode()


@pytest.mark.parametrize("field", [*FREE_TEXTS, "name"])
@pytest.mark.parametrize("number", ["4111 1111 1111 1111", "AB 12 34 56 C"])
def test_a_number_that_nobody_needs_is_masked_before_it_is_shown_or_kept(
    client: Client, field: str, number: str
) -> None:
    page = check_complaint(client, **{field: f"My number is {number}."})

    assert number not in page.content.decode()
    assert "We took out a card number or a National Insurance number" in text_of(page)
    sent(client, page)
    kept = f"{vars(the_submission())} {the_complaint().details}"
    assert number not in kept
    assert "ending" in kept


@pytest.mark.parametrize("field", ["words", "remedy"])
def test_signs_of_a_private_matter_are_pointed_out_and_shut_away(
    client: Client, field: str
) -> None:
    said = "I have been diagnosed with breast cancer."
    page = check_complaint(client, **{field: said})
    assert "you can leave it out" in text_of(page)

    sent(client, page)

    assert the_submission().signs == ["health"]
    assert the_submission().shut_away_at is not None


def test_a_body_that_is_far_too_long_is_refused(client: Client) -> None:
    token = form_token(client, COMPLAIN)
    data = {"shown": token, "step": "check", "words": "x" * 1_000_000}

    assert client.post(COMPLAIN, data).status_code in (400, 413)
    assert nothing_kept()
