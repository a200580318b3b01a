"""What becomes of a message for every answer a mail server can give."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.embedded import Redis
from config.mail import mailers
from groundwork.database_roles import MAILER
from groundwork.encryption import encrypt
from groundwork.refusals import NotAllowed
from outbox import delivery, tasks
from outbox.handover import BACK_OFF
from outbox.models import OutgoingEmail, State
from outbox.queueing import queue
from outbox.transport import Transport, _dot_stuffed
from subscribers.models import Subscriber
from tests.database_role import acting_as
from tests.outbox.moody_server import HANG_UP, MoodyServer
from tests.people import ADA, BEN, CLEO, inbox, post_sign_up
from tests.reading import Mail
from tests.relay import Relay

pytestmark = pytest.mark.django_db

KIND = "subscribers/address_undone"


def queued(to: str = ADA) -> OutgoingEmail:
    return queue(KIND, to=to, context={}, data_subject_id=None)


def again(email: OutgoingEmail) -> OutgoingEmail:
    return OutgoingEmail.objects.get(pk=email.pk)


# --- Every answer at every step ---

ANSWERS = [
    # Nothing was handed over: try again.
    ("greeting", "554 No", State.QUEUED, "mail server not reached"),
    ("greeting", HANG_UP, State.QUEUED, "mail server not reached"),
    ("EHLO", HANG_UP, State.QUEUED, "mail server not reached"),
    ("MAIL", "451 4.3.0 Later", State.QUEUED, "sender put off (451)"),
    ("MAIL", "421 Closing", State.QUEUED, "sender put off (421)"),
    ("MAIL", HANG_UP, State.QUEUED, "connection lost"),
    ("RCPT", "450 4.2.1 Busy", State.QUEUED, "recipient put off (450)"),
    ("RCPT", "452 Full", State.QUEUED, "recipient put off (452)"),
    ("RCPT", HANG_UP, State.QUEUED, "connection lost"),
    ("DATA", "451 Later", State.QUEUED, "data put off (451)"),
    ("DATA", "250 What?", State.QUEUED, "data put off (250)"),
    ("DATA", HANG_UP, State.QUEUED, "connection lost"),
    ("message", "451 Later", State.QUEUED, "message put off (451)"),
    ("message", "421 Closing", State.QUEUED, "message put off (421)"),
    # Refused for good.
    ("MAIL", "550 No", State.FAILED, "sender refused (550)"),
    ("RCPT", "550 5.1.1 Unknown", State.FAILED, "recipient refused (550)"),
    ("RCPT", "553 Bad", State.FAILED, "recipient refused (553)"),
    ("DATA", "554 No", State.FAILED, "data refused (554)"),
    ("message", "554 5.7.1 Spam", State.FAILED, "message refused (554)"),
    # Handed over without an answer: nobody can know.
    ("message", HANG_UP, State.UNKNOWN, "no answer"),
]


@pytest.mark.parametrize(("step", "reply", "state", "reason"), ANSWERS)
def test_every_answer_leads_to_a_named_state(
    moody_smtp: MoodyServer, step: str, reply: str, state: State, reason: str
) -> None:
    email = queued()
    moody_smtp.moods[step] = reply

    delivery.deliver_due()

    email = again(email)
    assert (email.state, email.reason) == (state, reason)
    assert (email.settled_at is None) == (state == State.QUEUED)
    assert email.attempts == (1 if state == State.QUEUED else 0)
    if state == State.QUEUED:
        assert email.handing_over_at is None
        assert email.next_attempt_at > timezone.now()


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "message"])
@pytest.mark.parametrize("reply", ["550 No", "450 Later", "421 Closing"])
def test_the_message_behind_a_refused_one_goes_out(
    moody_smtp: MoodyServer, step: str, reply: str
) -> None:
    first, second = queued(ADA), queued(BEN)
    moody_smtp.moods[step] = reply
    with Transport() as transport:
        one, two = delivery.claim_batch()
        delivery.deliver(one, transport)
        moody_smtp.moods.clear()
        moody_smtp.messages.clear()
        delivery.deliver(two, transport)

    assert len(moody_smtp.messages) == 1
    assert {again(first).state, again(second).state} >= {State.SENT}


@pytest.mark.parametrize(
    ("step", "reply", "state"),
    [("RCPT", "550 No", State.FAILED), ("message", "554 No", State.FAILED)],
)
def test_who_refuses_and_hangs_up_has_refused(
    moody_smtp: MoodyServer, step: str, reply: str, state: State
) -> None:
    email = queued()
    moody_smtp.moods = {step: reply, "RSET": HANG_UP}

    delivery.deliver_due()

    assert again(email).state == state


def test_an_unknown_message_is_never_sent_again_by_itself(smtp: Relay) -> None:
    email = queued()
    smtp.drop_after_data = True
    delivery.deliver_due()
    assert again(email).state == State.UNKNOWN
    smtp.drop_after_data = False

    delivery.deliver_due()
    OutgoingEmail.objects.update(claimed_at=timezone.now() - timedelta(hours=1))
    delivery.sweep_stranded()
    delivery.deliver_due()

    assert len(smtp.received) == 1


def test_a_put_off_message_is_tried_ever_more_rarely_and_then_given_up(
    moody_smtp: MoodyServer,
) -> None:
    email = queued()
    moody_smtp.moods["RCPT"] = "450 Later"
    waits = []
    for _ in BACK_OFF:
        before = timezone.now()
        assert delivery.deliver_due() == 1
        email = again(email)
        assert email.state == State.QUEUED
        waits.append(email.next_attempt_at - before)
        assert delivery.deliver_due() == 0, "not before its time"
        OutgoingEmail.objects.update(next_attempt_at=timezone.now())

    delivery.deliver_due()

    email = again(email)
    assert (email.state, email.reason) == (
        State.FAILED,
        "gave up: recipient put off (450)",
    )
    assert [round(w / timedelta(minutes=1)) for w in waits] == [
        b / timedelta(minutes=1) for b in BACK_OFF
    ]
    assert waits == sorted(waits)
    assert OutgoingEmail.objects.due().count() == 0


def test_nothing_listens_and_later_it_does(smtp: Relay) -> None:
    email = queued()
    smtp.stop()
    delivery.deliver_due()
    assert again(email).reason == "mail server not reached"

    smtp.start()
    OutgoingEmail.objects.update(next_attempt_at=timezone.now())
    delivery.deliver_due()

    assert again(email).state == State.SENT
    assert len(smtp.received) == 1


def test_a_thousand_messages_go_over_one_connection(smtp: Relay) -> None:
    for n in range(120):
        queued(f"reader{n}@example.com")

    assert delivery.deliver_due() == 120

    assert smtp.connections == 1
    assert len({m.recipients[0] for m in smtp.received}) == 120


def test_what_arrives_is_what_is_kept(smtp: Relay) -> None:
    email = queued()

    delivery.deliver_due()

    kept = again(email).raw_message.encode("latin-1")
    assert smtp.received[0].content == kept
    assert Mail(kept).to == ADA


def test_a_line_that_begins_with_a_dot_arrives_whole(moody_smtp: MoodyServer) -> None:
    text = b".first\r\n..second\r\nend\n.\nlast"

    wire = _dot_stuffed(text)

    assert wire == b"..first\r\n...second\r\nend\r\n..\r\nlast\r\n.\r\n"


def test_a_message_that_cannot_be_made_does_not_stop_the_next(smtp: Relay) -> None:
    broken = queue("subscribers/nothing", to=ADA, context={}, data_subject_id=None)
    fine = queued(BEN)

    delivery.deliver_due()

    assert (again(broken).state, again(broken).reason) == (
        State.FAILED,
        "cannot be rendered",
    )
    assert again(fine).state == State.SENT


# --- Once, and only once ---


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_message_once(smtp: Relay) -> None:
    for n in range(40):
        queued(f"reader{n}@example.com")
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            delivery.deliver_due()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    recipients = [m.recipients[0] for m in smtp.received]
    assert len(recipients) == len(set(recipients)) == 40
    assert set(OutgoingEmail.objects.values_list("state", flat=True)) == {State.SENT}


def test_a_worker_that_died_before_the_hand_over_leaves_it_to_the_next(
    smtp: Relay,
) -> None:
    email = queued()
    delivery.claim_batch()
    assert delivery.sweep_stranded() == 0, "its worker may still be at work"
    OutgoingEmail.objects.update(claimed_at=timezone.now() - timedelta(minutes=16))

    assert delivery.sweep_stranded() == 1
    delivery.deliver_due()

    assert again(email).state == State.SENT
    assert len(smtp.received) == 1


def test_a_worker_that_died_in_the_hand_over_leaves_it_to_a_person(smtp: Relay) -> None:
    email = queued()
    delivery.claim_batch()
    long_ago = timezone.now() - timedelta(minutes=16)
    OutgoingEmail.objects.update(claimed_at=long_ago, handing_over_at=long_ago)

    assert delivery.sweep_stranded() == 1
    delivery.deliver_due()

    assert (again(email).state, again(email).reason) == (State.UNKNOWN, "worker died")
    assert smtp.received == []


def test_a_slow_worker_does_not_send_what_another_took_over(smtp: Relay) -> None:
    queued()
    (slow_copy,) = delivery.claim_batch()
    OutgoingEmail.objects.update(claimed_at=timezone.now() - timedelta(minutes=16))
    delivery.sweep_stranded()
    delivery.deliver_due()

    with Transport() as transport:
        delivery.deliver(slow_copy, transport)

    assert len(smtp.received) == 1


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_person_settles_an_unknown_message(smtp: Relay, was_sent: bool) -> None:
    email = queued()
    OutgoingEmail.objects.update(state=State.UNKNOWN, settled_at=timezone.now())

    delivery.settle_by_hand(str(email.pk), was_sent=was_sent)
    delivery.deliver_due()

    assert again(email).state == State.SENT
    assert len(smtp.received) == (0 if was_sent else 1)


def test_a_message_queued_again_remembers_nothing_of_its_first_way() -> None:
    email = queued()
    long_ago = timezone.now() - timedelta(days=1)
    OutgoingEmail.objects.update(
        state=State.UNKNOWN,
        reason="worker died",
        attempts=3,
        claimed_at=long_ago,
        handing_over_at=long_ago,
        settled_at=long_ago,
    )

    delivery.settle_by_hand(str(email.pk), was_sent=False)

    queued_again = again(email)
    assert (queued_again.state, queued_again.reason) == (State.QUEUED, "")
    assert queued_again.attempts == 0
    assert queued_again.claimed_at is None
    assert queued_again.handing_over_at is None
    assert queued_again.settled_at is None


@pytest.mark.parametrize("state", [State.QUEUED, State.IN_FLIGHT, State.SENT])
def test_nobody_settles_what_is_not_open(state: State) -> None:
    email = queued()
    OutgoingEmail.objects.update(state=state)

    with pytest.raises(NotAllowed):
        delivery.settle_by_hand(str(email.pk), was_sent=False)


# --- Redis away ---


@pytest.mark.django_db(transaction=True)
def test_with_redis_stopped_no_sign_up_is_lost(
    client: Client, smtp: Relay, redis_server: Redis
) -> None:
    redis_server.stop()
    for address in (ADA, BEN, CLEO):
        answer = post_sign_up(client, address)
        assert (answer.status_code, answer["Location"]) == (302, "/check-your-mail/")
    assert Subscriber.objects.count() == 3
    assert smtp.received == []

    redis_server.start()

    for address in (ADA, BEN, CLEO):
        assert inbox(smtp, address)[0].path("/confirm/")


def test_with_redis_stopped_a_request_is_not_slow(
    client: Client, redis_server: Redis
) -> None:
    redis_server.stop()
    before = timezone.now()
    for n in range(10):
        post_sign_up(client, f"reader{n}@example.com")

    assert timezone.now() - before < timedelta(seconds=5)


# --- Through a provider ---


@pytest.fixture
def provider(settings: Settings) -> None:
    settings.EMAIL_URL = "anymail+test://"
    settings.MAILERS = mailers(settings.EMAIL_URL)
    mail.outbox = []


def test_the_provider_gets_the_same_message(provider: None) -> None:
    email = queued()

    delivery.deliver_due()

    sent: Any
    (sent,) = mail.outbox
    assert again(email).state == State.SENT
    assert sent.to == [ADA]
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    assert [kind for _, kind in sent.alternatives] == ["text/html"]


def test_what_a_provider_says_leads_to_a_named_state(
    provider: None, settings: Settings
) -> None:
    """Against a provider's real client, whose server is a port of our own."""
    import http.server

    answers = {
        401: State.FAILED,
        422: State.FAILED,
        429: State.QUEUED,
        503: State.QUEUED,
        500: State.UNKNOWN,
    }
    replies = list(answers)

    class Api(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(replies.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        use_postmark(settings, server.server_port)
        for state in answers.values():
            email = queued()
            delivery.deliver_due()
            assert again(email).state == state
        server.shutdown()
    email = queued()
    delivery.deliver_due()
    assert (again(email).state, again(email).reason) == (
        State.QUEUED,
        "provider not reached",
    )


def use_postmark(settings: Settings, port: int) -> None:
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "test",
        "POSTMARK_API_URL": f"http://127.0.0.1:{port}/",
    }
    settings.MAILERS = mailers("anymail+postmark://")


def test_the_address_is_unreadable_in_the_database() -> None:
    queued()

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_address, context FROM outbox_outgoingemail")
        stored = str(cursor.fetchone())
    assert ADA not in stored
    assert encrypt(ADA) != encrypt(ADA)


# --- The role of the process that sends ---


def test_the_mailers_role_is_enough_to_send_and_to_sweep(
    client: Client, smtp: Relay
) -> None:
    post_sign_up(client, ADA)
    with acting_as(MAILER):
        tasks.deliver_due()
        tasks.sweep_stranded()

    assert [m.recipients for m in smtp.received] == [[ADA]]
