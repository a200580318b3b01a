"""The number of a cookie receipt: whoever has it may read, download and delete the record.

22 characters for 16 bytes. Eleven are random: 88 bits that nobody can guess, even among
millions of receipts. Five are a mark under LINK_KEY: 40 bits that tell our numbers from
made-up ones before one reaches the database, and a slip of the pen from a number that
has been deleted.
"""

import base64
import hashlib
import hmac
import secrets

from django.conf import settings

RANDOM_BYTES = 11
MARK_BYTES = 5


def new_number() -> str:
    return _number(secrets.token_bytes(RANDOM_BYTES))


def is_ours(text: str) -> bool:
    """True when we gave this number out, whether or not there is still a record."""
    try:
        content = base64.b64decode(f"{text}==", altchars=b"-_", validate=True)
    except ValueError:
        return False
    return hmac.compare_digest(_number(content[:RANDOM_BYTES]), text)


def _number(chosen: bytes) -> str:
    return base64.urlsafe_b64encode(chosen + _mark(chosen)).decode().rstrip("=")


def _mark(chosen: bytes) -> bytes:
    message = b"cookie-receipt-number\0" + chosen
    return hmac.digest(settings.LINK_KEY.encode(), message, hashlib.sha256)[:MARK_BYTES]
