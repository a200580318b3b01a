"""The register on the console: to be read by those whose duty it is, in titles."""

import pytest

from processing_register.models import ProcessingPurpose, StoredItem
from tests.console.staff import dana, text

pytestmark = pytest.mark.django_db

DESK = "/console/processing_register/"
# A page of each kind of entry, and what stands on it.
PAGES = [
    ("processingpurpose", "case-updates", "Lawful basis"),
    ("datacategory", "contact", "Case updates"),
    ("datasource", "person", "Case updates"),
    ("recipient", "mail-delivery", "none yet"),
    ("retentionrule", "departed-reader", "28 days"),
    ("storeditem", "choice", "Our public pages"),
]
EVERY_PAGE = pytest.mark.parametrize(("model", "key", "words"), PAGES)


@EVERY_PAGE
def test_the_list_and_the_page_open_with_the_duty(
    model: str, key: str, words: str
) -> None:
    console = dana(f"view_{model}")
    listed = text(console.get(f"{DESK}{model}/"))
    assert f"{DESK}{model}/{key}/change/" in listed
    assert words in text(console.get(f"{DESK}{model}/{key}/change/"))


@EVERY_PAGE
def test_without_the_duty_nothing_of_it_opens(model: str, key: str, words: str) -> None:
    console = dana("view_noticeversion")
    assert console.get(f"{DESK}{model}/").status_code == 403
    assert console.get(f"{DESK}{model}/{key}/change/").status_code == 403
    assert f"{DESK}{model}/" not in text(console.get("/console/"))


@EVERY_PAGE
def test_nobody_changes_it_by_hand(model: str, key: str, words: str) -> None:
    verbs = ("view", "add", "change", "delete")
    console = dana(*(f"{verb}_{model}" for verb in verbs))
    page = f"{DESK}{model}/{key}"
    assert console.get(f"{DESK}{model}/add/").status_code == 403
    assert console.post(f"{page}/change/", {"title": "Mine"}).status_code == 403
    assert console.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    assert console.get(f"{page}/change/").status_code == 200


def test_a_purpose_names_its_parts_by_title() -> None:
    console = dana("view_processingpurpose")
    page = text(console.get(f"{DESK}processingpurpose/relationship/change/"))
    assert "<li>Identity</li>" in page
    assert "<li>Profile</li>" in page
    assert "<li>Hosting service (off)</li>" in page
    assert "A contract with you, to answer about an order or a service" in page
    assert "row 3 of its table" in page
    assert "marketing-and-communications" not in page


def test_a_purpose_of_our_own_says_so() -> None:
    console = dana("view_processingpurpose")
    page = text(console.get(f"{DESK}processingpurpose/rights-requests/change/"))
    assert "added by this software" in page


def test_a_key_that_left_the_register_stays_a_key() -> None:
    ProcessingPurpose.objects.filter(pk="own-news").update(
        recipients=["gone-away"], data_categories=["<b>gone</b>"], retention=["lost"]
    )
    console = dana("view_processingpurpose")
    page = text(console.get(f"{DESK}processingpurpose/own-news/change/"))
    assert "<li>gone-away</li>" in page
    assert "<li>lost</li>" in page
    assert "<li>&lt;b&gt;gone&lt;/b&gt;</li>" in page


def test_a_period_is_said_in_words() -> None:
    console = dana("view_retentionrule", "view_datasource")
    rules = f"{DESK}retentionrule/"
    assert "72 hours" in text(console.get(f"{rules}old-address/change/"))
    assert "12 months" in text(console.get(f"{rules}consent-evidence/change/"))
    assert "one day<" in text(console.get(f"{rules}import-file/change/"))
    lasting = text(console.get(f"{rules}current-reader/change/"))
    assert "<dt>Period</dt><dd>—</dd>" in lasting


def test_recipients_can_be_filtered_by_role() -> None:
    console = dana("view_recipient")
    page = text(console.get(f"{DESK}recipient/?role__exact=authority"))
    assert "recipient/authorities/change/" in page
    assert "recipient/hosting/change/" not in page


def test_a_stored_item_says_its_kind_and_purpose_in_words() -> None:
    item = StoredItem.objects.filter(kind="session-storage").first()
    assert item is not None
    console = dana("view_storeditem")
    page = text(console.get(f"{DESK}storeditem/{item.pk}/change/"))
    assert "Session storage" in page
    assert item.purpose.title in page
