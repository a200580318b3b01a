"""What happens to notices in these tests: who writes them, how one is published."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from processing_register import publishing
from processing_register.models import NoticeVersion
from staff.models import StaffUser
from tests.console.staff import person
from tests.people import DANA, OMAR

ALL_DUTIES = ("write_noticeversion", "publish_noticeversion", "review_noticeversion")


def writer() -> StaffUser:
    """Dana may write, publish and review; that it is hers still stops her."""
    return StaffUser.objects.filter(email=DANA).first() or person(DANA, *ALL_DUTIES)


def second() -> StaffUser:
    return StaffUser.objects.filter(email=OMAR).first() or person(OMAR, *ALL_DUTIES)


def drafted(notice: str = "privacy", **words: Any) -> NoticeVersion:
    """The next version, ready to be submitted."""
    draft = publishing.draft(notice, by=writer())
    usual = {
        "summary_of_changes": "The text says more.",
        "source": draft.source + "\n## One more thing\n\nA sentence that is new.\n",
    }
    return publishing.edit(draft.pk, by=writer(), **(usual | words))


def submitted(notice: str = "privacy", **words: Any) -> NoticeVersion:
    return publishing.submit(drafted(notice, **words).pk, by=writer())


def published(notice: str = "privacy", **words: Any) -> NoticeVersion:
    version = submitted(notice, **words)
    return publishing.approve_and_publish(
        version.pk, by=second(), digest=publishing.content_digest(version)
    )


def from_file(**words: Any) -> NoticeVersion:
    """A version as it comes with the repository: nobody approved it on the console."""
    newest = NoticeVersion.objects.filter(notice="privacy").order_by("-number").first()
    assert newest is not None
    usual = {
        "title": newest.title,
        "severity": NoticeVersion.Severity.SIGNIFICANT,
        "source": newest.source + "\n## From a file\n\nMore words.\n",
        "names": newest.names,
        "summary_of_changes": "We say more about where data comes from.",
        "effective_on": in_days(0),
        "review_by": in_days(300),
    }
    version = NoticeVersion(
        notice="privacy", number=newest.number + 1, **(usual | words)
    )
    return publishing.publish(version, now=timezone.now())


def without(purpose: str) -> dict[str, list[str]]:
    """What the newest privacy notice names, but for one purpose."""
    newest = NoticeVersion.objects.filter(notice="privacy").order_by("-number").first()
    assert newest is not None
    kept = [key for key in newest.names["purposes"] if key != purpose]
    return {**newest.names, "purposes": kept}


def in_days(number: int) -> date:
    return date.today() + timedelta(days=number)  # noqa: DTZ011 as the form has it
