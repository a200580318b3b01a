"""Notices on the console: every version that was ever published, the next one in the
making, and when each was last looked at. Every button posts to a verb."""

import tomllib
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST

from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from processing_register import comparison, notice_text, publishing, rendering
from processing_register.models import NoticeVersion
from processing_register.notice_paths import INTERESTS
from processing_register.notices import current_controller, previous_of
from processing_register.notices_forms import NOT_TOLD, NoticeForm, ReviewForm
from processing_register.register import the_register
from processing_register.reviews import is_in_force, reminder, review_state
from staff.console import Place, ReadOnlyAdmin, console
from staff.models import StaffUser

FOLDER = "admin/processing_register/noticeversion"


# --- Who may ---


def signed_in(request: HttpRequest) -> StaffUser:
    """The person at the console."""
    if not isinstance(request.user, StaffUser):
        raise PermissionDenied
    return request.user


def may(request: HttpRequest, duty: str) -> bool:
    """duty: write, publish, review or view."""
    return signed_in(request).has_perm(f"processing_register.{duty}_noticeversion")


def may_see(request: HttpRequest) -> bool:
    return any(may(request, duty) for duty in ("view", "write", "publish", "review"))


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise PermissionDenied


# --- The page of one version ---


def page_url(version: NoticeVersion) -> str:
    return reverse(
        "console:processing_register_noticeversion_change", args=[version.pk]
    )


def page(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
    """What it says or would say, what differs, and what may be done with it now."""
    _require(may_see(request))
    version = _found(pk)
    request.current_app = console.name
    text = _text(version)
    before = previous_of(version)
    context = {
        **console.each_context(request),
        "title": str(version),
        "version": version,
        "state": state(version),
        "before": before,
        "html": rendering.render(text).html,
        "comparison": before and comparison.compare(before.page_source, text),
        "digest": bytes(version.digest).hex(),
        "author": version.written_by or shipped_words(version, "written_by"),
        "approver": version.approved_by or shipped_words(version, "approved_by"),
        **(_draft_context(request, version) if not version.published_at else {}),
        **(_published_context(request, version) if version.published_at else {}),
        **more,
    }
    return TemplateResponse(request, f"{FOLDER}/page.html", context)


def shipped_words(version: NoticeVersion, name: str) -> str:
    """Who wrote or approved a version that came with the repository; else empty."""
    for shipped in the_register().versions:
        if (shipped.notice, shipped.number) == (version.notice, version.number):
            return str(getattr(shipped, name))
    return ""


def _found(pk: int) -> NoticeVersion:
    versions = NoticeVersion.objects.select_related("written_by", "approved_by")
    return get_object_or_404(versions, pk=pk)


def _text(version: NoticeVersion) -> str:
    """As a page: of a draft, what it would be if it were published now."""
    if version.published_at is not None:
        return version.page_source
    if version.is_wording:
        return _form_words(version.source)
    try:
        return publishing.as_published(
            version, notice_text.particulars(current_controller())
        )
    except notice_text.UnknownMarker:
        return version.source


def _form_words(source: str) -> str:
    """Words that cannot be read yet are shown as they were typed."""
    try:
        return rendering.wording_as_markdown(source)
    except (tomllib.TOMLDecodeError, AttributeError):
        return source


def _draft_context(request: HttpRequest, version: NoticeVersion) -> dict[str, Any]:
    """What may be done, and for what may not, why."""
    person = signed_in(request)
    no_writer = [] if may(request, "write") else ["Your account may not write notices."]
    no_publisher = (
        [] if may(request, "publish") else ["Your account may not publish notices."]
    )
    facts = notice_text.particulars(current_controller())
    return {
        "why_not_edit": no_writer or publishing.why_not_edit(version, person),
        "why_not_submit": no_writer or publishing.why_not_submit(version, person),
        "why_not_publish": no_publisher or publishing.why_not_publish(version, person),
        "why_significant": publishing.why_significant(version, facts),
        "consequences": consequences(version) if version.submitted_at else [],
        "submitted": bytes(version.submitted_digest or b"").hex(),
    }


def consequences(version: NoticeVersion) -> list[str]:
    """What publishing it will do, in words, with the number of people told."""
    found = [
        f"The {version.title.lower()} gets version {version.number}. Nobody can change "
        "or remove it afterwards.",
        f"It takes effect on {version.effective_on:%A %-d %B %Y}.",
    ]
    if not version.concerns_everybody:
        return [*found, f"Nobody is e-mailed, no page shows a bar. {NOT_TOLD}"]
    if not publishing.would_be_announced(version):
        return [*found, "The change is minor: nobody is e-mailed, no page shows a bar."]
    number = publishing.count_of_people_held()
    people = "1 person" if number == 1 else f"{number:,} people"
    found += [
        "Every public page shows for 30 days that the notice has changed.",
        f"{people} whose data we hold will be told by one e-mail each, those who "
        "unsubscribed included.",
    ]
    if version.notice == NoticeVersion.Notice.PRIVACY:
        found.append(
            "A purpose that is new in it can be used only once all of them were told."
        )
    return found


def _published_context(request: HttpRequest, version: NoticeVersion) -> dict[str, Any]:
    drafts = NoticeVersion.objects.drafts().filter(notice=version.notice)
    return {
        "review": review_state(version),
        "reviews": version.reviews.select_related("reviewed_by").order_by("-pk"),
        "announcement": getattr(version, "announcement", None),
        "needs_announcement": publishing.needs_announcement(version),
        "draft": drafts.first(),
        "may_write": may(request, "write"),
        "may_review": is_in_force(version, today_here()) and may(request, "review"),
        "review_form": ReviewForm(),
    }


def state(version: NoticeVersion) -> tuple[str, str]:
    """A word for where it stands, and the class that draws it."""
    if version.published_at is None:
        if version.submitted_at is None:
            return "draft", "over"
        return "waiting for approval", "waiting"
    if version.effective_on > today_here():
        return "published, not yet in force", "waiting"
    if is_in_force(version, today_here()):
        return "in force", "good"
    return "superseded", "over"


# --- Writing ---


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    _require(may(request, "write"))
    version = _found(pk)
    if publishing.why_not_edit(version, signed_in(request)):
        raise PermissionDenied
    form = NoticeForm(request.POST or None, version=version)
    if request.method == "POST" and form.is_valid():
        return _do(
            request,
            version,
            lambda: publishing.edit(pk, by=signed_in(request), **form.words()),
            "Saved. Read it once more, then submit it.",
        )
    request.current_app = console.name
    context = {
        **console.each_context(request),
        "title": str(version),
        "version": version,
        "form": form,
        "tables": notice_text.TABLE_NAMES,
        "particulars": sorted(notice_text.particulars(current_controller())),
    }
    status = 400 if request.method == "POST" else 200
    return TemplateResponse(request, f"{FOLDER}/edit.html", context, status=status)


# --- Buttons ---


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the next version of the notice that this is a version of."""
    _require(may(request, "write"))
    version = _found(pk)
    try:
        begun = publishing.draft(version.notice, by=signed_in(request))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect(page_url(version))
    return redirect("console:processing_register_noticeversion_edit", pk=begun.pk)


@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    _require(may(request, "write"))
    return _do(
        request,
        _found(pk),
        lambda: publishing.submit(pk, by=signed_in(request)),
        "Submitted. Somebody else has to publish it now.",
    )


@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    _require(may(request, "publish"))
    return _do(
        request,
        _found(pk),
        lambda: publishing.send_back(pk),
        "It is a draft again. Tell its writer what has to change.",
    )


@require_POST
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    _require(may(request, "publish"))
    try:
        digest = bytes.fromhex(request.POST.get("digest", ""))
    except ValueError:
        digest = b""
    return _do(
        request,
        _found(pk),
        lambda: publishing.approve_and_publish(
            pk, by=signed_in(request), digest=digest
        ),
        "Published. From now on nobody can change it.",
    )


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    _require(may(request, "write"))
    version = _found(pk)
    try:
        publishing.discard(pk, by=signed_in(request))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect(page_url(version))
    messages.success(request, "The draft is gone.")
    return redirect("console:processing_register_noticeversion_changelist")


@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Reviewed, no change."""
    _require(may(request, "review"))
    version = _found(pk)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return page(request, pk, review_form=form)
    return _do(
        request,
        version,
        lambda: publishing.record_review(
            pk, by=signed_in(request), **form.cleaned_data
        ),
        "Recorded: reviewed, nothing has to change.",
    )


def _do(
    request: HttpRequest, version: NoticeVersion, verb: Callable[[], object], done: str
) -> HttpResponse:
    """Call the verb; a refusal is told in its own words."""
    try:
        verb()
    except NotAllowed as refusal:
        for reason in refusal.reasons:
            messages.error(request, reason)
    else:
        messages.success(request, done)
    return redirect(page_url(version))


# --- The list ---


class WhichNotices(admin.SimpleListFilter):
    """A few words instead of every summary of legitimate interests by itself."""

    title = "which"
    parameter_name = "which"

    def lookups(self, request: Any, model_admin: Any) -> Any:
        return [
            *NoticeVersion.Notice.choices,
            ("interests", "Legitimate interests"),
        ]

    def queryset(self, request: Any, queryset: Any) -> Any:
        if self.value() == "interests":
            return queryset.filter(notice__startswith=INTERESTS)
        return queryset.filter(notice=self.value()) if self.value() else queryset


@admin.register(NoticeVersion, site=console)
class NoticeVersionAdmin(ReadOnlyAdmin):
    place = Place("Registers", 1, "Notices")
    lead = (
        "Written by one person, published by another. Once published, a text never "
        "changes."
    )
    nothing_yet = "No notice yet. manage.py load_register publishes the first ones."
    duties = {
        "view_noticeversion": "See the notices and their versions",
        "write_noticeversion": "Write and submit new versions of notices",
        "publish_noticeversion": "Publish notices that others wrote",
        "review_noticeversion": "Record that a notice was reviewed",
    }
    list_display = ("__str__", "state_shown", "severity", "effective", "next_review")
    list_filter = (WhichNotices,)
    ordering = ("notice", "-number")

    @admin.display(description="State")
    def state_shown(self, version: NoticeVersion) -> SafeString:
        words, kind = self._states(version)
        return format_html('<span class="state {}">{}</span>', kind, words)

    def _states(self, version: Any) -> tuple[str, str]:
        """Without a query for each row: the newest number stands beside it."""
        if version.published_at is None or version.effective_on > today_here():
            return state(version)
        is_newest = version.number == version.number_in_force
        return ("in force", "good") if is_newest else ("superseded", "over")

    @admin.display(description="In force from")
    def effective(self, version: NoticeVersion) -> str:
        return _day(version.effective_on) if version.published_at else ""

    @admin.display(description="Next review")
    def next_review(self, version: Any) -> SafeString | str:
        if version.number != version.number_in_force:
            return ""
        due = version.next_by or version.review_by
        if due is None:
            return "no day set"
        soon = reminder(version, due, today_here())
        if soon is None:
            return _day(due)
        kind = "bad" if soon.is_overdue else "waiting"
        return format_html(
            '<span class="state {}">{}, {}</span>', kind, _day(due), soon.words
        )

    def get_queryset(self, request: HttpRequest) -> Any:
        return NoticeVersion.objects.for_list(today_here())

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of the version stands in the place of Django's form."""
        if not object_id.isdigit():
            return super().change_view(request, object_id, form_url, extra_context)
        return page(request, int(object_id))

    def get_urls(self) -> list[Any]:
        views = {
            "edit": edit,
            "draft": draft,
            "submit": submit,
            "send-back": send_back,
            "publish": publish,
            "discard": discard,
            "review": review,
        }
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"processing_register_noticeversion_{name.replace('-', '_')}",
            )
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"
