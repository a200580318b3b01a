"""Whether what was put together may go to whoever gets the answer: it was found by an
e-mail address, and holds everything that the address leads to.

The same for the answer itself and for a fresh copy after it (fulfilment.releasing).
"""

from django.db.models import QuerySet

from groundwork import addresses
from rights_requests import writing
from rights_requests.fulfilment import freshness
from rights_requests.kinds import ON_THE_CLOCK, CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    Channel,
    Decision,
    IdentityCheck,
    Letter,
    Submission,
)
from rights_requests.moves import Move

# What is answered by handing something over.
COPIES = frozenset({CaseKind.ACCESS, CaseKind.PORTABILITY})
HOLDS_EVERYTHING = (
    "Something has to be left out, and the copy that was put together holds everything: "
    "leave it out there (Documents), or take the copy away and upload what the person "
    "gets."
)
WOULD_TELL = (
    "Something is left out without the person’s knowledge, or somebody proposed that, "
    "and the copy that was put together would tell them: take it away from the "
    "documents, and upload what the person gets."
)
NO_AUTHORITY = (
    "The answer goes to somebody else, and nothing here shows that they may have it: add "
    "their authority to the documents, or accept there what they sent."
)
MOVED = (
    "The person has another e-mail address by now than the one that asked: a check of "
    "identity shows who asks (UK GDPR, Article 12(6))."
)


def why_not_hand_over(case: Case) -> str:
    """What stands against giving the copy of this case to whoever gets the answer."""
    return why_not_to_them(case) or why_not_all_of_it(case)


def why_not_to_them(case: Case) -> str:
    """What stands against giving whoever gets the answer anything of the person."""
    if goes_to_stranger(case):
        return NO_AUTHORITY
    return MOVED if has_moved(case) and not was_checked(case) else ""


def has_moved(case: Case) -> bool:
    """Whether the mailbox that asked is no longer the person’s: an address that was
    changed, by them or by somebody else, does not get what is held of them."""
    address, known = (
        case.submission.address,
        case.submission.data_subject.address_digest,
    )
    if not address or known is None:
        return False
    return addresses.digest(address) != bytes(known)


def why_not_all_of_it(case: Case) -> str:
    """What was put together holds everything that an e-mail address leads to: also what
    two people decided to leave out, and their decision itself, which the person may not
    know of."""
    if case.kind not in COPIES or freshness.newest_package(case) is None:
        return ""
    if goes_to_typed_street(case):
        return (
            "It was found by an e-mail address, and goes to a street: nobody has shown "
            "yet that the mailbox is theirs. A code from the status page shows it, or a "
            "check of identity (UK GDPR, Article 12(6))."
        )
    if would_tell := why_not_tell(case):
        return would_tell
    if withholdings(case).exists() and holds_everything(case):
        return HOLDS_EVERYTHING
    return ""


def why_not_tell(case: Case) -> str:
    """Whether the copy holds what the law keeps from the person’s knowledge."""
    return WOULD_TELL if _is_secret_kept(case) else ""


def holds_everything(case: Case) -> bool:
    """Whether the answer would be all that was found, with nothing left out."""
    package = freshness.newest_package(case) if case.kind in COPIES else None
    return package is not None and not package.left_out


def goes_to_typed_street(case: Case) -> bool:
    """Whether anybody may have typed the e-mail address above an address of their own."""
    submission = case.submission
    return (
        was_typed(submission)
        and writing.way_to(submission) == Letter.By.POST
        and not was_checked(case)
    )


def is_known_to_staff_alone(case: Case) -> bool:
    """Whether a colleague took it down and nothing on record shows who asks: no mailbox,
    no check of identity, no authority."""
    submission = case.submission
    is_shown = submission.mailbox_confirmed_at is not None or was_checked(case)
    has_authority = submission.is_by_agent and may_act(case)
    return not (is_shown or has_authority or was_typed(submission))


def was_typed(submission: Submission) -> bool:
    """Whether nothing but what came in says whose address it is. Of what staff took down
    themselves, they know from whom."""
    came_by_itself = submission.channel in (Channel.FORM, Channel.E_MAIL)
    return came_by_itself and submission.mailbox_confirmed_at is None


def was_checked(case: Case) -> bool:
    """Whether a check of identity showed who asks."""
    checks = IdentityCheck.objects.filter(case__submission=case.submission_id)
    return checks.filter(outcome=IdentityCheck.Outcome.CONFIRMED).exists()


def _is_secret_kept(case: Case) -> bool:
    """Whether it was ever proposed to leave something out without this person’s
    knowledge."""
    person = case.submission.data_subject_id
    theirs = Decision.objects.untold().filter(case__submission__data_subject=person)
    return theirs.exists()


def goes_to_stranger(case: Case) -> bool:
    """To whoever writes for the person, without authority or a check that showed it."""
    is_to_agent = case.submission.answer_to == Submission.AnswerTo.AGENT
    return is_to_agent and not may_act(case)


def may_act(case: Case) -> bool:
    """Whether who asks was shown, or that they may: somebody of ours has read it."""
    shown = CaseDocument.objects.filter(
        case__submission=case.submission_id,
        removed_at=None,
        accepted_at__isnull=False,
    )
    return shown.exists() or was_checked(case)


def is_asked_by_stranger(case: Case) -> bool:
    """Whether somebody else wants the person’s data changed, and neither their authority,
    a check, nor the person’s own mailbox showed that the person wants it."""
    submission = case.submission
    is_to_agent = submission.answer_to == Submission.AnswerTo.AGENT
    if submission.mailbox_confirmed_at is not None and not is_to_agent:
        return False
    return submission.is_by_agent and not may_act(case)


def lacks_authority(case: Case) -> bool:
    """Whether nothing is given or done in this case before somebody’s authority, or a
    check, shows that they may ask for the person."""
    if case.kind in COPIES:
        return goes_to_stranger(case)
    return case.kind in ON_THE_CLOCK and is_asked_by_stranger(case)


STRANGER = (
    "Somebody else asks this for the person, and nothing here shows that they may: add "
    "their authority to the documents, or accept there what they sent."
)


def withholdings(case: Case) -> QuerySet[Decision]:
    """The released decisions to leave something out, told or not."""
    released: QuerySet[Decision] = case.decisions.filter(
        move=Move.WITHHOLD, outcome=Decision.Outcome.RELEASED
    )
    return released
