"""Whom an act is about: chosen on the person's own page, or by an address typed.

The page gives the id under which the ledgers know the person, so that somebody without
an e-mail address can be acted on too, and no address stands in a URL.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse

from data_subjects.models import IndirectContact
from data_subjects.people import known_before
from groundwork import addresses
from staff.access import note_opening
from subscribers.models import Subscriber


@dataclass(frozen=True)
class Chosen:
    """Somebody on whose page an act was started. address: empty where none is known;
    page: where the act leads back to."""

    subject: uuid.UUID
    name: str
    address: str
    page: str


def chosen(request: HttpRequest) -> Chosen | None:
    """The person whose id a page of the console gave; None when none was given.

    That a form shows the name is on record. Raises Http404 for an id of nobody held,
    and PermissionDenied to whoever may not see the person's page.
    """
    given = request.GET.get("person")
    if given is None:
        return None
    subject = _id_of(given)
    known = [(permission, row) for permission, row in _known_as(subject) if row]
    if not known:
        raise Http404
    for permission, row in known:
        if row and request.user.has_perm(permission):
            if request.method != "POST":
                note_opening(request, subject)
            return row
    raise PermissionDenied


def _id_of(given: str) -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except ValueError as error:
        raise Http404 from error


def _known_as(subject: uuid.UUID) -> list[tuple[str, Chosen | None]]:
    """Whom the id is about, each with the permission to see that page."""
    return [
        ("subscribers.view_subscriber", _reader(subject)),
        ("data_subjects.view_indirectcontact", _contact(subject)),
    ]


def _reader(subject: uuid.UUID) -> Chosen | None:
    found = Subscriber.objects.filter(data_subject=subject).first()
    if found is None:
        return None
    name = f"{found.first_name} {found.last_name}".strip() or found.address
    page = reverse("admin:subscribers_subscriber_change", args=[found.pk])
    return Chosen(subject, name, found.address, page)


def _contact(subject: uuid.UUID) -> Chosen | None:
    found = IndirectContact.objects.filter(data_subject=subject).first()
    if found is None:
        return None
    page = reverse("admin:data_subjects_indirectcontact_change", args=[found.pk])
    return Chosen(subject, found.name, found.address, page)


def held_by_nobody(typed: Iterable[str]) -> list[str]:
    """Those of the normalised addresses that no reader has, nobody from another source,
    and nobody whose deletion has begun: mistyped, perhaps."""
    digests = {addresses.digest(address): address for address in typed}
    readers = Subscriber.objects.filter(address_digest__in=digests)
    contacts = IndirectContact.objects.filter(data_subject__address_digest__in=digests)
    held = {
        bytes(digest)
        for digest in [
            *readers.values_list("address_digest", flat=True),
            *contacts.values_list("data_subject__address_digest", flat=True),
        ]
        if digest
    }
    others = [digest for digest in digests if digest not in held]
    if known_before(others):
        others = [digest for digest in others if not known_before([digest])]
    return [digests[digest] for digest in others]


def of_a_deletion(typed: Iterable[str]) -> str:
    """What to say to whoever has bound these addresses, where a deletion has begun of
    somebody who had one; empty where none has."""
    if not known_before(map(addresses.digest, filter(None, typed))):
        return ""
    return " A deletion of their data has begun: what is left of it by now is kept."


def numbers_of(subjects: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """id → number among those from other sources, by which somebody without an address
    is meant."""
    found = IndirectContact.objects.filter(data_subject__in=subjects)
    return dict(found.values_list("data_subject_id", "pk"))
