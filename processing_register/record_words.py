"""The standing words of the record of processing."""

from collections.abc import Iterator

from processing_register.register import CONSENT, LEGITIMATE_INTERESTS

NOT_APPLICABLE = "Not applicable"
NOT_ON_RECORD = "Not on record"

ARTICLE_6 = {
    CONSENT: "Art. 6(1)(a), consent",
    "contract": "Art. 6(1)(b), contract",
    "legal-obligation": "Art. 6(1)(c), legal obligation",
    LEGITIMATE_INTERESTS: "Art. 6(1)(f), legitimate interests",
}

# The part of the business that a purpose belongs to, by its DPV term.
BUSINESS_FUNCTIONS = {
    "DirectMarketing": "Marketing",
    "Marketing": "Marketing",
    "RequestedServiceProvision": "Sales and accounts",
    "CommunicationManagement": "Customer relations",
    "CommunicationForCustomerCare": "Customer relations",
    "EnforceSecurity": "IT and security",
    "ServiceUsageAnalytics": "Website",
    "RightsFulfilment": "Governance",
    "LegalCompliance": "Governance",
}
OTHER_FUNCTION = "Administration"

# What this software does itself; what the computers below it do is its host's to say.
SECURITY_HERE = (
    "Staff sign in by name and may do only what each was given",
    "Who opened or took out a person’s record stays on record",
    "Ledgers can be added to, never changed",
    "The database refuses each part of the software what it does not need",
    "Data is removed by nightly purges when its period is over",
)
SECURITY_OUTSIDE = "Outside this system: with the owner of the system that holds it"


def rights_for(bases: frozenset[str], *, is_marketing: bool) -> tuple[str, ...]:
    """What people may ask for, which depends on the lawful bases (Art. 12 to 22)."""
    return tuple(_rights(bases, is_marketing=is_marketing))


def _rights(bases: frozenset[str], *, is_marketing: bool) -> Iterator[str]:
    yield from ("To be informed", "Access", "Rectification")
    yield _erasure(bases)
    yield "Restriction"
    if bases & {CONSENT, "contract"}:
        yield "Portability of what the person gave"
    if LEGITIMATE_INTERESTS in bases:
        yield "Objection"
    if is_marketing:
        yield "Objection to direct marketing, which always ends it"
    if CONSENT in bases:
        yield "Withdrawal of consent at any time"
    yield "Complaint to us and to the regulator"


def _erasure(bases: frozenset[str]) -> str:
    """Art. 17(3)(b)."""
    if "legal-obligation" in bases:
        return "Erasure, except of what a legal duty makes us keep"
    return "Erasure"
