"""The URL map with a provider's inbound webhook open, as INBOUND_WEBHOOK opens it."""

from django.test import override_settings
from django.urls import include, path

from config.urls import urlpatterns as the_usual
from config.urls import webhook

with override_settings(ANYMAIL={"WEBHOOK_SECRET": "post:man"}):
    urlpatterns = [*the_usual, path("anymail/", include(webhook("postmark")))]
