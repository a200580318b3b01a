"""The retention engine: what a purge is, which rows it takes, which it leaves.

Periods come from the register alone. Whatever the rule, rows of people under a legal
hold or a restriction stay (Art. 17(3)(e), 18(1)): who needs something kept for a claim
would lose it for good. So does what two people decided to keep when the rest of a
person was deleted, until its last day.

A purge works in short transactions. Each locks the people concerned and asks again
which rows are due, so that a hold, a restriction or an act of the person at that moment
counts; an interrupted purge has done what it counted, and the next one goes on.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import batched
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.module_loading import import_string

from data_subjects.models import (
    DataSubject,
    DisclosureEvidence,
    HeldPerson,
    LegalHold,
    Restriction,
)
from groundwork.holdings import holdings
from processing_register.register import period

BATCH = 500


@dataclass(frozen=True)
class Purge:
    """What one retention rule removes of one table.

    rule: its key in the register. due: the rows whose period ended before the moment
    given. counts_from: the field or expression from which the period runs, for the
    preview. subject: the path to the data subject's id; address: instead, the path to
    the keyed digest of an address. remove: what happens to one row, in a transaction of
    its own; False from it: somebody is at work on the row, which stays until the next
    run. Without it rows are deleted, or emptied when `empties` says of what, in batches.
    sooner: the time after which a part of what the rule covers goes before the rest.
    takes: the keys of places whose rows go along, beside those of its own table.
    """

    rule: str
    what: str
    due: Callable[[datetime], QuerySet[Any]]
    subject: str = ""
    remove: Callable[[Any], bool | None] | None = None
    empties: dict[str, Any] | None = None
    counts_from: Any = ""
    address: str = ""
    sooner: timedelta | None = None
    takes: tuple[str, ...] = ()

    @property
    def lasts(self) -> Any:
        """How long the rows are kept."""
        return self.sooner or period(self.rule)


@dataclass(frozen=True)
class DueRow:
    """A row as the preview names it: no personal data. kept_for: why it stays."""

    model: str
    key: str
    since: datetime | None
    kept_for: str = ""


def due_rows(purge: Purge, now: datetime) -> QuerySet[Any]:
    """Every row that is due at this moment, those that stay included."""
    return purge.due(now - purge.lasts)


def free_rows(purge: Purge, now: datetime) -> QuerySet[Any]:
    """The rows that are due and concern nobody held or restricted."""
    rows = due_rows(purge, now)
    for keeper in _keepers(purge, now).values():
        rows = rows.exclude(Exists(keeper))
    return rows


def _keepers(purge: Purge, now: datetime) -> dict[str, QuerySet[Any]]:
    """By what keeps a row, in words."""
    if not purge.subject and not purge.address:
        return {}
    field = "pk" if purge.subject else "address_digest"
    row = OuterRef(purge.subject or purge.address)
    who = {f"data_subject__{field}": row}
    decided = with_chosen(_places(purge, now), timezone.localdate(now))
    return {
        "legal hold": HeldPerson.objects.standing().filter(**who),
        "restriction": Restriction.objects.open().filter(**who),
        "decision of two people": decided.filter(**{field: row}),
    }


def _places(purge: Purge, now: datetime) -> set[str]:
    """The keys of the places whose rows it takes."""
    table = due_rows(purge, now).model
    return {*purge.takes, *(one.key for one in holdings() if one.table is table)}


def with_chosen(keys: Iterable[str], today: date) -> QuerySet[DataSubject]:
    """Of whom two people decided to keep one of these places, when the rest was deleted,
    until a day that is not over."""
    find: Callable[[Iterable[str], date], QuerySet[DataSubject]] = import_string(
        settings.WITH_CHOSEN
    )
    return find(keys, today)


def rows_to_go(purge: Purge, now: datetime) -> Iterator[DueRow]:
    return _named(purge, free_rows(purge, now), lambda row: "")


def rows_left_out(purge: Purge, now: datetime) -> Iterator[DueRow]:
    """The rows that are due and stay, each with what keeps it."""
    keepers = _keepers(purge, now)
    if not keepers:
        return iter(())
    whys = [When(Exists(keeper), then=Value(why)) for why, keeper in keepers.items()]
    rows = due_rows(purge, now).annotate(kept_for=Case(*whys, default=Value("")))
    return _named(purge, rows.exclude(kept_for=""), lambda row: str(row.kept_for))


def _named(
    purge: Purge, rows: QuerySet[Any], why: Callable[[Any], str]
) -> Iterator[DueRow]:
    if purge.counts_from:
        rows = rows.annotate(counted_from=_expression(purge.counts_from))
    # The key alone: what else a row holds may be long, and is encrypted.
    for row in rows.only("pk").order_by("pk").iterator(chunk_size=BATCH):
        counted = getattr(row, "counted_from", None)
        since = counted + purge.lasts if counted is not None else None
        yield DueRow(row._meta.label, str(row.pk), since, why(row))


def _expression(counts_from: Any) -> Any:
    return models.F(counts_from) if isinstance(counts_from, str) else counts_from


def carry_out(purge: Purge, *, now: datetime) -> Iterator[int]:
    """Remove what is due, yielding how many rows each transaction took."""
    keys = list(free_rows(purge, now).order_by("pk").values_list("pk", flat=True))
    for chunk in batched(keys, 1 if purge.remove else BATCH):
        with transaction.atomic():
            removed = _take(purge, chunk, now)
        yield removed


def _take(purge: Purge, keys: Iterable[Any], now: datetime) -> int:
    """Lock the people, then ask again: a hold placed just before counts."""
    keys = list(keys)
    people = _lock_people(purge, due_rows(purge, now).filter(pk__in=keys))
    removed = _remove(purge, keys, now)
    if removed:
        note_going(people)
    return removed


def _remove(purge: Purge, keys: list[Any], now: datetime) -> int:
    rows = free_rows(purge, now).filter(pk__in=keys).order_by("pk")
    if purge.remove is not None:
        # Whoever has the row may come to its person next, whom we hold: nobody waits.
        rows = rows.select_for_update(of=("self",), skip_locked=True)
        return sum(purge.remove(row) is not False for row in list(rows))
    rows = rows.select_for_update(of=("self",))
    # The key alone: whole mails would be decrypted only to be emptied.
    still_due = rows.model._default_manager.filter(
        pk__in=[row.pk for row in rows.only("pk")]
    )
    if purge.empties is not None:
        return int(still_due.update(**purge.empties))
    return int(still_due.delete()[1].get(rows.model._meta.label, 0))


def _lock_people(purge: Purge, rows: QuerySet[Any]) -> list[uuid.UUID]:
    """People come before their rows, as everywhere in the house, and in one order."""
    if purge.subject:
        found = rows.values_list(purge.subject, flat=True)
        people = DataSubject.objects.filter(pk__in={pk for pk in found if pk})
    elif purge.address:
        found = rows.values_list(purge.address, flat=True)
        digests = {bytes(digest) for digest in found if digest}
        people = DataSubject.objects.filter(address_digest__in=digests)
    else:
        return []
    ordered = people.order_by("pk").select_for_update()
    return list(ordered.values_list("pk", flat=True))


class StartOfDay(models.Func):
    """The moment at which a day begins for the controller (groundwork.clock)."""

    template = "((%(expressions)s)::timestamp AT TIME ZONE '%(zone)s')"
    output_field = models.DateTimeField()

    def __init__(self, day: str) -> None:
        super().__init__(day, zone=timezone.get_default_timezone_name())


# --- The key by which a person is found ---


def unneeded() -> QuerySet[DataSubject]:
    """The people to whom no row refers that would be lost with them."""
    people: QuerySet[DataSubject] = DataSubject.objects.all()
    for relation in DataSubject._meta.related_objects:
        if relation.on_delete is models.SET_NULL:
            continue  # it stays, and says nothing of the person any more
        rows = relation.related_model._base_manager.filter(
            **{relation.field.name: OuterRef("pk")}
        )
        people = people.exclude(Exists(rows))
    return people


def note_going(people: Iterable[uuid.UUID]) -> None:
    """A record of each of these people went just now: the period of the key counts from
    the last one. The caller holds their locks."""
    DataSubject.objects.filter(pk__in=set(people)).update(record_went_at=timezone.now())


PERSON_KEYS = Purge(
    rule="person-key",
    what="Keys of people of whom nothing else is left",
    due=lambda limit: unneeded().filter(
        Q(record_went_at__lt=limit)
        | Q(record_went_at__isnull=True, created_at__lt=limit)
    ),
    subject="pk",
    counts_from=Coalesce("record_went_at", "created_at"),
)
LIFTED_RESTRICTIONS = Purge(
    rule="case-file",
    what="Restrictions that were lifted",
    due=lambda limit: Restriction.objects.filter(lifted_at__lt=limit),
    subject="data_subject_id",
    counts_from="lifted_at",
)


def _released(limit: datetime) -> QuerySet[LegalHold]:
    """Without those that name somebody whose data is restricted, or whose place in them
    was chosen to stay: they wait, since a hold goes with the names of all whom it
    kept."""
    restricted = Restriction.objects.open().values("data_subject")
    today = timezone.localdate(limit + period("legal-hold"))
    chosen = with_chosen(["held-for-a-claim"], today).values("pk")
    names_one = HeldPerson.objects.filter(
        Q(data_subject__in=restricted) | Q(data_subject__in=chosen),
        hold=OuterRef("pk"),
    )
    old: QuerySet[LegalHold] = LegalHold.objects.filter(released_at__lt=limit)
    return old.exclude(Exists(names_one))


def _drop_hold(hold: LegalHold) -> None:
    people = list(hold.people.values_list("data_subject_id", flat=True))
    ordered = DataSubject.objects.filter(pk__in=people).order_by("pk")
    list(ordered.select_for_update().values_list("pk", flat=True))
    hold.delete()
    note_going(people)


RELEASED_HOLDS = Purge(
    rule="legal-hold",
    what="Legal holds that were released, with the names of those they kept",
    due=_released,
    remove=_drop_hold,
    counts_from="released_at",
)
DISCLOSURE_EVIDENCE = Purge(
    rule="disclosure",
    what="Where a disclosure can be looked up; the ledger keeps that it happened",
    due=lambda limit: DisclosureEvidence.objects.filter(
        disclosed_on__lt=timezone.localdate(limit)
    ),
    subject="data_subject_id",
    counts_from=StartOfDay("disclosed_on"),
)
