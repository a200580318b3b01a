"""Who may work here, and the record of whose data they opened."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth import password_validation
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from groundwork.clock import moment_in_words
from staff.console import ConsoleAdmin, Place, ReadOnlyAdmin, console
from staff.models import AccessRecord, StaffName, StaffUser

Choices = list[tuple[str, list[tuple[int, str]]]]


def duties() -> Choices:
    """Every permission that the console knows, in words, under the place it is for."""
    pks = {
        (p.content_type.app_label, p.codename): p.pk
        for p in Permission.objects.select_related("content_type")
    }
    groups: dict[str, list[tuple[int, str]]] = {}
    for place, model, admin in console.in_order():
        words = getattr(admin, "duties", None)
        if words is None:
            words = _own_permissions(model)
        app = model._meta.app_label
        found = [(pks[app, c], w) for c, w in words.items() if (app, c) in pks]
        if found:
            groups.setdefault(place.section or place.label, []).extend(found)
    return list(groups.items())


def _own_permissions(model: Any) -> dict[str, str]:
    """For an app that names no duties: what its model declares, and seeing it."""
    name = model._meta.model_name
    return {
        f"view_{name}": f"See {model._meta.verbose_name_plural}",
        **{codename: str(words) for codename, words in model._meta.permissions},
    }


def end_sessions(user: StaffUser) -> int:
    """Sign this person out everywhere; returns how many sessions there were.

    A closed account cannot use its sessions anyway; but opened again, the old ones
    must not come back to life.
    """
    ended = 0
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
            ended += 1
    return ended


class StaffForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person and their duties."""

    use_required_attribute = False

    duties = forms.MultipleChoiceField(
        label="Duties",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Give what the work needs, and no more.",
    )

    class Meta:
        model = StaffUser
        fields = ("full_name", "email", "is_active", "is_superuser")
        labels = {
            "full_name": "Name",
            "email": "E-mail address",
            "is_active": "May sign in",
            "is_superuser": "Looks after the console: may do all and give duties",
        }
        widgets = {"email": forms.EmailInput(attrs={"autocomplete": "off"})}
        help_texts = {
            "is_superuser": "",
            "is_active": "Clear this when somebody leaves: they are signed out at "
            "once. Nobody is deleted, since records name who decided.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.MultipleChoiceField, self.fields["duties"])
        field.choices = duties()
        if self.instance.pk:
            held = self.instance.user_permissions.values_list("pk", flat=True)
            field.initial = [str(pk) for pk in held]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        others = StaffUser.objects.filter(email=email).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError("Somebody with this address has an account already")
        return email

    def clean(self) -> Any:
        """The house must stay in somebody's care."""
        data = super().clean() or self.cleaned_data
        stays = data.get("is_superuser") and data.get("is_active")
        others = StaffUser.objects.filter(is_superuser=True, is_active=True)
        if not stays and not others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(
                "Somebody must look after the console. Give that to somebody else first"
            )
        return data


class PasswordFields(forms.Form):
    use_required_attribute = False

    password = forms.CharField(
        label="A password to begin with",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least twelve characters. Tell it to the person yourself, not by "
        "e-mail; they change it after the first sign-in.",
        error_messages={"required": "Enter a password of at least twelve characters"},
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password


class NewStaffForm(PasswordFields, StaffForm):
    field_order = ["full_name", "email", "password", "is_active", "is_superuser"]


class StaffUserAdmin(ConsoleAdmin):
    place = Place("The house", 1, "Staff")
    lead = "One account for one person. Whoever leaves is closed, not deleted."
    duties = {}  # only who looks after the console sees them
    list_display = ("full_name", "email", "standing", "last_seen")
    list_filter = ("is_active",)
    ordering = ("full_name",)
    change_form_template = "admin/staff/person.html"
    form = StaffForm
    fields = ("full_name", "email", "is_active", "is_superuser", "duties")

    def standing(self, user: StaffUser) -> SafeString:
        if not user.is_active:
            return format_html('<span class="state {}">closed</span>', "over")
        words = "looks after the console" if user.is_superuser else "may sign in"
        return format_html('<span class="state good">{}</span>', words)

    standing.short_description = "Account"  # type: ignore[attr-defined]

    def last_seen(self, user: StaffUser) -> str:
        if user.last_login is None:
            return "never"
        return moment_in_words(user.last_login)

    last_seen.short_description = "Last sign-in"  # type: ignore[attr-defined]

    # --- Only those who look after the console; nobody deletes ---

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- Forms ---

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return StaffForm if change else NewStaffForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return self.fields
        return ("full_name", "email", "password", *self.fields[2:])

    def save_model(
        self, request: HttpRequest, obj: Any, form: Any, change: Any
    ) -> None:
        if not change:
            obj.set_password(form.cleaned_data["password"])
        obj.save()
        obj.user_permissions.set(form.cleaned_data["duties"])
        if change and not obj.is_active:
            end_sessions(obj)

    # --- A new password for somebody ---

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.password_view)
        name = "staff_staffuser_password"
        return [path("<int:pk>/password/", view, name=name), *super().get_urls()]

    def password_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        if not self.has_change_permission(request):
            raise PermissionDenied
        user = StaffUser.objects.filter(pk=pk).first()
        if user is None:
            raise Http404
        form = PasswordFields(request.POST if request.method == "POST" else None)
        form.fields["password"].label = "The new password"
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                user.set_password(form.cleaned_data["password"])
                user.save(update_fields=["password"])
                end_sessions(user)
            messages.success(
                request, f"{user} has a new password and is signed out everywhere."
            )
            return HttpResponseRedirect(
                reverse("admin:staff_staffuser_change", args=[pk])
            )
        return TemplateResponse(
            request,
            "admin/staff/password.html",
            self.page_context(request, title="", form=form, person=user),
            status=400 if form.errors else 200,
        )


class AccessRecordAdmin(ReadOnlyAdmin):
    place = Place("Ledgers", 3, "Access records")
    lead = "Who looked for, opened, read or took out whose data, and when."
    nothing_yet = "The first line appears when somebody searches for a reader."
    duties = {"view_accessrecord": "See who opened whose data"}
    list_display = ("moment", "who", "action", "person", "rows_count")
    list_filter = ("action",)
    list_display_links = None
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(staff_name=StaffName())

    def moment(self, record: AccessRecord) -> str:
        return moment_in_words(record.at)

    moment.short_description = "When"  # type: ignore[attr-defined]

    def who(self, record: Any) -> str:
        return record.staff_name or f"staff {record.staff_id}"

    who.short_description = "By"  # type: ignore[attr-defined]

    def person(self, record: AccessRecord) -> SafeString | str:
        if record.data_subject_id is None:
            return "nobody in particular"
        short = str(record.data_subject_id)[:8]
        return format_html('<span class="code">{}</span>', short)


console.register(StaffUser, StaffUserAdmin)
console.register(AccessRecord, AccessRecordAdmin)
