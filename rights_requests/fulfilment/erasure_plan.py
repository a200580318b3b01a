"""What an erasure will do, place by place, before anything is done: shown to whoever
proposes it and to whoever approves it, frozen with the proposal.

Whoever approves it types the code that stands at its end. The code follows from all of
it, so that nobody approves what they did not see.
"""

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from data_subjects import holds
from data_subjects.models import DataSubject
from data_subjects.restriction import is_restricted
from groundwork import addresses
from groundwork.holdings import ON_RECORD, Holding, Person, holdings
from groundwork.periods import months_after
from groundwork.refusals import refuse
from outbox.models import InboundEmail
from outbox.retention import is_answer_on_its_way
from rights_requests import grounds
from rights_requests.deadline_words import in_words
from rights_requests.fulfilment import erasure_places, former, freshness
from rights_requests.fulfilment.identifiers import identifiers_of
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    Channel,
    Decision,
    ErasedPlace,
    ErasurePlan,
)
from rights_requests.moves import OPEN, Move

Fate = ErasedPlace.Fate
# A worker goes on with these.
UNDER_WAY = (
    ErasurePlan.State.APPROVED,
    ErasurePlan.State.ERASING,
    ErasurePlan.State.SEARCHING,
)
# What two people approved, and which was neither stopped nor fell through.
IN_FORCE = (*UNDER_WAY, ErasurePlan.State.RESIDUE, ErasurePlan.State.DONE)
NEED_THE_DATA = (
    CaseKind.ACCESS,
    CaseKind.PORTABILITY,
    CaseKind.RECTIFICATION,
    CaseKind.OBJECTION,
)
# What is done, whole or in part, when the case is answered so.
CARRIED_OUT = frozenset({Move.FULFIL, Move.FULFIL_IN_PART})


def is_needed(case: Case, move: Move, *, nothing_held: bool = False) -> bool:
    """Whether such an answer erases something: also one in part, unless a legal hold
    keeps all that is here."""
    is_held = holds.is_held(case.submission.data_subject_id)
    is_erasure = case.kind == CaseKind.ERASURE and move in CARRIED_OUT
    return is_erasure and not nothing_held and not is_held


def why_not(case: Case) -> str:
    """What stands against erasing this person's data now; empty when nothing does."""
    subject = case.submission.data_subject
    if is_restricted(subject.pk):
        return (
            "The person’s data is restricted: lift that first, which tells them, and "
            "nothing is lost that they wanted kept (UK GDPR, Article 18)."
        )
    unread = InboundEmail.objects.filter(
        sender_digest=subject.address_digest,
        state__in=[InboundEmail.State.NEW, InboundEmail.State.WAITING],
    )
    if subject.address_digest is not None and unread.exists():
        return (
            "A mail from this person waits to be looked at: it may ask for something."
        )
    if _owes_data(case):
        return (
            "Another request of this person is open that is answered with the data or "
            "changes it: answer that one first."
        )
    return ""


def _owes_data(case: Case) -> bool:
    """Whether something else of the person’s can only be answered while the data is
    here. What anybody may have typed is not known to be theirs."""
    others = Case.objects.filter(
        submission__data_subject=case.submission.data_subject_id,
        state__in=OPEN,
        kind__in=NEED_THE_DATA,
    ).exclude(pk=case.pk)
    typed = Q(submission__channel__in=[Channel.FORM, Channel.E_MAIL])
    unshown = Q(submission__mailbox_confirmed_at__isnull=True)
    return others.exclude(typed & unshown).exists()


def why_something_is_held(case: Case) -> str:
    """What contradicts that nothing is held here of somebody who asks to be erased."""
    for line in lines_of(case):
        if (
            line.fate != Fate.KEPT
            and line.key != erasure_places.KEY
            and line.seen_count
        ):
            return (
                f"Something is held here: “{line.title}”. Propose the deletion without "
                "saying that nothing is held."
            )
    return ""


@dataclass(frozen=True)
class Keep:
    """A place that would go, and stays: on a ground of Article 17(3), until this day
    (ISO 8601)."""

    place: str
    ground: str
    until: str


KEPT_GROUNDS = (
    "freedom-of-expression",
    "legal-obligation",
    "public-health",
    "archiving",
    grounds.LEGAL_CLAIMS.key,
)
# Longer than any claim or tax asks for; what has to stay for longer is decided anew.
LONGEST_KEPT = 10 * 12  # months
STILL_YOURS = "It is how we find what is kept of you"
STILL_LEADS = str(
    replace(
        ON_RECORD,
        why="You stand there by a number only. It leads to what else we keep of you here, "
        "and to nobody once that has gone. That shows that we kept to the law",
    )
)


def keeps_in(inputs: Mapping[str, Any]) -> tuple[Keep, ...]:
    """As a proposal has them."""
    return tuple(Keep(**one) for one in inputs.get("keeps", ()))


def may_be_kept(case: Case) -> list[ErasedPlace]:
    """What would go and holds something: of it single places can be kept."""
    choosable = {one.key for one in holdings() if _is_choosable(one)}
    return [
        line
        for line in lines_of(case)
        if line.fate != Fate.KEPT and line.seen_count and line.key in choosable
    ]


def _is_choosable(holding: Holding) -> bool:
    """The number stays with whatever is kept, and a row that is about several people is
    not kept for one of them."""
    return holding.key != erasure_places.KEY and holding.narrow is None


def hangs_on(key: str) -> str:
    """The title of the place without which this one cannot stay; empty when there is
    none."""
    [found] = [one for one in holdings() if one.key == key]
    return "; ".join(one.title for one in found.hangs_on)


def why_not_keep(case: Case, keeps: Sequence[Keep], *, today: date) -> str:
    """What stands against keeping these; empty when nothing does."""
    if not keeps:
        return ""
    if holds.is_held(case.submission.data_subject_id):
        return "A legal hold keeps all of it: no place is chosen beside it."
    known = {line.key for line in may_be_kept(case)}
    for keep in keeps:
        if keep.place not in known:
            return "Choose from the places that would be deleted."
        if keep.ground not in KEPT_GROUNDS:
            return "What is kept needs a ground of Article 17(3) of the UK GDPR."
        if problem := why_not_until(date.fromisoformat(keep.until), today):
            return problem
        if problem := _why_not_alone(keep, keeps):
            return problem
    return ""


def why_not_until(last_day: date, today: date) -> str:
    """What stands against keeping something until this day; empty when nothing does."""
    if last_day <= today:
        return "Say until when it is kept: a day that is still to come."
    if last_day > months_after(today, LONGEST_KEPT):
        return (
            "Nothing is kept for more than ten years at one time: choose a day before, "
            "and decide anew then."
        )
    return ""


def _why_not_alone(keep: Keep, keeps: Sequence[Keep]) -> str:
    """Rows that hang on others go when those go."""
    until = {one.place: one.until for one in keeps}
    [holding] = [one for one in holdings() if one.key == keep.place]
    for other in holding.hangs_on:
        if until.get(other.key, "") < keep.until:
            return (
                f"“{holding.title}” cannot stay without “{other.title}”: keep that as "
                "well, for as long at least, or delete both."
            )
    return ""


def lines_of(case: Case, keeps: Sequence[Keep] = ()) -> Iterator[ErasedPlace]:
    """What would happen at each place, not saved."""
    chosen = {keep.place: keep for keep in keeps}
    for line in _lines_of(case):
        if keep := chosen.get(line.key):
            _keep(line, keep)
        elif keeps and line.key == erasure_places.KEY:
            last = max(keeps, key=lambda keep: keep.until)
            _keep(line, last, why=STILL_YOURS)
        elif keeps and line.why == str(ON_RECORD):
            line.why = STILL_LEADS
        yield line


def _keep(line: ErasedPlace, keep: Keep, *, why: str = "") -> None:
    line.fate, line.ground = Fate.KEPT, keep.ground
    line.why = why_kept(keep.ground, why)
    line.kept_until = date.fromisoformat(keep.until)
    line.until = f"until {in_words(line.kept_until)}"


def ground_of(key: str) -> grounds.Ground:
    [ground] = [one for one in grounds.REFUSALS if one.key == key]
    return ground


def why_kept(key: str, why: str = "") -> str:
    """A ground of Article 17(3) as the person is told it, or these words with its
    article."""
    ground = ground_of(key)
    told = why or f"{ground.told[:1].upper()}{ground.told[1:]}"
    return f"{told} ({ground.article})"


def _lines_of(case: Case) -> Iterator[ErasedPlace]:
    person = whose(case)
    for position, place in enumerate(erasure_places.places()):
        yield ErasedPlace(
            position=position,
            key=place.key,
            title=place.title,
            fate=place.fate,
            why=place.why,
            until=place.until,
            seen_count=place.count(person),
        )


def make(decision: Decision) -> ErasurePlan:
    """Freeze what this proposal erases. The caller holds the case."""
    case = decision.case
    subject_id = case.submission.data_subject_id
    person = _person_in(case)
    codes = person.digests or _codes_of_before(case)
    plan = ErasurePlan.objects.create(
        decision=decision,
        fingerprint=freshness.fingerprint(person_of(subject_id)),
        sought=identifiers_of(whose(case), former.values_of(subject_id)).as_json(),
        known_by=sorted(code.hex() for code in codes),
    )
    lines = list(lines_of(case, keeps_in(decision.inputs)))
    for line in lines:
        line.plan = plan
    ErasedPlace.objects.bulk_create(lines)
    return plan


def whose(case: Case) -> Person:
    """Whose data a deletion takes: the person, also by addresses that were theirs."""
    return former.with_former_addresses(_person_in(case))


def _person_in(case: Case) -> Person:
    """As the house knows them. Where an earlier deletion cut their number off and our
    report of it was lost, by what it knew them; but never by an address that somebody
    new has by now."""
    person = person_of(case.submission.data_subject_id)
    codes = _codes_of_before(case) if not person.digests else frozenset()
    if not codes or newcomers_of(codes, besides=person.id).exists():
        return person
    address = case.submission.address
    is_theirs = bool(address) and addresses.digest(address) in codes
    return Person(person.id, frozenset({address} if is_theirs else ()), codes)


def _codes_of_before(case: Case) -> frozenset[bytes]:
    """Of the addresses that were cut off by an earlier deletion of this person."""
    before = ErasurePlan.objects.filter(
        decision__case__submission__data_subject=case.submission.data_subject_id,
        begun_at__isnull=False,
    )
    lists = before.values_list("known_by", flat=True)
    return frozenset(bytes.fromhex(code) for codes in lists for code in codes)


def newcomers_of(
    codes: Iterable[bytes], *, besides: uuid.UUID
) -> "QuerySet[DataSubject]":
    """Whoever has one of these addresses now: it led to nobody once the erasure began,
    so it is somebody new, by their own act."""
    return DataSubject.objects.filter(address_digest__in=list(codes)).exclude(
        pk=besides
    )


def known_before(codes: Iterable[bytes]) -> set[uuid.UUID]:
    """Whose deletion has begun, or was until our answer left, who were known by one of
    these until then; while it is carried out also by one that had been theirs before
    (settings.KNOWN_BEFORE)."""
    wanted = {code.hex() for code in codes}
    person = "decision__case__submission__data_subject"
    begun = ErasurePlan.objects.filter(begun_at__isnull=False)
    known = begun.filter(known_by__overlap=list(wanted))
    # What is looked for is encrypted; there are never many at one time.
    sought = begun.exclude(state__in=ErasurePlan.ENDED).values_list(person, "sought")
    return {
        *known.values_list(person, flat=True),
        *(number for number, by in sought if wanted & set(by.get("digests", ()))),
    }


def is_once_more(plan: ErasurePlan) -> bool:
    """Whether an earlier plan of this case has begun: the number led nowhere before."""
    begun = ErasurePlan.objects.filter(
        decision__case=plan.decision.case_id, begun_at__isnull=False
    )
    return begun.exclude(pk=plan.pk).exists()


def forget_codes(case: Case) -> None:
    """Our answer has left: nobody has to be told from whoever was erased any more."""
    plans = ErasurePlan.objects.filter(decision__case=case)
    plans.exclude(known_by=[]).update(known_by=[])


def of(decision: Decision) -> ErasurePlan | None:
    """What this decision erases; None when it erases nothing."""
    return ErasurePlan.objects.filter(decision=decision).first()


def chosen() -> QuerySet[ErasedPlace]:
    """The places that two people decided to keep of somebody whose other data goes or
    has gone, by the newest that was decided of them."""
    person = "plan__decision__case__submission__data_subject"
    decided = ErasurePlan.objects.filter(state__in=IN_FORCE)
    later = decided.filter(
        decision__case__submission__data_subject=OuterRef(person),
        made_at__gt=OuterRef("plan__made_at"),
    )
    places = ErasedPlace.objects.filter(plan__state__in=IN_FORCE).exclude(ground="")
    return places.exclude(Exists(later))


def chosen_of(subject_id: uuid.UUID) -> frozenset[str]:
    """The keys of those of this person, which are not emptied by anything that comes
    after the deletion."""
    theirs = chosen().filter(
        plan__decision__case__submission__data_subject=subject_id,
    )
    return frozenset(theirs.values_list("key", flat=True))


def with_chosen(keys: Iterable[str], today: date) -> QuerySet[DataSubject]:
    """Whose rows at these places no period takes: two people decided to keep them until
    a day that is not over (settings.WITH_CHOSEN)."""
    theirs = chosen().filter(key__in=set(keys), kept_until__gte=today)
    person = "plan__decision__case__submission__data_subject"
    return DataSubject.objects.filter(pk__in=theirs.values(person))


def is_all_gone(case: Case) -> bool:
    """Whether a deletion of this case has been through every place."""
    begun = ErasurePlan.objects.filter(decision__case=case, begun_at__isnull=False)
    left = ErasedPlace.objects.filter(plan=OuterRef("pk"), done_at__isnull=True)
    return begun.exclude(Exists(left.exclude(fate=Fate.KEPT))).exists()


def went(case: Case) -> QuerySet[ErasedPlace]:
    """What was deleted in this case already, whatever became of the rest."""
    done = ErasedPlace.objects.filter(plan__decision__case=case)
    return done.filter(done_at__isnull=False).exclude(fate=Fate.KEPT)


def newest_of(case: Case) -> ErasurePlan | None:
    """The plan of the newest proposal that erases something."""
    plans = ErasurePlan.objects.filter(decision__case=case).select_related("decision")
    return plans.order_by("-made_at").first()


def is_something_left(case: Case) -> bool:
    """Whether somebody has to look at what was found after an erasure."""
    if case.kind != CaseKind.ERASURE or not case.is_open:
        return False
    residue = ErasurePlan.State.RESIDUE
    return ErasurePlan.objects.filter(decision__case=case, state=residue).exists()


def code_of(plan: ErasurePlan) -> str:
    """The six digits at the end of the preview."""
    told = [str(plan.pk), bytes(plan.fingerprint).hex()]
    for line in plan.places.all():
        told.append(f"{line.key} {line.fate} {line.seen_count} {line.why} {line.until}")
    digest = hashlib.sha256("\n".join(told).encode()).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


def approve(plan: ErasurePlan, *, code: str) -> None:
    """The second person wants it done; a worker begins within seconds. The caller holds
    the case. Raises NotAllowed."""
    refuse(why_not_approve(plan, code))
    plan.state = ErasurePlan.State.APPROVED
    plan.save(update_fields=["state"])


def end(decision: Decision, *, now: datetime) -> None:
    """What was proposed is meant no longer: nobody is looked for by it any more. One
    that a worker may have begun with is ended by the worker."""
    ErasurePlan.objects.filter(
        decision=decision, state=ErasurePlan.State.PROPOSED
    ).update(
        state=ErasurePlan.State.VOID,
        problem=ErasurePlan.Problem.STOPPED,
        sought={},
        known_by=[],
        finished_at=now,
    )


def why_not_approve(plan: ErasurePlan, code: str) -> str:
    """What stands against carrying it out as it was shown."""
    if "".join(code.split()) != code_of(plan):
        return (
            "Read what will be deleted to its end, and type the six digits that stand "
            "there."
        )
    return why_changed(plan)


def why_changed(plan: ErasurePlan) -> str:
    """Whether it is still what was shown; empty when it is."""
    case = plan.decision.case
    person = person_of(case.submission.data_subject_id)
    if bytes(plan.fingerprint) != freshness.fingerprint(person):
        return (
            "Something about the person has come or changed since this was proposed: "
            "send it back, look at it once more, and propose it anew."
        )
    return ""


def is_answer_waiting(case: Case) -> bool:
    """Whether a letter to the person has yet to leave, which needs their address."""
    return is_answer_on_its_way(case.submission.data_subject_id)
