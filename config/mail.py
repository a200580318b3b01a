"""EMAIL_URL becomes Django's MAILERS: one door for mail, its transport by setting."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TIMEOUT_SECONDS = 20
DEFAULT_PORTS = {"smtp": 25, "submission": 587, "smtps": 465}


def mailers(url: str) -> dict[str, dict[str, Any]]:
    """Read EMAIL_URL.

    smtp://host:port             plain SMTP, for a relay on the same machine or network
    submission://user:pw@host    SMTP with STARTTLS
    smtps://user:pw@host         SMTP over TLS
    anymail+<provider>://        the provider's API through django-anymail; its keys
                                 stand in ANYMAIL
    Raises ValueError for anything else: a typing error must not lose mail.
    """
    parts = urlsplit(url)
    if parts.scheme.startswith("anymail+"):
        provider = parts.scheme.removeprefix("anymail+")
        backend = f"anymail.backends.{provider}.EmailBackend"
        return {
            "default": {"BACKEND": backend, "OPTIONS": dict(parse_qsl(parts.query))}
        }
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(
            "EMAIL_URL must be smtp://, submission://, smtps:// or anymail+"
        )
    return {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {
                "host": parts.hostname,
                "port": parts.port or DEFAULT_PORTS[parts.scheme],
                "username": unquote(parts.username or ""),
                "password": unquote(parts.password or ""),
                "use_tls": parts.scheme == "submission",
                "use_ssl": parts.scheme == "smtps",
                "timeout": TIMEOUT_SECONDS,
            },
        }
    }
