"""What binds a person counts, however close to it somebody else acts."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from data_subjects.models import DataSubject
from data_subjects.people import subject_of
from data_subjects.restriction import is_kept
from groundwork import addresses
from subscribers import links, preferences
from subscribers.models import LinkUse
from tests.beside import Beside
from tests.data_subjects.acts import held, restricted
from tests.people import ADA, CLEO, become_reader, subscriber_of
from tests.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)


def move_of_ada(client: Client, smtp: Relay) -> Callable[[], Any]:
    """Ada has asked to move to Cleo's address: what the new mailbox does."""
    become_reader(client, smtp, ADA)
    reader = subscriber_of(ADA)
    preferences.ask_to_change_address(reader, CLEO)
    _, token = links.make(reader, LinkUse.ADDRESS)
    return lambda: preferences.confirm_new_address(token)


@pytest.mark.parametrize("bind", [restricted, held])
def test_what_is_bound_in_advance_while_a_reader_moves_there_binds_the_reader(
    client: Client, smtp: Relay, bind: Callable[[str], Any]
) -> None:
    move = move_of_ada(client, smtp)
    subject_of(CLEO)

    with transaction.atomic():
        bind(CLEO)
        beside = Beside(move)
        assert beside.waits_for_us()

    assert beside.result() is None
    assert is_kept(subscriber_of(CLEO).data_subject_id)


def test_a_hold_on_both_does_not_hinder_a_reader_who_moves_to_the_other_address(
    client: Client, smtp: Relay
) -> None:
    move = move_of_ada(client, smtp)
    reader = subscriber_of(ADA).data_subject_id
    # A hold locks several by their numbers: this one comes before any reader.
    DataSubject.objects.create(
        id=uuid.UUID(int=1), address_digest=addresses.digest(CLEO)
    )

    with transaction.atomic():
        DataSubject.objects.select_for_update(no_key=True).get(pk=uuid.UUID(int=1))
        beside = Beside(move)
        assert beside.waits_for_us()
        DataSubject.objects.select_for_update(nowait=True).get(pk=reader)

    assert beside.result() is None
