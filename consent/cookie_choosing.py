"""A choice about cookies on our own pages, from what was posted to what is recorded."""

from dataclasses import dataclass

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from consent import cookies, posted_choice
from consent.cookies import Choice
from consent.models import CookieMethod
from consent.posted_choice import CATEGORIES, Posted, PostedChoice, Refused
from groundwork import rate_limits
from groundwork.requests import network_of

NEEDED = frozenset({"choice", "banner", "hash"})
# Of the form: the page to go back to, and one field for each category (allow-analytics),
# “yes” or “no”.
NEXT = "next"
ALLOW = "allow-"
# Whether a yes is taken back is not for the visitor to say: we know what stood before.
BUTTONS = (CookieMethod.ACCEPT, CookieMethod.REJECT, CookieMethod.CHOOSE)


@dataclass(frozen=True)
class Wish:
    """What the visitor wants. back: the path of this site to go back to."""

    choice: PostedChoice
    back: str = "/"


def read(request: HttpRequest) -> Wish:
    """Raises Refused for whatever is not a choice that we offer."""
    body = posted_choice.body_of(request)
    if is_json(request):
        posted, back = _of_json(body), "/"
    else:
        fields = _fields(request)
        posted, back = _of_form(fields), _back(fields.get(NEXT, ""))
    if posted.method not in BUTTONS:
        raise Refused(400, "Choose accept, reject, or by category")
    return Wish(posted_choice.checked(posted, place=cookies.OUR_SITE), back)


def is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _of_json(body: bytes) -> Posted:
    sent = posted_choice.json_of(body, needs=NEEDED, may=frozenset({CATEGORIES}))
    return Posted(
        method=sent["choice"],
        banner=sent["banner"],
        content_hash=sent["hash"],
        allowed=sent.get(CATEGORIES),
    )


def _fields(request: HttpRequest) -> dict[str, str]:
    """Each field of the form with its one value."""
    try:
        fields = dict(request.POST.lists())
    except (BadRequest, MultiPartParserError, SuspiciousOperation) as error:
        raise Refused(400, "We could not read that") from error
    if any(len(values) != 1 for values in fields.values()):
        raise Refused(400, "Something was said twice")
    return {name: value for name, (value,) in fields.items()}


def _of_form(fields: dict[str, str]) -> Posted:
    answers = {name: fields[name] for name in fields if name.startswith(ALLOW)}
    if not NEEDED <= set(fields) <= NEEDED | {NEXT} | set(answers):
        raise Refused(400, "That is not the form that we showed")
    if not set(answers.values()) <= {"yes", "no"}:
        raise Refused(400, "Answer yes or no for each category")
    return Posted(
        method=fields["choice"],
        banner=fields["banner"],
        content_hash=fields["hash"],
        allowed=_answered(answers, "yes") if answers else None,
        declined=_answered(answers, "no"),
    )


def _answered(answers: dict[str, str], answer: str) -> list[str]:
    return [key.removeprefix(ALLOW) for key, said in answers.items() if said == answer]


def _back(path: str) -> str:
    """The page to go back to: a path of this site, else the first page."""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(
        path, allowed_hosts=None
    )
    return path if is_ours and path.isprintable() else "/"


# --- From a wish to a record ---


def choose(request: HttpRequest, wish: Wish) -> Choice:
    """Record the wish and return the choice that counts from now on.

    The same wish again from the same browser changes nothing and records nothing.
    Raises Refused when one network sends choices faster than people make them.
    """
    before, choice = cookies.choice_of(request), wish.choice
    if _is_what_stands(before, choice):
        return before
    if not rate_limits.cookie_choice_allowed(network_of(request)):
        raise Refused(
            429, "Too many choices came from your network. Try again in an hour"
        )
    now = timezone.now().replace(microsecond=0)
    recorded = cookies.record_choice(
        choice.categories,
        method=cookies.method_of(before.categories, choice.categories, choice.method),
        banner=choice.banner,
        content_hash=choice.content_hash,
        receipt=before.receipt,
        made_at=now,
    )
    return Choice(
        categories=choice.categories,
        method=recorded.method,
        made_at=now,
        receipt=recorded.receipt,
        in_spite=cookies.sends_refusal(request),
    )


def _is_what_stands(before: Choice, choice: PostedChoice) -> bool:
    return (
        before.is_answered
        and not before.by_signal
        and before.categories == choice.categories
    )
