"""Tokens of the links in e-mails: 128 bits, 22 characters, one use each.

Two makes. A derived token is an HMAC under LINK_KEY, so it can be made again for the
next mail and survives for years without being stored; a random token lives until its
expiry. The database keeps only the digest of either: a reader of the database cannot
use a link. 22 characters keep List-Unsubscribe under 76, above which Django's mail
encodes the header and breaks it.
"""

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any

from django.conf import settings
from django.urls import register_converter

TOKEN_BYTES = 16
TOKEN_PATTERN = r"[A-Za-z0-9_-]{22}"  # noqa: S105 — a shape, not a secret


class TokenConverter:
    """A token in a URL, for Django's path()."""

    regex = TOKEN_PATTERN

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TokenConverter, "token")


def derived_token(use: str, *parts: object) -> str:
    message = "\0".join([use, *map(str, parts)]).encode()
    mac = hmac.digest(settings.LINK_KEY.encode(), message, hashlib.sha256)
    return base64.urlsafe_b64encode(mac[:TOKEN_BYTES]).decode().rstrip("=")


def random_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


_IN_ADDRESS = re.compile(rf"(?<=/){TOKEN_PATTERN}(?![A-Za-z0-9_-])")


def without_tokens(text: str) -> str:
    """The text with the token of each link in it taken out: what is given away opens
    nothing."""
    return _IN_ADDRESS.sub("…", text)


def without_tokens_within(value: Any) -> Any:
    """The same of every text in what JSON can hold."""
    if isinstance(value, dict):
        return {key: without_tokens_within(held) for key, held in value.items()}
    if isinstance(value, list):
        return [without_tokens_within(held) for held in value]
    return without_tokens(value) if isinstance(value, str) else value


def token_digest(use: str, token: str) -> bytes:
    """What is stored and looked up; the use is part of it, so that a token of one
    kind of link is unknown to every other."""
    return hashlib.sha256(f"{use}\0{token}".encode()).digest()
