"""What a person brings from another controller (Art. 20): shown, decided line by line, and
taken over at once or not at all; and never a consent."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.ledger import standing_purposes
from consent.models import ConsentEntry
from data_subjects.models import DataSubject, IndirectContact, SubjectEvent
from governance import informing
from groundwork import addresses
from groundwork.refusals import NotAllowed
from rights_requests import closing, links, vault, visiting
from rights_requests.closing import Answer
from rights_requests.fulfilment import taking_over
from rights_requests.fulfilment.portability import for_another_service
from rights_requests.fulfilment.portable_file import MOST_BYTES, NotPortable
from rights_requests.fulfilment.taking_over import Chosen, Preview
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Rectification,
    Submission,
)
from rights_requests.uploads import check_upload
from subscribers.models import Subscriber
from tests import quick_database
from tests.beside import Beside
from tests.console.staff import dana, text
from tests.database_role import acting_as
from tests.people import ADA, CASE_UPDATES, become_reader, subscriber_of
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.copying import opened, put_together
from tests.whole_house.inhabited import contents

pytestmark = pytest.mark.django_db(transaction=True)
STAFF = 7
DETAILS = {
    "first_name": "Ada",
    "last_name": "Byron",
    "employer": "Analytical Ltd",
    "job_title": "Chief",
    "telephone": "020 7946 0000",
}
THEIRS = {"source": "a friend", "shoe_size": 5, "left_at": None}


@pytest.fixture(autouse=True)
def house(open_house: None, settings: Settings, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


def file_of(**changes: Any) -> dict[str, Any]:
    """A file in the schema, as another controller would make it."""
    record = {"address": ADA, **DETAILS, "statement": "Not so.", **THEIRS}
    consent = [{"at": "2026-01-01T00:00:00Z", "action": "given", "purpose": "news"}]
    return {
        "format": "casedesk-portable/1",
        "made_at": "2026-11-01T09:00:00Z",
        "controller": "Other Example Ltd",
        "addresses": [ADA],
        "places": [
            {"holding": "sign-up", "title": "Your sign-up", "records": [record]},
            {"holding": "consent", "title": "Your choices", "records": consent},
            {"holding": "orders", "title": "Your orders", "records": [{"no": 1}]},
        ],
        "left_out": [],
        **changes,
    }


def record(**changes: Any) -> list[dict[str, Any]]:
    whole: list[dict[str, Any]] = file_of()["places"]
    whole[0]["records"][0].update(changes)
    return whole


def titled(title: str) -> list[dict[str, Any]]:
    return [{"holding": "orders", "title": title, "records": []}]


def case_of(address: str = ADA) -> Case:
    found = lives.new_case(CaseKind.RECTIFICATION, address=address)
    lives.confirm_mailbox(found)
    return Case.objects.get(pk=found.pk)


def brought(case: Case, content: Any, name: str = "data.json") -> CaseDocument:
    """By the person, on the page of their case."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    checked = check_upload(SimpleUploadedFile(name, raw))
    [document] = visiting.add_documents(
        case.pk, [checked], CaseDocument.Purpose.EVIDENCE, now=timezone.now()
    )
    return document


def kept(case: Case, raw: bytes) -> CaseDocument:
    """Whatever lies in the vault, however it came there."""
    stored = vault.put([raw])
    return CaseDocument.objects.create(
        case=case,
        purpose=CaseDocument.Purpose.EVIDENCE,
        name="data.json",
        media_type="text/plain",
        size=stored.size,
        content_digest=stored.sha256,
        vault_name=stored.name,
    )


def seen(case: Case, document: CaseDocument) -> Preview:
    return taking_over.preview(Case.objects.get(pk=case.pk), document)


def all_of(preview: Preview, kind: str = "") -> Chosen:
    keys = frozenset(line.key for line in preview.lines)
    return Chosen(keys, preview.digest, kind)


def take_over(document: CaseDocument, chosen: Chosen) -> int:
    return taking_over.take_over(
        document.pk, chosen, staff_id=STAFF, now=timezone.now()
    )


def why(preview: Preview, what: str) -> str:
    return next(one.why for one in preview.left_out if one.what.startswith(what))


@pytest.fixture
def reader(client: Client, smtp: Relay) -> Subscriber:
    become_reader(client, smtp, ADA, first_name="Ida", employer="Analytical Ltd")
    return subscriber_of(ADA)


# --- Of somebody whom we know ---


def test_looking_changes_nothing_and_says_of_everything_what_would_become_of_it(
    reader: Subscriber,
) -> None:
    case = case_of()
    document = brought(case, file_of())
    before = contents()

    preview = seen(case, document)

    assert contents() == before
    lines = {line.key.rpartition("/")[2]: line for line in preview.lines}
    assert set(lines) == {"first_name", "last_name", "job_title", "telephone"}
    assert (lines["first_name"].stands, lines["first_name"].given) == ("Ida", "Ada")
    assert "stands here already" in why(preview, "Employer")
    assert "given to them and not to us" in why(preview, "Your choices")
    assert "nothing of this kind" in why(preview, "Your orders")
    assert "own mailbox" in why(preview, "Your sign-up: E-mail address")
    assert "fill this ourselves" in why(preview, "Your sign-up: How you came to us")
    assert "said about what the other" in why(preview, "Your sign-up: What you want")
    assert "We have no field" in why(preview, "Your sign-up: “shoe_size”")


def test_what_is_chosen_is_corrected_and_on_record_with_where_it_came_from(
    reader: Subscriber,
) -> None:
    case = case_of()
    document = brought(case, file_of())
    preview = seen(case, document)
    keys = {k for k in all_of(preview).keys if not k.endswith("telephone")}

    assert take_over(document, Chosen(frozenset(keys), preview.digest)) == 3

    reader.refresh_from_db()
    assert (reader.first_name, reader.last_name, reader.job_title) == (
        "Ada",
        "Byron",
        "Chief",
    )
    assert (reader.telephone, reader.address) == ("", ADA)
    rows = Rectification.objects.filter(case=case, state="applied")
    assert {row.document_id for row in rows} == {document.pk}
    for row in rows:
        assert "Other Example Ltd" in row.evidence
        assert bytes(document.content_digest).hex() in row.evidence
    entry = CaseLogEntry.objects.get(case_id=case.pk, event="imported")
    assert entry.inputs["fields"] == ["first_name", "job_title", "last_name"]
    assert entry.inputs["digest"] == preview.digest
    assert "Byron" not in str(entry.inputs)


def test_no_consent_comes_of_a_file_and_none_goes(reader: Subscriber) -> None:
    subject = reader.data_subject_id
    before = list(ConsentEntry.objects.values_list("pk", flat=True))
    case = case_of()
    document = brought(case, file_of())

    take_over(document, all_of(seen(case, document)))

    assert list(ConsentEntry.objects.values_list("pk", flat=True)) == before
    assert set(standing_purposes(subject)) == {CASE_UPDATES}


def test_the_same_file_twice_changes_nothing_the_second_time(
    reader: Subscriber,
) -> None:
    case = case_of()
    document = brought(case, file_of())
    chosen = all_of(seen(case, document))
    take_over(document, chosen)
    before = contents()

    with pytest.raises(NotAllowed, match="Nothing was changed"):
        take_over(document, chosen)
    again = brought(case, file_of())
    assert seen(case, again).lines == ()
    before_second = contents()
    with pytest.raises(NotAllowed, match="Choose what is taken over"):
        take_over(again, all_of(seen(case, again)))

    assert contents() == before_second
    assert before["subscribers_subscriber"] == before_second["subscribers_subscriber"]


def test_two_at_once_take_it_over_once(reader: Subscriber) -> None:
    case = case_of()
    document = brought(case, file_of())
    chosen = all_of(seen(case, document))

    def one(_: int) -> bool:
        try:
            return bool(take_over(document, chosen))
        except NotAllowed:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(one, range(2))) == [False, True]
    assert Rectification.objects.filter(state="applied").count() == 4


def test_all_of_it_or_nothing(reader: Subscriber) -> None:
    case = case_of()
    document = brought(case, file_of())
    chosen = all_of(seen(case, document))
    # Somebody corrects one of them meanwhile.
    Subscriber.objects.filter(pk=reader.pk).update(job_title="Chief")
    before = contents()

    with pytest.raises(NotAllowed, match="look at it once more"):
        take_over(document, chosen)

    assert contents() == before


def test_nobody_changes_anything_at_the_word_of_whoever_typed_an_address(
    reader: Subscriber,
) -> None:
    typed = lives.new_case(CaseKind.RECTIFICATION, address=ADA)
    document = brought(typed, file_of())
    before = contents()

    with pytest.raises(NotAllowed, match="mailbox is theirs"):
        take_over(document, all_of(seen(typed, document)))

    assert contents() == before


def test_what_cannot_stand_here_is_left_out_with_the_reason(
    reader: Subscriber,
) -> None:
    case = case_of()
    document = brought(
        case, file_of(places=record(telephone="call me", job_title=None))
    )

    preview = seen(case, document)

    assert "telephone number" in why(preview, "Telephone: call me")
    assert not any("ob title" in one.what for one in preview.left_out)
    assert not any(line.title == "Job title" for line in preview.lines)


# --- Of somebody of whom we hold nothing ---


def test_of_somebody_new_a_record_from_elsewhere_is_made_and_they_have_to_be_told() -> (
    None
):
    case = case_of()
    document = brought(case, file_of())
    preview = seen(case, document)
    assert preview.is_new
    with pytest.raises(NotAllowed, match="what the person is to us"):
        take_over(document, all_of(preview))

    take_over(document, all_of(preview, "prospect"))

    contact = IndirectContact.objects.get()
    assert (contact.name, contact.employer) == ("Ada Byron", "Analytical Ltd")
    assert (contact.address, contact.source) == (ADA, "other-controller")
    assert bytes(document.content_digest).hex() in contact.evidence
    assert contact.informed_at is None and contact.inform_by > contact.obtained_on
    letter = informing.letter(contact)
    assert letter["source"].startswith("Another organisation")
    assert SubjectEvent.objects.filter(action="entered").exists()
    assert not Subscriber.objects.exists() and not ConsentEntry.objects.exists()
    assert seen(case, document).lines == ()


def test_the_answer_names_what_is_kept_of_somebody_new() -> None:
    case = case_of()
    document = brought(case, file_of())
    client = dana("view_case", "work_case")
    path = f"/console/rights_requests/case/{case.pk}/corrections/"
    assert "Nothing is down yet" in text(client.get(path))

    take_over(document, all_of(seen(case, document), "prospect"))
    letter = closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    words = str(letter.blocks)
    assert "We keep from the file that you brought us" in words
    assert "Name (" in words and "Ada Byron" not in words
    page = text(client.get(path))
    assert "Nothing is down yet" not in page and "Taken over from the file" in page


def test_nobody_reads_that_their_data_was_corrected_where_nothing_was() -> None:
    case = case_of()
    brought(case, file_of())  # and nothing of it was taken over

    with pytest.raises(NotAllowed, match="No correction is on record here"):
        closing.fulfil(case.pk, Answer(), staff_id=STAFF, now=timezone.now())

    case.refresh_from_db()
    assert case.is_open
    told = Answer(outcome="We corrected it in our accounts.")
    closing.fulfil(case.pk, told, staff_id=STAFF, now=timezone.now())


def test_somebody_new_is_kept_with_the_address_by_which_the_file_is_theirs() -> None:
    case = case_of()
    Submission.objects.filter(pk=case.submission_id).update(address="typed@example.com")
    document = brought(case, file_of())

    take_over(document, all_of(seen(case, document), "prospect"))

    assert IndirectContact.objects.get().address == ADA


def test_nobody_is_kept_without_a_name() -> None:
    case = case_of()
    document = brought(case, file_of())
    preview = seen(case, document)
    some = frozenset(k for k in all_of(preview).keys if not k.endswith("name"))

    with pytest.raises(NotAllowed, match="Choose the name"):
        take_over(document, Chosen(some, preview.digest, "prospect"))

    assert not IndirectContact.objects.exists()


def test_our_own_export_gives_a_second_house_what_the_person_had_given_us(
    client: Client, smtp: Relay, settings: Settings, tmp_path: Path
) -> None:
    become_reader(client, smtp, ADA, (CASE_UPDATES,), **DETAILS)
    taken = opened(put_together(lives.new_case(CaseKind.PORTABILITY, address=ADA)))
    whole = taken.read("data.json")
    # The same house, moved into anew by somebody else: nothing of hers is there.
    with acting_as(None):
        quick_database.empty()
        quick_database.load()
    assert not DataSubject.objects.exists()
    settings.VAULT_DIR = tmp_path / "another vault"

    for raw in (whole, for_another_service(whole)):
        case = case_of()
        document = brought(case, raw)
        preview = seen(case, document)
        if preview.lines:
            take_over(document, all_of(preview, "prospect"))

    contact = IndirectContact.objects.get()
    given = {name: getattr(contact, name) for name in taking_over.CONTACT_FIELDS}
    assert given == {
        "name": "Ada Byron",
        "employer": DETAILS["employer"],
        "job_title": DETAILS["job_title"],
        "telephone": DETAILS["telephone"],
    }
    assert contact.address == ADA
    subject = DataSubject.objects.get(pk=contact.data_subject_id)
    assert bytes(subject.address_digest or b"") == addresses.digest(ADA)
    assert not ConsentEntry.objects.exists() and not Subscriber.objects.exists()


# --- Files that are wrong ---

# Read in time that grows with their number, and not with its square.
MANY_NAMES = ("{" + "".join(f'"{n:x}":1,' for n in range(150_000)) + '"0":1}').encode()
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "no JSON"),
        (b"not json", "no JSON: see its line 1"),
        (b"[]", "no object"),
        (b"\xff\xfe", "UTF-8"),
        (DEEP, "nested without end"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (MANY_NAMES, "stands twice"),
        (b'{"\\ud800": 1}', "signs that no text"),
        (b'{"places": [{"\\u0000": 1}]}', "signs that no text"),
        (b'{"a": NaN}', "no number"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "a number that is none"),
        (b"{}", "does not say that it is of the schema"),
        (b" " * (MOST_BYTES + 1), "more than 2 MB"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(
    reader: Subscriber, raw: bytes, said: str
) -> None:
    case = case_of()
    document = kept(case, raw)
    before = contents()
    with pytest.raises(NotPortable, match=said):
        seen(case, document)
    assert contents() == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "casedesk-portable/2"}, "another version"),
        ({"format": 1}, "does not say"),
        ({"places": {}}, "“places”: a list is expected, and an object stands"),
        ({"places": [1]}, "Place 1: an object with"),
        (
            {"places": [{"holding": "a", "title": "b", "records": [1]}]},
            "Entry 1 of “b”: a number, and no object",
        ),
        (
            {"places": [{"holding": 1, "title": "b", "records": []}]},
            "“holding” of place 1: a number, and no text",
        ),
        (
            {"places": [{"holding": "a", "title": "b", "records": None}]},
            "The entries of “b”: a list is expected, and “null” stands there",
        ),
        ({"places": [{}] * 201}, "more than 200"),
        ({"addresses": [ADA, 1]}, "Address 2: a number, and no text"),
        ({"addresses": ADA}, "“addresses”: a list is expected, and a text stands"),
        ({"made_at": "yesterday"}, "“made_at”: a moment"),
        ({"made_at": "0001-01-01T00:00:00Z"}, "“made_at”: a moment"),
        ({"made_at": "9999-12-31T23:59:59-01:00"}, "“made_at”: a moment"),
        ({"made_at": "2026-11-01T09:00:00"}, "“made_at”: a moment"),
        ({"controller": "x" * 400}, "“controller”: longer"),
        ({"more": 1}, "“more” is not in the schema"),
        ({"left_out": None}, "“left_out”: a list"),
        (
            {"places": record(employer="x" * 10_001)},
            "Employer, in entry 1 of “Your sign-up”: longer than 10,000",
        ),
        (
            {"places": record(employer="a\0b")},
            "Employer, in entry 1 of “Your sign-up”: it has signs that no text",
        ),
        ({"places": record(employer="\ud800")}, "signs that no text"),
        ({"places": record(employer=[[[[[[[1]]]]]]])}, "nested more than 8 deep"),
        (
            {"places": record(first_name=5)},
            "First name, in entry 1 of “Your sign-up”: a number, and no text",
        ),
        ({"places": record(telephone=[])}, "Telephone, .*: a list, and no text"),
        ({"places": record(job_title=False)}, "Job title, .*: “true” or “false”"),
        ({"places": record(address={})}, "E-mail address, .*: an object"),
        ({"left_out": [{"reason": "\0"}]}, "“left_out”, entry 1: it has signs"),
        ({"places": titled("a\0b")}, "“title” of place 1: it has signs"),
    ],
)
def test_each_fault_is_named_with_its_place(
    reader: Subscriber, changes: dict[str, Any], said: str
) -> None:
    case = case_of()
    raw = json.dumps(file_of(**changes)).encode()
    with pytest.raises(NotPortable, match=said):
        seen(case, kept(case, raw))


def test_something_missing_is_named() -> None:
    case = case_of()
    less = file_of()
    del less["controller"], less["left_out"]
    with pytest.raises(NotPortable) as refused:
        seen(case, kept(case, json.dumps(less).encode()))
    assert refused.value.problems == (
        "“controller” is missing.",
        "“left_out” is missing.",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"addresses": ["ben@example.com"], "places": record(address="ben@example.com")},
        {"addresses": []},
        {"addresses": ["", "no address"]},
    ],
)
def test_somebody_elses_file_is_refused_and_nothing_of_it_is_shown(
    reader: Subscriber, changes: dict[str, Any]
) -> None:
    case = case_of()
    document = brought(case, file_of(**changes))
    with pytest.raises(NotAllowed, match="nothing shows that it is"):
        seen(case, document)
    page = dana("view_case", "work_case").get(
        f"/console/rights_requests/casedocument/{document.pk}/take-over/"
    )
    assert page.status_code == 409
    assert "Byron" not in text(page)


def test_records_of_others_in_the_persons_file_are_left_out(
    reader: Subscriber,
) -> None:
    places = record()
    places[0]["records"].insert(0, {"address": "ben@example.com", "first_name": "Ben"})
    case = case_of()
    preview = seen(case, brought(case, file_of(places=places)))
    assert "Ben" not in {line.given for line in preview.lines}
    assert "another address" in why(preview, "Your sign-up")


def test_every_fault_is_named_and_a_file_with_one_is_refused_whole(
    reader: Subscriber,
) -> None:
    places = record(first_name=5, last_name="\0")
    places[0]["records"].append({"address": "ben@example.com", "employer": "\0"})
    case = case_of()
    with pytest.raises(NotPortable) as refused:
        seen(case, kept(case, json.dumps(file_of(places=places)).encode()))
    assert refused.value.problems == (
        "First name, in entry 1 of “Your sign-up”: a number, and no text.",
        "Last name, in entry 1 of “Your sign-up”: it has signs that no text can have.",
        "Employer, in entry 2 of “Your sign-up”: it has signs that no text can have.",
    )


def test_a_record_without_an_address_is_left_out_for_that_reason(
    reader: Subscriber,
) -> None:
    places = record()
    places[0]["records"].append({"first_name": "Adela"})
    case = case_of()
    preview = seen(case, brought(case, file_of(places=places)))
    reasons = [one.why for one in preview.left_out if one.what == "Your sign-up"]
    assert reasons == [taking_over.NO_ADDRESS]


def test_a_second_record_of_the_same_address_is_left_out_for_that_reason(
    reader: Subscriber,
) -> None:
    places = record(first_name="Adelaide")
    places[0]["records"].append({"address": ADA, "first_name": "Adela"})
    case = case_of()
    preview = seen(case, brought(case, file_of(places=places)))
    assert "Adelaide" in {line.given for line in preview.lines}
    reasons = [one.why for one in preview.left_out if one.what == "Your sign-up"]
    assert reasons == [taking_over.SECOND]


def test_only_what_belongs_to_such_a_request_is_read(reader: Subscriber) -> None:
    case = case_of()
    other = lives.new_case(CaseKind.ACCESS, address=ADA)
    for document in (
        brought(other, file_of()),
        brought(case, file_of(), name="notes.txt"),
    ):
        with pytest.raises(NotAllowed):
            taking_over.preview(document.case, document)


# --- The pages ---


def test_the_person_sends_it_from_their_page_and_staff_decide_on_the_console(
    client: Client, reader: Subscriber
) -> None:
    case = case_of()
    visit = f"/your-data/visit/{links.open_visit(case, now=timezone.now())}/"
    assert "data.json" in text(client.get(visit))
    raw = json.dumps(file_of()).encode()
    sent = client.post(
        visit, {"act": "document", "documents": SimpleUploadedFile("data.json", raw)}
    )
    assert sent.status_code == 302
    document = CaseDocument.objects.get()
    assert document.name == "data.json"

    console = dana("view_case", "work_case")
    corrections = console.get(f"/console/rights_requests/case/{case.pk}/corrections/")
    path = f"/console/rights_requests/casedocument/{document.pk}/take-over/"
    assert path in text(corrections)
    page = console.get(path)
    shown = text(page)
    assert "First name: Ada" in shown and "Stands here: Ida" in shown
    assert " checked" not in shown
    digest = bytes(document.content_digest).hex()

    none = console.post(path, {"digest": digest})
    assert none.status_code == 400 and "Tick what is taken over" in text(none)
    stale = console.post(path, {"digest": "0" * 64, "lines": "sign-up/1/first_name"})
    assert stale.status_code == 409 and "look at it once more" in text(stale)
    key = next(k for k in _keys(shown) if k.endswith("/first_name"))
    done = console.post(path, {"digest": digest, "lines": key})
    assert done.status_code == 302
    reader.refresh_from_db()
    assert (reader.first_name, reader.last_name) == ("Ada", "")
    twice = console.post(path, {"digest": digest, "lines": key})
    assert twice.status_code == 409


def _keys(page: str) -> list[str]:
    return [part.partition('"')[0] for part in page.split('name="lines" value="')[1:]]


def test_a_wrong_file_says_on_the_page_what_is_wrong_and_where(
    reader: Subscriber,
) -> None:
    case = case_of()
    document = brought(case, file_of(places=[1], addresses=[2]))
    page = dana("view_case", "work_case").get(
        f"/console/rights_requests/casedocument/{document.pk}/take-over/"
    )
    assert page.status_code == 400
    assert "Address 1: a number, and no text." in text(page)
    assert "Place 1: an object" in text(page)


def test_a_file_that_is_lost_between_look_and_choice_is_told_and_changes_nothing(
    reader: Subscriber,
) -> None:
    case = case_of()
    document = brought(case, file_of())
    client = dana("view_case", "work_case")
    path = f"/console/rights_requests/casedocument/{document.pk}/take-over/"
    keys = _keys(client.get(path).content.decode())
    form = {"digest": seen(case, document).digest, "lines": keys}

    with transaction.atomic():
        DataSubject.objects.select_for_update().get(pk=case.submission.data_subject_id)
        beside = Beside(lambda: client.post(path, form))
        assert beside.waits_for_us()  # it has been looked at, and is not carried out
        vault.remove(document.vault_name)

    answer = beside.result()
    assert answer.status_code == 503
    assert "cannot be opened" in text(answer)
    assert not Rectification.objects.exists()


def test_whoever_only_looks_at_cases_takes_nothing_over(reader: Subscriber) -> None:
    case = case_of()
    document = brought(case, file_of())
    path = f"/console/rights_requests/casedocument/{document.pk}/take-over/"
    assert dana("view_case").get(path).status_code == 403
