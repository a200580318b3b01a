"""How long copies of mail are kept; the engine is data_subjects.retention."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from data_subjects.retention import Purge
from groundwork.encryption import has_content
from groundwork.holdings import Person
from outbox.models import (
    InboundEmail,
    MessageClass,
    OutgoingEmail,
    OutgoingEmailQuerySet,
    State,
)

# What is left of a message: that there was one, of which kind, and what became of it.
EMPTIED: dict[str, Any] = {"raw_message": "", "context": {}, "to_address": ""}


def _settled(limit: datetime) -> OutgoingEmailQuerySet:
    return OutgoingEmail.objects.filter(created_at__lt=limit, settled_at__isnull=False)


def forget_bodies(data_subject_id: uuid.UUID, *, kind: str = "") -> int:
    """Empty at once what was written to a person whose record is removed; what is
    still to be sent to them is not. kind: only messages of this kind; empty: all."""
    theirs = OutgoingEmail.objects.filter(data_subject_id=data_subject_id)
    if kind:
        theirs = theirs.filter(kind=kind)
    theirs.filter(state=State.QUEUED).update(
        state=State.WITHHELD, reason="removed", settled_at=timezone.now()
    )
    settled = theirs.filter(has_content("to_address"), settled_at__isnull=False)
    return settled.update(**EMPTIED)


def forget_mail(person: Person) -> int:
    """Empty what was written to a person whose data is erased, and take their number off
    it; returns how many messages. What still waits is not sent, but for what answers
    their request: that has to leave first (is_answer_on_its_way)."""
    waiting = OutgoingEmail.objects.filter(
        data_subject_id=person.id, state=State.QUEUED
    )
    waiting.exclude(message_class=MessageClass.RIGHTS).update(
        state=State.WITHHELD, reason="removed", settled_at=timezone.now()
    )
    return forget_settled_mail(person)


def forget_inbound(person: Person) -> int:
    """What came from the person goes; what nobody has looked at yet stays, and is found
    by whoever looks for what is left."""
    unread = [
        InboundEmail.State.NEW,
        InboundEmail.State.WAITING,
        InboundEmail.State.BROKEN,
    ]
    theirs = InboundEmail.objects.filter(sender_digest__in=list(person.digests))
    gone = theirs.exclude(state__in=unread).delete()[1]
    return gone.get(InboundEmail._meta.label, 0)


def forget_settled_mail(person: Person) -> int:
    """The same for what has left or failed; what still waits goes on."""
    gone = OutgoingEmail.objects.filter(
        data_subject_id=person.id, settled_at__isnull=False
    )
    return gone.update(**EMPTIED, data_subject=None)


def is_answer_on_its_way(data_subject_id: uuid.UUID) -> bool:
    """Whether an answer to a request of this person still waits to be handed over."""
    return OutgoingEmail.objects.filter(
        data_subject_id=data_subject_id,
        message_class=MessageClass.RIGHTS,
        state__in=[State.QUEUED, State.IN_FLIGHT],
    ).exists()


def _of_nobody(limit: datetime) -> QuerySet[OutgoingEmail]:
    return _settled(limit).filter(data_subject__isnull=True)


def _bodies(limit: datetime) -> QuerySet[OutgoingEmail]:
    return _settled(limit).filter(
        has_content("to_address") | has_content("raw_message"),
        data_subject__isnull=False,
    )


def _inbound(limit: datetime) -> QuerySet[InboundEmail]:
    settled = [InboundEmail.State.CLAIMED, InboundEmail.State.CLOSED]
    return InboundEmail.objects.filter(received_at__lt=limit, state__in=settled)


MAILS_TO_NOBODY = Purge(
    rule="mail-bodies",
    what="Mails to people of whom nothing is left",
    due=_of_nobody,
    counts_from="created_at",
)
MAIL_BODIES = Purge(
    rule="mail-bodies",
    what="What was written to people, and the address it went to",
    due=_bodies,
    subject="data_subject_id",
    empties=EMPTIED,
    counts_from="created_at",
)
INBOUND = Purge(
    rule="inbound-mail",
    what="Mails to us that were dealt with",
    due=_inbound,
    address="sender_digest",
    counts_from="received_at",
)
