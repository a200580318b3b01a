"""Restriction: what begins it, what ends it, what it binds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from data_subjects import restriction
from data_subjects.models import ENDING_EVENTS, Ground, Restriction, SubjectEvent
from data_subjects.people import subject_of
from data_subjects.restriction import Asked, is_kept, is_restricted
from governance import restrictions
from groundwork.refusals import NotAllowed
from groundwork.restricted_rows import as_the_law_requires
from outbox.models import MessageClass, OutgoingEmail
from outbox.queueing import queue
from subscribers import entering, exporting, importing, preferences
from tests.console.staff import console_of, person, text
from tests.data_subjects.acts import STAFF, held, lifted, restricted
from tests.people import (
    ADA,
    BEN,
    CLEO,
    become_reader,
    inbox,
    open_preferences,
    sign_up,
    stands,
    subscriber_of,
)
from tests.relay import Relay


def test_a_stranger_can_be_restricted_and_it_is_on_record() -> None:
    row = restricted(CLEO)

    assert is_restricted(row.data_subject_id)
    event = SubjectEvent.objects.get()
    assert event.data_subject_id == row.data_subject_id
    assert (event.action, event.detail) == ("restricted", "accuracy")
    assert (event.reference, event.staff_id) == (row.pk, STAFF)


def test_one_ground_is_open_once_and_two_grounds_may_be() -> None:
    restricted()
    restricted(ground=Ground.CLAIMS)

    with pytest.raises(NotAllowed, match="on this ground already"):
        restricted()

    assert Restriction.objects.count() == 2


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(Ground.CLAIMS, "  "), "Say why"),
        (
            Asked(
                Ground.CLAIMS, "A claim", starts_at=timezone.now() + timedelta(days=1)
            ),
            "in the future",
        ),
    ],
)
def test_a_restriction_that_does_not_hold_together_is_refused(
    asked: Asked, why: str
) -> None:
    subject = subject_of(ADA)

    with pytest.raises(NotAllowed, match=why):
        restriction.restrict(subject.pk, asked, staff_id=STAFF)

    assert not Restriction.objects.exists() and not SubjectEvent.objects.exists()


def test_every_ground_names_the_event_that_ends_it() -> None:
    assert set(ENDING_EVENTS) == set(Ground)


# --- Lifting ---


def test_it_is_not_lifted_before_the_person_was_told() -> None:
    row = restricted()

    with pytest.raises(NotAllowed, match="Tell the person first"):
        restrictions.lift(row.pk, staff_id=STAFF)

    assert is_restricted(row.data_subject_id)


@pytest.mark.parametrize(
    "columns",
    [
        "lifted_at = now()",
        "lifted_at = now(), notice_sent_at = now()",
        "lifted_at = now(), notice_sent_at = now() + interval '1 hour'",
    ],
)
def test_the_database_refuses_to_lift_without_an_earlier_notice(columns: str) -> None:
    row = restricted()

    with (
        pytest.raises(IntegrityError, match="told_before_it_is_lifted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"UPDATE data_subjects_restriction SET {columns} WHERE id = %s", [row.pk]
        )

    assert is_restricted(row.data_subject_id)


def test_the_mail_counts_once_it_was_handed_over(client: Client, smtp: Relay) -> None:
    row = restricted()
    restrictions.tell_by_mail(row.pk, ending="We checked: you are right.", staff_id=1)
    with pytest.raises(NotAllowed, match="Tell the person first"):
        restrictions.lift(row.pk, staff_id=STAFF)

    (mail,) = inbox(smtp, ADA)
    restrictions.lift(row.pk, staff_id=STAFF)

    assert "We checked: you are right." in mail.text and "again" in mail.subject
    row.refresh_from_db()
    assert row.notice_sent_at and row.lifted_at
    assert row.notice_sent_at < row.lifted_at
    assert not is_restricted(row.data_subject_id)
    actions = SubjectEvent.objects.order_by("id").values_list("action", flat=True)
    assert list(actions) == ["restricted", "announced", "told", "lifted"]


def test_whoever_is_told_of_one_ending_hears_of_what_still_binds(smtp: Relay) -> None:
    row, other = restricted(), restricted(ground=Ground.CLAIMS)
    lift = f"/console/data_subjects/restriction/{row.pk}/lift/"
    restrictions.tell_by_mail(row.pk, ending="Checked.", staff_id=STAFF)
    (mail,) = inbox(smtp, ADA)
    console = console_of(
        person("dana@example.com", "view_restriction", "lift_restriction")
    )
    lifted_one = console.post(lift, follow=True)

    said = " ".join(mail.text.split())
    assert "may use your data again" not in said and "again" not in mail.subject
    assert "set aside for another reason" in said and "We tell you before" in said
    assert "The data may still not be used" in text(lifted_one)
    assert "the data may be used again" not in text(lifted_one)

    restrictions.tell_by_mail(other.pk, ending="It is over.", staff_id=STAFF)
    assert "may use your data again" in " ".join(inbox(smtp, ADA)[-1].text.split())


def test_the_person_is_not_mailed_twice_about_the_same_ending() -> None:
    row = restricted()
    restrictions.tell_by_mail(row.pk, ending="Checked.", staff_id=STAFF)

    with pytest.raises(NotAllowed, match="on its way"):
        restrictions.tell_by_mail(row.pk, ending="Checked.", staff_id=STAFF)

    assert OutgoingEmail.objects.count() == 1


def test_the_ledger_says_told_only_once_the_mail_was_handed_over(
    smtp: Relay,
) -> None:
    restrictions.tell_by_mail(restricted().pk, ending="Checked.", staff_id=STAFF)
    told = SubjectEvent.objects.filter(action="told")
    assert restrictions.take_over_notices() == 0 and not told.exists()

    assert len(inbox(smtp, ADA)) == 1

    assert restrictions.take_over_notices() == 1
    assert restrictions.take_over_notices() == 0
    event = told.get()
    assert (event.detail, event.staff_id) == ("by e-mail", None)


# The state of the mail, what the console says, and whether another may go out.
NOTICES = [
    ("queued", "notice on its way", False),
    ("in flight", "notice on its way", False),
    ("sent", "told, to be lifted", False),
    ("unknown", "unknown whether the notice arrived", False),
    ("failed", "notice failed", True),
    ("withheld", "notice was not sent", True),
]


@pytest.mark.parametrize(("state", "words", "may_repeat"), NOTICES)
def test_the_state_of_the_notice_is_that_of_its_mail(
    console: Client, state: str, words: str, may_repeat: bool
) -> None:
    row = restricted()
    restrictions.tell_by_mail(row.pk, ending="Checked.", staff_id=STAFF)
    OutgoingEmail.objects.update(state=state, settled_at=timezone.now())
    for path in ("", f"{row.pk}/change/"):
        page = console.get(f"/console/data_subjects/restriction/{path}")
        assert words in page.content.decode()

    again = {"ending": "Checked.", "how": "e-mail"}
    tell = f"/console/data_subjects/restriction/{row.pk}/tell/"
    assert console.post(tell, again).status_code == (302 if may_repeat else 400)

    assert OutgoingEmail.objects.count() == (2 if may_repeat else 1)
    lift = f"/console/data_subjects/restriction/{row.pk}/lift/"
    assert console.post(lift).status_code == (302 if state == "sent" else 400)


def test_the_notice_names_the_day_on_which_the_controller_was(smtp: Relay) -> None:
    row = restricted()
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    with as_the_law_requires(row.data_subject_id):
        Restriction.objects.filter(pk=row.pk).update(starts_at=late)
    restrictions.tell_by_mail(row.pk, ending="Checked.", staff_id=STAFF)

    (mail,) = inbox(smtp, ADA)

    assert "1 July 2026" in mail.text


def test_what_is_lifted_cannot_be_lifted_or_announced_again() -> None:
    row = lifted()

    with pytest.raises(NotAllowed, match="lifted already"):
        restriction.lift(row.pk, staff_id=STAFF)
    with pytest.raises(NotAllowed, match="lifted already"):
        restriction.tell(row.pk, ending="x", how="by letter", staff_id=STAFF)


# --- What it binds ---


def queue_to_ada(message_class: MessageClass) -> OutgoingEmail:
    is_marketing = message_class == MessageClass.MARKETING
    return queue(
        "subscribers/stopped",
        to=ADA,
        context={
            "purposes": [],
            "unsubscribe_url": "http://localhost:8000/u/" + "a" * 22 + "/",
        },
        data_subject_id=subject_of(ADA).pk,
        message_class=message_class,
        purpose="case-updates" if is_marketing else "",
    )


@pytest.mark.parametrize(
    ("message_class", "state"),
    [
        (MessageClass.MARKETING, "withheld"),
        (MessageClass.NOTICE, "withheld"),
        (MessageClass.SERVICE, "queued"),
        (MessageClass.RIGHTS, "queued"),
        (MessageClass.STAFF, "queued"),
    ],
)
def test_only_answers_are_queued_for_a_restricted_person(
    message_class: MessageClass, state: str
) -> None:
    restricted()

    mail = queue_to_ada(message_class)

    assert mail.state == state
    assert mail.reason == ("restricted" if state == "withheld" else "")


@pytest.mark.parametrize("known_by", ["person", "address"])
def test_a_restriction_between_queueing_and_hand_over_holds_the_mail_back(
    smtp: Relay, known_by: str
) -> None:
    mail = queue_to_ada(MessageClass.NOTICE)
    if known_by == "address":
        OutgoingEmail.objects.update(data_subject=None)
    restricted()

    assert inbox(smtp, ADA) == []
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == ("withheld", "restricted")


def test_an_export_leaves_restricted_people_out_and_says_how_many(
    client: Client, smtp: Relay, console: Client
) -> None:
    become_reader(client, smtp, ADA)
    become_reader(client, smtp, BEN)
    restricted(ADA)

    for whom in exporting.Whom.values:
        assert ADA not in "".join(exporting.as_csv(whom))
        assert BEN in "".join(exporting.as_json(whom))
        assert exporting.record_export(whom, staff_id=STAFF) == 1
    page = console.get("/console/subscribers/subscriber/export/").content.decode()
    assert "1 person is left out" in page


def test_an_import_does_not_touch_a_restricted_person(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada")
    restricted(ADA)
    restricted(CLEO)
    text = f"email,first_name\n{ADA},Changed\n{CLEO},New\n"
    upload = importing.keep_upload(text, file_name="a.csv", staff_id=STAFF)

    counts = importing.apply_upload(
        upload.pk, digest=upload.digest.hex(), staff_id=STAFF
    )

    assert counts["refused"] == 2 and counts["changes"] == counts["new"] == 0
    assert subscriber_of(ADA).first_name == "Ada"
    planned = importing.plan(importing.read(text, now=timezone.now()))
    assert all("restricted" in p.reason for p in planned)


def test_staff_cannot_change_a_restricted_person_and_read_why(
    client: Client, smtp: Relay, console: Client
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada")
    restricted(ADA)
    path = f"/console/subscribers/subscriber/{subscriber_of(ADA).pk}/details/"

    page = console.post(path, {"first_name": "Eve"}, follow=True).content.decode()

    assert subscriber_of(ADA).first_name == "Ada"
    assert "Nothing was changed" in page and "not accurate" in page


def test_the_verbs_of_staff_refuse_whoever_calls_them(
    client: Client, smtp: Relay, console: Client
) -> None:
    become_reader(client, smtp, ADA, first_name="Ada")
    sign_up(client, smtp, BEN)
    restricted(ADA)
    restricted(BEN)
    sent = len(inbox(smtp, BEN))

    with pytest.raises(NotAllowed, match="restricted since"):
        preferences.change_details(
            subscriber_of(ADA), {"first_name": "Eve"}, staff_id=STAFF
        )
    with pytest.raises(NotAllowed, match="restricted since"):
        entering.resend_confirmation(subscriber_of(BEN).pk)

    path = f"/console/subscribers/subscriber/{subscriber_of(BEN).pk}/confirmation/"
    page = console.post(path, follow=True).content.decode()
    assert "Nothing was sent" in page and "restricted since" in page
    assert subscriber_of(ADA).first_name == "Ada" and len(inbox(smtp, BEN)) == sent


def test_the_persons_own_acts_still_work(client: Client, smtp: Relay) -> None:
    welcome = become_reader(client, smtp, ADA)
    restricted(ADA)

    visit = open_preferences(client, smtp)
    client.post(visit, {"purposes": ["case-updates"], "first_name": "Augusta"})
    assert subscriber_of(ADA).first_name == "Augusta"
    response: Any = client.post(
        welcome.one_click_path(), {"List-Unsubscribe": "One-Click"}
    )

    assert response.status_code == 200
    assert stands(ADA) == set()


def test_a_restriction_and_a_hold_in_advance_bind_a_reader_who_moves_there(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA)
    reader = subscriber_of(ADA).data_subject_id
    restricted(CLEO)
    hold = held(CLEO)
    visit = open_preferences(client, smtp)
    client.post(visit, {"email": CLEO})
    assert not is_restricted(reader)

    client.post(inbox(smtp, CLEO)[0].path("/address/"))

    assert subscriber_of(CLEO).data_subject_id == reader
    assert is_restricted(reader) and is_kept(reader)
    assert Restriction.objects.get(data_subject=reader).reason
    actions = SubjectEvent.objects.filter(data_subject_id=reader).order_by("id")
    assert [(e.action, e.staff_id) for e in actions] == [
        ("restricted", None),
        ("held", None),
    ]
    assert hold.people.count() == 2
