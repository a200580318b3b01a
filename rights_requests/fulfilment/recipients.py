"""Who had a person's data from us, and has to hear what became of it (Art. 19).

Two lists say so: the ledger of disclosures, for what was given once, and the register,
for processors that get this kind of data regularly. Reads only; the tasks that come of
it are set in fulfilment.telling.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from data_subjects.models import Disclosure, Restriction
from groundwork.holdings import Holding, Person, holdings
from processing_register.models import Recipient
from processing_register.register import the_register
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import TOLD_ON, CaseKind
from rights_requests.models import (
    Case,
    CaseLogEntry,
    ErasedPlace,
    ErasurePlan,
    Event,
    Rectification,
    Task,
)
from rights_requests.moves import OPEN

# An objection sets the data aside while it is weighed, which is a restriction.
CHANGES = TOLD_ON | {CaseKind.OBJECTION}
PROCESSOR = Recipient.Role.PROCESSOR
IN_A_MOMENT = (
    "Something changed, and those who had the data from us are to be told (UK GDPR, "
    "Article 19): their tasks are here in a moment."
)


@dataclass(frozen=True)
class Had:
    """One who had the data. name: as a letter names them. key: of the register, where
    they get data regularly. what: what they had, for whoever tells them."""

    name: str
    what: str
    key: str = ""


# --- On a case ---


def recipients_of(case: Case) -> tuple[str, ...]:
    """Their names, as the person may be told (Art. 19, second sentence): who received
    something once, and who is told of a change because they get such data regularly."""
    given = Disclosure.objects.filter(data_subject_id=case.submission.data_subject_id)
    told = Task.objects.filter(case=case).exclude(tells_of="")
    names = {
        *given.values_list("recipient", flat=True),
        *told.values_list("recipient", flat=True),
    }
    if case.kind in CHANGES:
        names |= {had.name for had in who_had(case)}
    return tuple(sorted(names))


def to_be_told(case: Case) -> tuple[str, ...]:
    """Who has to hear of it (Art. 19); nobody where nothing of theirs changes."""
    return recipients_of(case) if case.kind in CHANGES else ()


def why_not_close(case: Case) -> str:
    """Whether somebody who had the data has no task yet; a worker sets it in seconds."""
    if case.kind not in CHANGES or not cases_to_set().filter(pk=case.pk).exists():
        return ""
    if not who_had(case):
        return ""
    return IN_A_MOMENT


# --- What has changed ---


def cases_to_set() -> "QuerySet[Case]":
    """Cases in which something has changed, and not everybody who had the data has a
    task. A request for restriction is answered, and so closed, by restricting: its tasks
    are set then."""
    anew = Q(recipients_set_at__isnull=True)
    is_open = Q(state__in=OPEN)
    unset = is_open & (anew | Exists(_without_task())) | anew & Exists(_set_aside())
    changed = Q()
    for kind, condition in _changes():
        changed |= Q(kind=kind) & Q(condition)
    found: QuerySet[Case] = Case.objects.filter(changed, unset)
    return found


def _changes() -> Iterator[tuple[CaseKind, Q | Exists]]:
    """For each kind of case, that what it asks for has been done, or begun."""
    person = OuterRef("submission__data_subject")
    restricted = Restriction.objects.open().filter(data_subject=person)
    yield CaseKind.RESTRICTION, Exists(restricted)
    yield CaseKind.OBJECTION, Exists(restricted) & Exists(_set_aside())
    corrected = Rectification.objects.applied().filter(case=OuterRef("pk"))
    yield CaseKind.RECTIFICATION, Exists(corrected)
    begun = ErasurePlan.objects.filter(
        decision__case=OuterRef("pk"), begun_at__isnull=False
    )
    yield CaseKind.ERASURE, Exists(begun)


def _set_aside() -> "QuerySet[CaseLogEntry]":
    """That the case itself restricted the person."""
    return CaseLogEntry.objects.filter(case_id=OuterRef("pk"), event=Event.SET_ASIDE)


def _without_task() -> "QuerySet[Disclosure]":
    """Disclosures to somebody whom no task of the case names."""
    named = Task.objects.filter(
        case=OuterRef(OuterRef("pk")), recipient=OuterRef("recipient")
    ).exclude(tells_of="")
    person = OuterRef("submission__data_subject")
    return Disclosure.objects.filter(~Exists(named), data_subject_id=person)


# --- Who had it ---


def who_had(case: Case) -> list[Had]:
    """Everybody whom the ledger names for this person, and the processors that get this
    kind of data. The ledger names whoever stands in both, with what was given."""
    found = {had.name: had for had in _standing(_purposes(case))}
    for had in _once(case):
        key = found[had.name].key if had.name in found else ""
        found[had.name] = Had(had.name, had.what, key)
    return sorted(found.values(), key=lambda had: had.name)


def _once(case: Case) -> Iterator[Had]:
    """Of what was given to one recipient more than once, all."""
    person = case.submission.data_subject_id
    given: dict[str, list[str]] = {}
    for one in Disclosure.objects.filter(data_subject_id=person).order_by("pk"):
        kinds = _titles(one.categories)
        day = f"{one.disclosed_on:%-d %B %Y}"
        given.setdefault(one.recipient, []).append(f"on {day}: {kinds}")
    for name, times in given.items():
        yield Had(name, f"They got it {'; '.join(times)}.")


def _titles(keys: Iterable[str]) -> str:
    known = the_register().categories
    return ", ".join(known[key].title if key in known else key for key in keys)


def _standing(purposes: Iterable[str]) -> Iterator[Had]:
    register = the_register()
    for purpose in dict.fromkeys(purposes):
        for one in register.enabled_recipients(purpose):
            if one.role == PROCESSOR:
                words = f"They work for us and get such data regularly: {one.what_for}."
                yield Had(one.title, words, one.key)


def _purposes(case: Case) -> Iterator[str]:
    """What the data that changed is used for."""
    if case.kind == CaseKind.RECTIFICATION:
        yield from _corrected(case)
        return
    if case.kind == CaseKind.ERASURE:
        changed = _erased(case)
    else:
        changed = _held(person_of(case.submission.data_subject_id))
    for holding in changed:
        yield from (datum.purpose for datum in holding.data if datum.category)


def _corrected(case: Case) -> Iterator[str]:
    fields = {(row.place, row.field) for row in case.rectifications.applied()}
    for holding in holdings():
        for datum in holding.data:
            if (holding.key, datum.path) in fields:
                yield datum.purpose


def _held(person: Person) -> Iterator[Holding]:
    """Where something of the person is, beside records that nothing changes."""
    for holding in holdings():
        if holding.kept is None and holding.count(person):
            yield holding


def _erased(case: Case) -> Iterator[Holding]:
    """Where something was that the approved plan deletes; it may be gone already."""
    places = ErasedPlace.objects.filter(plan__decision__case=case)
    begun = places.filter(plan__begun_at__isnull=False)
    gone = begun.exclude(fate=ErasedPlace.Fate.KEPT).exclude(seen_count=0)
    keys = set(gone.values_list("key", flat=True))
    yield from (holding for holding in holdings() if holding.key in keys)
