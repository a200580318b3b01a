"""Receiving what somebody asks: the one way in for form, mail, telephone and post.

The clock starts at receipt, whatever follows: nobody needs to recognise, confirm or
read anything first. What takes effect at once does so here.
"""

import hashlib
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from data_subjects.models import DataSubject, nameless_subject_step, subject_step
from groundwork import addresses
from groundwork.one_statement import Given, Part, insert, insert_all, now_stored, run
from groundwork.refusals import NotAllowed
from rights_requests import at_once, links, sensitive
from rights_requests.acknowledging import FLOOD, many_step
from rights_requests.deadlines import FIRST_DAY
from rights_requests.fulfilment import transmissions
from rights_requests.kinds import AT_ONCE, PUBLISHED, CaseKind
from rights_requests.models import Case, Channel, Submission, Transmission
from rights_requests.opening import Asked, new_case, refuse_wrong_grounds

__all__ = ["Agent", "Asked", "Received", "Sent", "form_digest", "receive"]

# With a million cases one draw in a million is taken.
MOST_DRAWS = 5
OPENED = """
    SELECT data_subject_id, held_because
    FROM (SELECT) AS always LEFT JOIN submitted ON true
"""


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
    same. is_from_visit: it comes from whoever has the mailbox, so that what others sent in
    that name holds it not. form_number: the form's own, so that sending it twice is
    sending it once.
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
    is_from_visit: bool = False
    form_number: str = ""
    inbound_email_id: int | None = None
    # Staff must say first what a mail asks for; a form said so itself.
    is_draft: bool = False


@dataclass(frozen=True)
class Received:
    submission: Submission
    cases: list[Case] = field(default_factory=list)
    is_new: bool = True


def receive(
    sent: Sent, *, now: datetime, staff_id: int | None = None, answers: bool = True
) -> Received:
    """Open a case for each thing asked and start its clock; the worker acknowledges it.

    answers: False for what a machine sent, which is never written back to (RFC 3834).
    The same form sent again returns what it had opened. Raises NotAllowed for dates
    that cannot be, and for nothing asked.
    """
    _refuse_unless_sound(sent, now)
    for _ in range(MOST_DRAWS):
        try:
            with _all_or_nothing(sent):
                received = _open(sent, now=now, staff_id=staff_id, answers=answers)
                if received.is_new:
                    at_once.carry_out(received.cases, now=now)
            return received
        except IntegrityError as error:
            if not _is_taken(error):
                raise
    raise RuntimeError("Every reference that was drawn is taken.")


def _all_or_nothing(sent: Sent) -> AbstractContextManager[Any]:
    """One statement commits by itself; more of them, or one of many, belong together."""
    more = AT_ONCE | PUBLISHED | {CaseKind.OBJECTION}
    does_more = any(asked.kind in more for asked in sent.asked)
    is_one_of_many = connection.in_atomic_block
    return transaction.atomic() if does_more or is_one_of_many else nullcontext()


def _is_taken(error: IntegrityError) -> bool:
    """Whether a case of that reference is there; what identifies it otherwise is drawn
    from so many that it never is."""
    cause = error.__cause__
    return (
        isinstance(cause, psycopg.errors.UniqueViolation)
        and cause.diag.table_name == Case._meta.db_table
    )


def _open(
    sent: Sent, *, now: datetime, staff_id: int | None, answers: bool
) -> Received:
    """In one statement, whether the address is known or not: how long it takes tells
    nobody whom we know. The person's row stays locked against a purge."""
    submission, digest = _submission(sent, staff_id, now), _address_digest(sent)
    if answers and not sent.held_because and not sent.is_draft:
        submission.acknowledge_from = now
    is_typed = staff_id is None and not sent.is_from_visit
    is_limited = submission.acknowledge_from is not None and is_typed
    opened = [
        new_case(submission, asked, now=now, staff_id=staff_id, is_draft=sent.is_draft)
        for asked in sent.asked
    ]
    cases = [case for case, _ in opened]
    entries = [entry for _, entry in opened] + sensitive.entries_of_new(cases)
    sendings = _sendings(cases, sent.asked, now)
    parts = [
        *_person(sent, digest),
        *_submitted(submission, digest if is_limited else None),
        insert_all("cases", cases, source="submitted"),
        insert_all("entries", entries, source="submitted"),
        insert_all("links", links.first_links(cases), source="submitted"),
    ]
    if sendings:
        parts.append(insert_all("sendings", sendings, source="submitted"))
    subject, held_because = run(parts, OPENED)
    if subject is None:
        return _known(sent)
    submission.held_because = held_because
    if held_because:
        submission.acknowledge_from = None
    submission.data_subject = DataSubject(pk=subject, address_digest=digest)
    now_stored(submission.data_subject, submission, *cases)
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


def _sendings(
    cases: list[Case], asked: tuple[Asked, ...], now: datetime
) -> list[Transmission]:
    """Where the person wants their file sent directly; of what somebody else asks for
    them, staff write it down."""
    pairs = zip(cases, asked, strict=True)
    return [
        transmissions.new(case, one.send_to, now=now)
        for case, one in pairs
        if one.send_to
        and case.kind == CaseKind.PORTABILITY
        and not case.submission.is_by_agent
    ]


def _known(sent: Sent) -> Received:
    """What this form or mail opened before."""
    before = Submission.objects.get(
        Q(form_digest=_form_digest(sent), form_digest__isnull=False)
        | Q(inbound_email_id=sent.inbound_email_id, inbound_email_id__isnull=False)
    )
    return Received(before, list(before.cases.order_by("reference")), is_new=False)


def form_digest(form_number: str) -> bytes:
    return hashlib.sha256(form_number.encode()).digest()


def _form_digest(sent: Sent) -> bytes | None:
    return form_digest(sent.form_number) if sent.form_number else None


def _address_digest(sent: Sent) -> bytes | None:
    return addresses.digest(sent.address) if sent.address else None


def _person(sent: Sent, digest: bytes | None) -> list[Part]:
    """The step “person”: whoever asks has a row, with an address or without; without
    one a new row, unless the same was sent before."""
    if digest is not None:
        return [subject_step("person", digest)]
    known = """
        SELECT WHERE NOT EXISTS (
            SELECT FROM rights_requests_submission
            WHERE form_digest = %s OR inbound_email_id = %s)
    """
    return [
        Part("anew", known, (_form_digest(sent), sent.inbound_email_id)),
        nameless_subject_step("person", source="anew"),
    ]


def _submitted(submission: Submission, limited: bytes | None) -> list[Part]:
    """The step “submitted”: its row, or none where the same was sent before.

    limited: the digest of the address that gets so many first letters a day; whatever
    else comes in under it then waits apart.
    """
    names = [field.attname for field in Submission._meta.concrete_fields]
    values = {name: getattr(submission, name) for name in names}
    values["data_subject_id"] = Given("person.id")
    if limited is None:
        return [
            insert("submitted", Submission, values, source="person", unless_known=True)
        ]
    values["held_because"] = Given(
        "(CASE WHEN many.has_them THEN %s ELSE '' END)", (FLOOD,)
    )
    values["acknowledge_from"] = Given(
        "(CASE WHEN many.has_them THEN NULL ELSE %s END)", (submission.recorded_at,)
    )
    return [
        many_step("many", limited, now=submission.recorded_at),
        insert(
            "submitted", Submission, values, source="person, many", unless_known=True
        ),
    ]


def _submission(sent: Sent, staff_id: int | None, now: datetime) -> Submission:
    """Not saved, and nobody's yet."""
    agent = sent.agent
    gets_answer = agent is not None and agent.gets_answer
    return Submission(
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
        # Before anybody has seen it; each of its cases has that on record.
        shut_away_at=now if sent.signs else None,
        held_because=sent.held_because,
        form_digest=_form_digest(sent),
        inbound_email_id=sent.inbound_email_id,
        staff_id=staff_id,
    )
