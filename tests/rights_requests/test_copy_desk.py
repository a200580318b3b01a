"""The console's pages on which a copy is read, cut and let go."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from groundwork.holdings import Person, holdings
from rights_requests import handling
from rights_requests.copy_desk import ON_A_PAGE
from rights_requests.filing import file_documents
from rights_requests.fulfilment.hints import Hints
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseDocument, Note, Package, Redaction
from rights_requests.uploads import check_upload
from tests.console.staff import console_of, person, text
from tests.people import ADA, DANA, OMAR, become_reader, subscriber_of
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.copying import everything_in, put_together
from tests.rights_requests.files import upload

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = "zebedee@example.com"
CONSOLE = "/console/rights_requests"
TOLD = "I was diagnosed with cancer and had chemotherapy last spring."


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


@pytest.fixture
def works() -> Any:
    return person(DANA, "view_case", "work_case")


@pytest.fixture
def case(client: Client, smtp: Relay, works: Any) -> Case:
    become_reader(client, smtp, ADA, first_name="Ada", telephone="01332 492 111")
    case = lives.new_case(CaseKind.ACCESS, address=ADA)
    handling.add_note(
        case.pk,
        f"She wrote with {OTHER} and {ADA}, 01332 492111 and 0161 496 0999.",
        staff_id=works.pk,
        now=timezone.now(),
    )
    put_together(case, staff_id=works.pk)
    return case


@pytest.fixture
def dana(works: Any) -> Client:
    return console_of(works)


@pytest.fixture
def omar() -> Client:
    return console_of(person(OMAR, "view_case", "release_case"))


def at(case: Case, place: str = "", row: object = "") -> str:
    parts = [part for part in (place, str(row)) if part]
    return "/".join([f"{CONSOLE}/case/{case.pk}/copy/contents", *parts, ""])


def documents(case: Case) -> str:
    return f"{CONSOLE}/case/{case.pk}/documents/"


def note_of(case: Case) -> Note:
    return Note.objects.get(case=case)


def newest(case: Case) -> Package:
    return Package.objects.filter(case=case).latest("asked_at")


def test_staff_read_the_copy_place_by_place(case: Case, dana: Client) -> None:
    contents = text(dana.get(at(case)))
    notes = text(dana.get(at(case, "notes")))

    assert "Our notes on your requests" in contents
    assert f"She wrote with {OTHER}" in notes


def test_only_what_is_not_the_persons_and_not_ours_is_offered(
    case: Case, dana: Client
) -> None:
    notes = text(dana.get(at(case, "notes")))

    assert f"<strong>{OTHER}</strong> looks like an e-mail address" in notes
    assert "<strong>0161 496 0999</strong> looks like a telephone number" in notes
    assert f"<strong>{ADA}</strong>" not in notes
    assert "<strong>01332 492111</strong>" not in notes
    assert not Redaction.objects.exists()


def test_what_is_offered_is_left_out_by_one_press_and_offered_no_more(
    case: Case, dana: Client
) -> None:
    row = note_of(case).pk
    offered = {
        "extent": "passage",
        "field": "words",
        "words": OTHER,
        "reason": "rights-of-others",
    }

    answer = dana.post(at(case, "notes", row), offered, follow=True)

    page = text(answer)
    assert f'<del><span class="unseen">(left out: </span>{OTHER}' in page
    assert f"<strong>{OTHER}</strong> looks like" not in page
    [mark] = Redaction.objects.all()
    assert (mark.place, mark.entry, mark.words) == ("notes", str(row), OTHER)
    put_together(case)
    assert OTHER not in everything_in(newest(case))


def test_words_are_left_out_everywhere_and_put_back(case: Case, dana: Client) -> None:
    words = {"words": OTHER, "reason": "rights-of-others", "note": "Her neighbour."}
    dana.post(at(case), words)
    [mark] = Redaction.objects.all()
    listed = text(dana.get(at(case)))

    assert "Anywhere in the copy" in listed
    assert "Her neighbour." in listed
    dana.post(f"{CONSOLE}/redaction/{mark.pk}/put-back/")
    assert "Nothing is left out." in text(dana.get(at(case)))


@pytest.fixture
def known(client: Client, smtp: Relay, works: Any) -> Case:
    """Of her stands here how she is called, where she lives, how she is reached."""
    become_reader(
        client,
        smtp,
        ADA,
        first_name="Ada",
        last_name="Lovelace",
        telephone="+44 1332 492111",
    )
    case = lives.new_case(
        CaseKind.ACCESS,
        address=ADA,
        name="Augusta Ada King-Noël",
        postal_address="1 Mill Lane\nDerby",
        telephone="01332 555 010",
    )
    put_together(case, staff_id=works.pk)
    return case


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("Ada", "name"),
        ("lovelace, ADA", "name"),
        ("Ada  Lovelace", "name"),
        ("Ada Noel", "name"),
        (ADA, "e-mail address"),
        ("example.com", "e-mail address"),
        (f"Write to {ADA.upper()}, she said", "e-mail address"),
        ("01332 492 111", "telephone number"),
        ("01332", "telephone number"),
        ("1 Mill Lane, Derby", "postal address"),
        ("mill lane", "postal address"),
    ],
)
def test_the_persons_own_name_and_reach_are_not_left_out_wherever_they_stand(
    known: Case, dana: Client, words: str, what: str
) -> None:
    answer = dana.post(at(known), {"words": words, "reason": "rights-of-others"})

    assert answer.status_code == 409
    assert f"would also take out the person’s own {what}" in text(answer)
    assert "leave out the passage or the field there" in text(answer)
    assert not Redaction.objects.exists()


@pytest.mark.parametrize(
    "words",
    [
        OTHER,
        f"not.{ADA}",
        "Zebedee Lovelace",
        "Ada Quill",
        "Adam",
        "+44 161 496 0999",
        "2 Mill Lane, Derby",
    ],
)
def test_somebody_else_who_shares_some_of_it_is_left_out_wherever_they_stand(
    known: Case, dana: Client, words: str
) -> None:
    answer = dana.post(at(known), {"words": words, "reason": "rights-of-others"})

    assert answer.status_code == 302
    assert Redaction.objects.get().words == words


def test_where_it_concerns_somebody_else_their_name_is_left_out_in_its_place(
    known: Case, dana: Client, works: Any
) -> None:
    note = handling.add_note(
        known.pk,
        "Another Ada came to the desk.",
        staff_id=works.pk,
        now=timezone.now(),
    )
    passage = {
        "extent": "passage",
        "field": "words",
        "words": "Ada",
        "reason": "rights-of-others",
    }

    assert dana.post(at(known, "notes", note.pk), passage).status_code == 302


# --- What took nothing out ---

NOT_YET = "Takes effect when the copy is put together again"
NO_TEXT = "These words were found in no text of this copy"
NOT_THERE = "was no longer there when this copy was put together"
ONE_IDLE = "One of the things to be left out took nothing out of this copy."


def leave_out_everywhere(desk: Client, case: Case, *words: str) -> None:
    for one in words:
        desk.post(at(case), {"words": one, "reason": "rights-of-others"})


def leave_out_of_note(desk: Client, case: Case, **wanted: str) -> None:
    path = at(case, "notes", note_of(case).pk)
    assert desk.post(path, {"reason": "rights-of-others", **wanted}).status_code == 302


def test_words_that_stand_nowhere_are_said_to_whoever_releases_the_copy(
    case: Case, dana: Client, omar: Client, works: Any
) -> None:
    leave_out_everywhere(dana, case, OTHER, "Nobody Here")
    before = text(dana.get(at(case)))
    assert before.count(NOT_YET) == 2
    assert NO_TEXT not in before and ONE_IDLE not in before

    put_together(case, staff_id=works.pk)

    after = text(omar.get(at(case)))
    assert after.count(NO_TEXT) == after.count(ONE_IDLE) == 1
    assert after.index("“Nobody Here”") < after.index(NO_TEXT) < after.index(OTHER)
    assert NOT_YET not in after
    for page in (at(case, "notes"), documents(case)):
        assert ONE_IDLE in text(omar.get(page))


def test_of_what_took_nothing_out_the_copy_has_numbers_and_no_words(
    case: Case, dana: Client
) -> None:
    leave_out_everywhere(dana, case, OTHER, "Nobody Here")
    found, idle = Redaction.objects.order_by("pk")

    package = put_together(case)

    assert package.marks_met == {str(found.pk): True, str(idle.pk): False}


def test_a_mark_that_is_newer_than_the_copy_waits_beside_one_that_counts(
    case: Case, dana: Client, works: Any
) -> None:
    leave_out_everywhere(dana, case, "Nobody Here")
    put_together(case, staff_id=works.pk)
    leave_out_everywhere(dana, case, "Nobody There")

    page = text(dana.get(at(case)))

    assert page.count(NO_TEXT) == page.count(NOT_YET) == page.count(ONE_IDLE) == 1


def test_what_is_put_back_is_counted_no_more(
    case: Case, dana: Client, works: Any
) -> None:
    leave_out_everywhere(dana, case, "Nobody Here")
    put_together(case, staff_id=works.pk)
    [mark] = Redaction.objects.all()

    dana.post(f"{CONSOLE}/redaction/{mark.pk}/put-back/")

    assert ONE_IDLE not in text(dana.get(at(case)))


@pytest.mark.parametrize(
    "wanted",
    [
        {"extent": "entry"},
        {"extent": "field", "field": "words"},
        {"extent": "passage", "field": "words", "words": OTHER},
    ],
)
def test_a_mark_whose_entry_has_gone_is_said_to_take_nothing_out(
    case: Case, dana: Client, works: Any, wanted: dict[str, str]
) -> None:
    leave_out_of_note(dana, case, **wanted)
    note_of(case).delete()

    put_together(case, staff_id=works.pk)

    page = text(dana.get(at(case)))
    assert page.count(NOT_THERE) == page.count(ONE_IDLE) == 1


def test_a_passage_that_was_rewritten_is_said_so_at_its_entry(
    case: Case, dana: Client, works: Any
) -> None:
    leave_out_of_note(dana, case, extent="passage", field="words", words=OTHER)
    note = note_of(case)
    note.words = "Nothing of anybody."
    note.save()

    put_together(case, staff_id=works.pk)

    assert NOT_THERE in text(dana.get(at(case, "notes")))


@pytest.mark.parametrize(
    "around", [{"extent": "entry"}, {"extent": "field", "field": "words"}]
)
def test_what_another_mark_took_along_is_not_said_to_take_nothing_out(
    case: Case, dana: Client, works: Any, around: dict[str, str]
) -> None:
    leave_out_of_note(dana, case, extent="passage", field="words", words=OTHER)
    leave_out_of_note(dana, case, **around)

    put_together(case, staff_id=works.pk)

    page = text(dana.get(at(case)))
    assert NOT_THERE not in page
    assert "took nothing out" not in page


def test_files_that_went_with_their_entry_are_not_said_to_take_nothing_out(
    case: Case, dana: Client, works: Any
) -> None:
    letter = check_upload(upload("her letter.txt", b"From somebody else."))
    [document] = file_documents(
        case.pk,
        [letter],
        CaseDocument.Purpose.EVIDENCE,
        staff_id=works.pk,
        now=timezone.now(),
    )
    put_together(case, staff_id=works.pk)
    for extent in ("entry", "files"):
        wanted = {"extent": extent, "reason": "rights-of-others"}
        dana.post(at(case, "documents", document.pk), wanted)
    assert Redaction.objects.count() == 2

    put_together(case, staff_id=works.pk)

    assert "took nothing out" not in text(dana.get(at(case)))


def test_what_cannot_be_left_out_is_said_beside_what_was_typed(
    case: Case, dana: Client
) -> None:
    wrong = {
        "extent": "passage",
        "field": "words",
        "words": "Never written",
        "reason": "rights-of-others",
    }

    answer = dana.post(at(case, "notes", note_of(case).pk), wrong)

    assert answer.status_code == 409
    page = text(answer)
    assert "do not stand there as you gave them" in page
    assert "Never written" in page
    assert dana.post(at(case, "notes", note_of(case).pk), {}).status_code == 400
    assert dana.post(at(case), {"words": ""}).status_code == 400
    assert not Redaction.objects.exists()


@pytest.mark.parametrize(
    "path", ["nowhere/", "person/x/", "notes/999999/", "notes/none/"]
)
def test_what_is_not_in_the_copy_has_no_page(
    case: Case, dana: Client, path: str
) -> None:
    assert dana.get(at(case) + path).status_code == 404


def test_an_entry_of_somebody_else_has_no_page(
    case: Case, dana: Client, works: Any
) -> None:
    other = lives.new_case(CaseKind.ACCESS)
    note = handling.add_note(
        other.pk, "Of Cleo.", staff_id=works.pk, now=timezone.now()
    )

    assert dana.get(at(case, "notes", note.pk)).status_code == 404


def test_a_long_place_is_read_some_entries_at_a_time(
    case: Case, dana: Client, works: Any
) -> None:
    for number in range(ON_A_PAGE):
        handling.add_note(
            case.pk, f"Note {number}.", staff_id=works.pk, now=timezone.now()
        )

    first = text(dana.get(at(case, "notes")))
    second = text(dana.get(at(case, "notes") + "?page=2"))

    assert "Page 1 of 2." in first
    assert f"Note {ON_A_PAGE - 1}." not in first
    assert f"Note {ON_A_PAGE - 1}." in second
    for wrong in ("0", "-1", "99", "x", "²"):
        assert dana.get(at(case, "notes") + f"?page={wrong}").status_code == 200


def test_a_page_of_a_place_takes_as_many_queries_however_much_is_held(
    case: Case, dana: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            dana.get(at(case, "sign-up-record"))
        return len(seen)

    reader = subscriber_of(ADA)
    before = queries()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscribers_subscriberevent"
            " (at, data_subject_id, action, channel, fields)"
            " SELECT now(), %s, 'left', 'staff', '{}' FROM generate_series(1, 3000)",
            [reader.data_subject_id],
        )
    assert queries() <= before + 2


# --- Who may ---


def test_whoever_only_sees_cases_reads_no_copy(case: Case) -> None:
    client = console_of(person("eve@example.com", "view_case"))

    assert client.get(at(case)).status_code == 403
    assert "may read it" in text(client.get(documents(case)))


def test_whoever_releases_reads_it_and_leaves_nothing_out(
    case: Case, omar: Client
) -> None:
    assert omar.get(at(case)).status_code == 200
    page = text(omar.get(at(case, "notes")))
    assert "Leave something out" not in page
    wanted = {"extent": "entry", "reason": "rights-of-others"}
    assert omar.post(at(case, "notes", note_of(case).pk), wanted).status_code == 403
    assert (
        omar.post(at(case), {"words": "Ada", "reason": "negotiations"}).status_code
        == 403
    )
    assert not Redaction.objects.exists()


def test_what_is_shut_away_is_not_read_by_way_of_the_copy(
    case: Case, dana: Client
) -> None:
    lives.new_case(CaseKind.RECTIFICATION, address=ADA, words=TOLD, signs=("health",))

    assert dana.get(at(case, "messages-about-your-rights")).status_code == 403


@pytest.mark.parametrize("kind", [CaseKind.ERASURE, CaseKind.COMPLAINT])
def test_a_case_that_is_answered_without_a_copy_has_no_such_page(
    dana: Client, kind: CaseKind
) -> None:
    other = lives.new_case(kind)

    assert dana.get(at(other)).status_code == 404


# --- Letting it go ---


def test_the_second_person_releases_it_from_the_documents(
    case: Case, dana: Client, omar: Client
) -> None:
    path = f"{CONSOLE}/package/{newest(case).pk}/release/"
    assert ": a second person has to" in text(dana.get(documents(case)))
    assert dana.post(path).status_code == 403

    answer = omar.post(path, follow=True)

    assert "by Omar" in text(answer)
    assert newest(case).released_at is not None


def test_the_maker_is_told_why_they_cannot_release(case: Case, works: Any) -> None:
    works.user_permissions.add(
        *person("x@example.com", "release_case").user_permissions.all()
    )
    client = console_of(works)
    page = text(client.get(documents(case)))

    answer = client.post(f"{CONSOLE}/package/{newest(case).pk}/release/")

    assert 'disabled aria-describedby="why-not-release-copy"' in page
    assert answer.status_code == 409
    assert "somebody else has to release it" in text(answer)
    assert newest(case).released_at is None


def test_it_is_sent_back_with_a_reason_that_is_not_lost(
    case: Case, dana: Client, omar: Client
) -> None:
    path = f"{CONSOLE}/package/{newest(case).pk}/send-back/"
    assert omar.post(path, {"reason": " "}).status_code == 409

    page = text(omar.post(path, {"reason": "The neighbour is in it."}, follow=True))

    assert 'bad">sent back' in page
    assert "The neighbour is in it." in text(dana.get(documents(case)))
    late = omar.post(path, {"reason": "Once more."})
    assert late.status_code == 409
    assert "dealt with already" in text(late)


def test_of_another_copy_than_the_one_on_the_page_nothing_is_decided(
    case: Case, omar: Client
) -> None:
    old = newest(case)
    put_together(case)

    answer = omar.post(f"{CONSOLE}/package/{old.pk}/release/")

    assert answer.status_code == 409
    assert "Another copy has taken the place" in text(answer)


# --- What looks like somebody else's ---


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (
            "Call +44 20 7946 0018 or (0161) 496 0000.",
            ["+44 20 7946 0018", "(0161) 496 0000"],
        ),
        ("Case R-7K3Q-2XNB of 2026-11-28, 12:00:00, invoice 2026111.", []),
        ("https://example.com/0123456789/", []),
        (
            "a.b+c@mail.example.com, A.B+C@mail.example.com",
            ["a.b+c@mail.example.com"],
        ),
        ("not@anaddress and @example.com", []),
    ],
)
def test_addresses_and_numbers_are_told_from_what_only_looks_like_them(
    words: str, found: list[str]
) -> None:
    hints = Hints(Person(uuid.uuid4()))
    [notes] = [holding for holding in holdings() if holding.key == "notes"]
    [datum] = [datum for datum in notes.data if datum.path == "words"]

    assert [hint.words for hint in hints.in_text(datum, notes, words)] == found
