"""Whose data it is: the number, the addresses and their digests by which it is found."""

import uuid

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.holdings import Datum, Holding, Person, holdings


def person_of(subject_id: uuid.UUID) -> Person:
    """Everything by which this person is found. Raises DataSubject.DoesNotExist.

    Only an address that the house links with this person counts: one that was typed and
    never confirmed may be somebody else's, whose mail must not be handed over.
    """
    subject = DataSubject.objects.get(pk=subject_id)
    if subject.address_digest is None:
        return Person(subject.pk)
    known = bytes(subject.address_digest)
    found = {
        address
        for address in _addresses_held(Person(subject.pk))
        if addresses.digest(address) == known
    }
    return Person(subject.pk, frozenset(found), frozenset({known}))


def _addresses_held(person: Person) -> set[str]:
    """Nothing else of those rows is decrypted: each page of a case with a copy asks."""
    return {
        str(address)
        for holding in holdings()
        if holding.addresses
        for record in holding.records(person, _address_fields(holding))
        for address in record.values.values()
        if address
    }


def _address_fields(holding: Holding) -> list[Datum]:
    return [datum for datum in holding.data if datum.path in holding.addresses]
