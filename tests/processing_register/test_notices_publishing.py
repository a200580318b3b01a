"""A notice is written by one person, published by another, and then never changes."""

import re
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError
from django.test import Client
from django.utils import timezone

from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from processing_register import publishing
from processing_register.gate import may_use, usable_purposes
from processing_register.models import (
    Controller,
    NoticeAnnouncement,
    NoticeReview,
    NoticeVersion,
)
from processing_register.notices import drifted, notice_in_force
from processing_register.register import the_register
from tests.console.staff import console_of, text
from tests.database_role import acting_as
from tests.people import become_reader
from tests.processing_register.notices import (
    drafted,
    in_days,
    published,
    second,
    submitted,
    writer,
)
from tests.relay import Relay

pytestmark = pytest.mark.django_db

FROZEN_COLUMNS = (
    "body = body || 'x'",
    "names = '{}'",
    "effective_on = effective_on + 1",
    "severity = 'minor'",
    "approved_by_id = NULL",
    "source = ''",
    "summary_of_changes = 'nothing'",
    "review_by = NULL",
    "published_at = NULL",
)


def page_of(version: NoticeVersion) -> str:
    return f"/console/processing_register/noticeversion/{version.pk}/change/"


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# --- Frozen ---


@pytest.mark.parametrize("change", FROZEN_COLUMNS)
@pytest.mark.parametrize("role", ["casedesk_app", None], ids=["app", "owner"])
def test_no_column_of_a_published_version_can_change(
    change: str, role: str | None
) -> None:
    published()
    for row in ("number = 1", "number = 3"):
        with acting_as(role), pytest.raises(DatabaseError, match="cannot change"):
            run(
                f"UPDATE processing_register_noticeversion SET {change}"
                f" WHERE notice = 'privacy' AND {row}"
            )


@pytest.mark.parametrize("role", ["casedesk_app", None], ids=["app", "owner"])
def test_no_published_version_can_go(role: str | None) -> None:
    with acting_as(role), pytest.raises(DatabaseError, match="cannot change"):
        run("DELETE FROM processing_register_noticeversion WHERE number = 1")


def test_that_everybody_was_told_is_never_taken_back() -> None:
    with acting_as(None), pytest.raises(DatabaseError, match="append-only"):
        run("DELETE FROM processing_register_noticeannouncement")


# --- Two people ---


def test_a_second_person_publishes_what_the_first_one_wrote() -> None:
    version = published()

    assert version.reference == "privacy/3"
    assert notice_in_force("privacy").reference == "privacy/3"
    assert (version.written_by, version.approved_by) == (writer(), second())
    assert "A sentence that is new." in version.body
    assert "ValueLicensing" in version.body
    assert "{" not in version.body
    assert version.names["purposes"]


def test_the_writer_cannot_publish_their_own_words() -> None:
    version = submitted()
    with pytest.raises(NotAllowed, match="somebody else"):
        publishing.approve_and_publish(
            version.pk, by=writer(), digest=publishing.content_digest(version)
        )
    assert notice_in_force("privacy").reference == "privacy/2"


def test_the_database_refuses_a_writer_as_approver() -> None:
    version = submitted()
    for fields in (
        f"approved_by_id = {writer().pk}",
        "approved_by_id = NULL",
        f"approved_by_id = {second().pk}, submitted_at = NULL",
    ):
        with pytest.raises(IntegrityError, match="author_is_not_approver"):
            run(
                "UPDATE processing_register_noticeversion SET published_at = now(),"
                f" digest = 'x', {fields} WHERE id = {version.pk}"
            )


def test_the_database_refuses_to_publish_without_a_digest() -> None:
    version = drafted()
    with pytest.raises(IntegrityError, match="has_its_digest"):
        run(
            "UPDATE processing_register_noticeversion SET published_at = now(),"
            f" written_by_id = NULL WHERE id = {version.pk}"
        )


def test_nobody_publishes_other_words_than_those_they_read() -> None:
    version = submitted()
    read = publishing.content_digest(version)
    publishing.edit(version.pk, by=writer(), summary_of_changes="Quite different.")
    with pytest.raises(NotAllowed, match="not been submitted"):
        publishing.approve_and_publish(version.pk, by=second(), digest=read)

    publishing.submit(version.pk, by=writer())
    with pytest.raises(NotAllowed, match="changed since you read it"):
        publishing.approve_and_publish(version.pk, by=second(), digest=read)


def test_a_change_of_the_particulars_after_reading_is_noticed() -> None:
    version = submitted()
    read = publishing.content_digest(version)
    Controller.objects.update(phone_display="01332 000000")
    with pytest.raises(NotAllowed, match="changed since you read it"):
        publishing.approve_and_publish(version.pk, by=second(), digest=read)


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_publish_once() -> None:
    version = submitted()
    digest = publishing.content_digest(version)
    approver = second()
    start = threading.Barrier(2)
    said: list[str] = []

    def approve() -> None:
        start.wait()
        try:
            publishing.approve_and_publish(version.pk, by=approver, digest=digest)
            said.append("published")
        except NotAllowed as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=approve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["It has been published already.", "published"]
    assert NoticeVersion.objects.published().filter(notice="privacy").count() == 3


# --- Wrong moves ---


def test_only_one_next_version_is_written_at_a_time() -> None:
    drafted()
    with pytest.raises(NotAllowed, match="begun the next version"):
        publishing.draft("privacy", by=second())


def test_there_is_no_next_version_of_what_there_is_not() -> None:
    with pytest.raises(NotAllowed, match="no such notice"):
        publishing.draft("nonsense", by=writer())


def test_nobody_else_changes_or_discards_a_draft() -> None:
    version = drafted()
    for verb in (publishing.edit, publishing.discard, publishing.submit):
        with pytest.raises(NotAllowed, match="began this draft"):
            verb(version.pk, by=second())


def test_a_published_version_takes_no_further_step() -> None:
    version = published()
    for verb in (publishing.edit, publishing.discard, publishing.submit):
        with pytest.raises(NotAllowed, match="is published"):
            verb(version.pk, by=writer())
    with pytest.raises(NotAllowed, match="not waiting"):
        publishing.send_back(version.pk)


def test_a_discarded_draft_is_gone_and_its_number_free() -> None:
    version = drafted()
    publishing.discard(version.pk, by=writer())
    assert not NoticeVersion.objects.filter(pk=version.pk).exists()
    assert drafted().number == version.number


def test_what_was_sent_back_has_to_be_submitted_again() -> None:
    version = publishing.send_back(submitted().pk)
    assert version.submitted_at is None
    with pytest.raises(NotAllowed, match="not been submitted"):
        publishing.approve_and_publish(
            version.pk, by=second(), digest=publishing.content_digest(version)
        )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"source": "  "}, "text is empty"),
        ({"source": "{{nonsense}}"}, "no table"),
        ({"source": "By {nobody}."}, "no particular"),
        ({"summary_of_changes": " "}, "Say in a few words"),
        ({"effective_on": in_days(-1)}, "day that is past"),
        ({"review_by": in_days(0)}, "review has to come after"),
        ({"review_by": None}, "review has to come after"),
        ({"summary_of_changes": "We say who gets our offers."}, "“our offers” reads"),
        ({"summary_of_changes": "It names Acme.co.uk."}, "“Acme.co.uk” becomes a link"),
        ({"title": "Now 20% off"}, "“20% off” reads like advertising"),
    ],
)
def test_what_is_not_ready_cannot_be_submitted(
    words: dict[str, Any], reason: str
) -> None:
    version = drafted(**words)
    with pytest.raises(NotAllowed, match=reason):
        publishing.submit(version.pk, by=writer())


def test_words_that_no_mail_may_hold_are_not_published_either() -> None:
    version = submitted()
    NoticeVersion.objects.filter(pk=version.pk).update(
        summary_of_changes="Now with our offers."
    )
    version.refresh_from_db()
    digest = publishing.content_digest(version)
    NoticeVersion.objects.filter(pk=version.pk).update(submitted_digest=digest)
    with pytest.raises(NotAllowed, match="“our offers” reads like advertising"):
        publishing.approve_and_publish(version.pk, by=second(), digest=digest)


def test_the_words_about_a_form_may_speak_of_signing_up() -> None:
    version = drafted(
        "accessibility", summary_of_changes="We say how one can sign up for news."
    )
    assert publishing.submit(version.pk, by=writer()).submitted_at


def left_out(notice: str, table: str, instead: str = "") -> NoticeVersion:
    source = notice_in_force(notice).source
    assert f"{{{{{table}}}}}" in source
    return drafted(notice, source=source.replace(f"{{{{{table}}}}}", instead))


SHOWN = [
    ("privacy", "purposes"),
    ("privacy", "categories"),
    ("privacy", "recipients"),
    ("privacy", "sources"),
    ("retention", "schedule"),
    ("cookies", "cookies"),
]


@pytest.mark.parametrize(("notice", "table"), SHOWN)
def test_a_notice_whose_text_does_not_show_what_it_names_is_not_submitted(
    notice: str, table: str
) -> None:
    version = left_out(notice, table)
    with pytest.raises(NotAllowed, match=f"does not show the table {table}"):
        publishing.submit(version.pk, by=writer())


@pytest.mark.parametrize(
    "instead",
    [
        "```\n{{purposes}}\n```",
        "Our purposes: {{purposes}}",
        "    {{purposes}}",
        "Purpose, purpose, purpose.",
    ],
)
def test_a_table_that_no_reader_would_find_does_not_count(instead: str) -> None:
    version = left_out("privacy", "purposes", instead)
    with pytest.raises(NotAllowed, match="does not show the table purposes"):
        publishing.submit(version.pk, by=writer())


@pytest.mark.parametrize(("notice", "table"), SHOWN)
def test_a_notice_that_does_not_show_what_it_names_is_not_published(
    notice: str, table: str
) -> None:
    version = submitted(notice)
    version.source = version.source.replace(f"{{{{{table}}}}}", "")
    digest = publishing.content_digest(version)
    NoticeVersion.objects.filter(pk=version.pk).update(
        source=version.source, submitted_digest=digest
    )
    with pytest.raises(NotAllowed, match=f"does not show the table {table}"):
        publishing.approve_and_publish(version.pk, by=second(), digest=digest)


@pytest.mark.parametrize(
    ("notice", "old", "new", "reason"),
    [
        ("sign-up", "[[purposes]]", "[[purposes", "cannot be read"),
        ("sign-up", "[[purposes]]", "[[aims]]", "do not fit the form"),
        ("sign-up", 'key = "own-news"', 'key = "raffles"', "“own-news”, and no words"),
        ("sign-up", "heading =", "headline =", "do not fit the form"),
        ("sign-up", 'label = "Telephone"', "", "no words for “fields.telephone.label”"),
        (
            "cookie-banner",
            'key = "analytics"',
            'key = "x"',
            "“analytics”, and no words",
        ),
        ("cookie-banner", "rejected =", "refused =", "words for “after.rejected”"),
    ],
)
def test_words_that_a_form_could_not_be_shown_with_are_not_submitted(
    notice: str, old: str, new: str, reason: str
) -> None:
    source = notice_in_force(notice).source
    assert old in source
    version = drafted(notice, source=source.replace(old, new))
    with pytest.raises(NotAllowed, match=re.escape(reason)):
        publishing.submit(version.pk, by=writer())
    assert console_of(writer()).get(page_of(version)).status_code == 200


@pytest.mark.parametrize("notice", ["sign-up", "cookie-banner"])
def test_other_words_for_a_form_are_published(notice: str, client: Client) -> None:
    source = notice_in_force(notice).source.replace('heading = "', 'heading = "Now: ')
    version = published(notice, source=source)
    assert notice_in_force(notice) == version
    assert "Now: " in text(client.get("/"))


def test_a_notice_that_leaves_out_a_purpose_is_refused_by_its_name() -> None:
    names = dict(notice_in_force("privacy").names)
    names["purposes"] = [key for key in names["purposes"] if key != "analytics"]
    names["categories"] = [*names["categories"], "profile"]
    version = drafted(names=names)
    with pytest.raises(NotAllowed) as refusal:
        publishing.submit(version.pk, by=writer())
    assert "“analytics”" in str(refusal.value)
    assert "“profile”" in str(refusal.value)


def test_a_version_cannot_overtake_the_one_before_it() -> None:
    published(effective_on=in_days(20), review_by=in_days(300))
    with pytest.raises(NotAllowed, match="takes effect only on"):
        submitted()


# --- When it takes effect, and whether it matters ---


def test_a_version_published_ahead_is_not_in_force_before_its_day() -> None:
    version = published(effective_on=in_days(20), review_by=in_days(300))
    assert notice_in_force("privacy").number == 2
    in_force = NoticeVersion.objects.in_force(version.effective_on)
    assert in_force.get(notice="privacy") == version


def test_a_minor_change_stays_minor() -> None:
    assert published(severity="minor").severity == "minor"


def test_a_new_purpose_makes_a_version_significant() -> None:
    facts: dict[str, str] = notice_in_force("privacy").particulars
    version = drafted(severity="minor")
    version.names = version.names | {"purposes": [*version.names["purposes"], "more"]}
    assert publishing.severity_of(version, facts) == "significant"
    assert "more" in publishing.why_significant(version, facts)


def test_another_controller_makes_a_version_significant() -> None:
    Controller.objects.update(legal_name="Next Owner Ltd")
    version = published(severity="minor")
    assert version.severity == "significant"
    assert "Next Owner Ltd" in version.body
    assert (
        "Next Owner Ltd"
        not in NoticeVersion.objects.get(notice="privacy", number=2).body
    )


# --- Who was told, and what may be used meanwhile ---


def test_nobody_held_needs_no_telling() -> None:
    assert NoticeAnnouncement.objects.filter(version__notice="privacy").count() == 2
    version = published()
    assert version.announcement.completed_at == version.published_at
    assert not NoticeVersion.objects.to_announce().exists()


def test_a_version_waits_for_its_announcement_while_somebody_is_held(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    version = published()
    assert list(NoticeVersion.objects.to_announce()) == [version]

    publishing.announce(version, now=timezone.now())
    publishing.announce(version, now=timezone.now())
    assert NoticeAnnouncement.objects.filter(version=version).count() == 1


RAFFLES = """
[[purposes]]
key = "raffles"
title = "Raffles"
description = "To draw a winner."
individuals = "Readers who take part"
data_categories = ["contact"]
recipients = []
sources = ["person"]
retention = ["departed-reader"]
dpv = "Marketing"
lawful_bases = [{ key = "consent", what_for = "you take part" }]
"""


def with_raffles() -> dict[str, list[str]]:
    """What a notice names once raffles are among the purposes."""
    names = dict(notice_in_force("privacy").names)
    return names | {"purposes": [*names["purposes"], "raffles"]}


@pytest.fixture
def raffles(own_register: Path) -> None:
    """The register of this test has one purpose more."""
    purposes = own_register / "purposes.toml"
    purposes.write_text(purposes.read_text() + RAFFLES)
    the_register.cache_clear()


def test_a_new_purpose_waits_until_everybody_was_told(
    client: Client, smtp: Relay, raffles: None
) -> None:
    become_reader(client, smtp)
    version = published(names=with_raffles())
    assert "### Raffles" in version.body
    assert not may_use("raffles")
    assert may_use("case-updates")

    publishing.announce(version, now=timezone.now())
    assert may_use("raffles")


def test_a_minor_version_does_not_slip_an_unannounced_purpose_through(
    client: Client, smtp: Relay, raffles: None
) -> None:
    become_reader(client, smtp)
    published(names=with_raffles())
    published(severity="minor")
    assert notice_in_force("privacy").severity == "minor"
    assert not may_use("raffles")


def test_a_purpose_that_the_notice_no_longer_names_stops_at_once(
    client: Client, smtp: Relay, own_register: Path
) -> None:
    become_reader(client, smtp)
    purposes = own_register / "purposes.toml"
    entries = purposes.read_text().split("[[purposes]]")
    kept = [entry for entry in entries if 'key = "own-news"' not in entry]
    purposes.write_text("[[purposes]]".join(kept))
    the_register.cache_clear()
    names = dict(notice_in_force("privacy").names)
    names["purposes"] = [key for key in names["purposes"] if key != "own-news"]

    published(names=names)

    assert not may_use("own-news")
    assert may_use("case-updates")


def test_a_purpose_of_tomorrow_cannot_be_used_today(raffles: None) -> None:
    published(names=with_raffles(), effective_on=in_days(10), review_by=in_days(300))
    assert "raffles" not in usable_purposes()


def test_a_purpose_that_the_notice_leaves_out_stops_its_publication(
    raffles: None,
) -> None:
    version = drafted()
    with pytest.raises(NotAllowed, match="“raffles”, and the notice does not name it"):
        publishing.submit(version.pk, by=writer())


def test_every_purpose_of_the_register_may_be_used_from_the_start() -> None:
    assert usable_purposes() == set(the_register().purposes)


# --- Drift and review ---


def test_a_text_drifts_when_the_particulars_change() -> None:
    version = notice_in_force("privacy")
    assert not drifted(version)
    Controller.objects.update(phone_display="01332 000000")
    assert drifted(version)
    assert drifted(notice_in_force("retention"))
    assert not drifted(notice_in_force("sign-up"))


def test_reviewed_without_change_is_on_record_for_good() -> None:
    version = notice_in_force("retention")
    publishing.record_review(
        version.pk, by=second(), next_review_by=in_days(90), remark=" Read it. "
    )
    review = NoticeReview.objects.get()
    assert (review.reviewed_on, review.remark) == (today_here(), "Read it.")
    with acting_as(None), pytest.raises(DatabaseError, match="append-only"):
        run("UPDATE processing_register_noticereview SET remark = ''")


@pytest.mark.parametrize("day", [in_days(0), in_days(-3)])
def test_a_next_review_lies_ahead(day: date) -> None:
    with pytest.raises(NotAllowed, match="after today"):
        publishing.record_review(
            notice_in_force("retention").pk, by=second(), next_review_by=day
        )


def test_only_the_version_in_force_is_reviewed() -> None:
    old = NoticeVersion.objects.get(notice="privacy", number=1)
    with pytest.raises(NotAllowed, match="in force"):
        publishing.record_review(old.pk, by=second(), next_review_by=in_days(9))


def test_the_ledger_s_verifier_finds_every_published_text_sound() -> None:
    published()
    call_command("verify_ledger")
