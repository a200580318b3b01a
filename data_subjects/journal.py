"""The journal of opt-outs, opt-ins and erasures, kept so that no restore forgets one.

A backup that is put back brings people back who have left since. So each such act is
written to a file outside the database and is on the disk before it is committed
(data_subjects.journal_file); a row with the line's number says that the database has
it. While the file has lines that the database has not, nobody is served and nothing is
sent, until they are replayed (manage.py replay_journal, governance.replaying).

A line whose own transaction was rolled back is no such line: the person was never told
that anything was done. It is made good all the same where it asks for silence.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from itertools import batched

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from data_subjects import journal_file
from data_subjects.journal_file import Act, Kind, Line, Mark, NotTheFile, Server
from data_subjects.models import JournalLine, JournalMark, Settled

logger = logging.getLogger(__name__)

BATCH = 1000
# How long a transaction that nobody can ask about is given to end.
PATIENCE = timedelta(minutes=1)
_is_rehearsal = ContextVar("is_rehearsal", default=False)
WHAT_TO_DO = "run “manage.py replay_journal”"


class JournalUnwritable(Exception):
    """An opt-out, opt-in or erasure cannot be written down, so it was not carried out."""


# --- Writing ---


def opted_out(
    address_digest: bytes,
    purposes: Iterable[str],
    reason: str,
    *,
    subject: uuid.UUID | None,
) -> None:
    """No more mail for these purposes ("" for all); in the transaction that does it.
    Raises JournalUnwritable."""
    _write(Act(Kind.OPTED_OUT, (address_digest,), tuple(purposes), reason, subject))


def opted_in(address_digest: bytes, purposes: Iterable[str]) -> None:
    """The person asked for these purposes again, which ends a “no” to all of them.
    Raises JournalUnwritable."""
    _write(Act(Kind.OPTED_IN, (address_digest,), tuple(purposes)))


def record_erased(
    subject: uuid.UUID, digests: Iterable[bytes], *, kept: Iterable[str] = ()
) -> None:
    """What is held of this person, known by these addresses, is erased from the caller's
    transaction on (Art. 17), but for the places with these keys; the newest line about
    a person counts. Raises JournalUnwritable."""
    act = Act(Kind.ERASED, tuple(sorted(digests)), tuple(sorted(kept)), subject=subject)
    _write(act)


@contextmanager
def rehearsal() -> Iterator[None]:
    """For a look at what an act would do: all of it is taken back at the end, so the
    file, from which it would be made good, hears nothing of it."""
    token = _is_rehearsal.set(True)
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        _is_rehearsal.reset(token)


def _write(act: Act) -> None:
    if _is_rehearsal.get():
        return
    server, number, newest = _transaction()
    try:
        line = journal_file.append(
            act, server=server, transaction=number, newest=newest
        )
    except OSError as error:
        logger.error("The opt-out journal cannot be written: %s", error.strerror)
        raise JournalUnwritable from error
    settle([line], Settled.ACT)


def _transaction() -> tuple[Server, int, int]:
    """Where we are, the number of the caller's transaction, and the highest number of a
    line that the database knows."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "A line of the journal belongs to the transaction of its act."
        )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {SERVER}, pg_current_xact_id()::text::bigint,"  # noqa: S608
            " (SELECT coalesce(max(number), 0) FROM data_subjects_journalline)"
        )
        cluster, database, since, number, newest = cursor.fetchone()
    return Server(cluster, database, since), number, newest


SERVER = (
    "(SELECT system_identifier::text FROM pg_control_system()),"
    " current_database()::text,"
    " extract(epoch FROM pg_postmaster_start_time())::text"
)


def settle(lines: Iterable[Line], how: Settled) -> None:
    """These lines are dealt with, in the caller's transaction; twice is once."""
    JournalLine.objects.bulk_create(
        [JournalLine(id=line.id, number=line.number, settled=how) for line in lines],
        ignore_conflicts=True,
    )


# --- Comparing ---


class Standing(Enum):
    """What the database knows of a line."""

    SETTLED = auto()
    # Its transaction has not ended yet.
    IN_FLIGHT = auto()
    # Its transaction was rolled back.
    ROLLED_BACK = auto()
    # It was committed, as far as anybody knows, and the database has forgotten it.
    MISSING = auto()


@dataclass
class Comparison:
    """The file beside the database."""

    reading: journal_file.Reading

    def lines(self) -> Iterator[tuple[Line, Standing]]:
        """Each line that the mark does not cover. Raises OSError and NotTheFile."""
        for batch in batched(self.reading.lines(), BATCH):
            yield from zip(batch, _standings(batch), strict=True)


def compare(*, whole: bool = False) -> Comparison:
    """whole: from the first line on, whatever the mark says."""
    mark = Mark() if whole else mark_of_database()
    return Comparison(journal_file.Reading(mark))


def mark_of_database() -> Mark:
    row = JournalMark.objects.first()
    return Mark(row.number, row.start, row.code) if row else Mark()


def set_mark(mark: Mark) -> None:
    JournalMark.objects.update_or_create(
        pk=1, defaults={"number": mark.number, "start": mark.start, "code": mark.code}
    )


def _standings(lines: Sequence[Line]) -> list[Standing]:
    known = _known(lines)
    open_lines = [line for line in lines if line.id not in known]
    if not open_lines:
        return [Standing.SETTLED] * len(lines)
    ended = _ends(open_lines)
    # Between the two looks a transaction may have been committed.
    known |= _known(open_lines)
    now = datetime.now(UTC)
    return [
        Standing.SETTLED if line.id in known else _standing(line, ended, now)
        for line in lines
    ]


def _standing(line: Line, ends: dict[int, str | None], now: datetime) -> Standing:
    end = ends.get(line.transaction)
    if end == "aborted":
        return Standing.ROLLED_BACK
    is_young = now - line.at < PATIENCE
    if end == "in progress" or (end == NOT_KNOWN_YET and is_young):
        return Standing.IN_FLIGHT
    return Standing.MISSING


def _known(lines: Sequence[Line]) -> set[uuid.UUID]:
    rows = JournalLine.objects.filter(pk__in=[line.id for line in lines])
    return set(rows.values_list("pk", flat=True))


# Above the newest ended transaction: begun just now, or the server has lost it.
NOT_KNOWN_YET = "not known yet"
ENDS = """
    SELECT number, CASE
        WHEN number::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())
        THEN pg_xact_status(number::text::xid8) ELSE %s END
    FROM unnest(%s::bigint[]) AS number
"""


def _ends(lines: Sequence[Line]) -> dict[int, str | None]:
    """Transaction → what became of it, for those of this very run of the server."""
    here = _server()
    numbers = {line.transaction for line in lines if line.server == here}
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ENDS, [NOT_KNOWN_YET, list(numbers)])
        return dict(cursor.fetchall())


def _server() -> Server:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {SERVER}")
        return Server(*cursor.fetchone())


# --- Whether we may go on ---


@dataclass(frozen=True)
class State:
    """closed: why nobody may be served or written to; empty when we may go on.
    problems: what is wrong with the file, in words. is_lost: the file, of which the
    database knows lines, is not there or cannot be read. pending: how many acts were
    rolled back and are not made good yet."""

    closed: str = ""
    problems: tuple[str, ...] = ()
    is_lost: bool = False
    pending: int = 0

    @property
    def why_not_start(self) -> str:
        """In the local set-up the file may go: whoever tries things out throws it away."""
        if self.is_lost and not settings.EMBEDDED:
            return self.closed or "; ".join(self.problems)
        return self.closed


def may_send() -> bool:
    """False while the file has lines that this database has not; asked before each
    batch, since a database can be put back under running workers."""
    closed = state().closed
    if closed:
        logger.error("Nothing is sent: %s", closed)
    return not closed


def state() -> State:
    """What the file and the database say of each other, at this moment."""
    newest = newest_known()  # before the file, in which each of these lines stands
    comparison = compare()
    try:
        return _state(comparison, newest)
    except OSError as error:
        return _unread(error, newest)
    except NotTheFile:
        number = comparison.reading.mark.number
        return _state(
            compare(whole=True),
            newest,
            f"line {number} is not where it was: the file was cut or exchanged",
        )


def _state(comparison: Comparison, newest: int, *problems: str) -> State:
    missing = pending = 0
    for _, standing in comparison.lines():
        missing += standing is Standing.MISSING
        pending += standing is Standing.ROLLED_BACK
    found = [*problems, *comparison.reading.problems]
    if newest > comparison.reading.end.number:
        found.append(f"its end is cut off: the database knows line {newest}")
    return State(_closed(missing), tuple(found), pending=pending)


def _closed(missing: int) -> str:
    if not missing:
        return ""
    lines = "1 line" if missing == 1 else f"{missing:,} lines"
    return f"the opt-out journal has {lines} that this database has not: {WHAT_TO_DO}"


def newest_known() -> int:
    """The highest number of a line that the database knows; 0 when it knows none."""
    return JournalLine.objects.aggregate(newest=Max("number"))["newest"] or 0


def _unread(error: OSError, newest: int) -> State:
    if isinstance(error, FileNotFoundError) and not newest:
        return State()  # nothing was ever written down
    problem = (
        f"the file {settings.OPT_OUT_JOURNAL} cannot be read ({error.strerror}), and the "
        f"database knows {newest:,} of its lines"
    )
    return State(problems=(problem,), is_lost=True)


def why_not_write() -> list[str]:
    """What stands against the next line, as far as that can be told before."""
    if trouble := journal_file.trouble():
        return [f"the file cannot be written: {trouble}"]
    return []


def rolled_back_since(moment: datetime) -> int:
    """How many acts were written down and then rolled back."""
    rows = JournalLine.objects.filter(settled=Settled.ROLLED_BACK, at__gte=moment)
    return rows.count()


# --- The mark ---


def advance() -> None:
    """Move the mark behind the lines that are dealt with, as long as nothing is wrong
    with the file: what is wrong must not be passed over."""
    comparison, mark = compare(), None
    try:
        for line, standing in comparison.lines():
            if standing is not Standing.SETTLED:
                break
            mark = Mark(line.number, line.start, line.code)
    except (FileNotFoundError, NotTheFile):
        return
    if mark is not None and not comparison.reading.problems:
        set_mark(mark)


def accept_file() -> None:
    """Go on from the end of the file as it is, whatever is missing in it or was changed:
    somebody has looked, and no better copy is to be had."""
    newest, reading = newest_known(), journal_file.Reading()
    try:
        for _ in reading.lines():
            pass
    except FileNotFoundError:
        journal_file.create()
    set_mark(replace(reading.end, number=max(newest, reading.end.number)))
