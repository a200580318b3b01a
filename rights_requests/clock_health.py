"""Are the clocks of cases well? A line for the first page of the console."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from groundwork.periods import civil_day
from rights_requests import acknowledging
from rights_requests.models import Case, ClockFault, Recount, Reminder

# A night was missed.
RECOUNT_LATE_AFTER = timedelta(hours=26)
# Several sweeps had the time to give it, or to mail it.
UNTOLD_AFTER = timedelta(hours=1)
NAMED = 3


def trouble(now: datetime) -> str:
    """What a person has to look at, in words; empty when all is well."""
    return "; ".join(_troubles(now))


def standing(now: datetime) -> str:
    """When every open case was last counted anew, and how many there were."""
    last = _whole().first()
    if last is None or last.finished_at is None:
        return "counted anew every night at 02:00; not yet"
    return (
        f"{_cases(last.checked_count, 'open case')} counted anew "
        f"{timezone.localtime(last.finished_at):%-d %B, %H:%M}"
    )


def _whole() -> QuerySet[Recount]:
    return Recount.objects.filter(finished_at__isnull=False).order_by("-pk")


def _troubles(now: datetime) -> Iterator[str]:
    last = _whole().first()
    if last is not None and now - last.started_at > RECOUNT_LATE_AFTER:
        at = timezone.localtime(last.started_at)
        yield f"last counted anew on {at:%-d %B, %H:%M}"
    if faults := _fault_references(now):
        yield f"did not show what the log gives, or failed: {faults}"
    if late := _late(now).count():
        verb = "waits" if late == 1 else "wait"
        yield (
            f"{_cases(late)} {verb} for {'its' if late == 1 else 'their'} reminder "
            "since yesterday or longer"
        )
    untold = Reminder.objects.filter(
        told_at__isnull=True, given_at__lt=now - UNTOLD_AFTER
    )
    if number := untold.count():
        yield f"{number} reminders reached nobody: who may work on cases?"
    if unacknowledged := acknowledging.trouble(now):
        yield unacknowledged


def _late(now: datetime) -> QuerySet[Case]:
    """Those whose reminder should have been given. What was entered just now may have
    been received weeks ago, and no sweep has seen it yet."""
    late = Case.objects.filter(next_reminder_on__lt=civil_day(now))
    return late.exclude(submission__recorded_at__gt=now - UNTOLD_AFTER)


def _fault_references(now: datetime) -> str:
    faults = ClockFault.objects.recent(now).select_related("case")
    rows = faults.defer("case__details").order_by("-found_at")
    found = list(dict.fromkeys(fault.case.reference for fault in rows))
    named = ", ".join(found[:NAMED])
    more = len(found) - NAMED
    return f"{named} and {more} more" if more > 0 else named


def _cases(number: int, what: str = "case") -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
