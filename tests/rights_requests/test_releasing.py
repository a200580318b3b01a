"""What is left out of a copy, and who lets it go."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from data_subjects.models import DataSubject
from groundwork import addresses
from groundwork.refusals import NotAllowed
from rights_requests import (
    closing,
    deciding,
    handling,
    letters,
    links,
    vault,
    visiting,
)
from rights_requests.closing import Answer
from rights_requests.deciding import Proposal
from rights_requests.filing import file_documents
from rights_requests.fulfilment import building, evidence, redacting, releasing
from rights_requests.fulfilment.marks import Extent, Reason
from rights_requests.fulfilment.redacting import Wanted
from rights_requests.handling import Searched
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Decision,
    Event,
    Letter,
    Note,
    Package,
    Redaction,
)
from rights_requests.moves import Move, State
from rights_requests.retention import HANDED_COPIES, HANDED_FILES
from rights_requests.uploads import check_upload
from rights_requests.vault_keeping import remove_document
from subscribers.models import Subscriber
from tests.console.staff import dana
from tests.people import ADA, become_reader, subscriber_of
from tests.purging import purged
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.copying import (
    MAKER,
    READER,
    everything_in,
    leave_out,
    opened,
    put_together,
    released,
)
from tests.rights_requests.files import upload

pytestmark = pytest.mark.django_db(transaction=True)
WITNESS = "Zebedee Quill"
NOTE = f"She shares a desk with {WITNESS}, who called on Monday."


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def case(client: Client, smtp: Relay) -> Case:
    """Ada asks what we hold, and somebody else stands in a note about her."""
    become_reader(client, smtp, ADA, first_name="Ada", employer="Quill Ltd")
    case = lives.new_case(CaseKind.ACCESS, address=ADA)
    handling.add_note(case.pk, NOTE, staff_id=MAKER, now=timezone.now())
    return case


def in_note(case: Case, **more: str) -> Wanted:
    note = Note.objects.get(case=case)
    given: dict[str, Any] = {
        "extent": Extent.PASSAGE,
        "reason": Reason.OTHERS,
        "place": "notes",
        "entry": str(note.pk),
        "field": "words",
        "words": WITNESS,
    }
    return Wanted(**{**given, **more})


def fulfil(case: Case) -> None:
    closing.fulfil(case.pk, Answer(), staff_id=MAKER, now=timezone.now())
    case.refresh_from_db()


def answered(case: Case) -> Package:
    package = released(case)
    fulfil(case)
    package.refresh_from_db()
    return package


# --- Leaving out ---


def test_a_name_that_is_left_out_is_nowhere_in_the_archive(case: Case) -> None:
    assert everything_in(put_together(case)).count(WITNESS) == 3

    leave_out(case, in_note(case))

    whole = everything_in(put_together(case))
    assert WITNESS not in whole
    assert whole.count("shares a desk with [left out: concerns another person]") == 3


def test_words_are_found_across_lines_and_in_any_case_but_not_within_words(
    case: Case,
) -> None:
    handling.add_note(
        case.pk,
        "ZEBEDEE\nQUILL, and the Zebedee Quillfeather of another case.",
        staff_id=MAKER,
        now=timezone.now(),
    )
    put_together(case)
    leave_out(
        case,
        Wanted(Extent.EVERYWHERE, Reason.OTHERS, words=f" {WITNESS.lower()} "),
    )

    notes = json.loads(opened(put_together(case)).read("data/notes.json"))["records"]

    mark = "[left out: concerns another person]"
    assert [note["words"] for note in notes] == [
        f"She shares a desk with {mark}, who called on Monday.",
        f"{mark}, and the Zebedee Quillfeather of another case.",
    ]


def test_words_within_a_letter_that_is_kept_in_parts_are_left_out(case: Case) -> None:
    handling.write_to_person(
        case.pk,
        {
            "message": f"We have asked {WITNESS} about it, who works on the second floor."
        },
        staff_id=MAKER,
        now=timezone.now(),
    )
    put_together(case)
    leave_out(case, Wanted(Extent.EVERYWHERE, Reason.OTHERS, words=WITNESS))

    archive = opened(put_together(case))

    letters_told = archive.read("data/letters.json").decode()
    assert "We have asked [left out: concerns another person] about it" in letters_told
    assert "We have asked [left out" in archive.read("data/letters.html").decode()
    assert WITNESS not in everything_in(Package.objects.latest("built_at"))


def test_words_that_overlap_leave_nothing_of_each_other(case: Case) -> None:
    put_together(case)
    surname, both = in_note(case, words="Quill"), in_note(case, words=WITNESS)
    leave_out(case, surname)
    leave_out(case, both)

    whole = everything_in(put_together(case))

    assert "Zebedee" not in whole and "shares a desk with Quill" not in whole


def test_a_whole_entry_leaves_words_in_its_place_and_goes_from_json_and_csv(
    case: Case,
) -> None:
    put_together(case)
    leave_out(case, in_note(case, extent=Extent.ENTRY, field="", words=""))

    archive = opened(put_together(case))

    mark = "[left out: concerns another person]"
    told = json.loads(archive.read("data/notes.json"))["records"]
    assert told == [{"left_out": mark}]
    assert archive.read("data/notes.csv").decode().splitlines()[1].startswith(mark)
    assert (
        f'<li class="left-out"><p>{mark}</p></li>'
        in archive.read("data/notes.html").decode()
    )
    assert "shares a desk" not in everything_in(Package.objects.latest("built_at"))


def test_a_whole_field_and_nothing_else_of_its_entry(case: Case) -> None:
    put_together(case)
    leave_out(case, in_note(case, extent=Extent.FIELD, words=""))

    [note] = json.loads(opened(put_together(case)).read("data/notes.json"))["records"]

    assert note["words"] == "[left out: concerns another person]"
    assert note["case__reference"] == case.reference


def test_a_file_is_left_out_as_a_whole_and_a_text_stands_in_its_place(
    case: Case,
) -> None:
    letter = check_upload(upload(f"{WITNESS}.txt", b"From somebody else."))
    purpose = CaseDocument.Purpose.EVIDENCE
    [document] = file_documents(
        case.pk, [letter], purpose, staff_id=MAKER, now=timezone.now()
    )
    put_together(case)
    wanted = Wanted(
        Extent.FILES, Reason.OTHERS, place="documents", entry=str(document.pk)
    )
    leave_out(case, wanted)
    leave_out(case, Wanted(Extent.EVERYWHERE, Reason.OTHERS, words=WITNESS))

    package = put_together(case)

    archive = opened(package)
    assert archive.read(f"files/{document.pk}/left-out.txt").decode() == (
        "[left out: concerns another person]\n"
    )
    whole = everything_in(package)
    assert WITNESS not in whole
    assert "From somebody else." not in whole


def test_the_files_of_an_entry_go_with_words_that_are_taken_out_of_it(
    case: Case,
) -> None:
    letter = check_upload(upload(f"{WITNESS}.txt", b"From somebody else."))
    purpose = CaseDocument.Purpose.EVIDENCE
    file_documents(case.pk, [letter], purpose, staff_id=MAKER, now=timezone.now())
    put_together(case)

    leave_out(case, Wanted(Extent.EVERYWHERE, Reason.OTHERS, words=WITNESS))

    whole = everything_in(put_together(case))
    assert "From somebody else." not in whole
    assert "left-out.txt" in whole


def test_the_first_page_counts_what_is_left_out_by_its_reasons(case: Case) -> None:
    put_together(case)
    leave_out(case, in_note(case))
    leave_out(case, in_note(case, words="called on Monday", reason=Reason.PRIVILEGE))
    leave_out(case, Wanted(Extent.EVERYWHERE, Reason.OTHERS, words="Nobody Here"))

    package = put_together(case)

    page = opened(package).read("index.html").decode()
    assert "One thing was left out because the rights of other people" in page
    assert "One thing was left out because advice from our lawyers" in page
    assert package.left_out == {"rights-of-others": 1, "legal-privilege": 1}


def test_a_json_file_with_what_is_left_out_keeps_to_its_schema(case: Case) -> None:
    from jsonschema import Draft202012Validator

    put_together(case)
    leave_out(case, in_note(case, extent=Extent.ENTRY, field="", words=""))
    leave_out(case, Wanted(Extent.EVERYWHERE, Reason.OTHERS, words="Quill Ltd"))

    archive = opened(put_together(case))

    validator = Draft202012Validator(json.loads(archive.read("schema.json")))
    names = [n for n in archive.namelist() if n.startswith("data/")]
    tables = [name for name in names if name.endswith(".json")]
    assert "data/notes.json" in tables
    for name in tables:
        validator.validate(json.loads(archive.read(name)))


def test_what_goes_along_to_another_service_can_be_left_out_as_well(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada", employer="Quill Ltd")
    case = lives.new_case(CaseKind.PORTABILITY, address=ADA)
    assert "Quill Ltd" in everything_in(put_together(case))

    leave_out(case, Wanted(Extent.EVERYWHERE, Reason.OTHERS, words="Quill Ltd"))

    package = put_together(case)
    assert "Quill Ltd" not in everything_in(package)
    assert "left out because" in opened(package).read("index.html").decode()


@pytest.mark.parametrize(
    ("more", "why_not"),
    [
        ({"words": "Somebody Else"}, "do not stand there"),
        ({"words": "Zebedee Quil"}, "do not stand there"),
        ({"words": " "}, "Give the words"),
        ({"field": "id"}, "Choose the field"),
        ({"entry": "999999"}, "not in the copy any more"),
        ({"entry": "no number"}, "not in the copy any more"),
        ({"place": "nowhere"}, "not in the copy any more"),
        ({"words": "x" * 2001}, "too long"),
        ({"extent": Extent.FILES, "field": "", "words": ""}, "has no file"),
        (
            {
                "extent": Extent.EVERYWHERE,
                "place": "",
                "entry": "",
                "field": "",
                "words": "an",
            },
            "at least 3 letters",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    case: Case, more: dict[str, str], why_not: str
) -> None:
    put_together(case)

    with pytest.raises(NotAllowed, match=why_not):
        leave_out(case, in_note(case, **more))

    assert not Redaction.objects.exists()


def test_nothing_is_left_out_twice_and_nothing_put_back_twice(case: Case) -> None:
    put_together(case)
    mark = leave_out(case, in_note(case))

    with pytest.raises(NotAllowed, match="left out already"):
        leave_out(case, in_note(case, words=WITNESS.upper()))
    redacting.put_back(mark.pk, staff_id=READER, now=timezone.now())
    with pytest.raises(NotAllowed, match="put back already"):
        redacting.put_back(mark.pk, staff_id=MAKER, now=timezone.now())

    assert WITNESS in everything_in(put_together(case))


def test_a_mark_cannot_be_rewritten(case: Case) -> None:
    put_together(case)
    mark = leave_out(case, in_note(case))

    for change in ({"marked_by_id": 999}, {"reason": "negotiations"}, {"entry": "1"}):
        with pytest.raises(DatabaseError, match="stays on record"):
            Redaction.objects.filter(pk=mark.pk).update(**change)


def test_the_words_stand_in_the_database_as_code_alone(case: Case) -> None:
    put_together(case)
    leave_out(case, in_note(case, note="He is her neighbour."))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rights_requests_redaction::text FROM rights_requests_redaction"
        )
        [[row]] = cursor.fetchall()

    assert WITNESS not in row
    assert "neighbour" not in row


# --- Releasing ---


def test_a_copy_leaves_only_when_somebody_else_released_it(case: Case) -> None:
    package = put_together(case)
    with pytest.raises(NotAllowed, match="Nobody has released"):
        fulfil(case)
    with pytest.raises(NotAllowed, match="somebody else has to release"):
        releasing.release(package.pk, (), staff_id=MAKER, now=timezone.now())

    releasing.release(package.pk, (), staff_id=READER, now=timezone.now())
    fulfil(case)

    assert case.state == State.FULFILLED
    [given] = visiting.given_to_person(case)
    assert given == package.document


def add_file(case: Case, *, staff_id: int) -> CaseDocument:
    file = check_upload(upload("orders.txt", b"Two posters."))
    purpose = CaseDocument.Purpose.ANSWER
    [document] = file_documents(
        case.pk, [file], purpose, staff_id=staff_id, now=timezone.now()
    )
    return document


def test_one_release_lets_the_copy_go_with_the_files_beside_it(case: Case) -> None:
    package, file = put_together(case), add_file(case, staff_id=MAKER)
    with pytest.raises(NotAllowed, match="together with the copy"):
        releasing.release_files(case.pk, [file.pk], staff_id=READER, now=timezone.now())
    releasing.release(package.pk, [file.pk], staff_id=READER, now=timezone.now())
    fulfil(case)
    assert visiting.given_to_person(case) == [package.document, file]


def test_a_file_that_comes_after_the_release_needs_its_own(case: Case) -> None:
    released(case)
    file = add_file(case, staff_id=MAKER)
    with pytest.raises(NotAllowed, match="released the files"):
        fulfil(case)
    releasing.release_files(case.pk, [file.pk], staff_id=READER, now=timezone.now())
    fulfil(case)


def test_a_file_that_came_while_somebody_read_is_not_released_with_the_rest(
    case: Case,
) -> None:
    package, read = put_together(case), add_file(case, staff_id=MAKER)
    add_file(case, staff_id=MAKER)

    for shown in ([], [read.pk]):
        with pytest.raises(NotAllowed, match="others than those you looked at"):
            releasing.release(package.pk, shown, staff_id=READER, now=timezone.now())

    assert not CaseDocument.objects.exclude(released_at=None).exists()
    package.refresh_from_db()
    assert package.released_at is None


def test_a_file_that_was_taken_away_meanwhile_is_no_part_of_what_was_read(
    case: Case,
) -> None:
    released(case)
    read, gone = (add_file(case, staff_id=MAKER) for _ in range(2))
    with transaction.atomic():
        remove_document(gone, staff_id=MAKER, now=timezone.now())

    shown = [read.pk, gone.pk]
    with pytest.raises(NotAllowed, match="others than those you looked at"):
        releasing.release_files(case.pk, shown, staff_id=READER, now=timezone.now())
    read.refresh_from_db()
    assert read.released_at is None


def test_whoever_brought_a_file_does_not_release_the_copy(case: Case) -> None:
    package = put_together(case)
    file = add_file(case, staff_id=READER)
    with pytest.raises(NotAllowed, match="brought a file"):
        releasing.release(package.pk, [file.pk], staff_id=READER, now=timezone.now())


def test_whoever_left_something_out_does_not_release_it(case: Case) -> None:
    put_together(case)
    leave_out(case, in_note(case), staff_id=READER)
    package = put_together(case)

    with pytest.raises(NotAllowed, match="somebody else has to release"):
        releasing.release(package.pk, (), staff_id=READER, now=timezone.now())
    releasing.release(package.pk, (), staff_id=99, now=timezone.now())


@pytest.mark.parametrize(
    ("who", "why_not"),
    [
        ({"released_by_id": MAKER}, "a_copy_is_released_by_somebody_else"),
        ({"released_by_id": READER}, "does not release the copy"),
        ({"released_by_id": 99, "released_by_rule": "R1"}, "one_person_or_one_rule"),
        ({}, "one_person_or_one_rule"),
        ({"asked_by_id": 99, "released_by_id": MAKER}, "stays on record"),
    ],
)
def test_the_database_lets_nobody_release_their_own_work(
    case: Case, who: dict[str, object], why_not: str
) -> None:
    put_together(case)
    leave_out(case, in_note(case), staff_id=READER)
    package = put_together(case)

    with pytest.raises(DatabaseError, match=why_not):
        Package.objects.filter(pk=package.pk).update(released_at=timezone.now(), **who)


def test_the_database_hands_over_no_copy_that_was_not_released(case: Case) -> None:
    package = put_together(case)

    with pytest.raises(DatabaseError, match="no_copy_is_handed_over_unreleased"):
        Package.objects.filter(pk=package.pk).update(handed_at=timezone.now())


def test_a_release_is_not_taken_over_by_another_archive(case: Case) -> None:
    first, second = released(case), put_together(case)

    assert second.released_at is None
    for change in ({"marks_digest": b"x" * 32}, {"marks_met": {"1": True}}):
        with pytest.raises(DatabaseError, match="stays as it is"):
            Package.objects.filter(pk=first.pk).update(**change)


def test_a_standing_rule_can_release_in_place_of_a_person(case: Case) -> None:
    package = put_together(case)
    rule = lives.rule_in_force()

    releasing.release_by_rule(package, rule.reference, now=timezone.now())
    fulfil(case)

    assert case.state == State.FULFILLED


def test_a_copy_that_is_older_than_the_data_is_not_released(case: Case) -> None:
    package = put_together(case)
    reader = subscriber_of(ADA)
    Subscriber.objects.filter(pk=reader.pk).update(employer="Another Company")

    with pytest.raises(NotAllowed, match="has changed since"):
        releasing.release(package.pk, (), staff_id=READER, now=timezone.now())


def test_a_copy_whose_marks_changed_is_neither_released_nor_handed_over(
    case: Case,
) -> None:
    package = put_together(case)
    leave_out(case, in_note(case))
    with pytest.raises(NotAllowed, match="Something else is to be left out"):
        releasing.release(package.pk, (), staff_id=READER, now=timezone.now())

    released(case)
    leave_out(case, in_note(case, words="called on Monday"))
    with pytest.raises(NotAllowed, match="Something else is to be left out"):
        fulfil(case)


def test_whoever_disagrees_sends_it_back_with_a_reason(case: Case) -> None:
    package = put_together(case)
    with pytest.raises(NotAllowed, match="Say why"):
        releasing.send_back(package.pk, " ", staff_id=READER, now=timezone.now())
    with pytest.raises(NotAllowed, match="You worked on this copy"):
        releasing.send_back(package.pk, "No.", staff_id=MAKER, now=timezone.now())

    releasing.send_back(
        package.pk, f"{WITNESS} is in it.", staff_id=READER, now=timezone.now()
    )

    assert Note.objects.filter(case=case).latest("pk").words == (
        f"The copy was sent back: {WITNESS} is in it."
    )
    with pytest.raises(NotAllowed, match="dealt with already"):
        releasing.release(package.pk, (), staff_id=99, now=timezone.now())
    released(case)


def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(case: Case) -> None:
    package = put_together(case)
    start, told = Barrier(2), []

    def decide(number: int) -> None:
        start.wait()
        try:
            releasing.release(package.pk, (), staff_id=number, now=timezone.now())
        except NotAllowed as refusal:
            told.append(str(refusal))
        finally:
            connection.close()

    both = [Thread(target=decide, args=[number]) for number in (21, 22)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert told == [releasing.BEFORE]
    entries = CaseLogEntry.objects.filter(case_id=case.pk, event=Event.COPY_RELEASED)
    assert entries.count() == 1


def test_whoever_looked_at_the_copy_before_is_told_that_there_is_another(
    case: Case,
) -> None:
    first, second = put_together(case), put_together(case)

    with pytest.raises(NotAllowed, match="Another copy has taken the place"):
        releasing.release(first.pk, (), staff_id=READER, now=timezone.now())
    releasing.release(second.pk, (), staff_id=READER, now=timezone.now())


def test_the_log_has_counts_reasons_and_both_digests_and_no_words(case: Case) -> None:
    whole = put_together(case)
    assert whole.document is not None
    leave_out(case, in_note(case, note="He is her neighbour."))
    package = released(case)
    assert package.document is not None

    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.COPY_RELEASED)

    assert entry.inputs["left_out"] == {"rights-of-others": 1}
    assert entry.inputs["digest"] == bytes(package.document.content_digest).hex()
    assert entry.inputs["whole"] == bytes(whole.document.content_digest).hex()
    logged = json.dumps(
        [e.inputs for e in CaseLogEntry.objects.filter(case_id=case.pk)]
    )
    assert WITNESS not in logged
    assert "neighbour" not in logged


# --- What the answer says ---


def letter_of(case: Case) -> str:
    letter = case.letters.latest("pk")
    return f"{letter.kind}\n{letters.Letter.from_json(letter.blocks).text}"


def test_what_is_about_others_is_told_with_every_way_to_complain(case: Case) -> None:
    put_together(case)
    leave_out(case, in_note(case))
    released(case)

    fulfil(case)

    told = letter_of(case)
    assert case.state == State.FULFILLED
    assert told.startswith("answer-with-withholding")
    assert "One thing was left out because the rights of other people" in told
    assert "Schedule 2, paragraph 16" in told
    assert "Information Commissioner" in told
    assert "court" in told
    assert WITNESS not in told


def test_what_is_the_persons_own_can_only_be_left_out_of_an_answer_in_part(
    case: Case,
) -> None:
    put_together(case)
    leave_out(case, in_note(case, words="called on Monday", reason=Reason.PRIVILEGE))
    released(case)
    with pytest.raises(NotAllowed, match="answer in part"):
        fulfil(case)

    proposal = Proposal(
        Move.FULFIL_IN_PART,
        ground="legal-privilege",
        reasons="It is advice that our lawyers gave us about the claim.",
        outcome="You get a copy of your data.",
        left_out="The advice of our lawyers.",
    )
    decision = deciding.propose(
        case.pk, proposal, staff_id=lives.PROPOSER, now=timezone.now()
    )
    newest = CaseLogEntry.objects.filter(case_id=case.pk).latest("id").pk
    deciding.release(
        decision.pk, seen_entry_id=newest, staff_id=lives.RELEASER, now=timezone.now()
    )

    case.refresh_from_db()
    assert case.state == State.PARTLY_FULFILLED
    assert "One thing was left out because advice" in letter_of(case)
    assert visiting.given_to_person(case)


# --- Its end ---


def test_a_copy_ends_thirty_days_after_it_was_handed_over(case: Case) -> None:
    package = answered(case)
    document, handed_at = package.document, package.handed_at
    assert document is not None
    assert handed_at is not None

    for days, removed in ((29, 0), (31, 1)):
        moment = handed_at + timedelta(days=days)
        with time_machine.travel(moment, tick=False):
            assert purged(HANDED_COPIES) == removed

    document.refresh_from_db()
    assert document.removed_at is not None
    with time_machine.travel(handed_at + timedelta(days=32), tick=False):
        assert visiting.given_to_person(case) == []
        assert visiting.copy_has_ended(case)


@pytest.mark.parametrize(
    ("handed", "last_day"),
    [
        ("2027-01-12 09:00", "2027-02-11"),
        ("2027-07-12 00:10", "2027-08-11"),  # in UTC this was the day before
        ("2027-07-12 23:50", "2027-08-11"),
        # The clocks change in between.
        ("2027-03-10 23:50", "2027-04-09"),
        ("2027-10-10 00:10", "2027-11-09"),
        ("2027-10-10 23:50", "2027-11-09"),
    ],
)
def test_the_last_day_of_a_copy_is_the_persons_to_its_end_and_no_longer(
    case: Case, handed: str, last_day: str
) -> None:
    with time_machine.travel(here(handed), tick=False):
        package = answered(case)
    assert package.handed_at is not None
    assert str(releasing.ends_on(package.handed_at)) == last_day
    end_of_day = here(f"{last_day} 23:59")

    with time_machine.travel(end_of_day, tick=False):
        assert purged(HANDED_COPIES) == 0
        assert visiting.given_to_person(case) == [package.document]
    with time_machine.travel(end_of_day + timedelta(minutes=2), tick=False):
        assert visiting.given_to_person(case) == []
        assert purged(HANDED_COPIES) == 1


def here(moment: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(moment))


def test_a_copy_whose_day_is_over_cannot_be_had_before_the_purge_came_by(
    case: Case,
) -> None:
    package = answered(case)
    assert package.handed_at is not None
    assert package.document is not None

    with time_machine.travel(package.handed_at + timedelta(days=31), tick=False):
        assert visiting.given_to_person(case) == []
        assert visiting.of_person(case, package.document.pk) is None


def test_a_fresh_copy_is_released_and_told_without_a_new_case(case: Case) -> None:
    first = answered(case)
    handling.add_note(case.pk, "Later.", staff_id=MAKER, now=timezone.now())

    second = put_together(case)
    assert visiting.given_to_person(case) == [first.document]
    second = releasing.release(second.pk, (), staff_id=READER, now=timezone.now())

    assert visiting.given_to_person(case) == [second.document]
    assert "You can download it there until" in letter_of(case)
    assert first.document is not None
    first.document.refresh_from_db()
    assert first.document.removed_at is not None
    case.refresh_from_db()
    assert case.state == State.FULFILLED


def kept_secret(case: Case) -> Decision:
    """Something of the person is left out without their knowledge."""
    return Decision.objects.create(
        case=case,
        move=Move.WITHHOLD,
        ground="without-knowledge",
        reasons="An inquiry.",
        proposed_by_id=1,
        released_by_id=2,
        released_at=timezone.now(),
        settled_at=timezone.now(),
        outcome=Decision.Outcome.RELEASED,
    )


def test_a_fresh_copy_is_held_against_the_same_as_the_first(case: Case) -> None:
    answered(case)
    secret = kept_secret(case)
    with pytest.raises(NotAllowed, match="without the person"):
        released(case)
    secret.delete()
    subject = case.submission.data_subject
    subject.address_digest = addresses.digest("new@example.com")
    subject.save()
    with pytest.raises(NotAllowed, match="another e-mail address by now"):
        released(case)


def test_a_copy_that_would_tell_what_nobody_may_tell_is_not_released(
    case: Case,
) -> None:
    kept_secret(case)
    put_together(case)
    with pytest.raises(NotAllowed, match="would tell them"):
        released(case)


def test_a_fresh_copy_of_which_something_of_the_persons_is_left_out_is_possible(
    case: Case,
) -> None:
    answered(case)
    put_together(case)
    leave_out(case, in_note(case))
    package = released(case)

    assert visiting.given_to_person(case) == [package.document]
    assert WITNESS not in everything_in(package)


def test_a_worker_still_builds_for_no_case_that_was_withdrawn(case: Case) -> None:
    closing.withdraw(case.pk, now=timezone.now())

    with pytest.raises(NotAllowed, match="not being worked on"):
        building.ask(case.pk, staff_id=MAKER, now=timezone.now())


# --- The person's page ---


def text_of_visit(client: Client, case: Case) -> str:
    return str(client.get(visit_of(case)).content.decode())


def visit_of(case: Case) -> str:
    """As a mailed code has just opened it."""
    now = timezone.now()
    return f"/your-data/visit/{links.open_visit(case, now=now, code_at=now)}/"


def test_the_person_reads_until_when_and_asks_again_when_it_has_ended(
    case: Case, client: Client
) -> None:
    package = answered(case)
    assert package.handed_at is not None
    page = client.get(visit_of(case)).content.decode()
    until = releasing.ends_on(package.handed_at)
    assert f"here until {until:%A} {until.day} {until:%B %Y}" in page
    assert "Ask for the copy again" not in page

    with time_machine.travel(package.handed_at + timedelta(days=32), tick=False):
        path = visit_of(case)
        page = client.get(path).content.decode()
        assert "no longer here" in page
        answer = client.post(path, {"act": "copy"}, follow=True)

    assert "We know that you want your copy again." in answer.content.decode()
    [message] = case.messages.filter(read_at__isnull=True)
    assert message.words == visiting.ASKED_AGAIN
    assert Case.objects.filter(submission=case.submission).count() == 1


def given_by_file(case: Case) -> CaseDocument:
    """Answered with what a system outside had, and nothing of the house's."""
    now = timezone.now()
    found = Searched("Records", "her address", 1, "It holds all.", now.date())
    handling.record_search(case.pk, found, staff_id=MAKER, now=now)
    file = add_file(case, staff_id=MAKER)
    lives.release_files(case, staff_id=READER)
    fulfil(case)
    file.refresh_from_db()
    return file


def test_a_file_with_somebodys_data_ends_like_a_copy_and_can_be_had_again(
    case: Case, client: Client
) -> None:
    file = given_by_file(case)
    assert file.handed_at is not None
    until = releasing.ends_on(file.handed_at)
    assert f"here until {until:%A} {until.day} {until:%B %Y}" in text_of_visit(
        client, case
    )

    with time_machine.travel(file.handed_at + timedelta(days=31), tick=False):
        path = visit_of(case)
        assert "here until" not in text_of_visit(client, case)
        over = client.post(f"{path}documents/{file.pk}/")
        assert over.status_code == 410
        assert "The time of this copy is over" in over.content.decode()
        assert purged(HANDED_FILES) == 1
        assert list(vault.names()) == []
        client.post(path, {"act": "copy"})
        [message] = case.messages.filter(read_at__isnull=True)
        assert message.words == visiting.ASKED_AGAIN

        again = add_file(case, staff_id=MAKER)
        assert visiting.given_to_person(case) == []
        lives.release_files(case, staff_id=READER)
        assert visiting.given_to_person(case) == [again]
    assert "on the page of your request" in str(Letter.objects.latest("pk").blocks)


def test_a_closed_case_of_another_kind_takes_no_answer_any_more(case: Case) -> None:
    other = lives.new_case(CaseKind.RECTIFICATION)
    told = Answer("It was right already.")
    closing.fulfil(other.pk, told, staff_id=MAKER, now=timezone.now())
    with pytest.raises(NotAllowed, match="The case is closed"):
        add_file(other, staff_id=MAKER)


def test_nobody_asks_again_while_the_copy_is_there(case: Case, client: Client) -> None:
    answered(case)

    answer = client.post(visit_of(case), {"act": "copy"})

    assert answer.status_code == 409
    assert not case.messages.exists()


def test_an_ended_copy_and_one_of_another_case_have_no_download(
    case: Case, client: Client
) -> None:
    package = answered(case)
    document, handed_at = package.document, package.handed_at
    assert document is not None
    assert handed_at is not None
    other = lives.new_case(CaseKind.RECTIFICATION, address=ADA)
    taken: Any = client.post(f"{visit_of(case)}documents/{document.pk}/")
    assert b"".join(taken.streaming_content).startswith(b"PK")
    assert "no-store" in taken["Cache-Control"]
    entries = CaseLogEntry.objects.filter(case_id=case.pk)
    assert entries.filter(event=Event.DOCUMENT_TAKEN).count() == 1

    assert client.post(f"{visit_of(other)}documents/{document.pk}/").status_code == 404
    with time_machine.travel(handed_at + timedelta(days=31), tick=False):
        late = client.post(f"{visit_of(case)}documents/{document.pk}/")

    assert late.status_code == 410
    shown = late.content.decode()
    assert (
        "The time of this copy is over" in shown and "Ask for the copy again" in shown
    )
    assert "opens nothing" not in shown
    assert entries.filter(event=Event.DOCUMENT_TAKEN).count() == 1


def test_staff_take_a_copy_away_before_its_time(case: Case, client: Client) -> None:
    package = answered(case)
    assert package.document is not None
    worker = dana("view_case", "work_case")
    page = worker.get(f"/console/rights_requests/case/{case.pk}/documents/")
    assert "Take it away from the person" in page.content.decode()

    worker.post(f"/console/rights_requests/casedocument/{package.document.pk}/remove/")

    shown = client.get(visit_of(case)).content.decode()
    assert "We took the copy of your data away before its time." in shown
    assert "short time only" not in shown and "Ask for the copy again" in shown
    # From a page that was open since before.
    late = client.post(f"{visit_of(case)}documents/{package.document.pk}/")
    assert late.status_code == 410
    assert "We took this file away" in late.content.decode()
    other = lives.new_case(CaseKind.ACCESS, address="ben@example.com")
    path = f"{visit_of(other)}documents/{package.document.pk}/"
    assert client.post(path).status_code == 404
    with pytest.raises(vault.VaultError):
        list(vault.read(package.document.vault_name))


def test_what_staff_took_away_is_not_said_to_have_ended_by_itself_later(
    case: Case, client: Client
) -> None:
    file = given_by_file(case)
    assert file.handed_at is not None
    remove_document(file, staff_id=MAKER, now=timezone.now())

    with time_machine.travel(file.handed_at + timedelta(days=31), tick=False):
        late = client.post(f"{visit_of(case)}documents/{file.pk}/")

    assert late.status_code == 410
    shown = late.content.decode()
    assert "We took this file away" in shown
    assert "We took the copy of your data away before its time." in shown
    assert "time of this copy is over" not in shown and "short time" not in shown


def test_a_file_for_another_service_that_ended_is_not_said_to_hold_everything(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada")
    file_of = lives.new_case(CaseKind.PORTABILITY, address=ADA)
    package = answered(file_of)
    assert package.handed_at is not None
    with time_machine.travel(package.handed_at + timedelta(days=31), tick=False):
        shown = text_of_visit(client, file_of)
    assert (
        "The file with your data is no longer here: whoever has it can read it, so"
        in shown
    )
    assert "everything in one place" not in shown
    assert "Ask for the file again" in shown


def test_a_mailbox_that_is_no_longer_theirs_does_not_learn_that_there_was_a_copy(
    case: Case, client: Client
) -> None:
    package = answered(case)
    assert package.document is not None and package.handed_at is not None
    DataSubject.objects.filter(pk=case.submission.data_subject_id).update(
        address_digest=addresses.digest("moved@example.com")
    )
    with time_machine.travel(package.handed_at + timedelta(days=31), tick=False):
        late = client.post(f"{visit_of(case)}documents/{package.document.pk}/")
    assert late.status_code == 404


def test_the_evidence_shows_who_released_what_and_no_words(case: Case) -> None:
    put_together(case)
    leave_out(case, in_note(case, note="He is her neighbour."))
    released(case)
    case.refresh_from_db()

    pieces = evidence.bundle(case, staff_id=MAKER, now=timezone.now())
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))

    told = json.loads(archive.read("copies.json"))
    assert [copy["left_out"] for copy in told["copies"]] == [
        {},
        {"rights-of-others": 1},
    ]
    assert told["copies"][1]["released_at"]
    assert told["left_out"][0]["place"] == "notes"
    whole = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert WITNESS not in whole
    assert "neighbour" not in whole
