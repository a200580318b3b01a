"""The one door through which a case changes.

Each move locks the case, is held against the table, goes into the case log with its
inputs, and has the clocks counted anew, all in the caller's transaction.
"""

import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from data_subjects.models import DataSubject
from groundwork.periods import LONDON, civil_day
from groundwork.refusals import NotAllowed, refuse
from groundwork.word_digests import digest_of_words
from rights_requests import clock, moves
from rights_requests.clock import Clocks
from rights_requests.models import Case, CaseLogEntry, Event, Reminder
from rights_requests.moves import CORRECTIONS, Move, State

# What is to be done with a case that does not show what its log gives. Recounting stands
# above this door and writes letters, so it hands that in as the application starts.
_FIRST: list[Callable[[Case, datetime], object]] = []
# The same for one that is opened again: with the days that it showed while closed.
_OPENED: list[Callable[[Case, clock.Days, datetime], object]] = []

# Without the letters and digits that are taken for each other when read aloud.
READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference(letter: str = "R") -> str:
    """R-7K3Q-2XNB: 30^8 of them, drawn by lot; a complaint's begins with C."""
    drawn = "".join(secrets.choice(READABLE) for _ in range(8))
    return f"{letter}-{drawn[:4]}-{drawn[4:]}"


def digest_of(words: str) -> str:
    """What a ledger may keep of a reason in words."""
    return digest_of_words(words)


def locked(case_id: uuid.UUID) -> Case:
    """The case, held until the end of the caller's transaction. Raises DoesNotExist."""
    return (
        Case.objects.select_related("submission")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=case_id)
    )


def locked_with_person(case_id: uuid.UUID) -> Case:
    """The same, for what may lock the person as well: people come before their cases,
    or two acts at once wait for each other. Raises DoesNotExist."""
    people = Case.objects.values_list("submission__data_subject", flat=True)
    DataSubject.objects.select_for_update(no_key=True).get(pk=people.get(pk=case_id))
    return locked(case_id)


def entries_of(case: Case) -> list[CaseLogEntry]:
    if case.log_as_read is not None:
        return list(case.log_as_read)
    return list(CaseLogEntry.objects.filter(case_id=case.pk).order_by("id"))


def read_log(case: Case) -> list[CaseLogEntry]:
    """Its entries, read once for a page that asks many questions of one case: whatever
    counts from them uses these. Never for a case that is about to change: it is locked,
    and so read anew (locked)."""
    case.log_as_read = entries_of(case)
    return case.log_as_read


def newest_entry_id(case: Case) -> int:
    """The newest entry of the case's log, by which a page says what it has shown."""
    entries = CaseLogEntry.objects.filter(case_id=case.pk).order_by("-id")
    return entries.values_list("id", flat=True).first() or 0


def clocks_of(case: Case, *, now: datetime) -> Clocks:
    """Every clock of the case, counted from its log at this moment."""
    return clock.count(case, clock.story_of(entries_of(case)), now=now)


def before_each_move(bring_right: Callable[[Case, datetime], object]) -> None:
    """Have this done first with a case that shows other days than its log gives."""
    _FIRST.append(bring_right)


def after_each_opening(
    put_on_record: Callable[[Case, clock.Days, datetime], object],
) -> None:
    """Have this done with a case that is opened again, and whose days moved while it was
    closed: nobody counted it then."""
    _OPENED.append(put_on_record)


def bring_up_to_date(case: Case, *, now: datetime) -> None:
    """Put on record what a holiday moved that was named since the case was counted:
    nothing that happens to a case meanwhile hides it. The caller has locked the case."""
    if not clock.shows_other_days(case, clocks_of(case, now=now)):
        return
    # Another process may have known of the holiday before this one.
    clock.forget_holidays()
    if case.is_open and clock.shows_other_days(case, clocks_of(case, now=now)):
        for bring_right in _FIRST:
            bring_right(case, now)


def why_not(case: Case, move: Move) -> str:
    """What in the table stands against this move; empty when nothing does."""
    return moves.why_not(case.kind, case.state, move)


def make(
    case: Case,
    move: Move,
    *,
    now: datetime,
    staff_id: int | None = None,
    inputs: Mapping[str, Any] | None = None,
    **changes: Any,
) -> CaseLogEntry:
    """Make a move of a case that the caller has locked.

    inputs go into the ledger and hold no personal data; changes are fields of the case
    that change with it. Raises NotAllowed, and nothing is changed, when the table does
    not have the move, or when the dates given contradict each other or come too late to
    count.
    """
    refuse(why_not(case, move))
    if move is not Move.RECOUNT:
        bring_up_to_date(case, now=now)
    entries = entries_of(case)
    before = clock.count(case, clock.story_of(entries), now=now)
    was_closed, was_shown = not case.is_open, clock.legal_days_shown(case)
    case.state = moves.after(case.kind, case.state, move) or State(case.state)
    case.last_move, case.moves_count = move, case.moves_count + 1
    case.closed_at = None if case.is_open else (case.closed_at or now)
    for name, value in changes.items():
        setattr(case, name, value)
    entry = CaseLogEntry(
        case_id=case.pk,
        number=case.moves_count,
        event=move,
        state=case.state,
        inputs=dict(inputs or {}),
        staff_id=staff_id,
    )
    after = clock.count(case, clock.story_of([*entries, entry]), now=now)
    refuse(*_against(move, before, after))
    clock.keep(case, after, given=_given(case))
    entry.due_on = case.due_on
    entry.save(force_insert=True)
    case.save(
        update_fields=[
            "state",
            "last_move",
            "moves_count",
            "closed_at",
            *clock.CACHED,
            *changes,
        ]
    )
    if was_closed and case.is_open and clock.legal_days(before) != was_shown:
        for put_on_record in _OPENED:
            put_on_record(case, was_shown, now)
    return entry


def _against(move: Move, before: Clocks, after: Clocks) -> list[str]:
    """What the count has against this move: dates that contradict each other, or an
    event that comes too late to count.

    An answer is recorded on the day on which it came, and a receipt on that on which it
    was, even where that makes an extension or a question too late that came meanwhile:
    then that one counts for nothing.
    """
    is_sound = after.statute is None or after.statute.state is not None
    is_fact = move in clock.ANSWERS or move in CORRECTIONS
    if move is Move.RECOUNT or (is_fact and is_sound):
        return []
    return [error for error in after.errors if error not in before.errors]


def why_not_ask(case: Case, move: Move, *, now: datetime) -> str:
    """What the table or the clock has against asking this now, such as that the time has
    run out; empty when nothing does. make() refuses it in the same words."""
    if found := why_not(case, move):
        return found
    before = clocks_of(case, now=now)
    after = clocks_with(case, move, {"at": clock.written(now)}, now=now)
    return " ".join(_against(move, before, after))


def clocks_with(
    case: Case, move: Move, inputs: Mapping[str, Any], *, now: datetime
) -> Clocks:
    """Every clock of the case as it would be once this move was made."""
    number = case.moves_count + 1
    entry = CaseLogEntry(number=number, event=move, inputs=dict(inputs))
    return clock.count(case, clock.story_of([*entries_of(case), entry]), now=now)


def _given(case: Case) -> list[tuple[str, Any, int]]:
    rows = Reminder.objects.filter(case=case)
    return list(rows.values_list("clock", "due_on", "step"))


def count_anew(case: Case, *, now: datetime, **changes: Any) -> None:
    """Count again what the clock counts by besides moves, and save it with these
    changes. The caller has locked the case."""
    for name, value in changes.items():
        setattr(case, name, value)
    counted = clock.keep(case, clocks_of(case, now=now), given=_given(case))
    if counted or changes:
        case.save(update_fields=[*counted, *changes])


def note(
    case: Case,
    event: Event,
    *,
    staff_id: int | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> CaseLogEntry:
    """Put on record what is no move."""
    return CaseLogEntry.objects.create(
        case_id=case.pk,
        event=event,
        state=case.state,
        due_on=case.due_on,
        inputs=dict(inputs or {}),
        staff_id=staff_id,
    )


def refuse_future(at: date, *, now: datetime) -> None:
    """What is recorded has happened."""
    later = at > now if isinstance(at, datetime) else at > civil_day(now)
    if later:
        raise NotAllowed("That is still to come.")


def moment_of(at: date, *, now: datetime) -> datetime:
    """An instant as it is; of today, now; of any other day its noon: of that nobody
    knows more than the day."""
    if isinstance(at, datetime):
        return at
    return now if at == civil_day(now) else datetime.combine(at, time(12), LONDON)
