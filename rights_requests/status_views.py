"""The status page of a case, and the two ways from there into the case itself."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from groundwork import rate_limits
from groundwork.requests import network_of
from processing_register.register import period_in_words, the_register
from rights_requests import identity, links
from rights_requests.casebook import entries_of
from rights_requests.fulfilment import transmissions
from rights_requests.identity import Outcome
from rights_requests.limits import CASE_FILE
from rights_requests.link_pages import link_page, not_a_link, problem
from rights_requests.links import Use
from rights_requests.models import Case
from rights_requests.retention import file_goes_on
from rights_requests.standing import noun, standing_of, what_was_asked
from rights_requests.writing import contacts_went

MINUTES = int(identity.CODE_LASTS.total_seconds() // 60)
NO_CODE = f"Enter the {identity.CODE_DIGITS} digits from our e-mail"
VISIT_MINUTES = int(links.VISIT_LASTS.total_seconds() // 60)


@link_page("GET", "HEAD")
def status(request: HttpRequest, token: str) -> HttpResponse:
    link = links.found(Use.STATUS, token)
    if link is None:
        return not_a_link(request)
    case = link.case
    context = {
        **named(case),
        "standing": standing_of(case, entries_of(case), now=timezone.now()),
        "letters_count": case.letters.filter(sent_at__isnull=False).count(),
        "messages_count": case.messages.count(),
        "token": token,
        "contacts_went": contacts_went(case),
        "goes_on": file_goes_on(case.submission),
        "kept_for": period_in_words(the_register().retention[CASE_FILE].period),
    }
    return render(request, "rights_requests/status.html", context)


def named(case: Case) -> dict[str, Any]:
    """What each of these pages may say of a case, forwarded or not."""
    return {
        "reference": case.reference,
        "noun": noun(case),
        "what": what_was_asked(case),
        "is_open": case.is_open,
        "is_complaint": case.is_complaint,
        "about": case.about.reference if case.about else "",
    }


# --- The link in the first letter ---


@link_page("GET", "HEAD", "POST")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        visit = identity.confirm_mailbox(token, now=timezone.now())
        if not visit:
            return no_longer_confirms(request, token)
        return redirect("rights_requests:visit", visit)
    link = links.found(Use.CONFIRM, token)
    if link is None:
        return no_longer_confirms(request, token)
    cases = link.case.submission.cases.order_by("reference")
    context = {
        **named(link.case),
        "cases": [named(case) for case in cases],
        "hosts": transmissions.hosts_of(link.case.submission),
        "minutes": VISIT_MINUTES,
    }
    return render(request, "rights_requests/confirm.html", context)


def no_longer_confirms(request: HttpRequest, token: str) -> HttpResponse:
    """Unknown or revoked; or its time is over, and a code opens the case instead."""
    link = links.ended(Use.CONFIRM, token)
    if link is None:
        return not_a_link(request)
    return problem(request, "ended", status=410, token=links.status_token(link.case))


# --- The mailed code ---


class CodeForm(forms.Form):
    """The digits of a mailed code, however they were copied."""

    code = forms.CharField(
        max_length=40,
        error_messages={
            "required": "Enter the code from our e-mail",
            "max_length": NO_CODE,
            "null_characters_not_allowed": NO_CODE,
        },
    )

    def clean_code(self) -> str:
        typed = "".join(self.cleaned_data["code"].split()).replace("-", "")
        is_code = typed.isascii() and typed.isdigit()
        if not is_code or len(typed) != identity.CODE_DIGITS:
            raise ValidationError(NO_CODE)
        return typed


@link_page("GET", "HEAD", "POST")
def code(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a code, then enter it. The page is the same whether or not we have an
    e-mail address to mail it to."""
    link = links.found(Use.STATUS, token)
    if link is None:
        return not_a_link(request)
    if contacts_went(link.case):
        return _code_page(request, link.case, token, problem="gone", status=410)
    if request.method != "POST":
        return _code_page(request, link.case, token)
    challenge = request.POST.get("challenge", "")
    if not challenge:
        return _send(request, link.case, token)
    return _try(request, link.case, token, challenge)


def _send(request: HttpRequest, case: Case, token: str) -> HttpResponse:
    if not rate_limits.case_code_allowed(network_of(request), str(case.pk)):
        return _too_many(request, case, token, rate_limits.begins_anew())
    try:
        challenge = identity.ask_code(case.pk, now=timezone.now())
    except identity.TooManyCodes as limit:
        return _too_many(request, case, token, limit.again_at)
    return _code_page(request, case, token, form=CodeForm(), challenge=challenge)


def _try(request: HttpRequest, case: Case, token: str, challenge: str) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(
            request, case, token, form=form, challenge=challenge, status=400
        )
    typed = form.cleaned_data["code"]
    tried = identity.try_code(case.pk, challenge, typed, now=timezone.now())
    if tried.outcome is Outcome.OPENED:
        return redirect("rights_requests:visit", tried.visit_token)
    if tried.outcome is Outcome.WRONG:
        form.add_error("code", wrong_code(tried.tries_left))
        return _code_page(
            request, case, token, form=form, challenge=challenge, status=400
        )
    return _code_page(request, case, token, problem=tried.outcome, status=410)


def wrong_code(left: int) -> str:
    tries = "once more" if left == 1 else f"{left} more times"
    return f"That is not the code. Look at our newest e-mail; you can try {tries}"


def _too_many(
    request: HttpRequest, case: Case, token: str, again_at: datetime
) -> HttpResponse:
    response = _code_page(
        request,
        case,
        token,
        problem="too many",
        status=429,
        again_at=again_at,
        has_first_letter=links.has_first_letter(case),
    )
    wait = max(0, round((again_at - timezone.now()).total_seconds()))
    response["Retry-After"] = str(wait)
    return response


def _code_page(
    request: HttpRequest,
    case: Case,
    token: str,
    *,
    form: CodeForm | None = None,
    challenge: str = "",
    problem: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        **named(case),
        "token": token,
        "form": form,
        "challenge": challenge,
        "problem": str(problem),
        "minutes": MINUTES,
        "tries": identity.TRIES,
        **more,
    }
    return render(request, "rights_requests/code.html", context, status=status)
