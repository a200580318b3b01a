"""Opt-outs and consents with their proofs, for whoever takes the controller's place.

On a sale or a merger the new controller inherits every “no”: it gets them, and each
consent, in a form that it can check without us. No address is in the archive: people
are named by keyed digests, and the key (ADDRESS_KEY) is handed over apart.

The archive is written as it is read, so its size does not matter.
"""

import base64
import hashlib
import json
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from consent.models import ConsentEntry, ConsentSeal, ShownWording
from data_subjects.models import DataSubject
from governance.models import ProofsTransfer
from groundwork import proof_check
from groundwork.ledger import LedgerSeal, not_sealed_by
from groundwork.proof_check import ENTRIES, MANIFEST_CONTEXT, NOTICES, SEALS, WORDINGS
from groundwork.restricted_rows import only_usable
from groundwork.seal_keys import public_key_pem, sign
from groundwork.zip_stream import Outlet
from outbox.models import SuppressedAddress
from processing_register.models import NoticeVersion
from processing_register.notices import current_controller
from staff.models import AccessRecord

CHUNK = 1_000
FORMAT = "casedesk proofs 1"
UNSEALED = "consent-entries-not-sealed-yet.jsonl"
OPT_OUTS = "opt-outs.jsonl"
PEOPLE = "people.jsonl"

README = """\
Proofs of consent and opt-outs
==============================

From: {controller}
For:  {recipient}
Made: {made_at}

What this is
------------
Everybody who said no to e-mails, and everything on record about who said yes, when
and to which words. Whoever takes over the list of readers takes over both: a person
who has said no must not be written to, by anybody, whatever else changes hands.

What is in it
-------------
{files}
No file holds an address or a name. What browsers told at sign-up is left out: it is
erased after some months, and the entries hold its digest.

How to find a person
--------------------
A person is named by address_digest: HMAC-SHA-256 of the address with a key that is not
in here. Get that key (ADDRESS_KEY) from the sender by another way; without it the
digests lead to nobody, and the opt-outs cannot be honoured. Normalise the address first:
Unicode NFC, lower case, domain in its ASCII form.

People whose data is restricted (UK GDPR, Article 18) are not in people.jsonl, so their
consents lead to nobody. Their opt-outs are here like everybody else's: to leave out a
“no” would be to use the data against the person it protects.

How to check it
---------------
You need Python 3.10 and the package cryptography. Get the key of the seals from
{key_url} yourself and do not rely on a copy that came with the archive.

    python proof_check.py proofs {name} --key seal-key.pem

It checks the signature of manifest.json, the digest of every file, each seal against
the one before it, each entry against its seal, and each text against its digest, and
names the first thing that was altered.
"""


@dataclass(frozen=True)
class Part:
    """One file of the archive: what it is, and its rows in order."""

    name: str
    what: str
    count: Callable[[], int]
    rows: Callable[[], Iterable[dict[str, Any]]]


# --- What is in it ---


def parts() -> list[Part]:
    """The files of an archive made now; it ends with the newest seal of this moment."""
    last: LedgerSeal | None = ConsentSeal.objects.order_by("-number").first()
    return [*_of_the_ledger(last), *_of_the_words(), *_of_the_people()]


def _of_the_ledger(last: LedgerSeal | None) -> Iterator[Part]:
    number = last.number if last else 0
    seals = ConsentSeal.objects.filter(number__lte=number).order_by("number")
    unsealed = not_sealed_by(ConsentEntry, last)
    yield Part(SEALS, "the seals of the ledger", seals.count, lambda: _seals(seals))
    yield Part(
        ENTRIES,
        "what happened to each consent, in the order of the seals",
        lambda: _covered_count(number),
        lambda: _sealed_entries(seals),
    )
    yield Part(
        UNSEALED,
        "what is newer than the newest seal",
        unsealed.count,
        lambda: _unsealed(unsealed),
    )


def _of_the_words() -> Iterator[Part]:
    published = NoticeVersion.objects.published()
    yield Part(WORDINGS, "the exact words shown", ShownWording.objects.count, _wordings)
    yield Part(NOTICES, "every published notice", published.count, _notices)


def _of_the_people() -> Iterator[Part]:
    yield Part(
        OPT_OUTS, "who must not be written to", _opt_outs_kept().count, _opt_outs
    )
    yield Part(PEOPLE, "whose consent is whose", people_count, _people)


def _seals(seals: "QuerySet[ConsentSeal]") -> Iterator[dict[str, Any]]:
    for seal in seals.iterator(chunk_size=10):
        yield seal.published(ConsentEntry)


def _covered_count(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(cardinality(entry_ids)), 0) FROM consent_consentseal"
            " WHERE number <= %s",
            [number],
        )
        return int(cursor.fetchone()[0])


def _sealed_entries(seals: "QuerySet[ConsentSeal]") -> Iterator[dict[str, Any]]:
    """Each seal's entries as it lists them: a missing one is missing here as well."""
    for seal in seals.iterator(chunk_size=10):
        for ids in batched(seal.entry_ids, CHUNK):
            found = ConsentEntry.objects.in_bulk(ids)
            for entry_id in ids:
                if entry_id in found:
                    yield found[entry_id].content(seal.field_names)


def _unsealed(entries: "QuerySet[Any]") -> Iterator[dict[str, Any]]:
    for entry in entries.iterator(chunk_size=CHUNK):
        yield entry.content(entry.sealed_fields())


def _wordings() -> Iterator[dict[str, Any]]:
    for wording in ShownWording.objects.order_by("digest").iterator(chunk_size=CHUNK):
        yield {
            "sha256": bytes(wording.digest).hex(),
            "language": wording.language,
            "text": wording.text,
        }


def _notices() -> Iterator[dict[str, Any]]:
    for version in NoticeVersion.objects.published().order_by("notice", "number"):
        yield {
            "reference": version.reference,
            "title": version.title,
            "effective_on": version.effective_on.isoformat(),
            "language": version.language,
            "sha256": bytes(version.digest).hex(),
            "body": version.body,
        }


def _opt_outs_kept() -> "QuerySet[SuppressedAddress]":
    return SuppressedAddress.objects.all()


def _opt_outs() -> Iterator[dict[str, Any]]:
    """Everybody's, those of restricted people too: they protect."""
    for row in _opt_outs_kept().order_by("pk").iterator(chunk_size=CHUNK):
        yield {
            "address_digest": bytes(row.address_digest).hex(),
            "purpose": row.purpose or "all marketing",
            "reason": row.reason,
            "since": _utc(row.suppressed_at),
        }


def people() -> "QuerySet[DataSubject]":
    """Who can be told by an address. Within only_usable() the database leaves restricted
    people out: they are only stored, not passed on."""
    known = DataSubject.objects.filter(address_digest__isnull=False)
    found: QuerySet[DataSubject] = known.order_by("pk")
    return found


def people_count() -> int:
    with only_usable():
        return people().count()


def restricted_count() -> int:
    return int(DataSubject.objects.restricted().count())


def _people() -> Iterator[dict[str, Any]]:
    last = uuid.UUID(int=0)
    while found := _people_after(last):
        for key, digest in found:
            yield {
                "data_subject_id": str(key),
                "address_digest": digest.hex(),
            }
        last = found[-1][0]


def _people_after(last: uuid.UUID) -> list[tuple[uuid.UUID, bytes]]:
    with only_usable():
        further = people().filter(pk__gt=last)[:CHUNK]
        return [(one.pk, bytes(one.address_digest or b"")) for one in further]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


# --- On record ---


@transaction.atomic
def record_transfer(recipient: str, *, staff_id: int) -> ProofsTransfer:
    """Put on record who hands what to whom, before the first byte leaves."""
    count = people_count()
    AccessRecord.objects.create(
        staff_id=staff_id, action=AccessRecord.Action.EXPORTED, rows_count=count
    )
    return ProofsTransfer.objects.create(
        recipient=recipient, staff_id=staff_id, people_count=count
    )


def _finish(transfer: ProofsTransfer, manifest: bytes) -> None:
    transfer.finished_at = timezone.now()
    transfer.manifest_digest = hashlib.sha256(manifest).digest()
    transfer.save(update_fields=["finished_at", "manifest_digest"])


def file_name(transfer: ProofsTransfer) -> str:
    return f"proofs-{transfer.started_at:%Y-%m-%d}-{transfer.pk}.zip"


# --- Writing ---


def archive(transfer: ProofsTransfer) -> Iterator[bytes]:
    """The archive, piece by piece; the transfer is finished with the last piece."""
    sink = Outlet()
    made = parts()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as zipped:
        writing = _Writing(zipped, sink)
        yield from writing.text("README.txt", _readme(transfer, made))
        yield from writing.text("proof_check.py", _checker())
        for part in made:
            yield from writing.lines(part)
        manifest = _manifest(transfer, writing)
        signature = base64.b64encode(sign(MANIFEST_CONTEXT + manifest))
        zipped.writestr("manifest.json", manifest)
        zipped.writestr("manifest.sig", signature + b"\n")
    _finish(transfer, manifest)
    yield sink.take()


def _checker() -> str:
    return Path(proof_check.__file__).read_text()


def _readme(transfer: ProofsTransfer, made: list[Part]) -> str:
    controller = current_controller()
    lines = [f"{part.name}: {part.what}\n" for part in made]
    lines.append(
        "line-digests/: the digest of each line, to name one that was altered\n"
    )
    return README.format(
        controller=controller,
        recipient=transfer.recipient,
        made_at=_utc(transfer.started_at),
        files="".join(lines),
        key_url="/.well-known/casedesk-seal-key on the sender's site",
        name=file_name(transfer),
    )


def _manifest(transfer: ProofsTransfer, writing: "_Writing") -> bytes:
    content = {
        "format": FORMAT,
        "controller": str(current_controller()),
        "recipient": transfer.recipient,
        "transfer": transfer.pk,
        "made_at": _utc(transfer.started_at),
        "lines": writing.counts,
        "files": writing.digests,
        "public_key": public_key_pem(),
    }
    return json.dumps(content, indent=2, sort_keys=True).encode()


@dataclass
class _Writing:
    """A ZIP file in the making, with the digests that its manifest will hold."""

    zipped: zipfile.ZipFile
    sink: Outlet
    digests: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def text(self, name: str, text: str) -> Iterator[bytes]:
        self.zipped.writestr(name, text)
        self.digests[name] = hashlib.sha256(text.encode()).hexdigest()
        yield self.sink.take()

    def lines(self, part: Part) -> Iterator[bytes]:
        """A file of one JSON object a line, then the file of its lines' digests."""
        with tempfile.TemporaryFile() as line_digests:
            rows = (json.dumps(row, ensure_ascii=False) for row in part.rows())
            lines = (f"{row}\n".encode() for row in rows)
            yield from self._file(part.name, _noted(lines, line_digests))
            line_digests.seek(0)
            name = proof_check.line_digests_of(part.name)
            yield from self._file(name, line_digests)

    def _file(self, name: str, lines: Iterable[bytes]) -> Iterator[bytes]:
        digest, count = hashlib.sha256(), 0
        with self.zipped.open(name, "w", force_zip64=True) as file:
            for line in lines:
                count += 1
                digest.update(line)
                file.write(line)
                if self.sink.is_full:
                    yield self.sink.take()
        self.digests[name] = digest.hexdigest()
        self.counts[name] = count


def _noted(lines: Iterable[bytes], line_digests: Any) -> Iterator[bytes]:
    for line in lines:
        line_digests.write(f"{proof_check.line_digest(line)}\n".encode())
        yield line
