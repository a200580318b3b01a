"""What every page behind a link of a case has in common.

The link is all that opens it: no cookie, no sign-in. Looking changes nothing; a post
that another site sends is refused; an address that opens nothing says how to get one
that does.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from groundwork import form_tokens

View = Callable[..., HttpResponseBase]


def link_page(*methods: str) -> Callable[[View], View]:
    """A view behind a link, which answers to these methods."""

    def wrap(view: View) -> View:
        @wraps(view)
        def checked(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if request.method == "POST" and form_tokens.is_cross_site(request):
                return render(request, "403.html", status=403)
            response = view(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return csrf_exempt(require_http_methods([*methods])(checked))

    return wrap


def not_a_link(request: HttpRequest) -> HttpResponse:
    """Unknown, mistyped and revoked are one: nobody learns which links there were."""
    return problem(request, "unknown", status=404)


def problem(
    request: HttpRequest, reason: str, *, status: int, **more: Any
) -> HttpResponse:
    context = {"reason": reason, **more}
    template = "rights_requests/case_link_problem.html"
    return render(request, template, context, status=status)
