"""The deletion of a case: what it would do, place by place and row by row; how far it has
come; and what was found afterwards."""

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from groundwork.holdings import Holding, Person
from groundwork.refusals import NotAllowed, refuse
from rights_requests import sensitive
from rights_requests.act_desk import require, tab_url
from rights_requests.case_acts import RELEASE, WORK
from rights_requests.case_page import CasePage, page_of, render
from rights_requests.case_timeline import staff_names
from rights_requests.deadline_words import in_words
from rights_requests.desk import MAY_SEE
from rights_requests.fulfilment import (
    erasing,
    erasure_places,
    erasure_plan,
    residue,
    residue_owners,
    unheard,
)
from rights_requests.fulfilment.identifiers import What
from rights_requests.fulfilment.pages import reader_of
from rights_requests.fulfilment.residual_scan import ALL_OF_IT
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, ErasedPlace, ErasurePlan, Residue
from rights_requests.moves import State
from staff.console import console, staff_id
from subscribers.models import Subscriber

TAB = "deletion"
SOMEBODY_UNTOLD = (
    "Nothing is left but what is kept. Somebody who had the data from us has yet to be "
    "told, or another task is open (under “Tasks”): once that is done the stores are "
    "looked through a last time, and the case closes."
)
FILE_IN_THE_WAY = (
    "A file is being written in the vault. The search waits until it is whole, or nobody "
    "has written to it for a quarter of an hour; after an hour it looks into it as it is."
)
READ_TABLE = (
    "Have whoever runs the database let our database role read the whole table: SELECT on "
    "it, USAGE on its schema, and no row-level security that hides rows. Then look once "
    "more. Or two people agree that it stays."
)
LOOK_BY_HAND = (
    "Look into it by other means, take it away if it is not needed, and look once more. Or "
    "two people agree that it stays."
)
ROWS_ON_A_PAGE = 50
LONGEST_REASON = 500
SHUT = "Something of this person is shut away: only few may read it."


@dataclass(frozen=True)
class Group:
    """Places with one fate: those where something is, and the titles of the others.
    reasons: of what is kept, those for one reason together."""

    fate: ErasedPlace.Fate
    title: str
    lines: list[ErasedPlace]
    empty: list[str]

    @property
    def reasons(self) -> list[tuple[str, str, list[ErasedPlace]]]:
        together: dict[tuple[str, str], list[ErasedPlace]] = {}
        for line in self.lines:
            together.setdefault((line.why, line.until), []).append(line)
        return [(why, until, lines) for (why, until), lines in together.items()]


# Nothing more is done by these: what would be deleted now is counted anew.
NOT_DONE = (ErasurePlan.State.VOID, ErasurePlan.State.STOPPED)
TITLES = {
    ErasedPlace.Fate.REMOVED: "Deleted",
    ErasedPlace.Fate.EMPTIED: "Emptied: what stays says nothing of the person",
    ErasedPlace.Fate.KEPT: "Kept",
}


def grouped(lines: list[ErasedPlace]) -> list[Group]:
    """What goes first, then what stays, in the order in which people read of it."""
    found = sorted(lines, key=lambda line: -line.position)
    return [
        Group(
            fate,
            title,
            [line for line in found if line.fate == fate and is_something_there(line)],
            [
                line.title
                for line in found
                if line.fate == fate and not is_something_there(line)
            ],
        )
        for fate, title in TITLES.items()
    ]


def is_something_there(line: ErasedPlace) -> bool:
    """Where nobody can tell before, there may be."""
    return line.seen_count != 0 or bool(line.erased_count)


def preview(case: Case) -> dict[str, Any]:
    """For the proposal that waits: what it erases, and the code at its end."""
    plan = erasure_plan.newest_of(case)
    if plan is None or plan.state != ErasurePlan.State.PROPOSED:
        return {}
    return {
        "fates": grouped(list(plan.places.all())),
        "code": erasure_plan.code_of(plan),
        "changed": erasure_plan.why_changed(plan),
    }


@console.page(
    "rights_requests/case/<uuid:pk>/deletion/", name="case-deletion", permission=MAY_SEE
)
@require_safe
def deletion_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Before a proposal, what would happen; then how far it is."""
    return _page(page_of(request, pk))


def _page(page: CasePage, *, status: int = 200, problem: str = "") -> HttpResponse:
    case = page.case
    if case.kind != CaseKind.ERASURE:
        raise Http404
    plan = erasure_plan.newest_of(case)
    lines = _lines(case, plan)
    done = [line for line in lines if line.done_at is not None]
    return render(
        page,
        TAB,
        status=status,
        problem=problem,
        plan=plan,
        fates=grouped(lines),
        stopped=_stopped(plan),
        done_count=len(done),
        places_count=len(lines),
        erased_count=sum(line.erased_count or 0 for line in done),
        why_not=erasure_plan.why_not(case) if _is_open(case, plan) else "",
        whose=list(WHOSE.items()),
        why_wait=_why_wait(plan),
        residue=_residue(plan, staff_id(page.request)),
        kept=_kept(plan),
    )


def _is_open(case: Case, plan: ErasurePlan | None) -> bool:
    """Whether a deletion may still be proposed."""
    is_new = plan is None or plan.state in NOT_DONE
    return is_new and case.state == State.IN_PROGRESS


def _lines(case: Case, plan: ErasurePlan | None) -> list[ErasedPlace]:
    """As they were approved and done; before that, as they would be now."""
    if plan is not None and plan.state not in NOT_DONE:
        return list(plan.places.all())
    return list(erasure_plan.lines_of(case)) if case.is_open else []


def _why_wait(plan: ErasurePlan | None) -> str:
    """What comes before the end of a deletion whose places are done."""
    ends = (ErasurePlan.State.SEARCHING, ErasurePlan.State.RESIDUE)
    if plan is None or plan.state not in ends:
        return ""
    if why_wait := unheard.why_wait(plan):
        return why_wait  # which somebody has to do; the file settles itself
    if plan.state != ErasurePlan.State.SEARCHING:
        return ""
    if erasing.waits_for_a_file(plan, timezone.now()):
        return FILE_IN_THE_WAY
    return SOMEBODY_UNTOLD if erasing.waits_for_the_told(plan) else ""


def _stopped(plan: ErasurePlan | None) -> dict[str, list[ErasedPlace]]:
    """Of a deletion that was stopped in the middle: what had gone, and what was kept."""
    if plan is None or plan.state != ErasurePlan.State.STOPPED:
        return {}
    lines = [line for line in plan.places.all() if line.fate != ErasedPlace.Fate.KEPT]
    return {
        "gone": [line for line in lines if line.done_at and line.erased_count],
        "left": [line for line in lines if not line.done_at and line.seen_count],
    }


def _residue(plan: ErasurePlan | None, number: int) -> list[dict[str, Any]]:
    """What was found and is in the way."""
    if plan is None:
        return []
    rows = list(plan.residue.in_the_way())
    names = staff_names(row.kept_by_id for row in rows)
    return [
        {
            "row": row,
            "by": names.get(row.kept_by_id or 0, ""),
            "is_mine": row.kept_by_id == number,
            "code": residue.code_of(row),
            "owner": _owner(row),
            "whose": _whose(row),
            "to_look": _how_to_look(row),
        }
        for row in rows
    ]


def _how_to_look(row: Residue) -> str:
    """Of what could not be looked into, what to do about it; empty for what was found."""
    if row.what in set(What):
        return ""
    what_to_do = READ_TABLE if row.row == ALL_OF_IT else LOOK_BY_HAND
    return f"Nobody knows whether anything of the person is there. {what_to_do}"


def _whose(row: Residue) -> str:
    """What was said of it: whose it is, and on which ground it stays, until when."""
    if not row.kept_because:
        return ""
    until = f", until {in_words(row.kept_until)}" if row.kept_until else ""
    return f"{WHOSE[row.ground or SOMEBODY_ELSES]}{until}"


def _owner(row: Residue) -> dict[str, str] | None:
    """Where to look whose it is: the reader in whose record it was found, or a request
    of theirs."""
    subject = residue_owners.subject_of(row)
    if subject is None:
        return None
    if reader := Subscriber.objects.filter(data_subject=subject).only("pk").first():
        url = reverse("admin:subscribers_subscriber_change", args=[reader.pk])
        return {"words": "the page of this reader", "url": url}
    theirs = Case.objects.filter(submission__data_subject=subject)
    if (
        case := theirs.only("pk", "reference")
        .order_by("-submission__received_at")
        .first()
    ):
        return {"words": case.reference, "url": tab_url(case)}
    return {"words": f"person {subject}", "url": ""}


def _kept(plan: ErasurePlan | None) -> list[dict[str, Any]]:
    """What was found and two people let stay."""
    if plan is None:
        return []
    rows = list(plan.residue.filter(agreed_at__isnull=False))
    overdue = plan.residue.kept_too_long(timezone.localdate())
    over = set(overdue.values_list("pk", flat=True))
    names = staff_names(n for row in rows for n in (row.kept_by_id, row.agreed_by_id))
    return [
        {
            "row": row,
            "by": names.get(row.kept_by_id or 0, ""),
            "agreed_by": names.get(row.agreed_by_id or 0, ""),
            "whose": _whose(row),
            "to_look": _how_to_look(row),
            "is_over": row.pk in over,
        }
        for row in rows
    ]


# --- Row by row ---


@console.page(
    "rights_requests/case/<uuid:pk>/deletion/<slug:place>/",
    name="case-deletion-place",
    permission=WORK,
)
@require_safe
def place_page(request: HttpRequest, pk: uuid.UUID, place: str) -> HttpResponse:
    """Every row of one place, a few at a time."""
    require(request, MAY_SEE)
    page = page_of(request, pk)
    found = erasure_places.place(place)
    if page.case.kind != CaseKind.ERASURE or found is None or found.holding is None:
        raise Http404
    if sensitive.is_anything_shut_away(page.case.submission.data_subject):
        require(request, sensitive.MAY_SEE)
    person = erasure_plan.whose(page.case)
    rows, paginator_page = _rows(found.holding, person, request.GET.get("page", "1"))
    return render(
        page, "deletion_place", place=found, rows=rows, page_obj=paginator_page
    )


def _rows(holding: Holding, person: Person, number: str) -> tuple[list[Any], Any]:
    paginator = Paginator(holding.rows(person), ROWS_ON_A_PAGE)
    page = paginator.get_page(number)
    keys = {str(row.pk) for row in page.object_list}
    readers = [
        (datum.title, datum.path, reader_of(holding, datum)) for datum in holding.given
    ]
    rows = [
        {
            "key": record.key,
            "values": [
                (title, text)
                for title, path, read in readers
                if (text := read(record.values.get(path)))
            ],
        }
        for record in holding.records(person)
        if record.key in keys
    ]
    return rows, page


# --- What was found ---


@console.page(
    "rights_requests/case/<uuid:pk>/deletion-search/",
    name="case-deletion-search",
    permission=WORK,
)
@require_POST
def search_again(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What was found is gone, or somebody says so: the worker looks once more."""
    require(request, MAY_SEE)
    case = get_object_or_404(Case, pk=pk)
    plan = erasure_plan.newest_of(case)
    if plan is None:
        raise Http404
    try:
        residue.search_again(plan.pk)
    except NotAllowed as refusal:
        return _page(page_of(request, pk), status=409, problem=str(refusal))
    messages.success(request, "Every store is being looked through once more.")
    return redirect(tab_url(case, TAB))


INCOMPLETE = (
    "Choose whose it is, and say how you know, or why it has to stay, in up to "
    f"{LONGEST_REASON} characters."
)
NO_DAY = "Say until when it stays, as a day."
SOMEBODY_ELSES = "somebody-else"
WHOSE = {
    SOMEBODY_ELSES: "It is somebody else’s: the person is not told",
    **{
        key: f"It is theirs, and stays. {erasure_plan.ground_of(key)}"
        for key in erasure_plan.KEPT_GROUNDS
    },
}


class KeepForm(forms.Form):
    """Why something that was found stays."""

    because = forms.CharField(max_length=LONGEST_REASON)
    whose = forms.ChoiceField(choices=list(WHOSE.items()))
    until = forms.DateField(required=False)

    @property
    def problem(self) -> str:
        """What is wrong with it; empty when nothing is."""
        if self.is_valid():
            return ""
        return NO_DAY if set(self.errors) == {"until"} else INCOMPLETE

    @property
    def meant(self) -> residue.Keep:
        whose = str(self.cleaned_data["whose"])
        return residue.Keep(
            because=self.cleaned_data["because"],
            ground="" if whose == SOMEBODY_ELSES else whose,
            until=self.cleaned_data["until"],
        )


@console.page(
    "rights_requests/residue/<int:pk>/keep/", name="residue-keep", permission=WORK
)
@require_POST
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why it stays, for a second person."""
    row, case = _residue_of(request, pk)
    form = KeepForm(request.POST)
    try:
        refuse(form.problem)
        by, now = staff_id(request), timezone.now()
        residue.propose_to_keep(row.pk, form.meant, staff_id=by, now=now)
    except NotAllowed as refusal:
        return _page(page_of(request, case.pk), status=409, problem=str(refusal))
    messages.success(request, "Somebody else has to agree that it stays.")
    return redirect(tab_url(case, TAB))


@console.page(
    "rights_requests/residue/<int:pk>/agree/", name="residue-agree", permission=RELEASE
)
@require_POST
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """By somebody else than who said why."""
    row, case = _residue_of(request, pk)
    try:
        by, seen = staff_id(request), request.POST.get("seen", "")
        residue.agree_to_keep(row.pk, seen=seen, staff_id=by, now=timezone.now())
    except NotAllowed as refusal:
        return _page(page_of(request, case.pk), status=409, problem=str(refusal))
    messages.success(request, "On record: it stays.")
    return redirect(tab_url(case, TAB))


@console.page(
    "rights_requests/residue/<int:pk>/gone/", name="residue-gone", permission=WORK
)
@require_POST
def gone(request: HttpRequest, pk: int) -> HttpResponse:
    """The day until which it stayed is over, and it was taken away."""
    row, case = _residue_of(request, pk)
    try:
        residue.note_gone(row.pk, staff_id=staff_id(request), now=timezone.now())
    except NotAllowed as refusal:
        return _page(page_of(request, case.pk), status=409, problem=str(refusal))
    messages.success(request, "On record: it is gone.")
    return redirect(tab_url(case, TAB))


def _residue_of(request: HttpRequest, pk: int) -> tuple[Residue, Case]:
    require(request, MAY_SEE)
    rows = Residue.objects.select_related("plan__decision__case")
    row = get_object_or_404(rows, pk=pk)
    return row, row.plan.decision.case
