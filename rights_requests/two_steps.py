"""The way that a public form goes: filled in, looked through, sent.

Nothing is kept before “send”. Whoever sends, and for whomever, sees the same pages: what
we know goes to the mailbox alone.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control

from groundwork import form_tokens, rate_limits
from groundwork.clock import today_here
from groundwork.links import derived_token, random_token
from groundwork.requests import network_of
from processing_register.register import the_register
from rights_requests import address_slips
from rights_requests.acknowledging import FLOOD
from rights_requests.forms import ReachForm
from rights_requests.models import Case, Channel, Submission
from rights_requests.receiving import Agent, Asked, Sent, receive

# A robot's trap was filled; by a browser that fills in too much, as likely as not.
TRAP = "trap"
TOO_OLD = "This page was open too long. Look through it and press “{button}” once more"
# Pages with what somebody typed, or with their references, are kept by nobody.
keep_nowhere = cache_control(no_store=True)


class TwoSteps[Form: ReachForm](ABC):
    """One such form, with the templates of its two pages.

    name: the form's own, in its tokens. check_button: what leads to the second page.
    """

    name: ClassVar[str]
    form_page: ClassVar[str]
    check_page: ClassVar[str]
    check_button: ClassVar[str]

    # --- What each has of its own ---

    @abstractmethod
    def new_form(self, data: Mapping[str, Any] | None = None, **more: Any) -> Form:
        """Empty, or filled in with what was posted."""

    @abstractmethod
    def asked(self, form: Form) -> tuple[Asked, ...]:
        """What a form that is right asks for."""

    def on_form(self, form: Form) -> dict[str, Any]:
        """What its first page shows beside the form."""
        return {}

    def on_check(self, form: Form) -> dict[str, Any]:
        """What its second page shows beside what was typed."""
        return {}

    # --- The steps ---

    def answer(self, request: HttpRequest, **initial: Any) -> HttpResponse:
        """initial: what a fresh form is filled in with."""
        if request.method != "POST":
            return self._form_page(request, self.new_form(initial=initial))
        if form_tokens.is_cross_site(request):
            return render(request, "403.html", status=403)
        steps = {"check": self._check, "change": self._change, "send": self._send}
        step = steps.get(request.POST.get("step", ""), self._check)
        return step(request, self.new_form(request.POST))

    def from_visit(self, request: HttpRequest, case: Case) -> HttpResponse:
        """A fresh form for whoever has the case open, and so the mailbox of its letters:
        what others type under the address of that mailbox holds nothing that comes of it.
        """
        form = self.new_form(initial={"email": case.submission.reply_address})
        return self._form_page(request, form, told={"case": str(case.pk)})

    def _form_page(
        self,
        request: HttpRequest,
        form: Form,
        *,
        told: Mapping[str, str] | None = None,
        status: int = 200,
        was_too_fast: bool = False,
    ) -> HttpResponse:
        """told: what its token says, kept while it goes to and fro: the form's number,
        and the case from which it was opened."""
        context = {
            "form": form,
            "kept": the_register().retention["case-file"].words,
            "was_too_fast": was_too_fast,
            "check_button": self.check_button,
            "shown": form_tokens.issue(
                self.name, {"number": random_token(), **(told or {})}
            ),
            **self.on_form(form),
        }
        return render(request, self.form_page, context, status=status)

    def _check(self, request: HttpRequest, form: Form) -> HttpResponse:
        try:
            shown = form_tokens.read(
                self.name, request.POST.get("shown", ""), settings.MINIMUM_FILL_SECONDS
            )
        except form_tokens.TooFast:
            return self._form_page(request, form, was_too_fast=True)
        except form_tokens.FormTokenError:
            form.add_error(None, self._too_old)
            return self._form_page(request, form, status=400)
        if not form.is_valid():
            return self._form_page(request, form, told=shown, status=400)
        return self._check_page(request, form, shown)

    def _check_page(
        self, request: HttpRequest, form: Form, told: Mapping[str, str]
    ) -> HttpResponse:
        data = form.cleaned_data
        context = {
            "form": form,
            "data": data,
            "carried": form.carried(),
            "trap": request.POST.get("website", ""),
            "has_masked": form.has_masked(),
            "has_signs": bool(form.signs(today=today_here())),
            "slips": [
                (address, address_slips.meant(address))
                for address in (data["email"], data["their_email"])
                if address_slips.meant(address)
            ],
            "shown": form_tokens.issue(self._checked, dict(told)),
            **self.on_check(form),
        }
        return render(request, self.check_page, context)

    def _change(self, request: HttpRequest, form: Form) -> HttpResponse:
        """Back to the form, with everything that was filled in."""
        return self._form_page(request, form, told=self._told(request))

    def _send(self, request: HttpRequest, form: Form) -> HttpResponse:
        told = self._told(request)
        if not told:
            form.add_error(None, self._too_old)
        if not form.is_valid():
            return self._form_page(request, form, told=told, status=400)
        form_number = _form_number(form, told["number"])
        now = timezone.now()
        sent = _sent(form, self.asked(form), form_number, now)
        case_id = _case_of_mailbox(form, told)
        held_because = _why_held(request, form, case_id)
        receive(
            replace(sent, held_because=held_because, is_from_visit=bool(case_id)),
            now=now,
        )
        return redirect("rights_requests:asked", form_number)

    def _told(self, request: HttpRequest) -> dict[str, str]:
        """What a page for checking says; empty when it cannot be read any more."""
        try:
            return form_tokens.read(self._checked, request.POST.get("shown", ""), 0)
        except form_tokens.FormTokenError:
            return {}

    @property
    def _checked(self) -> str:
        """The name of the second page in its token."""
        return f"{self.name}-check"

    @property
    def _too_old(self) -> str:
        return TOO_OLD.format(button=self.check_button)


def _form_number(form: ReachForm, number: str) -> str:
    """Of what is sent, and of the form that it was typed into: the same again is the
    same submission, by whichever way the browser came back to it; other words are
    another one. Nobody can guess it, so it also opens the receipt."""
    content = json.dumps(form.carried(), sort_keys=True).encode()
    return derived_token("asked", number, hashlib.sha256(content).hexdigest())


def _case_of_mailbox(form: ReachForm, told: Mapping[str, str]) -> str:
    """The case from whose visit the form was opened, if its answer goes to the mailbox
    that opened the visit; otherwise empty."""
    if "case" not in told or not form.answer_address:
        return ""
    case = Case.objects.select_related("submission").filter(pk=told["case"]).first()
    is_same = case and case.submission.reply_address == form.answer_address
    return told["case"] if is_same else ""


def _why_held(request: HttpRequest, form: ReachForm, case_id: str) -> str:
    """Why it waits apart, for nobody to be flooded with our answers; empty for most.
    How many one person gets in a day is counted where it is received. case_id: of
    whoever has the mailbox open, so that only what they send themselves counts."""
    if request.POST.get("website"):
        return TRAP
    if case_id:
        is_within = rate_limits.case_writing_allowed(case_id)
    else:
        network = network_of(request)
        is_within = rate_limits.asking_allowed(network, form.answer_address)
    return "" if is_within else FLOOD


def _sent(
    form: ReachForm,
    asked: tuple[Asked, ...],
    form_number: str,
    now: datetime,
) -> Sent:
    data = form.cleaned_data
    is_for_other = data["is_for_other"]
    return Sent(
        asked=asked,
        channel=Channel.FORM,
        received_at=now,
        dated_on=timezone.localdate(now),
        address=form.address,
        name=data["their_name"] if is_for_other else data["name"],
        postal_address=data["postal_address"],
        telephone=data["telephone"],
        agent=_agent(form) if is_for_other else None,
        words=data["words"],
        reply_by=form.reply_goes_by,
        wants_recipients=form.wants_to_know_recipients,
        signs=form.signs(today=timezone.localdate(now)),
        form_number=form_number,
    )


def _agent(form: ReachForm) -> Agent:
    data = form.cleaned_data
    gets_answer = data["answer_to"] == Submission.AnswerTo.AGENT
    return Agent(data["name"], data["email"], gets_answer=gets_answer)
