"""Which steps a case can take now, what stands against the others, and which comes next.

One function says for every move why not, by asking the verbs themselves; so that a
greyed button and the refusal of a raw post say the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from data_subjects.restriction import is_restricted
from rights_requests import (
    authority,
    casebook,
    closing,
    deciding,
    handling,
    moves,
    weighing,
)
from rights_requests.fulfilment import (
    building,
    erasure_plan,
    freshness,
    recipients,
    releasing,
    transmissions,
)
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Decision, IdentityCheck, Letter
from rights_requests.moves import NOT_OF_STAFF, Move, State, needs_second_person
from rights_requests.weighing import Outcome
from rights_requests.whose_answer import COPIES, lacks_authority, may_act, why_not_tell

# Word on a complaint is next when it is due within so many days.
WORD_SOON = timedelta(days=3)

# What the answer waits for without us: the person shows that it is they, or a worker
# does it within moments.
OF_THE_PERSON = frozenset({closing.UNSHOWN, closing.UNSHOWN_TO_ERASE})
OF_A_WORKER = frozenset(
    {closing.SYSTEMS_ASKED, recipients.IN_A_MOMENT, freshness.UNDER_WAY}
)


def why_not_now(case: Case, *, now: datetime) -> dict[Move, str]:
    """For each move that staff can ever make of such a case: what stands against it
    now, in words; empty when nothing does."""
    return {
        move: _why_not(case, move, now)
        for move in moves.moves_of(case.kind)
        if move not in NOT_OF_STAFF
    }


def _why_not(case: Case, move: Move, now: datetime) -> str:
    if needs_second_person(CaseKind(case.kind), move):
        return deciding.why_not_propose(case, move, now=now)
    if why_not := casebook.why_not(case, move):
        return why_not
    if move is Move.DISMISS:
        return handling.why_not_dismiss(case)
    if move is Move.ASK_IDENTITY:
        return handling.why_not_ask_identity(case, now=now)
    if move is Move.ASK_CLARIFICATION:
        return casebook.why_not_ask(case, move, now=now)
    if move is Move.FULFIL:
        # That we hold nothing is said on the form.
        found = closing.why_not_fulfil(case)
        return found and closing.why_not_fulfil(case, nothing_held=True) and found
    if move is Move.ACKNOWLEDGE:
        return handling.why_not_acknowledge_in_words(case)
    return ""


@dataclass(frozen=True)
class Facts:
    """What decides which steps a case can take, read once for a page.

    why_not: of each move (why_not_now). pending: the proposal that waits; check: the
    check of identity that is not closed. copy_waits, files_wait: what nobody released.
    copy_would_tell: what the person may not know is in it (whose_answer).
    lacks_authority: nothing has shown that whoever asks may (whose_answer).
    is_receiver_unknown: of an address to which the person wants their file sent.
    to_post: letters that wait to be posted.
    """

    today: date
    why_not: Mapping[Move, str] = field(default_factory=dict)
    pending: Decision | None = None
    check: IdentityCheck | None = None
    to_post: tuple[Letter, ...] = ()
    unread_count: int = 0
    open_tasks_count: int = 0
    open_corrections_count: int = 0
    searches_count: int = 0
    answers_count: int = 0
    can_make_copy: bool = False
    copy_waits: bool = False
    copy_would_tell: bool = False
    files_wait: bool = False
    is_receiver_unknown: bool = False
    links_count: int = 0
    is_held: bool = False
    is_restricted: bool = False
    lacks_authority: bool = False
    is_authority_unread: bool = False
    is_something_left: bool = False
    is_weighed: bool = False
    is_outweighed: bool = False
    why_not_acknowledge: str = ""


def facts_of(case: Case, *, now: datetime) -> Facts:
    to_read = [message for message in case.messages.all() if message.read_at is None]
    open_checks = [check for check in case.checks.all() if check.closed_at is None]
    balancing = weighing.newest(case) if case.kind == CaseKind.OBJECTION else None
    open_tasks = [task for task in case.tasks.all() if task.done_at is None]
    return Facts(
        today=timezone.localdate(now),
        why_not=why_not_now(case, now=now),
        pending=next(iter(closing.pending_decisions(case)), None),
        check=max(open_checks, key=lambda check: check.asked_at, default=None),
        to_post=tuple(filter(closing.is_unposted, case.letters.all())),
        unread_count=len(to_read),
        open_tasks_count=len(open_tasks),
        open_corrections_count=(
            case.rectifications.open().count()
            if case.kind == CaseKind.RECTIFICATION
            else 0
        ),
        searches_count=len(case.searches.all()),
        answers_count=len(closing.answers_of(case)),
        can_make_copy=not building.why_not_ask(case),
        copy_waits=_copy_waits(case),
        copy_would_tell=_copy_would_tell(case),
        is_receiver_unknown=transmissions.waits_for_staff(case),
        files_wait=bool(releasing.files_to_release(case)),
        links_count=case.links.filter(use="case-status", revoked_at=None).count(),
        is_held=bool(case.submission.held_because),
        is_restricted=is_restricted(case.submission.data_subject_id),
        lacks_authority=lacks_authority(case),
        is_authority_unread=authority.is_unread(case) and not may_act(case),
        is_something_left=erasure_plan.is_something_left(case),
        is_weighed=balancing is not None,
        is_outweighed=balancing is not None and balancing.outcome == Outcome.OURS,
        why_not_acknowledge=handling.why_not_acknowledge(case),
    )


def _copy_waits(case: Case) -> bool:
    answers = closing.answers_of(case)
    copies = [one.package for one in answers if one.is_put_together]
    return any(copy.released_at is None for copy in copies)


def _copy_would_tell(case: Case) -> bool:
    is_there = any(one.is_put_together for one in closing.answers_of(case))
    return is_there and bool(why_not_tell(case))


# --- The one that comes next ---


def next_step(case: Case, facts: Facts) -> str:
    """The name of the act (case_acts) that comes next; empty when we have to wait, for
    a second person or for whoever asked, and when all is done. Pure."""
    return next(_in_turn(case, facts), "")


def _in_turn(case: Case, facts: Facts) -> Iterator[str]:
    """Every act that is called for, the first one first."""
    if facts.is_held and case.is_open:
        yield "release-held"
    if facts.to_post:
        yield "post"
    if facts.unread_count:
        yield "read"
    if not case.is_open:
        return
    if facts.pending is not None:
        yield _of_pending(facts.pending, facts)
    elif case.state == State.DRAFT:
        yield "confirm"
    elif case.is_waiting:
        yield _of_waiting(case, facts)
    else:
        yield from _of_ours(case, facts)


def _of_pending(pending: Decision, facts: Facts) -> str:
    if pending.released_at is None:
        return "decide"
    if facts.is_something_left:
        return "left"
    return "tasks" if facts.open_tasks_count else ""


def _of_waiting(case: Case, facts: Facts) -> str:
    """It came; or, when the time that we gave is over, it did not."""
    if not facts.why_not.get(Move.LAPSE, "-"):
        return "lapse"
    return {
        State.AWAITING_IDENTITY: "identity-came",
        State.AWAITING_FEE: "fee-came",
        State.AWAITING_CLARIFICATION: "clarification-came",
    }[State(case.state)]


def _of_ours(case: Case, facts: Facts) -> Iterator[str]:
    """On the way to the answer."""
    kind = CaseKind(case.kind)
    if facts.check is not None and facts.check.received_at is not None:
        yield "end-check"
    if not facts.why_not_acknowledge:
        yield "acknowledge"
    if _owes_word(case, facts):
        yield "progress"
    yield from _before_answer(kind, facts)
    if facts.is_outweighed:
        yield "propose-refusal"
    if not facts.why_not.get(Move.FULFIL, "-"):
        yield "propose-answer" if needs_second_person(kind, Move.FULFIL) else "answer"
    elif not facts.why_not.get(Move.FULFIL_IN_PART, "-"):
        yield "propose-part"
    elif facts.why_not.get(Move.FULFIL_IN_PART) == closing.RESTRICT_FIRST:
        # The whole answer restricts by itself; one in part says what was done before.
        yield "restrict"


def _before_answer(kind: CaseKind, facts: Facts) -> Iterator[str]:
    """What the answer rests on, in the order in which it is done."""
    to_restrict = kind is CaseKind.OBJECTION and not facts.is_restricted
    wanted = {
        "read-authority": facts.is_authority_unread,
        "say-receiver": facts.is_receiver_unknown,
        "make-copy": facts.can_make_copy and not facts.searches_count,
        "search": kind in COPIES and not facts.searches_count,
        # Nobody's data is given, changed or bound at the word of somebody who has shown
        # nothing.
        "authority": facts.lacks_authority,
        "correct": facts.open_corrections_count > 0,
        "tasks": facts.open_tasks_count > 0,
        "take-copy-away": facts.copy_would_tell,
        "upload": kind in COPIES and not facts.answers_count,
        "release-copy": facts.copy_waits,
        "release-files": facts.files_wait,
        "restrict": to_restrict,
        "weigh": kind is CaseKind.OBJECTION and not facts.is_weighed,
    }
    yield from (name for name, is_wanted in wanted.items() if is_wanted)


@dataclass(frozen=True)
class Standstill:
    """Why no step comes next. is_ours: something stands in the way that we can settle,
    though no step of this case does."""

    words: str
    is_ours: bool = False


def standstill(case: Case, facts: Facts) -> Standstill:
    """Of an open case in which nothing comes next (next_step). Pure."""
    if facts.pending is not None and facts.pending.released_at is not None:
        return Standstill(closing.being_done(facts.pending))
    why_not = facts.why_not.get(Move.FULFIL, "")
    if why_not in OF_THE_PERSON:
        # The button and the code go to wherever the answer goes.
        who = case.submission.get_answer_to_display()
        return Standstill(f"We wait for {who}. {why_not} Our time runs on meanwhile.")
    return Standstill(why_not, is_ours=why_not not in OF_A_WORKER)


def _owes_word(case: Case, facts: Facts) -> bool:
    """A complaint of which the person has to hear within days."""
    due_on = case.progress_due_on if case.is_complaint else None
    return due_on is not None and due_on - WORD_SOON <= facts.today
