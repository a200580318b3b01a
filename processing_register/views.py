"""The pages that say what the controller does, in every version and form."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from groundwork.clock import today_here
from processing_register import comparison, notice_paths, rendering
from processing_register.models import NoticeVersion
from processing_register.notice_page import (
    addresses_of,
    current_url,
    page_context,
    standing,
)
from processing_register.pdf import PdfUnavailable
from processing_register.pdf import notice_pdf as drawn

PAGE = "processing_register/notice.html"
# Spares a server that robots ask for every form; a new version is seen soon.
keep_for_minutes = cache_control(public=True, max_age=300)


# --- One notice ---


@require_safe
def current_notice(request: HttpRequest, notice: str) -> HttpResponse:
    return _page(request, _in_force(notice))


@require_safe
def notice_version(request: HttpRequest, notice: str, number: int) -> HttpResponse:
    return _page(request, _published(notice, number))


@require_safe
@keep_for_minutes
def notice_text(
    request: HttpRequest, notice: str, number: int | None = None
) -> HttpResponse:
    version = _chosen(notice, number)
    lines = [
        f"Version {version.number}, {standing(version)}.",
        settings.SITE_URL + version.get_absolute_url(),
    ]
    text = rendering.text_page(version.title, lines, version.page_source)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
def notice_pdf(
    request: HttpRequest, notice: str, number: int | None = None
) -> HttpResponse:
    version = _chosen(notice, number)
    try:
        content = drawn(version)
    except PdfUnavailable as lack:
        context = {"version": version, "lack": str(lack), **addresses_of(version)}
        return render(request, "processing_register/no_pdf.html", context, status=503)
    name = version.reference.replace("/", "-")
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return keep_for_minutes(lambda request: response)(request)


def _page(request: HttpRequest, version: NoticeVersion) -> HttpResponse:
    return render(request, PAGE, page_context(version))


# --- Its history ---


@require_safe
def notice_versions(request: HttpRequest, notice: str) -> HttpResponse:
    versions = list(_all(notice))
    if not versions:
        raise Http404
    context = {
        "title": versions[0].title,
        "rows": [(version, standing(version)) for version in versions],
        "is_privacy": notice == NoticeVersion.Notice.PRIVACY,
        **addresses_of(versions[0]),
    }
    return render(request, "processing_register/notice_versions.html", context)


@require_safe
def compare_versions(request: HttpRequest, notice: str) -> HttpResponse:
    """Two versions beside each other: the newest two, or those of ?from=1&to=2."""
    versions = list(_all(notice))
    if not versions:
        raise Http404
    numbers = [version.number for version in versions]
    after = _number(request, "to", numbers[0])
    before = _number(request, "from", next((n for n in numbers if n < after), after))
    found = {version.number: version for version in versions}
    if before not in found or after not in found:
        raise Http404
    old, new = found[before], found[after]
    context = {
        "title": new.title,
        "versions": versions,
        "old": old,
        "new": new,
        "comparison": comparison.compare(old.page_source, new.page_source),
        **addresses_of(new),
    }
    return render(request, "processing_register/notice_compare.html", context)


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Http404
    return int(text)


# --- The summaries of legitimate interests ---


@require_safe
def interests(request: HttpRequest) -> HttpResponse:
    versions = NoticeVersion.objects.in_force(today_here()).filter(
        notice__startswith=notice_paths.INTERESTS
    )
    context = {"rows": [(version, current_url(version.notice)) for version in versions]}
    return render(request, "processing_register/interests.html", context)


# --- Finding them ---


def _all(notice: str) -> Any:
    return NoticeVersion.objects.published().filter(notice=notice).order_by("-number")


def _published(notice: str, number: int) -> NoticeVersion:
    """Raises Http404 for what was never published, also when it is being written."""
    if number > 2**31 - 1:
        raise Http404
    version: NoticeVersion = get_object_or_404(_all(notice), number=number)
    return version


def _in_force(notice: str) -> NoticeVersion:
    versions = NoticeVersion.objects.in_force(today_here()).filter(notice=notice)
    return get_object_or_404(versions)


def _chosen(notice: str, number: int | None) -> NoticeVersion:
    return _in_force(notice) if number is None else _published(notice, number)
