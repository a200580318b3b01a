"""Taking over what a person brings from another controller, in a case about completing
their data (UK GDPR Art. 16, 20): shown line by line, decided by somebody of ours, and then
carried out at once or not at all.

It changes data by the corrections of the case and in no other way; of somebody of whom we
hold nothing it makes a record that came from elsewhere, whose person is told (Art. 14).
Consent was given to others and not to us (Recital 32): none comes of a file, and nobody is
signed up by one. An address counts once its own mailbox has confirmed it, so none comes
out of a file either.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from data_subjects import contacts
from data_subjects.contacts import Found
from data_subjects.models import ContactKind, DataSubject
from groundwork import addresses
from groundwork.rectifying import STATEMENT, correctors
from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, closing, vault
from rights_requests.fulfilment import corrections, portable_file, rectifying
from rights_requests.fulfilment.corrections import FROM_OTHERS, Standing
from rights_requests.fulfilment.portable_file import FilePlace, PortableFile
from rights_requests.fulfilment.portable_words import title_of, titles_of
from rights_requests.models import Case, CaseDocument, Event

SIGN_UP, NEW = "sign-up", "new"
SOURCE = "other-controller"  # of the register
SIGN_UP_FIELDS = ("first_name", "last_name", "employer", "job_title", "telephone")
CONTACT_FIELDS = ("name", "employer", "job_title", "telephone")
ENDING = ".json"

CONSENT_STAYS = (
    "Consent was given to them and not to us: whoever wants our e-mails signs up here."
)
ADDRESS_STAYS = (
    "An address counts once its own mailbox has confirmed it: correct it by hand."
)
NO_PLACE = "We keep nothing of this kind from elsewhere."
NO_FIELD = "We have no field for it."
FILLED_HERE = "It says how things stand with them. Here we fill this ourselves."
STATEMENT_STAYS = (
    "It was said about what the other organisation holds. What is to stand beside ours "
    "the person says to us."
)
STANDS_HERE = "It stands here already."
OTHER_ADDRESS = "It belongs to another address than the person’s."
NO_ADDRESS = "It names no address, so nothing shows whose it is."
SECOND = "The file has it twice for the same address: the first one is looked at."
NOT_THEIRS = (
    "The file names no address by which we know this person, so nothing shows that it is "
    "theirs. Nothing of it is taken over."
)
CHANGED = (
    "The file, or what we hold, is not as it was when you looked: look at it once more. "
    "Nothing was changed."
)


@dataclass(frozen=True)
class Line:
    """One datum that can be taken over. key: names it on the form."""

    key: str
    title: str
    stands: str
    given: str


@dataclass(frozen=True)
class LeftOut:
    """What the file has and is not taken over, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Preview:
    """What would become of a file. address: the one by which the file is the person's.
    is_new: nothing is held yet of the person, so that a record from elsewhere would be
    made."""

    file: PortableFile
    digest: str
    address: str
    is_new: bool
    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]


# --- Looking ---


def why_not(case: Case, document: CaseDocument) -> str:
    """What stands against taking something over from this document; empty when nothing
    does."""
    if why := corrections.why_not_propose(case):
        return why
    is_brought = document.purpose == CaseDocument.Purpose.EVIDENCE
    if not is_brought or not document.name.lower().endswith(ENDING):
        return (
            "Only a file that belongs to the request, with a name that ends in .json."
        )
    return "The file is gone." if document.removed_at is not None else ""


def preview(case: Case, document: CaseDocument) -> Preview:
    """Changes nothing. Raises NotAllowed, NotPortable for a file that is wrong, and
    VaultError for one that cannot be had."""
    refuse(why_not(case, document))
    if document.size > portable_file.MOST_BYTES:
        raise portable_file.NotPortable(
            "The file has more than 2 MB: nothing was read."
        )
    raw = b"".join(vault.read(document.vault_name))
    file = portable_file.read(raw, texts={SIGN_UP: ("address", *SIGN_UP_FIELDS)})
    theirs = _addresses_of(case, file)
    if not theirs:
        raise NotAllowed(NOT_THEIRS)
    subject_id = case.submission.data_subject_id
    held = _held(subject_id)
    given, left_out = _given(file, theirs)
    place = next(iter(held.values())).place if held else NEW
    lines = []
    for field, value in _as_kept_in(place, given).items():
        found = _line(place, field, value, held)
        if isinstance(found, Line):
            lines.append(found)
        else:
            left_out.append(found)
    return Preview(
        file=file,
        digest=bytes(document.content_digest).hex(),
        address=min(theirs),
        is_new=not held,
        lines=tuple(lines),
        left_out=tuple(left_out),
    )


def _addresses_of(case: Case, file: PortableFile) -> set[str]:
    """Those in the file by which we know this very person, normalised."""
    subject = DataSubject.objects.get(pk=case.submission.data_subject_id)
    if subject.address_digest is None:
        return set()
    known = bytes(subject.address_digest)
    return {
        one for one in map(_normal, file.addresses) if one and _digest(one) == known
    }


def _digest(address: str) -> bytes:
    return addresses.digest(address)


def _normal(text: object) -> str:
    try:
        return addresses.normalise(str(text))
    except ValidationError:
        return ""


def _held(subject_id: uuid.UUID) -> Mapping[str, Standing]:
    """What can be corrected, by its field: of the sign-up, or of what others told us."""
    for place in (SIGN_UP, FROM_OTHERS):
        found = corrections.data_of(subject_id, place=place)
        if found:
            return {one.field: one for one in found}
    return {}


def _given(
    file: PortableFile, theirs: Collection[str]
) -> tuple[dict[str, str], list[LeftOut]]:
    """What the sign-up in the file says of the person, and what else the file has."""
    given: dict[str, str] = {}
    left_out: list[LeftOut] = []
    for place in file.places:
        if place.holding != SIGN_UP:
            is_consent = place.holding.startswith("consent")
            why = CONSENT_STAYS if is_consent else NO_PLACE
            left_out.append(LeftOut(place.title, why))
            continue
        left_out += _read_sign_up(place, theirs, given)
    return given, left_out


def _read_sign_up(
    place: FilePlace, theirs: Collection[str], given: dict[str, str]
) -> Iterator[LeftOut]:
    """Fills given with the first record of the person's; says what of it stays."""
    for record in place.records:
        address = record.get("address")
        if _normal(address) not in theirs:
            yield LeftOut(place.title, OTHER_ADDRESS if address else NO_ADDRESS)
            continue
        if given:
            yield LeftOut(place.title, SECOND)
            continue
        for name, value in record.items():
            if name in SIGN_UP_FIELDS:
                given.update({name: value.strip()} if value and value.strip() else {})
            elif value not in (None, "", [], {}):
                what = f"{place.title}: {title_of(SIGN_UP, name)}"
                yield LeftOut(what, _why_it_stays(name))


def _why_it_stays(name: str) -> str:
    """Of a field of the sign-up that is never taken over."""
    if name == "address":
        return ADDRESS_STAYS
    if name == STATEMENT:
        return STATEMENT_STAYS
    return FILLED_HERE if name in titles_of(SIGN_UP) else NO_FIELD


def _as_kept_in(place: str, given: Mapping[str, str]) -> dict[str, str]:
    """By the fields of the place; of somebody who did not sign up the name is one."""
    if place == SIGN_UP:
        return dict(given)
    names = [given.get("first_name", ""), given.get("last_name", "")]
    whole = {**given, "name": " ".join(filter(None, names))}
    return {name: whole[name] for name in CONTACT_FIELDS if whole.get(name)}


def _line(
    place: str, field: str, value: str, held: Mapping[str, Standing]
) -> Line | LeftOut:
    corrector = correctors()[FROM_OTHERS if place == NEW else place]
    title = corrector.fields[field]
    standing = held.get(field)
    stands = standing.value if standing else ""
    try:
        cleaned = corrector.cleaned(field, value)
    except NotAllowed as refusal:
        return LeftOut(f"{title}: {value}", str(refusal))
    if cleaned == stands:
        return LeftOut(title, STANDS_HERE)
    key = standing.key if standing else f"{NEW}//{field}"
    return Line(key, title, stands, cleaned)


# --- Deciding ---


@dataclass(frozen=True)
class Chosen:
    """keys: of the lines that somebody decided to take over. digest: of the file that
    they looked at. kind: what the person is to us, where nothing is held yet."""

    keys: frozenset[str]
    digest: str
    kind: str = ""


@transaction.atomic
def take_over(
    document_id: uuid.UUID, chosen: Chosen, *, staff_id: int, now: datetime
) -> int:
    """Carry out what was chosen, all of it or nothing; returns how many lines. Raises
    what preview raises, and NotAllowed for what is not as it was looked at, and while
    nobody has shown that the person wants it."""
    case, document = _locked(document_id)
    seen = preview(case, document)
    lines = [line for line in seen.lines if line.key in chosen.keys]
    if seen.digest != chosen.digest or len(lines) != len(chosen.keys):
        raise NotAllowed(CHANGED)
    refuse(
        "" if lines else "Choose what is taken over.",
        closing.why_not_act(case),
    )
    if seen.is_new:
        _enter(seen, document, lines, chosen.kind, staff_id=staff_id)
    for line in () if seen.is_new else lines:
        shown = rectifying.Shown(evidence_of(seen), document.pk)
        row = rectifying.propose(
            case.pk, line.key, line.given, staff_id=staff_id, now=now
        )
        rectifying.verify(row.pk, shown, staff_id=staff_id, now=now)
        rectifying.apply(row.pk, staff_id=staff_id, now=now)
    inputs = {
        "document": str(document.pk),
        "digest": seen.digest,
        "fields": sorted(line.key.rpartition("/")[2] for line in lines),
        "is_new": seen.is_new,
    }
    casebook.note(case, Event.IMPORTED, staff_id=staff_id, inputs=inputs)
    return len(lines)


def evidence_of(seen: Preview) -> str:
    """Where it came from, as it stands beside what was taken over."""
    return (
        f"Another controller’s export, at the person’s wish: {seen.file.controller}, made "
        f"{timezone.localtime(seen.file.made_at):%-d %B %Y}. SHA-256 {seen.digest}"
    )


def _enter(
    seen: Preview,
    document: CaseDocument,
    lines: list[Line],
    kind: str,
    *,
    staff_id: int,
) -> None:
    """A record of somebody of whom we held nothing; the clock of Article 14 begins with
    the day on which we had the file, whoever brought it."""
    given = {line.key.rpartition("/")[2]: line.given for line in lines}
    if "name" not in given:
        raise NotAllowed("Choose the name as well: nobody is kept without one.")
    if kind not in ContactKind.values:
        raise NotAllowed("Say what the person is to us.")
    found = Found(
        kind=kind,
        name=given.pop("name"),
        source=SOURCE,
        evidence=evidence_of(seen),
        obtained_on=timezone.localdate(document.added_at),
        address=seen.address,
        details=given,
    )
    contacts.enter(found, staff_id=staff_id)


def _locked(document_id: uuid.UUID) -> tuple[Case, CaseDocument]:
    """People come before their cases. Raises DoesNotExist."""
    case_id = CaseDocument.objects.values_list("case_id", flat=True).get(pk=document_id)
    case = casebook.locked_with_person(case_id)
    return case, case.documents.get(pk=document_id)
