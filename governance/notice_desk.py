"""The console's page of a changed notice: who is told, the exact mail, how it goes."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from case_updates.composing import html_part
from case_updates.desk import BAR_WIDTH, SEGMENTS, Segment
from data_subjects.held import masked
from governance import notice_changes, notice_mail
from governance.choosing import numbers_of
from governance.models import NoticeChange, NoticeDelivery, OverruledWords
from groundwork.refusals import NotAllowed
from outbox.models import State
from outbox.preview import framed_html
from staff.console import Place, ReadOnlyAdmin, console
from staff.models import StaffUser
from subscribers.models import Subscriber

# More than a person looks through in one sitting; the page says when there are more.
SHOWN = 50
LONGEST_REASON = 500
SHAPES = {
    "waits": "waiting",
    "under way": "waiting",
    "told": "good",
    "ended": "over",
    "covered": "over",
    "overtaken": "waiting",
}
WORDS = {
    "waits": "waits for a person to release it",
    "under way": "people are being told",
    "told": "everybody held was told, or left out for a reason",
    "ended": "ended by a person: some were not reached",
    "covered": "told of in the mail about a newer version",
    "overtaken": "the mail about a newer version tells of it, too",
}
Verb = Callable[[StaffUser], str]


class NoticeChangeAdmin(ReadOnlyAdmin):
    place = Place("Mail", 5, "Changed notices")
    lead = (
        "A significant version of a notice that says what is done with people’s data is "
        "mailed to everybody whose data is held, also to those who unsubscribed; not to "
        "the erased, the bounced, the restricted, and those whose data came from "
        "elsewhere and who were not told of it yet. What a privacy notice newly allows "
        "waits until they were told."
    )
    nothing_yet = (
        "No version had to be announced yet. One appears here within a minute of being "
        "published while somebody’s data is held."
    )
    duties = {
        "view_noticechange": "See whom a changed notice was announced to",
        "release_noticechange": "Tell everybody held of a changed notice",
    }
    list_display = ("__str__", "state_shown", "settled", "published")
    list_filter = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeChange]:
        changes: Any = super().get_queryset(request)
        found: QuerySet[NoticeChange] = changes.with_counts().select_related(
            "version", "released_by", "closed_by", "covered_by__version"
        )
        return found

    def state_shown(self, change: NoticeChange) -> SafeString:
        return format_html(
            '<span class="state {}">{}</span>',
            SHAPES[change.state],
            WORDS[change.state],
        )

    state_shown.short_description = "State"  # type: ignore[attr-defined]

    def settled(self, change: Any) -> str:
        """The counts are with_counts()'s."""
        total = change.delivery_count
        return f"{change.settled_count} of {total}" if total else "—"

    def published(self, change: NoticeChange) -> str:
        return f"{change.version.published_at:%-d %B %Y}"

    def get_urls(self) -> list[Any]:
        pages = {
            "mail": self.mail_view,
            "overrule": self.overrule_view,
            "release": self.release_view,
            "again": self.again_view,
            "close": self.close_view,
        }
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"governance_noticechange_{name}",
            )
            for name, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    # --- The page ---

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        change = self.to_show(request, object_id)
        message = notice_mail.specimen(change)
        context = self.page_context(
            request,
            title="",
            change=change,
            words=WORDS[change.state],
            people_count=notice_changes.count_of_people(change),
            why_not=notice_changes.why_not_release(change),
            may_release=request.user.has_perm("governance.release_noticechange"),
            subject=message.subject,
            text=message.body,
            **_what_was_found(request, change),
            **_how_it_goes(request, change),
        )
        return TemplateResponse(request, "admin/governance/notice_change.html", context)

    @method_decorator(require_safe)
    def mail_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The HTML part as a mail program draws it; for the frame of the page."""
        self.require(request, "view_noticechange")
        return framed_html(html_part(notice_mail.specimen(_found(pk))))

    # --- Buttons ---

    def release_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def release(person: StaffUser) -> str:
            notice_changes.release(pk, by=person)
            return "Released. Everybody held is being told."

        return self._do(request, pk, release)

    def overrule_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def overrule(person: StaffUser) -> str:
            reason = request.POST.get("reason", "")[:LONGEST_REASON]
            notice_changes.overrule(pk, reason=reason, by=person)
            return "Put on record. Look at the mail once more, then release it."

        return self._do(request, pk, overrule)

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def again(person: StaffUser) -> str:
            number = notice_changes.send_again(pk)
            return f"{number} {'message' if number == 1 else 'messages'} will be sent again."

        return self._do(request, pk, again)

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def close(person: StaffUser) -> str:
            notice_changes.close(pk, by=person)
            return "Ended. Those who were not reached stay on record."

        return self._do(request, pk, close)

    def _do(self, request: HttpRequest, pk: int, verb: Verb) -> HttpResponse:
        """Call the verb; a refusal is told in its own words."""
        self.require(request, "release_noticechange")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not isinstance(request.user, StaffUser):
            raise PermissionDenied
        _found(pk)
        try:
            messages.success(request, verb(request.user))
        except NotAllowed as refusal:
            for reason in refusal.reasons:
                messages.error(request, reason)
        return redirect(page_url(pk))


def page_url(pk: int) -> str:
    return reverse("console:governance_noticechange_change", args=[pk])


def _found(pk: int) -> NoticeChange:
    found = NoticeChange.objects.select_related("version").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def segments(counts: dict[str, int]) -> list[Segment]:
    """The bar from left to right, on a width of 1000."""
    labels = {str(state.value): label for state, label in SEGMENTS.items()}
    labels[State.QUEUED] = "waiting to be handed over"
    labels[NoticeDelivery.WAITING] = "not taken up yet"
    total = sum(counts.values()) or 1
    found, start = [], 0.0
    for state, label in labels.items():
        width = round(counts[state] * BAR_WIDTH / total, 2)
        name = state.replace(" ", "-")
        found.append(Segment(name, label, counts[state], round(start, 2), width))
        start += width
    return found


def _what_was_found(request: HttpRequest, change: NoticeChange) -> dict[str, Any]:
    """Words that a person has to decide about, those that the mail leaves out, and what
    was decided."""
    told = notice_mail.versions_told(change)
    decided = OverruledWords.objects.filter(version__in=told)
    if not isinstance(request.user, StaffUser):
        raise PermissionDenied
    return {
        "found_words": notice_changes.found_words(change),
        "left_out_words": notice_mail.left_out(change),
        "why_not_overrule": notice_changes.why_not_overrule(change, request.user),
        "decided": decided.select_related("version", "decided_by"),
    }


def _how_it_goes(request: HttpRequest, change: NoticeChange) -> dict[str, Any]:
    """How far it has come, and who was not reached or left out."""
    counts = notice_changes.progress(change)
    return {
        "counts": counts,
        "segments": segments(counts),
        "settled_count": sum(counts.values())
        - sum(counts[state] for state in NoticeDelivery.OPEN),
        "open_count": sum(counts[state] for state in NoticeDelivery.OPEN),
        "troubled": _shown(request, change.deliveries.in_trouble()),
        "left_out": _shown(request, change.deliveries.left_out()),
    }


def _shown(
    request: HttpRequest, rows: QuerySet[NoticeDelivery]
) -> list[dict[str, Any]]:
    """Some deliveries, each with the person as far as a list shows them, and their page
    for whoever may open it."""
    found = list(rows.order_by("pk")[:SHOWN])
    subjects = [row.data_subject_id for row in found]
    addresses = masked(subjects)
    numbers = numbers_of(subjects)
    pages = _pages(request, subjects, numbers)
    return [
        {
            "row": row,
            "person": addresses.get(row.data_subject_id)
            or _without_address(numbers.get(row.data_subject_id)),
            "page": pages.get(row.data_subject_id, ""),
        }
        for row in found
    ]


def _without_address(number: int | None) -> str:
    return f"From other sources, no. {number}" if number else "Held no more"


def _pages(
    request: HttpRequest, subjects: list[uuid.UUID], numbers: dict[uuid.UUID, int]
) -> dict[uuid.UUID, str]:
    """id → the page where the team finds the person. Of somebody known in both ways it
    is the one that says whether they were told where the data came from."""
    pages = {}
    if request.user.has_perm("subscribers.view_subscriber"):
        readers = Subscriber.objects.filter(data_subject__in=subjects)
        for subject, pk in readers.values_list("data_subject_id", "pk"):
            pages[subject] = reverse("console:subscribers_subscriber_change", args=[pk])
    if request.user.has_perm("data_subjects.view_indirectcontact"):
        name = "console:data_subjects_indirectcontact_change"
        pages |= {who: reverse(name, args=[pk]) for who, pk in numbers.items()}
    return pages


console.register(NoticeChange, NoticeChangeAdmin)
