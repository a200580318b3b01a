"""Readers whose address is held, for telling them of a changed notice.

Held means: the mailbox confirmed once. Whoever unsubscribed or objected is among them
until the retention rule removes the row. An address that was only typed into a form, or
imported without evidence, was never shown to be theirs: a mail to it might go to
somebody else, and it is removed after fourteen days.
"""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from data_subjects.held import PeopleHeld
from subscribers.models import Subscriber

# A confirmation that runs beside a publication may not see the new version yet: such a
# person is told twice rather than not at all.
BESIDE = timedelta(minutes=1)


def subjects(before: datetime | None) -> QuerySet[Any]:
    """Who had confirmed at that moment. Who confirms later reads in the welcome mail
    what has changed since the form was filled in (signup.confirm_signup)."""
    confirmed = Subscriber.objects.filter(confirmed_at__isnull=False)
    if before is not None:
        confirmed = confirmed.filter(
            created_at__lt=before, confirmed_at__lt=before + BESIDE
        )
    return confirmed.order_by().values_list("data_subject_id", flat=True)


def addresses(subjects: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    confirmed = Subscriber.objects.filter(
        data_subject_id__in=subjects, confirmed_at__isnull=False
    )
    return dict(confirmed.values_list("data_subject_id", "address"))


READERS = PeopleHeld(subjects, addresses)
