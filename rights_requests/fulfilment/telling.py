"""Telling those who had a person's data from us what became of it (Art. 19).

Each of them becomes a task of the case as soon as something is corrected, deleted or
restricted. It ends with what came of it: they were told, or that is impossible or out of
proportion, and why. A case cannot close before. A task knows its recipient: by name, and
by the key of the register where they get data regularly.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed
from rights_requests import casebook, clock, handling
from rights_requests.fulfilment import corrections, recipients
from rights_requests.fulfilment.recipients import Had
from rights_requests.fulfilment.systems import due_day
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Event, Task

SOFTWARE = 0  # sets the tasks: no member of staff does
AT_ONE_TIME = 200

# --- Setting the tasks ---


def set_tasks(now: datetime) -> int:
    """Set a task for each recipient of each case in which something has changed; returns
    for how many cases."""
    waiting = recipients.cases_to_set().order_by("pk")
    ids = list(waiting.values_list("pk", flat=True)[:AT_ONE_TIME])
    return sum(_set_of(case_id, now) for case_id in ids)


@transaction.atomic
def _set_of(case_id: uuid.UUID, now: datetime) -> bool:
    case = casebook.locked(case_id)
    if not recipients.cases_to_set().filter(pk=case_id).exists():
        return False  # another worker was first
    is_anew = case.recipients_set_at is None
    for had in recipients.who_had(case):
        _set_one(case, had, now, is_anew=is_anew)
    case.recipients_set_at = now
    case.save(update_fields=["recipients_set_at"])
    return True


def _set_one(case: Case, had: Had, now: datetime, *, is_anew: bool) -> None:
    """Whoever is to be told already hears of all of it; whoever was told hears of what
    has changed since."""
    theirs = case.tasks.filter(recipient=had.name).exclude(tells_of="")
    words = _what(case, had)
    if theirs.filter(done_at=None).exists():
        for task in theirs.filter(done_at=None):
            task.what = words
            task.save(update_fields=["what"])
        return
    if theirs.exists() and not is_anew:
        return
    due_on = due_day(case.governs_on, today=timezone.localdate(now))
    task = Task.objects.create(
        case=case,
        what=words,
        recipient=had.name,
        recipient_key=had.key,
        tells_of=case.kind,
        due_on=due_on,
        set_at=now,
        set_by_id=SOFTWARE,
    )
    inputs = {
        "task": task.pk,
        "due_on": clock.written(due_on),
        "tells_of": str(case.kind),
    }
    casebook.note(case, Event.TASK_SET, staff_id=None, inputs=inputs)


def _what(case: Case, had: Had) -> str:
    """No value stands here: whoever tells them takes it from the case, and gives away no
    more than they had."""
    return f"Tell {had.name} {_changed(case)} {had.what}"


def _changed(case: Case) -> str:
    if case.kind != CaseKind.RECTIFICATION:
        return CHANGED[CaseKind(case.kind)]
    titles = "; ".join(corrections.titles_of(corrections.applied(case)))
    return (
        f"what was corrected, so that they put it right, too: {titles}. The values stand "
        "under “Corrections”."
    )


RESTRICTED = (
    "that this person’s data is restricted: it may be stored, and not otherwise used."
)
CHANGED = {
    CaseKind.ERASURE: "that this person’s data was deleted here and has to go with them, "
    "too.",
    CaseKind.RESTRICTION: RESTRICTED,
    CaseKind.OBJECTION: RESTRICTED,
}


# --- What came of it ---


@dataclass(frozen=True)
class Told:
    """What came of it. words: how and when they were told, or why they were not."""

    outcome: Task.Outcome
    words: str


@transaction.atomic
def answer(task_id: int, told: Told, *, staff_id: int, now: datetime) -> Task:
    """End the task with what came of it. Raises NotAllowed without words, for a task
    that tells nobody, and for one that is done."""
    case_id = Task.objects.values_list("case", flat=True).get(pk=task_id)
    case = casebook.locked(case_id)
    task = Task.objects.get(pk=task_id)
    if not task.tells_of:
        raise NotAllowed("This task tells no recipient of a change: finish it instead.")
    task.outcome = told.outcome
    return handling.end_task(case, task, told.words, staff_id=staff_id, now=now)
