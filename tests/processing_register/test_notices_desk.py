"""Notices on the console: written by Dana, published by Omar, looked at by both."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from groundwork.clock import today_here
from processing_register import publishing
from processing_register.models import NoticeReview, NoticeVersion
from processing_register.notices import notice_in_force
from processing_register.publishing import REVIEW_AFTER
from tests.console.staff import console_of, person, text
from tests.people import become_reader
from tests.processing_register.notices import (
    drafted,
    in_days,
    second,
    submitted,
    writer,
)
from tests.relay import Relay

pytestmark = pytest.mark.django_db

DESK = "/console/processing_register/noticeversion/"


def at(version: NoticeVersion, page: str = "change") -> str:
    return f"{DESK}{version.pk}/{page}/"


def digest_on(html: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', html)
    assert found
    return found[1]


def follow(client: Client, path: str, **posted: Any) -> str:
    return text(client.post(path, posted, follow=True))


def test_a_version_goes_from_the_first_word_to_publication(client: Client) -> None:
    hers, his = console_of(writer()), console_of(second())
    begun = hers.post(at(notice_in_force("retention"), "draft"))
    draft = NoticeVersion.objects.drafts().get()
    assert begun["Location"] == at(draft, "edit")

    form = hers.get(at(draft, "edit"))
    assert "{{schedule}}" in text(form)
    saved = follow(
        hers,
        at(draft, "edit"),
        title="Retention schedule",
        source="We keep nothing.\r\n\r\n## The periods\r\n\r\n{{schedule}}\r\n",
        summary_of_changes="Shorter.",
        severity="minor",
        effective_on=f"{in_days(0)}",
        review_by=f"{in_days(200)}",
    )
    assert "We keep nothing." in saved
    assert "A sign-up that nobody confirmed" in saved  # the table, as it would be
    assert f"What differs from version {draft.number - 1}" in saved
    assert "Submitted. Somebody else" in follow(hers, at(draft, "submit"))

    assert "You wrote it, so somebody else" in text(hers.get(at(draft)))
    page = text(his.get(at(draft)))
    assert f"gets version {draft.number}" in page
    assert "minor: nobody is e-mailed" in page
    assert "Published." in follow(his, at(draft, "publish"), digest=digest_on(page))
    assert "We keep nothing." in text(client.get("/retention/"))
    assert (
        text(client.get(f"/retention/versions/{draft.number}/text/")).count("\r") == 0
    )


def test_the_second_person_reads_how_many_people_will_be_told(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    become_reader(client, smtp, "cleo@example.com")
    page = text(console_of(second()).get(at(submitted())))
    assert "2 people whose data we hold will be told by one e-mail each" in page
    assert "shows for 30 days" in page


def test_the_second_person_reads_the_same_of_the_retention_schedule(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    page = text(console_of(second()).get(at(submitted("retention"))))
    assert "1 person whose data we hold will be told by one e-mail each" in page
    assert "A purpose that is new" not in page


def test_nobody_chooses_how_much_the_accessibility_statement_matters() -> None:
    form = text(console_of(writer()).get(at(drafted("accessibility"), "edit")))
    assert 'name="severity"' not in form and "Nobody is e-mailed" not in form
    assert "People are told of a change of the privacy notice" in form
    version = publishing.submit(NoticeVersion.objects.drafts().get().pk, by=writer())
    page = text(console_of(second()).get(at(version)))
    assert "Nobody is e-mailed, no page shows a bar." in page


def test_a_publisher_can_make_it_a_draft_again() -> None:
    version = submitted()
    html = follow(console_of(second()), at(version, "send-back"))
    assert "It is a draft again" in html


def test_a_writer_can_discard_a_draft() -> None:
    version = drafted()
    assert "The draft is gone" in follow(console_of(writer()), at(version, "discard"))
    assert not NoticeVersion.objects.drafts().exists()


def test_words_that_changed_since_they_were_read_are_not_published() -> None:
    version = submitted()
    for digest in ("", "zz", "00" * 32):
        html = follow(console_of(second()), at(version, "publish"), digest=digest)
        assert "changed since you read it" in html


def test_a_second_next_version_is_refused_in_words() -> None:
    drafted()
    html = follow(console_of(second()), at(notice_in_force("privacy"), "draft"))
    assert "begun the next version already" in html


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("source", "  ", "Write the text"),
        ("source", "", "Write the text"),
        ("source", "x" * 100_001, "Shorten the text to 100,000 characters"),
        ("effective_on", "soon", "Enter a day like 2027-11-23"),
        ("effective_on", "", "Enter the day on which it takes effect"),
        ("review_by", "", "Enter the day by which to look at it again"),
        ("review_by", "soon", "Enter a day like 2027-11-23"),
        ("severity", "huge", "Choose how much it matters"),
        ("severity", "", "Choose how much it matters"),
        ("purposes", "nonsense", "Tick only purposes that are listed"),
        ("categories", "nonsense", "Tick only kinds of data that are listed"),
        ("recipients", "nonsense", "Tick only recipients that are listed"),
        ("title", "", "Enter the title"),
        ("title", "x" * 201, "Shorten the title to 200 characters"),
        ("summary_of_changes", "", "Say in a few words what changes"),
        ("summary_of_changes", "x" * 1001, "Shorten this to 1,000 characters"),
    ],
)
def test_a_wrong_entry_is_explained_and_what_was_typed_stays(
    field: str, value: str, error: str
) -> None:
    draft = drafted()
    words: dict[str, Any] = {
        "title": "Privacy notice",
        "source": "My words.",
        "summary_of_changes": "Some.",
        "severity": "minor",
        "effective_on": f"{in_days(1)}",
        "review_by": f"{in_days(99)}",
        **draft.names,
    }
    response = console_of(writer()).post(at(draft, "edit"), words | {field: value})
    assert response.status_code == 400
    html = text(response)
    assert error in html
    assert "There is a problem" in html
    assert "This field" not in html
    assert ("My words." if field == "summary_of_changes" else "Some.") in html
    draft.refresh_from_db()
    assert draft.source != "My words."


def test_nobody_else_opens_the_words_of_a_draft() -> None:
    draft = drafted()
    assert console_of(second()).get(at(draft, "edit")).status_code == 403
    assert console_of(second()).post(at(draft, "edit"), {}).status_code == 403


def test_each_step_needs_its_own_permission() -> None:
    draft = submitted()
    looker = console_of(person("lee@example.com", "view_noticeversion"))
    assert looker.get(DESK).status_code == 200
    assert looker.get(at(draft)).status_code == 200
    assert looker.get(at(draft, "edit")).status_code == 403
    for step in ("draft", "submit", "send-back", "publish", "discard", "review"):
        assert looker.post(at(draft, step)).status_code == 403, step
    stranger = console_of(person("sam@example.com"))
    assert stranger.get(DESK).status_code == 403
    assert stranger.get(at(draft)).status_code == 403


def test_a_look_at_a_button_s_address_does_nothing() -> None:
    draft = submitted()
    for step in ("draft", "submit", "send-back", "publish", "discard", "review"):
        assert console_of(second()).get(at(draft, step)).status_code == 405
    assert NoticeVersion.objects.drafts().get().submitted_at is not None


# --- Days in a browser ---


def day_in(html: str, name: str) -> str:
    """What a browser finds in this date field."""
    (tag,) = re.findall(rf'<input[^>]*name="{name}"[^>]*>', html)
    assert 'type="date"' in tag
    return str(re.search(r'value="([^"]*)"', tag)[1])  # type: ignore[index]


def test_the_days_of_a_draft_are_there_when_it_is_edited_again() -> None:
    draft = drafted(effective_on=in_days(3), review_by=in_days(200))
    html = text(console_of(writer()).get(at(draft, "edit")))
    assert day_in(html, "effective_on") == f"{in_days(3)}"
    assert day_in(html, "review_by") == f"{in_days(200)}"


def test_the_days_that_were_typed_are_there_beside_an_error() -> None:
    draft = drafted()
    words = {"effective_on": f"{in_days(5)}", "review_by": f"{in_days(90)}"}
    html = text(console_of(writer()).post(at(draft, "edit"), words))
    assert day_in(html, "effective_on") == f"{in_days(5)}"
    assert day_in(html, "review_by") == f"{in_days(90)}"


def test_a_review_comes_with_its_next_day() -> None:
    html = text(console_of(second()).get(at(notice_in_force("retention"))))
    assert day_in(html, "next_review_by") == f"{today_here() + REVIEW_AFTER}"


# --- Review ---


def test_reviewed_without_change_is_recorded_with_the_next_day() -> None:
    version = notice_in_force("retention")
    html = follow(
        console_of(second()),
        at(version, "review"),
        next_review_by=f"{in_days(90)}",
        remark="All of it still holds.",
    )
    assert "Recorded: reviewed, nothing has to change." in html
    assert "All of it still holds." in html
    assert NoticeReview.objects.get().version == version


@pytest.mark.parametrize("day", ["", "soon", f"{in_days(0)}"])
def test_a_review_without_a_day_to_come_is_explained(day: str) -> None:
    version = notice_in_force("retention")
    response = console_of(second()).post(at(version, "review"), {"next_review_by": day})
    assert response.status_code == 200
    assert "Enter " in text(response) or "after today" in text(response)
    assert not NoticeReview.objects.exists()


def omar_at_the_console() -> Client:
    omar = second()
    omar.is_superuser = True
    omar.save(update_fields=["is_superuser"])
    return console_of(omar)


def test_an_overdue_review_stands_on_the_first_page_until_it_is_done() -> None:
    console = omar_at_the_console()
    assert "Notices to look at again" not in text(console.get("/console/"))
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        console = omar_at_the_console()
        html = text(console.get("/console/"))
        assert "Notices to look at again" in html
        assert "Accessibility statement, version 1" in html
        assert "overdue" in text(console.get(DESK))
        version = notice_in_force("accessibility")
        follow(
            console,
            at(version, "review"),
            next_review_by=f"{timezone.localdate() + timedelta(days=300)}",
        )
        html = text(console.get("/console/"))
        assert "Accessibility statement, version 1" not in html


# When the accessibility statement of the repository is to be looked at again.
REVIEW_BY = date(2027, 11, 24)


@pytest.mark.parametrize(
    ("days_before", "words", "kind"),
    [
        (31, "", ""),
        (30, "due in 30 days: to be reviewed by 24 November 2027", "waiting"),
        (1, "due in 1 day: to be reviewed by", "waiting"),
        (0, "due today: to be reviewed by", "waiting"),
        (-1, "<strong>1 day overdue</strong>: should have been reviewed by", "bad"),
        (-40, "<strong>40 days overdue</strong>: should have", "bad"),
    ],
)
def test_a_review_is_announced_a_month_before_and_louder_once_it_is_late(
    days_before: int, words: str, kind: str
) -> None:
    notice = "Accessibility statement, version 1"
    noon = datetime(REVIEW_BY.year, REVIEW_BY.month, REVIEW_BY.day, 12, tzinfo=UTC)
    with time_machine.travel(noon - timedelta(days=days_before)):
        console = omar_at_the_console()
        today, listed = text(console.get("/console/")), text(console.get(DESK))
    if not words:
        assert notice not in today
        return
    line = today[today.index(notice) - 200 : today.index(notice) + 200]
    assert words in line
    assert f'class="state {kind}"' in line
    short = words.partition(":")[0].replace("<strong>", "").replace("</strong>", "")
    assert f'<span class="state {kind}">24 November 2027, {short}</span>' in listed


# --- The list ---


def test_the_list_says_where_each_version_stands(
    django_assert_max_num_queries: Any,
) -> None:
    submitted()
    client = console_of(second())
    client.get(DESK)
    with django_assert_max_num_queries(8):
        html = text(client.get(DESK))
    assert "waiting for approval" in html
    assert "superseded" in html
    assert "in force" in html


def test_the_list_can_be_narrowed_to_one_kind_of_notice() -> None:
    client = console_of(second())
    interests = text(client.get(f"{DESK}?which=interests"))
    assert "How we weighed it: training" in interests
    assert "Privacy notice, version" not in interests
    privacy = text(client.get(f"{DESK}?which=privacy"))
    assert "Privacy notice, version 1" in privacy
    assert "How we weighed it" not in privacy
    assert client.get(f"{DESK}?which=nonsense").status_code == 200


def test_a_version_from_a_file_says_who_wrote_and_approved_it() -> None:
    html = text(console_of(second()).get(at(notice_in_force("cookies"))))
    assert "The Governance Team, second person" in html
    assert "Not everybody has been told" not in html


def test_what_is_no_version_is_not_found() -> None:
    for path in (f"{DESK}999999/change/", f"{DESK}999999/edit/"):
        assert console_of(writer()).get(path).status_code == 404
