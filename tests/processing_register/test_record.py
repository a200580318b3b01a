"""The record of processing: the regulator's columns, every purpose, nothing made up."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from processing_register.models import (
    Controller,
    ProcessingPurpose,
    Recipient,
    RetentionRule,
)
from tests.console.staff import console_of, dana, person, text
from tests.people import DANA

pytestmark = pytest.mark.django_db

PAGE = "/console/record-of-processing/"
BASIS = "Article 6 lawful basis for processing personal data"
ASSESSMENT = "Link to record of legitimate interests assessment (if applicable)"
CONSENT = "Link to record of consent"
CONTRACT = "Link to contract with processor"
RETENTION = "Retention schedule (if possible)"
COUNTRIES = (
    "Names of third countries or international organisations that personal data are"
    " transferred to (if applicable)"
)
SAFEGUARDS = (
    "Safeguards for exceptional transfers of personal data to third countries or"
    " international organisations (if applicable)"
)
IN_ORDER = [
    "Business function",
    "Purpose of processing",
    "Name and contact details of joint controller (if applicable)",
    "Categories of individuals",
    "Categories of personal data",
    "Categories of recipients",
    CONTRACT,
    COUNTRIES,
    SAFEGUARDS,
    RETENTION,
    "General description of technical and organisational security measures"
    " (if possible)",
    BASIS,
    "Article 9 condition for processing special category data",
    "Legitimate interests for the processing (if applicable)",
    ASSESSMENT,
    "Rights available to individuals",
    "Existence of automated decision-making, including profiling (if applicable)",
    "The source of the personal data (if applicable)",
    CONSENT,
    "Location of personal data",
    "Data Protection Impact Assessment required?",
    "Data Protection Impact Assessment progress",
    "Link to Data Protection Impact Assessment",
    "Has a personal data breach occurred?",
    "Link to record of personal data breach",
    "Data Protection Act 2018 Schedule 1 condition for processing",
    "GDPR Article 6 lawful basis for processing",
    "Link to retention and erasure policy document",
    "Is personal data retained and erased in accordance with the policy document?",
    "Reasons for not adhering to retention and erasure policy document (if applicable)",
]


def written(kind: str) -> str:
    out = io.StringIO()
    call_command("record_of_processing", format=kind, stdout=out)
    return out.getvalue()


def lines() -> list[list[str]]:
    return list(csv.reader(io.StringIO(written("csv").removeprefix("\ufeff"))))


def cells(key: str) -> dict[str, list[str]]:
    rows = json.loads(written("json"))["rows"]
    found: dict[str, dict[str, list[str]]] = {row["key"]: row["cells"] for row in rows}
    return found[key]


def as_dana() -> Client:
    return dana("view_processingpurpose")


def body(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def test_the_columns_stand_in_the_order_of_the_regulators_template() -> None:
    head = lines()[0]
    assert head == [*IN_ORDER, "Name and contact details of the controller"]
    assert json.loads(written("json"))["columns"] == IN_ORDER


def test_every_purpose_has_one_row_without_an_empty_cell() -> None:
    titles = ProcessingPurpose.objects.values_list("title", flat=True)
    rows = lines()[1:]
    assert [row[1].partition(": ")[0] for row in rows] == list(titles)
    assert len(rows) == 16
    assert all(all(row) for row in rows)


def test_the_controller_stands_in_every_row() -> None:
    controller = Controller.objects.get()
    for row in lines()[1:]:
        assert row[-1].startswith(f"{controller}; ")
        assert controller.governance_email in row[-1]


def test_analytics_rests_on_consent_and_on_an_interest() -> None:
    consent, interest = cells("analytics")[BASIS]
    assert consent.startswith("Art. 6(1)(a), consent: ")
    assert interest.startswith("Art. 6(1)(f), legitimate interests: ")


def test_no_data_leaves_for_a_third_country() -> None:
    for row in lines()[1:]:
        assert row[IN_ORDER.index(COUNTRIES)] == "None"
        assert row[IN_ORDER.index(SAFEGUARDS)] == "Not applicable"


def test_a_recipient_abroad_is_named_with_its_safeguard() -> None:
    Recipient.objects.filter(key="hosting").update(
        country_code="US", country="United States", safeguard="the data bridge"
    )
    assert cells("analytics")[COUNTRIES] == ["United States (Hosting service)"]
    assert cells("analytics")[SAFEGUARDS] == ["United States: the data bridge"]


def test_the_eea_is_abroad_and_adequate() -> None:
    Recipient.objects.filter(key="hosting").update(country_code="IE", country="Ireland")
    assert cells("analytics")[COUNTRIES] == ["Ireland (Hosting service)"]
    [safeguard] = cells("analytics")[SAFEGUARDS]
    assert safeguard.startswith("Ireland: adequate")


def test_a_processors_contract_is_named_once_there_is_one() -> None:
    assert cells("analytics")[CONTRACT] == ["Hosting service: not on record"]
    Recipient.objects.filter(key="hosting").update(agreement="DPA-7")
    assert cells("analytics")[CONTRACT] == ["Hosting service: DPA-7"]


def test_a_period_that_is_not_settled_is_marked() -> None:
    RetentionRule.objects.filter(key="page-counts").update(is_settled=False)
    [before] = cells("analytics")[RETENTION]
    RetentionRule.objects.filter(key="page-counts").update(is_settled=True)
    assert cells("analytics")[RETENTION] == [before.removesuffix(" (to be settled)")]
    assert before.endswith(" (to be settled)")


def test_the_link_to_an_assessment_opens_its_summary(client: Client) -> None:
    [link] = cells("orders")[ASSESSMENT]
    assert link.endswith("/privacy/interests/orders/")
    path = "/" + link.split("/", 3)[3]
    assert client.get(path).status_code == 200
    assert cells("opt-out-list")[ASSESSMENT] == ["Not applicable"]


def test_an_unpublished_assessment_gets_no_link() -> None:
    purpose = ProcessingPurpose.objects.get(key="opt-out-list")
    purpose.lawful_bases = [{"key": "legitimate-interests", "what_for": "to remember"}]
    purpose.interests = "Weighed."
    purpose.save(update_fields=["lawful_bases", "interests"])
    [said] = cells("opt-out-list")[ASSESSMENT]
    assert "not published" in said


@pytest.mark.parametrize("key", ["case-updates", "analytics"])
def test_the_link_to_the_record_of_consent_opens_the_ledger(key: str) -> None:
    [link] = cells(key)[CONSENT]
    path = "/" + link.split("/", 3)[3]
    console = dana("view_consententry", "view_cookiechoice")
    assert console.get(path).status_code == 200
    assert cells("orders")[CONSENT] == ["Not applicable"]


def test_rights_depend_on_the_basis() -> None:
    column = "Rights available to individuals"
    assert "Withdrawal of consent at any time" in cells("case-updates")[column]
    assert "Objection" in cells("orders")[column]
    assert "Objection" not in cells("rights-requests")[column]
    stops = "Objection to direct marketing, which always ends it"
    for marketing in ("case-updates", "content-and-advertising", "target-market"):
        assert stops in cells(marketing)[column]
    assert stops not in cells("orders")[column]
    assert "Erasure" not in cells("rights-requests")[column]


def test_recordings_outside_this_system_are_said_to_lie_outside() -> None:
    assert cells("training-and-monitoring")["Location of personal data"][0] == (
        "A system outside this one"
    )
    assert cells("case-updates")["Location of personal data"][0] == (
        "This system’s database"
    )


def test_a_value_that_a_spreadsheet_would_run_is_neutralised_in_the_csv_only() -> None:
    formula = '=HYPERLINK("https://example.com")'
    ProcessingPurpose.objects.filter(key="orders").update(individuals=formula)
    column = IN_ORDER.index("Categories of individuals")
    found = [row[column] for row in lines() if row[column].endswith(formula)]
    assert found == [f"'{formula}"]
    assert cells("orders")["Categories of individuals"] == [formula]


def test_the_page_sets_out_every_purpose_and_escapes_what_it_shows() -> None:
    ProcessingPurpose.objects.filter(key="orders").update(individuals="<b>Buyers</b>")
    page = text(as_dana().get(PAGE))
    for key in ProcessingPurpose.objects.values_list("key", flat=True):
        assert f'<h2 id="{key}">' in page
    assert "&lt;b&gt;Buyers&lt;/b&gt;" in page
    assert page.count("<dt>Data Protection Impact Assessment required?</dt>") == 1
    assert page.count(f"<dt>{BASIS}</dt>") == 16


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("csv", "text/csv; charset=utf-8"), ("json", "application/json")],
)
def test_a_download_is_what_the_command_writes(kind: str, content_type: str) -> None:
    answer = as_dana().post(f"{PAGE}{kind}/")
    assert answer["Content-Type"] == content_type
    assert f".{kind}" in answer["Content-Disposition"]
    assert body(answer) == written(kind)


def test_a_download_is_no_get_and_needs_the_form_token() -> None:
    user = person(DANA, "view_processingpurpose")
    assert console_of(user).get(f"{PAGE}csv/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(f"{PAGE}csv/").status_code == 403


def test_there_is_no_other_kind_of_file() -> None:
    assert as_dana().post(f"{PAGE}xlsx/").status_code == 404


def test_who_may_not_see_the_purposes_sees_no_record(client: Client) -> None:
    nobody = dana("view_controller")
    assert nobody.get(PAGE).status_code == 403
    assert nobody.post(f"{PAGE}csv/").status_code == 403
    assert "Record of processing" not in text(nobody.get("/console/"))
    assert client.get(PAGE).status_code == 302


def test_without_a_register_the_command_says_what_to_do() -> None:
    Controller.objects.all().delete()
    with pytest.raises(CommandError, match="load_register"):
        written("csv")
