"""The receipt of what somebody sent on the site."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rights_requests import casebook
from rights_requests.at_once import consequences
from rights_requests.clock import PROGRESS_WITHIN
from rights_requests.deadline_words import Step
from rights_requests.kinds import AT_ONCE, PUBLISHED, CaseKind
from rights_requests.models import Case, CaseLogEntry, Event, Submission
from rights_requests.receiving import form_digest
from rights_requests.standing import standing_of
from rights_requests.two_steps import keep_nowhere

ORDER = [kind.value for kind in CaseKind]
RECEIPT_SHOWN_FOR = timedelta(hours=1)


@dataclass
class Group:
    """Cases of which the same can be said. is_done: it took effect, or was sent, already;
    otherwise label, on and note say by when they hear from us, and steps what why names.
    ends: what no longer comes."""

    is_done: bool
    is_published: bool
    label: str
    on: date | None
    note: str
    why: str
    ends: list[str]
    cases: list[Case] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@keep_nowhere
@require_safe
def asked(request: HttpRequest, token: str) -> HttpResponse:
    """What was opened, for whoever sent it, for an hour. It shows no name and no
    address: the screen may be anybody's."""
    now = timezone.now()
    found = Submission.objects.filter(form_digest=form_digest(token))
    submission = found.prefetch_related("cases").first()
    if submission is None:
        return _no_receipt(request, "unknown", status=404)
    if now - submission.recorded_at > RECEIPT_SHOWN_FOR:
        return _no_receipt(
            request, "expired", status=410, is_complaint=_is_complaint(submission)
        )
    cases = sorted(submission.cases.all(), key=lambda case: ORDER.index(case.kind))
    context = {
        "groups": _groups(cases, now),
        "is_one": len(cases) == 1,
        "is_open": any(case.is_open for case in cases),
        "received_on": timezone.localdate(submission.received_at),
        "by_post": submission.reply_by == Submission.ReplyBy.POST,
        "is_by_agent": submission.is_by_agent,
        "to_other": _goes_to_other(submission),
        "is_complaint": _is_complaint(submission),
        "word_within": PROGRESS_WITHIN.days,
    }
    return render(request, "rights_requests/asked.html", context)


def _goes_to_other(submission: Submission) -> bool:
    """Our letters go to the person whose data it is, and not to whoever sent this."""
    is_to_person = submission.answer_to == Submission.AnswerTo.PERSON
    return submission.is_by_agent and is_to_person


def _is_complaint(submission: Submission) -> bool:
    """It came by the form for complaints, which opens nothing else."""
    return any(case.is_complaint for case in submission.cases.all())


def _groups(cases: Iterable[Case], now: datetime) -> list[Group]:
    groups: dict[Any, Group] = {}
    for case in cases:
        entries = casebook.entries_of(case)
        due = standing_of(case, entries, now=now).due
        kind = CaseKind(case.kind)
        is_at_once = kind in AT_ONCE
        ends = consequences(kind) if is_at_once else []
        is_done = _is_done(case, entries)
        new = Group(
            is_done, kind in PUBLISHED, due.label, due.on, due.note, due.why, ends
        )
        key = (is_done, new.is_published, due.label, due.on, due.note, tuple(ends))
        group = groups.setdefault(key, new)
        group.cases.append(case)
        # What was done at once, or is about to be, waits for no date.
        steps = () if is_at_once else due.steps
        group.steps += [step for step in steps if step not in group.steps]
    return list(groups.values())


def _is_done(case: Case, entries: Iterable[CaseLogEntry]) -> bool:
    """It took effect at once, even while it is held apart; or was sent at once."""
    if case.kind in PUBLISHED:
        return not case.is_open
    return any(entry.event == Event.EFFECT for entry in entries)


def _no_receipt(
    request: HttpRequest, reason: str, *, status: int, is_complaint: bool = False
) -> HttpResponse:
    context = {"problem": reason, "is_complaint": is_complaint}
    return render(request, "rights_requests/asked.html", context, status=status)
