"""Asking systems outside by machine: each task of theirs as a signed request of OpenDSR
2.0, and its answer as the owner's would be (Art. 15, 17, 20).

A task stays open for its owner all the while: whoever answers first has answered. A call
that a worker took is given to another one a while later, so that none is forgotten; the
request has the same number each time, and what comes twice counts once. Nothing is
believed that is not signed with the certificate on record.
"""

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from data_subjects import restriction
from groundwork import connector_keys, outside_calls
from groundwork.outside_calls import CallFailed, Reply
from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, closing, handling
from rights_requests.fulfilment import opendsr, systems
from rights_requests.fulfilment.opendsr import (
    NotSigned,
    RequestStatus,
    RequestType,
    Status,
    Unreadable,
)
from rights_requests.fulfilment.systems import Found
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    SOFTWARE,
    Case,
    CaseLogEntry,
    Connector,
    Event,
    SearchRecord,
    SystemCall,
    Task,
)
from rights_requests.moves import State as CaseState
from rights_requests.upload_kinds import UploadRefused
from rights_requests.upload_limits import MOST_BYTES
from rights_requests.uploads import Checked, check_upload
from rights_requests.whose_answer import COPIES

logger = logging.getLogger(__name__)
State, Problem = SystemCall.State, SystemCall.Problem

# What OpenDSR knows of our kinds (section 6.2); corrections and restrictions are not
# among them.
TYPES = {
    CaseKind.ACCESS: RequestType.ACCESS,
    CaseKind.PORTABILITY: RequestType.PORTABILITY,
    CaseKind.ERASURE: RequestType.ERASURE,
}
# After each try that came to nothing; a day in all, then it is given up.
AGAIN_AFTER = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720))
# A worker that died over a call had it for so long; no call takes longer.
TAKEN_FOR = timedelta(minutes=5)
# How often it is asked how far it is, besides what it tells by itself.
ASKED_FIRST_AFTER = timedelta(minutes=10)
ASKED_AT_LEAST_EACH = timedelta(hours=6)
# One run of the worker takes up no more calls after this.
RUN_SECONDS = 60.0
AT_ONE_TIME = 200
TERMS = "The e-mail address of the person"
WHY_ENOUGH = "It looked by itself and signed what it said (OpenDSR 2.0)."
# What a second person does to a case is not work on it: they may let go another deletion.
OF_SECOND_PERSON = (
    Event.RELEASED,
    Event.SENT_BACK,
    Event.COPY_RELEASED,
    Event.COPY_SENT_BACK,
    Event.SYSTEM_RELEASED,
)
REFUSED_FOR_NOW = frozenset({408, 425, 429})
ENDINGS = {
    "text/csv": ".csv",
    "application/json": ".json",
    "application/pdf": ".pdf",
}


class Trouble(Exception):
    """This try came to nothing; is_final: so would every other."""

    def __init__(self, problem: SystemCall.Problem, *, is_final: bool = False) -> None:
        super().__init__(problem.value)
        self.problem, self.is_final = problem, is_final


def work(now: datetime) -> int:
    """What the worker does each few seconds; returns how many calls it took up."""
    if not connector_keys.is_there() or not Connector.objects.exists():
        return 0
    open_calls(now)
    end_overtaken(now)
    return run(
        {State.WAITING: _send, State.SENT: _ask_status, State.READY: _take_in}, now
    )


Steps = Mapping[SystemCall.State, Callable[[SystemCall, datetime], None]]


def run(steps: Steps, now: datetime) -> int:
    """Take up what is due in these states, one after the other; returns how many."""
    begun, count = time.monotonic(), 0
    while time.monotonic() - begun < RUN_SECONDS:
        call = _take(steps, now)
        if call is None:
            break
        count += 1
        _step(steps, call, timezone.now())
    return count


# --- Which calls there are ---


def open_calls(now: datetime) -> None:
    """One for each open task of a system that can do what its case asks."""
    can = Q()
    for kind in TYPES:
        can |= Q(case__kind=kind, system__connector__kinds__contains=[kind.value])
    tasks = Task.objects.filter(
        can,
        done_at=None,
        call=None,
        system__connector__is_active=True,
        case__state=CaseState.IN_PROGRESS,
        case__submission__held_because="",
    )
    numbers = tasks.order_by("pk").values_list("pk", "case")
    for task_id, case_id in numbers[:AT_ONE_TIME]:
        _open_call(task_id, case_id, now)


@transaction.atomic
def _open_call(task_id: int, case_id: uuid.UUID, now: datetime) -> None:
    case = casebook.locked(case_id)
    task = Task.objects.select_related("system__connector").get(pk=task_id)
    if task.done_at is not None or SystemCall.objects.filter(task=task).exists():
        return
    if task.system is None or case.kind not in TYPES:
        return  # it was found to ask for something else
    open_call(case, task, task.system.connector, TYPES[CaseKind(case.kind)], now=now)


def open_call(
    case: Case,
    task: Task,
    connector: Connector,
    request_type: RequestType,
    *,
    now: datetime,
) -> SystemCall | None:
    """Have this task sent by machine; the caller holds the case. What deletes waits
    until somebody lets it go: it cannot be brought back. None: not yet."""
    is_erasure = request_type is RequestType.ERASURE
    if not is_erasure and closing.why_not_name_outside(case):
        return None
    call = SystemCall(
        task=task, connector=connector, request_type=request_type, made_at=now
    )
    if not case.submission.address.strip():
        call.state, call.problem = State.FAILED, Problem.NO_ADDRESS
    elif is_erasure:
        call.state = State.HELD
    else:
        call.state, call.next_at = State.WAITING, now
    call.save(force_insert=True)
    return call


@transaction.atomic
def release(task_id: int, *, staff_id: int, now: datetime) -> SystemCall:
    """Let a deletion go to the system. Raises NotAllowed, also for whoever works on the
    case: it takes a second person."""
    case, call = _held_together(task_id)
    if call.state != State.HELD:
        raise NotAllowed("Nothing waits here to be let go.")
    if _has_worked_on(case, staff_id):
        raise NotAllowed(
            "You have worked on this case: somebody else lets the deletion go, since it "
            "cannot be brought back."
        )
    refuse(_why_not_send(case, call), closing.why_not_name_outside(case))
    call.state, call.next_at, call.released_by_id = State.WAITING, now, staff_id
    call.save(update_fields=["state", "next_at", "released_by_id"])
    inputs = {"task": task_id, "system": call.task.system_id}
    casebook.note(case, Event.SYSTEM_RELEASED, staff_id=staff_id, inputs=inputs)
    return call


def _has_worked_on(case: Case, staff_id: int) -> bool:
    """Whether it is theirs, or they did more on it than a second person does. What they
    released bears their number in the log, too: the move, and its letter."""
    released = case.decisions.filter(released_by_id=staff_id).select_related("letter")
    moves = [one.move_number for one in released if one.move_number]
    letters = [bytes(one.letter.digest).hex() for one in released if one.letter]
    of_theirs = Q(number__in=moves) | Q(
        event=Event.LETTER_SENT, inputs__digest__in=letters
    )
    done = CaseLogEntry.objects.filter(case_id=case.pk, staff_id=staff_id)
    done = done.exclude(of_theirs).exclude(event__in=OF_SECOND_PERSON)
    return case.assigned_to_id == staff_id or done.exists()


@transaction.atomic
def try_again(task_id: int, *, staff_id: int, now: datetime) -> SystemCall:
    """What was given up is asked once more, under the same number. Raises NotAllowed."""
    case, call = _held_together(task_id)
    is_over = call.state in (State.FAILED, State.ENDED)
    if not is_over or call.problem == Problem.CANCELLED or call.recalled_at:
        raise NotAllowed("This can be asked again only after it was given up.")
    refuse(_why_not_send(case, call))
    if not case.submission.address.strip():
        raise NotAllowed("We know no e-mail address of this person.")
    if call.request_type == RequestType.ERASURE and call.released_by_id is None:
        call.state, call.next_at = State.HELD, None
    else:
        refuse(closing.why_not_name_outside(case))
        is_done = call.status == RequestStatus.COMPLETED
        call.state, call.next_at = State.READY if is_done else State.WAITING, now
    call.tries_count, call.problem = 0, ""
    call.save(update_fields=["state", "next_at", "tries_count", "problem"])
    return call


def _held_together(task_id: int) -> tuple[Case, SystemCall]:
    """The case and then the call, held. Raises NotAllowed where there is none."""
    case_id = Task.objects.values_list("case", flat=True).get(pk=task_id)
    case = casebook.locked(case_id)
    calls = SystemCall.objects.select_for_update(of=("self",), no_key=True)
    call = calls.select_related("task", "connector").filter(task=task_id).first()
    if call is None:
        raise NotAllowed("This system is not asked by machine.")
    return case, call


def _why_not_send(case: Case, call: SystemCall) -> str:
    if call.task.done_at is not None:
        return "This task is done already."
    if case.state != CaseState.IN_PROGRESS:
        return f"The case does not go on now ({CaseState(case.state).label})."
    if not call.connector.is_active:
        return "This system is no longer asked by machine."
    return ""


def end_overtaken(now: datetime) -> None:
    """Nobody waits any more for what somebody answered, or for a case that is closed."""
    over = SystemCall.objects.filter(state__in=[State.HELD, *SystemCall.OPEN])
    over.filter(
        Q(task__done_at__isnull=False) | Q(task__case__closed_at__isnull=False)
    ).update(state=State.ENDED, next_at=None, finished_at=now)


# --- One step of one call ---


@transaction.atomic
def _take(steps: Steps, now: datetime) -> SystemCall | None:
    """The next call that is due, for this worker alone."""
    due = SystemCall.objects.select_for_update(of=("self",), skip_locked=True)
    call = (
        due.filter(next_at__lte=now, state__in=list(steps)).order_by("next_at").first()
    )
    if call is None:
        return None
    call.next_at = now + TAKEN_FOR
    call.tries_count += 1
    call.save(update_fields=["next_at", "tries_count"])
    return SystemCall.objects.select_related(
        "connector__system", "task__case__submission"
    ).get(pk=call.pk)


def _step(steps: Steps, call: SystemCall, now: datetime) -> None:
    """What comes to nothing is on record with the call, which is tried again."""
    try:
        steps[State(call.state)](call, now)
    except Trouble as trouble:
        _put_off(call.pk, trouble.problem, now=now, is_final=trouble.is_final)
    except NotSigned:
        note_unsigned(call.connector, now=now)
        _put_off(call.pk, Problem.SIGNATURE, now=now)
    except CallFailed as failure:
        _put_off(call.pk, Problem(failure.why.value), now=now)
    except Unreadable:
        _put_off(call.pk, Problem.MALFORMED, now=now)
    except Exception:
        # One call that fails in us must not hold up the others.
        logger.exception("The call %s failed", call.pk)
        _put_off(call.pk, Problem.BROKEN, now=now)


@transaction.atomic
def _put_off(
    call_id: uuid.UUID,
    problem: SystemCall.Problem,
    *,
    now: datetime,
    is_final: bool = False,
) -> None:
    case, call = of_call(call_id)
    if call.next_at is None:
        return  # it ended meanwhile
    call.problem = problem
    if is_final or call.tries_count > len(AGAIN_AFTER):
        call.state, call.next_at = State.FAILED, None
        inputs = {"system": call.task.system_id, "problem": problem.value}
        casebook.note(case, Event.SYSTEM_FAILED, inputs=inputs)
    else:
        call.next_at = now + AGAIN_AFTER[call.tries_count - 1]
    call.save(update_fields=["problem", "state", "next_at"])


def of_call(call_id: uuid.UUID) -> tuple[Case, SystemCall]:
    task_id = SystemCall.objects.values_list("task", flat=True).get(pk=call_id)
    return _held_together(task_id)


def note_unsigned(connector: Connector, *, now: datetime) -> None:
    """Something came in the name of this system that it did not sign."""
    connector.refresh_from_db(fields=["refused_count"])
    connector.refused_count += 1
    connector.refused_at = now
    connector.save(update_fields=["refused_count", "refused_at"])


# --- Sending ---


def _send(call: SystemCall, now: datetime) -> None:
    case = Case.objects.select_related("submission").get(pk=call.task.case_id)
    known = _known_there(call, now) if call.leaving_at else None
    if not known and not _let_out(call.pk, timezone.now()):
        # It waits, as its case does; the owner can answer meanwhile.
        later = now + ASKED_FIRST_AFTER
        waiting = SystemCall.objects.filter(pk=call.pk, state=State.WAITING)
        waiting.update(next_at=later, tries_count=0)
        return
    expected_at = known.expected_at if known else _post(call, case, now)
    _record_sent(call.pk, expected_at, now)
    if known:
        take_status(call.pk, known, now=now)


@transaction.atomic
def _let_out(call_id: uuid.UUID, now: datetime) -> bool:
    """Whether it may leave in this moment, which is then on record. Whoever binds the
    person's data or speaks for them waits for the same locks: what they did before is
    seen here, and what they do afterwards finds that it had left (recalling)."""
    of_person = SystemCall.objects.values_list(
        "task__case__submission__data_subject", flat=True
    )
    restriction.lock(of_person.get(pk=call_id))
    case, call = of_call(call_id)
    if call.state != State.WAITING or _why_not_send(case, call):
        return False
    if closing.why_not_name_outside(case):
        return False
    if call.leaving_at is None:
        call.leaving_at = now
        call.save(update_fields=["leaving_at"])
    return True


def _known_there(call: SystemCall, now: datetime) -> Status | None:
    """How far it is, where an earlier try arrived after all."""
    reply = asked(call.connector, "GET", f"/requests/{call.pk}")
    return status_in(reply, call, now) if reply.status == 200 else None


def _post(call: SystemCall, case: Case, now: datetime) -> datetime | None:
    connector = call.connector
    body = opendsr.request_body(
        call.pk,
        call.request_type,
        address=case.submission.address,
        identity_format=connector.identity_format,
        submitted_at=case.received_at,
        callback_url=callback_url(),
    )
    reply = asked(connector, "POST", "/requests", body)
    refuse_unless(reply, 201)
    check(reply, connector, now)
    return opendsr.accepted(reply.body, request_id=call.pk, sent=body)


def callback_url() -> str:
    """Where systems tell us how far they are."""
    return f"{settings.SITE_URL}{reverse('rights_requests:opendsr-callback')}"


def asked(connector: Connector, method: str, path: str, body: bytes = b"") -> Reply:
    return signed_call(
        method,
        connector.endpoint + path,
        body=body,
        most_bytes=max(opendsr.MOST_BYTES, 4 * len(body)),
    )


def signed_call(method: str, url: str, *, body: bytes = b"", most_bytes: int) -> Reply:
    """A request of ours, signed. Raises CallFailed."""
    created = int(time.time())
    headers = {
        "Accept": "application/json" if most_bytes < MOST_BYTES else "*/*",
        "User-Agent": "Casedesk",
        "X-OpenDSR-Controller-Domain": settings.SITE_HOST,
        **({"Content-Type": "application/json"} if body else {}),
        **connector_keys.signed(method, url, body, created=created),
    }
    return outside_calls.call(
        method, url, headers=headers, body=body, most_bytes=most_bytes
    )


def refuse_unless(reply: Reply, status: int) -> None:
    """Raises Trouble for another status than this one."""
    if reply.status == status:
        return
    if reply.status >= 500 or reply.status in REFUSED_FOR_NOW:
        raise Trouble(Problem.BUSY)
    if 300 <= reply.status < 400:
        raise Trouble(Problem.REDIRECT, is_final=True)
    raise Trouble(Problem.REFUSED, is_final=True)


def check(reply: Reply, connector: Connector, now: datetime) -> None:
    opendsr.check_signature(
        reply.body,
        reply.headers,
        domain=connector.domain,
        pem=connector.certificate,
        now=now,
    )


@transaction.atomic
def _record_sent(
    call_id: uuid.UUID, expected_at: datetime | None, now: datetime
) -> None:
    case, call = of_call(call_id)
    if call.state != State.WAITING:
        return  # it told us how far it is before we had its reply, or ended
    call.state, call.sent_at, call.expected_at = State.SENT, now, expected_at
    call.next_at, call.tries_count, call.problem = now + ASKED_FIRST_AFTER, 0, ""
    call.save()
    _note_asked(case, call)


def _note_asked(case: Case, call: SystemCall) -> None:
    inputs = {"system": call.task.system_id, "type": call.request_type}
    casebook.note(case, Event.SYSTEM_ASKED, inputs=inputs)


# --- How far it is ---


def _ask_status(call: SystemCall, now: datetime) -> None:
    reply = asked(call.connector, "GET", f"/requests/{call.pk}")
    refuse_unless(reply, 200)
    take_status(call.pk, status_in(reply, call, now), now=now)
    age = now - (call.sent_at or call.made_at)
    wait = min(max(ASKED_FIRST_AFTER, age / 4), ASKED_AT_LEAST_EACH)
    still = SystemCall.objects.filter(pk=call.pk, state=State.SENT)
    still.update(next_at=now + wait, tries_count=0, problem="")


def status_in(reply: Reply, call: SystemCall, now: datetime) -> Status:
    check(reply, call.connector, now)
    status = opendsr.status_of(reply.body)
    if status.request_id != call.pk:
        raise Unreadable("another request")
    return status


@transaction.atomic
def take_status(call_id: uuid.UUID, told: Status, *, now: datetime) -> None:
    """Keep what its system said, which was signed. Twice is once, what goes back is an
    old answer, and what comes when nobody waits any more is on record as that."""
    case, call = of_call(call_id)
    if call.state == State.HELD:
        return  # nothing was ever sent
    if call.state == State.RECALL:
        call.next_at = now  # it is asked what that means for the stop
        call.save(update_fields=["next_at"])
        return
    if call.task.done_at is not None or not case.is_open:
        if told.status is RequestStatus.COMPLETED and call.state != State.DONE:
            call.results_count = told.results_count
        _note_late(case, call, now)
        return
    if opendsr.RANK[told.status] <= opendsr.RANK[call.status]:
        return
    if call.state == State.WAITING:
        call.sent_at = now
        _note_asked(case, call)
    call.status, call.expected_at = told.status, told.expected_at
    call.results_url, call.results_count = told.results_url, told.results_count
    call.tries_count, call.problem = 0, ""
    call.state, call.next_at = _after(told.status, now)
    if told.status is RequestStatus.CANCELLED:
        call.problem = Problem.CANCELLED
        inputs = {"system": call.task.system_id, "problem": call.problem}
        casebook.note(case, Event.SYSTEM_FAILED, inputs=inputs)
    call.save()


def _after(
    status: RequestStatus, now: datetime
) -> tuple[SystemCall.State, datetime | None]:
    if status is RequestStatus.COMPLETED:
        return State.READY, now
    if status is RequestStatus.CANCELLED:
        return State.FAILED, None
    return State.SENT, now + ASKED_FIRST_AFTER


def _note_late(case: Case, call: SystemCall, now: datetime) -> None:
    """Once; an answer that counted is no late one when it comes again."""
    if call.state == State.DONE or call.late_at is not None:
        return
    call.state, call.next_at, call.late_at = State.ENDED, None, now
    call.finished_at = call.finished_at or now
    call.results_url = ""
    call.save()
    inputs = {"system": call.task.system_id}
    casebook.note(case, Event.SYSTEM_LATE, inputs=inputs)


# --- Its answer ---


def _take_in(call: SystemCall, now: datetime) -> None:
    """What it did or found becomes the answer to its task, as if its owner had said so."""
    is_copy = call.task.case.kind in COPIES
    is_nothing = call.results_count == 0
    if is_copy and not is_nothing and not call.results_url:
        raise Trouble(Problem.NO_RESULT, is_final=True)
    file = _fetched(call, now) if is_copy and not is_nothing else None
    try:
        _finish(call.pk, file, now)
    except OSError as error:
        raise Trouble(Problem.DISK) from error


def _fetched(call: SystemCall, now: datetime) -> Checked:
    """The file, checked as any upload. It lies with the system: its signed answer named
    the place, and TLS says that it is the same house."""
    url, connector = call.results_url, call.connector
    if not _is_same_house(url, connector):
        raise Trouble(Problem.ELSEWHERE, is_final=True)
    reply = signed_call("GET", url, most_bytes=MOST_BYTES)
    refuse_unless(reply, 200)
    if opendsr.SIGNATURE_HEADER in reply.headers:
        check(reply, connector, now)
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    name = connector.system.name + ENDINGS.get(media_type, "")
    try:
        return check_upload(SimpleUploadedFile(name, reply.body))
    except UploadRefused as error:
        raise Trouble(Problem.FILE, is_final=True) from error


def _is_same_house(url: str, connector: Connector) -> bool:
    """The host that was connected, at its own port: another one may be anybody's."""
    given, own = urlsplit(url), urlsplit(connector.endpoint)
    is_host = (given.hostname or "").lower() == connector.domain
    return is_host and _port(given) == _port(own)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None


@transaction.atomic
def _finish(call_id: uuid.UUID, file: Checked | None, now: datetime) -> None:
    case, call = of_call(call_id)
    if call.state != State.READY:
        return
    if call.task.done_at is not None or not case.is_open:
        _note_late(case, call, now)
        return
    if file is None and call.results_count is None:
        result = "Deleted, the system says; how much, it does not say."
        handling.end_task(case, call.task, result, staff_id=SOFTWARE, now=now)
    else:
        hits = call.results_count if call.results_count is not None else 1
        is_gone = bool(hits) and case.kind == CaseKind.ERASURE
        found = Found(
            hits=hits,
            why=WHY_ENOUGH,
            terms=TERMS,
            file=file,
            became=SearchRecord.Became.DONE if is_gone else "",
        )
        systems.answer(call.task_id, found, staff_id=SOFTWARE, now=now)
    call.state, call.next_at, call.finished_at = State.DONE, None, now
    call.results_url, call.problem = "", ""
    call.save()
    inputs = {"system": call.task.system_id, "hits": call.results_count}
    casebook.note(case, Event.SYSTEM_ANSWERED, inputs=inputs)
