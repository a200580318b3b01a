"""The public side of receipts: what anybody needs to check one, with or without us.

Nothing that is handed in here is stored.
"""

from functools import lru_cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from consent.verifying import Verdict, verify
from groundwork import form_tokens, proof_check
from groundwork.ledger import LedgerEntry, ledgers

SCHEMA = Path(__file__).parent / "receipt.schema.json"
# A seal never changes, and neither does what these files say until the next release.
FOR_GOOD = "public, max-age=31536000, immutable"
A_DAY = "public, max-age=86400"


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    return _file(SCHEMA, "application/schema+json")


@require_safe
def checker(request: HttpRequest) -> HttpResponse:
    """The one file with which a receipt can be checked without us."""
    return _file(Path(proof_check.__file__), "text/x-python; charset=utf-8")


@lru_cache(maxsize=8)
def _read(path: Path) -> bytes:
    return path.read_bytes()


def _file(path: Path, content_type: str) -> HttpResponse:
    response = HttpResponse(_read(path), content_type=content_type)
    response["Cache-Control"] = A_DAY
    return response


@require_safe
def seal(request: HttpRequest, ledger: str, number: int) -> HttpResponse:
    """One seal, whole: what it covers and how it is signed. No personal data."""
    book = _consent_ledger(ledger)
    found = book.seal_model.objects.filter(number=number).first()
    if found is None:
        raise Http404
    response = JsonResponse(found.published(book))
    response["Cache-Control"] = FOR_GOOD
    return response


def _consent_ledger(name: str) -> type[LedgerEntry]:
    """The ledgers of consent, and not those that tell how the staff work."""
    for book in ledgers():
        if book._meta.app_label == "consent" and book._meta.model_name == name:
            return book
    raise Http404


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _check_page(request)
    if form_tokens.is_cross_site(request):
        return render(request, "403.html", status=403)
    try:
        form_tokens.read("receipt-check", request.POST.get("shown", ""), 0)
    except form_tokens.FormTokenError:
        return _check_page(
            request, problem="This page was open too long. Press the button once more"
        )
    return _checked(request, request.POST.get("receipt", ""))


def _checked(request: HttpRequest, text: str) -> HttpResponse:
    if not text.strip():
        return _check_page(request, problem="Paste the receipt first")
    if len(text.encode(errors="surrogatepass")) > proof_check.MAX_RECEIPT_BYTES:
        return _check_page(
            request, problem="This is too long to be a receipt. Paste the receipt only"
        )
    try:
        verdict = verify(proof_check.read_json(text))
    except proof_check.Malformed as error:
        return _check_page(request, typed=text, problem=str(error).rstrip("."))
    return _check_page(request, typed=text, verdict=verdict)


def _check_page(
    request: HttpRequest,
    *,
    typed: str = "",
    problem: str = "",
    verdict: Verdict | None = None,
) -> HttpResponse:
    context = {
        "typed": typed,
        "problem": problem,
        "verdict": verdict,
        "shown": form_tokens.issue("receipt-check", {}),
    }
    return render(
        request, "receipts/check.html", context, status=400 if problem else 200
    )
