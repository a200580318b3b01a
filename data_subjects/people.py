"""Finding the person of an address, or making one known, for those who act on it."""

import uuid
from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from data_subjects.models import DataSubject, HeldPerson, Restriction, SubjectEvent
from groundwork import addresses


def subject_of(address: str) -> DataSubject:
    """The person of this normalised address; made if nobody was known by it.

    By the same two statements either way: how long it takes tells nobody whom we know.
    """
    digest = addresses.digest(address)
    new = DataSubject(address_digest=digest)
    DataSubject.objects.bulk_create([new], ignore_conflicts=True)
    return DataSubject.objects.get(address_digest=digest)


def subjects_of(written: Iterable[str]) -> dict[uuid.UUID, str]:
    """id → address, for several normalised addresses."""
    return {subject_of(address).pk: address for address in written}


def bind_alike(subject: DataSubject, digest: bytes) -> None:
    """A person moves to an address under which somebody is restricted or held, perhaps
    in advance: the person is bound in the same way, and it is on record.

    The caller holds the person's lock. Whoever had the address is locked as well, until
    the end of the caller's transaction: what binds them at this moment is waited for.
    """
    had_it = DataSubject.objects.filter(address_digest=digest).exclude(pk=subject.pk)
    _bind(subject, list(had_it.order_by("pk").select_for_update(no_key=True)))


def known_before(digests: Iterable[bytes]) -> set[uuid.UUID]:
    """Whose deletion has begun, who were known by one of these until then. Whoever has
    the address by now is somebody new; but to hold or restrict means them as well."""
    find: Callable[[Iterable[bytes]], set[uuid.UUID]] = import_string(
        settings.KNOWN_BEFORE
    )
    return find(digests)


def locked_with_those_before(people: Iterable[uuid.UUID]) -> list[DataSubject]:
    """These people, held until the end of the caller's transaction, as is whoever was
    known by their addresses before: no deletion goes on meanwhile. In one order."""
    meant = set(people)
    known = DataSubject.objects.filter(pk__in=meant, address_digest__isnull=False)
    digests = known.values_list("address_digest", flat=True)
    ids = meant | known_before(bytes(digest) for digest in digests if digest)
    rows = DataSubject.objects.filter(pk__in=ids).order_by("pk")
    return [row for row in rows.select_for_update(no_key=True) if row.pk in meant]


def bind_those_before(subject: DataSubject) -> None:
    """Whoever was known by this person's address until a deletion began is bound as they
    are: nobody can tell which of the two was meant, and what is kept can still be
    deleted. The caller holds both."""
    if subject.address_digest is not None:
        ids = known_before([bytes(subject.address_digest)]) - {subject.pk}
        for one in DataSubject.objects.filter(pk__in=ids).order_by("pk"):
            _bind(one, [subject])


def _bind(subject: DataSubject, others: list[DataSubject]) -> None:
    _restrict_alike(subject, Restriction.objects.open().filter(data_subject__in=others))
    _hold_alike(subject, HeldPerson.objects.standing().filter(data_subject__in=others))


def _restrict_alike(subject: DataSubject, theirs: Iterable[Restriction]) -> None:
    for other in theirs:
        if subject.restrictions.open().filter(ground=other.ground).exists():
            continue
        own = Restriction.objects.create(
            data_subject=subject,
            address=other.address,
            ground=other.ground,
            reason=other.reason,
            starts_at=timezone.now(),
            staff_id=other.staff_id,
            look_again_on=other.look_again_on,
        )
        _note(subject, SubjectEvent.Action.RESTRICTED, own.pk, other.ground)


def _hold_alike(subject: DataSubject, theirs: Iterable[HeldPerson]) -> None:
    for other in theirs:
        _, is_new = HeldPerson.objects.get_or_create(
            hold_id=other.hold_id,
            data_subject=subject,
            defaults={"address": other.address},
        )
        if is_new:
            _note(subject, SubjectEvent.Action.HELD, other.hold_id)


def _note(subject: DataSubject, action: str, reference: int, detail: str = "") -> None:
    """By nobody of the staff: it follows from the address."""
    SubjectEvent.objects.create(
        data_subject_id=subject.pk, action=action, reference=reference, detail=detail
    )
