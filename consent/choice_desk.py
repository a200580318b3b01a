"""Cookie choices and page views on the console: sums, in which there are no visitors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from consent import page_views
from consent.models import ConsentSite, CookieChoice, CookieMethod
from groundwork.clock import today_here
from staff.console import Place, console

DAYS_SHOWN = 28
OUR_PAGES = "These pages"
# The chart, in units of its own; the page scales it.
WIDTH, HEIGHT, GAP = 840, 160, 6


# --- Choices ---


@dataclass(frozen=True)
class Line:
    """The choices made on one site under one version of the banner, by what was done."""

    site: str
    banner: str
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


def choices_by_version() -> list[Line]:
    """A line for each site and version of the banner: our own pages first, then site by
    site, the newest version before the older ones."""
    rows = CookieChoice.objects.order_by().values("site", "banner", "method")
    found = {
        (row["site"], row["banner"], row["method"]): row["number"]
        for row in rows.annotate(number=Count("pk"))
    }
    names = {"": OUR_PAGES, **dict(ConsentSite.objects.values_list("key", "name"))}
    places = {(site != "", names.get(site, site), site, b) for site, b, _ in found}
    return [
        Line(
            site=name,
            banner=banner,
            counts=[found.get((site, banner, str(m)), 0) for m in CookieMethod],
        )
        for _, name, site, banner in sorted(places, key=_newest_first)
    ]


def _newest_first(
    place: tuple[bool, str, str, str],
) -> tuple[bool, str, str, int, str]:
    """What is no “cookie-banner/N” comes after those that are, by its text."""
    is_other, name, site, banner = place
    version = banner.rpartition("/")[2]
    number = int(version) if version.isdecimal() else 0
    return is_other, name, site, -number, banner


@console.page(
    "cookie-choices/",
    name="cookie_choices",
    place=Place("Ledgers", 2, "Cookie choices"),
    permission="consent.view_cookiechoice",
)
@require_safe
def cookie_choices(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": "Cookie choices",
        "methods": [method.label for method in CookieMethod],
        "lines": choices_by_version(),
    }
    return TemplateResponse(request, "admin/consent/cookie_choices.html", context)


# --- Page views ---


@dataclass(frozen=True)
class Bar:
    """One day of the chart, in the chart's own units."""

    day: date
    views: int
    x: float
    y: float
    width: float
    height: float


def bars(counts: Sequence[tuple[date, int]]) -> list[Bar]:
    """A bar a day; the highest fills the chart, a day without views has none."""
    highest = max((views for _, views in counts), default=0) or 1
    step = WIDTH / max(len(counts), 1)
    return [
        Bar(
            day=day,
            views=views,
            x=round(number * step + GAP / 2, 2),
            y=round(HEIGHT - HEIGHT * views / highest, 2),
            width=round(step - GAP, 2),
            height=round(HEIGHT * views / highest, 2),
        )
        for number, (day, views) in enumerate(counts)
    ]


@console.page(
    "page-views/",
    name="page_views",
    place=Place("The house", 3, "Page views"),
    permission="consent.view_pagecount",
)
@require_safe
def page_views_page(request: HttpRequest) -> HttpResponse:
    today = today_here()
    counts = page_views.of_last_days(DAYS_SHOWN, today=today)
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": "Page views",
        "days": DAYS_SHOWN,
        "bars": bars(counts),
        "total": sum(views for _, views in counts),
        "highest": max(views for _, views in counts),
        "pages": page_views.by_page(since=today - timedelta(days=DAYS_SHOWN - 1)),
    }
    return TemplateResponse(request, "admin/consent/page_views.html", context)
