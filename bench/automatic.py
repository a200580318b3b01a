"""How long a plain request takes from the button of “Your data” to the bytes of the copy,
answered by a standing rule: at the real intervals of the schedule, with one worker.

A reader signs up and confirms; a rule is in force. The clock runs from the request until
the archive has come out of the vault by the visit that a mailed code opened. The tasks
run when config/schedule.py has them run; the mail server is left out, as is how fast
somebody types six digits.
"""

import statistics
import time
from datetime import timedelta
from typing import Any

RUNS = 5
STEPS = (
    ("acknowledge", "acknowledge requests"),
    ("ask_systems", "ask the owners of systems outside"),
    ("answer_by_rule", "answer by standing rules"),
    ("build_copies", "put copies together"),
)
GIVEN_UP_AFTER = 120.0


def measure() -> None:
    """Prints the seconds of each run, and of that the seconds of work."""
    _let_it_answer()
    seconds, work = [], []
    for number in range(RUNS):
        took, worked = _once(f"reader-{number}@example.com")
        seconds.append(took)
        work.append(worked)
    runs = ", ".join(f"{took:.1f}" for took in seconds)
    print(
        f"request to download by a standing rule: median {statistics.median(seconds):.1f} s,"
        f" longest {max(seconds):.1f} s ({runs}); of that work"
        f" {statistics.median(work):.2f} s, the rest is waiting for the schedule"
    )


def _let_it_answer() -> None:
    from django.utils import timezone

    from groundwork.clock import today_here
    from rights_requests import standing_rules
    from rights_requests.standing_rules import Terms

    now, today = timezone.now(), today_here()
    terms = Terms("access", today, today + timedelta(days=30), "To be measured.")
    rule = standing_rules.propose(terms, staff_id=1, now=now)
    standing_rules.approve(rule.pk, staff_id=2, now=now)


def _once(address: str) -> tuple[float, float]:
    from django.utils import timezone

    from rights_requests import own_data
    from rights_requests.kinds import CaseKind
    from rights_requests.models import PersonLink

    _sign_up(address)
    own_data.ask_for_link(address, now=timezone.now())
    token = _newest(own_data.LINK_MAIL)["link_url"].rstrip("/").rsplit("/", 1)[1]
    assert own_data.open_visit(token, now=timezone.now())
    visit = PersonLink.objects.latest("pk")

    began = time.perf_counter()
    case = own_data.ask(visit.pk, CaseKind.ACCESS, now=timezone.now())
    worked = _until_answered(case.pk, began)
    then = time.perf_counter()
    _download(case)
    ended = time.perf_counter()
    return ended - began, worked + ended - then


def _until_answered(case_id: Any, began: float) -> float:
    """Runs each task at its interval; returns the seconds of work."""
    from config.schedule import SCHEDULE
    from rights_requests import tasks
    from rights_requests.models import Case

    due = dict.fromkeys(STEPS, began)
    worked = 0.0
    while Case.objects.get(pk=case_id).closed_at is None:
        assert time.perf_counter() - began < GIVEN_UP_AFTER, "it was not answered"
        for step in STEPS:
            if time.perf_counter() < due[step]:
                continue
            then = time.perf_counter()
            due[step] = then + float(SCHEDULE[step[1]]["schedule"])
            getattr(tasks, step[0])()
            worked += time.perf_counter() - then
        time.sleep(0.05)
    return worked


def _download(case: Any) -> None:
    """A code is mailed, entered, and the archive read to its end."""
    from django.utils import timezone

    from rights_requests import identity, vault, visiting
    from rights_requests.models import Case

    now = timezone.now()
    challenge = identity.ask_code(case.pk, now=now)
    code = _newest(identity.CODE_MAIL)["code"]
    tried = identity.try_code(case.pk, challenge, code, now=now)
    assert tried.visit_token
    [document] = visiting.given_to_person(Case.objects.get(pk=case.pk))
    visiting.note_taken(case.pk, document)
    assert sum(map(len, vault.read(document.vault_name))) == document.size


def _sign_up(address: str) -> None:
    from processing_register.notices import notice_in_force, sign_up_wording
    from subscribers import signup

    wish = signup.SignUp(
        address=address,
        purposes=["case-updates"],
        wording=sign_up_wording().reference,
        notices=[notice_in_force("privacy").reference],
    )
    signup.request_signup(wish)
    url = _newest("subscribers/confirm")["confirm_url"]
    signup.confirm_signup(url.rstrip("/").rsplit("/", 1)[1], {})


def _newest(kind: str) -> dict[str, Any]:
    """What the newest mail of this kind is made of."""
    from outbox.models import OutgoingEmail

    mail = OutgoingEmail.objects.filter(kind=kind).latest("created_at")
    found: dict[str, Any] = mail.context
    return found
