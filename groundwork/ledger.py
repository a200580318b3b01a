"""Ledgers: tables to which rows are added and in which no row ever changes.

A ledger holds no personal data (a data subject is a UUID that leads nowhere once the
person is erased), so it never needs shredding. Three guards keep it: the model
refuses, a trigger refuses, and the application's database role may only read and add.

Seals prove it. A seal lists the committed entries that no seal covers yet, with the
digest of each, follows the seal before it and is signed with a key outside the
database. No insert waits for a seal: it takes the entries of finished transactions
only, those below the oldest transaction still running (pg_snapshot_xmin).
"""

import base64
import hashlib
import json
import uuid
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, NoReturn, Self

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, migrations, models, transaction

from groundwork import seal_journal
from groundwork.seal_journal import SEALED_EVERY
from groundwork.seal_keys import sign, signature_holds

DIGEST_BYTES = 32
# Clock steps of the database server that an honest entry may show.
CLOCK_SLACK = timedelta(seconds=5)


class LedgerIsAppendOnly(Exception):
    """Somebody tried to change or remove an entry; nothing was changed."""


class LedgerQuerySet[Model: models.Model](models.QuerySet[Model]):
    def update(self, **_: Any) -> NoReturn:
        raise LedgerIsAppendOnly("A ledger entry cannot be changed; add a new one.")

    def delete(self) -> NoReturn:
        raise LedgerIsAppendOnly("A ledger entry cannot be removed.")

    def bulk_update(self, *_: Any, **__: Any) -> NoReturn:
        raise LedgerIsAppendOnly("A ledger entry cannot be changed; add a new one.")


class ClockTimestamp(models.Func):
    template = "clock_timestamp()"
    output_field = models.DateTimeField()


class CurrentTransaction(models.Func):
    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class AppendOnlyModel(models.Model):
    objects: ClassVar[Any] = LedgerQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerIsAppendOnly("A ledger entry cannot be changed; add a new one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerIsAppendOnly("A ledger entry cannot be removed.")


class LedgerEntry(AppendOnlyModel):
    """An entry: its time and its transaction are the database's own, set by trigger."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=ClockTimestamp(), editable=False)
    written_in = models.BigIntegerField(
        db_default=CurrentTransaction(), editable=False, db_index=True
    )

    # The seal's model, set by each ledger.
    seal_model: ClassVar[type["LedgerSeal"]]

    class Meta:
        abstract = True

    @classmethod
    def sealed_fields(cls) -> list[str]:
        return sorted(field.attname for field in cls._meta.concrete_fields)

    def digest(self, fields: Iterable[str]) -> bytes:
        """SHA-256 over the named fields in canonical JSON, led by the ledger's name."""
        text = json.dumps(self.content(fields), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{self._meta.label_lower}\n{text}".encode()).digest()

    def content(self, fields: Iterable[str]) -> dict[str, Any]:
        """What the digest is over: times in UTC as ISO 8601, bytes as hex."""
        return {name: _plain(getattr(self, name)) for name in fields}


class LedgerSeal(AppendOnlyModel):
    """One link of a ledger's chain of seals; see the module's first lines."""

    number = models.BigIntegerField(primary_key=True)
    # The database's time at the moment of the snapshot; part of what is signed.
    sealed_at = models.DateTimeField(editable=False)
    # Entries of transactions below `horizon` are covered by this seal or one before
    # it; those at or above `newest` were all written after it.
    horizon = models.BigIntegerField()
    newest = models.BigIntegerField()
    # The database was restored into a new cluster, whose transactions count anew.
    is_rebased = models.BooleanField(default=False)
    field_names = ArrayField(models.TextField())
    entry_ids = ArrayField(models.BigIntegerField())
    entry_digests = models.BinaryField()
    previous_digest = models.BinaryField()
    digest = models.BinaryField()
    signature = models.BinaryField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"seal {self.number}"

    def compute_digest(self) -> bytes:
        head = [
            self._meta.label_lower,
            self.number,
            _plain(self.sealed_at),
            self.horizon,
            self.newest,
            self.is_rebased,
            list(self.field_names),
            list(self.entry_ids),
        ]
        text = json.dumps(head, separators=(",", ":")).encode()
        parts = [text, bytes(self.entry_digests), bytes(self.previous_digest)]
        return hashlib.sha256(b"\n".join(parts)).digest()

    def published(self, ledger: type[LedgerEntry]) -> dict[str, Any]:
        """All that somebody needs who checks this seal without us; no personal data."""
        digests = bytes(self.entry_digests)
        return {
            "seal": self._meta.label_lower,
            "ledger": ledger._meta.label_lower,
            "number": self.number,
            "sealed_at": _plain(self.sealed_at),
            "horizon": self.horizon,
            "newest": self.newest,
            "is_rebased": self.is_rebased,
            "field_names": list(self.field_names),
            "entry_ids": list(self.entry_ids),
            "entry_digests": [
                digests[start : start + DIGEST_BYTES].hex()
                for start in range(0, len(digests), DIGEST_BYTES)
            ],
            "previous_digest": bytes(self.previous_digest).hex(),
            "digest": bytes(self.digest).hex(),
            "signature": base64.b64encode(bytes(self.signature)).decode(),
        }

    def is_sound(self, previous: Self | None) -> bool:
        """True when it follows the seal before it and our key signed it."""
        expected = bytes(previous.digest) if previous else b""
        follows = bytes(self.previous_digest) == expected
        digest = self.compute_digest()
        return (
            follows
            and bytes(self.digest) == digest
            and signature_holds(digest, bytes(self.signature))
        )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, uuid.UUID):
        return str(value)
    return value


def ledgers() -> list[type[LedgerEntry]]:
    """Every ledger of the house, by label."""
    found = [m for m in apps.get_models() if issubclass(m, LedgerEntry)]
    return sorted(found, key=lambda model: model._meta.label)


def seal(ledger: type[LedgerEntry]) -> LedgerSeal | None:
    """Seal what is new in this ledger; None when there is nothing new.

    Two runs at once cannot both seal: the second waits for the first (inserts do not).
    """
    with transaction.atomic(durable=_outermost()):
        _one_sealer_at_a_time(ledger)
        previous = ledger.seal_model.objects.order_by("-number").first()
        horizon, newest, now = _snapshot_bounds()
        is_rebased = previous is not None and newest < previous.horizon
        entries = list(_unsealed(ledger, previous, horizon, is_rebased))
        if not entries:
            return None
        fields = ledger.sealed_fields()
        new = ledger.seal_model(
            number=previous.number + 1 if previous else 1,
            sealed_at=now,
            horizon=horizon,
            newest=newest,
            is_rebased=is_rebased,
            field_names=fields,
            entry_ids=[entry.id for entry in entries],
            entry_digests=b"".join(entry.digest(fields) for entry in entries),
            previous_digest=bytes(previous.digest) if previous else b"",
        )
        new.digest = new.compute_digest()
        new.signature = sign(new.digest)
        new.save(force_insert=True)
        label, number, digest = ledger._meta.label, new.number, new.digest
        transaction.on_commit(lambda: seal_journal.note(label, number, digest))
        return new


def seal_all() -> None:
    """Seal every ledger. One that cannot be sealed holds up no other; what stood in the
    way of each is raised together in the end."""
    problems: list[Exception] = []
    for ledger in ledgers():
        try:
            seal(ledger)
        except Exception as problem:
            problem.add_note(f"while sealing {ledger._meta.label}")
            problems.append(problem)
    if problems:
        raise ExceptionGroup("Some ledgers were not sealed", problems)


def _outermost() -> bool:
    return not connection.in_atomic_block


def _one_sealer_at_a_time(ledger: type[LedgerEntry]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [ledger._meta.db_table]
        )


def _snapshot_bounds() -> tuple[int, int, datetime]:
    """(oldest running transaction, first one not yet begun, the time) of this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint,"
            " clock_timestamp() FROM pg_current_snapshot() AS s"
        )
        horizon, newest, now = cursor.fetchone()
    return horizon, newest, now


def _unsealed(
    ledger: type[LedgerEntry],
    previous: LedgerSeal | None,
    horizon: int,
    is_rebased: bool,
) -> models.QuerySet[LedgerEntry]:
    entries: models.QuerySet[LedgerEntry] = ledger.objects.order_by("id")
    if not is_rebased:
        since = previous.horizon if previous else 0
        entries = entries.filter(written_in__gte=since, written_in__lt=horizon)
    if is_rebased or ledger.seal_model.objects.filter(is_rebased=True).exists():
        # Entries brought along carry the old cluster's numbers: go by membership.
        sealed = set[int]()
        for seal_row in ledger.seal_model.objects.iterator():
            sealed.update(seal_row.entry_ids)
        entries = entries.exclude(id__in=sealed)
    return entries


def covering_seal(entry: LedgerEntry) -> LedgerSeal | None:
    """The seal that lists this entry; None while it is newer than the newest seal."""
    seals = entry.seal_model.objects
    likely = seals.filter(horizon__gt=entry.written_in).order_by("number").first()
    if likely is not None and entry.pk in likely.entry_ids:
        return likely
    if not seals.filter(is_rebased=True).exists():
        return None
    # After a restore into a new cluster a seal goes by membership alone.
    return seals.filter(entry_ids__contains=[entry.pk]).order_by("number").first()


def not_sealed_by(
    ledger: type[LedgerEntry], last: LedgerSeal | None
) -> models.QuerySet[LedgerEntry]:
    """The entries that this seal and those before it do not cover, oldest first."""
    _, newest, _ = _snapshot_bounds()
    is_rebased = last is not None and newest < last.horizon
    return _unsealed(ledger, last, newest, is_rebased)


class Finding:
    """What is wrong with a ledger, in one line for a person."""

    def __init__(self, ledger: type[LedgerEntry], entry_id: int | None, what: str):
        self.ledger = ledger
        self.entry_id = entry_id
        self.what = what

    def __str__(self) -> str:
        where = f"entry {self.entry_id} " if self.entry_id is not None else ""
        return f"{self.ledger._meta.label}: {where}{self.what}"


def findings(ledger: type[LedgerEntry]) -> Iterator[Finding]:
    """Everything that does not hold, in the order of the chain."""
    previous: LedgerSeal | None = None
    sealed = set[int]()
    times = _Times()
    link: LedgerSeal | None = None
    for number, this in enumerate(ledger.seal_model.objects.order_by("number"), 1):
        if this.number != number or not this.is_sound(link):
            yield Finding(ledger, None, f"seal {number} is missing or was changed")
            return
        link = this
        if this.is_rebased:
            previous, times = None, _Times()  # what was brought along is out of order
        yield from _findings_in(ledger, this, previous, times)
        sealed.update(this.entry_ids)
        times.add(this)
        previous = this
    yield from _findings_at_the_end(ledger)
    if previous is not None:
        yield from _findings_unsealed(ledger, previous, sealed, times)


class _Times:
    """When each seal was made, by the first transaction that came after it."""

    def __init__(self) -> None:
        self._newest: list[int] = []
        self._sealed_at: list[datetime] = []

    def add(self, seal: LedgerSeal) -> None:
        self._newest.append(seal.newest)
        self._sealed_at.append(seal.sealed_at)

    def earliest_for(self, transaction_number: int) -> datetime | None:
        """No entry of this transaction can be older; None when nothing is known."""
        later = bisect_right(self._newest, transaction_number)
        return self._sealed_at[later - 1] if later else None


def _findings_at_the_end(ledger: type[LedgerEntry]) -> Iterator[Finding]:
    """What the journal outside the database knows and the database does not."""
    noted = seal_journal.newest(ledger._meta.label)
    if noted is None:
        return
    number, digest = noted
    known = ledger.seal_model.objects.filter(number=number).first()
    if known is None or bytes(known.digest) != digest:
        yield Finding(ledger, None, f"seal {number} was made and is no longer there")


def _findings_in(
    ledger: type[LedgerEntry],
    this: LedgerSeal,
    previous: LedgerSeal | None,
    times: _Times,
) -> Iterator[Finding]:
    digests = bytes(this.entry_digests)
    entries: dict[int, LedgerEntry] = ledger.objects.in_bulk(this.entry_ids)
    for index, entry_id in enumerate(this.entry_ids):
        entry = entries.get(entry_id)
        if entry is None:
            yield Finding(ledger, entry_id, "was removed")
            continue
        start = index * DIGEST_BYTES
        if entry.digest(this.field_names) != digests[start : start + DIGEST_BYTES]:
            yield Finding(ledger, entry_id, "was changed")
        elif previous is not None and _is_out_of_time(entry, previous, times):
            yield Finding(ledger, entry_id, "was inserted among older entries")


def _is_out_of_time(entry: LedgerEntry, previous: LedgerSeal, times: _Times) -> bool:
    """True when an entry claims to be older than a seal that it came after."""
    earliest = times.earliest_for(entry.written_in)
    if earliest is not None and entry.at < earliest - CLOCK_SLACK:
        return True
    if entry.written_in < previous.newest:
        return entry.written_in < previous.horizon
    # A number is taken before the transaction is, so an insert that ran beside the
    # sealing may honestly have a lower one; a later insert may not.
    was_beside = entry.at <= previous.sealed_at + CLOCK_SLACK
    return entry.id <= max(previous.entry_ids, default=0) and not was_beside


def _findings_unsealed(
    ledger: type[LedgerEntry], last: LedgerSeal, sealed: set[int], times: _Times
) -> Iterator[Finding]:
    _, newest_now, _ = _snapshot_bounds()
    if newest_now < last.horizon:
        return  # restored into a new cluster and not sealed since: nothing to compare
    for entry in ledger.objects.order_by("id").iterator():
        if entry.id not in sealed and _is_out_of_time(entry, last, times):
            yield Finding(ledger, entry.id, "was inserted among older entries")


class AppendOnly(migrations.RunSQL):
    """Migration operation: the database itself refuses to change or remove rows.

    TRUNCATE is refused by privilege (groundwork.database_roles), not by trigger: a
    trigger would break the flush between tests. With stamped=True an inserted row gets
    its time and transaction from the database, whatever the statement says.
    """

    def __init__(self, table: str, *, stamped: bool = True) -> None:
        stamp = (
            f"CREATE TRIGGER {table}_stamp BEFORE INSERT ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION casedesk_stamp_entry();"
            if stamped
            else ""
        )
        super().__init__(
            sql=f"""
            CREATE OR REPLACE FUNCTION casedesk_refuse_change() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE OR REPLACE FUNCTION casedesk_stamp_entry() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                NEW.at := clock_timestamp();
                NEW.written_in := pg_current_xact_id()::text::bigint;
                RETURN NEW;
            END $$;
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION casedesk_refuse_change();
            {stamp}
            """,
            reverse_sql=f"""
            DROP TRIGGER IF EXISTS {table}_append_only ON {table};
            DROP TRIGGER IF EXISTS {table}_stamp ON {table};
            """,
        )
        self.table = table
        self.stamped = stamped

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return ("AppendOnly", [self.table], {"stamped": self.stamped})


__all__ = [
    "SEALED_EVERY",
    "AppendOnly",
    "Finding",
    "LedgerEntry",
    "LedgerIsAppendOnly",
    "LedgerSeal",
    "covering_seal",
    "findings",
    "ledgers",
    "not_sealed_by",
    "seal",
    "seal_all",
]
