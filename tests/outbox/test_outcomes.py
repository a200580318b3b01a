"""What became of a message decides whether the same may be said once more."""

import pytest
from django.utils import timezone

from outbox import outcomes
from outbox.models import OutgoingEmail, State
from outbox.queueing import queue
from tests.people import ADA

pytestmark = pytest.mark.django_db

MAY_BE_SAID_AGAIN = {State.FAILED, State.WITHHELD}


def in_state(state: State) -> OutgoingEmail:
    mail = queue("subscribers/stopped", to=ADA, context={}, data_subject_id=None)
    at = timezone.now()
    OutgoingEmail.objects.filter(pk=mail.pk).update(state=state, settled_at=at)
    mail.refresh_from_db()
    return mail


@pytest.mark.parametrize("state", State)
def test_what_went_or_may_have_gone_is_not_said_again(state: State) -> None:
    mail = in_state(state)

    why_not = outcomes.why_not_again(mail.pk)

    assert outcomes.state_of(mail.pk) == state
    assert (why_not == "") == (state in MAY_BE_SAID_AGAIN)
    assert ("nobody knows" in why_not) == (state == State.UNKNOWN)


@pytest.mark.parametrize("state", State)
def test_it_counts_once_a_mail_server_took_it(state: State) -> None:
    mail = in_state(state)

    taken = mail.settled_at if state == State.SENT else None
    assert outcomes.sent_at(mail.pk) == taken


def test_a_message_that_never_was_stands_in_nobodys_way() -> None:
    assert outcomes.state_of(None) is None and outcomes.sent_at(None) is None
    assert outcomes.why_not_again(None) == ""
