"""Two presses at the same moment do what one does."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from consent.models import Action, Channel, ConsentEntry
from data_subjects.models import DataSubject
from data_subjects.restriction import lock
from outbox.models import OutgoingEmail, State
from subscribers import entering, importing, leaving, links, preferences, retention
from subscribers.models import LinkUse, Subscriber, SubscriberEvent
from tests.beside import Beside
from tests.people import (
    ADA,
    CASE_UPDATES,
    CLEO,
    become_reader,
    form_token,
    inbox,
    open_preferences,
    post_sign_up,
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


# --- Whoever acts on a reader locks the person first ---


def applying(address: str) -> Callable[[], Any]:
    text = f"email,first_name\n{address},Augusta\n"
    upload = importing.keep_upload(text, file_name="a.csv", staff_id=1)
    digest = bytes(upload.digest).hex()
    return lambda: importing.apply_upload(upload.pk, digest=digest, staff_id=1)


def asking_again(reader: Subscriber) -> Callable[[], Any]:
    Subscriber.objects.update(status=Subscriber.Status.PENDING)
    links.make(reader, LinkUse.CONFIRM, shown={"wording": "sign-up/1", "notices": []})
    return lambda: entering.resend_confirmation(reader.pk)


# What is done to the reader, by name; each makes ready, and returns the act itself.
ACTS: dict[str, Callable[[Subscriber], Callable[[], Any]]] = {
    "choose": lambda reader: lambda: preferences.choose_purposes(reader, []),
    "details": lambda reader: (
        lambda: preferences.change_details(reader, {"first_name": "Augusta"})
    ),
    "pause": lambda reader: lambda: preferences.pause(reader, date(2999, 1, 1)),
    "address": lambda reader: (
        lambda: preferences.ask_to_change_address(reader, "new@example.com")
    ),
    "fresh link": lambda reader: lambda: preferences.ask_for_link(ADA),
    "leave": lambda reader: (
        lambda: leaving.leave(reader.pk, [], channel=Channel.PREFERENCES)
    ),
    "leave by mail": lambda reader: (
        lambda: leaving.leave_by_mail(bytes(reader.address_digest))
    ),
    "sign up": lambda reader: lambda: post_sign_up(Client(), ADA),
    "ask again": asking_again,
    "import": lambda reader: applying(ADA),
}


@pytest.mark.parametrize("name", ACTS)
def test_whoever_holds_the_person_comes_to_the_reader_first(
    client: Client, smtp: Relay, name: str
) -> None:
    become_reader(client, smtp)
    reader = subscriber_of(ADA)
    act = ACTS[name](reader)

    with transaction.atomic():
        # As a purge does.
        DataSubject.objects.select_for_update().get(pk=reader.data_subject_id)
        beside = Beside(act)
        assert beside.waits_for_us()
        Subscriber.objects.select_for_update(nowait=True).get(pk=reader.pk)

    beside.result()


def test_saving_preferences_does_not_hinder_a_correction_by_staff(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    visit = open_preferences(client, smtp)
    reader = subscriber_of(ADA)

    with transaction.atomic():
        lock(reader.data_subject_id)
        filled = {"purposes": [], "choices": "", "first_name": "Augusta"}
        beside = Beside(lambda: Client().post(visit, filled))
        assert beside.waits_for_us()
        preferences.change_details(reader, {"employer": "Example Ltd"}, staff_id=1)

    assert beside.result().status_code == 200
    now = subscriber_of(ADA)
    assert (now.first_name, now.employer, stands()) == ("Augusta", "Example Ltd", set())
