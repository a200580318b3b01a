"""The console's page on which proofs are handed over: look, confirm, download."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from governance import proofs
from governance.models import ProofsTransfer
from groundwork.clock import moment_in_words
from staff.console import Place, ReadOnlyAdmin, console, staff_id

PERMISSION = "governance.export_proofs"


class RecipientForm(forms.Form):
    use_required_attribute = False

    recipient = forms.CharField(
        label="Who gets it",
        max_length=120,
        help_text="The legal name of the company that takes over, as in the contract.",
        error_messages={"required": "Enter the company’s legal name"},
    )


class ConfirmForm(RecipientForm):
    """The same name once more: it is on record, and the archive carries it."""

    retyped = forms.CharField(
        label="Type the company’s name again",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Type the company’s name again"},
    )

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("retyped") and told["retyped"] != told.get("recipient"):
            self.add_error("retyped", "The two names differ. Type the same one")
        return told


@console.page(
    "proofs/",
    name="proofs",
    place=Place("The house", 6, "Hand over proofs"),
    permission=PERMISSION,
)
@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request, RecipientForm())
    if "retyped" not in request.POST:
        form = RecipientForm(request.POST)
        is_right = form.is_valid()
        return _page(request, form, is_confirming=is_right)
    confirm = ConfirmForm(request.POST)
    if not confirm.is_valid():
        return _page(
            request, confirm, is_confirming=not confirm.errors.get("recipient")
        )
    transfer = proofs.record_transfer(
        confirm.cleaned_data["recipient"], staff_id=staff_id(request)
    )
    return _download(transfer)


def _page(
    request: HttpRequest, form: forms.Form, *, is_confirming: bool = False
) -> TemplateResponse:
    recipient = str(form.data.get("recipient", "")).strip() if is_confirming else ""
    if is_confirming and not isinstance(form, ConfirmForm):
        form = ConfirmForm(initial={"recipient": recipient})
    context = {
        **console.each_context(request),
        "title": "",
        "form": form,
        "is_confirming": is_confirming,
        "recipient": recipient,
        "parts": [(part.name, part.what, part.count()) for part in proofs.parts()],
        "restricted": proofs.restricted_count(),
    }
    status = 400 if form.errors else 200
    name = "admin/governance/proofs.html"
    return TemplateResponse(request, name, context, status=status)


def _download(transfer: ProofsTransfer) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(
        proofs.archive(transfer), content_type="application/zip"
    )
    name = proofs.file_name(transfer)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class ProofsTransferAdmin(ReadOnlyAdmin):
    place = Place("The house", 7, "Transfers of proofs")
    lead = (
        "To which company the opt-outs and the proofs of consent were handed, and when."
    )
    nothing_yet = "Proofs are handed over when a new controller takes the readers over."
    duties = {
        "view_proofstransfer": "See to whom proofs were handed over",
        "export_proofs": "Hand over opt-outs and proofs of consent",
    }
    list_display = ("recipient", "outcome", "people_count", "moment")
    list_filter = ()

    def outcome(self, transfer: ProofsTransfer) -> SafeString:
        if transfer.finished_at is None:
            return format_html('<span class="state {}">broken off</span>', "bad")
        return format_html('<span class="state {}">handed over</span>', "good")

    def moment(self, transfer: ProofsTransfer) -> str:
        return moment_in_words(transfer.started_at)

    moment.short_description = "When"  # type: ignore[attr-defined]


console.register(ProofsTransfer, ProofsTransferAdmin)
