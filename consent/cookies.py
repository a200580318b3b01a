"""What a visitor chose about cookies: kept by their browser, recorded under a number.

The choice cookie is all that the pages go by. It holds the number of the receipt, what
was allowed, when, and a digest of what was asked about, signed so that nothing but our
own answer counts. The ledger and the receipt keep a digest of that number, and neither
a network address nor anything about the browser.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from consent import receipt_numbers
from consent.models import CookieMethod, CookieReceipt
from groundwork.links import TOKEN_PATTERN, token_digest
from processing_register.register import StoredItem, the_register

ESSENTIAL = "essential"
ANALYTICS = "analytics"
OUR_SITE = "site"
# The order in which the categories are shown.
CATEGORIES = (ESSENTIAL, ANALYTICS)
# For a yes and for a no alike: half a year (26 weeks), and never sooner.
ASKED_AGAIN_AFTER = timedelta(days=182)
HASH_LENGTH = 16


# --- What is asked about ---


def categories(where: str) -> tuple[str, ...]:
    """What a choice is offered about in this place, the essential first.

    On our own pages a category is there when the register holds an item of it. Other
    sites bring items of their own, so there the choice is about every category.
    """
    if where != OUR_SITE:
        return CATEGORIES
    held = {item.category for item in _items(where)} | {ESSENTIAL}
    return tuple(key for key in CATEGORIES if key in held)


def offered(where: str = OUR_SITE) -> tuple[str, ...]:
    """The categories that need a yes; none of them, and nobody is asked."""
    return tuple(key for key in categories(where) if key != ESSENTIAL)


def content_hash(where: str = OUR_SITE) -> str:
    """A digest of what consent is asked for: categories, items, purposes, receivers.

    It stays the same when only words change. When it differs, earlier choices were
    about something else, and everybody is asked again.
    """
    asked = tuple(item for item in _items(where) if item.category != ESSENTIAL)
    purposes = the_register().purposes
    receivers = tuple(
        (key, *sorted(purposes[key].recipients))
        for key in sorted({item.purpose for item in asked})
        if key in purposes
    )
    host = settings.ANALYTICS_HOST if where == OUR_SITE else ""
    return _digest(offered(where), asked, receivers, host)


@lru_cache(maxsize=8)
def _digest(
    keys: tuple[str, ...],
    items: tuple[StoredItem, ...],
    receivers: tuple[tuple[str, ...], ...],
    host: str,
) -> str:
    facts = sorted(
        [item.name, item.kind, item.category, item.set_by, item.purpose, item.life]
        for item in items
    )
    content = json.dumps([sorted(keys), facts, receivers, host])
    return hashlib.sha256(content.encode()).hexdigest()[:HASH_LENGTH]


def _items(where: str) -> Iterable[StoredItem]:
    return [item for item in the_register().items.values() if item.where == where]


def names_to_clear(allowed: Iterable[str]) -> list[str]:
    """What must not stay in the browser when only these categories are allowed.

    A name may end in “*”, for items that carry a number of their own.
    """
    return sorted({item.name for item in _unwanted(allowed)})


def cookies_to_clear(allowed: Iterable[str], *, seen: Iterable[str]) -> list[str]:
    """The cookies that must not stay, each by its own name: those that the browser has
    sent, and those that it may keep for another folder and so has not."""
    unwanted = _unwanted(allowed)
    sent = [name for name in seen if any(_is_called(name, i.name) for i in unwanted)]
    elsewhere = [item.name for item in unwanted if item.kind == "cookie"]
    return sorted({*sent, *(name for name in elsewhere if not name.endswith("*"))})


def _unwanted(allowed: Iterable[str]) -> list[StoredItem]:
    kept = {ESSENTIAL, *allowed}
    return [item for item in _items(OUR_SITE) if item.category not in kept]


def _is_called(name: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return name.startswith(pattern[:-1])
    return name == pattern


# --- A choice ---


class NothingChosen(LookupError):
    """There is no moment of a choice, because none was made."""

    silent_variable_failure = True  # a template shows nothing in its place


@dataclass(frozen=True)
class Choice:
    """What one visitor allows, as this request tells it.

    made_at: when they chose; None while nothing was chosen that still counts.
    by_signal: the browser says no for them (Global Privacy Control).
    in_spite: they chose while it was saying so, which makes the choice count.
    """

    categories: frozenset[str] = frozenset()
    method: str = ""
    made_at: datetime | None = None
    receipt: str = ""
    by_signal: bool = False
    in_spite: bool = False

    @property
    def is_answered(self) -> bool:
        return self.made_at is not None

    @property
    def is_open(self) -> bool:
        """True when nobody has answered: neither the visitor nor their browser."""
        return not (self.is_answered or self.by_signal)

    @property
    def asked_again_at(self) -> datetime:
        """Raises NothingChosen before a choice was made."""
        return self.moment + ASKED_AGAIN_AFTER

    @property
    def moment(self) -> datetime:
        if self.made_at is None:
            raise NothingChosen
        return self.made_at

    def allows(self, category: str) -> bool:
        return category == ESSENTIAL or category in self.categories


def choice_of(request: HttpRequest) -> Choice:
    """The choice that counts for this request, read once."""
    known: Choice | None = getattr(request, "_cookie_choice", None)
    if known is None:
        known = _choice_of(request)
        request._cookie_choice = known  # type: ignore[attr-defined]
    return known


def _choice_of(request: HttpRequest) -> Choice:
    made = read_cookie(request.COOKIES.get(cookie_name(), ""), now=timezone.now())
    choice = made or Choice()
    if choice.in_spite or not sends_refusal(request):
        return choice
    return replace(choice, categories=frozenset(), by_signal=True)


def sends_refusal(request: HttpRequest) -> bool:
    """Global Privacy Control: a header Sec-GPC of exactly “1”, among several at least
    one. The server joins several with commas; an empty part was no header of its own.
    """
    values = re.split(", ?", request.META.get("HTTP_SEC_GPC", ""))
    return "1" in values and "" not in values


def method_of(before: frozenset[str], now: frozenset[str], pressed: str) -> str:
    """What the visitor did: whoever allows less than before takes something back."""
    return CookieMethod.WITHDRAW if before - now else CookieMethod(pressed)


# --- The cookie ---


def cookie_name() -> str:
    return "__Host-cookie_choice" if settings.HTTPS else "cookie_choice"


def names_here() -> dict[str, str]:
    """The register's name of each cookie that is called otherwise in this house: over
    https it has a prefix that ties it to this host."""
    names = {
        "cookie_choice": cookie_name(),
        "session": settings.SESSION_COOKIE_NAME,
        "csrf": settings.CSRF_COOKIE_NAME,
    }
    return {name: here for name, here in names.items() if here != name}


def read_cookie(text: str, *, now: datetime) -> Choice | None:
    """The choice that a cookie of ours holds; None when it does not count any more.

    It ends after 182 days, and when something else is asked about than then.
    """
    try:
        receipt, seconds, asked, method, keys = _signer().unsign(text).split(".")
    except (signing.BadSignature, ValueError):
        return None
    made_at = datetime.fromtimestamp(int(seconds), UTC)
    if asked != content_hash() or now >= made_at + ASKED_AGAIN_AFTER:
        return None
    return Choice(
        categories=frozenset(key for key in keys.strip("~").split("+") if key),
        method=method,
        made_at=made_at,
        receipt=receipt,
        in_spite=keys.endswith("~"),
    )


def cookie_text(choice: Choice) -> str:
    """The cookie of a choice that was made; “~” marks one made in spite of a signal."""
    keys = "+".join(sorted(choice.categories)) + ("~" if choice.in_spite else "")
    seconds = str(int(choice.moment.timestamp()))
    parts = [choice.receipt, seconds, content_hash(), choice.method, keys]
    return _signer().sign(".".join(parts))


def keep(response: HttpResponse, choice: Choice) -> None:
    """Put the choice into the browser, until it is time to ask again."""
    left = choice.asked_again_at - timezone.now()
    response.set_cookie(
        cookie_name(),
        cookie_text(choice),
        max_age=ceil(left.total_seconds()),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _signer() -> signing.Signer:
    return signing.Signer(salt="cookie-choice")


# --- The record ---

# Each is one statement and one commit: the evidence as it stands, and what happened.
# Whoever allows less than before takes something back, whichever button it was.
FIRST = """
WITH receipt AS (
    INSERT INTO consent_cookiereceipt
        (method, categories, banner, site, made_at, asked_again_at, digest)
    VALUES (%s, %s::varchar[], %s, %s, %s, %s, %s)
    RETURNING *
)
"""
AGAIN = """
WITH receipt AS (
    UPDATE consent_cookiereceipt AS known SET
        method = CASE WHEN known.categories <@ sent.categories THEN sent.method
            ELSE 'withdraw' END,
        categories = sent.categories, banner = sent.banner,
        made_at = sent.made_at, asked_again_at = sent.asked_again_at
    FROM (VALUES (%s, %s::varchar[], %s, %s, %s::timestamptz, %s::timestamptz, %s::bytea))
        AS sent (method, categories, banner, site, made_at, asked_again_at, digest)
    WHERE known.digest = sent.digest AND known.site = sent.site
    RETURNING known.*
)
"""
ENTRY = """
INSERT INTO consent_cookiechoice
    (receipt_digest, method, categories, banner, site, content_hash)
SELECT digest, method, categories, banner, site, %s FROM receipt
RETURNING method
"""


@dataclass(frozen=True)
class Recorded:
    """The number of the receipt, and what the visitor did as the ledger has it."""

    receipt: str
    method: str


def record_choice(
    chosen: frozenset[str],
    *,
    method: str,
    banner: str,
    content_hash: str,
    site: str = "",
    receipt: str = "",
    made_at: datetime | None = None,
) -> Recorded:
    """Record a choice, under the receipt that this browser has from before.

    Only the browser learns the number. It goes on while its record is there: the
    evidence then holds the later choice, the ledger both. Where the visitor has deleted
    the record, or it has run out, a new number begins, so that nothing of what was
    deleted comes back.
    """
    made_at = made_at or timezone.now()
    until = made_at + ASKED_AGAIN_AFTER
    values = [method, sorted(chosen), banner, site, made_at, until]
    done = _insert(AGAIN, values, receipt, content_hash) if receipt else None
    if done is None:
        receipt = receipt_numbers.new_number()
        done = _insert(FIRST, values, receipt, content_hash)
    return Recorded(receipt, done or method)


def _insert(
    step: str, values: list[Any], receipt: str, content_hash: str
) -> str | None:
    """The method that was recorded; None when there was no record to go on with."""
    with connection.cursor() as cursor:
        cursor.execute(step + ENTRY, [*values, receipt_digest(receipt), content_hash])
        row = cursor.fetchone()
    return row[0] if row else None


def may_be_held(receipt: str) -> bool:
    """True for a number that we gave out. One without today's mark, from before
    LINK_KEY was changed, counts while its record is there."""
    if receipt_numbers.is_ours(receipt):
        return True
    if not re.fullmatch(TOKEN_PATTERN, receipt):
        return False
    return CookieReceipt.objects.filter(pk=receipt_digest(receipt)).exists()


def receipt_digest(receipt: str) -> bytes:
    return token_digest("cookie-receipt", receipt)
