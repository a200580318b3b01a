"""The consent ledger on the console: to be read, by nobody to be changed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from consent import choice_desk, site_admin  # noqa: F401 (register their pages)
from consent.models import Action, ConsentEntry, ShownWording
from groundwork.clock import moment_in_words
from staff.console import Place, ReadOnlyAdmin, console
from staff.models import StaffName

SHAPES = {
    Action.REQUESTED: "waiting",
    Action.EXPIRED: "over",
    Action.GIVEN: "good",
    Action.WITHDRAWN: "over",
    Action.LAPSED: "over",
}


class ConsentEntryAdmin(ReadOnlyAdmin):
    place = Place("Ledgers", 1, "Consent ledger")
    lead = (
        "Who is meant stands here only as the start of a number that leads to a person "
        "for as long as their record exists. Nobody can change or remove a line."
    )
    nothing_yet = "The first line appears when somebody asks for e-mails."
    duties = {
        "view_consententry": "See the consent ledger",
        "view_consentseal": "See the seals of the ledgers",
        "view_cookiechoice": "See how many cookie choices were made, and which",
        "view_pagecount": "See how often pages are read",
    }
    list_display = (
        "moment",
        "state",
        "purpose",
        "how",
        "wording_link",
        "references",
        "person",
    )
    list_filter = ("action", "channel")
    list_display_links = None
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(staff_name=StaffName())

    def moment(self, entry: ConsentEntry) -> str:
        return moment_in_words(entry.at)

    moment.short_description = "When"  # type: ignore[attr-defined]

    def state(self, entry: ConsentEntry) -> SafeString:
        shape, words = SHAPES[Action(entry.action)], entry.get_action_display()
        return format_html('<span class="state {}">{}</span>', shape, words)

    state.short_description = "What"  # type: ignore[attr-defined]

    def wording_link(self, entry: ConsentEntry) -> SafeString | str:
        if not entry.wording_id:
            return ""
        url = wording_url(bytes(entry.wording_id))
        return format_html('<a href="{}">words</a>', url)

    wording_link.short_description = "Shown"  # type: ignore[attr-defined]

    def references(self, entry: ConsentEntry) -> str:
        return ", ".join(entry.notices)

    references.short_description = "Notices"  # type: ignore[attr-defined]

    def how(self, entry: Any) -> str:
        by = f" ({entry.staff_name})" if entry.staff_name else ""
        return f"{entry.get_channel_display()}{by}"

    def person(self, entry: ConsentEntry) -> SafeString:
        return format_html(
            '<span class="code">{}</span>', str(entry.data_subject_id)[:8]
        )


console.register(ConsentEntry, ConsentEntryAdmin)


def wording_url(digest: bytes) -> str:
    return reverse("admin:consent_wording", args=[digest.hex()])


def _kept(digest: str) -> ShownWording:
    try:
        wording = ShownWording.objects.filter(pk=bytes.fromhex(digest)).first()
    except ValueError:
        wording = None
    if wording is None:
        raise Http404
    found: ShownWording = wording
    return found


@console.page(
    "consent/wording/<str:digest>/",
    name="consent_wording",
    permission="consent.view_consententry",
)
@require_safe
def wording(request: HttpRequest, digest: str) -> HttpResponse:
    """The words that people were shown, as they were, byte for byte."""
    kept = _kept(digest)
    context: dict[str, Any] = {
        **console.each_context(request),
        "title": "The words people saw",
        "wording": kept,
        "digest": digest,
    }
    return TemplateResponse(request, "admin/consent/wording.html", context)


@console.page(
    "consent/wording/<str:digest>/bytes/",
    name="consent_wording_bytes",
    permission="consent.view_consententry",
)
@require_safe
def wording_bytes(request: HttpRequest, digest: str) -> HttpResponse:
    """The same as a file, whose SHA-256 is the digest in the ledger."""
    response = HttpResponse(
        _kept(digest).text.encode(), content_type="text/plain; charset=utf-8"
    )
    name = f"wording-{digest[:12]}.txt"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
