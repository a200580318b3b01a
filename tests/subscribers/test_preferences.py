"""Changing one's mind without an account."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent.ledger import standing_purposes
from consent.models import Action, ConsentEntry
from groundwork import addresses
from outbox.models import MessageClass, OutgoingEmail, SuppressedAddress
from outbox.suppression import is_suppressed, suppress
from subscribers import links, retention
from subscribers.models import (
    AddressChange,
    LinkUse,
    MailedLink,
    Subscriber,
    SubscriberEvent,
)
from tests.people import (
    ADA,
    BEN,
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
from tests.reading import posting_form
from tests.relay import Relay

pytestmark = pytest.mark.django_db

NEW = "ada@new.example"


def events() -> list[str]:
    return list(SubscriberEvent.objects.order_by("id").values_list("action", flat=True))


# --- Getting in ---


def ask(client: Client, address: str) -> None:
    filled = posting_form(client.get("/preferences/")).fields
    answer = client.post("/preferences/", {**filled, "email": address})
    assert (answer.status_code, answer["Location"]) == (302, "/preferences/asked/")


def test_a_fresh_link_opens_once(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, first_name="Ada")
    ask(client, ADA)
    path = inbox(smtp, ADA)[-1].path("/preferences/open/")
    assert client.get(path).status_code == 200

    answer = client.post(path)

    assert answer.status_code == 302
    page = client.get(answer["Location"])
    assert posting_form(page).fields["first_name"] == ["Ada"]
    assert ADA in page.content.decode()
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410


def test_a_fresh_link_ends_after_fifteen_minutes_and_a_visit_after_thirty(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    ask(client, ADA)
    path = inbox(smtp, ADA)[-1].path("/preferences/open/")

    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        visit = client.post(path)["Location"]
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(path).status_code == 410
        assert client.get(visit).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=45)):
        assert client.get(visit).status_code == 410
        assert client.post(visit, {"stop_all": "1"}).status_code == 410

    assert stands() == {CASE_UPDATES}


def test_a_late_fresh_link_is_refused(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    ask(client, ADA)
    path = inbox(smtp, ADA)[-1].path("/preferences/open/")

    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(path).status_code == 410


def test_strangers_and_the_unconfirmed_get_no_link(client: Client, smtp: Relay) -> None:
    sign_up(client, smtp, BEN)

    ask(client, BEN)
    ask(client, CLEO)

    assert len(inbox(smtp, BEN)) == 1
    assert inbox(smtp, CLEO) == []
    kept = OutgoingEmail.objects.filter(kind="subscribers/preferences_link")
    assert {(row.to_address, str(row.context)) for row in kept} == {("", "{}")}


def test_a_mailbox_gets_five_links_an_hour(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    before = len(inbox(smtp, ADA))

    for _ in range(7):
        ask(client, ADA)

    assert len(inbox(smtp, ADA)) - before == 5


def test_a_network_gets_twenty_links_an_hour(client: Client, smtp: Relay) -> None:
    for n in range(25):
        ask(client, f"reader{n}@example.com")

    asked = OutgoingEmail.objects.filter(kind="subscribers/preferences_link")
    assert asked.count() == 20


def test_a_form_that_is_not_ours_asks_for_nothing(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    before = len(inbox(smtp, ADA))

    assert client.post("/preferences/", {"email": ADA}).status_code == 400
    assert client.post("/preferences/", {"email": "ada"}).status_code == 400
    client.post("/preferences/", {"email": ADA, "website": "x"})

    assert len(inbox(smtp, ADA)) == before


def test_the_link_of_a_mail_shows_choices_and_no_personal_data(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp, first_name="Ada", employer="Analytical")

    page = client.get(welcome.path("/preferences/"))

    body = page.content.decode()
    assert posting_form(page).fields["purposes"] == [CASE_UPDATES]
    for secret in (ADA, "a•••", "Analytical", 'value="Ada"'):
        assert secret not in body


def test_the_link_of_a_mail_cannot_move_the_subscription(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)

    answer = client.post(welcome.path("/preferences/"), {"email": NEW})

    assert answer.status_code == 403
    assert inbox(smtp, NEW) == []


def test_the_link_of_a_mail_can_ask_for_a_fresh_one(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)

    client.post(welcome.path("/preferences/"), {"ask_link": "1"})

    assert inbox(smtp, ADA)[-1].path("/preferences/open/")


# --- Choosing ---


def test_purposes_follow_the_ticked_boxes(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    path = open_preferences(client, smtp)

    page = client.post(path, {"purposes": [OWN_NEWS]})

    assert page.status_code == 200
    assert stands() == {OWN_NEWS}
    entries = ConsentEntry.objects.filter(channel="preferences page")
    assert {(e.purpose, e.action) for e in entries} == {
        (CASE_UPDATES, Action.WITHDRAWN),
        (OWN_NEWS, Action.GIVEN),
    }
    given = entries.get(action=Action.GIVEN)
    assert given.wording is not None
    assert "News of our products and services" in given.wording.text
    assert given.notices == ["privacy/2", "sign-up/1"]
    assert inbox(smtp, ADA)[-1].subject == "You are signed up: your receipt"


def test_saving_the_same_again_changes_nothing(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, first_name="Ada")
    path = open_preferences(client, smtp)
    form = posting_form(client.get(path)).fields
    count, before = ConsentEntry.objects.count(), events()

    page = client.post(path, form)

    assert b"Everything stays as it was" in page.content
    assert (ConsentEntry.objects.count(), events()) == (count, before)


def test_unticking_everything_is_leaving(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    path = open_preferences(client, smtp)

    client.post(path, {"choices": "shown"})

    assert stands() == set()
    assert subscriber_of(ADA).status == Subscriber.Status.LEFT
    digest = bytes(subscriber_of(ADA).address_digest)
    assert is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)


def test_who_left_can_come_back_by_the_preferences(client: Client, smtp: Relay) -> None:
    welcome = become_reader(client, smtp)
    path = welcome.path("/preferences/")
    client.post(path, {"stop_all": "1"})

    client.post(path, {"purposes": [CASE_UPDATES]})

    assert stands() == {CASE_UPDATES}
    ada = subscriber_of(ADA)
    assert ada.status == Subscriber.Status.CONFIRMED
    assert not is_suppressed(
        bytes(ada.address_digest), MessageClass.MARKETING, CASE_UPDATES
    )
    assert events()[-2:] == ["left", "returned"]


@pytest.mark.parametrize(
    "typed", ["2099-13-01", "tomorrow", "01/01/2001", "31/12/2099"]
)
def test_a_wrong_pause_is_explained_and_changes_nothing(
    client: Client, smtp: Relay, typed: str
) -> None:
    become_reader(client, smtp)
    path = open_preferences(client, smtp)

    page = client.post(path, {"purposes": [OWN_NEWS], "pause_until": typed})

    assert page.status_code == 400
    assert b"There is a problem" in page.content
    assert stands() == {CASE_UPDATES}


def test_a_pause_holds_until_its_day_and_can_be_ended(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    path = open_preferences(client, smtp)
    until = timezone.localdate() + timedelta(days=30)

    client.post(path, {"purposes": [CASE_UPDATES], "pause_until": f"{until:%d/%m/%Y}"})
    assert subscriber_of(ADA).paused_until == until
    form = posting_form(client.get(path)).fields
    assert form["pause_until"] == [until.isoformat()]

    client.post(path, {"purposes": [CASE_UPDATES], "pause_until": ""})
    assert subscriber_of(ADA).paused_until is None
    assert events()[-2:] == ["paused", "resumed"]
    assert stands() == {CASE_UPDATES}


def test_a_changed_detail_is_on_record_by_its_name_only(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, first_name="Ada", employer="Analytical")
    path = open_preferences(client, smtp)
    form = posting_form(client.get(path)).fields

    client.post(path, {**form, "first_name": "Augusta", "employer": ""})

    ada = subscriber_of(ADA)
    assert (ada.first_name, ada.employer) == ("Augusta", "")
    event = SubscriberEvent.objects.get(action="details changed")
    assert sorted(event.fields) == ["employer", "first_name"]
    assert "Augusta" not in str(SubscriberEvent.objects.values())


def test_a_card_number_typed_into_a_detail_is_not_kept(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, first_name="Ada")
    path = open_preferences(client, smtp)
    form = posting_form(client.get(path)).fields

    client.post(path, {**form, "job_title": "Analyst 4242-4242-4242-4242"})

    assert subscriber_of(ADA).job_title == "Analyst [card number ending 4242]"


def test_a_blank_field_that_was_not_shown_deletes_nothing(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp, first_name="Ada", employer="Analytical")
    path = welcome.path("/preferences/")
    form = posting_form(client.get(path)).fields

    client.post(path, {**form, "employer": "Engines Ltd"})

    ada = subscriber_of(ADA)
    assert (ada.first_name, ada.employer) == ("Ada", "Engines Ltd")


# --- Another address ---


def ask_to_move(client: Client, smtp: Relay, new: str = NEW) -> str:
    """From an open visit; returns the visit's path."""
    path = open_preferences(client, smtp)
    page = client.post(path, {"email": new})
    assert b"Check the new mailbox" in page.content
    return path


def test_nothing_moves_before_the_new_mailbox_confirms(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    ask_to_move(client, smtp)

    (mail,) = inbox(smtp, NEW)
    assert client.get(mail.path("/address/")).status_code == 200

    assert subscriber_of(ADA).address == ADA
    assert ADA not in mail.text + mail.html


def test_the_consents_follow_to_the_confirmed_mailbox_and_the_old_one_is_told(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, purposes=(CASE_UPDATES, OWN_NEWS))
    ask_to_move(client, smtp)

    for _ in range(2):
        answer = client.post(inbox(smtp, NEW)[0].path("/address/"))
        assert answer.status_code == 200

    assert subscriber_of(NEW).address == NEW
    assert stands(NEW) == {CASE_UPDATES, OWN_NEWS}
    assert not Subscriber.objects.filter(address_digest=addresses.digest(ADA)).exists()
    told = inbox(smtp, ADA)[-1]
    assert told.subject == "Your address with us has changed"
    assert NEW not in told.text + told.html
    assert events()[-2:] == ["address asked", "address changed"]


def move(client: Client, smtp: Relay) -> str:
    """Ada has moved; returns the path of the old mailbox's way back."""
    become_reader(client, smtp)
    ask_to_move(client, smtp)
    client.post(inbox(smtp, NEW)[0].path("/address/"))
    return inbox(smtp, ADA)[-1].path("/address/undo/")


def test_the_old_mailbox_can_take_it_back_for_72_hours(
    client: Client, smtp: Relay
) -> None:
    undo = move(client, smtp)
    assert client.get(undo).status_code == 200
    assert stands(NEW) == {CASE_UPDATES}

    with time_machine.travel(timezone.now() + timedelta(hours=71)):
        assert client.post(undo).status_code == 200
        assert client.post(undo).status_code == 200

    assert stands(ADA) == {CASE_UPDATES}
    assert subscriber_of(ADA).address == ADA
    assert not AddressChange.objects.exists()
    assert events()[-1] == "address restored"


def test_after_72_hours_there_is_no_way_back_and_the_old_address_is_forgotten(
    client: Client, smtp: Relay
) -> None:
    undo = move(client, smtp)

    with time_machine.travel(timezone.now() + timedelta(hours=73)):
        assert client.post(undo).status_code == 410
        assert purged(retention.OLD_ADDRESSES) == 1

    assert stands(NEW) == {CASE_UPDATES}
    assert not AddressChange.objects.exists()


def test_a_second_move_cannot_take_the_way_back_away(
    client: Client, smtp: Relay
) -> None:
    undo = move(client, smtp)
    path = open_preferences(client, smtp, NEW)

    page = client.post(path, {"email": "mallory@example.com"})

    assert page.status_code == 400
    assert b"less than 72 hours ago" in page.content
    assert inbox(smtp, "mallory@example.com") == []
    assert client.post(undo).status_code == 200
    assert subscriber_of(ADA).address == ADA


def test_a_taken_back_move_closes_the_doors_that_were_open(
    client: Client, smtp: Relay
) -> None:
    undo = move(client, smtp)
    visit = open_preferences(client, smtp, NEW)

    client.post(undo)

    assert client.get(visit).status_code == 410


def test_nobody_can_be_flooded_with_address_mails(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    path = open_preferences(client, smtp)

    answers = [client.post(path, {"email": CLEO}).status_code for _ in range(5)]

    assert answers == [200, 200, 200, 400, 400]
    assert len(inbox(smtp, CLEO)) == 3


def test_only_the_newest_address_link_works(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    path = open_preferences(client, smtp)
    client.post(path, {"email": NEW})
    client.post(path, {"email": CLEO})

    assert client.post(inbox(smtp, NEW)[0].path("/address/")).status_code == 410
    assert client.post(inbox(smtp, CLEO)[0].path("/address/")).status_code == 200
    assert stands(CLEO) == {CASE_UPDATES}


def test_an_address_with_its_own_subscription_is_not_taken_over(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, CLEO)
    become_reader(client, smtp)
    ask_to_move(client, smtp, CLEO)

    answer = client.post(inbox(smtp, CLEO)[-1].path("/address/"))

    assert answer.status_code == 409
    assert b"signed up already" in answer.content
    assert subscriber_of(ADA).address == ADA
    assert subscriber_of(CLEO).address == CLEO


def test_an_unconfirmed_sign_up_gives_way_to_the_move(
    client: Client, smtp: Relay
) -> None:
    sign_up(client, smtp, CLEO)
    become_reader(client, smtp)
    ask_to_move(client, smtp, CLEO)

    assert client.post(inbox(smtp, CLEO)[-1].path("/address/")).status_code == 200

    assert stands(CLEO) == {CASE_UPDATES}
    assert ConsentEntry.objects.filter(action=Action.EXPIRED).count() == 1


def test_the_way_back_is_closed_when_the_old_mailbox_signed_up_anew(
    client: Client, smtp: Relay
) -> None:
    undo = move(client, smtp)
    become_reader(client, smtp, ADA)

    assert client.post(undo).status_code == 409

    assert stands(ADA) == {CASE_UPDATES}
    assert stands(NEW) == {CASE_UPDATES}


def test_moving_to_a_mailbox_that_once_left_lifts_its_no_for_what_moves(
    client: Client, smtp: Relay
) -> None:
    digest = addresses.digest(NEW)
    suppress(digest, "", SuppressedAddress.Reason.UNSUBSCRIBED)

    move(client, smtp)

    assert not is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)
    assert is_suppressed(digest, MessageClass.MARKETING, OWN_NEWS)


def test_the_lasting_links_survive_the_move(client: Client, smtp: Relay) -> None:
    welcome = become_reader(client, smtp)
    ask_to_move(client, smtp)
    client.post(inbox(smtp, NEW)[0].path("/address/"))

    client.post(welcome.one_click_path(), {"List-Unsubscribe": "One-Click"})

    assert stands(NEW) == set()


def test_a_purpose_newer_than_the_reader_gets_its_link(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)
    ada = subscriber_of(ADA)
    MailedLink.objects.filter(use=LinkUse.UNSUBSCRIBE, purposes=[OWN_NEWS]).delete()

    client.post(welcome.path("/preferences/"), {"purposes": [CASE_UPDATES, OWN_NEWS]})

    path = f"/u/{links.unsubscribe_token(ada.pk, OWN_NEWS)}/"
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html"])
def test_a_post_that_is_no_form_unticks_nothing(
    client: Client, smtp: Relay, kind: str
) -> None:
    welcome = become_reader(client, smtp, ADA, first_name="Ada")
    path = welcome.path("/preferences/")

    for body in (b"", b'{"x": 1}'):
        assert client.post(path, body, content_type=kind).status_code == 400

    reader = subscriber_of(ADA)
    assert set(standing_purposes(reader.data_subject_id)) == {CASE_UPDATES}
    assert reader.first_name == "Ada"


def test_receipts_do_not_fill_a_mailbox(client: Client, smtp: Relay) -> None:
    path = become_reader(client, smtp, ADA).path("/preferences/")

    for _ in range(10):
        client.post(path, {"purposes": [CASE_UPDATES, OWN_NEWS]})
        client.post(path, {"purposes": [CASE_UPDATES]})

    receipts = [mail for mail in inbox(smtp, ADA) if "receipt" in mail.subject]
    assert len(receipts) == 5
