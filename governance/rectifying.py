"""Putting right what others told us of a person (UK GDPR Art. 16), at the person's
request, by the verb that corrects such records.

No address: by it the person is found, and nothing here asks its mailbox. Whoever wants
another one has it changed on the page of the record.
"""

from data_subjects import contacts
from data_subjects.models import Allowance, IndirectContact
from data_subjects.restriction import Allowed
from governance import correcting
from groundwork.masking import mask_numbers
from groundwork.rectifying import STATEMENT, Change, Corrector, refuse_changed
from groundwork.refusals import NotAllowed

TITLES = {
    "name": "Name",
    "employer": "Employer",
    "job_title": "Job title",
    "telephone": "Telephone",
    "postal_address": "Postal address",
    STATEMENT: "Statement of the person",
}
LONGEST = 200


def _cleaned(field: str, value: str) -> str:
    text = mask_numbers(value).strip()
    if field == "name" and not text:
        raise NotAllowed("Enter the name.")
    if field != STATEMENT and len(text) > LONGEST:
        raise NotAllowed(f"Shorten this to {LONGEST} characters or fewer.")
    return text


def _carry_out(change: Change) -> bool:
    known = IndirectContact.objects.filter(
        pk=change.entry, data_subject=change.subject_id
    )
    if not known.exists():
        raise NotAllowed("What was to be corrected is not held any more.")
    contact = contacts.locked(int(change.entry))
    refuse_changed(getattr(contact, change.field), change)
    wish = Allowed(Allowance.CONSENT, "The person asked for this correction.")
    correcting.correct(
        contact.pk,
        {change.field: change.right},
        staff_id=change.staff_id,
        allowed=wish,
    )
    return True


FROM_OTHERS = Corrector(
    place="from-others", fields=TITLES, cleaned=_cleaned, carry_out=_carry_out
)
