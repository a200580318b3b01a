"""May personal data be used for a purpose? Only once everybody held knows of it.

A purpose is usable while the privacy notice in force names it, and so does the newest
significant version that everybody held was told of. A new purpose therefore waits until
its announcement is complete; an old one goes on meanwhile; one that the notice no
longer names stops at once. A minor version can name nothing new (publishing makes such
a version significant), so it needs no announcement.
"""

from groundwork.clock import today_here
from processing_register.models import NoticeVersion, NoticeVersionQuerySet


def usable_purposes() -> set[str]:
    """Keys of the purposes that may be pursued today; none before the register is
    loaded."""
    effective = NoticeVersion.objects.effective(today_here()).filter(
        notice=NoticeVersion.Notice.PRIVACY
    )
    newest_first = effective.order_by("-number")
    told = newest_first.filter(announcement__isnull=False)
    return _named(newest_first) & _named(told)


def may_use(purpose: str) -> bool:
    return purpose in usable_purposes()


def _named(versions: NoticeVersionQuerySet) -> set[str]:
    names = versions.values_list("names", flat=True).first()
    return set(names["purposes"]) if names else set()
