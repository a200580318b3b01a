"""Every ledger of the house can be sealed, whatever its entries hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from consent.models import ConsentSeal
from governance.tasks import seal_ledgers
from groundwork.database_roles import APP
from groundwork.ledger import covering_seal, findings, ledgers
from subscribers.models import SubscriberEvent
from tests.console.staff import page_of
from tests.database_role import acting_as
from tests.people import ADA, CLEO, become_reader, subscriber_of
from tests.relay import Relay
from tests.sealing import seal, wait_for_older
from tests.whole_house.inhabited import move_in, superuser

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_ledger_of_a_lived_in_house_is_sealed_and_sound(
    open_house: None, client: Client, smtp: Relay, mailbox: Path
) -> None:
    move_in(client, smtp, mailbox)
    client.force_login(superuser())
    client.get(page_of(subscriber_of(CLEO)))  # a look that goes on record

    for book in ledgers():
        seal(book)
        newest = book.objects.latest("id")
        assert covering_seal(newest) is not None, f"{book._meta.label} has no seal"
        assert list(findings(book)) == []


@pytest.fixture
def shut_ledger() -> Iterator[None]:
    """The application may add no seal to the consent ledger for a while."""
    table, role = ConsentSeal._meta.db_table, APP
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute(f"REVOKE INSERT ON {table} FROM {role}")
    yield
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute(f"GRANT INSERT ON {table} TO {role}")


def test_a_ledger_that_cannot_be_sealed_holds_up_no_other(
    open_house: None, client: Client, smtp: Relay, shut_ledger: None
) -> None:
    become_reader(client, smtp, ADA)
    wait_for_older(SubscriberEvent)

    with pytest.raises(ExceptionGroup, match="not sealed") as problem:
        seal_ledgers()

    (one,) = problem.value.exceptions
    assert one.__notes__[-1] == "while sealing consent.ConsentEntry"
    assert covering_seal(SubscriberEvent.objects.latest("id")) is not None
