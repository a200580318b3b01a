"""What a ledger keeps of words: a keyed digest, which proves them and gives none away.

A plain hash of a short text can be found by trying; the key lies outside the database.
"""

import hashlib
import hmac

from django.conf import settings

# Before a keyed digest; entries from before there was a key have the bare SHA-256.
KEYED = "hmac-sha256:"


def digest_of_words(words: str) -> str:
    key = settings.ADDRESS_KEY.encode()
    return KEYED + hmac.digest(key, b"words\0" + words.encode(), hashlib.sha256).hex()


def are_the_words(words: str, kept: str) -> bool:
    """Whether these are the words of which a ledger keeps this digest."""
    if kept.startswith(KEYED):
        return hmac.compare_digest(digest_of_words(words), kept)
    return hmac.compare_digest(hashlib.sha256(words.encode()).hexdigest(), kept)
