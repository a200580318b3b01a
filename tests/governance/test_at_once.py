"""The schedule and the desks act on one person at the same moment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from data_subjects import contacts, restriction
from data_subjects.models import IndirectContact, SubjectEvent, Told
from governance import informing, notice_changes, restrictions
from governance.correcting import correct
from governance.models import NoticeDelivery
from groundwork.clock import today_here
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail
from tests.beside import Beside
from tests.data_subjects.acts import restricted
from tests.governance.test_indirect_contacts import disclosed, entered
from tests.people import ADA, BEN, CLEO
from tests.processing_register.notices import published
from tests.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)


def sent_to_a_wrong_address(contact: IndirectContact) -> None:
    correct(contact.pk, {"address": BEN}, staff_id=1, is_to_be_told_anew=True)


def told_by_telephone(contact: IndirectContact) -> None:
    how, at = Told.SPOKEN, timezone.now()
    contacts.record_told(contact.pk, how=how, at=at, staff_id=1)


def removed(contact: IndirectContact) -> None:
    informing.remove(contact.pk, staff_id=1)


@pytest.mark.parametrize(
    ("act", "on_record"),
    [
        (sent_to_a_wrong_address, ["informed", "untold"]),
        (told_by_telephone, ["informed"]),
        (removed, []),
    ],
)
def test_a_letter_counts_only_if_nothing_was_done_about_it_meanwhile(
    smtp: Relay, act: Callable[[IndirectContact], Any], on_record: list[str]
) -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)
    deliver_due()

    with transaction.atomic():
        act(contact)
        beside = Beside(informing.take_over_letters)
        assert beside.waits_for_us()

    assert beside.result() == 0
    about_it = SubjectEvent.objects.filter(action__in=["informed", "untold"])
    actions = about_it.order_by("id").values_list("action", flat=True)
    assert list(actions) == on_record


def test_a_removal_meanwhile_does_not_break_off_the_count_of_disclosures() -> None:
    contact, other = entered(CLEO), entered(BEN)
    disclosed(contact, 0)
    disclosed(other, 0)

    with transaction.atomic():
        removed(contact)
        beside = Beside(contacts.take_over_disclosures)
        assert beside.waits_for_us()

    assert beside.result() == 1
    other.refresh_from_db()
    assert other.disclosed_on == today_here()


def test_a_lifting_meanwhile_does_not_break_off_the_turn(smtp: Relay) -> None:
    row = restricted(ADA)
    restrictions.tell_by_mail(row.pk, ending="Checked.", staff_id=1)
    deliver_due()

    with transaction.atomic():
        restriction.tell(row.pk, ending="Checked.", how="by letter", staff_id=1)
        restriction.lift(row.pk, staff_id=1)
        beside = Beside(restrictions.take_over_notices)
        assert beside.waits_for_us()

    assert beside.result() == 0


def test_nobody_who_is_removed_meanwhile_gets_the_mail_about_a_changed_notice() -> None:
    contact = entered()
    told_by_telephone(contact)
    published()

    with transaction.atomic():
        removed(contact)
        beside = Beside(notice_changes.announce_changes)
        assert beside.waits_for_us()

    beside.result()
    assert NoticeDelivery.objects.get().reason == "no address held"
    assert not OutgoingEmail.objects.exists()
