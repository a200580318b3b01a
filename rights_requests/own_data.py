"""“Your data”: whoever has a mailbox sees at once what is held of its person.

1. ask_for_link: somebody types an address; only its mailbox learns whether we know it.
2. open_visit: the button behind the mailed link, once; it is on record that the person
   looked.
3. place by place what is held (places, entries), as far as a mailbox alone may see it.
4. ask: a copy, a file to take along, no more marketing, or deletion. Each opens a case
   like any other, whose mailbox is shown already.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from consent.ledger import standing_purposes
from data_subjects.models import DataSubject, SubjectEvent
from groundwork import addresses
from groundwork.holdings import Holding, Person, Record, holdings
from groundwork.links import derived_token, random_token, token_digest
from groundwork.one_statement import Given, Part, insert, run
from groundwork.refusals import NotAllowed
from outbox.models import MessageClass
from outbox.queueing import queue
from processing_register.notices import purpose_titles
from rights_requests import identity, links
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import AT_ONCE, CaseKind
from rights_requests.models import Case, Channel, PersonLink
from rights_requests.receiving import Asked, Sent, receive

Use = PersonLink.Use
LINK_LASTS = timedelta(minutes=15)
# However often it is kept open: somebody may have left the room.
LONGEST_VISIT = timedelta(hours=2)
# A mailbox is not to be filled by whoever knows its address.
LINKS_AN_HOUR = 5
LINK_MAIL = "rights_requests/own_data"
NOBODY = "nobody is known by this address"
# What can be asked for from there; the rest needs words, and has the form.
CAN_ASK = (
    CaseKind.ACCESS,
    CaseKind.PORTABILITY,
    CaseKind.MARKETING,
    CaseKind.WITHDRAWAL,
    CaseKind.ERASURE,
)
KNOWN = """
    SELECT known.id FROM data_subjects_datasubject AS known
    WHERE known.address_digest = %s AND %s > (
        SELECT count(*) FROM rights_requests_personlink AS link
        WHERE link.data_subject_id = known.id AND link.use = %s AND link.made_at > %s)
    FOR KEY SHARE OF known
"""


# --- The link ---


@transaction.atomic
def ask_for_link(address: str, *, now: datetime) -> None:
    """Mail a link to this address if somebody is known by it; say nothing.

    The same two statements whoever has it, so that how long it takes tells nothing: for
    a stranger the outbox keeps a withheld row without an address.
    """
    token = random_token()
    subject = _fresh_link(address, token, now)
    context = {
        "link_url": links.whole("rights_requests:own-data-open", token),
        "minutes": int(LINK_LASTS.total_seconds() // 60),
    }
    queue(
        LINK_MAIL,
        to=address if subject else "",
        context=context if subject else {},
        data_subject_id=subject,
        message_class=MessageClass.RIGHTS,
        withheld_because="" if subject else NOBODY,
    )


def _fresh_link(address: str, token: str, now: datetime) -> uuid.UUID | None:
    """Whose it is; None when nobody is known by the address, or too many were mailed
    within the hour. The person is locked against a purge."""
    digest = addresses.digest(address)
    since = now - timedelta(hours=1)
    person = Part("person", KNOWN, (digest, LINKS_AN_HOUR, Use.FRESH.value, since))
    values = {
        "data_subject_id": Given("person.id"),
        "use": Use.FRESH.value,
        "token_digest": token_digest(Use.FRESH, token),
        "address": address,
        "address_digest": digest,
        "made_at": now,
        "expires_at": now + LINK_LASTS,
    }
    link = insert("link", PersonLink, values, source="person")
    [subject] = run([person, link], "SELECT (SELECT id FROM person)")
    return uuid.UUID(str(subject)) if subject else None


def found(use: str, token: str) -> PersonLink | None:
    """The standing link of this token; each use knows its own."""
    standing = PersonLink.objects.standing().select_related("data_subject")
    return standing.filter(use=use, token_digest=token_digest(use, token)).first()


def has_ended(use: str, token: str) -> bool:
    """Whether there was such a link, and it opens nothing any more."""
    digest = token_digest(use, token)
    return PersonLink.objects.filter(use=use, token_digest=digest).exists()


@transaction.atomic
def open_visit(token: str, *, now: datetime) -> str:
    """Use the mailed link up and open a visit; returns its token, or nothing where the
    link opens nothing. Of two who press at once, one gets in."""
    fresh = found(Use.FRESH, token)
    if fresh is None:
        return ""
    _lock_person(fresh.data_subject_id)
    unused = PersonLink.objects.standing().filter(pk=fresh.pk, used_at__isnull=True)
    if not unused.update(used_at=now):
        return ""
    visit_token = random_token()
    visit = PersonLink.objects.create(
        data_subject_id=fresh.data_subject_id,
        use=Use.VISIT,
        token_digest=token_digest(Use.VISIT, visit_token),
        address=fresh.address,
        address_digest=fresh.address_digest,
        made_at=now,
        expires_at=now + links.VISIT_LASTS,
    )
    SubjectEvent.objects.create(
        data_subject_id=fresh.data_subject_id,
        action=SubjectEvent.Action.LOOKED,
        reference=visit.pk,
    )
    return visit_token


def _lock_person(subject_id: uuid.UUID) -> None:
    """People come before what belongs to them, as everywhere in the house."""
    DataSubject.objects.select_for_update(no_key=True).get(pk=subject_id)


# --- What is shown ---


@dataclass(frozen=True)
class Shown:
    """A place in which something of the person is. count: how many entries they see
    here; kept_back: how many one of us has to read first."""

    holding: Holding
    count: int
    kept_back: int


def person_behind(link: PersonLink) -> Person:
    """Everything by which the person of this link is found."""
    return person_of(link.data_subject_id)


def places(person: Person) -> Iterator[Shown]:
    """Each place in which something of the person is, in the order of collecting."""
    for one in holdings():
        holding = one.of(person)
        if every := holding.told_count(person):
            count = holding.shown_count(person)
            yield Shown(holding, count, every - count)


def place(key: str) -> Holding | None:
    return next((one for one in holdings() if one.key == key), None)


def entries(person: Person, holding: Holding, start: int, stop: int) -> list[Record]:
    """What a mailbox alone may see of a place, from one entry to another."""
    return holding.some_shown(person, start, stop)


# --- What is asked for from there ---


def what_ends(link: PersonLink, kind: CaseKind) -> list[str]:
    """What this person agreed to and would get no more; nothing of it for what does not
    act at once."""
    if kind not in AT_ONCE:
        return []
    return purpose_titles(list(standing_purposes(link.data_subject_id)))


@transaction.atomic
def ask(visit_id: int, kind: CaseKind, *, now: datetime, send_to: str = "") -> Case:
    """Open a case for this, whose mailbox is shown; asked twice from one visit it is one
    case. send_to: the address of another organisation that is to get the file as well.
    Raises NotAllowed when the visit is over."""
    if kind not in CAN_ASK:
        raise NotAllowed("That is asked with the form.")
    # Held to the end: pressed twice at once, the second one finds what the first opened.
    rows = PersonLink.objects.standing().filter(pk=visit_id, use=Use.VISIT)
    for subject_id in rows.values_list("data_subject", flat=True):
        _lock_person(subject_id)
    visit = rows.select_for_update(of=("self",), no_key=True).first()
    if visit is None:
        raise NotAllowed("This page is over.")
    message = Sent(
        asked=(Asked(kind, send_to=send_to),),
        channel=Channel.FORM,
        received_at=now,
        dated_on=timezone.localdate(now),
        address=visit.address,
        is_from_visit=True,
        form_number=derived_token("own-data", visit.pk, kind),
    )
    received = receive(message, now=now)
    if received.is_new:
        identity.shown_already(received.submission, now=now)
    [case] = received.cases
    return case


@transaction.atomic
def stay(visit: PersonLink, *, now: datetime) -> None:
    """Half an hour from now, but no longer than two hours in all."""
    until = min(now + links.VISIT_LASTS, visit.made_at + LONGEST_VISIT)
    standing = PersonLink.objects.standing().filter(pk=visit.pk, expires_at__lt=until)
    standing.update(expires_at=until)
