"""The receipt of a cookie choice, for whoever holds its number: one browser."""

import uuid
from typing import Any

from django.utils import timezone

from consent import dpv
from consent.cookies import ASKED_AGAIN_AFTER, ESSENTIAL, OUR_SITE, receipt_digest
from consent.models import CookieChoice
from consent.receipts import (
    SCHEMA_VERSION,
    Receipt,
    absolute,
    described,
    enabled_recipients,
    named_notice,
    parties,
    proof_of,
    utc,
)
from processing_register.models import NoticeVersion
from processing_register.notices import current_controller
from processing_register.register import the_register

# So that one number always leads to the same record.
RECORDS = uuid.UUID("7c1b3a0e-52c3-4b0e-9d0e-2f6a41f0c9d5")


def cookie_receipt(number: str) -> Receipt | None:
    """Every choice made under this number; None when there is none.

    The receipt names the number's digest and not the number, which opens the record.
    """
    found = CookieChoice.objects.filter(receipt_digest=receipt_digest(number))
    choices = list(found.order_by("pk"))
    if not choices:
        return None
    digest = bytes(choices[-1].receipt_digest).hex()
    return Receipt(
        header={
            "schema_version": SCHEMA_VERSION,
            "schema": absolute("receipts:schema"),
            "record_id": str(uuid.uuid5(RECORDS, digest)),
            "receipt_id": f"{digest}/{choices[-1].pk}",
            "pii_principal_id": digest,
            "issued_at": utc(timezone.now()),
        },
        processing=_processing(choices[-1]),
        parties=_parties(),
        events=[_event(choice) for choice in choices],
        proof=proof_of(choices),
    )


def purposes_asked_about(where: str = OUR_SITE) -> list[str]:
    """The purposes behind everything that needs a yes; analytics where none is held."""
    items = the_register().items.values()
    asked = {i.purpose for i in items if i.where == where and i.category != ESSENTIAL}
    return sorted(asked) or ["analytics"]


def _processing(choice: CookieChoice) -> dict[str, Any]:
    notice, _, number = choice.banner.partition("/")
    banner = NoticeVersion.objects.published().filter(notice=notice, number=number)
    versions = list(banner)
    wording = [
        {"text": version.body, "sha256": bytes(version.digest).hex()}
        for version in versions
    ]
    return {
        "privacy_notices": [named_notice(v, was_shown=True) for v in versions],
        "language": versions[0].language if versions else "en-GB",
        "purposes": [
            described(
                key,
                withdrawal=["the cookie choice in the footer of each page"],
                method=choice.get_method_display(),
                wording=wording[0] if wording else None,
            )
            for key in purposes_asked_about()
        ],
    }


def _parties() -> list[dict[str, Any]]:
    recipients = {
        recipient.key: recipient
        for key in purposes_asked_about()
        for recipient in enabled_recipients(key)
    }
    return parties(current_controller(), recipients.values())


def _event(choice: CookieChoice) -> dict[str, Any]:
    return {
        "event_time": utc(choice.at),
        "validity_duration": f"P{ASKED_AGAIN_AFTER.days}D",
        "entity_id": bytes(choice.receipt_digest).hex(),
        "event_type": "expressed",
        "event_state": str(choice.method),
        "event_state_term": dpv.COOKIE_STATES[choice.method],
        "event_method": f"allowed: {', '.join(choice.categories) or 'nothing'}",
    }
