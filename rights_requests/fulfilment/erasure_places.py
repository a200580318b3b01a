"""The places that an erasure goes through, in the order of the work: the holdings of the
house, and what lies outside the database.

First go the whole copies, then what others come from, last the sign-up itself. The
number of the person leads nowhere from the first moment on (erasing), so that somebody
who signs up again meanwhile is somebody new.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from groundwork.encryption import has_content
from groundwork.holdings import Holding, Kept, Person, holdings
from groundwork.personal_data import Erasure
from outbox import outside
from outbox.holdings import MAIL_FROM_YOU, MAIL_TO_YOU, OPT_OUTS
from processing_register.register import the_register
from rights_requests import holdings as ours
from rights_requests.models import (
    Case,
    CaseDocument,
    ErasedPlace,
    Letter,
    Rectification,
    SearchRecord,
    Submission,
)
from rights_requests.moves import OPEN
from rights_requests.vault_keeping import remove_document

Fate = ErasedPlace.Fate
KEY = "person"
CONTACTS_KEY = "case-contacts"
CORRECTED_KEY = "case-corrected"
MAILBOX_KEY = "mailbox"
# Where more may come while places are erased: first what is found by the number of the
# person, then what is found by their address.
MAIL_KEYS = [MAIL_TO_YOU.key, MAIL_FROM_YOU.key, MAILBOX_KEY]
CONTACTS = {"address": "", "postal_address": "", "telephone": "", "agent_address": ""}
# What stood somewhere and what stands there is the data itself, once more.
CORRECTED = {"current": "", "proposed": ""}


@dataclass(frozen=True)
class Place:
    """One place: what happens there and how. until: for how long what is kept stays, in
    words. count: None where nobody can tell before. holding: which one it is, if it is
    one."""

    key: str
    title: str
    words: str
    fate: Fate
    count: Callable[[Person], int | None]
    erase: Callable[[Person], int]
    why: str = ""
    until: str = ""
    holding: Holding | None = None


def places() -> list[Place]:
    """Every place, in the order of the work."""
    found = [_copies()]
    if outside.is_kept_somewhere():
        found.append(_mailbox())
    for holding in reversed(holdings()):
        if holding.key == ours.SUBMISSIONS.key:
            found += [_contacts(), _corrected()]
        if holding.key != KEY:
            found.append(_of(holding))
    found.append(_journal())
    [key] = [holding for holding in holdings() if holding.key == KEY]
    return [*found, _of(key)]


def place(key: str) -> Place | None:
    return next((one for one in places() if one.key == key), None)


def _of(holding: Holding) -> Place:
    is_kept = holding.fate is Erasure.KEPT
    return Place(
        key=holding.key,
        title=holding.title,
        words=holding.words,
        fate=Fate(holding.fate.value),
        count=_count_of(holding),
        erase=holding.erase,
        why=str(holding.kept) if holding.kept else "",
        until=_until(holding) if is_kept else "",
        holding=holding,
    )


def _count_of(holding: Holding) -> Callable[[Person], int]:
    if holding.key != OPT_OUTS.key:
        return holding.count
    # The erasure itself puts the address there.
    return lambda person: max(holding.count(person), len(person.digests))


def _until(holding: Holding) -> str:
    """The periods of what is kept, as the schedule has them."""
    rules = the_register().retention
    keys = dict.fromkeys(datum.retention for datum in holding.data)
    return "; ".join(dict.fromkeys(rules[key].words for key in keys))


# --- Besides the holdings ---


def _copies() -> Place:
    """A copy of everything is no part of the file: it would outlive all it was made of."""

    def rows(person: Person) -> list[CaseDocument]:
        found = CaseDocument.objects.filter(
            case__submission__data_subject=person.id,
            package__isnull=False,
            removed_at=None,
        )
        return list(found.select_related("case").order_by("pk"))

    def erase(person: Person) -> int:
        found = rows(person)
        for document in found:
            remove_document(document, staff_id=None, now=timezone.now())
        return len(found)

    return Place(
        key="copies",
        title="Copies of your data that we put together for you",
        words="Files with everything that we held, made when you asked for a copy.",
        fate=Fate.REMOVED,
        count=lambda person: len(rows(person)),
        erase=erase,
    )


def _mailbox() -> Place:
    return Place(
        key=MAILBOX_KEY,
        title="Messages in our mailbox",
        words="E-mails from you and to you that lie in the mailbox itself.",
        fate=Fate.REMOVED,
        # It is asked when the work is done, not while somebody waits for a page.
        count=lambda person: None,
        erase=lambda person: outside.forget(person.addresses),
    )


def _journal() -> Place:
    """The one line that outlives even the database (data_subjects.journal)."""
    return Place(
        key="opt-out-journal",
        title="A line outside our database",
        words="That your data was erased, with the code made of your address.",
        fate=Fate.KEPT,
        count=lambda person: 1,
        erase=lambda person: 0,
        why=str(
            Kept(
                "It holds a code made of your address, and keeps an old backup from "
                "bringing your data back",
                "UK GDPR, Articles 17(3)(b) and 32(1)(c)",
            )
        ),
        until=the_register().retention["opt-out-list"].words,
    )


def _contacts() -> Place:
    return Place(
        key=CONTACTS_KEY,
        title="Addresses and telephone numbers in the files of your requests",
        words="How you could be reached about what you had asked before, and by what we "
        "searched for you. Those of this request go once our answer has left.",
        fate=Fate.EMPTIED,
        count=lambda person: _reachable(person).count(),
        erase=_forget_ways,
    )


def _forget_ways(person: Person) -> int:
    files = list(_reachable(person).values_list("pk", flat=True))
    SearchRecord.objects.filter(case__submission__in=files).update(terms="")
    return Submission.objects.filter(pk__in=files).update(**CONTACTS)


def _reachable(person: Person) -> QuerySet[Submission]:
    return reachable().filter(data_subject=person.id)


def reachable() -> QuerySet[Submission]:
    """Submissions of which every case is closed, and that say how to reach the person,
    or for what was searched."""
    says_how = reduce(or_, (Q(has_content(name)) for name in CONTACTS))
    searched = SearchRecord.objects.filter(
        has_content("terms"), case__submission=OuterRef("pk")
    )
    theirs = Submission.objects.filter(says_how | Exists(searched))
    # A letter that has yet to leave, or to be posted, needs them.
    leaving = Letter.objects.filter(
        case__submission=OuterRef("pk"), sent_at__isnull=False, settled_at__isnull=True
    )
    return theirs.exclude(cases__state__in=OPEN).exclude(Exists(leaving))


def _corrected() -> Place:
    return Place(
        key=CORRECTED_KEY,
        title="What was wrong and what is right in your corrections",
        words="What stood there before and what you told us instead. That we corrected "
        "it, and how we knew what is right, stays in the file.",
        fate=Fate.EMPTIED,
        count=lambda person: corrected().filter(_of_their_file(person)).count(),
        erase=lambda person: (
            corrected().filter(_of_their_file(person)).update(**CORRECTED)
        ),
    )


def _of_their_file(person: Person) -> Q:
    cases = Case.objects.filter(submission__data_subject=person.id)
    return Q(case__in=cases.values("pk"))


def corrected() -> QuerySet[Rectification]:
    """Corrections of closed cases that say what stood there and what is right."""
    says_what = reduce(or_, (Q(has_content(name)) for name in CORRECTED))
    rows = Rectification.objects.filter(says_what, settled_at__isnull=False)
    closed = Case.objects.exclude(state__in=OPEN)
    return rows.filter(case__in=closed.values("pk"))
