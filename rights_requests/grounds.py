"""The grounds on which the law lets us refuse, charge, extend or withhold.

Keys go into the case log; the words go into letters. What is not here is no ground: not
many requests by other people, not a want of staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rights_requests.kinds import ON_THE_CLOCK, CaseKind
from rights_requests.moves import Move

ALL = ON_THE_CLOCK
COPIES = frozenset({CaseKind.ACCESS, CaseKind.PORTABILITY})
ERASURE = frozenset({CaseKind.ERASURE})
OBJECTION = frozenset({CaseKind.OBJECTION})


@dataclass(frozen=True)
class Ground:
    """label: for staff. article: where it stands. told: how a letter says it to the
    person, as the end of “because …”. kinds: where it can apply. needs_evidence: we
    have to be able to show it (Art. 12(5))."""

    key: str
    label: str
    article: str
    told: str
    kinds: frozenset[CaseKind] = ALL
    needs_evidence: bool = False

    def __str__(self) -> str:
        return f"{self.label} ({self.article})"


UNFOUNDED = Ground(
    "manifestly-unfounded",
    "Manifestly unfounded",
    "UK GDPR, Article 12(5)",
    "the law lets us say no, or ask for a fee, where a request plainly has no real "
    "purpose",
    needs_evidence=True,
)
EXCESSIVE = Ground(
    "excessive",
    "Excessive, for example because it repeats the same again and again",
    "UK GDPR, Article 12(5)",
    "the law lets us say no, or ask for a fee, where a request goes far beyond what is "
    "reasonable",
    needs_evidence=True,
)
# A fee or a refusal on these, one or the other.
EITHER_FEE_OR_REFUSAL = frozenset({UNFOUNDED.key, EXCESSIVE.key})
# Said of a request whoever makes it; every other ground decides the person's right.
NOT_ON_MERITS = EITHER_FEE_OR_REFUSAL | {"not-identified"}
FURTHER_COPY = Ground(
    "further-copy",
    "A further copy of what was given already",
    "UK GDPR, Article 15(3)",
    "you have had a copy of the same data, and a further one may cost a fair fee",
    kinds=frozenset({CaseKind.ACCESS}),
)
OTHERS_RIGHTS = Ground(
    "rights-of-others",
    "It would harm the rights of other people",
    "UK GDPR, Articles 15(4) and 20(4); DPA 2018, Schedule 2, paragraph 16",
    "it would give away what is about somebody else",
    kinds=COPIES,
)
# What a legal hold keeps.
LEGAL_CLAIMS = Ground(
    "legal-claims",
    "It is needed for a legal claim",
    "UK GDPR, Article 17(3)(e)",
    "it is needed to bring or answer a legal claim",
    kinds=ERASURE,
)

REFUSALS: tuple[Ground, ...] = (
    UNFOUNDED,
    EXCESSIVE,
    OTHERS_RIGHTS,
    Ground(
        "not-identified",
        "We cannot tell which data is the person’s",
        "UK GDPR, Articles 11(2) and 12(2)",
        "we could not make sure which data, if any, is yours",
    ),
    Ground(
        "search-out-of-proportion",
        "Finding more would take a search out of all proportion",
        "UK GDPR, Article 15(1A)",
        "the law asks us for a reasonable and proportionate search, and that is done",
        kinds=frozenset({CaseKind.ACCESS}),
        needs_evidence=True,
    ),
    Ground(
        "legal-privilege",
        "Legal professional privilege",
        "DPA 2018, Schedule 2, paragraph 19",
        "it is advice from our lawyers, or was made for a court case",
        kinds=COPIES,
    ),
    Ground(
        "confidential-reference",
        "A reference given in confidence",
        "DPA 2018, Schedule 2, paragraph 24",
        "it is a reference that was given in confidence",
        kinds=COPIES,
    ),
    Ground(
        "crime",
        "It would prejudice the prevention or detection of crime",
        "DPA 2018, Schedule 2, paragraph 2",
        "it would stand in the way of preventing or solving a crime",
    ),
    Ground(
        "negotiations",
        "It would prejudice negotiations with the person",
        "DPA 2018, Schedule 2, paragraph 23",
        "it shows what we intend in our negotiations with you",
        kinds=COPIES,
    ),
    Ground(
        "nothing-to-port",
        "Nothing was provided under consent or a contract",
        "UK GDPR, Article 20(1)",
        "this right covers only what you gave us by agreement or under a contract, and "
        "we hold nothing of that kind",
        kinds=frozenset({CaseKind.PORTABILITY}),
    ),
    Ground(
        "accurate",
        "The data is accurate and complete",
        "UK GDPR, Article 16",
        "we checked, and what we hold is right and complete for what we use it for",
        kinds=frozenset({CaseKind.RECTIFICATION}),
        needs_evidence=True,
    ),
    Ground(
        "no-ground-to-erase",
        "None of the grounds for erasure applies",
        "UK GDPR, Article 17(1)",
        "we still need it, and none of the cases in which it must be deleted applies",
        kinds=ERASURE,
    ),
    Ground(
        "freedom-of-expression",
        "Freedom of expression and information",
        "UK GDPR, Article 17(3)(a)",
        "it is needed for freedom of expression and information",
        kinds=ERASURE,
    ),
    Ground(
        "legal-obligation",
        "A law has us keep it",
        "UK GDPR, Article 17(3)(b)",
        "a law makes us keep it, such as tax law",
        kinds=ERASURE,
    ),
    Ground(
        "public-health",
        "Public health",
        "UK GDPR, Article 17(3)(c)",
        "it is needed for public health",
        kinds=ERASURE,
    ),
    Ground(
        "archiving",
        "Archiving, research or statistics would be impaired",
        "UK GDPR, Article 17(3)(d)",
        "it is needed for an archive, research or statistics in the public interest",
        kinds=ERASURE,
    ),
    LEGAL_CLAIMS,
    Ground(
        "no-ground-to-restrict",
        "None of the grounds for restriction applies",
        "UK GDPR, Article 18(1)",
        "none of the cases in which data is set aside applies",
        kinds=frozenset({CaseKind.RESTRICTION}),
    ),
    Ground(
        "compelling-grounds",
        "Compelling legitimate grounds weigh more",
        "UK GDPR, Article 21(1)",
        "we weighed your reasons, and ours are so strong that the law lets us go on",
        kinds=OBJECTION,
        needs_evidence=True,
    ),
    Ground(
        "objection-legal-claims",
        "It is needed for a legal claim",
        "UK GDPR, Article 21(1)",
        "it is needed to bring or answer a legal claim",
        kinds=OBJECTION,
    ),
)
FEES: tuple[Ground, ...] = (UNFOUNDED, EXCESSIVE, FURTHER_COPY)
EXTENSIONS: tuple[Ground, ...] = (
    Ground(
        "complexity",
        "The person’s request is complex",
        "UK GDPR, Article 12A(3)(a)",
        "what you asked for is complex",
    ),
    Ground(
        "number-of-requests",
        "The person made several requests",
        "UK GDPR, Article 12A(3)(b)",
        "you asked for several things",
    ),
)
WITHHOLDINGS: tuple[Ground, ...] = (
    OTHERS_RIGHTS,
    Ground(
        "without-knowledge",
        "The law requires or allows that the person does not know",
        "DPA 2018, Schedule 2",
        "",
        kinds=COPIES,
        needs_evidence=True,
    ),
)
LAPSES: tuple[Ground, ...] = (
    Ground(
        "nothing-came",
        "We asked, and nothing came",
        "UK GDPR, Articles 12(2), 12(5) and 12(6)",
        "we asked you for something that we need first, and it did not come",
    ),
)
# An answer that needs two people needs no ground.
ANSWER: tuple[Ground, ...] = ()

BY_MOVE: Mapping[Move, tuple[Ground, ...]] = {
    Move.REFUSE: REFUSALS,
    Move.FULFIL_IN_PART: REFUSALS,
    Move.ASK_FEE: FEES,
    Move.EXTEND: EXTENSIONS,
    Move.LAPSE: LAPSES,
    Move.WITHHOLD: WITHHOLDINGS,
    Move.FULFIL: ANSWER,
}


# What is left out on these the person may not even know of.
UNTOLD = frozenset(ground.key for ground in WITHHOLDINGS if not ground.told)


def for_case(kind: str, move: Move) -> list[Ground]:
    """The grounds that the law knows for this move of such a case."""
    return [
        ground for ground in BY_MOVE.get(move, ()) if CaseKind(kind) in ground.kinds
    ]


def find(kind: str, move: Move, key: str) -> Ground | None:
    return next((g for g in for_case(kind, move) if g.key == key), None)
