"""The key by which systems outside know our requests; it never enters the database."""

import base64
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from groundwork.outside_calls import target_uri


@lru_cache(maxsize=4)
def _private_key(encoded: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded))


def is_there() -> bool:
    """Without it no system outside is asked by machine."""
    return bool(settings.CONNECTOR_KEY)


def public_key_pem() -> str:
    """What a system outside checks our requests with."""
    key = _private_key(settings.CONNECTOR_KEY).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def key_id() -> str:
    """How a signature names the key."""
    return hashlib.sha256(public_key_pem().encode()).hexdigest()[:16]


def signed(
    method: str,
    url: str,
    body: bytes,
    *,
    created: int,
    covering: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """The headers that sign a request: HTTP Message Signatures (RFC 9421, section 2.5)
    with Ed25519 over method, address and the digest of the body (RFC 9530). covering:
    further headers of the request that are signed as well, in lower case."""
    digest = f"sha-256=:{_base64(hashlib.sha256(body).digest())}:"
    parts = {
        "@method": method,
        "@target-uri": target_uri(url),
        "content-digest": digest,
        **covering,
    }
    named = " ".join(f'"{name}"' for name in parts)
    what = f'({named});created={created};keyid="{key_id()}";alg="ed25519"'
    lines = [f'"{name}": {value}' for name, value in parts.items()]
    base = "\n".join([*lines, f'"@signature-params": {what}'])
    signature = _private_key(settings.CONNECTOR_KEY).sign(base.encode())
    return {
        "Content-Digest": digest,
        "Signature-Input": f"casedesk={what}",
        "Signature": f"casedesk=:{_base64(signature)}:",
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
