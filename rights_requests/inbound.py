"""Mail that asks for something: what an e-mail becomes before anybody has read it.

A mail about a known case, from a mailbox that the case knows, becomes a message of that
case. A mail that seems to ask for something becomes a draft for staff to confirm, whose
clock has been running since our server took it. Everything else waits for a person.
"""

import logging
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from groundwork import addresses
from groundwork.log_lines import PATH_TOKEN
from groundwork.masking import mask_numbers
from groundwork.periods import civil_day
from groundwork.refusals import NotAllowed
from groundwork.sensitive import signs_of_sensitive
from outbox import inbound
from outbox.composing import sending_address
from outbox.inbound_message import InboundMessage
from outbox.models import InboundEmail
from processing_register.notices import current_controller
from rights_requests import casebook, mailed_files, sensitive
from rights_requests.acknowledging import (
    FLOOD,
    MOST_A_DAY,
    acknowledge_drafts,
)
from rights_requests.deadlines import FIRST_DAY
from rights_requests.kinds import AT_ONCE, CaseKind
from rights_requests.letters import LetterIncomplete, LetterIsWrong
from rights_requests.models import Case, Channel, Event, Message, Submission
from rights_requests.receiving import Agent, Asked, Received, Sent, receive
from rights_requests.recognising import Suggestion, recognise
from rights_requests.references import references_in
from staff.models import StaffUser

logger = logging.getLogger(__name__)

# What a mail is kept as: its subject stands first, since it may be all there is.
SUBJECT = "Subject: "
QUOTED = "[Quoted or passed on:]"
# A clock that is further off than this tells nothing about when a mail was written.
DATE_MAY_BE_OLD = timedelta(days=31)
LETTER_MAY_BE_OLD = timedelta(days=366)
# Whom a mail went to, in the head of one that is quoted.
SENT_TO = re.compile(r"\W*(?:to|cc|an|à|para)\W*:")
# Of a mail that means a right and does not say which: the widest, until staff choose.
USUAL = CaseKind.ACCESS


def read_request(message: InboundMessage) -> bool:
    """Reader of INBOUND_READERS: claim what is about a case, or asks for something.

    A delivery report is nobody's act, and what it quotes we wrote ourselves. What else
    a machine sent (RFC 3834) may still hold somebody's right: it is never answered and
    never obeyed, and it opens a draft all the same.
    """
    if message.is_report or message.row_id is None or message.received_at is None:
        return False
    now = timezone.now()
    if _read_as_message(message, now):
        return True
    return _read_as_request(message, message.received_at, now)


# --- About a case that there is ---


def _read_as_message(message: InboundMessage, now: datetime) -> bool:
    """Add it to the case that it names, if its sender is of that case."""
    named = _named(message)
    if not named:
        return False
    known = [case for case in named if _is_from_somebody_of(case, message)]
    if message.is_automatic or not known:
        inbound.remark(message, _why_no_message(named[0], message))
        return False
    _keep_as_message(known[0], message, now)
    return True


def _named(message: InboundMessage) -> list[Case]:
    """The cases named in it: in the subject, in its own words, in what it quotes."""
    texts = (message.subject, message.text, message.quoted)
    names = list(dict.fromkeys(chain.from_iterable(map(references_in, texts))))
    rows = Case.objects.select_related("submission__data_subject")
    found = {case.reference: case for case in rows.filter(reference__in=names)}
    return [found[name] for name in names if name in found]


def _is_from_somebody_of(case: Case, message: InboundMessage) -> bool:
    """Whether the mailbox is that of the person, or of whoever writes for them."""
    if not message.sender:
        return False
    submission = case.submission
    digest = addresses.digest(message.sender)
    person = submission.data_subject.address_digest
    if person is not None and bytes(person) == digest:
        return True
    return message.sender in (submission.address, submission.agent_address)


def _why_no_message(case: Case, message: InboundMessage) -> str:
    if message.is_automatic:
        return f"A machine wrote it. It names the case {case.reference}."
    return (
        f"It names the case {case.reference}, and comes from an address that the case "
        "does not know. Nothing was added to the case."
    )


def _keep_as_message(case: Case, message: InboundMessage, now: datetime) -> None:
    """Unread, for staff to look at: nothing moves by it."""
    case = casebook.locked(case.pk)
    words = words_of(message)
    suggestion = recognise(message.subject, message.text, today=timezone.localdate(now))
    kept = Message.objects.create(
        case=case,
        words=words,
        channel=Channel.E_MAIL,
        received_at=message.received_at or now,
        inbound_email_id=message.row_id,
    )
    inputs = {"message": kept.pk, "words": casebook.digest_of(words)}
    if more := [kind for kind in suggestion.kinds if kind != case.kind]:
        inputs["may_ask_for"] = more
    casebook.note(case, Event.MESSAGE, inputs=inputs)
    sensitive.look_through(case.submission, words, now=now)
    mailed_files.take_over(message, case, now=now)


# --- Something new ---


@dataclass(frozen=True)
class _Reading:
    """A mail with what the rules read in it. passes_on: only what it quotes or forwards
    asks for something."""

    message: InboundMessage
    received_at: datetime
    suggestion: Suggestion
    passes_on: bool
    is_own: bool

    @property
    def received_on(self) -> date:
        return civil_day(self.received_at)

    @property
    def kinds(self) -> list[CaseKind]:
        """The kinds of the drafts; none for what is no request.

        What takes effect at once is asked by somebody, of themselves, in words of their
        own: no machine is obeyed, and nothing that is quoted.
        """
        if not self.suggestion.is_likely:
            return []
        kinds = [CaseKind(kind) for kind in self.suggestion.kinds] or [USUAL]
        if self.passes_on or self.message.is_automatic or not self.message.sender:
            kinds = [kind for kind in kinds if kind not in AT_ONCE]
        return kinds

    @property
    def is_of_person(self) -> bool:
        """Whether its sender is the person, as far as it tells."""
        is_of_other = self.suggestion.by_agent or self.is_own
        return bool(self.message.sender) and not is_of_other

    @property
    def agent(self) -> Agent | None:
        if not self.suggestion.by_agent or self.is_own or not self.message.sender:
            return None
        return Agent(mask_numbers(self.message.sender_name), self.message.sender)


def _read_as_request(
    message: InboundMessage, received_at: datetime, now: datetime
) -> bool:
    reading = _read(message, received_at)
    if not reading.kinds or reading.received_on < FIRST_DAY:
        return False
    received = _open_drafts(reading, now)
    if not received.is_new:
        return True
    sensitive.shut_mails(received.submission)
    inbound.remark(message, *_remarks(reading))
    mailed_files.take_over(message, received.cases[0], now=now)
    if _may_answer(reading, received.submission):
        _acknowledge(received, now)
    return True


def _read(message: InboundMessage, received_at: datetime) -> _Reading:
    """What it asks for; or, where its own words ask for nothing in particular, what it
    passes on. What we wrote ourselves and get back asks for nothing."""
    today, is_own = civil_day(received_at), _is_own_address(message.sender)
    own = recognise(message.subject, message.text, today=today)
    if own.kinds or not message.quoted or _is_ours(message.quoted):
        return _Reading(message, received_at, own, False, is_own)
    quoted = recognise(message.subject, message.quoted, today=today)
    if own.is_likely and not quoted.kinds:
        return _Reading(message, received_at, own, False, is_own)
    return _Reading(message, received_at, quoted, quoted.is_likely, is_own)


def _is_ours(text: str) -> bool:
    """Whether we wrote it: it has an address of ours, other than as that of whom it went
    to."""
    controller = current_controller()
    lines = (line for line in text.lower().splitlines() if not SENT_TO.match(line))
    plain = "\n".join(lines)
    ours = (settings.SITE_URL, controller.governance_email, sending_address(controller))
    return any(mark.lower() in plain for mark in ours)


def _open_drafts(reading: _Reading, now: datetime) -> Received:
    message = reading.message
    words = words_of(message)
    is_of_person = reading.is_of_person
    sent = Sent(
        asked=tuple(Asked(kind) for kind in reading.kinds),
        channel=Channel.E_MAIL,
        received_at=reading.received_at,
        dated_on=_dated_on(reading),
        address=message.sender if is_of_person else "",
        name=mask_numbers(message.sender_name) if is_of_person else "",
        agent=reading.agent,
        words=words,
        signs=tuple(sorted(signs_of_sensitive(words, today=reading.received_on))),
        held_because=_why_held(message, now),
        inbound_email_id=message.row_id,
        is_draft=True,
    )
    return receive(sent, now=now, answers=False)


def words_of(message: InboundMessage) -> str:
    """What is kept of a mail as the person's words, the numbers of cards masked; with
    what they pass on, unless we wrote that."""
    subject = f"{SUBJECT}{message.subject}" if message.subject else ""
    is_passed_on = message.quoted and not _is_ours(message.quoted)
    quoted = f"{QUOTED}\n\n{message.quoted}" if is_passed_on else ""
    parts = (subject, message.text, quoted)
    words = mask_numbers("\n\n".join(filter(None, parts)))
    # The way into a case, out of a letter of ours: whoever has it acts as the person.
    return PATH_TOKEN.sub("•••", words)


def _dated_on(reading: _Reading) -> date:
    """The date that the letter bears, or the mail, if either can be; otherwise that of
    its arrival. Our promise counts from it, the law does not."""
    received_on, sent_at = reading.received_on, reading.message.dated_at
    dates = [
        (reading.suggestion.dated_on, LETTER_MAY_BE_OLD),
        (civil_day(sent_at) if sent_at else None, DATE_MAY_BE_OLD),
    ]
    for day, may_be_old in dates:
        if day is not None and received_on - may_be_old <= day <= received_on:
            return day
    return received_on


def _remarks(reading: _Reading) -> list[str]:
    """What whoever confirms the draft should know."""
    message, suggestion = reading.message, reading.suggestion
    is_more = CaseKind.COMPLAINT not in suggestion.kinds
    remarks = {
        "It means a right and does not say which.": not suggestion.kinds,
        "It may be a complaint as well.": suggestion.looks_like_complaint and is_more,
        "Only what it passes on asks for something.": reading.passes_on,
        "A machine sent it, so nobody was answered.": message.is_automatic,
        "It names no one sender that could be answered.": not message.sender,
        "It comes from an address of our own. Who is asking?": reading.is_own,
        "It is longer than what was read. The whole stands in the mailbox.": (
            message.is_cut
        ),
    }
    return [sentence for sentence, holds in remarks.items() if holds]


# --- Answering ---


def _may_answer(reading: _Reading, submission: Submission) -> bool:
    """Never a machine, never ourselves, and nobody without end (RFC 3834)."""
    if reading.message.is_automatic or reading.is_own or submission.held_because:
        return False
    return bool(reading.message.sender)


def _acknowledge(received: Received, now: datetime) -> None:
    """A letter that cannot be written loses no draft: staff see that none has left."""
    try:
        with transaction.atomic():
            acknowledge_drafts(received.submission, received.cases, now=now)
    except (LetterIncomplete, LetterIsWrong, NotAllowed):
        logger.exception("Submission %s is not acknowledged", received.submission.pk)


def _why_held(message: InboundMessage, now: datetime) -> str:
    """Two machines that write to each other do not say that they are machines.

    Only what this mailbox sent counts: what others typed under its address into our
    forms, which hold it on their own, keeps no letter from whoever writes themselves.
    """
    if not message.sender:
        return ""
    digest = addresses.digest(message.sender)
    mails = InboundEmail.objects.filter(
        sender_digest=digest, received_at__gt=now - timedelta(days=60)
    )
    today = Submission.objects.filter(
        inbound_email_id__in=mails.values("pk"),
        recorded_at__gt=now - timedelta(days=1),
    )
    return FLOOD if today.count() >= MOST_A_DAY else ""


def _is_own_address(address: str) -> bool:
    if not address:
        return False
    controller = current_controller()
    ours = {
        controller.governance_email,
        controller.sending_email,
        controller.unsubscribe_email,
        sending_address(controller),
    }
    if address in {own.lower() for own in ours}:
        return True
    return StaffUser.objects.filter(email__iexact=address).exists()
