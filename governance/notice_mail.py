"""The mail about changed notices: the same for everybody, plain, and without a link that
no notice needs.

It tells of every change that not everybody was told of yet, whichever notice it is in:
of the one that it is about, and of those that came out before.
"""

from itertools import groupby
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone

from case_updates.composing import html_part
from governance.models import NoticeChange, OverruledWords
from outbox.composing import compose
from outbox.models import MessageClass
from processing_register.models import PRIVACY, NoticeVersion
from processing_register.notices import current_controller, previous_of
from processing_register.plain_words import links_in, offending

KIND = "governance/notice_change"
# Stands in the specimen on the console; the mail itself bears the person's address.
NO_ADDRESS = "you@example.com"


def context_of(change: NoticeChange) -> dict[str, Any]:
    """What the mail needs: no name, no link of anyone's own."""
    first, *others = _parts(change)
    return {
        **first,
        "others": others,
        "subject": _subject([first, *others]),
        "rights_url": settings.SITE_URL + reverse("rights_requests:your-data"),
    }


def specimen(change: NoticeChange) -> EmailMultiAlternatives:
    """The exact mail, to nobody."""
    return compose(
        kind=KIND,
        message_class=MessageClass.NOTICE,
        to=NO_ADDRESS,
        context=context_of(change),
    )


# --- What it tells of ---


def versions_told(change: NoticeChange) -> list[NoticeVersion]:
    """Every version that people have not been told of yet, up to this one, the oldest
    first; this one alone when they were told of it."""
    untold = NoticeVersion.objects.to_announce().until(change.version)
    return list(untold.defer("source", "body")) or [change.version]


def _parts(change: NoticeChange) -> list[dict[str, Any]]:
    """One for each notice, the privacy notice first, then by name."""
    versions = versions_told(change)
    versions.sort(key=lambda one: (one.notice != PRIVACY, one.notice, one.number))
    return [
        _part(change, list(of_one))
        for _, of_one in groupby(versions, key=attrgetter("notice"))
    ]


def _part(change: NoticeChange, versions: list[NoticeVersion]) -> dict[str, Any]:
    newest = versions[-1]
    part = {
        "name": newest.name,
        "changes": [_words(change, version) for version in versions],
        "effective_on": f"{newest.effective_on:%A %-d %B %Y}",
        "has_begun": newest.effective_on <= timezone.localdate(),
        "version_url": settings.SITE_URL + newest.get_absolute_url(),
    }
    before = previous_of(versions[0])
    if before is not None:
        compare = reverse("processing_register:notice-compare", args=[newest.notice])
        query = f"?from={before.number}&to={newest.number}"
        part["compare_url"] = f"{settings.SITE_URL}{compare}{query}"
    return part


def _words(change: NoticeChange, version: NoticeVersion) -> str:
    """The summary; of an older version whose summary must not be mailed, that it
    changed the notice: words that nobody can take back any more stop no later one."""
    if is_left_out(change, version):
        return f"Version {version.number} changed it, too; the comparison shows where."
    return str(version.summary_of_changes)


def _subject(parts: list[dict[str, Any]]) -> str:
    """Empty when the privacy notice alone is meant: the template says so itself."""
    names = [part["name"] for part in parts]
    if names == [NoticeVersion(notice=PRIVACY).name]:
        return ""
    *most, last = names
    listed = f"{', '.join(most)} and {last}" if most else last
    return f"We are changing our {listed}"


# --- What must not stand in it ---


def offending_words(version: NoticeVersion) -> dict[str, str]:
    """The words that read like advertising or become a link, and that nobody decided to
    let stand; each with what is the matter with it."""
    found = offending(version.mailed_words)
    overruled = OverruledWords.objects.filter(version=version)
    allowed = {
        word for words in overruled.values_list("words", flat=True) for word in words
    }
    return {word: why for word, why in found.items() if word not in allowed}


def is_left_out(change: NoticeChange, version: NoticeVersion) -> bool:
    """True for an older version whose own words the mail does not quote."""
    return version != change.version and bool(offending_words(version))


def left_out(change: NoticeChange) -> list[NoticeVersion]:
    return [one for one in versions_told(change) if is_left_out(change, one)]


def why_not_mail(change: NoticeChange) -> list[str]:
    """What a reader must not find in it; empty when it is a plain notice."""
    found = [
        f"“{words}” {trouble}. A notice must not."
        for words, trouble in offending_words(change.version).items()
    ]
    if not found and (strange := strange_links(change)):
        found = [f"The mail holds a link that no notice needs: {strange[0]}"]
    return found


def allowed_links(change: NoticeChange) -> set[str]:
    """Every link that the mail may hold, those that a person let stand included."""
    controller = current_controller()
    own = {
        part[name]
        for part in _parts(change)
        for name in ("version_url", "compare_url")
        if name in part
    }
    overruled = OverruledWords.objects.filter(version__in=versions_told(change))
    let_stand = {
        w for words in overruled.values_list("words", flat=True) for w in words
    }
    return {
        *own,
        *let_stand,
        settings.SITE_URL + reverse("rights_requests:your-data"),
        settings.SITE_URL + reverse("processing_register:privacy-notice"),
        controller.regulator_url,
        f"mailto:{controller.governance_email}",
    }


def strange_links(change: NoticeChange) -> list[str]:
    """What in the whole mail is a link and is not on the list."""
    message = specimen(change)
    found = {
        *links_in(str(message.subject)),
        *links_in(str(message.body)),
        *links_in(html_part(message)),
    }
    return sorted(found - allowed_links(change))
