"""Where a person wants their file sent directly, and who stands behind that address (UK
GDPR Art. 20(2)).

1. The person gives the address: on the form, on the page of their case, or to one of us.
2. Somebody of ours finds out whose it is, or says why nothing is sent there.
3. With the answer, and no sooner, the copy that a second person released is on its way
   (start); fulfilment.transmitting sends it.

The download stays: whatever becomes of the sending, the person has the file.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import SplitResult, unquote, urlsplit

from django.db import transaction

from groundwork import outside_calls
from groundwork.refusals import NotAllowed, refuse
from processing_register.countries import COUNTRIES
from processing_register.register import UK_AND_EEA
from rights_requests import casebook
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    Event,
    Submission,
    Transmission,
)
from rights_requests.moves import State as CaseState

State = Transmission.State
# Nothing of it has left, so that another address may take its place.
UNSENT = (State.ASKED, State.NAMED, State.DECLINED)
LONGEST = 300
# Where what is no part of the place begins, and how people call the sign.
CUT_OFF = {"?": "the question mark", "#": "the number sign (#)"}
SETTLED = "This was dealt with already: look at how it stands now."


@dataclass(frozen=True)
class Receiver:
    """Who stands behind an address. safeguard: for a country outside the UK and EEA."""

    recipient: str
    country_code: str
    safeguard: str = ""


# --- The address ---


def why_not_address(address: str) -> str:
    """What stands against sending to this address as it is written, for whoever typed
    it; empty when nothing does. What follows a question mark gets into the logs of every
    server on the way, and may name the person."""
    if len(address) > LONGEST:
        return f"Shorten the address to {LONGEST} characters or fewer"
    for sign, called in CUT_OFF.items():
        if sign in address:
            return f"Leave out {called} and what comes after it"
    if "@" in unquote(_parts(address).path):
        return "Leave e-mail addresses out of it: ask for an address without one"
    return outside_calls.why_not_call(address)


def _parts(address: str) -> SplitResult:
    """Those of an empty address where it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def host_of(address: str) -> str:
    """The server behind an address, as letters name it."""
    return _parts(address).hostname or ""


def newest(case: Case) -> Transmission | None:
    """The one that is meant; None where the person wants nothing sent, or asks for
    something else by now."""
    if case.kind != CaseKind.PORTABILITY:
        return None
    return case.transmissions.meant().order_by("-pk").first()


def ended(case: Case) -> Transmission | None:
    """The last one that is meant no longer, where none took its place."""
    if case.kind != CaseKind.PORTABILITY or newest(case) is not None:
        return None
    return case.transmissions.filter(state=State.ENDED).order_by("-pk").first()


def hosts_of(submission: Submission) -> list[str]:
    """The servers to which files of this submission are to go; shown to whoever says
    that the mailbox is theirs, and never mailed: anybody can type an address."""
    meant = Transmission.objects.meant().filter(case__submission=submission)
    return [host_of(row.address) for row in meant]


# --- Given by the person ---


def new(case: Case, address: str, *, now: datetime) -> Transmission:
    """Not saved: for a case that is being opened."""
    return Transmission(case=case, address=address, given_at=now)


@transaction.atomic
def ask(
    case_id: uuid.UUID,
    address: str,
    *,
    now: datetime,
    words: str = "",
    staff_id: int | None = None,
) -> Transmission:
    """From now on the file is to go to this address; one that was given before is meant
    no longer. staff_id: who wrote down what the person said, which words tells. Raises
    NotAllowed."""
    case = casebook.locked(case_id)
    given = address.strip()
    refuse(why_not_ask(case), f"{why}." if (why := why_not_address(given)) else "")
    before = newest(case)
    if before is not None and before.state == State.WAITING:
        raise NotAllowed(
            "The file is on its way to the address that was given before. Once that is "
            "over, or ended, another one can be given."
        )
    if before is not None and before.address == given and before.state in UNSENT:
        return before  # pressed twice, it is done once
    if staff_id is not None and not words.strip():
        raise NotAllowed("Say how the person told us.")
    end_unsent(case, now=now, states=UNSENT)
    found = new(case, given, now=now)
    found.words, found.given_by_id = words.strip(), staff_id
    found.save()
    _note(found, Event.SEND_ASKED, staff_id)
    return found


def why_not_ask(case: Case) -> str:
    """What stands against giving an address now."""
    if case.kind != CaseKind.PORTABILITY:
        return "Only what is taken along to another service is sent to it."
    if not case.is_open:
        return f"The case is closed ({CaseState(case.state).label})."
    return ""


def end_unsent(
    case: Case, *, now: datetime, states: Sequence[State] = (State.ASKED, State.NAMED)
) -> None:
    """What has not left is meant no longer. The caller holds the case."""
    unsent = case.transmissions.filter(state__in=states)
    unsent.update(state=State.ENDED, settled_at=now)


# --- By staff ---


@transaction.atomic
def name(
    transmission_id: int, told: Receiver, *, staff_id: int, now: datetime
) -> Transmission:
    """Put on record who receives the file: from then on it leaves with the answer.
    Raises NotAllowed."""
    found = _locked(transmission_id)
    refuse(_why_not_settle(found), why_not_receiver(told))
    found.recipient = told.recipient.strip()
    found.country_code, found.safeguard = told.country_code, told.safeguard.strip()
    found.named_at, found.named_by_id = now, staff_id
    found.state, found.reason = State.NAMED, ""
    found.save()
    _note(found, Event.SEND_NAMED, staff_id)
    return found


def why_not_receiver(told: Receiver) -> str:
    if not told.recipient.strip() or "@" in told.recipient:
        return "Name the organisation that receives the file, not a person."
    if told.country_code not in COUNTRIES:
        return "Enter the two letters of a country, such as GB."
    if told.country_code not in UK_AND_EEA and not told.safeguard.strip():
        return (
            "Outside the United Kingdom and the EEA say what allows it (UK GDPR, Articles "
            "46 and 49): a safeguard, or that the person wants it, knowing the risk."
        )
    return ""


@transaction.atomic
def decline(
    transmission_id: int, reason: str, *, staff_id: int, now: datetime
) -> Transmission:
    """It is not sent, for a reason that the answer gives the person: it is not feasible,
    or harms others (Art. 20(2), (4)). Raises NotAllowed."""
    found = _locked(transmission_id)
    refuse(_why_not_settle(found))
    if not reason.strip():
        raise NotAllowed("Say why it is not sent: the person reads it.")
    found.state, found.reason = State.DECLINED, reason.strip()
    found.settled_at = now
    found.save()
    _note(found, Event.SEND_DECLINED, staff_id)
    return found


def _why_not_settle(found: Transmission) -> str:
    if found.state not in UNSENT:
        return SETTLED
    return why_not_ask(found.case)


def _locked(transmission_id: int) -> Transmission:
    """Under the lock of its case. Raises DoesNotExist."""
    rows = Transmission.objects.values_list("case_id", flat=True)
    case = casebook.locked(rows.get(pk=transmission_id))
    found = Transmission.objects.select_for_update().get(pk=transmission_id)
    found.case = case
    return found


def _note(found: Transmission, event: Event, staff_id: int | None) -> None:
    """Which one, and neither the address nor whose it is."""
    inputs = {"transmission": found.pk}
    casebook.note(found.case, event, staff_id=staff_id, inputs=inputs)


# --- With the answer ---


def waits_for_staff(case: Case) -> bool:
    """Whether somebody has yet to say who receives it, or why nothing is sent."""
    found = newest(case)
    return found is not None and found.state == State.ASKED


def is_to_leave(case: Case) -> bool:
    """Whether something goes to somebody else with the answer."""
    return case.transmissions.filter(state=State.NAMED).exists()


def why_not_answer(case: Case, *, is_put_together: bool) -> str:
    """What is still to be said about it before the answer; empty when nothing is."""
    found = newest(case)
    if found is None or found.state not in (State.ASKED, State.NAMED):
        return ""
    if found.state == State.ASKED:
        return (
            "The person wants the file sent to another organisation: say who receives it, "
            "or why it is not sent (Documents)."
        )
    if not is_put_together:
        return (
            "What is sent to another organisation is the file that is put together here: "
            "put it together, or say why it is not sent (Documents)."
        )
    return ""


def start(case: Case, document: CaseDocument | None, *, now: datetime) -> None:
    """The answer leaves with this file: from now on the worker sends it. What failed
    before leaves with the new file under a new number, since it is another one. The
    caller holds the case."""
    found = newest(case)
    if document is None or found is None:
        return
    is_of_another = found.state == State.WAITING and found.document_id != document.pk
    if is_of_another:
        found.state, found.next_at, found.settled_at = State.ENDED, None, now
        found.save(update_fields=["state", "next_at", "settled_at"])
    if found.state == State.FAILED or is_of_another:
        found = _anew(found)
    if found.state != State.NAMED:
        return
    found.state, found.document, found.next_at = State.WAITING, document, now
    found.save()
    _note(found, Event.SEND_BEGUN, None)


def _anew(failed: Transmission) -> Transmission:
    found = Transmission(
        case=failed.case,
        state=State.NAMED,
        address=failed.address,
        words=failed.words,
        given_at=failed.given_at,
        given_by_id=failed.given_by_id,
        recipient=failed.recipient,
        country_code=failed.country_code,
        safeguard=failed.safeguard,
        named_at=failed.named_at,
        named_by_id=failed.named_by_id,
    )
    found.save()
    return found


# --- Told to the person ---


def in_letter(case: Case) -> str:
    """What becomes of it, for the answer; empty where the person wants nothing sent."""
    found = newest(case)
    said = SAID.get(State(found.state), "") if found is not None else ""
    if found is None or not said:
        return ""
    return said.format(
        host=host_of(found.address),
        recipient=found.recipient,
        reason=found.reason.rstrip("."),
    )


SENDING = (
    "You asked us to send the file straight to {recipient} ({host}). We send it now. We "
    "write to you again as soon as they have taken it, or if they do not take it. You can "
    "also download the file yourself."
)
SAID = {
    # As the letter is looked at, before the answer is given.
    State.NAMED: SENDING,
    State.WAITING: SENDING,
    State.FAILED: SENDING,
    State.DECLINED: "You asked us to send the file straight to another organisation. We do "
    "not do that, for this reason: {reason}. We have to send it only where that can be "
    "done (UK GDPR, Article 20(2)). You can download the file yourself and give it to them.",
}
