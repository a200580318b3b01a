"""Readers whose address is held, for telling them of a changed notice.

Held means: the mailbox confirmed once. Whoever unsubscribed or objected is among them
until the retention rule removes the row. An address that was only typed into a form, or
imported without evidence, was never shown to be theirs: a mail to it might go to
somebody else, and it is removed after fourteen days.
"""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from data_subjects.held import PeopleHeld
from subscribers.models import Subscriber


def subjects(before: datetime | None) -> QuerySet[Any]:
    """Who signed up before the moment, whenever they confirmed: the form showed them
    the notice of that day."""
    confirmed = Subscriber.objects.filter(confirmed_at__isnull=False)
    if before is not None:
        confirmed = confirmed.filter(created_at__lt=before)
    return confirmed.order_by().values_list("data_subject_id", flat=True)


def addresses(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    confirmed = Subscriber.objects.filter(
        data_subject_id__in=subjects, confirmed_at__isnull=False
    )
    return dict(confirmed.values_list("data_subject_id", "address"))


READERS = PeopleHeld(subjects, addresses)
