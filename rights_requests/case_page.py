"""A case as one member of staff sees it: what is due, who must act, what can be done now.

It stands at the head of every tab of its page. Opening one is on record.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from data_subjects import holds
from groundwork.periods import civil_day
from outbox import outcomes
from rights_requests import (
    case_acts,
    case_queue,
    case_steps,
    casebook,
    clock,
    sensitive,
)
from rights_requests.act_desk import act_url, require, tab_url
from rights_requests.case_acts import WORK, Act
from rights_requests.clock import Clocks
from rights_requests.deadline_words import days_in_words, in_words
from rights_requests.deadlines import Flag
from rights_requests.desk import MAY_SEE, home_of
from rights_requests.due_days import DueDay
from rights_requests.kinds import AT_ONCE, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, CaseDocument, Decision, Letter, Message
from rights_requests.moves import Move
from staff.access import note_opening
from staff.console import console
from subscribers.models import Subscriber

MOST_OTHERS = 20
MAY_RESTRICT = "data_subjects.impose_restriction"
TABS = {
    "": "Timeline",
    "letters": "Letters",
    "searches": "Search",
    "tasks": "Tasks",
    "documents": "Documents",
    "decisions": "Decisions",
    "corrections": "Corrections",
    "deletion": "Deletion",
    "who": "Who",
}
ONLY_FOR = {
    "corrections": CaseKind.RECTIFICATION,
    "deletion": CaseKind.ERASURE,
}
# What comes next and is no act with a form: its words, and the tab where it is done.
LEADS = {
    "decide": ("Look at the proposal", "decisions"),
    "read": ("Read the new message", "letters"),
    "post": ("Print and post the letter", "letters"),
    "tasks": ("Finish the open task", "tasks"),
    "take-copy-away": ("Take the copy away, and upload what they get", "documents"),
    "make-copy": ("Put the copy together", "documents"),
    "release-copy": ("Read the copy, and release it", "documents"),
    "release-files": ("Read the files, and release them", "documents"),
    "say-receiver": ("Say who receives the file", "documents"),
    "correct": ("Settle the open correction", "corrections"),
    "read-authority": ("Read what shows that they may ask", "documents"),
    "authority": ("Add their authority", "documents"),
    "upload": ("Upload the answer", "documents"),
    "left": ("Look at what is left", "deletion"),
}
FLAGS = {
    Flag.HOLIDAYS_UNKNOWN: "The public holidays of that year are not known here yet: "
    "the date may turn out to be a later one.",
    Flag.CLOCK_STOP_BY_HAND: "The request is older than the law on stopping the clock: "
    "decide yourself whether the question stops it. No day is left out here.",
    Flag.BEFORE_COMMENCEMENT: "The complaint is older than section 164A: how it treats "
    "it is for a person to say.",
}


@dataclass(frozen=True)
class Button:
    """An act on the page."""

    label: str
    url: str


@dataclass(frozen=True)
class ClockLine:
    """One of the clocks side by side. day: None while it does not run."""

    name: str
    day: date | None
    words: str
    governs: bool


class CasePage:
    """A case as one member of staff sees it at this moment."""

    def __init__(self, request: HttpRequest, case: Any) -> None:
        """case: with its belongings and the name of whoever has it (page_of)."""
        self.request = request
        self.case: Case = case
        self.assigned: str = case.assigned_name or ""
        self.now = timezone.now()
        self.entries = casebook.read_log(case)
        self.facts = case_steps.facts_of(case, now=self.now)
        story = clock.story_of(self.entries)
        self.clocks: Clocks = clock.count(case, story, now=self.now)

    @property
    def today(self) -> date:
        return self.facts.today

    @cached_property
    def may_read(self) -> bool:
        return sensitive.may_read(self.request.user, self.case.submission)

    def head(self, tab: str) -> dict[str, Any]:
        case, pending = self.case, self.facts.pending
        is_pending = pending is not None and pending.released_at is None
        who_acts = case_queue.who_acts(case, is_pending=is_pending)
        return {
            "case": case,
            "tabs": [
                (words, tab_url(case, key), key == tab)
                for key, words in TABS.items()
                if ONLY_FOR.get(key, case.kind) == case.kind
            ],
            "kind": CaseKind(case.kind).label,
            "article": case.facts.article,
            "who_acts": who_acts,
            "tone": case_queue.tone_of(case),
            "assigned": self.assigned,
            "received_on": civil_day(case.received_at),
            "gone": _ago((self.today - civil_day(case.received_at)).days),
            **self._due(),
            **self._buttons(),
            **self._clock(),
            "siblings": self._others(case.submission.cases.exclude(pk=case.pk)),
            "earlier": self._others(self._earlier()),
            "complaints": self._others(case.complaints.all()),
            "may_read": self.may_read,
            **self._limits(),
        }

    def _limits(self) -> dict[str, bool]:
        """What the law has us do or leave undone with this person's data meanwhile."""
        if not self.case.is_open:
            return {}
        return {
            "is_on_hold": holds.is_held(self.case.submission.data_subject_id),
            "is_restricted": self.facts.is_restricted,
        }

    # --- What is due ---

    def _due(self) -> dict[str, Any]:
        governs_on, by = self.clocks.governs_on, self.clocks.governed_by
        if governs_on is None:
            return {"due_on": None, "due_words": self._why_no_day()}
        due = DueDay(by, governs_on)
        return {
            "due_on": governs_on,
            "due_words": case_queue.days_left(due, self.today),
            "is_late": governs_on < self.today,
        }

    def _why_no_day(self) -> str:
        case = self.case
        if not case.is_open:
            closed_on = in_words(civil_day(case.closed_at)) if case.closed_at else ""
            late = " It was answered late." if self._was_late() else ""
            return f"Closed on {closed_on}.{late}"
        if case.is_waiting:
            return f"No day runs: {case_queue.who_acts(case, is_pending=False)}."
        return "No law sets a day."

    def _was_late(self) -> bool:
        case = self.case
        ended = case.last_move in (Move.FULFIL, Move.FULFIL_IN_PART, Move.REFUSE)
        is_counted = ended and not case.is_complaint and case.kind not in AT_ONCE
        return is_counted and case.was_answered_late(today=self.today)

    # --- What can be done ---

    def _buttons(self) -> dict[str, Any]:
        """The one step that comes next, the others that are open, and those that are
        not under their reasons; nothing of it for whoever may not work on cases."""
        if not self.request.user.has_perm(WORK):
            return {"may_work": False}
        shown = list(case_acts.shown(self.case, self.facts))
        name = case_steps.next_step(self.case, self.facts)
        is_open = [act for act, why_not in shown if not why_not and act.name != name]
        greyed: dict[str, list[Button]] = {}
        for act, why_not in shown:
            if why_not:
                greyed.setdefault(why_not, []).append(self._button(act))
        return {
            "may_work": True,
            "next": self._next(name),
            "standstill": case_steps.standstill(self.case, self.facts),
            "groups": [
                (group, [self._button(act) for act in is_open if act.group == group])
                for group in case_acts.GROUPS
            ],
            "open_count": len(is_open),
            "greyed": list(greyed.items()),
            "greyed_count": sum(len(buttons) for buttons in greyed.values()),
        }

    def _button(self, act: Act) -> Button:
        return Button(act.button, act_url(act, self.case.pk))

    def _next(self, name: str) -> Button | None:
        if name in case_acts.BY_NAME:
            return self._button(case_acts.BY_NAME[name])
        if name in LEADS:
            label, tab = LEADS[name]
            return Button(label, tab_url(self.case, tab))
        if name == "restrict":
            if not self.request.user.has_perm(MAY_RESTRICT):
                ask = act_url(case_acts.BY_NAME["set-task"], self.case.pk)
                return Button("Ask a colleague to restrict the data…", ask)
            url = reverse("admin:data_subjects_restriction_add")
            person = self.case.submission.data_subject_id
            if Subscriber.objects.filter(data_subject=person).exists():
                url = f"{url}?person={person}"
            return Button("Restrict the person’s data", url)
        return None

    # --- The clock ---

    def _clock(self) -> dict[str, Any]:
        deadline = self.clocks.deadline
        flags = deadline.flags if deadline else frozenset()
        return {
            "clock_lines": list(self._clock_lines()),
            "steps": self.clocks.steps,
            "left_out": self.clocks.errors,
            "flags": [FLAGS[flag] for flag in sorted(flags)],
            "prudent_on": self._prudent_on(),
            "notice_by": self._notice_by(),
            "paused_days": deadline.paused_days if deadline else 0,
        }

    def _clock_lines(self) -> Iterator[ClockLine]:
        clocks, by = self.clocks, self.clocks.governed_by
        if clocks.statute is not None:
            day = clocks.statute.due_on
            words = "" if day else "does not run yet"
            if day and self.case.is_waiting:
                words = self._while_waiting()
            yield ClockLine("The law", day, words, by == "statute")
        if clocks.promise is not None:
            day = clocks.promise.target_on
            words = "our own target" if day else clocks.promise.sentence
            yield ClockLine("Our promise", day, words, by == "promise")
        if clocks.complaint is not None:
            day, words = clocks.complaint.due_on, self._acknowledged()
            yield ClockLine("Acknowledgement", day, words, by == "complaint")
            if clocks.progress_due_on is not None:
                yield ClockLine(
                    "Next word", clocks.progress_due_on, "", by == "progress"
                )
        if by == "at once":
            yield ClockLine("At once", clocks.governs_on, "takes effect at once", True)

    def _acknowledged(self) -> str:
        """When a complaint was acknowledged; a letter tells nobody while it lies here."""
        if done := self.case.acknowledged_at:
            return f"acknowledged on {in_words(civil_day(done))}"
        kinds = {letter.kind for letter in self.facts.to_post}
        waits = LetterKind.ACKNOWLEDGE_COMPLAINT in kinds
        return "not yet: its letter waits to be posted" if waits else ""

    def _while_waiting(self) -> str:
        if self.clocks.governs_on is not None:
            return "runs until our question is posted"
        return "stands still; if the answer came today"

    def _prudent_on(self) -> date | None:
        """Our own target a day earlier for each stop, where that makes a difference."""
        statute = self.clocks.statute
        if statute is None or statute.prudent_target == statute.due_on:
            return None
        return statute.prudent_target

    def _notice_by(self) -> date | None:
        """The last day to announce an extension, while that can be done; a proposal
        alone announces nothing."""
        statute, pending = self.clocks.statute, self.facts.pending
        is_open = not self.facts.why_not.get(Move.EXTEND, "-")
        is_proposed = pending is not None and pending.move == Move.EXTEND
        return statute.notice_by if statute and (is_open or is_proposed) else None

    # --- Other cases ---

    def _earlier(self) -> QuerySet[Case]:
        of_person = Case.objects.filter(
            submission__data_subject=self.case.submission.data_subject_id
        )
        others = of_person.exclude(submission=self.case.submission_id)
        return others.exclude(about=self.case).order_by("-received_at")

    def _others(self, cases: QuerySet[Case]) -> list[tuple[Case, str, str]]:
        rows: Any = cases.annotate(is_pending=case_queue.is_pending())
        found = rows.defer("details")[:MOST_OTHERS]
        return [
            (
                case,
                CaseKind(case.kind).label,
                case_queue.who_acts(case, is_pending=case.is_pending),
            )
            for case in found
        ]


def _ago(days: int) -> str:
    return "today" if days == 0 else f"{days_in_words(days)} ago"


def page_of(request: HttpRequest, pk: Any, *, with_words: bool = False) -> CasePage:
    """The case of this page. with_words: with those of its letters and messages. Raises
    PermissionDenied, or Http404 for an unknown one."""
    require(request, MAY_SEE)
    cases = Case.objects.select_related("submission", "about")
    cases = cases.annotate(assigned_name=case_queue.name_of_assigned())
    cases = cases.prefetch_related(*_belongings(with_words=with_words))
    try:
        case = cases.get(pk=pk)
    except (Case.DoesNotExist, ValidationError) as error:
        raise Http404 from error
    note_opening(request, case.submission.data_subject_id)
    return CasePage(request, case)


def _belongings(*, with_words: bool) -> "tuple[str | Prefetch[Any], ...]":
    """What a page asks of a case again and again, read once."""
    letters = Letter.objects.annotate(mail_state=outcomes.state_by("mail_id"))
    messages = Message.objects.all()
    if not with_words:
        letters, messages = letters.defer("subject", "blocks"), messages.defer("words")
    return (
        Prefetch("letters", letters),
        Prefetch("messages", messages),
        Prefetch("decisions", Decision.objects.select_related("letter")),
        Prefetch("documents", CaseDocument.objects.select_related("package")),
        "searches",
        "tasks",
        "checks",
    )


def render(
    page: CasePage, tab: str, *, name: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    """The page of a tab, or another one that stands under it (name)."""
    page.request.current_app = console.name
    context = {
        **console.each_context(
            page.request, at=home_of(is_complaints=page.case.is_complaint)
        ),
        "title": "",
        **page.head(tab),
        **more,
    }
    template = f"admin/rights_requests/{name or f'case_{tab or "timeline"}'}.html"
    return TemplateResponse(page.request, template, context, status=status)
