"""What stays although somebody asks us to stop or to delete, told in the first letter."""

from dataclasses import dataclass

from data_subjects import holds
from groundwork import addresses
from outbox import suppression
from processing_register.register import period_in_words, the_register
from rights_requests.kinds import CaseKind
from rights_requests.models import Submission
from rights_requests.writing import reaches_person

CASE_FILE = "case-file"
TAX_RECORDS = "customer-records"
# The purpose under which a no to profiling stands on the opt-out list.
PROFILING = "profiling"


@dataclass(frozen=True)
class Limit:
    """Something that is kept, or probably will be, although the person said no to us.

    kept: what it is and why. source: the rule that lets us keep it.
    """

    kept: str
    source: str

    @property
    def sentence(self) -> str:
        """One line of a letter, for the person to read."""
        return f"{self.kept} ({self.source})."


CLAIM = Limit(
    "What a legal claim needs, until that claim is over",
    "UK GDPR, Article 17(3)(e)",
)
HELD = Limit(
    "A legal claim keeps your data, until that claim is over",
    CLAIM.source,
)
ON_THE_LIST = (
    "A code made of your e-mail address, on our list of people we must not write to. "
    "Without it an old list could bring you our e-mails again"
)
NOT_PROFILED = (
    "A code made of your e-mail address, with your no to profiling. Without it nobody "
    "would know of it the next time"
)
OPT_OUT = Limit(ON_THE_LIST, "UK GDPR, Article 17(3)(b)")
NO_PROFILING = Limit(NOT_PROFILED, "UK GDPR, Article 17(3)(b)")
# The entry by which a no lasts that took effect at once, by its kind.
LASTING_NO: dict[CaseKind, Limit] = {
    CaseKind.MARKETING: Limit(ON_THE_LIST, "UK GDPR, Article 21(3)"),
    CaseKind.WITHDRAWAL: Limit(ON_THE_LIST, "UK GDPR, Article 7(3)"),
    CaseKind.PROFILING: Limit(NOT_PROFILED, "UK GDPR, Article 21(3)"),
}


def likely_limits(submission: Submission, kind: CaseKind) -> list[Limit]:
    """What an erasure will probably leave; nothing for any other kind.

    Records of tax lie outside this house, which knows of nobody whether they bought
    anything: so it says what holds for whoever did.
    """
    if kind is not CaseKind.ERASURE:
        return []
    return [*what_stays(submission, kind), *_for_tax()]


def what_stays(submission: Submission, kind: CaseKind) -> list[Limit]:
    """What an erasure leaves in this house; nothing for any other kind.

    Whether a claim holds the data back is for the person alone to know. Of a hold only
    the rule is named, never the matter.
    """
    if kind is not CaseKind.ERASURE:
        return []
    found = [CLAIM] if _is_told_of_hold(submission) else []
    return [*found, *_opt_outs(submission), _case_file()]


def besides_a_refusal(submission: Submission, kind: CaseKind) -> list[Limit]:
    """What keeps the data of somebody whose erasure is refused on another ground."""
    is_held = kind is CaseKind.ERASURE and _is_told_of_hold(submission)
    return [HELD] if is_held else []


def _is_told_of_hold(submission: Submission) -> bool:
    return holds.is_held(submission.data_subject_id) and reaches_person(submission)


def _opt_outs(submission: Submission) -> list[Limit]:
    """The deletion puts the address on the list; what stands there already is told to
    the person alone."""
    if not submission.address:
        return []
    if not reaches_person(submission):
        return [OPT_OUT]
    purposes = suppression.purposes_of(addresses.digest(submission.address))
    return [OPT_OUT, NO_PROFILING] if PROFILING in purposes else [OPT_OUT]


def _for_tax() -> list[Limit]:
    rule = the_register().retention.get(TAX_RECORDS)
    if rule is None or not rule.period:
        return []
    kept = (
        "If you bought from us: your orders and payments, for tax. We keep them "
        f"for {rule.words}"
    )
    return [Limit(kept, "UK GDPR, Article 17(3)(b)")]


def _case_file() -> Limit:
    period = period_in_words(the_register().retention[CASE_FILE].period)
    return Limit(
        "This request and what we write to you about it, to show how we answered: for "
        f"{period} after it is closed",
        "UK GDPR, Article 17(3)(b)",
    )
