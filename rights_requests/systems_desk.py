"""The console's page of the systems outside: which there are, and who answers for each."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from rights_requests.case_forms import colleagues
from rights_requests.case_timeline import staff_names
from rights_requests.fulfilment import systems
from rights_requests.fulfilment.systems import Described
from rights_requests.models import OutsideSystem
from staff.console import Place, ReadOnlyAdmin, console

TAKEN = "There is a system of this name already."
KEEP = "rights_requests.keep_outsidesystem"


class SystemForm(forms.Form):
    """What is said of a system."""

    use_required_attribute = False

    name = forms.CharField(
        label="What is it called?",
        max_length=120,
        help_text="As colleagues call it: customer records, telephone recordings.",
        error_messages={
            "required": "Enter what it is called",
            "max_length": "Shorten the name to 120 characters",
        },
    )
    holds = forms.CharField(
        label="What does it hold of people?",
        max_length=300,
        help_text="One sentence for whoever searches it.",
        error_messages={
            "required": "Say what it holds of people",
            "max_length": "Shorten that to 300 characters",
        },
    )
    owner_id = forms.TypedChoiceField(
        label="Who answers for it?",
        coerce=int,
        help_text="Gets a task for each request.",
        error_messages={
            "required": "Choose who answers for it",
            "invalid_choice": "Choose who answers for it",
        },
    )
    is_active = forms.BooleanField(
        label="It is asked about for each request", required=False, initial=True
    )

    def __init__(self, *args: Any, system_id: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.system_id = system_id
        self.fields["owner_id"].choices = [("", "Choose"), *colleagues()]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        others = OutsideSystem.objects.exclude(pk=self.system_id)
        if others.filter(name__iexact=name).exists():
            raise forms.ValidationError(TAKEN)
        return name

    @property
    def told(self) -> Described:
        return Described(**self.cleaned_data)


@console.page("rights_requests/outsidesystem/new/", name="system-new", permission=KEEP)
@require_http_methods(["GET", "HEAD", "POST"])
def enter_system(request: HttpRequest) -> HttpResponse:
    form = SystemForm(request.POST or None)
    if request.method != "POST":
        return _form_page(request, SystemForm())
    if not form.is_valid():
        return _form_page(request, form, status=400)
    try:
        systems.enter(form.told)
    except IntegrityError:
        form.add_error("name", TAKEN)  # somebody entered it at this very moment
        return _form_page(request, form, status=409)
    messages.success(
        request, "On the list. Its owner gets a task for each open request."
    )
    return redirect("admin:rights_requests_outsidesystem_changelist")


@console.page(
    "rights_requests/outsidesystem/<int:pk>/describe/",
    name="system-change",
    permission=KEEP,
)
@require_http_methods(["GET", "HEAD", "POST"])
def change_system(request: HttpRequest, pk: int) -> HttpResponse:
    system = get_object_or_404(OutsideSystem, pk=pk)
    if request.method != "POST":
        initial = {name: getattr(system, name) for name in SystemForm.base_fields}
        form = SystemForm(initial=initial, system_id=pk)
        return _form_page(request, form, system=system)
    form = SystemForm(request.POST, system_id=pk)
    if not form.is_valid():
        return _form_page(request, form, system=system, status=400)
    try:
        systems.change(pk, form.told)
    except IntegrityError:
        form.add_error("name", TAKEN)
        return _form_page(request, form, system=system, status=409)
    messages.success(request, "On record.")
    return redirect("admin:rights_requests_outsidesystem_changelist")


def _form_page(
    request: HttpRequest,
    form: SystemForm,
    *,
    system: OutsideSystem | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        **console.each_context(request),
        "title": "",
        "form": form,
        "system": system,
    }
    template = "admin/rights_requests/system.html"
    return TemplateResponse(request, template, context, status=status)


class OutsideSystemAdmin(ReadOnlyAdmin):
    """The list stands where the console looks for it."""

    place = Place("People’s data", 24, "Systems outside")
    duties = {
        "view_outsidesystem": "See which other systems hold people’s data",
        "keep_outsidesystem": "Say which other systems hold people’s data",
    }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.require(request, "view_outsidesystem")
        rows = list(OutsideSystem.objects.select_related("connector"))
        names = staff_names([row.owner_id for row in rows])
        context = {
            **console.each_context(request),
            "title": "",
            "rows": [
                (row, names.get(row.owner_id, "nobody here any more")) for row in rows
            ],
        }
        return TemplateResponse(request, "admin/rights_requests/systems.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not object_id.isdecimal():
            raise Http404
        return redirect("admin:system-change", pk=int(object_id))


console.register(OutsideSystem, OutsideSystemAdmin)
