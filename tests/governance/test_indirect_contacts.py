"""People we did not hear from directly: written down with their source, told in time,
found on the console, and never sent a case update."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone

from case_updates.models import Delivery
from data_subjects import contacts, restriction
from data_subjects.contacts import Found
from data_subjects.disclosures import Given, record
from data_subjects.models import (
    DataSubject,
    Disclosure,
    Exemption,
    Ground,
    IndirectContact,
    SubjectEvent,
    Told,
)
from data_subjects.people import subject_of
from data_subjects.retention import PERSON_KEYS, carry_out
from governance import informing
from groundwork import addresses
from groundwork.periods import months_after
from groundwork.refusals import NotAllowed
from outbox.delivery import deliver_due
from outbox.models import OutgoingEmail, SuppressedAddress
from outbox.suppression import suppress
from staff.models import AccessRecord, StaffUser
from tests.case_updates.cast import reader, released
from tests.console.staff import console_of, person, text
from tests.console.staff import page_of as reader_page_of
from tests.people import (
    ADA,
    BEN,
    CLEO,
    OMAR,
    become_reader,
    inbox,
    post_sign_up,
    stands,
    subscriber_of,
)
from tests.reading import Mail
from tests.relay import Relay

pytestmark = pytest.mark.django_db

LIST = "/console/data_subjects/indirectcontact/"
TODAY = timezone.localdate


def found(address: str = CLEO, **fields: Any) -> Found:
    usual: dict[str, Any] = {
        "kind": "prospect",
        "name": "Cleo Contact",
        "source": "companies-house",
        "evidence": "Company 12345678, looked up today",
        "obtained_on": TODAY(),
        "address": address,
        "details": {"employer": "Example Trading Ltd", "telephone": "020 7946 0000"},
    }
    return Found(**(usual | fields))


def entered(address: str = CLEO, **fields: Any) -> IndirectContact:
    return contacts.enter(found(address, **fields), staff_id=1)


def typed(**fields: str) -> dict[str, str]:
    """What the form of the console takes."""
    usual = {
        "name": "Cleo Contact",
        "kind": "prospect",
        "address": CLEO,
        "source": "companies-house",
        "evidence": "Company 12345678",
        "obtained_on": TODAY().isoformat(),
    }
    return usual | fields


def page_of(contact: IndirectContact, what: str = "change") -> str:
    return f"{LIST}{contact.pk}/{what}/"


def long_ago(contact: IndirectContact) -> None:
    """As if it had been entered a quarter of a year ago."""
    day = TODAY() - timedelta(days=90)
    IndirectContact.objects.filter(pk=contact.pk).update(
        obtained_on=day, entered_on=day, last_used_on=day, inform_by=day
    )
    contact.refresh_from_db()


def letters(smtp: Relay) -> list[Mail]:
    deliver_due()
    mails = [Mail(m.content) for m in smtp.received]
    return [m for m in mails if m.subject.startswith("We hold data about you")]


# --- Entering ---


def test_entering_somebody_starts_the_clock_and_sends_nothing(
    console: Client, smtp: Relay
) -> None:
    answer = console.post(f"{LIST}add/", typed())

    assert answer.status_code == 302
    contact = IndirectContact.objects.get()
    assert contact.address == CLEO and contact.staff_id
    assert contact.inform_by > TODAY() + timedelta(days=27)
    assert not OutgoingEmail.objects.exists()
    informing.keep_clocks()
    assert letters(smtp) == []


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"source": "person"}, "Choose one of the sources"),
        ({"source": "house"}, "Choose one of the sources"),
        ({"source": "the moon"}, "Choose one of the sources"),
        ({"source": ""}, "Choose where we got it"),
        ({"evidence": "  "}, "Say what shows"),
        ({"name": ""}, "Enter the name"),
        ({"name": "Cleo\x00"}, "invisible characters"),
        ({"name": "Cleo\u202e"}, "invisible characters"),
        ({"name": "x" * 101}, "Shorten the name"),
        ({"kind": "friend"}, "Choose from those listed"),
        ({"address": "not an address"}, "correct format"),
        ({"telephone": "ring me"}, "telephone number"),
        ({"obtained_on": "2999-01-01"}, "still to come"),
        ({"obtained_on": "1066-01-01"}, "Check the year"),
        ({"obtained_on": "yesterday"}, "Enter a day"),
        ({"obtained_on": ""}, "Enter the day"),
        ({"evidence": "x" * 2001}, "Shorten this"),
    ],
)
def test_what_does_not_hold_is_refused_and_nothing_is_written(
    console: Client, wrong: dict[str, str], words: str
) -> None:
    answer = console.post(f"{LIST}add/", typed(**wrong))

    assert answer.status_code == 400
    assert words in text(answer)
    assert not IndirectContact.objects.exists()


def test_nobody_is_entered_who_came_more_than_ten_years_ago() -> None:
    limit = months_after(TODAY(), -120)
    with pytest.raises(NotAllowed, match="Check the year"):
        entered(obtained_on=limit - timedelta(days=1))
    assert not IndirectContact.objects.exists()

    assert entered(obtained_on=limit).obtained_on == limit


def test_whoever_would_be_purged_at_once_is_pointed_out(console: Client) -> None:
    old = (TODAY() - timedelta(days=1000)).isoformat()
    said = console.post(f"{LIST}add/", typed(obtained_on=old), follow=True)
    assert "the next purge removes this person" in text(said)

    typed_now = typed(address=BEN)
    said = console.post(f"{LIST}add/", typed_now, follow=True)
    assert "next purge" not in text(said)


def test_an_address_that_is_on_the_list_is_found(console: Client) -> None:
    contact = entered()
    answer = console.post(f"{LIST}add/", typed(address=" CLEO@Example.com"))

    assert answer.status_code == 400
    assert f"on the list already, as no. {contact.pk}" in text(answer)
    with pytest.raises(NotAllowed, match="already"):
        entered()


def test_somebody_without_an_address_can_be_written_down_and_told(
    console: Client,
) -> None:
    first, second = entered(""), entered("")
    assert first.data_subject_id != second.data_subject_id
    with pytest.raises(NotAllowed, match="No e-mail address"):
        informing.send_letter(first.pk, staff_id=1)

    told = {"how": "letter", "told_on": TODAY().isoformat()}
    assert console.post(page_of(first, "told"), told).status_code == 302
    first.refresh_from_db()
    assert first.informed_how == Told.LETTER and first.informed_at is not None


@pytest.mark.parametrize(
    "fields, name",
    [
        ({"source": "person"}, "another_source"),
        ({"source": ""}, "another_source"),
        ({"obtained_on": date(2999, 1, 1)}, "in_the_future"),
        ({"informed_at": timezone.now()}, "told_in_some_way"),
        ({"informed_how": "letter"}, "told_in_some_way"),
        ({"exemption": "knows"}, "exempted_on_a_ground"),
        ({"exempted_at": timezone.now()}, "exempted_on_a_ground"),
    ],
)
def test_the_database_refuses_what_must_never_be(
    fields: dict[str, Any], name: str
) -> None:
    entered()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        IndirectContact.objects.update(**fields)


def test_what_is_known_of_somebody_is_unreadable_in_the_database() -> None:
    from django.db import connection

    entered()
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM data_subjects_indirectcontact AS t")
        (row,) = cursor.fetchone()
    for word in ("Cleo", CLEO, "Example Trading", "12345678", "7946"):
        assert word not in row


# --- Told, or why not ---


def test_the_letter_says_what_the_law_wants_and_counts_once_it_was_taken(
    console: Client, smtp: Relay
) -> None:
    contact = entered()
    console.post(page_of(contact, "letter"))
    informing.keep_clocks()
    assert IndirectContact.objects.untold().exists()

    (mail,) = letters(smtp)
    assert informing.take_over_letters() == 1
    informing.keep_clocks()
    contact.refresh_from_db()
    assert contact.informed_how == Told.E_MAIL and contact.informed_at is not None
    assert mail.to == CLEO
    for part in (mail.text, mail.html):
        words = " ".join(part.split())
        for needed in (
            "Companies House",
            "your employer",
            "our legitimate interest",
            "24 months",
            "object",
            "copy",
            "erased",
            "Complain to us",
            "Information Commission",
            "governance@valuelicensing.com",
            "nobody outside our house",
        ):
            assert needed.lower() in words.lower(), needed
    assert "Cleo Contact" not in mail.text + mail.html
    assert "settled" not in mail.text + mail.html
    for header in ("List-Unsubscribe", "List-Id"):
        assert mail.raw_header(header) == []


def test_no_second_letter_goes_out(smtp: Relay) -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)
    with pytest.raises(NotAllowed, match="on its way"):
        informing.send_letter(contact.pk, staff_id=1)
    assert len(letters(smtp)) == 1
    informing.keep_clocks()
    with pytest.raises(NotAllowed, match="told already"):
        informing.send_letter(contact.pk, staff_id=1)


def test_a_letter_that_fails_leaves_the_person_to_be_told(
    console: Client, smtp: Relay
) -> None:
    smtp.refused_recipients[CLEO] = "550 5.1.1 No such user"
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)
    assert letters(smtp) == []
    informing.keep_clocks()
    long_ago(contact)

    assert IndirectContact.objects.overdue(TODAY()).exists()
    assert "overdue; letter failed" in text(console.get(LIST))
    smtp.refused_recipients.clear()
    informing.send_letter(contact.pk, staff_id=1)
    assert len(letters(smtp)) == 1


# The state of the letter, what the list says, and whether another may go out.
LETTERS = [
    ("queued", "letter on its way", False),
    ("in flight", "letter on its way", False),
    ("sent", "letter handed over", False),
    ("unknown", "overdue; letter handed over, unknown", False),
    ("failed", "overdue; letter failed", True),
    ("withheld", "overdue; letter was not sent", True),
]


@pytest.mark.parametrize("state, words, may_repeat", LETTERS)
def test_the_list_says_what_became_of_the_letter(
    console: Client, state: str, words: str, may_repeat: bool
) -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)
    long_ago(contact)
    OutgoingEmail.objects.update(state=state, settled_at=timezone.now())

    assert words in text(console.get(LIST))
    assert words in text(console.get(page_of(contact)))
    answer = console.post(page_of(contact, "letter"))
    assert answer.status_code == (302 if may_repeat else 400)
    assert OutgoingEmail.objects.count() == (2 if may_repeat else 1)


@pytest.mark.parametrize(
    "reason, goes",
    [("unsubscribed", True), ("objected", True), ("bounced", False), ("erased", False)],
)
def test_the_letter_heeds_a_bounce_and_an_erasure_only(
    smtp: Relay, reason: str, goes: bool
) -> None:
    suppress(addresses.digest(CLEO), "", SuppressedAddress.Reason(reason))
    informing.send_letter(entered().pk, staff_id=1)

    assert bool(letters(smtp)) == goes


def test_restricted_data_is_not_used_for_a_letter() -> None:
    contact = entered()
    asked = restriction.Asked(Ground.ACCURACY, "It is wrong.", CLEO)
    restriction.restrict(contact.data_subject_id, asked, staff_id=1)

    with pytest.raises(NotAllowed, match="restricted"):
        informing.send_letter(contact.pk, staff_id=1)
    with pytest.raises(NotAllowed):
        informing.remove(contact.pk, staff_id=1)


def test_a_use_brings_the_day_forward_and_the_retention_back(console: Client) -> None:
    contact = entered(obtained_on=TODAY() - timedelta(days=10))
    day = TODAY() - timedelta(days=3)
    console.post(
        page_of(contact, "use"), {"what": "communication", "used_on": day.isoformat()}
    )
    contact.refresh_from_db()

    assert contact.inform_by == contact.last_used_on == day
    assert "first communication" in text(console.get(page_of(contact)))
    with pytest.raises(NotAllowed, match="before we had"):
        contacts.note_use(
            contact.pk, staff_id=1, disclosed_on=TODAY() - timedelta(days=11)
        )
    with pytest.raises(NotAllowed, match="still to come"):
        contacts.note_use(
            contact.pk, staff_id=1, disclosed_on=TODAY() + timedelta(days=1)
        )
    with pytest.raises(NotAllowed, match="which day"):
        contacts.note_use(contact.pk, staff_id=1)


def disclosed(contact: IndirectContact, days_ago: int) -> None:
    Disclosure.objects.create(
        data_subject_id=contact.data_subject_id,
        recipient="Example Advisers",
        role="controller",
        country_code="GB",
        categories=["contact"],
        purpose="target-market",
        legal_ground="legitimate-interests",
        disclosed_on=TODAY() - timedelta(days=days_ago),
        staff_id=1,
    )


def given(contact: IndirectContact, **fields: Any) -> None:
    usual: dict[str, Any] = {
        "recipient": "Acme Insurers",
        "role": "controller",
        "country_code": "US",
        "safeguard": "the addendum of 3 May",
        "categories": ["contact"],
        "purpose": "target-market",
        "legal_ground": "legitimate-interests",
        "disclosed_on": TODAY(),
        "reference": "Letter 7",
    }
    what = Given(**(usual | fields))
    record(contact.data_subject_id, what, staff_id=1, today=TODAY())


def test_the_letter_names_who_was_given_it_the_country_and_the_safeguard(
    smtp: Relay,
) -> None:
    contact, other = entered(), entered(BEN)
    for day in (0, 1):
        given(contact, disclosed_on=TODAY() - timedelta(days=day))
    given(other, recipient="Somebody Else")
    IndirectContact.objects.update(obtained_on=TODAY() - timedelta(days=2))
    informing.send_letter(contact.pk, staff_id=1)

    (mail,) = letters(smtp)
    for part in (mail.text, mail.html):
        words = " ".join(part.split())
        assert words.count("Acme Insurers (US; safeguard: the addendum of 3 May)") == 1
        assert "a copy of the safeguard" in words
        for untrue in ("obody outside our house", "does not leave", "Somebody Else"):
            assert untrue not in words


def test_the_letter_says_that_data_given_within_the_country_stays_there(
    smtp: Relay,
) -> None:
    contact = entered()
    given(contact, country_code="GB", safeguard="")
    informing.send_letter(contact.pk, staff_id=1)

    (mail,) = letters(smtp)
    words = " ".join(mail.text.split())
    assert "Acme Insurers (United Kingdom)." in words and "does not leave" in words


def test_the_letter_leaves_out_what_was_given_before_we_had_this_data() -> None:
    contact = entered()
    given(contact, disclosed_on=TODAY() - timedelta(days=1))

    told = informing.letter(contact)
    assert told["recipients"] == [] and told["stays"]


def test_a_disclosure_on_record_ends_the_time(console: Client) -> None:
    contact = entered(obtained_on=TODAY() - timedelta(days=10))
    disclosed(contact, days_ago=2)
    informing.keep_clocks()
    contact.refresh_from_db()

    assert contact.inform_by == contact.last_used_on == TODAY() - timedelta(days=2)
    assert contacts.take_over_disclosures() == 0


def test_disclosures_move_the_retention_of_people_who_were_told_too() -> None:
    contact = entered(obtained_on=TODAY() - timedelta(days=90))
    long_ago_told = timezone.now() - timedelta(days=80)
    contacts.record_told(contact.pk, how=Told.LETTER, at=long_ago_told, staff_id=1)
    disclosed(contact, days_ago=100)  # of other data: we did not have this yet
    assert contacts.take_over_disclosures() == 0
    for days_ago in (30, 20, 5):
        disclosed(contact, days_ago)

    assert contacts.take_over_disclosures() == 1

    contact.refresh_from_db()
    assert contact.disclosed_on == TODAY() - timedelta(days=30)
    assert contact.last_used_on == TODAY() - timedelta(days=5)
    assert contacts.take_over_disclosures() == 0


def test_an_exemption_needs_its_ground_and_its_reason(console: Client) -> None:
    contact = entered()
    for wrong in (
        {"ground": "knows", "reason": " "},
        {"ground": "because", "reason": "x"},
        {},
    ):
        assert console.post(page_of(contact, "exempt"), wrong).status_code == 400
    console.post(page_of(contact, "exempt"), {"ground": "knows", "reason": "By post."})
    contact.refresh_from_db()

    assert contact.exemption == Exemption.KNOWS and contact.exempted_by_id
    with pytest.raises(NotAllowed, match="exemption is on record"):
        informing.send_letter(contact.pk, staff_id=1)
    with pytest.raises(NotAllowed, match="A ground alone"):
        contacts.record_exemption(
            entered(BEN).pk, ground=Exemption.LAW, reason="", staff_id=1
        )


def test_who_is_overdue_stands_on_the_first_page(console: Client) -> None:
    contact = entered()
    assert "should have been told" not in text(console.get("/console/"))
    long_ago(contact)
    page = text(console.get("/console/"))

    assert "should have been told" in page and CLEO not in page


def test_every_act_is_on_record_with_who_did_it_and_none_of_the_data(
    client: Client, smtp: Relay, console: Client
) -> None:
    become_reader(client, smtp, CLEO)
    console.post(f"{LIST}add/", typed())
    contact = IndirectContact.objects.get()
    today = TODAY().isoformat()
    console.post(page_of(contact, "use"), {"what": "disclosure", "used_on": today})
    console.post(page_of(contact, "letter"))
    assert len(letters(smtp)) == 1
    informing.keep_clocks()
    console.post(page_of(contact, "remove"))
    exempt = entered(BEN)
    console.post(page_of(exempt, "exempt"), {"ground": "law", "reason": "Section 9"})
    console.post(f"{LIST}{exempt.pk}/told/", {"how": "letter", "told_on": today})

    omar = StaffUser.objects.get(email=OMAR).pk
    events = SubjectEvent.objects.order_by("id")
    rows = events.values_list("reference", "action", "detail", "staff_id")
    assert list(rows) == [
        (contact.pk, "entered", "prospect", omar),
        (contact.pk, "used", "disclosure", omar),
        (contact.pk, "letter", "", omar),
        (contact.pk, "informed", "e-mail", None),
        (contact.pk, "removed", "", omar),
        (exempt.pk, "entered", "prospect", 1),
        (exempt.pk, "exempted", "law", omar),
    ]
    page = text(console.get(reader_page_of(subscriber_of(CLEO))))
    for words in (
        "Entered from another source",
        "Use of data from another source",
        "Told where the data came from",
        "Removed from those of other sources",
    ):
        assert words in page


# --- Never a case update ---


def test_case_updates_never_reach_them(smtp: Relay) -> None:
    entered()
    reader(ADA)
    released()

    assert [d.data_subject_id for d in Delivery.objects.all()] == [subject_of(ADA).pk]


def test_the_same_person_gets_one_only_after_their_own_sign_up(
    smtp: Relay, client: Client
) -> None:
    contact = entered()
    released("Before")
    assert not Delivery.objects.exists()

    become_reader(client, smtp, CLEO)
    assert stands(CLEO) == {"case-updates"}
    released("After")
    delivery = Delivery.objects.get()
    assert delivery.data_subject_id == contact.data_subject_id
    assert DataSubject.objects.filter(pk=contact.data_subject_id).count() == 1


# --- Leaving the house ---


def test_thirty_days_after_a_removal_the_key_goes_unless_something_else_needs_it(
    console: Client,
) -> None:
    contact, known = entered(), entered(ADA)
    reader(ADA)
    for row in (contact, known):
        assert console.post(page_of(row, "remove")).status_code == 302
    assert not IndirectContact.objects.exists()

    list(carry_out(PERSON_KEYS, now=timezone.now() + timedelta(days=29)))
    assert DataSubject.objects.filter(pk=contact.data_subject_id).exists()
    list(carry_out(PERSON_KEYS, now=timezone.now() + timedelta(days=31)))

    assert not DataSubject.objects.filter(pk=contact.data_subject_id).exists()
    assert DataSubject.objects.filter(pk=known.data_subject_id).exists()


@pytest.mark.parametrize("way", ["by hand", "by the purge"])
def test_who_was_removed_is_not_written_to(
    smtp: Relay, console: Client, way: str
) -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)
    if way == "by hand":
        console.post(page_of(contact, "remove"))
    else:
        IndirectContact.objects.update(last_used_on=TODAY() - timedelta(days=800))
        list(carry_out(informing.INDIRECT_CONTACTS, now=timezone.now()))

    assert not IndirectContact.objects.exists()
    assert letters(smtp) == []
    mail = OutgoingEmail.objects.get()
    assert (mail.state, mail.reason) == ("withheld", "removed")
    assert not mail.to_address and not mail.context


def test_a_removed_contact_who_is_a_reader_too_still_gets_a_readers_mail(
    smtp: Relay, client: Client
) -> None:
    contact = entered()
    post_sign_up(client, CLEO)
    informing.send_letter(contact.pk, staff_id=1)
    informing.remove(contact.pk, staff_id=1)

    (mail,) = inbox(smtp, CLEO)
    assert "onfirm" in mail.subject


def test_the_purge_counts_from_the_last_use() -> None:
    old, used = entered(), entered(BEN)
    ancient = TODAY() - timedelta(days=800)
    IndirectContact.objects.update(
        obtained_on=ancient, entered_on=ancient, last_used_on=ancient
    )
    contacts.note_use(used.pk, staff_id=1, communicated_on=TODAY())
    list(carry_out(informing.INDIRECT_CONTACTS, now=timezone.now()))

    assert list(IndirectContact.objects.values_list("pk", flat=True)) == [used.pk]
    key = DataSubject.objects.get(pk=old.data_subject_id)
    assert key.record_went_at is not None


def test_it_is_declared_as_personal_data_and_purged_by_the_register() -> None:
    assert "data_subjects.holdings.CONTACT" in settings.PERSONAL_DATA
    assert "governance.informing.INDIRECT_CONTACTS" in settings.RETENTION


# --- The console ---

VERBS = {
    "add": "enter_indirectcontact",
    "correct": "correct_indirectcontact",
    "letter": "inform_indirectcontact",
    "told": "inform_indirectcontact",
    "use": "inform_indirectcontact",
    "exempt": "exempt_indirectcontact",
    "remove": "remove_indirectcontact",
}


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_needs_its_own_permission(verb: str) -> None:
    contact = entered()
    others = {"view_indirectcontact", *VERBS.values()} - {VERBS[verb]}
    path = f"{LIST}add/" if verb == "add" else page_of(contact, verb)
    without = console_of(person("without@example.com", *others))
    with_it = console_of(person("with@example.com", VERBS[verb]))

    assert without.get(path).status_code == without.post(path).status_code == 403
    assert with_it.get(path).status_code == 200
    assert IndirectContact.objects.filter(pk=contact.pk).exists()


def test_no_get_changes_anything(console: Client) -> None:
    contact = entered()
    before = list(IndirectContact.objects.values())
    for verb in VERBS:
        if verb != "add":
            console.get(page_of(contact, verb))

    assert list(IndirectContact.objects.values()) == before
    assert not OutgoingEmail.objects.exists()


def test_the_list_masks_and_the_page_leaves_a_record(console: Client) -> None:
    contact = entered()
    page = text(console.get(LIST))
    assert addresses.mask(CLEO) in page
    assert CLEO not in page and "Cleo Contact" not in page

    opened = AccessRecord.objects.filter(data_subject_id=contact.data_subject_id)
    assert not opened.exists()
    page = text(console.get(page_of(contact)))
    assert "Cleo Contact" in page and CLEO not in page
    assert opened.exists()


def test_somebody_is_found_by_the_exact_address_only(console: Client) -> None:
    contact = entered()
    answer = console.post(f"{LIST}find/", {"address": CLEO}, follow=True)
    assert f"{LIST}{contact.pk}/" in text(answer)
    answer = console.post(f"{LIST}find/", {"address": "cleo"}, follow=True)
    assert "Nobody is known" in text(answer)
