"""Systems outside that hold people's data: on a list, asked about for each request, and
answered by whoever keeps them before anything leaves."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from groundwork.refusals import NotAllowed
from rights_requests import (
    casebook,
    closing,
    deciding,
    handling,
    systems_desk,
    vault,
)
from rights_requests.closing import Answer, why_not_fulfil
from rights_requests.deciding import Proposal
from rights_requests.filing import file_documents
from rights_requests.fulfilment import outside, systems
from rights_requests.fulfilment.systems import Described, Found, due_day
from rights_requests.handling import Searched
from rights_requests.kinds import ON_THE_CLOCK, CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    Letter,
    OutsideSystem,
    SearchRecord,
    Submission,
    Task,
)
from rights_requests.moves import Move
from rights_requests.uploads import check_upload
from staff.models import StaffUser
from tests.case_updates.cast import reader, staff
from tests.console.staff import dana
from tests.people import CLEO, OMAR
from tests.rights_requests import copying, files, lives

pytestmark = pytest.mark.django_db
STAFF = 7
TODAY = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def omar() -> StaffUser:
    return staff(OMAR, "view_case", "work_case", name="Omar")


@pytest.fixture
def records(omar: StaffUser) -> OutsideSystem:
    return systems.enter(Described("Customer records", "Orders and calls.", omar.pk))


def asked(case: Case) -> Task:
    systems.ask_owners(timezone.now())
    return Task.objects.get(case=case)


def searched(hits: int | None = 0) -> Found:
    terms = "" if hits is None else "Cleo"
    return Found(
        hits=hits,
        terms=terms,
        why="Every customer is in one list.",
        no_file="It stands in the copy of the house." if hits else "",
    )


# --- Asking ---


@pytest.mark.parametrize("kind", sorted(ON_THE_CLOCK))
def test_each_request_sets_its_owner_a_task(kind: CaseKind, omar: StaffUser) -> None:
    systems.enter(Described("Customer records", "Orders and calls.", omar.pk))
    case = lives.new_case(kind)

    task = asked(case)

    assert task.for_staff_id == omar.pk
    assert "Customer records" in task.what
    assert "Orders and calls." in task.what


@pytest.mark.parametrize("kind", [CaseKind.COMPLAINT, CaseKind.MARKETING])
def test_what_needs_no_search_sets_none(kind: CaseKind, records: OutsideSystem) -> None:
    lives.new_case(kind)

    assert systems.ask_owners(timezone.now()) == 0
    assert not Task.objects.exists()


def test_each_system_is_asked_once_however_often_the_worker_comes(
    records: OutsideSystem,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)

    assert [systems.ask_owners(timezone.now()) for _ in range(3)] == [1, 0, 0]
    with pytest.raises(IntegrityError), transaction.atomic():
        task = Task.objects.get(case=case)
        task.pk = None
        task.save()


def test_one_that_comes_to_the_list_is_asked_about_for_open_requests(
    records: OutsideSystem, omar: StaffUser
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    asked(case)

    systems.enter(Described("Recordings", "Calls of the last six months.", omar.pk))
    systems.ask_owners(timezone.now())

    names = Task.objects.filter(case=case).values_list("system__name", flat=True)
    assert sorted(names) == ["Customer records", "Recordings"]


def test_one_that_is_no_longer_used_is_not_asked_about(
    records: OutsideSystem, omar: StaffUser
) -> None:
    told = Described(records.name, records.holds, omar.pk, is_active=False)
    systems.change(records.pk, told)
    lives.new_case(CaseKind.ACCESS)

    assert systems.ask_owners(timezone.now()) == 0


def test_its_open_tasks_go_to_whoever_takes_it_over(records: OutsideSystem) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    asked(case)

    systems.change(records.pk, Described(records.name, records.holds, 4711))

    assert Task.objects.get(case=case).for_staff_id == 4711


def test_a_held_request_is_not_asked_about_before_it_is_released(
    records: OutsideSystem,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    Submission.objects.filter(pk=case.submission_id).update(held_because="flood")

    assert systems.ask_owners(timezone.now()) == 0


@pytest.mark.parametrize(
    ("governs_on", "expected", "why"),
    [
        (None, date(2026, 12, 14), "no day runs: two weeks"),
        (date(2027, 1, 30), date(2026, 12, 14), "far off: two weeks at most"),
        (date(2026, 12, 18), date(2026, 12, 11), "a week before the answer"),
        (date(2026, 12, 2), TODAY, "nearly due: today"),
        (date(2026, 11, 2), TODAY, "overdue: today"),
    ],
)
def test_by_when_it_has_to_be_searched(
    governs_on: date | None, expected: date, why: str
) -> None:
    assert due_day(governs_on, today=TODAY) == expected, why


# --- Answering ---


def test_the_answer_ends_the_task_and_is_the_record_of_the_search(
    records: OutsideSystem, omar: StaffUser
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    task = asked(case)

    systems.answer(task.pk, searched(3), staff_id=omar.pk, now=timezone.now())

    task.refresh_from_db()
    assert (task.done_by_id, task.result) == (omar.pk, "3 found.")
    record = SearchRecord.objects.get(case=case)
    assert (record.system, record.hits_count) == ("Customer records", 3)
    assert record.stays_because == "It stands in the copy of the house."


def test_the_person_reads_of_what_was_found_and_does_not_go_along(
    records: OutsideSystem,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    lives.confirm_mailbox(case)
    answer_with(asked(case), searched(2))
    now = timezone.now()
    file = check_upload(files.upload("copy.txt", b"All of it."))
    purpose = CaseDocument.Purpose.ANSWER
    file_documents(case.pk, [file], purpose, staff_id=STAFF, now=now)
    lives.release_files(Case.objects.get(pk=case.pk))

    letter = closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=now)

    said = {one["name"]: one["text"] for one in letter.blocks["blocks"]}
    assert said["details"] == (
        "We found data here as well. No file of it goes with this answer:\n\n"
        "- Customer records. It stands in the copy of the house."
    )
    assert "You get a copy. With it" in said["done"]  # not of all that we found


def test_what_was_found_is_not_left_out_of_a_copy_without_a_reason(
    records: OutsideSystem,
) -> None:
    task = asked(lives.new_case(CaseKind.ACCESS))
    bare = replace(searched(2), no_file=" ")

    with pytest.raises(NotAllowed, match="add it as a file, or say why"):
        systems.answer(task.pk, bare, staff_id=STAFF, now=timezone.now())

    task.refresh_from_db()
    assert task.done_at is None and not SearchRecord.objects.exists()


def test_where_the_person_gets_no_copy_what_was_found_needs_no_file(
    records: OutsideSystem,
) -> None:
    task = asked(lives.new_case(CaseKind.RESTRICTION))
    bare = replace(searched(2), no_file="", became="stays", stays_because="Tax law.")
    systems.answer(task.pk, bare, staff_id=STAFF, now=timezone.now())
    task.refresh_from_db()
    assert task.done_at is not None


def test_not_searched_wants_a_reason_and_is_on_record_as_that(
    records: OutsideSystem,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    task = asked(case)
    with pytest.raises(NotAllowed):
        systems.answer(task.pk, Found(None, ""), staff_id=STAFF, now=timezone.now())
    task.refresh_from_db()
    assert task.done_at is None

    systems.answer(task.pk, searched(None), staff_id=STAFF, now=timezone.now())

    task.refresh_from_db()
    assert task.result.startswith("Not searched: ")
    assert SearchRecord.objects.get(case=case).hits_count is None


def test_nobody_answers_twice_or_in_the_wrong_way(records: OutsideSystem) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    task = asked(case)
    with pytest.raises(NotAllowed, match="search of this system"):
        handling.finish_task(task.pk, "Done.", staff_id=STAFF, now=timezone.now())
    systems.answer(task.pk, searched(), staff_id=STAFF, now=timezone.now())

    with pytest.raises(NotAllowed, match="done already"):
        systems.answer(task.pk, searched(), staff_id=STAFF, now=timezone.now())

    assert SearchRecord.objects.filter(case=case).count() == 1


def test_no_answer_leaves_before_every_system_was_asked_and_has_answered(
    records: OutsideSystem,
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    assert "are being asked" in why_not_fulfil(case, nothing_held=True)
    task = asked(case)
    case.refresh_from_db()
    assert "still open" in why_not_fulfil(case, nothing_held=True)

    systems.answer(task.pk, searched(), staff_id=STAFF, now=timezone.now())
    answer = Answer(nothing_held=True)
    closing.fulfil(case.pk, answer, staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert not case.is_open


# --- What was done there ---

CHANGES = [
    CaseKind.ERASURE,
    CaseKind.RECTIFICATION,
    CaseKind.RESTRICTION,
    CaseKind.OBJECTION,
]


def confirmed(kind: CaseKind) -> Task:
    case = lives.new_case(kind)
    lives.confirm_mailbox(case)
    return asked(case)


def found_there(**more: Any) -> Found:
    return replace(searched(2), no_file="", **more)


def answer_with(task: Task, found: Found) -> None:
    systems.answer(task.pk, found, staff_id=STAFF, now=timezone.now())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (CaseKind.ERASURE, "and delete it there"),
        (CaseKind.RECTIFICATION, "and put right there what is wrong"),
        (CaseKind.RESTRICTION, "and set it aside there"),
        (CaseKind.OBJECTION, "and stop the use there"),
        (CaseKind.ACCESS, "data: Orders"),
    ],
)
def test_the_task_says_what_is_to_be_done_there(
    records: OutsideSystem, kind: CaseKind, words: str
) -> None:
    assert words in asked(lives.new_case(kind)).what


@pytest.mark.parametrize(
    ("kind", "found", "words"),
    [
        (CaseKind.ERASURE, found_there(), "say whether it stays"),
        (CaseKind.RECTIFICATION, found_there(), "say whether it stays"),
        (CaseKind.ERASURE, found_there(became="stays"), "Say why it stays"),
        *((kind, searched(None), "not searched stays as it is") for kind in CHANGES),
        (CaseKind.ERASURE, replace(searched(None), became="done"), "not searched, so"),
        (CaseKind.ERASURE, replace(searched(0), became="done"), "Nothing was found"),
        (CaseKind.ACCESS, replace(searched(2), became="done"), "Nothing is changed"),
    ],
)
def test_an_owner_says_what_became_of_what_was_found(
    records: OutsideSystem, kind: CaseKind, found: Found, words: str
) -> None:
    task = confirmed(kind)
    with pytest.raises(NotAllowed, match=words):
        answer_with(task, found)
    task.refresh_from_db()
    assert task.done_at is None and not SearchRecord.objects.exists()


def test_nothing_is_deleted_outside_at_the_word_of_whoever_typed_an_address(
    records: OutsideSystem,
) -> None:
    case = lives.new_case(CaseKind.ERASURE)
    task = asked(case)
    with pytest.raises(NotAllowed, match="Nobody has shown yet"):
        answer_with(task, found_there(became="done"))
    lives.confirm_mailbox(case)
    answer_with(task, found_there(became="done"))


STAYS: dict[str, Any] = {
    "became": "stays",
    "stays_because": "Tax law asks for six years: until 2032.",
}


@pytest.mark.parametrize(
    "found", [found_there(**STAYS), replace(searched(None), **STAYS)]
)
def test_what_stays_outside_keeps_us_from_saying_that_all_is_deleted(
    records: OutsideSystem, found: Found
) -> None:
    task = confirmed(CaseKind.ERASURE)
    answer_with(task, found)
    case = Case.objects.get(pk=task.case_id)

    for nothing_held in (True, False):
        why_not = why_not_fulfil(case, nothing_held=nothing_held)
        assert "stays in a system outside (Customer records)" in why_not
    part = Proposal(
        Move.FULFIL_IN_PART,
        ground="legal-obligation",
        reasons="We have to keep the invoices for the tax office.",
        outcome="All but the invoices is deleted.",
        left_out="The invoices.",
    )
    decision = deciding.propose(case.pk, part, staff_id=1, now=timezone.now())
    letter = deciding.preview(decision, now=timezone.now())
    assert letter is not None
    assert "Customer records. Tax law asks for six years: until 2032." in letter.text


MANY_LINES = "- Tax law asks\r\nfor six years:\n\n\u2022 invoices\n- until 2032."
ONE_LINE = "Customer records. Tax law asks for six years: invoices; until 2032."


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.RECTIFICATION])
def test_the_reason_of_an_owner_is_one_line_of_the_letter(
    records: OutsideSystem, kind: CaseKind
) -> None:
    """Its lines would read as if they were other systems."""
    task = confirmed(kind)
    told: dict[str, Any] = {"became": "stays", "stays_because": MANY_LINES}
    if kind is CaseKind.ACCESS:
        told = {"no_file": MANY_LINES}
    answer_with(task, replace(found_there(), **told))
    case = Case.objects.get(pk=task.case_id)

    assert outside.left_in_letter(case).splitlines()[1:] == ["", f"- {ONE_LINE}"]


@pytest.mark.parametrize("kind", CHANGES)
def test_nobody_is_told_that_all_is_done_while_a_system_was_not_searched(
    records: OutsideSystem, kind: CaseKind
) -> None:
    task = confirmed(kind)
    answer_with(task, replace(searched(None), **STAYS))

    for nothing_held in (True, False):
        case = Case.objects.get(pk=task.case_id)
        why_not = why_not_fulfil(case, nothing_held=nothing_held)
        assert "(Customer records), or was not searched" in why_not


@pytest.mark.parametrize("kind", CHANGES)
def test_nor_while_one_was_not_that_somebody_wrote_down_themselves(
    kind: CaseKind,
) -> None:
    case = lives.new_case(kind)
    lives.confirm_mailbox(case)
    now = timezone.now()

    def told(hits: int | None) -> str:
        terms = "" if hits is None else "Cleo"
        row = Searched("Paper archive", terms, hits, "In another town.", now.date())
        handling.record_search(case.pk, row, staff_id=STAFF, now=now)
        return why_not_fulfil(Case.objects.get(pk=case.pk))

    assert "(Paper archive), or was not searched" in told(None)
    assert "Paper archive" not in told(0)


def test_the_answer_in_part_names_what_was_not_searched() -> None:
    case = lives.new_case(CaseKind.RECTIFICATION)
    lives.confirm_mailbox(case)
    now = timezone.now()
    row = Searched("Paper archive", "", None, "In another town.", now.date())
    handling.record_search(case.pk, row, staff_id=STAFF, now=now)

    decision = deciding.propose(case.pk, CORRECTED_IN_PART, staff_id=1, now=now)
    letter = deciding.preview(decision, now=now)

    assert letter is not None
    assert "- Paper archive. We did not search it." in letter.text


LEFT_OUT = {
    CaseKind.ACCESS: "search-out-of-proportion",
    CaseKind.PORTABILITY: "legal-privilege",
}


def in_part(kind: CaseKind) -> Proposal:
    return Proposal(
        Move.FULFIL_IN_PART,
        ground=LEFT_OUT[kind],
        evidence="Nine thousand boxes without a list.",
        reasons="The boxes have no list, and to open them all would take us two years.",
        outcome="You get all that stands in our computers.",
        left_out="What lies in the boxes.",
    )


def whole_copy(kind: CaseKind) -> Case:
    """With everything in it that was found in this software."""
    reader(CLEO)
    case = lives.new_case(kind)
    lives.confirm_mailbox(case)
    now = timezone.now()
    row = Searched("This software", "Cleo", 1, "It is the whole.", now.date())
    handling.record_search(case.pk, row, staff_id=STAFF, now=now)
    copying.released(case)
    return case


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", LEFT_OUT)
@pytest.mark.parametrize(
    ("found", "words"),
    [
        (searched(None), "We did not search:\n\n- Customer records"),
        (
            replace(searched(2), no_file="It is advice from our lawyers."),
            "- Customer records. It is advice from our lawyers.",
        ),
    ],
)
def test_a_whole_copy_goes_with_an_answer_in_part_because_of_a_system_outside(
    records: OutsideSystem, kind: CaseKind, found: Found, words: str
) -> None:
    case = whole_copy(kind)
    answer_with(asked(case), found)
    now = timezone.now()

    decision = deciding.propose(case.pk, in_part(kind), staff_id=1, now=now)
    seen = casebook.newest_entry_id(case)
    deciding.release(decision.pk, seen_entry_id=seen, staff_id=2, now=now)

    letter = Letter.objects.get(decisions=decision)
    said = {one["name"]: one["text"] for one in letter.blocks["blocks"]}
    assert said["left-out"].startswith("What lies in the boxes.\n\n")
    assert words in said["left-out"] and "Customer" not in said["done"]
    assert ".zip" in said["documents"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", LEFT_OUT)
def test_of_a_whole_copy_nothing_is_said_to_be_left_out_that_is_in_it(
    records: OutsideSystem, kind: CaseKind
) -> None:
    case = whole_copy(kind)
    answer_with(asked(case), searched(0))

    with pytest.raises(
        NotAllowed, match=r"holds everything: leave.*, record that first"
    ):
        deciding.propose(case.pk, in_part(kind), staff_id=1, now=timezone.now())


CORRECTED_IN_PART = Proposal(
    Move.FULFIL_IN_PART,
    ground="accurate",
    evidence="Five letters that ask for the same without an end.",
    reasons="It was right as it stood there: you told us so yourself in March.",
    outcome="All but one entry is corrected.",
    left_out="The entry in our customer records.",
)


def test_what_was_deleted_outside_stands_in_the_report(records: OutsideSystem) -> None:
    task = confirmed(CaseKind.ERASURE)
    answer_with(task, found_there(became="done"))
    case = Case.objects.get(pk=task.case_id)
    assert "outside" not in why_not_fulfil(case)
    whole = Proposal(Move.FULFIL)

    decision = deciding.propose(case.pk, whole, staff_id=1, now=timezone.now())
    letter = deciding.preview(decision, now=timezone.now())

    assert letter is not None and "Customer records (2)" in letter.text


def test_the_answer_to_a_correction_names_what_was_put_right_outside(
    records: OutsideSystem,
) -> None:
    task = confirmed(CaseKind.RECTIFICATION)
    answer_with(task, found_there(became="done"))

    letter = closing.fulfil(task.case_id, Answer(), staff_id=STAFF, now=timezone.now())

    words = str(letter.blocks)
    assert "Done as well in our other systems" in words
    assert "Customer records (2)" in words


def test_the_answer_in_part_names_what_stays_outside_as_it_was(
    records: OutsideSystem,
) -> None:
    task = confirmed(CaseKind.RECTIFICATION)
    answer_with(task, found_there(**STAYS))
    part, now = CORRECTED_IN_PART, timezone.now()
    decision = deciding.propose(task.case_id, part, staff_id=1, now=now)
    letter = deciding.preview(decision, now=timezone.now())
    assert letter is not None
    said = {block.name: block.text for block in letter.blocks}
    assert said["left-out"].endswith(
        "Not changed in our other systems:\n\n"
        "- Customer records. Tax law asks for six years: until 2032."
    )
    assert "our other systems" not in said["done"]


def test_what_is_gone_there_by_now_is_recorded_once_more(
    records: OutsideSystem,
) -> None:
    task = confirmed(CaseKind.ERASURE)
    answer_with(task, found_there(**STAYS))
    case = task.case
    now = timezone.now()

    def again(hits: int) -> str:
        told = Searched("customer records", "Cleo", hits, "Once more.", now.date())
        handling.record_search(case.pk, told, staff_id=STAFF, now=now)
        return why_not_fulfil(Case.objects.get(pk=case.pk))

    assert "outside" in again(1)
    assert "outside" not in again(0)


def test_the_database_holds_that_what_was_done_was_found(
    records: OutsideSystem,
) -> None:
    task = confirmed(CaseKind.ERASURE)
    answer_with(task, found_there(became="done"))
    for hits in (0, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            SearchRecord.objects.update(hits_count=hits)


def test_the_owner_says_on_the_page_what_was_done(
    records: OutsideSystem,
) -> None:
    task = confirmed(CaseKind.ERASURE)
    client = dana("view_case", "work_case")
    status, page = answered(task, client)
    assert status == 409 and "say whether it stays" in page
    assert "It was deleted there" in page
    assert answered(task, client, became="done")[0] == 302
    assert SearchRecord.objects.get().became == "done"
    searches = client.get(f"/console/rights_requests/case/{task.case_id}/searches/")
    assert "Done as the person asked" in searches.content.decode()


# --- The console ---

LIST = "/console/rights_requests/outsidesystem/"


def test_whoever_keeps_the_list_adds_and_changes_a_system(omar: StaffUser) -> None:
    client = dana("view_outsidesystem", "keep_outsidesystem")
    told = {
        "name": "Customer records",
        "holds": "Orders and calls.",
        "owner_id": str(omar.pk),
        "is_active": "on",
    }
    assert (
        client.post("/console/rights_requests/outsidesystem/new/", told).status_code
        == 302
    )
    system = OutsideSystem.objects.get()

    client.post(f"{LIST}{system.pk}/describe/", {**told, "is_active": ""})

    page = client.get(LIST).content.decode()
    assert "Omar answers for it." in page
    assert "not asked about" in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Enter what it is called"),
        ("name", "customer RECORDS", "already"),
        ("holds", "", "Say what it holds"),
        ("owner_id", "999999", "Choose who answers for it"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    records: OutsideSystem, omar: StaffUser, field: str, value: str, words: str
) -> None:
    client = dana("view_outsidesystem", "keep_outsidesystem")
    told = {"name": "Other", "holds": "Calls.", "owner_id": str(omar.pk)}

    answer = client.post(
        "/console/rights_requests/outsidesystem/new/", {**told, field: value}
    )

    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert OutsideSystem.objects.count() == 1


@pytest.mark.parametrize("number", ["none", "0", "-1", "1 or 1"])
def test_a_system_that_is_not_there_is_no_page(number: str) -> None:
    client = dana("view_outsidesystem", "keep_outsidesystem")
    path = f"/console/rights_requests/outsidesystem/{number}/change/"

    assert client.get(path, follow=True).status_code == 404


def test_two_who_enter_the_same_at_once_make_one(omar: StaffUser) -> None:
    """The name was free when the second form was looked at, and is taken when it is
    written."""
    client = dana("view_outsidesystem", "keep_outsidesystem")
    told = {"name": "Customer records", "holds": "Calls.", "owner_id": str(omar.pk)}
    first = Described("Customer records", "Orders.", omar.pk)
    looks = systems_desk.SystemForm.clean_name

    def entered_meanwhile(form: systems_desk.SystemForm) -> str:
        name = looks(form)
        systems.enter(first)
        return name

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(systems_desk.SystemForm, "clean_name", entered_meanwhile)
        answer = client.post("/console/rights_requests/outsidesystem/new/", told)

    assert answer.status_code == 409
    assert "already" in answer.content.decode()
    assert OutsideSystem.objects.get().holds == "Orders."


def test_whoever_may_only_look_changes_nothing(records: OutsideSystem) -> None:
    client = dana("view_outsidesystem")

    assert client.get(LIST).status_code == 200
    assert client.get("/console/rights_requests/outsidesystem/new/").status_code == 403
    assert client.post(f"{LIST}{records.pk}/describe/", {}).status_code == 403


def test_the_owner_answers_on_the_page_of_the_task(
    records: OutsideSystem, omar: StaffUser
) -> None:
    case = lives.new_case(CaseKind.ACCESS, address=CLEO)
    task = asked(case)
    client = dana("view_case", "work_case")
    page = client.get(f"/console/rights_requests/case/{case.pk}/tasks/")
    assert "Say what the search came to…" in page.content.decode()

    address = f"/console/rights_requests/task/{task.pk}/answer-system/"
    form = client.get(address)
    seen = form.context["newest"]
    told = {"seen": seen, "was_searched": "yes", "hits": "2", "why": "One list."}
    told |= {"on": f"{timezone.localdate():%Y-%m-%d}"}
    refused = client.post(address, told)
    assert "Say what you searched for" in refused.content.decode()

    owed = client.post(address, {**told, "terms": "Cleo"})
    assert "add it as a file, or say why" in owed.content.decode()
    reason = "All of it stands in the copy."
    done = client.post(address, {**told, "terms": "Cleo", "no_file": reason})

    assert done.status_code == 302
    task.refresh_from_db()
    assert task.done_at is not None


# --- What was found, with the answer ---


def answered(
    task: Task, client: Client | None = None, **changed: object
) -> tuple[int, str]:
    """The owner's form as sent, with what differs from the usual."""
    client = client or dana("view_case", "work_case")
    address = f"/console/rights_requests/task/{task.pk}/answer-system/"
    told: dict[str, object] = {
        "seen": client.get(address).context["newest"],
        "was_searched": "yes",
        "hits": "2",
        "terms": "Cleo",
        "why": "One list.",
        "on": f"{timezone.localdate():%Y-%m-%d}",
    }
    answer = client.post(address, told | changed)
    return answer.status_code, answer.content.decode()


def test_what_was_found_comes_with_the_owners_answer(records: OutsideSystem) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    task = asked(case)
    orders = files.upload("orders.csv", b"ordered,what\n2025-03-01,one poster\n")

    status, _ = answered(task, file=orders)

    assert status == 302
    task.refresh_from_db()
    document = CaseDocument.objects.get(case=case)
    assert task.done_at is not None
    assert (document.purpose, document.name) == ("answer", "orders.csv")
    kept = b"".join(vault.read(document.vault_name))
    assert kept == b"ordered,what\n2025-03-01,one poster\n"
    assert SearchRecord.objects.get(case=case).hits_count == 2


@pytest.mark.parametrize(
    ("changed", "status", "words"),
    [
        ({"hits": "0"}, 409, "so something was found"),
        (
            {"was_searched": "no", "hits": "", "terms": ""},
            409,
            "so something was found",
        ),
        ({"was_searched": "no", "terms": ""}, 400, "leave the hits empty"),
        ({"terms": ""}, 400, "Say what you searched for"),
        ({"file": files.upload("x.exe", b"MZ\0\0")}, 400, "another kind of file"),
        ({"file": files.upload("big.csv", b"a" * 11_000_000)}, 413, "at most 10 MB"),
    ],
)
def test_a_file_that_does_not_fit_its_answer_leaves_everything_as_it_was(
    records: OutsideSystem, changed: dict[str, Any], status: int, words: str
) -> None:
    case = lives.new_case(CaseKind.ACCESS)
    task = asked(case)
    orders = files.upload("orders.csv", b"ordered,what\n")

    got, page = answered(task, **{"file": orders, **changed})

    assert (got, words in page) == (status, True)
    task.refresh_from_db()
    assert task.done_at is None
    assert not CaseDocument.objects.exists()
    assert list(vault.names()) == []
    assert not SearchRecord.objects.exists()


def test_where_the_person_gets_no_copy_no_file_is_asked_for(
    records: OutsideSystem,
) -> None:
    task = asked(lives.new_case(CaseKind.RESTRICTION))
    client = dana("view_case", "work_case")

    page = client.get(f"/console/rights_requests/task/{task.pk}/answer-system/")

    assert "How many hits?" in page.content.decode()
    assert 'type="file"' not in page.content.decode()


def test_a_file_that_nobody_asked_for_is_not_kept(records: OutsideSystem) -> None:
    task = confirmed(CaseKind.RESTRICTION)
    orders = files.upload("orders.csv", b"ordered,what\n")

    assert answered(task, file=orders, became="done")[0] == 302
    assert not CaseDocument.objects.exists()
