"""Showing that a mailbox is one's own, and everything that shows nothing."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import redis
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from outbox.models import OutgoingEmail
from rights_requests import casebook, closing, identity, links, visiting
from rights_requests.identity import Outcome
from rights_requests.kinds import CaseKind
from rights_requests.links import Use
from rights_requests.models import (
    Case,
    CaseLink,
    CaseLogEntry,
    Event,
    Letter,
    MailedCode,
    Submission,
)
from rights_requests.receiving import Agent, receive
from tests.people import ADA, CLEO, inbox
from tests.reading import posting_form
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.own_pages import (
    A_GUESS,
    ask_code,
    challenge_of,
    code_in,
    code_path,
    confirm_path,
    enter_code,
    events,
    open_visit,
    status_path,
    text_of,
    token_of,
    wrong,
)

pytestmark = pytest.mark.django_db
MALLORY = "mallory@example.com"
THREE = (CaseKind.ACCESS, CaseKind.ERASURE, CaseKind.RECTIFICATION)


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Holidays count, letters name the controller."""


def confirmed_at(case: Case) -> Any:
    return Submission.objects.get(pk=case.submission_id).mailbox_confirmed_at


def minutes_later(minutes: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


def everything_about(case: Case) -> list[list[Any]]:
    """Every row of this case, to see that none has changed."""
    return [
        list(Case.objects.filter(pk=case.pk).values()),
        list(Submission.objects.filter(pk=case.submission_id).values()),
        list(CaseLogEntry.objects.filter(case_id=case.pk).order_by("id").values()),
        list(Letter.objects.filter(case=case).order_by("id").values()),
        list(CaseLink.objects.filter(case=case).order_by("id").values()),
    ]


# --- The link in the first letter ---


def test_the_button_of_the_first_letter_shows_the_mailbox_and_opens_the_case(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    path = inbox(smtp, CLEO)[-1].path("/your-data/confirm/")

    page = client.get(path)
    assert page.status_code == 200
    assert posting_form(page).action == ""
    assert confirmed_at(case) is None
    answer = client.post(path)

    assert answer.status_code == 302
    assert confirmed_at(case) is not None
    assert client.get(answer["Location"]).status_code == 200
    assert events(case)[-1] == Event.MAILBOX_CONFIRMED


def test_pressing_it_again_opens_the_case_again_and_records_it_once(
    client: Client,
) -> None:
    case = lives.new_case()
    first = open_visit(client, case)
    when = confirmed_at(case)

    with minutes_later(60 * 24 * 40):
        second = open_visit(client, case)
        assert client.get(second).status_code == 200

    assert first != second
    assert confirmed_at(case) == when
    assert events(case).count(Event.MAILBOX_CONFIRMED) == 1


def test_one_button_shows_the_mailbox_for_all_that_was_asked_at_once(
    client: Client,
) -> None:
    now = timezone.now()
    cases = receive(lives.sent(*THREE), now=now).cases

    open_visit(client, cases[1])

    for case in cases:
        assert Event.MAILBOX_CONFIRMED in events(case)


def test_a_revoked_first_letter_opens_nothing_and_shows_nothing(client: Client) -> None:
    case = lives.new_case()
    path = confirm_path(case)
    CaseLink.objects.filter(case=case, use=Use.CONFIRM).update(
        revoked_at=timezone.now()
    )

    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404

    assert confirmed_at(case) is None
    assert not CaseLink.objects.filter(use=Use.VISIT).exists()


# --- What an unverified request cannot do ---


def test_the_first_letter_opens_the_case_until_three_months_after_it_is_closed(
    client: Client, smtp: Relay
) -> None:
    now = timezone.now()
    sent = lives.sent(CaseKind.ACCESS, CaseKind.ERASURE)
    access, erasure = receive(sent, now=now).cases
    path, code_page = confirm_path(access), code_path(access)
    now = timezone.now()
    closing.withdraw(access.pk, now=now)
    with time_machine.travel(now + timedelta(days=400)):
        assert client.get(path).status_code == 200, "the other one is still open"
        closing.withdraw(erasure.pk, now=timezone.now())

    with time_machine.travel(now + timedelta(days=489)):
        assert client.get(path).status_code == 200
        assert client.post(path).status_code == 302
    with time_machine.travel(now + timedelta(days=491)):
        page, posted = client.get(path), client.post(path)
        assert (page.status_code, posted.status_code) == (410, 410)
        assert "The time of this link is over" in text_of(page)
        assert posting_form(page).action == code_page
        assert client.post(code_page).status_code == 200


def test_a_first_letter_that_was_revoked_is_not_said_to_be_over(client: Client) -> None:
    case = lives.new_case()
    path = confirm_path(case)
    closing.withdraw(case.pk, now=timezone.now())
    visiting.revoke_links(case.pk, staff_id=1, now=timezone.now())

    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert client.get(path).status_code == 404


def test_who_types_a_strangers_address_reaches_only_the_stranger(
    client: Client, smtp: Relay
) -> None:
    """The form takes any address: what comes of it goes to that mailbox alone."""
    mine = lives.new_case(address=ADA)
    open_visit(client, mine)
    before = everything_about(mine)

    theirs = lives.new_case(address=ADA)

    assert everything_about(mine) == before
    assert Case.objects.count() == 2
    assert confirmed_at(theirs) is None
    assert len(inbox(smtp, ADA)) == 2
    assert {tuple(message.recipients) for message in smtp.received} == {(ADA,)}


def test_confirming_one_request_confirms_no_other_of_the_same_address(
    client: Client,
) -> None:
    verified, other = lives.new_case(), lives.new_case()
    before = everything_about(other)

    open_visit(client, verified)

    assert everything_about(other) == before
    assert confirmed_at(other) is None


def test_an_unverified_request_takes_nothing_from_a_verified_one(
    client: Client, smtp: Relay
) -> None:
    """Whatever is asked, tried and guessed about the second, the first stays as it is."""
    verified = lives.new_case()
    visit = open_visit(client, verified)
    before = everything_about(verified)
    second = lives.new_case(CaseKind.ERASURE)

    challenge = ask_code(client, second)
    for _ in range(6):
        enter_code(client, second, challenge, wrong(code_in(smtp, CLEO)))
    enter_code(client, verified, challenge, code_in(smtp, CLEO))
    other = open_visit(client, second)
    client.post(other, {"act": "message", "words": "Close everything of mine."})
    client.post(f"{other}end/")

    assert everything_about(verified) == before
    assert client.get(visit).status_code == 200
    assert "Close everything" not in text_of(client.get(visit))


def test_an_agents_visit_opens_the_agents_case_alone(
    client: Client, smtp: Relay
) -> None:
    """Whoever says that they write for Ada gets their own correspondence, no more."""
    hers = lives.new_case(address=ADA, words="My own words.")
    agent = Agent(name="Mallory", address=MALLORY)
    claimed = lives.new_case(address=ADA, agent=agent)
    before = everything_about(hers)

    challenge = ask_code(client, claimed)
    answer = enter_code(client, claimed, challenge, code_in(smtp, MALLORY))
    visit = answer["Location"]
    page = client.get(visit)
    tried = client.post(visit, {"act": "other", "reference": hers.reference})

    assert claimed.reference in text_of(page)
    assert hers.reference not in page.content.decode()
    assert "My own words" not in page.content.decode()
    assert tried.status_code == 400
    assert everything_about(hers) == before
    assert len(inbox(smtp, ADA)) == 1


# --- The code ---


def test_a_mailed_code_opens_the_case_once(client: Client, smtp: Relay) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)

    answer = enter_code(client, case, challenge, code)
    again = enter_code(client, case, challenge, code)

    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 200
    assert again.status_code == 410
    assert "has done its work" in text_of(again)
    assert CaseLink.objects.filter(case=case, use=Use.VISIT).count() == 1
    assert events(case)[-3:] == [
        Event.CODE_SENT,
        Event.MAILBOX_CONFIRMED,
        Event.CODE_ACCEPTED,
    ]


def test_the_mail_holds_the_code_and_how_to_keep_it(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case(name="Cleopatra", words="About Rosetta.")
    ask_code(client, case)

    mail = inbox(smtp, CLEO)[-1]

    assert mail.subject == "Your code"
    for part in (mail.text, mail.html):
        words = " ".join(part.split())
        assert "10 minutes" in words
        assert "Nobody here ever asks you for the code or the link" in words
        assert "If you did not ask for it, do nothing" in words
        for other in ("Cleopatra", "Rosetta", case.reference, token_of(case)):
            assert other not in part
    assert len(re.findall(r"(?<!\d)\d{6}(?!\d)", mail.text)) == 1
    assert OutgoingEmail.objects.latest("created_at").message_class == "rights"


def test_the_code_page_can_be_pasted_into_and_fills_itself(client: Client) -> None:
    page = client.post(code_path(lives.new_case())).content.decode()

    field = re.search(r'<input[^>]*name="code"[^>]*>', page)
    assert field is not None
    assert 'autocomplete="one-time-code"' in field[0]
    assert 'inputmode="numeric"' in field[0]
    assert "maxlength" not in field[0] and "readonly" not in field[0]


@pytest.mark.parametrize("spelling", ["{0} {1}", " {0}{1} ", "{0}-{1}", "{0}\t{1}\r\n"])
def test_a_code_is_taken_however_it_was_copied(
    client: Client, smtp: Relay, spelling: str
) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)

    typed = spelling.format(code[:3], code[3:])

    assert enter_code(client, case, challenge, typed).status_code == 302


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "9" * 5000, "\x00" * 6]
)
def test_what_cannot_be_a_code_costs_no_try(client: Client, typed: str) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)

    page = enter_code(client, case, challenge, typed)

    assert page.status_code == 400
    assert "There is a problem" in text_of(page)
    assert challenge_of(page) == challenge
    assert MailedCode.objects.get().tries_count == 0


def test_a_wrong_code_says_how_often_one_can_still_try(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)

    pages = [enter_code(client, case, challenge, wrong(code)) for _ in range(5)]

    assert [page.status_code for page in pages] == [400, 400, 400, 400, 410]
    assert "you can try 4 more times" in text_of(pages[0])
    assert "you can try once more" in text_of(pages[3])
    assert "has been tried 5 times" in text_of(pages[4])
    assert "Send another code" in text_of(pages[4])
    late = enter_code(client, case, challenge, code)
    assert late.status_code == 410
    assert not CaseLink.objects.filter(use=Use.VISIT).exists()
    assert confirmed_at(case) is None


def test_the_fifth_try_may_still_be_the_right_one(client: Client, smtp: Relay) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)
    for _ in range(4):
        enter_code(client, case, challenge, wrong(code))

    assert enter_code(client, case, challenge, code).status_code == 302


def test_a_code_lives_ten_minutes(client: Client, smtp: Relay) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)

    with minutes_later(10.1):
        page = enter_code(client, case, challenge, code)
        assert page.status_code == 410
        assert "too old" in text_of(page)
        assert posting_form(page).action == code_path(case)
    with minutes_later(9):
        assert enter_code(client, case, challenge, code).status_code == 302


def test_nobody_uses_up_the_tries_of_somebody_else(client: Client, smtp: Relay) -> None:
    """Whoever got the status link by forwarding can ask for codes too; the person's own
    still opens."""
    case = lives.new_case()
    own = ask_code(client, case)
    code = code_in(smtp, CLEO)
    theirs = ask_code(Client(), case)

    for _ in range(7):
        enter_code(Client(), case, theirs, wrong(code))

    assert enter_code(client, case, own, code).status_code == 302


def test_a_code_opens_only_under_the_challenge_that_it_was_mailed_for(
    client: Client, smtp: Relay
) -> None:
    case, other = lives.new_case(), lives.new_case(address=ADA)
    own = ask_code(client, case)
    theirs = ask_code(client, other)
    code = code_in(smtp, CLEO)

    answers = [
        enter_code(client, other, own, code),
        enter_code(client, other, theirs, code if code != code_in(smtp, ADA) else ""),
        enter_code(client, case, theirs, code),
        enter_code(client, case, "x" * 22, code),
        enter_code(client, case, own * 200, code),
    ]

    assert all(answer.status_code in (400, 410) for answer in answers)
    assert not CaseLink.objects.filter(use=Use.VISIT).exists()


def test_neither_code_nor_challenge_stands_in_the_database_or_the_address(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)
    visit = enter_code(client, case, challenge, code)["Location"]

    assert challenge not in visit and code not in visit
    with connection.cursor() as cursor:
        for table in ("mailedcode", "caselink", "caselogentry"):
            cursor.execute(f"SELECT t::text FROM rights_requests_{table} AS t")
            for (row,) in cursor.fetchall():
                assert challenge not in row
                assert not re.search(rf"(?<![\da-f]){code}(?![\da-f])", row)


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_counted_one_by_one(smtp: Relay) -> None:
    case = lives.new_case()
    challenge = identity.ask_code(case.pk, now=timezone.now())
    guess = wrong(code_in(smtp, CLEO))
    together = threading.Barrier(12)
    outcomes: list[Outcome] = []

    def try_it() -> None:
        together.wait()
        tried = identity.try_code(case.pk, challenge, guess, now=timezone.now())
        outcomes.append(tried.outcome)
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 12
    assert MailedCode.objects.get().tries_count == identity.TRIES
    assert outcomes.count(Outcome.WRONG) <= identity.TRIES - 1
    assert Outcome.OPENED not in outcomes


@pytest.mark.django_db(transaction=True)
def test_the_right_code_at_the_same_moment_opens_one_visit(smtp: Relay) -> None:
    case = lives.new_case()
    challenge = identity.ask_code(case.pk, now=timezone.now())
    code = code_in(smtp, CLEO)
    together = threading.Barrier(4)
    outcomes: list[Outcome] = []

    def try_it() -> None:
        together.wait()
        tried = identity.try_code(case.pk, challenge, code, now=timezone.now())
        outcomes.append(tried.outcome)
        connection.close()

    threads = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [Outcome.OPENED, *[Outcome.USED] * 3]
    assert CaseLink.objects.filter(use=Use.VISIT).count() == 1
    assert events(case).count(Event.CODE_ACCEPTED) == 1


# --- The neutral page ---


def test_the_page_is_the_same_without_an_address_to_mail_to(
    client: Client, smtp: Relay
) -> None:
    with_mail = lives.new_case()
    by_post = lives.new_case(
        address="", postal_address="1 Example Street", reply_by="post"
    )
    before = len(smtp.received)

    pages = [client.post(code_path(case)) for case in (with_mail, by_post)]

    said = [
        text_of(page).replace(case.reference, "…").replace(token_of(case), "…")
        for page, case in zip(pages, (with_mail, by_post), strict=True)
    ]
    assert said[0] == said[1]
    assert "If you gave us no e-mail address, phone or write to us" in said[0]
    assert [page.status_code for page in pages] == [200, 200]
    inbox(smtp, CLEO)
    assert all(message.recipients == [CLEO] for message in smtp.received[before:])
    withheld = OutgoingEmail.objects.get(state="withheld")
    assert (withheld.to_address, withheld.context) == ("", {})
    assert Event.CODE_SENT not in events(by_post)
    challenge = challenge_of(pages[1])
    assert enter_code(client, by_post, challenge, A_GUESS).status_code == 400


# --- Limits ---


def test_one_network_gets_five_codes_an_hour_for_a_case(
    client: Client, smtp: Relay
) -> None:
    case, other = lives.new_case(), lives.new_case(address=ADA)

    pages = [client.post(code_path(case)) for _ in range(6)]

    assert [page.status_code for page in pages] == [200] * 5 + [429]
    assert MailedCode.objects.filter(case=case).count() == 5
    said = text_of(pages[5])
    assert re.search(r"Try again after \d\d:00", said)
    assert "link in our first letter opens your request without a code" in said
    assert 0 < int(pages[5]["Retry-After"]) <= 3600
    assert client.post(code_path(other)).status_code == 200
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert elsewhere.post(code_path(case)).status_code == 200


def test_when_codes_run_out_the_first_letter_still_opens_the_case(
    client: Client,
) -> None:
    case = lives.new_case()
    for n in range(25):
        Client(REMOTE_ADDR=f"198.51.{n}.7").post(code_path(case))

    assert MailedCode.objects.count() == identity.CODES_PER_CASE_AND_HOUR
    assert client.post(code_path(case)).status_code == 429
    assert client.get(open_visit(client, case)).status_code == 200


@pytest.mark.parametrize("networks", [1, 4])
def test_nobody_who_has_the_mailbox_is_locked_out_by_another_one_with_the_link(
    client: Client, smtp: Relay, networks: int
) -> None:
    case = lives.new_case()
    inbox(smtp, CLEO)
    visiting.replace_links(case.pk, now=timezone.now())
    for n in range(networks):
        for _ in range(6):
            Client(REMOTE_ADDR=f"127.0.{n}.7").post(code_path(case))

    page = client.post(code_path(case))
    way_in = inbox(smtp, CLEO)[-1].path("/your-data/confirm/")

    assert page.status_code == 429
    assert "Our newest e-mail with a code holds such a link too" in text_of(page)
    assert "first letter" not in text_of(page)
    with minutes_later(59):
        assert client.get(client.post(way_in)["Location"]).status_code == 200
    with minutes_later(61):
        assert client.post(code_path(case)).status_code == 200
        assert client.post(way_in).status_code == 410


def test_new_links_stop_the_way_in_of_an_earlier_mail_with_a_code(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    client.post(code_path(case))
    way_in = inbox(smtp, CLEO)[-1].path("/your-data/confirm/")

    visiting.replace_links(case.pk, now=timezone.now())

    assert client.post(way_in).status_code == 404


def test_codes_that_were_mailed_keep_working_beyond_the_limit(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)
    for n in range(25):
        Client(REMOTE_ADDR=f"198.51.{n}.7").post(code_path(case))

    assert enter_code(client, case, challenge, code).status_code == 302


def test_the_limit_of_a_case_stands_while_redis_is_away(
    client: Client, settings: Settings
) -> None:
    """Otherwise an outage would let guesses through without end."""
    settings.REDIS_URL = "redis://127.0.0.1:1"
    case = lives.new_case()

    pages = [client.post(code_path(case)) for _ in range(22)]

    assert [page.status_code for page in pages] == [200] * 20 + [429] * 2


def test_an_hour_later_codes_are_mailed_again(
    client: Client, redis_client: redis.Redis
) -> None:
    case = lives.new_case()
    for _ in range(identity.CODES_PER_CASE_AND_HOUR):
        identity.ask_code(case.pk, now=timezone.now())
    now = timezone.now()
    with pytest.raises(identity.TooManyCodes) as refused:
        identity.ask_code(case.pk, now=now)

    assert timedelta(minutes=59) < refused.value.again_at - now <= timedelta(hours=1)
    identity.ask_code(case.pk, now=refused.value.again_at + timedelta(seconds=1))


# --- Other sites, other methods ---


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
    ],
)
def test_another_site_can_neither_confirm_nor_ask_nor_try(
    client: Client, smtp: Relay, headers: dict[str, str]
) -> None:
    case = lives.new_case()
    challenge = ask_code(client, case)
    code = code_in(smtp, CLEO)
    before = everything_about(case)

    answers = [
        client.post(confirm_path(case), headers=headers),
        client.post(code_path(case), headers=headers),
        client.post(
            code_path(case), {"challenge": challenge, "code": code}, headers=headers
        ),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert everything_about(case) == before
    assert MailedCode.objects.get().tries_count == 0


def test_a_renewed_link_leaves_the_codes_of_the_old_one_without_a_page(
    client: Client, smtp: Relay
) -> None:
    case = lives.new_case()
    old = code_path(case)
    challenge = ask_code(client, case)
    links.renew_status(casebook.locked(case.pk), now=timezone.now())

    answer = client.post(old, {"challenge": challenge, "code": code_in(smtp, CLEO)})

    assert answer.status_code == 404
    assert client.get(status_path(case)).status_code == 200
