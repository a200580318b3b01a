"""Legal holds and disclosures: the verbs and what they refuse."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from data_subjects import disclosures, holds, restriction
from data_subjects.disclosures import Given
from data_subjects.models import (
    Allowance,
    Disclosure,
    DisclosureEvidence,
    HeldPerson,
    LegalHold,
    SubjectEvent,
    UseDespite,
)
from data_subjects.people import subject_of
from data_subjects.restriction import Allowed, is_kept
from data_subjects.retention import LIFTED_RESTRICTIONS, carry_out
from groundwork.clock import today_here
from groundwork.refusals import NotAllowed
from tests.data_subjects.acts import STAFF, held, restricted
from tests.people import ADA, BEN, CLEO

# --- Holds ---


def test_a_hold_keeps_each_of_its_people_until_it_is_released() -> None:
    hold = held(ADA, BEN)
    other = held(ADA)
    ada, ben, cleo = (subject_of(a).pk for a in (ADA, BEN, CLEO))
    assert (is_kept(ada), is_kept(ben), is_kept(cleo)) == (True, True, False)

    holds.release(hold.pk, staff_id=STAFF)

    assert (is_kept(ada), is_kept(ben)) == (True, False)
    holds.release(other.pk, staff_id=STAFF)
    assert not is_kept(ada)
    actions = SubjectEvent.objects.filter(data_subject_id=ben).order_by("id")
    assert [event.action for event in actions] == ["held", "released"]


def test_a_review_moves_the_day_and_a_released_hold_has_none() -> None:
    hold = held(ADA)
    later = today_here() + timedelta(days=90)
    holds.review(hold.pk, review_on=later, staff_id=STAFF, today=today_here())
    assert LegalHold.objects.get().review_on == later

    holds.release(hold.pk, staff_id=STAFF)

    with pytest.raises(NotAllowed, match="released already"):
        holds.review(hold.pk, review_on=later, staff_id=STAFF, today=today_here())
    with pytest.raises(NotAllowed, match="released already"):
        holds.release(hold.pk, staff_id=STAFF)


@pytest.mark.parametrize("days", [0, -1])
def test_a_review_must_be_still_to_come(days: int) -> None:
    day = today_here() + timedelta(days=days)

    with pytest.raises(NotAllowed, match="still to come"):
        held(ADA, review_on=day)

    assert not LegalHold.objects.exists() and not HeldPerson.objects.exists()


def test_a_hold_on_nobody_is_refused() -> None:
    matter = holds.Matter("Matter", "Why", today_here() + timedelta(days=9))

    with pytest.raises(NotAllowed, match="whose data"):
        holds.place({}, matter, owner_id=STAFF, today=today_here())


# --- Disclosures ---

GIVEN = Given(
    recipient="Example Insurance plc",
    role="controller",
    country_code="GB",
    categories=["contact", "identity"],
    purpose="administration",
    legal_ground="legal-obligation",
    disclosed_on=today_here(),
    reference="Letter 14 of the file on Ada",
)


def record(given: Given, allowed: Allowed | None = None) -> Disclosure:
    return disclosures.record(
        subject_of(ADA).pk,
        given,
        staff_id=STAFF,
        today=today_here(),
        allowed=allowed,
    )


def test_a_disclosure_is_on_record_and_its_words_stand_apart() -> None:
    row = record(GIVEN)

    assert Disclosure.objects.get().data_subject_id == subject_of(ADA).pk
    assert row.categories == ["contact", "identity"]
    assert "Ada" not in str(Disclosure.objects.values())
    assert DisclosureEvidence.objects.get().reference == GIVEN.reference


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"recipient": " "}, "organisation"),
        ({"recipient": "ada@example.com"}, "organisation"),
        ({"categories": []}, "kinds of data"),
        ({"categories": ["shoe-size"]}, "kinds of data"),
        ({"purpose": "nothing"}, "purpose"),
        ({"disclosed_on": today_here() + timedelta(days=1)}, "still to come"),
        ({"country_code": "US"}, "safeguard"),
        ({"reference": ""}, "looked up"),
    ],
)
def test_a_disclosure_that_does_not_hold_together_is_refused(
    changed: dict[str, object], why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        record(replace(GIVEN, **changed))  # type: ignore[arg-type]

    assert not Disclosure.objects.exists() and not DisclosureEvidence.objects.exists()


def test_outside_the_uk_and_the_eea_a_safeguard_opens_the_door() -> None:
    row = record(replace(GIVEN, country_code="US", safeguard="IDTA of 1 May 2026"))

    assert row.safeguard == "IDTA of 1 May 2026"


@pytest.mark.parametrize("allowance", Allowance)
def test_restricted_data_goes_out_on_a_ground_of_the_law_with_its_reason(
    allowance: Allowance,
) -> None:
    row = restricted(ADA)

    with pytest.raises(NotAllowed, match="restricted since"):
        record(replace(GIVEN, legal_ground="legal-claims"))
    with pytest.raises(NotAllowed, match="Say why"):
        record(GIVEN, Allowed(allowance, "  "))
    assert not Disclosure.objects.exists() and not UseDespite.objects.exists()
    record(GIVEN, Allowed(allowance, "Ada’s neighbour is sued over it."))

    use = UseDespite.objects.get()
    assert (use.restriction, use.what, use.staff_id) == (row, "disclosure", STAFF)
    assert use.reason == "Ada’s neighbour is sued over it."
    event = SubjectEvent.objects.get(action="allowed")
    assert (event.reference, event.detail) == (row.pk, allowance.value)
    assert "neighbour" not in str(SubjectEvent.objects.values())


def test_nothing_about_a_restriction_is_noted_where_there_is_none() -> None:
    record(GIVEN, Allowed(Allowance.CLAIMS, "A reason"))

    assert not UseDespite.objects.exists() and not SubjectEvent.objects.exists()


def test_the_reason_goes_with_its_restriction() -> None:
    row = restricted(ADA)
    record(GIVEN, Allowed(Allowance.CLAIMS, "Claim 7"))
    restriction.tell(row.pk, ending="Over.", how="by letter", staff_id=STAFF)
    restriction.lift(row.pk, staff_id=STAFF)

    in_four_years = timezone.now() + timedelta(days=4 * 366)
    assert sum(carry_out(LIFTED_RESTRICTIONS, now=in_four_years)) == 1

    assert not UseDespite.objects.exists()
    assert SubjectEvent.objects.filter(action="allowed").exists()
