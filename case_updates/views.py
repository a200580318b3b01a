"""The public archive and the feed: the same content as the mail, for nobody's data."""

from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import (
    conditional_page,
    last_modified,
    require_safe,
)

from case_updates import content
from case_updates import feed as atom
from case_updates.models import CaseUpdate
from processing_register.notices import current_controller

PAGE_SIZE = 20
# Long enough to spare a server that many feed readers ask at once; short enough that a
# correction is seen soon.
open_to_caches = cache_control(public=True, max_age=60)


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    updates = CaseUpdate.objects.published().select_related("corrects")
    page = Paginator(updates, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"updates": page.object_list, "page_obj": page}
    return render(request, "case_updates/archive.html", context)


def detail_changed_at(request: HttpRequest, slug: str) -> datetime | None:
    this_or_its_corrections = Q(slug=slug) | Q(corrects__slug=slug)
    return _newest(CaseUpdate.objects.published().filter(this_or_its_corrections))


def feed_changed_at(request: HttpRequest) -> datetime | None:
    return _newest(CaseUpdate.objects.published())


def _newest(updates: Any) -> datetime | None:
    found: datetime | None = updates.aggregate(at=Max("published_at"))["at"]
    return found


# The outer decorator makes the ETag of the finished page, so that it also changes with
# the frame around the text.
@require_safe
@conditional_page
@open_to_caches
@last_modified(detail_changed_at)
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    update = (
        CaseUpdate.objects.published()
        .select_related("corrects")
        .filter(slug=slug)
        .first()
    )
    if update is None:
        raise Http404
    context = {
        "update": update,
        "html": content.page_html(update.body),
        "corrections": update.corrections.published(),
    }
    return render(request, "case_updates/detail.html", context)


@require_safe
@conditional_page
@open_to_caches
@last_modified(feed_changed_at)
def feed(request: HttpRequest) -> HttpResponse:
    written = atom.build(current_controller())
    return HttpResponse(written.writeString("utf-8"), content_type=written.content_type)
