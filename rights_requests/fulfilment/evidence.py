"""What shows how one case was handled, for whoever may ask: a regulator, a court.

One archive, signed with the key of the seals, which lies outside the database: how the
case stands, every entry of its log with the seals that cover them, the counting of its
dates, the letters as they left, where was searched, what was decided and by whom, and
who received the person's data. What the person wrote, their address and their files are
not in it: digests stand in their place (Art. 5(1)(c)). The checker lies inside, and
needs nothing of ours.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.utils import timezone

from data_subjects.models import Disclosure
from groundwork import proof_check
from groundwork.ledger import LedgerSeal, covering_seal
from groundwork.links import without_tokens
from groundwork.proof_check import BUNDLE_CONTEXT, CASE_LOG, CASE_SEALS
from groundwork.seal_keys import sign
from groundwork.zip_stream import Member, Written, zipped
from outbox import outcomes
from processing_register.notices import current_controller
from rights_requests import casebook, clock
from rights_requests.case_timeline import staff_names
from rights_requests.deadline_lines import as_json
from rights_requests.fulfilment import corrections, hints
from rights_requests.letter_frames import QUOTING
from rights_requests.letters import Letter as SentLetter
from rights_requests.models import (
    Case,
    CaseLogEntry,
    ErasurePlan,
    Package,
    Rectification,
    Redaction,
)
from staff.models import AccessRecord

FORMAT = "casedesk evidence 1"
README = """\
How a case was handled
======================

Case {reference} of {controller}
Made {made_at}

case.json         how the case stands
timeline.txt      what happened, in words
deadline.json     how its dates come about, step by step
case-log.jsonl    every entry of its log; the dates are counted from these alone
seals.jsonl       the seals that cover the entries, each signed when it was made
letters/          what was written to the person, word for word as it left, without
                  the keys of its links
letters.json      when each left, and its digest; no file for a letter that repeats
                  what the person wrote
searches.json     where was looked, for what (without addresses and numbers), and why
                  that was enough
decisions.json    what was decided, on which ground, by whom and by whom released
balancings.json   how an objection was weighed against our grounds, and by whom
disclosures.json  who received the person's data from us; empty once the person is
                  deleted and told, since the ledger leads to nobody from then on
recipients.json   who was to be told of what changed (UK GDPR, Article 19), and what came
                  of it
erasures.json     what was deleted, place by place, what is kept and why, and what was
                  found afterwards
corrections.json  what was put right, field by field: who proposed, verified and settled
                  it, and the digest of what showed it; what stood there and what stands
                  there now is left out
documents.json    the files of the case, by kind, size and digest
copies.json       each copy of the person's data: who had it put together, who released
                  it, how much was left out and why, without the words

What the person wrote, their address and their files are not here, and no address or
telephone number in what staff wrote beside the letters. Entries that are newer
than the newest seal have no seal yet: they are at the end of the log.

How to check it
---------------
You need Python 3.10 and the package cryptography. Get the key of the seals from
/.well-known/casedesk-seal-key on the controller's site yourself, and do not rely on a
copy that came with this archive.

    python proof_check.py bundle {name} --key seal-key.pem

It checks the signature of manifest.json, the digest of every file, each seal, and each
entry of the log against its seal, and names the first thing that was altered.
"""


def file_name(case: Case) -> str:
    return f"evidence-{case.reference}.zip"


def bundle(case: Case, *, staff_id: int, now: datetime) -> Iterator[bytes]:
    """The archive of this case, piece by piece. That it was taken out is on record
    before its first byte is made; staff_id: 0 for whoever runs the server."""
    AccessRecord.objects.create(
        staff_id=staff_id,
        action=AccessRecord.Action.EXPORTED,
        data_subject_id=case.submission.data_subject_id,
    )
    return zipped(
        _members(case, now), made_at=timezone.localtime(now), closing=_closing
    )


def _members(case: Case, now: datetime) -> Iterator[Member]:
    entries = casebook.entries_of(case)
    seals = _seals_of(entries)
    readme = README.format(
        reference=case.reference,
        controller=current_controller(),
        made_at=_plain(now),
        name=file_name(case),
    )
    yield _text("README.txt", readme)
    yield _text("proof_check.py", Path(proof_check.__file__).read_text())
    yield _json("case.json", _standing(case))
    yield _text("timeline.txt", _timeline(entries))
    yield _json("deadline.json", _deadline(case, entries, now))
    yield _lines(CASE_LOG, _contents(entries, seals))
    yield _lines(CASE_SEALS, _published(seals))
    yield from _letters(case)
    yield _json("searches.json", _searches(case))
    yield _json("decisions.json", _decisions(case))
    yield _json("balancings.json", _balancings(case))
    yield _json("disclosures.json", _disclosures(case))
    yield _json("recipients.json", _recipients(case))
    yield _json("erasures.json", _erasures(case))
    yield _json("corrections.json", _corrections(case))
    yield _json("documents.json", _documents(case))
    yield _json("copies.json", _copies(case))


def _closing(written: Mapping[str, Written]) -> Iterator[Member]:
    """The manifest, and its signature."""
    files = {path: one.sha256 for path, one in written.items()}
    manifest = json.dumps({"format": FORMAT, "files": files}, indent=2).encode()
    yield Member("manifest.json", [manifest])
    yield Member("manifest.sig", [base64.b64encode(sign(BUNDLE_CONTEXT + manifest))])


# --- The case and its log ---


def _standing(case: Case) -> dict[str, Any]:
    return {
        "reference": case.reference,
        "kind": case.get_kind_display(),
        "law": case.facts.article,
        "channel": case.submission.get_channel_display(),
        "dated_on": _plain(case.submission.dated_on),
        "received_at": _plain(case.received_at),
        "state": case.get_state_display(),
        "acknowledged_at": _plain(case.acknowledged_at),
        "due_on": _plain(case.due_on),
        "closed_at": _plain(case.closed_at),
        "answered_on": _plain(case.answered_on()),
    }


def _timeline(entries: list[CaseLogEntry]) -> str:
    names = staff_names(entry.staff_id for entry in entries)
    return "".join(_line(entry, names) for entry in entries)


def _line(entry: CaseLogEntry, names: Mapping[int, str]) -> str:
    at = f"{timezone.localtime(entry.at):%-d %B %Y, %H:%M}"
    name = names.get(entry.staff_id or 0)
    by = f", by {name}" if name else ""
    due = f"; answer due on {entry.due_on:%-d %B %Y}" if entry.due_on else ""
    return f"{at}  {entry.in_words}{by}{due}\n"


def _deadline(case: Case, entries: list[CaseLogEntry], now: datetime) -> dict[str, Any]:
    """Counted anew from the log, as everywhere."""
    clocks = clock.count(case, clock.story_of(entries), now=now)
    return {
        "as_of": _plain(now),
        "law": as_json(clocks.deadline) if clocks.deadline else None,
        "promise": _plain(clocks.promise.target_on) if clocks.promise else None,
        "next_word_by": _plain(clocks.progress_due_on),
    }


def _seals_of(entries: list[CaseLogEntry]) -> dict[int, LedgerSeal]:
    """id of an entry → the seal that covers it, of those that one does."""
    found: dict[int, LedgerSeal] = {}
    for entry in entries:
        known = next((s for s in found.values() if entry.pk in s.entry_ids), None)
        seal = known or covering_seal(entry)
        if seal is not None:
            found[entry.pk] = seal
    return found


def _contents(
    entries: list[CaseLogEntry], seals: Mapping[int, LedgerSeal]
) -> Iterator[dict[str, Any]]:
    for entry in entries:
        seal = seals.get(entry.pk)
        fields = seal.field_names if seal else entry.sealed_fields()
        yield {
            "seal": seal.number if seal else None,
            "content": entry.content(fields),
        }


def _published(seals: Mapping[int, LedgerSeal]) -> Iterator[dict[str, Any]]:
    once = {seal.number: seal for seal in seals.values()}
    for number in sorted(once):
        yield once[number].published(CaseLogEntry)


# --- What belongs to it ---


def _letters(case: Case) -> Iterator[Member]:
    rows = case.letters.exclude(sent_at=None).order_by("written_at", "pk")
    listed = []
    for number, row in enumerate(
        rows.annotate(mail_state=outcomes.state_by("mail_id")), start=1
    ):
        name = None if row.kind in QUOTING else f"letters/{number:02}-{row.kind}.txt"
        listed.append(
            {
                "file": name,
                "kind": row.kind,
                "version": row.version,
                "by": row.get_by_display(),
                "sent_at": _plain(row.sent_at),
                "posted_on": _plain(row.posted_on),
                "delivery": row.mail_state or "",
                "sha256": bytes(row.digest).hex(),
            }
        )
        if name is not None:
            kept = SentLetter.from_json(row.blocks)
            yield _text(name, without_tokens(f"{kept.subject}\n\n{kept.text}\n"))
    yield _json("letters.json", listed)


def _searches(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "system": row.system,
            "searched_for": hints.without_ways(row.terms),
            "hits": row.hits_count,
            "why": hints.without_ways(row.why),
            "became": row.became,
            "stays_because": hints.without_ways(row.stays_because),
            "on": _plain(row.searched_on),
        }
        for row in case.searches.order_by("pk")
    ]


def _decisions(case: Case) -> list[dict[str, Any]]:
    rows = list(case.decisions.order_by("pk"))
    names = staff_names(
        number for row in rows for number in (row.proposed_by_id, row.released_by_id)
    )
    return [
        {
            "what": row.get_move_display(),
            "ground": row.ground,
            "reasons": hints.without_ways(row.reasons),
            "evidence": hints.without_ways(row.evidence),
            "proposed_by": names.get(row.proposed_by_id, str(row.proposed_by_id)),
            "proposed_at": _plain(row.proposed_at),
            "released_by": names.get(row.released_by_id or 0),
            "released_at": _plain(row.released_at),
            "outcome": row.get_outcome_display(),
            "move": row.move_number,
        }
        for row in rows
    ]


def _balancings(case: Case) -> list[dict[str, Any]]:
    rows = list(case.balancings.order_by("pk"))
    names = staff_names(row.weighed_by_id for row in rows)
    return [
        {
            "uses": row.uses,
            "their_reasons": hints.without_ways(row.their_reasons),
            "our_grounds": hints.without_ways(row.our_grounds),
            "outcome": row.get_outcome_display(),
            "weighed_by": names.get(row.weighed_by_id, str(row.weighed_by_id)),
            "weighed_at": _plain(row.weighed_at),
        }
        for row in rows
    ]


def _disclosures(case: Case) -> list[dict[str, Any]]:
    rows = Disclosure.objects.filter(data_subject_id=case.submission.data_subject_id)
    return [
        {
            "recipient": row.recipient,
            "role": row.get_role_display(),
            "country": row.country_code,
            "kinds_of_data": row.categories,
            "ground": row.get_legal_ground_display(),
            "on": _plain(row.disclosed_on),
        }
        for row in rows.order_by("pk")
    ]


def _recipients(case: Case) -> list[dict[str, Any]]:
    """Without the words of colleagues: who, whether, and when."""
    rows = list(case.tasks.exclude(tells_of="").order_by("pk"))
    names = staff_names(row.done_by_id for row in rows)
    return [
        {
            "recipient": row.recipient,
            "told_of": row.get_tells_of_display(),
            "set_at": _plain(row.set_at),
            "outcome": row.get_outcome_display(),
            "done_at": _plain(row.done_at),
            "done_by": names.get(row.done_by_id or 0),
        }
        for row in rows
    ]


def _erasures(case: Case) -> list[dict[str, Any]]:
    plans = ErasurePlan.objects.filter(decision__case=case).order_by("made_at")
    return [
        {
            "decision": plan.decision_id,
            "state": plan.get_state_display(),
            "why_not_carried_out": plan.get_problem_display(),
            "begun_at": _plain(plan.begun_at),
            "searched_at": _plain(plan.searched_at),
            "searches": plan.searches_count,
            "finished_at": _plain(plan.finished_at),
            "ledgers_cut_off_at": _plain(plan.cut_off_at),
            "places": [
                {
                    "place": line.title,
                    "fate": line.get_fate_display(),
                    "why": line.why,
                    "kept": line.until,
                    "seen": line.seen_count,
                    "erased": line.erased_count,
                    "done_at": _plain(line.done_at),
                }
                for line in plan.places.all()
            ],
            "found_afterwards": [
                {
                    "what": row.what,
                    "place": row.place,
                    "found_at": _plain(row.found_at),
                    "gone_at": _plain(row.gone_at),
                    "ground": row.ground,
                    "kept_until": _plain(row.kept_until),
                    "kept_by": row.kept_by_id,
                    "agreed_by": row.agreed_by_id,
                    "agreed_at": _plain(row.agreed_at),
                }
                for row in plan.residue.all()
            ],
        }
        for plan in plans
    ]


def _corrections(case: Case) -> list[dict[str, Any]]:
    """Without what was wrong and what is right: the field says enough."""
    rows = list(case.rectifications.select_related("document"))
    names = staff_names(
        number
        for row in rows
        for number in (row.proposed_by_id, row.verified_by_id, row.settled_by_id)
    )
    return [
        {
            "what": corrections.title_of(row.place, row.field),
            "state": row.get_state_display(),
            "proposed_by": names.get(row.proposed_by_id, str(row.proposed_by_id))
            if row.proposed_by_id is not None
            else "the person",
            "proposed_at": _plain(row.proposed_at),
            "verified_by": names.get(row.verified_by_id or 0),
            "verified_at": _plain(row.verified_at),
            "shown_by": _shown_by(row),
            "settled_by": names.get(row.settled_by_id or 0),
            "settled_at": _plain(row.settled_at),
        }
        for row in rows
    ]


def _shown_by(row: Rectification) -> dict[str, Any]:
    """The digest of the document that showed it, or that words did."""
    if row.document is None:
        return {"in_words": bool(row.evidence)}
    return {"document_sha256": bytes(row.document.content_digest).hex()}


def _documents(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "purpose": row.get_purpose_display(),
            "media_type": row.media_type,
            "bytes": row.size,
            "sha256": bytes(row.content_digest).hex(),
            "added_at": _plain(row.added_at),
            "released_at": _plain(row.released_at),
            "released_by": row.released_by_id,
            "handed_at": _plain(row.handed_at),
            "removed_at": _plain(row.removed_at),
        }
        for row in case.documents.order_by("added_at", "pk")
    ]


def _copies(case: Case) -> dict[str, Any]:
    copies = list(case.packages.select_related("document").order_by("asked_at"))
    marks = list(case.redactions.order_by("pk"))
    names = staff_names(
        [
            *(copy.asked_by_id for copy in copies),
            *(copy.released_by_id for copy in copies),
            *(copy.sent_back_by_id for copy in copies),
            *(mark.marked_by_id for mark in marks),
            *(mark.lifted_by_id for mark in marks),
        ]
    )
    return {
        "copies": [_copy(copy, names) for copy in copies],
        "left_out": [_mark(mark, names) for mark in marks],
    }


def _copy(copy: Package, names: Mapping[int, str]) -> dict[str, Any]:
    document = copy.document
    return {
        "state": copy.get_state_display(),
        "sha256": bytes(document.content_digest).hex() if document else None,
        "asked_by": names.get(copy.asked_by_id, str(copy.asked_by_id)),
        "built_at": _plain(copy.built_at),
        "left_out": copy.left_out,
        "released_at": _plain(copy.released_at),
        "released_by": names.get(copy.released_by_id or 0),
        "released_by_rule": copy.released_by_rule,
        "sent_back_at": _plain(copy.sent_back_at),
        "sent_back_by": names.get(copy.sent_back_by_id or 0),
        "handed_at": _plain(copy.handed_at),
    }


def _mark(mark: Redaction, names: Mapping[int, str]) -> dict[str, Any]:
    return {
        "extent": mark.get_extent_display(),
        "place": mark.place,
        "field": mark.field,
        "reason": mark.reason,
        "words": mark.words_digest,
        "by": names.get(mark.marked_by_id, str(mark.marked_by_id)),
        "at": _plain(mark.marked_at),
        "put_back_by": names.get(mark.lifted_by_id or 0),
        "put_back_at": _plain(mark.lifted_at),
    }


# --- Writing ---


def _plain(moment: date | datetime | None) -> str | None:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    return moment.isoformat() if moment else None


def _text(path: str, text: str) -> Member:
    return Member(path, [text.encode()])


def _json(path: str, value: Any) -> Member:
    return _text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _lines(path: str, rows: Iterator[dict[str, Any]]) -> Member:
    lines = (f"{json.dumps(row, ensure_ascii=False)}\n".encode() for row in rows)
    return Member(path, lines)
