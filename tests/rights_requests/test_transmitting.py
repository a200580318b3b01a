"""A person's file, sent straight to another organisation (Art. 20(2)), held against one
that listens on this machine and misbehaves in every way."""

import json
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from data_subjects import restriction
from data_subjects.models import (
    Disclosure,
    DisclosureEvidence,
    Ground,
    UseDespite,
)
from groundwork import connector_keys, outside_calls
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import (
    acknowledging,
    casebook,
    closing,
    deciding,
    handling,
    links,
    sending_lines,
    tasks,
)
from rights_requests.closing import Answer
from rights_requests.deciding import Proposal
from rights_requests.filing import file_documents
from rights_requests.fulfilment import releasing, transmissions, transmitting
from rights_requests.fulfilment.marks import Extent, Reason
from rights_requests.fulfilment.redacting import Wanted
from rights_requests.fulfilment.transmissions import Receiver as Known
from rights_requests.handling import Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Letter,
    Transmission,
)
from rights_requests.moves import Move
from rights_requests.uploads import check_upload
from tests.console.staff import dana, text
from tests.people import ADA, become_reader, inbox
from tests.relay import Relay
from tests.rights_requests import lives, receiver
from tests.rights_requests.asking import ASK, check, sent
from tests.rights_requests.copying import (
    MAKER,
    READER,
    leave_out,
    put_together,
    released,
)
from tests.rights_requests.own_pages import confirm_path, text_of
from tests.rights_requests.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
State, Problem = Transmission.State, Transmission.Problem
CLUB = Known("Example Reading Club", "GB")


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def club() -> Iterator[Receiver]:
    with receiver.running(connector_keys.public_key_pem()) as listening:
        yield listening


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    become_reader(client, smtp, ADA, first_name="Ada", employer="Analytical")
    found = lives.new_case(CaseKind.PORTABILITY, address=ADA)
    lives.confirm_mailbox(found)
    return Case.objects.get(pk=found.pk)


def asked(case: Case, address: str) -> Transmission:
    return transmissions.ask(case.pk, address, now=timezone.now())


def named(case: Case, address: str) -> Transmission:
    row = asked(case, address)
    return transmissions.name(row.pk, CLUB, staff_id=MAKER, now=timezone.now())


def answered(case: Case, club: Receiver) -> Transmission:
    """Named, released by a second person, answered: the worker may send."""
    row = named(case, club.address)
    released(case)
    fulfil(case)
    return again(row)


def fulfil(case: Case) -> Letter:
    return closing.fulfil(case.pk, Answer(), staff_id=MAKER, now=timezone.now())


def again(row: Transmission) -> Transmission:
    return Transmission.objects.get(pk=row.pk)


def later(**by: int) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**by))


def events(case: Case) -> list[str]:
    rows = CaseLogEntry.objects.filter(case_id=case.pk, event__startswith="send-")
    return list(rows.order_by("id").values_list("event", flat=True))


def told(case: Case) -> str:
    """The words of the newest letter."""
    return str(Letter.objects.filter(case=case).latest("pk").blocks)


# --- It arrives ---


def test_the_released_file_goes_signed_to_the_address_that_the_person_gave(
    case: Case, club: Receiver
) -> None:
    row = answered(case, club)
    assert (row.state, club.asked) == (State.WAITING, [])

    tasks.send_files()

    row = again(row)
    assert (row.state, row.problem) == (State.ACCEPTED, "")
    places = {one["holding"]: one["records"] for one in club.only["places"]}
    assert places["sign-up"][0]["first_name"] == "Ada"
    [(number, digest)] = club.asked
    assert (number, digest) == (str(row.key), row.digest)
    assert events(case) == ["send-asked", "send-named", "send-begun", "send-accepted"]


def test_an_address_without_a_path_is_signed_as_it_is_asked_for(
    case: Case, club: Receiver
) -> None:
    row = named(case, club.address.removesuffix("/people/files"))
    released(case)
    fulfil(case)

    tasks.send_files()

    assert again(row).state == State.ACCEPTED
    assert len(club.taken) == 1


def test_what_we_hold_beside_it_is_nobodys_business_but_the_persons(
    case: Case, club: Receiver
) -> None:
    answered(case, club)
    tasks.send_files()

    assert club.only["left_out"] == []


def test_it_is_on_record_as_a_disclosure_and_the_person_hears_of_it(
    case: Case, club: Receiver, smtp: Relay
) -> None:
    row = answered(case, club)
    deliver_due()
    answer = inbox(smtp, ADA)[-1].text
    assert "straight to Example Reading Club" in " ".join(answer.split())

    tasks.send_files()
    deliver_due()

    row = again(row)
    disclosure = Disclosure.objects.get()
    assert row.is_on_record
    assert disclosure.recipient == "Example Reading Club"
    assert disclosure.role == "controller"
    assert {"identity", "contact"} <= set(disclosure.categories)
    evidence = DisclosureEvidence.objects.get(disclosure_id=disclosure.pk)
    assert row.digest in evidence.reference
    mail = " ".join(inbox(smtp, ADA)[-1].text.split())
    assert "has arrived" in mail and "127.0.0.1" in mail
    assert inbox(smtp, ADA)[-1].subject == f"Your file has arrived ({case.reference})"


def test_the_address_and_the_person_stand_in_no_log(
    case: Case, club: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        row = answered(case, club)
        tasks.send_files()

    entries = str(list(CaseLogEntry.objects.filter(case_id=case.pk).values()))
    for said in (caplog.text, entries):
        assert "/people/files" not in said
        assert ADA not in said
        assert "Reading Club" not in said
    assert again(row).state == State.ACCEPTED


# --- It does not leave before ---


def test_nothing_leaves_before_a_second_person_released_it_and_it_was_answered(
    case: Case, club: Receiver
) -> None:
    named(case, club.address)
    package = put_together(case)
    tasks.send_files()
    releasing.release(package.pk, (), staff_id=READER, now=timezone.now())
    tasks.send_files()

    assert club.asked == []


def test_no_answer_leaves_before_somebody_has_said_who_receives_it(
    case: Case, club: Receiver
) -> None:
    row = asked(case, club.address)
    released(case)
    with pytest.raises(NotAllowed, match="say who receives it"):
        fulfil(case)

    transmissions.decline(
        row.pk, "Nobody there takes such files.", staff_id=MAKER, now=timezone.now()
    )
    fulfil(case)
    tasks.send_files()

    assert club.asked == []
    assert "Nobody there takes such files." in told(case)
    assert "Article 20(2)" in told(case)


def test_an_answer_in_part_says_what_becomes_of_the_file_as_well(
    case: Case, club: Receiver
) -> None:
    row = named(case, club.address)
    put_together(case)
    words = "Analytical"
    leave_out(case, Wanted(Extent.EVERYWHERE, Reason.OTHERS, words=words))
    released(case)
    part = Proposal(
        Move.FULFIL_IN_PART,
        "rights-of-others",
        "What is left out is about somebody else, who has a right to that.",
        outcome="You get the rest.",
        left_out="The name of a neighbour.",
    )
    now = timezone.now()
    decision = deciding.propose(case.pk, part, staff_id=MAKER, now=now)
    seen = casebook.newest_entry_id(case)
    deciding.release(decision.pk, seen_entry_id=seen, staff_id=READER, now=now)
    letter = told(case)
    tasks.send_files()

    assert "straight to Example Reading Club" in letter
    assert again(row).state == State.ACCEPTED
    assert words not in json.dumps(club.only)


def test_an_address_that_a_stranger_may_have_typed_gets_nothing(
    client: Client, smtp: Relay, club: Receiver
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada")
    typed = lives.new_case(CaseKind.PORTABILITY, address=ADA)
    named(typed, club.address)
    released(typed)

    with pytest.raises(NotAllowed, match="mailbox is theirs"):
        fulfil(typed)


def test_with_the_answer_only_what_was_put_together_here_is_sent(
    case: Case, club: Receiver
) -> None:
    row = named(case, club.address)
    package = released(case)
    assert package.document is not None
    put_together(case)  # another one, which nobody released

    with pytest.raises(NotAllowed, match="Nobody has released"):
        fulfil(case)
    assert again(row).state == State.NAMED


def test_a_file_that_staff_uploaded_is_not_what_is_sent(
    case: Case, club: Receiver
) -> None:
    named(case, club.address)
    now = timezone.now()
    found = Searched("Readers", "her address", 1, "It holds all.", now.date())
    handling.record_search(case.pk, found, staff_id=MAKER, now=now)
    file = check_upload(SimpleUploadedFile("hers.txt", b"Ada"))
    answer = CaseDocument.Purpose.ANSWER
    [kept] = file_documents(case.pk, [file], answer, staff_id=MAKER, now=now)
    releasing.release_files(case.pk, [kept.pk], staff_id=READER, now=timezone.now())

    with pytest.raises(NotAllowed, match="put it together, or say why"):
        fulfil(case)


def test_the_person_gives_another_address_and_the_first_is_meant_no_longer(
    case: Case, club: Receiver
) -> None:
    first = named(case, "https://old.example.com/in")
    second = asked(case, club.address)

    assert again(first).state == State.ENDED
    assert asked(case, club.address).pk == second.pk  # pressed twice
    with pytest.raises(NotAllowed, match="dealt with"):
        transmissions.name(first.pk, CLUB, staff_id=MAKER, now=timezone.now())


def test_a_case_that_ends_otherwise_sends_nothing(case: Case, club: Receiver) -> None:
    row = named(case, club.address)
    closing.withdraw(case.pk, now=timezone.now())
    tasks.send_files()

    assert (again(row).state, club.asked) == (State.ENDED, [])


@pytest.mark.parametrize(
    "address",
    [
        "http://club.example.com/in",
        "https://ada:secret@club.example.com/in",
        "https://club.example.com/in?person=ada@example.com",
        "https://club.example.com/in#ada",
        "https://club.example.com/ada@example.com/in",
        "https://club.example.com/ada%40example.com/in",
        "ftp://club.example.com/in",
        "club.example.com",
        "https://",
        "https://club.example.com/" + "x" * 400,
        "https://club.example.com/i n",
        "https://[::1",
        "",
    ],
)
def test_an_address_that_is_none_or_tells_too_much_is_refused(
    case: Case, address: str
) -> None:
    with pytest.raises(NotAllowed):
        asked(case, address)
    assert not Transmission.objects.exists()


def test_outside_the_united_kingdom_somebody_says_what_allows_it(
    case: Case, club: Receiver
) -> None:
    row = asked(case, club.address)
    for wrong in (
        Known("Club", "US"),
        Known("Club", "XX"),
        Known(" ", "GB"),
        Known(ADA, "GB"),
    ):
        with pytest.raises(NotAllowed):
            transmissions.name(row.pk, wrong, staff_id=MAKER, now=timezone.now())
    safe = Known("Club", "US", "The person wants it, knowing the risk (Art. 49(1)(a)).")
    assert (
        transmissions.name(row.pk, safe, staff_id=MAKER, now=timezone.now()).state
        == State.NAMED
    )


@pytest.mark.parametrize("name", ["10.1.2.3", "192.168.0.9", "169.254.169.254"])
def test_no_address_inside_the_walls_is_called_even_where_connectors_may(
    case: Case, settings: Settings, name: str
) -> None:
    settings.CONNECTOR_NETWORKS = ["10.0.0.0/8", "192.168.0.0/16", "169.254.0.0/16"]
    row = named(case, f"https://{name}/in")
    released(case)
    fulfil(case)

    tasks.send_files()

    row = again(row)
    assert (row.state, row.problem) == (State.FAILED, Problem.ADDRESS)
    assert not row.is_on_record


# --- It does not arrive, or nobody knows ---


def test_the_mail_of_a_refusal_says_in_its_subject_what_it_is_about(
    case: Case, club: Receiver, smtp: Relay, client: Client
) -> None:
    club.does = [404]
    answered(case, club)
    tasks.send_files()
    deliver_due()

    assert inbox(smtp, ADA)[-1].subject == f"Your file was not taken ({case.reference})"
    page = text_of(client.get(page_of(case)))
    assert "has not taken your file" in page
    assert "What became of sending it stands above" in page
    assert "We told you that your file was not taken" in page


def page_of(case: Case) -> str:
    return f"/your-data/visit/{links.open_visit(case, now=timezone.now())}/"


def test_a_wish_that_was_taken_back_is_told_on_the_page_as_such(
    case: Case, client: Client
) -> None:
    asked(case, "https://club.example.com/in")
    transmitting.stop(case.pk, now=timezone.now())

    page = text_of(client.get(page_of(case)))

    assert "We do not send your file to club.example.com" in page
    assert "What became of sending it stands above" in page


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        (400, Problem.REFUSED),
        (401, Problem.REFUSED),
        (404, Problem.REFUSED),
        (422, Problem.REFUSED),
        (301, Problem.REDIRECT),
        (307, Problem.REDIRECT),
        ("page", Problem.PAGE),
    ],
)
def test_a_refusal_is_shown_and_told_at_once_and_followed_nowhere(
    case: Case, club: Receiver, how: Any, problem: str
) -> None:
    club.does = [how]
    row = answered(case, club)

    tasks.send_files()

    row = again(row)
    assert (row.state, row.problem, len(club.asked)) == (State.FAILED, problem, 1)
    # It had the file, whatever it said.
    assert row.is_on_record
    assert "could not send your file" in told(case)
    assert "download the file" in told(case)
    line = sending_lines.shown(case)
    assert line is not None and line.acts == ("send-again",)
    assert case.reference in sending_lines.trouble(timezone.now())


@pytest.mark.parametrize("how", [500, 503, 429, 409, "hang up", "flood"])
def test_what_fails_for_now_is_sent_again_with_the_same_number_and_bytes(
    case: Case, club: Receiver, how: Any
) -> None:
    club.does = [how]
    row = answered(case, club)
    tasks.send_files()
    row = again(row)
    assert row.state == State.WAITING and row.problem
    tasks.send_files()
    assert len(club.asked) == 1  # not before its time

    with later(minutes=2):
        tasks.send_files()

    assert again(row).state == State.ACCEPTED
    assert len(club.asked) == 2 and len(set(club.asked)) == 1
    assert Disclosure.objects.count() == 1


def test_nothing_leaves_and_no_other_address_counts_once_the_answer_was_lost(
    case: Case, club: Receiver
) -> None:
    row = answered(case, club)
    with transaction.atomic():
        lives.make(casebook.locked(case.pk), Move.LETTER_FAILED, now=timezone.now())
    transmitting.work(timezone.now())
    assert club.taken == {} and again(row).state == State.WAITING
    with pytest.raises(NotAllowed, match="on its way"):
        asked(case, "https://elsewhere.example.com/import")
    assert again(row).state == State.WAITING


def test_a_reply_that_is_lost_or_late_has_it_taken_once(
    case: Case, club: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside_calls, "MOST_SECONDS", 0.3)
    club.does, club.slow_seconds = ["take, then hang up", "take, late"], 0.6
    row = answered(case, club)
    tasks.send_files()
    with later(minutes=2):
        tasks.send_files()
        assert again(row).problem == Problem.SLOW
    with later(minutes=10):
        tasks.send_files()

    assert again(row).state == State.ACCEPTED
    assert len(club.taken) == 1 and len(club.asked) == 3
    assert Disclosure.objects.count() == 1


def test_a_worker_killed_between_sending_and_its_record_is_followed_by_the_next(
    case: Case, club: Receiver
) -> None:
    row = answered(case, club)
    connections.close_all()
    worker = os.fork()
    if worker == 0:  # pragma: no cover — another process, which is killed
        try:
            # It hangs in the reply until it is killed.
            tasks.send_files()
        finally:
            os._exit(0)

    club.meanwhile = lambda: os.kill(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    club.meanwhile = lambda: None
    assert (again(row).state, len(club.taken)) == (State.WAITING, 1)
    assert not Disclosure.objects.exists()

    tasks.send_files()
    assert len(club.asked) == 1  # another one still may have it
    with later(minutes=6):
        tasks.send_files()

    assert again(row).state == State.ACCEPTED
    assert len(set(club.asked)) == 1 and len(club.asked) == 2
    assert len(club.taken) == 1
    assert Disclosure.objects.count() == 1


def test_the_person_ends_it_and_what_had_left_is_on_record_all_the_same(
    case: Case, club: Receiver
) -> None:
    row = answered(case, club)
    # While the sender waits for the reply.
    club.meanwhile = lambda: ended_elsewhere(case)
    tasks.send_files()

    row = again(row)
    assert (row.state, len(club.taken)) == (State.ENDED, 1)
    assert row.is_on_record and Disclosure.objects.count() == 1
    with pytest.raises(NotAllowed, match="Nothing is being sent"):
        transmitting.stop(case.pk, now=timezone.now())
    with later(minutes=10):
        tasks.send_files()
    assert len(club.asked) == 1


def ended_elsewhere(case: Case) -> None:
    try:
        transmitting.stop(case.pk, now=timezone.now())
    finally:
        connections.close_all()


def test_after_a_day_it_is_given_up_and_can_be_sent_again_under_the_same_number(
    case: Case, club: Receiver
) -> None:
    club.does = [503] * 8
    row = answered(case, club)
    for hours in range(0, 40, 2):
        with later(hours=hours):
            tasks.send_files()
    row = again(row)
    assert (row.state, row.problem, len(club.asked)) == (
        State.FAILED,
        Problem.BUSY,
        8,
    )
    assert "for a day" in told(case)

    transmitting.send_again(row.pk, staff_id=MAKER, now=timezone.now())
    with pytest.raises(NotAllowed, match="dealt with"):
        transmitting.send_again(row.pk, staff_id=MAKER, now=timezone.now())
    tasks.send_files()

    assert again(row).state == State.ACCEPTED
    assert len(set(club.asked)) == 1
    # On record once: the same file at the same place.
    assert Disclosure.objects.count() == 1


def test_a_file_that_has_ended_is_not_sent_but_the_fresh_one_is_under_a_new_number(
    case: Case, club: Receiver, settings: Settings
) -> None:
    club.does = [503]
    row = answered(case, club)
    tasks.send_files()
    with later(days=settings.COPY_DAYS + 1):
        tasks.send_files()
        row = again(row)
        assert (row.state, row.problem) == (State.FAILED, Problem.GONE)
        with pytest.raises(NotAllowed, match="fresh one"):
            transmitting.send_again(row.pk, staff_id=MAKER, now=timezone.now())

        released(Case.objects.get(pk=case.pk))
        tasks.send_files()

    fresh = Transmission.objects.latest("pk")
    assert (fresh.pk != row.pk, fresh.state) == (True, State.ACCEPTED)
    assert len({number for number, _ in club.asked}) == 2


def test_restricted_data_goes_at_the_persons_wish_and_that_stands_on_record(
    case: Case, club: Receiver
) -> None:
    row = answered(case, club)
    asked_for = restriction.Asked(ground=Ground.CLAIMS, reason="A claim.")
    subject = case.submission.data_subject_id
    restriction.restrict(subject, asked_for, staff_id=MAKER)

    tasks.send_files()

    assert again(row).state == State.ACCEPTED
    assert UseDespite.objects.get().allowance == "with consent"


def test_without_a_key_nothing_is_sent_and_the_first_page_says_so(
    case: Case, club: Receiver, settings: Settings
) -> None:
    row = answered(case, club)
    settings.CONNECTOR_KEY = ""
    tasks.send_files()

    assert (again(row).state, club.asked) == (State.WAITING, [])
    assert "CONNECTOR_KEY" in sending_lines.trouble(timezone.now())


def test_the_database_has_nothing_sent_to_nobody_known_or_arrived_without_a_record(
    case: Case, club: Receiver
) -> None:
    row = asked(case, club.address)
    for wrong in (
        {"state": State.WAITING, "next_at": timezone.now()},
        {"state": State.ACCEPTED},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Transmission.objects.filter(pk=row.pk).update(**wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transmission.objects.create(case=case, address="https://b.example.com/in")


# --- What another organisation needs ---


def test_anybody_can_have_the_schema_and_the_key(
    client: Client, club: Receiver
) -> None:
    schema = client.get("/your-data/portable.schema.json")
    assert schema.json() == receiver.SCHEMA
    key = client.get("/.well-known/casedesk-sending-key")
    assert key.content.decode() == connector_keys.public_key_pem()


# --- By the person ---


def test_the_person_types_the_address_on_the_form_and_sees_it_before_it_is_sent(
    client: Client, smtp: Relay
) -> None:
    address = "https://club.example.com/in"
    page = check(client, "portability", send_to=address, email=ADA)
    assert address in text(page)

    sent(client, page)

    row = Transmission.objects.get()
    assert (row.address, row.state, row.given_by_id) == (address, State.ASKED, None)
    assert row.case.kind == CaseKind.PORTABILITY


def test_a_wrong_address_is_said_beside_its_field_and_one_beside_no_tick_is_nothing(
    client: Client, smtp: Relay
) -> None:
    wrong = "http://club.example.com/in?id=ada"
    page = check(client, "portability", send_to=wrong, email=ADA)
    assert page.status_code == 400
    assert "Leave out the question mark" in text(page)
    assert 'value="http://club.example.com/in?id=ada"' in text(page)

    sent(client, check(client, "access", send_to=wrong, email=ADA))

    assert not Transmission.objects.exists()


def test_a_sign_in_the_address_that_does_not_belong_there_is_named_as_it_is(
    client: Client, smtp: Relay
) -> None:
    page = check(client, "portability", send_to="https://other.example/#f", email=ADA)
    assert page.status_code == 400
    assert "Leave out the number sign (#) and what comes after it" in text(page)
    assert "question mark" not in text(page)


def test_whoever_opens_the_mailbox_sees_where_it_goes_before_they_press_the_button(
    client: Client, smtp: Relay
) -> None:
    address = "https://club.example.com/in"
    sent(client, check(client, "portability", send_to=address, email=ADA))
    acknowledging.acknowledge_new(timezone.now())
    deliver_due()
    case = Case.objects.get()

    assert "club.example.com" not in inbox(smtp, ADA)[-1].text  # anybody can type it
    page = client.get(confirm_path(case))
    assert "club.example.com" in text_of(page)


def test_on_their_page_the_person_says_where_changes_it_and_ends_it(
    client: Client, club: Receiver, case: Case
) -> None:
    visit = links.open_visit(case, now=timezone.now())
    path = f"/your-data/visit/{visit}/"
    wrong = client.post(path, {"act": "send-to", "send_to": "club.example.com"})
    assert wrong.status_code == 400 and "Enter a whole address" in text_of(wrong)
    assert 'value="club.example.com"' in text(wrong)

    said = client.post(path, {"act": "send-to", "send_to": club.address})
    assert "leaves with our answer" in text_of(client.get(said["Location"]))
    ended = client.post(path, {"act": "send-stop"})
    assert "do not send your file" in text_of(client.get(ended["Location"]))
    assert Transmission.objects.get().state == State.ENDED
    again_ended = client.post(path, {"act": "send-stop"})
    assert again_ended.status_code == 409

    answered(case, club)
    tasks.send_files()
    assert "has taken your file" in text_of(client.get(path))


def test_where_nothing_can_be_signed_nobody_is_offered_to_have_it_sent(
    client: Client, case: Case, settings: Settings
) -> None:
    visit = f"/your-data/visit/{links.open_visit(case, now=timezone.now())}/"
    assert "send_to" in text(client.get(visit)) and "send_to" in text(client.get(ASK))

    settings.CONNECTOR_KEY = ""

    assert "send_to" not in text(client.get(visit))
    assert "send_to" not in text(client.get(ASK))
    assert client.get("/.well-known/casedesk-sending-key").status_code == 404


def test_a_case_that_asks_for_something_else_after_all_sends_nothing_and_is_not_held_up(
    client: Client, smtp: Relay, club: Receiver
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada")
    case = lives.new_case(CaseKind.PORTABILITY, address=ADA, is_draft=True)
    row = named(case, club.address)
    now = timezone.now()
    handling.reclassify(case.pk, CaseKind.ACCESS, staff_id=MAKER, now=now)
    handling.confirm(case.pk, staff_id=MAKER, now=now)
    lives.confirm_mailbox(case)
    other = Case.objects.get(pk=case.pk)
    released(other)
    fulfil(other)
    tasks.send_files()

    assert (again(row).state, club.asked) == (State.ENDED, [])


# --- On the console ---


def test_staff_note_the_address_say_who_receives_it_and_see_how_it_stands(
    case: Case, club: Receiver
) -> None:
    console = dana("view_case", "work_case")
    page = f"/console/rights_requests/case/{case.pk}/"

    def post(path: str, **fields: str) -> Any:
        seen = str(CaseLogEntry.objects.latest("id").pk)
        return console.post(path, {"step": "send", "seen": seen, **fields})

    wrong = post(f"{page}where-to-send/", address="http://x", words="She wrote.")
    assert wrong.status_code == 400 and "begins with https://" in text(wrong)
    right = post(f"{page}where-to-send/", address=club.address, words="She wrote.")
    assert right.status_code == 302
    row = Transmission.objects.get()
    assert "Say who receives the file" in text(console.get(f"{page}change/"))
    documents = console.get(f"{page}documents/")
    assert club.address in text(documents)
    assert "nobody has said yet who receives it" in text(documents)

    rows = f"/console/rights_requests/transmission/{row.pk}/"
    refused = post(f"{rows}name-receiver/", recipient="Club", country_code="us")
    assert refused.status_code == 409 and "what allows it" in text(refused)
    assert "Club" in text(refused)  # what was typed comes back
    done = post(f"{rows}name-receiver/", recipient="Club", country_code="gb")
    assert done.status_code == 302
    assert "it leaves with the answer" in text(console.get(f"{page}documents/"))

    released(case)
    fulfil(case)
    club.does = [404]
    tasks.send_files()
    shown = text(console.get(f"{page}documents/"))
    assert "the server refused the file" in shown and "Send it again" in shown
    today = text(console.get("/console/"))
    assert "Files sent to others" in today and f"not taken: {case.reference}" in today
    assert post(f"{rows}send-again/").status_code == 302
    tasks.send_files()
    assert "arrived: the receiver took it" in text(console.get(f"{page}documents/"))
