"""What the person reads about an erasure: what was deleted, what is kept and why."""

from collections.abc import Iterable
from typing import Any

from rights_requests.fulfilment import erasure_plan
from rights_requests.models import Decision, ErasedPlace
from rights_requests.moves import Move
from rights_requests.writing import reaches_person

Fate = ErasedPlace.Fate


def fields_of(decision: Decision, move: Move, nothing_held: bool) -> dict[str, Any]:
    """The merge fields of the letter that answers such a case; none for any other. As it
    was carried out, or as it would be."""
    case = decision.case
    if not erasure_plan.is_needed(case, move, nothing_held=nothing_held):
        return {}
    if not reaches_person(case.submission):
        return {}  # nobody else learns what there was
    plan = erasure_plan.of(decision) if decision.pk else None
    found = list(plan.places.all() if plan else erasure_plan.lines_of(decision.case))
    return {"erased": tuple(_erased(found)), "limits": tuple(_kept(found))}


def _erased(lines: Iterable[ErasedPlace]) -> list[str]:
    """By title, with how many records there were."""
    return [
        f"{line.title} ({count})"
        for line in sorted(lines, key=lambda line: -line.position)
        if line.fate != Fate.KEPT and (count := count_of(line))
    ]


def count_of(line: ErasedPlace) -> int:
    """How many records went; before that, how many would."""
    if line.erased_count is not None:
        return line.erased_count
    return line.seen_count or 0


def _kept(lines: Iterable[ErasedPlace]) -> list[str]:
    """What stays, those for one reason together."""
    together: dict[str, list[str]] = {}
    for line in sorted(lines, key=lambda line: -line.position):
        if line.fate == Fate.KEPT and line.seen_count:
            until = f". Kept: {line.until}" if line.until else ""
            together.setdefault(f"{line.why}{until}.", []).append(line.title)
    return [f"{'; '.join(titles)}. {why}" for why, titles in together.items()]
