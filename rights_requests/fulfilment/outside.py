"""What became of a person's data in the systems outside, as their owners said: it was
done there what the person asked for, or something stays there.

Nobody is told that all is done while it is not (UK GDPR, Articles 16 to 19 and 21).
"""

from collections.abc import Mapping

from rights_requests.kinds import CaseKind
from rights_requests.letter_fields import listed
from rights_requests.models import Case, SearchRecord, SystemCall

Became = SearchRecord.Became

# What is done there for each of these, in the words of its form and its task.
DONE: Mapping[CaseKind, str] = {
    CaseKind.ERASURE: "It was deleted there",
    CaseKind.RECTIFICATION: "It was put right there",
    CaseKind.RESTRICTION: "It was set aside there",
    CaseKind.OBJECTION: "The use of it was stopped there",
}
ASKED: Mapping[CaseKind, str] = {
    CaseKind.ERASURE: ", and delete it there",
    CaseKind.RECTIFICATION: ", and put right there what is wrong",
    CaseKind.RESTRICTION: ", and set it aside there",
    CaseKind.OBJECTION: ", and stop the use there that they object to",
}

# Of one that somebody wrote down themselves, whose form asks for no word for the person.
NOT_SEARCHED = "We did not search it."
# What begins a point of a list that an owner may have typed.
MARKS = "-*• "
# All of it may stand in another file that does: the reason beside each system says.
NO_FILE = "We found data here as well. No file of it goes with this answer:"


def why_not_became(
    kind: CaseKind, *, hits: int | None, became: str, stays_because: str
) -> str:
    """What is missing in the answer of an owner; empty when nothing is. hits: None when
    it was not searched."""
    if kind not in DONE:
        return "Nothing is changed there for such a request." if became else ""
    if hits == 0:
        return "Nothing was found, so nothing was done there." if became else ""
    if hits and not became:
        return "Something was found there: say whether it stays."
    if hits is None and became == Became.DONE:
        return "It was not searched, so nothing was done there."
    if hits is None and not became:
        return (
            "What was not searched stays as it is: say that it stays, and why, for the "
            "person."
        )
    if became == Became.STAYS and not stays_because.strip():
        return "Say why it stays there: the person is told."
    return ""


def why_not_whole(case: Case) -> str:
    """What stands against telling the person that all was done; empty when nothing
    does."""
    names = [row.system for row in _newest(case) if _is_left(row)]
    if not names:
        return ""
    return (
        f"Something stays in a system outside ({', '.join(names)}), or was not searched "
        "there: answer in part, with its ground. Where it is gone by now, record the "
        "search once more, with nothing found."
    )


def done(case: Case) -> list[str]:
    """Each system where it was done, with how many entries if it says so."""
    if case.kind not in DONE:
        return []
    silent = SystemCall.objects.filter(
        task__case=case, state=SystemCall.State.DONE, results_count=None
    )
    names = silent.order_by("pk").values_list("task__system__name", flat=True)
    told = [row for row in _newest(case) if row.became == Became.DONE]
    return [*(f"{row.system} ({row.hits_count})" for row in told), *names]


def stays(case: Case) -> list[str]:
    """Each system where something stays, or that was not searched, and why."""
    left = [row for row in _newest(case) if _is_left(row)]
    return [_with_reason(row, row.stays_because or NOT_SEARCHED) for row in left]


def _is_left(row: SearchRecord) -> bool:
    return row.became == Became.STAYS or _is_unsearched(row)


def _is_unsearched(row: SearchRecord) -> bool:
    """Without a word of what became of it; its reason is for us."""
    return row.hits_count is None and not (row.became or row.stays_because)


def in_letter(case: Case) -> str:
    """What the person reads of the systems outside in an answer that is whole; empty
    when there is nothing to say."""
    return "\n\n".join(filter(None, [done_in_letter(case), left_in_letter(case)]))


def done_in_letter(case: Case) -> str:
    """Where it was done, but for a deletion, whose report lists that."""
    if case.kind == CaseKind.ERASURE:
        return ""
    return _listed("Done as well in our other systems:", done(case))


def left_in_letter(case: Case) -> str:
    """What is left there as it was; of a copy, what was found and is in no file of it,
    and what was not searched."""
    kind = CaseKind(case.kind)
    if kind is CaseKind.ERASURE:
        return ""  # its report lists that, too
    if kind in DONE:
        return _listed("Not changed in our other systems:", stays(case))
    said = [
        _listed(NO_FILE, _held_back(case)),
        _listed("We did not search:", _unsearched(case)),
    ]
    return "\n\n".join(filter(None, said))


def is_missing_from_copy(case: Case) -> bool:
    """Whether something outside is not in what the person gets, however whole the copy
    is of what this software holds."""
    return bool(_held_back(case) or _unsearched(case))


def _held_back(case: Case) -> list[str]:
    """Each system of whose finds nothing goes along with the copy, and why."""
    rows = [row for row in _newest(case) if row.stays_because and not row.became]
    return [_with_reason(row, row.stays_because) for row in rows]


def _unsearched(case: Case) -> list[str]:
    return [row.system for row in _newest(case) if _is_unsearched(row)]


def _with_reason(row: SearchRecord, reason: str) -> str:
    """On one line, or the lines of the reason would read as systems of their own."""
    said = ""
    for line in filter(None, map(str.strip, reason.splitlines())):
        words = line.lstrip(MARKS)
        is_point = words != line and said and said[-1] not in ".,;:!?"
        said = f"{said}{';' if is_point else ''} {words}".strip()
    return f"{row.system}. {said}"


def _listed(before: str, points: list[str]) -> str:
    return f"{before}\n\n{listed(points)}" if points else ""


def _newest(case: Case) -> list[SearchRecord]:
    """What was said last of each system: that it was done, that something stays or is
    left out, that nothing is there, or that it was not searched. A search that says none
    of it leaves open what was said before, but for the last."""
    said: dict[str, SearchRecord] = {}
    for row in sorted(case.searches.all(), key=lambda row: row.pk):
        before = said.get(row.system.casefold())
        is_said = row.became or row.stays_because or row.hits_count == 0
        if is_said or before is None or _is_unsearched(before):
            said[row.system.casefold()] = row
    return list(said.values())
