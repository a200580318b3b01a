"""From a draft to a sending: written, submitted, sent back, approved by somebody else.

Every verb locks the update, refuses in words what may not be done, changes it, and
leaves a step on record.
"""

from itertools import count
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Value
from django.utils import timezone
from django.utils.text import slugify

from case_updates import content, preflight
from case_updates.models import CaseUpdate, Delivery, Step
from case_updates.readers import PURPOSE, readers
from groundwork.refusals import NotAllowed, refuse
from outbox.models import State as DeliveryState
from processing_register.gate import may_use
from processing_register.models import ProcessingPurpose
from staff.models import StaffUser

State = CaseUpdate.State
RESERVED_SLUGS = {"feed"}
SLUG_LENGTH = 70


class NotReady(NotAllowed):
    """The pre-flight checks found problems; they stand in `problems`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("It is not ready: " + " ".join(problems))
        self.problems = problems


@transaction.atomic
def write(update: CaseUpdate, *, by: StaffUser) -> CaseUpdate:
    """Keep a new draft."""
    update.written_by = by
    update.slug = free_slug(update.title)
    update.save(force_insert=True)
    record(update, Step.Action.WRITTEN, by)
    return update


@transaction.atomic
def rewrite(update_id: int, *, by: StaffUser, **words: Any) -> CaseUpdate:
    """Change title, summary, body or corrects; what was submitted is a draft again."""
    update = _locked(update_id)
    if update.is_released:
        raise NotAllowed(
            "A published update cannot be changed. Write a new one that corrects it."
        )
    before = content.digest(update)
    for name in ("title", "summary", "body", "corrects"):
        setattr(update, name, words.get(name, getattr(update, name)))
    if content.digest(update) == before:
        return update
    update.slug = free_slug(update.title, besides=update)
    _back_to_draft(update, "title", "summary", "body", "corrects", "slug")
    record(update, Step.Action.WRITTEN, by)
    return update


@transaction.atomic
def submit(update_id: int, *, by: StaffUser) -> CaseUpdate:
    """The writer says that it is ready. Raises NotReady while a check fails."""
    update = _locked(update_id)
    refuse(why_not_submit(update, by))
    _check(update)
    update.state = State.SUBMITTED
    update.submitted_at = timezone.now()
    update.submitted_digest = content.digest(update)
    update.save(update_fields=["state", "submitted_at", "submitted_digest"])
    record(update, Step.Action.SUBMITTED, by)
    return update


@transaction.atomic
def send_back(update_id: int, *, by: StaffUser, reason: str) -> CaseUpdate:
    """Return it to its writer, with the reason on record."""
    update = _locked(update_id)
    refuse(why_not_send_back(update))
    if not reason.strip():
        raise NotAllowed("Say what has to change.")
    _back_to_draft(update)
    record(update, Step.Action.SENT_BACK, by, reason.strip())
    return update


@transaction.atomic
def release(update_id: int, *, by: StaffUser, digest: bytes) -> CaseUpdate:
    """Approve and send to everybody whose consent stands now.

    1. Lock the update, so that two approvals at once make one sending.
    2. Refuse a writer of it, and any words that differ from those submitted or from
       those that the approver read (`digest`).
    3. Run the pre-flight checks again.
    4. Write one delivery per reader in one statement, and publish. The schedule finds
       within seconds what is due: no task is queued here, so a release neither waits
       for Redis nor fails without it.
    """
    update = _locked(update_id)
    refuse(why_not_release(update, by))
    if not content.digest(update) == bytes(update.submitted_digest or b"") == digest:
        raise NotAllowed("It has changed since you read it. Read it again.")
    _check(update)
    update.readers_count = _write_deliveries(update)
    update.state, update.published_at = State.SENDING, timezone.now()
    update.approved_by, update.approved_digest = by, digest
    update.save(
        update_fields=[
            "readers_count",
            "state",
            "published_at",
            "approved_by",
            "approved_digest",
        ]
    )
    record(update, Step.Action.APPROVED, by)
    return update


@transaction.atomic
def settle_by_hand(delivery_id: int, *, by: StaffUser, arrived: bool) -> None:
    """A person found out what became of an unknown or failed delivery.

    arrived=False puts it into the queue again, where the consent is checked anew.
    """
    owner = Delivery.objects.values_list("case_update_id", flat=True).get(
        pk=delivery_id
    )
    update = _locked(owner)
    settled = Delivery.objects.in_question().filter(pk=delivery_id)
    if arrived:
        changed = settled.update(
            state=DeliveryState.SENT,
            reason="settled by a person",
            settled_at=timezone.now(),
        )
    else:
        changed = settled.update(
            state=DeliveryState.QUEUED,
            reason="",
            attempts=0,
            next_attempt_at=timezone.now(),
            claimed_at=None,
            handing_over_at=None,
            settled_at=None,
        )
    if not changed:
        raise NotAllowed("Only a failed or unknown delivery can be settled.")
    said = "it arrived" if arrived else "it did not arrive: sent again"
    record(update, Step.Action.SETTLED, by, f"delivery {delivery_id}: {said}")
    if not arrived:
        update.state, update.finished_at = State.SENDING, None
        update.save(update_fields=["state", "finished_at"])


# --- Why not: the same words on a greyed button and in a refusal ---


def writers(update: CaseUpdate) -> set[int]:
    """Everybody whose words stand, or stood, in it."""
    written = update.steps.filter(action=Step.Action.WRITTEN)
    return {update.written_by_id, *written.values_list("staff_id", flat=True)}


def why_not_submit(update: CaseUpdate, by: StaffUser) -> str:
    if update.is_released:
        return "It has been sent."
    if update.state == State.SUBMITTED:
        return "It is waiting for approval already."
    if by.pk not in writers(update):
        return "Only somebody who wrote it can submit it."
    return ""


def why_not_send_back(update: CaseUpdate) -> str:
    if update.is_released:
        return "It has been sent, and no e-mail can be called back."
    if update.state != State.SUBMITTED:
        return "It has not been submitted."
    return ""


def why_not_release(update: CaseUpdate, by: StaffUser) -> str:
    if update.is_released:
        return "It has been sent already."
    if update.state != State.SUBMITTED:
        return "It has not been submitted yet."
    if by.pk in writers(update):
        return "You wrote it, so somebody else has to approve it."
    if not ProcessingPurpose.objects.filter(pk=PURPOSE, is_sendable=True).exists():
        return "The register does not allow case updates to be sent."
    if not may_use(PURPOSE):
        return (
            "Not everybody whose data is held has been told of case updates in the "
            "privacy notice yet."
        )
    return ""


def free_slug(title: str, *, besides: CaseUpdate | None = None) -> str:
    """The title as it stands in the address of the page; a number makes it unique."""
    base = slugify(title)[:SLUG_LENGTH].strip("-") or "update"
    others = CaseUpdate.objects.exclude(pk=besides.pk if besides else 0)
    taken = (
        set(others.filter(slug__startswith=base).values_list("slug", flat=True))
        | RESERVED_SLUGS
    )
    numbered = (f"{base}-{number}" for number in count(2))
    return base if base not in taken else next(s for s in numbered if s not in taken)


def _locked(update_id: int) -> CaseUpdate:
    update: CaseUpdate = CaseUpdate.objects.select_for_update().get(pk=update_id)
    return update


def _check(update: CaseUpdate) -> None:
    problems = preflight.problems(update)
    if problems:
        raise NotReady(problems)


def _back_to_draft(update: CaseUpdate, *changed: str) -> None:
    update.state, update.changed_at = State.DRAFT, timezone.now()
    update.submitted_at = update.submitted_digest = None
    fields = ["state", "changed_at", "submitted_at", "submitted_digest"]
    update.save(update_fields=[*fields, *changed])


def record(update: CaseUpdate, action: str, by: StaffUser, reason: str = "") -> None:
    """Add a step to what is known of this update."""
    Step.objects.create(
        case_update=update,
        action=action,
        staff=by,
        content_digest=content.digest(update),
        reason=reason,
    )


def _write_deliveries(update: CaseUpdate) -> int:
    """One row per reader; returns how many."""
    chosen = readers().annotate(
        update_id=Value(update.pk),
        first_state=Value(DeliveryState.QUEUED.value),
        no_reason=Value(""),
        no_attempts=Value(0),
        now=Value(timezone.now()),
        reader_id=F("pk"),
    )
    columns = "update_id first_state no_reason no_attempts now reader_id".split()
    query, values = chosen.values_list(
        *columns, "data_subject_id"
    ).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO case_updates_delivery (case_update_id, state, reason,"
            f" attempts, next_attempt_at, subscriber_id, data_subject_id) {query}"
            " ON CONFLICT DO NOTHING",
            values,
        )
        written: int = cursor.rowcount
    return written
