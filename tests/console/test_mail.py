"""Mail out and mail in: read with tokens masked, settled and closed by hand."""

from email.message import EmailMessage

import pytest
from django.test import Client

from outbox import inbound
from outbox.delivery import deliver_due
from outbox.models import InboundEmail, OutgoingEmail, State
from tests.case_updates.cast import pending_reader, reader
from tests.console.staff import accesses, dana, text
from tests.people import ADA, BEN, CLEO
from tests.relay import Relay

pytestmark = pytest.mark.django_db

OUT = "/console/outbox/outgoingemail/"
IN = "/console/outbox/inboundemail/"


def test_the_list_masks_whom_it_went_to(console: Client) -> None:
    pending_reader(BEN)
    html = text(console.get(OUT))
    assert "b•••@example.com" in html
    assert BEN not in html


def test_reading_a_sent_message_is_on_record_and_shows_no_token(
    console: Client, smtp: Relay
) -> None:
    ben = pending_reader(BEN)
    deliver_due()
    mail = OutgoingEmail.objects.get()
    token = mail.context["confirm_url"].rstrip("/").rpartition("/")[2]
    html = text(console.get(f"{OUT}{mail.pk}/change/"))
    assert "/confirm/•••/" in html
    assert token not in html
    assert "Auto-Submitted: auto-generated" in html
    (record,) = accesses("read")
    assert record.data_subject_id == ben.data_subject_id


def test_the_unsubscribe_header_is_shown_without_its_token(
    console: Client, smtp: Relay
) -> None:
    reader(ADA)
    deliver_due()
    mail = OutgoingEmail.objects.get(kind="subscribers/welcome")
    token = mail.context["unsubscribe_url"].rstrip("/").rpartition("/")[2]
    html = text(console.get(f"{OUT}{mail.pk}/change/"))
    assert "List-Unsubscribe" in html
    assert token not in html


@pytest.mark.parametrize(
    ("what", "becomes"), [("arrived", State.SENT), ("again", State.QUEUED)]
)
def test_an_unknown_message_is_settled_by_hand(
    console: Client, what: str, becomes: str
) -> None:
    pending_reader(BEN)
    OutgoingEmail.objects.update(state=State.UNKNOWN)
    mail = OutgoingEmail.objects.get()
    console.post(f"{OUT}{mail.pk}/settle/", {"what": what})
    mail.refresh_from_db()
    assert mail.state == becomes


def test_a_sent_message_cannot_be_sent_again(console: Client) -> None:
    pending_reader(BEN)
    OutgoingEmail.objects.update(state=State.SENT)
    mail = OutgoingEmail.objects.get()
    response = console.post(f"{OUT}{mail.pk}/settle/", {"what": "again"}, follow=True)
    assert "settled already" in text(response)
    mail.refresh_from_db()
    assert mail.state == State.SENT


def test_settling_needs_its_permission_and_a_post(console: Client) -> None:
    pending_reader(BEN)
    OutgoingEmail.objects.update(state=State.FAILED)
    mail = OutgoingEmail.objects.get()
    url = f"{OUT}{mail.pk}/settle/"
    assert console.get(url).status_code == 405
    assert dana("view_outgoingemail").post(url, {"what": "again"}).status_code == 403
    mail.refresh_from_db()
    assert mail.state == State.FAILED


def received(subject: str = "A question") -> InboundEmail:
    raw = f"From: Cleo <{CLEO}>\r\nSubject: {subject}\r\n\r\nMay I come?\r\n"
    row = inbound.store(raw.encode())
    assert row is not None
    inbound.read_new()
    row.refresh_from_db()
    return row


def test_a_message_is_masked_in_the_list_and_read_on_its_page(console: Client) -> None:
    row = received("About cleo@example.com")
    html = text(console.get(IN))
    assert CLEO not in html
    assert "c•••@example.com" in html
    page = text(console.get(f"{IN}{row.pk}/change/"))
    assert CLEO in page
    assert "May I come?" in page
    assert len(accesses("read")) == 1


@pytest.mark.parametrize(
    ("reader", "words"),
    [
        ("subscribers.inbound.read_unsubscribe", "Its sender left a list"),
        ("rights_requests.inbound.read_request", "It went to a case, or opened one"),
        (inbound.COPY, "It is a second copy of a message that was dealt with"),
    ],
)
def test_a_message_says_in_words_what_it_became(
    console: Client, reader: str, words: str
) -> None:
    row = received()
    InboundEmail.objects.update(state=InboundEmail.State.CLAIMED, claimed_by=reader)
    page = text(console.get(f"{IN}{row.pk}/change/"))
    assert words in page
    assert reader not in page


def test_a_message_is_marked_as_dealt_with_once(console: Client) -> None:
    row = received()
    console.post(f"{IN}{row.pk}/close/")
    row.refresh_from_db()
    assert row.state == InboundEmail.State.CLOSED
    response = console.post(f"{IN}{row.pk}/close/", follow=True)
    assert "was not waiting" in text(response)


def test_what_is_quoted_and_what_came_along_is_shown_without_tokens(
    console: Client,
) -> None:
    mail = EmailMessage()
    mail["From"] = CLEO
    mail.set_content("Thanks\n> see https://example.com/x/AAAAAAAAAAAAAAAAAAAAA1/")
    mail.add_attachment(b"%PDF-1.7", "application", "pdf", filename="my letter.pdf")
    row = inbound.store(mail.as_bytes())
    assert row is not None

    page = text(console.get(f"{IN}{row.pk}/change/"))

    assert "What it quotes" in page and "my letter.pdf" in page
    assert "AAAAAAAAAAAAAAAAAAAAA1" not in page


def test_a_message_that_is_shut_away_is_read_by_few(console: Client) -> None:
    row = received("My illness")
    inbound.shut_away(row.pk)

    client = dana("view_inboundemail")
    for page in (client.get(IN), client.get(f"{IN}{row.pk}/change/")):
        assert "illness" not in text(page) and "May I come" not in text(page)
        assert "shut away" in text(page)
    assert "May I come" in text(console.get(f"{IN}{row.pk}/change/"))


def test_of_a_message_that_was_emptied_only_the_remark_is_left(console: Client) -> None:
    row = received("My illness")
    inbound.empty(row.pk, "What was sensitive was removed.")

    page = text(console.get(f"{IN}{row.pk}/change/"))

    assert "What was sensitive was removed." in page
    assert "illness" not in page


def test_closing_needs_its_permission() -> None:
    row = received()
    client = dana("view_inboundemail")
    assert client.get(f"{IN}{row.pk}/change/").status_code == 200
    assert client.post(f"{IN}{row.pk}/close/").status_code == 403
    row.refresh_from_db()
    assert row.state == InboundEmail.State.WAITING


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"From: \xff\r\n\r\n\xff",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\nhello",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x",
    ],
)
def test_a_broken_message_is_shown_as_far_as_it_goes(
    console: Client, raw: bytes
) -> None:
    row = inbound.store(raw)
    assert row is not None
    assert console.get(IN).status_code == 200
    assert console.get(f"{IN}{row.pk}/change/").status_code == 200
    assert console.get("/console/").status_code == 200
