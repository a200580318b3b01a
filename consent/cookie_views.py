"""The cookies page, the choice, and the record of it that belongs to its visitor."""

import re
from dataclasses import replace
from http.cookies import Morsel
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from consent import cookie_choosing, cookie_receipts, cookies
from consent.context import SAVED
from consent.models import CookieReceipt
from consent.posted_choice import Refused
from groundwork import form_tokens
from processing_register.models import NoticeVersion
from processing_register.notice_page import page_context
from processing_register.notices import notice_in_force

# The record of a choice is looked up by its number alone; whoever has it is its visitor.
ACTIONS = ("show", "download", "delete")
# No page of ours lies deeper; a made-up path must not make an endless answer.
FOLDERS = 6


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    version = notice_in_force(NoticeVersion.Notice.COOKIES)
    context = page_context(version)
    context["html"] = _with_names_here(context["html"])
    context.update(more)
    return render(request, "consent/cookies.html", context, status=status)


def _with_names_here(article: str) -> SafeString:
    """The notice is published once for every house; its cookies are called as in this
    one, so that whoever looks into their browser finds them."""
    for name, here in cookies.names_here().items():
        article = article.replace(f"<code>{name}</code>", f"<code>{here}</code>")
    return mark_safe(article)  # noqa: S308 — the published notice, escaped when rendered


# --- The choice ---


@csrf_exempt  # no cookie signs anybody in here; another site's form is refused below
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep a choice. A form goes back to its page, a script gets JSON."""
    try:
        if form_tokens.is_cross_site(request):
            raise Refused(403, "Another site cannot choose for you")
        wish = cookie_choosing.read(request)
        choice = cookie_choosing.choose(request, wish)
    except Refused as refusal:
        return _refused(request, refusal)
    after = _after(choice)
    response: HttpResponse = (
        JsonResponse({"receipt": choice.receipt, "after": after})
        if cookie_choosing.is_json(request)
        else HttpResponseRedirect(_with_word(wish.back, after))
    )
    cookies.keep(response, choice)
    _clear(request, response, choice, page=wish.back)
    return response


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    if cookie_choosing.is_json(request):
        return JsonResponse({"message": f"{refusal.words}."}, status=refusal.status)
    context = {"words": refusal.words}
    return render(request, "consent/refused.html", context, status=refusal.status)


def _after(choice: cookies.Choice) -> str:
    """Which of the banner's words for afterwards fits."""
    words = {"accept": "accepted", "reject": "rejected", "withdraw": "withdrawn"}
    return words.get(choice.method, "chosen")


def _with_word(path: str, word: str) -> str:
    """The page to go back to, which says what was saved, at its beginning."""
    path = re.sub(rf"[?&]{SAVED}=\w*", "", path.partition("#")[0])
    joint = "&" if "?" in path else "?"
    return f"{path}{joint}{urlencode({SAVED: word})}"


def _clear(
    request: HttpRequest, response: HttpResponse, choice: cookies.Choice, *, page: str
) -> None:
    """Expire every cookie that is not allowed any more, for each domain and folder that
    it may have been set for on the page the visitor came from. What a browser keeps
    otherwise, the page's script clears."""
    for name in cookies.cookies_to_clear(choice.categories, seen=request.COOKIES):
        for domain in _domains(request.get_host().split(":")[0]):
            for folder in _folders(page):
                _expire(response, name, domain, folder)


def _expire(response: HttpResponse, name: str, domain: str, folder: str) -> None:
    """A header of its own for each: a browser takes them for different cookies."""
    morsel: Morsel[str] = Morsel()
    morsel.set(name, "", "")
    morsel["path"], morsel["max-age"], morsel["domain"] = folder, 0, domain
    # A cookie of such a name that is not secure is refused, an expiring one too.
    morsel["secure"] = name.lower().startswith(("__secure-", "__host-"))
    response.cookies[f"{name} {domain} {folder}"] = morsel


def _domains(host: str) -> list[str]:
    parts = host.split(".")
    return ["", *(".".join(parts[i:]) for i in range(len(parts) - 1))]


def _folders(page: str) -> list[str]:
    """Each folder above this page, with and without its slash, as cookies name them."""
    path = iri_to_uri(page.partition("?")[0].partition("#")[0])
    found = ["/"]
    if ";" not in path:  # which would end the path of a cookie
        steps = path.strip("/").split("/")[:FOLDERS]
        for depth in range(1, len(steps) + 1):
            folder = "/" + "/".join(steps[:depth])
            found += [folder, f"{folder}/"]
    return list(dict.fromkeys(found))


# --- The record ---


@csrf_exempt  # the number is the only key; no cookie opens anything
@require_http_methods(["GET", "HEAD", "POST"])
def receipt(request: HttpRequest) -> HttpResponse:
    """Look up, download or delete the record of one choice, by its number."""
    if request.method != "POST":
        return _receipt_page(request)
    if form_tokens.is_cross_site(request):
        return render(request, "403.html", status=403)
    number = request.POST.get("number", "").strip()
    action = request.POST.get("action", "show")
    if action not in ACTIONS or not cookies.may_be_held(number):
        return _receipt_page(request, status=400, number=number[:40], is_malformed=True)
    return {"show": _show, "download": _download, "delete": _delete}[action](
        request, number
    )


def _receipt_page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "consent/cookie_receipt.html", more, status=status)


def _show(request: HttpRequest, number: str) -> HttpResponse:
    found = CookieReceipt.objects.filter(pk=cookies.receipt_digest(number)).first()
    whole = cookie_receipts.cookie_receipt(number) if found else None
    if found is None or whole is None:
        return _unknown(request, number)
    return _receipt_page(request, number=number, **cookie_receipts.shown(whole, found))


def _unknown(request: HttpRequest, number: str) -> HttpResponse:
    """The same words whether it was deleted, has run out, or never was."""
    return _receipt_page(request, status=404, number=number, is_unknown=True)


def _download(request: HttpRequest, number: str) -> HttpResponse:
    held = CookieReceipt.objects.filter(pk=cookies.receipt_digest(number))
    whole = cookie_receipts.cookie_receipt(number) if held.exists() else None
    if whole is None:
        return _unknown(request, number)
    response = JsonResponse(whole.signed(), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="cookie-choice.json"'
    return response


def _delete(request: HttpRequest, number: str) -> HttpResponse:
    digest = cookies.receipt_digest(number)
    removed, _ = CookieReceipt.objects.filter(pk=digest).delete()
    if not removed:
        return _unknown(request, number)
    response = _receipt_page(request, was_deleted=True)
    own = cookies.read_cookie(
        request.COOKIES.get(cookies.cookie_name(), ""), now=timezone.now()
    )
    if own and own.receipt == number:
        # The number leads nowhere any more: their pages must not offer it.
        cookies.keep(response, replace(own, receipt=""))
    return response
