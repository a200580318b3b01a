"""One choice about cookies as it was posted, on our own pages or on another site.

All of it is held against what we offer before anything is decided. What is not whole,
contradicts itself or goes beyond the question is refused, and nothing is recorded.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError

from consent import cookies
from consent.models import CookieMethod
from groundwork.clock import today_here
from processing_register.models import NoticeVersion

# A choice is a few words; what is longer was not written by a page of ours.
BODY_LIMIT = 2048  # bytes
CATEGORIES = "categories"
# How long a process goes by what it read of sites and wordings, in seconds.
REMEMBERED = 5


class Refused(Exception):
    """Nothing was recorded; status and words are for whoever sent it."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(frozen=True)
class Posted:
    """What came in, in the right shape; whether it makes sense is not known yet.

    allowed: None when single categories were not spoken of. declined: those that got
    an express no.
    """

    method: str
    banner: str
    content_hash: str
    allowed: Sequence[str] | None
    declined: Sequence[str] = ()


@dataclass(frozen=True)
class PostedChoice:
    """A choice that holds: today's items, a wording we showed, categories we offer."""

    method: CookieMethod
    categories: frozenset[str]
    banner: str
    content_hash: str


# --- The body ---


def body_of(request: HttpRequest) -> bytes:
    """All of the body. Raises Refused when it is too long, or broke off on the way."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise Refused(400, "Content-Length is a number")
    if int(length) > BODY_LIMIT:
        raise Refused(413, f"A choice has at most {BODY_LIMIT} bytes")
    try:
        body = request.body
    except (RawPostDataException, UnreadablePostError) as error:
        raise Refused(400, "We could not read that") from error
    if len(body) != int(length):
        raise Refused(400, "Only a part of it arrived")
    return body


def json_of(
    body: bytes, *, needs: frozenset[str], may: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """An object with all that it needs, perhaps what it may have, and nothing else:
    categories are a list of texts, all the rest is text. Raises Refused."""
    try:
        sent = json.loads(body, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "That is not JSON") from error
    if not isinstance(sent, dict) or not needs <= set(sent) <= needs | may:
        names = ", ".join(sorted(needs | may))
        raise Refused(400, f"A choice is an object of {names} and nothing else")
    if not all(_has_its_type(name, value) for name, value in sent.items()):
        raise Refused(400, "Categories are a list of texts, all the rest is text")
    return sent


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ in which of two values they take; so neither is taken."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused(400, "Something was said twice")
    return found


def _has_its_type(name: str, value: Any) -> bool:
    if name != CATEGORIES:
        return isinstance(value, str)
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


# --- What it says ---


def checked(posted: Posted, *, place: str) -> PostedChoice:
    """The choice, when it is one that we offer in this place today. Raises Refused."""
    if posted.content_hash != cookies.content_hash(place):
        raise Refused(409, "What we ask about has changed since that page was opened")
    if not _was_shown(posted.banner):
        raise Refused(400, "We never showed that wording")
    offered = frozenset(cookies.offered(place))
    named = [*(posted.allowed or ()), *posted.declined]
    if not offered.issuperset(named):
        raise Refused(400, "We do not know that category")
    if len(set(named)) != len(named):
        raise Refused(400, "Something was said twice")
    method = _method(posted.method)
    return PostedChoice(
        method=method,
        categories=_categories(method, posted, offered),
        banner=posted.banner,
        content_hash=posted.content_hash,
    )


def _method(pressed: str) -> CookieMethod:
    try:
        return CookieMethod(pressed)
    except ValueError:
        raise Refused(400, "Choose accept, reject, or by category") from None


def _categories(
    method: CookieMethod, posted: Posted, offered: frozenset[str]
) -> frozenset[str]:
    """What is allowed from now on; a method that cannot lead there is refused."""
    fixed = {CookieMethod.ACCEPT: offered, CookieMethod.REJECT: frozenset[str]()}
    meant = fixed.get(method)
    said = meant if posted.allowed is None else frozenset(posted.allowed)
    if said is None:
        raise Refused(400, "Say which categories you allow")
    takes_nothing_back = method == CookieMethod.WITHDRAW and said == offered
    if meant not in (None, said) or takes_nothing_back:
        raise Refused(400, "The method does not fit the categories")
    return said


# --- Which wordings were shown ---


def _was_shown(reference: str) -> bool:
    """An older wording counts too: a page stays open, and the record names the words
    that were read. Looking for one that never was costs a query every few seconds."""
    if reference not in _shown:
        _shown.update(_shown_until(moment()))
    return reference in _shown


# References of wordings that have been in force; what was shown stays so.
_shown = set[str]()


def moment() -> int:
    """The same number for a few seconds."""
    return int(time.monotonic()) // REMEMBERED


@lru_cache(maxsize=1)
def _shown_until(moment: int) -> frozenset[str]:
    banners = NoticeVersion.objects.effective(today_here()).filter(
        notice=NoticeVersion.Notice.COOKIE_BANNER
    )
    return frozenset(banner.reference for banner in banners.only("notice", "number"))


def forget() -> None:
    """Look up anew which wordings were shown."""
    _shown.clear()
    _shown_until.cache_clear()
