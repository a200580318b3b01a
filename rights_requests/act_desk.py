"""The pages on which staff do something with a case: form, preview, done.

What was typed is never lost: an error, a refusal and the preview all lead back to it. A
refusal of a verb is answered with 409, in its own words, and nothing is changed.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from data_subjects import journal
from groundwork.ledger import CurrentTransaction
from groundwork.refusals import NotAllowed
from rights_requests import case_acts, case_steps, casebook, deciding, letters
from rights_requests.case_acts import Act, Doing
from rights_requests.case_forms import KEEP, PART, UNTIL, ActForm
from rights_requests.desk import MAY_SEE, home_of
from rights_requests.filing import DiskRefuses
from rights_requests.letter_drafts import pieces, way_in_words
from rights_requests.letters import LetterIncomplete
from rights_requests.models import (
    Case,
    CaseLogEntry,
    Decision,
    Letter,
    Rectification,
    Task,
    Transmission,
)
from rights_requests.upload_limits import was_too_large
from rights_requests.writing import rendered_of
from staff.access import note_opening
from staff.console import console, staff_id

MODELS: dict[str, type[models.Model]] = {
    "case": Case,
    "letter": Letter,
    "task": Task,
    "decision": Decision,
    "rectification": Rectification,
    "transmission": Transmission,
}
SEND, PREVIEW, CHANGE = "send", "preview", "change"
CHANGED = (
    "Something has happened in this case since you opened the page. Look at the timeline, "
    "then press the button once more if it is still right."
)


def act_view(request: HttpRequest, pk: Any, *, act: Act) -> HttpResponse:
    """One act on one row. GET shows its form; POST carries it out, or previews it."""
    require(request, MAY_SEE)
    case, row = found(act, pk)
    desk = _Desk(request, act, case, row)
    return desk.post() if request.method == "POST" else desk.get()


def require(request: HttpRequest, *permissions: str) -> None:
    """Raises PermissionDenied unless whoever asks has them all."""
    if not request.user.has_perms(permissions):
        raise PermissionDenied


def found(act: Act, pk: Any) -> tuple[Case, Any]:
    """The case, and the row of it that the act is about. Raises Http404."""
    rows = MODELS[act.about]._default_manager
    row: Any = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    case_id = row.pk if act.about == "case" else row.case_id
    cases = Case.objects.select_related("submission", "about")
    return cases.get(pk=case_id), row


class _Desk:
    """One act on one case, as somebody is about to do it."""

    def __init__(self, request: HttpRequest, act: Act, case: Case, row: Any) -> None:
        self.request, self.act, self.case, self.row = request, act, case, row
        self.now = timezone.now()
        self.facts = case_steps.facts_of(case, now=self.now)
        self.letter = act.letter(case)
        self.before = deciding.to_propose_anew(case, act.move) if act.proposes else None

    # --- What is asked ---

    def get(self) -> HttpResponse:
        note_opening(self.request, self.case.submission.data_subject_id)
        why_not = self.act.stands_against(self.case, self.facts)
        form = self.act.form(
            case=self.case, letter=self.letter, initial=_as_typed(self.before)
        )
        return self._page(form, why_not=why_not, newest=self._newest())

    def post(self) -> HttpResponse:
        form = self.act.form(
            self.request.POST, self.request.FILES, case=self.case, letter=self.letter
        )
        is_right = form.is_valid()
        step = self.request.POST.get("step", "")
        if not is_right:
            status = 413 if was_too_large(self.request) else 400
            return self._page(form, status=status, newest=self._seen())
        if step == CHANGE:
            return self._page(form, newest=self._seen())
        try:
            if self.act.writes:
                written = self._rehearsed(form)
                if step != SEND:
                    return self._preview(form, written)
            result = self._do(form)
        except (NotAllowed, LetterIncomplete) as refusal:
            form.add_error(None, _words_of(refusal))
            return self._page(form, status=409, newest=self._newest())
        except DiskRefuses as trouble:
            form.add_error(None, trouble.words)
            return self._page(form, status=503, newest=self._seen())
        messages.success(self.request, self.act.said)
        if self.act.remark and (words := self.act.remark(result)):
            messages.warning(self.request, words)
        return redirect(tab_url(self.case, self.act.tab))

    # --- Doing it ---

    def _doing(self, form: ActForm) -> Doing:
        return Doing(staff_id(self.request), self.now, form.edits)

    @transaction.atomic
    def _do(self, form: ActForm) -> Any:
        """Nothing is done on a case that has changed since its page was shown: what was
        asked twice is done once, too."""
        why_not = self.act.stands_against(self.case, self.facts)
        if why_not:
            raise NotAllowed(why_not)
        result = self.act.do(self.row, form.cleaned_data, self._doing(form))
        # The verb holds the case by now, so that nobody adds to its log meanwhile.
        entries = CaseLogEntry.objects.filter(case_id=self.case.pk, id__gt=self._seen())
        if entries.exclude(written_in=CurrentTransaction()).exists():
            raise NotAllowed(CHANGED)
        return result

    def _seen(self) -> int:
        given = self.request.POST.get("seen", "")
        return int(given) if given.isascii() and given.isdigit() else 0

    def _newest(self) -> int:
        return casebook.newest_entry_id(self.case)

    def _rehearsed(self, form: ActForm) -> list[letters.Letter]:
        """What it would write, made by the verb itself, which is then taken back. Before
        it is done in earnest, too: what is refused then has stopped nobody's e-mails."""
        with journal.rehearsal():
            return self._written(self._do(form))

    def _preview(self, form: ActForm, written: list[letters.Letter]) -> HttpResponse:
        return self._render(
            "act_preview",
            form=form,
            letters=written,
            way=way_in_words(self.case.submission),
            newest=self._seen(),
        )

    def _written(self, result: Any) -> list[letters.Letter]:
        """The letters of this very transaction; of a proposal, the one that it would
        be."""
        if isinstance(result, Decision):
            drafted = deciding.preview(result, now=self.now)
            return [drafted] if drafted else []
        rows = Letter.objects.filter(
            case__submission=self.case.submission_id, sent_at=self.now
        )
        # One letter about several cases is kept on each of them.
        once = {bytes(row.digest): row for row in rows.order_by("-pk")}
        return [rendered_of(row) for row in reversed(list(once.values()))]

    # --- Pages ---

    def _page(self, form: ActForm, *, status: int = 200, **more: Any) -> HttpResponse:
        drafted = pieces(form, self.case, now=self.now) if self.letter else []
        notes = [] if more.get("why_not") else list(self._notes())
        return self._render(
            "act", status=status, form=form, pieces=drafted, notes=notes, **more
        )

    def _notes(self) -> Iterator[str]:
        """What the form tells of this very case."""
        if self.before is not None and self.before.answer:
            yield f"It was sent back: {self.before.answer}"
        if self.act.note and (words := self.act.note(self.case, self.now)):
            yield words

    def _render(self, name: str, *, status: int = 200, **more: Any) -> HttpResponse:
        context = {
            **console.each_context(
                self.request, at=home_of(is_complaints=self.case.is_complaint)
            ),
            "title": "",
            "act": self.act,
            "heading": self.act.button.rstrip("…"),
            "button": self.act.press or self.act.button.rstrip("…"),
            "case": self.case,
            "back": tab_url(self.case, self.act.tab),
            **more,
        }
        template = f"admin/rights_requests/{name}.html"
        return TemplateResponse(self.request, template, context, status=status)


def _as_typed(before: Decision | None) -> dict[str, Any]:
    """A proposal as it stood on its form, so that nobody types it twice."""
    if before is None:
        return {}
    proposal = deciding.proposal_of(before)
    parts = {PART + name: words for name, words in proposal.edits.items()}
    breakdown = "\n".join(proposal.breakdown)
    keeps = {
        name: value
        for keep in proposal.keeps
        for name, value in (
            (KEEP + keep.place, keep.ground),
            (UNTIL + keep.place, keep.until),
        )
    }
    return {**vars(proposal), "breakdown": breakdown, **parts, **keeps}


def _words_of(refusal: Exception) -> str:
    return str(refusal)


def tab_url(case: Case, tab: str = "") -> str:
    """The page of a case, or one of its tabs."""
    if not tab:
        return reverse("admin:rights_requests_case_change", args=[case.pk])
    return reverse(f"admin:case-{tab}", args=[case.pk])


def act_url(act: Act, pk: Any) -> str:
    return reverse(f"admin:{act.about}-{act.name}", args=[pk])


def _add_pages() -> None:
    """A page for each act, behind the permission that it names."""
    for act in case_acts.ACTS:
        shape = "uuid" if act.about == "case" else "int"
        view: Callable[..., HttpResponse] = partial(act_view, act=act)
        console.page(
            f"rights_requests/{act.about}/<{shape}:pk>/{act.name}/",
            name=f"{act.about}-{act.name}",
            permission=act.permission,
        )(require_http_methods(["GET", "HEAD", "POST"])(view))


_add_pages()
