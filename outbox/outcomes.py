"""What became of one message, for whoever counts on its having told somebody.

Such a row keeps the message's id, and no key to it: the message goes with its period,
and what was told stays told.
"""

import uuid
from datetime import datetime

from django.db.models import OuterRef, Subquery

from outbox.models import OutgoingEmail, State

# Reasons of a settled message (OutgoingEmail.reason).
FOUND_OUT = "settled by a person"
TAKEN_BACK = "; taken back"
REASON_LENGTH = 60


def state_of(email_id: uuid.UUID | None) -> State | None:
    """None when there is no such message, or none any more."""
    states = OutgoingEmail.objects.filter(pk__in=[email_id])
    found = states.values_list("state", flat=True).first()
    return State(found) if found else None


def sent_at(email_id: uuid.UUID | None) -> datetime | None:
    """When a mail server took it; None while none has. Of one that hung and turned out
    to have arrived: when it was handed over, whenever a person found that out."""
    sent = OutgoingEmail.objects.filter(pk__in=[email_id], state=State.SENT)
    found = sent.values_list("reason", "settled_at", "handing_over_at").first()
    if found is None:
        return None
    reason, settled_at, handing_over_at = found
    was_found_out = reason == FOUND_OUT and handing_over_at is not None
    return handing_over_at if was_found_out else settled_at


def empty(email_id: uuid.UUID | None) -> None:
    """Remove for good what a message says that a mail server took; that there was one
    stays."""
    sent = OutgoingEmail.objects.filter(pk__in=[email_id], state=State.SENT)
    sent.update(raw_message="", context={})


def take_back(email_id: uuid.UUID | None) -> None:
    """What a failed message would tell is no longer so: nobody sends it again by hand."""
    failed = OutgoingEmail.objects.filter(pk__in=[email_id], state=State.FAILED)
    for reason in failed.values_list("reason", flat=True):
        kept = reason[: REASON_LENGTH - len(TAKEN_BACK)]
        failed.update(reason=kept + TAKEN_BACK)


def state_by(field: str) -> Subquery:
    """The state of each row's message, for a list; field keeps the message's id."""
    mail = OutgoingEmail.objects.filter(pk=OuterRef(field))
    return Subquery(mail.values("state"))


def why_not_again(email_id: uuid.UUID | None) -> str:
    """What stands against a second message that would say the same; one that failed or
    was withheld may be sent again."""
    state = state_of(email_id)
    if state == State.UNKNOWN:
        return (
            "An e-mail was handed over, and nobody knows whether it arrived. Settle it "
            "under “Mail out” first, or tell the person in another way."
        )
    if state is not None and state.may_have_gone:
        return "An e-mail about it has gone, or is on its way."
    return ""
