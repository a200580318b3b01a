"""Systems outside that are asked by machine, held against a processor that speaks over
the wire: asked, answering, and misbehaving in every way."""

import hashlib
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from data_subjects import holds, restriction
from data_subjects.holds import Matter
from data_subjects.models import Ground
from groundwork import connector_keys, outside_calls
from groundwork.clock import today_here
from groundwork.outside_calls import CallFailed, Why
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from rights_requests import (
    casebook,
    closing,
    deciding,
    handling,
    sensitive,
    tasks,
    vault,
    visiting,
)
from rights_requests.clock import written
from rights_requests.closing import Answer
from rights_requests.deciding import Proposal
from rights_requests.fulfilment import (
    calling,
    connectors,
    recalling,
    releasing,
    systems,
)
from rights_requests.fulfilment.connectors import Told
from rights_requests.fulfilment.systems import Described, Found
from rights_requests.handling import Searched
from rights_requests.kinds import CaseKind
from rights_requests.letters_gone import take_over
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Connector,
    Letter,
    OutsideSystem,
    SearchRecord,
    SystemCall,
    Task,
)
from rights_requests.moves import Move
from rights_requests.uploads import check_upload
from tests.console.staff import console_of, dana, person
from tests.people import CLEO
from tests.relay import Relay
from tests.rights_requests import lives, processor
from tests.rights_requests.listening import HOST
from tests.rights_requests.processor import Processor

pytestmark = pytest.mark.django_db
OWNER, RELEASER = 7, 8
ALL = ("access", "portability", "erasure")
CALLBACK = "/opendsr/callbacks/"
LATER = timedelta(days=3)
MANY = "You wrote of many sign-ups over years, and each has to be looked for by hand."
State, Problem = SystemCall.State, SystemCall.Problem


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def crm() -> Iterator[Processor]:
    people = {CLEO: ["one poster", "two calls"], "ben@example.com": ["a stamp"]}
    with processor.running(connector_keys.public_key_pem(), people=people) as server:
        yield server


@pytest.fixture
def records() -> OutsideSystem:
    return systems.enter(Described("Customer records", "Orders and calls.", OWNER))


@pytest.fixture
def connector(crm: Processor, records: OutsideSystem) -> Connector:
    return connect(crm, records)


def connect(crm: Processor, system: OutsideSystem, **more: Any) -> Connector:
    told = Told(crm.endpoint, ALL, **more)
    return connectors.connect(system, told, staff_id=OWNER, now=timezone.now())


def asked(kind: CaseKind = CaseKind.ACCESS, **more: Any) -> tuple[Case, Task]:
    """A case whose system has its task, and was sent it by the worker."""
    case = lives.new_case(kind, **more)
    systems.ask_owners(timezone.now())
    tasks.call_systems()
    return case, Task.objects.get(case=case)


def call_of(task: Task) -> SystemCall:
    return SystemCall.objects.get(task=task)


def by_client(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """A callback as the application gets it."""
    answer = Client().post(
        CALLBACK, body, content_type="application/json", headers=dict(headers)
    )
    return answer.status_code


def told(crm: Processor, task: Task, **changed: Any) -> int:
    return crm.tell(str(call_of(task).pk), by_client, **changed)


def events(case: Case) -> list[str]:
    entries = CaseLogEntry.objects.filter(case_id=case.pk, event__startswith="system-")
    return list(entries.order_by("id").values_list("event", flat=True))


# --- Asking, and being answered ---


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.PORTABILITY])
def test_what_a_system_found_becomes_the_answer_to_its_task(
    crm: Processor, connector: Connector, kind: CaseKind
) -> None:
    case, task = asked(kind)
    assert call_of(task).state == State.SENT
    crm.work()

    assert told(crm, task) == 202
    tasks.call_systems()

    task.refresh_from_db()
    assert (task.done_by_id, task.result) == (0, "2 found.")
    record = SearchRecord.objects.get(case=case)
    assert (record.system, record.hits_count) == ("Customer records", 2)
    document = CaseDocument.objects.get(case=case)
    assert (document.purpose, document.name) == ("answer", "Customer records.csv")
    file = b"".join(vault.read(document.vault_name))
    assert file == b"what\none poster\ntwo calls\n"
    assert events(case) == ["system-asked", "system-answered"]
    assert call_of(task).state == State.DONE
    assert call_of(task).results_url == ""


def test_a_file_that_a_system_answered_with_leaves_only_once_somebody_else_read_it(
    crm: Processor, connector: Connector
) -> None:
    case, task = asked()
    crm.work()
    told(crm, task)
    tasks.call_systems()
    document = CaseDocument.objects.get(case=case)
    now = timezone.now()

    with pytest.raises(NotAllowed, match="Nobody has released the files"):
        closing.fulfil(case.pk, Answer(), staff_id=OWNER, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseDocument.objects.filter(pk=document.pk).update(handed_at=now)

    releasing.release_files(case.pk, [document.pk], staff_id=RELEASER, now=now)
    with pytest.raises(NotAllowed, match="somebody else gives the answer"):
        closing.fulfil(case.pk, Answer(), staff_id=RELEASER, now=now)
    with pytest.raises(DatabaseError), transaction.atomic():
        CaseDocument.objects.filter(pk=document.pk).update(released_by_id=OWNER)
    closing.fulfil(case.pk, Answer(), staff_id=OWNER, now=now)

    document.refresh_from_db()
    assert (document.released_by_id, document.handed_at) == (RELEASER, now)
    assert visiting.given_to_person(Case.objects.get(pk=case.pk)) == [document]


def test_what_an_owner_uploaded_is_released_by_nobody_who_worked_on_the_case(
    connector: Connector,
) -> None:
    owner = person("owner@example.com", "view_case", "release_case", "work_case")
    client, number = console_of(owner), owner.pk
    case = lives.new_case()
    systems.ask_owners(timezone.now())
    task = Task.objects.get(case=case)
    file = check_upload(SimpleUploadedFile("orders.csv", b"what\na poster\n"))
    found = Found(hits=1, why="One list.", terms="Cleo", file=file)
    systems.answer(task.pk, found, staff_id=number, now=timezone.now())
    page = f"/console/rights_requests/case/{case.pk}/documents/"
    release = f"/console/rights_requests/case/{case.pk}/release-files/"
    assert "not released yet" in client.get(page).content.decode()
    document = CaseDocument.objects.get()
    shown = {"file": str(document.pk)}
    refused = client.post(release, shown)
    assert refused.status_code == 409
    assert "You have worked on this case" in refused.content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        CaseDocument.objects.update(released_by_id=number, released_at=timezone.now())

    other = dana("view_case", "release_case")
    for unread in ({}, {"file": "1"}, {"file": str(case.pk)}):
        assert other.post(release, unread).status_code == 409
    assert f'name="file" value="{document.pk}"' in other.get(page).content.decode()
    assert other.post(release, shown).status_code == 302
    assert "not released yet" not in other.get(page).content.decode()
    assert CaseDocument.objects.get().released_by_id not in (None, number)


def test_the_person_is_named_by_a_digest_in_the_body_and_nowhere_else(
    crm: Processor, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        case, task = asked()
        crm.work()
        told(crm, task)
        tasks.call_systems()

    [one] = crm.asked.values()
    assert one.body["subject_identities"] == [
        {
            "identity_type": "email",
            "identity_value": hashlib.sha256(CLEO.encode()).hexdigest(),
            "identity_format": "sha256",
        }
    ]
    assert one.body["submitted_time"] == f"{case.received_at:%Y-%m-%dT%H:%M:%SZ}"
    assert set(one.body) == {
        "regulation",
        "subject_request_id",
        "subject_request_type",
        "submitted_time",
        "subject_identities",
        "api_version",
        "status_callback_urls",
    }
    digest = one.address["identity_value"]
    for seen in (*crm.paths, caplog.text):
        assert CLEO not in seen
        assert digest not in seen
    with connection.cursor() as cursor:
        cursor.execute("SELECT c::text FROM rights_requests_systemcall c")
        assert digest not in str(cursor.fetchall())


def test_a_system_that_knows_addresses_only_as_they_are_gets_them_so(
    crm: Processor, records: OutsideSystem
) -> None:
    crm.formats = ("raw",)
    connect(crm, records)

    asked()

    [one] = crm.asked.values()
    assert one.address["identity_value"] == CLEO


def test_a_system_that_holds_nothing_says_so_and_that_is_the_record(
    crm: Processor, connector: Connector
) -> None:
    del crm.people[CLEO]
    case, task = asked()
    crm.work()
    told(crm, task)

    tasks.call_systems()

    task.refresh_from_db()
    assert task.result == "Nothing found."
    assert SearchRecord.objects.get(case=case).hits_count == 0
    assert not CaseDocument.objects.exists()
    assert closing.why_not_fulfil(Case.objects.get(pk=case.pk), nothing_held=True) == ""


def test_without_a_word_from_it_a_system_is_asked_how_far_it_is(
    crm: Processor, connector: Connector
) -> None:
    _, task = asked()
    crm.work()
    calling.work(timezone.now())
    task.refresh_from_db()
    assert task.done_at is None

    calling.work(timezone.now() + timedelta(minutes=11))

    task.refresh_from_db()
    assert task.result == "2 found."


@pytest.mark.django_db(transaction=True)
def test_the_whole_way_over_the_wire(
    crm: Processor,
    records: OutsideSystem,
    live_server: LiveServer,
    settings: Settings,
) -> None:
    settings.SITE_URL = live_server.url
    connect(crm, records)
    _, task = asked()
    crm.work()

    assert crm.tell(str(call_of(task).pk)) == 202
    tasks.call_systems()

    task.refresh_from_db()
    assert task.result == "2 found."


@pytest.mark.parametrize("kind", [CaseKind.RECTIFICATION, CaseKind.RESTRICTION])
def test_what_opendsr_does_not_know_stays_with_the_owner(
    crm: Processor, connector: Connector, kind: CaseKind
) -> None:
    _, task = asked(kind)

    assert not SystemCall.objects.filter(task=task).exists()
    assert crm.asked == {}


def test_the_owner_may_answer_first_and_then_counts(
    crm: Processor, connector: Connector
) -> None:
    case, task = asked()
    crm.work()
    found = Found(hits=0, why="One list.", terms="Cleo")
    systems.answer(task.pk, found, staff_id=OWNER, now=timezone.now())

    tasks.call_systems()
    assert told(crm, task) == 202
    assert told(crm, task) == 202
    tasks.call_systems()

    task.refresh_from_db()
    assert task.result == "Nothing found."
    assert not CaseDocument.objects.exists()
    assert events(case) == ["system-asked", "system-late"]
    assert call_of(task).state == State.ENDED
    # Its owner found nothing, and it found something: somebody has to look.
    page = f"/console/rights_requests/case/{case.pk}/tasks/"
    shown = dana("view_case", "work_case").get(page).content.decode()
    assert f"It says that it found {call_of(task).results_count}" in shown
    assert call_of(task).results_count


# --- Deletion ---


def confirmed() -> tuple[Case, Task]:
    case, task = asked(CaseKind.ERASURE)
    lives.confirm_mailbox(case)
    return case, task


def let_go(task: Task, *, staff_id: int = RELEASER) -> None:
    calling.release(task.pk, staff_id=staff_id, now=timezone.now())
    tasks.call_systems()


def test_nothing_is_deleted_outside_before_a_second_person_lets_it_go(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    calling.work(timezone.now() + LATER)
    assert crm.asked == {}
    Case.objects.filter(pk=case.pk).update(assigned_to_id=OWNER)
    with pytest.raises(NotAllowed, match="somebody else"):
        let_go(task, staff_id=OWNER)

    let_go(task)
    crm.work()
    told(crm, task)
    tasks.call_systems()

    assert CLEO not in crm.people
    assert "ben@example.com" in crm.people
    task.refresh_from_db()
    assert task.result == "2 found."
    assert events(case) == ["system-released", "system-asked", "system-answered"]


def test_nothing_is_deleted_outside_at_the_word_of_whoever_typed_an_address(
    crm: Processor, connector: Connector
) -> None:
    _, task = asked(CaseKind.ERASURE)

    with pytest.raises(NotAllowed, match="mailbox is theirs"):
        let_go(task)

    assert call_of(task).state == State.HELD
    assert crm.asked == {}


def test_whoever_has_worked_on_the_case_lets_no_deletion_go(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    there = Searched("Letters", "Cleo", 0, "All of them were read.", today_here())
    handling.record_search(case.pk, there, staff_id=OWNER, now=timezone.now())
    assert Case.objects.get(pk=case.pk).assigned_to_id != OWNER

    with pytest.raises(NotAllowed, match="You have worked on this case"):
        let_go(task, staff_id=OWNER)

    assert call_of(task).state == State.HELD
    assert crm.asked == {}
    let_go(task)
    assert len(crm.asked) == 1


def test_what_is_taken_back_before_it_was_sent_is_deleted_nowhere(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    calling.release(task.pk, staff_id=RELEASER, now=timezone.now())
    closing.withdraw(case.pk, now=timezone.now())

    calling.work(timezone.now() + LATER)

    assert crm.asked == {}
    assert call_of(task).state == State.ENDED


def test_a_deletion_made_less_before_it_was_sent_waits_to_be_let_go_anew(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    calling.release(task.pk, staff_id=RELEASER, now=timezone.now())
    closing.narrow(case.pk, words="Keep my orders.", now=timezone.now())

    calling.work(timezone.now() + LATER)
    assert crm.asked == {}

    let_go(task)
    assert len(crm.asked) == 1


def test_whoever_released_two_months_more_lets_the_deletion_go_too(
    crm: Processor, connector: Connector, smtp: Relay
) -> None:
    case, task = confirmed()
    deliver_due()
    wanted = Proposal(Move.EXTEND, ground="complexity", reasons=MANY)
    decision = deciding.propose(case.pk, wanted, staff_id=OWNER, now=timezone.now())
    deciding.release(
        decision.pk,
        seen_entry_id=casebook.newest_entry_id(case),
        staff_id=RELEASER,
        now=timezone.now(),
    )
    deliver_due()
    take_over(timezone.now())
    case.refresh_from_db()
    assert case.last_move == Move.EXTEND

    let_go(task)

    assert len(crm.asked) == 1


def test_whoever_let_one_deletion_go_lets_go_that_at_another_system_too(
    crm: Processor, connector: Connector
) -> None:
    other = systems.enter(Described("Newsletter house", "Lists.", OWNER))
    connect(crm, other)
    case = lives.new_case(CaseKind.ERASURE)
    systems.ask_owners(timezone.now())
    tasks.call_systems()
    lives.confirm_mailbox(case)

    for task in Task.objects.filter(case=case):
        let_go(task)

    assert len(crm.asked) == 2


def test_a_deletion_that_does_not_say_how_much_ends_the_task_all_the_same(
    crm: Processor, connector: Connector
) -> None:
    crm.counts = False
    case, task = confirmed()
    let_go(task)
    crm.work()
    told(crm, task)

    tasks.call_systems()

    task.refresh_from_db()
    assert task.result.startswith("Deleted, the system says")
    assert not SearchRecord.objects.filter(case=case).exists()


# --- What comes after it has left ---


def hold(case: Case) -> None:
    matter = Matter("A claim", "The court asked.", today_here() + timedelta(days=90))
    people = {case.submission.data_subject_id: CLEO}
    holds.place(people, matter, owner_id=OWNER, today=today_here())


def restrict(case: Case) -> None:
    why = restriction.Asked(Ground.CLAIMS, "They need it.", CLEO)
    restriction.restrict(case.submission.data_subject_id, why, staff_id=OWNER)


def take_back(case: Case) -> None:
    closing.withdraw(case.pk, now=timezone.now())


def narrow(case: Case) -> None:
    closing.narrow(case.pk, words="Keep my orders.", now=timezone.now())


@pytest.mark.parametrize(
    ("comes", "because"),
    [
        (hold, "hold"),
        (restrict, "restriction"),
        (take_back, "withdrawn"),
        (narrow, "narrowed"),
    ],
)
def test_a_deletion_that_had_left_is_cancelled_while_it_is_pending_there(
    crm: Processor, connector: Connector, comes: Any, because: str
) -> None:
    case, task = confirmed()
    let_go(task)
    [number] = crm.asked

    comes(case)
    tasks.call_systems()

    assert crm.asked[number].status == "cancelled"
    assert f"DELETE /v2/requests/{number}" in crm.paths
    crm.work()
    assert CLEO in crm.people
    call = call_of(task)
    assert (call.state, call.next_at, call.recall_task) == (State.ENDED, None, None)
    assert events(case)[-2:] == ["system-recalled", "system-stopped"]
    entry = CaseLogEntry.objects.get(case_id=case.pk, event="system-recalled")
    assert entry.inputs["because"] == because
    assert call.leaving_at and entry.inputs["left_at"] == written(call.leaving_at)
    assert call.leaving_at < entry.at
    with pytest.raises(NotAllowed, match="only after it was given up"):
        calling.try_again(task.pk, staff_id=OWNER, now=timezone.now())


def test_a_deletion_that_has_begun_there_becomes_a_task_for_its_owner(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    let_go(task)
    crm.work()

    hold(case)
    tasks.call_systems()
    tasks.call_systems()

    assert not [path for path in crm.paths if path.startswith("DELETE")]
    todo = call_of(task).recall_task
    assert todo is not None and todo.for_staff_id == OWNER
    assert "before a legal hold was placed" in todo.what
    task.refresh_from_db()
    assert task.result == "2 found."  # the truth of it is taken in as ever
    assert "system-not-stopped" in events(case)
    console = dana("view_case", "work_case")
    first_page = console.get("/console/").content.decode()
    assert f"could not be stopped: {case.reference}" in first_page
    page = console.get(f"/console/rights_requests/case/{case.pk}/tasks/")
    assert "It could not be stopped" in page.content.decode()
    handling.finish_task(todo.pk, "Both gone.", staff_id=OWNER, now=timezone.now())
    first_page = console.get("/console/").content.decode()
    assert "could not be stopped" not in first_page


def test_whoever_takes_it_back_too_late_has_a_task_in_the_closed_case(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    let_go(task)
    crm.work()
    take_back(case)
    tasks.call_systems()
    call = call_of(task)
    assert call.state == State.ENDED and call.recall_task is not None
    assert "the person took the request back" in call.recall_task.what
    letter = Letter.objects.filter(case=case).latest("pk")
    assert "Now we tell it to stop" in str(letter.blocks)


def test_a_request_for_a_copy_that_is_taken_back_is_cancelled_too(
    crm: Processor, connector: Connector
) -> None:
    case, task = asked()
    take_back(case)
    tasks.call_systems()
    assert [one.status for one in crm.asked.values()] == ["cancelled"]
    assert call_of(task).state == State.ENDED


def test_a_system_that_cannot_be_told_to_stop_is_told_again_and_left_to_its_owner(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    let_go(task)
    crm.fails["/requests/"] = 500
    hold(case)
    tasks.call_systems()
    call = call_of(task)
    assert (call.state, call.problem) == (State.RECALL, Problem.BUSY)
    assert call.next_at is not None

    now = timezone.now()
    for _ in range(9):
        now += timedelta(hours=13)
        recalling.work(now)

    call = call_of(task)
    assert call.state == State.FAILED and call.recall_task is not None


def test_a_hold_that_is_placed_between_two_tries_stops_the_next_one(
    crm: Processor, connector: Connector
) -> None:
    """The first try did not arrive: nothing is sent again, and nothing is known there."""
    case, task = confirmed()
    crm.fails["/requests"] = 503
    let_go(task)
    assert call_of(task).problem == Problem.BUSY and crm.asked == {}
    crm.fails.clear()

    hold(case)
    recalling.work(timezone.now())
    assert call_of(task).state == State.RECALL, "it may be on its way yet"
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        calling.work(timezone.now())
        recalling.work(timezone.now())

    assert crm.asked == {} and call_of(task).state == State.ENDED
    assert events(case)[-1] == "system-stopped"


# --- Twice, late, wrongly signed ---


def test_an_answer_that_comes_twice_counts_once(
    crm: Processor, connector: Connector
) -> None:
    case, task = asked()
    crm.work()
    for _ in range(3):
        assert told(crm, task) == 202
        tasks.call_systems()

    assert SearchRecord.objects.filter(case=case).count() == 1
    assert CaseDocument.objects.count() == 1
    assert events(case) == ["system-asked", "system-answered"]


def test_an_old_status_sent_again_takes_nothing_back(
    crm: Processor, connector: Connector
) -> None:
    _, task = asked()
    told(crm, task, request_status="in_progress")

    assert told(crm, task, request_status="pending") == 202

    assert call_of(task).status == "in_progress"


def test_an_answer_after_the_case_closed_is_on_record_and_changes_nothing(
    crm: Processor, connector: Connector
) -> None:
    case, task = asked()
    crm.work()
    closing.withdraw(case.pk, now=timezone.now())
    before = Case.objects.values().get(pk=case.pk)

    assert told(crm, task) == 202
    calling.work(timezone.now() + LATER)

    assert Case.objects.values().get(pk=case.pk) == before
    assert not CaseDocument.objects.exists()
    assert events(case) == ["system-asked", "system-late"]
    assert call_of(task).late_at is not None


def test_what_is_not_signed_by_the_system_is_refused_and_shown(
    crm: Processor, connector: Connector
) -> None:
    _, task = asked()
    crm.work()
    crm.signs_with = "somebody else"

    assert told(crm, task) == 403

    assert call_of(task).status == ""
    connector.refresh_from_db()
    assert connector.refused_count == 1
    client = dana("view_case", "work_case", "view_outsidesystem")
    assert "wrongly signed" in client.get("/console/").content.decode()
    listed = client.get("/console/rights_requests/outsidesystem/").content.decode()
    assert "wrongly signed" in listed


def test_one_changed_byte_breaks_the_signature(
    crm: Processor, connector: Connector
) -> None:
    _, task = asked()
    crm.work()

    def changed(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return by_client(url, body.replace(b"completed", b"cancelled"), headers)

    assert crm.tell(str(call_of(task).pk), changed) == 403
    assert call_of(task).status == ""


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"subject_request_id": str(uuid.uuid4())}, 404),
        ({"subject_request_id": "none"}, 400),
        ({"request_status": "sleeping"}, 400),
        ({"status_callback_url": "https://elsewhere.example.com/"}, 400),
    ],
)
def test_what_is_signed_and_means_nothing_here_changes_nothing(
    crm: Processor, connector: Connector, changed: dict[str, str], status: int
) -> None:
    _, task = asked()
    crm.work()
    before = SystemCall.objects.values().get(task=task)

    assert told(crm, task, **changed) == status

    assert SystemCall.objects.values().get(task=task) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-OpenDSR-Processor-Domain": "elsewhere.example.com"}, 401),
        ({"X-OpenDSR-Processor-Domain": "127.0.0.1"}, 403),
        (
            {
                "X-OpenDSR-Processor-Domain": "127.0.0.1",
                "X-OpenDSR-Signature": "not base64!",
            },
            403,
        ),
    ],
)
def test_whoever_signs_nothing_is_not_heard(
    connector: Connector, headers: dict[str, str], status: int
) -> None:
    assert by_client("", b"{}", headers) == status


def test_far_too_much_is_not_even_read(connector: Connector) -> None:
    assert by_client("", b"a" * 100_000, {}) == 413


def test_an_answer_signed_after_its_certificate_ended_is_refused(
    crm: Processor, connector: Connector
) -> None:
    _, task = asked()
    crm.work()
    over = processor.certificate(valid_for=timedelta(days=-1))
    Connector.objects.update(certificate=over)

    assert told(crm, task) == 403


# --- What does not work shows itself, and is tried again ---


@pytest.mark.parametrize(
    ("misbehaves", "problem"),
    [
        ({"fails": {"/requests": 500}}, Problem.BUSY),
        ({"fails": {"/requests": 429}}, Problem.BUSY),
        ({"signs_with": "somebody else"}, Problem.SIGNATURE),
        ({"slow_seconds": 0.6}, Problem.SLOW),
        ({"port": 1}, Problem.UNREACHED),
    ],
)
def test_what_may_pass_is_tried_again_and_then_works(
    crm: Processor,
    connector: Connector,
    monkeypatch: pytest.MonkeyPatch,
    misbehaves: dict[str, Any],
    problem: SystemCall.Problem,
) -> None:
    processor.key("somebody else")  # made before anybody waits for it
    monkeypatch.setattr(outside_calls, "CONNECT_SECONDS", 0.3)
    well = {name: getattr(crm, name) for name in misbehaves}
    if "port" in misbehaves:
        Connector.objects.update(endpoint="http://127.0.0.1:1/v2")
    vars(crm).update(misbehaves)
    case, task = asked()
    assert (call_of(task).problem, call_of(task).tries_count) == (problem, 1)
    client = dana("view_case", "work_case")
    page = client.get(f"/console/rights_requests/case/{case.pk}/tasks/")
    assert "It did not work: " in page.content.decode()
    assert f"tried again: {case.reference}" in client.get("/console/").content.decode()
    vars(crm).update(well)
    Connector.objects.update(endpoint=crm.endpoint)

    calling.work(timezone.now() + timedelta(minutes=2))

    assert (call_of(task).problem, call_of(task).state) == ("", State.SENT)
    assert len(crm.asked) == 1


@pytest.mark.parametrize(
    ("status", "problem"),
    [(302, Problem.REDIRECT), (400, Problem.REFUSED), (404, Problem.REFUSED)],
)
def test_what_cannot_work_is_given_up_at_once_and_left_to_the_owner(
    crm: Processor, connector: Connector, status: int, problem: SystemCall.Problem
) -> None:
    crm.fails = {"/requests": status}

    case, task = asked()

    assert (call_of(task).state, call_of(task).problem) == (State.FAILED, problem)
    assert events(case) == ["system-failed"]
    client = dana("view_case", "work_case")
    page = client.get(
        f"/console/rights_requests/case/{case.pk}/tasks/"
    ).content.decode()
    assert "Its owner answers by hand." in page
    assert "Ask the system again…" in page
    assert f"no answer by machine: {case.reference}" in (
        client.get("/console/").content.decode()
    )
    found = Found(hits=0, why="One list.", terms="Cleo")
    systems.answer(task.pk, found, staff_id=OWNER, now=timezone.now())


def test_a_system_that_never_answers_is_given_up_after_a_day(
    crm: Processor, connector: Connector
) -> None:
    crm.fails = {"/requests": 503}
    case, task = asked()
    for wait in calling.AGAIN_AFTER:
        assert call_of(task).state == State.WAITING
        calling.work(timezone.now() + wait + timedelta(seconds=1))

    assert call_of(task).state == State.FAILED
    crm.fails = {}
    calling.try_again(task.pk, staff_id=OWNER, now=timezone.now())
    tasks.call_systems()
    assert call_of(task).state == State.SENT
    assert events(case) == ["system-failed", "system-asked"]


def test_what_a_dead_worker_took_is_asked_once_more_under_the_same_number(
    crm: Processor, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died after the system had taken the request, before that was on record."""

    def die(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(calling, "_record_sent", die)
        with pytest.raises(KeyboardInterrupt):
            asked()
    call = SystemCall.objects.get()
    assert (call.state, len(crm.asked)) == (State.WAITING, 1)

    calling.work(timezone.now() + timedelta(minutes=6))

    call.refresh_from_db()
    assert call.state == State.SENT
    assert [path for path in crm.paths if path.startswith("POST")] == [
        "POST /v2/requests"
    ]


@pytest.mark.parametrize(
    ("misbehaves", "problem"),
    [
        ({"results": b"a" * 11_000_000}, Problem.TOO_LARGE),
        ({"results": b"MZ\0\0"}, Problem.FILE),
        ({"results": b""}, Problem.FILE),
        ({"results_host": "http://localhost"}, Problem.ELSEWHERE),
        ({"results_host": f"http://{HOST}:1"}, Problem.ELSEWHERE),
        ({"results_host": f"http://{HOST}:many"}, Problem.ELSEWHERE),
        ({"fails": {"/results": 302}}, Problem.REDIRECT),
        ({"fails": {"/results": 500}}, Problem.BUSY),
    ],
)
def test_a_file_that_cannot_be_kept_leaves_the_task_open(
    crm: Processor,
    connector: Connector,
    misbehaves: dict[str, Any],
    problem: SystemCall.Problem,
) -> None:
    vars(crm).update(misbehaves)
    _, task = asked()
    crm.work()
    told(crm, task)

    tasks.call_systems()

    assert call_of(task).problem == problem
    task.refresh_from_db()
    assert task.done_at is None
    assert list(vault.names()) == []
    assert not SearchRecord.objects.exists()


def test_what_a_system_found_is_opened_by_those_alone_who_may_have_all_that_is_held(
    crm: Processor, connector: Connector
) -> None:
    case, task = asked()
    crm.work()
    told(crm, task)
    tasks.call_systems()
    path = (
        f"/console/rights_requests/casedocument/{CaseDocument.objects.get().pk}/file/"
    )
    looks = console_of(person("looks@example.com", "view_case"))
    works = console_of(person("works@example.com", "view_case", "work_case"))

    assert looks.post(path).status_code == 403
    taken: Any = works.post(path)
    assert b"one poster" in b"".join(taken.streaming_content)

    sensitive.shut_away(case.submission_id, staff_id=1, now=timezone.now())
    assert works.post(path).status_code == 403


def test_a_copy_without_a_file_or_a_number_is_no_answer(
    crm: Processor, connector: Connector
) -> None:
    crm.counts, crm.people = False, {}
    _, task = asked()
    crm.work()
    told(crm, task)

    tasks.call_systems()

    assert call_of(task).problem == Problem.NO_RESULT


def test_what_the_system_cancels_is_given_up(
    crm: Processor, connector: Connector
) -> None:
    case, task = asked()

    told(crm, task, request_status="cancelled")

    assert call_of(task).state == State.FAILED
    assert events(case) == ["system-asked", "system-failed"]


def test_a_day_after_our_answer_is_due_is_shown(
    crm: Processor, connector: Connector
) -> None:
    crm.expected_in = timedelta(days=200)
    case, _ = asked()

    client = dana("view_case", "work_case")
    page = client.get(f"/console/rights_requests/case/{case.pk}/tasks/")

    assert "That is after our answer is due" in page.content.decode()


def test_a_call_that_is_open_is_always_looked_at(
    crm: Processor, connector: Connector
) -> None:
    _, task = asked()

    with pytest.raises(IntegrityError), transaction.atomic():
        SystemCall.objects.filter(task=task).update(next_at=None)


# --- Where it may be asked ---


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_nothing_inside_the_walls_is_called(settings: Settings, address: str) -> None:
    settings.EMBEDDED = False

    assert not outside_calls.may_call(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_what_is_public_is_called(settings: Settings, address: str) -> None:
    settings.EMBEDDED = False

    assert outside_calls.may_call(address)


def test_a_network_of_our_own_is_called_once_it_is_named(settings: Settings) -> None:
    settings.CONNECTOR_NETWORKS = ["10.20.0.0/16"]

    assert outside_calls.may_call("10.20.3.4")
    assert not outside_calls.may_call("10.21.3.4")


@pytest.mark.parametrize(
    ("head", "body", "comes"),
    [
        ("Content-Length: 5", b"whole", "whole"),
        ("Transfer-Encoding: chunked", b"5\r\nwhole\r\n0\r\n\r\n", "whole"),
        ("Content-Length: 9", b"cut", Why.UNREACHED),
        ("Transfer-Encoding: chunked", b"9\r\ncut", Why.UNREACHED),
        ("Transfer-Encoding: chunked", b"3\r\ncut\r\n", Why.UNREACHED),
        # Nobody can tell whether that is all.
        ("Connection: close", b"perhaps cut", Why.UNREACHED),
        ("Connection: close", b"", Why.UNREACHED),
    ],
)
def test_a_reply_counts_only_where_its_end_was_announced_and_came(
    head: str, body: bytes, comes: str
) -> None:
    said = f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body
    with saying_once(said) as url:
        try:
            got = outside_calls.call("GET", url, headers={}, most_bytes=100)
        except CallFailed as failure:
            assert failure.why == comes
        else:
            assert got.body.decode() == comes


@contextmanager
def saying_once(said: bytes) -> Iterator[str]:
    """A server that says this to whoever comes first, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(10_000)
                caller.sendall(said)

        thread = Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()


def test_in_production_not_even_this_machine_is_called(
    crm: Processor, settings: Settings
) -> None:
    settings.EMBEDDED = False

    with pytest.raises(CallFailed):
        calling.signed_call("GET", f"{crm.endpoint}/discovery", most_bytes=1000)
    with pytest.raises(CallFailed):
        calling.signed_call("GET", "https://127.0.0.1:9/discovery", most_bytes=1000)

    assert crm.paths == []


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/v2",
        "ftp://crm.example.com/",
        "https://dana:secret@crm.example.com/",
        "https://crm.example.com:port/",
        "https:///v2",
        "crm.example.com",
        "https://crm.example.com/v2#top",
        "https://crm.example.com/a b",
        "https://crm.example.com/" + "a" * 600,
        "https://crm.example.com/\r\nHost: other",
    ],
)
def test_what_is_no_whole_address_is_refused(url: str) -> None:
    assert outside_calls.why_not_call(url)


# --- The console ---


def page_of(system: OutsideSystem) -> str:
    return f"/console/rights_requests/outsidesystem/{system.pk}/connector/"


def form(crm: Processor, **changed: Any) -> dict[str, Any]:
    told = {"is_active": "on", "endpoint": crm.endpoint, "kinds": ["access"]}
    return {**told, **changed}


def test_whoever_keeps_the_list_connects_a_system_and_takes_it_back(
    crm: Processor, records: OutsideSystem
) -> None:
    client = dana("view_outsidesystem", "keep_outsidesystem")

    assert client.post(page_of(records), form(crm)).status_code == 302

    connector = Connector.objects.get(system=records)
    assert (connector.kinds, connector.identity_format) == (["access"], "sha256")
    assert connector.certificate == crm.certificate
    page = client.get(page_of(records)).content.decode()
    assert "BEGIN PUBLIC KEY" in page
    assert "asked by machine" in page
    client.post(page_of(records), {"endpoint": crm.endpoint})
    _, task = asked()
    assert not SystemCall.objects.filter(task=task).exists()


@pytest.mark.parametrize(
    ("misbehaves", "words"),
    [
        ({"fails": {"/discovery": 500}}, "answered 500"),
        ({"fails": {"/discovery": 302}}, "answered 302"),
        ({"types": ("erasure",)}, "cannot do this: access"),
        ({"formats": ()}, "does not find people by their e-mail address"),
        ({"certificate": "none"}, "no certificate"),
        ({"controller_key": "another"}, "answered 401"),
    ],
)
def test_a_system_that_does_not_answer_rightly_is_not_connected(
    crm: Processor, records: OutsideSystem, misbehaves: dict[str, Any], words: str
) -> None:
    if misbehaves.get("controller_key"):
        misbehaves = {"controller_key": ANOTHER_KEY}
    vars(crm).update(misbehaves)
    client = dana("view_outsidesystem", "keep_outsidesystem")

    answer = client.post(page_of(records), form(crm))

    assert answer.status_code == 409
    assert words in answer.content.decode()
    assert not Connector.objects.exists()


ANOTHER_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
    "-----END PUBLIC KEY-----\n"
)


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"endpoint": ""}, 400, "Enter the address"),
        ({"kinds": []}, 400, "Choose what the system is asked for"),
        ({"kinds": ["rectification"]}, 400, "Choose from those listed"),
        ({"endpoint": "http://crm.example.com/"}, 409, "begins with https://"),
        ({"certificate": "none"}, 409, "no certificate"),
        (
            {"certificate": processor.certificate(valid_for=timedelta(days=-1))},
            409,
            "not valid today",
        ),
    ],
)
def test_what_is_entered_wrongly_is_said_and_changes_nothing(
    crm: Processor,
    records: OutsideSystem,
    changed: dict[str, Any],
    status: int,
    words: str,
) -> None:
    client = dana("view_outsidesystem", "keep_outsidesystem")

    answer = client.post(page_of(records), form(crm, **changed))

    assert answer.status_code == status
    assert words in answer.content.decode()
    assert not Connector.objects.exists()


def test_without_a_key_of_ours_none_is_connected_or_asked(
    crm: Processor, connector: Connector, settings: Settings, records: OutsideSystem
) -> None:
    settings.CONNECTOR_KEY = ""

    _, task = asked()
    client = dana("view_outsidesystem", "keep_outsidesystem")
    answer = client.post(page_of(records), form(crm))

    assert not SystemCall.objects.filter(task=task).exists()
    assert "CONNECTOR_KEY" in answer.content.decode()


def test_staff_let_a_deletion_go_on_the_page_of_its_task(
    crm: Processor, connector: Connector
) -> None:
    case, task = confirmed()
    client = dana("view_case", "work_case", "release_case")
    page = client.get(f"/console/rights_requests/case/{case.pk}/tasks/")
    assert "Have it deleted there…" in page.content.decode()
    address = f"/console/rights_requests/task/{task.pk}/have-deleted/"
    seen = client.get(address).context["newest"]

    assert client.post(address, {"seen": seen, "step": "send"}).status_code == 302

    assert call_of(task).state == State.WAITING
    tasks.call_systems()
    assert list(crm.asked) == [str(call_of(task).pk)]


@pytest.mark.django_db(transaction=True)
def test_a_hold_that_is_being_placed_at_that_moment_is_waited_for(
    crm: Processor, connector: Connector
) -> None:
    """The worker has looked already; it looks again in the moment of sending."""
    case, task = confirmed()
    calling.release(task.pk, staff_id=RELEASER, now=timezone.now())
    held = threading.Event()

    def place_slowly() -> None:
        try:
            with transaction.atomic():
                hold(case)
                held.set()
                time.sleep(0.5)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(place_slowly)
        assert held.wait(10)
        calling.work(timezone.now())
        placing.result()

    assert crm.asked == {}
    call = call_of(task)
    assert (call.state, call.leaving_at) == (State.WAITING, None)
