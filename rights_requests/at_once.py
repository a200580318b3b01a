"""What takes effect in the moment it arrives, and what anybody may read.

An objection to marketing or profiling and a consent that is taken back are never
weighed, refused or kept waiting for an answer to who is asking (UK GDPR, Articles 7(3)
and 21(3)): they act on the address given and tell that address so.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from consent.models import Channel
from outbox import suppression
from outbox.models import SuppressedAddress
from processing_register.models import NoticeVersion
from processing_register.notices import notice_in_force, purpose_titles
from processing_register.register import the_register
from rights_requests import casebook, writing
from rights_requests.kinds import AT_ONCE, PUBLISHED, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, Event
from rights_requests.moves import Move, State
from subscribers import leaving, links
from subscribers.models import Subscriber

PROFILING = "profiling"
NO_MARKETING = "marketing e-mails of every kind from us, and sharing for marketing"
NO_PROFILING = "sorting or rating you for marketing"
NO_CONSENT = "everything that rested on your agreement"


def carry_out(
    cases: Iterable[Case], *, now: datetime, staff_id: int | None = None
) -> None:
    """Do at once what these cases ask for, and close those that are confirmed.

    The caller holds the person's row. Without an e-mail address there is nothing here
    that could be found by it: then staff do it and close the case.
    """
    for case in cases:
        kind = CaseKind(case.kind)
        if kind in AT_ONCE:
            _take_effect(case, kind, now=now, staff_id=staff_id)
        elif kind in PUBLISHED and case.state == State.IN_PROGRESS:
            _send_document(case, kind, now=now, staff_id=staff_id)


def _take_effect(
    case: Case, kind: CaseKind, *, now: datetime, staff_id: int | None
) -> None:
    digest = case.submission.data_subject.address_digest
    if digest is None:
        return
    stopped = EFFECTS[kind](case, bytes(digest), staff_id)
    casebook.note(
        case, Event.EFFECT, staff_id=staff_id, inputs={"stopped": stopped.pop("keys")}
    )
    if case.state != State.IN_PROGRESS:
        return  # staff confirm what the mail asks for; it works already
    casebook.make(case, Move.FULFIL, now=now, staff_id=staff_id)
    writing.write(case, LetterKind.AT_ONCE, now=now, staff_id=staff_id, **stopped)


def _no_marketing(case: Case, digest: bytes, staff_id: int | None) -> dict[str, Any]:
    suppression.suppress(digest, links.ALL, SuppressedAddress.Reason.OBJECTED)
    ended = _leave(case, staff_id)
    return {
        "keys": ended,
        "stops": (NO_MARKETING,),
        "ends": tuple(purpose_titles(ended)),
    }


def _no_profiling(case: Case, digest: bytes, staff_id: int | None) -> dict[str, Any]:
    """Apart from the mail: somebody may want our news and not be rated for it."""
    suppression.suppress(digest, PROFILING, SuppressedAddress.Reason.OBJECTED)
    return {"keys": [PROFILING], "stops": (NO_PROFILING,)}


def _no_consent(case: Case, digest: bytes, staff_id: int | None) -> dict[str, Any]:
    ended = _leave(case, staff_id)
    return {
        "keys": ended,
        "stops": (NO_CONSENT,),
        "ends": tuple(purpose_titles(ended)),
    }


EFFECTS = {
    CaseKind.MARKETING: _no_marketing,
    CaseKind.PROFILING: _no_profiling,
    CaseKind.WITHDRAWAL: _no_consent,
}


def _leave(case: Case, staff_id: int | None) -> list[str]:
    """The purposes whose consent stood and is withdrawn now."""
    person = case.submission.data_subject_id
    reader = Subscriber.objects.filter(data_subject=person).first()
    if reader is None:
        return []
    channel = Channel.RIGHTS_REQUEST
    return leaving.leave(reader.pk, [], channel=channel, staff_id=staff_id).withdrawn


# --- What is published ---


def _send_document(
    case: Case, kind: CaseKind, *, now: datetime, staff_id: int | None
) -> None:
    versions = _versions(kind)
    document, url = _document(kind, versions)
    move = casebook.make(
        case,
        Move.FULFIL,
        now=now,
        staff_id=staff_id,
        inputs={"documents": [version.reference for version in versions]},
    )
    writing.write(
        case,
        LetterKind.SCHEDULE,
        now=now,
        staff_id=staff_id,
        move_number=move.number,
        document=document,
        document_url=url,
    )


def _versions(kind: CaseKind) -> list[NoticeVersion]:
    """The versions in force that were asked for."""
    if kind is CaseKind.SCHEDULE:
        return [notice_in_force(NoticeVersion.Notice.RETENTION)]
    today = timezone.localdate()
    found = NoticeVersion.objects.in_force(today).filter(
        notice__startswith="interests-"
    )
    return list(found)


def _document(kind: CaseKind, versions: list[NoticeVersion]) -> tuple[str, str]:
    """Title and version, and where it can be read."""
    if kind is CaseKind.SCHEDULE:
        [version] = versions
        title = f"{version.title}, version {version.number}"
        return title, settings.SITE_URL + version.get_absolute_url()
    title = f"all {len(versions)} of our assessments"
    return title, settings.SITE_URL + reverse("processing_register:interests")


def consequences(kind: CaseKind) -> list[str]:
    """What ends with a withdrawal or an objection, told on the form to everybody alike:
    the purposes for which e-mails are sent (policy: “at the time”)."""
    if kind is CaseKind.PROFILING:
        return []
    purposes = the_register().purposes
    return purpose_titles([key for key, one in purposes.items() if one.is_sendable])
