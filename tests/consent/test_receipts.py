"""Each consent can be had as a receipt that anybody can check."""

import base64
import copy
import hashlib
import json
import shutil
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pytest_django import Settings

from consent import cookies, dpv, ledger
from consent.cookie_receipts import cookie_receipt
from consent.models import (
    Action,
    Channel,
    ConsentEntry,
    ConsentSite,
    CookieChoice,
    CookieMethod,
)
from consent.receipts import NoConsent, receipt_of
from consent.verifying import verify
from groundwork import proof_check
from groundwork.proof_check import check_receipt, leaves, read_json, read_key
from groundwork.seal_keys import public_key, public_key_pem, sign
from processing_register.register import BASES, the_register
from subscribers import leaving
from tests.database_role import acting_as
from tests.people import (
    ADA,
    BEN,
    CASE_UPDATES,
    OWN_NEWS,
    become_reader,
    open_preferences,
    subscriber_of,
)
from tests.reading import posting_form
from tests.relay import Relay
from tests.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = Path(__file__).parent / "examples"
SCHEMA = json.loads(
    (Path(proof_check.__file__).parents[1] / "consent/receipt.schema.json").read_text()
)
# Every term that the receipts may use, as the vocabulary's version 2.3 has them.
KNOWN_TERMS = {
    "DirectMarketing",
    "Marketing",
    "ServiceUsageAnalytics",
    "RequestedServiceProvision",
    "CommunicationManagement",
    "CommunicationForCustomerCare",
    "RightsFulfilment",
    "LegalCompliance",
    "EnforceSecurity",
    "Consent",
    "ContractPerformance",
    "LegalObligation",
    "LegitimateInterestOfController",
    "ConsentRequested",
    "ConsentGiven",
    "ConsentRefused",
    "ConsentWithdrawn",
    "ConsentExpired",
}


def consent(
    subject: uuid.UUID | None = None, text: str = "[ ] Case updates", **how: Any
) -> ConsentEntry:
    circumstances = ledger.Circumstances(
        **{
            "channel": Channel.CONFIRMATION,
            "notices": ["privacy/1", "sign-up/1"],
            "wordings": {CASE_UPDATES: text} if text else {},
            **how,
        }
    )
    (entry,) = ledger.record_given(
        subject or uuid.uuid4(), [CASE_UPDATES], circumstances
    )
    return entry


def withdrawn(entry: ConsentEntry) -> ConsentEntry:
    how = ledger.Circumstances(channel=Channel.ONE_CLICK)
    (ended,) = ledger.record_withdrawn(entry.data_subject_id, [CASE_UPDATES], how)
    return ended


def issued(entry: ConsentEntry) -> dict[str, Any]:
    """As it leaves the house: written as JSON and read again."""
    return read_json(json.dumps(receipt_of(entry).signed()))


def problems(receipt: dict[str, Any]) -> list[str]:
    return check_receipt(receipt, public_key())


# --- What it holds ---


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"channel": Channel.IMPORT, "notices": [], "staff_id": 7},
        {"channel": Channel.IMPORT, "notices": [], "text": ""},
        {"channel": Channel.UNDO},
        {"channel": Channel.PREFERENCES},
    ],
)
def test_every_mandatory_part_of_27560_is_there(how: dict[str, Any]) -> None:
    receipt = issued(consent(**how))

    assert problems(receipt) == []
    Draft202012Validator(SCHEMA).validate(receipt)
    (purpose,) = receipt["processing"]["purposes"]
    assert purpose["jurisdiction"] == "GB"
    assert purpose["recipient_third_parties"] == ["none"]
    assert purpose["pii_controllers"] == ["controller"]
    assert purpose["lawful_basis"] == "consent"
    assert receipt["processing"]["privacy_notices"][0]["url"].startswith("http")


def test_every_standing_consent_of_the_house_has_a_whole_receipt(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, ADA, (CASE_UPDATES, OWN_NEWS))
    become_reader(client, smtp, BEN)
    consent(channel=Channel.IMPORT, notices=[])

    standing = list(ConsentEntry.objects.standing())

    assert len(standing) == 4
    for entry in standing:
        receipt = issued(entry)
        assert problems(receipt) == []
        Draft202012Validator(SCHEMA).validate(receipt)


def test_the_schema_is_sound_and_published(client: Client) -> None:
    answer = client.get("/receipts/schema.json")

    assert answer["Content-Type"] == "application/schema+json"
    Draft202012Validator.check_schema(json.loads(answer.content))


def test_it_names_the_notices_by_the_address_of_the_very_version(
    client: Client,
) -> None:
    receipt = issued(consent())

    notices = receipt["processing"]["privacy_notices"]
    assert [notice["reference"] for notice in notices] == ["privacy/1", "sign-up/1"]
    for notice in notices:
        path = notice["url"].removeprefix("http://localhost:8000")
        assert client.get(path).status_code == 200, path


def test_who_came_in_by_a_list_was_shown_no_notice_of_ours() -> None:
    receipt = issued(consent(channel=Channel.IMPORT, notices=[]))

    (notice,) = receipt["processing"]["privacy_notices"]
    assert notice["reference"].startswith("privacy/")
    assert notice["was_shown"] is False


def test_a_withdrawal_appends_an_event_and_keeps_the_old_ones() -> None:
    entry = consent()
    before = issued(entry)
    ended = withdrawn(entry)

    after = issued(entry)

    assert [event["event_state"] for event in after["events"]] == ["given", "withdrawn"]
    assert after["events"][0] == before["events"][0]
    assert after["header"]["receipt_id"] == before["header"]["receipt_id"]
    assert issued(ended)["events"] == after["events"]
    assert problems(after) == []


def test_agreeing_again_makes_a_receipt_of_its_own_in_the_same_record() -> None:
    first = consent()
    withdrawn(first)
    second = consent(first.data_subject_id)

    one, two = issued(first), issued(second)

    assert one["header"]["record_id"] == two["header"]["record_id"]
    assert one["header"]["receipt_id"] != two["header"]["receipt_id"]
    assert [event["event_state"] for event in two["events"]] == ["given"]


def test_asking_comes_before_agreeing(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    (entry,) = ConsentEntry.objects.standing()

    states = [event["event_state"] for event in issued(entry)["events"]]

    assert states == ["requested", "given"]


def test_what_was_only_asked_for_has_no_receipt() -> None:
    how = ledger.Circumstances(channel=Channel.RETENTION)
    (entry,) = ledger.record_expired(uuid.uuid4(), [CASE_UPDATES], how)

    with pytest.raises(NoConsent):
        receipt_of(entry)


def test_the_words_are_those_shown_then_after_they_have_changed() -> None:
    old = consent(text="[ ] The old words – “quoted”")
    withdrawn(old)
    consent(old.data_subject_id, text="[ ] The new words")

    (purpose,) = issued(old)["processing"]["purposes"]

    assert purpose["wording"]["text"] == "[ ] The old words – “quoted”"
    digest = hashlib.sha256(purpose["wording"]["text"].encode()).hexdigest()
    assert purpose["wording"]["sha256"] == digest


def test_times_are_in_utc_as_iso_8601_writes_them() -> None:
    entry = consent()

    (event,) = issued(entry)["events"]

    moment = datetime.fromisoformat(event["event_time"])
    assert event["event_time"].endswith("+00:00")
    assert moment == entry.at.astimezone(UTC)


def test_the_controllers_own_acts_are_not_told_as_the_persons() -> None:
    subject = uuid.uuid4()

    (own,) = issued(consent(subject))["events"]
    (theirs,) = issued(consent(channel=Channel.IMPORT))["events"]

    assert own["entity_id"] == str(subject)
    assert theirs["entity_id"] == "controller"


def test_an_example_with_times_in_milliseconds_is_refused() -> None:
    example = json.loads((EXAMPLES / "milliseconds.json").read_text())

    assert problems(example)[0] == (
        "events/0/event_time is not a time in UTC as ISO 8601 writes it"
    )
    assert not Draft202012Validator(SCHEMA).is_valid(example)


@pytest.mark.parametrize(
    "moment", [1795510000000, 1795510000, None, "", "yesterday", "2026-11-24T09:00:00"]
)
def test_a_time_without_its_zone_or_as_a_number_is_refused(moment: Any) -> None:
    receipt = issued(consent())
    receipt["events"][0]["event_time"] = moment

    assert any("event_time" in line for line in problems(receipt))


# --- The vocabulary ---


def test_every_value_has_a_term_or_says_that_there_is_none() -> None:
    assert set(dpv.STATES) == set(Action.values)
    assert set(dpv.COOKIE_STATES) == set(CookieMethod.values)
    assert set(dpv.BASES) == set(BASES)
    terms = [*dpv.STATES.values(), *dpv.COOKIE_STATES.values(), *dpv.BASES.values()]
    terms += [dpv.purpose_term(p) for p in the_register().purposes.values()]
    for term in filter(None, terms):
        assert term.startswith(dpv.DPV)
        assert term.removeprefix(dpv.DPV) in KNOWN_TERMS, term


def test_every_category_that_is_collected_has_a_term() -> None:
    for category in the_register().categories.values():
        if category.is_collected:
            term = dpv.category_term(category)
            assert term is not None and term.startswith(dpv.PERSONAL_DATA)


# --- Seals ---


def test_before_its_seal_it_says_when_to_come_back() -> None:
    entry = consent()

    receipt = issued(entry)

    assert receipt["proof"]["entries"][0]["seal"] is None
    assert verify(receipt).notes == [f"Entry {entry.pk} is not sealed yet."]
    assert verify(receipt).holds


def test_a_sealed_receipt_names_its_seal_which_is_public(client: Client) -> None:
    consent()
    entry = consent()
    seal(ConsentEntry)

    receipt = issued(entry)

    named = receipt["proof"]["entries"][0]["seal"]
    answer = client.get(named["url"].removeprefix("http://localhost:8000"))
    published = answer.json()
    assert "immutable" in answer["Cache-Control"]
    assert published["digest"] == named["digest"]
    assert entry.pk in published["entry_ids"]
    assert str(entry.data_subject_id) not in answer.content.decode()
    assert check_receipt(receipt, public_key(), {named["number"]: published}) == []
    assert verify(receipt).holds


@pytest.mark.parametrize(
    "path",
    [
        "/receipts/seals/consententry/99/",
        "/receipts/seals/accessrecord/1/",
        "/receipts/seals/nonsense/1/",
        "/receipts/seals/consententry/99999999999999999999/",
    ],
)
def test_other_seals_are_not_published(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def sealed() -> tuple[dict[str, Any], dict[int, dict[str, Any]]]:
    entry = consent()
    made = seal(ConsentEntry)
    assert made is not None
    return issued(entry), {made.number: made.published(ConsentEntry)}


SEAL_CHANGES: dict[str, Any] = {
    "number": 99,
    "sealed_at": "2020-01-01T00:00:00+00:00",
    "horizon": 1,
    "newest": 1,
    "is_rebased": True,
    "field_names": ["id"],
    "entry_ids": [1_000_000],
    "entry_digests": ["00" * 32],
    "previous_digest": "00" * 32,
    "digest": "00" * 32,
    "signature": base64.b64encode(b"x" * 64).decode(),
    "seal": "staff.accessseal",
    "ledger": "staff.accessrecord",
}


@pytest.mark.parametrize("name", SEAL_CHANGES)
def test_a_changed_seal_is_named(name: str) -> None:
    receipt, seals = sealed()
    ((number, published),) = seals.items()

    found = check_receipt(
        receipt, public_key(), {number: {**published, name: SEAL_CHANGES[name]}}
    )

    assert len(found) == 1
    assert found[0].startswith("proof/entries/0/seal")


@pytest.mark.parametrize("rubbish", [{}, {"digest": 7}, {"entry_ids": "x"}])
def test_a_seal_that_is_none_is_named_and_breaks_nothing(rubbish: Any) -> None:
    receipt, seals = sealed()
    (number,) = seals

    (found,) = check_receipt(receipt, public_key(), {number: rubbish})

    assert "is not written as a seal is" in found


# --- Tampering ---


def places(receipt: dict[str, Any]) -> list[str]:
    return [path for path, _ in leaves(receipt) if not path.startswith("signature/")]


def changed(receipt: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy in which something else stands at this place."""
    made = copy.deepcopy(receipt)
    *way, last = path.split("/")
    part: Any = made
    for name in way:
        part = part[int(name) if isinstance(part, list) else name]
    part[int(last) if isinstance(part, list) else last] = value
    return made


def test_every_changed_value_is_named() -> None:
    receipt, _ = sealed()
    paths = places(receipt)
    assert len(paths) > 60

    for path in paths:
        was = dict(leaves(receipt))[path]
        now = not was if isinstance(was, bool) else f"{was} "
        if path.endswith("event_time"):
            now = "2020-01-01T00:00:00+00:00"
        found = problems(changed(receipt, path, now))
        assert any(line.startswith(path) for line in found), (path, found)


def test_every_removed_value_is_named() -> None:
    receipt, _ = sealed()
    for name in ("processing", "header"):
        for inner in list(receipt[name]):
            made = copy.deepcopy(receipt)
            del made[name][inner]
            found = problems(made)
            assert any(line.startswith(f"{name}/{inner}") for line in found), found


def test_what_was_added_is_named() -> None:
    receipt, _ = sealed()
    receipt["header"]["is_admin"] = True
    assert "header/is_admin was added" in problems(receipt)


@pytest.mark.parametrize("section", proof_check.SECTIONS)
def test_without_a_section_it_is_no_receipt(section: str) -> None:
    receipt, _ = sealed()
    del receipt[section]
    with pytest.raises(proof_check.Malformed, match=section):
        problems(receipt)


def test_a_digest_changed_along_with_its_value_breaks_the_signature() -> None:
    receipt, _ = sealed()
    path = "processing/purposes/0/purpose"
    made = changed(receipt, path, "Everything")
    made["signature"]["digests"][path] = proof_check.leaf_digests(made)[path]

    assert problems(made) == ["signature was not made with this key over these digests"]


def test_another_key_is_named() -> None:
    receipt, _ = sealed()
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()

    found = check_receipt(receipt, other)

    assert "signature was not made with this key over these digests" in found
    assert "proof/public_key is another key than the published one" in found


def test_a_receipt_signed_anew_by_another_house_does_not_pass(
    settings: Settings,
) -> None:
    entry = consent()
    right = settings.LEDGER_KEY
    settings.LEDGER_KEY = base64.b64encode(b"x" * 32).decode()
    foreign = issued(entry)
    settings.LEDGER_KEY = right

    assert not verify(foreign).holds


def signed_anew(receipt: dict[str, Any]) -> dict[str, Any]:
    """As a house that lies would issue it: changed, and signed with the right key."""
    digests = proof_check.leaf_digests(receipt)
    value = base64.b64encode(sign(proof_check.signed_content(digests))).decode()
    return {**receipt, "signature": {"digests": digests, "value": value}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("events/0/event_time", "2020-01-01T00:00:00+00:00"),
        ("events/0/event_state", "withdrawn"),
        ("header/pii_principal_id", "somebody else"),
        ("processing/privacy_notices/0/reference", "privacy/9"),
        ("processing/purposes/0/purpose_key", "own-news"),
        ("processing/purposes/0/wording/text", "[ ] Everything"),
        ("proof/entries/0/digest", "00" * 32),
    ],
)
def test_even_the_house_cannot_sign_what_its_ledger_does_not_say(
    path: str, value: Any
) -> None:
    receipt, seals = sealed()

    found = check_receipt(
        signed_anew(changed(receipt, path, value)), public_key(), seals
    )

    assert any(line.split("/")[0] == path.split("/")[0] for line in found), found


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture
def one_receipt() -> dict[str, Any]:
    return sealed()[0]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_no_change_passes_and_none_breaks_the_checker(
    one_receipt: dict[str, Any], data: st.DataObject
) -> None:
    paths = [*places(one_receipt), "signature/value", "signature/digests"]
    path = data.draw(st.sampled_from(paths))
    # Also at a place above a single value: whole sections replaced by anything.
    path = "/".join(path.split("/")[: data.draw(st.integers(1, path.count("/") + 1))])
    value = data.draw(JSON_VALUES)
    made = changed(one_receipt, path, value)
    if proof_check.canonical(made) == proof_check.canonical(one_receipt):
        return

    try:
        found = problems(made)
    except proof_check.Malformed:
        return

    assert found, f"{path} = {value!r} went unnoticed"


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=200) | JSON_VALUES.map(json.dumps))
def test_anything_handed_in_is_read_or_refused(text: str) -> None:
    try:
        assert problems(read_json(text))
    except proof_check.Malformed:
        pass


# --- Held against the ledger ---


def tamper(statement: str, *values: Any) -> None:
    """As somebody who owns the database would: triggers switched off."""
    with acting_as(None), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_consententry DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE consent_consentseal DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        cursor.execute("ALTER TABLE consent_consententry ENABLE TRIGGER USER")
        cursor.execute("ALTER TABLE consent_consentseal ENABLE TRIGGER USER")


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE consent_consententry SET purpose = 'own-news'",
            "proof/entries/0/content: the ledger differs in purpose",
        ),
        (
            "DELETE FROM consent_consententry",
            "proof/entries/0: this entry is not in the ledger any more",
        ),
        (
            "DELETE FROM consent_consentseal",
            "proof/entries/0/seal: there is no such seal any more",
        ),
        (
            "UPDATE consent_consentseal SET signature = '\\x00'",
            "proof/entries/0/seal: seal 1 does not hold",
        ),
    ],
)
def test_what_was_changed_in_the_database_since_is_named(
    statement: str, named: str
) -> None:
    receipt, _ = sealed()
    tamper(statement)

    assert verify(receipt).problems == [named]


def test_it_says_when_the_ledger_has_gone_on() -> None:
    entry = consent()
    receipt = issued(entry)
    withdrawn(entry)

    verdict = verify(receipt)

    assert verdict.holds
    assert any("withdrawn" in note for note in verdict.notes)


def test_a_receipt_outlives_its_first_days_unsealed() -> None:
    entry = consent()
    receipt = issued(entry)
    seal(ConsentEntry)

    assert verify(receipt).notes == [
        f"Entry {entry.pk} was not sealed yet; seal 1 now covers it."
    ]


# --- The commands and the program ---


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_the_command_says_that_it_holds(tmp_path: Path) -> None:
    receipt, _ = sealed()
    out = StringIO()
    call_command("verify_receipt", write(tmp_path / "r.json", receipt), stdout=out)
    assert "The receipt holds." in out.getvalue()


def test_the_command_names_what_does_not_hold(tmp_path: Path) -> None:
    receipt, _ = sealed()
    receipt["events"][0]["event_type"] = "explicit"
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_receipt", write(tmp_path / "r.json", receipt), stdout=out)
    assert "events/0/event_type was changed" in out.getvalue()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1, "a": 2}', "[" * 100_000])
def test_the_command_refuses_what_is_no_receipt(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(CommandError):
        call_command("verify_receipt", path)


def run_alone(tmp_path: Path, client: Client, *arguments: Path) -> tuple[int, str]:
    """The published program, alone in a folder, with the published key."""
    program = tmp_path / "proof_check.py"
    program.write_bytes(client.get("/receipts/check/proof_check.py").content)
    key = tmp_path / "key.pem"
    key.write_bytes(client.get("/.well-known/casedesk-seal-key").content)
    done = subprocess.run(
        [sys.executable, "-I", program, "receipt", *arguments, "--key", key],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_program_checks_without_us(tmp_path: Path, client: Client) -> None:
    receipt, seals = sealed()
    ((_, published),) = seals.items()
    right = write(tmp_path / "receipt.json", receipt)
    seal_file = write(tmp_path / "seal.json", published)
    wrong = write(
        tmp_path / "wrong.json", changed(receipt, "header/receipt_id", "another")
    )

    assert run_alone(tmp_path, client, right, seal_file) == (0, "Everything holds.\n")
    assert run_alone(tmp_path, client, wrong, seal_file) == (
        1,
        "DOES NOT HOLD  header/receipt_id was changed\n",
    )


def test_the_program_says_which_seal_it_was_not_given(
    tmp_path: Path, client: Client
) -> None:
    receipt, _ = sealed()

    code, told = run_alone(tmp_path, client, write(tmp_path / "r.json", receipt))

    assert code == 0
    assert "What was checked holds." in told
    assert (
        "was not held against its seal: http://localhost:8000/receipts/seals/" in told
    )


def test_the_program_refuses_what_it_cannot_read(
    tmp_path: Path, client: Client
) -> None:
    nothing = tmp_path / "nothing.json"
    nothing.write_text("nothing")
    assert run_alone(tmp_path, client, nothing)[0] == 2
    assert run_alone(tmp_path, client, tmp_path / "missing.json")[0] == 2


def test_the_key_is_published_as_it_signs() -> None:
    assert read_key(public_key_pem()) == public_key()
    assert read_key(base64.b64encode(public_key()).decode()) == public_key()
    for nonsense in ("", "x", "AAAA", "-----BEGIN PUBLIC KEY-----\nAA\n"):
        with pytest.raises(proof_check.Malformed):
            read_key(nonsense)


# --- The public page ---


def hand_in(client: Client, text: str, **headers: str) -> Any:
    fields = posting_form(client.get("/receipts/check/")).fields
    return client.post("/receipts/check/", {**fields, "receipt": text}, headers=headers)


def test_the_page_says_that_a_receipt_holds_and_keeps_nothing(client: Client) -> None:
    receipt, _ = sealed()
    entries = ConsentEntry.objects.count()

    answer = hand_in(client, json.dumps(receipt))

    assert answer.status_code == 200
    assert "This receipt holds" in answer.content.decode()
    assert ConsentEntry.objects.count() == entries
    assert not answer.cookies


def test_the_page_names_what_does_not_hold(client: Client) -> None:
    receipt, _ = sealed()
    receipt["header"]["issued_at"] = "2020-01-01T00:00:00+00:00"

    page = hand_in(client, json.dumps(receipt)).content.decode()

    assert "This receipt does not hold" in page
    assert "header/issued_at was changed" in page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hello",
        "[]",
        "null",
        "{}",
        '{"header": NaN}',
        '{"a": 1, "a": 2}',
        "[" * 5_000,
        '{"a":' * 5_000,
        "9" * 5_000,
        '"\\ud800"',
        '{"signature": {"digests": {"\\ud800": "x"}}}',
        "\x00",
        "x" * 200_001,
        json.dumps({name: [] for name in (*proof_check.SECTIONS, "signature")}),
        json.dumps({name: {} for name in (*proof_check.SECTIONS, "signature")}),
    ],
)
def test_the_page_refuses_what_is_no_receipt(client: Client, text: str) -> None:
    answer = hand_in(client, text)

    assert answer.status_code == 400
    assert "There is a problem" in answer.content.decode()


def test_the_page_refuses_a_flood_and_other_sites(client: Client) -> None:
    flood = client.post("/receipts/check/", {"receipt": "x" * 600_000})
    assert 400 <= flood.status_code < 500
    assert hand_in(client, "{}", **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/receipts/check/", {"receipt": "{}"}).status_code == 400


# --- Where a person finds it ---


def test_a_person_reaches_their_receipt_from_their_preferences(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp)
    visit = open_preferences(client, smtp)
    (entry,) = ConsentEntry.objects.standing()
    seal(ConsentEntry)

    assert f'href="{visit}receipts/{entry.pk}/"' in client.get(visit).content.decode()
    page = client.get(f"{visit}receipts/{entry.pk}/")
    file = client.get(f"{visit}receipts/{entry.pk}/receipt.json")

    (purpose,) = file.json()["processing"]["purposes"]
    shown = page.content.decode()
    assert entry.wording is not None
    for line in entry.wording.text.splitlines():
        assert line in shown.replace("&#x27;", "'")
    for fact in (
        purpose["wording"]["sha256"],
        file.json()["header"]["receipt_id"],
        file.json()["proof"]["entries"][-1]["digest"],
        "JJH Enterprises Ltd",
    ):
        assert fact in shown
    assert "Not sealed yet" not in shown
    assert problems(file.json()) == []
    assert file["Content-Disposition"].startswith("attachment")
    assert ADA not in file.content.decode()
    assert ADA not in shown


def test_an_ended_consent_keeps_its_receipt(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    visit = open_preferences(client, smtp)
    leaving.leave(subscriber_of(ADA).pk, [], channel=Channel.PREFERENCES)
    entry = ConsentEntry.objects.get(action=Action.GIVEN)

    assert "(ended)" in client.get(visit).content.decode()
    receipt = client.get(f"{visit}receipts/{entry.pk}/receipt.json").json()

    assert [event["event_state"] for event in receipt["events"]] == [
        "requested",
        "given",
        "withdrawn",
    ]


def test_a_fresh_receipt_says_when_its_seal_comes(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp)
    visit = open_preferences(client, smtp)
    (entry,) = ConsentEntry.objects.standing()

    page = client.get(f"{visit}receipts/{entry.pk}/").content.decode()

    assert "Not sealed yet" in page
    assert "Come back after" in page


def test_nobody_sees_anothers_receipt(client: Client, smtp: Relay) -> None:
    become_reader(client, smtp, ADA)
    become_reader(client, smtp, BEN)
    visit = open_preferences(client, smtp, ADA)
    theirs = ConsentEntry.objects.get(
        data_subject_id=subscriber_of(BEN).data_subject_id, action=Action.GIVEN
    )
    asked = ConsentEntry.objects.filter(action=Action.REQUESTED).first()
    assert asked is not None

    for number in (theirs.pk, asked.pk, 0, 99_999_999, 2**80):
        for name in ("", "receipt.json"):
            assert client.get(f"{visit}receipts/{number}/{name}").status_code == 404


def test_the_link_of_an_ordinary_mail_opens_no_receipt(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)
    (entry,) = ConsentEntry.objects.standing()
    path = welcome.path("/preferences/")

    assert f"receipts/{entry.pk}" not in client.get(path).content.decode()
    assert client.get(f"{path}receipts/{entry.pk}/").status_code == 404
    assert client.get(f"{path}receipts/{entry.pk}/receipt.json").status_code == 404


def test_the_welcome_mail_says_where_the_receipt_is(
    client: Client, smtp: Relay
) -> None:
    welcome = become_reader(client, smtp)

    (entry,) = ConsentEntry.objects.standing()
    assert f"{entry.data_subject_id}/{entry.pk}" in welcome.text
    assert "receipt" in welcome.text.lower()
    assert "/receipts/check/" in welcome.text


# --- Cookie choices ---


def test_a_cookie_choice_has_a_receipt_for_whoever_holds_its_number() -> None:
    number = cookies.record_choice(
        frozenset({"analytics"}),
        method=CookieMethod.ACCEPT,
        banner="cookie-banner/1",
        content_hash=cookies.content_hash(),
    ).receipt
    cookies.record_choice(
        frozenset(),
        method=CookieMethod.WITHDRAW,
        banner="cookie-banner/1",
        content_hash=cookies.content_hash(),
        receipt=number,
    )

    made = cookie_receipt(number)

    assert made is not None
    receipt = read_json(json.dumps(made.signed()))
    assert [event["event_state"] for event in receipt["events"]] == [
        "accept",
        "withdraw",
    ]
    assert problems(receipt) == []
    assert verify(receipt).holds
    Draft202012Validator(SCHEMA).validate(receipt)
    assert number not in json.dumps(receipt)
    assert cookie_receipt("x" * 22) is None


def chosen(method: str, *allowed: str, site: str = "") -> str:
    return cookies.record_choice(
        frozenset(allowed),
        method=method,
        banner="cookie-banner/2",
        content_hash=cookies.content_hash("embed" if site else "site"),
        site=site,
    ).receipt


@pytest.mark.parametrize(
    ("method", "allowed", "term"),
    [
        (CookieMethod.ACCEPT, ["analytics"], "ConsentGiven"),
        (CookieMethod.REJECT, [], "ConsentRefused"),
        (CookieMethod.CHOOSE, ["analytics"], "ConsentGiven"),
        (CookieMethod.CHOOSE, [], "ConsentRefused"),
    ],
)
def test_the_state_of_a_cookie_choice_follows_from_what_was_allowed(
    method: str, allowed: list[str], term: str
) -> None:
    made = cookie_receipt(chosen(method, *allowed))

    assert made is not None
    assert made.events[0]["event_state_term"] == f"{dpv.DPV}{term}"


def test_a_cookie_receipt_gives_the_words_as_they_were_read() -> None:
    made = cookie_receipt(chosen(CookieMethod.ACCEPT, "analytics"))

    assert made is not None
    (purpose,) = made.processing["purposes"]
    text = purpose["wording"]["text"]
    assert text.startswith("May we count visits to these pages?\n")
    assert "[Accept counting] [Reject counting]" in text and "heading =" not in text
    assert purpose["wording"]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    told = json.dumps(purpose["pii_information"])
    assert "Your network address" not in told and "no network address" in told


def test_a_choice_made_on_another_site_is_described_as_that() -> None:
    shop = ConsentSite.objects.create(name="Shop", origins=["https://shop.example"])
    number = chosen(CookieMethod.ACCEPT, "analytics", site=shop.key)

    made = cookie_receipt(number)

    assert made is not None
    (purpose,) = made.processing["purposes"]
    assert purpose["withdrawal_method"] == [
        "“Change your cookie choice” on each page of that site"
    ]
    page = Client().post("/cookies/receipt/", {"number": number})
    assert 'Shop: <span class="long">https://shop.example' in page.content.decode()


def test_the_page_of_a_choice_says_all_that_its_file_holds(client: Client) -> None:
    number = chosen(CookieMethod.ACCEPT, "analytics")
    look = {"number": number, "action": "show"}
    before = client.post("/cookies/receipt/", look).content.decode()
    assert "Not sealed yet" in before

    seal(CookieChoice)
    page = client.post("/cookies/receipt/", look).content.decode()

    file = client.post("/cookies/receipt/", {**look, "action": "download"}).json()
    (purpose,) = file["processing"]["purposes"]
    (entry,) = file["proof"]["entries"]
    assert "Not sealed yet" not in page and "That is all there is" not in page
    for words in (
        "Counting visits</dt>\n        <dd>Yes",
        "May we count visits to these pages?",
        "/cookie-banner/versions/2/",
        purpose["purpose"],
        file["parties"][0]["party_name"],
        file["header"]["receipt_id"],
        entry["digest"],
        f"seal {entry['seal']['number']}",
        "/receipts/check/",
        'value="download"',
        'value="delete"',
    ):
        assert words in page, words


def test_a_receipt_outlives_its_purpose(
    client: Client, smtp: Relay, settings: Settings, tmp_path: Path
) -> None:
    become_reader(client, smtp)
    (entry,) = ConsentEntry.objects.standing()
    folder = tmp_path / "register"
    shutil.copytree(settings.REGISTER_DIR, folder)
    file = folder / "purposes.toml"
    blocks = file.read_text().split("[[purposes]]")
    kept = [block for block in blocks if f'key = "{entry.purpose}"' not in block]
    file.write_text("[[purposes]]".join(kept))
    settings.REGISTER_DIR = folder
    the_register.cache_clear()

    try:
        made = receipt_of(entry).signed()
    finally:
        the_register.cache_clear()

    receipt = read_json(json.dumps(made))
    (purpose,) = receipt["processing"]["purposes"]
    assert purpose["purpose"] == "Case updates"
    assert purpose["wording"]["text"]
    assert problems(receipt) == []
    Draft202012Validator(SCHEMA).validate(receipt)
