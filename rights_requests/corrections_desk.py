"""The tab on which a case's corrections stand, each with what can be done about it."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from rights_requests import case_acts, sensitive
from rights_requests.act_desk import act_url
from rights_requests.case_acts import WORK
from rights_requests.case_page import CasePage, page_of, render
from rights_requests.case_timeline import staff_names
from rights_requests.desk import MAY_SEE
from rights_requests.fulfilment import corrections, taking_over
from rights_requests.kinds import CaseKind
from rights_requests.models import CaseDocument, Rectification
from staff.console import console

State = Rectification.State
TONES = {
    State.APPLIED: "good",
    State.REFUSED: "bad",
    State.TAKEN_BACK: "minor",
}
# What can be done about one, by how it stands.
OPEN_ACTS = ("look-again", "not-corrected", "drop-correction")
NEXT = {
    State.PROPOSED: ("verify-correction", *OPEN_ACTS),
    State.VERIFIED: ("apply-correction", *OPEN_ACTS),
    State.CONFIRMING: OPEN_ACTS,
}


@console.page(
    "rights_requests/case/<uuid:pk>/corrections/",
    name="case-corrections",
    permission=MAY_SEE,
)
@require_safe
def corrections_page(request: HttpRequest, pk: Any) -> HttpResponse:
    page = page_of(request, pk)
    if page.case.kind != CaseKind.RECTIFICATION:
        raise Http404
    rows = list(page.case.rectifications.select_related("document"))
    names = staff_names(
        number for row in rows for number in (row.proposed_by_id, row.verified_by_id)
    )
    propose = case_acts.BY_NAME["propose-correction"]
    may_propose = not corrections.why_not_propose(page.case)
    return render(
        page,
        "corrections",
        corrections=[_shown(row, names, page) for row in rows],
        files=_files(page),
        taken_over=corrections.taken_over(page.case),
        propose_url=act_url(propose, page.case.pk) if may_propose else "",
    )


def _files(page: CasePage) -> list[CaseDocument]:
    """What the person brought in which something may stand to be taken over."""
    if not page.request.user.has_perm(WORK):
        return []
    rows = page.case.documents.all()
    return [row for row in rows if not taking_over.why_not(page.case, row)]


def _shown(row: Rectification, names: dict[int, str], page: CasePage) -> dict[str, Any]:
    stands = None
    if row.is_open and page.case.is_open:
        person = page.case.submission.data_subject_id
        stands = corrections.find(person, f"{row.place}/{row.entry}/{row.field}")
    # The case takes it over within a minute (rectifying.take_over_confirmed).
    is_confirmed = (
        row.state == State.CONFIRMING
        and stands is not None
        and stands.value == row.proposed
    )
    return {
        "row": row,
        "title": corrections.title_of(row.place, row.field),
        "tone": TONES.get(State(row.state), "waiting"),
        "proposed_by": names.get(row.proposed_by_id or 0) or "the person",
        "verified_by": names.get(row.verified_by_id or 0, ""),
        "stands": stands,
        "is_confirmed": is_confirmed,
        "has_changed": (
            stands is not None and not is_confirmed and stands.value != row.current
        ),
        # Of what was proposed one of the two always says something.
        "missing": "nothing"
        if row.current or row.proposed
        else "deleted with the data",
        "right": sensitive.shown(row.proposed, page.case.submission, page.request.user),
        "acts": list(_acts(row, page)),
    }


def _acts(row: Rectification, page: CasePage) -> Iterator[dict[str, str]]:
    if not page.case.is_open or not page.request.user.has_perm(WORK):
        return
    for name in NEXT.get(State(row.state), ()):
        if name == "drop-correction" and row.proposed_by_id is None:
            continue
        act = case_acts.BY_NAME[name]
        yield {"label": act.button, "url": act_url(act, row.pk)}
