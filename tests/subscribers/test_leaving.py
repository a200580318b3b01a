"""Five doors out, one verb behind them, and the way back."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.models import Action, ConsentEntry
from outbox import inbound
from outbox.models import (
    InboundEmail,
    MessageClass,
    OutgoingEmail,
    State,
    SuppressedAddress,
)
from outbox.queueing import queue
from outbox.suppression import is_suppressed
from subscribers import links, retention
from subscribers.models import Subscriber, SubscriberEvent
from tests.people import (
    ADA,
    CASE_UPDATES,
    CLEO,
    OWN_NEWS,
    become_reader,
    inbox,
    open_preferences,
    sign_up,
    stands,
    subscriber_of,
)
from tests.purging import purged
from tests.reading import Mail, posting_form
from tests.relay import Relay

pytestmark = pytest.mark.django_db

US = "governance@valuelicensing.com"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def bare_client() -> Client:
    """As a mailbox provider comes: no cookie, no referer, and CSRF is enforced."""
    return Client(enforce_csrf_checks=True)


def write_to_us(folder: Path, sender: str, subject: str, text: str = "") -> None:
    """A person's mail lands in the local catcher's folder, and is read."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, US, subject
    message.set_content(text)
    number = len(list(folder.iterdir()))
    (folder / f"{number}.eml").write_bytes(message.as_bytes())
    inbound.fetch()
    inbound.read_new()


def by_one_click(welcome: Mail, smtp: Relay, mailbox: Path) -> None:
    path = welcome.one_click_path()
    body = "List-Unsubscribe=One-Click"
    kind = "application/x-www-form-urlencoded"
    assert bare_client().post(path, body, content_type=kind).status_code == 200


def by_body_link(welcome: Mail, smtp: Relay, mailbox: Path) -> None:
    client = bare_client()
    page = client.get(welcome.path("/u/"))
    form = posting_form(page)
    answer = client.post(form.action or welcome.path("/u/"), form.fields)
    assert answer.status_code == 200


def by_preferences(welcome: Mail, smtp: Relay, mailbox: Path) -> None:
    client = bare_client()
    path = open_preferences(client, smtp)
    assert client.post(path, {"stop_all": "1"}).status_code == 200


def by_mailto(welcome: Mail, smtp: Relay, mailbox: Path) -> None:
    write_to_us(mailbox, f"Ada Lovelace <{ADA}>", "unsubscribe")


def by_reply(welcome: Mail, smtp: Relay, mailbox: Path) -> None:
    text = f"Unsubscribe\n\nOn Monday {US} wrote:\n> You are signed up\n"
    write_to_us(mailbox, ADA.upper(), f"Re: {welcome.subject}", text)


DOORS = [by_one_click, by_body_link, by_preferences, by_mailto, by_reply]


@pytest.mark.parametrize("door", DOORS)
def test_every_door_leads_to_the_same_state(
    client: Client, smtp: Relay, mailbox: Path, door: Any
) -> None:
    welcome = become_reader(client, smtp, purposes=(CASE_UPDATES, OWN_NEWS))

    for _ in range(2):  # twice is fine
        door(welcome, smtp, mailbox)

    ada = subscriber_of(ADA)
    assert stands() == set()
    assert ada.status == Subscriber.Status.LEFT
    assert ada.left_at is not None
    withdrawn = ConsentEntry.objects.filter(action=Action.WITHDRAWN)
    assert {entry.purpose for entry in withdrawn} == {CASE_UPDATES, OWN_NEWS}
    assert withdrawn.count() == 2
    left = SubscriberEvent.objects.filter(action=SubscriberEvent.Action.LEFT)
    assert left.count() == 1
    for purpose in (CASE_UPDATES, OWN_NEWS):
        digest = bytes(ada.address_digest)
        assert is_suppressed(digest, MessageClass.MARKETING, purpose)
    (row,) = SuppressedAddress.objects.all()
    assert (row.purpose, row.reason) == ("", "unsubscribed")


# --- RFC 8058 ---

MULTIPART = "multipart/form-data; boundary=x"
BODIES = {
    "application/x-www-form-urlencoded": "List-Unsubscribe=One-Click",
    MULTIPART: (
        '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
        "One-Click\r\n--x--\r\n"
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_one_click_needs_no_cookie_answers_at_once_and_may_come_twice(
    client: Client, smtp: Relay, kind: str
) -> None:
    path = become_reader(client, smtp).one_click_path()

    for _ in range(2):
        answer = bare_client().post(path, BODIES[kind], content_type=kind)
        assert answer.status_code == 200
        assert "Location" not in answer
        assert not answer.cookies
        assert stands() == set()

    assert ConsentEntry.objects.filter(action=Action.WITHDRAWN).count() == 1


def test_one_click_of_a_purpose_leaves_the_others(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, purposes=(CASE_UPDATES, OWN_NEWS))
    ada = subscriber_of(ADA)
    path = f"/u/{links.unsubscribe_token(ada.pk, OWN_NEWS)}/"

    bare_client().post(path, ONE_CLICK)

    assert stands() == {CASE_UPDATES}
    assert subscriber_of(ADA).status == Subscriber.Status.CONFIRMED
    digest = bytes(ada.address_digest)
    assert is_suppressed(digest, MessageClass.MARKETING, OWN_NEWS)
    assert not is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)


def test_the_page_of_one_purpose_offers_to_stop_everything(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, purposes=(CASE_UPDATES, OWN_NEWS))
    path = f"/u/{links.unsubscribe_token(subscriber_of(ADA).pk, OWN_NEWS)}/"

    page = client.get(path)
    first, second = posting_form(page).fields, posting_form(page, 1).fields
    assert (first["scope"], second["scope"]) == (["purpose"], ["all"])
    client.post(path, second)

    assert stands() == set()


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_at_the_unsubscribe_link_changes_nothing(
    client: Client, smtp: Relay, method: str
) -> None:
    path = become_reader(client, smtp).one_click_path()

    answer = getattr(client, method)(
        path, headers={"purpose": "prefetch", "user-agent": "BarracudaCentral"}
    )

    assert answer.status_code == 200
    assert stands() == {CASE_UPDATES}


@pytest.mark.parametrize(
    "body", ["", "List-Unsubscribe=Two-Click", "scope=everything", "a=b", "%00=%ff"]
)
def test_a_post_that_says_nothing_known_changes_nothing(
    client: Client, smtp: Relay, body: str
) -> None:
    path = become_reader(client, smtp).one_click_path()
    kind = "application/x-www-form-urlencoded"

    assert client.post(path, body, content_type=kind).status_code == 400
    assert stands() == {CASE_UPDATES}


def test_one_changed_character_makes_a_link_unknown(
    client: Client, smtp: Relay
) -> None:
    path = become_reader(client, smtp).one_click_path()
    other = "B" if path[3] == "A" else "A"

    answer = client.post(f"/u/{other}{path[4:]}", ONE_CLICK)

    assert answer.status_code == 404
    assert stands() == {CASE_UPDATES}


def test_without_its_slash_the_link_is_not_redirected(
    client: Client, smtp: Relay
) -> None:
    path = become_reader(client, smtp).one_click_path().rstrip("/")

    assert client.post(path, ONE_CLICK).status_code == 404


def test_the_link_survives_a_new_secret_key(
    client: Client, smtp: Relay, settings: Settings
) -> None:
    path = become_reader(client, smtp).one_click_path()
    settings.SECRET_KEY = "quite-another-secret-key-after-a-rotation-of-the-old-one"
    settings.SECRET_KEY_FALLBACKS = []

    assert bare_client().post(path, ONE_CLICK).status_code == 200
    assert stands() == set()


def test_a_message_queued_before_is_held_back_after(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)
    ada = subscriber_of(ADA)
    queued = queue(
        "subscribers/welcome",
        to=ADA,
        context={"unsubscribe_url": links.unsubscribe_url(ada.pk, CASE_UPDATES)},
        data_subject_id=ada.data_subject_id,
        message_class=MessageClass.MARKETING,
        purpose=CASE_UPDATES,
    )

    bare_client().post(welcome.one_click_path(), ONE_CLICK)

    assert len(inbox(smtp, ADA)) == 2  # what came before
    assert OutgoingEmail.objects.get(pk=queued.pk).state == State.WITHHELD


# --- The way back ---


def leave_and_find_undo(client: Client, welcome: Mail) -> str:
    page = client.post(welcome.one_click_path(), ONE_CLICK)
    return posting_form(page).action.removeprefix("http://localhost:8000")


def test_undo_gives_a_new_consent_once(client: Client, smtp: Relay) -> None:
    welcome = become_reader(client, smtp, purposes=(CASE_UPDATES, OWN_NEWS))
    before = {e.pk for e in ConsentEntry.objects.filter(action=Action.GIVEN)}
    undo = leave_and_find_undo(client, welcome)
    assert client.get(undo).status_code == 200
    assert stands() == set()

    assert client.post(undo).status_code == 200

    assert stands() == {CASE_UPDATES, OWN_NEWS}
    new = ConsentEntry.objects.filter(action=Action.GIVEN).exclude(pk__in=before)
    assert {e.channel for e in new} == {"undo"}
    assert all(e.wording_id and e.notices for e in new)
    assert subscriber_of(ADA).status == Subscriber.Status.CONFIRMED
    assert not SuppressedAddress.objects.filter(purpose__in=["", CASE_UPDATES]).exists()

    client.post(welcome.one_click_path(), ONE_CLICK)
    assert client.post(undo).status_code == 410
    assert stands() == set()


def test_undo_ends_after_half_an_hour(client: Client, smtp: Relay) -> None:
    undo = leave_and_find_undo(client, become_reader(client, smtp))

    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert client.post(undo).status_code == 410

    assert stands() == set()


def test_undo_restores_only_what_that_act_withdrew(client: Client, smtp: Relay) -> None:
    welcome = become_reader(client, smtp, purposes=(CASE_UPDATES, OWN_NEWS))
    token = links.unsubscribe_token(subscriber_of(ADA).pk, OWN_NEWS)
    client.post(f"/u/{token}/", ONE_CLICK)
    undo = leave_and_find_undo(client, welcome)

    client.post(undo)

    assert stands() == {CASE_UPDATES}
    digest = bytes(subscriber_of(ADA).address_digest)
    assert is_suppressed(digest, MessageClass.MARKETING, OWN_NEWS)


# --- By mail ---


def test_a_mailed_unsubscribe_is_answered_to_that_address(
    client: Client, smtp: Relay, mailbox: Path
) -> None:
    become_reader(client, smtp)

    write_to_us(mailbox, ADA, "unsubscribe please")

    assert stands() == set()
    assert inbox(smtp, ADA)[-1].subject == "We have stopped your e-mails"


def test_a_strangers_unsubscribe_is_no_readers_and_passed_on(
    client: Client, smtp: Relay, mailbox: Path
) -> None:
    """They may read under another address: it is an objection that staff confirm."""
    become_reader(client, smtp)

    write_to_us(mailbox, CLEO, "unsubscribe")

    (row,) = InboundEmail.objects.all()
    assert row.claimed_by == "rights_requests.inbound.read_request"
    assert stands() == {CASE_UPDATES}


def test_an_unsubscribe_in_html_alone_is_heard(
    client: Client, smtp: Relay, mailbox: Path
) -> None:
    become_reader(client, smtp)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = ADA, US, "Re: Receipt"
    message.set_content("<div>Unsubscribe</div><blockquote>x</blockquote>", "html")
    (mailbox / "1.eml").write_bytes(message.as_bytes())

    inbound.fetch()
    inbound.read_new()

    assert stands() == set()


# --- The suppression outlives the row ---


def test_suppression_survives_deletion_and_own_act_lifts_it(
    client: Client, smtp: Relay
) -> None:
    client.post(become_reader(client, smtp).one_click_path(), ONE_CLICK)
    digest = bytes(subscriber_of(ADA).address_digest)
    Subscriber.objects.update(left_at=timezone.now() - timedelta(days=29))

    assert purged(retention.DEPARTED) == 1

    assert not Subscriber.objects.exists()
    assert is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)

    mail = sign_up(client, smtp, ADA)
    assert is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)
    client.post(mail.path("/confirm/"))
    assert not is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)
    assert is_suppressed(digest, MessageClass.MARKETING, OWN_NEWS)
    assert stands() == {CASE_UPDATES}
