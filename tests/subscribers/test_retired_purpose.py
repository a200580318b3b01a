"""A purpose leaves the register; whoever agreed to it can still stop it and see it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from processing_register.loading import load_register
from processing_register.models import ProcessingPurpose
from processing_register.register import the_register
from subscribers.leaving import leave_by_mail
from subscribers.links import preferences_url, unsubscribe_url
from tests.console.staff import text
from tests.people import (
    ADA,
    CASE_UPDATES,
    THIRD_PARTY_NEWS,
    become_reader,
    inbox,
    open_preferences,
    stands,
    subscriber_of,
)
from tests.reading import posting_form
from tests.relay import Relay

pytestmark = pytest.mark.django_db
TITLE = "News from other companies"


@pytest.fixture(autouse=True)
def retired(
    client: Client, smtp: Relay, settings: Settings, tmp_path: Path
) -> Iterator[None]:
    """Ada agreed to two purposes, of which one has left the register since."""
    become_reader(client, smtp, ADA, (CASE_UPDATES, THIRD_PARTY_NEWS))
    folder = tmp_path / "register"
    shutil.copytree(settings.REGISTER_DIR, folder)
    file = folder / "purposes.toml"
    blocks = file.read_text().split("[[purposes]]")
    kept = [block for block in blocks if f'"{THIRD_PARTY_NEWS}"' not in block]
    file.write_text("[[purposes]]".join(kept))
    settings.REGISTER_DIR = folder
    load_register()
    assert not ProcessingPurpose.objects.filter(key=THIRD_PARTY_NEWS).exists()
    yield
    the_register.cache_clear()


def local(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def stop_link(purpose: str = THIRD_PARTY_NEWS) -> str:
    return local(unsubscribe_url(subscriber_of(ADA).pk, purpose))


def test_its_link_says_what_it_stops_and_stops_it(client: Client) -> None:
    page = text(client.get(stop_link()))
    assert f"Stop “{TITLE}”" in page

    stopped = client.post(stop_link(), {"scope": "purpose"})

    assert TITLE in text(stopped) and "had stopped already" not in text(stopped)
    assert stands() == {CASE_UPDATES}


def test_stopping_it_can_be_undone(client: Client) -> None:
    undo = posting_form(client.post(stop_link(), {"scope": "purpose"})).action
    assert client.get(undo).status_code == 200

    restored = client.post(undo)

    assert TITLE in text(restored)
    assert stands() == {CASE_UPDATES, THIRD_PARTY_NEWS}


def test_one_click_and_a_stop_of_everything_stop_it(client: Client) -> None:
    answer = client.post(stop_link(""), {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert stands() == set()


def test_the_mailed_link_to_the_preferences_opens_and_saves(client: Client) -> None:
    path = local(preferences_url(subscriber_of(ADA).pk))
    page = client.get(path)
    assert page.status_code == 200 and TITLE in text(page)

    filled = posting_form(page).fields
    saved = client.post(path, {**filled, "purposes": [CASE_UPDATES]})

    assert saved.status_code == 200 and TITLE in text(saved)
    assert stands() == {CASE_UPDATES}


def test_the_visit_shows_what_was_agreed_to(client: Client, smtp: Relay) -> None:
    visit = open_preferences(client, smtp)
    page = client.get(visit)
    assert page.status_code == 200
    agreed = text(page).partition("What you agreed to")[2]
    assert TITLE in agreed


def test_everything_can_be_stopped_from_the_visit(client: Client, smtp: Relay) -> None:
    visit = open_preferences(client, smtp)

    stopped = client.post(visit, {"stop_all": "yes"})

    assert TITLE in text(stopped)
    assert stands() == set()


def test_a_mailed_unsubscribe_answers_with_its_name(smtp: Relay) -> None:
    assert leave_by_mail(bytes(subscriber_of(ADA).address_digest))

    assert TITLE in inbox(smtp, ADA)[-1].text
