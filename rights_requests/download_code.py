"""The code that stands before a copy of somebody's data: mailed when they press Download,
entered on the page that follows, and good for a quarter of an hour.

A visit may have been opened by an old letter, which others may have; and a screen may
be left open. Neither hands out everything that is held.
"""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from groundwork import addresses, rate_limits
from groundwork.requests import network_of
from rights_requests import identity, visiting
from rights_requests.identity import Outcome
from rights_requests.models import CaseDocument, CaseLink
from rights_requests.status_views import MINUTES, CodeForm, named, wrong_code


def asked(
    request: HttpRequest, link: CaseLink, token: str, document: CaseDocument
) -> HttpResponse | None:
    """The page that asks for the code; None once nothing stands before this file."""
    if not visiting.needs_code(link, document, now=timezone.now()):
        return None
    page = _Page(request, link, token, document)
    challenge = request.POST.get("challenge", "")
    return page.tried(challenge) if challenge else page.sent()


class _Page:
    """One press on Download, or on the button below the code."""

    def __init__(
        self, request: HttpRequest, link: CaseLink, token: str, document: CaseDocument
    ) -> None:
        self.request, self.link, self.token = request, link, token
        self.document = document

    def sent(self) -> HttpResponse:
        case = self.link.case
        if not rate_limits.case_code_allowed(network_of(self.request), str(case.pk)):
            return self._too_many(rate_limits.begins_anew())
        try:
            challenge = identity.ask_download_code(case.pk, now=timezone.now())
        except identity.TooManyCodes as limit:
            return self._too_many(limit.again_at)
        return self._shown(form=CodeForm(), challenge=challenge)

    def tried(self, challenge: str) -> HttpResponse | None:
        form = CodeForm(self.request.POST)
        if not form.is_valid():
            return self._shown(form=form, challenge=challenge, status=400)
        typed = form.cleaned_data["code"]
        tried = identity.enter_code(self.link, challenge, typed, now=timezone.now())
        if tried.outcome is Outcome.OPENED:
            return None
        if tried.outcome is Outcome.WRONG:
            form.add_error("code", wrong_code(tried.tries_left))
            return self._shown(form=form, challenge=challenge, status=400)
        return self._shown(problem=str(tried.outcome), status=410)

    def _too_many(self, again_at: datetime) -> HttpResponse:
        response = self._shown(problem="too many", status=429, again_at=again_at)
        wait = max(0, round((again_at - timezone.now()).total_seconds()))
        response["Retry-After"] = str(wait)
        return response

    def _shown(
        self,
        *,
        form: CodeForm | None = None,
        challenge: str = "",
        problem: str = "",
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        address = self.link.case.submission.reply_address
        context = {
            **named(self.link.case),
            "token": self.token,
            "document": self.document,
            "form": form,
            "challenge": challenge,
            "problem": problem,
            "to": addresses.mask(address) if address else "",
            "minutes": MINUTES,
            "tries": identity.TRIES,
            **more,
        }
        return render(
            self.request, "rights_requests/download_code.html", context, status=status
        )
