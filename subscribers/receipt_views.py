"""The receipts of one's own consents, behind the link of a visit.

The link of an ordinary mail does not open them: it may have been forwarded.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from consent import ledger
from consent.models import ConsentEntry
from consent.receipts import Receipt, given_by, receipt_of, sealed_by
from processing_register.notices import purpose_title
from subscribers import links
from subscribers.models import LinkUse, Subscriber

PROBLEM_STATUS = {links.Problem.UNKNOWN: 404}


@dataclass(frozen=True)
class Agreed:
    """One line of “What you agreed to”."""

    title: str
    entry: ConsentEntry
    stands: bool


def agreed_to(person: Subscriber) -> list[Agreed]:
    """Every consent of this person, ended ones too, the newest first."""
    standing = ledger.standing_purposes(person.data_subject_id)
    now = {entry.pk for entry in standing.values()}
    return [
        Agreed(purpose_title(entry.purpose), entry, entry.pk in now)
        for entry in given_by(person.data_subject_id)
    ]


@require_safe
def receipt_page(request: HttpRequest, token: str, entry: int) -> HttpResponse:
    person, problem = _visitor(token)
    if person is None:
        return _link_problem(request, problem)
    receipt = _receipt(person, entry)
    return render(request, "subscribers/receipt.html", shown(receipt))


@require_safe
def receipt_file(request: HttpRequest, token: str, entry: int) -> HttpResponse:
    person, problem = _visitor(token)
    if person is None:
        return _link_problem(request, problem)
    return as_file(_receipt(person, entry), entry)


def shown(receipt: Receipt) -> dict[str, Any]:
    """What the page of a receipt needs, for a person and for the staff."""
    (purpose,) = receipt.processing["purposes"]
    return {
        "receipt": receipt,
        "purpose": purpose,
        "steps": [
            (event, proof, datetime.fromisoformat(event["event_time"]))
            for event, proof in zip(
                receipt.events, receipt.proof["entries"], strict=True
            )
        ],
        "controllers": receipt.parties[:1],
        "recipients": receipt.parties[2:],
        "sealed_by": sealed_by(receipt),
    }


def as_file(receipt: Receipt, entry: int) -> HttpResponse:
    answer = JsonResponse(
        receipt.signed(), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    name = f"consent-receipt-{entry}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _visitor(token: str) -> tuple[Subscriber | None, links.Problem | None]:
    found = links.look_up(LinkUse.VISIT, token)
    if found.link is None or found.problem is not None:
        return None, found.problem
    return found.link.subscriber, None


def _receipt(person: Subscriber, entry: int) -> Receipt:
    """Only of a consent that this person gave: any other number is no page."""
    for given in given_by(person.data_subject_id):
        if given.pk == entry:
            return receipt_of(given)
    raise Http404


def _link_problem(request: HttpRequest, problem: links.Problem | None) -> HttpResponse:
    reason = problem or links.Problem.UNKNOWN
    return render(
        request,
        "subscribers/link_problem.html",
        {"reason": str(reason)},
        status=PROBLEM_STATUS.get(reason, 410),
    )
