"""Working on a case: confirming it, asking for what is needed, taking in the answer.

Each verb locks the case, refuses in words what may not be done, makes its move and
writes to the person.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork.periods import civil_day
from groundwork.refusals import NotAllowed, refuse
from rights_requests import (
    acknowledging,
    at_once,
    casebook,
    clock,
    sensitive,
    writing,
)
from rights_requests.closing import (
    being_done,
    close_check,
    close_checks,
    pending_decisions,
)
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.letter_reasons import reasons_problem
from rights_requests.links import first_links
from rights_requests.models import (
    Case,
    CaseLink,
    Channel,
    Event,
    IdentityCheck,
    Letter,
    Message,
    Note,
    SearchRecord,
    Submission,
    Task,
)
from rights_requests.moves import OPEN, Move, State
from rights_requests.opening import Asked, new_case, refuse_wrong_grounds

# How long we wait before an unanswered question may close a case.
ANSWER_WITHIN = timedelta(days=30)


# --- What is it? ---


@transaction.atomic
def confirm(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> Case:
    """The message asks for this: the draft becomes a case that is worked on."""
    case = casebook.locked_with_person(case_id)
    casebook.make(case, Move.CONFIRM, now=now, staff_id=staff_id)
    at_once.carry_out([case], now=now, staff_id=staff_id)
    if not case.submission.held_because:
        acknowledging.put_right(case, now=now, staff_id=staff_id)
        acknowledging.acknowledge(case.submission, [case], now=now)
    return case


@transaction.atomic
def reclassify(
    case_id: uuid.UUID, kind: CaseKind, *, staff_id: int, now: datetime
) -> Case:
    """The message asks for something else than the draft says."""
    case = casebook.locked(case_id)
    if case.kind == kind:
        raise NotAllowed(f"It is taken for {kind.label} already.")
    if CaseKind.COMPLAINT in (case.kind, kind):
        raise NotAllowed(
            "A complaint has another clock. Add a case of the other kind from the same "
            "message, then dismiss this one."
        )
    casebook.make(
        case,
        Move.RECLASSIFY,
        now=now,
        staff_id=staff_id,
        inputs={"from": case.kind, "to": kind},
        kind=kind,
        grounds=[],
    )
    return case


def why_not_dismiss(case: Case) -> str:
    """What stands against finding it to be no request; empty when nothing does."""
    found = casebook.why_not(case, Move.DISMISS)
    if found or case.state == State.DRAFT:
        return found
    if not case.submission.held_because:
        return "Only what waits to be confirmed, or is held apart, is sorted so."
    if case.has_acknowledgement():
        return "The person was told that we have it. Answer it, or refuse it."
    return ""


@transaction.atomic
def dismiss(
    case_id: uuid.UUID,
    *,
    reason: str,
    told: str = "",
    edits: Mapping[str, str] | None = None,
    staff_id: int,
    now: datetime,
) -> Case:
    """The message asks for nothing of the kind. It is kept, and can be opened again.

    So does what a flood brought by the form, while it is held (why_not_dismiss).
    Whoever was told that we had a request of theirs is told why it is none, and how to
    complain (Art. 12(4)); told: these reasons, in words for them.
    """
    case = casebook.locked(case_id)
    refuse(why_not_dismiss(case))
    refuse_empty(reason, "Say why it is no request.")
    was_told = case.has_acknowledgement()
    if was_told:
        refuse(reasons_problem(LetterKind.NO_REQUEST, told))
    entry = casebook.make(
        case,
        Move.DISMISS,
        now=now,
        staff_id=staff_id,
        inputs={"reason": casebook.digest_of(reason.strip())},
    )
    _note(case, reason, staff_id, now)
    if was_told:
        writing.write(
            case,
            LetterKind.NO_REQUEST,
            now=now,
            staff_id=staff_id,
            edits=edits,
            move_number=entry.number,
            reasons=told.strip(),
        )
    return case


@transaction.atomic
def reopen(case_id: uuid.UUID, *, reason: str, staff_id: int, now: datetime) -> Case:
    """It was a request after all, or not the person who withdrew it; its clock never
    stopped running."""
    case = casebook.locked(case_id)
    refuse_empty(reason, "Say why it is opened again.")
    casebook.make(
        case,
        Move.REOPEN,
        now=now,
        staff_id=staff_id,
        inputs={"reason": casebook.digest_of(reason.strip())},
    )
    _note(case, reason, staff_id, now)
    return case


@transaction.atomic
def add_case(
    submission_id: uuid.UUID,
    kind: CaseKind,
    *,
    staff_id: int,
    now: datetime,
    grounds: Sequence[str] = (),
) -> Case:
    """The same message asks for something more: a case of its own, with a clock that
    began at the same receipt."""
    person = Submission.objects.values_list("data_subject", flat=True)
    subject = person.get(pk=submission_id)
    DataSubject.objects.select_for_update(no_key=True).get(pk=subject)
    submission = Submission.objects.select_related("data_subject").get(pk=submission_id)
    if submission.cases.filter(kind=kind, state__in=OPEN).exists():
        raise NotAllowed(f"There is an open case about {kind.label} from this message.")
    asked = Asked(kind, tuple(grounds))
    refuse_wrong_grounds(asked)
    case, entry = new_case(submission, asked, now=now, staff_id=staff_id)
    case.save(force_insert=True)
    entry.save(force_insert=True)
    CaseLink.objects.bulk_create(first_links([case]))
    at_once.carry_out([case], now=now, staff_id=staff_id)
    if not submission.held_because:
        acknowledging.acknowledge(submission, [case], now=now)
    return case


@transaction.atomic
def release_held(
    submission_id: uuid.UUID, *, staff_id: int, now: datetime
) -> list[Letter]:
    """It was no flood: its cases join the queue, and what is confirmed among them is
    answered or acknowledged now. Their clocks have been running all along."""
    people = Submission.objects.values_list("data_subject", flat=True)
    subject = people.get(pk=submission_id)
    DataSubject.objects.select_for_update(no_key=True).get(pk=subject)
    ids = Case.objects.filter(submission=submission_id).order_by("pk")
    cases = [casebook.locked(case_id) for case_id in ids.values_list("pk", flat=True)]
    submission = Submission.objects.select_for_update(no_key=True).get(pk=submission_id)
    if not submission.held_because:
        raise NotAllowed("It is in the queue already.")
    was = submission.held_because
    submission.held_because = ""
    submission.save(update_fields=["held_because"])
    for case in cases:
        case.submission = submission
        casebook.note(case, Event.UNHELD, staff_id=staff_id, inputs={"was": was})
    confirmed = [case for case in cases if case.is_open and case.state != State.DRAFT]
    at_once.carry_out(confirmed, now=now, staff_id=staff_id)
    return acknowledging.acknowledge(submission, confirmed, now=now, staff_id=staff_id)


def why_not_acknowledge(case: Case) -> str:
    """What stands against telling the person that we have it; empty when nothing does."""
    if case.acknowledged_at is not None:
        return "It was acknowledged already."
    if case.has_acknowledgement():
        return "Its letter waits to be posted: it counts from then."
    return _why_not_tell(case)


def why_not_acknowledge_in_words(case: Case) -> str:
    """The same, by telephone or in person: that a letter waits to be posted is no
    reason."""
    if case.acknowledged_at is not None:
        return "It was acknowledged already."
    return _why_not_tell(case)


def _why_not_tell(case: Case) -> str:
    if not case.is_open:
        return f"The case is closed ({State(case.state).label})."
    if case.state == State.DRAFT:
        return "Confirm first what the message asks for."
    if case.is_waiting:
        return "While we wait for the person, no day can be told."
    if case.submission.held_because:
        return "It is held: release it to the queue first."
    if case.submission.acknowledge_from is not None:
        return "The acknowledgement is being written and leaves by itself."
    return ""


@transaction.atomic
def acknowledge(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> list[Letter]:
    """Write the acknowledgement that did not leave by itself, because a machine wrote to
    us, or that was lost on its way."""
    case = casebook.locked_with_person(case_id)
    refuse(why_not_acknowledge(case))
    return acknowledging.acknowledge(
        case.submission, [case], now=now, staff_id=staff_id
    )


def refuse_empty(words: str, advice: str) -> None:
    if not words.strip():
        raise NotAllowed(advice)


# --- Asking ---


@dataclass(frozen=True)
class Question:
    """What we ask the person. why: told to them. questions: each on a line.
    edits: parts of the letter that staff wrote anew."""

    questions: tuple[str, ...]
    why: str = ""
    edits: Mapping[str, str] = field(default_factory=dict)


def _refuse_unless_asked(question: Question) -> None:
    if not any(line.strip() for line in question.questions):
        raise NotAllowed("Say what the person is asked.")


@transaction.atomic
def ask_identity(
    case_id: uuid.UUID, question: Question, *, doubt: str, staff_id: int, now: datetime
) -> Letter:
    """Only on reasonable doubts, which stand on record, and only for what is necessary
    (Art. 12(6)). The clock begins anew when it comes."""
    case = casebook.locked(case_id)
    _refuse_unless_asked(question)
    refuse_empty(doubt, "Say what makes you doubt who is asking: it stands on record.")
    refuse_empty(question.why, "Say to the person why you need to know.")
    refuse(why_not_ask_identity(case, now=now))
    IdentityCheck.objects.create(
        case=case,
        doubt=doubt.strip(),
        asked_for="\n".join(question.questions),
        asked_at=now,
        staff_id=staff_id,
    )
    return _ask(
        case,
        Move.ASK_IDENTITY,
        LetterKind.ASK_IDENTITY,
        question,
        staff_id=staff_id,
        now=now,
        inputs={"doubt": casebook.digest_of(doubt.strip())},
    )


def why_not_ask_identity(case: Case, *, now: datetime) -> str:
    """What stands against asking who it is now; empty when nothing does."""
    for pending in pending_decisions(case):
        if pending.released_at:
            return being_done(pending)
    return casebook.why_not_ask(case, Move.ASK_IDENTITY, now=now)


@transaction.atomic
def ask_clarification(
    case_id: uuid.UUID, question: Question, *, staff_id: int, now: datetime
) -> Letter:
    """Which data is meant? The days until the answer do not count (Art. 12A(5)): access
    only, and only about content, not about format or delivery."""
    case = casebook.locked(case_id)
    _refuse_unless_asked(question)
    refuse_empty(question.why, "Say why you cannot find the data without the answer.")
    refuse(casebook.why_not_ask(case, Move.ASK_CLARIFICATION, now=now))
    return _ask(
        case,
        Move.ASK_CLARIFICATION,
        LetterKind.ASK_CLARIFICATION,
        question,
        staff_id=staff_id,
        now=now,
    )


@transaction.atomic
def ask_question(
    case_id: uuid.UUID, question: Question, *, staff_id: int, now: datetime
) -> Letter:
    """Anything else that would help. The time goes on."""
    case = casebook.locked(case_id)
    _refuse_unless_asked(question)
    return _ask(
        case,
        Move.ASK_QUESTION,
        LetterKind.ASK_QUESTION,
        question,
        staff_id=staff_id,
        now=now,
    )


def _ask(
    case: Case,
    move: Move,
    kind: LetterKind,
    question: Question,
    *,
    staff_id: int,
    now: datetime,
    inputs: Mapping[str, str] | None = None,
) -> Letter:
    lines = tuple(line.strip() for line in question.questions if line.strip())
    entry = casebook.make(
        case,
        move,
        now=now,
        staff_id=staff_id,
        inputs={
            "at": clock.written(now),
            "by": str(writing.way_to(case.submission)),
            "questions": casebook.digest_of("\n".join(lines)),
            **(inputs or {}),
        },
    )
    return writing.write(
        case,
        kind,
        now=now,
        staff_id=staff_id,
        edits=question.edits,
        move_number=entry.number,
        questions=lines,
        reasons=question.why,
        answer_by=timezone.localdate(now) + ANSWER_WITHIN,
    )


# --- The answer, and taking a question back ---


@transaction.atomic
def receive_identity(
    case_id: uuid.UUID, *, at: date, staff_id: int, now: datetime
) -> Case:
    """What we asked for has come, on this day or at this moment; checking it is another
    step, and takes from our own time (Art. 12A(2)(b))."""
    return _came(
        case_id,
        Move.RECEIVE_IDENTITY,
        LetterKind.IDENTITY_RECEIVED,
        Move.ASK_IDENTITY,
        at=at,
        staff_id=staff_id,
        now=now,
    )


@transaction.atomic
def receive_fee(case_id: uuid.UUID, *, at: date, staff_id: int, now: datetime) -> Case:
    """The fee was paid: the clock starts on this day (Art. 12A(2)(c))."""
    return _came(
        case_id,
        Move.RECEIVE_FEE,
        LetterKind.FEE_RECEIVED,
        Move.ASK_FEE,
        at=at,
        staff_id=staff_id,
        now=now,
    )


@transaction.atomic
def receive_clarification(
    case_id: uuid.UUID, *, at: date, staff_id: int, now: datetime
) -> Case:
    """The answer has come: from the day after, the days count again (Art. 12A(6))."""
    return _came(
        case_id,
        Move.RECEIVE_CLARIFICATION,
        LetterKind.CLARIFICATION_RECEIVED,
        Move.ASK_CLARIFICATION,
        at=at,
        staff_id=staff_id,
        now=now,
    )


def _came(
    case_id: uuid.UUID,
    move: Move,
    letter: LetterKind,
    ask: Move,
    *,
    at: date,
    staff_id: int,
    now: datetime,
) -> Case:
    case = casebook.locked(case_id)
    casebook.refuse_future(at, now=now)
    asked_on = clock.asked_on(casebook.entries_of(case), ask)
    casebook.make(
        case, move, now=now, staff_id=staff_id, inputs={"at": clock.written(at)}
    )
    if move is Move.RECEIVE_IDENTITY:
        case.checks.filter(received_at__isnull=True).update(received_at=now)
    writing.write(
        case,
        letter,
        now=now,
        staff_id=staff_id,
        asked_on=asked_on,
        came_on=civil_day(at),
    )
    return case


@transaction.atomic
def waive_identity(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> Case:
    """We no longer doubt who it is: the clock runs as if we had never asked."""
    case = _taken_back(
        case_id,
        Move.WAIVE_IDENTITY,
        Move.ASK_IDENTITY,
        staff_id=staff_id,
        now=now,
    )
    close_checks(case, staff_id=staff_id, now=now)
    return case


@transaction.atomic
def waive_fee(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> Case:
    """No fee after all: the clock runs as if we had never asked for one."""
    return _taken_back(
        case_id, Move.WAIVE_FEE, Move.ASK_FEE, staff_id=staff_id, now=now
    )


@transaction.atomic
def waive_clarification(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> Case:
    """We go on without the answer: no day was left out of the time."""
    return _taken_back(
        case_id,
        Move.WAIVE_CLARIFICATION,
        Move.ASK_CLARIFICATION,
        staff_id=staff_id,
        now=now,
    )


def _taken_back(
    case_id: uuid.UUID, move: Move, ask: Move, *, staff_id: int, now: datetime
) -> Case:
    case = casebook.locked(case_id)
    asked_on = clock.asked_on(casebook.entries_of(case), ask)
    casebook.make(case, move, now=now, staff_id=staff_id)
    writing.write(
        case,
        LetterKind.ASK_TAKEN_BACK,
        now=now,
        staff_id=staff_id,
        asked_on=asked_on,
    )
    return case


@transaction.atomic
def end_check(
    check_id: int, outcome: IdentityCheck.Outcome, *, staff_id: int, now: datetime
) -> None:
    """We have looked at the proof; every copy of it goes (data minimisation)."""
    case_id = IdentityCheck.objects.values_list("case", flat=True).get(pk=check_id)
    casebook.locked(case_id)
    check = IdentityCheck.objects.select_related("case").get(pk=check_id)
    if check.closed_at is not None:
        raise NotAllowed("This check is closed already.")
    if check.received_at is None:
        raise NotAllowed("Nothing has come yet: take the question back instead.")
    close_check(check, outcome, staff_id=staff_id, now=now)


@transaction.atomic
def remind_of_identity(case_id: uuid.UUID, *, staff_id: int, now: datetime) -> Letter:
    """Ask once more, in other words; the clock waits as before."""
    case = casebook.locked(case_id)
    check = case.checks.filter(received_at__isnull=True).order_by("-asked_at").first()
    if case.state != State.AWAITING_IDENTITY or check is None:
        raise NotAllowed("Nothing is waited for: the case goes on.")
    return writing.write(
        case,
        LetterKind.REMINDER_IDENTITY,
        now=now,
        staff_id=staff_id,
        asked_on=timezone.localdate(check.asked_at),
        questions=tuple(check.asked_for.splitlines()),
        answer_by=timezone.localdate(now) + ANSWER_WITHIN,
    )


# --- Writing to each other ---


@transaction.atomic
def write_to_person(
    case_id: uuid.UUID, edits: Mapping[str, str], *, staff_id: int, now: datetime
) -> Letter:
    """A message in words of our own; it moves nothing."""
    case = casebook.locked(case_id)
    return writing.write(
        case, LetterKind.MESSAGE, now=now, staff_id=staff_id, edits=edits
    )


@dataclass(frozen=True)
class Said:
    """What the person told us on the telephone, by post or in another way."""

    words: str
    channel: Channel
    on: date


@transaction.atomic
def take_down(
    case_id: uuid.UUID, said: Said, *, staff_id: int, now: datetime
) -> Message:
    """Keep what the person said as a message of theirs; whoever wrote it down has read
    it. Whether it answers a question of ours is another step."""
    case = casebook.locked(case_id)
    refuse_empty(said.words, "Write down what the person said.")
    casebook.refuse_future(said.on, now=now)
    if said.on < timezone.localdate(case.received_at):
        raise NotAllowed("That was before the case began.")
    message = Message.objects.create(
        case=case,
        words=said.words.strip(),
        channel=said.channel,
        received_at=casebook.moment_of(said.on, now=now),
        read_at=now,
        staff_id=staff_id,
    )
    casebook.note(
        case,
        Event.MESSAGE,
        staff_id=staff_id,
        inputs={"message": message.pk, "words": casebook.digest_of(message.words)},
    )
    sensitive.look_through(case.submission, message.words, now=now)
    return message


def mark_read(message_id: int, *, now: datetime) -> None:
    """A member of staff has looked at it; once."""
    Message.objects.filter(pk=message_id, read_at=None).update(read_at=now)


# --- Colleagues ---


@transaction.atomic
def assign(
    case_id: uuid.UUID, to_staff_id: int | None, *, staff_id: int, now: datetime
) -> None:
    case = casebook.locked(case_id)
    if case.assigned_to_id == to_staff_id:
        return
    case.assigned_to_id = to_staff_id
    case.save(update_fields=["assigned_to_id"])
    casebook.note(case, Event.ASSIGNED, staff_id=staff_id, inputs={"to": to_staff_id})


@transaction.atomic
def add_note(case_id: uuid.UUID, words: str, *, staff_id: int, now: datetime) -> Note:
    case = casebook.locked(case_id)
    refuse_empty(words, "Write the note.")
    sensitive.look_through(case.submission, words, now=now)
    note = _note(case, words, staff_id, now)
    casebook.note(case, Event.NOTED, staff_id=staff_id, inputs={"note": note.pk})
    return note


def _note(case: Case, words: str, staff_id: int, now: datetime) -> Note:
    return Note.objects.create(
        case=case, words=words.strip(), written_at=now, staff_id=staff_id
    )


@dataclass(frozen=True)
class Searched:
    """One system that was searched, or was not, because (hits None)."""

    system: str
    terms: str
    hits: int | None
    why: str
    on: date
    became: str = ""
    stays_because: str = ""


@transaction.atomic
def record_search(
    case_id: uuid.UUID, searched: Searched, *, staff_id: int, now: datetime
) -> SearchRecord:
    """Where we looked, for what, and why that was a reasonable and proportionate search
    (Art. 15(1A))."""
    case = casebook.locked(case_id)
    refuse_empty(searched.system, "Name the system.")
    refuse_empty(searched.why, "Say why you stopped there, or why you did not search.")
    if searched.hits is not None:
        refuse_empty(searched.terms, "Say what you searched for.")
    casebook.refuse_future(searched.on, now=now)
    record = SearchRecord.objects.create(
        case=case,
        system=searched.system.strip(),
        terms=searched.terms.strip(),
        hits_count=searched.hits,
        why=searched.why.strip(),
        became=searched.became,
        stays_because=searched.stays_because.strip(),
        searched_on=searched.on,
        staff_id=staff_id,
    )
    casebook.note(
        case,
        Event.SEARCHED,
        staff_id=staff_id,
        inputs={
            "record": record.pk,
            "hits": searched.hits,
            **({"became": searched.became} if searched.became else {}),
            "on": clock.written(searched.on),
        },
    )
    return record


@dataclass(frozen=True)
class Errand:
    """Something for a colleague or an organisation to do by a day of its own."""

    what: str
    due_on: date
    for_staff_id: int | None = None
    recipient: str = ""


@transaction.atomic
def set_task(
    case_id: uuid.UUID, errand: Errand, *, staff_id: int, now: datetime
) -> Task:
    case = casebook.locked(case_id)
    refuse_empty(errand.what, "Say what has to be done.")
    if not case.is_open:
        raise NotAllowed(f"The case is closed ({State(case.state).label}).")
    if (errand.for_staff_id is None) == (not errand.recipient.strip()):
        raise NotAllowed("Choose a colleague, or name an organisation.")
    if errand.due_on < timezone.localdate(now):
        raise NotAllowed("That day is over.")
    task = Task.objects.create(
        case=case,
        what=errand.what.strip(),
        for_staff_id=errand.for_staff_id,
        recipient=errand.recipient.strip(),
        due_on=errand.due_on,
        set_at=now,
        set_by_id=staff_id,
    )
    inputs = {"task": task.pk, "due_on": clock.written(errand.due_on)}
    casebook.note(case, Event.TASK_SET, staff_id=staff_id, inputs=inputs)
    return task


@transaction.atomic
def finish_task(task_id: int, result: str, *, staff_id: int, now: datetime) -> Task:
    """Say what came of it. A search of a system outside is answered by its owner
    (fulfilment.systems), and whether a recipient was told in fulfilment.telling. Raises
    NotAllowed."""
    case_id = Task.objects.values_list("case", flat=True).get(pk=task_id)
    case = casebook.locked(case_id)
    task = Task.objects.get(pk=task_id)
    if task.system_id is not None:
        raise NotAllowed("Say what the search of this system came to instead.")
    if task.tells_of:
        raise NotAllowed("Say whether this recipient was told instead.")
    return end_task(case, task, result, staff_id=staff_id, now=now)


def end_task(
    case: Case, task: Task, result: str, *, staff_id: int, now: datetime
) -> Task:
    """The caller holds the case. Of a task that tells a recipient, it has set what came
    of it."""
    if task.done_at is not None:
        raise NotAllowed("This task is done already.")
    refuse_empty(result, "Say what came of it.")
    task.done_at, task.done_by_id, task.result = now, staff_id, result.strip()
    task.save(update_fields=["done_at", "done_by_id", "result", "outcome"])
    inputs = {"task": task.pk, **({"outcome": task.outcome} if task.outcome else {})}
    casebook.note(case, Event.TASK_DONE, staff_id=staff_id, inputs=inputs)
    return task
