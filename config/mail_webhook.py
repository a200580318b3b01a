"""Room for a mail with its attachments in what a provider's webhook brings, and an
answer to what is none.

A form of ours is small, and Django refuses a larger body (DATA_UPLOAD_MAX_MEMORY_SIZE).
A mail that was refused so is tried again for a day and then lost, and with it what
somebody asked in it. Nothing is read before Anymail has checked the secret.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase

View = Callable[..., HttpResponseBase]

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
# 30 MB is the most that providers take; in JSON and base64 it becomes a third larger.
MOST_BYTES = 42 * 1024 * 1024


class _RoomyRequest(WSGIRequest):
    """Its body may be as large as a mail; it is read when somebody asks for it."""

    @property
    def body(self) -> bytes:
        if not hasattr(self, "_body"):
            if int(self.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
                raise RequestDataTooBig("This is larger than any mail.")
            self._body = self.read()
        return self._body


def roomy(view: View) -> View:
    """The view, for bodies in JSON that are as large as a mail can be."""

    @wraps(view)
    def with_room(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if type(request) is WSGIRequest and request.content_type == "application/json":
            request.__class__ = _RoomyRequest
        try:
            return view(request, *args, **kwargs)
        except AnymailWebhookValidationFailure:
            # Raised on, each try of a stranger would be an error with a traceback.
            return HttpResponseBadRequest()
        except (SuspiciousOperation, PermissionDenied):
            raise  # answered as it is, without a look at the body
        except Exception as error:
            # A mail whose shape Anymail does not know is sent again for a day: meanwhile
            # the log shows it, and none is lost.
            if request.content_type in FORMS or _is_object(request.body):
                raise
            # It would be no better if it were sent again, which a 500 asks for.
            raise BadRequest("This is no JSON object.") from error

    return with_room


def _is_object(body: bytes) -> bool:
    """Or a list of objects, as one provider sends them."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return False
    objects = told if isinstance(told, list) and told else [told]
    return all(isinstance(one, dict) for one in objects)
