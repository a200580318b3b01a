"""What takes effect in the moment it arrives, and what anybody may read.

An objection to marketing or profiling and a consent that is taken back are never
weighed, refused or kept waiting for an answer to who is asking (UK GDPR, Articles 7(3)
and 21(3)): they act on the address given and tell that address so, whoever else gets
the answer.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from consent.models import Channel
from data_subjects import journal
from groundwork.one_statement import Part, run
from outbox import suppression
from outbox.models import MessageClass, SuppressedAddress
from outbox.queueing import queued_to_each
from processing_register import notice_paths
from processing_register.models import NoticeVersion
from processing_register.notices import purpose_title, purpose_titles
from processing_register.register import the_register
from rights_requests import casebook, setting_aside, standing_rules, writing
from rights_requests.kinds import AT_ONCE, PUBLISHED, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.limits import LASTING_NO, PROFILING
from rights_requests.models import Case, CaseLogEntry, Event, Letter
from rights_requests.moves import Move, State
from subscribers import leaving, links

INTERESTS_PAGE = "processing_register:interests"
STOPPED_MAIL = "rights_requests/stopped"
STOPS = {
    CaseKind.MARKETING: "marketing e-mails of every kind from us, and sharing for "
    "marketing",
    CaseKind.PROFILING: "sorting or rating you for marketing",
    CaseKind.WITHDRAWAL: "everything that rested on your agreement",
}


def carry_out(
    cases: Iterable[Case], *, now: datetime, staff_id: int | None = None
) -> None:
    """Do at once what these cases ask for, and close those that are confirmed. An
    objection that has to be weighed sets the data aside meanwhile (Art. 18(1)(d)).

    The caller holds the person's row, and has it told of (acknowledging). What is held
    apart takes effect all the same, but nobody is written to before staff have looked
    at it. Without an e-mail address there is nothing here that could be found by it:
    then staff do it and close the case.
    """
    for case in cases:
        kind = CaseKind(case.kind)
        if kind in AT_ONCE:
            _take_effect(case, kind, now=now, staff_id=staff_id)
        elif kind in PUBLISHED and _may_answer(case):
            _answer(case, kind, now=now, staff_id=staff_id)
        elif kind is CaseKind.OBJECTION and _may_answer(case):
            setting_aside.of_objection(case, staff_id=staff_id)


def _may_answer(case: Case) -> bool:
    """Not what staff have to confirm first, nor what may be part of a flood."""
    return case.state == State.IN_PROGRESS and not case.submission.held_because


def _take_effect(
    case: Case, kind: CaseKind, *, now: datetime, staff_id: int | None
) -> None:
    digest = case.submission.data_subject.address_digest
    if digest is None:
        return
    stopped = EFFECTS[kind](case, bytes(digest), staff_id)
    casebook.note(case, Event.EFFECT, staff_id=staff_id, inputs={"stopped": stopped})
    if _may_answer(case):  # otherwise staff look at it first; it works already
        rule = standing_rules.in_force(kind, now=now)
        inputs = {"rule": rule.reference} if rule is not None else {}
        casebook.make(case, Move.FULFIL, now=now, staff_id=staff_id, inputs=inputs)


def _no_marketing(case: Case, digest: bytes, staff_id: int | None) -> list[str]:
    _object(case, digest, links.ALL)
    return _leave(case, staff_id)


def _no_profiling(case: Case, digest: bytes, staff_id: int | None) -> list[str]:
    """Apart from the mail: somebody may want our news and not be rated for it."""
    _object(case, digest, PROFILING)
    return [PROFILING]


def _object(case: Case, digest: bytes, purpose: str) -> None:
    suppression.suppress(
        digest,
        purpose,
        SuppressedAddress.Reason.OBJECTED,
        subject=case.submission.data_subject_id,
    )


def _no_consent(case: Case, digest: bytes, staff_id: int | None) -> list[str]:
    """In the journal whether anybody reads under the address or not, since what is
    written for some alone would tell who they are."""
    journal.opted_out(
        digest,
        [links.ALL],
        SuppressedAddress.Reason.UNSUBSCRIBED,
        subject=case.submission.data_subject_id,
    )
    return _leave(case, staff_id)


EFFECTS = {
    CaseKind.MARKETING: _no_marketing,
    CaseKind.PROFILING: _no_profiling,
    CaseKind.WITHDRAWAL: _no_consent,
}


def _leave(case: Case, staff_id: int | None) -> list[str]:
    """The purposes whose consent stood and is withdrawn now; by the same statements
    whether any did, since whoever asks may be anybody."""
    person = case.submission.data_subject_id
    withdrawn = leaving.leave_if_reading(
        person, channel=Channel.RIGHTS_REQUEST, staff_id=staff_id
    )
    if not writing.reaches_person(case.submission):
        _tell_reader(case, withdrawn)
    return withdrawn


def _tell_reader(case: Case, withdrawn: list[str]) -> None:
    """Nobody’s e-mails end in silence because somebody else asked for it."""
    context = {"purposes": purpose_titles(withdrawn), "reference": case.reference}
    reader = Part("reader", WHOSE_ENDED, (case.submission.data_subject_id, withdrawn))
    mail = queued_to_each(
        STOPPED_MAIL,
        context=context,
        message_class=MessageClass.RIGHTS,
        source="reader",
    )
    run([reader, mail], "SELECT count(*) FROM mail")


WHOSE_ENDED = """
    SELECT address, data_subject_id FROM subscribers_subscriber
    WHERE data_subject_id = %s AND cardinality(%s::text[]) > 0
"""


def has_taken_effect(case: Case) -> bool:
    """Whether what it asks for was done in the house."""
    return any(entry.event == Event.EFFECT for entry in casebook.entries_of(case))


# --- Telling the person ---


def is_untold(case: Case) -> bool:
    """Done at once, and nothing was written about it yet."""
    is_done = (
        CaseKind(case.kind) in AT_ONCE | PUBLISHED and case.state == State.FULFILLED
    )
    # That we had a mail about it is another thing than that it is done.
    told = case.letters.exclude(kind=LetterKind.ACKNOWLEDGEMENT)
    return is_done and not told.exists()


def tell(case: Case, *, now: datetime) -> Letter:
    """Write what was done at once, or send what is published, as the log has it."""
    entries = casebook.entries_of(case)
    done = next(e for e in reversed(entries) if e.event == Move.FULFIL)
    if CaseKind(case.kind) in PUBLISHED:
        return _send_document(case, done, now=now)
    effects = [e.inputs["stopped"] for e in entries if e.event == Event.EFFECT]
    stopped = list(dict.fromkeys(key for keys in effects for key in keys))
    return writing.write(
        case,
        LetterKind.AT_ONCE,
        now=now,
        staff_id=done.staff_id,
        **_stopped_fields(case, stopped),
    )


def _stopped_fields(case: Case, stopped: list[str]) -> dict[str, Any]:
    """What stops, what ends with it, and the entry that stays so that it lasts: of a
    withdrawal there is one only where there was something to stop. Anybody but the
    person gets the same words whatever there was."""
    kind = CaseKind(case.kind)
    ends = purpose_titles([key for key in stopped if key != PROFILING])
    is_kept = kind is not CaseKind.WITHDRAWAL or bool(stopped)
    if not writing.reaches_person(case.submission):
        ends, is_kept = consequences(kind), True
    return {
        "stops": (STOPS[kind],),
        "ends": tuple(ends),
        "limits": (LASTING_NO[kind].sentence,) if is_kept else (),
    }


# --- What is published ---


def _answer(case: Case, kind: CaseKind, *, now: datetime, staff_id: int | None) -> None:
    """With the versions in force; where there are none, staff answer."""
    versions = [version.reference for version in _asked_for(case, kind, now)]
    if versions:
        inputs = {"documents": versions}
        casebook.make(case, Move.FULFIL, now=now, staff_id=staff_id, inputs=inputs)


def _asked_for(case: Case, kind: CaseKind, now: datetime) -> list[NoticeVersion]:
    """The versions in force that were asked for: of the assessments those of the uses
    that the form named by their titles, or else all."""
    versions = NoticeVersion.objects.in_force(timezone.localdate(now))
    if kind is CaseKind.SCHEDULE:
        return list(versions.filter(notice=NoticeVersion.Notice.RETENTION))
    every = list(versions.filter(notice__startswith=notice_paths.INTERESTS))
    return [one for one in every if _use(one.notice) in case.details] or every


def _use(notice: str) -> str:
    """What the use is called that this assessment is about."""
    return purpose_title(notice_paths.purpose_of(notice))


def _send_document(case: Case, done: CaseLogEntry, *, now: datetime) -> Letter:
    document, url = _document(done.inputs["documents"])
    return writing.write(
        case,
        LetterKind.SCHEDULE,
        now=now,
        staff_id=done.staff_id,
        move_number=done.number,
        document=document,
        document_url=url,
    )


def _document(references: list[str]) -> tuple[str, str]:
    """What it is called, and where it can be read."""
    if len(references) > 1:
        uses = [_use(reference.split("/")[0]) for reference in references]
        return "; ".join(uses), settings.SITE_URL + reverse(INTERESTS_PAGE)
    notice, number = references[0].split("/")
    version = NoticeVersion.objects.get(notice=notice, number=number)
    title = f"{version.title}, version {version.number}"
    return title, settings.SITE_URL + version.get_absolute_url()


def consequences(kind: CaseKind) -> list[str]:
    """What ends with a withdrawal or an objection, told on the form to everybody alike:
    the purposes for which e-mails are sent (policy: “at the time”)."""
    if kind is CaseKind.PROFILING:
        return []
    purposes = the_register().purposes
    return purpose_titles([key for key, one in purposes.items() if one.is_sendable])
