"""The console's page of one update: how it will look, what may be done with it now,
and how its sending goes. Every button posts to a verb."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from case_updates import content, preflight, release, sending, specimens
from case_updates.composing import Letter, html_part
from case_updates.models import CaseUpdate, Delivery
from case_updates.readers import readers
from groundwork import addresses
from groundwork.refusals import NotAllowed
from outbox.composing import RefusedAtTheDoor
from outbox.models import State as DeliveryState
from outbox.preview import framed_html
from staff.console import console
from staff.models import StaffUser

TEMPLATE = "admin/case_updates/caseupdate/page.html"
# More than a person settles in one sitting; the page says when there are more.
SHOWN_IN_QUESTION = 50
BAR_WIDTH = 1000
# What a progress bar shows, from left to right.
SEGMENTS = {
    DeliveryState.SENT: "handed over",
    DeliveryState.WITHHELD: "withheld",
    DeliveryState.FAILED: "failed",
    DeliveryState.UNKNOWN: "unknown",
    DeliveryState.IN_FLIGHT: "being handed over",
    DeliveryState.QUEUED: "waiting",
}


# --- Who may ---


def signed_in(request: HttpRequest) -> StaffUser:
    """The person at the console."""
    if not isinstance(request.user, StaffUser):
        raise PermissionDenied
    return request.user


def may_write(person: StaffUser) -> bool:
    return person.has_perm("case_updates.write_caseupdate")


def may_release(person: StaffUser) -> bool:
    return person.has_perm("case_updates.release_caseupdate")


def may_see(person: StaffUser) -> bool:
    return (
        may_write(person)
        or may_release(person)
        or person.has_perm("case_updates.view_caseupdate")
    )


def _require(is_allowed: bool) -> None:
    if not is_allowed:
        raise PermissionDenied


# --- The page ---


def page_url(update: CaseUpdate) -> str:
    return reverse("console:case_updates_caseupdate_page", args=[update.pk])


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    _require(may_see(signed_in(request)))
    return _page(request, _found(pk))


def _found(pk: int) -> CaseUpdate:
    updates = CaseUpdate.objects.select_related("written_by", "approved_by", "corrects")
    return get_object_or_404(updates, pk=pk)


def _page(request: HttpRequest, update: CaseUpdate, **more: Any) -> HttpResponse:
    person = signed_in(request)
    request.current_app = console.name
    context = {
        **console.each_context(request),
        "title": update.title,
        "update": update,
        "steps": update.steps.select_related("staff"),
        **_specimen(update),
        "my_address": person.email,
        "may_write": may_write(person),
        **(_sending_context(update) if update.is_released else {}),
        **(_open_context(update, person) if not update.is_released else {}),
        **more,
    }
    return TemplateResponse(request, TEMPLATE, context)


def _specimen(update: CaseUpdate) -> dict[str, str]:
    try:
        message = Letter.of(update).specimen(preflight.NO_ADDRESS)
    except RefusedAtTheDoor as refusal:
        return {"subject": update.title, "text": str(refusal)}
    return {"subject": str(message.subject), "text": str(message.body)}


def _open_context(update: CaseUpdate, person: StaffUser) -> dict[str, Any]:
    """What may be done, and for what may not, why."""
    results = preflight.results(update)
    unready = "" if all(r.passed for r in results) else "A check below has not passed."
    no_writer = "" if may_write(person) else "Your account may not submit updates."
    no_approver = "" if may_release(person) else "Your account may not approve updates."
    return {
        "results": results,
        "why_not_submit": no_writer
        or release.why_not_submit(update, person)
        or unready,
        "why_not_release": no_approver
        or release.why_not_release(update, person)
        or unready,
        "why_not_send_back": no_approver or release.why_not_send_back(update),
        "readers_count": readers().count(),
        "digest": content.digest(update).hex(),
    }


@dataclass(frozen=True)
class Segment:
    """One stretch of the progress bar."""

    name: str
    label: str
    number: int
    start: float
    width: float


def segments(counts: dict[str, int]) -> list[Segment]:
    """The bar from left to right, on a width of 1000."""
    total = sum(counts.values()) or 1
    found = []
    start = 0.0
    for state, label in SEGMENTS.items():
        width = round(counts[state] * BAR_WIDTH / total, 2)
        name = str(state.value).replace(" ", "-")
        found.append(Segment(name, label, counts[state], round(start, 2), width))
        start += width
    return found


def _sending_context(update: CaseUpdate) -> dict[str, Any]:
    counts = sending.progress(update)
    settled = sum(counts.values()) - counts["queued"] - counts["in flight"]
    in_question = update.deliveries.in_question().select_related("subscriber")
    return {
        "segments": segments(counts),
        "total": sum(counts.values()),
        "settled_count": settled,
        "in_question": [
            _Questioned(row) for row in in_question.order_by("pk")[:SHOWN_IN_QUESTION]
        ],
        "in_question_count": counts["failed"] + counts["unknown"],
    }


@dataclass(frozen=True)
class _Questioned:
    """A delivery that a person may settle; the address as far as a list shows it."""

    row: Delivery

    @property
    def address(self) -> str:
        reader = self.row.subscriber
        return addresses.mask(reader.address) if reader else "no longer a reader"


# --- Previews ---


@require_safe
def preview_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part as the mail program draws it; for the frames of the page."""
    _require(may_see(signed_in(request)))
    try:
        message = Letter.of(_found(pk)).specimen(preflight.NO_ADDRESS)
    except RefusedAtTheDoor as refusal:
        return HttpResponse(str(refusal), content_type="text/plain; charset=utf-8")
    return framed_html(html_part(message))


@require_POST
def preview_as(request: HttpRequest, pk: int) -> HttpResponse:
    """As one reader, by the exact address; that staff looked goes on record."""
    person = signed_in(request)
    _require(may_see(person) and person.has_perm("subscribers.view_subscriber"))
    update = _found(pk)
    try:
        reader = specimens.choose_reader(request.POST.get("address", ""), by=person)
    except NotAllowed as refusal:
        return _page(request, update, reader_problem=str(refusal))
    return _page(request, update, reader=reader)


# --- Buttons ---


@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    person = signed_in(request)
    _require(may_write(person) or may_release(person))
    update = _found(pk)
    to = request.POST.get("to", "") or person.email
    return _do(
        request,
        update,
        lambda: specimens.send_test(update, to=to, by=person),
        "The test is on its way. Its links do nothing.",
    )


@require_POST
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    person = signed_in(request)
    _require(may_write(person))
    return _do(
        request,
        _found(pk),
        lambda: release.submit(pk, by=person),
        "Submitted. Somebody else has to approve it now.",
    )


@require_POST
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    person = signed_in(request)
    _require(may_release(person))
    reason = request.POST.get("reason", "")[:500]
    return _do(
        request,
        _found(pk),
        lambda: release.send_back(pk, by=person, reason=reason),
        "Sent back to its writer, with your reason.",
    )


@require_POST
def release_update(request: HttpRequest, pk: int) -> HttpResponse:
    person = signed_in(request)
    _require(may_release(person))
    try:
        digest = bytes.fromhex(request.POST.get("digest", ""))
    except ValueError:
        digest = b""
    return _do(
        request,
        _found(pk),
        lambda: release.release(pk, by=person, digest=digest),
        "Approved. It is published, and the sending has begun.",
    )


@require_POST
def settle(request: HttpRequest, pk: int, delivery_pk: int) -> HttpResponse:
    person = signed_in(request)
    _require(may_release(person))
    get_object_or_404(Delivery, pk=delivery_pk, case_update_id=pk)
    arrived = request.POST.get("outcome", "")
    if arrived not in ("arrived", "again"):
        return HttpResponse("Say whether it arrived.", status=400)
    return _do(
        request,
        _found(pk),
        lambda: release.settle_by_hand(
            delivery_pk, by=person, arrived=arrived == "arrived"
        ),
        "Settled." if arrived == "arrived" else "It will be sent again.",
    )


def _do(
    request: HttpRequest, update: CaseUpdate, verb: Callable[[], object], done: str
) -> HttpResponse:
    """Call the verb; a refusal is told in its own words."""
    try:
        verb()
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(page_url(update))
