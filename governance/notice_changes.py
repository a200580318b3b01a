"""Tell everybody whose data is held of a significant change of a notice.

1. A published version that nobody was told of gets a NoticeChange, unless nobody was
   held when it came out. No one is told yet.
2. Somebody releases it; what reads like advertising stands in the way, until somebody
   else than its writer decides. One statement writes a delivery for each person held.
3. Batches are taken up one after the other: a delivery and its message are written in
   one transaction, so that a worker that dies between two batches has told nobody
   twice. Who must not be written to is left out, with the reason on record.
4. When every message has come to its end, the version counts as announced, and the
   purposes that it names may be used (processing_register.gate). Older changes that
   are not finished end with it: its mail told of them, too.

Whoever confirms an address later reads of the change in the welcome mail
(subscribers.signup).

Several that wait at once are one mail: the newest tells of all (notice_mail). The
message is of the class NOTICE: it goes to those who unsubscribed or objected, too.
"""

import time
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Subquery
from django.utils import timezone

from data_subjects import contacts
from data_subjects.held import addresses_of, held_before
from data_subjects.models import DataSubject
from data_subjects.retention import Purge
from governance import notice_mail
from governance.models import NoticeChange, NoticeDelivery, OverruledWords
from groundwork import addresses
from groundwork.refusals import NotAllowed, refuse
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.queueing import queue
from outbox.suppression import in_the_way
from processing_register import publishing
from processing_register.models import NoticeVersion
from staff.models import StaffUser
from subscribers.held import READERS

COVERED = "covered by a newer one"
BATCH = 200
RUN_SECONDS = 30.0


# --- From a published version to a change that somebody releases ---


def announce_changes() -> None:
    """One turn of the schedule: begin what is new, go on with what is under way, and
    look after messages of what has ended that were on their way then."""
    begin()
    for change in NoticeChange.objects.under_way().oldest_first():
        go_on(change)
    for change in NoticeChange.objects.unsettled().filter(finished_at__isnull=False):
        take_over_states(change)


def begin() -> None:
    """Make a change for each version that has to be announced; twice changes nothing.

    The newest is released at once in the name of whoever approved it on the console. Of
    several that came out together it alone is, so that its mail tells of all.
    """
    begun = []
    for version in NoticeVersion.objects.to_announce():
        if not held_before(published_at(version)).exists():
            publishing.announce(version, now=timezone.now())
            continue
        change, is_new = NoticeChange.objects.get_or_create(version=version)
        begun += [change] if is_new else []
    if begun:
        _release_at_once(begun[-1])


def _release_at_once(change: NoticeChange) -> None:
    """Unless a person has to look at the mail first: it is from a file, or it would say
    less of an older version than that version's own words."""
    approver = change.version.approved_by
    if approver is None or why_not_release(change) or notice_mail.left_out(change):
        return
    release(change.pk, by=approver)


@transaction.atomic
def release(change_id: int, *, by: StaffUser) -> NoticeChange:
    """Tell everybody held before the version came out, each once.

    Older changes that wait are covered by this one: its mail says what they changed,
    too. Raises NotAllowed.
    """
    change = _locked(change_id)
    refuse(*why_not_release(change))
    change.released_by, change.released_at = by, timezone.now()
    change.save(update_fields=["released_by", "released_at"])
    _write_deliveries(change)
    return change


def why_not_release(change: NoticeChange) -> list[str]:
    """What stands in the way; empty when nothing does."""
    return _why_over(change) or notice_mail.why_not_mail(change)


def _why_over(change: NoticeChange) -> list[str]:
    if change.released_at is not None or change.finished_at is not None:
        return ["It has been released already."]
    if NoticeChange.objects.newer_than(change).exists():
        return [
            "A newer version waits or is being announced; its mail covers this one."
        ]
    return []


# --- Words that a machine takes for advertising ---


@transaction.atomic
def overrule(change_id: int, *, reason: str, by: StaffUser) -> list[OverruledWords]:
    """Let the words stand that were found, for a reason that goes on record.

    Whoever wrote them does not decide about them. Raises NotAllowed.
    """
    change = _locked(change_id)
    refuse(*why_not_overrule(change, by))
    if not reason.strip():
        raise NotAllowed("Say why these words may stand.")
    return [
        OverruledWords.objects.create(
            version=version, words=list(words), reason=reason.strip(), decided_by=by
        )
        for version, words in found_words(change)
    ]


def why_not_overrule(change: NoticeChange, by: StaffUser) -> list[str]:
    if why_not := _why_over(change):
        return why_not
    found = found_words(change)
    if not found:
        return ["Nothing was found."]
    if any(version.written_by_id == by.pk for version, _ in found):
        return ["You wrote these words, so somebody else has to decide."]
    return []


def found_words(change: NoticeChange) -> list[tuple[NoticeVersion, dict[str, str]]]:
    """The versions that the mail tells of in whose words something was found."""
    pairs = [
        (version, notice_mail.offending_words(version))
        for version in notice_mail.versions_told(change)
    ]
    return [(version, words) for version, words in pairs if words]


def _write_deliveries(change: NoticeChange) -> int:
    """One row for each person held before the version came out and without one yet, in
    one statement. Whoever has one is not tried again: a row refused costs a number."""
    held = held_before(published_at(change.version))
    query, values = held.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO governance_noticedelivery"  # noqa: S608 a query of our own
            " (change_id, data_subject_id, state, reason)"
            f" SELECT %s, held.subject, %s, '' FROM ({query}) AS held (subject)"
            " WHERE NOT EXISTS (SELECT FROM governance_noticedelivery AS known"
            " WHERE known.change_id = %s AND known.data_subject_id = held.subject)"
            " ON CONFLICT DO NOTHING",
            [change.pk, NoticeDelivery.WAITING, *values, change.pk],
        )
        written: int = cursor.rowcount
    return written


def published_at(version: NoticeVersion) -> datetime:
    """When this published version came out. Raises ValueError for a draft."""
    if version.published_at is None:
        raise ValueError("A draft is not announced.")
    return version.published_at


def count_of_people(change: NoticeChange) -> int:
    """How many would be told, or were: those left out included."""
    if change.released_at is not None:
        return int(change.deliveries.count())
    return held_before(published_at(change.version)).count()


# --- Batch after batch ---


def go_on(change: NoticeChange) -> None:
    """Queue for half a minute at most, take over what became of the messages, finish.

    Where a newer one is under way, nobody else is told of this one by itself.
    """
    if not NoticeChange.objects.newer_than(change).under_way().exists():
        if not _write_latecomers(change.pk):
            return
        ends_at = time.monotonic() + RUN_SECONDS
        while time.monotonic() < ends_at and queue_batch(change):
            pass
    take_over_states(change)
    finish(change.pk)


@transaction.atomic
def _write_latecomers(change_id: int) -> bool:
    """Those whose confirmation was not committed yet at the release. False when the
    change has ended meanwhile: then nobody is added."""
    change = _locked(change_id)
    if change.finished_at is not None:
        return False
    _write_deliveries(change)
    return True


@transaction.atomic
def queue_batch(change: NoticeChange, size: int = BATCH) -> int:
    """Take up some deliveries, each with its message or its reason; returns how many.

    Two workers never take one row, and a transaction that breaks off leaves none.
    """
    batch = list(
        change.deliveries.filter(state=NoticeDelivery.WAITING)
        .order_by("pk")
        .select_for_update(skip_locked=True)[:size]
    )
    found = _addresses_under_lock([row.data_subject_id for row in batch])
    left_out = _left_out(found)
    context = notice_mail.context_of(change) if batch else {}
    for row in batch:
        reason = left_out.get(row.data_subject_id, "")
        if row.data_subject_id not in found:
            reason = "no address held"
        _take_up(row, found.get(row.data_subject_id, ""), context, reason)
    NoticeDelivery.objects.bulk_update(
        batch, ["state", "reason", "email", "settled_at"]
    )
    return len(batch)


def _addresses_under_lock(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Who is being removed, restricted or moved at this moment is waited for: no mail is
    queued to whom it would not go a moment later."""
    people = DataSubject.objects.filter(pk__in=subjects).order_by("pk")
    list(people.select_for_update(no_key=True).values_list("pk", flat=True))
    return addresses_of(subjects)


def _take_up(
    row: NoticeDelivery, address: str, context: dict[str, Any], reason: str
) -> None:
    if reason:
        row.state, row.reason = State.WITHHELD, reason
        row.settled_at = timezone.now()
        return
    row.state = State.QUEUED
    row.email = queue(
        notice_mail.KIND,
        to=address,
        context=context,
        data_subject_id=row.data_subject_id,
        message_class=MessageClass.NOTICE,
    )


def _left_out(found: dict[uuid.UUID, str]) -> dict[uuid.UUID, str]:
    """Who of them must not be written to, and why: not told yet where their data came
    from, or exempted from it; erased, bounced, restricted."""
    digests = {pk: addresses.digest(address) for pk, address in found.items()}
    suppressed = in_the_way(digests.values(), MessageClass.NOTICE)
    restricted = DataSubject.objects.restricted().filter(pk__in=found)
    return (
        _not_in_touch(found)
        | {
            pk: suppressed[digest]
            for pk, digest in digests.items()
            if digest in suppressed
        }
        | dict.fromkeys(restricted.values_list("pk", flat=True), "restricted")
    )


def _not_in_touch(found: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Who of them has not heard from us, so that this mail would be our first words
    (Art. 14(3)(b)); their letter links the notice in force. Readers have."""
    readers = READERS.addresses(found)
    untold = contacts.why_not_in_touch(found)
    return {pk: reason for pk, reason in untold.items() if pk not in readers}


def take_over_states(change: NoticeChange) -> None:
    """What became of each message, in one statement: a delivery says what its message
    says. One whose message is gone with the person is left out."""
    mail = OutgoingEmail.objects.filter(pk=OuterRef("email_id"))
    moved = change.deliveries.unsettled().filter(email__isnull=False)
    moved = moved.exclude(state=F("email__state"))
    change.deliveries.filter(pk__in=moved.values("pk")).update(
        state=Subquery(mail.values("state")[:1]),
        reason=Subquery(mail.values("reason")[:1]),
        settled_at=Subquery(mail.values("settled_at")[:1]),
    )
    gone = change.deliveries.open().filter(email__isnull=True)
    gone.exclude(state=NoticeDelivery.WAITING).update(
        state=State.WITHHELD, reason="removed", settled_at=timezone.now()
    )


# --- The end ---


@transaction.atomic
def finish(change_id: int, *, closed_by: StaffUser | None = None) -> bool:
    """Everybody is told or left out: the version counts as announced, and with it the
    older ones that its mail covered. False while something is open.

    A message that failed, or of which nobody knows, keeps it open until it is sent
    again or a person ends it (closed_by).
    """
    change = _locked(change_id)
    if change.finished_at is not None or change.released_at is None:
        return False
    if change.deliveries.open().exists():
        return False
    has_trouble = change.deliveries.in_trouble().exists()
    if has_trouble and closed_by is None:
        return False
    now = timezone.now()
    change.finished_at = now
    # Nobody ends what has come to its end: then everybody was told.
    change.closed_by = closed_by if has_trouble else None
    change.save(update_fields=["finished_at", "closed_by"])
    _cover_older(change, now)
    _announce(change.version, now)
    return True


def _cover_older(change: NoticeChange, now: datetime) -> None:
    """End the older ones that are not finished. What they have not sent stays unsent;
    a message in flight is looked after by the schedule."""
    older = NoticeChange.objects.older_than(change).filter(finished_at__isnull=True)
    for covered in older.select_for_update(of=("self",)).order_by("pk"):
        covered.finished_at, covered.covered_by = now, change
        covered.save(update_fields=["finished_at", "covered_by"])
        _withhold_open(covered, now)


def _withhold_open(change: NoticeChange, now: datetime) -> None:
    """In this order: a batch that is being queued is waited for, and its messages are
    withheld as well."""
    withheld = {"state": State.WITHHELD, "reason": COVERED, "settled_at": now}
    waiting = change.deliveries.filter(state=NoticeDelivery.WAITING)
    waiting.update(**withheld)
    queued = change.deliveries.open().values("email_id")
    OutgoingEmail.objects.filter(pk__in=queued, state=State.QUEUED).update(**withheld)
    take_over_states(change)


def _announce(version: NoticeVersion, now: datetime) -> None:
    for told in NoticeVersion.objects.to_announce().until(version):
        publishing.announce(told, now=now)


@transaction.atomic
def send_again(change_id: int) -> int:
    """Queue once more what failed; what may have arrived (unknown) waits for a person
    who looks it up in the list of outgoing mail. Returns how many."""
    change = _locked(change_id)
    if change.finished_at is not None:
        raise NotAllowed("It is finished.")
    failed = change.deliveries.filter(state=State.FAILED).values("email_id")
    mails = OutgoingEmail.objects.filter(pk__in=failed, state=State.FAILED)
    again: int = mails.queue_again()
    take_over_states(change)
    return again


def close(change_id: int, *, by: StaffUser) -> None:
    """End it although some were not reached. Raises NotAllowed while mail is open."""
    take_over_states(NoticeChange.objects.get(pk=change_id))
    if not finish(change_id, closed_by=by):
        raise NotAllowed("Some messages are still on their way, or it is finished.")


def progress(change: NoticeChange) -> dict[str, int]:
    """How many deliveries are in which state; every state is named."""
    found = change.deliveries.order_by().values_list("state").annotate(Count("pk"))
    return dict.fromkeys(dict(NoticeDelivery.STATES), 0) | dict(found)


DELIVERIES = Purge(
    rule="notice-delivery",
    what="Notes that somebody was told of a change of the notice",
    due=lambda limit: NoticeDelivery.objects.filter(settled_at__lt=limit),
    subject="data_subject_id",
    counts_from="settled_at",
)


def _locked(change_id: int) -> NoticeChange:
    changes = NoticeChange.objects.select_related("version")
    found: NoticeChange = changes.select_for_update(of=("self",)).get(pk=change_id)
    return found
