"""The ledgers of cookie choices and of what befell people's data, to be read."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from consent.models import CookieChoice
from data_subjects.models import SubjectEvent
from groundwork.clock import moment_in_words
from staff.console import Place, ReadOnlyAdmin, console
from staff.models import StaffName


class CookieChoiceAdmin(ReadOnlyAdmin):
    place = Place("Ledgers", 4, "Cookie ledger")
    lead = (
        "Each choice about cookies. Nothing here leads to who made it, and nobody can "
        "change or remove a line."
    )
    nothing_yet = "The first line appears when a visitor answers the banner."
    list_display = ("moment", "method", "allowed", "banner", "site")
    list_filter = ("method",)
    list_display_links = None
    ordering = ("-id",)

    def moment(self, choice: CookieChoice) -> str:
        return moment_in_words(choice.at)

    moment.short_description = "When"  # type: ignore[attr-defined]

    def allowed(self, choice: CookieChoice) -> str:
        return ", ".join(choice.categories) or "nothing more"


class SubjectEventAdmin(ReadOnlyAdmin):
    place = Place("Ledgers", 5, "Restrictions, holds, sources")
    lead = (
        "When a restriction or a hold began, was reviewed or ended, what was done about "
        "data from other sources, and by whom. Nobody can change or remove a line."
    )
    nothing_yet = (
        "The first line appears with the first restriction, hold or person from another "
        "source."
    )
    duties = {
        "view_subjectevent": "See the record of restrictions, holds and other sources"
    }
    list_display = ("moment", "action", "reference", "detail", "by", "person")
    list_filter = ("action",)
    list_display_links = None
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(staff_name=StaffName())

    def moment(self, event: SubjectEvent) -> str:
        return moment_in_words(event.at)

    moment.short_description = "When"  # type: ignore[attr-defined]

    def by(self, event: Any) -> str:
        return str(event.staff_name or "")

    def person(self, event: SubjectEvent) -> SafeString:
        return format_html(
            '<span class="code">{}</span>', str(event.data_subject_id)[:8]
        )


console.register(CookieChoice, CookieChoiceAdmin)
console.register(SubjectEvent, SubjectEventAdmin)
