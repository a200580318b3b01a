"""A case with something of everything, so that no table of a case is empty."""

from datetime import timedelta

from django.utils import timezone

from groundwork.clock import today_here
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail
from rights_requests import (
    calendar_feed,
    deciding,
    handling,
    identity,
    letters_gone,
    links,
    own_data,
    recounting,
    vault,
    visiting,
)
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import systems
from rights_requests.fulfilment.systems import Described
from rights_requests.handling import Errand, Question, Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    ClockFault,
    Connector,
    DailyDigest,
    Package,
    Rectification,
    Redaction,
    Reminder,
    RuleCheck,
    SystemCall,
    Transmission,
)
from rights_requests.moves import Move
from rights_requests.receiving import receive
from tests.case_updates import cast
from tests.people import CLEO, inbox
from tests.relay import Relay
from tests.rights_requests import lives, processor

ASKED = Question(
    ("Which of our calls do you mean?",), "We cannot tell which of them were yours."
)


def live_through_cases(smtp: Relay) -> list[str]:
    """Ask, be asked, answer, propose; returns the tokens of the visits opened."""
    now = timezone.now()
    message = lives.sent(
        CaseKind.ACCESS, CaseKind.MARKETING, CaseKind.COMPLAINT, words="All of it."
    )
    told = Described("Customer records", "Orders and calls.", cast.dana().pk)
    system = systems.enter(told)
    Connector.objects.create(
        system=system,
        endpoint="https://opendsr.example.com/v2",
        domain="opendsr.example.com",
        certificate=processor.certificate(),
        kinds=["access"],
        identity_format="sha256",
        is_active=False,
        checked_at=now,
        checked_by_id=1,
    )
    case = receive(message, now=now).cases[0]
    inbox(smtp, CLEO)
    letters_gone.take_over(timezone.now())
    handling.ask_identity(
        case.pk, ASKED, doubt="A new address.", staff_id=1, now=timezone.now()
    )
    handling.receive_identity(case.pk, at=today_here(), staff_id=1, now=timezone.now())
    work_on(case)
    visiting.write_message(case.pk, "The calls of 2024.", now=timezone.now())
    identity.ask_code(case.pk, now=timezone.now())
    inbox(smtp, CLEO)
    [objection] = receive(
        lives.sent(CaseKind.OBJECTION, address="olive@example.com"), now=now
    ).cases
    lives.weighed(objection)
    calendar = calendar_feed.make(cast.dana().pk, now=timezone.now())
    visit = links.open_visit(Case.objects.get(pk=case.pk), now=timezone.now())
    return [visit, calendar, look_at_own_data()]


def look_at_own_data() -> str:
    """Cleo asks for a link to all that is held of her, and opens it; the visit’s token."""
    now = timezone.now()
    own_data.ask_for_link(CLEO, now=now)
    deliver_due()
    token = OutgoingEmail.objects.filter(kind=own_data.LINK_MAIL).latest("created_at")
    fresh = token.context["link_url"].rstrip("/").rsplit("/", 1)[1]
    return own_data.open_visit(fresh, now=now)


def work_on(case: Case) -> None:
    now = timezone.now()
    handling.record_search(
        case.pk,
        Searched("Readers", "the address", 1, "It holds all.", today_here()),
        staff_id=1,
        now=now,
    )
    errand = Errand(
        "Ask the archive.", today_here() + timedelta(days=3), for_staff_id=1
    )
    task = handling.set_task(case.pk, errand, staff_id=1, now=now)
    SystemCall.objects.create(
        task=task,
        connector=Connector.objects.get(),
        request_type="access",
        state=SystemCall.State.DONE,
        sent_at=now,
        finished_at=now,
    )
    handling.finish_task(task.pk, "It holds nothing.", staff_id=1, now=now)
    handling.add_note(case.pk, "She is in a hurry.", staff_id=1, now=now)
    stored = vault.put([b"our answer"])
    CaseDocument.objects.create(
        case=case,
        purpose=CaseDocument.Purpose.ANSWER,
        name="your-data.txt",
        media_type="text/plain",
        size=stored.size,
        content_digest=stored.sha256,
        vault_name=stored.name,
    )
    Package.objects.create(case=case, state="failed", problem="disk", asked_by_id=1)
    Rectification.objects.create(
        case=case,
        place="sign-up",
        entry="1",
        field="first_name",
        current="Cleo",
        proposed="Chloe",
    )
    Transmission.objects.create(case=case, address="https://club.example.com/in")
    Redaction.objects.create(
        case=case,
        extent="everywhere",
        words="Benjamin",
        words_digest="a digest",
        reason="rights-of-others",
        note="A neighbour.",
        marked_by_id=1,
    )
    reasons = "We could not make sure which of the records are yours, as we told you."
    proposal = Proposal(Move.REFUSE, "not-identified", reasons)
    deciding.propose(case.pk, proposal, staff_id=1, now=now)
    rule = lives.rule_in_force(CaseKind.PORTABILITY)
    RuleCheck.objects.create(case=case, rule=rule, outcome="team", why=["words"])
    Reminder.objects.create(case=case, clock="statute", due_on=today_here(), step=14)
    ClockFault.objects.create(
        case=case, found_by="recount", what="due_on", found_at=now
    )
    DailyDigest.objects.create(staff_id=1, on=today_here())
    recounting.recount_all(now)
