"""What the console shows of requests and complaints; the pages stand in the desks."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from rights_requests import (
    act_desk,
    calendar_desk,
    case_desk,
    connector_desk,
    copy_desk,
    corrections_desk,
    counts_desk,
    decisions_desk,
    desk,
    documents_desk,
    entry_desk,
    erasure_desk,
    log_desk,
    rules_desk,
    sensitive_desk,
    systems_desk,
    taking_over_desk,
)
from rights_requests.models import Case
from staff.console import Place, ReadOnlyAdmin, console

__all__ = [
    "act_desk",
    "calendar_desk",
    "case_desk",
    "connector_desk",
    "copy_desk",
    "corrections_desk",
    "counts_desk",
    "decisions_desk",
    "desk",
    "documents_desk",
    "entry_desk",
    "erasure_desk",
    "log_desk",
    "rules_desk",
    "sensitive_desk",
    "systems_desk",
    "taking_over_desk",
]


class CaseAdmin(ReadOnlyAdmin):
    """Lists and pages of our own at the addresses where the console looks for them."""

    place = Place("", 1, "Requests")
    duties = {
        "view_case": "See requests and complaints",
        "work_case": "Work on requests and complaints",
        "release_case": "Release what a colleague proposed in a case",
        "see_shut_away": "Open what was shut away as sensitive",
    }

    @method_decorator(require_safe)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require(request, "view_case")
        request.current_app = self.admin_site.name
        return desk.list_page(request, is_complaints=False)

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return case_desk.timeline_page(request, object_id)

    def history_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The timeline takes the place of Django's own history."""
        raise Http404


console.register(Case, CaseAdmin)
