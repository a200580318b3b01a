"""The queue of cases: which are listed, in which order, and what a line says of each.

Nothing here tells who somebody is. What is open is read along the index of the queue, so
that a million closed cases, or open ones, cost a page no more than fifty.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from rights_requests import due_days, news, plainness
from rights_requests.deadline_words import days_in_words, in_words
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Decision, RuleCheck
from rights_requests.moves import CLOSED, State
from staff.models import StaffUser

# Today and the six days after it.
WEEK = timedelta(days=6)
# No number of a list is counted further than this.
COUNTED_TO = 2_000

SHOW = {
    "open": "open",
    "overdue": "overdue",
    "week": "due this week",
    "us": "waiting for us",
    "them": "waiting for them",
    "new": "new from people",
    "drafts": "drafts",
    "held": "held",
    "closed": "closed",
}
WHOSE = {"": "anybody’s", "mine": "mine", "nobody": "unassigned"}


@dataclass(frozen=True)
class Wanted:
    """Which cases a list shows. about: a kind of request, empty for all of them, or
    BOTH for complaints, too. person: the id of somebody whose cases alone are shown, in
    whatever state."""

    is_complaints: bool
    show: str = "open"
    about: str = ""
    whose: str = ""
    person: uuid.UUID | None = None

    @classmethod
    def of(cls, given: Mapping[str, str], *, is_complaints: bool) -> "Wanted":
        """As the address of the page has it; what is unknown there counts for nothing."""
        show, about = given.get("show", ""), given.get("about", "")
        whose = given.get("whose", "")
        return cls(
            is_complaints=is_complaints,
            show=show if show in SHOW else "open",
            about=about if about in abouts() and not is_complaints else "",
            whose=whose if whose in WHOSE else "",
            person=_id_of(given.get("person", "")),
        )

    @property
    def query(self) -> str:
        """The same for the address of a page."""
        given = {"show": self.show, "about": self.about, "whose": self.whose}
        if self.person is not None:
            return urlencode({"person": str(self.person)})
        return urlencode({name: value for name, value in given.items() if value})


def _id_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


# In a line of filters, where no more than a word is needed.
SHORT = {
    CaseKind.OBJECTION: "objection",
    CaseKind.MARKETING: "marketing",
    CaseKind.PROFILING: "profiling",
    CaseKind.WITHDRAWAL: "consent",
    CaseKind.SCHEDULE: "schedule",
    CaseKind.ASSESSMENT: "assessment",
}


BOTH = "all"


# What came in where no day runs, of requests and complaints.
NEW = Wanted(is_complaints=False, show="new", about=BOTH)


def abouts() -> dict[str, str]:
    """Each kind of request in a word."""
    kinds = [kind for kind in CaseKind if kind is not CaseKind.COMPLAINT]
    words = {kind.value: SHORT.get(kind, str(kind.label)) for kind in kinds}
    return {**words, BOTH: "complaints, too"}


# --- Which, and in which order ---


def cases(wanted: Wanted, *, staff_id: int, today: date) -> QuerySet[Case]:
    """The cases of a list, the most urgent first; the closed ones newest first."""
    if wanted.person is not None:
        of_person = Case.objects.filter(submission__data_subject=wanted.person)
        return of_person.order_by("-received_at", "id")
    rows = _shown(wanted.show, today)
    rows = _about(rows, wanted)
    if wanted.whose:
        rows = rows.filter(assigned_to_id=staff_id if wanted.whose == "mine" else None)
    if wanted.show == "closed":
        return rows.order_by("-received_at", "id")
    return rows.order_by("governs_on", "id")


def _about(rows: QuerySet[Case], wanted: Wanted) -> QuerySet[Case]:
    if wanted.is_complaints:
        return rows.filter(kind=CaseKind.COMPLAINT)
    if wanted.about == BOTH:
        return rows
    if wanted.about:
        return rows.filter(kind=wanted.about)
    return rows.exclude(kind=CaseKind.COMPLAINT)


def _shown(show: str, today: date) -> QuerySet[Case]:
    if show == "closed":
        return Case.objects.filter(state__in=CLOSED)
    if show == "new":
        return news.cases_with_news()
    if show == "held":
        held: QuerySet[Case] = Case.objects.held()
        return held
    queue: Any = Case.objects.queued()
    narrowed: dict[str, Any] = {
        "overdue": lambda: queue.overdue(today),
        "week": lambda: this_week(queue, today),
        "us": queue.waiting_for_us,
        "them": queue.waiting_for_them,
        "drafts": lambda: queue.filter(state=State.DRAFT),
    }
    rows: QuerySet[Case] = narrowed[show]() if show in narrowed else queue
    return rows


def this_week(rows: Any, today: date) -> QuerySet[Case]:
    """Due today or within the six days after it."""
    found: QuerySet[Case] = rows.due_by(today + WEEK).filter(governs_on__gte=today)
    return found


NUMBERS = ("overdue", "week", "us", "them")


def numbers(*, today: date) -> dict[str, int]:
    """The numbers that matter on the first page, requests and complaints together, in
    one query. None is counted further than COUNTED_TO."""
    with connection.cursor() as cursor:
        cursor.execute(*sql_of_numbers(today=today))
        return dict(zip(NUMBERS, cursor.fetchone(), strict=True))


def sql_of_numbers(*, today: date) -> tuple[str, list[Any]]:
    counts: list[str] = []
    params: list[Any] = []
    for show in NUMBERS:
        rows = counted(_shown(show, today).order_by("governs_on", "id")).values("pk")
        # What our own query compiles to, its values apart.
        sql, given = rows.query.sql_with_params()
        counts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608
        params += given
    return f"SELECT {', '.join(counts)}", params


def counted(rows: QuerySet[Case]) -> QuerySet[Case]:
    """As many of an ordered list as are ever counted; along its index, since in no order
    the oldest rows of the table come first, and those are closed."""
    return rows[:COUNTED_TO]


def held(*, is_complaints: bool) -> QuerySet[Case]:
    """What came in a flood and waits apart."""
    rows: Any = _shown("held", date.min)
    kind = CaseKind.COMPLAINT
    found: QuerySet[Case] = (
        rows.filter(kind=kind) if is_complaints else rows.exclude(kind=kind)
    )
    return found


def count_new() -> int:
    """Cases where something came in that nobody has looked at, while we wait for the
    person or after the end; counted no further than COUNTED_TO."""
    return counted(news.cases_with_news()).count()


def most_urgent(*, today: date, most: int) -> "list[Line]":
    """What is open and waits for us, requests and complaints in one queue."""
    rows = _shown("us", today).order_by("governs_on", "id")
    return [line_of(row, today) for row in with_particulars(rows)[:most]]


# --- What a line says ---


@dataclass(frozen=True)
class Line:
    """One row of a list; no name and no address of anybody.

    about: the reference of the request that a complaint is about, if it is. left_by_rule:
    why a standing rule left it to the team, in words, while it is open. tone: the
    shape beside who must act. due: the day in words; left: how long until then and which
    clock it is.
    """

    case: Case
    what: str
    who_acts: str
    tone: str
    about: str = ""
    left_by_rule: str = ""
    due: str = ""
    left: str = ""
    is_late: bool = False
    assigned: str = ""
    marks: tuple[str, ...] = ()


def with_particulars(rows: QuerySet[Case]) -> Any:
    """What a line needs beside the case itself, without its words."""
    of_case = OuterRef("pk")
    return rows.defer("details").annotate(
        is_pending=is_pending(),
        has_unread=Exists(news.unread(case=of_case)),
        has_handed_in=Exists(news.handed_in(case=of_case)),
        assigned_name=name_of_assigned(),
        held_because=F("submission__held_because"),
        shut_away_at=F("submission__shut_away_at"),
        about_reference=F("about__reference"),
        why_by_rule=Subquery(left_by_rule(of_case).values("why")[:1]),
    )


def left_by_rule(of_case: OuterRef) -> QuerySet[RuleCheck]:
    """What came of holding this case against a standing rule, where it was left to us."""
    return RuleCheck.objects.filter(case=of_case, outcome=RuleCheck.Outcome.TEAM)


def is_pending() -> Exists:
    """Whether a proposal waits for its release, for each row of cases."""
    waiting = Decision.objects.pending().filter(released_at=None)
    return Exists(waiting.filter(case=OuterRef("pk")))


def name_of_assigned() -> Subquery:
    """Whose case it is, for each row of cases."""
    staff = StaffUser.objects.filter(pk=OuterRef("assigned_to_id"))
    return Subquery(staff.values("full_name")[:1])


def line_of(row: Any, today: date) -> Line:
    """The line of a case that has its particulars."""
    line = Line(
        case=row,
        what=str(CaseKind(row.kind).label),
        who_acts=who_acts(row, is_pending=row.is_pending),
        tone=tone_of(row),
        about=row.about_reference or "",
        left_by_rule=_left_by_rule(row),
        assigned=row.assigned_name or "",
        marks=tuple(_marks(row)),
    )
    days = due_days.due_days(row)
    if days:
        return replace(
            line,
            due=in_words(days[0].on),
            left=days_left(days[0], today),
            is_late=days[0].on < today,
        )
    if row.is_waiting and row.due_on:
        return replace(line, due=in_words(row.due_on), left="if the answer came today")
    return line


def _left_by_rule(row: Any) -> str:
    if not row.why_by_rule or not row.is_open:
        return ""
    return f"not by rule: {'; '.join(plainness.in_words(row.why_by_rule))}"


def who_acts(case: Case, *, is_pending: bool) -> str:
    """Who must act now: the state in words, or whoever releases a proposal. is_pending:
    one waits for its release."""
    if is_pending and case.is_open:
        return "with a second person"
    return str(State(case.state).label)


TONES = {
    State.DRAFT: "waiting",
    State.IN_PROGRESS: "waiting",
    State.FULFILLED: "good",
    State.PARTLY_FULFILLED: "good",
}


def tone_of(case: Case) -> str:
    return TONES.get(State(case.state), "over")


def _marks(row: Any) -> Any:
    if row.has_unread:
        yield "new message"
    if row.has_handed_in:
        yield "handed in"
    if row.held_because:
        yield "held"
    if row.shut_away_at:
        yield "shut away"


# Of which clock a day is, beside the day itself.
CLOCKS = {
    "statute": "by law",
    "promise": "our promise",
    "complaint": "acknowledgement, by law",
    "progress": "next word on progress",
    "at once": "takes effect at once",
}


def days_left(due: due_days.DueDay, today: date) -> str:
    """3 days left, by law; 2 days over, our promise; today."""
    days = (due.on - today).days
    if days < 0:
        left = f"{days_in_words(-days)} over"
    else:
        left = "today" if days == 0 else f"{days_in_words(days)} left"
    return f"{left}, {CLOCKS[due.clock]}"
