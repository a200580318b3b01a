"""Entering what came by telephone, post or in another way: a valid request all the same.

The form, and then what became of it: references, dates and how they came about.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from groundwork.clock import today_here
from groundwork.links import random_token
from groundwork.periods import civil_day
from groundwork.refusals import NotAllowed
from rights_requests import casebook, sensitive
from rights_requests.deadline_words import days_in_words
from rights_requests.entry_forms import EnterForm
from rights_requests.filing import file_document
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Channel, Letter, Submission
from rights_requests.moves import State
from rights_requests.receiving import Received, receive
from rights_requests.upload_limits import was_too_large
from rights_requests.uploads import Checked
from rights_requests.writing import way_to
from staff.access import note_opening
from staff.console import console, staff_id

MAY_WORK = "rights_requests.work_case"
Purpose = CaseDocument.Purpose
FILES = ("authority", "scans")
ONCE = "It was entered already: this is what became of it."


@console.page("rights_requests/enter/", name="enter-request", permission=MAY_WORK)
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.method != "POST":
        empty = EnterForm(now=now, initial={"number": random_token()})
        return _page(request, "enter", {"form": empty})
    form = EnterForm(request.POST, request.FILES, now=now)
    if not form.is_valid():
        status = 413 if was_too_large(request) else 400
        return _form_again(request, form, status=status)
    try:
        received = _enter(form, by=staff_id(request))
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _form_again(request, form, status=409)
    for remark in form.remarks() if received.is_new else [ONCE]:
        messages.warning(request, remark)
    return redirect("admin:entered-request", received.submission.pk)


def _form_again(request: HttpRequest, form: EnterForm, *, status: int) -> HttpResponse:
    """With everything that was typed; browsers do not send a file twice."""
    had_files = any(request.FILES.getlist(name) for name in FILES)
    context = {"form": form, "had_files": had_files}
    return _page(request, "enter", context, status=status)


@transaction.atomic
def _enter(form: EnterForm, *, by: int) -> Received:
    """Open the cases, note why it is late, keep the files: all of it or nothing."""
    received = receive(form.what_was_sent(), now=form.now, staff_id=by)
    if not received.is_new:
        return received
    if late_because := form.cleaned_data["late_because"]:
        for case in received.cases:
            words = f"Entered late, because: {late_because}"
            case.notes.create(words=words, written_at=form.now, staff_id=by)
    first = received.cases[0]
    is_letter = form.cleaned_data["channel"] == Channel.POST
    scan = Purpose.SCAN if is_letter else Purpose.EVIDENCE
    for purpose, files in (
        (Purpose.AUTHORITY, form.cleaned_data["authority"]),
        (scan, form.cleaned_data["scans"]),
    ):
        for file in files:
            _keep(first, file, purpose, by, form)
    return received


def _keep(
    case: Case, file: Checked, purpose: CaseDocument.Purpose, by: int, form: EnterForm
) -> None:
    file_document(case.pk, file, purpose, staff_id=by, now=form.now)
    found = sensitive.signs_in_file(file, today=form.today)
    sensitive.take_in(case.submission, found, now=form.now)


# --- What became of it ---


@console.page(
    "rights_requests/entered/<uuid:pk>/", name="entered-request", permission=MAY_WORK
)
@require_safe
def entered(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    submission = Submission.objects.filter(pk=pk).first()
    if submission is None:
        raise Http404
    note_opening(request, submission.data_subject_id)
    received_on = civil_day(submission.received_at)
    context = {
        "submission": submission,
        "received_on": received_on,
        "gone": _gone((today_here() - received_on).days),
        "is_by_post": way_to(submission) == Letter.By.POST,
        "is_told": submission.acknowledge_from is None,
        "cases": [_shown(case) for case in submission.cases.order_by("reference")],
    }
    return _page(request, "entered", context)


def _gone(days: int) -> str:
    """How much of the time is over already."""
    if days == 0:
        return "Today is the day of receipt."
    gone = days_in_words(days)
    return f"{gone} {'is' if days == 1 else 'are'} gone already."


def _shown(case: Case) -> dict[str, Any]:
    """A case with its day, and how that came about."""
    clocks = casebook.clocks_of(case, now=timezone.now())
    promise = clocks.promise
    return {
        "case": case,
        "kind": CaseKind(case.kind).label,
        "state": State(case.state).label,
        "due_on": case.due_on,
        "is_acknowledged_by_then": case.is_complaint,
        "promise_on": promise.target_on if promise else None,
        "steps": clocks.steps,
        "is_over": case.is_overdue(today_here()),
    }


def _page(
    request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context = {**console.each_context(request), "title": "", **context}
    template = f"admin/rights_requests/{name}.html"
    return TemplateResponse(request, template, context, status=status)
