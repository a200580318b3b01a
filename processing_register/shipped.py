"""The notices that come with the repository: published from their files, once each."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from processing_register import form_words, notice_text, plain_words, publishing
from processing_register.models import NoticeVersion
from processing_register.register import (
    Register,
    RegisterIsWrong,
    ShippedVersion,
    the_register,
)


class PublishedTextDiffers(Exception):
    """A file no longer says what was published from it; add a new version instead."""


def publish_shipped(*, now: datetime) -> list[NoticeVersion]:
    """Publish every version that this installation has not published yet.

    All at the same `now`, by which it shows later that nobody saw the earlier ones of
    them alone. Left out are the versions that the controller wrote its own in place of,
    and those whose tables can no longer be made as they were.
    Raises PublishedTextDiffers, and RegisterIsWrong for a text that does not show what
    its notice must show.
    """
    register = the_register()
    return [
        publishing.publish(_unpublished(version), now=now) for version in _new(register)
    ]


def _new(register: Register) -> Iterator[ShippedVersion]:
    for version in register.versions:
        if not _is_published(version) and _is_wanted(version, register):
            _refuse_a_silent_one(version, register)
            yield version


def _refuse_a_silent_one(version: ShippedVersion, register: Register) -> None:
    """Earlier versions had their tables typed out; they stay as they were."""
    is_newest = _newest(register)[version.notice] == version
    if is_newest and (silent := _silent(version, register)):
        raise RegisterIsWrong("\n".join(silent))


def _is_published(version: ShippedVersion) -> bool:
    """Raises PublishedTextDiffers when it is, from another text."""
    found = NoticeVersion.objects.published().filter(
        notice=version.notice, number=version.number, written_by__isnull=True
    )
    for digest in found.values_list("source_digest", flat=True):
        if bytes(digest) != hashlib.sha256(source(version).encode()).digest():
            raise PublishedTextDiffers(
                f"{version.file} was changed after it was published."
            )
        return True
    return False


def _is_wanted(version: ShippedVersion, register: Register) -> bool:
    """Once the controller has published its own version of a notice on the console,
    the repository's later ones no longer replace it."""
    own = NoticeVersion.objects.published().filter(
        notice=version.notice, written_by__isnull=False
    )
    is_newest = _newest(register)[version.notice].number == version.number
    return not own.exists() and (is_newest or not is_stale(version, register))


def _unpublished(version: ShippedVersion) -> NoticeVersion:
    _make_room(version)
    return NoticeVersion(
        notice=version.notice,
        number=version.number,
        title=version.title,
        severity=version.severity,
        source=source(version),
        names={
            "purposes": list(version.purposes),
            "categories": list(version.categories),
            "recipients": list(version.recipients),
        },
        summary_of_changes=version.summary_of_changes,
        effective_on=version.effective_on,
        review_by=version.review_by,
    )


def _make_room(version: ShippedVersion) -> None:
    """A draft on the console that took this number gets the next one."""
    drafts = NoticeVersion.objects.drafts().filter(notice=version.notice)
    drafts.filter(number=version.number).update(
        number=version.number + 1, submitted_at=None, submitted_digest=None
    )


# --- Are the files still in step with the register? ---


def stale_tables(register: Register) -> list[str]:
    """Notices whose newest version was published with other tables than the register
    would give it now; each in words that say what to do."""
    return [
        f"register/notices/{version.file}: the register has changed, and the tables "
        f"of {version.notice}/{version.number} no longer say what it holds. Write the "
        f"next version ({version.notice} {version.number + 1}) in versions.toml, with "
        f'tables = "{notice_text.tables_digest(source(version), register)}".'
        for version in _newest(register).values()
        if is_stale(version, register)
    ]


def silent_notices(register: Register) -> list[str]:
    """Notices whose newest version does not show what such a notice must show, or says
    of its changes what no mail may say."""
    newest = _newest(register).values()
    return [words for version in newest for words in _silent(version, register)]


def _silent(version: ShippedVersion, register: Register) -> list[str]:
    text = source(version)
    if version.notice in form_words.READERS:
        missing = form_words.wrong(version.notice, text, "", register)
    else:
        missing = notice_text.not_shown(version.notice, text, register)
    made = NoticeVersion(
        notice=version.notice,
        title=version.title,
        summary_of_changes=version.summary_of_changes,
    )
    if made.concerns_everybody:
        missing += plain_words.why_not_mail(made.mailed_words)
    return [f"register/notices/{version.file}: {words}" for words in missing]


def is_stale(version: ShippedVersion, register: Register) -> bool:
    made = notice_text.tables_digest(source(version), register)
    return made != version.tables


def source(version: ShippedVersion) -> str:
    return (Path(settings.REGISTER_DIR) / "notices" / version.file).read_text()


def _newest(register: Register) -> dict[str, ShippedVersion]:
    ordered = sorted(register.versions, key=lambda version: version.number)
    return {version.notice: version for version in ordered}
