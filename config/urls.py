"""The whole URL map, app by app. URLs end in a slash; nothing redirects to one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from anymail.urls import urlpatterns as anymail_urls
from django.conf import global_settings, settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadhandler import load_handler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from config.mail_webhook import roomy
from governance import well_known
from governance.health import health
from staff.console import console


def webhook(provider: str) -> list[URLPattern]:
    """Where this provider delivers mail to us; nothing for the empty name.

    Only the one in use is open, and only with a secret: whoever could post here could
    stop anybody's e-mails in their name.
    """
    if not provider:
        return []
    name = f"{provider}_inbound_webhook"
    found = [pattern for pattern in anymail_urls if pattern.name == name]
    if not found or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise ImproperlyConfigured(
            "INBOUND_WEBHOOK needs a provider that Anymail knows, and WEBHOOK_SECRET"
        )
    return [
        URLPattern(p.pattern, _whole(roomy(p.callback)), name=p.name) for p in found
    ]


def _whole(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A mail may have more attachments, and larger ones, than a visitor may upload."""

    @wraps(view)
    def with_every_file(
        request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        handlers = global_settings.FILE_UPLOAD_HANDLERS
        request.upload_handlers = [load_handler(name, request) for name in handlers]
        return view(request, *args, **kwargs)

    return with_every_file


handler400 = "config.bad_requests.bad_request"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("consent.site_urls")),
    path("", include("subscribers.urls")),
    path("updates/", include("case_updates.urls")),
    path("", include("processing_register.urls")),
    path("", include("rights_requests.urls")),
    path("console/", console.urls),
    path("anymail/", include(webhook(settings.INBOUND_WEBHOOK))),
    path("receipts/", include("consent.receipt_urls")),
    path("", include("consent.cookie_urls")),
    path("health/", health, name="health"),
    path("robots.txt", well_known.robots, name="robots-txt"),
    path("security/", well_known.security_policy, name="security-policy"),
    path(".well-known/gpc.json", well_known.gpc, name="gpc"),
    path(".well-known/security.txt", well_known.security_txt, name="security-txt"),
    path(".well-known/casedesk-seal-key", well_known.seal_key, name="seal-key"),
]

if settings.EMBEDDED and settings.MAILBOX_DIR is not None:
    urlpatterns.append(path("mailbox/", include("config.mailbox")))
