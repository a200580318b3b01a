"""Ledgers are read on the console, and changed by nobody."""

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError
from django.test import Client

from consent.models import ConsentEntry
from groundwork import ledger
from groundwork.ledger import LedgerIsAppendOnly, ledgers
from staff.models import AccessRecord
from subscribers.models import SubscriberEvent
from tests.case_updates.cast import reader
from tests.console.staff import dana, page_of, text
from tests.people import ADA
from tests.sealing import seal

pytestmark = pytest.mark.django_db

BOOKS = [ConsentEntry, SubscriberEvent, AccessRecord]


@pytest.fixture(autouse=True)
def entries(console: Client) -> None:
    """Each ledger has an entry."""
    console.get(page_of(reader(ADA)))


@pytest.mark.parametrize("book", BOOKS)
def test_nobody_can_add_change_or_delete_an_entry(
    console: Client, book: type[ledger.LedgerEntry]
) -> None:
    entry = book.objects.latest("id")
    before = entry.digest(book.sealed_fields())
    count = book.objects.count()
    base = f"/console/{book._meta.app_label}/{book._meta.model_name}/"
    assert console.post(f"{base}add/", {"action": "given"}).status_code == 403
    change = console.post(f"{base}{entry.pk}/change/", {"action": "withdrawn"})
    assert change.status_code == 403
    delete = console.post(f"{base}{entry.pk}/delete/", {"post": "yes"})
    assert delete.status_code == 403
    console.post(base, {"action": "delete_selected", "_selected_action": entry.pk})
    assert book.objects.count() == count
    assert book.objects.get(pk=entry.pk).digest(book.sealed_fields()) == before


@pytest.mark.parametrize("book", BOOKS)
def test_neither_can_the_code_behind_it(book: type[ledger.LedgerEntry]) -> None:
    entry = book.objects.latest("id")
    with pytest.raises(LedgerIsAppendOnly):
        entry.save()
    with pytest.raises(LedgerIsAppendOnly):
        entry.delete()
    with pytest.raises(LedgerIsAppendOnly):
        book.objects.update(at=None)
    with pytest.raises(LedgerIsAppendOnly):
        book.objects.all().delete()
    with pytest.raises(ProgrammingError), transaction.atomic():
        # Past the model: the database role may not either.
        type(entry)._base_manager.filter(pk=entry.pk)._raw_delete("default")


def test_every_ledger_of_the_house_is_on_the_console(console: Client) -> None:
    for book in ledgers():
        url = f"/console/{book._meta.app_label}/{book._meta.model_name}/"
        assert console.get(url).status_code == 200, url


def test_the_ledgers_show_no_address(console: Client) -> None:
    for book in ledgers():
        url = f"/console/{book._meta.app_label}/{book._meta.model_name}/"
        assert "@example.com" not in text(console.get(url))


@pytest.mark.django_db(transaction=True)
def test_the_seals_are_shown_with_their_digests(console: Client) -> None:
    made = seal(ConsentEntry)

    assert made is not None
    assert bytes(made.digest).hex()[:32] in text(console.get("/console/seals/"))


def test_seeing_a_ledger_needs_its_permission() -> None:
    client = dana("view_consententry")
    assert client.get("/console/consent/consententry/").status_code == 200
    assert client.get("/console/staff/accessrecord/").status_code == 403
    assert client.get("/console/seals/").status_code == 403
