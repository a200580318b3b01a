"""The export: formulas neutralised, the rest unchanged, every download on record."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from groundwork.spreadsheets import neutralised
from staff.models import StaffUser
from subscribers import leaving
from subscribers.models import Subscriber
from tests.case_updates.cast import pending_reader, reader
from tests.console.staff import SUBSCRIBERS, accesses, dana
from tests.people import ADA, BEN, CASE_UPDATES, OWN_NEWS

pytestmark = pytest.mark.django_db

URL = f"{SUBSCRIBERS}export/"
FORMULA = '=HYPERLINK("https://evil.example")'


def export(client: Client, kind: str = "csv", whom: str = "readers") -> Any:
    return client.post(URL, {"whom": whom, "kind": kind})


def rows_of(response: Any) -> list[dict[str, str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


def give(address: str, **details: str) -> Subscriber:
    subscriber = reader(address, (CASE_UPDATES, OWN_NEWS))
    for name, value in details.items():
        setattr(subscriber, name, value)
    subscriber.save(update_fields=list(details))
    return subscriber


def test_the_csv_neutralises_formulas_and_keeps_the_rest(console: Client) -> None:
    give(ADA, employer=FORMULA, telephone="+44 20 7946 0000", first_name='Ad"a, x')
    (row,) = rows_of(export(console))
    assert row["employer"] == f"'{FORMULA}"
    assert row["telephone"] == "'+44 20 7946 0000"
    assert row["first_name"] == 'Ad"a, x'
    assert row["email"] == ADA
    assert row["purposes"] == "case-updates;own-news"


def test_the_json_keeps_every_value_unchanged(console: Client) -> None:
    give(ADA, employer=FORMULA, telephone="+44 20 7946 0000")
    response = export(console, "json")
    (row,) = json.loads(b"".join(response.streaming_content))
    assert row["employer"] == FORMULA
    assert row["telephone"] == "+44 20 7946 0000"
    assert row["purposes"] == [CASE_UPDATES, OWN_NEWS]


@pytest.mark.parametrize("start", list("=+-@\t\r\n\0＝＋－＠"))
def test_every_start_of_a_formula_is_led_by_an_apostrophe(start: str) -> None:
    assert neutralised(f"{start}1+1") == f"'{start}1+1"
    assert neutralised(f"  {start}1+1") == f"'  {start}1+1"


@pytest.mark.parametrize("value", ["", "Ada", "1-1", "a=b", "'quoted", "x@example.com"])
def test_other_values_stay_as_they_are(value: str) -> None:
    assert neutralised(value) == value


def test_the_lines_end_as_rfc_4180_says(console: Client) -> None:
    give(ADA, employer='Quote "this"')
    content = b"".join(export(console).streaming_content)
    assert content.endswith(b"\r\n")
    assert b'"Quote ""this"""' in content


def test_an_export_is_on_record_with_its_count(
    console: Client, omar: StaffUser
) -> None:
    reader(ADA)
    pending_reader(BEN)
    export(console, whom="everyone")
    (record,) = accesses("exported")
    assert (record.staff_id, record.rows_count) == (omar.pk, 2)
    assert record.data_subject_id is None


def test_only_standing_consents_are_named(console: Client) -> None:
    ada = give(ADA)
    leaving.leave(ada.pk, [OWN_NEWS], channel="preferences page")
    pending_reader(BEN)
    rows = rows_of(export(console, whom="everyone"))
    assert [(row["email"], row["purposes"]) for row in rows] == [
        (ADA, "case-updates"),
        (BEN, ""),
    ]


def test_confirmed_readers_are_the_usual_choice(console: Client) -> None:
    reader(ADA)
    pending_reader(BEN)
    assert [row["email"] for row in rows_of(export(console))] == [ADA]


def test_a_get_exports_nothing(console: Client) -> None:
    reader(ADA)
    response = console.get(f"{URL}?whom=readers&kind=csv")
    assert not response.streaming
    assert ADA.encode() not in response.content
    assert accesses("exported") == []


def test_exporting_needs_its_permission() -> None:
    client = dana("view_subscriber", "import_subscriber")
    assert client.get(URL).status_code == 403
    assert export(client).status_code == 403
    assert accesses("exported") == []
