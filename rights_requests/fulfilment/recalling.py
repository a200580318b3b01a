"""Telling a system outside to stop what it was asked by machine (OpenDSR 2.0, section
7.4): the person takes the request back, or asks for less, or a legal hold or a
restriction binds the data after the request had left.

1. What left is known (SystemCall.leaving_at), and whatever binds the data takes the same
   locks, so one of the two always sees the other.
2. The system is asked how far it is. Pending, or unknown there: it is cancelled.
3. Begun or done: it cannot be stopped. That is on record, its owner gets a task to find
   out what is gone, and where the case goes on, what the system says is taken in as ever.
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from data_subjects import holds
from data_subjects.models import DataSubject
from data_subjects.restriction import is_restricted
from groundwork import connector_keys
from rights_requests import casebook, clock
from rights_requests.fulfilment import calling, opendsr
from rights_requests.fulfilment.calling import Problem, State, Trouble
from rights_requests.fulfilment.opendsr import RequestStatus, RequestType, Status
from rights_requests.models import (
    SOFTWARE,
    Case,
    CaseLogEntry,
    Event,
    SystemCall,
    Task,
)
from rights_requests.moves import Move
from rights_requests.moves import State as CaseState

OVER = (RequestStatus.COMPLETED, RequestStatus.CANCELLED)
# Why, as the task for its owner has it.
BEFORE = {
    "withdrawn": "the person took the request back",
    "narrowed": "the person asked for less",
    "hold": "a legal hold was placed",
    "restriction": "the data was restricted",
}


def work(now: datetime) -> int:
    """What the worker does each few seconds; returns how many calls it took up."""
    if not connector_keys.is_there():
        return 0
    for call_id in list(
        _to_recall().values_list("pk", flat=True)[: calling.AT_ONE_TIME]
    ):
        _recall(call_id, now)
    count = calling.run({State.RECALL: _stop}, now)
    for call_id in list(_given_up().values_list("pk", flat=True)):
        _leave_to_owner(call_id, now)
    return count


# --- Which ---


def _to_recall() -> "QuerySet[SystemCall]":
    """Calls that left before something said that they should not have."""
    person = OuterRef("task__case__submission__data_subject")
    kept = Exists(DataSubject.objects.kept().filter(pk=person))
    narrowed = CaseLogEntry.objects.filter(
        case_id=OuterRef("task__case"), event=Move.NARROW, at__gt=OuterRef("leaving_at")
    )
    deletes = Q(request_type=RequestType.ERASURE, task__case__closed_at=None)
    out = SystemCall.objects.filter(leaving_at__isnull=False, recalled_at=None)
    out = out.exclude(status__in=OVER).exclude(problem=Problem.CANCELLED)
    should_stop = Q(task__case__state=CaseState.WITHDRAWN) | deletes & (
        Q(kept) | Q(Exists(narrowed))
    )
    return out.filter(should_stop).order_by("made_at")


def _why(case: Case, call: SystemCall) -> str:
    """Why it has to stop, a key of BEFORE; empty when it need not any more."""
    if case.state == CaseState.WITHDRAWN:
        return "withdrawn"
    if call.request_type != RequestType.ERASURE or not case.is_open:
        return ""
    subject_id = case.submission.data_subject_id
    if holds.is_held(subject_id):
        return "hold"
    if is_restricted(subject_id):
        return "restriction"
    narrowed = CaseLogEntry.objects.filter(case_id=case.pk, event=Move.NARROW)
    return "narrowed" if narrowed.filter(at__gt=call.leaving_at).exists() else ""


@transaction.atomic
def _recall(call_id: uuid.UUID, now: datetime) -> None:
    case, call = calling.of_call(call_id)
    because = _why(case, call)
    if call.recalled_at is not None or call.status in OVER or not because:
        return
    call.state, call.next_at, call.recalled_at = State.RECALL, now, now
    call.tries_count, call.problem, call.finished_at = 0, "", None
    call.save()
    inputs = {
        "system": call.task.system_id,
        "because": because,
        "left_at": clock.written(call.leaving_at) if call.leaving_at else None,
    }
    casebook.note(case, Event.SYSTEM_RECALLED, inputs=inputs)


def _given_up() -> "QuerySet[SystemCall]":
    """Told to stop, and no answer for a day."""
    return SystemCall.objects.filter(
        state=State.FAILED, recalled_at__isnull=False, recall_task=None
    )


# --- Stopping ---


def _stop(call: SystemCall, now: datetime) -> None:
    path = f"/requests/{call.pk}"
    reply = calling.asked(call.connector, "GET", path)
    if reply.status == 404 and call.sent_at is None and not call.status:
        # Anything between us can say so, unsigned: not while it may be under way yet.
        if call.leaving_at and now - call.leaving_at < calling.TAKEN_FOR:
            raise Trouble(Problem.BUSY)
        _stopped(call.pk, RequestStatus.CANCELLED, now)  # it never arrived
        return
    calling.refuse_unless(reply, 200)
    told = calling.status_in(reply, call, now)
    if told.status is RequestStatus.CANCELLED:
        _stopped(call.pk, told.status, now)
    elif told.status is not RequestStatus.PENDING:
        _not_stopped(call.pk, told, now)
    else:
        reply = calling.asked(call.connector, "DELETE", path)
        if reply.status != 202:
            raise Trouble(Problem.BUSY)  # it may have begun: it is asked once more
        calling.check(reply, call.connector, now)
        opendsr.cancelled(reply.body, request_id=call.pk)
        _stopped(call.pk, RequestStatus.CANCELLED, now)


@transaction.atomic
def _stopped(call_id: uuid.UUID, status: RequestStatus, now: datetime) -> None:
    case, call = calling.of_call(call_id)
    if call.state != State.RECALL:
        return
    call.state, call.next_at, call.finished_at = State.ENDED, None, now
    call.status, call.problem = status, ""
    call.save()
    inputs = {"system": call.task.system_id}
    casebook.note(case, Event.SYSTEM_STOPPED, inputs=inputs)


@transaction.atomic
def _not_stopped(call_id: uuid.UUID, told: Status, now: datetime) -> None:
    """It has begun, or is done. Where the case goes on, what it says counts as ever."""
    case, call = calling.of_call(call_id)
    if call.state != State.RECALL:
        return
    _set_task(case, call, now)
    if case.is_open and call.task.done_at is None:
        call.state, call.next_at = State.SENT, now
        call.sent_at = call.sent_at or now
    else:
        call.state, call.next_at, call.finished_at = State.ENDED, None, now
        call.status = told.status
    call.problem = ""
    call.save()
    if call.state == State.SENT:
        calling.take_status(call.pk, told, now=now)


@transaction.atomic
def _leave_to_owner(call_id: uuid.UUID, now: datetime) -> None:
    case, call = calling.of_call(call_id)
    if call.recall_task_id is None:
        _set_task(case, call, now)
        call.save(update_fields=["recall_task"])


def _set_task(case: Case, call: SystemCall, now: datetime) -> None:
    """Its owner finds out what is gone, also of a case that is closed."""
    system = call.task.system
    because = _why(case, call)
    before = f" before {BEFORE[because]}" if because else ""
    does = {
        RequestType.ERASURE: "delete this person’s data",
        RequestType.ACCESS: "send this person’s data",
        RequestType.PORTABILITY: "send this person’s data",
    }[RequestType(call.request_type)]
    name = system.name if system else call.connector.domain
    today = timezone.localdate(now)
    task = Task.objects.create(
        case=case,
        what=f"{name} was asked by machine to {does}{before}, and could not be "
        "stopped. Find out what was done there, have the rest kept, and say so here.",
        for_staff_id=system.owner_id if system else None,
        due_on=today,
        set_at=now,
        set_by_id=SOFTWARE,
    )
    call.recall_task = task
    inputs = {"system": call.task.system_id, "task": task.pk}
    casebook.note(case, Event.SYSTEM_NOT_STOPPED, inputs=inputs)
