"""Two presses at the same moment do what one does."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from consent.models import Action, ConsentEntry
from outbox.models import OutgoingEmail, State
from subscribers import links, preferences, retention
from subscribers.models import LinkUse, Subscriber, SubscriberEvent
from tests.people import (
    ADA,
    CASE_UPDATES,
    CLEO,
    become_reader,
    form_token,
    inbox,
    sign_up,
    stands,
    subscriber_of,
)
from tests.purging import purged
from tests.reading import posting_form
from tests.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(act: Callable[[Client], Any], *, times: int = 6) -> list[int]:
    """Everybody presses when the barrier falls; the status of each answer."""
    start, answers = threading.Barrier(times), list[int]()

    def press() -> None:
        client = Client()
        start.wait()
        try:
            answers.append(act(client).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_signing_up_at_once_brings_one_mail(client: Client, smtp: Relay) -> None:
    filled = {"shown": form_token(client), "email": CLEO, "purposes": CASE_UPDATES}

    assert at_once(lambda visitor: visitor.post("/", filled)) == [302] * 6

    assert Subscriber.objects.count() == 1
    assert len(inbox(smtp, CLEO)) == 1
    assert OutgoingEmail.objects.filter(state=State.WITHHELD).count() == 5


def test_confirming_at_once_gives_one_consent(client: Client, smtp: Relay) -> None:
    path = sign_up(client, smtp, ADA).path("/confirm/")

    assert at_once(lambda visitor: visitor.post(path)) == [302] * 6

    assert ConsentEntry.objects.filter(action=Action.GIVEN).count() == 1
    assert len(inbox(smtp, ADA)) == 2
    assert stands() == {CASE_UPDATES}


def together(*acts: Callable[[], Any]) -> list[Exception]:
    """Each in a thread of its own, from one barrier; what was raised."""
    start, raised = threading.Barrier(len(acts)), list[Exception]()

    def run(act: Callable[[], Any]) -> None:
        start.wait()
        try:
            act()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


# A deadlock needs some luck, so these are tried several times.
TRIES = range(8)


def test_signing_up_again_does_not_hinder_a_confirmation(
    client: Client, smtp: Relay
) -> None:
    filled = {"shown": form_token(client), "purposes": CASE_UPDATES}
    for number in TRIES:
        address = f"reader{number}@example.com"
        path = sign_up(client, smtp, address).path("/confirm/")

        def post_again(address: str = address) -> None:
            for _ in range(5):
                Client().post("/", {**filled, "email": address})

        def confirm(path: str = path) -> None:
            Client().post(path)

        assert together(confirm, post_again, post_again) == []
        assert stands(address) == {CASE_UPDATES}


def test_the_purge_does_not_hinder_a_confirmation(client: Client, smtp: Relay) -> None:
    long_ago = timezone.now() - timedelta(days=15)
    for number in TRIES:
        path = sign_up(client, smtp, f"reader{number}@example.com").path("/confirm/")
        Subscriber.objects.update(created_at=long_ago, confirmation_asked_at=long_ago)

        def confirm(path: str = path) -> None:
            Client().post(path)

        assert together(confirm, lambda: purged(retention.UNCONFIRMED)) == []


def test_taking_the_address_back_does_not_hinder_an_open_link(
    client: Client, smtp: Relay
) -> None:
    for number in TRIES:
        address = f"reader{number}@example.com"
        become_reader(client, smtp, address)
        reader = subscriber_of(address)
        preferences.ask_to_change_address(reader, f"new{number}@example.com")
        _, change = links.make(reader, LinkUse.ADDRESS)
        preferences.confirm_new_address(change)
        _, undo = links.make(reader, LinkUse.ADDRESS_UNDO)
        _, fresh = links.make(reader, LinkUse.FRESH)

        def restore(token: str = undo) -> None:
            preferences.restore_old_address(token)

        def open_it(token: str = fresh) -> None:
            preferences.open_visit(token)

        assert together(restore, open_it) == []


def test_leaving_at_once_withdraws_once(client: Client, smtp: Relay) -> None:
    path = become_reader(client, smtp).one_click_path()
    body = {"List-Unsubscribe": "One-Click"}

    assert at_once(lambda visitor: visitor.post(path, body)) == [200] * 6

    assert ConsentEntry.objects.filter(action=Action.WITHDRAWN).count() == 1
    assert SubscriberEvent.objects.filter(action="left").count() == 1
    assert stands() == set()


def test_undoing_at_once_gives_one_consent(client: Client, smtp: Relay) -> None:
    path = become_reader(client, smtp).one_click_path()
    page = client.post(path, {"List-Unsubscribe": "One-Click"})
    undo = posting_form(page).action.removeprefix("http://localhost:8000")

    answers = at_once(lambda visitor: visitor.post(undo))

    assert sorted(answers) == [200, *[410] * 5]
    assert ConsentEntry.objects.filter(action=Action.GIVEN).count() == 2


def test_a_fresh_link_opens_one_visit(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    filled = posting_form(client.get("/preferences/")).fields
    client.post("/preferences/", {**filled, "email": ADA})
    path = inbox(smtp, ADA)[-1].path("/preferences/open/")

    answers = at_once(lambda visitor: visitor.post(path))

    assert sorted(answers) == [302, *[410] * 5]
