"""Sample requests and complaints for a first look, plainly marked, through the verbs that
everybody uses: the desk shows each state that staff meet."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from rights_requests import closing, deciding, handling, reminding, visiting
from rights_requests.acknowledging import acknowledge
from rights_requests.closing import Answer
from rights_requests.deciding import Proposal
from rights_requests.handling import Errand, Question, Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, Channel
from rights_requests.moves import Move
from rights_requests.receiving import Asked, Sent, receive

JORDAN = {"name": "Jordan Sample", "address": "jordan@example.com"}
MORGAN = {
    "name": "Morgan Sample",
    "address": "morgan@example.com",
    "postal_address": "1 Example Street\nDerby\nDE1 1AA",
}


def load_cases(editor: int, approver: int, *, now: datetime) -> None:
    """Two people who ask for much. editor and approver: the numbers of two accounts."""
    copy, deletion = _came(
        JORDAN,
        Asked(CaseKind.ACCESS),
        Asked(CaseKind.ERASURE, ("not-needed",)),
        at=now - timedelta(days=19),
        words="Sample: please send me all that you hold about me, then delete it.",
    )
    _work_on(copy, editor, now=now - timedelta(days=12))
    _propose_refusal(deletion, editor, now=now - timedelta(days=2))
    _ask_who(editor, now=now)
    _set_aside_by_post(editor, approver, now=now)
    _complain(copy, editor, now=now)
    _answer(editor, now=now)
    _be_late(now=now)
    _write_without_saying_what(now=now)
    _say_no_to_marketing(now=now)
    message = "Sample: I forgot my second address, jordan.s@example.com."
    visiting.write_message(copy.pk, message, now=now - timedelta(hours=3))
    # What came weeks ago has been reminded of since, as in a house that was running.
    reminding.remind(now)


def _came(
    who: dict[str, str], *asked: Asked, at: datetime, words: str, **more: Any
) -> list[Case]:
    """Received at this moment, and acknowledged then."""
    sent = Sent(
        asked=asked,
        received_at=at,
        dated_on=timezone.localdate(at),
        words=words,
        **{"channel": Channel.FORM, **who, **more},
    )
    received = receive(sent, now=at)
    submission = received.submission
    if not sent.is_draft:
        cases = Case.objects.filter(submission=submission).select_related("submission")
        acknowledge(submission, list(cases), now=at)
        submission.acknowledge_from = None
        submission.save(update_fields=["acknowledge_from"])
    found = {case.kind: case for case in submission.cases.select_related("submission")}
    return [found[one.kind] for one in asked]


def _work_on(case: Case, editor: int, *, now: datetime) -> None:
    handling.assign(case.pk, editor, staff_id=editor, now=now)
    searched = Searched(
        system="Sample mailbox of sales",
        terms="jordan@example.com, “Jordan Sample”",
        hits=14,
        why="Sample: the whole mailbox was searched, back to its first message.",
        on=timezone.localdate(now),
    )
    handling.record_search(case.pk, searched, staff_id=editor, now=now)
    errand = Errand(
        what="Sample: look through the recordings of calls from 2024.",
        due_on=timezone.localdate(timezone.now()) + timedelta(days=4),
        for_staff_id=editor,
    )
    handling.set_task(case.pk, errand, staff_id=editor, now=now)
    note = (
        "Sample: the newsletter data is in the list of readers, see the person’s page."
    )
    handling.add_note(case.pk, note, staff_id=editor, now=now)


def _propose_refusal(case: Case, editor: int, *, now: datetime) -> None:
    proposal = Proposal(
        move=Move.REFUSE,
        ground="legal-claims",
        reasons="Sample: a claim about the licences that you sold us is before the "
        "tribunal, and what we hold about that sale is needed to answer it.",
        evidence="Sample: matter 1, see Legal holds.",
    )
    deciding.propose(case.pk, proposal, staff_id=editor, now=now)


def _ask_who(editor: int, *, now: datetime) -> None:
    [case] = _came(
        MORGAN,
        Asked(CaseKind.ACCESS),
        at=now - timedelta(days=8),
        words="Sample: a copy of everything, and send it to this new address, please.",
    )
    question = Question(
        ("The number of a letter that you had from us, or a copy of it",),
        "The e-mail address is new to us, and a copy of your data may not go to "
        "somebody else.",
    )
    doubt = "Sample: nobody here knows this address."
    asked_at = now - timedelta(days=6)
    handling.ask_identity(case.pk, question, doubt=doubt, staff_id=editor, now=asked_at)


def _set_aside_by_post(editor: int, approver: int, *, now: datetime) -> None:
    [case] = _came(
        MORGAN,
        Asked(CaseKind.RESTRICTION, ("accuracy",)),
        at=now - timedelta(days=4),
        words="Sample: my employer is wrong in your list. Do not use it until then.",
        channel=Channel.POST,
        reply_by="post",
    )
    handling.assign(case.pk, approver, staff_id=editor, now=now - timedelta(days=3))


def _complain(about: Case, editor: int, *, now: datetime) -> None:
    at = now - timedelta(days=13)
    [case] = _came(
        JORDAN,
        Asked(CaseKind.COMPLAINT, about=about),
        at=at,
        words="Sample: you asked me for my date of birth, and I do not see why.",
    )
    handling.assign(case.pk, editor, staff_id=editor, now=at + timedelta(days=1))


def _answer(editor: int, *, now: datetime) -> None:
    [case] = _came(
        JORDAN,
        Asked(CaseKind.RECTIFICATION, details="Sample: I am Jordan, not Jordon."),
        at=now - timedelta(days=30),
        words="Sample: please spell my name right.",
    )
    answer = Answer(outcome="Sample: your first name is Jordan in our records now.")
    answered_at = now - timedelta(days=25)
    closing.fulfil(case.pk, answer, staff_id=editor, now=answered_at)


def _be_late(*, now: datetime) -> None:
    _came(
        MORGAN,
        Asked(CaseKind.OBJECTION, details="Sample: the profile for sales calls."),
        at=now - timedelta(days=38),
        words="Sample: stop rating me for sales calls. My job depends on it.",
    )


def _write_without_saying_what(*, now: datetime) -> None:
    _came(
        MORGAN,
        Asked(CaseKind.ACCESS),
        at=now - timedelta(days=1),
        words="Sample: what personal data do you have about me, and where from?",
        channel=Channel.E_MAIL,
        is_draft=True,
    )
    _came(
        JORDAN,
        Asked(CaseKind.SCHEDULE),
        at=now - timedelta(hours=5),
        words="Sample: and again the same.",
        held_because="flood",
    )


def _say_no_to_marketing(*, now: datetime) -> None:
    _came(
        MORGAN,
        Asked(CaseKind.MARKETING),
        at=now - timedelta(days=10),
        words="Sample: no more offers, please.",
    )
