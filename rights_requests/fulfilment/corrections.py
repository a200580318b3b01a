"""What of a person's data can be corrected, and how the corrections of a case stand.

Reads only; the verbs are in fulfilment.rectifying.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from groundwork.holdings import Holding, Person, holdings
from groundwork.rectifying import STATEMENT, Change, correctors
from rights_requests.fulfilment import outside
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLogEntry, Event, Rectification
from rights_requests.moves import State

# Nobody has so many sign-ups.
AT_MOST = 100
State_ = Rectification.State
FROM_OTHERS = "from-others"  # the place of whoever did not sign up


@dataclass(frozen=True)
class Standing:
    """One datum as it stands now. key: names it on a form."""

    place: str
    entry: str
    field: str
    value: str

    @property
    def key(self) -> str:
        return f"{self.place}/{self.entry}/{self.field}"

    @property
    def title(self) -> str:
        return title_of(self.place, self.field)


def data_of(
    subject_id: uuid.UUID, *, place: str = "", is_to_mailbox: bool = False
) -> list[Standing]:
    """Everything that can be corrected of this person, in one place or in all; or as
    much of it as whoever has the mailbox alone is shown."""
    person = Person(subject_id)  # each of these places leads to the person by it
    found = []
    for holding in _places():
        if place in ("", holding.key):
            fields = correctors()[holding.key].fields
            records = holding.records(person)
            if is_to_mailbox:
                records = iter(holding.some_shown(person, 0, AT_MOST))
            for record in records:
                found += [
                    Standing(
                        holding.key, record.key, name, str(record.values[name] or "")
                    )
                    for name in fields
                ]
    return found


def statements_of(subject_id: uuid.UUID, *, place: str = "") -> list[str]:
    """What the person wants said beside the data, in one place or wherever it stands."""
    found = data_of(subject_id, place=place)
    return [one.value for one in found if one.field == STATEMENT and one.value]


def find(subject_id: uuid.UUID, key: str) -> Standing | None:
    """The datum of this key, when it is one of the person's."""
    place = key.partition("/")[0]
    return next(
        (one for one in data_of(subject_id, place=place) if one.key == key), None
    )


def _places() -> Iterator[Holding]:
    return (holding for holding in holdings() if holding.key in correctors())


def title_of(place: str, field: str) -> str:
    """The field and its place, as the person reads them; never a value."""
    holding = next((one for one in _places() if one.key == place), None)
    if holding is None:
        return field
    return f"{correctors()[place].fields.get(field, field)} ({holding.title})"


def titles_of(rows: Iterable[Rectification]) -> list[str]:
    return list(dict.fromkeys(title_of(row.place, row.field) for row in rows))


# --- How the corrections of a case stand ---


def applied(case: Case) -> list[Rectification]:
    return list(case.rectifications.applied())


def why_not_propose(case: Case) -> str:
    """What stands against correcting something in this case now."""
    if case.kind != CaseKind.RECTIFICATION:
        return "Only in a case about rectification."
    if not case.is_open:
        return f"The case is closed ({State(case.state).label})."
    if case.state == State.DRAFT:
        return "Confirm first what the message asks for."
    return ""


def change_of(case: Case, row: Rectification, staff_id: int) -> Change:
    """What the app that owns the data is told to carry out."""
    return Change(
        subject_id=case.submission.data_subject_id,
        entry=row.entry,
        field=row.field,
        current=row.current,
        right=row.proposed,
        staff_id=staff_id,
    )


def call_off(case: Case, row: Rectification) -> None:
    """No mailbox that was asked changes anything any more."""
    if row.state == State_.CONFIRMING:
        correctors()[row.place].call_off(change_of(case, row, 0))


def end_open(case: Case, *, now: datetime) -> None:
    """The case has ended: what was neither made nor refused is meant no longer."""
    for row in case.rectifications.open():
        call_off(case, row)
        row.state, row.settled_at = State_.TAKEN_BACK, now
        row.save(update_fields=["state", "settled_at"])


def why_not_close(case: Case) -> str:
    """Whether a correction is neither made nor refused."""
    if case.kind != CaseKind.RECTIFICATION or not case.rectifications.open().exists():
        return ""
    return "A correction is still open: apply it, or refuse it with a reason."


def why_not_fulfil(case: Case) -> str:
    """Whether the whole answer would be untrue. A refusal, whole or in part, gives its
    ground and takes two (Art. 12(4))."""
    if case.kind != CaseKind.RECTIFICATION:
        return ""
    if not case.rectifications.filter(state=State_.REFUSED).exists():
        return ""
    return (
        "Not everything was corrected: answer in part, or refuse it, with its ground (UK "
        "GDPR, Article 12(4))."
    )


def taken_over(case: Case) -> list[str]:
    """The fields of a record that was made from the file of another controller, of
    somebody of whom nothing was held."""
    made = CaseLogEntry.objects.filter(
        case_id=case.pk, event=Event.IMPORTED, inputs__is_new=True
    ).order_by("id")
    names = [name for entry in made for name in entry.inputs["fields"]]
    return list(dict.fromkeys(title_of(FROM_OTHERS, name) for name in names))


def is_something_done(case: Case) -> bool:
    """Whether anything was put right, here or outside."""
    return bool(applied(case) or taken_over(case) or outside.done(case))


def in_letter(case: Case, words: str) -> str:
    """What was done, for the answer: the fields that were corrected, never what they
    say, before the words of staff."""
    if case.kind != CaseKind.RECTIFICATION:
        return words
    rows = applied(case)
    corrected = titles_of(row for row in rows if row.field != STATEMENT)
    beside = titles_of(row for row in rows if row.field == STATEMENT)
    said = [
        _listed("We corrected:", corrected),
        _listed("We keep from the file that you brought us:", taken_over(case)),
        _listed(
            "We keep what you told us beside the data, and show it with it:", beside
        ),
        words.strip(),
    ]
    return "\n\n".join(filter(None, said))


def _listed(before: str, points: list[str]) -> str:
    return (
        "\n\n".join([before, "\n".join(f"- {one}" for one in points)]) if points else ""
    )
