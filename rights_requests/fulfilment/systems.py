"""Systems outside this software that hold people's data, and asking those who answer
for them (Art. 15(1A), 17(1), 19).

For every request that may concern them each system becomes a task of its owner. The
owner says what the search came to: so much was found, nothing, or that it was not
searched, and why. That is the record of the search, too. A case cannot close before.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, clock, closing, handling
from rights_requests.filing import file_documents
from rights_requests.fulfilment import outside
from rights_requests.handling import Searched
from rights_requests.kinds import ON_THE_CLOCK, CaseKind
from rights_requests.models import (
    SOFTWARE,
    Case,
    CaseDocument,
    Event,
    OutsideSystem,
    SearchRecord,
    Task,
)
from rights_requests.moves import State
from rights_requests.uploads import Checked
from rights_requests.whose_answer import COPIES

# So long before the answer is due its parts should be here, and so long at most
# somebody has to search.
BEFORE_DUE = timedelta(days=7)
AT_MOST = timedelta(days=14)
AT_ONE_TIME = 200


# --- Which there are ---


@dataclass(frozen=True)
class Described:
    """What is said of a system: what it is called, what it holds, who answers for it."""

    name: str
    holds: str
    owner_id: int
    is_active: bool = True


@transaction.atomic
def enter(told: Described) -> OutsideSystem:
    """From now on it is asked about, for the requests that are open as well."""
    system = OutsideSystem.objects.create(**vars(told))
    _ask_anew()
    return system


@transaction.atomic
def change(system_id: int, told: Described) -> OutsideSystem:
    """Its open tasks go to the new owner; one that is asked about again is asked about
    for what is open now."""
    system = OutsideSystem.objects.select_for_update().get(pk=system_id)
    was_active = system.is_active
    for name, value in vars(told).items():
        setattr(system, name, value)
    system.save(update_fields=list(vars(told)))
    system.tasks.filter(done_at=None).update(for_staff_id=told.owner_id)
    if told.is_active and not was_active:
        _ask_anew()
    return system


def _ask_anew() -> None:
    Case.objects.filter(state=State.IN_PROGRESS, kind__in=ON_THE_CLOCK).update(
        systems_asked_at=None
    )


# --- Asking ---


def ask_owners(now: datetime) -> int:
    """Set a task for each system on each case that has none yet; returns for how many
    cases. What is held as a flood waits until it is released."""
    if not OutsideSystem.objects.searched().exists():
        return 0
    waiting = Case.objects.with_systems_to_ask().filter(submission__held_because="")
    cases = list(waiting.order_by("pk").values_list("pk", flat=True)[:AT_ONE_TIME])
    return sum(_ask_of(case_id, now) for case_id in cases)


@transaction.atomic
def _ask_of(case_id: uuid.UUID, now: datetime) -> bool:
    case = casebook.locked(case_id)
    if not Case.objects.with_systems_to_ask().filter(pk=case_id).exists():
        return False  # it went on meanwhile
    known = case.tasks.exclude(system=None).values("system")
    for system in OutsideSystem.objects.searched().exclude(pk__in=known):
        _set_task(case, system, now)
    case.systems_asked_at = now
    case.save(update_fields=["systems_asked_at"])
    return True


def _set_task(case: Case, system: OutsideSystem, now: datetime) -> None:
    due_on = due_day(case.governs_on, today=timezone.localdate(now))
    task = Task.objects.create(
        case=case,
        what=_what(case, system),
        for_staff_id=system.owner_id,
        system=system,
        due_on=due_on,
        set_at=now,
        set_by_id=SOFTWARE,
    )
    inputs = {"task": task.pk, "system": system.pk, "due_on": clock.written(due_on)}
    casebook.note(case, Event.TASK_SET, staff_id=None, inputs=inputs)


def _what(case: Case, system: OutsideSystem) -> str:
    asked = outside.ASKED.get(CaseKind(case.kind), "")
    return f"Search {system.name} for this person’s data{asked}: {system.holds}"


def due_day(governs_on: date | None, *, today: date) -> date:
    """A week before the answer is due, two weeks from now at most, and never before
    today."""
    latest = today + AT_MOST
    if governs_on is not None:
        latest = min(latest, governs_on - BEFORE_DUE)
    return max(latest, today)


# --- Answering ---

NO_FILE = (
    "Something was found, and the person gets a copy of what we hold: add it as a file, "
    "or say why nothing of it goes along."
)


@dataclass(frozen=True)
class Found:
    """What a search came to. hits: None when it was not searched; then why says why not,
    and otherwise why that was enough. terms: what was looked for. file: what was found,
    where the person gets a copy; no_file: or why nothing of it goes along, for them.
    became: what was done with it where the person asks for a change
    (SearchRecord.Became); stays_because: why nothing was, for the person."""

    hits: int | None
    why: str
    terms: str = ""
    on: date | None = None
    file: Checked | None = None
    no_file: str = ""
    became: str = ""
    stays_because: str = ""


@transaction.atomic
def answer(task_id: int, found: Found, *, staff_id: int, now: datetime) -> SearchRecord:
    """The owner's answer: it ends the task and is the record of the search. Raises
    NotAllowed for a task about no system, and for what a record of a search wants. What
    was found becomes part of our answer to the person."""
    case_id = Task.objects.values_list("case", flat=True).get(pk=task_id)
    case = casebook.locked(case_id)
    task = Task.objects.select_related("system").get(pk=task_id)
    if task.system is None:
        raise NotAllowed("This task is about no system outside: finish it instead.")
    refuse(_why_not_file(case, found), _why_not_became(case, found, staff_id))
    handling.end_task(case, task, _in_words(found), staff_id=staff_id, now=now)
    searched = Searched(
        system=task.system.name,
        terms=found.terms,
        hits=found.hits,
        why=found.why,
        on=found.on or timezone.localdate(now),
        became=found.became,
        stays_because=found.stays_because or _why_no_file(found),
    )
    record = handling.record_search(case.pk, searched, staff_id=staff_id, now=now)
    if found.file is not None:
        # Last: what is refused before leaves no file behind.
        purpose = CaseDocument.Purpose.ANSWER
        file_documents(case.pk, [found.file], purpose, staff_id=staff_id, now=now)
    return record


def _why_not_file(case: Case, found: Found) -> str:
    """What stands against the file that came with the answer, or against there being
    none; empty when nothing does."""
    if found.file is None:
        is_owed = bool(found.hits) and case.kind in COPIES and not found.no_file.strip()
        return NO_FILE if is_owed else ""
    if not found.hits:
        return (
            "A file came with it, so something was found: say how much, or leave the "
            "file out."
        )
    if case.kind not in COPIES:
        return "Only a copy of the data goes to the person: leave the file out."
    return ""


def _why_not_became(case: Case, found: Found, staff_id: int) -> str:
    """What is missing in what was done, or stands against doing it yet. What a machine
    did was let go by somebody before."""
    why_not = outside.why_not_became(
        CaseKind(case.kind),
        hits=found.hits,
        became=found.became,
        stays_because=found.stays_because,
    )
    if why_not or found.became != SearchRecord.Became.DONE or staff_id == SOFTWARE:
        return why_not
    is_erasure = case.kind == CaseKind.ERASURE
    return (
        closing.why_not_name_outside(case) if is_erasure else closing.why_not_act(case)
    )


def _why_no_file(found: Found) -> str:
    is_said = bool(found.hits) and found.file is None
    return found.no_file.strip() if is_said else ""


def _in_words(found: Found) -> str:
    if found.hits is None:
        return f"Not searched: {found.why}"
    return "Nothing found." if found.hits == 0 else f"{found.hits} found."
