"""The confirmation link and every other kind: one use, one thing each can do."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from consent.models import Action, ConsentEntry, ConsentEvidence
from data_subjects.models import DataSubject
from outbox.models import OutgoingEmail
from subscribers import links, retention
from subscribers.models import (
    AddressChange,
    LinkUse,
    MailedLink,
    Subscriber,
    SubscriberEvent,
)
from tests.people import (
    ADA,
    BEN,
    CASE_UPDATES,
    CLEO,
    become_reader,
    inbox,
    post_sign_up,
    sign_up,
    stands,
    subscriber_of,
)
from tests.purging import purged
from tests.relay import Relay

pytestmark = pytest.mark.django_db


def test_a_confirmation_link_ends_after_seven_days(client: Client, smtp: Relay) -> None:
    path = sign_up(client, smtp, BEN).path("/confirm/")

    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert client.get(path).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 410
            assert b"This link is too old" in answer.content

    assert stands(BEN) == set()


def test_a_used_link_says_so_and_does_nothing_more(client: Client, smtp: Relay) -> None:
    welcome_path = sign_up(client, smtp, ADA).path("/confirm/")
    client.post(welcome_path)
    welcome = inbox(smtp, ADA)[-1]
    client.post(welcome.one_click_path(), {"List-Unsubscribe": "One-Click"})

    page = client.get(welcome_path)
    assert page.status_code == 410
    assert b"This link has done its work" in page.content
    client.post(welcome_path)

    assert stands() == set()


def test_an_unknown_link_tells_nothing(client: Client, smtp: Relay) -> None:
    page = client.get(f"/confirm/{'a' * 22}/")

    assert page.status_code == 404
    assert b"We do not know this link" in page.content


def test_confirming_leaves_evidence_without_a_full_address(
    client: Client, smtp: Relay
) -> None:
    path = sign_up(client, smtp, ADA).path("/confirm/")
    client.post(path, REMOTE_ADDR="192.0.2.77", headers={"user-agent": "Firefox"})

    given = ConsentEntry.objects.get(action=Action.GIVEN)
    evidence = ConsentEvidence.objects.get(entry_id=given.pk)
    assert evidence.details["network"] == "192.0.2.0/24"
    assert evidence.details["browser"] == "Firefox"
    assert bytes(evidence.digest) == bytes(given.evidence_digest or b"")
    assert path not in str(evidence.details)


def test_confirming_from_two_mails_adds_the_second_wish(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, purposes=(CASE_UPDATES,))
    earlier = timezone.now() - timedelta(hours=25)
    Subscriber.objects.update(confirmation_asked_at=earlier)

    become_reader(client, smtp, purposes=("own-news",), first_name="Ada")

    assert stands() == {CASE_UPDATES, "own-news"}
    assert subscriber_of(ADA).first_name == "Ada"


def test_a_second_sign_up_cannot_overwrite_what_the_reader_told(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, first_name="Ada")
    earlier = timezone.now() - timedelta(hours=25)
    Subscriber.objects.update(confirmation_asked_at=earlier)

    become_reader(client, smtp, first_name="Mallory")

    assert subscriber_of(ADA).first_name == "Ada"


# --- Tokens in the wrong place ---


def every_token(client: Client, smtp: Relay) -> dict[str, str]:
    """A live token of each kind: Ben's confirmation, Ada's everything else."""
    become_reader(client, smtp, purposes=(CASE_UPDATES, "own-news"))
    ada = subscriber_of(ADA)
    AddressChange.objects.create(subscriber=ada, new_address="ada@new.example")
    tokens = {
        LinkUse.CONFIRM.value: sign_up(client, smtp, BEN).path("/confirm/")[9:-1],
        LinkUse.UNSUBSCRIBE.value: links.unsubscribe_token(ada.pk, links.ALL),
        LinkUse.PREFERENCES.value: links.preferences_token(ada.pk),
    }
    for use in LinkUse:
        if use.value not in tokens:
            _, tokens[use.value] = links.make(ada, use, purposes=[CASE_UPDATES])
    return tokens


URLS: dict[str, list[str]] = {
    "confirm": ["/confirm/{}/"],
    "unsubscribe": ["/u/{}/"],
    "undo": ["/undo/{}/"],
    "preferences": ["/preferences/{}/"],
    "visit": ["/preferences/{}/"],
    "fresh": ["/preferences/open/{}/"],
    "address": ["/address/{}/"],
    "address undo": ["/address/undo/{}/"],
}
EVERYTHING: dict[str, Any] = {
    "List-Unsubscribe": "One-Click",
    "scope": "all",
    "stop_all": "1",
    "email": "mallory@example.com",
}


def state_of_everything() -> list[Any]:
    return [
        list(Subscriber.objects.order_by("pk").values()),
        list(MailedLink.objects.order_by("pk").values()),
        list(AddressChange.objects.values()),
        ConsentEntry.objects.count(),
        SubscriberEvent.objects.count(),
        OutgoingEmail.objects.count(),
    ]


def test_a_link_of_one_kind_does_nothing_at_another_kinds_address(
    client: Client, smtp: Relay
) -> None:
    tokens = every_token(client, smtp)
    before = state_of_everything()
    assert set(tokens) == set(URLS)

    tried = 0
    for kind, token in tokens.items():
        own = URLS[kind]
        others = {url for urls in URLS.values() for url in urls} - set(own)
        for url in sorted(others):
            for answer in (
                client.get(url.format(token)),
                client.post(url.format(token), EVERYTHING),
            ):
                assert answer.status_code == 404, f"{kind} at {url}"
            tried += 1

    assert tried == 8 * 7 - 8
    assert state_of_everything() == before


def test_an_unsubscribe_link_cannot_read_or_change_anything_else(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp, first_name="Ada", employer="Analytical")

    page = client.get(welcome.one_click_path()).content.decode()

    for secret in (ADA, "Analytical", ">Ada<"):
        assert secret not in page


def test_tokens_are_not_in_the_database(client: Client, smtp: Relay) -> None:
    tokens = every_token(client, smtp)
    stored = str(list(MailedLink.objects.values()))

    for token in tokens.values():
        assert token not in stored
        assert len(token) == 22


# --- Retention ---


def test_an_unconfirmed_sign_up_is_removed_after_fourteen_days_and_the_ledger_says_so(
    client: Client, smtp: Relay
) -> None:
    sign_up(client, smtp, BEN, first_name="Ben")
    subject = subscriber_of(BEN).data_subject_id
    age(days=13)
    assert purged(retention.UNCONFIRMED) == 0
    age(days=2)

    assert purged(retention.UNCONFIRMED) == 1

    assert not Subscriber.objects.exists()
    assert not MailedLink.objects.exists()
    assert not ConsentEvidence.objects.exists()
    assert DataSubject.objects.get().record_went_at is not None
    expired = ConsentEntry.objects.get(action=Action.EXPIRED)
    assert (expired.data_subject_id, expired.purpose) == (subject, CASE_UPDATES)
    removed = SubscriberEvent.objects.get(action=SubscriberEvent.Action.PURGED)
    assert removed.data_subject_id == subject
    (mail,) = OutgoingEmail.objects.all()
    assert (mail.to_address, mail.context, mail.raw_message) == ("", {}, "")


def age(*, days: int) -> None:
    """Every sign-up was made so much earlier."""
    for subscriber in Subscriber.objects.all():
        subscriber.created_at -= timedelta(days=days)
        if subscriber.confirmation_asked_at:
            subscriber.confirmation_asked_at -= timedelta(days=days)
        subscriber.save(update_fields=["created_at", "confirmation_asked_at"])


def test_asking_again_puts_the_removal_off(client: Client, smtp: Relay) -> None:
    sign_up(client, smtp, BEN)
    age(days=15)
    post_sign_up(client, BEN)

    assert purged(retention.UNCONFIRMED) == 0


def test_a_confirmed_reader_is_never_removed_as_unconfirmed(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    age(days=1000)

    assert purged(retention.UNCONFIRMED) == 0
    assert purged(retention.DEPARTED) == 0


def test_who_left_is_removed_after_twenty_eight_days(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)
    client.post(welcome.one_click_path(), {"List-Unsubscribe": "One-Click"})
    entries = ConsentEntry.objects.count()
    Subscriber.objects.update(left_at=timezone.now() - timedelta(days=27))
    assert purged(retention.DEPARTED) == 0
    Subscriber.objects.update(left_at=timezone.now() - timedelta(days=28, minutes=1))

    assert purged(retention.DEPARTED) == 1

    assert not Subscriber.objects.exists()
    assert ConsentEntry.objects.count() == entries
    assert SubscriberEvent.objects.filter(action="purged").count() == 1
    assert all(mail.to_address == "" for mail in OutgoingEmail.objects.all())


def test_who_left_and_signs_up_again_is_left_the_time_to_confirm(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)
    client.post(welcome.one_click_path(), {"List-Unsubscribe": "One-Click"})
    long_ago = timezone.now() - timedelta(days=29)
    Subscriber.objects.update(left_at=long_ago, confirmation_asked_at=long_ago)
    path = sign_up(client, smtp, ADA).path("/confirm/")

    assert purged(retention.DEPARTED) == 0

    assert client.post(path).status_code == 302
    assert stands() == {CASE_UPDATES}


def test_who_signs_up_again_while_the_purge_runs_is_not_removed(
    client: Client, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(client, smtp, BEN)
    sign_up(client, smtp, CLEO)
    age(days=15)
    expire = retention.expire

    def expire_while_the_other_comes_back(pending: Subscriber) -> None:
        expire(pending)
        other = CLEO if pending.address == BEN else BEN
        post_sign_up(client, other)

    monkeypatch.setattr(retention, "expire", expire_while_the_other_comes_back)

    assert purged(retention.UNCONFIRMED) == 1
    assert Subscriber.objects.count() == 1


def test_spent_links_go_and_lasting_ones_stay(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    ada = subscriber_of(ADA)
    links.make(ada, LinkUse.FRESH)
    old = timezone.now() - timedelta(days=15)
    MailedLink.objects.filter(expires_at__isnull=False).update(expires_at=old)

    assert purged(retention.SPENT_LINKS) == 2

    uses = set(MailedLink.objects.values_list("use", flat=True))
    assert uses == {"unsubscribe", "preferences"}


def test_evidence_goes_after_a_year_and_the_ledger_keeps_its_digest(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    ConsentEvidence.objects.update(created_at=timezone.now() - timedelta(days=366))

    assert purged(retention.EVIDENCE) == 2

    assert ConsentEntry.objects.exclude(evidence_digest=None).count() == 2


def test_every_retention_rule_of_the_settings_runs(client: Client, smtp: Relay) -> None:
    from governance.retention import run_retention

    become_reader(client, smtp)

    assert [run.problem for run in run_retention() if run.problem] == []


def test_a_spent_confirmation_link_claims_nothing_after_leaving(
    client: Client, smtp: Relay
) -> None:
    path = sign_up(client, smtp, ADA).path("/confirm/")
    client.post(path)
    assert client.post(path).status_code == 302
    client.post(
        inbox(smtp, ADA)[-1].one_click_path(), {"List-Unsubscribe": "One-Click"}
    )

    assert client.post(path).status_code == 410
