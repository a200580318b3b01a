"""Restricting the use of a person's data, and lifting that again (UK GDPR Art. 18).

Each verb locks the person first: whoever removes or uses rows of that person under the
same lock sees either all of a restriction or nothing of it.

The ledger says that the person was told only when that is so: at once for a letter or a
call, and for an e-mail when a mail server has taken it.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from data_subjects.models import (
    LOOK_AGAIN_AFTER,
    Allowance,
    DataSubject,
    Ground,
    Restriction,
    SubjectEvent,
    UseDespite,
)
from data_subjects.people import bind_those_before, locked_with_those_before
from groundwork.periods import months_after
from groundwork.refusals import NotAllowed

Action = SubjectEvent.Action
LONGEST_WITHOUT_A_LOOK = 12  # months
ONLY_WITH_A_GROUND = (
    "Meanwhile only the person’s consent, a legal claim, the rights of another person "
    "or an important public interest allows it (Art. 18(2)): say which, and why."
)


@dataclass(frozen=True)
class Asked:
    """What a restriction rests on. address: where the person can be told, if known."""

    ground: Ground
    reason: str
    address: str = ""
    starts_at: datetime | None = None


@dataclass(frozen=True)
class Allowed:
    """Which point of Art. 18(2) allows a use of restricted data, and why it applies."""

    by: Allowance
    reason: str


def is_restricted(
    data_subject_id: uuid.UUID | None, address_digest: bytes | None = None
) -> bool:
    """True while the data of this person, or of whoever has this address, may be stored
    and not otherwise used (Art. 18(2))."""
    who = Q(data_subject=data_subject_id) if data_subject_id else Q()
    if address_digest is not None:
        who |= Q(data_subject__address_digest=address_digest)
    return bool(who) and Restriction.objects.open().filter(who).exists()


def is_kept(data_subject_id: uuid.UUID) -> bool:
    """True while nothing of this person may be removed: restricted, or held."""
    return DataSubject.objects.kept().filter(pk=data_subject_id).exists()


def why_restricted(data_subject_id: uuid.UUID) -> str:
    """A sentence for staff about to change or use the data; empty when they may."""
    first = _first_open(data_subject_id)
    if first is None:
        return ""
    return (
        f"This person’s data has been restricted since "
        f"{timezone.localtime(first.starts_at):%-d %B %Y}: "
        f"{first.get_ground_display()}. Until the restriction is lifted it is stored "
        "and not changed or used; the person’s own choices still work."
    )


def _first_open(data_subject_id: uuid.UUID) -> Restriction | None:
    standing = Restriction.objects.open().filter(data_subject=data_subject_id)
    return standing.order_by("starts_at").first()


def use_despite(
    subject_id: uuid.UUID,
    what: UseDespite.What,
    allowed: Allowed | None,
    *,
    staff_id: int,
) -> None:
    """Let this use through: nothing restricts the data, or Art. 18(2) allows the use,
    which then stands on record with its reason. Raises NotAllowed otherwise.

    The caller holds the person's lock.
    """
    standing = _first_open(subject_id)
    if standing is None:
        return
    if allowed is None:
        raise NotAllowed(f"{why_restricted(subject_id)} {ONLY_WITH_A_GROUND}")
    if not allowed.reason.strip():
        raise NotAllowed("Say why the law allows it although the data is restricted.")
    UseDespite.objects.create(
        restriction=standing,
        what=what,
        allowance=allowed.by,
        reason=allowed.reason.strip(),
        staff_id=staff_id,
    )
    _note(standing, Action.ALLOWED, staff_id, allowed.by)


@transaction.atomic
def restrict(
    subject_id: uuid.UUID, asked: Asked, *, staff_id: int | None
) -> Restriction:
    """From now on the data is stored and nothing else. staff_id: None where it follows
    by itself from what the person asked. Whoever was known by the person's address until
    a deletion began is restricted as well.

    Raises NotAllowed without a reason, for a start that is still to come, and when the
    same ground is open already.
    """
    [subject] = locked_with_those_before([subject_id])
    starts_at = asked.starts_at or timezone.now()
    _refuse_unless_sound(subject, asked, starts_at)
    restriction = Restriction.objects.create(
        data_subject=subject,
        address=asked.address,
        ground=asked.ground,
        reason=asked.reason.strip(),
        starts_at=starts_at,
        staff_id=staff_id,
        look_again_on=months_after(
            timezone.localdate(), LOOK_AGAIN_AFTER[asked.ground]
        ),
    )
    _note(restriction, Action.RESTRICTED, staff_id, asked.ground.value)
    bind_those_before(subject)
    return restriction


def _refuse_unless_sound(
    subject: DataSubject, asked: Asked, starts_at: datetime
) -> None:
    if not asked.reason.strip():
        raise NotAllowed("Say why the data is restricted.")
    if starts_at > timezone.now():
        raise NotAllowed("A restriction cannot start in the future.")
    if subject.restrictions.open().filter(ground=asked.ground).exists():
        raise NotAllowed("The data is restricted on this ground already.")


@transaction.atomic
def announce(
    restriction_id: int, *, ending: str, mail_id: uuid.UUID, staff_id: int
) -> None:
    """An e-mail about the ending waits in the outbox; it counts once it was sent."""
    restriction = opened(restriction_id)
    refuse_without_ending(ending)
    restriction.ending, restriction.notice_mail_id = ending.strip(), mail_id
    restriction.save(update_fields=["ending", "notice_mail_id"])
    _note(restriction, Action.ANNOUNCED, staff_id, "by e-mail")


@transaction.atomic
def record_handed_over(restriction_id: int, *, at: datetime) -> None:
    """A mail server took the e-mail at this moment: now the person was told."""
    restriction = opened(restriction_id)
    if restriction.notice_sent_at is None:
        restriction.notice_sent_at = at
        restriction.save(update_fields=["notice_sent_at"])
        _note(restriction, Action.TOLD, None, "by e-mail")


@transaction.atomic
def record_told_by_answer(restriction_id: int, *, ending: str, at: datetime) -> None:
    """The answer to what the person asked told them so, and left at this moment."""
    restriction = opened(restriction_id)
    refuse_without_ending(ending)
    if restriction.notice_sent_at is None:
        restriction.ending, restriction.notice_sent_at = ending.strip(), at
        restriction.save(update_fields=["ending", "notice_sent_at"])
        _note(restriction, Action.TOLD, None, "by our answer")


@transaction.atomic
def tell(restriction_id: int, *, ending: str, how: str, staff_id: int) -> None:
    """The person was told of the ending just now, by letter or on the telephone."""
    restriction = opened(restriction_id)
    refuse_without_ending(ending)
    restriction.ending, restriction.notice_sent_at = ending.strip(), timezone.now()
    restriction.save(update_fields=["ending", "notice_sent_at"])
    _note(restriction, Action.TOLD, staff_id, how)


@transaction.atomic
def look_again(
    restriction_id: int, *, look_again_on: date, staff_id: int, today: date
) -> None:
    """Somebody looked whether its end has come; it has not, until the next look."""
    restriction = opened(restriction_id)
    if look_again_on <= today:
        raise NotAllowed("The day of the next look must be still to come.")
    if look_again_on > months_after(today, LONGEST_WITHOUT_A_LOOK):
        raise NotAllowed("The day of the next look must be within a year.")
    restriction.look_again_on = look_again_on
    restriction.save(update_fields=["look_again_on"])
    _note(restriction, Action.LOOKED_AGAIN, staff_id, restriction.ground)


def refuse_without_ending(ending: str) -> None:
    if not ending.strip():
        raise NotAllowed("Say what ended it: the person is told so.")


@transaction.atomic
def lift(restriction_id: int, *, staff_id: int) -> None:
    """End it. Raises NotAllowed before the person was told (Art. 18(3)); the database
    refuses it too (told_before_it_is_lifted)."""
    restriction = opened(restriction_id)
    if restriction.notice_sent_at is None:
        raise NotAllowed(
            "Tell the person first: a restriction cannot be lifted before the notice "
            "was sent (UK GDPR, Article 18(3))."
        )
    restriction.lifted_at, restriction.lifted_by_id = timezone.now(), staff_id
    restriction.save(update_fields=["lifted_at", "lifted_by_id"])
    _note(restriction, Action.LIFTED, staff_id, restriction.ground)


def others(restriction: Restriction) -> QuerySet[Restriction]:
    """What else still restricts the same person's data, the oldest first."""
    standing = Restriction.objects.open().exclude(pk=restriction.pk)
    return standing.filter(data_subject=restriction.data_subject_id).order_by(
        "starts_at", "pk"
    )


def opened(restriction_id: int) -> Restriction:
    """The restriction under its person's lock. Raises NotAllowed when it was lifted."""
    subjects = Restriction.objects.values_list("data_subject", flat=True)
    lock(subjects.get(pk=restriction_id))
    restriction = Restriction.objects.select_for_update().get(pk=restriction_id)
    if not restriction.is_open:
        raise NotAllowed("This restriction has been lifted already.")
    return restriction


def lock(subject_id: uuid.UUID) -> DataSubject:
    """The person, held until the end of the caller's transaction."""
    return DataSubject.objects.select_for_update(no_key=True).get(pk=subject_id)


def _note(
    restriction: Restriction, action: str, staff_id: int | None, detail: str
) -> None:
    SubjectEvent.objects.create(
        data_subject_id=restriction.data_subject_id,
        action=action,
        reference=restriction.pk,
        detail=detail,
        staff_id=staff_id,
    )
