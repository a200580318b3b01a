"""The one door: what may leave, and whose “no” each class of message heeds."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork import addresses
from outbox import delivery, retention
from outbox.composing import RefusedAtTheDoor
from outbox.models import (
    InboundEmail,
    MessageClass,
    OutgoingEmail,
    State,
    SuppressedAddress,
)
from outbox.queueing import queue
from outbox.suppression import is_suppressed, lift, suppress
from tests.people import ADA, CASE_UPDATES, OWN_NEWS
from tests.purging import purged
from tests.relay import Relay

pytestmark = pytest.mark.django_db

LINK = f"http://localhost:8000/u/{'a' * 22}/"
Reason = SuppressedAddress.Reason


def marketing(**given: Any) -> OutgoingEmail:
    fields: dict[str, Any] = {
        "to": ADA,
        "context": {"unsubscribe_url": LINK},
        "data_subject_id": None,
        "message_class": MessageClass.MARKETING,
        "purpose": CASE_UPDATES,
    }
    return queue("subscribers/welcome", **(fields | given))


def state_of(email: OutgoingEmail) -> str:
    return OutgoingEmail.objects.get(pk=email.pk).state


# --- Opt-outs ---


@pytest.mark.parametrize(
    "given",
    [
        {"context": {}},
        {"context": {"unsubscribe_url": ""}},
        {"context": {"unsubscribe_url": "http://localhost:8000/preferences/"}},
        {"context": {"unsubscribe_url": LINK + "x"}},
        {"context": {"unsubscribe_url": "mailto:us@example.com"}},
        {"purpose": ""},
    ],
)
def test_marketing_without_a_working_opt_out_does_not_get_in(
    given: dict[str, Any],
) -> None:
    with pytest.raises(RefusedAtTheDoor):
        marketing(**given)

    assert not OutgoingEmail.objects.exists()


def test_marketing_whose_template_forgets_the_link_does_not_get_out(
    smtp: Relay, settings: Any, tmp_path: Any
) -> None:
    folder = tmp_path / "emails" / "test"
    folder.mkdir(parents=True)
    for part in ("subject.txt", "txt", "html"):
        (folder / f"forgetful.{part}").write_text("Buy!")
    engine = settings.TEMPLATES[0]
    settings.TEMPLATES = [{**engine, "DIRS": [tmp_path, *engine["DIRS"]]}]
    email = queue(
        "test/forgetful",
        to=ADA,
        context={"unsubscribe_url": LINK},
        data_subject_id=None,
        message_class=MessageClass.MARKETING,
        purpose=CASE_UPDATES,
    )

    delivery.deliver_due()

    assert state_of(email) == State.FAILED
    assert smtp.received == []


def test_the_database_refuses_marketing_without_a_purpose() -> None:
    email = marketing()
    email.purpose = ""

    with pytest.raises(Exception, match="marketing_names_its_purpose"):
        with transaction.atomic():
            email.save(update_fields=["purpose"])


def test_a_message_goes_with_its_transaction(smtp: Relay) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        marketing()
        raise ZeroDivisionError

    assert delivery.deliver_due() == 0


# --- Classes and reasons ---

# For each class, the reasons that hold a message back.
HEEDED = {
    MessageClass.MARKETING: set(Reason),
    MessageClass.SERVICE: {Reason.BOUNCED},
    MessageClass.RIGHTS: set(),
    MessageClass.NOTICE: {Reason.BOUNCED, Reason.ERASED},
    MessageClass.STAFF: set(),
}


@pytest.mark.parametrize("message_class", MessageClass)
@pytest.mark.parametrize("reason", Reason)
def test_each_class_heeds_its_opt_outs(
    smtp: Relay, message_class: MessageClass, reason: Reason
) -> None:
    suppress(addresses.digest(ADA), "", reason)
    email = marketing(message_class=message_class)

    delivery.deliver_due()

    if reason in HEEDED[message_class]:
        assert state_of(email) == State.WITHHELD
        assert smtp.received == []
    else:
        assert state_of(email) == State.SENT
        assert len(smtp.received) == 1


def test_a_no_to_one_purpose_leaves_the_other() -> None:
    digest = addresses.digest(ADA)
    suppress(digest, OWN_NEWS, Reason.UNSUBSCRIBED)

    assert is_suppressed(digest, MessageClass.MARKETING, OWN_NEWS)
    assert not is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)
    assert not is_suppressed(addresses.digest("b@example.com"), "marketing", OWN_NEWS)


def test_a_yes_to_one_purpose_keeps_the_no_to_the_others() -> None:
    digest = addresses.digest(ADA)
    suppress(digest, "", Reason.OBJECTED)

    lift(digest, [CASE_UPDATES], [CASE_UPDATES, OWN_NEWS, "third-party-news"])

    assert not is_suppressed(digest, MessageClass.MARKETING, CASE_UPDATES)
    assert is_suppressed(digest, MessageClass.MARKETING, OWN_NEWS)
    assert is_suppressed(digest, MessageClass.MARKETING, "third-party-news")


def test_a_bounce_is_heeded_although_the_reader_had_left_before() -> None:
    digest = addresses.digest(ADA)
    suppress(digest, "", Reason.UNSUBSCRIBED)

    suppress(digest, "", Reason.BOUNCED)

    assert is_suppressed(digest, MessageClass.SERVICE, "")


def test_leaving_does_not_hide_a_bounce() -> None:
    digest = addresses.digest(ADA)
    suppress(digest, "", Reason.BOUNCED)

    suppress(digest, "", Reason.UNSUBSCRIBED)

    assert is_suppressed(digest, MessageClass.SERVICE, "")


def test_no_address_is_kept_with_a_suppression() -> None:
    suppress(addresses.digest(ADA), "", Reason.ERASED)

    assert "ada" not in str(SuppressedAddress.objects.values())


# --- How long copies are kept ---


def test_bodies_and_addresses_go_after_ninety_days(smtp: Relay) -> None:
    subject = make_subject()
    email = marketing(data_subject_id=subject, message_class=MessageClass.SERVICE)
    withheld = marketing(data_subject_id=subject, withheld_because="a limit")
    waiting = marketing(data_subject_id=subject)
    OutgoingEmail.objects.filter(pk=waiting.pk).update(
        next_attempt_at=timezone.now() + timedelta(days=300)
    )
    delivery.deliver_due()
    OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(days=89))
    assert (purged(retention.MAILS_TO_NOBODY) + purged(retention.MAIL_BODIES)) == 0
    OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(days=91))

    assert (purged(retention.MAILS_TO_NOBODY) + purged(retention.MAIL_BODIES)) == 2
    assert (purged(retention.MAILS_TO_NOBODY) + purged(retention.MAIL_BODIES)) == 0

    for row in OutgoingEmail.objects.filter(pk__in=[email.pk, withheld.pk]):
        assert (row.to_address, row.context, row.raw_message) == ("", {}, "")
    assert OutgoingEmail.objects.get(pk=waiting.pk).to_address == ADA


def make_subject() -> uuid.UUID:
    return DataSubject.objects.create(address_digest=addresses.digest(ADA)).pk


def test_a_row_that_concerns_nobody_goes_altogether() -> None:
    queue("x", to="", context={}, data_subject_id=None, withheld_because="nobody")
    OutgoingEmail.objects.update(created_at=timezone.now() - timedelta(days=91))

    assert (purged(retention.MAILS_TO_NOBODY) + purged(retention.MAIL_BODIES)) == 1

    assert not OutgoingEmail.objects.exists()


def test_inbound_mail_goes_ninety_days_after_it_was_dealt_with() -> None:
    old = timezone.now() - timedelta(days=91)
    for number, state in enumerate(InboundEmail.State):
        InboundEmail.objects.create(
            digest=bytes([number]), raw_message="x", state=state, received_at=old
        )

    purged(retention.INBOUND)

    left = set(InboundEmail.objects.values_list("state", flat=True))
    assert left == {"new", "waiting", "broken"}
