"""What people write of health, offences or children: shut away, opened, removed."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from groundwork.refusals import NotAllowed
from groundwork.sensitive import Sign
from outbox import inbound
from outbox.delivery import deliver_due
from outbox.models import InboundEmail, OutgoingEmail
from rights_requests import casebook, closing, handling, letters, sensitive, vault
from rights_requests.filing import file_documents
from rights_requests.handling import Said
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Channel,
    Event,
    Letter,
    Message,
    Submission,
)
from rights_requests.receiving import receive
from rights_requests.sensitive import SHUT, Removal
from rights_requests.uploads import check_uploads
from staff.models import AccessRecord
from tests.console.staff import accesses, console_of, dana, person, text
from tests.people import CLEO
from tests.relay import Relay
from tests.rights_requests import lives

pytestmark = pytest.mark.django_db

ILL = "I have been diagnosed with diabetes."
ASKS = f"Please send me my data.\n\n{ILL}\n\nCleo"
WHY = "It told of your health, which we do not need to answer you."
DANA = 7


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings, tmp_path: Path) -> None:
    """Holidays count, letters name the controller, files have a place."""
    settings.VAULT_DIR = tmp_path / "vault"


def ill(*kinds: CaseKind, **more: Any) -> Case:
    """A case whose words tell of an illness."""
    given = {"words": ASKS, "signs": ("health",), **more}
    now = timezone.now()
    message = lives.sent(*(kinds or (CaseKind.ACCESS,)), **given)
    return receive(message, now=now).cases[0]


def well(**more: Any) -> Case:
    return lives.new_case(CaseKind.ACCESS, words="Please send me my data.", **more)


def again(case: Case) -> Submission:
    return Submission.objects.get(pk=case.submission_id)


def events(case: Case) -> list[str]:
    entries = CaseLogEntry.objects.filter(case_id=case.pk).order_by("id")
    return list(entries.values_list("event", flat=True))


def remove(case: Case, key: str = "words", stretch: str = ILL, **more: Any) -> None:
    removal = Removal(key, more.pop("reason", WHY), stretch)
    sensitive.remove_sensitive(
        case.submission_id, removal, staff_id=DANA, now=timezone.now()
    )


# --- As it arrives ---


def test_what_arrives_with_a_sign_is_shut_away_in_each_of_its_cases() -> None:
    case = ill(CaseKind.ACCESS, CaseKind.ERASURE)

    assert again(case).shut_away_at is not None
    for one in again(case).cases.all():
        entry = CaseLogEntry.objects.get(case_id=one.pk, event=Event.SHUT_AWAY)
        assert entry.inputs == {"signs": ["health"]}
        assert entry.staff_id is None


def test_what_arrives_without_one_stays_open() -> None:
    case = well()

    assert again(case).shut_away_at is None
    assert Event.SHUT_AWAY not in events(case)


def test_a_later_sign_shuts_away_what_was_open_or_opened_again() -> None:
    case = well()
    now = timezone.now()
    sensitive.take_in(case.submission, [Sign.HEALTH], now=now)
    assert again(case).shut_away_at is not None

    sensitive.open_again(case.submission_id, reason=WHY, staff_id=DANA, now=now)
    assert again(case).shut_away_at is None
    sensitive.take_in(again(case), [Sign.CHILD], now=now)

    assert again(case).shut_away_at is not None
    assert again(case).signs == ["child", "health"]
    assert events(case).count(Event.SHUT_AWAY) == 2


def test_no_sign_shuts_nothing_away() -> None:
    case = well()

    sensitive.take_in(case.submission, [], now=timezone.now())

    assert again(case).shut_away_at is None


def test_what_the_person_asks_instead_is_looked_through() -> None:
    case = well()

    closing.narrow(case.pk, words=f"Only the calls. {ILL}", now=timezone.now())

    assert again(case).signs == ["health"] and again(case).shut_away_at is not None


def test_what_staff_take_down_is_looked_through() -> None:
    case = well()
    said = Said(ILL, Channel.TELEPHONE, timezone.localdate())

    handling.take_down(case.pk, said, staff_id=DANA, now=timezone.now())

    assert again(case).signs == ["health"] and again(case).shut_away_at is not None


@pytest.mark.parametrize(
    "purpose, is_shut_away",
    [(CaseDocument.Purpose.SCAN, True), (CaseDocument.Purpose.ANSWER, False)],
)
def test_what_staff_upload_is_looked_through_unless_we_wrote_it(
    purpose: CaseDocument.Purpose, is_shut_away: bool
) -> None:
    case = well()
    [checked] = check_uploads([SimpleUploadedFile("letter.txt", ILL.encode())])

    file_documents(case.pk, [checked], purpose, staff_id=DANA, now=timezone.now())

    assert (again(case).shut_away_at is not None) is is_shut_away


# --- Who sees what ---


class Colleague:
    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    def has_perm(self, perm: str) -> bool:
        return perm in self.permissions


def test_without_the_permission_one_sees_that_there_is_something_and_nothing_of_it() -> (
    None
):
    case = ill()
    submission = again(case)

    assert sensitive.shown(submission.words, submission, Colleague()) == SHUT
    assert sensitive.shown("", submission, Colleague()) == ""
    may_see = Colleague(sensitive.MAY_SEE)
    assert sensitive.shown(submission.words, submission, may_see) == ASKS


def test_what_is_not_shut_away_is_seen_by_whoever_works_on_it() -> None:
    submission = again(well())

    assert sensitive.shown(submission.words, submission, Colleague()) != SHUT


# --- What staff do ---


def test_shutting_away_by_hand_is_on_record() -> None:
    case = well()

    sensitive.shut_away(case.submission_id, staff_id=DANA, now=timezone.now())

    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.SHUT_AWAY)
    assert entry.staff_id == DANA
    record = AccessRecord.objects.latest("id")
    assert (record.staff_id, record.data_subject_id) == (
        DANA,
        again(case).data_subject_id,
    )
    with pytest.raises(NotAllowed, match="already"):
        sensitive.shut_away(case.submission_id, staff_id=DANA, now=timezone.now())


def test_opening_again_needs_a_reason_which_is_kept_as_a_note() -> None:
    case = ill()
    now = timezone.now()
    with pytest.raises(NotAllowed, match="Say why"):
        sensitive.open_again(case.submission_id, reason=" ", staff_id=DANA, now=now)

    sensitive.open_again(case.submission_id, reason=WHY, staff_id=DANA, now=now)

    assert again(case).shut_away_at is None
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.OPENED_AGAIN)
    assert WHY not in str(entry.inputs)
    assert WHY in case.notes.get().words
    with pytest.raises(NotAllowed, match="not shut away"):
        sensitive.open_again(case.submission_id, reason=WHY, staff_id=DANA, now=now)


def test_a_stretch_of_words_is_replaced_by_a_note_that_says_when_and_why() -> None:
    case = ill()

    with time_machine.travel(datetime(2026, 11, 27, 9, tzinfo=UTC)):
        remove(case)

    submission = again(case)
    assert submission.words == (
        "Please send me my data.\n\n[Removed by us on Friday 27 November 2026: It told "
        "of your health, which we do not need to answer you.]\n\nCleo"
    )
    assert submission.signs == []
    assert submission.shut_away_at is not None, "opening it is another decision"
    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Event.SENSITIVE_REMOVED)
    assert entry.staff_id == DANA
    assert entry.inputs["text"] == "words" and not entry.inputs["is_whole"]
    assert "diabetes" not in str(entry.inputs) and WHY not in str(entry.inputs)
    assert AccessRecord.objects.filter(staff_id=DANA).exists()


def test_a_whole_text_is_replaced_when_no_words_are_named() -> None:
    case = ill()

    remove(case, stretch="")

    assert again(case).words.startswith("[Removed by us on ")
    assert "Please send" not in again(case).words


def test_the_removed_words_are_nowhere_in_the_database_any_more() -> None:
    raw = f"From: {CLEO}\nSubject: x\n\n{ASKS}".encode()
    mail = inbound.store(raw)
    assert mail is not None
    case = ill(channel=Channel.E_MAIL, inbound_email_id=mail.pk)

    remove(case)

    mail = InboundEmail.objects.get(pk=mail.pk)
    assert mail.raw_message == ""
    assert "Removed by us" in mail.remarks
    texts = [t.words for t in sensitive.texts_of(again(case))]
    assert not any("diabetes" in words for words in texts)


def test_what_exactly_is_meant_and_messages_can_be_cleared_too() -> None:
    case = well()
    Case.objects.filter(pk=case.pk).update(details=f"Those about me. {ILL}")
    message = Message.objects.create(case=case, words=ILL, channel=Channel.FORM)

    remove(case, f"details-{case.pk}")
    remove(case, f"message-{message.pk}", stretch="")

    case.refresh_from_db()
    message.refresh_from_db()
    assert case.details.startswith("Those about me. [Removed")
    assert message.words.startswith("[Removed")
    assert events(case).count(Event.SENSITIVE_REMOVED) == 2


def test_signs_that_stand_in_another_text_stay() -> None:
    case = ill()
    Message.objects.create(case=case, words=ILL, channel=Channel.FORM)

    remove(case)

    assert again(case).signs == ["health"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stretch": "words that are not there"}, "do not stand"),
        ({"key": "message-1"}, "no such text"),
        ({"key": f"details-{uuid.uuid4()}"}, "no such text"),
        ({"key": "postal_address"}, "no such text"),
        ({"reason": "because"}, "Say why"),
    ],
)
def test_what_cannot_be_removed_changes_nothing(
    change: dict[str, str], words: str
) -> None:
    case = ill()
    before = events(case)

    with pytest.raises(NotAllowed, match=words):
        remove(case, **change)

    assert again(case).words == ASKS
    assert events(case) == before


def test_a_text_of_somebody_else_cannot_be_reached() -> None:
    case, other = ill(), ill(address="ben@example.com")
    message = Message.objects.create(case=other, words=ILL, channel=Channel.FORM)

    with pytest.raises(NotAllowed, match="no such text"):
        remove(case, f"message-{message.pk}")


def document_of(case: Case) -> CaseDocument:
    kept = vault.put([b"a letter of a doctor"])
    return CaseDocument.objects.create(
        case=case,
        purpose=CaseDocument.Purpose.EVIDENCE,
        name="diabetes.pdf",
        media_type="application/pdf",
        size=kept.size,
        content_digest=kept.sha256,
        vault_name=kept.name,
    )


@pytest.mark.django_db(transaction=True)
def test_a_document_goes_with_its_name_and_its_file() -> None:
    case = well()
    document = document_of(case)
    file = document.vault_name

    sensitive.remove_sensitive_document(
        document.pk, reason=WHY, staff_id=DANA, now=timezone.now()
    )

    document.refresh_from_db()
    assert document.removed_at is not None
    assert "diabetes" not in document.name
    with pytest.raises(vault.Missing):
        list(vault.read(file))
    assert Event.SENSITIVE_REMOVED in events(case)
    with pytest.raises(NotAllowed, match="already"):
        sensitive.remove_sensitive_document(
            document.pk, reason=WHY, staff_id=DANA, now=timezone.now()
        )


# --- On the console ---


@pytest.fixture
def seer() -> Client:
    """Dana may open what was shut away."""
    return dana("view_case", "work_case", "see_shut_away")


def page(case: Case, rest: str = "") -> str:
    return f"/console/rights_requests/case/{case.pk}/sensitive/{rest}"


def test_the_page_shows_each_text_with_what_was_found_and_each_look_is_on_record(
    seer: Client,
) -> None:
    case = ill()

    seen = text(seer.get(page(case)))

    assert ILL in seen
    assert "somebody’s health" in seen
    assert accesses("read")[-1].data_subject_id == again(case).data_subject_id


def test_a_case_that_was_shut_away_says_so_and_offers_to_remove_it(
    seer: Client,
) -> None:
    case = ill()

    seen = text(seer.get(f"/console/rights_requests/case/{case.pk}/change/"))

    assert "Shut away" in seen
    assert page(case) in seen


def test_without_the_permission_a_case_tells_nothing_of_it() -> None:
    case = ill()
    client = dana("view_case", "work_case")

    seen = text(client.get(f"/console/rights_requests/case/{case.pk}/change/"))

    assert "diabetes" not in seen
    assert "Nothing of it is shown to you" in seen
    assert page(case) not in seen


def test_a_note_that_tells_such_a_thing_is_shut_away_and_can_be_removed(
    seer: Client,
) -> None:
    case = well()
    client = console_of(person("ed@example.com", "view_case", "work_case"))
    handling.add_note(case.pk, "Call back.", staff_id=DANA, now=timezone.now())
    assert again(case).shut_away_at is None
    note = handling.add_note(case.pk, ILL, staff_id=DANA, now=timezone.now())
    assert again(case).shut_away_at is not None

    timeline = f"/console/rights_requests/case/{case.pk}/change/"
    seen = text(client.get(timeline))
    assert "Call back." in seen and ILL not in seen
    assert ILL in text(seer.get(timeline))
    assert ILL in text(seer.get(page(case)))
    remove(case, f"note-{note.pk}", stretch="")
    note.refresh_from_db()
    assert note.words.startswith("[Removed")
    assert again(case).signs == []


def test_whoever_works_on_it_shuts_away_what_the_rules_did_not_see() -> None:
    case = well()
    client = dana("view_case", "work_case")
    address = f"/console/rights_requests/case/{case.pk}/shut-away/"
    assert "health, belief, offences or a child" in text(client.get(address))
    words = "She told me of something that nobody here has to know."
    handling.add_note(case.pk, words, staff_id=DANA, now=timezone.now())
    assert again(case).shut_away_at is None
    seen = {"seen": casebook.newest_entry_id(case)}
    assert client.post(address, seen).status_code == 302
    assert again(case).shut_away_at is not None
    timeline = f"/console/rights_requests/case/{case.pk}/change/"
    assert words not in text(client.get(timeline))
    refused = client.post(address, {"seen": casebook.newest_entry_id(case)})
    assert refused.status_code == 409
    assert "It is shut away already" in text(refused)


def add_note(case: Case, words: str) -> None:
    handling.add_note(case.pk, words, staff_id=DANA, now=timezone.now())


def test_notes_written_after_it_was_shut_by_hand_are_hidden_until_it_is_opened(
    seer: Client,
) -> None:
    case = well()
    client = console_of(person("ed@example.com", "view_case", "work_case"))
    timeline = f"/console/rights_requests/case/{case.pk}/change/"
    sensitive.shut_away(case.submission_id, staff_id=DANA, now=timezone.now())
    add_note(case, "She rang again about the same.")
    assert "rang again" not in text(client.get(timeline))
    assert "rang again" in text(seer.get(timeline))

    now = timezone.now()
    sensitive.open_again(case.submission_id, reason=WHY, staff_id=DANA, now=now)
    add_note(case, "Nothing new.")
    seen = text(client.get(timeline))
    assert "rang again" in seen and "Nothing new." in seen

    add_note(case, ILL)  # the rules shut it away, and they alone
    assert again(case).shut_away_at is not None
    seen = text(client.get(timeline))
    assert ILL not in seen and "rang again" in seen and "Nothing new." in seen

    sensitive.shut_away(case.submission_id, staff_id=DANA, now=timezone.now())
    add_note(case, "To be asked on Monday.")
    seen = text(client.get(timeline))
    assert "rang again" not in seen and "on Monday" not in seen


def test_a_case_that_is_added_to_what_was_shut_by_hand_hides_its_notes_too() -> None:
    case = well()
    sensitive.shut_away(case.submission_id, staff_id=DANA, now=timezone.now())
    kind = CaseKind.ERASURE
    other = handling.add_case(
        case.submission_id, kind, staff_id=DANA, now=timezone.now()
    )
    add_note(other, "She rang again about the same.")
    client = console_of(person("ed@example.com", "view_case", "work_case"))

    timeline = f"/console/rights_requests/case/{other.pk}/change/"
    assert "rang again" not in text(client.get(timeline))


def test_beside_what_the_rules_found_more_is_shut_away_by_hand(seer: Client) -> None:
    case = ill()
    words = "She told me of something that nobody here has to know."
    handling.add_note(case.pk, words, staff_id=DANA, now=timezone.now())
    client = console_of(person("ed@example.com", "view_case", "work_case"))
    timeline = f"/console/rights_requests/case/{case.pk}/change/"
    assert words in text(client.get(timeline))
    sensitive.shut_away(case.submission_id, staff_id=DANA, now=timezone.now())
    assert words not in text(client.get(timeline))
    with pytest.raises(NotAllowed, match="already"):
        sensitive.shut_away(case.submission_id, staff_id=DANA, now=timezone.now())
    sensitive.open_again(
        case.submission_id, reason=WHY, staff_id=DANA, now=timezone.now()
    )
    handling.add_note(case.pk, ILL, staff_id=DANA, now=timezone.now())
    assert words in text(client.get(timeline)), "somebody has looked at it since"


@pytest.mark.parametrize("rest", ["", "open/", "remove/words/"])
def test_every_page_needs_the_permission(rest: str) -> None:
    case = ill()
    client = dana("view_case", "work_case", "release_case")

    assert client.get(page(case, rest)).status_code == 403
    assert client.post(page(case, rest), {"reason": WHY}).status_code == 403
    assert again(case).words == ASKS and again(case).shut_away_at is not None


def test_the_button_shuts_away_once(seer: Client) -> None:
    case = well()

    assert seer.post(page(case)).status_code == 302
    assert again(case).shut_away_at is not None
    refused = seer.post(page(case))
    assert refused.status_code == 409
    assert "shut away already" in text(refused)


def test_opening_asks_why(seer: Client) -> None:
    case = ill()

    empty = seer.post(page(case, "open/"), {"reason": ""})
    assert empty.status_code == 400
    assert "Say why everybody who works on it may read it" in text(empty)
    assert seer.post(page(case, "open/"), {"reason": WHY}).status_code == 302

    assert again(case).shut_away_at is None
    assert seer.post(page(case, "open/"), {"reason": WHY}).status_code == 409


def test_words_are_removed_only_after_a_look_at_what_goes(seer: Client) -> None:
    case = ill()
    form = {"stretch": ILL, "reason": WHY}

    look = text(seer.post(page(case, "remove/words/"), form))
    assert "These words go" in look and WHY in look
    assert again(case).words == ASKS
    changed = text(seer.post(page(case, "remove/words/"), {**form, "step": "change"}))
    assert 'name="step"' not in changed and WHY in changed
    done = seer.post(page(case, "remove/words/"), {**form, "step": "remove"})

    assert done.status_code == 302
    assert "diabetes" not in again(case).words


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"stretch": "not there", "reason": WHY}, "do not stand in the text"),
        ({"stretch": ILL, "reason": "so"}, "Say why the words are removed"),
    ],
)
@pytest.mark.parametrize("step", ["", "remove"])
def test_a_wrong_removal_is_refused_beside_its_field(
    seer: Client, form: dict[str, str], said: str, step: str
) -> None:
    case = ill()

    response = seer.post(page(case, "remove/words/"), {**form, "step": step})

    assert response.status_code == 400
    assert said in text(response)
    assert again(case).words == ASKS


@pytest.mark.parametrize(
    "key", ["message-1", "nothing", f"document-{uuid.UUID(int=1)}"]
)
def test_what_is_not_there_is_no_page(seer: Client, key: str) -> None:
    assert seer.get(page(ill(), f"remove/{key}/")).status_code == 404


def test_a_document_is_removed_by_its_own_page(seer: Client) -> None:
    case = well()
    document = document_of(case)
    path = page(case, f"remove/document-{document.pk}/")
    assert path in text(seer.get(page(case)))

    assert "This document goes" in text(seer.post(path, {"reason": WHY}))
    assert seer.post(path, {"reason": WHY, "step": "remove"}).status_code == 302

    document.refresh_from_db()
    assert document.removed_at is not None
    assert seer.get(path).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_words_that_are_removed_go_out_of_the_letter_that_repeats_them(
    smtp: Relay,
) -> None:
    case = well()
    closing.narrow(case.pk, words=f"Only 2025. {ILL}", now=timezone.now())
    deliver_due()

    remove(case, f"details-{case.pk}")

    [letter] = Letter.objects.filter(case=case, kind="narrowed")
    words = letters.Letter.from_json(letter.blocks).text
    assert "diabetes" not in words
    assert "Only 2025. [Removed by us on" in words
    assert letter.mail_id is not None
    mail = OutgoingEmail.objects.get(pk=letter.mail_id)
    assert "diabetes" not in f"{mail.raw_message} {mail.context}"
