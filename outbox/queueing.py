"""The one door through which an e-mail leaves the house."""

import uuid
from typing import Any

from django.utils import timezone

from data_subjects.restriction import is_restricted
from groundwork import addresses
from groundwork.one_statement import Given, Part, insert
from outbox.composing import check_gate, check_opt_out
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.suppression import HEED_RESTRICTION


def queue(
    kind: str,
    *,
    to: str,
    context: dict[str, Any],
    data_subject_id: uuid.UUID | None,
    message_class: MessageClass = MessageClass.SERVICE,
    purpose: str = "",
    withheld_because: str = "",
) -> OutgoingEmail:
    """Write the message into the caller's transaction; it leaves after the commit.

    Nothing is rendered and nobody is called: the delivery looks for due rows by
    itself, so a sign-up waits neither for Redis nor for the mail server.
    withheld_because records a message that a limit keeps back; marketing and notices
    to a person whose data is restricted are kept back here too. Raises
    RefusedAtTheDoor for marketing without a link to stop it, or for a purpose that
    may not be used yet.
    """
    check_opt_out(message_class, purpose, context)
    check_gate(message_class, purpose)
    if not withheld_because and message_class in HEED_RESTRICTION:
        is_kept_back = is_restricted(data_subject_id, addresses.digest(to))
        withheld_because = "restricted" if is_kept_back else ""
    return OutgoingEmail.objects.create(
        kind=kind,
        message_class=message_class,
        purpose=purpose,
        to_address=to,
        context=context,
        data_subject_id=data_subject_id,
        state=State.WITHHELD if withheld_because else State.QUEUED,
        reason=withheld_because,
        settled_at=timezone.now() if withheld_because else None,
    )


def queued_to_each(
    kind: str, *, context: dict[str, Any], message_class: MessageClass, source: str
) -> Part:
    """A step that queues a message to each person of the step `source`, which has the
    columns address, as it is stored, and data_subject_id. Not for marketing, nor for
    what a restriction keeps back."""
    values = {
        "kind": kind,
        "message_class": message_class,
        "to_address": Given(f"{source}.address"),
        "context": context,
        "data_subject_id": Given(f"{source}.data_subject_id"),
    }
    return insert("mail", OutgoingEmail, values, source=source)


def queued_unless_limited(
    kind: str,
    *,
    to: str,
    context: dict[str, Any],
    source: str,
    limit: str,
) -> Part:
    """A step that queues a service message to the person of the step `source`.

    Where its column may_mail is false, the row is written as withheld for the reason
    `limit`: the same work either way.
    """
    may_mail = f"{source}.may_mail"
    return insert(
        "mail",
        OutgoingEmail,
        {
            "kind": kind,
            "message_class": MessageClass.SERVICE,
            "to_address": to,
            "context": context,
            "data_subject_id": Given(f"{source}.data_subject_id"),
            "state": Given(
                f"(CASE WHEN {may_mail} THEN %s ELSE %s END)",
                (str(State.QUEUED), str(State.WITHHELD)),
            ),
            "reason": Given(f"(CASE WHEN {may_mail} THEN '' ELSE %s END)", (limit,)),
            "settled_at": Given(f"(CASE WHEN {may_mail} THEN NULL ELSE now() END)"),
        },
        source=source,
    )
