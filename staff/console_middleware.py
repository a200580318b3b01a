"""Sessions, sign-in and messages: for the console alone.

No public page knows who asks, so on the way to one these three would only cost time,
on every sign-up and every choice about cookies.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

CONSOLE = "/console/"


class _ForTheConsole:
    """Stands before Django's middleware and lets every other path pass by it."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(CONSOLE):
            return super().__call__(request)  # type: ignore[misc,no-any-return]
        return self.get_response(request)  # type: ignore[no-any-return]


class ConsoleSessionMiddleware(_ForTheConsole, SessionMiddleware):
    pass


class ConsoleAuthenticationMiddleware(_ForTheConsole, AuthenticationMiddleware):
    pass


class ConsoleMessageMiddleware(_ForTheConsole, MessageMiddleware):
    pass
