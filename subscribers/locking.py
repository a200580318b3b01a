"""Locking a reader in the order of the whole house: the person first.

Whoever locks a row of a person without the person may deadlock with whoever, holding
the person, comes to that row: a purge, a restriction, a correction by staff.
"""

from data_subjects.restriction import lock
from subscribers.models import Subscriber


def locked(subscriber_id: int) -> Subscriber:
    """The reader and the person, held until the end of the caller's transaction."""
    # A reader stays the same person's, so this may be read before anything is held.
    people = Subscriber.objects.values_list("data_subject", flat=True)
    lock(people.get(pk=subscriber_id))
    return Subscriber.objects.select_for_update(no_key=True).get(pk=subscriber_id)
