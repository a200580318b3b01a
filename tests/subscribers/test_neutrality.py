"""Whoever an address belongs to, signing up looks the same from outside."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from groundwork import addresses
from outbox.models import OutgoingEmail, State, SuppressedAddress
from outbox.suppression import suppress
from subscribers import retention
from subscribers.models import Subscriber
from tests.people import (
    ADA,
    BEN,
    CLEO,
    become_reader,
    form_token,
    inbox,
    post_sign_up,
    sign_up,
    subscriber_of,
)
from tests.purging import purged
from tests.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT_OF_STATEMENTS = 6


def nobody(client: Client, smtp: Relay) -> None:
    """An address never seen."""


def pending(client: Client, smtp: Relay) -> None:
    sign_up(client, smtp, CLEO)


def pending_since_yesterday(client: Client, smtp: Relay) -> None:
    sign_up(client, smtp, CLEO)
    a_day_later()


def confirmed(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, CLEO)


def left(client: Client, smtp: Relay) -> None:
    welcome = become_reader(client, smtp, CLEO)
    client.post(welcome.one_click_path(), {"List-Unsubscribe": "One-Click"})


def suppressed(client: Client, smtp: Relay) -> None:
    suppress(addresses.digest(CLEO), "", SuppressedAddress.Reason.OBJECTED)


def bounced(client: Client, smtp: Relay) -> None:
    suppress(addresses.digest(CLEO), "", SuppressedAddress.Reason.BOUNCED)


def erased(client: Client, smtp: Relay) -> None:
    left(client, smtp)
    Subscriber.objects.update(left_at=timezone.now() - timedelta(days=29))
    assert purged(retention.DEPARTED) == 1


STANDINGS = [
    nobody,
    pending,
    pending_since_yesterday,
    confirmed,
    left,
    suppressed,
    bounced,
    erased,
]


def a_day_later() -> None:
    earlier = timezone.now() - timedelta(hours=25)
    Subscriber.objects.update(confirmation_asked_at=earlier)


def statements(queries: CaptureQueriesContext) -> list[str]:
    """The kind of each statement and the table it is about, in order."""
    kinds = []
    for query in queries.captured_queries:
        words = query["sql"].replace('"', "").split()
        after = {"INSERT": "INTO", "UPDATE": "UPDATE"}.get(words[0], "FROM")
        about = words[words.index(after) + 1] if after in words else ""
        kinds.append(f"{words[0]} {about}".strip())
    return kinds


def what_the_visitor_sees(answer: Any) -> tuple[Any, ...]:
    headers = dict(answer.items())
    return answer.status_code, headers, answer.content, dict(answer.cookies)


def observe(
    client: Client, smtp: Relay, standing: Callable[[Client, Relay], None]
) -> tuple[tuple[Any, ...], list[str]]:
    """What a sign-up of Cleo shows, and the statements it takes."""
    post_sign_up(client, BEN)  # so that the wording is known to the process
    standing(client, smtp)
    data = {"shown": form_token(client), "email": CLEO, "purposes": "case-updates"}
    with CaptureQueriesContext(connection) as queries:
        answer = client.post("/", data)
    return what_the_visitor_sees(answer), statements(queries)


@pytest.mark.parametrize("standing", STANDINGS[1:])
def test_every_standing_of_an_address_gets_the_same_answer_by_the_same_work(
    client: Client, smtp: Relay, standing: Callable[[Client, Relay], None]
) -> None:
    for_somebody = observe(client, smtp, standing)
    Subscriber.objects.all().delete()
    for_nobody = observe(client, smtp, nobody)

    assert for_somebody == for_nobody
    (status, headers, body, cookies), work = for_somebody
    assert (status, headers["Location"]) == (302, "/check-your-mail/")
    assert (body, cookies) == (b"", {})
    changes = [statement for statement in work if statement not in ("BEGIN", "COMMIT")]
    assert len(changes) <= LIMIT_OF_STATEMENTS
    # A statement outside a transaction commits itself.
    assert (work.count("COMMIT") or len(changes)) == 1


def test_no_mail_is_made_before_the_answer(client: Client, smtp: Relay) -> None:
    post_sign_up(client, CLEO)

    assert smtp.connections == 0
    (row,) = OutgoingEmail.objects.all()
    assert (row.state, row.raw_message) == (State.QUEUED, "")


def test_a_thousand_posts_on_one_address_bring_one_mail(
    client: Client, smtp: Relay
) -> None:
    token = form_token(client)

    for _ in range(1000):
        answer = client.post(
            "/", {"shown": token, "email": CLEO, "purposes": "case-updates"}
        )
        assert answer["Location"] == "/check-your-mail/"

    assert len(inbox(smtp, CLEO)) == 1
    assert Subscriber.objects.count() == 1


def test_the_same_address_may_ask_again_after_a_day(
    client: Client, smtp: Relay
) -> None:
    first = sign_up(client, smtp, CLEO).path("/confirm/")
    post_sign_up(client, CLEO)
    assert len(inbox(smtp, CLEO)) == 1

    a_day_later()
    second = sign_up(client, smtp, CLEO).path("/confirm/")

    assert len(inbox(smtp, CLEO)) == 2
    page = client.post(first)
    assert page.status_code == 410
    assert b"There is a newer link" in page.content
    assert client.post(second).status_code == 302
    assert subscriber_of(CLEO).status == Subscriber.Status.CONFIRMED


def test_a_link_is_not_replaced_by_a_wish_whose_mail_was_withheld(
    client: Client, smtp: Relay
) -> None:
    path = sign_up(client, smtp, CLEO).path("/confirm/")
    post_sign_up(client, CLEO, ("own-news",), first_name="Mallory")

    assert client.post(path).status_code == 302

    cleo = subscriber_of(CLEO)
    assert cleo.first_name == ""
    assert len(inbox(smtp, CLEO)) == 2


# --- Floods ---


def test_a_network_may_sign_up_so_often_an_hour_and_sees_no_difference_after(
    client: Client, smtp: Relay, settings: Settings
) -> None:
    settings.SIGN_UPS_PER_NETWORK_PER_HOUR = 3
    answers = [post_sign_up(client, f"reader{n}@example.com") for n in range(5)]
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    token = form_token(client)

    assert len({str(what_the_visitor_sees(answer)) for answer in answers}) == 1
    assert Subscriber.objects.count() == 3
    client.post(
        "/",
        {"shown": token, "email": ADA, "purposes": "case-updates"},
        **elsewhere,  # type: ignore[arg-type]
    )
    assert Subscriber.objects.count() == 4


def test_all_networks_together_have_a_limit(
    client: Client, smtp: Relay, settings: Settings
) -> None:
    settings.SIGN_UPS_PER_HOUR = 2
    for n in range(4):
        post_sign_up(client, f"reader{n}@example.com")

    assert Subscriber.objects.count() == 2


def test_asking_for_a_link_looks_the_same_for_readers_and_strangers(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    sign_up(client, smtp, BEN)
    seen = []
    for address in (ADA, BEN, CLEO):
        filled = {"shown": preferences_token(client), "email": address}
        with CaptureQueriesContext(connection) as queries:
            answer = client.post("/preferences/", filled)
        seen.append((what_the_visitor_sees(answer), statements(queries)))

    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0][0] == 302
    assert len(inbox(smtp, ADA)) == 3
    assert len(inbox(smtp, BEN)) == 1
    assert inbox(smtp, CLEO) == []


def preferences_token(client: Client) -> str:
    from tests.reading import posting_form

    return posting_form(client.get("/preferences/")).fields.get("shown", [""])[0]
