"""What the person reads about an erasure: what was deleted, what is kept and why."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from data_subjects.restriction import is_kept
from groundwork.holdings import Person
from rights_requests.deadline_words import in_words
from rights_requests.fulfilment import erasure_places, erasure_plan, outside
from rights_requests.fulfilment.erasure_places import CONTACTS_KEY
from rights_requests.fulfilment.identifiers import What
from rights_requests.fulfilment.opendsr import RequestStatus, RequestType
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    Decision,
    ErasedPlace,
    ErasurePlan,
    Submission,
    SystemCall,
)
from rights_requests.moves import Move
from rights_requests.whose_answer import is_known_to_staff_alone
from rights_requests.writing import reaches_person

Fate = ErasedPlace.Fate
ANSWERS = frozenset({Move.FULFIL, Move.FULFIL_IN_PART})
NEWS_ENDED = (
    "What we had not deleted by then stays with us until its time is over. We have "
    "stopped our news to you. If you want them, you can sign up again."
)
DONE_OUTSIDE = (
    "Another system of ours had deleted your data by then. That cannot be brought back."
)
TOLD_TO_STOP = (
    "We had asked another system of ours to delete your data, too. Now we tell it to "
    "stop. What it had deleted by then cannot be brought back."
)


def fields_of(decision: Decision, move: Move, nothing_held: bool) -> dict[str, Any]:
    """The merge fields of the letter that answers such a case; none for any other. As it
    was carried out, or as it would be."""
    case = decision.case
    plan = erasure_plan.of(decision) if decision.pk else None
    is_new = not decision.pk and erasure_plan.is_needed(
        case, move, nothing_held=nothing_held
    )
    found: list[ErasedPlace] = []
    if plan is not None or is_new:
        keeps = erasure_plan.keeps_in(decision.inputs)
        found = list(plan.places.all() if plan else erasure_plan.lines_of(case, keeps))
    goes = {"address_goes": True} if _address_goes(found, case) else {}
    if not (reaches_person(case.submission) or _is_known_by_two(decision)):
        return goes  # nobody else learns what there was
    # The first report may have been lost, or the work was stopped in the middle: this
    # one tells of what went then, too.
    before = list(erasure_plan.went(case).exclude(plan=plan))
    is_answer = case.kind == CaseKind.ERASURE and move in ANSWERS
    elsewhere = outside.done(case) if is_answer else []
    stays = outside.stays(case) if is_answer else []
    person = Person(case.submission.data_subject_id)
    went = [*found, *before]
    erased = [*_counted(went, Fate.REMOVED), *elsewhere]
    emptied = _counted(went, Fate.EMPTIED)
    kept = [*_kept(found, person), *_found_and_kept(plan), *stays]
    if not found:
        told = {"erased": tuple(erased), "limits": tuple(kept)}
        told |= {"emptied": tuple(emptied)}
        return {name: lines for name, lines in told.items() if lines}
    return {
        "erased": tuple(erased),
        "emptied": tuple(emptied),
        "limits": tuple(kept),
        **goes,
    }


def _is_known_by_two(decision: Decision) -> bool:
    """Whether one of us said how we know who asks, and another one goes by it: the
    letter goes to where the person is known to be."""
    is_to_person = decision.case.submission.answer_to == Submission.AnswerTo.PERSON
    is_said = bool(decision.evidence) and is_to_person
    return is_said and is_known_to_staff_alone(decision.case)


def _address_goes(lines: list[ErasedPlace], case: Case) -> bool:
    """Whether the letter cannot be sent again once it has left: not while a hold or a
    restriction keeps the addresses in the file."""
    if is_kept(case.submission.data_subject_id):
        return False
    return any(line.key == CONTACTS_KEY and line.fate != Fate.KEPT for line in lines)


def fields_of_withdrawal(case: Case) -> dict[str, Any]:
    """The same for the letter to somebody who takes the request back while it is being
    carried out, here or outside."""
    if not reaches_person(case.submission):
        return {}
    begun = ErasurePlan.objects.filter(decision__case=case, begun_at__isnull=False)
    sent = SystemCall.objects.filter(
        task__case=case, request_type=RequestType.ERASURE, leaving_at__isnull=False
    )
    done = RequestStatus.COMPLETED
    over = [done, RequestStatus.CANCELLED]
    told = [
        *([NEWS_ENDED] if begun.exists() else []),
        *([DONE_OUTSIDE] if sent.filter(status=done).exists() else []),
        *([TOLD_TO_STOP] if sent.exclude(status__in=over).exists() else []),
    ]
    went = list(erasure_plan.went(case))
    return {
        "erased": tuple(_counted(went, Fate.REMOVED)),
        "emptied": tuple(_counted(went, Fate.EMPTIED)),
        "outcome": "\n\n".join(told),
    }


def _counted(lines: Iterable[ErasedPlace], fate: Fate) -> list[str]:
    """Those with this fate by title, with how many records there were."""
    counts: Counter[str] = Counter()
    for line in sorted(lines, key=lambda line: -line.position):
        if line.fate == fate:
            counts[line.title] += count_of(line)
    return [f"{title} ({count})" for title, count in counts.items() if count]


def count_of(line: ErasedPlace) -> int:
    """How many records went; before that, how many would."""
    if line.erased_count is not None:
        return line.erased_count
    return line.seen_count or 0


def _kept(lines: Iterable[ErasedPlace], person: Person) -> list[str]:
    """What stays, those for one reason together; also what has come since the list was
    made. What was chosen to stay stands by itself: its reason speaks of one thing."""
    together: dict[tuple[str, str], list[str]] = {}
    for line in sorted(lines, key=lambda line: -line.position):
        if line.fate == Fate.KEPT and (line.seen_count or _has_come(line, person)):
            until = f". Kept: {line.until}" if line.until else ""
            alone = line.title if line.ground else ""
            reason = f"{line.why}{until}."
            together.setdefault((reason, alone), []).append(line.title)
    return [f"{'; '.join(titles)}. {why}" for (why, _), titles in together.items()]


def _found_and_kept(plan: ErasurePlan | None) -> list[str]:
    """What the search found of the person and two people agreed has to stay. What is
    somebody else's is theirs alone to know."""
    if plan is None:
        return []
    agreed = plan.residue.filter(gone_at=None, agreed_at__isnull=False)
    together: dict[str, list[str]] = {}
    unseen: Counter[str] = Counter()
    for row in agreed.exclude(ground="").order_by("pk"):
        until = f" Kept: until {in_words(row.kept_until)}." if row.kept_until else ""
        why = f"{erasure_plan.why_kept(row.ground)}.{until}"
        if row.what not in set(What):
            unseen[why] += 1
        elif (words := f"your {row.what}") not in together.setdefault(why, []):
            together[why].append(words)
    return [
        *(
            f"What our search still found of you: {', '.join(found)}. {why}"
            for why, found in together.items()
        ),
        *(f"{_unseen(count)} {why}" for why, count in unseen.items()),
    ]


def _unseen(count: int) -> str:
    """A table or a file that could not be looked into: it may hold nothing of theirs."""
    if count == 1:
        return (
            "A place that we could not look into. We do not know whether anything about "
            "you is there. It stays as it is."
        )
    return (
        f"{count} places that we could not look into. We do not know whether anything "
        "about you is there. They stay as they are."
    )


def _has_come(line: ErasedPlace, person: Person) -> bool:
    place = erasure_places.place(line.key)
    return place is not None and bool(place.count(person))
