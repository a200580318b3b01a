"""The console's side of a case update, as its people use it."""

import base64
import hashlib
import re
from typing import Any

import pytest
from django.test import Client

from case_updates import release, sending
from case_updates.composing import INERT_TOKEN
from case_updates.models import CaseUpdate, Delivery
from outbox import suppression
from outbox.delivery import deliver_due
from staff.models import AccessRecord, StaffUser
from tests.case_updates.cast import (
    dana,
    draft,
    omar,
    pending_reader,
    reader,
    released,
    staff,
    submitted,
)
from tests.people import ADA, BEN, CASE_UPDATES, CLEO, DANA, OMAR, stands
from tests.reading import Mail, forms
from tests.relay import Relay

pytestmark = pytest.mark.django_db

LIST = "/console/case_updates/caseupdate/"
VERBS = ["as", "test", "submit", "send-back", "release", "settle/1"]


def signed_in(person: StaffUser) -> Client:
    client = Client()
    client.force_login(person)
    return client


def url_of(update: CaseUpdate, name: str = "page") -> str:
    return f"{LIST}{update.pk}/{name}/"


def html_of(person: StaffUser, update: CaseUpdate) -> str:
    response = signed_in(person).get(url_of(update))
    assert response.status_code == 200
    return str(response.content.decode())


def press(person: StaffUser, update: CaseUpdate, name: str, **fields: Any) -> str:
    """Press a button of the page, with what its form holds; the page that follows."""
    client = signed_in(person)
    url = url_of(update, name)
    (form,) = [f for f in forms(client.get(url_of(update))) if f.action == url]
    response = client.post(url, {**form.fields, **fields}, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def state_of(update: CaseUpdate) -> str:
    update.refresh_from_db()
    return str(update.state)


# --- The whole way ---


def test_from_the_first_word_to_the_mailbox(smtp: Relay, client: Client) -> None:
    reader()
    writing = signed_in(dana())
    words = {
        "title": "The court has heard us",
        "summary": "What was\r\nsaid.",
        "body": "All of it, [here](https://example.org/).",
        "corrects": "",
    }

    response = writing.post(f"{LIST}add/", words, follow=True)
    update = CaseUpdate.objects.get()
    assert response.redirect_chain[-1][0] == url_of(update)
    assert (update.written_by, update.summary) == (dana(), "What was said.")
    assert "Submitted" in press(dana(), update, "submit")
    assert "Approve and send to 1 reader<" in html_of(omar(), update)
    assert "the sending has begun" in press(omar(), update, "release")
    sending.send_due()

    assert [m.recipients for m in smtp.received] == [[ADA]]
    page = html_of(omar(), update)
    assert "Handed over <b" in page and "released to 1 reader." in page
    assert client.get(f"/updates/{update.slug}/").status_code == 200


def test_an_edit_of_what_was_submitted_makes_it_a_draft(smtp: Relay) -> None:
    update = submitted()
    client = signed_in(dana())
    form = client.get(f"{LIST}{update.pk}/change/")
    assert "The Court of Appeal" in form.content.decode()

    client.post(
        f"{LIST}{update.pk}/change/",
        {"title": "Better", "summary": update.summary, "body": update.body},
    )

    assert state_of(update) == "draft" and update.title == "Better"
    assert update.slug == "better"


def test_the_form_says_what_is_wrong() -> None:
    response = signed_in(dana()).post(
        f"{LIST}add/", {"title": "a\u202eb", "summary": "", "body": "  "}
    )

    html = response.content.decode()
    assert response.status_code == 200 and not CaseUpdate.objects.exists()
    assert "invisible" in html and "There is a problem" in html


@pytest.mark.parametrize("field", ["state", "slug", "published_at", "written_by"])
def test_the_form_cannot_touch_what_the_verbs_keep(field: str) -> None:
    client = signed_in(dana())
    assert f'name="{field}"' not in client.get(f"{LIST}add/").content.decode()
    words = {"title": "A title", "summary": "S", "body": "B", "corrects": ""}

    client.post(f"{LIST}add/", {**words, field: omar().pk, "state": "sent"})

    update = CaseUpdate.objects.get()
    assert (update.state, update.published_at) == ("draft", None)
    assert update.written_by == dana() and update.slug == "a-title"


def test_only_what_is_published_can_be_corrected() -> None:
    released("Out already")
    draft("Not out yet")

    html = signed_in(dana()).get(f"{LIST}add/").content.decode()

    assert "Out already" in html and "Not out yet" not in html


def test_a_released_update_has_no_form_and_no_such_buttons() -> None:
    update = released()
    page = html_of(dana(), update)

    assert "Edit the words" not in page
    assert "Submit for approval" not in page and "Approve and send" not in page
    client = signed_in(dana())
    for method in (client.get, client.head, client.options):
        response = method(f"{LIST}{update.pk}/change/")
        assert response.status_code == 302 and response["Location"] == url_of(update)
    assert client.post(f"{LIST}{update.pk}/change/", {"title": "x"}).status_code == 403


def test_nothing_can_be_deleted() -> None:
    update = draft()
    boss = StaffUser.objects.create_superuser("boss@example.com", "pw", full_name="B")

    assert signed_in(boss).post(f"{LIST}{update.pk}/delete/").status_code == 403


# --- Buttons and their reasons ---


def test_the_author_sees_why_not_to_approve() -> None:
    author = staff("both@example.com", "write_caseupdate", "release_caseupdate")
    update = release.write(CaseUpdate(title="T", summary="S", body="B"), by=author)
    release.submit(update.pk, by=author)

    page = html_of(author, update)
    assert "You wrote it, so somebody else has to approve it." in page
    assert re.search(r"<button[^>]* disabled [^>]*>Approve and send", page)

    said = press(author, update, "release")
    assert "You wrote it" in said and state_of(update) == "submitted"


def test_a_failed_check_is_named_and_stops_the_submission() -> None:
    update = draft(body="Dear [NAME]")

    page = html_of(dana(), update)

    assert "Fill in or take out: [NAME]." in page
    assert re.search(r"<button[^>]* disabled [^>]*>Submit for approval", page)
    assert "It is not ready" in press(dana(), update, "submit")
    assert state_of(update) == "draft"


def test_every_check_is_listed_with_its_result() -> None:
    page = html_of(dana(), draft())

    assert page.count(">Passed:<") == 11 and ">Failed:<" not in page


def test_an_approval_of_words_that_changed_meanwhile_is_refused() -> None:
    reader()
    update = submitted()
    client = signed_in(omar())
    (form,) = [
        f for f in forms(client.get(url_of(update))) if f.action.endswith("/release/")
    ]
    release.rewrite(update.pk, by=dana(), body="Quite other words.")
    release.submit(update.pk, by=dana())

    response = client.post(form.action, form.fields, follow=True)

    assert "Read it again" in response.content.decode()
    assert state_of(update) == "submitted" and not Delivery.objects.exists()


@pytest.mark.parametrize("digest", ["", "zz", "00", "é" * 70])
def test_a_made_up_digest_approves_nothing(digest: str) -> None:
    update = submitted()

    signed_in(omar()).post(url_of(update, "release"), {"digest": digest})

    assert state_of(update) == "submitted"


def test_the_approver_is_told_how_many_and_what_cannot_be_undone() -> None:
    update = submitted()
    assert "to <strong>0</strong> readers now" in html_of(omar(), update)
    reader(ADA)
    reader(BEN)
    pending_reader(CLEO)

    page = html_of(omar(), update)

    assert "to <strong>2</strong> readers now" in page
    assert "no e-mail could be called back" in page


def test_sending_back_shows_the_reason_to_the_writer() -> None:
    update = submitted()

    press(omar(), update, "send-back", reason="The <date> is wrong")

    assert "“The &lt;date&gt; is wrong”" in html_of(dana(), update)
    assert state_of(update) == "draft"


# --- Who may ---


def test_a_stranger_is_sent_to_sign_in() -> None:
    update = submitted()

    for name in ("page", "html"):
        response = Client().get(url_of(update, name))
        assert response.status_code == 302 and "login" in response["Location"]
    for name in VERBS:
        response = Client().post(url_of(update, name))
        assert response.status_code == 302 and "login" in response["Location"]


def test_staff_without_a_permission_see_and_do_nothing() -> None:
    client = signed_in(staff("clerk@example.com"))
    update = submitted()

    assert client.get(LIST).status_code == 403
    for name in ("page", "html"):
        assert client.get(url_of(update, name)).status_code == 403
    for name in VERBS:
        assert client.post(url_of(update, name)).status_code == 403
    assert state_of(update) == "submitted"


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_caseupdate", set()),
        ("write_caseupdate", {"test", "submit"}),
        ("release_caseupdate", {"test", "send-back", "release", "settle/1"}),
    ],
)
def test_each_verb_asks_for_its_own_permission(
    permission: str, allowed: set[str]
) -> None:
    client = signed_in(staff("clerk@example.com", permission))
    update = submitted()

    answers = {name: client.post(url_of(update, name)).status_code for name in VERBS}

    assert {name for name, status in answers.items() if status != 403} == allowed
    assert client.get(url_of(update)).status_code == 200


def test_who_may_only_approve_may_not_write() -> None:
    client = signed_in(omar())

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}add/", {"title": "x"}).status_code == 403
    assert "Edit the words" not in html_of(omar(), draft())


def test_no_get_does_what_a_button_does() -> None:
    update = submitted()
    client = signed_in(omar())

    for name in VERBS:
        assert client.get(url_of(update, name)).status_code == 405
    assert state_of(update) == "submitted"


def test_a_button_pressed_from_another_site_does_nothing() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(omar())
    update = submitted()

    assert client.post(url_of(update, "release")).status_code == 403


# --- Previews and tests ---


def test_the_preview_allows_its_own_style_and_nothing_else() -> None:
    response = signed_in(omar()).get(url_of(draft(), "html"))
    policy = response["Content-Security-Policy"]
    html = response.content.decode()
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_the_links_of_a_preview_do_nothing(client: Client) -> None:
    reader()
    update = draft()
    response = signed_in(omar()).get(url_of(update, "html"))

    assert f"/u/{INERT_TOKEN}/" in response.content.decode()
    assert f"/u/{INERT_TOKEN}/" in html_of(omar(), update)
    client.post(f"/u/{INERT_TOKEN}/", {"List-Unsubscribe": "One-Click"})
    assert stands(ADA) == {CASE_UPDATES}


def test_the_page_shows_both_widths_and_the_text() -> None:
    update = draft()
    page = html_of(dana(), update)

    assert page.count(f'src="{url_of(update, "html")}"') == 2
    assert "Judgment is expected before Christmas." in page


def test_a_preview_as_a_reader_goes_on_record() -> None:
    ada = reader()
    update = draft()

    page = press(dana(), update, "as", address="  ADA@Example.com ")

    record = AccessRecord.objects.get()
    assert (record.action, record.staff_id) == ("previewed", dana().pk)
    assert record.data_subject_id == ada.data_subject_id
    assert "a•••@example.com" in page and "would get it now" in page


def test_a_preview_says_when_the_reader_would_not_get_it() -> None:
    ada = reader()
    suppression.suppress(bytes(ada.address_digest), "", "complained")

    page = press(dana(), draft(), "as", address=ADA)

    assert "would not get it: suppressed" in page


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        (CLEO, "Nobody has signed up"),
        ("cleo", "Enter an e-mail address"),
        ("", "Enter"),
    ],
)
def test_a_preview_as_nobody_says_so(address: str, problem: str) -> None:
    assert problem in press(dana(), draft(), "as", address=address)
    assert not AccessRecord.objects.exists()


def test_a_preview_as_a_reader_needs_the_right_to_see_readers() -> None:
    reader()
    writer = staff("writer@example.com", "write_caseupdate")
    update = draft()

    assert "Preview as a reader" not in html_of(writer, update)
    response = signed_in(writer).post(url_of(update, "as"), {"address": ADA})

    assert response.status_code == 403 and not AccessRecord.objects.exists()


def test_a_test_goes_to_oneself_and_its_links_do_nothing(
    smtp: Relay, client: Client
) -> None:
    reader()
    reader(DANA)
    update = draft("Fish & chips", body="**Bold** [a](https://example.org/?a=1&b=2)")

    press(dana(), update, "test")
    deliver_due()

    (message,) = [m for m in smtp.received if b"Test: " in m.content]
    mail = Mail(message.content)
    assert message.recipients == [DANA] and mail.subject == "Test: Fish & chips"
    assert "<strong>Bold</strong>" in mail.html and "Bold a <https://" in mail.text
    assert mail.one_click_path() == f"/u/{INERT_TOKEN}/"
    for path in {mail.path("/u/"), mail.path("/preferences/")}:
        client.post(path, {"List-Unsubscribe": "One-Click"})
    assert stands(DANA) == stands(ADA) == {CASE_UPDATES}
    assert state_of(update) == "draft"
    assert [step.action for step in update.steps.all()] == ["written", "tested"]


def test_a_test_may_go_to_a_colleague_and_to_nobody_else(smtp: Relay) -> None:
    reader()
    omar()
    update = draft()

    press(dana(), update, "test", to="Omar@example.com")
    said = press(dana(), update, "test", to=ADA)
    deliver_due()

    assert "Tests go to staff only" in said
    tests = [m.recipients for m in smtp.received if b"Test: " in m.content]
    assert tests == [[OMAR]]


# --- How a sending goes ---


def test_the_progress_is_told_in_numbers_and_drawn_to_scale(smtp: Relay) -> None:
    for address in (ADA, BEN, CLEO, DANA):
        reader(address)
    smtp.refused_recipients[BEN] = "550 5.1.1 No such user"
    smtp.refused_recipients[CLEO] = "451 4.3.0 Later"
    update = released()
    sending.send_due()

    page = html_of(omar(), update)

    assert "3 of 4 settled" in page
    bar = re.findall(r'<rect class="([\w-]+)" x="([\d.]+)" width="([\d.]+)"', page)
    assert bar == [
        ("sent", "0.0", "500.0"),
        ("failed", "500.0", "250.0"),
        ("queued", "750.0", "250.0"),
    ]
    assert "b•••@example.com" in page and BEN not in page
    assert "recipient refused (550)" in page


def test_an_unknown_delivery_is_settled_on_the_page(smtp: Relay) -> None:
    reader()
    update = released()
    smtp.drop_after_data = True
    sending.send_due()
    row = update.deliveries.get()
    assert row.reference in html_of(omar(), update)

    page = press(omar(), update, f"settle/{row.pk}", outcome="arrived")

    row.refresh_from_db()
    assert row.state == "sent" and "it arrived" in page


def test_an_outcome_must_be_given_to_settle(smtp: Relay) -> None:
    reader()
    update = released()
    other = draft()
    row = update.deliveries.get()
    client = signed_in(omar())

    assert client.post(url_of(update, f"settle/{row.pk}")).status_code == 400
    given = {"outcome": "arrived"}
    assert client.post(url_of(other, f"settle/{row.pk}"), given).status_code == 404


def test_the_list_shows_state_and_progress_in_few_statements(
    smtp: Relay, django_assert_max_num_queries: Any
) -> None:
    reader(ADA)
    reader(BEN)
    smtp.refused_recipients[BEN] = "451 4.3.0 Later"
    for number in range(3):
        released(f"Being sent {number}")
        sending.send_due()
    draft("A draft")
    client = signed_in(omar())
    client.get(LIST)

    with django_assert_max_num_queries(9):
        html = client.get(LIST).content.decode()

    assert f'href="{url_of(CaseUpdate.objects.latest("pk"))}"' in html
    assert html.count("1 of 2") == 3 and "being sent" in html
    assert ">A draft<" in html


def test_no_page_of_it_carries_script_or_style(smtp: Relay) -> None:
    client = signed_in(dana())
    for url in (LIST, f"{LIST}add/", url_of(draft()), url_of(released("Out"))):
        html = client.get(url).content.decode()
        assert "<script" not in html and "style=" not in html, url
