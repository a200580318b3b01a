"""What happened in a case, in one dated list: the case log in words, with the letters,
messages, notes and documents that belong to it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils import timezone

from data_subjects.models import Ground
from groundwork.periods import civil_day
from outbox.models import State as MailState
from processing_register.notices import purpose_titles
from rights_requests import clock, plainness
from rights_requests.deadline_words import in_words
from rights_requests.due_days import DueDay
from rights_requests.fulfilment import corrections
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import (
    SOFTWARE,
    Balancing,
    CaseDocument,
    CaseLogEntry,
    Channel,
    Event,
    Letter,
    Message,
    Note,
    SystemCall,
    Transmission,
)
from rights_requests.moves import Move
from rights_requests.who_asks import LABELS
from staff.models import StaffUser

# What a row of its own tells, with more than the log knows.
TOLD_BY_ROWS = frozenset(
    {Event.LETTER_SENT, Event.MESSAGE, Event.DOCUMENT_ADDED, Event.NOTED}
)
MINOR = frozenset(
    {
        Event.ASSIGNED,
        Event.CODE_SENT,
        Event.CODE_ACCEPTED,
        Event.LINK_SENT,
        Event.LINK_REVOKED,
        Event.REMINDED,
        Event.SEARCHED,
        Event.TASK_SET,
        Event.TASK_DONE,
        Event.SYSTEM_ASKED,
        Event.SYSTEM_ANSWERED,
        Move.RECOUNT,
    }
)
BAD = frozenset({Event.OVERDUE, Event.SYSTEM_FAILED, Move.LETTER_FAILED})
GOOD = frozenset({Move.FULFIL, Move.FULFIL_IN_PART, Event.EFFECT})


@dataclass(frozen=True)
class Happening:
    """One thing that happened. how: particulars in one line; words: what somebody wrote,
    as far as whoever looks may read it; tab: where there is more."""

    at: datetime
    what: str
    how: str = ""
    tone: str = ""
    words: str = ""
    tab: str = ""


@dataclass(frozen=True)
class Papers:
    """What belongs to a case beside its log. letters carry mail_state."""

    letters: Sequence[Any] = ()
    messages: Sequence[Message] = ()
    notes: Sequence[Note] = ()
    documents: Sequence[CaseDocument] = ()


def names_of(entries: Iterable[CaseLogEntry], papers: Papers) -> dict[int, str]:
    """The name of every member of staff who did one of these things."""
    rows = (papers.letters, papers.messages, papers.notes, papers.documents)
    numbers = {row.staff_id for some in (entries, *rows) for row in some}
    assigned = [entry for entry in entries if entry.event == Event.ASSIGNED]
    return staff_names([*numbers, *(entry.inputs.get("to") for entry in assigned)])


def staff_names(numbers: Iterable[int | None]) -> dict[int, str]:
    """number → name, of those who have an account."""
    known = {number for number in numbers if number is not None}
    found = StaffUser.objects.filter(pk__in=known)
    return dict(found.values_list("pk", "full_name"))


def timeline(
    entries: Sequence[CaseLogEntry], papers: Papers, names: Mapping[int, str]
) -> list[Happening]:
    """The newest first."""
    found = [
        *_of_log(entries, names),
        *(_of_letter(letter, names) for letter in papers.letters if letter.sent_at),
        *(_of_message(message, names) for message in papers.messages),
        *(_of_note(note, names) for note in papers.notes),
        *(_of_document(document, names) for document in papers.documents),
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def since(
    start: CaseLogEntry,
    entries: Sequence[CaseLogEntry],
    papers: Papers,
    names: Mapping[int, str],
) -> list[Happening]:
    """What happened after this entry."""
    later = [entry for entry in entries if entry.pk > start.pk]
    found = timeline(later, papers, names)
    return [one for one in found if one.at > start.at]


def by_day(found: Iterable[Happening]) -> list[tuple[date, list[Happening]]]:
    """Under the days on which they happened, in the same order."""
    days: dict[date, list[Happening]] = {}
    for one in found:
        days.setdefault(timezone.localdate(one.at), []).append(one)
    return list(days.items())


def joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def by(names: Mapping[int, str], staff_id: int | None) -> str:
    """“by Dana”; empty for the person, and for what happened of itself."""
    if not staff_id:  # the software’s number is nobody’s
        return ""
    if staff_id == SOFTWARE:
        return "by itself"
    return f"by {names.get(staff_id) or f'staff {staff_id}'}"


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


# --- The log ---


def _of_log(
    entries: Sequence[CaseLogEntry], names: Mapping[int, str]
) -> Iterator[Happening]:
    before: CaseLogEntry | None = None
    for entry in entries:
        if entry.event not in TOLD_BY_ROWS:
            yield Happening(
                at=entry.at,
                what=capital(entry.in_words),
                how=joined(
                    _particulars(entry, names),
                    by(names, entry.staff_id),
                    _moved(before, entry),
                ),
                tone=_tone(entry),
            )
        before = entry


def _tone(entry: CaseLogEntry) -> str:
    if entry.event in MINOR:
        return "minor"
    if entry.event in BAD:
        return "bad"
    return "good" if entry.event in GOOD else ""


def _moved(before: CaseLogEntry | None, entry: CaseLogEntry) -> str:
    """That the legal day is another one now."""
    if before is None or before.due_on == entry.due_on or entry.due_on is None:
        return ""
    return f"due by {in_words(entry.due_on)} now"


def _particulars(entry: CaseLogEntry, names: Mapping[int, str]) -> str:
    tell = TELL.get(entry.event, _day_of)
    return tell(entry.inputs, names)


Inputs = Mapping[str, Any]
Names = Mapping[int, str]


def _day_of(inputs: Inputs, names: Names) -> str:
    """The day that was recorded, where it is given."""
    at = inputs.get("at")
    return f"on {in_words(civil_day(clock.moment(at)))}" if at else ""


def _received(inputs: Inputs, names: Names) -> str:
    return receipt_in_words(inputs)


def receipt_in_words(inputs: Inputs) -> str:
    """When and how it came, and the date that it bears where that is another day."""
    moment = datetime.fromisoformat(inputs["received_at"])
    received_on, dated_on = civil_day(moment), clock.moment(inputs["dated_on"])
    dated = f"dated {in_words(dated_on)}" if dated_on != received_on else ""
    channel = f"by {Channel(inputs['channel']).label}"
    return joined(day_and_time(moment), channel, dated)


def _put_right(inputs: Inputs, names: Names) -> str:
    was, then = receipt_in_words(inputs["from"]), receipt_in_words(inputs["to"])
    return f"{was} became {then}"


def day_and_time(moment: datetime) -> str:
    """In London; without the time where nobody knew it: such a day is kept as its
    noon."""
    local = timezone.localtime(moment)
    day = in_words(local.date())
    is_day_alone = local.time() == time(12)
    return day if is_day_alone else f"{day}, {local:%H:%M}"


def _reclassified(inputs: Inputs, names: Names) -> str:
    before, then = CaseKind(inputs["from"]), CaseKind(inputs["to"])
    return f"{before.label} became {then.label}"


def _assigned(inputs: Inputs, names: Names) -> str:
    to = inputs.get("to")
    return f"to {names.get(to) or f'staff {to}'}" if to else "to nobody"


def _proposed(inputs: Inputs, names: Names) -> str:
    return PROPOSED.get(inputs.get("move", ""), "")


def _reminded(inputs: Inputs, names: Names) -> str:
    due = DueDay(inputs["clock"], date.fromisoformat(inputs["due_on"]))
    return f"{_ahead(inputs['step'])}{due.what} on {in_words(due.on)}"


def _ahead(days: int) -> str:
    """How long before the day, so that reminders given together tell apart."""
    if days < 0:
        return ""
    names = {0: "for the day itself: ", 1: "for the day before: "}
    return names.get(days, f"for {days} days before: ")


def _searched(inputs: Inputs, names: Names) -> str:
    hits = inputs.get("hits")
    return "not searched, for a reason" if hits is None else f"hits: {hits}"


def _person_corrected(inputs: Inputs, names: Names) -> str:
    """Which fields; what they said stands nowhere."""
    return ", ".join(LABELS[name] for name in inputs.get("fields", ()))


def _left_out(inputs: Inputs, names: Names) -> str:
    count = sum(inputs.get("left_out", {}).values())
    return f"left out of it: {count}" if count else ""


def _task_set(inputs: Inputs, names: Names) -> str:
    return f"by {in_words(date.fromisoformat(inputs['due_on']))}"


def _set_aside(inputs: Inputs, names: Names) -> str:
    return "; ".join(Ground(key).label for key in inputs["grounds"])


def _balanced(inputs: Inputs, names: Names) -> str:
    outcome = Balancing.Outcome(inputs["outcome"]).label
    return f"{', '.join(purpose_titles(inputs['uses']))}: {outcome}"


def _system_failed(inputs: Inputs, names: Names) -> str:
    return str(SystemCall.Problem(inputs["problem"]).label)


def _send_failed(inputs: Inputs, names: Names) -> str:
    return str(Transmission.Problem(inputs["problem"]).label)


def _by_rule(inputs: Inputs, names: Names) -> str:
    """Which rule, and why it did not fit."""
    why = "; ".join(plainness.in_words(inputs.get("why", [])))
    return f"{inputs['rule']}: {why}" if why else str(inputs["rule"])


def _correction(inputs: Inputs, names: Names) -> str:
    """Which field; what it says stands nowhere."""
    return corrections.title_of(inputs["place"], inputs["field"])


TELL: Mapping[str, Callable[[Inputs, Names], str]] = {
    Move.RECEIVE: _received,
    Move.CORRECT_RECEIPT: _put_right,
    Move.RECEIVED_LATER: _put_right,
    Move.RECLASSIFY: _reclassified,
    Event.ASSIGNED: _assigned,
    Event.PROPOSED: _proposed,
    Event.REMINDED: _reminded,
    Event.OVERDUE: _reminded,
    Event.SEARCHED: _searched,
    Event.TASK_SET: _task_set,
    Event.SYSTEM_FAILED: _system_failed,
    Event.SEND_FAILED: _send_failed,
    Event.PERSON_CORRECTED: _person_corrected,
    Event.SET_ASIDE: _set_aside,
    Event.BALANCED: _balanced,
    Event.COPY_RELEASED: _left_out,
    Event.COPY_SENT_BACK: _left_out,
    Event.COPY_HANDED: _left_out,
    Event.BY_RULE: _by_rule,
    Event.NOT_BY_RULE: _by_rule,
    Event.CORRECTION_PROPOSED: _correction,
    Event.CORRECTION_VERIFIED: _correction,
    Event.CORRECTION_ASKED: _correction,
    Event.CORRECTION_APPLIED: _correction,
    Event.CORRECTION_REFUSED: _correction,
    Event.CORRECTION_TAKEN_BACK: _correction,
    Event.CORRECTION_ANEW: _correction,
}
# What is proposed, before it is done.
PROPOSED: Mapping[str, str] = {
    Move.EXTEND: "two months more",
    Move.ASK_FEE: "a fee",
    Move.REFUSE: "a refusal",
    Move.FULFIL_IN_PART: "an answer in part",
    Move.FULFIL: "the answer",
    Move.LAPSE: "closing it, since nothing came",
    Move.WITHHOLD: "leaving something out",
    Move.RECEIVED_LATER: "a later receipt",
}


# --- Rows ---

LETTERS: Mapping[str, str] = {
    LetterKind.ACKNOWLEDGEMENT: "acknowledgement",
    LetterKind.ACKNOWLEDGE_COMPLAINT: "acknowledgement of the complaint",
    LetterKind.ASK_IDENTITY: "question who it is",
    LetterKind.REMINDER_IDENTITY: "reminder of the question who it is",
    LetterKind.IDENTITY_RECEIVED: "thanks for the proof of identity",
    LetterKind.ASK_CLARIFICATION: "question which data is meant",
    LetterKind.CLARIFICATION_RECEIVED: "thanks for the answer",
    LetterKind.ASK_QUESTION: "question",
    LetterKind.ASK_FEE: "fee",
    LetterKind.FEE_RECEIVED: "thanks for the fee",
    LetterKind.ASK_TAKEN_BACK: "question taken back",
    LetterKind.EXTENSION: "two months more",
    LetterKind.EXTENSION_VOID: "no two months more after all",
    LetterKind.REFUSAL: "refusal",
    LetterKind.REFUSAL_IN_PART: "answer in part",
    LetterKind.ANSWER: "answer",
    LetterKind.ANSWER_WITH_WITHHOLDING: "answer that leaves something out",
    LetterKind.NOTHING_HELD: "answer: nothing held",
    LetterKind.WITHDRAWAL_RECORDED: "withdrawal noted",
    LetterKind.NARROWED: "narrowed request noted",
    LetterKind.LAPSED: "closed, since nothing came",
    LetterKind.COMPLAINT_PROGRESS: "word on the complaint",
    LetterKind.COMPLAINT_OUTCOME: "outcome of the complaint",
    LetterKind.MESSAGE: "message",
    LetterKind.FILE_TAKEN: "the file has arrived",
    LetterKind.FILE_NOT_TAKEN: "the file was not taken",
    LetterKind.STATUS_LINK: "fresh link to the status page",
    LetterKind.HOLIDAY_MOVED: "a holiday moved the day",
    LetterKind.AT_ONCE: "done at once",
    LetterKind.SCHEDULE: "published document",
    LetterKind.PUT_RIGHT: "what it is after all",
    LetterKind.NO_REQUEST: "closed as no request",
    LetterKind.RECEIPT_CORRECTED: "the right day of receipt",
}
# Tone and words for what became of a letter by e-mail.
DELIVERY: Mapping[str, tuple[str, str]] = {
    MailState.QUEUED: ("waiting", "on its way"),
    MailState.IN_FLIGHT: ("waiting", "being handed over"),
    MailState.SENT: ("good", "handed over to the mail server"),
    MailState.WITHHELD: ("bad", "withheld: it did not leave"),
    MailState.FAILED: ("bad", "failed: it did not reach the person"),
    MailState.UNKNOWN: (
        "bad",
        "handed over, and no answer: settle it under “Mail out”",
    ),
}


def delivery(letter: Any) -> tuple[str, str]:
    """Shape and words of what became of a letter; it carries mail_state. The outbox
    forgets a message before the case is forgotten."""
    if letter.by == Letter.By.POST:
        if letter.posted_on is None:
            return "waiting", "to be printed and posted"
        return "good", f"posted on {in_words(letter.posted_on)}"
    return DELIVERY.get(letter.mail_state or "", ("good", "sent by e-mail"))


def title_of(letter: Letter) -> str:
    return LETTERS.get(letter.kind, letter.kind)


def _of_letter(letter: Any, names: Names) -> Happening:
    tone, words = delivery(letter)
    return Happening(
        at=letter.sent_at,
        what=f"Letter: {title_of(letter)}",
        how=joined(words, by(names, letter.staff_id)),
        tone="bad" if tone == "bad" else "",
        tab="letters",
    )


def _of_message(message: Message, names: Names) -> Happening:
    read = "" if message.read_at else "not read yet"
    channel = f"by {message.get_channel_display()}"
    took_down = by(names, message.staff_id).replace("by", "taken down by", 1)
    return Happening(
        at=message.received_at,
        what="Message from the person",
        how=joined(channel, read, took_down),
        tone="over",
        tab="letters",
    )


def _of_note(note: Note, names: Names) -> Happening:
    return Happening(
        at=note.written_at,
        what="Note",
        how=by(names, note.staff_id),
        words=note.words,
    )


def _of_document(document: CaseDocument, names: Names) -> Happening:
    whose = by(names, document.staff_id) or "by the person"
    if document.staff_id == SOFTWARE:
        whose = "by a system outside"
    return Happening(
        at=document.added_at,
        what=f"Document added: {document.get_purpose_display()}",
        how=whose,
        tab="documents",
    )
