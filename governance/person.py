"""The page of one reader: who it is, what stands, and all that happened.

Opening it writes an access record, as opening any page with one person's data does.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from consent.models import Action, ConsentEntry, ConsentEvidence
from data_subjects.models import Disclosure, LegalHold, Restriction
from governance.timeline import by_day, timeline
from outbox.models import SuppressedAddress
from processing_register.models import NoticeVersion, ProcessingPurpose
from processing_register.register import period
from staff.models import StaffUser
from subscribers.entering import waiting_wish
from subscribers.models import Subscriber


@dataclass(frozen=True)
class ConsentNow:
    """One purpose and what was last decided about it; None: never decided."""

    title: str
    entry: ConsentEntry | None
    notices: list[NoticeVersion]
    evidence: dict[str, str]

    @property
    def stands(self) -> bool:
        return self.entry is not None and self.entry.action == Action.GIVEN

    @property
    def wording(self) -> str:
        """The digest by which the words shown can be opened."""
        found = self.entry.wording_id if self.entry else None
        return bytes(found).hex() if found else ""


def gather(person: Subscriber) -> dict[str, Any]:
    """What the page shows, for its template."""
    consents = consents_now(person.data_subject_id)
    suppressed = SuppressedAddress.objects.filter(
        address_digest=bytes(person.address_digest)
    )
    name = f"{person.first_name} {person.last_name}".strip()
    entered_by = StaffUser.objects.filter(pk=person.entered_by_id or 0).first()
    return {
        "person": person,
        "name": name,
        "details": [
            (field.replace("_", " ").capitalize(), value)
            for field, value in person.details.items()
            if value and field not in ("first_name", "last_name")
        ],
        "statement": person.statement,
        "consents": consents,
        "suppressed": suppressed,
        "entered_by": entered_by,
        "wish": waiting_wish(person),
        "bindings": bindings(person.data_subject_id),
        "removed_after": person.created_at + period("unconfirmed-sign-up"),
        "days": by_day(timeline(person.data_subject_id)),
    }


@dataclass(frozen=True)
class Bindings:
    """What binds whoever works with this person's data, the newest first."""

    restrictions: list[Restriction]
    holds: list[LegalHold]
    disclosures: list[Disclosure]


def bindings(subject: uuid.UUID) -> Bindings:
    holds = LegalHold.objects.filter(people__data_subject=subject).order_by("-pk")
    restrictions = Restriction.objects.filter(data_subject=subject).order_by("-pk")
    disclosures = Disclosure.objects.filter(data_subject_id=subject).order_by("-pk")
    return Bindings(list(restrictions), list(holds), list(disclosures))


def consents_now(subject: uuid.UUID) -> list[ConsentNow]:
    entries = {
        entry.purpose: entry
        for entry in ConsentEntry.objects.latest_decisions(subjects=[subject])
    }
    notices = {version.reference: version for version in NoticeVersion.objects.all()}
    evidence = _evidence([entry.pk for entry in entries.values()])
    return [
        ConsentNow(
            title=purpose.title,
            entry=(entry := entries.get(purpose.key)),
            notices=[notices[r] for r in entry.notices if r in notices]
            if entry
            else [],
            evidence=evidence.get(entry.pk, {}) if entry else {},
        )
        for purpose in ProcessingPurpose.objects.offered()
    ]


def _evidence(entry_ids: list[int]) -> dict[int, dict[str, str]]:
    rows = ConsentEvidence.objects.filter(entry_id__in=entry_ids)
    return {row.entry_id: row.details for row in rows}
