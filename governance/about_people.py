"""What the console's pages about people share: lists that mask, rows whose opening is
on record, and verbs with a form and a permission each.

A refusal is shown in its words, and nothing is changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
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
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from data_subjects.models import DataSubject
from governance.choosing import Chosen, chosen
from governance.person_forms import ConsoleForm
from groundwork import addresses
from groundwork.clock import moment_in_words
from groundwork.refusals import NotAllowed
from staff.access import note_opening, note_search
from staff.console import ReadOnlyAdmin, staff_id
from staff.models import StaffUser


@dataclass(frozen=True)
class Act:
    """One form of one verb: what stands on it, and what it does when it holds.

    is_about_chosen: it may be started on a person's page, which then gives the row.
    shows_data: its form is filled in with what is held, so opening it is on record.
    """

    permission: str
    heading: str
    lead: str
    button: str
    form: type[ConsoleForm]
    do: Callable[[Any, dict[str, Any], int], str]
    is_about_chosen: bool = False
    shows_data: bool = False


class AboutPeopleAdmin(ReadOnlyAdmin):
    """A register whose rows are about people: masked, found by exact address."""

    change_list_template = "admin/data_subjects/list.html"
    adding: Act
    add_label = ""
    # The lookup by which the rows of one person are found.
    person_lookup = "data_subject"
    list_filter = ()

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        return lookup == self.person_lookup

    def _name(self, name: str) -> str:
        return f"admin:data_subjects_{self.opts.model_name}_{name}"

    def get_urls(self) -> list[Any]:
        find = self.admin_site.admin_view(self.find_view)
        name = f"data_subjects_{self.opts.model_name}_find"
        own = [path("find/", find, name=name)]
        for act_name in self.acts():
            view = self.admin_site.admin_view(self.act_view)
            own.append(
                path(
                    f"<int:pk>/{act_name}/",
                    view,
                    {"act_name": act_name},
                    name=f"data_subjects_{self.opts.model_name}_{act_name}",
                )
            )
        return [*own, *super().get_urls()]

    def acts(self) -> dict[str, Act]:
        """The verbs on one row, by the last part of their address."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"data_subjects.{self.adding.permission}")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "add_url": reverse(self._name("add")),
            "add_label": self.add_label,
            "find_url": reverse(self._name("find")),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def find_view(self, request: HttpRequest) -> HttpResponseBase:
        """By exact address and by POST: no address in a URL or a log."""
        self.require(request, f"view_{self.opts.model_name}")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        subject = _known_by(request.POST.get("address", ""))
        note_search(request, subject.pk if subject else None)
        there = reverse(self._name("changelist"))
        if subject is None:
            messages.warning(request, "Nobody is known by this exact address.")
            return HttpResponseRedirect(there)
        return HttpResponseRedirect(f"{there}?{self.person_lookup}={subject.pk}")

    # --- Forms ---

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self.require(request, self.adding.permission)
        person = chosen(request) if self.adding.is_about_chosen else None
        return self._act(request, self.adding, person)

    def act_view(self, request: HttpRequest, pk: int, act_name: str) -> HttpResponse:
        act = self.acts()[act_name]
        self.require(request, act.permission)
        row = self.model._default_manager.filter(pk=pk).first()
        if row is None:
            raise Http404
        if act.shows_data and request.method != "POST":
            self._note_opening(request, row)
        return self._act(request, act, row)

    def _act(self, request: HttpRequest, act: Act, row: Any) -> HttpResponse:
        self.require(request, act.permission)
        is_post = request.method == "POST"
        form = act.form(request.POST if is_post else None, row=row)
        back = self._back(row)
        if is_post and form.is_valid() and self._is_done(request, act, row, form):
            return HttpResponseRedirect(back["back"])
        context = {
            "form": form,
            "heading": act.heading,
            "lead": act.lead,
            "button": act.button,
            **back,
        }
        return self._page(request, "form", context, status=400 if is_post else 200)

    def _back(self, row: Any) -> dict[str, str]:
        """The way back: to the page of the person who was chosen there, or the list."""
        if isinstance(row, Chosen):
            return {"back": row.page, "back_label": row.name, "about": row.name}
        return {
            "back": reverse(self._name("changelist")),
            "back_label": self.place.label if self.place else "",
        }

    def _is_done(
        self, request: HttpRequest, act: Act, row: Any, form: ConsoleForm
    ) -> bool:
        """Carry it out; a refusal changes nothing and stands on the form."""
        try:
            with transaction.atomic():
                said = act.do(row, form.cleaned_data, staff_id(request))
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
            return False
        messages.success(request, said)
        return True

    def _page(
        self,
        request: HttpRequest,
        name: str,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> TemplateResponse:
        """A page of this register; without another way back, with that to its list."""
        return TemplateResponse(
            request,
            f"admin/data_subjects/{name}.html",
            self.page_context(request, title="", **(self._back(None) | context)),
            status=status,
        )

    # --- The page of one row ---

    @method_decorator(require_safe)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.to_show(request, object_id)
        self._note_opening(request, row)
        context = {
            "heading": str(row).capitalize(),
            "facts": self.facts(row),
            "buttons": self._buttons(request, row),
            **self.more(row),
        }
        return self._page(request, "row", context)

    def _note_opening(self, request: HttpRequest, row: Any) -> None:
        for subject in self.people_of(row):
            note_opening(request, subject)

    def _buttons(self, request: HttpRequest, row: Any) -> list[tuple[str, str]]:
        """The acts that are open on this row to whoever looks: words and address."""
        if not self.is_open(row):
            return []
        return [
            (act.heading, reverse(self._name(name), args=[row.pk]))
            for name, act in self.acts().items()
            if request.user.has_perm(f"data_subjects.{act.permission}")
        ]

    def more(self, row: Any) -> dict[str, Any]:
        """What else the page of one row shows, for its template."""
        return {}

    def people_of(self, row: Any) -> list[Any]:
        return [row.data_subject_id]

    def is_open(self, row: Any) -> bool:
        return False

    def facts(self, row: Any) -> list[tuple[str, str]]:
        """What the page of one row says of it; each register says more."""
        return [("Number", str(row.pk))]


def _known_by(typed: str) -> DataSubject | None:
    try:
        address = addresses.normalise(typed[:320].replace("\0", ""))
    except ValidationError:
        return None
    digest = addresses.digest(address)
    return DataSubject.objects.filter(address_digest=digest).first()


def when(moment: Any) -> str:
    return moment_in_words(moment) if moment else "—"


def who(number: int | None) -> str:
    return str(StaffUser.objects.filter(pk=number or 0).first() or "—")


def masked(address: str) -> str:
    return addresses.mask(address) if address else "—"
