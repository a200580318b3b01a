"""What an erasure (Art. 17) does with readers; the list of places is
groundwork.holdings."""

import csv
import io
import secrets
import uuid

from consent import ledger
from consent.holdings import EVIDENCE
from consent.models import Channel
from groundwork.encryption import has_content
from groundwork.holdings import Person
from groundwork.restricted_rows import as_the_law_requires
from subscribers.models import Subscriber, SubscriberEvent, SubscriberImport


def forget_reader(person: Person) -> int:
    """The sign-up goes with its links; what was agreed to ends, and the ledgers say so.
    Returns how many sign-ups there were."""
    readers = Subscriber.objects.filter(data_subject=person.id)
    if not readers.exists():
        return 0
    _end_consents(person.id)
    EVIDENCE.erase(person)  # a link may have been used since its turn
    count = readers.delete()[1]["subscribers.Subscriber"]
    SubscriberEvent.objects.create(
        data_subject_id=person.id,
        action=SubscriberEvent.Action.ERASED,
        channel=Channel.RIGHTS_REQUEST,
    )
    return count


def _end_consents(subject_id: uuid.UUID) -> None:
    standing = ledger.standing_purposes(subject_id)
    if standing:
        how = ledger.Circumstances(channel=Channel.RIGHTS_REQUEST)
        ledger.record_withdrawn(subject_id, sorted(standing), how)


def let_go_of_address(subject_id: uuid.UUID) -> None:
    """Whoever signs up with the address from now on is somebody new, and none of theirs
    goes to the reader who is being erased. Nor does news: the sign-up may be there for
    a while yet, and no list of addresses knows it by this code."""
    _end_consents(subject_id)
    with as_the_law_requires(subject_id):
        Subscriber.objects.filter(data_subject=subject_id).update(
            address_digest=secrets.token_bytes(32)
        )


def give_address_back(subject_id: uuid.UUID, address_digest: bytes) -> None:
    """The erasure was stopped, and nobody else has the address. What was agreed to has
    ended all the same. The caller says why restricted rows may change."""
    if not Subscriber.objects.filter(address_digest=address_digest).exists():
        readers = Subscriber.objects.filter(data_subject=subject_id)
        readers.update(address_digest=address_digest)


def forget_lines(person: Person) -> int:
    """Take the person's lines out of lists that are being brought in; returns out of how
    many lists. Nobody else's line changes, and whoever applies such a list looks at it
    once more, since it is another file now."""
    count = 0
    lists = SubscriberImport.objects.filter(has_content("content")).order_by("pk")
    for row in lists.select_for_update():
        kept = without_lines_about(person, row.content)
        if kept != row.content:
            row.content, row.digest = kept, SubscriberImport.digest_of(kept)
            row.save(update_fields=["content", "digest"])
            count += 1
    return count


def is_about(person: Person, cells: list[str]) -> bool:
    """Whether a line of a list has an address of this person."""
    return any(cell.strip().lower() in person.addresses for cell in cells)


def without_lines_about(person: Person, content: str) -> str:
    """The list as it is without this person; unchanged where they are not on it."""
    lines = list(csv.reader(io.StringIO(content, newline="")))
    kept = [cells for cells in lines if not is_about(person, cells)]
    if len(kept) == len(lines):
        return content
    text = io.StringIO()
    csv.writer(text).writerows(kept)
    return text.getvalue()
