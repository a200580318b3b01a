"""The whole URL map, app by app. URLs end in a slash; nothing redirects to one."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from governance.health import health
from staff.console import console

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("subscribers.urls")),
    path("updates/", include("case_updates.urls")),
    path("", include("processing_register.urls")),
    path("", include("rights_requests.urls")),
    path("console/", console.urls),
    # Webhooks of the e-mail provider, which sign in with ANYMAIL's WEBHOOK_SECRET.
    path("anymail/", include("anymail.urls")),
    path("health/", health, name="health"),
]

if settings.EMBEDDED and settings.MAILBOX_DIR is not None:
    urlpatterns.append(path("mailbox/", include("config.mailbox")))
