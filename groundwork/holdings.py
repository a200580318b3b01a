"""Holdings: the places in the house where something of a person is kept.

Each app describes its own beside its models; settings.PERSONAL_DATA is the ordered list
of them all. What a field is, what it is used for, where it came from and how long it is
kept stands in the declaration of its model (groundwork.personal_data); a holding adds
how a person's rows are found and, in words that the person reads, what they are. So
whoever collects, moves, restricts or erases a person's data walks one list.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.module_loading import import_string

from groundwork.personal_data import Category, Erasure, Export, PersonalData
from groundwork.restricted_rows import as_the_law_requires

# Rows that are decrypted at one time, whatever a person's data comes to.
CHUNK = 200


@dataclass(frozen=True)
class Person:
    """Whose data is looked for: the number by which the house knows them, their
    addresses as they are kept (normalised), and the keyed digests of those. kept: the
    keys of the places that two people decided to keep of them."""

    id: uuid.UUID
    addresses: frozenset[str] = frozenset()
    digests: frozenset[bytes] = frozenset()
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Datum:
    """One field of a holding. path: as Django follows it from the row. title: as people
    read it. category: None for what says something about the row, such as its day, and
    nothing of the person by itself."""

    path: str
    title: str
    category: Category | None
    purpose: str
    source: str
    retention: str
    export: Export
    erasure: Erasure

    @property
    def is_given(self) -> bool:
        """Whether a copy has its values word for word."""
        return self.export is Export.GIVEN


@dataclass(frozen=True)
class Record:
    """One row of a holding: its key there, and the values of what is given. left_out:
    the words that stand in its place when nothing of it is."""

    key: str
    values: Mapping[str, Any]
    left_out: str = ""


Finder = Callable[[Person], Q]
# Cuts a row that holds something of several people down to one of them: the values that
# are theirs, or None when nothing is.
Narrower = Callable[[Any, Person], Mapping[str, Any] | None]


@dataclass(frozen=True)
class HeldFile:
    """A file of the person's: the key of its row, its name there, and its bytes."""

    key: str
    name: str
    pieces: Iterable[bytes]


Filer = Callable[[Person], Iterator[HeldFile]]
# Makes the rows say nothing of the person any more, and returns how many there were.
Forgetter = Callable[[Person], int]


@dataclass(frozen=True)
class Kept:
    """Why a place outlives an erasure, in words that the person reads, and the article
    that lets us keep it. names_nobody: its rows are a record that holds a number alone,
    so that nothing of the person may be found in them."""

    why: str
    article: str
    names_nobody: bool = False

    def __str__(self) -> str:
        return f"{self.why} ({self.article})"


# A ledger is never changed; its entries name nobody, so that nothing has to be.
ON_RECORD = Kept(
    "You stand there by a number only. Once nothing that you asked us is open, the file "
    "of your requests gets another number. Nothing that says who you are has this one "
    "then. That shows that we kept to the law",
    "UK GDPR, Articles 5(2) and 17(3)(b)",
    names_nobody=True,
)


@dataclass(frozen=True)
class Holding:
    """One place where data of a person is.

    key: names it in files and addresses. model: its label. title, words: what the person
    reads. find: which rows are a person's. context: fields that hold nothing of the
    person and say what the rest is about, such as a day. declared: for a ledger, whose
    model declares that its entries name nobody, although they are about somebody while
    the number leads to them. narrow: for a row that holds something of several people.
    addresses: the fields in which the person's own e-mail address stands;
    former_addresses: those with one that was theirs until it was changed; names,
    telephones, streets: those of their name, in one field or several, of their number
    and of where they live, by which what is left of them is looked for. files: the
    files that its rows name. cut: how a value is given that is not given as it is
    stored. moves_by_itself: rows come and change while a request is
    worked on, such as the letters about it, and say nothing new of the person. kept: why
    its rows outlive an erasure, where they do. emptied: what its fields hold afterwards,
    where the rows stay and say nothing of the person. forget: how its rows go, where
    deleting them is not enough. to_mailbox: which of its rows are shown at once to
    whoever has the person's mailbox and has shown nothing else; None: all. The others
    may be about somebody else, and one of the team reads them first. untold: which rows
    tell what the law keeps from the person's knowledge, and are not even counted to a
    mailbox. passing: rows that
    only say that the person came by, and nothing new of them. titles,
    read: what a field is called, and how its value is put into words, where the model
    does not say it as people do. as_it_is: what is true of this person's rows where that
    is another source, purpose or period than the declaration of the model says.
    """

    key: str
    model: str
    title: str
    words: str
    find: Finder
    context: tuple[str, ...] = ()
    declared: PersonalData | None = None
    narrow: Narrower | None = None
    addresses: tuple[str, ...] = ()
    former_addresses: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()
    telephones: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    files: Filer | None = None
    cut: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    moves_by_itself: bool = False
    kept: Kept | None = None
    emptied: Mapping[str, Any] = field(default_factory=dict)
    forget: Forgetter | None = None
    to_mailbox: Finder | None = None
    untold: Finder | None = None
    passing: Q | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    as_it_is: Callable[[Person, PersonalData], PersonalData] | None = None

    def __str__(self) -> str:
        return self.key

    @cached_property
    def table(self) -> type[Model]:
        return apps.get_model(self.model)

    @cached_property
    def declaration(self) -> PersonalData:
        own = self.declared or self.table.__dict__.get("personal_data")
        if not isinstance(own, PersonalData):
            raise TypeError(f"{self.model} declares no personal data: say it here.")
        return own

    def of(self, person: Person) -> "Holding":
        """As it is for this person, who reads where it came from and what it is for."""
        if self.as_it_is is None:
            return self
        return replace(self, declared=self.as_it_is(person, self.declaration))

    @cached_property
    def data(self) -> tuple[Datum, ...]:
        """Its fields: first what says when and how, then what is the person's."""
        return (*map(self._context, self.context), *map(self._own, self.fields))

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(self.declaration.fields)

    @property
    def given(self) -> tuple[Datum, ...]:
        return tuple(datum for datum in self.data if datum.is_given)

    def _context(self, path: str) -> Datum:
        whole = self.declaration
        return Datum(
            path,
            self._title(path),
            None,
            whole.purpose,
            whole.source,
            whole.retention,
            Export.GIVEN,
            whole.erasure,
        )

    def _own(self, name: str) -> Datum:
        held = self.declaration.held(name)
        return Datum(
            name,
            self._title(name),
            held.category,
            held.purpose,
            held.source,
            held.retention,
            held.export or Export.GIVEN,
            held.erasure or Erasure.REMOVED,
        )

    def _title(self, path: str) -> str:
        words = self.titles.get(path) or str(self.column(path).verbose_name)
        return f"{words[:1].upper()}{words[1:]}"

    def column(self, path: str) -> Any:
        """The model field at the end of this path."""
        table: Any = self.table
        *steps, last = path.split("__")
        for step in steps:
            table = table._meta.get_field(step).related_model
        return table._meta.get_field(last)

    def rows(self, person: Person) -> QuerySet[Any]:
        """The person's rows, oldest first."""
        return self.table._base_manager.filter(self.find(person)).order_by("pk")

    def count(self, person: Person) -> int:
        """How many records there are."""
        if self.narrow is not None:
            return sum(1 for _ in self.records(person))
        return self.rows(person).count()

    def records(
        self, person: Person, data: Iterable[Datum] | None = None
    ) -> Iterator[Record]:
        """Each of the person's rows with the values of these of its fields, or of all
        that are given, a few at a time: memory does not grow with their number. A row
        that another one leads to is given as its number."""
        paths = [datum.path for datum in (self.given if data is None else data)]
        if self.narrow is not None:
            yield from self._narrowed(self.narrow, person, paths)
            return
        values = self.rows(person).values_list("pk", *paths)
        for key, *found in values.iterator(chunk_size=CHUNK):
            yield Record(str(key), self._as_given(dict(zip(paths, found, strict=True))))

    def some(self, person: Person, start: int, stop: int) -> list[Record]:
        """The records from one place of their order to another, for a page of them."""
        if self.narrow is not None:
            return list(islice(self.records(person), start, stop))
        return self._read(self.rows(person)[start:stop])

    def shown(self, person: Person) -> QuerySet[Any]:
        """The person's rows that a mailbox alone is shown, oldest first."""
        rows = self._told(person)
        return rows if self.to_mailbox is None else rows.filter(self.to_mailbox(person))

    def told_count(self, person: Person) -> int:
        """How many records a mailbox alone may know of."""
        if self.narrow is not None:
            return self.count(person)
        return self._told(person).count()

    def _told(self, person: Person) -> QuerySet[Any]:
        rows = self.rows(person)
        return rows if self.untold is None else rows.exclude(self.untold(person))

    def shown_count(self, person: Person) -> int:
        if self.to_mailbox is nothing:
            return 0
        if self.narrow is not None:
            return self.count(person)
        return self.shown(person).count()

    def some_shown(self, person: Person, start: int, stop: int) -> list[Record]:
        """Of what a mailbox alone is shown, the records from one place of their order to
        another."""
        if self.to_mailbox is nothing:
            return []
        if self.narrow is not None:
            return self.some(person, start, stop)
        return self._read(self.shown(person)[start:stop])

    def record(self, person: Person, key: str) -> Record | None:
        """The record of this key, when it is one of the person's."""
        if self.narrow is not None:
            found = (one for one in self.records(person) if one.key == key)
            return next(found, None)
        try:
            rows = self.rows(person).filter(pk=key)
        except (ValueError, ValidationError):
            return None
        return next(iter(self._read(rows)), None)

    def _read(self, rows: QuerySet[Any]) -> list[Record]:
        paths = [datum.path for datum in self.given]
        return [
            Record(str(key), self._as_given(dict(zip(paths, found, strict=True))))
            for key, *found in rows.values_list("pk", *paths)
        ]

    def _narrowed(
        self, narrow: Narrower, person: Person, paths: list[str]
    ) -> Iterator[Record]:
        for row in self.rows(person).iterator(chunk_size=CHUNK):
            theirs = narrow(row, person)
            if theirs is not None:
                values = {path: getattr(row, path) for path in paths}
                own = {path: theirs[path] for path in paths if path in theirs}
                yield Record(str(row.pk), self._as_given(values | own))

    @property
    def names_nobody(self) -> bool:
        """Whether its rows are a record that is kept because it holds a number alone."""
        return self.kept is not None and self.kept.names_nobody

    @property
    def hangs_on(self) -> "tuple[Holding, ...]":
        """The places whose rows take its own along when they are deleted."""
        tables = {column.related_model for column in self.table._meta.concrete_fields}
        return tuple(
            one
            for one in holdings()
            if one.table in tables and one.fate is Erasure.REMOVED
        )

    @property
    def fate(self) -> Erasure:
        """What an erasure does with its rows."""
        return self.declaration.erasure

    def erase(self, person: Person) -> int:
        """Make this place say nothing of the person any more (Art. 17); returns how many
        rows there were. What is kept stays, and counts as none. Twice is once.

        Belongs to an erasure that two people approved, or to its replay; the caller
        holds the person.
        """
        if self.fate is Erasure.KEPT or self.key in person.kept:
            return 0
        with as_the_law_requires(person.id):
            return self._erased(person)

    def _erased(self, person: Person) -> int:
        if self.forget is not None:
            return self.forget(person)
        rows = self.rows(person)
        if self.fate is Erasure.EMPTIED:
            return rows.update(**self.emptied)
        return rows.order_by().delete()[1].get(self.table._meta.label, 0)

    def _as_given(self, values: dict[str, Any]) -> dict[str, Any]:
        for path, cut in self.cut.items():
            if values.get(path):
                values[path] = cut(values[path])
        return values


def nothing(person: Person) -> Q:
    """No row at all: what a mailbox alone is shown of a place that somebody reads first."""
    return Q(pk__in=[])


def by_subject(path: str) -> Finder:
    """Rows that lead to the person's number by this path."""
    return lambda person: Q(**{path: person.id})


def by_digest(path: str) -> Finder:
    """Rows that are known by the keyed digest of one of the person's addresses."""
    return lambda person: Q(**{f"{path}__in": list(person.digests)})


@lru_cache(maxsize=4)
def _holdings(paths: tuple[str, ...]) -> tuple[Holding, ...]:
    return tuple(import_string(path) for path in paths)


def holdings() -> tuple[Holding, ...]:
    """Every holding of the house, in the order of collecting."""
    return _holdings(tuple(settings.PERSONAL_DATA))
