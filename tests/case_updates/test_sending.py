"""Each reader gets an update once, or it is visible that and why not."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from case_updates import release, sending
from case_updates.composing import Letter
from case_updates.models import CaseUpdate, Delivery
from config.celery import app
from consent.models import Channel
from data_subjects.models import Ground
from data_subjects.restriction import Asked, restrict
from groundwork import addresses
from groundwork.database_roles import MAILER
from groundwork.refusals import NotAllowed
from outbox import handover, suppression
from outbox.transport import Transport
from subscribers import preferences
from subscribers.leaving import leave
from subscribers.models import Subscriber
from tests.case_updates.cast import dana, omar, reader, released
from tests.case_updates.threads import at_once
from tests.database_role import acting_as
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, stands
from tests.reading import Mail
from tests.relay import Relay

pytestmark = pytest.mark.django_db

State = CaseUpdate.State


class Killed(BaseException):
    """Stands for kill -9: no handler of the code under test catches it."""


def got(smtp: Relay) -> list[str]:
    """Who received something, once for each message."""
    return sorted(address for m in smtp.received for address in m.recipients)


def states(update: CaseUpdate) -> dict[str, int]:
    return {state: n for state, n in sending.progress(update).items() if n}


def the_row(update: CaseUpdate) -> Delivery:
    row: Delivery = update.deliveries.get()
    return row


def state_of(update: CaseUpdate) -> str:
    update.refresh_from_db()
    return str(update.state)


def make_due(update: CaseUpdate) -> None:
    update.deliveries.update(next_attempt_at=timezone.now())


def much_later(update: CaseUpdate) -> None:
    """So long after that no worker can still be at it."""
    update.deliveries.update(claimed_at=F("claimed_at") - timedelta(hours=1))


# --- The message ---


def test_every_reader_gets_it_once_and_the_update_is_finished(smtp: Relay) -> None:
    for address in (ADA, BEN, CLEO):
        reader(address)
    update = released()

    sending.send_due()
    sending.send_due()

    assert got(smtp) == [ADA, BEN, CLEO]
    assert states(update) == {"sent": 3}
    assert state_of(update) == State.SENT and update.finished_at is not None
    assert smtp.connections == 1


def test_the_headers_to_stop_are_there_once_and_not_encoded(smtp: Relay) -> None:
    reader()
    released()
    sending.send_due()
    mail = Mail(smtp.received[0].content)

    (stop,) = mail.raw_header("List-Unsubscribe")
    assert mail.raw_header("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert len(re.findall(r"<https?://[^>]+>", stop)) == 1
    assert "=?" not in stop
    assert mail.raw_header("List-Id") == [
        "Case updates <case-updates.valuelicensing.com>"
    ]
    assert mail.raw_header("Auto-Submitted") == ["auto-generated"]
    assert mail.header_lines().isascii()


def test_the_link_to_stop_works_and_is_each_readers_own(
    smtp: Relay, client: Client
) -> None:
    reader(ADA)
    reader(BEN)
    released()
    sending.send_due()
    mails = {m.recipients[0]: Mail(m.content) for m in smtp.received}
    path = mails[ADA].one_click_path()

    assert path != mails[BEN].one_click_path()
    assert path in mails[ADA].text and path in mails[ADA].html
    response = client.post(path, {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert stands(ADA) == set() and stands(BEN) == {CASE_UPDATES}


def test_the_preferences_link_works(smtp: Relay, client: Client) -> None:
    reader()
    released()
    sending.send_due()

    path = Mail(smtp.received[0].content).path("/preferences/")

    assert client.get(path).status_code == 200


def test_nothing_is_added_to_a_link_and_nothing_is_fetched(smtp: Relay) -> None:
    reader()
    update = released(
        body="[one](https://example.org/a?b=1&c=2) <https://example.org/>"
    )
    sending.send_due()
    html = Mail(smtp.received[0].content).html

    assert 'href="https://example.org/a?b=1&amp;c=2"' in html
    hosts = set(re.findall(r'(?:href|src)="https?://([^/"]+)', html))
    assert hosts == {"example.org", "localhost:8000", "ico.org.uk"}
    assert "<img" not in html and update.slug in html


def test_both_parts_carry_the_words(smtp: Relay) -> None:
    reader()
    released("Zażółć & “gęś”")
    sending.send_due()
    mail = Mail(smtp.received[0].content)

    assert mail.subject == "Zażółć & “gęś”"
    assert "https://www.example.org/hearing?day=2&page=1" in mail.text
    assert "<em>before</em> Christmas" in mail.html
    assert [p.get_content_type() for p in mail.message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_a_correction_says_so_first(smtp: Relay) -> None:
    earlier = released("The judge is Smith")
    reader()
    released("The judge is Smythe", corrects=earlier)
    sending.send_due()
    mail = Mail(smtp.received[0].content)

    assert mail.subject == "Correction: The judge is Smythe"
    assert "The judge is Smith" in mail.text and "The judge is Smith" in mail.html


def test_the_reference_on_the_console_stands_in_the_message(smtp: Relay) -> None:
    reader()
    update = released()
    sending.send_due()

    (message_id,) = Mail(smtp.received[0].content).raw_header("Message-ID")
    assert the_row(update).reference in message_id


# --- Once, whoever sends ---


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_each_reader_one(
    smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers = sorted(f"reader{number}@example.com" for number in range(30))
    for address in readers:
        reader(address)
    update = released()
    monkeypatch.setattr(sending, "BATCH", 4)

    taken = at_once(*[sending.send_due] * 3)

    assert got(smtp) == readers
    assert states(update) == {"sent": 30}
    assert sum(number for number in taken if isinstance(number, int)) == 30
    sending.finish()
    assert state_of(update) == State.SENT


def test_two_updates_are_both_sent(smtp: Relay) -> None:
    reader()
    first, second = released("First"), released("Second")

    sending.send_due()

    assert [Mail(m.content).subject for m in smtp.received] == ["First", "Second"]
    assert states(first) == states(second) == {"sent": 1}


def test_an_update_for_nobody_is_finished_at_once(smtp: Relay) -> None:
    update = released()

    sending.send_due()

    assert state_of(update) == State.SENT and not smtp.received


def test_each_further_reader_costs_two_statements(smtp: Relay) -> None:
    def statements(title: str) -> int:
        released(title)
        with CaptureQueriesContext(connection) as seen:
            sending.send_due()
        return len(seen)

    reader("first@example.com")
    with_one = statements("To one")
    for number in range(4):
        reader(f"further{number}@example.com")

    assert statements("To five") == with_one + 4 * 2


def test_a_run_ends_in_time_and_gives_back_what_it_holds(smtp: Relay) -> None:
    reader(ADA)
    reader(BEN)
    update = released()
    batch = sending.claim_batch(update)

    with Transport() as transport:
        sending._send_batch(batch, Letter.of(update), transport, until=0)

    assert states(update) == {"queued": 2} and not smtp.received
    sending.send_due()
    assert got(smtp) == [ADA, BEN]


# --- Consent is asked for again ---


def leaves(ada: Subscriber) -> None:
    leave(ada.pk, [CASE_UPDATES], channel=Channel.ONE_CLICK)


def pauses(ada: Subscriber) -> None:
    preferences.pause(ada, timezone.localdate() + timedelta(days=7))


def is_suppressed(ada: Subscriber) -> None:
    suppression.suppress(bytes(ada.address_digest), "", "complained")


def goes(ada: Subscriber) -> None:
    ada.delete()


def is_restricted(ada: Subscriber) -> None:
    asked = Asked(Ground.OBJECTION, "They objected.", ada.address)
    restrict(ada.data_subject_id, asked, staff_id=1)


CHANGES = [
    (is_restricted, "restricted"),
    (leaves, "no consent"),
    (pauses, "paused"),
    (is_suppressed, "suppressed"),
    (goes, "no longer a reader"),
]


@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_who_says_no_after_the_release_is_not_written_to(
    smtp: Relay, change: Callable[[Subscriber], None], why: str
) -> None:
    ada = reader(ADA)
    reader(BEN)
    update = released()
    change(ada)

    sending.send_due()

    assert got(smtp) == [BEN]
    withheld = update.deliveries.get(state="withheld")
    assert withheld.data_subject_id == ada.data_subject_id
    assert withheld.reason == why
    assert state_of(update) == State.SENT


@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_who_says_no_while_the_worker_holds_the_row_is_not_written_to(
    smtp: Relay, change: Callable[[Subscriber], None], why: str
) -> None:
    ada = reader(ADA)
    update = released()
    letter = Letter.of(update)
    (row,) = sending.claim_batch(update)
    addressed = Subscriber.objects.get(pk=ada.pk)
    change(ada)

    with Transport() as transport:
        sending.send_one(row, addressed, letter, transport)

    assert not smtp.received
    assert the_row(update).reason == why and states(update) == {"withheld": 1}


def test_who_moves_meanwhile_gets_it_at_the_new_address(smtp: Relay) -> None:
    ada = reader(ADA)
    update = released()
    (row,) = sending.claim_batch(update)
    addressed = Subscriber.objects.get(pk=ada.pk)
    ada.address, ada.address_digest = CLEO, addresses.digest(CLEO)
    ada.save(update_fields=["address", "address_digest"])

    with Transport() as transport:
        sending.send_one(row, addressed, Letter.of(update), transport)
    assert not smtp.received

    sending.send_due()
    assert got(smtp) == [CLEO]


def test_who_signs_up_after_the_release_gets_the_next_one(smtp: Relay) -> None:
    released()
    reader()

    sending.send_due()

    assert not smtp.received


# --- What servers answer ---


def test_put_off_is_tried_again_later_and_sent_once(smtp: Relay) -> None:
    reader(ADA)
    reader(BEN)
    update = released()
    smtp.refused_recipients[ADA] = "451 4.3.0 Try again later"

    sending.send_due()

    assert got(smtp) == [BEN] and states(update) == {"sent": 1, "queued": 1}
    row = update.deliveries.get(state="queued")
    assert row.attempts == 1 and row.reason == "recipient put off (451)"
    assert row.next_attempt_at > timezone.now() + timedelta(seconds=50)
    assert row.handing_over_at is None and state_of(update) == State.SENDING

    smtp.refused_recipients.clear()
    sending.send_due()
    assert got(smtp) == [BEN]
    make_due(update)
    sending.send_due()

    assert got(smtp) == [ADA, BEN] and state_of(update) == State.SENT


def test_no_server_is_a_reason_to_try_again(smtp: Relay) -> None:
    reader()
    update = released()
    smtp.stop()

    sending.send_due()

    assert states(update) == {"queued": 1}
    assert the_row(update).reason == "mail server not reached"
    smtp.start()
    make_due(update)
    sending.send_due()
    assert got(smtp) == [ADA]


def test_tries_come_to_an_end(smtp: Relay) -> None:
    reader()
    update = released()
    smtp.replies["RCPT"] = "451 4.3.0 Try again later"

    for _ in range(len(handover.BACK_OFF) + 1):
        make_due(update)
        sending.send_due()

    assert states(update) == {"failed": 1} and state_of(update) == State.SENT
    assert the_row(update).reason == "gave up: recipient put off (451)"


def test_refused_is_failed_and_the_others_go(smtp: Relay) -> None:
    reader(ADA)
    reader(BEN)
    update = released()
    smtp.refused_recipients[ADA] = "550 5.1.1 No such user"

    sending.send_due()

    assert got(smtp) == [BEN] and states(update) == {"sent": 1, "failed": 1}
    assert update.deliveries.get(state="failed").reason == "recipient refused (550)"
    assert smtp.connections == 1


def test_a_line_that_breaks_after_the_message_leaves_it_unknown(smtp: Relay) -> None:
    reader()
    update = released()
    smtp.drop_after_data = True

    sending.send_due()
    smtp.drop_after_data = False
    make_due(update)
    sending.send_due()
    sending.sweep_stranded()

    assert got(smtp) == [ADA]
    assert states(update) == {"unknown": 1} and the_row(update).reason == "no answer"


def test_a_message_that_cannot_be_made_stops_no_other(
    smtp: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    ada = reader(ADA)
    reader(BEN)
    update = released()
    Subscriber.objects.filter(pk=ada.pk).update(address="not an address\nat all")

    sending.send_due()

    assert got(smtp) == [BEN] and states(update) == {"sent": 1, "failed": 1}
    assert "not an address" not in caplog.text


# --- A worker that dies ---


def dies_after_claiming(update: CaseUpdate) -> None:
    sending.claim_batch(update)


class DiesBefore(Transport):
    def send(self, *_: Any) -> None:
        raise Killed


class DiesAfter(Transport):
    def send(self, *args: Any) -> None:
        super().send(*args)
        raise Killed


def dies_in(kind: type[Transport]) -> Callable[[CaseUpdate], None]:
    def work(update: CaseUpdate) -> None:
        batch = sending.claim_batch(update)
        with kind() as transport, pytest.raises(Killed):
            sending._send_batch(batch, Letter.of(update), transport, until=1e12)

    return work


@pytest.mark.parametrize(
    ("die", "received", "settled"),
    [
        (dies_after_claiming, [ADA], "sent"),
        (dies_in(DiesBefore), [], "unknown"),
        (dies_in(DiesAfter), [ADA], "unknown"),
    ],
)
def test_a_worker_that_dies_loses_nothing_and_sends_nothing_twice(
    smtp: Relay, die: Callable[[CaseUpdate], None], received: list[str], settled: str
) -> None:
    reader()
    update = released()

    die(update)
    assert states(update) == {"in flight": 1}
    sending.send_due()
    assert sending.sweep_stranded() == 0  # it might still be at work
    assert state_of(update) == State.SENDING
    much_later(update)
    assert sending.sweep_stranded() == 1
    sending.send_due()

    assert got(smtp) == received
    assert states(update) == {settled: 1} and state_of(update) == State.SENT


def test_a_worker_that_dies_in_the_middle_leaves_the_rest_to_others(
    smtp: Relay,
) -> None:
    for address in (ADA, BEN, CLEO):
        reader(address)
    update = released()

    dies_in(DiesAfter)(update)
    much_later(update)
    sending.sweep_stranded()
    sending.send_due()

    assert got(smtp) == [ADA, BEN, CLEO]
    assert states(update) == {"sent": 2, "unknown": 1}


def test_a_worker_that_wakes_late_sends_nothing(smtp: Relay) -> None:
    ada = reader()
    update = released()
    (row,) = sending.claim_batch(update)
    much_later(update)
    sending.sweep_stranded()
    sending.send_due()
    assert got(smtp) == [ADA]

    with Transport() as transport:
        sending.send_one(row, ada, Letter.of(update), transport)

    assert got(smtp) == [ADA] and states(update) == {"sent": 1}


def test_an_answer_that_comes_late_is_better_than_unknown(smtp: Relay) -> None:
    ada = reader()
    update = released()
    (row,) = sending.claim_batch(update)
    begun = sending._begin(row, ada)
    assert begun is not None
    much_later(update)
    sending.sweep_stranded()
    assert states(update) == {"unknown": 1}

    sending._record(row, begun, handover.Outcome(Delivery.State.SENT))

    assert states(update) == {"sent": 1}


# --- A person settles what nobody can know ---


def unknown_delivery(smtp: Relay) -> CaseUpdate:
    reader()
    update = released()
    smtp.drop_after_data = True
    sending.send_due()
    smtp.drop_after_data = False
    return update


def test_a_person_who_knows_that_it_arrived_says_so(smtp: Relay) -> None:
    update = unknown_delivery(smtp)

    release.settle_by_hand(the_row(update).pk, by=omar(), arrived=True)
    sending.send_due()

    assert states(update) == {"sent": 1} and got(smtp) == [ADA]
    last = update.steps.last()
    assert last is not None and last.staff == omar() and "arrived" in last.reason


def test_a_person_who_knows_that_it_did_not_has_it_sent_again(smtp: Relay) -> None:
    update = unknown_delivery(smtp)
    assert state_of(update) == State.SENT

    release.settle_by_hand(the_row(update).pk, by=omar(), arrived=False)
    assert state_of(update) == State.SENDING
    sending.send_due()

    assert got(smtp) == [ADA, ADA] and states(update) == {"sent": 1}
    assert state_of(update) == State.SENT


def test_sending_again_asks_for_the_consent_again(smtp: Relay) -> None:
    update = unknown_delivery(smtp)
    leaves(Subscriber.objects.get())

    release.settle_by_hand(the_row(update).pk, by=omar(), arrived=False)
    sending.send_due()

    assert got(smtp) == [ADA] and states(update) == {"withheld": 1}


def test_what_is_sent_cannot_be_sent_again_by_hand(smtp: Relay) -> None:
    reader()
    update = released()
    sending.send_due()

    with pytest.raises(NotAllowed, match="Only a failed or unknown"):
        release.settle_by_hand(the_row(update).pk, by=omar(), arrived=False)


# --- Who sends ---


def test_a_whole_sending_needs_no_more_than_the_mailers_rights(smtp: Relay) -> None:
    ada = reader(ADA)
    for address in (BEN, CLEO):
        reader(address)
    update = released()
    leaves(ada)
    smtp.refused_recipients[BEN] = "550 5.1.1 No such user"

    with acting_as(MAILER):
        sending.claim_batch(update, size=1)
        much_later(update)
        sending.sweep_stranded()
        sending.send_due()

    assert got(smtp) == [CLEO]
    assert states(update) == {"sent": 1, "failed": 1, "withheld": 1}
    assert state_of(update) == State.SENT


def test_the_tasks_have_the_names_of_the_schedule(smtp: Relay) -> None:
    reader()
    update = released()
    app.loader.import_default_modules()

    for name in ("case_updates.send_due", "case_updates.sweep_stranded"):
        task: Any = app.tasks[name]
        assert task.queue == "mail"
        task.apply().get()

    assert states(update) == {"sent": 1} and dana().pk == update.written_by_id
