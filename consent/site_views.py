"""The script for other sites, and the address to which it tells a choice.

The script sends its JSON as text/plain, which browsers send at once. A preflight would
double the requests and guard nothing: no cookie comes along, and the origin, which a
page cannot forge, is checked here. Who sends application/json gets its preflight.
"""

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_http_methods, require_safe

from consent import sites
from consent.embed import consent_script
from consent.posted_choice import Refused, body_of
from groundwork.rate_limits import cookie_choice_allowed
from groundwork.requests import network_of

# Short: a visitor meets a new wording, or another list of cookies, this soon.
SCRIPT_LASTS = 600  # seconds
PREFLIGHT_LASTS = 24 * 60 * 60  # seconds
# “Not that one”, as the weight of a coding in Accept-Encoding (RFC 9110, 12.5.3).
REFUSED_CODING = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*", re.IGNORECASE)


# --- The script ---


def _coding(request: HttpRequest) -> str:
    """The smallest form that this browser says it reads; empty for the plain one."""
    accepted = set()
    for part in request.headers.get("Accept-Encoding", "").split(","):
        coding, _, weight = part.partition(";")
        if not REFUSED_CODING.fullmatch(weight):
            accepted.add(coding.strip().lower())
    return next((coding for coding in ("br", "gzip") if coding in accepted), "")


def _etag(request: HttpRequest) -> str:
    return f'"{consent_script().etag}-{_coding(request) or "plain"}"'


@require_safe
@condition(etag_func=_etag)
def script(request: HttpRequest) -> HttpResponse:
    served, coding = consent_script(), _coding(request)
    body = {"br": served.brotlied, "gzip": served.gzipped}.get(coding, served.plain)
    is_asked_for = request.method != "HEAD"  # servers complain of a body that is not
    response = HttpResponse(
        body if is_asked_for else b"", content_type="text/javascript; charset=utf-8"
    )
    response["Content-Length"] = str(len(body))
    if coding:
        response["Content-Encoding"] = coding
    response["Cache-Control"] = f"public, max-age={SCRIPT_LASTS}"
    # Any page may load it; it says nothing about anybody.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


# --- Its choices ---


@csrf_exempt  # no cookie signs anybody in here, so there is nothing to forge
@require_http_methods(["OPTIONS", "POST"])
def choices(request: HttpRequest, site: str) -> HttpResponse:
    origins = sites.origins_of(site)
    origin = request.headers.get("Origin", "")
    if origins is None:
        return _answer(404, {"message": "No site has this key."})
    if origin not in origins:
        return _answer(403, {"message": "This site’s choices come from elsewhere."})
    if request.method == "OPTIONS":
        response = _preflight()
    else:
        response = _recorded(request, site)
    response["Access-Control-Allow-Origin"] = origin
    return response


def _preflight() -> HttpResponse:
    response = HttpResponse(status=204, headers={"Vary": "Origin"})
    response["Access-Control-Allow-Methods"] = "POST"
    response["Access-Control-Allow-Headers"] = "Content-Type"
    response["Access-Control-Max-Age"] = str(PREFLIGHT_LASTS)
    return response


def _recorded(request: HttpRequest, site: str) -> HttpResponse:
    try:
        sent = sites.read_choice(body_of(request))
        if not cookie_choice_allowed(network_of(request)):
            raise Refused(429, "Too many choices. Try again in an hour")
    except Refused as refusal:
        return _answer(refusal.status, {"message": f"{refusal.words}."})
    return _answer(201, {"receipt": sites.record(sent, site=site)})


def _answer(status: int, content: dict[str, str]) -> HttpResponse:
    return JsonResponse(content, status=status, headers={"Vary": "Origin"})
