"""Entering a person whom staff met: a wish is written down, nothing is consented to."""

from typing import Any

import pytest
from django.test import Client

from consent.models import ConsentEntry
from groundwork import addresses
from groundwork.clock import today_here
from outbox.composing import compose
from outbox.models import OutgoingEmail, SuppressedAddress
from outbox.suppression import suppress
from staff.models import StaffUser
from subscribers.models import Subscriber, SubscriberEvent
from subscribers.signup import confirm_signup
from tests.console.staff import SUBSCRIBERS, dana, text
from tests.people import CASE_UPDATES, CLEO, stands, subscriber_of

pytestmark = pytest.mark.django_db

URL = f"{SUBSCRIBERS}add/"


def wish(**changes: Any) -> dict[str, Any]:
    return {
        "email": CLEO,
        "first_name": "Cleo",
        "purposes": [CASE_UPDATES],
        "source": "event",
        "where": "Licensing Forum, Leeds",
        "met_on": today_here().isoformat(),
        "notice": "privacy/1",
        "how": "on paper",
        **changes,
    }


def test_entering_a_person_asks_them_and_creates_no_consent(
    console: Client, omar: StaffUser
) -> None:
    response = console.post(URL, wish(), follow=True)
    assert "asks the person to confirm" in text(response)
    cleo = subscriber_of(CLEO)
    assert cleo.status == Subscriber.Status.PENDING
    assert (cleo.source, cleo.entered_by_id) == ("event", omar.pk)
    assert cleo.notice_given == "privacy/1, on paper"
    assert cleo.first_name == "", "typed details count only once confirmed"
    assert stands(CLEO) == set()
    (entry,) = ConsentEntry.objects.all()
    assert (entry.action, entry.channel, entry.staff_id) == (
        "requested",
        "staff",
        omar.pk,
    )
    mail = OutgoingEmail.objects.get()
    assert (mail.kind, mail.to_address) == ("subscribers/confirm", CLEO)
    event = SubscriberEvent.objects.get()
    assert (event.action, event.staff_id) == ("entered", omar.pk)


def test_only_the_persons_own_press_makes_it_consent(console: Client) -> None:
    console.post(URL, wish())
    link = OutgoingEmail.objects.get().context["confirm_url"]
    assert confirm_signup(link.rstrip("/").rpartition("/")[2], {}).problem is None
    assert stands(CLEO) == {CASE_UPDATES}
    assert subscriber_of(CLEO).first_name == "Cleo"


@pytest.mark.django_db(transaction=True)  # in one transaction no time passes
def test_a_second_entry_within_the_day_sends_no_second_mail(console: Client) -> None:
    console.post(URL, wish())
    response = console.post(URL, wish(), follow=True)
    assert "no second mail" in text(response)
    states = OutgoingEmail.objects.order_by("created_at").values_list(
        "state", flat=True
    )
    assert list(states) == ["queued", "withheld"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "nobody", "Enter an e-mail address in the correct format"),
        ("purposes", [], "Tick what the person asked for"),
        ("source", "sign-up form", "Select a valid choice"),
        ("where", "", "Say where you met"),
        ("where", "Leeds\r\nBcc: x", "invisible characters"),
        ("met_on", "2099-01-01", "still to come"),
        ("notice", "privacy/9", "Select a valid choice"),
        ("how", "", "Say in which way"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_written(
    console: Client, field: str, value: Any, message: str
) -> None:
    response = console.post(URL, wish(**{field: value}))
    assert response.status_code == 400
    assert "There is a problem" in text(response)
    assert message in text(response)
    assert not Subscriber.objects.exists()


def test_entering_needs_its_permission() -> None:
    client = dana("view_subscriber", "change_subscriber")
    assert client.get(URL).status_code == 403
    assert client.post(URL, wish()).status_code == 403
    assert not Subscriber.objects.exists()


def test_no_box_is_ticked_beforehand(console: Client) -> None:
    assert "checked" not in text(console.get(URL))


def test_who_said_no_is_not_entered_again(console: Client) -> None:
    suppress(addresses.digest(CLEO), "", SuppressedAddress.Reason.UNSUBSCRIBED)

    response = console.post(URL, wish())

    assert response.status_code == 400
    assert "Only they can ask for them again" in text(response)
    assert not Subscriber.objects.exists()
    assert not OutgoingEmail.objects.exists()


def test_the_mail_says_where_the_address_was_given(console: Client) -> None:
    console.post(URL, wish())
    (mail,) = OutgoingEmail.objects.all()

    message = compose(
        kind=mail.kind,
        message_class=mail.message_class,
        to=mail.to_address,
        context=mail.context,
    )

    assert "You gave us this address when we met at an event" in message.body
    assert "sign-up page" not in message.body
