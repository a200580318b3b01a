"""What waits for a member of staff beside the queue: proposals, drafts, letters, and
what came in where no day runs."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from outbox import outcomes
from outbox.models import OutgoingEmail
from outbox.models import State as MailState
from rights_requests import case_timeline, news, plainness
from rights_requests.case_timeline import capital
from rights_requests.fulfilment.erasure_plan import UNDER_WAY
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    Decision,
    ErasedPlace,
    ErasurePlan,
    Letter,
    Residue,
    RuleCheck,
    Task,
)
from rights_requests.moves import OPEN, State

TAKE_AWAY = "Take away what was found, and say so under “Deletion”"
LOST = (MailState.FAILED, MailState.UNKNOWN)
# A letter that nobody wrote once more by then was not needed.
LOST_SHOWN_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Waiting:
    """One thing that waits: its case, what it is, since when, and how bad that is."""

    case: Case
    what: str
    since: datetime
    tone: str = "waiting"
    state: str = ""


def to_release(staff_id: int, *, most: int) -> list[Waiting]:
    """Proposals of others, the oldest first."""
    waiting = Decision.objects.pending().filter(released_at=None)
    rows = waiting.exclude(proposed_by_id=staff_id).select_related("case")
    light = rows.defer("reasons", "evidence", "inputs", "case__details")
    return [
        Waiting(
            case=row.case,
            what=capital(case_timeline.PROPOSED.get(row.move, row.move)),
            since=row.proposed_at,
            state=CaseKind(row.case.kind).label,
        )
        for row in light.order_by("proposed_at")[:most]
    ]


def tasks_of(staff_id: int, *, most: int, today: date) -> list[Waiting]:
    """What this member of staff was asked to do in open cases, from the moment it was
    set: the first to be due first."""
    rows = Task.objects.filter(
        for_staff_id=staff_id, done_at__isnull=True, case__state__in=OPEN
    ).select_related("case", "system")
    light = rows.defer("what", "result", "case__details").order_by("due_on", "id")
    return [
        Waiting(
            case=row.case,
            what=f"Search “{row.system.name}”" if row.system else "A task of yours",
            since=row.set_at,
            tone="bad" if row.due_on < today else "waiting",
            state=f"due on {row.due_on:%-d %B}",
        )
        for row in light[:most]
    ]


def to_confirm(*, most: int) -> list[Waiting]:
    """Drafts, the most urgent first: their clocks run."""
    drafts = Case.objects.filter(state=State.DRAFT, submission__held_because="")
    return [
        Waiting(case, capital(str(CaseKind(case.kind).label)), case.received_at)
        for case in drafts.defer("details").order_by("governs_on", "id")[:most]
    ]


def deletions(*, most: int, now: datetime) -> list[Waiting]:
    """Approved deletions that do not go on by themselves: something is left, a place
    could not be reached, they have not begun for an hour, have waited long for a file
    that somebody writes, or were stopped in the middle and nobody has proposed anything
    since."""
    later = Decision.objects.filter(
        case=OuterRef("decision__case"), pk__gt=OuterRef("decision")
    )
    stopped = Q(state=ErasurePlan.State.STOPPED, decision__case__state__in=OPEN)
    stuck = ErasurePlan.objects.filter(
        Q(state=ErasurePlan.State.RESIDUE)
        | stopped & ~Exists(later)
        | Q(state__in=UNDER_WAY, problem=ErasurePlan.Problem.PLACE)
        | Q(state__in=UNDER_WAY, waits_since__lt=now - timedelta(minutes=20))
        | Q(
            state=ErasurePlan.State.APPROVED,
            decision__released_at__lt=now - timedelta(hours=1),
        )
    ).select_related("decision__case")
    found = [
        Waiting(
            case=plan.decision.case,
            what=capital(plan.get_state_display()),
            since=plan.finished_at or plan.searched_at or plan.made_at,
            tone="bad",
            state=plan.why_stopped,
        )
        for plan in stuck.order_by("made_at")[:most]
    ]
    return [*found, *_kept_long_enough(most - len(found), timezone.localdate(now))]


def _kept_long_enough(most: int, today: date) -> list[Waiting]:
    """What a deletion left alone until a day that is over, and nobody has asked since to
    have the rest of this person deleted."""
    person = "decision__case__submission__data_subject"
    later = ErasurePlan.objects.filter(
        **{person: OuterRef(person)}, made_at__gt=OuterRef("made_at")
    ).exclude(state=ErasurePlan.State.VOID)
    over = ErasedPlace.objects.filter(plan=OuterRef("pk"), kept_until__lt=today)
    found = Residue.objects.kept_too_long(today).filter(plan=OuterRef("pk"))
    is_place, is_found = ~Exists(later) & Exists(over), Exists(found)
    plans = ErasurePlan.objects.annotate(is_found=is_found)
    plans = plans.filter(is_place | is_found, state="done")
    return [
        Waiting(
            case=plan.decision.case,
            what="Something was kept until a day that is over",
            since=plan.finished_at or plan.made_at,
            state=TAKE_AWAY if plan.is_found else "Enter a request for its deletion",
        )
        for plan in plans.select_related("decision__case").order_by("made_at")[:most]
    ]


def left_by_rules(*, most: int) -> list[Waiting]:
    """Open cases that a standing rule left to the team, until somebody has them, with
    every reason; the most urgent first."""
    checks = RuleCheck.objects.filter(
        outcome=RuleCheck.Outcome.TEAM,
        case__state__in=OPEN,
        case__assigned_to_id=None,
    ).select_related("case", "rule")
    return [
        Waiting(
            case=check.case,
            what=capital("; ".join(plainness.in_words(check.why))),
            since=check.settled_at or check.checked_at,
            state=f"left by {check.rule.reference}",
        )
        for check in checks.defer("case__details").order_by("case__governs_on", "case")[
            :most
        ]
    ]


def news_of_people(*, most: int) -> list[Waiting]:
    """What came in where we wait for the person or have closed, the oldest first."""
    rows = news.with_what_came(news.cases_with_news())
    return [
        Waiting(
            case=row,
            what=capital(news.in_words(row)),
            since=row.came_at,
            tone="waiting" if row.is_open else "over",
            state=str(State(row.state).label),
        )
        for row in rows[:most]
    ]


def letters(*, most: int, now: datetime) -> list[Waiting]:
    """Letters that did not reach the person, or perhaps did not; then those that are to
    be printed and posted."""
    lost = [_of(row) for row in _light(lost_letters(now)).order_by("-pk")[:most]]
    return [*lost, *_to_post(most - len(lost))]


def lost_letters(now: datetime) -> QuerySet[Letter]:
    """Letters by e-mail that failed or hang, until another of their kind has left; each
    with its mail_state."""
    mails = OutgoingEmail.objects.filter(
        state__in=LOST, created_at__gt=now - LOST_SHOWN_FOR
    )
    later = Letter.objects.filter(
        case=OuterRef("case"),
        kind=OuterRef("kind"),
        pk__gt=OuterRef("pk"),
        sent_at__isnull=False,
    )
    rows = Letter.objects.filter(~Exists(later), mail_id__in=mails.values("pk"))
    return rows.annotate(mail_state=outcomes.state_by("mail_id"))


def letters_to_post() -> QuerySet[Letter]:
    """Letters by post that nobody has posted yet: until then they count for nothing."""
    return Letter.objects.filter(
        by=Letter.By.POST, posted_on__isnull=True, sent_at__isnull=False
    )


def _to_post(most: int) -> list[Waiting]:
    rows = _light(letters_to_post())
    return [_of(row) for row in rows.order_by("sent_at")[:most]]


def _light(rows: Any) -> Any:
    return rows.select_related("case").defer("subject", "blocks", "case__details")


def _of(letter: Any) -> Waiting:
    tone, words = case_timeline.delivery(letter)
    title = capital(case_timeline.title_of(letter))
    return Waiting(letter.case, title, letter.sent_at, tone, words)
