"""The first letter: written by the worker, once, whatever else goes wrong."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from data_subjects import holds
from groundwork import addresses, one_statement
from processing_register.notices import current_controller
from rights_requests import acknowledging, casebook, clock_health, closing, handling
from rights_requests.acknowledging import acknowledge_new
from rights_requests.handling import Question
from rights_requests.kinds import AT_ONCE, CaseKind
from rights_requests.models import Case, CaseLogEntry, Letter, Submission
from rights_requests.moves import Move, State
from rights_requests.receiving import Agent, receive
from rights_requests.writing import rendered_of
from tests.beside import Beside
from tests.people import ADA, BEN, CLEO, become_reader, inbox
from tests.relay import Relay
from tests.rights_requests.lives import sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

QUESTION = Question(("A letter that we sent you",), "The address is new to us.")


def received(*kinds: CaseKind, address: str = CLEO, **more: Any) -> list[Case]:
    """What somebody sends now, before the worker has looked."""
    message = sent(*(kinds or (CaseKind.ACCESS,)), address=address, **more)
    return receive(message, now=timezone.now()).cases


def has_many(address_digest: bytes, *, now: datetime) -> bool:
    step = acknowledging.many_step("many", address_digest, now=now)
    [has_them] = one_statement.run([step], "SELECT has_them FROM many")
    return bool(has_them)


def spoil(case: Case) -> None:
    """A case without the day that its letter has to tell: no letter comes of it."""
    Case.objects.filter(pk=case.pk).update(due_on=None)


def mend(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(due_on=case.due_on)


def later(**time: int) -> int:
    """The worker looks after so long a time; for how many it wrote."""
    return acknowledge_new(timezone.now() + timedelta(**time))


def kinds_of_letters() -> list[str]:
    return sorted(Letter.objects.values_list("kind", flat=True))


# --- Once ---


def test_the_worker_writes_the_letter_and_not_whoever_receives() -> None:
    [case] = received()
    assert not Letter.objects.exists()

    assert acknowledge_new(timezone.now()) == 1

    assert kinds_of_letters() == ["acknowledgement"]
    case.refresh_from_db()
    assert case.acknowledged_at is not None
    assert Submission.objects.get().acknowledge_from is None


def test_looking_again_writes_nothing_again(smtp: Relay) -> None:
    received(CaseKind.ACCESS, CaseKind.MARKETING, CaseKind.SCHEDULE, CaseKind.COMPLAINT)

    assert [later(minutes=minute) for minute in (0, 1, 60)] == [1, 0, 0]

    assert kinds_of_letters() == [
        "acknowledge-complaint",
        "acknowledgement",
        "at-once",
        "schedule",
    ]
    assert len(inbox(smtp, CLEO)) == 4


@pytest.mark.parametrize(
    "more", [{"held_because": "flood"}, {"is_draft": True}], ids=["held", "draft"]
)
def test_what_staff_look_at_first_is_not_written_about(more: dict[str, Any]) -> None:
    received(CaseKind.ACCESS, CaseKind.MARKETING, **more)

    assert later(days=1) == 0
    assert not Letter.objects.exists()


def test_a_machine_is_never_written_to() -> None:
    message = sent(CaseKind.ACCESS, CaseKind.MARKETING)
    receive(message, now=timezone.now(), answers=False)

    assert later(days=1) == 0
    assert not Letter.objects.exists()


def test_what_is_about_to_be_written_counts_for_the_most_of_a_day() -> None:
    digest = addresses.digest(CLEO)
    for _ in range(acknowledging.MOST_A_DAY):
        assert not has_many(digest, now=timezone.now())
        received()

    assert has_many(digest, now=timezone.now())
    acknowledge_new(timezone.now())
    assert has_many(digest, now=timezone.now())
    assert not has_many(addresses.digest(BEN), now=timezone.now())
    next_day = timezone.now() + timedelta(days=1)
    assert not has_many(digest, now=next_day)


# --- When something is wrong ---


def test_one_that_fails_holds_up_no_other_and_shows_itself(
    smtp: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    [wrong] = received(address=ADA, name="Ada Quill")
    spoil(wrong)
    received(address=BEN)

    assert acknowledge_new(timezone.now()) == 1

    assert (len(inbox(smtp, ADA)), len(inbox(smtp, BEN))) == (0, 1)
    assert str(wrong.submission_id) in caplog.text
    assert ADA not in caplog.text and "Quill" not in caplog.text
    soon, late = (timezone.now() + timedelta(minutes=minutes) for minutes in (1, 6))
    assert acknowledging.trouble(soon) == ""
    assert acknowledging.trouble(late) in clock_health.trouble(late)
    assert acknowledging.trouble(late).startswith("1 person waits")


def test_one_that_failed_is_tried_again_and_not_every_two_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    [case] = received()
    spoil(case)
    acknowledge_new(timezone.now())
    mend(case)
    caplog.clear()

    assert later(minutes=5) == 0
    assert later(minutes=11) == 1
    assert caplog.text == ""
    assert acknowledging.trouble(timezone.now() + timedelta(hours=1)) == ""


def test_what_fails_half_way_is_written_whole_later(smtp: Relay) -> None:
    """The letter about the first thing asked was written, the one about the second
    failed: neither counts, and each is written once in the end."""
    about_marketing, about_access = received(CaseKind.MARKETING, CaseKind.ACCESS)
    assert about_marketing.kind == CaseKind.MARKETING
    spoil(about_access)

    assert acknowledge_new(timezone.now()) == 0
    assert not Letter.objects.exists()
    assert inbox(smtp, CLEO) == []
    mend(about_access)

    assert later(minutes=11) == 1
    assert kinds_of_letters() == ["acknowledgement", "at-once"]
    assert len(inbox(smtp, CLEO)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_about_one_request_once_and_do_not_wait() -> None:
    received()

    with transaction.atomic():
        assert acknowledge_new(timezone.now()) == 1
        beside = Beside(lambda: acknowledge_new(timezone.now()))
        assert not beside.waits_for_us()
    assert beside.result() == 0
    assert kinds_of_letters() == ["acknowledgement"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_on_the_way_leaves_the_letter_to_the_next() -> None:
    received()

    with transaction.atomic():
        assert acknowledge_new(timezone.now()) == 1
        transaction.set_rollback(True)
    assert not Letter.objects.exists()

    assert acknowledge_new(timezone.now()) == 1
    assert kinds_of_letters() == ["acknowledgement"]


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_holds_is_written_about_at_the_next_look() -> None:
    [case, _] = received(CaseKind.ACCESS, CaseKind.ERASURE)

    with transaction.atomic():
        casebook.locked(case.pk)
        beside = Beside(lambda: acknowledge_new(timezone.now()))
        assert not beside.waits_for_us()
    assert beside.result() == 0

    assert acknowledge_new(timezone.now()) == 1
    assert kinds_of_letters() == ["acknowledgement", "acknowledgement"]


# --- When staff or the person were quicker than the worker ---


def test_what_the_person_took_back_meanwhile_is_not_acknowledged() -> None:
    [case] = received()
    closing.withdraw(case.pk, now=timezone.now())

    later(minutes=1)

    assert kinds_of_letters() == ["withdrawal-recorded"]
    assert Submission.objects.get().acknowledge_from is None


def test_while_the_person_must_act_the_letter_waits_for_a_day_to_tell() -> None:
    [case] = received()
    now = timezone.now()
    handling.ask_identity(case.pk, QUESTION, doubt="New.", staff_id=7, now=now)

    later(minutes=1)
    assert kinds_of_letters() == ["ask-identity"]
    assert acknowledging.trouble(now + timedelta(hours=1)) == "", "it waits for them"
    handling.waive_identity(case.pk, staff_id=7, now=now)

    assert later(hours=1) == 1
    assert "acknowledgement" in kinds_of_letters()


# --- What the letters say ---


def test_a_letter_by_post_has_no_link_that_only_the_mailbox_may_get() -> None:
    posted = {"reply_by": "post", "postal_address": "1 Analytical Row"}
    received(CaseKind.ACCESS, CaseKind.COMPLAINT, **posted)
    received(CaseKind.ACCESS, CaseKind.COMPLAINT)

    acknowledge_new(timezone.now())

    for letter in Letter.objects.all():
        holds_it = "/your-data/confirm/" in rendered_of(letter).text
        assert holds_it == (letter.by == Letter.By.E_MAIL)
    assert Letter.objects.filter(by=Letter.By.POST).count() == 2


@pytest.mark.parametrize(
    ("kind", "words", "article"),
    [
        (CaseKind.MARKETING, "on our list of people we must not write to", "21(3)"),
        (CaseKind.WITHDRAWAL, "on our list of people we must not write to", "7(3)"),
        (CaseKind.PROFILING, "with your no to profiling", "21(3)"),
    ],
)
def test_a_no_is_told_what_ends_and_what_stays_so_that_it_lasts(
    smtp: Relay, client: Client, kind: CaseKind, words: str, article: str
) -> None:
    become_reader(client, smtp, CLEO)
    [case] = received(kind)
    case.refresh_from_db()
    assert case.state == State.FULFILLED, "at once, before any letter"

    text = " ".join(inbox(smtp, CLEO)[-1].text.split())

    assert words in text
    assert f"UK GDPR, Article {article}" in text
    ends_too = kind is not CaseKind.PROFILING
    assert ("What you no longer get from us" in text) == ends_too


def test_somebody_who_never_agreed_to_anything_is_not_told_of_an_entry(
    smtp: Relay,
) -> None:
    received(CaseKind.WITHDRAWAL)

    assert "What we keep" not in inbox(smtp, CLEO)[-1].text


AGENT = Agent(name="Ben", address=BEN)
STREET = {"reply_by": "post", "postal_address": "1 High Street\nDerby"}


def words_about(address: str, kind: CaseKind, **more: Any) -> str:
    """What whoever gets the answer reads, but for the reference."""
    [case] = received(kind, address=address, **more)
    acknowledge_new(timezone.now())
    letter = Letter.objects.get(case=case)
    return rendered_of(letter).text.replace(case.reference, "the reference")


@pytest.mark.parametrize("kind", sorted(AT_ONCE))
@pytest.mark.parametrize("way", [{"agent": AGENT}, STREET], ids=["an agent", "post"])
def test_nobody_else_learns_whether_somebody_read_our_news(
    client: Client, smtp: Relay, kind: CaseKind, way: dict[str, Any]
) -> None:
    become_reader(client, smtp, ADA)

    about_a_reader = words_about(ADA, kind, **way)

    assert about_a_reader == words_about(CLEO, kind, **way)


@pytest.mark.parametrize("way", [{"agent": AGENT}, STREET], ids=["an agent", "post"])
def test_a_reader_is_told_of_what_somebody_else_had_stopped(
    client: Client, smtp: Relay, way: dict[str, Any]
) -> None:
    become_reader(client, smtp, CLEO)
    before = len(inbox(smtp, CLEO))

    [case] = received(CaseKind.MARKETING, **way)
    received(CaseKind.WITHDRAWAL, **way)

    [told] = inbox(smtp, CLEO)[before:]
    assert told.subject == "We have stopped your e-mails"
    assert "- Case updates" in told.text
    assert case.reference in told.text


def test_who_never_read_our_news_is_not_told_by_whoever_types_their_address(
    smtp: Relay,
) -> None:
    received(CaseKind.MARKETING, agent=AGENT)

    assert inbox(smtp, CLEO) == []


def test_a_street_beside_an_address_learns_of_no_claim() -> None:
    [case] = received(CaseKind.ERASURE, address=ADA, **STREET)
    matter = holds.Matter("A matter", "A claim.", timezone.localdate() + timedelta(9))
    person = case.submission.data_subject_id
    holds.place({person: ADA}, matter, owner_id=1, today=timezone.localdate())

    acknowledge_new(timezone.now())

    said = " ".join(rendered_of(Letter.objects.get()).text.split())
    assert "What we may have to keep" in said
    assert "If you bought from us: your orders and payments, for tax" in said
    assert "What a legal claim needs" not in said


def test_the_version_that_is_sent_is_the_one_on_record(smtp: Relay) -> None:
    [case] = received(CaseKind.SCHEDULE)
    case.refresh_from_db()
    assert case.state == State.FULFILLED

    text = " ".join(inbox(smtp, CLEO)[-1].text.split())

    entry = CaseLogEntry.objects.get(case_id=case.pk, event=Move.FULFIL)
    assert entry.inputs["documents"] == ["retention/1"]
    assert "version 1" in text
    letter = Letter.objects.get()
    assert letter.move_number == entry.number, "should it fail, the case is open again"


def test_the_worker_finds_what_is_marked_by_its_index() -> None:
    received()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    marked = Submission.objects.to_acknowledge(timezone.now())

    assert "submission_unacknowledged" in marked.values_list("pk").explain()


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.COMPLAINT])
def test_a_first_letter_by_post_tells_how_to_answer_without_e_mail(
    kind: CaseKind,
) -> None:
    [posted] = received(kind, address="", postal_address="1 High Street")
    [mailed] = received(kind)
    acknowledge_new(timezone.now())

    by_post, by_mail = words_of(posted), words_of(mailed)

    for words in ("You do not need e-mail", "that counts just the same"):
        assert words in by_post and words not in by_mail
    for letter in (by_post, by_mail):
        assert "by phone or by post" in letter
    controller = current_controller()
    assert controller.phone_display in by_post
    assert controller.postal_address.splitlines()[0] in by_post


def words_of(case: Case) -> str:
    return " ".join(rendered_of(case.letters.get()).text.split())
