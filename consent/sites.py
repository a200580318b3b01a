"""The controller's other sites that carry the banner: registering them, hearing them.

A choice made there comes from that site's origin and with no cookie of ours, and is
recorded as one made here is. What is not exactly right is refused, and nothing is kept.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from consent import cookies, embed, posted_choice
from consent.models import ConsentSite, CookieMethod
from consent.posted_choice import Posted, PostedChoice, Refused

NEEDED = frozenset({"categories", "method", "banner", "hash", "receipt"})
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


class NotAnOrigin(ValueError):
    """The text is no origin that a site of ours may have; its message says why."""


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
    """A choice that holds, and the receipt that this browser has from before; empty
    when it has none."""

    choice: PostedChoice
    receipt: str


def origins_of(key: str) -> frozenset[str] | None:
    """From where choices of this site come; None when there is no such site."""
    return _open_sites(posted_choice.moment()).get(key)


def read_choice(body: bytes) -> SentChoice:
    """What the script sent; raises Refused."""
    sent = posted_choice.json_of(body, needs=NEEDED)
    posted = Posted(
        method=sent["method"],
        banner=sent["banner"],
        content_hash=sent["hash"],
        allowed=sent["categories"],
    )
    choice = posted_choice.checked(posted, place=embed.PLACE)
    if sent["receipt"] and not cookies.may_be_held(sent["receipt"]):
        raise Refused(400, "That is no number of a receipt of ours")
    return SentChoice(choice, sent["receipt"])


def record(sent: SentChoice, *, site: str) -> str:
    """Record it and return the number of the visitor's receipt."""
    recorded = cookies.record_choice(
        sent.choice.categories,
        method=_pressed(sent.choice),
        banner=sent.choice.banner,
        content_hash=sent.choice.content_hash,
        site=site,
        receipt=sent.receipt,
    )
    return recorded.receipt


def _pressed(choice: PostedChoice) -> CookieMethod:
    """What was pressed. That a yes is taken back is what the browser says; it counts
    when the record has that yes, and there it is seen by itself."""
    if choice.method != CookieMethod.WITHDRAW:
        return choice.method
    return CookieMethod.CHOOSE if choice.categories else CookieMethod.REJECT


# --- What a process remembers for a few seconds, so that a choice needs one statement ---


def forget() -> None:
    """Read sites and wordings anew."""
    _open_sites.cache_clear()
    posted_choice.forget()


@lru_cache(maxsize=1)
def _open_sites(moment: int) -> dict[str, frozenset[str]]:
    sites = ConsentSite.objects.filter(is_enabled=True)
    return {site.key: frozenset(site.origins) for site in sites}
