"""How a case ends: answered, in part, refused, taken back by the person, or lapsed.

A case closes with a letter in the same transaction. When that letter does not reach the
person, the case is open again (letters_gone).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from data_subjects import holds
from data_subjects.models import Ground
from data_subjects.restriction import is_restricted
from groundwork.refusals import NotAllowed, refuse
from rights_requests import (
    casebook,
    grounds,
    sensitive,
    setting_aside,
    weighing,
    writing,
)
from rights_requests.at_once import STOPS
from rights_requests.fulfilment import (
    corrections,
    erasure_plan,
    erasure_report,
    freshness,
    outside,
    recipients,
    releasing,
    transmissions,
)
from rights_requests.fulfilment.marks import Reason, counted_in_words
from rights_requests.fulfilment.opendsr import RequestType
from rights_requests.kinds import AT_ONCE, ON_THE_CLOCK, PUBLISHED, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.limits import Limit, what_stays
from rights_requests.models import (
    Case,
    CaseDocument,
    Decision,
    IdentityCheck,
    Letter,
    OutsideSystem,
    SystemCall,
)
from rights_requests.moves import GIVEN, Move, needs_second_person
from rights_requests.vault_keeping import remove_document
from rights_requests.whose_answer import (
    COPIES,
    STRANGER,
    goes_to_typed_street,
    is_asked_by_stranger,
    was_checked,
    was_typed,
    why_not_all_of_it,
    why_not_to_them,
    withholdings,
)

Purpose = CaseDocument.Purpose
WAITS = "A proposal waits for a second person: release it or take it back first."
ON_ITS_WAY = (
    "The letter about two months more is on its way: it counts once it was handed over. "
    "While it waits to be posted, it can be taken back."
)
BEING_ERASED = (
    "The deletion was approved and is being carried out: the case closes by itself when "
    "nothing is left, and those who had the data from us have been told."
)

NOTHING_CORRECTED = (
    "No correction is on record here, and the letter would say that we made it: write "
    "down what is wrong and put it right (Corrections), or say here what was done."
)
SYSTEMS_ASKED = (
    "The owners of the systems outside are being asked, and their tasks are here in a "
    "moment."
)
UNSHOWN = (
    "Nobody has shown yet that the mailbox is theirs: the button in our first letter shows "
    "it, a code from the status page, or a check of identity (UK GDPR, Article 12(6))."
)
UNSHOWN_TO_ERASE = (
    "Nobody has shown yet that the mailbox is theirs, and what is deleted cannot be "
    "brought back: the button in our first letter shows it, a code from the status page, "
    "or a check of identity (UK GDPR, Article 12(6))."
)
RESTRICT_FIRST = "Restrict the person’s data first (under “Restrictions”)."
PERHAPS_ANOTHER = (
    "It goes to a street, and nobody has shown yet that the e-mail address is theirs (UK "
    "GDPR, Article 12(6))."
)


@dataclass(frozen=True)
class Answer:
    """What we tell the person. outcome: what was done, in words. nothing_held: we
    looked and hold nothing of theirs. next_step: what we do now (a complaint's).
    set_aside: the grounds on which the data is restricted with it."""

    outcome: str = ""
    next_step: str = ""
    nothing_held: bool = False
    set_aside: tuple[str, ...] = ()
    edits: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def fulfil(
    case_id: uuid.UUID, answer: Answer, *, staff_id: int, now: datetime
) -> Letter:
    """Answer the person and close the case. Raises NotAllowed while something is missing
    that the answer must rest on, and for what a second person has to release."""
    case = casebook.locked_with_person(case_id)
    refuse(why_not_fulfil(case, nothing_held=answer.nothing_held))
    if needs_second_person(CaseKind(case.kind), Move.FULFIL):
        raise NotAllowed(
            "What is deleted cannot be brought back: propose the answer, and a second "
            "person releases it."
        )
    refuse(releasing.why_not_answer_alone(case, staff_id=staff_id))
    return answer_and_close(case, answer, staff_id=staff_id, now=now)


def answer_and_close(
    case: Case,
    answer: Answer,
    *,
    staff_id: int | None,
    now: datetime,
    decision: Decision | None = None,
    told: Mapping[str, Any] | None = None,
) -> Letter:
    """The caller holds the case and has looked for what stands against it. told: what
    the letter says beside, or in place of, what follows from the case."""
    kind = letter_of_answer(case, nothing_held=answer.nothing_held)
    if kind is LetterKind.COMPLAINT_OUTCOME and not answer.outcome.strip():
        raise NotAllowed("Say what you found: a complaint is closed with its outcome.")
    if kind is LetterKind.ANSWER and not _is_something_corrected(case, answer):
        raise NotAllowed(NOTHING_CORRECTED)
    if not answer.nothing_held:
        _do_what_was_asked(case, answer, staff_id=staff_id)
    # The outcome says as well that we have it, where nothing said so before.
    is_first_word = case.is_complaint and case.acknowledged_at is None
    is_told = writing.way_to(case.submission) != Letter.By.POST  # else by its posting
    entry = casebook.make(
        case,
        Move.FULFIL,
        now=now,
        staff_id=staff_id,
        inputs={
            "documents": [
                bytes(document.content_digest).hex() for document in answers_of(case)
            ],
            "outcome": casebook.digest_of(answer.outcome),
            "nothing_held": answer.nothing_held,
        },
        **({"acknowledged_at": now} if is_first_word and is_told else {}),
    )
    mark_used(decision, entry.number)
    end_open_work(case, now=now, staff_id=staff_id, besides=decision)
    return writing.write(
        case,
        kind,
        now=now,
        staff_id=staff_id,
        edits=answer.edits,
        move_number=entry.number,
        **{**answer_fields(case, answer), **(told or {})},
    )


def _is_something_corrected(case: Case, answer: Answer) -> bool:
    """Nobody reads that their data was corrected where nothing was."""
    if case.kind != CaseKind.RECTIFICATION or answer.outcome.strip():
        return True
    return corrections.is_something_done(case)


def _do_what_was_asked(case: Case, answer: Answer, *, staff_id: int | None) -> None:
    """What the letter says was done."""
    kind = CaseKind(case.kind)
    if kind is CaseKind.OBJECTION:
        weighing.stop(case, staff_id=staff_id)
    if kind is CaseKind.RESTRICTION:
        grounds_asked = [Ground(key) for key in answer.set_aside]
        since = timezone.now()
        setting_aside.set_aside(case, grounds_asked, since=since, staff_id=staff_id)
        if not is_restricted(case.submission.data_subject_id):
            raise NotAllowed("Choose the ground on which the data is set aside.")


def letter_of_answer(case: Case, *, nothing_held: bool = False) -> LetterKind:
    if case.is_complaint:
        return LetterKind.COMPLAINT_OUTCOME
    if case.kind in AT_ONCE:
        return LetterKind.AT_ONCE
    if case.kind in PUBLISHED:
        return LetterKind.MESSAGE  # nothing is in force: it is answered in words
    if nothing_held:
        return LetterKind.NOTHING_HELD
    if told_withholdings(case) or left_out_of_copy(case):
        return LetterKind.ANSWER_WITH_WITHHOLDING
    return LetterKind.ANSWER


def told_withholdings(case: Case) -> list[Decision]:
    """The released decisions to leave out what the person has to be told of: what is
    about others, and not what the law keeps from their knowledge."""
    kind, move = case.kind, Move.WITHHOLD
    told = [ground.key for ground in grounds.for_case(kind, move) if ground.told]
    return list(withholdings(case).filter(ground__in=told).order_by("pk"))


def left_out_of_copy(case: Case) -> dict[str, int]:
    """How much is left out of the copy that goes to the person, by reason."""
    package = freshness.newest_package(case) if case.kind in COPIES else None
    return package.left_out if package is not None else {}


def answer_fields(case: Case, answer: Answer) -> dict[str, Any]:
    return {
        "outcome": _outcome(case, answer),
        "next_step": answer.next_step,
        "stops": (STOPS[CaseKind(case.kind)],) if case.kind in AT_ONCE else (),
        **given_fields(case),
        **_withheld_fields(case),
    }


def _outcome(case: Case, answer: Answer) -> str:
    """What was done, with what the software knows of it."""
    done = ""
    if not answer.nothing_held:
        kind = CaseKind(case.kind)
        done = setting_aside.in_letter(case) if kind is CaseKind.RESTRICTION else ""
        done = weighing.in_letter(case) if kind is CaseKind.OBJECTION else done
        done = transmissions.in_letter(case) if kind is CaseKind.PORTABILITY else done
    return corrections.in_letter(
        case,
        "\n\n".join(filter(None, [done, answer.outcome, outside.in_letter(case)])),
    )


def given_fields(case: Case) -> dict[str, Any]:
    """What every answer tells, whole or in part."""
    is_asked = case.submission.wants_recipients
    had = recipients.recipients_of(case) if is_asked else ()
    return {
        "documents": tuple(document.name for document in answers_of(case)),
        "recipients": had,
        "no_recipients": is_asked and not had,
        "limits": tuple(limit.sentence for limit in _kept(case)),
    }


def _kept(case: Case) -> list[Limit]:
    """What stays after a deletion, and why: the answer says so, as the first letter did."""
    return what_stays(case.submission, CaseKind(case.kind))


def _withheld_fields(case: Case) -> dict[str, str]:
    """Why something is left out, as every refusal in part says it (Art. 12(4))."""
    decisions, in_copy = told_withholdings(case), left_out_of_copy(case)
    reasons = [decision.reasons for decision in decisions]
    left_out = [decision.inputs.get("left_out", "") for decision in decisions]
    return {
        "reasons": "\n\n".join(reasons or ([IN_COPY] if in_copy else [])),
        "ground": grounds_told(case, *(decision.ground for decision in decisions)),
        "left_out": with_left_out_of_copy(case, "\n\n".join(filter(None, left_out))),
    }


IN_COPY = (
    "We went through the copy place by place. Where something is left out, the copy says "
    "so in its place, and why; its first page counts it."
)


def grounds_told(case: Case, *keys: str) -> str:
    """These grounds and those of what is left out of the copy, as a letter says them."""
    both = dict.fromkeys([*keys, *left_out_of_copy(case)])
    known = {ground.key: ground for ground in grounds.REFUSALS}
    found = [known[key] for key in both if key in known]
    return ", and ".join(f"{ground.told} ({ground.article})" for ground in found)


def with_left_out_of_copy(case: Case, words: str) -> str:
    """What is not given, with what is left out of the copy."""
    return "\n\n".join(filter(None, [words, *counted_in_words(left_out_of_copy(case))]))


def answers_of(case: Case) -> list[CaseDocument]:
    return [
        document
        for document in case.documents.all()
        if document.purpose == Purpose.ANSWER and document.removed_at is None
    ]


def why_not_fulfil(
    case: Case, *, nothing_held: bool = False, besides: Decision | None = None
) -> str:
    """What is missing before the answer; empty when nothing is. besides: the proposal
    by which it is given."""
    why_not = casebook.why_not(case, Move.FULFIL) or why_not_close(case, besides)
    if why_not:
        return why_not
    return why_not_answer(case, nothing_held=nothing_held)


def why_not_answer(case: Case, *, nothing_held: bool = False) -> str:
    """What the whole answer rests on and is not there yet."""
    if why_not := why_not_give(case, nothing_held=nothing_held):
        return why_not
    if case.kind in outside.DONE and (why_not := outside.why_not_whole(case)):
        return why_not
    if why_not := corrections.why_not_fulfil(case):
        return why_not
    if _loses_what_is_theirs(case):
        return (
            "Something of the person’s own data is left out of the copy: answer in part, "
            "with its ground (UK GDPR, Article 12(4))."
        )
    if case.kind == CaseKind.OBJECTION and not nothing_held:
        return weighing.why_not_stop(case)
    if is_kept_by_hold(case):
        return (
            "A legal hold keeps this person’s data: answer in part, or refuse it, for "
            "the legal claim (UK GDPR, Article 17(3)(e))."
        )
    return ""


def _loses_what_is_theirs(case: Case) -> bool:
    """Whether the copy leaves out more than what is about other people, who have a right
    to that (Art. 15(4)): that is a refusal in part."""
    return bool(set(left_out_of_copy(case)) - {Reason.OTHERS})


def why_not_give(case: Case, *, nothing_held: bool = False) -> str:
    """What anything that we give or do rests on, whole or in part."""
    if _has_systems_to_ask(case):
        return SYSTEMS_ASKED
    kind = CaseKind(case.kind)
    if kind in COPIES:
        why_not = _why_not_copy(case, nothing_held=nothing_held)
        return why_not or _why_not_send(case, nothing_held=nothing_held)
    if kind in ON_THE_CLOCK and is_asked_by_stranger(case):
        return STRANGER
    if kind is CaseKind.ERASURE and not is_kept_by_hold(case):
        return _why_not_erase(case)
    return ""


def _why_not_erase(case: Case) -> str:
    """Anybody may have typed the address: nothing is deleted at their word alone."""
    if was_typed(case.submission) and not was_checked(case):
        return UNSHOWN_TO_ERASE
    return erasure_plan.why_not(case)


def why_not_name_outside(case: Case) -> str:
    """What stands against naming the person to a system outside by machine, which does
    at once what it is asked; empty when nothing does."""
    if case.kind != CaseKind.ERASURE:
        return PERHAPS_ANOTHER if goes_to_typed_street(case) else ""
    if is_kept_by_hold(case):
        return "A legal hold keeps this person’s data (UK GDPR, Article 17(3)(e))."
    if is_asked_by_stranger(case):
        return "Somebody else asks this for the person, and nothing here shows that they may."
    return _why_not_erase(case)


def why_not_give_part(case: Case) -> str:
    """The same for a part of it, which the software does not do by itself."""
    if why_not := why_not_give(case):
        return why_not
    restricted = is_restricted(case.submission.data_subject_id)
    if case.kind == CaseKind.RESTRICTION and not restricted:
        return RESTRICT_FIRST
    return weighing.why_not_stop(case) if case.kind == CaseKind.OBJECTION else ""


def why_not_act(case: Case) -> str:
    """Whether nobody has shown yet that the person wants their data changed: anybody may
    have typed the address, or write for somebody else."""
    if was_typed(case.submission) and not was_checked(case):
        return UNSHOWN
    if is_asked_by_stranger(case):
        return STRANGER
    return ""


def is_kept_by_hold(case: Case) -> bool:
    """Whether it asks to delete what a legal hold keeps."""
    is_erasure = case.kind == CaseKind.ERASURE
    return is_erasure and holds.is_held(case.submission.data_subject_id)


def _has_systems_to_ask(case: Case) -> bool:
    """A worker sets the tasks within seconds; nothing is given before."""
    return (
        case.kind in ON_THE_CLOCK
        and case.systems_asked_at is None
        and OutsideSystem.objects.searched().exists()
    )


def _why_not_copy(case: Case, *, nothing_held: bool) -> str:
    if not case.searches.all():
        return (
            "Record first where you looked, and why that was enough (UK GDPR, Article "
            "15(1A))."
        )
    if why_not := why_not_to_them(case):
        return why_not
    if nothing_held:
        return _why_something_is_held(case)
    if not answers_of(case):
        return "Upload what the person gets, or say that we hold nothing."
    return (
        why_not_all_of_it(case)
        or freshness.why_not_hand_over(case)
        or releasing.why_not_hand_over_files(case)
    )


def _why_not_send(case: Case, *, nothing_held: bool) -> str:
    """What stands against sending the file to another organisation with the answer. It
    does not go to the mailbox that asked, so it leaves at nobody’s word alone."""
    if nothing_held:
        return ""
    is_there = freshness.newest_package(case) is not None
    if why_not := transmissions.why_not_answer(case, is_put_together=is_there):
        return why_not
    return why_not_act(case) if transmissions.is_to_leave(case) else ""


def _why_something_is_held(case: Case) -> str:
    """What on record contradicts that we hold nothing; empty when nothing does. A search
    that found what is not the person’s is recorded once more: the newest of each system
    counts."""
    if answers_of(case) or withholdings(case).exists():
        return "Something is held: it was uploaded here, or is left out for a reason."
    newest = {
        search.system.casefold(): search
        for search in sorted(case.searches.all(), key=lambda search: search.pk)
    }
    for search in newest.values():
        if search.hits_count:
            return (
                f"Something is held: the search of “{search.system}” found something. "
                "Where that is not this person’s, record the search again without it."
            )
    return ""


def why_not_close(case: Case, besides: Decision | None = None) -> str:
    """What must be settled before any end of ours; besides: the proposal to end it."""
    if why_not := why_not_beside(case, besides, WAITS):
        return why_not
    return corrections.why_not_close(case) or why_untold(case)


def why_untold(case: Case) -> str:
    """Whether somebody still has something to do for it, or has yet to hear of it."""
    if any(task.done_at is None for task in case.tasks.all()):
        return "A task of this case is still open: finish it first."
    return recipients.why_not_close(case)


def why_not_beside(case: Case, besides: Decision | None, waits: str) -> str:
    """What another proposal has against this step; waits: when it was not released."""
    pending = next(iter(pending_decisions(case, besides)), None)
    if pending is None:
        return ""
    return waits if pending.released_at is None else being_done(pending)


def being_done(released: Decision) -> str:
    """What a released proposal still waits for."""
    return ON_ITS_WAY if released.move == Move.EXTEND else BEING_ERASED


def pending_decisions(case: Case, besides: Decision | None = None) -> list[Decision]:
    """The proposals that wait, but for the one that is being carried out."""
    return [
        decision
        for decision in case.decisions.all()
        if decision.settled_at is None and decision != besides
    ]


def mark_used(decision: Decision | None, number: int | None) -> None:
    """The move in the log that came of a decision."""
    if decision is not None:
        decision.move_number = number
        decision.save(update_fields=["move_number"])


# --- By the person ---


@transaction.atomic
def withdraw(
    case_id: uuid.UUID, *, now: datetime, staff_id: int | None = None
) -> Letter:
    """The person no longer wants it; staff_id: who took that down, if somebody did."""
    case = casebook.locked(case_id)
    refuse(why_not_withdraw(case))
    entry = casebook.make(case, Move.WITHDRAW, now=now, staff_id=staff_id)
    end_open_work(case, now=now, staff_id=staff_id)
    return writing.write(
        case,
        LetterKind.WITHDRAWAL_RECORDED,
        now=now,
        staff_id=staff_id,
        move_number=entry.number,
        came_on=timezone.localdate(now),
        next_step=setting_aside.over_by_withdrawal(case),
        **erasure_report.fields_of_withdrawal(case),
    )


def why_not_withdraw(case: Case) -> str:
    """What is deleted cannot be brought back; what is not deleted yet stays."""
    is_erasure = case.is_open and case.kind == CaseKind.ERASURE
    if is_erasure and erasure_plan.is_all_gone(case):
        return "The data is deleted already: it is too late to take this back."
    return ""


@transaction.atomic
def narrow(
    case_id: uuid.UUID, *, words: str, now: datetime, staff_id: int | None = None
) -> Letter:
    """The person asks for less; the clock takes no notice."""
    case = casebook.locked(case_id)
    said = words.strip()
    if not said:
        raise NotAllowed("Say what you want instead.")
    refuse(why_not_withdraw(case))
    casebook.make(
        case,
        Move.NARROW,
        now=now,
        staff_id=staff_id,
        inputs={"details": casebook.digest_of(said)},
        details=said,
    )
    _hold_back_outside(case)
    sensitive.look_through(case.submission, said, now=now)
    return writing.write(
        case,
        LetterKind.NARROWED,
        now=now,
        staff_id=staff_id,
        came_on=timezone.localdate(now),
        outcome=said,
    )


def _hold_back_outside(case: Case) -> None:
    """What was let go as it was asked first waits for a second person once more."""
    SystemCall.objects.filter(
        task__case=case,
        request_type=RequestType.ERASURE,
        state=SystemCall.State.WAITING,
        leaving_at=None,  # else it is told to stop (recalling)
    ).update(state=SystemCall.State.HELD, next_at=None, released_by_id=None)


# --- What ends with a case ---


def end_open_work(
    case: Case,
    *,
    now: datetime,
    staff_id: int | None,
    besides: Decision | None = None,
) -> None:
    """Proposals that wait are taken back, checks closed and their copies removed; so is
    a copy of what is held that nobody was given. One that goes with the answer is the
    person’s from now on."""
    for decision in pending_decisions(case, besides):
        settle_as_taken_back(decision, now=now)
    close_checks(case, staff_id=staff_id, now=now)
    corrections.end_open(case, now=now)
    if case.state in GIVEN and case.kind in COPIES:
        releasing.hand_over(case, now=now, staff_id=staff_id)
    transmissions.end_unsent(case, now=now)
    if case.state not in GIVEN:
        put_together = case.documents.filter(package__isnull=False, removed_at=None)
        for document in put_together:
            remove_document(document, staff_id=staff_id, now=now)


def settle_as_taken_back(decision: Decision, *, now: datetime) -> None:
    """It is meant no longer; nor is its letter, while that lies here to be posted."""
    decision.outcome, decision.settled_at = Decision.Outcome.TAKEN_BACK, now
    decision.save(update_fields=["outcome", "settled_at"])
    erasure_plan.end(decision, now=now)
    if is_unposted(decision.letter):
        case = decision.case_id
        unposted = Letter.objects.filter(case=case, decisions=decision)
        unposted.update(sent_at=None, settled_at=now)


def is_unposted(letter: Letter | None) -> bool:
    """A letter by post that nobody has posted yet."""
    if letter is None or letter.by != Letter.By.POST:
        return False
    return letter.posted_on is None and letter.sent_at is not None


def close_checks(case: Case, *, staff_id: int | None, now: datetime) -> None:
    """Nobody waits for a proof any more."""
    for check in case.checks.filter(closed_at__isnull=True):
        close_check(check, IdentityCheck.Outcome.WAIVED, staff_id=staff_id, now=now)


def close_check(
    check: IdentityCheck,
    outcome: IdentityCheck.Outcome,
    *,
    staff_id: int | None,
    now: datetime,
) -> None:
    """End a check of identity: no copy of a proof is kept longer than it."""
    check.outcome, check.closed_at = outcome, now
    check.save(update_fields=["outcome", "closed_at"])
    proofs = CaseDocument.objects.filter(
        case=check.case_id, purpose=Purpose.IDENTITY, removed_at__isnull=True
    )
    for document in proofs:
        remove_document(document, staff_id=staff_id, now=now)
