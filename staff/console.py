"""The console: Django's admin on a site of our own, for people who sign in by name."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from groundwork.rate_limits import sign_in_allowed
from groundwork.requests import network_of


class SignInForm(AdminAuthenticationForm):
    """Sign-in by e-mail address, with a limit on tries."""

    def clean(self) -> dict[str, Any]:
        assert self.request is not None
        address = self.cleaned_data.get("username", "")
        if not sign_in_allowed(network_of(self.request), address):
            raise ValidationError("Too many tries. Wait an hour, then try again.")
        return super().clean()


class Console(AdminSite):
    site_header = "Casedesk"
    site_title = "Casedesk"
    index_title = "Today"
    login_form = SignInForm
    enable_nav_sidebar = False
    empty_value_display = "—"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_authenticated)


console = Console(name="console")
