"""Signing up: somebody asks, the mailbox confirms. Nothing is consent before that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from consent import ledger
from consent.models import Channel
from data_subjects.models import subject_step
from groundwork import addresses, one_statement
from groundwork.encryption import encrypt, sealed_json
from groundwork.links import random_token, token_digest
from groundwork.one_statement import Given, Part
from groundwork.restricted_rows import by_the_person
from outbox import suppression
from outbox.queueing import queued_unless_limited
from processing_register.models import ProcessingPurpose
from processing_register.notices import changed_since, published_wording
from subscribers import emails, links
from subscribers.models import (
    DETAIL_FIELDS,
    LinkUse,
    MailedLink,
    Subscriber,
    SubscriberEvent,
)

ONE_A_DAY = "one confirmation a day"


@dataclass(frozen=True)
class SignUp:
    """What somebody asked for, and what they had been shown when they did.

    wording and notices are references of published versions (sign-up/1, privacy/1).
    """

    address: str  # normalised
    purposes: Sequence[str]
    wording: str
    notices: Sequence[str]
    details: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    source: str = Subscriber.Source.SIGN_UP_FORM
    notice_given: str = ""
    staff_id: int | None = None


def request_signup(request: SignUp) -> Subscriber:
    """Record the wish and queue the confirmation mail, in one statement.

    A new, pending, confirmed, suppressed and erased address take exactly the same
    steps, so that the answer's timing tells nothing. At most one confirmation mail a
    day goes to one address; a further wish within the day is recorded, and its mail
    is withheld. The row lock of the subscriber's upsert lets two sign-ups at once
    send one mail.
    """
    token = random_token()
    expires_at = timezone.now() + links.LIFETIMES[LinkUse.CONFIRM]
    how = ledger.Circumstances(
        channel=Channel.STAFF if request.staff_id else Channel.SIGN_UP_FORM,
        notices=[*request.notices, request.wording],
        wordings=_wordings(request.wording, request.purposes),
        staff_id=request.staff_id,
        evidence=request.evidence,
    )
    mail = emails.confirmation(
        request.address,
        token=token,
        purposes=request.purposes,
        wording=request.wording,
        expires_at=expires_at,
        source=request.source,
    )
    digest = addresses.digest(request.address)
    parts = [
        subject_step("subject", digest),
        _reader_step(request, digest),
        _link_step(request, token, expires_at),
        *ledger.requested(request.purposes, how, source="reader"),
        queued_unless_limited(**mail, source="reader", limit=ONE_A_DAY),
    ]
    subscriber_id, subject = one_statement.run(
        parts, "SELECT id, data_subject_id FROM reader"
    )
    return Subscriber(pk=subscriber_id, data_subject_id=subject)


def _reader_step(request: SignUp, digest: bytes) -> Part:
    """The subscriber of this address, and may_mail: whether a mail may go today."""
    return Part(
        "reader",
        """
        INSERT INTO subscribers_subscriber AS known (
            data_subject_id, address, address_digest, first_name, last_name,
            employer, job_title, telephone, status, source, entered_by_id,
            notice_given, created_at, confirmation_asked_at)
        SELECT subject.id, %s, %s, '', '', '', '', '', 'pending', %s, %s::bigint, %s,
               now(), now()
        FROM subject
        ON CONFLICT (address_digest) DO UPDATE SET confirmation_asked_at =
            CASE WHEN known.confirmation_asked_at > now() - interval '24 hours'
                 THEN known.confirmation_asked_at ELSE now() END
        RETURNING id, data_subject_id, confirmation_asked_at = now() AS may_mail
        """,
        (
            encrypt(request.address),
            digest,
            request.source,
            request.staff_id,
            request.notice_given,
        ),
    )


def _link_step(request: SignUp, token: str, expires_at: datetime) -> Part:
    """The link of the mail; for a mail that is withheld, a dead one without details."""
    return one_statement.insert(
        "link",
        MailedLink,
        {
            "subscriber_id": Given("reader.id"),
            "use": LinkUse.CONFIRM,
            "token_digest": token_digest(LinkUse.CONFIRM, token),
            "purposes": list(request.purposes),
            "details": Given(
                "(CASE WHEN reader.may_mail THEN %s ELSE '' END)",
                (sealed_json(request.details),),
            ),
            "shown": {"wording": request.wording, "notices": list(request.notices)},
            "expires_at": expires_at,
            "superseded_at": Given(
                "(CASE WHEN reader.may_mail THEN NULL ELSE now() END)"
            ),
        },
        source="reader",
    )


def _wordings(reference: str, purposes: Sequence[str]) -> dict[str, str]:
    wording = published_wording(reference)
    return {purpose: wording.transcript(purpose) for purpose in purposes}


@dataclass(frozen=True)
class Confirmed:
    """What came of pressing the button: a problem or none, and whether what the link
    asked for stands now (it does after a second press, and no more after leaving)."""

    problem: links.Problem | None
    stands: bool


@transaction.atomic
def confirm_signup(token: str, evidence: dict[str, str]) -> Confirmed:
    """The person pressed the button from their mailbox: now it is consent.

    1. Lock the link and the subscriber; a second press returns quietly.
    2. Mark the address confirmed; typed details fill what was empty, no more, since
       anybody may have typed them.
    3. Record the consents, lift the suppression that these purposes had.
    4. Queue the welcome mail with the receipt, and with what has changed in the privacy
       notice since the person was shown it: nobody else tells them (subscribers.held).
    """
    found = links.look_up(LinkUse.CONFIRM, token, lock=True)
    link = found.link
    if link is None or found.problem is not None:
        stands = link is not None and _still_stands(link)
        return Confirmed(found.problem, stands)
    subscriber = link.subscriber
    links.use_up(link)
    _mark_confirmed(subscriber, link.details)
    how = ledger.Circumstances(
        channel=Channel.CONFIRMATION,
        notices=[*link.shown["notices"], link.shown["wording"]],
        wordings=_wordings(link.shown["wording"], link.purposes),
        evidence=evidence,
    )
    subject = subscriber.data_subject_id
    entries = ledger.record_given(subject, link.purposes, how, key=f"confirm-{link.pk}")
    offered = ProcessingPurpose.objects.offered().values_list("key", flat=True)
    suppression.lift(bytes(subscriber.address_digest), link.purposes, offered)
    links.ensure_lasting_links(subscriber)
    SubscriberEvent.objects.create(
        data_subject_id=subject,
        action=SubscriberEvent.Action.CONFIRMED,
        channel=Channel.CONFIRMATION,
    )
    changes = changed_since(link.shown["notices"], link.created_at)
    emails.welcome(subscriber, entries, changes=changes)
    return Confirmed(None, stands=True)


def _still_stands(link: MailedLink) -> bool:
    standing = ledger.standing_purposes(link.subscriber.data_subject_id)
    return link.used_at is not None and set(link.purposes) <= set(standing)


def _mark_confirmed(subscriber: Subscriber, details: dict[str, str]) -> None:
    subscriber.status = Subscriber.Status.CONFIRMED
    subscriber.confirmed_at = subscriber.confirmed_at or timezone.now()
    subscriber.left_at = None
    changed = ["status", "confirmed_at", "left_at"]
    for name in DETAIL_FIELDS:
        if details.get(name) and not getattr(subscriber, name):
            setattr(subscriber, name, details[name])
            changed.append(name)
    with by_the_person(subscriber.data_subject_id):
        subscriber.save(update_fields=changed)
