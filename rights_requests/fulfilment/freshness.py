"""Whether something of a person has changed since a copy of it was put together.

Rows are compared by their numbers and by the transaction that wrote them last, which
PostgreSQL keeps beside each row: nothing has to be decrypted or read again. What changes
while the request is worked on, such as the letters about it, is left out.
"""

import hashlib

from django.db.models import Prefetch, prefetch_related_objects
from django.db.models.expressions import RawSQL

from groundwork.holdings import Holding, Person, holdings
from rights_requests.fulfilment.marks import digest_of
from rights_requests.fulfilment.people import person_of
from rights_requests.models import Case, CaseLogEntry, Event, Package

UNDER_WAY = "The copy is still being put together: wait until it is there."


def fingerprint(person: Person) -> bytes:
    """Of everything that is held of this person now, 32 bytes; never that of another
    person, of whom as little is held."""
    found = hashlib.sha256(person.id.bytes)
    for holding in holdings():
        if not holding.moves_by_itself:
            found.update(f"{holding.key}\n".encode())
            for line in _versions(holding, person):
                found.update(line)
    return found.digest()


def _versions(holding: Holding, person: Person) -> list[bytes]:
    table = holding.table._meta.db_table
    written = RawSQL(f'"{table}".xmin::text', [])  # noqa: S611 — a name of ours
    rows = holding.rows(person).annotate(written=written)
    if holding.passing is not None:
        rows = rows.exclude(holding.passing)
    return [f"{key} {by}\n".encode() for key, by in rows.values_list("pk", "written")]


def packages_of(case: Case) -> list[Package]:
    """Each putting together for this case, the newest first; read once for an instance."""
    with_files = Package.objects.select_related("document").order_by("-asked_at")
    prefetch_related_objects([case], Prefetch("packages", with_files))
    return list(case.packages.all())


def is_under_way(case: Case) -> bool:
    """Whether a worker has it, or will."""
    return any(package.is_under_way for package in packages_of(case))


def newest_package(case: Case) -> Package | None:
    """The copy that would go to the person: put together last, and still there."""
    return next(filter(_is_there, packages_of(case)), None)


def _is_there(package: Package) -> bool:
    document = package.document
    is_ready = package.state == Package.State.READY
    return is_ready and document is not None and document.removed_at is None


def is_stale(package: Package) -> bool:
    """Whether something of the person came, went or changed since; also what they wrote
    about a request, where words of it were removed for good."""
    subject_id = package.case.submission.data_subject_id
    was = bytes(package.fingerprint or b"")
    return was != fingerprint(person_of(subject_id)) or _was_emptied(package)


def _was_emptied(package: Package) -> bool:
    of_person = Case.objects.filter(
        submission__data_subject=package.case.submission.data_subject_id
    )
    removed = CaseLogEntry.objects.filter(
        case_id__in=of_person.values("pk"), event=Event.SENSITIVE_REMOVED
    )
    return removed.filter(at__gte=package.built_at).exists()


def has_other_marks(package: Package) -> bool:
    """Whether something else is to be left out now than when it was put together."""
    standing = package.case.redactions.standing()
    return bytes(package.marks_digest or b"") != digest_of(standing)


def why_not_as_it_is(package: Package) -> str:
    """Why this copy has to be put together again; empty when it can be given."""
    if is_stale(package):
        return (
            "Something about the person has changed since the copy was put together: "
            "put it together again."
        )
    if has_other_marks(package):
        return (
            "Something else is to be left out of the copy since it was put together: put "
            "it together again."
        )
    return ""


def why_not_hand_over(case: Case) -> str:
    """What stands against the copy in this case; empty when nothing does, and when the
    answer is none of ours."""
    if is_under_way(case):
        return UNDER_WAY
    package = newest_package(case)
    if package is None:
        return ""
    if why_not := why_not_as_it_is(package):
        return why_not
    if package.released_at is None:
        return (
            "Nobody has released the copy yet: somebody else than whoever put it together "
            "reads it first (Documents)."
        )
    return ""
