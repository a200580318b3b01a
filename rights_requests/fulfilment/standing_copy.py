"""How the copy of a person's data stands, as the page of its case shows it."""

from dataclasses import dataclass
from datetime import date, datetime

from groundwork.holdings import holdings
from rights_requests.case_timeline import staff_names
from rights_requests.fulfilment import building, freshness, releasing
from rights_requests.fulfilment.marks import counted_in_words, idle_in_words
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Package


@dataclass(frozen=True)
class Shown:
    """package: the newest putting together; standing: the one whose archive is there.

    problem: why standing has to be put together again. why_not: why it cannot be put
    together now. left_out: what the archive leaves out, in words. idle: how many marks
    took nothing out of it, in words; empty when each did. why_not_release: why
    whoever looks cannot release it. ends_on: the last day on which the person can have
    it. has_ended: there was one, and its day is over.
    """

    package: Package | None
    standing: Package | None
    problem: str
    why_not: str
    is_all: bool
    places_count: int
    left_out: list[str]
    idle: str
    why_not_release: str
    asked_by: str
    released_by: str
    sent_back_by: str
    ends_on: date | None
    has_ended: bool


def shown(case: Case, *, now: datetime, staff_id: int) -> Shown | None:
    """How the copy of this case stands, for this member of staff; None for a case that
    has none."""
    if case.kind not in building.MAKERS:
        return None
    standing = freshness.newest_package(case)
    is_ours = standing is not None and standing.handed_at is None
    names = _names(standing)
    return Shown(
        package=next(iter(freshness.packages_of(case)), None),
        standing=standing,
        problem=freshness.why_not_as_it_is(standing) if standing and is_ours else "",
        why_not=building.why_not_ask(case),
        is_all=case.kind == CaseKind.ACCESS,
        places_count=len(holdings()),
        left_out=counted_in_words(standing.left_out) if standing else [],
        idle=idle_in_words(standing.idle_marks_count) if standing else "",
        why_not_release=_why_not_release(standing, staff_id) if standing else "",
        asked_by=names.get(standing.asked_by_id, "") if standing else "",
        released_by=_released_by(standing, names),
        sent_back_by=names.get(standing.sent_back_by_id or 0, "") if standing else "",
        ends_on=_ends_on(standing),
        has_ended=_has_ended(case, now),
    )


def _why_not_release(package: Package, staff_id: int) -> str:
    if package.released_at is not None:
        return ""
    return releasing.why_not_release(package, staff_id=staff_id)


def _names(package: Package | None) -> dict[int, str]:
    if package is None:
        return {}
    return staff_names(
        [package.asked_by_id, package.released_by_id, package.sent_back_by_id]
    )


def _released_by(package: Package | None, names: dict[int, str]) -> str:
    if package is None or package.released_at is None:
        return ""
    if package.released_by_rule:
        return f"the standing rule {package.released_by_rule}"
    number = package.released_by_id or 0
    return names.get(number) or f"staff {number}"


def _ends_on(package: Package | None) -> date | None:
    handed_at = package.handed_at if package else None
    return releasing.ends_on(handed_at) if handed_at else None


def _has_ended(case: Case, now: datetime) -> bool:
    handed = [p for p in freshness.packages_of(case) if p.handed_at is not None]
    return bool(handed) and not any(
        package.document is not None
        and package.document.removed_at is None
        and not releasing.has_ended(package, now=now)
        for package in handed
    )
