"""What allows a use of one person's data (Art. 6): as the register has it, but that a
consent is named only where it stands."""

import uuid

from consent.ledger import standing_purposes
from processing_register.register import BASES, CONSENT, Purpose

NO_CONSENT = "your consent, which we do not have now: nothing is done for it"


def agreed_by(subject_id: uuid.UUID) -> frozenset[str]:
    """Keys of the purposes for which this person's consent stands."""
    return frozenset(standing_purposes(subject_id))


def in_words(purpose: Purpose, agreed: frozenset[str]) -> list[str]:
    """Each basis of this purpose, for somebody who agreed to these."""
    return [
        NO_CONSENT
        if basis.key == CONSENT and purpose.key not in agreed
        else BASES[basis.key]
        for basis in purpose.lawful_bases
    ]
