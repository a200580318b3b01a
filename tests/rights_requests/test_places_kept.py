"""What two people decided to keep of somebody whose other data is deleted is kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from django.conf import settings as house
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string
from pytest_django import Settings

from consent.models import ConsentEvidence
from data_subjects import contacts, holds, restriction
from data_subjects.models import (
    Allowance,
    DisclosureEvidence,
    Ground,
    LegalHold,
    UseDespite,
)
from data_subjects.retention import carry_out
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.holdings import holdings
from groundwork.periods import months_after
from groundwork.personal_data import Erasure
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from outbox.models import InboundEmail
from rights_requests import deciding, waiting
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import after_report, erasing, erasure_plan, residue
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.letters_gone import take_over
from rights_requests.models import Case, ErasurePlan, PersonLink
from rights_requests.moves import Move
from subscribers import importing
from subscribers.models import AddressChange
from tests.console.staff import console_of, person, text
from tests.database_role import acting_as
from tests.people import ADA, become_reader, subscriber_of
from tests.reading import forms
from tests.relay import Relay
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = 7
IN_A_YEAR = today_here() + timedelta(days=365)
HOLDINGS = {one.key: one for one in holdings()}
GO = [key for key, one in HOLDINGS.items() if one.fate is not Erasure.KEPT]


@pytest.fixture(autouse=True)
def stores(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.SEARCHED_FOLDERS = [tmp_path]


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    """Ada wants all of it deleted, of whom something is in every place."""
    become_reader(client, smtp, ADA, first_name="Ada")
    found = lives.new_case(CaseKind.ERASURE, address=ADA)
    lives.confirm_mailbox(found)
    _fill(found)
    _deliver()
    return Case.objects.get(pk=found.pk)


def _fill(case: Case) -> None:
    ada, now, today = case.submission.data_subject, timezone.now(), today_here()
    AddressChange.objects.create(
        subscriber=subscriber_of(ADA), new_address="new@example.com"
    )
    importing.keep_upload(f"email\n{ADA}\n", file_name="people.csv", staff_id=STAFF)
    InboundEmail.objects.create(
        digest=b"1" * 32,
        raw_message="Hello",
        sender_digest=addresses.digest(ADA),
        state=InboundEmail.State.CLOSED,
    )
    PersonLink.objects.create(
        data_subject=ada,
        use=PersonLink.Use.FRESH,
        token_digest=b"2" * 32,
        address=ADA,
        address_digest=addresses.digest(ADA),
        expires_at=now,
    )
    matter = holds.Matter("A claim", "The court asked.", today + timedelta(days=90))
    holds.place({ada.pk: ADA}, matter, owner_id=STAFF, today=today)
    LegalHold.objects.update(released_at=now, released_by_id=STAFF)
    _was_restricted(case)
    DisclosureEvidence.objects.create(
        disclosure_id=1, data_subject=ada, reference="Letter 14", disclosed_on=today
    )
    found = contacts.Found(
        kind="prospect",
        name="Ada",
        source="companies-house",
        evidence="12345678",
        obtained_on=today,
        address=ADA,
    )
    contacts.enter(found, staff_id=STAFF)


def _was_restricted(case: Case) -> None:
    ada = case.submission.data_subject_id
    asked = restriction.Asked(Ground.ACCURACY, "It is wrong.", ADA)
    row = restriction.restrict(ada, asked, staff_id=STAFF)
    allowed = restriction.Allowed(Allowance.CLAIMS, "The court asked.")
    with transaction.atomic():
        restriction.lock(ada)
        what = UseDespite.What.CORRECTION
        restriction.use_despite(ada, what, allowed, staff_id=STAFF)
    restriction.tell(row.pk, ending="Checked.", how="by letter", staff_id=STAFF)
    restriction.lift(row.pk, staff_id=STAFF)


def _deliver() -> None:
    deliver_due()
    take_over(timezone.now())


def kept(*places: str) -> tuple[erasure_plan.Keep, ...]:
    until = IN_A_YEAR.isoformat()
    return tuple(erasure_plan.Keep(one, "legal-claims", until) for one in places)


def in_part(*keeps: erasure_plan.Keep) -> Proposal:
    return Proposal(
        move=Move.FULFIL_IN_PART,
        ground="legal-claims",
        reasons="A claim was announced, and that is what it is about.",
        outcome="We deleted all but that.",
        left_out="What the claim needs.",
        keeps=keeps,
    )


def carried_out(case: Case, *keeps: erasure_plan.Keep) -> ErasurePlan:
    now = timezone.now()
    decision = deciding.propose(case.pk, in_part(*keeps), staff_id=STAFF, now=now)
    plan = lives.approve_erasure(decision)
    _deliver()
    return plan


def said(case: Case, key: str) -> list[object]:
    person = replace(
        person_of(case.submission.data_subject_id),
        addresses=frozenset({ADA}),
        digests=frozenset({addresses.digest(ADA)}),
    )
    return [(one.key, one.values) for one in HOLDINGS[key].records(person)]


def test_something_is_in_every_place_that_would_go(case: Case) -> None:
    assert [key for key in GO if not said(case, key)] == []


# Rows of several people, and rows that go with those that they hang on.
NEVER_ALONE = {"lists", "links", "address-change", "uses-despite-a-restriction"}


@pytest.mark.parametrize("key", [key for key in GO if key != "person"])
def test_a_place_that_is_kept_alone_is_there_afterwards_or_refused_in_words(
    case: Case, key: str
) -> None:
    before = said(case, key)
    try:
        plan = carried_out(case, *kept(key))
    except NotAllowed as refused:
        assert "cannot stay without" in str(refused) or key == "lists"
        assert said(case, key) == before and key in NEVER_ALONE
        return

    assert key not in NEVER_ALONE
    assert plan.state == ErasurePlan.State.DONE, plan.problem
    after_report.forget_contacts_kept_back()
    after = said(case, key)
    assert [one for one in before if one not in after] == []


def test_what_hangs_on_another_place_stays_with_it_as_long_at_least(case: Case) -> None:
    before = said(case, "links")
    [links] = kept("links")
    [sooner] = kept("sign-up")
    sooner = replace(sooner, until=(IN_A_YEAR - timedelta(days=1)).isoformat())
    words = "“Links that we mailed to you” cannot stay without “Your sign-up"
    with pytest.raises(NotAllowed, match=words):
        carried_out(case, links, sooner)

    carried_out(case, *kept("links", "sign-up"))

    assert said(case, "links") == before


def test_the_form_says_what_hangs_on_what_and_refuses_it_alone_in_words(
    case: Case,
) -> None:
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    act = f"/console/rights_requests/case/{case.pk}/propose-part/"
    page = console.get(act)
    assert "It cannot stay without “Your sign-up for our e-mails”" in text(page)
    assert "Keep “Lists that staff uploaded”" not in text(page)
    [form] = [form for form in forms(page) if "seen" in form.fields]
    words = ("ground", "reasons", "outcome", "left_out")
    given = {name: str(getattr(in_part(), name)) for name in words}
    chosen = {"keep_links": "legal-claims", "until_links": IN_A_YEAR.isoformat()}

    refused = console.post(act, {**form.fields, **given, **chosen, "step": "send"})

    assert "cannot stay without “Your sign-up for our e-mails”" in text(refused)
    assert "for as long at least, or delete both" in text(refused)
    assert not ErasurePlan.objects.exists()


TAKES_ALONG = """
    CREATE FUNCTION takes_along() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN DELETE FROM consent_consentevidence; RETURN OLD; END $$;
    CREATE TRIGGER takes_along BEFORE DELETE ON data_subjects_indirectcontact
    FOR EACH ROW EXECUTE FUNCTION takes_along();
"""


@pytest.fixture
def a_place_that_takes_another_along(transactional_db: None) -> Iterator[None]:
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute(TAKES_ALONG)
    try:
        yield
    finally:
        with acting_as(None), connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION takes_along CASCADE")


def test_a_place_that_would_take_along_what_stays_is_taken_back_and_shown(
    case: Case, a_place_that_takes_another_along: None
) -> None:
    before = said(case, "consent-evidence")

    plan = carried_out(case, *kept("consent-evidence"))

    assert (plan.state, plan.problem) == ("erasing", "place")
    assert said(case, "consent-evidence") == before and said(case, "from-others")
    [line] = waiting.deletions(most=9, now=timezone.now())
    assert "could not be reached" in line.state
    assert Case.objects.get(pk=case.pk).is_open


def test_nobody_reads_that_something_is_kept_which_is_gone(
    case: Case, tmp_path: Path
) -> None:
    stray = tmp_path / "stray.log"
    stray.write_text(ADA)
    plan = carried_out(case, *kept("consent-evidence"))
    assert plan.state == "residue"
    ConsentEvidence.objects.all().delete()
    stray.unlink()
    residue.search_again(plan.pk)

    erasing.work_on_next(timezone.now())

    plan.refresh_from_db()
    assert (plan.state, plan.problem) == ("stopped", "lost")
    [line] = waiting.deletions(most=9, now=timezone.now())
    assert "the letter would be untrue" in line.state
    assert Case.objects.get(pk=case.pk).is_open
    assert not case.letters.filter(kind=LetterKind.REFUSAL_IN_PART).exists()


TOGETHER = [key for key in GO if key not in ("person", "lists")]


def retention_runs(now: datetime) -> None:
    for path in house.RETENTION:
        for _ in carry_out(import_string(path), now=now):
            pass


def test_no_period_takes_what_stays_before_its_day(case: Case) -> None:
    before = {key: said(case, key) for key in TOGETHER}
    last_day = months_after(today_here(), 100)
    keeps = [replace(keep, until=last_day.isoformat()) for keep in kept(*TOGETHER)]
    plan = carried_out(case, *keeps)
    assert plan.state == ErasurePlan.State.DONE, plan.problem
    noon = datetime.combine(last_day, time(12), tzinfo=UTC)

    retention_runs(noon)

    for key in TOGETHER:
        there = said(case, key)
        assert [one for one in before[key] if one not in there] == [], key
    # By the file of the case the first page knows that the day is over.
    [line] = waiting.deletions(most=9, now=noon + timedelta(days=2))
    assert "day that is over" in line.what

    retention_runs(noon + timedelta(days=1))
    for key in ("consent-evidence", "mail-from-you", "own-links", "restrictions"):
        assert said(case, key) == [], key
