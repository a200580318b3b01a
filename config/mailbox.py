"""The mailbox of the local set-up: what the catcher caught, in the browser."""

from django.urls import URLPattern

app_name = "mailbox"
urlpatterns: list[URLPattern] = []
