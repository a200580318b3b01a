"""The console's page on which somebody gets the deadlines into their own calendar."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from rights_requests import calendar_feed
from staff.console import Place, console, staff_id


@console.page(
    "calendar/",
    name="calendar",
    place=Place("The house", 9, "Deadlines in your calendar"),
    permission=calendar_feed.SEES_CASES,
)
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request)
    if "stop" in request.POST:
        if calendar_feed.revoke(staff_id(request)):
            messages.success(request, "The address no longer works.")
        return redirect("admin:calendar")
    return _page(request, calendar_feed.make(staff_id(request), now=timezone.now()))


def _page(request: HttpRequest, address: str = "") -> HttpResponse:
    """address: the whole of it, shown this once; only its digest is kept."""
    context = {
        **console.each_context(request),
        "title": "",
        "address": address,
        "feed": calendar_feed.standing_of(staff_id(request)),
        "most": f"{calendar_feed.MOST:,}",
    }
    return TemplateResponse(request, "admin/rights_requests/calendar.html", context)
