"""The console's page "Open questions": what the policy leaves to the controller."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from processing_register.gaps import all_gaps
from staff.console import Place, console


@console.page(
    "open-questions/",
    name="open_questions",
    place=Place("Registers", 12, "Open questions"),
    permission="processing_register.view_controller",
)
@require_safe
def open_questions(request: HttpRequest) -> HttpResponse:
    found = all_gaps()
    context = {
        **console.each_context(request),
        "title": "Open questions",
        "open": [gap for gap in found if gap.is_open],
        "answered": [gap for gap in found if not gap.is_open],
    }
    return TemplateResponse(request, "admin/processing_register/gaps.html", context)
