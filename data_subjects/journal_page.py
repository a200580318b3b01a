"""What somebody sees whose act could not be written into the journal."""

from django.http import HttpRequest, HttpResponse
from django.template import loader

from data_subjects.journal import JournalUnwritable
from groundwork.requests import GetResponse

TRY_AGAIN_SECONDS = "300"


class JournalMiddleware:
    """Say that nothing was done, and when to try again (a mailbox provider that posts a
    one-click “unsubscribe” reads it from the header)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not isinstance(exception, JournalUnwritable):
            return None
        page = loader.get_template("503.html").render()
        headers = {"Retry-After": TRY_AGAIN_SECONDS}
        return HttpResponse(page, status=503, headers=headers)
