"""Showing that a mailbox is one's own: by the link in the first letter, or by a code.

Both open a visit to one case and say of the submission that its mailbox was shown. They
change no other submission, whatever address it names: somebody who typed a stranger's
address into our form has shown nothing.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from groundwork.links import random_token, token_digest
from outbox.models import MessageClass
from outbox.queueing import queue
from rights_requests import casebook, links
from rights_requests.links import Use
from rights_requests.models import Case, CaseLink, Event, MailedCode, Submission

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
TRIES = 5
# Held in the database, so that it stands while Redis does not answer: it keeps a mailbox
# from being filled, and guesses at a hundred an hour among a million codes.
CODES_PER_CASE_AND_HOUR = 20
HOUR = timedelta(hours=1)
CHALLENGE = "case-code"
CODE_MAIL = "rights_requests/code"
DOWNLOAD_MAIL = "rights_requests/download_code"
NO_ADDRESS = "no e-mail address known"


class TooManyCodes(Exception):
    """So many codes were asked for about a case that none is mailed before again_at."""

    def __init__(self, again_at: datetime) -> None:
        super().__init__("Too many codes were asked for.")
        self.again_at = again_at


class Outcome(StrEnum):
    OPENED = "opened"
    WRONG = "wrong"
    USED_UP = "used up"  # five tries
    USED = "used"  # it has opened a visit already
    TOO_OLD = "too old"  # or not known


@dataclass(frozen=True)
class Tried:
    """What came of a code. visit_token: empty unless it opened a new visit."""

    outcome: Outcome
    visit_token: str = ""
    tries_left: int = 0


# --- The link in the first letter ---


@transaction.atomic
def confirm_mailbox(token: str, *, now: datetime) -> str:
    """Whoever got the first letter pressed its button: the mailbox is shown, a visit is
    open. Returns the visit's token, again each time; empty for a link that is unknown or
    was revoked.
    """
    link = links.found(Use.CONFIRM, token)
    if link is None:
        return ""
    cases = _locked_cases(link.case.submission_id)
    # Once more under the lock: it may have been revoked meanwhile.
    standing = CaseLink.objects.standing().filter(pk=link.pk)
    if not standing.update(used_at=Coalesce(F("used_at"), now)):
        return ""
    _mailbox_is_shown(link.case.submission_id, cases, now=now)
    return links.open_visit(link.case, now=now)


def shown_already(submission: Submission, *, now: datetime) -> None:
    """What was sent from a page that this mailbox alone opens. The caller’s transaction
    received it."""
    _mailbox_is_shown(submission.pk, _locked_cases(submission.pk), now=now)
    submission.mailbox_confirmed_at = now


def _locked_cases(submission_id: uuid.UUID) -> list[Case]:
    """Every case of one submission, locked in one order."""
    cases = Case.objects.filter(submission=submission_id).order_by("pk")
    return list(cases.select_for_update(no_key=True))


def _mailbox_is_shown(
    submission_id: uuid.UUID, cases: list[Case], *, now: datetime
) -> None:
    unshown = Submission.objects.filter(
        pk=submission_id, mailbox_confirmed_at__isnull=True
    )
    if unshown.update(mailbox_confirmed_at=now):
        for case in cases:
            casebook.note(case, Event.MAILBOX_CONFIRMED)


# --- The code ---


@transaction.atomic
def ask_code(case_id: uuid.UUID, *, now: datetime) -> str:
    """Mail six digits to whoever the letters of this case go to.

    Returns the challenge, which only the browser that asked knows: a code opens nothing
    without it, and nobody uses up another one's tries. Where no e-mail address is known
    the same happens and no mail leaves. Raises TooManyCodes.

    Beside the code the mail holds a link that opens the case as long as the limit can
    last: so whoever uses up the codes of an hour keeps nobody out who has the mailbox.
    """
    case = casebook.locked(case_id)
    challenge, code = _fresh_code(case, now=now)
    way_in = links.way_in(case, until=now + HOUR)
    _mail(case, CODE_MAIL, {**_in_mail(code), "confirm_url": way_in})
    return challenge


@transaction.atomic
def ask_download_code(case_id: uuid.UUID, *, now: datetime) -> str:
    """The same for whoever is in already and wants to take the copy away: the mail holds
    the code and no other way. Raises TooManyCodes."""
    case = casebook.locked(case_id)
    challenge, code = _fresh_code(case, now=now)
    _mail(case, DOWNLOAD_MAIL, {**_in_mail(code), "reference": case.reference})
    return challenge


def _fresh_code(case: Case, *, now: datetime) -> tuple[str, str]:
    """The challenge and the code. The caller holds the case."""
    _refuse_flood(case, now=now)
    challenge = random_token()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    MailedCode.objects.create(
        case=case,
        challenge_digest=token_digest(CHALLENGE, challenge),
        code_digest=_code_digest(challenge, code),
        expires_at=now + CODE_LASTS,
    )
    return challenge, code


def _refuse_flood(case: Case, *, now: datetime) -> None:
    recent = MailedCode.objects.filter(
        case=case, expires_at__gt=now + CODE_LASTS - HOUR
    )
    newest_first = recent.order_by("-expires_at").values_list("expires_at", flat=True)
    expiries = list(newest_first[:CODES_PER_CASE_AND_HOUR])
    if len(expiries) == CODES_PER_CASE_AND_HOUR:
        raise TooManyCodes(expiries[-1] - CODE_LASTS + HOUR)


def _in_mail(code: str) -> dict[str, object]:
    return {"code": code, "minutes": int(CODE_LASTS.total_seconds() // 60)}


def _mail(case: Case, template: str, context: dict[str, object]) -> None:
    submission = case.submission
    address = submission.reply_address
    queue(
        template,
        to=address,
        context=context if address else {},
        data_subject_id=submission.data_subject_id,
        message_class=MessageClass.RIGHTS,
        withheld_because="" if address else NO_ADDRESS,
    )
    if address:
        casebook.note(case, Event.CODE_SENT)


def _code_digest(challenge: str, code: str) -> bytes:
    """Keyed: a million codes are hashed in a moment by whoever reads the database."""
    message = f"{CHALLENGE}\0{challenge}\0{code}".encode()
    return hmac.digest(settings.LINK_KEY.encode(), message, hashlib.sha256)


def try_code(case_id: uuid.UUID, challenge: str, typed: str, *, now: datetime) -> Tried:
    """Try six digits under a challenge; the right ones open a visit, once.

    1. Count the try, by one conditional UPDATE that stands whatever follows, so that
       five tries at the same moment are five. 2. Compare, in constant time. 3. Use the
       code up and open the visit.
    """
    return _tried(case_id, challenge, typed, _open, now=now)


def enter_code(visit: CaseLink, challenge: str, typed: str, *, now: datetime) -> Tried:
    """The same under a visit that is open: the right digits let it hand out a copy."""

    def let_take(code: MailedCode, *, now: datetime) -> Tried:
        return _let_take(code, visit, now=now)

    return _tried(visit.case_id, challenge, typed, let_take, now=now)


def _tried(
    case_id: uuid.UUID,
    challenge: str,
    typed: str,
    use: Callable[..., Tried],
    *,
    now: datetime,
) -> Tried:
    code = MailedCode.objects.filter(
        case=case_id, challenge_digest=token_digest(CHALLENGE, challenge)
    ).first()
    if code is None:
        return Tried(Outcome.TOO_OLD)
    if not _count_try(code, now=now):
        return Tried(_why_dead(code, now=now))
    code.refresh_from_db(fields=["tries_count"])
    if not hmac.compare_digest(bytes(code.code_digest), _code_digest(challenge, typed)):
        return _wrong(code)
    return use(code, now=now)


def _count_try(code: MailedCode, *, now: datetime) -> bool:
    alive = MailedCode.objects.filter(
        pk=code.pk, used_at__isnull=True, expires_at__gt=now, tries_count__lt=TRIES
    )
    return bool(alive.update(tries_count=F("tries_count") + 1))


def _why_dead(code: MailedCode, *, now: datetime) -> Outcome:
    code.refresh_from_db()
    if code.used_at is not None:
        return Outcome.USED
    return Outcome.TOO_OLD if code.expires_at <= now else Outcome.USED_UP


def _wrong(code: MailedCode) -> Tried:
    left = TRIES - code.tries_count
    return Tried(Outcome.WRONG if left else Outcome.USED_UP, tries_left=left)


@transaction.atomic
def _open(code: MailedCode, *, now: datetime) -> Tried:
    submission_id = code.case.submission_id
    cases = _locked_cases(submission_id)
    unused = MailedCode.objects.filter(pk=code.pk, used_at__isnull=True)
    if not unused.update(used_at=now):
        return Tried(Outcome.USED)
    _mailbox_is_shown(submission_id, cases, now=now)
    case = next(case for case in cases if case.pk == code.case_id)
    casebook.note(case, Event.CODE_ACCEPTED)
    return Tried(Outcome.OPENED, links.open_visit(case, now=now, code_at=now))


@transaction.atomic
def _let_take(code: MailedCode, visit: CaseLink, *, now: datetime) -> Tried:
    case = casebook.locked(code.case_id)
    # Whoever shuts doors holds the case: this visit may be over by now.
    standing = CaseLink.objects.standing().filter(pk=visit.pk)
    if not standing.exists():
        return Tried(Outcome.TOO_OLD)
    unused = MailedCode.objects.filter(pk=code.pk, used_at__isnull=True)
    if not unused.update(used_at=now):
        return Tried(Outcome.USED)
    standing.update(code_at=now)
    casebook.note(case, Event.CODE_ACCEPTED)
    return Tried(Outcome.OPENED)
