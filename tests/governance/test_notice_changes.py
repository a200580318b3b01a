"""Everybody whose data is held is told of a significant change, each once."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from case_updates.models import Delivery
from data_subjects import contacts, restriction
from data_subjects.models import Exemption, Ground, IndirectContact, Told
from governance import informing, notice_changes, notice_mail
from governance.models import NoticeChange, NoticeDelivery, OverruledWords
from governance.notice_changes import COVERED, announce_changes
from groundwork import addresses
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail, SuppressedAddress
from outbox.queueing import queue
from outbox.suppression import suppress
from processing_register import plain_words
from processing_register.gate import may_use
from processing_register.models import NoticeAnnouncement, NoticeVersion
from processing_register.plain_words import links_in
from subscribers.leaving import leave
from subscribers.models import Subscriber
from tests.case_updates.cast import pending_reader, reader, released
from tests.case_updates.threads import at_once
from tests.console.staff import console_of, person, text
from tests.database_role import acting_as
from tests.people import ADA, BEN, CLEO, OWN_NEWS, become_reader, inbox, post_sign_up
from tests.processing_register.notices import (
    from_file,
    in_days,
    published,
    second,
    without,
    writer,
)
from tests.reading import Mail, forms, posting_form
from tests.relay import Relay

pytestmark = pytest.mark.django_db

KIND = notice_mail.KIND
Reason = SuppressedAddress.Reason


class Killed(BaseException):
    """Stands for kill -9: no handler of the code under test catches it."""


def told(smtp: Relay) -> list[str]:
    """Who received the notice, once for each mail."""
    deliver_due()
    return sorted(
        message.recipients[0]
        for message in smtp.received
        if Mail(message.content).subject == "We are changing our privacy notice"
    )


def the_change() -> NoticeChange:
    return NoticeChange.objects.get()


def reasons() -> dict[str, str]:
    """Who was left out, by address, and why."""
    rows = NoticeDelivery.objects.filter(state="withheld")
    known = {s.data_subject_id: s.address for s in Subscriber.objects.all()}
    return {known[row.data_subject_id]: row.reason for row in rows}


def is_announced(version: NoticeVersion) -> bool:
    return NoticeAnnouncement.objects.filter(version=version).exists()


# --- Who is told ---


def test_everybody_held_gets_one_mail_and_then_the_version_counts(smtp: Relay) -> None:
    for address in (ADA, BEN):
        reader(address)
    left = reader(CLEO)
    leave(left.pk, [], channel="one click")
    version = published()

    announce_changes()
    assert told(smtp) == [ADA, BEN, CLEO]
    assert not is_announced(version)
    announce_changes()
    announce_changes()

    assert told(smtp) == [ADA, BEN, CLEO]
    assert is_announced(version)
    assert the_change().finished_at is not None
    assert the_change().released_by == second()
    states = NoticeDelivery.objects.values_list("state", flat=True)
    assert list(states) == ["sent"] * 3


@pytest.mark.parametrize(
    "reason, is_told",
    [
        (Reason.UNSUBSCRIBED, True),
        (Reason.OBJECTED, True),
        (Reason.COMPLAINED, True),
        (Reason.BOUNCED, False),
        (Reason.ERASED, False),
    ],
)
def test_a_no_to_marketing_does_not_stop_it_and_an_erasure_does(
    smtp: Relay, reason: str, is_told: bool
) -> None:
    reader(ADA)
    suppress(addresses.digest(ADA), "", reason)
    version = published()
    announce_changes()

    assert told(smtp) == ([ADA] if is_told else [])
    assert reasons() == ({} if is_told else {ADA: str(reason)})
    announce_changes()
    assert is_announced(version)


def test_restricted_people_are_left_out_with_the_reason(smtp: Relay) -> None:
    ada = reader(ADA)
    asked = restriction.Asked(Ground.ACCURACY, "The name is wrong.", ADA)
    restriction.restrict(ada.data_subject_id, asked, staff_id=second().pk)
    published()
    announce_changes()

    assert told(smtp) == []
    assert reasons() == {ADA: "restricted"}


def test_a_bounce_between_queueing_and_sending_still_counts(smtp: Relay) -> None:
    reader(ADA)
    published()
    announce_changes()
    suppress(addresses.digest(ADA), "", Reason.BOUNCED)

    assert told(smtp) == []
    announce_changes()
    assert reasons() == {ADA: "suppressed"}


@pytest.mark.django_db(transaction=True)
def test_who_signed_up_after_it_was_published_is_not_told(smtp: Relay) -> None:
    reader(ADA)
    published()
    reader(BEN)
    announce_changes()

    assert told(smtp) == [ADA]


def confirms_later(address: str) -> str:
    """The person confirms well after the version came out; the text of their welcome."""
    deliver_due()
    ben = reader(address)
    later = timezone.now() + timedelta(minutes=5)
    Subscriber.objects.filter(pk=ben.pk).update(confirmed_at=later)
    welcome = OutgoingEmail.objects.filter(
        kind="subscribers/welcome", data_subject=ben.data_subject_id
    )
    return written(welcome.get())


def written(mail: OutgoingEmail) -> str:
    return str(render_to_string(f"emails/{mail.kind}.txt", mail.context))


NEW_WORDS = "We name one kind of data more."


def test_who_signed_up_before_and_confirms_while_it_runs_reads_of_it_in_the_welcome(
    smtp: Relay,
) -> None:
    reader(ADA)
    pending_reader(BEN)
    version = published(summary_of_changes=NEW_WORDS)
    announce_changes()

    welcome = confirms_later(BEN)
    announce_changes()

    assert NEW_WORDS in welcome and version.get_absolute_url() in welcome
    assert told(smtp) == [ADA]


def test_who_signed_up_before_and_confirms_after_its_end_reads_of_it_in_the_welcome(
    smtp: Relay,
) -> None:
    reader(ADA)
    pending_reader(BEN)
    version = published(summary_of_changes=NEW_WORDS)
    announce_changes()
    told(smtp)
    announce_changes()
    assert is_announced(version)

    assert NEW_WORDS in confirms_later(BEN)
    announce_changes()
    assert told(smtp) == [ADA]


def test_a_form_opened_before_and_sent_after_counts_as_having_shown_the_old_words(
    smtp: Relay, client: Client
) -> None:
    filled = posting_form(client.get("/")).fields
    version = published(summary_of_changes=NEW_WORDS)
    client.post("/", {**filled, "email": BEN, "purposes": ["case-updates"]})
    client.post(inbox(smtp, BEN)[-1].path("/confirm/"))

    assert NEW_WORDS in inbox(smtp, BEN)[-1].text
    assert version.get_absolute_url() in inbox(smtp, BEN)[-1].html


def test_who_was_shown_the_new_version_is_not_told_of_a_change(
    smtp: Relay, client: Client
) -> None:
    published(summary_of_changes=NEW_WORDS)

    assert NEW_WORDS not in become_reader(client, smtp, BEN).text


def test_a_version_of_a_later_day_is_told_to_who_signs_up_under_the_old_one(
    smtp: Relay, client: Client
) -> None:
    published(summary_of_changes=NEW_WORDS, effective_on=in_days(20))

    assert NEW_WORDS in become_reader(client, smtp, BEN).text


def test_a_confirmation_beside_the_publication_is_told_rather_twice_than_never(
    smtp: Relay,
) -> None:
    reader(ADA)
    pending_reader(BEN)
    published()
    reader(BEN)
    announce_changes()

    assert told(smtp) == [ADA, BEN]


def test_an_address_that_nobody_confirmed_is_not_held(smtp: Relay) -> None:
    pending_reader(BEN)
    version = published()

    assert is_announced(version)
    announce_changes()
    assert told(smtp) == [] and not NoticeChange.objects.exists()


def contact(address: str) -> IndirectContact:
    found = contacts.Found(
        kind="prospect",
        name="Cleo",
        source="companies-house",
        evidence="12345678, looked up today",
        obtained_on=timezone.localdate(),
        address=address,
    )
    return contacts.enter(found, staff_id=second().pk)


def tell(row: IndirectContact) -> None:
    contacts.record_told(row.pk, how=Told.LETTER, at=timezone.now(), staff_id=1)


def exempt(row: IndirectContact) -> None:
    contacts.record_exemption(
        row.pk, ground=Exemption.SECRECY, reason="A client’s secret.", staff_id=1
    )


def test_people_from_other_sources_who_were_told_of_it_are_told_of_a_change_once(
    smtp: Relay,
) -> None:
    reader(ADA)
    for address in (ADA, CLEO):
        tell(contact(address))
    published()
    announce_changes()

    assert told(smtp) == [ADA, CLEO]


def test_it_is_not_the_first_that_somebody_from_another_source_hears_of_us(
    smtp: Relay,
) -> None:
    reader(ADA)
    untold, exempted = contact(CLEO), contact("eve@example.com")
    exempt(exempted)
    version = published()
    announce_changes()

    assert told(smtp) == [ADA]
    left_out = NoticeDelivery.objects.left_out()
    assert dict(left_out.values_list("data_subject_id", "reason")) == {
        untold.data_subject_id: "not told yet (Art. 14)",
        exempted.data_subject_id: "exempt",
    }
    client = console_of(person("rita@example.com", *RELEASER))
    page = text(client.get(page_of(the_change())))
    assert "not told yet (Art. 14)" in page and "exempt" in page
    announce_changes()
    assert is_announced(version)


def test_who_is_left_out_without_an_address_is_found_from_the_page() -> None:
    nobody_knows_where, gone = contact(""), contact("")
    tell(nobody_knows_where)
    published()
    notice_changes.begin()
    informing.remove(gone.pk, staff_id=1)
    announce_changes()
    there = "/console/data_subjects/indirectcontact/{}/change/"

    may = (*RELEASER, "view_indirectcontact")
    page = text(console_of(person("rita@example.com", *may)).get(page_of(the_change())))
    link = f'href="{there.format(nobody_knows_where.pk)}"'
    assert link in page and f"no. {nobody_knows_where.pk}" in page
    assert "Held no more" in page

    blind = console_of(person("vera@example.com", "view_noticechange"))
    page = text(blind.get(page_of(the_change())))
    assert f"no. {nobody_knows_where.pk}" in page and "indirectcontact/" not in page


def test_a_reader_who_also_came_from_another_source_has_heard_from_us(
    smtp: Relay,
) -> None:
    reader(ADA)
    exempt(contact(ADA))
    published()
    announce_changes()

    assert told(smtp) == [ADA]


def test_a_minor_version_is_mailed_to_nobody(smtp: Relay) -> None:
    reader(ADA)
    version = published(severity="minor")
    announce_changes()

    assert version.severity == "minor"
    assert told(smtp) == [] and not NoticeChange.objects.exists()


def test_another_controller_is_told_the_same_way(smtp: Relay) -> None:
    from processing_register.models import Controller

    reader(ADA)
    Controller.objects.update(legal_name="Example Holdings Ltd")
    version = published(severity="minor")
    announce_changes()

    assert version.severity == "significant"
    assert told(smtp) == [ADA]


# --- A version from a file waits for a person ---


def test_a_version_from_a_file_waits_until_a_person_releases_it(smtp: Relay) -> None:
    reader(ADA)
    from_file()
    announce_changes()
    assert told(smtp) == []
    assert the_change().state == "waits"

    client = console_of(person("rita@example.com", *RELEASER))
    page = client.get(page_of(the_change()))
    assert "1 person" in text(page)
    assert "We say more about where data comes from." in text(page)
    client.post(page_of(the_change(), "release"))
    announce_changes()

    assert told(smtp) == [ADA]


def test_releasing_twice_tells_everybody_once(smtp: Relay) -> None:
    reader(ADA)
    from_file()
    announce_changes()
    notice_changes.release(the_change().pk, by=second())
    with pytest.raises(NotAllowed, match="released already"):
        notice_changes.release(the_change().pk, by=second())
    announce_changes()

    assert told(smtp) == [ADA]


def test_the_newest_covers_the_older_ones_and_tells_of_both(smtp: Relay) -> None:
    reader(ADA)
    first = from_file(summary_of_changes="The first change.")
    latest = from_file(summary_of_changes="The second change.")
    announce_changes()
    older, newer = NoticeChange.objects.order_by("version__number")
    assert (older.state, newer.state) == ("overtaken", "waits")
    client = console_of(person("rita@example.com", *RELEASER))
    assert "the mail about the newer version says what" in text(
        client.get(page_of(older))
    )
    with pytest.raises(NotAllowed, match="newer version"):
        notice_changes.release(older.pk, by=second())
    notice_changes.release(newer.pk, by=second())
    announce_changes()
    assert told(smtp) == [ADA]
    announce_changes()

    mail = Mail(smtp.received[-1].content)
    assert "The first change." in mail.text and "The second change." in mail.text
    assert is_announced(first) and is_announced(latest)


def under_way_and_stuck(smtp: Relay) -> NoticeChange:
    """One message waits in the queue, the next has failed, the last is not written."""
    for address in (ADA, BEN, CLEO):
        reader(address)
    deliver_due()
    published(summary_of_changes="The first change.")
    notice_changes.begin()
    change = the_change()
    notice_changes.queue_batch(change, 2)
    in_an_hour = timezone.now() + timedelta(hours=1)
    first_mail = change.deliveries.order_by("pk").values("email")[:1]
    OutgoingEmail.objects.filter(pk__in=first_mail).update(next_attempt_at=in_an_hour)
    for address in (ADA, BEN, CLEO):
        smtp.refused_recipients[address] = "550 5.1.1 No such user"
    deliver_due()
    smtp.refused_recipients.clear()
    return change


def told_of_the_second(smtp: Relay) -> NoticeChange:
    """A newer version comes out, and everybody is told of it."""
    version = published(summary_of_changes="The second change.")
    notice_changes.begin()
    change = NoticeChange.objects.get(version=version)
    notice_changes.go_on(change)
    deliver_due()
    notice_changes.go_on(change)
    change.refresh_from_db()
    return change


def test_a_newer_one_ends_the_older_and_withholds_what_it_had_not_sent(
    smtp: Relay,
) -> None:
    older = under_way_and_stuck(smtp)
    newer = told_of_the_second(smtp)

    older.refresh_from_db()
    assert newer.state == "told"
    assert (older.state, older.covered_by) == ("covered", newer)
    assert is_announced(older.version) and is_announced(newer.version)
    rows = older.deliveries.order_by("pk")
    covered = ("withheld", "covered by a newer one")
    assert [(row.state, row.reason) for row in rows] == [
        covered,
        ("failed", rows[1].reason),
        covered,
    ]
    assert all(row.settled_at is not None for row in rows)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        deliver_due()
    texts = [Mail(message.content).text for message in smtp.received]
    assert len([text for text in texts if "The first change." in text]) == 3
    assert all("The second change." in t for t in texts if "The first change." in t)


def test_a_message_in_flight_when_a_newer_one_ends_it_is_looked_after(
    smtp: Relay,
) -> None:
    older = under_way_and_stuck(smtp)
    flying = older.deliveries.order_by("pk")[0]
    mail = OutgoingEmail.objects.filter(pk=str(flying.email_id))
    mail.update(state="in flight", claimed_at=timezone.now())
    told_of_the_second(smtp)
    flying.refresh_from_db()
    assert flying.state == "in flight"

    mail.update(state="sent", settled_at=timezone.now())
    announce_changes()

    flying.refresh_from_db()
    assert flying.state == "sent" and flying.settled_at is not None


def test_an_ended_change_is_told_as_it_ended(smtp: Relay) -> None:
    client = console_of(person("rita@example.com", *RELEASER))
    older = under_way_and_stuck(smtp)
    newer = told_of_the_second(smtp)
    list_page = text(client.get("/console/governance/noticechange/"))
    older_page = text(client.get(page_of(older)))

    assert "everybody held was told, or left out for a reason" in list_page
    assert "told of in the mail about a newer version" in list_page
    assert f"the mail about {newer.version}" in older_page
    assert "everybody held was told" not in older_page


def test_the_list_counts_everything_in_one_query(
    smtp: Relay,
) -> None:
    client = console_of(person("rita@example.com", *RELEASER))
    under_way_and_stuck(smtp)
    page = "/console/governance/noticechange/"
    with CaptureQueriesContext(connection) as of_one:
        assert "0 of 3" in text(client.get(page))
    told_of_the_second(smtp)
    with CaptureQueriesContext(connection) as of_two:
        assert "3 of 3" in text(client.get(page))

    assert len(of_two) == len(of_one)


# --- Once, whatever happens ---


def test_a_kill_between_batches_tells_nobody_twice(
    smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address in (ADA, BEN, CLEO):
        reader(address)
    from_file()
    notice_changes.begin()
    change = notice_changes.release(the_change().pk, by=second())
    assert notice_changes.queue_batch(change, 1) == 1
    seen: list[OutgoingEmail] = []

    def killed(*args: Any, **fields: Any) -> OutgoingEmail:
        seen.append(queue(*args, **fields))
        raise Killed

    monkeypatch.setattr(notice_changes, "queue", killed)
    with pytest.raises(Killed), transaction.atomic():
        notice_changes.queue_batch(change, 2)
    monkeypatch.setattr(notice_changes, "queue", queue)

    assert len(seen) == 1
    assert OutgoingEmail.objects.filter(kind=KIND).count() == 1
    announce_changes()
    assert told(smtp) == [ADA, BEN, CLEO]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_everybody_once(smtp: Relay) -> None:
    people = [f"reader{number}@example.com" for number in range(12)]
    for address in people:
        reader(address)
    from_file()
    notice_changes.begin()
    notice_changes.release(the_change().pk, by=second())

    results = at_once(announce_changes, announce_changes, announce_changes)

    assert results == [None] * 3
    assert told(smtp) == sorted(people)


@pytest.mark.django_db(transaction=True)
def test_two_releases_at_once_make_one(smtp: Relay) -> None:
    reader(ADA)
    from_file()
    notice_changes.begin()
    change, by = the_change(), second()

    results = at_once(
        lambda: notice_changes.release(change.pk, by=by),
        lambda: notice_changes.release(change.pk, by=by),
    )

    refused = [result for result in results if isinstance(result, NotAllowed)]
    assert len(refused) == 1
    announce_changes()
    assert told(smtp) == [ADA]


def test_the_database_refuses_a_second_delivery_to_one_person() -> None:
    ada = reader(ADA)
    published()
    announce_changes()
    row = NoticeDelivery(change=the_change(), data_subject_id=ada.data_subject_id)
    with pytest.raises(IntegrityError, match="told_once"), transaction.atomic():
        row.save(force_insert=True)


def test_the_database_refuses_leaving_somebody_out_without_a_reason() -> None:
    reader(ADA)
    published()
    notice_changes.begin()
    with pytest.raises(IntegrityError, match="left_out"), transaction.atomic():
        NoticeDelivery.objects.update(state="withheld", reason="")


# --- What does not arrive ---


def refused(smtp: Relay) -> NoticeVersion:
    smtp.refused_recipients[BEN] = "550 5.1.1 No such user"
    for address in (ADA, BEN):
        reader(address)
    version = published()
    announce_changes()
    assert told(smtp) == [ADA]
    announce_changes()
    return version


def test_a_refused_mail_keeps_it_open_until_it_is_sent_again(smtp: Relay) -> None:
    version = refused(smtp)
    assert not is_announced(version)
    client = console_of(person("rita@example.com", *RELEASER))
    page = text(client.get(page_of(the_change())))
    assert addresses.mask(BEN) in page and BEN not in page

    smtp.refused_recipients.clear()
    client.post(page_of(the_change(), "again"))
    assert told(smtp) == [ADA, BEN]
    announce_changes()
    assert is_announced(version)


def test_a_person_can_end_it_without_those_who_were_not_reached(smtp: Relay) -> None:
    version = refused(smtp)
    client = console_of(person("rita@example.com", *RELEASER))
    client.post(page_of(the_change(), "close"))

    assert is_announced(version)
    assert the_change().state == "ended"
    page = text(client.get(page_of(the_change())))
    assert f"ended by {the_change().closed_by}" in page
    assert "everybody held was told" not in page
    listed = text(client.get("/console/governance/noticechange/"))
    assert "ended by a person: some were not reached" in listed
    with pytest.raises(NotAllowed):
        notice_changes.send_again(the_change().pk)


def test_nobody_who_has_a_row_is_tried_again_turn_after_turn(smtp: Relay) -> None:
    refused(smtp)
    highest = NoticeDelivery.objects.latest("pk").pk
    for _ in range(3):
        announce_changes()

    # A number that an INSERT refused would be missing from here.
    late = NoticeDelivery.objects.create(
        change=the_change(), data_subject_id=reader(CLEO).data_subject_id
    )
    assert late.pk == highest + 1


def test_it_cannot_be_ended_while_mail_is_on_its_way(smtp: Relay) -> None:
    reader(ADA)
    published()
    announce_changes()
    with pytest.raises(NotAllowed, match="on their way"):
        notice_changes.close(the_change().pk, by=second())


# --- The mail ---


def the_mail(smtp: Relay) -> Mail:
    reader(ADA)
    published(summary_of_changes="We name <two> kinds of data more.")
    announce_changes()
    assert told(smtp) == [ADA]
    return Mail(smtp.received[-1].content)


def test_the_mail_says_what_changes_from_when_and_what_one_can_do(
    smtp: Relay,
) -> None:
    mail = the_mail(smtp)

    assert "We name <two> kinds of data more." in mail.text
    assert "We name &lt;two&gt; kinds of data more." in mail.html
    for part in (mail.text, mail.html):
        assert "object to what we do with your data" in " ".join(part.split())
        assert "Complain to us" in part
        assert "those who stopped our e-mails" in part


def test_the_mail_is_plainly_no_marketing(smtp: Relay) -> None:
    mail = the_mail(smtp)

    for header in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"):
        assert mail.raw_header(header) == []
    assert mail.raw_header("Auto-Submitted") == ["auto-generated"]
    assert mail.header_lines().isascii()
    assert {urls for urls in mail.urls() if "/u/" in urls} == set()


def test_every_link_of_the_mail_is_on_the_list_and_opens(
    smtp: Relay, client: Client
) -> None:
    mail = the_mail(smtp)
    links = set(links_in(mail.text + mail.html))

    assert links <= notice_mail.allowed_links(the_change())
    own = {url for url in links if url.startswith(settings.SITE_URL)}
    assert len(own) >= 4
    for url in own:
        assert client.get(url.removeprefix(settings.SITE_URL)).status_code == 200


# --- Words that a machine takes for advertising ---

HARMLESS = "We explain who gets our offers."


def offending(smtp: Relay, words: str = HARMLESS) -> NoticeChange:
    """A version that came out before these words were looked for, and waits."""
    reader(ADA)
    from_file(summary_of_changes=words)
    announce_changes()
    return the_change()


@pytest.mark.parametrize(
    "words, why",
    [
        ("See https://shop.example.com/now for more.", "becomes a link"),
        ("See www.example.com for more.", "becomes a link"),
        ("See shop.example.com for more.", "becomes a link"),
        ("Our special offer ends soon.", "reads like advertising"),
        ("Now with a discount for readers.", "reads like advertising"),
        ("Everything 20% off.", "reads like advertising"),
        ("Sign up now to our news.", "reads like advertising"),
        ("Don’t miss our next update.", "reads like advertising"),
    ],
)
def test_neither_advertising_nor_a_strange_link_can_slip_in(
    smtp: Relay, words: str, why: str
) -> None:
    change = offending(smtp, words)

    assert told(smtp) == [] and not is_announced(change.version)
    with pytest.raises(NotAllowed, match=why):
        notice_changes.release(change.pk, by=second())


@pytest.mark.parametrize(
    "words",
    [
        "We changed how long we keep data after the sale of our business.",
        "We say more about the services we offer. Fig. 2 is new.",
        "Complaints go to the Information Commission.",
    ],
)
def test_plain_words_pass(smtp: Relay, words: str) -> None:
    reader(ADA)
    published(summary_of_changes=words)
    announce_changes()

    assert told(smtp) == [ADA]


def test_a_person_lets_harmless_words_stand_and_that_is_on_record(smtp: Relay) -> None:
    change = offending(smtp)
    client = console_of(person("rita@example.com", *RELEASER))
    page = text(client.get(page_of(change)))
    assert "<strong>“our offers”</strong> reads like advertising" in page
    client.post(page_of(change, "release"))
    assert the_change().state == "waits"

    why = "They are named, not made."
    client.post(page_of(change, "overrule"), {"reason": why})
    client.post(page_of(change, "release"))
    announce_changes()

    assert told(smtp) == [ADA]
    assert HARMLESS in Mail(smtp.received[-1].content).text
    decided = OverruledWords.objects.get()
    assert (decided.words, decided.reason) == (["our offers"], why)
    page = text(client.get(page_of(change)))
    assert why in page and str(decided.decided_by) in page


def test_a_link_that_a_person_let_stand_stops_the_mail_no_more(smtp: Relay) -> None:
    change = offending(
        smtp, "We now also work as https://acme.example/ and Acme.co.uk."
    )
    by = second()
    notice_changes.overrule(change.pk, reason="It is our other name.", by=by)
    notice_changes.release(change.pk, by=by)
    announce_changes()

    assert told(smtp) == [ADA]


def test_words_stand_only_for_a_reason(smtp: Relay) -> None:
    change = offending(smtp)
    client = console_of(person("rita@example.com", *RELEASER))
    answer = client.post(page_of(change, "overrule"), {"reason": "  "}, follow=True)

    assert "Say why these words may stand." in text(answer)
    assert not OverruledWords.objects.exists()


def test_whoever_wrote_the_words_does_not_let_them_stand(
    smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader(ADA)
    with monkeypatch.context() as before_they_were_looked_for:
        before_they_were_looked_for.setattr(plain_words, "offending", lambda text: {})
        published(summary_of_changes=HARMLESS)
    announce_changes()
    change = the_change()

    with pytest.raises(NotAllowed, match="somebody else has to decide"):
        notice_changes.overrule(change.pk, reason="Harmless.", by=writer())
    assert notice_changes.overrule(change.pk, reason="Harmless.", by=second())


def test_words_that_nobody_takes_back_stop_no_later_version(smtp: Relay) -> None:
    first = offending(smtp).version
    latest = from_file(summary_of_changes="We name one more recipient.")
    announce_changes()
    newer = NoticeChange.objects.get(version=latest)
    page = text(console_of(person("rita@example.com", *RELEASER)).get(page_of(newer)))
    assert f"the mail does not quote {first}" in page

    notice_changes.release(newer.pk, by=second())
    announce_changes()
    assert told(smtp) == [ADA]
    announce_changes()

    mail = Mail(smtp.received[-1].content)
    assert "We name one more recipient." in mail.text
    assert "our offers" not in mail.text + mail.html
    assert f"Version {first.number} changed it, too" in mail.text
    assert f"compare/?from={first.number - 1}&to={latest.number}" in mail.text
    assert is_announced(first) and is_announced(latest)


def test_a_mail_that_says_less_is_looked_at_before_it_goes(smtp: Relay) -> None:
    offending(smtp)
    version = published(summary_of_changes="We name one more recipient.")
    announce_changes()

    assert told(smtp) == []
    assert NoticeChange.objects.get(version=version).state == "waits"


def test_words_let_stand_of_an_older_version_are_quoted_by_a_newer_mail(
    smtp: Relay,
) -> None:
    offending(smtp)
    latest = from_file(summary_of_changes="We name one more recipient.")
    announce_changes()
    newer = NoticeChange.objects.get(version=latest)
    notice_changes.overrule(newer.pk, reason="They are named.", by=second())
    notice_changes.release(newer.pk, by=second())
    announce_changes()

    assert told(smtp) == [ADA]
    assert HARMLESS in Mail(smtp.received[-1].content).text


# --- Every notice that people are held to ---


@pytest.mark.parametrize(
    "notice, subject",
    [
        ("cookies", "We are changing our cookie notice"),
        ("retention", "We are changing our retention schedule"),
        (
            "interests-orders",
            "We are changing our summary “How we weighed it: collecting debts”",
        ),
    ],
)
def test_a_significant_version_of_another_notice_is_mailed_to_everybody_held(
    smtp: Relay, notice: str, subject: str
) -> None:
    reader(ADA)
    version = published(notice, summary_of_changes="It says more.")
    announce_changes()
    deliver_due()
    announce_changes()

    mail = Mail(smtp.received[-1].content)
    assert mail.subject == subject
    assert "It says more." in mail.text and "It says more." in mail.html
    assert settings.SITE_URL + version.get_absolute_url() in mail.text
    assert is_announced(version)


@pytest.mark.parametrize("notice", ["accessibility", "retention"])
def test_what_is_minor_is_mailed_to_nobody_whatever_the_notice(
    smtp: Relay, notice: str
) -> None:
    reader(ADA)
    published(notice, severity="minor")
    announce_changes()

    assert not NoticeChange.objects.exists()


def test_changes_of_several_notices_that_wait_are_one_mail_for_each_person(
    smtp: Relay,
) -> None:
    for address in (ADA, BEN):
        reader(address)
    deliver_due()
    before = len(smtp.received)
    versions = [
        published("retention", summary_of_changes="Letters are kept for less."),
        published(summary_of_changes="We name one more recipient."),
        published("cookies", summary_of_changes="One cookie is gone."),
    ]
    for _ in range(2):
        announce_changes()
        deliver_due()
    announce_changes()

    mails = [Mail(message.content) for message in smtp.received[before:]]
    assert len(mails) == 2
    for mail in mails:
        assert mail.subject == (
            "We are changing our privacy notice, cookie notice and retention schedule"
        )
        for version in versions:
            assert version.summary_of_changes in mail.text
            assert version.summary_of_changes in mail.html
            assert version.get_absolute_url() in mail.text
    assert all(is_announced(version) for version in versions)
    states = {change.version.notice: change.state for change in all_changes()}
    assert states == {"cookies": "told", "privacy": "covered", "retention": "covered"}


def all_changes() -> list[NoticeChange]:
    return list(NoticeChange.objects.select_related("version"))


def test_nobody_more_is_told_of_an_older_change_once_a_newer_is_under_way(
    smtp: Relay,
) -> None:
    reader(ADA)
    deliver_due()
    published(summary_of_changes="The first change.")
    notice_changes.begin()
    published("retention", summary_of_changes="The second change.")
    announce_changes()
    deliver_due()
    announce_changes()

    mails = [Mail(m.content) for m in smtp.received if b"changing our" in m.content]
    assert len(mails) == 1
    assert "The first change." in mails[0].text
    assert "The second change." in mails[0].text


def test_who_confirms_later_reads_of_another_notice_in_the_welcome(
    smtp: Relay, client: Client
) -> None:
    post_sign_up(client, BEN)
    confirm = inbox(smtp, BEN)[-1].path("/confirm/")
    version = published("retention", summary_of_changes="Letters are kept for less.")
    client.post(confirm)

    welcome = inbox(smtp, BEN)[-1]
    for part in (welcome.text, welcome.html):
        assert "Letters are kept for less." in part
        assert version.get_absolute_url() in part
        assert "privacy notice has changed" not in part.lower()


# --- The gate ---


def own_news_becomes_new() -> None:
    """As if nobody had been told of this purpose until the next version."""
    from_file(names=without(OWN_NEWS))
    announce_changes()


def boxes(client: Client) -> str:
    return text(client.get("/"))


def test_a_new_purpose_waits_until_everybody_was_told(
    smtp: Relay, client: Client
) -> None:
    all_purposes = NoticeVersion.objects.filter(notice="privacy").latest("number").names
    own_news_becomes_new()
    assert not may_use(OWN_NEWS)
    reader(ADA)
    from_file(names=all_purposes)
    announce_changes()

    assert f'value="{OWN_NEWS}"' not in boxes(client)
    refused = post_sign_up(client, BEN, (OWN_NEWS,))
    assert refused.status_code == 400
    assert not Subscriber.objects.filter(address_digest=addresses.digest(BEN)).exists()

    change = NoticeChange.objects.waiting().get()
    notice_changes.release(change.pk, by=second())
    announce_changes()
    assert told(smtp) == [ADA]
    assert f'value="{OWN_NEWS}"' not in boxes(client)
    announce_changes()

    assert may_use(OWN_NEWS)
    assert f'value="{OWN_NEWS}"' in boxes(client)
    assert post_sign_up(client, BEN, (OWN_NEWS,)).status_code == 302


def test_an_existing_purpose_goes_on_while_a_new_version_waits(smtp: Relay) -> None:
    reader(ADA)
    from_file()
    announce_changes()

    released()
    assert Delivery.objects.count() == 1


def test_case_updates_cannot_be_released_under_a_notice_that_does_not_name_them() -> (
    None
):
    from_file(names=without("case-updates"))
    with pytest.raises(NotAllowed, match="has been told"):
        released()


# --- The page ---

RELEASER = ("view_noticechange", "release_noticechange")


def page_of(change: NoticeChange, what: str = "change") -> str:
    return f"/console/governance/noticechange/{change.pk}/{what}/"


@pytest.mark.parametrize("what", ["overrule", "release", "again", "close"])
def test_seeing_is_not_releasing(what: str) -> None:
    reader(ADA)
    from_file()
    announce_changes()
    client = console_of(person("vera@example.com", "view_noticechange"))

    page = client.get(page_of(the_change()))
    assert page.status_code == 200
    assert "may not release" in text(page)
    assert not [f for f in forms(page) if "noticechange" in f.action]
    assert client.post(page_of(the_change(), what)).status_code == 403
    assert the_change().state == "waits"


@pytest.mark.parametrize(
    "what", ["change", "overrule", "release", "again", "close", "mail"]
)
def test_without_the_duty_nothing_of_it_opens(what: str) -> None:
    reader(ADA)
    from_file()
    announce_changes()
    client = console_of(person("nora@example.com"))

    assert client.get(page_of(the_change(), what)).status_code == 403


@pytest.mark.parametrize("what", ["overrule", "release", "again", "close"])
def test_no_get_releases_anything(what: str) -> None:
    reader(ADA)
    from_file()
    announce_changes()
    client = console_of(person("rita@example.com", *RELEASER))

    assert client.get(page_of(the_change(), what)).status_code == 405
    assert the_change().state == "waits"


def test_a_change_that_is_not_there_is_not_found() -> None:
    client = console_of(person("rita@example.com", *RELEASER))
    for what in ("release", "again", "close"):
        assert (
            client.post(f"/console/governance/noticechange/99/{what}/").status_code
            == 404
        )


def test_today_shows_what_waits() -> None:
    reader(ADA)
    from_file()
    announce_changes()
    client = console_of(person("rita@example.com", *RELEASER))

    assert "waits for a person to release it" in text(client.get("/console/"))


# --- An older house ---


def test_an_upgrade_names_what_a_newer_one_had_covered(smtp: Relay) -> None:
    older = under_way_and_stuck(smtp)
    newer = told_of_the_second(smtp)
    ended_at = {"finished_at": newer.finished_at, "covered_by": None}
    NoticeChange.objects.filter(pk=older.pk).update(**ended_at)
    untold = "state = 'waiting', reason = '', settled_at = NULL, email_id = NULL"
    deliveries = "governance_noticedelivery"
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {deliveries} DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE {deliveries} SET {untold} WHERE change_id = {older.pk}")
        cursor.execute(f"ALTER TABLE {deliveries} ENABLE TRIGGER USER")

    migration = import_module("governance.migrations.0006_name_what_was_covered")
    migration.name_what_was_covered(apps, None)

    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.covered_by, newer.covered_by) == (newer, None)
    assert not older.deliveries.open().exists()
    assert set(older.deliveries.values_list("reason", flat=True)) == {COVERED}
