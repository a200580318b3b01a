"""Importing people with their evidence of consent.

The file is read (read), held against what we know (plan) and only then written
(apply_upload), in short transactions that plan again under lock: what changed since the
dry run counts. Three rules:

1. A consent comes in only with its evidence: when, where and in which exact words.
   Without it a person is held without consent and gets no e-mail.
2. A "no" stays a "no": an address that unsubscribed, objected or was erased is refused,
   whatever the file says. Only the person can change that.
3. Applying the same file again changes nothing.
"""

import csv
import io
import re
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import batched
from typing import cast

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consent import ledger
from consent.models import Action, Channel, ConsentEntry
from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.log_lines import ADDRESS
from groundwork.spreadsheets import FORMULA_STARTS
from outbox.models import SuppressedAddress
from processing_register.gate import usable_purposes
from processing_register.models import ProcessingPurpose
from processing_register.register import period
from subscribers.forms import DETAIL_LENGTH, PHONE, refuse_invisible
from subscribers.links import ensure_lasting_links
from subscribers.models import (
    DETAIL_FIELDS,
    Subscriber,
    SubscriberEvent,
    SubscriberImport,
)

EVIDENCE_COLUMNS = ("consented_at", "consent_source", "consent_wording")
COLUMNS = ("email", *DETAIL_FIELDS, "purposes", *EVIDENCE_COLUMNS)
MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 20_000
MAX_SOURCE = 200
MAX_WORDING = 5_000
# Nobody consented to our e-mails before there were any.
EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
# Rows per transaction: short, so that nobody who unsubscribes meanwhile has to wait.
CHUNK = 200
# How long one call may write; then it answers, and the next one goes on.
APPLY_SECONDS = 12
# The key under which an upload's counts hold how many rows are done.
WRITTEN = "rows written"

RESTRICTED = "the use of this person’s data is restricted: it may not be changed"


class FileProblem(Exception):
    """The file as a whole cannot be read; the text says what to do."""


class NotApplicable(Exception):
    """The upload is gone, was applied already, or is not what was shown."""


class RowProblem(Exception):
    """One row cannot be taken; the text says why."""


# --- Reading ---


@dataclass(frozen=True)
class Evidence:
    """When, where and in which words somebody consented."""

    consented_at: datetime
    source: str
    wording: str


@dataclass(frozen=True)
class Row:
    """One line of the file; with a problem, the rest of it means nothing."""

    line: int
    address: str = ""
    details: dict[str, str] = field(default_factory=dict)
    purposes: tuple[str, ...] = ()
    evidence: Evidence | None = None
    problem: str = ""


def decode(content: bytes) -> str:
    """The text of an uploaded file. Raises FileProblem."""
    if len(content) > MAX_BYTES:
        raise FileProblem("The file is larger than 2 MB. Split it into smaller ones.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileProblem("The file is in UTF-16. Save it as “CSV UTF-8”.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileProblem(
            f"The file is not in UTF-8: line {line} has other characters. "
            "Save it as “CSV UTF-8”."
        ) from error


def read(text: str, *, now: datetime) -> list[Row]:
    """The rows of the file, each with its problem if it has one. Raises FileProblem."""
    lines = _cells(text)
    try:
        _, header = next(lines)
    except StopIteration:
        raise FileProblem("The file is empty.") from None
    columns = _columns(header)
    purposes = ProcessingPurpose.objects.offered().values_list("key", flat=True)
    usable = usable_purposes()
    # Key → whether it may be used now.
    offered = {key: key in usable for key in purposes}
    first_seen: dict[str, int] = {}
    rows: list[Row] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= MAX_ROWS:
            raise FileProblem("The file has more than 20,000 rows. Split it.")
        row = _row(line, columns, cells, offered, now)
        rows.append(_unless_repeated(row, first_seen))
    if not rows:
        raise FileProblem("The file has a heading line and no rows below it.")
    return rows


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise FileProblem(
            f"Line {line} cannot be read as CSV. Look for a quotation mark that is "
            "not closed, or not doubled inside a quoted cell."
        ) from error


def _columns(header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    if len(columns) == 1 and ";" in columns[0]:
        raise FileProblem("The columns are separated by semicolons. Use commas.")
    if "email" not in columns:
        raise FileProblem("The first line must name the columns, “email” among them.")
    for name in columns:
        if name not in COLUMNS:
            raise FileProblem(
                f"There is no column “{name[:40]}”. Take it out, or give it one of "
                "the names listed below."
            )
        if columns.count(name) > 1:
            raise FileProblem(f"The column “{name}” is there twice.")
    return columns


def _row(
    line: int,
    columns: list[str],
    cells: list[str],
    offered: dict[str, bool],
    now: datetime,
) -> Row:
    if len(cells) > len(columns):
        return Row(line, problem="has more cells than the heading line has columns")
    values = dict(zip(columns, cells, strict=False))
    try:
        found = {name: _cell(name, values.get(name, "")) for name in COLUMNS}
        return Row(
            line=line,
            address=_address(found["email"]),
            details=_details(found),
            purposes=_purposes(found["purposes"], offered),
            evidence=_evidence(found, now),
        )
    except RowProblem as problem:
        return Row(line, problem=str(problem))


def _cell(name: str, raw: str) -> str:
    """The value of a cell; the apostrophe of our own export is taken off."""
    value = raw.strip(" ")
    if value.startswith("'") and value[1:].startswith(FORMULA_STARTS):
        value = value[1:]
    elif value.startswith(FORMULA_STARTS) and name != "telephone":
        raise RowProblem(
            f"{name} starts with {_name_of(value[0])}, "
            "which a spreadsheet takes for a formula"
        )
    is_long_text = name == "consent_wording"
    try:
        for part in value.splitlines() if is_long_text else [value]:
            refuse_invisible(part)
    except ValidationError as error:
        raise RowProblem(
            f"{name} holds a line break or an invisible character"
        ) from error
    return value.strip()


def _name_of(sign: str) -> str:
    return f"“{sign}”" if sign.isprintable() else "an invisible character"


def _address(text: str) -> str:
    if not text:
        raise RowProblem("email is empty")
    try:
        return addresses.normalise(text)
    except ValidationError as error:
        raise RowProblem("email is not an address like name@example.com") from error


def _details(found: dict[str, str]) -> dict[str, str]:
    details = {name: found[name] for name in DETAIL_FIELDS if found[name]}
    for name, value in details.items():
        if len(value) > DETAIL_LENGTH:
            raise RowProblem(f"{name} is longer than {DETAIL_LENGTH} characters")
    if "telephone" in details and not PHONE.fullmatch(details["telephone"]):
        raise RowProblem("telephone is not a number like +44 20 7946 0000")
    return details


def _purposes(text: str, offered: dict[str, bool]) -> tuple[str, ...]:
    keys = [key for part in text.split(";") if (key := part.strip().lower())]
    for key in keys:
        if key not in offered:
            known = ", ".join(sorted(offered))
            raise RowProblem(f"there is no purpose “{key[:40]}”; there are {known}")
        if not offered[key]:
            raise RowProblem(
                f"the purpose “{key}” cannot be used yet: not everybody held was told "
                "of it in the privacy notice"
            )
    return tuple(dict.fromkeys(keys))


def _evidence(found: dict[str, str], now: datetime) -> Evidence | None:
    """None when the row brings none; half of an evidence is refused."""
    given = [name for name in EVIDENCE_COLUMNS if found[name]]
    if not given:
        return None
    missing = [name for name in EVIDENCE_COLUMNS if not found[name]]
    if missing:
        raise RowProblem(
            f"the evidence lacks {', '.join(missing)}: fill all three or none"
        )
    if not found["purposes"]:
        raise RowProblem("purposes is empty: say what the person agreed to")
    _check_texts(found)
    moment = _moment(found["consented_at"])
    if moment > now:
        raise RowProblem("consented_at is in the future")
    if moment < EARLIEST:
        raise RowProblem("consented_at is before 1995")
    return Evidence(moment, found["consent_source"], found["consent_wording"])


def _check_texts(found: dict[str, str]) -> None:
    if len(found["consent_source"]) > MAX_SOURCE:
        raise RowProblem(f"consent_source is longer than {MAX_SOURCE} characters")
    if len(found["consent_wording"]) > MAX_WORDING:
        raise RowProblem(f"consent_wording is longer than {MAX_WORDING} characters")
    if ADDRESS.search(found["consent_wording"]):
        # The wording is kept for good and in the open: it must hold nobody's data.
        raise RowProblem(
            "consent_wording names an e-mail address: give the words of the form only"
        )


def _moment(text: str) -> datetime:
    is_dated = re.match(r"\d{4}-\d\d-\d\d", text)
    try:
        moment = datetime.fromisoformat(text) if is_dated else None
    except ValueError:
        moment = None
    if moment is None:
        raise RowProblem(
            "consented_at is not a date like 2026-03-31 or 2026-03-31T14:05"
        )
    return timezone.make_aware(moment) if timezone.is_naive(moment) else moment


def _unless_repeated(row: Row, first_seen: dict[str, int]) -> Row:
    if not row.address:
        return row
    before = first_seen.setdefault(row.address, row.line)
    if before == row.line:
        return row
    return replace(row, problem=f"has the same address as line {before}")


# --- Planning ---


class Outcome(StrEnum):
    NEW = "new"
    CHANGES = "changes"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Change:
    """A detail that would change; both values masked, for the eyes of a reviewer."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Planned:
    """What applying would do with one row."""

    row: Row
    outcome: Outcome
    reason: str = ""
    changes: tuple[Change, ...] = ()
    gives: tuple[str, ...] = ()
    known: Subscriber | None = None

    @property
    def is_held_without_consent(self) -> bool:
        return self.outcome == Outcome.NEW and not self.gives


def plan(rows: Iterable[Row]) -> list[Planned]:
    """What would happen, row by row; nothing is written."""
    return [
        planned
        for chunk in batched(rows, 1000)
        for planned in _plan_chunk(chunk, lock=False)
    ]


def count(planned: Iterable[Planned]) -> dict[str, int]:
    planned = list(planned)
    counts = Counter(p.outcome.value for p in planned)
    return {
        **{outcome.value: counts[outcome.value] for outcome in Outcome},
        "consents": sum(len(p.gives) for p in planned),
        "held without consent": sum(p.is_held_without_consent for p in planned),
    }


@dataclass(frozen=True)
class _Known:
    """What the database knows of the people in a chunk."""

    subscribers: dict[bytes, Subscriber]
    suppressed: dict[bytes, list[SuppressedAddress]]
    # Purpose → the last decision, of everybody who ever decided anything.
    decided: dict[bytes, dict[str, ConsentEntry]]
    # Digests of the people whose data may not be used (Art. 18(2)).
    restricted: set[bytes]


def _plan_chunk(rows: Sequence[Row], *, lock: bool) -> list[Planned]:
    digests = [addresses.digest(row.address) for row in rows if not row.problem]
    people = Subscriber.objects.filter(address_digest__in=digests).order_by("pk")
    if lock:
        _lock_people(digests)
        people = people.select_for_update(no_key=True)
    subscribers = {bytes(p.address_digest): p for p in people}
    suppressed: dict[bytes, list[SuppressedAddress]] = {}
    for no in SuppressedAddress.objects.filter(address_digest__in=digests):
        suppressed.setdefault(bytes(no.address_digest), []).append(no)
    restricted = DataSubject.objects.restricted().filter(address_digest__in=digests)
    known = _Known(
        subscribers,
        suppressed,
        _decisions(digests),
        {bytes(person.address_digest or b"") for person in restricted},
    )
    return [_plan_row(row, known) for row in rows]


def _lock_people(digests: list[bytes]) -> None:
    """People come before readers, as everywhere in the house: a restriction at this
    moment is waited for, and counts."""
    known = DataSubject.objects.filter(address_digest__in=digests).order_by("pk")
    list(known.select_for_update(no_key=True).values_list("pk", flat=True))


def _decisions(digests: list[bytes]) -> dict[bytes, dict[str, ConsentEntry]]:
    subjects = DataSubject.objects.filter(address_digest__in=digests)
    digest_of = {
        subject.pk: bytes(subject.address_digest or b"") for subject in subjects
    }
    decided: dict[bytes, dict[str, ConsentEntry]] = {}
    for entry in ConsentEntry.objects.latest_decisions(subjects=digest_of):
        decided.setdefault(digest_of[entry.data_subject_id], {})[entry.purpose] = entry
    return decided


def _plan_row(row: Row, known: _Known) -> Planned:
    if row.problem:
        return Planned(row, Outcome.REFUSED, row.problem)
    digest = addresses.digest(row.address)
    person = known.subscribers.get(digest)
    decided = known.decided.get(digest, {})
    if digest in known.restricted:
        return Planned(row, Outcome.REFUSED, RESTRICTED, known=person)
    reason = _said_no(row, person, known.suppressed.get(digest, []), decided)
    if reason:
        return Planned(row, Outcome.REFUSED, reason, known=person)
    gives = _gives(row, decided)
    if person is None:
        return Planned(row, Outcome.NEW, gives=gives)
    changes = _changes(row, person)
    outcome = Outcome.CHANGES if changes or gives else Outcome.UNCHANGED
    return Planned(row, outcome, changes=changes, gives=gives, known=person)


def _said_no(
    row: Row,
    person: Subscriber | None,
    suppressed: list[SuppressedAddress],
    decided: dict[str, ConsentEntry],
) -> str:
    """Why an import must leave this person alone; empty when nothing forbids it."""
    for no in suppressed:
        is_partial = no.purpose and no.reason == SuppressedAddress.Reason.UNSUBSCRIBED
        if not is_partial or no.purpose in row.purposes:
            return f"said no: {no.get_reason_display()} on {_day(no.suppressed_at)}"
    if person is not None and person.status == Subscriber.Status.LEFT:
        return "said no: stopped all e-mails"
    for purpose in row.purposes:
        entry = decided.get(purpose)
        if entry is not None and entry.action != Action.GIVEN:
            return f"said no to {purpose}: {entry.action} on {_day(entry.at)}"
    return ""


def _changes(row: Row, person: Subscriber) -> tuple[Change, ...]:
    """An empty cell changes nothing: a file says what it knows, not what we should
    forget."""
    return tuple(
        Change(name, _mask(getattr(person, name)), _mask(value))
        for name, value in row.details.items()
        if getattr(person, name) != value
    )


def _gives(row: Row, decided: dict[str, ConsentEntry]) -> tuple[str, ...]:
    """The consents that the row's evidence adds to those that stand."""
    if row.evidence is None:
        return ()
    return tuple(purpose for purpose in row.purposes if purpose not in decided)


def _mask(value: str) -> str:
    return f"{value[:1]}•••" if value else "empty"


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y}"


# --- Applying ---


def keep_upload(text: str, *, file_name: str, staff_id: int) -> SubscriberImport:
    """Keep the file, encrypted, until it is applied or a day has passed."""
    return SubscriberImport.objects.create(
        staff_id=staff_id,
        file_name="".join(c for c in file_name if c.isprintable())[-200:],
        content=text,
        digest=SubscriberImport.digest_of(text),
    )


def is_open(upload: SubscriberImport) -> bool:
    is_fresh = shown_until(upload) > timezone.now()
    return bool(upload.applied_at is None and upload.content and is_fresh)


def apply_upload(upload_id: int, *, digest: str, staff_id: int) -> dict[str, int]:
    """Write what the dry run showed, as far as it is still true; returns the counts.

    The digest is that of the file that the person saw. A large file takes several
    calls, since a web request has to answer within seconds: applied_at is set, and
    the file emptied, by the last one. A run that was cut off can be started again:
    what it wrote counts as unchanged. Raises NotApplicable.
    """
    upload = SubscriberImport.objects.get(pk=upload_id)
    if not is_open(upload) or bytes(upload.digest).hex() != digest:
        raise NotApplicable
    ends_at = time.monotonic() + APPLY_SECONDS
    rows = read(upload.content, now=timezone.now())
    total = Counter(upload.counts)
    for chunk in batched(rows[total[WRITTEN] :], CHUNK):
        total.update(count(_apply_chunk(chunk, upload, staff_id)))
        total[WRITTEN] += len(chunk)
        if time.monotonic() > ends_at:
            break
    if total[WRITTEN] == len(rows):
        upload.content, upload.applied_at = "", timezone.now()
    counts = dict(total)
    upload.counts = counts
    upload.save(update_fields=["content", "applied_at", "counts"])
    return counts


def _apply_chunk(
    rows: Sequence[Row], upload: SubscriberImport, staff_id: int
) -> list[Planned]:
    try:
        return _apply_once(rows, upload, staff_id)
    except IntegrityError:
        # One of these people signed up in this very moment: now they are known.
        return _apply_once(rows, upload, staff_id)


@transaction.atomic
def _apply_once(
    rows: Sequence[Row], upload: SubscriberImport, staff_id: int
) -> list[Planned]:
    """1. Plan again, under lock. 2. Bring in the new, change the known. 3. Record the
    consents with their evidence. 4. Note in the ledger what was done to whom."""
    planned = _plan_chunk(rows, lock=True)
    subscribers = _bring_in([p for p in planned if p.outcome == Outcome.NEW], staff_id)
    changed = [p for p in planned if p.outcome == Outcome.CHANGES]
    subscribers |= _change(changed)
    acted = [p for p in planned if p.outcome in (Outcome.NEW, Outcome.CHANGES)]
    _record_consents(acted, subscribers, upload, staff_id)
    consenting = [subscribers[p.row.address] for p in acted if p.gives]
    if consenting:
        ensure_lasting_links(*consenting)
    SubscriberEvent.objects.bulk_create(
        SubscriberEvent(
            data_subject_id=subscribers[p.row.address].data_subject_id,
            action=SubscriberEvent.Action.IMPORTED,
            channel=Channel.IMPORT,
            fields=_fields_of(p),
            staff_id=staff_id,
        )
        for p in acted
    )
    return planned


def _fields_of(planned: Planned) -> list[str]:
    if planned.outcome == Outcome.NEW:
        return list(planned.row.details)
    return [change.name for change in planned.changes]


def _bring_in(new: list[Planned], staff_id: int) -> dict[str, Subscriber]:
    """The new people: confirmed by their evidence, else held without consent."""
    subjects = _subjects_for([addresses.digest(p.row.address) for p in new])
    subscribers = [_subscriber(p, subjects, staff_id) for p in new]
    Subscriber.objects.bulk_create(subscribers)
    return {subscriber.address: subscriber for subscriber in subscribers}


def _subscriber(
    planned: Planned, subjects: dict[bytes, uuid.UUID], staff_id: int
) -> Subscriber:
    row = planned.row
    digest = addresses.digest(row.address)
    proof = row.evidence if planned.gives else None
    status = Subscriber.Status.CONFIRMED if proof else Subscriber.Status.PENDING
    return Subscriber(
        data_subject_id=subjects[digest],
        address=row.address,
        address_digest=digest,
        status=status,
        source=Subscriber.Source.IMPORT,
        entered_by_id=staff_id,
        notice_given=proof.source if proof else "",
        confirmed_at=proof.consented_at if proof else None,
        **row.details,
    )


def _subjects_for(digests: list[bytes]) -> dict[bytes, uuid.UUID]:
    """As data_subjects.subject_step, for many in one statement; sorted, so that two
    imports at once wait for each other instead of deadlocking."""
    if not digests:
        return {}
    digests = sorted(digests)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO data_subjects_datasubject AS known
                (id, address_digest, created_at)
            SELECT *, now() FROM unnest(%s::uuid[], %s::bytea[])
            ON CONFLICT (address_digest) DO UPDATE SET created_at = known.created_at
            RETURNING address_digest, id
            """,
            [[uuid.uuid4() for _ in digests], digests],
        )
        return {bytes(digest): subject for digest, subject in cursor.fetchall()}


def _change(changed: list[Planned]) -> dict[str, Subscriber]:
    subscribers = {}
    for planned in changed:
        person = cast(Subscriber, planned.known)
        for change in planned.changes:
            setattr(person, change.name, planned.row.details[change.name])
        if planned.gives and planned.row.evidence:
            person.status = Subscriber.Status.CONFIRMED
            person.confirmed_at = (
                person.confirmed_at or planned.row.evidence.consented_at
            )
        subscribers[person.address] = person
    fields = [*DETAIL_FIELDS, "status", "confirmed_at"]
    Subscriber.objects.bulk_update(subscribers.values(), fields)
    return subscribers


def _record_consents(
    acted: list[Planned],
    subscribers: dict[str, Subscriber],
    upload: SubscriberImport,
    staff_id: int,
) -> None:
    decisions = []
    for planned in acted:
        evidence = planned.row.evidence
        if not planned.gives or evidence is None:
            continue
        subject = subscribers[planned.row.address].data_subject_id
        how = ledger.Circumstances(
            channel=Channel.IMPORT,
            wordings=dict.fromkeys(planned.gives, evidence.wording),
            staff_id=staff_id,
            evidence={
                "consented at": evidence.consented_at.isoformat(),
                "where and how": evidence.source,
                "file (SHA-256)": bytes(upload.digest).hex(),
                "line": str(planned.row.line),
            },
        )
        decisions.append(
            ledger.Decision(subject, planned.gives, how, key=f"import-{subject}")
        )
    if decisions:
        ledger.record_given_in_bulk(decisions)


def shown_until(upload: SubscriberImport) -> datetime:
    return upload.uploaded_at + period("import-file")
