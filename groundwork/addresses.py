"""E-mail addresses: which ones we take, how two are the same, how one is shown."""

import hashlib
import hmac
import unicodedata

import idna
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

MAX_LENGTH = 254  # RFC 5321 leaves 254 octets for an address in an envelope
MAX_LOCAL_LENGTH = 64  # RFC 5321, 4.5.3.1.1
ADVICE = "Enter an e-mail address in the correct format, like name@example.com"
NOT_ASCII = (
    "We cannot write to addresses with such letters before the @ yet. "
    "Enter an e-mail address like name@example.com"
)
# Django's own would also take name@localhost.
_validate = EmailValidator(allowlist=[])


def normalise(text: str) -> str:
    """Return the one spelling under which an address is kept and compared.

    NFC, lower case, the domain in its ASCII (IDNA 2008) form; dots and +tags stay,
    since to most providers they are different mailboxes. Raises ValidationError, with
    a message for the person who typed it, for anything that is not a plain address.
    """
    address = unicodedata.normalize("NFC", text.strip())
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or len(address) > 1000:
        raise ValidationError(ADVICE, code="address")
    if not local.isascii():
        raise ValidationError(NOT_ASCII, code="address")
    if local.startswith('"') or not domain[0].isalnum():
        raise ValidationError(ADVICE, code="address")
    address = f"{local.lower()}@{_ascii_domain(domain)}"
    if len(address) > MAX_LENGTH or len(local) > MAX_LOCAL_LENGTH:
        raise ValidationError(ADVICE, code="address")
    try:
        _validate(address)
    except ValidationError as error:
        raise ValidationError(ADVICE, code="address") from error
    return address


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain.lower(), uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise ValidationError(ADVICE, code="address") from error


def digest(normalised: str) -> bytes:
    """The keyed digest by which an address is found, 32 bytes.

    The key lies outside the database: a plain hash of an address can be guessed.
    """
    key = settings.ADDRESS_KEY.encode()
    return hmac.digest(key, b"address\0" + normalised.encode(), hashlib.sha256)


def mask(address: str) -> str:
    """Enough for its owner to recognise and for nobody else: a•••@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
