"""The console's pages about what was shut away: reading it, opening it, removing words.

Only who may see it gets here, and each look is on record.
"""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from rights_requests import sensitive
from rights_requests.forms import WordsField
from rights_requests.models import Case, CaseDocument
from rights_requests.sensitive import LEAST_REASON, MAY_SEE, Removal
from staff.access import note_reading
from staff.console import console, staff_id

LONGEST_STRETCH = 100_000
DOCUMENT = "document-"


class ReasonForm(forms.Form):
    """Why; numbers of cards masked, as wherever somebody types."""

    use_required_attribute = False
    reason = WordsField("the reason", limit=200)
    short = "Say why everybody who works on it may read it"
    hint = "Kept as a note of the case, for colleagues."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason = self.fields["reason"]
        reason.label, reason.help_text = "Why?", self.hint
        reason.widget.attrs["rows"] = 3

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if len(reason) < LEAST_REASON:
            raise forms.ValidationError(self.short)
        return reason


class RemoveForm(ReasonForm):
    """Which words go, and why."""

    short = "Say why the words are removed"
    hint = (
        "Such as “it told of your health, which we do not need to answer you”. These "
        "words take the place of what is removed, and the person can read them."
    )
    stretch = WordsField("the words", limit=LONGEST_STRETCH)

    field_order = ["stretch", "reason"]

    def __init__(self, *args: Any, words: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        stretch = self.fields["stretch"]
        stretch.label = "Which words?"
        stretch.help_text = (
            "Copy them out of the text, exactly. Leave this empty to remove all of it."
        )
        stretch.widget.attrs["rows"] = 4

    def clean_stretch(self) -> str:
        stretch: str = self.cleaned_data["stretch"]
        if stretch not in self.words:
            raise forms.ValidationError(
                "These words do not stand in the text. Copy them out of it"
            )
        return stretch


class RemoveDocumentForm(ReasonForm):
    short = "Say why the document is removed"
    hint = "These words take the place of its name, and the person can read them."


@console.page(
    "rights_requests/case/<uuid:pk>/sensitive/",
    name="case-sensitive",
    permission=MAY_SEE,
)
@require_http_methods(["GET", "HEAD", "POST"])
def sensitive_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What was found, with every text; the button shuts it away."""
    case = _found(pk)
    submission = case.submission
    note_reading(request, submission.data_subject_id)
    refusal = ""
    if request.method == "POST":
        try:
            sensitive.shut_away(
                submission.pk, staff_id=staff_id(request), now=timezone.now()
            )
        except NotAllowed as error:
            refusal = str(error)
        else:
            messages.success(request, "Shut away: only few may read it now.")
            return redirect("admin:case-sensitive", case.pk)
    why = sensitive.why_sensitive(submission, today=today_here())
    context = {
        "submission": submission,
        "signs": sensitive.signs_in_words(submission),
        "texts": [
            (text, [finding for found_in, finding in why if found_in == text])
            for text in sensitive.texts_of(submission)
        ],
        "documents": [(d, f"{DOCUMENT}{d.pk}") for d in _documents(case)],
        "refusal": refusal,
    }
    status = 409 if refusal else 200
    return _page(request, case, "sensitive", context, status=status)


@console.page(
    "rights_requests/case/<uuid:pk>/sensitive/open/",
    name="case-sensitive-open",
    permission=MAY_SEE,
)
@require_http_methods(["GET", "HEAD", "POST"])
def open_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    case = _found(pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    status = 400 if form.is_bound else 200
    if form.is_valid():
        try:
            sensitive.open_again(
                case.submission_id,
                reason=form.cleaned_data["reason"],
                staff_id=staff_id(request),
                now=timezone.now(),
            )
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(request, "Opened: whoever works on it may read it again.")
            return redirect("admin:case-sensitive", case.pk)
    context = {
        "form": form,
        "heading": "Open it again",
        "lead": "Whoever works on requests may then read what the person wrote. What "
        "comes later with such a sign is shut away once more.",
        "button": "Open it again",
    }
    return _page(request, case, "sensitive_form", context, status=status)


@console.page(
    "rights_requests/case/<uuid:pk>/sensitive/remove/<str:key>/",
    name="case-sensitive-remove",
    permission=MAY_SEE,
)
@require_http_methods(["GET", "HEAD", "POST"])
def remove_page(request: HttpRequest, pk: uuid.UUID, key: str) -> HttpResponse:
    """Which words, and why; then what will be left; then it is done, for good."""
    case = _found(pk)
    words = "" if key.startswith(DOCUMENT) else _words_of(case, key)
    document = _document_of(case, key) if key.startswith(DOCUMENT) else None
    note_reading(request, case.submission.data_subject_id)
    form = _remove_form(request, words, document)
    step = request.POST.get("step", "")
    context: dict[str, Any] = {
        "form": form,
        "heading": "Remove the document" if document else "Remove words",
        "lead": "For good: nobody can bring it back. That something was removed, when "
        "and by whom stays on record.",
        "button": "Look at what goes",
        "words": words,
        "document": document,
    }
    status = 400 if form.is_bound and not form.is_valid() else 200
    if form.is_bound and form.is_valid() and step == "remove":
        try:
            _remove(case, key, document, form.cleaned_data, staff_id(request))
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
            status = 409
        else:
            messages.success(request, "Removed. The note that says so is in its place.")
            return redirect("admin:case-sensitive", case.pk)
    elif form.is_bound and form.is_valid() and step != "change":
        reason = form.cleaned_data["reason"]
        context |= {
            "is_check": True,
            "goes": form.cleaned_data.get("stretch") or words,
            "note": sensitive.note_in_place(reason, now=timezone.now()),
        }
    return _page(request, case, "sensitive_form", context, status=status)


def _remove_form(
    request: HttpRequest, words: str, document: CaseDocument | None
) -> ReasonForm:
    data = request.POST if request.method == "POST" else None
    return RemoveDocumentForm(data) if document else RemoveForm(data, words=words)


def _remove(
    case: Case,
    key: str,
    document: CaseDocument | None,
    data: dict[str, Any],
    by: int,
) -> None:
    now = timezone.now()
    if document is not None:
        sensitive.remove_sensitive_document(
            document.pk, reason=data["reason"], staff_id=by, now=now
        )
        return
    removal = Removal(key, data["reason"], data["stretch"])
    sensitive.remove_sensitive(case.submission_id, removal, staff_id=by, now=now)


def _found(pk: uuid.UUID) -> Case:
    case = Case.objects.select_related("submission").filter(pk=pk).first()
    if case is None:
        raise Http404
    return case


def _words_of(case: Case, key: str) -> str:
    texts = {text.key: text.words for text in sensitive.texts_of(case.submission)}
    if key not in texts:
        raise Http404
    return texts[key]


def _documents(case: Case) -> list[CaseDocument]:
    """Files of the person that are still there, in every case of the submission."""
    kept = CaseDocument.objects.filter(
        case__submission=case.submission_id, removed_at__isnull=True
    )
    return list(kept.exclude(purpose=CaseDocument.Purpose.ANSWER).order_by("added_at"))


def _document_of(case: Case, key: str) -> CaseDocument:
    for document in _documents(case):
        if key == f"{DOCUMENT}{document.pk}":
            return document
    raise Http404


def _page(
    request: HttpRequest,
    case: Case,
    name: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    context = {**console.each_context(request), "title": "", "case": case, **context}
    template = f"admin/rights_requests/{name}.html"
    return TemplateResponse(request, template, context, status=status)
