"""The pages that say what the controller does."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from processing_register.models import NoticeVersion
from processing_register.notices import notice_in_force, render_notice


@require_safe
def privacy_notice(request: HttpRequest) -> HttpResponse:
    return _page(request, notice_in_force("privacy"))


@require_safe
def notice_version(request: HttpRequest, number: int) -> HttpResponse:
    versions = NoticeVersion.objects.filter(
        notice="privacy", published_at__isnull=False
    )
    return _page(request, get_object_or_404(versions, number=number))


@require_safe
def notice_versions(request: HttpRequest) -> HttpResponse:
    versions = NoticeVersion.objects.filter(
        notice="privacy", published_at__isnull=False
    )
    return render(
        request, "processing_register/notice_versions.html", {"versions": versions}
    )


@require_safe
def cookies(request: HttpRequest) -> HttpResponse:
    return render(request, "processing_register/cookies.html")


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "processing_register/accessibility.html")


def _page(request: HttpRequest, version: NoticeVersion) -> HttpResponse:
    rendered = render_notice(version)
    context = {"version": version, "html": rendered.html, "toc": rendered.toc}
    return render(request, "processing_register/notice.html", context)
