"""The whole story of a reader, through the public pages and the mails that come."""

import re

import pytest
from django.test import Client

from consent.ledger import standing_purposes
from processing_register.notices import sign_up_wording
from subscribers.models import Subscriber
from tests.people import (
    ADA,
    CASE_UPDATES,
    OWN_NEWS,
    become_reader,
    inbox,
    post_sign_up,
    sign_up,
    stands,
    subscriber_of,
)
from tests.relay import Relay

pytestmark = pytest.mark.django_db


def test_signing_up_brings_one_confirmation_mail(client: Client, smtp: Relay) -> None:
    answer = post_sign_up(client, "Ada@Example.com")

    assert answer.status_code == 302
    assert answer["Location"] == "/check-your-mail/"
    (mail,) = inbox(smtp, ADA)
    assert mail.subject == "Confirm that you want the Microsoft case updates"
    assert mail.path("/confirm/") in mail.text
    assert mail.path("/confirm/") in mail.html
    assert stands() == set()


def test_the_confirmation_link_shows_a_button_and_changes_nothing(
    client: Client, smtp: Relay
) -> None:
    path = sign_up(client, smtp, ADA).path("/confirm/")

    for _ in range(3):
        page = client.get(path)
        assert page.status_code == 200
        assert b"Confirm my e-mail" in page.content
        assert ADA.encode() not in page.content

    assert subscriber_of(ADA).status == Subscriber.Status.PENDING
    assert stands() == set()
    assert len(inbox(smtp, ADA)) == 1


def test_pressing_the_button_twice_confirms_once(client: Client, smtp: Relay) -> None:
    path = sign_up(client, smtp, ADA).path("/confirm/")

    for _ in range(2):
        answer = client.post(path)
        assert (answer.status_code, answer["Location"]) == (302, "/confirmed/")

    assert client.get("/confirmed/").status_code == 200
    assert stands() == {CASE_UPDATES}
    assert len(inbox(smtp, ADA)) == 2  # the confirmation and one welcome


def test_the_welcome_mail_is_a_receipt_of_the_exact_words(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp, purposes=(CASE_UPDATES, OWN_NEWS))

    wording = sign_up_wording()
    entries = standing_purposes(subscriber_of(ADA).data_subject_id)
    plain = " ".join(welcome.text.split())
    for purpose in (CASE_UPDATES, OWN_NEWS):
        assert wording.purpose(purpose).text in plain
        assert wording.purpose(purpose).text in welcome.html
    assert f"/{entries[CASE_UPDATES].pk}" in welcome.text
    assert "privacy notice, version 2" in plain.lower()
    assert "sign-up wording, version 1" in plain.lower()


def test_the_welcome_mail_has_both_headers_to_leave(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)

    (header,) = welcome.raw_header("List-Unsubscribe")
    assert re.fullmatch(
        r"<http://localhost:8000/u/[\w-]{22}/>,\s+<mailto:[^>]+\?subject=unsubscribe>",
        header,
    )
    assert welcome.raw_header("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert welcome.one_click_path() in welcome.text
    assert welcome.one_click_path() in welcome.html


def test_details_count_once_the_mailbox_has_confirmed(
    client: Client, smtp: Relay
) -> None:
    mail = sign_up(client, smtp, ADA, first_name="Ada", employer="Analytical Ltd")
    assert subscriber_of(ADA).first_name == ""

    client.post(mail.path("/confirm/"))

    ada = subscriber_of(ADA)
    assert (ada.first_name, ada.employer) == ("Ada", "Analytical Ltd")


def test_purposes_are_taken_one_by_one(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, purposes=(OWN_NEWS,))

    assert stands() == {OWN_NEWS}
