"""Which request is plain: it can be answered by a standing rule, since nothing in it has
to be weighed and nobody else’s data can be in the answer.

The conditions are these and no others; no rule loosens them. What does not meet one is
answered by the team, who read here why.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from consent.models import Action, ConsentEntry
from data_subjects import holds
from data_subjects.models import DataSubject, SubjectEvent
from data_subjects.restriction import is_restricted
from groundwork.holdings import Person, holdings
from rights_requests import sensitive, whose_answer, writing
from rights_requests.fulfilment.people import person_of
from rights_requests.models import (
    Case,
    CaseDocument,
    Channel,
    Letter,
    OutsideSystem,
    RuleCheck,
    SearchRecord,
    Submission,
)
from rights_requests.moves import OPEN, State
from subscribers.models import LinkUse, MailedLink

# The places of somebody who signed up for our e-mails, and asked us something: the
# software and the person alone write there, but for what is asked below.
PLAIN_PLACES = frozenset(
    {
        "sign-up",
        "links",
        "sign-up-record",
        "consent",
        "consent-evidence",
        "mail-to-you",
        "opt-outs",
        "case-updates",
        "notices",
        "messages-about-your-rights",
        "requests",
        "letters",
        "documents",
        "case-links",
        "own-links",
        "searches",
        "case-log",
        "openings",
        "person",
        "what-bound-your-data",
    }
)
MOST_ANSWERS = 3
WITHIN = timedelta(days=30)
SOFTWARE = 0  # puts together and searches: no member of staff does

# Why the team answers, in words for the team.
WORDS = {
    "rule-ended": "the rule ended before the answer was there",
    "late": "nobody showed within a day that the mailbox is theirs",
    "channel": "it came another way than by a form on the site",
    "agent": "somebody else asks for the person",
    "post": "the answer goes by post",
    "moved": "the person has another e-mail address by now",
    "words": "it says something in the person’s own words",
    "held": "it waits apart, or was shut away",
    "outside": "systems outside have to be searched",
    "bound": "the data is restricted, or under a legal hold",
    "shut-away": "something about the person is shut away",
    "elsewhere": "more is held of the person than sign-up, consent, mail and requests",
    "unconfirmed": "something under this address was never confirmed from its mailbox",
    "written": "colleagues or the person wrote something that may name others",
    "files": "the person handed in files",
    "open": "something else of theirs is being worked on",
    "often": f"it was answered by rule {MOST_ANSWERS} times within {WITHIN.days} days",
    "moved-on": "the case went on by hand",
    "changed": "the data changed again and again while the copy was put together",
    "copy": "the copy could not be put together",
    "answer": "something else stood against the answer",
}


def in_words(keys: list[str]) -> list[str]:
    return [WORDS.get(key, key) for key in keys]


def why_not(case: Case, *, now: datetime) -> list[str]:
    """Every condition that this case does not meet; empty for a plain one."""
    person = person_of(case.submission.data_subject_id)
    found = [key for key, fails in OF_REQUEST.items() if fails(case)]
    found += [key for key, fails in OF_PERSON.items() if fails(person)]
    if _open_beside(case):
        found.append("open")
    if _answered_often(case, now):
        found.append("often")
    return found


# --- The request ---


def _is_held(case: Case) -> bool:
    submission = case.submission
    return bool(submission.held_because or submission.signs or submission.shut_away_at)


def _has_words(case: Case) -> bool:
    return bool(case.submission.words or case.details)


OF_REQUEST: dict[str, Callable[[Case], bool]] = {
    "channel": lambda case: case.submission.channel != Channel.FORM,
    "agent": lambda case: case.submission.is_by_agent,
    "post": lambda case: writing.way_to(case.submission) == Letter.By.POST,
    "moved": whose_answer.has_moved,
    "words": _has_words,
    "held": _is_held,
    "outside": lambda case: OutsideSystem.objects.searched().exists(),
    "moved-on": lambda case: (
        case.state != State.IN_PROGRESS
        or case.decisions.exists()
        or case.redactions.exists()
        # Those for systems outside are set by themselves, and told by “outside”.
        or case.tasks.filter(system=None).exists()
    ),
}


def _open_beside(case: Case) -> bool:
    """Copies of both kinds may be asked for at one time; anything else is for people."""
    others = Case.objects.filter(
        submission__data_subject=case.submission.data_subject_id, state__in=OPEN
    )
    return others.exclude(kind__in=["access", "portability"]).exists()


def _answered_often(case: Case, now: datetime) -> bool:
    """Each copy is a way out for everything that is held: so many are plain."""
    answered = RuleCheck.objects.filter(
        outcome=RuleCheck.Outcome.ANSWERED,
        settled_at__gt=now - WITHIN,
        case__kind=case.kind,
        case__submission__data_subject=case.submission.data_subject_id,
    )
    return answered.count() >= MOST_ANSWERS


# --- The person ---


def _is_bound(person: Person) -> bool:
    return is_restricted(person.id) or holds.is_held(person.id)


def _is_shut_away(person: Person) -> bool:
    return sensitive.is_anything_shut_away(DataSubject.objects.get(pk=person.id))


def _is_elsewhere(person: Person) -> bool:
    others = (one for one in holdings() if one.key not in PLAIN_PLACES)
    if any(holding.count(person) for holding in others):
        return True
    bound = SubjectEvent.objects.filter(data_subject_id=person.id)
    return bound.exclude(action=SubjectEvent.Action.LOOKED).exists()


def _is_unconfirmed(person: Person) -> bool:
    """Whether somebody may have typed this address who has not its mailbox: of those
    rows nobody knows whose they are."""
    unshown = Submission.objects.filter(
        data_subject=person.id, mailbox_confirmed_at__isnull=True
    )
    unused = MailedLink.objects.filter(
        subscriber__data_subject=person.id, use=LinkUse.CONFIRM, used_at__isnull=True
    )
    expired = ConsentEntry.objects.filter(
        data_subject_id=person.id, action=Action.EXPIRED
    )
    return unshown.exists() or unused.exists() or expired.exists()


def _was_written(person: Person) -> bool:
    """Own words of earlier requests, and what colleagues searched or wrote by hand."""
    submissions = Submission.objects.filter(data_subject=person.id)
    cases = Case.objects.filter(submission__in=submissions)
    searched = SearchRecord.objects.filter(case__in=cases).exclude(staff_id=SOFTWARE)
    letters = Letter.objects.filter(case__in=cases, staff_id__isnull=False)
    said = [one.words or one.agent_name for one in submissions]
    said += [case.details for case in cases]
    return any(said) or searched.exists() or letters.exists()


def _has_files(person: Person) -> bool:
    of_person = CaseDocument.objects.filter(case__submission__data_subject=person.id)
    uploaded = of_person.exclude(
        purpose=CaseDocument.Purpose.ANSWER, package__isnull=False
    )
    return uploaded.exists()


OF_PERSON: dict[str, Callable[[Person], bool]] = {
    "bound": _is_bound,
    "shut-away": _is_shut_away,
    "elsewhere": _is_elsewhere,
    "unconfirmed": _is_unconfirmed,
    "written": _was_written,
    "files": _has_files,
}
