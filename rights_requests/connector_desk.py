"""The console's page of how a system outside is asked by machine."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from groundwork import connector_keys
from groundwork.refusals import NotAllowed
from rights_requests.fulfilment import calling, connectors, opendsr
from rights_requests.models import Connector, OutsideSystem
from rights_requests.systems_desk import KEEP
from staff.console import console, staff_id


class ConnectorForm(forms.Form):
    """Where it is asked, for what, and what its answers are signed with."""

    use_required_attribute = False

    is_active = forms.BooleanField(
        label="It is asked by machine", required=False, initial=True
    )
    endpoint = forms.CharField(
        label="Under which address?",
        required=False,
        max_length=300,
        help_text="From https:// on, with the version at its end, such as /v2. The "
        "system speaks OpenDSR 2.0.",
        error_messages={"max_length": "Shorten the address to 300 characters"},
    )
    kinds = forms.MultipleChoiceField(
        label="What for?",
        required=False,
        choices=[(kind.value, kind.label.capitalize()) for kind in calling.TYPES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from those listed"},
    )
    certificate = forms.CharField(
        label="Certificate of the system",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="As its house gave it to you (PEM). Empty: the one that it publishes "
        "is taken; compare its fingerprint with its house on the telephone.",
        error_messages={"max_length": "This is too long for a certificate"},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("is_active"):
            if not data.get("endpoint") and "endpoint" not in self.errors:
                self.add_error("endpoint", "Enter the address of the system")
            if not data.get("kinds") and "kinds" not in self.errors:
                self.add_error("kinds", "Choose what the system is asked for")
        return data


@console.page(
    "rights_requests/outsidesystem/<int:pk>/connector/",
    name="system-connector",
    permission=KEEP,
)
@require_http_methods(["GET", "HEAD", "POST"])
def connector_page(request: HttpRequest, pk: int) -> HttpResponse:
    system = get_object_or_404(OutsideSystem, pk=pk)
    connector = Connector.objects.filter(system=system).first()
    if request.method != "POST":
        return _page(
            request, system, connector, ConnectorForm(initial=_as_kept(connector))
        )
    form = ConnectorForm(request.POST)
    if not form.is_valid():
        return _page(request, system, connector, form, status=400)
    data = form.cleaned_data
    if not data["is_active"]:
        connectors.disconnect(system)
        messages.success(request, "On record: its owner answers by hand.")
        return redirect("admin:system-connector", pk=pk)
    told = connectors.Told(data["endpoint"], tuple(data["kinds"]), data["certificate"])
    try:
        connectors.connect(system, told, staff_id=staff_id(request), now=timezone.now())
    except NotAllowed as refusal:
        form.add_error("endpoint", str(refusal))
        return _page(request, system, connector, form, status=409)
    messages.success(
        request, "The system answered: from now on it is asked by machine."
    )
    return redirect("admin:system-connector", pk=pk)


def _as_kept(connector: Connector | None) -> dict[str, Any]:
    if connector is None:
        return {}
    names = ("is_active", "endpoint", "kinds", "certificate")
    return {name: getattr(connector, name) for name in names}


def _page(
    request: HttpRequest,
    system: OutsideSystem,
    connector: Connector | None,
    form: ConnectorForm,
    *,
    status: int = 200,
) -> HttpResponse:
    certificate = opendsr.certificate_of(connector.certificate) if connector else None
    context = {
        **console.each_context(request),
        "title": "",
        "form": form,
        "system": system,
        "connector": connector,
        "fingerprint": opendsr.fingerprint(certificate) if certificate else "",
        "valid_until": certificate.not_valid_after_utc if certificate else None,
        "our_key": connector_keys.public_key_pem() if connector_keys.is_there() else "",
        "callback_url": calling.callback_url(),
    }
    template = "admin/rights_requests/connector.html"
    return TemplateResponse(request, template, context, status=status)
