"""How far the systems that are asked by machine are, in words for staff: on the tasks of
a case, and as a line of the first page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from groundwork import connector_keys
from rights_requests.deadline_words import in_words
from rights_requests.models import Case, Connector, SystemCall, Task

State = SystemCall.State
TONES = {State.DONE: "good", State.FAILED: "bad", State.ENDED: "over"}
STATES = {
    State.HELD: "not sent yet",
    State.WAITING: "about to be asked by machine",
    State.SENT: "asked by machine",
    State.READY: "being taken in",
    State.DONE: "answered by machine",
    State.FAILED: "no answer by machine",
    State.ENDED: "no longer waited for",
    State.RECALL: "being told to stop",
}
# A wrong signature stays on the first page for so long.
SHOWN_FOR = timedelta(days=7)
NAMED = 3


@dataclass(frozen=True)
class CallLine:
    """What a task says of its call."""

    tone: str
    state: str
    words: str
    problem: str
    can_release: bool
    can_ask_again: bool


def shown(task: Task, case: Case) -> CallLine | None:
    """None where the task is not sent by machine."""
    call: SystemCall | None = getattr(task, "call", None)
    if call is None:
        return None
    is_over = call.state in (State.FAILED, State.ENDED)
    is_cancelled = call.problem == SystemCall.Problem.CANCELLED
    return CallLine(
        tone=TONES.get(State(call.state), "waiting"),
        state=STATES[State(call.state)],
        words=" ".join(_words(call)),
        problem=" ".join(_problems(call, case)),
        can_release=call.state == State.HELD,
        can_ask_again=(
            is_over and not is_cancelled and call.recalled_at is None and case.is_open
        ),
    )


def _words(call: SystemCall) -> Iterator[str]:
    if call.state == State.HELD:
        yield "A second person has to let the deletion go."
    if call.sent_at:
        yield f"Sent {_day(call.sent_at)}."
    if call.expected_at and call.state == State.SENT:
        yield f"It means to be done by {_day(call.expected_at)}."
    yield from _stop_in_words(call)
    if call.late_at:
        yield f"It answered {_day(call.late_at)}, too late: nothing changed."
        if call.results_count:
            yield (
                f"It says that it found {call.results_count}: compare that with what its "
                "owner said."
            )


def _stop_in_words(call: SystemCall) -> Iterator[str]:
    """What became of it once it should not have left."""
    if not call.recalled_at:
        return
    if call.leaving_at:
        yield f"It had left {_moment(call.leaving_at)}, before that."
    yield f"Told to stop {_moment(call.recalled_at)}."
    if call.recall_task_id:
        yield "It could not be stopped: another task here is about that."
    elif call.state == State.ENDED:
        yield "It stopped, and did nothing. Its owner answers by hand."


def _problems(call: SystemCall, case: Case) -> Iterator[str]:
    if call.problem and call.state in (State.FAILED, State.RECALL, *SystemCall.OPEN):
        yield f"It did not work: {SystemCall.Problem(call.problem).label}."
        if call.state == State.FAILED:
            yield "Its owner answers by hand."
        elif call.next_at:
            yield f"It is tried again by itself, {_moment(call.next_at)}."
    if call.state == State.SENT and call.expected_at:
        if call.expected_at < timezone.now():
            yield "It is late."
        elif case.governs_on and timezone.localdate(call.expected_at) > case.governs_on:
            yield "That is after our answer is due: ask its owner."


def _day(moment: datetime) -> str:
    return in_words(timezone.localdate(moment))


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B, %H:%M}"


# --- The first page ---


def is_used() -> bool:
    return Connector.objects.filter(is_active=True).exists()


def trouble(now: datetime) -> str:
    """What a person has to look at, in words; empty when all is well."""
    return "; ".join(_troubles(now))


def _troubles(now: datetime) -> Iterator[str]:
    if not connector_keys.is_there():
        yield "no key to sign with: CONNECTOR_KEY"
    troubled = SystemCall.objects.filter(task__done_at=None).select_related(
        "task__case"
    )
    failed = troubled.filter(state=State.FAILED, task__case__closed_at=None)
    if names := _references(failed.order_by("pk")):
        yield f"no answer by machine: {names}"
    again = troubled.filter(state__in=SystemCall.OPEN).exclude(problem="")
    if names := _references(again.order_by("pk")):
        yield f"did not work yet, tried again: {names}"
    late = troubled.filter(state=State.SENT, expected_at__lt=now, problem="")
    if names := _references(late.order_by("pk")):
        yield f"later than they said: {names}"
    if names := _references(_recalled().filter(state=State.RECALL).order_by("pk")):
        yield f"being told to stop: {names}"
    not_stopped = _recalled().filter(recall_task__done_at=None)
    if names := _references(not_stopped.exclude(recall_task=None).order_by("pk")):
        yield f"could not be stopped: {names}"
    unsigned = Connector.objects.filter(refused_at__gt=now - SHOWN_FOR)
    for connector in unsigned.select_related("system"):
        yield f"wrongly signed answers in the name of {connector.system.name}"


def _recalled() -> QuerySet[SystemCall]:
    recalled = SystemCall.objects.filter(recalled_at__isnull=False)
    return recalled.select_related("task__case")


def _references(calls: QuerySet[SystemCall]) -> str:
    found = list(dict.fromkeys(call.task.case.reference for call in calls[:50]))
    more = len(found) - NAMED
    named = ", ".join(found[:NAMED])
    return f"{named} and {more} more" if more > 0 else named
