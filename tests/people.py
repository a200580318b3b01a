"""The people of the tests, and what they do through the public pages.

Ada is a confirmed reader, Ben has not confirmed yet, Cleo is a stranger. Dana writes
case updates, Omar approves them.
"""

from typing import Any

from django.test import Client
from django.utils import timezone

from consent.ledger import standing_purposes
from groundwork import addresses
from outbox.delivery import deliver_due
from rights_requests.acknowledging import acknowledge_new
from subscribers.models import Subscriber
from tests.reading import Mail, posting_form
from tests.relay import Relay

ADA = "ada@example.com"
BEN = "ben@example.com"
CLEO = "cleo@example.com"
DANA = "dana@example.com"
OMAR = "omar@example.com"

CASE_UPDATES = "case-updates"
OWN_NEWS = "own-news"
THIRD_PARTY_NEWS = "third-party-news"


def form_token(client: Client) -> str:
    """The signed token of a fresh sign-up form."""
    token: str = posting_form(client.get("/")).fields["shown"][0]
    return token


def post_sign_up(
    client: Client,
    address: str,
    purposes: tuple[str, ...] = (CASE_UPDATES,),
    **fields: str,
) -> Any:
    """Fill the form of a fresh page and press “Sign up”."""
    filled = posting_form(client.get("/")).fields
    return client.post(
        "/", {**filled, "email": address, "purposes": list(purposes), **fields}
    )


def inbox(smtp: Relay, address: str) -> list[Mail]:
    """What has come to this mailbox, once everything due was written and delivered."""
    acknowledge_new(timezone.now())
    deliver_due()
    return [Mail(m.content) for m in smtp.received if m.recipients == [address]]


def sign_up(
    client: Client,
    smtp: Relay,
    address: str,
    purposes: tuple[str, ...] = (CASE_UPDATES,),
    **fields: str,
) -> Mail:
    """Sign up and return the confirmation mail that came."""
    response = post_sign_up(client, address, purposes, **fields)
    assert response.status_code == 302
    return inbox(smtp, address)[-1]


def become_reader(
    client: Client,
    smtp: Relay,
    address: str = ADA,
    purposes: tuple[str, ...] = (CASE_UPDATES,),
    **fields: str,
) -> Mail:
    """Sign up and confirm; returns the welcome mail."""
    path = sign_up(client, smtp, address, purposes, **fields).path("/confirm/")
    assert client.post(path).status_code == 302
    return inbox(smtp, address)[-1]


def subscriber_of(address: str) -> Subscriber:
    return Subscriber.objects.get(address_digest=addresses.digest(address))


def stands(address: str = ADA) -> set[str]:
    """The purposes for which this address's consent stands."""
    return set(standing_purposes(subscriber_of(address).data_subject_id))


def open_preferences(client: Client, smtp: Relay, address: str = ADA) -> str:
    """Ask for a fresh link, follow it, press the button; the path of the open page."""
    filled = posting_form(client.get("/preferences/")).fields
    client.post("/preferences/", {**filled, "email": address})
    path = inbox(smtp, address)[-1].path("/preferences/open/")
    return str(client.post(path)["Location"])
