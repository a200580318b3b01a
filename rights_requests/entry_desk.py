"""Entering what came by telephone, post or in another way: a valid request all the same.

The form, and then what became of it: references, dates and how they came about.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.links import random_token
from groundwork.periods import civil_day
from groundwork.refusals import NotAllowed
from outbox import inbound
from outbox.models import InboundEmail
from rights_requests import casebook, mailed_files, sensitive
from rights_requests.deadline_words import days_in_words
from rights_requests.entry_forms import EnterForm
from rights_requests.filing import DiskRefuses, file_documents
from rights_requests.forms import WORDS_LENGTH
from rights_requests.inbound import words_of
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Channel, Letter, Submission
from rights_requests.moves import State
from rights_requests.receiving import Received, receive
from rights_requests.upload_limits import was_too_large
from rights_requests.writing import way_to
from staff.access import note_opening, note_reading
from staff.console import console, staff_id

MAY_WORK = "rights_requests.work_case"
MAY_READ_MAIL = "outbox.view_inboundemail"
Purpose = CaseDocument.Purpose
FILES = ("authority", "scans")
ONCE = "It was entered already: this is what became of it."


@console.page("rights_requests/enter/", name="enter-request", permission=MAY_WORK)
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """The form, empty or filled in from a mail that waits (?mail=); a POST enters it."""
    now = timezone.now()
    if request.method != "POST":
        initial = {
            "number": random_token(),
            # As the page that led here has it; the form knows what it offers.
            "asked": request.GET.getlist("asked"),
            **_from_mail(request),
        }
        return _page(request, "enter", {"form": EnterForm(now=now, initial=initial)})
    form = EnterForm(request.POST, request.FILES, now=now)
    if not form.is_valid():
        status = 413 if was_too_large(request) else 400
        return _form_again(request, form, status=status)
    mail = _mail(request, form.cleaned_data["mail"])
    try:
        received = _enter(form, mail, by=staff_id(request))
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return _form_again(request, form, status=409)
    except DiskRefuses as trouble:
        form.add_error(None, trouble.words)
        return _form_again(request, form, status=503)
    for remark in form.remarks() if received.is_new else [ONCE]:
        messages.warning(request, remark)
    return redirect("admin:entered-request", received.submission.pk)


# --- A mail that nobody recognised ---


def _mail(request: HttpRequest, number: Any) -> InboundEmail | None:
    """The mail of this number, for who may read it. Raises Http404 when there is none,
    PermissionDenied to who may not."""
    if not number:
        return None
    row = InboundEmail.objects.filter(pk=number).first()
    if row is None:
        raise Http404
    needed = [MAY_READ_MAIL, *([sensitive.MAY_SEE] if row.is_shut_away else [])]
    if not request.user.has_perms(needed):
        raise PermissionDenied
    return row


def _from_mail(request: HttpRequest) -> dict[str, Any]:
    """What the form can take from a mail; whose it is, staff say. Reading it is on
    record."""
    number = request.GET.get("mail", "")
    row = _mail(request, int(number) if number.isascii() and number.isdigit() else 0)
    if row is None:
        return {}
    message = inbound.message_of(row)
    digest = addresses.digest(message.sender)
    known = DataSubject.objects.filter(address_digest=digest)
    note_reading(request, known.values_list("pk", flat=True).first())
    at = timezone.localtime(row.received_at)
    return {
        "mail": row.pk,
        "channel": Channel.E_MAIL,
        "received_on": at.date(),
        "received_time": at.time().replace(second=0, microsecond=0),
        "words": words_of(message)[:WORDS_LENGTH],
        "email": message.sender,
        "name": message.sender_name,
        "reply_by": Submission.ReplyBy.E_MAIL,
    }


def _may_answer(form: EnterForm, mail: InboundEmail | None) -> bool:
    """Never a machine that wrote to us (RFC 3834); a person whom staff name instead."""
    if mail is None or not mail.is_automatic:
        return True
    return bool(form.cleaned_data["email"] != inbound.message_of(mail).sender)


# --- Entering it ---


def _form_again(request: HttpRequest, form: EnterForm, *, status: int) -> HttpResponse:
    """With everything that was typed; browsers do not send a file twice."""
    had_files = any(request.FILES.getlist(name) for name in FILES)
    context = {"form": form, "had_files": had_files}
    return _page(request, "enter", context, status=status)


@transaction.atomic
def _enter(form: EnterForm, mail: InboundEmail | None, *, by: int) -> Received:
    """Open the cases, note why it is late, keep the files: all of it or nothing."""
    answers = _may_answer(form, mail)
    received = receive(form.what_was_sent(), now=form.now, staff_id=by, answers=answers)
    if not received.is_new:
        return received
    if mail is not None:
        inbound.close_by_hand(mail.pk)
        mailed_files.take_over(
            inbound.message_of(mail), received.cases[0], now=form.now
        )
        sensitive.shut_mails(received.submission)
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
        file_documents(first.pk, files, purpose, staff_id=by, now=form.now)
    return received


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
