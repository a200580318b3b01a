"""What has to be done about requests and complaints, every weekday morning, by mail.

To each member of staff who may see cases, once a day, and only when there is something
to say. By reference only: who reads it signs in to see more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from groundwork.periods import LONDON, SATURDAY, civil_day
from outbox.models import MessageClass
from outbox.models import State as MailState
from outbox.queueing import queue
from rights_requests import (
    case_queue,
    case_timeline,
    console_links,
    due_days,
    news,
    waiting,
)
from rights_requests.deadline_words import in_words
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseQuerySet,
    DailyDigest,
    Decision,
    Submission,
    Task,
)
from rights_requests.moves import OPEN, Move, State
from staff.models import StaffUser

KIND = "rights_requests/digest"
SEES_CASES = "rights_requests.view_case"
SENT_AT = time(7, 30)
SOON = timedelta(days=7)
# That one went is noted for as long as it could go twice, with days to spare.
NOTED_FOR = timedelta(days=7)
LINES = 20
# So that the subject can be read in a list.
NAMED_IN_SUBJECT = 3

Line = dict[str, Any]


def send_digests(now: datetime) -> int:
    """Queue today's digest to everybody whom it concerns; returns how many.

    Run again it sends none twice, and at the weekend none: Monday's tells of that too.
    """
    today = civil_day(now)
    if today.weekday() >= SATURDAY:
        return 0
    DailyDigest.objects.filter(on__lt=today - NOTED_FOR).delete()
    shared, numbers = list(_shared(now)), {**_received_since(now), **_numbers()}
    return sum(
        _send(reader, [*shared, *_own(reader, now)], numbers, now)
        for reader in StaffUser.objects.who_may(SEES_CASES)
    )


@dataclass(frozen=True)
class Section:
    """Lines under a heading. label: what the subject calls one of them; labels: several,
    where that differs. url: the list of exactly these, where there is one."""

    title: str
    label: str
    lines: list[Line]
    count: int
    labels: str = ""
    url: str = ""

    @property
    def more(self) -> int:
        return self.count - len(self.lines)

    @property
    def counted(self) -> str:
        """2 overdue; 1 task due."""
        is_one = self.count == 1 or not self.labels
        return f"{self.count} {self.label if is_one else self.labels}"


@transaction.atomic
def _send(
    reader: StaffUser,
    sections: list[Section],
    numbers: Mapping[str, Any],
    now: datetime,
) -> bool:
    told = [section for section in sections if section.count]
    if not told and not numbers["received"]:
        return False
    _, is_first = DailyDigest.objects.get_or_create(
        staff_id=reader.pk, on=civil_day(now), defaults={"queued_at": now}
    )
    if not is_first:
        return False
    queue(
        KIND,
        to=reader.email,
        context={
            "subject": _subject(told),
            "sections": [
                {
                    "title": one.title,
                    "lines": one.lines,
                    "more": one.more,
                    "url": one.url,
                }
                for one in told
            ],
            **numbers,
            **console_links.queue_urls(),
        },
        data_subject_id=None,
        message_class=MessageClass.STAFF,
    )
    return True


def _subject(told: list[Section]) -> str:
    """The news itself: 2 overdue, 5 due within 7 days; empty when nothing presses."""
    named = [one.counted for one in told[:NAMED_IN_SUBJECT]]
    return f"Requests: {', '.join(named)}" if named else ""


def _numbers() -> dict[str, int]:
    return {
        "with_us": Case.objects.waiting_for_us().count(),
        "with_them": Case.objects.waiting_for_them().count(),
    }


def _received_since(now: datetime) -> dict[str, Any]:
    """What is new since the morning of the weekday before: on Monday, since Friday."""
    since = _morning_before(now)
    new = Submission.objects.filter(recorded_at__gt=since, recorded_at__lte=now)
    cases = Case.objects.filter(submission__in=new)
    return {"received": cases.count(), "since": f"{civil_day(since):%A}"}


def _morning_before(now: datetime) -> datetime:
    """When the digest of the weekday before was sent."""
    since_on = civil_day(now) - timedelta(days=1)
    while since_on.weekday() >= SATURDAY:
        since_on -= timedelta(days=1)
    return datetime.combine(since_on, SENT_AT, LONDON).astimezone(UTC)


# --- What concerns everybody ---


def _shared(now: datetime) -> Iterator[Section]:
    today = civil_day(now)
    worked_on = Case.objects.filter(state=State.IN_PROGRESS)
    late = worked_on.requests().filter(governs_on__lt=today)
    soon = worked_on.requests().filter(governs_on__range=(today, today + SOON))
    drafts = Case.objects.filter(state=State.DRAFT)
    complaints = worked_on.complaints().filter(governs_on__lte=today + SOON)
    yield _cases("Overdue", "overdue", late, today)
    yield _cases("Due within 7 days", "due within 7 days", soon, today)
    yield replace(
        _cases(
            "Complaints that wait for a word from us",
            "complaint to answer",
            complaints | worked_on.complaints().filter(acknowledged_at__isnull=True),
            today,
        ),
        labels="complaints to answer",
    )
    yield _cases("Messages to confirm as requests", "to confirm", drafts, today)
    yield _new_from_people()
    yield _failed_letters(now)
    yield _letters_to_post()


def _cases(title: str, label: str, found: CaseQuerySet, today: date) -> Section:
    rows = found.defer("details").order_by("governs_on", "id")
    lines = [_case(case, today) for case in rows[:LINES]]
    return Section(title, label, lines, found.count())


def _case(case: Case, today: date) -> Line:
    """By its earliest day."""
    days = due_days.due_days(case)
    if not days:
        return _line(case, "open")
    return due_days.line(case, days[0], today=today)


def _line(case: Case, what: str, day: date | None = None) -> Line:
    return {
        "reference": case.reference,
        "kind": CaseKind(case.kind).label,
        "what": what,
        "day": in_words(day) if day else "",
        "is_overdue": False,
        "url": console_links.case_url(case),
    }


def _new_from_people() -> Section:
    """No day runs in these cases, so that nothing else tells of them."""
    found = news.cases_with_news()
    lines = [
        _line(case, news.in_words(case), civil_day(case.came_at))
        for case in news.with_what_came(found)[:LINES]
    ]
    return Section(
        "New from people",
        "new from people",
        lines,
        found.count(),
        url=console_links.list_url(case_queue.NEW.query),
    )


LETTER_WORDS = {
    MailState.FAILED: "a letter did not arrive",
    MailState.UNKNOWN: "nobody knows whether a letter arrived",
}


def _failed_letters(now: datetime) -> Section:
    lost = waiting.lost_letters(now)
    rows: Any = lost.select_related("case").defer("subject", "blocks", "case__details")
    lines = [
        _line(letter.case, LETTER_WORDS[MailState(letter.mail_state)])
        for letter in rows.order_by("-pk")[:LINES]
    ]
    return Section(
        "Letters that failed",
        "letter that failed",
        lines,
        lost.count(),
        "letters that failed",
    )


def _letters_to_post() -> Section:
    """A letter by post counts from its posting: one that lies here tells nobody."""
    found = waiting.letters_to_post()
    rows = found.select_related("case").defer("subject", "blocks", "case__details")
    lines = [
        _line(
            letter.case,
            f"to be printed and posted: {case_timeline.title_of(letter)}",
            civil_day(letter.written_at),
        )
        for letter in rows.order_by("sent_at")[:LINES]
    ]
    return Section(
        "Letters to print and post",
        "letter to post",
        lines,
        found.count(),
        "letters to post",
    )


# --- What concerns one of them ---


def _own(reader: StaffUser, now: datetime) -> Iterator[Section]:
    yield _proposals(reader)
    yield _tasks(reader, now)


def _proposals(reader: StaffUser) -> Section:
    """Those of others: nobody releases what they proposed."""
    found = Decision.objects.pending().filter(released_at__isnull=True)
    rows = found.exclude(proposed_by_id=reader.pk).select_related("case")
    bare = rows.only("move", "proposed_at", "case__reference", "case__kind")
    lines = [
        _line(
            one.case,
            f"proposed: {Move(one.move).label}",
            civil_day(one.proposed_at),
        )
        for one in bare.order_by("proposed_at")[:LINES]
    ]
    return Section(
        "Proposals that wait for a second person", "to release", lines, rows.count()
    )


def _tasks(reader: StaffUser, now: datetime) -> Section:
    """Their own, once as they were set and again in the week before they are due; and
    those of organisations outside that are due, of which nobody else reminds."""
    today = civil_day(now)
    of_theirs = Q(due_on__lte=today + SOON) | Q(set_at__gt=_morning_before(now))
    due: QuerySet[Task] = Task.objects.filter(
        Q(for_staff_id=reader.pk) & of_theirs
        | Q(for_staff_id__isnull=True, due_on__lte=today),
        done_at__isnull=True,
        case__state__in=OPEN,
    )
    rows = due.select_related("case").defer("what", "result", "case__details")
    lines = [
        {
            **_line(task.case, _whose(task, today), task.due_on),
            "is_overdue": task.due_on < today,
        }
        for task in rows.order_by("due_on", "id")[:LINES]
    ]
    return Section("Tasks", "task", lines, due.count(), "tasks")


def _whose(task: Task, today: date) -> str:
    whose = "a task of yours" if task.for_staff_id else "a task of a recipient"
    return whose if task.due_on <= today else f"{whose}, due"
