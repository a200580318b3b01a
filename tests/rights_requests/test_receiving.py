"""Receiving a request: everything in one statement, the same work for everybody."""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from data_subjects.models import DataSubject
from groundwork import addresses, one_statement
from groundwork.links import token_digest
from groundwork.one_statement import Part
from outbox.models import SuppressedAddress
from outbox.suppression import suppress
from rights_requests import clock, links
from rights_requests.kinds import CaseKind
from rights_requests.models import Case, CaseLink, CaseLogEntry, Submission
from rights_requests.moves import Move, State
from rights_requests.opening import Asked, new_case
from rights_requests.receiving import Agent, receive
from tests.people import ADA, BEN, CLEO, become_reader
from tests.relay import Relay
from tests.rights_requests.asking import ask, check, send
from tests.rights_requests.lives import new_case as lived
from tests.rights_requests.lives import sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_house")]

MOST_STATEMENTS = 6
Standing = Callable[[Client, Relay], None]


# --- How much work ---


def nobody(client: Client, smtp: Relay) -> None:
    """An address never seen."""


def reader(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, CLEO)


def asked_before(client: Client, smtp: Relay) -> None:
    ask(client, words="Earlier")


def suppressed(client: Client, smtp: Relay) -> None:
    suppress(addresses.digest(CLEO), "", SuppressedAddress.Reason.OBJECTED)


def statements_of(client: Client, page: Any) -> list[str]:
    """What pressing “send” has the database do."""
    with CaptureQueriesContext(connection) as queries:
        assert send(client, page).status_code == 302
    return [query["sql"] for query in queries.captured_queries]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("standing", [nobody, reader, asked_before, suppressed])
def test_a_request_takes_few_statements_and_one_commit(
    client: Client, smtp: Relay, standing: Standing
) -> None:
    standing(client, smtp)

    work = statements_of(client, check(client, "access", "erasure", "portability"))

    assert len(work) <= MOST_STATEMENTS
    # A statement outside a transaction commits itself; all others only read.
    assert not {"BEGIN", "COMMIT"} & set(work)
    writing = [sql for sql in work if "INSERT" in sql or "UPDATE" in sql]
    assert len(writing) == 1
    assert "rights_requests_caselogentry" in writing[0]


@pytest.mark.django_db(transaction=True)
def test_five_things_take_the_same_statement_as_one(client: Client) -> None:
    on_the_clock = ["access", "erasure", "restriction", "portability", "rectification"]
    of_one, of_five = (
        statements_of(client, check(client, *kinds, words=f"Give me {kinds}"))[-1]
        for kinds in (["access"], on_the_clock)
    )

    assert without_values(of_one) == without_values(of_five)
    assert Case.objects.count() == 6


def without_values(sql: str) -> str:
    return re.sub(r"'(?:[^']|'')*'", "?", sql)


@pytest.mark.django_db(transaction=True)
def test_what_takes_effect_at_once_does_so_in_the_same_commit(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, CLEO)

    work = statements_of(client, check(client, "objection-marketing"))

    assert work.count("COMMIT") == 1
    assert Case.objects.get().state == State.FULFILLED
    assert SuppressedAddress.objects.filter(reason="objected").count() == 1


# --- Everything arrives ---


def test_every_field_of_every_row_is_as_it_was_given() -> None:
    now = timezone.now()
    message = sent(
        CaseKind.ACCESS,
        name="Cleo “O’Quill” \\x41 {1}",
        postal_address="1 Analytical Row\nLondon",
        telephone="020 7946 0000",
        agent=Agent("Ben", BEN),
        words="Première ligne\n\tand “two” 😀",
        wants_recipients=True,
        form_number="a form",
    )
    grounds = ("child", "not-needed")
    asked = (*message.asked, Asked(CaseKind.ERASURE, grounds, details='{"a": [1]}'))
    message = replace(message, asked=asked)

    received = receive(message, now=now)

    submission = Submission.objects.select_related("data_subject").get()
    assert submission == received.submission
    digest = submission.data_subject.address_digest
    assert digest and bytes(digest) == addresses.digest(CLEO)
    for name in (
        *("name", "address", "postal_address", "telephone", "agent_name", "words"),
        *("agent_address", "answer_to", "channel", "reply_by", "dated_on", "signs"),
        *("received_at", "recorded_at", "wants_recipients", "acknowledge_from"),
    ):
        assert getattr(submission, name) == getattr(received.submission, name), name
    assert submission.words == message.words
    for given in received.cases:
        kept = Case.objects.get(pk=given.pk)
        for field in Case._meta.concrete_fields:
            assert getattr(kept, field.attname) == getattr(given, field.attname), field
        assert_its_log_and_links(kept)
    erasure = Case.objects.get(kind=CaseKind.ERASURE)
    assert (erasure.grounds, erasure.details) == (list(grounds), '{"a": [1]}')


def assert_its_log_and_links(case: Case) -> None:
    entry = CaseLogEntry.objects.get(case_id=case.pk)
    assert (entry.number, entry.event, entry.due_on) == (1, Move.RECEIVE, case.due_on)
    assert entry.inputs["received_at"] == clock.written(case.received_at)
    assert entry.inputs["grounds"] == case.grounds
    assert entry.at is not None and entry.written_in > 0
    assert {(link.use, bytes(link.token_digest)) for link in case.links.all()} == {
        (use, token_digest(use, links.token_of(case, use, 1)))
        for use in (CaseLink.Use.STATUS, CaseLink.Use.CONFIRM)
    }


def test_what_comes_back_can_be_worked_on_like_any_row() -> None:
    received = receive(sent(CaseKind.ACCESS), now=timezone.now())
    [case] = received.cases

    case.assigned_to_id = 7
    case.save(update_fields=["assigned_to_id"])
    received.submission.held_because = "flood"
    received.submission.save(update_fields=["held_because"])

    kept = Case.objects.select_related("submission").get()
    assert (kept.assigned_to_id, kept.submission.held_because) == (7, "flood")


@pytest.mark.django_db(transaction=True)
def test_the_database_still_refuses_a_case_that_its_log_does_not_show() -> None:
    earlier = lived(CaseKind.ACCESS)
    case, _ = new_case(
        earlier.submission, Asked(CaseKind.ERASURE), now=timezone.now(), staff_id=None
    )
    source = Part("source", "SELECT 1", ())
    cases = one_statement.insert_all("cases", [case], source="source")

    with pytest.raises(IntegrityError, match="stands in the case log"):
        one_statement.run([source, cases], "SELECT 1")
    assert not Case.objects.filter(pk=case.pk).exists()


# --- The same again ---


@pytest.mark.parametrize("address", [CLEO, ""], ids=["address", "no address"])
def test_the_same_form_again_opens_nothing_and_makes_nobody(address: str) -> None:
    message = sent(
        CaseKind.ACCESS, CaseKind.SCHEDULE, address=address, form_number="once"
    )
    first = receive(message, now=timezone.now())
    second = receive(message, now=timezone.now())

    assert (first.is_new, second.is_new) == (True, False)
    assert {case.pk for case in first.cases} == {case.pk for case in second.cases}
    assert second.submission.pk == first.submission.pk
    counts = [model.objects.count() for model in (Submission, Case, DataSubject)]
    assert counts == [1, 2, 1]
    assert CaseLogEntry.objects.filter(event=Move.RECEIVE).count() == 2


def test_the_same_mail_again_opens_nothing() -> None:
    message = sent(CaseKind.ACCESS, inbound_email_id=7, is_draft=True)
    first = receive(message, now=timezone.now())

    assert receive(message, now=timezone.now()).submission == first.submission
    assert Case.objects.count() == 1


def test_two_people_without_an_address_are_two_people() -> None:
    for _ in range(2):
        receive(sent(CaseKind.ACCESS, address=""), now=timezone.now())

    assert DataSubject.objects.filter(address_digest=None).count() == 2


# --- References by lot ---


@pytest.fixture
def lot(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Decide what is drawn: each sign eight times, the last one for ever."""

    def draw(*signs: str) -> None:
        eights = [repeat(sign, 8) for sign in signs[:-1]]
        drawn: Iterator[str] = chain(*eights, repeat(signs[-1]))
        monkeypatch.setattr(secrets, "choice", lambda _: next(drawn))

    return draw


@pytest.mark.parametrize("kind", [CaseKind.ACCESS, CaseKind.MARKETING])
def test_a_reference_that_is_taken_is_drawn_again(
    lot: Callable[..., None], kind: CaseKind
) -> None:
    lot("A")
    receive(sent(kind, address=ADA), now=timezone.now())

    lot("A", "A", "B")
    [case] = receive(sent(kind), now=timezone.now()).cases

    assert case.reference == "R-BBBB-BBBB"
    assert Case.objects.count() == Submission.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_so_it_is_outside_a_transaction_too(lot: Callable[..., None]) -> None:
    lot("A")
    receive(sent(CaseKind.ACCESS, address=ADA), now=timezone.now())

    lot("A", "B")
    with CaptureQueriesContext(connection) as queries:
        [case] = receive(sent(CaseKind.ACCESS), now=timezone.now()).cases

    assert Case.objects.get(reference="R-BBBB-BBBB").pk == case.pk
    assert "COMMIT" not in [query["sql"] for query in queries.captured_queries]


def test_a_lot_that_never_ends_is_given_up(lot: Callable[..., None]) -> None:
    lot("A")
    receive(sent(CaseKind.ACCESS), now=timezone.now())

    with pytest.raises(RuntimeError, match="taken"):
        receive(sent(CaseKind.ACCESS, address=ADA), now=timezone.now())
    assert Submission.objects.count() == 1


def test_what_else_the_database_refuses_is_not_tried_again() -> None:
    nameless = sent(CaseKind.ACCESS, channel=None)

    with pytest.raises(IntegrityError), transaction.atomic():
        receive(nameless, now=timezone.now())
    assert not Case.objects.exists()
