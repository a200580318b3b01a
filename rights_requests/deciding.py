"""What binds the person takes two: one proposes, another one releases.

An extension, a fee, a refusal in whole or part, a lapse, a withholding, and the answer
to a request for erasure. The law's own limits are asked here, so that none of them can
be recorded against it: the extension in time and once, a fee or a refusal and never
both, a ground that the law knows, reasons in words.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from groundwork.periods import civil_day, end_of
from groundwork.refusals import NotAllowed, refuse
from outbox import outcomes
from outbox.models import State as MailState
from rights_requests import (
    casebook,
    clock,
    correcting,
    grounds,
    letters,
    setting_aside,
    weighing,
    writing,
)
from rights_requests.clock import Clocks
from rights_requests.closing import (
    Answer,
    answer_and_close,
    answer_fields,
    end_open_work,
    given_fields,
    grounds_told,
    is_kept_by_hold,
    is_unposted,
    letter_of_answer,
    mark_used,
    settle_as_taken_back,
    why_not_beside,
    why_not_close,
    why_not_fulfil,
    why_not_give_part,
    with_left_out_of_copy,
)
from rights_requests.correcting import Correction, Receipt
from rights_requests.counting import Extension, Kind
from rights_requests.fulfilment import (
    corrections,
    erasure_plan,
    erasure_report,
    outside,
    transmissions,
)
from rights_requests.grounds import Ground
from rights_requests.handling import ANSWER_WITHIN
from rights_requests.kinds import CaseKind
from rights_requests.letter_fields import Matter
from rights_requests.letter_frames import LetterKind
from rights_requests.letter_reasons import reasons_problem
from rights_requests.limits import besides_a_refusal
from rights_requests.models import Case, Decision, Event, Letter
from rights_requests.moves import Move, State, needs_second_person
from rights_requests.whose_answer import (
    HOLDS_EVERYTHING,
    STRANGER,
    holds_everything,
    is_asked_by_stranger,
    is_known_to_staff_alone,
)

Outcome = Decision.Outcome
UNKNOWN = MailState.UNKNOWN
WAITS_ALREADY = (
    "A proposal waits already: it is released, sent back or taken back first."
)
LETTERS: Mapping[Move, LetterKind] = {
    Move.EXTEND: LetterKind.EXTENSION,
    Move.ASK_FEE: LetterKind.ASK_FEE,
    Move.REFUSE: LetterKind.REFUSAL,
    Move.FULFIL_IN_PART: LetterKind.REFUSAL_IN_PART,
    Move.LAPSE: LetterKind.LAPSED,
}
# What a person has a right to is not decided at the word of somebody else.
DECIDES = frozenset({Move.REFUSE, Move.FULFIL_IN_PART})
WHOEVER_ASKS = (
    "Until then the choice holds only what can be said of a request whoever makes it."
)
OR_OUTSIDE = (
    "If it is in a system outside that was not searched, record that first (Search)."
)
ENDS = frozenset({Move.REFUSE, Move.FULFIL_IN_PART, Move.LAPSE})


@dataclass(frozen=True)
class Proposal:
    """What is proposed. reasons: for the person. evidence: what bears it out, for us.
    amount, breakdown, how_to_pay: of a fee. outcome: what is done; left_out: what is
    not. keeps: single places that a deletion leaves alone. received_at, dated_on,
    channel: of a receipt that is put right, as the log writes them. edits: parts of the
    letter that were written anew."""

    move: Move
    ground: str = ""
    reasons: str = ""
    evidence: str = ""
    amount: str = ""
    breakdown: tuple[str, ...] = ()
    how_to_pay: str = ""
    outcome: str = ""
    left_out: str = ""
    nothing_held: bool = False
    keeps: tuple[erasure_plan.Keep, ...] = ()
    received_at: str = ""
    dated_on: str = ""
    channel: str = ""
    edits: Mapping[str, str] = field(default_factory=dict)


# --- Proposing ---


@transaction.atomic
def propose(
    case_id: uuid.UUID, proposal: Proposal, *, staff_id: int, now: datetime
) -> Decision:
    """Keep it for a second person. Raises NotAllowed for what the law would not accept,
    and for a letter that may not leave as it is."""
    case = casebook.locked(case_id)
    refuse(why_not_propose(case, proposal.move, now=now))
    _refuse_unless_sound(case, proposal)
    decision = Decision(
        case=case,
        move=proposal.move,
        ground=proposal.ground,
        reasons=proposal.reasons.strip(),
        evidence=proposal.evidence.strip(),
        inputs=_kept(proposal),
        proposed_by_id=staff_id,
        proposed_at=now,
        seen_entry_id=casebook.newest_entry_id(case),
    )
    preview(decision, now=now)  # it must be possible to write it
    decision.save(force_insert=True)
    if _erases(decision, proposal):
        erasure_plan.make(decision)
    casebook.note(
        case,
        Event.PROPOSED,
        staff_id=staff_id,
        inputs={"decision": decision.pk, **_on_record(decision)},
    )
    return decision


def _erases(decision: Decision, proposal: Proposal) -> bool:
    return erasure_plan.is_needed(
        decision.case, proposal.move, nothing_held=proposal.nothing_held
    )


def _kept(proposal: Proposal) -> dict[str, Any]:
    kept = asdict(proposal)
    for name in ("move", "ground", "reasons", "evidence"):
        kept.pop(name)
    keeps = [asdict(keep) for keep in proposal.keeps]
    return {**kept, "breakdown": list(proposal.breakdown), "keeps": keeps}


def proposal_of(decision: Decision) -> Proposal:
    """The proposal as it was made."""
    kept = dict(decision.inputs)
    kept["breakdown"] = tuple(kept["breakdown"])
    kept["keeps"] = erasure_plan.keeps_in(decision.inputs)
    return Proposal(
        move=Move(decision.move),
        ground=decision.ground,
        reasons=decision.reasons,
        evidence=decision.evidence,
        **kept,
    )


def to_propose_anew(case: Case, move: Move | None) -> Decision | None:
    """The newest proposal of a case, where it was of this move and was sent back or
    taken back."""
    newest = case.decisions.order_by("-pk").first()
    if newest is None or newest.move != move:
        return None
    again = (Outcome.SENT_BACK, Outcome.TAKEN_BACK)
    return newest if newest.outcome in again else None


def _on_record(decision: Decision) -> dict[str, Any]:
    """The inputs of the decision as the ledger may know them."""
    return {
        "move": str(decision.move),
        "ground": decision.ground,
        "reasons": casebook.digest_of(decision.reasons),
        "evidence": casebook.digest_of(decision.evidence),
        "amount": decision.inputs.get("amount", ""),
        **({"keeps": keeps} if (keeps := decision.inputs.get("keeps")) else {}),
    }


def why_not_propose(
    case: Case, move: Move, *, now: datetime, besides: Decision | None = None
) -> str:
    """What stands against such a move now, in words; empty when nothing does. The same
    words stand beside the greyed button and in the refusal.

    besides: the proposal that is about to be released, which is not in its own way.
    """
    if why_not := casebook.why_not(case, move):
        return why_not
    if not needs_second_person(CaseKind(case.kind), move):
        return "This needs no second person."
    if why_not := why_not_beside(case, besides, WAITS_ALREADY):
        return why_not
    return _why_not_by_its_rule(case, move, now=now, besides=besides)


def _why_not_by_its_rule(
    case: Case, move: Move, *, now: datetime, besides: Decision | None
) -> str:
    if move is Move.EXTEND:
        return why_not_extend(case, now=now)
    if move is Move.ASK_FEE:
        return _why_not_ask_fee(case, now=now)
    if move is Move.FULFIL:
        return why_not_fulfil(case, besides=besides)
    if move not in ENDS:
        return ""
    found = _why_not_lapse(case, now=now) if move is Move.LAPSE else ""
    found = found or why_not_close(case, besides) or _why_not_untrue(case, move)
    return found or (why_not_give_part(case) if move is Move.FULFIL_IN_PART else "")


def _why_not_untrue(case: Case, move: Move) -> str:
    """Nobody reads that nothing was deleted where something was."""
    if move is Move.FULFIL_IN_PART or not erasure_plan.went(case).exists():
        return ""
    return (
        "A part was deleted before the deletion was stopped: answer in part, so that the "
        "letter says what went."
    )


def why_not_extend(case: Case, *, now: datetime) -> str:
    """Once, and only while the first month runs (Art. 12A(3) and (4))."""
    story = clock.story_of(casebook.entries_of(case))
    if story.extensions:
        return "It was extended once, and the law allows no second time."
    last_day = _last_day_of_notice(case, now=now)
    if last_day is not None and now >= end_of(last_day):
        return (
            f"Too late: the person had to be told by the end of "
            f"{last_day:%A} {last_day.day} {last_day:%B %Y} (UK GDPR, Article 12A(4))."
        )
    return ""


def _why_not_ask_fee(case: Case, *, now: datetime) -> str:
    """Once for each case, and while its time runs: each fee begins the month anew. One
    that was taken back stays so, since the person was told; one whose letter was lost
    was never asked."""
    entries = casebook.entries_of(case)
    was_waived = any(entry.event == Move.WAIVE_FEE for entry in entries)
    asks = clock.story_of(entries).asks
    if was_waived or any(ask.kind is Kind.FEE for ask in asks):
        return (
            "A fee was asked for once in this case: the law knows one, and another would "
            "begin the month anew (UK GDPR, Articles 12(5) and 12A(2)(c))."
        )
    return casebook.why_not_ask(case, Move.ASK_FEE, now=now)


def _last_day_of_notice(case: Case, *, now: datetime) -> date | None:
    statute = casebook.clocks_of(case, now=now).statute
    return statute.notice_by if statute else None


def _why_not_lapse(case: Case, *, now: datetime) -> str:
    """Nobody is closed out whom the question did not reach, nor before the day that it,
    or a reminder, named; by post, before as many days since the posting."""
    asked = _letters_that_asked(case)
    if any(is_unposted(letter) for letter in asked):
        return "Our question was never posted: post it, or take it back."
    if any(outcomes.state_of(letter.mail_id) == UNKNOWN for letter in asked):
        return (
            "Nobody knows whether our question reached the person: settle it under “Mail "
            "out” first."
        )
    days = [letter.posted_on or civil_day(letter.written_at) for letter in asked]
    until = max([_asked_on(case), *days]) + ANSWER_WITHIN
    if timezone.localdate(now) <= until:
        return (
            f"The person has until {until:%A} {until.day} {until:%B %Y} to answer, as "
            "our letter says."
        )
    return ""


def _letters_that_asked(case: Case) -> list[Letter]:
    """The question that the case waits for, and what reminded of it."""
    entries = casebook.entries_of(case)
    asks = [entry for entry in entries if entry.event in clock.ASKS]
    question = case.letters.filter(move_number=asks[-1].number) if asks else None
    first = question.order_by("-pk").first() if question is not None else None
    if first is None:
        return []
    reminders = case.letters.filter(kind=LetterKind.REMINDER_IDENTITY, pk__gt=first.pk)
    return [first, *reminders]


def _asked_on(case: Case) -> date:
    """The day of the question that the case waits for."""
    asked_on = clock.asked_on(casebook.entries_of(case), *clock.ASKS)
    if asked_on is None:
        raise ValueError("The case waits, and was asked nothing.")
    return asked_on


def _refuse_unless_sound(case: Case, proposal: Proposal) -> None:
    move = proposal.move
    refuse(_why_not_at_their_word(case, proposal))
    if move is Move.FULFIL:
        refuse(_why_not_nothing(case, proposal))
        return
    if move is Move.RECEIVED_LATER:
        refuse(_receipt_problem(case, proposal))
        return
    ground = _ground_of(case, proposal)
    if move is Move.WITHHOLD:
        refuse(_withholding_problem(ground, proposal))
        return
    refuse(reasons_problem(LETTERS[move], proposal.reasons))
    refuse(_why_not_both(case, proposal) or _why_not_go_on(case, proposal))
    if move is Move.ASK_FEE:
        refuse(_fee_problem(case, proposal))
    if move is Move.FULFIL_IN_PART:
        refuse(_part_problem(case, proposal))


def _why_not_at_their_word(case: Case, proposal: Proposal) -> str:
    """A deletion cannot be brought back: whoever approves it reads how we know who asks.
    No more is asked of the person than that takes (Art. 12(6))."""
    is_deletion = erasure_plan.is_needed(
        case, proposal.move, nothing_held=proposal.nothing_held
    )
    is_said = bool(proposal.evidence.strip())
    if not is_deletion or is_said or not is_known_to_staff_alone(case):
        return ""
    return (
        "Say how you know that it is this person who asks: nothing on record shows it, "
        "and what is deleted cannot be brought back. If you have reasonable doubts, ask "
        "for what shows it (UK GDPR, Article 12(6))."
    )


def _why_not_nothing(case: Case, proposal: Proposal) -> str:
    """Nobody says that nothing is held where something is, and it would stay."""
    if case.kind != CaseKind.ERASURE or not proposal.nothing_held:
        return ""
    if erasure_plan.went(case).exists():
        return (
            "Something was held, and deleted before the deletion was stopped: propose "
            "the answer without saying that nothing is held."
        )
    return erasure_plan.why_something_is_held(case)


def later_receipt(correction: Correction) -> Proposal:
    """To put right a receipt by a later one."""
    receipt = correction.receipt
    return Proposal(
        move=Move.RECEIVED_LATER,
        reasons=correction.reason,
        evidence=correction.evidence,
        received_at=clock.written(receipt.received_at),
        dated_on=clock.written(receipt.dated_on),
        channel=receipt.channel,
    )


def correction_of(proposal: Proposal) -> Correction:
    """The receipt that is proposed. Raises ValueError for what is none."""
    receipt = Receipt(
        received_at=datetime.fromisoformat(proposal.received_at),
        dated_on=date.fromisoformat(proposal.dated_on),
        channel=proposal.channel,
    )
    return Correction(receipt, proposal.reasons, proposal.evidence)


def _receipt_problem(case: Case, proposal: Proposal) -> str:
    correction = correction_of(proposal)
    if correcting.move_of(case, correction.receipt) is not Move.RECEIVED_LATER:
        return "Nothing of it is later: put it right without a second person."
    return correcting.problem(case, correction)


def _ground_of(case: Case, proposal: Proposal) -> Ground:
    """Raises NotAllowed where the law knows no such ground, where we have to show it and
    do not, and where the right itself would be decided at the word of a stranger."""
    move = proposal.move
    ground = grounds.find(case.kind, move, proposal.ground)
    if ground is None:
        raise NotAllowed("Choose the ground: the law knows no other for this.")
    if ground not in grounds_open(case, move):
        raise NotAllowed(STRANGER)
    if ground.needs_evidence and not proposal.evidence.strip():
        raise NotAllowed(
            f"“{ground.label}” must be shown by us ({ground.article}): say what shows it."
        )
    return ground


def grounds_open(case: Case, move: Move) -> list[Ground]:
    """The grounds on which such a move can be proposed now: at the word of somebody who
    has shown nothing, those alone that say nothing of the person’s right."""
    known = grounds.for_case(case.kind, move)
    if move not in DECIDES or not is_asked_by_stranger(case):
        return known
    return [ground for ground in known if ground.key in grounds.NOT_ON_MERITS]


def why_not_on_merits(case: Case) -> str:
    """Why the person’s right itself is not decided now; empty when it can be."""
    return f"{STRANGER} {WHOEVER_ASKS}" if is_asked_by_stranger(case) else ""


def _withholding_problem(ground: Ground, proposal: Proposal) -> str:
    """The person reads why something is left out, unless the law keeps it from them."""
    if not ground.told:
        is_said = bool(proposal.reasons.strip())
        return "" if is_said else "Say what is withheld, and why."
    return reasons_problem(LetterKind.ANSWER_WITH_WITHHOLDING, proposal.reasons)


def _part_problem(case: Case, proposal: Proposal) -> str:
    """Both parts are named; so is what a legal hold keeps, with its ground."""
    if not (proposal.outcome.strip() and proposal.left_out.strip()):
        return "Say what the person gets, and what is left out."
    if holds_everything(case) and not outside.is_missing_from_copy(case):
        return f"{HOLDS_EVERYTHING} {OR_OUTSIDE}"
    if is_kept_by_hold(case) and proposal.ground != grounds.LEGAL_CLAIMS.key:
        return (
            "A legal hold keeps a part of it: choose the legal claim as the ground, and "
            "say what is kept for it (UK GDPR, Article 17(3)(e))."
        )
    if case.kind != CaseKind.ERASURE:
        return "Only a deletion leaves places alone." if proposal.keeps else ""
    return erasure_plan.why_not_keep(case, proposal.keeps, today=timezone.localdate())


def _why_not_both(case: Case, proposal: Proposal) -> str:
    """A fee or a refusal on Article 12(5), one or the other."""
    if proposal.ground not in grounds.EITHER_FEE_OR_REFUSAL:
        return ""
    charged = any(ask.kind is Kind.FEE for ask in _story(case).asks)
    if proposal.move in (Move.REFUSE, Move.FULFIL_IN_PART) and charged:
        return (
            "A fee was asked for on this ground: the law allows a fee or a refusal, not "
            "both (UK GDPR, Article 12(5))."
        )
    return ""


def _why_not_go_on(case: Case, proposal: Proposal) -> str:
    """Grounds of ours that weigh more were weighed before."""
    if proposal.move is not Move.REFUSE:
        return ""
    return weighing.why_not_go_on(case, proposal.ground)


def _story(case: Case) -> clock.Story:
    return clock.story_of(casebook.entries_of(case))


# A comma stands between thousands alone: in “12,50” it would make 1,250 of twelve.
POUNDS = re.compile(r"£?\s*((?:\d{1,3}(?:,\d{3})+|\d{1,7})(?:\.\d{1,2})?)", re.ASCII)


def amount_of(proposal: Proposal) -> Decimal | None:
    """The fee in pounds; None for what is no amount."""
    found = POUNDS.fullmatch(proposal.amount.strip())
    if found is None:
        return None
    amount = Decimal(found[1].replace(",", ""))
    return amount if 0 < amount < 1_000_000 else None


def _fee_problem(case: Case, proposal: Proposal) -> str:
    if amount_of(proposal) is None:
        return "Enter the fee in pounds, such as 12.50."
    if not any(line.strip() for line in proposal.breakdown):
        return "Say what the fee is made of: only what it costs us may be charged."
    if not proposal.how_to_pay.strip():
        return "Say how the fee can be paid."
    if proposal.ground == grounds.FURTHER_COPY.key and not copies_given(case):
        return (
            "The first copy is free (UK GDPR, Article 15(3)), and this person has had "
            "none yet."
        )
    return ""


def copies_given(case: Case) -> int:
    """How many copies of their data this person has had from us before. The answer that
    we hold nothing was none."""
    others = Case.objects.filter(
        submission__data_subject=case.submission.data_subject_id,
        kind=CaseKind.ACCESS,
        state__in=[State.FULFILLED, State.PARTLY_FULFILLED],
    )
    nothing = Letter.objects.filter(
        kind=LetterKind.NOTHING_HELD,
        case=OuterRef("pk"),
        move_number=OuterRef("moves_count"),
    )
    return others.exclude(pk=case.pk).exclude(Exists(nothing)).count()


# --- The letter that it would be ---


def preview(decision: Decision, *, now: datetime) -> letters.Letter | None:
    """The letter as it would leave now; None for a withholding, which the person is
    not told of by itself."""
    case, proposal = decision.case, proposal_of(decision)
    if proposal.move is Move.WITHHOLD:
        return None
    if proposal.move is Move.RECEIVED_LATER:
        return correcting.preview(case, correction_of(proposal), now=now)
    kind = LETTERS.get(proposal.move) or letter_of_answer(
        case, nothing_held=proposal.nothing_held
    )
    told = _fields(case, proposal, now) | erasure_report.fields_of(
        decision, proposal.move, proposal.nothing_held
    )
    return letters.render(
        kind, writing.fields_of([case], now=now, **told), proposal.edits
    )


def _fields(case: Case, proposal: Proposal, now: datetime) -> dict[str, Any]:
    if proposal.move is Move.FULFIL:
        return answer_fields(case, _answer(proposal))
    ground = grounds.find(case.kind, proposal.move, proposal.ground)
    found: dict[str, Any] = {
        "reasons": proposal.reasons,
        "ground": f"{ground.told} ({ground.article})" if ground else "",
        "outcome": corrections.in_letter(case, _done(case, proposal)),
        "left_out": proposal.left_out,
        "amount": amount_of(proposal),
        "breakdown": proposal.breakdown,
        "next_step": proposal.how_to_pay,
    }
    if case.kind == CaseKind.OBJECTION and proposal.move in ENDS:
        found |= _weighed_fields(case, proposal)
    if proposal.move is Move.FULFIL_IN_PART:
        found |= {
            "ground": grounds_told(case, proposal.ground),
            "left_out": _left_out(case, proposal),
            **given_fields(case),
        }
    if proposal.move is Move.REFUSE and proposal.ground != grounds.LEGAL_CLAIMS.key:
        found["limits"] = _besides(case)
    if proposal.move is Move.EXTEND:
        found |= _extended(case, now)
    if proposal.move is Move.LAPSE:
        found["asked_on"] = _asked_on(case)
    if proposal.move is Move.ASK_FEE:
        found["answer_by"] = timezone.localdate(now) + ANSWER_WITHIN
    return found


def _besides(case: Case) -> tuple[str, ...]:
    """What a legal hold keeps, whatever else the refusal rests on."""
    kind = CaseKind(case.kind)
    return tuple(one.sentence for one in besides_a_refusal(case.submission, kind))


def _done(case: Case, proposal: Proposal) -> str:
    """What was done, with what becomes of a file that goes to somebody else, and what a
    restriction binds until when (Art. 18(3))."""
    if proposal.move is not Move.FULFIL_IN_PART:
        return proposal.outcome
    parts = [
        transmissions.in_letter(case),
        proposal.outcome,
        setting_aside.in_letter_in_part(case),
        outside.done_in_letter(case),
    ]
    return "\n\n".join(filter(None, parts))


def _left_out(case: Case, proposal: Proposal) -> str:
    """What is not done or given, with what is left as it was outside."""
    parts = [proposal.left_out, outside.left_in_letter(case)]
    return with_left_out_of_copy(case, "\n\n".join(filter(None, parts)))


def _weighed_fields(case: Case, proposal: Proposal) -> dict[str, str]:
    """What stops where a part does, and that the data is no longer set aside."""
    if proposal.move is Move.FULFIL_IN_PART:
        parts = [weighing.in_letter(case), _done(case, proposal)]
        return {"outcome": "\n\n".join(filter(None, parts))}
    parts = [proposal.reasons, weighing.over(case)]
    return {"reasons": "\n\n".join(filter(None, parts))}


def _extended(case: Case, now: datetime) -> dict[str, Any]:
    """The dates as they will be once the person is told."""
    story = _story(case)
    longer = replace(story, extensions=(*story.extensions, Extension(now)))
    clocks: Clocks = clock.count(case, longer, now=now)
    statute = clocks.statute
    matter = Matter(
        reference=case.reference,
        kind=CaseKind(case.kind),
        due_on=statute.due_on if statute else None,
        steps=tuple(step.sentence for step in clocks.steps),
    )
    return {
        "matters": (matter,),
        "notice_by": statute.notice_by if statute else None,
    }


def _answer(proposal: Proposal) -> Answer:
    return Answer(
        outcome=proposal.outcome,
        nothing_held=proposal.nothing_held,
        edits=proposal.edits,
    )


# --- The second person ---


def _locked(decision_id: int) -> tuple[Case, Decision]:
    """Cases come before what belongs to them, and people before their cases."""
    case_id = Decision.objects.values_list("case", flat=True).get(pk=decision_id)
    case = casebook.locked_with_person(case_id)
    decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision_id)
    decision.case = case
    return case, decision


def why_not_release(decision: Decision, *, staff_id: int) -> str:
    if decision.settled_at is not None or decision.released_at is not None:
        return "This proposal was dealt with already."
    if decision.proposed_by_id == staff_id:
        return "You proposed it: somebody else has to release it."
    return ""


@transaction.atomic
def release(
    decision_id: int,
    *,
    seen_entry_id: int,
    staff_id: int,
    now: datetime,
    code: str = "",
) -> Decision:
    """Let it take effect: the letter leaves, and the move is made. What erases something
    is approved by the code at the end of its preview and carried out by a worker first
    (fulfilment.erasing).

    seen_entry_id: the newest entry of the log that the page showed; raises NotAllowed
    when something has happened since, as for everything that propose() refuses. An
    extension is made only once its letter was handed over in time (letters_gone).
    """
    case, decision = _locked(decision_id)
    refuse(why_not_release(decision, staff_id=staff_id))
    if casebook.newest_entry_id(case) != seen_entry_id:
        raise NotAllowed(
            "Something has happened in this case since you opened the page. Look at it "
            "again, then decide."
        )
    proposal = proposal_of(decision)
    refuse(why_not_propose(case, proposal.move, now=now, besides=decision))
    _refuse_unless_sound(case, proposal)
    plan = erasure_plan.of(decision)
    if plan is not None:
        erasure_plan.approve(plan, code=code)
    elif _erases(decision, proposal):
        raise NotAllowed(
            "The legal hold under which this was proposed has ended, so there is more to "
            "delete than was seen: send it back, and propose it anew."
        )
    decision.released_by_id, decision.released_at = staff_id, now
    if proposal.move is not Move.EXTEND and plan is None:
        decision.settled_at, decision.outcome = now, Outcome.RELEASED
    decision.save(
        update_fields=["released_by_id", "released_at", "settled_at", "outcome"]
    )
    casebook.note(
        case, Event.RELEASED, staff_id=staff_id, inputs={"decision": decision.pk}
    )
    if plan is None:
        _carry_out(case, decision, proposal, now)
    return decision


def close_after_erasure(decision: Decision, *, now: datetime) -> None:
    """All that was approved is done, and nothing is left: the person is told, and the
    case closes. The caller holds the case."""
    decision.settled_at, decision.outcome = now, Outcome.RELEASED
    decision.save(update_fields=["settled_at", "outcome"])
    _carry_out(decision.case, decision, proposal_of(decision), now)


def _carry_out(
    case: Case, decision: Decision, proposal: Proposal, now: datetime
) -> None:
    staff_id = decision.released_by_id or 0
    if proposal.move is Move.FULFIL:
        letter = answer_and_close(
            case,
            _answer(proposal),
            staff_id=staff_id,
            now=now,
            decision=decision,
            told=erasure_report.fields_of(
                decision, proposal.move, proposal.nothing_held
            ),
        )
        _keep_letter(decision, letter)
        return
    if proposal.move is Move.RECEIVED_LATER:
        correction = correction_of(proposal)
        correcting.carry_out(
            case, correction, staff_id=staff_id, now=now, decision=decision
        )
        return
    if proposal.move is Move.FULFIL_IN_PART and case.kind == CaseKind.OBJECTION:
        weighing.stop(case, staff_id=staff_id)
    rendered = preview(decision, now=now)
    row = writing.as_row(case, rendered, staff_id=staff_id) if rendered else None
    if proposal.move is not Move.EXTEND:
        entry = casebook.make(
            case,
            proposal.move,
            now=now,
            staff_id=staff_id,
            inputs={
                "at": clock.written(now),
                "by": str(writing.way_to(case.submission)),
                "decision": decision.pk,
                **_on_record(decision),
            },
        )
        mark_used(decision, entry.number)
        if proposal.move in ENDS:
            end_open_work(case, now=now, staff_id=staff_id, besides=decision)
        if row is not None:
            row.move_number = entry.number
    if row is not None:
        _keep_letter(decision, writing.hand_over(row, case, now=now))


def _keep_letter(decision: Decision, letter: Letter) -> None:
    decision.letter = letter
    decision.save(update_fields=["letter"])


@transaction.atomic
def send_back(
    decision_id: int, answer: str, *, staff_id: int, now: datetime
) -> Decision:
    """The second person does not agree, and says why."""
    case, decision = _locked(decision_id)
    refuse(why_not_release(decision, staff_id=staff_id))
    if not answer.strip():
        raise NotAllowed("Say why you send it back.")
    decision.answer, decision.outcome = answer.strip(), Outcome.SENT_BACK
    decision.settled_at = now
    decision.save(update_fields=["answer", "outcome", "settled_at"])
    erasure_plan.end(decision, now=now)
    return _noted(case, decision, Event.SENT_BACK, staff_id)


@transaction.atomic
def take_back(decision_id: int, *, staff_id: int, now: datetime) -> Decision:
    """Whoever proposed it no longer does, or a colleague in their place."""
    case, decision = _locked(decision_id)
    refuse(why_not_take_back(decision))
    settle_as_taken_back(decision, now=now)
    return _noted(case, decision, Event.TAKEN_BACK, staff_id)


def why_not_take_back(decision: Decision) -> str:
    """An extension can be taken back until its letter is posted: told too late, it would
    be none."""
    was_released = decision.released_at is not None
    if decision.settled_at is None and not was_released:
        return ""
    if decision.settled_at is None and is_unposted(decision.letter):
        return ""
    return "This proposal was dealt with already."


def _noted(case: Case, decision: Decision, event: Event, staff_id: int) -> Decision:
    casebook.note(case, event, staff_id=staff_id, inputs={"decision": decision.pk})
    return decision
