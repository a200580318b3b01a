"""Consent receipts: what a person agreed to, as a record that anybody can check.

A receipt holds every part that ISO/IEC TS 27560 asks for, the ledger's entries it rests
on with their digests, the seals that cover them, and a signature over all of it. It is
made anew each time from the ledger and the register; none is stored.
"""

import base64
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from consent import dpv
from consent.models import DECIDING, Action, Channel, ConsentEntry, ShownWording
from groundwork.ledger import SEALED_EVERY, LedgerEntry, LedgerSeal, covering_seal
from groundwork.proof_check import leaf_digests, signed_content
from groundwork.seal_keys import public_key, sign
from processing_register.models import Controller, NoticeVersion
from processing_register.notices import current_controller, purpose_title
from processing_register.register import Purpose, Recipient, Register, the_register

SCHEMA_VERSION = "ISO/IEC TS 27560:2023; casedesk 1"
CONTROLLER = "controller"
REGULATOR = "regulator"
NOBODY = "none"
# Where the register lets data be, when no recipient says it more exactly.
ALLOWED_PLACE = "United Kingdom or European Economic Area"
# What stands in the place of a fact that went with a purpose that has left the register.
ON_RECORD = "As the wording and the notices of this receipt say"
# The doors at which somebody other than the person acts.
OTHERS_DOORS = {Channel.STAFF, Channel.IMPORT, Channel.RETENTION}


class NoConsent(LookupError):
    """This entry belongs to no consent: it was asked for and never given."""


@dataclass(frozen=True)
class Receipt:
    """One consent of one person, from its request to its end; pure data."""

    header: dict[str, Any]
    processing: dict[str, Any]
    parties: list[dict[str, Any]]
    events: list[dict[str, Any]]
    proof: dict[str, Any]

    def signed(self) -> dict[str, Any]:
        """The receipt as JSON, with a signature over the digest of each single value,
        so that a checker can name the one that was changed."""
        content = {
            "@context": dpv.CONTEXT,
            "header": self.header,
            "processing": self.processing,
            "parties": self.parties,
            "events": self.events,
            "proof": self.proof,
        }
        digests = leaf_digests(content)
        value = base64.b64encode(sign(signed_content(digests))).decode()
        return {**content, "signature": {"digests": digests, "value": value}}


# --- Which entries make a consent ---


def given_by(subject: uuid.UUID) -> list[ConsentEntry]:
    """The entry that gave each consent of this person, the newest first."""
    found = ConsentEntry.objects.filter(data_subject_id=subject, action=Action.GIVEN)
    return list(found.order_by("-pk"))


def course_of(entry: ConsentEntry) -> list[ConsentEntry]:
    """What happened to the consent that this entry belongs to, in order: asked for,
    given, and withdrawn or lapsed when it was. Raises NoConsent."""
    same = ConsentEntry.objects.select_related("wording").filter(
        data_subject_id=entry.data_subject_id, purpose=entry.purpose
    )
    given = same.filter(action=Action.GIVEN, pk__lte=entry.pk).order_by("-pk").first()
    if given is None:
        raise NoConsent(entry.pk)
    before = same.filter(pk__lt=given.pk).order_by("-pk").first()
    after = same.filter(pk__gt=given.pk, action__in=DECIDING).order_by("pk").first()
    is_asked = before is not None and before.action == Action.REQUESTED
    is_ended = after is not None and after.action != Action.GIVEN
    course = [before if is_asked else None, given, after if is_ended else None]
    return [step for step in course if step is not None]


def receipt_of(entry: ConsentEntry, *, now: datetime | None = None) -> Receipt:
    """The receipt of the consent that this entry belongs to. Raises NoConsent."""
    course = course_of(entry)
    given = next(step for step in course if step.action == Action.GIVEN)
    controller = current_controller()
    return Receipt(
        header=_header(given, now or timezone.now()),
        processing=_processing(given, controller),
        parties=parties(controller, the_register().enabled_recipients(given.purpose)),
        events=[_event(step) for step in course],
        proof=proof_of(course),
    )


# --- Header ---


def receipt_id(given: ConsentEntry) -> str:
    """As the welcome mail gives it."""
    return f"{given.data_subject_id}/{given.pk}"


def _header(given: ConsentEntry, now: datetime) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "schema": absolute("receipts:schema"),
        # One record for all that ever happens between this person and this purpose.
        "record_id": str(uuid.uuid5(given.data_subject_id, given.purpose)),
        "receipt_id": receipt_id(given),
        "pii_principal_id": str(given.data_subject_id),
        "issued_at": utc(now),
    }


# --- Processing ---


def _processing(given: ConsentEntry, controller: Controller) -> dict[str, Any]:
    language = given.wording.language if given.wording else "en-GB"
    return {
        "privacy_notices": _notices(given),
        "language": language,
        "purposes": [
            described(
                given.purpose,
                withdrawal=_withdrawal(controller),
                method=given.channel,
                wording=_wording(given.wording),
            )
        ],
    }


def _notices(given: ConsentEntry) -> list[dict[str, Any]]:
    """The exact versions that were shown. Whoever came in by a list of the controller's
    was shown none of ours: then the notice in force on that day, marked as such."""
    versions = {v.reference: v for v in NoticeVersion.objects.published()}
    shown = [versions[name] for name in given.notices if name in versions]
    if shown:
        return [named_notice(version, was_shown=True) for version in shown]
    in_force = NoticeVersion.objects.in_force(timezone.localdate(given.at)).filter(
        notice="privacy"
    )
    return [named_notice(version, was_shown=False) for version in in_force]


def named_notice(version: NoticeVersion, *, was_shown: bool) -> dict[str, Any]:
    """A version by its reference, its own address and its digest."""
    return {
        "reference": version.reference,
        "title": str(version),
        "url": f"{settings.SITE_URL}{version.get_absolute_url()}",
        "effective_on": version.effective_on.isoformat(),
        "sha256": bytes(version.digest).hex(),
        "was_shown": was_shown,
    }


def described(
    key: str,
    *,
    withdrawal: list[str],
    method: str,
    wording: dict[str, str] | None,
    information: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """A purpose as the register has it today, consented to by this method.

    information: which data, where the kinds of the register would say too much.
    """
    register = the_register()
    recipients = register.enabled_recipients(key)
    purpose = register.purposes.get(key)
    return {
        **(_facts(register, purpose) if purpose else _facts_on_record(key)),
        **({"pii_information": information} if information else {}),
        "purpose_key": key,
        "lawful_basis": "consent",
        "lawful_basis_term": dpv.BASES["consent"],
        "law": dpv.LAW,
        "pii_controllers": [CONTROLLER],
        "storage_locations": sorted({r.country for r in recipients}) or [ALLOWED_PLACE],
        "jurisdiction": "GB",
        "recipient_third_parties": [r.key for r in recipients] or [NOBODY],
        "withdrawal_method": withdrawal,
        "collection_method": method,
        "wording": wording,
    }


def _facts(register: Register, purpose: Purpose) -> dict[str, Any]:
    categories = [register.categories[key] for key in purpose.data_categories]
    return {
        "purpose": purpose.title,
        "purpose_description": purpose.description,
        "purpose_term": dpv.purpose_term(purpose),
        "pii_information": [
            datum(c.title, c.description, term=dpv.category_term(c)) for c in categories
        ],
        "retention_period": retention_of(purpose.retention),
    }


def _facts_on_record(key: str) -> dict[str, Any]:
    """Of a purpose that has left the register: a receipt outlives it."""
    return {
        "purpose": purpose_title(key),
        "purpose_description": f"{ON_RECORD}. Nothing is done for this purpose any more.",
        "purpose_term": None,
        "pii_information": [datum("As published", ON_RECORD)],
        "retention_period": [ON_RECORD],
    }


def datum(title: str, description: str, *, term: str | None = None) -> dict[str, Any]:
    """One kind of data, as a receipt names it."""
    return {"pii_type": title, "pii_description": description, "pii_type_term": term}


def retention_of(rules: Iterable[str]) -> list[str]:
    kept = (the_register().retention[key] for key in rules)
    return [f"{rule.what}: {rule.words}" for rule in kept]


def _withdrawal(controller: Controller) -> list[str]:
    """Every way out, none harder than the way in (UK GDPR, Art. 7(3))."""
    return [
        "the link to stop in each of our e-mails",
        f"your choices at {absolute('subscribers:preferences-ask')}",
        f"an e-mail to {controller.unsubscribe_email}",
        f"a call to {controller.phone_display}",
    ]


def _wording(wording: ShownWording | None) -> dict[str, str] | None:
    if wording is None:
        return None
    return {"text": wording.text, "sha256": bytes(wording.digest).hex()}


# --- Parties ---


def parties(
    controller: Controller, recipients: Iterable[Recipient]
) -> list[dict[str, Any]]:
    return [
        {
            "party_id": CONTROLLER,
            "party_type": "PII controller",
            "party_name": controller.legal_name,
            "party_trading_name": controller.trading_name,
            "party_address": ", ".join(controller.address_lines),
            "party_contact": "The Governance Team",
            "party_email": controller.governance_email,
            "party_phone": controller.phone_e164,
        },
        {
            "party_id": REGULATOR,
            "party_type": "authority",
            "party_name": controller.regulator_name,
            "party_address": controller.regulator_url,
            "party_contact": controller.regulator_phone or controller.regulator_url,
        },
        *(_third_party(recipient) for recipient in recipients),
    ]


def _third_party(recipient: Recipient) -> dict[str, Any]:
    return {
        "party_id": recipient.key,
        "party_type": recipient.role,
        "party_name": recipient.title,
        "party_address": recipient.country,
        "party_contact": "through the controller",
    }


# --- Events ---


def _event(entry: ConsentEntry) -> dict[str, Any]:
    subject = str(entry.data_subject_id)
    return {
        "event_time": utc(entry.at),
        "validity_duration": _validity(entry),
        "entity_id": CONTROLLER if entry.channel in OTHERS_DOORS else subject,
        "event_type": "expressed",
        "event_state": str(entry.action),
        "event_state_term": dpv.STATES[entry.action],
        "event_method": entry.channel,
    }


def _validity(entry: ConsentEntry) -> str:
    """A consent runs out by itself nowhere here: it ends when it is withdrawn."""
    return "until withdrawn" if entry.action == Action.GIVEN else NOBODY


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


# --- Proof ---


def proof_of(course: Sequence[LedgerEntry]) -> dict[str, Any]:
    """The ledger's entries as they were sealed, and how to check them."""
    return {
        "ledger": course[0]._meta.label_lower,
        "algorithm": "SHA-256, Ed25519",
        "public_key": base64.b64encode(public_key()).decode(),
        "public_key_url": absolute("seal-key"),
        "how_to_check": absolute("receipts:check"),
        "entries": [_proved(entry) for entry in course],
    }


def _proved(entry: LedgerEntry) -> dict[str, Any]:
    seal = covering_seal(entry)
    fields = seal.field_names if seal else entry.sealed_fields()
    return {
        "content": entry.content(fields),
        "digest": entry.digest(fields).hex(),
        "seal": _named(seal, entry) if seal else None,
    }


def _named(seal: LedgerSeal, entry: LedgerEntry) -> dict[str, Any]:
    return {
        "number": seal.number,
        "digest": bytes(seal.digest).hex(),
        "signature": base64.b64encode(bytes(seal.signature)).decode(),
        "url": absolute("receipts:seal", str(entry._meta.model_name), seal.number),
    }


def sealed_by(receipt: Receipt) -> datetime | None:
    """When to come back for the seal; None when every entry has one."""
    entries = receipt.proof["entries"]
    open_since = [e["content"]["at"] for e in entries if e["seal"] is None]
    if not open_since:
        return None
    return datetime.fromisoformat(max(open_since)) + SEALED_EVERY


def absolute(name: str, *args: object) -> str:
    return f"{settings.SITE_URL}{reverse(name, args=args)}"
