"""The controller's other sites that carry the banner: registering them, hearing them.

A choice made there comes from that site's origin and with no cookie of ours, and is
recorded as one made here is. What is not exactly right is refused, and nothing is kept.
"""

import json
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from consent import cookies, embed
from consent.models import ConsentSite, CookieMethod
from processing_register.notices import banner_wording

BODY_LIMIT = 2048  # bytes; a choice of every category there is takes a tenth of it
FIELDS = {"categories", "method", "banner", "hash", "receipt"}
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
# How long a process goes by what it read of sites and wording, in seconds.
REMEMBERED = 5


class NotAnOrigin(ValueError):
    """The text is no origin that a site of ours may have; its message says why."""


class Refused(Exception):
    """What was sent cannot be recorded; status is the HTTP answer that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


# --- Registering ---


def clean_origin(text: str) -> str:
    """The origin as browsers send it: lower case, no path, no default port.

    Raises NotAnOrigin; http is allowed for this very machine only.
    """
    try:
        parts = urlsplit(text.strip())
        host, port = _host(parts), parts.port
    except ValueError:
        raise NotAnOrigin(
            f"“{text}” is not an address like https://example.com"
        ) from None
    if parts.scheme not in ("https", "http") or not host or _says_more(parts):
        raise NotAnOrigin(f"“{text}” is not an address like https://example.com")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise NotAnOrigin(f"“{text}” must begin with https://")
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (
        f":{port}" if port not in (None, usual) else ""
    )


def _host(parts: SplitResult) -> str:
    """The host in the form of the wire (IDNA), empty when it is none."""
    host = (parts.hostname or "").encode("idna").decode()
    if ":" in host:
        return f"[{host}]"
    return host if re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) else ""


def _says_more(parts: SplitResult) -> bool:
    return bool(
        parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    )


def register(site: ConsentSite) -> None:
    """From now on choices from this site are heard."""
    site.save(force_insert=True)
    forget()


def change(site: ConsentSite) -> None:
    """A new name, other origins, switched off or on; its key stays."""
    site.save(
        update_fields=["name", "origins", "is_enabled", "has_google_consent_mode"]
    )
    forget()


# --- Hearing ---


@dataclass(frozen=True)
class SentChoice:
    """A choice that holds: categories of ours, the banner and the items of today."""

    categories: frozenset[str]
    method: CookieMethod
    banner: str
    content_hash: str
    receipt: str


def origins_of(key: str) -> frozenset[str] | None:
    """From where choices of this site come; None when there is no such site."""
    return _open_sites(_moment()).get(key)


def read_choice(body: bytes) -> SentChoice:
    """What the script sent; raises Refused."""
    sent = _fields(body)
    shown = _shown(_moment())
    if sent["hash"] != shown.content_hash:
        raise Refused(409, "What we store has changed since this banner was loaded.")
    if sent["banner"] not in shown.banners:
        raise Refused(400, "There is no such version of the banner.")
    categories = _categories(sent["categories"], shown.offered)
    return SentChoice(
        categories=categories,
        method=_method(sent["method"], categories, shown.offered),
        banner=sent["banner"],
        content_hash=sent["hash"],
        receipt=_receipt(sent["receipt"]),
    )


def record(choice: SentChoice, *, site: str) -> str:
    """Record it and return the number of the visitor's receipt."""
    return cookies.record_choice(
        choice.categories,
        method=choice.method,
        banner=choice.banner,
        content_hash=choice.content_hash,
        site=site,
        receipt=choice.receipt,
    )


def _fields(body: bytes) -> dict[str, Any]:
    if len(body) > BODY_LIMIT:
        raise Refused(413, f"A choice has at most {BODY_LIMIT} bytes.")
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "This is not JSON.") from None
    if not isinstance(sent, dict) or set(sent) != FIELDS:
        raise Refused(400, "A choice has categories, method, banner, hash and receipt.")
    if not all(isinstance(sent[name], str) for name in FIELDS - {"categories"}):
        raise Refused(400, "All of a choice but its categories is text.")
    return sent


def _categories(sent: Any, offered: frozenset[str]) -> frozenset[str]:
    if not isinstance(sent, list) or not all(isinstance(key, str) for key in sent):
        raise Refused(400, "Categories are a list of texts.")
    if not offered.issuperset(sent):
        raise Refused(400, "There is a category that is not ours.")
    return frozenset(sent)


def _receipt(sent: str) -> str:
    """The receipt that this browser has from before; empty when it has none."""
    if sent and not cookies.RECEIPT.fullmatch(sent):
        raise Refused(400, "This is no number of a receipt.")
    return sent


def _method(
    sent: str, categories: frozenset[str], offered: frozenset[str]
) -> CookieMethod:
    """How it was chosen; one that cannot lead to these categories is refused."""
    possible = {
        CookieMethod.ACCEPT: categories == offered,
        CookieMethod.REJECT: not categories,
        CookieMethod.CHOOSE: True,
        CookieMethod.WITHDRAW: categories != offered,
    }
    if sent not in possible or not possible[CookieMethod(sent)]:
        raise Refused(400, "The method does not fit the categories.")
    return CookieMethod(sent)


# --- What a process remembers for a few seconds, so that a choice needs one statement ---


@dataclass(frozen=True)
class _Shown:
    banners: frozenset[str]
    content_hash: str
    offered: frozenset[str]


def forget() -> None:
    """Read sites and wording anew."""
    _open_sites.cache_clear()
    _shown.cache_clear()


def _moment() -> int:
    return int(time.monotonic()) // REMEMBERED


@lru_cache(maxsize=1)
def _open_sites(moment: int) -> dict[str, frozenset[str]]:
    sites = ConsentSite.objects.filter(is_enabled=True)
    return {site.key: frozenset(site.origins) for site in sites}


@lru_cache(maxsize=1)
def _shown(moment: int) -> _Shown:
    """What a banner may say that is on a page now. An older wording may be: a page
    stays open, and the record names the words that were read."""
    notice, _, number = banner_wording().reference.partition("/")
    return _Shown(
        banners=frozenset(f"{notice}/{n}" for n in range(1, int(number) + 1)),
        content_hash=cookies.content_hash(embed.PLACE),
        offered=frozenset(cookies.offered(embed.PLACE)),
    )
