"""Two presses at the same moment do what one does."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from consent.models import Action, ConsentEntry
from outbox.models import OutgoingEmail, State
from subscribers.models import Subscriber, SubscriberEvent
from tests.people import (
    ADA,
    CASE_UPDATES,
    CLEO,
    become_reader,
    form_token,
    inbox,
    sign_up,
    stands,
)
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
