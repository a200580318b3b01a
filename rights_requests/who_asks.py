"""Putting right whose request it is, where whoever entered it mistyped a name or an
address (UK GDPR, Article 5(1)(d)).

Only while it has reached nobody and nothing was decided: afterwards something is on
record that was sent to, or found for, the person as they were entered. The case log
says which fields changed, and never what they said.
"""

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.refusals import NotAllowed, refuse
from outbox import outcomes
from outbox.models import State as MailState
from rights_requests import casebook, letters_gone
from rights_requests.closing import is_unposted
from rights_requests.models import Case, CaseLogEntry, Event, Letter, Submission
from rights_requests.moves import CORRECTIONS, Move

# What may have happened before: it says nothing to anybody about this person.
UNDECIDED = frozenset(
    {
        Move.RECEIVE,
        Move.RECLASSIFY,
        Move.CONFIRM,
        Move.ACKNOWLEDGE,
        Move.LETTER_FAILED,
        Move.RECOUNT,
        *CORRECTIONS,
    }
)
# Of such an e-mail nobody has anything.
REACHED_NOBODY = (MailState.FAILED, MailState.WITHHELD)
INSTEAD = (
    "Enter the message once more for the right person, with the day on which it came, "
    "and note here that you did."
)
NOT_OURS = (
    "The person gave these details themselves, so nobody else changes them. Ask them, "
    "and write down what they say."
)
HAS_LEFT = (
    f"A letter has left for the person as entered. {INSTEAD} If a stranger got it, "
    "that may be a breach: look into it today (UK GDPR, Article 33)."
)
IS_DECIDED = f"Something was done already for the person as entered. {INSTEAD}"
LABELS = {
    "name": "name",
    "address": "e-mail address",
    "postal_address": "postal address",
    "telephone": "telephone number",
}


@dataclass(frozen=True)
class Person:
    """Whose data it is about, as far as we know; the address in its normal form."""

    name: str = ""
    address: str = ""
    postal_address: str = ""
    telephone: str = ""


def was_entered(case: Case) -> bool:
    """By staff; what came through the form or by mail says itself who it is from."""
    return case.submission.staff_id is not None


def why_not_correct(case: Case) -> str:
    """What stands against it now, with what to do instead; empty when nothing does."""
    if not was_entered(case):
        return NOT_OURS
    cases = list(Case.objects.filter(submission=case.submission_id))
    if any(_has_left(letter) for letter in _letters_of(cases)):
        return HAS_LEFT
    return IS_DECIDED if any(map(_is_decided, cases)) else ""


def _letters_of(cases: Iterable[Case]) -> Iterable[Any]:
    letters = Letter.objects.filter(case__in=cases, sent_at__isnull=False)
    return letters.annotate(mail_state=outcomes.state_by("mail_id")).order_by("pk")


def _has_left(letter: Any) -> bool:
    """By e-mail also one that is on its way, or of which nobody knows."""
    if letter.by == Letter.By.POST:
        return letter.posted_on is not None
    return letter.mail_state not in REACHED_NOBODY


def _is_decided(case: Case) -> bool:
    entries = CaseLogEntry.objects.filter(case_id=case.pk)
    steps = entries.filter(number__isnull=False).exclude(event__in=UNDECIDED)
    return steps.exists() or case.decisions.exists()


@transaction.atomic
def correct_person(
    case_id: uuid.UUID, person: Person, *, staff_id: int, now: datetime
) -> None:
    """Put it right for everything that was entered at the same time. A letter that lies
    here to be posted is taken back, and whoever was told nothing gets a new one."""
    submission = _held_people(case_id, person)
    cases = [
        casebook.locked(pk)
        for pk in submission.cases.order_by("pk").values_list("pk", flat=True)
    ]
    refuse(why_not_correct(cases[0]))
    changed = [
        name for name in LABELS if getattr(submission, name) != getattr(person, name)
    ]
    _refuse_unless_sound(submission, person, changed)
    for name, value in asdict(person).items():
        setattr(submission, name, value)
    _tell_anew(submission, cases, now=now)
    submission.save(update_fields=[*LABELS, "data_subject", "acknowledge_from"])
    for case in cases:
        inputs = {"fields": changed}
        casebook.note(case, Event.PERSON_CORRECTED, staff_id=staff_id, inputs=inputs)


def _held_people(case_id: uuid.UUID, person: Person) -> Submission:
    """The submission, of the right person; both people are locked, before their cases,
    in one order. Not saved."""
    submission: Submission = Submission.objects.get(cases=case_id)
    if submission.address != person.address:
        submission.data_subject = _known_by(person.address)
    people = {submission.data_subject_id, _person_of(submission)}
    rows = DataSubject.objects.filter(pk__in=people).order_by("pk")
    list(rows.select_for_update(no_key=True))
    return submission


def _person_of(submission: Submission) -> uuid.UUID:
    rows = Submission.objects.filter(pk=submission.pk)
    return rows.values_list("data_subject", flat=True).get()


def _known_by(address: str) -> DataSubject:
    if not address:
        return DataSubject.objects.create()
    digest = addresses.digest(address)
    return DataSubject.objects.get_or_create(address_digest=digest)[0]


def _refuse_unless_sound(
    submission: Submission, person: Person, changed: list[str]
) -> None:
    if not changed:
        raise NotAllowed("It stands so already.")
    if submission.answer_to == Submission.AnswerTo.AGENT:
        return
    is_by_post = submission.reply_by == Submission.ReplyBy.POST
    if is_by_post and not person.postal_address.strip():
        raise NotAllowed("The answer goes by post: enter the postal address.")
    if not is_by_post and not person.address:
        raise NotAllowed("The answer goes by e-mail: enter the e-mail address.")


def _tell_anew(submission: Submission, cases: list[Case], *, now: datetime) -> None:
    """Nobody was told by what failed, or still lies here: the worker writes once more."""
    letters = list(_letters_of(cases))
    by_pk = {case.pk: case for case in cases}
    for letter in filter(is_unposted, letters):
        letters_gone.take_back_unposted(letter, by_pk[letter.case_id], now=now)
    if letters and not submission.held_because:
        submission.acknowledge_from = now
