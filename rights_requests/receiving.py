"""Receiving what somebody asks: the one way in for form, mail, telephone and post.

The clock starts at receipt, whatever follows: nobody needs to recognise, confirm or
read anything first. What takes effect at once does so here.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from data_subjects.models import DataSubject
from data_subjects.people import subject_of
from groundwork.refusals import NotAllowed
from rights_requests import at_once, links
from rights_requests.acknowledging import acknowledge
from rights_requests.deadlines import FIRST_DAY
from rights_requests.models import Case, CaseLink, CaseLogEntry, Channel, Submission
from rights_requests.opening import Asked, new_case, refuse_wrong_grounds

__all__ = ["Agent", "Asked", "Received", "Sent", "form_digest", "receive"]


@dataclass(frozen=True)
class Agent:
    """Whoever writes for the person, and who is to get the answer."""

    name: str
    address: str
    gets_answer: bool = True


@dataclass(frozen=True)
class Sent:
    """What came in at one time. address, like an agent's, is normalised or empty.

    received_at: the moment at which we had it, in the past. dated_on: the date that the
    letter itself bears. held_because: why it waits apart (a flood); it counts all the
    same. form_number: the form's own, so that sending it twice is sending it once.
    """

    asked: tuple[Asked, ...]
    channel: Channel
    received_at: datetime
    dated_on: date
    address: str = ""
    name: str = ""
    postal_address: str = ""
    telephone: str = ""
    agent: Agent | None = None
    words: str = ""
    reply_by: str = Submission.ReplyBy.E_MAIL
    wants_recipients: bool = False
    signs: tuple[str, ...] = ()
    held_because: str = ""
    form_number: str = ""
    inbound_email_id: int | None = None
    # Staff must say first what a mail asks for; a form said so itself.
    is_draft: bool = False


@dataclass(frozen=True)
class Received:
    submission: Submission
    cases: list[Case] = field(default_factory=list)
    is_new: bool = True


@transaction.atomic
def receive(
    sent: Sent, *, now: datetime, staff_id: int | None = None, answers: bool = True
) -> Received:
    """Open a case for each thing asked, start its clock, acknowledge it.

    answers: False for what a machine sent, which is never written back to (RFC 3834).
    The same form sent again returns what it had opened. Raises NotAllowed for dates
    that cannot be, and for nothing asked.
    """
    _refuse_unless_sound(sent, now)
    known = _known(sent)
    if known is not None:
        return Received(known, list(known.cases.order_by("reference")), is_new=False)
    submission = _submission(sent, _person(sent.address), staff_id, now)
    opened = [
        new_case(submission, asked, now=now, staff_id=staff_id, is_draft=sent.is_draft)
        for asked in sent.asked
    ]
    cases = [case for case, _ in opened]
    Case.objects.bulk_create(cases)
    CaseLogEntry.objects.bulk_create(entry for _, entry in opened)
    CaseLink.objects.bulk_create(links.first_links(cases))
    at_once.carry_out(cases, now=now)
    if answers and not sent.held_because and not sent.is_draft:
        acknowledge(submission, cases, now=now)
    return Received(submission, cases)


def _refuse_unless_sound(sent: Sent, now: datetime) -> None:
    received_on = timezone.localdate(sent.received_at)
    if not sent.asked:
        raise NotAllowed("Say what is asked for.")
    if sent.received_at > now:
        raise NotAllowed("It cannot have been received in the future.")
    if received_on < FIRST_DAY:
        raise NotAllowed("Before 25 May 2018 nobody could make such a request.")
    if sent.dated_on > received_on:
        raise NotAllowed("A letter cannot bear a later date than that of its arrival.")
    for asked in sent.asked:
        refuse_wrong_grounds(asked)


def _known(sent: Sent) -> Submission | None:
    if sent.form_number:
        digest = form_digest(sent.form_number)
        return Submission.objects.filter(form_digest=digest).first()
    if sent.inbound_email_id is not None:
        mail = sent.inbound_email_id
        return Submission.objects.filter(inbound_email_id=mail).first()
    return None


def form_digest(form_number: str) -> bytes:
    return hashlib.sha256(form_number.encode()).digest()


def _person(address: str) -> DataSubject:
    """Whoever asks has a row, with an address or without; locked against a purge."""
    if not address:
        return DataSubject.objects.create()
    subject = subject_of(address)
    return DataSubject.objects.select_for_update(no_key=True).get(pk=subject.pk)


def _submission(
    sent: Sent, subject: DataSubject, staff_id: int | None, now: datetime
) -> Submission:
    agent = sent.agent
    gets_answer = agent is not None and agent.gets_answer
    return Submission.objects.create(
        data_subject=subject,
        name=sent.name,
        address=sent.address,
        postal_address=sent.postal_address,
        telephone=sent.telephone,
        is_by_agent=agent is not None,
        agent_name=agent.name if agent else "",
        agent_address=agent.address if agent else "",
        answer_to=Submission.AnswerTo.AGENT
        if gets_answer
        else Submission.AnswerTo.PERSON,
        words=sent.words,
        channel=sent.channel,
        reply_by=sent.reply_by,
        dated_on=sent.dated_on,
        received_at=sent.received_at,
        recorded_at=now,
        wants_recipients=sent.wants_recipients,
        signs=list(sent.signs),
        held_because=sent.held_because,
        form_digest=form_digest(sent.form_number) if sent.form_number else None,
        inbound_email_id=sent.inbound_email_id,
        staff_id=staff_id,
    )
