"""Data that is set aside because somebody asked for it (UK GDPR, Articles 18 and 21(1)).

A request for restriction is answered by restricting; an objection restricts by itself,
from its receipt until it is decided whose reasons weigh more.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from data_subjects import restriction
from data_subjects.models import Ground, Restriction
from rights_requests import casebook
from rights_requests.deadline_words import in_words
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Event
from rights_requests.moves import OPEN

# Why, and what ends it, as the person is told.
TOLD: dict[Ground, tuple[str, str]] = {
    Ground.ACCURACY: (
        "you say that it is wrong",
        "we have checked whether it is right",
    ),
    Ground.UNLAWFUL: (
        "we should not have used it as we did, and you want it kept",
        "you no longer want us to keep it",
    ),
    Ground.CLAIMS: (
        "you need it for a legal claim",
        "you no longer need it for your claim",
    ),
    Ground.OBJECTION: (
        "you said no to a use of it",
        "we have decided whose reasons weigh more",
    ),
}
BOUND = (
    "What is bound: we send you no news and no offers. Your data goes into no list and "
    "no count of ours. Nobody here changes it, and nothing of it is deleted, not even "
    "when its time is over."
)
FREE = (
    "What goes on: we answer what you ask us, and what you do yourself still works. We "
    "may use your data only if you agree, for a legal claim, to protect another person, "
    "or for a strong public reason."
)
# Of an answer in part, where the rest is used on.
OF_THE_PART = "What follows is about the part that is set aside."
BEFORE_IT_ENDS = "We tell you before this ends."
OVER = (
    "While we weighed your reasons, we only stored your data. Now that you have our "
    "answer, that ends: this letter tells you so, and we lift it next."
)

TAKEN_BACK = (
    "While we weighed your reasons, we only stored your data. Since you took your no "
    "back, that ends: this letter tells you so, and we lift it next. You can say no to a "
    "use of your data again at any time."
)
STILL = "We go on only storing it for another reason, and tell you before that ends."


def of_objection(case: Case, *, staff_id: int | None) -> None:
    """Nothing is used while we weigh the reasons. The caller holds the person.

    Not at the word of somebody else: staff do it once their authority is shown.
    """
    if not case.submission.is_by_agent:
        set_aside(case, [Ground.OBJECTION], since=case.received_at, staff_id=staff_id)


def set_aside(
    case: Case, grounds: Iterable[Ground], *, since: datetime, staff_id: int | None
) -> list[Ground]:
    """Restrict the person on these grounds, and say so in the log; returns those on
    which nothing stood yet."""
    person = case.submission.data_subject_id
    standing = set(open_on(case).values_list("ground", flat=True))
    new = [ground for ground in grounds if ground not in standing]
    for ground in new:
        asked = restriction.Asked(
            ground=ground,
            reason=f"Asked for in {case.reference}.",
            address=case.submission.address,
            starts_at=min(since, timezone.now()),
        )
        restriction.restrict(person, asked, staff_id=staff_id)
    if new:
        inputs = {"grounds": [str(ground) for ground in new]}
        casebook.note(case, Event.SET_ASIDE, staff_id=staff_id, inputs=inputs)
    return new


def over_by_withdrawal(case: Case) -> str:
    """What the letter to somebody who takes their objection back says of it, before it
    ends (Art. 18(3)); empty where nothing is set aside, or another objection of theirs
    is open. The case is closed already."""
    if case.kind != CaseKind.OBJECTION or not is_open_on(case, Ground.OBJECTION):
        return ""
    others = Case.objects.filter(
        submission__data_subject=case.submission.data_subject_id,
        kind=CaseKind.OBJECTION,
        state__in=OPEN,
    )
    return "" if others.exists() else _and_what_stays(case, TAKEN_BACK)


def over_by_answer(case: Case) -> str:
    """The same in the answer to an objection."""
    return _and_what_stays(case, OVER) if is_open_on(case, Ground.OBJECTION) else ""


def _and_what_stays(case: Case, ends: str) -> str:
    """Another restriction of the same person binds the data all the same."""
    others = [_sentence(row) for row in open_on(case).exclude(ground=Ground.OBJECTION)]
    return "\n\n".join([ends, STILL, *others] if others else [ends])


def open_on(case: Case) -> QuerySet[Restriction]:
    """The restrictions that stand on whoever the case is about, the oldest first."""
    standing = Restriction.objects.open().order_by("starts_at", "pk")
    return standing.filter(data_subject=case.submission.data_subject_id)


def is_open_on(case: Case, ground: Ground) -> bool:
    return open_on(case).filter(ground=ground).exists()


def sentences(case: Case) -> list[str]:
    """Since when, why, and until when, for the person to read: one for each ground."""
    return [_sentence(row) for row in open_on(case)]


def _sentence(row: Restriction) -> str:
    why, until = TOLD[Ground(row.ground)]
    since = in_words(timezone.localdate(row.starts_at))
    return f"Your data is set aside since {since}, because {why}. It ends when {until}."


def in_letter(case: Case) -> str:
    """What the answer to a request for restriction says beside its fixed words."""
    return "\n\n".join([*sentences(case), BOUND, FREE])


def in_letter_in_part(case: Case) -> str:
    """The same in an answer in part, whose fixed words are not about being set aside;
    empty for any other request."""
    if case.kind != CaseKind.RESTRICTION:
        return ""
    return "\n\n".join([OF_THE_PART, in_letter(case), BEFORE_IT_ENDS])
