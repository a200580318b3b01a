"""The key that signs the ledgers' seals; it never enters the database."""

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


@lru_cache(maxsize=4)
def _private_key(encoded: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded))


def sign(digest: bytes) -> bytes:
    return _private_key(settings.LEDGER_KEY).sign(digest)


def signature_holds(digest: bytes, signature: bytes) -> bool:
    try:
        _private_key(settings.LEDGER_KEY).public_key().verify(signature, digest)
    except InvalidSignature:
        return False
    return True


def public_key() -> bytes:
    """The 32 bytes with which anybody can check what the key signed."""
    return _private_key(settings.LEDGER_KEY).public_key().public_bytes_raw()


def public_key_pem() -> str:
    """The same key as openssl and most libraries read it."""
    key = _private_key(settings.LEDGER_KEY).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
