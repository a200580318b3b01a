"""What people ask for: one case each, with a clock and moves of its own."""

from dataclasses import dataclass

from django.db import models

from rights_requests.counting import Right


class CaseKind(models.TextChoices):
    """What a case is about, as staff call it."""

    ACCESS = "access", "access"
    RECTIFICATION = "rectification", "rectification"
    ERASURE = "erasure", "erasure"
    RESTRICTION = "restriction", "restriction"
    PORTABILITY = "portability", "portability"
    OBJECTION = "objection", "objection to a use in our interest"
    MARKETING = "objection-marketing", "objection to marketing"
    PROFILING = "objection-profiling", "objection to profiling"
    WITHDRAWAL = "withdrawal", "withdrawal of consent"
    SCHEDULE = "retention-schedule", "copy of the retention schedule"
    ASSESSMENT = "interests-assessment", "copy of a legitimate-interest assessment"
    COMPLAINT = "complaint", "complaint"


@dataclass(frozen=True)
class Facts:
    """What the law and our policy say of a kind.

    asked: the words beside the box on the form. in_words: how a letter to the person
    names it. article: where the right is written. right: whose clock of Article 12A it
    runs on; None where that clock does not apply.
    """

    asked: str
    in_words: str
    article: str
    right: Right | None = None


FACTS: dict[CaseKind, Facts] = {
    CaseKind.ACCESS: Facts(
        "Give me a copy of my data",
        "a copy of your data",
        "UK GDPR, Article 15",
        Right.ACCESS,
    ),
    CaseKind.RECTIFICATION: Facts(
        "Correct or complete my data",
        "correcting your data",
        "UK GDPR, Article 16",
        Right.RECTIFICATION,
    ),
    CaseKind.ERASURE: Facts(
        "Delete my data",
        "deleting your data",
        "UK GDPR, Article 17",
        Right.ERASURE,
    ),
    CaseKind.RESTRICTION: Facts(
        "Keep my data but stop using it",
        "setting your data aside",
        "UK GDPR, Article 18",
        Right.RESTRICTION,
    ),
    CaseKind.PORTABILITY: Facts(
        "Give me my data in a file for another service",
        "your data in a file for another service",
        "UK GDPR, Article 20",
        Right.PORTABILITY,
    ),
    CaseKind.OBJECTION: Facts(
        "Stop a use of my data that rests on your own interest",
        "your objection to how we use your data",
        "UK GDPR, Article 21(1)",
        Right.OBJECTION,
    ),
    CaseKind.MARKETING: Facts(
        "Stop using my data for marketing",
        "your no to marketing",
        "UK GDPR, Article 21(2) and (3)",
        Right.OBJECTION,
    ),
    CaseKind.PROFILING: Facts(
        "Stop profiling me for marketing",
        "your no to profiling for marketing",
        "UK GDPR, Article 21(2) and (3)",
        Right.OBJECTION,
    ),
    CaseKind.WITHDRAWAL: Facts(
        "Take back what I agreed to",
        "taking back your agreement",
        "UK GDPR, Article 7(3)",
    ),
    CaseKind.SCHEDULE: Facts(
        "Send me your retention schedule",
        "our retention schedule",
        "our privacy notice",
    ),
    CaseKind.ASSESSMENT: Facts(
        "Send me how you weighed your interests against mine",
        "how we weighed our interests against yours",
        "our privacy notice",
    ),
    CaseKind.COMPLAINT: Facts(
        "Complain about how you use my data",
        "your complaint",
        "Data Protection Act 2018, section 164A",
    ),
}

# Answered within the time of Article 12(3); everything that a case can go through.
ON_THE_CLOCK = frozenset(
    {
        CaseKind.ACCESS,
        CaseKind.RECTIFICATION,
        CaseKind.ERASURE,
        CaseKind.RESTRICTION,
        CaseKind.PORTABILITY,
        CaseKind.OBJECTION,
    }
)
# Done in the moment they arrive: never refused, never a question of who is asking
# (Art. 7(3), 21(3)). Only the telling may take until the clock of Article 12A ends.
AT_ONCE = frozenset({CaseKind.MARKETING, CaseKind.PROFILING, CaseKind.WITHDRAWAL})
# What anybody may read: sent as it is published.
PUBLISHED = frozenset({CaseKind.SCHEDULE, CaseKind.ASSESSMENT})

# Whoever had the data from us is told of these (Art. 19).
TOLD_ON = frozenset({CaseKind.RECTIFICATION, CaseKind.ERASURE, CaseKind.RESTRICTION})


class ErasureGround(models.TextChoices):
    """Why the data should go: Art. 17(1), as a person would say it."""

    NOT_NEEDED = "not-needed", "You no longer need it for what you got it for"
    CONSENT = "consent-withdrawn", "I take back my agreement"
    OBJECTION = "objected", "I object to its use"
    UNLAWFUL = "unlawful", "You should never have used it as you did"
    DUTY = "legal-duty", "A law says that you must delete it"
    CHILD = "child", "It was collected on the internet when I was a child"


class RestrictionGround(models.TextChoices):
    """Why the data should be set aside: Art. 18(1), points (a) to (d)."""

    ACCURACY = "accuracy", "It is wrong, and you are still checking it"
    UNLAWFUL = "unlawful", "You used it unlawfully, but I want it kept"
    CLAIMS = "claims", "You no longer need it, but I do, for a legal claim"
    OBJECTION = "objection", "I objected, and you have not decided yet"


GROUNDS: dict[CaseKind, type[models.TextChoices]] = {
    CaseKind.ERASURE: ErasureGround,
    CaseKind.RESTRICTION: RestrictionGround,
}
