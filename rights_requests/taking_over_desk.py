"""The console's page on which somebody of ours looks at a file that a person brings from
another controller, and decides line by line what is taken over."""

import logging
import uuid

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from data_subjects.models import ContactKind
from groundwork.refusals import NotAllowed
from rights_requests import vault
from rights_requests.act_desk import tab_url
from rights_requests.case_acts import WORK
from rights_requests.case_forms import one_of, several_of
from rights_requests.case_page import CasePage, page_of, render
from rights_requests.documents_desk import why_not_open
from rights_requests.fulfilment import taking_over
from rights_requests.fulfilment.portable_file import NotPortable
from rights_requests.fulfilment.taking_over import Chosen, Preview
from rights_requests.kinds import CaseKind
from rights_requests.models import CaseDocument
from staff.access import note_taking
from staff.console import console, staff_id

logger = logging.getLogger(__name__)


class ChooseForm(forms.Form):
    """Which lines are taken over; none is ticked before somebody does."""

    use_required_attribute = False

    lines = several_of("Which of it is taken over?", [], "Tick what is taken over")
    kind = one_of(
        "What is the person to us?",
        ContactKind.choices,
        "Say what the person is to us",
        help_text="Nothing is held of them yet: they become a record that came from "
        "elsewhere, get no e-mails from us, and have to be told that we hold it (UK GDPR, "
        "Article 14).",
    )

    def __init__(self, *args: object, seen: Preview, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(line.key, line.title) for line in seen.lines]
        self.fields["lines"].choices = choices  # type: ignore[attr-defined]
        if not seen.is_new:
            del self.fields["kind"]


@console.page(
    "rights_requests/casedocument/<uuid:pk>/take-over/",
    name="casedocument-take-over",
    permission=WORK,
)
@require_http_methods(["GET", "HEAD", "POST"])
def take_over_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(CaseDocument.objects.select_related("package"), pk=pk)
    page = page_of(request, row.case_id)
    if page.case.kind != CaseKind.RECTIFICATION:
        raise Http404
    row.case = page.case
    if row.removed_at is None and why_not_open(request, row):
        raise PermissionDenied
    note_taking(request, page.case.submission.data_subject_id)
    try:
        seen = taking_over.preview(page.case, row)
        if request.method != "POST":
            return _page(page, row, seen, ChooseForm(seen=seen))
        return _take_over(page, row, seen)  # which reads the file once more
    except NotPortable as wrong:
        return _refused(page, row, list(wrong.problems), status=400)
    except NotAllowed as refusal:
        return _refused(page, row, list(refusal.reasons), status=409)
    except vault.VaultError as trouble:
        logger.exception("Document %s cannot be read from the vault", row.pk)
        problem = f"This file cannot be opened. {trouble}"
        return _refused(page, row, [problem], status=503)


def _take_over(page: CasePage, row: CaseDocument, seen: Preview) -> HttpResponse:
    request = page.request
    form = ChooseForm(request.POST, seen=seen)
    if request.POST.get("digest") != seen.digest or _has_gone(form):
        return _page(page, row, seen, ChooseForm(seen=seen), taking_over.CHANGED)
    if not form.is_valid():
        return _page(page, row, seen, form, status=400)
    data = form.cleaned_data
    chosen = Chosen(frozenset(data["lines"]), seen.digest, data.get("kind", ""))
    try:
        count = taking_over.take_over(
            row.pk, chosen, staff_id=staff_id(request), now=timezone.now()
        )
    except NotAllowed as refusal:
        return _page(page, row, seen, form, str(refusal))
    messages.success(request, f"Taken over, and on record: {count}.")
    if seen.is_new:
        messages.warning(
            request,
            "The person has to be told that we hold it: see “From other sources”.",
        )
    return redirect(tab_url(page.case, "corrections"))


def _has_gone(form: ChooseForm) -> bool:
    """Whether a line was ticked that is none by now: it was taken over, or what stands
    here changed."""
    known = {key for key, _ in form.fields["lines"].choices}  # type: ignore[attr-defined]
    return bool(set(form.data.getlist("lines")) - known)  # type: ignore[attr-defined]


def _page(
    page: CasePage,
    row: CaseDocument,
    seen: Preview,
    form: ChooseForm,
    problem: str = "",
    *,
    status: int = 200,
) -> HttpResponse:
    ticked = set(form["lines"].value() or [])
    return render(
        page,
        "corrections",
        name="take_over",
        status=409 if problem else status,
        problem=problem,
        document=row,
        seen=seen,
        form=form,
        lines=[(line, line.key in ticked) for line in seen.lines],
    )


def _refused(
    page: CasePage, row: CaseDocument, problems: list[str], *, status: int
) -> HttpResponse:
    """What is wrong with the file, place by place; nothing of it is shown."""
    return render(
        page,
        "corrections",
        name="take_over",
        status=status,
        document=row,
        seen=None,
        problems=problems,
    )
