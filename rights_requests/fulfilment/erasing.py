"""Carrying an erasure out: begun in one moment, done place by place, and over only when
nothing is found any more.

1. begin(): what was approved is held against what is there now. From this moment the
   person's number leads to no address, and the address is on the opt-out list; whoever
   signs up under it is somebody new.
2. Each place in a transaction of its own. A worker that dies leaves off between two of
   them, and the next one goes on from there. Before each it looks again, under the locks
   of whoever binds the data or speaks for the person: a legal hold, a restriction or the
   person’s own word stops it there, and what is left is kept.
3. A look through every store for what is left (residual_scan). Letters of ours leave
   before it, what the person wrote meanwhile is read, and their mail goes then. What is
   found keeps the case open, shown, until it is gone or two people have agreed that it
   stays (residue).
4. The person is told what was deleted, what is kept and why, and the case closes.
5. Once that letter was handed over, the addresses in the file go as well, and by what
   the person was looked for (after_report).
"""

import logging
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from data_subjects import journal
from data_subjects.models import DataSubject, HeldPerson, Restriction
from data_subjects.restriction import is_kept
from groundwork import addresses
from groundwork.holdings import Person, holdings
from groundwork.restricted_rows import as_the_law_requires
from outbox import suppression
from outbox.inbound import is_anything_unread
from outbox.models import SuppressedAddress
from rights_requests import casebook, closing, deciding, vault
from rights_requests.fulfilment import (
    erasure_places,
    erasure_plan,
    newcomers,
    residual_scan,
    unheard,
)
from rights_requests.fulfilment.erasure_places import Place
from rights_requests.fulfilment.identifiers import Identifiers
from rights_requests.fulfilment.residual_scan import Hit, Spared
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Decision,
    ErasedPlace,
    ErasurePlan,
    Event,
    Residue,
)
from rights_requests.moves import Move, State
from subscribers import erasing as erasing_readers

logger = logging.getLogger(__name__)
Problem = ErasurePlan.Problem
# A store that does not answer now may answer the next time.
TRIED_AGAIN_AFTER = timedelta(minutes=1)
# The largest copy is written in a minute or two.
WAITS_FOR_A_FILE = timedelta(hours=1)


def work_on_next(now: datetime) -> ErasurePlan | None:
    """Take up the erasure that waits the longest, and go on as far as it goes; None when
    none waits. Whatever stops it shows on the case, and the next look is in a minute."""
    waiting = ErasurePlan.objects.filter(
        state__in=erasure_plan.UNDER_WAY, next_try_at__lte=now
    )
    for plan in waiting.order_by("next_try_at"):
        with _alone(plan) as is_ours:
            if is_ours:
                _try(plan)
                return plan
    return None


@contextmanager
def _alone(plan: ErasurePlan) -> Iterator[bool]:
    """Whether no other worker is at it. The database knows, for as long as this one has
    its connection: what a dead worker held is free at once."""
    key = str(plan.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        [is_ours] = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key]
                )


def _try(plan: ErasurePlan) -> None:
    plan.refresh_from_db()  # another worker may have ended it just now
    try:
        if plan.state in erasure_plan.UNDER_WAY:
            _go_on(plan)
    except Exception:
        logger.exception("Erasure %s was broken off", plan.pk)
        later = timezone.now() + TRIED_AGAIN_AFTER
        plans = ErasurePlan.objects.filter(pk=plan.pk)
        plans.update(problem=Problem.PLACE, next_try_at=later)


def _go_on(plan: ErasurePlan) -> None:
    if plan.state == ErasurePlan.State.APPROVED and not _begin(plan):
        return
    if plan.state == ErasurePlan.State.ERASING:
        _note_begun(plan)
        for place in plan.places.filter(done_at=None):
            if not _erase(plan, place):
                return
        _enter(plan, ErasurePlan.State.SEARCHING)
    if _is_look_too_early(plan):
        _put_off(plan)
    elif _look_through(plan):
        if _is_somebody_untold(plan):
            _put_off(plan)
        else:
            _finish(plan)


def _is_look_too_early(plan: ErasurePlan) -> bool:
    """The last look comes when all are told, and none while a letter has yet to leave,
    or while a file is being written: it will be whole in a moment, or taken away."""
    if _is_file_waited_for(plan):
        return True
    if waits_for_the_told(plan):
        return True
    return not _empty_mail_again(plan)


def _is_file_waited_for(plan: ErasurePlan) -> bool:
    """For an hour at most: then it is looked into as it is, and found if it is theirs."""
    now = timezone.now()
    vault.sweep_unfinished(now)
    since = (plan.waits_since or now) if any(vault.unfinished()) else None
    if since != plan.waits_since:
        plan.waits_since = since
        plan.save(update_fields=["waits_since"])
    return waits_for_a_file(plan, now)


def waits_for_a_file(plan: ErasurePlan, now: datetime) -> bool:
    """Whether the last look is put off for a file, as a worker last found it."""
    since = plan.waits_since
    return since is not None and now - since < WAITS_FOR_A_FILE


def waits_for_the_told(plan: ErasurePlan) -> bool:
    """Whether a look has found nothing in the way, and the last one waits until all who
    had the data are told."""
    if not plan.searches_count or plan.residue.in_the_way().exists():
        return False
    return _is_somebody_untold(plan)


def _is_somebody_untold(plan: ErasurePlan) -> bool:
    """Whether somebody who had the data from us has yet to hear of it (Art. 19)."""
    case = Case.objects.get(pk=plan.decision.case_id)
    return bool(closing.why_untold(case))


def _put_off(plan: ErasurePlan) -> None:
    plan.next_try_at = timezone.now() + TRIED_AGAIN_AFTER
    plan.save(update_fields=["next_try_at"])


def _enter(plan: ErasurePlan, state: ErasurePlan.State) -> None:
    plan.state = state
    plan.save(update_fields=["state"])


# --- The beginning ---


@transaction.atomic
def _begin(plan: ErasurePlan) -> bool:
    """Whether it has begun: not while a letter to the person is still on its way, and
    not at all when something has changed."""
    decision, case, subject = _locked(plan)
    if erasure_plan.is_answer_waiting(case) or is_anything_unread():
        _put_off(plan)  # nobody else’s waits for it
        return False
    if problem := _why_void(plan, decision, case):
        _stop(plan, decision, case, problem)
        return False
    now = timezone.now()
    digests = _of_nobody_new(_person(plan, case))
    # Outside the database as well, so that no backup brings the person back.
    chosen = _chosen(plan).values_list("key", flat=True)
    journal.record_erased(subject.pk, digests, kept=chosen)
    for digest in digests:
        suppression.suppress(digest, "", SuppressedAddress.Reason.ERASED)
    subject.address_digest, subject.record_went_at = None, now
    subject.save(update_fields=["address_digest", "record_went_at"])
    erasing_readers.let_go_of_address(subject.pk)
    plan.begun_at, plan.problem = now, ""
    plan.save(update_fields=["begun_at", "problem"])
    _enter(plan, ErasurePlan.State.ERASING)
    return True


@transaction.atomic
def _note_begun(plan: ErasurePlan) -> None:
    """Once, and in a transaction of its own: what ended with the beginning stands in
    ledgers that know people by number, and the same transaction in both would lead from
    there to the file."""
    decision, case, _ = _locked(plan)
    begun = CaseLogEntry.objects.filter(case_id=case.pk, event=Event.ERASURE_BEGUN)
    if not begun.filter(inputs__decision=decision.pk).exists():
        _note(case, decision, Event.ERASURE_BEGUN, {"places": plan.places.count()})


def _locked(plan: ErasurePlan) -> tuple[Decision, Case, DataSubject]:
    """People come before their cases. Not their key: a row that refers to them asks for
    it as its transaction ends, with the case in its hands."""
    found = Decision.objects.values_list("case", "case__submission__data_subject")
    case_id, subject_id = found.get(pk=plan.decision_id)
    subject = DataSubject.objects.select_for_update(no_key=True).get(pk=subject_id)
    case = casebook.locked(case_id)
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=plan.decision_id)
    decision.case = plan.decision.case = case
    return decision, case, subject


def _why_void(
    plan: ErasurePlan, decision: Decision, case: Case
) -> ErasurePlan.Problem | None:
    if _is_over(decision, case):
        return Problem.STOPPED
    if _is_bound(case):
        return Problem.BOUND
    is_other = (
        bool(erasure_plan.why_changed(plan))
        or _was_heard(decision)
        or _is_something_lost(plan, case)
    )
    return Problem.CHANGED if is_other else None


def _why_stop_midway(decision: Decision, case: Case) -> ErasurePlan.Problem | None:
    """By the same rules as before it began, but for what changed: that was our work."""
    if _is_over(decision, case) or _was_heard(decision):
        return Problem.HEARD
    return Problem.MIDWAY if _is_bound(case) else None


def _is_over(decision: Decision, case: Case) -> bool:
    return decision.settled_at is not None or case.state != State.IN_PROGRESS


def _is_bound(case: Case) -> bool:
    return closing.is_kept_by_hold(case) or bool(erasure_plan.why_not(case))


def _was_heard(decision: Decision) -> bool:
    """Whether the person has said something since it was approved."""
    said = CaseLogEntry.objects.filter(
        case_id=decision.case_id,
        event__in=[Move.NARROW, Event.MESSAGE],
        at__gte=decision.released_at,
    )
    return said.exists()


def _stop(plan: ErasurePlan, decision: Decision, case: Case, problem: Problem) -> None:
    """Nothing more is touched; whoever proposed it reads why."""
    now, places = timezone.now(), plan.places.exclude(fate=ErasedPlace.Fate.KEPT)
    done = places.filter(done_at__isnull=False).count()
    has_begun = plan.begun_at is not None
    state = ErasurePlan.State.STOPPED if has_begun else ErasurePlan.State.VOID
    plan.state, plan.problem = state, problem
    plan.sought, plan.finished_at = {}, now
    if not has_begun:
        plan.known_by = []
    plan.save(update_fields=["state", "problem", "sought", "known_by", "finished_at"])
    if decision.settled_at is None:
        decision.answer, decision.outcome = problem.and_next, Decision.Outcome.SENT_BACK
        decision.settled_at = now
        decision.save(update_fields=["answer", "outcome", "settled_at"])
    inputs = {"because": str(problem), "done": done, "left": places.count() - done}
    _note(case, decision, Event.ERASURE_STOPPED, inputs)


def _of_nobody_new(person: Person) -> frozenset[bytes]:
    """The person's codes, but for those of somebody new who has the address by now:
    they keep what they agreed to."""
    newcomers = erasure_plan.newcomers_of(person.digests, besides=person.id)
    taken = newcomers.values_list("address_digest", flat=True)
    return person.digests - {bytes(code) for code in taken if code is not None}


def _stop_midway(
    plan: ErasurePlan, decision: Decision, case: Case, problem: Problem
) -> None:
    """What is left is the person’s as before: their address leads to it again, unless
    somebody new has it by now. A backup that is put back loses no more than went here."""
    subject_id = case.submission.data_subject_id
    newcomers.give_way(_last_codes(plan, case), besides=subject_id)
    digests = _of_nobody_new(_person(plan, case))
    chosen = set(_chosen(plan).values_list("key", flat=True))
    left = {*plan.places.filter(done_at=None).values_list("key", flat=True), *chosen}
    journal.record_erased(subject_id, digests, kept=left)
    _give_address_back(subject_id, digests & _last_codes(plan, case))
    _stop(plan, decision, case, problem)


def _note(
    case: Case, decision: Decision, event: Event, inputs: dict[str, object]
) -> None:
    casebook.note(case, event, inputs={"decision": decision.pk, **inputs})


def _give_address_back(subject_id: uuid.UUID, digests: Iterable[bytes]) -> None:
    with as_the_law_requires(subject_id):
        for digest in sorted(digests):
            if not DataSubject.objects.filter(address_digest=digest).exists():
                DataSubject.objects.filter(pk=subject_id).update(address_digest=digest)
                erasing_readers.give_address_back(subject_id, digest)
                return


def _last_codes(plan: ErasurePlan, case: Case) -> frozenset[bytes]:
    """By which the person was known until it began: an address that was theirs before
    leads to nobody again."""
    last = map(bytes.fromhex, plan.known_by)
    return _person(plan, case).digests & frozenset(last)


def _chosen(plan: ErasurePlan) -> "QuerySet[ErasedPlace]":
    """What would have gone, and two people decided to keep."""
    return plan.places.exclude(ground="")


def take_over_replayed(
    subject_id: uuid.UUID, erased: Mapping[str, int], *, kept: Collection[str]
) -> None:
    """The journal knows of a beginning that the database has forgotten, and these places
    were emptied by that: the approved deletion has begun all the same, goes on from
    there, and tells what went. Not one that was stopped later, which left more than was
    chosen to stay. erased: how many rows, by place; kept: the places that the journal
    has as left alone. The caller holds the person."""
    plans = ErasurePlan.objects.filter(
        decision__case__submission__data_subject=subject_id,
        state__in=[ErasurePlan.State.APPROVED, ErasurePlan.State.ERASING],
    )
    now = timezone.now()
    for plan in plans.select_for_update(of=("self",)):
        if set(kept) != set(_chosen(plan).values_list("key", flat=True)):
            continue
        plan.begun_at, plan.problem = plan.begun_at or now, ""
        plan.save(update_fields=["begun_at", "problem"])
        _enter(plan, ErasurePlan.State.ERASING)
        gone = plan.places.filter(done_at=None, key__in=erased)
        for row in gone.exclude(fate=ErasedPlace.Fate.KEPT):
            row.erased_count, row.done_at = erased[row.key], now
            row.save(update_fields=["erased_count", "done_at"])


# --- Place by place ---


@transaction.atomic
def _erase(plan: ErasurePlan, line: ErasedPlace) -> bool:
    """One place, once: what was done stands beside it in the same transaction. False
    when nothing more may go: whoever places a hold or restricts locks the person, and
    who takes the request back the case, so what they did before is seen here."""
    decision, case, _ = _locked(plan)
    row = ErasedPlace.objects.select_for_update().get(pk=line.pk)
    if row.done_at is not None:
        return True
    if problem := _why_stop_midway(decision, case):
        _stop_midway(plan, decision, case, problem)
        return False
    place = erasure_places.place(row.key)
    if place is None:
        raise LookupError(f"There is no place “{row.key}” any more.")
    row.erased_count = 0
    if row.fate != ErasedPlace.Fate.KEPT:
        row.erased_count = _erased(plan, place, _person(plan, case))
    row.done_at = timezone.now()
    row.save(update_fields=["erased_count", "done_at"])
    return True


def _erased(plan: ErasurePlan, place: Place, person: Person) -> int:
    """How many rows went; and none of what was chosen to stay, or all of it is taken
    back and tried again: nothing that two people decided to keep goes unseen."""
    there = _chosen_counts(plan, person)
    count = place.erase(person)
    for key, left in _chosen_counts(plan, person).items():
        if left < there[key]:
            raise RuntimeError(f"“{place.key}” took along what stays at “{key}”.")
    return count


def _chosen_counts(plan: ErasurePlan, person: Person) -> dict[str, int]:
    """How many records are where something was chosen to stay."""
    keys = set(_chosen(plan).values_list("key", flat=True))
    return {one.key: one.count(person) for one in holdings() if one.key in keys}


def _is_something_lost(plan: ErasurePlan, case: Case) -> bool:
    """Whether less is there than was seen and chosen to stay: the letter would say that
    it is kept."""
    there = _chosen_counts(plan, _person(plan, case))
    chosen = _chosen(plan).exclude(key=erasure_places.KEY)
    return any(there[line.key] < (line.seen_count or 0) for line in chosen)


def _person(plan: ErasurePlan, case: Case) -> Person:
    """Whose rows go, but for those of the places that were chosen to stay. Where the
    number led nowhere before this plan, an address that somebody new has by now is
    theirs alone."""
    subject_id = case.submission.data_subject_id
    kept = frozenset(_chosen(plan).values_list("key", flat=True))
    if erasure_plan.is_once_more(plan) and _newcomers(plan, _looked_for(plan, case)):
        return Person(subject_id, kept=kept)
    person = Identifiers.from_json(plan.sought).person(subject_id)
    return replace(person, kept=kept)


def _looked_for(plan: ErasurePlan, case: Case) -> Identifiers:
    """By what is searched: also by the address that an earlier plan has cut off."""
    sought = Identifiers.from_json(plan.sought)
    codes = {*sought.digests, *plan.known_by}
    address = case.submission.address
    is_theirs = bool(address) and addresses.digest(address).hex() in codes
    found = {*sought.addresses, *({address} if is_theirs else ())}
    return replace(sought, digests=tuple(sorted(codes)), addresses=tuple(sorted(found)))


@transaction.atomic
def _empty_mail_again(plan: ErasurePlan) -> bool:
    """What was written to the person or by them while places were erased goes like the
    rest, once it has left or somebody has looked at it. False while a letter has yet to
    leave, which would be found, and needs the address; and while nobody has read a
    message of theirs that a mail has become."""
    _, case, subject = _locked(plan)
    if erasure_plan.is_answer_waiting(case) or unheard.messages(plan).exists():
        return False
    if is_kept(subject.pk):
        return True
    person = _person(plan, case)
    keys = erasure_places.MAIL_KEYS
    if _newcomers(plan, _looked_for(plan, case)):
        keys = keys[:1]  # what comes from the address now is somebody else’s
    done = plan.places.filter(key__in=keys, done_at__isnull=False)
    for row in done.exclude(fate=ErasedPlace.Fate.KEPT):
        place = erasure_places.place(row.key)
        if place is not None and (count := _erased(plan, place, person)):
            row.erased_count = (row.erased_count or 0) + count
            row.save(update_fields=["erased_count"])
    return True


# --- What is left ---


def _look_through(plan: ErasurePlan) -> bool:
    """Look for what is left; True when nothing is that nobody may keep."""
    plan.refresh_from_db()
    case = plan.decision.case
    sought = _looked_for(plan, case)
    found = set(residual_scan.hits(sought, _spared(plan, case, sought)))
    with transaction.atomic():
        decision, case, _ = _locked(plan)
        _keep_what_was_found(plan, found)
        plan.searched_at, plan.problem = timezone.now(), ""
        plan.searches_count += 1
        plan.save(update_fields=["searched_at", "searches_count", "problem"])
        left = plan.residue.in_the_way().count()
        if left:
            _enter(plan, ErasurePlan.State.RESIDUE)
            _note(case, decision, Event.RESIDUE_FOUND, {"count": left})
    return not left


def _keep_what_was_found(plan: ErasurePlan, found: Iterable[Hit]) -> None:
    known = {(row.place, row.row, row.what): row for row in plan.residue.all()}
    now = timezone.now()
    for hit in sorted(found):
        row = known.pop((hit.place, hit.row, hit.what), None)
        if row is None:
            Residue.objects.create(
                plan=plan, place=hit.place, row=hit.row, what=hit.what
            )
        elif row.gone_at is not None:
            row.gone_at = None
            row.save(update_fields=["gone_at"])
    gone = [row.pk for row in known.values()]
    Residue.objects.filter(pk__in=gone, gone_at=None).update(gone_at=now)


def _spared(plan: ErasurePlan, case: Case, sought: Identifiers) -> Spared:
    """What the approved plan keeps, itself, and what the person has done since."""
    person = sought.person(case.submission.data_subject_id)
    plans = ErasurePlan.objects.filter(
        decision__case__submission__data_subject=person.id
    )
    rows: dict[str, set[str]] = {}
    _spare(rows, plans.model._meta.db_table, plans)
    chosen = set(_chosen(plan).values_list("key", flat=True))
    for holding in holdings():
        is_kept_whole = holding.kept is not None and not holding.names_nobody
        if is_kept_whole or holding.key in chosen:
            _spare(rows, holding.table._meta.db_table, holding.rows(person))
    # What binds them came after it began: it would have kept it from beginning.
    _spare_bindings(rows, person)
    others = _newcomers(plan, sought)
    for newcomer in others:
        for holding in holdings():
            table = holding.table._meta.db_table
            if holding.narrow is None:
                _spare(rows, table, holding.rows(newcomer))
    ids = [person.id, *(newcomer.id for newcomer in others)]
    files = CaseDocument.objects.filter(case__submission__data_subject__in=ids)
    return Spared(
        {table: frozenset(keys) for table, keys in rows.items()},
        frozenset(files.exclude(vault_name="").values_list("vault_name", flat=True)),
    )


def _spare_bindings(rows: dict[str, set[str]], person: Person) -> None:
    standing = Restriction.objects.open(), HeldPerson.objects.standing()
    for found in standing:
        table = found.model._meta.db_table
        _spare(rows, table, found.filter(data_subject=person.id))


def _spare(rows: dict[str, set[str]], table: str, found: object) -> None:
    keys = found.order_by().values_list("pk", flat=True)  # type: ignore[attr-defined]
    rows.setdefault(table, set()).update(str(key) for key in keys)


def _newcomers(plan: ErasurePlan, sought: Identifiers) -> list[Person]:
    """As the search knows them."""
    others = erasure_plan.newcomers_of(
        map(bytes.fromhex, sought.digests),
        besides=plan.decision.case.submission.data_subject_id,
    )
    return [sought.person(pk) for pk in others.values_list("pk", flat=True)]


# --- The end ---


@transaction.atomic
def _finish(plan: ErasurePlan) -> None:
    """Tell the person, and close the case; not yet when they wrote during the look."""
    decision, case, _ = _locked(plan)
    if unheard.why_wait(plan):
        _put_off(plan)
        return
    if _is_something_lost(plan, case):
        _stop_midway(plan, decision, case, Problem.LOST)
        return
    now = timezone.now()
    _note(case, decision, Event.ERASED, _counts(plan))
    if _chosen(plan).exists():
        codes, subject_id = _last_codes(plan, case), case.submission.data_subject_id
        newcomers.give_way(codes, besides=subject_id)
        _give_address_back(subject_id, codes)
    plan.finished_at, plan.sought = now, {}
    plan.state = ErasurePlan.State.DONE
    plan.save(update_fields=["finished_at", "sought", "state"])
    deciding.close_after_erasure(decision, now=now)


def _counts(plan: ErasurePlan) -> dict[str, object]:
    done = plan.places.exclude(fate=ErasedPlace.Fate.KEPT)
    return {
        "erased": {line.key: line.erased_count for line in done if line.erased_count},
        "searches": plan.searches_count,
        "kept_by_two": plan.residue.filter(gone_at=None).count(),
    }
