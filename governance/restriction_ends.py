"""When a restriction can end: what its ground names has happened, or its day has come.

Nothing is lifted here. What is due stands on the first page of the console, and staff
tell the person and lift it. The answer to an objection tells the person by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
)

from data_subjects import restriction
from data_subjects.models import Ground, Restriction
from groundwork.refusals import NotAllowed
from outbox import outcomes
from outbox.models import State
from rights_requests import casebook, closing
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, Letter
from rights_requests.moves import CLOSED, OPEN
from rights_requests.moves import State as CaseState

TELLING = (
    LetterKind.ANSWER,
    LetterKind.REFUSAL,
    LetterKind.REFUSAL_IN_PART,
    LetterKind.WITHDRAWAL_RECORDED,
)
# The block of the letter about a withdrawal that says so; it is left out while another
# objection is open.
SAYS_SO = "used-again"
DECIDED = "We have decided on your objection, as our answer says."
TAKEN_BACK = "You took your objection back, as our letter says."
CORRECTED = "the correction was decided on"
WEIGHED = "the objection was decided on or taken back"
ASKS_FOR_DELETION = "the person asks for deletion now"
# Whoever wanted it kept (Art. 18(1)(b) and (c)) no longer does while they ask for its
# deletion, and where that was done. One that was taken back wants it kept again; where
# we refused it, wholly or in part, being set aside is what is left to them; and a draft,
# one whose person we doubt, and what came to nothing say nothing of anybody's will.
NO_LONGER_WANTED = (
    CaseState.IN_PROGRESS,
    CaseState.AWAITING_FEE,
    CaseState.AWAITING_CLARIFICATION,
    CaseState.FULFILLED,
)
# Whether the data is right was looked into (Art. 18(1)(a)).
CHECKED = (CaseState.FULFILLED, CaseState.PARTLY_FULFILLED, CaseState.REFUSED)


@dataclass(frozen=True)
class Ending:
    """A restriction that may have come to its end, and why, for staff."""

    restriction: Restriction
    why: str


def due(today: date) -> Iterator[Ending]:
    """Those that somebody should look at, the oldest first."""
    for row in _with_what_happened().order_by("starts_at", "pk"):
        if why := _why(row, today):
            yield Ending(row, why)


def _why(row: Any, today: date) -> str:
    if row.ground == Ground.OBJECTION and row.notice_sent_at and row.is_open_again:
        return "the person was told, and an objection is open again: decide on it first"
    if row.notice_sent_at is not None:
        return "the person was told: lift it"
    if row.notice_mail_id is not None and row.mail_state not in (
        State.FAILED,
        State.WITHHELD,
    ):
        return ""  # what tells the person is on its way
    if happened := _what_happened(row):
        return f"it can end, since {happened}: tell the person"
    if row.look_again_on is not None and row.look_again_on <= today:
        return f"look whether it can end: it does when {row.ends_when}"
    return ""


def _what_happened(row: Any) -> str:
    """The event of its ground that the software sees by itself; empty while it has not
    come."""
    ground = Ground(row.ground)
    if ground is Ground.ACCURACY:
        return CORRECTED if row.is_corrected else ""
    if ground is Ground.OBJECTION:
        return WEIGHED if row.is_weighed else ""
    is_asked = row.is_deletion_asked and _is_no_longer_wanted(row)
    return ASKS_FOR_DELETION if is_asked else ""


def _is_no_longer_wanted(row: Restriction) -> bool:
    """Whether the person wants deleted what they wanted kept, and it is shown that they
    do: by what would do for the deletion itself."""
    asked = Case.objects.filter(
        _is_deletion_since(row.starts_at),
        submission__data_subject=row.data_subject_id,
    )
    return any(
        not closing.why_not_act(case) for case in asked.select_related("submission")
    )


def _is_deletion_since(moment: datetime | OuterRef) -> Q:
    return Q(kind=CaseKind.ERASURE, state__in=NO_LONGER_WANTED, received_at__gt=moment)


def _with_what_happened() -> QuerySet[Any]:
    return Restriction.objects.open().annotate(
        is_corrected=_is_decided(CaseKind.RECTIFICATION, CHECKED),
        is_weighed=_is_decided(CaseKind.OBJECTION, CLOSED),
        is_open_again=Exists(_theirs(CaseKind.OBJECTION).filter(state__in=OPEN)),
        # Of each that is asked for it is looked whose it is, and of no other.
        is_deletion_asked=Exists(
            _theirs(CaseKind.ERASURE).filter(_is_deletion_since(OuterRef("starts_at")))
        ),
        mail_state=outcomes.state_by("notice_mail_id"),
    )


def _theirs(kind: CaseKind) -> QuerySet[Case]:
    return Case.objects.filter(
        submission__data_subject=OuterRef("data_subject"), kind=kind
    )


def _is_decided(
    kind: CaseKind, ends: tuple[CaseState, ...]
) -> "ExpressionWrapper[Any]":
    """A case of this kind ended so since the restriction began, and none is open."""
    ended = _theirs(kind).filter(closed_at__gte=OuterRef("starts_at"), state__in=ends)
    still = _theirs(kind).filter(state__in=OPEN)
    return ExpressionWrapper(
        Exists(ended) & ~Exists(still), output_field=BooleanField()
    )


# --- Told by the answer itself ---


def take_over_answers(now: datetime) -> int:
    """Record as told those whom the answer to their objection reached, which says that
    the restriction ends; returns how many."""
    waiting = _with_what_happened().filter(
        ground=Ground.OBJECTION,
        is_weighed=True,
        notice_sent_at__isnull=True,
        notice_mail_id__isnull=True,
    )
    return sum(_take_over(row, now) for row in waiting)


def _take_over(row: Restriction, now: datetime) -> bool:
    told = _told(row, now)
    if told is None or told[0] > now:
        return False
    at, ending = told
    try:
        with transaction.atomic():
            restriction.record_told_by_answer(row.pk, ending=ending, at=at)
    except NotAllowed:
        return False  # lifted a moment ago: then the person had been told
    return True


def _told(row: Restriction, now: datetime) -> tuple[datetime, str] | None:
    """When the last letter about an objection left, and what it was; None while one has
    not. One that was taken back while another was open told nothing of it, and the
    other one's does."""
    cases = Case.objects.filter(
        submission__data_subject=row.data_subject_id,
        kind=CaseKind.OBJECTION,
        closed_at__gte=row.starts_at,
    )
    found: list[tuple[datetime, str]] = []
    for case in cases:
        letter = _letter_of(case)
        if case.state == CaseState.WITHDRAWN and not _says_so(letter):
            continue
        at = _left_at(letter, now)
        if at is None:
            return None
        is_back = case.state == CaseState.WITHDRAWN
        found.append((at, TAKEN_BACK if is_back else DECIDED))
    return max(found, default=None)


def _letter_of(case: Case) -> Letter | None:
    """What told of its end; None where nothing did."""
    return Letter.objects.filter(
        case=case, kind__in=TELLING, move_number=case.moves_count
    ).first()


def _says_so(letter: Letter | None) -> bool:
    blocks = letter.blocks["blocks"] if letter is not None else []
    return any(block["name"] == SAYS_SO for block in blocks)


def _left_at(letter: Letter | None, now: datetime) -> datetime | None:
    """When it was handed over or posted; None for one that has not left."""
    if letter is None:
        return None
    if letter.posted_on is not None:
        return casebook.moment_of(letter.posted_on, now=now)
    return outcomes.sent_at(letter.mail_id)
