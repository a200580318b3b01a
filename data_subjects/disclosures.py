"""Disclosures: what was given of one person to somebody who gets no data regularly.

Recipients that get data regularly stand in the register; a disclosure is one-off: a
court's order, an insurer's question. A later rectification, erasure or restriction is
passed on to everybody named here (UK GDPR Art. 19).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from data_subjects.models import (
    DataSubject,
    Disclosure,
    DisclosureEvidence,
    UseDespite,
)
from data_subjects.restriction import Allowed, use_despite
from groundwork.refusals import NotAllowed
from processing_register.register import UK_AND_EEA, the_register


@dataclass(frozen=True)
class Given:
    """What was given to whom. reference: where it can be looked up, in words; it may
    name people, so it is kept apart from the ledger and erased after its period."""

    recipient: str
    role: str
    country_code: str
    categories: Sequence[str]
    purpose: str
    legal_ground: str
    disclosed_on: date
    reference: str
    safeguard: str = ""


@transaction.atomic
def record(
    subject_id: uuid.UUID,
    given: Given,
    *,
    staff_id: int,
    today: date,
    allowed: Allowed | None = None,
) -> Disclosure:
    """Put a disclosure on record, for good. Raises NotAllowed when it does not hold
    together, or when the data is restricted and nothing allows it meanwhile."""
    subject = DataSubject.objects.select_for_update(no_key=True).get(pk=subject_id)
    _refuse_unless_sound(given, today)
    use_despite(subject_id, UseDespite.What.DISCLOSURE, allowed, staff_id=staff_id)
    disclosure = Disclosure.objects.create(
        data_subject_id=subject_id,
        recipient=given.recipient.strip(),
        role=given.role,
        country_code=given.country_code,
        safeguard=given.safeguard.strip(),
        categories=sorted(given.categories),
        purpose=given.purpose,
        legal_ground=given.legal_ground,
        disclosed_on=given.disclosed_on,
        staff_id=staff_id,
    )
    DisclosureEvidence.objects.create(
        disclosure_id=disclosure.pk,
        data_subject=subject,
        reference=given.reference.strip(),
        disclosed_on=given.disclosed_on,
    )
    return disclosure


def _refuse_unless_sound(given: Given, today: date) -> None:
    register = the_register()
    if not given.recipient.strip() or "@" in given.recipient:
        raise NotAllowed("Name the organisation that got the data, not a person.")
    if not given.categories or set(given.categories) - set(register.categories):
        raise NotAllowed("Say which kinds of data were given.")
    if given.purpose not in register.purposes:
        raise NotAllowed("Choose a purpose of the register.")
    if given.disclosed_on > today:
        raise NotAllowed("That day is still to come.")
    if given.country_code not in UK_AND_EEA and not given.safeguard.strip():
        raise NotAllowed(
            "Outside the United Kingdom and the EEA a safeguard is needed (Art. 46): "
            "say which one."
        )
    if not given.reference.strip():
        raise NotAllowed("Say where the disclosure can be looked up.")
