"""When each notice was last looked at, and when it has to be again."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from processing_register.models import NoticeReview, NoticeVersion

# If something has to change, one person writes, another approves, and people are told:
# with a month ahead, the promise of regular review is kept and not only noticed broken.
REMINDED_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class ReviewState:
    version: NoticeVersion
    last_reviewed_on: date
    next_review_by: date | None


@dataclass(frozen=True)
class Reminder:
    """A notice to look at again soon; overdue with less than no days left."""

    version: NoticeVersion
    due_on: date
    days_left: int

    @property
    def is_overdue(self) -> bool:
        return self.days_left < 0

    @property
    def words(self) -> str:
        if self.days_left == 0:
            return "due today"
        days = f"{abs(self.days_left)} day{'s' if abs(self.days_left) != 1 else ''}"
        return f"{days} overdue" if self.is_overdue else f"due in {days}"


def review_states(today: date) -> list[ReviewState]:
    """One for each notice in force, in one query."""
    newest = NoticeReview.objects.filter(version=OuterRef("pk")).order_by("-pk")
    versions = NoticeVersion.objects.in_force(today).annotate(
        reviewed_on=Subquery(newest.values("reviewed_on")[:1]),
        next_by=Subquery(newest.values("next_review_by")[:1]),
    )
    return [_state(version) for version in versions.defer("source", "body")]


def reminder(
    version: NoticeVersion, due_on: date | None, today: date
) -> Reminder | None:
    """None while there is time enough, or where no day is set."""
    if due_on is None or due_on - today > REMINDED_BEFORE:
        return None
    return Reminder(version, due_on, (due_on - today).days)


def reminders(today: date) -> list[Reminder]:
    """Those that are overdue or due within a month, the most urgent first."""
    found = [
        reminder(state.version, state.next_review_by, today)
        for state in review_states(today)
    ]
    return sorted(filter(None, found), key=lambda found: found.due_on)


def is_in_force(version: NoticeVersion, today: date) -> bool:
    """A filter on its key would come before the choice of the newest, and so find any
    version that ever was in force."""
    in_force = NoticeVersion.objects.in_force(today).filter(notice=version.notice)
    return bool(in_force.first() == version)


def review_state(version: NoticeVersion) -> ReviewState:
    last = version.reviews.order_by("-pk").first()
    if last is None:
        return ReviewState(version, _published_on(version), version.review_by)
    return ReviewState(version, last.reviewed_on, last.next_review_by)


def _state(version: NoticeVersion) -> ReviewState:
    reviewed_on = getattr(version, "reviewed_on", None)
    next_by = getattr(version, "next_by", None)
    return ReviewState(
        version,
        reviewed_on or _published_on(version),
        next_by or version.review_by,
    )


def _published_on(version: NoticeVersion) -> date:
    """Publishing is a review too: two people read it."""
    if version.published_at is None:
        return version.effective_on
    return timezone.localdate(version.published_at)
