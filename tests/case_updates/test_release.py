"""From a draft to a sending, and everything that refuses in between."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from case_updates import content, release
from case_updates.models import CaseUpdate, Delivery, Step
from case_updates.readers import readers, why_not
from case_updates.release import NotReady
from config.embedded import Redis
from consent import ledger
from consent.models import Channel
from groundwork.refusals import NotAllowed
from outbox import suppression
from outbox.models import SuppressedAddress
from processing_register.models import ProcessingPurpose
from subscribers import preferences
from subscribers.leaving import leave, undo
from subscribers.models import Subscriber
from tests.case_updates.cast import (
    dana,
    draft,
    omar,
    pending_reader,
    reader,
    released,
    staff,
    submitted,
)
from tests.case_updates.threads import at_once
from tests.database_role import acting_as
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, OWN_NEWS

pytestmark = pytest.mark.django_db

State = CaseUpdate.State


def approve(update: CaseUpdate) -> CaseUpdate:
    return release.release(update.pk, by=omar(), digest=content.digest(update))


def actions(update: CaseUpdate) -> list[str]:
    return list(update.steps.values_list("action", flat=True))


# --- Writing and submitting ---


def test_two_updates_of_one_title_have_pages_of_their_own() -> None:
    slugs = [draft("Äpfel & Birnen: 2026").slug for _ in range(3)]

    assert slugs == ["apfel-birnen-2026", "apfel-birnen-2026-2", "apfel-birnen-2026-3"]


def test_a_title_cannot_take_the_place_of_the_feed() -> None:
    assert draft("Feed").slug == "feed-2"


def test_a_title_without_letters_still_has_a_page() -> None:
    assert draft("判決").slug == "update"


def test_a_writer_submits_and_it_is_on_record() -> None:
    update = submitted()

    assert update.state == State.SUBMITTED
    assert bytes(update.submitted_digest or b"") == content.digest(update)
    assert actions(update) == ["written", "submitted"]


def test_what_fails_a_check_is_not_submitted() -> None:
    update = draft(body="Dear [NAME]")

    with pytest.raises(NotReady) as refusal:
        release.submit(update.pk, by=dana())

    update.refresh_from_db()
    assert update.state == State.DRAFT
    assert refusal.value.problems == ["Fill in or take out: [NAME]."]


def test_somebody_who_did_not_write_it_does_not_submit_it() -> None:
    with pytest.raises(NotAllowed, match="Only somebody who wrote it"):
        release.submit(draft().pk, by=omar())


def test_submitting_twice_is_refused() -> None:
    with pytest.raises(NotAllowed, match="already"):
        release.submit(submitted().pk, by=dana())


def test_editing_after_submission_makes_it_a_draft_again() -> None:
    update = submitted()

    changed = release.rewrite(update.pk, by=dana(), body="Other words.")

    assert changed.state == State.DRAFT and changed.submitted_digest is None
    with pytest.raises(NotAllowed, match="not been submitted"):
        approve(changed)


def test_saving_without_a_change_leaves_it_submitted() -> None:
    update = submitted()

    release.rewrite(update.pk, by=omar(), title=update.title, body=update.body)

    update.refresh_from_db()
    assert update.state == State.SUBMITTED and actions(update)[-1] == "submitted"


def test_sending_back_keeps_the_reason() -> None:
    update = submitted()

    release.send_back(update.pk, by=omar(), reason=" The date is wrong. ")

    update.refresh_from_db()
    last = update.steps.last()
    assert last is not None
    assert update.state == State.DRAFT
    assert (last.action, last.staff, last.reason) == (
        "sent back",
        omar(),
        "The date is wrong.",
    )


def test_sending_back_without_a_reason_is_refused() -> None:
    with pytest.raises(NotAllowed, match="what has to change"):
        release.send_back(submitted().pk, by=omar(), reason="  ")


# --- Approving ---


def test_the_author_cannot_approve() -> None:
    update = submitted()

    with pytest.raises(NotAllowed, match="You wrote it"):
        release.release(update.pk, by=dana(), digest=content.digest(update))

    update.refresh_from_db()
    assert update.state == State.SUBMITTED and not Delivery.objects.exists()


def test_whoever_wrote_a_part_of_it_cannot_approve_either() -> None:
    update = draft()
    release.rewrite(update.pk, by=omar(), summary="A better summary.")
    update = release.submit(update.pk, by=dana())

    with pytest.raises(NotAllowed, match="You wrote it"):
        approve(update)


def test_the_database_itself_refuses_an_author_as_approver() -> None:
    update = submitted()

    with pytest.raises(IntegrityError, match="author_is_not_approver"):
        CaseUpdate.objects.filter(pk=update.pk).update(approved_by=update.written_by)


def test_a_draft_cannot_be_approved() -> None:
    with pytest.raises(NotAllowed, match="not been submitted"):
        approve(draft())


def test_words_changed_behind_the_verbs_are_refused() -> None:
    update = submitted()
    CaseUpdate.objects.filter(pk=update.pk).update(body="Other words.")
    update.refresh_from_db()

    with pytest.raises(NotAllowed, match="changed since you read it"):
        approve(update)


def test_words_that_the_approver_has_not_read_are_refused() -> None:
    update = submitted()
    read = content.digest(update)
    release.rewrite(update.pk, by=dana(), body="Other words.")
    release.submit(update.pk, by=dana())

    with pytest.raises(NotAllowed, match="changed since you read it"):
        release.release(update.pk, by=omar(), digest=read)


def test_the_checks_run_again_at_the_release() -> None:
    ada = reader()
    earlier = submitted("Earlier")
    update = draft("Correcting", corrects=None)
    update = release.submit(update.pk, by=dana())
    CaseUpdate.objects.filter(pk=update.pk).update(
        corrects=earlier, submitted_digest=b"x"
    )
    update.refresh_from_db()
    CaseUpdate.objects.filter(pk=update.pk).update(
        submitted_digest=content.digest(update)
    )

    with pytest.raises(NotReady, match="has not been published"):
        approve(update)

    assert not ada.deliveries.exists()


def test_what_the_register_does_not_allow_is_not_sent() -> None:
    ProcessingPurpose.objects.filter(pk=CASE_UPDATES).update(is_sendable=False)

    with pytest.raises(NotAllowed, match="register"):
        approve(submitted())


def test_releasing_publishes_and_queues_one_delivery_per_reader() -> None:
    subjects = {reader(ADA).data_subject_id, reader(CLEO).data_subject_id}

    update = released()

    rows = Delivery.objects.filter(case_update=update)
    assert {row.data_subject_id for row in rows} == subjects
    assert {(row.state, row.attempts, row.reason) for row in rows} == {
        ("queued", 0, "")
    }
    assert update.state == State.SENDING and update.readers_count == 2
    assert update.published_at is not None and update.approved_by == omar()
    assert actions(update)[-1] == "approved"


def test_a_release_takes_as_many_statements_for_many_readers_as_for_one() -> None:
    first, second = submitted("First"), submitted("Second")
    approver = omar()

    def statements(update: CaseUpdate) -> int:
        digest = content.digest(update)
        with CaptureQueriesContext(connection) as seen:
            release.release(update.pk, by=approver, digest=digest)
        return len(seen)

    one = statements(first)
    for number in range(5):
        reader(f"reader{number}@example.com")

    assert statements(second) == one


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_make_one_sending() -> None:
    reader()
    update = submitted()
    other = staff("olga@example.com", "release_caseupdate")
    digest = content.digest(update)
    approver = omar()

    results = at_once(
        lambda: release.release(update.pk, by=approver, digest=digest),
        lambda: release.release(update.pk, by=other, digest=digest),
    )

    refusals = [result for result in results if isinstance(result, NotAllowed)]
    assert [str(refusal) for refusal in refusals] == ["It has been sent already."]
    assert Delivery.objects.count() == 1
    assert Step.objects.filter(action="approved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_release_neither_fails_nor_waits_while_redis_is_away(
    redis_server: Redis,
) -> None:
    reader()
    redis_server.stop()
    before = timezone.now()

    update = released()
    assert update.state == State.SENDING and Delivery.objects.count() == 1
    assert timezone.now() - before < timedelta(seconds=3)


# --- To whom ---


def withdrawn() -> Subscriber:
    ada = reader()
    how = ledger.Circumstances(channel=Channel.STAFF)
    ledger.record_withdrawn(ada.data_subject_id, [CASE_UPDATES], how)
    return ada


def left() -> Subscriber:
    ada = reader()
    leave(ada.pk, [], channel=Channel.ONE_CLICK)
    return ada


def left_but_not_suppressed() -> Subscriber:
    ada = reader()
    Subscriber.objects.filter(pk=ada.pk).update(status="left", left_at=timezone.now())
    return ada


def paused() -> Subscriber:
    ada = reader()
    preferences.pause(ada, timezone.localdate() + timedelta(days=1))
    return ada


def suppressed(purpose: str, reason: str) -> Subscriber:
    ada = reader()
    suppression.suppress(bytes(ada.address_digest), purpose, reason)
    return ada


Reason = SuppressedAddress.Reason


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: pending_reader(BEN), "not confirmed"),
        (lambda: reader(purposes=(OWN_NEWS,)), "no consent"),
        (withdrawn, "no consent"),
        (left, "no consent"),
        (left_but_not_suppressed, "left"),
        (paused, "paused"),
        (lambda: suppressed("", Reason.COMPLAINED), "suppressed"),
        (lambda: suppressed(CASE_UPDATES, Reason.BOUNCED), "suppressed"),
    ],
)
def test_only_standing_consent_is_sent_to(make: Any, why: str) -> None:
    subscriber = make()

    assert released().readers_count == 0
    assert not Delivery.objects.exists()
    assert why_not(subscriber.pk) == why


def test_a_no_to_something_else_stands_in_nobodys_way() -> None:
    ada = suppressed(OWN_NEWS, Reason.UNSUBSCRIBED)

    assert list(readers()) == [ada] and why_not(ada.pk) == ""


def test_who_comes_back_is_a_reader_again() -> None:
    ada = reader()
    gone = leave(ada.pk, [CASE_UPDATES], channel=Channel.ONE_CLICK)
    assert not readers().exists()
    undo(gone.undo_token)

    assert list(readers()) == [ada]


def test_a_pause_ends_on_its_day() -> None:
    ada = reader()
    Subscriber.objects.filter(pk=ada.pk).update(paused_until=timezone.localdate())

    assert list(readers()) == [ada]


# --- Once released, for ever ---


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other"},
        {"body": "Other"},
        {"summary": "Other"},
        {"slug": "other"},
        {"published_at": timezone.now()},
        {"readers_count": 99},
        {"state": "draft", "published_at": None},
        {"state": "submitted", "published_at": None},
        {"corrects_id": None, "created_at": timezone.now()},
    ],
)
@pytest.mark.parametrize("role", ["casedesk_app", None])
def test_the_database_refuses_to_change_a_released_update(
    change: dict[str, Any], role: str | None
) -> None:
    update = released()

    with acting_as(role), pytest.raises(IntegrityError, match="cannot change"):
        with transaction.atomic():
            CaseUpdate.objects.filter(pk=update.pk).update(**change)


def test_the_database_refuses_to_remove_a_released_update() -> None:
    released()

    with acting_as(None), pytest.raises(IntegrityError, match="cannot change"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM case_updates_caseupdate")


def test_nothing_is_sent_that_was_not_submitted() -> None:
    update = draft()

    with pytest.raises(IntegrityError, match="released once submitted"):
        with transaction.atomic():
            CaseUpdate.objects.filter(pk=update.pk).update(state="sending")


def test_nothing_is_sent_under_another_digest_than_the_submitted_one() -> None:
    update = submitted()

    with pytest.raises(IntegrityError, match="nothing_is_sent_unapproved"):
        with transaction.atomic():
            CaseUpdate.objects.filter(pk=update.pk).update(
                state="sending",
                approved_by=omar(),
                published_at=timezone.now(),
                readers_count=0,
                approved_digest=b"x" * 32,
            )


def test_a_released_update_is_only_put_right_by_another() -> None:
    update = released()

    with pytest.raises(NotAllowed, match="Write a new one"):
        release.rewrite(update.pk, by=dana(), title="Other")
    with pytest.raises(NotAllowed, match="called back"):
        release.send_back(update.pk, by=omar(), reason="Oh no")


def test_steps_cannot_be_changed_or_removed() -> None:
    update = submitted()

    for statement in (
        "UPDATE case_updates_step SET reason = 'x'",
        "DELETE FROM case_updates_step",
    ):
        with acting_as(None), pytest.raises(IntegrityError, match="append-only"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    assert actions(update) == ["written", "submitted"]
