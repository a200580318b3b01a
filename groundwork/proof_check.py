"""Check a consent receipt, an archive of proofs, or the evidence of a case, with nothing
of ours but this file.

It needs Python 3.10 or newer and the package `cryptography`; it opens no connection and
reads no database, so that anybody can hold what the controller says against what the
controller signed. The application itself checks with the same functions.

    python proof_check.py receipt receipt.json --key seal-key.pem seal.json ...
    python proof_check.py proofs proofs.zip --key seal-key.pem
    python proof_check.py bundle evidence.zip --key seal-key.pem
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

MAX_RECEIPT_BYTES = 200_000
MAX_DEPTH = 12
DIGEST_BYTES = 32
# What a signature is over begins with one of these, so that none can stand for another.
RECEIPT_CONTEXT = b"casedesk consent receipt\n"
MANIFEST_CONTEXT = b"casedesk proofs\n"
BUNDLE_CONTEXT = b"casedesk evidence\n"

CONSENTS = "consent.consententry"
# Ledger → where its entries hold the state, and whose consent it is.
LEDGERS = {
    CONSENTS: ("action", "data_subject_id"),
    "consent.cookiechoice": ("method", "receipt_digest"),
}
SECTIONS = ("@context", "header", "processing", "parties", "events", "proof")
# What a seal's digest is over, in this order; then the digests, then the seal before.
SEAL_HEAD = (
    "seal",
    "number",
    "sealed_at",
    "horizon",
    "newest",
    "is_rebased",
    "field_names",
    "entry_ids",
)
KINDS: dict[str, type] = {
    "header": dict,
    "processing": dict,
    "parties": list,
    "events": list,
    "proof": dict,
    "signature": dict,
}
# Every part that ISO/IEC TS 27560 asks for, by where it stands.
MANDATORY = {
    "header": ("schema_version", "record_id", "receipt_id", "pii_principal_id"),
    "processing": ("privacy_notices", "language", "purposes"),
    "processing/privacy_notices": ("reference", "url"),
    "processing/purposes": (
        "purpose",
        "pii_information",
        "pii_controllers",
        "storage_locations",
        "retention_period",
        "jurisdiction",
        "recipient_third_parties",
        "withdrawal_method",
    ),
    "processing/purposes/pii_information": ("pii_type",),
    "parties": (
        "party_id",
        "party_address",
        "party_name",
        "party_contact",
        "party_type",
    ),
    "events": (
        "event_time",
        "validity_duration",
        "entity_id",
        "event_type",
        "event_state",
    ),
}


class Malformed(Exception):
    """This is no receipt, seal or archive of ours; the text says what is wrong."""


# --- Reading ---


def read_json(text: str | bytes) -> dict[str, Any]:
    """An object without duplicate names or numbers that are none. Raises Malformed."""
    try:
        found = json.loads(
            text, object_pairs_hook=_without_doubles, parse_constant=_no_number
        )
        json.dumps(found, ensure_ascii=False).encode()  # half a character is no text
    except (ValueError, RecursionError) as error:
        raise Malformed("This is not JSON that we can read.") from error
    if not isinstance(found, dict):
        raise Malformed("This is JSON, but not an object.")
    return found


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def read_key(text: str) -> bytes:
    """The 32 bytes of an Ed25519 public key, from PEM or base64. Raises Malformed."""
    try:
        if "BEGIN" in text:
            key = load_pem_public_key(text.encode())
            if not isinstance(key, Ed25519PublicKey):
                raise Malformed("This is not an Ed25519 key.")
            return key.public_bytes_raw()
        raw = base64.b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise Malformed("This is not a public key.") from error
    if len(raw) != 32:
        raise Malformed("This is not a public key.")
    return raw


def canonical(value: Any) -> bytes:
    """The one way in which a value is written before it is hashed or signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def signed_by(public_key: bytes, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except InvalidSignature:
        return False
    return True


# --- Entries and seals ---


def entry_digest(ledger: str, content: Mapping[str, Any]) -> bytes:
    """How a ledger digests an entry: its name, then the sealed fields."""
    return hashlib.sha256(f"{ledger}\n".encode() + canonical(dict(content))).digest()


def seal_digest(seal: Mapping[str, Any]) -> bytes:
    """What the signature of a seal is over, worked out from all it says."""
    head = [seal[name] for name in SEAL_HEAD]
    parts = [
        json.dumps(head, separators=(",", ":")).encode(),
        bytes.fromhex("".join(seal["entry_digests"])),
        bytes.fromhex(seal["previous_digest"]),
    ]
    return hashlib.sha256(b"\n".join(parts)).digest()


def _signature(text: str) -> bytes:
    """The bytes of a signature in base64; empty when it is none, or is written in
    another way than the one in which it is made: the last sign has bits that count for
    nothing, and a change of them would not be noticed."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def seal_problem(seal: Mapping[str, Any], public_key: bytes) -> str:
    """Why this seal does not hold; empty when it does."""
    try:
        digest = seal_digest(seal)
        signature = _signature(seal["signature"])
        if len(seal["entry_ids"]) != len(seal["entry_digests"]):
            return "lists another number of entries than of digests"
        if seal["digest"] != digest.hex():
            return "was changed"
    except (KeyError, TypeError, ValueError, AttributeError):
        return "is not written as a seal is"
    if not signed_by(public_key, signature, digest):
        return "was not signed with this key"
    return ""


# --- Receipts ---


def check_receipt(
    receipt: Mapping[str, Any],
    public_key: bytes,
    seals: Mapping[int, Mapping[str, Any]] | None = None,
) -> list[str]:
    """What does not hold, each line led by the place in the receipt; empty: all holds.

    seals: number → seal, as published. Seals that are not handed in are not looked at.
    Raises Malformed when this is no receipt at all.
    """
    problems = list(_shape_problems(receipt))
    if not problems:
        problems = list(_signature_problems(receipt, public_key))
    problems += _changed_values(receipt)
    if problems:
        return problems
    # From here on it is as it was issued; it may still not be what the ledger says.
    return [
        *_entry_problems(receipt),
        *_seal_problems(receipt, public_key, seals or {}),
    ]


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every single value with its place: processing/purposes/0/purpose.

    Raises Malformed when it is nested deeper than any receipt is.
    """
    if depth > MAX_DEPTH:
        raise Malformed("It is nested too deeply to be a receipt of ours.")
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}/{name}" if path else name, depth + 1)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}/{number}", depth + 1)
    else:
        yield path, value


def leaf_digests(receipt: Mapping[str, Any]) -> dict[str, str]:
    """Place → SHA-256 of what stands there, of all but the signature itself."""
    content = {name: part for name, part in receipt.items() if name != "signature"}
    return {
        path: hashlib.sha256(canonical(value)).hexdigest()
        for path, value in leaves(content)
    }


def signed_content(digests: Mapping[str, str]) -> bytes:
    return RECEIPT_CONTEXT + canonical(dict(digests))


def _shape_problems(receipt: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name in (*SECTIONS, "signature") if name not in receipt]
    if missing:
        raise Malformed(f"It lacks {', '.join(missing)}, so it is no receipt of ours.")
    for name, kind in KINDS.items():
        if not isinstance(receipt[name], kind):
            raise Malformed(f"What it has as {name} is not written as it should be.")
    unknown = set(receipt) - {*SECTIONS, "signature"}
    yield from (f"{name} does not belong in a receipt" for name in sorted(unknown))
    for place, names in MANDATORY.items():
        yield from _missing(receipt, place, names)
    yield from _time_problems(receipt)
    yield from _proof_shape(receipt)


def _missing(
    receipt: Mapping[str, Any], place: str, names: Iterable[str]
) -> Iterator[str]:
    found = 0
    for path, part in _parts(receipt, place.split("/")):
        found += 1
        if not isinstance(part, dict):
            yield f"{path} is not written as it should be"
            continue
        for name in names:
            if part.get(name) in (None, "", [], {}):
                yield f"{path}/{name} is missing"
    if not found:
        yield f"{place} is missing"


def _parts(value: Any, names: list[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """What stands at this place, once for each member of the lists on the way."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _parts(inner, names, f"{path}/{number}")
    elif not names:
        yield path, value
    elif isinstance(value, dict) and names[0] in value:
        inner_path = f"{path}/{names[0]}" if path else names[0]
        yield from _parts(value[names[0]], names[1:], inner_path)


def _time_problems(receipt: Mapping[str, Any]) -> Iterator[str]:
    """A time in milliseconds or without a zone says something else to every reader."""
    for path, event in _parts(receipt, ["events"]):
        if isinstance(event, dict) and not is_utc(event.get("event_time")):
            yield f"{path}/event_time is not a time in UTC as ISO 8601 writes it"


def is_utc(text: object) -> bool:
    if not isinstance(text, str):
        return False
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.utcoffset() == timedelta(0)


def _proof_shape(receipt: Mapping[str, Any]) -> Iterator[str]:
    proof, signature = receipt["proof"], receipt["signature"]
    entries = proof.get("entries")
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        yield "proof/entries is not written as it should be"
    elif len(entries) != len(receipt["events"]):
        yield "proof/entries does not match the events"
    if not isinstance(signature.get("digests"), dict):
        yield "signature is not written as it should be"


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or not {"content", "digest", "seal"} <= set(entry):
        return False
    content, seal = entry["content"], entry["seal"]
    is_whole = isinstance(content, dict) and type(content.get("id")) is int
    return is_whole and (
        seal is None or (isinstance(seal, dict) and type(seal.get("number")) is int)
    )


def _signature_problems(receipt: Mapping[str, Any], public_key: bytes) -> Iterator[str]:
    signature = receipt["signature"]
    told = _signature(str(signature.get("value", "")))
    if not signed_by(public_key, told, signed_content(signature["digests"])):
        yield "signature was not made with this key over these digests"
    if receipt["proof"].get("public_key") != base64.b64encode(public_key).decode():
        yield "proof/public_key is another key than the published one"


def _changed_values(receipt: Mapping[str, Any]) -> Iterator[str]:
    """Each single value against the digest that was signed with it."""
    given, found = receipt["signature"].get("digests"), leaf_digests(receipt)
    if not isinstance(given, dict):
        return
    for path in sorted({*given, *found}):
        if path not in found:
            yield f"{path} was removed"
        elif path not in given:
            yield f"{path} was added"
        elif given[path] != found[path]:
            yield f"{path} was changed"


def _entry_problems(receipt: Mapping[str, Any]) -> Iterator[str]:
    """The entries against their digests, and what the receipt says against them."""
    proof = receipt["proof"]
    for number, entry in enumerate(proof["entries"]):
        place = f"proof/entries/{number}"
        digest = entry_digest(str(proof.get("ledger")), entry["content"])
        if entry["digest"] != digest.hex():
            yield f"{place}/content does not have the digest that stands beside it"
        event = receipt["events"][number]
        state, _ = LEDGERS.get(str(proof.get("ledger")), ("", ""))
        for name, own in (("event_time", "at"), ("event_state", state)):
            if not _is_same(name, event[name], entry["content"].get(own)):
                yield f"events/{number}/{name} is not what the ledger says"
    yield from _facts_problems(receipt)


def _is_same(name: str, shown: Any, kept: Any) -> bool:
    if name != "event_time":
        return bool(shown == kept)
    return is_utc(kept) and datetime.fromisoformat(shown) == datetime.fromisoformat(
        kept
    )


def _facts_problems(receipt: Mapping[str, Any]) -> Iterator[str]:
    contents = [entry["content"] for entry in receipt["proof"]["entries"]]
    _, person = LEDGERS.get(str(receipt["proof"].get("ledger")), ("", ""))
    if any(
        content.get(person) != receipt["header"]["pii_principal_id"]
        for content in contents
    ):
        yield "header/pii_principal_id is not what the ledger says"
    if receipt["proof"]["ledger"] == CONSENTS:
        given = [content for content in contents if content.get("action") == "given"]
        if len(given) != 1:
            yield "proof/entries does not hold exactly one consent"
        else:
            yield from _consent_problems(receipt["processing"], given[0])


def _consent_problems(
    processing: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[str]:
    notices = [notice.get("reference") for notice in processing["privacy_notices"]]
    if given.get("notices") and notices != given["notices"]:
        yield "processing/privacy_notices is not what the ledger says"
    for number, purpose in enumerate(processing["purposes"]):
        yield from _wording_problems(f"processing/purposes/{number}", purpose, given)


def _wording_problems(
    place: str, purpose: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[str]:
    if purpose.get("purpose_key") != given.get("purpose"):
        yield f"{place}/purpose_key is not what the ledger says"
    wording, kept = purpose.get("wording"), given.get("wording_id")
    if wording is None and kept is None:
        return
    if not isinstance(wording, dict):
        yield f"{place}/wording is missing"
        return
    text = str(wording.get("text")).encode(errors="surrogatepass")
    if not hashlib.sha256(text).hexdigest() == wording.get("sha256") == kept:
        yield f"{place}/wording is not what the ledger says"


def _seal_problems(
    receipt: Mapping[str, Any],
    public_key: bytes,
    seals: Mapping[int, Mapping[str, Any]],
) -> Iterator[str]:
    for number, entry in enumerate(receipt["proof"]["entries"]):
        named = entry["seal"]
        seal = seals.get(named["number"]) if named else None
        if seal is None:
            continue
        place = f"proof/entries/{number}/seal"
        problem = seal_problem(seal, public_key)
        if problem:
            yield f"{place}: seal {named['number']} {problem}"
        elif seal.get("ledger") != receipt["proof"].get("ledger"):
            yield f"{place}: seal {named['number']} is of another ledger"
        elif (seal["digest"], seal["signature"]) != (
            named.get("digest"),
            named.get("signature"),
        ):
            yield f"{place}: the published seal {named['number']} is another one"
        elif not _is_listed(entry, seal):
            yield f"{place}: seal {named['number']} does not list this entry"


def _is_listed(entry: Mapping[str, Any], seal: Mapping[str, Any]) -> bool:
    listed = dict(zip(seal["entry_ids"], seal["entry_digests"], strict=True))
    return bool(listed.get(entry["content"]["id"]) == entry["digest"])


# --- Archives of proofs ---

ENTRIES = "consent-entries.jsonl"
SEALS = "seals.jsonl"
WORDINGS = "shown-wordings.jsonl"
NOTICES = "notices.jsonl"


def check_proofs(path: Path, public_key: bytes) -> Iterator[str]:
    """What does not hold in an archive, the first altered item first.

    Reads line by line, so that an archive of any size fits. Raises Malformed.
    """
    yield from _in_archive(path, public_key, _proofs_problems)


Inside = Callable[[zipfile.ZipFile, bytes], Iterator[str]]


def _in_archive(path: Path, public_key: bytes, inside: Inside) -> Iterator[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield from inside(archive, public_key)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        raise Malformed("This is not an archive that we can read.") from error


def _manifest_problems(
    archive: zipfile.ZipFile, public_key: bytes, context: bytes, *, end: str
) -> Iterator[str]:
    """The manifest against its signature, and every file against the manifest. end: what
    stands behind the signature in an archive of this kind, and nothing else may."""
    manifest = _manifest(archive)
    signature = _read_small(archive, "manifest.sig")
    content = context + _read_small(archive, "manifest.json")
    text = signature.decode("ascii", "replace")
    made = _signature(text.removesuffix(end)) if text.endswith(end) else b""
    if not made:
        yield "manifest.sig was changed: it is no signature"
    elif not signed_by(public_key, made, content):
        yield "manifest.json or manifest.sig was changed, or not signed with this key"
    names = [name for name in archive.namelist() if not name.startswith("manifest.")]
    if len(names) != len(set(names)):
        yield "a file stands in the archive twice"
    yield from (f"{name} is missing" for name in manifest["files"] if name not in names)
    yield from (f"{name} was added" for name in names if name not in manifest["files"])
    for name in manifest["files"]:
        if name in names:
            yield from _file_problems(archive, manifest, name)


def _proofs_problems(archive: zipfile.ZipFile, public_key: bytes) -> Iterator[str]:
    yield from _manifest_problems(archive, public_key, MANIFEST_CONTEXT, end="\n")
    names = archive.namelist()
    if {ENTRIES, SEALS} <= set(names):
        yield from _chain_problems(archive, public_key)
    for name, text in ((WORDINGS, "text"), (NOTICES, "body")):
        if name in names:
            yield from _text_problems(archive, name, text)


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    for name in ("manifest.json", "manifest.sig"):
        if name not in archive.namelist():
            raise Malformed(f"The archive holds no {name}.")
    try:
        manifest = read_json(_read_small(archive, "manifest.json"))
    except Malformed as error:
        raise Malformed(f"manifest.json was changed. {error}") from error
    if not isinstance(manifest.get("files"), dict):
        raise Malformed("manifest.json was changed. It does not list the files.")
    return manifest


def _read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(MAX_RECEIPT_BYTES)


def _file_problems(
    archive: zipfile.ZipFile, manifest: Mapping[str, Any], name: str
) -> Iterator[str]:
    """Whether a file is as the manifest says; if not, which of its lines is not."""
    digest = hashlib.sha256()
    try:
        with archive.open(name) as file:
            while block := file.read(65_536):
                digest.update(block)
    except zipfile.BadZipFile:
        yield f"{name} is damaged"
        return
    if digest.hexdigest() == manifest["files"][name]:
        return
    yield next(_line_problems(archive, name), f"{name} was changed")


def _line_problems(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """The lines that differ from the digests which the archive holds of each."""
    if line_digests_of(name) not in archive.namelist():
        return
    with archive.open(name) as lines, archive.open(line_digests_of(name)) as digests:
        number = 0
        for number, line in enumerate(lines, 1):
            told = digests.readline().strip().decode("ascii", "replace")
            if not told:
                yield f"{name}, line {number} was added"
            elif told != line_digest(line):
                yield f"{name}, line {number} was changed"
        if digests.readline():
            yield f"{name}, line {number + 1} was removed"


def line_digests_of(name: str) -> str:
    return f"line-digests/{name}.txt"


def line_digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _chain_problems(archive: zipfile.ZipFile, public_key: bytes) -> Iterator[str]:
    """Every seal against the one before it, every entry against its seal."""
    previous = ""
    with archive.open(SEALS) as seals, archive.open(ENTRIES) as entries:
        for number, line in enumerate(seals, 1):
            seal = _line(line, f"{SEALS}, line {number}")
            problem = seal_problem(seal, public_key)
            if not problem and seal["previous_digest"] != previous:
                problem = "does not follow the one before it"
            if problem:
                yield f"{SEALS}, line {number}: seal {seal.get('number')} {problem}"
                return
            previous = str(seal["digest"])
            yield from _covered(seal, entries)
        if entries.readline():
            yield f"{ENTRIES} holds more entries than the seals cover"


def _covered(seal: Mapping[str, Any], entries: Any) -> Iterator[str]:
    for entry_id, digest in zip(seal["entry_ids"], seal["entry_digests"], strict=True):
        line = entries.readline()
        if not line:
            yield f"{ENTRIES}: entry {entry_id} is missing"
            return
        entry = _line(line, f"{ENTRIES}: entry {entry_id}")
        if entry_digest(str(seal["ledger"]), entry).hex() != digest:
            yield f"{ENTRIES}: entry {entry_id} was changed"


def _text_problems(archive: zipfile.ZipFile, name: str, text: str) -> Iterator[str]:
    with archive.open(name) as lines:
        for number, line in enumerate(lines, 1):
            row = _line(line, f"{name}, line {number}")
            found = hashlib.sha256(str(row.get(text)).encode()).hexdigest()
            if found != row.get("sha256"):
                yield f"{name}, line {number}: the text was changed"


def _line(line: bytes, place: str) -> dict[str, Any]:
    try:
        return read_json(line)
    except Malformed as error:
        raise Malformed(f"{place} cannot be read.") from error


# --- The evidence of a case ---

CASE_LOG = "case-log.jsonl"
CASE_SEALS = "seals.jsonl"


def check_bundle(path: Path, public_key: bytes) -> Iterator[str]:
    """What does not hold in the evidence of a case, the first altered item first.

    Raises Malformed.
    """
    yield from _in_archive(path, public_key, _bundle_problems)


def _bundle_problems(archive: zipfile.ZipFile, public_key: bytes) -> Iterator[str]:
    yield from _manifest_problems(archive, public_key, BUNDLE_CONTEXT, end="")
    if not {CASE_LOG, CASE_SEALS} <= set(archive.namelist()):
        return
    seals: dict[Any, dict[str, Any]] = {}
    for place, seal in _rows(archive, CASE_SEALS):
        if problem := seal_problem(seal, public_key):
            yield f"{place}: seal {seal.get('number')} {problem}"
        else:
            seals[seal["number"]] = seal
    for place, entry in _rows(archive, CASE_LOG):
        yield from _sealed_problems(place, entry, seals)


def _rows(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    with archive.open(name) as lines:
        for number, line in enumerate(lines, 1):
            place = f"{name}, line {number}"
            yield place, _line(line, place)


def _sealed_problems(
    place: str, entry: Mapping[str, Any], seals: Mapping[Any, Mapping[str, Any]]
) -> Iterator[str]:
    """An entry against the seal that it names; one without a seal is too new for one."""
    content, number = entry.get("content"), entry.get("seal")
    if number is None:
        return
    seal = seals.get(number)
    if seal is None or not isinstance(content, dict):
        yield f"{place}: seal {number} is missing"
        return
    listed = dict(zip(seal["entry_ids"], seal["entry_digests"], strict=True))
    digest = entry_digest(str(seal["ledger"]), content).hex()
    if listed.get(content.get("id")) != digest:
        yield f"{place}: the entry was changed"


# --- The command line ---


def main(arguments: list[str]) -> int:
    """0: what was checked holds. 1: something does not, and is named. 2: cannot be read."""
    parser = argparse.ArgumentParser(
        description="Check a receipt, proofs or evidence, offline."
    )
    parser.add_argument("kind", choices=["receipt", "proofs", "bundle"])
    parser.add_argument("file", type=Path)
    parser.add_argument("seals", type=Path, nargs="*", help="the seals of a receipt")
    parser.add_argument(
        "--key", type=Path, required=True, help="the published key of the seals"
    )
    told = parser.parse_args(arguments)
    check: Callable[[argparse.Namespace, bytes], tuple[list[str], list[str]]]
    check = _told_receipt if told.kind == "receipt" else _told_archive
    try:
        problems, unchecked = check(told, read_key(told.key.read_text()))
    except (Malformed, OSError, UnicodeDecodeError) as error:
        sys.stdout.write(f"{error}\n")
        return 2
    for problem in problems:
        sys.stdout.write(f"DOES NOT HOLD  {problem}\n")
    for line in unchecked:
        sys.stdout.write(f"NOT CHECKED    {line}\n")
    if not problems:
        whole = "What was checked holds.\n" if unchecked else "Everything holds.\n"
        sys.stdout.write(whole)
    return 1 if problems else 0


def _told_receipt(told: argparse.Namespace, key: bytes) -> tuple[list[str], list[str]]:
    """What does not hold, and what could not be checked with the seals at hand."""
    receipt = read_json(told.file.read_bytes())
    seals = [read_json(path.read_bytes()) for path in told.seals]
    numbered = {seal["number"]: seal for seal in seals if "number" in seal}
    problems = check_receipt(receipt, key, numbered)
    if problems:
        return problems, []
    return [], list(_unchecked(receipt["proof"]["entries"], numbered))


def _unchecked(
    entries: list[dict[str, Any]], seals: dict[Any, dict[str, Any]]
) -> Iterator[str]:
    for entry in entries:
        seal, number = entry["seal"], entry["content"]["id"]
        if seal is None:
            yield f"Entry {number} was not sealed yet."
        elif seal["number"] not in seals:
            yield f"Entry {number} was not held against its seal: {seal.get('url')}"


def _told_archive(told: argparse.Namespace, key: bytes) -> tuple[list[str], list[str]]:
    check = check_proofs if told.kind == "proofs" else check_bundle
    return list(check(told.file, key)), []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
