"""An erasure: previewed, approved by two people, carried out, searched after, told."""

import base64
import inspect
import io
import json
import os
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
import time_machine
from django.conf import settings as house
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from case_updates.readers import readers
from consent.models import ConsentEntry
from data_subjects import disclosures, holds, restriction
from data_subjects.holds import Matter
from data_subjects.journal_file import Kind, Reading
from data_subjects.models import (
    DataSubject,
    Ground,
    HeldPerson,
    LegalHold,
    Restriction,
)
from data_subjects.people import subject_of, subjects_of
from groundwork import addresses
from groundwork.clock import today_here
from groundwork.holdings import holdings
from groundwork.personal_data import Erasure
from groundwork.refusals import NotAllowed
from outbox import inbound
from outbox.models import InboundEmail, OutgoingEmail, SuppressedAddress
from rights_requests import (
    casebook,
    closing,
    deciding,
    handling,
    letters,
    letters_gone,
    links,
    vault,
    visiting,
    waiting,
)
from rights_requests.deadline_words import in_words
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import (
    after_report,
    corrections,
    erasing,
    erasure_places,
    rectifying,
    residue,
    telling,
)
from rights_requests.fulfilment.evidence import bundle
from rights_requests.fulfilment.freshness import fingerprint
from rights_requests.fulfilment.people import person_of
from rights_requests.kinds import CaseKind
from rights_requests.letter_frames import LetterKind
from rights_requests.models import (
    Case,
    CaseLogEntry,
    Channel,
    Decision,
    ErasedPlace,
    ErasurePlan,
    Event,
    Letter,
    MailedCode,
    Message,
    Rectification,
    Residue,
    Submission,
    Task,
)
from rights_requests.moves import Move, State
from rights_requests.uploads import check_upload
from subscribers import importing, preferences
from subscribers.models import Subscriber
from tests.beside import Beside
from tests.console.staff import console_of, person, text
from tests.data_subjects.test_holds_and_disclosures import GIVEN
from tests.database_role import acting_as
from tests.governance.test_person_desk import HOLD, RESTRICT
from tests.people import ADA, BEN, become_reader, inbox, subscriber_of
from tests.reading import forms
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.deleting import (
    DANA,
    IN_A_YEAR,
    OMAR,
    ada_wants_it_deleted,
    again,
    approve,
    carried_out,
    deliver,
    hold,
    in_part,
    keep,
    propose,
)
from tests.rights_requests.files import upload
from tests.rights_requests.test_residual_scan import made

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def stores(open_house: None, settings: Settings, tmp_path: Path) -> Path:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.SEARCHED_FOLDERS = [tmp_path]
    return tmp_path


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    return ada_wants_it_deleted(client, smtp)


def test_an_erasure_takes_everything_but_what_the_plan_keeps_and_tells_the_person(
    case: Case, smtp: Relay
) -> None:
    subject = case.submission.data_subject_id
    entries = list(ConsentEntry.objects.filter(data_subject_id=subject))
    person = person_of(subject)

    plan = carried_out(case)

    assert plan.state == ErasurePlan.State.DONE
    assert again(case).state == State.FULFILLED
    assert not Subscriber.objects.filter(data_subject=subject).exists()
    for holding in holdings():
        if holding.fate is Erasure.REMOVED:
            assert not list(holding.records(person)), holding
    assert DataSubject.objects.get(pk=subject).address_digest is None
    # The ledger stays whole, and says that the consent ended.
    after = ConsentEntry.objects.filter(data_subject_id=subject)
    assert set(after) > set(entries) and after.order_by("-id")[0].action == "withdrawn"
    assert SuppressedAddress.objects.filter(
        address_digest=addresses.digest(ADA), reason="erased", purpose=""
    ).exists()
    deliver()
    told = inbox(smtp, ADA)[-1].text
    assert "Your sign-up for our e-mails (1)" in told
    gone, _, emptied = told.partition("What we emptied")
    assert "E-mails to you" in emptied and "E-mails to you" not in gone
    assert "number by which you are known here (1)" not in gone
    assert "number by which you are known here (1)" in emptied
    assert "for a copy of what we keep of you" in " ".join(told.split())
    assert "Nothing that says who you are has this one then" in " ".join(told.split())
    assert "to correct your data, to delete it" not in " ".join(told.split())
    assert "on our list" in told or "must not write to it" in told
    assert "Article 17(3)(b)" in told and "complain to us" in told
    assert Subscriber.objects.filter(address_digest=addresses.digest(BEN)).exists()


def test_the_report_names_what_came_after_the_list_and_is_kept(
    case: Case, smtp: Relay
) -> None:
    decision = propose(case)
    approve(decision)
    words = "Rang, wants it soon."
    handling.add_note(case.pk, words, staff_id=DANA, now=timezone.now())
    erasing.work_on_next(timezone.now())
    deliver()
    told = inbox(smtp, ADA)[-1].text
    assert "Our notes on your requests" in told


def test_once_the_report_has_left_nobody_can_be_reached_by_the_file(case: Case) -> None:
    carried_out(case)
    assert again(case).submission.address == ADA
    deliver()
    submission = again(case).submission
    assert submission.address == submission.telephone == ""
    assert not [mail for mail in OutgoingEmail.objects.all() if mail.to_address == ADA]


def test_where_the_address_goes_nobody_is_promised_a_code_or_a_letter(
    case: Case, client: Client, smtp: Relay
) -> None:
    way_in = links.status_url(case).removeprefix(house.SITE_URL)
    assert "Send me a code" in text(client.get(way_in))
    carried_out(case)
    deliver()
    told = inbox(smtp, ADA)[-1].text
    assert "Keep this letter" in told and "Your own page stays open" not in told

    shown = text(client.get(way_in))
    assert "Send me a code" not in shown
    assert "we cannot send our answer again" in shown
    refused = client.post(f"{way_in}code/")
    assert refused.status_code == 410
    assert "There is nothing left to open" in text(refused)
    assert not MailedCode.objects.filter(case=case).exists()

    console = console_of(
        person("dana@example.com", "view_case", "work_case", "view_submission")
    )
    page = f"/console/rights_requests/case/{case.pk}/"
    assert "deleted with the data" in text(console.get(f"{page}who/"))
    for act in ("renew-link", "write"):
        seen = casebook.newest_entry_id(case)
        typed = {"seen": seen, "step": "send", "part_message": "Hello again"}
        answer = console.post(f"{page}{act}/", typed)
        assert answer.status_code == 409
        assert "was deleted with their data" in text(answer)


def test_whoever_asked_who_had_the_data_hears_that_nobody_had_it(
    case: Case, smtp: Relay
) -> None:
    Submission.objects.update(wants_recipients=True)
    carried_out(case)
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert "You also asked who had your data from us. Our records name nobody." in told


def corrected_before(address: str, field: str, right: str) -> Case:
    """An earlier request, in which this was put right."""
    found = lives.new_case(CaseKind.RECTIFICATION, address=address)
    lives.confirm_mailbox(found)
    person_id = found.submission.data_subject_id
    data = corrections.data_of(person_id, place="sign-up")
    [datum] = [one for one in data if one.field == field]
    now = timezone.now()
    row = rectifying.propose(found.pk, datum.key, right, staff_id=DANA, now=now)
    shown = rectifying.Shown("She spelt it out.")
    rectifying.verify(row.pk, shown, staff_id=DANA, now=now)
    rectifying.apply(row.pk, staff_id=DANA, now=now)
    deliver()
    telling.set_tasks(timezone.now())
    closing.fulfil(found.pk, closing.Answer(), staff_id=DANA, now=timezone.now())
    deliver()
    return again(found)


def test_what_was_corrected_before_goes_from_its_file_and_the_page_says_so(
    case: Case, smtp: Relay
) -> None:
    before = corrected_before(ADA, "last_name", "Byron-Example")
    console = console_of(
        person("dana@example.com", "view_case", "work_case", "view_submission")
    )
    page = f"/console/rights_requests/case/{before.pk}/corrections/"
    assert "Byron-Example" in text(console.get(page))

    assert carried_out(case).state == "done"
    deliver()

    [row] = Rectification.objects.filter(case=before)
    assert (row.current, row.proposed) == ("", "")
    assert row.evidence == "She spelt it out."
    shown = text(console.get(page))
    assert "Byron" not in shown and "Lovelace" not in shown
    assert shown.count("deleted with the data") == 2
    told = inbox(smtp, ADA)[-1].text
    assert "What was wrong and what is right in your corrections (1)" in told


def test_what_was_corrected_goes_also_where_an_earlier_deletion_left_it(
    case: Case,
) -> None:
    before = corrected_before(ADA, "last_name", "Byron-Example")
    carried_out(case)
    deliver()
    Rectification.objects.update(current="Lovelace-Example")
    assert after_report.forget_contacts_kept_back() == 1
    assert Rectification.objects.get(case=before).current == ""
    assert after_report.forget_contacts_kept_back() == 0


FORMER = "ada.former@example.com"


def read_under_another_address(client: Client, smtp: Relay) -> Case:
    """Ida, who is now called Ada, changed her address, and then wants it all deleted."""
    become_reader(client, smtp, FORMER, first_name="Ada", last_name="Maiden-Example")
    reader = subscriber_of(FORMER)
    preferences.ask_to_change_address(reader, ADA)
    deliver()
    assert client.post(inbox(smtp, ADA)[-1].path("/address/")).status_code < 400
    corrected_before(ADA, "last_name", "Lovelace-Example")
    found = lives.new_case(CaseKind.ERASURE, address=ADA)
    lives.confirm_mailbox(found)
    deliver()
    return again(found)


def test_a_former_address_and_a_former_name_go_and_are_looked_for(
    client: Client, smtp: Relay, stores: Path, settings: Settings
) -> None:
    settings.MAILBOX_DIR = stores / "mailbox"
    settings.MAILBOX_DIR.mkdir()
    case = read_under_another_address(client, smtp)
    mail = stores / "mailbox" / "1.eml"
    mail.write_text(f"From: {FORMER}\nSubject: Hello\n\nAda Maiden-Example\n")
    list_of_old = stores / "readers.csv"
    list_of_old.write_text("Ada Maiden-Example;Derby\n")

    plan = carried_out(case)

    assert not mail.exists()
    [left] = Residue.objects.filter(plan=plan)
    assert (left.row, left.what) == ("readers.csv", "name")
    old = SuppressedAddress.objects.filter(address_digest=addresses.digest(FORMER))
    assert old.filter(reason="erased", purpose="").exists()
    list_of_old.write_text(FORMER)
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())
    assert {hit.what for hit in Residue.objects.filter(gone_at=None)} == {
        "e-mail address"
    }


def test_a_former_address_that_somebody_else_has_by_now_is_theirs(
    client: Client, smtp: Relay, stores: Path
) -> None:
    case = read_under_another_address(client, smtp)
    become_reader(client, smtp, FORMER, first_name="Flora")
    assert carried_out(case).state == "done"
    old = SuppressedAddress.objects.filter(address_digest=addresses.digest(FORMER))
    assert not old.filter(reason="erased").exists()
    assert subscriber_of(FORMER).first_name == "Flora"


def test_after_a_stop_the_person_has_their_last_address_again(
    client: Client, smtp: Relay
) -> None:
    case = read_under_another_address(client, smtp)
    stopped_midway(case, lambda: hold(case))
    subject = DataSubject.objects.get(pk=case.submission.data_subject_id)
    assert bytes(subject.address_digest or b"") == addresses.digest(ADA)


KNOWN = "We rang the number that she gave at sign-up."


@pytest.fixture
def by_post(case: Case) -> Case:
    """Ada writes a letter, which a colleague takes down."""
    closing.withdraw(case.pk, now=timezone.now())
    street = "1 Mill Lane\nDerby"
    found = lives.new_case(
        CaseKind.ERASURE,
        channel=Channel.POST,
        address=ADA,
        reply_by="post",
        postal_address=street,
    )
    for letter in Letter.objects.filter(posted_on=None, by="post"):
        letters_gone.mark_posted(
            letter.pk, posted_on=today_here(), staff_id=DANA, now=timezone.now()
        )
    deliver()
    return again(found)


def test_nothing_is_deleted_on_a_letter_without_a_word_of_how_its_writer_is_known(
    by_post: Case,
) -> None:
    with pytest.raises(NotAllowed, match="how you know that it is this person"):
        propose(by_post)
    part = in_part(keep())
    with pytest.raises(NotAllowed, match="how you know that it is this person"):
        deciding.propose(by_post.pk, part, staff_id=DANA, now=timezone.now())

    console = console_of(
        person("dana@example.com", "view_case", "work_case", "release_case")
    )
    page = f"/console/rights_requests/case/{by_post.pk}/"
    form = console.get(f"{page}propose-answer/")
    assert "How do you know who asks?" in text(form)
    [asked] = [one for one in forms(form) if "seen" in one.fields]
    typed = {**asked.fields, "evidence": KNOWN, "step": "send"}
    assert console.post(f"{page}propose-answer/", typed).status_code == 302
    decision = Decision.objects.latest("pk")
    shown = text(console.get(f"{page}decisions/"))
    assert "How we know who asks" in shown and KNOWN in shown

    approve(decision)
    erasing.work_on_next(timezone.now())
    letter = Letter.objects.filter(case=by_post).latest("written_at")
    told = letters.Letter.from_json(letter.blocks).text
    assert "Your sign-up for our e-mails (1)" in told


def test_whoever_was_checked_needs_no_such_word(case: Case) -> None:
    """A mailbox, too, says who asks."""
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    page = f"/console/rights_requests/case/{case.pk}/propose-answer/"
    assert "How do you know who asks?" not in text(console.get(page))
    assert propose(case).evidence == ""


def test_a_hold_keeps_the_file_of_the_case_until_it_is_released(case: Case) -> None:
    carried_out(case)
    hold(case)
    deliver()
    assert again(case).submission.address == ADA
    assert after_report.forget_contacts_kept_back() == 0
    LegalHold.objects.update(released_at=timezone.now(), released_by_id=DANA)
    assert after_report.forget_contacts_kept_back() == 1
    assert again(case).submission.address == ""
    assert after_report.forget_contacts_kept_back() == 0


def test_a_restriction_before_the_report_leaves_keeps_the_file_until_it_is_lifted(
    case: Case,
) -> None:
    approve(propose(case))
    erasing.work_on_next(timezone.now())
    assert again(case).state == State.FULFILLED
    asked = restriction.Asked(Ground.CLAIMS, "They need it for a claim.", ADA)
    subject = case.submission.data_subject_id
    row = restriction.restrict(subject, asked, staff_id=DANA)

    deliver()

    assert again(case).submission.address == ADA
    assert after_report.forget_contacts_kept_back() == 0
    restriction.tell(row.pk, ending="It is over.", how="by letter", staff_id=DANA)
    restriction.lift(row.pk, staff_id=DANA)
    assert after_report.forget_contacts_kept_back() == 1
    assert again(case).submission.address == ""


def test_while_a_letter_waits_to_be_posted_its_address_stays(case: Case) -> None:
    street = "1 Mill Lane\nDerby"
    other = lives.new_case(
        CaseKind.RESTRICTION, address=ADA, reply_by="post", postal_address=street
    )
    closing.withdraw(other.pk, now=timezone.now())

    assert carried_out(case).state == "done"
    deliver()

    assert again(case).submission.address == ""
    for letter in Letter.objects.filter(case=other, posted_on=None):
        assert again(other).submission.postal_address == street
        letters_gone.mark_posted(
            letter.pk, posted_on=today_here(), staff_id=DANA, now=timezone.now()
        )
    assert again(other).submission.postal_address == ""
    assert again(other).submission.address == ""


# --- What is approved is what was seen, by two people ---


def test_nobody_approves_without_the_code_of_the_list_nor_their_own_proposal(
    case: Case,
) -> None:
    decision = propose(case)
    with pytest.raises(NotAllowed, match="six digits"):
        approve(decision, code="12345")
    with pytest.raises(NotAllowed, match="You proposed it"):
        approve(decision, by=DANA)
    assert erasing.work_on_next(timezone.now()) is None
    assert Subscriber.objects.filter(data_subject__submissions=case.submission).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(released_by_id=DANA)


def test_what_changed_since_the_preview_is_looked_at_again(
    client: Client, case: Case, smtp: Relay
) -> None:
    decision = propose(case)
    details(ADA, employer="Another Ltd")
    with pytest.raises(NotAllowed, match="changed since this was proposed"):
        approve(decision)
    assert ErasurePlan.objects.get(decision=decision).state == "proposed"


def details(address: str, **fields: str) -> None:
    subscriber = subscriber_of(address)
    for name, value in fields.items():
        setattr(subscriber, name, value)
    subscriber.save()


def test_what_changes_between_the_approval_and_the_beginning_stops_it(
    case: Case,
) -> None:
    decision = propose(case)
    approve(decision)
    details(ADA, employer="Another Ltd")

    erasing.work_on_next(timezone.now())

    decision.refresh_from_db()
    plan = ErasurePlan.objects.get(decision=decision)
    assert (plan.state, plan.problem) == ("void", "changed")
    assert plan.sought == {}
    assert decision.outcome == Decision.Outcome.SENT_BACK
    assert "nothing was erased" in decision.answer
    assert subscriber_of(ADA).employer == "Another Ltd"
    assert carried_out(case).state == "done"


def test_a_hold_that_comes_at_the_last_moment_stops_it(case: Case) -> None:
    decision = propose(case)
    approve(decision)
    hold(case)
    erasing.work_on_next(timezone.now())
    plan = ErasurePlan.objects.get(decision=decision)
    assert (plan.state, plan.problem) == ("void", "bound")
    assert subscriber_of(ADA)


def test_a_legal_hold_or_a_restriction_or_an_unread_mail_is_in_the_way(
    case: Case,
) -> None:
    mail = InboundEmail.objects.create(
        digest=b"1" * 32,
        raw_message="Hello",
        sender_digest=addresses.digest(ADA),
        state=InboundEmail.State.WAITING,
    )
    with pytest.raises(NotAllowed, match="waits to be looked at"):
        propose(case)
    InboundEmail.objects.filter(pk=mail.pk).update(state=InboundEmail.State.CLOSED)
    hold(case)
    with pytest.raises(NotAllowed, match="legal hold"):
        propose(case)
    LegalHold.objects.update(released_at=timezone.now(), released_by_id=DANA)
    asked = restriction.Asked(Ground.ACCURACY, "It is wrong.", ADA)
    restriction.restrict(case.submission.data_subject_id, asked, staff_id=DANA)
    with pytest.raises(NotAllowed, match="restricted"):
        propose(case)


def test_nothing_is_deleted_at_the_word_of_whoever_typed_an_address(
    case: Case,
) -> None:
    for more in ({}, {"reply_by": "post", "postal_address": "1 Mill Lane\nDerby"}):
        typed = lives.new_case(CaseKind.ERASURE, address=ADA, **more)
        with pytest.raises(NotAllowed, match="Nobody has shown yet"):
            propose(typed)


def test_nobody_says_that_nothing_is_held_where_something_is(case: Case) -> None:
    with pytest.raises(NotAllowed, match="Something is held here"):
        propose(case, nothing_held=True)


def test_of_somebody_unknown_nothing_is_held_and_the_case_closes_at_once(
    open_house: None,
) -> None:
    stranger = lives.new_case(CaseKind.ERASURE, address="stranger@example.com")
    lives.confirm_mailbox(stranger)
    deliver()
    OutgoingEmail.objects.update(data_subject=None)
    decision = propose(stranger, nothing_held=True)
    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(stranger),
        staff_id=OMAR,
        now=timezone.now(),
    )
    assert again(stranger).state == State.FULFILLED


def test_it_does_not_begin_while_a_letter_needs_the_address(case: Case) -> None:
    decision = propose(case)
    approve(decision)
    mail = OutgoingEmail.objects.filter(message_class="rights").first()
    assert mail is not None
    OutgoingEmail.objects.filter(pk=mail.pk).update(state="queued", settled_at=None)
    erasing.work_on_next(timezone.now())
    assert ErasurePlan.objects.get(decision=decision).state == "approved"
    deliver()
    erasing.work_on_next(timezone.now() + timedelta(minutes=2))
    assert ErasurePlan.objects.get(decision=decision).state == "done"


def test_it_cannot_be_taken_back_once_it_has_begun(case: Case, stores: Path) -> None:
    (stores / "worker.log").write_text(f"could not write to {ADA}")
    assert carried_out(case).state == "residue"
    with pytest.raises(NotAllowed, match="deleted already"):
        closing.withdraw(case.pk, now=timezone.now())
    with pytest.raises(NotAllowed, match="is being carried out"):
        propose(case)
    assert again(case).state == State.IN_PROGRESS
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    shown = text(console.get(f"/console/rights_requests/case/{case.pk}/change/"))
    assert "The data is deleted already: it is too late to take this back." in shown
    assert f"/{case.pk}/withdraw/" not in shown


def test_what_the_person_says_after_the_approval_is_heard(case: Case) -> None:
    decision = propose(case)
    approve(decision)
    closing.narrow(case.pk, words="Keep my sign-up.", now=timezone.now())
    deliver()
    erasing.work_on_next(timezone.now())
    plan = ErasurePlan.objects.get(decision=decision)
    assert (plan.state, plan.problem) == ("void", "changed")
    assert subscriber_of(ADA)


def test_nothing_begins_while_a_message_has_not_been_read(case: Case) -> None:
    decision = propose(case)
    approve(decision)
    InboundEmail.objects.create(digest=b"1" * 32, raw_message="Stop!")
    erasing.work_on_next(timezone.now())
    assert ErasurePlan.objects.get(decision=decision).state == "approved"
    assert subscriber_of(ADA)


def test_what_can_only_be_answered_with_the_data_is_answered_first(case: Case) -> None:
    typed = lives.new_case(CaseKind.ACCESS, address=ADA)
    assert propose(case)  # anybody may have typed that one
    lives.confirm_mailbox(typed)
    deciding.take_back(
        Decision.objects.get(case=case).pk, staff_id=DANA, now=timezone.now()
    )
    with pytest.raises(NotAllowed, match="answer that one first"):
        propose(case)


def test_a_hold_that_ends_between_proposal_and_release_is_seen(case: Case) -> None:
    hold(case)
    part = Proposal(
        move=Move.FULFIL_IN_PART,
        ground="legal-claims",
        reasons="We need it for the claim about which we wrote to you in October.",
        outcome="We deleted your name.",
        left_out="Your address.",
    )
    decision = deciding.propose(case.pk, part, staff_id=DANA, now=timezone.now())
    LegalHold.objects.update(released_at=timezone.now(), released_by_id=DANA)
    with pytest.raises(
        NotAllowed, match="hold under which this was proposed has ended"
    ):
        deciding.release(
            decision.pk,
            seen_entry_id=casebook.newest_entry_id(case),
            staff_id=OMAR,
            now=timezone.now(),
        )
    assert again(case).state == State.IN_PROGRESS


def test_nobody_is_looked_for_by_a_proposal_that_is_meant_no_longer(case: Case) -> None:
    first = propose(case)
    deciding.send_back(first.pk, "Look again.", staff_id=OMAR, now=timezone.now())
    second = propose(case)
    deciding.take_back(second.pk, staff_id=DANA, now=timezone.now())
    assert {plan.state for plan in ErasurePlan.objects.all()} == {"void"}
    assert not any(plan.sought for plan in ErasurePlan.objects.all())
    assert carried_out(case).state == "done"


def test_a_second_report_tells_of_what_went_before_the_first_was_lost(
    case: Case, smtp: Relay
) -> None:
    carried_out(case)
    smtp.refused_recipients[ADA] = "550 5.1.1 No such mailbox"
    deliver()
    assert again(case).state == State.IN_PROGRESS
    smtp.refused_recipients.clear()
    carried_out(case)
    deliver()
    assert "Your sign-up for our e-mails (1)" in inbox(smtp, ADA)[-1].text
    assert again(case).submission.address == ""


def test_a_second_report_harms_nobody_who_has_signed_up_since(
    client: Client, case: Case, smtp: Relay
) -> None:
    carried_out(case)
    smtp.refused_recipients[ADA] = "550 5.1.1 No such mailbox"
    deliver()
    smtp.refused_recipients.clear()
    become_reader(client, smtp, ADA, first_name="Ada", last_name="Lovelace-Example")
    new = subscriber_of(ADA)

    plan = carried_out(again(case))

    assert plan.state == ErasurePlan.State.DONE
    assert plan.known_by == [addresses.digest(ADA).hex()]
    assert subscriber_of(ADA).pk == new.pk
    assert readers().filter(pk=new.pk).exists()
    deliver()
    told = inbox(smtp, ADA)[-1].text
    assert "Your sign-up for our e-mails (1)" in told
    # Once it has left, nobody is known by a code any more.
    assert not ErasurePlan.objects.exclude(known_by=[]).exists()
    assert readers().filter(pk=new.pk).exists()


def test_a_second_search_looks_for_the_address_once_more(
    case: Case, stores: Path, smtp: Relay
) -> None:
    carried_out(case)
    smtp.refused_recipients[ADA] = "550 5.1.1 No such mailbox"
    deliver()
    smtp.refused_recipients.clear()
    (stores / "worker.log").write_text(ADA)
    plan = carried_out(again(case))
    assert plan.state == "residue"
    assert {row.what for row in plan.residue.all()} == {"e-mail address"}


# --- Single places that stay ---


def test_single_places_stay_on_their_ground_until_their_day(
    case: Case, smtp: Relay
) -> None:
    now = timezone.now()
    decision = deciding.propose(case.pk, in_part(keep()), staff_id=DANA, now=now)
    plan = ErasurePlan.objects.get(decision=decision)
    line = plan.places.get(key="sign-up")
    assert (line.fate, line.kept_until) == ("kept", IN_A_YEAR)
    console = console_of(
        person("omar@example.com", "view_case", "work_case", "release_case")
    )
    shown = text(console.get(f"/console/rights_requests/case/{case.pk}/decisions/"))
    until = f"until {in_words(IN_A_YEAR)}"
    assert "Article 17(3)(b)" in shown and until in shown
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasedPlace.objects.filter(pk=line.pk).update(fate="removed")

    approve(decision)
    erasing.work_on_next(timezone.now())

    plan.refresh_from_db()
    assert plan.state == ErasurePlan.State.DONE
    assert again(case).state == State.PARTLY_FULFILLED
    kept = subscriber_of(ADA)
    assert kept.first_name == "Ada" and not readers().filter(pk=kept.pk).exists()
    # What is kept leads to the person, so that a later request finds it.
    assert kept.data_subject.address_digest == addresses.digest(ADA)
    assert kept.data_subject_id == case.submission.data_subject_id
    # A backup that is put back keeps it as well.
    acts = [line.act for line in Reading().lines() if line.act.kind is Kind.ERASED]
    assert acts[-1].purposes == ("person", "sign-up")
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert "Your sign-up for our e-mails" in told and until in told
    assert "A law makes us keep it, such as tax law" in told
    assert "Your sign-up for our e-mails (1)" not in told


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"place": "opt-outs"}, "places that would be deleted"),
        ({"place": "person"}, "places that would be deleted"),
        ({"ground": "no-ground-to-erase"}, r"Article 17\(3\)"),
        ({"until": today_here().isoformat()}, "still to come"),
        ({"until": "2199-01-01"}, "more than ten years"),
    ],
)
def test_what_has_no_ground_no_day_or_nothing_in_it_is_not_kept(
    case: Case, wrong: dict[str, str], words: str
) -> None:
    proposal = in_part(keep(**wrong))
    with pytest.raises(NotAllowed, match=words):
        deciding.propose(case.pk, proposal, staff_id=DANA, now=timezone.now())
    assert not Decision.objects.exists()


def test_staff_choose_on_the_form_what_stays_and_say_until_when(case: Case) -> None:
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    act = f"/console/rights_requests/case/{case.pk}/propose-part/"
    page = console.get(act)
    assert "Keep “Your sign-up for our e-mails” (1)?" in text(page)
    [form] = [form for form in forms(page) if "seen" in form.fields]
    given = {
        **form.fields,
        **{
            name: str(value)
            for name, value in vars(in_part()).items()
            if name in ("ground", "reasons", "outcome", "left_out")
        },
        "keep_sign-up": "legal-obligation",
        "step": "send",
    }
    refused = console.post(act, {**given, "until_sign-up": ""})
    assert "Say until when it is kept" in text(refused)
    until = {"keep_sign-up": "", "until_sign-up": IN_A_YEAR.isoformat()}
    dropped = console.post(act, {**given, **until})
    assert "Choose why it is kept, or take the day out" in text(dropped)
    assert not ErasedPlace.objects.exists()
    console.post(act, {**given, "until_sign-up": IN_A_YEAR.isoformat()})
    line = ErasedPlace.objects.get(key="sign-up")
    assert (line.fate, line.ground) == ("kept", "legal-obligation")


def test_what_was_kept_long_enough_stands_on_the_first_page(case: Case) -> None:
    now = timezone.now()
    decision = deciding.propose(case.pk, in_part(keep()), staff_id=DANA, now=now)
    approve(decision)
    erasing.work_on_next(timezone.now())
    assert waiting.deletions(most=9, now=timezone.now()) == []
    [line] = waiting.deletions(most=9, now=timezone.now() + timedelta(days=367))
    assert line.case == case and "day that is over" in line.what


# --- What comes while it is carried out ---

MIDDLE = "sign-up"


def stopped_midway(case: Case, act: Callable[[], object]) -> ErasurePlan:
    """A worker is at it; before it comes to one of the last places, something happens."""
    decision = propose(case)
    approve(decision)
    with broken_off_at(MIDDLE):
        erasing.work_on_next(timezone.now())
    assert ErasurePlan.objects.get(decision=decision).state == "erasing"
    act()
    erasing.work_on_next(timezone.now() + timedelta(minutes=2))
    return ErasurePlan.objects.get(decision=decision)


def restrict(case: Case) -> None:
    asked = restriction.Asked(Ground.CLAIMS, "They need it.", ADA)
    restriction.restrict(case.submission.data_subject_id, asked, staff_id=DANA)


@pytest.mark.parametrize("bind", [hold, restrict])
def test_what_binds_the_data_stops_a_deletion_between_two_places(
    case: Case, bind: Callable[[Case], object]
) -> None:
    plan = stopped_midway(case, lambda: bind(case))

    assert (plan.state, plan.problem, plan.sought) == ("stopped", "midway", {})
    undone = plan.places.filter(done_at=None).values_list("key", flat=True)
    assert MIDDLE in undone and "case-contacts" not in undone
    assert again(case).state == State.IN_PROGRESS
    # What is left leads to the person again, and sends them nothing.
    kept = subscriber_of(ADA)
    assert kept.first_name == "Ada"
    assert kept.data_subject_id == case.submission.data_subject_id
    assert kept.data_subject.address_digest == addresses.digest(ADA)
    assert not readers().filter(pk=kept.pk).exists()
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.ERASURE_STOPPED)
    assert entry.inputs["because"] == "midway" and entry.inputs["left"] > 0
    assert erasing.work_on_next(timezone.now() + timedelta(hours=1)) is None


def typed_on_the_console(act: str) -> None:
    """By the address of the person, as it is known to whoever acts."""
    page, permission, words = {
        "hold": ("legalhold", "place_legalhold", HOLD | {"people": ADA}),
        "restrict": ("restriction", "impose_restriction", RESTRICT | {"address": ADA}),
    }[act]
    console = console_of(person(f"{act}@example.com", permission))
    response = console.post(f"/console/data_subjects/{page}/add/", words)
    assert response.status_code == 302
    said = text(console.get(response["Location"], follow=True))
    assert (
        "A deletion of their data has begun: what is left of it by now is kept." in said
    )


@pytest.mark.parametrize("is_somebody_new", [False, True])
@pytest.mark.parametrize("act", ["hold", "restrict"])
def test_what_is_typed_by_the_address_of_the_person_stops_a_deletion_that_runs(
    client: Client, case: Case, smtp: Relay, act: str, is_somebody_new: bool
) -> None:
    def bind() -> None:
        if is_somebody_new:
            become_reader(client, smtp, ADA, first_name="New")
        typed_on_the_console(act)

    plan = stopped_midway(case, bind)

    assert (plan.state, plan.problem) == ("stopped", "midway")
    was = case.submission.data_subject_id
    left = Subscriber.objects.get(data_subject=was)
    assert left.first_name == "Ada" and restriction.is_kept(was)
    now = subscriber_of(ADA)
    assert restriction.is_kept(now.data_subject_id)
    assert (now.first_name == "New") is is_somebody_new
    assert (now.pk == left.pk) is not is_somebody_new


def pages_of_what_binds(act: str) -> list[str]:
    """As whoever may see them reads them on the console."""
    rows: Any = (LegalHold if act == "hold" else Restriction).objects.order_by("pk")
    model = rows.model._meta.model_name
    console = console_of(person("eve@example.com", f"view_{model}"))
    path = f"/console/data_subjects/{model}"
    return [plain(console.get(f"{path}/{row.pk}/change/")) for row in rows]


@pytest.mark.parametrize("act", ["hold", "restrict"])
def test_the_page_of_what_binds_two_by_one_address_says_why(
    case: Case, act: str
) -> None:
    stopped_midway(case, lambda: typed_on_the_console(act))

    pages = pages_of_what_binds(act)
    assert len(pages) == {"hold": 1, "restrict": 2}[act]
    for shown in pages:
        assert shown.count(ADA) == 1
        assert "Two people by one address" in shown
        assert "a deletion had begun" in shown


@pytest.mark.parametrize("act", ["hold", "restrict"])
def test_what_binds_one_person_by_their_address_says_nothing_of_two(
    case: Case, act: str
) -> None:
    {"hold": hold, "restrict": restrict}[act](case)
    [shown] = pages_of_what_binds(act)
    assert ADA in shown and "by one address" not in shown


def test_an_uploaded_list_makes_nobody_of_whom_only_the_address_was_typed(
    client: Client, case: Case, smtp: Relay
) -> None:
    """It holds lines of several people, and none of them with this address."""
    importing.keep_upload(
        "email,first_name\nxenia@example.com,Xenia\n",
        file_name="people.csv",
        staff_id=1,
    )
    plan = stopped_midway(case, lambda: typed_on_the_console("hold"))

    assert (plan.state, plan.problem) == ("stopped", "midway")
    was = case.submission.data_subject
    was.refresh_from_db()
    assert was.address_digest == addresses.digest(ADA)
    assert subscriber_of(ADA).data_subject_id == was.pk


def test_whoever_says_no_under_the_same_address_keeps_what_is_left(case: Case) -> None:
    """An objection sets the data aside in the moment it comes."""

    def object_again() -> None:
        lives.new_case(CaseKind.OBJECTION, address=ADA)

    plan = stopped_midway(case, object_again)

    assert (plan.state, plan.problem) == ("stopped", "midway")
    was = case.submission.data_subject_id
    assert Subscriber.objects.get(data_subject=was).first_name == "Ada"
    assert restriction.is_restricted(was)


def test_a_hold_by_address_after_the_last_place_keeps_the_file_and_lets_the_case_close(
    case: Case, stores: Path
) -> None:
    (stores / "worker.log").write_text(ADA)
    plan = carried_out(case)
    assert plan.state == "residue"
    typed_on_the_console("hold")
    (stores / "worker.log").unlink()
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())

    assert again(case).state == State.FULFILLED
    letter = Letter.objects.filter(case=case, kind=LetterKind.ANSWER).latest("pk")
    assert "we delete your address" not in str(letter.blocks)
    deliver()
    # The file of the case is held, and so is whoever comes with the address.
    assert again(case).submission.address == ADA
    assert restriction.is_kept(case.submission.data_subject_id)
    assert restriction.is_kept(subject_of(ADA).pk)


def test_the_letter_to_somebody_held_says_how_long_their_address_is_named_there(
    case: Case, stores: Path, smtp: Relay
) -> None:
    (stores / "worker.log").write_text(ADA)
    plan = carried_out(case)
    hold_by_address(case)
    (stores / "worker.log").unlink()
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())
    deliver()

    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert "Legal claims for which your data is kept." in told
    assert (
        "Your address in it goes now, unless the claim still stands: then it is kept as "
        "long (UK GDPR, Article 17(3)(e))." in told
    )
    held = case.submission.data_subject_id
    assert HeldPerson.objects.get(data_subject=held).address == ADA


def hold_by_address(case: Case, address: str = ADA) -> None:
    """As the console does it: whoever has the address by now is made known, and held."""
    matter = Matter("A claim", "The court asked.", today_here() + timedelta(days=90))
    holds.place(subjects_of([address]), matter, owner_id=DANA, today=today_here())


def test_a_hold_by_an_address_that_was_theirs_stops_a_deletion_as_well(
    client: Client, smtp: Relay
) -> None:
    """A claim may name them by no other."""
    case = read_under_another_address(client, smtp)
    plan = stopped_midway(case, lambda: hold_by_address(case, FORMER))
    assert (plan.state, plan.problem) == ("stopped", "midway")
    kept = subscriber_of(ADA)
    assert kept.data_subject_id == case.submission.data_subject_id
    assert kept.data_subject.address_digest == addresses.digest(ADA)
    assert holds.is_held(kept.data_subject_id)


@pytest.mark.parametrize("place", [hold, hold_by_address])
def test_a_hold_that_is_being_placed_is_waited_for_and_stops_it(
    case: Case, place: Callable[[Case], None]
) -> None:
    approve(propose(case))
    with broken_off_at(MIDDLE):
        erasing.work_on_next(timezone.now())
    locked, committed = threading.Event(), threading.Event()

    def place_slowly() -> None:
        try:
            with transaction.atomic():
                place(case)
                locked.set()
                time.sleep(0.5)
            committed.set()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(place_slowly)
        assert locked.wait(10)
        erasing.work_on_next(timezone.now() + timedelta(minutes=2))
        assert committed.wait(10) and placing.result() is None

    assert ErasurePlan.objects.get().state == "stopped"
    assert subscriber_of(ADA).first_name == "Ada"


@pytest.mark.parametrize(
    "act",
    [
        lambda case: closing.withdraw(case.pk, now=timezone.now()),
        lambda case: visiting.write_message(case.pk, "Wait.", now=timezone.now()),
    ],
)
def test_what_the_person_does_and_a_deletion_wait_for_each_other_in_one_order(
    case: Case, act: Callable[[Case], object]
) -> None:
    """The worker holds the person and waits for the case; a row that refers to the
    person asks for them as its transaction ends."""
    approve(propose(case))
    with broken_off_at(MIDDLE):
        erasing.work_on_next(timezone.now())
    in_a_while = timezone.now() + timedelta(hours=1)
    with transaction.atomic():
        act(case)
        worker = Beside(lambda: erasing.work_on_next(in_a_while))
        assert worker.waits_for_us()

    worker.result()
    plan = ErasurePlan.objects.get()
    assert (plan.state, plan.problem) == ("stopped", "heard")


def test_whoever_looks_for_the_address_finds_the_case_while_its_deletion_runs(
    case: Case,
) -> None:
    begin(case, until=MIDDLE)
    console = console_of(person("dana@example.com", "view_case"))
    find = "/console/rights_requests/case/find/"
    subject = str(case.submission.data_subject_id)
    found = console.post(find, {"address": ADA})["Location"]
    assert subject in found and case.reference in text(console.get(found))
    nobody = console.post(find, {"address": "nobody@example.com"})["Location"]
    assert subject not in nobody


def test_a_deletion_that_was_stopped_shows_itself_with_what_went_and_what_stays(
    case: Case,
) -> None:
    stopped_midway(case, lambda: hold(case))
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    first_page = text(console.get("/console/"))
    assert "Deletions that need a look" in first_page
    assert case.reference in first_page and "Stopped in the middle" in first_page
    shown = text(console.get(f"/console/rights_requests/case/{case.pk}/deletion/"))
    assert "What was left then is kept. Look at it, and decide anew." in shown
    gone, _, left = shown.partition("What was kept")
    assert "What had gone by then" in gone and "Your sign-up for our e-mails" in left


def test_the_answer_after_a_stop_says_what_went_before_it(
    case: Case, smtp: Relay
) -> None:
    details(ADA, employer="Somewhere Ltd")
    plan = stopped_midway(case, lambda: hold(case))
    went = plan.places.filter(erased_count__gt=0).first()
    assert went is not None
    case = again(case)
    refusal = Proposal(
        move=Move.REFUSE, ground="legal-claims", reasons="We need it for the claim."
    )
    with pytest.raises(NotAllowed, match="answer in part"):
        deciding.propose(case.pk, refusal, staff_id=DANA, now=timezone.now())
    part = replace(
        refusal,
        move=Move.FULFIL_IN_PART,
        reasons="We need it for the claim about which we wrote to you in October.",
        outcome="We deleted a part.",
        left_out="Your sign-up.",
    )
    decision = deciding.propose(case.pk, part, staff_id=DANA, now=timezone.now())
    console = console_of(person("dana@example.com", "view_case"))
    assert "Deletions that need a look" not in text(console.get("/console/"))
    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(case),
        staff_id=OMAR,
        now=timezone.now(),
    )
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert f"{went.title} ({went.erased_count})" in told
    assert "Your sign-up for our e-mails (1)" not in told


def test_the_person_takes_it_back_while_it_runs_and_keeps_what_is_left(
    case: Case, smtp: Relay
) -> None:
    plan = stopped_midway(case, lambda: closing.withdraw(case.pk, now=timezone.now()))
    assert (plan.state, plan.problem) == ("stopped", "heard")
    assert again(case).state == State.WITHDRAWN
    assert subscriber_of(ADA).first_name == "Ada"
    # The case is closed: nobody has anything to decide any more.
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    page = text(console.get(f"/console/rights_requests/case/{case.pk}/deletion/"))
    assert "took the request back" in page and "What was left then is kept." in page
    assert "decide anew" not in page and "Emptied: what stays" not in page
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    went = plan.places.filter(erased_count__gt=0).first()
    assert went is not None and f"{went.title} ({went.erased_count})" in told
    assert "cannot be brought back" in told and "stays with us" in told


def test_once_the_hold_is_gone_the_rest_is_decided_anew_and_told_together(
    case: Case, smtp: Relay
) -> None:
    plan = stopped_midway(case, lambda: hold(case))
    went = plan.places.filter(erased_count__gt=0).first()
    assert went is not None
    LegalHold.objects.update(released_at=timezone.now(), released_by_id=DANA)
    deliver()
    assert carried_out(again(case)).state == "done"
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert went.title in told and "Your sign-up for our e-mails (1)" in told
    subject = case.submission.data_subject
    assert not Subscriber.objects.filter(data_subject=subject).exists()


# --- What is left ---


def a_table() -> Any:
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stray (line text); GRANT ALL ON stray TO PUBLIC")
        cursor.execute("INSERT INTO stray VALUES (%s)", [f"Dear {ADA.upper()},"])

    def take_away() -> None:
        with acting_as(None), connection.cursor() as cursor:
            cursor.execute("DROP TABLE stray")

    return take_away


def an_encrypted_field_of_somebody_else() -> Any:
    details(BEN, employer="c/o Ada  LOVELACE-example")
    return lambda: details(BEN, employer="")


def a_code_in_bytes() -> Any:
    row = InboundEmail.objects.create(
        digest=addresses.digest(ADA), raw_message="x", state="closed"
    )
    return row.delete


def a_message_in_the_queue() -> Any:
    packed = base64.b64encode(json.dumps([["to", ADA]]).encode()).decode()
    store = redis.Redis.from_url(house.REDIS_URL)
    store.lpush("stray queue", json.dumps({"body": packed}))
    return lambda: store.delete("stray queue")


def a_key_of_the_cache() -> Any:
    store = redis.Redis.from_url(house.REDIS_URL)
    store.hset(f"of {ADA}", "tel", "+44 (0)1332 555-0100")
    return lambda: store.delete(f"of {ADA}")


def a_file_in_the_vault() -> Any:
    stored = vault.put([b"x" * 70_000, f"Call {ADA}".encode()])
    return lambda: vault.remove(stored.name)


def an_archive_in_the_vault() -> Any:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("letter.xml", f"<p>{ADA}</p>")
    stored = vault.put([packed.getvalue()])
    return lambda: vault.remove(stored.name)


def half_a_copy_in_the_vault() -> Path:
    """Its writer was killed over it: it has no row, and whoever has the key reads it."""
    stored = vault.put([f"Call {ADA}".encode(), b"x" * 200_000])
    [whole] = Path(house.VAULT_DIR).glob(f"??/{stored.name}")
    half = whole.with_suffix(".part")
    half.write_bytes(whole.read_bytes()[:140_000])
    whole.unlink()
    return half


def a_log(stores: Path) -> Any:
    path = stores / "logs" / "worker.log"
    path.parent.mkdir()
    path.write_text(f"GET /x/?e={ADA.replace('@', '%40')} 200\n")
    return path.unlink


def a_name_of_a_file(stores: Path) -> Any:
    path = stores / f"{ADA}.txt"
    path.write_text("")
    return path.unlink


PLANTS = [
    a_table,
    an_encrypted_field_of_somebody_else,
    a_code_in_bytes,
    a_message_in_the_queue,
    a_key_of_the_cache,
    a_file_in_the_vault,
    an_archive_in_the_vault,
    a_log,
    a_name_of_a_file,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_stray_copy_keeps_the_case_open_until_it_is_gone(
    case: Case, stores: Path, smtp: Relay, plant: Any
) -> None:
    decision = propose(case)
    approve(decision)
    take_away = plant(stores) if inspect.signature(plant).parameters else plant()
    ErasurePlan.objects.update(fingerprint=fingerprint_now(case))

    try:
        erasing.work_on_next(timezone.now())
        plan = ErasurePlan.objects.get(decision=decision)
        found = list(plan.residue.all())
    finally:
        take_away()

    assert plan.state == "residue"
    assert found and again(case).state == State.IN_PROGRESS
    assert ADA not in "".join(f"{row.place}{row.row}{row.what}" for row in found)
    entries = CaseLogEntry.objects.filter(case_id=case.pk, event=Event.RESIDUE_FOUND)
    assert entries.get().inputs["count"] == len(found)
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())
    assert again(case).state == State.FULFILLED
    assert not Residue.objects.filter(gone_at=None).exists()


def test_what_was_found_is_looked_for_again_while_somebody_has_yet_to_be_told(
    case: Case, stores: Path
) -> None:
    """The list of what was found does not vanish meanwhile."""
    disclosures.record(
        case.submission.data_subject_id, GIVEN, staff_id=DANA, today=today_here()
    )
    log = stores / "worker.log"
    log.write_text(ADA)
    plan = carried_out(case)
    telling.set_tasks(timezone.now())
    assert plan.state == "residue" and closing.why_untold(again(case))

    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now() + timedelta(seconds=1))
    plan.refresh_from_db()
    assert (plan.state, plan.searches_count) == ("residue", 2)

    log.unlink()
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now() + timedelta(seconds=2))
    plan.refresh_from_db()
    assert (plan.state, plan.searches_count) == ("searching", 3)
    assert not plan.residue.in_the_way().exists()
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    page = text(console.get(f"/console/rights_requests/case/{case.pk}/deletion/"))
    assert "has yet to be told" in page and "is being looked through" not in page


def test_no_case_closes_over_a_file_that_is_not_whole(case: Case) -> None:
    """It is looked at again by itself: somebody finishes it, or nobody ever does."""
    half = half_a_copy_in_the_vault()
    plan = carried_out(case)
    assert plan.state == "searching" and again(case).state == State.IN_PROGRESS
    later = timezone.now() + timedelta(minutes=2)
    erasing.work_on_next(later)
    assert again(case).state == State.IN_PROGRESS

    long_ago = (timezone.now() - timedelta(minutes=20)).timestamp()
    os.utime(half, times=(long_ago, long_ago))
    erasing.work_on_next(later + timedelta(minutes=2))

    assert again(case).state == State.FULFILLED
    assert not half.exists()


def test_that_it_waits_for_a_file_is_shown_and_ends_after_an_hour(case: Case) -> None:
    """Somebody may write to it without end."""
    half = half_a_copy_in_the_vault()
    plan = carried_out(case)
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    page = f"/console/rights_requests/case/{case.pk}/deletion/"
    shown = text(console.get(page))
    assert "A file is being written" in shown
    assert "is being looked through" not in shown
    assert waiting.deletions(most=9, now=timezone.now()) == []
    # What somebody has to do comes first.
    visiting.write_message(case.pk, "Is it done?", now=timezone.now())
    shown = text(console.get(page))
    assert "nobody has read it yet" in shown and "file is being" not in shown
    handling.mark_read(Message.objects.get(case=case).pk, now=timezone.now())

    def goes_on(minutes: int) -> None:
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            os.utime(half, times=(time.time(), time.time()))
            erasing.work_on_next(timezone.now())
            plan.refresh_from_db()

    goes_on(30)
    assert plan.state == "searching"
    [line] = waiting.deletions(most=9, now=timezone.now() + timedelta(minutes=31))
    assert line.case == case
    assert erasing.waits_for_a_file(plan, timezone.now() + timedelta(minutes=59))
    assert not erasing.waits_for_a_file(plan, timezone.now() + timedelta(minutes=61))
    goes_on(62)
    assert plan.state == "residue"
    assert "never finished" in plan.residue.get().row
    half.unlink()
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now() + timedelta(minutes=63))
    assert again(case).state == State.FULFILLED


def fingerprint_now(case: Case) -> bytes:
    return fingerprint(person_of(case.submission.data_subject_id))


def test_what_is_somebody_elses_stays_when_two_people_agree(
    case: Case, client: Client
) -> None:
    details(BEN, employer="Ada Lovelace-Example and Sons")
    plan = carried_out(case)
    [row] = plan.residue.all()
    assert (row.place, row.what) == ("table subscribers_subscriber, employer", "name")
    worker = console_of(person("dana@example.com", "view_case", "work_case"))
    page = text(worker.get(f"/console/rights_requests/case/{case.pk}/deletion/"))
    reader = f"/console/subscribers/subscriber/{subscriber_of(BEN).pk}/change/"
    assert f'In the record of <a href="{reader}">the page of this reader</a>' in page
    case_page = text(worker.get(f"/console/rights_requests/case/{case.pk}/change/"))
    assert "The letter about two months more" not in case_page
    now = timezone.now()
    with pytest.raises(NotAllowed, match="Nobody has said why"):
        agree(row, now=now)
    with pytest.raises(NotAllowed, match="Say whose it is"):
        residue.propose_to_keep(row.pk, residue.Keep(" "), staff_id=DANA, now=now)
    its_firm = residue.Keep("A firm of that name.")
    residue.propose_to_keep(row.pk, its_firm, staff_id=DANA, now=now)
    with pytest.raises(NotAllowed, match="somebody else has to agree"):
        agree(row, by=DANA, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Residue.objects.update(agreed_by_id=DANA, agreed_at=now)
    agree(row, now=now)
    with pytest.raises(NotAllowed, match="dealt with already"):
        agree(row, now=now)
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())
    assert again(case).state == State.FULFILLED
    with pytest.raises(NotAllowed, match="Nothing was found"):
        residue.search_again(plan.pk)


def test_what_could_not_be_looked_into_is_not_called_found(
    case: Case, stores: Path
) -> None:
    (stores / "old.rar").write_bytes(b"Rar!\x1a\x07" + b"\0" * 20)
    dana = console_of(person("dana@example.com", "view_case", "work_case"))
    page = f"/console/rights_requests/case/{case.pk}/deletion/"
    with made("CREATE TABLE shut (name text)", "DROP TABLE shut"):
        carried_out(case)
        shown = plain(dana.get(page))
    assert "Could not be looked into: table shut, all of it" in shown
    assert "Could not be looked into: folder" in shown and "old.rar" in shown
    assert shown.count("Nobody knows whether anything of the person is there.") == 2
    assert "let our database role read the whole table" in shown
    assert "Cannot be read in" not in shown and "This was found." not in shown
    assert "as far as it can read them" in shown


def plain(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", text(response)).split())


def agree(row: Residue, *, by: int = OMAR, now: datetime | None = None) -> None:
    """Whoever does reads what is proposed at this moment."""
    row.refresh_from_db()
    now, seen = now or timezone.now(), residue.code_of(row)
    residue.agree_to_keep(row.pk, seen=seen, staff_id=by, now=now)


def test_what_two_agree_on_is_what_the_second_read_and_its_day_is_to_come(
    case: Case, stores: Path
) -> None:
    (stores / "claim.txt").write_text(f"Paid to {ADA}")
    [row] = carried_out(case).residue.all()
    now = timezone.now()
    tomorrow = today_here() + timedelta(days=1)
    claim = residue.Keep("We may need it.", "legal-claims", tomorrow)
    residue.propose_to_keep(row.pk, claim, staff_id=DANA, now=now)
    row.refresh_from_db()
    seen = residue.code_of(row)
    law = residue.Keep("We may need it.", "legal-obligation", tomorrow)
    residue.propose_to_keep(row.pk, law, staff_id=DANA, now=now)
    with pytest.raises(NotAllowed, match="read it once more"):
        residue.agree_to_keep(row.pk, seen=seen, staff_id=OMAR, now=now)
    with pytest.raises(NotAllowed, match="propose it anew"):
        agree(row, now=now + timedelta(days=1))
    agree(row, now=now)
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.RESIDUE_KEPT)
    assert (entry.inputs["residue"], entry.inputs["until"]) == (
        row.pk,
        tomorrow.isoformat(),
    )


def kept_by_two(plan: ErasurePlan) -> None:
    """All of what was found, and then it is looked for once more."""
    for row in plan.residue.all():
        why = residue.Keep("We may not open it.", "legal-claims", IN_A_YEAR)
        now = timezone.now()
        residue.propose_to_keep(row.pk, why, staff_id=DANA, now=now)
        agree(row, now=now)
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())


def test_of_a_place_that_nobody_could_look_into_the_person_reads_just_that(
    case: Case, stores: Path, smtp: Relay
) -> None:
    (stores / "old.rar").write_bytes(b"Rar!\x1a\x07" + b"\0" * 20)
    (stores / "claim.txt").write_text(f"Paid to {ADA}")
    with made("CREATE TABLE shut (name text)", "DROP TABLE shut"):
        kept_by_two(carried_out(case))

    assert again(case).state == State.FULFILLED
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert (
        "2 places that we could not look into. We do not know whether anything about "
        "you is there. They stay as they are. It is needed to bring or answer a legal "
        f"claim (UK GDPR, Article 17(3)(e)). Kept: until {in_words(IN_A_YEAR)}." in told
    )
    assert "What our search still found of you: your e-mail address. It is" in told
    assert "a file that" not in told


def test_what_has_to_stay_of_the_person_is_told_and_what_is_somebody_elses_is_not(
    case: Case, stores: Path, smtp: Relay
) -> None:
    details(BEN, employer="Ada Lovelace-Example and Sons")
    (stores / "claim.txt").write_text(f"Paid to {ADA}")
    plan = carried_out(case)
    dana = console_of(person("dana@example.com", "view_case", "work_case"))
    omar = console_of(
        person("omar@example.com", "view_case", "work_case", "release_case")
    )
    for row in plan.residue.all():
        keep = f"/console/rights_requests/residue/{row.pk}/keep/"
        whose = "somebody-else" if row.what == "name" else "legal-obligation"
        until = IN_A_YEAR.isoformat() if whose == "legal-obligation" else ""
        typed = {"because": "We looked.", "whose": whose, "until": until}
        for bad in ({"because": ""}, {"whose": ""}, {"whose": "mood"}):
            refused = dana.post(keep, typed | bad)
            assert refused.status_code == 409
            assert "Choose whose it is" in text(refused)
        assert dana.post(keep, typed).status_code == 302
    shown = text(omar.get(f"/console/rights_requests/case/{case.pk}/deletion/"))
    assert "It is somebody else’s" in shown and "It is theirs, and stays." in shown
    assert f"until {in_words(IN_A_YEAR)}" in shown
    for row in plan.residue.all():
        url = f"/console/rights_requests/residue/{row.pk}/agree/"
        assert omar.post(url).status_code == 409
        row.refresh_from_db()
        assert f'name="seen" value="{residue.code_of(row)}"' in shown
        assert omar.post(url, {"seen": residue.code_of(row)}).status_code == 302
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())

    assert again(case).state == State.FULFILLED
    deliver()
    told = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert "What our search still found of you: your e-mail address. A law" in told
    assert f"Kept: until {in_words(IN_A_YEAR)}." in told
    assert "your name" not in told
    # When that day is over, somebody is asked to look.
    assert waiting.deletions(most=9, now=timezone.now()) == []
    [line] = waiting.deletions(most=9, now=timezone.now() + timedelta(days=367))
    assert line.case == case and "day that is over" in line.what
    assert line.state == waiting.TAKE_AWAY
    kept = plan.residue.get(ground="legal-obligation")
    gone = f"/console/rights_requests/residue/{kept.pk}/gone/"
    assert dana.post(gone).status_code == 409
    with time_machine.travel(timezone.now() + timedelta(days=367), tick=False):
        dana = console_of(person("dora@example.com", "view_case", "work_case"))
        page = f"/console/rights_requests/case/{case.pk}/deletion/"
        assert "It is gone" in text(dana.get(page))
        assert dana.post(gone).status_code == 302
        assert dana.post(gone).status_code == 409
        assert waiting.deletions(most=9, now=timezone.now()) == []
        assert "It is gone" not in text(dana.get(page))
    entries = CaseLogEntry.objects.filter(case_id=case.pk, event=Event.RESIDUE_GONE)
    assert entries.get().inputs["residue"] == kept.pk


@pytest.mark.parametrize(
    ("whose", "until", "words"),
    [
        ("legal-obligation", "", "Say until when"),
        ("legal-obligation", "soon", "Say until when"),
        ("legal-obligation", today_here().isoformat(), "still to come"),
        ("legal-obligation", "2199-01-01", "more than ten years"),
        ("somebody-else", IN_A_YEAR.isoformat(), "no day"),
    ],
)
def test_what_is_theirs_stays_until_a_day_and_what_is_not_has_none(
    case: Case, stores: Path, whose: str, until: str, words: str
) -> None:
    (stores / "claim.txt").write_text(f"Paid to {ADA}")
    [row] = carried_out(case).residue.all()
    dana = console_of(person("dana@example.com", "view_case", "work_case"))
    typed = {"because": "We looked.", "whose": whose, "until": until}
    refused = dana.post(f"/console/rights_requests/residue/{row.pk}/keep/", typed)
    assert refused.status_code == 409 and words in text(refused)
    row.refresh_from_db()
    assert (row.kept_because, row.kept_until) == ("", None)


def test_what_is_left_stands_on_the_first_page_and_in_the_evidence(
    case: Case, stores: Path
) -> None:
    (stores / "worker.log").write_text(ADA)
    plan = carried_out(case)
    console = console_of(person("dana@example.com", "view_case", "work_case"))
    first_page = text(console.get("/console/"))
    assert "Deletions that need a look" in first_page and case.reference in first_page
    shown = text(console.get(f"/console/rights_requests/case/{case.pk}/deletion/"))
    assert "Something is left" in shown and "worker.log" in shown and ADA not in shown
    assert "Look at what is left" in text(
        console.get(f"/console/rights_requests/case/{case.pk}/change/")
    )

    made = io.BytesIO(b"".join(bundle(again(case), staff_id=7, now=timezone.now())))
    [told] = json.loads(zipfile.ZipFile(made).read("erasures.json"))
    assert told["state"] == plan.get_state_display()
    assert told["found_afterwards"][0]["place"].startswith("folder")
    assert ADA not in json.dumps(told)


def test_an_approved_deletion_that_does_not_begin_stands_on_the_first_page(
    case: Case,
) -> None:
    """Such as one that waits behind a message which nobody has read."""
    approve(propose(case))
    InboundEmail.objects.create(digest=b"1" * 32, raw_message="Stop!")
    erasing.work_on_next(timezone.now())
    for minutes, is_shown in ((59, False), (61, True)):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            name = f"dana{minutes}@example.com"
            page = console_of(person(name, "view_case", "work_case")).get("/console/")
        assert ("Deletions that need a look" in text(page)) == is_shown


# --- Broken off, and at once ---


def test_it_goes_on_where_it_was_broken_off(case: Case) -> None:
    """Once at each place the database refuses to note that it is done: all that was done
    there is undone, and nothing before it is done twice."""
    decision = propose(case)
    approve(decision)
    now = timezone.now()
    keys = [place.key for place in erasure_places.places()]
    for count, key in enumerate(keys):
        with broken_off_at(key):
            erasing.work_on_next(now)
        plan = ErasurePlan.objects.get(decision=decision)
        assert plan.state == "erasing" and plan.problem == "place"
        done = plan.places.exclude(done_at=None).values_list("key", flat=True)
        assert list(done) == keys[:count]
        assert erasing.work_on_next(timezone.now()) is None  # put off for a minute
        now = timezone.now() + timedelta(minutes=2)
    assert again(case).state == State.IN_PROGRESS

    erasing.work_on_next(now)

    assert again(case).state == State.FULFILLED
    of_person = Subscriber.objects.filter(data_subject=case.submission.data_subject)
    assert not of_person.exists()
    sign_up = plan.places.get(key="sign-up")
    assert sign_up.erased_count == 1


@contextmanager
def broken_off_at(key: str) -> Iterator[None]:
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute(BREAK.format(key=key))
    try:
        yield
    finally:
        with acting_as(None), connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION break_off CASCADE")


BREAK = """
    CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the worker died'; END $$;
    CREATE TRIGGER break_off BEFORE UPDATE ON rights_requests_erasedplace
    FOR EACH ROW WHEN (NEW.key = '{key}' AND NEW.done_at IS NOT NULL)
    EXECUTE FUNCTION break_off();
"""


def test_whoever_signs_up_again_meanwhile_is_somebody_new(
    client: Client, case: Case, stores: Path, smtp: Relay
) -> None:
    log = stores / "worker.log"
    log.write_text(ADA)
    plan = carried_out(case)
    assert plan.state == "residue"

    become_reader(client, smtp, ADA, first_name="Ada")
    log.unlink()
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())

    assert again(case).state == State.FULFILLED
    new = subscriber_of(ADA)
    assert new.data_subject_id != case.submission.data_subject_id
    assert new.status == Subscriber.Status.CONFIRMED


def test_whoever_signs_up_again_while_places_are_erased_is_somebody_new_too(
    client: Client, case: Case, smtp: Relay
) -> None:
    approve(propose(case))
    with broken_off_at("copies"):
        erasing.work_on_next(timezone.now())
    assert ErasurePlan.objects.get().state == "erasing"

    become_reader(client, smtp, ADA, first_name="Ada")
    erasing.work_on_next(timezone.now() + timedelta(minutes=2))

    assert again(case).state == State.FULFILLED
    new = subscriber_of(ADA)
    assert new.data_subject_id != case.submission.data_subject_id
    assert new.status == Subscriber.Status.CONFIRMED


def test_what_somebody_new_hands_in_meanwhile_is_theirs(
    client: Client, case: Case, smtp: Relay
) -> None:
    begin(case)
    become_reader(client, smtp, ADA, first_name="Ada")
    new = lives.new_case(CaseKind.COMPLAINT, address=ADA, words=f"I am {ADA}.")
    paper = check_upload(upload("mine.txt", f"Written by {ADA}".encode()))
    [document] = visiting.add_documents(new.pk, [paper], "evidence", now=timezone.now())
    InboundEmail.objects.create(
        digest=b"1" * 32,
        raw_message=f"From: {ADA}",
        sender_digest=addresses.digest(ADA),
        state=InboundEmail.State.CLAIMED,
    )
    deliver()

    erasing.work_on_next(timezone.now() + timedelta(minutes=2))

    assert again(case).state == State.FULFILLED
    assert new.submission.data_subject_id != case.submission.data_subject_id
    assert b"Written by" in b"".join(vault.read(document.vault_name))
    assert InboundEmail.objects.exists()


def begin(case: Case, *, until: str = "sign-up") -> ErasurePlan:
    """Approved, begun, and broken off at this place; those of mail come before the
    sign-up."""
    plan = ErasurePlan.objects.get(decision=propose(case))
    approve(plan.decision)
    with broken_off_at(until):
        erasing.work_on_next(timezone.now())
    plan.refresh_from_db()
    assert plan.state == "erasing"
    return plan


@pytest.mark.parametrize("until", ["mail-to-you", "sign-up"])
def test_a_letter_written_meanwhile_leaves_and_keeps_nothing_open(
    case: Case, smtp: Relay, until: str
) -> None:
    plan = begin(case, until=until)
    words = {"message": "We are deleting your data now."}
    handling.write_to_person(case.pk, words, staff_id=DANA, now=timezone.now())

    erasing.work_on_next(timezone.now() + timedelta(minutes=2))
    plan.refresh_from_db()
    assert (plan.state, plan.searches_count) == ("searching", 0)
    assert "We are deleting your data now." in inbox(smtp, ADA)[-1].text
    deliver()
    erasing.work_on_next(timezone.now() + timedelta(minutes=4))

    assert again(case).state == State.FULFILLED
    mail = plan.places.get(key="mail-to-you")
    assert mail.erased_count == (mail.seen_count or 0) + 1
    assert not plan.residue.exists()


def test_a_mail_that_comes_meanwhile_stays_until_somebody_has_looked_at_it(
    case: Case,
) -> None:
    begin(case, until="mail-from-you")
    mail = InboundEmail.objects.create(
        digest=b"1" * 32,
        raw_message=f"From: {ADA}\n\nStop!",
        sender_digest=addresses.digest(ADA),
        state=InboundEmail.State.WAITING,
    )

    erasing.work_on_next(timezone.now() + timedelta(minutes=2))

    plan = ErasurePlan.objects.get()
    assert plan.state == "residue" and again(case).state == State.IN_PROGRESS
    assert InboundEmail.objects.filter(pk=mail.pk).exists()
    places = {row.place for row in plan.residue.in_the_way()}
    assert places == {
        "table outbox_inboundemail, raw_message",
        "table outbox_inboundemail, sender_digest",
    }
    InboundEmail.objects.update(state=InboundEmail.State.CLOSED)
    residue.search_again(plan.pk)
    erasing.work_on_next(timezone.now())
    assert again(case).state == State.FULFILLED
    assert not InboundEmail.objects.exists()


WAIT = "Please wait, I need my consent record for a claim: 07700 900123."


def mail_from(address: str, case: Case) -> None:
    inbound.store(
        f"From: {address}\nTo: x@example.com\nSubject: {case.reference}\n"
        f"Message-ID: <1@example.com>\n\n{WAIT}\n".encode()
    )
    inbound.read_new()


@pytest.mark.parametrize("is_found", [True, False])
def test_a_message_that_comes_at_the_end_is_read_before_the_case_closes(
    case: Case, stores: Path, smtp: Relay, is_found: bool
) -> None:
    """While something is left, or while somebody has to be told."""
    if is_found:
        (stores / "old.txt").write_text(ADA)
    else:
        person_id = case.submission.data_subject_id
        disclosures.record(person_id, GIVEN, staff_id=DANA, today=today_here())
    plan = carried_out(case)
    assert plan.state == ("residue" if is_found else "searching")
    (stores / "old.txt").unlink(missing_ok=True)
    telling.set_tasks(timezone.now())
    mail_from(ADA, case)
    for task in Task.objects.filter(case=case, done_at=None):
        told = telling.Told(Task.Outcome.TOLD, "By letter.")
        telling.answer(task.pk, told, staff_id=DANA, now=timezone.now())

    console = console_of(person("dana@example.com", "view_case", "work_case"))
    page = f"/console/rights_requests/case/{case.pk}/deletion/"
    search = f"/console/rights_requests/case/{case.pk}/deletion-search/"
    if is_found:
        answer = console.post(search)
        assert answer.status_code == 409
        assert "nobody has read it yet" in text(answer)
    erasing.work_on_next(timezone.now() + timedelta(hours=1))
    assert again(case).state == State.IN_PROGRESS
    assert "nobody has read it yet" in text(console.get(page))

    [message] = Message.objects.filter(case=case)
    handling.mark_read(message.pk, now=timezone.now())
    if is_found:
        console.post(search)
    erasing.work_on_next(timezone.now() + timedelta(hours=3))
    assert again(case).state == State.FULFILLED
    deliver()
    assert "What you wrote about your requests" in inbox(smtp, ADA)[-1].text


def test_two_workers_do_it_once(case: Case) -> None:
    approve(propose(case))

    def work(_: int) -> bool:
        try:
            return erasing.work_on_next(timezone.now()) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    entries = CaseLogEntry.objects.filter(case_id=case.pk)
    assert entries.filter(event=Event.ERASED).count() == 1
    assert entries.filter(event=Event.ERASURE_BEGUN).count() == 1
    assert again(case).state == State.FULFILLED


def test_it_ends_only_once_whoever_had_the_data_has_been_told(case: Case) -> None:
    """Article 19: the tasks are there as soon as it has begun, the mailbox of the person
    can still be written to, and the last look for what is left comes after them."""
    person = case.submission.data_subject_id
    for name in ("Alpha Ltd", "Beta Ltd"):
        given = replace(GIVEN, recipient=name)
        disclosures.record(person, given, staff_id=DANA, today=today_here())
    plan = carried_out(case)
    assert plan.state == ErasurePlan.State.SEARCHING
    assert telling.set_tasks(timezone.now()) == 1
    tasks = list(Task.objects.filter(case=case).order_by("recipient"))
    assert [task.recipient for task in tasks] == ["Alpha Ltd", "Beta Ltd"]
    assert "deleted here" in tasks[0].what

    for task in tasks:
        erasing.work_on_next(timezone.now() + timedelta(hours=1))
        assert again(case).state == State.IN_PROGRESS
        told = telling.Told(Task.Outcome.TOLD, "By letter.")
        telling.answer(task.pk, told, staff_id=DANA, now=timezone.now())
    plan.refresh_from_db()
    assert plan.searches_count == 1
    erasing.work_on_next(timezone.now() + timedelta(hours=1))

    assert again(case).state == State.FULFILLED
    plan.refresh_from_db()
    assert plan.searches_count == 2
    deliver()
    assert again(case).submission.address == ""
