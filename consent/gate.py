"""What a page may load follows from its visitor's choice: the Content-Security-Policy.

Scripts come from two folders. Those that a page cannot do without lie in js/; those
that count visits lie in analytics/, and only a visitor who agreed gets a policy that
lets them load and report. A tag pasted into a page, marked or not, stays blocked
until then, because the browser itself refuses it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.csp import CSP

from consent import cookies

GetResponse = Callable[[HttpRequest], HttpResponse]


class ConsentGateMiddleware:
    """Give every public page the policy of its visitor's choice.

    A response that brings a policy of its own keeps it; so does the console, where
    nothing is counted.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not _is_public_page(request, response):
            return response
        patch_vary_headers(response, ["Cookie", "Sec-GPC"])
        if not hasattr(response, "_csp_config"):
            response._csp_config = _policy_for(request)  # type: ignore[attr-defined]
        return response


def _is_public_page(request: HttpRequest, response: HttpResponse) -> bool:
    kind = response.headers.get("Content-Type", "")
    return kind.startswith("text/html") and not request.path.startswith(_console())


@lru_cache(maxsize=1)
def _console() -> str:
    return reverse("console:index")


def _policy_for(request: HttpRequest) -> dict[str, Any]:
    try:
        origin = f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        # The page says that there is no such host; nothing on it needs a script.
        return {**settings.SECURE_CSP, "script-src": [CSP.NONE]}
    return policy(origin, cookies.choice_of(request))


def policy(origin: str, choice: cookies.Choice) -> dict[str, Any]:
    """The policy for a page of this origin (https://host[:port])."""
    static = f"{origin}/{settings.STATIC_URL.strip('/')}"
    allowed: dict[str, list[str]] = {
        "script-src": [f"{static}/js/"],
        "connect-src": [f"{origin}/cookies/choice/"],
    }
    if choice.allows(cookies.ANALYTICS):
        allowed["script-src"] += [f"{static}/analytics/", *_analytics_host()]
        allowed["connect-src"] += [f"{origin}/page-views/", *_analytics_host()]
        allowed["img-src"] = [*settings.SECURE_CSP["img-src"], *_analytics_host()]
    return {**settings.SECURE_CSP, **allowed}


def _analytics_host() -> list[str]:
    """The controller's own Matomo or Plausible, when there is one."""
    parts = urlsplit(settings.ANALYTICS_HOST)
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
