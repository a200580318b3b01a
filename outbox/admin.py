"""Mail out and mail in on the console: read it, settle it, mark it as dealt with.

What a page shows of a message has its links' tokens masked: they belong to the reader,
and whoever holds one can act as that reader.
"""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.clock import moment_in_words
from groundwork.log_lines import ADDRESS, PATH_TOKEN
from groundwork.refusals import NotAllowed
from outbox import delivery, inbound
from outbox.inbound_message import InboundMessage, parse
from outbox.models import InboundEmail, OutgoingEmail, State
from staff.access import note_reading
from staff.console import Place, ReadOnlyAdmin, console

# Of the app above that shuts messages away and makes requests of them.
SEE_SHUT_AWAY = "rights_requests.see_shut_away"
WORK_CASE = "rights_requests.work_case"
SLOW_AFTER = timedelta(minutes=5)
SHAPES = {
    State.QUEUED: "waiting",
    State.IN_FLIGHT: "waiting",
    State.SENT: "good",
    State.WITHHELD: "over",
    State.FAILED: "bad",
    State.UNKNOWN: "bad",
}
INBOUND_SHAPES = {
    InboundEmail.State.NEW: "waiting",
    InboundEmail.State.WAITING: "waiting",
    InboundEmail.State.BROKEN: "bad",
    InboundEmail.State.CLAIMED: "good",
    InboundEmail.State.CLOSED: "over",
}


def masked(address: str) -> str:
    return addresses.mask(address) if address else "removed"


def without_tokens(text: str) -> str:
    return PATH_TOKEN.sub("•••", text)


class TroubleFilter(SimpleListFilter):
    """The same messages that the first page counts."""

    title = "in trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", "Failed, unknown or overdue")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OutgoingEmail]
    ) -> QuerySet[OutgoingEmail]:
        if self.value() != "yes":
            return queryset
        slow = timezone.now() - SLOW_AFTER
        return queryset.filter(
            Q(state=State.QUEUED, next_attempt_at__lt=slow)
            | Q(state__in=[State.FAILED, State.UNKNOWN])
        )


class OutgoingEmailAdmin(ReadOnlyAdmin):
    place = Place("Mail", 1, "Mail out")
    lead = "Every e-mail of the house, written in the transaction that caused it."
    nothing_yet = "No e-mail was written yet. The first one asks a reader to confirm."
    duties = {
        "view_outgoingemail": "Read the mail that went out",
        "settle_outgoingemail": "Settle a failed or unknown e-mail by hand",
    }
    list_display = ("name", "status", "to", "message_class", "reason", "written")
    list_filter = (TroubleFilter, "state", "message_class")
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("context", "raw_message")

    def name(self, mail: OutgoingEmail) -> str:
        return mail.name

    name.short_description = "E-mail"  # type: ignore[attr-defined]

    def status(self, mail: OutgoingEmail) -> SafeString:
        shape = SHAPES[State(mail.state)]
        words = mail.get_state_display()
        return format_html('<span class="state {}">{}</span>', shape, words)

    status.short_description = "State"  # type: ignore[attr-defined]

    def to(self, mail: OutgoingEmail) -> str:
        return masked(mail.to_address)

    def written(self, mail: OutgoingEmail) -> str:
        return moment_in_words(mail.created_at)

    def get_urls(self) -> list[Any]:
        settle = self.admin_site.admin_view(self.settle_view)
        name = "outbox_outgoingemail_settle"
        return [path("<uuid:pk>/settle/", settle, name=name), *super().get_urls()]

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        mail = self.to_show(request, object_id)
        note_reading(request, mail.data_subject_id)
        headers, text = _as_sent(mail)
        context = self.page_context(
            request,
            title="",
            mail=mail,
            to=masked(mail.to_address),
            shape=SHAPES[State(mail.state)],
            headers=headers,
            text=text,
            can_settle=not delivery.why_not_settle(mail)
            and request.user.has_perm("outbox.settle_outgoingemail"),
        )
        return TemplateResponse(request, "admin/outbox/outgoing.html", context)

    def settle_view(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        self.require(request, "settle_outgoingemail")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        was_sent = request.POST.get("what") == "arrived"
        try:
            delivery.settle_by_hand(pk, was_sent=was_sent)
        except OutgoingEmail.DoesNotExist:
            raise Http404 from None
        except NotAllowed as refusal:
            messages.warning(request, f"{refusal} Nothing was changed.")
        else:
            said = "Settled: it arrived." if was_sent else "It goes out again now."
            messages.success(request, said)
        return HttpResponseRedirect(
            reverse("admin:outbox_outgoingemail_change", args=[pk])
        )


def _as_sent(mail: OutgoingEmail) -> tuple[str, str]:
    """The headers as they were, and the text part; empty before the hand-over."""
    if not mail.raw_message:
        return "", ""
    raw = mail.raw_message.encode("latin-1")
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("latin-1")
    return without_tokens(head), without_tokens(_text_of(raw))


def _text_of(raw: bytes) -> str:
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(("plain",)) if isinstance(message, EmailMessage) else None
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, UnicodeError):
        return ""


class InboundEmailAdmin(ReadOnlyAdmin):
    place = Place("Mail", 2, "Mail in")
    lead = (
        "Messages to us that the software did not deal with by itself. A mailed "
        "“unsubscribe” is obeyed at once and listed as dealt with."
    )
    nothing_yet = (
        "Nobody has written yet. What people mail to our addresses arrives here."
    )
    duties = {
        "view_inboundemail": "Read the messages that people send us",
        "change_inboundemail": "Mark a message as dealt with",
    }
    list_display = ("subject", "sender", "status", "received")
    list_filter = ("state",)
    ordering = ("-received_at",)

    def subject(self, row: InboundEmail) -> str:
        if row.is_shut_away:
            return "(shut away)"
        # People write addresses into subjects too.
        return ADDRESS.sub("•••", _parsed(row).subject[:80]) or "(no subject)"

    def sender(self, row: InboundEmail) -> str:
        address = _parsed(row).sender
        return addresses.mask(address) if address else "no usable address"

    sender.short_description = "From"  # type: ignore[attr-defined]

    def status(self, row: InboundEmail) -> SafeString:
        shape = INBOUND_SHAPES[InboundEmail.State(row.state)]
        words = row.get_state_display()
        return format_html('<span class="state {}">{}</span>', shape, words)

    status.short_description = "State"  # type: ignore[attr-defined]

    def received(self, row: InboundEmail) -> str:
        return moment_in_words(row.received_at)

    def get_urls(self) -> list[Any]:
        close = self.admin_site.admin_view(self.close_view)
        name = "outbox_inboundemail_close"
        return [path("<int:pk>/close/", close, name=name), *super().get_urls()]

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.to_show(request, object_id)
        message = _parsed(row)
        may_read = not row.is_shut_away or request.user.has_perm(SEE_SHUT_AWAY)
        if not may_read:
            message = replace(message, subject="", text="", quoted="", attachments=())
        note_reading(request, _subject_of(message.sender))
        context = self.page_context(
            request,
            title="",
            row=row,
            message=message,
            may_read=may_read,
            text=without_tokens(message.text),
            quoted=without_tokens(message.quoted),
            remarks=row.remarks.splitlines(),
            became=inbound.became(row),
            shape=INBOUND_SHAPES[InboundEmail.State(row.state)],
            can_enter=row.state in ("waiting", "broken")
            and may_read
            and request.user.has_perm(WORK_CASE),
            can_close=row.state in ("waiting", "broken")
            and request.user.has_perm("outbox.change_inboundemail"),
        )
        return TemplateResponse(request, "admin/outbox/inbound.html", context)

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        self.require(request, "change_inboundemail")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if inbound.close_by_hand(pk):
            messages.success(request, "Marked as dealt with.")
        else:
            messages.warning(request, "It was not waiting; nothing was changed.")
        return HttpResponseRedirect(reverse("admin:outbox_inboundemail_changelist"))


def _parsed(row: InboundEmail) -> InboundMessage:
    try:
        return parse(row.raw_message.encode("latin-1"))
    except Exception:  # strangers write these bytes; a broken one is shown as such
        return InboundMessage("", "", "", is_automatic=False)


def _subject_of(sender: str) -> Any:
    """The data subject of this sender, None when the address is not known."""
    if not sender:
        return None
    digest = addresses.digest(sender)
    known = DataSubject.objects.filter(address_digest=digest)
    return known.values_list("pk", flat=True).first()


console.register(OutgoingEmail, OutgoingEmailAdmin)
console.register(InboundEmail, InboundEmailAdmin)
