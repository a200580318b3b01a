"""Finding readers, their pages, and what staff can do for them."""

import re

import pytest
from django.test import Client

from consent.models import ConsentEntry
from groundwork.addresses import digest
from outbox import suppression
from outbox.models import OutgoingEmail, SuppressedAddress
from staff.models import AccessRecord, StaffUser
from subscribers.models import LinkUse, Subscriber, SubscriberEvent
from tests.case_updates.cast import pending_reader, reader
from tests.console.staff import SUBSCRIBERS, accesses, dana, page_of, text
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, OWN_NEWS, stands

pytestmark = pytest.mark.django_db


def find(client: Client, address: str, *, follow: bool = False) -> object:
    return client.post(f"{SUBSCRIBERS}find/", {"address": address}, follow=follow)


# --- The list ---


def test_the_list_masks_addresses_and_shows_no_name(console: Client) -> None:
    ada = reader(ADA)
    Subscriber.objects.filter(pk=ada.pk).update(first_name="Augusta")
    html = text(console.get(SUBSCRIBERS))
    assert "a•••@example.com" in html
    assert ADA not in html
    assert "Augusta" not in html


def test_the_list_is_filtered_in_plain_words(console: Client) -> None:
    reader(ADA)
    pending_reader(BEN)
    html = text(console.get(f"{SUBSCRIBERS}?status__exact=pending"))
    assert "b•••@example.com" in html
    assert "a•••@example.com" not in html


def test_the_list_cannot_be_searched_by_url(console: Client) -> None:
    reader(ADA)
    html = text(console.get(f"{SUBSCRIBERS}?q=ada"))
    assert 'name="q"' not in html


# --- Finding ---


def test_the_exact_address_leads_to_the_page_and_is_on_record(
    console: Client, omar: StaffUser
) -> None:
    ada = reader(ADA)
    response = find(console, " Ada@EXAMPLE.com ")
    assert response["Location"] == page_of(ada)  # type: ignore[index]
    (record,) = accesses("searched")
    assert record.staff_id == omar.pk
    assert record.data_subject_id == ada.data_subject_id
    assert record.rows_count == 1


@pytest.mark.parametrize("typed", ["ada", "da@example.com", "example.com", "", "%@%"])
def test_part_of_an_address_finds_nobody(console: Client, typed: str) -> None:
    ada = reader(ADA)
    response = find(console, typed)
    assert response.status_code == 404  # type: ignore[attr-defined]
    assert page_of(ada) not in text(response)


def test_a_search_that_finds_nobody_is_on_record_too(console: Client) -> None:
    response = find(console, CLEO)
    assert "No reader has this address" in text(response)
    (record,) = accesses("searched")
    assert record.data_subject_id is None
    assert record.rows_count == 0


def test_the_stop_list_is_told_for_an_address_without_a_record(console: Client) -> None:
    suppression.suppress(digest(CLEO), "", SuppressedAddress.Reason.OBJECTED)
    assert "Objected to marketing" in text(find(console, CLEO))


def test_the_address_never_stands_in_a_url(console: Client) -> None:
    reader(ADA)
    response = find(console, ADA, follow=True)
    urls = [url for url, _ in response.redirect_chain]  # type: ignore[attr-defined]
    assert urls
    assert all("ada" not in url for url in urls)
    html = text(response)
    assert "@example.com/" not in html
    assert "?address=" not in html


def test_searching_by_get_is_refused(console: Client) -> None:
    reader(ADA)
    response = console.get(f"{SUBSCRIBERS}find/?address={ADA}")
    assert response.status_code == 405
    assert accesses("searched") == []


# --- The page of a person ---


def test_opening_a_page_is_on_record(console: Client, omar: StaffUser) -> None:
    ada = reader(ADA)
    console.get(page_of(ada))
    (record,) = accesses("opened")
    assert (record.staff_id, record.data_subject_id) == (omar.pk, ada.data_subject_id)


def test_a_page_nobody_may_see_leaves_no_record() -> None:
    ada = reader(ADA)
    assert dana("enter_subscriber").get(page_of(ada)).status_code == 403
    assert accesses("opened") == []


def test_the_page_shows_who_what_stands_and_all_that_happened(console: Client) -> None:
    ada = reader(ADA, (CASE_UPDATES,))
    html = text(console.get(page_of(ada)))
    assert ADA in html
    assert "Consented to Case updates" in html
    assert "Asked for Case updates; not confirmed yet" in html
    assert "Confirmed the address" in html
    assert "You are signed up: your receipt" in html
    assert "Privacy notice, version 1" in html
    assert "never given" in html
    assert "Omar opened the page" in html


def test_the_words_shown_can_be_read_byte_for_byte(console: Client) -> None:
    import hashlib

    ada = reader(ADA)
    entry = ConsentEntry.objects.standing(subjects=[ada.data_subject_id]).get()
    shown = bytes(entry.wording_id or b"").hex()
    assert f"/console/consent/wording/{shown}/" in text(console.get(page_of(ada)))
    kept = console.get(f"/console/consent/wording/{shown}/bytes/").content
    assert hashlib.sha256(kept).hexdigest() == shown
    assert entry.wording is not None
    assert kept.decode() == entry.wording.text


def test_no_link_of_the_page_leads_to_a_closed_door() -> None:
    client = dana("view_subscriber")
    page = page_of(reader(ADA))

    main = text(client.get(page)).partition("<main")[2]

    links = set(re.findall(r'href="(/console/[^"#]*)"', main))
    assert any("/receipts/" in link for link in links)
    assert {link for link in links if client.get(link).status_code != 200} == set()


def test_a_page_cannot_be_posted_to(console: Client) -> None:
    ada = reader(ADA)
    assert console.post(page_of(ada), {"status": "left"}).status_code == 405
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.CONFIRMED


def test_nobody_can_delete_a_reader(console: Client) -> None:
    ada = reader(ADA)
    url = f"{SUBSCRIBERS}{ada.pk}/delete/"
    assert console.post(url, {"post": "yes"}).status_code == 403
    assert Subscriber.objects.filter(pk=ada.pk).exists()


# --- What staff can do for one person ---


def test_a_correction_is_recorded_by_field_and_staff(
    console: Client, omar: StaffUser
) -> None:
    ada = reader(ADA)
    response = console.post(f"{SUBSCRIBERS}{ada.pk}/details/", {"employer": "Engines"})
    assert response["Location"] == page_of(ada)
    ada.refresh_from_db()
    assert ada.employer == "Engines"
    event = SubscriberEvent.objects.get(action="details changed")
    assert (event.fields, event.channel, event.staff_id) == (
        ["employer"],
        "staff",
        omar.pk,
    )


def test_a_wrong_correction_is_shown_with_its_problem(console: Client) -> None:
    ada = reader(ADA)
    response = console.post(f"{SUBSCRIBERS}{ada.pk}/details/", {"telephone": "call me"})
    assert response.status_code == 400
    assert "There is a problem" in text(response)
    assert "call me" in text(response)
    assert not SubscriberEvent.objects.filter(action="details changed").exists()


def test_stopping_needs_a_post_and_names_the_staff(
    console: Client, omar: StaffUser
) -> None:
    ada = reader(ADA)
    page = console.get(f"{SUBSCRIBERS}{ada.pk}/stop/")
    assert "Case updates" in text(page)
    assert stands(ADA) == {CASE_UPDATES}
    console.post(f"{SUBSCRIBERS}{ada.pk}/stop/")
    assert stands(ADA) == set()
    entry = ConsentEntry.objects.get(action="withdrawn")
    assert (entry.channel, entry.staff_id) == ("staff", omar.pk)
    assert suppression.is_suppressed(digest(ADA), "marketing", OWN_NEWS)


def test_a_preferences_link_goes_to_the_reader(console: Client) -> None:
    ada = reader(ADA)
    console.post(f"{SUBSCRIBERS}{ada.pk}/preferences-link/")
    mail = OutgoingEmail.objects.get(kind="subscribers/preferences_link")
    assert mail.to_address == ADA
    assert ada.links.filter(use=LinkUse.FRESH).count() == 1


def test_the_confirmation_goes_out_again_after_a_day_and_supersedes(
    console: Client,
) -> None:
    import datetime

    from django.utils import timezone

    ben = pending_reader(BEN)
    url = f"{SUBSCRIBERS}{ben.pk}/confirmation/"
    console.post(url)
    mails = OutgoingEmail.objects.filter(kind="subscribers/confirm")
    assert mails.count() == 1, "one a day"
    before = timezone.now() - datetime.timedelta(hours=25)
    Subscriber.objects.filter(pk=ben.pk).update(confirmation_asked_at=before)
    console.post(url)
    assert mails.count() == 2
    first, second = mails.order_by("created_at")
    assert first.context["confirm_url"] != second.context["confirm_url"]
    assert not ConsentEntry.objects.filter(action="given").exists()


def test_a_reader_is_not_asked_to_confirm_again(console: Client) -> None:
    ada = reader(ADA)
    response = console.post(f"{SUBSCRIBERS}{ada.pk}/confirmation/", follow=True)
    assert "Nothing waits to be confirmed" in text(response)
    assert OutgoingEmail.objects.filter(kind="subscribers/confirm").count() == 1


@pytest.mark.parametrize(
    "verb", ["details", "stop", "preferences-link", "confirmation"]
)
def test_each_verb_needs_its_permission(verb: str) -> None:
    ada = reader(ADA)
    before = AccessRecord.objects.count()
    url = f"{SUBSCRIBERS}{ada.pk}/{verb}/"
    assert dana("view_subscriber").post(url).status_code == 403
    assert stands(ADA) == {CASE_UPDATES}
    assert AccessRecord.objects.count() == before


@pytest.mark.parametrize("verb", ["preferences-link", "confirmation"])
def test_verbs_without_a_page_refuse_get(console: Client, verb: str) -> None:
    ada = reader(ADA)
    assert console.get(f"{SUBSCRIBERS}{ada.pk}/{verb}/").status_code == 405
