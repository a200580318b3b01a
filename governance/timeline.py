"""Everything that happened between the house and one person, as one line of steps.

Each source hands over its own steps, newest first and at most LIMIT of them; they are
merged by time. The sources stand on different floors, which is why this stands on top.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from case_updates.models import Delivery
from consent.models import Action, ConsentEntry
from data_subjects.models import (
    Allowance,
    Disclosure,
    Exemption,
    Ground,
    IndirectContact,
    SubjectEvent,
)
from outbox.models import OutgoingEmail, State
from processing_register.models import ProcessingPurpose
from staff.models import AccessRecord, StaffUser
from subscribers.models import SubscriberEvent

LIMIT = 200
BAD_STATES = {State.FAILED.value, State.UNKNOWN.value}


@dataclass(frozen=True)
class Step:
    """One thing that happened. tone: good, over, bad, minor, or empty.

    needs: the permission without which the page at url stays shut.
    """

    at: datetime
    what: str
    how: str = ""
    tone: str = ""
    url: str = ""
    needs: str = ""


class Names:
    """The words for purposes and people, read once for the whole page."""

    def __init__(self) -> None:
        self.purposes = dict(ProcessingPurpose.objects.values_list("key", "title"))
        self.staff = {user.pk: str(user) for user in StaffUser.objects.all()}

    def purpose(self, key: str) -> str:
        return self.purposes.get(key, key)

    def by(self, staff_id: int | None) -> str:
        if staff_id is None:
            return ""
        return self.staff.get(staff_id, f"staff {staff_id}")


def timeline(subject: uuid.UUID) -> list[Step]:
    """The steps of this person, the newest first."""
    names = Names()
    steps = [
        *_consents(subject, names),
        *_events(subject, names),
        *_bindings(subject, names),
        *_disclosures(subject, names),
        *_other_sources(subject),
        *_mails(subject),
        *_deliveries(subject),
        *_openings(subject, names),
    ]
    return sorted(steps, key=lambda step: step.at, reverse=True)[:LIMIT]


CONSENT_WORDS = {
    Action.REQUESTED: ("Asked for {}; not confirmed yet", ""),
    Action.EXPIRED: ("Never confirmed {}", "minor"),
    Action.GIVEN: ("Consented to {}", "good"),
    Action.WITHDRAWN: ("Withdrew consent to {}", "over"),
    Action.LAPSED: ("Consent to {} lapsed", "over"),
}


def _consents(subject: uuid.UUID, names: Names) -> Iterator[Step]:
    entries = ConsentEntry.objects.filter(data_subject_id=subject).order_by("-id")
    for entry in entries[:LIMIT]:
        words, tone = CONSENT_WORDS[Action(entry.action)]
        url = ""
        if entry.wording_id:
            digest = bytes(entry.wording_id).hex()
            url = reverse("admin:consent_wording", args=[digest])
        yield Step(
            at=entry.at,
            what=words.format(names.purpose(entry.purpose)),
            how=_joined(entry.get_channel_display(), names.by(entry.staff_id)),
            tone=tone,
            url=url,
            needs="consent.view_consententry",
        )


def _events(subject: uuid.UUID, names: Names) -> Iterator[Step]:
    events = SubscriberEvent.objects.filter(data_subject_id=subject).order_by("-id")
    for event in events[:LIMIT]:
        fields = ", ".join(name.replace("_", " ") for name in event.fields)
        yield Step(
            at=event.at,
            what=_sentence(event.get_action_display()),
            how=_joined(fields, event.channel, names.by(event.staff_id)),
        )


def _bindings(subject: uuid.UUID, names: Names) -> Iterator[Step]:
    """Restrictions, legal holds and data from other sources: begun, announced, ended."""
    grounds = dict([*Ground.choices, *Exemption.choices, *Allowance.choices])
    events = SubjectEvent.objects.filter(data_subject_id=subject).order_by("-id")
    for event in events[:LIMIT]:
        detail = grounds.get(event.detail, event.detail.replace("_", " "))
        yield Step(
            at=event.at,
            what=_sentence(event.get_action_display()),
            how=_joined(f"no. {event.reference}", detail, names.by(event.staff_id)),
        )


def _disclosures(subject: uuid.UUID, names: Names) -> Iterator[Step]:
    found = Disclosure.objects.filter(data_subject_id=subject).order_by("-id")
    for disclosure in found[:LIMIT]:
        yield Step(
            at=disclosure.at,
            what=f"Data disclosed to {disclosure.recipient}",
            how=_joined(
                ", ".join(disclosure.categories), names.by(disclosure.staff_id)
            ),
        )


def _other_sources(subject: uuid.UUID) -> Iterator[Step]:
    """What is held that came from elsewhere; the ledger says what was done about it."""
    contacts = IndirectContact.objects.filter(data_subject=subject)
    for contact in contacts.only("kind", "source", "inform_by", "created_at"):
        yield Step(
            at=contact.created_at,
            what=f"Held as a {contact.get_kind_display()}, from another source",
            how=_joined(contact.source, f"to be told by {contact.inform_by:%-d %B %Y}"),
            url=reverse(
                "admin:data_subjects_indirectcontact_change", args=[contact.pk]
            ),
            needs="data_subjects.view_indirectcontact",
        )


def _mails(subject: uuid.UUID) -> Iterator[Step]:
    mails = OutgoingEmail.objects.filter(data_subject=subject).defer(
        "context", "raw_message", "to_address"
    )
    for mail in mails.order_by("-created_at")[:LIMIT]:
        yield Step(
            at=mail.settled_at or mail.created_at,
            what=f"E-mail “{mail.name}” {mail.get_state_display()}",
            how=_joined(f"{mail.message_class} message", mail.reason),
            tone="bad" if mail.state in BAD_STATES else "",
            url=reverse("admin:outbox_outgoingemail_change", args=[mail.pk]),
            needs="outbox.view_outgoingemail",
        )


def _deliveries(subject: uuid.UUID) -> Iterator[Step]:
    deliveries = Delivery.objects.filter(data_subject_id=subject).select_related(
        "case_update"
    )
    for delivery in deliveries.order_by("-pk")[:LIMIT]:
        moment = delivery.settled_at or delivery.next_attempt_at
        yield Step(
            at=moment,
            what=f"Case update “{delivery.case_update.title}” "
            f"{delivery.get_state_display()}",
            how=delivery.reason,
            tone="bad" if delivery.state in BAD_STATES else "",
        )


def _openings(subject: uuid.UUID, names: Names) -> Iterator[Step]:
    """Who looked; what one person did several times on a day is one step."""
    records = AccessRecord.objects.filter(data_subject_id=subject).order_by("-id")
    days: dict[tuple[int, str, object], list[AccessRecord]] = {}
    for record in records[:LIMIT]:
        day = timezone.localdate(record.at)
        days.setdefault((record.staff_id, record.action, day), []).append(record)
    for same in days.values():
        times = f"{len(same)} times that day" if len(same) > 1 else ""
        what = f"{names.by(same[0].staff_id)} {same[0].get_action_display()}"
        yield Step(at=same[0].at, what=what, how=times, tone="minor")


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def by_day(steps: Iterable[Step]) -> list[tuple[str, list[Step]]]:
    """The steps under the days on which they happened, in the same order."""
    days: dict[str, list[Step]] = {}
    for step in steps:
        day = f"{timezone.localtime(step.at):%A %-d %B %Y}"
        days.setdefault(day, []).append(step)
    return list(days.items())
