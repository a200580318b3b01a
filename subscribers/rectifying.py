"""Putting right what a reader's sign-up says (UK GDPR Art. 16), at their request.

Details change at once. An address counts once its own mailbox has confirmed it, as when
the reader changes it: until then nothing moves, and no consent follows to it.
"""

from typing import Any

from django.core.exceptions import ValidationError

from consent.models import Channel
from groundwork import addresses
from groundwork.rectifying import STATEMENT, Change, Corrector, refuse_changed
from groundwork.refusals import NotAllowed
from subscribers import preferences
from subscribers.forms import AddressForm, DetailsForm
from subscribers.locking import locked
from subscribers.models import Subscriber

TITLES = {
    "first_name": "First name",
    "last_name": "Last name",
    "employer": "Employer",
    "job_title": "Job title",
    "telephone": "Telephone",
    "address": "E-mail address",
    STATEMENT: "Statement of the person",
}


def _cleaned(field: str, value: str) -> str:
    """By the form on which a reader types it."""
    if field == STATEMENT:
        return value.strip()
    form: Any = DetailsForm({field: value})
    name = field
    if field == "address":
        form, name = AddressForm({"email": value}), "email"
    form.full_clean()
    if errors := form.errors.get(name):
        raise NotAllowed(f"{errors[0].rstrip('.')}.")
    return str(form.cleaned_data[name])


def _carry_out(change: Change) -> bool:
    reader = locked(_reader(change).pk)
    refuse_changed(getattr(reader, change.field), change)
    if change.field == "address":
        _ask_new_mailbox(reader, change)
        return False
    preferences.change_details(
        reader,
        {change.field: change.right},
        channel=Channel.RIGHTS_REQUEST,
        staff_id=change.staff_id,
        is_their_wish=True,
    )
    return True


def _ask_new_mailbox(reader: Subscriber, change: Change) -> None:
    digest = addresses.digest(change.right)
    others = Subscriber.objects.filter(address_digest=digest).exclude(pk=reader.pk)
    if others.filter(confirmed_at__isnull=False).exists():
        raise NotAllowed("Somebody has signed up with this address already.")
    try:
        preferences.ask_to_change_address(
            reader,
            change.right,
            channel=Channel.RIGHTS_REQUEST,
            staff_id=change.staff_id,
        )
    except preferences.NotNow as refusal:
        raise NotAllowed(
            "The address was changed within the last 72 hours, or three mails went out "
            "for it today: try again later."
        ) from refusal


def _call_off(change: Change) -> None:
    if change.field == "address":
        preferences.call_off_address_change(int(change.entry))


def _is_carried_out(change: Change) -> bool:
    reader = Subscriber.objects.filter(
        pk=change.entry, data_subject=change.subject_id
    ).first()
    return reader is not None and getattr(reader, change.field) == change.right


def _reader(change: Change) -> Subscriber:
    try:
        return Subscriber.objects.get(pk=change.entry, data_subject=change.subject_id)
    except (Subscriber.DoesNotExist, ValueError, ValidationError) as error:
        raise NotAllowed("What was to be corrected is not held any more.") from error


SIGN_UP = Corrector(
    place="sign-up",
    fields=TITLES,
    cleaned=_cleaned,
    carry_out=_carry_out,
    is_carried_out=_is_carried_out,
    call_off=_call_off,
)
