"""Readers on the console: found by exact address, never listed by name.

The page of one person is in governance.person, since it gathers from every floor;
governance.admin registers the class below with it.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from consent import ledger
from consent.models import Channel
from groundwork import addresses
from groundwork.clock import moment_in_words, today_here
from groundwork.refusals import NotAllowed
from outbox.models import SuppressedAddress
from processing_register.models import ProcessingPurpose
from processing_register.notices import current_controller, notice_in_force
from processing_register.register import the_register
from staff.access import note_opening, note_search
from staff.console import ConsoleAdmin, Place, ReadOnlyAdmin, console, staff_id
from staff.models import StaffName, StaffUser
from subscribers import entering, exporting, importing, leaving, preferences
from subscribers.console_forms import CorrectionForm, EnterForm, ExportForm, UploadForm
from subscribers.models import (
    DETAIL_FIELDS,
    Subscriber,
    SubscriberEvent,
    SubscriberImport,
)

ROWS_A_PAGE = 100
SHAPES = {
    Subscriber.Status.PENDING: "waiting",
    Subscriber.Status.CONFIRMED: "good",
    Subscriber.Status.LEFT: "over",
}
# JSON in the database does not keep an order.
COUNTED = [
    "new",
    "held without consent",
    "changes",
    "consents",
    "unchanged",
    "refused",
]
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def was_asked(subscriber: Subscriber) -> bool:
    """False for people who came in by import without evidence: nobody wrote to them."""
    return subscriber.confirmation_asked_at is not None


def state(subscriber: Subscriber) -> SafeString:
    """Where somebody stands, as a shape and in words."""
    shape = SHAPES[Subscriber.Status(subscriber.status)]
    words = subscriber.get_status_display()
    if subscriber.status == Subscriber.Status.PENDING and not was_asked(subscriber):
        words = "held without consent"
    return format_html('<span class="state {}">{}</span>', shape, words)


class SubscriberAdmin(ConsoleAdmin):
    place = Place("", 10, "Subscribers")
    lead = (
        "Addresses are masked here. Find somebody by the exact address, or open a row; "
        "every opening is on record."
    )
    nothing_yet = (
        "Nobody has signed up yet. Readers come in by the public page; you can enter "
        "somebody you met, or import people whose consent you can prove."
    )
    duties = {
        "view_subscriber": "Find readers and open their pages",
        "change_subscriber": "Correct a reader’s details and send them links",
        "stop_subscriber": "Stop e-mails on a reader’s request",
        "enter_subscriber": "Enter a person met at an event or on the phone",
        "import_subscriber": "Import people with their evidence of consent",
        "export_subscriber": "Export the list of readers",
    }
    list_display = ("masked_address", "state", "source", "since")
    list_filter = ("status", "source")
    ordering = ("-pk",)
    change_list_template = "admin/subscribers/subscriber/list.html"

    # --- Who may what: adding is entering, and nobody deletes ---

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscribers.enter_subscriber")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- The list ---

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer(*DETAIL_FIELDS)

    def masked_address(self, subscriber: Subscriber) -> str:
        return addresses.mask(subscriber.address)

    masked_address.short_description = "Address"  # type: ignore[attr-defined]

    def state(self, subscriber: Subscriber) -> SafeString:
        return state(subscriber)

    def since(self, subscriber: Subscriber) -> str:
        return f"{timezone.localtime(subscriber.created_at):%-d %B %Y}"

    # --- Pages of our own ---

    def get_urls(self) -> list[Any]:
        def page(route: str, view: Any, name: str) -> Any:
            wrapped = self.admin_site.admin_view(view)
            return path(route, wrapped, name=f"subscribers_subscriber_{name}")

        return [
            page("find/", self.find_view, "find"),
            page("import/", self.import_view, "import"),
            page("import/<int:pk>/", self.dry_run_view, "dry_run"),
            page("export/", self.export_view, "export"),
            page("<int:pk>/details/", self.details_view, "details"),
            page("<int:pk>/stop/", self.stop_view, "stop"),
            page("<int:pk>/preferences-link/", self.fresh_link_view, "fresh_link"),
            page("<int:pk>/confirmation/", self.resend_view, "resend"),
            *super().get_urls(),
        ]

    def _render(
        self, request: HttpRequest, name: str, *, status: int = 200, **context: Any
    ) -> TemplateResponse:
        return TemplateResponse(
            request,
            f"admin/subscribers/subscriber/{name}.html",
            self.page_context(request, **context),
            status=status,
        )

    def _person(self, request: HttpRequest, pk: int, codename: str) -> Subscriber:
        self.require(request, codename)
        person = Subscriber.objects.filter(pk=pk).first()
        if person is None:
            raise Http404
        return person

    def _back_to(self, pk: int) -> HttpResponseRedirect:
        return HttpResponseRedirect(
            reverse("admin:subscribers_subscriber_change", args=[pk])
        )

    # --- Finding ---

    def find_view(self, request: HttpRequest) -> HttpResponseBase:
        """By exact address only, and by POST: no address in a URL or a log."""
        self.require(request, "view_subscriber")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        typed = request.POST.get("address", "")[:320]
        try:
            address = addresses.normalise(typed.replace("\0", ""))
        except ValidationError as error:
            return self._not_found(request, typed, problem=" ".join(error.messages))
        digest = addresses.digest(address)
        person = Subscriber.objects.filter(address_digest=digest).first()
        note_search(request, person.data_subject_id if person else None)
        if person is not None:
            return self._back_to(person.pk)
        suppressed = SuppressedAddress.objects.filter(address_digest=digest)
        return self._not_found(request, address, suppressed=list(suppressed))

    def _not_found(
        self, request: HttpRequest, typed: str, **context: Any
    ) -> TemplateResponse:
        return self._render(
            request, "not_found", title="", typed=typed, status=404, **context
        )

    # --- Entering somebody ---

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require(request, "enter_subscriber")
        form = EnterForm(
            request.POST if request.method == "POST" else None,
            initial={
                "met_on": today_here(),
                "notice": notice_in_force("privacy").reference,
            },
        )
        if request.method == "POST" and form.is_valid():
            try:
                return self._entered(request, form)
            except NotAllowed as refusal:
                form.add_error(None, str(refusal))
        return self._render(
            request,
            "enter",
            title="",
            form=form,
            status=400 if form.errors else 200,
        )

    def _entered(self, request: HttpRequest, form: EnterForm) -> HttpResponse:
        data = form.cleaned_data
        entered = entering.enter(
            entering.Meeting(
                address=data["email"],
                purposes=data["purposes"],
                source=data["source"],
                where=data["where"],
                met_on=data["met_on"],
                notice=data["notice"],
                how=data["how"],
                staff_id=staff_id(request),
                details={n: v for n, v in form.details().items() if v},
            )
        )
        masked = addresses.mask(data["email"])
        if entered.is_mail_on_its_way:
            messages.success(
                request,
                f"Written down. A mail to {masked} asks the person to confirm; "
                "until they do, nothing else is sent.",
            )
        else:
            messages.warning(
                request,
                f"Written down. {masked} was asked to confirm within the last 24 hours "
                "already, so no second mail goes out.",
            )
        return HttpResponseRedirect(reverse("admin:subscribers_subscriber_changelist"))

    # --- What can be done for one person ---

    def details_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        person = self._person(request, pk, "change_subscriber")
        form = CorrectionForm(
            request.POST if request.method == "POST" else None, initial=person.details
        )
        if request.method == "POST" and form.is_valid():
            self._correct(request, person, form)
            return self._back_to(pk)
        if request.method != "POST":
            note_opening(request, person.data_subject_id)
        return self._render(
            request,
            "details",
            title="",
            form=form,
            person=person,
            status=400 if form.errors else 200,
        )

    def _correct(
        self, request: HttpRequest, person: Subscriber, form: CorrectionForm
    ) -> None:
        try:
            changed = preferences.change_details(
                person,
                form.details(),
                channel=Channel.STAFF,
                staff_id=staff_id(request),
            )
        except NotAllowed as refusal:
            messages.error(request, f"Nothing was changed. {refusal}")
            return
        names = ", ".join(name.replace("_", " ") for name in changed)
        said = f"Corrected: {names}." if changed else "Nothing was different."
        messages.success(request, said)

    def stop_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Shows what will stop; only the POST stops it."""
        person = self._person(request, pk, "stop_subscriber")
        if request.method == "POST":
            left = leaving.leave(
                pk, [], channel=Channel.STAFF, staff_id=staff_id(request)
            )
            titles = ProcessingPurpose.objects.filter(key__in=left.withdrawn)
            what = ", ".join(purpose.title for purpose in titles)
            said = (
                f"Stopped: {what}." if what else "The address is now on the stop list."
            )
            messages.success(request, said)
            return self._back_to(pk)
        note_opening(request, person.data_subject_id)
        standing = ledger.standing_purposes(person.data_subject_id)
        purposes = ProcessingPurpose.objects.filter(key__in=standing)
        return self._render(
            request,
            "stop",
            title="",
            person=person,
            purposes=purposes,
            removed_when=the_register().retention["departed-reader"].title,
        )

    def fresh_link_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        person = self._person(request, pk, "change_subscriber")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if person.confirmed_at is None:
            messages.warning(request, "The address is not confirmed yet.")
        else:
            preferences.ask_for_link(person.address)
            messages.success(
                request,
                "A link to the preferences page is on its way. It works once, within "
                "15 minutes; at most five an hour are sent.",
            )
        return self._back_to(pk)

    def resend_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        self._person(request, pk, "change_subscriber")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            is_sent = entering.resend_confirmation(pk)
        except NotAllowed as refusal:
            messages.warning(request, f"Nothing was sent. {refusal}")
            return self._back_to(pk)
        if is_sent:
            messages.success(request, "The confirmation mail is on its way again.")
        else:
            messages.warning(
                request,
                "One confirmation mail a day goes to an address, and today’s has gone. "
                "Try again tomorrow.",
            )
        return self._back_to(pk)

    # --- Import ---

    def import_view(self, request: HttpRequest) -> HttpResponseBase:
        self.require(request, "import_subscriber")
        is_post = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if is_post else UploadForm()
        if is_post and form.is_valid() and self._is_readable(form):
            upload = importing.keep_upload(
                form.cleaned_data["file"],
                file_name=request.FILES["file"].name or "",  # type: ignore[union-attr]
                staff_id=staff_id(request),
            )
            return HttpResponseRedirect(
                reverse("admin:subscribers_subscriber_dry_run", args=[upload.pk])
            )
        return self._render(
            request,
            "import",
            title="",
            form=form,
            purposes=ProcessingPurpose.objects.offered(),
            controller_name=current_controller().trading_name,
            status=400 if form.errors else 200,
        )

    def _is_readable(self, form: UploadForm) -> bool:
        try:
            importing.read(form.cleaned_data["file"], now=timezone.now())
        except importing.FileProblem as problem:
            form.add_error("file", str(problem))
            return False
        return True

    def dry_run_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """What applying would do; the POST applies exactly the file that was shown."""
        self.require(request, "import_subscriber")
        upload = SubscriberImport.objects.filter(pk=pk).first()
        if upload is None:
            raise Http404
        if request.method == "POST":
            return self._apply(request, upload)
        if not importing.is_open(upload):
            return self._render(
                request,
                "import_over",
                title="",
                upload=upload,
                by=StaffUser.objects.filter(pk=upload.staff_id).first(),
                counts=[(what, upload.counts.get(what, 0)) for what in COUNTED],
            )
        rows = importing.read(upload.content, now=timezone.now())
        written = upload.counts.get(importing.WRITTEN, 0)
        return self._dry_run(request, upload, importing.plan(rows[written:]), written)

    def _dry_run(
        self,
        request: HttpRequest,
        upload: SubscriberImport,
        planned: list[importing.Planned],
        written: int,
    ) -> TemplateResponse:
        counts = importing.count(planned)
        wanted = request.GET.get("show", "")
        shown = [p for p in planned if p.outcome == wanted] if wanted else planned
        paginator = self.paginator(shown, ROWS_A_PAGE)
        page = paginator.get_page(request.GET.get("page"))
        titles = dict(ProcessingPurpose.objects.values_list("key", "title"))
        return self._render(
            request,
            "dry_run",
            title="",
            upload=upload,
            digest=bytes(upload.digest).hex(),
            counts=counts,
            held=counts["held without consent"],
            to_write=counts["new"] + counts["changes"],
            outcomes=[(o.value, counts[o.value]) for o in importing.Outcome],
            total=len(planned),
            written=written,
            wanted=wanted,
            page=page,
            lines=[_shown(p, titles) for p in page],
            until=importing.shown_until(upload),
        )

    def _apply(self, request: HttpRequest, upload: SubscriberImport) -> HttpResponse:
        try:
            importing.apply_upload(
                upload.pk,
                digest=request.POST.get("digest", ""),
                staff_id=staff_id(request),
            )
        except importing.NotApplicable:
            messages.error(
                request,
                "Nothing was written: this file was applied already, is older than a "
                "day, or is not the one that was shown.",
            )
        return HttpResponseRedirect(request.path)

    # --- Export ---

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        self.require(request, "export_subscriber")
        form = ExportForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            whom, kind = form.cleaned_data["whom"], form.cleaned_data["kind"]
            exporting.record_export(whom, staff_id=staff_id(request))
            make = exporting.as_csv if kind == "csv" else exporting.as_json
            response = StreamingHttpResponse(
                make(whom), content_type=CONTENT_TYPES[kind]
            )
            name = f"readers-{today_here():%Y-%m-%d}.{kind}"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
        return self._render(
            request,
            "export",
            title="",
            form=form,
            left_out=exporting.left_out(),
            status=400 if form.errors else 200,
        )


def _shown(planned: importing.Planned, titles: dict[str, str]) -> dict[str, Any]:
    """One line of the dry run, in words."""
    row = planned.row
    return {
        "line": row.line,
        "address": addresses.mask(row.address) if row.address else "—",
        "outcome": planned.outcome.value,
        "reason": planned.reason,
        "changes": [
            {"name": c.name.replace("_", " "), "old": c.old, "new": c.new}
            for c in planned.changes
        ],
        "gives": [titles[key] for key in planned.gives],
        "is_held": planned.is_held_without_consent,
        "known_pk": planned.known.pk if planned.known else None,
    }


class SubscriberEventAdmin(ReadOnlyAdmin):
    place = Place("Ledgers", 2, "Changes to readers")
    lead = (
        "Which fields changed, when and by whom; never their values. Nobody can change "
        "a line of it."
    )
    nothing_yet = (
        "The first line appears when a reader confirms, changes something or leaves."
    )
    duties = {"view_subscriberevent": "See the record of changes to readers"}
    list_display = ("moment", "action", "names", "how", "person")
    list_filter = ("action",)
    ordering = ("-id",)
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(staff_name=StaffName())

    def moment(self, event: SubscriberEvent) -> str:
        return moment_in_words(event.at)

    moment.short_description = "When"  # type: ignore[attr-defined]

    def names(self, event: SubscriberEvent) -> str:
        return ", ".join(name.replace("_", " ") for name in event.fields)

    names.short_description = "Fields"  # type: ignore[attr-defined]

    def how(self, event: Any) -> str:
        return (
            f"{event.channel} ({event.staff_name})"
            if event.staff_name
            else event.channel
        )

    def person(self, event: SubscriberEvent) -> SafeString:
        return format_html(
            '<span class="code">{}</span>', str(event.data_subject_id)[:8]
        )


console.register(SubscriberEvent, SubscriberEventAdmin)
