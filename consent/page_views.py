"""How often pages are opened, by visitors who agreed to that: sums and no visitors.

The page tells its own name in the URL map. Only names on settings.COUNTED_PAGES count,
so that no address with a capability in it, and no text of a visitor's, is ever kept.
"""

from datetime import date, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent import cookies
from consent.models import PageCount
from groundwork import form_tokens, rate_limits
from groundwork.clock import today_here
from groundwork.requests import network_of

# One statement, so that two visitors at the same moment are two.
COUNT = """
INSERT INTO consent_pagecount AS known (day, page, views) VALUES (%s, %s, 1)
ON CONFLICT (day, page) DO UPDATE SET views = known.views + 1
"""


def name_of(request: HttpRequest) -> str:
    """The name under which this page is counted; empty for every other page."""
    match = request.resolver_match
    name = match.view_name if match is not None else ""
    return name if name in settings.COUNTED_PAGES else ""


@csrf_exempt  # the choice in the visitor's own cookie is what allows it
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """204 when counted; 403 without a yes; 400 for a page that is never counted; 429
    when one network sends more than people can read."""
    if form_tokens.is_cross_site(request):
        return HttpResponse(status=403)
    if not cookies.choice_of(request).allows(cookies.ANALYTICS):
        return HttpResponse(status=403)
    page = request.POST.get("page", "")
    if page not in settings.COUNTED_PAGES:
        return HttpResponse(status=400)
    if not rate_limits.page_view_allowed(network_of(request)):
        return HttpResponse(status=429)
    add(page, on=today_here())
    return HttpResponse(status=204)


def add(page: str, *, on: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [on, page])


def by_page(*, since: date) -> list[tuple[str, int]]:
    """Each page with its views since that day, the most read first."""
    rows = PageCount.objects.filter(day__gte=since).values("page")
    sums = rows.annotate(sum=Sum("views")).order_by("-sum", "page")
    return [(row["page"], row["sum"]) for row in sums]


def of_last_days(days: int, *, today: date) -> list[tuple[date, int]]:
    """Each of the last days with the sum of its views, the oldest first."""
    first = today - timedelta(days=days - 1)
    sums: dict[date, int] = {}
    for day, views in PageCount.objects.filter(day__gte=first).values_list(
        "day", "views"
    ):
        sums[day] = sums.get(day, 0) + views
    each = (first + timedelta(days=number) for number in range(days))
    return [(day, sums.get(day, 0)) for day in each]
