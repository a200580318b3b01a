"""The first page of the console, "Today": what matters now, and who has to act.

A member of staff sees the numbers and queues of what they may open. Nothing here counts
a large table: the pending, the troubled and the waiting have indexes of their own, and
the number of readers is kept in the cache for some minutes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from case_updates.models import CaseUpdate, Delivery
from consent.models import ConsentEntry
from data_subjects import journal
from data_subjects.models import IndirectContact, LegalHold
from governance import restriction_ends
from governance.health import BEAT_SILENT_AFTER, beat_last_seen
from governance.models import NoticeChange, RetentionRun
from governance.restriction_ends import Ending
from groundwork.addresses import mask
from groundwork.clock import today_here
from groundwork.ledger import SEALED_EVERY, LedgerEntry, ledgers
from groundwork.log_lines import ADDRESS
from groundwork.restricted_rows import only_usable
from outbox.inbound import mailbox_last_read
from outbox.inbound_message import parse
from outbox.models import InboundEmail, OutgoingEmail, State
from processing_register.reviews import Reminder, reminders
from rights_requests import (
    call_lines,
    case_queue,
    clock_health,
    sending_lines,
    waiting,
)
from staff.console import Place, console, staff_id
from subscribers.models import Subscriber

CASE_UPDATES = "case-updates"
READERS_KEY = "readers-of-case-updates"
READERS_KEPT_SECONDS = 300
# Mail is taken up every two seconds: what waits this long does not move.
SLOW_AFTER = timedelta(minutes=5)
# Three turns were missed.
SEAL_LATE_AFTER = 4 * SEALED_EVERY
# It is read every ten seconds; a mail server may be started anew meanwhile.
MAILBOX_UNREAD_AFTER = timedelta(minutes=10)
JOURNAL = "Opt-out journal"
ROLLED_BACK_SHOWN = timedelta(days=7)
QUEUE_LENGTH = 8
URGENT = 10
SEE_CASES = "rights_requests.view_case"
CASE_NUMBERS = {
    "overdue": "the day that counts is over",
    "week": "today and the six days after it",
    "us": "requests and complaints",
    "them": "no day of ours runs",
}


@dataclass(frozen=True)
class Number:
    """One of the four numbers, with the list that it counts."""

    value: int
    label: str
    note: str
    url: str
    is_trouble: bool = False
    # It was counted no further.
    is_least: bool = False

    @property
    def shown(self) -> str:
        return f"{self.value:,}{'+' if self.is_least else ''}"


@dataclass(frozen=True)
class Check:
    """One line of the health column: well or not, in words."""

    label: str
    is_well: bool
    detail: str


@console.page("", name="index", place=Place("", 0, "Today"))
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    context = {
        **console.each_context(request),
        "title": "Today",
        "now": timezone.localtime(),
        "sees_nothing": not _sees_anything(request),
        "numbers": list(_numbers(request)),
        "cases": _cases(request),
        "troubled": _troubled(request),
        "messages_waiting": _messages_waiting(request),
        "in_the_making": _in_the_making(request),
        "reviews_due": _reviews_due(request),
        "holds_overdue": _holds_overdue(request),
        "restrictions_ending": _restrictions_ending(request),
        "notices_waiting": _notices_waiting(request),
        "contacts_overdue": _contacts_overdue(request),
        "sendings": _sendings(request),
        "checks": health_checks(),
    }
    return TemplateResponse(request, "admin/governance/today.html", context)


def _sees_anything(request: HttpRequest) -> bool:
    """True when the rail leads anywhere but here."""
    return sum(len(section.links) for section in console.rail(request)) > 1


def _may(request: HttpRequest, permission: str) -> bool:
    return request.user.has_perm(permission)


# --- The numbers ---


def _numbers(request: HttpRequest) -> Any:
    """Of cases, for whoever may see them: they have days set by law."""
    if _may(request, SEE_CASES):
        yield from _case_numbers()
        return
    if _may(request, "subscribers.view_subscriber"):
        yield from _reader_numbers()
    if _may(request, "outbox.view_outgoingemail"):
        yield _mail_number()
    if _may(request, "outbox.view_inboundemail"):
        yield _message_number()


def _case_numbers() -> Any:
    found = case_queue.numbers(today=today_here())
    cases = reverse("admin:rights_requests_case_changelist")
    for show, note in CASE_NUMBERS.items():
        yield Number(
            found[show],
            case_queue.SHOW[show],
            note,
            f"{cases}?show={show}&about={case_queue.BOTH}",
            is_trouble=show == "overdue" and found[show] > 0,
            is_least=found[show] >= case_queue.COUNTED_TO,
        )


def _reader_numbers() -> Any:
    people = reverse("admin:subscribers_subscriber_changelist")
    pending = Subscriber.Status.PENDING
    yield Number(
        readers_of_case_updates(),
        "readers of case updates",
        "whose consent stands",
        f"{people}?status__exact={Subscriber.Status.CONFIRMED}",
    )
    yield Number(
        _waiting_to_confirm(),
        "waiting to confirm",
        "removed when their time to confirm is over",
        f"{people}?status__exact={pending}",
    )


def _waiting_to_confirm() -> int:
    with only_usable():
        return Subscriber.objects.filter(status=Subscriber.Status.PENDING).count()


def readers_of_case_updates() -> int:
    """How many consents stand, at most five minutes ago; without Redis, now."""
    try:
        kept = cache.get(READERS_KEY)
    except Exception:  # whatever the cache's client raises
        kept = None
    if kept is not None:
        return int(kept)
    with only_usable():
        number: int = ConsentEntry.objects.standing(purpose=CASE_UPDATES).count()
    try:
        cache.set(READERS_KEY, number, READERS_KEPT_SECONDS)
    except Exception:  # noqa: S110 the next visit counts again
        pass
    return number


def _trouble() -> Q:
    slow = Q(state=State.QUEUED, next_attempt_at__lt=timezone.now() - SLOW_AFTER)
    return slow | Q(state__in=[State.FAILED, State.UNKNOWN])


def _mail_number() -> Number:
    number = OutgoingEmail.objects.filter(_trouble()).count()
    return Number(
        number,
        "e-mails in trouble",
        "failed, unknown, or overdue",
        reverse("admin:outbox_outgoingemail_changelist") + "?trouble=yes",
        is_trouble=number > 0,
    )


UNREAD = [InboundEmail.State.WAITING, InboundEmail.State.BROKEN]


def _message_number() -> Number:
    return Number(
        InboundEmail.objects.filter(state__in=UNREAD).count(),
        "messages to read",
        "from people, to us",
        reverse("admin:outbox_inboundemail_changelist") + "?state__exact=waiting",
    )


# --- The queues ---


def _cases(request: HttpRequest) -> dict[str, Any] | None:
    """The most urgent cases, and what else of them waits for whoever looks."""
    if not _may(request, SEE_CASES):
        return None
    may_release = _may(request, "rights_requests.release_case")
    me = staff_id(request)
    cases = reverse("admin:rights_requests_case_changelist")
    new = waiting.news_of_people(most=QUEUE_LENGTH)
    return {
        "new": new,
        "new_count": case_queue.count_new() if len(new) == QUEUE_LENGTH else len(new),
        "new_url": f"{cases}?{case_queue.NEW.query}",
        "queue": case_queue.most_urgent(today=today_here(), most=URGENT),
        "to_release": waiting.to_release(me, most=QUEUE_LENGTH) if may_release else [],
        "tasks": waiting.tasks_of(me, most=QUEUE_LENGTH, today=timezone.localdate()),
        "to_confirm": waiting.to_confirm(most=QUEUE_LENGTH),
        "left_by_rules": waiting.left_by_rules(most=QUEUE_LENGTH),
        "deletions": waiting.deletions(most=QUEUE_LENGTH, now=timezone.now()),
        "letters": waiting.letters(most=QUEUE_LENGTH, now=timezone.now()),
    }


def _troubled(request: HttpRequest) -> list[OutgoingEmail] | None:
    if not _may(request, "outbox.view_outgoingemail"):
        return None
    mails = OutgoingEmail.objects.filter(_trouble()).defer("context", "raw_message")
    return list(mails.order_by("created_at")[:QUEUE_LENGTH])


def _messages_waiting(request: HttpRequest) -> list[dict[str, Any]] | None:
    if not _may(request, "outbox.view_inboundemail"):
        return None
    rows = InboundEmail.objects.filter(state__in=UNREAD).order_by("received_at")
    return [{"row": row, **_read(row)} for row in rows[:QUEUE_LENGTH]]


def _read(row: InboundEmail) -> dict[str, str]:
    try:
        message = parse(row.raw_message.encode("latin-1"))
    except Exception:  # a broken message is listed all the same
        return {"sender": "", "subject": ""}
    sender = mask(message.sender) if message.sender else ""
    return {"sender": sender, "subject": ADDRESS.sub("•••", message.subject[:80])}


def _in_the_making(request: HttpRequest) -> list[CaseUpdate] | None:
    """Case updates that somebody writes or has to approve, those to approve first."""
    if not _may(request, "case_updates.view_caseupdate"):
        return None
    unsent = [CaseUpdate.State.DRAFT, CaseUpdate.State.SUBMITTED]
    updates = CaseUpdate.objects.filter(state__in=unsent).select_related("written_by")
    return list(updates.order_by("-state", "-changed_at")[:QUEUE_LENGTH])


def _holds_overdue(request: HttpRequest) -> list[LegalHold] | None:
    """Legal holds that their owners should have looked at again by now."""
    if not _may(request, "data_subjects.view_legalhold"):
        return None
    due = LegalHold.objects.standing().filter(review_on__lte=today_here())
    return list(due.order_by("review_on")[:QUEUE_LENGTH])


def _restrictions_ending(request: HttpRequest) -> list[Ending] | None:
    """Restrictions of which the end has come, or the day to look whether it has."""
    if not _may(request, "data_subjects.view_restriction"):
        return None
    return list(islice(restriction_ends.due(today_here()), QUEUE_LENGTH))


def _notices_waiting(request: HttpRequest) -> list[NoticeChange] | None:
    """Changed notices that nobody has released, and those on their way."""
    if not _may(request, "governance.view_noticechange"):
        return None
    unfinished = NoticeChange.objects.filter(finished_at__isnull=True)
    return list(unfinished.with_counts().select_related("version")[:QUEUE_LENGTH])


def _contacts_overdue(request: HttpRequest) -> list[IndirectContact] | None:
    """People who should have been told by now that we hold their data (Art. 14)."""
    if not _may(request, "data_subjects.view_indirectcontact"):
        return None
    late = IndirectContact.objects.overdue(today_here())
    return list(late.order_by("inform_by", "pk")[:QUEUE_LENGTH])


def _reviews_due(request: HttpRequest) -> list[Reminder] | None:
    """Notices that somebody should look at again within a month, or should have."""
    if not _may(request, "processing_register.view_noticeversion"):
        return None
    return reminders(today_here())


@dataclass(frozen=True)
class Sending:
    update: CaseUpdate
    total: int
    done: int
    trouble: int


def _sendings(request: HttpRequest) -> list[Sending] | None:
    if not _may(request, "case_updates.view_caseupdate"):
        return None
    under_way = CaseUpdate.objects.filter(state=CaseUpdate.State.SENDING)
    return [_progress(update) for update in under_way.order_by("published_at")]


def _progress(update: CaseUpdate) -> Sending:
    counts = update.deliveries.order_by().values("state").annotate(number=Count("pk"))
    by_state = {row["state"]: row["number"] for row in counts}
    open_states = (Delivery.State.QUEUED, Delivery.State.IN_FLIGHT)
    total = sum(by_state.values())
    still_open = sum(by_state.get(state, 0) for state in open_states)
    trouble = sum(
        by_state.get(state, 0)
        for state in (Delivery.State.FAILED, Delivery.State.UNKNOWN)
    )
    return Sending(update, total, total - still_open, trouble)


# --- The health ---


def health_checks() -> list[Check]:
    now = timezone.now()
    return [
        _schedule(now),
        _redis(),
        *_mailbox(now),
        _retention(),
        _deadlines(now),
        *_systems(now),
        *_sent_files(now),
        _journal(now),
        *_seals(now),
    ]


def _schedule(now: datetime) -> Check:
    seen = beat_last_seen()
    if seen is None:
        return Check("Schedule", False, "no sign of life yet")
    is_well = now - seen < BEAT_SILENT_AFTER
    return Check("Schedule", is_well, f"last sign of life {ago(seen, now)}")


def _redis() -> Check:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5
        ) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return Check("Redis", False, "does not answer; sign-ups still work, mail waits")
    return Check("Redis", True, "answers")


def _mailbox(now: datetime) -> list[Check]:
    """Nothing where mail comes in another way. What waits in a mailbox that nobody can
    read has its time running."""
    if not settings.INBOUND_IMAP_URL:
        return []
    read_at = mailbox_last_read()
    if read_at is None:
        return [Check("Mailbox", False, "not read yet")]
    is_well = now - read_at < MAILBOX_UNREAD_AFTER
    return [Check("Mailbox", is_well, f"last read {ago(read_at, now)}")]


def _retention() -> Check:
    last = RetentionRun.objects.order_by("-started_at").first()
    if last is None:
        return Check("Retention", True, "runs every night at 02:30; not run yet")
    night = RetentionRun.objects.filter(
        started_at__gte=last.started_at - timedelta(minutes=30)
    )
    problems = [run.rule for run in night if run.problem or run.is_broken_off]
    when = f"{timezone.localtime(last.started_at):%-d %B, %H:%M}"
    if problems:
        return Check(
            "Retention", False, f"{when}: {', '.join(problems)} did not end well"
        )
    return Check("Retention", True, f"last run {when}, every rule ended well")


def _deadlines(now: datetime) -> Check:
    trouble = clock_health.trouble(now)
    return Check("Deadlines", not trouble, trouble or clock_health.standing(now))


def _systems(now: datetime) -> list[Check]:
    """Nothing where no system outside is asked by machine."""
    if not call_lines.is_used():
        return []
    trouble = call_lines.trouble(now)
    return [Check("Systems asked by machine", not trouble, trouble or "all is well")]


def _sent_files(now: datetime) -> list[Check]:
    """Nothing where nobody ever wanted a file sent."""
    if not sending_lines.is_used():
        return []
    trouble = sending_lines.trouble(now)
    return [
        Check(
            "Files sent to others", not trouble, trouble or "none waits or was refused"
        )
    ]


def _journal(now: datetime) -> Check:
    """The file beside the database, and whether there is room for another line."""
    state = journal.state()
    trouble = [*filter(None, [state.closed]), *state.problems, *journal.why_not_write()]
    if trouble:
        return Check(JOURNAL, False, "; ".join(trouble))
    if state.pending:
        acts = "1 act" if state.pending == 1 else f"{state.pending} acts"
        return Check(JOURNAL, False, f"{acts} to be made good within a minute")
    lately = journal.rolled_back_since(now - ROLLED_BACK_SHOWN)
    if lately:
        return Check(
            JOURNAL,
            True,
            f"agrees with the database; {lately} broken off in seven days, their "
            "opt-outs made good",
        )
    return Check(JOURNAL, True, "agrees with the database")


def _seals(now: datetime) -> list[Check]:
    """A line for each ledger, from two queries for all of them."""
    books = {book._meta.label_lower: book for book in ledgers()}
    last = {
        label: (sealed_at, horizon)
        for label, sealed_at, horizon in _of_each(
            _last_seal(label, book) for label, book in books.items()
        )
    }
    horizons = {label: last[label][1] if label in last else 0 for label in books}
    # The smallest of the few rows in the index, not the first of the whole table.
    oldest = dict(
        _of_each(
            _oldest_unsealed(label, book, horizons[label])
            for label, book in books.items()
        )
    )
    return [
        _sealed(book, last.get(label, (None, 0))[0], oldest.get(label), now)
        for label, book in books.items()
    ]


def _of_each(queries: Iterable[QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
    first, *others = queries
    return first.union(*others, all=True)


def _last_seal(label: str, book: type[LedgerEntry]) -> QuerySet[Any, Any]:
    seals = book.seal_model.objects.order_by("-number").annotate(book=Value(label))
    found: QuerySet[Any, Any] = seals.values_list("book", "sealed_at", "horizon")[:1]
    return found


def _oldest_unsealed(
    label: str, book: type[LedgerEntry], horizon: int
) -> QuerySet[Any, Any]:
    unsealed = book.objects.filter(written_in__gte=horizon).annotate(book=Value(label))
    by_book = unsealed.order_by().values("book").annotate(oldest=Min("at"))
    found: QuerySet[Any, Any] = by_book.values_list("book", "oldest")
    return found


def _sealed(
    ledger: type[LedgerEntry],
    sealed_at: datetime | None,
    oldest: datetime | None,
    now: datetime,
) -> Check:
    name = str(ledger._meta.verbose_name_plural)
    label = f"{name[:1].upper()}{name[1:]}"
    if sealed_at is None and oldest is None:
        return Check(label, True, "nothing to seal yet")
    when = f"last seal {ago(sealed_at, now)}" if sealed_at else "never sealed"
    if oldest is None:
        return Check(label, True, f"{when}, nothing new since")
    is_well = now - oldest < SEAL_LATE_AFTER
    return Check(label, is_well, f"{when}, new entries since {ago(oldest, now)}")


def ago(moment: datetime, now: datetime) -> str:
    """“3 minutes ago”: how long, in the one unit that fits."""
    seconds = max(0, int((now - moment).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"
