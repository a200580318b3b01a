"""Case updates on the console: the list, the form, and below them the page of each."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from case_updates import desk, release
from case_updates.models import CaseUpdate, Delivery
from groundwork.clock import moment_in_words
from groundwork.refusals import NotAllowed
from staff.console import ConsoleAdmin, ConsoleList, Place, console
from subscribers.forms import refuse_invisible

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[CaseUpdate]
else:  # Django's forms take no type arguments when the code runs
    _ModelForm = forms.ModelForm

LONGEST_BODY = 60_000
STATE_CLASSES = {
    CaseUpdate.State.DRAFT: "over",
    CaseUpdate.State.SUBMITTED: "waiting",
    CaseUpdate.State.SENDING: "waiting",
    CaseUpdate.State.SENT: "good",
}


class CaseUpdateForm(_ModelForm):
    body = forms.CharField(
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "true"}),
        label="Text",
        help_text="Markdown: a blank line between paragraphs, ## before a heading, "
        "- before a point, [words](https://example.org/page) for a link. "
        "No images, and every link with https.",
    )

    class Meta:
        model = CaseUpdate
        fields = ["title", "summary", "body", "corrects"]
        widgets = {"summary": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "title": "Tells the news: it is the subject of the e-mail too.",
            "corrects": "Only for a correction. The subject then begins “Correction:”, "
            "and both pages say so.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        corrects: Any = self.fields["corrects"]
        corrects.queryset = CaseUpdate.objects.published()
        corrects.empty_label = "Nothing: it is news"
        self.fields["title"].validators.append(refuse_invisible)

    def clean_summary(self) -> str:
        """One run of words, however the box wrapped it."""
        summary = " ".join(str(self.cleaned_data["summary"]).split())
        refuse_invisible(summary)
        return summary

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"]).replace("\r\n", "\n")
        if not body.strip():
            raise ValidationError("Write the text")
        return body


class UpdateList(ConsoleList):
    def url_for_result(self, result: Any) -> str:
        """A row leads to the page, and from there to the form."""
        return desk.page_url(result)


@admin.register(CaseUpdate, site=console)
class CaseUpdateAdmin(ConsoleAdmin):
    place = Place("", 30, "Case updates")
    duties = {
        "write_caseupdate": "Write and submit case updates",
        "release_caseupdate": "Approve and send case updates that others wrote",
        "view_caseupdate": "See case updates and how their sending goes",
    }
    lead = "Written by one person, approved by another, sent to everybody who asked."
    nothing_yet = (
        "No update yet. Write the first one: it stays a draft until somebody else "
        "has approved it."
    )
    form = CaseUpdateForm
    list_per_page = 20
    list_display = ["headline", "state_shown", "progress_shown", "writer", "published"]
    list_select_related = ["written_by", "corrects"]

    # --- The list ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseUpdate]:
        """With the deliveries still open, counted for running sendings only."""
        still_open = (
            Delivery.objects.open()
            .filter(case_update=OuterRef("pk"))
            .order_by()
            .values("case_update")
            .annotate(number=Count("pk"))
            .values("number")
        )
        counted = Case(
            When(
                state=CaseUpdate.State.SENDING,
                then=Coalesce(Subquery(still_open), 0),
            ),
            default=0,
            output_field=IntegerField(),
        )
        updates: QuerySet[CaseUpdate] = super().get_queryset(request)
        return updates.annotate(
            open_count=counted, settled_count=F("readers_count") - F("open_count")
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return UpdateList

    @admin.display(description="Title")
    def headline(self, update: CaseUpdate) -> str:
        return f"Correction: {update}" if update.is_correction else str(update)

    @admin.display(description="State")
    def state_shown(self, update: CaseUpdate) -> SafeString:
        return format_html(
            '<span class="state {}">{}</span>',
            STATE_CLASSES[CaseUpdate.State(update.state)],
            update.get_state_display(),
        )

    @admin.display(description="Readers")
    def progress_shown(self, update: Any) -> str:
        if update.state == CaseUpdate.State.SENDING:
            return f"{update.settled_count:,} of {update.readers_count:,}"
        return f"{update.readers_count:,}" if update.is_released else ""

    @admin.display(description="Written by")
    def writer(self, update: CaseUpdate) -> str:
        return str(update.written_by)

    @admin.display(description="Published")
    def published(self, update: CaseUpdate) -> str:
        if update.published_at is None:
            return ""
        return moment_in_words(update.published_at)

    # --- The form: it calls the verbs, and never saves by itself ---

    def save_model(
        self, request: HttpRequest, obj: CaseUpdate, form: Any, change: bool
    ) -> None:
        by = desk.signed_in(request)
        if not change:
            release.write(obj, by=by)
            return
        try:
            release.rewrite(obj.pk, by=by, **form.cleaned_data)
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Who may not change it is shown its page instead of a greyed form."""
        update = self.get_object(request, object_id)
        if request.method != "POST" and update is not None:
            if not self.has_change_permission(request, update):
                return redirect(desk.page_url(update))
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One button: whoever saves sees next how it looks."""
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: CaseUpdate, post_url_continue: Any = None
    ) -> HttpResponse:
        return redirect(desk.page_url(obj))

    def response_change(self, request: HttpRequest, obj: CaseUpdate) -> HttpResponse:
        return redirect(desk.page_url(obj))

    # --- Who may ---

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return desk.may_see(desk.signed_in(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return desk.may_write(desk.signed_in(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or not obj.is_released
        return is_open and desk.may_write(desk.signed_in(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- The page of each update and its buttons ---

    def get_urls(self) -> list[Any]:
        views = {
            "page": desk.page,
            "html": desk.preview_html,
            "as": desk.preview_as,
            "test": desk.send_test,
            "submit": desk.submit,
            "send-back": desk.send_back,
            "release": desk.release_update,
        }
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"case_updates_caseupdate_{name.replace('-', '_')}",
            )
            for name, view in views.items()
        ]
        settle = path(
            "<int:pk>/settle/<int:delivery_pk>/",
            self.admin_site.admin_view(desk.settle),
            name="case_updates_caseupdate_settle",
        )
        return [*own, settle, *super().get_urls()]
