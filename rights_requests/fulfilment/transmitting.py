"""Sending a person's file straight to another controller (UK GDPR Art. 20(2)), as far as
that can be done: one signed POST of the JSON that lies in the released copy.

HTTP knows no “exactly once”: a reply can be lost. So each try has the same bytes and the
same Idempotency-Key, and goes on for a day; then it is given up, the person is told, and
the file stays where they can download it. A try whose worker died is taken up again.
What arrived, or may have, stands in the ledger of disclosures (Art. 19).
"""

import hashlib
import io
import json
import logging
import time
import uuid
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from data_subjects import disclosures
from data_subjects.disclosures import Given
from data_subjects.models import Allowance, Disclosure
from data_subjects.restriction import Allowed
from groundwork import connector_keys, outside_calls
from groundwork.clock import today_here
from groundwork.holdings import holdings
from groundwork.outside_calls import CallFailed, Reply
from groundwork.refusals import NotAllowed, refuse
from rights_requests import casebook, closing, vault, writing
from rights_requests.deadline_words import in_words
from rights_requests.fulfilment import releasing
from rights_requests.fulfilment.calling import (
    AGAIN_AFTER,
    REFUSED_FOR_NOW,
    RUN_SECONDS,
    TAKEN_FOR,
)
from rights_requests.fulfilment.portability import for_another_service, portable
from rights_requests.fulfilment.transmissions import SETTLED, host_of
from rights_requests.letter_frames import LetterKind
from rights_requests.models import Case, CaseDocument, Event, Package, Transmission
from rights_requests.moves import GIVEN

logger = logging.getLogger(__name__)
State, Problem = Transmission.State, Transmission.Problem
MEGABYTE = 1024 * 1024
# What half a minute takes over a slow line; a person of a hundred thousand rows fits.
MOST_BYTES = 20 * MEGABYTE
MOST_REPLY = 64 * 1024
TAKEN = frozenset({200, 201, 202, 204})
# The same request is being worked on over there (Idempotency-Key, section 2.7).
IN_PROGRESS = 409
WISH = "The person asked us to send it there (UK GDPR, Article 20(2))."


class _Trouble(Exception):
    """This try came to nothing; is_final: so would every other. arrived: they may have
    the file all the same."""

    def __init__(
        self,
        problem: Transmission.Problem,
        *,
        is_final: bool = False,
        arrived: bool = False,
    ) -> None:
        super().__init__(problem.value)
        self.problem, self.is_final, self.arrived = problem, is_final, arrived


def work(now: datetime) -> int:
    """What the worker does each few seconds; returns how many it took up."""
    begun, count = time.monotonic(), 0
    while time.monotonic() - begun < RUN_SECONDS:
        found = _take(now)
        if found is None:
            break
        count += 1
        _step(found, timezone.now())
    return count


@transaction.atomic
def _take(now: datetime) -> Transmission | None:
    """The next one that is due, for this worker alone; another one has it after a while."""
    due = Transmission.objects.select_for_update(of=("self",), skip_locked=True)
    found = due.filter(next_at__lte=now).order_by("next_at").first()
    if found is None:
        return None
    found.next_at = now + TAKEN_FOR
    found.tries_count += 1
    found.save(update_fields=["next_at", "tries_count"])
    return Transmission.objects.select_related("case__submission", "document").get(
        pk=found.pk
    )


def _step(found: Transmission, now: datetime) -> None:
    """What comes to nothing is on record, and is tried again or given up."""
    try:
        outgoing = _outgoing(found, now)
        _keep_what_leaves(found, outgoing)
        _check(_post(found, outgoing))
        _accepted(found.pk, now=now)
    except _Trouble as trouble:
        _put_off(found.pk, trouble, now=now)
    except CallFailed as failure:
        _put_off(found.pk, _of_call(failure), now=now)
    except Exception:
        # One that fails in us must not hold up the others.
        logger.exception("The transmission %s failed", found.pk)
        _put_off(found.pk, _Trouble(Problem.BROKEN), now=now)


def _of_call(failure: CallFailed) -> _Trouble:
    return _Trouble(
        Problem(failure.why.value),
        is_final=failure.why is outside_calls.Why.ADDRESS,
        arrived=failure.may_have_arrived,
    )


# --- What goes out ---


@dataclass(frozen=True)
class _Outgoing:
    """The file as it leaves, and the kinds of data in it."""

    body: bytes
    categories: tuple[str, ...]

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def _outgoing(found: Transmission, now: datetime) -> _Outgoing:
    """Raises _Trouble where it must not leave, or is not there."""
    if not connector_keys.is_there():
        raise _Trouble(Problem.NO_KEY)
    if found.case.state not in GIVEN:
        raise _Trouble(
            Problem.BUSY
        )  # the answer was taken back: it leaves with the next
    if writing.contacts_went(found.case):
        raise _Trouble(Problem.GONE, is_final=True)  # deleted at their request since
    if closing.why_not_act(found.case):
        raise _Trouble(Problem.UNSHOWN, is_final=True)
    document = found.document
    if document is None or not _is_there(document, now):
        raise _Trouble(Problem.GONE, is_final=True)
    body = for_another_service(_data_of(document))
    return _Outgoing(body, _categories(json.loads(body)))


def _is_there(document: CaseDocument, now: datetime) -> bool:
    """Released, handed over, and its day not over: what the person could download."""
    package = Package.objects.filter(document=document).first()
    if package is None or document.removed_at is not None:
        return False
    return package.handed_at is not None and not releasing.has_ended(package, now=now)


def _data_of(document: CaseDocument) -> bytes:
    if document.size > MOST_BYTES:
        raise _Trouble(Problem.LARGE, is_final=True)
    try:
        raw = b"".join(vault.read(document.vault_name))
    except vault.VaultError as error:
        raise _Trouble(Problem.BROKEN) from error
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if archive.getinfo("data.json").file_size > MOST_BYTES:
            raise _Trouble(Problem.LARGE, is_final=True)
        return archive.read("data.json")


def _categories(data: dict[str, Any]) -> tuple[str, ...]:
    """The kinds of data in the places of this file, as keys of the register."""
    sent = {place["holding"] for place in data["places"]}
    return tuple(
        sorted(
            {
                str(datum.category)
                for holding in holdings()
                if holding.key in sent
                for datum in portable(holding)
                if datum.category is not None
            }
        )
    )


def _keep_what_leaves(found: Transmission, outgoing: _Outgoing) -> None:
    """Before the first try, so that every other has the same bytes or none."""
    if found.digest and found.digest != outgoing.digest:
        raise _Trouble(Problem.GONE, is_final=True)
    Transmission.objects.filter(pk=found.pk).update(
        digest=outgoing.digest, categories=list(outgoing.categories)
    )


def _post(found: Transmission, outgoing: _Outgoing) -> Reply:
    url = found.address
    number = f'"{found.key}"'
    signed = connector_keys.signed(
        "POST",
        url,
        outgoing.body,
        created=int(time.time()),
        covering={"idempotency-key": number},
    )
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Idempotency-Key": number,
        "Link": f'<{schema_url()}>; rel="describedby"',
        "User-Agent": "Casedesk",
        **signed,
    }
    return outside_calls.call(
        "POST",
        url,
        headers=headers,
        body=outgoing.body,
        most_bytes=MOST_REPLY,
        is_public=True,
    )


def schema_url() -> str:
    """Where the schema of the file can be had by anybody."""
    return f"{settings.SITE_URL}{reverse('rights_requests:portable-schema')}"


def _check(reply: Reply) -> None:
    """Raises _Trouble unless the receiver took it. A site that shows pages answers any
    POST with one: that took nothing."""
    status = reply.status
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if status in TAKEN:
        if media_type in ("text/html", "application/xhtml+xml"):
            raise _Trouble(Problem.PAGE, is_final=True, arrived=True)
        return
    if status >= 500 or status == IN_PROGRESS or status in REFUSED_FOR_NOW:
        raise _Trouble(Problem.BUSY, arrived=True)
    if 300 <= status < 400:
        raise _Trouble(Problem.REDIRECT, is_final=True, arrived=True)
    raise _Trouble(Problem.REFUSED, is_final=True, arrived=True)


# --- What came of it ---


def _held_together(transmission_id: int) -> Transmission:
    """People come before their cases, and cases before what belongs to them."""
    case_id = Transmission.objects.values_list("case_id", flat=True).get(
        pk=transmission_id
    )
    case = casebook.locked_with_person(case_id)
    found = Transmission.objects.select_for_update().get(pk=transmission_id)
    found.case = case
    return found


@transaction.atomic
def _accepted(transmission_id: int, *, now: datetime) -> None:
    found = _held_together(transmission_id)
    if found.state != State.WAITING:
        _note_late(
            found, TOOK
        )  # another worker has had the same reply, or it was ended
        return
    found.state, found.next_at, found.settled_at = State.ACCEPTED, None, now
    found.problem, found.may_have_arrived = "", True
    _put_on_record(found, TOOK)
    found.save()
    _note(found, Event.SEND_ACCEPTED, digest=found.digest)
    words = (
        f"The file that you asked us to send to {found.recipient} has arrived: "
        f"{host_of(found.address)} has taken it. What they do with it, they can tell you."
    )
    _tell(found.case, LetterKind.FILE_TAKEN, words, now=now)


TOOK, UNSURE = "taken", "not confirmed"


def _note_late(found: Transmission, how: str) -> None:
    """The person ended it while it was on its way: what had left is on record."""
    if found.state == State.ENDED:
        found.may_have_arrived = True
        _put_on_record(found, how)
        found.save()


def _put_on_record(found: Transmission, how: str) -> None:
    """In the ledger of disclosures, once, as anything that somebody had from us."""
    if found.is_on_record:
        return
    given = Given(
        recipient=found.recipient,
        role=Disclosure.Role.CONTROLLER,
        country_code=found.country_code,
        safeguard=found.safeguard,
        categories=found.categories,
        purpose="rights-requests",
        legal_ground=Disclosure.LegalGround.DUTY,
        disclosed_on=today_here(),
        reference=f"Case {found.case.reference}, sent directly at the person’s wish, "
        f"{how}; SHA-256 {found.digest}",
    )
    disclosures.record(
        found.case.submission.data_subject_id,
        given,
        staff_id=found.named_by_id or 0,
        today=today_here(),
        allowed=Allowed(Allowance.CONSENT, WISH),
    )
    found.is_on_record = True


@transaction.atomic
def _put_off(transmission_id: int, trouble: _Trouble, *, now: datetime) -> None:
    found = _held_together(transmission_id)
    if found.state != State.WAITING:
        if trouble.arrived:
            _note_late(found, UNSURE)
        return
    found.problem = trouble.problem
    found.may_have_arrived = found.may_have_arrived or trouble.arrived
    if trouble.is_final or found.tries_count > len(AGAIN_AFTER):
        _give_up(found, now=now)
    else:
        found.next_at = now + AGAIN_AFTER[found.tries_count - 1]
    found.save()


def _give_up(found: Transmission, *, now: datetime) -> None:
    """Shown on the case and on the first page; the person is told what they can do."""
    found.state, found.next_at, found.settled_at = State.FAILED, None, now
    if found.may_have_arrived:
        _put_on_record(found, UNSURE)
    _note(found, Event.SEND_FAILED, problem=found.problem, digest=found.digest)
    words = _words_of_failure(found)
    _tell(found.case, LetterKind.FILE_NOT_TAKEN, words, now=now)


def _words_of_failure(found: Transmission) -> str:
    why = TOLD.get(Problem(found.problem), TOLD_OTHERWISE)
    words = (
        f"We could not send your file to {found.recipient} ({host_of(found.address)}): "
        f"{why}. You have lost nothing."
    )
    until = _download_until(found)
    if until is not None:
        words += (
            " You can download the file on the page of your request until "
            f"{in_words(until)}, and give it to them yourself."
        )
    return (
        f"{words} Ask them whether they take such files in another way. If we can help, "
        "write to us there."
    )


def _download_until(found: Transmission) -> date | None:
    document = found.document
    if document is None or not _is_there(document, timezone.now()):
        return None
    handed_at = Package.objects.get(document=document).handed_at
    return releasing.ends_on(handed_at) if handed_at else None


TOLD_OTHERWISE = "something went wrong on the way"
TOLD = {
    Problem.UNSHOWN: "nobody has shown us that you want this",
    Problem.GONE: "the time in which we keep the file was over",
    Problem.LARGE: "it is too large to be sent in one go",
    Problem.ADDRESS: "this address leads to no server that can be reached from everywhere",
    Problem.UNREACHED: "their server could not be reached for a day",
    Problem.SLOW: "their server did not answer in time for a day",
    Problem.BUSY: "their server did not take it for a day",
    Problem.REDIRECT: "their server wanted us to send it to another address, and we send "
    "it only to the one that you gave us",
    Problem.REFUSED: "their server refused it",
    Problem.PAGE: "the address is that of a web page, which takes no files",
}


def _tell(case: Case, kind: LetterKind, words: str, *, now: datetime) -> None:
    if writing.contacts_went(case):
        return
    writing.write(case, kind, now=now, edits={"message": words})


def _note(found: Transmission, event: Event, **more: str) -> None:
    casebook.note(found.case, event, inputs={"transmission": found.pk, **more})


# --- No more, or once more ---


def why_not_stop(found: Transmission | None) -> str:
    """What stands against the person's taking their wish back."""
    if found is None or not found.is_open:
        return "Nothing is being sent now."
    return ""


@transaction.atomic
def stop(case_id: uuid.UUID, *, now: datetime) -> Transmission:
    """The person wants nothing sent any more; what may have arrived is on record. Raises
    NotAllowed once it was taken or given up."""
    newest = Transmission.objects.filter(case=case_id).meant().order_by("-pk").first()
    if newest is None:
        raise NotAllowed(why_not_stop(None))
    found = _held_together(newest.pk)
    refuse(why_not_stop(found))
    found.state, found.next_at, found.settled_at = State.ENDED, None, now
    if found.may_have_arrived:
        _put_on_record(found, UNSURE)
    found.save()
    _note(found, Event.SEND_STOPPED)
    return found


@transaction.atomic
def send_again(transmission_id: int, *, staff_id: int, now: datetime) -> Transmission:
    """What was given up is tried for another day, under the same number. Raises
    NotAllowed, also when the file has ended: a fresh one leaves by itself."""
    found = _held_together(transmission_id)
    if found.state != State.FAILED:
        raise NotAllowed(SETTLED)
    newest = found.case.transmissions.meant().order_by("-pk").first()
    refuse(SETTLED if newest != found else "", closing.why_not_act(found.case))
    if found.document is None or not _is_there(found.document, now):
        raise NotAllowed(
            "The file that was sent is no longer there. Have a fresh one put together and "
            "released: it is sent as soon as that is done."
        )
    found.state, found.next_at, found.settled_at = State.WAITING, now, None
    found.tries_count, found.problem = 0, ""
    found.save()
    inputs = {"transmission": found.pk, "digest": found.digest}
    casebook.note(found.case, Event.SEND_BEGUN, staff_id=staff_id, inputs=inputs)
    return found
