"""How the copy of a person's data stands, as the page of its case shows it."""

from dataclasses import dataclass

from groundwork.holdings import holdings
from rights_requests.fulfilment import building, freshness
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Package


@dataclass(frozen=True)
class Shown:
    """package: the newest putting together; standing: the one whose archive is there."""

    package: Package | None
    standing: Package | None
    is_stale: bool
    why_not: str
    is_all: bool
    places_count: int


def shown(case: Case) -> Shown | None:
    """How the copy of this case stands; None for a case that has none."""
    if case.kind not in building.MAKERS:
        return None
    standing = freshness.newest_package(case) if case.is_open else None
    return Shown(
        next(iter(freshness.packages_of(case)), None),
        standing,
        standing is not None and freshness.is_stale(standing),
        building.why_not_ask(case),
        case.kind == CaseKind.ACCESS,
        len(holdings()),
    )
