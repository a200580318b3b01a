"""The receipt of a cookie choice, for whoever holds its number: one browser."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from consent import dpv, embed
from consent.cookies import (
    ASKED_AGAIN_AFTER,
    ESSENTIAL,
    OUR_SITE,
    categories,
    offered,
    receipt_digest,
)
from consent.models import ConsentSite, CookieChoice, CookieReceipt
from consent.receipts import (
    SCHEMA_VERSION,
    Receipt,
    absolute,
    datum,
    described,
    named_notice,
    parties,
    proof_of,
    retention_of,
    sealed_by,
    utc,
)
from processing_register.models import NoticeVersion
from processing_register.notices import (
    BannerWording,
    current_controller,
    read_banner,
)
from processing_register.register import the_register

# The key of the purpose for which a choice itself is kept.
PURPOSE = "cookie-choices"
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
        parties=_parties(embed.PLACE if choices[-1].site else OUR_SITE),
        events=[_event(choice) for choice in choices],
        proof=proof_of(choices),
    )


# --- Where it was chosen, and what was asked ---


@dataclass(frozen=True)
class Asked:
    """The question of one choice. site: None on our own pages."""

    site: ConsentSite | None
    place: str
    version: NoticeVersion | None
    wording: BannerWording | None

    @property
    def way_out(self) -> str:
        if self.place == OUR_SITE:
            return "“Cookie choice” in the footer of each page"
        return "“Change your cookie choice” on each page of that site"

    @property
    def lines(self) -> list[str]:
        """Everything that was there to read, with what could be pressed."""
        wording = self.wording
        if wording is None:
            return []
        named = [c for c in wording.categories if c.key in categories(self.place)]
        return [
            wording.heading,
            wording.text,
            f"[{wording.accept}] [{wording.reject}] [{wording.manage}]",
            *(f"{c.title}. {c.description} {c.always}".strip() for c in named),
            f"[{wording.save}]",
        ]

    def title_of(self, category: str) -> str:
        """What a category is called; its key where that version did not name it."""
        named = self.wording.categories if self.wording else ()
        return next((c.title for c in named if c.key == category), category)


def asked(choice: CookieChoice | CookieReceipt) -> Asked:
    """The question that was before the visitor."""
    notice, _, number = choice.banner.partition("/")
    found = NoticeVersion.objects.published().filter(notice=notice, number=number)
    version = found.first()
    return Asked(
        site=ConsentSite.objects.filter(key=choice.site).first(),
        place=embed.PLACE if choice.site else OUR_SITE,
        version=version,
        wording=read_banner(version.reference, version.body) if version else None,
    )


def purposes_asked_about(where: str = OUR_SITE) -> list[str]:
    """The purposes behind everything that needs a yes; analytics where none is held."""
    items = the_register().items.values()
    found = {i.purpose for i in items if i.where == where and i.category != ESSENTIAL}
    return sorted(found) or ["analytics"]


def answers(choice: CookieReceipt) -> list[tuple[str, bool]]:
    """Each category that was asked about, by its title, and whether it was allowed."""
    question = asked(choice)
    keys = dict.fromkeys([*offered(question.place), *choice.categories])
    return [(question.title_of(key), key in choice.categories) for key in keys]


def shown(receipt: Receipt, choice: CookieReceipt) -> dict[str, Any]:
    """What the page of a record says, in the words of its receipt."""
    return {
        "found": choice,
        "question": asked(choice),
        "answers": answers(choice),
        "receipt": receipt,
        "purposes": receipt.processing["purposes"],
        "kept": retention_of(the_register().purposes[PURPOSE].retention),
        "steps": [
            (event, proof, datetime.fromisoformat(event["event_time"]))
            for event, proof in zip(
                receipt.events, receipt.proof["entries"], strict=True
            )
        ],
        "controller_party": receipt.parties[0],
        "recipients": receipt.parties[2:],
        "sealed_by": sealed_by(receipt),
    }


# --- The parts of the receipt ---


def _processing(choice: CookieChoice) -> dict[str, Any]:
    question = asked(choice)
    version, text = question.version, "\n".join(question.lines)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {
        "privacy_notices": [named_notice(version, was_shown=True)] if version else [],
        "language": version.language if version else "en-GB",
        "purposes": [
            described(
                key,
                withdrawal=[question.way_out],
                method=choice.get_method_display(),
                wording={"text": text, "sha256": digest} if text else None,
                information=_information(key),
            )
            for key in purposes_asked_about(question.place)
        ],
    }


def _information(purpose: str) -> list[dict[str, Any]]:
    """What is kept of the choice, and what the purpose learns once it is allowed. The
    register's “technical” would promise a network address, and none is kept."""
    kept = datum(
        "Your choice",
        "When and how you chose, what you allowed and which wording you saw, under a "
        "random number; no name, no network address and no browser",
    )
    register = the_register()
    known = register.purposes.get(purpose)
    keys = [key for key in known.data_categories if key != "technical"] if known else []
    learnt = [register.categories[key] for key in keys]
    return [
        kept,
        *(datum(c.title, c.description, term=dpv.category_term(c)) for c in learnt),
    ]


def _parties(where: str) -> list[dict[str, Any]]:
    register = the_register()
    recipients = {
        recipient.key: recipient
        for key in purposes_asked_about(where)
        for recipient in register.enabled_recipients(key)
    }
    return parties(current_controller(), recipients.values())


def _event(choice: CookieChoice) -> dict[str, Any]:
    return {
        "event_time": utc(choice.at),
        "validity_duration": f"P{ASKED_AGAIN_AFTER.days}D",
        "entity_id": bytes(choice.receipt_digest).hex(),
        "event_type": "expressed",
        "event_state": str(choice.method),
        "event_state_term": dpv.cookie_state(choice.method, choice.categories),
        "event_method": f"allowed: {', '.join(choice.categories) or 'nothing'}",
    }
