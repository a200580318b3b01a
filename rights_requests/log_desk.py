"""The case log on the console: what happened to which case, to be read."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groundwork.clock import moment_in_words
from rights_requests.deadline_words import in_words
from rights_requests.models import Case, CaseLogEntry
from rights_requests.moves import State
from staff.console import Place, ReadOnlyAdmin, console
from staff.models import StaffName


class CaseLogEntryAdmin(ReadOnlyAdmin):
    place = Place("Ledgers", 6, "Case log")
    lead = (
        "What happened to each request and complaint, when, and by whom; never a name or "
        "a word of anybody. The clocks are counted from it. Nobody can change or remove "
        "a line."
    )
    nothing_yet = "The first line appears with the first request or complaint."
    duties = {"view_caselogentry": "See the log of all requests and complaints"}
    list_display = ("moment", "what", "case", "state_then", "due", "by")
    list_filter = ()
    list_display_links = None
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        cases = Case.objects.filter(pk=OuterRef("case_id")).values("reference")
        rows = super().get_queryset(request)
        return rows.annotate(staff_name=StaffName(), reference=Subquery(cases[:1]))

    def moment(self, entry: CaseLogEntry) -> str:
        return moment_in_words(entry.at)

    moment.short_description = "When"  # type: ignore[attr-defined]

    def what(self, entry: CaseLogEntry) -> str:
        return entry.in_words

    def case(self, entry: Any) -> SafeString:
        """Its reference; once the case file is gone, the id that leads nowhere."""
        known = entry.reference or str(entry.case_id)[:8]
        return format_html('<span class="code">{}</span>', known)

    def state_then(self, entry: CaseLogEntry) -> str:
        return str(State(entry.state).label)

    state_then.short_description = "Who must act then"  # type: ignore[attr-defined]

    def due(self, entry: CaseLogEntry) -> str:
        return in_words(entry.due_on) if entry.due_on else ""

    def by(self, entry: Any) -> str:
        return str(entry.staff_name or "")


console.register(CaseLogEntry, CaseLogEntryAdmin)
