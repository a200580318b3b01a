"""The console: Django's admin on a site of our own, for people who sign in by name.

Apps above register their models and pages here. What the rail shows of them, and
where, stands beside each in a Place: no list of other apps' things is kept here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern, URLResolver
from django.utils.functional import cached_property

from groundwork.rate_limits import sign_in_allowed, sign_in_worked
from groundwork.requests import network_of

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
    _ModelAdmin = ModelAdmin[Any]
else:  # Django's classes take no type arguments when the code runs
    _Paginator, _ModelAdmin = Paginator, ModelAdmin

View = Callable[..., HttpResponseBase]

# The sections of the rail, in order; the first has no heading.
SECTIONS = ("", "Mail", "People’s data", "Registers", "Ledgers", "The house")


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands on the rail: its section, its rank in it, its words."""

    section: str
    rank: int
    label: str


@dataclass(frozen=True)
class Page:
    """A page that belongs to no single model; without permission: for everybody."""

    route: str
    name: str
    view: View
    place: Place | None
    permission: str


@dataclass(frozen=True)
class RailLink:
    label: str
    url: str
    is_current: bool


# So many links stand open on the rail; of more the heading alone, until it is asked.
FEW = 4


@dataclass(frozen=True)
class RailSection:
    heading: str
    links: list[RailLink]

    @property
    def folds(self) -> bool:
        return bool(self.heading) and len(self.links) > FEW

    @property
    def is_current(self) -> bool:
        return any(link.is_current for link in self.links)


class SignInForm(AdminAuthenticationForm):
    """Sign-in by e-mail address, with a limit on tries."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "That e-mail address and password do not go together. "
        "Check both and try again",
        "inactive": "This account is closed",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autocomplete": "username", "autofocus": True, "maxlength": 254}
        )
        self.fields["username"].label = "E-mail address"
        self.fields["username"].error_messages["required"] = "Enter your e-mail address"
        self.fields["password"].error_messages["required"] = "Enter your password"
        self.use_required_attribute = False

    def clean(self) -> dict[str, Any]:
        address = self.cleaned_data.get("username", "")
        network = network_of(cast(HttpRequest, self.request))
        if not sign_in_allowed(network, address):
            raise ValidationError("Too many tries. Wait an hour, then try again.")
        cleaned = super().clean()
        sign_in_worked(network, address)
        return cleaned


class Console(AdminSite):
    site_header = "Casedesk"
    site_title = "Casedesk"
    index_title = "Today"
    login_form = SignInForm
    enable_nav_sidebar = False
    empty_value_display = "—"
    site_url = "/"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.pages: list[Page] = []

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_authenticated)

    def page(
        self,
        route: str,
        *,
        name: str,
        place: Place | None = None,
        permission: str = "",
    ) -> Callable[[View], View]:
        """Decorator: put a view on the console, behind sign-in and this permission."""

        def add(view: View) -> View:
            self.pages.append(Page(route, name, view, place, permission))
            return view

        return add

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Our pages come first, so that one named "index" is the first page."""
        own = [
            path(page.route, self.admin_view(_guarded(page)), name=page.name)
            for page in self.pages
        ]
        # Django's look-up of any row by its type and key has no use here, and would be
        # one more door to rows.
        django_own = [
            url
            for url in super().get_urls()
            if getattr(url, "name", "") != "view_on_site"
        ]
        return [*own, *django_own]

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Inside the console, "not allowed" and "not found" look like the console."""
        guarded = super().admin_view(view, cacheable)

        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                response = guarded(request, *args, **kwargs)
            except PermissionDenied:
                response = self._sorry(request, "admin/not_allowed.html", 403)
            except Http404:
                response = self._sorry(request, "admin/not_found.html", 404)
            return _with_origin(response)

        return update_wrapper(answer, guarded)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _with_origin(super().login(request, extra_context))

    def _sorry(self, request: HttpRequest, template: str, status: int) -> HttpResponse:
        request.current_app = self.name
        context = {**self.each_context(request), "title": ""}
        return TemplateResponse(request, template, context, status=status)

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: Any = None
    ) -> TemplateResponse:
        """The rail takes the place of Django's page per app."""
        raise Http404

    def each_context(self, request: HttpRequest, *, at: str = "") -> dict[str, Any]:
        """at: the list to which the page belongs, where its own address does not say."""
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": self.site_url,
            "has_permission": self.has_permission(request),
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
            "rail": self.rail(request, at=at),
        }

    def rail(self, request: HttpRequest, *, at: str = "") -> list[RailSection]:
        """What this person may see, in its sections; empty before sign-in. at: the place
        to mark, where the address of the page is not below it."""
        if not self.has_permission(request):
            return []
        found = sorted(self._places(request), key=lambda pair: pair[0])
        sections = []
        for heading in SECTIONS:
            links = [
                RailLink(place.label, url, _is_current(at or request.path, url))
                for place, url in found
                if place.section == heading
            ]
            if links:
                sections.append(RailSection(heading, links))
        return sections

    def _places(self, request: HttpRequest) -> Iterator[tuple[Place, str]]:
        for page in self.pages:
            if page.place is not None and _may(request, page.permission):
                yield page.place, self._url(page.name)
        for place, model, admin in self.in_order():
            if admin.has_view_or_change_permission(request):
                meta = model._meta
                name = f"{meta.app_label}_{meta.model_name}_changelist"
                yield place, self._url(name)

    def in_order(self) -> list[tuple[Place, type[models.Model], Any]]:
        """Every registered model with its admin, as the rail lists them."""
        found = [
            (getattr(admin, "place", None) or _usual_place(model), model, admin)
            for model, admin in self._registry.items()
        ]
        return sorted(
            found, key=lambda row: (SECTIONS.index(row[0].section), row[0].rank)
        )

    def _url(self, name: str) -> str:
        return reverse(f"admin:{name}", current_app=self.name)


def _with_origin[Response: HttpResponseBase](response: Response) -> Response:
    """Let forms of the console say where they come from: with "no-referrer", which
    public pages have, browsers send "Origin: null", and Django's CSRF check refuses."""
    response["Referrer-Policy"] = "same-origin"
    return response


def _guarded(page: Page) -> View:
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _may(request, page.permission):
            raise PermissionDenied
        request.current_app = console.name
        return page.view(request, *args, **kwargs)

    return update_wrapper(view, page.view)


def _may(request: HttpRequest, permission: str) -> bool:
    return not permission or request.user.has_perm(permission)


def _is_current(path: str, url: str) -> bool:
    is_front_page = url.count("/") == 2
    return path == url if is_front_page else path.startswith(url)


def _usual_place(model: type[models.Model]) -> Place:
    label = str(model._meta.verbose_name_plural)
    return Place("", 50, label[:1].upper() + label[1:])


console = Console(name="console")


def staff_id(request: HttpRequest) -> int:
    """The number under which a ledger knows who is signed in."""
    if request.user.pk is None:
        raise PermissionDenied
    return int(request.user.pk)


class ShortList(_Paginator):
    """Counts no further than it shows, since counting a large table takes seconds.

    Whoever needs what lies behind the last page searches or filters instead.
    """

    LIMIT = 2_000

    @cached_property
    def count(self) -> int:
        if isinstance(self.object_list, models.QuerySet):
            # Ordering is of no use to a count.
            return self.object_list.order_by()[: self.LIMIT].count()
        return len(self.object_list)


class ConsoleList(ChangeList):
    """A list that says when there is more than it counted."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.has_more = self.result_count >= ShortList.LIMIT


class ConsoleAdmin(_ModelAdmin):
    """How the console shows a model: without script, bulk actions, endless counts."""

    place: Place | None = None
    actions = None
    view_on_site = False
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    paginator = ShortList
    sortable_by: ClassVar[Any] = ()
    save_on_top = False
    # What a member of staff may be allowed to do here: codename → words for the
    # page on which permissions are given.
    # None: what the model's Meta declares.
    duties: dict[str, str] | None = None
    # A sentence under the heading, and what an empty list teaches.
    lead = ""
    nothing_yet = ""

    @property
    def media(self) -> forms.Media:
        """None of Django's scripts: everything works without them."""
        return forms.Media()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConsoleList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        label = self.place.label if self.place else ""
        context = {"lead": self.lead, "nothing_yet": self.nothing_yet, "heading": label}
        return super().changelist_view(request, context | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if self.place is not None:
            context["list_label"] = self.place.label
        return super().render_change_form(request, context, *args, **kwargs)

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Without the pop-up buttons beside a choice, which need a script."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def page_context(self, request: HttpRequest, **more: Any) -> dict[str, Any]:
        """What a page of our own below this model needs."""
        request.current_app = self.admin_site.name
        return {**self.admin_site.each_context(request), "opts": self.opts, **more}

    def to_show(self, request: HttpRequest, object_id: str) -> Any:
        """The row whose page is opened. Raises PermissionDenied to whoever may not see
        such rows, and Http404 when there is none."""
        self.require(request, f"view_{self.opts.model_name}")
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def require(self, request: HttpRequest, codename: str) -> None:
        """Raises PermissionDenied unless the person has this permission of the app."""
        if not request.user.has_perm(f"{self.opts.app_label}.{codename}"):
            raise PermissionDenied


class ReadOnlyAdmin(ConsoleAdmin):
    """A model that the console shows and never changes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
