"""The nightly run: what goes, what stays and why, and that the preview says so."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from consent.models import ConsentEvidence
from data_subjects import holds, restriction
from data_subjects.models import DataSubject, DisclosureEvidence, LegalHold
from data_subjects.people import subject_of
from data_subjects.retention import (
    DISCLOSURE_EVIDENCE,
    PERSON_KEYS,
    Purge,
    carry_out,
    rows_to_go,
    unneeded,
)
from governance import retention
from governance.models import RetentionRun
from governance.retention import preview, run_retention
from outbox.models import InboundEmail, OutgoingEmail
from outbox.retention import MAIL_BODIES
from processing_register.register import period, the_register
from subscribers.models import MailedLink, Subscriber
from tests.data_subjects.acts import STAFF, held, lifted, restricted
from tests.people import ADA, BEN, CLEO, become_reader, sign_up, subscriber_of
from tests.purging import purged
from tests.relay import Relay
from tests.whole_house.inhabited import contents


def departed(client: Client, smtp: Relay, address: str = ADA) -> Subscriber:
    """Somebody who left long ago."""
    welcome = become_reader(client, smtp, address)
    client.post(welcome.one_click_path(), {"List-Unsubscribe": "One-Click"})
    Subscriber.objects.filter(pk=subscriber_of(address).pk).update(left_at=long_ago())
    return subscriber_of(address)


def long_ago() -> Any:
    return timezone.now() - timedelta(days=400)


def age_everything() -> None:
    """All that can be due is due, for everybody."""
    OutgoingEmail.objects.update(created_at=long_ago())
    ConsentEvidence.objects.update(created_at=long_ago())
    InboundEmail.objects.update(received_at=long_ago(), state="closed")
    MailedLink.objects.filter(expires_at__isnull=False).update(expires_at=long_ago())


def previewed(*arguments: str) -> str:
    out = StringIO()
    call_command("retention", "--preview", *arguments, stdout=out)
    return out.getvalue()


# --- Holds and restrictions ---


def test_a_hold_keeps_everything_of_a_person_and_nothing_of_another(
    client: Client, smtp: Relay
) -> None:
    ada = departed(client, smtp, ADA)
    departed(client, smtp, BEN)
    age_everything()
    held(ADA)

    run_retention()

    assert list(Subscriber.objects.all()) == [ada]
    mails = OutgoingEmail.objects.filter(data_subject=ada.data_subject_id)
    assert mails.exists() and all(mail.to_address == ADA for mail in mails)
    kept = ConsentEvidence.objects.filter(data_subject_id=ada.data_subject_id)
    assert kept.exists() and MailedLink.objects.filter(subscriber=ada).exists()
    skipped = RetentionRun.objects.get(rule="subscribers.retention.DEPARTED")
    assert (skipped.removed_count, skipped.skipped_count) == (1, 1)


def test_a_hold_goes_on_when_the_restriction_is_lifted(
    client: Client, smtp: Relay
) -> None:
    departed(client, smtp)
    hold = held(ADA)
    lifted(ADA)

    run_retention()
    assert Subscriber.objects.exists()
    holds.release(hold.pk, staff_id=STAFF)
    run_retention()

    assert not Subscriber.objects.exists()


def test_a_restriction_keeps_what_is_due_until_it_is_lifted(
    client: Client, smtp: Relay
) -> None:
    departed(client, smtp)
    row = restricted(ADA)

    run_retention()
    assert Subscriber.objects.exists()
    restriction.tell(row.pk, ending="Over.", how="by letter", staff_id=STAFF)
    restriction.lift(row.pk, staff_id=STAFF)
    run_retention()

    assert not Subscriber.objects.exists()


def test_a_mail_from_a_held_person_is_kept() -> None:
    from outbox import inbound

    for address in (ADA, BEN):
        raw = f"From: {address}\nTo: x@example.com\nSubject: Hello\n\nHi {address}"
        inbound.store(raw.encode())
    inbound.read_new()
    age_everything()
    held(ADA)

    run_retention()

    (kept,) = InboundEmail.objects.all()
    assert ADA in kept.raw_message


def test_a_hold_placed_while_the_run_looks_counts(
    client: Client, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    departed(client, smtp)
    from data_subjects import retention as engine

    take = engine._take

    def place_first(*arguments: Any) -> int:
        held(ADA)
        return take(*arguments)

    monkeypatch.setattr(engine, "_take", place_first)
    from subscribers.retention import DEPARTED

    assert purged(DEPARTED) == 0
    assert Subscriber.objects.exists()


# --- The preview ---


def everything_due(client: Client, smtp: Relay) -> None:
    departed(client, smtp, ADA)
    sign_up(client, smtp, BEN)
    Subscriber.objects.filter(pk=subscriber_of(BEN).pk).update(
        created_at=long_ago(), confirmation_asked_at=long_ago()
    )
    departed(client, smtp, CLEO)
    age_everything()
    old = subject_of("nobody@example.com")
    DataSubject.objects.filter(pk=old.pk).update(created_at=long_ago())


def rows_there() -> set[tuple[str, str]]:
    """Model and key of every row of the house, and which mails have a body."""
    labels = [purge_model(path) for path, _ in retention.purges()]
    found = set()
    for label in set(labels):
        model: Any = apps.get_model(label)
        for row in model._default_manager.all():
            if label != "outbox.OutgoingEmail" or row.to_address:
                found.add((label, str(row.pk)))
    return found


def purge_model(path: str) -> str:
    _, purge = next(pair for pair in retention.purges() if pair[0] == path)
    return str(purge.due(timezone.now()).model._meta.label)


def test_the_preview_lists_exactly_what_the_next_run_removes(
    client: Client, smtp: Relay
) -> None:
    everything_due(client, smtp)
    held(CLEO)
    before = contents()

    looked_ahead = preview()

    assert contents() == before
    there = rows_there()
    runs = {run.rule: run for run in run_retention()}
    gone = there - rows_there()
    listed = {(row.model, row.key) for one in looked_ahead for row in one.go}
    assert listed and listed <= gone
    for one in looked_ahead:
        assert runs[one.path].removed_count == len(one.go), one.path
        assert runs[one.path].skipped_count == len(one.stay), one.path
    assert any(row.kept_for == "legal hold" for one in looked_ahead for row in one.stay)


def test_the_command_names_rows_without_personal_data(
    client: Client, smtp: Relay
) -> None:
    ada = departed(client, smtp, ADA)
    departed(client, smtp, CLEO)
    restricted(CLEO)

    told = previewed()

    assert f"goes   subscribers.Subscriber {ada.pk}, due since " in told
    assert ": restriction" in told and "@" not in told
    assert Subscriber.objects.count() == 2 and not RetentionRun.objects.exists()


def test_the_command_speaks_json(client: Client, smtp: Relay) -> None:
    ada = departed(client, smtp, ADA)

    rules = json.loads(previewed("--json"))

    (rule,) = [r for r in rules if r["path"] == "subscribers.retention.DEPARTED"]
    assert rule["rule"] == "departed-reader"
    (row,) = rule["go"]
    assert (row["model"], row["key"]) == ("subscribers.Subscriber", str(ada.pk))
    due = ada.left_at + period("departed-reader") if ada.left_at else None
    assert row["since"] == str(due)


def test_the_periods_come_from_the_register(
    client: Client, smtp: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dateutil.relativedelta import relativedelta

    from data_subjects import retention as engine

    departed(client, smtp, ADA)
    monkeypatch.setattr(engine, "period", lambda key: relativedelta(years=9))

    run_retention()

    assert Subscriber.objects.exists()


def test_looking_and_emptying_read_no_mail(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    age_everything()

    with CaptureQueriesContext(connection) as queries:
        assert list(rows_to_go(MAIL_BODIES, timezone.now()))
        assert purged(MAIL_BODIES)

    read = [q["sql"] for q in queries if q["sql"].startswith("SELECT")]
    assert read and not any('."raw_message",' in sql for sql in read)


# --- A run that goes wrong ---


def broken(_: Any) -> Any:
    raise ValueError("somebody@example.com")


BROKEN = Purge(rule="spent-link", what="A rule that fails", due=broken)


def test_a_rule_that_fails_stops_no_other(
    client: Client, smtp: Relay, settings: Settings
) -> None:
    departed(client, smtp)
    settings.RETENTION = [f"{__name__}.BROKEN", *settings.RETENTION]

    runs = run_retention()

    assert runs[0].problem == "ValueError" and runs[0].finished_at
    assert not Subscriber.objects.exists()
    (first, *others) = preview()
    assert first.problem == "ValueError" and not any(o.problem for o in others)
    with pytest.raises(CommandError):
        call_command("retention", stdout=StringIO())


def killed(_: Any) -> None:
    raise KeyboardInterrupt


def test_a_run_that_is_killed_shows_as_unfinished_and_the_next_goes_on(
    client: Client, smtp: Relay, monkeypatch: pytest.MonkeyPatch, console: Client
) -> None:
    from subscribers import retention as readers

    departed(client, smtp, ADA)
    departed(client, smtp, BEN)
    remove, done = readers.remove, list[int]()

    def remove_one_then_die(row: Subscriber) -> None:
        if done:
            raise KeyboardInterrupt
        done.append(row.pk)
        remove(row)

    monkeypatch.setattr(readers, "remove", remove_one_then_die)
    with pytest.raises(KeyboardInterrupt):
        run_retention()
    monkeypatch.setattr(readers, "remove", remove)

    stopped = RetentionRun.objects.get(rule="subscribers.retention.DEPARTED")
    assert stopped.removed_count == 1 and stopped.finished_at is None
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert "unfinished" in console.get("/console/retention/").content.decode()
    run_retention()
    assert not Subscriber.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_remove_each_row_once(client: Client, smtp: Relay) -> None:
    for number in range(4):
        departed(client, smtp, f"reader{number}@example.com")
    start, problems = Barrier(2), list[BaseException]()

    def work() -> None:
        try:
            start.wait()
            run_retention()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == [] and not Subscriber.objects.exists()
    runs = RetentionRun.objects.filter(rule="subscribers.retention.DEPARTED")
    assert sum(run.removed_count for run in runs) == 4
    assert not RetentionRun.objects.exclude(problem="").exists()


# --- The key of a person ---


def test_the_key_goes_thirty_days_after_the_last_record_went(
    client: Client, smtp: Relay
) -> None:
    ada = departed(client, smtp)
    hold = held(BEN)
    holds.release(hold.pk, staff_id=STAFF)
    LegalHold.objects.update(released_at=timezone.now() - timedelta(days=9 * 365))
    ben = subject_of(BEN).pk
    DataSubject.objects.update(created_at=long_ago())

    run_retention()

    assert not Subscriber.objects.exists() and not LegalHold.objects.exists()
    people = DataSubject.objects.filter(pk__in=[ada.data_subject_id, ben])
    assert people.count() == 2 and set(unneeded()) == set(people)
    for days, left in ((29, 2), (31, 0)):
        list(carry_out(PERSON_KEYS, now=timezone.now() + timedelta(days=days)))
        assert people.all().count() == left


def test_the_key_of_a_person_goes_when_nothing_else_is_left() -> None:
    alone = subject_of(ADA)
    lifted(BEN)
    DataSubject.objects.update(created_at=long_ago())
    assert set(unneeded()) == {alone}

    assert purged(PERSON_KEYS) == 1

    assert not DataSubject.objects.filter(pk=alone.pk).exists()
    assert purged(PERSON_KEYS) == 0


def test_a_departed_reader_with_a_disclosure_leaves_the_key(
    client: Client, smtp: Relay
) -> None:
    ada = departed(client, smtp, ADA)
    DisclosureEvidence.objects.create(
        disclosure_id=1,
        data_subject=ada.data_subject,
        reference="Letter",
        disclosed_on=timezone.localdate(),
    )

    run_retention()

    assert not Subscriber.objects.exists()
    assert DataSubject.objects.filter(pk=ada.data_subject_id).exists()


@pytest.mark.parametrize(("hour", "goes"), [(22, 0), (23, 1)])
def test_a_day_ends_at_the_controllers_midnight(hour: int, goes: int) -> None:
    subject = subject_of(ADA)
    evidence = DisclosureEvidence.objects.create(
        disclosure_id=1,
        data_subject=subject,
        reference="Letter",
        disclosed_on=date(2020, 6, 30),
    )
    # In summer the day is over at eleven in the evening, by UTC.
    moment = datetime(2026, 6, 30, hour, 30, tzinfo=UTC)

    rows = list(rows_to_go(DISCLOSURE_EVIDENCE, moment))

    assert len(rows) == goes
    for row in rows:
        assert row.key == str(evidence.pk)
        assert row.since == datetime(2026, 6, 29, 23, 0, tzinfo=UTC)


# --- The list and the register ---


def test_every_rule_has_its_purge_and_every_purge_its_rule() -> None:
    call_command("check")


def test_a_rule_that_nothing_carries_out_turns_the_check_red(
    settings: Settings,
) -> None:
    settings.RETENTION = settings.RETENTION[1:]

    with pytest.raises(
        SystemCheckError, match="unconfirmed-sign-up”, and nothing does"
    ):
        call_command("check")


@pytest.fixture
def own_register(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """The controller's own copy of the register, which the test may change."""
    folder = tmp_path / "register"
    shutil.copytree(settings.REGISTER_DIR, folder)
    settings.REGISTER_DIR = folder
    the_register.cache_clear()
    yield folder
    the_register.cache_clear()


def test_a_purge_by_no_rule_of_the_controllers_own_register_turns_the_check_red(
    own_register: Path,
) -> None:
    rules = own_register / "retention.toml"
    key = 'key = "unconfirmed-sign-up"'
    given_away = f'{key}\ncarried_out = "outside"'
    rules.write_text(rules.read_text().replace(key, given_away))
    the_register.cache_clear()

    with pytest.raises(SystemCheckError, match="removes by the rule “unconfirmed-sign"):
        call_command("check")


def test_the_page_shows_the_schedule_and_is_a_duty_of_its_own(
    client: Client, smtp: Relay, console: Client
) -> None:
    from tests.console.staff import dana

    ada = departed(client, smtp, ADA)

    page = console.get("/console/retention/").content.decode()

    assert "28 days after you stopped every e-mail" in page
    assert "to be settled" in page and "outside this system" in page
    assert f"subscribers.Subscriber {ada.pk}" in page and ADA not in page
    assert dana("view_subscriber").get("/console/retention/").status_code == 403
