"""The page for what could not be read as it came."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Somebody who sent too much is told so: to load the page again, as the other page
    says, would not help. Nothing of the request is read for either."""
    if isinstance(exception, RequestDataTooBig):
        page = loader.get_template("413.html").render()
        return HttpResponse(page, status=413)
    return defaults.bad_request(request, exception)
