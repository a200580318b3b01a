"""Asking on the site: every kind of request, checked before it is sent, received once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from groundwork import addresses, form_tokens, rate_limits
from outbox.models import OutgoingEmail, SuppressedAddress
from rights_requests import address_slips, casebook, clock, closing
from rights_requests.acknowledging import acknowledge_new
from rights_requests.forms import ADDRESS_LENGTH, ANSWER_LENGTH, WORDS_LENGTH
from rights_requests.kinds import FACTS, GROUNDS, CaseKind
from rights_requests.models import Case, CaseLogEntry, Letter, Submission
from rights_requests.moves import State
from tests.beside import Beside
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, become_reader, inbox, sign_up
from tests.people import stands as stands_for
from tests.reading import posting_form
from tests.relay import Relay
from tests.rights_requests.asking import (
    ASK,
    ASKED,
    ask,
    carried,
    check,
    form_token,
    nothing_kept,
    references,
    send,
    the_case,
    the_submission,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

POST = "1 Analytical Row\nLondon"
CARD = "4111 1111 1111 1111"
INSURANCE = "AB 12 34 56 C"
ASKABLE = [kind for kind in CaseKind if kind is not CaseKind.COMPLAINT]
FREE_TEXTS = {
    "access_part": ("access", ANSWER_LENGTH),
    "wrong": ("rectification", ANSWER_LENGTH),
    "right": ("rectification", ANSWER_LENGTH),
    "objection_why": ("objection", ANSWER_LENGTH),
    "postal_address": ("access", ADDRESS_LENGTH),
    "words": ("access", WORDS_LENGTH),
}
LINES = ("name", "their_name")


def shown(page: Any) -> str:
    """What the page says, without its tags."""
    body = page.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


# --- The form ---


def test_nothing_is_ticked_for_anybody(client: Client) -> None:
    body = client.get(ASK).content.decode()

    for kind in ASKABLE:
        assert FACTS[kind].asked in body
    assert " checked" not in body


def test_the_form_says_what_the_law_wants_said_at_once(client: Client) -> None:
    text = shown(client.get(ASK))

    assert "Ask in any words" in text
    # A ground need not be known, and what may stand in the way is told.
    for kind, grounds in GROUNDS.items():
        for label in grounds.labels:
            assert label in text, kind
    assert text.count("None of these, or I am not sure") == len(GROUNDS)
    assert "tax law" in text
    assert "legal claim" in text
    assert "no old list can bring you our e-mails again" in text
    # A no to marketing is at once and asks nobody who they are.
    assert "never ask who you are for it" in text
    for title in ("Case updates", "News of our products and services"):
        assert text.count(title) >= 2


def test_the_page_about_your_data_leads_to_the_form(client: Client) -> None:
    page = client.get("/your-data/").content.decode()

    assert f'href="{ASK}"' in page
    assert "in any words by e-mail, phone or post" in page


# --- Each kind, from form to case ---


def minimal(kind: CaseKind) -> dict[str, Any]:
    """The least that has to be filled in beside the box."""
    return {"wrong": "My name"} if kind is CaseKind.RECTIFICATION else {}


@pytest.mark.parametrize("kind", ASKABLE)
def test_each_kind_opens_a_case_and_shows_its_receipt(
    client: Client, smtp: Relay, kind: CaseKind
) -> None:
    page = ask(client, kind.value, **minimal(kind))

    case = the_case()
    assert (case.kind, case.submission.channel) == (kind, "form")
    assert page.status_code == 200
    assert references(page) == {case.reference}
    assert FACTS[kind].asked in page.content.decode()
    assert "Received on" in shown(page)
    (mail,) = inbox(smtp, CLEO)
    assert case.reference in f"{mail.subject} {mail.text}"


def test_several_at_once_are_cases_of_one_submission(
    client: Client, smtp: Relay
) -> None:
    page = ask(client, "access", "erasure", "retention-schedule")

    cases = list(the_submission().cases.all())
    assert {case.kind for case in cases} == {"access", "erasure", "retention-schedule"}
    assert references(page) == {case.reference for case in cases}


def test_everything_that_was_filled_in_reaches_the_cases(client: Client) -> None:
    ask(
        client,
        "access",
        "rectification",
        "erasure",
        "restriction",
        "objection",
        access_part="Your e-mails to me",
        wrong="My name is spelt Adda",
        right="Ada",
        erasure_grounds=["consent-withdrawn", "unlawful"],
        restriction_grounds=["accuracy"],
        objection_uses=["training-and-monitoring"],
        objection_why="I am on the phone all day",
        wants_recipients="on",
        name="Cleo",
        postal_address=POST,
        telephone="020 7946 0000",
        reply_by="post",
        words="Thank you.",
    )

    submission = the_submission()
    cases = {case.kind: case for case in submission.cases.all()}
    assert cases["access"].details == "Which part: Your e-mails to me"
    assert cases["rectification"].details == (
        "Wrong or missing: My name is spelt Adda\n\nIt should say: Ada"
    )
    assert cases["erasure"].grounds == ["consent-withdrawn", "unlawful"]
    assert cases["restriction"].grounds == ["accuracy"]
    assert cases["objection"].details == (
        "Which use: Training and checking the quality of calls\n\n"
        "Why it should stop: I am on the phone all day"
    )
    assert (submission.name, submission.address) == ("Cleo", CLEO)
    assert (submission.postal_address, submission.telephone) == (POST, "020 7946 0000")
    assert (submission.reply_by, submission.wants_recipients) == ("post", True)
    assert submission.words == "Thank you."
    assert submission.dated_on == timezone.localdate(submission.received_at)


def test_what_was_filled_in_beside_an_unticked_box_is_not_part_of_it(
    client: Client,
) -> None:
    page = check(
        client,
        "access",
        wrong="A slip",
        erasure_grounds=["unlawful"],
        wants_recipients="on",
    )
    assert "A slip" not in shown(page)
    assert "You want the list" not in shown(page)

    send(client, page)

    case = the_case()
    assert (case.kind, case.details, case.grounds) == ("access", "", [])
    assert not case.submission.wants_recipients


@pytest.mark.parametrize("grounds", [[], ["unsure"], ["unsure", "child"]])
def test_nobody_has_to_know_a_ground(client: Client, grounds: list[str]) -> None:
    page = check(client, "erasure", erasure_grounds=grounds)
    if "child" not in grounds:
        assert "you need none to ask" in shown(page)

    send(client, page)

    assert the_case().grounds == [ground for ground in grounds if ground == "child"]


@pytest.mark.parametrize(
    ("uses", "words", "address"),
    [
        (
            ["orders"],
            "How we weighed it: collecting debts",
            "/privacy/interests/orders/versions/1/",
        ),
        (
            ["orders", "analytics"],
            "Knowing how the site is used",
            "/privacy/interests/",
        ),
        ([], "Training and checking the quality", "/privacy/interests/"),
    ],
)
def test_an_assessment_can_be_asked_for_by_its_use(
    client: Client, smtp: Relay, uses: list[str], words: str, address: str
) -> None:
    ask(client, "interests-assessment", assessment_uses=uses)

    (mail,) = inbox(smtp, CLEO)
    said = " ".join(mail.text.split())
    assert words in said
    assert ("Training and checking" in said) == (not uses)
    assert any(url.partition("?")[0].endswith(address) for url in mail.urls())


# --- Who asks, and how the answer goes ---


def test_without_an_e_mail_address_the_answer_goes_by_post(
    client: Client, smtp: Relay
) -> None:
    page = ask(client, email="", postal_address=POST, name="Cleo")

    submission = the_submission()
    assert submission.data_subject.address_digest is None
    assert submission.reply_by == "post"
    acknowledge_new(timezone.now())
    assert [letter.by for letter in Letter.objects.all()] == ["post"]
    assert OutgoingEmail.objects.count() == 0
    assert "We write to you by post" in shown(page)
    assert "Nothing comes within a week? Write to" in shown(page)
    assert "junk folder" not in shown(page)


def other(**more: Any) -> dict[str, Any]:
    """Ben asks for Cleo."""
    return {
        "is_for_other": "on",
        "name": "Ben",
        "email": BEN,
        "their_name": "Cleo",
        "their_email": CLEO,
        "answer_to": "agent",
        **more,
    }


def test_somebody_can_ask_for_somebody_else_and_get_the_answer(
    client: Client, smtp: Relay
) -> None:
    page = ask(client, **other())

    submission = the_submission()
    assert submission.is_by_agent
    assert (submission.name, submission.address) == ("Cleo", CLEO)
    assert (submission.agent_name, submission.agent_address) == ("Ben", BEN)
    assert submission.answer_to == "agent"
    assert "proof that you may act" in shown(page)
    assert "all the proof we need" not in shown(page)
    [letter] = inbox(smtp, BEN)
    said = " ".join(letter.text.split())
    assert said.startswith("You, or somebody for you, turned to us about your data.")
    assert "send us proof that you may act for Cleo" in said
    assert inbox(smtp, CLEO) == []


def test_the_answer_can_go_to_the_person_alone(client: Client, smtp: Relay) -> None:
    page = ask(client, **other(answer_to="person"))

    assert the_submission().answer_to == "person"
    assert "We write to the person whose data it is, by e-mail" in shown(page)
    assert "proof that you may act" in shown(page)
    assert "We write to you" not in shown(page)
    assert inbox(smtp, BEN) == []
    [letter] = inbox(smtp, CLEO)
    assert "Ben asked us for this on your behalf." in " ".join(letter.text.split())


def test_what_is_typed_about_another_counts_only_if_one_asks_for_another(
    client: Client,
) -> None:
    ask(client, their_name="Ben", their_email=BEN, answer_to="person")

    submission = the_submission()
    assert (submission.is_by_agent, submission.address) == (False, CLEO)


# --- What has to be put right ---

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing ticked": ({"asked": []}, "Tick what you want us to do"),
    "a kind that is not offered": ({"asked": ["complaint"]}, "Tick one of the things"),
    "a kind that is none": ({"asked": ["everything"]}, "Tick one of the things"),
    "no way to answer": ({"email": ""}, "or a postal address"),
    "a wrong address": ({"email": "cleo"}, "like name@example.com"),
    "post to nowhere": ({"reply_by": "post"}, "the address that the letter should"),
    "another way to answer": ({"reply_by": "pigeon"}, "Choose e-mail or post"),
    "a correction of nothing": ({"asked": ["rectification"]}, "Say what is wrong"),
    "a telephone number that is none": ({"telephone": "later"}, "telephone number"),
    "a ground that is none": (
        {"asked": ["erasure"], "erasure_grounds": ["because"]},
        "Choose from the reasons listed",
    ),
    "a use that we never told of": (
        {"asked": ["objection"], "objection_uses": ["case-updates"]},
        "Choose from the uses listed",
    ),
    "an agent without a name": (other(name=""), "Enter your own name"),
    "somebody without a name": (
        other(their_name="", their_email=""),
        "Enter their name or their e-mail",
    ),
    "nobody to answer": (other(answer_to=""), "Choose who gets the answer"),
    "a person whom no answer reaches": (
        other(answer_to="person", their_email=""),
        "Enter their e-mail address, or choose",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_right_is_said_beside_its_field_and_above(
    client: Client, case: str
) -> None:
    fields, words = WRONG[case]
    fields = {"asked": ["access"], "email": CLEO, **fields}

    page = client.post(ASK, {"shown": form_token(client), "step": "check", **fields})

    body = page.content.decode()
    assert page.status_code == 400
    assert "<title>Error: " in body
    assert "There is a problem" in body
    assert body.count(words) >= 2, "above, and beside its field"
    assert nothing_kept()
    anchors = re.findall(r'<li><a href="#([^"]+)">', body.partition("<h1")[0])
    assert anchors
    for anchor in anchors:
        assert f'id="{anchor}"' in body


def test_what_was_typed_stays_with_an_error(client: Client) -> None:
    page = check(
        client,
        "access",
        "erasure",
        email="cleo",
        name='Cleo "C"',
        erasure_grounds=["child"],
        words="Line one\nLine two",
        reply_by="post",
    )

    body = page.content.decode()
    assert page.status_code == 400
    assert 'value="cleo"' in body
    assert "Cleo &quot;C&quot;" in body
    assert "Line one\nLine two</textarea>" in body
    ticked = re.findall(r'value="([^"]+)"[^>]* checked', body)
    assert ticked == ["access", "erasure", "child", "post"]


def test_a_slip_in_the_domain_is_pointed_out_and_let_through(client: Client) -> None:
    page = check(client, email="cleo@gmial.com")

    assert "Did you mean cleo@gmail.com" in shown(page)
    assert send(client, page).status_code == 302
    assert the_submission().address == "cleo@gmial.com"


@pytest.mark.parametrize(
    ("domain", "wanted"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("hotmail.co.ik", "hotmail.co.uk"),
        ("btinternt.com", "btinternet.com"),
        ("gmail.com", ""),
        ("ymail.com", ""),
        ("mail.com", ""),
        ("example.com", ""),
        ("gamli.com", ""),
        ("gmail.com.example.com", ""),
    ],
)
def test_one_slip_of_the_finger_is_noticed_and_no_more(
    domain: str, wanted: str
) -> None:
    meant = f"cleo@{wanted}" if wanted else ""
    assert address_slips.meant(f"cleo@{domain}") == meant


# --- Looking through it ---


def test_the_check_page_shows_everything_and_keeps_nothing(client: Client) -> None:
    page = check(
        client,
        "rectification",
        "objection-marketing",
        wrong="The name",
        right="Cleo",
        name="Cleopatra",
        postal_address=POST,
        telephone="020 7946 0000",
        words="In my own words",
    )

    text = shown(page)
    for part in ("The name", "Cleopatra", CLEO, "1 Analytical Row", "In my own words"):
        assert part in text
    assert "020 7946 0000" in text
    assert "By e-mail" in text
    # What ends with it stands where the button is (policy: at the time).
    assert "You will no longer get" in text
    assert "News from other companies" in text
    assert text.count("Change ") == 4
    assert nothing_kept()
    assert "no-store" in page["Cache-Control"]


def test_change_leads_back_to_the_filled_form(client: Client) -> None:
    page = check(client, "erasure", erasure_grounds=["child"], words="My words")
    assert 'formaction="/your-data/ask/#reach"' in page.content.decode()

    form = client.post(ASK, {**carried(page), "step": "change"})

    body = form.content.decode()
    assert form.status_code == 200
    assert "There is a problem" not in body
    assert "My words</textarea>" in body
    assert re.findall(r'value="([^"]+)"[^>]* checked', body) == ["erasure", "child"]
    assert nothing_kept()


# --- Numbers and matters that nobody needs ---


@pytest.mark.parametrize("field", [*FREE_TEXTS, "name"])
@pytest.mark.parametrize("number", [CARD, INSURANCE])
def test_a_number_that_nobody_needs_is_masked_before_it_is_shown_or_kept(
    client: Client, field: str, number: str
) -> None:
    kind, _ = FREE_TEXTS.get(field, ("access", 0))
    typed = f"My number is {number}."
    fields = {"wrong": "My name", "postal_address": POST, field: typed}

    page = check(client, kind, **fields)

    body = page.content.decode()
    assert number not in body
    assert number[-4:] in body or number[-1] in body
    assert "We took out a card number or a National Insurance number" in body
    send(client, page)
    submission = the_submission()
    kept = f"{vars(submission)} {the_case().details}"
    assert number not in kept
    assert "ending" in kept


def test_an_ordinary_number_is_left_alone(client: Client) -> None:
    page = check(client, words="My order 4111-22 of 2024-11-02, call 020 7946 0000.")

    assert "We took out" not in page.content.decode()


def test_signs_of_a_private_matter_are_pointed_out_and_marked(client: Client) -> None:
    page = check(client, words="I have been diagnosed with breast cancer.")
    assert "you can leave it out" in shown(page)

    send(client, page)

    assert the_submission().signs == ["health"]


def test_an_ordinary_text_has_no_sign(client: Client) -> None:
    page = check(client, words="Please send me everything.")
    assert "you can leave it out" not in shown(page)

    send(client, page)

    assert the_submission().signs == []


# --- Hostile and odd text ---

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{7*7}}"""


@pytest.mark.parametrize("field", [*FREE_TEXTS, *LINES])
def test_markup_stays_text_in_every_field(client: Client, field: str) -> None:
    kinds = {kind for kind, _ in FREE_TEXTS.values()}
    fields = {**other(), "wrong": "My name", field: HOSTILE}

    page = check(client, *sorted(kinds), **fields)
    form = client.post(ASK, {**carried(page), "step": "change"})

    for answer in (page, form):
        body = answer.content.decode()
        assert answer.status_code == 200
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert ">49<" not in body
        assert "&lt;script&gt;alert(1)" in body
    assert send(client, page).status_code == 302


ODD = {
    "NUL": "be\x00fore",
    "a bell": "be\x07fore",
    "an escape": "be\x1bfore",
    "right-to-left override": "be\u202efore",
    "zero width": "be\u200bfore",
    "a byte-order mark": "be\ufefffore",
}


@pytest.mark.parametrize("field", FREE_TEXTS)
@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_signs_that_nobody_sees_are_left_out_of_a_text(
    client: Client, field: str, text: str
) -> None:
    kind, _ = FREE_TEXTS[field]
    fields = {"wrong": "My name", "postal_address": POST, field: text}

    page = check(client, kind, **fields)

    assert "before" in shown(page)
    assert send(client, page).status_code == 302


@pytest.mark.parametrize("field", LINES)
@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_signs_that_nobody_sees_are_refused_in_a_line(
    client: Client, field: str, text: str
) -> None:
    page = check(client, **other(**{field: text}))

    assert page.status_code == 400
    assert b"Take out line breaks and invisible characters" in page.content
    assert nothing_kept()


def test_half_a_character_is_no_reason_to_fail(client: Client) -> None:
    token = form_token(client)
    body = f"shown={token}&step=check&asked=access&email={CLEO}&words=a%ED%A0%80b%ffc"

    page = client.post(ASK, body, content_type="application/x-www-form-urlencoded")

    assert page.status_code in (200, 400)
    assert nothing_kept()


def test_line_ends_of_every_browser_count_once(client: Client) -> None:
    text = "\r\n".join(["x" * 99] * (WORDS_LENGTH // 100))

    page = check(client, words=text)

    assert page.status_code == 200
    send(client, page)
    assert the_submission().words == text.replace("\r\n", "\n")


@pytest.mark.parametrize("field", FREE_TEXTS)
def test_a_text_may_be_so_long_and_no_longer(client: Client, field: str) -> None:
    kind, limit = FREE_TEXTS[field]
    base = {"wrong": "My name", "postal_address": POST}

    assert check(client, kind, **{**base, field: "x" * limit}).status_code == 200
    page = check(client, kind, **{**base, field: "x" * (limit + 1)})

    assert page.status_code == 400
    assert f"Now there are {limit + 1:,}" in page.content.decode()
    assert "x" * (limit + 1) in page.content.decode(), "and nothing typed is lost"


def test_a_body_that_is_far_too_long_is_refused(client: Client) -> None:
    data = {"shown": form_token(client), "step": "check", "words": "x" * 1_000_000}

    answer = client.post(ASK, data)

    assert answer.status_code == 413
    assert "shorten what you wrote" in answer.content.decode()
    assert client.post(ASK, {f"f{n}": "x" for n in range(1000)}).status_code == 400
    assert nothing_kept()


# --- Sending once ---


def test_pressing_send_twice_gives_the_same_cases_and_the_same_receipt(
    client: Client, smtp: Relay
) -> None:
    page = check(client, "access", "erasure")

    first, second = send(client, page), send(client, page)

    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 2
    assert len(inbox(smtp, CLEO)) == 1


def test_going_back_and_checking_again_sends_no_second_time(client: Client) -> None:
    token = form_token(client)
    first = send(client, check(client, token=token, words="The same"))

    again = send(client, check(client, token=token, words="The same"))

    assert first["Location"] == again["Location"]
    assert Submission.objects.count() == 1


def test_going_back_and_writing_something_else_is_another_request(
    client: Client,
) -> None:
    token = form_token(client)
    first = send(client, check(client, token=token, words="One thing"))

    other_one = send(client, check(client, token=token, words="Another thing"))

    assert first["Location"] != other_one["Location"]
    assert {row.words for row in Submission.objects.all()} == {
        "One thing",
        "Another thing",
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fields", [{}, {"email": "", "postal_address": POST}])
def test_two_presses_at_the_same_moment_do_what_one_does(
    client: Client, fields: dict[str, str]
) -> None:
    page = check(client, **fields)

    with transaction.atomic():
        first = send(client, page)
        beside = Beside(lambda: send(Client(), page))
        assert beside.waits_for_us()
    second = beside.result()

    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1
    assert CaseLogEntry.objects.filter(event="receive").count() == 1


# --- The receipt ---


def test_the_receipt_says_by_when_and_why_and_where_to_turn(client: Client) -> None:
    with time_machine.travel("2026-11-02 10:00 +0000", tick=False):
        page = ask(client)

    text = shown(page)
    assert "Wednesday 2 December 2026" in text
    assert "Received on Monday 2 November 2026" in text
    assert "Why this date" in text
    assert "One month ends on the same date of the month" in text
    assert "What happens next" in text
    assert "section 164A" in text
    assert "section 165" in text
    assert "Information Commissioner’s Office" in text
    assert "Go to court" in text


def test_the_receipt_names_nobody_and_is_kept_by_nobody(client: Client) -> None:
    page = ask(client, name="Cleopatra", postal_address=POST, words="My own words")

    body = page.content.decode()
    for private in ("Cleopatra", CLEO, "Analytical", "My own words"):
        assert private not in body
    assert '<meta name="robots" content="noindex">' in body
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "no-referrer"
    assert not page.cookies


def test_the_receipt_is_shown_for_an_hour(client: Client) -> None:
    page = check(client)
    path = send(client, page)["Location"]

    with time_machine.travel(timezone.now() + timedelta(minutes=59)):
        assert client.get(path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        late = client.get(path)

    assert late.status_code == 410
    assert "Your request stands" in shown(late)
    assert references(late) == set()


@pytest.mark.parametrize("token", ["a" * 22, "_" * 22])
def test_an_unknown_receipt_explains_itself(client: Client, token: str) -> None:
    page = client.get(f"{ASKED}{token}/")

    assert page.status_code == 404
    assert "We do not know this receipt" in shown(page)


def test_the_receipt_does_not_call_done_what_was_taken_back(client: Client) -> None:
    path = send(client, check(client))["Location"]
    closing.withdraw(the_case().pk, now=timezone.now())

    text = shown(client.get(path))

    assert "It took effect" not in text
    assert "Closed on" in text


def test_looking_at_a_receipt_changes_nothing(client: Client) -> None:
    path = send(client, check(client))["Location"]

    with CaptureQueriesContext(connection) as queries:
        client.get(path)

    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)
    assert client.post(path).status_code == 405


# --- At once ---


def test_a_no_to_marketing_works_before_anybody_confirms_anything(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    assert stands_for(ADA) == {CASE_UPDATES}

    page = ask(client, "objection-marketing", email=ADA)

    assert stands_for(ADA) == set()
    assert the_case().state == State.FULFILLED
    text = shown(page)
    assert "It took effect when you sent the form" in text
    assert "News of our products and services" in text
    assert "There is nothing left for you to do" in text


def test_without_an_address_a_no_is_carried_out_by_hand_and_says_so(
    client: Client,
) -> None:
    page = check(client, "objection-marketing", email="", postal_address=POST)
    assert "one of us does this by hand, at once" in shown(page)
    assert "the moment you press" not in shown(page)

    receipt = client.get(send(client, page)["Location"])

    assert the_case().state == State.IN_PROGRESS
    assert "We do this at once" in shown(receipt)
    assert "It took effect" not in shown(receipt)
    steps = casebook.clocks_of(the_case(), now=timezone.now()).steps
    assert "at once" in steps[-1].sentence
    assert not [step for step in steps if "two months" in step.sentence]


def test_the_receipt_of_a_no_tells_nobody_whether_there_was_a_yes(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)

    for_reader = ask(client, "withdrawal", email=ADA)
    for_stranger = ask(client, "withdrawal", email=CLEO)

    assert without_reference(for_reader) == without_reference(for_stranger)


def without_reference(page: Any) -> str:
    return re.sub(r"\b[RC]-[0-9A-Z]{4}-[0-9A-Z]{4}\b", "R", shown(page))


# --- Nobody learns whom we know ---


def nobody(client: Client, smtp: Relay) -> None:
    """An address never seen."""


def pending(client: Client, smtp: Relay) -> None:
    sign_up(client, smtp, CLEO)


def reader(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, CLEO)


def asked_before(client: Client, smtp: Relay) -> None:
    ask(client, words="Earlier")


def suppressed(client: Client, smtp: Relay) -> None:
    digest = addresses.digest(CLEO)
    SuppressedAddress.objects.create(
        address_digest=digest, purpose="", reason=SuppressedAddress.Reason.OBJECTED
    )


def statements(queries: CaptureQueriesContext) -> list[str]:
    """The kind of each statement and the table it is about, in order."""
    kinds = []
    for query in queries.captured_queries:
        words = query["sql"].replace('"', "").split()
        after = {"INSERT": "INTO", "UPDATE": "UPDATE"}.get(words[0], "FROM")
        about = words[words.index(after) + 1] if after in words else ""
        kinds.append(f"{words[0]} {about}".strip())
    return kinds


def observe(
    client: Client,
    smtp: Relay,
    standing: Callable[[Client, Relay], None],
    asked: Callable[[Client], Any],
) -> tuple[Any, list[str]]:
    """What sending a request in Cleo's name shows, and the statements it takes."""
    standing(client, smtp)
    page = asked(client)
    clock.forget_holidays()  # a process remembers them for a minute
    with CaptureQueriesContext(connection) as queries:
        answer = send(client, page)
    work = statements(queries)
    headers = {name: value for name, value in answer.items() if name != "Location"}
    receipt = without_reference(client.get(answer["Location"]))
    seen = (answer.status_code, headers, answer.content, dict(answer.cookies), receipt)
    return seen, work


def by_the_clock(client: Client) -> Any:
    return check(client, "access", "erasure", "restriction")


def no_to_marketing(client: Client) -> Any:
    return check(client, "objection-marketing")


def consent_taken_back(client: Client) -> Any:
    return check(client, "withdrawal")


def no_to_profiling(client: Client) -> Any:
    return check(client, "objection-profiling")


def everything_stopped_by_another(client: Client) -> Any:
    """By somebody who says that they act for Cleo, and who is to get the answer."""
    return check(client, "objection-marketing", "withdrawal", **other(their_email=CLEO))


@pytest.mark.parametrize(
    "asked",
    [
        by_the_clock,
        no_to_marketing,
        consent_taken_back,
        no_to_profiling,
        everything_stopped_by_another,
    ],
)
@pytest.mark.parametrize("standing", [pending, reader, asked_before, suppressed])
def test_every_standing_of_an_address_gets_the_same_answer_by_the_same_work(
    client: Client,
    smtp: Relay,
    standing: Callable[[Client, Relay], None],
    asked: Callable[[Client], Any],
) -> None:
    with transaction.atomic():
        for_somebody = observe(client, smtp, standing, asked)
        transaction.set_rollback(True)
    with transaction.atomic():
        for_nobody = observe(client, smtp, nobody, asked)
        transaction.set_rollback(True)

    assert for_somebody[0] == for_nobody[0]
    assert for_somebody[1] == for_nobody[1]
    assert for_somebody[0][0] == 302
    if asked is by_the_clock:
        assert sum(work.startswith("WITH ") for work in for_nobody[1]) == 1


def test_no_mail_leaves_before_the_answer(client: Client, smtp: Relay) -> None:
    ask(client)

    assert smtp.connections == 0
    assert OutgoingEmail.objects.count() == 0
    assert len(inbox(smtp, CLEO)) == 1


# --- Floods ---


def test_beyond_so_many_an_hour_requests_are_held_and_never_lost(
    client: Client, smtp: Relay
) -> None:
    for _ in range(20):
        assert rate_limits.asking_allowed("127.0.0.0/24", "")

    page = ask(client)

    submission = the_submission()
    assert submission.held_because == "flood"
    assert references(page) == {the_case().reference}
    assert the_case().due_on is not None
    assert OutgoingEmail.objects.count() == 0


def test_a_mailbox_gets_five_answers_a_day_and_the_rest_is_held(
    client: Client, smtp: Relay
) -> None:
    for number in range(7):
        # Other hours, so that only the count of a day is left.
        with time_machine.travel(timezone.now() + timedelta(hours=number)):
            ask(client, words=f"Number {number}")

    assert Case.objects.count() == 7
    assert Submission.objects.filter(held_because="flood").count() == 2
    acknowledge_new(timezone.now() + timedelta(hours=7))
    assert OutgoingEmail.objects.count() == 5


def flood_in_the_name_of_cleo(client: Client, smtp: Relay) -> str:
    """Somebody types her address six times; the visit that she opens by what came."""
    for number in range(6):
        ask(Client(REMOTE_ADDR=f"198.51.{number}.7"), words=f"Number {number}")
    assert len(inbox(smtp, CLEO)) == 5
    button = inbox(smtp, CLEO)[0].path("/your-data/confirm/")
    return str(client.post(button)["Location"])


def ask_from(client: Client, visit: str, **fields: str) -> Any:
    """Press “Ask us for something else”, fill the form, send it."""
    page = client.post(visit, {"act": "ask"})
    form = posting_form(page)
    assert form.action == ASK
    filled = {"asked": "access", "words": "Only for me.", **form.fields, **fields}
    checked = client.post(ASK, {**filled, "step": "check"})
    return send(client, checked)


def test_whoever_has_the_mailbox_is_not_held_for_what_others_sent_in_that_name(
    client: Client, smtp: Relay
) -> None:
    visit = flood_in_the_name_of_cleo(client, smtp)
    assert Submission.objects.filter(held_because="flood").count() == 1

    assert ask_from(client, visit).status_code == 302

    mine = Submission.objects.latest("recorded_at")
    assert (mine.address, mine.held_because) == (CLEO, "")
    assert mine.mailbox_confirmed_at is None, (
        "each request is confirmed by its own link"
    )
    assert len(inbox(smtp, CLEO)) == 6


def test_a_visit_lifts_the_limit_of_no_other_mailbox(
    client: Client, smtp: Relay
) -> None:
    visit = flood_in_the_name_of_cleo(client, smtp)
    for number in range(5):
        ask(Client(REMOTE_ADDR=f"203.0.{number}.7"), email=BEN, words=f"{number}")

    ask_from(client, visit, email=BEN)

    assert Submission.objects.latest("recorded_at").held_because == "flood"


def test_an_agents_mailbox_cannot_be_flooded_by_changing_whom_they_act_for(
    client: Client, smtp: Relay
) -> None:
    for number in range(7):
        ask(client, **other(their_email=f"person{number}@example.com"))

    assert Submission.objects.filter(held_because="flood").count() == 2
    assert len(inbox(smtp, BEN)) == 5


@pytest.mark.parametrize("kind", ["objection-marketing", "retention-schedule"])
def test_what_is_held_takes_effect_and_writes_to_nobody(
    client: Client, smtp: Relay, kind: str
) -> None:
    become_reader(client, smtp, ADA)
    before = OutgoingEmail.objects.count()
    for _ in range(20):
        rate_limits.asking_allowed("127.0.0.0/24", "")

    ask(client, kind, email=ADA)

    assert OutgoingEmail.objects.count() == before
    assert the_case().state == State.IN_PROGRESS
    is_no = kind == "objection-marketing"
    assert stands_for(ADA) == (set() if is_no else {CASE_UPDATES})


# --- Robots, other sites, forged and old tokens ---


def test_what_fills_the_trap_is_held_for_a_person_to_look_at(
    client: Client, smtp: Relay
) -> None:
    page = ask(client, website="https://example.com")

    assert the_submission().held_because == "trap"
    assert references(page) == {the_case().reference}
    assert OutgoingEmail.objects.count() == 0


def test_who_is_faster_than_a_person_sees_the_filled_form_again(
    client: Client, settings: Settings
) -> None:
    settings.MINIMUM_FILL_SECONDS = 60

    page = check(client, words="My words")

    body = page.content.decode()
    assert page.status_code == 200
    assert "<title>Error: " in body
    assert "faster than most people type" in body
    assert "My words</textarea>" in body
    assert nothing_kept()


TOKENS: dict[str, Callable[[], str]] = {
    "nonsense": lambda: "x",
    "forged": lambda: form_tokens.issue("ask", {"number": "n"})[:-1] + "-",
    "another form's": lambda: form_tokens.issue("sign-up", {"number": "n"}),
    "the check page's": lambda: form_tokens.issue("ask-check", {"number": "n"}),
    "very long": lambda: "a:" * 50_000,
    "with NUL": lambda: form_tokens.issue("ask", {"number": "n"}) + "\x00",
}


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_that_is_not_ours_shows_the_filled_form_again(
    client: Client, kind: str
) -> None:
    page = check(client, token=TOKENS[kind](), words="My words")

    assert page.status_code == 400
    assert "This page was open too long" in shown(page)
    assert "My words</textarea>" in page.content.decode()
    assert nothing_kept()


@pytest.mark.parametrize("token", ["", "x"])
def test_sending_without_having_checked_keeps_nothing(
    client: Client, token: str
) -> None:
    shown_there = token or form_token(client)

    page = client.post(
        ASK, {"shown": shown_there, "step": "send", "asked": "access", "email": CLEO}
    )

    assert page.status_code == 400
    assert "This page was open too long" in shown(page)
    assert nothing_kept()


def test_a_check_page_that_was_open_for_two_days_is_not_lost(client: Client) -> None:
    page = check(client, words="My words")

    with time_machine.travel(timezone.now() + timedelta(days=2)):
        late = send(client, page)
        assert late.status_code == 400
        assert "My words</textarea>" in late.content.decode()
        assert nothing_kept()
        again = ask(client, words="My words")

    assert again.status_code == 200


def test_what_was_altered_after_checking_is_checked_again(client: Client) -> None:
    page = check(client)

    altered = send(client, page, email="nobody", words="x" * 10_001)

    assert altered.status_code == 400
    assert nothing_kept()


@pytest.mark.parametrize("step", ["check", "send", "change"])
@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}],
    ids=["fetch metadata", "origin"],
)
def test_another_site_cannot_ask_in_a_visitors_name(
    client: Client, step: str, headers: dict[str, str]
) -> None:
    page = check(client)

    answer = client.post(ASK, {**carried(page), "step": step}, headers=headers)

    assert answer.status_code == 403
    assert nothing_kept()


def test_no_step_sets_a_cookie(client: Client) -> None:
    form = client.get(ASK)
    page = check(client)
    answer = send(client, page)

    for response in (form, page, answer, client.get(answer["Location"])):
        assert not response.cookies
