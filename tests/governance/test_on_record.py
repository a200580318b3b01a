"""What was done stays on record: the database refuses the application every change."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from data_subjects.models import DataSubject
from governance import notice_changes, notice_mail
from governance.models import NoticeDelivery, ProofsTransfer, RetentionRun
from governance.proofs import record_transfer
from governance.retention import run_retention
from groundwork import addresses
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail
from outbox.suppression import suppress
from processing_register.register import period
from tests.case_updates.cast import reader
from tests.database_role import acting_as
from tests.people import ADA, BEN
from tests.processing_register.notices import published, second
from tests.purging import purged
from tests.relay import Relay

pytestmark = pytest.mark.django_db

DELIVERY = "governance_noticedelivery"
RUN = "governance_retentionrun"
TRANSFER = "governance_proofstransfer"


def runs(statement: str, *values: Any) -> int:
    """Raw SQL as casedesk_app, as every test here acts; how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def is_refused(statement: str, *values: Any) -> None:
    why = r"on record|notice delivery|permission denied"
    with pytest.raises(DatabaseError, match=why):
        runs(statement, *values)


# --- Runs and transfers ---


@pytest.mark.parametrize(
    "change",
    [
        "removed_count = 0",
        "problem = ''",
        "finished_at = NULL",
        "rule = 'another'",
        "started_at = now()",
    ],
)
def test_a_run_that_has_ended_cannot_be_changed(change: str) -> None:
    run_retention()
    is_refused(f"UPDATE {RUN} SET {change}")


def test_no_run_can_be_removed_whether_it_ended_or_not() -> None:
    is_unfinished = RetentionRun.objects.create(rule="a.b")
    is_refused(f"DELETE FROM {RUN} WHERE id = %s", is_unfinished.pk)
    run_retention()
    is_refused(f"DELETE FROM {RUN}")


def test_the_owner_removes_no_run_either() -> None:
    run_retention()
    with acting_as(None):
        is_refused(f"DELETE FROM {RUN}")


def test_a_run_at_work_counts_and_ends_and_keeps_its_name() -> None:
    run = RetentionRun.objects.create(rule="a.b")
    is_refused(f"UPDATE {RUN} SET rule = 'c.d', finished_at = now()")
    counted = f"UPDATE {RUN} SET removed_count = 3, finished_at = now()"

    assert runs(counted) == 1
    run.refresh_from_db()
    assert (run.rule, run.removed_count) == ("a.b", 3)


def test_a_transfer_of_proofs_ends_once_and_stays() -> None:
    transfer = record_transfer("Example Ltd", staff_id=second().pk)
    is_refused(f"UPDATE {TRANSFER} SET recipient = 'Another Ltd'")
    end = f"UPDATE {TRANSFER} SET finished_at = now(), manifest_digest = %s"
    assert runs(end, b"1" * 32) == 1

    is_refused(end, b"2" * 32)
    is_refused(f"DELETE FROM {TRANSFER}")
    assert ProofsTransfer.objects.get().pk == transfer.pk


# --- To whom a notice went ---


def told(smtp: Relay) -> None:
    """Ada was told, Ben is left out."""
    for address in (ADA, BEN):
        reader(address)
    suppress(addresses.digest(BEN), "", "bounced")
    deliver_due()
    published()
    for _ in range(2):
        notice_changes.announce_changes()
        deliver_due()
    notice_changes.announce_changes()
    states = NoticeDelivery.objects.order_by("state").values_list("state", flat=True)
    assert list(states) == ["sent", "withheld"]


@pytest.mark.parametrize("state", ["sent", "withheld"])
@pytest.mark.parametrize(
    "change",
    [
        "state = 'queued'",
        "reason = 'another'",
        "settled_at = now() - interval '9 years'",
        "data_subject_id = gen_random_uuid()",
    ],
)
def test_a_settled_delivery_cannot_be_changed(
    smtp: Relay, state: str, change: str
) -> None:
    told(smtp)
    is_refused(
        f"UPDATE {DELIVERY} SET {change} WHERE state = %s",
        state,
    )


def test_nobody_is_told_by_a_stroke_of_the_pen(smtp: Relay) -> None:
    reader(ADA)
    deliver_due()
    published()
    notice_changes.begin()
    say_sent = f"UPDATE {DELIVERY} SET state = 'sent', settled_at = now()"
    is_refused(say_sent)
    notice_changes.announce_changes()
    assert NoticeDelivery.objects.get().state == "queued"

    is_refused(say_sent)
    is_refused(f"UPDATE {DELIVERY} SET state = 'withheld', reason = 'bounced'")
    columns = "change_id, data_subject_id, state, reason"
    is_refused(
        f"INSERT INTO {DELIVERY} ({columns})"
        f" SELECT change_id, gen_random_uuid(), 'sent', '' FROM {DELIVERY}"
    )


def test_no_delivery_goes_before_its_period_is_over(smtp: Relay) -> None:
    told(smtp)
    is_refused(f"DELETE FROM {DELIVERY} WHERE state = 'sent'")
    is_refused(f"DELETE FROM {DELIVERY} WHERE state = 'withheld'")

    assert purged(notice_changes.DELIVERIES) == 0


def test_the_nightly_purge_removes_it_when_its_period_is_over(smtp: Relay) -> None:
    told(smtp)
    over = timezone.now() - period("notice-delivery") - timedelta(hours=1)
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {DELIVERY} DISABLE TRIGGER USER")
        sent = f"UPDATE {DELIVERY} SET settled_at = %s WHERE state = 'sent'"
        cursor.execute(sent, [over])
        cursor.execute(f"ALTER TABLE {DELIVERY} ENABLE TRIGGER USER")

    assert purged(notice_changes.DELIVERIES) == 1
    assert NoticeDelivery.objects.get().state == "withheld"


def test_a_message_that_goes_before_its_delivery_takes_nothing_of_it(
    smtp: Relay,
) -> None:
    told(smtp)
    mails = OutgoingEmail.objects.filter(kind=notice_mail.KIND)
    assert mails.delete()[0] == 1

    sent = NoticeDelivery.objects.get(state="sent")
    assert sent.email is None and sent.settled_at is not None
    assert DataSubject.objects.filter(pk=sent.data_subject_id).exists()
