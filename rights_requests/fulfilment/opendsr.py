"""What goes to a system outside and comes back, as OpenDSR 2.0 has it. Pure.

Section 4.2: each answer is signed over its bytes, with SHA-256 and the key of the
processor's certificate. Section 8.8: nothing is read of what is not signed.
"""

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

VERSION = "2.0"
DOMAIN_HEADER = "x-opendsr-processor-domain"
SIGNATURE_HEADER = "x-opendsr-signature"
LEAST_RSA_BITS = 2048
# Far more than any status has.
MOST_BYTES = 64 * 1024
MOST_RESULTS = 2_000_000_000


class RequestType(StrEnum):
    ACCESS = "access"
    PORTABILITY = "portability"
    ERASURE = "erasure"


class RequestStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


# A status never goes back, so that an old answer sent again changes nothing.
RANK = {
    "": 0,
    RequestStatus.PENDING: 1,
    RequestStatus.IN_PROGRESS: 2,
    RequestStatus.COMPLETED: 3,
    RequestStatus.CANCELLED: 3,
}


class NotSigned(Exception):
    """It is not signed by whom it names, or with a certificate that does not count."""


class Unreadable(Exception):
    """It is signed, and is not what the specification says."""


# --- What goes out ---


def identity_value(address: str, identity_format: str) -> str:
    """The address in lower case, as it is or as its digest (section 5.2)."""
    plain = address.strip().lower()
    if identity_format == "sha256":
        return hashlib.sha256(plain.encode()).hexdigest()
    return plain


def request_body(
    request_id: uuid.UUID,
    request_type: str,
    *,
    address: str,
    identity_format: str,
    submitted_at: datetime,
    callback_url: str,
) -> bytes:
    """A request (section 7.1). Nothing but the address says who the person is."""
    body = {
        "regulation": "gdpr",
        "subject_request_id": str(request_id),
        "subject_request_type": request_type,
        "submitted_time": _time(submitted_at),
        "subject_identities": [
            {
                "identity_type": "email",
                "identity_value": identity_value(address, identity_format),
                "identity_format": identity_format,
            }
        ],
        "api_version": VERSION,
        "status_callback_urls": [callback_url],
    }
    return json.dumps(body).encode()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- Certificates and signatures ---


def certificate_of(pem: str) -> x509.Certificate:
    """The first certificate of a PEM text. Raises Unreadable."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise Unreadable("no certificate") from error


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def why_not_trust(certificate: x509.Certificate, domain: str, *, now: datetime) -> str:
    """What stands against believing what it signs in this domain; empty when nothing
    does. It has to be valid now, to name the domain, and to have a key of FIPS 186-4."""
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return "Its certificate is not valid today"
    if domain not in _domains(certificate):
        return f"Its certificate does not name {domain}"
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return ""
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_RSA_BITS:
        return ""
    return "Its certificate needs an RSA key of 2048 bits, or one of an elliptic curve"


def _domains(certificate: x509.Certificate) -> set[str]:
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except (x509.ExtensionNotFound, ValueError):
        return set()
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return {
        name.lower() for name in (*names.get_values_for_type(x509.DNSName), *addresses)
    }


def check_signature(
    body: bytes, headers: Mapping[str, str], *, domain: str, pem: str, now: datetime
) -> None:
    """Raises NotSigned unless these very bytes were signed in this domain."""
    named = headers.get(DOMAIN_HEADER, "").strip().lower()
    certificate = certificate_of(pem)
    if named != domain or why_not_trust(certificate, domain, now=now):
        raise NotSigned
    signature = _signature(headers.get(SIGNATURE_HEADER, ""))
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, body, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise NotSigned from error


def _signature(given: str) -> bytes:
    try:
        return base64.b64decode("".join(given.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotSigned from error


# --- What comes back, once its signature held ---


@dataclass(frozen=True)
class Discovery:
    """What a processor says of itself (section 6.3)."""

    types: frozenset[str]
    formats: frozenset[str]
    certificate_url: str


@dataclass(frozen=True)
class Status:
    """How far a request is (section 8.3). callback_url: empty but in a callback."""

    request_id: uuid.UUID
    status: RequestStatus
    expected_at: datetime | None = None
    results_url: str = ""
    results_count: int | None = None
    callback_url: str = ""


def discovery_of(raw: bytes) -> Discovery:
    """Raises Unreadable, also for another version than ours."""
    told = _object(raw)
    if not str(told.get("api_version", "")).startswith("2."):
        raise Unreadable("another version")
    identities = told.get("supported_identities")
    types = told.get("supported_subject_request_types")
    if not isinstance(identities, list) or not isinstance(types, list):
        raise Unreadable("no lists")
    formats = {
        str(one.get("identity_format"))
        for one in identities
        if isinstance(one, dict) and one.get("identity_type") == "email"
    }
    return Discovery(
        types=frozenset(map(str, types)),
        formats=frozenset(formats),
        certificate_url=str(told.get("processor_certificate", "")),
    )


def accepted(raw: bytes, *, request_id: uuid.UUID, sent: bytes) -> datetime | None:
    """By when a request that was accepted will be done (section 7.3). Raises Unreadable,
    also when what it had is not what was sent."""
    told = _object(raw)
    if _uuid(told.get("subject_request_id")) != request_id:
        raise Unreadable("another request")
    encoded = told.get("encoded_request")
    if encoded is not None and _decoded(encoded) != sent:
        raise Unreadable("not what was sent")
    return _moment(told.get("expected_completion_time"))


def cancelled(raw: bytes, *, request_id: uuid.UUID) -> None:
    """What a processor says when it takes a cancellation (section 7.4). Raises
    Unreadable."""
    if _uuid(_object(raw).get("subject_request_id")) != request_id:
        raise Unreadable("another request")


def status_of(raw: bytes) -> Status:
    """Raises Unreadable."""
    told = _object(raw)
    try:
        status = RequestStatus(str(told.get("request_status")))
    except ValueError as error:
        raise Unreadable("no status") from error
    return Status(
        request_id=_uuid(told.get("subject_request_id")),
        status=status,
        expected_at=_moment(told.get("expected_completion_time")),
        results_url=_text(told.get("results_url")),
        results_count=_count(told.get("results_count")),
        callback_url=_text(told.get("status_callback_url")),
    )


def _object(raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreadable("no JSON") from error
    if not isinstance(told, dict):
        raise Unreadable("no object")
    return told


def _uuid(given: Any) -> uuid.UUID:
    try:
        return uuid.UUID(str(given))
    except ValueError as error:
        raise Unreadable("no number of a request") from error


def _moment(given: Any) -> datetime | None:
    """RFC 3339; what is none counts as not told."""
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        return None
    is_usable = moment.tzinfo is not None and 2000 < moment.year < 2200
    return moment if is_usable else None


def _text(given: Any) -> str:
    return given if isinstance(given, str) and "\0" not in given else ""


def _count(given: Any) -> int | None:
    is_number = isinstance(given, int) and not isinstance(given, bool)
    return given if is_number and 0 <= given <= MOST_RESULTS else None


def _decoded(given: Any) -> bytes:
    try:
        return base64.b64decode(str(given), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("not what was sent") from error
