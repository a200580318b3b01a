"""What staff can do on a case: one small declaration for each act, and its verb.

An act says what the law says at that point, which form it has, which letter it writes,
and what stands against it now. The pages that carry it out stand in act_desk.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from groundwork.periods import end_of
from rights_requests import (
    case_forms,
    casebook,
    closing,
    complaining,
    correcting,
    deciding,
    handling,
    letters_gone,
    sensitive,
    visiting,
    weighing,
    who_asks,
)
from rights_requests.case_forms import ActForm
from rights_requests.case_steps import Facts
from rights_requests.closing import Answer, letter_of_answer
from rights_requests.correcting import Correction, Receipt
from rights_requests.deadline_words import in_words
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import (
    calling,
    corrections,
    rectifying,
    systems,
    telling,
    transmissions,
    transmitting,
)
from rights_requests.fulfilment.transmissions import Receiver
from rights_requests.handling import Errand, Question, Said, Searched
from rights_requests.kinds import ON_THE_CLOCK, CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import (
    Balancing,
    Case,
    Channel,
    Decision,
    IdentityCheck,
    Letter,
    Rectification,
    Task,
)
from rights_requests.moves import Move, State, needs_second_person, why_not
from rights_requests.weighing import Weighed
from rights_requests.writing import contacts_went

WORK = "rights_requests.work_case"
RELEASE = "rights_requests.release_case"


@dataclass(frozen=True)
class Doing:
    """Who does it, when, and the free parts of its letter as they were written."""

    staff_id: int
    now: datetime
    edits: Mapping[str, str] = field(default_factory=dict)


Do = Callable[[Any, dict[str, Any], Doing], Any]
WhyNot = Callable[[Case, Facts], str]


@dataclass(frozen=True)
class Act:
    """One thing that can be done on a case, or on a row of it (about).

    button: on the page of the case, and on the form unless press says otherwise. lead:
    what the law says here. do: the verb; a Decision that it returns is previewed by the
    letter it would be. move: asked for what stands against it. letter: whose free parts
    the form shows. writes: the letters are looked at before anything is done. said:
    afterwards. is_for: which cases have it at all. group: the heading under which its
    button stands; empty for no button on the page of the case. is_greyed: it stands
    there in grey while it cannot be done, as that of a move does. tab: where it leads
    back to. about: the model of the row that it is done on. note: what the form tells of this
    very case. preview_note: what the letter does not have yet when it is looked at.
    remark: what whoever did it has to know of what came of it.
    """

    name: str
    button: str
    lead: str
    said: str
    do: Do
    form: type[ActForm] = ActForm
    move: Move | None = None
    letter: Callable[[Case], LetterKind | None] = lambda case: None
    writes: bool = False
    why_not: WhyNot | None = None
    is_for: Callable[[Case], bool] = lambda case: True
    group: str = ""
    is_greyed: bool = False
    tab: str = ""
    permission: str = WORK
    about: str = "case"
    note: Callable[[Case, datetime], str] | None = None
    press: str = ""
    preview_note: str = ""
    remark: Callable[[Any], str] | None = None

    @property
    def proposes(self) -> bool:
        """Whether it is done for a second person to release."""
        return self.about == "case" and self.tab == "decisions"

    def stands_against(self, case: Case, facts: Facts) -> str:
        """Why it cannot be done now; empty when it can."""
        if not self.is_for(case):
            return f"There is no such step in a case about {_kind(case).label}."
        found = ""
        if self.move is not None:
            found = facts.why_not.get(self.move) or why_not(
                case.kind, case.state, self.move
            )
        if not found and self.why_not is not None:
            found = self.why_not(case, facts)
        return found

    def is_shown(self, case: Case, facts: Facts) -> bool:
        """A move that such a case can ever make always is, greyed or not, and what is said
        to be; everything else only while it can be done."""
        if not self.group or not self.is_for(case):
            return False
        if self.move is not None:
            return self.move in facts.why_not
        return self.is_greyed or not self.stands_against(case, facts)


def _kind(case: Case) -> CaseKind:
    return CaseKind(case.kind)


def _is_complaint(case: Case) -> bool:
    return case.is_complaint


def _takes_two(case: Case) -> bool:
    """Its answer is released by a second person."""
    return needs_second_person(_kind(case), Move.FULFIL)


def _takes_one(case: Case) -> bool:
    return not _takes_two(case)


def _writes(kind: LetterKind) -> Callable[[Case], LetterKind | None]:
    return lambda case: kind


# --- Sorting ---


def _release_held(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.release_held(case.submission_id, staff_id=by.staff_id, now=by.now)


def _why_not_release_held(case: Case, facts: Facts) -> str:
    return "" if facts.is_held else "It is in the queue already."


def _confirm(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.confirm(case.pk, staff_id=by.staff_id, now=by.now)


def _reclassify(case: Case, data: dict[str, Any], by: Doing) -> Any:
    kind = CaseKind(data["kind"])
    return handling.reclassify(case.pk, kind, staff_id=by.staff_id, now=by.now)


def _dismiss(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.dismiss(
        case.pk,
        reason=data["reason"],
        told=data.get("told", ""),
        edits=by.edits,
        staff_id=by.staff_id,
        now=by.now,
    )


def _no_request_letter(case: Case) -> LetterKind | None:
    return LetterKind.NO_REQUEST if case.has_acknowledgement() else None


def _reopen(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.reopen(
        case.pk, reason=data["reason"], staff_id=by.staff_id, now=by.now
    )


def _add_case(case: Case, data: dict[str, Any], by: Doing) -> Any:
    kind = CaseKind(data["kind"])
    return handling.add_case(case.submission_id, kind, staff_id=by.staff_id, now=by.now)


def _acknowledge(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.acknowledge(case.pk, staff_id=by.staff_id, now=by.now)


def _why_not_acknowledge(case: Case, facts: Facts) -> str:
    return facts.why_not_acknowledge


def _told_in_words(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return complaining.acknowledge_in_words(
        case.pk, at=data["at"], staff_id=by.staff_id, now=by.now
    )


def _link(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return complaining.link(case.pk, data["about"], staff_id=by.staff_id, now=by.now)


def _correct_receipt(case: Case, data: dict[str, Any], by: Doing) -> Any:
    """At once, or for a second person where it gives us time."""
    receipt = Receipt(data["received_at"], data["dated_on"], data["channel"])
    correction = Correction(receipt, data["reason"], data["evidence"])
    if correcting.move_of(case, receipt) is Move.RECEIVED_LATER:
        later = deciding.later_receipt(correction)
        return deciding.propose(case.pk, later, staff_id=by.staff_id, now=by.now)
    return correcting.correct(case.pk, correction, staff_id=by.staff_id, now=by.now)


def _correct_person(case: Case, data: dict[str, Any], by: Doing) -> Any:
    person = who_asks.Person(**{name: data[name] for name in who_asks.LABELS})
    return who_asks.correct_person(case.pk, person, staff_id=by.staff_id, now=by.now)


def _waits_for_second(result: Any) -> str:
    """Of a receipt that turned out to be a later one."""
    if not isinstance(result, Decision):
        return ""
    return (
        "It gives us more time, so nothing has changed yet: somebody else has to release "
        "it, under “Decisions”."
    )


SORTING = "Sort it"
SORT = (
    Act(
        "release-held",
        "Release it to the queue",
        "It came in a flood and waits apart; its clock has been running all along. What "
        "was asked at the same time is released with it, and the acknowledgement leaves.",
        "Released to the queue.",
        _release_held,
        writes=True,
        why_not=_why_not_release_held,
        group=SORTING,
    ),
    Act(
        "confirm",
        "Confirm it",
        "The message asks for this. Its clock began when it arrived. The person gets the "
        "acknowledgement, unless it has left already, with the date and how it came "
        "about; what takes effect at once is done and answered.",
        "Confirmed.",
        _confirm,
        move=Move.CONFIRM,
        writes=True,
        group=SORTING,
    ),
    Act(
        "reclassify",
        "It asks for something else…",
        "Say what the message asks for instead. The clock stays that of the receipt.",
        "Put right. Confirm it when it is what the message asks for.",
        _reclassify,
        case_forms.KindForm,
        move=Move.RECLASSIFY,
        group=SORTING,
    ),
    Act(
        "dismiss",
        "It is no request…",
        "The message asks for nothing of the kind. It is kept, and can be opened again; "
        "until then no clock governs it. Whoever was told that we have a request of "
        "theirs gets a letter with the reasons and every way to complain (UK GDPR, "
        "Article 12(4)).",
        "Put aside as no request.",
        _dismiss,
        case_forms.DismissForm,
        move=Move.DISMISS,
        letter=_no_request_letter,
        writes=True,
        group=SORTING,
    ),
    Act(
        "reopen",
        "Open it again…",
        "It was a request after all, or it was not the person who took it back. Its "
        "clock never stopped running.",
        "Opened again.",
        _reopen,
        case_forms.ReasonForm,
        move=Move.REOPEN,
        group=SORTING,
    ),
    Act(
        "add-case",
        "It asks for more…",
        "The same message asks for something else, too. That is a case of its own, whose "
        "clock began at the same receipt. Its acknowledgement leaves at once.",
        "Added as a case of its own.",
        _add_case,
        case_forms.AddForm,
        writes=True,
        group=SORTING,
        press="Add the case",
        preview_note="The reference and the link in it are given when you press “Add the "
        "case”: those that you see here only stand in their place.",
    ),
    Act(
        "acknowledge",
        "Acknowledge it",
        "Tell the person that we have it, by when an answer is due, and how that date "
        "came about.",
        "The acknowledgement is on its way.",
        _acknowledge,
        writes=True,
        why_not=_why_not_acknowledge,
        group=SORTING,
    ),
    Act(
        "told-in-words",
        "Acknowledged in words…",
        "The person was told on the telephone or in person that we have the complaint "
        "and look into it. That counts as well (Data Protection Act 2018, section "
        "164A(3)).",
        "On record: acknowledged.",
        _told_in_words,
        case_forms.CameForm,
        move=Move.ACKNOWLEDGE,
        group=SORTING,
    ),
    Act(
        "correct-receipt",
        "It came at another time…",
        "The time runs from the day on which we had it, whoever had it first in the "
        "house (UK GDPR, Article 12A(2)(a)). What was asked at the same time is put "
        "right with it, the days are counted anew, and whoever was told another day gets "
        "a letter. A later receipt gives us time: a second member of staff releases it.",
        "On record.",
        _correct_receipt,
        case_forms.ReceiptForm,
        move=Move.CORRECT_RECEIPT,
        writes=True,
        group=SORTING,
        remark=_waits_for_second,
    ),
    Act(
        "correct-person",
        "Correct name or address…",
        "What was mistyped when the message was entered is put right (UK GDPR, Article "
        "5(1)(d)), for everything that was entered with it. The log says which fields "
        "changed, and never what they said. A letter that lies here to be posted is "
        "taken back, and written anew.",
        "Put right.",
        _correct_person,
        case_forms.PersonForm,
        why_not=lambda case, facts: who_asks.why_not_correct(case),
        tab="who",
    ),
    Act(
        "link",
        "Say what it is about…",
        "A complaint can be about a request. The clock of neither takes notice of it.",
        "On record.",
        _link,
        case_forms.AboutForm,
        why_not=lambda case, facts: (
            "" if case.is_complaint else "Only a complaint is about another case."
        ),
        group=SORTING,
    ),
)


# --- Asking ---


def _question(data: dict[str, Any], by: Doing) -> Question:
    return Question(data["questions"], data["why"], by.edits)


def _ask_identity(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.ask_identity(
        case.pk,
        _question(data, by),
        doubt=data["doubt"],
        staff_id=by.staff_id,
        now=by.now,
    )


def _ask_clarification(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.ask_clarification(
        case.pk, _question(data, by), staff_id=by.staff_id, now=by.now
    )


def _ask_question(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.ask_question(
        case.pk, _question(data, by), staff_id=by.staff_id, now=by.now
    )


def _came(verb: Callable[..., Any]) -> Do:
    return lambda case, data, by: verb(
        case.pk, at=data["at"], staff_id=by.staff_id, now=by.now
    )


def _waive(verb: Callable[..., Any]) -> Do:
    return lambda case, data, by: verb(case.pk, staff_id=by.staff_id, now=by.now)


def _end_check(case: Case, data: dict[str, Any], by: Doing) -> Any:
    checks = case.checks.filter(closed_at=None).order_by("-asked_at")
    outcome = IdentityCheck.Outcome(data["outcome"])
    return handling.end_check(checks[0].pk, outcome, staff_id=by.staff_id, now=by.now)


def _why_not_end_check(case: Case, facts: Facts) -> str:
    if facts.check is None:
        return "No check of identity is open."
    if facts.check.received_at is None:
        return "Nothing has come yet: take the question back instead."
    return ""


def _why_not_remind(case: Case, facts: Facts) -> str:
    is_waiting = case.state == State.AWAITING_IDENTITY and facts.check is not None
    return "" if is_waiting else "Nothing is waited for: the case goes on."


ASKING = "Ask the person"
ASK = (
    Act(
        "ask-identity",
        "Ask who it is…",
        "Only on reasonable doubts, which stand on record, and only for what is "
        "necessary (UK GDPR, Article 12(6)). Somebody who confirmed the mailbox that we "
        "know needs no more. The month begins anew on the day on which it comes.",
        "The question is on its way. The clock waits.",
        _ask_identity,
        case_forms.IdentityForm,
        move=Move.ASK_IDENTITY,
        letter=_writes(LetterKind.ASK_IDENTITY),
        writes=True,
        group=ASKING,
    ),
    Act(
        "remind-identity",
        "Remind the person",
        "Ask once more for the same. The clock waits as before.",
        "The reminder is on its way.",
        _waive(handling.remind_of_identity),
        why_not=_why_not_remind,
        writes=True,
        group=ASKING,
    ),
    Act(
        "identity-came",
        "The proof came…",
        "What we asked for has come. The month begins on that day; looking at it takes "
        "from our own time (UK GDPR, Article 12A(2)(b)).",
        "On record. The clock runs from that day.",
        _came(handling.receive_identity),
        case_forms.CameForm,
        move=Move.RECEIVE_IDENTITY,
        writes=True,
        group=ASKING,
    ),
    Act(
        "waive-identity",
        "Ask no more who it is",
        "We no longer doubt who it is. The clock runs as if we had never asked.",
        "Taken back. The clock runs as if we had never asked.",
        _waive(handling.waive_identity),
        move=Move.WAIVE_IDENTITY,
        writes=True,
        group=ASKING,
    ),
    Act(
        "end-check",
        "End the check of identity…",
        "You have looked at the proof. Every copy of it is deleted with the check.",
        "The check is closed, and the proof is deleted.",
        _end_check,
        case_forms.CheckForm,
        why_not=_why_not_end_check,
        group=ASKING,
    ),
    Act(
        "ask-clarification",
        "Ask which data…",
        "About which data, not about format or delivery. It stops the clock for access "
        "only: the days from the question to the answer do not count (UK GDPR, Article "
        "12A(5) and (6)).",
        "The question is on its way. The clock stands still from the day on which it "
        "leaves, or is posted, until the answer.",
        _ask_clarification,
        case_forms.ClarificationForm,
        move=Move.ASK_CLARIFICATION,
        letter=_writes(LetterKind.ASK_CLARIFICATION),
        writes=True,
        group=ASKING,
    ),
    Act(
        "clarification-came",
        "The answer came…",
        "From the day after it, the days count again (UK GDPR, Article 12A(6)).",
        "On record. The days count again.",
        _came(handling.receive_clarification),
        case_forms.CameForm,
        move=Move.RECEIVE_CLARIFICATION,
        writes=True,
        group=ASKING,
    ),
    Act(
        "waive-clarification",
        "Go on without the answer",
        "The question is taken back, and no day is left out of the time.",
        "Taken back. No day is left out.",
        _waive(handling.waive_clarification),
        move=Move.WAIVE_CLARIFICATION,
        writes=True,
        group=ASKING,
    ),
    Act(
        "ask-question",
        "Ask anything else…",
        "The time goes on meanwhile.",
        "The question is on its way. The time goes on.",
        _ask_question,
        case_forms.QuestionForm,
        move=Move.ASK_QUESTION,
        letter=_writes(LetterKind.ASK_QUESTION),
        writes=True,
        group=ASKING,
    ),
    Act(
        "fee-came",
        "The fee was paid…",
        "The month begins on the day of payment (UK GDPR, Article 12A(2)(c)).",
        "On record. The clock runs from that day.",
        _came(handling.receive_fee),
        case_forms.CameForm,
        move=Move.RECEIVE_FEE,
        writes=True,
        group=ASKING,
    ),
    Act(
        "waive-fee",
        "Charge nothing after all",
        "The clock runs as if we had never asked for a fee.",
        "Taken back. The clock runs as if we had never asked.",
        _waive(handling.waive_fee),
        move=Move.WAIVE_FEE,
        writes=True,
        group=ASKING,
    ),
)


# --- Deciding ---

PROPOSED = "Proposed. Somebody else has to release it now."
TWO = " A second member of staff releases it."


def _propose(move: Move) -> Do:
    """Every field of the form that a proposal knows goes into it."""
    known = ("ground", "reasons", "evidence", "amount", "breakdown", "how_to_pay")
    names = (*known, "outcome", "left_out", "nothing_held")

    def propose(case: Case, data: dict[str, Any], by: Doing) -> Any:
        given = {name: data[name] for name in names if name in data}
        keeps = case_forms.keeps_in(data)
        proposal = Proposal(move=move, edits=dict(by.edits), keeps=keeps, **given)
        return deciding.propose(case.pk, proposal, staff_id=by.staff_id, now=by.now)

    return propose


def _answer(case: Case, data: dict[str, Any], by: Doing) -> Any:
    answer = Answer(
        outcome=data.get("outcome", ""),
        next_step=data.get("next_step", ""),
        nothing_held=data.get("nothing_held", False),
        set_aside=tuple(data.get("set_aside", ())),
        edits=by.edits,
    )
    return closing.fulfil(case.pk, answer, staff_id=by.staff_id, now=by.now)


def _weigh(case: Case, data: dict[str, Any], by: Doing) -> Any:
    weighed = Weighed(
        uses=data["uses"],
        their_reasons=data["their_reasons"],
        our_grounds=data["our_grounds"],
        outcome=Balancing.Outcome(data["outcome"]),
    )
    return weighing.weigh(case.pk, weighed, staff_id=by.staff_id, now=by.now)


def _progress(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return complaining.report_progress(
        case.pk,
        data["words"],
        next_step=data["next_step"],
        staff_id=by.staff_id,
        now=by.now,
        edits=by.edits,
    )


def time_left(case: Case, now: datetime) -> str:
    """Until when an extension can be announced, with the time that is left; empty when
    no day is known, or it is over."""
    statute = casebook.clocks_of(case, now=now).statute
    if statute is None or statute.notice_by is None:
        return ""
    hours = int((end_of(statute.notice_by) - now).total_seconds() // 3600)
    if hours < 0:
        return ""
    days, rest = divmod(hours, 24)
    left = " and ".join(filter(None, [_some(days, "day"), _some(rest, "hour")]))
    return (
        "The letter has to be handed over before the end of "
        f"{in_words(statute.notice_by)}. Left until then: {left or 'less than an hour'}. "
        "By post, it counts on the day on which it was posted."
    )


def who_it_is(case: Case, now: datetime) -> str:
    """That nobody has shown yet to be the person; empty where somebody has."""
    confirmed = IdentityCheck.Outcome.CONFIRMED
    if case.submission.mailbox_confirmed_at or case.kind not in ON_THE_CLOCK:
        return ""
    if case.checks.filter(outcome=confirmed).exists():
        return ""
    return (
        "Nobody has shown yet to be this person, neither by the link in our first letter "
        "nor in a check of identity. Where you know who it is, go on; where you have "
        "reasonable doubts, ask first (UK GDPR, Article 12(6))."
    )


def what_is_not_decided(case: Case, now: datetime) -> str:
    return deciding.why_not_on_merits(case)


def who_asks_for_a_part(case: Case, now: datetime) -> str:
    said = who_it_is(case, now), what_is_not_decided(case, now)
    return " ".join(filter(None, said))


def _some(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if number else ""


def _answer_letter(case: Case) -> LetterKind | None:
    return letter_of_answer(case)


DECIDING = "Decide"
DECIDE = (
    Act(
        "progress",
        "Say how far we are…",
        "A complaint is looked into without undue delay, and the person hears how far it "
        "is (Data Protection Act 2018, section 164A(4)). The next word is due fourteen "
        "days later.",
        "The letter is on its way.",
        _progress,
        case_forms.ProgressForm,
        move=Move.REPORT_PROGRESS,
        letter=_writes(LetterKind.COMPLAINT_PROGRESS),
        writes=True,
        group=DECIDING,
    ),
    Act(
        "weigh",
        "Weigh the reasons…",
        "We stop the use unless we show compelling grounds that weigh more than the "
        "person’s reasons (UK GDPR, Article 21(1)). Meanwhile the data is set aside, since "
        "the objection came in. Where ours weigh more, a second member of staff releases "
        "the refusal.",
        "On record.",
        _weigh,
        case_forms.WeighForm,
        why_not=lambda case, facts: weighing.why_not_weigh(case),
        is_for=lambda case: case.kind == CaseKind.OBJECTION,
        group=DECIDING,
        is_greyed=True,
        tab="decisions",
        press="Put it on record",
    ),
    Act(
        "answer",
        "Answer it…",
        "The letter tells what was done and every way to complain, and the case is "
        "closed with it.",
        "Answered, and closed.",
        _answer,
        case_forms.AnswerForm,
        move=Move.FULFIL,
        is_for=_takes_one,
        letter=_answer_letter,
        writes=True,
        group=DECIDING,
        note=who_it_is,
    ),
    Act(
        "propose-answer",
        "Propose the answer…",
        "What is deleted cannot be brought back." + TWO,
        PROPOSED,
        _propose(Move.FULFIL),
        case_forms.AnswerForm,
        move=Move.FULFIL,
        is_for=_takes_two,
        letter=_answer_letter,
        writes=True,
        group=DECIDING,
        tab="decisions",
        press="Propose it",
        note=who_it_is,
    ),
    Act(
        "propose-part",
        "Answer in part…",
        "Each thing left out needs a ground of the law, and the letter says why, and "
        "every way to complain (UK GDPR, Article 12(4))." + TWO,
        PROPOSED,
        _propose(Move.FULFIL_IN_PART),
        case_forms.PartForm,
        move=Move.FULFIL_IN_PART,
        letter=_writes(LetterKind.REFUSAL_IN_PART),
        writes=True,
        group=DECIDING,
        tab="decisions",
        press="Propose it",
        note=who_asks_for_a_part,
    ),
    Act(
        "propose-withholding",
        "Leave something out…",
        "What is about others, or what the law keeps from the person’s knowledge, may be "
        "left out of the copy. It is told with the answer, except where telling it would "
        "defeat its purpose." + TWO,
        PROPOSED,
        _propose(Move.WITHHOLD),
        case_forms.WithholdingForm,
        move=Move.WITHHOLD,
        group=DECIDING,
        tab="decisions",
        press="Propose it",
    ),
    Act(
        "propose-extension",
        "Take two months more…",
        "Once, and only because this person’s requests are complex or several: not for "
        "what others ask, nor for want of staff (UK GDPR, Article 12A(3)). It counts only "
        "if the letter was handed over in time." + TWO,
        PROPOSED,
        _propose(Move.EXTEND),
        case_forms.ExtensionForm,
        move=Move.EXTEND,
        letter=_writes(LetterKind.EXTENSION),
        writes=True,
        group=DECIDING,
        tab="decisions",
        press="Propose it",
        note=time_left,
    ),
    Act(
        "propose-fee",
        "Ask for a fee…",
        "For what is manifestly unfounded or excessive, or for a further copy: a fair fee "
        "that covers what it costs us, or a refusal, never both (UK GDPR, Articles 12(5) "
        "and 15(3)). The month begins on the day of payment." + TWO,
        PROPOSED,
        _propose(Move.ASK_FEE),
        case_forms.FeeForm,
        move=Move.ASK_FEE,
        letter=_writes(LetterKind.ASK_FEE),
        writes=True,
        group=DECIDING,
        tab="decisions",
        press="Propose it",
    ),
    Act(
        "propose-refusal",
        "Refuse it…",
        "On a ground of the law, with reasons that the person can follow and every way "
        "to complain; on Article 12(5) a refusal or a fee, never both." + TWO,
        PROPOSED,
        _propose(Move.REFUSE),
        case_forms.RefusalForm,
        move=Move.REFUSE,
        letter=_writes(LetterKind.REFUSAL),
        writes=True,
        group=DECIDING,
        tab="decisions",
        press="Propose it",
        note=what_is_not_decided,
    ),
    Act(
        "lapse",
        "Close it: nothing came…",
        "Only after the day that our question named. The letter gives reasons and every "
        "way to complain; the person can ask again at any time." + TWO,
        PROPOSED,
        _propose(Move.LAPSE),
        case_forms.LapseForm,
        move=Move.LAPSE,
        letter=_writes(LetterKind.LAPSED),
        writes=True,
        group=DECIDING,
        tab="decisions",
        press="Propose it",
    ),
)


# --- The person ---


def _withdraw(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return closing.withdraw(case.pk, staff_id=by.staff_id, now=by.now)


def _narrow(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return closing.narrow(
        case.pk, words=data["words"], staff_id=by.staff_id, now=by.now
    )


def _write(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.write_to_person(case.pk, by.edits, staff_id=by.staff_id, now=by.now)


def _take_down(case: Case, data: dict[str, Any], by: Doing) -> Any:
    said = Said(data["words"], Channel(data["channel"]), data["on"])
    return handling.take_down(case.pk, said, staff_id=by.staff_id, now=by.now)


def _renew_link(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return visiting.replace_links(case.pk, now=by.now, staff_id=by.staff_id)


def _revoke_links(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return visiting.revoke_links(case.pk, staff_id=by.staff_id, now=by.now)


def _why_not_revoke(case: Case, facts: Facts) -> str:
    return "" if facts.links_count else "No link of this case works."


def _why_not_reach(case: Case, facts: Facts) -> str:
    if not contacts_went(case):
        return ""
    return (
        "How to reach the person was deleted with their data. If they turned to us "
        "again, enter that as a new request."
    )


PERSON = "From and to the person"
SPEAK = (
    Act(
        "write",
        "Write to the person…",
        "A message in words of your own. It decides nothing and stops no clock.",
        "The message is on its way.",
        _write,
        letter=_writes(LetterKind.MESSAGE),
        writes=True,
        why_not=_why_not_reach,
        group=PERSON,
        tab="letters",
    ),
    Act(
        "take-down",
        "Write down what was said…",
        "What the person told us on the telephone, by post or in another way. Whether it "
        "answers a question of ours is another step.",
        "Kept with the person’s messages.",
        _take_down,
        case_forms.SaidForm,
        group=PERSON,
        tab="letters",
    ),
    Act(
        "narrow",
        "The person asks for less…",
        "Only at the person’s own wish. The clock takes no notice.",
        "On record, and the letter is on its way.",
        _narrow,
        case_forms.NarrowForm,
        move=Move.NARROW,
        writes=True,
        why_not=lambda case, facts: closing.why_not_withdraw(case),
        group=PERSON,
    ),
    Act(
        "withdraw",
        "The person takes it back",
        "Only at the person’s own wish; we write that we have noted it, and how to ask "
        "again.",
        "Withdrawn, and the letter is on its way.",
        _withdraw,
        move=Move.WITHDRAW,
        writes=True,
        why_not=lambda case, facts: closing.why_not_withdraw(case),
        group=PERSON,
    ),
    Act(
        "renew-link",
        "Send a fresh link to their page",
        "The links that were sent before stop working, and so does what was opened by "
        "them. The fresh one goes to the address that we have, and to no other.",
        "The fresh link is on its way.",
        _renew_link,
        writes=True,
        why_not=_why_not_reach,
        group=PERSON,
        tab="letters",
    ),
    Act(
        "revoke-links",
        "Switch off the links to their page",
        "No link to the page of this case works any more, until a fresh one is sent.",
        "The links are switched off.",
        _revoke_links,
        why_not=_why_not_revoke,
        group=PERSON,
        tab="letters",
    ),
)


# --- Colleagues ---


def _assign(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.assign(case.pk, data["to"], staff_id=by.staff_id, now=by.now)


def _note(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return handling.add_note(case.pk, data["words"], staff_id=by.staff_id, now=by.now)


def _shut_away(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return sensitive.shut_away(case.submission_id, staff_id=by.staff_id, now=by.now)


def _why_not_shut(case: Case, facts: Facts) -> str:
    if case.submission.shut_away_at is None:
        return ""
    return (
        "It is shut away already." if sensitive.is_shut_by_hand(case.submission) else ""
    )


def _search(case: Case, data: dict[str, Any], by: Doing) -> Any:
    is_searched = data["was_searched"] == "yes"
    searched = Searched(
        system=data["system"],
        terms=data["terms"],
        hits=data["hits"] if is_searched else None,
        why=data["why"],
        on=data["on"],
    )
    return handling.record_search(case.pk, searched, staff_id=by.staff_id, now=by.now)


def _set_task(case: Case, data: dict[str, Any], by: Doing) -> Any:
    errand = Errand(
        what=data["what"],
        due_on=data["due_on"],
        for_staff_id=data["for_staff"],
        recipient=data["recipient"],
    )
    return handling.set_task(case.pk, errand, staff_id=by.staff_id, now=by.now)


def _is_open(case: Case, facts: Facts) -> str:
    if case.is_open:
        return ""
    return f"The case is closed ({State(case.state).label})."


def _propose_correction(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return rectifying.propose(
        case.pk, data["datum"], data["right"], staff_id=by.staff_id, now=by.now
    )


def _why_not_correct(case: Case, facts: Facts) -> str:
    return corrections.why_not_propose(case)


def _is_rectification(case: Case) -> bool:
    return case.kind == CaseKind.RECTIFICATION


COLLEAGUES = "Work on it"
WORK_ON = (
    Act(
        "assign",
        "Assign it…",
        "Whoever works on it is reminded of its days.",
        "On record.",
        _assign,
        case_forms.AssignForm,
        group=COLLEAGUES,
    ),
    Act(
        "note",
        "Add a note…",
        "For colleagues, beside the timeline.",
        "Noted.",
        _note,
        case_forms.NoteForm,
        group=COLLEAGUES,
    ),
    Act(
        "shut-away",
        "Shut it away…",
        "Somebody tells here of health, belief, offences or a child, and the rules did "
        "not see it. Then only few may read what was written, and one of them removes "
        "what nobody needs (UK GDPR, Articles 5(1)(c), 9 and 10).",
        "Shut away: only few may read it now.",
        _shut_away,
        why_not=_why_not_shut,
        group=COLLEAGUES,
    ),
    Act(
        "search",
        "Record a search…",
        "Where we looked, for what, and why that was a reasonable and proportionate "
        "search (UK GDPR, Article 15(1A)).",
        "On record.",
        _search,
        case_forms.SearchForm,
        group=COLLEAGUES,
        tab="searches",
    ),
    Act(
        "propose-correction",
        "Correct something…",
        "What stands there and what is right, for each datum by itself; or a statement of "
        "the person that is kept beside the data and goes along with it (UK GDPR, "
        "Article 16). Nothing changes before it is verified and applied.",
        "On record. Say next how you know that it is right.",
        _propose_correction,
        case_forms.CorrectionForm,
        why_not=_why_not_correct,
        is_for=_is_rectification,
        group=COLLEAGUES,
        tab="corrections",
    ),
    Act(
        "set-task",
        "Set a task…",
        "For a colleague, or for an organisation outside. The case cannot be closed "
        "while it is open. Whoever had the data from us gets a task by itself when "
        "something of it changes.",
        "The task is set.",
        _set_task,
        case_forms.TaskForm,
        why_not=_is_open,
        group=COLLEAGUES,
        tab="tasks",
    ),
)


# --- On one address that the file goes to ---


def _where_to_send(case: Case, data: dict[str, Any], by: Doing) -> Any:
    return transmissions.ask(
        case.pk,
        data["address"],
        words=data["words"],
        staff_id=by.staff_id,
        now=by.now,
    )


def _name_receiver(row: Any, data: dict[str, Any], by: Doing) -> Any:
    told = Receiver(data["recipient"], data["country_code"], data["safeguard"])
    return transmissions.name(row.pk, told, staff_id=by.staff_id, now=by.now)


def _not_sent(row: Any, data: dict[str, Any], by: Doing) -> Any:
    return transmissions.decline(
        row.pk, data["reason"], staff_id=by.staff_id, now=by.now
    )


def _send_again(row: Any, data: dict[str, Any], by: Doing) -> Any:
    return transmitting.send_again(row.pk, staff_id=by.staff_id, now=by.now)


ON_SENDINGS = (
    Act(
        "where-to-send",
        "Note where to send it…",
        "The person can have the file sent straight to another organisation, where that "
        "can be done (UK GDPR, Article 20(2)). Only to the address that the person gives, "
        "and never to one that you find yourself.",
        "On record. Say next who receives it.",
        _where_to_send,
        case_forms.WhereToSendForm,
        why_not=lambda case, facts: transmissions.why_not_ask(case),
        is_for=lambda case: case.kind == CaseKind.PORTABILITY,
        group=COLLEAGUES,
        tab="documents",
    ),
    Act(
        "name-receiver",
        "Say who receives it…",
        "Find out whose address it is, in another way than from the address itself. What "
        "is sent stands in the record of disclosures for good. It leaves with our answer, "
        "once somebody else has released the copy, and no sooner.",
        "On record. It leaves with our answer.",
        _name_receiver,
        case_forms.ReceiverForm,
        tab="documents",
        about="transmission",
    ),
    Act(
        "not-sent",
        "Do not send it…",
        "Where it cannot be done, or would harm somebody else, the person gets the file "
        "and takes it there themselves (UK GDPR, Article 20(2) and (4)). They read the "
        "reason in our answer.",
        "On record. The answer says why.",
        _not_sent,
        case_forms.NotSentForm,
        tab="documents",
        about="transmission",
    ),
    Act(
        "send-again",
        "Send it again",
        "The same file goes to the same address for another day of tries, under the same "
        "number, so that nothing is taken twice.",
        "It is sent within seconds.",
        _send_again,
        tab="documents",
        about="transmission",
    ),
)


# --- On one correction ---


def _verify(row: Any, data: dict[str, Any], by: Doing) -> Any:
    chosen = data["document"]
    shown = rectifying.Shown(data["words"], uuid.UUID(chosen) if chosen else None)
    return rectifying.verify(row.pk, shown, staff_id=by.staff_id, now=by.now)


def _apply(row: Any, data: dict[str, Any], by: Doing) -> Any:
    return rectifying.apply(row.pk, staff_id=by.staff_id, now=by.now)


def _look_again(row: Any, data: dict[str, Any], by: Doing) -> Any:
    return rectifying.look_again(row.pk, staff_id=by.staff_id, now=by.now)


def _not_corrected(row: Any, data: dict[str, Any], by: Doing) -> Any:
    return rectifying.refuse_one(
        row.pk, data["reason"], staff_id=by.staff_id, now=by.now
    )


def _take_correction_back(row: Any, data: dict[str, Any], by: Doing) -> Any:
    return rectifying.take_back(row.pk, staff_id=by.staff_id, now=by.now)


def _waits_for_mailbox(row: Any) -> str:
    if row.state != Rectification.State.CONFIRMING:
        return ""
    return (
        "Nothing has changed yet: a mail asks the new mailbox to confirm it, and it "
        "counts from then."
    )


ON_CORRECTIONS = (
    Act(
        "verify-correction",
        "Say how you know…",
        "How you found out what is right: from the person, from a document, from a "
        "register. Ask for no more than it takes.",
        "On record. It can be applied now.",
        _verify,
        case_forms.VerifyForm,
        tab="corrections",
        about="rectification",
    ),
    Act(
        "apply-correction",
        "Put it right",
        "It is corrected where it is kept, and whoever had it from us becomes a task. A "
        "new e-mail address counts once its own mailbox has confirmed it; no consent "
        "follows before.",
        "Done.",
        _apply,
        tab="corrections",
        about="rectification",
        remark=_waits_for_mailbox,
    ),
    Act(
        "look-again",
        "Take what stands there now",
        "Something else stands there than was seen, or the new mailbox has not answered. "
        "What stands there now is taken down, and it is verified anew.",
        "On record as it stands now.",
        _look_again,
        tab="corrections",
        about="rectification",
    ),
    Act(
        "not-corrected",
        "Do not correct it…",
        "For a reason that the person can follow: they read it in the answer, with every "
        "way to complain (UK GDPR, Article 12(4)). Offer to keep their own statement "
        "beside the data.",
        "On record: not corrected.",
        _not_corrected,
        case_forms.NotCorrectedForm,
        tab="corrections",
        about="rectification",
    ),
    Act(
        "drop-correction",
        "It was proposed by mistake",
        "Only what one of us proposed. It stays on record that it was.",
        "Taken back.",
        _take_correction_back,
        tab="corrections",
        about="rectification",
    ),
)


# --- On one letter, message, task or proposal ---


def _posted(letter: Any, data: dict[str, Any], by: Doing) -> Any:
    return letters_gone.mark_posted(
        letter.pk, posted_on=data["posted_on"], staff_id=by.staff_id, now=by.now
    )


def _counts_for_nothing(letter: Letter) -> str:
    """Of the letter of an extension that was posted when its time was over."""
    late = Decision.Outcome.TOO_LATE
    if not Decision.objects.filter(letter=letter, outcome=late).exists():
        return ""
    return (
        "It was posted after the last day for that: the two months more do not count, "
        "and the answer is due as before (UK GDPR, Article 12A(4))."
    )


def _finish(task: Any, data: dict[str, Any], by: Doing) -> Any:
    return handling.finish_task(
        task.pk, data["result"], staff_id=by.staff_id, now=by.now
    )


def _answer_system(task: Any, data: dict[str, Any], by: Doing) -> Any:
    is_searched = data["was_searched"] == "yes"
    found = systems.Found(
        hits=data["hits"] if is_searched else None,
        why=data["why"],
        terms=data["terms"],
        on=data["on"],
        file=data.get("file"),
        no_file=data.get("no_file", ""),
        became=data.get("became", ""),
        stays_because=data.get("stays_because", ""),
    )
    return systems.answer(task.pk, found, staff_id=by.staff_id, now=by.now)


def _answer_recipient(task: Any, data: dict[str, Any], by: Doing) -> Any:
    told = telling.Told(Task.Outcome(data["outcome"]), data["words"])
    return telling.answer(task.pk, told, staff_id=by.staff_id, now=by.now)


def _let_go(task: Any, data: dict[str, Any], by: Doing) -> Any:
    return calling.release(task.pk, staff_id=by.staff_id, now=by.now)


def _call_again(task: Any, data: dict[str, Any], by: Doing) -> Any:
    return calling.try_again(task.pk, staff_id=by.staff_id, now=by.now)


ON_ROWS = (
    Act(
        "posted",
        "It was posted…",
        "The letter counts from the day on which it went into the post.",
        "On record: posted.",
        _posted,
        case_forms.PostedForm,
        tab="letters",
        about="letter",
        remark=_counts_for_nothing,
    ),
    Act(
        "finish",
        "Finish the task…",
        "Say what came of it, for the record of the case.",
        "The task is done.",
        _finish,
        case_forms.ResultForm,
        tab="tasks",
        about="task",
    ),
    Act(
        "answer-system",
        "Say what the search came to…",
        "Where the person gets a copy, add what was found as a file: it goes to them "
        "with our answer. Where they ask for a change, say what was done there. This is "
        "the record of the search as well (UK GDPR, Article 15(1A)).",
        "On record: the task is done, and the search stands under Search.",
        _answer_system,
        case_forms.SystemForm,
        tab="tasks",
        about="task",
    ),
    Act(
        "answer-recipient",
        "Say whether they were told…",
        "Whoever had the data from us is told what was corrected, deleted or restricted, "
        "unless that is impossible or would take an effort out of proportion (UK GDPR, "
        "Article 19). Give them no more than they had.",
        "On record.",
        _answer_recipient,
        case_forms.ToldForm,
        tab="tasks",
        about="task",
    ),
    Act(
        "have-deleted",
        "Have it deleted there…",
        "The system deletes by itself what it holds of this person, and that cannot be "
        "brought back. Somebody else than whoever works on the case lets it go.",
        "Let go: the system is told within seconds.",
        _let_go,
        permission=RELEASE,
        tab="tasks",
        about="task",
    ),
    Act(
        "call-again",
        "Ask the system again…",
        "It is asked once more under the same number, so that what it did is not done "
        "twice.",
        "It is asked again within seconds.",
        _call_again,
        tab="tasks",
        about="task",
    ),
)


def _send_back(decision: Any, data: dict[str, Any], by: Doing) -> Any:
    return deciding.send_back(
        decision.pk, data["answer"], staff_id=by.staff_id, now=by.now
    )


def _take_back(decision: Any, data: dict[str, Any], by: Doing) -> Any:
    return deciding.take_back(decision.pk, staff_id=by.staff_id, now=by.now)


ON_PROPOSALS = (
    Act(
        "send-back",
        "Send it back…",
        "You do not agree. Whoever proposed it reads why, and may propose it anew.",
        "Sent back.",
        _send_back,
        case_forms.SendBackForm,
        permission=RELEASE,
        tab="decisions",
        about="decision",
    ),
    Act(
        "take-back",
        "Take it back",
        "The proposal is no longer meant. It stays on record that there was one.",
        "Taken back.",
        _take_back,
        tab="decisions",
        about="decision",
    ),
)

ACTS = (
    *SORT,
    *ASK,
    *DECIDE,
    *SPEAK,
    *WORK_ON,
    *ON_SENDINGS,
    *ON_CORRECTIONS,
    *ON_ROWS,
    *ON_PROPOSALS,
)
BY_NAME = {act.name: act for act in ACTS}
GROUPS = (SORTING, ASKING, DECIDING, PERSON, COLLEAGUES)


def shown(case: Case, facts: Facts) -> Iterator[tuple[Act, str]]:
    """Every act with a button on the page of this case, each with what stands against
    it now."""
    for act in ACTS:
        if act.is_shown(case, facts):
            yield act, act.stands_against(case, facts)
