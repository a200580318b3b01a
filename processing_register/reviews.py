"""When each notice was last looked at, and when it has to be again."""

from dataclasses import dataclass
from datetime import date

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from processing_register.models import NoticeReview, NoticeVersion


@dataclass(frozen=True)
class ReviewState:
    version: NoticeVersion
    last_reviewed_on: date
    next_review_by: date | None

    def is_overdue(self, today: date) -> bool:
        return self.next_review_by is not None and self.next_review_by < today


def review_states(today: date) -> list[ReviewState]:
    """One for each notice in force, in one query."""
    newest = NoticeReview.objects.filter(version=OuterRef("pk")).order_by("-pk")
    versions = NoticeVersion.objects.in_force(today).annotate(
        reviewed_on=Subquery(newest.values("reviewed_on")[:1]),
        next_by=Subquery(newest.values("next_review_by")[:1]),
    )
    return [_state(version) for version in versions.defer("source", "body")]


def overdue_reviews(today: date) -> list[ReviewState]:
    """Those that somebody should have looked at by now, the longest overdue first."""
    found = [state for state in review_states(today) if state.is_overdue(today)]
    return sorted(found, key=lambda state: str(state.next_review_by))


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
