"""“Your data”: from an address typed on the site to everything that is held of it."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.models import ConsentEvidence
from data_subjects import disclosures
from data_subjects.models import DataSubject, SubjectEvent
from groundwork import addresses, form_tokens
from groundwork.clock import today_here
from groundwork.holdings import Person
from outbox.models import InboundEmail, OutgoingEmail, SuppressedAddress
from rights_requests import (
    casebook,
    deciding,
    handling,
    own_data,
    sensitive,
    visiting,
)
from rights_requests.deciding import Proposal
from rights_requests.filing import file_documents
from rights_requests.handling import Said
from rights_requests.kinds import CaseKind
from rights_requests.models import (
    Case,
    CaseDocument,
    CaseLogEntry,
    Channel,
    Event,
    PersonLink,
    Transmission,
)
from rights_requests.moves import Move, State
from rights_requests.uploads import check_upload
from subscribers import importing
from subscribers.models import Subscriber
from tests.beside import Beside
from tests.data_subjects.acts import held, restricted
from tests.data_subjects.test_holds_and_disclosures import GIVEN
from tests.database_role import acting_as
from tests.people import (
    ADA,
    BEN,
    CASE_UPDATES,
    CLEO,
    become_reader,
    inbox,
    open_preferences,
    sign_up,
    subscriber_of,
)
from tests.reading import posting_form
from tests.relay import Relay
from tests.rights_requests import lives
from tests.rights_requests.files import upload
from tests.rights_requests.own_pages import events, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def register(open_house: None, settings: Settings, tmp_path: Any) -> None:
    settings.VAULT_DIR = tmp_path / "vault"


def ask_for_link(client: Client, address: str) -> Any:
    filled = posting_form(client.get("/your-data/see/")).fields
    return client.post("/your-data/see/", {**filled, "email": address}, follow=True)


def link_of(client: Client, smtp: Relay, address: str) -> str:
    ask_for_link(client, address)
    return inbox(smtp, address)[-1].path("/your-data/open/")


def open_own_data(client: Client, smtp: Relay, address: str = ADA) -> str:
    """Ask for the link, follow it, press the button; the path of the open page."""
    answer = client.post(link_of(client, smtp, address))
    assert answer.status_code == 302
    return str(answer["Location"])


def press(client: Client, visit: str, kind: str) -> Case:
    """Look at what it means, and press the button."""
    path = f"{visit}ask/{kind}/"
    assert client.get(path).status_code == 200
    answer = client.post(path)
    assert answer.status_code == 302, text_of(answer)
    return Case.objects.latest("submission__recorded_at")


# --- The link ---


def test_everybody_gets_the_same_answer_and_only_a_known_mailbox_a_mail(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    before = len(smtp.received)

    known, stranger = ask_for_link(client, ADA), ask_for_link(client, CLEO)

    assert known.content == stranger.content and known.status_code == 200
    assert known.redirect_chain == stranger.redirect_chain
    [mail] = inbox(smtp, ADA)[-1:]
    assert "It works once, and for 15 minutes" in mail.text
    assert inbox(smtp, CLEO) == [] and len(smtp.received) == before + 1
    withheld = OutgoingEmail.objects.get(
        kind="rights_requests/own_data", state="withheld"
    )
    assert withheld.to_address == "" and withheld.context == {}


def test_the_same_statements_run_for_a_reader_and_for_a_stranger(
    client: Client, smtp: Relay, django_assert_num_queries: Any
) -> None:
    become_reader(client, smtp, ADA)
    now = timezone.now()
    for address in (ADA, CLEO):
        with django_assert_num_queries(4):
            own_data.ask_for_link(address, now=now)


def test_a_mailbox_is_not_filled_by_whoever_asks_again_and_again(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    before = len(inbox(smtp, ADA))
    for _ in range(8):
        ask_for_link(client, ADA)
    assert len(inbox(smtp, ADA)) == before + 5

    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        ask_for_link(client, ADA)
        assert len(inbox(smtp, ADA)) == before + 6


def test_a_network_asks_only_so_often(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    for number in range(20):
        ask_for_link(client, f"nobody-{number}@example.com")
    before = len(inbox(smtp, ADA))
    assert ask_for_link(client, ADA).status_code == 200
    assert len(inbox(smtp, ADA)) == before


def test_those_whose_network_nobody_knows_do_not_share_one_limit(
    client: Client, smtp: Relay
) -> None:
    """Behind a proxy that names nobody, all would be one network."""
    become_reader(client, smtp, ADA)
    unknown = Client(REMOTE_ADDR="")
    for number in range(21):
        ask_for_link(unknown, f"nobody-{number}@example.com")
    before = len(inbox(smtp, ADA))
    ask_for_link(unknown, ADA)
    assert len(inbox(smtp, ADA)) == before + 1


def test_looking_at_the_link_uses_nothing_up_and_the_button_does_so_once(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    path = link_of(client, smtp, ADA)
    for _ in range(3):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200

    first, second = client.post(path), client.post(path)

    assert first.status_code == 302 and second.status_code == 410
    assert "was used, or its time is over" in text_of(second)
    assert client.get(path).status_code == 410


def test_the_link_ends_after_a_quarter_of_an_hour_and_the_visit_after_half_an_hour(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    path = link_of(client, smtp, ADA)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(path).status_code == 410

    visit = open_own_data(client, smtp)
    with time_machine.travel(timezone.now() + timedelta(minutes=29)):
        assert client.get(visit).status_code == 200
        assert client.post(visit, {"act": "stay"}).status_code == 302
    with time_machine.travel(timezone.now() + timedelta(minutes=58)):
        assert client.get(visit).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=60)):
        over = client.get(visit)
        assert over.status_code == 410 and "This page has closed" in text_of(over)
        assert client.post(visit, {"act": "correct"}).status_code == 410
        assert client.post(f"{visit}ask/access/").status_code == 410
    assert not Case.objects.exists()


def test_no_visit_is_kept_open_longer_than_two_hours(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    began = timezone.now()
    for minutes in range(20, 121, 20):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            client.post(visit, {"act": "stay"})
    with time_machine.travel(began + timedelta(minutes=121)):
        assert client.get(visit).status_code == 410


def test_a_forged_token_and_a_token_of_another_kind_open_nothing(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    fresh = link_of(client, smtp, ADA)
    token = re.findall(r"/([\w-]{22})/", fresh)[0]
    forged = ("A" * 22, token[:-1] + ("A" if token[-1] != "A" else "B"))
    for wrong in forged:
        assert client.post(f"/your-data/open/{wrong}/").status_code == 404
        assert client.get(f"/your-data/yours/{wrong}/").status_code == 404
        assert client.post(f"/your-data/yours/{wrong}/ask/erasure/").status_code == 404
        assert client.get(f"/your-data/yours/{wrong}/place/sign-up/").status_code == 404
    # The mailed one is no visit, and a visit no mailed one.
    assert client.get(f"/your-data/yours/{token}/").status_code == 404
    visit = str(client.post(fresh)["Location"])
    assert client.post(visit.replace("/yours/", "/open/")).status_code == 404
    assert client.get(
        visit.replace("/your-data/yours", "/preferences")
    ).status_code in (
        404,
        410,
    )


def test_the_database_knows_no_token_and_no_address_in_clear(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    token = visit.split("/")[3]
    for link in PersonLink.objects.all():
        assert token.encode() not in bytes(link.token_digest)
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM rights_requests_personlink")
        assert all(ADA not in str(row[0]) for row in cursor.fetchall())


def test_links_stop_when_the_person_gets_another_address(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    visit, fresh = open_own_data(client, smtp), link_of(client, smtp, ADA)
    moved = DataSubject.objects.get(address_digest=addresses.digest(ADA))
    moved.address_digest = addresses.digest("ada@new.example")
    moved.save(update_fields=["address_digest"])

    assert client.get(visit).status_code == 410
    assert client.post(fresh).status_code == 410
    assert client.post(f"{visit}ask/access/").status_code == 410
    assert not Case.objects.exists()


def test_another_site_can_send_nothing(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    for path in ("/your-data/see/", visit, f"{visit}ask/erasure/"):
        answer = client.post(
            path, {"email": ADA}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403
    assert not Case.objects.exists()


def test_every_page_behind_the_link_is_kept_nowhere(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    for path in (visit, f"{visit}place/consent/", f"{visit}ask/access/"):
        page = client.get(path)
        assert "no-store" in page["Cache-Control"]
        assert page["Referrer-Policy"] in ("no-referrer", "same-origin")
        assert not page.cookies
    assert "no-store" in client.get("/your-data/see/")["Cache-Control"]


def test_what_a_robot_fills_in_and_what_is_too_old_send_nothing(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    before = len(inbox(smtp, ADA))
    trapped = {"email": ADA, "website": "x", "shown": form_tokens.issue("own-data", {})}
    assert client.post("/your-data/see/", trapped).status_code == 302
    forged = {"email": ADA, "shown": "forged"}
    assert client.post("/your-data/see/", forged).status_code == 400
    none = {"email": "no address", "shown": form_tokens.issue("own-data", {})}
    page = client.post("/your-data/see/", none)
    assert page.status_code == 400 and "There is a problem" in page.content.decode()
    assert len(inbox(smtp, ADA)) == before


# --- What is shown ---


def test_it_shows_everything_with_where_it_came_from_and_how_long_it_is_kept(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada", employer="Analytical Engines")

    said = text_of(client.get(open_own_data(client, smtp)))

    assert "Your sign-up for our e-mails" in said
    assert "Analytical Engines" in said and ADA in said
    assert "What you agreed to and took back" in said
    assert "Used for" in said and "Came from" in said and "Kept" in said
    assert "Links to “Your data”" in said


def test_it_shows_nothing_of_anybody_else(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA, first_name="Ada", employer="Analytical Engines")
    become_reader(client, smtp, CLEO, first_name="Cleopatra", employer="The Nile")

    visit = open_own_data(client, smtp)

    for path in (visit, f"{visit}place/sign-up/", f"{visit}place/mail-to-you/"):
        page = client.get(path).content.decode()
        assert "Cleopatra" not in page and "The Nile" not in page
        assert CLEO not in page


def test_what_somebody_else_may_have_typed_is_counted_and_not_shown(
    client: Client, smtp: Relay
) -> None:
    """A sign-up that nobody confirmed, a request that the mailbox never showed, a mail
    under a borrowed address, and what colleagues noted."""
    sign_up(client, smtp, BEN, first_name="Quentin", employer="Xanadu")
    case = lives.new_case(address=BEN, name="Nora Other", words="I am Nora.")
    handling.add_note(case.pk, "Zed rang about this.", staff_id=1, now=timezone.now())
    InboundEmail.objects.create(
        digest=b"1" * 32,
        raw_message="From: ben@example.com\n\nMallory wrote this.",
        sender_digest=addresses.digest(BEN),
    )

    visit = open_own_data(client, smtp, BEN)
    pages = [client.get(visit).content.decode()]
    for place in own_data.places(
        own_data.person_behind(PersonLink.objects.latest("pk"))
    ):
        answer = client.get(f"{visit}place/{place.holding.key}/")
        assert answer.status_code == 200
        pages.append(answer.content.decode())

    everything = "".join(pages)
    for other in ("Quentin", "Xanadu", "Nora", "Zed", "Mallory"):
        assert other not in everything, other
    assert "What is not shown here" in everything
    assert "E-mails from you: 1 entry" in everything
    assert "Your sign-up for our e-mails: 1 entry" in everything


# Each place and how much of it one of us reads first.
READ_FIRST = {
    "disclosures": "1 entry is",
    "disclosure-evidence": "1 entry is",
    "restrictions": "1 entry is",
    "legal-holds": "1 entry is",
    "held-for-a-claim": "1 entry is",
    "what-bound-your-data": "2 entries are",
    "lists": "1 entry is",
    "messages": "1 entry is",
    "documents": "1 entry is",
}


def test_what_one_of_us_reads_first_is_counted_and_not_shown(
    client: Client, smtp: Relay
) -> None:
    """Whom the law may forbid us to name, a claim that is prepared, a list that was
    brought in, and what colleagues took down in the person's own case."""
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    case, now = press(client, visit, "access"), timezone.now()
    visiting.write_message(case.pk, "It is me, Ada.", now=now)
    said = Said("Nora rang.", Channel.TELEPHONE, today_here())
    handling.take_down(case.pk, said, staff_id=1, now=now)
    paper = check_upload(upload("zed-wrote.txt", b"Zed wrote."))
    purpose = CaseDocument.Purpose.EVIDENCE
    file_documents(case.pk, [paper], purpose, staff_id=1, now=now)
    importing.keep_upload(
        f"email,employer\n{ADA},Kubla and Sons\n", file_name="a.csv", staff_id=1
    )
    given = replace(GIVEN, recipient="The Xanadu Police", reference="Warrant 9")
    ada = case.submission.data_subject_id
    disclosures.record(ada, given, staff_id=1, today=today_here())
    held(ADA)
    restricted(ADA)

    shown = text_of(client.get(visit))
    for place, entries in READ_FIRST.items():
        said_there = text_of(client.get(f"{visit}place/{place}/"))
        assert f"{entries} not shown here" in said_there, place
        shown += said_there

    for other in ("Xanadu", "Warrant", "Nora", "zed-wrote", "Kubla"):
        assert other not in shown, other
    # What they did themselves they see.
    assert "It is me, Ada." in shown and "the person opened “Your data”" in shown
    assert "placed under a legal hold" not in shown and "restricted" not in shown


def test_of_our_mails_it_shows_those_alone_that_went_to_this_mailbox(
    client: Client, smtp: Relay
) -> None:
    """A change of address writes to another one, and a letter about a request may go to
    whoever makes it for the person."""
    become_reader(client, smtp, ADA)
    client.post(open_preferences(client, smtp, ADA), {"email": CLEO})
    visit = open_own_data(client, smtp)
    case = press(client, visit, "access")
    assert inbox(smtp, CLEO) and case.reference in inbox(smtp, ADA)[-1].text

    shown = text_of(client.get(f"{visit}place/mail-to-you/"))

    assert "Your link to see what we hold about you" in shown
    assert CLEO not in shown and case.reference not in shown
    assert "2 entries are not shown here" in shown


def test_what_was_shut_away_stays_so(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    case = press(client, visit, "access")
    sensitive.shut_away(case.submission_id, staff_id=1, now=timezone.now())

    page = client.get(visit).content.decode()

    assert case.reference not in page
    assert "Your requests and complaints: 1 entry" in page


def test_long_places_are_read_page_by_page(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    person = subscriber_of(ADA).data_subject
    for number in range(60):
        PersonLink.objects.create(
            data_subject=person,
            use="own-data-fresh",
            token_digest=bytes([number]) * 32,
            address=ADA,
            address_digest=addresses.digest(ADA),
            expires_at=timezone.now(),
        )
    PersonLink.objects.update(made_at=timezone.now() - timedelta(hours=2))
    visit = open_own_data(client, smtp)

    assert "All 62 entries" in text_of(client.get(visit))
    first = client.get(f"{visit}place/own-links/").content.decode()
    last = client.get(f"{visit}place/own-links/?page=3").content.decode()

    assert first.count('<dl class="facts">') == 26  # 25, and what is known of them
    assert "Page 3 of 3" in last and 'start="51"' in last
    assert client.get(f"{visit}place/own-links/?page=x").status_code == 200
    assert client.get(f"{visit}place/nowhere/").status_code == 404


def test_keys_of_links_are_not_shown(client: Client, smtp: Relay) -> None:
    welcome = become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    page = client.get(f"{visit}place/mail-to-you/").content.decode()
    assert welcome.one_click_path().split("/")[2] not in page


def test_it_is_on_record_that_the_person_looked(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    client.get(visit)

    [looked] = SubjectEvent.objects.filter(action="looked")
    assert looked.data_subject_id == subscriber_of(ADA).data_subject_id
    assert looked.staff_id is None


# --- What can be done there ---


def test_what_was_given_at_sign_up_is_corrected_there(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, first_name="Ava")
    visit = open_own_data(client, smtp)

    preferences = client.post(visit, {"act": "correct"})
    page = client.get(preferences["Location"])
    assert "Ava" in page.content.decode()
    form = {"purposes": ["case-updates"], "choices": "1", "first_name": "Ada"}
    assert client.post(preferences["Location"], form).status_code == 200

    assert subscriber_of(ADA).first_name == "Ada"
    assert "Ava" not in client.get(f"{visit}place/sign-up/").content.decode()


def test_whoever_never_confirmed_a_sign_up_has_none_to_correct(
    client: Client, smtp: Relay
) -> None:
    sign_up(client, smtp, BEN)
    visit = open_own_data(client, smtp, BEN)
    assert "Correct what I gave" not in text_of(client.get(visit))
    assert client.post(visit, {"act": "correct"}).status_code == 409


def test_a_file_to_take_along_can_be_sent_straight_to_somebody(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    path = f"{visit}ask/portability/"
    assert "another organisation" in text_of(client.get(path))
    assert "another organisation" not in text_of(client.get(f"{visit}ask/access/"))

    for wrong in ("http://example.com/take", "https://ada@example.com/", "example"):
        page = client.post(path, {"send_to": wrong})
        assert page.status_code == 400
        assert wrong in page.content.decode()
    assert not Case.objects.exists()

    answer = client.post(path, {"send_to": "https://club.example.com/take"})
    assert answer.status_code == 302
    row = Transmission.objects.get()
    assert row.address == "https://club.example.com/take"
    assert row.case.kind == CaseKind.PORTABILITY


def test_where_nothing_can_be_sent_the_page_does_not_offer_it(
    client: Client, smtp: Relay, settings: Settings
) -> None:
    settings.CONNECTOR_KEY = ""
    become_reader(client, smtp, ADA)
    path = f"{open_own_data(client, smtp)}ask/portability/"
    assert "another organisation" not in text_of(client.get(path))
    client.post(path, {"send_to": "https://club.example.com/take"})
    assert not Transmission.objects.exists()


@pytest.mark.parametrize("kind", ["access", "portability", "erasure"])
def test_a_copy_and_a_deletion_open_a_case_with_its_mailbox_shown(
    client: Client, smtp: Relay, kind: str
) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)

    case = press(client, visit, kind)

    assert case.kind == kind and case.state == State.IN_PROGRESS
    assert case.submission.data_subject_id == subscriber_of(ADA).data_subject_id
    assert case.submission.mailbox_confirmed_at is not None
    assert case.submission.address == ADA and case.due_on is not None
    assert Event.MAILBOX_CONFIRMED in events(case)
    assert case.reference in inbox(smtp, ADA)[-1].text


@pytest.mark.parametrize("kind", ["withdrawal", "objection-marketing"])
def test_what_ends_names_what_this_person_agreed_to_and_nothing_else(
    client: Client, smtp: Relay, kind: str
) -> None:
    become_reader(client, smtp, ADA, (CASE_UPDATES,))
    visit = open_own_data(client, smtp)

    shown = text_of(client.get(f"{visit}ask/{kind}/"))

    assert "What ends with it" in shown and "Case updates" in shown
    assert "News of our products" not in shown and "other companies" not in shown
    press(client, visit, "withdrawal")
    shown = text_of(client.get(f"{visit}ask/{kind}/"))
    assert "What ends with it" not in shown and "no agreement of yours" in shown


def test_everything_is_said_to_be_there_only_where_nothing_is_read_first(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    shown = text_of(client.get(visit))
    assert "What is not shown here" in shown and "Here is everything" not in shown
    assert "but for what one of us reads first" in shown

    with acting_as(None):
        ConsentEvidence.objects.all().delete()

    shown = text_of(client.get(visit))
    assert "What is not shown here" not in shown
    assert "Here is everything that is kept under it" in shown


def test_asked_twice_from_one_visit_it_is_one_case(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    first, second = (client.post(f"{visit}ask/erasure/") for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1
    press(client, visit, "access")
    assert Case.objects.count() == 2


def test_no_more_marketing_works_at_once(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)

    case = press(client, visit, "objection-marketing")

    assert case.state == State.FULFILLED
    assert subscriber_of(ADA).status == Subscriber.Status.LEFT
    assert SuppressedAddress.objects.filter(
        address_digest=addresses.digest(ADA), reason="objected"
    ).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_open", [False, True], ids=["the button", "the request"])
def test_a_deletion_at_work_and_a_press_at_the_same_moment_do_not_lock_each_other(
    client: Client, smtp: Relay, is_open: bool
) -> None:
    """The deletion holds the person and comes to the links of “Your data” next: whoever
    presses holds none of them while they wait for the person."""
    become_reader(client, smtp, ADA)
    path = link_of(client, smtp, ADA)
    if is_open:
        path = f"{client.post(path)['Location']}ask/access/"
    person = Person(subscriber_of(ADA).data_subject_id)
    links = own_data.place("own-links")
    assert links is not None
    with transaction.atomic():
        DataSubject.objects.select_for_update().get(pk=person.id)
        press = Beside(lambda: Client().post(path))
        assert press.waits_for_us()
        assert links.erase(person) == (2 if is_open else 1)

    assert press.result().status_code == 404
    assert not Case.objects.exists()


def test_what_needs_words_is_not_asked_there(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    visit = open_own_data(client, smtp)
    for kind in ("rectification", "complaint", "nonsense"):
        assert client.post(f"{visit}ask/{kind}/").status_code == 404
    assert not Case.objects.exists()


# --- What the law keeps from the person's knowledge ---


def test_what_is_left_out_without_their_knowledge_is_not_even_counted(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    case = lives.new_case(CaseKind.ACCESS, address=ADA)
    lives.confirm_mailbox(case)

    leave_out(case, "rights-of-others")
    known = seen_of_decisions(client, smtp)
    leave_out(case, "without-knowledge")
    both = seen_of_decisions(client, smtp)

    assert CaseLogEntry.objects.filter(event=Event.RELEASED).count() == 2
    assert "released" in known[0] and "1 entry" in known[1]
    assert both == known


def leave_out(case: Case, ground: str) -> None:
    proposal = Proposal(
        Move.WITHHOLD,
        ground=ground,
        left_out="Two names.",
        reasons="It would give away what others told us about their own lives.",
        evidence="DPA 2018, Schedule 2.",
    )
    now = timezone.now()
    decision = deciding.propose(case.pk, proposal, staff_id=lives.PROPOSER, now=now)
    seen = casebook.newest_entry_id(case)
    deciding.release(decision.pk, seen_entry_id=seen, staff_id=lives.RELEASER, now=now)


def seen_of_decisions(client: Client, smtp: Relay) -> tuple[list[str], str]:
    """What the log says that happened, and how many decisions are counted."""
    path = open_own_data(client, smtp)
    log = text_of(client.get(f"{path}place/case-log/"))
    front = text_of(client.get(path))
    assert "without-knowledge" not in log + front
    counted = front[front.index("What we decided about your requests") :][:300]
    return re.findall(r"What happened ([\w-]+)", log), counted
