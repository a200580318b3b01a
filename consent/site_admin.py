"""The controller's other sites on the console, each with the tag to paste into it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from consent import sites
from consent.models import ConsentSite
from staff.console import ConsoleAdmin, Place, console

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[ConsentSite]
else:  # Django's forms take no type arguments when the code runs
    _ModelForm = forms.ModelForm

MOST_ORIGINS = 20


class OriginsField(forms.CharField):
    """Addresses, one a line, as browsers send them; none of them twice."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        try:
            found = [sites.clean_origin(line) for line in super().clean(value).split()]
        except sites.NotAnOrigin as error:
            raise ValidationError(str(error)) from error
        if len(found) > MOST_ORIGINS:
            raise ValidationError(f"Name at most {MOST_ORIGINS} addresses")
        return list(dict.fromkeys(found))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class ConsentSiteForm(_ModelForm):
    use_required_attribute = False

    origins = OriginsField(
        label="Addresses",
        max_length=4000,
        help_text="One a line, such as https://www.example.com. Only from there are "
        "choices heard; www and the bare name are two addresses.",
        error_messages={"required": "Enter an address like https://www.example.com"},
    )

    class Meta:
        model = ConsentSite
        fields = ["name", "origins", "has_google_consent_mode", "is_enabled"]
        labels = {
            "has_google_consent_mode": "The site uses Google tags",
            "is_enabled": "Choices made there are recorded",
        }
        help_texts = {
            "has_google_consent_mode": "The tag then tells Google Consent Mode “denied” "
            "first, and “granted” only after a yes. Paste the tag anew after a change.",
        }
        error_messages = {"name": {"required": "Enter what you call the site"}}


class ConsentSiteAdmin(ConsoleAdmin):
    place = Place("Registers", 8, "Other sites")
    lead = (
        "Other sites of ours that ask about cookies with our banner and record the "
        "answers here."
    )
    nothing_yet = "No other site yet. Add one, then paste its tag into its pages."
    duties = {
        "view_consentsite": "See our other sites and their tags",
        "add_consentsite": "Register another site of ours for the cookie banner",
        "change_consentsite": "Change another site of ours, or switch it off",
    }
    form = ConsentSiteForm
    list_display = ("name", "addresses", "state")

    def addresses(self, site: ConsentSite) -> str:
        return ", ".join(site.origins)

    def state(self, site: ConsentSite) -> SafeString:
        shape, words = ("good", "on") if site.is_enabled else ("over", "switched off")
        return format_html('<span class="state {}">{}</span>', shape, words)

    def tag_to_paste(self, site: ConsentSite) -> SafeString:
        """What goes into the head of every page of that site."""
        return format_html('<pre class="kept">{}</pre>', tag_of(site))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = ["name", "origins", "has_google_consent_mode", "is_enabled"]
        return ["tag_to_paste", *names] if obj else names

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["tag_to_paste"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: ConsentSite, form: Any, change: bool
    ) -> None:
        (sites.change if change else sites.register)(obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: ConsentSite, post_url_continue: Any = None
    ) -> HttpResponse:
        """To its page, where the tag stands."""
        return redirect("admin:consent_consentsite_change", obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its choices name it; it is switched off instead."""
        return False


console.register(ConsentSite, ConsentSiteAdmin)


def tag_of(site: ConsentSite) -> str:
    """The markup to paste. The banner stands before the first paint, so that it moves
    nothing (render). With Google's tags, which must find "denied", the script runs where
    it stands."""
    address = settings.SITE_URL + reverse("consent_sites:script")
    when = "data-google" if site.has_google_consent_mode else 'defer blocking="render"'
    return f'<script src="{address}" data-site="{site.key}" {when}></script>'
