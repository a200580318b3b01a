"""The import: a dry run writes nothing, evidence or no consent, a "no" stays a "no"."""

import csv
import io
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from consent.models import ConsentEntry, ConsentEvidence
from groundwork.addresses import digest
from outbox import suppression
from outbox.models import OutgoingEmail, SuppressedAddress
from staff.models import StaffUser
from subscribers import importing, leaving
from subscribers.importing import COLUMNS
from subscribers.models import Subscriber, SubscriberEvent, SubscriberImport
from tests.case_updates.cast import pending_reader, reader
from tests.console.staff import SUBSCRIBERS, dana, text
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, OWN_NEWS, stands, subscriber_of
from tests.reading import posting_form

pytestmark = pytest.mark.django_db

URL = f"{SUBSCRIBERS}import/"
PROOF = {
    "purposes": "case-updates",
    "consented_at": "2026-03-31T14:05",
    "consent_source": "Card at the Licensing Forum, Leeds",
    "consent_wording": "Yes, e-mail me case updates.\nI can stop at any time.",
}


def file_of(*rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def upload(client: Client, content: bytes, name: str = "people.csv") -> Any:
    return client.post(URL, {"file": SimpleUploadedFile(name, content)})


def dry_run(client: Client, *rows: dict[str, str]) -> Any:
    return client.get(upload(client, file_of(*rows))["Location"])


def apply(client: Client, *rows: dict[str, str]) -> dict[str, int]:
    """Upload, look at the dry run, press “Apply”; the counts."""
    url = upload(client, file_of(*rows))["Location"]
    page = client.get(url)
    digest_field = SubscriberImport.objects.latest("pk").digest
    client.post(url, {"digest": bytes(digest_field).hex()})
    assert page.status_code == 200
    counts: dict[str, int] = SubscriberImport.objects.latest("pk").counts
    return counts


def outcome(page: Any, number: int = 0) -> tuple[str, str]:
    line = page.context["lines"][number]
    return line["outcome"], line["reason"]


# --- The dry run ---


def test_the_dry_run_shows_each_line_and_writes_nothing(console: Client) -> None:
    ada = reader(ADA)
    Subscriber.objects.filter(pk=ada.pk).update(employer="Old Engines")
    ada = subscriber_of(ADA)
    entries, people = ConsentEntry.objects.count(), Subscriber.objects.count()
    page = dry_run(
        console,
        {"email": CLEO, **PROOF},
        {"email": BEN, "first_name": "Ben"},
        {"email": ADA, "employer": "New Engines"},
        {"email": "nonsense"},
    )
    lines = [(line["outcome"], line["is_held"]) for line in page.context["lines"]]
    assert lines == [
        ("new", False),
        ("new", True),
        ("changes", False),
        ("refused", False),
    ]
    assert "employer" in text(page)
    assert "New Engines" not in text(page), "values are masked"
    assert "held without consent" in text(page)
    assert ConsentEntry.objects.count() == entries
    assert Subscriber.objects.count() == people
    assert subscriber_of(ADA).employer == "Old Engines"


def test_addresses_are_masked_in_the_dry_run(console: Client) -> None:
    page = dry_run(console, {"email": CLEO})
    assert CLEO not in text(page)
    assert "c•••@example.com" in text(page)


def test_the_file_is_kept_encrypted(console: Client) -> None:
    from django.db import connection

    upload(console, file_of({"email": CLEO}))
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM subscribers_subscriberimport")
        (stored,) = cursor.fetchone()
    assert "cleo" not in stored
    assert CLEO in SubscriberImport.objects.get().content


# --- Evidence ---


def test_with_evidence_the_consent_stands_and_the_evidence_is_kept(
    console: Client, omar: StaffUser
) -> None:
    counts = apply(console, {"email": CLEO, "first_name": "Cleo", **PROOF})
    assert counts["new"] == counts["consents"] == 1
    cleo = subscriber_of(CLEO)
    assert cleo.status == Subscriber.Status.CONFIRMED
    assert cleo.confirmed_at == datetime(2026, 3, 31, 13, 5, tzinfo=UTC)
    assert (cleo.source, cleo.first_name) == ("import", "Cleo")
    assert stands(CLEO) == {CASE_UPDATES}
    entry = ConsentEntry.objects.get()
    assert (entry.action, entry.channel, entry.staff_id) == ("given", "import", omar.pk)
    assert entry.wording is not None
    assert entry.wording.text == PROOF["consent_wording"]
    evidence = ConsentEvidence.objects.get(entry_id=entry.pk).details
    assert evidence["consented at"] == "2026-03-31T14:05:00+01:00"
    assert evidence["where and how"] == PROOF["consent_source"]
    event = SubscriberEvent.objects.get()
    assert (event.action, event.fields, event.staff_id) == (
        "imported",
        ["first_name"],
        omar.pk,
    )
    assert cleo.links.filter(use="unsubscribe").exists(), "the links must work at once"
    assert not OutgoingEmail.objects.exists()


def test_without_evidence_a_person_is_held_without_consent(console: Client) -> None:
    counts = apply(console, {"email": CLEO, "purposes": CASE_UPDATES})
    assert counts["held without consent"] == 1
    assert counts["consents"] == 0
    assert stands(CLEO) == set()
    assert subscriber_of(CLEO).status == Subscriber.Status.PENDING
    assert not ConsentEntry.objects.exists()
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize(
    "missing", ["consented_at", "consent_source", "consent_wording"]
)
def test_half_an_evidence_is_refused(console: Client, missing: str) -> None:
    page = dry_run(console, {"email": CLEO, **PROOF, missing: ""})
    assert outcome(page) == (
        "refused",
        f"the evidence lacks {missing}: fill all three or none",
    )


def test_evidence_without_a_purpose_is_refused(console: Client) -> None:
    page = dry_run(console, {"email": CLEO, **PROOF, "purposes": ""})
    assert "purposes is empty" in outcome(page)[1]


def test_a_pending_person_with_evidence_becomes_a_reader(console: Client) -> None:
    pending_reader(BEN)
    apply(console, {"email": BEN, **PROOF})
    assert subscriber_of(BEN).status == Subscriber.Status.CONFIRMED
    assert stands(BEN) == {CASE_UPDATES}


def test_details_differ_by_field_and_an_empty_cell_leaves_ours(console: Client) -> None:
    ada = reader(ADA)
    Subscriber.objects.filter(pk=ada.pk).update(employer="Engines", job_title="Analyst")
    apply(console, {"email": ADA, "employer": "Looms", "job_title": ""})
    ada = subscriber_of(ADA)
    assert (ada.employer, ada.job_title) == ("Looms", "Analyst")
    assert SubscriberEvent.objects.get(action="imported").fields == ["employer"]


# --- A "no" stays a "no" ---


@pytest.mark.parametrize("reason", SuppressedAddress.Reason.values)
def test_a_suppressed_address_is_refused_whatever_the_reason(
    console: Client, reason: str
) -> None:
    suppression.suppress(digest(CLEO), "", reason)
    counts = apply(console, {"email": CLEO, **PROOF})
    assert counts["refused"] == 1
    assert not Subscriber.objects.exists()
    assert not ConsentEntry.objects.exists()
    assert SuppressedAddress.objects.filter(address_digest=digest(CLEO)).exists()


def test_who_left_is_not_brought_back(console: Client) -> None:
    ada = reader(ADA)
    leaving.leave(ada.pk, [], channel="one-click unsubscribe")
    counts = apply(console, {"email": ADA, "employer": "Engines", **PROOF})
    assert counts["refused"] == 1
    assert stands(ADA) == set()
    assert subscriber_of(ADA).employer == ""


def test_one_purpose_that_was_stopped_stays_stopped(console: Client) -> None:
    ada = reader(ADA, (CASE_UPDATES, OWN_NEWS))
    leaving.leave(ada.pk, [OWN_NEWS], channel="preferences page")
    page = dry_run(
        console, {"email": ADA, **PROOF, "purposes": "case-updates;own-news"}
    )
    assert outcome(page)[0] == "refused"
    assert "said no" in outcome(page)[1]
    page = dry_run(console, {"email": ADA, "employer": "Engines"})
    assert outcome(page)[0] == "changes", "the rest of the record may be kept right"


def test_a_withdrawal_counts_even_when_its_suppression_is_gone(console: Client) -> None:
    ada = reader(ADA, (CASE_UPDATES, OWN_NEWS))
    leaving.leave(ada.pk, [OWN_NEWS], channel="preferences page")
    SuppressedAddress.objects.all().delete()
    counts = apply(console, {"email": ADA, **PROOF, "purposes": OWN_NEWS})
    assert counts["refused"] == 1
    assert stands(ADA) == {CASE_UPDATES}


def test_who_stops_between_dry_run_and_apply_is_left_out(console: Client) -> None:
    url = upload(console, file_of({"email": CLEO, **PROOF}))["Location"]
    console.get(url)
    suppression.suppress(digest(CLEO), "", "objected")
    kept = SubscriberImport.objects.get()
    console.post(url, {"digest": bytes(kept.digest).hex()})
    kept.refresh_from_db()
    assert kept.counts["refused"] == 1
    assert not Subscriber.objects.exists()


# --- Applying ---


def test_applying_the_same_file_twice_does_nothing_twice(console: Client) -> None:
    rows = [{"email": CLEO, "first_name": "Cleo", **PROOF}, {"email": BEN}]
    apply(console, *rows)
    entries = list(ConsentEntry.objects.values_list("pk", flat=True))
    events = SubscriberEvent.objects.count()
    counts = apply(console, *rows)
    assert (counts["new"], counts["changes"], counts["unchanged"]) == (0, 0, 2)
    assert list(ConsentEntry.objects.values_list("pk", flat=True)) == entries
    assert SubscriberEvent.objects.count() == events


def test_pressing_apply_twice_writes_once_and_empties_the_file(console: Client) -> None:
    url = upload(console, file_of({"email": CLEO, **PROOF}))["Location"]
    kept = SubscriberImport.objects.get()
    fields = {"digest": bytes(kept.digest).hex()}
    console.post(url, fields)
    response = console.post(url, fields, follow=True)
    assert "Nothing was written" in text(response)
    assert "The import is applied" in text(response)
    assert ConsentEntry.objects.count() == 1
    kept.refresh_from_db()
    assert kept.content == ""


def test_a_large_file_is_applied_in_several_steps(
    console: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "APPLY_SECONDS", 0)
    monkeypatch.setattr(importing, "CHUNK", 2)
    rows = [{"email": f"r{number}@example.com", **PROOF} for number in range(5)]
    url = upload(console, file_of(*rows))["Location"]
    fields = {"digest": bytes(SubscriberImport.objects.get().digest).hex()}
    page = console.post(url, fields, follow=True)
    assert "2 rows are written, 3 are left" in text(page)
    assert Subscriber.objects.count() == 2
    console.post(url, fields)
    assert "The import is applied" in text(console.post(url, fields, follow=True))
    kept = SubscriberImport.objects.get()
    assert (kept.counts["new"], kept.counts["consents"]) == (5, 5)
    assert kept.content == ""
    assert Subscriber.objects.filter(status="confirmed").count() == 5


def test_apply_needs_the_digest_of_the_file_that_was_shown(console: Client) -> None:
    url = upload(console, file_of({"email": CLEO, **PROOF}))["Location"]
    response = console.post(url, {"digest": "00" * 32}, follow=True)
    assert "Nothing was written" in text(response)
    assert not Subscriber.objects.exists()


def test_the_page_carries_the_digest_in_its_form(console: Client) -> None:
    url = upload(console, file_of({"email": CLEO, **PROOF}))["Location"]
    form = next(
        form
        for number in range(4)
        if "digest" in (form := posting_form(console.get(url), number)).fields
    )
    console.post(url, form.fields)
    assert stands(CLEO) == {CASE_UPDATES}


def test_a_file_older_than_a_day_cannot_be_applied(console: Client) -> None:
    url = upload(console, file_of({"email": CLEO, **PROOF}))["Location"]
    kept = SubscriberImport.objects.get()
    kept.uploaded_at = timezone.now() - timezone.timedelta(hours=25)  # type: ignore[attr-defined]
    kept.save(update_fields=["uploaded_at"])
    assert "no longer here" in text(console.get(url))
    console.post(url, {"digest": bytes(kept.digest).hex()})
    assert not Subscriber.objects.exists()


def test_a_get_never_applies(console: Client) -> None:
    url = upload(console, file_of({"email": CLEO, **PROOF}))["Location"]
    for _ in range(2):
        console.get(url)
    assert not Subscriber.objects.exists()


# --- Bad files ---


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty"),
        (b"email\n", "no rows below it"),
        (b"address\ncleo@example.com\n", "“email” among them"),
        (b"email,shoe_size\ncleo@example.com,39\n", "no column “shoe_size”"),
        (b"email,email\na@example.com,b@example.com\n", "is there twice"),
        (b"email;first_name\na@example.com;A\n", "separated by semicolons"),
        ("email,last_name\na@example.com,M\xfcller\n".encode("latin-1"), "line 2 has"),
        ("email\na@example.com\n".encode("utf-16"), "UTF-16"),
        (b'email,employer\na@example.com,"open\n', "not closed"),
        (b"email\n" + b"x" * (2 * 1024 * 1024), "larger than 2 MB"),
    ],
)
def test_a_bad_file_is_refused_with_what_to_do(
    console: Client, content: bytes, message: str
) -> None:
    response = upload(console, content)
    assert response.status_code == 400
    assert "There is a problem" in text(response)
    assert message in text(response)
    assert not SubscriberImport.objects.exists()


def test_too_many_rows_are_refused(console: Client) -> None:
    rows = "".join(f"a{number}@example.com\n" for number in range(20_001))
    response = upload(console, f"email\n{rows}".encode())
    assert "more than 20,000 rows" in text(response)


def test_a_byte_order_mark_is_no_obstacle(console: Client) -> None:
    response = upload(console, b"\xef\xbb\xbf" + file_of({"email": CLEO}))
    assert outcome(console.get(response["Location"])) == ("new", "")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"email": "", "first_name": "Cleo"}, "email is empty"),
        ({"email": "cleo"}, "not an address"),
        ({"first_name": "=HYPERLINK(1)"}, "starts with “=”"),
        ({"employer": "+cmd"}, "starts with “+”"),
        ({"job_title": "-1"}, "starts with “-”"),
        ({"last_name": "@sum"}, "starts with “@”"),
        ({"last_name": "＝1+1"}, "starts with “＝”"),
        ({"last_name": "\t=1"}, "an invisible character"),
        ({"first_name": "C\0leo"}, "invisible character"),
        ({"first_name": "C\u202eleo"}, "invisible character"),
        ({"first_name": "C\nleo"}, "a line break"),
        ({"first_name": "x" * 101}, "longer than 100"),
        ({"telephone": "ring me"}, "telephone is not a number"),
        ({"purposes": "newsletter"}, "there is no purpose “newsletter”"),
        ({**PROOF, "consented_at": "2099-01-01"}, "in the future"),
        ({**PROOF, "consented_at": "1066-10-14"}, "before 1995"),
        ({**PROOF, "consented_at": "31/03/2026"}, "not a date like"),
        ({**PROOF, "consented_at": "2026-02-30"}, "not a date like"),
        ({**PROOF, "consent_wording": "Write to a@example.com"}, "e-mail address"),
        ({**PROOF, "consent_source": "x" * 201}, "longer than 200"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(
    console: Client, row: dict[str, str], reason: str
) -> None:
    page = dry_run(console, {"email": CLEO, **row}, {"email": BEN})
    assert outcome(page)[0] == "refused"
    assert reason in outcome(page)[1]
    assert outcome(page, 1)[0] == "new", "the next line is not affected"


def test_the_same_address_twice_in_a_file_counts_once(console: Client) -> None:
    page = dry_run(console, {"email": CLEO}, {"email": " CLEO@Example.com"})
    assert outcome(page, 1) == ("refused", "has the same address as line 2")
    counts = apply(console, {"email": CLEO}, {"email": CLEO, "first_name": "Cleo"})
    assert (counts["new"], counts["refused"]) == (1, 1)
    assert SubscriberEvent.objects.count() == 1


def test_a_row_with_too_many_cells_is_refused(console: Client) -> None:
    response = upload(console, b"email\ncleo@example.com,Cleo\n")
    page = console.get(response["Location"])
    assert "more cells" in outcome(page)[1]


def test_a_telephone_with_a_plus_is_taken(console: Client) -> None:
    apply(console, {"email": CLEO, "telephone": "+44 20 7946 0000"})
    assert subscriber_of(CLEO).telephone == "+44 20 7946 0000"


def test_the_apostrophe_of_our_own_export_is_taken_off(console: Client) -> None:
    apply(console, {"email": CLEO, "telephone": "'+44 20 7946 0000"})
    assert subscriber_of(CLEO).telephone == "+44 20 7946 0000"


def test_importing_needs_its_permission() -> None:
    client = dana("view_subscriber", "enter_subscriber")
    assert client.get(URL).status_code == 403
    assert upload(client, file_of({"email": CLEO})).status_code == 403
    assert not SubscriberImport.objects.exists()


@pytest.mark.slow
def test_two_thousand_people_come_in_within_seconds(console: Client) -> None:
    rows = [{"email": f"r{number}@example.com", **PROOF} for number in range(2_000)]
    started = time.monotonic()
    counts = apply(console, *rows)
    assert counts["new"] == 2_000
    assert time.monotonic() - started < 20
