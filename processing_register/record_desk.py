"""The record of processing on the console: to be read, and taken out as a file."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST, require_safe

from groundwork.clock import today_here
from processing_register.record import FORMATS, Record, Row, the_record
from staff.console import Place, console

PERMISSION = "processing_register.view_processingpurpose"
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@console.page(
    "record-of-processing/",
    name="record-of-processing",
    place=Place("Registers", 2, "Record of processing"),
    permission=PERMISSION,
)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What differs from purpose to purpose under each, the rest once."""
    record = the_record(today_here())
    same = record.same_everywhere()
    context = {
        **console.each_context(request),
        "title": "",
        "record": record,
        "same": same.items(),
        "purposes": [_shown(row, record, set(same)) for row in record.rows],
    }
    return TemplateResponse(request, "admin/processing_register/record.html", context)


@console.page(
    "record-of-processing/<slug:kind>/",
    name="record-of-processing-file",
    permission=PERMISSION,
)
@require_POST
def download(request: HttpRequest, kind: str) -> StreamingHttpResponse:
    """kind: csv or json. A POST, so that no foreign page starts it."""
    if kind not in FORMATS:
        raise Http404
    record = the_record(today_here())
    answer = StreamingHttpResponse(
        FORMATS[kind](record), content_type=CONTENT_TYPES[kind]
    )
    name = f"record-of-processing-{record.made_on:%Y-%m-%d}.{kind}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _shown(row: Row, record: Record, same: set[str]) -> dict[str, Any]:
    return {
        "key": row.key,
        "title": row.title,
        "cells": [
            (name, row.cells[name]) for name in record.columns if name not in same
        ],
    }
