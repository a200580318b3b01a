"""How one run over the outbox ends."""

from typing import Any

import pytest

from config.mail import mailers
from outbox import delivery
from outbox.models import OutgoingEmail, State
from outbox.queueing import queue
from processing_register.loading import load_register
from tests.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)


def queue_two() -> None:
    load_register()
    for name in ("ada", "ben"):
        queue(
            "subscribers/address_undone",
            to=f"{name}@example.com",
            context={},
            data_subject_id=None,
        )


def test_a_server_out_of_reach_ends_the_run_and_costs_the_others_no_try(
    settings: Any,
) -> None:
    settings.MAILERS = mailers("smtp://127.0.0.1:1")
    queue_two()

    assert delivery.deliver_due() == 1

    tries = sorted(OutgoingEmail.objects.values_list("attempts", "state"))
    assert tries == [(0, State.QUEUED), (1, State.QUEUED)]


def test_a_run_that_has_lasted_gives_back_what_it_has_not_begun(
    smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "RUN_SECONDS", -1.0)
    queue_two()

    assert delivery.deliver_due() == 0
    assert smtp.received == []

    monkeypatch.undo()
    assert delivery.deliver_due() == 2
    assert len(smtp.received) == 2
