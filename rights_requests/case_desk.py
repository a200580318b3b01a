"""The tabs of a case's page: timeline, letters, searches, tasks, and who it is."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from processing_register.notices import current_controller
from rights_requests import (
    call_lines,
    case_acts,
    case_timeline,
    handling,
    sensitive,
    triage,
    who_asks,
)
from rights_requests.act_desk import act_url, require, tab_url
from rights_requests.case_acts import WORK, Act
from rights_requests.case_page import CasePage, page_of, render
from rights_requests.case_timeline import Papers, staff_names
from rights_requests.desk import MAY_SEE
from rights_requests.fulfilment import corrections, cutting_off, recipients
from rights_requests.kinds import GROUNDS, CaseKind
from rights_requests.letter_frames import QUOTING
from rights_requests.letter_pdf import PdfUnavailable, address_problem, letter_pdf
from rights_requests.models import Case, Letter, Message, Task
from rights_requests.moves import State
from rights_requests.writing import contacts_went, rendered_of
from staff.access import note_reading, note_taking
from staff.console import console
from subscribers.models import Subscriber

# --- Timeline ---


def papers_of(case: Case) -> Papers:
    return Papers(
        letters=list(case.letters.all()),
        messages=list(case.messages.all()),
        notes=list(case.notes.all()),
        documents=list(case.documents.all()),
    )


def timeline_page(request: HttpRequest, pk: Any) -> HttpResponse:
    page = page_of(request, pk)
    papers = papers_of(page.case)
    sensitive.show_notes(papers.notes, page.case, request.user)
    names = case_timeline.names_of(page.entries, papers)
    found = case_timeline.timeline(page.entries, papers, names)
    return render(
        page,
        "",
        days=case_timeline.by_day(found),
        asked=_asked(page),
        suggestion=_suggestion(page),
        complains_too=page.may_read and triage.sounds_like_complaint(page.case),
        add_url=act_url(case_acts.BY_NAME["add-case"], page.case.pk),
    )


def _asked(page: CasePage) -> dict[str, Any]:
    """What is asked, in the person's words as far as whoever looks may read them."""
    case, user = page.case, page.request.user
    known = GROUNDS.get(CaseKind(case.kind))
    return {
        "grounds": [str(known(key).label) for key in case.grounds] if known else [],
        "details": sensitive.shown(case.details, case.submission, user),
        "words": sensitive.shown(case.submission.words, case.submission, user),
        "wants_recipients": case.submission.wants_recipients,
    }


def _suggestion(page: CasePage) -> dict[str, Any]:
    """What the words of a draft seem to ask for and why, for whoever may read them."""
    if page.case.state != State.DRAFT or not page.may_read:
        return {}
    found = triage.suggestion_of(page.case.submission)
    return {
        "kinds": [CaseKind(kind).label for kind in found.kinds],
        "reasons": found.reasons,
        "is_complaint": found.looks_like_complaint,
        "remarks": triage.remarks_of(page.case.submission),
    }


# --- Letters and messages ---


@dataclass(frozen=True)
class Sheet:
    """A letter as it left, with what became of it."""

    row: Letter
    title: str
    tone: str
    delivery: str
    by: str
    digest: str
    paragraphs: list[dict[str, Any]]
    posted_url: str = ""
    pdf_url: str = ""


@console.page(
    "rights_requests/case/<uuid:pk>/letters/", name="case-letters", permission=MAY_SEE
)
@require_safe
def letters_page(request: HttpRequest, pk: Any) -> HttpResponse:
    page = page_of(request, pk, with_words=True)
    rows = list(page.case.letters.all())
    names = staff_names([row.staff_id for row in rows])
    found = list(page.case.messages.all())
    return render(
        page,
        "letters",
        sheets=[_sheet(row, names, page) for row in reversed(rows)],
        received=[_heard(message, page) for message in reversed(found)],
        links_count=page.case.links.standing().filter(use="case-status").count(),
    )


def _sheet(row: Any, names: dict[int, str], page: CasePage) -> Sheet:
    tone, words = case_timeline.delivery(row)
    is_post = row.by == Letter.By.POST
    can_post = is_post and row.posted_on is None and row.sent_at is not None
    posted = case_acts.BY_NAME["posted"]
    return Sheet(
        row=row,
        title=case_timeline.capital(case_timeline.title_of(row)),
        tone=tone,
        delivery=words,
        by=names.get(row.staff_id or 0, ""),
        digest=bytes(row.digest).hex(),
        paragraphs=_paragraphs(row, page),
        posted_url=act_url(posted, row.pk) if can_post else "",
        pdf_url=reverse("admin:letter-pdf", args=[row.pk]) if is_post else "",
    )


def _paragraphs(letter: Letter, page: CasePage) -> list[dict[str, Any]]:
    if _is_shut(letter, page):
        return [{"text": sensitive.SHUT}]
    return rendered_of(letter).paragraphs


def _is_shut(letter: Letter, page: CasePage) -> bool:
    """Whether it repeats what the person wrote, for somebody who may not read that."""
    return letter.kind in QUOTING and not page.may_read


def _heard(message: Message, page: CasePage) -> dict[str, Any]:
    submission, user = page.case.submission, page.request.user
    return {
        "row": message,
        "words": sensitive.shown(message.words, submission, user),
    }


@console.page(
    "rights_requests/message/<int:pk>/read/", name="message-read", permission=WORK
)
@require_POST
def read_message(request: HttpRequest, pk: int) -> HttpResponse:
    """A member of staff has looked at it; that it was this one is on record."""
    require(request, MAY_SEE)
    message = get_object_or_404(
        Message.objects.select_related("case__submission"), pk=pk
    )
    submission = message.case.submission
    if not sensitive.may_read(request.user, submission):
        require(request, sensitive.MAY_SEE)
    handling.mark_read(pk, now=timezone.now())
    note_reading(request, submission.data_subject_id)
    return redirect(tab_url(message.case, "letters"))


@console.page(
    "rights_requests/letter/<int:pk>/pdf/", name="letter-pdf", permission=MAY_SEE
)
@require_POST
def letter_as_pdf(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A letter by post, to be printed. A POST, since it takes personal data out."""
    letter = get_object_or_404(Letter.objects.select_related("case__submission"), pk=pk)
    page = page_of(request, letter.case_id)
    if _is_shut(letter, page):
        require(request, sensitive.MAY_SEE)
    lines = address_lines(page.case)
    if problem := address_problem(lines):
        return render(page, "letters", status=409, problem=problem)
    try:
        drawn = letter_pdf(
            rendered_of(letter), to=lines, controller=current_controller()
        )
    except PdfUnavailable as missing:
        return render(page, "letters", status=503, problem=str(missing))
    note_taking(request, page.case.submission.data_subject_id)
    answer = HttpResponse(drawn, content_type="application/pdf")
    name = f"{page.case.reference}-{letter.pk}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def address_lines(case: Case) -> list[str]:
    """Name and postal address, as the window of an envelope shows them."""
    submission = case.submission
    lines = submission.postal_address.splitlines()
    return [line for line in [submission.reply_name, *lines] if line.strip()]


# --- Search and tasks ---


@console.page(
    "rights_requests/case/<uuid:pk>/searches/", name="case-searches", permission=MAY_SEE
)
@require_safe
def searches_page(request: HttpRequest, pk: Any) -> HttpResponse:
    page = page_of(request, pk)
    searches = page.case.searches.all()
    rows = sorted(searches, key=lambda search: (search.searched_on, search.pk))
    names = staff_names([row.staff_id for row in rows])
    return render(
        page,
        "searches",
        searches=[(row, names.get(row.staff_id, "")) for row in rows],
        terms_went=contacts_went(page.case),
        search_url=act_url(case_acts.BY_NAME["search"], page.case.pk),
    )


@console.page(
    "rights_requests/case/<uuid:pk>/tasks/", name="case-tasks", permission=MAY_SEE
)
@require_safe
def tasks_page(request: HttpRequest, pk: Any) -> HttpResponse:
    page = page_of(request, pk)
    rows = list(page.case.tasks.select_related("call__connector"))
    names = staff_names(
        number for row in rows for number in (row.for_staff_id, row.done_by_id)
    )
    return render(
        page,
        "tasks",
        tasks=[
            {
                "row": row,
                "whose": names.get(row.for_staff_id or 0) or row.recipient,
                "done_by": names.get(row.done_by_id or 0, ""),
                "is_late": row.done_at is None and row.due_on < page.today,
                "finish": _act_on(row).button,
                "finish_url": act_url(_act_on(row), row.pk),
                "call": call_lines.shown(row, page.case),
            }
            for row in rows
        ],
        to_tell=recipients.to_be_told(page.case),
        task_url=act_url(case_acts.BY_NAME["set-task"], page.case.pk),
    )


def _act_on(task: Task) -> Act:
    """By which such a task ends."""
    if task.tells_of:
        return case_acts.BY_NAME["answer-recipient"]
    return case_acts.BY_NAME["answer-system" if task.system_id else "finish"]


# --- Who ---


@console.page(
    "rights_requests/case/<uuid:pk>/who/", name="case-who", permission=MAY_SEE
)
@require_safe
def who_page(request: HttpRequest, pk: Any) -> HttpResponse:
    page = page_of(request, pk)
    submission = page.case.submission
    person = submission.data_subject_id
    readers = Subscriber.objects.filter(data_subject=person)
    reader = readers.only("pk", "statement").first()
    names = staff_names([submission.staff_id])
    return render(
        page,
        "who",
        submission=submission,
        missing="deleted with the data" if contacts_went(page.case) else "not given",
        received=case_timeline.day_and_time(submission.received_at),
        words=sensitive.shown(submission.words, submission, request.user),
        reader=reader if request.user.has_perm("subscribers.view_subscriber") else None,
        entered_by=names.get(submission.staff_id or 0, ""),
        mail=submission.inbound_email_id,
        correct_url=_correct_url(page),
        is_cut_off=cutting_off.is_cut_off(page.case),
        statements=[
            *([reader.statement] if reader and reader.statement else []),
            *corrections.statements_of(person, place="from-others"),
        ],
        checks=sorted(page.case.checks.all(), key=lambda check: check.asked_at),
    )


def _correct_url(page: CasePage) -> str:
    """Where staff put right what staff entered; empty for what came by itself."""
    may = page.request.user.has_perm(WORK) and who_asks.was_entered(page.case)
    act = case_acts.BY_NAME["correct-person"]
    return act_url(act, page.case.pk) if may else ""
