"""The one door to the consent ledger: record what happened, read what stands."""

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from consent.models import Action, ConsentEntry, ConsentEvidence, ShownWording
from groundwork.one_statement import Given, Part, insert


@dataclass(frozen=True)
class Circumstances:
    """How a decision came about: the same for every purpose decided at once.

    notices: references of every notice version shown (privacy/1). evidence: what the
    browser told, kept apart and erasable. wordings: per purpose, the exact text.
    """

    channel: str
    notices: Sequence[str] = ()
    wordings: dict[str, str] = field(default_factory=dict)
    staff_id: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What one person decided; with a key, told twice it is still one decision."""

    subject: uuid.UUID
    purposes: Sequence[str]
    how: Circumstances
    key: str | None = None


def requested(
    purposes: Sequence[str], how: Circumstances, *, source: str
) -> list[Part]:
    """Steps that record: somebody asked for these purposes, which is not consent yet.

    The data subject is the column data_subject_id of the step `source`.
    """
    _keep_wordings(how.wordings.values())
    decision = Decision(uuid.UUID(int=0), purposes, _salted(how))
    return [
        part
        for number, purpose in enumerate(purposes)
        for part in _requested(f"asked_{number}", decision, purpose, source)
    ]


def _requested(
    name: str, decision: Decision, purpose: str, source: str
) -> Iterable[Part]:
    entry = _entry(Action.REQUESTED, decision, purpose)
    subject = Given(f"{source}.data_subject_id")
    values = {**_values(entry), "data_subject_id": subject}
    yield insert(name, ConsentEntry, values, source=source)
    if decision.how.evidence:
        yield insert(
            f"{name}_evidence",
            ConsentEvidence,
            {
                "entry_id": Given(f"{name}.id"),
                "data_subject_id": Given(f"{name}.data_subject_id"),
                "details": decision.how.evidence,
                "digest": entry.evidence_digest,
                "created_at": timezone.now(),
            },
            source=name,
        )


def withdrawn(name: str, how: Circumstances, *, source: str) -> Part:
    """A step that withdraws each consent of the step `source`, which has the columns
    data_subject_id and purpose; it returns the entries."""
    entry = _entry(Action.WITHDRAWN, Decision(uuid.UUID(int=0), (), how), "")
    subject, purpose = Given(f"{source}.data_subject_id"), Given(f"{source}.purpose")
    values = {**_values(entry), "data_subject_id": subject, "purpose": purpose}
    return insert(name, ConsentEntry, values, source=source)


def _values(entry: ConsentEntry) -> dict[str, Any]:
    """All that the database does not fill by itself."""
    return {
        field.attname: getattr(entry, field.attname)
        for field in entry._meta.concrete_fields
        if not (field.primary_key or field.has_db_default())
    }


def record_given(
    subject: uuid.UUID,
    purposes: Iterable[str],
    how: Circumstances,
    *,
    key: str | None = None,
) -> list[ConsentEntry]:
    """The person gave consent. A second call with the same key adds nothing."""
    return _append(Action.GIVEN, subject, purposes, how, key=key)


def record_withdrawn(
    subject: uuid.UUID, purposes: Iterable[str], how: Circumstances
) -> list[ConsentEntry]:
    return _append(Action.WITHDRAWN, subject, purposes, how)


def record_expired(
    subject: uuid.UUID, purposes: Iterable[str], how: Circumstances
) -> list[ConsentEntry]:
    """A sign-up was never confirmed and has been removed."""
    return _append(Action.EXPIRED, subject, purposes, how)


def standing_step(name: str, subject: uuid.UUID) -> Part:
    """A step with the entries whose consent stands."""
    entries = ConsentEntry.objects.standing(subjects=[subject])
    return Part(name, *entries.query.sql_with_params())


def standing_purposes(
    subject: uuid.UUID, *, at: datetime | None = None
) -> dict[str, ConsentEntry]:
    """Purpose → the entry that gave it, of every consent that stands (stood at `at`)."""
    entries = ConsentEntry.objects.standing(subjects=[subject], at=at)
    return {entry.purpose: entry for entry in entries.order_by("id")}


def record_given_in_bulk(decisions: Sequence[Decision]) -> list[ConsentEntry]:
    """The consents of many people at once, as an import brings them."""
    return _append_all(Action.GIVEN, decisions)


def _append(
    action: Action,
    subject: uuid.UUID,
    purposes: Iterable[str],
    how: Circumstances,
    *,
    key: str | None = None,
) -> list[ConsentEntry]:
    return _append_all(action, [Decision(subject, list(purposes), how, key)])


def _append_all(action: Action, decisions: Sequence[Decision]) -> list[ConsentEntry]:
    decisions = [replace(told, how=_salted(told.how)) for told in decisions]
    _keep_wordings(
        text for decision in decisions for text in decision.how.wordings.values()
    )
    told = [
        (_entry(action, decision, purpose), decision.how.evidence)
        for decision in decisions
        for purpose in decision.purposes
    ]
    told_before = _told_before([entry for entry, _ in told])
    told = [pair for pair in told if pair[0].idempotency_key not in told_before]
    written: list[ConsentEntry] = ConsentEntry.objects.bulk_create(
        [entry for entry, _ in told]
    )
    _keep_evidence(told)
    return written


def _salted(how: Circumstances) -> Circumstances:
    """With a random part in the evidence: once that row is erased, nobody can find
    out from the ledger's digest, by trying, which network and browser it was."""
    if not how.evidence:
        return how
    return replace(how, evidence={**how.evidence, "salt": secrets.token_hex(16)})


def _entry(action: Action, decision: Decision, purpose: str) -> ConsentEntry:
    how = decision.how
    return ConsentEntry(
        data_subject_id=decision.subject,
        purpose=purpose,
        action=action,
        channel=how.channel,
        wording_id=_wording_digest(how, purpose),
        notices=list(how.notices),
        staff_id=how.staff_id,
        evidence_digest=_evidence_digest(how.evidence),
        idempotency_key=f"{decision.key}:{purpose}" if decision.key else None,
    )


def _told_before(entries: Iterable[ConsentEntry]) -> set[str]:
    keys = {entry.idempotency_key for entry in entries} - {None}
    if not keys:
        return set()
    known = ConsentEntry.objects.filter(idempotency_key__in=keys)
    return {str(key) for key in known.values_list("idempotency_key", flat=True)}


def _wording_digest(how: Circumstances, purpose: str) -> bytes | None:
    text = how.wordings.get(purpose)
    return ShownWording.digest_of(text) if text else None


def _evidence_digest(evidence: dict[str, Any]) -> bytes | None:
    if not evidence:
        return None
    return hashlib.sha256(json.dumps(evidence, sort_keys=True).encode()).digest()


def _keep_evidence(told: Iterable[tuple[ConsentEntry, dict[str, Any]]]) -> None:
    rows = [
        ConsentEvidence(
            entry_id=entry.id,
            data_subject_id=entry.data_subject_id,
            details=evidence,
            digest=entry.evidence_digest,
        )
        for entry, evidence in told
        if evidence
    ]
    if rows:
        ConsentEvidence.objects.bulk_create(rows)


# Digests of the wordings known to stand in the database, so that the usual sign-up
# does not write them again. Filled on commit only: a rolled-back insert is no insert.
_kept = set[bytes]()


def _keep_wordings(texts: Iterable[str]) -> None:
    rows = [ShownWording(digest=ShownWording.digest_of(t), text=t) for t in set(texts)]
    missing = [row for row in rows if row.digest not in _kept]
    if not missing:
        return
    ShownWording.objects.bulk_create(missing, ignore_conflicts=True)
    digests = {bytes(row.digest) for row in missing}
    transaction.on_commit(lambda: _kept.update(digests))


def last_given(subject: uuid.UUID, purposes: Iterable[str]) -> dict[str, ConsentEntry]:
    """Purpose → the last entry that gave it, withdrawn since or not."""
    given = ConsentEntry.objects.filter(
        data_subject_id=subject, purpose__in=list(purposes), action=Action.GIVEN
    )
    entries = given.select_related("wording").order_by("id")
    return {entry.purpose: entry for entry in entries}
