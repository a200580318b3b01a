"""Putting right what is held of people we did not hear from directly."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from data_subjects import contacts
from data_subjects.models import (
    Allowance,
    IndirectContact,
    SubjectEvent,
    Told,
    UseDespite,
)
from data_subjects.people import subject_of
from data_subjects.restriction import Allowed
from governance import informing, restrictions
from governance.correcting import correct
from groundwork.refusals import NotAllowed
from outbox.models import OutgoingEmail
from tests.console.staff import accesses, text
from tests.data_subjects.acts import held, restricted
from tests.governance.test_indirect_contacts import (
    TODAY,
    entered,
    letters,
    page_of,
    typed,
)
from tests.people import ADA, BEN, CLEO, become_reader, inbox
from tests.relay import Relay

pytestmark = pytest.mark.django_db

FORM = typed(employer="Example Trading Ltd", telephone="020 7946 0000")


def right(**changes: str) -> dict[str, str]:
    """What the form holds when only this was changed on it."""
    same = FORM | {"evidence": "Company 12345678, looked up today"}
    return same | changes


def fields_on_record() -> list[str]:
    events = SubjectEvent.objects.filter(action="corrected").order_by("id")
    return list(events.values_list("detail", flat=True))


def test_a_correction_is_written_and_the_ledger_names_the_fields_alone(
    console: Client,
) -> None:
    contact = entered()
    page = console.get(page_of(contact, "correct"))
    assert "Cleo Contact" in text(page) and CLEO in text(page)
    assert len(accesses("opened")) == 1

    changes = right(name="Clio Contact", postal_address="2 Mill Lane\r\nDerby")
    said = console.post(page_of(contact, "correct"), changes, follow=True)

    assert "Corrected: name, postal address." in text(said)
    contact.refresh_from_db()
    assert (contact.name, contact.address) == ("Clio Contact", CLEO)
    assert fields_on_record() == ["name", "postal_address"]
    assert "Clio" not in str(SubjectEvent.objects.values())
    again = console.post(page_of(contact, "correct"), changes, follow=True)
    assert "Nothing was different." in text(again)
    assert len(fields_on_record()) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter the name"),
        ({"evidence": " "}, "Say what shows"),
        ({"source": "person"}, "Choose one of the sources"),
        ({"address": "no address"}, "correct format"),
        ({"address": BEN}, "on the list already, as no."),
        ({"address": ADA}, "known by this address already"),
        ({"obtained_on": "2999-01-01"}, "still to come"),
        ({"obtained_on": "1066-01-01"}, "Check the year"),
        ({"obtained_on": TODAY().isoformat()}, "written down or used before"),
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_changes(
    console: Client, wrong: dict[str, str], words: str
) -> None:
    contact = entered(obtained_on=TODAY() - timedelta(days=9))
    contacts.note_use(
        contact.pk, staff_id=1, communicated_on=TODAY() - timedelta(days=5)
    )
    entered(BEN)
    restricted(ADA)
    before = list(IndirectContact.objects.order_by("pk").values())

    day = {"obtained_on": contact.obtained_on.isoformat()}
    answer = console.post(page_of(contact, "correct"), right(**(day | wrong)))

    assert answer.status_code == 400 and words in text(answer)
    assert list(IndirectContact.objects.order_by("pk").values()) == before
    assert fields_on_record() == []


def test_the_day_of_obtaining_moves_the_clock_and_the_ledger_says_which_way() -> None:
    contact = entered(obtained_on=TODAY() - timedelta(days=5))
    earlier, later = TODAY() - timedelta(days=40), TODAY() - timedelta(days=2)

    correct(contact.pk, {"obtained_on": earlier}, staff_id=1)
    contact.refresh_from_db()
    assert contact.inform_by < TODAY() and contact.last_used_on == earlier
    correct(contact.pk, {"obtained_on": later}, staff_id=1)
    contact.refresh_from_db()

    assert contact.inform_by > TODAY() and contact.last_used_on == later
    assert fields_on_record() == ["obtained_on, earlier", "obtained_on, later"]


def test_a_day_longer_ago_than_ten_years_is_refused_unless_it_stands_already(
    console: Client,
) -> None:
    contact = entered()
    ancient = TODAY() - timedelta(days=4000)
    with pytest.raises(NotAllowed, match="Check the year"):
        correct(contact.pk, {"obtained_on": ancient}, staff_id=1)

    IndirectContact.objects.update(obtained_on=ancient)
    changes = right(name="Clio Contact", obtained_on=ancient.isoformat())
    assert console.post(page_of(contact, "correct"), changes).status_code == 302
    assert fields_on_record() == ["name"]


def test_a_corrected_day_that_has_the_person_purged_is_pointed_out(
    console: Client,
) -> None:
    contact = entered()
    old = (TODAY() - timedelta(days=1000)).isoformat()
    form = right(obtained_on=old)
    said = console.post(page_of(contact, "correct"), form, follow=True)
    assert "the next purge removes this person" in text(said)


def test_a_use_keeps_the_retention_where_it_is() -> None:
    contact = entered(obtained_on=TODAY() - timedelta(days=5))
    used = contacts.note_use(contact.pk, staff_id=1, communicated_on=TODAY())

    correct(contact.pk, {"obtained_on": TODAY() - timedelta(days=9)}, staff_id=1)

    contact.refresh_from_db()
    assert contact.last_used_on == used.last_used_on == TODAY()


def communicated(contact: IndirectContact) -> None:
    day = contact.obtained_on
    contacts.note_use(contact.pk, staff_id=1, communicated_on=day)


def given_away(contact: IndirectContact) -> None:
    contacts.note_use(contact.pk, staff_id=1, disclosed_on=contact.obtained_on)


def told(contact: IndirectContact) -> None:
    at = timezone.now()
    contacts.record_told(contact.pk, how=Told.SPOKEN, at=at, staff_id=1)


@pytest.mark.parametrize("use", [communicated, given_away, told])
def test_a_use_on_the_very_day_of_obtaining_keeps_it_too(
    use: Callable[[IndirectContact], None],
) -> None:
    contact = entered(obtained_on=TODAY())
    use(contact)

    correct(contact.pk, {"obtained_on": TODAY() - timedelta(days=9)}, staff_id=1)

    contact.refresh_from_db()
    assert contact.last_used_on == TODAY()


# --- The address ---


def test_the_person_is_found_by_the_new_address_and_bound_by_it(
    console: Client,
) -> None:
    contact = entered()
    correct(contact.pk, {"address": BEN}, staff_id=1)

    assert contacts.known_by(BEN) == contact and contacts.known_by(CLEO) is None
    assert restricted(BEN).data_subject_id == contact.data_subject_id
    entered(CLEO)  # the earlier address is free


def test_an_address_can_be_added_and_taken_away() -> None:
    contact = entered("")
    correct(contact.pk, {"address": BEN}, staff_id=1)
    assert contacts.known_by(BEN) == contact

    correct(contact.pk, {"address": ""}, staff_id=1)

    assert contacts.known_by(BEN) is None
    assert subject_of(BEN).pk != contact.data_subject_id


def test_the_address_of_a_reader_is_the_readers_own(
    client: Client, smtp: Relay
) -> None:
    become_reader(client, smtp, CLEO)
    contact = entered()

    with pytest.raises(NotAllowed, match="only by their own act"):
        correct(contact.pk, {"address": BEN}, staff_id=1)
    assert correct(contact.pk, {"employer": "Other"}, staff_id=1) == ["employer"]


def test_a_letter_that_waits_goes_to_the_new_address_and_says_what_is_right(
    smtp: Relay,
) -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)

    correct(
        contact.pk, {"address": BEN, "telephone": "", "source": "staff"}, staff_id=1
    )

    (mail,) = letters(smtp)
    assert mail.to == BEN and inbox(smtp, CLEO) == []
    assert "telephone number" not in mail.text and "Companies House" not in mail.text
    informing.keep_clocks()
    contact.refresh_from_db()
    assert contact.informed_how == "e-mail"
    waiting = OutgoingEmail.objects.get(reason="written anew")
    assert waiting.state == "withheld" and not waiting.to_address


def test_a_letter_that_waits_is_not_sent_when_the_address_goes(smtp: Relay) -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)

    correct(contact.pk, {"address": ""}, staff_id=1)

    assert letters(smtp) == []
    assert IndirectContact.objects.untold().get() == contact


def test_nothing_is_corrected_while_the_letter_is_handed_over() -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)
    OutgoingEmail.objects.update(state="in flight")

    with pytest.raises(NotAllowed, match="handed over just now"):
        correct(contact.pk, {"address": BEN}, staff_id=1)


@pytest.mark.parametrize("is_counted", [True, False])
def test_a_letter_to_somebody_else_told_nobody(
    smtp: Relay, console: Client, is_counted: bool
) -> None:
    contact = entered()
    assert "never this person’s" not in text(console.get(page_of(contact, "correct")))
    informing.send_letter(contact.pk, staff_id=1)
    assert len(letters(smtp)) == 1
    if is_counted:
        informing.keep_clocks()

    anew = right(address=BEN, is_to_be_told_anew="on")
    assert console.post(page_of(contact, "correct"), anew).status_code == 302

    assert IndirectContact.objects.untold().get() == contact
    informing.keep_clocks()
    informing.send_letter(contact.pk, staff_id=1)
    assert [mail.to for mail in letters(smtp)] == [CLEO, BEN]
    actions = SubjectEvent.objects.order_by("id").values_list("action", flat=True)
    assert [a for a in actions if a in ("informed", "untold")] == ["informed", "untold"]


def test_a_new_address_of_somebody_who_was_told_needs_no_second_letter(
    smtp: Relay,
) -> None:
    contact = entered()
    informing.send_letter(contact.pk, staff_id=1)
    assert len(letters(smtp)) == 1

    correct(contact.pk, {"address": BEN}, staff_id=1)

    assert not IndirectContact.objects.untold().exists()
    with pytest.raises(NotAllowed, match="told already"):
        informing.send_letter(contact.pk, staff_id=1)


# --- Restricted and held ---


def test_restricted_data_is_corrected_only_as_the_law_allows(console: Client) -> None:
    contact = entered()
    row = restricted(CLEO)
    path, changes = page_of(contact, "correct"), right(name="Clio Contact")
    assert "What allows this all the same" in text(console.get(path))
    assert console.post(path, changes).status_code == 400
    consent: dict[str, Any] = {"allowance": "with consent"}
    assert console.post(path, changes | consent).status_code == 400
    contact.refresh_from_db()
    assert contact.name == "Cleo Contact"

    why = consent | {"allowance_reason": "She wrote how it is spelt."}
    assert console.post(path, changes | why).status_code == 302

    contact.refresh_from_db()
    assert contact.name == "Clio Contact"
    use = UseDespite.objects.get()
    assert (use.restriction, use.what) == (row, "correction")


def test_the_end_of_a_restriction_is_told_to_the_corrected_address(
    smtp: Relay,
) -> None:
    contact, row = entered(), restricted(CLEO)
    allowed = Allowed(Allowance.CONSENT, "She gave the new one.")
    correct(contact.pk, {"address": BEN}, staff_id=1, allowed=allowed)

    restrictions.tell_by_mail(row.pk, ending="Checked.", staff_id=1)

    assert len(inbox(smtp, BEN)) == 1 and inbox(smtp, CLEO) == []


def test_a_hold_lets_what_is_wrong_be_put_right() -> None:
    contact = entered()
    held(CLEO)

    assert correct(contact.pk, {"job_title": "Director"}, staff_id=1) == ["job_title"]
