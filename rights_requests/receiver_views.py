"""What another organisation needs to take a person's file from us: the schema that it
keeps to, and the key that says that it comes from us (docs/taking-over.md)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from groundwork import connector_keys
from rights_requests.fulfilment import pages

A_DAY = "public, max-age=86400"


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    text = (pages.FILES / "portable.schema.json").read_text()
    return _kept_a_day(text, "application/schema+json")


@require_safe
def sending_key(request: HttpRequest) -> HttpResponse:
    """The public key (PEM) of what we send; 404 where nothing is ever sent."""
    if not connector_keys.is_there():
        raise Http404
    return _kept_a_day(connector_keys.public_key_pem(), "text/plain; charset=utf-8")


def _kept_a_day(text: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type)
    response["Cache-Control"] = A_DAY
    return response
