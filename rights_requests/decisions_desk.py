"""What takes two people: the proposal with the letter as it would leave, its release,
and what was decided before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from groundwork.refusals import NotAllowed
from processing_register.notices import purpose_titles
from rights_requests import (
    case_acts,
    case_timeline,
    deciding,
    erasure_desk,
    grounds,
    sensitive,
)
from rights_requests.act_desk import act_url, tab_url
from rights_requests.case_acts import RELEASE
from rights_requests.case_desk import papers_of
from rights_requests.case_page import CasePage, page_of, render
from rights_requests.case_timeline import Happening, capital, staff_names
from rights_requests.desk import MAY_SEE
from rights_requests.letters import Letter, LetterIncomplete
from rights_requests.models import Decision, Event
from rights_requests.moves import Move
from staff.console import console, staff_id

Outcome = Decision.Outcome
TONES = {
    Outcome.RELEASED: "good",
    Outcome.SENT_BACK: "over",
    Outcome.TAKEN_BACK: "over",
}


@dataclass(frozen=True)
class Proposed:
    """A proposal in words. facts: label and text, for staff."""

    row: Decision
    what: str
    by: str
    facts: list[tuple[str, str]]


@console.page(
    "rights_requests/case/<uuid:pk>/decisions/",
    name="case-decisions",
    permission=MAY_SEE,
)
@require_safe
def decisions_page(request: HttpRequest, pk: Any) -> HttpResponse:
    return _page(page_of(request, pk))


def _page(page: CasePage, *, status: int = 200, problem: str = "") -> HttpResponse:
    rows = sorted(page.case.decisions.all(), key=lambda row: row.pk, reverse=True)
    names = staff_names(
        number for row in rows for number in (row.proposed_by_id, row.released_by_id)
    )
    pending = page.facts.pending
    context: dict[str, Any] = {
        "pending": _proposed(pending, names) if pending else None,
        "before": [
            {
                **vars(_proposed(row, names)),
                "tone": TONES.get(Outcome(row.outcome), "bad"),
                "released_by": names.get(row.released_by_id or 0, ""),
            }
            for row in rows
            if row.settled_at is not None
        ],
        "problem": problem,
        "weighed": _weighed(page),
    }
    if pending is not None:
        context |= _to_release(page, pending)
    return render(page, "decisions", status=status, **context)


def _weighed(page: CasePage) -> list[dict[str, Any]]:
    """What was weighed of an objection, the newest first."""
    rows = list(page.case.balancings.order_by("-pk"))
    names = staff_names(row.weighed_by_id for row in rows)
    return [
        {
            "row": row,
            "by": names.get(row.weighed_by_id, ""),
            "facts": [
                ("Uses", "\n".join(purpose_titles(row.uses))),
                ("The person’s reasons", row.their_reasons),
                ("Our grounds", row.our_grounds or "None that weigh more"),
            ],
        }
        for row in rows
    ]


def _to_release(page: CasePage, pending: Decision) -> dict[str, Any]:
    """What whoever releases has to see, and what stands against it."""
    pending.case = page.case
    letter, lacks = _letter(pending, page.now)
    back, away = case_acts.BY_NAME["send-back"], case_acts.BY_NAME["take-back"]
    number = staff_id(page.request)
    may = page.request.user.has_perm(RELEASE)
    return {
        "letter": letter,
        "lacks": lacks,
        "erasure": erasure_desk.preview(page.case),
        "why_not_release": _why_not_release(pending, number, may=may) or lacks,
        "may_release": may,
        "is_mine": pending.proposed_by_id == number,
        "seen": page.entries[-1].pk if page.entries else 0,
        "send_back_url": act_url(back, pending.pk),
        "take_back_url": act_url(away, pending.pk),
        "since": _since(page, pending),
        "on_its_way": pending.released_at is not None,
        "may_take_back": not deciding.why_not_take_back(pending),
    }


def _since(page: CasePage, pending: Decision) -> list[Happening]:
    """What happened since it was proposed, for whoever releases to read."""
    for entry in page.entries:
        is_proposal = entry.event == Event.PROPOSED
        if is_proposal and entry.inputs.get("decision") == pending.pk:
            papers = papers_of(page.case)
            sensitive.show_notes(papers.notes, page.case, page.request.user)
            names = case_timeline.names_of(page.entries, papers)
            return case_timeline.since(entry, page.entries, papers, names)
    return []


def _why_not_release(pending: Decision, number: int, *, may: bool) -> str:
    if not may:
        return "Your account may not release proposals."
    return deciding.why_not_release(pending, staff_id=number)


def _letter(pending: Decision, now: datetime) -> tuple[Letter | None, str]:
    """The letter as it would leave now; or what stands against it in words."""
    try:
        return deciding.preview(pending, now=now), ""
    except (NotAllowed, LetterIncomplete) as refusal:
        return None, str(refusal)


def _proposed(row: Decision, names: dict[int, str]) -> Proposed:
    kept = row.inputs
    ground = grounds.find(row.case.kind, Move(row.move), row.ground)
    breakdown = "\n".join(kept.get("breakdown", ()))
    facts = [
        ("Ground", str(ground or row.ground)),
        (_heading_of_reasons(row), row.reasons),
        (_heading_of_evidence(row), row.evidence),
        ("It came", _receipt(kept)),
        ("The person gets", kept.get("outcome", "")),
        ("Left out", kept.get("left_out", "")),
        ("Fee", f"£{kept['amount'].lstrip('£')}" if kept.get("amount") else ""),
        ("Made of", breakdown),
        ("How to pay", kept.get("how_to_pay", "")),
        ("Sent back because", row.answer),
    ]
    return Proposed(
        row=row,
        what=capital(case_timeline.PROPOSED.get(row.move, row.get_move_display())),
        by=names.get(row.proposed_by_id, ""),
        facts=[(label, text) for label, text in facts if text],
    )


def _heading_of_evidence(row: Decision) -> str:
    is_answer = row.move == Move.FULFIL
    return "How we know who asks" if is_answer else "What shows it, for us"


def _heading_of_reasons(row: Decision) -> str:
    if row.move == Move.RECEIVED_LATER:
        return "Why it was entered otherwise"
    is_told = _is_told(row)
    return "Reasons, for the person" if is_told else "Reasons, which are told to nobody"


def _is_told(row: Decision) -> bool:
    """Whether the person reads of it, unless the law keeps it from their knowledge."""
    ground = grounds.find(row.case.kind, Move(row.move), row.ground)
    return row.move != Move.WITHHOLD or ground is None or bool(ground.told)


def _receipt(kept: dict[str, Any]) -> str:
    """The moment at which it came, of a receipt that is to be put right."""
    names = ("received_at", "channel", "dated_on")
    inputs = {name: kept.get(name, "") for name in names}
    return case_timeline.receipt_in_words(inputs) if inputs["received_at"] else ""


@console.page(
    "rights_requests/decision/<int:pk>/release/",
    name="decision-release",
    permission=RELEASE,
)
@require_POST
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """By somebody else than who proposed it, who has seen all that happened since."""
    decision = get_object_or_404(Decision, pk=pk)
    given = request.POST.get("seen", "")
    seen = int(given) if given.isascii() and given.isdigit() else 0
    try:
        deciding.release(
            pk,
            seen_entry_id=seen,
            staff_id=staff_id(request),
            now=timezone.now(),
            code=request.POST.get("code", ""),
        )
    except (NotAllowed, LetterIncomplete) as refusal:
        page = page_of(request, decision.case_id)
        return _page(page, status=409, problem=str(refusal))
    said = RELEASED.get(decision.move, "Released.")
    said = said if _is_told(decision) else "Released. The person is told nothing of it."
    messages.success(request, APPROVED if hasattr(decision, "erasure") else said)
    return redirect(tab_url(decision.case, "decisions"))


APPROVED = (
    "Approved. It begins within seconds, and the case closes by itself when nothing is "
    "left."
)
RELEASED: dict[str, str] = {
    Move.EXTEND: "Released. It counts once its letter was handed over in time.",
    Move.WITHHOLD: "Released. It is told with the answer.",
}
