"""The mailbox of the local set-up: what the SMTP catcher caught, in the browser.

Mounted only where EMBEDDED is set and the catcher has a folder; never in production.
"""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, register_converter, reverse
from django.views.decorators.http import require_safe

from outbox.preview import framed_html

SHOWN = 200


class MessageName:
    """A file name of the catcher's; no separators, so no other folder is reached."""

    regex = r"[A-Za-z0-9][A-Za-z0-9_-]*\.eml"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(MessageName, "message")


def folder() -> Path:
    if settings.MAILBOX_DIR is None:
        raise Http404
    return settings.MAILBOX_DIR


def raw_message(name: str) -> bytes:
    try:
        return (folder() / name).read_bytes()
    except FileNotFoundError as error:
        raise Http404 from error


def parsed(name: str) -> EmailMessage:
    parser = BytesParser(EmailMessage, policy=policy.default)
    return parser.parsebytes(raw_message(name))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    names = sorted((p.name for p in folder().glob("*.eml")), reverse=True)
    context = {
        "messages": [_summary(name) for name in names[:SHOWN]],
        "older_count": max(0, len(names) - SHOWN),
    }
    return render(request, "mailbox/index.html", context)


def _summary(name: str) -> dict[str, Any]:
    message = parsed(name)
    date = message.get("Date")
    return {
        "name": name,
        "url": reverse("mailbox:message", args=[name]),
        "sent_at": getattr(date, "datetime", None),
        "to": str(message.get("To", "")),
        "subject": str(message.get("Subject", "")) or "(no subject)",
    }


@require_safe
def message(request: HttpRequest, name: str) -> HttpResponse:
    caught = parsed(name)
    text = caught.get_body(preferencelist=("plain",))
    html = caught.get_body(preferencelist=("html",))
    context = {
        "subject": str(caught.get("Subject", "")),
        "headers": [(key, str(value)) for key, value in caught.items()],
        "text": text.get_content() if text else "",
        "html_url": reverse("mailbox:html", args=[name]) if html else "",
        "raw_url": reverse("mailbox:raw", args=[name]),
    }
    return render(request, "mailbox/message.html", context)


@require_safe
def html_part(request: HttpRequest, name: str) -> HttpResponse:
    part = parsed(name).get_body(preferencelist=("html",))
    if part is None:
        raise Http404
    return framed_html(str(part.get_content()))


@require_safe
def raw(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(raw_message(name), content_type="text/plain; charset=utf-8")


app_name = "mailbox"

urlpatterns = [
    path("", index, name="index"),
    path("<message:name>", message, name="message"),
    path("<message:name>/html", html_part, name="html"),
    path("<message:name>/raw", raw, name="raw"),
]
