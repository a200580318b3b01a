"""A new purpose waits at every door until everybody held was told of it.

Sign-up and release are in test_notice_changes.
"""

from typing import Any

import pytest
from django.test import Client

from case_updates import sending
from case_updates.models import Delivery
from consent.models import ConsentEntry
from governance.notice_changes import announce_changes
from groundwork import addresses
from outbox.composing import RefusedAtTheDoor
from outbox.delivery import deliver_due
from outbox.models import MessageClass, OutgoingEmail, State
from outbox.queueing import queue
from processing_register.gate import may_use
from processing_register.models import NoticeVersion
from subscribers import preferences
from subscribers.links import preferences_url, unsubscribe_url
from subscribers.models import Subscriber
from tests.case_updates.cast import reader, released
from tests.console.staff import text
from tests.console.test_entering import URL as ENTER
from tests.console.test_entering import wish
from tests.console.test_importing import PROOF, apply, dry_run, outcome
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, OWN_NEWS, stands
from tests.processing_register.notices import from_file, without
from tests.reading import posting_form
from tests.relay import Relay

pytestmark = pytest.mark.django_db


def own_news_waits() -> None:
    """Own news is a purpose that the notice in force names, and of which those who are
    held have not been told."""
    every = NoticeVersion.objects.filter(notice="privacy").latest("number").names
    from_file(names=without(OWN_NEWS))
    announce_changes()
    reader(ADA)
    from_file(names=every)
    announce_changes()
    assert not may_use(OWN_NEWS) and may_use(CASE_UPDATES)


def is_known(address: str) -> bool:
    digest = addresses.digest(address)
    return Subscriber.objects.filter(address_digest=digest).exists()


# --- The preferences ---


def path_of_ada() -> str:
    person = Subscriber.objects.get(address_digest=addresses.digest(ADA))
    url = preferences_url(person.pk)
    return "/preferences/" + url.partition("/preferences/")[2]


def test_the_preferences_neither_offer_nor_take_it(client: Client) -> None:
    own_news_waits()
    page = client.get(path_of_ada())
    assert f'value="{CASE_UPDATES}"' in text(page)
    assert f'value="{OWN_NEWS}"' not in text(page)

    filled = posting_form(page).fields
    both = [CASE_UPDATES, OWN_NEWS]
    answer = client.post(path_of_ada(), {**filled, "purposes": both})

    assert answer.status_code == 400
    assert stands(ADA) == {CASE_UPDATES}


def test_the_verb_behind_the_preferences_does_not_take_it_either() -> None:
    own_news_waits()
    person = Subscriber.objects.get(address_digest=addresses.digest(ADA))

    changed = preferences.choose_purposes(person, [CASE_UPDATES, OWN_NEWS])

    assert changed == [] and stands(ADA) == {CASE_UPDATES}


def test_who_chose_it_before_can_keep_and_stop_it(client: Client) -> None:
    reader(ADA, (CASE_UPDATES, OWN_NEWS))
    from_file(names=without(OWN_NEWS))
    assert not may_use(OWN_NEWS)
    page = client.get(path_of_ada())
    filled = posting_form(page).fields
    assert set(filled["purposes"]) == {CASE_UPDATES, OWN_NEWS}

    client.post(path_of_ada(), filled)
    assert stands(ADA) == {CASE_UPDATES, OWN_NEWS}
    client.post(path_of_ada(), {**filled, "purposes": [CASE_UPDATES]})

    assert stands(ADA) == {CASE_UPDATES}


# --- Staff: entering and importing ---


def test_a_purpose_that_stops_while_a_form_is_checked_is_explained(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_news_waits()
    monkeypatch.setattr(
        "subscribers.console_forms.usable_purposes", lambda: {CASE_UPDATES, OWN_NEWS}
    )

    answer = console.post(ENTER, wish(purposes=[CASE_UPDATES, OWN_NEWS]))

    assert answer.status_code == 400
    assert "was told of one of these purposes yet" in text(answer)
    assert not is_known(CLEO)


def test_staff_can_enter_nobody_for_it(console: Client) -> None:
    own_news_waits()
    page = text(console.get(ENTER))
    assert f'value="{OWN_NEWS}"' not in page
    assert "not everybody held was told of it" in page

    answer = console.post(ENTER, wish(purposes=[OWN_NEWS]))

    assert answer.status_code == 400
    assert not is_known(CLEO)


def test_an_import_refuses_it_line_by_line(console: Client) -> None:
    own_news_waits()
    lines = (
        {"email": BEN, **PROOF},
        {"email": CLEO, **PROOF, "purposes": OWN_NEWS},
    )
    _, reason = outcome(dry_run(console, *lines), 1)
    assert "not everybody held was told of it" in reason

    apply(console, *lines)

    assert stands(BEN) == {CASE_UPDATES}
    assert not is_known(CLEO)
    assert not ConsentEntry.objects.filter(purpose=OWN_NEWS).exists()


def test_an_upload_of_before_brings_nobody_in_for_it(console: Client) -> None:
    line = {"email": CLEO, **PROOF, "purposes": OWN_NEWS}
    page = dry_run(console, line)
    assert outcome(page)[0] == "new"
    own_news_waits()

    console.post(page.request["PATH_INFO"], {"digest": page.context["digest"]})

    assert not ConsentEntry.objects.filter(purpose=OWN_NEWS).exists()


# --- Marketing ---


def offer(person: Subscriber) -> OutgoingEmail:
    return queue(
        "subscribers/welcome",
        to=ADA,
        context={"unsubscribe_url": unsubscribe_url(person.pk, OWN_NEWS)},
        data_subject_id=person.data_subject_id,
        message_class=MessageClass.MARKETING,
        purpose=OWN_NEWS,
    )


def test_marketing_for_it_does_not_get_into_the_outbox() -> None:
    own_news_waits()
    ada = Subscriber.objects.get(address_digest=addresses.digest(ADA))

    with pytest.raises(RefusedAtTheDoor, match="not everybody held was told"):
        offer(ada)


def test_marketing_queued_before_is_withheld_at_the_hand_over(smtp: Relay) -> None:
    ada = reader(ADA, (OWN_NEWS,))
    deliver_due()
    before = len(smtp.received)
    mail = offer(ada)
    from_file(names=without(OWN_NEWS))

    deliver_due()

    mail.refresh_from_db()
    assert (mail.state, mail.reason) == (State.WITHHELD, "purpose not announced")
    assert len(smtp.received) == before


@pytest.mark.django_db(transaction=True)
def test_a_case_update_on_its_way_waits_while_the_notice_does_not_name_it(
    smtp: Relay,
) -> None:
    reader(ADA)
    deliver_due()
    before = len(smtp.received)
    released()
    every: Any = NoticeVersion.objects.filter(notice="privacy").latest("number").names
    from_file(names=without(CASE_UPDATES))

    sending.send_due()
    assert Delivery.objects.get().state == "queued" and len(smtp.received) == before

    from_file(names=every)
    sending.send_due()

    # Everybody had been told of it long before, so that nothing else is waited for.
    assert Delivery.objects.get().state == "sent"
