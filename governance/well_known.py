"""Small files that programs look for at fixed places: what we do about the Global
Privacy Control, whom to tell of a weakness, what robots may visit, the key of the seals.
"""

from datetime import date

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from groundwork.seal_keys import public_key_pem
from processing_register.notices import current_controller, notice_in_force

PLAIN = "text/plain; charset=utf-8"
A_DAY = "public, max-age=86400"
# Pages behind a link of somebody's own, and those of the staff.
NOT_FOR_ROBOTS = (
    "/address/",
    "/anymail/",
    "/calendar/",
    "/confirm/",
    "/console/",
    "/preferences/",
    "/u/",
    "/undo/",
    "/your-data/asked/",
    "/your-data/case/",
    "/your-data/confirm/",
    "/your-data/open/",
    "/your-data/visit/",
    "/your-data/yours/",
)


@require_safe
def gpc(request: HttpRequest) -> HttpResponse:
    """We honour Sec-GPC; what that means stands in the notice, hence its date."""
    since: date = notice_in_force("privacy").effective_on
    return _kept_a_day(JsonResponse({"gpc": True, "lastUpdate": since.isoformat()}))


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116: whom to tell of a weakness, and until when this holds."""
    lines = [
        f"Contact: {security_contact()}",
        f"Expires: {settings.SECURITY_TXT_EXPIRES}",
        "Preferred-Languages: en",
        f"Canonical: {_absolute('security-txt')}",
        f"Policy: {_absolute('security-policy')}",
    ]
    return _plain("\n".join(lines) + "\n")


def security_contact() -> str:
    """A URI that is not the mailbox for rights: a report of a weakness shall not wait
    among them, nor be read by everybody who reads them."""
    if settings.SECURITY_CONTACT:
        return str(settings.SECURITY_CONTACT)
    return f"mailto:security@{current_controller().list_domain}"


@require_safe
def security_policy(request: HttpRequest) -> HttpResponse:
    contact = security_contact()
    context = {"contact": contact, "contact_words": contact.removeprefix("mailto:")}
    return render(request, "governance/security.html", context)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS)]
    return _plain("\n".join(lines) + "\n")


@require_safe
def seal_key(request: HttpRequest) -> HttpResponse:
    """The key with which anybody can check a seal, a receipt, an archive of proofs."""
    return _plain(public_key_pem())


def _absolute(name: str) -> str:
    return f"{settings.SITE_URL}{reverse(name)}"


def _plain(text: str) -> HttpResponse:
    return _kept_a_day(HttpResponse(text, content_type=PLAIN))


def _kept_a_day(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = A_DAY
    return response
