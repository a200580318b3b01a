"""What the console shows that gathers from every floor: the first page, the page of a
person, the seals, the retention runs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from governance import (
    contact_desk,
    dashboard,
    ledger_desk,
    notice_desk,
    person,
    person_desk,
    proofs_desk,
    receipts_desk,
    retention_desk,
)
from governance.models import RetentionRun
from groundwork.clock import moment_in_words
from groundwork.ledger import ledgers
from staff.access import note_opening
from staff.console import Place, ReadOnlyAdmin, console
from subscribers.admin import SubscriberAdmin
from subscribers.models import Subscriber

__all__ = [
    "contact_desk",
    "dashboard",
    "ledger_desk",
    "notice_desk",
    "person_desk",
    "proofs_desk",
    "receipts_desk",
    "retention_desk",
]

SEALS_SHOWN = 20


class PersonAdmin(SubscriberAdmin):
    """Readers, with the page that shows everything about one of them."""

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        found = self.to_show(request, object_id)
        note_opening(request, found.data_subject_id)
        return TemplateResponse(
            request,
            "admin/subscribers/subscriber/person.html",
            self.page_context(
                request, title="", state=self.state(found), **person.gather(found)
            ),
        )


console.register(Subscriber, PersonAdmin)


@console.page(
    "seals/",
    name="seals",
    place=Place("Ledgers", 9, "Seals"),
    permission="consent.view_consentseal",
)
@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """Each ledger's chain of seals, the newest first."""
    books = [
        {
            "name": ledger._meta.verbose_name_plural,
            "seals": [
                {
                    "number": seal.number,
                    "sealed_at": seal.sealed_at,
                    "entries": len(seal.entry_ids),
                    "digest": bytes(seal.digest).hex(),
                }
                for seal in ledger.seal_model.objects.order_by("-number")[:SEALS_SHOWN]
            ],
        }
        for ledger in ledgers()
    ]
    context = {**console.each_context(request), "title": "Seals", "books": books}
    return TemplateResponse(request, "admin/governance/seals.html", context)


class RetentionRunAdmin(ReadOnlyAdmin):
    place = Place("The house", 2, "Retention runs")
    lead = "What each nightly rule removed, and whether it came to its end."
    nothing_yet = "The rules run every night at 02:30. Then they stand here."
    duties = {"view_retentionrun": "See what the retention rules removed"}
    list_display = ("name", "outcome", "removed_count", "skipped_count", "moment")
    list_filter = ()

    def name(self, run: RetentionRun) -> str:
        return run.rule.rpartition(".")[2].replace("_", " ").capitalize()

    name.short_description = "Rule"  # type: ignore[attr-defined]

    def outcome(self, run: RetentionRun) -> SafeString:
        if run.problem:
            return format_html('<span class="state bad">failed: {}</span>', run.problem)
        if run.finished_at is None:
            if run.is_broken_off:
                return format_html('<span class="state {}">unfinished</span>', "bad")
            return format_html('<span class="state {}">running</span>', "waiting")
        return format_html('<span class="state {}">ended well</span>', "good")

    def moment(self, run: RetentionRun) -> str:
        return moment_in_words(run.started_at)

    moment.short_description = "Started"  # type: ignore[attr-defined]


console.register(RetentionRun, RetentionRunAdmin)
