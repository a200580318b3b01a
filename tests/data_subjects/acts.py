"""Restricting and holding, as staff do it."""

from datetime import date, timedelta

from data_subjects import holds, restriction
from data_subjects.models import Ground, LegalHold, Restriction
from data_subjects.people import subject_of, subjects_of
from groundwork.clock import today_here
from tests.people import ADA

STAFF = 7


def restricted(address: str = ADA, ground: Ground = Ground.ACCURACY) -> Restriction:
    asked = restriction.Asked(ground, "They say that it is wrong.", address)
    return restriction.restrict(subject_of(address).pk, asked, staff_id=STAFF)


def lifted(address: str = ADA) -> Restriction:
    row = restricted(address)
    restriction.tell(row.pk, ending="Checked.", how="by letter", staff_id=STAFF)
    restriction.lift(row.pk, staff_id=STAFF)
    return row


def held(*addresses: str, review_on: date | None = None) -> LegalHold:
    today = today_here()
    matter = holds.Matter(
        "Matter 12", "A claim is threatened.", review_on or today + timedelta(days=30)
    )
    people = subjects_of(addresses or (ADA,))
    return holds.place(people, matter, owner_id=STAFF, today=today)
