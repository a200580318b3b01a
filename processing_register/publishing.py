"""From a draft to a published notice: drafted, edited, submitted, published by a second
person. From then on the database refuses every change.

Every verb locks the version, refuses in words what may not be done, and changes it.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from groundwork.clock import today_here
from groundwork.refusals import NotAllowed, refuse
from processing_register import form_words, notice_text, plain_words
from processing_register.models import (
    Controller,
    NoticeAnnouncement,
    NoticeReview,
    NoticeVersion,
)
from processing_register.notices import previous_of
from processing_register.register import the_register
from processing_register.reviews import is_in_force
from staff.models import StaffUser

# How long a version may stand before somebody looks at it again. The published policy
# promises regular review and names no period; to be settled by the controller.
REVIEW_AFTER = relativedelta(years=1)
EDITABLE = (
    "title",
    "severity",
    "source",
    "summary_of_changes",
    "effective_on",
    "review_by",
    "names",
)
FROZEN_AT_PUBLICATION = (
    "severity",
    "body",
    "digest",
    "source_digest",
    "particulars",
    "approved_by",
    "published_at",
)
NAMED = ("purposes", "categories", "recipients")


# --- From a draft to publication ---


@transaction.atomic
def draft(notice: str, *, by: StaffUser) -> NoticeVersion:
    """Begin the next version as a copy of the newest; the writer is `by`."""
    newest = _newest(notice)
    if newest is None:
        raise NotAllowed("There is no such notice.")
    # Locked, so that two people at once do not both begin one.
    NoticeVersion.objects.select_for_update().get(pk=newest.pk)
    if NoticeVersion.objects.drafts().filter(notice=notice).exists():
        raise NotAllowed("Somebody has begun the next version already.")
    today = today_here()
    severity = NoticeVersion.Severity
    created: NoticeVersion = NoticeVersion.objects.create(
        notice=notice,
        number=_free_number(notice),
        title=newest.title,
        severity=severity.SIGNIFICANT if newest.concerns_everybody else severity.MINOR,
        language=newest.language,
        source=newest.source or newest.body,
        names=newest.names,
        effective_on=today,
        review_by=today + REVIEW_AFTER,
        written_by=by,
    )
    return created


@transaction.atomic
def edit(version_id: int, *, by: StaffUser, **words: Any) -> NoticeVersion:
    """Change a draft; what was submitted is a draft again."""
    version = _locked(version_id)
    refuse(*why_not_edit(version, by))
    for name in EDITABLE:
        setattr(version, name, words.get(name, getattr(version, name)))
    version.submitted_at = version.submitted_digest = None
    version.save(update_fields=[*EDITABLE, "submitted_at", "submitted_digest"])
    return version


@transaction.atomic
def submit(version_id: int, *, by: StaffUser) -> NoticeVersion:
    """The writer says that it is ready for the second person."""
    version = _locked(version_id)
    refuse(*why_not_submit(version, by))
    version.submitted_at = timezone.now()
    version.submitted_digest = content_digest(version)
    version.save(update_fields=["submitted_at", "submitted_digest"])
    return version


@transaction.atomic
def send_back(version_id: int) -> NoticeVersion:
    """The second person wants it changed: it is a draft again."""
    version = _locked(version_id)
    if version.submitted_at is None or version.published_at is not None:
        raise NotAllowed("It is not waiting for approval.")
    version.submitted_at = version.submitted_digest = None
    version.save(update_fields=["submitted_at", "submitted_digest"])
    return version


@transaction.atomic
def discard(version_id: int, *, by: StaffUser) -> None:
    """Remove a draft; only its writer can."""
    version = _locked(version_id)
    refuse(*why_not_edit(version, by))
    version.delete()


@transaction.atomic
def approve_and_publish(
    version_id: int, *, by: StaffUser, digest: bytes
) -> NoticeVersion:
    """Publish what was submitted and what the second person read (`digest`).

    Two approvals at once: the second waits for the lock, and is then refused.
    """
    version = _locked(version_id)
    refuse(*why_not_publish(version, by))
    if not content_digest(version) == bytes(version.submitted_digest or b"") == digest:
        raise NotAllowed("It has changed since you read it. Read it again.")
    version.approved_by = by
    return publish(version, now=timezone.now())


def publish(version: NoticeVersion, *, now: datetime) -> NoticeVersion:
    """Freeze the text with tables and particulars as they stand, and its names.

    For whoever already checked that it may be done: approve_and_publish for a draft of
    the console, processing_register.shipped for a file of the repository.
    """
    facts = notice_text.particulars(Controller.objects.get(pk=1))
    version.severity = severity_of(version, facts)
    version.body = as_published(version, facts)
    version.digest = hashlib.sha256(version.body.encode()).digest()
    version.source_digest = hashlib.sha256(version.source.encode()).digest()
    version.particulars = facts
    version.published_at = now
    is_new = version._state.adding
    version.save(update_fields=None if is_new else FROZEN_AT_PUBLICATION)
    if needs_announcement(version) and not anyone_is_held():
        announce(version, now=now)
    return version


def as_published(version: NoticeVersion, facts: dict[str, str]) -> str:
    """What the text would be if it were published now. Raises UnknownMarker."""
    if version.is_wording:
        return version.source
    return notice_text.compose(version.source, facts, the_register())


def content_digest(version: NoticeVersion) -> bytes:
    """SHA-256 of what an approver reads, tables and particulars included."""
    facts = notice_text.particulars(Controller.objects.get(pk=1))
    read = [
        version.title,
        version.severity,
        version.source,
        as_published(version, facts),
        version.names,
        version.summary_of_changes,
        str(version.effective_on),
        str(version.review_by),
    ]
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).digest()


# --- Who has to be told ---


def severity_of(version: NoticeVersion, facts: dict[str, str]) -> str:
    """Significant whatever its writer chose, when why_significant says so; minor when
    it is no notice that people are told of."""
    if not version.concerns_everybody:
        return NoticeVersion.Severity.MINOR
    if why_significant(version, facts):
        return NoticeVersion.Severity.SIGNIFICANT
    return str(version.severity)


def why_significant(version: NoticeVersion, facts: dict[str, str]) -> str:
    """Why everybody has to be told of it; empty when the writer may choose.

    The first version of all, another controller (a sale or merger, or other ways to
    reach us), and a purpose, kind of data or recipient that the version before did not
    name.
    """
    if not version.concerns_everybody:
        return ""
    before = previous_of(version)
    if before is None:
        return "It is the first version."
    if before.particulars and before.particulars != facts:
        return "The controller’s particulars have changed since the version before."
    new = [
        key
        for kind in NAMED
        for key in set(_named(version, kind)) - set(_named(before, kind))
    ]
    if new:
        return f"It names what no version before it named: {', '.join(sorted(new))}."
    return ""


def needs_announcement(version: NoticeVersion) -> bool:
    """True when everybody held has to be told of it, or had to be."""
    return bool(NoticeVersion.objects.changes().filter(pk=version.pk).exists())


def would_be_announced(version: NoticeVersion) -> bool:
    """True when everybody held would be told, if this draft were published now."""
    facts = notice_text.particulars(Controller.objects.get(pk=1))
    is_privacy = version.notice == NoticeVersion.Notice.PRIVACY
    is_change = is_privacy or previous_of(version) is not None
    significant = NoticeVersion.Severity.SIGNIFICANT
    return is_change and severity_of(version, facts) == significant


def people_held() -> list[QuerySet[Any]]:
    """Who is held, from each app that holds people: the ids of data subjects."""
    return [import_string(path)() for path in settings.PEOPLE_HELD]


def anyone_is_held() -> bool:
    return any(people.exists() for people in people_held())


def count_of_people_held() -> int:
    """How many people a significant version of a notice is e-mailed to."""
    people = people_held()
    return people[0].union(*people[1:]).count() if people else 0


def announce(version: NoticeVersion, *, now: datetime) -> NoticeAnnouncement:
    """Everybody held has been told of it; once, whoever says so again."""
    announcement: NoticeAnnouncement = NoticeAnnouncement.objects.get_or_create(
        version=version, defaults={"completed_at": now}
    )[0]
    return announcement


# --- Review ---


@transaction.atomic
def record_review(
    version_id: int, *, by: StaffUser, next_review_by: date, remark: str = ""
) -> NoticeReview:
    """Somebody read the version in force and nothing has to change."""
    version = _locked(version_id)
    today = today_here()
    if not is_in_force(version, today):
        raise NotAllowed("Only the version in force is reviewed.")
    if next_review_by <= today:
        raise NotAllowed("The next review has to be after today.")
    review: NoticeReview = NoticeReview.objects.create(
        version=version,
        reviewed_by=by,
        reviewed_on=today,
        next_review_by=next_review_by,
        remark=remark.strip(),
    )
    return review


# --- Why not: the same words on a greyed button and in a refusal ---


def why_not_edit(version: NoticeVersion, by: StaffUser) -> list[str]:
    if version.published_at is not None:
        return ["It is published and cannot be changed. Write the next version."]
    if version.written_by_id != by.pk:
        return ["Only the person who began this draft can change or discard it."]
    return []


def why_not_submit(version: NoticeVersion, by: StaffUser) -> list[str]:
    if why_not := why_not_edit(version, by):
        return why_not
    if version.submitted_at is not None:
        return ["It is waiting for approval already."]
    return why_not_ready(version)


def why_not_publish(version: NoticeVersion, by: StaffUser) -> list[str]:
    if version.published_at is not None:
        return ["It has been published already."]
    if version.submitted_at is None:
        return ["It has not been submitted yet."]
    if version.written_by_id == by.pk:
        return ["You wrote it, so somebody else has to approve it."]
    return why_not_ready(version)


def why_not_ready(version: NoticeVersion) -> list[str]:
    """Everything that is wrong with the text and its dates, each in words."""
    is_form = version.is_wording
    reasons = _wrong_in_the_words(version) if is_form else _wrong_in_the_text(version)
    if not version.source.strip():
        reasons.append("The text is empty.")
    if version.effective_on < today_here():
        reasons.append("It cannot take effect on a day that is past.")
    if version.review_by is None or version.review_by <= version.effective_on:
        reasons.append("The review has to come after the day it takes effect.")
    if not version.summary_of_changes.strip():
        reasons.append("Say in a few words what changes.")
    if version.concerns_everybody:
        found = plain_words.why_not_mail(version.mailed_words)
        reasons += [*found, plain_words.WHY] if found else []
    return reasons + unnamed(version) + _no_earlier_than_before(version)


def _wrong_in_the_text(version: NoticeVersion) -> list[str]:
    silent = notice_text.not_shown(version.notice, version.source, the_register())
    return notice_text.problems(version.source) + silent


def _wrong_in_the_words(version: NoticeVersion) -> list[str]:
    before = previous_of(version)
    known = before.body if before is not None else ""
    return form_words.wrong(version.notice, version.source, known, the_register())


def unnamed(version: NoticeVersion) -> list[str]:
    """What the register holds and this privacy notice does not name, and the reverse."""
    if version.notice != NoticeVersion.Notice.PRIVACY:
        return []
    register = the_register()
    collected = {
        key for key, category in register.categories.items() if category.is_collected
    }
    return [
        *_differences("purpose", set(register.purposes), version.names["purposes"]),
        *_differences("kind of data", collected, version.names["categories"]),
        *_differences(
            "recipient", set(register.recipients), version.names["recipients"]
        ),
    ]


def _differences(what: str, known: set[str], named: Iterable[str]) -> list[str]:
    missing = [
        f"The register has the {what} “{key}”, and the notice does not name it."
        for key in sorted(known - set(named))
    ]
    unknown = [
        f"The notice names the {what} “{key}”, which the register does not have."
        for key in sorted(set(named) - known)
    ]
    return missing + unknown


def _no_earlier_than_before(version: NoticeVersion) -> list[str]:
    before = previous_of(version)
    if before is not None and before.effective_on > version.effective_on:
        return [f"Version {before.number} takes effect only on {before.effective_on}."]
    return []


# --- Which version ---


def _newest(notice: str) -> NoticeVersion | None:
    versions = NoticeVersion.objects.published().filter(notice=notice)
    found: NoticeVersion | None = versions.order_by("-number").first()
    return found


def _free_number(notice: str) -> int:
    versions = NoticeVersion.objects.filter(notice=notice)
    return int(versions.aggregate(top=Max("number"))["top"] or 0) + 1


def _named(version: NoticeVersion, kind: str) -> list[str]:
    return list(version.names.get(kind, []))


def _locked(version_id: int) -> NoticeVersion:
    version: NoticeVersion = NoticeVersion.objects.select_for_update().get(
        pk=version_id
    )
    return version
