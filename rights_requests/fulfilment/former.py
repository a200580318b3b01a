"""What a person was called and reached by before, as far as the house itself knows it:
by corrections that were made, by a change of address, and by earlier requests.

An old list or an old mail knows them by that alone, so a deletion looks for it as well.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.holdings import Person, holdings
from rights_requests.models import Rectification, Submission

# The place of a value, and its field there.
Where = tuple[str, str]


def values_of(subject_id: uuid.UUID) -> Mapping[Where, frozenset[str]]:
    """What stood in each field that was corrected, at any time."""
    found: dict[Where, frozenset[str]] = {}
    for row in _made(subject_id):
        where = (row.place, row.field)
        stood = {value for value in (row.current, row.proposed) if value}
        found[where] = found.get(where, frozenset()) | stood
    return found


def _made(subject_id: uuid.UUID) -> Iterator[Rectification]:
    rows = Rectification.objects.applied()
    return iter(rows.filter(case__submission__data_subject=subject_id))


def with_former_addresses(person: Person) -> Person:
    """The person as they are found also by addresses that were theirs; by none that
    somebody else has by now."""
    known = {addresses.digest(address): address for address in _addresses_of(person)}
    taken = DataSubject.objects.filter(address_digest__in=list(known))
    others = taken.exclude(pk=person.id).values_list("address_digest", flat=True)
    for digest in others:
        known.pop(bytes(digest or b""), None)
    return replace(
        person,
        addresses=person.addresses | frozenset(known.values()),
        digests=person.digests | frozenset(known),
    )


def _addresses_of(person: Person) -> Iterator[str]:
    """Each was shown to be theirs: by a button in a mail to it, or by the change away
    from it, which its mailbox was told of."""
    for holding in holdings():
        fields = holding.former_addresses
        data = [datum for datum in holding.data if datum.path in fields]
        for record in holding.records(person, data) if data else ():
            yield from (str(value) for value in record.values.values() if value)
    for row in _made(person.id):
        if row.field == "address" and row.current:
            yield row.current
    shown = Submission.objects.filter(
        data_subject=person.id, is_by_agent=False, mailbox_confirmed_at__isnull=False
    )
    yield from (row.address for row in shown if row.address)
