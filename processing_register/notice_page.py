"""What the page of a notice shows, wherever it stands."""

from typing import Any

from django.urls import reverse

from groundwork.clock import today_here
from processing_register import notice_paths, rendering
from processing_register.models import NoticeVersion
from processing_register.notices import marks_of, previous_of
from processing_register.reviews import review_state


def page_context(version: NoticeVersion) -> dict[str, Any]:
    """The text with its marks, what has changed, since when it holds, its other forms."""
    marks = marks_of(version)
    rendered = rendering.render(version.page_source, marks)
    return {
        "version": version,
        "before": previous_of(version) if marks else None,
        "html": rendered.html,
        "toc": rendered.toc,
        "changed": [pair for pair in rendered.toc if pair[0] in marks],
        "standing": standing(version),
        "review": review_state(version),
        **addresses_of(version),
    }


def standing(version: NoticeVersion) -> str:
    """“in force since Tuesday 24 November 2026”, or until when it was."""
    today = today_here()
    if version.effective_on > today:
        return f"takes effect on {_day(version.effective_on)}"
    later = (
        NoticeVersion.objects.effective(today)
        .filter(notice=version.notice, number__gt=version.number)
        .order_by("number")
        .first()
    )
    if later is None:
        return f"in force since {_day(version.effective_on)}"
    return (
        f"in force from {_day(version.effective_on)}, "
        f"replaced on {_day(later.effective_on)}"
    )


def _day(day: Any) -> str:
    return f"{day:%A %-d %B %Y}"


def addresses_of(version: NoticeVersion) -> dict[str, str]:
    one = [version.notice, version.number]
    return {
        "current_url": current_url(version.notice),
        "versions_url": reverse("processing_register:notice-versions", args=one[:1]),
        "compare_url": reverse("processing_register:notice-compare", args=one[:1]),
        "text_url": reverse("processing_register:notice-version-text", args=one),
        "pdf_url": reverse("processing_register:notice-version-pdf", args=one),
    }


def current_url(notice: str) -> str:
    """The page that always shows the version in force; the words of a form have none,
    and their history stands for it."""
    if notice in notice_paths.OWN_PAGES:
        return reverse(notice_paths.OWN_PAGES[notice])
    if notice_paths.is_about_interests(notice):
        return reverse("processing_register:interests-of", args=[notice])
    return reverse("processing_register:notice-versions", args=[notice])
