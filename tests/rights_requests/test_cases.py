"""The life of a case through its verbs, on the real database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rights_requests import casebook
from rights_requests.kinds import CaseKind
from rights_requests.models import CaseLogEntry, Channel
from rights_requests.receiving import Asked, Sent, receive
from tests.people import CLEO, inbox
from tests.relay import Relay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def register(open_house: None) -> None:
    """Letters name the controller and the regulator."""


def test_a_request_is_acknowledged_with_its_date(smtp: Relay) -> None:
    now = timezone.now()
    received = receive(
        Sent(
            asked=(Asked(CaseKind.ACCESS),),
            channel=Channel.FORM,
            received_at=now - timedelta(minutes=1),
            dated_on=timezone.localdate(now),
            address=CLEO,
        ),
        now=now,
    )
    [case] = received.cases
    [mail] = inbox(smtp, CLEO)
    assert case.reference in mail.subject
    assert case.due_on is not None
    assert f"{case.due_on:%A} {case.due_on.day} {case.due_on:%B %Y}" in mail.text
    assert CaseLogEntry.objects.filter(case_id=case.pk, number=1).exists()
    assert casebook.clocks_of(case, now=now).governs_on == case.governs_on
