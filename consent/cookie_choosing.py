"""One choice about cookies, from what was posted to what is recorded."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from consent import cookies
from consent.cookies import Choice
from consent.models import CookieMethod
from groundwork import rate_limits
from groundwork.requests import network_of
from processing_register.models import NoticeVersion

# A choice is a few words; what is longer was not written by our form.
BODY_LIMIT = 2048
# The fields of a form that allow a category: allow-analytics, “yes” or “no”.
ALLOW = "allow-"


class Refused(Exception):
    """Nothing was recorded; status and words are for whoever sent it."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


@dataclass(frozen=True)
class Wish:
    """What was posted, once it is known to make sense. back: a path of this site."""

    method: CookieMethod
    categories: frozenset[str]
    banner: str
    back: str = "/"


def read(request: HttpRequest) -> Wish:
    """Raises Refused for whatever is not a choice that we offer."""
    if _length(request) > BODY_LIMIT:
        raise Refused(413, "That is far more than a choice about cookies")
    try:
        sent = _json(request) if is_json(request) else _form(request)
    except (RawPostDataException, UnreadablePostError, SuspiciousOperation) as error:
        raise Refused(400, "We could not read that") from error
    return Wish(
        method=_method(sent.get("choice")),
        categories=_categories(sent),
        banner=_banner(sent.get("banner")),
        back=_back(request, sent.get("next")),
    )


def is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "That is not JSON") from error
    if not isinstance(sent, dict):
        raise Refused(400, "That is not a choice: send an object")
    return sent


def _form(request: HttpRequest) -> dict[str, Any]:
    sent: dict[str, Any] = dict(request.POST.items())
    answers = {
        name.removeprefix(ALLOW): value
        for name, value in sent.items()
        if name.startswith(ALLOW)
    }
    if not set(answers.values()) <= {"yes", "no"}:
        raise Refused(400, "Answer yes or no for each category")
    unknown = set(answers) - set(cookies.offered())
    if unknown:
        raise Refused(400, "We do not know that category")
    if answers or "categories" in sent:
        yes = [key for key, value in answers.items() if value == "yes"]
        sent["categories"] = [*yes, *request.POST.getlist("categories")]
    return sent


def _method(pressed: Any) -> CookieMethod:
    if pressed not in (CookieMethod.ACCEPT, CookieMethod.REJECT, CookieMethod.CHOOSE):
        raise Refused(400, "Choose accept, reject, or by category")
    return CookieMethod(pressed)


def _categories(sent: dict[str, Any]) -> frozenset[str]:
    everything = frozenset(cookies.offered())
    if sent["choice"] == CookieMethod.ACCEPT:
        return everything
    if sent["choice"] == CookieMethod.REJECT:
        return frozenset()
    named = sent.get("categories")
    if not isinstance(named, list):
        raise Refused(400, "Say which categories you allow")
    if not all(isinstance(key, str) and key in everything for key in named):
        raise Refused(400, "We do not know that category")
    return frozenset(named)


def _banner(reference: Any) -> str:
    if not isinstance(reference, str) or not _is_published(reference):
        raise Refused(400, "We never showed that wording")
    return reference


def _is_published(reference: str) -> bool:
    if reference in _published:
        return True
    notice, _, number = reference.partition("/")
    if notice != "cookie-banner" or not number.isascii() or not number.isdigit():
        return False
    if len(number) > 6 or not _find(notice, int(number)):
        return False
    _published.add(f"cookie-banner/{int(number)}")
    return reference in _published


# References of wordings known to be published: they stay so, and each is looked up once.
_published = set[str]()


def _find(notice: str, number: int) -> bool:
    found: bool = NoticeVersion.objects.filter(
        notice=notice, number=number, published_at__isnull=False
    ).exists()
    return found


def _back(request: HttpRequest, path: Any) -> str:
    """The page to go back to: a path of this site, else the first page."""
    if not isinstance(path, str) or not path.startswith("/"):
        return "/"
    is_ours = url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours and path.isprintable() else "/"


# --- From a wish to a record ---


def choose(request: HttpRequest, wish: Wish) -> Choice:
    """Record the wish and return the choice that counts from now on.

    The same wish again from the same browser changes nothing and records nothing.
    Raises Refused when one network sends choices faster than people make them.
    """
    before = cookies.choice_of(request)
    if _is_what_stands(before, wish):
        return before
    if not rate_limits.cookie_choice_allowed(network_of(request)):
        raise Refused(
            429, "Too many choices came from your network. Try again in an hour"
        )
    method = cookies.method_of(before.categories, wish.categories, wish.method)
    now = timezone.now().replace(microsecond=0)
    receipt = cookies.record_choice(
        wish.categories,
        method=method,
        banner=wish.banner,
        content_hash=cookies.content_hash(),
        receipt=before.receipt,
        made_at=now,
    )
    return Choice(
        categories=wish.categories,
        method=method,
        made_at=now,
        receipt=receipt,
        in_spite=cookies.sends_refusal(request),
    )


def _is_what_stands(before: Choice, wish: Wish) -> bool:
    return (
        before.is_answered
        and not before.by_signal
        and before.categories == wish.categories
    )
