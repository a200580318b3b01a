"""Correcting a person's data at their request: what stands there, what is right, how that
was found, and then it is put right by the app that owns it, or refused (Art. 16)."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.ledger import standing_purposes
from consent.models import Channel
from data_subjects import disclosures, restriction
from data_subjects.models import DataSubject, Ground, SubjectEvent
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.rectifying import ChangedSince
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import casebook, closing, links
from rights_requests.closing import Answer, why_not_fulfil
from rights_requests.fulfilment import corrections, rectifying, telling
from rights_requests.fulfilment.evidence import bundle
from rights_requests.fulfilment.rectifying import Shown
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseLogEntry,
    Letter,
    Rectification,
    Submission,
    Task,
)
from rights_requests.moves import Move
from rights_requests.receiving import Agent
from subscribers import preferences
from subscribers.models import Subscriber, SubscriberEvent
from tests.case_updates.cast import reader
from tests.console.staff import dana, text
from tests.data_subjects.test_holds_and_disclosures import GIVEN
from tests.governance.test_indirect_contacts import entered
from tests.people import ADA, BEN, CASE_UPDATES, inbox, sign_up
from tests.reading import forms as forms_of
from tests.relay import Relay
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = 7
State = Rectification.State
NEW = "ada.new@example.com"
SHOWN = Shown("She spelt it out on the telephone number that we know.")


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def ada() -> Subscriber:
    found = reader()
    preferences.change_details(found, {"first_name": "Ida", "employer": "Old Ltd"})
    return Subscriber.objects.get(pk=found.pk)


@pytest.fixture
def case(ada: Subscriber) -> Case:
    found = lives.new_case(CaseKind.RECTIFICATION, address=ADA)
    lives.confirm_mailbox(found)
    return again(found)


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def now() -> Any:
    return timezone.now()


def proposed(
    case: Case, field: str = "first_name", right: str = "Ada", by: int | None = STAFF
) -> Rectification:
    found = corrections.data_of(case.submission.data_subject_id)
    [datum] = [one for one in found if one.field == field]
    return rectifying.propose(case.pk, datum.key, right, staff_id=by, now=now())


def verified(case: Case, field: str = "first_name", right: str = "Ada") -> Any:
    row = proposed(case, field, right)
    return rectifying.verify(row.pk, SHOWN, staff_id=STAFF, now=now())


def applied(row: Rectification) -> Rectification:
    return rectifying.apply(row.pk, staff_id=STAFF, now=now())


def fulfil(case: Case, **more: Any) -> Letter:
    return closing.fulfil(case.pk, Answer(**more), staff_id=STAFF, now=now())


# --- From proposed to applied ---


def test_a_datum_is_proposed_verified_and_applied_by_the_owners_verb(
    case: Case, ada: Subscriber
) -> None:
    row = proposed(case)
    assert (row.current, row.proposed, row.state) == ("Ida", "Ada", State.PROPOSED)
    rectifying.verify(row.pk, SHOWN, staff_id=STAFF, now=now())

    row = applied(row)

    ada.refresh_from_db()
    assert (ada.first_name, row.state) == ("Ada", State.APPLIED)
    event = SubscriberEvent.objects.latest("id")
    assert (event.action, event.fields, event.staff_id) == (
        "details changed",
        ["first_name"],
        STAFF,
    )
    events = CaseLogEntry.objects.filter(
        case_id=case.pk, event__startswith="correction"
    )
    assert [entry.event for entry in events.order_by("id")] == [
        "correction-proposed",
        "correction-verified",
        "correction-applied",
    ]


def test_no_log_says_what_the_values_are(case: Case) -> None:
    applied(verified(case))

    told = str(list(CaseLogEntry.objects.filter(case_id=case.pk).values()))
    told += str(list(SubscriberEvent.objects.values()))
    assert "Ada" not in told and "Ida" not in told
    with connection.cursor() as cursor:
        cursor.execute("SELECT current, proposed FROM rights_requests_rectification")
        assert "Ada" not in str(cursor.fetchall())


def test_nothing_is_applied_unverified_by_nobody(case: Case, ada: Subscriber) -> None:
    row = proposed(case)
    with pytest.raises(NotAllowed, match="how you know"):
        applied(row)
    with pytest.raises(NotAllowed, match="how you know"):
        rectifying.verify(row.pk, Shown("  "), staff_id=STAFF, now=now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Rectification.objects.update(state="applied", settled_at=now())

    ada.refresh_from_db()
    assert ada.first_name == "Ida"


def test_each_step_happens_once(case: Case) -> None:
    row = verified(case)
    with pytest.raises(NotAllowed, match="already"):
        rectifying.verify(row.pk, SHOWN, staff_id=STAFF, now=now())
    applied(row)

    with pytest.raises(NotAllowed, match="dealt with already"):
        applied(row)
    with pytest.raises(NotAllowed, match="dealt with already"):
        rectifying.refuse_one(row.pk, "No.", staff_id=STAFF, now=now())
    with pytest.raises(NotAllowed, match="dealt with already"):
        rectifying.take_back(row.pk, staff_id=STAFF, now=now())
    assert SubscriberEvent.objects.filter(channel="rights request").count() == 1


def test_two_at_once_apply_it_once(case: Case) -> None:
    row = verified(case)

    def press(_: int) -> str:
        try:
            return str(applied(row).state)
        except NotAllowed:
            return "refused"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(press, range(2)))

    assert found == ["applied", "refused"]


def test_a_value_that_changed_meanwhile_is_shown_again_and_not_overwritten(
    case: Case, ada: Subscriber
) -> None:
    row = verified(case)
    preferences.change_details(ada, {"first_name": "Adele"})

    with pytest.raises(ChangedSince):
        applied(row)

    ada.refresh_from_db()
    row.refresh_from_db()
    assert (ada.first_name, row.state) == ("Adele", State.VERIFIED)
    page = dana("view_case", "work_case").get(
        f"/console/rights_requests/case/{case.pk}/corrections/"
    )
    assert "Another value stands there by now: Adele" in page.content.decode()
    rectifying.look_again(row.pk, staff_id=STAFF, now=now())
    row.refresh_from_db()
    assert (row.current, row.state, row.evidence) == ("Adele", State.PROPOSED, "")


@pytest.mark.parametrize(
    ("field", "right", "words"),
    [
        ("first_name", "Ida", "stands there already"),
        ("telephone", "no number", "telephone number"),
        ("address", "nowhere", "correct format"),
        ("first_name", "x" * 500, "Shorten"),
    ],
)
def test_what_cannot_stand_there_is_refused_and_changes_nothing(
    case: Case, field: str, right: str, words: str
) -> None:
    with pytest.raises(NotAllowed, match=words):
        proposed(case, field, right)
    assert not Rectification.objects.exists()


def test_only_what_is_held_of_this_very_person_can_be_corrected(case: Case) -> None:
    other = reader("zoe@example.com")
    for key in (
        f"sign-up/{other.pk}/first_name",
        "sign-up/0/x",
        "letters/1/blocks",
        "",
    ):
        with pytest.raises(NotAllowed, match="not held"):
            rectifying.propose(case.pk, key, "Ada", staff_id=STAFF, now=now())


def test_the_same_datum_has_one_open_correction(case: Case) -> None:
    proposed(case)
    with pytest.raises(NotAllowed, match="open already"):
        proposed(case, right="Adele")


def test_a_case_about_something_else_corrects_nothing(ada: Subscriber) -> None:
    copy = lives.new_case(CaseKind.ACCESS, address=ADA)
    with pytest.raises(NotAllowed, match="rectification"):
        proposed(copy)


def test_nothing_is_changed_at_the_word_of_whoever_typed_an_address(
    ada: Subscriber,
) -> None:
    typed = lives.new_case(CaseKind.RECTIFICATION, address=ADA)
    row = verified(typed)

    with pytest.raises(NotAllowed, match="mailbox is theirs"):
        applied(row)

    ada.refresh_from_db()
    assert ada.first_name == "Ida"


def test_what_is_restricted_while_it_is_checked_can_be_put_right(
    case: Case, ada: Subscriber
) -> None:
    """The person asked for this very change (Art. 18(2))."""
    asked = restriction.Asked(Ground.ACCURACY, "They contest it.")
    restriction.restrict(ada.data_subject_id, asked, staff_id=STAFF)

    applied(verified(case))

    ada.refresh_from_db()
    assert ada.first_name == "Ada"


# --- Another address ---


def test_a_corrected_address_counts_once_its_own_mailbox_has_confirmed_it(
    case: Case, ada: Subscriber, smtp: Relay, client: Client
) -> None:
    row = applied(verified(case, "address", NEW))

    assert row.state == State.CONFIRMING
    ada.refresh_from_db()
    assert ada.address == ADA
    assert rectifying.take_over_confirmed(now()) == 0
    assert "still open" in why_not_fulfil(again(case))
    mail = inbox(smtp, NEW)[-1]
    assert client.post(mail.path("/address/")).status_code in (200, 302)

    assert rectifying.take_over_confirmed(now()) == 1
    row.refresh_from_db()
    ada.refresh_from_db()
    assert (row.state, ada.address) == (State.APPLIED, NEW)
    assert rectifying.take_over_confirmed(now()) == 0


def test_the_answer_goes_to_the_right_address_once_its_mailbox_has_confirmed_it(
    case: Case, ada: Subscriber, smtp: Relay, client: Client
) -> None:
    applied(verified(case, "address", NEW))
    asked = SubscriberEvent.objects.get(action=SubscriberEvent.Action.ADDRESS_ASKED)
    assert (asked.channel, asked.staff_id) == (Channel.RIGHTS_REQUEST, STAFF)
    assert again(case).submission.address == ADA
    client.post(inbox(smtp, NEW)[-1].path("/address/"))
    worker = dana("view_case", "work_case")
    page = f"/console/rights_requests/case/{case.pk}/corrections/"
    shown = text(worker.get(page))
    assert "the new mailbox has confirmed it" in shown
    assert "Another value" not in shown

    rectifying.take_over_confirmed(now())
    assert again(case).submission.address == NEW
    before = len(inbox(smtp, ADA))
    fulfil(again(case))
    deliver_due()
    answer = " ".join(inbox(smtp, NEW)[-1].text.split())
    assert "We corrected: - E-mail address" in answer
    assert len(inbox(smtp, ADA)) == before


def test_no_consent_follows_to_an_address_that_nobody_has_confirmed(
    case: Case, ada: Subscriber
) -> None:
    applied(verified(case, "address", NEW))

    assert list(standing_purposes(ada.data_subject_id)) == [CASE_UPDATES]
    ada.refresh_from_db()
    assert ada.address == ADA  # mail goes on to the mailbox that agreed to it
    new = DataSubject.objects.filter(address_digest=addresses.digest(NEW)).first()
    assert new is None or not standing_purposes(new.pk)


def test_a_mailbox_that_was_asked_changes_nothing_once_the_correction_is_refused(
    case: Case, ada: Subscriber, smtp: Relay, client: Client
) -> None:
    row = applied(verified(case, "address", NEW))
    rectifying.refuse_one(row.pk, "It is not theirs.", staff_id=STAFF, now=now())

    client.post(inbox(smtp, NEW)[-1].path("/address/"))

    ada.refresh_from_db()
    assert ada.address == ADA


def test_an_address_that_somebody_else_reads_under_is_refused(case: Case) -> None:
    reader("zoe@example.com")
    row = verified(case, "address", "zoe@example.com")
    with pytest.raises(NotAllowed, match="signed up with this address"):
        applied(row)


# --- A statement beside the data ---


def test_a_statement_is_kept_beside_the_data_and_shown_with_it(
    case: Case, ada: Subscriber
) -> None:
    words = "I left that firm in 2019, whatever its site says."
    applied(verified(case, "statement", words))

    ada.refresh_from_db()
    assert ada.statement == words
    client = dana("view_case", "work_case", "view_subscriber")
    for page in (
        f"/console/rights_requests/case/{case.pk}/who/",
        f"/console/subscribers/subscriber/{ada.pk}/change/",
    ):
        assert words in client.get(page).content.decode(), page
    [given] = [
        one
        for one in corrections.data_of(ada.data_subject_id)
        if one.field == "statement"
    ]
    assert given.value == words


# --- What others told us ---


def test_the_evidence_says_what_was_corrected_and_never_what_it_says(
    case: Case,
) -> None:
    row = applied(verified(case, right="Augusta"))
    made = io.BytesIO(b"".join(bundle(again(case), staff_id=7, now=now())))
    archive = zipfile.ZipFile(made)
    [told] = json.loads(archive.read("corrections.json"))
    assert told["what"] == corrections.title_of(row.place, row.field)
    assert told["state"] == "corrected" and told["verified_at"]
    assert told["shown_by"] == {"in_words": True}
    assert "corrections.json" in json.loads(archive.read("manifest.json"))["files"]
    assert row.current and row.current not in json.dumps(told)
    assert "Augusta" not in json.dumps(told)


def test_what_others_told_us_is_put_right_by_its_own_verb() -> None:
    contact = entered(address="zoe@example.com", name="Zoe Exmple")
    case = lives.new_case(CaseKind.RECTIFICATION, address="zoe@example.com")
    lives.confirm_mailbox(case)
    assert case.submission.data_subject_id == contact.data_subject_id

    applied(verified(case, "name", "Zoe Example"))

    contact.refresh_from_db()
    assert contact.name == "Zoe Example"
    event = SubjectEvent.objects.latest("id")
    assert (event.action, event.detail) == ("corrected", "name")


# --- The answer ---


def test_the_answer_waits_for_every_correction_and_names_the_fields(
    case: Case, ada: Subscriber
) -> None:
    row = verified(case)
    with pytest.raises(NotAllowed, match="still open"):
        fulfil(case)
    applied(row)

    letter = fulfil(case, outcome="Thank you for telling us.")

    told = str(letter.blocks)
    assert "First name (Your sign-up for our e-mails)" in told
    assert "Thank you for telling us." in told
    assert "Ida" not in told


def test_one_that_is_refused_makes_it_an_answer_in_part(case: Case) -> None:
    applied(verified(case))
    other = proposed(case, "employer", "New Ltd")
    with pytest.raises(NotAllowed, match="Say why"):
        rectifying.refuse_one(other.pk, " ", staff_id=STAFF, now=now())
    rectifying.refuse_one(other.pk, "It is right.", staff_id=STAFF, now=now())

    with pytest.raises(NotAllowed, match="answer in part"):
        fulfil(case)
    assert closing.why_not_close(again(case)) == ""
    assert casebook.why_not(again(case), Move.FULFIL_IN_PART) == ""


def test_a_mistake_of_ours_is_taken_back_and_what_the_person_proposed_is_not(
    case: Case,
) -> None:
    ours, theirs = proposed(case), proposed(case, "employer", "New Ltd", by=None)
    rectifying.take_back(ours.pk, staff_id=STAFF, now=now())
    with pytest.raises(NotAllowed, match="The person proposed it"):
        rectifying.take_back(theirs.pk, staff_id=STAFF, now=now())


def test_what_is_open_ends_with_a_case_that_the_person_takes_back(
    case: Case, ada: Subscriber, smtp: Relay, client: Client
) -> None:
    row = applied(verified(case, "address", NEW))
    closing.withdraw(case.pk, now=now())

    row.refresh_from_db()
    assert row.state == State.TAKEN_BACK
    deliver_due()
    client.post(inbox(smtp, NEW)[-1].path("/address/"))
    ada.refresh_from_db()
    assert ada.address == ADA


# --- Whoever had it ---


def test_whoever_had_it_is_told_of_each_correction(case: Case, ada: Subscriber) -> None:
    disclosures.record(ada.data_subject_id, GIVEN, staff_id=STAFF, today=today_here())
    assert telling.set_tasks(now()) == 0
    applied(verified(case))
    assert "in a moment" in closing.why_not_close(again(case))
    telling.set_tasks(now())
    [task] = Task.objects.filter(case=case)
    assert "First name" in task.what and "Ada" not in task.what
    told = telling.Told(Task.Outcome.TOLD, "By e-mail.")
    telling.answer(task.pk, told, staff_id=STAFF, now=now())

    applied(verified(case, "employer", "New Ltd"))
    telling.set_tasks(now())

    [later] = Task.objects.filter(case=case, done_at=None)
    assert "Employer" in later.what
    with pytest.raises(NotAllowed, match="still open"):
        fulfil(case)
    telling.answer(later.pk, told, staff_id=STAFF, now=now())
    Submission.objects.update(wants_recipients=True)
    assert GIVEN.recipient in str(fulfil(case).blocks)


# --- On the console ---


def test_staff_do_all_of_it_on_the_pages_of_the_case(
    case: Case, ada: Subscriber
) -> None:
    client = dana("view_case", "work_case")
    base = "/console/rights_requests"
    address = f"{base}/case/{case.pk}/propose-correction/"
    form = client.get(address)
    assert "First name (Your sign-up for our e-mails): Ida" in form.content.decode()
    key = f"sign-up/{ada.pk}/first_name"
    told = {"seen": form.context["newest"], "datum": key, "right": "Ada"}
    assert client.post(address, told).status_code == 302
    row = Rectification.objects.get()

    def press(act: str, **fields: str) -> Any:
        page = f"{base}/rectification/{row.pk}/{act}/"
        seen = client.get(page).context["newest"]
        return client.post(page, {"seen": seen, **fields})

    refused = press("apply-correction")
    assert refused.status_code == 409
    assert "Say first how you know" in refused.content.decode()
    assert press("verify-correction").status_code == 409
    assert press("verify-correction", words="She said so.").status_code == 302
    assert press("apply-correction").status_code == 302

    ada.refresh_from_db()
    assert ada.first_name == "Ada"
    page = client.get(f"{base}/case/{case.pk}/corrections/").content.decode()
    assert "corrected" in page and "She said so." in page


def test_a_case_about_a_copy_has_no_page_of_corrections(ada: Subscriber) -> None:
    copy = lives.new_case(CaseKind.ACCESS, address=ADA)
    client = dana("view_case", "work_case")
    page = client.get(f"/console/rights_requests/case/{copy.pk}/corrections/")
    assert page.status_code == 404


# --- By the person ---


def visit_of(case: Case) -> str:
    return f"/your-data/visit/{links.open_visit(again(case), now=now())}/"


def test_the_person_says_in_plain_fields_what_is_right(
    case: Case, ada: Subscriber, client: Client
) -> None:
    page = client.get(visit_of(case))
    form = next(one for one in forms_of(page) if "right_0" in one.fields)
    assert ["Ida"] in form.fields.values()
    name = next(name for name, value in form.fields.items() if value == ["Ida"])

    done = client.post(form.action, {**form.fields, name: "Ada", "act": "correct"})

    assert done.status_code == 302
    [row] = Rectification.objects.all()
    assert (row.current, row.proposed, row.proposed_by_id) == ("Ida", "Ada", None)
    ada.refresh_from_db()
    assert ada.first_name == "Ida"
    after = client.get(done["Location"]).content.decode()
    assert "Nothing has changed yet" in after
    assert "First name (Your sign-up for our e-mails)" in after


@pytest.mark.parametrize(
    ("value", "status", "words"),
    [
        ("Ida", 409, "Nothing differs"),
        ("x" * 500, 400, "Shorten it to 320"),
    ],
)
def test_what_the_person_cannot_say_is_said_and_keeps_what_was_typed(
    case: Case, client: Client, value: str, status: int, words: str
) -> None:
    page = client.get(visit_of(case))
    form = next(one for one in forms_of(page) if "right_0" in one.fields)
    name = next(name for name, held in form.fields.items() if held == ["Ida"])

    answer = client.post(form.action, {**form.fields, name: value, "act": "correct"})

    assert answer.status_code == status
    assert words in answer.content.decode() and value in answer.content.decode()
    assert not Rectification.objects.exists()


def test_an_address_that_is_none_is_said_and_nothing_of_the_rest_is_kept(
    case: Case, client: Client
) -> None:
    page = client.get(visit_of(case))
    form = next(one for one in forms_of(page) if "right_0" in one.fields)
    named = {value[0]: name for name, value in form.fields.items()}
    typed = {named["Ida"]: "Ada", named[ADA]: "nowhere"}

    answer = client.post(form.action, {**form.fields, **typed, "act": "correct"})

    assert answer.status_code == 409
    assert not Rectification.objects.exists()


def test_whoever_writes_for_the_person_is_shown_nothing_of_theirs(
    ada: Subscriber, client: Client
) -> None:
    found = lives.new_case(
        CaseKind.RECTIFICATION,
        address=ADA,
        agent=Agent(name="Agnes", address="agnes@example.com"),
    )
    lives.confirm_mailbox(found)

    page = client.get(visit_of(found)).content.decode()

    assert "Say what is right" not in page and "Ida" not in page


def test_what_somebody_typed_at_a_sign_up_that_nobody_confirmed_is_not_shown(
    open_house: None, client: Client, smtp: Relay
) -> None:
    sign_up(client, smtp, BEN, first_name="Quentin", employer="Xanadu")
    found = lives.new_case(CaseKind.RECTIFICATION, address=BEN)
    lives.confirm_mailbox(found)

    page = client.get(visit_of(found)).content.decode()

    assert "Say what is right" not in page
    assert "Quentin" not in page and "Xanadu" not in page
