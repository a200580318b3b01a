"""The public archive and the feed: the same content as the mail, for nobody's data."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    return render(request, "case_updates/archive.html", {"updates": []})


feed = detail = archive
