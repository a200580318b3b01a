"""A new case of a submission, with the first entry of its log and its first count."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from groundwork.refusals import NotAllowed
from rights_requests import clock
from rights_requests.casebook import digest_of, new_reference
from rights_requests.kinds import GROUNDS, CaseKind
from rights_requests.models import Case, CaseLogEntry, Submission
from rights_requests.moves import Move, State


@dataclass(frozen=True)
class Asked:
    """One thing that is asked. grounds: keys of kinds.GROUNDS for this kind. about: the
    case that a complaint is about. send_to: the address of another service, to which
    the person wants what they take along sent."""

    kind: CaseKind
    grounds: tuple[str, ...] = ()
    details: str = ""
    about: Case | None = None
    send_to: str = ""


def refuse_wrong_grounds(asked: Asked) -> None:
    known = GROUNDS[asked.kind].values if asked.kind in GROUNDS else []
    if set(asked.grounds) - set(known):
        raise NotAllowed("That is no ground for what is asked.")


def new_case(
    submission: Submission,
    asked: Asked,
    *,
    now: datetime,
    staff_id: int | None,
    is_draft: bool = False,
) -> tuple[Case, CaseLogEntry]:
    """Neither is saved yet. Its clock began when the submission was received, whenever
    somebody sees what it asks for."""
    is_complaint = asked.kind is CaseKind.COMPLAINT
    case = Case(
        reference=new_reference("C" if is_complaint else "R"),
        submission=submission,
        kind=asked.kind,
        grounds=sorted(asked.grounds),
        details=asked.details,
        state=State.DRAFT if is_draft else State.IN_PROGRESS,
        received_at=submission.received_at,
        about=asked.about if is_complaint else None,
    )
    entry = CaseLogEntry(
        case_id=case.pk,
        number=1,
        event=Move.RECEIVE,
        state=case.state,
        inputs={
            "received_at": clock.written(submission.received_at),
            "dated_on": clock.written(submission.dated_on),
            "channel": str(submission.channel),
            "kind": str(case.kind),
            "nation": settings.NATION,
            "grounds": case.grounds,
            "words": digest_of(submission.words) if submission.words else "",
        },
        staff_id=staff_id,
    )
    clock.keep(case, clock.count(case, clock.story_of([entry]), now=now))
    entry.due_on = case.due_on
    return case, entry
