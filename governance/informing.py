"""Tell people whose data did not come from them what we hold (UK GDPR, Article 14).

The letter goes through the outbox; the person counts as told once a mail server took
it, so a letter that fails leaves them among those still to be told. Whoever is removed
is not written to any more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from data_subjects import contacts
from data_subjects.contacts import why_not_tell
from data_subjects.models import IndirectContact, SubjectEvent, Told
from data_subjects.restriction import why_restricted
from data_subjects.retention import Purge, StartOfDay, note_going, unneeded
from groundwork.refusals import refuse
from outbox import outcomes
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.queueing import queue
from outbox.retention import forget_bodies
from processing_register.register import (
    BASES,
    UK_AND_EEA,
    Purpose,
    the_register,
)

Action = SubjectEvent.Action
KIND = "data_subjects/article_14"
PURPOSE = "target-market"


@transaction.atomic
def send_letter(contact_id: int, *, staff_id: int) -> OutgoingEmail:
    """Queue the letter to this person. Raises NotAllowed when they were told, one is on
    its way, no address is known, or their data is restricted."""
    contact = contacts.locked(contact_id)
    refuse(why_not_write(contact))
    email = queue(
        KIND,
        to=contact.address,
        context=letter(contact),
        data_subject_id=contact.data_subject_id,
        message_class=MessageClass.NOTICE,
    )
    contact.letter_id = email.pk
    contact.save(update_fields=["letter_id"])
    contacts.note(contact, Action.LETTER, staff_id=staff_id)
    return email


def why_not_write(contact: IndirectContact) -> str:
    """What stands against the letter, in the words of the page."""
    if why_not := why_not_tell(contact):
        return why_not
    if why_not := outcomes.why_not_again(contact.letter_id):
        return why_not
    if not contact.address:
        return "No e-mail address is known: tell the person by letter or by telephone."
    return why_restricted(contact.data_subject_id)


def take_over_letters() -> int:
    """Record as told those whose letter a mail server took; returns how many."""
    sent = OutgoingEmail.objects.filter(state=State.SENT)
    untold = IndirectContact.objects.untold().filter(letter_id__in=sent.values("pk"))
    return sum(_take_over(key) for key in list(untold.values_list("pk", flat=True)))


@transaction.atomic
def _take_over(contact_id: int) -> bool:
    """False when meanwhile the person was told, exempted or removed, or the letter was
    taken back since it had gone to a wrong address."""
    contact = contacts.locked_unless_gone(contact_id)
    if contact is None:
        return False
    at = outcomes.sent_at(contact.letter_id)
    if at is None or why_not_tell(contact):
        return False
    contacts.record_told(contact_id, how=Told.E_MAIL, at=at, staff_id=None)
    return True


def keep_clocks() -> None:
    """One turn of the schedule: letters that went, disclosures that count."""
    take_over_letters()
    contacts.take_over_disclosures()


# --- Removal ---


@transaction.atomic
def remove(contact_id: int, *, staff_id: int) -> None:
    """Forget the person and the mails to them; what still waits is not sent.

    Raises NotAllowed while a restriction or a legal hold keeps the data.
    """
    contact = contacts.locked(contact_id)
    refuse(contacts.why_not_remove(contact))
    _take_away(contact, staff_id=staff_id)


def _take_away(contact: IndirectContact, *, staff_id: int | None = None) -> None:
    """The last step of a removal and of the purge; the caller holds the person.

    Of somebody whom the house knows otherwise too, a reader perhaps, only the letter is
    forgotten.
    """
    subject = contact.data_subject_id
    contacts.note(contact, Action.REMOVED, staff_id=staff_id)
    contact.delete()
    is_known_otherwise = not unneeded().filter(pk=subject).exists()
    forget_bodies(subject, kind=KIND if is_known_otherwise else "")
    note_going([subject])


def _unused(limit: datetime) -> QuerySet[IndirectContact]:
    return IndirectContact.objects.filter(last_used_on__lt=timezone.localdate(limit))


INDIRECT_CONTACTS = Purge(
    rule="indirect-contact",
    what="People we did not hear from directly, and had nothing to do with since",
    due=_unused,
    subject="data_subject_id",
    remove=_take_away,
    counts_from=StartOfDay("last_used_on"),
)


# --- The letter ---


def letter(contact: IndirectContact) -> dict[str, Any]:
    """What Article 14(1) and (2) wants told, out of the register and the
    person's own disclosures."""
    register = the_register()
    source = register.sources[contact.source]
    purpose = register.purposes[PURPOSE]
    who_gets = _who_gets(contact, purpose)
    return {
        "source": source.title,
        "is_public": source.is_public,
        "obtained_on": f"{contact.obtained_on:%-d %B %Y}",
        "held": held(contact),
        "categories": [
            register.categories[key].title for key in purpose.data_categories
        ],
        "purpose": purpose.title,
        "bases": _bases(purpose),
        "interests": purpose.interests,
        "recipients": [str(got) for got in who_gets],
        "stays": not any(got.is_abroad for got in who_gets),
        "kept": register.retention["indirect-contact"].words,
        "rights_url": settings.SITE_URL + reverse("rights_requests:your-data"),
        "retention_url": settings.SITE_URL + reverse("processing_register:retention"),
    }


HELD_WORDS = {
    "name": "your name",
    "employer": "your employer",
    "job_title": "your job title",
    "address": "your e-mail address",
    "telephone": "your telephone number",
    "postal_address": "your postal address",
}


def held(contact: IndirectContact) -> list[str]:
    """Which details there are, never what they say: a mailbox may be shared."""
    return [words for name, words in HELD_WORDS.items() if getattr(contact, name)]


def _bases(purpose: Purpose) -> list[str]:
    return [BASES[basis.key] for basis in purpose.lawful_bases]


@dataclass(frozen=True)
class _Got:
    """Somebody who gets or got data, and what protects it abroad."""

    title: str
    country_code: str
    country: str
    safeguard: str

    def __str__(self) -> str:
        """As the letter names it (Art. 14(1)(e) and (f))."""
        safeguard = f"; safeguard: {self.safeguard}" if self.is_abroad else ""
        return f"{self.title} ({self.country}{safeguard})"

    @property
    def is_abroad(self) -> bool:
        return self.country_code not in UK_AND_EEA


def _who_gets(contact: IndirectContact, purpose: Purpose) -> list[_Got]:
    """Whoever may get data by the register, then whoever was given this person's."""
    known = the_register().recipients
    # The ledger has the letters of a country alone; the register has some names.
    names = {found.country_code: found.country for found in known.values()}
    regular = [
        _Got(found.title, found.country_code, found.country, found.safeguard)
        for found in (known[key] for key in purpose.recipients)
        if found.is_enabled
    ]
    given = [
        _Got(
            row.recipient,
            row.country_code,
            names.get(row.country_code, row.country_code),
            row.safeguard,
        )
        for row in contacts.disclosures_of(contact).order_by("disclosed_on", "id")
    ]
    return list(dict.fromkeys([*regular, *given]))
