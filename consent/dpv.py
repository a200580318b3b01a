"""Terms of the Data Privacy Vocabulary (DPV 2.3) for the values that this house keeps.

Every value that the code knows stands here, with None where the vocabulary has no term
that says the same: a near term would say something that is not so. Purposes and
categories bring their own term along, from the register.
"""

from collections.abc import Sequence

from consent.models import Action, CookieMethod
from processing_register.register import DataCategory, Purpose

DPV = "https://w3id.org/dpv#"
PERSONAL_DATA = "https://w3id.org/dpv/pd#"
UK = "https://w3id.org/dpv/legal/gb#"

STATES: dict[str, str | None] = {
    Action.REQUESTED: f"{DPV}ConsentRequested",
    # The vocabulary knows consent that ran out, not a question that nobody answered.
    Action.EXPIRED: None,
    Action.GIVEN: f"{DPV}ConsentGiven",
    Action.WITHDRAWN: f"{DPV}ConsentWithdrawn",
    Action.LAPSED: f"{DPV}ConsentExpired",
}
COOKIE_STATES: dict[str, str | None] = {
    CookieMethod.ACCEPT: f"{DPV}ConsentGiven",
    CookieMethod.REJECT: f"{DPV}ConsentRefused",
    # By what was allowed: see cookie_state.
    CookieMethod.CHOOSE: None,
    CookieMethod.WITHDRAW: f"{DPV}ConsentWithdrawn",
}
BASES: dict[str, str | None] = {
    "consent": f"{DPV}Consent",
    "contract": f"{DPV}ContractPerformance",
    "legal-obligation": f"{DPV}LegalObligation",
    "legitimate-interests": f"{DPV}LegitimateInterestOfController",
}
# The law that a consent is given under: the UK GDPR.
LAW = f"{UK}law-GDPR"

# What the names in a receipt mean, for programs that read JSON-LD.
CONTEXT = {
    "dpv": DPV,
    "purpose_term": {"@id": "dpv:hasPurpose", "@type": "@id"},
    "lawful_basis_term": {"@id": "dpv:hasLegalBasis", "@type": "@id"},
    "pii_type_term": {"@id": "dpv:hasPersonalData", "@type": "@id"},
    "event_state_term": {"@id": "dpv:hasConsentStatus", "@type": "@id"},
    "law": {"@id": "dpv:hasApplicableLaw", "@type": "@id"},
}


def cookie_state(method: str, categories: Sequence[str]) -> str | None:
    """The state of the consent that a choice leaves behind: whoever chose by category
    has given it for what they allowed, and refused it when that is nothing."""
    if method == CookieMethod.CHOOSE:
        method = CookieMethod.ACCEPT if categories else CookieMethod.REJECT
    return COOKIE_STATES[method]


def purpose_term(purpose: Purpose) -> str | None:
    return f"{DPV}{purpose.dpv}" if purpose.dpv else None


def category_term(category: DataCategory) -> str | None:
    return f"{PERSONAL_DATA}{category.dpv}" if category.dpv else None
