"""Asking on the site: a form, a page on which to check it, and a receipt.

Nothing is kept before “send”. Whoever asks, and for whomever, sees the same pages: what
we know goes to the mailbox alone.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from groundwork import addresses, form_tokens, rate_limits
from groundwork.clock import today_here
from groundwork.links import derived_token, random_token
from groundwork.requests import network_of
from processing_register import notice_paths
from processing_register.models import NoticeVersion
from processing_register.register import the_register
from rights_requests import address_slips, casebook
from rights_requests.acknowledging import FLOOD, has_many
from rights_requests.at_once import consequences
from rights_requests.deadline_words import Step
from rights_requests.forms import AskForm, Wanted
from rights_requests.kinds import AT_ONCE, PUBLISHED, CaseKind
from rights_requests.models import Case, CaseLogEntry, Channel, Event, Submission
from rights_requests.receiving import (
    Agent,
    Asked,
    Sent,
    form_digest,
    receive,
)
from rights_requests.standing import standing_of

FORM, CHECK = "ask", "ask-check"
# A robot's trap was filled; by a browser that fills in too much, as likely as not.
TRAP = "trap"
ORDER = [kind.value for kind in CaseKind]
RECEIPT_SHOWN_FOR = timedelta(hours=1)
TOO_OLD = "This page was open too long. Look through it and press “Check my request” once more"
# Pages with what somebody typed, or with their references, are kept by nobody.
keep_nowhere = cache_control(no_store=True)


@csrf_exempt
@keep_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, AskForm(uses=uses_told))
    if form_tokens.is_cross_site(request):
        return render(request, "403.html", status=403)
    step = STEPS.get(request.POST.get("step", ""), _check)
    return step(request, AskForm(request.POST, uses=uses_told))


def uses_told() -> dict[str, str]:
    """What we do in our own interest and have published our weighing of: key → title."""
    versions = NoticeVersion.objects.in_force(today_here()).filter(
        notice__startswith=notice_paths.INTERESTS
    )
    published = {
        notice_paths.purpose_of(notice)
        for notice in versions.values_list("notice", flat=True)
    }
    purposes = the_register().purposes
    return {key: one.title for key, one in purposes.items() if key in published}


# --- Step 1: the form ---


def _form_page(
    request: HttpRequest,
    form: AskForm,
    *,
    number: str = "",
    status: int = 200,
    was_too_fast: bool = False,
) -> HttpResponse:
    """number: that of the form, kept while it goes to and fro."""
    context = {
        "form": form,
        "boxes": form.boxes(),
        "ends": consequences(CaseKind.MARKETING),
        "kept": the_register().retention["case-file"].words,
        "was_too_fast": was_too_fast,
        "shown": form_tokens.issue(FORM, {"number": number or random_token()}),
    }
    return render(request, "rights_requests/ask.html", context, status=status)


def _check(request: HttpRequest, form: AskForm) -> HttpResponse:
    try:
        shown = form_tokens.read(
            FORM, request.POST.get("shown", ""), settings.MINIMUM_FILL_SECONDS
        )
    except form_tokens.TooFast:
        return _form_page(request, form, was_too_fast=True)
    except form_tokens.FormTokenError:
        form.add_error(None, TOO_OLD)
        return _form_page(request, form, status=400)
    if not form.is_valid():
        return _form_page(request, form, number=shown["number"], status=400)
    return _check_page(request, form, shown["number"])


# --- Step 2: looking through it ---


def _check_page(request: HttpRequest, form: AskForm, number: str) -> HttpResponse:
    data = form.cleaned_data
    context = {
        "form": form,
        "data": data,
        "wanted": [(wanted, _ends_with(wanted)) for wanted in form.wanted()],
        "carried": form.carried(),
        "trap": request.POST.get("website", ""),
        "has_masked": form.has_masked(),
        "has_signs": bool(form.signs(today=today_here())),
        "slips": [
            (address, address_slips.meant(address))
            for address in (data["email"], data["their_email"])
            if address_slips.meant(address)
        ],
        "shown": form_tokens.issue(CHECK, {"number": number}),
    }
    return render(request, "rights_requests/ask_check.html", context)


def _ends_with(wanted: Wanted) -> list[str]:
    return consequences(wanted.kind) if wanted.is_at_once else []


def _change(request: HttpRequest, form: AskForm) -> HttpResponse:
    """Back to the form, with everything that was filled in."""
    return _form_page(request, form, number=_number_of(request))


def _number_of(request: HttpRequest) -> str:
    """The number on a page for checking; empty when it cannot be read any more."""
    try:
        shown = form_tokens.read(CHECK, request.POST.get("shown", ""), 0)
    except form_tokens.FormTokenError:
        return ""
    return str(shown["number"])


# --- Sending ---


def _send(request: HttpRequest, form: AskForm) -> HttpResponse:
    number = _number_of(request)
    if not number:
        form.add_error(None, TOO_OLD)
    if not form.is_valid():
        return _form_page(request, form, number=number, status=400)
    form_number = _form_number(form, number)
    now = timezone.now()
    held_because = _why_held(request, form, now)
    receive(_sent(form, form_number, now, held_because=held_because), now=now)
    return redirect("rights_requests:asked", form_number)


STEPS = {"check": _check, "change": _change, "send": _send}


def _form_number(form: AskForm, number: str) -> str:
    """Of what is sent, and of the form that it was typed into: the same again is the
    same submission, by whichever way the browser came back to it; other words are
    another one. Nobody can guess it, so it also opens the receipt."""
    content = json.dumps(form.carried(), sort_keys=True).encode()
    return derived_token("asked", number, hashlib.sha256(content).hexdigest())


def _why_held(request: HttpRequest, form: AskForm, now: datetime) -> str:
    """Why it waits apart, for nobody to be flooded with our answers; empty for most."""
    if request.POST.get("website"):
        return TRAP
    is_within = [
        rate_limits.asking_allowed(network_of(request), form.answer_address),
        not has_many(_digest(form.address), now=now),
    ]
    return "" if all(is_within) else FLOOD


def _digest(address: str) -> bytes | None:
    return addresses.digest(address) if address else None


def _sent(form: AskForm, form_number: str, now: datetime, *, held_because: str) -> Sent:
    data = form.cleaned_data
    is_for_other = data["is_for_other"]
    return Sent(
        asked=tuple(
            Asked(wanted.kind, wanted.grounds, wanted.details)
            for wanted in form.wanted()
        ),
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
        held_because=held_because,
        form_number=form_number,
    )


def _agent(form: AskForm) -> Agent:
    data = form.cleaned_data
    gets_answer = data["answer_to"] == Submission.AnswerTo.AGENT
    return Agent(data["name"], data["email"], gets_answer=gets_answer)


# --- The receipt ---


@dataclass
class Group:
    """Cases of which the same can be said. is_done: it took effect, or was sent, already;
    otherwise label and on say by when we answer, and steps why. ends: what no longer
    comes."""

    is_done: bool
    is_published: bool
    label: str
    on: date | None
    ends: list[str]
    cases: list[Case] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@keep_nowhere
@require_safe
def asked(request: HttpRequest, token: str) -> HttpResponse:
    """What was opened, for whoever sent it, for an hour. It shows no name and no
    address: the screen may be anybody's."""
    now = timezone.now()
    found = Submission.objects.filter(form_digest=form_digest(token))
    submission = found.prefetch_related("cases").first()
    if submission is None:
        return _no_receipt(request, "unknown", status=404)
    if now - submission.recorded_at > RECEIPT_SHOWN_FOR:
        return _no_receipt(request, "expired", status=410)
    cases = sorted(submission.cases.all(), key=lambda case: ORDER.index(case.kind))
    context = {
        "groups": _groups(cases, now),
        "is_one": len(cases) == 1,
        "is_open": any(case.is_open for case in cases),
        "received_on": timezone.localdate(submission.received_at),
        "by_post": submission.reply_by == Submission.ReplyBy.POST,
        "is_by_agent": submission.is_by_agent,
    }
    return render(request, "rights_requests/asked.html", context)


def _groups(cases: Iterable[Case], now: datetime) -> list[Group]:
    groups: dict[Any, Group] = {}
    for case in cases:
        entries = casebook.entries_of(case)
        due = standing_of(case, entries, now=now).due
        kind = CaseKind(case.kind)
        is_at_once = kind in AT_ONCE
        ends = consequences(kind) if is_at_once else []
        is_done = _is_done(case, entries)
        new = Group(is_done, kind in PUBLISHED, due.label, due.on, ends)
        key = (new.is_done, new.is_published, new.label, new.on, tuple(ends))
        group = groups.setdefault(key, new)
        group.cases.append(case)
        # What was done at once, or is about to be, waits for no date.
        steps = () if is_at_once else due.steps
        group.steps += [step for step in steps if step not in group.steps]
    return list(groups.values())


def _is_done(case: Case, entries: Iterable[CaseLogEntry]) -> bool:
    """It took effect at once, even while it is held apart; or was sent at once."""
    if case.kind in PUBLISHED:
        return not case.is_open
    return any(entry.event == Event.EFFECT for entry in entries)


def _no_receipt(request: HttpRequest, reason: str, *, status: int) -> HttpResponse:
    context = {"problem": reason}
    return render(request, "rights_requests/asked.html", context, status=status)
