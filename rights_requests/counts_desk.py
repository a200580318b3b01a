"""The console's page of how many complaints there were: what section 164B may ask for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from django import forms
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from groundwork.clock import today_here
from groundwork.periods import ONE_DAY, months_after
from groundwork.spreadsheets import csv_lines
from rights_requests.complaining import Counted, Counts, counts
from rights_requests.desk import MAY_SEE
from staff.console import console

# The chart, in units of its own; the page scales it.
WIDTH, HEIGHT, GAP = 840, 160, 8
LONGEST_YEARS = 10
COLUMNS = {
    "received": "Received",
    "in_time": "Acknowledged in time",
    "late": "Acknowledged late",
    "unacknowledged": "Not acknowledged",
    "open": "Still open",
    "closed": "Closed",
}


class PeriodForm(forms.Form):
    """Two days, both included."""

    use_required_attribute = False

    first = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the first day",
            "invalid": "Enter the first day like 2027-01-31",
        },
    )
    last = forms.DateField(
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": "Enter the last day",
            "invalid": "Enter the last day like 2027-12-31",
        },
    )

    def clean(self) -> dict[str, Any]:
        days = super().clean() or {}
        first, last = days.get("first"), days.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day comes before the first")
        elif first and last and last > months_after(first, 12 * LONGEST_YEARS):
            self.add_error("last", f"Choose a period of at most {LONGEST_YEARS} years")
        return days


def usual_period(today: date) -> dict[str, date]:
    """The twelve months that end with today."""
    return {"first": months_after(today, -12) + ONE_DAY, "last": today}


@dataclass(frozen=True)
class Bar:
    """One month of the chart, in the chart's own units."""

    month: date
    number: int
    x: float
    y: float
    width: float
    height: float


def bars(months: Sequence[tuple[date, Counted]]) -> list[Bar]:
    """A bar for each month; the highest fills the chart, an empty month has none."""
    highest = max((one.received for _, one in months), default=0) or 1
    step = WIDTH / max(len(months), 1)
    return [
        Bar(
            month=month,
            number=one.received,
            x=round(place * step + GAP / 2, 2),
            y=round(HEIGHT - HEIGHT * one.received / highest, 2),
            width=round(max(step - GAP, 1), 2),
            height=round(HEIGHT * one.received / highest, 2),
        )
        for place, (month, one) in enumerate(months)
    ]


@console.page("complaints/counts/", name="complaint-counts", permission=MAY_SEE)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    usual = usual_period(today_here())
    form = PeriodForm(request.GET or usual)
    found = counts(**form.cleaned_data) if form.is_valid() else None
    context = {
        **console.each_context(request),
        "title": "",
        "form": form,
        "period": form.cleaned_data if found else {},
        "columns": COLUMNS.values(),
        **(_shown(found) if found else {}),
    }
    name = "admin/rights_requests/complaint_counts.html"
    status = 400 if form.errors else 200
    return TemplateResponse(request, name, context, status=status)


def _shown(found: Counts) -> dict[str, Any]:
    return {
        "total": found.total,
        "totals": _labelled(found.total),
        "rows": [(month, _labelled(one)) for month, one in found.months],
        "bars": bars(found.months),
        "highest": max(one.received for _, one in found.months),
    }


def _labelled(one: Counted) -> list[tuple[str, int]]:
    return [(label, getattr(one, name)) for name, label in COLUMNS.items()]


@console.page(
    "complaints/counts/file/", name="complaint-counts-file", permission=MAY_SEE
)
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """The same numbers for a spreadsheet; in them there is nobody."""
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return HttpResponse(
            "\n".join(_problems(form)), status=400, content_type="text/plain"
        )
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    answer = StreamingHttpResponse(
        csv_lines(_file(counts(first, last), first, last)),
        content_type="text/csv; charset=utf-8",
    )
    name = f"complaints-{first:%Y-%m-%d}-to-{last:%Y-%m-%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _problems(form: PeriodForm) -> list[str]:
    return [str(error) for errors in form.errors.values() for error in errors]


def _file(found: Counts, first: date, last: date) -> Iterator[list[str]]:
    months = ((f"{month:%Y-%m}", one) for month, one in found.months)
    whole = (f"{first:%Y-%m-%d} to {last:%Y-%m-%d}", found.total)
    yield ["Period", *COLUMNS.values()]
    for period, one in chain(months, [whole]):
        yield [period, *(str(number) for _, number in _labelled(one))]
