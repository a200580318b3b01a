"""How it stands with sending a person's file straight to another organisation, in words
for staff: beside the copy on the page of a case, and as a line of the first page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from groundwork import connector_keys
from rights_requests.fulfilment import releasing, transmissions
from rights_requests.models import Case, Transmission

State, Problem = Transmission.State, Transmission.Problem
TONES = {State.ACCEPTED: "good", State.FAILED: "bad", State.DECLINED: "over"}
# What can be done about it, by how it stands.
ACTS = {
    State.ASKED: ("name-receiver", "not-sent"),
    State.NAMED: ("name-receiver", "not-sent"),
    State.DECLINED: ("name-receiver",),
    State.FAILED: ("send-again",),
}
# By then the file has ended as well.
SHOWN_FOR = releasing.COPY_LASTS
NAMED = 3
# What helps, where something does; for whoever works on the case.
HELP = {
    Problem.NO_KEY: "Whoever runs the system sets CONNECTOR_KEY.",
    Problem.UNSHOWN: "Have the mailbox confirmed, or check who asks; then send it again.",
    Problem.GONE: "Have a fresh copy put together and released: it is sent with it.",
    Problem.LARGE: "The person downloads it.",
    Problem.ADDRESS: "Ask the person whether the address is right.",
    Problem.REDIRECT: "Ask the person for the address at the end of the way: we never "
    "follow one.",
    Problem.REFUSED: "Ask the organisation which files it takes, and in which way.",
    Problem.PAGE: "Ask the organisation for the address at which it takes files.",
}


@dataclass(frozen=True)
class SendingLine:
    """row: the one that is meant. host: the server behind its address. problem: what
    went wrong, what helps, and when it is tried again. acts: names of case_acts."""

    row: Transmission
    host: str
    tone: str
    state: str
    problem: str
    acts: tuple[str, ...]


def shown(case: Case) -> SendingLine | None:
    """None where the person wants nothing sent."""
    row = transmissions.newest(case)
    if row is None:
        return None
    state = State(row.state)
    can_act = case.is_open or state == State.FAILED
    return SendingLine(
        row=row,
        host=transmissions.host_of(row.address),
        tone=TONES.get(state, "waiting"),
        state=str(state.label),
        problem=" ".join(_problem(row)),
        acts=ACTS.get(state, ()) if can_act else (),
    )


def _problem(row: Transmission) -> Iterator[str]:
    if not row.problem:
        return
    problem = Problem(row.problem)
    label = str(problem.label)
    yield f"It did not work: {label}."
    if problem in HELP:
        yield HELP[problem]
    if row.next_at is not None:
        yield f"It is tried again by itself, {timezone.localtime(row.next_at):%-d %B, %H:%M}."
    if row.state == State.FAILED and row.may_have_arrived:
        yield "They may have the file all the same: it is among the disclosures."


# --- The first page ---


def is_used() -> bool:
    return Transmission.objects.exists()


def trouble(now: datetime) -> str:
    """What a person has to look at, in words; empty when all is well."""
    return "; ".join(_troubles(now))


def _troubles(now: datetime) -> Iterator[str]:
    waiting = Transmission.objects.filter(state=State.WAITING)
    if waiting.exists() and not connector_keys.is_there():
        yield "no key to sign with: CONNECTOR_KEY"
    failed = Transmission.objects.filter(
        state=State.FAILED, settled_at__gt=now - SHOWN_FOR
    )
    # What was sent once more, or elsewhere, is done with.
    failed = failed.exclude(case__transmissions__pk__gt=F("pk"))
    if names := _references(failed):
        yield f"not taken: {names}"
    if names := _references(waiting.exclude(problem="")):
        yield f"did not work yet, tried again: {names}"


def _references(rows: QuerySet[Transmission]) -> str:
    found = list(rows.order_by("pk").values_list("case__reference", flat=True)[:50])
    more = len(found) - NAMED
    named = ", ".join(found[:NAMED])
    return f"{named} and {more} more" if more > 0 else named
