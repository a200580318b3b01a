"""Making good from the journal what a restored database has forgotten (Art. 7(3), 17,
21(3)), and what was asked for in a transaction that was rolled back.

1. Read the lines that the database has not, and fold them: for each address and purpose
   the last line decides.
2. An opt-out closes the address and ends the consent. An opt-in only keeps an earlier
   line from doing so: it never opens what the database has closed.
3. An erasure takes the person's rows place by place.

Each address and each erasure is a transaction with the rows that say so: a run that is
broken off goes on where it was, and a second one finds nothing to do.

A line whose transaction was rolled back told nobody that anything was done. Its opt-out
is made good all the same, its opt-in opens nothing, and of its erasure nothing but the
silence: whoever carries erasures out begins it anew.
"""

import logging
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.db import connection, transaction
from django.db.models import Q

from data_subjects import journal
from data_subjects.journal import Standing
from data_subjects.journal_file import Act, Kind, Line, NotTheFile
from data_subjects.models import DataSubject, Settled
from groundwork.holdings import Person
from outbox import suppression
from outbox.models import SuppressedAddress
from rights_requests.fulfilment import erasing, erasure_places
from rights_requests.fulfilment.people import person_of
from subscribers import leaving, links
from subscribers.models import Subscriber

logger = logging.getLogger(__name__)

Reason = SuppressedAddress.Reason
TO_MAKE_GOOD = {
    Standing.MISSING: Settled.REPLAY,
    Standing.ROLLED_BACK: Settled.ROLLED_BACK,
}


class ReplayRuns(Exception):
    """Another process is replaying at this moment."""


@dataclass
class Address:
    """What is to be made good for one address. closings: (purpose, reason); each reason
    stands by itself, as in outbox.suppression."""

    digest: bytes
    closings: set[tuple[str, str]] = field(default_factory=set)
    subjects: set[uuid.UUID | None] = field(default_factory=set)
    lines: list[tuple[Line, Settled]] = field(default_factory=list)

    def reopen(self, purposes: Iterable[str]) -> None:
        """As outbox.suppression.lift does it."""
        opened = {links.ALL, *purposes}
        self.closings = {one for one in self.closings if one[0] not in opened}


@dataclass
class Plan:
    """problems: what is wrong with the file itself, and cannot be replayed."""

    addresses: dict[bytes, Address] = field(default_factory=dict)
    erasures: list[Line] = field(default_factory=list)
    # An erasure that was rolled back, of somebody known by no address.
    nameless: list[tuple[Line, Settled]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """Each once, whatever it names."""
        named = [line for one in self.addresses.values() for line, _ in one.lines]
        every = [*named, *self.erasures, *(line for line, _ in self.nameless)]
        return list({line.id: line for line in every}.values())

    def count(self, kind: Kind) -> int:
        return sum(line.act.kind == kind for line in self.lines)

    def address(self, digest: bytes) -> Address:
        return self.addresses.setdefault(digest, Address(digest))


# --- Reading ---


def plan(made_good: Iterable[Standing] = TO_MAKE_GOOD) -> Plan:
    """What is to be done. Raises OSError when the file cannot be read."""
    wanted = set(made_good)
    try:
        return _plan(journal.compare(), wanted)
    except FileNotFoundError:
        if journal.newest_known():
            raise
        return Plan()  # nothing was ever written down
    except NotTheFile:
        return _plan(journal.compare(whole=True), wanted)


def _plan(comparison: journal.Comparison, wanted: set[Standing]) -> Plan:
    found = Plan()
    for line, standing in comparison.lines():
        if standing in wanted:
            _take(found, line, standing)
        elif standing in (Standing.SETTLED, Standing.MISSING):
            _heed(found, line)
    found.problems = comparison.reading.problems
    return found


def _take(found: Plan, line: Line, standing: Standing) -> None:
    act, how = line.act, TO_MAKE_GOOD[standing]
    is_erasure = act.kind is Kind.ERASED and standing is Standing.MISSING
    for digest in act.digests:
        address = found.address(digest)
        address.closings |= _closings(act)
        address.subjects |= {act.subject} - {None}
        if not is_erasure:
            address.lines.append((line, how))
    if is_erasure:
        found.erasures.append(line)
    elif not act.digests:
        found.nameless.append((line, how))
    if standing is Standing.MISSING:
        _heed(found, line)


def _closings(act: Act) -> set[tuple[str, str]]:
    if act.kind is Kind.OPTED_OUT:
        return {(purpose, act.reason) for purpose in act.purposes}
    return {(links.ALL, Reason.ERASED)} if act.kind is Kind.ERASED else set()


def _heed(found: Plan, line: Line) -> None:
    """Whoever came back later is not closed by what they had said before."""
    if line.act.kind is Kind.OPTED_IN:
        for digest in line.act.digests:
            if digest in found.addresses:
                found.addresses[digest].reopen(line.act.purposes)


# --- Doing ---


def replay() -> Plan:
    """Carry the plan out and return it. Raises OSError when the file cannot be read, and
    ReplayRuns."""
    with _alone():
        done = plan()
        _carry_out(done)
        if not done.problems:
            journal.advance()
    return done


def keep_journal() -> None:
    """Make good what was rolled back, and move the mark; what is missing waits for
    “manage.py replay_journal”, since somebody has restored something."""
    try:
        with _alone():
            _carry_out(plan([Standing.ROLLED_BACK]))
            journal.advance()
    except (FileNotFoundError, NotTheFile, ReplayRuns):
        return  # nothing was ever written, or the first page of the console says so


@contextmanager
def _alone() -> Iterator[None]:
    lock = "hashtext('journal replay')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({lock})")
        if not cursor.fetchone()[0]:
            raise ReplayRuns
        try:
            yield
        finally:
            cursor.execute(f"SELECT pg_advisory_unlock({lock})")


def _carry_out(found: Plan) -> None:
    for address in found.addresses.values():
        _make_good(address)
    newest = {line.act.subject: line.act for line in found.erasures}
    for line in found.erasures:
        _erase(line, kept=newest[line.act.subject].purposes)
    _settle(found.nameless)


@transaction.atomic
def _make_good(address: Address) -> None:
    """The address of the line, and whoever has another one in this database."""
    said_no = {(p, r) for p, r in address.closings if r != Reason.BOUNCED}
    ended = {purpose for purpose, _ in said_no}
    digests = {address.digest: address.closings}
    if said_no:
        for reader in _readers(address):
            leaving.leave_again(reader.pk, [] if links.ALL in ended else ended)
            digests.setdefault(bytes(reader.address_digest), said_no)
    for digest, closings in digests.items():
        for purpose, reason in sorted(closings):
            suppression.close(digest, [purpose], reason)
    _settle(address.lines)


def _readers(address: Address) -> list[Subscriber]:
    """In the order in which several people are locked."""
    who = Q(address_digest=address.digest) | Q(data_subject__in=address.subjects)
    return list(Subscriber.objects.filter(who).order_by("data_subject_id"))


def _settle(lines: Iterable[tuple[Line, Settled]]) -> None:
    for line, how in lines:
        journal.settle([line], how)
        if how is Settled.ROLLED_BACK:
            kind = line.act.kind
            logger.warning("Line %s (%s) had been rolled back", line.number, kind)


@transaction.atomic
def _erase(line: Line, *, kept: Collection[str]) -> None:
    """All places of one person at once: a broken-off run has done all of it or nothing.
    kept: those that the erasure left alone."""
    for subject in _people(line):
        list(DataSubject.objects.select_for_update().filter(pk=subject))
        person = replace(_person(subject, line), kept=frozenset(kept))
        erased = {
            place.key: place.erase(person)
            for place in erasure_places.places()
            # No backup of ours fills the mailbox.
            if place.key not in (erasure_places.MAILBOX_KEY, *kept)
        }
        erasing.take_over_replayed(subject, erased, kept=kept)
    journal.settle([line], Settled.REPLAY)


def _people(line: Line) -> list[uuid.UUID]:
    """Whom the line names by number; where this database does not know the number,
    whoever has the address. Never both: to another's data the erasure did not go."""
    known = DataSubject.objects.filter(pk__in=[line.act.subject])
    if not known.exists():
        known = DataSubject.objects.filter(address_digest__in=line.act.digests)
    return sorted(known.values_list("pk", flat=True))


def _person(subject: uuid.UUID, line: Line) -> Person:
    person = person_of(subject)
    return replace(person, digests=person.digests | frozenset(line.act.digests))
