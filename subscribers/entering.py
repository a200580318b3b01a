"""People whom staff met: entered by hand, and asked by e-mail to confirm.

Nothing here is consent. Staff write down a wish; the person's own act makes it one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from consent.models import Channel
from data_subjects.models import DataSubject
from data_subjects.people import subject_of
from data_subjects.restriction import is_restricted, lock, why_restricted
from groundwork import addresses
from groundwork.refusals import NotAllowed, refuse
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.suppression import is_suppressed
from processing_register.gate import usable_purposes
from processing_register.notices import sign_up_wording
from subscribers import emails, links
from subscribers.locking import locked
from subscribers.models import LinkUse, MailedLink, Subscriber, SubscriberEvent
from subscribers.signup import SignUp, request_signup

ONE_A_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Meeting:
    """Whom a member of staff met, where, and what was asked for.

    notice is the reference of the privacy notice the person was given; how says in
    which way (on paper, read out, by a link).
    """

    address: str  # normalised
    purposes: Sequence[str]
    source: str
    where: str
    met_on: date
    notice: str
    how: str
    staff_id: int
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entered:
    subscriber: Subscriber
    is_mail_on_its_way: bool


@transaction.atomic
def enter(meeting: Meeting) -> Entered:
    """Record the wish and ask the person to confirm it; at most one such mail a day.

    Raises NotAllowed when the address unsubscribed from, or objected to, what is asked
    for, while the person's data may not be used, and for a purpose that not everybody
    held was told of yet.
    """
    # The person first: a restriction at this moment is waited for, and counts.
    person = lock(subject_of(meeting.address).pk)
    refuse(why_not_enter(meeting, person))
    subscriber = request_signup(_sign_up(meeting))
    SubscriberEvent.objects.create(
        data_subject_id=subscriber.data_subject_id,
        action=SubscriberEvent.Action.ENTERED,
        channel=Channel.STAFF,
        fields=list(meeting.details),
        staff_id=meeting.staff_id,
    )
    return Entered(subscriber, _is_asked(subscriber))


def why_not_enter(meeting: Meeting, person: DataSubject) -> str:
    """What stands against it, in the words of the page."""
    if not set(meeting.purposes) <= usable_purposes():
        return (
            "Not everybody whose data is held was told of one of these purposes yet. It "
            "can be used once the announcement of the privacy notice has ended"
        )
    if is_restricted(person.pk):
        return (
            "The use of this person’s data is restricted. Only they can ask for e-mails, "
            "on the public page"
        )
    digest = addresses.digest(meeting.address)
    if any(
        is_suppressed(digest, MessageClass.MARKETING, purpose)
        for purpose in meeting.purposes
    ):
        return (
            "This person stopped these e-mails. Only they can ask for them again, on the "
            "public page"
        )
    return ""


def _sign_up(meeting: Meeting) -> SignUp:
    """The wish as the sign-up takes it, with what the person was told as evidence."""
    notice_given = f"{meeting.notice}, {meeting.how}"
    return SignUp(
        address=meeting.address,
        purposes=meeting.purposes,
        wording=sign_up_wording().reference,
        notices=[meeting.notice],
        details=meeting.details,
        evidence={
            "met": meeting.source,
            "where": meeting.where,
            "on": meeting.met_on.isoformat(),
            "notice given": notice_given,
        },
        source=meeting.source,
        notice_given=notice_given[:200],
        staff_id=meeting.staff_id,
    )


def _is_asked(subscriber: Subscriber) -> bool:
    mails = OutgoingEmail.objects.filter(
        data_subject=subscriber.data_subject_id, kind="subscribers/confirm"
    )
    last = mails.order_by("-created_at").first()
    return last is not None and last.state != State.WITHHELD


@transaction.atomic
def resend_confirmation(subscriber_id: int) -> bool:
    """Mail a new link for the wish that waits; False when one went within 24 hours.

    The new link supersedes the one before it. Raises NotAllowed when nothing waits:
    the person has confirmed or left, or never asked for anything; and while the
    person's data is restricted.
    """
    subscriber = locked(subscriber_id)
    refuse(why_restricted(subscriber.data_subject_id))
    wish = waiting_wish(subscriber)
    if wish is None:
        raise NotAllowed("Nothing waits to be confirmed.")
    now = timezone.now()
    asked_at = subscriber.confirmation_asked_at
    if asked_at is not None and asked_at > now - ONE_A_DAY:
        return False
    subscriber.confirmation_asked_at = now
    subscriber.save(update_fields=["confirmation_asked_at"])
    link, token = links.make(
        subscriber,
        LinkUse.CONFIRM,
        purposes=wish.purposes,
        details=wish.details,
        shown=wish.shown,
    )
    mail = emails.confirmation(
        subscriber.address,
        token=token,
        purposes=wish.purposes,
        wording=wish.shown["wording"],
        expires_at=link.expires_at or now,
        source=subscriber.source,
    )
    emails.ask_to_confirm(subscriber, mail)
    return True


def waiting_wish(subscriber: Subscriber) -> MailedLink | None:
    """The confirmation link that the person has not used yet, expired or not."""
    if subscriber.status != Subscriber.Status.PENDING:
        return None
    unused = subscriber.links.filter(
        use=LinkUse.CONFIRM, used_at__isnull=True, superseded_at__isnull=True
    )
    return unused.order_by("-pk").first()
